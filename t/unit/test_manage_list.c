
/*
 * Copyright (C) The credverify authors
 */

#include "cv_manage_list.h"
#include "fixture.h"

#include <stdio.h>

#define CLASSES      7
#define CREDENTIALS  300

/* Whose class a credential is of, and whether it is a test. */

typedef struct {
    unsigned  issuer;
    bool      test;
} made_t;

static const cv_str_t  names[] = {
    { (const uint8_t *) "i0", 2 }, { (const uint8_t *) "i1", 2 },
    { (const uint8_t *) "i2", 2 }, { (const uint8_t *) "i0", 2 },
    { (const uint8_t *) "nobody", 6 }
};


static void
put_classes(cv_txn_t *txn)
{
    char         id[8];
    unsigned     i;
    cv_class_t   class;
    cv_holder_t  holder;
    cv_issuer_t  issuer;

    for (i = 0; i < 3; i++) {
        memset(&issuer, 0, sizeof(issuer));
        issuer.id = names[i];
        issuer.name = names[i];
        assert_int_equal(cv_put(txn, CV_ISSUER, &issuer), i + 1);
    }

    for (i = 0; i < CLASSES; i++) {
        memset(&class, 0, sizeof(class));
        (void) snprintf(id, sizeof(id), "c%u", i);
        class.id = cv_str_z(id);
        class.issuer.iid = i % 3 + 1;
        class.title = CV_STR("Class");
        assert_int_equal(cv_put(txn, CV_CLASS, &class), i + 1);
    }

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("h");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
}


static void
put_one(cv_txn_t *txn, uint64_t n, unsigned class, bool test)
{
    char             id[32];
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    (void) snprintf(id, sizeof(id), "%u", (unsigned) n);
    credential.id = cv_str_z(id);
    credential.class.iid = class + 1;
    credential.holder.iid = 1;
    credential.status.present = true;
    credential.test = (cv_int_t) { 1, test };

    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), n);
}


static void
list(cv_manage_list_t *page, cv_txn_t *txn, const cv_operation_t *operation,
    cv_str_t cursor, unsigned limit)
{
    char  kept[CV_BOOKMARK_LEN];

    if (cv_present(cursor)) {
        memcpy(kept, cursor.data, sizeof(kept));
        cursor = cv_str(kept, sizeof(kept));
    }

    if (cv_manage_list(page, txn, operation, cursor, limit) != CV_OK) {
        fail_msg("no page");
    }
}


/* All pages forth, and back again: each is what was made, in its order. */

static void
walk(cv_txn_t *txn, const cv_operation_t *operation, const uint64_t *expected,
    size_t n, unsigned limit)
{
    size_t            at, size;
    cv_manage_list_t  page, forth;

    cv_manage_list_init(&page);
    cv_manage_list_init(&forth);
    list(&page, txn, operation, CV_ABSENT, limit);
    assert_false(cv_present(page.prev));

    for (at = 0; /* void */ ; at += size) {
        size = n - at < limit ? n - at : limit;

        assert_int_equal(page.n, size);
        assert_memory_equal(page.numbers, expected + at,
                            size * sizeof(uint64_t));
        assert_int_equal(cv_present(page.next), at + size < n);
        assert_int_equal(cv_present(page.prev), at > 0);

        if (!cv_present(page.next)) {
            break;
        }

        list(&page, txn, operation, page.next, limit);
    }

    while (at > 0) {
        at -= limit;
        list(&page, txn, operation, page.prev, limit);

        assert_int_equal(page.n, limit);
        assert_memory_equal(page.numbers, expected + at,
                            limit * sizeof(uint64_t));
        assert_true(cv_present(page.next));
        assert_int_equal(cv_present(page.prev), at > 0);

        /* and from there forth once more */

        list(&forth, txn, operation, page.next, limit);
        size = n - at - limit < limit ? n - at - limit : limit;
        assert_int_equal(forth.n, size);
        assert_memory_equal(forth.numbers, expected + at + limit,
                            size * sizeof(uint64_t));
    }

    cv_manage_list_free(&forth);
    cv_manage_list_free(&page);
}


static size_t
expect(uint64_t *expected, const made_t *made, unsigned issuers, bool test)
{
    size_t    n;
    uint64_t  i;

    for (n = 0, i = CREDENTIALS; i > 0; i--) {
        if ((issuers >> made[i].issuer & 1) != 0 && made[i].test == test) {
            expected[n++] = i;
        }
    }

    return n;
}


static void
test_pages(void **state)
{
    size_t            i, n;
    test_t           *test = *state;
    made_t            made[CREDENTIALS + 1];
    uint64_t          expected[CREDENTIALS];
    unsigned          class, random, limit;
    cv_txn_t         *txn;
    cv_operation_t    operation;

    static const struct {
        const cv_str_t  *issuers;
        size_t           nissuers;
        uint64_t         key_issuer;
        bool             test;
        unsigned         sees;      /* a bit for each issuer */
    } cases[] = {
        { NULL, 0, 0, false, 7 },
        { NULL, 0, 0, true, 7 },
        { NULL, 0, 2, false, 2 },
        { names, 1, 0, false, 1 },
        { names + 1, 2, 0, false, 6 },
        { names, 5, 0, true, 7 },
        { names, 5, 3, false, 4 },
        { names + 1, 1, 1, false, 0 },
        { names + 4, 1, 0, false, 0 },
        { NULL, 0, 99, false, 0 },
    };

    txn = begin(test);
    put_classes(txn);

    for (random = 1, i = 1; i <= CREDENTIALS; i++) {
        random = random * 1103515245 + 12345;
        class = (random >> 16) % (CLASSES - 1);     /* one has none */
        made[i] = (made_t) { class % 3, (random >> 24) % 5 == 0 };
        put_one(txn, i, class, made[i].test);
    }

    for (i = 0; i < CV_COUNT(cases); i++) {
        memset(&operation, 0, sizeof(operation));
        operation.issuers = cases[i].issuers;
        operation.nissuers = cases[i].nissuers;
        operation.key_issuer = cases[i].key_issuer;
        operation.test = cases[i].test;

        n = expect(expected, made, cases[i].sees, cases[i].test);

        for (limit = 1; limit <= CV_MANAGE_PAGE_MOST; limit += 9) {
            walk(txn, &operation, expected, n, limit);
        }
    }

    commit(txn);
    assert_int_equal(check(test), 0);
}


/* A page begins where it did, whatever comes to the list meanwhile. */

static void
test_meanwhile(void **state)
{
    size_t            i;
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_operation_t    operation;
    cv_manage_list_t  page;

    cv_manage_list_init(&page);
    memset(&operation, 0, sizeof(operation));

    txn = begin(test);
    put_classes(txn);

    for (i = 1; i <= 5; i++) {
        put_one(txn, i, 0, false);
    }

    list(&page, txn, &operation, CV_ABSENT, 2);
    assert_int_equal(page.numbers[1], 4);

    put_one(txn, 6, 1, false);
    put_one(txn, 7, 1, false);
    put_one(txn, 8, 1, true);

    list(&page, txn, &operation, page.next, 2);
    assert_int_equal(page.n, 2);
    assert_int_equal(page.numbers[0], 3);

    list(&page, txn, &operation, page.prev, 2);
    assert_int_equal(page.n, 2);
    assert_int_equal(page.numbers[0], 5);
    assert_true(cv_present(page.prev));

    list(&page, txn, &operation, page.prev, 2);
    assert_int_equal(page.n, 2);
    assert_int_equal(page.numbers[0], 7);
    assert_false(cv_present(page.prev));

    cv_txn_abort(txn);
    cv_manage_list_free(&page);
}


static void
test_cursors(void **state)
{
    size_t            i;
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_operation_t    operation;
    cv_manage_list_t  page;

    static const char *const  cursors[] = {
        "", "0", "00000000000000000000000000000000",
        "0000000000000000000000000000000000", "zz000000000000000000000000000000"
    };

    cv_manage_list_init(&page);
    memset(&operation, 0, sizeof(operation));

    txn = begin(test);
    put_classes(txn);

    for (i = 0; i < CV_COUNT(cursors); i++) {
        assert_int_equal(cv_manage_list(&page, txn, &operation,
                                        cv_str_z(cursors[i]), 2),
                         CV_ERR_INPUT);
    }

    list(&page, txn, &operation, CV_ABSENT, 2);
    assert_int_equal(page.n, 0);
    assert_false(cv_present(page.next));

    cv_txn_abort(txn);
    cv_manage_list_free(&page);
}


/* What is looked at is bounded: what is far away is on another page. */

static void
test_bounds(void **state)
{
    char              id[16];
    size_t            i;
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_class_t        class;
    cv_operation_t    operation;
    cv_manage_list_t  page;

    cv_manage_list_init(&page);
    memset(&operation, 0, sizeof(operation));

    txn = begin(test);
    put_classes(txn);
    put_one(txn, 1, 1, false);

    for (i = 2; i <= CV_MANAGE_PAGE_LOOKS + 1; i++) {
        put_one(txn, i, i % 2, true);
    }

    list(&page, txn, &operation, CV_ABSENT, 5);
    assert_int_equal(page.n, 0);
    assert_true(cv_present(page.next));

    list(&page, txn, &operation, page.next, 5);
    assert_int_equal(page.n, 1);
    assert_int_equal(page.numbers[0], 1);
    assert_false(cv_present(page.next));

    list(&page, txn, &operation, page.prev, 5);
    assert_int_equal(page.n, 0);
    assert_false(cv_present(page.prev));
    assert_true(cv_present(page.next));

    memset(&class, 0, sizeof(class));
    class.issuer.iid = 1;
    class.title = CV_STR("Class");

    for (i = 2; i <= CV_MANAGE_CLASSES; i++) {
        (void) snprintf(id, sizeof(id), "many%zu", i);
        class.id = cv_str_z(id);
        assert_int_equal(cv_put(txn, CV_CLASS, &class), CLASSES + i - 1);
        put_one(txn, CV_MANAGE_PAGE_LOOKS + i, (unsigned) (CLASSES + i - 2),
                false);
    }

    assert_int_equal(cv_manage_list(&page, txn, &operation, CV_ABSENT, 5),
                     CV_ERR_LIMIT);

    operation.key_issuer = 1;
    list(&page, txn, &operation, CV_ABSENT, 5);
    assert_int_equal(page.n, 5);

    cv_txn_abort(txn);
    cv_manage_list_free(&page);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_pages),
        TEST(test_meanwhile),
        TEST(test_cursors),
        TEST(test_bounds),
    };

    return cmocka_run_group_tests_name("manage_list", tests, NULL, NULL);
}
