
/*
 * Copyright (C) The credverify authors
 *
 * credverify check, credverify stats
 */

#include "cv_cli.h"
#include "cv_text.h"


static void
cmd_check_report(void *data, const char *problem)
{
    cv_cli_say_hashes(data, "%s", problem);
}


static int
cmd_check_body(cv_cli_t *cli)
{
    uint64_t  problems, records;

    problems = cv_store_check(cli->txn, cmd_check_report, cli, &records);

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
    char              uuid[2 * CV_STORE_UUID_LEN];
    size_t            i, len;
    uint8_t           changed_at[CV_TIME_TEXT_MAX];
    cv_store_stat_t   stat;

    if (cv_store_stat(cli->txn, &stat) != CV_OK) {
        return CV_CLI_FAILED;
    }

    cv_hex_encode(uuid, cv_str(stat.uuid, CV_STORE_UUID_LEN));
    len = cv_time_format(changed_at, stat.changed_at, CV_TIME_MS);

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_text(cli, "uuid", cv_str(uuid, sizeof(uuid)));
    cv_answer_number(cli, "map_size", stat.map_size);
    cv_answer_number(cli, "map_used", stat.map_used);

    for (i = 0; i < CV_KINDS; i++) {
        cv_answer_number(cli, cv_schemas[i].name, stat.records[i]);
    }

    cv_answer_number(cli, "handles", stat.handles);
    cv_answer_number(cli, "links", stat.links);
    cv_answer_number(cli, "changes", stat.changes);
    cv_answer_number(cli, "last_change", stat.last_change);
    cv_answer_text(cli, "changed_at",
                   stat.last_change > 0 ? cv_str(changed_at, len)
                                        : CV_ABSENT);
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
