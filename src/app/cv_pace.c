
/*
 * Copyright (C) The credverify authors
 */

#include "cv_pace.h"

#include <time.h>

/* however long commits take, something is done */
#define CV_PACE_LEAST_MS  10


static int64_t
cv_pace_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


void
cv_pace_begin(cv_pace_t *pace)
{
    pace->began = cv_pace_clock();
}


bool
cv_pace_over(const cv_pace_t *pace)
{
    int64_t  budget;

    budget = CV_PACE_HOLD_MS - pace->commit_ms;

    if (budget < CV_PACE_LEAST_MS) {
        budget = CV_PACE_LEAST_MS;
    }

    return cv_pace_clock() - pace->began >= budget;
}


void
cv_pace_commit(cv_pace_t *pace)
{
    pace->commit = cv_pace_clock();
}


void
cv_pace_committed(cv_pace_t *pace)
{
    pace->commit_ms = cv_pace_clock() - pace->commit;
}


void
cv_pace_pause(const cv_store_t *store)
{
    int64_t          began;
    struct timespec  ts;

    began = cv_pace_clock();

    do {
        ts = (struct timespec) { 0, CV_PACE_PAUSE_MS * 1000000 };
        (void) nanosleep(&ts, NULL);

    } while (cv_store_wanted(store)
             && cv_pace_clock() - began < CV_PACE_YIELD_MS);
}
