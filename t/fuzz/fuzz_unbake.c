
/*
 * Copyright (C) The credverify authors
 *
 * Any image: what is baked in is UTF-8 and bounded, or there is a reason why
 * it is not given; the same in the same image.
 */

#include "cv_bake.h"
#include "cv_text.h"
#include "cv_unbake.h"
#include "fuzz.h"


static void
is_text(const cv_buf_t *text)
{
    FUZZ_MUST(!cv_buf_failed(text) && text->len <= CV_BAKE_MAX);
    FUZZ_MUST(cv_utf8_valid(cv_buf_str(text)));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t    text, verify, alone;
    cv_err_t    err;
    cv_str_t    image;
    cv_error_t  error;

    image = cv_str(data, size);
    error.text[0] = '\0';

    cv_buf_init(&text, CV_BAKE_MAX);
    cv_buf_init(&verify, CV_BAKE_MAX);
    cv_buf_init(&alone, CV_BAKE_MAX);

    err = cv_unbake(&text, &verify, image, &error);

    FUZZ_MUST(err == CV_OK || err == CV_ERR_INPUT);
    FUZZ_MUST((err == CV_OK) == (error.text[0] == '\0'));

    if (err == CV_OK) {
        is_text(&text);
        is_text(&verify);
        FUZZ_MUST(text.len > 0 || verify.len == 0);
        FUZZ_MUST(cv_image_type(image) != CV_IMAGE_NONE);
    }

    FUZZ_MUST(cv_unbake(&alone, NULL, image, NULL) == err);
    FUZZ_MUST(err != CV_OK
              || cv_str_eq(cv_buf_str(&alone), cv_buf_str(&text)));

    cv_buf_free(&text);
    cv_buf_free(&verify);
    cv_buf_free(&alone);

    return 0;
}
