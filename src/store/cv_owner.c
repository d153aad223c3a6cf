
/*
 * Copyright (C) The credverify authors
 *
 * Whose a store's directory is, such as nginx's workers, may put into it what
 * they like.  LMDB opens its files by their names, makes them and follows
 * links: root would write over any file there is.  So root has LMDB open them
 * with the rights of that owner.
 */

#include "cv_store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>


/* of this thread only; whether it was done is known by asking again */

static bool
cv_owner_become(uid_t uid, gid_t gid)
{
    (void) setfsgid(gid);
    (void) setfsuid(uid);

    return (uid_t) setfsuid((uid_t) -1) == uid
           && (gid_t) setfsgid((gid_t) -1) == gid;
}


cv_err_t
cv_owner_enter(cv_owner_t *owner, const char *dir, cv_error_t *error)
{
    struct stat  st;

    owner->fd = -1;
    (void) snprintf(owner->path, sizeof(owner->path), "%s", dir);

    if (geteuid() != 0) {
        return CV_OK;
    }

    owner->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (owner->fd == -1 || fstat(owner->fd, &st) != 0) {
        return cv_mdb_error(error, errno, dir);
    }

    if (st.st_uid == 0) {
        (void) close(owner->fd);
        owner->fd = -1;

        return CV_OK;
    }

    /* who owns the directory need not be able to walk there */

    (void) snprintf(owner->path, sizeof(owner->path), "/proc/self/fd/%d",
                    owner->fd);

    return cv_owner_become(st.st_uid, st.st_gid)
           ? CV_OK
           : cv_error_set(error, CV_ERR_ACCESS, "%s: root opens a store with "
                          "the rights of the directory's owner, and may not "
                          "take them", dir);
}


void
cv_owner_leave(cv_owner_t *owner)
{
    if (owner->fd != -1) {
        (void) cv_owner_become(0, getegid());
        (void) close(owner->fd);
        owner->fd = -1;
    }
}
