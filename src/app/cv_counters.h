
/*
 * Copyright (C) The credverify authors
 *
 * The counters of a store's API keys, in the file beside it (cv_meter.h): who
 * has which slot, and whether all is as it must be.
 */

#ifndef CV_COUNTERS_H
#define CV_COUNTERS_H

#include "cv_meter.h"
#include "cv_store.h"

/* Maps the counters of a store, or to look only; errors as of cv_meter_open(). */
cv_err_t cv_counters_open(cv_meter_t **meter, const cv_store_t *store,
    cv_error_t *error) CV_MUST_CHECK;
cv_err_t cv_counters_open_to_look(cv_meter_t **meter, const cv_store_t *store,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Calls fn(data, slot) with the slot of a key, by number.  CV_ERR_DAMAGED if it
 * has none of its own, or if the file was cut short meanwhile, with what "fn"
 * had done by then.
 */
cv_err_t cv_counters_use(cv_meter_t *meter, cv_str_t id, uint64_t number,
    void (*fn)(void *data, cv_slot_t *slot), void *data, cv_error_t *error)
    CV_MUST_CHECK;

/* Makes the file of a store that is new. */
cv_err_t cv_counters_create(const char *dir,
    const uint8_t uuid[CV_STORE_UUID_LEN], cv_error_t *error) CV_MUST_CHECK;

/*
 * Gives the keys with these numbers, which the transaction has just made, a
 * slot each, with every count at zero; they are on the disk then.  Extends the
 * file if need be, and never makes it.
 */
cv_err_t cv_counters_give(cv_txn_t *txn, uint64_t first, uint64_t last,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Gives every key a slot of its own that has none, and makes the file if there
 * is none: for a store that had no counters yet.  The transaction is one that
 * writes, and is not written to.  "given" is how many were.
 */
cv_err_t cv_counters_mend(cv_txn_t *txn, uint64_t *given, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Reports as a sentence what is wrong with the counters of the snapshot's
 * store: the file, the slot of each key, and words of a time to come; returns
 * how much there was.
 */
uint64_t cv_counters_check(cv_txn_t *txn, cv_time_t now, cv_report_pt report,
    void *data);

#endif /* CV_COUNTERS_H */
