
/*
 * Copyright (C) The credverify authors
 */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

cv_error_t      error;

const cv_str_t  hash = {
    (const uint8_t *) "0123456789abcdef0123456789abcdef", CV_TOKEN_HASH_LEN
};


cv_err_t
test_create(const char *dir)
{
    cv_store_options_t  options;

    memset(&options, 0, sizeof(options));
    options.map_size = TEST_MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;
    memcpy(options.uuid, "0123456789abcdef", CV_STORE_UUID_LEN);

    return cv_store_create(dir, &options, &error);
}


int
setup(void **state)
{
    test_t  *test;

    test = calloc(1, sizeof(test_t));
    strcpy(test->dir, "/tmp/cv_test.XXXXXX");

    if (mkdtemp(test->dir) == NULL || test_create(test->dir) != CV_OK
        || cv_store_open(&test->store, test->dir, true, &error) != CV_OK)
    {
        fprintf(stderr, "# %s\n", error.text);
        return -1;
    }

    *state = test;

    return 0;
}


void
test_path(char path[128], const test_t *test, const char *name)
{
    (void) snprintf(path, 128, "%s/%s", test->dir, name);
}


int
teardown(void **state)
{
    char    path[128];
    test_t  *test = *state;

    cv_store_close(test->store);

    test_path(path, test, "data.mdb");
    (void) unlink(path);
    test_path(path, test, "counters");
    (void) unlink(path);
    test_path(path, test, "lock.mdb");
    (void) unlink(path);
    (void) rmdir(test->dir);

    free(test);

    return 0;
}


cv_txn_t *
begin(test_t *test)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_OK);

    return txn;
}


void
commit(cv_txn_t *txn)
{
    cv_err_t  err;

    err = cv_txn_commit(txn, &error);

    if (err != CV_OK) {
        fail_msg("%s", error.text);
    }
}


uint64_t
put_credential(cv_txn_t *txn, const char *id, const char *code,
    const char *number)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.code = cv_str_z(code);
    credential.number = cv_str_z(number);
    credential.public_id = cv_str_z(number);

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);

    return cv_put(txn, CV_CREDENTIAL, &credential);
}


void
put_token(cv_txn_t *txn, const char *credential, cv_str_t token_hash)
{
    cv_token_t  token;

    memset(&token, 0, sizeof(token));
    token.hash = token_hash;
    token.credential.id = cv_str_z(credential);

    assert_int_equal(cv_resolve(txn, CV_TOKEN, &token, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_TOKEN, &token), 1);
}


void
fill(test_t *test)
{
    cv_txn_t     *txn;
    cv_class_t    class;
    cv_issuer_t   issuer;
    cv_holder_t   holder;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("issuer");
    issuer.name = CV_STR("Issuer");

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("class");
    class.issuer.id = issuer.id;
    class.title = CV_STR("Class");

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");
    holder.wallet = CV_STR("wallet");

    txn = begin(test);

    assert_int_equal(cv_put(txn, CV_ISSUER, &issuer), 1);
    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
    assert_int_equal(put_credential(txn, "one", "c1", "AB-1"), 1);
    assert_int_equal(put_credential(txn, "two", "c2", NULL), 2);
    put_token(txn, "one", hash);

    commit(txn);
}


static void
ignore(void *data, const char *problem)
{
    (void) data;
    (void) problem;
}


uint64_t
check(test_t *test)
{
    cv_txn_t  *txn;
    uint64_t   records, problems;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    problems = cv_store_check(txn, ignore, NULL, &records);

    cv_snapshot_close(txn);

    return problems;
}
