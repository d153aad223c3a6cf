
/*
 * Copyright (C) The credverify authors
 */

#include "cv_tag.h"
#include "cv_codec.h"
#include "cv_text.h"

#define CV_TAG_PREFIX  "cv-"


void
cv_tag(char out[CV_TAG_LEN], const uint8_t uuid[CV_HASH_KEY_LEN],
    uint64_t credential, const cv_token_t *token)
{
    size_t   len;
    uint8_t  of[1 + CV_TOKEN_HASH_LEN], hash[sizeof(uint64_t)];

    /* a number and a hash that begins like it are not the same */

    if (token != NULL && token->privacy.value == CV_PRIVACY_MASKED) {
        of[0] = CV_TOKEN;
        len = token->hash.len < CV_TOKEN_HASH_LEN ? token->hash.len
                                                  : CV_TOKEN_HASH_LEN;
        memcpy(of + 1, token->hash.data, len);
        len++;

    } else {
        of[0] = CV_CREDENTIAL;
        cv_put_uint(of + 1, credential, sizeof(credential));
        len = 1 + sizeof(credential);
    }

    cv_put_uint(hash, cv_hash_keyed(uuid, of, len), sizeof(hash));

    memcpy(out, CV_TAG_PREFIX, sizeof(CV_TAG_PREFIX) - 1);
    cv_hex_encode(out + sizeof(CV_TAG_PREFIX) - 1, cv_str(hash, sizeof(hash)));
}
