
/*
 * Copyright (C) The credverify authors
 */

#include "cv_line.h"
#include "cv_text.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array)  (sizeof(array) / sizeof(array[0]))

#define TOKEN   "390aa046b2886a0a68fb36ff647b216d03cacd775bef52404dc6a3daf19a" \
                "3b5c"
#define KEY     "scs_live_CuJabmeaI77NKsoaAJ15fh3FvyffAiSU"
#define KEY_HASH  "aaf93247e5f48b4efa218063f6fc16cbf5e58d27867c24676547ba2a4b" \
                  "ec784b"
#define HASH    "4b6ebc3f5b8b2c5ba8e4ea12ad6cc35db8cd2f5fcdc0c1b8d28f60b6b4d0" \
                "0000"

static cv_line_t   line;
static cv_error_t  error;


static int
setup(void **state)
{
    (void) state;
    error.text[0] = '\0';

    return cv_line_init(&line, &error) == CV_OK ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;
    cv_line_free(&line);

    return 0;
}


static cv_err_t
parse(const char *text)
{
    error.text[0] = '\0';

    return cv_line_read(&line, cv_str_z(text), &error);
}


/* Lines that are written as they were read, whatever they were read from. */

static void
test_round_trip(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const struct {
        const char  *in;
        const char  *out;       /* NULL: the same */
    } cases[] = {
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"}", NULL },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\"}", NULL },
        { " { \"name\" : \"N\" , \"id\":\"i\",\"url\":null,\"kind\":"
          "\"issuer\"}\t",
          "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"}" },
        { "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":-9223372036854775808,\"criteria\":{\"b\":[1,2.50,1e9,"
          "null,true,false,{}],\"a\":\"\"},\"tags\":[],\"valid_days\":"
          "9223372036854775807,\"listed\":false,\"position\":0}", NULL },
        { "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":-0,\"listed\":true}",
          "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"level\":0,\"listed\":true}" },
        { "{\"kind\":\"holder\",\"id\":\"\\u00e9\",\"name\":\"\\ud83d\\ude00"
          "\\n\\u0001\\\"\\\\\\/\"}",
          "{\"kind\":\"holder\",\"id\":\"\xc3\xa9\",\"name\":\"\xf0\x9f\x98"
          "\x80\\n\\u0001\\\"\\\\/\"}" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\",\"holder\":"
          "\"h\",\"status\":\"claimed\",\"issued_at\":\"2026-02-15\","
          "\"expires_at\":\"2026-02-15t10:00:00.5+02:00\",\"test\":false,"
          "\"attributes\":{\"n\":null}}", NULL },
        { "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"T\","
          "\"tags\":[\"a\",\"\"],\"alignment\":[{},{\"a\":[]}],\"requires\":{"
          "\"learn\":null,\"practice\":0}}", NULL },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "\",\"credential\":"
          "\"x\",\"privacy\":\"masked\"}", NULL },
        { "{\"kind\":\"tier\",\"id\":\"t\"}", NULL },
        { "{\"kind\":\"tier\",\"id\":\"t\",\"limits\":{},\"overage_cents\":0,"
          "\"price_cents\":9223372036854775807,\"features\":[]}", NULL },
        { "{\"kind\":\"tier\",\"features\":[\"search\",\"\"],\"limits\":{"
          "\"month\":0,\"day\":null,\"hour\":9223372036854775807,\"minute\":"
          "60},\"id\":\"t\",\"overage_cents\":null}",
          "{\"kind\":\"tier\",\"id\":\"t\",\"limits\":{\"month\":0,\"day\":null,"
          "\"hour\":9223372036854775807,\"minute\":60},\"features\":["
          "\"search\",\"\"]}" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key_sha256\":\"" HASH "\"}",
          NULL },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key_sha256\":\"" HASH "\","
          "\"prefix\":\"a_live_\",\"last4\":\"wxyz\",\"owner\":\"Acme\","
          "\"tier\":\"t\",\"status\":\"rejected\",\"scopes\":[\"a:b\"],"
          "\"origins\":[\"https://o.example\"],\"issuer\":\"i\","
          "\"expires_at\":\"2027-01-01\",\"created_at\":"
          "\"2026-01-01T00:00:00Z\"}", NULL },

        /* two hashes */
        { "{\"kind\":\"key\",\"id\":\"k\",\"key_sha256\":\"" HASH "\","
          "\"previous_sha256\":\"" KEY_HASH "\"}", NULL },
        { "{\"kind\":\"key\",\"id\":\"k\",\"previous_sha256\":\"" HASH "\","
          "\"key\":\"" KEY "\"}",
          "{\"kind\":\"key\",\"id\":\"k\",\"key_sha256\":\"" KEY_HASH "\","
          "\"prefix\":\"scs_live_\",\"last4\":\"AiSU\","
          "\"previous_sha256\":\"" HASH "\"}" },
        { "{\"kind\":\"usage\",\"key\":\"k\",\"month\":\"2026-10\","
          "\"used\":0}", NULL },
        { "{\"kind\":\"usage\",\"key\":\"k\",\"month\":\"1970-01\","
          "\"used\":9223372036854775807,\"included\":100,\"tier\":\"t\","
          "\"price_cents\":1,\"overage_cents\":0}", NULL },
        { "{\"units\":5,\"month\":\"7430-12\",\"key\":\"k\",\"kind\":"
          "\"grant\"}",
          "{\"kind\":\"grant\",\"key\":\"k\",\"month\":\"7430-12\","
          "\"units\":5}" },
        { "{\"kind\":\"progress\",\"holder\":\"h\",\"class\":\"c\"}", NULL },
        { "{\"kind\":\"progress\",\"holder\":\"h\",\"class\":\"c\","
          "\"practice\":0,\"learn\":14}", NULL },
        { "{\"kind\":\"oauth_client\",\"id\":\"o\",\"secret_sha256\":\"" HASH
          "\",\"name\":\"App\",\"redirect_uris\":[\"https://a.example/cb\"],"
          "\"class\":\"c\"}", NULL },
        { "{\"kind\":\"webhook\",\"id\":\"w\",\"url\":\"http://h\",\"secret\":"
          "\"whsec_YQ==\",\"events\":[\"certificate.issued\"]}", NULL },
        { "{\"kind\":\"sequence\",\"class\":\"c\",\"year\":0,\"last\":0}",
          NULL },
        { "{\"kind\":\"sequence\",\"class\":\"c\",\"year\":9999,\"last\":"
          "9223372036854775807}", NULL },
    };

    (void) state;
    cv_buf_init(&out, CV_LINE_MAX);

    for (i = 0; i < COUNT(cases); i++) {
        cv_buf_reset(&out);

        if (parse(cases[i].in) != CV_OK) {
            fail_msg("%s: %s", cases[i].in, error.text);
        }

        cv_line_write(&out, line.kind, &line.record, true);
        cv_buf_append_byte(&out, '\0');

        assert_string_equal((char *) out.data, cases[i].out != NULL
                                               ? cases[i].out : cases[i].in);
    }

    cv_buf_free(&out);
}


/* What is wrong with a line, and how it is said. */

#define CLASS  "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\","           \
               "\"title\":\"T\","
#define CREDENTIAL  "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\","  \
                    "\"holder\":\"h\",\"status\":\"issued\","
#define TIER     "{\"kind\":\"tier\",\"id\":\"t\","
#define WEBHOOK  "{\"kind\":\"webhook\",\"id\":\"w\","

static void
test_errors(void **state)
{
    size_t  i;

    static const struct {
        const char  *in;
        const char  *error;     /* how it begins */
    } cases[] = {
        { "", "byte " },
        { "{", "byte " },
        { "[]", "not a JSON object" },
        { "1", "not a JSON object" },
        { "{}", "member \"kind\" is required" },
        { "{\"kind\":1}", "member \"kind\" must be a string" },
        { "{\"kind\":null}", "member \"kind\" must be a string" },
        { "{\"kind\":\"Issuer\"}", "unknown kind \"Issuer\"" },
        { "{\"kind\":\"\"}", "unknown kind \"\"" },
        { "{\"kind\":\"issuer\",\"id\":\"i\"}",
          "issuer: member \"name\" is required" },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":null}",
          "issuer: member \"name\" is required" },
        { "{\"kind\":\"issuer\",\"id\":\"\",\"name\":\"N\"}",
          "issuer: member \"id\" is empty" },
        { "{\"kind\":\"issuer\",\"id\":\"a\\u0007\",\"name\":\"N\"}",
          "issuer: member \"id\" is empty or has control characters" },
        { "{\"kind\":\"issuer\",\"id\":1,\"name\":\"N\"}",
          "issuer: member \"id\" must be a string" },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\",\"id\":\"j\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"kind\":\"holder\",\"id\":\"i\"}", "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\\u0000\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"\xc0\x80\"}",
          "byte " },
        { "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"N\"} {}", "byte " },
        { CREDENTIAL "\"foo\":1}", "credential: unknown member \"foo\"" },
        { CREDENTIAL "\"foo\":null}", "credential: unknown member \"foo\"" },
        { CREDENTIAL "\"token\":1}", "credential: unknown member \"token\"" },
        { CREDENTIAL "\"issued_at\":\"yesterday\"}",
          "credential: member \"issued_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"issued_at\":\"2026-02-30\"}",
          "credential: member \"issued_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"expires_at\":20260215}",
          "credential: member \"expires_at\" is no RFC 3339 date" },
        { CREDENTIAL "\"test\":1}",
          "credential: member \"test\" must be true or false" },
        { CREDENTIAL "\"attributes\":[]}",
          "credential: member \"attributes\" must be an object" },
        { CREDENTIAL "\"evidence\":{}}",
          "credential: member \"evidence\" must be an array" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":\"c\",\"holder\":"
          "\"h\",\"status\":\"expired\"}",
          "credential: member \"status\" must be one of draft, pending, "
          "issued, claimed, used, refunded, revoked" },
        { "{\"kind\":\"credential\",\"id\":\"x\",\"class\":7}",
          "credential: member \"class\" must be a string" },
        { CLASS "\"level\":1.0}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":1e3}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":\"1\"}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":9223372036854775808}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":-9223372036854775809}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"level\":99999999999999999999999999}",
          "class: member \"level\" must be an integer" },
        { CLASS "\"listed\":\"true\"}",
          "class: member \"listed\" must be true or false" },
        { "{\"kind\":\"token\",\"token\":\"12\",\"credential\":\"x\"}",
          "token: member \"token\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"token\":7,\"credential\":\"x\"}",
          "token: member \"token\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "0\"}",
          "token: member \"token_sha256\" must be 64 hexadecimal digits" },
        { "{\"kind\":\"token\",\"credential\":\"x\"}",
          "token: member \"token_sha256\" is required" },
        { CLASS "\"tags\":[\"a\",1]}",
          "class: member \"tags\" must be an array of strings" },
        { CLASS "\"tags\":{}}",
          "class: member \"tags\" must be an array of strings" },
        { CLASS "\"alignment\":[{},\"a\"]}",
          "class: member \"alignment\" must be an array of objects" },
        { CLASS "\"requires\":{\"practice\":1,\"read\":1}}",
          "class: member \"requires\" must be an object of practice and "
          "learn, " },
        { CLASS "\"requires\":{\"practice\":-1}}",
          "class: member \"requires\" must be " },
        { TIER "\"limits\":[]}",
          "tier: member \"limits\" must be an object of minute, hour, day "
          "and month, each null or a whole number, 0 or more" },
        { TIER "\"limits\":{\"week\":1}}",
          "tier: member \"limits\" must be an object of minute, " },
        { TIER "\"limits\":{\"day\":-1}}",
          "tier: member \"limits\" must be an object of minute, " },
        { TIER "\"limits\":{\"day\":1.5}}",
          "tier: member \"limits\" must be an object of minute, " },
        { TIER "\"limits\":{\"day\":\"1\"}}",
          "tier: member \"limits\" must be an object of minute, " },
        { TIER "\"limits\":{\"day\":9223372036854775808}}",
          "tier: member \"limits\" must be an object of minute, " },
        { TIER "\"price_cents\":-1}",
          "tier: member \"price_cents\" must be a whole number, 0 or more" },
        { TIER "\"overage_cents\":0.2}",
          "tier: member \"overage_cents\" must be a whole number, " },
        { TIER "\"features\":[null]}",
          "tier: member \"features\" must be an array of strings" },
        { "{\"kind\":\"key\",\"id\":\"k\"}",
          "key: member \"key_sha256\" is required" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key\":\"" KEY "\",\"key_sha256\":"
          "\"" HASH "\"}",
          "key: give \"key\" or \"key_sha256\", not both" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key\":17}",
          "key: member \"key\" must be a brand, live, test or badge, and 32 "
          "characters or more, joined by \"_\"" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key\":\"scs_live_short\"}",
          "key: member \"key\" must be a brand, " },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key\":\"" KEY "\",\"status\":"
          "\"expired\"}",
          "key: member \"status\" must be one of pending, rejected, active, "
          "suspended, revoked" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"key\":\"" KEY "\",\"tier\":{}}",
          "key: member \"tier\" must be a string" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"secret\":\"x\"}",
          "key: unknown member \"secret\"" },
        { "{\"kind\":\"key\",\"id\":\"k\",\"granted\":\"2026-10\"}",
          "key: unknown member \"granted\"" },
        { "{\"kind\":\"usage\",\"key\":\"k\",\"used\":1}",
          "usage: member \"month\" is required" },
        { "{\"kind\":\"usage\",\"key\":\"k\",\"month\":\"2026-13\"}",
          "usage: member \"month\" must be a month, such as 2026-10" },
        { "{\"kind\":\"grant\",\"key\":\"k\",\"month\":202610}",
          "grant: member \"month\" must be a month, such as 2026-10" },
        { "{\"kind\":\"grant\",\"key\":\"k\",\"month\":\"2026-10\","
          "\"units\":-1}",
          "grant: member \"units\" must be a whole number, 0 or more" },
        { "{\"kind\":\"progress\",\"holder\":\"h\"}",
          "progress: member \"class\" is required" },
        { "{\"kind\":\"progress\",\"holder\":\"h\",\"class\":\"c\",\"learn\":"
          "-1}",
          "progress: member \"learn\" must be a whole number, 0 or more" },
        { "{\"kind\":\"oauth_client\",\"id\":\"o\",\"class\":\"c\","
          "\"secret\":\"\"}",
          "oauth_client: member \"secret\" must be a string of 1 to 255 " },
        { "{\"kind\":\"oauth_client\",\"id\":\"o\",\"redirect_uris\":"
          "\"https://a\"}",
          "oauth_client: member \"redirect_uris\" must be an array of "
          "strings" },
        { WEBHOOK "\"url\":\"ftp://w\"}",
          "webhook: member \"url\" must be an http or https URL" },
        { WEBHOOK "\"url\":\"https://\"}",
          "webhook: member \"url\" must be an http or https URL" },
        { WEBHOOK "\"url\":\"https://w/\\n\"}",
          "webhook: member \"url\" must be an http or https URL" },
        { WEBHOOK "\"url\":\"https://w\",\"secret\":\"c2VjcmV0\"}",
          "webhook: member \"secret\" must be whsec_ and base64" },
        { WEBHOOK "\"url\":\"https://w\",\"secret\":\"whsec_\"}",
          "webhook: member \"secret\" must be whsec_ and base64" },
        { WEBHOOK "\"url\":\"https://w\",\"secret\":\"whsec_====\"}",
          "webhook: member \"secret\" must be whsec_ and base64" },
        { WEBHOOK "\"url\":\"https://w\",\"secret\":\"whsec_c2V\"}",
          "webhook: member \"secret\" must be whsec_ and base64" },
        { WEBHOOK "\"url\":\"https://w\",\"secret\":\"whsec_c2-V\"}",
          "webhook: member \"secret\" must be whsec_ and base64" },
        { WEBHOOK "\"url\":\"https://w\",\"events\":{}}",
          "webhook: member \"events\" must be an array of strings" },
        { "{\"kind\":\"sequence\",\"class\":\"c\",\"year\":10000,\"last\":1}",
          "sequence: member \"year\" is 10000, at most 9999 is kept" },
        { "{\"kind\":\"sequence\",\"class\":\"c\",\"last\":1}",
          "sequence: member \"year\" is required" },
        { "{\"kind\":\"sequence\",\"class\":\"c\",\"year\":1,\"last\":-1}",
          "sequence: member \"last\" must be a whole number, 0 or more" },
        { "{\"kind\":\"token\",\"token\":\"" TOKEN "\",\"token_sha256\":\""
          HASH "\",\"credential\":\"x\"}",
          "token: give \"token\" or \"token_sha256\", not both" },
        { "{\"kind\":\"token\",\"token_sha256\":\"" HASH "\",\"token\":\""
          TOKEN "\",\"credential\":\"x\"}",
          "token: give \"token\" or \"token_sha256\", not both" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        if (parse(cases[i].in) != CV_ERR_INPUT
            || strncmp(error.text, cases[i].error, strlen(cases[i].error))
               != 0)
        {
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].in, error.text,
                     cases[i].error);
        }

    }
}


/* A secret comes in clear or as its hash, and is kept as one hash. */

static void
test_clear(void **state)
{
    char                 digits[65];
    size_t               i;
    cv_str_t             hash;
    const cv_api_key_t  *key;

    static const struct {
        const char  *in;
        cv_kind_t    kind;
        const char  *hash;
    } cases[] = {
        { "{\"kind\":\"token\",\"token\":\"" TOKEN "\",\"credential\":"
          "\"x\"}", CV_TOKEN,
          "1a762a70a38d854d607d21bec94147a202070ef5de39725e3b84ed7afe4d1896" },
        { "{\"kind\":\"token\",\"credential\":\"x\",\"token\":"
          "\"390AA046b2886A0A68FB36FF647B216D03CACD775BEF52404DC6A3DAF19A3B5C"
          "\"}", CV_TOKEN,
          "1a762a70a38d854d607d21bec94147a202070ef5de39725e3b84ed7afe4d1896" },
        { "{\"kind\":\"key\",\"prefix\":\"other\",\"key\":\"" KEY "\","
          "\"id\":\"k\"}", CV_KEY, KEY_HASH },
        { "{\"kind\":\"key\",\"key\":\"" KEY "\",\"last4\":\"none\","
          "\"id\":\"k\",\"key_sha256\":null}", CV_KEY, KEY_HASH },
        { "{\"kind\":\"oauth_client\",\"id\":\"o\",\"secret\":\"a b\","
          "\"class\":\"c\"}", CV_OAUTH_CLIENT,
          "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        if (parse(cases[i].in) != CV_OK) {
            fail_msg("%s: %s", cases[i].in, error.text);
        }

        assert_int_equal(line.kind, cases[i].kind);

        hash = line.kind == CV_TOKEN ? line.record.token.hash
               : line.kind == CV_KEY ? line.record.key.hash
                                     : line.record.oauth_client.hash;

        cv_hex_encode(digits, hash);
        digits[64] = '\0';

        assert_string_equal(digits, cases[i].hash);

        /* what people know a key by comes from the key itself */

        if (line.kind == CV_KEY) {
            key = &line.record.key;
            assert_true(cv_str_eq(key->prefix, CV_STR("scs_live_")));
            assert_true(cv_str_eq(key->last4, CV_STR("AiSU")));
        }
    }
}


/* What a line does not say of a secret, no output says either. */

static void
test_secrets(void **state)
{
    cv_buf_t  out;

    static const char  with[] = "{\"kind\":\"webhook\",\"id\":\"w\",\"url\":"
        "\"https://w.example/\",\"secret\":\"whsec_c2VjcmV0\",\"events\":[]}";
    static const char  without[] = "{\"kind\":\"webhook\",\"id\":\"w\","
        "\"url\":\"https://w.example/\",\"events\":[]}";

    (void) state;
    cv_buf_init(&out, CV_LINE_MAX);

    assert_int_equal(parse(with), CV_OK);

    cv_line_write(&out, line.kind, &line.record, true);
    assert_true(cv_str_eq(cv_buf_str(&out), cv_str_z(with)));

    cv_buf_reset(&out);
    cv_line_write(&out, line.kind, &line.record, false);
    assert_true(cv_str_eq(cv_buf_str(&out), cv_str_z(without)));

    assert_int_equal(parse(without), CV_OK);

    cv_buf_free(&out);
}


/* Lines that mean harm: each is refused, none takes long. */

static void
test_hostile(void **state)
{
    size_t    i;
    cv_buf_t  text;

    static const struct {
        const char  *before;
        const char  *middle;
        const char  *after;
        size_t       times;
    } cases[] = {
        { CREDENTIAL "\"attributes\":", "[", "", 400000 },
        { CREDENTIAL "\"attributes\":", "{\"a\":", "", 100000 },
        { CREDENTIAL "\"attributes\":{", "\"a\":1,", "\"b\":1}}", 100000 },
        { CREDENTIAL "\"evidence\":[", "0,", "0]}", 400000 },
        { CREDENTIAL "\"narrative\":\"", "x", "\"}", 1000000 },
        { CREDENTIAL "\"narrative\":\"", "x", "\"}", CV_LINE_MAX },
        { CREDENTIAL "\"", "x", "\":1}", 1000 },
        { CREDENTIAL "\"", "x", "\":1}", 65536 },
        { CREDENTIAL "\"number\":\"", "x", "\"}", 256 },
        { CREDENTIAL "\"issued_at\":\"2026-02-15T00:00:00.", "0", "Z\"}",
          1000 },
        { CLASS "\"level\":", "1", "}", 100000 },
        { "", " ", "", CV_LINE_MAX },
        { "", "\xff", "", 1000 },
    };

    (void) state;
    cv_buf_init(&text, 4 * CV_LINE_MAX);

    for (i = 0; i < COUNT(cases); i++) {
        size_t  n;

        cv_buf_reset(&text);
        cv_buf_append_str(&text, cv_str_z(cases[i].before));

        for (n = 0; n < cases[i].times; n++) {
            cv_buf_append_str(&text, cv_str_z(cases[i].middle));
        }

        cv_buf_append_str(&text, cv_str_z(cases[i].after));

        assert_false(cv_buf_failed(&text));
        assert_int_equal(cv_line_read(&line, cv_buf_str(&text), &error),
                         CV_ERR_INPUT);
    }

    /* a NUL does not end a text */

    cv_buf_reset(&text);
    cv_buf_append_str(&text, CV_STR("{\"kind\":\"issuer\",\"id\":\"i\","
                                    "\"name\":\"N\"}\0"));
    assert_int_equal(cv_line_read(&line, cv_buf_str(&text), &error),
                     CV_ERR_INPUT);

    cv_buf_free(&text);
}


/* The longest records that are taken fit into the store. */

static void
test_longest(void **state)
{
    size_t       i, n, start;
    cv_buf_t     text, stored;

    static const struct {
        const char  *before;
        const char  *after;
    } members[] = {
        { ",\"criteria\":{\"a\":\"", "\"}" },
        { ",\"tags\":[\"", "\"]" },
        { ",\"alignment\":[{\"a\":\"", "\"}]" },
    };

    (void) state;
    cv_buf_init(&text, CV_LINE_MAX);
    cv_buf_init(&stored, CV_RECORD_MAX);

    for (n = 50000; n < 70000; n += 1000) {
        cv_buf_reset(&text);
        cv_buf_append_str(&text, CV_STR("{\"kind\":\"class\",\"id\":\"c\","
                                        "\"issuer\":\"i\",\"title\":\"T\","
                                        "\"description\":\""));

        for (i = 0; i < 32000; i++) {
            cv_buf_append_byte(&text, 'x');
        }

        cv_buf_append_byte(&text, '"');
        start = text.len;

        for (i = 0; i < COUNT(members); i++) {
            cv_buf_append_str(&text, cv_str_z(members[i].before));

            while (text.len < start + (i + 1) * n) {
                cv_buf_append_byte(&text, 'x');
            }

            cv_buf_append_str(&text, cv_str_z(members[i].after));
        }

        cv_buf_append_byte(&text, '}');

        if (cv_line_read(&line, cv_buf_str(&text), &error) == CV_OK) {
            cv_buf_reset(&stored);
            cv_record_encode(&stored, line.kind, CV_STR("12345678"),
                             &line.record);
            assert_false(cv_buf_failed(&stored));
            assert_true(n <= 60000);

        } else {
            assert_true(n >= 60000);
        }
    }

    cv_buf_free(&stored);
    cv_buf_free(&text);
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

    const struct CMUnitTest  tests[] = {
        TEST(test_round_trip),
        TEST(test_errors),
        TEST(test_clear),
        TEST(test_secrets),
        TEST(test_hostile),
        TEST(test_longest),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
