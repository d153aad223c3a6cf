
/*
 * Copyright (C) The credverify authors
 */

#include "cv_bake.h"
#include "cv_codec.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define URL   "https://badges.example/assertion/0123.json"
#define JWS   "eyJhbGciOiJSUzI1NiJ9.e30.c2ln_-0"
#define XMLNS " xmlns:openbadges=\"http://openbadges.org\""

#define SIGNATURE  "\x89PNG\r\n\x1a\n"
#define IHDR       "\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0\x1f\xf3\xff\x61"
#define IEND       "\0\0\0\0IEND\xae\x42\x60\x82"


/* The checksum bit by bit, as the standard has it (PNG, annex D). */

static uint32_t
crc(const uint8_t *p, size_t len)
{
    int       bit;
    size_t    i;
    uint32_t  c;

    for (c = 0xffffffff, i = 0; i < len; i++) {
        c ^= p[i];

        for (bit = 0; bit < 8; bit++) {
            c = (c & 1) ? 0xedb88320 ^ (c >> 1) : c >> 1;
        }
    }

    return ~c;
}


/* Into memory of the promised size, and not a byte more. */

static cv_err_t
bake(cv_buf_t *out, cv_str_t image, cv_str_t verify, cv_str_t json)
{
    cv_err_t  err;

    cv_buf_init(out, cv_bake_room(image, verify, json));
    err = cv_bake(out, image, verify, json);
    assert_true(err == CV_OK || out->len == 0);

    return err;
}


static void
test_types(void **state)
{
    size_t  i;

    static const struct {
        cv_str_t         image;
        cv_image_type_t  type;
    } images[] = {
        { CV_STR(SIGNATURE IHDR IEND), CV_IMAGE_PNG },
        { CV_STR(SIGNATURE), CV_IMAGE_PNG },
        { CV_STR("\x89PNG\r\n\x1a"), CV_IMAGE_NONE },
        { CV_STR("\x89PNG\n\n\x1a\n"), CV_IMAGE_NONE },
        { CV_STR("GIF89a"), CV_IMAGE_NONE },
        { CV_STR("\xff\xd8\xff\xe0"), CV_IMAGE_NONE },
        { CV_STR(""), CV_IMAGE_NONE },
        { CV_STR("<"), CV_IMAGE_NONE },
        { CV_STR("<svg"), CV_IMAGE_NONE },
        { CV_STR("<svg a='"), CV_IMAGE_NONE },
        { CV_STR("<svg>"), CV_IMAGE_SVG },
        { CV_STR("<svg/>"), CV_IMAGE_SVG },
        { CV_STR("<svgs>"), CV_IMAGE_NONE },
        { CV_STR("<s:svg xmlns:s=\"x\">"), CV_IMAGE_SVG },
        { CV_STR("<svg:g>"), CV_IMAGE_NONE },
        { CV_STR("\xef\xbb\xbf <svg a='>' b=\">\">"), CV_IMAGE_SVG },
        { CV_STR("\xef\xbb <svg>"), CV_IMAGE_NONE },
        { CV_STR("\xff\xfe<\0s\0v\0g\0>\0"), CV_IMAGE_NONE },
        { CV_STR("<?xml version='1.0'?>\n<!-- <svg> -->\r\n\t<svg>"),
          CV_IMAGE_SVG },
        { CV_STR("<?xml version='1.0'"), CV_IMAGE_NONE },
        { CV_STR("<!-- <svg>"), CV_IMAGE_NONE },
        { CV_STR("<!DOCTYPE svg PUBLIC \">\" '>' [<!ENTITY a \"]>\">]><svg>"),
          CV_IMAGE_SVG },
        { CV_STR("<!DOCTYPE html><html>"), CV_IMAGE_NONE },
        { CV_STR("<html><svg>"), CV_IMAGE_NONE },
        { CV_STR("x<svg>"), CV_IMAGE_NONE },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(images); i++) {
        if (cv_image_type(images[i].image) != images[i].type) {
            fail_msg("%.*s", CV_FMT(images[i].image));
        }
    }

    assert_int_equal(cv_image_type(CV_ABSENT), CV_IMAGE_NONE);
    assert_true(cv_str_eq(cv_image_type_name(CV_IMAGE_PNG), CV_STR("png")));
    assert_true(cv_str_eq(cv_image_type_name(CV_IMAGE_SVG), CV_STR("svg")));
    assert_false(cv_present(cv_image_type_name(CV_IMAGE_NONE)));
}


static void
png_is(cv_str_t verify, cv_str_t json, cv_str_t text)
{
    size_t     head;
    cv_buf_t   out;
    cv_str_t   image;
    uint8_t   *p;

    static const char  itxt[] = "iTXtopenbadges\0\0\0\0";

    image = CV_STR(SIGNATURE IHDR IEND);
    head = sizeof(SIGNATURE IHDR) - 1;

    assert_int_equal(bake(&out, image, verify, json), CV_OK);
    assert_int_equal(out.len, image.len + 4 + sizeof(itxt) + text.len + 4);
    assert_int_equal(out.len, cv_bake_room(image, verify, json));

    p = out.data;
    assert_memory_equal(p, image.data, head);
    p += head;

    assert_int_equal(cv_get_uint(p, 4), sizeof(itxt) - 4 + text.len);
    p += 4;

    assert_memory_equal(p, itxt, sizeof(itxt));
    assert_memory_equal(p + sizeof(itxt), text.data, text.len);
    assert_int_equal(cv_get_uint(p + sizeof(itxt) + text.len, 4),
                     crc(p, sizeof(itxt) + text.len));
    p += sizeof(itxt) + text.len + 4;

    assert_memory_equal(p, image.data + head, image.len - head);
    cv_buf_free(&out);
}


static void
test_png(void **state)
{
    cv_str_t  json;

    (void) state;

    /* of a chunk that is known */

    assert_int_equal(crc((const uint8_t *) "IEND", 4), 0xae426082);

    json = CV_STR("{\"name\":\"Jos\xc3\xa9 \xe4\xb8\x96 ]]> \\\" \xef\xbf\xbf\"}");
    png_is(CV_STR(URL), json, json);
    png_is(CV_STR(URL), CV_STR(""), CV_STR(""));
    png_is(CV_STR(JWS), CV_ABSENT, CV_STR(JWS));
}


static void
test_svg(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const struct {
        cv_str_t  image, verify, json, baked;
    } cases[] = {

        { CV_STR("<svg><g/></svg>"), CV_STR(URL), CV_STR("{}"),
          CV_STR("<svg" XMLNS "><openbadges:assertion verify=\"" URL "\">"
                 "<![CDATA[{}]]></openbadges:assertion><g/></svg>") },

        { CV_STR("<svg><g/></svg>"), CV_STR(JWS), CV_ABSENT,
          CV_STR("<svg" XMLNS "><openbadges:assertion verify=\"" JWS "\"/>"
                 "<g/></svg>") },

        /* what stands before, and around, is untouched */

        { CV_STR("\xef\xbb\xbf<?xml version='1.0'?>\n<!--<svg>-->\n"
                 "<s:svg\n a='>/'\tb=\"xmlns:openbadges=\" c = '\"'\n>\n"
                 "<s:g/></s:svg>\n<!-- \xc3\xa9 -->"),
          CV_STR(URL), CV_STR("{}"),
          CV_STR("\xef\xbb\xbf<?xml version='1.0'?>\n<!--<svg>-->\n"
                 "<s:svg" XMLNS "\n a='>/'\tb=\"xmlns:openbadges=\" c = '\"'\n>"
                 "<openbadges:assertion verify=\"" URL "\"><![CDATA[{}]]>"
                 "</openbadges:assertion>\n"
                 "<s:g/></s:svg>\n<!-- \xc3\xa9 -->") },

        /* an attribute */

        { CV_STR("<svg></svg>"), CV_STR("https://x/?a=\"1\"&b='<>'"),
          CV_STR("{}"),
          CV_STR("<svg" XMLNS "><openbadges:assertion verify=\"https://x/"
                 "?a=&quot;1&quot;&amp;b=&#39;&lt;&gt;&#39;\"><![CDATA[{}]]>"
                 "</openbadges:assertion></svg>") },

        /* the end of CDATA, at every place; what XML has not */

        { CV_STR("<svg></svg>"), CV_STR("u"),
          CV_STR("[\"]]>\",\"]]]>>\",\"]>\",\"]] >\",\"]]>]]>\","
                 "\"\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf]]>\"]"),
          CV_STR("<svg" XMLNS "><openbadges:assertion verify=\"u\"><![CDATA["
                 "[\"]]\\u003e\",\"]]]\\u003e>\",\"]>\",\"]] >\","
                 "\"]]\\u003e]]\\u003e\","
                 "\"\xef\xbf\xbd\\ufffe\\uffff]]\\u003e\"]"
                 "]]></openbadges:assertion></svg>") },

        { CV_STR("<svg></svg>"), CV_STR("u"),
          CV_STR("{\r\n\t\"a\": \"Jos\xc3\xa9 \xe4\xb8\x96 <&\\\" \x7f\"}"),
          CV_STR("<svg" XMLNS "><openbadges:assertion verify=\"u\"><![CDATA["
                 "{\r\n\t\"a\": \"Jos\xc3\xa9 \xe4\xb8\x96 <&\\\" \x7f\"}"
                 "]]></openbadges:assertion></svg>") },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_int_equal(bake(&out, cases[i].image, cases[i].verify,
                              cases[i].json), CV_OK);

        if (!cv_str_eq(cv_buf_str(&out), cases[i].baked)) {
            fail_msg("%.*s", CV_FMT(cv_buf_str(&out)));
        }

        cv_buf_free(&out);
    }
}


/* nothing but what has to be escaped fits into what is said to be enough */

static void
test_room(void **state)
{
    size_t    i;
    char      quotes[300], ends[300];
    cv_buf_t  out;

    (void) state;

    memset(quotes, '"', sizeof(quotes));

    for (i = 0; i < sizeof(ends); i++) {
        ends[i] = "]]>"[i % 3];
    }

    assert_int_equal(bake(&out, CV_STR("<svg> </svg>"),
                          cv_str(quotes, sizeof(quotes)),
                          cv_str(ends, sizeof(ends))), CV_OK);
    cv_buf_free(&out);

    /* too little of it fails, and says so */

    cv_buf_init(&out, 100);
    assert_int_equal(cv_bake(&out, CV_STR("<svg> </svg>"),
                             cv_str(quotes, sizeof(quotes)), CV_ABSENT),
                     CV_ERR_LIMIT);
    cv_buf_free(&out);
}


static void
test_refused(void **state)
{
    char      *text;
    size_t     i;
    cv_buf_t   out;

    static const struct {
        cv_str_t  image, verify, json;
    } cases[] = {
        { CV_STR(""), CV_STR(URL), CV_STR("{}") },
        { CV_STR("GIF89a"), CV_STR(URL), CV_STR("{}") },
        { CV_STR(SIGNATURE), CV_STR(URL), CV_STR("{}") },
        { CV_STR(SIGNATURE IEND IEND IEND), CV_STR(URL), CV_STR("{}") },
        { CV_STR(SIGNATURE "\0\0\0\x0cIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0"
                 "\x1f\xf3\xff"), CV_STR(URL), CV_STR("{}") },
        { CV_STR(SIGNATURE "\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0"
                 "\x1f\xf3\xff"), CV_STR(URL), CV_STR("{}") },
        { CV_STR("<svg/>"), CV_STR(URL), CV_STR("{}") },
        { CV_STR("<svg a=\"/\"/>"), CV_STR(URL), CV_STR("{}") },
        { CV_STR("<svg xmlns:openbadges='u'></svg>"), CV_STR(URL),
          CV_STR("{}") },
        { CV_STR("<svg a='b'\nxmlns:openbadges\n= 'u'></svg>"), CV_STR(URL),
          CV_STR("{}") },

        { CV_STR("<svg></svg>"), CV_STR("a\nb"), CV_STR("{}") },
        { CV_STR("<svg></svg>"), CV_STR("a\0b"), CV_STR("{}") },
        { CV_STR("<svg></svg>"), CV_STR("a\xff"), CV_STR("{}") },
        { CV_STR("<svg></svg>"), CV_STR("a"), CV_STR("{\"a\":\"\x1b\"}") },
        { CV_STR("<svg></svg>"), CV_STR("a"), CV_STR("{\"a\":\"\xc0\x80\"}") },
        { CV_STR(SIGNATURE IHDR IEND), CV_STR("a"), CV_STR("\0") },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_int_equal(bake(&out, cases[i].image, cases[i].verify,
                              cases[i].json), CV_ERR_INPUT);
        cv_buf_free(&out);
    }

    text = malloc(CV_BAKE_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', CV_BAKE_MAX + 1);

    for (i = 0; i < 2; i++) {
        assert_int_equal(bake(&out, CV_STR(SIGNATURE IHDR IEND), CV_STR("u"),
                              cv_str(text, CV_BAKE_MAX + i)),
                         i == 0 ? CV_OK : CV_ERR_LIMIT);
        cv_buf_free(&out);
    }

    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests_name("bake", tests, NULL, NULL);
}
