
/*
 * Copyright (C) The credverify authors
 *
 * How wide a text is where nobody can ask a browser: in an image, or in a
 * frame of fixed size.  Widths are those of DejaVu Sans, which Verdana's are
 * close to, without kerning; of characters that it does not have, an estimate.
 *
 * What is shown of a text: white space is one space, and none at the ends.
 * Left out are control and format characters, among them all that change the
 * order of a text, and marks beyond six on one letter.  A text in which
 * characters run from right to left is isolated (U+2066 or U+2067, by its
 * first letter, to U+2069), so that it does not change the order of what is
 * around it, and what was cut off is missing at its own end.  Texts are cut
 * between grapheme clusters (UAX #29).
 */

#ifndef CV_MEASURE_H
#define CV_MEASURE_H

#include "cv_base.h"

#define CV_MEASURE_MAX         4096     /* bytes that are shown */
#define CV_MEASURE_SIZE_MAX    1000
#define CV_MEASURE_PX_MAX      10000
#define CV_MEASURE_LINES_MAX   20

typedef struct {
    uint16_t  size;         /* of the font, px; at least 1 */
    uint16_t  width;        /* px that there are */
    uint16_t  add;          /* px, to what cv_measure_width() says */
    uint8_t   line;         /* which of the lines, from 1 on */
    uint8_t   lines;        /* how many there are room for */
    bool      bold;
} cv_measure_t;

/*
 * What there is room for of UTF-8: all, or a part and U+2026, or nothing.  Of
 * several lines one: they end at white space, or beside characters that are
 * wide, as Chinese ones are; only a word that is too long is broken.  What did
 * not fit is missing at the end of the last line.  Borrows from "text", or is
 * in "space".
 */
cv_str_t cv_measure_fit(uint8_t space[CV_MEASURE_MAX], cv_str_t text,
    const cv_measure_t *how);

/* The width of that in px, rounded up, and what is to be added. */
unsigned cv_measure_width(cv_str_t text, const cv_measure_t *how);

#endif /* CV_MEASURE_H */
