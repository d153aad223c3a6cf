
/*
 * Copyright (C) The credverify authors
 */

#include "cv_badge_file.h"
#include "cv_json.h"
#include "cv_shape.h"
#include "cv_text.h"


void
cv_badge_file_init(cv_badge_file_t *file)
{
    file->image = CV_IMAGE_NONE;
    file->form = CV_BADGE_HOSTED;

    cv_jws_init(&file->jws);
    cv_buf_init(&file->text, CV_BAKE_MAX);
    cv_buf_init(&file->verify, CV_BAKE_MAX);

    /* a number of one digit takes six bytes */
    cv_buf_init(&file->assertion, 8 * CV_BAKE_MAX);
}


void
cv_badge_file_free(cv_badge_file_t *file)
{
    cv_jws_free(&file->jws);
    cv_buf_free(&file->text);
    cv_buf_free(&file->verify);
    cv_buf_free(&file->assertion);
}


/* The text of a file that is no image, without what an editor has put behind. */

static cv_err_t
cv_badge_file_text(cv_badge_file_t *file, cv_str_t bytes, cv_error_t *error)
{
    if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\n') {
        bytes.len--;
    }

    if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\r') {
        bytes.len--;
    }

    if (bytes.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "it is empty");
    }

    if (bytes.len > CV_BAKE_MAX) {
        return cv_error_set(error, CV_ERR_LIMIT, "it is no image, and has more "
                            "than %zu bytes", CV_BAKE_MAX);
    }

    if (!cv_utf8_valid(bytes)) {
        return cv_error_set(error, CV_ERR_INPUT, "it is neither PNG nor SVG, "
                            "nor is it text in UTF-8");
    }

    cv_buf_append_str(&file->text, bytes);

    return cv_buf_failed(&file->text)
           ? cv_error_set(error, file->text.err, "out of memory") : CV_OK;
}


static cv_badge_form_t
cv_badge_file_form(cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len && strchr(" \t\r\n", text.data[i]); i++) {
        /* void */
    }

    return i < text.len && text.data[i] == '{' ? CV_BADGE_HOSTED
           : cv_shape_url.holds(text) ? CV_BADGE_LINKED : CV_BADGE_SIGNED;
}


static cv_err_t
cv_badge_file_parse(cv_badge_file_t *file, cv_str_t json, cv_error_t *error)
{
    cv_err_t    err;
    cv_error_t  why;

    err = cv_json_parse(&file->assertion, json, &why);

    if (err != CV_OK) {
        return cv_error_set(error, err, "its assertion is no JSON: %s",
                            why.text);
    }

    return cv_doc_type(cv_buf_str(&file->assertion)) == CV_DOC_OBJECT
           ? CV_OK
           : cv_error_set(error, CV_ERR_INPUT, "its assertion is no object");
}


static cv_err_t
cv_badge_file_signed(cv_badge_file_t *file, cv_error_t *error)
{
    cv_err_t    err;
    cv_error_t  why;

    err = cv_jws_read(&file->jws, cv_buf_str(&file->text), &why);

    if (err != CV_OK) {
        return cv_error_set(error, err, "it is no assertion, neither JSON nor "
                            "signed: %s", why.text);
    }

    return cv_badge_file_parse(file, cv_jws_payload(&file->jws), error);
}


static cv_err_t
cv_badge_file_linked(cv_badge_file_t *file, cv_error_t *error)
{
    size_t     mark;
    cv_buf_t  *doc;

    doc = &file->assertion;

    mark = cv_doc_open(doc, CV_DOC_OBJECT);
    cv_doc_put_name(doc, CV_STR("id"));
    cv_doc_put(doc, CV_DOC_STRING, cv_buf_str(&file->text));
    cv_doc_close(doc, mark);

    return cv_buf_failed(doc) ? cv_error_set(error, doc->err, "out of memory")
                              : CV_OK;
}


cv_err_t
cv_badge_file_read(cv_badge_file_t *file, cv_str_t bytes, cv_error_t *error)
{
    cv_err_t  err;

    file->image = cv_image_type(bytes);

    err = file->image == CV_IMAGE_NONE
          ? cv_badge_file_text(file, bytes, error)
          : cv_unbake(&file->text, &file->verify, bytes, error);

    if (err != CV_OK) {
        return err;
    }

    if (file->text.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "it has no assertion baked in");
    }

    /* without JSON beside it the attribute is all there is */

    if (cv_str_eq(cv_buf_str(&file->verify), cv_buf_str(&file->text))) {
        cv_buf_reset(&file->verify);
    }

    file->form = cv_badge_file_form(cv_buf_str(&file->text));

    switch (file->form) {

    case CV_BADGE_HOSTED:
        return cv_badge_file_parse(file, cv_buf_str(&file->text), error);

    case CV_BADGE_SIGNED:
        return cv_badge_file_signed(file, error);

    default:
        return cv_badge_file_linked(file, error);
    }
}
