
/*
 * Copyright (C) The credverify authors
 */

#include "cv_member.h"
#include "cv_json.h"
#include "cv_line.h"
#include "cv_text.h"


/* -0 and 007 are no numbers in JSON */

static bool
cv_member_int(cv_str_t text)
{
    size_t  i, start;

    start = text.len > 0 && text.data[0] == '-' ? 1 : 0;

    for (i = start; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }

    return text.len > start && (text.data[start] != '0'
                                || text.len == start + 1);
}


cv_err_t
cv_member_typed(cv_buf_t *out, const cv_field_t *field, cv_str_t text,
    cv_error_t *error)
{
    cv_err_t  err;
    cv_buf_t  document;

    switch (field->type) {

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
        if (!cv_member_int(text)) {
            return cv_error_set(error, CV_ERR_INPUT,
                                "\"%.*s\" is no whole number", CV_FMT(text));
        }

        cv_buf_append_str(out, text);
        return CV_OK;

    case CV_FIELD_BOOL:
        if (!cv_str_eq(text, CV_STR("true"))
            && !cv_str_eq(text, CV_STR("false")))
        {
            return cv_error_set(error, CV_ERR_INPUT,
                                "\"%.*s\" is neither true nor false",
                                CV_FMT(text));
        }

        cv_buf_append_str(out, text);
        return CV_OK;

    case CV_FIELD_ARRAY:
    case CV_FIELD_OBJECT:
        cv_buf_init(&document, CV_RECORD_MAX);

        err = cv_json_parse(&document, text, error);

        if (err == CV_OK) {
            cv_doc_write_json(out, cv_buf_str(&document));
        }

        cv_buf_free(&document);
        return err;

    default:
        cv_escape_json_string(out, text);
        return CV_OK;
    }
}


cv_err_t
cv_member_merge(cv_buf_t *out, cv_kind_t kind, const void *old,
    cv_member_pt give, void *data, cv_error_t *error)
{
    bool                given;
    size_t              i, before, after;
    cv_err_t            err;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    cv_line_open(out, kind);

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];
        given = false;

        if (field->internal) {
            continue;
        }

        before = out->len;
        cv_line_write_name(out, field);
        after = out->len;

        err = give(data, field, out, &given, error);
        if (err != CV_OK) {
            return err;
        }

        if (!given && old != NULL && cv_field_present(old, field)) {
            cv_line_write_value(out, old, field);
        }

        if (out->len == after && !cv_buf_failed(out)) {
            out->len = before;
        }
    }

    cv_line_close(out);

    return cv_buf_failed(out)
           ? cv_error_set(error, CV_ERR_INPUT, "the record is too long")
           : CV_OK;
}
