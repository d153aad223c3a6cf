
/*
 * Copyright (C) The credverify authors
 *
 * credverify init
 */

#include "cv_cli.h"
#include "cv_counters.h"
#include "cv_digest.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
cmd_init_answer(cv_cli_t *cli, const cv_store_options_t *options)
{
    char            owner[32], group[32];
    struct stat     st;
    struct group   *gr;
    struct passwd  *pw;

    if (stat(cli->store_dir, &st) != 0) {
        memset(&st, 0, sizeof(st));
    }

    pw = getpwuid(st.st_uid);
    gr = getgrgid(st.st_gid);

    (void) snprintf(owner, sizeof(owner), "%u", st.st_uid);
    (void) snprintf(group, sizeof(group), "%u", st.st_gid);

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_number(cli, "map_size", options->map_size);
    cv_answer_text(cli, "owner", cv_str_z(pw != NULL ? pw->pw_name : owner));
    cv_answer_text(cli, "group", cv_str_z(gr != NULL ? gr->gr_name : group));
    cv_answer_close(cli);

    if (!cli->json && geteuid() == 0 && cv_option(cli, "owner") == NULL) {
        cv_buf_printf(&cli->out.buf,
                      "\nnginx's workers must run as that user or group. To "
                      "change it, give --owner here,\nor run \"chown -R "
                      "USER:GROUP\" on the store.\n");
    }
}


int
cmd_init(cv_cli_t *cli)
{
    int                  rc;
    cv_error_t           error;
    cv_store_options_t   options;

    memset(&options, 0, sizeof(options));
    options.map_size = CV_STORE_MAP_DEFAULT;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;

    cv_owner_default(cli, &options);

    rc = cv_option_owner(cli, &options);

    if (rc == CV_CLI_DONE) {
        rc = cv_option_size(cli, "map-size", &options.map_size);
    }

    if (rc == CV_CLI_DONE) {
        rc = cv_cli_parents(cli);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (cv_random(options.uuid, sizeof(options.uuid)) != CV_OK) {
        return cv_cli_fail(cli, "no random bytes");
    }

    if (cv_store_create(cli->store_dir, &options, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    if (cv_counters_create(cli->store_dir, options.uuid, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s; the store was made, and needs "
                           "\"credverify upgrade\"", error.text);
    }

    cli->after = "; the store was made";
    cmd_init_answer(cli, &options);

    return CV_CLI_DONE;
}
