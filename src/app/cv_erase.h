
/*
 * Copyright (C) The credverify authors
 *
 * Erasure: a holder's personal facts leave the store, and every verdict stays
 * what it is.
 */

#ifndef CV_ERASE_H
#define CV_ERASE_H

#include "cv_base.h"
#include "cv_issue.h"
#include "cv_store.h"

#define CV_ERASED_ID_LEN  (sizeof("erased-") - 1 + CV_UUID_LEN)

typedef struct {
    uint8_t    id[CV_ERASED_ID_LEN];    /* what the holder is called now */
    uint64_t   credentials;             /* how many are the holder's */
} cv_erasure_t;

/*
 * Leaves of the holder with that id nothing but a random id, by which its
 * credentials still have one, and of these what a verdict is reached from:
 * class, status, dates, handles and tokens.  What the outbox and kept answers
 * have of them goes, sent or not.  A holder who was erased before
 * keeps that id.  CV_ERR_INPUT if there is none.
 */
cv_err_t cv_erase_holder(cv_txn_t *txn, cv_str_t id, cv_erasure_t *erasure,
    cv_moment_t *moment, cv_error_t *error) CV_MUST_CHECK;

/* True if the id is of the form that an erasure gives to a holder. */
bool cv_erased(cv_str_t id);

#endif /* CV_ERASE_H */
