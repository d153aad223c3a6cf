
/*
 * Copyright (C) The credverify authors
 *
 * Markup taken apart as a browser does (HTML, 13.2.5), without a thought of
 * the compiler that made it.
 */

#include "markup.h"
#include "fuzz.h"

#include <ctype.h>
#include <strings.h>

#define SPACES  " \t\n\f\r"


typedef struct {
    const uint8_t        *p;
    const uint8_t        *end;
    bool                  xml;
    const char           *mark;
    const cv_document_t  *document;
} markup_t;


/* elements whose contents are text up to their end tag; in XML the first two */

static const char *const  raw[] = {
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed",
    "noframes", "noscript", NULL
};

/* what is in these is code, or names more than one thing */

static const char *const  code[] = {
    "style", "srcdoc", "srcset", "ping", "http-equiv", NULL
};

static const char *const  urls[] = {
    "href", "src", "action", "formaction", "xlink:href", "data", "poster",
    "background", "cite", "longdesc", "manifest", "codebase", NULL
};

static const char *const  schemes[] = {
    "javascript:", "vbscript:", "data:", NULL
};


static bool
is_one_of(uint8_t ch, const char *set)
{
    return ch != '\0' && strchr(set, ch) != NULL;
}


static bool
begins(cv_str_t s, const char *text)
{
    return s.len >= strlen(text)
           && strncasecmp((const char *) s.data, text, strlen(text)) == 0;
}


/* the place of what "s" begins with, or is, or of the NULL that ends them */

static size_t
find(cv_str_t s, const char *const *list, bool whole)
{
    size_t  i;

    for (i = 0; list[i] != NULL; i++) {
        if (begins(s, list[i]) && (!whole || s.len == strlen(list[i]))) {
            break;
        }
    }

    return i;
}


static bool
has_mark(const markup_t *m, cv_str_t s)
{
    return s.len > 0
           && memmem(s.data, s.len, m->mark, strlen(m->mark)) != NULL;
}


static cv_str_t
rest(const markup_t *m)
{
    return cv_str(m->p, (size_t) (m->end - m->p));
}


static void
skip_past(markup_t *m, const char *text)
{
    while (m->p < m->end && !begins(rest(m), text)) {
        m->p++;
    }

    m->p += m->p < m->end ? strlen(text) : 0;
}


static cv_str_t
until(markup_t *m, const char *stop)
{
    const uint8_t  *start;

    for (start = m->p; m->p < m->end && !is_one_of(*m->p, stop); m->p++) {
        /* void */
    }

    return cv_str(start, (size_t) (m->p - start));
}


static void
skip(markup_t *m, const char *set)
{
    while (m->p < m->end && is_one_of(*m->p, set)) {
        m->p++;
    }
}


/* a value with its character references, those that a scheme hides behind */

static void
decode(cv_buf_t *out, cv_str_t value)
{
    char           *after;
    char            digits[16];
    size_t          i;
    unsigned long   ch;

    static const char *const  names[] = {
        "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&tab;", "&newline;",
        "&colon;", "&sol;", NULL
    };

    while (value.len > 0) {
        i = find(value, names, false);

        if (names[i] != NULL) {
            cv_buf_append_byte(out, (uint8_t) "&<>\"'\t\n:/"[i]);
            i = strlen(names[i]);

        } else if (begins(value, "&#")) {
            memset(digits, 0, sizeof(digits));
            memcpy(digits, value.data + 2,
                   value.len - 2 < 15 ? value.len - 2 : 15);

            i = (digits[0] | 0x20) == 'x';
            ch = strtoul(digits + i, &after, i == 1 ? 16 : 10);
            cv_buf_append_byte(out, ch < 128 ? (uint8_t) ch : '?');

            i = 2 + (size_t) (after - digits);
            i += i < value.len && value.data[i] == ';';

        } else {
            cv_buf_append_byte(out, *value.data);
            i = 1;
        }

        value = cv_str(value.data + i, value.len - i);
    }
}


/* data names no script, whatever stands before it */

static void
check_url(cv_str_t value)
{
    size_t    i;
    cv_buf_t  url, plain;

    cv_buf_init(&url, SIZE_MAX);
    cv_buf_init(&plain, SIZE_MAX);

    decode(&url, value);

    /* a browser passes over these (URL, 4.4) */

    for (i = 0; i < url.len; i++) {
        if (plain.len > 0 ? !is_one_of(url.data[i], "\t\n\r")
                          : url.data[i] > ' ')
        {
            cv_buf_append_byte(&plain, url.data[i]);
        }
    }

    i = find(cv_buf_str(&plain), schemes, false);
    FUZZ_MUST(schemes[i] == NULL);

    cv_buf_free(&url);
    cv_buf_free(&plain);
}


static void
check_attribute(const markup_t *m, cv_str_t name, cv_str_t value)
{
    FUZZ_MUST(!has_mark(m, name));

    if (has_mark(m, value)) {
        FUZZ_MUST(!begins(name, "on"));
        FUZZ_MUST(code[find(name, code, true)] == NULL);

        if (urls[find(name, urls, true)] != NULL) {
            check_url(value);
        }
    }
}


/* what the policy of a page allows is what the page has, as it is hashed */

static void
check_style(const markup_t *m, cv_str_t style)
{
    size_t    i, n;
    cv_buf_t  text;

    cv_buf_init(&text, SIZE_MAX);

    for (i = 0; i < style.len; i++) {
        if (style.data[i] != '\r') {
            cv_buf_append_byte(&text, style.data[i]);

        } else if (i + 1 == style.len || style.data[i + 1] != '\n') {
            cv_buf_append_byte(&text, '\n');
        }
    }

    n = cv_document_nstyles(m->document, CV_FORMAT_HTML);

    for (i = 0; i < n; i++) {
        if (cv_str_eq(cv_document_style(m->document, CV_FORMAT_HTML, i),
                      cv_buf_str(&text)))
        {
            break;
        }
    }

    FUZZ_MUST(i < n);
    cv_buf_free(&text);
}


static void
attribute(markup_t *m)
{
    char            quote[2];
    cv_str_t        name, value;
    const uint8_t  *start;

    /* "=" may begin a name */

    start = m->p++;
    (void) until(m, SPACES "/>=");
    name = cv_str(start, (size_t) (m->p - start));
    value = CV_STR("");

    skip(m, SPACES);

    if (m->p < m->end && *m->p == '=') {
        m->p++;
        skip(m, SPACES);

        if (m->p < m->end && (*m->p == '"' || *m->p == '\'')) {
            quote[0] = (char) *m->p++;
            quote[1] = '\0';

            value = until(m, quote);
            m->p += m->p < m->end;

        } else {
            value = until(m, SPACES ">");
        }
    }

    check_attribute(m, name, value);
}


static cv_str_t
tag(markup_t *m)
{
    cv_str_t  name;

    name = until(m, SPACES "/>");
    FUZZ_MUST(!has_mark(m, name));

    for (skip(m, SPACES "/"); m->p < m->end && *m->p != '>';
         skip(m, SPACES "/"))
    {
        attribute(m);
    }

    m->p += m->p < m->end;

    return name;
}


static void
raw_text(markup_t *m, size_t element)
{
    char            close[32];
    cv_str_t        text;
    const uint8_t  *start;

    (void) snprintf(close, sizeof(close), "</%s", raw[element]);

    for (start = m->p; m->p < m->end; m->p++) {

        if (begins(rest(m), close)
            && (rest(m).len == strlen(close)
                || is_one_of(m->p[strlen(close)], SPACES "/>")))
        {
            break;
        }
    }

    text = cv_str(start, (size_t) (m->p - start));

    /* of a script or a style */
    FUZZ_MUST(element > 1 || !has_mark(m, text));

    if (element == 1 && !m->xml && m->p < m->end) {
        check_style(m, text);
    }
}


static void
open_tag(markup_t *m)
{
    size_t  element;

    element = find(tag(m), raw, true);

    if (raw[element] != NULL && (!m->xml || element < 2)) {
        raw_text(m, element);
    }
}


void
fuzz_markup(const cv_document_t *document, bool xml, cv_str_t page,
    const char *mark)
{
    markup_t  m;

    m = (markup_t) { page.data, cv_str_end(page), xml, mark, document };

    while (m.p < m.end) {

        if (*m.p++ != '<') {
            continue;
        }

        if (begins(rest(&m), "!--")) {
            m.p += 3;
            skip_past(&m, "-->");

        } else if (xml && begins(rest(&m), "![CDATA[")) {
            skip_past(&m, "]]>");

        } else if (begins(rest(&m), "!") || begins(rest(&m), "?")) {
            skip_past(&m, ">");

        } else if (begins(rest(&m), "/")) {
            m.p++;
            (void) tag(&m);

        } else if (m.p < m.end && (isalpha(*m.p) || xml)) {
            open_tag(&m);
        }
    }
}
