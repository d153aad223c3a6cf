
/*
 * Copyright (C) The credverify authors
 *
 * Which credentials of a class were withdrawn, whatever became of them before.
 */

#include "fixture.h"

#include "cv_codec.h"

#include <lmdb.h>


/* credential "one", as fill() makes it, but for that */

static void
put(cv_txn_t *txn, int status, bool is_test, const char *class)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = CV_STR("one");
    credential.class.id = cv_str_z(class);
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { status, true };
    credential.test = (cv_int_t) { is_test, true };

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 1);
}


/* the numbers of those of a class, down, in decimal digits */

static uint64_t
withdrawn(cv_txn_t *txn, uint64_t class)
{
    uint64_t     digits;
    cv_str_t     to;
    cv_walk_t    walk;
    cv_reader_t  r;

    digits = 0;

    cv_links_open(&walk, txn, CV_LINK_CLASS_WITHDRAWN, class);
    cv_links_down(&walk, UINT64_MAX);

    while (cv_links_next(&walk, &to)) {
        r = cv_reader(to);
        digits = 10 * digits + cv_read_u64(&r);
    }

    cv_walk_close(&walk);
    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);

    return digits;
}


static void
test_status(void **state)
{
    size_t     i;
    test_t    *test = *state;
    cv_txn_t  *txn;

    /* each after the one before */

    static const struct {
        int       status;
        bool      is_test;
        uint64_t  withdrawn;
    } cases[] = {
        { CV_STATUS_ISSUED, false, 0 },
        { CV_STATUS_REVOKED, false, 1 },
        { CV_STATUS_REVOKED, false, 1 },
        { CV_STATUS_REFUNDED, false, 1 },
        { CV_STATUS_REFUNDED, true, 0 },
        { CV_STATUS_REVOKED, true, 0 },
        { CV_STATUS_REVOKED, false, 1 },
        { CV_STATUS_ISSUED, false, 0 },        /* imported again */
        { CV_STATUS_REFUNDED, false, 1 },
        { CV_STATUS_CLAIMED, false, 0 },
        { CV_STATUS_USED, false, 0 },
        { CV_STATUS_PENDING, false, 0 },
        { CV_STATUS_DRAFT, false, 0 },
    };

    fill(test);

    for (i = 0; i < CV_COUNT(cases); i++) {
        txn = begin(test);
        put(txn, cases[i].status, cases[i].is_test, "class");
        assert_int_equal(withdrawn(txn, 1), cases[i].withdrawn);
        commit(txn);

        assert_int_equal(check(test), 0);
    }
}


/* from the one seen last on, newer ones first */

static void
test_resumed(void **state)
{
    int               i;
    test_t           *test = *state;
    char              id[8] = "more0";
    cv_str_t          to;
    cv_txn_t         *txn;
    cv_walk_t         walk;
    cv_credential_t   credential;

    fill(test);
    txn = begin(test);
    put(txn, CV_STATUS_REVOKED, false, "class");

    for (i = 3; i <= 6; i++) {
        id[4] = (char) ('0' + i);

        memset(&credential, 0, sizeof(credential));
        credential.id = cv_str_z(id);
        credential.class.iid = 1;
        credential.holder.iid = 1;
        credential.status = (cv_int_t) { CV_STATUS_REVOKED, true };
        assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), i);
    }

    assert_int_equal(withdrawn(txn, 1), 65431);

    cv_links_open(&walk, txn, CV_LINK_CLASS_WITHDRAWN, 1);
    cv_links_down(&walk, 4);
    assert_true(cv_links_next(&walk, &to));
    assert_memory_equal(to.data, "\0\0\0\0\0\0\0\3", 8);
    cv_walk_close(&walk);

    commit(txn);
}


static void
test_class(void **state)
{
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_class_t   class;

    fill(test);
    txn = begin(test);

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("other");
    class.issuer.iid = 1;
    class.title = CV_STR("Other");
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 2);

    put(txn, CV_STATUS_REVOKED, false, "class");
    assert_int_equal(withdrawn(txn, 1), 1);
    assert_int_equal(withdrawn(txn, 2), 0);

    put(txn, CV_STATUS_REVOKED, false, "other");
    assert_int_equal(withdrawn(txn, 1), 0);
    assert_int_equal(withdrawn(txn, 2), 1);

    commit(txn);
    assert_int_equal(check(test), 0);
}


/* an entry that is lost, or one too many, is found */

static void
test_checked(void **state)
{
    test_t    *test = *state;
    MDB_dbi    dbi;
    MDB_env   *env;
    MDB_txn   *raw;
    MDB_val    key, value;
    cv_txn_t  *txn;

    static const uint8_t  entries[2][17] = {
        { CV_LINK_CLASS_WITHDRAWN, 0, 0, 0, 0, 0, 0, 0, 1,
          0, 0, 0, 0, 0, 0, 0, 1 },
        { CV_LINK_CLASS_WITHDRAWN, 0, 0, 0, 0, 0, 0, 0, 1,
          0, 0, 0, 0, 0, 0, 0, 2 },
    };

    fill(test);
    txn = begin(test);
    put(txn, CV_STATUS_REVOKED, false, "class");
    commit(txn);

    cv_store_close(test->store);

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, test->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &raw), 0);
    assert_int_equal(mdb_dbi_open(raw, "link", 0, &dbi), 0);

    key = (MDB_val) { 17, (void *) (uintptr_t) entries[0] };
    assert_int_equal(mdb_del(raw, dbi, &key, NULL), 0);

    key = (MDB_val) { 17, (void *) (uintptr_t) entries[1] };
    value = (MDB_val) { 0, NULL };
    assert_int_equal(mdb_put(raw, dbi, &key, &value, 0), 0);

    assert_int_equal(mdb_txn_commit(raw), 0);
    mdb_env_close(env);

    assert_int_equal(cv_store_open(&test->store, test->dir, false, &error),
                     CV_OK);

    /* both, and that the sum is another one */

    assert_int_equal(check(test), 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_status),
        TEST(test_resumed),
        TEST(test_class),
        TEST(test_checked),
    };

    return cmocka_run_group_tests_name("withdrawn", tests, NULL, NULL);
}
