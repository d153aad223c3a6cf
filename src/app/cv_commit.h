
/*
 * Copyright (C) The credverify authors
 *
 * Committing what may have made API keys.  A key's calls are counted in a
 * slot of the store's counters (cv_meter.h), which has the key's number: there
 * is room for it before anybody can see the key, so that a disk that is full
 * refuses the key, not a call.
 */

#ifndef CV_COMMIT_H
#define CV_COMMIT_H

#include "cv_store.h"

/*
 * Ends a transaction like cv_txn_commit(), which is not to be called by
 * itself where keys may have been made.  CV_ERR_MISSING if the store has no
 * counters, CV_ERR_DAMAGED if they are not whole, or another store's;
 * CV_ERR_LIMIT or CV_ERR_FULL if there is no room: nothing was committed then.
 */
cv_err_t cv_commit(cv_txn_t *txn, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_COMMIT_H */
