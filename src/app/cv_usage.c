
/*
 * Copyright (C) The credverify authors
 */

#include "cv_usage.h"
#include "cv_outbox.h"
#include "cv_authorize.h"
#include "cv_counters.h"
#include "cv_pace.h"


typedef struct {
    uint64_t   month;
    uint64_t   used;
} cv_usage_month_t;


/* True if a key that was not used has a place in a month's bill. */

static bool
cv_usage_in_force(const cv_api_key_t *key, uint64_t month)
{
    cv_time_t        start;
    cv_key_status_t  status;

    start = cv_period_start(CV_WINDOW_MONTH, month);
    status = cv_key_status(key);

    return (status == CV_KEY_ACTIVE || status == CV_KEY_SUSPENDED)
           && cv_date_expiry(&key->expires_at) > start
           && (!cv_present(key->created_at.text)
               || cv_period(CV_WINDOW_MONTH, key->created_at.at) <= month);
}


/* as the key's tier and grant are now */

static cv_err_t
cv_usage_terms(cv_txn_t *txn, const cv_api_key_t *key, cv_usage_t *usage,
    cv_error_t *error)
{
    cv_err_t     err;
    uint64_t     included;
    cv_tier_t    tier;
    cv_limits_t  limits;

    err = cv_key_terms(txn, key, usage->key.iid,
                       (uint64_t) usage->month.value, &tier, &limits);
    if (err != CV_OK) {
        return cv_txn_err(txn, error) != CV_OK
               ? err
               : cv_error_set(error, err, "the tier of key \"%.*s\" is not "
                              "in the store; run \"credverify check\"",
                              CV_FMT(key->id));
    }

    included = limits.most[CV_WINDOW_MONTH];

    if (included != CV_UNLIMITED) {
        usage->included.value = included < INT64_MAX ? (int64_t) included
                                                     : INT64_MAX;
        usage->included.present = true;
    }

    if (cv_present(tier.id)) {
        usage->tier.iid = key->tier.iid;
        usage->price_cents = tier.price_cents;
        usage->overage_cents = tier.overage_cents;
    }

    return CV_OK;
}


static void
cv_usage_read(void *data, cv_slot_t *slot)
{
    cv_usage_month_t  *counted = data;

    counted->used = cv_slot_month(slot, counted->month);
}


cv_err_t
cv_usage_of(cv_txn_t *txn, cv_meter_t *meter, const cv_api_key_t *key,
    uint64_t number, uint64_t month, cv_time_t now, cv_usage_t *usage,
    cv_usage_state_t *state, cv_error_t *error)
{
    bool               closed;
    cv_err_t           err;
    cv_usage_month_t   counted;

    closed = cv_get_usage(txn, number, month, usage);
    counted = (cv_usage_month_t) { month, 0 };

    err = cv_counters_use(meter, key->id, number, cv_usage_read, &counted,
                          error);
    if (err != CV_OK) {
        return err;
    }

    /* one that was closed by a clock that was ahead went on after that */

    if (closed && counted.used <= (uint64_t) usage->used.value) {
        *state = CV_USAGE_CLOSED;
        return CV_OK;
    }

    *state = CV_USAGE_NONE;

    /* of a month that is no longer kept, 0 says nothing */

    if (counted.used == 0
        && (month + CV_SLOT_MONTHS <= cv_period(CV_WINDOW_MONTH, now)
            || !cv_usage_in_force(key, month)))
    {
        return cv_txn_err(txn, error);
    }

    *state = CV_USAGE_OPEN;

    memset(usage, 0, sizeof(cv_usage_t));
    usage->key.iid = number;
    usage->month = (cv_int_t) { (int64_t) month, true };
    usage->used = (cv_int_t) { (int64_t) counted.used, true };

    return cv_usage_terms(txn, key, usage, error);
}


uint64_t
cv_usage_overage(const cv_usage_t *usage)
{
    return usage->included.present && usage->used.value > usage->included.value
           ? (uint64_t) (usage->used.value - usage->included.value) : 0;
}


bool
cv_usage_due(const cv_usage_t *usage, int64_t *cents)
{
    int64_t  overage;

    *cents = usage->price_cents.present ? usage->price_cents.value : 0;
    overage = (int64_t) cv_usage_overage(usage);

    return !usage->overage_cents.present
           || (!__builtin_mul_overflow(overage, usage->overage_cents.value,
                                       &overage)
               && !__builtin_add_overflow(*cents, overage, cents));
}


/* Closing */

static cv_err_t
cv_usage_close_key(cv_txn_t *txn, cv_meter_t *meter, const cv_api_key_t *key,
    uint64_t number, const cv_closed_t *closed, cv_time_t now,
    cv_error_t *error)
{
    cv_err_t           err;
    cv_usage_t         usage;
    cv_usage_state_t   state;

    err = cv_usage_of(txn, meter, key, number, closed->month, now, &usage,
                      &state, error);

    if (err == CV_OK && state == CV_USAGE_OPEN
        && (usage.used.value > 0 || closed->month >= closed->top))
    {
        (void) cv_put(txn, CV_USAGE, &usage);

        cv_outbox_usage(txn, &usage);
        err = cv_txn_err(txn, error);
    }

    return err;
}


/*
 * Opens what is not over.  What is, was closed before and is no longer kept by
 * counters, need not be gone through again.
 */

static void
cv_usage_reopen(cv_closed_t *closed, uint64_t open)
{
    uint64_t  month;

    month = closed->month;

    if (month > open) {
        month = open;

    } else if (month < closed->top && month + CV_SLOT_MONTHS < open) {
        month = open - CV_SLOT_MONTHS;
        month = month < closed->top ? month : closed->top;
    }

    if (month != closed->month) {
        closed->month = month;
        closed->key = 0;
    }
}


/* keys of the month that is next, as many as there is time for */

static cv_err_t
cv_usage_close_some(cv_txn_t *txn, cv_meter_t *meter, const cv_pace_t *pace,
    cv_time_t now, cv_closed_t *closed, cv_error_t *error)
{
    bool           over;
    cv_err_t       err;
    uint64_t       number;
    cv_walk_t      walk;
    cv_api_key_t   key;

    err = CV_OK;
    over = false;

    cv_walk_open_from(&walk, txn, CV_KEY, closed->key);

    while (err == CV_OK && !over && cv_walk_next(&walk, &key, &number)) {
        err = cv_usage_close_key(txn, meter, &key, number, closed, now, error);
        closed->key = number + 1;
        over = cv_pace_over(pace);
    }

    cv_walk_close(&walk);

    if (err == CV_OK) {
        err = cv_txn_err(txn, error);
    }

    if (err == CV_OK && !over) {
        closed->month++;
        closed->key = 0;
        closed->top = closed->month > closed->top ? closed->month
                                                  : closed->top;
    }

    return err;
}


static cv_err_t
cv_usage_close_batch(cv_store_t *store, cv_meter_t *meter, cv_pace_t *pace,
    uint64_t open, cv_time_t now, bool *done, cv_error_t *error)
{
    cv_err_t      err;
    cv_txn_t     *txn;
    cv_closed_t   closed;

    err = cv_txn_begin(&txn, store, error);
    if (err != CV_OK) {
        return err;
    }

    cv_pace_begin(pace);

    /* others may be at it, too */

    cv_closed_read(txn, &closed);
    err = cv_txn_err(txn, error);
    *done = closed.month == open;

    cv_usage_reopen(&closed, open);

    while (err == CV_OK && closed.month < open && !cv_pace_over(pace)) {
        err = cv_usage_close_some(txn, meter, pace, now, &closed, error);
    }

    if (err != CV_OK || *done) {
        cv_txn_abort(txn);
        return err;
    }

    cv_closed_put(txn, &closed);
    *done = closed.month == open;

    cv_pace_commit(pace);
    err = cv_txn_commit(txn, error);
    cv_pace_committed(pace);

    return err;
}


/* whether there is nothing to close or to open */

static cv_err_t
cv_usage_look(cv_store_t *store, uint64_t open, bool *done, cv_error_t *error)
{
    cv_err_t      err;
    cv_txn_t     *snapshot;
    cv_closed_t   closed;

    err = cv_snapshot_open(&snapshot, store, error);
    if (err != CV_OK) {
        return err;
    }

    *done = true;

    if (cv_snapshot_renew(snapshot) == CV_OK) {
        cv_closed_read(snapshot, &closed);
        *done = closed.month == open;
    }

    err = cv_txn_err(snapshot, error);
    cv_snapshot_close(snapshot);

    return err;
}


cv_err_t
cv_usage_close(cv_store_t *store, cv_time_t now, cv_error_t *error)
{
    bool         done;
    cv_err_t     err;
    uint64_t     open;
    cv_pace_t    pace;
    cv_meter_t  *meter;

    meter = NULL;
    pace.commit_ms = 0;
    open = cv_period(CV_WINDOW_MONTH, now - CV_USAGE_SETTLES);

    err = cv_usage_look(store, open, &done, error);
    if (err != CV_OK || done) {
        return err;
    }

    err = cv_counters_open_to_look(&meter, store, error);

    while (err == CV_OK && !done) {
        err = cv_usage_close_batch(store, meter, &pace, open, now, &done,
                                   error);

        if (err == CV_OK && !done) {
            cv_pace_pause(store);
        }
    }

    cv_meter_close(meter);

    return err;
}
