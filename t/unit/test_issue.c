
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
        const char  *number_format;
        const char  *error;
    } cases[] = {
        { CV_STATUS_ISSUED, 1, NULL, NULL, "is issued; only a draft" },
        { CV_STATUS_CLAIMED, 1, NULL, NULL, "is claimed; only a draft" },
        { CV_STATUS_USED, 1, NULL, NULL, "is used; only a draft" },
        { CV_STATUS_REFUNDED, 1, NULL, NULL, "is refunded; only a draft" },
        { CV_STATUS_REVOKED, 1, NULL, NULL, "is revoked; only a draft" },
        { CV_STATUS_DRAFT, 1, NULL, "N-{seq}", "give one with --number" },
        { CV_STATUS_DRAFT, 0, NULL, NULL, "valid_days is 0" },
        { CV_STATUS_DRAFT, -5, NULL, NULL, "valid_days is -5" },
        { CV_STATUS_DRAFT, INT64_MAX, NULL, NULL, "valid_days is 92233" },
        { CV_STATUS_DRAFT, 3652425, NULL, NULL, "after the year 9999" },
        { CV_STATUS_DRAFT, 1, "9999-12-31", NULL, "after the year 9999" },
    };

    (void) state;
    memset(&terms, 0, sizeof(terms));

    for (i = 0; i < COUNT(cases); i++) {
        memset(&class, 0, sizeof(class));
        class.valid_days = (cv_int_t) { cases[i].valid_days, true };
        class.number_format = cv_str_z(cases[i].number_format);

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


static void
test_revoke(void **state)
{
    int              status;
    cv_credential_t  c;

    (void) state;

    for (status = 0; status < CV_STATUSES; status++) {
        c = credential((cv_status_t) status);

        if (status == CV_STATUS_DRAFT) {
            assert_int_equal(cv_credential_revoke(&c, &moment, &error),
                             CV_ERR_INPUT);
            assert_int_equal(c.status.value, CV_STATUS_DRAFT);
            assert_non_null(strstr(error.text, "is a draft"));
            continue;
        }

        assert_int_equal(cv_credential_revoke(&c, &moment, &error), CV_OK);
        assert_int_equal(c.status.value, CV_STATUS_REVOKED);
        expect_date(&c.updated_at, status == CV_STATUS_REVOKED
                                   ? "2020-01-01" : "2026-03-11T10:30:00Z");
    }
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
        cv_uuid_format(text, random);
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
        TEST(test_revoke),
        TEST(test_token_dates),
        TEST(test_uuid),
    };

    return cmocka_run_group_tests_name("issue", tests, NULL, NULL);
}
