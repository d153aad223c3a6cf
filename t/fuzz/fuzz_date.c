
/*
 * Copyright (C) The credverify authors
 *
 * A date, or a format, a line feed and a date by it, or the eight bytes of an
 * instant.
 */

#include "cv_date.h"
#include "cv_time.h"
#include "fuzz.h"

#define YEAR_1      (INT64_C(-62135596800) * CV_SECOND)
#define YEAR_10000  (INT64_C(253402300800) * CV_SECOND)


static void
format_instant(cv_time_t at)
{
    size_t            len;
    unsigned          month;
    uint8_t           text[CV_TIME_TEXT_MAX];
    cv_date_t         date;
    cv_time_format_t  i;

    for (i = CV_TIME_Z; i <= CV_TIME_MONTH; i++) {
        len = cv_time_format(text, at, i);
        FUZZ_MUST(len > 0 && len <= sizeof(text));
    }

    FUZZ_MUST(cv_time_year(at) >= 1 && cv_time_year(at) <= 9999);

    len = cv_time_format(text, at, CV_TIME_MS);
    FUZZ_MUST(cv_date_parse(&date, cv_str(text, len)));

    if (at >= YEAR_1 && at < YEAR_10000) {
        FUZZ_MUST(date.at == at);
    }

    len = cv_time_format(text, at, CV_TIME_DATE);
    FUZZ_MUST(cv_date_parse(&date, cv_str(text, len)));
    FUZZ_MUST(cv_date_is_bare(&date));

    if (at >= 0 && at < YEAR_10000 - 31 * CV_DAY) {
        FUZZ_MUST(date.at <= at && at - date.at < CV_DAY);

        month = cv_time_month(at);
        FUZZ_MUST(cv_time_of_month(month) <= at);
        FUZZ_MUST(at < cv_time_of_month(month + 1));
    }
}


static void
read_date(cv_str_t text)
{
    size_t     len;
    uint8_t    day[CV_TIME_TEXT_MAX];
    cv_date_t  date;

    memset(&date, 0, sizeof(date));

    if (cv_date_parse(&date, text)) {
        FUZZ_MUST(cv_str_eq(date.text, text));

        if (cv_date_is_bare(&date)) {
            len = cv_time_format(day, date.at, CV_TIME_DATE);
            FUZZ_MUST(cv_str_eq(cv_str(day, len), text));
        }

        FUZZ_MUST(cv_date_expiry(&date) >= date.at);
        format_instant(date.at);

    } else {
        FUZZ_MUST(!cv_present(date.text) && date.at == 0);
    }
}


static void
read_by_format(cv_str_t format, cv_str_t text)
{
    char       *z;
    size_t      len;
    uint8_t     out[CV_DATE_MAX_LEN];
    cv_date_t   date;

    z = strndup((const char *) format.data, format.len);
    FUZZ_MUST(z != NULL);

    if (cv_date_format_good(z)) {
        len = cv_date_read(out, z, text);
        FUZZ_MUST(len <= sizeof(out));

        if (len > 0) {
            FUZZ_MUST(cv_date_parse(&date, cv_str(out, len)));
        }
    }

    free(z);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str_t   input, first;
    cv_time_t  at;

    input = cv_str(data, size);
    read_date(input);

    if (size == sizeof(at)) {
        memcpy(&at, data, sizeof(at));
        format_instant(at);
    }

    first = fuzz_until(&input, '\n');

    if (first.len < size) {
        read_by_format(first, input);
    }

    return 0;
}
