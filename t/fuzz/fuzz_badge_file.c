
/*
 * Copyright (C) The credverify authors
 *
 * Any file that is said to be a badge is refused with a reason, or is an
 * assertion; which is compared with a credential whatever it is, and is that
 * of the store only if it has its id.
 */

#include "cv_badge_file.h"
#include "cv_inspect.h"
#include "fuzz.h"

#define NAME  "0a1b"
#define NOW   ((cv_time_t) 1773225000000)


static void
records(cv_inspection_t *found, uint8_t status)
{
    found->known = true;
    found->assertion.id = CV_STR(NAME);
    found->assertion.salt = CV_STR("salt");
    found->holder.email = CV_STR("jo@mail.example");
    found->class.id = CV_STR("c");
    found->credential.id = CV_STR("x");
    found->credential.narrative = CV_STR("N");
    found->credential.status = (cv_int_t) { status % CV_STATUSES, true };

    FUZZ_MUST(cv_date_parse(&found->credential.issued_at,
                            CV_STR("2026-01-05")));
    FUZZ_MUST(cv_date_parse(&found->credential.expires_at,
                            CV_STR("2027-01-04")));
}


static void
compare(const cv_badge_file_t *file, uint8_t status)
{
    cv_str_t         id;
    cv_inspect_t     badge;
    cv_recipient_t   recipient;
    cv_inspection_t  found;

    memset(&badge, 0, sizeof(badge));

    badge.assertion = cv_buf_str(&file->assertion);
    badge.verify = cv_buf_str(&file->verify);
    badge.is_signed = file->form == CV_BADGE_SIGNED;
    badge.is_linked = file->form == CV_BADGE_LINKED;

    cv_inspection_init(&found);
    records(&found, status);

    FUZZ_MUST(cv_inspect_compare(&found, &badge, NOW) == CV_OK);
    FUZZ_MUST(found.ndifferences <= CV_DIFFERENCES_MAX);
    FUZZ_MUST(cv_inspect_recipient(&recipient, badge.assertion,
                                   CV_STR("jo@mail.example")) == CV_OK);

    if (cv_inspection_genuine(&found)) {
        id = cv_doc_text(cv_doc_member(badge.assertion, CV_STR("id")));

        FUZZ_MUST(cv_present(found.site) && id.len > found.site.len);
        FUZZ_MUST(memcmp(id.data, found.site.data, found.site.len) == 0);
        FUZZ_MUST(memcmp(id.data + found.site.len, "assertion/" NAME ".j",
                         sizeof("assertion/" NAME ".j") - 1) == 0);
        FUZZ_MUST(badge.is_linked || recipient == CV_RECIPIENT_SAME
                  || cv_present(cv_doc_member(badge.assertion,
                                              CV_STR("revoked"))));
    }

    cv_inspection_free(&found);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_err_t         err;
    cv_error_t       error;
    cv_badge_file_t  file;

    error.text[0] = '\0';
    cv_badge_file_init(&file);

    err = cv_badge_file_read(&file, cv_str(data, size), &error);

    FUZZ_MUST(err == CV_OK || err == CV_ERR_INPUT || err == CV_ERR_LIMIT);
    FUZZ_MUST((err == CV_OK) == (error.text[0] == '\0'));

    if (err == CV_OK) {
        FUZZ_MUST(cv_doc_valid(cv_buf_str(&file.assertion)));
        FUZZ_MUST(cv_doc_type(cv_buf_str(&file.assertion)) == CV_DOC_OBJECT);
        compare(&file, (uint8_t) size);
    }

    cv_badge_file_free(&file);

    return 0;
}
