
/*
 * Copyright (C) The credverify authors
 *
 * Records from options.  They are made as a line of JSON and read as one, so
 * that a record is the same whichever way it came.
 */

#include "cv_cli.h"
#include "cv_json.h"
#include "cv_text.h"


static bool
cv_given_int(const char *text)
{
    text += *text == '-' ? 1 : 0;

    return *text != '\0' && text[strspn(text, "0123456789")] == '\0'
           && (*text != '0' || text[1] == '\0');
}


/* an option's text as the JSON its member has; false after it complained */

static bool
cv_given_value(cv_cli_t *cli, cv_buf_t *out, const cv_field_t *field,
    unsigned i)
{
    char         name[CV_CLI_NAME_MAX];
    bool         good;
    cv_buf_t     document;
    cv_error_t   error;
    const char  *text;

    text = cli->values[i];

    (void) cv_option_typed(name, &cli->options[i]);

    switch (field->type) {

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
        if (!cv_given_int(text)) {
            (void) cv_cli_misuse(cli, "--%s: \"%s\" is no whole number",
                                 name, text);
            return false;
        }

        cv_buf_append_str(out, cv_str_z(text));
        return true;

    case CV_FIELD_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
            (void) cv_cli_misuse(cli, "--%s: \"%s\" is neither true nor "
                                 "false", name, text);
            return false;
        }

        cv_buf_append_str(out, cv_str_z(text));
        return true;

    case CV_FIELD_ARRAY:
    case CV_FIELD_OBJECT:
        cv_buf_init(&document, CV_RECORD_MAX);

        good = cv_json_parse(&document, cv_str_z(text), &error) == CV_OK;

        if (good) {
            cv_doc_write_json(out, cv_buf_str(&document));
        } else {
            (void) cv_cli_misuse(cli, "--%s: %s", name, error.text);
        }

        cv_buf_free(&document);
        return good;

    default:
        cv_escape_json_string(out, cv_str_z(text));
        return true;
    }
}


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


static bool
cv_given_line(cv_cli_t *cli, cv_buf_t *out, cv_kind_t kind, cv_str_t id,
    const void *old)
{
    int                 given;
    size_t              i;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    cv_line_open(out, kind);

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];
        given = cv_given_option(cli, field);

        if (i == 0) {
            /* every record that has a number begins with its id */
            cv_line_write_name(out, field);
            cv_escape_json_string(out, id);

        } else if (given == -1) {

            if (old != NULL && cv_field_present(old, field)) {
                cv_line_write_name(out, field);
                cv_line_write_value(out, old, field);
            }

        } else if (*cli->values[given] != '\0') {
            cv_line_write_name(out, field);

            if (!cv_given_value(cli, out, field, (unsigned) given)) {
                return false;
            }
        }
    }

    cv_line_close(out);

    return true;
}


int
cv_record_from_options(cv_cli_t *cli, cv_line_t *line, cv_kind_t kind,
    cv_str_t id, const void *old)
{
    int          rc;
    cv_buf_t     text;
    cv_error_t   error;

    cv_buf_init(&text, CV_LINE_MAX);

    rc = CV_CLI_USAGE;

    if (!cv_given_line(cli, &text, kind, id, old)) {
        goto done;
    }

    if (cv_buf_failed(&text)) {
        (void) cv_cli_misuse(cli, "the record is too long");
        goto done;
    }

    if (cv_line_read(line, cv_buf_str(&text), &error) != CV_OK) {
        (void) cv_cli_misuse(cli, "%s", error.text);
        goto done;
    }

    rc = CV_CLI_DONE;

done:

    cv_buf_free(&text);

    return rc;
}
