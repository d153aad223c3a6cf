
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


/* Beginning a long input costs XXH3 as much as a few hundred bytes of it. */

#define CV_HASH_PIECE  ((size_t) 240)
#define CV_HASH_LONG   ((size_t) 1024)

uint64_t
cv_hash_body(const void *data, size_t len, uint64_t seed)
{
    uint64_t        hash;
    const uint8_t  *p;

    if (len > CV_HASH_LONG) {
        return XXH3_64bits_withSeed(data, len, seed);
    }

    p = data;
    hash = seed + len;

    for ( /* void */ ; len > CV_HASH_PIECE; len -= CV_HASH_PIECE) {
        hash = XXH3_64bits_withSeed(p, CV_HASH_PIECE, hash);
        p += CV_HASH_PIECE;
    }

    return XXH3_64bits_withSeed(p, len, hash);
}
