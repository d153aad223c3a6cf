
/*
 * Copyright (C) The credverify authors
 *
 * The chunks of a PNG (PNG, third edition, section 5), of any bytes.
 */

#ifndef CV_PNG_CHUNK_H
#define CV_PNG_CHUNK_H

#include "cv_base.h"
#include "cv_buf.h"

/* Borrows from the image. */

typedef struct {
    cv_str_t  type;         /* four bytes, whichever */
    cv_str_t  data;
    bool      intact;       /* its checksum is right */
} cv_png_chunk_t;

/* What follows the signature, which the image must begin with. */
cv_str_t cv_png_chunks(cv_str_t image);

/*
 * Takes the next chunk off "rest"; false if it has no whole one.  Bytes that
 * are then left are a chunk that was cut, or none.
 */
bool cv_png_chunk_next(cv_str_t *rest, cv_png_chunk_t *chunk);

bool cv_png_chunk_is(const cv_png_chunk_t *chunk, const char *type);

/* Takes what is before the next NUL off "rest", and that; false without one. */
bool cv_png_field(cv_str_t *rest, cv_str_t *field);

/*
 * What a chunk of text or of a colour profile has compressed, behind its
 * keyword: of iTXt, zTXt and iCCP; absent if it has nothing such.  False if
 * the chunk is not made as its type is.
 */
bool cv_png_compressed(const cv_png_chunk_t *chunk, cv_str_t *data);

/*
 * Appends what a zlib stream decompresses to, unless "out" is NULL.
 * CV_ERR_INPUT unless "data" is just one whole stream, CV_ERR_LIMIT if that has
 * more than "most" bytes, CV_ERR_NOMEM, or the buffer's error.  On an error a
 * part may have been appended.
 */
cv_err_t cv_png_inflate(cv_buf_t *out, size_t most, cv_str_t data)
    CV_MUST_CHECK;

#endif /* CV_PNG_CHUNK_H */
