
/*
 * Copyright (C) The credverify authors
 *
 * That webhooks are signed as Standard Webhooks has it; what goes over the
 * wire is t/live/deliver.t's.
 */

#include "cv_hook.h"
#include "cv_hmac.h"
#include "cv_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define AT  ((cv_time_t) 1614265330 * CV_SECOND)

#define ID      CV_STR("msg_p5jXN8AQM9LWM0D4loKWxJek")
#define SECRET  CV_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
#define BODY    CV_STR("{\"test\": 2432232314}")

/* what the specification's own libraries are tested with */
#define SIGNATURE  CV_STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

static char  letters[131];


/* RFC 4231, sections 4.2 to 4.4, 4.7 and 4.8; RFC 2104 with nothing at all */

static void
test_hmac(void **state)
{
    char     digits[2 * CV_SHA256_LEN];
    size_t   i;
    uint8_t  hmac[CV_SHA256_LEN];

    static char  ninety[20];

    const struct {
        cv_str_t     key;
        cv_str_t     message;
        const char  *hmac;
    } cases[] = {
        { cv_str(memset(ninety, 0x0b, 20), 20), CV_STR("Hi There"),
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { CV_STR("Jefe"), CV_STR("what do ya want for nothing?"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { cv_str(memset(letters, 0xaa, sizeof(letters)), sizeof(letters)),
          CV_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { cv_str(letters, sizeof(letters)),
          CV_STR("This is a test using a larger than block-size key and a "
                 "larger than block-size data. The key needs to be hashed "
                 "before being used by the HMAC algorithm."),
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
        { CV_STR(""), CV_STR(""),
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
        { CV_ABSENT, CV_STR(""),
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_int_equal(cv_hmac_sha256(hmac, cases[i].key, cases[i].message),
                         CV_OK);
        cv_hex_encode(digits, cv_str(hmac, sizeof(hmac)));
        assert_memory_equal(digits, cases[i].hmac, sizeof(digits));
    }
}


static void
test_signature(void **state)
{
    uint8_t   memory[CV_HOOK_SIGNATURE_LEN];
    cv_buf_t  out;

    (void) state;

    /* with room for just that */

    cv_buf_borrow(&out, memory, sizeof(memory));
    assert_int_equal(cv_hook_sign(&out, SECRET, ID, AT, BODY), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&out), SIGNATURE));

    /* within the second */

    cv_buf_reset(&out);
    assert_int_equal(cv_hook_sign(&out, SECRET, ID, AT + 999, BODY), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&out), SIGNATURE));

    /* without room it is none */

    cv_buf_borrow(&out, memory, sizeof(memory) - 1);
    assert_int_equal(cv_hook_sign(&out, SECRET, ID, AT, BODY), CV_ERR_LIMIT);
}


/* whatever is signed makes a difference */

static void
test_other_signatures(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const struct {
        cv_str_t   secret;
        cv_str_t   id;
        cv_time_t  at;
        cv_str_t   body;
    } cases[] = {
        { CV_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"), ID, AT, BODY },
        { SECRET, CV_STR("msg_p5jXN8AQM9LWM0D4loKWxJel"), AT, BODY },
        { SECRET, ID, AT + CV_SECOND, BODY },
        { SECRET, ID, AT, CV_STR("{\"test\":2432232314}") },
        { SECRET, ID, AT, CV_STR("") },
    };

    (void) state;

    cv_buf_init(&out, 256);

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_buf_reset(&out);
        assert_int_equal(cv_hook_sign(&out, cases[i].secret, cases[i].id,
                                      cases[i].at, cases[i].body), CV_OK);
        assert_int_equal(out.len, CV_HOOK_SIGNATURE_LEN);
        assert_false(cv_str_eq(cv_buf_str(&out), SIGNATURE));
    }

    cv_buf_free(&out);
}


static void
test_no_secret(void **state)
{
    size_t                i;
    cv_buf_t              out;
    cv_hook_t             hook;
    cv_error_t            error;
    cv_post_conf_t        conf;

    static const cv_str_t  secrets[] = {
        CV_STR(""), CV_STR("whsec_"), CV_STR("MfKQ9r8GKYqrTwjUPD8ILPZI"),
        CV_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"), CV_STR("whsec_!"),
    };

    (void) state;

    cv_buf_init(&out, 256);

    for (i = 0; i < CV_COUNT(secrets); i++) {
        assert_int_equal(cv_hook_sign(&out, secrets[i], ID, AT, BODY),
                         CV_ERR_INPUT);
        assert_int_equal(out.len, 0);
    }

    cv_buf_free(&out);

    conf = (cv_post_conf_t) { NULL, 1000 };
    hook = (cv_hook_t) { CV_STR("http://h.example/"), CV_STR("whsec_!"),
                         CV_ABSENT, ID, BODY, false };

    assert_null(cv_hook_attempt(&hook, &conf, AT, &error));
    assert_int_equal(error.code, CV_ERR_INPUT);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_other_signatures),
        cmocka_unit_test(test_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
