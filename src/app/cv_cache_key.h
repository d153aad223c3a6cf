
/*
 * Copyright (C) The credverify authors
 *
 * Cache keys: by which a cache that stands in front keeps the answers to a
 * handle, so that they can be found again when the credential changes.  By then
 * nobody has a token's text, of which the store has but the hash: the key is
 * made of that, which the cache can make of the text that it is asked for.
 */

#ifndef CV_CACHE_KEY_H
#define CV_CACHE_KEY_H

#include "cv_buf.h"
#include "cv_digest.h"
#include "cv_verify.h"

/* "assertion-" and the digits of a SHA-256 */
#define CV_CACHE_KEY_MAX  (sizeof("assertion-") - 1 + 2 * CV_HASH_LEN)

/*
 * Appends the key of a handle: what it is, "-", and the SHA-256 of its one text
 * that stands for all that are the same.  Made of a-z, 0-9 and "-", so that it
 * is good in URLs, and nothing can be read from it that is a secret or a
 * name.  Of what is no handle, nothing is appended.
 */
cv_err_t cv_cache_key(cv_buf_t *out, cv_digest_t *digest, cv_by_t by,
    cv_str_t handle) CV_MUST_CHECK;

/* The same of a token by its hash, as the store has it. */
void cv_cache_key_token(cv_buf_t *out, cv_str_t hash);

#endif /* CV_CACHE_KEY_H */
