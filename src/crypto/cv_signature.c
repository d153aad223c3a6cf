
/*
 * Copyright (C) The credverify authors
 *
 * What OpenSSL says of a failure is left to it: whoever asks it next, nginx's
 * TLS among them, must not find that.
 */

#include "cv_signature.h"
#include "cv_base64.h"
#include "cv_digest.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define CV_SIGNATURE_BEGIN   "-----BEGIN "
#define CV_SIGNATURE_CURVE   CV_SIGNATURE_BEGIN "EC PARAMETERS-----"
#define CV_SIGNATURE_NUMBER  (CV_SIGNATURE_BITS_READ / 8)

#define CV_SIGNATURE_NOT_RSA  "the key is not an RSA key"

struct cv_signature_key_s {
    EVP_PKEY  *pkey;
    bool       is_private;
    unsigned   bits;
    uint8_t    id[CV_SIGNATURE_ID_LEN];
};


/* A number of the public key as RFC 7518, section 2, writes it. */

static void
cv_signature_number(cv_buf_t *out, const EVP_PKEY *pkey, const char *name)
{
    BIGNUM   *number;
    uint8_t   bytes[CV_SIGNATURE_NUMBER];

    number = NULL;

    if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1
        || (size_t) BN_num_bytes(number) > sizeof(bytes))
    {
        cv_buf_fail(out, CV_ERR_NOMEM);

    } else {
        cv_base64url_encode(out, cv_str(bytes,
                                        (size_t) BN_bn2bin(number, bytes)));
    }

    BN_free(number);
}


/* RFC 7638, section 3: members in this order, and no others */

static cv_err_t
cv_signature_name(cv_signature_key_t *key)
{
    uint8_t       hash[CV_SHA256_LEN];
    cv_err_t      err;
    cv_buf_t      jwk, id;
    cv_digest_t  *digest;

    cv_buf_init(&jwk, 4 * CV_SIGNATURE_NUMBER);
    cv_buf_borrow(&id, key->id, sizeof(key->id));

    cv_buf_append_str(&jwk, CV_STR("{\"e\":\""));
    cv_signature_number(&jwk, key->pkey, OSSL_PKEY_PARAM_RSA_E);
    cv_buf_append_str(&jwk, CV_STR("\",\"kty\":\"RSA\",\"n\":\""));
    cv_signature_number(&jwk, key->pkey, OSSL_PKEY_PARAM_RSA_N);
    cv_buf_append_str(&jwk, CV_STR("\"}"));

    digest = cv_digest_new();
    err = digest == NULL ? CV_ERR_NOMEM : jwk.err;

    if (err == CV_OK) {
        err = cv_digest_sha256(digest, hash, cv_buf_str(&jwk));
    }

    if (err == CV_OK) {
        cv_base64url_encode(&id, cv_str(hash, sizeof(hash)));
        err = id.err;
    }

    cv_digest_free(digest);
    cv_buf_free(&jwk);

    return err;
}


/* Whether what a key is made of goes together: its primes, its two halves. */

static bool
cv_signature_sound(EVP_PKEY *pkey, bool is_private)
{
    bool           sound;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    sound = ctx != NULL && EVP_PKEY_public_check(ctx) == 1
            && (!is_private || EVP_PKEY_check(ctx) == 1);

    EVP_PKEY_CTX_free(ctx);

    return sound;
}


/* Takes "pkey" over, whatever becomes of it. */

static cv_err_t
cv_signature_key_new(cv_signature_key_t **key, EVP_PKEY *pkey, bool is_private,
    cv_error_t *error)
{
    cv_err_t             err;
    cv_signature_key_t  *made;

    made = calloc(1, sizeof(cv_signature_key_t));
    if (made == NULL) {
        EVP_PKEY_free(pkey);
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    made->pkey = pkey;
    made->is_private = is_private;
    made->bits = (unsigned) EVP_PKEY_get_bits(pkey);

    if (!EVP_PKEY_is_a(pkey, "RSA")) {
        err = cv_error_set(error, CV_ERR_INPUT, CV_SIGNATURE_NOT_RSA);

    } else if (made->bits < CV_SIGNATURE_BITS_MIN
               || made->bits > CV_SIGNATURE_BITS_READ)
    {
        err = cv_error_set(error, CV_ERR_INPUT, "the RSA key has %u bits, and "
                           "must have %d to %d", made->bits,
                           CV_SIGNATURE_BITS_MIN, CV_SIGNATURE_BITS_READ);

    } else if (!cv_signature_sound(pkey, is_private)) {
        err = cv_error_set(error, CV_ERR_INPUT, "the RSA key contradicts "
                           "itself");

    } else {
        err = cv_signature_name(made);

        if (err != CV_OK) {
            (void) cv_error_set(error, err, "out of memory");
        }
    }

    if (err != CV_OK) {
        cv_signature_key_free(made);
        return err;
    }

    *key = made;

    return CV_OK;
}


cv_err_t
cv_signature_key_make(cv_signature_key_t **key, unsigned bits,
    cv_error_t *error)
{
    cv_err_t   err;
    EVP_PKEY  *pkey;

    /* of an odd number OpenSSL leaves one bit out */

    if (bits < CV_SIGNATURE_BITS_MIN || bits > CV_SIGNATURE_BITS_MAX
        || bits % 8 != 0)
    {
        return cv_error_set(error, CV_ERR_INPUT, "a key is made with %d to %d "
                            "bits, a multiple of 8", CV_SIGNATURE_BITS_MIN,
                            CV_SIGNATURE_BITS_MAX);
    }

    (void) ERR_set_mark();

    pkey = EVP_RSA_gen(bits);

    err = pkey == NULL
          ? cv_error_set(error, CV_ERR_IO, "OpenSSL makes no key")
          : cv_signature_key_new(key, pkey, true, error);

    (void) ERR_pop_to_mark();

    return err;
}


/* nobody can be asked: OpenSSL would ask the terminal */

static int
cv_signature_passphrase(char *text, int size, int writing, void *asked)
{
    (void) text;
    (void) size;
    (void) writing;

    *(bool *) asked = true;

    return -1;
}


static EVP_PKEY *
cv_signature_parse(cv_str_t pem, bool *is_private, bool *asked)
{
    BIO       *bio;
    EVP_PKEY  *pkey;

    bio = BIO_new_mem_buf(pem.data, (int) pem.len);
    if (bio == NULL) {
        return NULL;
    }

    pkey = PEM_read_bio_PrivateKey(bio, NULL, cv_signature_passphrase, asked);
    *is_private = pkey != NULL;

    if (pkey == NULL && BIO_reset(bio) == 1) {
        pkey = PEM_read_bio_PUBKEY(bio, NULL, cv_signature_passphrase, asked);
    }

    BIO_free(bio);

    return pkey;
}


cv_err_t
cv_signature_key_read(cv_signature_key_t **key, cv_str_t pem,
    cv_error_t *error)
{
    bool         is_private, asked;
    cv_err_t     err;
    EVP_PKEY    *pkey;
    const void  *begin;

    if (pem.len > CV_SIGNATURE_PEM_MAX) {
        return cv_error_set(error, CV_ERR_INPUT, "longer than %d bytes, which "
                            "no key is", CV_SIGNATURE_PEM_MAX);
    }

    begin = pem.len == 0 ? NULL
            : memmem(pem.data, pem.len, CV_SIGNATURE_BEGIN,
                     sizeof(CV_SIGNATURE_BEGIN) - 1);

    if (begin == NULL) {
        return cv_error_set(error, CV_ERR_INPUT, "there is no key in PEM");
    }

    /* which openssl puts before a key on a curve */

    if (memmem(pem.data, pem.len, CV_SIGNATURE_CURVE,
               sizeof(CV_SIGNATURE_CURVE) - 1) != NULL)
    {
        return cv_error_set(error, CV_ERR_INPUT, CV_SIGNATURE_NOT_RSA);
    }

    begin = (const uint8_t *) begin + 1;

    if (memmem(begin, (size_t) (cv_str_end(pem) - (const uint8_t *) begin),
               CV_SIGNATURE_BEGIN, sizeof(CV_SIGNATURE_BEGIN) - 1) != NULL)
    {
        return cv_error_set(error, CV_ERR_INPUT, "there is more in PEM than "
                            "one key");
    }

    (void) ERR_set_mark();

    asked = false;
    pkey = cv_signature_parse(pem, &is_private, &asked);

    if (pkey != NULL) {
        err = cv_signature_key_new(key, pkey, is_private, error);

    } else {
        err = cv_error_set(error, CV_ERR_INPUT, "%s",
                           asked ? "the key has a passphrase, and must have "
                                   "none"
                                 : "what is in PEM is neither a private nor "
                                   "a public key");
    }

    (void) ERR_pop_to_mark();

    return err;
}


void
cv_signature_key_free(cv_signature_key_t *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}


bool
cv_signature_key_is_private(const cv_signature_key_t *key)
{
    return key->is_private;
}


unsigned
cv_signature_key_bits(const cv_signature_key_t *key)
{
    return key->bits;
}


cv_str_t
cv_signature_key_id(const cv_signature_key_t *key)
{
    return cv_str(key->id, sizeof(key->id));
}


/* OpenSSL clears this kind of memory, also where it grows. */

static cv_err_t
cv_signature_pem(const cv_signature_key_t *key, bool is_private, cv_buf_t *pem)
{
    BIO   *bio;
    long   len;
    char  *text;
    bool   done;

    (void) ERR_set_mark();

    bio = BIO_new(BIO_s_secmem());

    done = bio != NULL
           && (is_private
               ? PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0,
                                               NULL, NULL)
               : PEM_write_bio_PUBKEY(bio, key->pkey)) == 1;

    if (done) {
        len = BIO_get_mem_data(bio, &text);
        cv_buf_append(pem, text, (size_t) len);
    }

    BIO_free(bio);
    (void) ERR_pop_to_mark();

    return done ? pem->err : CV_ERR_NOMEM;
}


cv_err_t
cv_signature_key_private_pem(const cv_signature_key_t *key, cv_buf_t *pem)
{
    return key->is_private ? cv_signature_pem(key, true, pem) : CV_ERR_INPUT;
}


cv_err_t
cv_signature_key_public_pem(const cv_signature_key_t *key, cv_buf_t *pem)
{
    return cv_signature_pem(key, false, pem);
}


cv_err_t
cv_signature_sign(const cv_signature_key_t *key, cv_str_t data,
    cv_buf_t *signature)
{
    bool         done;
    size_t       len;
    uint8_t     *p;
    EVP_MD_CTX  *ctx;

    if (!key->is_private) {
        return CV_ERR_INPUT;
    }

    len = (size_t) EVP_PKEY_get_size(key->pkey);

    p = cv_buf_extend(signature, len);
    if (p == NULL) {
        return signature->err;
    }

    (void) ERR_set_mark();

    ctx = EVP_MD_CTX_new();

    done = ctx != NULL
           && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1
           && EVP_DigestSign(ctx, p, &len, data.data, data.len) == 1
           && len == (size_t) EVP_PKEY_get_size(key->pkey);

    EVP_MD_CTX_free(ctx);
    (void) ERR_pop_to_mark();

    if (!done) {
        signature->len = (size_t) (p - signature->data);
        return CV_ERR_NOMEM;
    }

    return CV_OK;
}


cv_err_t
cv_signature_verify(const cv_signature_key_t *key, cv_str_t data,
    cv_str_t signature)
{
    cv_err_t     err;
    EVP_MD_CTX  *ctx;

    (void) ERR_set_mark();

    ctx = EVP_MD_CTX_new();

    if (ctx == NULL
        || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) != 1)
    {
        err = CV_ERR_NOMEM;

    } else {
        err = EVP_DigestVerify(ctx, signature.data, signature.len, data.data,
                               data.len) == 1
              ? CV_OK : CV_ERR_INPUT;
    }

    EVP_MD_CTX_free(ctx);
    (void) ERR_pop_to_mark();

    return err;
}


void
cv_signature_thread_done(void)
{
    OPENSSL_thread_stop();
}
