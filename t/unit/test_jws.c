
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base64.h"
#include "cv_jws.h"
#include "keys_rfc.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define KID  "https://badges.example/key/IsUn6_e0.json"

static cv_jws_t             jws;
static cv_buf_t             out;
static cv_error_t           error;
static cv_signature_key_t  *rfc, *rfc_public, *other;


static int
setup(void **state)
{
    (void) state;

    cv_jws_init(&jws);
    cv_buf_init(&out, 4 * CV_JWS_MAX);

    return cv_signature_key_read(&rfc, CV_STR(RFC7515_PRIVATE), &error) == CV_OK
           && cv_signature_key_read(&rfc_public, CV_STR(RFC7515_PUBLIC),
                                    &error) == CV_OK
           && cv_signature_key_read(&other, CV_STR(RFC7638_PUBLIC), &error)
              == CV_OK ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;

    cv_signature_key_free(rfc);
    cv_signature_key_free(rfc_public);
    cv_signature_key_free(other);
    cv_buf_free(&out);
    cv_jws_free(&jws);

    return 0;
}


static void
assert_reads(cv_str_t text)
{
    if (cv_jws_read(&jws, text, &error) != CV_OK) {
        fail_msg("%s", error.text);
    }
}


static void
assert_refused(cv_str_t text, cv_err_t err, const char *expected)
{
    assert_int_equal(cv_jws_read(&jws, text, &error), err);
    assert_string_equal(error.text, expected);

    /* nor does anything verify then, whatever was read before */
    assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_ERR_INPUT);
}


/* A JWS of that header, signed for real, in the shared buffer. */

static cv_str_t
signed_with(cv_str_t header)
{
    cv_buf_t  signature;

    cv_buf_init(&signature, 256);
    cv_buf_reset(&out);

    cv_base64url_encode(&out, header);
    cv_buf_append_str(&out, CV_STR("." RFC7515_PAYLOAD));
    assert_int_equal(cv_signature_sign(rfc, cv_buf_str(&out), &signature),
                     CV_OK);
    cv_buf_append_byte(&out, '.');
    cv_base64url_encode(&out, cv_buf_str(&signature));
    cv_buf_free(&signature);

    assert_false(cv_buf_failed(&out));

    return cv_buf_str(&out);
}


static void
test_vector(void **state)
{
    (void) state;

    assert_reads(CV_STR(RFC7515_JWS));
    assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_OK);
    assert_int_equal(cv_jws_verify(&jws, rfc), CV_OK);
    assert_int_equal(cv_jws_verify(&jws, other), CV_ERR_INPUT);
    assert_false(cv_present(cv_jws_kid(&jws)));
    assert_true(cv_str_eq(cv_jws_payload(&jws),
                          CV_STR("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n"
                                 " \"http://example.com/is_root\":true}")));

    cv_buf_reset(&out);
    assert_int_equal(cv_jws_sign(&out, rfc, CV_ABSENT, cv_jws_payload(&jws)),
                     CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&out), CV_STR(RFC7515_JWS)));
}


/* What is signed comes back byte for byte, and is signed the same again. */

static void
test_round_trip(void **state)
{
    size_t    i, start;
    cv_str_t  text;

    static const cv_str_t  payloads[] = {
        CV_STR("{}"),
        CV_STR(""),
        CV_STR("{\"name\":\"Zoë Müller-Łukasz\",\"say\":\"\\\"à\\\"\"}"),
        CV_STR("{\"name\":\"\xe5\xbc\xa0\xe4\xbc\x9f \xed\x95\x9c\xea\xb8\x80 "
               "\xe3\x81\x82\",\"mark\":\"\xf0\x9f\x8f\x85\"}"),
        CV_STR("{\"name\":\"e\xcc\x81 <]]>&'\\u0000\"}\r\n"),
        CV_STR("\0\xff\xfe binary \n\n"),
    };

    (void) state;

    for (i = 0; i < CV_COUNT(payloads); i++) {
        cv_buf_reset(&out);
        cv_buf_append_str(&out, CV_STR("before "));
        start = out.len;

        assert_int_equal(cv_jws_sign(&out, rfc, CV_STR(KID), payloads[i]),
                         CV_OK);
        text = cv_str(out.data + start, out.len - start);

        assert_memory_equal(out.data, "before ", start);
        assert_reads(text);
        assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_OK);
        assert_true(cv_str_eq(cv_jws_payload(&jws), payloads[i]));
        assert_true(cv_str_eq(cv_jws_kid(&jws), CV_STR(KID)));

        start = out.len;
        assert_int_equal(cv_jws_sign(&out, rfc, CV_STR(KID), payloads[i]),
                         CV_OK);
        assert_int_equal(out.len - start, text.len);
        assert_memory_equal(out.data + start, out.data + 7, text.len);
    }
}


static void
test_header(void **state)
{
    cv_buf_t  header;

    (void) state;

    cv_buf_reset(&out);
    assert_int_equal(cv_jws_sign(&out, rfc, CV_STR("https://a.example/\"\\"),
                                 CV_STR("{}")), CV_OK);

    cv_buf_init(&header, 256);
    assert_int_equal(cv_base64url_decode(&header,
                     cv_str(out.data, (size_t) ((uint8_t *) memchr(out.data,
                                       '.', out.len) - out.data))), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&header),
                          CV_STR("{\"alg\":\"RS256\",\"kid\":"
                                 "\"https://a.example/\\\"\\\\\"}")));
    cv_buf_free(&header);

    assert_reads(cv_buf_str(&out));
    assert_true(cv_str_eq(cv_jws_kid(&jws),
                          CV_STR("https://a.example/\"\\")));
}


/* Every character of it, replaced by another digit, is another JWS or none. */

static void
test_tampered(void **state)
{
    size_t  i, taken;
    char    text[sizeof(RFC7515_JWS)];

    (void) state;

    taken = 0;

    for (i = 0; i < sizeof(text) - 1; i++) {
        memcpy(text, RFC7515_JWS, sizeof(text));
        text[i] = text[i] == '.' ? 'A' : text[i] == 'A' ? 'B' : 'A';

        if (cv_jws_read(&jws, cv_str(text, sizeof(text) - 1), &error) == CV_OK)
        {
            taken++;
            assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_ERR_INPUT);
        }
    }

    /* the payload and the signature, but for the last digit, are any bytes */
    assert_true(taken > sizeof(RFC7515_SIGNATURE));

    /* cut, or with more behind it */

    for (i = 0; i < sizeof(text) - 1; i++) {
        if (cv_jws_read(&jws, cv_str(RFC7515_JWS, i), &error) == CV_OK) {
            assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_ERR_INPUT);
        }
    }
}


static void
test_form(void **state)
{
    size_t  i;

#define PARTS  "no JWS: that has three parts, between them two full stops"
#define HEAD   "the JWS's header is not base64url"
#define BODY   "the JWS's payload is not base64url"
#define TAIL   "the JWS's signature is not base64url"

    static const struct {
        cv_str_t     text;
        const char  *expected;
    } refused[] = {
        { CV_STR(""), PARTS },
        { CV_STR("."), PARTS },
        { CV_STR(RFC7515_INPUT), PARTS },
        { CV_STR("{\"payload\":\"\"}"), PARTS },
        { CV_STR(".."), "the JWS's header is not JSON: byte 0: premature EOF" },
        { CV_STR(" " RFC7515_JWS), HEAD },
        { CV_STR(RFC7515_HEADER "=." RFC7515_PAYLOAD "." RFC7515_SIGNATURE),
          HEAD },
        { CV_STR(RFC7515_HEADER "\n." RFC7515_PAYLOAD "." RFC7515_SIGNATURE),
          HEAD },
        { CV_STR(RFC7515_HEADER "." RFC7515_PAYLOAD "==." RFC7515_SIGNATURE),
          BODY },
        { CV_STR(RFC7515_HEADER ". " RFC7515_PAYLOAD "." RFC7515_SIGNATURE),
          BODY },
        { CV_STR(RFC7515_JWS "\n"), TAIL },
        { CV_STR(RFC7515_JWS " "), TAIL },
        { CV_STR(RFC7515_JWS "=="), TAIL },
        { CV_STR(RFC7515_JWS "."), TAIL },
        { CV_STR(RFC7515_JWS ".e30"), TAIL },
        { CV_STR(RFC7515_JWS "\0"), TAIL },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(refused); i++) {
        assert_reads(CV_STR(RFC7515_JWS));
        assert_refused(refused[i].text, CV_ERR_INPUT, refused[i].expected);
    }

    assert_refused(CV_ABSENT, CV_ERR_INPUT, PARTS);
}


/* Headers of JWSs whose signature is right. */

static void
test_headers(void **state)
{
    size_t  i;

#define ALG   "the JWS's \"alg\" is not RS256"
#define CRIT                                                                  \
    "the JWS has a \"crit\", and nothing that it could name is known"

    static const struct {
        cv_str_t     header;
        const char  *expected;
    } refused[] = {
        { CV_STR("{}"), ALG },
        { CV_STR("{\"alg\":\"none\"}"), ALG },
        { CV_STR("{\"alg\":\"None\"}"), ALG },
        { CV_STR("{\"alg\":\"\"}"), ALG },
        { CV_STR("{\"alg\":null}"), ALG },
        { CV_STR("{\"alg\":[\"RS256\"]}"), ALG },
        { CV_STR("{\"alg\":\"HS256\"}"), ALG },
        { CV_STR("{\"alg\":\"RS384\"}"), ALG },
        { CV_STR("{\"alg\":\"PS256\"}"), ALG },
        { CV_STR("{\"alg\":\"ES256\"}"), ALG },
        { CV_STR("{\"alg\":\"rs256\"}"), ALG },
        { CV_STR("{\"alg\":\"RS256 \"}"), ALG },
        { CV_STR("{\"ALG\":\"RS256\"}"), ALG },
        { CV_STR("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}"),
          CRIT },
        { CV_STR("{\"alg\":\"RS256\",\"crit\":[]}"), CRIT },
        { CV_STR("{\"alg\":\"RS256\",\"crit\":null}"), CRIT },
        { CV_STR("{\"alg\":\"RS256\",\"kid\":1}"),
          "the JWS's \"kid\" is not a string" },
        { CV_STR("[\"alg\",\"RS256\"]"),
          "the JWS's header is not an object" },
        { CV_STR("\"RS256\""), "the JWS's header is not an object" },
        { CV_STR("{\"alg\":\"none\",\"alg\":\"RS256\"}"),
          "the JWS's header is not JSON: byte 19: duplicate member \"alg\"" },
        { CV_STR("{\"alg\":\"RS256\"}{}"),
          "the JWS's header is not JSON: byte 16: trailing garbage" },
        { CV_STR("{\"alg\":\"RS256\",\"kid\":\"\xff\"}"),
          "the JWS's header is not JSON: byte 22: invalid UTF-8" },
    };

    static const cv_str_t  good[] = {
        CV_STR("{\"alg\":\"RS256\"}"),
        CV_STR(" {\r\n\"typ\" : \"JWT\", \"alg\" : \"RS256\"}\n"),
        CV_STR("{\"alg\":\"RS\\u0032\\u00356\"}"),
        /* a key that comes with it is of no account */
        CV_STR("{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\",\"e\":\"AQAB\","
               "\"n\":\"AQAB\"},\"jku\":\"https://evil.example/\"}"),
    };

    (void) state;

    for (i = 0; i < CV_COUNT(refused); i++) {
        assert_refused(signed_with(refused[i].header), CV_ERR_INPUT,
                       refused[i].expected);
    }

    for (i = 0; i < CV_COUNT(good); i++) {
        assert_reads(signed_with(good[i]));
        assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_OK);
        assert_int_equal(cv_jws_verify(&jws, other), CV_ERR_INPUT);
    }
}


/* The public key is no secret: a MAC by it is nobody's signature. */

static void
test_confusion(void **state)
{
    size_t    i;
    uint8_t   mac[32];
    unsigned  len;

    static const cv_str_t  headers[] = {
        CV_STR("{\"alg\":\"HS256\"}"), CV_STR("{\"alg\":\"RS256\"}"),
    };

    (void) state;

    for (i = 0; i < CV_COUNT(headers); i++) {
        cv_buf_reset(&out);
        cv_base64url_encode(&out, headers[i]);
        cv_buf_append_str(&out, CV_STR("." RFC7515_PAYLOAD));

        assert_non_null(HMAC(EVP_sha256(), RFC7515_PUBLIC,
                             sizeof(RFC7515_PUBLIC) - 1, out.data, out.len,
                             mac, &len));
        cv_buf_append_byte(&out, '.');
        cv_base64url_encode(&out, cv_str(mac, len));

        if (i == 0) {
            assert_refused(cv_buf_str(&out), CV_ERR_INPUT, ALG);
        } else {
            assert_reads(cv_buf_str(&out));
            assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_ERR_INPUT);
        }
    }

    /* no signature at all */

    cv_buf_reset(&out);
    cv_base64url_encode(&out, CV_STR("{\"alg\":\"none\"}"));
    cv_buf_append_str(&out, CV_STR("." RFC7515_PAYLOAD "."));
    assert_refused(cv_buf_str(&out), CV_ERR_INPUT, ALG);

    assert_reads(CV_STR(RFC7515_INPUT "."));
    assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_ERR_INPUT);
}


static void
test_lengths(void **state)
{
    size_t    most;
    uint8_t   memory[100], *p;
    cv_buf_t  payload, small;

    (void) state;

    cv_buf_init(&payload, 2 * CV_JWS_MAX);

    /* 20 and 342 digits, and two full stops */
    most = (CV_JWS_MAX - 364) * 3 / 4;

    p = cv_buf_extend(&payload, most + 2);
    assert_non_null(p);
    memset(p, 'x', most + 2);

    cv_buf_reset(&out);
    assert_int_equal(cv_jws_sign(&out, rfc, CV_ABSENT, cv_str(p, most)),
                     CV_OK);
    assert_true(out.len <= CV_JWS_MAX && out.len > CV_JWS_MAX - 2);
    assert_reads(cv_buf_str(&out));
    assert_int_equal(cv_jws_verify(&jws, rfc_public), CV_OK);
    assert_int_equal(cv_jws_payload(&jws).len, most);

    cv_buf_reset(&out);
    assert_int_equal(cv_jws_sign(&out, rfc, CV_ABSENT, cv_str(p, most + 2)),
                     CV_ERR_LIMIT);
    assert_int_equal(out.len, 0);

    p = cv_buf_extend(&out, CV_JWS_MAX + 1);
    assert_non_null(p);
    memset(p, 'A', CV_JWS_MAX + 1);
    memcpy(p, RFC7515_INPUT ".", sizeof(RFC7515_INPUT));
    assert_refused(cv_buf_str(&out), CV_ERR_LIMIT,
                   "longer than 1048576 bytes, which no JWS may be");

    cv_buf_borrow(&small, memory, sizeof(memory));
    assert_int_equal(cv_jws_sign(&small, rfc, CV_ABSENT, CV_STR("{}")),
                     CV_ERR_LIMIT);
    assert_true(cv_buf_failed(&small));

    cv_buf_free(&payload);
}


static void
test_public_signs_not(void **state)
{
    (void) state;

    cv_buf_reset(&out);
    cv_buf_append_str(&out, CV_STR("kept"));
    assert_int_equal(cv_jws_sign(&out, rfc_public, CV_STR(KID), CV_STR("{}")),
                     CV_ERR_INPUT);
    assert_true(cv_str_eq(cv_buf_str(&out), CV_STR("kept")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_public_signs_not),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
