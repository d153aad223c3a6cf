
/*
 * Copyright (C) The credverify authors
 */

#include "cv_bake.h"
#include "cv_codec.h"
#include "cv_image_check.h"
#include "cv_image_check_internal.h"
#include "cv_png_chunk.h"

#include <setjmp.h>
#include <stdio.h>

#include <png.h>

/* what a text or a colour profile may decompress to, in bytes */
#define CV_PNG_TEXT_MAX   ((size_t) 1024 * 1024)

/* four channels of 16 bits */
#define CV_PNG_PIXEL_MAX  8


/* what libpng reads, and what it says */

typedef struct {
    cv_str_t  rest;
    char      why[128];
} cv_png_source_t;


static cv_err_t
cv_png_check_size(const cv_png_chunk_t *ihdr, unsigned least, cv_error_t *error)
{
    uint64_t  width, height;

    if (!cv_png_chunk_is(ihdr, "IHDR") || ihdr->data.len != 13) {
        return cv_error_set(error, CV_ERR_INPUT, "it does not begin with its "
                            "header");
    }

    width = cv_get_uint(ihdr->data.data, 4);
    height = cv_get_uint(ihdr->data.data + 4, 4);

    if (width < least || width > CV_IMAGE_SIDE_MAX
        || height < least || height > CV_IMAGE_SIDE_MAX)
    {
        return cv_error_set(error, CV_ERR_INPUT,
                            "it has %u x %u pixels; each side must be of %u to "
                            "%u", (unsigned) width, (unsigned) height, least,
                            CV_IMAGE_SIDE_MAX);
    }

    return CV_OK;
}


/* Texts and profiles are not decoded with the pixels. */

static cv_err_t
cv_png_check_compressed(const cv_png_chunk_t *chunk, cv_error_t *error)
{
    cv_str_t  data;

    if (!cv_png_compressed(chunk, &data)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "its chunk %.*s is not made as it should be",
                            CV_FMT(chunk->type));
    }

    if (!cv_present(data)) {
        return CV_OK;
    }

    switch (cv_png_inflate(NULL, CV_PNG_TEXT_MAX, data)) {

    case CV_OK:
        return CV_OK;

    case CV_ERR_LIMIT:
        return cv_error_set(error, CV_ERR_INPUT, "its chunk %.*s decompresses "
                            "to more than %zu bytes", CV_FMT(chunk->type),
                            CV_PNG_TEXT_MAX);

    case CV_ERR_NOMEM:
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");

    default:
        return cv_error_set(error, CV_ERR_INPUT,
                            "its chunk %.*s cannot be decompressed",
                            CV_FMT(chunk->type));
    }
}


/* The keyword of any text of the kind, whatever follows. */

static bool
cv_png_is_baked(const cv_png_chunk_t *chunk)
{
    cv_str_t  rest, keyword;

    rest = chunk->data;

    return (cv_png_chunk_is(chunk, "iTXt") || cv_png_chunk_is(chunk, "tEXt")
            || cv_png_chunk_is(chunk, "zTXt"))
           && cv_png_field(&rest, &keyword)
           && cv_str_eq(keyword, CV_STR(CV_BAKE_KEYWORD));
}


static cv_err_t
cv_png_check_chunk(const cv_png_chunk_t *chunk, cv_error_t *error)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < 4; i++) {
        ch = chunk->type.data[i] | 0x20;

        if (ch < 'a' || ch > 'z') {
            return cv_error_set(error, CV_ERR_INPUT, "it has a chunk that has "
                                "no name");
        }
    }

    if (!chunk->intact) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the checksum of its chunk %.*s is wrong",
                            CV_FMT(chunk->type));
    }

    if (cv_png_chunk_is(chunk, "acTL") || cv_png_chunk_is(chunk, "fcTL")
        || cv_png_chunk_is(chunk, "fdAT"))
    {
        return cv_error_set(error, CV_ERR_INPUT, "it is animated (APNG)");
    }

    /* upper case: nobody may pass it over (PNG, section 5.4) */

    if (!(chunk->type.data[0] & 0x20)
        && !cv_png_chunk_is(chunk, "IHDR") && !cv_png_chunk_is(chunk, "PLTE")
        && !cv_png_chunk_is(chunk, "IDAT") && !cv_png_chunk_is(chunk, "IEND"))
    {
        return cv_error_set(error, CV_ERR_INPUT, "its critical chunk %.*s is "
                            "not known", CV_FMT(chunk->type));
    }

    if (cv_png_is_baked(chunk)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "it has an assertion baked in");
    }

    return cv_png_check_compressed(chunk, error);
}


static cv_err_t
cv_png_check_chunks(cv_str_t image, unsigned least, cv_error_t *error)
{
    bool            first, last, pixels, behind;
    cv_err_t        err;
    cv_str_t        rest;
    cv_png_chunk_t  chunk;

    rest = cv_png_chunks(image);
    pixels = false;
    behind = false;

    for (first = true, last = false; !last; first = false) {

        if (!cv_png_chunk_next(&rest, &chunk)) {
            return cv_error_set(error, CV_ERR_INPUT, "its end is missing");
        }

        err = cv_png_check_chunk(&chunk, error);

        if (err == CV_OK && first) {
            err = cv_png_check_size(&chunk, least, error);
        }

        if (err != CV_OK) {
            return err;
        }

        /* all image data is in one piece (5.6), but libpng takes others */

        if (!cv_png_chunk_is(&chunk, "IDAT")) {
            behind = pixels;

        } else if (behind) {
            return cv_error_set(error, CV_ERR_INPUT, "its image data is not "
                                "in one piece");

        } else {
            pixels = true;
        }

        last = cv_png_chunk_is(&chunk, "IEND");
    }

    if (rest.len > 0) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%zu bytes follow the end of it", rest.len);
    }

    return CV_OK;
}


static void
cv_png_read(png_structp png, png_bytep out, size_t len)
{
    cv_png_source_t  *source = png_get_io_ptr(png);

    if (len > source->rest.len) {
        png_error(png, "its end is missing");
    }

    memcpy(out, source->rest.data, len);
    source->rest = cv_str(source->rest.data + len, source->rest.len - len);
}


/* also of warnings: of a good image there is none */

static void
cv_png_fail(png_structp png, png_const_charp why)
{
    cv_png_source_t  *source = png_get_error_ptr(png);

    (void) snprintf(source->why, sizeof(source->why), "%s", why);
    png_longjmp(png, 1);
}


/* Leaves by png_longjmp() if anything is wrong. */

static void
cv_png_decode(png_structp png, png_infop info)
{
    int          pass, passes;
    uint8_t      row[CV_IMAGE_SIDE_MAX * CV_PNG_PIXEL_MAX];
    png_uint_32  y, height;

    png_read_info(png, info);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);

    if (png_get_rowbytes(png, info) > sizeof(row)) {
        png_error(png, "its rows are too long");
    }

    /* what is combined with former passes need not be what it was */

    memset(row, 0, sizeof(row));
    height = png_get_image_height(png, info);

    for (pass = 0; pass < passes; pass++) {
        for (y = 0; y < height; y++) {
            png_read_row(png, row, NULL);
        }
    }

    png_read_end(png, NULL);
}


static cv_err_t
cv_png_check_pixels(cv_str_t image, cv_error_t *error)
{
    cv_err_t         err;
    png_infop        info;
    png_structp      png;
    cv_png_source_t  source;

    source.rest = image;

    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, cv_png_fail,
                                 cv_png_fail);
    info = png == NULL ? NULL : png_create_info_struct(png);

    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_read_fn(png, &source, cv_png_read);
        png_set_user_limits(png, CV_IMAGE_SIDE_MAX, CV_IMAGE_SIDE_MAX);
        png_set_chunk_malloc_max(png, CV_PNG_TEXT_MAX);
        png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);

        /* what is not pixels is none of its business */

        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);

        cv_png_decode(png, info);
        err = CV_OK;

    } else {
        err = cv_error_set(error, CV_ERR_INPUT, "it cannot be decoded: %s",
                           source.why);
    }

    png_destroy_read_struct(&png, &info, NULL);

    return err;
}


/* libpng passes over what follows the last pixel; it may be anything. */

static cv_err_t
cv_png_check_behind(cv_str_t image, cv_error_t *error)
{
    cv_buf_t        data;
    cv_err_t        err;
    cv_str_t        rest;
    cv_png_chunk_t  chunk;

    cv_buf_init(&data, image.len);
    rest = cv_png_chunks(image);

    while (cv_png_chunk_next(&rest, &chunk)) {
        if (cv_png_chunk_is(&chunk, "IDAT")) {
            cv_buf_append_str(&data, chunk.data);
        }
    }

    err = cv_buf_failed(&data) ? CV_ERR_NOMEM
                               : cv_png_inflate(NULL, SIZE_MAX,
                                                cv_buf_str(&data));
    cv_buf_free(&data);

    if (err == CV_OK) {
        return CV_OK;
    }

    return cv_error_set(error, err, err == CV_ERR_NOMEM
                                        ? "out of memory"
                                        : "its image data goes on behind the "
                                          "last pixel");
}


cv_err_t
cv_png_check(cv_str_t image, unsigned least, cv_error_t *error)
{
    cv_err_t  err;

    err = cv_png_check_chunks(image, least, error);

    if (err == CV_OK) {
        err = cv_png_check_pixels(image, error);
    }

    return err == CV_OK ? cv_png_check_behind(image, error) : err;
}
