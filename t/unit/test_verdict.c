
/*
 * Copyright (C) The credverify authors
 *
 * Verdict and disclosure over every combination of status, privacy, token and
 * credential expiry, test and live, and scope.
 */

#include "cv_facts.h"
#include "cv_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>

#define NOW  ((cv_time_t) 1773225000000)    /* 2026-03-11T10:30:00Z */

/* an expiry, relative to now; and the instant from which it has passed */

typedef struct {
    const char  *text;
    cv_time_t    passed_at;
} expiry_t;

static const expiry_t  expiries[] = {
    { NULL, CV_TIME_NEVER },
    { "2026-03-10", 1773187200000 },
    { "2026-03-11", 1773273600000 },            /* good through today */
    { "2026-03-11T10:29:59.999Z", NOW - 1 },
    { "2026-03-11T10:30:00Z", NOW },
    { "2026-03-11T12:30:00.001+02:00", NOW + 1 },
    { "2026-04-16", 1776384000000 },
};

#define COUNT(array)  (sizeof(array) / sizeof(array[0]))

typedef struct {
    int               known;        /* 0: there is no such handle */
    cv_status_t       status;
    int               token;        /* 0: the handle is no token */
    cv_privacy_t      privacy;
    const expiry_t   *token_expiry;
    const expiry_t   *expiry;
    int               test;         /* the credential's */
    int               test_key;
    int               in_scope;
} case_t;


static cv_date_t
date(const char *text)
{
    cv_date_t  value;

    memset(&value, 0, sizeof(value));

    if (text != NULL) {
        assert_true(cv_date_parse(&value, cv_str_z(text)));
    }

    return value;
}


/* section 3 of the contract, word for word, with no regard for cost */

static cv_outcome_t
expected(const case_t *c, cv_time_t now)
{
    if (!c->known || !c->in_scope || c->status == CV_STATUS_DRAFT
        || (c->test && !c->test_key) || (!c->test && c->test_key))
    {
        return CV_NOT_FOUND;
    }

    if (c->status == CV_STATUS_REVOKED) {
        return CV_REVOKED;
    }

    if (c->token && now >= c->token_expiry->passed_at) {
        return CV_TOKEN_EXPIRED;
    }

    if (c->status == CV_STATUS_REFUNDED) {
        return CV_REFUNDED;
    }

    if ((c->status == CV_STATUS_ISSUED || c->status == CV_STATUS_PENDING)
        && now >= c->expiry->passed_at)
    {
        return CV_EXPIRED;
    }

    return c->status == CV_STATUS_PENDING ? CV_PENDING : CV_VALID;
}


static void
make(const case_t *c, cv_credential_t *credential, cv_token_t *token,
    cv_question_t *question)
{
    memset(credential, 0, sizeof(cv_credential_t));
    credential->id = CV_STR("CREDENTIAL");
    credential->status = (cv_int_t) { c->status, true };
    credential->expires_at = date(c->expiry->text);
    credential->test = (cv_int_t) { c->test, c->test };

    memset(token, 0, sizeof(cv_token_t));
    token->privacy = (cv_int_t) { c->privacy, true };
    token->expires_at = date(c->token_expiry->text);

    question->credential = c->known ? credential : NULL;
    question->token = c->known && c->token ? token : NULL;
    question->in_scope = c->in_scope;
    question->test = c->test_key;
}


/* the verdict changes next where it says, and nowhere before */

static void
check_next_change(const case_t *c, const cv_question_t *question,
    const cv_verdict_t *verdict)
{
    size_t        i;
    cv_time_t     at, edge[2];
    cv_outcome_t  after;

    edge[0] = c->token_expiry->passed_at;
    edge[1] = c->expiry->passed_at;

    at = CV_TIME_NEVER;

    for (i = 0; i < COUNT(edge); i++) {
        if (edge[i] > NOW && edge[i] < at
            && expected(c, edge[i]) != verdict->reason)
        {
            at = edge[i];
        }
    }

    assert_int_equal(verdict->next_change_at, at);

    if (at != CV_TIME_NEVER) {
        after = cv_verdict(question, at).reason;
        assert_int_not_equal(after, verdict->reason);
        assert_int_equal(cv_verdict(question, at - 1).reason, verdict->reason);
    }
}


static bool
discloses(const cv_facts_t *facts, cv_fact_id_t id)
{
    return cv_fact(facts, id)->type != CV_VALUE_NONE;
}


static const cv_fact_id_t  holder_facts[] = {
    CV_FACT_HOLDER, CV_FACT_HOLDER_NAME, CV_FACT_HOLDER_DISPLAY_NAME,
    CV_FACT_HOLDER_ORGANIZATION, CV_FACT_HOLDER_WALLET,
    CV_FACT_CREDENTIAL_SCORE, CV_FACT_CREDENTIAL_NUMBER,
    CV_FACT_CREDENTIAL_ATTRIBUTES, CV_FACT_CREDENTIAL_EVIDENCE,
    CV_FACT_CREDENTIAL_NARRATIVE, CV_FACT_CREDENTIAL_ASSERTION,
};

static const cv_fact_id_t  credential_facts[] = {
    CV_FACT_CREDENTIAL, CV_FACT_CREDENTIAL_ID, CV_FACT_CREDENTIAL_STATUS,
    CV_FACT_CREDENTIAL_ISSUED_AT, CV_FACT_CREDENTIAL_EXPIRES_AT,
    CV_FACT_CREDENTIAL_CODE, CV_FACT_CREDENTIAL_PUBLIC_ID,
    CV_FACT_CREDENTIAL_LAPSES, CV_FACT_CREDENTIAL_CREATED_AT, CV_FACT_CREDENTIAL_UPDATED_AT,
    CV_FACT_CREDENTIAL_TEST, CV_FACT_TOKEN_CREATED_AT,
    CV_FACT_CREDENTIAL_STATE, CV_FACT_LAYERS, CV_FACT_LAYERS_WALLET,
    CV_FACT_LAYERS_PASSKEY, CV_FACT_LAYERS_EMAIL,
};


/* the word for each verdict; a valid one has the status for it */

static const char *const  states[CV_REASONS] = {
    [CV_REVOKED] = "revoked", [CV_REFUNDED] = "refunded",
    [CV_EXPIRED] = "expired", [CV_PENDING] = "pending",
};

static const char *const  valid_states[CV_STATUSES] = {
    [CV_STATUS_ISSUED] = "active", [CV_STATUS_CLAIMED] = "claimed",
    [CV_STATUS_USED] = "used",
};


static void
check_state(const case_t *c, const cv_verdict_t *verdict,
    const cv_facts_t *facts)
{
    const char  *state;

    state = verdict->reason == CV_VALID ? valid_states[c->status]
                                        : states[verdict->reason];

    if (discloses(facts, CV_FACT_CREDENTIAL_STATE) && state != NULL) {
        assert_true(cv_str_eq(facts->at[CV_FACT_CREDENTIAL_STATE].text,
                              cv_str_z(state)));
    }
}


/* whatever a verdict is presented as, nothing is disclosed that was not */

static void
check_presented(const cv_verdict_t *verdict, const cv_evidence_t *evidence,
    const cv_facts_t *facts)
{
    cv_facts_t     as;
    cv_fact_id_t   id;
    cv_outcome_t   presented;

    for (presented = 0; presented < CV_REASONS; presented++) {
        cv_disclose(&as, verdict, presented, evidence, NOW);

        assert_true(cv_str_eq(as.at[CV_FACT_REASON].text,
                              cv_outcomes[presented].name));

        for (id = CV_FACT_CREDENTIAL; id < CV_FACT_COUNT; id++) {
            assert_true(cv_fact(&as, id)->type == CV_VALUE_NONE
                        || cv_fact(facts, id)->type != CV_VALUE_NONE);
            assert_true(cv_fact(&as, id)->type == CV_VALUE_NONE
                        || presented != CV_NOT_FOUND);
        }

        assert_true(presented == CV_VALID
                    || cv_fact(&as, CV_FACT_HOLDER_NAME)->type == CV_VALUE_NONE);
    }
}


/* every fact there is of a person is in the records, and must not come out */

static void
check_disclosure(const case_t *c, const cv_question_t *question,
    const cv_verdict_t *verdict, cv_credential_t *credential,
    cv_token_t *token)
{
    size_t          i;
    bool            masked;
    uint8_t         object[5] = { CV_DOC_OBJECT, 0, 0, 0, 0 };
    cv_class_t      class;
    cv_facts_t      facts;
    cv_holder_t     holder;
    cv_issuer_t     issuer;
    cv_evidence_t   evidence;
    cv_assertion_t  assertion;

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("CLASS");
    class.title = CV_STR("Title");

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("ISSUER");
    issuer.email = CV_STR("MAIL");

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("HOLDERID");
    holder.email = CV_STR("MAIL");
    holder.name = CV_STR("NAME");
    holder.display_name = CV_STR("DISPLAY");
    holder.organization = CV_STR("ORGANIZATION");
    holder.wallet = CV_STR("WALLET");

    credential->score = CV_STR("SCORE");
    credential->number = CV_STR("NUMBER");
    credential->code = CV_STR("CODE");
    credential->public_id = CV_STR("PUBLIC");
    credential->narrative = CV_STR("NARRATIVE");
    credential->attributes = cv_str(object, sizeof(object));
    credential->evidence = cv_str(object, sizeof(object));
    credential->issued_at = date("2026-02-15");
    credential->created_at = date("2026-02-15");
    credential->updated_at = date("2026-02-15");
    token->created_at = date("2026-02-15");

    memset(&assertion, 0, sizeof(assertion));
    assertion.id = CV_STR("ASSERTION");

    memset(&evidence, 0, sizeof(evidence));
    evidence.credential = question->credential;
    evidence.assertion = &assertion;
    evidence.token = question->token;
    evidence.class = &class;
    evidence.issuer = &issuer;
    evidence.holder = &holder;

    memset(&facts, 0xff, sizeof(facts));

    cv_disclose(&facts, verdict, verdict->reason, &evidence, NOW);

    masked = question->token != NULL && c->privacy == CV_PRIVACY_MASKED;

    for (i = 0; i < COUNT(holder_facts); i++) {
        assert_int_equal(discloses(&facts, holder_facts[i]),
                         verdict->reason == CV_VALID && !masked);
    }

    for (i = 0; i < COUNT(credential_facts); i++) {

        if (credential_facts[i] == CV_FACT_TOKEN_CREATED_AT && !c->token) {
            continue;
        }

        if (credential_facts[i] == CV_FACT_CREDENTIAL_EXPIRES_AT
            && c->expiry->text == NULL)
        {
            continue;
        }

        assert_int_equal(discloses(&facts, credential_facts[i]),
                         verdict->reason != CV_NOT_FOUND && !masked
                         && (verdict->reason != CV_TOKEN_EXPIRED
                             || (credential_facts[i] != CV_FACT_CREDENTIAL_CODE
                                 && credential_facts[i]
                                    != CV_FACT_CREDENTIAL_PUBLIC_ID)));
    }

    assert_int_equal(discloses(&facts, CV_FACT_CLASS_TITLE),
                     verdict->reason != CV_NOT_FOUND);
    assert_int_equal(discloses(&facts, CV_FACT_ISSUER_ID),
                     verdict->reason != CV_NOT_FOUND);
    assert_int_equal(discloses(&facts, CV_FACT_TOKEN_EXPIRES_AT),
                     verdict->reason != CV_NOT_FOUND && c->token
                     && c->token_expiry->text != NULL);
    assert_int_equal(facts.at[CV_FACT_VALID].number,
                     verdict->reason == CV_VALID);
    assert_int_equal(facts.at[CV_FACT_CHECKED_AT].number, NOW);

    check_state(c, verdict, &facts);
    check_presented(verdict, &evidence, &facts);

    /* what no view is ever told */

    for (i = 0; i < CV_FACT_COUNT; i++) {
        if (cv_fact(&facts, i)->type == CV_VALUE_TEXT) {
            assert_false(cv_str_eq(facts.at[i].text, holder.email));
            assert_false(cv_str_eq(facts.at[i].text, holder.id));
        }
    }
}


static void
check(const case_t *c)
{
    cv_token_t       token;
    cv_verdict_t     verdict;
    cv_question_t    question;
    cv_credential_t  credential;

    make(c, &credential, &token, &question);

    verdict = cv_verdict(&question, NOW);

    assert_int_equal(verdict.reason, expected(c, NOW));

    if (verdict.reason != CV_NOT_FOUND) {
        assert_int_equal(verdict.privacy,
                         c->token ? c->privacy : CV_PRIVACY_FULL);
        check_next_change(c, &question, &verdict);

    } else {
        assert_int_equal(verdict.next_change_at, CV_TIME_NEVER);
    }

    check_disclosure(c, &question, &verdict, &credential, &token);
}


static void
test_every_combination(void **state)
{
    size_t    i, j, bits, cases;
    case_t    c;

    (void) state;

    cases = 0;

    for (c.status = 0; c.status < CV_STATUSES; c.status++) {
        for (i = 0; i < COUNT(expiries); i++) {
            for (j = 0; j < COUNT(expiries); j++) {
                for (bits = 0; bits < 64; bits++) {
                    c.token = bits & 1;
                    c.privacy = bits >> 1 & 1;
                    c.test = bits >> 2 & 1;
                    c.test_key = bits >> 3 & 1;
                    c.in_scope = bits >> 4 & 1;
                    c.known = bits >> 5 & 1;
                    c.token_expiry = &expiries[c.token ? i : 0];
                    c.expiry = &expiries[j];

                    check(&c);
                    cases++;
                }
            }
        }
    }

    assert_int_equal(cases, 7 * 7 * 7 * 64);
}


/* what a badge was backed by, for attributes as they come */

static void
test_layers(void **state)
{
    size_t           i;
    cv_buf_t         doc;
    cv_error_t       error;
    cv_facts_t       facts;
    cv_verdict_t     verdict;
    cv_evidence_t    evidence;
    cv_credential_t  credential;

    static const struct {
        const char  *attributes;
        int          wallet, passkey, email;
    } cases[] = {
        { "{}", 0, 0, 0 },
        { "[1]", 0, 0, 0 },
        { "{\"sender_wallet\":\"So1\"}", 1, 0, 0 },
        { "{\"webauthn_credential_id\":\"QmFz\"}", 0, 1, 0 },
        { "{\"email_verified\":true}", 0, 0, 1 },
        { "{\"a\":{\"sender_wallet\":\"So1\"},\"sender_wallet\":null,"
          "\"webauthn_credential_id\":\"\",\"email_verified\":false}",
          0, 0, 0 },
        { "{\"email_verified\":\"true\"}", 0, 0, 0 },
        { "{\"email_verified\":1,\"recipient_wallet\":\"Rec1\"}", 0, 0, 0 },
        { "{\"email_verified\":true,\"webauthn_credential_id\":\"Q\","
          "\"sender_wallet\":\"S\"}", 1, 1, 1 },
    };

    (void) state;

    memset(&credential, 0, sizeof(credential));
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };

    memset(&evidence, 0, sizeof(evidence));
    evidence.credential = &credential;

    verdict = (cv_verdict_t) { CV_EXPIRED, CV_PRIVACY_FULL, CV_TIME_NEVER };

    for (i = 0; i <= COUNT(cases); i++) {
        cv_buf_init(&doc, 4096);

        if (i < COUNT(cases)) {
            assert_int_equal(cv_json_parse(&doc,
                                           cv_str_z(cases[i].attributes),
                                           &error), CV_OK);
            credential.attributes = cv_buf_str(&doc);

        } else {
            credential.attributes = CV_ABSENT;
        }

        cv_disclose(&facts, &verdict, verdict.reason, &evidence, NOW);

        assert_int_equal(facts.at[CV_FACT_LAYERS_WALLET].number,
                         i < COUNT(cases) && cases[i].wallet);
        assert_int_equal(facts.at[CV_FACT_LAYERS_PASSKEY].number,
                         i < COUNT(cases) && cases[i].passkey);
        assert_int_equal(facts.at[CV_FACT_LAYERS_EMAIL].number,
                         i < COUNT(cases) && cases[i].email);
        assert_true(cv_value_truth(&facts.at[CV_FACT_LAYERS]));
        assert_int_equal(facts.at[CV_FACT_LAYERS_EMAIL].type, CV_VALUE_BOOL);

        cv_buf_free(&doc);
    }
}


static void
test_unknown_status(void **state)
{
    cv_question_t    question;
    cv_credential_t  credential;

    (void) state;

    memset(&credential, 0, sizeof(credential));
    credential.status = (cv_int_t) { CV_STATUSES, true };

    question = (cv_question_t) { &credential, NULL, true, false };

    credential.expires_at = date("2026-04-16");

    assert_int_equal(cv_verdict(&question, NOW).reason, CV_NOT_FOUND);
    assert_int_equal(cv_verdict(&question, NOW).next_change_at, CV_TIME_NEVER);
}


static void
test_errors_disclose_nothing(void **state)
{
    cv_facts_t     facts;
    cv_fact_id_t   id;

    (void) state;

    memset(&facts, 0xff, sizeof(facts));
    cv_disclose_error(&facts, CV_STORE_UNAVAILABLE, 503, NOW);

    for (id = 0; id < CV_FACT_COUNT; id++) {
        assert_int_equal(discloses(&facts, id),
                         id == CV_FACT_WORD || id == CV_FACT_TITLE
                         || id == CV_FACT_DETAIL
                         || id == CV_FACT_CHECKED_AT || id == CV_FACT_ERROR
                         || id == CV_FACT_ERROR_CODE
                         || id == CV_FACT_ERROR_STATUS
                         || id == CV_FACT_ERROR_TEMPORARY);
    }
}


/* of which people may be told that asking again helps */

static void
test_temporary_errors(void **state)
{
    size_t      i;
    cv_facts_t  facts;

    static const struct {
        cv_outcome_t  error;
        unsigned      status;
        bool          temporary;
    } cases[] = {
        { CV_MISSING_HANDLE, 400, false },
        { CV_INVALID_API_KEY, 401, false },
        { CV_METHOD_NOT_ALLOWED, 405, false },
        { CV_MISSING_VERSION, 400, false },
        { CV_INVALID_VERSION, 400, false },
        { CV_RATE_LIMITED, 429, true },
        { CV_SERVER_ERROR, 500, true },
        { CV_STORE_UNAVAILABLE, 503, true },
        { CV_STORE_UNAVAILABLE, 404, false },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cv_disclose_error(&facts, cases[i].error, cases[i].status, NOW);
        assert_int_equal(cv_fact(&facts, CV_FACT_ERROR_TEMPORARY)->number,
                         cases[i].temporary);
    }
}


/* what is said of an Open Badge that is not good: that it is none */

static void
test_assertions(void **state)
{
    size_t           i;
    bool             told, good;
    cv_badge_t       badge;
    cv_facts_t       facts;
    cv_outcome_t     reason, presented;
    cv_verdict_t     verdict;
    cv_evidence_t    evidence;
    cv_credential_t  credential;

    static const cv_fact_id_t  always[] = {
        CV_FACT_BADGE, CV_FACT_BADGE_BASE, CV_FACT_BADGE_ID
    };
    static const cv_fact_id_t  of_good[] = {
        CV_FACT_BADGE_CLASS, CV_FACT_BADGE_IMAGE, CV_FACT_BADGE_IDENTITY,
        CV_FACT_BADGE_SALT, CV_FACT_BADGE_VERIFICATION, CV_FACT_BADGE_KEY,
        CV_FACT_BADGE_EXPIRES_AT
    };
    static const cv_fact_id_t  never[] = {
        CV_FACT_BADGE_EMAIL, CV_FACT_BADGE_PEM, CV_FACT_BADGE_REVOCATIONS
    };

    (void) state;

    for (i = 0; i < sizeof(badge) / sizeof(cv_str_t); i++) {
        ((cv_str_t *) &badge)[i] = CV_STR("TEXT");
    }

    memset(&credential, 0, sizeof(credential));
    credential.status.value = CV_STATUS_ISSUED;
    credential.expires_at = date("2026-04-16");

    memset(&evidence, 0, sizeof(evidence));
    evidence.credential = &credential;

    for (reason = 0; reason < CV_REASONS; reason++) {
        for (presented = 0; presented < CV_REASONS; presented++) {

            verdict = (cv_verdict_t) { reason, CV_PRIVACY_FULL, CV_TIME_NEVER };
            memset(&facts.set, 0, sizeof(facts.set));

            cv_disclose_assertion(&facts, &verdict, presented, &evidence,
                                  &badge);

            told = reason != CV_NOT_FOUND && presented != CV_NOT_FOUND;
            good = reason == presented
                   && (reason == CV_VALID || reason == CV_EXPIRED);

            for (i = 0; i < COUNT(always); i++) {
                assert_int_equal(discloses(&facts, always[i]), told);
            }

            for (i = 0; i < COUNT(of_good); i++) {
                assert_int_equal(discloses(&facts, of_good[i]), good);
            }

            for (i = 0; i < COUNT(never); i++) {
                assert_false(discloses(&facts, never[i]));
            }
        }
    }

    /* what was claimed does not expire */

    credential.status.value = CV_STATUS_CLAIMED;
    verdict = (cv_verdict_t) { CV_VALID, CV_PRIVACY_FULL, CV_TIME_NEVER };
    memset(&facts.set, 0, sizeof(facts.set));

    cv_disclose_assertion(&facts, &verdict, CV_VALID, &evidence, &badge);

    assert_true(discloses(&facts, CV_FACT_BADGE_IDENTITY));
    assert_false(discloses(&facts, CV_FACT_BADGE_EXPIRES_AT));
}


static void
test_names(void **state)
{
    cv_fact_id_t  id;
    cv_outcome_t  outcome;

    (void) state;

    for (id = 0; id < CV_FACT_COUNT; id++) {
        assert_int_equal(cv_fact_find(cv_fact_names[id]), id);
    }

    for (outcome = 0; outcome < CV_OUTCOMES; outcome++) {
        assert_int_equal(cv_outcome_find(cv_outcomes[outcome].name), outcome);
    }

    assert_int_equal(cv_fact_find(CV_STR("holder.email")), CV_FACT_COUNT);
    assert_int_equal(cv_fact_find(CV_STR("holder.id")), CV_FACT_COUNT);
    assert_int_equal(cv_outcome_find(CV_STR("")), CV_OUTCOMES);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_unknown_status),
        cmocka_unit_test(test_assertions),
        cmocka_unit_test(test_errors_disclose_nothing),
        cmocka_unit_test(test_temporary_errors),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
