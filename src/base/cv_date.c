
/*
 * Copyright (C) The credverify authors
 */

#include "cv_date.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    unsigned  year;
    unsigned  month;
    unsigned  day;
    unsigned  hour;
    unsigned  half;         /* a day's: %I */
    unsigned  am_pm;
    unsigned  fine;         /* minutes, seconds, zone */
} cv_date_parts_t;


/* how often a format has each part; false if it has another one */

static bool
cv_date_parts(cv_date_parts_t *parts, const char *format)
{
    memset(parts, 0, sizeof(cv_date_parts_t));

    for ( /* void */ ; *format != '\0'; format++) {

        if (*format != '%') {
            continue;
        }

        switch (*++format) {
        case 'Y':  parts->year++;   break;
        case 'm':
        case 'b':
        case 'B':  parts->month++;  break;
        case 'd':
        case 'e':  parts->day++;    break;
        case 'H':  parts->hour++;   break;
        case 'I':  parts->half++;   break;
        case 'p':  parts->am_pm++;  break;
        case 'M':
        case 'S':
        case 'z':  parts->fine++;   break;
        case '%':  break;

        default:
            return false;
        }
    }

    return true;
}


bool
cv_date_format_good(const char *format)
{
    cv_date_parts_t  parts;

    return cv_date_parts(&parts, format) && parts.year == 1
           && parts.month == 1 && parts.day == 1
           && parts.hour + parts.half <= 1 && parts.half == parts.am_pm
           && (parts.fine == 0 || parts.hour + parts.half == 1);
}


size_t
cv_date_read(uint8_t out[CV_DATE_MAX_LEN], const char *format, cv_str_t text)
{
    int               n;
    char              copy[CV_DATE_MAX_LEN + 1], rfc[CV_DATE_MAX_LEN], *end;
    long              offset;
    cv_date_t         date;
    struct tm         tm;
    cv_date_parts_t   parts;

    if (text.len >= sizeof(copy)) {
        return 0;
    }

    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';

    memset(&tm, 0, sizeof(tm));
    end = strptime(copy, format, &tm);

    /* "26" is a year to strptime(), too */

    if (end == NULL || *end != '\0' || tm.tm_year + 1900 < 1000
        || tm.tm_year + 1900 > 9999)
    {
        return 0;
    }

    n = snprintf(rfc, sizeof(rfc), "%04d-%02d-%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday);

    (void) cv_date_parts(&parts, format);

    if (parts.hour + parts.half > 0) {
        offset = tm.tm_gmtoff / 60;

        n += snprintf(rfc + n, sizeof(rfc) - (size_t) n, "T%02d:%02d:%02d",
                      tm.tm_hour, tm.tm_min, tm.tm_sec);

        n += offset == 0
             ? snprintf(rfc + n, sizeof(rfc) - (size_t) n, "Z")
             : snprintf(rfc + n, sizeof(rfc) - (size_t) n, "%c%02ld:%02ld",
                        offset < 0 ? '-' : '+', labs(offset) / 60,
                        labs(offset) % 60);
    }

    /* whether there is such a day, strptime() does not ask */

    if (!cv_date_parse(&date, cv_str(rfc, (size_t) n))) {
        return 0;
    }

    memcpy(out, rfc, (size_t) n);

    return (size_t) n;
}
