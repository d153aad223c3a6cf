
/*
 * Copyright (C) The credverify authors
 *
 * The first byte is the delimiter, the others lines: a row, written again with
 * every cell in quotes, is read as the same cells.
 */

#include "cv_csv.h"
#include "fuzz.h"

#define TEXT_MAX  ((size_t) 1 << 22)


static void
write_row(cv_buf_t *text, const cv_csv_t *csv)
{
    size_t    i, at;
    cv_str_t  cell;

    for (i = 0; i < csv->cells; i++) {
        cell = cv_csv_cell(csv, i);

        if (i > 0) {
            cv_buf_append_byte(text, csv->delimiter);
        }

        cv_buf_append_byte(text, '"');

        for (at = 0; at < cell.len; at++) {
            cv_buf_append(text, "\"\"", cell.data[at] == '"');
            cv_buf_append_byte(text, cell.data[at]);
        }

        cv_buf_append_byte(text, '"');
    }
}


static void
read_again(const cv_csv_t *csv)
{
    size_t           i;
    cv_buf_t         text;
    cv_csv_t         second;
    cv_str_t         rest;
    cv_error_t       error;
    cv_csv_result_t  result;

    cv_buf_init(&text, TEXT_MAX);
    cv_csv_init(&second, csv->delimiter);

    write_row(&text, csv);
    FUZZ_MUST(!cv_buf_failed(&text));

    rest = cv_buf_str(&text);

    do {
        result = cv_csv_line(&second, fuzz_until(&rest, '\n'), &error);
        FUZZ_MUST(result == (rest.len > 0 ? CV_CSV_MORE : CV_CSV_ROW));
    } while (rest.len > 0);

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
