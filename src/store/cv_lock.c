
/*
 * Copyright (C) The credverify authors
 *
 * The lock file, lock.mdb.  LMDB has it open, with locks on it that a process
 * loses when it closes the file: it is only named here while that is so.
 */

#include "cv_store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* what LMDB 0.9 makes of it: a head, and a slot for each reader */
#define CV_LOCK_LEN  (128 + 64 * CV_STORE_READERS)


/*
 * LMDB makes a file with holes, and writes to it through a map: where the disk
 * is full, that is a signal, perhaps much later.
 */

cv_err_t
cv_lock_reserve(const cv_store_t *store, const char *dir, cv_error_t *error)
{
    int          fd, rc;
    bool         made;
    char         path[PATH_MAX];
    struct stat  lock;

    if (cv_path(path, dir, CV_LOCK_FILE, error) != CV_OK) {
        return error->code;
    }

    made = lstat(path, &lock) != 0;

    if (!made && lock.st_blocks >= CV_LOCK_LEN / 512) {
        return CV_OK;
    }

    /* why not, if it cannot be opened, LMDB tells */

    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, CV_FILE_MODE);
    if (fd == -1) {
        return CV_OK;
    }

    rc = fallocate(fd, 0, 0, CV_LOCK_LEN) == 0 ? 0 : errno;

    if (rc != ENOSPC && rc != EDQUOT) {
        (void) close(fd);
        return CV_OK;
    }

    if (made) {
        (void) unlink(path);
    }

    (void) close(fd);

    return cv_path(path, store->dir, CV_LOCK_FILE, error) == CV_OK
           ? cv_mdb_error(error, rc, path) : error->code;
}


/*
 * A lock file that was just made must not lock out the others: it takes the
 * owner of the data file, where that is possible, and its mode.
 */

static void
cv_lock_own(const char *path, const struct stat *data, const struct stat *lock)
{
    cv_store_options_t  own;

    if (!S_ISREG(lock->st_mode)
        || (geteuid() != 0 && lock->st_uid != geteuid()))
    {
        return;
    }

    own.owner = (unsigned) -1;
    own.group = (unsigned) -1;

    if (geteuid() == 0
        && (lock->st_uid != data->st_uid || lock->st_gid != data->st_gid))
    {
        own.owner = data->st_uid;
        own.group = data->st_gid;
    }

    (void) cv_store_own(path, &own, CV_FILE_MODE, NULL);
}


static int
cv_lock_none(const char *line, void *data)
{
    bool  *none = data;

    if (strstr(line, "no reader locks") != NULL) {
        *none = true;
    }

    return 0;
}


/* It is known by its number, and LMDB does without on a read-only disk. */

void
cv_lock_opened(cv_store_t *store, const struct stat *data)
{
    char         path[PATH_MAX];
    struct stat  lock;

    (void) mdb_reader_list(store->env, cv_lock_none, &store->unlocked);

    if (store->unlocked || cv_path(path, store->dir, CV_LOCK_FILE, NULL) != CV_OK
        || lstat(path, &lock) != 0)
    {
        return;
    }

    cv_lock_own(path, data, &lock);

    store->lock_dev = lock.st_dev;
    store->lock_ino = lock.st_ino;
}


/*
 * Without the one that others use, their commits go unseen, or pages are
 * written over that are still read here.
 */

bool
cv_lock_current(const cv_store_t *store)
{
    char         path[PATH_MAX];
    bool         there;
    struct stat  lock;

    if (cv_path(path, store->dir, CV_LOCK_FILE, NULL) != CV_OK) {
        return false;
    }

    there = lstat(path, &lock) == 0;

    if (store->unlocked) {
        return access(there ? path : store->dir, W_OK) != 0 && errno == EROFS;
    }

    return there && lock.st_dev == store->lock_dev
           && lock.st_ino == store->lock_ino;
}


/*
 * The lock file tells the last commit, by which LMDB begins to read; so does
 * the data file, one commit earlier while that is on its way.  It stays so if
 * the writer was killed just then, until the next one takes its lock.
 */

static int
cv_lock_read(cv_store_t *store, MDB_txn *txn, bool *fits)
{
    int          rc;
    size_t       told;
    MDB_envinfo  before, after;

    (void) mdb_env_info(store->env, &before);

    rc = mdb_txn_renew(txn);
    if (rc != 0) {
        return rc;
    }

    told = mdb_txn_id(txn);

    (void) mdb_env_info(store->env, &after);

    *fits = before.me_last_txnid <= told + 1 && told <= after.me_last_txnid;

    return 0;
}


static cv_err_t
cv_lock_other(const cv_store_t *store, cv_error_t *error)
{
    return cv_error_set(error, CV_ERR_DAMAGED,
                        "%s: " CV_LOCK_FILE " belongs to another " CV_DATA_FILE
                        ", which was replaced while in use; stop what uses "
                        "the store and remove " CV_LOCK_FILE, store->dir);
}


/*
 * A lock file that outlived the data file it was made for, because something
 * kept it open, would make LMDB take the wrong one of two snapshots.
 */

cv_err_t
cv_lock_check(cv_store_t *store, MDB_txn *txn, cv_error_t *error)
{
    int   rc;
    bool  fits;

    mdb_txn_reset(txn);

    rc = cv_lock_read(store, txn, &fits);

    return rc != 0 ? cv_mdb_error(error, rc, store->dir)
           : fits ? CV_OK : cv_lock_other(store, error);
}


cv_err_t
cv_lock_renew(cv_store_t *store, MDB_txn *txn, cv_error_t *error)
{
    int   rc;
    bool  fits;

    rc = cv_lock_read(store, txn, &fits);

    return rc != 0 ? cv_mdb_error(error, rc, store->dir)
           : fits ? CV_OK
                  : cv_error_set(error, CV_ERR_MISSING, "%s: " CV_DATA_FILE
                                 " was written over while it was in use",
                                 store->dir);
}


cv_err_t
cv_lock_check_writer(cv_store_t *store, MDB_txn *txn, cv_error_t *error)
{
    MDB_envinfo  info;

    (void) mdb_env_info(store->env, &info);

    return info.me_last_txnid + 1 == mdb_txn_id(txn)
           ? CV_OK : cv_lock_other(store, error);
}
