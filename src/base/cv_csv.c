
/*
 * Copyright (C) The credverify authors
 */

#include "cv_csv.h"


void
cv_csv_init(cv_csv_t *csv, uint8_t delimiter)
{
    memset(csv, 0, sizeof(cv_csv_t));

    csv->delimiter = delimiter;
    cv_buf_init(&csv->text, CV_CSV_ROW_MAX);
}


void
cv_csv_free(cv_csv_t *csv)
{
    cv_buf_free(&csv->text);
}


cv_str_t
cv_csv_cell(const cv_csv_t *csv, size_t i)
{
    size_t    start;
    cv_str_t  text;

    text = cv_buf_str(&csv->text);
    start = i > 0 ? csv->ends[i - 1] : 0;

    return cv_str(text.data + start, csv->ends[i] - start);
}


/* up to the quote that ends the cell, or to the end of the line */

static const uint8_t *
cv_csv_quoted(cv_csv_t *csv, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *quote;

    csv->quoted = true;

    for ( ;; ) {
        quote = p < end ? memchr(p, '"', (size_t) (end - p)) : NULL;

        if (quote == NULL) {
            cv_buf_append(&csv->text, p, (size_t) (end - p));
            return end;
        }

        cv_buf_append(&csv->text, p, (size_t) (quote - p));
        p = quote + 1;

        if (p == end || *p != '"') {
            csv->quoted = false;
            return p;
        }

        /* two stand for one */

        cv_buf_append_byte(&csv->text, *p++);
    }
}


/* up to the delimiter, or to the end of the line; NULL if it is wrong */

static const uint8_t *
cv_csv_plain(cv_csv_t *csv, const uint8_t *p, const uint8_t *end,
    cv_error_t *error)
{
    const uint8_t  *start;

    start = p;

    for ( /* void */ ; p < end && *p != csv->delimiter; p++) {

        if (*p == '"') {
            (void) cv_error_set(error, CV_ERR_INPUT, "a quote in a cell that "
                                "does not begin with one");
            return NULL;
        }

        if (*p == '\r') {
            (void) cv_error_set(error, CV_ERR_INPUT, "a carriage return "
                                "alone; lines end with LF or CRLF");
            return NULL;
        }
    }

    cv_buf_append(&csv->text, start, (size_t) (p - start));

    return p;
}


/* The next cell, from where it begins or goes on; NULL if it is wrong. */

static const uint8_t *
cv_csv_next(cv_csv_t *csv, const uint8_t *p, const uint8_t *end,
    cv_error_t *error)
{
    if (csv->cells == CV_CSV_CELLS_MAX) {
        (void) cv_error_set(error, CV_ERR_INPUT, "more than %d cells",
                            CV_CSV_CELLS_MAX);
        return NULL;
    }

    if (csv->quoted || (p < end && *p == '"')) {
        p = cv_csv_quoted(csv, csv->quoted ? p : p + 1, end);

        if (!csv->quoted && p < end && *p != csv->delimiter) {
            (void) cv_error_set(error, CV_ERR_INPUT, "text behind a closing "
                                "quote");
            return NULL;
        }

    } else {
        p = cv_csv_plain(csv, p, end, error);
    }

    if (p != NULL && cv_buf_failed(&csv->text)) {
        (void) cv_error_set(error, csv->text.err == CV_ERR_NOMEM
                                   ? CV_ERR_NOMEM : CV_ERR_INPUT,
                            "a row of more than %zu bytes; is a closing quote "
                            "missing?", CV_CSV_ROW_MAX);
        return NULL;
    }

    return p;
}


cv_csv_result_t
cv_csv_line(cv_csv_t *csv, cv_str_t line, cv_error_t *error)
{
    const uint8_t  *p, *end;

    p = line.data;
    end = cv_str_end(line);

    if (csv->quoted) {
        cv_buf_append_byte(&csv->text, '\n');

    } else {
        cv_buf_reset(&csv->text);
        csv->cells = 0;
    }

    for ( ;; ) {
        p = cv_csv_next(csv, p, end, error);

        if (p == NULL) {
            csv->quoted = false;
            return CV_CSV_WRONG;
        }

        if (csv->quoted) {
            return CV_CSV_MORE;
        }

        csv->ends[csv->cells++] = csv->text.len;

        if (p == end) {
            return CV_CSV_ROW;
        }

        p++;        /* the delimiter: there is a cell behind it */
    }
}
