
/*
 * Copyright (C) The credverify authors
 *
 * What is purged, and by which URLs; how that goes is t/live/purge.t's.
 */

#include "fixture.h"
#include "cv_cache_key.h"
#include "cv_doc.h"
#include "cv_outbox.h"
#include "cv_purge.h"

#include <stdio.h>
#include <string.h>

#define HOST  "http://edge.example:8082/"


static void
test_variants(void **state)
{
    size_t      i;
    unsigned    n;

    static const struct {
        const char  *template;
        unsigned     n;
    } known[] = {
        { HOST "{key}", 1 },
        { HOST "{key}?{key}", 1 },
        { HOST "p/{key}?f={,a,b}", 3 },
        { HOST "{a,b}/{key}/{c,d,e}", 6 },
        { HOST "{,}{,}{,}{,}{,}{,}{,}{,}{key}", 256 },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(known); i++) {
        assert_int_equal(cv_purge_variants(cv_str_z(known[i].template), &n,
                                           &error), CV_OK);
        assert_int_equal(n, known[i].n);
    }
}


static void
test_wrong(void **state)
{
    size_t    i;
    unsigned  n;

    static const struct {
        const char  *template;
        const char  *why;
    } wrong[] = {
        { HOST, "needs a \"{key}\"" },
        { HOST "{a,b}", "needs a \"{key}\"" },
        { "http://{key}/", "before the first" },
        { "http://edge.{a,b}/{key}", "before the first" },
        { "http://edge.example{key}", "before the first" },
        { "", "before the first" },
        { HOST "{key}{}", "are for" },
        { HOST "{key}{token}", "are for" },
        { HOST "{Key}", "are for" },
        { HOST "{key", "are for" },
        { HOST "{key}{", "are for" },
        { HOST "key}", "are for" },
        { HOST "{key}}", "are for" },
        { HOST "{{key}}", "are for" },
        { HOST "{key}{a,{b,c}}", "are for" },
        { HOST "{,}{,}{,}{,}{,}{,}{,}{,,}{key}", "256 URLs at most" },
        { HOST "{key}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}"
          "{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}{,}", "256 URLs at most" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(wrong); i++) {
        assert_int_equal(cv_purge_variants(cv_str_z(wrong[i].template), &n,
                                           &error), CV_ERR_INPUT);
        assert_non_null(strstr(error.text, wrong[i].why));
    }
}


static void
test_urls(void **state)
{
    char      memory[128];
    size_t    i;
    cv_buf_t  url;

    static const char  template[] = HOST "{key}?{format=a,format=}&t={,x,y}";

    static const char *const  urls[] = {
        HOST "K?format=a&t=", HOST "K?format=&t=",
        HOST "K?format=a&t=x", HOST "K?format=&t=x",
        HOST "K?format=a&t=y", HOST "K?format=&t=y",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(urls); i++) {
        cv_buf_borrow(&url, memory, sizeof(memory));
        cv_purge_url(&url, CV_STR(template), CV_STR("K"), (unsigned) i);
        assert_true(cv_str_eq(cv_buf_str(&url), cv_str_z(urls[i])));
    }
}


/* the keys of an event of that type, sorted as they are made */

static const char *
keys_of(cv_txn_t *txn, const char *type, uint64_t iid, cv_doc_t data)
{
    static char  text[4096];
    cv_buf_t     keys;
    cv_event_t   event;

    memset(&event, 0, sizeof(event));
    event.type = cv_str_z(type);
    event.credential.iid = iid;
    event.data = data;

    cv_buf_borrow(&keys, text, sizeof(text) - 1);
    assert_int_equal(cv_purge_keys(&keys, txn, &event), CV_OK);
    text[keys.len] = '\0';

    return text;
}


static bool
has(const char *keys, cv_by_t by, cv_str_t handle)
{
    char          text[CV_CACHE_KEY_MAX + 2];
    cv_buf_t      key;
    cv_digest_t  *digest;

    digest = cv_digest_new();
    assert_non_null(digest);

    cv_buf_borrow(&key, text, sizeof(text));
    assert_int_equal(cv_cache_key(&key, digest, by, handle), CV_OK);
    cv_buf_append_byte(&key, '\n');
    cv_buf_append_byte(&key, '\0');
    cv_digest_free(digest);

    return strstr(keys, text) != NULL;
}


static unsigned
lines(const char *text)
{
    unsigned  n;

    for (n = 0; *text != '\0'; text++) {
        n += *text == '\n';
    }

    return n;
}


static void
test_handles(void **state)
{
    char             other[CV_TOKEN_HASH_LEN];
    size_t           i;
    test_t          *test = *state;
    uint64_t         iid;
    cv_txn_t        *txn;
    const char      *keys;
    cv_assertion_t   assertion;
    cv_credential_t  credential;

    static const char *const  shows[] = {
        CV_EVENT_ISSUED, CV_EVENT_UPDATED, CV_EVENT_REVOKED
    };

    static const char *const  others[] = {
        CV_EVENT_TOKEN_CREATED, CV_EVENT_QUOTA_REACHED, CV_EVENT_USAGE_CLOSED,
        CV_EVENT_MAIL
    };

    fill(test);

    memset(other, 0x5a, sizeof(other));

    txn = begin(test);
    put_token(txn, "one", cv_str(other, sizeof(other)));
    commit(txn);

    txn = begin(test);

    assert_true(cv_get_by_id(txn, CV_CREDENTIAL, CV_STR("one"), &credential,
                             &iid));
    assert_true(cv_get_assertion(txn, iid, &assertion));

    for (i = 0; i < CV_COUNT(shows); i++) {
        keys = keys_of(txn, shows[i], iid, CV_ABSENT);

        assert_true(has(keys, CV_BY_CODE, credential.code));
        assert_true(has(keys, CV_BY_NUMBER, credential.number));
        assert_true(has(keys, CV_BY_ID, credential.public_id));
        assert_true(has(keys, CV_BY_ASSERTION, assertion.id));
        assert_non_null(strstr(keys, "token-5a5a5a5a"));
        assert_int_equal(lines(keys), 6);
    }

    for (i = 0; i < CV_COUNT(others); i++) {
        assert_string_equal(keys_of(txn, others[i], iid, CV_ABSENT), "");
    }

    /* what is gone by now has nothing */

    assert_string_equal(keys_of(txn, CV_EVENT_REVOKED, 999, CV_ABSENT), "");

    cv_txn_abort(txn);
}


/* one that is removed has no link, and a test needs none */

static void
test_one(void **state)
{
    test_t      *test = *state;
    size_t       mark;
    uint8_t      memory[256];
    cv_buf_t     data;
    cv_txn_t    *txn;

    static const char  hex[] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fill(test);
    txn = begin(test);

    cv_buf_borrow(&data, memory, sizeof(memory));
    mark = cv_doc_open(&data, CV_DOC_OBJECT);
    cv_doc_put_name(&data, CV_STR("tokenSha256"));
    cv_doc_put(&data, CV_DOC_STRING, CV_STR(hex));
    cv_doc_close(&data, mark);

    assert_string_equal(keys_of(txn, CV_EVENT_TOKEN_REVOKED, 1,
                                cv_buf_str(&data)),
                        "token-00112233445566778899aabbccddeeff"
                        "00112233445566778899aabbccddeeff\n");
    assert_string_equal(keys_of(txn, CV_EVENT_TOKEN_REVOKED, 1, CV_ABSENT),
                        "");

    assert_string_equal(keys_of(txn, CV_EVENT_TEST, 0, CV_ABSENT),
                        "token-00000000000000000000000000000000"
                        "00000000000000000000000000000000\n");

    cv_txn_abort(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_urls),
        TEST(test_handles),
        TEST(test_one),
    };

    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
