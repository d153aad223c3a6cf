
/*
 * Copyright (C) The credverify authors
 *
 * credverify check, credverify stats
 */

#include "cv_cli.h"
#include "cv_counters.h"


static void
cmd_check_report(void *data, const char *problem)
{
    cv_cli_say_hashes(data, "%s", problem);
}


uint64_t
cv_cli_check(cv_cli_t *cli, uint64_t *records, uint64_t *counters)
{
    uint64_t         problems;
    static uint64_t  read;

    read = 0;

    cv_watch_start("entries", &read, -1);
    problems = cv_store_check(cli->txn, cmd_check_report, cli, &read);
    cv_watch_stop();

    *counters = cv_counters_check(cli->txn, cv_time_now(), cmd_check_report,
                                  cli);
    *records = read;

    return problems + *counters;
}


static int
cmd_check_body(cv_cli_t *cli)
{
    uint64_t  problems, records, counters;

    problems = cv_cli_check(cli, &records, &counters);

    /* those of the counters say each what to do */

    if (problems > counters) {
        cv_cli_say(cli, "the store is damaged: put the last good backup in its "
                   "place, \"credverify restore --replace FILE\", which keeps "
                   "it beside");
    }

    cv_answer_open(cli);
    cv_answer_number(cli, "entries", records);
    cv_answer_number(cli, "problems", problems);
    cv_answer_close(cli);

    return problems == 0 ? CV_CLI_DONE : CV_CLI_FAILED;
}


int
cmd_check(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_check_body);
}


static int
cmd_stats_body(cv_cli_t *cli)
{
    uint64_t          bytes, slots;
    cv_error_t        error;
    cv_meter_t       *meter;
    cv_store_stat_t   stat;

    if (cv_store_stat(cli->txn, &stat) != CV_OK) {
        return CV_CLI_FAILED;
    }

    if (cv_counters_open_to_look(&meter, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    slots = cv_meter_slots(meter);
    bytes = cv_meter_bytes(meter);
    cv_meter_close(meter);

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_stat(cli, &stat);
    cv_answer_number(cli, "counters", slots);
    cv_answer_number(cli, "counters_bytes", bytes);
    cv_answer_number(cli, "readers", stat.readers);
    cv_answer_number(cli, "readers_max", stat.readers_max);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_stats(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_stats_body);
}
