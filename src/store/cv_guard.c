
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

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

/* a value may begin on the last page of the map and say that it is longer */
#define CV_GUARD_OVERRUN  ((size_t) 1 << 32)

/* nor is a member of a structure that is not there further away */
#define CV_GUARD_NULL     65536

typedef struct cv_guard_s  cv_guard_t;

struct cv_guard_s {
    sigjmp_buf         escape;
    cv_store_t        *store;
    cv_guard_t        *outer;
};

static __thread cv_guard_t  *cv_guard_active;

static struct sigaction      cv_guard_previous[2];
static bool                  cv_guard_installed;


static void
cv_guard_signal(int signo, siginfo_t *info, void *context)
{
    uintptr_t          at, map;
    cv_guard_t        *guard;
    struct sigaction  *previous;

    guard = cv_guard_active;

    if (guard != NULL && info->si_code > 0) {
        at = (uintptr_t) info->si_addr;
        map = (uintptr_t) guard->store->map;

        if ((map != 0 && at >= map
             && at - map < guard->store->map_size + CV_GUARD_OVERRUN)
            || (guard->store->in_lmdb
                && (at < CV_GUARD_NULL || (map == 0 && signo == SIGBUS))))
        {
            siglongjmp(guard->escape, 1);
        }
    }

    /* not ours: as if this handler had never been there */

    previous = &cv_guard_previous[signo == SIGBUS];

    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signo, info, context);
        return;
    }

    (void) sigaction(signo, previous, NULL);

    if (info->si_code <= 0) {
        (void) raise(signo);
    }
}


static void
cv_guard_install(void)
{
    struct sigaction  sa;

    if (cv_guard_installed) {
        return;
    }

    memset(&sa, 0, sizeof(sa));
    sa.sa_sigaction = cv_guard_signal;
    sa.sa_flags = SA_SIGINFO | SA_NODEFER;
    (void) sigemptyset(&sa.sa_mask);

    (void) sigaction(SIGSEGV, &sa, &cv_guard_previous[0]);
    (void) sigaction(SIGBUS, &sa, &cv_guard_previous[1]);

    cv_guard_installed = true;
}


static void
cv_guard_assert(MDB_env *env, const char *message)
{
    (void) env;
    (void) message;

    if (cv_guard_active != NULL) {
        siglongjmp(cv_guard_active->escape, 1);
    }
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
    cv_guard_t  guard;

    cv_guard_install();

    guard.store = store;
    guard.outer = cv_guard_active;

    /* the mask is not saved, which would be a system call: SA_NODEFER has
     * left it alone */

    if (sigsetjmp(guard.escape, 0) != 0) {
        store->in_lmdb = false;
        cv_guard_active = guard.outer;
        return CV_ERR_DAMAGED;
    }

    cv_guard_active = &guard;

    fn(arg);

    cv_guard_active = guard.outer;

    return CV_OK;
}
