
/*
 * Copyright (C) The credverify authors
 *
 * credverify upgrade
 */

#include "cv_cli.h"


int
cmd_upgrade(cv_cli_t *cli)
{
    int            rc;
    cv_error_t     error;
    cv_upgrade_t   upgrade;

    cv_buf_init(&upgrade.done, CV_RECORD_MAX);

    rc = CV_CLI_DONE;

    if (cv_store_upgrade(cli->store_dir, &upgrade, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);
        goto done;
    }

    cli->after = upgrade.from != upgrade.to ? "; the store was upgraded" : "";

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_number(cli, "from", upgrade.from);
    cv_answer_number(cli, "to", upgrade.to);
    cv_answer_text(cli, "new", upgrade.done.len > 0 ? cv_buf_str(&upgrade.done)
                                                    : CV_ABSENT);
    cv_answer_close(cli);

done:

    cv_buf_free(&upgrade.done);

    return rc;
}
