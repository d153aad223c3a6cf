
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cache_key.h"

#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>


static cv_digest_t  *digest;


static int
setup(void **state)
{
    (void) state;

    digest = cv_digest_new();

    return digest != NULL ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;

    cv_digest_free(digest);

    return 0;
}


static const char *
key(cv_by_t by, const char *handle, size_t len)
{
    static char  texts[2][CV_CACHE_KEY_MAX + 1];
    static int   n;
    cv_buf_t     buf;

    n = !n;

    cv_buf_borrow(&buf, texts[n], CV_CACHE_KEY_MAX);
    assert_int_equal(cv_cache_key(&buf, digest, by, cv_str(handle, len)),
                     CV_OK);
    assert_false(cv_buf_failed(&buf));
    texts[n][buf.len] = '\0';

    return texts[n];
}


#define TOKEN                                                                 \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* what sha256sum says of the texts */

static void
test_known(void **state)
{
    size_t  i;

    static const struct {
        cv_by_t      by;
        const char  *handle;
        const char  *key;
    } known[] = {
        { CV_BY_TOKEN, TOKEN, "token-"
          "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
        { CV_BY_CODE, "LBxJ5RuX", "code-"
          "c0339f0b9fc41b58602b16e97842178e8e11e09c9e75b4f8a55a6ef729eee82b" },
        { CV_BY_NUMBER, "SCH-2026-WEB-000123", "number-"
          "b9f07292b33803b13568e9785f4c9c6564a50ef11b338a35c7d0e0825cf64412" },
        { CV_BY_ID, "124a8110-aaaa-4bbb-8ccc-0123456789ab", "id-"
          "cda83217457bffa9cddc6d7ac95c2dadba8d742159bb7cd6a3926baffe1f2d88" },
        { CV_BY_ASSERTION, "0123456789abcdef0123456789abcdef", "assertion-"
          "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9" },
    };

    (void) state;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_string_equal(key(known[i].by, known[i].handle,
                                strlen(known[i].handle)),
                            known[i].key);
    }
}


/* what is one handle to who verifies has one key, and nothing else has */

static void
test_same(void **state)
{
    char    upper[65];
    size_t  i;

    static const char  id[] = "124A8110-AAAA-4BBB-8CCC-0123456789AB";
    static const char  low[] = "124a8110-aaaa-4bbb-8ccc-0123456789ab";

    (void) state;

    for (i = 0; i < 64; i++) {
        upper[i] = i % 2 ? 'A' : 'a';
    }

    assert_string_equal(key(CV_BY_TOKEN, upper, 64),
                        key(CV_BY_TOKEN, TOKEN, 64));

    assert_string_equal(key(CV_BY_ID, id, 36), key(CV_BY_ID, low, 36));
    assert_string_equal(key(CV_BY_ASSERTION, id, 36),
                        key(CV_BY_ASSERTION, low, 36));

    assert_string_not_equal(key(CV_BY_CODE, id, 36), key(CV_BY_CODE, low, 36));
    assert_string_not_equal(key(CV_BY_NUMBER, "a\0b", 3),
                            key(CV_BY_NUMBER, "a\0c", 3));
    assert_string_not_equal(key(CV_BY_CODE, "1", 1),
                            key(CV_BY_NUMBER, "1", 1));
}


static void
test_none(void **state)
{
    size_t  i;
    char    long_one[CV_HANDLE_MAX + 1];

    static const struct {
        cv_by_t      by;
        const char  *handle;
        size_t       len;
    } none[] = {
        { CV_BY_TOKEN, "", 0 },
        { CV_BY_TOKEN, TOKEN, 63 },
        { CV_BY_TOKEN, TOKEN "a", 65 },
        { CV_BY_TOKEN, "g" TOKEN, 64 },
        { CV_BY_CODE, "", 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_string_equal(key(none[i].by, none[i].handle, none[i].len), "");
    }

    memset(long_one, 'x', sizeof(long_one));
    assert_string_equal(key(CV_BY_CODE, long_one, sizeof(long_one)), "");
    assert_string_not_equal(key(CV_BY_CODE, long_one, CV_HANDLE_MAX), "");
}


/* who purges has the hash alone */

static void
test_hash(void **state)
{
    bool      is;
    char      text[CV_CACHE_KEY_MAX + 1];
    uint8_t   hash[CV_TOKEN_HASH_LEN];
    cv_buf_t  buf;

    (void) state;

    assert_int_equal(cv_verify_token_hash(hash, digest, CV_STR(TOKEN), &is),
                     CV_OK);
    assert_true(is);

    cv_buf_borrow(&buf, text, CV_CACHE_KEY_MAX);
    cv_cache_key_token(&buf, cv_str(hash, sizeof(hash)));
    text[buf.len] = '\0';

    assert_string_equal(text, key(CV_BY_TOKEN, TOKEN, 64));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_hash),
    };

    return cmocka_run_group_tests_name("cache_key", tests, setup, teardown);
}
