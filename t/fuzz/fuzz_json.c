
/*
 * Copyright (C) The credverify authors
 *
 * Whatever is taken as JSON is UTF-8, is a whole document, and is written as
 * JSON that is read back as the same document.
 */

#include "cv_doc.h"
#include "cv_json.h"
#include "cv_text.h"
#include "fuzz.h"

#define DOCUMENT_MAX  ((size_t) 1 << 20)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t    doc, text, again;
    cv_error_t  error;

    cv_buf_init(&doc, DOCUMENT_MAX);
    cv_buf_init(&text, 8 * DOCUMENT_MAX);
    cv_buf_init(&again, DOCUMENT_MAX);

    if (cv_json_parse(&doc, cv_str(data, size), &error) == CV_OK) {
        FUZZ_MUST(cv_utf8_valid(cv_str(data, size)));
        FUZZ_MUST(cv_doc_valid(cv_buf_str(&doc)));

        cv_doc_write_json(&text, cv_buf_str(&doc));
        FUZZ_MUST(!cv_buf_failed(&text));
        FUZZ_MUST(cv_json_parse(&again, cv_buf_str(&text), &error) == CV_OK);
        FUZZ_MUST(cv_str_eq(cv_buf_str(&doc), cv_buf_str(&again)));

    } else {
        FUZZ_MUST(error.text[0] != '\0');
        FUZZ_MUST(doc.len == 0);
    }

    cv_buf_free(&doc);
    cv_buf_free(&text);
    cv_buf_free(&again);

    return 0;
}
