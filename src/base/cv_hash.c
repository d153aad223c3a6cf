
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>


uint64_t
cv_hash(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}
