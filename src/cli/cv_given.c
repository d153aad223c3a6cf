
/*
 * Copyright (C) The credverify authors
 *
 * Records from options.
 */

#include "cv_cli.h"
#include "cv_json.h"
#include "cv_member.h"
#include "cv_text.h"

typedef struct {
    cv_cli_t    *cli;
    cv_kind_t    kind;
    cv_str_t     id;
    bool         complained;
} cv_given_t;


/* which option is for the field, by its name, or -1 */

static int
cv_given_option(const cv_cli_t *cli, const cv_field_t *field)
{
    unsigned  i;

    for (i = 0; i < cli->noptions; i++) {
        if (cli->values[i] != NULL
            && strcmp(cli->options[i].name, field->name) == 0)
        {
            return (int) i;
        }
    }

    return -1;
}


static cv_err_t
cv_given_member(void *data, const cv_field_t *field, cv_buf_t *out,
    bool *given, cv_error_t *error)
{
    int          option;
    char         name[CV_CLI_NAME_MAX];
    cv_err_t     err;
    cv_given_t  *record = data;
    const char  *text;

    /* every record that has a number begins with its id */

    if (field == cv_schemas[record->kind].fields) {
        *given = true;
        cv_escape_json_string(out, record->id);
        return CV_OK;
    }

    option = cv_given_option(record->cli, field);

    if (option == -1) {
        return CV_OK;
    }

    *given = true;
    text = record->cli->values[option];

    if (*text == '\0') {
        return CV_OK;
    }

    err = cv_member_typed(out, field, cv_str_z(text), error);

    if (err != CV_OK) {
        (void) cv_option_typed(name, &record->cli->options[option]);
        (void) cv_cli_misuse(record->cli, "--%s: %s", name, error->text);
        record->complained = true;
    }

    return err;
}


int
cv_record_from_options(cv_cli_t *cli, cv_line_t *line, cv_kind_t kind,
    cv_str_t id, const void *old)
{
    cv_err_t     err;
    cv_buf_t     text;
    cv_error_t   error;
    cv_given_t   record;

    record = (cv_given_t) { cli, kind, id, false };
    cv_buf_init(&text, CV_LINE_MAX);

    err = cv_member_merge(&text, kind, old, cv_given_member, &record, &error);

    if (err == CV_OK) {
        err = cv_line_read(line, cv_buf_str(&text), &error);
    }

    cv_buf_free(&text);

    if (err != CV_OK && !record.complained) {
        (void) cv_cli_misuse(cli, "%s", error.text);
    }

    return err == CV_OK ? CV_CLI_DONE : CV_CLI_USAGE;
}


int
cv_option_list(cv_cli_t *cli, const char *option, cv_buf_t *document,
    cv_doc_t *list)
{
    cv_buf_t     json;
    unsigned     i;
    cv_err_t     err;
    cv_error_t   error;
    const char  *text;

    if (cv_option(cli, option) == NULL) {
        return CV_CLI_DONE;
    }

    cv_buf_init(&json, CV_LINE_MAX);

    for (i = 0; (text = cv_option_each(cli, option, &i)) != NULL; ) {
        cv_buf_append_byte(&json, json.len > 0 ? ',' : '[');
        cv_escape_json_string(&json, cv_str_z(text));
    }

    cv_buf_append_byte(&json, ']');

    err = cv_json_parse(document, cv_buf_str(&json), &error);
    *list = cv_buf_str(document);

    cv_buf_free(&json);

    return err == CV_OK ? CV_CLI_DONE
                        : cv_cli_misuse(cli, "--%s: %s", option, error.text);
}
