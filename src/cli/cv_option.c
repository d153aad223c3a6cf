
/*
 * Copyright (C) The credverify authors
 *
 * The command line: "--name value", "--name=value", "--" ends options.
 */

#include "cv_cli.h"
#include "cv_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* no duration is longer */
#define CV_OPTION_DAYS  3650

const cv_option_t  cv_options_global[CV_CLI_OPTIONS_GLOBAL + 1] = {
    { "store", "DIR", "where the store is; $" CV_CLI_STORE_ENV ", or " CV_CLI_STORE,
      NULL },
    { "json", NULL, "one JSON object a line instead of text", NULL },
    { "help", NULL, "say what this is", NULL },
    { "version", NULL, "say which version this is", NULL },
    { NULL, NULL, NULL, NULL }
};


void
cv_option_name(cv_buf_t *out, const cv_option_t *option)
{
    const char  *p;

    for (p = option->name; *p != '\0'; p++) {
        cv_buf_append_byte(out, *p == '_' ? '-' : (uint8_t) *p);
    }
}


const char *
cv_option_typed(char name[CV_CLI_NAME_MAX], const cv_option_t *option)
{
    cv_buf_t  buf;

    cv_buf_borrow(&buf, name, CV_CLI_NAME_MAX - 1);
    cv_option_name(&buf, option);
    name[buf.len] = '\0';

    return name;
}


static bool
cv_option_is(const cv_option_t *option, cv_str_t name)
{
    char  typed[CV_CLI_NAME_MAX];

    return cv_str_eq(cv_str_z(cv_option_typed(typed, option)), name);
}


const char *
cv_option(const cv_cli_t *cli, const char *name)
{
    unsigned  i;

    for (i = 0; i < cli->noptions; i++) {
        if (strcmp(cli->options[i].name, name) == 0) {
            return cli->values[i];
        }
    }

    return NULL;
}


const char *
cv_option_each(const cv_cli_t *cli, const char *name, unsigned *i)
{
    unsigned  n;

    if (*i == 0) {
        *i = 1;
        return cv_option(cli, name);
    }

    while (*i <= cli->nmore) {
        n = (*i)++ - 1;

        if (strcmp(cli->options[cli->more[n].option].name, name) == 0) {
            return cli->more[n].value;
        }
    }

    return NULL;
}


bool
cv_option_text(cv_cli_t *cli, const char *name, cv_str_t *text)
{
    const char  *value;

    value = cv_option(cli, name);

    if (value == NULL) {
        return true;
    }

    *text = cv_str_z(value);

    if (!cv_utf8_valid(*text)) {
        (void) cv_cli_misuse(cli, "--%s: no valid UTF-8", name);
        return false;
    }

    return true;
}


bool
cv_option_by(cv_cli_t *cli, cv_handle_kind_t *by)
{
    int          i;
    const char  *name;

    /* what people call a credential, who do not know its id */

    static const char *const  names[] = {
        "id", "code", "number", "public-id", "assertion", NULL
    };

    static const cv_handle_kind_t  kinds[] = {
        CV_HANDLE_CREDENTIAL_ID, CV_HANDLE_CODE, CV_HANDLE_NUMBER,
        CV_HANDLE_PUBLIC_ID, CV_HANDLE_ASSERTION
    };

    name = cv_option(cli, "by");

    if (name == NULL) {
        return true;
    }

    i = cv_name_index(names, cv_str_z(name));

    if (i == -1) {
        (void) cv_cli_misuse(cli, "--by: \"%s\" is neither id, code, number, "
                             "public-id nor assertion", name);
        return false;
    }

    *by = kinds[i];

    return true;
}


bool
cv_option_date(cv_cli_t *cli, const char *name, cv_date_t *date, bool *never)
{
    char         typed[CV_CLI_NAME_MAX];
    cv_option_t  option;
    const char  *text;

    text = cv_option(cli, name);

    if (text == NULL) {
        return true;
    }

    if (never != NULL && strcmp(text, "never") == 0) {
        *never = true;
        return true;
    }

    if (cv_date_parse(date, cv_str_z(text))) {
        return true;
    }

    option = (cv_option_t) { name, NULL, NULL, NULL };

    (void) cv_cli_misuse(cli, "--%s: \"%s\" is %s",
                         cv_option_typed(typed, &option), text,
                         never == NULL ? "no RFC 3339 date"
                         : "neither an RFC 3339 date nor never");

    return false;
}


bool
cv_option_number(cv_cli_t *cli, const char *name, uint64_t least,
    uint64_t most, uint64_t *value)
{
    char                *end;
    const char          *text;
    unsigned long long   n;

    text = cv_option(cli, name);

    if (text == NULL) {
        return true;
    }

    errno = 0;
    n = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < least
        || n > most)
    {
        (void) cv_cli_misuse(cli, "--%s: \"%s\" is no number from %llu to "
                             "%llu", name, text, (unsigned long long) least,
                             (unsigned long long) most);
        return false;
    }

    *value = n;

    return true;
}


bool
cv_option_month(cv_cli_t *cli, const char *name, uint64_t *month)
{
    unsigned     n;
    const char  *text;

    text = cv_option(cli, name);

    if (text == NULL) {
        return true;
    }

    if (!cv_month_parse(&n, cv_str_z(text))) {
        (void) cv_cli_misuse(cli, "--%s: \"%s\" is no month, such as 2026-10",
                             name, text);
        return false;
    }

    *month = n;

    return true;
}


bool
cv_option_duration(cv_cli_t *cli, const char *name, cv_time_t *duration)
{
    char                *end;
    cv_time_t            unit;
    const char          *text;
    unsigned long long   n;

    text = cv_option(cli, name);

    if (text == NULL) {
        return true;
    }

    errno = 0;
    n = strtoull(text, &end, 10);

    switch (*end) {
    case 's':  unit = CV_SECOND;         break;
    case 'm':  unit = 60 * CV_SECOND;    break;
    case 'h':  unit = 3600 * CV_SECOND;  break;
    case 'd':  unit = CV_DAY;            break;
    default:   unit = 0;
    }

    if (*text < '0' || *text > '9' || errno != 0
        || strlen(end) != (unit > 0 ? 1 : 0) || (unit == 0 && n != 0)
        || n > (unsigned long long) (CV_OPTION_DAYS * CV_DAY)
               / (unsigned long long) (unit > 0 ? unit : 1))
    {
        (void) cv_cli_misuse(cli, "--%s: \"%s\" is neither 0 nor a duration "
                             "such as 30m, 24h or 7d, at most %dd", name, text,
                             CV_OPTION_DAYS);
        return false;
    }

    *duration = (cv_time_t) n * unit;

    return true;
}


static const char *
cv_option_argument(const cv_field_t *field)
{
    switch (field->type) {
    case CV_FIELD_DATE:    return "DATE";
    case CV_FIELD_INT:
    case CV_FIELD_COUNT:   return "N";
    case CV_FIELD_MONTH:   return "YYYY-MM";
    case CV_FIELD_BOOL:    return "[true|false]";
    case CV_FIELD_ENUM:    return "NAME";
    case CV_FIELD_ARRAY:
    case CV_FIELD_OBJECT:  return "JSON";
    case CV_FIELD_REF:     return "ID";
    default:               return "TEXT";
    }
}


static const char *
cv_option_help(const cv_field_t *field)
{
    switch (field->type) {
    case CV_FIELD_DATE:    return "an RFC 3339 instant, or a bare date";
    case CV_FIELD_INT:
    case CV_FIELD_COUNT:   return "a whole number";
    case CV_FIELD_ARRAY:   return "an array";
    case CV_FIELD_OBJECT:  return "an object";
    case CV_FIELD_REF:     return cv_schemas[field->ref].name;
    default:               return "";
    }
}


static void
cv_options_add_members(cv_cli_t *cli, const cv_command_t *command)
{
    char                wanted[64];
    size_t              i;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    if (command->members == NULL) {
        return;
    }

    schema = &cv_schemas[command->kind];

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];
        (void) snprintf(wanted, sizeof(wanted), " %s ", field->name);

        if (strstr(command->members, wanted) != NULL) {
            cli->options[cli->noptions++] = (cv_option_t) {
                field->name, cv_option_argument(field), cv_option_help(field),
                field
            };
        }
    }
}


bool
cv_options_select(cv_cli_t *cli, const char *noun, const char *verb)
{
    const cv_option_t   *option;
    const cv_command_t  *command;

    for (command = cv_commands; command->noun != NULL; command++) {
        if (strcmp(command->noun, noun) == 0
            && (verb == NULL || command->verb == NULL
                ? verb == command->verb : strcmp(command->verb, verb) == 0))
        {
            break;
        }
    }

    if (command->noun == NULL) {
        return false;
    }

    cli->command = command;
    cli->noptions = CV_CLI_OPTIONS_GLOBAL;

    for (option = command->options;
         option != NULL && option->name != NULL;
         option++)
    {
        cli->options[cli->noptions++] = *option;
    }

    cv_options_add_members(cli, command);

    return true;
}


static bool
cv_options_noun(const char *noun)
{
    const cv_command_t  *command;

    for (command = cv_commands; command->noun != NULL; command++) {
        if (strcmp(command->noun, noun) == 0) {
            return true;
        }
    }

    return false;
}


/* the noun, the verb, then the command's own */

static int
cv_options_word(cv_cli_t *cli, const char *word)
{
    if (cli->command != NULL) {

        if (cli->narguments == cli->command->most) {
            return cv_cli_misuse(cli, "\"%s\" is more than is expected",
                                 word);
        }

        cli->arguments[cli->narguments++] = word;

        return CV_CLI_DONE;
    }

    if (cli->noun != NULL) {
        return cv_options_select(cli, cli->noun, word)
               ? CV_CLI_DONE
               : cv_cli_misuse(cli, "%s %s: unknown command", cli->noun,
                               word);
    }

    if (cv_options_select(cli, word, NULL)) {
        return CV_CLI_DONE;
    }

    if (!cv_options_noun(word)) {
        return cv_cli_misuse(cli, "%s: unknown command", word);
    }

    cli->noun = word;

    return CV_CLI_DONE;
}


/* "word" begins with "--"; "next" may be its value */

static int
cv_options_option(cv_cli_t *cli, const char *word, const char *next,
    bool *taken)
{
    bool                again;
    cv_str_t            name;
    unsigned            i;
    const char         *value;
    const cv_option_t  *option;

    value = strchr(word, '=');
    name = cv_str(word + 2, value != NULL ? (size_t) (value - word) - 2
                                          : strlen(word) - 2);

    for (i = 0; i < cli->noptions; i++) {
        if (cv_option_is(&cli->options[i], name)) {
            break;
        }
    }

    if (i == cli->noptions) {
        return cv_cli_misuse(cli, "--%.*s: unknown option", CV_FMT(name));
    }

    option = &cli->options[i];

    if (option->argument == NULL) {

        if (value != NULL) {
            return cv_cli_misuse(cli, "--%.*s: takes no value", CV_FMT(name));
        }

        cli->values[i] = "";

        return CV_CLI_DONE;
    }

    /* a boolean member alone is true */

    if (option->field != NULL && option->field->type == CV_FIELD_BOOL
        && value == NULL
        && (next == NULL || (strcmp(next, "true") != 0
                             && strcmp(next, "false") != 0)))
    {
        value = "=true";
    }

    /* the ones for every command may override what an alias gives */

    again = cli->values[i] != NULL && i >= CV_CLI_OPTIONS_GLOBAL;

    if (again && strstr(option->argument, "...") == NULL) {
        return cv_cli_misuse(cli, "--%.*s: given twice", CV_FMT(name));
    }

    *taken = value == NULL;
    value = value != NULL ? value + 1 : next;

    if (value == NULL) {
        return cv_cli_misuse(cli, "--%.*s: needs a value", CV_FMT(name));
    }

    if (!again) {
        cli->values[i] = value;
        return CV_CLI_DONE;
    }

    if (cli->nmore == CV_CLI_MORE_MAX) {
        return cv_cli_misuse(cli, "--%.*s: given too often", CV_FMT(name));
    }

    cli->more[cli->nmore].option = i;
    cli->more[cli->nmore++].value = value;

    return CV_CLI_DONE;
}


int
cv_options_parse(cv_cli_t *cli, int argc, char **argv)
{
    int          i, rc;
    bool         ended, taken;
    const char  *word;

    for (i = 0; cv_options_global[i].name != NULL; i++) {
        cli->options[cli->noptions++] = cv_options_global[i];
    }

    ended = false;
    rc = CV_CLI_DONE;

    for (i = 1; i < argc && rc == CV_CLI_DONE; i++) {
        word = strcmp(argv[i], "-h") == 0 ? "--help" : argv[i];
        taken = false;

        if (ended || word[0] != '-' || word[1] == '\0') {
            rc = cv_options_word(cli, argv[i]);

        } else if (strcmp(word, "--") == 0) {
            ended = true;

        } else if (word[1] == '-') {
            rc = cv_options_option(cli, word, argv[i + 1], &taken);

        } else {
            rc = cv_cli_misuse(cli, "%s: unknown option", word);
        }

        if (taken) {
            i++;
        }
    }

    return rc;
}
