
/*
 * Copyright (C) The credverify authors
 */

#include "cv_doc.h"
#include "cv_json.h"
#include "cv_unbake.h"
#include "png_make.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define URL  "https://badges.example/assertion/0123.json"
#define JWS  "eyJhbGciOiJSUzI1NiJ9.e30.c2ln_-0"

#define OPENBADGES  "xmlns:openbadges=\"http://openbadges.org\""
#define SVG(content)                                                          \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" " OPENBADGES ">" content       \
    "</svg>"

#define ROUNDS  3000

static cv_buf_t    text, verify;
static cv_error_t  error;


static cv_err_t
unbake(cv_str_t image)
{
    error.text[0] = '\0';
    cv_buf_init(&text, CV_BAKE_MAX);
    cv_buf_init(&verify, CV_BAKE_MAX);

    return cv_unbake(&text, &verify, image, &error);
}


static void
done(void)
{
    cv_buf_free(&text);
    cv_buf_free(&verify);
}


/* "what" is the text, or of an error what is said */

static void
is(cv_str_t image, bool good, cv_str_t what, cv_str_t its_verify)
{
    cv_err_t  err;

    err = unbake(image);

    if (err != (good ? CV_OK : CV_ERR_INPUT)
        || !cv_str_eq(good ? cv_buf_str(&text) : cv_str_z(error.text), what)
        || (good && !cv_str_eq(cv_buf_str(&verify), its_verify)))
    {
        fail_msg("%.*s: \"%.*s\", \"%.*s\", \"%s\" and not \"%.*s\"",
                 CV_FMT(image), CV_FMT(cv_buf_str(&text)),
                 CV_FMT(cv_buf_str(&verify)), error.text, CV_FMT(what));
    }

    done();
}


static void
test_png(void **state)
{
    size_t    i;
    cv_buf_t  png;

    static const struct {
        const char  *type;
        cv_str_t     data;
        bool         good;
        cv_str_t     text;
    } chunks[] = {
        { "iTXt", CV_STR("openbadges\0\0\0\0\0{\"a\":\"\xe4\xb8\x96\"}"), true,
          CV_STR("{\"a\":\"\xe4\xb8\x96\"}") },
        { "iTXt", CV_STR("openbadges\0\0\0en\0Badge\0" JWS), true,
          CV_STR(JWS) },
        { "tEXt", CV_STR("openbadges\0" URL), true, CV_STR(URL) },
        { "iTXt", CV_STR("openbadge\0\0\0\0\0{}"), true, CV_STR("") },
        { "iTXt", CV_STR("openbadges2\0\0\0\0\0{}"), true, CV_STR("") },
        { "iTXt", CV_STR("openbadges"), true, CV_STR("") },
        { "zTXt", CV_STR("openbadges\0\0x"), true, CV_STR("") },
        { "iTXt", CV_STR("openbadges\0\0\0\0\0"), false,
          CV_STR("what is baked in is empty") },
        { "tEXt", CV_STR("openbadges\0"), false,
          CV_STR("what is baked in is empty") },
        { "iTXt", CV_STR("openbadges\0"), false,
          CV_STR("what is baked in is damaged") },
        { "iTXt", CV_STR("openbadges\0\0\0\0"), false,
          CV_STR("what is baked in is damaged") },
        { "iTXt", CV_STR("openbadges\0\3\0\0\0{}"), false,
          CV_STR("what is baked in is damaged") },
        { "iTXt", CV_STR("openbadges\0\1\0\0\0{}"), false,
          CV_STR("what is baked in is damaged") },
        { "iTXt", CV_STR("openbadges\0\0\0\0\0{\0}"), false,
          CV_STR("what is baked in is not UTF-8") },
        { "tEXt", CV_STR("openbadges\0{\xe9}"), false,
          CV_STR("what is baked in is not UTF-8") },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(chunks); i++) {
        png_with(&png, 16, chunks[i].type, chunks[i].data);
        is(cv_buf_str(&png), chunks[i].good, chunks[i].text, CV_STR(""));
        cv_buf_free(&png);
    }
}


static void
test_png_twice(void **state)
{
    size_t    i, at;
    cv_buf_t  png;

    static const char *const  types[] = { "iTXt", "tEXt" };

    (void) state;

    for (i = 0; i < 4; i++) {
        png_begin(&png);
        png_chunk(&png, types[i & 1], "openbadges\0\0\0\0\0{}", 17);
        png_chunk(&png, types[i >> 1], "openbadges\0\0\0\0\0{}", 17);
        png_end(&png);

        /* zeros are no text of tEXt */

        is(cv_buf_str(&png), false, i & 1
               ? CV_STR("what is baked in is not UTF-8")
               : CV_STR("it has more than one assertion baked in"), CV_ABSENT);
        cv_buf_free(&png);
    }

    /* its checksum, and its end */

    png_begin(&png);
    at = png.len + 8;
    png_chunk(&png, "iTXt", "openbadges\0\0\0\0\0{}", 17);
    is(cv_buf_str(&png), false, CV_STR("its end is missing"), CV_ABSENT);
    png_end(&png);
    is(cv_buf_str(&png), true, CV_STR("{}"), CV_STR(""));

    png.data[at + 16] = ']';
    is(cv_buf_str(&png), false,
       CV_STR("the checksum of what is baked in is wrong"), CV_ABSENT);

    is(cv_str(png.data, png.len - 13), false, CV_STR("its end is missing"),
       CV_ABSENT);
    cv_buf_free(&png);
}


/* compressed, up to the bound and beyond */

static void
test_png_compressed(void **state)
{
    char      *plain;
    size_t     i;
    cv_buf_t   png, data;

    (void) state;

    plain = malloc(CV_BAKE_MAX + 1);
    assert_non_null(plain);
    memset(plain, '{', CV_BAKE_MAX + 1);

    for (i = 0; i < 2; i++) {
        png_with(&png, 16, "iTXt",
                 png_packed(&data, CV_STR("openbadges\0\1\0\0\0"), plain,
                            CV_BAKE_MAX + i));
        is(cv_buf_str(&png), i == 0,
           i == 0 ? cv_str(plain, CV_BAKE_MAX)
                  : CV_STR("what is baked in has more than 1048576 bytes"),
           CV_STR(""));
        cv_buf_free(&png);

        png_begin(&png);
        cv_buf_reset(&data);
        cv_buf_append(&data, "openbadges\0\0\0\0", 15);
        cv_buf_append(&data, plain, CV_BAKE_MAX + i);
        png_chunk(&png, "iTXt", data.data, data.len);
        png_end(&png);
        is(cv_buf_str(&png), i == 0,
           i == 0 ? cv_str(plain, CV_BAKE_MAX)
                  : CV_STR("what is baked in has more than 1048576 bytes"),
           CV_STR(""));
        cv_buf_free(&png);
        cv_buf_free(&data);
    }

    free(plain);
}


static void
test_svg(void **state)
{
    size_t  i;

    static const struct {
        cv_str_t  svg;
        bool      good;
        cv_str_t  text, verify;
    } images[] = {
        { CV_STR(SVG("<openbadges:assertion verify=\"" URL "\"><![CDATA[{\"a\""
                     ":\"<&\xe4\xb8\x96\"}]]></openbadges:assertion><g/>")),
          true, CV_STR("{\"a\":\"<&\xe4\xb8\x96\"}"), CV_STR(URL) },
        { CV_STR(SVG("<openbadges:assertion verify=\"" JWS "\"/>")), true,
          CV_STR(JWS), CV_STR(JWS) },
        { CV_STR(SVG("<openbadges:assertion verify=\"" JWS "\">\n "
                     "</openbadges:assertion>")), true,
          CV_STR(JWS), CV_STR(JWS) },
        { CV_STR(SVG("<g><openbadges:assertion verify='a&amp;&#233;'>{&quot;"
                     "<!-- c --><![CDATA[<]]>&lt;&quot;}"
                     "</openbadges:assertion></g>")), true,
          CV_STR("{\"<<\"}"), CV_STR("a&\xc3\xa9") },
        { CV_STR("<svg xmlns='http://www.w3.org/2000/svg'><o:assertion xmlns:o="
                 "'http://openbadges.org'>{}</o:assertion></svg>"), true,
          CV_STR("{}"), CV_STR("") },
        { CV_STR("<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE svg PUBLIC "
                 "'-//W3C//DTD SVG 1.1//EN' 'http://127.0.0.1:1/svg11.dtd' ["
                 "<!ENTITY ns 'http://ns.adobe.com/'>]>"
                 SVG("<g id='&ns;'>&ns;</g><openbadges:assertion verify='x'/>")),
          true, CV_STR("x"), CV_STR("x") },
        { CV_STR(SVG("<g/>")), true, CV_STR(""), CV_STR("") },
        { CV_STR("<svg><openbadges:assertion xmlns:openbadges='http://x' "
                 "verify='x'/></svg>"), true, CV_STR(""), CV_STR("") },
        { CV_STR("<svg><assertion verify='x'/></svg>"), true, CV_STR(""),
          CV_STR("") },

        { CV_STR(SVG("<openbadges:assertion/>")), false,
          CV_STR("what is baked in is empty"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion openbadges:verify='x'/>")), false,
          CV_STR("what is baked in is empty"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion verify=''/>")), false,
          CV_STR("what is baked in is empty"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion verify='x'/>"
                     "<openbadges:assertion verify='x'/>")), false,
          CV_STR("it has more than one assertion baked in"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion verify='x'><openbadges:assertion "
                     "verify='x'/></openbadges:assertion>")), false,
          CV_STR("it has more than one assertion baked in"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion verify='x'><g/>"
                     "</openbadges:assertion>")), false,
          CV_STR("what is baked in is damaged"), CV_ABSENT },
        { CV_STR(SVG("<openbadges:assertion verify='x'/><g>")), false,
          CV_STR("line 1: it is not well-formed: Opening and ending tag "
                 "mismatch: g line 1 and svg"), CV_ABSENT },
        { CV_STR("<!DOCTYPE svg [<!ENTITY a '{}'>]>"
                 SVG("<openbadges:assertion>&a;</openbadges:assertion>")),
          false, CV_STR("what is baked in is damaged"), CV_ABSENT },
        { CV_STR("<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
                 SVG("<openbadges:assertion>&a;</openbadges:assertion>")),
          false, CV_STR("what is baked in is damaged"), CV_ABSENT },
        { CV_STR("<!DOCTYPE svg [<!ATTLIST openbadges:assertion verify CDATA "
                 "'x'>]>" SVG("<openbadges:assertion/>")),
          false, CV_STR("what is baked in is empty"), CV_ABSENT },
        { CV_STR("GIF89a"), false,
          CV_STR("it is neither a PNG nor an SVG in UTF-8"), CV_ABSENT },
        { CV_STR(""), false,
          CV_STR("it is neither a PNG nor an SVG in UTF-8"), CV_ABSENT },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(images); i++) {
        is(images[i].svg, images[i].good, images[i].text, images[i].verify);
    }
}


static void
test_bounds(void **state)
{
    char      *large;
    size_t     i;
    cv_buf_t   svg;

    (void) state;

    large = malloc(CV_UNBAKE_MAX + 1);
    assert_non_null(large);
    memset(large, ' ', CV_UNBAKE_MAX + 1);
    memcpy(large, "<svg>", 5);
    memcpy(large + CV_UNBAKE_MAX - 6, "</svg>", 6);

    is(cv_str(large, CV_UNBAKE_MAX), true, CV_STR(""), CV_STR(""));
    is(cv_str(large, CV_UNBAKE_MAX + 1), false,
       CV_STR("it has 8388609 bytes; at most 8388608 are read"), CV_ABSENT);

    for (i = 0; i < 2; i++) {
        cv_buf_init(&svg, CV_UNBAKE_MAX);
        cv_buf_append_str(&svg, CV_STR("<svg " OPENBADGES "><openbadges:"
                                       "assertion>{"));
        cv_buf_append(&svg, large + 10, CV_BAKE_MAX - 1 + i);
        cv_buf_append_str(&svg, CV_STR("</openbadges:assertion></svg>"));

        assert_int_equal(unbake(cv_buf_str(&svg)),
                         i == 0 ? CV_OK : CV_ERR_INPUT);
        assert_true(i == 1 || text.len == CV_BAKE_MAX);
        assert_string_equal(error.text, i == 0 ? "" : "what is baked in has "
                            "more than 1048576 bytes");
        done();
        cv_buf_free(&svg);
    }

    /* entities of entities of entities, in an attribute and in text */

    cv_buf_init(&svg, CV_UNBAKE_MAX);
    cv_buf_append_str(&svg, CV_STR("<!DOCTYPE svg [<!ENTITY a0 'aaaaaaaaaa'>"));

    for (i = 1; i < 12; i++) {
        cv_buf_printf(&svg, "<!ENTITY a%zu '&a%zu;&a%zu;&a%zu;&a%zu;&a%zu;"
                      "&a%zu;&a%zu;&a%zu;&a%zu;&a%zu;'>", i, i - 1, i - 1,
                      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }

    cv_buf_append_str(&svg, CV_STR("]><svg " OPENBADGES "><g id='&a11;'>&a11;"
                                   "</g><openbadges:assertion verify='x'/>"
                                   "</svg>"));

    assert_int_equal(unbake(cv_buf_str(&svg)), CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "entity"));
    done();
    cv_buf_free(&svg);
    free(large);
}


/* JSON of a string that has anything in it, in one of a few forms */

static void
random_json(cv_buf_t *json, unsigned *dice)
{
    unsigned  n;

    static const char *const  pieces[] = {
        "a", "Jos\xc3\xa9", "\xe4\xb8\x96\xe7\x95\x8c", "\xf0\x9f\x8f\x85",
        "\\\"", "'", "]]>", "]]", "]", ">", "<![CDATA[", "<!--", "&amp;", "&",
        "<", "\\\\", "\\u0001", "\\n", "\xef\xbf\xbe", "\xef\xbf\xbf",
        "\xef\xbf\xbd", "\xe2\x80\xa8", "\xc2\x85", "\x7f", "\xc2\x80", " ",
        "\\u003e", "\\/", "\xef\xb7\x90", "\xf4\x8f\xbf\xbf",
        "\xd9\x85\xd8\xad", "e\xcc\x81",
    };

    cv_buf_append_str(json, rand_r(dice) % 2 ? CV_STR("{\"name\":\"")
                                             : CV_STR("{\n\t\"name\" : \""));

    for (n = (unsigned) rand_r(dice) % 12; n > 0; n--) {
        cv_buf_append_str(json, cv_str_z(pieces[(unsigned) rand_r(dice)
                                                % CV_COUNT(pieces)]));
    }

    cv_buf_append_str(json, rand_r(dice) % 2 ? CV_STR("\",\"a\":[[1]]}")
                                             : CV_STR("\",\r\n\"a\":[[]\n] }"));
}


/* The same values: what XML cannot carry is written in another way. */

static void
same_json(cv_str_t a, cv_str_t b)
{
    cv_buf_t  one, other;

    cv_buf_init(&one, CV_BAKE_MAX);
    cv_buf_init(&other, CV_BAKE_MAX);

    assert_int_equal(cv_json_parse(&one, a, &error), CV_OK);
    assert_int_equal(cv_json_parse(&other, b, &error), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&one), cv_buf_str(&other)));

    cv_buf_free(&one);
    cv_buf_free(&other);
}


static void
test_round_trip(void **state)
{
    int        i;
    cv_buf_t   png, json, baked;
    cv_str_t   image;
    unsigned   dice;

    (void) state;

    png_with(&png, 16, "tEXt", CV_STR("Comment\0openbadges"));

    for (dice = 1, i = 0; i < ROUNDS; i++) {
        cv_buf_init(&json, CV_BAKE_MAX);
        random_json(&json, &dice);

        image = i % 2 ? cv_buf_str(&png)
                      : CV_STR("<svg xmlns='http://www.w3.org/2000/svg'>"
                               "<g/></svg>");

        cv_buf_init(&baked, CV_UNBAKE_MAX);
        assert_int_equal(cv_bake(&baked, image, CV_STR(URL "?a='&\""),
                                 cv_buf_str(&json)), CV_OK);
        assert_int_equal(unbake(cv_buf_str(&baked)), CV_OK);

        same_json(cv_buf_str(&text), cv_buf_str(&json));

        if (i % 2) {
            assert_true(cv_str_eq(cv_buf_str(&text), cv_buf_str(&json)));

        } else {
            assert_true(cv_str_eq(cv_buf_str(&verify),
                                  CV_STR(URL "?a='&\"")));
        }

        done();
        cv_buf_free(&baked);
        cv_buf_free(&json);
    }

    /* signed */

    for (i = 0; i < 2; i++) {
        image = i % 2 ? cv_buf_str(&png) : CV_STR("<s:svg xmlns:s='x'> </s:svg>");

        cv_buf_init(&baked, CV_UNBAKE_MAX);
        assert_int_equal(cv_bake(&baked, image, CV_STR(JWS), CV_ABSENT), CV_OK);
        is(cv_buf_str(&baked), true, CV_STR(JWS),
           i % 2 ? CV_STR("") : CV_STR(JWS));
        cv_buf_free(&baked);
    }

    cv_buf_free(&png);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_png_twice),
        cmocka_unit_test(test_png_compressed),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests_name("unbake", tests, NULL, NULL);
}
