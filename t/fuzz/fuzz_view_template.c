
/*
 * Copyright (C) The credverify authors
 *
 * A view's template: SVG if it begins as one, HTML otherwise.
 */

#include "fuzz.h"
#include "view.h"

#define NO_BODIES                                                             \
    "{\"valid\":{},\"revoked\":{},\"token_expired\":{},\"refunded\":{},"      \
    "\"expired\":{},\"pending\":{},\"not_found\":{},\"error\":{}}"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool      svg;
    cv_str_t  sources[CV_FORMATS] = { CV_ABSENT };

    svg = size > 4 && memcmp(data, "<svg", 4) == 0;

    sources[CV_FORMAT_JSON] = CV_STR(NO_BODIES);
    sources[svg ? CV_FORMAT_SVG : CV_FORMAT_HTML] = cv_str(data, size);
    fuzz_view(sources);

    return 0;
}
