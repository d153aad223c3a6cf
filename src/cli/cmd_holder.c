
/*
 * Copyright (C) The credverify authors
 *
 * credverify holder erase
 */

#include "cv_cli.h"
#include "cv_erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>


/* Asks on a terminal, before anybody has to wait for the answer. */

static int
cmd_holder_ask_body(cv_cli_t *cli)
{
    char       answer[16];
    uint64_t   iid, credentials;
    cv_buf_t   question;

    iid = cv_find(cli->txn, CV_HANDLE_HOLDER_ID, cv_str_z(cli->arguments[0]));

    if (iid == 0) {
        return cv_cli_unknown(cli, CV_HOLDER, cli->arguments[0]);
    }

    credentials = cv_cli_links(cli, CV_LINK_HOLDER_CREDENTIAL, iid);

    cv_buf_init(&question, CV_LINE_MAX);
    cv_out_plain(&question, cv_str_z(cli->arguments[0]));

    (void) fprintf(stderr, "Erase the personal facts of holder \"%.*s\"? "
                   "Credentials: %" PRIu64 ". This cannot be undone. [y/N] ",
                   CV_FMT(cv_buf_str(&question)), credentials);

    cv_buf_free(&question);

    if (fgets(answer, sizeof(answer), stdin) == NULL
        || (strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0))
    {
        return cv_cli_fail(cli, "nothing was erased");
    }

    return CV_CLI_DONE;
}


static int
cmd_holder_erase_body(cv_cli_t *cli)
{
    cv_err_t       err;
    cv_error_t     error;
    cv_moment_t    moment;
    cv_erasure_t   erasure;

    cv_moment_init(&moment, cv_time_now());

    err = cv_erase_holder(cli->txn, cv_str_z(cli->arguments[0]), &erasure,
                          &moment, &error);

    cv_moment_free(&moment);

    if (err != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_answer_open(cli);
    cv_answer_text(cli, "holder", cv_str(erasure.id, sizeof(erasure.id)));
    cv_answer_number(cli, "credentials", erasure.credentials);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_holder_erase(cv_cli_t *cli)
{
    int  rc;

    if (cv_option(cli, "yes") == NULL) {

        if (!isatty(STDIN_FILENO)) {
            return cv_cli_misuse(cli, "this cannot be undone; give --yes, or "
                                 "answer on a terminal");
        }

        rc = cv_cli_read(cli, cmd_holder_ask_body);
        if (rc != CV_CLI_DONE) {
            return rc;
        }
    }

    return cv_cli_write(cli, cmd_holder_erase_body);
}
