
/*
 * Copyright (C) The credverify authors
 *
 * credverify import
 */

#include "cv_cli.h"
#include "cv_import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CMD_IMPORT_TICK  (CV_SECOND / 5)

typedef struct {
    cv_cli_t            *cli;
    const char          *file;
    int                  fd;
    bool                 terminal;
    bool                 shown;
    cv_time_t            began;
    cv_time_t            ticked;
    cv_import_result_t   result;
} cmd_import_t;

static volatile sig_atomic_t  cmd_import_stop;


static void
cmd_import_signal(int signo)
{
    (void) signo;
    cmd_import_stop = 1;
}


static uint64_t
cmd_import_records(const cv_import_result_t *result)
{
    size_t    i;
    uint64_t  n;

    for (n = 0, i = 0; i < CV_KINDS; i++) {
        n += result->records[i];
    }

    return n;
}


static void
cmd_import_clear(cmd_import_t *import)
{
    if (import->shown) {
        (void) fputs("\r\033[K", stderr);
        import->shown = false;
    }
}


static void
cmd_import_invalid(void *data, uint64_t line, const char *problem)
{
    cmd_import_t  *import = data;

    cmd_import_clear(import);
    cv_cli_say(import->cli, "line %" PRIu64 ": %s", line, problem);
}


static void
cmd_import_progress(void *data, const cv_import_result_t *result)
{
    uint64_t       records;
    cv_time_t      now;
    cmd_import_t  *import = data;

    now = cv_time_now();

    if (!import->terminal || now - import->ticked < CMD_IMPORT_TICK) {
        return;
    }

    records = cmd_import_records(result);

    import->ticked = now;
    import->shown = true;

    (void) fprintf(stderr, "\r\033[K%" PRIu64 " lines, %" PRIu64
                   " records/s", result->lines,
                   now > import->began
                   ? records * 1000 / (uint64_t) (now - import->began) : 0);
}


static void
cmd_import_revived(cmd_import_t *import)
{
    if (import->result.revived > 0) {
        cv_cli_say(import->cli, "revocations undone by lines that say "
                   "otherwise: %" PRIu64, import->result.revived);
    }
}


static void
cmd_import_answer(cmd_import_t *import, bool dry_run)
{
    size_t                     i;
    cv_cli_t                  *cli;
    const cv_import_result_t  *result;

    cli = import->cli;
    result = &import->result;

    cv_answer_open(cli);
    cv_answer_flag(cli, "dry_run", dry_run);
    cv_answer_number(cli, "lines", result->lines);
    cv_answer_number(cli, "records", cmd_import_records(result));

    for (i = 0; i < CV_KINDS; i++) {
        if (cli->json || result->records[i] > 0) {
            cv_answer_number(cli, cv_schemas[i].name, result->records[i]);
        }
    }

    if (cli->json || result->invalid > 0) {
        cv_answer_number(cli, "invalid", result->invalid);
    }

    cv_answer_close(cli);
}


static int
cmd_import_body(cv_cli_t *cli)
{
    cv_err_t              err;
    cv_error_t            error;
    cmd_import_t         *import;
    cv_import_options_t   options;

    import = cli->data;

    memset(&options, 0, sizeof(options));
    options.dry_run = cv_option(cli, "dry-run") != NULL;
    options.skip_invalid = cv_option(cli, "skip-invalid") != NULL;
    options.exclusive = cv_option(cli, "exclusive") != NULL;
    options.actor = cv_cli_actor(cli);
    options.stop = &cmd_import_stop;
    options.invalid = cmd_import_invalid;
    options.progress = cmd_import_progress;
    options.data = import;

    err = cv_import(cli->store, import->fd, &options, &import->result,
                    &error);

    cmd_import_clear(import);
    cmd_import_revived(import);

    if (err != CV_OK && options.dry_run) {
        return cv_cli_fail(cli, "line %" PRIu64 ": %s", import->result.lines,
                           error.text);
    }

    if (err != CV_OK) {
        return cv_cli_fail(cli, "line %" PRIu64 ": %s; last committed line: %"
                           PRIu64, import->result.lines, error.text,
                           import->result.committed);
    }

    if (import->result.interrupted && options.dry_run) {
        return cv_cli_fail(cli, "interrupted after line %" PRIu64,
                           import->result.lines);
    }

    if (import->result.interrupted) {
        return cv_cli_fail(cli, "interrupted; last committed line: %" PRIu64,
                           import->result.committed);
    }

    cli->after = options.dry_run ? "" : "; every line was imported";
    cmd_import_answer(import, options.dry_run);

    return CV_CLI_DONE;
}


int
cmd_import(cv_cli_t *cli)
{
    int            rc;
    struct stat    st;
    cmd_import_t   import;

    memset(&import, 0, sizeof(import));

    import.cli = cli;
    import.file = cli->arguments[0];
    import.terminal = isatty(STDERR_FILENO);
    import.began = cv_time_now();

    import.fd = strcmp(import.file, "-") == 0
                ? STDIN_FILENO : open(import.file, O_RDONLY | O_CLOEXEC);

    if (import.fd == -1) {
        return cv_cli_fail(cli, "%s: %s", import.file, strerror(errno));
    }

    if (fstat(import.fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = cv_cli_fail(cli, "%s: %s", import.file, strerror(EISDIR));

    } else {
        cv_cli_catch(cmd_import_signal);
        cli->data = &import;
        rc = cv_cli_with_store(cli, cv_option(cli, "dry-run") == NULL,
                               cmd_import_body);
    }

    if (import.fd != STDIN_FILENO) {
        (void) close(import.fd);
    }

    return rc;
}
