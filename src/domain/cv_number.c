
/*
 * Copyright (C) The credverify authors
 */

#include "cv_number.h"
#include "cv_record.h"

#include <inttypes.h>

#define CV_YEAR_DIGITS  4


static bool
cv_number_digits(cv_str_t text, uint64_t *value)
{
    size_t  i;

    if (text.len == 0 || text.len > CV_NUMBER_DIGITS) {
        return false;
    }

    for (*value = 0, i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }

        *value = *value * 10 + (uint64_t) (text.data[i] - '0');
    }

    return true;
}


/* a part without its braces: "year", "seq" or "seq:N" */

static bool
cv_number_part(cv_number_format_t *format, cv_str_t name)
{
    uint64_t  digits;

    const cv_str_t  padded = CV_STR("seq:");

    if (cv_str_eq(name, CV_STR("year")) && format->year == -1) {
        format->year = (int) format->parts++;
        format->fixed += CV_YEAR_DIGITS;
        return true;
    }

    if (format->digits != 0) {
        return false;
    }

    format->parts++;

    if (cv_str_eq(name, CV_STR("seq"))) {
        format->digits = 1;
        return true;
    }

    if (name.len <= padded.len
        || memcmp(name.data, padded.data, padded.len) != 0
        || name.data[padded.len] == '0'
        || !cv_number_digits(cv_str(name.data + padded.len,
                                    name.len - padded.len), &digits)
        || digits > CV_NUMBER_DIGITS)
    {
        return false;
    }

    format->digits = (unsigned) digits;

    return true;
}


bool
cv_number_format_read(cv_number_format_t *format, cv_str_t text)
{
    size_t    i, start;
    cv_str_t  literal;

    memset(format, 0, sizeof(cv_number_format_t));
    format->year = -1;

    for (i = 0; ; i++) {

        for (start = i;
             i < text.len && text.data[i] != '{' && text.data[i] != '}';
             i++)
        {
            /* void */
        }

        literal = cv_str(text.data + start, i - start);
        format->texts[format->parts] = literal;
        format->fixed += literal.len;

        if (i == text.len) {
            break;
        }

        if (text.data[i] == '}') {
            return false;
        }

        for (start = ++i; i < text.len && text.data[i] != '}'; i++) {
            /* void */
        }

        if (i == text.len
            || !cv_number_part(format, cv_str(text.data + start, i - start)))
        {
            return false;
        }
    }

    return format->digits != 0
           && format->fixed + CV_NUMBER_DIGITS <= CV_HANDLE_MAX;
}


bool
cv_number_read(const cv_number_format_t *format, cv_str_t number,
    unsigned *year, uint64_t *seq)
{
    size_t    digits;
    cv_str_t  part;
    unsigned  i;
    uint64_t  value;

    if (number.len < format->fixed + format->digits) {
        return false;
    }

    *year = 0;
    digits = number.len - format->fixed;

    for (i = 0; /* void */ ; i++) {

        part = format->texts[i];

        if (part.len > 0 && memcmp(number.data, part.data, part.len) != 0) {
            return false;
        }

        number.data += part.len;

        if (i == format->parts) {
            return true;
        }

        part = cv_str(number.data, (int) i == format->year ? CV_YEAR_DIGITS
                                                           : digits);

        if (!cv_number_digits(part, &value)) {
            return false;
        }

        if ((int) i == format->year) {
            *year = (unsigned) value;

        } else if (digits > format->digits && part.data[0] == '0') {
            return false;

        } else {
            *seq = value;
        }

        number.data += part.len;
    }
}


void
cv_number_write(cv_buf_t *out, const cv_number_format_t *format,
    unsigned year, uint64_t seq)
{
    unsigned  i;

    for (i = 0; /* void */ ; i++) {

        cv_buf_append_str(out, format->texts[i]);

        if (i == format->parts) {
            break;
        }

        if ((int) i == format->year) {
            cv_buf_printf(out, "%0*u", CV_YEAR_DIGITS, year);
        } else {
            cv_buf_printf(out, "%0*" PRIu64, (int) format->digits, seq);
        }
    }
}


static bool
cv_number_is_format(cv_str_t text)
{
    cv_number_format_t  format;

    return cv_number_format_read(&format, text);
}


const cv_shape_t  cv_shape_number = {
    "must have one {seq} or {seq:N}, N from 1 to 18, at most one {year}, no "
    "other braces, and room for 18 digits in 255 bytes", cv_number_is_format
};
