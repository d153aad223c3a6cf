
/*
 * Copyright (C) The credverify authors
 *
 * The one fast, unkeyed 64-bit hash (XXH3, from libxxhash's header): ETags
 * and the checksums of stored records.  It finds accidents, not forgers;
 * whatever must resist those goes through cv_digest.h, or has a key.
 */

#ifndef CV_HASH_H
#define CV_HASH_H

#include "cv_base.h"

uint64_t cv_hash(const void *data, size_t len);

/* Another one, for what is never stored; "seed" is a hash of what precedes. */
uint64_t cv_hash_body(const void *data, size_t len, uint64_t seed);

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): without the key nobody can tell
 * what a hash is of, nor find texts that have the same.  Of what is short it
 * takes a fifth of the instructions that OpenSSL does.
 */
#define CV_HASH_KEY_LEN  16
uint64_t cv_hash_keyed(const uint8_t key[CV_HASH_KEY_LEN], const void *data,
    size_t len);

#endif /* CV_HASH_H */
