
/*
 * Copyright (C) The credverify authors
 */

#include "cv_digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>


struct cv_digest_s {
    EVP_MD      *sha256;
    EVP_MD_CTX  *ctx;
    EVP_MAC      *siphash;
    EVP_MAC_CTX  *mac;
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
    digest->siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    digest->mac = digest->siphash != NULL ? EVP_MAC_CTX_new(digest->siphash)
                                          : NULL;

    if (digest->sha256 == NULL || digest->ctx == NULL || digest->mac == NULL)
    {
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

    EVP_MAC_CTX_free(digest->mac);
    EVP_MAC_free(digest->siphash);
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
cv_digest_keyed(cv_digest_t *digest, uint64_t *hash,
    const uint8_t key[CV_KEYED_LEN], cv_str_t data)
{
    size_t      len, size;
    OSSL_PARAM  params[2];

    size = sizeof(*hash);

    params[0] = OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size);
    params[1] = OSSL_PARAM_construct_end();

    return EVP_MAC_init(digest->mac, key, CV_KEYED_LEN, params) == 1
           && EVP_MAC_update(digest->mac, data.data, data.len) == 1
           && EVP_MAC_final(digest->mac, (unsigned char *) hash, &len,
                            sizeof(*hash)) == 1
           ? CV_OK : CV_ERR_NOMEM;
}


void
cv_digest_base64(char out[CV_SHA256_BASE64_LEN + 1],
    const uint8_t hash[CV_SHA256_LEN])
{
    (void) EVP_EncodeBlock((unsigned char *) out, hash, CV_SHA256_LEN);
}


cv_err_t
cv_random(void *out, size_t len)
{
    return RAND_bytes(out, (int) len) == 1 ? CV_OK : CV_ERR_IO;
}
