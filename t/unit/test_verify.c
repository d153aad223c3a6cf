
/*
 * Copyright (C) The credverify authors
 */

#include "cv_digest.h"
#include "cv_verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW    ((cv_time_t) 1773225000000)      /* 2026-03-11T10:30:00Z */
#define TOKEN  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef struct {
    char               dir[64];
    cv_store_t        *store;
    cv_txn_t          *snapshot;
    cv_verifier_t     *verifier;
    cv_verification_t  out;
} test_t;

static cv_error_t  error;


static cv_txn_t *
begin(test_t *test)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_OK);

    return txn;
}


static void
put_class(cv_txn_t *txn, const char *id, const char *title)
{
    cv_class_t  class;

    memset(&class, 0, sizeof(class));
    class.id = cv_str_z(id);
    class.issuer.id = CV_STR("acme");
    class.title = cv_str_z(title);

    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_true(cv_put(txn, CV_CLASS, &class) > 0);
}


static void
put_credential(cv_txn_t *txn, const char *id, const char *class)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = cv_str_z(class);
    credential.holder.id = CV_STR("jane");
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.code = cv_str_z(id);

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_true(cv_put(txn, CV_CREDENTIAL, &credential) > 0);
}


static void
fill(test_t *test)
{
    int            i;
    char           id[16];
    uint8_t        hash[CV_SHA256_LEN];
    cv_txn_t      *txn;
    cv_token_t     token;
    cv_issuer_t    issuer;
    cv_holder_t    holder;
    cv_digest_t   *digest;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("acme");
    issuer.name = CV_STR("Acme");

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("jane");
    holder.name = CV_STR("Jane");

    digest = cv_digest_new();
    assert_int_equal(cv_digest_sha256(digest, hash, CV_STR(TOKEN)), CV_OK);
    cv_digest_free(digest);

    memset(&token, 0, sizeof(token));
    token.hash = cv_str(hash, sizeof(hash));
    token.credential.id = CV_STR("c0");

    txn = begin(test);

    assert_true(cv_put(txn, CV_ISSUER, &issuer) > 0);
    assert_true(cv_put(txn, CV_HOLDER, &holder) > 0);

    /* more classes than a catalog has slots */

    for (i = 0; i < 200; i++) {
        (void) snprintf(id, sizeof(id), "c%d", i);
        put_class(txn, id, id);
        put_credential(txn, id, id);
    }

    assert_int_equal(cv_resolve(txn, CV_TOKEN, &token, &error), CV_OK);
    assert_true(cv_put(txn, CV_TOKEN, &token) > 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
}


static int
setup(void **state)
{
    test_t              *test;
    cv_store_options_t   options;

    test = calloc(1, sizeof(test_t));
    strcpy(test->dir, "/tmp/cv_test_verify.XXXXXX");

    memset(&options, 0, sizeof(options));
    options.map_size = (size_t) 16 << 20;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;

    if (mkdtemp(test->dir) == NULL
        || cv_store_create(test->dir, &options, &error) != CV_OK
        || cv_store_open(&test->store, test->dir, true, &error) != CV_OK
        || cv_snapshot_open(&test->snapshot, test->store, &error) != CV_OK)
    {
        fprintf(stderr, "# %s\n", error.text);
        return -1;
    }

    test->verifier = cv_verifier_new();
    *state = test;

    fill(test);

    return 0;
}


static int
teardown(void **state)
{
    char    path[128];
    test_t  *test = *state;

    cv_verifier_free(test->verifier);
    cv_snapshot_close(test->snapshot);
    cv_store_close(test->store);

    (void) snprintf(path, sizeof(path), "%s/data.mdb", test->dir);
    (void) unlink(path);
    (void) snprintf(path, sizeof(path), "%s/lock.mdb", test->dir);
    (void) unlink(path);
    (void) rmdir(test->dir);

    free(test);

    return 0;
}


/* leaves the snapshot renewed, so that what was found can be looked at */

static cv_outcome_t
verify(test_t *test, cv_by_t by, cv_str_t handle, const char *issuer)
{
    cv_str_t      scope;
    cv_request_t  request;

    memset(&request, 0, sizeof(request));
    scope = cv_str_z(issuer);
    request.by = by;
    request.handle = handle;
    request.issuers = &scope;
    request.nissuers = issuer != NULL;

    cv_snapshot_reset(test->snapshot);
    assert_int_equal(cv_snapshot_renew(test->snapshot), CV_OK);
    assert_int_equal(cv_verify(&test->out, test->verifier, test->snapshot,
                               &request, NOW), CV_OK);

    return test->out.verdict.reason;
}


static void
test_handles(void **state)
{
    size_t   i;
    test_t  *test = *state;

    static const struct {
        cv_by_t        by;
        const char    *handle;
        size_t         len;
        const char    *issuer;
        cv_outcome_t   reason;
    } cases[] = {
        { CV_BY_TOKEN, TOKEN, 64, NULL, CV_VALID },
        { CV_BY_TOKEN, TOKEN, 64, "acme", CV_VALID },
        { CV_BY_TOKEN, TOKEN, 64, "acm", CV_NOT_FOUND },
        { CV_BY_TOKEN, "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
          "0123456789AbCdEf", 64, NULL, CV_VALID },
        { CV_BY_TOKEN, TOKEN "0", 65, NULL, CV_NOT_FOUND },
        { CV_BY_TOKEN, TOKEN, 63, NULL, CV_NOT_FOUND },
        { CV_BY_TOKEN, TOKEN, 0, NULL, CV_NOT_FOUND },
        { CV_BY_CODE, "c0", 2, NULL, CV_VALID },
        { CV_BY_CODE, "c0", 3, NULL, CV_NOT_FOUND },
        { CV_BY_CODE, "C0", 2, NULL, CV_NOT_FOUND },
        { CV_BY_NUMBER, "c0", 2, NULL, CV_NOT_FOUND },
        { CV_BY_ID, "c0", 2, NULL, CV_NOT_FOUND },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(verify(test, cases[i].by,
                                cv_str(cases[i].handle, cases[i].len),
                                cases[i].issuer), cases[i].reason);
        assert_int_equal(test->out.evidence.holder != NULL,
                         cases[i].reason == CV_VALID);
    }
}


/* what is kept at hand is never older than the snapshot, nor another's */

static void
test_catalog(void **state)
{
    int        i, round;
    char       id[16];
    test_t    *test = *state;
    cv_txn_t  *txn;

    for (round = 0; round < 3; round++) {
        for (i = 0; i < 200; i++) {
            (void) snprintf(id, sizeof(id), "c%d", i);
            assert_int_equal(verify(test, CV_BY_CODE, cv_str_z(id), NULL),
                             CV_VALID);
            assert_true(cv_str_eq(test->out.evidence.class->id, cv_str_z(id)));
            assert_true(cv_str_eq(test->out.evidence.issuer->name,
                                  CV_STR("Acme")));
        }
    }

    assert_int_equal(verify(test, CV_BY_CODE, CV_STR("c7"), NULL), CV_VALID);

    txn = begin(test);
    put_class(txn, "c7", "Another title");
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);

    /* the snapshot that was there before still shows what it showed */

    assert_true(cv_str_eq(test->out.evidence.class->title, CV_STR("c7")));
    assert_int_equal(verify(test, CV_BY_CODE, CV_STR("c7"), NULL), CV_VALID);
    assert_true(cv_str_eq(test->out.evidence.class->title,
                          CV_STR("Another title")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_handles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_catalog, setup, teardown),
    };

    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
