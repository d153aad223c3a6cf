
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cache_key.h"
#include "cv_text.h"


static void
cv_cache_key_append(cv_buf_t *out, cv_by_t by, cv_str_t hash)
{
    uint8_t  *p;

    cv_buf_append_str(out, cv_by_names[by]);
    cv_buf_append_byte(out, '-');

    p = cv_buf_extend(out, 2 * hash.len);
    if (p != NULL) {
        cv_hex_encode((char *) p, hash);
    }
}


cv_err_t
cv_cache_key(cv_buf_t *out, cv_digest_t *digest, cv_by_t by, cv_str_t handle)
{
    bool      is;
    cv_err_t  err;
    uint8_t   text[CV_HANDLE_MAX], hash[CV_SHA256_LEN];

    if (by == CV_BY_TOKEN) {
        err = cv_verify_token_hash(hash, digest, handle, &is);

    } else {
        is = handle.len > 0 && handle.len <= CV_HANDLE_MAX;

        if (!is) {
            return CV_OK;
        }

        cv_handle_normal(cv_by_kinds[by], handle, text);
        err = cv_digest_sha256(digest, hash, cv_str(text, handle.len));
    }

    if (err == CV_OK && is) {
        cv_cache_key_append(out, by, cv_str(hash, sizeof(hash)));
    }

    return err;
}


void
cv_cache_key_token(cv_buf_t *out, cv_str_t hash)
{
    cv_cache_key_append(out, CV_BY_TOKEN, hash);
}
