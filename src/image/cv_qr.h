
/*
 * Copyright (C) The credverify authors
 *
 * A text as a QR code (ISO/IEC 18004), byte mode, error correction level M:
 * the smallest that holds it.  Readers take the bytes for UTF-8.  Threads may
 * call this at the same time.
 */

#ifndef CV_QR_H
#define CV_QR_H

#include "cv_base.h"
#include "cv_buf.h"

/* in bytes; longer codes are too fine for the camera of a phone */
#define CV_QR_TEXT_MAX  997

/* modules of white around a code (ISO/IEC 18004, 6.3.8) */
#define CV_QR_QUIET     4

/*
 * How many modules a side of the text's code has, the white around it counted;
 * 0 if there is no such code, for the text is empty or too long.
 */
unsigned cv_qr_size(cv_str_t text);

/*
 * Appends the black modules as the data of an SVG path, one unit each, in a
 * square of cv_qr_size() from 0,0 on.  They are rows of rectangles, to be
 * filled; "crispEdges" keeps them from being seen apart.  CV_ERR_INPUT if there
 * is no such code, CV_ERR_NOMEM, or the buffer's error.
 */
cv_err_t cv_qr_path(cv_buf_t *out, cv_str_t text) CV_MUST_CHECK;

#endif /* CV_QR_H */
