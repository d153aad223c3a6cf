
/*
 * Copyright (C) The credverify authors
 */

#include "cv_line.h"
#include "cv_text.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array)  (sizeof(array) / sizeof(array[0]))

#define TOKEN   "390aa046b2886a0a68fb36ff647b216d03cacd775bef52404dc6a3daf19a" \
                "3b5c"
#define HASH    "4b6ebc3f5b8b2c5ba8e4ea12ad6cc35db8cd2f5fcdc0c1b8d28f60b6b4d0" \
                "0000"

static cv_line_t   line;
static cv_error_t  error;


static int
setup(void **state)
{
    (void) state;
    error.text[0] = '\0';

    return cv_line_init(&line, &error) == CV_OK ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;
    cv_line_free(&line);

    return 0;
}


static cv_err_t
parse(const char *text)
{
    error.text[0] = '\0';

    return cv_line_read(&line, cv_str_z(text), &error);
}


/* Lines that are written as they were read, whatever they were read from. */

static void
test_round_trip(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const struct {
        const char  *in;
        const char  *out;       /* NULL: the same */
    } cases[] = {
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"}", NULL },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\"}", NULL },
        { " { \"name\" : \"N\" , \"id\":\"i\",\"url\":null,\"kind\":"
          "\"issuer\"}\t",
          "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"}" },
        { "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":-9223372036854775808,\"criteria\":{\"b\":[1,2.50,1e9,"
          "null,true,false,{}],\"a\":\"\"},\"tags\":[],\"valid_days\":"
          "9223372036854775807,\"listed\":false,\"position\":0}", NULL },
        { "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":-0,\"listed\":true}",
          "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":0,\"listed\":true}" },
        { "{\"kind\":\"holder\",\"id\":\"\\u00e9\",\"name\":\"\\ud83d\\ude00"
          "\\n\\u0001\\\"\\\\\\/\"}",
          "{\"kind\":\"holder\",\"id\":\"\xc3\xa9\",\"name\":\"\xf0\x9f\x98"
          "\x80\\n\\u0001\\\"\\\\/\"}" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\",\"holder\":"
          "\"h\",\"status\":\"claimed\",\"issued_at\":\"2026-02-15\","
          "\"expires_at\":\"2026-02-15t10:00:00.5+02:00\",\"test\":false,"
          "\"attributes\":{\"n\":null}}", NULL },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "\",\"credential\":"
          "\"x\",\"privacy\":\"masked\"}", NULL },
    };

    (void) state;
    cv_buf_init(&out, CV_LINE_MAX);

    for (i = 0; i < COUNT(cases); i++) {
        cv_buf_reset(&out);

        if (parse(cases[i].in) != CV_OK) {
            fail_msg("%s: %s", cases[i].in, error.text);
        }

        cv_line_write(&out, line.kind, &line.record);
        cv_buf_append_byte(&out, '\0');

        assert_string_equal((char *) out.data, cases[i].out != NULL
                                               ? cases[i].out : cases[i].in);
    }

    cv_buf_free(&out);
}


/* What is wrong with a line, and how it is said. */

#define CLASS  "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\","           \
               "\"title\":\"T\","
#define CREDENTIAL  "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\","  \
                    "\"holder\":\"h\",\"status\":\"issued\","

static void
test_errors(void **state)
{
    size_t  i;

    static const struct {
        const char  *in;
        const char  *error;     /* how it begins */
    } cases[] = {
        { "", "byte " },
        { "{", "byte " },
        { "[]", "not a JSON object" },
        { "1", "not a JSON object" },
        { "{}", "member \"kind\" is required" },
        { "{\"kind\":1}", "member \"kind\" must be a string" },
        { "{\"kind\":null}", "member \"kind\" must be a string" },
        { "{\"kind\":\"Issuer\"}", "unknown kind \"Issuer\"" },
        { "{\"kind\":\"\"}", "unknown kind \"\"" },
        { "{\"kind\":\"issuer\",\"id\":\"i\"}",
          "issuer: member \"name\" is required" },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":null}",
          "issuer: member \"name\" is required" },
        { "{\"kind\":\"issuer\",\"id\":\"\",\"name\":\"N\"}",
          "issuer: member \"id\" is empty" },
        { "{\"kind\":\"issuer\",\"id\":\"a\\u0007\",\"name\":\"N\"}",
          "issuer: member \"id\" is empty or has control characters" },
        { "{\"kind\":\"issuer\",\"id\":1,\"name\":\"N\"}",
          "issuer: member \"id\" must be a string" },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\",\"id\":\"j\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"kind\":\"holder\",\"id\":\"i\"}", "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\\u0000\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\xc0\x80\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"} {}", "byte " },
        { CREDENTIAL "\"foo\":1}", "credential: unknown member \"foo\"" },
        { CREDENTIAL "\"foo\":null}", "credential: unknown member \"foo\"" },
        { CREDENTIAL "\"token\":1}", "credential: unknown member \"token\"" },
        { CREDENTIAL "\"issued_at\":\"yesterday\"}",
          "credential: member \"issued_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"issued_at\":\"2026-02-30\"}",
          "credential: member \"issued_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"expires_at\":20260215}",
          "credential: member \"expires_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"test\":1}",
          "credential: member \"test\" must be true or false" },
        { CREDENTIAL "\"attributes\":[]}",
          "credential: member \"attributes\" must be an object" },
        { CREDENTIAL "\"evidence\":{}}",
          "credential: member \"evidence\" must be an array" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\",\"holder\":"
          "\"h\",\"status\":\"expired\"}",
          "credential: member \"status\" must be one of draft, pending, "
          "issued, claimed, used, refunded, revoked" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":7}",
          "credential: member \"class\" must be a string" },
        { CLASS "\"level\":1.0}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":1e3}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":\"1\"}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":9223372036854775808}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":-9223372036854775809}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":99999999999999999999999999}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"listed\":\"true\"}",
          "class: member \"listed\" must be true or false" },
        { "{\"kind\":\"token\",\"token\":\"12\",\"credential\":\"x\"}",
          "token: member \"token\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"token\":7,\"credential\":\"x\"}",
          "token: member \"token\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "0\"}",
          "token: member \"token_sha256\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"credential\":\"x\"}",
          "token: member \"token_sha256\" is required" },
        { "{\"kind\":\"token\",\"token\":\"" TOKEN "\",\"token_sha256\":\""
          HASH "\",\"credential\":\"x\"}",
          "token: give \"token\" or \"token_sha256\", not both" },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "\",\"token\":\""
          TOKEN "\",\"credential\":\"x\"}",
          "token: give \"token\" or \"token_sha256\", not both" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        if (parse(cases[i].in) != CV_ERR_INPUT
            || strncmp(error.text, cases[i].error, strlen(cases[i].error))
               != 0)
        {
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].in, error.text,
                     cases[i].error);
        }

        assert_int_equal(line.unkept, -1);
    }
}


static void
test_unkept(void **state)
{
    char    text[64];
    size_t  i;

    (void) state;

    for (i = 0; cv_unkept_kinds[i] != NULL; i++) {
        (void) snprintf(text, sizeof(text), "{\"kind\":\"%s\",\"any\":1}",
                        cv_unkept_kinds[i]);

        assert_int_equal(parse(text), CV_ERR_INPUT);
        assert_int_equal(line.unkept, i);

        (void) snprintf(text, sizeof(text),
                        "kind \"%s\" is not supported by this version",
                        cv_unkept_kinds[i]);
        assert_string_equal(error.text, text);
    }

    /* and the next line knows nothing of it */

    assert_int_equal(parse("{\"kind\":\"x\"}"), CV_ERR_INPUT);
    assert_int_equal(line.unkept, -1);
}


/* A token's digits are taken in either case, and kept as one hash. */

static void
test_token(void **state)
{
    char         text[256], digits[65], upper[] = TOKEN;
    size_t       i;
    const char  *forms[2];

    (void) state;

    for (i = 0; upper[i] != '\0'; i++) {
        upper[i] = (char) (upper[i] >= 'a' ? upper[i] - 0x20 : upper[i]);
    }

    forms[0] = TOKEN;
    forms[1] = upper;

    for (i = 0; i < COUNT(forms); i++) {
        (void) snprintf(text, sizeof(text), "{\"kind\":\"token\",\"token\":"
                        "\"%s\",\"credential\":\"x\"}", forms[i]);

        assert_int_equal(parse(text), CV_OK);
        assert_int_equal(line.kind, CV_TOKEN);

        cv_hex_encode(digits, line.record.token.hash);
        digits[64] = '\0';

        assert_string_equal(digits, "1a762a70a38d854d607d21bec94147a202070ef5"
                                    "de39725e3b84ed7afe4d1896");
    }
}


/* Lines that mean harm: each is refused, none takes long. */

static void
test_hostile(void **state)
{
    size_t    i;
    cv_buf_t  text;

    static const struct {
        const char  *before;
        const char  *middle;
        const char  *after;
        size_t       times;
    } cases[] = {
        { CREDENTIAL "\"attributes\":", "[", "", 400000 },
        { CREDENTIAL "\"attributes\":", "{\"a\":", "", 100000 },
        { CREDENTIAL "\"attributes\":{", "\"a\":1,", "\"b\":1}}", 100000 },
        { CREDENTIAL "\"evidence\":[", "0,", "0]}", 400000 },
        { CREDENTIAL "\"narrative\":\"", "x", "\"}", 1000000 },
        { CREDENTIAL "\"narrative\":\"", "x", "\"}", CV_LINE_MAX },
        { CREDENTIAL "\"", "x", "\":1}", 1000 },
        { CREDENTIAL "\"", "x", "\":1}", 65536 },
        { CREDENTIAL "\"number\":\"", "x", "\"}", 256 },
        { CREDENTIAL "\"issued_at\":\"2026-02-15T00:00:00.", "0", "Z\"}",
          1000 },
        { CLASS "\"level\":", "1", "}", 100000 },
        { "", " ", "", CV_LINE_MAX },
        { "", "\xff", "", 1000 },
    };

    (void) state;
    cv_buf_init(&text, 4 * CV_LINE_MAX);

    for (i = 0; i < COUNT(cases); i++) {
        size_t  n;

        cv_buf_reset(&text);
        cv_buf_append_str(&text, cv_str_z(cases[i].before));

        for (n = 0; n < cases[i].times; n++) {
            cv_buf_append_str(&text, cv_str_z(cases[i].middle));
        }

        cv_buf_append_str(&text, cv_str_z(cases[i].after));

        assert_false(cv_buf_failed(&text));
        assert_int_equal(cv_line_read(&line, cv_buf_str(&text), &error),
                         CV_ERR_INPUT);
    }

    /* a NUL does not end a text */

    cv_buf_reset(&text);
    cv_buf_append_str(&text, CV_STR("{\"kind\":\"issuer\",\"id\":\"i\","
                                    "\"name\":\"N\"}\0"));
    assert_int_equal(cv_line_read(&line, cv_buf_str(&text), &error),
                     CV_ERR_INPUT);

    cv_buf_free(&text);
}


/* The longest records that are taken fit into the store. */

static void
test_longest(void **state)
{
    size_t       i, n, start;
    cv_buf_t     text, stored;
    const char  *members[] = { "criteria", "requires" };

    (void) state;
    cv_buf_init(&text, CV_LINE_MAX);
    cv_buf_init(&stored, CV_RECORD_MAX);

    for (n = 50000; n < 70000; n += 1000) {
        cv_buf_reset(&text);
        cv_buf_append_str(&text, CV_STR("{\"kind\":\"class\",\"id\":\"c\","
                                        "\"issuer\":\"i\",\"title\":\"T\","
                                        "\"description\":\""));

        for (i = 0; i < 32000; i++) {
            cv_buf_append_byte(&text, 'x');
        }

        cv_buf_append_byte(&text, '"');
        start = text.len;

        for (i = 0; i < 4; i++) {
            cv_buf_printf(&text, ",\"%s\":%s\"",
                          i < 2 ? members[i] : i == 2 ? "tags" : "alignment",
                          i < 2 ? "{\"a\":" : "[");

            while (text.len < start + (i + 1) * n) {
                cv_buf_append_byte(&text, 'x');
            }

            cv_buf_append_str(&text, i < 2 ? CV_STR("\"}") : CV_STR("\"]"));
        }

        cv_buf_append_byte(&text, '}');

        if (cv_line_read(&line, cv_buf_str(&text), &error) == CV_OK) {
            cv_buf_reset(&stored);
            cv_record_encode(&stored, line.kind, CV_STR("12345678"),
                             &line.record);
            assert_false(cv_buf_failed(&stored));
            assert_true(n < 60000);

        } else {
            assert_true(n > 50000);
        }
    }

    cv_buf_free(&stored);
    cv_buf_free(&text);
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

    const struct CMUnitTest  tests[] = {
        TEST(test_round_trip),
        TEST(test_errors),
        TEST(test_unkept),
        TEST(test_token),
        TEST(test_hostile),
        TEST(test_longest),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
