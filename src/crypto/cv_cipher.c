
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cipher.h"

#include <openssl/evp.h>


static cv_err_t
cv_cipher_run(uint8_t block[CV_CIPHER_BLOCK],
    const uint8_t key[CV_CIPHER_KEY], int seal)
{
    int              len;
    bool             done;
    uint8_t          out[2 * CV_CIPHER_BLOCK];
    EVP_CIPHER_CTX  *ctx;

    ctx = EVP_CIPHER_CTX_new();

    done = ctx != NULL
           && EVP_CipherInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL, seal)
              == 1
           && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1
           && EVP_CipherUpdate(ctx, out, &len, block, CV_CIPHER_BLOCK) == 1
           && len == CV_CIPHER_BLOCK;

    EVP_CIPHER_CTX_free(ctx);

    if (!done) {
        return CV_ERR_NOMEM;
    }

    memcpy(block, out, CV_CIPHER_BLOCK);

    return CV_OK;
}


cv_err_t
cv_cipher_seal(uint8_t block[CV_CIPHER_BLOCK],
    const uint8_t key[CV_CIPHER_KEY])
{
    return cv_cipher_run(block, key, 1);
}


cv_err_t
cv_cipher_open(uint8_t block[CV_CIPHER_BLOCK],
    const uint8_t key[CV_CIPHER_KEY])
{
    return cv_cipher_run(block, key, 0);
}
