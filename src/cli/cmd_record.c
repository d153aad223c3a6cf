
/*
 * Copyright (C) The credverify authors
 *
 * credverify NOUN set, list and show: one code for all kinds, driven by the
 * schemas
 */

#include "cv_cli.h"
#include "cv_outbox.h"
#include "cv_tag.h"

#include <inttypes.h>
#include <strings.h>
#include <unistd.h>

#define CMD_FILTERS_MAX  4

/* what a list shows of a record, for people; what is no member is the tag */

static const char *const  cmd_record_columns[CV_KINDS][CV_COLUMNS_MAX] = {
    [CV_ISSUER] = { "id", "name", "url" },
    [CV_CLASS] = { "id", "issuer", "title" },
    [CV_HOLDER] = { "id", "name", "display_name", "organization" },
    [CV_TOKEN] = { "token_sha256", "privacy", "created_at", "expires_at",
                   "cache_tag" },
    [CV_TIER] = { "id", "limits", "price_cents", "overage_cents", "features" },
    [CV_KEY] = { "id", "owner", "tier", "status", "prefix", "last4" },
    [CV_PROGRESS] = { "class", "practice", "learn" },
};

/* what an option of the same name wants a member to be */

typedef struct {
    const cv_field_t  *field;
    cv_str_t           text;
    uint64_t           value;       /* of a reference, or a name */
} cmd_filter_t;

typedef struct {
    cv_kind_t      kind;
    cmd_filter_t   filters[CMD_FILTERS_MAX];
    size_t         nfilters;
    uint64_t       of;              /* what all of it belongs to */
    bool           headed;          /* has a line with the columns' names */
    uint64_t       limit;
    cv_columns_t   columns;
} cmd_list_t;


int
cmd_record_put(cv_cli_t *cli, cv_line_t *line, uint64_t *iid)
{
    int           rc;
    void         *old;
    cv_str_t      id;
    cv_kind_t     kind;
    cv_error_t    error;
    cv_record_t   record;

    kind = cli->command->kind;
    id = cv_str_z(cli->arguments[0]);
    old = NULL;

    if (cv_get_by_id(cli->txn, kind, id, &record, NULL)) {
        cv_unresolve(cli->txn, kind, &record);
        old = &record;
    }

    if (cv_txn_err(cli->txn, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = cv_record_from_options(cli, line, kind, id, old);
    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (cv_resolve(cli->txn, kind, &line->record, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    *iid = cv_put(cli->txn, kind, &line->record);

    if (*iid == 0) {
        (void) cv_txn_err(cli->txn, &error);
        return cv_cli_fail(cli, "%s", error.text);
    }

    return CV_CLI_DONE;
}


static int
cmd_record_set_body(cv_cli_t *cli)
{
    int         rc;
    uint64_t    iid, before;
    cv_line_t  *line;

    line = cli->data;
    before = cv_txn_sequence(cli->txn);
    rc = cmd_record_put(cli, line, &iid);

    if (rc == CV_CLI_DONE && line->kind == CV_HOLDER
        && cv_txn_sequence(cli->txn) != before)
    {
        /* what is shown with its name may be kept somewhere */
        cv_outbox_holder(cli->txn, iid);
    }

    if (rc == CV_CLI_DONE) {
        cv_answer_record(cli, line->kind, &line->record);
    }

    return rc;
}


int
cmd_record_set(cv_cli_t *cli)
{
    int          rc;
    cv_line_t    line;
    cv_error_t   error;

    if (cv_line_init(&line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cli->data = &line;
    rc = cv_cli_write(cli, cmd_record_set_body);

    cv_line_free(&line);

    return rc;
}


static int
cmd_record_show_body(cv_cli_t *cli)
{
    cv_kind_t     kind;
    cv_record_t   record;

    kind = cli->command->kind;

    if (!cv_get_by_id(cli->txn, kind, cv_str_z(cli->arguments[0]), &record,
                      NULL))
    {
        return cv_cli_unknown(cli, kind, cli->arguments[0]);
    }

    cv_unresolve(cli->txn, kind, &record);
    cv_answer_record(cli, kind, &record);

    return CV_CLI_DONE;
}


int
cmd_record_show(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_record_show_body);
}


/* of what is answered to who asks by that token */

static cv_str_t
cmd_list_tag(cv_cli_t *cli, const cv_token_t *token, char tag[CV_TAG_LEN])
{
    cv_tag(tag, cv_store_uuid(cli->store), token->credential.iid, token);

    return cv_str(tag, CV_TAG_LEN);
}


static void
cmd_list_row(cv_cli_t *cli, cmd_list_t *list, const void *record)
{
    char                tag[CV_TAG_LEN];
    size_t              i;
    const cv_field_t   *field;
    const char *const  *names;

    names = cmd_record_columns[list->kind];
    cv_columns_begin(&list->columns);

    for (i = 0; i < CV_COLUMNS_MAX && names[i] != NULL; i++) {
        field = cv_field_find(&cv_schemas[list->kind], cv_str_z(names[i]));

        if (field == NULL) {
            cv_columns_text(&list->columns, cmd_list_tag(cli, record, tag));
        } else {
            cv_member_plain(cv_columns_cell(&list->columns), record, field);
        }
    }
}


static void
cmd_list_json(cv_cli_t *cli, const cmd_list_t *list, const void *record)
{
    char  tag[CV_TAG_LEN];

    cv_answer_record_open(cli, list->kind, record);

    if (list->kind == CV_TOKEN) {
        cv_answer_text(cli, "cache_tag", cmd_list_tag(cli, record, tag));
    }

    cv_answer_close(cli);
}


/* to measure or to show a row, and the columns' names before the first one */

static void
cmd_list_put(cv_cli_t *cli, cmd_list_t *list, const void *record, bool first,
    bool measure)
{
    cv_columns_t  *columns;

    columns = &list->columns;

    if (first && list->headed) {
        cv_columns_head(columns, cmd_record_columns[list->kind]);
        cv_columns_put(columns, measure ? NULL : &cli->out.buf);
    }

    cmd_list_row(cli, list, record);
    cv_columns_put(columns, measure ? NULL : &cli->out.buf);
}


/* A holder's text is an e-mail address, which import knows in either case. */

static bool
cmd_list_same(cv_kind_t kind, cv_str_t wanted, cv_str_t text)
{
    return kind == CV_HOLDER
           ? text.len > 0 && wanted.len == text.len
             && strncasecmp((const char *) wanted.data,
                            (const char *) text.data, text.len) == 0
           : cv_str_eq(wanted, text);
}


static bool
cmd_list_wanted(const cmd_list_t *list, cv_record_t *record)
{
    size_t               i;
    bool                 wanted;
    const cmd_filter_t  *filter;

    for (wanted = true, i = 0; wanted && i < list->nfilters; i++) {
        filter = &list->filters[i];

        switch (filter->field->type) {

        case CV_FIELD_REF:
            wanted = cv_field_of(record, filter->field, cv_ref_t)->iid
                     == filter->value;
            break;

        case CV_FIELD_ENUM:
            /* a key's status, which is active if it has none */
            wanted = cv_key_status(&record->key) == filter->value;
            break;

        default:
            wanted = cmd_list_same(list->kind, filter->text,
                                   *cv_field_of(record, filter->field,
                                                cv_str_t));
        }
    }

    return wanted;
}


static void
cmd_list_open(cv_cli_t *cli, const cmd_list_t *list, cv_walk_t *walk)
{
    switch (list->kind) {

    case CV_PROGRESS:
        cv_walk_open_progress(walk, cli->txn, list->of);
        break;

    case CV_TOKEN:
        cv_links_open(walk, cli->txn, CV_LINK_CREDENTIAL_TOKEN, list->of);
        break;

    default:
        cv_walk_open(walk, cli->txn, list->kind);
    }
}


static bool
cmd_list_next(cv_cli_t *cli, const cmd_list_t *list, cv_walk_t *walk,
    cv_record_t *record)
{
    cv_str_t  hash;

    if (list->kind != CV_TOKEN) {
        return cv_walk_next(walk, record, NULL);
    }

    return cv_links_next(walk, &hash)
           && cv_get_token(cli->txn, hash, &record->token);
}


/* once to measure, for people, and once to show; both see one snapshot */

static int
cmd_list_walk(cv_cli_t *cli, cmd_list_t *list, bool measure)
{
    uint64_t      n;
    cv_walk_t     walk;
    cv_record_t   record;

    cmd_list_open(cli, list, &walk);

    for (n = 0; n < list->limit && cmd_list_next(cli, list, &walk, &record);
         /* void */ )
    {

        if (!cmd_list_wanted(list, &record)) {
            continue;
        }

        n++;
        cv_unresolve(cli->txn, list->kind, &record);

        if (cli->json) {
            cmd_list_json(cli, list, &record);
        } else {
            cmd_list_put(cli, list, &record, n == 1, measure);
        }

        if (!measure && !cv_out_more(&cli->out)) {
            break;
        }
    }

    cv_walk_close(&walk);

    return CV_CLI_DONE;
}


static int
cmd_list_filter(cv_cli_t *cli, cmd_filter_t *filter)
{
    int          name;
    const char  *text;

    text = cv_option(cli, filter->field->name);
    filter->text = cv_str_z(text);

    if (filter->field->type == CV_FIELD_REF) {
        filter->value = cv_find(cli->txn, cv_id_handle(filter->field->ref),
                                filter->text);

        return filter->value != 0
               ? CV_CLI_DONE : cv_cli_unknown(cli, filter->field->ref, text);
    }

    if (filter->field->type == CV_FIELD_ENUM) {
        name = cv_name_index(filter->field->names, filter->text);
        filter->value = (uint64_t) name;

        return name != -1 ? CV_CLI_DONE
                          : cv_cli_misuse(cli, "--%s: there is no \"%s\"",
                                          filter->field->name, text);
    }

    return CV_CLI_DONE;
}


/* options that have the name of a member want it to be so */

static int
cmd_list_filters(cv_cli_t *cli, cmd_list_t *list)
{
    int                 rc;
    size_t              i;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[list->kind];
    rc = CV_CLI_DONE;

    for (i = 0; i < schema->nfields && rc == CV_CLI_DONE; i++) {
        field = &schema->fields[i];

        if (cv_option(cli, field->name) == NULL) {
            continue;
        }

        list->filters[list->nfilters].field = field;
        rc = cmd_list_filter(cli, &list->filters[list->nfilters++]);
    }

    return rc;
}


static int
cmd_record_list_body(cv_cli_t *cli)
{
    int         rc;
    cmd_list_t  list;

    memset(&list, 0, sizeof(cmd_list_t));
    list.kind = cli->command->kind;
    list.limit = UINT64_MAX;

    if (!cv_option_number(cli, "limit", 1, UINT64_MAX, &list.limit)) {
        return CV_CLI_USAGE;
    }

    rc = cmd_list_filters(cli, &list);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    /* what belongs to one record is walked by that */

    if (list.kind == CV_PROGRESS) {
        list.of = list.filters[0].value;
    }

    if (list.kind == CV_TOKEN) {
        list.of = cv_find(cli->txn, CV_HANDLE_CREDENTIAL_ID,
                          cv_str_z(cli->arguments[0]));

        if (list.of == 0) {
            return cv_cli_unknown(cli, CV_CREDENTIAL, cli->arguments[0]);
        }
    }

    /* a program that reads what is meant for people reads rows, as always */

    list.headed = !cli->json && isatty(STDOUT_FILENO);

    cv_columns_init(&list.columns);

    rc = cli->json ? CV_CLI_DONE : cmd_list_walk(cli, &list, true);

    if (rc == CV_CLI_DONE) {
        rc = cmd_list_walk(cli, &list, false);
    }

    cv_columns_free(&list.columns);

    return rc;
}


int
cmd_record_list(cv_cli_t *cli)
{
    if (cli->command->kind == CV_PROGRESS && cv_option(cli, "holder") == NULL)
    {
        return cv_cli_misuse(cli, "--holder is expected");
    }

    return cv_cli_read(cli, cmd_record_list_body);
}
