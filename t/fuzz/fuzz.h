
/*
 * Copyright (C) The credverify authors
 *
 * What the fuzz targets share. A target takes any bytes and ends, or aborts
 * where a promise of a header is broken. libFuzzer makes bytes up, replay.c
 * gives it those that are kept in t/fuzz/corpus.
 */

#ifndef CV_FUZZ_H
#define CV_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "cv_base.h"
#include "cv_buf.h"

#define FUZZ_MUST(condition)                                                  \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,  \
                    #condition);                                              \
            abort();                                                          \
        }                                                                     \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the next byte off the input; 0 if there is none. */
static inline uint8_t
fuzz_byte(cv_str_t *input)
{
    uint8_t  byte;

    if (input->len == 0) {
        return 0;
    }

    byte = *input->data;
    *input = cv_str(input->data + 1, input->len - 1);

    return byte;
}

/* Takes all before the next such byte off the input, and that byte. */
static inline cv_str_t
fuzz_until(cv_str_t *input, uint8_t end)
{
    size_t          len;
    cv_str_t        part;
    const uint8_t  *p;

    p = input->len == 0 ? NULL : memchr(input->data, end, input->len);
    len = p == NULL ? input->len : (size_t) (p - input->data);

    part = cv_str(input->data, len);
    len += p != NULL;
    *input = cv_str(input->data + len, input->len - len);

    return part;
}

#endif /* CV_FUZZ_H */
