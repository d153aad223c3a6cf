
/*
 * Copyright (C) The credverify authors
 *
 * A damaged file must not end a worker: LMDB trusts its map, and reading
 * where the file ends, or where a bad page points, is a signal.  While a
 * guard is active, a fault inside the map of its store, one near address zero
 * inside LMDB, one at the end of a file while LMDB maps it, or an assertion of
 * LMDB, is turned into CV_ERR_DAMAGED.  A fault anywhere else is a bug, and
 * stays what it was.
 */

#include "cv_store_internal.h"
#include "cv_fault.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

/* a value may begin on the last page of the map and say that it is longer */
#define CV_GUARD_OVERRUN  ((size_t) 1 << 32)

/* nor is a member of a structure that is not there further away */
#define CV_GUARD_NULL     65536


/* a thread that is in there may be one of several */
CV_THREAD bool  cv_in_lmdb;


static bool
cv_guard_is_ours(const void *data, int signo, uintptr_t at)
{
    const cv_store_t  *store = data;

    uintptr_t  map;

    map = (uintptr_t) store->map;

    return (map != 0 && at >= map
            && at - map < store->map_size + CV_GUARD_OVERRUN)
           || (cv_in_lmdb
               && (at < CV_GUARD_NULL || (map == 0 && signo == SIGBUS)));
}


static void
cv_guard_assert(MDB_env *env, const char *message)
{
    (void) env;
    (void) message;

    cv_fault_escape();
}


void
cv_guard_env(cv_store_t *store)
{
    (void) mdb_env_set_assert(store->env, cv_guard_assert);
}


/*
 * The map is found by the file's numbers, or by its name: overlay and btrfs
 * file systems show other device numbers here than stat() does.
 */

void
cv_guard_locate(cv_store_t *store)
{
    int         name;
    FILE       *maps;
    char        line[PATH_MAX + 128], dir[PATH_MAX], *end;
    size_t      dir_len;
    unsigned    major_, minor_;
    uint64_t    ino;
    uintptr_t   from, to;

    maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) {
        return;
    }

    dir_len = realpath(store->dir, dir) != NULL ? strlen(dir) : 0;

    while (fgets(line, sizeof(line), maps) != NULL) {

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %x:%x %" SCNu64
                   " %n", &from, &to, &major_, &minor_, &ino, &name) != 5)
        {
            continue;
        }

        end = line + name;

        if ((ino == store->ino && makedev(major_, minor_) == store->dev)
            || (dir_len > 0 && strncmp(end, dir, dir_len) == 0
                && strcmp(end + dir_len, "/data.mdb\n") == 0))
        {
            store->map = (uint8_t *) from;
            store->map_size = to - from;
            break;
        }
    }

    (void) fclose(maps);
}


cv_err_t
cv_store_guard(cv_store_t *store, void (*fn)(void *arg), void *arg)
{
    if (!cv_fault_guard(cv_guard_is_ours, store, fn, arg)) {
        cv_in_lmdb = false;
        return CV_ERR_DAMAGED;
    }

    return CV_OK;
}
