
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hmac.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>


cv_err_t
cv_hmac_sha256(uint8_t out[CV_SHA256_LEN], cv_str_t key, cv_str_t message)
{
    unsigned  len;

    if (key.len > INT_MAX) {
        return CV_ERR_LIMIT;
    }

    /* of NULL for a key OpenSSL would take the one before */

    return HMAC(EVP_sha256(), key.len > 0 ? (const void *) key.data : "",
                (int) key.len, message.data, message.len, out, &len)
           != NULL && len == CV_SHA256_LEN ? CV_OK : CV_ERR_NOMEM;
}
