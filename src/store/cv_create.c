
/*
 * Copyright (C) The credverify authors
 *
 * Making a store.
 */

#include "cv_store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>


cv_err_t
cv_store_own(const char *path, const cv_store_options_t *options, mode_t mode,
    cv_error_t *error)
{
    if (options->owner != (unsigned) -1 || options->group != (unsigned) -1) {
        if (lchown(path, options->owner, options->group) != 0) {
            return cv_mdb_error(error, errno, path);
        }
    }

    /* after lchown(), which clears the set-group-ID bit */

    if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0) {
        return cv_mdb_error(error, errno, path);
    }

    return CV_OK;
}


static int
cv_store_make_tables(MDB_env *env, const cv_store_options_t *options)
{
    int          i, rc;
    uint8_t      format[4], closed[CV_CLOSED_LEN];
    MDB_val      key, value;
    MDB_dbi      dbi;
    MDB_txn     *txn;
    cv_closed_t  now;

    rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc != 0) {
        return rc;
    }

    dbi = 0;

    for (i = 0; i < CV_TABLES; i++) {
        rc = cv_mdb_open_table(txn, i, MDB_CREATE, &dbi);
        if (rc != 0) {
            goto failed;
        }
    }

    /* the last table that was opened is meta */

    cv_put_uint(format, CV_STORE_FORMAT, sizeof(format));

    key = cv_mdb_val(CV_STR("format"));
    value = cv_mdb_val(cv_str(format, sizeof(format)));

    rc = mdb_put(txn, dbi, &key, &value, 0);
    if (rc != 0) {
        goto failed;
    }

    key = cv_mdb_val(CV_STR("uuid"));
    value = cv_mdb_val(cv_str(options->uuid, CV_STORE_UUID_LEN));

    rc = mdb_put(txn, dbi, &key, &value, 0);
    if (rc != 0) {
        goto failed;
    }

    now = cv_closed_now();
    cv_closed_encode(closed, &now);

    key = cv_mdb_val(CV_STR(CV_CLOSED_NAME));
    value = cv_mdb_val(cv_str(closed, sizeof(closed)));

    rc = mdb_put(txn, dbi, &key, &value, 0);
    if (rc != 0) {
        goto failed;
    }

    return mdb_txn_commit(txn);

failed:

    mdb_txn_abort(txn);

    return rc;
}


static int
cv_store_make_env(const char *path, const cv_store_options_t *options)
{
    int       rc;
    MDB_env  *env;

    rc = mdb_env_create(&env);
    if (rc != 0) {
        return rc;
    }

    rc = mdb_env_set_mapsize(env, options->map_size);
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(env, CV_TABLES);
    }

    if (rc == 0) {
        rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, CV_FILE_MODE);
    }

    if (rc == 0) {
        rc = cv_store_make_tables(env, options);
    }

    mdb_env_close(env);

    return rc;
}


/*
 * A complete environment in a file of its own, without a lock file: linking
 * it into place is the instant in which the store begins to exist.
 */

static cv_err_t
cv_store_make_file(const char *dir, const char *name,
    const cv_store_options_t *options, cv_error_t *error)
{
    int          rc;
    char         path[PATH_MAX];
    cv_err_t     err;
    cv_owner_t   owner;

    err = cv_owner_enter(&owner, dir, error);

    if (err == CV_OK) {
        err = cv_path(path, owner.path, name, error);
    }

    if (err == CV_OK) {
        rc = cv_store_make_env(path, options);
        err = rc == 0 ? CV_OK : cv_mdb_error(error, rc, dir);
    }

    cv_owner_leave(&owner);

    return err;
}


/* A file of an init that did not end: "data.mdb." and its process. */

static bool
cv_store_leftover(const char *name, long *pid)
{
    char        *end;
    const char  *digits;

    if (strncmp(name, CV_DATA_FILE ".", sizeof(CV_DATA_FILE)) != 0) {
        return false;
    }

    digits = name + sizeof(CV_DATA_FILE);
    *pid = strtol(digits, &end, 10);

    return *digits >= '0' && *digits <= '9' && *end == '\0';
}


/*
 * Whoever gets a store's directory may do anything in it: one that has
 * something else in it is not given away.
 */

cv_err_t
cv_store_vacant(const char *dir, cv_error_t *error)
{
    DIR            *entries;
    long            pid;
    cv_err_t        err;
    struct dirent  *entry;

    entries = opendir(dir);
    if (entries == NULL) {
        return cv_mdb_error(error, errno, dir);
    }

    err = CV_OK;

    while (err == CV_OK && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0
            && strcmp(entry->d_name, "..") != 0
            && strcmp(entry->d_name, CV_LOCK_FILE) != 0
            && !cv_store_leftover(entry->d_name, &pid))
        {
            err = cv_error_set(error, CV_ERR_EXISTS,
                               "%s: not empty; a store needs a directory of "
                               "its own", dir);
        }
    }

    rewinddir(entries);

    while (err == CV_OK && (entry = readdir(entries)) != NULL) {
        if (cv_store_leftover(entry->d_name, &pid) && pid > 0
            && pid <= INT_MAX && kill((pid_t) pid, 0) != 0 && errno == ESRCH)
        {
            (void) unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }

    (void) closedir(entries);

    return err;
}


/* in a directory that is locked, so that no other init is at work in it */

static cv_err_t
cv_store_settle(const char *dir, const cv_store_options_t *options,
    cv_error_t *error)
{
    char      name[64], new[PATH_MAX], data[PATH_MAX], lock[PATH_MAX];
    char      place[PATH_MAX];
    cv_err_t  err;

    (void) snprintf(name, sizeof(name), "%s.%ld", CV_DATA_FILE,
                    (long) getpid());

    if (cv_path(new, dir, name, error) != CV_OK
        || cv_path(data, dir, CV_DATA_FILE, error) != CV_OK
        || cv_path(lock, dir, CV_LOCK_FILE, error) != CV_OK)
    {
        return CV_ERR_INPUT;
    }

    if (access(data, F_OK) == 0) {
        return cv_error_set(error, CV_ERR_EXISTS,
                            "%s: there is a store here already", dir);
    }

    err = cv_store_vacant(dir, error);
    if (err != CV_OK) {
        return err;
    }

    (void) unlink(new);         /* of an interrupted attempt, with our pid */

    /* of a store that was removed; LMDB would believe it of this one */
    (void) unlink(lock);

    err = cv_store_make_file(dir, name, options, error);

    if (err == CV_OK) {
        err = cv_store_own(new, options, CV_FILE_MODE, error);
    }

    if (err == CV_OK) {
        err = realpath(dir, place) != NULL
              ? cv_store_own(place, options, CV_DIR_MODE, error)
              : cv_mdb_error(error, errno, dir);
    }

    if (err == CV_OK && link(new, data) != 0) {
        err = errno == EEXIST
              ? cv_error_set(error, CV_ERR_EXISTS,
                             "%s: there is a store here already", dir)
              : cv_mdb_error(error, errno, data);
    }

    (void) unlink(new);

    return err;
}


cv_err_t
cv_store_create(const char *dir, const cv_store_options_t *options,
    cv_error_t *error)
{
    int       fd;
    bool      made;
    cv_err_t  err;

    made = mkdir(dir, CV_DIR_MODE) == 0;

    if (!made && errno != EEXIST) {
        return cv_system_error(error, errno, dir);
    }

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        return cv_mdb_error(error, errno, dir);
    }

    /* of two at once, the second finds what the first has made */

    while (flock(fd, LOCK_EX) != 0 && errno == EINTR) { /* void */ }

    err = cv_store_settle(dir, options, error);

    (void) fsync(fd);
    (void) close(fd);

    if (err != CV_OK && made) {
        (void) rmdir(dir);
    }

    return err;
}
