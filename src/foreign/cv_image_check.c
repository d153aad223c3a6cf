
/*
 * Copyright (C) The credverify authors
 */

#include "cv_image_check.h"
#include "cv_bake.h"
#include "cv_image_check_internal.h"


/* the first marker, and the beginning of another */

static bool
cv_image_is_jpeg(cv_str_t image)
{
    const cv_str_t  start = CV_STR("\xff\xd8\xff");

    return image.len >= start.len
           && memcmp(image.data, start.data, start.len) == 0;
}


cv_err_t
cv_image_check(cv_str_t image, cv_error_t *error)
{
    if (image.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "it is empty");
    }

    if (image.len > CV_IMAGE_MAX) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "it has %zu bytes; at most %zu are allowed",
                            image.len, CV_IMAGE_MAX);
    }

    switch (cv_image_type(image)) {

    case CV_IMAGE_PNG:
        return cv_png_check(image, CV_IMAGE_SIDE_MIN, error);

    case CV_IMAGE_SVG:
        return cv_svg_check(image, error);

    default:
        return cv_error_set(error, CV_ERR_INPUT, "%s",
                            cv_image_is_jpeg(image)
                                ? "it is a JPEG: it must be PNG or SVG"
                                : "it is neither a PNG nor an SVG in UTF-8");
    }
}
