
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base64.h"
#include "cv_bake.h"
#include "cv_codec.h"
#include "cv_image_check.h"
#include "cv_image_check_internal.h"

#include <strings.h>


/* of CSS and of transformations: those that load nothing */

static const char *const  cv_svg_functions[] = {
    "calc", "hsl", "hsla", "matrix", "rgb", "rgba", "rotate", "rotateX",
    "rotateY", "scale", "scaleX", "scaleY", "skewX", "skewY", "translate",
    "translateX", "translateY",
};


/* the name before a parenthesis, in "value" */

static cv_str_t
cv_svg_function(const char *value, const char *paren)
{
    const char  *p;

    for (p = paren; p > value
         && (((p[-1] | 0x20) >= 'a' && (p[-1] | 0x20) <= 'z')
             || (p[-1] >= '0' && p[-1] <= '9') || p[-1] == '-'
             || p[-1] == '_'); p--) { /* void */ }

    return cv_str(p, (size_t) (paren - p));
}


static bool
cv_svg_function_is(cv_str_t name, const char *what)
{
    return name.len == strlen(what)
           && strncasecmp((const char *) name.data, what, name.len) == 0;
}


static bool
cv_svg_is_harmless(cv_str_t name)
{
    size_t  i;

    for (i = 0; i < CV_COUNT(cv_svg_functions); i++) {
        if (cv_svg_function_is(name, cv_svg_functions[i])) {
            return true;
        }
    }

    return name.len == 0;
}


/* the "#" of what url( has, NULL if that is anything else */

static const char *
cv_svg_fragment(const char *p)
{
    p += strspn(p, " \t\r\n");
    p += *p == '"' || *p == '\'';

    return *p == '#' ? p : NULL;
}


const char *
cv_svg_id_end(const char *id)
{
    do {
        id++;
    } while (((*id | 0x20) >= 'a' && (*id | 0x20) <= 'z')
             || (*id >= '0' && *id <= '9') || (*id & 0x80)
             || (*id != '\0' && strchr("-_.:", *id) != NULL));

    return id;
}


/* from its "#" on */

static bool
cv_svg_fragment_ends(const char *fragment)
{
    const char  *end;

    end = cv_svg_id_end(fragment);

    if ((fragment[-1] == '"' || fragment[-1] == '\'')
        && *end++ != fragment[-1])
    {
        return false;
    }

    return end[strspn(end, " \t\r\n")] == ')';
}


const char *
cv_svg_style_check(const char *value, bool sheet)
{
    cv_str_t     name;
    const char  *p, *fragment;

    /* a backslash could spell any name in another way */

    if (strpbrk(value, "\\@") != NULL) {
        return "has an \"@\" or a \"\\\", by which styles can load something";
    }

    for (p = value; (p = strchr(p, '(')) != NULL; p++) {

        name = cv_svg_function(value, p);

        if (cv_svg_function_is(name, "url")) {

            if (sheet) {
                return "has url(), which is only for attributes";
            }

            fragment = cv_svg_fragment(p + 1);

            if (fragment == NULL) {
                return CV_SVG_OUTSIDE;
            }

            if (!cv_svg_fragment_ends(fragment)) {
                return CV_SVG_ODD_ID;
            }

        } else if (!cv_svg_is_harmless(name)) {
            return "has a function that is not allowed";
        }
    }

    return NULL;
}


bool
cv_svg_style_next(const char **p, cv_str_t *id)
{
    cv_str_t     name;
    const char  *end, *paren, *start;

    start = *p;

    for (paren = start; (paren = strchr(paren, '(')) != NULL; paren++) {

        name = cv_svg_function(start, paren);
        *p = cv_svg_fragment(paren + 1);

        if (cv_svg_function_is(name, "url") && *p != NULL) {
            end = cv_svg_id_end(*p);
            *id = cv_str(*p + 1, (size_t) (end - *p) - 1);
            *p = end;

            return true;
        }
    }

    return false;
}


/* tables, what applications say, comments: all that may be before a frame */

static bool
cv_jpeg_is_other(uint8_t marker)
{
    return marker == 0xc4 || marker == 0xcc || marker == 0xdb || marker == 0xdd
           || (marker & 0xf0) == 0xe0 || marker == 0xfe;
}


/*
 * The frame of a JPEG says how large it is (ISO/IEC 10918-1, annex B): it is
 * among the segments before the first scan.  What has no length decoders pass
 * over, and so find another frame behind it.
 */

static cv_err_t
cv_jpeg_check(cv_str_t image, cv_error_t *error)
{
    size_t       len;
    uint8_t      marker;
    uint16_t     width, height;
    cv_reader_t  r;

    r = cv_reader(image);

    if (cv_read_u16(&r) != 0xffd8) {
        return cv_error_set(error, CV_ERR_INPUT, "it is no JPEG");
    }

    do {
        marker = cv_read_u8(&r) == 0xff ? cv_read_u8(&r) : 0;

        while (marker == 0xff) {
            marker = cv_read_u8(&r);
        }

        len = cv_read_u16(&r);

        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4
            && marker != 0xc8 && marker != 0xcc)
        {
            (void) cv_read_u8(&r);
            height = cv_read_u16(&r);
            width = cv_read_u16(&r);

            if (!r.failed && height > 0 && height <= CV_IMAGE_SIDE_MAX
                && width > 0 && width <= CV_IMAGE_SIDE_MAX)
            {
                return CV_OK;
            }

            break;
        }

        (void) cv_read_bytes(&r, len < 2 ? SIZE_MAX : len - 2);

    } while (!r.failed && cv_jpeg_is_other(marker));

    return cv_error_set(error, CV_ERR_INPUT, "its sides are not of 1 to %d "
                        "pixels", CV_IMAGE_SIDE_MAX);
}


/* after "data:"; white space is allowed among the digits (RFC 2397, section 3) */

static cv_err_t
cv_svg_decode(cv_buf_t *image, cv_str_t text)
{
    size_t    i;
    cv_buf_t  digits;
    cv_err_t  err;

    cv_buf_init(&digits, CV_IMAGE_MAX);

    for (i = 0; i < text.len; i++) {
        if (strchr(" \t\r\n", text.data[i]) == NULL) {
            cv_buf_append_byte(&digits, text.data[i]);
        }
    }

    err = cv_buf_failed(&digits) ? digits.err
                                 : cv_base64_decode(image, cv_buf_str(&digits));
    cv_buf_free(&digits);

    return err;
}


cv_err_t
cv_svg_data_check(cv_str_t href, cv_error_t *error)
{
    bool      png;
    cv_str_t  png_data, jpeg_data, text;
    cv_buf_t  image;
    cv_err_t  err;

    png_data = CV_STR("data:image/png;base64,");
    jpeg_data = CV_STR("data:image/jpeg;base64,");

    png = href.len > png_data.len
          && memcmp(href.data, png_data.data, png_data.len) == 0;

    if (!png && (href.len <= jpeg_data.len
                 || memcmp(href.data, jpeg_data.data, jpeg_data.len) != 0))
    {
        return cv_error_set(error, CV_ERR_INPUT, "it is not in the SVG itself, "
                            "as data:image/png;base64,... or data:image/jpeg;"
                            "base64,...");
    }

    text = png ? cv_str(href.data + png_data.len, href.len - png_data.len)
               : cv_str(href.data + jpeg_data.len, href.len - jpeg_data.len);

    cv_buf_init(&image, CV_IMAGE_MAX);
    err = cv_svg_decode(&image, text);

    if (err != CV_OK) {
        err = cv_error_set(error, err, "it is not base64");

    } else if (!png) {
        err = cv_jpeg_check(cv_buf_str(&image), error);

    } else if (cv_image_type(cv_buf_str(&image)) != CV_IMAGE_PNG) {
        err = cv_error_set(error, CV_ERR_INPUT, "it is no PNG");

    } else {
        err = cv_png_check(cv_buf_str(&image), 1, error);
    }

    cv_buf_free(&image);

    return err;
}
