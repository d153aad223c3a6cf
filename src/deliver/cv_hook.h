
/*
 * Copyright (C) The credverify authors
 *
 * Webhooks by Standard Webhooks 1.0.0: what a request says of itself, and how
 * it is signed.
 */

#ifndef CV_HOOK_H
#define CV_HOOK_H

#include "cv_attempt.h"
#include "cv_base.h"
#include "cv_buf.h"
#include "cv_post.h"

/* The most that a signature is, "v1," and base64. */
#define CV_HOOK_SIGNATURE_LEN  (3 + 44)

/*
 * Appends the signature of a message by one secret ("whsec_" and base64):
 * "v1," and the base64 of HMAC-SHA256 over id, seconds and body with dots in
 * between.  CV_ERR_INPUT if the secret is none.
 */
cv_err_t cv_hook_sign(cv_buf_t *out, cv_str_t secret, cv_str_t id,
    cv_time_t at, cv_str_t body) CV_MUST_CHECK;

typedef struct {
    cv_str_t   url;
    cv_str_t   secret;
    cv_str_t   previous;        /* the one before, while it is good; or absent */
    cv_str_t   id;              /* the same at each attempt */
    cv_str_t   body;            /* JSON */
    bool       private;         /* private addresses are allowed */
} cv_hook_t;

/*
 * An attempt, signed at "now", which borrows nothing.  NULL after an error:
 * CV_ERR_INPUT for a secret that is none.
 */
cv_attempt_t *cv_hook_attempt(const cv_hook_t *hook,
    const cv_post_conf_t *conf, cv_time_t now, cv_error_t *error);

#endif /* CV_HOOK_H */
