
/*
 * Copyright (C) The credverify authors
 */

#include "cv_buf.h"
#include "cv_codec.h"
#include "cv_doc.h"
#include "cv_hash.h"
#include "cv_redact.h"
#include "cv_text.h"
#include "cv_time.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>

#define COUNT(array)  (sizeof(array) / sizeof(array[0]))


static void
assert_text(cv_str_t s, const char *expected)
{
    if (!cv_str_eq(s, cv_str_z(expected))) {
        fail_msg("\"%.*s\" instead of \"%s\"", CV_FMT(s), expected);
    }
}


static void
test_dates(void **state)
{
    size_t     i;
    cv_date_t  date;

    static const struct {
        const char  *text;
        int          good;
        cv_time_t    at;
        cv_time_t    expiry;
    } cases[] = {
        { "1970-01-01", 1, 0, 86400000 },
        { "2026-02-15", 1, 1771113600000, 1771200000000 },
        { "2024-02-29", 1, 1709164800000, 1709251200000 },
        { "0001-01-01", 1, -62135596800000, -62135510400000 },
        { "9999-12-31", 1, 253402214400000, 253402300800000 },
        { "2026-03-11T10:30:00Z", 1, 1773225000000, 1773225000000 },
        { "2026-03-11t10:30:00z", 1, 1773225000000, 1773225000000 },
        { "2026-03-11 10:30:00Z", 1, 1773225000000, 1773225000000 },
        { "2026-03-11T10:30:00.5Z", 1, 1773225000500, 1773225000500 },
        { "2026-03-11T10:30:00.123456789Z", 1, 1773225000123, 1773225000123 },
        { "2026-03-11T12:30:00+02:00", 1, 1773225000000, 1773225000000 },
        { "2026-03-11T05:00:00-05:30", 1, 1773225000000, 1773225000000 },
        { "2016-12-31T23:59:60Z", 1, 1483228800000, 1483228800000 },
        { "2023-02-29", 0, 0, 0 },
        { "1900-02-29", 0, 0, 0 },
        { "2026-00-10", 0, 0, 0 },
        { "2026-13-10", 0, 0, 0 },
        { "2026-04-31", 0, 0, 0 },
        { "2026-04-00", 0, 0, 0 },
        { "0000-01-01", 0, 0, 0 },
        { "2026-4-1", 0, 0, 0 },
        { "2026-04-1x", 0, 0, 0 },
        { "2026/04/01", 0, 0, 0 },
        { "2026-03-11T", 0, 0, 0 },
        { "2026-03-11T10:30:00", 0, 0, 0 },
        { "2026-03-11T10:30:00.Z", 0, 0, 0 },
        { "2026-03-11T24:00:00Z", 0, 0, 0 },
        { "2026-03-11T10:60:00Z", 0, 0, 0 },
        { "2026-03-11T10:30:61Z", 0, 0, 0 },
        { "2026-03-11T10:30:00+24:00", 0, 0, 0 },
        { "2026-03-11T10:30:00+0200", 0, 0, 0 },
        { "2026-03-11T10:30:00Zx", 0, 0, 0 },
        { "2026-03-11x10:30:00Z", 0, 0, 0 },
        { "", 0, 0, 0 },
        { "20260311", 0, 0, 0 },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        memset(&date, 0, sizeof(date));

        if (cv_date_parse(&date, cv_str_z(cases[i].text)) != cases[i].good) {
            fail_msg("\"%s\"", cases[i].text);
        }

        if (cases[i].good) {
            assert_int_equal(date.at, cases[i].at);
            assert_int_equal(cv_date_expiry(&date), cases[i].expiry);
            assert_text(date.text, cases[i].text);
        }
    }

    memset(&date, 0, sizeof(date));
    assert_int_equal(cv_date_expiry(&date), CV_TIME_NEVER);
}


static void
test_time_formats(void **state)
{
    size_t   i, len;
    uint8_t  text[CV_TIME_TEXT_MAX];

    static const struct {
        cv_time_t          at;
        cv_time_format_t   format;
        const char        *text;
    } cases[] = {
        { 1773225000123, CV_TIME_Z, "2026-03-11T10:30:00Z" },
        { 1773225000123, CV_TIME_OFFSET, "2026-03-11T10:30:00+00:00" },
        { 1773225000123, CV_TIME_MS, "2026-03-11T10:30:00.123Z" },
        { 1773225000123, CV_TIME_DATE, "2026-03-11" },
        { 1773225000123, CV_TIME_LONG, "11 March 2026" },
        { 1773225000123, CV_TIME_CLOCK, "10:30:00" },
        { -1, CV_TIME_CLOCK, "23:59:59" },
        { 1772323200000, CV_TIME_LONG, "1 March 2026" },
        { 1772323200000, CV_TIME_YEAR, "2026" },
        { 1772323199999, CV_TIME_MONTH, "2" },
        { 1772323200000, CV_TIME_MONTH, "3" },
        { 1796083200000, CV_TIME_MONTH, "12" },
        { 1709164800000, CV_TIME_DATE, "2024-02-29" },
        { 0, CV_TIME_MS, "1970-01-01T00:00:00.000Z" },
        { -1, CV_TIME_MS, "1969-12-31T23:59:59.999Z" },
        { -62135596800000, CV_TIME_Z, "0001-01-01T00:00:00Z" },
        { INT64_MIN, CV_TIME_Z, "0001-01-01T00:00:00Z" },
        { 253402300799999, CV_TIME_Z, "9999-12-31T23:59:59Z" },
        { INT64_MAX, CV_TIME_Z, "9999-12-31T23:59:59Z" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        len = cv_time_format(text, cases[i].at, cases[i].format);
        assert_text(cv_str(text, len), cases[i].text);
    }
}


/* every day of the calendar, there and back */

static void
test_time_round_trip(void **state)
{
    size_t     len;
    uint8_t    text[CV_TIME_TEXT_MAX];
    cv_date_t  date;
    cv_time_t  at;

    (void) state;

    for (at = -62135596800000; at < 253402300800000; at += CV_DAY) {
        len = cv_time_format(text, at, CV_TIME_DATE);

        if (!cv_date_parse(&date, cv_str(text, len)) || date.at != at) {
            fail_msg("%lld", (long long) at);
        }
    }
}


static void
test_months(void **state)
{
    size_t    i;
    uint8_t   text[CV_MONTH_LEN];
    unsigned  month, again;

    static const char *const  wrong[] = {
        "", "2026", "2026-1", "2026-13", "2026-00", "2026-100", "1969-12",
        "7431-01", "9999-12", "2026-10-01", "2026/10", " 2026-1", "26-10-1",
        "-026-10", "2026-1x", "\xd9\xa2" "02610"
    };

    (void) state;

    for (month = 0; month <= CV_MONTH_LAST; month++) {
        cv_month_format(text, month);

        if (!cv_month_parse(&again, cv_str(text, sizeof(text)))
            || again != month)
        {
            fail_msg("%u: %.*s", month, (int) sizeof(text), text);
        }
    }

    assert_memory_equal(text, "7430-12", CV_MONTH_LEN);
    assert_true(CV_MONTH_LAST <= UINT16_MAX);

    assert_true(cv_month_parse(&month, CV_STR("2028-02")));
    assert_int_equal(month, 58 * 12 + 1);
    assert_int_equal(cv_time_of_month(month + 1) - cv_time_of_month(month),
                     29 * CV_DAY);

    for (i = 0; i < CV_COUNT(wrong); i++) {
        if (cv_month_parse(&month, cv_str_z(wrong[i]))) {
            fail_msg("%s", wrong[i]);
        }
    }
}


static void
test_utf8(void **state)
{
    size_t  i;

    static const struct {
        const char  *text;
        size_t       len;
        int          good;
    } cases[] = {
        { "", 0, 1 },
        { "plain", 5, 1 },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 1 },
        { "\xf4\x8f\xbf\xbf", 4, 1 },
        { "a\0b", 3, 0 },
        { "\x80", 1, 0 },
        { "\xc3", 1, 0 },
        { "\xc3(", 2, 0 },
        { "\xc0\xaf", 2, 0 },
        { "\xc1\xbf", 2, 0 },
        { "\xe0\x80\xaf", 3, 0 },
        { "\xed\xa0\x80", 3, 0 },
        { "\xed\xbf\xbf", 3, 0 },
        { "\xf0\x80\x80\xaf", 4, 0 },
        { "\xf4\x90\x80\x80", 4, 0 },
        { "\xf5\x80\x80\x80", 4, 0 },
        { "\xff", 1, 0 },
        { "\xe2\x82", 2, 0 },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        if (cv_utf8_valid(cv_str(cases[i].text, cases[i].len))
            != cases[i].good)
        {
            fail_msg("case %zu", i);
        }
    }
}


static void
test_hex(void **state)
{
    char      text[40], digits[40];
    size_t    i, at;
    uint8_t   bytes[4], byte[1];
    unsigned  ch;

    (void) state;

    for (ch = 0; ch < 256; ch++) {
        byte[0] = (uint8_t) ch;
        cv_hex_encode(text, cv_str(byte, 1));
        (void) snprintf(digits, sizeof(digits), "%02x", ch);
        assert_memory_equal(text, digits, 2);

        memset(bytes, (int) ch, sizeof(bytes));
        cv_hex_encode(text, cv_str(bytes, 4));

        for (i = 0; i < 4; i++) {
            assert_memory_equal(text + 2 * i, digits, 2);
        }

        /* in the first sixteen, the last, and what is left over */

        for (at = 3; at < 40; at += 14) {
            memset(digits, 'A', sizeof(digits));
            digits[at] = (char) ch;

            if (cv_hex_lower(text, cv_str(digits, sizeof(digits)))) {
                assert_true(strchr("0123456789abcdefABCDEF", (int) ch) && ch);
                assert_int_equal(text[at], ch >= 'A' && ch <= 'F' ? ch | 0x20
                                                                  : ch);
                assert_int_equal(text[at ^ 1], 'a');

            } else {
                assert_false(strchr("0123456789abcdefABCDEF", (int) ch) && ch);
            }
        }
    }

    assert_true(cv_hex_decode(bytes, 4, CV_STR("00fFA5e9")));
    cv_hex_encode(text, cv_str(bytes, 4));
    assert_text(cv_str(text, 8), "00ffa5e9");

    assert_true(cv_hex_lower(text, CV_STR("0189ABef")));
    assert_text(cv_str(text, 8), "0189abef");
    assert_false(cv_hex_lower(text, CV_STR("0189ABeg")));
    assert_false(cv_hex_lower(text, CV_STR("0189/Bef")));
    assert_false(cv_hex_lower(text, CV_STR("\0""189Bef")));

    assert_false(cv_hex_decode(bytes, 4, CV_STR("00ffa5e")));
    assert_false(cv_hex_decode(bytes, 4, CV_STR("00ffa5e9a")));
    assert_false(cv_hex_decode(bytes, 4, CV_STR("00ffa5eg")));
    assert_false(cv_hex_decode(bytes, 4, CV_STR("00ff a5e")));
    assert_false(cv_hex_decode(bytes, 4, CV_STR("00ffa5\0e")));
}


static void
test_escapes(void **state)
{
    size_t    i;
    uint8_t   memory[256];
    cv_buf_t  buf;

    static const struct {
        void       (*escape)(cv_buf_t *out, cv_str_t s);
        const char  *text;
        const char  *escaped;
    } cases[] = {
        { cv_escape_json, "plain \xc3\xa9", "plain \xc3\xa9" },
        { cv_escape_json, "\"\\/\b\f\n\r\t\x01\x1f", "\\\"\\\\/\\b\\f\\n\\r"
                          "\\t\\u0001\\u001f" },
        { cv_escape_html, "<b a='1' b=\"2\">&", "&lt;b a=&#39;1&#39; "
                          "b=&quot;2&quot;&gt;&amp;" },
        { cv_escape_html, "a\x01" "b\tc\nd\re\x0b", "a\xef\xbf\xbd"
                          "b&#9;c&#10;d&#13;e\xef\xbf\xbd" },
        { cv_escape_html_shown, "<b a='1' b=\"2\">&\x01\n", "&amp;lt;b "
          "a=&amp;#39;1&amp;#39; b=&amp;quot;2&amp;quot;&amp;gt;&amp;amp;"
          "\xef\xbf\xbd&amp;#10;" },
        { cv_escape_html, "\xef\xbf\xbe" "a\xef\xbf\xbf\xef\xbf\xbf<",
                          "\xef\xbf\xbd" "a\xef\xbf\xbd\xef\xbf\xbd&lt;" },
        { cv_escape_html, "\xef\xbf\xbd\xef\xbe\xbe\xef\xbc\x81\xef\xbf",
                          "\xef\xbf\xbd\xef\xbe\xbe\xef\xbc\x81\xef\xbf" },
        { cv_escape_url, "aZ09-._~ /?&=%\xc3", "aZ09-._~%20%2F%3F%26%3D%25"
                         "%C3" },
        { cv_escape_href, "https://a.example/?b=1&c=\"", "https://a.example/"
                          "?b=1&amp;c=&quot;" },
        { cv_escape_href, "cid:a@b.example", "cid:a@b.example" },
        { cv_escape_href, "cidr:a", "#" },
        { cv_escape_plain, "a<\"&\xc3\xa9 b", "a<\"&\xc3\xa9 b" },
        { cv_escape_plain, "a\r\nBcc: b\t\x7f" "c\xc2\x85" "d\xe2\x80\xa8"
          "e\xe2\x80\xa9", "a  Bcc: b  c d e " },
        { cv_escape_plain, "\xc2\xa0\xe2\x80\xaa\xe2\x80", "\xc2\xa0\xe2\x80\xaa"
          "\xe2\x80" },
        { cv_escape_href, "HTTP://a.example", "HTTP://a.example" },
        { cv_escape_href, "javascript:alert(1)", "#" },
        { cv_escape_href, " https://a.example", "#" },
        { cv_escape_href, "//a.example", "#" },
        { cv_escape_href, "/a", "#" },
        { cv_escape_href, "?a=1&b=\"", "?a=1&amp;b=&quot;" },
        { cv_escape_href, "?javascript:alert(1)", "?javascript:alert(1)" },
        { cv_escape_href, " ?a", "#" },
        { cv_escape_href, "data:text/html,x", "#" },
        { cv_escape_href, "", "#" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        cv_buf_borrow(&buf, memory, sizeof(memory));
        cases[i].escape(&buf, cv_str_z(cases[i].text));
        assert_text(cv_buf_str(&buf), cases[i].escaped);
    }
}


static void
test_buf(void **state)
{
    int       i;
    int64_t   power;
    uint8_t   memory[4];
    cv_buf_t  buf;

    (void) state;

    cv_buf_init(&buf, 1000);
    cv_buf_append(&buf, memory, 0);
    assert_int_equal(buf.len, 0);

    while (!cv_buf_failed(&buf)) {
        cv_buf_append(&buf, "0123456", 7);
    }

    assert_int_equal(buf.len, 994);
    assert_int_equal(buf.err, CV_ERR_LIMIT);
    cv_buf_append_byte(&buf, 'x');
    assert_int_equal(buf.len, 994);

    cv_buf_reset(&buf);
    cv_buf_append_int(&buf, INT64_MIN);
    cv_buf_append_byte(&buf, ' ');
    cv_buf_append_int(&buf, INT64_MAX);
    cv_buf_append_byte(&buf, ' ');
    cv_buf_append_int(&buf, 0);
    assert_text(cv_buf_str(&buf), "-9223372036854775808 9223372036854775807 0");

    assert_true(buf.size > buf.len);
    cv_buf_trim(&buf);
    assert_int_equal(buf.size, buf.len);
    assert_text(cv_buf_str(&buf), "-9223372036854775808 9223372036854775807 0");
    cv_buf_append_byte(&buf, '!');
    assert_text(cv_buf_str(&buf), "-9223372036854775808 9223372036854775807 0!");

    cv_buf_reset(&buf);
    cv_buf_trim(&buf);
    assert_text(cv_buf_str(&buf), "");

    /* around every power of ten, either way */

    for (power = 1; power != 0; power = power <= INT64_MAX / 10 ? power * 10 : 0)
    {
        for (i = -2; i <= 2; i++) {
            char  text[64];

            (void) snprintf(text, sizeof(text), "%lld %lld",
                            (long long) (power + i), (long long) -(power + i));
            cv_buf_reset(&buf);
            cv_buf_append_int(&buf, power + i);
            cv_buf_append_byte(&buf, ' ');
            cv_buf_append_int(&buf, -(power + i));
            assert_text(cv_buf_str(&buf), text);
        }
    }

    cv_buf_free(&buf);

    cv_buf_borrow(&buf, memory, sizeof(memory));
    cv_buf_append(&buf, "abc", 3);
    cv_buf_append(&buf, "de", 2);
    assert_true(cv_buf_failed(&buf));
    cv_buf_append_byte(&buf, 'd');
    assert_text(cv_buf_str(&buf), "abc");
    cv_buf_reset(&buf);
    cv_buf_append(&buf, "abcd", 4);
    cv_buf_trim(&buf);
    assert_text(cv_buf_str(&buf), "abcd");
}


static void
test_codec(void **state)
{
    uint8_t      memory[32];
    cv_buf_t     buf;
    cv_reader_t  r;

    (void) state;

    cv_buf_borrow(&buf, memory, sizeof(memory));
    cv_write_u8(&buf, 0xab);
    cv_write_u16(&buf, 0x0102);
    cv_write_u32(&buf, 0xfffefdfc);
    cv_write_u64(&buf, UINT64_MAX - 1);
    assert_int_equal(buf.len, 15);
    assert_memory_equal(memory, "\xab\x01\x02\xff\xfe\xfd\xfc", 7);

    r = cv_reader(cv_buf_str(&buf));
    assert_int_equal(cv_read_u8(&r), 0xab);
    assert_int_equal(cv_read_u16(&r), 0x0102);
    assert_int_equal(cv_read_u32(&r), 0xfffefdfc);
    assert_false(cv_reader_done(&r));
    assert_true(cv_read_u64(&r) == UINT64_MAX - 1);
    assert_true(cv_reader_done(&r));
    assert_int_equal(cv_read_u8(&r), 0);
    assert_false(cv_reader_done(&r));

    r = cv_reader(CV_STR("abc"));
    assert_false(cv_present(cv_read_bytes(&r, SIZE_MAX)));
    assert_true(r.failed);
    assert_int_equal(cv_reader_left(&r), 0);
}


/* {"a":1.50,"b":[true,null,"x"],"c":{}} */

static void
make_doc(cv_buf_t *buf)
{
    size_t  object, array;

    object = cv_doc_open(buf, CV_DOC_OBJECT);
    cv_doc_put_name(buf, CV_STR("a"));
    cv_doc_put(buf, CV_DOC_NUMBER, CV_STR("1.50"));
    cv_doc_put_name(buf, CV_STR("b"));
    array = cv_doc_open(buf, CV_DOC_ARRAY);
    cv_doc_put(buf, CV_DOC_TRUE, CV_ABSENT);
    cv_doc_put(buf, CV_DOC_NULL, CV_ABSENT);
    cv_doc_put(buf, CV_DOC_STRING, CV_STR("x"));
    cv_doc_close(buf, array);
    cv_doc_put_name(buf, CV_STR("c"));
    cv_doc_close(buf, cv_doc_open(buf, CV_DOC_OBJECT));
    cv_doc_close(buf, object);
}


static void
test_doc(void **state)
{
    uint8_t         memory[128], text[128];
    cv_doc_t        doc, value;
    cv_str_t        name;
    cv_buf_t        buf, out;
    cv_doc_iter_t   it;

    (void) state;

    cv_buf_borrow(&buf, memory, sizeof(memory));
    cv_buf_borrow(&out, text, sizeof(text));
    make_doc(&buf);

    doc = cv_buf_str(&buf);
    assert_true(cv_doc_valid(doc));

    cv_doc_write_json(&out, doc);
    assert_text(cv_buf_str(&out), "{\"a\":1.50,\"b\":[true,null,\"x\"],"
                "\"c\":{}}");

    assert_text(cv_doc_text(cv_doc_member(doc, CV_STR("a"))), "1.50");
    assert_false(cv_present(cv_doc_member(doc, CV_STR("d"))));
    assert_false(cv_doc_truth(cv_doc_member(doc, CV_STR("c"))));
    assert_true(cv_doc_truth(cv_doc_member(doc, CV_STR("b"))));
    assert_false(cv_present(cv_doc_text(doc)));

    it = cv_doc_iter(cv_doc_member(doc, CV_STR("b")));
    assert_true(cv_doc_next(&it, &name, &value));
    assert_false(cv_present(name));
    assert_int_equal(cv_doc_type(value), CV_DOC_TRUE);
    assert_true(cv_doc_next(&it, NULL, &value));
    assert_int_equal(cv_doc_type(value), CV_DOC_NULL);
    assert_true(cv_doc_next(&it, NULL, &value));
    assert_text(cv_doc_text(value), "x");
    assert_false(cv_doc_next(&it, NULL, &value));

    it = cv_doc_iter(CV_ABSENT);
    assert_false(cv_doc_next(&it, NULL, &value));
}


/* no damage makes a reader leave the document or loop for ever */

static void
test_doc_damaged(void **state)
{
    size_t     i, bit, len, valid;
    uint8_t    memory[128], copy[128], text[4096];
    cv_buf_t   buf, out;

    (void) state;

    cv_buf_borrow(&buf, memory, sizeof(memory));
    make_doc(&buf);

    for (valid = 0, i = 0; i < buf.len; i++) {
        for (bit = 0; bit < 8; bit++) {
            memcpy(copy, memory, buf.len);
            copy[i] ^= (uint8_t) (1 << bit);

            valid += cv_doc_valid(cv_str(copy, buf.len));

            cv_buf_borrow(&out, text, sizeof(text));
            cv_doc_write_json(&out, cv_str(copy, buf.len));
            assert_false(cv_buf_failed(&out));
        }
    }

    /* a changed letter is a valid document too, most changes are not */
    assert_in_range(valid, 1, buf.len * 3);

    for (len = 0; len < buf.len; len++) {
        assert_false(cv_doc_valid(cv_str(memory, len)));
        cv_buf_borrow(&out, text, sizeof(text));
        cv_doc_write_json(&out, cv_str(memory, len));
    }
}


static void
test_doc_depth(void **state)
{
    size_t    depth, mark[CV_DOC_DEPTH + 1];
    uint8_t   memory[256];
    cv_buf_t  buf;

    (void) state;

    for (depth = CV_DOC_DEPTH; depth <= CV_DOC_DEPTH + 1; depth++) {
        size_t  i;

        cv_buf_borrow(&buf, memory, sizeof(memory));

        for (i = 0; i < depth; i++) {
            mark[i] = cv_doc_open(&buf, CV_DOC_ARRAY);
        }

        while (i > 0) {
            cv_doc_close(&buf, mark[--i]);
        }

        assert_int_equal(cv_doc_valid(cv_buf_str(&buf)),
                         depth <= CV_DOC_DEPTH);
    }
}


static void
test_doc_number(void **state)
{
    size_t    i;
    uint8_t   memory[64], text[64];
    cv_buf_t  buf, out;

    static const struct {
        const char  *text;
        bool         good;
    } cases[] = {
        { "0", true }, { "-0", true }, { "10", true }, { "-1.50", true },
        { "0.0e-00", true }, { "1E+5", true }, { "1e5", true },
        { "", false }, { "-", false }, { "+1", false }, { "01", false },
        { ".5", false }, { "1.", false }, { "1.e5", false }, { "1e", false },
        { "1e+", false }, { "1 ", false }, { "1\xb0", false },
        { "NaN", false }, { "0x1", false }, { "1,2", false },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        cv_buf_borrow(&buf, memory, sizeof(memory));
        cv_doc_put(&buf, CV_DOC_NUMBER, cv_str_z(cases[i].text));

        if (cv_doc_valid(cv_buf_str(&buf)) != cases[i].good) {
            fail_msg("\"%s\"", cases[i].text);
        }
    }

    /* one that is cut short is nothing, where JSON must have something */

    cv_buf_borrow(&out, text, sizeof(text));
    cv_doc_write_json(&out, CV_STR("[\0\0\0\7" "0\0\0\0\5" "12"));
    assert_text(cv_buf_str(&out), "[]");

    cv_buf_reset(&out);
    cv_doc_write_json(&out, CV_STR("0\0\0\0\5" "12"));
    assert_text(cv_buf_str(&out), "null");

    cv_buf_reset(&out);
    cv_doc_write_json(&out, CV_STR("0\0\0\0\0"));
    assert_text(cv_buf_str(&out), "null");
}


#define HEX32  "0123456789abcdef0123456789abcdef"

static void
test_redact(void **state)
{
    size_t    i;
    uint8_t   memory[512];
    cv_buf_t  buf;

    static const struct {
        const char  *line;
        const char  *redacted;
    } cases[] = {
        { "GET / HTTP/1.1", "GET / HTTP/1.1" },
        { "GET /api/verify/?token=abc&format=json HTTP/1.1",
          "GET /api/verify/?token=***&format=json HTTP/1.1" },
        { "GET /?format=json&token=" HEX32 HEX32 " HTTP/1.1",
          "GET /?format=json&token=*** HTTP/1.1" },
        { "GET /?TOKEN=abc HTTP/1.1", "GET /?TOKEN=*** HTTP/1.1" },
        { "GET /?tok%65n=abc HTTP/1.1", "GET /?tok%65n=*** HTTP/1.1" },
        { "GET /?api_key=k&client_secret=s&x-api-key=y HTTP/2.0",
          "GET /?api_key=***&client_secret=***&x-api-key=*** HTTP/2.0" },
        { "GET /?access_token=;key=a;b=c HTTP/1.0",
          "GET /?access_token=***;key=***;b=c HTTP/1.0" },
        { "GET /?token=a?b=c HTTP/1.0", "GET /?token=*** HTTP/1.0" },
        { "GET /?broken=a&monkey=b HTTP/1.0",
          "GET /?broken=a&monkey=b HTTP/1.0" },
        { "GET /v/" HEX32 "/x HTTP/1.0", "GET /v/***/x HTTP/1.0" },
        { "GET /v/" HEX32 "%61%62?" HEX32 " HTTP/1.0",
          "GET /v/***?*** HTTP/1.0" },
        { "GET /?x=" HEX32 "&y=z HTTP/1.0", "GET /?x=***&y=z HTTP/1.0" },
        { "GET /?" HEX32 "=z HTTP/1.0", "GET /?***=z HTTP/1.0" },
        { "GET /?code=LBxJ5RuX&number=SCH-2026-WEB-000123 HTTP/1.0",
          "GET /?code=LBxJ5RuX&number=SCH-2026-WEB-000123 HTTP/1.0" },
        { "GET /?id=124a8110-1af5-4747-9308-e9d06bd1852a HTTP/1.0",
          "GET /?id=124a8110-1af5-4747-9308-e9d06bd1852a HTTP/1.0" },
        { "GET /?a=tc_live_0123456789012345678901234567890123456 HTTP/1.0",
          "GET /?a=*** HTTP/1.0" },
        { "GET /v;token=abc/x?y=z HTTP/1.0", "GET /v;token=*** HTTP/1.0" },
        { "GET /?accessToken=abc&apiKey=d&mytoken=e HTTP/1.0",
          "GET /?accessToken=***&apiKey=***&mytoken=e HTTP/1.0" },
        { "GET /?my.key=a&key[]=b&key%5B%5D=c&x2token=d&tokens=2 HTTP/1.0",
          "GET /?my.key=***&key[]=***&key%5B%5D=***&x2token=***&tokens=2 "
          "HTTP/1.0" },
        { "GET /?a-very-long-way-to-say-what-it-is-api_key=a HTTP/1.0",
          "GET /?a-very-long-way-to-say-what-it-is-api_key=*** HTTP/1.0" },
        { "GET /?a-very-long-way-to-say-what-it-is-monkey=a HTTP/1.0",
          "GET /?a-very-long-way-to-say-what-it-is-monkey=a HTTP/1.0" },
        { "GET /?" HEX32 ".key=a HTTP/1.0", "GET /?***.key=*** HTTP/1.0" },
        { "token", "token" },
        { "?token=", "?token=***" },
        { "?=&&=", "?=&&=" },
        { "%", "%" },
        { "?%zz=%4", "?%zz=%4" },
        { "", "" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        cv_buf_borrow(&buf, memory, sizeof(memory));
        cv_redact(&buf, cv_str_z(cases[i].line));
        assert_text(cv_buf_str(&buf), cases[i].redacted);
    }

    /* NUL separates nothing */

    cv_buf_borrow(&buf, memory, sizeof(memory));
    cv_redact(&buf, CV_STR("/?token=a\0b&c=d"));
    assert_text(cv_buf_str(&buf), "/?token=***&c=d");
}


/* the vectors of the reference implementation: bytes 0, 1, 2 and so on */

static void
test_keyed(void **state)
{
    size_t    i;
    uint8_t   key[CV_HASH_KEY_LEN], text[64];
    uint64_t  hash;

    static const struct {
        size_t    len;
        uint64_t  hash;
    } cases[] = {
        { 0, 0x726fdb47dd0e0e31 },
        { 1, 0x74f839c593dc67fd },
        { 7, 0xab0200f58b01d137 },
        { 8, 0x93f5f5799a932462 },
        { 9, 0x9e0082df0ba9e4b0 },
        { 15, 0xa129ca6149be45e5 },
        { 16, 0x3f2acc7f57c29bdb },
        { 33, 0xa7f32346f95978e3 },
        { 63, 0x958a324ceb064572 },
    };

    (void) state;

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t) i;
    }

    memcpy(key, text, sizeof(key));

    for (i = 0; i < COUNT(cases); i++) {
        hash = cv_hash_keyed(key, text, cases[i].len);

        if (hash != cases[i].hash) {
            fail_msg("of %zu bytes: %016" PRIx64, cases[i].len, hash);
        }
    }

    key[CV_HASH_KEY_LEN - 1] ^= 0x80;
    assert_true(cv_hash_keyed(key, text, 8) != cases[3].hash);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_time_formats),
        cmocka_unit_test(test_time_round_trip),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_codec),
        cmocka_unit_test(test_doc),
        cmocka_unit_test(test_doc_damaged),
        cmocka_unit_test(test_doc_depth),
        cmocka_unit_test(test_doc_number),
        cmocka_unit_test(test_redact),
        cmocka_unit_test(test_keyed),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
