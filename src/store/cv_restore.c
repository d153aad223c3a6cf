
/*
 * Copyright (C) The credverify authors
 */

#include "cv_restore.h"
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

/* how often to look whether another restore has just ended */
#define CV_RESTORE_TRIES  10

/* how many stores may be kept of one second */
#define CV_RESTORE_KEPT   1000


typedef struct {
    cv_store_t  *store;
    cv_txn_t    *txn;
    cv_error_t  *error;
    cv_err_t     err;
} cv_restore_lock_t;


/*
 * A store's directory may be a link; what it leads to is replaced.  One that
 * is not there yet has a parent that is.
 */

static cv_err_t
cv_restore_resolve(cv_restore_t *restore, const char *dir, cv_error_t *error)
{
    int    n;
    char   copy[PATH_MAX], parent[PATH_MAX], *base;

    if (realpath(dir, restore->dir) != NULL) {
        return CV_OK;
    }

    if (errno != ENOENT) {
        return cv_system_error(error, errno, dir);
    }

    n = snprintf(copy, sizeof(copy), "%s", dir);

    if (n <= 0 || (size_t) n >= sizeof(copy)) {
        return cv_system_error(error, ENAMETOOLONG, dir);
    }

    while (n > 1 && copy[n - 1] == '/') {
        copy[--n] = '\0';
    }

    base = strrchr(copy, '/');

    if (base == NULL) {
        base = copy;
        n = realpath(".", parent) != NULL;

    } else {
        *base++ = '\0';
        n = realpath(*copy != '\0' ? copy : "/", parent) != NULL;
    }

    return n ? cv_path(restore->dir, parent, base, error)
             : cv_system_error(error, errno, dir);
}


static cv_err_t
cv_restore_names(cv_restore_t *restore, const char *other, cv_error_t *error)
{
    int       n;
    cv_err_t  err;

    n = snprintf(restore->new, sizeof(restore->new), "%s.new", restore->dir);

    if (n < 0 || (size_t) n >= sizeof(restore->new)) {
        return cv_system_error(error, ENAMETOOLONG, restore->dir);
    }

    err = cv_path(restore->data, restore->new, CV_DATA_FILE, error);

    if (err == CV_OK) {
        err = cv_path(restore->lock, restore->new, CV_LOCK_FILE, error);
    }

    return err == CV_OK && other != NULL
           ? cv_path(restore->other, restore->new, other, error) : err;
}


/* what is in the place already */

static cv_err_t
cv_restore_look(cv_restore_t *restore, bool replace, cv_error_t *error)
{
    char         data[PATH_MAX];
    cv_err_t     err;
    struct stat  st;

    if (stat(restore->dir, &st) != 0) {
        return errno == ENOENT ? CV_OK
                               : cv_system_error(error, errno, restore->dir);
    }

    if (!S_ISDIR(st.st_mode)) {
        return cv_system_error(error, ENOTDIR, restore->dir);
    }

    err = cv_path(data, restore->dir, CV_DATA_FILE, error);
    if (err != CV_OK) {
        return err;
    }

    restore->replaces = access(data, F_OK) == 0;

    if (!restore->replaces) {
        return cv_store_vacant(restore->dir, error);
    }

    return replace ? CV_OK
                   : cv_error_set(error, CV_ERR_EXISTS,
                                  "%s: there is a store here already; with "
                                  "--replace it is kept beside the restored "
                                  "one", restore->dir);
}


static bool
cv_restore_same(int fd, const char *path)
{
    struct stat  a, b;

    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev
           && a.st_ino == b.st_ino;
}


static void
cv_restore_remove(const cv_restore_t *restore)
{
    (void) unlink(restore->data);
    (void) unlink(restore->lock);
    (void) unlink(restore->other);
    (void) rmdir(restore->new);
}


/* The same of one that was killed, with what else it may have left. */

static void
cv_restore_clear(const cv_restore_t *restore)
{
    DIR            *entries;
    size_t          len;
    const char     *other;
    struct dirent  *entry;

    other = *restore->other != '\0' ? strrchr(restore->other, '/') + 1 : NULL;
    len = other != NULL ? strlen(other) : 0;
    entries = opendir(restore->new);

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (len > 0 && strncmp(entry->d_name, other, len) == 0
            && entry->d_name[len] == '.')
        {
            (void) unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }

    if (entries != NULL) {
        (void) closedir(entries);
    }

    cv_restore_remove(restore);
}


/* The directory, if it is one that nobody is at work in. */

static cv_err_t
cv_restore_claim(cv_restore_t *restore, cv_error_t *error)
{
    restore->place = open(restore->new, O_RDONLY | O_DIRECTORY | O_NOFOLLOW
                                        | O_CLOEXEC);
    if (restore->place == -1) {
        return cv_system_error(error, errno, restore->new);
    }

    if (flock(restore->place, LOCK_EX | LOCK_NB) == 0) {
        return CV_OK;
    }

    (void) close(restore->place);
    restore->place = -1;

    return cv_error_set(error, CV_ERR_EXISTS,
                        "%s: another restore is at work in it", restore->new);
}


/*
 * There is one directory to make a store in, so that there is one restore at
 * a time, and one that was killed leaves nothing for longer than until the
 * next.  Whoever has it locked may write to it and remove it.
 */

static cv_err_t
cv_restore_make(cv_restore_t *restore, cv_error_t *error)
{
    int       i;
    bool      made;
    cv_err_t  err;

    for (i = 0; i < CV_RESTORE_TRIES; i++) {

        made = mkdir(restore->new, 0700) == 0;

        if (!made && errno != EEXIST) {
            return cv_system_error(error, errno, restore->new);
        }

        err = cv_restore_claim(restore, error);

        if (err == CV_ERR_MISSING) {
            continue;
        }

        if (err != CV_OK) {
            return err;
        }

        if (cv_restore_same(restore->place, restore->new)) {

            if (made) {
                restore->made = 1;
                return CV_OK;
            }

            cv_restore_clear(restore);
        }

        (void) close(restore->place);
        restore->place = -1;
    }

    return cv_error_set(error, CV_ERR_EXISTS,
                        "%s: is in the way; remove it", restore->new);
}


static cv_err_t
cv_restore_open(int *fd, const char *path, cv_error_t *error)
{
    *fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

    return *fd != -1 ? CV_OK : cv_system_error(error, errno, path);
}


cv_err_t
cv_restore_begin(cv_restore_t *restore, const char *dir, bool replace,
    const char *other, cv_error_t *error)
{
    cv_err_t  err;

    memset(restore, 0, sizeof(cv_restore_t));
    restore->fd = -1;
    restore->other_fd = -1;
    restore->place = -1;

    err = cv_restore_resolve(restore, dir, error);

    if (err == CV_OK) {
        err = cv_restore_names(restore, other, error);
    }

    if (err == CV_OK) {
        err = cv_restore_look(restore, replace, error);
    }

    if (err == CV_OK) {
        err = cv_restore_make(restore, error);
    }

    return err == CV_OK ? cv_restore_open(&restore->fd, restore->data, error)
                        : err;
}


cv_err_t
cv_restore_beside(cv_restore_t *restore, cv_error_t *error)
{
    return cv_restore_open(&restore->other_fd, restore->other, error);
}


static int
cv_restore_close(int *fd)
{
    int  rc;

    if (*fd == -1) {
        return 0;
    }

    rc = fsync(*fd) == 0 ? 0 : errno;

    if (close(*fd) != 0 && rc == 0) {
        rc = errno;
    }

    *fd = -1;

    return rc;
}


cv_err_t
cv_restore_written(cv_restore_t *restore, cv_error_t *error)
{
    int          rc;
    const char  *what;

    what = restore->data;
    rc = cv_restore_close(&restore->fd);

    if (rc == 0) {
        what = restore->other;
        rc = cv_restore_close(&restore->other_fd);
    }

    return rc == 0 ? CV_OK : cv_system_error(error, rc, what);
}


static cv_err_t
cv_restore_own(const cv_restore_t *restore, const cv_store_options_t *options,
    cv_error_t *error)
{
    char                old[PATH_MAX];
    mode_t              dir_mode, file_mode;
    cv_err_t            err;
    struct stat         dir, data;
    cv_store_options_t  own;

    own = *options;
    dir_mode = CV_DIR_MODE;
    file_mode = CV_FILE_MODE;

    if (restore->replaces) {

        if (cv_path(old, restore->dir, CV_DATA_FILE, error) != CV_OK) {
            return error->code;
        }

        if (stat(restore->dir, &dir) != 0 || stat(old, &data) != 0) {
            return cv_system_error(error, errno, old);
        }

        own.owner = own.owner != (unsigned) -1 ? own.owner : data.st_uid;
        own.group = own.group != (unsigned) -1 ? own.group : data.st_gid;
        dir_mode = dir.st_mode & 07777;
        file_mode = data.st_mode & 07777;
    }

    /* the directory last: until then nobody else can do anything in it */

    err = cv_store_own(restore->data, &own, file_mode, error);

    if (err == CV_OK) {
        err = cv_store_own(restore->lock, &own, file_mode, error);
    }

    if (err == CV_OK && access(restore->other, F_OK) == 0) {
        err = cv_store_own(restore->other, &own, file_mode, error);
    }

    if (err == CV_OK) {
        err = cv_store_own(restore->new, &own, dir_mode, error);
    }

    return err;
}


static void
cv_restore_lock_guarded(void *arg)
{
    cv_restore_lock_t  *lock = arg;

    lock->err = cv_txn_begin(&lock->txn, lock->store, lock->error);
}


/* Nobody can be at work in a store that cannot be opened. */

static cv_err_t
cv_restore_lock(cv_restore_t *restore, cv_restore_lock_t *lock)
{
    cv_err_t  err;

    err = cv_store_open(&lock->store, restore->dir, true, lock->error);

    if (err == CV_OK) {
        err = cv_store_guard(lock->store, cv_restore_lock_guarded, lock);

        if (err == CV_OK) {
            err = lock->err;
        }
    }

    restore->taken.unread = err == CV_ERR_DAMAGED || err == CV_ERR_VERSION;

    return restore->taken.unread ? CV_OK : err;
}


/* Nobody gives a number of that store any more: it is locked. */

static cv_err_t
cv_restore_take(cv_restore_t *restore, const cv_restore_lock_t *lock)
{
    cv_err_t     err;
    cv_store_t  *store;

    if (restore->taken.unread) {
        return CV_OK;
    }

    err = cv_store_open(&store, restore->new, true, lock->error);

    if (err == CV_OK) {
        err = cv_sequences_take(store, lock->store, &restore->taken,
                                lock->error);
        cv_store_close(store);
    }

    return err;
}


/*
 * "new" becomes "dir", and "dir" becomes "kept".  At every moment one of the
 * two is in the place, unless the file system cannot exchange names.
 */

static int
cv_restore_exchange(cv_restore_t *restore)
{
    int  rc;

    if (renameat2(AT_FDCWD, restore->kept, AT_FDCWD, restore->dir,
                  RENAME_EXCHANGE)
        == 0)
    {
        return 0;
    }

    rc = errno;

    if (rename(restore->kept, restore->new) != 0) {
        return rc;
    }

    if (rc != EINVAL && rc != ENOSYS) {
        return rc;
    }

    if (rename(restore->dir, restore->kept) != 0) {
        return errno;
    }

    if (rename(restore->new, restore->dir) != 0) {
        rc = errno;
        (void) rename(restore->kept, restore->dir);
        return rc;
    }

    return 0;
}


/* The new store first gets the name that the old one will be kept under. */

static int
cv_restore_keep(cv_restore_t *restore)
{
    int      i, n, rc;
    char     text[CV_TIME_TEXT_MAX + 1], suffix[16];
    size_t   from, to, len;

    len = cv_time_format((uint8_t *) text, cv_time_now(), CV_TIME_Z);

    /* 2026-11-20T05:26:06Z without what is no good in names */

    for (from = 0, to = 0; from < len; from++) {
        if (text[from] != '-' && text[from] != ':') {
            text[to++] = text[from];
        }
    }

    text[to] = '\0';
    suffix[0] = '\0';

    for (i = 1; i < CV_RESTORE_KEPT; i++) {

        if (i > 1) {
            (void) snprintf(suffix, sizeof(suffix), "-%d", i);
        }

        n = snprintf(restore->kept, sizeof(restore->kept), "%s.old-%s%s",
                     restore->dir, text, suffix);

        if (n < 0 || (size_t) n >= sizeof(restore->kept)) {
            return ENAMETOOLONG;
        }

        /* where an exchange is not possible, this may not be either */

        rc = renameat2(AT_FDCWD, restore->new, AT_FDCWD, restore->kept,
                       RENAME_NOREPLACE);

        if (rc != 0 && (errno == EINVAL || errno == ENOSYS)
            && access(restore->kept, F_OK) != 0)
        {
            rc = rename(restore->new, restore->kept);
        }

        if (rc == 0) {
            return cv_restore_exchange(restore);
        }

        if (errno != EEXIST) {
            break;
        }
    }

    return errno;
}


static int
cv_restore_place(cv_restore_t *restore)
{
    char  lock[PATH_MAX];

    if (restore->replaces) {
        return cv_restore_keep(restore);
    }

    /* an empty directory gives way, but for what a store left in it */

    if (cv_path(lock, restore->dir, CV_LOCK_FILE, NULL) == CV_OK) {
        (void) unlink(lock);
    }

    return rename(restore->new, restore->dir) == 0 ? 0 : errno;
}


static void
cv_restore_sync(const char *path)
{
    int   fd;
    char  parent[PATH_MAX];

    (void) snprintf(parent, sizeof(parent), "%s", path);
    *(strrchr(parent, '/') + 1) = '\0';

    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd != -1) {
        (void) fsync(fd);
        (void) close(fd);
    }
}


cv_err_t
cv_restore_swap(cv_restore_t *restore, const cv_store_options_t *options,
    cv_error_t *error)
{
    int                 rc;
    cv_err_t            err;
    sigset_t            all, before;
    cv_restore_lock_t   lock;

    memset(&lock, 0, sizeof(lock));
    lock.error = error;

    err = restore->replaces ? cv_restore_lock(restore, &lock) : CV_OK;

    if (err == CV_OK && restore->replaces) {
        err = cv_restore_take(restore, &lock);
    }

    if (err == CV_OK) {
        err = cv_restore_own(restore, options, error);
    }

    if (err == CV_ERR_ACCESS) {
        (void) cv_error_set(error, err, "%s: the store belongs to someone "
                            "else; its owner or root can restore it",
                            restore->dir);
    }

    if (err == CV_OK) {
        (void) fsync(restore->place);

        /* whoever is interrupted removes what is called "new" */

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, &before);

        rc = cv_restore_place(restore);
        restore->made = rc != 0;

        (void) sigprocmask(SIG_SETMASK, &before, NULL);

        cv_restore_sync(restore->dir);

        if (rc == EBUSY) {
            err = cv_error_set(error, CV_ERR_INPUT,
                               "%s: is a mount point, which cannot be "
                               "replaced; keep the store in a directory below "
                               "it", restore->dir);

        } else if (rc != 0) {
            err = cv_system_error(error, rc, restore->dir);
        }
    }

    cv_txn_abort(lock.txn);
    cv_store_close(lock.store);

    return err;
}


void
cv_restore_discard(const cv_restore_t *restore)
{
    if (restore->made) {
        cv_restore_remove(restore);
    }
}


void
cv_restore_end(cv_restore_t *restore)
{
    cv_restore_discard(restore);

    /* -1 once they are written: nobody waits for what is gone */
    (void) close(restore->fd);
    (void) close(restore->other_fd);

    if (restore->place != -1) {
        (void) close(restore->place);
    }
}
