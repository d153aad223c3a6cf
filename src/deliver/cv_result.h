
/*
 * Copyright (C) The credverify authors
 *
 * What became of attempts, written: a delivery that has arrived is removed,
 * one that has not is tried again by the schedule, or is a dead letter.
 */

#ifndef CV_RESULT_H
#define CV_RESULT_H

#include "cv_attempt.h"
#include "cv_store.h"

/* A delivery that an attempt is made of, or was. */

typedef struct cv_task_s  cv_task_t;

struct cv_task_s {
    cv_task_t      *next;
    cv_attempt_t   *attempt;        /* NULL: it has ended, or there was none */
    uint64_t        webhook;        /* 0: by mail */
    uint64_t        position;
    cv_time_t       ended;
    cv_sent_t       sent;
};

/*
 * Writes them all in one transaction, and says a line for each that has not
 * arrived once that is committed, and adds to "given_up" how many of them are
 * not tried again; nothing is written after an error.
 */
cv_err_t cv_results_write(cv_store_t *store, const cv_task_t *tasks,
    uint64_t *given_up, void (*say)(void *arg, const char *text), void *arg,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_RESULT_H */
