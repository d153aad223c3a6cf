
/*
 * Copyright (C) The credverify authors
 */

#include "cv_issue.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array)  (sizeof(array) / sizeof(array[0]))

/* 2026-03-11T10:30:00.250Z */
#define NOW  ((cv_time_t) 1773225000250)

static cv_moment_t  moment;
static cv_error_t   error;


static int
setup(void **state)
{
    (void) state;

    error.text[0] = '\0';
    cv_moment_init(&moment, NOW);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    cv_moment_free(&moment);

    return 0;
}


static cv_date_t
date(const char *text)
{
    cv_date_t  d;

    memset(&d, 0, sizeof(d));

    if (text != NULL && !cv_date_parse(&d, cv_str_z(text))) {
        fail_msg("no date: %s", text);
    }

    return d;
}


/* both absent, or the same text, with the instant it stands for */

static void
expect_date(const cv_date_t *is, const char *expected)
{
    cv_date_t  d;

    if (expected == NULL) {
        assert_false(cv_present(is->text));
        return;
    }

    d = date(expected);

    if (!cv_str_eq(is->text, d.text)) {
        fail_msg("%.*s, expected %s", CV_FMT(is->text), expected);
    }

    assert_true(is->at == d.at);
}


static cv_credential_t
credential(cv_status_t status)
{
    cv_credential_t  c;

    memset(&c, 0, sizeof(c));
    c.id = CV_STR("c-1");
    c.status = (cv_int_t) { status, true };
    c.updated_at = date("2020-01-01");

    return c;
}


static void
test_begin(void **state)
{
    cv_credential_t  c;

    (void) state;
    memset(&c, 0, sizeof(c));

    cv_credential_begin(&c, &moment);

    assert_true(c.status.present);
    assert_int_equal(c.status.value, CV_STATUS_DRAFT);
    expect_date(&c.created_at, "2026-03-11T10:30:00Z");
    expect_date(&c.updated_at, "2026-03-11T10:30:00Z");
    expect_date(&c.issued_at, NULL);

    /* what is given stays */

    c = credential(CV_STATUS_PENDING);
    c.created_at = date("2019-12-31");

    cv_credential_begin(&c, &moment);

    assert_int_equal(c.status.value, CV_STATUS_PENDING);
    expect_date(&c.created_at, "2019-12-31");
    expect_date(&c.updated_at, "2020-01-01");
}


/* Which dates an issued credential gets. */

static void
test_issue_dates(void **state)
{
    size_t           i;
    cv_class_t       class;
    cv_terms_t       terms;
    cv_credential_t  c;

    static const struct {
        int64_t      valid_days;        /* 0: the class has none */
        const char  *issued_at;         /* set, */
        const char  *expires_at;
        const char  *terms_issued_at;   /* given, */
        const char  *terms_expires_at;
        bool         forever;
        const char  *issued;            /* and what comes of it */
        const char  *expires;
    } cases[] = {
        { 0, NULL, NULL, NULL, NULL, false, "2026-03-11T10:30:00Z", NULL },
        { 30, NULL, NULL, NULL, NULL, false,
          "2026-03-11T10:30:00Z", "2026-04-10T10:30:00Z" },
        { 91, "2026-04-01", NULL, NULL, NULL, false,
          "2026-04-01", "2026-07-01" },
        { 91, "2026-04-01", NULL, "2026-01-31", NULL, false,
          "2026-01-31", "2026-05-02" },
        { 1, NULL, NULL, "2028-02-28", NULL, false,
          "2028-02-28", "2028-02-29" },
        { 1, NULL, NULL, "2026-02-28T23:59:59.999+05:30", NULL, false,
          "2026-02-28T23:59:59.999+05:30", "2026-03-01T18:29:59.999Z" },
        { 30, NULL, "2027-01-01", NULL, NULL, false,
          "2026-03-11T10:30:00Z", "2027-01-01" },
        { 30, NULL, "2027-01-01", NULL, "2028-01-01", false,
          "2026-03-11T10:30:00Z", "2028-01-01" },
        { 30, NULL, "2027-01-01", NULL, NULL, true,
          "2026-03-11T10:30:00Z", NULL },
        { 0, NULL, NULL, NULL, "2028-01-01", false,
          "2026-03-11T10:30:00Z", "2028-01-01" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        memset(&class, 0, sizeof(class));
        class.valid_days = (cv_int_t) { cases[i].valid_days,
                                        cases[i].valid_days != 0 };

        memset(&terms, 0, sizeof(terms));
        terms.issued_at = date(cases[i].terms_issued_at);
        terms.expires_at = date(cases[i].terms_expires_at);
        terms.forever = cases[i].forever;

        c = credential(i % 2 ? CV_STATUS_DRAFT : CV_STATUS_PENDING);
        c.issued_at = date(cases[i].issued_at);
        c.expires_at = date(cases[i].expires_at);

        assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment,
                                             &error), CV_OK);
        assert_int_equal(c.status.value, CV_STATUS_ISSUED);
        expect_date(&c.issued_at, cases[i].issued);
        expect_date(&c.expires_at, cases[i].expires);
        expect_date(&c.updated_at, "2026-03-11T10:30:00Z");
    }
}


static void
test_issue_refused(void **state)
{
    size_t           i;
    cv_class_t       class;
    cv_terms_t       terms;
    cv_credential_t  c;

    static const struct {
        cv_status_t  status;
        int64_t      valid_days;
        const char  *issued_at;
        const char  *error;
    } cases[] = {
        { CV_STATUS_ISSUED, 1, NULL, "is issued; only a draft" },
        { CV_STATUS_CLAIMED, 1, NULL, "is claimed; only a draft" },
        { CV_STATUS_USED, 1, NULL, "is used; only a draft" },
        { CV_STATUS_REFUNDED, 1, NULL, "is refunded; only a draft" },
        { CV_STATUS_REVOKED, 1, NULL, "is revoked; only a draft" },
        { CV_STATUS_DRAFT, 0, NULL, "valid_days is 0" },
        { CV_STATUS_DRAFT, -5, NULL, "valid_days is -5" },
        { CV_STATUS_DRAFT, INT64_MAX, NULL, "valid_days is 92233" },
        { CV_STATUS_DRAFT, 3652425, NULL, "after the year 9999" },
        { CV_STATUS_DRAFT, 1, "9999-12-31", "after the year 9999" },
    };

    (void) state;
    memset(&terms, 0, sizeof(terms));

    for (i = 0; i < COUNT(cases); i++) {
        memset(&class, 0, sizeof(class));
        class.valid_days = (cv_int_t) { cases[i].valid_days, true };

        c = credential(cases[i].status);
        c.issued_at = date(cases[i].issued_at);

        assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment,
                                             &error), CV_ERR_INPUT);

        if (strstr(error.text, cases[i].error) == NULL) {
            fail_msg("\"%s\", expected \"%s\"", error.text, cases[i].error);
        }
    }
}


static void
test_issue_number(void **state)
{
    cv_class_t       class;
    cv_terms_t       terms;
    cv_credential_t  c;

    (void) state;

    memset(&class, 0, sizeof(class));
    memset(&terms, 0, sizeof(terms));
    class.number_format = CV_STR("N-{seq}");

    c = credential(CV_STATUS_DRAFT);
    c.number = CV_STR("N-1");
    assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment, &error),
                     CV_OK);
    assert_true(cv_str_eq(c.number, CV_STR("N-1")));

    c = credential(CV_STATUS_DRAFT);
    terms.number = CV_STR("N-2");
    assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment, &error),
                     CV_OK);
    assert_true(cv_str_eq(c.number, CV_STR("N-2")));

    /* the same again is fine, another is not */

    c = credential(CV_STATUS_DRAFT);
    c.number = CV_STR("N-2");
    assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment, &error),
                     CV_OK);

    c = credential(CV_STATUS_DRAFT);
    c.number = CV_STR("N-1");
    assert_int_equal(cv_credential_issue(&c, &class, &terms, &moment, &error),
                     CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "has the number \"N-1\" already"));
    assert_int_equal(c.status.value, CV_STATUS_DRAFT);
}


/*
 * Every status to every other: "+" is done, "=" changes nothing, "x" is
 * refused.
 */

static void
test_move(void **state)
{
    int              from, to;
    char             expected;
    cv_err_t         err;
    cv_credential_t  c;

    static const char *const  moves[CV_STATUSES] = {
        /* to:                  draft, pending, issued, claimed, used,
                                refunded, revoked */
        [CV_STATUS_DRAFT]    = "=++xxxx",
        [CV_STATUS_PENDING]  = "x=+xx++",
        [CV_STATUS_ISSUED]   = "xx=++++",
        [CV_STATUS_CLAIMED]  = "xxx=+++",
        [CV_STATUS_USED]     = "xxxx=x+",
        [CV_STATUS_REFUNDED] = "xxxxx=+",
        [CV_STATUS_REVOKED]  = "xxxxxx=",
    };

    (void) state;

    for (from = 0; from < CV_STATUSES; from++) {
        for (to = 0; to < CV_STATUSES; to++) {
            expected = moves[from][to];
            c = credential((cv_status_t) from);

            assert_int_equal(cv_status_leads((cv_status_t) from,
                                             (cv_status_t) to),
                             expected == '+');

            err = cv_credential_move(&c, (cv_status_t) to, CV_ABSENT, &moment,
                                     &error);

            assert_int_equal(err, expected == 'x' ? CV_ERR_INPUT : CV_OK);
            assert_int_equal(c.status.value, expected == 'x' ? from : to);
            expect_date(&c.updated_at, expected == '+'
                                       ? "2026-03-11T10:30:00Z"
                                       : "2020-01-01");
            expect_date(&c.revoked_at,
                        expected == '+' && to == CV_STATUS_REVOKED
                        ? "2026-03-11T10:30:00Z" : NULL);
        }
    }
}


static void
test_move_refused(void **state)
{
    size_t           i;
    cv_credential_t  c;

    static const struct {
        cv_status_t  from;
        cv_status_t  to;
        const char  *error;
    } cases[] = {
        { CV_STATUS_DRAFT, CV_STATUS_REVOKED,
          "credential \"c-1\" is a draft; what was never issued cannot be "
          "revoked" },
        { CV_STATUS_DRAFT, CV_STATUS_CLAIMED,
          "credential \"c-1\" is a draft; only an issued one can be claimed" },
        { CV_STATUS_REFUNDED, CV_STATUS_USED,
          "credential \"c-1\" is refunded; only an issued or claimed one can "
          "be used" },
        { CV_STATUS_USED, CV_STATUS_REFUNDED,
          "credential \"c-1\" is used; only a pending, issued or claimed one "
          "can be refunded" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        c = credential(cases[i].from);

        assert_int_equal(cv_credential_move(&c, cases[i].to, CV_ABSENT,
                                            &moment, &error), CV_ERR_INPUT);
        assert_string_equal(error.text, cases[i].error);
    }
}


/* What has expired, to the millisecond. */

static void
test_move_expired(void **state)
{
    size_t           i;
    cv_credential_t  c;

    static const struct {
        cv_status_t  from;
        cv_status_t  to;
        const char  *expires_at;
        bool         good;
    } cases[] = {
        { CV_STATUS_ISSUED, CV_STATUS_CLAIMED, "2026-03-10", false },
        { CV_STATUS_ISSUED, CV_STATUS_CLAIMED, "2026-03-11", true },
        { CV_STATUS_ISSUED, CV_STATUS_CLAIMED, "2026-03-11T10:30:00.250Z",
          false },
        { CV_STATUS_ISSUED, CV_STATUS_CLAIMED, "2026-03-11T10:30:00.251Z",
          true },
        { CV_STATUS_ISSUED, CV_STATUS_USED, "2026-03-10", false },
        { CV_STATUS_CLAIMED, CV_STATUS_USED, "2026-03-10", true },
        { CV_STATUS_ISSUED, CV_STATUS_REFUNDED, "2026-03-10", true },
        { CV_STATUS_PENDING, CV_STATUS_REFUNDED, "2026-03-10", true },
        { CV_STATUS_ISSUED, CV_STATUS_REVOKED, "2026-03-10", true },
        { CV_STATUS_CLAIMED, CV_STATUS_CLAIMED, "2026-03-10", true },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        c = credential(cases[i].from);
        c.expires_at = date(cases[i].expires_at);

        assert_int_equal(cv_credential_move(&c, cases[i].to, CV_ABSENT,
                                            &moment, &error),
                         cases[i].good ? CV_OK : CV_ERR_INPUT);
        assert_int_equal(c.status.value, cases[i].good ? cases[i].to
                                                       : cases[i].from);
    }

    c = credential(CV_STATUS_ISSUED);
    c.expires_at = date("2026-03-10");

    assert_int_equal(cv_credential_move(&c, CV_STATUS_USED, CV_ABSENT,
                                        &moment, &error), CV_ERR_INPUT);
    assert_string_equal(error.text, "credential \"c-1\" was good until "
                        "2026-03-10; what has expired can be neither claimed "
                        "nor used");
}


static void
test_revoke_reason(void **state)
{
    size_t           i;
    cv_credential_t  c;

    static const struct {
        const char  *had;           /* NULL: not revoked before */
        const char  *given;         /* NULL: none */
        const char  *has;
        bool         changed;
    } cases[] = {
        { NULL, NULL, "", true },
        { NULL, "fraud", "fraud", true },
        { NULL, "", "", true },
        { "fraud", NULL, "fraud", false },
        { "fraud", "fraud", "fraud", false },
        { "fraud", "error", "error", true },
        { "fraud", "", "", true },
        { "", "", "", false },
        { "", NULL, "", false },
        { "", "error", "error", true },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        c = credential(cases[i].had == NULL ? CV_STATUS_ISSUED
                                            : CV_STATUS_REVOKED);

        if (cases[i].had != NULL) {
            c.revoked_at = date("2020-01-01");
            c.revocation_reason = *cases[i].had != '\0'
                                  ? cv_str_z(cases[i].had) : CV_ABSENT;
        }

        assert_int_equal(cv_credential_move(&c, CV_STATUS_REVOKED,
                                            cv_str_z(cases[i].given), &moment,
                                            &error), CV_OK);

        assert_int_equal(cv_present(c.revocation_reason),
                         *cases[i].has != '\0');
        assert_true(cv_str_eq(c.revocation_reason, cv_str_z(cases[i].has)));
        expect_date(&c.updated_at, cases[i].changed ? "2026-03-11T10:30:00Z"
                                                    : "2020-01-01");
        expect_date(&c.revoked_at, cases[i].had == NULL
                                   ? "2026-03-11T10:30:00Z" : "2020-01-01");
    }

    /* one that an import has taken back is not the reason for the next */

    c = credential(CV_STATUS_ISSUED);
    c.revocation_reason = CV_STR("fraud");

    assert_int_equal(cv_credential_move(&c, CV_STATUS_REVOKED, CV_ABSENT,
                                        &moment, &error), CV_OK);
    assert_false(cv_present(c.revocation_reason));
}


static void
test_token_dates(void **state)
{
    cv_token_t  token;

    (void) state;
    memset(&token, 0, sizeof(token));

    cv_token_begin(&token, 60, &moment);
    expect_date(&token.created_at, "2026-03-11");
    expect_date(&token.expires_at, "2026-05-10");

    cv_token_begin(&token, 30, &moment);
    expect_date(&token.expires_at, "2026-04-10");

    cv_token_begin(&token, 90, &moment);
    expect_date(&token.expires_at, "2026-06-09");
}


static void
test_uuid(void **state)
{
    size_t   i;
    uint8_t  text[CV_UUID_LEN];

    static const struct {
        uint8_t      random;
        const char  *uuid;
    } cases[] = {
        { 0x00, "00000000-0000-4000-8000-000000000000" },
        { 0xff, "ffffffff-ffff-4fff-bfff-ffffffffffff" },
        { 0xa5, "a5a5a5a5-a5a5-45a5-a5a5-a5a5a5a5a5a5" },
    };

    (void) state;

    for (i = 0; i < COUNT(cases); i++) {
        uint8_t  random[16];

        memset(random, cases[i].random, sizeof(random));
        cv_uuid_format(text, random, 4);
        assert_memory_equal(text, cases[i].uuid, CV_UUID_LEN);
    }
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

    const struct CMUnitTest  tests[] = {
        TEST(test_begin),
        TEST(test_issue_dates),
        TEST(test_issue_refused),
        TEST(test_issue_number),
        TEST(test_move),
        TEST(test_move_refused),
        TEST(test_move_expired),
        TEST(test_revoke_reason),
        TEST(test_token_dates),
        TEST(test_uuid),
    };

    return cmocka_run_group_tests_name("issue", tests, NULL, NULL);
}
