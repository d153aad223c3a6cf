
/*
 * Copyright (C) The credverify authors
 *
 * A line that maps columns to members, one with the format of dates, perhaps
 * empty, then a table: a row becomes lines of JSON that an import takes, or an
 * error.
 */

#include "cv_date.h"
#include "cv_line.h"
#include "cv_sheet.h"
#include "fuzz.h"


static bool
next_row(cv_csv_t *row, cv_str_t *input)
{
    cv_error_t       error;
    cv_csv_result_t  result;

    result = CV_CSV_MORE;

    while (result == CV_CSV_MORE && input->len > 0) {
        result = cv_csv_line(row, fuzz_until(input, '\n'), &error);
    }

    return result == CV_CSV_ROW;
}


/* the records of a row that is there for the first time */

static void
record(cv_sheet_t *sheet, cv_kind_t kind, cv_line_t *line)
{
    cv_err_t    err;
    cv_buf_t    text;
    cv_error_t  error;

    cv_buf_init(&text, CV_LINE_MAX);
    memset(&error, 0, sizeof(error));

    err = cv_sheet_line(sheet, kind, NULL, &text, &error);

    if (err == CV_OK) {
        err = cv_line_read(line, cv_buf_str(&text), &error);
    }

    if (err == CV_OK) {
        FUZZ_MUST(line->kind == kind);
        FUZZ_MUST(cv_str_eq(*(const cv_str_t *) &line->record,
                            cv_sheet_id(sheet, kind)));
    }

    if (err == CV_OK && kind == CV_CREDENTIAL) {
        err = cv_sheet_dates(sheet, &line->record.credential, NULL, &error);
    }

    if (err == CV_OK) {
        FUZZ_MUST(cv_record_validate(&line->record, kind, &error) == CV_OK);

    } else {
        FUZZ_MUST(err == CV_ERR_INPUT && error.text[0] != '\0');

        if (error.member != NULL) {
            cv_sheet_blame(sheet, kind, error.member, &error);
        }
    }

    cv_buf_free(&text);
}


static void
table(cv_sheet_t *sheet, cv_str_t input, cv_line_t *line)
{
    cv_csv_t    row;
    cv_buf_t    ignored;
    cv_error_t  error;

    cv_csv_init(&row, ',');
    cv_buf_init(&ignored, SIZE_MAX);

    if (next_row(&row, &input)
        && cv_sheet_header(sheet, &row, &ignored, &error) == CV_OK)
    {
        while (next_row(&row, &input)) {

            if (cv_sheet_blank(&row)
                || cv_sheet_row(sheet, &row, &error) != CV_OK
                || cv_sheet_ids(sheet, &error) != CV_OK)
            {
                continue;
            }

            (void) cv_sheet_name(sheet);
            (void) cv_sheet_key(sheet);

            record(sheet, CV_HOLDER, line);

            if (cv_present(cv_sheet_id(sheet, CV_CREDENTIAL))
                || cv_sheet_found(sheet, CV_STR("found"), &error) == CV_OK)
            {
                record(sheet, CV_CREDENTIAL, line);
            }
        }
    }

    cv_buf_free(&ignored);
    cv_csv_free(&row);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                 format[64];
    cv_str_t             input, text;
    cv_line_t            line;
    cv_error_t           error;
    cv_sheet_t          *sheet;
    cv_sheet_options_t   options;

    input = cv_str(data, size);
    memset(&options, 0, sizeof(options));

    options.map = fuzz_until(&input, '\n');
    options.class = CV_STR("class");

    text = fuzz_until(&input, '\n');

    if (text.len > 0 && text.len < sizeof(format)) {
        memcpy(format, text.data, text.len);
        format[text.len] = '\0';
        options.date_format = cv_date_format_good(format) ? format : NULL;
    }

    FUZZ_MUST(cv_line_init(&line, &error) == CV_OK);
    error.text[0] = '\0';

    if (cv_sheet_open(&sheet, &options, &error) == CV_OK) {
        table(sheet, input, &line);
        cv_sheet_close(sheet);

    } else {
        FUZZ_MUST(error.text[0] != '\0');
    }

    cv_line_free(&line);

    return 0;
}
