
/*
 * Copyright (C) The credverify authors
 *
 * The one fast, unkeyed 64-bit hash (XXH3, from libxxhash's header): ETags
 * and the checksums of stored records.  It finds accidents, not forgers;
 * whatever must resist those goes through cv_digest.h.
 */

#ifndef CV_HASH_H
#define CV_HASH_H

#include "cv_base.h"

uint64_t cv_hash(const void *data, size_t len);

/* Another one, for what is never stored; "seed" is a hash of what precedes. */
uint64_t cv_hash_body(const void *data, size_t len, uint64_t seed);

#endif /* CV_HASH_H */
