
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cipher.h"
#include "cv_line.h"
#include "cv_wallet.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW  ((cv_time_t) 1773225000000)    /* 2026-03-11T10:30:00Z */

#define HOLDER(id, wallet)                                                    \
    "{\"kind\":\"holder\",\"id\":\"" id "\",\"name\":\"N\",\"wallet\":\""     \
    wallet "\"}"

#define CREDENTIAL(id, class, holder, rest)                                   \
    "{\"kind\":\"credential\",\"id\":\"" id "\",\"code\":\"" id               \
    "\",\"class\":\"" class "\",\"holder\":\"" holder "\",\"status\":" rest "}"

#define ISSUED   "\"issued\""
#define REVOKED  "\"revoked\""


static const char *const  records[] = {
    "{\"kind\":\"issuer\",\"id\":\"a\",\"name\":\"A\"}",
    "{\"kind\":\"issuer\",\"id\":\"b\",\"name\":\"B\"}",
    "{\"kind\":\"class\",\"id\":\"web\",\"issuer\":\"a\",\"title\":\"T\"}",
    "{\"kind\":\"class\",\"id\":\"on\",\"issuer\":\"a\",\"title\":\"T\","
    "\"listed\":true}",
    "{\"kind\":\"class\",\"id\":\"off\",\"issuer\":\"a\",\"title\":\"T\","
    "\"listed\":false}",
    "{\"kind\":\"class\",\"id\":\"bio\",\"issuer\":\"b\",\"title\":\"T\"}",

    HOLDER("jo", "W"),
    HOLDER("none", "W"),
    HOLDER("jo2", "W"),
    HOLDER("other", "WW"),
    "{\"kind\":\"holder\",\"id\":\"poor\",\"name\":\"N\"}",

    /* of two who share a wallet, in turns */

    CREDENTIAL("1", "web", "jo", ISSUED),
    CREDENTIAL("2", "web", "jo2", ISSUED ",\"issued_at\":\"2020-01-01\""),
    CREDENTIAL("3", "bio", "jo", "\"claimed\""),
    CREDENTIAL("4", "on", "jo2", "\"used\""),
    CREDENTIAL("5", "on", "jo", ISSUED ",\"expires_at\":\"2026-03-11\""),
    CREDENTIAL("6", "bio", "jo2", ISSUED),
    CREDENTIAL("7", "web", "jo", ISSUED),

    /* what is not shown */

    CREDENTIAL("off", "off", "jo", ISSUED),
    CREDENTIAL("revoked", "web", "jo", REVOKED),
    CREDENTIAL("pending", "web", "jo", "\"pending\""),
    CREDENTIAL("refunded", "web", "jo2", "\"refunded\""),
    CREDENTIAL("draft", "web", "jo", "\"draft\""),
    CREDENTIAL("past", "web", "jo2", ISSUED ",\"expires_at\":"
               "\"2026-03-11T10:30:00Z\""),
    CREDENTIAL("test", "web", "jo", ISSUED ",\"test\":true"),
    CREDENTIAL("alien", "web", "other", ISSUED),
    CREDENTIAL("poor", "web", "poor", ISSUED),
};


static void
put(cv_txn_t *txn, cv_line_t *line, const char *text)
{
    if (cv_line_read(line, cv_str_z(text), &error) != CV_OK
        || cv_resolve(txn, line->kind, &line->record, &error) != CV_OK
        || cv_put(txn, line->kind, &line->record) == 0)
    {
        fail_msg("%s: %s", text, error.text);
    }
}


static void
put_all(test_t *test, const char *const *lines, size_t n)
{
    size_t     i;
    cv_txn_t  *txn;
    cv_line_t  line;

    assert_int_equal(cv_line_init(&line, &error), CV_OK);
    txn = begin(test);

    for (i = 0; i < n; i++) {
        put(txn, &line, lines[i]);
    }

    commit(txn);
    cv_line_free(&line);
}


/*
 * Appends the codes on a page of at most "limit", from "cursor" on, which leads
 * to the next page then; false at the end, or if there is no such page.
 */

static bool
page(test_t *test, cv_wallet_query_t *query, unsigned limit,
    char cursor[CV_WALLET_CURSOR], cv_buf_t *out, cv_err_t *err)
{
    unsigned            n;
    cv_txn_t           *txn;
    cv_wallet_t         wallet;
    cv_verifier_t      *verifier;
    cv_wallet_step_t    step;
    cv_verification_t   found;

    verifier = cv_verifier_new();
    assert_non_null(verifier);
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    query->cursor = cursor[0] != '\0' ? cv_str(cursor, CV_WALLET_CURSOR)
                                      : CV_ABSENT;

    step = CV_WALLET_END;
    *err = cv_wallet_open(&wallet, verifier, txn, query, NOW);

    if (*err != CV_OK) {
        goto done;
    }

    for (n = 0; /* void */ ; n++) {
        assert_int_equal(cv_wallet_next(&wallet, &found, &step), CV_OK);

        if (step != CV_WALLET_FOUND || n == limit) {
            break;
        }

        assert_int_equal(found.verdict.reason, CV_VALID);
        assert_ptr_equal(found.evidence.holder, &found.holder);
        cv_buf_append_str(out, found.credential.code);
        cv_buf_append_byte(out, ' ');
    }

    assert_in_range(wallet.looks, 1, CV_WALLET_LOOKS + 1);
    assert_int_equal(cv_wallet_cursor(&wallet, cursor), CV_OK);
    cv_wallet_close(&wallet);

done:

    cv_snapshot_close(txn);
    cv_verifier_free(verifier);

    return step != CV_WALLET_END;
}


/* All pages from "cursor" on, with a bar between two of them. */

static const char *
pages(test_t *test, cv_wallet_query_t *query, unsigned limit,
    char cursor[CV_WALLET_CURSOR], cv_buf_t *out)
{
    cv_err_t  err;

    cv_buf_reset(out);

    while (page(test, query, limit, cursor, out, &err)) {
        assert_int_equal(err, CV_OK);
        cv_buf_append_str(out, CV_STR("| "));
    }

    assert_int_equal(err, CV_OK);
    cv_buf_append_byte(out, '\0');
    assert_false(cv_buf_failed(out));

    return (char *) out->data;
}


static const cv_str_t  names[] = {
    { (const uint8_t *) "a", 1 }, { (const uint8_t *) "b", 1 },
    { (const uint8_t *) "c", 1 },
};

#define A    &names[0], 1
#define B    &names[1], 1
#define C    &names[2], 1
#define AB   &names[0], 2
#define ANY  NULL, 0

static const struct {
    const char       *wallet;
    const cv_str_t   *issuers;
    size_t            nissuers;
    uint64_t          issuer;
    bool              test;
    unsigned          limit;
    const char       *expected;
} cases[] = {
    { "W", ANY, 0, false, 100, "6 4 2 7 5 3 1 " },
    { "W", AB, 0, false, 100, "6 4 2 7 5 3 1 " },
    { "W", A, 0, false, 100, "4 2 7 5 1 " },
    { "W", B, 0, false, 100, "6 3 " },
    { "W", C, 0, false, 100, "" },

    /* a key that is bound to an issuer */

    { "W", ANY, 1, false, 100, "4 2 7 5 1 " },
    { "W", AB, 2, false, 100, "6 3 " },
    { "W", A, 2, false, 100, "" },

    { "W", ANY, 0, true, 100, "test " },
    { "W", B, 0, true, 100, "" },

    { "WW", ANY, 0, false, 100, "alien " },
    { "", ANY, 0, false, 100, "" },
    { "w", ANY, 0, false, 100, "" },
    { "W ", ANY, 0, false, 100, "" },

    /* pages */

    { "W", ANY, 0, false, 1, "6 | 4 | 2 | 7 | 5 | 3 | 1 " },
    { "W", ANY, 0, false, 2, "6 4 | 2 7 | 5 3 | 1 " },
    { "W", ANY, 0, false, 3, "6 4 2 | 7 5 3 | 1 " },
    { "W", ANY, 0, false, 6, "6 4 2 7 5 3 | 1 " },
    { "W", ANY, 0, false, 7, "6 4 2 7 5 3 1 " },
    { "W", B, 0, false, 1, "6 | 3 " },
};


static void
test_list(void **state)
{
    char               cursor[CV_WALLET_CURSOR];
    size_t             i;
    test_t            *test = *state;
    cv_buf_t           out;
    cv_wallet_query_t  query;

    put_all(test, records, CV_COUNT(records));
    assert_int_equal(check(test), 0);
    cv_buf_init(&out, 4096);

    for (i = 0; i < CV_COUNT(cases); i++) {
        memset(&query, 0, sizeof(query));
        query.wallet = cv_str_z(cases[i].wallet);
        query.issuers = cases[i].issuers;
        query.nissuers = cases[i].nissuers;
        query.issuer = cases[i].issuer;
        query.test = cases[i].test;

        cursor[0] = '\0';
        assert_string_equal(pages(test, &query, cases[i].limit, cursor, &out),
                            cases[i].expected);
    }

    cv_buf_free(&out);
}


/* What is changed between two pages changes nothing else in the rest. */

static void
test_stable(void **state)
{
    char               cursor[CV_WALLET_CURSOR];
    test_t            *test = *state;
    cv_buf_t           out;
    cv_err_t           err;
    cv_wallet_query_t  query;

    static const char *const  changes[] = {

        /* the last one shown, the next one, and one of the other holder */

        CREDENTIAL("4", "on", "jo2", REVOKED),
        CREDENTIAL("2", "web", "jo2", REVOKED),
        CREDENTIAL("5", "on", "jo", REVOKED),

        CREDENTIAL("revoked", "web", "jo", ISSUED),
        CREDENTIAL("8", "web", "jo2", ISSUED),
        CREDENTIAL("9", "web", "jo", ISSUED),
        HOLDER("new", "W"),
        CREDENTIAL("10", "web", "new", ISSUED),
    };

    static const char *const  away[] = {
        HOLDER("jo", "gone"),
    };

    put_all(test, records, CV_COUNT(records));
    cv_buf_init(&out, 4096);

    memset(&query, 0, sizeof(query));
    query.wallet = CV_STR("W");
    cursor[0] = '\0';

    assert_true(page(test, &query, 2, cursor, &out, &err));
    assert_memory_equal(out.data, "6 4 ", out.len);

    put_all(test, changes, CV_COUNT(changes));

    assert_string_equal(pages(test, &query, 2, cursor, &out),
                        "9 revoked | 7 3 | 1 ");

    /* as who begins anew sees it */

    cursor[0] = '\0';
    assert_string_equal(pages(test, &query, 100, cursor, &out),
                        "10 8 6 9 revoked 7 3 1 ");

    /* the holder that the cursor is at has no such wallet any more */

    cursor[0] = '\0';
    assert_true(page(test, &query, 4, cursor, &out, &err));
    put_all(test, away, CV_COUNT(away));
    assert_string_equal(pages(test, &query, 2, cursor, &out), "");

    cv_buf_free(&out);
}


static void
test_cursors(void **state)
{
    int                i, bit;
    char               good[CV_WALLET_CURSOR], cursor[CV_WALLET_CURSOR];
    test_t            *test = *state;
    cv_buf_t           out;
    cv_err_t           err;
    cv_wallet_query_t  query;

    static const char  digits[] = "0123456789abcdef";

    put_all(test, records, CV_COUNT(records));
    cv_buf_init(&out, 4096);

    memset(&query, 0, sizeof(query));
    query.wallet = CV_STR("W");
    good[0] = '\0';
    assert_true(page(test, &query, 2, good, &out, &err));

    /* nothing in it can be read: one further on has nothing in common */

    memcpy(cursor, good, sizeof(cursor));
    assert_true(page(test, &query, 1, cursor, &out, &err));

    for (bit = 0, i = 0; i < CV_WALLET_CURSOR; i++) {
        assert_non_null(strchr(digits, good[i]));
        bit += good[i] == cursor[i];
    }

    assert_in_range(bit, 0, 12);

    /* any other bit makes it another one, which there is none of */

    for (i = 0; i < CV_WALLET_CURSOR; i++) {
        for (bit = 0; bit < 4; bit++) {
            memcpy(cursor, good, sizeof(cursor));
            cursor[i] = digits[(strchr(digits, good[i]) - digits)
                               ^ (1 << bit)];
            assert_false(page(test, &query, 2, cursor, &out, &err));
            assert_int_equal(err, CV_ERR_INPUT);
        }

        memcpy(cursor, good, sizeof(cursor));
        cursor[i] = "g/ -\xff"[i % 5];
        assert_false(page(test, &query, 2, cursor, &out, &err));
        assert_int_equal(err, CV_ERR_INPUT);
    }

    /* digits mean the same in either case */

    for (i = 0; i < CV_WALLET_CURSOR; i++) {
        cursor[i] = good[i] >= 'a' ? (char) (good[i] - 0x20) : good[i];
    }

    assert_string_equal(pages(test, &query, 100, cursor, &out),
                        "2 7 5 3 1 ");

    /* another wallet, and another store */

    query.wallet = CV_STR("WW");
    memcpy(cursor, good, sizeof(cursor));
    assert_false(page(test, &query, 2, cursor, &out, &err));
    assert_int_equal(err, CV_ERR_INPUT);

    cv_buf_free(&out);
}


static void
test_other_store(void **state)
{
    char                 dir[] = "/tmp/cv_test.XXXXXX", path[64];
    char                 cursor[CV_WALLET_CURSOR];
    test_t              *test = *state, other;
    cv_buf_t             out;
    cv_err_t             err;
    cv_wallet_query_t    query;
    cv_store_options_t   options;

    memset(&options, 0, sizeof(options));
    options.map_size = TEST_MAP;
    options.owner = options.group = (unsigned) -1;
    memcpy(options.uuid, "0123456789abcdeF", CV_STORE_UUID_LEN);

    assert_non_null(mkdtemp(dir));
    assert_int_equal(cv_store_create(dir, &options, &error), CV_OK);
    assert_int_equal(cv_store_open(&other.store, dir, true, &error), CV_OK);

    put_all(test, records, CV_COUNT(records));
    put_all(&other, records, CV_COUNT(records));
    cv_buf_init(&out, 4096);

    memset(&query, 0, sizeof(query));
    query.wallet = CV_STR("W");
    cursor[0] = '\0';

    assert_true(page(test, &query, 2, cursor, &out, &err));
    assert_false(page(&other, &query, 2, cursor, &out, &err));
    assert_int_equal(err, CV_ERR_INPUT);

    cv_buf_free(&out);
    cv_store_close(other.store);

    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);
    (void) unlink(path);
    (void) snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    (void) unlink(path);
    (void) rmdir(dir);
}


/*
 * However much is in a wallet, a page looks at no more than it may, and all
 * pages together at everything.
 */

static void
test_pause(void **state)
{
    int                i, n, npages;
    char               text[512], cursor[CV_WALLET_CURSOR];
    test_t            *test = *state;
    cv_buf_t           out;
    cv_err_t           err;
    cv_txn_t          *txn;
    cv_line_t          line;
    cv_wallet_query_t  query;

    put_all(test, records, CV_COUNT(records));

    assert_int_equal(cv_line_init(&line, &error), CV_OK);
    txn = begin(test);

    put(txn, &line, HOLDER("rich", "R"));

    /* nobody between two who have something */

    for (i = 0; i < CV_WALLET_LOOKS + 100; i++) {
        (void) snprintf(text, sizeof(text), HOLDER("h%d", "R"), i);
        put(txn, &line, text);
    }

    put(txn, &line, HOLDER("late", "R"));
    put(txn, &line, CREDENTIAL("first", "web", "late", ISSUED));

    n = 4 * CV_WALLET_LOOKS + 10;

    for (i = 0; i < n; i++) {
        (void) snprintf(text, sizeof(text), CREDENTIAL("r%d", "web", "rich",
                        "%s"), i, i, i % CV_WALLET_LOOKS == 5 ? ISSUED
                                                            : REVOKED);
        put(txn, &line, text);
    }

    commit(txn);
    cv_line_free(&line);
    cv_buf_init(&out, 4096);

    memset(&query, 0, sizeof(query));
    query.wallet = CV_STR("R");
    cursor[0] = '\0';

    for (npages = 1; page(test, &query, 2, cursor, &out, &err); npages++) {
        assert_int_equal(err, CV_OK);
    }

    cv_buf_append_byte(&out, '\0');
    (void) snprintf(text, sizeof(text), "first r%d r%d r%d r%d r5 ",
                    4 * CV_WALLET_LOOKS + 5, 3 * CV_WALLET_LOOKS + 5,
                    2 * CV_WALLET_LOOKS + 5, CV_WALLET_LOOKS + 5);
    assert_string_equal((char *) out.data, text);

    /* holders and credentials, and the ends of lists */

    assert_in_range(npages, 6, 8);

    cv_buf_free(&out);
}


/* FIPS 197, appendix C.1 */

static void
test_cipher(void **state)
{
    size_t   i;
    uint8_t  key[CV_CIPHER_KEY], block[CV_CIPHER_BLOCK];

    (void) state;

    for (i = 0; i < CV_CIPHER_BLOCK; i++) {
        key[i] = (uint8_t) i;
        block[i] = (uint8_t) (i * 0x11);
    }

    assert_int_equal(cv_cipher_seal(block, key), CV_OK);
    assert_memory_equal(block, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7"
                               "\x80\x70\xb4\xc5\x5a", CV_CIPHER_BLOCK);
    assert_int_equal(cv_cipher_open(block, key), CV_OK);

    for (i = 0; i < CV_CIPHER_BLOCK; i++) {
        assert_int_equal(block[i], i * 0x11);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_list),
        TEST(test_stable),
        TEST(test_cursors),
        TEST(test_other_store),
        TEST(test_pause),
        TEST(test_cipher),
    };

    return cmocka_run_group_tests_name("wallet", tests, NULL, NULL);
}
