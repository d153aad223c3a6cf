
/*
 * Copyright (C) The credverify authors
 *
 * PNGs for tests, good ones and others: chunk by chunk.
 */

#ifndef PNG_MAKE_H
#define PNG_MAKE_H

#include "cv_bake.h"
#include "cv_codec.h"

#include <stdlib.h>

#include <zlib.h>

#define PNG_MAKE_MAX  ((size_t) 4 * 1024 * 1024)


static inline void
png_begin(cv_buf_t *png)
{
    cv_buf_init(png, PNG_MAKE_MAX);
    cv_buf_append_str(png, CV_STR(CV_PNG_SIGNATURE));
}


static inline void
png_chunk(cv_buf_t *png, const char *type, const void *data, size_t len)
{
    size_t  start;

    cv_write_u32(png, len);
    start = png->len;
    cv_buf_append(png, type, 4);
    cv_buf_append(png, data, len);
    cv_write_u32(png, crc32(0, png->data + start, (uInt) (png->len - start)));
}


/* "kind" is bit depth, colour type, compression, filter, interlace */

static inline void
png_header(cv_buf_t *png, uint32_t width, uint32_t height, const uint8_t *kind)
{
    uint8_t  ihdr[13];

    cv_put_uint(ihdr, width, 4);
    cv_put_uint(ihdr + 4, height, 4);
    memcpy(ihdr + 8, kind, 5);

    png_chunk(png, "IHDR", ihdr, sizeof(ihdr));
}


/* so many zeros: black pixels, no filter */

static inline void
png_pixels(cv_buf_t *png, size_t len)
{
    uLongf    size;
    uint8_t  *plain, *packed;

    size = compressBound((uLong) len);
    plain = calloc(1, len + 1);
    packed = malloc(size);

    if (plain == NULL || packed == NULL
        || compress2(packed, &size, plain, (uLong) len, 9) != Z_OK)
    {
        abort();
    }

    png_chunk(png, "IDAT", packed, size);
    free(plain);
    free(packed);
}


static inline void
png_end(cv_buf_t *png)
{
    png_chunk(png, "IEND", "", 0);
}


/* a good one, of true colour with alpha, with a chunk behind its header */

static inline void
png_with(cv_buf_t *png, uint32_t side, const char *type, cv_str_t data)
{
    png_begin(png);
    png_header(png, side, side, (const uint8_t *) "\x08\x06\0\0\0");

    if (type != NULL) {
        png_chunk(png, type, data.data, data.len);
    }

    png_pixels(png, side * (1 + 4 * (size_t) side));
    png_end(png);
}


/* a text that is compressed, behind "keyword", NULs included */

static inline cv_str_t
png_packed(cv_buf_t *out, cv_str_t keyword, const void *text, size_t len)
{
    uLongf    size;
    uint8_t  *packed;

    size = compressBound((uLong) len);
    packed = malloc(size);

    if (packed == NULL || compress2(packed, &size, text, (uLong) len, 9) != Z_OK)
    {
        abort();
    }

    cv_buf_init(out, PNG_MAKE_MAX);
    cv_buf_append_str(out, keyword);
    cv_buf_append(out, packed, size);
    free(packed);

    return cv_buf_str(out);
}

#endif /* PNG_MAKE_H */
