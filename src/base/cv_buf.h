
/*
 * Copyright (C) The credverify authors
 *
 * A byte buffer that is born with a ceiling.  Failure is sticky: once an
 * append did not fit, the later ones do nothing, so that a writer checks
 * cv_buf_failed() once, at its end.
 */

#ifndef CV_BUF_H
#define CV_BUF_H

#include "cv_base.h"

typedef struct {
    uint8_t   *data;
    size_t     len;
    size_t     size;      /* allocated bytes */
    size_t     limit;     /* ceiling in bytes, never passed */
    cv_err_t   err;       /* CV_OK, CV_ERR_LIMIT or CV_ERR_NOMEM */
    bool       borrowed;  /* the memory is the caller's and does not grow */
} cv_buf_t;

/* A buffer that grows by itself up to "limit" bytes; owns its memory. */
void cv_buf_init(cv_buf_t *buf, size_t limit);

/* A buffer over the caller's memory, which must outlive it. */
void cv_buf_borrow(cv_buf_t *buf, void *memory, size_t size);

/* Frees what cv_buf_init() led to; harmless on a borrowed buffer. */
void cv_buf_free(cv_buf_t *buf);

/* Gives back the memory that is not filled; not of a borrowed buffer. */
void cv_buf_trim(cv_buf_t *buf);

/* Empties the buffer, keeps its memory, forgets a failure. */
static inline void
cv_buf_reset(cv_buf_t *buf)
{
    buf->len = 0;
    buf->err = CV_OK;

    if (buf->borrowed) {
        buf->size = buf->limit;
    }
}

static inline bool
cv_buf_failed(const cv_buf_t *buf)
{
    return buf->err != CV_OK;
}

/* Borrows the contents: good until the next append, reset or free. */
static inline cv_str_t
cv_buf_str(const cv_buf_t *buf)
{
    return cv_str(buf->data != NULL ? buf->data : (const uint8_t *) "",
                  buf->len);
}

/* Fails the buffer: nothing more will be appended. */
static inline void
cv_buf_fail(cv_buf_t *buf, cv_err_t err)
{
    buf->err = err;
    buf->size = buf->len;
}

/* Makes room for "more" bytes; false, and failed, if there is none. */
bool cv_buf_grow(cv_buf_t *buf, size_t more);

/* Room for "len" bytes at the end, already counted as written, or NULL. */
static inline uint8_t *
cv_buf_extend(cv_buf_t *buf, size_t len)
{
    uint8_t  *p;

    if (buf->size - buf->len < len && !cv_buf_grow(buf, len)) {
        return NULL;
    }

    p = buf->data + buf->len;
    buf->len += len;

    return p;
}

static inline void
cv_buf_append(cv_buf_t *buf, const void *data, size_t len)
{
    uint8_t  *p;

    if (len == 0) {
        return;
    }

    p = cv_buf_extend(buf, len);
    if (p != NULL) {
        memcpy(p, data, len);
    }
}

static inline void
cv_buf_append_str(cv_buf_t *buf, cv_str_t s)
{
    cv_buf_append(buf, s.data, s.len);
}

static inline void
cv_buf_append_byte(cv_buf_t *buf, uint8_t byte)
{
    uint8_t  *p;

    p = cv_buf_extend(buf, 1);
    if (p != NULL) {
        *p = byte;
    }
}

#define CV_INT_TEXT_MAX  (sizeof("-9223372036854775808") - 1)

void cv_buf_append_int(cv_buf_t *buf, int64_t value);

/* The same to memory that has room for CV_INT_TEXT_MAX; the text's length. */
size_t cv_int_write(uint8_t *out, int64_t value);

void cv_buf_printf(cv_buf_t *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* CV_BUF_H */
