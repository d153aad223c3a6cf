
/*
 * Copyright (C) The credverify authors
 */

#include "cv_jws.h"
#include "cv_base64.h"
#include "cv_json.h"
#include "cv_text.h"

#define CV_JWS_ALG  "RS256"

/* a value of one character, a number, takes six bytes as a document */
#define CV_JWS_GROWTH  8


/* RFC 7515, section 7.1 */

static cv_err_t
cv_jws_write(cv_buf_t *out, cv_buf_t *scratch, const cv_signature_key_t *key,
    cv_str_t kid, cv_str_t payload)
{
    size_t    start;
    cv_err_t  err;

    start = out->len;

    cv_buf_append_str(scratch, CV_STR("{\"alg\":\"" CV_JWS_ALG "\""));

    if (cv_present(kid)) {
        cv_buf_append_str(scratch, CV_STR(",\"kid\":"));
        cv_escape_json_string(scratch, kid);
    }

    cv_buf_append_byte(scratch, '}');

    cv_base64url_encode(out, cv_buf_str(scratch));
    cv_buf_append_byte(out, '.');
    cv_base64url_encode(out, payload);

    if (cv_buf_failed(scratch) || cv_buf_failed(out)) {
        return cv_buf_failed(out) ? out->err : scratch->err;
    }

    cv_buf_reset(scratch);

    err = cv_signature_sign(key, cv_str(out->data + start, out->len - start),
                            scratch);

    if (err == CV_OK) {
        cv_buf_append_byte(out, '.');
        cv_base64url_encode(out, cv_buf_str(scratch));
        err = out->err;
    }

    return err;
}


cv_err_t
cv_jws_sign(cv_buf_t *out, const cv_signature_key_t *key, cv_str_t kid,
    cv_str_t payload)
{
    size_t    start;
    cv_buf_t  scratch;
    cv_err_t  err;

    start = out->len;
    cv_buf_init(&scratch, CV_JWS_MAX);

    err = cv_jws_write(out, &scratch, key, kid, payload);

    if (err == CV_OK && out->len - start > CV_JWS_MAX) {
        err = CV_ERR_LIMIT;
    }

    if (err != CV_OK && !cv_buf_failed(out)) {
        out->len = start;
    }

    cv_buf_free(&scratch);

    return err;
}


void
cv_jws_init(cv_jws_t *jws)
{
    memset(jws, 0, sizeof(cv_jws_t));

    cv_buf_init(&jws->payload, CV_JWS_MAX);
    cv_buf_init(&jws->signature, CV_JWS_MAX);
    cv_buf_init(&jws->header, CV_JWS_GROWTH * CV_JWS_MAX);
}


void
cv_jws_free(cv_jws_t *jws)
{
    cv_buf_free(&jws->payload);
    cv_buf_free(&jws->signature);
    cv_buf_free(&jws->header);
}


/* Up to the next full stop, which is taken too; absent if there is none. */

static cv_str_t
cv_jws_part(cv_str_t *rest)
{
    cv_str_t        part;
    const uint8_t  *stop;

    stop = rest->len == 0 ? NULL : memchr(rest->data, '.', rest->len);
    if (stop == NULL) {
        return CV_ABSENT;
    }

    part = cv_str(rest->data, (size_t) (stop - rest->data));
    *rest = cv_str(stop + 1, rest->len - part.len - 1);

    return part;
}


/*
 * RFC 7515, section 4.1: what is marked as critical must be understood, and
 * nothing but these members is.  The others are not looked at: no key that a
 * signature brings along is worth anything.
 */

static cv_err_t
cv_jws_check(const cv_jws_t *jws, cv_error_t *error)
{
    cv_doc_t  header, alg, kid;

    header = cv_buf_str(&jws->header);

    if (cv_doc_type(header) != CV_DOC_OBJECT) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the JWS's header is not an object");
    }

    alg = cv_doc_member(header, CV_STR("alg"));
    kid = cv_doc_member(header, CV_STR("kid"));

    if (cv_doc_type(alg) != CV_DOC_STRING
        || !cv_str_eq(cv_doc_text(alg), CV_STR(CV_JWS_ALG)))
    {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the JWS's \"alg\" is not " CV_JWS_ALG);
    }

    if (cv_present(cv_doc_member(header, CV_STR("crit")))) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the JWS has a \"crit\", and nothing that it "
                            "could name is known");
    }

    if (cv_present(kid) && cv_doc_type(kid) != CV_DOC_STRING) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the JWS's \"kid\" is not a string");
    }

    return CV_OK;
}


static cv_err_t
cv_jws_header(cv_jws_t *jws, cv_str_t text, cv_error_t *error)
{
    cv_err_t    err;
    cv_buf_t    json;
    cv_error_t  why;

    cv_buf_init(&json, CV_JWS_MAX);

    err = cv_base64url_decode(&json, text);

    if (err != CV_OK) {
        (void) cv_error_set(error, err, "the JWS's header is not base64url");

    } else {
        err = cv_json_parse(&jws->header, cv_buf_str(&json), &why);

        err = err == CV_OK
              ? cv_jws_check(jws, error)
              : cv_error_set(error, err, "the JWS's header is not JSON: %s",
                             why.text);
    }

    cv_buf_free(&json);

    return err;
}


cv_err_t
cv_jws_read(cv_jws_t *jws, cv_str_t text, cv_error_t *error)
{
    cv_err_t  err;
    cv_str_t  header, payload, rest;

    cv_buf_reset(&jws->payload);
    cv_buf_reset(&jws->signature);
    cv_buf_reset(&jws->header);
    jws->input = CV_ABSENT;

    if (text.len > CV_JWS_MAX) {
        return cv_error_set(error, CV_ERR_LIMIT,
                            "longer than %zu bytes, which no JWS may be",
                            CV_JWS_MAX);
    }

    rest = text;
    header = cv_jws_part(&rest);
    payload = cv_jws_part(&rest);

    if (!cv_present(header) || !cv_present(payload)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "no JWS: that has three parts, between them two "
                            "full stops");
    }

    err = cv_jws_header(jws, header, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_base64url_decode(&jws->payload, payload);
    if (err != CV_OK) {
        return cv_error_set(error, err, "the JWS's payload is not base64url");
    }

    err = cv_base64url_decode(&jws->signature, rest);
    if (err != CV_OK) {
        return cv_error_set(error, err,
                            "the JWS's signature is not base64url");
    }

    jws->input = cv_str(text.data, header.len + 1 + payload.len);

    return CV_OK;
}


cv_str_t
cv_jws_kid(const cv_jws_t *jws)
{
    return cv_doc_text(cv_doc_member(cv_buf_str(&jws->header), CV_STR("kid")));
}


cv_str_t
cv_jws_payload(const cv_jws_t *jws)
{
    return cv_buf_str(&jws->payload);
}


cv_err_t
cv_jws_verify(const cv_jws_t *jws, const cv_signature_key_t *key)
{
    /* one that was not read, or refused, has nothing that was signed */

    return cv_present(jws->input)
           ? cv_signature_verify(key, jws->input, cv_buf_str(&jws->signature))
           : CV_ERR_INPUT;
}
