
/*
 * Copyright (C) The credverify authors
 */

#include "cv_counters.h"
#include "cv_authorize.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct {
    cv_report_pt   report;
    void          *data;
    uint64_t       problems;
} cv_counters_report_t;


static void cv_counters_problem(cv_counters_report_t *check, const char *fmt,
    ...) __attribute__((format(printf, 2, 3)));


cv_err_t
cv_counters_open(cv_meter_t **meter, const cv_store_t *store,
    cv_error_t *error)
{
    return cv_meter_open(meter, cv_store_dir(store), cv_store_uuid(store),
                         error);
}


cv_err_t
cv_counters_create(const char *dir, const uint8_t uuid[CV_STORE_UUID_LEN],
    cv_error_t *error)
{
    return cv_meter_extend(dir, CV_DATA_FILE, uuid, 0, error);
}


/* so many slots, in a file that is there */

static cv_err_t
cv_counters_extend(cv_meter_t *meter, const cv_store_t *store,
    uint64_t slots, cv_error_t *error)
{
    return cv_meter_slots(meter) >= slots
           ? CV_OK
           : cv_meter_extend(cv_store_dir(store), CV_DATA_FILE,
                             cv_store_uuid(store), slots, error);
}


cv_err_t
cv_counters_give(cv_txn_t *txn, uint64_t first, uint64_t last,
    cv_error_t *error)
{
    cv_err_t       err;
    uint64_t       n;
    cv_slot_t     *slot;
    cv_meter_t    *meter;
    cv_api_key_t   key;

    err = cv_counters_open(&meter, cv_txn_store(txn), error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_counters_extend(meter, cv_txn_store(txn), last, error);

    for (n = first; err == CV_OK && n <= last; n++) {

        if (!cv_get(txn, CV_KEY, n, &key)) {
            err = cv_txn_err(txn, error);
            continue;
        }

        slot = cv_meter_slot_any(meter, n);

        /* what a commit that failed, or a backup, left there is nobody's */

        cv_slot_assign(slot, 0);
        cv_slot_assign(slot, cv_key_uid(key.id));
    }

    if (err == CV_OK) {
        err = cv_meter_settle(meter, first, last, error);
    }

    cv_meter_close(meter);

    return err;
}


cv_err_t
cv_counters_mend(cv_txn_t *txn, uint64_t *given, cv_error_t *error)
{
    cv_err_t       err;
    uint64_t       n, uid;
    cv_walk_t      walk;
    cv_store_t    *store;
    cv_meter_t    *meter;
    cv_api_key_t   key;

    *given = 0;
    store = cv_txn_store(txn);

    err = cv_counters_create(cv_store_dir(store), cv_store_uuid(store), error);

    if (err == CV_OK) {
        err = cv_counters_open(&meter, store, error);
    }

    if (err != CV_OK) {
        return err;
    }

    cv_walk_open(&walk, txn, CV_KEY);

    while (err == CV_OK && cv_walk_next(&walk, &key, &n)) {
        uid = cv_key_uid(key.id);

        if (cv_meter_slot(meter, n, uid) != NULL) {
            continue;
        }

        err = cv_counters_extend(meter, store, n, error);

        if (err == CV_OK) {
            cv_slot_assign(cv_meter_slot_any(meter, n), uid);
            (*given)++;
        }
    }

    cv_walk_close(&walk);

    if (err == CV_OK) {
        err = cv_txn_err(txn, error);
    }

    if (err == CV_OK && *given > 0) {
        err = cv_meter_sync(meter, error);
    }

    cv_meter_close(meter);

    return err;
}


static void
cv_counters_problem(cv_counters_report_t *check, const char *fmt, ...)
{
    char     text[CV_ERROR_TEXT_MAX];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    check->problems++;
    check->report(check->data, text);
}


uint64_t
cv_counters_check(cv_txn_t *txn, cv_time_t now, cv_report_pt report,
    void *data)
{
    uint64_t               n;
    cv_walk_t              walk;
    cv_slot_t             *slot;
    cv_error_t             error;
    cv_meter_t            *meter;
    cv_api_key_t           key;
    cv_counters_report_t   check;

    check = (cv_counters_report_t) { report, data, 0 };

    if (cv_counters_open(&meter, cv_txn_store(txn), &error) != CV_OK) {
        cv_counters_problem(&check, "%s", error.text);
        return check.problems;
    }

    cv_walk_open(&walk, txn, CV_KEY);

    while (cv_walk_next(&walk, &key, &n)) {
        slot = cv_meter_slot(meter, n, cv_key_uid(key.id));

        if (slot == NULL) {
            cv_counters_problem(&check, "counters: key \"%.*s\" has no slot "
                                "of its own, number %" PRIu64 "; run "
                                "\"credverify upgrade\"", CV_FMT(key.id), n);

        } else if (cv_slot_ahead(slot, now)) {
            cv_counters_problem(&check, "counters: a count of key \"%.*s\" is "
                                "of a time to come; \"credverify quota "
                                "reset\" removes it", CV_FMT(key.id));
        }
    }

    cv_walk_close(&walk);
    cv_meter_close(meter);

    return check.problems;
}
