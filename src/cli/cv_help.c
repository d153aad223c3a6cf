
/*
 * Copyright (C) The credverify authors
 *
 * Help, all of it made from the table of commands.
 */

#include "cv_cli.h"

#define CV_HELP_COLUMN  28


static void
cv_help_put(cv_buf_t *out, const char *text)
{
    cv_buf_append_str(out, cv_str_z(text));
}


static void
cv_help_name(cv_buf_t *out, const cv_command_t *command)
{
    cv_help_put(out, command->noun);

    if (command->verb != NULL) {
        cv_buf_append_byte(out, ' ');
        cv_help_put(out, command->verb);
    }
}


/* to the column where explanations stand, or the next line's */

static void
cv_help_pad(cv_buf_t *out, size_t start)
{
    if (out->len - start + 2 > CV_HELP_COLUMN) {
        cv_buf_append_byte(out, '\n');
        start = out->len;
    }

    while (!cv_buf_failed(out) && out->len - start < CV_HELP_COLUMN) {
        cv_buf_append_byte(out, ' ');
    }
}


static void
cv_help_option(cv_buf_t *out, const cv_option_t *option)
{
    size_t  start;

    start = out->len;

    cv_help_put(out, "  --");
    cv_option_name(out, option);

    if (option->argument != NULL) {
        cv_buf_append_byte(out, ' ');
        cv_help_put(out, option->argument);
    }

    if (*option->help != '\0') {
        cv_help_pad(out, start);
        cv_help_put(out, option->help);
    }

    cv_buf_append_byte(out, '\n');
}


int
cv_help_command(cv_cli_t *cli)
{
    unsigned             i;
    cv_buf_t            *out;
    const cv_command_t  *command;

    out = &cli->out.buf;
    command = cli->command;

    cv_help_put(out, "Usage: credverify [--store DIR] ");
    cv_help_name(out, command);
    cv_help_put(out, cli->noptions > CV_CLI_OPTIONS_GLOBAL ? " [OPTIONS]"
                                                           : "");

    if (command->arguments != NULL) {
        cv_buf_append_byte(out, ' ');
        cv_help_put(out, command->arguments);
    }

    cv_help_put(out, "\n\n");
    cv_buf_append_byte(out, (uint8_t) (command->summary[0] & ~0x20));
    cv_help_put(out, command->summary + 1);
    cv_help_put(out, ".\n");

    if (command->details != NULL) {
        cv_buf_append_byte(out, '\n');
        cv_help_put(out, command->details);
    }

    if (cli->noptions > CV_CLI_OPTIONS_GLOBAL) {
        cv_help_put(out, "\nOptions:\n");
    }

    for (i = CV_CLI_OPTIONS_GLOBAL; i < cli->noptions; i++) {
        cv_help_option(out, &cli->options[i]);
    }

    cv_help_put(out, "\nOptions of every command:\n");

    for (i = 0; i < CV_CLI_OPTIONS_GLOBAL; i++) {
        cv_help_option(out, &cli->options[i]);
    }

    return CV_CLI_DONE;
}


static void
cv_help_list(cv_buf_t *out, const cv_command_t *command)
{
    size_t  start;

    start = out->len;

    cv_help_put(out, "  ");
    cv_help_name(out, command);
    cv_help_pad(out, start);
    cv_help_put(out, command->summary);
    cv_buf_append_byte(out, '\n');
}


int
cv_help_noun(cv_cli_t *cli, const char *noun)
{
    bool                 found;
    const cv_command_t  *command;

    found = false;

    for (command = cv_commands; command->noun != NULL; command++) {
        if (strcmp(command->noun, noun) == 0) {
            cv_help_list(&cli->out.buf, command);
            found = true;
        }
    }

    return found ? CV_CLI_DONE
                 : cv_cli_misuse(cli, "%s: unknown command", noun);
}


int
cv_help_overview(cv_cli_t *cli)
{
    size_t               i;
    cv_buf_t            *out;
    const char          *noun;
    const cv_command_t  *command;

    out = &cli->out.buf;
    noun = "";

    cv_help_put(out, "Usage: credverify [--store DIR] [--json] COMMAND "
                     "[--help] ...\n\n"
                     "Keeps the store of credentials that nginx verifies "
                     "from.\n");

    for (command = cv_commands; command->noun != NULL; command++) {

        /* a noun with verbs makes a group; the others are one together */

        if ((command->verb != NULL && strcmp(command->noun, noun) != 0)
            || *noun == '\0')
        {
            cv_buf_append_byte(out, '\n');
        }

        noun = command->noun;
        cv_help_list(out, command);
    }

    cv_help_put(out, "\nOptions of every command:\n");

    for (i = 0; i < CV_CLI_OPTIONS_GLOBAL; i++) {
        cv_help_option(out, &cv_options_global[i]);
    }

    cv_help_put(out, "\n\"credverify help NOUN [VERB]\" says more. Exit "
                     "status: 0 done, 1 refused or\nfailed, 2 wrong "
                     "usage. Nothing was changed unless the error says "
                     "so.\n");

    return CV_CLI_DONE;
}


/* for programs: exactly two spaces between a command and what it does */

static int
cv_help_all(cv_cli_t *cli)
{
    const cv_command_t  *command;

    for (command = cv_commands; command->noun != NULL; command++) {
        cv_help_name(&cli->out.buf, command);
        cv_help_put(&cli->out.buf, "  ");
        cv_help_put(&cli->out.buf, command->summary);
        cv_buf_append_byte(&cli->out.buf, '\n');
    }

    return CV_CLI_DONE;
}


int
cmd_help(cv_cli_t *cli)
{
    const char  *noun, *verb;

    noun = cli->arguments[0];
    verb = cli->arguments[1];

    if (cv_option(cli, "all") != NULL) {
        return cv_help_all(cli);
    }

    if (noun == NULL) {
        return cv_help_overview(cli);
    }

    if (cv_options_select(cli, noun, verb)) {
        return cv_help_command(cli);
    }

    if (verb == NULL) {
        return cv_help_noun(cli, noun);
    }

    return cv_cli_misuse(cli, "%s %s: unknown command", noun, verb);
}
