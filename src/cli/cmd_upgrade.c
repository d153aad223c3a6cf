
/*
 * Copyright (C) The credverify authors
 *
 * credverify upgrade
 */

#include "cv_cli.h"
#include "cv_counters.h"

#include <inttypes.h>

typedef struct {
    cv_upgrade_t  upgrade;
    uint64_t      given;        /* slots, to keys that had none */
} cmd_upgrade_t;


static bool
cmd_upgrade_counted(cv_cli_t *cli)
{
    cv_err_t     err;
    cv_error_t   error;
    cv_meter_t  *meter;

    err = cv_counters_open(&meter, cli->store, &error);

    if (err == CV_OK) {
        cv_meter_close(meter);
    }

    return err != CV_ERR_MISSING;
}


static int
cmd_upgrade_body(cv_cli_t *cli)
{
    bool            counted;
    cv_buf_t       *done;
    cv_error_t      error;
    cmd_upgrade_t  *work;

    work = cli->data;
    done = &work->upgrade.done;
    counted = cmd_upgrade_counted(cli);

    if (cv_counters_mend(cli->txn, &work->given, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    /* otherwise they are among what that made */

    if (work->upgrade.from == work->upgrade.to && !counted) {
        cv_buf_append_str(done, CV_STR("counters of API keys, which were "
                                       "missing; all are at zero"));

    } else if (work->upgrade.from == work->upgrade.to && work->given > 0) {
        cv_buf_printf(done, "counters for %" PRIu64 " keys", work->given);
    }

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_number(cli, "from", work->upgrade.from);
    cv_answer_number(cli, "to", work->upgrade.to);
    cv_answer_text(cli, "new", done->len > 0 ? cv_buf_str(done) : CV_ABSENT);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_upgrade(cv_cli_t *cli)
{
    int             rc;
    cv_error_t      error;
    cmd_upgrade_t   work;

    cv_buf_init(&work.upgrade.done, CV_RECORD_MAX);

    if (cv_store_upgrade(cli->store_dir, &work.upgrade, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);

    } else {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_upgrade_body);
    }

    cv_buf_free(&work.upgrade.done);

    return rc;
}
