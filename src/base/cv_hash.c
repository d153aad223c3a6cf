
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hash.h"

#include <endian.h>

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


typedef struct {
    uint64_t  a;
    uint64_t  b;
    uint64_t  c;
    uint64_t  d;
} cv_sip_t;


static inline uint64_t
cv_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}


static inline void
cv_sip_rounds(cv_sip_t *sip, unsigned n)
{
    for ( /* void */ ; n > 0; n--) {
        sip->a += sip->b;
        sip->c += sip->d;
        sip->b = cv_rotate(sip->b, 13) ^ sip->a;
        sip->d = cv_rotate(sip->d, 16) ^ sip->c;
        sip->a = cv_rotate(sip->a, 32);
        sip->c += sip->b;
        sip->a += sip->d;
        sip->b = cv_rotate(sip->b, 17) ^ sip->c;
        sip->d = cv_rotate(sip->d, 21) ^ sip->a;
        sip->c = cv_rotate(sip->c, 32);
    }
}


static inline void
cv_sip_word(cv_sip_t *sip, uint64_t word)
{
    sip->d ^= word;
    cv_sip_rounds(sip, 2);
    sip->a ^= word;
}


/* little-endian, as everything in SipHash */

static inline uint64_t
cv_sip_read(const uint8_t *p)
{
    uint64_t  word;

    memcpy(&word, p, sizeof(word));

    return le64toh(word);
}


uint64_t
cv_hash_keyed(const uint8_t key[CV_HASH_KEY_LEN], const void *data,
    size_t len)
{
    size_t          left;
    uint64_t        low, high, last;
    cv_sip_t        sip;
    const uint8_t  *p;

    low = cv_sip_read(key);
    high = cv_sip_read(key + 8);

    sip.a = low ^ 0x736f6d6570736575;
    sip.b = high ^ 0x646f72616e646f6d;
    sip.c = low ^ 0x6c7967656e657261;
    sip.d = high ^ 0x7465646279746573;

    p = data;

    for (left = len; left >= 8; left -= 8) {
        cv_sip_word(&sip, cv_sip_read(p));
        p += 8;
    }

    last = (uint64_t) len << 56;

    while (left > 0) {
        left--;
        last |= (uint64_t) p[left] << 8 * left;
    }

    cv_sip_word(&sip, last);

    sip.c ^= 0xff;
    cv_sip_rounds(&sip, 4);

    return sip.a ^ sip.b ^ sip.c ^ sip.d;
}
