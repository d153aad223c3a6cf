
/*
 * Copyright (C) The credverify authors
 *
 * What only who has a secret can make of a message, and can check.
 */

#ifndef CV_HMAC_H
#define CV_HMAC_H

#include "cv_base.h"
#include "cv_digest.h"

/*
 * HMAC (RFC 2104) with SHA-256 of "message" to "out"; the key may be of any
 * length.  By OpenSSL.
 */
cv_err_t cv_hmac_sha256(uint8_t out[CV_SHA256_LEN], cv_str_t key,
    cv_str_t message) CV_MUST_CHECK;

#endif /* CV_HMAC_H */
