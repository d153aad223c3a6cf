
/*
 * Copyright (C) The credverify authors
 *
 * RSA keys, and the signatures that RFC 7518, section 3.3, names RS256:
 * RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2) with SHA-256.  By OpenSSL.
 */

#ifndef CV_SIGNATURE_H
#define CV_SIGNATURE_H

#include "cv_base.h"
#include "cv_buf.h"

/* Fewer bits no key has; a key is made with no more than MAX, but may come
 * from elsewhere with READ. */
#define CV_SIGNATURE_BITS_MIN   2048
#define CV_SIGNATURE_BITS_MAX   4096
#define CV_SIGNATURE_BITS_READ  8192

/* a key's text is not longer, in bytes */
#define CV_SIGNATURE_PEM_MAX    16384

#define CV_SIGNATURE_ID_LEN     43

/*
 * A private or a public key.  It does not change once it was made, and may be
 * used by several threads at once.
 */
typedef struct cv_signature_key_s  cv_signature_key_t;

/*
 * Makes a private key of so many bits: MIN to MAX, a multiple of 8, else
 * CV_ERR_INPUT.
 */
cv_err_t cv_signature_key_make(cv_signature_key_t **key, unsigned bits,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Reads a private key (PKCS#8 or PKCS#1, without a passphrase) or a public one
 * (SubjectPublicKeyInfo), the only one in PEM (RFC 7468) in the text, which is
 * not kept.  CV_ERR_INPUT with what is wrong, which does not show the text:
 * there is none, or another kind, or it has too few bits or contradicts
 * itself.
 */
cv_err_t cv_signature_key_read(cv_signature_key_t **key, cv_str_t pem,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * The same of a file, which the error names.  Links are followed.
 * CV_ERR_ACCESS for a private key that group or others may read or write, with
 * how to mend that; CV_ERR_INPUT as well for what is no regular file or is
 * too long; CV_ERR_IO, or CV_ERR_ACCESS, if it cannot be read.
 */
cv_err_t cv_signature_key_load(cv_signature_key_t **key, const char *path,
    cv_error_t *error) CV_MUST_CHECK;

/* Forgets it; NULL is none. */
void cv_signature_key_free(cv_signature_key_t *key);

bool cv_signature_key_is_private(const cv_signature_key_t *key);
unsigned cv_signature_key_bits(const cv_signature_key_t *key);

/*
 * Its name, the same for both halves: its thumbprint (RFC 7638, SHA-256) in
 * base64url.  Borrowed from the key.
 */
cv_str_t cv_signature_key_id(const cv_signature_key_t *key);

/*
 * Appends the key as PEM in lines that end in LF: the private one as PKCS#8,
 * CV_ERR_INPUT if it is not; the public one as SubjectPublicKeyInfo.  Memory
 * that the private key went to is the caller's to clear: a buffer that grows
 * leaves pieces behind.
 */
cv_err_t cv_signature_key_private_pem(const cv_signature_key_t *key,
    cv_buf_t *pem) CV_MUST_CHECK;
cv_err_t cv_signature_key_public_pem(const cv_signature_key_t *key,
    cv_buf_t *pem) CV_MUST_CHECK;

/*
 * Appends the signature of "data": as many bytes as the key has, and the same
 * ones each time.  CV_ERR_INPUT if the key is not private.
 */
cv_err_t cv_signature_sign(const cv_signature_key_t *key, cv_str_t data,
    cv_buf_t *signature) CV_MUST_CHECK;

/* CV_ERR_INPUT unless it is the signature of "data" by that key. */
cv_err_t cv_signature_verify(const cv_signature_key_t *key, cv_str_t data,
    cv_str_t signature) CV_MUST_CHECK;

/*
 * Frees what OpenSSL keeps for the thread that calls this.  For one whose end
 * nobody waits for: the process may have ended before it is done with that.
 */
void cv_signature_thread_done(void);

#endif /* CV_SIGNATURE_H */
