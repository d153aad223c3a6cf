
/*
 * Copyright (C) The credverify authors
 *
 * A size, a width in two bytes, lines and weight, and a text.
 */

#include "fuzz.h"
#include "../unit/measure_check.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t        space[CV_MEASURE_MAX], byte;
    cv_str_t       text, shown;
    const char    *wrong;
    cv_measure_t   how;

    text = cv_str(data, size);

    how = (cv_measure_t) { .size = 1 + fuzz_byte(&text), .line = 1 };
    how.width = 1 + fuzz_byte(&text);
    how.width = (uint16_t) (how.width + 256 * (fuzz_byte(&text) % 16));
    byte = fuzz_byte(&text);
    how.lines = 1 + byte % 4;
    how.bold = byte & 0x80;

    if (cv_utf8_valid(text)) {
        wrong = measure_check(text, &how);

        if (wrong != NULL) {
            fprintf(stderr, "%s\n", wrong);
        }

        FUZZ_MUST(wrong == NULL);
        return 0;
    }

    for ( /* void */ ; how.line <= how.lines; how.line++) {
        shown = cv_measure_fit(space, text, &how);
        FUZZ_MUST(shown.len <= CV_MEASURE_MAX);
        FUZZ_MUST(cv_measure_width(text, &how) <= how.width);
    }

    return 0;
}
