
/*
 * Copyright (C) The credverify authors
 *
 * What cv_image_check() asks, each of one type of image; errors are its.
 */

#ifndef CV_IMAGE_CHECK_INTERNAL_H
#define CV_IMAGE_CHECK_INTERNAL_H

#include "cv_base.h"

/* what references have against them */
#define CV_SVG_OUTSIDE  "refers to something outside of the image"
#define CV_SVG_ODD_ID   "refers to a part by an id that is not of letters, "  \
                        "digits, \"-\", \"_\", \".\" and \":\""

/* An image with the signature of PNG, whose sides are "least" at least. */
cv_err_t cv_png_check(cv_str_t image, unsigned least, cv_error_t *error)
    CV_MUST_CHECK;

/* An image that cv_image_type() takes for an SVG. */
cv_err_t cv_svg_check(cv_str_t image, cv_error_t *error) CV_MUST_CHECK;

/*
 * The value of an attribute, or if "sheet" the text of a style sheet: nothing
 * in it can load anything; a style sheet refers to nothing at all.  NULL, or
 * what is wrong with it.
 */
const char *cv_svg_style_check(const char *value, bool sheet);

/*
 * Behind the id that is referred to, from the "#" before it on, as far as it is
 * of characters that are neither decoded, nor dropped, nor the end of it: what
 * else were in it, browsers would find another part by.
 */
const char *cv_svg_id_end(const char *id);

/*
 * The next "url(#id)" of such a value, from "*p" on, which is moved behind it;
 * borrows from it.  False if there is none.
 */
bool cv_svg_style_next(const char **p, cv_str_t *id);

/* What an <image> has for a reference: data of a PNG or a JPEG. */
cv_err_t cv_svg_data_check(cv_str_t href, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_IMAGE_CHECK_INTERNAL_H */
