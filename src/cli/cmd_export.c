
/*
 * Copyright (C) The credverify authors
 *
 * credverify export
 */

#include "cv_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    cv_out_t   *out;
    int         kind;               /* or -1: all of them */
    cv_out_t    file;
    char        path[PATH_MAX];     /* the file's, links followed */
    char        new[PATH_MAX];      /* what becomes it; "": nothing does */
} cmd_export_t;


/* a reference that leads nowhere would make a line that cannot come back */

static bool
cmd_export_whole(cv_cli_t *cli, cv_kind_t kind, const void *record)
{
    size_t             i;
    const cv_ref_t    *ref;
    const cv_field_t  *field;

    for (i = 0; i < cv_schemas[kind].nfields; i++) {
        field = &cv_schemas[kind].fields[i];

        if (field->type != CV_FIELD_REF) {
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
cmd_export_kind(cv_cli_t *cli, cv_out_t *out, cv_kind_t kind)
{
    int           rc;
    cv_walk_t     walk;
    cv_record_t   record;

    rc = CV_CLI_DONE;

    cv_walk_open(&walk, cli->txn, kind);

    while (rc == CV_CLI_DONE && cv_walk_next(&walk, &record, NULL)) {

        cv_unresolve(cli->txn, kind, &record);

        if (!cmd_export_whole(cli, kind, &record)) {
            rc = CV_CLI_FAILED;
            break;
        }

        cv_line_write(&out->buf, kind, &record);
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
            rc = cmd_export_kind(cli, export->out, (cv_kind_t) i);
        }
    }

    return rc;
}


/*
 * A file is replaced whole or not at all.  What is no file, such as a device
 * or a pipe, is written to.
 */

static int
cmd_export_open(cv_cli_t *cli, cmd_export_t *export, const char *name)
{
    int          n;
    struct stat  st;

    if (realpath(name, export->path) == NULL) {
        (void) snprintf(export->path, sizeof(export->path), "%s", name);
    }

    n = snprintf(export->new, sizeof(export->new), "%s.XXXXXX", export->path);

    if (n < 0 || (size_t) n >= sizeof(export->new)) {
        errno = ENAMETOOLONG;
        n = -1;

    } else if (stat(export->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        export->new[0] = '\0';
        n = open(export->path, O_WRONLY | O_CLOEXEC);

    } else {
        n = mkstemp(export->new);
    }

    if (n == -1) {
        export->new[0] = '\0';
        return cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    cv_out_init(&export->file, n, name);
    export->out = &export->file;

    return CV_CLI_DONE;
}


static int
cmd_export_close(cv_cli_t *cli, cmd_export_t *export, int rc)
{
    cv_out_t  *out;

    out = &export->file;

    if (!cv_out_flush(out)) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(out->failed));
    }

    if (rc == CV_CLI_DONE && export->new[0] != '\0' && fsync(out->fd) != 0) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(errno));
    }

    if (close(out->fd) != 0 && rc == CV_CLI_DONE) {
        rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(errno));
    }

    if (export->new[0] != '\0') {

        if (rc == CV_CLI_DONE && rename(export->new, export->path) != 0) {
            rc = cv_cli_fail(cli, "%s: %s", out->name, strerror(errno));
        }

        if (rc != CV_CLI_DONE) {
            (void) unlink(export->new);
        }
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
