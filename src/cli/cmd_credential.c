
/*
 * Copyright (C) The credverify authors
 *
 * credverify credential
 */

#include "cv_cli.h"
#include "cv_issue.h"
#include "cv_tag.h"
#include "cv_verdict.h"

typedef struct {
    cv_line_t        line;
    cv_moment_t      moment;
    cv_terms_t       terms;
    cv_status_t      to;
    cv_str_t         reason;
    cv_str_t         id;
    uint8_t          uuid[CV_UUID_LEN];
    cv_credential_t  credential;
} cmd_credential_t;


/* runs a body in a write transaction, with what it needs */

static int
cmd_credential_write(cv_cli_t *cli, cmd_credential_t *work,
    int (*body)(cv_cli_t *cli))
{
    int  rc;

    cv_moment_init(&work->moment, cv_time_now());

    cli->data = work;
    rc = cv_cli_write(cli, body);

    cv_moment_free(&work->moment);

    return rc;
}


static int
cmd_credential_answer(cv_cli_t *cli, cv_credential_t *credential)
{
    cv_unresolve(cli->txn, CV_CREDENTIAL, credential);
    cv_answer_record(cli, CV_CREDENTIAL, credential);

    return CV_CLI_DONE;
}


static int
cmd_credential_create_body(cv_cli_t *cli)
{
    cv_error_t         error;
    cv_credential_t   *credential;
    cmd_credential_t  *work;

    work = cli->data;
    credential = &work->line.record.credential;

    if (cv_issue_create(cli->txn, credential, work->terms.forever,
                        &work->moment, &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    return cmd_credential_answer(cli, credential);
}


static void
cmd_credential_set(cv_cli_t *cli, const char *name, const char *value)
{
    unsigned  i;

    for (i = 0; i < cli->noptions; i++) {
        if (strcmp(cli->options[i].name, name) == 0) {
            cli->values[i] = value;
        }
    }
}


/* Takes "never" for an expiry, and a status, which is no mere member. */

static int
cmd_credential_given(cv_cli_t *cli, cmd_credential_t *work)
{
    int          rc;
    cv_date_t    expires_at;
    cv_status_t  status;
    const char  *expiry;

    expiry = cv_option(cli, "expires_at");

    if (expiry != NULL && *expiry != '\0'
        && !cv_option_date(cli, "expires_at", &expires_at,
                           &work->terms.forever))
    {
        return CV_CLI_USAGE;
    }

    if (work->terms.forever) {
        cmd_credential_set(cli, "expires_at", "");
    }

    if (cv_option(cli, "status") == NULL) {
        cmd_credential_set(cli, "status", cv_status_names[CV_STATUS_DRAFT]);
    }

    if (cv_option(cli, "id") != NULL) {
        work->id = cv_str_z(cv_option(cli, "id"));

    } else if (cv_uuid_new(work->uuid) == CV_OK) {
        work->id = cv_str(work->uuid, sizeof(work->uuid));

    } else {
        return cv_cli_fail(cli, "no random bytes");
    }

    rc = cv_record_from_options(cli, &work->line, CV_CREDENTIAL, work->id,
                                NULL);
    if (rc != CV_CLI_DONE) {
        return rc;
    }

    status = (cv_status_t) work->line.record.credential.status.value;

    if (status != CV_STATUS_DRAFT
        && !cv_status_leads(CV_STATUS_DRAFT, status))
    {
        return cv_cli_misuse(cli, "--status: a credential is made as draft, "
                             "pending or issued, not %s",
                             cv_status_names[status]);
    }

    return CV_CLI_DONE;
}


int
cmd_credential_create(cv_cli_t *cli)
{
    int                rc;
    cv_error_t         error;
    cmd_credential_t   work;

    memset(&work, 0, sizeof(cmd_credential_t));

    if (cv_line_init(&work.line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = cmd_credential_given(cli, &work);

    if (rc == CV_CLI_DONE) {
        rc = cmd_credential_write(cli, &work, cmd_credential_create_body);
    }

    cv_line_free(&work.line);

    return rc;
}


static int
cmd_credential_issue_body(cv_cli_t *cli)
{
    cv_error_t         error;
    cmd_credential_t  *work;

    work = cli->data;

    if (cv_issue_issue(cli->txn, work->id, &work->terms, &work->credential,
                       &work->moment, &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    return cmd_credential_answer(cli, &work->credential);
}


int
cmd_credential_issue(cv_cli_t *cli)
{
    cmd_credential_t  work;

    memset(&work, 0, sizeof(cmd_credential_t));
    work.id = cv_str_z(cli->arguments[0]);

    if (!cv_option_text(cli, "number", &work.terms.number)
        || !cv_option_date(cli, "issued_at", &work.terms.issued_at, NULL)
        || !cv_option_date(cli, "expires_at", &work.terms.expires_at,
                           &work.terms.forever))
    {
        return CV_CLI_USAGE;
    }

    return cmd_credential_write(cli, &work, cmd_credential_issue_body);
}


/* what the verbs make of a credential */

static const char *const  cmd_credential_verbs[] = {
    [CV_STATUS_DRAFT] = "",
    [CV_STATUS_PENDING] = "pend",
    [CV_STATUS_ISSUED] = "issue",
    [CV_STATUS_CLAIMED] = "claim",
    [CV_STATUS_USED] = "use",
    [CV_STATUS_REFUNDED] = "refund",
    [CV_STATUS_REVOKED] = "revoke",
    NULL
};


static int
cmd_credential_move_body(cv_cli_t *cli)
{
    cv_error_t         error;
    cmd_credential_t  *work;

    work = cli->data;

    if (cv_issue_move(cli->txn, work->id, work->to, work->reason,
                      &work->credential, &work->moment, &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    return cmd_credential_answer(cli, &work->credential);
}


int
cmd_credential_move(cv_cli_t *cli)
{
    cmd_credential_t  work;

    memset(&work, 0, sizeof(cmd_credential_t));
    work.id = cv_str_z(cli->arguments[0]);
    work.to = (cv_status_t) cv_name_index(cmd_credential_verbs,
                                          cv_str_z(cli->command->verb));

    if (!cv_option_text(cli, "reason", &work.reason)) {
        return CV_CLI_USAGE;
    }

    return cmd_credential_write(cli, &work, cmd_credential_move_body);
}


static int
cmd_credential_send_body(cv_cli_t *cli)
{
    cv_error_t         error;
    cmd_credential_t  *work;

    work = cli->data;

    if (cv_issue_send(cli->txn, work->id, true, &work->credential,
                      &work->moment, &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    return cmd_credential_answer(cli, &work->credential);
}


int
cmd_credential_send(cv_cli_t *cli)
{
    cmd_credential_t  work;

    memset(&work, 0, sizeof(cmd_credential_t));
    work.id = cv_str_z(cli->arguments[0]);

    return cmd_credential_write(cli, &work, cmd_credential_send_body);
}


/* the verdict on every handle but a token, now */

static void
cmd_credential_verdict(cv_cli_t *cli, const cv_credential_t *credential)
{
    size_t          len;
    uint8_t         text[CV_TIME_TEXT_MAX];
    cv_verdict_t    verdict;
    cv_question_t   question;

    question = (cv_question_t) { credential, NULL, true, false };

    verdict = cv_verdict(&question, cv_time_now());

    cv_answer_text(cli, "verdict", cv_outcomes[verdict.reason].name);

    len = cv_time_format(text, verdict.next_change_at, CV_TIME_Z);
    cv_answer_text(cli, "until", verdict.next_change_at == CV_TIME_NEVER
                                 ? CV_ABSENT : cv_str(text, len));
}


static int
cmd_credential_show_body(cv_cli_t *cli)
{
    char                     tag[CV_TAG_LEN];
    uint64_t                 iid;
    cv_assertion_t           assertion;
    cv_credential_t          credential;
    const cv_handle_kind_t  *by;

    by = cli->data;

    iid = cv_find(cli->txn, *by, cv_str_z(cli->arguments[0]));

    if (iid == 0 || !cv_get(cli->txn, CV_CREDENTIAL, iid, &credential)) {
        return cv_cli_unknown(cli, CV_CREDENTIAL, cli->arguments[0]);
    }

    cv_unresolve(cli->txn, CV_CREDENTIAL, &credential);

    cv_answer_record_open(cli, CV_CREDENTIAL, &credential);
    cv_answer_text(cli, "assertion",
                   cv_get_assertion(cli->txn, iid, &assertion) ? assertion.id
                                                               : CV_ABSENT);
    cv_answer_number(cli, "tokens",
                     cv_cli_links(cli, CV_LINK_CREDENTIAL_TOKEN, iid));
    cmd_credential_verdict(cli, &credential);

    cv_tag(tag, cv_store_uuid(cli->store), iid, NULL);
    cv_answer_text(cli, "cache_tag", cv_str(tag, sizeof(tag)));
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_credential_show(cv_cli_t *cli)
{
    cv_handle_kind_t  by;

    by = CV_HANDLE_CREDENTIAL_ID;

    if (!cv_option_by(cli, &by)) {
        return CV_CLI_USAGE;
    }

    cli->data = &by;

    return cv_cli_read(cli, cmd_credential_show_body);
}
