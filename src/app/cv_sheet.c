
/*
 * Copyright (C) The credverify authors
 *
 * The columns: what they are to be, and which there are.
 */

#include "cv_sheet_internal.h"
#include "cv_line.h"
#include "cv_text.h"

#include <stdio.h>
#include <stdlib.h>


static cv_str_t
cv_sheet_trim(cv_str_t text)
{
    while (text.len > 0 && memchr(" \t\r\n", text.data[0], 4) != NULL) {
        text.data++;
        text.len--;
    }

    while (text.len > 0
           && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
    {
        text.len--;
    }

    return text;
}


cv_str_t
cv_sheet_text(const cv_sheet_t *sheet, const cv_sheet_entry_t *entry)
{
    return entry != NULL ? cv_sheet_trim(cv_csv_cell(sheet->row, entry->cell))
                         : CV_STR("");
}


/* The map */

/* members that a cell can be; what a record refers to, options say */

static bool
cv_sheet_takes(const cv_field_t *field)
{
    return field->type == CV_FIELD_TEXT || field->type == CV_FIELD_DATE
           || field->type == CV_FIELD_INT || field->type == CV_FIELD_COUNT
           || field->type == CV_FIELD_BOOL || field->type == CV_FIELD_ENUM;
}


static cv_err_t
cv_sheet_unknown(cv_kind_t kind, cv_str_t target, cv_error_t *error)
{
    char                names[CV_ERROR_TEXT_MAX / 2];
    size_t              i;
    cv_buf_t            buf;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];
    cv_buf_borrow(&buf, names, sizeof(names));

    for (i = 0; i < schema->nfields; i++) {
        if (cv_sheet_takes(&schema->fields[i])) {
            cv_buf_printf(&buf, "%s%s", buf.len > 0 ? ", " : "",
                          schema->fields[i].name);
        }
    }

    target = cv_sheet_cut(target);

    return cv_error_set(error, CV_ERR_INPUT,
                        "\"%.*s\": columns can be these members of a %s: %.*s",
                        CV_FMT(target), schema->name,
                        CV_FMT(cv_buf_str(&buf)));
}


/* "holder.MEMBER", "credential.MEMBER" or "attributes.NAME" */

static cv_err_t
cv_sheet_target(cv_sheet_entry_t *entry, cv_str_t target, cv_error_t *error)
{
    size_t     i;
    cv_str_t   first, rest;

    static const cv_kind_t  kinds[] = { CV_HOLDER, CV_CREDENTIAL };

    for (i = 0; i < target.len && target.data[i] != '.'; i++) { /* void */ }

    first = cv_str(target.data, i);
    rest = i < target.len ? cv_str(target.data + i + 1, target.len - i - 1)
                          : CV_STR("");

    if (cv_str_eq(first, CV_STR(CV_SHEET_ATTRIBUTES)) && rest.len > 0) {
        entry->kind = CV_CREDENTIAL;
        entry->field = cv_field_find(&cv_schemas[CV_CREDENTIAL], first);
        entry->attribute = rest;
        return CV_OK;
    }

    for (i = 0; i < CV_COUNT(kinds); i++) {
        if (!cv_str_eq(first, cv_str_z(cv_schemas[kinds[i]].name))) {
            continue;
        }

        entry->kind = kinds[i];
        entry->field = cv_field_find(&cv_schemas[kinds[i]], rest);
        entry->attribute = CV_ABSENT;

        return entry->field != NULL && cv_sheet_takes(entry->field)
               ? CV_OK : cv_sheet_unknown(kinds[i], target, error);
    }

    target = cv_sheet_cut(target);

    return cv_error_set(error, CV_ERR_INPUT,
                        "\"%.*s\": not holder.MEMBER, credential.MEMBER or "
                        CV_SHEET_ATTRIBUTES ".NAME", CV_FMT(target));
}


const cv_sheet_entry_t *
cv_sheet_entry(const cv_sheet_t *sheet, cv_kind_t kind, cv_str_t member,
    cv_str_t attribute)
{
    size_t                   i;
    const cv_sheet_entry_t  *entry;

    for (i = 0; i < sheet->nentries; i++) {
        entry = &sheet->entries[i];

        if (entry->kind == kind
            && cv_str_eq(cv_str_z(entry->field->name), member)
            && cv_str_eq(entry->attribute, attribute))
        {
            return entry;
        }
    }

    return NULL;
}


static cv_err_t
cv_sheet_map_one(cv_sheet_t *sheet, cv_str_t text, cv_error_t *error)
{
    size_t             i;
    cv_err_t           err;
    cv_str_t           target;
    cv_sheet_entry_t   entry;

    /* a column's name may have one, a member's has none */

    for (i = text.len; i > 0 && text.data[i - 1] != '='; i--) { /* void */ }

    if (i == 0) {
        text = cv_sheet_cut(text);
        return cv_error_set(error, CV_ERR_INPUT,
                            "\"%.*s\": not COLUMN=MEMBER", CV_FMT(text));
    }

    memset(&entry, 0, sizeof(entry));

    entry.column = cv_sheet_trim(cv_str(text.data, i - 1));
    target = cv_sheet_trim(cv_str(text.data + i, text.len - i));

    err = cv_sheet_target(&entry, target, error);
    if (err != CV_OK) {
        return err;
    }

    if (cv_sheet_entry(sheet, entry.kind, cv_str_z(entry.field->name),
                       entry.attribute)
        != NULL)
    {
        target = cv_sheet_cut(target);
        return cv_error_set(error, CV_ERR_INPUT, "\"%.*s\": given twice",
                            CV_FMT(target));
    }

    sheet->entries[sheet->nentries++] = entry;

    return CV_OK;
}


static cv_err_t
cv_sheet_map(cv_sheet_t *sheet, cv_error_t *error)
{
    size_t    i;
    cv_err_t  err;

    /* so that a name with a comma can be quoted */

    switch (cv_csv_line(&sheet->map, sheet->options.map, error)) {

    case CV_CSV_WRONG:
        return error->code;

    case CV_CSV_MORE:
        return cv_error_set(error, CV_ERR_INPUT, "a quote is not closed");

    case CV_CSV_ROW:
        break;
    }

    err = CV_OK;

    for (i = 0; err == CV_OK && i < sheet->map.cells; i++) {
        err = cv_sheet_map_one(sheet, cv_csv_cell(&sheet->map, i), error);
    }

    if (err != CV_OK) {
        return err;
    }

    if (cv_sheet_mapped(sheet, CV_HOLDER, "id") == NULL
        && cv_sheet_mapped(sheet, CV_HOLDER, "email") == NULL)
    {
        return cv_error_set(error, CV_ERR_INPUT,
                            "no column is holder.id or holder.email, by which "
                            "people can be told apart");
    }

    if (cv_sheet_mapped(sheet, CV_CREDENTIAL, "issued_at") == NULL
        && !cv_present(sheet->options.issued_at.text))
    {
        return cv_error_set(error, CV_ERR_INPUT,
                            "no column is credential.issued_at; name one, or "
                            "give --issued-at");
    }

    return CV_OK;
}


/* Opening */

cv_err_t
cv_sheet_open(cv_sheet_t **out, const cv_sheet_options_t *options,
    cv_error_t *error)
{
    cv_err_t     err;
    cv_sheet_t  *sheet;

    sheet = calloc(1, sizeof(cv_sheet_t));
    if (sheet == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    sheet->options = *options;
    sheet->digest = cv_digest_new();

    cv_csv_init(&sheet->map, ',');
    cv_csv_init(&sheet->header, ',');
    cv_buf_init(&sheet->issuer, CV_HANDLE_MAX);
    cv_buf_init(&sheet->named, CV_LINE_MAX);
    cv_moment_init(&sheet->moment, cv_time_now());

    err = sheet->digest != NULL
          ? cv_sheet_map(sheet, error)
          : cv_error_set(error, CV_ERR_NOMEM, "out of memory");

    if (err != CV_OK) {
        cv_sheet_close(sheet);
        return err;
    }

    *out = sheet;

    return CV_OK;
}


void
cv_sheet_close(cv_sheet_t *sheet)
{
    if (sheet == NULL) {
        return;
    }

    cv_digest_free(sheet->digest);
    cv_csv_free(&sheet->map);
    cv_csv_free(&sheet->header);
    cv_buf_free(&sheet->issuer);
    cv_buf_free(&sheet->named);
    cv_moment_free(&sheet->moment);
    free(sheet);
}


cv_err_t
cv_sheet_class(cv_sheet_t *sheet, cv_txn_t *txn, cv_error_t *error)
{
    cv_str_t    id;
    cv_class_t  class;

    id = sheet->options.class;

    if (!cv_get_by_id(txn, CV_CLASS, id, &class, &sheet->class_iid)) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_INPUT, "there is no class \"%.*s\"",
                              CV_FMT(id));
    }

    cv_unresolve(txn, CV_CLASS, &class);

    cv_buf_append_str(&sheet->issuer, class.issuer.id);
    sheet->valid_days = class.valid_days;

    return CV_OK;
}


static cv_str_t
cv_sheet_column(const cv_csv_t *header, size_t i)
{
    return cv_sheet_trim(cv_csv_cell(header, i));
}


static cv_err_t
cv_sheet_missing(const cv_csv_t *row, cv_str_t column, cv_error_t *error)
{
    char      names[CV_ERROR_TEXT_MAX / 2];
    size_t    i;
    cv_buf_t  buf;
    cv_str_t  name;

    cv_buf_borrow(&buf, names, sizeof(names));

    for (i = 0; i < row->cells; i++) {
        name = cv_sheet_cut(cv_sheet_column(row, i));
        cv_buf_printf(&buf, "%s\"%.*s\"", i > 0 ? ", " : "", CV_FMT(name));
    }

    column = cv_sheet_cut(column);

    return cv_error_set(error, CV_ERR_INPUT, "there is no column \"%.*s\" but "
                        "%.*s%s", CV_FMT(column), CV_FMT(cv_buf_str(&buf)),
                        row->cells == 1 ? "; is --delimiter right?" : "");
}


static cv_err_t
cv_sheet_bind(const cv_csv_t *row, cv_sheet_entry_t *entry,
    cv_error_t *error)
{
    size_t    i, n;
    cv_str_t  name;

    n = 0;

    for (i = 0; i < row->cells; i++) {
        if (cv_str_eq(cv_sheet_column(row, i), entry->column)) {
            entry->cell = i;
            n++;
        }
    }

    if (n == 1) {
        return CV_OK;
    }

    name = cv_sheet_cut(entry->column);

    return n == 0 ? cv_sheet_missing(row, entry->column, error)
                  : cv_error_set(error, CV_ERR_INPUT,
                                 "there are %zu columns \"%.*s\"", n,
                                 CV_FMT(name));
}


static cv_err_t
cv_sheet_utf8(const cv_sheet_t *sheet, const cv_csv_t *row, cv_error_t *error)
{
    size_t    i;
    cv_err_t  err;
    cv_str_t  text;

    for (i = 0; i < row->cells; i++) {
        text = cv_csv_cell(row, i);

        if (!cv_utf8_valid(text)) {
            err = cv_error_set(error, CV_ERR_INPUT,
                               text.len > 0 && memchr(text.data, '\0', text.len)
                                               != NULL
                               ? "a NUL" : "not UTF-8");
            cv_sheet_blame_cell(sheet, i, error);
            return err;
        }
    }

    return CV_OK;
}


cv_err_t
cv_sheet_header(cv_sheet_t *sheet, const cv_csv_t *row, cv_buf_t *ignored,
    cv_error_t *error)
{
    size_t    i, n;
    cv_err_t  err;
    cv_str_t  name;

    err = cv_sheet_utf8(sheet, row, error);

    for (i = 0; err == CV_OK && i < sheet->nentries; i++) {
        err = cv_sheet_bind(row, &sheet->entries[i], error);
    }

    for (i = 0; err == CV_OK && i < row->cells; i++) {
        name = cv_sheet_column(row, i);

        cv_buf_append_str(&sheet->header.text, name);
        sheet->header.ends[sheet->header.cells++] = sheet->header.text.len;

        for (n = 0; n < sheet->nentries && sheet->entries[n].cell != i; n++) {
            /* void */
        }

        if (n == sheet->nentries) {
            cv_buf_printf(ignored, "%s\"%.*s\"", ignored->len > 0 ? ", " : "",
                          CV_FMT(name));
        }
    }

    if (err == CV_OK && cv_buf_failed(&sheet->header.text)) {
        err = cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    return err;
}


bool
cv_sheet_blank(const cv_csv_t *row)
{
    size_t  i;

    for (i = 0; i < row->cells; i++) {
        if (cv_sheet_trim(cv_csv_cell(row, i)).len > 0) {
            return false;
        }
    }

    return true;
}


void
cv_sheet_blame_cell(const cv_sheet_t *sheet, size_t cell, cv_error_t *error)
{
    char      text[CV_ERROR_TEXT_MAX];
    cv_str_t  name;

    (void) snprintf(text, sizeof(text), "%s", error->text);

    if (cell < sheet->header.cells) {
        name = cv_sheet_cut(cv_csv_cell(&sheet->header, cell));
        (void) cv_error_set(error, error->code, "column \"%.*s\": %s",
                            CV_FMT(name), text);
    } else {
        (void) cv_error_set(error, error->code, "cell %zu: %s", cell + 1,
                            text);
    }
}


void
cv_sheet_blame(const cv_sheet_t *sheet, cv_kind_t kind, const char *member,
    cv_error_t *error)
{
    const cv_sheet_entry_t  *entry;

    entry = member != NULL
            ? cv_sheet_entry(sheet, kind, cv_str_z(member), CV_ABSENT) : NULL;

    if (entry != NULL) {
        cv_sheet_blame_cell(sheet, entry->cell, error);
    }
}


cv_err_t
cv_sheet_row(cv_sheet_t *sheet, const cv_csv_t *row, cv_error_t *error)
{
    sheet->row = row;

    if (row->cells != sheet->header.cells) {
        return cv_error_set(error, CV_ERR_INPUT, "%zu cells, where the header "
                            "has %zu", row->cells, sheet->header.cells);
    }

    return cv_sheet_utf8(sheet, row, error);
}
