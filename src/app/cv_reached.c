
/*
 * Copyright (C) The credverify authors
 */

#include "cv_reached.h"
#include "cv_authorize.h"
#include "cv_counters.h"
#include "cv_outbox.h"

/* so many keys are told of in a transaction; the others' turn comes next */
#define CV_REACHED_MOST  256

typedef struct {
    uint64_t   month;
    size_t     n;
    struct {
        uint64_t  number;
        uint64_t  included;
        uint64_t  used;
    }          keys[CV_REACHED_MOST];
} cv_reached_t;


static void
cv_reached_read(void *data, cv_slot_t *slot)
{
    cv_reached_t  *reached = data;

    reached->keys[reached->n].used = cv_slot_month(slot, reached->month);
}


/* True if the key has reached its limit and nobody was told. */

static bool
cv_reached_key(cv_txn_t *snapshot, cv_meter_t *meter, const cv_api_key_t *key,
    uint64_t number, cv_reached_t *reached)
{
    uint64_t     included;
    cv_tier_t    tier;
    cv_error_t   error;
    cv_limits_t  limits;

    if (cv_key_terms(snapshot, key, number, reached->month, &tier, &limits)
        != CV_OK)
    {
        return false;
    }

    included = limits.most[CV_WINDOW_MONTH];

    /* a slot that is not whole is "check"'s to find, and no other key's */

    if (included == CV_UNLIMITED || included == 0
        || cv_counters_use(meter, key->id, number, cv_reached_read, reached,
                           &error) != CV_OK
        || reached->keys[reached->n].used < included)
    {
        return false;
    }

    reached->keys[reached->n].number = number;
    reached->keys[reached->n].included = included;

    return !cv_outbox_quota_told(snapshot, key, reached->month);
}


static cv_err_t
cv_reached_find(cv_store_t *store, cv_reached_t *reached, cv_error_t *error)
{
    cv_err_t       err;
    uint64_t       number;
    cv_txn_t      *snapshot;
    cv_walk_t      walk;
    cv_meter_t    *meter;
    cv_api_key_t   key;

    err = cv_counters_open_to_look(&meter, store, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_snapshot_open(&snapshot, store, error);

    if (err == CV_OK && cv_snapshot_renew(snapshot) == CV_OK) {
        cv_walk_open(&walk, snapshot, CV_KEY);

        while (reached->n < CV_REACHED_MOST
               && cv_walk_next(&walk, &key, &number))
        {
            reached->n += cv_reached_key(snapshot, meter, &key, number,
                                         reached);
        }

        cv_walk_close(&walk);
    }

    if (err == CV_OK) {
        err = cv_txn_err(snapshot, error);
        cv_snapshot_close(snapshot);
    }

    cv_meter_close(meter);

    return err;
}


cv_err_t
cv_reached_tell(cv_store_t *store, cv_time_t now, cv_error_t *error)
{
    size_t         i;
    cv_err_t       err;
    cv_txn_t      *txn;
    cv_api_key_t   key;
    cv_reached_t   reached;

    reached.month = cv_period(CV_WINDOW_MONTH, now);
    reached.n = 0;

    err = cv_reached_find(store, &reached, error);
    if (err != CV_OK || reached.n == 0) {
        return err;
    }

    err = cv_txn_begin(&txn, store, error);
    if (err != CV_OK) {
        return err;
    }

    for (i = 0; i < reached.n; i++) {
        if (cv_get(txn, CV_KEY, reached.keys[i].number, &key)) {
            cv_outbox_quota(txn, &key, reached.month,
                            reached.keys[i].included, reached.keys[i].used);
        }
    }

    return cv_txn_commit(txn, error);
}
