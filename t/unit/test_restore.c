
/*
 * Copyright (C) The credverify authors
 *
 * A store that takes the place of another, and who is at work in that one.
 */

#include "cv_restore.h"
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static cv_restore_t             restore;

static const cv_store_options_t  as_before = {
    .owner = (unsigned) -1, .group = (unsigned) -1
};

/* what a file system that cannot says instead; 0: this one can */
static int  cannot_exchange;


/* in place of the C library's */

int
renameat2(int from_dir, const char *from, int to_dir, const char *to,
    unsigned flags)
{
    if (cannot_exchange != 0) {
        errno = cannot_exchange;
        return -1;
    }

    return (int) syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}


/* what the teardown of the fixture does not know */

static void
forget(const char *dir)
{
    char  path[PATH_MAX + 16];

    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);
    (void) unlink(path);
    (void) snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    (void) unlink(path);
    (void) rmdir(dir);
}


static void
put_issuer(cv_txn_t *txn, const char *id)
{
    cv_issuer_t  issuer;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = cv_str_z(id);
    issuer.name = CV_STR("N");

    assert_int_not_equal(cv_put(txn, CV_ISSUER, &issuer), 0);
}


static bool
has_issuer(const char *dir, const char *id)
{
    bool         found;
    cv_txn_t    *txn;
    cv_store_t  *store;

    assert_int_equal(cv_store_open(&store, dir, false, &error), CV_OK);
    assert_int_equal(cv_snapshot_open(&txn, store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    found = cv_find(txn, CV_HANDLE_ISSUER_ID, cv_str_z(id)) != 0;

    cv_snapshot_close(txn);
    cv_store_close(store);

    return found;
}


/* a restore of what is in the store now, up to the swap */

static void
prepare(test_t *test)
{
    assert_int_equal(cv_restore_begin(&restore, test->dir, true, NULL, &error),
                     CV_OK);
    assert_int_equal(cv_store_copy(test->store, restore.fd, "x", &error),
                     CV_OK);
    assert_int_equal(cv_restore_written(&restore, &error), CV_OK);
    assert_true(has_issuer(restore.new, "issuer"));
}


static void
test_swap(void **state)
{
    cv_txn_t     *txn;
    struct stat   before, kept, now;
    test_t       *test = *state;

    fill(test);
    prepare(test);

    txn = begin(test);
    put_issuer(txn, "later");
    commit(txn);

    assert_int_equal(stat(test->dir, &before), 0);
    assert_int_equal(cv_restore_swap(&restore, &as_before, &error), CV_OK);
    cv_restore_end(&restore);

    assert_int_equal(stat(restore.kept, &kept), 0);
    assert_int_equal(stat(test->dir, &now), 0);
    assert_int_equal(kept.st_ino, before.st_ino);
    assert_int_not_equal(now.st_ino, before.st_ino);
    assert_int_equal(now.st_mode, before.st_mode);
    assert_int_not_equal(access(restore.new, F_OK), 0);

    assert_true(has_issuer(test->dir, "issuer"));
    assert_false(has_issuer(test->dir, "later"));

    /* whoever has the old one open cannot write any more, and can read */

    assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);
    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_ERR_MISSING);
    assert_int_equal(check(test), 0);

    cv_store_close(test->store);
    assert_true(has_issuer(restore.kept, "later"));

    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);
    commit(begin(test));

    forget(restore.kept);
}


/*
 * Somebody writes, and has the writer lock when the swap is due: what is
 * committed is in the store that is kept.
 */

static pid_t
write_slowly(const char *dir, int ready)
{
    pid_t        pid;
    cv_txn_t    *txn;
    cv_store_t  *store;
    cv_issuer_t  issuer;

    pid = fork();

    if (pid != 0) {
        return pid;
    }

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("slow");
    issuer.name = CV_STR("N");

    if (cv_store_open(&store, dir, true, &error) != CV_OK
        || cv_txn_begin(&txn, store, &error) != CV_OK)
    {
        _exit(1);
    }

    if (write(ready, "", 1) != 1) {
        _exit(2);
    }

    (void) poll(NULL, 0, 300);

    if (cv_put(txn, CV_ISSUER, &issuer) == 0
        || cv_txn_commit(txn, &error) != CV_OK)
    {
        _exit(3);
    }

    /* the next one would be lost */

    (void) poll(NULL, 0, 300);

    _exit(cv_txn_begin(&txn, store, &error) == CV_ERR_MISSING ? 0 : 4);
}


static void
test_writer(void **state)
{
    int      status, ready[2];
    char     byte;
    pid_t    pid;
    test_t  *test = *state;

    fill(test);
    prepare(test);

    /* a process opens a store once, and does not fork meanwhile */
    cv_store_close(test->store);
    test->store = NULL;

    assert_int_equal(pipe(ready), 0);
    pid = write_slowly(test->dir, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);

    assert_int_equal(cv_restore_swap(&restore, &as_before, &error), CV_OK);
    cv_restore_end(&restore);

    /* it has waited for the commit */

    assert_true(has_issuer(restore.kept, "slow"));
    assert_false(has_issuer(test->dir, "slow"));

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);

    (void) close(ready[0]);
    (void) close(ready[1]);
    forget(restore.kept);
}


static void
test_no_exchange(void **state)
{
    int      i;
    test_t  *test = *state;

    static const int  errors[] = { EINVAL, ENOSYS };

    fill(test);

    for (i = 0; i < 2; i++) {
        prepare(test);

        cannot_exchange = errors[i];
        assert_int_equal(cv_restore_swap(&restore, &as_before, &error), CV_OK);
        cannot_exchange = 0;

        cv_restore_end(&restore);

        assert_true(has_issuer(test->dir, "issuer"));
        assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);

        cv_store_close(test->store);
        assert_true(has_issuer(restore.kept, "issuer"));
        assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                         CV_OK);
        forget(restore.kept);
    }

    /* any other error changes nothing */

    prepare(test);

    cannot_exchange = EIO;
    assert_int_equal(cv_restore_swap(&restore, &as_before, &error),
                     CV_ERR_IO);
    cannot_exchange = 0;

    cv_restore_end(&restore);
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);
    assert_int_not_equal(access(restore.new, F_OK), 0);
}


static void
test_one_at_a_time(void **state)
{
    static cv_restore_t  other;

    char     path[128];
    FILE    *file;
    test_t  *test = *state;

    fill(test);
    prepare(test);

    assert_int_equal(cv_restore_begin(&other, test->dir, true, NULL, &error),
                     CV_ERR_EXISTS);
    assert_non_null(strstr(error.text, "another restore"));
    cv_restore_end(&other);

    /* that has not taken it away from the first */

    assert_int_equal(access(restore.data, F_OK), 0);

    /* one that was killed: nobody has it locked */

    (void) close(restore.place);
    prepare(test);
    cv_restore_end(&restore);
    assert_int_not_equal(access(restore.new, F_OK), 0);

    /* what is somebody else's stays */

    assert_int_equal(mkdir(restore.new, 0700), 0);
    (void) snprintf(path, sizeof(path), "%s.new/theirs", test->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void) fclose(file);

    assert_int_equal(cv_restore_begin(&restore, test->dir, true, NULL, &error),
                     CV_ERR_EXISTS);
    assert_non_null(strstr(error.text, "in the way"));
    cv_restore_end(&restore);
    assert_int_equal(access(path, F_OK), 0);

    (void) unlink(path);
    (void) rmdir(restore.new);
}


static void
test_replace(void **state)
{
    char     path[128];
    test_t  *test = *state;

    assert_int_equal(cv_restore_begin(&restore, test->dir, false, NULL, &error),
                     CV_ERR_EXISTS);
    assert_non_null(strstr(error.text, "--replace"));
    cv_restore_end(&restore);
    assert_int_not_equal(access(restore.new, F_OK), 0);

    /* what is no store is nobody's business to replace */

    (void) snprintf(path, sizeof(path), "%s.other", test->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void) snprintf(path, sizeof(path), "%s.other/theirs", test->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void) snprintf(path, sizeof(path), "%s.other", test->dir);

    assert_int_equal(cv_restore_begin(&restore, path, true, NULL, &error),
                     CV_ERR_EXISTS);
    assert_non_null(strstr(error.text, "not empty"));
    cv_restore_end(&restore);

    (void) snprintf(path, sizeof(path), "%s.other/theirs", test->dir);
    (void) rmdir(path);
    (void) snprintf(path, sizeof(path), "%s.other", test->dir);

    /* an empty directory gives way */

    assert_int_equal(cv_restore_begin(&restore, path, false, NULL, &error), CV_OK);
    assert_int_equal(cv_store_copy(test->store, restore.fd, "x", &error),
                     CV_OK);
    assert_int_equal(cv_restore_written(&restore, &error), CV_OK);
    assert_false(has_issuer(restore.new, "issuer"));
    assert_int_equal(cv_restore_swap(&restore, &as_before, &error), CV_OK);
    cv_restore_end(&restore);

    assert_string_equal(restore.kept, "");
    assert_false(has_issuer(path, "issuer"));
    forget(path);
}


static void
test_enlarge(void **state)
{
    cv_txn_t         *txn;
    cv_store_stat_t   stat;
    test_t           *test = *state;

    fill(test);

    assert_int_equal(cv_store_enlarge(test->store, 4 * TEST_MAP, &error),
                     CV_OK);
    assert_int_equal(check(test), 0);

    cv_store_close(test->store);
    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    assert_int_equal(stat.map_size, 4 * TEST_MAP);
    cv_txn_abort(txn);

    assert_int_equal(check(test), 0);
}


static void
test_copy_fails(void **state)
{
    int      fd;
    test_t  *test = *state;

    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    if (fd == -1) {
        skip();
    }

    assert_int_equal(cv_store_copy(test->store, fd, "it", &error),
                     CV_ERR_FULL);
    assert_string_equal(error.text, "it: No space left on device");
    (void) close(fd);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_swap),
        TEST(test_writer),
        TEST(test_no_exchange),
        TEST(test_one_at_a_time),
        TEST(test_replace),
        TEST(test_enlarge),
        TEST(test_copy_fails),
    };

    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
