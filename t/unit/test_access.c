
/*
 * Copyright (C) The credverify authors
 */

#include "cv_access.h"
#include "cv_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALL  (1U << CV_KEY_LIVE | 1U << CV_KEY_TEST | 1U << CV_KEY_BADGE)

static const cv_str_t  hash = { (const uint8_t *)
                                "0123456789abcdef0123456789abcdef", 32 };
static const cv_str_t  former = { (const uint8_t *)
                                  "fedcba9876543210fedcba9876543210", 32 };

static cv_buf_t  documents[3];


static cv_doc_t
doc(unsigned i, const char *text)
{
    cv_error_t  error;

    cv_buf_free(&documents[i]);
    cv_buf_init(&documents[i], 4096);
    assert_int_equal(cv_json_parse(&documents[i], cv_str_z(text), &error),
                     CV_OK);

    return cv_buf_str(&documents[i]);
}


static cv_time_t
at(const char *text)
{
    cv_date_t  date;

    assert_true(cv_date_parse(&date, cv_str_z(text)));

    return date.at;
}


static void
test_mint(void **state)
{
    size_t          i, len;
    uint8_t         random[64], text[CV_KEY_MINTED_MAX];
    cv_demand_t     demand;
    cv_key_text_t   key;

    (void) state;

    for (i = 0; i < sizeof(random); i++) {
        random[i] = (uint8_t) (i * 37 + 5);
    }

    memset(&demand, 0, sizeof(demand));
    demand.classes = ALL;

    len = cv_key_mint(text, CV_STR("scs"), CV_KEY_LIVE,
                      cv_str(random, sizeof(random)));
    assert_int_equal(len, sizeof("scs_live_") - 1 + CV_KEY_MINTED_LEN);
    assert_memory_equal(text, "scs_live_", 9);
    assert_int_equal(cv_access_text(&demand, cv_str(text, len), &key),
                     CV_VALID);

    /* every character counts, those of the checksum too */

    for (i = 0; i < len; i++) {
        text[i] ^= 1;
        assert_int_equal(cv_access_text(&demand, cv_str(text, len), &key),
                         CV_INVALID_API_KEY);
        text[i] ^= 1;
    }

    /* a longer or shorter secret is none of ours, and is looked up */

    assert_int_equal(cv_access_text(&demand, cv_str(text, len - 1), &key),
                     CV_VALID);

    /* never without 32 random characters, nor for what is no brand */

    memset(random, 250, 40);
    assert_int_equal(cv_key_mint(text, CV_STR("scs"), CV_KEY_LIVE,
                                 cv_str(random, sizeof(random))), 0);
    memset(random, 1, sizeof(random));
    assert_int_equal(cv_key_mint(text, CV_STR("a_b"), CV_KEY_LIVE,
                                 cv_str(random, sizeof(random))), 0);
    assert_int_equal(cv_key_mint(text, CV_STR(""), CV_KEY_LIVE,
                                 cv_str(random, sizeof(random))), 0);
}


static void
test_text(void **state)
{
    cv_demand_t     demand;
    cv_key_text_t   key;

    static const cv_str_t  brands[] = {
        { (const uint8_t *) "scs", 3 }, { (const uint8_t *) "tc", 2 },
    };

    #define SECRET  "CuJabmeaI77NKsoaAJ15fh3FvyffAiSU"

    (void) state;

    memset(&demand, 0, sizeof(demand));
    demand.brands = brands;
    demand.nbrands = 2;
    demand.classes = 1U << CV_KEY_LIVE | 1U << CV_KEY_TEST;

    assert_int_equal(cv_access_text(&demand, CV_STR("scs_live_" SECRET), &key),
                     CV_VALID);
    assert_int_equal(cv_access_text(&demand, CV_STR("tc_test_" SECRET), &key),
                     CV_VALID);
    assert_int_equal(cv_access_text(&demand, CV_STR("tc_badge_" SECRET), &key),
                     CV_INVALID_API_KEY);
    assert_int_equal(cv_access_text(&demand, CV_STR("vt_live_" SECRET), &key),
                     CV_INVALID_API_KEY);
    assert_int_equal(cv_access_text(&demand, CV_STR("t_live_" SECRET), &key),
                     CV_INVALID_API_KEY);
    assert_int_equal(cv_access_text(&demand, CV_STR("tc_live_short"), &key),
                     CV_INVALID_API_KEY);
    assert_int_equal(cv_access_text(&demand, CV_STR(""), &key),
                     CV_INVALID_API_KEY);

    demand.nbrands = 0;
    assert_int_equal(cv_access_text(&demand, CV_STR("vt_live_" SECRET), &key),
                     CV_VALID);
}


static void
test_access(void **state)
{
    size_t          i;
    cv_date_t       date;
    cv_tier_t       tier;
    cv_demand_t     demand;
    cv_api_key_t    key;
    cv_outcome_t    outcome;

    static const struct {
        const char    *name;
        int            status;          /* -1: absent */
        const char    *expires_at;
        bool           former;          /* found by the former secret, */
        const char    *until;           /* which is good until then */
        const char    *scopes;
        const char    *scope;
        const char    *features;        /* NULL: no tier */
        const char    *feature;
        cv_outcome_t   outcome;
    } cases[] = {
        { "all well", CV_KEY_ACTIVE, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_VALID },
        { "no status", -1, NULL, false, NULL, "[]", NULL, NULL, NULL,
          CV_VALID },
        { "pending", CV_KEY_PENDING, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_UNAPPROVED_API_KEY },
        { "rejected", CV_KEY_REJECTED, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_UNAPPROVED_API_KEY },
        { "suspended", CV_KEY_SUSPENDED, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_SUSPENDED_API_KEY },
        { "revoked", CV_KEY_REVOKED, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_INVALID_API_KEY },
        { "a status of later", 77, NULL, false, NULL, "[]", NULL, NULL,
          NULL, CV_INVALID_API_KEY },
        { "the last day", CV_KEY_ACTIVE, "2026-05-20", false, NULL, "[]", NULL,
          NULL, NULL, CV_VALID },
        { "the day after", CV_KEY_ACTIVE, "2026-05-19", false, NULL, "[]",
          NULL, NULL, NULL, CV_INVALID_API_KEY },
        { "expired and suspended", CV_KEY_SUSPENDED, "2026-05-19", false, NULL,
          "[]", NULL, NULL, NULL, CV_INVALID_API_KEY },
        { "in grace", CV_KEY_ACTIVE, NULL, true, "2026-05-20T12:00:01Z", "[]",
          NULL, NULL, NULL, CV_VALID },
        { "grace is over", CV_KEY_ACTIVE, NULL, true, "2026-05-20T12:00:00Z",
          "[]", NULL, NULL, NULL, CV_INVALID_API_KEY },
        { "scope", CV_KEY_ACTIVE, NULL, false, NULL, "[\"a\",\"b:read\"]",
          "b:read", NULL, NULL, CV_VALID },
        { "no such scope", CV_KEY_ACTIVE, NULL, false, NULL,
          "[\"a\",\"b:read\"]", "b", NULL, NULL, CV_INSUFFICIENT_SCOPE },
        { "no scopes", CV_KEY_ACTIVE, NULL, false, NULL, NULL, "b", NULL,
          NULL, CV_INSUFFICIENT_SCOPE },
        { "feature", CV_KEY_ACTIVE, NULL, false, NULL, "[]", NULL,
          "[\"search\"]", "search", CV_VALID },
        { "no such feature", CV_KEY_ACTIVE, NULL, false, NULL, "[]", NULL,
          "[\"searc\"]", "search", CV_PAYMENT_REQUIRED },
        { "no tier", CV_KEY_ACTIVE, NULL, false, NULL, "[]", NULL, NULL,
          "search", CV_PAYMENT_REQUIRED },
        { "scope before feature", CV_KEY_ACTIVE, NULL, false, NULL, "[]", "s",
          NULL, "search", CV_INSUFFICIENT_SCOPE },
        { "key before scope", CV_KEY_SUSPENDED, NULL, false, NULL, "[]", "s",
          NULL, "search", CV_SUSPENDED_API_KEY },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        memset(&key, 0, sizeof(key));
        memset(&tier, 0, sizeof(tier));
        memset(&demand, 0, sizeof(demand));

        key.hash = hash;
        key.previous = former;
        key.status = (cv_int_t) { cases[i].status, cases[i].status != -1 };

        if (cases[i].expires_at != NULL) {
            assert_true(cv_date_parse(&key.expires_at,
                                      cv_str_z(cases[i].expires_at)));
        }

        if (cases[i].until != NULL) {
            assert_true(cv_date_parse(&date, cv_str_z(cases[i].until)));
            key.previous_until = date;
        }

        if (cases[i].scopes != NULL) {
            key.scopes = doc(0, cases[i].scopes);
        }

        if (cases[i].features != NULL) {
            tier.features = doc(1, cases[i].features);
        }

        demand.scope = cv_str_z(cases[i].scope);
        demand.feature = cv_str_z(cases[i].feature);

        outcome = cv_access(&demand, &key,
                            cases[i].features != NULL ? &tier : NULL,
                            cases[i].former ? former : hash,
                            at("2026-05-20T12:00:00Z"));

        if (outcome != cases[i].outcome) {
            fail_msg("%s: %.*s", cases[i].name,
                     CV_FMT(cv_outcomes[outcome].name));
        }
    }

    /* found by neither */

    memset(&demand, 0, sizeof(demand));
    key.status.value = CV_KEY_ACTIVE;
    assert_int_equal(cv_access(&demand, &key, NULL,
                               CV_STR("................................"), 0),
                     CV_INVALID_API_KEY);
}


static void
test_origin(void **state)
{
    cv_api_key_t  key;

    (void) state;

    memset(&key, 0, sizeof(key));
    assert_true(cv_access_origin(key.origins, CV_ABSENT));

    key.origins = doc(2, "[]");
    assert_true(cv_access_origin(key.origins, CV_STR("https://any.example")));

    key.origins = doc(2, "[\"https://a.example\",\"https://b.example:8443\"]");
    assert_true(cv_access_origin(key.origins, CV_STR("https://a.example")));
    assert_true(cv_access_origin(key.origins, CV_STR("https://A.example")));
    assert_true(cv_access_origin(key.origins, CV_STR("https://b.example:8443")));
    assert_false(cv_access_origin(key.origins, CV_STR("https://b.example")));
    assert_false(cv_access_origin(key.origins, CV_STR("http://a.example")));
    assert_false(cv_access_origin(key.origins, CV_STR("https://a.example.evil")));
    assert_false(cv_access_origin(key.origins, CV_STR("null")));
    assert_false(cv_access_origin(key.origins, CV_STR("")));
    assert_false(cv_access_origin(key.origins, CV_ABSENT));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mint),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_origin),
    };

    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
