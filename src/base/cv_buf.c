
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


void
cv_buf_trim(cv_buf_t *buf)
{
    uint8_t  *data;

    if (buf->borrowed || buf->len == 0) {
        return;
    }

    data = realloc(buf->data, buf->len);

    if (data != NULL) {
        buf->data = data;
        buf->size = buf->len;
    }
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


/* how many digits a number has */

static size_t
cv_digits(uint64_t n)
{
    size_t  guess;

    static const uint64_t  powers[] = {
        0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
        1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
        100000000000000, 1000000000000000, 10000000000000000,
        100000000000000000, 1000000000000000000, 10000000000000000000U
    };

    /* by its bits, of which a digit has about 3.32: too many by one perhaps */

    guess = (size_t) (64 - __builtin_clzll(n | 1)) * 1233 >> 12;

    return guess + (n >= powers[guess]);
}


size_t
cv_int_write(uint8_t *out, int64_t value)
{
    size_t     n;
    uint8_t   *p;
    uint64_t   rest;

    static const char  pairs[] =
        "00010203040506070809101112131415161718192021222324"
        "25262728293031323334353637383940414243444546474849"
        "50515253545556575859606162636465666768697071727374"
        "75767778798081828384858687888990919293949596979899";

    n = 0;
    rest = (uint64_t) value;

    if (value < 0) {
        out[n++] = '-';
        rest = 0 - rest;
    }

    n += cv_digits(rest);

    for (p = out + n; rest >= 10; rest /= 100) {
        p -= 2;
        memcpy(p, pairs + rest % 100 * 2, 2);
    }

    if (rest > 0 || value == 0) {
        p[-1] = (uint8_t) ('0' + rest);
    }

    return n;
}


void
cv_buf_append_int(cv_buf_t *buf, int64_t value)
{
    uint8_t  text[CV_INT_TEXT_MAX];

    cv_buf_append(buf, text, cv_int_write(text, value));
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
