
/*
 * Copyright (C) The credverify authors
 *
 * Any image: it is refused with a reason, or can be baked into, and what was
 * baked into it is found again, and is why it is then refused.
 *
 * A first byte of "!" stands for a PNG whose checksums are to be made right.
 */

#include "cv_bake.h"
#include "cv_codec.h"
#include "cv_image_check.h"
#include "cv_unbake.h"
#include "fuzz.h"

#include <zlib.h>

#define URL   CV_STR("https://badges.example/1.json")
#define JSON  CV_STR("{\"a\":\"]]>\"}")

#define OUT_MAX  ((size_t) 1 << 24)


/* What nobody would guess, in a copy. */

static void
mend(cv_buf_t *png, cv_str_t image)
{
    size_t  at, len;

    cv_buf_append_str(png, CV_STR(CV_PNG_SIGNATURE));
    cv_buf_append_str(png, image);

    for (at = 8; png->len - at >= 12; at += 12 + len) {
        len = cv_get_uint(png->data + at, 4);

        if (len > png->len - at - 12) {
            break;
        }

        cv_put_uint(png->data + at + 8 + len,
                    crc32_z(0, png->data + at + 4, len + 4), 4);
    }
}


static void
bake(cv_str_t image)
{
    cv_buf_t    baked, text, verify;
    cv_error_t  error;

    cv_buf_init(&baked, cv_bake_room(image, URL, JSON));
    cv_buf_init(&text, CV_BAKE_MAX);
    cv_buf_init(&verify, CV_BAKE_MAX);

    FUZZ_MUST(cv_bake(&baked, image, URL, JSON) == CV_OK);
    FUZZ_MUST(cv_unbake(&text, &verify, cv_buf_str(&baked), &error) == CV_OK);

    if (cv_image_type(image) == CV_IMAGE_PNG) {
        FUZZ_MUST(cv_str_eq(cv_buf_str(&text), JSON));

    } else {
        FUZZ_MUST(cv_str_eq(cv_buf_str(&text),
                            CV_STR("{\"a\":\"]]\\u003e\"}")));
        FUZZ_MUST(cv_str_eq(cv_buf_str(&verify), URL));
    }

    FUZZ_MUST(cv_image_check(cv_buf_str(&baked), &error) == CV_ERR_INPUT);

    cv_buf_free(&baked);
    cv_buf_free(&text);
    cv_buf_free(&verify);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t    png;
    cv_err_t    err;
    cv_str_t    image;
    cv_error_t  error;

    image = cv_str(data, size);
    cv_buf_init(&png, OUT_MAX);

    if (size > 0 && data[0] == '!') {
        mend(&png, cv_str(data + 1, size - 1));
        image = cv_buf_str(&png);
    }

    error.text[0] = '\0';
    err = cv_image_check(image, &error);

    FUZZ_MUST(err == CV_OK || err == CV_ERR_INPUT);
    FUZZ_MUST((err == CV_OK) == (error.text[0] == '\0'));

    if (err == CV_OK) {
        bake(image);
    }

    cv_buf_free(&png);

    return 0;
}
