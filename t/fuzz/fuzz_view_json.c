
/*
 * Copyright (C) The credverify authors
 *
 * A view's NAME.json, without pages beside it.
 */

#include "fuzz.h"
#include "view.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str_t  sources[CV_FORMATS] = { CV_ABSENT };

    sources[CV_FORMAT_JSON] = cv_str(data, size);
    fuzz_view(sources);

    return 0;
}
