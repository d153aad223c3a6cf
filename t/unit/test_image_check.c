
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base64.h"
#include "cv_image_check.h"
#include "png_make.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define NS     "xmlns=\"http://www.w3.org/2000/svg\""
#define XLINK  "xmlns:xlink=\"http://www.w3.org/1999/xlink\""
#define BOX    "viewBox=\"0 0 64 64\""
#define CV_SVG_ODD       CV_SVG_ODD_IN("href")
#define CV_SVG_ODD_MASK  CV_SVG_ODD_IN("mask")
#define CV_SVG_ODD_IN(name)                                                   \
    "line 1: the attribute \"" name "\" refers to a part by an id that is not "  \
    "of letters, digits, \"-\", \"_\", \".\" and \":\""

#define CV_SVG_SIDES                                                          \
    "line 2: of an image in it: its sides are not of 1 to 2048 pixels"

#define SVG(content)  "<svg " NS " " XLINK " " BOX ">" content "</svg>"

static cv_error_t  error;


/* as they are to be understood: "why" is what is said, all of it */

static void
is(cv_str_t image, const char *why, const char *what)
{
    cv_err_t  err;

    error.text[0] = '\0';
    err = cv_image_check(image, &error);

    if (err != (why == NULL ? CV_OK : CV_ERR_INPUT)
        || strcmp(error.text, why == NULL ? "" : why) != 0)
    {
        fail_msg("%s: \"%s\"", what, error.text);
    }
}


static void
is_free(cv_buf_t *image, const char *why, const char *what)
{
    assert_false(cv_buf_failed(image));
    is(cv_buf_str(image), why, what);
    cv_buf_free(image);
}


static void
test_neither(void **state)
{
    char  *large;

    (void) state;

    is(CV_STR(""), "it is empty", "nothing");
    is(CV_STR("GIF89a"), "it is neither a PNG nor an SVG in UTF-8", "GIF");
    is(CV_STR("\xff\xd8\xff\xe0"), "it is a JPEG: it must be PNG or SVG",
       "JPEG");
    is(CV_STR("\xff\xd8"), "it is neither a PNG nor an SVG in UTF-8",
       "less than that");
    is(CV_STR("<html>"), "it is neither a PNG nor an SVG in UTF-8", "HTML");
    is(CV_STR("\xff\xfe<\0s\0v\0g\0>\0"),
       "it is neither a PNG nor an SVG in UTF-8", "UTF-16");

    large = calloc(1, CV_IMAGE_MAX + 1);
    assert_non_null(large);
    is(cv_str(large, CV_IMAGE_MAX + 1),
       "it has 196609 bytes; at most 196608 are allowed", "large");
    is(cv_str(large, CV_IMAGE_MAX),
       "it is neither a PNG nor an SVG in UTF-8", "as large as may be");
    free(large);
}


static void
test_png_good(void **state)
{
    size_t    i;
    cv_buf_t  png, data;

    /* bit depth, colour type, interlaced, bits of a pixel */

    static const uint8_t  kinds[][6] = {
        { 1, 0, 0, 0, 0, 1 }, { 8, 0, 0, 0, 0, 8 }, { 16, 0, 0, 0, 0, 16 },
        { 8, 2, 0, 0, 0, 24 }, { 16, 2, 0, 0, 0, 48 }, { 8, 4, 0, 0, 0, 16 },
        { 8, 6, 0, 0, 0, 32 }, { 16, 6, 0, 0, 0, 64 },
    };

    static const cv_str_t  chunks[] = {
        CV_STR("tEXtComment\0openbadges"),
        CV_STR("iTXtComment\0\0\0\0\0openbadges"),
        CV_STR("tEXtopenbadge\0x"),
        CV_STR("iCCPx"),                /* its data is made below */
        CV_STR("zzZzwhatever"),
        CV_STR("tIMEtoo long"),
    };

    (void) state;

    for (i = 0; i < CV_COUNT(kinds); i++) {
        png_begin(&png);
        png_header(&png, 40, 20, kinds[i]);
        png_pixels(&png, 20 * (size_t) (1 + 40 * kinds[i][5] / 8));
        png_end(&png);
        is_free(&png, NULL, "kind");
    }

    for (i = 16; i <= CV_IMAGE_SIDE_MAX; i *= 2) {
        png_with(&png, (uint32_t) i, NULL, CV_ABSENT);
        is_free(&png, NULL, "side");
    }

    /* what is not pixels is as it is */

    for (i = 0; i < CV_COUNT(chunks); i++) {
        if (memcmp(chunks[i].data, "iCCP", 4) == 0) {
            png_with(&png, 32, "iCCP", png_packed(&data, CV_STR("x\0\0"),
                                                  "no profile", 10));
            cv_buf_free(&data);

        } else {
            png_with(&png, 32, (const char *) chunks[i].data,
                     cv_str(chunks[i].data + 4, chunks[i].len - 4));
        }

        is_free(&png, NULL, "chunk");
    }
}


/* interlaced: seven passes, rows of which some are empty (PNG, section 8) */

static void
test_png_interlaced(void **state)
{
    size_t    len;
    uint32_t  pass, width, height;
    cv_buf_t  png;

    static const struct {
        uint32_t  x, y, dx, dy;
    } adam7[] = {
        { 0, 0, 8, 8 }, { 4, 0, 8, 8 }, { 0, 4, 4, 8 }, { 2, 0, 4, 4 },
        { 0, 2, 2, 4 }, { 1, 0, 2, 2 }, { 0, 1, 1, 2 }
    };

    (void) state;

    for (len = 0, pass = 0; pass < 7; pass++) {
        width = (33 - adam7[pass].x + adam7[pass].dx - 1) / adam7[pass].dx;
        height = (17 - adam7[pass].y + adam7[pass].dy - 1) / adam7[pass].dy;
        len += height * (1 + 4 * width);
    }

    png_begin(&png);
    png_header(&png, 33, 17, (const uint8_t *) "\x08\x06\0\0\1");
    png_pixels(&png, len);
    png_end(&png);
    is_free(&png, NULL, "interlaced");

    png_begin(&png);
    png_header(&png, 33, 17, (const uint8_t *) "\x08\x06\0\0\1");
    png_pixels(&png, len - 1);
    png_end(&png);
    is_free(&png, "it cannot be decoded: Not enough image data", "less");
}


static void
test_png_sides(void **state)
{
    size_t    i;
    cv_buf_t  png;

    static const struct {
        uint32_t     width, height;
        const char  *why;
    } sides[] = {
        { 15, 16, "it has 15 x 16 pixels; each side must be of 16 to 2048" },
        { 16, 15, "it has 16 x 15 pixels; each side must be of 16 to 2048" },
        { 0, 16, "it has 0 x 16 pixels; each side must be of 16 to 2048" },
        { 2049, 16,
          "it has 2049 x 16 pixels; each side must be of 16 to 2048" },
        { 100000, 100000,
          "it has 100000 x 100000 pixels; each side must be of 16 to 2048" },
        { 0xffffffff, 16,
          "it has 4294967295 x 16 pixels; each side must be of 16 to 2048" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(sides); i++) {
        png_begin(&png);
        png_header(&png, sides[i].width, sides[i].height,
                   (const uint8_t *) "\x08\x06\0\0\0");
        png_pixels(&png, 1000);
        png_end(&png);
        is_free(&png, sides[i].why, "sides");
    }
}


static void
test_png_chunks(void **state)
{
    size_t    i;
    char     *zeros;
    cv_buf_t  png, data;

    static const struct {
        const char  *type;
        cv_str_t     data;
        const char  *why;
    } chunks[] = {
        { "acTL", CV_STR("\0\0\0\1\0\0\0\0"), "it is animated (APNG)" },
        { "fcTL", CV_STR(""), "it is animated (APNG)" },
        { "fdAT", CV_STR(""), "it is animated (APNG)" },
        { "ABCD", CV_STR(""), "its critical chunk ABCD is not known" },
        { "IDAt", CV_STR(""), "its critical chunk IDAt is not known" },
        { "a\nbc", CV_STR(""), "it has a chunk that has no name" },
        { "iTXt", CV_STR("openbadges\0\0\0\0\0{}"),
          "it has an assertion baked in" },
        { "tEXt", CV_STR("openbadges\0{}"), "it has an assertion baked in" },
        { "zTXt", CV_STR("openbadges\0"), "it has an assertion baked in" },
        { "iTXt", CV_STR("Comment"),
          "its chunk iTXt is not made as it should be" },
        { "iTXt", CV_STR("Comment\0\2\0\0\0"),
          "its chunk iTXt is not made as it should be" },
        { "iTXt", CV_STR("Comment\0\1\1\0\0"),
          "its chunk iTXt is not made as it should be" },
        { "iTXt", CV_STR("Comment\0\0\0\0"),
          "its chunk iTXt is not made as it should be" },
        { "iTXt", CV_STR("Comment\0\1\0\0\0no zlib"),
          "its chunk iTXt cannot be decompressed" },
        { "zTXt", CV_STR("Comment\0\0no zlib"),
          "its chunk zTXt cannot be decompressed" },
        { "zTXt", CV_STR("Comment\0\0"),
          "its chunk zTXt cannot be decompressed" },
        { "iCCP", CV_STR("x"), "its chunk iCCP is not made as it should be" },
        { "IHDR", CV_STR("\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0"),
          "it cannot be decoded: IHDR: out of place" },
        { "PLTE", CV_STR("1234"), "it cannot be decoded: PLTE: invalid" },
        { "IDAT", CV_STR("12"), "it cannot be decoded: IDAT: incorrect header "
          "check" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(chunks); i++) {
        png_with(&png, 32, chunks[i].type, chunks[i].data);
        is_free(&png, chunks[i].why, chunks[i].type);
    }

    /* bombs */

    zeros = calloc(1, 1024 * 1024 + 1);
    assert_non_null(zeros);

    for (i = 0; i < 2; i++) {
        png_with(&png, 32, "iTXt", png_packed(&data,
                                              CV_STR("Comment\0\1\0\0\0"),
                                              zeros, 1024 * 1024 + i));
        assert_true(png.len < 4096);
        is_free(&png, i == 0 ? NULL
                             : "its chunk iTXt decompresses to more than "
                               "1048576 bytes", "bomb");
        cv_buf_free(&data);
    }

    free(zeros);
}


static void
test_png_pixels(void **state)
{
    size_t    i;
    cv_buf_t  png;

    static const struct {
        const char  *kind;
        size_t       len;
        const char  *why;
    } pixels[] = {
        { "\x08\x06\0\0\0", 32 * 129 - 1,
          "it cannot be decoded: Not enough image data" },
        { "\x08\x06\0\0\0", 32 * 129 + 1,
          "it cannot be decoded: IDAT: Too much image data" },
        { "\x08\x06\0\0\0", 4000000,
          "it cannot be decoded: IDAT: Too much image data" },
        { "\x08\x06\0\0\0", 0, "it cannot be decoded: Not enough image data" },
        { "\x07\x06\0\0\0", 32 * 129,
          "it cannot be decoded: Invalid bit depth in IHDR" },
        { "\x08\x05\0\0\0", 32 * 129,
          "it cannot be decoded: Invalid color type in IHDR" },
        { "\x08\x06\1\0\0", 32 * 129,
          "it cannot be decoded: Unknown compression method in IHDR" },
        { "\x08\x06\0\1\0", 32 * 129,
          "it cannot be decoded: Unknown filter method in IHDR" },
        { "\x08\x06\0\0\2", 32 * 129,
          "it cannot be decoded: Unknown interlace method in IHDR" },
        { "\x08\x03\0\0\0", 32 * 33,
          "it cannot be decoded: IDAT: Missing PLTE before IDAT" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(pixels); i++) {
        png_begin(&png);
        png_header(&png, 32, 32, (const uint8_t *) pixels[i].kind);
        png_pixels(&png, pixels[i].len);
        png_end(&png);
        is_free(&png, pixels[i].why, "pixels");
    }

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x06\0\0\0");
    png_end(&png);
    is_free(&png, "it cannot be decoded: IEND: out of place", "none");

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x03\0\0\0");
    png_chunk(&png, "PLTE", "\1\2\3", 3);
    png_pixels(&png, 32 * 33);
    png_end(&png);
    is_free(&png, NULL, "palette");

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x06\0\0\0");
    png_pixels(&png, 32 * 129);
    png_chunk(&png, "tEXt", "a\0b", 3);
    png_pixels(&png, 32 * 129);
    png_end(&png);
    is_free(&png, "its image data is not in one piece", "apart");
}


/* Cut anywhere, longer, or with any bit another, it is not accepted. */

static void
test_png_damaged(void **state)
{
    size_t    i;
    cv_buf_t  png, copy;

    (void) state;

    png_with(&png, 20, "tEXt", CV_STR("Comment\0text"));
    is(cv_buf_str(&png), NULL, "whole");

    for (i = 0; i < png.len; i++) {
        assert_int_equal(cv_image_check(cv_str(png.data, i), &error),
                         CV_ERR_INPUT);

        png.data[i] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(cv_image_check(cv_buf_str(&png), &error),
                         CV_ERR_INPUT);
        png.data[i] ^= (uint8_t) (1 << i % 8);
    }

    is(cv_str(png.data, png.len - 1), "its end is missing", "cut");
    is(cv_str(png.data, 8), "its end is missing", "cut");

    cv_buf_init(&copy, PNG_MAKE_MAX);
    cv_buf_append_str(&copy, cv_buf_str(&png));
    cv_buf_append_str(&copy, CV_STR("PK\x03\x04"));
    is_free(&copy, "4 bytes follow the end of it", "longer");

    png.data[png.len - 1] ^= 1;
    is(cv_buf_str(&png), "the checksum of its chunk IEND is wrong", "checksum");

    cv_buf_free(&png);

    /* nor with a checksum of zlib that is wrong, and one of PNG that is right */

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x06\0\0\0");
    i = png.len;
    png_pixels(&png, 32 * 129);
    png.data[png.len - 5] ^= 1;
    cv_put_uint(png.data + png.len - 4,
                crc32(0, png.data + i + 4, (uInt) (png.len - i - 8)), 4);
    png_end(&png);
    is_free(&png, "it cannot be decoded: IDAT: incorrect data check", "zlib");

    /* nor with anything behind that, in the same piece or in another */

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x06\0\0\0");
    png_pixels(&png, 32 * 129);
    png_chunk(&png, "IDAT", "PK\x03\x04", 4);
    png_end(&png);
    is_free(&png, "its image data goes on behind the last pixel",
            "behind");

    png_begin(&png);
    png_header(&png, 32, 32, (const uint8_t *) "\x08\x06\0\0\0");
    png_pixels(&png, 32 * 129);
    png_chunk(&png, "IDAT", "", 0);
    png_end(&png);
    is_free(&png, NULL, "nothing behind");
}


static void
test_svg(void **state)
{
    size_t  i;

    static const struct {
        cv_str_t     svg;
        const char  *why;
    } images[] = {

        /* what tools write */

        { CV_STR(SVG("<rect width=\"9\" height=\"9\" fill=\"#f00\"/>")), NULL },
        { CV_STR("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\" "
                 "standalone=\"no\"?>\n<!-- made by hand -->\n<svg " NS
                 " width=\"64\" height=\"64px\"><title>Jos\xc3\xa9 \xe4\xb8\x96"
                 "</title><g/></svg>\n<!-- \xc3\xa9 -->\n"), NULL },
        { CV_STR("<svg " NS " xmlns:s=\"http://www.w3.org/2000/svg\" " BOX
                 "><s:g/></svg>"), NULL },
        { CV_STR("<?xml version='1.0' encoding='utf-8'?><svg " NS
                 " width='20mm' height='100%' " BOX "><g/></svg>"), NULL },
        { CV_STR(SVG("<style type=\"text/css\"><![CDATA[.a{fill:rgb(1,2,3)}]]>"
                     "</style><path class=\"a\" d=\"M0 0h9\"/>")), NULL },
        { CV_STR(SVG("<defs><linearGradient id=\"g\"><stop offset=\"0\"/>"
                     "</linearGradient><linearGradient id=\"h\" "
                     "xlink:href=\"#g\"/></defs><circle r=\"9\" "
                     "fill=\"url(#h)\" style=\"stroke: url( '#g' ) red\" "
                     "transform=\"translate(1 2) rotate(3)\"/>"
                     "<use href=\"#g\"/><text xml:space=\"preserve\" "
                     "xml:lang=\"de\" aria-label=\"onload=f(x) \\ @\">"
                     "javascript:alert(1)</text>")), NULL },

        /* what it is as XML */

        { CV_STR("<svg " NS " " BOX "><g></svg>"),
          "line 1: it is not well-formed: Opening and ending tag mismatch: g "
          "line 1 and svg" },
        { CV_STR("<svg " NS " " BOX ">\n<g>"),
          "line 2: it is not well-formed: Premature end of data in tag g "
          "line 2" },
        { CV_STR(SVG("<g/>") "x"), "line 1: it is not well-formed: Extra "
          "content at the end of the document" },
        { CV_STR(SVG("<g id=\"\xff\"/>")), "it is not UTF-8" },
        { CV_STR("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
                 SVG("<g/>")),
          "it says that it is in ISO-8859-1: save it in UTF-8" },
        { CV_STR("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" SVG("<g/>")),
          "line 1: it is not well-formed: Document labelled UTF-16 but has "
          "UTF-8 content" },
        { CV_STR(SVG("<x:g/>")), "line 1: it is not well-formed: Namespace "
          "prefix x on g is not defined" },
        { CV_STR("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" "
                 "\"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">"
                 SVG("<g/>")),
          "it has a document type (<!DOCTYPE>): save it without" },
        { CV_STR("<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                 "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
                 SVG("<text>&b;&b;&b;</text>")),
          "it has a document type (<!DOCTYPE>): save it without" },
        { CV_STR("<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
                 SVG("<text>&a;</text>")),
          "it has a document type (<!DOCTYPE>): save it without" },
        { CV_STR(SVG("<text>&a;</text>")), "line 1: it is not well-formed: "
          "Entity 'a' not defined" },
        { CV_STR("<?xml-stylesheet href=\"https://x.example/a.css\"?>"
                 SVG("<g/>")),
          "line 1: the processing instruction \"xml-stylesheet\" is not "
          "allowed" },
        { CV_STR(SVG("\n<?php x ?>")),
          "line 2: the processing instruction \"php\" is not allowed" },

        /* the root */

        { CV_STR("<svg " BOX "><g/></svg>"),
          "line 1: the element \"svg\" is not of SVG: "
          "xmlns=\"http://www.w3.org/2000/svg\" is missing" },
        { CV_STR("<svg xmlns=\"http://www.w3.org/1999/xhtml\"><g/></svg>"),
          "line 1: the element \"svg\" is not of SVG: save it as plain SVG" },
        { CV_STR("<svg " NS " " BOX "/>"), "there is nothing in it" },
        { CV_STR(SVG("text <!-- and --> this")), "there is nothing in it" },
        { CV_STR("<svg " NS "><g/></svg>"),
          "it says neither viewBox nor width and height" },
        { CV_STR("<svg " NS " width=\"64\"><g/></svg>"),
          "it says neither viewBox nor width and height" },
        { CV_STR("<svg " NS " width=\"100%\" height=\"64\"><g/></svg>"),
          "it says neither viewBox nor width and height" },
        { CV_STR("<svg " NS " viewBox=\"0 0 64\"><g/></svg>"),
          "its viewBox is not four numbers" },
        { CV_STR("<svg " NS " viewBox=\"0 0 64 0\"><g/></svg>"),
          "its viewBox is not four numbers" },
        { CV_STR("<svg " NS " viewBox=\"0 0 nan inf\"><g/></svg>"),
          "its viewBox is not four numbers" },
        { CV_STR("<svg " NS " viewBox=\"0 0 64 64 64\"><g/></svg>"),
          "its viewBox is not four numbers" },
        { CV_STR("<svg " NS " width=\"15\" height=\"64\"><g/></svg>"),
          "its width is 15 pixels; it must be of 16 to 2048" },
        { CV_STR("<svg " NS " width=\"64\" height=\"2049px\"><g/></svg>"),
          "its height is 2049 pixels; it must be of 16 to 2048" },
        { CV_STR("<svg " NS " " BOX " width=\"1e99in\"><g/></svg>"),
          "its width is 9.6e+100 pixels; it must be of 16 to 2048" },
        { CV_STR("<svg " NS " " BOX " width=\"inf\"><g/></svg>"),
          "its width is no length" },
        { CV_STR("<svg " NS " " BOX " width=\"0x40\"><g/></svg>"),
          "its width is no length" },
        { CV_STR("<svg " NS " " BOX " width=\"64 64\"><g/></svg>"),
          "its width is no length" },
        { CV_STR("<svg " NS " " BOX " width=\"\"><g/></svg>"),
          "its width is no length" },

        { CV_STR("<s:svg xmlns:s=\"http://www.w3.org/2000/svg\" " BOX
                 "><s:g/></s:svg>"),
          "line 1: the prefix \"s\" is before svg: save it without" },

        /* what is baked in */

        { CV_STR("<svg " NS " " BOX " xmlns:openbadges=\"http://openbadges.org"
                 "\"><g/></svg>"),
          "it declares the namespace \"openbadges\", which is that of what is "
          "baked in" },
        { CV_STR("<svg " NS " " BOX " xmlns:openbadges=\"http://x\"><g/></svg>"),
          "it declares the namespace \"openbadges\", which is that of what is "
          "baked in" },
        { CV_STR(SVG("<o:assertion xmlns:o=\"http://openbadges.org\" "
                     "verify=\"x\"/>")), "it has an assertion baked in" },

        /* elements */

        { CV_STR(SVG("\n<script>alert(1)</script>")),
          "line 2: the element \"script\" is not allowed" },
        { CV_STR(SVG("<g><foreignObject/></g>")),
          "line 1: the element \"foreignObject\" is not allowed" },
        { CV_STR(SVG("<a href=\"#a\"/>")),
          "line 1: the element \"a\" is not allowed" },
        { CV_STR(SVG("<animate attributeName=\"href\" to=\"javascript:x\"/>")),
          "line 1: the element \"animate\" is not allowed" },
        { CV_STR(SVG("<set attributeName=\"href\" to=\"javascript:x\"/>")),
          "line 1: the element \"set\" is not allowed" },
        { CV_STR(SVG("<feImage href=\"https://x.example/\"/>")),
          "line 1: the element \"feImage\" is not allowed" },
        { CV_STR(SVG("<RECT/>")),
          "line 1: the element \"RECT\" is not allowed" },
        { CV_STR(SVG("<html xmlns=\"http://www.w3.org/1999/xhtml\"/>")),
          "line 1: the element \"html\" is not of SVG: save it as plain SVG" },
        { CV_STR(SVG("<g><h:script xmlns:h=\"http://www.w3.org/1999/xhtml\"/>"
                     "</g>")),
          "line 1: the element \"script\" is not of SVG: save it as plain "
          "SVG" },
        { CV_STR(SVG("<metadata/>")),
          "line 1: the element \"metadata\" is not allowed: save it as plain "
          "SVG" },
        { CV_STR(SVG("<g xmlns=\"\"/>")),
          "line 1: the element \"g\" is not of SVG: "
          "xmlns=\"http://www.w3.org/2000/svg\" is missing" },
        { CV_STR(SVG("<html xmlns=\"\"/>")),
          "line 1: the element \"html\" is not of SVG: save it as plain SVG" },

        /* attributes */

        { CV_STR(SVG("<g onload=\"x\"/>")),
          "line 1: the attribute \"onload\" is an event handler" },
        { CV_STR("<svg " NS " " BOX " onclick=\"\"><g/></svg>"),
          "line 1: the attribute \"onclick\" is an event handler" },
        { CV_STR(SVG("<g OnLoad=\"x\"/>")),
          "line 1: the attribute \"OnLoad\" is not allowed" },
        { CV_STR(SVG("<g data-name=\"Layer 1\"/>")),
          "line 1: the attribute \"data-name\" is not allowed: save it as "
          "plain SVG" },
        { CV_STR(SVG("<g src=\"x\"/>")),
          "line 1: the attribute \"src\" is not allowed" },
        { CV_STR(SVG("<g xml:base=\"https://x.example/\"/>")),
          "line 1: the attribute \"xml:base\" is not of SVG: save it as plain "
          "SVG" },
        { CV_STR(SVG("<g xmlns:i=\"http://inkscape\" i:label=\"x\"/>")),
          "line 1: the attribute \"i:label\" is not of SVG: save it as plain "
          "SVG" },
        { CV_STR(SVG("<g id=\"a\"/><g id=\"a\"/>")),
          "line 1: the id \"a\" is that of another element, too" },

        /* references */

        { CV_STR(SVG("<use href=\"https://x.example/#a\"/>")),
          "line 1: the attribute \"href\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<use xlink:href=\"//x.example/#a\"/>")),
          "line 1: the attribute \"xlink:href\" refers to something outside "
          "of the image" },
        { CV_STR(SVG("<use x:href=\"y\" xmlns:x=\"http://www.w3.org/1999/xlink"
                     "\"/>")),
          "line 1: the attribute \"xlink:href\" refers to something outside "
          "of the image" },
        { CV_STR(SVG("<use href=\"\"/>")),
          "line 1: the attribute \"href\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<use href=\" #a\"/>")),
          "line 1: the attribute \"href\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<use href=\"data:image/svg+xml,&lt;svg/>#a\"/>")),
          "line 1: the attribute \"href\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<textPath href=\"javascript:alert(1)\"/>")),
          "line 1: the attribute \"href\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<rect fill=\"url(https://x.example/)\"/>")),
          "line 1: the attribute \"fill\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<rect fill=\"URL( 'x#a' )\"/>")),
          "line 1: the attribute \"fill\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<rect style=\"fill:url(#a);background:url(&#34;//x&#34;)"
                     "\"/>")),
          "line 1: the attribute \"style\" refers to something outside of the "
          "image" },
        { CV_STR(SVG("<rect style=\"background:image-set('//x' 1x)\"/>")),
          "line 1: the attribute \"style\" has a function that is not "
          "allowed" },
        { CV_STR(SVG("<rect style=\"width:expression(alert(1))\"/>")),
          "line 1: the attribute \"style\" has a function that is not "
          "allowed" },
        { CV_STR(SVG("<rect style=\"fill:\\75rl(//x)\"/>")),
          "line 1: the attribute \"style\" has an \"@\" or a "
          "\"\\\", by which styles can load something" },
        { CV_STR(SVG("<style>@import '//x';</style>")),
          "line 1: the element \"style\" has an \"@\" or a "
          "\"\\\", by which styles can load something" },
        { CV_STR(SVG("<style>@font-face{src:url(//x)}</style>")),
          "line 1: the element \"style\" has an \"@\" or a "
          "\"\\\", by which styles can load something" },
        { CV_STR(SVG("<style>.a{fill:u<![CDATA[rl(]]>#a)}</style>")),
          "line 1: the element \"style\" has url(), which is only for "
          "attributes" },
        { CV_STR(SVG("<style>.a{background:src('//x')}</style>")),
          "line 1: the element \"style\" has a function that is not allowed" },

        /* of which browsers take only what is not in the element between */

        { CV_STR(SVG("<style>.a{fill:url<desc> rgb</desc>(//x)}</style>")),
          "line 1: the element \"style\" has elements in it" },

        /* what browsers make an id of before they look for it */

        { CV_STR(SVG("<g id=\"a\"><use href=\"#%61\"/></g>")), CV_SVG_ODD },
        { CV_STR(SVG("<g id=\"ab\"><use href=\"#a&#9;b\"/></g>")),
          CV_SVG_ODD },
        { CV_STR(SVG("<g id=\"a\"><use href=\"#a \"/></g>")), CV_SVG_ODD },
        { CV_STR(SVG("<g id=\"a\"><use href=\"#xpointer(id('a'))\"/></g>")),
          CV_SVG_ODD },
        { CV_STR(SVG("<mask id=\"a\"><g mask=\"url(#%61)\"/></mask>")),
          CV_SVG_ODD_MASK },
        { CV_STR(SVG("<mask id=\"a b\"><g mask=\"url('#a b')\"/></mask>")),
          CV_SVG_ODD_MASK },
        { CV_STR(SVG("<mask id='a\"b'><g mask='url(\"#a&#39;b\")'/></mask>")),
          CV_SVG_ODD_MASK },
        { CV_STR(SVG("<mask id=\"a\"><g mask=\"url(#a\"/></mask>")),
          CV_SVG_ODD_MASK },
        { CV_STR(SVG("<mask id=\"A-_.:0\xc3\xa9\"/>"
                     "<g mask=\"url( &#34;#A-_.:0\xc3\xa9&#34; )\"/>"
                     "<g mask=\"url(#A-_.:0\xc3\xa9\n)\"/>"
                     "<use href=\"#A-_.:0\xc3\xa9\"/>")), NULL },

        /* images in it */

        { CV_STR(SVG("<image href=\"https://x.example/a.png\"/>")),
          "line 1: of an image in it: it is not in the SVG itself, as data:"
          "image/png;base64,... or data:image/jpeg;base64,..." },
        { CV_STR(SVG("<image href=\"#a\"/>")),
          "line 1: of an image in it: it is not in the SVG itself, as data:"
          "image/png;base64,... or data:image/jpeg;base64,..." },
        { CV_STR(SVG("<image href=\"data:image/svg+xml;base64,PHN2Zz4=\"/>")),
          "line 1: of an image in it: it is not in the SVG itself, as data:"
          "image/png;base64,... or data:image/jpeg;base64,..." },
        { CV_STR(SVG("<image href=\"data:image/png;base64,PHN2Zz4=\"/>")),
          "line 1: of an image in it: it is no PNG" },
        { CV_STR(SVG("<image href=\"data:image/png;base64,PHN2Zz4\"/>")),
          "line 1: of an image in it: it is not base64" },
        { CV_STR(SVG("<image href=\"data:image/png;base64,\"/>")),
          "line 1: of an image in it: it is not in the SVG itself, as data:"
          "image/png;base64,... or data:image/jpeg;base64,..." },
        { CV_STR(SVG("<image href=\"data:image/jpeg;base64,PHN2Zz4=\"/>")),
          "line 1: of an image in it: it is no JPEG" },

        /* what is used */

        { CV_STR(SVG("<g id=\"a\"><use href=\"#a\"/></g>")),
          "its parts use each other in a circle, or it draws more than 65536 "
          "elements" },
        { CV_STR(SVG("<pattern id=\"a\"><g fill=\"url(#b)\"/></pattern>"
                     "<mask id=\"b\"><g style=\"mask:url(#a)\"/></mask>")),
          "its parts use each other in a circle, or it draws more than 65536 "
          "elements" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(images); i++) {
        is(images[i].svg, images[i].why, (const char *) images[i].svg.data);
    }
}


static void
test_svg_bounds(void **state)
{
    int       i, n;
    cv_buf_t  svg;

    (void) state;

    for (n = 245; n <= 246; n++) {
        cv_buf_init(&svg, CV_IMAGE_MAX);
        cv_buf_printf(&svg, "<!--%*s-->" SVG("<g/>"), n, "");
        is_free(&svg, n == 245 ? NULL
                               : "its <svg is not among the first 256 bytes, "
                                 "where readers of badges look for it: shorten "
                                 "what stands before it", "late");
    }

    for (n = 4095; n <= 4096; n++) {
        cv_buf_init(&svg, CV_IMAGE_MAX);
        cv_buf_printf(&svg, "<svg " NS " " BOX ">");

        for (i = 0; i < n; i++) {
            cv_buf_printf(&svg, "<g/>");
        }

        cv_buf_printf(&svg, "</svg>");
        is_free(&svg, n == 4095 ? NULL : "it has more than 4096 elements",
                "elements");
    }

    for (n = 63; n <= 64; n++) {
        cv_buf_init(&svg, CV_IMAGE_MAX);
        cv_buf_printf(&svg, "<svg " NS " " BOX ">");

        for (i = 0; i < 2 * n; i++) {
            cv_buf_printf(&svg, i < n ? "<g>" : "</g>");
        }

        cv_buf_printf(&svg, "</svg>");
        is_free(&svg, n == 63 ? NULL
                              : "line 1: its elements are in each other more "
                                "than 64 deep", "depth");
    }
}


/* ten of what are ten of what are ten ..., in ways to use it */

static void
test_svg_laughs(void **state)
{
    int       i, j;
    size_t    way;
    cv_buf_t  svg;

    static const struct {
        const char  *element, *use, *end;
    } ways[] = {
        { "g", "<use href='#n", "'/>" },
        { "symbol", "<use xlink:href='#n", "'/>" },
        { "pattern", "<rect fill='url(#n", ")'/>" },
        { "mask", "<rect style='mask:url(#n", ")'/>" },
        { "filter", "<rect filter='url(#n", ")'/>" },
    };

    (void) state;

    for (way = 0; way < CV_COUNT(ways); way++) {
        cv_buf_init(&svg, CV_IMAGE_MAX);
        cv_buf_printf(&svg, "<svg " NS " " XLINK " " BOX "><defs>");

        for (i = 1; i < 8; i++) {
            cv_buf_printf(&svg, "<%s id='n%d'>", ways[way].element, i);

            for (j = 0; j < 10; j++) {
                cv_buf_printf(&svg, "%s%d%s", ways[way].use, i - 1,
                              ways[way].end);
            }

            cv_buf_printf(&svg, "</%s>", ways[way].element);
        }

        cv_buf_printf(&svg, "</defs></svg>");
        is_free(&svg, "its parts use each other in a circle, or it draws more "
                "than 65536 elements", ways[way].element);
    }

    /* once for all that inherits it */

    cv_buf_init(&svg, CV_IMAGE_MAX);
    cv_buf_printf(&svg, "<svg " NS " " XLINK " " BOX "><g fill='url(#p)'>");

    for (i = 0; i < 2000; i++) {
        cv_buf_printf(&svg, i == 1000 ? "</g><pattern id='p'><g/>" : "<g/>");
    }

    cv_buf_printf(&svg, "</pattern></svg>");
    is_free(&svg, "its parts use each other in a circle, or it draws more "
            "than 65536 elements", "inherited");
}


static void
svg_with_image(cv_buf_t *svg, const char *type, cv_str_t image, size_t times)
{
    cv_buf_t  digits;

    cv_buf_init(&digits, CV_IMAGE_MAX);
    cv_base64_encode(&digits, image);

    cv_buf_init(svg, CV_IMAGE_MAX);
    cv_buf_append_str(svg, CV_STR("<svg " NS " " BOX ">"));

    while (times-- > 0) {
        cv_buf_printf(svg, "<image href=\"data:image/%s;base64,\n", type);
        cv_buf_append_str(svg, cv_buf_str(&digits));
        cv_buf_append_str(svg, CV_STR(" \"/>"));
    }

    cv_buf_append_str(svg, CV_STR("</svg>"));
    cv_buf_free(&digits);
}


static void
test_svg_images(void **state)
{
    size_t    i;
    cv_buf_t  svg, png;

    static const struct {
        cv_str_t     jpeg;
        const char  *why;
    } jpegs[] = {
        { CV_STR("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x0b\x08\0\x10\0\x10\1"),
          NULL },
        { CV_STR("\xff\xd8\xff\xc2\0\x0b\x08\x08\0\x08\0\1"), NULL },
        { CV_STR("\xff\xd8\xff\xc0\0\x0b\x08\x08\1\x08\0\1"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xda\0\2\xff\xc0\0\x0b\x08\0\x10\0\x10\1"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xe0\0\0\xff\xc0\0\x0b\x08\0\x10\0\x10\1"),
          CV_SVG_SIDES },

        /* what decoders pass over is not the beginning of a segment */

        { CV_STR("\xff\xd8\xff\xff\xff\xc0\0\x0b\x08\0\x10\0\x10\1"), NULL },
        { CV_STR("\xff\xd8\xff\xff\0\x0d\x08\xff\xff\xff\xff\1\0\0\0\0\0"
                 "\xff\xc0\0\x0b\x08\0\x10\0\x10\1"), CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xd0\0\2\xff\xc0\0\x0b\x08\0\x10\0\x10\1"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xd8\0\2\xff\xc0\0\x0b\x08\0\x10\0\x10\1"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8\xff\xc0\0\x0b\x08\0\x10"),
          CV_SVG_SIDES },
        { CV_STR("\xff\xd8"),
          CV_SVG_SIDES },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(jpegs); i++) {
        svg_with_image(&svg, "jpeg", jpegs[i].jpeg, 1);
        is_free(&svg, jpegs[i].why, "JPEG");
    }

    png_with(&png, 2, NULL, CV_ABSENT);

    for (i = 1; i < 10; i++) {
        svg_with_image(&svg, "png", cv_buf_str(&png), i);
        is_free(&svg, i < 9 ? NULL : "it has more than 8 images in it",
                "images");
    }

    cv_buf_free(&png);

    png_with(&png, 4000, NULL, CV_ABSENT);
    svg_with_image(&svg, "png", cv_buf_str(&png), 1);
    is_free(&svg, "line 2: of an image in it: it has 4000 x 4000 pixels; each "
            "side must be of 1 to 2048", "a bomb in it");
    cv_buf_free(&png);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_neither),
        cmocka_unit_test(test_png_good),
        cmocka_unit_test(test_png_interlaced),
        cmocka_unit_test(test_png_sides),
        cmocka_unit_test(test_png_chunks),
        cmocka_unit_test(test_png_pixels),
        cmocka_unit_test(test_png_damaged),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_svg_bounds),
        cmocka_unit_test(test_svg_laughs),
        cmocka_unit_test(test_svg_images),
    };

    return cmocka_run_group_tests_name("image check", tests, NULL, NULL);
}
