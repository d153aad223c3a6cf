
/*
 * Copyright (C) The credverify authors
 *
 * Whatever is taken as JSON is UTF-8, is a whole document, and is written as
 * JSON that is read back as the same document.  What it names is a list of
 * texts, or none.
 */

#include "cv_batch.h"
#include "cv_doc.h"
#include "cv_json.h"
#include "cv_text.h"
#include "fuzz.h"

#define DOCUMENT_MAX  ((size_t) 1 << 20)


/* the handles in the first member, if there is one; "doc" is absent if it is no
 * JSON */

static void
batch(cv_str_t text, cv_doc_t doc)
{
    size_t         n;
    cv_err_t       err;
    cv_str_t       member, handle;
    cv_doc_t       value;
    cv_batch_t     handles;
    cv_error_t     error;
    cv_doc_iter_t  it;

    it = cv_doc_iter(doc);

    if (cv_doc_type(doc) != CV_DOC_OBJECT || !cv_doc_next(&it, &member, &value))
    {
        member = CV_STR("codes");
    }

    error.text[0] = '\0';
    cv_batch_init(&handles);

    err = cv_batch_read(&handles, text, member, 4, &error);

    FUZZ_MUST(err == CV_OK || err == CV_ERR_INPUT || err == CV_ERR_LIMIT);
    FUZZ_MUST((err == CV_OK) == (error.text[0] == '\0'));

    if (err == CV_OK) {
        for (n = 0; cv_batch_next(&handles, &handle); n++) {
            FUZZ_MUST(cv_utf8_valid(handle) && handle.len <= text.len);
        }

        FUZZ_MUST(n >= 1 && n <= 4 && cv_present(doc));
        FUZZ_MUST(cv_doc_type(cv_doc_member(doc, member)) == CV_DOC_ARRAY);
    }

    cv_batch_free(&handles);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t    doc, text, again;
    cv_error_t  error;

    cv_buf_init(&doc, DOCUMENT_MAX);
    cv_buf_init(&text, 8 * DOCUMENT_MAX);
    cv_buf_init(&again, DOCUMENT_MAX);

    if (cv_json_parse(&doc, cv_str(data, size), &error) == CV_OK) {
        batch(cv_str(data, size), cv_buf_str(&doc));

        FUZZ_MUST(cv_utf8_valid(cv_str(data, size)));
        FUZZ_MUST(cv_doc_valid(cv_buf_str(&doc)));

        cv_doc_write_json(&text, cv_buf_str(&doc));
        FUZZ_MUST(!cv_buf_failed(&text));
        FUZZ_MUST(cv_json_parse(&again, cv_buf_str(&text), &error) == CV_OK);
        FUZZ_MUST(cv_str_eq(cv_buf_str(&doc), cv_buf_str(&again)));

    } else {
        batch(cv_str(data, size), CV_ABSENT);

        FUZZ_MUST(error.text[0] != '\0');
        FUZZ_MUST(doc.len == 0);
    }

    cv_buf_free(&doc);
    cv_buf_free(&text);
    cv_buf_free(&again);

    return 0;
}
