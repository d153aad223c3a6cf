
/*
 * Copyright (C) The credverify authors
 *
 * credverify export
 */

#include "cv_cli.h"

#include <errno.h>

typedef struct {
    cv_out_t   *out;
    int         kind;               /* or -1: all of them */
    bool        secrets;
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
        if (cv_kind_durable(i) && (export->kind == -1 || export->kind == i)) {
            rc = cmd_export_kind(cli, export, (cv_kind_t) i);
        }
    }

    return rc;
}


static int
cmd_export_file(cv_cli_t *cli, cmd_export_t *export, const char *name)
{
    int        rc;
    cv_out_t   out;
    cv_file_t  file;

    if (!cv_file_open(&file, name, CV_FILE_ANY)) {
        return cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    cv_out_init(&out, file.fd, name);
    export->out = &out;

    cv_watch_start("bytes", NULL, file.fd);
    rc = cv_cli_read(cli, cmd_export_body);
    cv_watch_stop();

    if (!cv_out_flush(&out)) {
        rc = cv_cli_fail(cli, "%s: %s", name, strerror(out.failed));
    }

    if (!cv_file_close(&file, rc == CV_CLI_DONE) && rc == CV_CLI_DONE) {
        rc = cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    cv_out_free(&out);

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
        if (cv_kind_durable(i) && strcmp(kind, cv_schemas[i].name) == 0) {
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

    return cmd_export_file(cli, &export, name);
}
