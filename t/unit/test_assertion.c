
/*
 * Copyright (C) The credverify authors
 *
 * Assertions: every credential has one, which stays.
 */

#include "fixture.h"

#include <stdio.h>


static cv_assertion_t
assertion_of(cv_txn_t *txn, uint64_t credential)
{
    cv_assertion_t  assertion;

    assert_true(cv_get_assertion(txn, credential, &assertion));

    return assertion;
}


static uint64_t
put_assertion(cv_txn_t *txn, uint64_t credential, const char *id,
    const char *salt)
{
    cv_assertion_t  assertion;

    memset(&assertion, 0, sizeof(assertion));
    assertion.credential.iid = credential;
    assertion.id = cv_str_z(id);
    assertion.salt = cv_str_z(salt);

    assert_int_equal(cv_record_validate(&assertion, CV_ASSERTION, &error),
                     CV_OK);

    return cv_put(txn, CV_ASSERTION, &assertion);
}


static uint64_t
find(cv_txn_t *txn, const char *id)
{
    return cv_find(txn, CV_HANDLE_ASSERTION, cv_str_z(id));
}


static void
test_made(void **state)
{
    test_t          *test = *state;
    char             id[33], salt[33];
    cv_txn_t        *txn;
    cv_assertion_t   one, two;

    fill(test);

    txn = begin(test);

    one = assertion_of(txn, 1);
    two = assertion_of(txn, 2);

    assert_int_equal(one.id.len, 32);
    assert_int_equal(one.salt.len, 16);
    assert_false(cv_str_eq(one.id, two.id));
    assert_false(cv_str_eq(one.salt, two.salt));
    assert_false(cv_str_eq(one.id, one.salt));

    (void) snprintf(id, sizeof(id), "%.*s", CV_FMT(one.id));
    (void) snprintf(salt, sizeof(salt), "%.*s", CV_FMT(one.salt));

    assert_int_equal(find(txn, id), 1);

    /* the same whatever becomes of its credential */

    assert_int_equal(put_credential(txn, "one", "other code", NULL), 1);
    one = assertion_of(txn, 1);
    assert_true(cv_str_eq(one.id, cv_str_z(id)));
    assert_true(cv_str_eq(one.salt, cv_str_z(salt)));

    commit(txn);

    assert_int_equal(check(test), 0);
}


/*
 * Those of a transaction stand together, but for what nobody guesses; who
 * makes one at a time makes none that is like another.
 */

static void
test_near(void **state)
{
    char            id[8];
    test_t         *test = *state;
    cv_str_t        a, b;
    uint64_t        i, alike;
    cv_txn_t       *txn;

    enum { ALONE = 64, TOGETHER = 64 };

    fill(test);

    for (i = 0; i < ALONE + TOGETHER; i++) {
        if (i <= ALONE) {
            txn = begin(test);
        }

        (void) snprintf(id, sizeof(id), "n%u", (unsigned) i);
        assert_int_equal(put_credential(txn, id, NULL, NULL), 3 + i);

        if (i < ALONE || i == ALONE + TOGETHER - 1) {
            commit(txn);
        }
    }

    txn = begin(test);
    alike = 0;

    for (i = 0; i < ALONE + TOGETHER - 1; i++) {
        a = assertion_of(txn, 3 + i).id;
        b = assertion_of(txn, 4 + i).id;

        if (i < ALONE) {
            alike += memcmp(a.data, b.data, 4) == 0;
        } else {
            assert_memory_equal(a.data, b.data, 4);
        }

        assert_memory_not_equal(a.data + 4, b.data + 4, 8);
        assert_memory_not_equal(a.data + 24, b.data + 24, 8);

        a = assertion_of(txn, 3 + i).salt;
        b = assertion_of(txn, 4 + i).salt;
        assert_memory_not_equal(a.data, b.data, 8);
    }

    /* one is by chance, one time in a thousand */

    assert_in_range(alike, 0, 1);

    cv_txn_abort(txn);
}


static void
test_replaced(void **state)
{
    test_t    *test = *state;
    char       id[33];
    cv_txn_t  *txn;

    fill(test);

    txn = begin(test);

    (void) snprintf(id, sizeof(id), "%.*s",
                    CV_FMT(assertion_of(txn, 1).id));

    assert_int_equal(put_assertion(txn, 1, "0123ABCD", "deadsea"), 1);
    assert_int_equal(find(txn, id), 0);
    assert_int_equal(find(txn, "0123ABCD"), 1);
    assert_int_equal(find(txn, "0123abcd"), 1);

    /* letters that are no digits are what they are */

    assert_int_equal(put_assertion(txn, 2, "Xyz", "s"), 1);
    assert_int_equal(find(txn, "Xyz"), 2);
    assert_int_equal(find(txn, "xyz"), 0);

    commit(txn);

    assert_int_equal(check(test), 0);

    /* somebody else's is nobody's to take */

    txn = begin(test);
    assert_int_equal(put_assertion(txn, 2, "0123aBcD", "s"), 0);
    assert_int_equal(cv_txn_err(txn, &error), CV_ERR_CONFLICT);
    cv_txn_abort(txn);
}


static void
test_refused(void **state)
{
    size_t           i;
    cv_assertion_t   assertion;

    static const char *const  ids[] = {
        "", "a/b", "..", "a.b", "a b", "a?b", "%41", "\xc3\xa9"
    };

    (void) state;

    memset(&assertion, 0, sizeof(assertion));
    assertion.credential.iid = 1;
    assertion.salt = CV_STR("s");

    for (i = 0; i < CV_COUNT(ids); i++) {
        assertion.id = cv_str_z(ids[i]);
        assert_int_equal(cv_record_validate(&assertion, CV_ASSERTION, &error),
                         CV_ERR_INPUT);
    }
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        TEST(test_made),
        TEST(test_near),
        TEST(test_replaced),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
