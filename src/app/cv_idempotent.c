
/*
 * Copyright (C) The credverify authors
 */

#include "cv_idempotent.h"
#include "cv_text.h"


/* of method, path and body a digest each: no part can be taken for another */

static cv_err_t
cv_idempotent_hash(uint8_t out[CV_SHA256_LEN], cv_digest_t *digest,
    const cv_idempotent_request_t *request)
{
    size_t     i;
    uint8_t    parts[3][CV_SHA256_LEN];
    cv_err_t   err;
    cv_str_t   of[3];

    of[0] = request->method;
    of[1] = request->path;
    of[2] = request->body;

    for (i = 0; i < CV_COUNT(of); i++) {
        err = cv_digest_sha256(digest, parts[i], of[i]);
        if (err != CV_OK) {
            return err;
        }
    }

    return cv_digest_sha256(digest, out, cv_str(parts, sizeof(parts)));
}


cv_err_t
cv_idempotent_init(cv_idempotent_t *idempotent, cv_digest_t *digest,
    const cv_idempotent_request_t *request)
{
    uint8_t   space[CV_HANDLE_MAX + 1 + CV_IDEMPOTENT_KEY_MAX];
    uint8_t   hash[CV_SHA256_LEN];
    cv_buf_t  whose;
    cv_err_t  err;

    if (request->name.len == 0 || request->name.len > CV_IDEMPOTENT_KEY_MAX) {
        return CV_ERR_INPUT;
    }

    cv_buf_borrow(&whose, space, sizeof(space));
    cv_buf_append_str(&whose, request->api_key);
    cv_buf_append_byte(&whose, '\0');
    cv_buf_append_str(&whose, request->name);

    if (cv_buf_failed(&whose)) {
        return whose.err;
    }

    err = cv_digest_sha256(digest, hash, cv_buf_str(&whose));
    if (err != CV_OK) {
        return err;
    }

    cv_hex_encode(idempotent->id, cv_str(hash, sizeof(hash)));

    return cv_idempotent_hash(idempotent->request, digest, request);
}


cv_err_t
cv_idempotent_find(const cv_idempotent_t *idempotent, cv_txn_t *txn,
    cv_time_t now, cv_answer_record_t *answer, cv_idempotent_step_t *step)
{
    *step = CV_IDEMPOTENT_NEW;

    if (cv_get_by_id(txn, CV_ANSWER,
                     cv_str(idempotent->id, CV_IDEMPOTENT_ID), answer, NULL)
        && now - answer->at.at < CV_ANSWER_KEPT)
    {
        *step = cv_str_eq(answer->request,
                          cv_str(idempotent->request, CV_SHA256_LEN))
                ? CV_IDEMPOTENT_SAME : CV_IDEMPOTENT_OTHER;
    }

    return cv_txn_err(txn, NULL);
}


cv_err_t
cv_idempotent_keep(const cv_idempotent_t *idempotent, cv_txn_t *txn,
    cv_time_t now, unsigned status, cv_str_t body, uint64_t credential,
    cv_error_t *error)
{
    uint8_t             at[CV_TIME_TEXT_MAX];
    cv_answer_record_t  answer;

    if (body.len > CV_ANSWER_MAX) {
        return cv_error_set(error, CV_ERR_LIMIT, "the answer has more than "
                            "%zu bytes, and could not be given again",
                            CV_ANSWER_MAX);
    }

    memset(&answer, 0, sizeof(cv_answer_record_t));

    answer.id = cv_str(idempotent->id, CV_IDEMPOTENT_ID);
    answer.request = cv_str(idempotent->request, CV_SHA256_LEN);
    answer.status = (cv_int_t) { status, true };
    answer.body = body;
    answer.credential.iid = credential;

    /* what cv_time_format() writes is a date */

    (void) cv_date_parse(&answer.at,
                         cv_str(at, cv_time_format(at, now, CV_TIME_MS)));

    return cv_answer_put(txn, &answer) == 0 ? cv_txn_err(txn, error) : CV_OK;
}
