
/*
 * Copyright (C) The credverify authors
 *
 * Images with an assertion baked in (Open Badges Baking Specification 2.0).
 * Nothing here allocates but what is written to.  Any bytes may be given for
 * an image: what is not understood is refused, and nothing is read or written
 * beyond it.
 */

#ifndef CV_BAKE_H
#define CV_BAKE_H

#include "cv_base.h"
#include "cv_buf.h"

/* of an assertion, its URL, or a JWS, in bytes; longer ones are not baked */
#define CV_BAKE_MAX   ((size_t) 1024 * 1024)

/* the namespace and the keyword of what is baked */
#define CV_BAKE_XMLNS    "http://openbadges.org"
#define CV_BAKE_PREFIX   "openbadges"
#define CV_BAKE_KEYWORD  "openbadges"

#define CV_PNG_SIGNATURE  "\x89PNG\r\n\x1a\n"

typedef enum {
    CV_IMAGE_NONE = 0,      /* neither */
    CV_IMAGE_PNG,
    CV_IMAGE_SVG,
} cv_image_type_t;

/*
 * What an image begins with: the signature of PNG, or what may stand before
 * an SVG's root, in UTF-8, and that root.  Whether the rest is as good is for
 * cv_image_check() to say.
 */
cv_image_type_t cv_image_type(cv_str_t image);

/* "png" or "svg", as at the end of a URL; absent for CV_IMAGE_NONE. */
cv_str_t cv_image_type_name(cv_image_type_t type);

/*
 * Appends the image with an assertion in it.  A hosted one is its JSON and the
 * URL that it is at, in "verify"; of a signed one "verify" is the JWS, and
 * "json" absent.  In a PNG that is the first chunk behind IHDR, an iTXt that
 * is not compressed; in an SVG the first child of the root.  All other bytes
 * of the image stay as they are.  So do those of the assertion, but for what
 * XML cannot carry inside of an SVG: it becomes an escape of JSON, for the same
 * string.
 *
 * CV_ERR_INPUT if the image is of neither type, its IHDR or its root is
 * damaged, the root is empty or has such a namespace already, or if what is to
 * be baked is not UTF-8 or has control characters, but for the white space of
 * JSON; CV_ERR_LIMIT if that is too long; or the buffer's error.  Unless the
 * buffer failed nothing is then appended.
 */
cv_err_t cv_bake(cv_buf_t *out, cv_str_t image, cv_str_t verify, cv_str_t json)
    CV_MUST_CHECK;

/* As many bytes as cv_bake() appends, or some more; never fewer. */
size_t cv_bake_room(cv_str_t image, cv_str_t verify, cv_str_t json);

#endif /* CV_BAKE_H */
