
/*
 * Copyright (C) The credverify authors
 *
 * Files that are said to be badges: what is baked here is read again, and
 * what is none is refused with a reason.
 */

#include "cv_badge_file.h"
#include "keys_rfc.h"
#include "png_make.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define URL   "https://b.example/assertion/0a1b.json"
#define JSON  "{\"id\":\"" URL "\",\"n\":\"\xc3\xa9 \xe6\x97\xa5 \\\"]]>\"}"
#define SVG   "<svg xmlns=\"http://www.w3.org/2000/svg\"><g/></svg>"

static cv_badge_file_t  file;
static cv_buf_t         bytes, jws;
static cv_error_t       error;


static int
setup(void **state)
{
    cv_signature_key_t  *key;

    (void) state;

    cv_buf_init(&bytes, 2 * CV_BADGE_FILE_MAX);
    cv_buf_init(&jws, CV_JWS_MAX);

    if (cv_signature_key_read(&key, CV_STR(RFC7515_PRIVATE), &error) != CV_OK
        || cv_jws_sign(&jws, key, CV_ABSENT, CV_STR(JSON)) != CV_OK)
    {
        return -1;
    }

    cv_signature_key_free(key);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    cv_buf_free(&bytes);
    cv_buf_free(&jws);

    return 0;
}


static cv_err_t
read_file(cv_str_t from)
{
    error.text[0] = '\0';
    cv_badge_file_init(&file);

    return cv_badge_file_read(&file, from, &error);
}


/* "from" is a badge of that form, whose assertion has the id */

static void
reads(cv_str_t from, cv_image_type_t image, cv_badge_form_t form)
{
    cv_doc_t  id;

    if (read_file(from) != CV_OK) {
        fail_msg("%.*s: %s", CV_FMT(from), error.text);
    }

    id = cv_doc_member(cv_buf_str(&file.assertion), CV_STR("id"));

    assert_int_equal(file.image, image);
    assert_int_equal(file.form, form);
    assert_true(cv_str_eq(cv_buf_str(&file.verify),
                          image == CV_IMAGE_SVG && form == CV_BADGE_HOSTED
                          ? CV_STR(URL) : CV_STR("")));
    assert_int_equal(cv_doc_type(id), CV_DOC_STRING);
    assert_true(cv_str_eq(cv_doc_text(id), CV_STR(URL)));

    if (form != CV_BADGE_LINKED) {
        id = cv_doc_member(cv_buf_str(&file.assertion), CV_STR("n"));
        assert_true(cv_str_eq(cv_doc_text(id),
                              CV_STR("\xc3\xa9 \xe6\x97\xa5 \"]]>")));
    }

    cv_badge_file_free(&file);
}


static void
refuses(cv_str_t from, const char *why)
{
    assert_int_not_equal(read_file(from), CV_OK);

    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\", not \"%s\"", error.text, why);
    }

    cv_badge_file_free(&file);
}


static void
test_images(void **state)
{
    size_t    i;
    cv_buf_t  png;
    cv_str_t  images[2];

    static const cv_image_type_t  types[] = { CV_IMAGE_PNG, CV_IMAGE_SVG };

    (void) state;

    png_with(&png, 16, NULL, CV_ABSENT);
    images[0] = cv_buf_str(&png);
    images[1] = CV_STR(SVG);

    for (i = 0; i < 2; i++) {
        refuses(images[i], "it has no assertion baked in");

        cv_buf_reset(&bytes);
        assert_int_equal(cv_bake(&bytes, images[i], CV_STR(URL), CV_STR(JSON)),
                         CV_OK);
        reads(cv_buf_str(&bytes), types[i], CV_BADGE_HOSTED);

        cv_buf_reset(&bytes);
        assert_int_equal(cv_bake(&bytes, images[i], cv_buf_str(&jws),
                                 CV_ABSENT), CV_OK);
        reads(cv_buf_str(&bytes), types[i], CV_BADGE_SIGNED);

        /* of version 1 */

        cv_buf_reset(&bytes);
        assert_int_equal(cv_bake(&bytes, images[i], CV_STR(URL), CV_ABSENT),
                         CV_OK);
        reads(cv_buf_str(&bytes), types[i], CV_BADGE_LINKED);
    }

    cv_buf_free(&png);
}


static void
test_texts(void **state)
{
    size_t  i;

    static const char *const  ends[] = { "", "\n", "\r\n" };

    (void) state;

    for (i = 0; i < CV_COUNT(ends); i++) {
        cv_buf_reset(&bytes);
        cv_buf_printf(&bytes, "%s%s", JSON, ends[i]);
        reads(cv_buf_str(&bytes), CV_IMAGE_NONE, CV_BADGE_HOSTED);

        cv_buf_reset(&bytes);
        cv_buf_append_str(&bytes, cv_buf_str(&jws));
        cv_buf_append_str(&bytes, cv_str_z(ends[i]));
        reads(cv_buf_str(&bytes), CV_IMAGE_NONE, CV_BADGE_SIGNED);

        cv_buf_reset(&bytes);
        cv_buf_printf(&bytes, "%s%s", URL, ends[i]);
        reads(cv_buf_str(&bytes), CV_IMAGE_NONE, CV_BADGE_LINKED);
    }

    reads(CV_STR(" \t\n " JSON " \n\n"), CV_IMAGE_NONE, CV_BADGE_HOSTED);
}


static void
test_none(void **state)
{
    size_t  i;

    static const struct {
        cv_str_t     from;
        const char  *why;
    } cases[] = {
        { { (const uint8_t *) "", 0 }, "it is empty" },
        { { (const uint8_t *) "\n", 1 }, "it is empty" },
        { { (const uint8_t *) "GIF89a\xff", 7 }, "neither PNG nor SVG" },
        { { (const uint8_t *) "a\0b", 3 }, "neither PNG nor SVG" },
        { { (const uint8_t *) "[]", 2 }, "neither JSON nor signed" },
        { { (const uint8_t *) "ftp://a", 7 }, "neither JSON nor signed" },
        { { (const uint8_t *) "{", 1 }, "its assertion is no JSON: " },
        { { (const uint8_t *) "{}x", 3 }, "its assertion is no JSON: " },
        { { (const uint8_t *) "{\"a\":1,\"a\":1}", 13 }, "is no JSON: " },
        { { (const uint8_t *) CV_PNG_SIGNATURE, 8 }, "" },
        { { (const uint8_t *) "<svg><g></svg>", 14 }, "" },

        /* of {"alg":"none"}, and of an array */
        { { (const uint8_t *) "eyJhbGciOiJub25lIn0.e30.", 24 },
          "neither JSON nor signed" },
        { { (const uint8_t *) RFC7515_HEADER ".W10.AAAA", 29 },
          "its assertion is no object" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        refuses(cases[i].from, cases[i].why);
    }

    cv_buf_reset(&bytes);
    cv_buf_append_byte(&bytes, '{');
    memset(cv_buf_extend(&bytes, CV_BAKE_MAX), ' ', CV_BAKE_MAX);
    refuses(cv_buf_str(&bytes), "has more than 1048576 bytes");
}


/* the document of any text that is short enough has room */

static void
test_growth(void **state)
{
    (void) state;

    cv_buf_reset(&bytes);
    cv_buf_append_str(&bytes, CV_STR("{\"id\":\"" URL "\",\"n\":\"\\u00e9 "
                                     "\\u65e5 \\\"]]>\",\"x\":[0"));

    while (bytes.len + 4 < CV_BAKE_MAX) {
        cv_buf_append_str(&bytes, CV_STR(",0"));
    }

    cv_buf_append_str(&bytes, CV_STR("]}"));
    reads(cv_buf_str(&bytes), CV_IMAGE_NONE, CV_BADGE_HOSTED);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_growth),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
