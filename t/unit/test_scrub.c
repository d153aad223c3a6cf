
/*
 * Copyright (C) The credverify authors
 */

#include "cv_page.h"
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START  512

typedef struct {
    int        fd;
    size_t     page_size;
    size_t     len;
    uint8_t   *bytes;
} copy_t;


/* a store whose values have pages of their own, too, in a file */

static void
copy_open(test_t *test, copy_t *copy)
{
    char              path[128], text[9000];
    size_t            i;
    cv_txn_t         *txn;
    struct stat       st;
    cv_credential_t   credential;

    fill(test);
    memset(text, 'x', sizeof(text));

    memset(&credential, 0, sizeof(credential));
    credential.class.iid = 1;
    credential.holder.iid = 1;
    credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };

    txn = begin(test);

    for (i = 0; i < 40; i++) {
        (void) snprintf(path, sizeof(path), "c%zu", i);
        credential.id = cv_str_z(path);
        credential.narrative = cv_str(text, i * 230);
        assert_int_not_equal(cv_put(txn, CV_CREDENTIAL, &credential), 0);
    }

    commit(txn);

    copy->page_size = (size_t) sysconf(_SC_PAGESIZE);

    test_path(path, test, "copy");
    copy->fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lseek(copy->fd, START, SEEK_SET), START);
    assert_int_equal(cv_store_copy(test->store, copy->fd, "copy", &error),
                     CV_OK);

    assert_int_equal(fstat(copy->fd, &st), 0);
    copy->len = (size_t) st.st_size;
    copy->bytes = malloc(copy->len);
    assert_int_equal(pread(copy->fd, copy->bytes, copy->len, 0), copy->len);
}


static void
copy_close(copy_t *copy)
{
    (void) close(copy->fd);
    free(copy->bytes);
}


/* The copy of a store is one, with the same in it. */

static void
test_copy(void **state)
{
    int      fd;
    char     dir[128], path[192];
    copy_t   copy;
    test_t   restored;
    test_t  *test = *state;

    copy_open(test, &copy);

    test_path(dir, test, "restored");
    assert_int_equal(mkdir(dir, 0700), 0);
    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);

    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, copy.bytes + START, copy.len - START),
                     copy.len - START);
    (void) close(fd);

    assert_int_equal(cv_store_open(&restored.store, dir, false, &error),
                     CV_OK);
    assert_int_equal(check(&restored), 0);
    cv_store_close(restored.store);

    assert_int_equal(unlink(path), 0);
    (void) snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);

    copy_close(&copy);
}


/* Cleaning again changes nothing, nor is anything before the copy touched. */

static void
test_clean(void **state)
{
    size_t    i;
    copy_t    copy;
    uint8_t  *again;
    test_t   *test = *state;

    copy_open(test, &copy);
    again = malloc(copy.len);

    assert_int_equal(cv_scrub(copy.fd, START, copy.page_size), 0);
    assert_int_equal(pread(copy.fd, again, copy.len, 0), copy.len);
    assert_memory_equal(again, copy.bytes, copy.len);

    /* before the copy nothing is touched */

    for (i = 0; i < START; i++) {
        assert_int_equal(again[i], 0);
    }

    free(again);
    copy_close(&copy);
}


/* Bytes that contradict each other are damage, and make nothing larger. */

static void
test_damaged(void **state)
{
    int          rc;
    size_t       page, i;
    copy_t       copy;
    uint8_t      byte;
    unsigned     refused;
    test_t      *test = *state;
    struct stat  st;

    copy_open(test, &copy);
    refused = 0;

    for (page = START; page < copy.len; page += copy.page_size) {
        for (i = 0; i < copy.page_size; i += i < 64 ? 1 : 61) {

            byte = copy.bytes[page + i] ^ (uint8_t) (i % 3 ? 0xff : 0x04);
            assert_int_equal(pwrite(copy.fd, &byte, 1, (off_t) (page + i)),
                             1);

            rc = cv_scrub(copy.fd, START, copy.page_size);
            assert_true(rc == 0 || rc == MDB_CORRUPTED);
            refused += rc != 0;

            assert_int_equal(fstat(copy.fd, &st), 0);
            assert_int_equal(st.st_size, copy.len);

            assert_int_equal(pwrite(copy.fd, copy.bytes, copy.len, 0),
                             copy.len);
        }
    }

    assert_true(refused > 100);

    /* half a page at the end, and pages larger than there are */

    assert_int_equal(ftruncate(copy.fd, (off_t) (copy.len - 100)), 0);
    assert_int_equal(cv_scrub(copy.fd, START, copy.page_size),
                     MDB_CORRUPTED);
    assert_int_equal(cv_scrub(copy.fd, START, 2 * CV_PAGE_MAX),
                     MDB_CORRUPTED);

    copy_close(&copy);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_copy),
        TEST(test_clean),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
