
/*
 * Copyright (C) The credverify authors
 *
 * credverify backup
 */

#include "cmd_backup.h"
#include "cv_tar.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CMD_BACKUP_PIECE    ((size_t) 1 << 16)

/* the first format of a store that has counters */
#define CMD_BACKUP_COUNTED  3

/* where archives for a pipe are made, unless TMPDIR says otherwise */
#define CMD_BACKUP_TMP      "/var/tmp"

typedef struct {
    const char  *name;
    bool         stream;        /* it goes to standard output */
    cv_file_t    file;
    off_t        header;        /* where that of the current file will be */
    off_t        end;           /* of the archive, as far as it is written */
} cmd_backup_t;


/* A file is written behind the place of its header. */

static bool
cmd_backup_begin(cmd_backup_t *backup)
{
    backup->header = backup->end;

    return lseek(backup->file.fd, backup->header + CV_TAR_BLOCK, SEEK_SET)
           != -1;
}


/* The header is written last: only then is the size known. */

static bool
cmd_backup_end(cmd_backup_t *backup, const char *name)
{
    int       fd;
    off_t     end;
    size_t    rest;
    uint8_t   block[CV_TAR_BLOCK];
    uint64_t  size;

    fd = backup->file.fd;
    end = lseek(fd, 0, SEEK_CUR);

    if (end == -1) {
        return false;
    }

    size = (uint64_t) (end - backup->header) - CV_TAR_BLOCK;
    rest = cv_tar_padding(size);
    backup->end = end + (off_t) rest;

    memset(block, 0, sizeof(block));

    if (!cv_file_write(fd, block, rest, end)) {
        return false;
    }

    cv_tar_header(block, cv_str_z(name), size, cv_time_now());

    return cv_file_write(fd, block, sizeof(block), backup->header);
}


static bool
cmd_backup_close(cmd_backup_t *backup)
{
    uint8_t  zeros[2 * CV_TAR_BLOCK];

    memset(zeros, 0, sizeof(zeros));
    backup->end += (off_t) sizeof(zeros);

    return cv_file_write(backup->file.fd, zeros, sizeof(zeros),
                            backup->end - (off_t) sizeof(zeros));
}


static cv_err_t
cmd_backup_counters(cv_cli_t *cli, cmd_backup_t *backup, cv_error_t *error)
{
    cv_err_t     err;
    cv_meter_t  *meter;

    err = cv_counters_open_to_look(&meter, cli->store, error);

    if (err == CV_OK) {
        err = cv_meter_copy(meter, backup->file.fd, backup->name, error);
        cv_meter_close(meter);
    }

    return err;
}


static int
cmd_backup_body(cv_cli_t *cli)
{
    bool           written;
    cv_err_t       err;
    cv_error_t     error;
    cmd_backup_t  *backup;

    backup = cli->data;
    err = CV_OK;

    written = cmd_backup_begin(backup);

    if (written) {
        cv_watch_start("bytes", NULL, backup->file.fd);
        err = cv_store_copy(cli->store, backup->file.fd, backup->name, &error);
        cv_watch_stop();

        written = err == CV_OK && cmd_backup_end(backup, CMD_BACKUP_DATA);
    }

    if (written && cv_store_format(cli->store) >= CMD_BACKUP_COUNTED) {
        written = cmd_backup_begin(backup);
        err = written ? cmd_backup_counters(cli, backup, &error) : CV_OK;
        written = err == CV_OK && written
                  && cmd_backup_end(backup, CMD_BACKUP_COUNTERS);
    }

    if (err != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    return written && cmd_backup_close(backup)
           ? CV_CLI_DONE
           : cv_cli_fail(cli, "%s: %s", backup->name, strerror(errno));
}


/* An archive for standard output is complete before any of it is put out. */

static int
cmd_backup_put(cv_cli_t *cli)
{
    off_t          at;
    ssize_t        n;
    uint8_t       *chunk;
    cmd_backup_t  *backup;

    backup = cli->data;

    chunk = malloc(CMD_BACKUP_PIECE);
    if (chunk == NULL) {
        return cv_cli_fail(cli, "out of memory");
    }

    for (at = 0; at < backup->end; at += n) {
        n = pread(backup->file.fd, chunk, CMD_BACKUP_PIECE, at);

        if (n == -1 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n <= 0) {
            free(chunk);
            return cv_cli_fail(cli, "%s: %s", backup->file.path,
                               n == 0 ? "cut short" : strerror(errno));
        }

        cv_buf_append(&cli->out.buf, chunk, (size_t) n);

        if (!cv_out_more(&cli->out)) {
            break;              /* main() says so */
        }
    }

    free(chunk);

    return CV_CLI_DONE;
}


static int
cmd_backup_open(cv_cli_t *cli, cmd_backup_t *backup)
{
    const char      *where;
    cv_file_mode_t   mode;

    where = backup->name;
    mode = cv_option(cli, "force") != NULL ? CV_FILE_REGULAR : CV_FILE_NEW;

    if (backup->stream) {

        if (isatty(STDOUT_FILENO)) {
            return cv_cli_fail(cli, "standard output is a terminal; name a "
                               "file, or write to a pipe");
        }

        where = getenv("TMPDIR");
        where = where != NULL && *where != '\0' ? where : CMD_BACKUP_TMP;
        mode = CV_FILE_UNNAMED;
    }

    if (cv_file_open(&backup->file, where, mode)) {
        return CV_CLI_DONE;
    }

    return errno == EEXIST
           ? cv_cli_fail(cli, "%s: is there already; --force replaces it",
                         where)
           : cv_cli_fail(cli, "%s: %s", where,
                         errno == ESPIPE ? "not a regular file"
                                         : strerror(errno));
}


int
cmd_backup(cv_cli_t *cli)
{
    int           rc;
    cv_error_t    error;
    cmd_backup_t  backup;

    memset(&backup, 0, sizeof(cmd_backup_t));
    backup.name = cli->arguments[0];
    backup.stream = strcmp(backup.name, "-") == 0;

    if (cmd_backup_open(cli, &backup) != CV_CLI_DONE) {
        return CV_CLI_FAILED;
    }

    cli->data = &backup;

    /* whoever upgrades a store copies it first */

    rc = cv_store_open_any(&cli->store, cli->store_dir, &error) == CV_OK
         ? cv_cli_with_open(cli, cmd_backup_body)
         : cv_cli_fail(cli, "%s", error.text);

    if (rc == CV_CLI_DONE && cv_option(cli, "no-check") == NULL) {
        rc = cmd_restore_try(cli, backup.name, backup.file.fd,
                             backup.file.path);
    }

    if (rc == CV_CLI_DONE && backup.stream) {
        rc = cmd_backup_put(cli);
    }

    if (!cv_file_close(&backup.file, rc == CV_CLI_DONE) && rc == CV_CLI_DONE) {
        rc = cv_cli_fail(cli, "%s: %s", backup.name, strerror(errno));
    }

    if (rc == CV_CLI_DONE && !backup.stream) {
        cli->after = "; the backup was made";

        cv_answer_open(cli);
        cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
        cv_answer_text(cli, "backup", cv_str_z(backup.name));
        cv_answer_number(cli, "bytes", (uint64_t) backup.end);
        cv_answer_close(cli);
    }

    return rc;
}
