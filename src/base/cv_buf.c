
/*
 * Copyright (C) The credverify authors
 */

#include "cv_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CV_BUF_FIRST  256


void
cv_buf_init(cv_buf_t *buf, size_t limit)
{
    memset(buf, 0, sizeof(cv_buf_t));
    buf->limit = limit;
}


void
cv_buf_borrow(cv_buf_t *buf, void *memory, size_t size)
{
    memset(buf, 0, sizeof(cv_buf_t));
    buf->data = memory;
    buf->size = size;
    buf->limit = size;
    buf->borrowed = true;
}


void
cv_buf_free(cv_buf_t *buf)
{
    if (!buf->borrowed) {
        free(buf->data);
    }

    memset(buf, 0, sizeof(cv_buf_t));
}


bool
cv_buf_grow(cv_buf_t *buf, size_t more)
{
    size_t    size;
    uint8_t  *data;

    if (buf->err != CV_OK) {
        return false;
    }

    if (buf->borrowed || more > buf->limit - buf->len) {
        cv_buf_fail(buf, CV_ERR_LIMIT);
        return false;
    }

    size = buf->size == 0 ? CV_BUF_FIRST : buf->size;

    while (size < buf->len + more) {
        size *= 2;
    }

    if (size > buf->limit) {
        size = buf->limit;
    }

    data = realloc(buf->data, size);
    if (data == NULL) {
        cv_buf_fail(buf, CV_ERR_NOMEM);
        return false;
    }

    buf->data = data;
    buf->size = size;

    return true;
}


void
cv_buf_append_int(cv_buf_t *buf, int64_t value)
{
    char       digits[CV_INT_TEXT_MAX];
    size_t     n;
    uint64_t   rest;

    rest = value < 0 ? 0 - (uint64_t) value : (uint64_t) value;

    n = sizeof(digits);

    do {
        digits[--n] = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);

    if (value < 0) {
        cv_buf_append_byte(buf, '-');
    }

    cv_buf_append(buf, digits + n, sizeof(digits) - n);
}


void
cv_buf_printf(cv_buf_t *buf, const char *fmt, ...)
{
    int       n;
    char      text[1024];
    va_list   args;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    if (n < 0 || (size_t) n >= sizeof(text)) {
        cv_buf_fail(buf, CV_ERR_LIMIT);
        return;
    }

    cv_buf_append(buf, text, (size_t) n);
}
