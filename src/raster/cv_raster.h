
/*
 * Copyright (C) The credverify authors
 *
 * An SVG as a PNG, by librsvg and cairo; the layer that of the modules only
 * the one for that has, for they bring some forty libraries.  It includes
 * cv_base.h and calls nothing else of ours.
 */

#ifndef CV_RASTER_H
#define CV_RASTER_H

#include "cv_base.h"

#define CV_RASTER_SVG_MAX   (1024 * 1024)   /* bytes of an SVG */
#define CV_RASTER_SIDE_MAX  4096            /* pixels of a side */

/* Takes the next piece of a picture; false if there is no room for it. */
typedef bool (*cv_raster_write_pt)(void *to, const void *data, size_t len);

/*
 * Draws the SVG to a picture of that many pixels, as large as fits there, on
 * nothing.  It may refer to itself and to "data:", and to no file or address.
 * The same SVG gives the same bytes as long as libraries and fonts are the
 * same.  Threads may call this at the same time, each of which then keeps the
 * fonts that it has used.
 *
 * CV_ERR_INPUT if it is no SVG, CV_ERR_LIMIT if it is too long, too much to
 * draw, or did not fit where it was written to, CV_ERR_NOMEM; the error's text
 * is one line.
 */
cv_err_t cv_raster(cv_str_t svg, unsigned width, unsigned height,
    cv_raster_write_pt write, void *to, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_RASTER_H */
