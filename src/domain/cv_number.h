
/*
 * Copyright (C) The credverify authors
 *
 * How a class numbers its credentials: "SCH-{year}-WEB-{seq:6}".  {seq} is
 * the next number of a sequence, with {seq:N} in N digits or more; {year} has
 * four digits, and every year a sequence of its own.
 *
 * All but {seq} is of one length, so that no number can be read in two ways.
 */

#ifndef CV_NUMBER_H
#define CV_NUMBER_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_shape.h"

/* The most digits that {seq} has, and the last number there is. */
#define CV_NUMBER_DIGITS  18
#define CV_NUMBER_LAST    ((uint64_t) 999999999999999999)

/* what a format has between its literal texts, in its order */

typedef struct {
    cv_str_t   texts[3];        /* before, between and after; may be empty */
    unsigned   parts;           /* 1 or 2 */
    int        year;            /* which part {year} is; -1: none */
    unsigned   digits;          /* that {seq} has at least */
    size_t     fixed;           /* the length of all but {seq} */
} cv_number_format_t;

/*
 * Reads a format, which "format" borrows.  False unless it has one {seq} or
 * {seq:N}, N from 1 to 18, at most one {year}, no other braces, and no number
 * of it would be too long for a handle.
 */
bool cv_number_format_read(cv_number_format_t *format, cv_str_t text);

/*
 * The year and the place in its sequence of a number that is written exactly
 * as the format would; false for any other.  The year is 0 if it has none.
 */
bool cv_number_read(const cv_number_format_t *format, cv_str_t number,
    unsigned *year, uint64_t *seq);

/* Appends a number of at most CV_HANDLE_MAX bytes. */
void cv_number_write(cv_buf_t *out, const cv_number_format_t *format,
    unsigned year, uint64_t seq);

extern const cv_shape_t  cv_shape_number;   /* a format's text */

#endif /* CV_NUMBER_H */
