
/*
 * Copyright (C) The credverify authors
 *
 * Whether an image may be that of a class: it comes from an operator, who may
 * have it from anywhere, and is served to everybody under the issuer's name.
 * Nothing in it may act, load anything, cost who looks at it more than an
 * image does, or break what is baked into it.
 */

#ifndef CV_IMAGE_CHECK_H
#define CV_IMAGE_CHECK_H

#include "cv_base.h"
#include "cv_record.h"

/* in pixels; of an SVG if it says how large it is */
#define CV_IMAGE_SIDE_MIN  16
#define CV_IMAGE_SIDE_MAX  2048

/* of an SVG */
#define CV_SVG_ELEMENTS    4096
#define CV_SVG_DEPTH       64
#define CV_SVG_IMAGES      8

/* how many elements are drawn, those that are used counted each time */
#define CV_SVG_DRAWN       65536

/*
 * CV_OK for a PNG or an SVG of at most CV_IMAGE_MAX bytes (cv_record.h).  CV_ERR_INPUT with
 * the reason, for people, as what is said of "it"; or CV_ERR_NOMEM.
 *
 * A PNG is decoded to its last pixel and has nothing behind it; it is not
 * animated, and has no chunk that decoders must know and do not.  An SVG is
 * UTF-8 without document type, with elements and attributes of which none can
 * run, load or refer to anything outside of it.  None has an assertion yet.
 */
cv_err_t cv_image_check(cv_str_t image, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_IMAGE_CHECK_H */
