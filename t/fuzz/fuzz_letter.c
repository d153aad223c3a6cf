
/*
 * Copyright (C) The credverify authors
 *
 * Header fields of mail: an address in the first line, and what else there is
 * as a name, a subject and what a server says.
 */

#include "fuzz.h"
#include "cv_letter.h"
#include "cv_mailbox.h"


/* no line of a field is anything but its continuation */

static void
check_field(cv_str_t field)
{
    size_t  i;

    for (i = 0; i < field.len; i++) {
        FUZZ_MUST(field.data[i] < 0x80);
        FUZZ_MUST(field.data[i] >= 0x20 || field.data[i] == '\r'
                  || field.data[i] == '\n');

        if (field.data[i] == '\r') {
            FUZZ_MUST(i + 2 < field.len && field.data[i + 1] == '\n'
                      && field.data[i + 2] == ' ');
        }

        if (field.data[i] == '\n') {
            FUZZ_MUST(i > 0 && field.data[i - 1] == '\r');
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      i;
    cv_buf_t    out;
    cv_str_t    text, address;
    cv_error_t  error;

    text = cv_str(data, size);
    address = fuzz_until(&text, '\n');

    cv_buf_init(&out, 16 * size + 4096);

    cv_letter_text(&out, text);
    check_field(cv_buf_str(&out));
    cv_buf_reset(&out);

    if (cv_mailbox_check(address, &error) == CV_OK) {
        FUZZ_MUST(address.len <= CV_MAILBOX_MAX);
        FUZZ_MUST(memchr(address.data, '@', address.len) != NULL);

        for (i = 0; i < address.len; i++) {
            FUZZ_MUST(address.data[i] > 0x20 && address.data[i] < 0x7f);
            FUZZ_MUST(strchr("<>,;:\"\\()[]", address.data[i]) == NULL);
        }

        cv_letter_mailbox(&out, text, address);
        check_field(cv_buf_str(&out));
        cv_buf_reset(&out);
    }

    cv_letter_words(&out, text, address);
    FUZZ_MUST(!cv_buf_failed(&out));
    FUZZ_MUST(memchr(cv_buf_str(&out).data, '@', out.len) == NULL);
    FUZZ_MUST(memchr(cv_buf_str(&out).data, '\n', out.len) == NULL);

    cv_buf_free(&out);

    return 0;
}
