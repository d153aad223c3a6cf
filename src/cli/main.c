
/*
 * Copyright (C) The credverify authors
 *
 * The table of commands.
 */

#include "cv_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>


static const cv_option_t  cv_help_options[] = {
    { "all", NULL, "every command in a line, for programs", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_init_options[] = {
    { "owner", "USER", "whom the store belongs to; as root: www-data", NULL },
    { "group", "GROUP", "which group it belongs to; the owner's", NULL },
    { "map-size", "SIZE", "the most it can hold, in bytes, K, M, G or T; 32G",
      NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_import_options[] = {
    { "dry-run", NULL, "check every line, write nothing", NULL },
    { "skip-invalid", NULL, "report wrong lines and go on", NULL },
    { "exclusive", NULL, "do not pause for others who write", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_export_options[] = {
    { "kind", "KIND", "only issuer, class, holder, credential or token",
      NULL },
    { NULL, NULL, NULL, NULL }
};


#define CV_NO_MEMBERS  CV_KINDS, NULL

const cv_command_t  cv_commands[] = {

    { "help", NULL, "[NOUN [VERB]]", 0, 2,
      "say what the commands do",
      NULL, cv_help_options, CV_NO_MEMBERS, cmd_help },

    { "init", NULL, NULL, 0, 0,
      "make an empty store",
      "Missing directories on the way to it are made too. The size is an\n"
      "upper bound: the file grows as it fills, and not beyond it.\n",
      cv_init_options, CV_NO_MEMBERS, cmd_init },

    { "import", NULL, "FILE|-", 1, 1,
      "read records from JSON lines",
      "A record whose id is known is replaced. Lines are written in batches;\n"
      "an error in one leaves its batch out, and says which line was the\n"
      "last that is in the store. Running again is safe. Others can read and\n"
      "write meanwhile. With --skip-invalid wrong lines are reported, counted\n"
      "and left out, and the command succeeds if all others were written.\n",
      cv_import_options, CV_NO_MEMBERS, cmd_import },

    { "export", NULL, "[FILE|-]", 0, 1,
      "write all records as JSON lines",
      "What is written is one moment of the store, and goes to standard\n"
      "output unless a FILE is named. A file is replaced once it is complete,\n"
      "and only its owner may read it.\n",
      cv_export_options, CV_NO_MEMBERS, cmd_export },

    { NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, CV_NO_MEMBERS, NULL }
};


/*
 * A standard descriptor that is closed would be given to the store's file,
 * and what is printed would go there.
 */

static void
cv_cli_descriptors(void)
{
    int  fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1) {
            /* the other way round, so that its use fails still */
            (void) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY
                                                        : O_RDONLY);
        }
    }
}


static int
cv_cli_run(cv_cli_t *cli)
{
    const cv_command_t  *command;

    command = cli->command;

    if (cv_option(cli, "version") != NULL) {
        cv_buf_printf(&cli->out.buf, "credverify %s\n", CV_CLI_VERSION);
        return CV_CLI_DONE;
    }

    if (cv_option(cli, "help") != NULL) {
        return command != NULL ? cv_help_command(cli)
               : cli->noun != NULL ? cv_help_noun(cli, cli->noun)
                                   : cv_help_overview(cli);
    }

    if (command == NULL) {
        return cli->noun != NULL
               ? cv_cli_misuse(cli, "%s: what to do with it is missing",
                               cli->noun)
               : cv_cli_misuse(cli, "a command is missing");
    }

    if (cli->narguments < command->least) {
        return cv_cli_misuse(cli, "%s is expected", command->arguments);
    }

    return command->run(cli);
}


int
main(int argc, char **argv)
{
    int       rc;
    cv_cli_t  cli;

    cv_cli_descriptors();

    (void) umask(007);
    (void) signal(SIGPIPE, SIG_IGN);

    memset(&cli, 0, sizeof(cv_cli_t));
    cv_out_init(&cli.out, STDOUT_FILENO, "standard output");

    rc = cv_options_parse(&cli, argc, argv);

    cli.store_dir = cv_option(&cli, "store");
    cli.json = cv_option(&cli, "json") != NULL;

    if (cli.store_dir == NULL) {
        cli.store_dir = CV_CLI_STORE;
    }

    if (rc == CV_CLI_DONE) {
        rc = cv_cli_run(&cli);
    }

    if (!cv_out_flush(&cli.out)) {
        rc = cv_cli_fail(&cli, "%s: %s", cli.out.name,
                         strerror(cli.out.failed));
    }

    cv_out_free(&cli.out);

    return rc;
}
