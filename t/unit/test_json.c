
/*
 * Copyright (C) The credverify authors
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cv_json.h"

#define DEEP_31  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define SHUT_31  "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"


typedef struct {
    cv_str_t     input;
    const char  *expected;      /* compact JSON, or an error's text */
} json_case_t;

#define TEXT(literal)  { (const uint8_t *) literal, sizeof(literal) - 1 }


static const json_case_t  accepted[] = {
    { TEXT("null"), "null" },
    { TEXT(" true "), "true" },
    { TEXT("false\n"), "false" },
    { TEXT("0"), "0" },
    { TEXT("-0"), "-0" },
    { TEXT("1.50"), "1.50" },
    { TEXT("1E400"), "1E400" },
    { TEXT("123456789012345678901234567890"),
      "123456789012345678901234567890" },
    { TEXT("\"\""), "\"\"" },
    { TEXT("\"a\\/b\\u0041\\n\""), "\"a/bA\\n\"" },
    { TEXT("\"\\ud83d\\ude00\""), "\"\xf0\x9f\x98\x80\"" },
    { TEXT("\"\\\\u0000\""), "\"\\\\u0000\"" },
    { TEXT("\"\xf4\x8f\xbf\xbf\""), "\"\xf4\x8f\xbf\xbf\"" },
    { TEXT("\"\\u001f\\u007f\""), "\"\\u001f\x7f\"" },
    { TEXT("[]"), "[]" },
    { TEXT("{}"), "{}" },
    { TEXT("[1, [2, {\"a\": []}], {}]"), "[1,[2,{\"a\":[]}],{}]" },
    { TEXT("{\"a\":{\"a\":1},\"b\":{\"a\":2},\"A\":3,\"\":4}"),
      "{\"a\":{\"a\":1},\"b\":{\"a\":2},\"A\":3,\"\":4}" },
    { TEXT(DEEP_31 "1" SHUT_31), DEEP_31 "1" SHUT_31 },
    { TEXT(DEEP_31 "[]" SHUT_31), DEEP_31 "[]" SHUT_31 },
};


static const json_case_t  refused[] = {
    { TEXT(""), "byte 0: premature EOF" },
    { TEXT(" "), "byte 1: premature EOF" },
    { TEXT("["), "byte 1: premature EOF" },
    { TEXT("{\"a\""), "premature EOF" },
    { TEXT("\"a"), "premature EOF" },
    { TEXT("nul"), "invalid string in json text" },
    { TEXT("nulx"), "invalid string in json text" },
    { TEXT("tru"), "invalid string in json text" },
    { TEXT("1 2"), "trailing garbage" },
    { TEXT("{} x"), "trailing garbage" },
    { TEXT("{}{}"), "trailing garbage" },
    { TEXT("[1,]"), "unallowed token" },
    { TEXT("[,1]"), "unallowed token" },
    { TEXT("{\"a\":1,}"), "invalid object key" },
    { TEXT("{a:1}"), "invalid char" },
    { TEXT("{1:1}"), "invalid object key" },
    { TEXT("{\"a\" 1}"), "separated by a colon" },
    { TEXT("[1 2]"), "I expect ',' or ']'" },
    { TEXT("'a'"), "invalid char" },
    { TEXT("01"), "trailing garbage" },
    { TEXT("-"), "a digit is required after the minus" },
    { TEXT("+1"), "invalid char" },
    { TEXT("1."), "a digit is required after the decimal" },
    { TEXT(".5"), "invalid char" },
    { TEXT("1e"), "a digit is required after the exponent" },
    { TEXT("[1.e5]"), "malformed number" },
    { TEXT("NaN"), "invalid char" },
    { TEXT("// c\n1"), "line 1: probable comment" },
    { TEXT("/* c */1"), "probable comment" },
    { TEXT("\xef\xbb\xbf{}"), "byte 1: invalid char" },
    { TEXT("\"\\x41\""), "occurs before a character which it may not" },
    { TEXT("\"\\u12g4\""), "invalid" },
    { TEXT("\"\\u12"), "non-hex" },
    { TEXT("\"\t\""), "invalid" },
    { TEXT("\"\n\""), "invalid" },
    { TEXT("[1,\f2]"), "byte 3: control character 0x0c" },
    { TEXT("[1,\v2]"), "byte 3: control character 0x0b" },
    { TEXT("\"a\0b\""), "byte 2: control character 0x00" },
    { TEXT("{}\0"), "byte 2: control character 0x00" },
    { TEXT("\"\\u0000\""), "byte 1: \\u0000 is not allowed" },
    { TEXT("{\"a\\u0000\":1}"), "\\u0000 is not allowed" },
    { TEXT("\"\\\\\\u0000\""), "\\u0000 is not allowed" },
    { TEXT("\"\\ud800\""), "byte 1: unpaired surrogate \\ud800" },
    { TEXT("\"\\udc00\""), "unpaired surrogate \\udc00" },
    { TEXT("\"\\udbffx\""), "unpaired surrogate \\udbff" },
    { TEXT("\"\\ud800\\u0041\""), "unpaired surrogate \\ud800" },
    { TEXT("\"\\ud800\\ud800\""), "unpaired surrogate \\ud800" },
    { TEXT("\"\\ud800\\"), "unpaired surrogate \\ud800" },
    { TEXT("\"\\udc00\\udc00\""), "unpaired surrogate \\udc00" },
    { TEXT("\"ab\xc0\x80\""), "byte 3: invalid UTF-8" },
    { TEXT("\"\xe0\x80\x80\""), "byte 1: invalid UTF-8" },
    { TEXT("\"\xed\xa0\x80\""), "invalid UTF-8" },
    { TEXT("\"\xf4\x90\x80\x80\""), "invalid UTF-8" },
    { TEXT("\"\xc3\xa9\xc3\""), "byte 3: invalid UTF-8" },
    { TEXT("\"\x80\""), "invalid UTF-8" },
    { TEXT("\"\xff\""), "invalid UTF-8" },
    { TEXT("{\"a\":1,\"a\":2}"), "byte 10: duplicate member \"a\"" },
    { TEXT("{\"a\":1,\"\\u0061\":2}"), "duplicate member \"a\"" },
    { TEXT("{\"a\":{},\n\"b\":[1,\n{\"c\":1,\n\"c\":2}]}"),
      "line 4: duplicate member \"b[1].c\"" },
    { TEXT(DEEP_31 "[1]" SHUT_31), "nested deeper than 32 levels" },
    { TEXT(DEEP_31 "[[" ), "nested deeper than 32 levels" },
};


static void
test_accepted(void **state)
{
    size_t      i;
    cv_buf_t    doc, json;
    cv_error_t  error;

    (void) state;

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        cv_buf_init(&doc, 4096);
        cv_buf_init(&json, 4096);

        if (cv_json_parse(&doc, accepted[i].input, &error) != CV_OK) {
            fail_msg("%.*s: %s", CV_FMT(accepted[i].input), error.text);
        }

        assert_true(cv_doc_valid(cv_buf_str(&doc)));

        cv_doc_write_json(&json, cv_buf_str(&doc));
        cv_buf_append_byte(&json, '\0');

        assert_string_equal((char *) json.data, accepted[i].expected);

        cv_buf_free(&doc);
        cv_buf_free(&json);
    }
}


static void
test_refused(void **state)
{
    size_t      i;
    cv_buf_t    doc;
    cv_error_t  error;

    (void) state;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        cv_buf_init(&doc, 4096);
        cv_buf_append(&doc, "kept", 4);

        if (cv_json_parse(&doc, refused[i].input, &error) == CV_OK) {
            fail_msg("accepted: %.*s", CV_FMT(refused[i].input));
        }

        if (strstr(error.text, refused[i].expected) == NULL) {
            fail_msg("%.*s: \"%s\" lacks \"%s\"", CV_FMT(refused[i].input),
                     error.text, refused[i].expected);
        }

        assert_int_equal(doc.len, 4);
        cv_buf_free(&doc);
    }
}


/* memory that ends where the text does: sanitizers see over-reads */

static void
test_truncated(void **state)
{
    static const char  text[] =
        "{\"a\\ud83d\\ude00\":[1.5e3,true,null,\"\\n\"],"
        "\"b\":{\"c\":\"\xf0\x9f\x98\x80\"}}";

    size_t    len;
    uint8_t  *copy;
    cv_buf_t  doc;

    (void) state;

    for (len = 0; len < sizeof(text) - 1; len++) {
        copy = test_malloc(len + 1);
        memcpy(copy + 1, text, len);

        cv_buf_init(&doc, 4096);
        assert_int_not_equal(cv_json_parse(&doc, cv_str(copy + 1, len), NULL),
                             CV_OK);
        cv_buf_free(&doc);
        test_free(copy);
    }
}


static void
test_limits(void **state)
{
    size_t      i, n;
    cv_buf_t    doc, text;
    cv_error_t  error;

    (void) state;

    /* members of one object */

    for (n = CV_JSON_MEMBERS; n <= CV_JSON_MEMBERS + 1; n++) {
        cv_buf_init(&doc, 1 << 20);
        cv_buf_init(&text, 1 << 20);

        cv_buf_append_byte(&text, '{');

        for (i = 0; i < n; i++) {
            cv_buf_printf(&text, "%s\"%zu\":{}", i == 0 ? "" : ",", i);
        }

        cv_buf_append_byte(&text, '}');

        assert_int_equal(cv_json_parse(&doc, cv_buf_str(&text), &error),
                         n == CV_JSON_MEMBERS ? CV_OK : CV_ERR_LIMIT);

        if (n > CV_JSON_MEMBERS) {
            assert_non_null(strstr(error.text, "more than 1024 members"));
        }

        cv_buf_free(&doc);
        cv_buf_free(&text);
    }

    /* members of objects that are closed do not count */

    cv_buf_init(&doc, 1 << 20);
    cv_buf_init(&text, 1 << 20);
    cv_buf_append_byte(&text, '[');

    for (i = 0; i < 2000; i++) {
        cv_buf_printf(&text, "%s{\"a\":{\"a\":1},\"b\":2}",
                      i == 0 ? "" : ",");
    }

    cv_buf_append_byte(&text, ']');
    assert_int_equal(cv_json_parse(&doc, cv_buf_str(&text), &error), CV_OK);
    cv_buf_free(&doc);
    cv_buf_free(&text);

    /* the document's own limit */

    cv_buf_init(&doc, 16);
    assert_int_equal(cv_json_parse(&doc, CV_STR("\"0123456789a\""), &error),
                     CV_OK);
    cv_buf_reset(&doc);
    assert_int_equal(cv_json_parse(&doc, CV_STR("\"0123456789ab\""), &error),
                     CV_ERR_LIMIT);
    assert_non_null(strstr(error.text, "the document is too long"));
    cv_buf_free(&doc);

    /* the text's, and brackets without end */

    cv_buf_init(&doc, 1 << 20);
    cv_buf_init(&text, CV_JSON_TEXT_MAX + 1);
    memset(cv_buf_extend(&text, CV_JSON_TEXT_MAX), '[', CV_JSON_TEXT_MAX);
    assert_int_equal(cv_json_parse(&doc, cv_buf_str(&text), &error),
                     CV_ERR_LIMIT);
    assert_non_null(strstr(error.text, "nested deeper"));

    cv_buf_append_byte(&text, ' ');
    assert_int_equal(cv_json_parse(&doc, cv_buf_str(&text), &error),
                     CV_ERR_LIMIT);
    assert_non_null(strstr(error.text, "the text is too long"));
    cv_buf_free(&doc);
    cv_buf_free(&text);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
