
/*
 * Copyright (C) The credverify authors
 */

#include "cv_chores.h"
#include "cv_pace.h"
#include "cv_reached.h"
#include "cv_usage.h"

/* how often events and answers are trimmed, and how many are looked at between
 * looks at the clock; whoever makes one trims a few, too */

#define CV_CHORES_TRIM  (3600 * CV_SECOND)
#define CV_CHORES_MOST  100


/*
 * The oldest event is one that is to go, or to stay for a dead letter; or the
 * oldest answer is to go.
 */

static cv_err_t
cv_chores_old(cv_store_t *store, cv_time_t now, bool *old, cv_error_t *error)
{
    cv_err_t             err;
    cv_txn_t            *snapshot;
    cv_walk_t            walk;
    cv_event_t           event;
    cv_answer_record_t   answer;

    err = cv_snapshot_open(&snapshot, store, error);
    if (err != CV_OK) {
        return err;
    }

    *old = false;

    if (cv_snapshot_renew(snapshot) == CV_OK) {
        cv_walk_open(&walk, snapshot, CV_EVENT);
        *old = cv_walk_next(&walk, &event, NULL)
               && event.at.at < now - CV_EVENT_KEPT;
        cv_walk_close(&walk);

        cv_walk_open(&walk, snapshot, CV_ANSWER);
        *old = *old || (cv_walk_next(&walk, &answer, NULL)
                        && answer.at.at < now - CV_ANSWER_KEPT);
        cv_walk_close(&walk);
    }

    err = cv_txn_err(snapshot, error);
    cv_snapshot_close(snapshot);

    return err;
}


static cv_err_t
cv_chores_trim(cv_store_t *store, cv_time_t now, cv_error_t *error)
{
    bool        more;
    cv_err_t    err;
    cv_txn_t   *txn;
    uint64_t    from;
    cv_pace_t   pace;

    err = cv_chores_old(store, now, &more, error);
    pace.commit_ms = 0;
    from = 1;

    while (err == CV_OK && more) {
        err = cv_txn_begin(&txn, store, error);
        if (err != CV_OK) {
            break;
        }

        cv_pace_begin(&pace);

        do {
            from = from != 0 ? cv_events_trim(txn, from, CV_CHORES_MOST) : 0;
            more = cv_answers_trim(txn, CV_CHORES_MOST) == CV_CHORES_MOST
                   || from != 0;
        } while (more && !cv_pace_over(&pace));

        cv_pace_commit(&pace);
        err = cv_txn_commit(txn, error);
        cv_pace_committed(&pace);
        cv_pace_pause(store);
    }

    return err;
}


cv_err_t
cv_chores_do(cv_chores_t *chores, cv_store_t *store, cv_time_t now,
    cv_error_t *error)
{
    cv_err_t  err;

    err = cv_usage_close(store, now, error);

    if (err == CV_OK) {
        err = cv_reached_tell(store, now, error);
    }

    if (err == CV_OK && (now - chores->trimmed >= CV_CHORES_TRIM
                         || now < chores->trimmed))
    {
        chores->trimmed = now;
        err = cv_chores_trim(store, now, error);
    }

    return err;
}
