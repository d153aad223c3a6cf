
/*
 * Copyright (C) The credverify authors
 *
 * Writers that are killed while readers live on.
 */

#include "fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>


/* in LMDB's place: whoever writes a meta page, but no whole page, dies of it */

static bool  killed;

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    long  n;

    n = syscall(SYS_pwrite64, fd, data, len, at);

    if (killed && at < 2 * sysconf(_SC_PAGESIZE)
        && len < (size_t) sysconf(_SC_PAGESIZE))
    {
        (void) raise(SIGKILL);
    }

    return (ssize_t) n;
}


static uint64_t
put(cv_txn_t *txn, const char *name)
{
    cv_issuer_t  issuer;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("issuer");
    issuer.name = cv_str_z(name);

    return cv_put(txn, CV_ISSUER, &issuer);
}


/* a process of its own, which has come to that */

static pid_t
another(test_t *test, void (*fn)(test_t *test))
{
    int    ends[2];
    char   byte;
    pid_t  pid;

    assert_int_equal(pipe(ends), 0);

    pid = fork();

    if (pid == 0) {
        (void) close(ends[0]);
        fn(test);
        (void) !write(ends[1], "x", 1);
        (void) alarm(60);
        (void) pause();
        _exit(0);
    }

    (void) close(ends[1]);
    (void) !read(ends[0], &byte, 1);
    (void) close(ends[0]);

    return pid;
}


static void
reader(test_t *test)
{
    if (cv_store_open(&test->store, test->dir, false, &error) != CV_OK) {
        abort();
    }
}


/* of the credential that a writer makes before it dies */

static const char *const  ids[] = { "first", "second", "third" };
static unsigned           writers;


static void
writer(test_t *test)
{
    cv_txn_t  *txn;

    killed = true;

    if (cv_store_open(&test->store, test->dir, true, &error) != CV_OK
        || cv_txn_begin(&txn, test->store, &error) != CV_OK
        || put(txn, "Written") == 0
        || put_credential(txn, ids[writers], NULL, NULL) == 0
        || cv_txn_commit(txn, &error) != CV_OK)
    {
        abort();
    }
}


/*
 * What was on the disk when its writer died is there for the next one, though
 * the lock file, which the reader keeps, does not tell of it yet.
 */

static void
test_commit(void **state)
{
    int               status;
    pid_t             reading;
    test_t           *test = *state;
    cv_txn_t         *txn;
    uint64_t          iid;
    cv_issuer_t       issuer;
    cv_assertion_t    assertion;
    cv_credential_t   credential;

    fill(test);

    cv_store_close(test->store);
    reading = another(test, reader);

    for (writers = 0; writers < CV_COUNT(ids); writers++) {
        assert_true(waitpid(another(test, writer), &status, 0) > 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        if (cv_store_open(&test->store, test->dir, true, &error) != CV_OK) {
            fail_msg("%s", error.text);
        }

        txn = begin(test);
        assert_true(cv_get_by_id(txn, CV_ISSUER, CV_STR("issuer"), &issuer,
                                 NULL));
        assert_true(cv_str_eq(issuer.name, CV_STR("Written")));

        /* a credential is never there without its assertion */

        assert_true(cv_get_by_id(txn, CV_CREDENTIAL, cv_str_z(ids[writers]),
                                 &credential, &iid));
        assert_true(cv_get_assertion(txn, iid, &assertion));
        assert_int_equal(cv_find(txn, CV_HANDLE_ASSERTION, assertion.id), iid);

        assert_int_not_equal(put(txn, "Written over"), 0);
        commit(txn);

        assert_int_equal(check(test), 0);
        cv_store_close(test->store);
    }

    assert_int_equal(kill(reading, SIGKILL), 0);
    assert_int_equal(waitpid(reading, NULL, 0), reading);

    test->store = NULL;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_commit),
    };

    return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
