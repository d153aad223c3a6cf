
/*
 * Copyright (C) The credverify authors
 */

#include "cv_bake.h"
#include "cv_codec.h"
#include "cv_text.h"

#include <zlib.h>

/* a chunk is its length, its type, its data and their checksum (PNG, 5.3) */
#define CV_PNG_FRAME      12
#define CV_PNG_IHDR       13
#define CV_PNG_IHDR_END   (sizeof(CV_PNG_SIGNATURE) - 1                       \
                           + CV_PNG_FRAME + CV_PNG_IHDR)

/* compression flag and method, language, translated keyword (PNG, 11.3.3.4) */
#define CV_PNG_ITXT       CV_BAKE_KEYWORD "\0" "\0\0" "\0" "\0"

#define CV_SVG_NAMESPACE  " xmlns:" CV_BAKE_PREFIX "=\"" CV_BAKE_XMLNS "\""
#define CV_SVG_BEGIN      "<" CV_BAKE_PREFIX ":assertion verify=\""
#define CV_SVG_CDATA      "\"><![CDATA["
#define CV_SVG_END        "]]></" CV_BAKE_PREFIX ":assertion>"
#define CV_SVG_EMPTY      "\"/>"

/* of cv_escape_html(): "&quot;" */
#define CV_ATTRIBUTE_GROWTH  6

/* "\u003e" for one byte of three, "\ufffe" for three */
#define CV_CDATA_GROWTH      5


/* where something goes into an SVG */

typedef struct {
    size_t  name;       /* behind the name of the root */
    size_t  content;    /* behind its start tag */
    bool    empty;      /* it is an empty-element tag */
    bool    taken;      /* it has declared our prefix */
} cv_svg_root_t;


static bool
cv_starts(const uint8_t *p, const uint8_t *end, cv_str_t with)
{
    return (size_t) (end - p) >= with.len
           && memcmp(p, with.data, with.len) == 0;
}


static bool
cv_is_space(uint8_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}


/* behind the next such string, or NULL */

static const uint8_t *
cv_skip_past(const uint8_t *p, const uint8_t *end, cv_str_t what)
{
    p = memmem(p, (size_t) (end - p), what.data, what.len);

    return p == NULL ? NULL : p + what.len;
}


/*
 * Behind a declaration or a start tag, quoted strings being no part of it, nor
 * what a document type has in brackets; or NULL.
 */

static const uint8_t *
cv_skip_tag(const uint8_t *p, const uint8_t *end)
{
    size_t  depth;

    for (depth = 0; p < end; p++) {

        switch (*p) {

        case '"':
        case '\'':
            p = memchr(p + 1, *p, (size_t) (end - p) - 1);
            if (p == NULL) {
                return NULL;
            }
            break;

        case '[':
            depth++;
            break;

        case ']':
            depth -= depth > 0;
            break;

        case '>':
            if (depth == 0) {
                return p + 1;
            }
            break;
        }
    }

    return NULL;
}


/* the root's "<", or NULL */

static const uint8_t *
cv_svg_find_root(cv_str_t image)
{
    const uint8_t  *p, *end;

    p = image.data;
    end = cv_str_end(image);

    if (cv_starts(p, end, CV_STR("\xef\xbb\xbf"))) {
        p += 3;
    }

    while (p != NULL && p < end) {

        if (cv_is_space(*p)) {
            p++;

        } else if (cv_starts(p, end, CV_STR("<?"))) {
            p = cv_skip_past(p + 2, end, CV_STR("?>"));

        } else if (cv_starts(p, end, CV_STR("<!--"))) {
            p = cv_skip_past(p + 4, end, CV_STR("-->"));

        } else if (cv_starts(p, end, CV_STR("<!DOCTYPE"))) {
            p = cv_skip_tag(p, end);

        } else {
            return *p == '<' ? p : NULL;
        }
    }

    return NULL;
}


/* behind the name of the root, with or without a prefix; NULL if not "svg" */

static const uint8_t *
cv_svg_root_name(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *local;

    for (local = ++p; p < end && *p != '>' && *p != '/' && !cv_is_space(*p);
         p++)
    {
        if (*p == ':') {
            local = p + 1;
        }
    }

    return p < end && cv_str_eq(cv_str(local, (size_t) (p - local)),
                                CV_STR("svg")) ? p : NULL;
}


/* from behind the name: an attribute that declares our prefix */

static bool
cv_svg_declares(const uint8_t *p, const uint8_t *end)
{
    cv_str_t  name;

    name = CV_STR("xmlns:" CV_BAKE_PREFIX);

    for ( /* void */ ; p < end; p++) {

        if (*p == '"' || *p == '\'') {
            p = memchr(p + 1, *p, (size_t) (end - p) - 1);
            if (p == NULL) {
                return false;
            }

        } else if (cv_starts(p, end, name) && p + name.len < end
                   && (p[name.len] == '=' || cv_is_space(p[name.len])))
        {
            return true;
        }
    }

    return false;
}


static bool
cv_svg_find(cv_svg_root_t *root, cv_str_t image)
{
    const uint8_t  *p, *name, *end;

    end = cv_str_end(image);

    p = cv_svg_find_root(image);
    if (p == NULL) {
        return false;
    }

    name = cv_svg_root_name(p, end);
    if (name == NULL) {
        return false;
    }

    p = cv_skip_tag(name, end);
    if (p == NULL) {
        return false;
    }

    root->name = (size_t) (name - image.data);
    root->content = (size_t) (p - image.data);
    root->empty = p[-2] == '/';
    root->taken = cv_svg_declares(name, p);

    return true;
}


cv_image_type_t
cv_image_type(cv_str_t image)
{
    cv_svg_root_t  root;

    if (image.len == 0) {
        return CV_IMAGE_NONE;
    }

    if (cv_starts(image.data, cv_str_end(image), CV_STR(CV_PNG_SIGNATURE))) {
        return CV_IMAGE_PNG;
    }

    return cv_svg_find(&root, image) ? CV_IMAGE_SVG : CV_IMAGE_NONE;
}


cv_str_t
cv_image_type_name(cv_image_type_t type)
{
    switch (type) {
    case CV_IMAGE_PNG:  return CV_STR("png");
    case CV_IMAGE_SVG:  return CV_STR("svg");
    default:            return CV_ABSENT;
    }
}


/* Controls are in no JSON but as white space, and in no URL and no JWS. */

static cv_err_t
cv_bake_check(cv_str_t text, bool json)
{
    size_t  i;

    if (text.len > CV_BAKE_MAX) {
        return CV_ERR_LIMIT;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' && !(json && cv_is_space(text.data[i]))) {
            return CV_ERR_INPUT;
        }
    }

    return cv_utf8_valid(text) ? CV_OK : CV_ERR_INPUT;
}


static cv_err_t
cv_bake_png(cv_buf_t *out, cv_str_t image, cv_str_t text)
{
    uLong           crc;
    cv_str_t        type, head;
    const uint8_t  *ihdr;

    static const uint8_t  begins[] = { 0, 0, 0, CV_PNG_IHDR,
                                       'I', 'H', 'D', 'R' };

    ihdr = image.data + sizeof(CV_PNG_SIGNATURE) - 1;

    if (image.len < CV_PNG_IHDR_END
        || memcmp(ihdr, begins, sizeof(begins)) != 0)
    {
        return CV_ERR_INPUT;
    }

    type = CV_STR("iTXt");
    head = CV_STR(CV_PNG_ITXT);

    crc = crc32_z(0, type.data, type.len);
    crc = crc32_z(crc, head.data, head.len);
    crc = crc32_z(crc, text.data, text.len);

    cv_buf_append(out, image.data, CV_PNG_IHDR_END);
    cv_write_u32(out, head.len + text.len);
    cv_buf_append_str(out, type);
    cv_buf_append_str(out, head);
    cv_buf_append_str(out, text);
    cv_write_u32(out, crc);
    cv_buf_append(out, image.data + CV_PNG_IHDR_END,
                  image.len - CV_PNG_IHDR_END);

    return out->err;
}


/*
 * JSON for a CDATA section (XML 1.0, section 2.7): the ">" of its end and the
 * characters that XML has not can only be inside of strings.
 */

static void
cv_bake_cdata(cv_buf_t *out, cv_str_t json)
{
    size_t          len;
    cv_str_t        escape;
    const uint8_t  *p, *start, *end;

    start = json.data;
    end = cv_str_end(json);

    for (p = start; p < end; p++) {

        if (*p == '>' && p - json.data >= 2 && p[-1] == ']' && p[-2] == ']') {
            escape = CV_STR("\\u003e");
            len = 1;

        } else if (cv_starts(p, end, CV_STR("\xef\xbf\xbe"))) {
            escape = CV_STR("\\ufffe");
            len = 3;

        } else if (cv_starts(p, end, CV_STR("\xef\xbf\xbf"))) {
            escape = CV_STR("\\uffff");
            len = 3;

        } else {
            continue;
        }

        cv_buf_append(out, start, (size_t) (p - start));
        cv_buf_append_str(out, escape);
        start = p + len;
    }

    cv_buf_append(out, start, (size_t) (end - start));
}


static cv_err_t
cv_bake_svg(cv_buf_t *out, cv_str_t image, cv_str_t verify, cv_str_t json)
{
    cv_svg_root_t  root;

    if (!cv_svg_find(&root, image) || root.empty || root.taken) {
        return CV_ERR_INPUT;
    }

    cv_buf_append(out, image.data, root.name);
    cv_buf_append_str(out, CV_STR(CV_SVG_NAMESPACE));
    cv_buf_append(out, image.data + root.name, root.content - root.name);
    cv_buf_append_str(out, CV_STR(CV_SVG_BEGIN));
    cv_escape_html(out, verify);

    if (cv_present(json)) {
        cv_buf_append_str(out, CV_STR(CV_SVG_CDATA));
        cv_bake_cdata(out, json);
        cv_buf_append_str(out, CV_STR(CV_SVG_END));

    } else {
        cv_buf_append_str(out, CV_STR(CV_SVG_EMPTY));
    }

    cv_buf_append(out, image.data + root.content, image.len - root.content);

    return out->err;
}


cv_err_t
cv_bake(cv_buf_t *out, cv_str_t image, cv_str_t verify, cv_str_t json)
{
    cv_err_t  err;

    err = cv_bake_check(verify, false);

    if (err == CV_OK) {
        err = cv_bake_check(json, true);
    }

    if (err != CV_OK) {
        return err;
    }

    switch (cv_image_type(image)) {

    case CV_IMAGE_PNG:
        return cv_bake_png(out, image, cv_present(json) ? json : verify);

    case CV_IMAGE_SVG:
        return cv_bake_svg(out, image, verify, json);

    default:
        return CV_ERR_INPUT;
    }
}


size_t
cv_bake_room(cv_str_t image, cv_str_t verify, cv_str_t json)
{
    if (cv_image_type(image) == CV_IMAGE_PNG) {
        return image.len + CV_PNG_FRAME + sizeof(CV_PNG_ITXT) - 1
               + (cv_present(json) ? json.len : verify.len);
    }

    return image.len + sizeof(CV_SVG_NAMESPACE CV_SVG_BEGIN CV_SVG_CDATA
                              CV_SVG_END CV_SVG_EMPTY)
           + verify.len * CV_ATTRIBUTE_GROWTH
           + json.len + json.len / 3 * CV_CDATA_GROWTH;
}
