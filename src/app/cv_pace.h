
/*
 * Copyright (C) The credverify authors
 *
 * How those who write much share the writer lock, which is unfair: nobody
 * holds it for long, and all rest after a commit.
 */

#ifndef CV_PACE_H
#define CV_PACE_H

#include "cv_base.h"
#include "cv_store.h"

/* How long one write transaction may hold up others, and the rest after it. */
#define CV_PACE_HOLD_MS   50
#define CV_PACE_PAUSE_MS  2

/* How long it waits for others who write, at most. */
#define CV_PACE_YIELD_MS  (4 * CV_PACE_HOLD_MS)

typedef struct {
    int64_t    began;           /* when this transaction did, */
    int64_t    commit;          /* and its commit */
    int64_t    commit_ms;       /* the last commit took */
} cv_pace_t;

/* The lock is held from now on. */
void cv_pace_begin(cv_pace_t *pace);

/*
 * True once it is time to commit: the lock is held while committing, too, so
 * that the longer that took, the earlier the next one comes.
 */
bool cv_pace_over(const cv_pace_t *pace);

/* Around the commit. */
void cv_pace_commit(cv_pace_t *pace);
void cv_pace_committed(cv_pace_t *pace);

/*
 * Between two transactions: lets others write who want to, but not for ever.
 */
void cv_pace_pause(const cv_store_t *store);

#endif /* CV_PACE_H */
