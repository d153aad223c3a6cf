
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base64.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* more than is decoded at once, several times */
#define LONG  3000

typedef struct {
    cv_str_t  data;
    cv_str_t  text;
    cv_str_t  url;
} same_t;

/* RFC 4648, sections 10 and 9; RFC 7515, appendix C */

static const same_t  same[] = {
    { CV_STR(""), CV_STR(""), CV_STR("") },
    { CV_STR("f"), CV_STR("Zg=="), CV_STR("Zg") },
    { CV_STR("fo"), CV_STR("Zm8="), CV_STR("Zm8") },
    { CV_STR("foo"), CV_STR("Zm9v"), CV_STR("Zm9v") },
    { CV_STR("foob"), CV_STR("Zm9vYg=="), CV_STR("Zm9vYg") },
    { CV_STR("fooba"), CV_STR("Zm9vYmE="), CV_STR("Zm9vYmE") },
    { CV_STR("foobar"), CV_STR("Zm9vYmFy"), CV_STR("Zm9vYmFy") },
    { CV_STR("\x14\xfb\x9c\x03\xd9\x7e"), CV_STR("FPucA9l+"),
      CV_STR("FPucA9l-") },
    { CV_STR("\x14\xfb\x9c\x03\xd9"), CV_STR("FPucA9k="), CV_STR("FPucA9k") },
    { CV_STR("\x03\xec\xff\xe0\xc1"), CV_STR("A+z/4ME="), CV_STR("A-z_4ME") },
    { CV_STR("\0\0\0"), CV_STR("AAAA"), CV_STR("AAAA") },
    { CV_STR("\xff\xff"), CV_STR("//8="), CV_STR("__8") },
};


static void
test_vectors(void **state)
{
    size_t    i;
    uint8_t   memory[64];
    cv_buf_t  out;

    (void) state;

    for (i = 0; i < CV_COUNT(same); i++) {

        /* a buffer that has room for just that */

        cv_buf_borrow(&out, memory, CV_BASE64_LEN(same[i].data.len));
        cv_base64_encode(&out, same[i].data);
        assert_false(cv_buf_failed(&out));
        assert_true(cv_str_eq(cv_buf_str(&out), same[i].text));

        cv_buf_borrow(&out, memory, CV_BASE64URL_LEN(same[i].data.len));
        cv_base64url_encode(&out, same[i].data);
        assert_false(cv_buf_failed(&out));
        assert_true(cv_str_eq(cv_buf_str(&out), same[i].url));

        cv_buf_borrow(&out, memory, same[i].data.len);
        assert_int_equal(cv_base64_decode(&out, same[i].text), CV_OK);
        assert_true(cv_str_eq(cv_buf_str(&out), same[i].data));

        cv_buf_borrow(&out, memory, same[i].data.len);
        assert_int_equal(cv_base64url_decode(&out, same[i].url), CV_OK);
        assert_true(cv_str_eq(cv_buf_str(&out), same[i].data));
    }
}


static void
test_refused(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const cv_str_t  standard[] = {
        CV_STR("Z"), CV_STR("Zg"), CV_STR("Zg="), CV_STR("Zg==="),
        CV_STR("Zg===="), CV_STR("Zm8"), CV_STR("Zm9v="), CV_STR("Zm9v===="),
        CV_STR("="), CV_STR("=="), CV_STR("==="), CV_STR("===="),
        CV_STR("Z==="), CV_STR("A==="), CV_STR("Z=g="), CV_STR("Zg==Zg=="),
        CV_STR("Zm8=Zm9v"), CV_STR("=Zm9"), CV_STR("Zm=v"),
        /* white space, line ends and what OpenSSL takes for an end */
        CV_STR(" Zm9v"), CV_STR("Zm9v "), CV_STR("Zm9v\n"), CV_STR("    Zm9v"),
        CV_STR("Zm9v\r\n\r\n"), CV_STR("Zm9v\n\n\n\n"), CV_STR("Zm 9"),
        CV_STR("Zm9v----"), CV_STR("Zm9-"), CV_STR("Zm9v\0\0\0\0"),
        CV_STR("Zm\0v"),
        /* bits that no byte has */
        CV_STR("Zh=="), CV_STR("Zv=="), CV_STR("Zm9="), CV_STR("Zm+="),
        CV_STR("Zm9vZh=="),
        /* what is no digit */
        CV_STR("A-z_4ME="), CV_STR("Zm9*"), CV_STR("Zm9\x80"),
        CV_STR("Zm9\xff"), CV_STR("Zm.v"), CV_STR("\xc3\xa9\xc3\xa9"),
        CV_STR("Zm9@"), CV_STR("Zm9["), CV_STR("Zm9`"), CV_STR("Zm9{"),
        CV_STR("Zm9:"),
    };

    static const cv_str_t  url[] = {
        CV_STR("Z"), CV_STR("A"), CV_STR("Zm9vA"), CV_STR("Zm9vY"),
        CV_STR("Zg=="), CV_STR("Zm8="),
        CV_STR("="), CV_STR("===="), CV_STR("Zm9v\n"), CV_STR("Zm9v "),
        CV_STR(" Zm9v"), CV_STR("Zg\n"), CV_STR("Zm9v----="),
        CV_STR("FPucA9l+"), CV_STR("A+z/4ME"), CV_STR("Zh"), CV_STR("Zm9"), CV_STR("Zm9v\0\0\0"),
        CV_STR("Zm.v"), CV_STR("Zm9\xe4"),
    };

    (void) state;

    cv_buf_init(&out, 256);
    cv_buf_append_str(&out, CV_STR("kept"));

    for (i = 0; i < CV_COUNT(standard); i++) {
        if (cv_base64_decode(&out, standard[i]) != CV_ERR_INPUT) {
            fail_msg("standard[%zu] is taken", i);
        }

        assert_true(cv_str_eq(cv_buf_str(&out), CV_STR("kept")));
    }

    for (i = 0; i < CV_COUNT(url); i++) {
        if (cv_base64url_decode(&out, url[i]) != CV_ERR_INPUT) {
            fail_msg("url[%zu] is taken", i);
        }

        assert_true(cv_str_eq(cv_buf_str(&out), CV_STR("kept")));
    }

    cv_buf_free(&out);
}


/* Every length, so that every piece of a long text ends everywhere. */

static void
test_lengths(void **state)
{
    size_t    i, at;
    uint8_t   data[LONG];
    cv_buf_t  text, url, back;

    (void) state;

    for (i = 0; i < LONG; i++) {
        data[i] = (uint8_t) (i * 7 + i / 251);
    }

    cv_buf_init(&text, CV_BASE64_LEN(LONG));
    cv_buf_init(&url, CV_BASE64URL_LEN(LONG));
    cv_buf_init(&back, LONG);

    for (i = 0; i <= LONG; i += 1 + i / 100) {
        cv_buf_reset(&text);
        cv_buf_reset(&url);

        cv_base64_encode(&text, cv_str(data, i));
        assert_int_equal(text.len, CV_BASE64_LEN(i));

        cv_buf_reset(&back);
        assert_int_equal(cv_base64_decode(&back, cv_buf_str(&text)), CV_OK);
        assert_true(cv_str_eq(cv_buf_str(&back), cv_str(data, i)));

        cv_base64url_encode(&url, cv_str(data, i));
        assert_int_equal(url.len, CV_BASE64URL_LEN(i));

        cv_buf_reset(&back);
        assert_int_equal(cv_base64url_decode(&back, cv_buf_str(&url)), CV_OK);
        assert_true(cv_str_eq(cv_buf_str(&back), cv_str(data, i)));

        if (i > 0) {
            at = i * 5 % text.len;
            text.data[at] = '\n';
            cv_buf_reset(&back);
            assert_int_equal(cv_base64_decode(&back, cv_buf_str(&text)),
                             CV_ERR_INPUT);
            assert_int_equal(back.len, 0);
        }
    }

    cv_buf_free(&text);
    cv_buf_free(&url);
    cv_buf_free(&back);
}


/* Every text of one block decodes to nothing, or to what encodes to it. */

static void
test_one_text(void **state)
{
    size_t    i, j, n, good;
    uint8_t   text[3], memory[8], again[8];
    cv_buf_t  out, back;

    (void) state;

    for (good = 0, n = 2; n <= 3; n++) {
        text[0] = 'Q';
        text[1] = 'Q';

        for (i = 0; i < 256; i++) {
            text[n - 1] = (uint8_t) i;

            for (j = 0; j < 2; j++) {
                cv_buf_borrow(&out, memory, sizeof(memory));
                cv_buf_borrow(&back, again, sizeof(again));

                if (cv_base64url_decode(&out, cv_str(text, n)) == CV_OK) {
                    cv_base64url_encode(&back, cv_buf_str(&out));
                    assert_true(cv_str_eq(cv_buf_str(&back), cv_str(text, n)));
                    good++;
                }

                text[0] ^= 'Q' ^ '_';
            }
        }
    }

    /* of the last digit 2 bits of 6 are used, or 4; two first ones */

    assert_int_equal(good, 2 * 4 + 2 * 16);
}


static void
test_no_room(void **state)
{
    uint8_t   memory[4];
    cv_buf_t  out;

    (void) state;

    cv_buf_borrow(&out, memory, 3);
    cv_base64_encode(&out, CV_STR("f"));
    assert_int_equal(out.err, CV_ERR_LIMIT);

    cv_buf_borrow(&out, memory, 2);
    assert_int_equal(cv_base64_decode(&out, CV_STR("Zm9v")), CV_ERR_LIMIT);
    assert_int_equal(out.len, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_one_text),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
