
/*
 * Copyright (C) The credverify authors
 *
 * Dates as other programs write them, by a format that says how.
 */

#ifndef CV_DATE_H
#define CV_DATE_H

#include "cv_base.h"
#include "cv_time.h"

/*
 * True if a format is one by which a date cannot be read in two ways: one
 * each of %Y, of %m, %b or %B, and of %d or %e; for a time of the day %H, or
 * %I with %p, and with it perhaps %M, %S and %z; anything else as it is, %% for
 * a per cent sign.  They mean what they mean to strptime(), but that %Y has
 * four digits; a time without %z is in UTC.
 */
bool cv_date_format_good(const char *format);

/*
 * Writes the date to "out" as RFC 3339 has it, bare unless the format has a
 * time of the day, and returns the length; 0 if the text does not fit the
 * format, or is no day of the calendar.
 */
size_t cv_date_read(uint8_t out[CV_DATE_MAX_LEN], const char *format,
    cv_str_t text);

#endif /* CV_DATE_H */
