
/*
 * Copyright (C) The credverify authors
 */

#include "cv_key.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#define SECRET  "CuJabmeaI77NKsoaAJ15fh3FvyffAiSU"


static void
test_read(void **state)
{
    size_t         i;
    cv_key_text_t  key;

    static const struct {
        const char      *text;
        const char      *brand;
        cv_key_class_t   class;
        const char      *prefix;
        const char      *secret;
    } cases[] = {
        { "scs_live_" SECRET, "scs", CV_KEY_LIVE, "scs_live_", SECRET },
        { "tc_test_" SECRET, "tc", CV_KEY_TEST, "tc_test_", SECRET },
        { "A1_badge_" SECRET "123456", "A1", CV_KEY_BADGE, "A1_badge_",
          SECRET "123456" },
        { "live_live_live_" SECRET, "live", CV_KEY_LIVE, "live_live_",
          "live_" SECRET },
        { "a_live__" SECRET, "a", CV_KEY_LIVE, "a_live_", "_" SECRET },
        { "a_live_!~$%&'()*+,-./:;<=>?@[]^`{|}" SECRET, "a", CV_KEY_LIVE,
          "a_live_", "!~$%&'()*+,-./:;<=>?@[]^`{|}" SECRET },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        if (!cv_key_read(&key, cv_str_z(cases[i].text))) {
            fail_msg("%s", cases[i].text);
        }

        assert_true(cv_str_eq(key.brand, cv_str_z(cases[i].brand)));
        assert_int_equal(key.class, cases[i].class);
        assert_true(cv_str_eq(key.prefix, cv_str_z(cases[i].prefix)));
        assert_true(cv_str_eq(key.secret, cv_str_z(cases[i].secret)));
    }
}


static void
test_refused(void **state)
{
    char           text[CV_CLEAR_MAX + 1];
    size_t         i;
    cv_key_text_t  key;

    static const char *const  cases[] = {
        "", "_", "__", "scs", "scs_", "scs_live", "scs_live_",
        "scs_live_CuJabmeaI77NKsoaAJ15fh3FvyffAiS",
        "_live_" SECRET, "scs__" SECRET, "scs_" SECRET, SECRET,
        "scs_Live_" SECRET, "scs_demo_" SECRET, "scslive_" SECRET,
        "s-s_live_" SECRET, "s s_live_" SECRET, "\xc3\xa9_live_" SECRET,
        " scs_live_" SECRET, "scs_live_" SECRET " ", "scs_live_ " SECRET,
        "scs_live_" SECRET "\n", "scs_live_" SECRET "\x7f",
        "scs_live_\xc3\xa9" SECRET,
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        if (cv_key_read(&key, cv_str_z(cases[i]))) {
            fail_msg("%s", cases[i]);
        }
    }

    /* not a byte more than is kept */

    memset(text, 'x', sizeof(text));
    memcpy(text, "a_live_", 7);

    assert_true(cv_key_read(&key, cv_str(text, CV_CLEAR_MAX)));
    assert_false(cv_key_read(&key, cv_str(text, CV_CLEAR_MAX + 1)));

    /* nor is what comes after a text looked at */

    assert_false(cv_key_read(&key, cv_str(text, 7 + CV_KEY_SECRET_MIN - 1)));
    assert_true(cv_key_read(&key, cv_str(text, 7 + CV_KEY_SECRET_MIN)));
}


/* What may be the beginning of a key is kept out of what is said. */

static void
test_looks(void **state)
{
    size_t  i;

    static const struct {
        const char  *text;
        bool         looks;
    } cases[] = {
        { "scs_live_" SECRET, true },
        { "scs_live_0123456789abcdef", true },
        { "scs_live_0123456789abcde", false },
        { "scs_live_0123456789abcde\xff", true },
        { "my_test_course", false },
        { "_live_" SECRET, false },
        { "a.b_live_" SECRET, false },
        { SECRET, false },
        { "", false },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        if (cv_key_looks(cv_str_z(cases[i].text)) != cases[i].looks) {
            fail_msg("%s", cases[i].text);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_looks),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
