
/*
 * Copyright (C) The credverify authors
 */

#include "cv_date.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>


static void
test_format(void **state)
{
    size_t  i;

    static const struct {
        const char  *format;
        bool         good;
    } cases[] = {
        { "%d/%m/%Y", true }, { "%m/%d/%Y", true }, { "%Y-%m-%d", true },
        { "%d.%m.%Y", true }, { "%e %B %Y", true }, { "%b %d, %Y", true },
        { "%Y%m%d", true }, { "%d/%m/%Y %H:%M", true },
        { "%d/%m/%Y %H:%M:%S", true }, { "%m/%d/%Y %I:%M %p", true },
        { "%Y-%m-%dT%H:%M:%S%z", true }, { "%Y-%m-%d %H", true },
        { "%Y %m %d 100%%", true },
        { "", false }, { "%Y", false }, { "%m/%Y", false }, { "%d/%m", false },
        { "%d/%m/%y", false },          /* which century */
        { "%d/%d/%Y", false }, { "%m/%b/%d/%Y", false },
        { "%Y-%m-%d %Y", false }, { "%D", false }, { "%F", false },
        { "%x", false }, { "%s", false }, { "%d/%m/%Y %", false },
        { "%Y-%m-%d %M", false },       /* of which hour */
        { "%Y-%m-%d %z", false },
        { "%Y-%m-%d %I:%M", false },    /* of the morning */
        { "%Y-%m-%d %H %p", false }, { "%Y-%m-%d %H %I %p", false },
        { "%Y-%m-%d %%H %M", false }, { "%%Y-%m-%d", false },
        { "%Y-%m-%Od", false },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        if (cv_date_format_good(cases[i].format) != cases[i].good) {
            fail_msg("<%s>", cases[i].format);
        }
    }
}


static void
test_read(void **state)
{
    size_t   i, len;
    char     text[CV_DATE_MAX_LEN + 1];

    static const struct {
        const char  *format;
        const char  *text;
        const char  *date;      /* "": none */
    } cases[] = {
        { "%d/%m/%Y", "05/03/2026", "2026-03-05" },
        { "%m/%d/%Y", "05/03/2026", "2026-05-03" },
        { "%d/%m/%Y", "5/3/2026", "2026-03-05" },
        { "%d/%m/%Y", "31/12/9999", "9999-12-31" },
        { "%d/%m/%Y", "01/01/1000", "1000-01-01" },
        { "%d/%m/%Y", "29/02/2024", "2024-02-29" },
        { "%d/%m/%Y", "29/02/2026", "" },
        { "%d/%m/%Y", "31/04/2026", "" },
        { "%d/%m/%Y", "05/13/2026", "" },
        { "%d/%m/%Y", "00/01/2026", "" },
        { "%d/%m/%Y", "05/03/26", "" },
        { "%d/%m/%Y", "05/03/026", "" },
        { "%d/%m/%Y", "05/03/20260", "" },
        { "%d/%m/%Y", "05/03/2026x", "" },
        { "%d/%m/%Y", "05/03/2026 10:00", "" },
        { "%d/%m/%Y", "05-03-2026", "" },
        { "%d/%m/%Y", "2026-03-05", "" },
        { "%d/%m/%Y", "", "" },
        { "%d %B %Y", "5 March 2026", "2026-03-05" },
        { "%d %b %Y", "5 Mar 2026", "2026-03-05" },
        { "%b %d, %Y", "Mar 5, 2026", "2026-03-05" },
        { "%b %d, %Y", "Mrz 5, 2026", "" },
        { "%Y%m%d", "20260305", "2026-03-05" },
        { "%d/%m/%Y %H:%M", "05/03/2026 23:59", "2026-03-05T23:59:00Z" },
        { "%d/%m/%Y %H:%M", "05/03/2026 24:00", "" },
        { "%m/%d/%Y %I:%M %p", "3/5/2026 12:30 AM", "2026-03-05T00:30:00Z" },
        { "%m/%d/%Y %I:%M %p", "3/5/2026 1:05 PM", "2026-03-05T13:05:00Z" },
        { "%Y-%m-%d %H:%M:%S %z", "2026-03-05 10:00:01 +0200",
          "2026-03-05T10:00:01+02:00" },
        { "%Y-%m-%d %H:%M:%S %z", "2026-03-05 10:00:01 -03:30",
          "2026-03-05T10:00:01-03:30" },
        { "%Y-%m-%d %H:%M:%S %z", "2026-03-05 10:00:01 Z",
          "2026-03-05T10:00:01Z" },
        { "%Y-%m-%d %H:%M:%S UTC", "2026-03-05 10:00:01 UTC",
          "2026-03-05T10:00:01Z" },
        { "%d/%m/%Y", "                                                       "
          "           05/03/2026", "" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_true(cv_date_format_good(cases[i].format));

        len = cv_date_read((uint8_t *) text, cases[i].format,
                           cv_str_z(cases[i].text));
        text[len] = '\0';

        if (strcmp(text, cases[i].date) != 0) {
            fail_msg("<%s> as <%s>: <%s>, not <%s>", cases[i].text,
                     cases[i].format, text, cases[i].date);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_read),
    };

    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
