
/*
 * Copyright (C) The credverify authors
 *
 * Digests and random bytes, by OpenSSL.
 */

#ifndef CV_DIGEST_H
#define CV_DIGEST_H

#include "cv_base.h"

#define CV_SHA256_LEN  32

/*
 * A context for any number of digests, one after the other: fetching the
 * algorithm for each would cost more than the digest itself.  Not shared
 * between threads.  NULL if memory is exhausted.
 */
typedef struct cv_digest_s  cv_digest_t;

cv_digest_t *cv_digest_new(void);
void cv_digest_free(cv_digest_t *digest);

/* SHA-256 (FIPS 180-4) of "data" to "out". */
cv_err_t cv_digest_sha256(cv_digest_t *digest, uint8_t out[CV_SHA256_LEN],
    cv_str_t data) CV_MUST_CHECK;

/* Bytes nobody can guess. */
cv_err_t cv_random(void *out, size_t len) CV_MUST_CHECK;

#endif /* CV_DIGEST_H */
