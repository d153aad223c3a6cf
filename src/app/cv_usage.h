
/*
 * Copyright (C) The credverify authors
 *
 * What API keys used in a month: of the current one, what is counted; of one
 * that is over for an hour, a record, with the terms that the key's tier had
 * when the month was closed.  The hour is for answers that take long, and for
 * clocks that differ.  Counters keep CV_SLOT_MONTHS months: closing has to
 * come before they are counted in again.
 */

#ifndef CV_USAGE_H
#define CV_USAGE_H

#include "cv_limits.h"
#include "cv_meter.h"
#include "cv_store.h"

/* Within an hour after its end a month is open still. */
#define CV_USAGE_SETTLES  (3600 * CV_SECOND)

/*
 * Closes every month that is to be, in transactions that leave the writer lock
 * to others: each closes some keys, and remembers which, so that whoever else
 * does so at the same time, or goes on after one that was killed, closes the
 * others.  A month that is closed stays as it is.
 *
 * Months to come that a clock which was ahead has closed are opened again, and
 * closed again when they are over: a record of one stays only if no more is
 * counted by then.  So that one which is behind has nothing billed again, a key
 * that was not used has a record from the first time that the month was closed,
 * or none.
 *
 * The counters are looked at only if there is something to close.
 */
cv_err_t cv_usage_close(cv_store_t *store, cv_time_t now, cv_error_t *error)
    CV_MUST_CHECK;

typedef enum {
    CV_USAGE_NONE = 0,      /* there is nothing to say: the key was not in force
                               and was not used, or that is not known */
    CV_USAGE_OPEN,          /* what is counted by now */
    CV_USAGE_CLOSED,
} cv_usage_state_t;

/*
 * What a key, by number, used in a month.  "usage" has its references by
 * number only.
 */
cv_err_t cv_usage_of(cv_txn_t *txn, cv_meter_t *meter,
    const cv_api_key_t *key, uint64_t number, uint64_t month, cv_time_t now,
    cv_usage_t *usage, cv_usage_state_t *state, cv_error_t *error)
    CV_MUST_CHECK;

/* How many calls there were beyond those that were included. */
uint64_t cv_usage_overage(const cv_usage_t *usage);

/*
 * What is due for it: the price, and that of every call beyond those that were
 * included; false if that is more than 2^63 - 1 cents.
 */
bool cv_usage_due(const cv_usage_t *usage, int64_t *cents);

#endif /* CV_USAGE_H */
