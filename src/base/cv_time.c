
/*
 * Copyright (C) The credverify authors
 */

#include "cv_time.h"

#include <time.h>

#define CV_TIME_MIN  (-62135596800 * CV_SECOND)      /* 0001-01-01 */
#define CV_TIME_MAX  (253402300800 * CV_SECOND - 1)  /* the end of 9999 */

static const uint8_t  cv_month_days[] = {
    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
};

static const char *const  cv_month_names[] = {
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"
};


static bool
cv_digits(const uint8_t *p, size_t n, unsigned *value)
{
    unsigned  v;

    for (v = 0; n > 0; n--, p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }

        v = v * 10 + (unsigned) (*p - '0');
    }

    *value = v;

    return true;
}


/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar.  Years are
 * counted from March, so that a leap day is the last day of its year.
 */

static int64_t
cv_days_from_civil(unsigned year, unsigned month, unsigned day)
{
    unsigned  y, m;

    y = month > 2 ? year : year - 1;
    m = month > 2 ? month - 3 : month + 9;

    return (int64_t) y * 365 + y / 4 - y / 100 + y / 400
           + (m * 153 + 2) / 5 + (day - 1) - 719468;
}


static void
cv_civil_from_days(int64_t days, unsigned *year, unsigned *month,
    unsigned *day)
{
    unsigned  z, era_day, era, y, m, year_day;

    z = (unsigned) (days + 719468);         /* since 0000-03-01 */

    era = z / 146097;
    era_day = z % 146097;

    y = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    year_day = era_day - (365 * y + y / 4 - y / 100);
    m = (5 * year_day + 2) / 153;

    *day = year_day - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (*month <= 2);
}


static bool
cv_date_parse_day(const uint8_t *p, int64_t *days)
{
    unsigned  year, month, day, last;

    if (!cv_digits(p, 4, &year) || p[4] != '-' || !cv_digits(p + 5, 2, &month)
        || p[7] != '-' || !cv_digits(p + 8, 2, &day))
    {
        return false;
    }

    if (year < 1 || month < 1 || month > 12 || day < 1) {
        return false;
    }

    last = cv_month_days[month - 1];

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        last = 29;
    }

    if (day > last) {
        return false;
    }

    *days = cv_days_from_civil(year, month, day);

    return true;
}


/* "Z" or "+hh:mm" or "-hh:mm", to the end of the text; in minutes */

static bool
cv_date_parse_offset(const uint8_t *p, const uint8_t *end, int *offset)
{
    unsigned  hour, minute;

    if (end - p == 1 && (*p == 'Z' || *p == 'z')) {
        *offset = 0;
        return true;
    }

    if (end - p != 6 || (*p != '+' && *p != '-') || !cv_digits(p + 1, 2, &hour)
        || p[3] != ':' || !cv_digits(p + 4, 2, &minute)
        || hour > 23 || minute > 59)
    {
        return false;
    }

    *offset = (int) (hour * 60 + minute) * (*p == '-' ? -1 : 1);

    return true;
}


bool
cv_date_parse(cv_date_t *date, cv_str_t text)
{
    int             offset;
    int64_t         days, at;
    unsigned        hour, minute, second, ms, scale;
    const uint8_t  *p, *end;

    if (text.len < CV_DATE_BARE_LEN || text.len > CV_DATE_MAX_LEN
        || !cv_date_parse_day(text.data, &days))
    {
        return false;
    }

    at = days * CV_DAY;

    if (text.len > CV_DATE_BARE_LEN) {
        p = text.data + CV_DATE_BARE_LEN;
        end = text.data + text.len;

        if (end - p < 10 || (*p != 'T' && *p != 't' && *p != ' ')
            || !cv_digits(p + 1, 2, &hour) || p[3] != ':'
            || !cv_digits(p + 4, 2, &minute) || p[6] != ':'
            || !cv_digits(p + 7, 2, &second)
            || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        p += 9;
        ms = 0;

        if (*p == '.') {
            scale = 100;

            for (p++; p < end && *p >= '0' && *p <= '9'; p++) {
                ms += (unsigned) (*p - '0') * scale;
                scale /= 10;
            }

            if (p[-1] == '.') {
                return false;
            }
        }

        if (!cv_date_parse_offset(p, end, &offset)) {
            return false;
        }

        at += (((int64_t) hour * 60 + minute - offset) * 60 + second)
              * CV_SECOND + ms;
    }

    date->text = text;
    date->at = at;

    return true;
}


cv_time_t
cv_date_expiry(const cv_date_t *date)
{
    if (!cv_present(date->text)) {
        return CV_TIME_NEVER;
    }

    return cv_date_is_bare(date) ? date->at + CV_DAY : date->at;
}


/* two digits of a value below 100 */

static inline uint8_t *
cv_put_two(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t) ('0' + value / 10);
    p[1] = (uint8_t) ('0' + value % 10);

    return p + 2;
}


/* without a zero before it */

static inline uint8_t *
cv_put_short(uint8_t *p, unsigned value)
{
    if (value < 10) {
        *p++ = (uint8_t) ('0' + value);
        return p;
    }

    return cv_put_two(p, value);
}


static inline uint8_t *
cv_put_year(uint8_t *p, unsigned year)
{
    return cv_put_two(cv_put_two(p, year / 100), year % 100);
}


static uint8_t *
cv_put_text(uint8_t *p, const char *text)
{
    size_t  len;

    len = strlen(text);
    memcpy(p, text, len);

    return p + len;
}


static uint8_t *
cv_put_clock(uint8_t *p, unsigned ms)
{
    p = cv_put_two(p, ms / 3600000);
    *p++ = ':';
    p = cv_put_two(p, ms / 60000 % 60);
    *p++ = ':';

    return cv_put_two(p, ms / 1000 % 60);
}


size_t
cv_time_format(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t at,
    cv_time_format_t format)
{
    int64_t    days;
    uint8_t   *p;
    unsigned   year, month, day, rest;

    if (at < CV_TIME_MIN) {
        at = CV_TIME_MIN;
    }

    if (at > CV_TIME_MAX) {
        at = CV_TIME_MAX;
    }

    /* division that rounds down before 1970 too */
    days = (at - CV_TIME_MIN) / CV_DAY + CV_TIME_MIN / CV_DAY;
    rest = (unsigned) (at - days * CV_DAY);

    cv_civil_from_days(days, &year, &month, &day);

    p = text;

    if (format == CV_TIME_CLOCK) {
        return (size_t) (cv_put_clock(p, rest) - text);
    }

    if (format == CV_TIME_YEAR) {
        return (size_t) (cv_put_year(p, year) - text);
    }

    if (format == CV_TIME_MONTH) {
        return (size_t) (cv_put_short(p, month) - text);
    }

    if (format == CV_TIME_LONG) {
        p = cv_put_short(p, day);
        *p++ = ' ';
        p = cv_put_text(p, cv_month_names[month - 1]);
        *p++ = ' ';

        return (size_t) (cv_put_year(p, year) - text);
    }

    p = cv_put_year(p, year);
    *p++ = '-';
    p = cv_put_two(p, month);
    *p++ = '-';
    p = cv_put_two(p, day);

    if (format != CV_TIME_DATE) {
        *p++ = 'T';
        p = cv_put_clock(p, rest);

        if (format == CV_TIME_MS) {
            *p++ = '.';
            *p++ = (uint8_t) ('0' + rest % 1000 / 100);
            p = cv_put_two(p, rest % 100);
        }

        p = cv_put_text(p, format == CV_TIME_OFFSET ? "+00:00" : "Z");
    }

    return (size_t) (p - text);
}


unsigned
cv_time_year(cv_time_t at)
{
    size_t    i;
    uint8_t   text[CV_TIME_TEXT_MAX];
    unsigned  year;

    (void) cv_time_format(text, at, CV_TIME_DATE);

    for (year = 0, i = 0; i < 4; i++) {
        year = year * 10 + (unsigned) (text[i] - '0');
    }

    return year;
}


unsigned
cv_time_month(cv_time_t at)
{
    unsigned  year, month, day;

    cv_civil_from_days(at / CV_DAY, &year, &month, &day);

    return (year - 1970) * 12 + month - 1;
}


cv_time_t
cv_time_of_month(unsigned month)
{
    return cv_days_from_civil(1970 + month / 12, month % 12 + 1, 1) * CV_DAY;
}


bool
cv_month_parse(unsigned *month, cv_str_t text)
{
    cv_date_t  date;
    uint8_t    first[CV_DATE_BARE_LEN];

    if (text.len != CV_MONTH_LEN) {
        return false;
    }

    memcpy(first, text.data, CV_MONTH_LEN);
    memcpy(first + CV_MONTH_LEN, "-01", sizeof("-01") - 1);

    if (!cv_date_parse(&date, cv_str(first, sizeof(first))) || date.at < 0
        || cv_time_month(date.at) > CV_MONTH_LAST)
    {
        return false;
    }

    *month = cv_time_month(date.at);

    return true;
}


void
cv_month_format(uint8_t text[CV_MONTH_LEN], unsigned month)
{
    uint8_t  date[CV_TIME_TEXT_MAX];

    (void) cv_time_format(date, cv_time_of_month(month), CV_TIME_DATE);

    memcpy(text, date, CV_MONTH_LEN);
}


cv_time_t
cv_time_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (cv_time_t) ts.tv_sec * CV_SECOND + ts.tv_nsec / 1000000;
}
