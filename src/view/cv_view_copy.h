
/*
 * Copyright (C) The credverify authors
 *
 * How the runner copies.  A body is mostly constant text and short clean
 * values, so both are copied in words, and the general escaping is for the
 * rest.
 */

#ifndef CV_VIEW_COPY_H
#define CV_VIEW_COPY_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_text.h"
#include "cv_view_program.h"

/* what is copied in words here; more is for the C library */
#define CV_VIEW_LONG  256


/*
 * Not zero where a byte may have to be escaped: in JSON, or in HTML and XML.
 * There "&" and "'", and "<" and ">", are a bit apart, and 0xef begins what XML
 * cannot carry.
 */

static inline cv_vector_t
cv_view_dirty(cv_vector_t v, bool html)
{
    if (html) {
        return (cv_vector_t) ((v < 0x20) | (v == '"') | ((v | 1) == '\'')
                              | ((v | 2) == '>') | (v == 0xef));
    }

    return (cv_vector_t) ((v < 0x20) | (v == '"') | (v == '\\'));
}


/* copies constant text, which has padding to read from */

static inline void
cv_view_copy(cv_buf_t *out, const uint8_t *text, size_t len)
{
    size_t    n;
    uint8_t  *p;

    if (len > CV_VIEW_LONG || out->size - out->len < len + CV_VIEW_PADDING) {
        cv_buf_append(out, text, len);
        return;
    }

    p = out->data + out->len;
    out->len += len;

    memcpy(p, text, CV_VIEW_PADDING);

    for (n = CV_VIEW_PADDING; n < len; n += CV_VIEW_PADDING) {
        memcpy(p + n, text + n, CV_VIEW_PADDING);
    }
}


/*
 * Copies a text of which nothing needs to be escaped; false if something may.
 * Nothing is read or written beyond its length.
 */

static inline bool
cv_view_copy_clean(uint8_t *p, cv_str_t s, bool html)
{
    size_t       i;
    uint32_t     low, high;
    uint64_t     words[2];
    cv_vector_t  v, dirty;

    dirty = (cv_vector_t) { 0 };

    if (s.len >= CV_VECTOR) {

        for (i = 0; i + CV_VECTOR < s.len; i += CV_VECTOR) {
            memcpy(&v, s.data + i, CV_VECTOR);
            memcpy(p + i, &v, CV_VECTOR);
            dirty |= cv_view_dirty(v, html);
        }

        memcpy(&v, s.data + s.len - CV_VECTOR, CV_VECTOR);
        memcpy(p + s.len - CV_VECTOR, &v, CV_VECTOR);

    } else if (s.len >= 8) {
        memcpy(&words[0], s.data, 8);
        memcpy(&words[1], s.data + s.len - 8, 8);
        memcpy(p, &words[0], 8);
        memcpy(p + s.len - 8, &words[1], 8);
        memcpy(&v, words, CV_VECTOR);

    } else if (s.len >= 4) {
        memcpy(&low, s.data, 4);
        memcpy(&high, s.data + s.len - 4, 4);
        memcpy(p, &low, 4);
        memcpy(p + s.len - 4, &high, 4);
        words[0] = low | (uint64_t) high << 32;
        words[1] = words[0];
        memcpy(&v, words, CV_VECTOR);

    } else {
        words[0] = 0x2020202020202020;
        words[1] = words[0];

        for (i = 0; i < s.len; i++) {
            words[0] = words[0] << 8 | s.data[i];
            p[i] = s.data[i];
        }

        memcpy(&v, words, CV_VECTOR);
    }

    return !cv_vector_any(dirty | cv_view_dirty(v, html));
}


static inline void
cv_view_json_text(cv_buf_t *out, cv_str_t s)
{
    if (out->size - out->len > s.len
        && cv_view_copy_clean(out->data + out->len, s, false))
    {
        out->len += s.len;
        return;
    }

    cv_escape_json(out, s);
}


static inline void
cv_view_html(cv_buf_t *out, cv_str_t s)
{
    if (out->size - out->len > s.len
        && cv_view_copy_clean(out->data + out->len, s, true))
    {
        out->len += s.len;
        return;
    }

    cv_escape_html(out, s);
}


static inline void
cv_view_json_string(cv_buf_t *out, cv_str_t s)
{
    uint8_t  *p;

    if (out->size - out->len >= s.len + 2) {
        p = out->data + out->len;

        if (cv_view_copy_clean(p + 1, s, false)) {
            p[0] = '"';
            p[s.len + 1] = '"';
            out->len += s.len + 2;
            return;
        }
    }

    cv_escape_json_string(out, s);
}

#endif /* CV_VIEW_COPY_H */
