
/*
 * Copyright (C) The credverify authors
 *
 * A store that is damaged, shared and raced for, in ways that take LMDB
 * itself, or other processes, to bring about.
 */

#include "cv_codec.h"
#include "cv_verify.h"

#include <lmdb.h>

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAP  ((size_t) 64 << 20)

typedef struct {
    char         dir[64];
    cv_store_t  *store;
} test_t;

static cv_error_t  error;

static const cv_str_t  hash = {
    (const uint8_t *) "0123456789abcdef0123456789abcdef", CV_TOKEN_HASH_LEN
};


static void
path_of(char path[128], const test_t *test, const char *name)
{
    (void) snprintf(path, 128, "%s/%s", test->dir, name);
}


static void
open_store(test_t *test)
{
    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);
}


static void
close_store(test_t *test)
{
    cv_store_close(test->store);
    test->store = NULL;
}


static cv_txn_t *
begin(test_t *test)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_OK);

    return txn;
}


static void
put_credential(cv_txn_t *txn, const char *id, const char *public_id)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.public_id = cv_str_z(public_id);
    credential.code = cv_str_z(id);

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_true(cv_put(txn, CV_CREDENTIAL, &credential) > 0);
}


static void
put_token(cv_txn_t *txn, const char *credential)
{
    cv_token_t  token;

    memset(&token, 0, sizeof(token));
    token.hash = hash;
    token.credential.id = cv_str_z(credential);

    assert_int_equal(cv_resolve(txn, CV_TOKEN, &token, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_TOKEN, &token), 1);
}


static int
setup(void **state)
{
    test_t              *test;
    cv_txn_t            *txn;
    cv_class_t           class;
    cv_issuer_t          issuer;
    cv_holder_t          holder;
    cv_store_options_t   options;

    test = calloc(1, sizeof(test_t));
    strcpy(test->dir, "/tmp/cv_test_damage.XXXXXX");

    memset(&options, 0, sizeof(options));
    options.map_size = MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("issuer");
    issuer.name = CV_STR("Issuer");

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("class");
    class.issuer.id = issuer.id;
    class.title = CV_STR("Class");

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");

    if (mkdtemp(test->dir) == NULL
        || cv_store_create(test->dir, &options, &error) != CV_OK)
    {
        fprintf(stderr, "# %s\n", error.text);
        return -1;
    }

    open_store(test);

    txn = begin(test);
    assert_true(cv_put(txn, CV_ISSUER, &issuer) > 0);
    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_true(cv_put(txn, CV_CLASS, &class) > 0);
    assert_true(cv_put(txn, CV_HOLDER, &holder) > 0);
    put_credential(txn, "one", "00000000-0000-4000-8000-00000000cafe");
    put_credential(txn, "two", "00000000-0000-4000-8000-00000000beef");
    put_token(txn, "one");
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);

    *state = test;

    return 0;
}


static int
teardown(void **state)
{
    char    path[128];
    test_t  *test = *state;

    cv_store_close(test->store);

    path_of(path, test, "data.mdb");
    (void) unlink(path);
    path_of(path, test, "lock.mdb");
    (void) unlink(path);
    (void) rmdir(test->dir);

    free(test);

    return 0;
}


/* replaces a value of a table, as a bug or a failing disk would */

static void
overwrite(test_t *test, const char *table, const void *key, size_t key_len,
    const void *value, size_t value_len)
{
    MDB_dbi   dbi;
    MDB_env  *env;
    MDB_txn  *txn;
    MDB_val   k, v;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, test->dir, 0, 0660), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);

    k.mv_size = key_len;
    k.mv_data = (void *) (uintptr_t) key;
    v.mv_size = value_len;
    v.mv_data = (void *) (uintptr_t) value;

    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}


static void
count_problem(void *data, const char *problem)
{
    (void) data;
    (void) problem;
}


static uint64_t
check(test_t *test)
{
    cv_txn_t  *txn;
    uint64_t   records, problems;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    problems = cv_store_check(txn, count_problem, NULL, &records);

    cv_snapshot_close(txn);

    return problems;
}


static cv_err_t
verify(test_t *test, cv_by_t by, const char *handle)
{
    cv_err_t           err;
    cv_txn_t          *txn;
    cv_request_t       request;
    cv_verifier_t     *verifier;
    cv_verification_t  out;

    memset(&request, 0, sizeof(request));
    request.by = by;
    request.handle = cv_str_z(handle);

    verifier = cv_verifier_new();
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    err = cv_verify(&out, verifier, txn, &request, 0);

    cv_snapshot_close(txn);
    cv_verifier_free(verifier);

    return err;
}


/* an index that leads to the wrong credential is damage, never a verdict */

static void
test_index(void **state)
{
    test_t  *test = *state;

    assert_int_equal(check(test), 0);
    assert_int_equal(verify(test, CV_BY_ID,
                            "00000000-0000-4000-8000-00000000CAFE"), CV_OK);

    close_store(test);
    overwrite(test, "handle", "\7" "00000000-0000-4000-8000-00000000cafe", 37,
              "\0\0\0\0\0\0\0\2", 8);
    overwrite(test, "handle", "\5one", 4, "\0\0\0\0\0\0\0\2", 8);
    open_store(test);

    assert_int_equal(verify(test, CV_BY_ID,
                            "00000000-0000-4000-8000-00000000cafe"),
                     CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_CODE, "one"), CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_CODE, "two"), CV_OK);

    /* each is missing to one record, and wrong for the other */
    assert_int_equal(check(test), 4);
}


/* keys and values of other lengths than any that were ever written */

static void
test_lengths(void **state)
{
    char     key[500];
    test_t  *test = *state;

    close_store(test);

    memset(key, 1, sizeof(key));
    overwrite(test, "credential", key, sizeof(key), "", 0);
    overwrite(test, "token", key, 1, key, sizeof(key));
    overwrite(test, "handle", key, sizeof(key), key, sizeof(key));
    overwrite(test, "handle", key, 1, "", 0);
    overwrite(test, "link", key, sizeof(key), "", 0);
    overwrite(test, "link", "\1", 1, "", 0);
    overwrite(test, "change", key, sizeof(key), "", 0);
    overwrite(test, "credential", "\0\0\0\0\0\0\0\7", 8, key, 3);

    open_store(test);

    /* the last has a number that was never given out, and no record */
    assert_int_equal(check(test), 9);
    assert_int_equal(verify(test, CV_BY_CODE, "one"), CV_OK);
}


static void
test_links(void **state)
{
    test_t  *test = *state;

    close_store(test);
    overwrite(test, "link", "\2" "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\1", 17,
              "x", 1);
    open_store(test);

    assert_int_equal(check(test), 1);
}


/* a token that moves is a change of both credentials */

static void
test_token_moves(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   before, after;

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &before), CV_OK);
    put_token(txn, "two");
    assert_int_equal(cv_store_stat(txn, &after), CV_OK);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);

    assert_int_equal(after.last_change, before.last_change + 2);
    assert_int_equal(check(test), 0);
}


static void
test_lock_removed(void **state)
{
    char     path[128];
    test_t  *test = *state;

    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);

    path_of(path, test, "lock.mdb");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);

    close_store(test);
    open_store(test);
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);
}


static void
copy(const char *from, const char *to)
{
    char  command[300];

    (void) snprintf(command, sizeof(command), "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}


/* an older data file under a lock file that somebody keeps open */

static void
test_lock_of_another(void **state)
{
    int          i, ends[2];
    char         data[128], old[128], byte;
    pid_t        pid;
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_holder_t  holder;

    path_of(data, test, "data.mdb");
    path_of(old, test, "old.mdb");
    copy(data, old);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("another");
    holder.name = CV_STR("0");

    for (i = 0; i < 3; i++) {
        holder.name = cv_str("012" + i, 1);
        txn = begin(test);
        assert_true(cv_put(txn, CV_HOLDER, &holder) > 0);
        assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
    }

    close_store(test);
    assert_int_equal(pipe(ends), 0);

    pid = fork();

    if (pid == 0) {
        /* a reader that lives on */
        (void) close(ends[0]);
        open_store(test);
        (void) !write(ends[1], "x", 1);
        (void) pause();
        _exit(0);
    }

    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(rename(old, data), 0);

    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "remove lock.mdb"));
    assert_int_equal(cv_store_open(&test->store, test->dir, false, &error),
                     CV_ERR_DAMAGED);

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    open_store(test);
    assert_int_equal(check(test), 0);

    (void) close(ends[0]);
    (void) close(ends[1]);
}


/* a store that is made where one was, while somebody still has that open */

static void
test_made_anew(void **state)
{
    char                 path[128];
    test_t              *test = *state;
    cv_txn_t            *txn;
    cv_store_t          *old;
    cv_issuer_t          issuer;
    cv_store_options_t   options;

    old = test->store;
    path_of(path, test, "data.mdb");
    assert_int_equal(unlink(path), 0);

    memset(&options, 0, sizeof(options));
    options.map_size = MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;
    assert_int_equal(cv_store_create(test->dir, &options, &error), CV_OK);
    assert_int_equal(cv_store_probe(old, &error), CV_ERR_MISSING);

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("another");
    issuer.name = CV_STR("Another");

    open_store(test);
    txn = begin(test);
    assert_true(cv_put(txn, CV_ISSUER, &issuer) > 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
    assert_int_equal(check(test), 0);

    cv_store_close(old);
}


/* a process that dies with every reader's slot: the next one gets one */

static void
test_dead_readers(void **state)
{
    int               i, ends[2];
    char              byte;
    pid_t             pid, keeper;
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   stat;

    close_store(test);
    assert_int_equal(pipe(ends), 0);

    /* while this one has it open, the lock file is not made anew */

    keeper = fork();

    if (keeper == 0) {
        open_store(test);
        (void) !write(ends[1], "x", 1);
        (void) pause();
        _exit(0);
    }

    assert_int_equal(read(ends[0], &byte, 1), 1);

    pid = fork();

    if (pid == 0) {
        open_store(test);

        for (i = 0; i < CV_STORE_READERS; i++) {
            if (cv_snapshot_open(&txn, test->store, &error) != CV_OK) {
                _exit(1);
            }
        }

        /* and not one more */

        if (cv_snapshot_open(&txn, test->store, &error) != CV_ERR_READERS) {
            _exit(2);
        }

        (void) !write(ends[1], "x", 1);
        (void) pause();
        _exit(0);
    }

    assert_int_equal(read(ends[0], &byte, 1), 1);

    /* while it lives there is none: not even for opening the store */

    assert_int_equal(cv_store_open(&test->store, test->dir, false, &error),
                     CV_ERR_READERS);

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    open_store(test);
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    assert_int_equal(stat.readers, 1);
    cv_snapshot_close(txn);

    assert_int_equal(kill(keeper, SIGKILL), 0);
    assert_int_equal(waitpid(keeper, NULL, 0), keeper);

    (void) close(ends[0]);
    (void) close(ends[1]);
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

    const struct CMUnitTest  tests[] = {
        TEST(test_index),
        TEST(test_lengths),
        TEST(test_links),
        TEST(test_token_moves),
        TEST(test_lock_removed),
        TEST(test_lock_of_another),
        TEST(test_made_anew),
        TEST(test_dead_readers),
    };

    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
