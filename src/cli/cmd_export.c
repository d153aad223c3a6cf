
/*
 * Copyright (C) The credverify authors
 *
 * credverify export
 */

#include "cv_cli.h"
#include "cv_digest.h"
#include "cv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    cv_out_t   *out;
    int         kind;               /* or -1: all of them */
    bool        secrets;
    cv_out_t    file;
    bool        replaces;           /* else it is written to */
    char        path[PATH_MAX];     /* the file's, links followed */
    const char *base;               /* in the directory of both */
} cmd_export_t;

#define CMD_EXPORT_FD  "/proc/self/fd/%d"

/* What becomes the file, for the signals' handler too: a name, and where. */

static char  cmd_export_new[32];
static int   cmd_export_at = -1;


/* a reference that leads nowhere would make a line that cannot come back */

static bool
cmd_export_whole(cv_cli_t *cli, cv_kind_t kind, const void *record)
{
    size_t             i;
    const cv_ref_t    *ref;
    const cv_field_t  *field;

    for (i = 0; i < cv_schemas[kind].nfields; i++) {
        field = &cv_schemas[kind].fields[i];

        if (field->type != CV_FIELD_REF || !cv_field_present(record, field)) {
            continue;
        }

        ref = (const cv_ref_t *) (const void *) ((const uint8_t *) record
                                                 + field->offset);

        if (!cv_present(ref->id) && cv_txn_err(cli->txn, NULL) == CV_OK) {
            (void) cv_cli_fail(cli, "%s: a %s refers to no %s; run "
                               "\"credverify check\"", cli->store_dir,
                               cv_schemas[kind].name,
                               cv_schemas[field->ref].name);
        }

        if (!cv_present(ref->id)) {
            return false;
        }
    }

    return true;
}


static int
cmd_export_kind(cv_cli_t *cli, cmd_export_t *export, cv_kind_t kind)
{
    int           rc;
    cv_out_t     *out;
    cv_walk_t     walk;
    cv_record_t   record;

    out = export->out;
    rc = CV_CLI_DONE;

    cv_walk_open(&walk, cli->txn, kind);

    while (rc == CV_CLI_DONE && cv_walk_next(&walk, &record, NULL)) {

        cv_unresolve(cli->txn, kind, &record);

        if (!cmd_export_whole(cli, kind, &record)) {
            rc = CV_CLI_FAILED;
            break;
        }

        cv_line_write(&out->buf, kind, &record, export->secrets);
        cv_buf_append_byte(&out->buf, '\n');

        if (!cv_out_more(out)) {
            rc = CV_CLI_FAILED;
        }
    }

    cv_walk_close(&walk);

    return rc;
}


static int
cmd_export_body(cv_cli_t *cli)
{
    int            i, rc;
    cmd_export_t  *export;

    export = cli->data;
    rc = CV_CLI_DONE;

    for (i = 0; i < CV_KINDS && rc == CV_CLI_DONE; i++) {
        if (export->kind == -1 || export->kind == i) {
            rc = cmd_export_kind(cli, export, (cv_kind_t) i);
        }
    }

    return rc;
}


/*
 * A signal ends the command as it would have, but for a file that has got a
 * name and is not yet what it is to be.
 */

static void
cmd_export_signal(int signo)
{
    (void) unlinkat(cmd_export_at, cmd_export_new, 0);
    (void) raise(signo);
}


/*
 * Records of people must not be left behind: until it is complete, the file
 * has no name, so that even a process that is killed leaves nothing.  Where
 * the file system has no such files, signals remove it.
 */

static int
cmd_export_new_file(void)
{
    int   fd;
    char  path[64];

    fd = openat(cmd_export_at, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd != -1) {
        (void) snprintf(path, sizeof(path), CMD_EXPORT_FD, fd);

        if (access(path, F_OK) == 0) {
            return fd;
        }

        (void) close(fd);       /* nor could it be named */
    }

    return openat(cmd_export_at, cmd_export_new,
                  O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
}


/* The place of the file that "path" names, and of what becomes it. */

static int
cmd_export_place(cmd_export_t *export)
{
    char      digits[2 * 8], *slash;
    uint8_t   random[8];

    if (cv_random(random, sizeof(random)) != CV_OK) {
        errno = EIO;
        return -1;
    }

    cv_hex_encode(digits, cv_str(random, sizeof(random)));
    (void) snprintf(cmd_export_new, sizeof(cmd_export_new),
                    ".credverify.%.16s", digits);

    slash = strrchr(export->path, '/');
    export->base = slash != NULL ? slash + 1 : export->path;

    if (slash == NULL) {
        cmd_export_at = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    } else if (slash == export->path) {
        cmd_export_at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    } else {
        *slash = '\0';
        cmd_export_at = open(export->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        *slash = '/';
    }

    return cmd_export_at;
}


/*
 * A file is replaced whole or not at all.  What is no file, such as a device
 * or a pipe, is written to.
 */

static int
cmd_export_open(cv_cli_t *cli, cmd_export_t *export, const char *name)
{
    int          n, fd, rc;
    struct stat  st;

    n = 0;

    if (realpath(name, export->path) == NULL) {
        n = snprintf(export->path, sizeof(export->path), "%s", name);
    }

    fd = -1;
    rc = stat(export->path, &st);

    if (n < 0 || (size_t) n >= sizeof(export->path)) {
        errno = ENAMETOOLONG;

    } else if (rc == 0 && !S_ISREG(st.st_mode)) {
        fd = open(export->path, O_WRONLY | O_CLOEXEC);

    } else if ((rc == 0 || errno == ENOENT)
               && cmd_export_place(export) != -1)
    {
        cv_cli_catch(cmd_export_signal);
        export->replaces = true;
        fd = cmd_export_new_file();
    }

    if (fd == -1) {
        return cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    cv_out_init(&export->file, fd, name);
    export->out = &export->file;

    return CV_CLI_DONE;
}


/* The file becomes what it was made for; false with errno. */

static bool
cmd_export_replace(cmd_export_t *export)
{
    int   fd;
    char  path[64];

    fd = export->file.fd;
    (void) snprintf(path, sizeof(path), CMD_EXPORT_FD, fd);

    if (fsync(fd) != 0) {
        return false;
    }

    if (faccessat(cmd_export_at, cmd_export_new, F_OK, 0) != 0
        && linkat(AT_FDCWD, path, cmd_export_at, cmd_export_new,
                  AT_SYMLINK_FOLLOW) != 0)
    {
        return false;
    }

    return renameat(cmd_export_at, cmd_export_new, cmd_export_at,
                    export->base) == 0;
}


static int
cmd_export_close(cv_cli_t *cli, cmd_export_t *export, int rc)
{
    cv_out_t  *out;

    out = &export->file;

    if (!cv_out_flush(out)) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(out->failed));
    }

    if (rc == CV_CLI_DONE && export->replaces && !cmd_export_replace(export)) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(errno));
    }

    if (rc != CV_CLI_DONE && export->replaces) {
        (void) unlinkat(cmd_export_at, cmd_export_new, 0);
    }

    if (close(out->fd) != 0 && rc == CV_CLI_DONE) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(errno));
    }

    if (export->replaces) {
        (void) close(cmd_export_at);
    }

    cv_out_free(out);

    return rc;
}


static int
cmd_export_select(cv_cli_t *cli, cmd_export_t *export)
{
    int          i;
    const char  *kind;

    kind = cv_option(cli, "kind");
    export->kind = -1;
    export->secrets = cv_option(cli, "secrets") != NULL;

    if (kind == NULL) {
        return CV_CLI_DONE;
    }

    for (i = 0; i < CV_KINDS; i++) {
        if (strcmp(kind, cv_schemas[i].name) == 0) {
            export->kind = i;
            return CV_CLI_DONE;
        }
    }

    return cv_cli_misuse(cli, "--kind: unknown kind \"%s\"", kind);
}


int
cmd_export(cv_cli_t *cli)
{
    int            rc;
    const char    *name;
    cmd_export_t   export;

    memset(&export, 0, sizeof(export));

    name = cli->arguments[0];

    rc = cmd_export_select(cli, &export);
    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cli->data = &export;
    export.out = &cli->out;

    if (name == NULL || strcmp(name, "-") == 0) {
        return cv_cli_read(cli, cmd_export_body);
    }

    rc = cmd_export_open(cli, &export, name);

    if (rc == CV_CLI_DONE) {
        rc = cv_cli_read(cli, cmd_export_body);
        rc = cmd_export_close(cli, &export, rc);
    }

    return rc;
}
