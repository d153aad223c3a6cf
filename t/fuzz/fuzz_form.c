
/*
 * Copyright (C) The credverify authors
 *
 * A form, a line end, and a body that is read by it: each value that is found
 * stands where the form says, and all that stands in the body was found.
 */

#include "cv_form.h"
#include "cv_json.h"
#include "fuzz.h"

#define DOC_MAX  ((size_t) 1 << 20)


/* The value at a path in a body; absent where there is none. */

static cv_doc_t
at_path(cv_doc_t doc, cv_str_t path)
{
    cv_str_t  name;

    while (path.len > 0) {
        name = fuzz_until(&path, '.');
        doc = cv_doc_member(doc, name);
    }

    return doc;
}


/* How many values there are that are no objects on the way to others. */

static size_t
count(const cv_form_t *form, cv_doc_t doc, cv_str_t path)
{
    size_t            n;
    uint8_t           space[512];
    cv_buf_t          inner;
    cv_str_t          name;
    cv_doc_t          value;
    cv_doc_iter_t     it;
    cv_form_member_t  i;

    n = 0;

    for (it = cv_doc_iter(doc); cv_doc_next(&it, &name, &value); ) {

        if (cv_doc_type(value) == CV_DOC_NULL) {
            continue;
        }

        cv_buf_borrow(&inner, space, sizeof(space));
        cv_buf_append_str(&inner, path);
        cv_buf_append(&inner, ".", path.len > 0);
        cv_buf_append_str(&inner, name);
        FUZZ_MUST(!cv_buf_failed(&inner));

        for (i = 0; i < CV_FORM_COUNT; i++) {
            if (cv_str_eq(cv_form_path(form, i), cv_buf_str(&inner))) {
                break;
            }
        }

        n += i < CV_FORM_COUNT ? 1 : count(form, value, cv_buf_str(&inner));
    }

    return n;
}


static void
read_body(const cv_form_t *form, cv_doc_t body, cv_form_set_t takes)
{
    size_t            found;
    cv_doc_t          values[CV_FORM_COUNT];
    cv_error_t        error;
    cv_form_member_t  i;

    error.text[0] = '\0';

    if (cv_form_read(form, body, takes, values, &error) != CV_OK) {
        FUZZ_MUST(error.text[0] != '\0');
        return;
    }

    for (found = 0, i = 0; i < CV_FORM_COUNT; i++) {

        if (!cv_present(values[i])) {
            continue;
        }

        FUZZ_MUST((takes & cv_form_has(form) & (cv_form_set_t) 1 << i) != 0);
        FUZZ_MUST(at_path(body, cv_form_path(form, i)).data
                  == values[i].data);
        found++;
    }

    FUZZ_MUST(found == count(form, body, CV_STR("")));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t    doc;
    cv_str_t    input, map;
    cv_form_t  *form;
    cv_error_t  error;

    input = cv_str(data, size);
    map = fuzz_until(&input, '\n');

    error.text[0] = '\0';

    if (cv_form_compile(&form, "form", map, &error) != CV_OK) {
        FUZZ_MUST(form == NULL && error.text[0] != '\0');
        return 0;
    }

    cv_buf_init(&doc, DOC_MAX);

    if (cv_json_parse(&doc, input, &error) == CV_OK) {
        read_body(form, cv_buf_str(&doc), ~(cv_form_set_t) 0);
        read_body(form, cv_buf_str(&doc), CV_FORM_SET(CLASS)
                                          | CV_FORM_SET(HOLDER_NAME));
    }

    cv_buf_free(&doc);
    cv_form_free(form);

    return 0;
}
