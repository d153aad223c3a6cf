
/*
 * Copyright (C) The credverify authors
 *
 * A text: every byte has a code or there is none, its path is nothing but
 * rectangles inside of the square, and the white around it stays white.
 */

#include "cv_qr.h"
#include "fuzz.h"

#define PATH_MAX_LEN  ((size_t) 1 << 20)
#define LONG          100


static unsigned
take(cv_str_t *path, const char *before)
{
    size_t    len;
    unsigned  n;

    len = strlen(before);
    FUZZ_MUST(path->len > len && memcmp(path->data, before, len) == 0);
    *path = cv_str(path->data + len, path->len - len);

    FUZZ_MUST(path->data[0] >= '0' && path->data[0] <= '9');

    for (n = 0; path->len > 0 && path->data[0] >= '0'
         && path->data[0] <= '9'; n = n * 10 + fuzz_byte(path) - '0')
    {
        FUZZ_MUST(n < 1000);
    }

    return n;
}


static void
take_run(cv_str_t *path, unsigned size)
{
    unsigned  x, y, n;

    x = take(path, "M");
    y = take(path, " ");
    n = take(path, "h");
    FUZZ_MUST(take(path, "v") == 1);
    FUZZ_MUST(take(path, "h-") == n);
    FUZZ_MUST(fuzz_byte(path) == 'z');

    FUZZ_MUST(n > 0 && x >= CV_QR_QUIET && y >= CV_QR_QUIET);
    FUZZ_MUST(x + n + CV_QR_QUIET <= size && y + 1 + CV_QR_QUIET <= size);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_buf_t  path, again;
    cv_str_t  rest;
    unsigned  side;

    side = cv_qr_size(cv_str(data, size));
    FUZZ_MUST((side == 0) == (size == 0 || size > CV_QR_TEXT_MAX));

    /* a long one takes a millisecond: few of them are enough */

    if (size > LONG && size <= CV_QR_TEXT_MAX && data[0] != 'x') {
        return 0;
    }

    cv_buf_init(&path, PATH_MAX_LEN);
    cv_buf_init(&again, PATH_MAX_LEN);

    if (side == 0) {
        FUZZ_MUST(cv_qr_path(&path, cv_str(data, size)) == CV_ERR_INPUT);
        FUZZ_MUST(path.len == 0);

    } else {
        FUZZ_MUST(cv_qr_path(&path, cv_str(data, size)) == CV_OK);
        FUZZ_MUST(cv_qr_path(&again, cv_str(data, size)) == CV_OK);
        FUZZ_MUST(cv_str_eq(cv_buf_str(&path), cv_buf_str(&again)));

        rest = cv_buf_str(&path);
        FUZZ_MUST(rest.len > 0);

        while (rest.len > 0) {
            take_run(&rest, side);
        }
    }

    cv_buf_free(&again);
    cv_buf_free(&path);

    return 0;
}
