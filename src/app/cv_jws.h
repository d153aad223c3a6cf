
/*
 * Copyright (C) The credverify authors
 *
 * JSON Web Signatures (RFC 7515) in their compact form, by RS256 and nothing
 * else.
 */

#ifndef CV_JWS_H
#define CV_JWS_H

#include "cv_bake.h"
#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"
#include "cv_signature.h"

/*
 * One is at most this long, in bytes: longer than that of any record, whose
 * texts take six times their length in JSON, and as long as may be baked.
 */
#define CV_JWS_MAX  CV_BAKE_MAX

/*
 * Appends the JWS of just those bytes, without a line end: the same one each
 * time.  "kid" is the URL of the document that shows the public key, so that
 * who knows nothing but the JWS finds it, and those that look keys up by name
 * have one; the header has no other member but "alg", as nothing else is of
 * use to a reader.  An absent "kid" is none.
 *
 * Safe in several threads with the same key.  CV_ERR_INPUT if the key is not
 * private, CV_ERR_LIMIT past CV_JWS_MAX; nothing is appended then, or "out"
 * has failed.
 */
cv_err_t cv_jws_sign(cv_buf_t *out, const cv_signature_key_t *key,
    cv_str_t kid, cv_str_t payload) CV_MUST_CHECK;

/*
 * One that was read.  Owns what was decoded, and borrows the text, which must
 * stay until it was verified.
 */

typedef struct {
    cv_buf_t    payload;
    cv_buf_t    signature;
    cv_buf_t    header;     /* a document, an object */
    cv_str_t    input;      /* what the signature is of */
} cv_jws_t;

void cv_jws_init(cv_jws_t *jws);
void cv_jws_free(cv_jws_t *jws);

/*
 * Reads one, exactly: three parts in base64url and nothing else, a header that
 * is JSON without "crit" and whose "alg" is "RS256".  CV_ERR_INPUT or
 * CV_ERR_LIMIT with what is wrong.  Nothing that it says is true before
 * cv_jws_verify() said so; it says which key that needs.
 */
cv_err_t cv_jws_read(cv_jws_t *jws, cv_str_t text, cv_error_t *error)
    CV_MUST_CHECK;

/* The key's name in the header; absent if it has none. */
cv_str_t cv_jws_kid(const cv_jws_t *jws);

/* The bytes that were signed, borrowed from the JWS. */
cv_str_t cv_jws_payload(const cv_jws_t *jws);

/* CV_ERR_INPUT unless that key has signed it. */
cv_err_t cv_jws_verify(const cv_jws_t *jws, const cv_signature_key_t *key)
    CV_MUST_CHECK;

#endif /* CV_JWS_H */
