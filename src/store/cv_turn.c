
/*
 * Copyright (C) The credverify authors
 *
 * Whose turn it is to write.  The lock of LMDB goes to whoever is awake when
 * it is given back, which is often who gave it back: bulk work would have it
 * again and again while others wait.  So whoever wants to write holds a shared
 * lock (flock(2)) of the data file meanwhile, by which bulk work knows.  The
 * kernel takes it from who dies.
 */

#include "cv_store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>


static int
cv_turn_lock(const cv_store_t *store, int operation)
{
    int         fd, rc;
    char        path[PATH_MAX];
    cv_error_t  error;

    if (cv_path(path, store->dir, CV_DATA_FILE, &error) != CV_OK) {
        return -1;
    }

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return -1;
    }

    do {
        rc = flock(fd, operation);
    } while (rc != 0 && errno == EINTR);

    if (rc == 0) {
        return fd;
    }

    rc = errno;
    (void) close(fd);
    errno = rc;

    return -1;
}


/* without it, it is but less fair */

int
cv_turn_take(const cv_store_t *store)
{
    return cv_turn_lock(store, LOCK_SH);
}


void
cv_turn_leave(int turn)
{
    if (turn != -1) {
        (void) close(turn);
    }
}


bool
cv_store_wanted(const cv_store_t *store)
{
    int  turn;

    turn = cv_turn_lock(store, LOCK_EX | LOCK_NB);

    if (turn == -1) {
        return errno == EWOULDBLOCK;
    }

    cv_turn_leave(turn);

    return false;
}
