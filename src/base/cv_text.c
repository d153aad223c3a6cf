
/*
 * Copyright (C) The credverify authors
 */

#include "cv_text.h"

#include <strings.h>

#define CV_REPLACEMENT  "\xef\xbf\xbd"


size_t
cv_utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *code)
{
    size_t    i, n;
    uint32_t  ch, least;

    if (*p < 0x80) {
        *code = *p;
        return *p == 0 ? 0 : 1;
    }

    if (*p >= 0xc2 && *p <= 0xdf) {
        n = 2;
        ch = *p & 0x1f;
        least = 0x80;

    } else if ((*p & 0xf0) == 0xe0) {
        n = 3;
        ch = *p & 0x0f;
        least = 0x800;

    } else if (*p >= 0xf0 && *p <= 0xf4) {
        n = 4;
        ch = *p & 0x07;
        least = 0x10000;

    } else {
        return 0;
    }

    if ((size_t) (end - p) < n) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        ch = ch << 6 | (p[i] & 0x3f);
    }

    if (ch < least || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff)) {
        return 0;
    }

    *code = ch;

    return n;
}


bool
cv_utf8_valid(cv_str_t s)
{
    size_t          n;
    uint32_t        ch;
    const uint8_t  *p, *end;

    end = cv_str_end(s);

    for (p = s.data; p < end; p += n) {
        n = cv_utf8_decode(p, end, &ch);

        if (n == 0) {
            return false;
        }
    }

    return true;
}


static int
cv_hex_digit(uint8_t ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}


bool
cv_hex_decode(uint8_t *out, size_t len, cv_str_t s)
{
    int     high, low;
    size_t  i;

    if (s.len != 2 * len) {
        return false;
    }

    for (i = 0; i < len; i++) {
        high = cv_hex_digit(s.data[2 * i]);
        low = cv_hex_digit(s.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        out[i] = (uint8_t) (high << 4 | low);
    }

    return true;
}


/* not zero where a byte is no hexadecimal digit */

static inline cv_vector_t
cv_hex_wrong(cv_vector_t v)
{
    cv_vector_t  digit, letter;

    digit = (cv_vector_t) ((v >= '0') & (v <= '9'));
    v |= 0x20;
    letter = (cv_vector_t) ((v >= 'a') & (v <= 'f'));

    return ~(digit | letter);
}


bool
cv_hex_lower(char *out, cv_str_t s)
{
    size_t       i;
    cv_vector_t  v, wrong;

    wrong = (cv_vector_t) { 0 };

    for (i = 0; i + CV_VECTOR <= s.len; i += CV_VECTOR) {
        memcpy(&v, s.data + i, CV_VECTOR);
        wrong |= cv_hex_wrong(v);
        v |= 0x20;                      /* which digits have already */
        memcpy(out + i, &v, CV_VECTOR);
    }

    for ( /* void */ ; i < s.len; i++) {
        if (cv_hex_digit(s.data[i]) < 0) {
            return false;
        }

        out[i] = (char) (s.data[i] | 0x20);
    }

    return !cv_vector_any(wrong);
}


/* half a vector of bytes, and a byte's two digits in the order of memory */

typedef uint8_t   cv_half_t __attribute__((vector_size(CV_VECTOR / 2)));
typedef uint16_t  cv_pairs_t __attribute__((vector_size(CV_VECTOR)));

#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define cv_hex_pairs(v)  ((v) >> 4 | ((v) & 0xf) << 8)
#else
#define cv_hex_pairs(v)  (((v) & 0xf0) << 4 | ((v) & 0xf))
#endif


void
cv_hex_encode(char *out, cv_str_t s)
{
    size_t       i;
    cv_half_t    half;
    cv_pairs_t   pairs;
    cv_vector_t  v;

    static const char  digits[] = "0123456789abcdef";

    for (i = 0; i + CV_VECTOR / 2 <= s.len; i += CV_VECTOR / 2) {
        memcpy(&half, s.data + i, sizeof(half));

        pairs = __builtin_convertvector(half, cv_pairs_t);
        v = (cv_vector_t) cv_hex_pairs(pairs);
        v += '0' + ((cv_vector_t) (v > 9) & ('a' - '0' - 10));

        memcpy(out + 2 * i, &v, sizeof(v));
    }

    for ( /* void */ ; i < s.len; i++) {
        out[2 * i] = digits[s.data[i] >> 4];
        out[2 * i + 1] = digits[s.data[i] & 0xf];
    }
}


#define CV_ESCAPE_JSON  1
#define CV_ESCAPE_HTML  2
#define CV_UNRESERVED   4

static const uint8_t  cv_char_class[256] = {
    [0x00 ... 0x1f] = CV_ESCAPE_JSON | CV_ESCAPE_HTML,
    ['"'] = CV_ESCAPE_JSON | CV_ESCAPE_HTML,
    ['\\'] = CV_ESCAPE_JSON,
    ['&'] = CV_ESCAPE_HTML,
    ['\''] = CV_ESCAPE_HTML,
    ['<'] = CV_ESCAPE_HTML,
    ['>'] = CV_ESCAPE_HTML,
    [0xef] = CV_ESCAPE_HTML,
    ['-'] = CV_UNRESERVED,
    ['.'] = CV_UNRESERVED,
    ['_'] = CV_UNRESERVED,
    ['~'] = CV_UNRESERVED,
    ['0' ... '9'] = CV_UNRESERVED,
    ['A' ... 'Z'] = CV_UNRESERVED,
    ['a' ... 'z'] = CV_UNRESERVED,
};


void
cv_escape_json(cv_buf_t *out, cv_str_t s)
{
    uint8_t         u[6];
    const char     *short_form;
    const uint8_t  *p, *start, *end;

    end = cv_str_end(s);
    start = s.data;

    for (p = s.data; p < end; p++) {

        if (!(cv_char_class[*p] & CV_ESCAPE_JSON)) {
            continue;
        }

        cv_buf_append(out, start, (size_t) (p - start));
        start = p + 1;

        switch (*p) {
        case '"':   short_form = "\\\"";  break;
        case '\\':  short_form = "\\\\";  break;
        case '\b':  short_form = "\\b";   break;
        case '\f':  short_form = "\\f";   break;
        case '\n':  short_form = "\\n";   break;
        case '\r':  short_form = "\\r";   break;
        case '\t':  short_form = "\\t";   break;
        default:    short_form = NULL;
        }

        if (short_form != NULL) {
            cv_buf_append(out, short_form, 2);
            continue;
        }

        memcpy(u, "\\u00", 4);
        cv_hex_encode((char *) u + 4, cv_str(p, 1));
        cv_buf_append(out, u, sizeof(u));
    }

    cv_buf_append(out, start, (size_t) (end - start));
}


void
cv_escape_json_string(cv_buf_t *out, cv_str_t s)
{
    cv_buf_append_byte(out, '"');
    cv_escape_json(out, s);
    cv_buf_append_byte(out, '"');
}


/* U+FFFE and U+FFFF, which UTF-8 can write and XML 1.0 cannot carry */

static bool
cv_is_noncharacter(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 3 && p[0] == 0xef && p[1] == 0xbf
           && (p[2] == 0xbe || p[2] == 0xbf);
}


/* "amp" is what a reference begins with */

static inline void
cv_escape_references(cv_buf_t *out, cv_str_t s, cv_str_t amp)
{
    cv_str_t        entity;
    const uint8_t  *p, *start, *end;

    end = cv_str_end(s);
    start = s.data;

    for (p = s.data; p < end; p++) {

        if (!(cv_char_class[*p] & CV_ESCAPE_HTML)
            || (*p == 0xef && !cv_is_noncharacter(p, end)))
        {
            continue;
        }

        cv_buf_append(out, start, (size_t) (p - start));

        if (*p == 0xef) {
            p += 2;
        }

        start = p + 1;

        switch (*p) {
        case '&':   entity = CV_STR("amp;");    break;
        case '<':   entity = CV_STR("lt;");     break;
        case '>':   entity = CV_STR("gt;");     break;
        case '"':   entity = CV_STR("quot;");   break;
        case '\'':  entity = CV_STR("#39;");    break;
        case '\t':  entity = CV_STR("#9;");     break;
        case '\n':  entity = CV_STR("#10;");    break;
        case '\r':  entity = CV_STR("#13;");    break;
        default:
            cv_buf_append_str(out, CV_STR(CV_REPLACEMENT));
            continue;
        }

        cv_buf_append_str(out, amp);
        cv_buf_append_str(out, entity);
    }

    cv_buf_append(out, start, (size_t) (end - start));
}


void
cv_escape_html(cv_buf_t *out, cv_str_t s)
{
    cv_escape_references(out, s, CV_STR("&"));
}


void
cv_escape_html_shown(cv_buf_t *out, cv_str_t s)
{
    cv_escape_references(out, s, CV_STR("&amp;"));
}


void
cv_escape_url(cv_buf_t *out, cv_str_t s)
{
    uint8_t  code[3];
    size_t   i;

    for (i = 0; i < s.len; i++) {

        if (cv_char_class[s.data[i]] & CV_UNRESERVED) {
            cv_buf_append_byte(out, s.data[i]);
            continue;
        }

        code[0] = '%';
        code[1] = (uint8_t) "0123456789ABCDEF"[s.data[i] >> 4];
        code[2] = (uint8_t) "0123456789ABCDEF"[s.data[i] & 0xf];
        cv_buf_append(out, code, sizeof(code));
    }
}


/* how many bytes at "p" are a control character; 0: it is none */

static size_t
cv_text_control(const uint8_t *p, const uint8_t *end)
{
    if (*p < 0x20 || *p == 0x7f) {
        return 1;
    }

    if (*p == 0xc2 && end - p > 1 && p[1] < 0xa0) {
        return 2;
    }

    return *p == 0xe2 && end - p > 2 && p[1] == 0x80
           && (p[2] == 0xa8 || p[2] == 0xa9) ? 3 : 0;
}


void
cv_escape_plain(cv_buf_t *out, cv_str_t s)
{
    size_t          n;
    const uint8_t  *p, *end, *start;

    end = cv_str_end(s);

    for (p = start = s.data; p < end; /* void */ ) {
        n = cv_text_control(p, end);

        if (n == 0) {
            p++;
            continue;
        }

        cv_buf_append(out, start, (size_t) (p - start));
        cv_buf_append_byte(out, ' ');
        p += n;
        start = p;
    }

    cv_buf_append(out, start, (size_t) (p - start));
}


void
cv_escape_href(cv_buf_t *out, cv_str_t s)
{
    if ((s.len > 0 && s.data[0] == '?')
        || (s.len > 4 && strncasecmp((const char *) s.data, "cid:", 4) == 0)
        || (s.len > 8 && strncasecmp((const char *) s.data, "https://", 8) == 0)
        || (s.len > 7 && strncasecmp((const char *) s.data, "http://", 7) == 0))
    {
        cv_escape_html(out, s);
        return;
    }

    cv_buf_append_byte(out, '#');
}
