
/*
 * Copyright (C) The credverify authors
 *
 * Files that appear whole or not at all; and those that are read whole.
 *
 * Records of people must not be left behind: until it is complete, a file has
 * no name, so that even a process that is killed leaves nothing.  Where the
 * file system has no such files, signals remove it.
 */

#include "cv_cli.h"
#include "cv_digest.h"
#include "cv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CV_FILE_FD  "/proc/self/fd/%d"

/* What becomes the file, for the signals' handler too: a name, and where. */

static char  cv_file_new[32];
static int   cv_file_at = -1;


void
cv_file_discard(void)
{
    (void) unlinkat(cv_file_at, cv_file_new, 0);
}


/* A signal ends the command as it would have, but for the unfinished file. */

static void
cv_file_signal(int signo)
{
    cv_file_discard();
    (void) raise(signo);
}


static int
cv_file_make(void)
{
    int   fd;
    char  path[64];

    fd = openat(cv_file_at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd != -1) {
        (void) snprintf(path, sizeof(path), CV_FILE_FD, fd);

        if (access(path, F_OK) == 0) {
            return fd;
        }

        (void) close(fd);       /* nor could it be named */
    }

    return openat(cv_file_at, cv_file_new,
                  O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}


/* The place of the file that "path" names, and of what becomes it. */

static int
cv_file_place(cv_file_t *file)
{
    char      digits[2 * 8], *slash;
    uint8_t   random[8];

    if (cv_random(random, sizeof(random)) != CV_OK) {
        errno = EIO;
        return -1;
    }

    cv_hex_encode(digits, cv_str(random, sizeof(random)));
    (void) snprintf(cv_file_new, sizeof(cv_file_new), ".credverify.%.16s",
                    digits);

    slash = strrchr(file->path, '/');
    file->base = slash != NULL ? slash + 1 : file->path;

    if (slash == NULL) {
        cv_file_at = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    } else if (slash == file->path) {
        cv_file_at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    } else {
        *slash = '\0';
        cv_file_at = open(file->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        *slash = '/';
    }

    return cv_file_at;
}


bool
cv_file_open(cv_file_t *file, const char *name, cv_file_mode_t mode)
{
    int          n, rc;
    struct stat  st;

    n = 0;
    memset(file, 0, sizeof(cv_file_t));
    file->fd = -1;
    file->mode = mode;

    if (mode == CV_FILE_UNNAMED) {
        n = snprintf(file->path, sizeof(file->path), "%s/", name);

    } else if (realpath(name, file->path) == NULL) {
        n = snprintf(file->path, sizeof(file->path), "%s", name);
    }

    rc = stat(file->path, &st);

    if (n < 0 || (size_t) n >= sizeof(file->path)) {
        errno = ENAMETOOLONG;

    } else if (rc == 0 && mode == CV_FILE_NEW) {
        errno = EEXIST;

    } else if (rc == 0 && S_ISDIR(st.st_mode) && mode != CV_FILE_UNNAMED) {
        errno = EISDIR;

    } else if (rc == 0 && !S_ISREG(st.st_mode) && mode != CV_FILE_UNNAMED) {

        if (mode == CV_FILE_ANY) {
            file->as_is = true;
            file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
        } else {
            errno = ESPIPE;
        }

    } else if ((rc == 0 || errno == ENOENT) && cv_file_place(file) != -1) {
        cv_cli_catch(cv_file_signal);
        file->fd = cv_file_make();
    }

    if (mode == CV_FILE_UNNAMED && file->fd != -1
        && strlen(file->path) + strlen(cv_file_new) < sizeof(file->path))
    {
        (void) strcat(file->path, cv_file_new);
    }

    return file->fd != -1;
}


bool
cv_file_write(int fd, const uint8_t *p, size_t len, off_t at)
{
    ssize_t  n;

    for ( ; len > 0; p += n, len -= (size_t) n, at += n) {
        n = pwrite(fd, p, len, at);

        if (n == -1 && errno == EINTR) {
            n = 0;
        }

        if (n == -1) {
            return false;
        }
    }

    return true;
}


/* that a name is there lasts from the next sync of its directory on */

static void
cv_file_sync_place(void)
{
    int  fd;

    fd = openat(cv_file_at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd != -1) {
        (void) fsync(fd);
        (void) close(fd);
    }
}


/* The file becomes what it was made for; false with errno. */

static bool
cv_file_name(cv_file_t *file)
{
    char  path[64];

    (void) snprintf(path, sizeof(path), CV_FILE_FD, file->fd);

    if (fsync(file->fd) != 0) {
        return false;
    }

    if (faccessat(cv_file_at, cv_file_new, F_OK, 0) != 0
        && linkat(AT_FDCWD, path, cv_file_at, cv_file_new, AT_SYMLINK_FOLLOW)
           != 0)
    {
        return false;
    }

    /* a link, unlike a rename, takes nobody's place */

    if (file->mode == CV_FILE_NEW) {
        return linkat(cv_file_at, cv_file_new, cv_file_at, file->base, 0) == 0
               && unlinkat(cv_file_at, cv_file_new, 0) == 0;
    }

    return renameat(cv_file_at, cv_file_new, cv_file_at, file->base) == 0;
}


bool
cv_file_close(cv_file_t *file, bool complete)
{
    int  err;

    err = 0;

    if (file->mode == CV_FILE_UNNAMED) {
        complete = false;
    }

    if (complete && !file->as_is && !cv_file_name(file)) {
        err = errno;
        complete = false;
    }

    if (!complete && !file->as_is) {
        cv_file_discard();
    }

    if (close(file->fd) != 0 && err == 0) {
        err = errno;
    }

    if (!file->as_is) {
        cv_file_sync_place();
        (void) close(cv_file_at);
        cv_file_at = -1;
    }

    errno = err;

    return err == 0;
}


int
cv_file_read(cv_cli_t *cli, cv_buf_t *bytes, const char *name)
{
    int       fd, err;
    ssize_t   n;
    uint8_t   piece[16384];

    fd = strcmp(name, "-") == 0 ? STDIN_FILENO
                                : open(name, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    do {
        n = read(fd, piece, sizeof(piece));

        if (n > 0) {
            cv_buf_append(bytes, piece, (size_t) n);
        }

    } while ((n > 0 && !cv_buf_failed(bytes)) || (n == -1 && errno == EINTR));

    err = errno;

    if (fd != STDIN_FILENO) {
        (void) close(fd);
    }

    if (n == -1) {
        return cv_cli_fail(cli, "%s: %s", name, strerror(err));
    }

    if (!cv_buf_failed(bytes)) {
        return CV_CLI_DONE;
    }

    /* how much more it has was not read */

    return bytes->err == CV_ERR_LIMIT
           ? cv_cli_fail(cli, "%s: it has more than %zu bytes", name,
                         bytes->limit)
           : cv_cli_fail(cli, "%s: out of memory", name);
}
