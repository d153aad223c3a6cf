
/*
 * Copyright (C) The credverify authors
 */

#include "cv_counters.h"
#include "cv_authorize.h"

#include <stdarg.h>
#include <stdio.h>

/* what is to be done with a key's slot */

typedef struct {
    cv_meter_t    *meter;
    uint64_t       number;
    uint64_t       uid;
    void         (*fn)(void *data, cv_slot_t *slot);
    void          *data;
    bool           found;
} cv_counters_call_t;

typedef struct {
    cv_time_t      now;
    bool           ahead;       /* something is counted in a time to come */
} cv_counters_look_t;

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
cv_counters_open_to_look(cv_meter_t **meter, const cv_store_t *store,
    cv_error_t *error)
{
    return cv_meter_open_to_look(meter, cv_store_dir(store),
                                 cv_store_uuid(store), error);
}


cv_err_t
cv_counters_create(const char *dir, const uint8_t uuid[CV_STORE_UUID_LEN],
    cv_error_t *error)
{
    return cv_meter_extend(dir, CV_DATA_FILE, uuid, 0, error);
}


/* In a file that others may cut short at any moment */

static void
cv_counters_find(void *arg)
{
    cv_slot_t           *slot;
    cv_counters_call_t  *call = arg;

    slot = cv_meter_slot(call->meter, call->number, call->uid);
    call->found = slot != NULL;

    if (slot != NULL && call->fn != NULL) {
        call->fn(call->data, slot);
    }
}


static void
cv_counters_assign(void *arg)
{
    cv_slot_t           *slot;
    cv_counters_call_t  *call = arg;

    slot = cv_meter_slot_any(call->meter, call->number);
    call->found = slot != NULL;

    if (slot != NULL) {
        cv_slot_assign(slot, 0);
        cv_slot_assign(slot, call->uid);
    }
}


static cv_err_t
cv_counters_guard(cv_counters_call_t *call, void (*fn)(void *arg),
    cv_error_t *error)
{
    cv_err_t  err;

    err = cv_meter_guard(call->meter, fn, call);

    return err == CV_OK
           ? CV_OK : cv_error_set(error, err, "the counters were cut short "
                                  "while they were read; restore a backup");
}


cv_err_t
cv_counters_use(cv_meter_t *meter, cv_str_t id, uint64_t number,
    void (*fn)(void *data, cv_slot_t *slot), void *data, cv_error_t *error)
{
    cv_err_t            err;
    cv_counters_call_t  call;

    call = (cv_counters_call_t) { meter, number, cv_key_uid(id), fn, data,
                                  false };

    err = cv_counters_guard(&call, cv_counters_find, error);

    return err != CV_OK || call.found
           ? err : cv_error_set(error, CV_ERR_DAMAGED, "key \"%.*s\" has no "
                                "slot of its own in the counters; run "
                                "\"credverify upgrade\"", CV_FMT(id));
}


/*
 * A slot for a key, with every count at zero: what a commit that failed, or a
 * backup, left there is nobody's.  If the file has to be extended for that, it
 * is for as many as "slots".
 */

static cv_err_t
cv_counters_new(cv_meter_t *meter, const cv_store_t *store,
    const cv_api_key_t *key, uint64_t number, uint64_t slots,
    cv_error_t *error)
{
    cv_err_t            err;
    cv_counters_call_t  call;

    call = (cv_counters_call_t) { meter, number, cv_key_uid(key->id), NULL,
                                  NULL, false };

    err = cv_counters_guard(&call, cv_counters_assign, error);

    if (err == CV_OK && !call.found) {
        err = cv_meter_extend(cv_store_dir(store), CV_DATA_FILE,
                              cv_store_uuid(store), slots, error);

        if (err == CV_OK) {
            err = cv_counters_guard(&call, cv_counters_assign, error);
        }
    }

    return err;
}


cv_err_t
cv_counters_give(cv_txn_t *txn, uint64_t first, uint64_t last,
    cv_error_t *error)
{
    cv_err_t       err;
    uint64_t       n;
    cv_meter_t    *meter;
    cv_api_key_t   key;

    err = cv_counters_open(&meter, cv_txn_store(txn), error);
    if (err != CV_OK) {
        return err;
    }

    for (n = first; err == CV_OK && n <= last; n++) {
        err = cv_get(txn, CV_KEY, n, &key)
              ? cv_counters_new(meter, cv_txn_store(txn), &key, n, last, error)
              : cv_txn_err(txn, error);
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
    cv_err_t            err;
    uint64_t            n;
    cv_walk_t           walk;
    cv_store_t         *store;
    cv_meter_t         *meter;
    cv_api_key_t        key;
    cv_counters_call_t  call;

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
        call = (cv_counters_call_t) { meter, n, cv_key_uid(key.id), NULL, NULL,
                                      false };

        err = cv_counters_guard(&call, cv_counters_find, error);

        if (err == CV_OK && !call.found) {
            err = cv_counters_new(meter, store, &key, n, n, error);
            (*given)++;
        }
    }

    cv_walk_close(&walk);

    if (err == CV_OK) {
        err = cv_txn_err(txn, error);
    }

    if (err == CV_OK && *given > 0) {
        err = cv_meter_settle(meter, 1, n, error);
    }

    cv_meter_close(meter);

    return err;
}


/* Checking */

static void
cv_counters_look(void *data, cv_slot_t *slot)
{
    cv_counters_look_t  *look = data;

    look->ahead = cv_slot_ahead(slot, look->now);
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
    cv_error_t             error;
    cv_meter_t            *meter;
    cv_api_key_t           key;
    cv_counters_look_t     look;
    cv_counters_report_t   check;

    look.now = now;
    check = (cv_counters_report_t) { report, data, 0 };

    if (cv_counters_open_to_look(&meter, cv_txn_store(txn), &error) != CV_OK) {
        cv_counters_problem(&check, "%s", error.text);
        return check.problems;
    }

    cv_walk_open(&walk, txn, CV_KEY);

    while (cv_walk_next(&walk, &key, &n)) {
        if (cv_counters_use(meter, key.id, n, cv_counters_look, &look, &error)
            != CV_OK)
        {
            cv_counters_problem(&check, "%s", error.text);

        } else if (look.ahead) {
            cv_counters_problem(&check, "a count of key \"%.*s\" is "
                                "of a time to come; \"credverify quota "
                                "reset\" removes it", CV_FMT(key.id));
        }
    }

    cv_walk_close(&walk);
    cv_meter_close(meter);

    return check.problems;
}
