
/*
 * Copyright (C) The credverify authors
 *
 * What keys used, month by month, what they are granted, and what is due.
 */

#include "cv_authorize.h"
#include "cv_commit.h"
#include "cv_counters.h"
#include "cv_line.h"
#include "cv_usage.h"
#include "fixture.h"

#include <stdio.h>

#define HOUR  (3600 * CV_SECOND)

static cv_meter_t  *meter;


static cv_time_t
at(const char *text)
{
    cv_date_t  date;

    assert_true(cv_date_parse(&date, cv_str_z(text)));

    return date.at;
}


static uint64_t
month_of(const char *text)
{
    unsigned  month;

    assert_true(cv_month_parse(&month, cv_str_z(text)));

    return month;
}


static cv_closed_t
closed_to(const char *month, uint64_t key)
{
    return (cv_closed_t) { month_of(month), key, month_of(month) };
}


/* a store whose months before that one are closed */

static int
setup_usage(void **state)
{
    test_t       *test;
    cv_txn_t     *txn;
    cv_tier_t     tier;
    cv_line_t     line;
    cv_closed_t   closed;

    if (setup(state) != 0) {
        return -1;
    }

    test = *state;

    assert_int_equal(cv_counters_create(test->dir,
                                        cv_store_uuid(test->store), &error),
                     CV_OK);
    assert_int_equal(cv_counters_open(&meter, test->store, &error), CV_OK);

    assert_int_equal(cv_line_init(&line, &error), CV_OK);
    assert_int_equal(cv_line_read(&line, CV_STR("{\"kind\":\"tier\",\"id\":"
                         "\"t\",\"limits\":{\"month\":100},\"price_cents\":500,"
                         "\"overage_cents\":7}"), &error), CV_OK);
    tier = line.record.tier;

    txn = begin(test);
    closed = closed_to("2026-10", 0);
    cv_closed_put(txn, &closed);
    assert_int_equal(cv_put(txn, CV_TIER, &tier), 1);
    commit(txn);

    cv_line_free(&line);

    return 0;
}


static int
teardown_usage(void **state)
{
    cv_meter_close(meter);

    return teardown(state);
}


/* a key that differs from an active one of tier "t" by "change" */

static uint64_t
put_key(test_t *test, const char *id, void (*change)(cv_api_key_t *key))
{
    uint64_t       number;
    cv_txn_t      *txn;
    uint8_t        key_hash[CV_HASH_LEN];
    cv_api_key_t   key;

    memset(&key, 0, sizeof(key));
    memset(key_hash, 0, sizeof(key_hash));
    memcpy(key_hash, id, strlen(id));

    key.id = cv_str_z(id);
    key.hash = cv_str(key_hash, sizeof(key_hash));
    key.tier.iid = 1;

    if (change != NULL) {
        change(&key);
    }

    txn = begin(test);
    number = cv_put(txn, CV_KEY, &key);
    assert_int_not_equal(number, 0);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    return number;
}


static cv_slot_t *
slot_of(const char *id, uint64_t number)
{
    cv_slot_t  *slot;

    slot = cv_meter_slot(meter, number, cv_key_uid(cv_str_z(id)));
    assert_non_null(slot);

    return slot;
}


static void
call(const char *id, uint64_t number, const char *when, int times)
{
    cv_limits_t      none;
    cv_admission_t   admission;

    cv_limits_read(&none, NULL);

    while (times-- > 0) {
        cv_admit(slot_of(id, number), &none, at(when), &admission);
        assert_true(admission.admitted);
    }
}


static void
close_at(test_t *test, cv_time_t now)
{
    assert_int_equal(cv_usage_close(test->store, now, &error), CV_OK);
}


/* the record of a key and month, if there is one */

static bool
record_of(test_t *test, uint64_t number, const char *month,
    cv_usage_t *usage)
{
    bool       found;
    cv_txn_t  *txn;

    txn = begin(test);
    found = cv_get_usage(txn, number, month_of(month), usage);
    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);
    cv_txn_abort(txn);

    return found;
}


static uint64_t
records(test_t *test)
{
    cv_txn_t         *txn;
    cv_store_stat_t   stat;

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    cv_txn_abort(txn);

    return stat.records[CV_USAGE];
}


/* a month is closed an hour after its end, however many days it has */

static void
test_moments(void **state)
{
    size_t         i;
    test_t        *test = *state;
    cv_txn_t      *txn;
    uint64_t       number;
    cv_usage_t     usage;
    cv_closed_t    closed;

    static const struct {
        const char  *month;
        const char  *last;
        const char  *next;
    } cases[] = {
        { "2027-01", "2027-01-31T23:59:59.999Z", "2027-02-01T00:00:00Z" },
        { "2027-02", "2027-02-28T23:59:59.999Z", "2027-03-01T00:00:00Z" },
        { "2028-02", "2028-02-29T23:59:59.999Z", "2028-03-01T00:00:00Z" },
        { "2028-12", "2028-12-31T23:59:59.999Z", "2029-01-01T00:00:00Z" },
        { "2100-02", "2100-02-28T23:59:59.999Z", "2100-03-01T00:00:00Z" },
    };

    number = put_key(test, "k", NULL);

    for (i = 0; i < CV_COUNT(cases); i++) {
        txn = begin(test);
        closed = closed_to(cases[i].month, 0);
        cv_closed_put(txn, &closed);
        commit(txn);

        cv_slot_reset(slot_of("k", number), ~0U, 0);
        call("k", number, cases[i].last, 3);
        call("k", number, cases[i].next, 2);

        close_at(test, at(cases[i].last));
        close_at(test, at(cases[i].next));
        close_at(test, at(cases[i].next) + HOUR - 1);
        assert_false(record_of(test, number, cases[i].month, &usage));

        close_at(test, at(cases[i].next) + HOUR);
        assert_true(record_of(test, number, cases[i].month, &usage));
        assert_int_equal(usage.used.value, 3);
        assert_int_equal(records(test), i + 1);
    }

    assert_int_equal(check(test), 0);
}


static void
free_tier(cv_api_key_t *key)
{
    key->tier.iid = 0;
}


static void
test_closed(void **state)
{
    test_t         *test = *state;
    cv_txn_t       *txn;
    cv_tier_t       tier;
    uint64_t        a, b, version;
    cv_usage_t      usage;
    cv_txn_t       *snapshot;

    a = put_key(test, "a", NULL);
    b = put_key(test, "b", free_tier);

    call("a", a, "2026-10-05", 120);
    call("b", b, "2026-10-05", 7);
    call("a", a, "2026-11-01", 3);

    close_at(test, at("2026-11-01T02:00:00Z"));

    assert_true(record_of(test, a, "2026-10", &usage));
    assert_int_equal(usage.used.value, 120);
    assert_int_equal(usage.included.value, 100);
    assert_int_equal(usage.tier.iid, 1);
    assert_int_equal(usage.price_cents.value, 500);
    assert_int_equal(usage.overage_cents.value, 7);

    assert_true(record_of(test, b, "2026-10", &usage));
    assert_int_equal(usage.used.value, 7);
    assert_false(usage.included.present);
    assert_int_equal(usage.tier.iid, 0);
    assert_false(usage.price_cents.present);

    assert_int_equal(records(test), 2);

    /* the terms are those of then */

    txn = begin(test);
    memset(&tier, 0, sizeof(tier));
    tier.id = CV_STR("t");
    tier.price_cents = (cv_int_t) { 900, true };
    assert_int_equal(cv_put(txn, CV_TIER, &tier), 1);
    commit(txn);

    assert_true(record_of(test, a, "2026-10", &usage));
    assert_int_equal(usage.price_cents.value, 500);

    /* again: nothing is written */

    assert_int_equal(cv_snapshot_open(&snapshot, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    version = cv_snapshot_version(snapshot);

    call("a", a, "2026-10-05", 5);
    close_at(test, at("2026-11-01T02:00:00Z"));
    close_at(test, at("2026-11-30T23:00:00Z"));

    cv_snapshot_reset(snapshot);
    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_int_equal(cv_snapshot_version(snapshot), version);
    cv_snapshot_close(snapshot);

    /* months later, all of them */

    close_at(test, at("2027-02-15"));
    assert_int_equal(records(test), 8);
    assert_true(record_of(test, a, "2026-11", &usage));
    assert_int_equal(usage.used.value, 3);
    assert_int_equal(usage.price_cents.value, 900);
    assert_true(record_of(test, a, "2027-01", &usage));
    assert_int_equal(usage.used.value, 0);

    assert_int_equal(check(test), 0);
}


/* one that was interrupted is gone on with */

static void
test_resumed(void **state)
{
    int           i;
    char          id[16];
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_usage_t    usage;
    cv_closed_t   closed;

    for (i = 1; i <= 9; i++) {
        (void) snprintf(id, sizeof(id), "k%d", i);
        assert_int_equal(put_key(test, id, NULL), i);
        call(id, (uint64_t) i, "2026-10-05", i);
    }

    txn = begin(test);
    closed = closed_to("2026-10", 5);
    cv_closed_put(txn, &closed);
    commit(txn);

    close_at(test, at("2026-11-02"));
    assert_int_equal(records(test), 5);
    assert_false(record_of(test, 4, "2026-10", &usage));

    for (i = 5; i <= 9; i++) {
        assert_true(record_of(test, (uint64_t) i, "2026-10", &usage));
        assert_int_equal(usage.used.value, i);
    }

    txn = begin(test);
    cv_closed_read(txn, &closed);
    assert_int_equal(closed.month, month_of("2026-11"));
    assert_int_equal(closed.key, 0);
    cv_txn_abort(txn);
}


static void
pending(cv_api_key_t *key)
{
    key->status = (cv_int_t) { CV_KEY_PENDING, true };
}


static void
rejected(cv_api_key_t *key)
{
    key->status = (cv_int_t) { CV_KEY_REJECTED, true };
}


static void
suspended(cv_api_key_t *key)
{
    key->status = (cv_int_t) { CV_KEY_SUSPENDED, true };
}


static void
revoked(cv_api_key_t *key)
{
    key->status = (cv_int_t) { CV_KEY_REVOKED, true };
}


static void
made_then(cv_api_key_t *key)
{
    (void) cv_date_parse(&key->created_at, CV_STR("2026-10-31T23:59:59Z"));
}


static void
made_later(cv_api_key_t *key)
{
    (void) cv_date_parse(&key->created_at, CV_STR("2026-11-01"));
}


static void
ended_before(cv_api_key_t *key)
{
    (void) cv_date_parse(&key->expires_at, CV_STR("2026-09-30"));
}


static void
ended_then(cv_api_key_t *key)
{
    (void) cv_date_parse(&key->expires_at, CV_STR("2026-10-01"));
}


/* who has a place in a bill without a call; whoever made one has */

static void
test_in_force(void **state)
{
    size_t        i;
    char          id[2][16];
    test_t       *test = *state;
    uint64_t      numbers[2];
    cv_usage_t    usage;

    static const struct {
        void  (*change)(cv_api_key_t *key);
        bool    billed;
    } cases[] = {
        { NULL, true },
        { suspended, true },
        { pending, false },
        { rejected, false },
        { revoked, false },
        { made_then, true },
        { made_later, false },
        { ended_before, false },
        { ended_then, true },
    };

    for (i = 0; i < CV_COUNT(cases); i++) {
        (void) snprintf(id[0], sizeof(id[0]), "idle%zu", i);
        (void) snprintf(id[1], sizeof(id[1]), "busy%zu", i);
        numbers[0] = put_key(test, id[0], cases[i].change);
        numbers[1] = put_key(test, id[1], cases[i].change);
        call(id[1], numbers[1], "2026-10-31", 2);
    }

    close_at(test, at("2026-11-02"));

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_int_equal(record_of(test, 2 * i + 1, "2026-10", &usage),
                         cases[i].billed);
        assert_true(record_of(test, 2 * i + 2, "2026-10", &usage));
        assert_int_equal(usage.used.value, 2);
    }
}


/* a clock that is ahead for a moment costs nothing that is counted after it */

static void
test_ahead(void **state)
{
    test_t       *test = *state;
    uint64_t      a, b;
    cv_txn_t     *txn;
    cv_tier_t     tier;
    cv_usage_t    usage;
    cv_closed_t   closed;

    a = put_key(test, "a", NULL);
    b = put_key(test, "b", NULL);

    call("a", a, "2026-11-05", 4);
    call("b", b, "2026-11-05", 4);

    close_at(test, at("2036-01-01T02:00:00Z"));
    assert_true(record_of(test, b, "2026-11", &usage));

    call("a", a, "2026-11-20", 116);
    close_at(test, at("2026-11-20"));

    txn = begin(test);
    cv_closed_read(txn, &closed);
    assert_int_equal(closed.month, month_of("2026-11"));

    memset(&tier, 0, sizeof(tier));
    tier.id = CV_STR("t");
    tier.price_cents = (cv_int_t) { 900, true };
    assert_int_equal(cv_put(txn, CV_TIER, &tier), 1);
    commit(txn);

    close_at(test, at("2026-12-02"));

    assert_true(record_of(test, a, "2026-11", &usage));
    assert_int_equal(usage.used.value, 120);
    assert_int_equal(usage.price_cents.value, 900);

    /* and one that is behind nothing that was closed */

    assert_true(record_of(test, b, "2026-11", &usage));
    assert_int_equal(usage.used.value, 4);
    assert_int_equal(usage.price_cents.value, 500);

    close_at(test, at("2001-01-01"));
    close_at(test, at("2027-01-02"));

    assert_true(record_of(test, b, "2026-11", &usage));
    assert_int_equal(usage.used.value, 4);
    assert_int_equal(usage.price_cents.value, 500);
    assert_int_equal(check(test), 0);
}


/* one that is behind bills no month again, and none before the store was */

static void
test_behind(void **state)
{
    test_t       *test = *state;
    uint64_t      a;
    cv_txn_t     *txn;
    cv_usage_t    usage;
    cv_closed_t   closed;

    a = put_key(test, "a", NULL);
    (void) put_key(test, "late", pending);

    call("a", a, "2026-10-05", 3);
    close_at(test, at("2027-02-02"));
    assert_int_equal(records(test), 4);

    (void) put_key(test, "late", NULL);

    close_at(test, at("2001-01-01"));
    close_at(test, at("1970-01-01"));

    txn = begin(test);
    cv_closed_read(txn, &closed);
    assert_int_equal(closed.month, 0);
    assert_int_equal(closed.top, month_of("2027-02"));
    cv_txn_abort(txn);

    /* a call that was counted meanwhile is there once its month is over */

    call("a", a, "2026-12-05", 2);
    close_at(test, at("2027-02-03"));
    assert_int_equal(records(test), 4);
    assert_true(record_of(test, a, "2026-12", &usage));
    assert_int_equal(usage.used.value, 2);

    close_at(test, at("2027-03-03"));
    assert_int_equal(records(test), 6);
    assert_int_equal(check(test), 0);
}


/* what is no longer kept is not said to be nothing */

static void
test_ring(void **state)
{
    int           i;
    test_t       *test = *state;
    uint64_t      a, b;
    cv_usage_t    usage;

    a = put_key(test, "a", NULL);
    b = put_key(test, "b", NULL);

    call("a", a, "2026-10-05", 4);
    call("b", b, "2026-10-05", 4);
    call("b", b, "2028-02-05", 1);      /* in the place of October 2026 */

    close_at(test, at("2028-02-10"));

    assert_true(record_of(test, a, "2026-10", &usage));
    assert_int_equal(usage.used.value, 4);
    assert_false(record_of(test, b, "2026-10", &usage));

    /* fifteen months before the current one are kept, with or without calls */

    for (i = 0; i < 15; i++) {
        char      name[16];
        unsigned  month;

        month = (unsigned) month_of("2026-11") + (unsigned) i;
        cv_month_format((uint8_t *) name, month);
        name[CV_MONTH_LEN] = '\0';

        assert_true(record_of(test, a, name, &usage));
        assert_true(record_of(test, b, name, &usage));
        assert_int_equal(usage.used.value, 0);
    }

    assert_int_equal(records(test), 31);
}


static void
test_due(void **state)
{
    size_t  i;

    static const struct {
        int64_t    used;
        cv_int_t   included;
        cv_int_t   price;
        cv_int_t   overage;
        uint64_t   beyond;
        bool       sayable;
        int64_t    due;
    } cases[] = {
        { 0, { 0, false }, { 0, false }, { 0, false }, 0, true, 0 },
        { 50, { 100, true }, { 500, true }, { 7, true }, 0, true, 500 },
        { 100, { 100, true }, { 500, true }, { 7, true }, 0, true, 500 },
        { 101, { 100, true }, { 500, true }, { 7, true }, 1, true, 507 },
        { 150, { 100, true }, { 0, false }, { 7, true }, 50, true, 350 },
        { 150, { 100, true }, { 500, true }, { 0, false }, 50, true, 500 },
        { 150, { 0, true }, { 500, true }, { 0, true }, 150, true, 500 },
        { 150, { 0, false }, { 500, true }, { 7, true }, 0, true, 500 },
        { INT64_MAX, { 0, true }, { 0, true }, { 1, true }, INT64_MAX, true,
          INT64_MAX },
        { INT64_MAX, { 0, true }, { 1, true }, { 1, true }, INT64_MAX, false,
          0 },
        { INT64_MAX, { 1, true }, { 1, true }, { 1, true }, INT64_MAX - 1,
          true, INT64_MAX },
        { INT64_MAX / 2, { 0, true }, { 0, true }, { 3, true },
          INT64_MAX / 2, false, 0 },
        { 4611686018427387904, { 0, true }, { 0, true }, { 2, true },
          4611686018427387904, false, 0 },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        int64_t      due;
        cv_usage_t   usage;

        memset(&usage, 0, sizeof(usage));
        usage.used = (cv_int_t) { cases[i].used, true };
        usage.included = cases[i].included;
        usage.price_cents = cases[i].price;
        usage.overage_cents = cases[i].overage;

        assert_int_equal(cv_usage_overage(&usage), cases[i].beyond);
        assert_int_equal(cv_usage_due(&usage, &due), cases[i].sayable);
        assert_true(!cases[i].sayable || due == cases[i].due);
    }
}


/* Errors: nothing is closed that is not known */

static void
test_refused(void **state)
{
    test_t       *test = *state;
    uint64_t      a;
    cv_txn_t     *txn;
    cv_closed_t   closed;

    a = put_key(test, "a", NULL);
    (void) put_key(test, "b", NULL);

    cv_slot_assign(cv_meter_slot_any(meter, 2), 4711);

    assert_int_equal(cv_usage_close(test->store, at("2026-11-02"), &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "key \"b\" has no slot of its own"));
    assert_int_equal(records(test), 0);

    txn = begin(test);
    cv_closed_read(txn, &closed);
    assert_int_equal(closed.month, month_of("2026-10"));
    cv_txn_abort(txn);

    cv_slot_assign(cv_meter_slot_any(meter, 2), cv_key_uid(CV_STR("b")));
    close_at(test, at("2026-11-02"));
    assert_int_equal(records(test), 2);

    (void) a;
}


/* Grants */

static void
grant(test_t *test, uint64_t number, const char *month, int64_t units)
{
    cv_txn_t    *txn;
    cv_grant_t   record;

    memset(&record, 0, sizeof(record));
    record.key.iid = number;
    record.month = (cv_int_t) { (int64_t) month_of(month), true };
    record.units = (cv_int_t) { units, true };

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_GRANT, &record), 1);
    assert_int_equal(cv_commit(txn, &error), CV_OK);
}


static uint64_t
included(test_t *test, const char *id, const char *month)
{
    uint64_t       number;
    cv_txn_t      *txn;
    cv_tier_t      tier;
    cv_limits_t    limits;
    cv_api_key_t   key;

    txn = begin(test);
    assert_true(cv_get_by_id(txn, CV_KEY, cv_str_z(id), &key, &number));
    assert_int_equal(cv_key_terms(txn, &key, number, month_of(month), &tier,
                                  &limits), CV_OK);
    cv_txn_abort(txn);

    return limits.most[CV_WINDOW_MONTH];
}


static void
test_grants(void **state)
{
    test_t       *test = *state;
    uint64_t      a, b;
    cv_usage_t    usage;

    a = put_key(test, "a", NULL);
    b = put_key(test, "b", free_tier);

    grant(test, a, "2026-11", 20);
    grant(test, b, "2026-10", 20);

    assert_int_equal(included(test, "a", "2026-10"), 100);
    assert_int_equal(included(test, "a", "2026-11"), 120);
    assert_int_equal(included(test, "a", "2026-12"), 100);
    assert_true(included(test, "b", "2026-10") == CV_UNLIMITED);

    /* an earlier month, and another number */

    grant(test, a, "2026-10", 5);
    grant(test, a, "2026-11", 30);
    assert_int_equal(included(test, "a", "2026-10"), 105);
    assert_int_equal(included(test, "a", "2026-11"), 130);

    /* a key that is replaced knows of it still */

    (void) put_key(test, "a", suspended);
    assert_int_equal(included(test, "a", "2026-11"), 130);
    assert_int_equal(check(test), 0);

    /* what was granted is part of what was included */

    call("a", a, "2026-10-05", 110);
    close_at(test, at("2026-11-02"));
    assert_true(record_of(test, a, "2026-10", &usage));
    assert_int_equal(usage.included.value, 105);
    assert_int_equal(cv_usage_overage(&usage), 5);

    /* at most, and none */

    grant(test, a, "2026-12", INT64_MAX);
    assert_true(included(test, "a", "2026-12") == 100 + (uint64_t) INT64_MAX);
    grant(test, a, "2026-12", 0);
    assert_int_equal(included(test, "a", "2026-12"), 100);
}


static void
test_granted_trail(void **state)
{
    unsigned      n;
    test_t       *test = *state;
    uint64_t      a;
    cv_txn_t     *txn;
    cv_walk_t     walk;
    cv_audit_t    entry;

    static const cv_action_t  actions[] = {
        CV_ACTION_CREATED, CV_ACTION_GRANTED, CV_ACTION_GRANTED,
        CV_ACTION_RESET
    };

    a = put_key(test, "a", NULL);
    grant(test, a, "2026-11", 20);
    grant(test, a, "2026-11", 20);      /* as it is: no change */
    grant(test, a, "2026-11", 30);

    txn = begin(test);
    cv_audit_note(txn, CV_KEY, a, CV_ACTION_RESET);
    commit(txn);

    txn = begin(test);
    cv_audit_open(&walk, txn, CV_KEY, a);

    for (n = 0; cv_audit_next(&walk, &entry); n++) {
        assert_true(n < CV_COUNT(actions));
        assert_int_equal(entry.action, actions[n]);
        assert_int_equal(entry.token.len, 0);
    }

    assert_int_equal(n, CV_COUNT(actions));
    cv_walk_close(&walk);
    cv_txn_abort(txn);

    assert_int_equal(check(test), 0);
}


#define TEST_USAGE(name)                                                      \
    cmocka_unit_test_setup_teardown(name, setup_usage, teardown_usage)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST_USAGE(test_moments),
        TEST_USAGE(test_closed),
        TEST_USAGE(test_resumed),
        TEST_USAGE(test_in_force),
        TEST_USAGE(test_ahead),
        TEST_USAGE(test_behind),
        TEST_USAGE(test_ring),
        TEST_USAGE(test_due),
        TEST_USAGE(test_refused),
        TEST_USAGE(test_grants),
        TEST_USAGE(test_granted_trail),
    };

    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
