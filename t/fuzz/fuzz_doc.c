
/*
 * Copyright (C) The credverify authors
 *
 * Any bytes can be walked as a document; what is valid is written as JSON
 * that is read back as the same document.
 */

#include "cv_doc.h"
#include "cv_json.h"
#include "fuzz.h"

#define TEXT_MAX  ((size_t) 1 << 20)


/* False if a name is there twice, which JSON texts may not have. */

static bool
walk(cv_doc_t doc, unsigned depth)
{
    bool           unique;
    int64_t        number;
    cv_str_t       name, text;
    cv_doc_t       value, member;
    cv_doc_iter_t  it;

    (void) cv_doc_truth(doc);
    text = cv_doc_text(doc);

    if (cv_doc_int(doc, &number)) {
        FUZZ_MUST(cv_doc_type(doc) == CV_DOC_NUMBER && text.len > 0);
    }

    unique = true;

    if (depth > CV_DOC_DEPTH) {
        return unique;
    }

    for (it = cv_doc_iter(doc); cv_doc_next(&it, &name, &value); ) {
        FUZZ_MUST(value.data >= doc.data
                  && value.data + value.len <= doc.data + doc.len);

        if (cv_present(name)) {
            member = cv_doc_member(doc, name);
            FUZZ_MUST(cv_present(member));
            unique = unique && member.data == value.data;
        }

        unique = walk(value, depth + 1) && unique;
    }

    return unique;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool        unique;
    cv_buf_t    text, again;
    cv_doc_t    doc;
    cv_error_t  error;

    doc = cv_str(data, size);

    cv_buf_init(&text, TEXT_MAX);
    cv_buf_init(&again, TEXT_MAX);

    unique = walk(doc, 1);
    cv_doc_write_json(&text, doc);

    if (cv_doc_valid(doc) && unique) {
        FUZZ_MUST(!cv_buf_failed(&text));
        FUZZ_MUST(cv_json_parse(&again, cv_buf_str(&text), &error) == CV_OK);
        FUZZ_MUST(cv_str_eq(cv_buf_str(&again), doc));
    }

    cv_buf_free(&text);
    cv_buf_free(&again);

    return 0;
}
