
/*
 * Copyright (C) The credverify authors
 *
 * What is baked into an image that anybody may have made.
 */

#ifndef CV_UNBAKE_H
#define CV_UNBAKE_H

#include "cv_base.h"
#include "cv_buf.h"

/* of an image that is read, in bytes */
#define CV_UNBAKE_MAX  ((size_t) 8 * 1024 * 1024)

/*
 * Appends the assertion in an image: JSON, a JWS or, of badges before 2.0, a
 * URL; in UTF-8, without NUL, of CV_BAKE_MAX bytes at most.  Nothing is
 * appended if the image has none.  "verify", unless it is NULL, gets the
 * attribute of that name, which SVGs have beside the JSON.
 *
 * Of a PNG that is an iTXt chunk, compressed or not, or a tEXt one, whose
 * checksum must be right; of an SVG the element, wherever it is.
 *
 * CV_ERR_INPUT with the reason, as what is said of "it": the image is neither,
 * it is cut or not well-formed, what is baked is damaged, too long, not UTF-8,
 * empty, or there more than once.  Or CV_ERR_NOMEM.
 */
cv_err_t cv_unbake(cv_buf_t *out, cv_buf_t *verify, cv_str_t image,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_UNBAKE_H */
