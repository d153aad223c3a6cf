
/*
 * Copyright (C) The credverify authors
 *
 * What is to be done now and then whatever is sent: months are closed, keys
 * that reached what their tier includes are told of, old events go.
 */

#ifndef CV_CHORES_H
#define CV_CHORES_H

#include "cv_store.h"

typedef struct {
    cv_time_t   trimmed;        /* when that was done last */
} cv_chores_t;

/* All of it that is to be done by now; to be called once a minute. */
cv_err_t cv_chores_do(cv_chores_t *chores, cv_store_t *store, cv_time_t now,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_CHORES_H */
