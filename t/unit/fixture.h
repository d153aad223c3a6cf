
/*
 * Copyright (C) The credverify authors
 *
 * A store for the units that need one: empty, in a directory of its own that
 * goes away with the test.
 */

#ifndef FIXTURE_H
#define FIXTURE_H

#include "cv_store.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#define TEST_MAP  ((size_t) 16 << 20)

typedef struct {
    char         dir[64];
    cv_store_t  *store;
} test_t;

/* What the last call that failed said. */
extern cv_error_t  error;

/* Of the token that fill() makes. */
extern const cv_str_t  hash;

#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int setup(void **state);
int teardown(void **state);

cv_err_t test_create(const char *dir);
void test_path(char path[128], const test_t *test, const char *name);

cv_txn_t *begin(test_t *test);
void commit(cv_txn_t *txn);

/* An issuer, a class, a holder, the credentials "one" and "two", a token. */
void fill(test_t *test);

/* Of the class and for the holder of fill(); the number is the public id. */
uint64_t put_credential(cv_txn_t *txn, const char *id, const char *code,
    const char *number);
void put_token(cv_txn_t *txn, const char *credential, cv_str_t token_hash);

/* How many problems a check of the store finds. */
uint64_t check(test_t *test);

#endif /* FIXTURE_H */
