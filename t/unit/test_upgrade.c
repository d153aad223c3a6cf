
/*
 * Copyright (C) The credverify authors
 *
 * Stores of older formats, which are made here as their programs made them.
 */

#include "cv_codec.h"
#include "fixture.h"

#include <lmdb.h>

/* the kinds that format 1 had a table and a next number for */
#define KINDS_1  5


static void
reopen(test_t *test, bool writable)
{
    cv_store_close(test->store);
    test->store = NULL;

    assert_int_equal(cv_store_open(&test->store, test->dir, writable, &error),
                     CV_OK);
}


static void
set(MDB_txn *txn, MDB_dbi dbi, const char *name, size_t name_len,
    const void *data, size_t len)
{
    MDB_val  key, value;

    key.mv_size = name_len;
    key.mv_data = (void *) (uintptr_t) name;
    value.mv_size = len;
    value.mv_data = (void *) (uintptr_t) data;

    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
}


/* the store of the test as LMDB sees it, closed for everybody else */

static MDB_txn *
open_raw(test_t *test)
{
    MDB_env  *env;
    MDB_txn  *txn;

    cv_store_close(test->store);
    test->store = NULL;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, test->dir, 0, 0660), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);

    return txn;
}


static void
close_raw(MDB_txn *txn)
{
    MDB_env  *env;

    env = mdb_txn_env(txn);

    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}


/* entries of a table, whose kind is their first byte */

static void
forget(MDB_txn *txn, const char *table, uint8_t kind)
{
    MDB_dbi      dbi;
    MDB_val      key, value;
    MDB_cursor  *cursor;

    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);

    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        if (*(uint8_t *) key.mv_data == kind) {
            assert_int_equal(mdb_cursor_del(cursor, 0), 0);
        }
    }

    mdb_cursor_close(cursor);
}


static void
age(test_t *test, uint32_t format)
{
    char      next[KINDS_1 * 8];
    size_t    i;
    uint8_t   bytes[4];
    MDB_dbi   dbi, meta;
    MDB_txn  *txn;
    MDB_val   key, value;

    static const char *const  newer[] = {
        "tier", "key", "progress", "oauth_client", "webhook", "sequence",
        "audit", "assertion", "image"
    };

    txn = open_raw(test);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);

    cv_put_uint(bytes, format, sizeof(bytes));
    set(txn, meta, "format", 6, bytes, sizeof(bytes));

    if (format == 1) {

        for (i = 0; i < CV_COUNT(newer); i++) {
            assert_int_equal(mdb_dbi_open(txn, newer[i], 0, &dbi), 0);
            assert_int_equal(mdb_drop(txn, dbi, 1), 0);
        }

        key.mv_size = 4;
        key.mv_data = (void *) (uintptr_t) "next";

        assert_int_equal(mdb_get(txn, meta, &key, &value), 0);
        memcpy(next, value.mv_data, sizeof(next));
        set(txn, meta, "next", 4, next, sizeof(next));

        forget(txn, "handle", CV_HANDLE_ASSERTION);
        forget(txn, "link", CV_LINK_CLASS_WITHDRAWN);
    }

    close_raw(txn);
}


/* as fill(), in a class that numbers */

static void
fill_numbered(test_t *test)
{
    cv_txn_t         *txn;
    cv_class_t        class;
    cv_credential_t   credential;

    fill(test);

    txn = begin(test);

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("class");
    class.issuer.iid = 1;
    class.title = CV_STR("Class");
    class.number_format = CV_STR("W-{year}-{seq:2}");
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);

    assert_int_equal(put_credential(txn, "three", NULL, "W-2026-17"), 3);
    assert_int_equal(put_credential(txn, "four", NULL, "W-2025-09"), 4);
    assert_int_equal(put_credential(txn, "five", NULL, "W-2026-05"), 5);

    assert_true(cv_get(txn, CV_CREDENTIAL, 4, &credential));
    credential.id = CV_STR("four");
    credential.number = CV_STR("W-2025-09");
    credential.public_id = CV_ABSENT;
    credential.status.value = CV_STATUS_REVOKED;
    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 4);

    commit(txn);
}


static void
test_from_1(void **state)
{
    test_t         *test = *state;
    cv_txn_t       *txn;
    uint64_t        iid;
    cv_str_t        to;
    cv_tier_t       tier;
    cv_walk_t       walk;
    cv_store_t     *store;
    cv_upgrade_t    upgrade;
    cv_sequence_t   sequence;
    cv_assertion_t  assertion;

    fill_numbered(test);
    age(test, 1);

    /* nobody else takes it for one of theirs */

    assert_int_equal(cv_store_open(&store, test->dir, false, &error),
                     CV_ERR_VERSION);
    assert_non_null(strstr(error.text, "format is 1, not "));
    assert_non_null(strstr(error.text, "; run \"credverify upgrade\""));
    assert_int_equal(cv_store_open(&store, test->dir, true, &error),
                     CV_ERR_VERSION);

    cv_buf_init(&upgrade.done, CV_RECORD_MAX);
    assert_int_equal(cv_store_upgrade(test->dir, &upgrade, &error), CV_OK);
    assert_int_equal(upgrade.from, 1);
    assert_int_equal(upgrade.to, CV_STORE_FORMAT);
    assert_true(upgrade.done.len > 0);
    cv_buf_free(&upgrade.done);

    reopen(test, true);
    assert_int_equal(check(test), 0);

    txn = begin(test);

    assert_true(cv_get_sequence(txn, 1, 2026, &sequence));
    assert_int_equal(sequence.last.value, 17);
    assert_true(cv_get_sequence(txn, 1, 2025, &sequence));
    assert_int_equal(sequence.last.value, 9);

    /* numbers go on where they were, and begin where there were none */

    assert_int_equal(put_credential(txn, "six", NULL, NULL), 6);

    memset(&tier, 0, sizeof(tier));
    tier.id = CV_STR("t");
    assert_int_equal(cv_put(txn, CV_TIER, &tier), 1);

    commit(txn);

    assert_int_equal(check(test), 0);

    txn = begin(test);

    for (iid = 1; iid <= 6; iid++) {
        assert_true(cv_get_assertion(txn, iid, &assertion));
        assert_int_equal(assertion.id.len, 32);
        assert_int_equal(assertion.salt.len, 16);
        assert_int_equal(cv_find(txn, CV_HANDLE_ASSERTION, assertion.id), iid);
    }

    cv_links_open(&walk, txn, CV_LINK_CLASS_WITHDRAWN, 1);
    assert_true(cv_links_next(&walk, &to));
    assert_memory_equal(to.data, "\0\0\0\0\0\0\0\4", 8);
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    cv_txn_abort(txn);
}


static void
test_current(void **state)
{
    test_t        *test = *state;
    cv_txn_t      *txn;
    uint64_t       version;
    cv_upgrade_t   upgrade;

    fill_numbered(test);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    version = cv_snapshot_version(txn);
    cv_snapshot_close(txn);

    cv_store_close(test->store);
    test->store = NULL;

    cv_buf_init(&upgrade.done, CV_RECORD_MAX);
    assert_int_equal(cv_store_upgrade(test->dir, &upgrade, &error), CV_OK);
    assert_int_equal(upgrade.from, CV_STORE_FORMAT);
    assert_int_equal(upgrade.to, CV_STORE_FORMAT);
    assert_int_equal(upgrade.done.len, 0);

    reopen(test, false);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_true(cv_snapshot_version(txn) == version);
    cv_snapshot_close(txn);
}


static void
test_refused(void **state)
{
    size_t         i;
    test_t        *test = *state;
    cv_store_t    *store;
    cv_upgrade_t   upgrade;

    static const struct {
        uint32_t  format;
        cv_err_t  err;
    } cases[] = {
        { CV_STORE_FORMAT + 1, CV_ERR_VERSION },
        { UINT32_MAX, CV_ERR_VERSION },
        { 0, CV_ERR_DAMAGED },
    };

    fill(test);
    cv_buf_init(&upgrade.done, CV_RECORD_MAX);

    for (i = 0; i < CV_COUNT(cases); i++) {
        age(test, cases[i].format);

        assert_int_equal(cv_store_open(&store, test->dir, false, &error),
                         cases[i].err);
        assert_int_equal(cv_store_upgrade(test->dir, &upgrade, &error),
                         cases[i].err);
        assert_true(cases[i].err == CV_ERR_DAMAGED
                    || strstr(error.text, "it needs a newer version") != NULL);
    }

    age(test, CV_STORE_FORMAT);
    reopen(test, true);
    assert_int_equal(check(test), 0);

    cv_store_close(test->store);
    test->store = NULL;

    assert_int_equal(cv_store_upgrade("/tmp/cv_test.none", &upgrade, &error),
                     CV_ERR_MISSING);
}


/* What cannot be upgraded whole stays what it is. */

static void
test_damaged(void **state)
{
    test_t        *test = *state;
    MDB_dbi        dbi;
    MDB_txn       *txn;
    cv_store_t    *store;
    cv_upgrade_t   upgrade;

    fill_numbered(test);
    age(test, 1);

    txn = open_raw(test);
    assert_int_equal(mdb_dbi_open(txn, "credential", 0, &dbi), 0);
    set(txn, dbi, "\0\0\0\0\0\0\0\4", 8, "damage", 6);
    close_raw(txn);

    cv_buf_init(&upgrade.done, CV_RECORD_MAX);
    assert_int_equal(cv_store_upgrade(test->dir, &upgrade, &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "of the version that made the store"));
    cv_buf_free(&upgrade.done);

    assert_int_equal(cv_store_open(&store, test->dir, false, &error),
                     CV_ERR_VERSION);
    assert_non_null(strstr(error.text, "format is 1"));

    txn = open_raw(test);
    assert_int_equal(mdb_dbi_open(txn, "tier", 0, &dbi), MDB_NOTFOUND);
    close_raw(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_from_1),
        TEST(test_current),
        TEST(test_refused),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
