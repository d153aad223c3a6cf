
/*
 * Copyright (C) The credverify authors
 */

#include "cv_ulid.h"
#include "cv_codec.h"

#define CV_ULID_TIME  10        /* characters; the rest is random */
#define CV_ULID_MOST  (((cv_time_t) 1 << 48) - 1)

static const char  cv_ulid_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";


/* the lowest digit comes last */

static void
cv_ulid_digits_write(uint8_t *text, size_t n, uint64_t value)
{
    while (n-- > 0) {
        text[n] = (uint8_t) cv_ulid_digits[value & 31];
        value >>= 5;
    }
}


void
cv_ulid_format(uint8_t text[CV_ULID_LEN], cv_time_t at,
    const uint8_t random[CV_ULID_RANDOM])
{
    size_t    i;
    uint64_t  half;

    at = at < 0 ? 0 : at > CV_ULID_MOST ? CV_ULID_MOST : at;

    cv_ulid_digits_write(text, CV_ULID_TIME, (uint64_t) at);

    /* 40 bits are 8 digits */

    for (i = 0; i < 2; i++) {
        half = (uint64_t) random[5 * i] << 32
               | cv_get_uint(random + 5 * i + 1, 4);
        cv_ulid_digits_write(text + CV_ULID_TIME + 8 * i, 8, half);
    }
}
