
/*
 * Copyright (C) The credverify authors
 *
 * API keys that have used what a month includes: their owners are told once a
 * month.  Workers only count; whoever looks at the counters now and then finds
 * it.
 */

#ifndef CV_REACHED_H
#define CV_REACHED_H

#include "cv_store.h"

/*
 * Makes the event of every key that has reached its month's limit at "now" and
 * has none yet.  Nothing is written if there is no such key.
 */
cv_err_t cv_reached_tell(cv_store_t *store, cv_time_t now, cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_REACHED_H */
