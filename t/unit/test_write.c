
/*
 * Copyright (C) The credverify authors
 *
 * Writing to a store beside other threads: what they see of it, and a file that
 * is cut short while one writes.
 */

#include "cv_fault.h"
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS  4
#define EACH     25


/* what LMDB had allocated for a transaction that it could not end */

const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:liblmdb\n";
}


/* cmocka has handlers of its own for each test, which would be in the way */

static struct sigaction  faults[2];


static void
nothing(void *arg)
{
    (void) arg;
}


static bool
none(const void *data, int signo, uintptr_t at)
{
    (void) data;
    (void) signo;
    (void) at;

    return false;
}


static bool
found(test_t *test, const char *id)
{
    bool       is;
    cv_txn_t  *txn;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    is = cv_find(txn, CV_HANDLE_CREDENTIAL_ID, cv_str_z(id)) != 0;

    cv_snapshot_close(txn);

    return is;
}


static cv_err_t
put(cv_txn_t *txn, void *arg, cv_error_t *why)
{
    return put_credential(txn, arg, NULL, NULL) != 0 ? CV_OK
                                                     : cv_txn_err(txn, why);
}


static cv_err_t
refuse(cv_txn_t *txn, void *arg, cv_error_t *why)
{
    (void) put_credential(txn, arg, NULL, NULL);

    return cv_error_set(why, CV_ERR_INPUT, "no");
}


/* an error of the transaction that "fn" passes over */

static cv_err_t
overlook(cv_txn_t *txn, void *arg, cv_error_t *why)
{
    (void) why;

    (void) put_credential(txn, arg, "c1", NULL);

    return CV_OK;
}


static bool
unwanted(void *arg)
{
    (void) arg;

    return false;
}


static void
test_outcomes(void **state)
{
    test_t      *test = *state;
    cv_error_t   why;

    fill(test);

    assert_int_equal(cv_store_write(test->store, NULL, put, "three", &why),
                     CV_OK);
    assert_true(found(test, "three"));

    assert_int_equal(cv_store_write(test->store, NULL, refuse, "four", &why),
                     CV_ERR_INPUT);
    assert_string_equal(why.text, "no");
    assert_false(found(test, "four"));

    assert_int_equal(cv_store_write(test->store, NULL, overlook, "five", &why),
                     CV_ERR_CONFLICT);
    assert_false(found(test, "five"));

    assert_int_equal(cv_store_write(test->store, unwanted, put, "six", &why),
                     CV_ERR_LIMIT);
    assert_false(found(test, "six"));

    assert_int_equal(check(test), 0);
}


static cv_err_t
fill_up(cv_txn_t *txn, void *arg, cv_error_t *why)
{
    char              id[32];
    const unsigned   *n = arg;
    cv_credential_t   credential;

    static uint8_t  text[16 * 1024];

    memset(text, 'x', sizeof(text));
    memset(&credential, 0, sizeof(credential));

    (void) snprintf(id, sizeof(id), "full-%u", *n);

    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    credential.narrative = cv_str(text, sizeof(text) - *n % 16 * 1000);

    if (cv_resolve(txn, CV_CREDENTIAL, &credential, why) != CV_OK) {
        return CV_ERR_INPUT;
    }

    return cv_put(txn, CV_CREDENTIAL, &credential) != 0 ? CV_OK
                                                        : cv_txn_err(txn, why);
}


/* whichever page there is no room for, that is what is said of it */

static void
test_full(void **state)
{
    unsigned     n, full;
    test_t      *test = *state;
    cv_err_t     err;
    cv_error_t   why;

    fill(test);

    for (n = 0, full = 0; full < 64; n++) {
        err = cv_store_write(test->store, NULL, fill_up, &n, &why);

        if (err == CV_OK) {
            continue;
        }

        assert_int_equal(err, CV_ERR_FULL);
        assert_non_null(strstr(why.text, "--map-size"));
        full++;
    }

    assert_true(n > full);
    assert_int_equal(check(test), 0);
}


typedef struct {
    test_t     *test;
    unsigned    number;
    cv_err_t    err;
} writer_t;


static void *
writer(void *arg)
{
    char       id[32];
    unsigned   i;
    writer_t  *w = arg;
    cv_error_t why;

    for (i = 0; i < EACH && w->err == CV_OK; i++) {
        (void) snprintf(id, sizeof(id), "w%u-%u", w->number, i);
        w->err = cv_store_write(w->test->store, NULL, put, id, &why);
    }

    return NULL;
}


typedef struct {
    cv_txn_t   *txn;
    unsigned    found;
    cv_err_t    err;
} reading_t;


static void
read_all(void *arg)
{
    reading_t        *reading = arg;
    cv_walk_t         walk;
    cv_credential_t   credential;

    reading->err = cv_snapshot_renew(reading->txn);
    reading->found = 0;

    cv_walk_open(&walk, reading->txn, CV_CREDENTIAL);

    while (cv_walk_next(&walk, &credential, NULL)) {
        reading->found++;
    }

    cv_walk_close(&walk);

    if (reading->err == CV_OK) {
        reading->err = cv_txn_err(reading->txn, NULL);
    }
}


/* each writer has all that it wrote; who reads sees more and more of it */

static void
test_threads(void **state)
{
    unsigned    i, last;
    test_t     *test = *state;
    writer_t    writers[WRITERS];
    pthread_t   threads[WRITERS];
    reading_t   reading;

    fill(test);

    assert_int_equal(cv_snapshot_open(&reading.txn, test->store, &error),
                     CV_OK);

    for (i = 0; i < WRITERS; i++) {
        writers[i] = (writer_t) { test, i, CV_OK };
        assert_int_equal(pthread_create(&threads[i], NULL, writer,
                                        &writers[i]), 0);
    }

    last = 0;

    do {
        assert_int_equal(cv_store_guard(test->store, read_all, &reading),
                         CV_OK);
        assert_int_equal(reading.err, CV_OK);
        assert_true(reading.found >= last);
        last = reading.found;

    } while (last < 2 + WRITERS * EACH);

    for (i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(writers[i].err, CV_OK);
    }

    cv_snapshot_close(reading.txn);

    assert_int_equal(check(test), 0);
}


typedef struct {
    const char  *path;
    unsigned     when;          /* before the first write, or after it */
} cutting_t;


/* the store's file is empty from one moment to the next */

static cv_err_t
cut(cv_txn_t *txn, void *arg, cv_error_t *why)
{
    char        id[2 * CV_HANDLE_MAX];
    unsigned    i;
    cutting_t  *cutting = arg;

    for (i = 0; i < 100; i++) {
        (void) snprintf(id, sizeof(id), "%u-", i);
        memset(id + 2 + (i > 9), 'x', 64);
        id[66 + (i > 9)] = '\0';

        if (i == cutting->when && truncate(cutting->path, 0) != 0) {
            break;
        }

        (void) put_credential(txn, id, NULL, NULL);
    }

    return cv_error_set(why, CV_ERR_INPUT, "it was not cut short");
}


static void *
file_read(const char *path, size_t *len)
{
    int           fd;
    void         *data;
    struct stat   st;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(fstat(fd, &st), 0);

    *len = (size_t) st.st_size;
    data = malloc(*len);
    assert_non_null(data);
    assert_int_equal(read(fd, data, *len), st.st_size);
    (void) close(fd);

    return data;
}


static void
file_write(const char *path, const void *data, size_t len)
{
    int  fd;

    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, data, len), (ssize_t) len);
    (void) close(fd);
}


/* another process, which writes once it is told to, and must not wait long */

static pid_t
another(test_t *test, int *tell)
{
    int        ends[2], told[2];
    char       byte;
    pid_t      pid;
    cv_txn_t  *txn;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(told), 0);

    pid = fork();

    if (pid == 0) {
        (void) close(ends[1]);

        if (cv_store_open(&test->store, test->dir, true, &error) != CV_OK) {
            _exit(1);
        }

        (void) !write(told[1], "x", 1);
        (void) !read(ends[0], &byte, 1);
        (void) alarm(20);

        if (cv_txn_begin(&txn, test->store, &error) != CV_OK
            || put_credential(txn, "other", NULL, NULL) == 0
            || cv_txn_commit(txn, &error) != CV_OK)
        {
            _exit(2);
        }

        _exit(0);
    }

    (void) close(ends[0]);
    (void) !read(told[0], &byte, 1);
    (void) close(told[0]);
    (void) close(told[1]);

    *tell = ends[1];

    return pid;
}


/*
 * The thread alone ends: others have the lock, other processes go on once the
 * file is there again, and so does this one when it has opened it anew.
 */

static void
cut_short(test_t *test, unsigned when)
{
    int          tell, status;
    char         path[128];
    void        *data;
    size_t       len;
    pid_t        pid;
    cutting_t    cutting;
    cv_error_t   why;

    cv_store_close(test->store);
    pid = another(test, &tell);
    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);

    test_path(path, test, "data.mdb");
    data = file_read(path, &len);

    cutting = (cutting_t) { path, when };

    assert_int_equal(sigaction(SIGSEGV, &faults[0], NULL), 0);
    assert_int_equal(sigaction(SIGBUS, &faults[1], NULL), 0);

    assert_int_equal(cv_store_write(test->store, NULL, cut, &cutting, &why),
                     CV_ERR_DAMAGED);

    file_write(path, data, len);
    free(data);

    /* nobody waits for a lock that nobody has, here or elsewhere, nor does
     * bulk work make way for who is not there */

    assert_false(cv_store_wanted(test->store));

    (void) alarm(20);

    assert_int_equal(cv_store_write(test->store, NULL, put, "here", &why),
                     CV_ERR_DAMAGED);

    (void) close(tell);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    cv_store_close(test->store);
    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);

    assert_int_equal(cv_store_write(test->store, NULL, put, "here", &why),
                     CV_OK);
    (void) alarm(0);

    assert_true(found(test, "here"));
    assert_true(found(test, "other"));
    assert_false(found(test, "0-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                             "xxxxxxxxxxxxxxxxxxx"));
    assert_int_equal(check(test), 0);
}


static void
test_cut_reading(void **state)
{
    fill(*state);
    cut_short(*state, 0);
}


/* within what changes pages, and has some of its own already */

static void
test_cut_writing(void **state)
{
    unsigned   i;
    char       id[32];
    cv_txn_t  *txn;

    fill(*state);
    txn = begin(*state);

    for (i = 0; i < 2000; i++) {
        (void) snprintf(id, sizeof(id), "%u-filled", i);
        (void) put_credential(txn, id, NULL, NULL);
    }

    commit(txn);

    cut_short(*state, 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_outcomes),
        TEST(test_full),
        TEST(test_threads),
        TEST(test_cut_reading),
        TEST(test_cut_writing),
    };

    if (!cv_fault_guard(none, NULL, nothing, NULL)
        || sigaction(SIGSEGV, NULL, &faults[0]) != 0
        || sigaction(SIGBUS, NULL, &faults[1]) != 0)
    {
        return 1;
    }

    return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
