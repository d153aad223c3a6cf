
/*
 * Copyright (C) The credverify authors
 *
 * Requests that are sent again because nobody knows whether they arrived: with
 * the same Idempotency-Key they are answered as they were, and done once.
 */

#ifndef CV_IDEMPOTENT_H
#define CV_IDEMPOTENT_H

#include "cv_base.h"
#include "cv_digest.h"
#include "cv_record.h"
#include "cv_store.h"

/* An Idempotency-Key has so many bytes at most, and one at least. */
#define CV_IDEMPOTENT_KEY_MAX  255

#define CV_IDEMPOTENT_ID       (2 * CV_SHA256_LEN)

/* What a client sent: any bytes, but no NUL in the first two. */

typedef struct {
    cv_str_t   api_key;         /* its id; empty if there was none */
    cv_str_t   name;            /* the Idempotency-Key */
    cv_str_t   method;
    cv_str_t   path;            /* with its arguments */
    cv_str_t   body;
} cv_idempotent_request_t;

/* By what the answer is found, and what tells whether it is that request's. */

typedef struct {
    char       id[CV_IDEMPOTENT_ID];
    uint8_t    request[CV_SHA256_LEN];
} cv_idempotent_t;

/* CV_ERR_INPUT if the Idempotency-Key is none, or too long. */
cv_err_t cv_idempotent_init(cv_idempotent_t *idempotent, cv_digest_t *digest,
    const cv_idempotent_request_t *request) CV_MUST_CHECK;

typedef enum {
    CV_IDEMPOTENT_NEW = 0,      /* to be done */
    CV_IDEMPOTENT_SAME,         /* was answered already */
    CV_IDEMPOTENT_OTHER,        /* that key was another request's */
} cv_idempotent_step_t;

/*
 * Finds what the request was answered in the last CV_ANSWER_KEPT; "answer"
 * borrows from the transaction, and matters only if it is the same.  An error
 * is the transaction's.
 */
cv_err_t cv_idempotent_find(const cv_idempotent_t *idempotent, cv_txn_t *txn,
    cv_time_t now, cv_answer_record_t *answer, cv_idempotent_step_t *step)
    CV_MUST_CHECK;

/*
 * Keeps what it is answered, about a credential, by number, or 0: in the
 * transaction that does it, or after the one that did not.  CV_ERR_LIMIT if the
 * body is longer than CV_ANSWER_MAX: what was done cannot be answered again,
 * and must not be done.
 */
cv_err_t cv_idempotent_keep(const cv_idempotent_t *idempotent, cv_txn_t *txn,
    cv_time_t now, unsigned status, cv_str_t body, uint64_t credential,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_IDEMPOTENT_H */
