
/*
 * Copyright (C) The credverify authors
 *
 * credverify progress record; its list is that of every kind
 */

#include "cv_cli.h"
#include "cv_progress.h"

typedef struct {
    cv_line_t     line;
    cv_moment_t   moment;
    cv_step_t     step;
} cmd_progress_t;


static int
cmd_progress_record_body(cv_cli_t *cli)
{
    cv_error_t       error;
    cv_step_t       *step;
    cv_progress_t   *progress;
    cmd_progress_t  *work;

    work = cli->data;
    step = &work->step;
    progress = &work->line.record.progress;

    if (cv_progress_record(cli->txn, progress, step, &work->moment, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_unresolve(cli->txn, CV_PROGRESS, progress);

    cv_answer_record_open(cli, CV_PROGRESS, progress);
    cv_answer_flag(cli, "complete", step->complete);
    cv_answer_text(cli, "issued", step->issued ? step->credential.id
                                               : CV_ABSENT);
    cv_answer_text(cli, "number", step->issued ? step->credential.number
                                               : CV_ABSENT);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_progress_record(cv_cli_t *cli)
{
    int              rc;
    cv_error_t       error;
    const char      *holder;
    cmd_progress_t   work;

    holder = cv_option(cli, "holder");

    if (holder == NULL || cv_option(cli, "class") == NULL) {
        return cv_cli_misuse(cli, "--holder and --class are expected");
    }

    if (cv_option(cli, "practice") == NULL
        && cv_option(cli, "learn") == NULL)
    {
        return cv_cli_misuse(cli, "give --practice or --learn, or both");
    }

    memset(&work, 0, sizeof(cmd_progress_t));

    if (cv_line_init(&work.line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_moment_init(&work.moment, cv_time_now());

    /* what a line of this kind begins with */

    rc = cv_record_from_options(cli, &work.line, CV_PROGRESS,
                                cv_str_z(holder), NULL);

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_progress_record_body);
    }

    cv_moment_free(&work.moment);
    cv_line_free(&work.line);

    return rc;
}
