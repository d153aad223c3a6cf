
/*
 * Copyright (C) The credverify authors
 *
 * credverify restore
 */

#include "cmd_backup.h"
#include "cv_restore.h"
#include "cv_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CMD_RESTORE_CHUNK    ((size_t) 1 << 20)
#define CMD_RESTORE_FOREIGN  "not a backup of a store"
#define CMD_RESTORE_CUT      "the backup is cut short; nothing was restored"

typedef struct {
    const char          *name;      /* of the backup */
    int                  fd;
    const char          *nothing;   /* what has happened, after an error */
    uint8_t             *chunk;
    bool                 trial;     /* it is only made to be checked */
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


static void
cmd_restore_signal(int signo)
{
    cv_restore_discard(&cmd_restore_state);
    cv_file_discard();
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
        n = size - at < CMD_RESTORE_CHUNK ? (size_t) (size - at)
                                         : CMD_RESTORE_CHUNK;

        if (!cmd_restore_read(cli, n, CMD_RESTORE_CUT)) {
            return CV_CLI_FAILED;
        }

        if (!cv_file_write(fd, restore->chunk, n, (off_t) at)) {
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
    uint64_t        problems, records, counters;
    cmd_restore_t  *restore;

    restore = cli->data;
    problems = restore->check ? cv_cli_check(cli, &records, &counters)
                              : 0;

    if (problems > 0) {
        return cv_cli_fail(cli, "%s: problems: %" PRIu64 "; %s",
                           restore->name, problems, restore->nothing);
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
                                      "damaged, or another store's; %s",
                                      restore->name, restore->nothing);
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
                           "%s", restore->name, restore->nothing);
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

    /* what is only looked at need not reach the disk */

    restore->err = restore->trial
                   ? CV_OK
                   : cv_restore_written(&cmd_restore_state, &restore->error);

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

    if (cmd_restore_state.taken.raised > 0) {
        restore->stat = cmd_restore_state.taken.stat;
    }

    cli->after = "; the store was restored";

    return CV_CLI_DONE;
}


/* Which numbers may be somebody's, and be given to somebody else. */

static void
cmd_restore_warn(cv_cli_t *cli)
{
    const cv_taken_t  *taken;

    taken = &cmd_restore_state.taken;

    if (taken->unread) {
        cv_cli_say(cli, "the store that was replaced cannot be read: numbers "
                   "that it gave since the backup may be given again");
    }

    if (taken->homeless > 0) {
        cv_cli_say(cli, "number sequences of classes that the backup does not "
                   "have: %" PRIu64 "; such a class, made again, may give its "
                   "numbers again", taken->homeless);
    }
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

    if (cmd_restore_state.replaces) {
        cv_answer_number(cli, "sequences_raised",
                         cmd_restore_state.taken.raised);
    }

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
        cmd_restore_warn(cli);
        cmd_restore_answer(cli);
    }

    return rc;
}


static int
cmd_restore_trial(cv_cli_t *cli, const char *place)
{
    int             rc;
    char            dir[PATH_MAX];
    cmd_restore_t  *restore;

    restore = cli->data;

    rc = snprintf(dir, sizeof(dir), "%s.check", place);

    if (rc < 0 || (size_t) rc >= sizeof(dir)) {
        return cv_cli_fail(cli, "%s: %s", place, strerror(ENAMETOOLONG));
    }

    cv_cli_catch(cmd_restore_signal);

    if (cv_restore_begin(&cmd_restore_state, dir, false, CV_METER_FILE,
                         &restore->error)
        != CV_OK)
    {
        rc = cv_cli_fail(cli, "%s", restore->error.text);

    } else {
        rc = cmd_restore_open(cli);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_restore_files(cli);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_restore_verify(cli);
    }

    cv_restore_end(&cmd_restore_state);

    return rc;
}


int
cmd_restore_try(cv_cli_t *cli, const char *name, int fd, const char *place)
{
    int             rc;
    void           *data;
    cmd_restore_t   restore;

    memset(&restore, 0, sizeof(cmd_restore_t));
    restore.name = name;
    restore.fd = fd;
    restore.nothing = "no backup was made; --no-check makes one nevertheless";
    restore.trial = true;
    restore.check = true;

    if (lseek(fd, 0, SEEK_SET) == -1) {
        return cv_cli_fail(cli, "%s: %s", name, strerror(errno));
    }

    restore.chunk = malloc(CMD_RESTORE_CHUNK);
    if (restore.chunk == NULL) {
        return cv_cli_fail(cli, "out of memory");
    }

    cv_buf_init(&restore.upgrade.done, CV_RECORD_MAX);

    data = cli->data;
    cli->data = &restore;
    rc = cmd_restore_trial(cli, place);
    cli->data = data;

    cv_buf_free(&restore.upgrade.done);
    free(restore.chunk);

    return rc;
}


int
cmd_restore(cv_cli_t *cli)
{
    int            rc;
    cmd_restore_t  restore;

    memset(&restore, 0, sizeof(cmd_restore_t));
    restore.name = cli->arguments[0];
    restore.nothing = "nothing was restored";
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

    restore.chunk = malloc(CMD_RESTORE_CHUNK);

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
