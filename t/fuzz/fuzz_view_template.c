
/*
 * Copyright (C) The credverify authors
 *
 * A view's template: SVG if the first byte is "s", HTML otherwise.
 */

#include "fuzz.h"
#include "view.h"

#define NO_BODIES                                                             \
    "{\"valid\":{},\"revoked\":{},\"token_expired\":{},\"refunded\":{},"      \
    "\"expired\":{},\"pending\":{},\"not_found\":{},\"error\":{}}"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t   first;
    cv_str_t  input, sources[CV_FORMATS] = { CV_ABSENT };

    input = cv_str(data, size);
    first = fuzz_byte(&input);

    sources[CV_FORMAT_JSON] = CV_STR(NO_BODIES);
    sources[first == 's' ? CV_FORMAT_SVG : CV_FORMAT_HTML] = input;
    fuzz_view(sources);

    return 0;
}
