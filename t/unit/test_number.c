
/*
 * Copyright (C) The credverify authors
 */

#include "cv_number.h"
#include "cv_record.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#define TEN  "----------"
#define FIFTY  TEN TEN TEN TEN TEN


static cv_number_format_t
format_of(const char *text)
{
    cv_number_format_t  format;

    if (!cv_number_format_read(&format, cv_str_z(text))) {
        fail_msg("no format: %s", text);
    }

    return format;
}


static void
test_formats(void **state)
{
    size_t              i;
    cv_number_format_t  format;

    static const char *const  good[] = {
        "{seq}", "{seq:1}", "{seq:18}", "{year}{seq}", "{seq}{year}",
        "SCH-{year}-WEB-{seq:6}", "{seq}-{year}-x", "\xc3\xa9{seq}",
        FIFTY FIFTY FIFTY FIFTY TEN TEN TEN "---{year}{seq:9}",
    };

    static const char *const  wrong[] = {
        "", "x", "{year}", "seq", "{Seq}", "{seq", "seq}", "{{seq}}",
        "{seq}}", "{seq}{", "{}{seq}", "{seq}{seq}", "{seq}-{seq:3}",
        "{year}{year}{seq}", "{seq:}", "{seq:0}", "{seq:06}", "{seq:19}",
        "{seq:x}", "{seq: 6}", "{seq:-1}", "{seq:6 }", "{seq:6:6}",
        "{year:4}{seq}", "{month}{seq}", "{ seq}", "{seq}x{year}y{seq}",
        "{seq:18446744073709551622}", "{seq:999999999999999999}",
        FIFTY FIFTY FIFTY FIFTY TEN TEN TEN "----{year}{seq:9}",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(good); i++) {
        (void) format_of(good[i]);
        assert_true(cv_shape_number.holds(cv_str_z(good[i])));
    }

    for (i = 0; i < CV_COUNT(wrong); i++) {
        if (cv_number_format_read(&format, cv_str_z(wrong[i]))) {
            fail_msg("%s", wrong[i]);
        }
    }
}


/* Whatever is written is read as what it is, and nothing else is. */

static void
test_numbers(void **state)
{
    size_t              i;
    uint8_t             memory[CV_HANDLE_MAX];
    uint64_t            seq;
    unsigned            year;
    cv_buf_t            buf;
    cv_number_format_t  format;

    static const struct {
        const char  *format;
        const char  *number;
        unsigned     year;
        uint64_t     seq;
    } cases[] = {
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-000123", 2026, 123 },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-999999", 2026, 999999 },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-1000000", 2026, 1000000 },
        { "SCH-{year}-WEB-{seq:6}", "SCH-0001-WEB-000000", 1, 0 },
        { "{seq}", "0", 0, 0 },
        { "{seq}", "1", 0, 1 },
        { "{seq}", "999999999999999999", 0, CV_NUMBER_LAST },
        { "{seq:18}", "000000000000000001", 0, 1 },
        { "{year}{seq}", "20267", 2026, 7 },
        { "{year}{seq}", "2026123456", 2026, 123456 },
        { "{seq}{year}", "72026", 2026, 7 },
        { "{seq:2}0", "010", 0, 1 },
        { "{seq:2}0", "1000", 0, 100 },
        { "1{seq}1", "111", 0, 1 },
        { "{seq}-{year}-x", "12-9999-x", 9999, 12 },
    };

    static const struct {
        const char  *format;
        const char  *number;
    } others[] = {
        { "SCH-{year}-WEB-{seq:6}", "" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-00123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-0000123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-00012x" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB- 00123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-+00123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-API-000123" },
        { "SCH-{year}-WEB-{seq:6}", "sch-2026-WEB-000123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-202x-WEB-000123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-26-WEB-000123" },
        { "SCH-{year}-WEB-{seq:6}", "SCH-2026-WEB-000123-" },
        { "SCH-{year}-WEB-{seq:6}", "xSCH-2026-WEB-000123" },
        { "{seq}", "01" },
        { "{seq}", "" },
        { "{seq}", "1000000000000000000" },
        { "{seq}", "99999999999999999999999999" },
        { "{seq:2}0", "10" },
        { "{year}{seq}", "2026" },
        { "{year}{seq}", "202601" },
        { "{seq}{year}", "2026" },
    };

    (void) state;
    cv_buf_borrow(&buf, memory, sizeof(memory));

    for (i = 0; i < CV_COUNT(cases); i++) {
        format = format_of(cases[i].format);

        cv_buf_reset(&buf);
        cv_number_write(&buf, &format, cases[i].year, cases[i].seq);
        assert_false(cv_buf_failed(&buf));

        if (!cv_str_eq(cv_buf_str(&buf), cv_str_z(cases[i].number))) {
            fail_msg("%.*s, expected %s", CV_FMT(cv_buf_str(&buf)),
                     cases[i].number);
        }

        if (!cv_number_read(&format, cv_buf_str(&buf), &year, &seq)) {
            fail_msg("%s is no %s", cases[i].number, cases[i].format);
        }

        assert_int_equal(year, cases[i].year);
        assert_true(seq == cases[i].seq);
    }

    for (i = 0; i < CV_COUNT(others); i++) {
        format = format_of(others[i].format);

        if (cv_number_read(&format, cv_str_z(others[i].number), &year, &seq)) {
            fail_msg("%s is a %s", others[i].number, others[i].format);
        }
    }
}


/* The longest format's longest number is as long as a handle. */

static void
test_longest(void **state)
{
    uint8_t             memory[CV_HANDLE_MAX];
    cv_buf_t            buf;
    cv_number_format_t  format;

    (void) state;

    format = format_of(FIFTY FIFTY FIFTY FIFTY TEN TEN TEN "---{year}{seq}");

    cv_buf_borrow(&buf, memory, sizeof(memory));
    cv_number_write(&buf, &format, 2026, CV_NUMBER_LAST);

    assert_false(cv_buf_failed(&buf));
    assert_int_equal(buf.len, CV_HANDLE_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
