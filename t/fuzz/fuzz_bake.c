
/*
 * Copyright (C) The credverify authors
 *
 * A URL or JWS, a NUL, JSON or nothing, a NUL, an image: what is baked fits
 * into the room that was promised, has the bytes of the image in their order,
 * and is of the same type.
 */

#include "cv_bake.h"
#include "fuzz.h"


/* Are the image's bytes all there, in their order? */

static bool
keeps(cv_str_t baked, cv_str_t image)
{
    size_t  i, n;

    for (i = 0, n = 0; i < baked.len && n < image.len; i++) {
        n += baked.data[i] == image.data[n];
    }

    return n == image.len;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t           room;
    cv_buf_t         out;
    cv_err_t         err;
    cv_str_t         image, verify, json;
    cv_image_type_t  type;

    image = cv_str(data, size);
    verify = fuzz_until(&image, '\0');
    json = fuzz_until(&image, '\0');

    if (json.len == 0) {
        json = CV_ABSENT;
    }

    type = cv_image_type(image);
    room = cv_bake_room(image, verify, json);

    cv_buf_init(&out, room);
    err = cv_bake(&out, image, verify, json);

    if (err == CV_OK) {
        FUZZ_MUST(type != CV_IMAGE_NONE);
        FUZZ_MUST(out.len > image.len && out.len <= room);
        FUZZ_MUST(cv_image_type(cv_buf_str(&out)) == type);
        FUZZ_MUST(keeps(cv_buf_str(&out), image));
        FUZZ_MUST(type == CV_IMAGE_SVG || out.len == room);

    } else {
        FUZZ_MUST(err == CV_ERR_INPUT && out.len == 0);
    }

    /* an SVG is baked once: the name is taken */

    if (err == CV_OK && type == CV_IMAGE_SVG) {
        FUZZ_MUST(cv_bake(&out, cv_buf_str(&out), verify, json)
                  == CV_ERR_INPUT);
    }

    cv_buf_free(&out);

    return 0;
}
