
/*
 * Copyright (C) The credverify authors
 */

#include "cv_import_internal.h"
#include "cv_commit.h"
#include "cv_outbox.h"

#include <errno.h>


cv_err_t
cv_import_begin(cv_import_t *import, cv_error_t *error)
{
    cv_err_t  err;

    if (import->txn != NULL) {
        return CV_OK;
    }

    if (import->options->dry_run) {
        err = cv_snapshot_renew(import->snapshot);
        import->txn = err == CV_OK ? import->snapshot : NULL;
        (void) cv_txn_err(import->snapshot, error);

    } else {
        err = cv_txn_begin(&import->txn, import->store, error);

        if (err == CV_OK) {
            cv_txn_actor(import->txn, import->options->actor);
            cv_txn_action(import->txn, CV_ACTION_IMPORTED);
        }
    }

    cv_pace_begin(&import->pace);
    import->first = import->result->lines;
    memset(import->records, 0, sizeof(import->records));

    return err;
}


static void
cv_import_count(cv_import_t *import)
{
    size_t  i;

    for (i = 0; i < CV_KINDS; i++) {
        import->result->records[i] += import->records[i];
    }
}


/* Everything that was taken so far is in the store after this, or checked. */

static cv_err_t
cv_import_commit(cv_import_t *import, cv_error_t *error)
{
    bool       dry_run;
    cv_err_t   err;
    uint64_t   revived;
    cv_txn_t  *txn;

    txn = import->txn;
    dry_run = import->options->dry_run;

    import->txn = NULL;

    if (txn != NULL && dry_run) {
        /* a snapshot that is held pins pages others want to use again */
        cv_snapshot_reset(txn);

    } else if (txn != NULL) {
        cv_pace_commit(&import->pace);
        revived = cv_txn_revived(txn);

        err = cv_commit(txn, error);
        if (err != CV_OK) {
            return err;
        }

        import->result->revived += revived;

        cv_pace_committed(&import->pace);
    }

    if (txn != NULL) {
        cv_import_count(import);
    }

    if (!dry_run) {
        import->result->committed = import->taken;
    }

    if (txn != NULL && !dry_run && !import->options->exclusive) {
        cv_pace_pause(import->store);
    }

    return CV_OK;
}


static bool
cv_import_batch_full(cv_import_t *import)
{
    return import->txn != NULL
           && (import->result->lines - import->first + 1
               >= CV_IMPORT_BATCH_LINES || cv_pace_over(&import->pace));
}


/*
 * A handle of another record is an error that sticks to the transaction, and
 * would take the batch with it: whoever skips wrong lines looks first.
 */

cv_err_t
cv_import_conflict(cv_import_t *import, const cv_line_t *line,
    cv_error_t *error)
{
    cv_err_t  err;

    if (!import->options->skip_invalid && !import->options->dry_run) {
        return CV_OK;
    }

    err = cv_seen_conflict(&import->seen, import->txn, line->kind,
                           &line->record, error);

    /* nothing is found after an error, which is not the line's fault */

    return cv_txn_err(import->txn, error) != CV_OK
           ? cv_txn_err(import->txn, NULL) : err;
}


/*
 * References to what a dry run would have written need no resolving.  The line
 * keeps its own, by which its record is known.
 */

static cv_err_t
cv_import_resolve(cv_import_t *import, const cv_line_t *line,
    cv_record_t *record, cv_error_t *error)
{
    size_t             i;
    cv_err_t           err;
    cv_ref_t          *ref;
    const cv_field_t  *field;

    *record = line->record;
    i = 0;

    while ((ref = cv_record_ref(line->kind, record, &i, &field)) != NULL) {
        if (cv_present(ref->id)
            && cv_seen_has(&import->seen, field->ref, ref->id))
        {
            ref->id = CV_ABSENT;
        }
    }

    err = cv_resolve(import->txn, line->kind, record, error);

    if (cv_txn_err(import->txn, error) != CV_OK) {
        return cv_txn_err(import->txn, NULL);
    }

    return err == CV_OK ? cv_import_conflict(import, line, error) : err;
}


/* puts what is told of, and tells of it as if it had happened here */

static void
cv_import_tell(cv_import_t *import, cv_kind_t kind, const cv_record_t *record)
{
    int               was;
    bool              new;
    uint64_t          iid, before;
    cv_txn_t         *txn;
    cv_token_t        token;
    cv_credential_t   credential;

    txn = import->txn;
    was = -1;
    before = cv_txn_sequence(txn);
    new = kind == CV_TOKEN && !cv_get_token(txn, record->token.hash, &token);

    if (kind == CV_CREDENTIAL
        && cv_get_by_id(txn, kind, record->credential.id, &credential, NULL))
    {
        was = (int) credential.status.value;
    }

    iid = cv_put(txn, kind, record);

    if (cv_txn_sequence(txn) == before) {
        return;
    }

    if (kind == CV_CREDENTIAL) {
        cv_outbox_credential(txn, iid, was);

    } else if (kind == CV_HOLDER) {
        cv_outbox_holder(txn, iid);

    } else if (new) {
        cv_outbox_token(txn, &record->token, false);
    }
}


static cv_err_t
cv_import_write(cv_import_t *import, cv_kind_t kind, const cv_record_t *record,
    cv_error_t *error)
{
    if (import->options->emit_events
        && (kind == CV_CREDENTIAL || kind == CV_TOKEN || kind == CV_HOLDER))
    {
        cv_import_tell(import, kind, record);

    } else {
        (void) cv_put(import->txn, kind, record);
    }

    return cv_txn_err(import->txn, error);
}


cv_err_t
cv_import_put(cv_import_t *import, const cv_line_t *line, cv_error_t *error)
{
    cv_err_t     err;
    cv_record_t  record;

    err = cv_import_resolve(import, line, &record, error);

    if (err == CV_OK && import->options->dry_run) {
        err = cv_seen_add(&import->seen, line->kind, &line->record, error);

    } else if (err == CV_OK) {
        err = cv_import_write(import, line->kind, &record, error);
    }

    if (err == CV_OK) {
        import->records[line->kind]++;
    }

    return err;
}


static bool
cv_blank(cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t') {
            return false;
        }
    }

    return true;
}


static bool
cv_import_starts(cv_str_t text, const char *with)
{
    size_t  len;

    len = strlen(with);

    return text.len >= len && memcmp(text.data, with, len) == 0;
}


cv_err_t
cv_import_unmarked(cv_import_t *import, cv_str_t *text, cv_error_t *error)
{
    if (cv_import_starts(*text, "\xff\xfe")
        || cv_import_starts(*text, "\xfe\xff"))
    {
        import->over = true;
        import->result->line = 1;
        return cv_error_set(error, CV_ERR_INPUT, "UTF-16; save it as UTF-8");
    }

    if (cv_import_starts(*text, "\xef\xbb\xbf")) {
        *text = cv_str(text->data + 3, text->len - 3);
    }

    return CV_OK;
}


/* a row of names, rather than a record that is wrong */

static bool
cv_import_tabular(cv_str_t text)
{
    size_t  i;

    for (i = 0; text.data[i] == ' ' || text.data[i] == '\t'; i++) {
        /* void: it is not blank */
    }

    return text.data[i] != '{' && text.data[i] != '['
           && (memchr(text.data, ',', text.len) != NULL
               || memchr(text.data, ';', text.len) != NULL
               || memchr(text.data, '\t', text.len) != NULL);
}


static cv_err_t
cv_import_image(const cv_import_t *import, cv_error_t *error)
{
    cv_err_t    err;
    cv_error_t  why;

    err = import->options->check_image(import->line.record.image.data, &why);

    return err == CV_OK ? CV_OK
                        : cv_error_member(error, err,
                                          cv_schemas[CV_IMAGE].name, "data",
                                          ": %s", why.text);
}


static cv_err_t
cv_import_line(cv_import_t *import, cv_str_t text, cv_error_t *error)
{
    cv_err_t  err;

    import->result->line = import->result->lines;

    if (import->result->lines == 1) {
        err = cv_import_unmarked(import, &text, error);
        if (err != CV_OK) {
            return err;
        }
    }

    if (cv_blank(text)) {
        return CV_OK;
    }

    if (import->result->lines == 1 && cv_import_tabular(text)) {
        return cv_error_set(error, CV_ERR_INPUT, "no JSON; \"import --csv\" "
                            "reads tables");
    }

    err = cv_line_read(&import->line, text, error);

    if (err == CV_OK && import->line.kind == CV_IMAGE) {
        err = cv_import_image(import, error);
    }

    if (err == CV_OK) {
        err = cv_import_begin(import, error);
    }

    return err == CV_OK ? cv_import_put(import, &import->line, error) : err;
}


static cv_err_t
cv_import_take(cv_import_t *import, cv_lines_result_t got, cv_str_t text,
    cv_error_t *error)
{
    cv_err_t                    err;
    const cv_import_options_t  *options;

    options = import->options;
    import->result->lines++;

    if (got == CV_LINES_LONG) {
        import->result->line = import->result->lines;
        import->over = options->sheet != NULL;
        err = cv_error_set(error, CV_ERR_INPUT, "longer than %zu bytes",
                           CV_LINE_MAX);

    } else if (options->sheet != NULL) {
        err = cv_import_table_line(import, text, error);

    } else {
        err = cv_import_line(import, text, error);
    }

    if (options->skip_invalid && !import->over
        && (err == CV_ERR_INPUT || err == CV_ERR_CONFLICT))
    {
        import->result->invalid++;
        options->invalid(options->data, import->result->line, error->text);
        err = CV_OK;
    }

    if (err == CV_OK && !import->table.row.quoted) {
        import->taken = import->result->lines;
    }

    return err;
}


static cv_err_t
cv_import_lines(cv_import_t *import, cv_error_t *error)
{
    bool               wait;
    cv_err_t           err;
    cv_str_t           text;
    cv_lines_result_t  got;

    err = CV_OK;
    wait = false;

    while (err == CV_OK) {

        if (import->options->stop != NULL && *import->options->stop) {
            import->result->interrupted = true;
            break;
        }

        text = CV_ABSENT;
        got = cv_lines_next(&import->lines, &text, wait);

        if (got == CV_LINES_END) {
            return import->options->sheet != NULL
                   ? cv_import_table_end(import, error) : CV_OK;
        }

        if (got == CV_LINES_FAILED) {
            return cv_error_set(error, CV_ERR_IO, "read: %s",
                                strerror(errno));
        }

        wait = got == CV_LINES_WAIT;

        if (!wait) {
            err = cv_import_take(import, got, text, error);
        }

        /* nobody waits for the lock while this waits for its input */

        if (err == CV_OK && (wait || cv_import_batch_full(import))) {
            err = cv_import_commit(import, error);
        }
    }

    return err;
}


cv_err_t
cv_import(cv_store_t *store, int fd, const cv_import_options_t *options,
    cv_import_result_t *result, cv_error_t *error)
{
    cv_err_t      err;
    cv_import_t   import;

    memset(result, 0, sizeof(cv_import_result_t));
    memset(&import, 0, sizeof(cv_import_t));

    import.store = store;
    import.options = options;
    import.result = result;

    err = cv_line_init(&import.line, error);

    if (err == CV_OK) {
        err = cv_lines_init(&import.lines, fd, error);
    }

    if (err == CV_OK && options->dry_run) {
        err = cv_snapshot_open(&import.snapshot, store, error);
    }

    if (err == CV_OK && options->sheet != NULL) {
        err = cv_import_table_open(&import, error);
    }

    if (err == CV_OK) {
        err = cv_import_lines(&import, error);
    }

    if (err == CV_OK) {
        err = cv_import_commit(&import, error);
    }

    if (options->dry_run) {
        cv_snapshot_close(import.snapshot);
    } else {
        cv_txn_abort(import.txn);
    }

    cv_import_table_close(&import);
    cv_seen_free(&import.seen);
    cv_line_free(&import.line);
    cv_lines_free(&import.lines);

    return err;
}
