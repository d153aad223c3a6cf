
/*
 * Copyright (C) The credverify authors
 */

#include "cv_digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>


struct cv_digest_s {
    EVP_MD      *sha256;
    EVP_MD_CTX  *ctx;
};


cv_digest_t *
cv_digest_new(void)
{
    cv_digest_t  *digest;

    digest = calloc(1, sizeof(cv_digest_t));
    if (digest == NULL) {
        return NULL;
    }

    digest->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->ctx = EVP_MD_CTX_new();

    if (digest->sha256 == NULL || digest->ctx == NULL) {
        cv_digest_free(digest);
        return NULL;
    }

    return digest;
}


void
cv_digest_free(cv_digest_t *digest)
{
    if (digest == NULL) {
        return;
    }

    EVP_MD_CTX_free(digest->ctx);
    EVP_MD_free(digest->sha256);
    free(digest);
}


cv_err_t
cv_digest_sha256(cv_digest_t *digest, uint8_t out[CV_SHA256_LEN],
    cv_str_t data)
{
    if (EVP_DigestInit_ex(digest->ctx, digest->sha256, NULL) != 1
        || EVP_DigestUpdate(digest->ctx, data.data, data.len) != 1
        || EVP_DigestFinal_ex(digest->ctx, out, NULL) != 1)
    {
        return CV_ERR_NOMEM;
    }

    return CV_OK;
}


cv_err_t
cv_random(void *out, size_t len)
{
    return RAND_bytes(out, (int) len) == 1 ? CV_OK : CV_ERR_IO;
}
