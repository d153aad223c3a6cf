
/*
 * Copyright (C) The credverify authors
 */

#include "cv_png_chunk.h"
#include "cv_bake.h"
#include "cv_codec.h"

#define ZLIB_CONST
#include <zlib.h>

#define CV_INFLATE_PIECE  16384


cv_str_t
cv_png_chunks(cv_str_t image)
{
    cv_reader_t  r;

    r = cv_reader(image);
    (void) cv_read_bytes(&r, sizeof(CV_PNG_SIGNATURE) - 1);

    return cv_str(r.p, cv_reader_left(&r));
}


bool
cv_png_chunk_next(cv_str_t *rest, cv_png_chunk_t *chunk)
{
    size_t       len;
    uint32_t     crc;
    cv_reader_t  r;

    r = cv_reader(*rest);

    len = cv_read_u32(&r);
    chunk->type = cv_read_bytes(&r, 4);
    chunk->data = cv_read_bytes(&r, len);
    crc = cv_read_u32(&r);

    if (r.failed) {
        return false;
    }

    chunk->intact = crc == crc32_z(0, chunk->type.data, 4 + len);
    *rest = cv_str(r.p, cv_reader_left(&r));

    return true;
}


bool
cv_png_chunk_is(const cv_png_chunk_t *chunk, const char *type)
{
    return memcmp(chunk->type.data, type, 4) == 0;
}


bool
cv_png_field(cv_str_t *rest, cv_str_t *field)
{
    const uint8_t  *p;

    p = rest->len == 0 ? NULL : memchr(rest->data, '\0', rest->len);

    if (p == NULL) {
        return false;
    }

    *field = cv_str(rest->data, (size_t) (p - rest->data));
    *rest = cv_str(p + 1, rest->len - field->len - 1);

    return true;
}


bool
cv_png_compressed(const cv_png_chunk_t *chunk, cv_str_t *data)
{
    bool         international;
    uint8_t      flag, method;
    cv_str_t     rest, field;
    cv_reader_t  r;

    *data = CV_ABSENT;
    international = cv_png_chunk_is(chunk, "iTXt");

    if (!international && !cv_png_chunk_is(chunk, "zTXt")
        && !cv_png_chunk_is(chunk, "iCCP"))
    {
        return true;
    }

    rest = chunk->data;

    if (!cv_png_field(&rest, &field)) {
        return false;
    }

    r = cv_reader(rest);
    flag = international ? cv_read_u8(&r) : 1;
    method = cv_read_u8(&r);
    rest = cv_str(r.p, cv_reader_left(&r));

    if (r.failed || flag > 1 || method != 0) {
        return false;
    }

    /* language and keyword in it (11.3.3.4) */

    if (international && (!cv_png_field(&rest, &field)
                          || !cv_png_field(&rest, &field)))
    {
        return false;
    }

    if (flag == 1) {
        *data = rest;
    }

    return true;
}


cv_err_t
cv_png_inflate(cv_buf_t *out, size_t most, cv_str_t data)
{
    int       rc;
    size_t    len;
    uint8_t   piece[CV_INFLATE_PIECE];
    cv_err_t  err;
    z_stream  z;

    memset(&z, 0, sizeof(z));
    z.next_in = data.data;
    z.avail_in = (uInt) data.len;
    err = CV_OK;

    if (data.len > UINT32_MAX) {
        return CV_ERR_LIMIT;
    }

    if (inflateInit(&z) != Z_OK) {
        return CV_ERR_NOMEM;
    }

    do {
        z.next_out = piece;
        z.avail_out = sizeof(piece);

        rc = inflate(&z, Z_NO_FLUSH);
        len = sizeof(piece) - z.avail_out;

        if (len > most) {
            err = CV_ERR_LIMIT;
            break;
        }

        most -= len;

        if (out != NULL) {
            cv_buf_append(out, piece, len);
            err = out->err;
        }

    } while (rc == Z_OK && err == CV_OK);

    (void) inflateEnd(&z);

    if (err != CV_OK) {
        return err;
    }

    if (rc == Z_MEM_ERROR) {
        return CV_ERR_NOMEM;
    }

    return rc == Z_STREAM_END && z.avail_in == 0 ? CV_OK : CV_ERR_INPUT;
}
