
/*
 * Copyright (C) The credverify authors
 *
 * What is given to clients to bring back, and is not for them to read.
 */

#ifndef CV_CIPHER_H
#define CV_CIPHER_H

#include "cv_base.h"

#define CV_CIPHER_BLOCK  16
#define CV_CIPHER_KEY    16

/*
 * AES-128 (FIPS 197) of one block.  Without the key nothing of it can be read,
 * and what another block opens to is up to chance: with 32 bits of it that
 * must be right, one of four billion is.
 */
cv_err_t cv_cipher_seal(uint8_t block[CV_CIPHER_BLOCK],
    const uint8_t key[CV_CIPHER_KEY]) CV_MUST_CHECK;
cv_err_t cv_cipher_open(uint8_t block[CV_CIPHER_BLOCK],
    const uint8_t key[CV_CIPHER_KEY]) CV_MUST_CHECK;

#endif /* CV_CIPHER_H */
