
/*
 * Copyright (C) The credverify authors
 */

#include "cv_batch.h"
#include "cv_json.h"

/* a value of one character, a number, takes six bytes as a document */
#define CV_BATCH_GROWTH  8


void
cv_batch_init(cv_batch_t *batch)
{
    cv_buf_init(&batch->doc, CV_BATCH_GROWTH * (size_t) CV_JSON_TEXT_MAX);
    batch->it = cv_doc_iter(CV_ABSENT);
}


void
cv_batch_free(cv_batch_t *batch)
{
    cv_buf_free(&batch->doc);
}


static cv_err_t
cv_batch_parse(cv_batch_t *batch, cv_str_t text, cv_error_t *error)
{
    cv_err_t    err;
    cv_error_t  what;

    if (text.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "The body is empty.");
    }

    err = cv_json_parse(&batch->doc, text, &what);

    if (err == CV_OK || err == CV_ERR_NOMEM) {
        return err;
    }

    return cv_error_set(error, CV_ERR_INPUT, "The body is not JSON that can be "
                        "read: %s.", what.text);
}


/* so many that each is a string */

static cv_err_t
cv_batch_count(cv_doc_t list, cv_str_t member, size_t max, cv_error_t *error)
{
    size_t         i, n;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    it = cv_doc_iter(list);

    for (n = 0; cv_doc_next(&it, NULL, &value); n++) { /* void */ }

    if (n == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "\"%.*s\" is empty.",
                            CV_FMT(member));
    }

    if (n > max) {
        return cv_error_set(error, CV_ERR_LIMIT, "\"%.*s\" has %zu elements; "
                            "at most %zu are answered in one request.",
                            CV_FMT(member), n, max);
    }

    it = cv_doc_iter(list);

    for (i = 0; cv_doc_next(&it, NULL, &value); i++) {
        if (cv_doc_type(value) != CV_DOC_STRING) {
            return cv_error_set(error, CV_ERR_INPUT,
                                "\"%.*s[%zu]\" is not a string.",
                                CV_FMT(member), i);
        }
    }

    return CV_OK;
}


cv_err_t
cv_batch_read(cv_batch_t *batch, cv_str_t text, cv_str_t member, size_t max,
    cv_error_t *error)
{
    cv_err_t  err;
    cv_doc_t  doc, list;

    cv_buf_reset(&batch->doc);

    err = cv_batch_parse(batch, text, error);
    if (err != CV_OK) {
        return err;
    }

    doc = cv_buf_str(&batch->doc);

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return cv_error_set(error, CV_ERR_INPUT, "The body is not an object.");
    }

    list = cv_doc_member(doc, member);

    if (cv_doc_type(list) != CV_DOC_ARRAY) {
        return cv_error_set(error, CV_ERR_INPUT, cv_present(list)
                            ? "\"%.*s\" is not an array."
                            : "\"%.*s\" is missing.", CV_FMT(member));
    }

    batch->it = cv_doc_iter(list);

    return cv_batch_count(list, member, max, error);
}


bool
cv_batch_next(cv_batch_t *batch, cv_str_t *handle)
{
    cv_doc_t  value;

    if (!cv_doc_next(&batch->it, NULL, &value)) {
        return false;
    }

    *handle = cv_doc_text(value);

    return true;
}
