
/*
 * Copyright (C) The credverify authors
 *
 * The life of an API key: made, approved, suspended, given another secret,
 * revoked.  First the rules, which are pure; then the use cases, which apply
 * them in a write transaction that is committed by cv_commit().
 */

#ifndef CV_KEYS_H
#define CV_KEYS_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_key.h"
#include "cv_record.h"
#include "cv_store.h"

/* How long the former secret stays good unless something else is said. */
#define CV_KEY_GRACE  (24 * 3600 * CV_SECOND)

typedef enum {
    CV_KEY_APPROVE = 0,
    CV_KEY_REJECT,
    CV_KEY_SUSPEND,
    CV_KEY_ACTIVATE,
    CV_KEY_REVOKE,
    CV_KEY_STEPS
} cv_key_step_t;

extern const char *const  cv_key_step_names[];

/* NULL if the step may be taken from a status, else why it may not. */
const char *cv_key_step_refused(cv_key_step_t step, cv_key_status_t from);


/* A key's text, which is here only, and its hash. */

typedef struct {
    uint8_t    text[CV_KEY_MINTED_MAX];
    size_t     len;
    uint8_t    hash[CV_HASH_LEN];
} cv_new_key_t;

/* Makes one by chance; CV_ERR_INPUT if the brand is none. */
cv_err_t cv_key_new(cv_new_key_t *key, cv_str_t brand, cv_key_class_t class,
    cv_error_t *error) CV_MUST_CHECK;

/* Sets what a record has of it: hash, prefix and last4, borrowed. */
void cv_key_set_text(cv_api_key_t *key, const cv_new_key_t *made);


/* Use cases: CV_ERR_INPUT says why not, and nothing was written. */

/* The key as it is then borrows from "copy". */

cv_err_t cv_key_take_step(cv_txn_t *txn, cv_str_t id, cv_key_step_t step,
    cv_api_key_t *key, cv_buf_t *copy, cv_error_t *error) CV_MUST_CHECK;

typedef struct {
    cv_str_t        brand;      /* absent: as the key has it, */
    cv_key_class_t  class;      /* and the class too */
    cv_time_t       now;
    cv_time_t       grace;      /* how long the former secret stays good */

    cv_new_key_t    made;
    uint8_t         until[CV_TIME_TEXT_MAX];
    cv_buf_t        copy;       /* of the key before; the caller's */
    cv_api_key_t    before;     /* borrows from that */
    cv_api_key_t    key;        /* as it is then: borrows from all of this */
} cv_rotation_t;

/*
 * Gives a key another secret.  The one that it had stays good for as long as
 * said; an earlier one that was still good ends now.
 */
cv_err_t cv_key_rotate(cv_txn_t *txn, cv_str_t id, cv_rotation_t *rotation,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Takes a rotation back whose secret nobody came to know; what else became of
 * the key stays.  CV_ERR_INPUT if it has been given another one since.
 */
cv_err_t cv_key_unrotate(cv_txn_t *txn, cv_rotation_t *rotation,
    cv_error_t *error) CV_MUST_CHECK;

/* Removes a key that was just made, unless it has another secret by now. */
cv_err_t cv_key_unmake(cv_txn_t *txn, cv_str_t id, const cv_new_key_t *made,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_KEYS_H */
