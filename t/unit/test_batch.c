
/*
 * Copyright (C) The credverify authors
 */

#include "cv_batch.h"
#include "cv_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DEEP  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"


static const struct {
    const char  *body;
    cv_err_t     err;
    const char  *expected;      /* the handles, or how the sentence begins */
} cases[] = {
    { "{\"codes\":[\"a\"]}", CV_OK, "<a>" },
    { "{\"codes\":[\"a\",\"b\",\"a\",\"\"]}", CV_OK, "<a><b><a><>" },
    { " {\n\"codes\" :\t[ \"a\" ,\r\n\"b\" ] } \n", CV_OK, "<a><b>" },
    { "{\"x\":[{\"codes\":1}],\"codes\":[\"\\u0041\\u00e9\\ud83d\\ude00\\n\"],"
      "\"y\":null}", CV_OK, "<A\xc3\xa9\xf0\x9f\x98\x80\n>" },
    { "{\"codes\":[\"a\",\"b\",\"c\",\"d\"]}", CV_OK, "<a><b><c><d>" },

    { "{\"codes\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", CV_ERR_LIMIT,
      "\"codes\" has 5 elements; at most 4 are answered in one request." },
    { "{\"codes\":[1,2,3,4,5,6]}", CV_ERR_LIMIT, "\"codes\" has 6 elements;" },

    { "", CV_ERR_INPUT, "The body is empty." },
    { " ", CV_ERR_INPUT, "The body is not JSON that can be read: byte 1: " },
    { "codes=a", CV_ERR_INPUT, "The body is not JSON that can be read: byte " },
    { "{\"codes\":[\"a\"]", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte 14: " },
    { "{\"codes\":[\"a\"]}{}", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte " },
    { "{\n\"codes\":[\"a\",]}", CV_ERR_INPUT,
      "The body is not JSON that can be read: line 2: " },
    { "{\"codes\":[\"\xff\"]}", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte 11: invalid UTF-8." },
    { "{\"codes\":[\"a\"],\"codes\":[]}", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte 22: duplicate member "
      "\"codes\"." },
    { "{\"codes\":" DEEP "}", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte " },
    { "\x1f\x8b\x08", CV_ERR_INPUT,
      "The body is not JSON that can be read: byte 0: control character "
      "0x1f." },

    { "[\"a\"]", CV_ERR_INPUT, "The body is not an object." },
    { "\"codes\"", CV_ERR_INPUT, "The body is not an object." },
    { "null", CV_ERR_INPUT, "The body is not an object." },
    { "{}", CV_ERR_INPUT, "\"codes\" is missing." },
    { "{\"code\":[\"a\"],\"Codes\":[\"a\"]}", CV_ERR_INPUT,
      "\"codes\" is missing." },
    { "{\"codes\":\"a\"}", CV_ERR_INPUT, "\"codes\" is not an array." },
    { "{\"codes\":null}", CV_ERR_INPUT, "\"codes\" is not an array." },
    { "{\"codes\":{\"0\":\"a\"}}", CV_ERR_INPUT, "\"codes\" is not an array." },
    { "{\"codes\":[]}", CV_ERR_INPUT, "\"codes\" is empty." },
    { "{\"codes\":[\"a\",\"b\",7]}", CV_ERR_INPUT,
      "\"codes[2]\" is not a string." },
    { "{\"codes\":[null,\"b\"]}", CV_ERR_INPUT,
      "\"codes[0]\" is not a string." },
    { "{\"codes\":[\"a\",[\"b\"]]}", CV_ERR_INPUT,
      "\"codes[1]\" is not a string." },
};


static void
test_read(void **state)
{
    size_t      i;
    cv_buf_t    out;
    cv_err_t    err;
    cv_str_t    handle;
    cv_error_t  error;
    cv_batch_t  batch;

    (void) state;

    cv_batch_init(&batch);
    cv_buf_init(&out, 4096);

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_buf_reset(&out);
        error.text[0] = '\0';

        err = cv_batch_read(&batch, cv_str_z(cases[i].body), CV_STR("codes"),
                            4, &error);

        if (err == CV_OK) {
            while (cv_batch_next(&batch, &handle)) {
                cv_buf_append_byte(&out, '<');
                cv_buf_append_str(&out, handle);
                cv_buf_append_byte(&out, '>');
            }

            assert_false(cv_batch_next(&batch, &handle));

        } else {
            cv_buf_append(&out, error.text, strnlen(error.text,
                          strlen(cases[i].expected)));
        }

        cv_buf_append_byte(&out, '\0');

        if (err != cases[i].err
            || strcmp((char *) out.data, cases[i].expected) != 0)
        {
            fail_msg("%s: %d, %s%s", cases[i].body, err, (char *) out.data,
                     error.text);
        }
    }

    cv_buf_free(&out);
    cv_batch_free(&batch);
}


/* As many handles as can be, each as long as it can be written. */

static void
test_long(void **state)
{
    int         i, n, j;
    cv_buf_t    text;
    cv_str_t    handle;
    cv_error_t  error;
    cv_batch_t  batch;

    (void) state;

    cv_buf_init(&text, 4 * 1024 * 1024);
    cv_batch_init(&batch);

    cv_buf_printf(&text, "{\"codes\":[");

    for (i = 0; i < 1000; i++) {
        cv_buf_printf(&text, "%s\n\t\t\"", i == 0 ? "" : ",");

        for (j = 0; j < 255; j++) {
            cv_buf_printf(&text, "\\u%04x", 'a' + (i + j) % 26);
        }

        cv_buf_append_byte(&text, '"');
    }

    cv_buf_printf(&text, "]}");
    assert_false(cv_buf_failed(&text));

    assert_int_equal(cv_batch_read(&batch, cv_buf_str(&text), CV_STR("codes"),
                                   1000, &error), CV_OK);

    for (n = 0; cv_batch_next(&batch, &handle); n++) {
        assert_int_equal(handle.len, 255);
        assert_int_equal(handle.data[0], 'a' + n % 26);
    }

    assert_int_equal(n, 1000);

    assert_int_equal(cv_batch_read(&batch, cv_buf_str(&text), CV_STR("codes"),
                                   999, &error), CV_ERR_LIMIT);

    cv_buf_free(&text);
    cv_batch_free(&batch);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
