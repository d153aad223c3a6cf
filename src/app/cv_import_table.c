
/*
 * Copyright (C) The credverify authors
 *
 * Tables: each row becomes a holder and a credential, which are there both or
 * not at all.
 */

#include "cv_codec.h"
#include "cv_import_internal.h"

#include <inttypes.h>


/* the class has to be there before anything is read */

cv_err_t
cv_import_table_open(cv_import_t *import, cv_error_t *error)
{
    cv_err_t            err;
    cv_txn_t           *txn;
    cv_import_table_t  *table;

    table = &import->table;

    cv_csv_init(&table->row, import->options->delimiter);
    cv_buf_init(&table->text, CV_LINE_MAX);

    err = cv_line_init(&table->second, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_snapshot_open(&txn, import->store, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_snapshot_renew(txn);
    (void) cv_txn_err(txn, error);

    if (err == CV_OK) {
        err = cv_sheet_class(import->options->sheet, txn, error);
    }

    cv_snapshot_close(txn);

    return err;
}


void
cv_import_table_close(cv_import_t *import)
{
    cv_import_table_t  *table;

    table = &import->table;

    cv_csv_free(&table->row);
    cv_buf_free(&table->text);
    cv_line_free(&table->second);
    cv_seen_free(&table->seen);
}


static cv_err_t
cv_import_header(cv_import_t *import, cv_error_t *error)
{
    char                        names[CV_ERROR_TEXT_MAX];
    cv_err_t                    err;
    cv_buf_t                    ignored;
    const cv_import_options_t  *options;

    options = import->options;
    cv_buf_borrow(&ignored, names, sizeof(names));

    err = cv_sheet_header(options->sheet, &import->table.row, &ignored, error);

    import->over = err != CV_OK;
    import->table.header = true;

    if (err == CV_OK && ignored.len > 0) {
        options->ignored(options->data, cv_buf_str(&ignored));
    }

    return err;
}


/* Which credential the row is about, if no column says. */

static cv_err_t
cv_import_find(cv_import_t *import, cv_error_t *error)
{
    size_t            found;
    cv_err_t          err;
    cv_str_t          to;
    uint64_t          holder;
    cv_txn_t         *txn;
    cv_walk_t         walk;
    cv_reader_t       r;
    cv_sheet_t       *sheet;
    cv_credential_t   credential;

    txn = import->txn;
    sheet = import->options->sheet;

    if (cv_present(cv_sheet_id(sheet, CV_CREDENTIAL))) {
        return CV_OK;
    }

    found = 0;
    err = CV_OK;
    holder = cv_find(txn, CV_HANDLE_HOLDER_ID, cv_sheet_id(sheet, CV_HOLDER));

    cv_links_open(&walk, txn, CV_LINK_HOLDER_CREDENTIAL, holder);

    while (err == CV_OK && cv_links_next(&walk, &to)) {
        r = cv_reader(to);

        if (cv_get(txn, CV_CREDENTIAL, cv_read_u64(&r), &credential)
            && cv_sheet_is(sheet, &credential))
        {
            err = cv_sheet_found(sheet, credential.id, error);
            found++;
        }
    }

    cv_walk_close(&walk);

    if (cv_txn_err(txn, error) != CV_OK) {
        return cv_txn_err(txn, NULL);
    }

    if (found > 1) {
        return cv_error_set(error, CV_ERR_CONFLICT, "the holder has %zu "
                            "credentials that this could be; credential.id or "
                            "credential.number can tell them apart", found);
    }

    return found == 0 ? cv_sheet_found(sheet, CV_ABSENT, error) : err;
}


/* One of the two records of a row, as it is to be, with the ids it refers to */

static cv_err_t
cv_import_record(cv_import_t *import, cv_kind_t kind, cv_line_t *line,
    cv_error_t *error)
{
    bool                found;
    cv_err_t            err;
    cv_sheet_t         *sheet;
    cv_record_t         old;
    cv_import_table_t  *table;

    table = &import->table;
    sheet = import->options->sheet;

    found = cv_get_by_id(import->txn, kind, cv_sheet_id(sheet, kind), &old,
                         NULL);

    if (found) {
        cv_unresolve(import->txn, kind, &old);
    }

    if (cv_txn_err(import->txn, error) != CV_OK) {
        return cv_txn_err(import->txn, NULL);
    }

    cv_buf_reset(&table->text);

    err = cv_sheet_line(sheet, kind, found ? &old : NULL, &table->text, error);

    if (err == CV_OK) {
        err = cv_line_read(line, cv_buf_str(&table->text), error);

        if (err != CV_OK) {
            cv_sheet_blame(sheet, kind, error->member, error);
        }
    }

    return err == CV_OK && kind == CV_CREDENTIAL
           ? cv_sheet_dates(sheet, &line->record.credential,
                            found ? &old.credential : NULL, error)
           : err;
}


/*
 * What one row says, another may not say differently: two credentials with
 * one id, or two people with one e-mail address.
 */

static cv_err_t
cv_import_apart(cv_import_t *import, cv_error_t *error)
{
    uint64_t            line, name;
    cv_str_t            id;
    cv_sheet_t         *sheet;
    cv_import_table_t  *table;

    table = &import->table;
    sheet = import->options->sheet;

    line = cv_seen_noted(&table->seen, CV_CREDENTIAL, cv_sheet_key(sheet));

    if (line != 0) {
        (void) cv_error_set(error, CV_ERR_CONFLICT, "the credential stands in "
                            "line %" PRIu64 " already", line);
        cv_sheet_blame(sheet, CV_CREDENTIAL, "id", error);
        return CV_ERR_CONFLICT;
    }

    id = cv_sheet_id(sheet, CV_HOLDER);
    name = cv_seen_noted(&table->seen, CV_HOLDER, id);

    if (name != 0 && name != cv_sheet_name(sheet)) {
        (void) cv_error_set(error, CV_ERR_CONFLICT, "the e-mail address has "
                            "another name in a line before; holder.id can "
                            "tell people apart");
        cv_sheet_blame(sheet, CV_HOLDER, "name", error);
        return CV_ERR_CONFLICT;
    }

    return CV_OK;
}


static cv_err_t
cv_import_note(cv_import_t *import, cv_error_t *error)
{
    cv_err_t            err;
    uint64_t            name;
    cv_sheet_t         *sheet;
    cv_import_table_t  *table;

    table = &import->table;
    sheet = import->options->sheet;
    name = cv_sheet_name(sheet);

    err = cv_seen_note(&table->seen, CV_CREDENTIAL, cv_sheet_key(sheet),
                       import->result->line, error);

    if (err == CV_OK && name != 0) {
        err = cv_seen_note(&table->seen, CV_HOLDER,
                           cv_sheet_id(sheet, CV_HOLDER), name, error);
    }

    return err;
}


/* before the records are put, which replaces ids by numbers */

static void
cv_import_show(cv_import_t *import, size_t *holder)
{
    cv_buf_t  *text;

    text = &import->table.text;

    cv_buf_reset(text);
    cv_line_write(text, CV_HOLDER, &import->line.record, false);
    *holder = text->len;
    cv_line_write(text, CV_CREDENTIAL, &import->table.second.record, false);
}


static cv_err_t
cv_import_put_row(cv_import_t *import, cv_error_t *error)
{
    cv_err_t     err;
    cv_kind_t    kind;
    cv_sheet_t  *sheet;
    cv_line_t   *second;

    sheet = import->options->sheet;
    second = &import->table.second;

    /* a holder alone is not what the row says */

    kind = CV_CREDENTIAL;
    err = cv_import_conflict(import, second, error);

    if (err == CV_OK) {
        kind = CV_HOLDER;
        err = cv_import_put(import, &import->line, error);
    }

    if (err == CV_OK) {
        kind = CV_CREDENTIAL;
        err = cv_import_put(import, second, error);
    }

    if (err == CV_ERR_INPUT || err == CV_ERR_CONFLICT) {
        cv_sheet_blame(sheet, kind, error->member, error);
    }

    return err;
}


static cv_err_t
cv_import_row(cv_import_t *import, cv_error_t *error)
{
    bool                        show;
    size_t                      holder;
    cv_err_t                    err;
    cv_str_t                    text;
    const cv_import_options_t  *options;

    options = import->options;
    holder = 0;

    err = cv_sheet_row(options->sheet, &import->table.row, error);

    if (err == CV_OK) {
        err = cv_sheet_ids(options->sheet, error);
    }

    if (err == CV_OK) {
        err = cv_import_begin(import, error);
    }

    if (err == CV_OK) {
        err = cv_import_find(import, error);
    }

    if (err == CV_OK) {
        err = cv_import_record(import, CV_HOLDER, &import->line, error);
    }

    if (err == CV_OK) {
        err = cv_import_record(import, CV_CREDENTIAL, &import->table.second,
                               error);
    }

    if (err == CV_OK) {
        err = cv_import_apart(import, error);
    }

    if (err != CV_OK) {
        return err;
    }

    show = options->dry_run && !import->table.shown;

    if (show) {
        cv_import_show(import, &holder);
    }

    err = cv_import_put_row(import, error);

    if (err == CV_OK) {
        err = cv_import_note(import, error);
    }

    if (err == CV_OK && show) {
        text = cv_buf_str(&import->table.text);
        import->table.shown = true;
        options->first(options->data, cv_str(text.data, holder),
                       cv_str(text.data + holder, text.len - holder));
    }

    return err;
}


cv_err_t
cv_import_table_line(cv_import_t *import, cv_str_t text, cv_error_t *error)
{
    cv_err_t            err;
    cv_sheet_t         *sheet;
    cv_import_table_t  *table;

    table = &import->table;
    sheet = import->options->sheet;

    if (import->result->lines == 1) {
        err = cv_import_unmarked(import, &text, error);
        if (err != CV_OK) {
            return err;
        }
    }

    if (!table->row.quoted) {
        import->result->line = import->result->lines;
    }

    switch (cv_csv_line(&table->row, text, error)) {

    case CV_CSV_MORE:
        return CV_OK;

    case CV_CSV_WRONG:
        import->over = true;
        cv_sheet_blame_cell(sheet, table->row.cells, error);
        return error->code;

    case CV_CSV_ROW:
        break;
    }

    if (cv_sheet_blank(&table->row)) {
        return CV_OK;
    }

    err = table->header ? cv_import_row(import, error)
                        : cv_import_header(import, error);

    return err;
}


cv_err_t
cv_import_table_end(cv_import_t *import, cv_error_t *error)
{
    cv_import_table_t  *table;

    table = &import->table;

    if (table->row.quoted) {
        (void) cv_error_set(error, CV_ERR_INPUT, "a quote that is not closed");
        cv_sheet_blame_cell(import->options->sheet, table->row.cells, error);
        return CV_ERR_INPUT;
    }

    if (!table->header) {
        import->result->line = 0;
        return cv_error_set(error, CV_ERR_INPUT, "no row with the columns' "
                            "names; nothing is in it");
    }

    return CV_OK;
}
