
/*
 * Copyright (C) The credverify authors
 *
 * credverify backup, credverify restore
 *
 * A backup is a tar archive: "store/data.mdb" is LMDB's copy of the store, so
 * that unpacking it yields a store, too.
 */

#include "cv_cli.h"
#include "cv_restore.h"
#include "cv_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define CMD_BACKUP_DATA   "store/data.mdb"
#define CMD_BACKUP_CHUNK  ((size_t) 1 << 20)

/* two blocks of zeros end an archive, after what fills the last one */
#define CMD_BACKUP_END    (3 * CV_TAR_BLOCK)

#define CMD_RESTORE_FOREIGN  "not a backup of a store"
#define CMD_RESTORE_CUT      "the backup is cut short; nothing was restored"

typedef struct {
    const char  *name;
    cv_file_t    file;
    uint64_t     bytes;
} cmd_backup_t;

typedef struct {
    const char          *name;      /* of the backup */
    int                  fd;
    uint8_t             *chunk;
    bool                 check;
    uint64_t             size;      /* of the data file in it */
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


/* The header is written last: only then is the size known. */

static bool
cmd_backup_archive(cmd_backup_t *backup, off_t end)
{
    int       fd;
    size_t    rest;
    uint8_t   header[CV_TAR_BLOCK], zeros[CMD_BACKUP_END];
    uint64_t  size;

    fd = backup->file.fd;
    size = (uint64_t) end - CV_TAR_BLOCK;
    rest = cv_tar_padding(size) + 2 * CV_TAR_BLOCK;

    memset(zeros, 0, sizeof(zeros));
    cv_tar_header(header, CV_STR(CMD_BACKUP_DATA), size, cv_time_now());

    backup->bytes = (uint64_t) end + rest;

    return cmd_backup_write(fd, zeros, rest, end)
           && cmd_backup_write(fd, header, sizeof(header), 0);
}


static int
cmd_backup_body(cv_cli_t *cli)
{
    off_t          end;
    cv_error_t     error;
    cmd_backup_t  *backup;

    backup = cli->data;

    if (lseek(backup->file.fd, CV_TAR_BLOCK, SEEK_SET) == -1) {
        return cv_cli_fail(cli, "%s: %s", backup->name, strerror(errno));
    }

    if (cv_store_copy(cli->store, backup->file.fd, backup->name, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    end = lseek(backup->file.fd, 0, SEEK_CUR);

    if (end == -1 || !cmd_backup_archive(backup, end)) {
        return cv_cli_fail(cli, "%s: %s", backup->name, strerror(errno));
    }

    return CV_CLI_DONE;
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
        cv_answer_number(cli, "bytes", backup.bytes);
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
cmd_restore_entry(cv_cli_t *cli, cv_tar_entry_t *entry, const char *cut)
{
    cmd_restore_t  *restore;

    restore = cli->data;

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
    cv_tar_entry_t   entry;
    cmd_restore_t   *restore;

    restore = cli->data;

    if (!cmd_restore_entry(cli, &entry, CMD_RESTORE_FOREIGN)) {
        return CV_CLI_FAILED;
    }

    if (!cv_str_eq(entry.name, CV_STR(CMD_BACKUP_DATA))) {
        return cv_cli_fail(cli, "%s: %s", restore->name, CMD_RESTORE_FOREIGN);
    }

    restore->size = entry.size;

    return CV_CLI_DONE;
}


static int
cmd_restore_copy(cv_cli_t *cli)
{
    size_t           n;
    uint64_t         at;
    cv_tar_entry_t   end;
    cmd_restore_t   *restore;

    restore = cli->data;

    for (at = 0; at < restore->size; at += n) {
        n = restore->size - at < CMD_BACKUP_CHUNK
            ? (size_t) (restore->size - at) : CMD_BACKUP_CHUNK;

        if (!cmd_restore_read(cli, n, CMD_RESTORE_CUT)) {
            return CV_CLI_FAILED;
        }

        if (!cmd_backup_write(cmd_restore_state.fd, restore->chunk, n,
                              (off_t) at))
        {
            return cv_cli_fail(cli, "%s: %s", cmd_restore_state.data,
                               strerror(errno));
        }
    }

    if (!cmd_restore_read(cli, cv_tar_padding(restore->size), CMD_RESTORE_CUT)
        || !cmd_restore_entry(cli, &end, CMD_RESTORE_CUT))
    {
        return CV_CLI_FAILED;
    }

    /* half of what somebody saved is not what they want */

    if (cv_present(end.name)) {
        return cv_cli_fail(cli, "%s: has \"%.*s\", too; it needs another "
                           "version of credverify", restore->name,
                           CV_FMT(end.name));
    }

    return CV_CLI_DONE;
}


static void
cmd_restore_report(void *data, const char *problem)
{
    cv_cli_say_hashes(data, "%s", problem);
}


static int
cmd_restore_check(cv_cli_t *cli)
{
    uint64_t        problems, records;
    cmd_restore_t  *restore;

    restore = cli->data;

    problems = restore->check ? cv_store_check(cli->txn, cmd_restore_report,
                                               cli, &records)
                              : 0;
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


static void
cmd_restore_guarded(void *arg)
{
    cv_cli_t       *cli = arg;
    cmd_restore_t  *restore;

    restore = cli->data;
    restore->rc = CV_CLI_DONE;

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
        restore->err = cv_store_open(&cli->store, cmd_restore_state.new,
                                     restore->map_size > 0, &restore->error);
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
                         cv_option(cli, "replace") != NULL, &restore->error)
        != CV_OK)
    {
        rc = cv_cli_fail(cli, "%s", restore->error.text);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_restore_copy(cli);
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
