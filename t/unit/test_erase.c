
/*
 * Copyright (C) The credverify authors
 */

#include "cv_erase.h"
#include "cv_line.h"
#include "cv_verify.h"
#include "fixture.h"

#include <stdio.h>

/* 2026-03-11T10:30:00Z */
#define NOW   ((cv_time_t) 1773225000000)

#define UUID  "00000000-0000-4000-8000-00000000cafe"

/* "one" says whatever a credential can, "two" next to nothing */

static const char *const  lines[] = {
    "{\"kind\":\"issuer\",\"id\":\"i\",\"name\":\"Issuer\"}",
    "{\"kind\":\"class\",\"id\":\"c\",\"issuer\":\"i\",\"title\":\"Class\"}",
    "{\"kind\":\"holder\",\"id\":\"jo\",\"name\":\"Jo March\","
    "\"display_name\":\"Jo\",\"email\":\"jo@mail.example\","
    "\"organization\":\"March House\",\"wallet\":\"purse\"}",
    "{\"kind\":\"holder\",\"id\":\"amy\",\"name\":\"Amy March\","
    "\"wallet\":\"purse\"}",
    "{\"kind\":\"credential\",\"id\":\"one\",\"class\":\"c\",\"holder\":\"jo\","
    "\"status\":\"revoked\",\"issued_at\":\"2026-01-01\","
    "\"expires_at\":\"2027-01-01\",\"score\":\"94%\",\"number\":\"N-1\","
    "\"code\":\"c1\",\"public_id\":\"" UUID "\",\"test\":false,"
    "\"evidence\":[{\"id\":\"https://jo.example\"}],"
    "\"narrative\":\"how Jo did it\",\"attributes\":{\"name\":\"Jo March\"},"
    "\"created_at\":\"2025-12-01\",\"updated_at\":\"2026-01-01\","
    "\"revoked_at\":\"2026-02-01\",\"revocation_reason\":\"not Jo\"}",
    "{\"kind\":\"credential\",\"id\":\"two\",\"class\":\"c\",\"holder\":\"jo\","
    "\"status\":\"issued\",\"updated_at\":\"2026-01-01\"}",
    "{\"kind\":\"credential\",\"id\":\"hers\",\"class\":\"c\","
    "\"holder\":\"amy\",\"status\":\"issued\",\"score\":\"95%\"}",
    "{\"kind\":\"token\",\"token_sha256\":\"00112233445566778899aabbccddeeff"
    "00112233445566778899aabbccddeeff\",\"credential\":\"two\"}",
    "{\"kind\":\"progress\",\"holder\":\"jo\",\"class\":\"c\",\"learn\":3}",
};


static int
setup_lines(void **state)
{
    size_t      i;
    cv_txn_t   *txn;
    cv_line_t   line;

    if (setup(state) != 0) {
        return -1;
    }

    assert_int_equal(cv_line_init(&line, &error), CV_OK);
    txn = begin(*state);

    for (i = 0; i < CV_COUNT(lines); i++) {
        if (cv_line_read(&line, cv_str_z(lines[i]), &error) != CV_OK
            || cv_resolve(txn, line.kind, &line.record, &error) != CV_OK
            || cv_put(txn, line.kind, &line.record) == 0)
        {
            fail_msg("%s: %s", lines[i], error.text);
        }
    }

    commit(txn);
    cv_line_free(&line);

    return 0;
}


static void
expect_line(cv_txn_t *txn, cv_kind_t kind, cv_str_t id, const char *expected)
{
    cv_buf_t      line;
    cv_record_t   record;

    if (!cv_get_by_id(txn, kind, id, &record, NULL)) {
        fail_msg("there is no %.*s", CV_FMT(id));
    }

    cv_unresolve(txn, kind, &record);

    cv_buf_init(&line, CV_LINE_MAX);
    cv_line_write(&line, kind, &record, false);
    cv_buf_append_byte(&line, '\0');
    assert_string_equal((const char *) line.data, expected);
    cv_buf_free(&line);
}


static cv_err_t
erase(cv_txn_t *txn, const char *id, cv_erasure_t *erasure)
{
    cv_err_t     err;
    cv_moment_t  moment;

    cv_moment_init(&moment, NOW);
    cv_txn_actor(txn, CV_STR("cli:jo"));
    err = cv_erase_holder(txn, cv_str_z(id), erasure, &moment, &error);
    cv_moment_free(&moment);

    return err;
}


static void
expect_verdict(cv_txn_t *txn, cv_by_t by, cv_str_t handle,
    cv_outcome_t expected)
{
    cv_request_t        request;
    cv_verifier_t      *verifier;
    cv_verification_t   out;

    memset(&request, 0, sizeof(request));
    request.by = by;
    request.handle = handle;

    verifier = cv_verifier_new();
    assert_int_equal(cv_verify(&out, verifier, txn, &request, NOW), CV_OK);
    assert_int_equal(out.verdict.reason, expected);

    if (expected == CV_VALID) {
        assert_false(cv_present(out.holder.name));
    }

    cv_verifier_free(verifier);
}


static void
test_erase(void **state)
{
    char           expected[512];
    test_t        *test = *state;
    cv_str_t       id, to;
    cv_txn_t      *txn;
    cv_walk_t      walk;
    cv_erasure_t   erasure;

    txn = begin(test);
    assert_int_equal(erase(txn, "jo", &erasure), CV_OK);
    commit(txn);

    assert_int_equal(erasure.credentials, 2);
    assert_memory_equal(erasure.id, "erased-", 7);
    id = cv_str(erasure.id, sizeof(erasure.id));

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    assert_int_equal(cv_find(txn, CV_HANDLE_HOLDER_ID, CV_STR("jo")), 0);
    (void) snprintf(expected, sizeof(expected),
                    "{\"kind\":\"holder\",\"id\":\"%.*s\"}", CV_FMT(id));
    expect_line(txn, CV_HOLDER, id, expected);

    (void) snprintf(expected, sizeof(expected),
                    "{\"kind\":\"credential\",\"id\":\"one\",\"class\":\"c\","
                    "\"holder\":\"%.*s\",\"status\":\"revoked\","
                    "\"issued_at\":\"2026-01-01\",\"expires_at\":\"2027-01-01\","
                    "\"number\":\"N-1\",\"code\":\"c1\","
                    "\"public_id\":\"" UUID "\",\"test\":false,"
                    "\"created_at\":\"2025-12-01\","
                    "\"updated_at\":\"2026-03-11T10:30:00Z\","
                    "\"revoked_at\":\"2026-02-01\"}", CV_FMT(id));
    expect_line(txn, CV_CREDENTIAL, CV_STR("one"), expected);

    /* there was nothing to erase */

    (void) snprintf(expected, sizeof(expected),
                    "{\"kind\":\"credential\",\"id\":\"two\",\"class\":\"c\","
                    "\"holder\":\"%.*s\",\"status\":\"issued\","
                    "\"updated_at\":\"2026-01-01\"}", CV_FMT(id));
    expect_line(txn, CV_CREDENTIAL, CV_STR("two"), expected);

    /* others stay, and with them what they have in common */

    expect_line(txn, CV_HOLDER, CV_STR("amy"), lines[3]);
    expect_line(txn, CV_CREDENTIAL, CV_STR("hers"), lines[6]);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER, CV_STR("purse"));
    assert_true(cv_links_next(&walk, &to));
    assert_memory_equal(to.data, "\0\0\0\0\0\0\0\2", 8);
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    expect_verdict(txn, CV_BY_NUMBER, CV_STR("N-1"), CV_REVOKED);
    expect_verdict(txn, CV_BY_CODE, CV_STR("c1"), CV_REVOKED);
    expect_verdict(txn, CV_BY_ID, CV_STR(UUID), CV_REVOKED);

    cv_snapshot_close(txn);
    assert_int_equal(check(test), 0);
}


/* The trail tells of it, of those records that were changed. */

static void
test_erase_trail(void **state)
{
    bool           last;
    size_t         i;
    test_t        *test = *state;
    cv_txn_t      *txn;
    cv_walk_t      walk;
    cv_audit_t     entry;
    cv_erasure_t   erasure;

    static const struct {
        cv_kind_t   kind;
        uint64_t    iid;
        bool        erased;
    } cases[] = {
        { CV_HOLDER, 1, true },
        { CV_HOLDER, 2, false },
        { CV_CREDENTIAL, 1, true },
        { CV_CREDENTIAL, 2, false },
        { CV_CREDENTIAL, 3, false },
    };

    txn = begin(test);
    assert_int_equal(erase(txn, "jo", &erasure), CV_OK);
    put_token(txn, "one", hash);
    commit(txn);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    for (i = 0; i < CV_COUNT(cases); i++) {
        last = false;
        cv_audit_open(&walk, txn, cases[i].kind, cases[i].iid);

        while (cv_audit_next(&walk, &entry)) {
            last |= entry.action == CV_ACTION_ERASED;

            /* what comes after an erasure in its transaction is none */

            if (cv_str_eq(entry.actor, CV_STR("cli:jo"))) {
                assert_int_equal(entry.action,
                                 cv_present(entry.token)
                                 ? CV_ACTION_TOKEN_MADE : CV_ACTION_ERASED);
            }
        }

        cv_walk_close(&walk);
        assert_int_equal(last, cases[i].erased);
    }

    cv_snapshot_close(txn);
}


/* Again, it keeps its id, and what came since is erased. */

static void
test_erase_again(void **state)
{
    char              id[CV_ERASED_ID_LEN + 1];
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_erasure_t      first, second;
    cv_store_stat_t   before, after;
    cv_credential_t   c;

    txn = begin(test);
    assert_int_equal(erase(txn, "jo", &first), CV_OK);
    assert_int_equal(erase(txn, "jo", &second), CV_ERR_INPUT);
    assert_string_equal(error.text, "there is no holder \"jo\"");

    memcpy(id, first.id, sizeof(first.id));
    id[CV_ERASED_ID_LEN] = '\0';

    assert_int_equal(cv_store_stat(txn, &before), CV_OK);
    assert_int_equal(erase(txn, id, &second), CV_OK);
    assert_memory_equal(second.id, first.id, sizeof(first.id));
    assert_int_equal(second.credentials, 2);
    assert_int_equal(cv_store_stat(txn, &after), CV_OK);
    assert_int_equal(after.last_change, before.last_change);

    assert_true(cv_get_by_id(txn, CV_CREDENTIAL, CV_STR("two"), &c, NULL));
    c.id = CV_STR("two");
    c.updated_at.text = CV_ABSENT;
    c.score = CV_STR("96%");
    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &c), 2);
    assert_int_equal(erase(txn, id, &second), CV_OK);
    assert_true(cv_get_by_id(txn, CV_CREDENTIAL, CV_STR("two"), &c, NULL));
    assert_false(cv_present(c.score));
    commit(txn);

    /* another one has another id */

    txn = begin(test);
    assert_int_equal(erase(txn, "amy", &second), CV_OK);
    assert_memory_not_equal(second.id, first.id, sizeof(first.id));
    assert_int_equal(second.credentials, 1);
    commit(txn);

    assert_int_equal(check(test), 0);
}


int
main(void)
{
#undef TEST
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup_lines, teardown)

    const struct CMUnitTest  tests[] = {
        TEST(test_erase),
        TEST(test_erase_trail),
        TEST(test_erase_again),
    };

    return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
