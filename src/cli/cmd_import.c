
/*
 * Copyright (C) The credverify authors
 *
 * credverify import
 */

#include "cv_cli.h"
#include "cv_date.h"
#include "cv_image_check.h"
#include "cv_import.h"
#include "cv_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    cv_cli_t            *cli;
    const char          *file;
    int                  fd;
    cv_import_options_t  options;
    cv_import_result_t   result;
    cv_buf_t             first;     /* the line of the first row's holder, */
    size_t               holder;    /* so long, and of its credential */
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
cmd_import_invalid(void *data, uint64_t line, const char *problem)
{
    cmd_import_t  *import = data;

    cv_cli_say(import->cli, "line %" PRIu64 ": %s", line, problem);
}


static void
cmd_import_ignored(void *data, cv_str_t columns)
{
    cmd_import_t  *import = data;

    cv_cli_say(import->cli, "columns that no member is mapped to: %.*s",
               CV_FMT(columns));
}


static void
cmd_import_first(void *data, cv_str_t holder, cv_str_t credential)
{
    cmd_import_t  *import = data;

    import->holder = holder.len;
    cv_buf_append_str(&import->first, holder);
    cv_buf_append_str(&import->first, credential);
}


static void
cmd_import_revived(cmd_import_t *import)
{
    if (import->result.revived > 0) {
        cv_cli_say(import->cli, "revocations undone by lines that say "
                   "otherwise: %" PRIu64, import->result.revived);
    }
}


/* what a dry run of a table shows: the first row, as it would be */

static void
cmd_import_answer_first(cmd_import_t *import)
{
    cv_str_t  text;

    text = cv_buf_str(&import->first);

    if (text.len > 0 && (import->cli->json || isatty(STDOUT_FILENO))) {
        cv_answer_json(import->cli, "first_holder",
                       cv_str(text.data, import->holder));
        cv_answer_json(import->cli, "first_credential",
                       cv_str(text.data + import->holder,
                              text.len - import->holder));
    }
}


static void
cmd_import_answer(cmd_import_t *import)
{
    size_t                     i;
    cv_cli_t                  *cli;
    const cv_import_result_t  *result;

    cli = import->cli;
    result = &import->result;

    cv_answer_open(cli);
    cv_answer_flag(cli, "dry_run", import->options.dry_run);
    cv_answer_number(cli, "lines", result->lines);
    cv_answer_number(cli, "records", cmd_import_records(result));

    for (i = 0; i < CV_KINDS; i++) {
        if (cv_kind_durable(i) && (cli->json || result->records[i] > 0)) {
            cv_answer_number(cli, cv_schemas[i].name, result->records[i]);
        }
    }

    if (cli->json || result->invalid > 0) {
        cv_answer_number(cli, "invalid", result->invalid);
    }

    cmd_import_answer_first(import);
    cv_answer_close(cli);
}


/* an error with the line that it is about, if it is about one */

static int
cmd_import_failed(cmd_import_t *import, const cv_error_t *error)
{
    char  line[32], last[64];

    line[0] = '\0';
    last[0] = '\0';

    if (import->result.line != 0) {
        (void) snprintf(line, sizeof(line), "line %" PRIu64 ": ",
                        import->result.line);

        if (!import->options.dry_run) {
            (void) snprintf(last, sizeof(last), "; last committed line: %"
                            PRIu64, import->result.committed);
        }
    }

    return cv_cli_fail(import->cli, "%s%s%s", line, error->text, last);
}


static int
cmd_import_body(cv_cli_t *cli)
{
    cv_err_t       err;
    cv_error_t     error;
    cmd_import_t  *import;

    import = cli->data;

    if (!import->options.dry_run
        && cv_usage_close(cli->store, cv_time_now(), &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    err = cv_import(cli->store, import->fd, &import->options, &import->result,
                    &error);

    cmd_import_revived(import);

    if (err != CV_OK) {
        return cmd_import_failed(import, &error);
    }

    if (import->result.interrupted && import->options.dry_run) {
        return cv_cli_fail(cli, "interrupted after line %" PRIu64,
                           import->result.lines);
    }

    if (import->result.interrupted) {
        return cv_cli_fail(cli, "interrupted; last committed line: %" PRIu64,
                           import->result.committed);
    }

    cli->after = import->options.dry_run ? "" : "; every line was imported";
    cmd_import_answer(import);

    return CV_CLI_DONE;
}


/* A comma unless another one is given; false after it complained. */

static bool
cmd_import_delimiter(cv_cli_t *cli, uint8_t *delimiter)
{
    size_t       i;
    const char  *text;

    static const struct {
        const char  *name;
        uint8_t      delimiter;
    } delimiters[] = {
        { ",", ',' }, { ";", ';' }, { "tab", '\t' }, { "\t", '\t' }
    };

    text = cv_option(cli, "delimiter");
    *delimiter = ',';

    for (i = 0; text != NULL && i < CV_COUNT(delimiters); i++) {
        if (strcmp(text, delimiters[i].name) == 0) {
            *delimiter = delimiters[i].delimiter;
            text = NULL;
        }
    }

    if (text != NULL) {
        (void) cv_cli_misuse(cli, "--delimiter: \"%s\" is not \",\", \";\" or "
                             "tab", text);
    }

    return text == NULL;
}


static int
cmd_import_sheet(cmd_import_t *import)
{
    size_t               i;
    cv_cli_t            *cli;
    cv_error_t           error;
    const char          *map;
    cv_sheet_options_t   options;

    static const char *const  own[] = {
        "class", "map", "delimiter", "date-format", "issued_at"
    };

    cli = import->cli;

    for (i = 0; cv_option(cli, "csv") == NULL && i < CV_COUNT(own); i++) {
        if (cv_option(cli, own[i]) != NULL) {
            return cv_cli_misuse(cli, "--%s: only with --csv",
                                 i == 4 ? "issued-at" : own[i]);
        }
    }

    if (cv_option(cli, "csv") == NULL) {
        return CV_CLI_DONE;
    }

    map = cv_option(cli, "map");

    memset(&options, 0, sizeof(options));
    options.map = cv_str_z(map);
    options.class = cv_str_z(cv_option(cli, "class"));
    options.date_format = cv_option(cli, "date-format");

    if (map == NULL || options.class.len == 0) {
        return cv_cli_misuse(cli, "--csv: needs --class and --map");
    }

    if (options.date_format != NULL
        && !cv_date_format_good(options.date_format))
    {
        return cv_cli_misuse(cli, "--date-format: \"%s\" is not made of one "
                             "%%Y, one of %%m, %%b and %%B, one %%d, and perhaps "
                             "%%H or %%I with %%p, %%M, %%S, %%z",
                             options.date_format);
    }

    if (!cmd_import_delimiter(cli, &import->options.delimiter)
        || !cv_option_date(cli, "issued_at", &options.issued_at, NULL))
    {
        return CV_CLI_USAGE;
    }

    return cv_sheet_open(&import->options.sheet, &options, &error) == CV_OK
           ? CV_CLI_DONE : cv_cli_misuse(cli, "--map: %s", error.text);
}


static int
cmd_import_file(cmd_import_t *import)
{
    int           rc;
    cv_cli_t     *cli;
    struct stat   st;

    cli = import->cli;

    import->fd = strcmp(import->file, "-") == 0
                 ? STDIN_FILENO : open(import->file, O_RDONLY | O_CLOEXEC);

    if (import->fd == -1) {
        return cv_cli_fail(cli, "%s: %s", import->file, strerror(errno));
    }

    if (fstat(import->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = cv_cli_fail(cli, "%s: %s", import->file, strerror(EISDIR));

    } else {
        cv_cli_catch(cmd_import_signal);
        cli->data = import;

        cv_watch_start("lines", &import->result.lines, -1);
        rc = cv_cli_with_store(cli, !import->options.dry_run,
                               cmd_import_body);
        cv_watch_stop();
    }

    if (import->fd != STDIN_FILENO) {
        (void) close(import->fd);
    }

    return rc;
}


int
cmd_import(cv_cli_t *cli)
{
    int            rc;
    cmd_import_t   import;

    memset(&import, 0, sizeof(import));

    import.cli = cli;
    import.file = cli->arguments[0];

    import.options.dry_run = cv_option(cli, "dry-run") != NULL;
    import.options.skip_invalid = cv_option(cli, "skip-invalid") != NULL;
    import.options.exclusive = cv_option(cli, "exclusive") != NULL;
    import.options.emit_events = cv_option(cli, "emit-events") != NULL;
    import.options.check_image = cv_image_check;
    import.options.actor = cv_cli_actor(cli);
    import.options.stop = &cmd_import_stop;
    import.options.invalid = cmd_import_invalid;
    import.options.ignored = cmd_import_ignored;
    import.options.first = cmd_import_first;
    import.options.data = &import;

    cv_buf_init(&import.first, 2 * CV_LINE_MAX);

    rc = cmd_import_sheet(&import);

    if (rc == CV_CLI_DONE) {
        rc = cmd_import_file(&import);
    }

    cv_sheet_close(import.options.sheet);
    cv_buf_free(&import.first);

    return rc;
}
