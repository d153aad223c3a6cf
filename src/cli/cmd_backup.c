
/*
 * Copyright (C) The credverify authors
 *
 * credverify backup, credverify restore
 *
 * A backup is a tar archive: "store/data.mdb" is LMDB's copy of the store,
 * "store/counters" a later one of its counters, so that every key of the copy
 * has its counts; unpacking it yields a store, too.
 */

#include "cv_cli.h"
#include "cv_counters.h"
#include "cv_restore.h"
#include "cv_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define CMD_BACKUP_DATA      "store/" CV_DATA_FILE
#define CMD_BACKUP_COUNTERS  "store/" CV_METER_FILE
#define CMD_BACKUP_CHUNK     ((size_t) 1 << 20)

/* the first format of a store that has counters */
#define CMD_BACKUP_COUNTED   3

#define CMD_RESTORE_FOREIGN  "not a backup of a store"
#define CMD_RESTORE_CUT      "the backup is cut short; nothing was restored"

typedef struct {
    const char  *name;
    cv_file_t    file;
    off_t        header;        /* where that of the current file will be */
    off_t        end;           /* of the archive, as far as it is written */
} cmd_backup_t;

typedef struct {
    const char          *name;      /* of the backup */
    int                  fd;
    uint8_t             *chunk;
    bool                 check;
    bool                 counters;  /* are in it */
    cv_tar_entry_t       entry;     /* the file that comes next in it */
    size_t               map_size;  /* 0: that of the backup */
    cv_store_options_t   options;
    cv_store_stat_t      stat;      /* of what is in it */
    cv_upgrade_t         upgrade;   /* which it needed */
    int                  rc;
    cv_err_t             err;
    cv_error_t           error;
} cmd_restore_t;

/* for the signals' handler too */
static cv_restore_t  cmd_restore_state;


/* Backup */

static bool
cmd_backup_write(int fd, const uint8_t *p, size_t len, off_t at)
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

    if (!cmd_backup_write(fd, block, rest, end)) {
        return false;
    }

    cv_tar_header(block, cv_str_z(name), size, cv_time_now());

    return cmd_backup_write(fd, block, sizeof(block), backup->header);
}


static bool
cmd_backup_close(cmd_backup_t *backup)
{
    uint8_t  zeros[2 * CV_TAR_BLOCK];

    memset(zeros, 0, sizeof(zeros));
    backup->end += (off_t) sizeof(zeros);

    return cmd_backup_write(backup->file.fd, zeros, sizeof(zeros),
                            backup->end - (off_t) sizeof(zeros));
}


static cv_err_t
cmd_backup_counters(cv_cli_t *cli, cmd_backup_t *backup, cv_error_t *error)
{
    cv_err_t     err;
    cv_meter_t  *meter;

    err = cv_counters_open(&meter, cli->store, error);

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


int
cmd_backup(cv_cli_t *cli)
{
    int             rc;
    cv_error_t      error;
    cmd_backup_t    backup;
    cv_file_mode_t  mode;

    memset(&backup, 0, sizeof(cmd_backup_t));
    backup.name = cli->arguments[0];

    mode = cv_option(cli, "force") != NULL ? CV_FILE_REGULAR : CV_FILE_NEW;

    if (!cv_file_open(&backup.file, backup.name, mode)) {
        return errno == EEXIST
               ? cv_cli_fail(cli, "%s: is there already; --force replaces it",
                             backup.name)
               : cv_cli_fail(cli, "%s: %s", backup.name,
                             errno == ESPIPE ? "not a regular file"
                                             : strerror(errno));
    }

    cli->data = &backup;

    /* whoever upgrades a store copies it first */

    rc = cv_store_open_any(&cli->store, cli->store_dir, &error) == CV_OK
         ? cv_cli_with_open(cli, cmd_backup_body)
         : cv_cli_fail(cli, "%s", error.text);

    if (!cv_file_close(&backup.file, rc == CV_CLI_DONE) && rc == CV_CLI_DONE) {
        rc = cv_cli_fail(cli, "%s: %s", backup.name, strerror(errno));
    }

    if (rc == CV_CLI_DONE) {
        cli->after = "; the backup was made";

        cv_answer_open(cli);
        cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
        cv_answer_text(cli, "backup", cv_str_z(backup.name));
        cv_answer_number(cli, "bytes", (uint64_t) backup.end);
        cv_answer_close(cli);
    }

    return rc;
}


/* Restore */

static void
cmd_restore_signal(int signo)
{
    cv_restore_discard(&cmd_restore_state);
    (void) raise(signo);
}


/* Reads exactly so much; false after it complained, of an end with "cut". */

static bool
cmd_restore_read(cv_cli_t *cli, size_t len, const char *cut)
{
    size_t          done;
    ssize_t         n;
    cmd_restore_t  *restore;

    restore = cli->data;

    for (done = 0; done < len; done += (size_t) n) {
        n = read(restore->fd, restore->chunk + done, len - done);

        if (n == -1 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n <= 0) {
            (void) cv_cli_fail(cli, "%s: %s", restore->name,
                               n == 0 ? cut : strerror(errno));
            return false;
        }
    }

    return true;
}


/* The next file of the archive; one without a name at its end. */

static bool
cmd_restore_entry(cv_cli_t *cli, const char *cut)
{
    cmd_restore_t   *restore;
    cv_tar_entry_t  *entry;

    restore = cli->data;
    entry = &restore->entry;

    do {
        if (!cmd_restore_read(cli, CV_TAR_BLOCK, cut)) {
            return false;
        }

        if (cv_tar_ends(restore->chunk)) {
            entry->name = CV_ABSENT;
            return true;
        }

        if (!cv_tar_read(entry, restore->chunk)
            || entry->type == CV_TAR_OTHER)
        {
            (void) cv_cli_fail(cli, "%s: %s", restore->name,
                               CMD_RESTORE_FOREIGN);
            return false;
        }

    } while (entry->type == CV_TAR_DIRECTORY && entry->size == 0);

    return true;
}


static int
cmd_restore_open(cv_cli_t *cli)
{
    cmd_restore_t  *restore;

    restore = cli->data;

    if (!cmd_restore_entry(cli, CMD_RESTORE_FOREIGN)) {
        return CV_CLI_FAILED;
    }

    return cv_str_eq(restore->entry.name, CV_STR(CMD_BACKUP_DATA))
           || cv_str_eq(restore->entry.name, CV_STR(CMD_BACKUP_COUNTERS))
           ? CV_CLI_DONE
           : cv_cli_fail(cli, "%s: %s", restore->name, CMD_RESTORE_FOREIGN);
}


/* Writes the file that comes next, and goes on to the one after it. */

static int
cmd_restore_copy(cv_cli_t *cli, int fd, const char *path)
{
    size_t           n;
    uint64_t         at, size;
    cmd_restore_t   *restore;

    restore = cli->data;
    size = restore->entry.size;

    for (at = 0; at < size; at += n) {
        n = size - at < CMD_BACKUP_CHUNK ? (size_t) (size - at)
                                         : CMD_BACKUP_CHUNK;

        if (!cmd_restore_read(cli, n, CMD_RESTORE_CUT)) {
            return CV_CLI_FAILED;
        }

        if (!cmd_backup_write(fd, restore->chunk, n, (off_t) at)) {
            return cv_cli_fail(cli, "%s: %s", path, strerror(errno));
        }
    }

    return cmd_restore_read(cli, cv_tar_padding(size), CMD_RESTORE_CUT)
           && cmd_restore_entry(cli, CMD_RESTORE_CUT)
           ? CV_CLI_DONE : CV_CLI_FAILED;
}


/* Both files, in either order: whoever packs a store anew need not know. */

static int
cmd_restore_files(cv_cli_t *cli)
{
    int             rc;
    bool            data;
    cmd_restore_t  *restore;

    restore = cli->data;
    data = false;
    rc = CV_CLI_DONE;

    while (rc == CV_CLI_DONE && cv_present(restore->entry.name)) {

        if (cv_str_eq(restore->entry.name, CV_STR(CMD_BACKUP_DATA)) && !data) {
            data = true;
            rc = cmd_restore_copy(cli, cmd_restore_state.fd,
                                  cmd_restore_state.data);

        } else if (cv_str_eq(restore->entry.name, CV_STR(CMD_BACKUP_COUNTERS))
                   && !restore->counters)
        {
            restore->counters = true;
            rc = cv_restore_beside(&cmd_restore_state, &restore->error)
                 == CV_OK
                 ? cmd_restore_copy(cli, cmd_restore_state.other_fd,
                                    cmd_restore_state.other)
                 : cv_cli_fail(cli, "%s", restore->error.text);

        } else {
            /* half of what somebody saved is not what they want */
            rc = cv_cli_fail(cli, "%s: has \"%.*s\", too; it needs another "
                             "version of credverify", restore->name,
                             CV_FMT(restore->entry.name));
        }
    }

    return rc != CV_CLI_DONE || data
           ? rc : cv_cli_fail(cli, "%s: %s", restore->name,
                              CMD_RESTORE_FOREIGN);
}


static int
cmd_restore_check(cv_cli_t *cli)
{
    uint64_t        problems, records;
    cmd_restore_t  *restore;

    restore = cli->data;
    problems = restore->check ? cv_cli_check(cli, &records) : 0;

    if (problems > 0) {
        return cv_cli_fail(cli, "%s: problems: %" PRIu64 "; nothing was "
                           "restored", restore->name, problems);
    }

    if (cv_store_stat(cli->txn, &restore->stat) == CV_OK
        && restore->map_size > 0
        && restore->map_size < restore->stat.map_size)
    {
        return cv_cli_fail(cli, "--map-size: the backup's is %zu bytes, and "
                           "cannot be made smaller", restore->stat.map_size);
    }

    return CV_CLI_DONE;
}


/* A backup of a store that had none gets counters, whoever else has them. */

static cv_err_t
cmd_restore_counters(cv_cli_t *cli)
{
    cv_err_t        err;
    uint64_t        given;
    cv_txn_t       *txn;
    cv_meter_t     *meter;
    cmd_restore_t  *restore;

    restore = cli->data;

    if (restore->counters) {
        err = cv_counters_open(&meter, cli->store, &restore->error);

        if (err == CV_OK) {
            cv_meter_close(meter);

        } else if (err == CV_ERR_DAMAGED) {
            restore->rc = cv_cli_fail(cli, "%s: the counters in it are "
                                      "damaged, or another store's; nothing "
                                      "was restored", restore->name);
            err = CV_OK;
        }

        return err;
    }

    err = cv_txn_begin(&txn, cli->store, &restore->error);

    if (err == CV_OK) {
        err = cv_counters_mend(txn, &given, &restore->error);
        cv_txn_abort(txn);
    }

    return err;
}


static void
cmd_restore_guarded(void *arg)
{
    cv_cli_t       *cli = arg;
    cmd_restore_t  *restore;

    restore = cli->data;
    restore->rc = CV_CLI_DONE;

    restore->err = cmd_restore_counters(cli);

    if (restore->err != CV_OK || restore->rc != CV_CLI_DONE) {
        return;
    }

    restore->err = cv_snapshot_open(&cli->txn, cli->store, &restore->error);

    if (restore->err == CV_OK) {
        if (cv_snapshot_renew(cli->txn) == CV_OK) {
            restore->rc = cmd_restore_check(cli);
        }

        restore->err = cv_txn_err(cli->txn, &restore->error);

        cv_snapshot_close(cli->txn);
        cli->txn = NULL;
    }

    if (restore->err == CV_OK && restore->rc == CV_CLI_DONE
        && restore->map_size > restore->stat.map_size)
    {
        restore->err = cv_store_enlarge(cli->store, restore->map_size,
                                        &restore->error);
        restore->stat.map_size = restore->map_size;
    }
}


/* What is wrong with the store that was made is wrong with the backup. */

static int
cmd_restore_wrong(cv_cli_t *cli)
{
    size_t          len;
    const char     *text;
    cmd_restore_t  *restore;

    restore = cli->data;
    text = restore->error.text;

    if (restore->err == CV_ERR_DAMAGED) {
        return cv_cli_fail(cli, "%s: what is in it is no store, or damaged; "
                           "nothing was restored", restore->name);
    }

    len = strlen(cmd_restore_state.new);

    if (strncmp(text, cmd_restore_state.new, len) == 0
        && strncmp(text + len, ": ", 2) == 0)
    {
        return cv_cli_fail(cli, "%s%s", restore->name, text + len);
    }

    return cv_cli_fail(cli, "%s: %s", restore->name, text);
}


/* The store that was made must be one before it takes a place. */

static int
cmd_restore_verify(cv_cli_t *cli)
{
    cv_err_t        err;
    cmd_restore_t  *restore;

    restore = cli->data;

    restore->err = cv_restore_written(&cmd_restore_state, &restore->error);

    if (restore->err == CV_OK) {
        restore->err = cv_store_upgrade(cmd_restore_state.new,
                                        &restore->upgrade, &restore->error);
    }

    if (restore->err == CV_OK) {
        restore->err = cv_store_open(&cli->store, cmd_restore_state.new, true,
                                     &restore->error);
    }

    if (restore->err != CV_OK) {
        return cmd_restore_wrong(cli);
    }

    err = cv_store_guard(cli->store, cmd_restore_guarded, cli);

    if (err != CV_OK) {
        /* what was going on is left as it is: only exit can come now */
        restore->err = err;
        return cmd_restore_wrong(cli);
    }

    cv_store_close(cli->store);
    cli->store = NULL;

    return restore->err == CV_OK ? restore->rc : cmd_restore_wrong(cli);
}


static int
cmd_restore_place(cv_cli_t *cli)
{
    cmd_restore_t  *restore;

    restore = cli->data;

    if (!cmd_restore_state.replaces) {
        cv_owner_default(cli, &restore->options);
    }

    if (cv_restore_swap(&cmd_restore_state, &restore->options,
                        &restore->error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", restore->error.text);
    }

    cli->after = "; the store was restored";

    return CV_CLI_DONE;
}


static void
cmd_restore_answer(cv_cli_t *cli)
{
    cv_str_t        kept, done;
    cmd_restore_t  *restore;

    restore = cli->data;

    done = restore->upgrade.done.len > 0 ? cv_buf_str(&restore->upgrade.done)
                                         : CV_ABSENT;
    kept = *cmd_restore_state.kept != '\0' ? cv_str_z(cmd_restore_state.kept)
                                           : CV_ABSENT;

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cmd_restore_state.dir));
    cv_answer_text(cli, "kept", kept);
    cv_answer_text(cli, "upgraded", done);
    cv_answer_stat(cli, &restore->stat);
    cv_answer_close(cli);
}


static int
cmd_restore_run(cv_cli_t *cli)
{
    int             rc;
    cmd_restore_t  *restore;

    restore = cli->data;

    rc = cmd_restore_open(cli);

    if (rc == CV_CLI_DONE) {
        rc = cv_cli_parents(cli);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cv_cli_catch(cmd_restore_signal);

    if (cv_restore_begin(&cmd_restore_state, cli->store_dir,
                         cv_option(cli, "replace") != NULL, CV_METER_FILE,
                         &restore->error)
        != CV_OK)
    {
        rc = cv_cli_fail(cli, "%s", restore->error.text);
    }

    if (rc == CV_CLI_DONE) {
        cv_watch_start("bytes", NULL, cmd_restore_state.fd);
        rc = cmd_restore_files(cli);
        cv_watch_stop();
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_restore_verify(cli);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_restore_place(cli);
    }

    cv_restore_end(&cmd_restore_state);

    if (rc == CV_CLI_DONE) {
        cmd_restore_answer(cli);
    }

    return rc;
}


int
cmd_restore(cv_cli_t *cli)
{
    int            rc;
    cmd_restore_t  restore;

    memset(&restore, 0, sizeof(cmd_restore_t));
    restore.name = cli->arguments[0];
    restore.check = cv_option(cli, "no-check") == NULL;
    restore.options.owner = (unsigned) -1;
    restore.options.group = (unsigned) -1;

    rc = cv_option_owner(cli, &restore.options);

    if (rc == CV_CLI_DONE) {
        rc = cv_option_size(cli, "map-size", &restore.map_size);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cv_buf_init(&restore.upgrade.done, CV_RECORD_MAX);

    restore.fd = strcmp(restore.name, "-") == 0
                 ? STDIN_FILENO : open(restore.name, O_RDONLY | O_CLOEXEC);

    if (restore.fd == -1) {
        return cv_cli_fail(cli, "%s: %s", restore.name, strerror(errno));
    }

    restore.chunk = malloc(CMD_BACKUP_CHUNK);

    if (restore.chunk == NULL) {
        rc = cv_cli_fail(cli, "out of memory");

    } else {
        cli->data = &restore;
        rc = cmd_restore_run(cli);
    }

    cv_buf_free(&restore.upgrade.done);
    free(restore.chunk);

    if (restore.fd != STDIN_FILENO) {
        (void) close(restore.fd);
    }

    return rc;
}
