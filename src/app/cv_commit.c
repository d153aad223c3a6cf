
/*
 * Copyright (C) The credverify authors
 */

#include "cv_commit.h"
#include "cv_counters.h"


cv_err_t
cv_commit(cv_txn_t *txn, cv_error_t *error)
{
    cv_err_t  err;
    uint64_t  first, next;

    cv_txn_numbers(txn, CV_KEY, &first, &next);

    if (first < next && cv_txn_err(txn, NULL) == CV_OK) {
        err = cv_counters_give(txn, first, next - 1, error);

        if (err != CV_OK) {
            cv_txn_abort(txn);
            return err;
        }
    }

    return cv_txn_commit(txn, error);
}
