
/*
 * Copyright (C) The credverify authors
 */

#include "cv_number.h"
#include "fixture.h"

#include <stdio.h>

/* 2026-03-11 */
#define NOW  ((cv_time_t) 1773225000250)

#define MANY  100


static uint64_t
put_class(cv_txn_t *txn, const char *id, const char *number_format)
{
    cv_class_t  class;

    memset(&class, 0, sizeof(class));
    class.id = cv_str_z(id);
    class.issuer.iid = 1;
    class.title = CV_STR("Class");
    class.number_format = cv_str_z(number_format);

    return cv_put(txn, CV_CLASS, &class);
}


static void
put(cv_txn_t *txn, const char *id, uint64_t class, const char *number)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.iid = class;
    credential.holder.iid = 1;
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.number = cv_str_z(number);

    if (cv_put(txn, CV_CREDENTIAL, &credential) == 0) {
        (void) cv_txn_err(txn, &error);
        fail_msg("%s: %s", id, error.text);
    }
}


static void
put_sequence(cv_txn_t *txn, uint64_t class, unsigned year, int64_t last)
{
    cv_sequence_t  sequence;

    memset(&sequence, 0, sizeof(sequence));
    sequence.class.iid = class;
    sequence.year = (cv_int_t) { year, true };
    sequence.last = (cv_int_t) { last, true };

    assert_int_equal(cv_put(txn, CV_SEQUENCE, &sequence), 1);
}


/* what is committed; -1 if there is no such sequence */

static int64_t
last(test_t *test, uint64_t class, unsigned year)
{
    bool            found;
    cv_txn_t       *txn;
    cv_sequence_t   sequence;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    found = cv_get_sequence(txn, class, year, &sequence);
    assert_int_equal(cv_txn_err(txn, &error), CV_OK);

    cv_snapshot_close(txn);

    return found ? sequence.last.value : -1;
}


static void
expect_next(cv_txn_t *txn, uint64_t class, const char *expected)
{
    uint8_t   memory[CV_HANDLE_MAX];
    cv_buf_t  number;

    cv_buf_borrow(&number, memory, sizeof(memory));

    if (cv_number_next(txn, class, NOW, &number, &error) != CV_OK) {
        fail_msg("%s", error.text);
    }

    if (!cv_str_eq(cv_buf_str(&number), cv_str_z(expected))) {
        fail_msg("%.*s, expected %s", CV_FMT(cv_buf_str(&number)), expected);
    }
}


/* The class 2 of every test. */

static int
setup_class(void **state)
{
    cv_txn_t  *txn;

    if (setup(state) != 0) {
        return -1;
    }

    fill(*state);

    txn = begin(*state);
    assert_int_equal(put_class(txn, "web", "W-{year}-{seq:3}"), 2);
    commit(txn);

    return 0;
}


/* Every number that the format recognises counts, in its year, upwards only. */

static void
test_raise(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    txn = begin(test);
    put(txn, "a", 2, "W-2026-007");
    put(txn, "b", 2, "W-2026-005");
    put(txn, "c", 2, "W-2025-100");
    put(txn, "d", 2, "W-2026-8");
    put(txn, "e", 2, "X-2026-900");
    put(txn, "f", 2, NULL);
    put(txn, "g", 2, "W-2024-000");
    put(txn, "h", 1, "W-2026-901");
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 7);
    assert_int_equal(last(test, 2, 2025), 100);
    assert_int_equal(last(test, 2, 2024), -1);
    assert_int_equal(last(test, 2, 0), -1);
    assert_int_equal(last(test, 1, 2026), -1);

    /* what is gone stays given */

    txn = begin(test);
    put(txn, "a", 2, NULL);
    put(txn, "c", 2, "W-2025-099");
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 7);
    assert_int_equal(last(test, 2, 2025), 100);
    assert_int_equal(check(test), 0);
}


static void
test_lines(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   before, after;

    txn = begin(test);
    put_sequence(txn, 2, 2026, 10);
    put_sequence(txn, 2, 2026, 9);
    put_sequence(txn, 2, 2025, 0);
    put_sequence(txn, 1, 0, INT64_MAX);
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 10);
    assert_int_equal(last(test, 2, 2025), 0);
    assert_true(last(test, 1, 0) == INT64_MAX);

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &before), CV_OK);
    put_sequence(txn, 2, 2026, 10);
    put_sequence(txn, 2, 2026, 3);
    assert_int_equal(cv_store_stat(txn, &after), CV_OK);
    assert_int_equal(after.last_change, before.last_change);
    put(txn, "a", 2, "W-2026-011");
    put_sequence(txn, 2, 2026, 10);
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 11);
    assert_int_equal(check(test), 0);
}


static void
test_next(void **state)
{
    test_t    *test = *state;
    uint8_t    memory[CV_HANDLE_MAX];
    cv_buf_t   number;
    cv_txn_t  *txn;

    txn = begin(test);
    expect_next(txn, 2, "W-2026-001");
    expect_next(txn, 2, "W-2026-001");
    put(txn, "a", 2, "W-2026-001");
    expect_next(txn, 2, "W-2026-002");
    put(txn, "b", 2, "W-2026-998");
    expect_next(txn, 2, "W-2026-999");
    put(txn, "c", 2, "W-2026-999");
    expect_next(txn, 2, "W-2026-1000");
    commit(txn);

    txn = begin(test);
    expect_next(txn, 2, "W-2026-1000");

    /* a number that another class has is taken */

    put(txn, "d", 1, "W-2026-1000");
    put(txn, "e", 1, "W-2026-1001");
    expect_next(txn, 2, "W-2026-1002");
    cv_txn_abort(txn);

    assert_int_equal(last(test, 2, 2026), 999);

    /* who has none, who has no more, and who is not there */

    txn = begin(test);
    cv_buf_borrow(&number, memory, sizeof(memory));

    assert_int_equal(cv_number_next(txn, 1, NOW, &number, &error),
                     CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "number_format must have one {seq}"));
    assert_int_equal(cv_number_next(txn, 77, NOW, &number, &error),
                     CV_ERR_INPUT);

    put_sequence(txn, 2, 2026, CV_NUMBER_LAST - 1);
    expect_next(txn, 2, "W-2026-999999999999999999");
    put_sequence(txn, 2, 2026, CV_NUMBER_LAST);
    assert_int_equal(cv_number_next(txn, 2, NOW, &number, &error),
                     CV_ERR_LIMIT);
    put_sequence(txn, 2, 2026, INT64_MAX);
    assert_int_equal(cv_number_next(txn, 2, NOW, &number, &error),
                     CV_ERR_LIMIT);
    commit(txn);

    assert_int_equal(check(test), 0);
}


/* A class that gets another format has given what that recognises. */

static void
test_format_changes(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    txn = begin(test);
    put(txn, "a", 2, "N-17");
    put(txn, "b", 2, "N-2026-3");
    put(txn, "c", 2, "N-2025-4");
    put(txn, "d", 2, "N-2026-5");
    put(txn, "e", 2, "W-2026-006");
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 6);

    txn = begin(test);
    expect_next(txn, 2, "W-2026-007");
    assert_int_equal(put_class(txn, "web", "N-{seq}"), 2);
    expect_next(txn, 2, "N-18");
    commit(txn);

    assert_int_equal(last(test, 2, 0), 17);
    assert_int_equal(check(test), 0);

    /* in the transaction in which the old one raised a sequence */

    txn = begin(test);
    put(txn, "f", 2, "N-20");
    assert_int_equal(put_class(txn, "web", "N-{year}-{seq}"), 2);
    expect_next(txn, 2, "N-2026-7");
    commit(txn);

    assert_int_equal(last(test, 2, 0), 20);
    assert_int_equal(last(test, 2, 2026), 6);
    assert_int_equal(last(test, 2, 2025), 4);
    assert_int_equal(check(test), 0);

    txn = begin(test);
    assert_int_equal(put_class(txn, "web", NULL), 2);
    put(txn, "g", 2, "N-2026-9");
    commit(txn);

    assert_int_equal(last(test, 2, 2026), 6);
}


/* More classes in turn than a transaction keeps in mind. */

static void
test_many(void **state)
{
    int        i, turn;
    char       id[32], number[32];
    test_t    *test = *state;
    cv_txn_t  *txn;

    txn = begin(test);

    for (i = 0; i < MANY; i++) {
        (void) snprintf(id, sizeof(id), "class%d", i);
        (void) snprintf(number, sizeof(number), "C%d-{year}-{seq}", i);
        assert_int_equal(put_class(txn, id, number), 3 + i);
    }

    for (turn = 1; turn <= 3; turn++) {
        for (i = 0; i < MANY; i++) {
            (void) snprintf(id, sizeof(id), "%d-%d", i, turn);
            (void) snprintf(number, sizeof(number), "C%d-%d-%d", i,
                            turn == 2 ? 2025 : 2026, i + turn);
            put(txn, id, (uint64_t) (3 + i), number);
        }
    }

    commit(txn);

    for (i = 0; i < MANY; i++) {
        assert_int_equal(last(test, (uint64_t) (3 + i), 2026), i + 3);
        assert_int_equal(last(test, (uint64_t) (3 + i), 2025), i + 2);
    }

    assert_int_equal(check(test), 0);
}


/* A transaction that fails has given nothing. */

static void
test_failed(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_credential_t   credential;

    txn = begin(test);
    put(txn, "a", 2, "W-2026-004");

    memset(&credential, 0, sizeof(credential));
    credential.id = CV_STR("b");
    credential.class.iid = 2;
    credential.holder.iid = 1;
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.number = CV_STR("W-2026-004");

    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_CONFLICT);

    assert_int_equal(last(test, 2, 2026), -1);
    assert_int_equal(check(test), 0);
}


int
main(void)
{
#define CLASS(name)                                                           \
    cmocka_unit_test_setup_teardown(name, setup_class, teardown)

    const struct CMUnitTest  tests[] = {
        CLASS(test_raise),
        CLASS(test_lines),
        CLASS(test_next),
        CLASS(test_format_changes),
        CLASS(test_many),
        CLASS(test_failed),
    };

    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
