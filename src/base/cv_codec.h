
/*
 * Copyright (C) The credverify authors
 *
 * Reading and writing stored bytes: integers are big-endian and unaligned,
 * every read is bounded.  A read past the end fails for good, yields zero or
 * an absent string, and is noticed once, by cv_reader_done().
 */

#ifndef CV_CODEC_H
#define CV_CODEC_H

#include "cv_base.h"
#include "cv_buf.h"

#include <endian.h>

typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    bool            failed;
} cv_reader_t;

static inline cv_reader_t
cv_reader(cv_str_t s)
{
    return (cv_reader_t) { s.data, cv_str_end(s), false };
}

static inline size_t
cv_reader_left(const cv_reader_t *r)
{
    return (size_t) (r->end - r->p);
}

/* True if everything was read and nothing was missing. */
static inline bool
cv_reader_done(const cv_reader_t *r)
{
    return !r->failed && r->p == r->end;
}

/* Borrows "len" bytes from what is read. */
static inline cv_str_t
cv_read_bytes(cv_reader_t *r, size_t len)
{
    cv_str_t  s;

    if (cv_reader_left(r) < len) {
        r->failed = true;
        r->p = r->end;
        return CV_ABSENT;
    }

    s = cv_str(r->p, len);
    r->p += len;

    return s;
}

/* "size" is a constant of the caller, for which one load is made of this */

static inline uint64_t
cv_get_uint(const uint8_t *p, size_t size)
{
    uint16_t  u16;
    uint32_t  u32;
    uint64_t  u64;

    switch (size) {

    case 1:
        return *p;

    case 2:
        memcpy(&u16, p, sizeof(u16));
        return be16toh(u16);

    case 4:
        memcpy(&u32, p, sizeof(u32));
        return be32toh(u32);

    default:
        memcpy(&u64, p, sizeof(u64));
        return be64toh(u64);
    }
}

static inline void
cv_put_uint(uint8_t *p, uint64_t value, size_t size)
{
    uint16_t  u16;
    uint32_t  u32;
    uint64_t  u64;

    switch (size) {

    case 1:
        *p = (uint8_t) value;
        break;

    case 2:
        u16 = htobe16((uint16_t) value);
        memcpy(p, &u16, sizeof(u16));
        break;

    case 4:
        u32 = htobe32((uint32_t) value);
        memcpy(p, &u32, sizeof(u32));
        break;

    default:
        u64 = htobe64(value);
        memcpy(p, &u64, sizeof(u64));
    }
}

static inline uint64_t
cv_read_uint(cv_reader_t *r, size_t size)
{
    const uint8_t  *p;

    p = r->p;

    if (cv_reader_left(r) < size) {
        r->failed = true;
        r->p = r->end;
        return 0;
    }

    r->p += size;

    return cv_get_uint(p, size);
}

#define cv_read_u8(r)   ((uint8_t) cv_read_uint(r, 1))
#define cv_read_u16(r)  ((uint16_t) cv_read_uint(r, 2))
#define cv_read_u32(r)  ((uint32_t) cv_read_uint(r, 4))
#define cv_read_u64(r)  cv_read_uint(r, 8)

static inline void
cv_write_uint(cv_buf_t *buf, uint64_t value, size_t size)
{
    uint8_t  *p;

    p = cv_buf_extend(buf, size);
    if (p != NULL) {
        cv_put_uint(p, value, size);
    }
}

#define cv_write_u8(buf, value)   cv_write_uint(buf, value, 1)
#define cv_write_u16(buf, value)  cv_write_uint(buf, value, 2)
#define cv_write_u32(buf, value)  cv_write_uint(buf, value, 4)
#define cv_write_u64(buf, value)  cv_write_uint(buf, value, 8)

#endif /* CV_CODEC_H */
