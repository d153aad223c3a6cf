
/*
 * Copyright (C) The credverify authors
 *
 * The first byte is the delimiter, the others are lines: a row, written again
 * with every cell in quotes, is read as the same cells. And all of them are a
 * cell.
 */

#include "cv_csv.h"
#include "fuzz.h"

#define TEXT_MAX  ((size_t) 1 << 22)


static void
quote(cv_buf_t *text, cv_str_t cell)
{
    size_t  i;

    cv_buf_append_byte(text, '"');

    for (i = 0; i < cell.len; i++) {
        cv_buf_append(text, "\"\"", cell.data[i] == '"');
        cv_buf_append_byte(text, cell.data[i]);
    }

    cv_buf_append_byte(text, '"');
}


/* a row, which ends where the text does */

static void
read_row(cv_csv_t *csv, const cv_buf_t *text)
{
    cv_str_t         rest;
    cv_error_t       error;
    cv_csv_result_t  result;

    FUZZ_MUST(!cv_buf_failed(text));
    rest = cv_buf_str(text);

    do {
        result = cv_csv_line(csv, fuzz_until(&rest, '\n'), &error);
        FUZZ_MUST(result == (rest.len > 0 ? CV_CSV_MORE : CV_CSV_ROW));
    } while (rest.len > 0);
}


/* Any bytes can be a cell. */

static void
read_cell(uint8_t delimiter, cv_str_t cell)
{
    cv_buf_t  text;
    cv_csv_t  csv;

    cv_buf_init(&text, TEXT_MAX);
    cv_csv_init(&csv, delimiter);

    quote(&text, cell);
    read_row(&csv, &text);

    FUZZ_MUST(csv.cells == 1);
    FUZZ_MUST(cv_str_eq(cv_csv_cell(&csv, 0), cell));

    cv_csv_free(&csv);
    cv_buf_free(&text);
}


static void
read_again(const cv_csv_t *csv)
{
    size_t    i;
    cv_buf_t  text;
    cv_csv_t  second;

    cv_buf_init(&text, TEXT_MAX);
    cv_csv_init(&second, csv->delimiter);

    for (i = 0; i < csv->cells; i++) {
        cv_buf_append(&text, &csv->delimiter, i > 0);
        quote(&text, cv_csv_cell(csv, i));
    }

    read_row(&second, &text);
    FUZZ_MUST(second.cells == csv->cells);

    for (i = 0; i < csv->cells; i++) {
        FUZZ_MUST(cv_str_eq(cv_csv_cell(&second, i), cv_csv_cell(csv, i)));
    }

    cv_csv_free(&second);
    cv_buf_free(&text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t          delimiter;
    cv_csv_t         csv;
    cv_str_t         input;
    cv_error_t       error;
    cv_csv_result_t  result;

    input = cv_str(data, size);
    delimiter = fuzz_byte(&input);

    /* what the command takes */

    if (delimiter < ' ' && delimiter != '\t') {
        return 0;
    }

    if (delimiter == '"' || delimiter >= 0x7f) {
        return 0;
    }

    read_cell(delimiter, input);
    cv_csv_init(&csv, delimiter);

    do {
        result = cv_csv_line(&csv, fuzz_until(&input, '\n'), &error);
        FUZZ_MUST(csv.text.len <= CV_CSV_ROW_MAX);
        FUZZ_MUST(csv.cells <= CV_CSV_CELLS_MAX);

        if (result == CV_CSV_ROW) {
            FUZZ_MUST(csv.cells > 0);
            read_again(&csv);
        }

    } while (result != CV_CSV_WRONG && input.len > 0);

    cv_csv_free(&csv);

    return 0;
}
