
/*
 * Copyright (C) The credverify authors
 *
 * The first byte is a kind, the others a stored record without its checksum:
 * what is taken is written as the same bytes, and can be shown.
 */

#include "cv_line.h"
#include "cv_record.h"
#include "fuzz.h"

#define CHECKSUM  4


static void
use(cv_kind_t kind, const cv_record_t *record)
{
    cv_buf_t    text;
    cv_error_t  error;

    if (cv_record_validate(record, kind, &error) != CV_OK) {
        FUZZ_MUST(error.text[0] != '\0');
    }

    cv_buf_init(&text, (size_t) 1 << 20);
    cv_line_write(&text, kind, record, true);
    FUZZ_MUST(!cv_buf_failed(&text));
    cv_buf_free(&text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t     bytes, again;
    cv_str_t     input;
    cv_kind_t    kind;
    cv_record_t  record, decoded;

    input = cv_str(data, size);
    kind = (cv_kind_t) (fuzz_byte(&input) % CV_KINDS);

    cv_buf_init(&bytes, CV_RECORD_MAX + CHECKSUM);
    cv_buf_init(&again, CV_RECORD_MAX + CHECKSUM);

    cv_buf_append_str(&bytes, input);
    cv_buf_append(&bytes, "\0\0\0", CHECKSUM);

    if (cv_record_parse(&record, kind, cv_buf_str(&bytes)) == CV_OK) {
        use(kind, &record);

        cv_record_encode(&again, kind, CV_STR("key"), &record);
        FUZZ_MUST(!cv_buf_failed(&again));
        FUZZ_MUST(again.len == bytes.len);
        FUZZ_MUST(memcmp(again.data, bytes.data, input.len) == 0);

        FUZZ_MUST(cv_record_decode(&decoded, kind, CV_STR("key"),
                                   cv_buf_str(&again)) == CV_OK);
        FUZZ_MUST(cv_record_decode(&decoded, kind, CV_STR("kez"),
                                   cv_buf_str(&again)) == CV_ERR_DAMAGED);
    }

    cv_buf_free(&bytes);
    cv_buf_free(&again);

    return 0;
}
