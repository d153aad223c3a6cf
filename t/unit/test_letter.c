
/*
 * Copyright (C) The credverify authors
 *
 * Header fields of mail: what is put into them, and that nothing gets out.
 */

#include "cv_letter.h"
#include "cv_base64.h"
#include "cv_mailbox.h"
#include "cv_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LETTERS_64                                                            \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

typedef struct {
    const char  *input;
    const char  *expected;
} letter_case_t;


static void
assert_text(const cv_buf_t *out, const char *input, const char *expected)
{
    cv_str_t  text;

    text = cv_buf_str(out);

    assert_false(cv_buf_failed(out));

    if (!cv_str_eq(text, cv_str_z(expected))) {
        fail_msg("\"%s\": \"%.*s\", not \"%s\"", input, CV_FMT(text),
                 expected);
    }
}


static void
test_addresses(void **state)
{
    size_t      i;
    cv_error_t  error;

    static const char *const  good[] = {
        "a@b", "jane@example.com", "jane.doe+tag@mail.example.co",
        "!#$%&'*+-/=?^_`{|}~@x-1.example", "1@2.3",
        LETTERS_64 "@example.com",
    };

    static const letter_case_t  bad[] = {
        { "", "no \"@\"" },
        { "jane", "no \"@\"" },
        { "@example.com", "before its \"@\"" },
        { "jane@", "behind its \"@\"" },
        { ".jane@example.com", "before its \"@\"" },
        { "jane.@example.com", "before its \"@\"" },
        { "ja..ne@example.com", "before its \"@\"" },
        { "a@b@example.com", "before its \"@\"" },
        { "\"jane\"@example.com", "before its \"@\"" },
        { "jane>@example.com", "before its \"@\"" },
        { "<jane@example.com", "before its \"@\"" },
        { "jane,joe@example.com", "before its \"@\"" },
        { "jane@example.com>", "behind its \"@\"" },
        { "jane@example..com", "behind its \"@\"" },
        { "jane@.example.com", "behind its \"@\"" },
        { "jane@example.com.", "behind its \"@\"" },
        { "jane@-example.com", "behind its \"@\"" },
        { "jane@example-.com", "behind its \"@\"" },
        { "jane@example.com-", "behind its \"@\"" },
        { "jane@exam_ple.com", "behind its \"@\"" },
        { "jane@[127.0.0.1]", "behind its \"@\"" },
        { "jane@example.com,joe@example.com", "before its \"@\"" },
        { "jane@example.com RCPT", "a space or a control" },
        { "jane@example.com\r\nRCPT TO:<joe@example.com>",
          "a space or a control" },
        { "jane\n@example.com", "a space or a control" },
        { "jane\t@example.com", "a space or a control" },
        { "jane\x7f@example.com", "a space or a control" },
        { "jos\xc3\xa9@example.com", "not ASCII" },
        { "jane@ex\xc3\xa4mple.com", "not ASCII" },
        { LETTERS_64 "a@example.com", "too long" },
        { "jane@" LETTERS_64 ".com", "behind its \"@\"" },
        { "a@" LETTERS_64 LETTERS_64 LETTERS_64 LETTERS_64, "too long" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(good); i++) {
        if (cv_mailbox_check(cv_str_z(good[i]), &error) != CV_OK) {
            fail_msg("%s: %s", good[i], error.text);
        }
    }

    for (i = 0; i < CV_COUNT(bad); i++) {
        if (cv_mailbox_check(cv_str_z(bad[i].input), &error)
            != CV_ERR_INPUT)
        {
            fail_msg("taken: %s", bad[i].input);
        }

        if (strstr(error.text, bad[i].expected) == NULL) {
            fail_msg("%s: %s", bad[i].input, error.text);
        }
    }

    /* a NUL is a byte like others */

    assert_int_equal(cv_mailbox_check(CV_STR("a\0@b"), &error), CV_ERR_INPUT);
    assert_int_equal(cv_mailbox_check(CV_STR("a@b\0"), &error), CV_ERR_INPUT);
}


static void
test_texts(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const letter_case_t  texts[] = {
        { "", "" },
        { "Your badge: \"Web\" <b> (x), y;", "Your badge: \"Web\" <b> (x), y;" },
        { "=?UTF-8?Q?a?=", "=?UTF-8?B?PT9VVEYtOD9RP2E/PQ==?=" },
        { " a", "=?UTF-8?B?IGE=?=" },
        { "a ", "=?UTF-8?B?YSA=?=" },
        { "\xc3\xa9", "=?UTF-8?B?w6k=?=" },
        { "a\r\nBcc: b@c.example", "a  Bcc: b@c.example" },
        { "a\xc2\x85" "b\xe2\x80\xa8" "c", "a b c" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9",
          "=?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh?=\r\n "
          "=?UTF-8?B?w6k=?=" },

        /* no character is in two words */

        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9",
          "=?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n "
          "=?UTF-8?B?w6k=?=" },
    };

    static const letter_case_t  names[] = {
        { "", "a@b" },
        { "Jane", "\"Jane\"\r\n <a@b>" },
        { "J \"X\" \\ <c@d>, e", "\"J \\\"X\\\" \\\\ <c@d>, e\"\r\n <a@b>" },
        { "Jane\r\nBcc: c@d", "\"Jane  Bcc: c@d\"\r\n <a@b>" },
        { "Jos\xc3\xa9", "=?UTF-8?B?Sm9zw6k=?=\r\n <a@b>" },
    };

    (void) state;

    cv_buf_init(&out, 4096);

    for (i = 0; i < CV_COUNT(texts); i++) {
        cv_buf_reset(&out);
        cv_letter_text(&out, cv_str_z(texts[i].input));
        assert_text(&out, texts[i].input, texts[i].expected);
    }

    for (i = 0; i < CV_COUNT(names); i++) {
        cv_buf_reset(&out);
        cv_letter_mailbox(&out, cv_str_z(names[i].input), CV_STR("a@b"));
        assert_text(&out, names[i].input, names[i].expected);
    }

    cv_buf_reset(&out);
    cv_letter_mailbox(&out, CV_ABSENT, CV_STR("a@b"));
    assert_text(&out, "absent", "a@b");

    cv_buf_free(&out);
}


/*
 * Whatever is put in, each line but the first begins with a space, none is
 * longer than 76 characters, and what is decoded is what was put in.
 */

static void
test_any(void **state)
{
    size_t          i, len;
    uint8_t         text[512];
    cv_buf_t        out, back;
    const uint8_t  *p, *end, *eol, *word;

    (void) state;

    srand(1);
    cv_buf_init(&out, 65536);
    cv_buf_init(&back, 65536);

    for (i = 0; i < 20000; i++) {
        cv_buf_reset(&out);
        cv_buf_reset(&back);

        for (len = 0; len < (size_t) rand() % 500; /* void */ ) {
            static const char *const  pieces[] = {
                "a", "\xc3\xa9", "\xe6\xbc\xa2", "\xf0\x9f\x8e\x93", "\"", " ",
                "=?", "?=", "\r\n", "\n", "\r", "\t", "\x01", "\xe2\x80\xa8",
            };

            const char  *piece = pieces[(size_t) rand() % CV_COUNT(pieces)];

            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }

        text[len++] = 0xc3;     /* so that it is never plain */
        text[len++] = 0xa9;

        cv_buf_append_str(&out, CV_STR("Subject: "));
        cv_letter_text(&out, cv_str(text, len));
        assert_false(cv_buf_failed(&out));

        end = cv_str_end(cv_buf_str(&out));

        for (p = out.data; p < end; p = eol + 2) {
            assert_true(p == out.data || *p == ' ');

            eol = memmem(p, (size_t) (end - p), "\r\n", 2);

            if (eol == NULL) {
                eol = end;
            }

            assert_true(eol - p <= 76);
            assert_null(memchr(p, '\n', (size_t) (eol - p)));
            assert_null(memchr(p, '\r', (size_t) (eol - p)));

            word = memmem(p, (size_t) (eol - p), "=?UTF-8?B?", 10);
            assert_non_null(word);
            word += 10;
            assert_int_equal(cv_base64_decode(&back, cv_str(word,
                                         (size_t) (eol - 2 - word))), CV_OK);

            if (eol == end) {
                break;
            }
        }

        cv_buf_reset(&out);
        cv_escape_plain(&out, cv_str(text, len));
        assert_true(cv_str_eq(cv_buf_str(&back), cv_buf_str(&out)));
    }

    cv_buf_free(&out);
    cv_buf_free(&back);
}


static void
test_dates(void **state)
{
    cv_buf_t  out;

    (void) state;

    cv_buf_init(&out, 64);

    cv_letter_date(&out, INT64_C(1773225000) * CV_SECOND + 999);
    assert_text(&out, "now", "Wed, 11 Mar 2026 10:30:00 +0000");

    cv_buf_reset(&out);
    cv_letter_date(&out, 0);
    assert_text(&out, "0", "Thu, 1 Jan 1970 00:00:00 +0000");

    cv_buf_free(&out);
}


static void
test_words(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const letter_case_t  words[] = {
        { "5.1.1 <jane.doe@example.com>: unknown\r\n",
          "5.1.1 *** unknown" },
        { "5.1.1 no mailbox \"Jane.Doe\" here\r\n", "5.1.1 no mailbox *** here" },
        { "5.1.1 no mailbox jane.does\r\n", "5.1.1 no mailbox jane.does" },
        { "one\r\ntwo\r\n", "one two" },
        { "JANE.DOE", "***" },
        { "xjane.doe", "xjane.doe" },
        { "\x1b[31m \xc3\xa9", "[31m ??" },
        { "", "" },
    };

    (void) state;

    cv_buf_init(&out, 4096);

    for (i = 0; i < CV_COUNT(words); i++) {
        cv_buf_reset(&out);
        cv_letter_words(&out, cv_str_z(words[i].input),
                        CV_STR("jane.doe@example.com"));
        assert_text(&out, words[i].input, words[i].expected);
    }

    cv_buf_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
