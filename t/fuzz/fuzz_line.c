
/*
 * Copyright (C) The credverify authors
 *
 * A line that is taken is written as one that is read as the same record.
 */

#include "cv_line.h"
#include "fuzz.h"

#define TEXT_MAX  ((size_t) 1 << 23)


static void
round_trip(const cv_line_t *line)
{
    cv_buf_t    text, again, bytes, bytes_again;
    cv_line_t   second;
    cv_error_t  error;

    cv_buf_init(&text, TEXT_MAX);
    cv_buf_init(&again, TEXT_MAX);
    cv_buf_init(&bytes, CV_RECORD_MAX);
    cv_buf_init(&bytes_again, CV_RECORD_MAX);
    FUZZ_MUST(cv_line_init(&second, &error) == CV_OK);

    cv_line_write(&text, line->kind, &line->record, true);
    FUZZ_MUST(!cv_buf_failed(&text));
    FUZZ_MUST(memchr(text.data, '\n', text.len) == NULL);

    FUZZ_MUST(cv_line_read(&second, cv_buf_str(&text), &error) == CV_OK);
    FUZZ_MUST(second.kind == line->kind);

    cv_line_write(&again, second.kind, &second.record, true);
    FUZZ_MUST(cv_str_eq(cv_buf_str(&text), cv_buf_str(&again)));

    cv_record_encode(&bytes, line->kind, CV_STR(""), &line->record);
    cv_record_encode(&bytes_again, line->kind, CV_STR(""), &second.record);
    FUZZ_MUST(!cv_buf_failed(&bytes));
    FUZZ_MUST(cv_str_eq(cv_buf_str(&bytes), cv_buf_str(&bytes_again)));

    cv_line_free(&second);
    cv_buf_free(&text);
    cv_buf_free(&again);
    cv_buf_free(&bytes);
    cv_buf_free(&bytes_again);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_err_t    err;
    cv_line_t   line;
    cv_error_t  error;

    FUZZ_MUST(cv_line_init(&line, &error) == CV_OK);

    err = cv_line_read(&line, cv_str(data, size), &error);

    if (err == CV_OK) {
        round_trip(&line);

    } else {
        FUZZ_MUST(err == CV_ERR_INPUT);
        FUZZ_MUST(error.text[0] != '\0');
    }

    cv_line_free(&line);

    return 0;
}
