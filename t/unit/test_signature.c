
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base64.h"
#include "cv_signature.h"
#include "keys_rfc.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS  4
#define ROUNDS   20

static cv_error_t           error;
static cv_signature_key_t  *rfc, *rfc_public;


static cv_signature_key_t *
read_key(const char *pem)
{
    cv_signature_key_t  *key;

    key = NULL;

    if (cv_signature_key_read(&key, cv_str_z(pem), &error) != CV_OK) {
        fail_msg("%s", error.text);
    }

    return key;
}


static int
setup_keys(void **state)
{
    (void) state;

    rfc = read_key(RFC7515_PRIVATE);
    rfc_public = read_key(RFC7515_PUBLIC);

    return 0;
}


static int
teardown_keys(void **state)
{
    (void) state;

    cv_signature_key_free(rfc);
    cv_signature_key_free(rfc_public);
    cv_signature_key_free(NULL);

    return 0;
}


static void
test_vector(void **state)
{
    cv_buf_t  signature, expected;

    (void) state;

    cv_buf_init(&signature, 256);
    cv_buf_init(&expected, 256);

    assert_int_equal(cv_base64url_decode(&expected,
                                         CV_STR(RFC7515_SIGNATURE)), CV_OK);

    assert_int_equal(cv_signature_sign(rfc, CV_STR(RFC7515_INPUT), &signature),
                     CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&signature), cv_buf_str(&expected)));

    assert_int_equal(cv_signature_verify(rfc, CV_STR(RFC7515_INPUT),
                                         cv_buf_str(&expected)), CV_OK);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                         cv_buf_str(&expected)), CV_OK);

    cv_buf_free(&signature);
    cv_buf_free(&expected);
}


static void
test_no_signature(void **state)
{
    size_t               i;
    cv_buf_t             out;
    cv_str_t             signature;
    cv_signature_key_t  *other;

    (void) state;

    other = read_key(RFC7638_PUBLIC);
    cv_buf_init(&out, 257);
    assert_int_equal(cv_base64url_decode(&out, CV_STR(RFC7515_SIGNATURE)),
                     CV_OK);
    cv_buf_append_byte(&out, 0);
    signature = cv_str(out.data, 256);

    assert_int_equal(cv_signature_verify(other, CV_STR(RFC7515_INPUT),
                                         signature), CV_ERR_INPUT);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_PAYLOAD),
                                         signature), CV_ERR_INPUT);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(""), signature),
                     CV_ERR_INPUT);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                         CV_STR("")), CV_ERR_INPUT);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                         cv_str(out.data, 255)), CV_ERR_INPUT);
    assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                         cv_buf_str(&out)), CV_ERR_INPUT);

    for (i = 0; i < 256; i++) {
        out.data[i] ^= 1;
        assert_int_equal(cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                             signature), CV_ERR_INPUT);
        out.data[i] ^= 1;
    }

    /* whoever asks OpenSSL next finds nothing of this */
    assert_int_equal(ERR_peek_error(), 0);

    cv_buf_free(&out);
    cv_signature_key_free(other);
}


static void
test_public_signs_not(void **state)
{
    cv_buf_t  out;

    (void) state;

    cv_buf_init(&out, 8192);

    assert_false(cv_signature_key_is_private(rfc_public));
    assert_int_equal(cv_signature_sign(rfc_public, CV_STR("x"), &out),
                     CV_ERR_INPUT);
    assert_int_equal(cv_signature_key_private_pem(rfc_public, &out),
                     CV_ERR_INPUT);
    assert_int_equal(out.len, 0);

    cv_buf_free(&out);
}


static void
test_no_room(void **state)
{
    uint8_t   memory[255];
    cv_buf_t  out;

    (void) state;

    cv_buf_borrow(&out, memory, sizeof(memory));
    assert_int_equal(cv_signature_sign(rfc, CV_STR("x"), &out), CV_ERR_LIMIT);

    cv_buf_borrow(&out, memory, sizeof(memory));
    assert_int_equal(cv_signature_key_public_pem(rfc, &out), CV_ERR_LIMIT);
}


static void
test_id(void **state)
{
    cv_signature_key_t  *key;

    (void) state;

    key = read_key(RFC7638_PUBLIC);
    assert_true(cv_str_eq(cv_signature_key_id(key), CV_STR(RFC7638_ID)));
    assert_int_equal(cv_signature_key_bits(key), 2048);
    cv_signature_key_free(key);

    assert_true(cv_signature_key_is_private(rfc));
    assert_true(cv_str_eq(cv_signature_key_id(rfc),
                          cv_signature_key_id(rfc_public)));
    assert_false(cv_str_eq(cv_signature_key_id(rfc), CV_STR(RFC7638_ID)));
}


static void
test_pem(void **state)
{
    cv_buf_t  pem;

    (void) state;

    cv_buf_init(&pem, CV_SIGNATURE_PEM_MAX);

    assert_int_equal(cv_signature_key_private_pem(rfc, &pem), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&pem), CV_STR(RFC7515_PRIVATE)));

    cv_buf_reset(&pem);
    assert_int_equal(cv_signature_key_public_pem(rfc, &pem), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&pem), CV_STR(RFC7515_PUBLIC)));

    cv_buf_reset(&pem);
    assert_int_equal(cv_signature_key_public_pem(rfc_public, &pem), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&pem), CV_STR(RFC7515_PUBLIC)));

    cv_buf_free(&pem);
}


static void
test_make(void **state)
{
    size_t               i;
    cv_buf_t             pem, signature;
    cv_signature_key_t  *key, *again;

    static const unsigned  bits[] = { 2048, 2056 };
    static const unsigned  refused[] = {
        0, 1024, 2040, 2047, 2049, 4097, 4104, (unsigned) -8
    };

    (void) state;

    cv_buf_init(&pem, CV_SIGNATURE_PEM_MAX);
    cv_buf_init(&signature, 1024);

    for (i = 0; i < CV_COUNT(bits); i++) {
        assert_int_equal(cv_signature_key_make(&key, bits[i], &error), CV_OK);
        assert_true(cv_signature_key_is_private(key));
        assert_int_equal(cv_signature_key_bits(key), bits[i]);
        assert_int_equal(ERR_peek_error(), 0);

        cv_buf_reset(&signature);
        assert_int_equal(cv_signature_sign(key, CV_STR("x"), &signature),
                         CV_OK);
        assert_int_equal(signature.len, bits[i] / 8);

        cv_buf_reset(&pem);
        assert_int_equal(cv_signature_key_private_pem(key, &pem), CV_OK);
        assert_int_equal(cv_signature_key_read(&again, cv_buf_str(&pem),
                                               &error), CV_OK);
        assert_true(cv_str_eq(cv_signature_key_id(key),
                              cv_signature_key_id(again)));
        assert_int_equal(cv_signature_verify(again, CV_STR("x"),
                                             cv_buf_str(&signature)), CV_OK);

        cv_signature_key_free(again);
        cv_signature_key_free(key);
    }

    for (i = 0; i < CV_COUNT(refused); i++) {
        assert_int_equal(cv_signature_key_make(&key, refused[i], &error),
                         CV_ERR_INPUT);
        assert_string_equal(error.text, "a key is made with 2048 to 4096 bits, a "
                            "multiple of 8");
    }

    cv_buf_free(&pem);
    cv_buf_free(&signature);
}


static void
assert_refused(cv_str_t pem, const char *expected)
{
    cv_signature_key_t  *key;

    key = NULL;
    error.text[0] = '\0';

    assert_int_equal(cv_signature_key_read(&key, pem, &error), CV_ERR_INPUT);
    assert_string_equal(error.text, expected);
    assert_null(key);
    assert_int_equal(ERR_peek_error(), 0);
}


static void
test_texts(void **state)
{
    size_t               i, len;
    char                 text[4096];
    cv_signature_key_t  *key;

#define NONE     "there is no key in PEM"
#define NEITHER  "what is in PEM is neither a private nor a public key"
#define MORE     "there is more in PEM than one key"

    static const struct {
        cv_str_t     pem;
        const char  *expected;
    } refused[] = {
        { CV_STR(""), NONE },
        { CV_STR("\0\0\0\0"), NONE },
        { CV_STR("-----BEGIN"), NONE },
        { CV_STR("-----BEGIN "), NEITHER },
        { CV_STR("-----BEGIN PRIVATE KEY-----\n"), NEITHER },
        { CV_STR("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
          NEITHER },
        { CV_STR("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                 "-----END PUBLIC KEY-----\n"), NEITHER },
        { CV_STR("-----BEGIN CERTIFICATE-----\nAAAA\n"
                 "-----END CERTIFICATE-----\n"), NEITHER },
        { CV_STR(RFC7515_PRIVATE RFC7515_PUBLIC), MORE },
        { CV_STR(RFC7515_PUBLIC RFC7515_PUBLIC), MORE },
        { CV_STR("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                 "-----END EC PARAMETERS-----\n"
                 "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
                 "-----END EC PRIVATE KEY-----\n"),
          "the key is not an RSA key" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(refused); i++) {
        assert_refused(refused[i].pem, refused[i].expected);
    }

    assert_refused(CV_ABSENT, NONE);

    /* what was cut anywhere */

    len = sizeof(RFC7515_PRIVATE) - 1;

    for (i = sizeof("-----BEGIN ") - 1; i < len - 3; i += 37) {
        memcpy(text, RFC7515_PRIVATE, i);
        assert_refused(cv_str(text, i), NEITHER);
    }

    /* text around a key is none of it, nor are ends of lines */

    key = read_key("Key of the issuer\n" RFC7515_PUBLIC "the end\n");
    assert_true(cv_str_eq(cv_signature_key_id(key), cv_signature_key_id(rfc)));
    cv_signature_key_free(key);

    for (len = 0, i = 0; i < sizeof(RFC7515_PRIVATE) - 1; i++) {
        if (RFC7515_PRIVATE[i] == '\n') {
            text[len++] = '\r';
        }
        text[len++] = RFC7515_PRIVATE[i];
    }

    assert_int_equal(cv_signature_key_read(&key, cv_str(text, len), &error),
                     CV_OK);
    assert_true(cv_signature_key_is_private(key));
    cv_signature_key_free(key);
}


/* A key of OpenSSL's as PEM; the caller frees both. */

static cv_str_t
pem_of(BIO *bio, EVP_PKEY *pkey, const EVP_CIPHER *cipher)
{
    char  *text;
    long   len;

    assert_non_null(bio);
    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, "secret",
                                                   cipher != NULL ? 6 : 0,
                                                   NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &text);

    return cv_str(text, (size_t) len);
}


/* RSA, but for signatures of another kind */

static EVP_PKEY *
make_pss(void)
{
    EVP_PKEY      *pkey;
    EVP_PKEY_CTX  *ctx;

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 512), 1);
    assert_int_equal(EVP_PKEY_keygen(ctx, &pkey), 1);
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}


static void
test_other_keys(void **state)
{
    size_t     i;
    BIO       *bio;
    EVP_PKEY  *pkey;

    const struct {
        EVP_PKEY          *pkey;
        const EVP_CIPHER  *cipher;
        const char        *expected;
    } refused[] = {
        { EVP_RSA_gen(1024), NULL,
          "the RSA key has 1024 bits, and must have 2048 to 8192" },
        { EVP_RSA_gen(2040), NULL,
          "the RSA key has 2040 bits, and must have 2048 to 8192" },
        { EVP_EC_gen("P-256"), NULL, "the key is not an RSA key" },
        { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL,
          "the key is not an RSA key" },
        { make_pss(), NULL,
          "the key is not an RSA key" },
        { EVP_EC_gen("P-256"), EVP_aes_128_cbc(),
          "the key has a passphrase, and must have none" },
    };

    (void) state;

    ERR_clear_error();

    for (i = 0; i < CV_COUNT(refused); i++) {
        bio = BIO_new(BIO_s_mem());
        pkey = refused[i].pkey;
        assert_refused(pem_of(bio, pkey, refused[i].cipher),
                       refused[i].expected);
        EVP_PKEY_free(pkey);
        BIO_free(bio);
    }
}


/* PKCS#1, as older tools write it, is a key all the same. */

static void
test_traditional(void **state)
{
    BIO                 *in, *out;
    char                *text;
    long                 len;
    EVP_PKEY            *pkey;
    cv_signature_key_t  *key;

    (void) state;

    in = BIO_new_mem_buf(RFC7515_PRIVATE, -1);
    out = BIO_new(BIO_s_mem());
    pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(out, pkey, NULL,
                                                          NULL, 0, NULL, NULL),
                     1);
    len = BIO_get_mem_data(out, &text);

    assert_int_equal(cv_signature_key_read(&key, cv_str(text, (size_t) len),
                                           &error), CV_OK);
    assert_true(cv_signature_key_is_private(key));
    assert_true(cv_str_eq(cv_signature_key_id(key), cv_signature_key_id(rfc)));

    cv_signature_key_free(key);
    EVP_PKEY_free(pkey);
    BIO_free(in);
    BIO_free(out);
}


/* A key's bytes with some bits of one of them turned, as PEM, are refused. */

static void
assert_turned_refused(const char *label, unsigned char *der, int len, int at,
    unsigned char bits)
{
    BIO   *bio;
    char  *pem;
    long   n;

    der[at] ^= bits;

    bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio(bio, label, "", der, len));
    n = BIO_get_mem_data(bio, &pem);

    assert_refused(cv_str(pem, (size_t) n), "the RSA key contradicts itself");

    BIO_free(bio);
    der[at] ^= bits;
}


static void
test_contradicting(void **state)
{
    BIO            *bio;
    int             i, len;
    EVP_PKEY       *pkey;
    unsigned char  *der;

    (void) state;

    bio = BIO_new_mem_buf(RFC7515_PRIVATE, -1);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(pkey);

    /* n, d, p and q follow one another from byte 11 on */

    der = NULL;
    len = i2d_PrivateKey(pkey, &der);
    assert_true(len > 1000);

    for (i = 100; i < 800; i += 200) {
        assert_turned_refused("RSA PRIVATE KEY", der, len, i, 0x10);
    }

    OPENSSL_free(der);

    /* the end is n, two bytes, and e: 65537 */

    der = NULL;
    len = i2d_PUBKEY(pkey, &der);
    assert_memory_equal(der + len - 5, "\x02\x03\x01\0\x01", 5);

    assert_turned_refused("PUBLIC KEY", der, len, len - 6, 1);
    assert_turned_refused("PUBLIC KEY", der, len, len - 1, 1);

    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
}


static void *
sign_often(void *out)
{
    int       i;
    cv_buf_t  signature;

    cv_buf_init(&signature, 256);
    *(cv_err_t *) out = CV_OK;

    for (i = 0; i < ROUNDS; i++) {
        cv_buf_reset(&signature);

        if (cv_signature_sign(rfc, CV_STR(RFC7515_INPUT), &signature) != CV_OK
            || cv_signature_verify(rfc_public, CV_STR(RFC7515_INPUT),
                                   cv_buf_str(&signature)) != CV_OK)
        {
            *(cv_err_t *) out = CV_ERR_IO;
        }
    }

    cv_buf_free(&signature);

    return NULL;
}


static void
test_threads(void **state)
{
    size_t     i;
    cv_err_t   results[THREADS];
    pthread_t  threads[THREADS];

    (void) state;

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often,
                                        &results[i]), 0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(results[i], CV_OK);
    }
}


/* Makes the file "name" of the current directory anew. */

static void
write_file(const char *name, cv_str_t text, mode_t mode)
{
    int  fd;

    (void) unlink(name);
    fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_true(fd != -1);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t) text.len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}


static void
assert_load_refused(const char *name, cv_err_t err, const char *expected)
{
    cv_signature_key_t  *key;

    key = NULL;
    assert_int_equal(cv_signature_key_load(&key, name, &error), err);
    assert_string_equal(error.text, expected);
    assert_null(key);
}


static void
assert_loads(const char *name)
{
    cv_signature_key_t  *key;

    if (cv_signature_key_load(&key, name, &error) != CV_OK) {
        fail_msg("%s", error.text);
    }

    assert_true(cv_str_eq(cv_signature_key_id(key), cv_signature_key_id(rfc)));
    cv_signature_key_free(key);
}


static void
test_modes(void **state)
{
    char    expected[256];
    size_t  i;

    static const mode_t  good[] = { 0600, 0400, 0711 };
    static const mode_t  bad[] = { 0640, 0620, 0604, 0602, 04644 };

    (void) state;

    for (i = 0; i < CV_COUNT(good); i++) {
        write_file("key", CV_STR(RFC7515_PRIVATE), good[i]);
        assert_loads("key");
    }

    for (i = 0; i < CV_COUNT(bad); i++) {
        write_file("key", CV_STR(RFC7515_PRIVATE), bad[i]);
        (void) snprintf(expected, sizeof(expected), "key: others than its "
                        "owner may read or write a private key, its mode is "
                        "%04o: run \"chmod 600 key\"", (unsigned) bad[i]);
        assert_load_refused("key", CV_ERR_ACCESS, expected);

        write_file("key.pub", CV_STR(RFC7515_PUBLIC), bad[i]);
        assert_loads("key.pub");
    }
}


static void
test_files(void **state)
{
    char  text[CV_SIGNATURE_PEM_MAX + 1];

    (void) state;

    write_file("key", CV_STR(RFC7515_PRIVATE), 0600);
    assert_int_equal(symlink("key", "link"), 0);
    assert_loads("link");

    assert_load_refused("none", CV_ERR_IO, "none: No such file or directory");
    assert_load_refused(".", CV_ERR_INPUT, ".: not a regular file");
    assert_load_refused("/dev/null", CV_ERR_INPUT,
                        "/dev/null: not a regular file");

    /* nobody writes to it, and nobody waits for that */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_load_refused("pipe", CV_ERR_INPUT, "pipe: not a regular file");

    write_file("key", CV_STR(""), 0600);
    assert_load_refused("key", CV_ERR_INPUT, "key: " NONE);

    memset(text, '\n', sizeof(text));
    memcpy(text, RFC7515_PRIVATE, sizeof(RFC7515_PRIVATE) - 1);
    write_file("key", cv_str(text, CV_SIGNATURE_PEM_MAX), 0600);
    assert_loads("key");

    write_file("key", cv_str(text, sizeof(text)), 0600);
    assert_load_refused("key", CV_ERR_INPUT,
                        "key: longer than 16384 bytes, which no key is");
}


static char  dir[] = "/tmp/cv_test_signature.XXXXXX";

static int
setup_dir(void **state)
{
    (void) state;

    return mkdtemp(dir) != NULL ? chdir(dir) : -1;
}


static int
teardown_dir(void **state)
{
    size_t  i;

    static const char *const  names[] = { "key", "key.pub", "link", "pipe" };

    (void) state;

    for (i = 0; i < CV_COUNT(names); i++) {
        (void) unlink(names[i]);
    }

    return chdir("/") == 0 ? rmdir(dir) : -1;
}


int
main(void)
{
    int  failed;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_no_signature),
        cmocka_unit_test(test_public_signs_not),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_id),
        cmocka_unit_test(test_pem),
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_traditional),
        cmocka_unit_test(test_contradicting),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_files),
    };

    failed = setup_dir(NULL);

    if (failed == 0) {
        failed = cmocka_run_group_tests(tests, setup_keys, teardown_keys);
    }

    return teardown_dir(NULL) | failed;
}
