
/*
 * Copyright (C) The credverify authors
 *
 * Lists of what an issuer has revoked, made in steps.
 */

#include "fixture.h"

#include "cv_revocations.h"

#include <stdio.h>

#define MAX  4096


static void
put_class(cv_txn_t *txn, const char *id, uint64_t issuer, uint64_t expected)
{
    cv_class_t  class;

    memset(&class, 0, sizeof(class));
    class.id = cv_str_z(id);
    class.issuer.iid = issuer;
    class.title = CV_STR("Title");

    assert_int_equal(cv_put(txn, CV_CLASS, &class), expected);
}


/* the assertion has the credential's id */

static void
put(cv_txn_t *txn, const char *id, uint64_t class, int status)
{
    uint64_t         iid;
    cv_assertion_t   assertion;
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.iid = class;
    credential.holder.iid = 1;
    credential.status = (cv_int_t) { status, true };

    iid = cv_put(txn, CV_CREDENTIAL, &credential);
    assert_true(iid > 0);

    memset(&assertion, 0, sizeof(assertion));
    assertion.credential.iid = iid;
    assertion.id = cv_str_z(id);
    assertion.salt = CV_STR("s");
    assert_int_equal(cv_put(txn, CV_ASSERTION, &assertion), 1);
}


/* two issuers: classes 1, 2 and 4 are the first's, 3 is the other's */

static void
fill_issuers(test_t *test)
{
    cv_txn_t     *txn;
    cv_issuer_t   issuer;

    fill(test);

    txn = begin(test);

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("other");
    issuer.name = CV_STR("Other");
    assert_int_equal(cv_put(txn, CV_ISSUER, &issuer), 2);

    put_class(txn, "second", 1, 2);
    put_class(txn, "theirs", 2, 3);
    put_class(txn, "empty", 1, 4);

    put(txn, "a", 1, CV_STATUS_REVOKED);
    put(txn, "b", 1, CV_STATUS_REFUNDED);
    put(txn, "c", 2, CV_STATUS_REVOKED);
    put(txn, "d", 3, CV_STATUS_REVOKED);
    put(txn, "e", 2, CV_STATUS_ISSUED);
    put(txn, "f", 2, CV_STATUS_REVOKED);

    commit(txn);
}


static cv_txn_t *
snapshot(test_t *test)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    return txn;
}


static void
assert_list(cv_revocations_t *list, const char *expected)
{
    assert_true(list->done);
    assert_int_equal(list->json.len, strlen(expected));
    assert_memory_equal(list->json.data, expected, list->json.len);
}


#define BOTH(id)                                                              \
    "\"https://k/assertion/" id ".jws\",\"https://h/assertion/" id ".json\""

static void
init(cv_revocations_t *list, const char *issuer)
{
    cv_revocations_init(list, CV_STR("https://h/"), CV_STR("https://k/"),
                        cv_str_z(issuer), MAX);
}


/* in steps of any size, each of a snapshot of its own */

static void
test_steps(void **state)
{
    test_t            *test = *state;
    cv_txn_t          *txn;
    unsigned           most, steps;
    cv_revocations_t   list;

    fill_issuers(test);
    txn = snapshot(test);
    init(&list, "issuer");

    for (most = 1; most <= 12; most++) {
        cv_revocations_reset(&list);

        for (steps = 0; !list.done; steps++) {
            cv_snapshot_reset(txn);
            assert_int_equal(cv_snapshot_renew(txn), CV_OK);
            assert_int_equal(cv_revocations_read(&list, txn, most), CV_OK);
        }

        assert_list(&list,
                    "[" BOTH("f") "," BOTH("c") "," BOTH("b") "," BOTH("a")
                    "]");

        /* four of them, with each class's end, three classes, and their end */

        assert_in_range(steps, (8 + most - 1) / most,
                        (11 + most - 1) / most);
    }

    cv_revocations_free(&list);

    init(&list, "other");
    assert_int_equal(cv_revocations_read(&list, txn, 100), CV_OK);
    assert_list(&list, "[" BOTH("d") "]");
    cv_revocations_free(&list);

    init(&list, "nobody");
    assert_int_equal(cv_revocations_read(&list, txn, 100), CV_OK);
    assert_list(&list, "[]");
    cv_revocations_free(&list);

    cv_snapshot_close(txn);
}


/* what was there when it began is in it, whatever is written meanwhile */

static void
test_meanwhile(void **state)
{
    int                i;
    char               id[16];
    test_t            *test = *state;
    cv_txn_t          *txn, *write;
    cv_revocations_t   list;

    fill_issuers(test);
    txn = snapshot(test);
    init(&list, "issuer");

    for (i = 0; !list.done; i++) {
        assert_in_range(i, 0, 30);
        assert_int_equal(cv_revocations_read(&list, txn, 1), CV_OK);
        cv_snapshot_reset(txn);

        write = begin(test);
        (void) snprintf(id, sizeof(id), "n%d", i);
        put(write, id, 2, CV_STATUS_REVOKED);

        if (i == 3) {
            put_class(write, "fifth", 1, 5);
            put(write, "c", 2, CV_STATUS_ISSUED);
        }

        commit(write);

        assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    }

    cv_buf_append_byte(&list.json, '\0');
    assert_non_null(strstr((char *) list.json.data, BOTH("f")));
    assert_non_null(strstr((char *) list.json.data, BOTH("b")));
    assert_non_null(strstr((char *) list.json.data, BOTH("a")));
    assert_null(strstr((char *) list.json.data, "\"\""));

    cv_revocations_free(&list);
    cv_snapshot_close(txn);
}


static void
test_limit(void **state)
{
    test_t            *test = *state;
    cv_txn_t          *txn;
    cv_revocations_t   list;

    fill_issuers(test);
    txn = snapshot(test);

    cv_revocations_init(&list, CV_STR("https://h/"), CV_STR("https://k/"),
                        CV_STR("issuer"), 100);
    assert_int_equal(cv_revocations_read(&list, txn, 100), CV_ERR_LIMIT);
    assert_false(list.done);

    cv_revocations_free(&list);
    cv_snapshot_close(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_steps),
        TEST(test_meanwhile),
        TEST(test_limit),
    };

    return cmocka_run_group_tests_name("revocations", tests, NULL, NULL);
}
