
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>


uint64_t
cv_hash(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}
