
/*
 * Copyright (C) The credverify authors
 *
 * Instants and the dates people write.  An instant is a count of milliseconds
 * since 1970-01-01T00:00:00Z, without leap seconds, as in POSIX.
 */

#ifndef CV_TIME_H
#define CV_TIME_H

#include "cv_base.h"
#include "cv_buf.h"

typedef int64_t  cv_time_t;

#define CV_TIME_NEVER  INT64_MAX
#define CV_SECOND      ((cv_time_t) 1000)
#define CV_DAY         (86400 * CV_SECOND)

/*
 * A date as it was given: an RFC 3339 instant, or a bare full-date.  "text"
 * borrows from what was parsed; absent if its data is NULL.
 */

typedef struct {
    cv_str_t   text;
    cv_time_t  at;      /* the instant; 00:00:00 UTC of a bare date */
} cv_date_t;

#define CV_DATE_BARE_LEN  (sizeof("2026-02-15") - 1)
#define CV_DATE_MAX_LEN   64

static inline bool
cv_date_is_bare(const cv_date_t *date)
{
    return date->text.len == CV_DATE_BARE_LEN;
}

/*
 * Reads an RFC 3339 date-time (section 5.6; "t", "z" and a space between date
 * and time are taken, a leap second counts as the second after it) or a bare
 * full-date.  Years are 0001 to 9999.  False, and "date" untouched, if it is
 * neither.
 */
bool cv_date_parse(cv_date_t *date, cv_str_t text);

/*
 * The instant from which something with this expiry is no longer good: the
 * date itself, for a bare date the end of that UTC day, CV_TIME_NEVER if
 * absent.
 */
cv_time_t cv_date_expiry(const cv_date_t *date);

typedef enum {
    CV_TIME_Z,          /* 2026-03-11T10:30:00Z */
    CV_TIME_OFFSET,     /* 2026-03-11T10:30:00+00:00 */
    CV_TIME_MS,         /* 2026-03-11T10:30:00.000Z */
    CV_TIME_DATE,       /* 2026-03-11 */
    CV_TIME_LONG,       /* 11 March 2026 */
    CV_TIME_CLOCK,      /* 10:30:00 */
    CV_TIME_YEAR,       /* 2026 */
    CV_TIME_MONTH,      /* 3 */
} cv_time_format_t;

#define CV_TIME_TEXT_MAX  32

/*
 * Writes "at" in UTC to "text" and returns the length.  The length is the
 * same for every instant in all formats but CV_TIME_LONG and CV_TIME_MONTH.
 * Instants outside the years 0001 to 9999 are brought to the nearest one
 * inside.
 */
size_t cv_time_format(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t at,
    cv_time_format_t format);

/* The year in UTC, likewise from 1 to 9999. */
unsigned cv_time_year(cv_time_t at);

/*
 * Which month "at" is in, counted from January 1970, and when a month begins,
 * in UTC.  For the years 1970 to 9999.
 */
unsigned cv_time_month(cv_time_t at);
cv_time_t cv_time_of_month(unsigned month);

/* A month as text, "2026-10", of the years 1970 to 7430: two bytes do. */
#define CV_MONTH_LEN   (sizeof("2026-10") - 1)
#define CV_MONTH_LAST  ((7430 - 1970) * 12 + 11)

/* Reads a month; false if it is none, or not one of those years. */
bool cv_month_parse(unsigned *month, cv_str_t text);
void cv_month_format(uint8_t text[CV_MONTH_LEN], unsigned month);

/* The wall clock. */
cv_time_t cv_time_now(void);

#endif /* CV_TIME_H */
