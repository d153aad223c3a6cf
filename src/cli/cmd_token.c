
/*
 * Copyright (C) The credverify authors
 *
 * credverify token
 */

#include "cv_cli.h"
#include "cv_issue.h"
#include "cv_text.h"

typedef struct {
    cv_moment_t      moment;
    cv_new_token_t   token;
} cmd_token_t;


static int
cmd_token_given(cv_cli_t *cli, cmd_token_t *work)
{
    int          index;
    bool         never;
    uint64_t     days;
    cv_token_t  *token;
    const char  *privacy;

    never = false;
    days = CV_TOKEN_DAYS;
    token = &work->token.record;

    privacy = cv_option(cli, "privacy");

    index = privacy != NULL ? cv_name_index(cv_privacy_names,
                                            cv_str_z(privacy))
                            : CV_PRIVACY_FULL;

    if (index < 0) {
        return cv_cli_misuse(cli, "--privacy: \"%s\" is neither full nor "
                             "masked", privacy);
    }

    token->privacy = (cv_int_t) { index, true };

    if (!cv_option_number(cli, "days", 30, 90, &days)) {
        return CV_CLI_USAGE;
    }

    if (days % 30 != 0) {
        return cv_cli_misuse(cli, "--days: only 30, 60 or 90");
    }

    if (cv_option(cli, "expires_at") != NULL
        && cv_option(cli, "days") != NULL)
    {
        return cv_cli_misuse(cli, "give --days or --expires-at, not both");
    }

    cv_token_begin(token, (unsigned) days, &work->moment);

    if (!cv_option_date(cli, "expires_at", &token->expires_at, &never)) {
        return CV_CLI_USAGE;
    }

    if (never) {
        token->expires_at.text = CV_ABSENT;
    }

    return CV_CLI_DONE;
}


static int
cmd_token_new_body(cv_cli_t *cli)
{
    char             digits[CV_TOKEN_LEN];
    cv_error_t       error;
    cmd_token_t     *work;
    cv_new_token_t  *token;

    work = cli->data;
    token = &work->token;

    if (cv_issue_token(cli->txn, cv_str_z(cli->arguments[0]), token, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_hex_encode(digits, token->record.hash);

    cv_answer_open(cli);
    cv_answer_text(cli, "token", cv_str(token->secret, CV_TOKEN_LEN));
    cv_answer_text(cli, "token_sha256", cv_str(digits, sizeof(digits)));
    cv_answer_text(cli, "privacy",
                   cv_str_z(cv_privacy_names[token->record.privacy.value]));
    cv_answer_text(cli, "expires_at",
                   cv_present(token->record.expires_at.text) || cli->json
                   ? token->record.expires_at.text : CV_STR("never"));
    cv_answer_text(cli, "credential", cv_str_z(cli->arguments[0]));
    cv_answer_close(cli);

    if (!cli->json) {
        cv_buf_append_str(&cli->out.buf,
                          CV_STR("\nThe token is shown this once; the store "
                                 "keeps only its hash.\n"));
    }

    return CV_CLI_DONE;
}


static int
cmd_token_undo_body(cv_cli_t *cli)
{
    cmd_token_t  *work;

    work = cli->data;

    return cv_delete_token(cli->txn, work->token.record.hash)
           ? CV_CLI_DONE : CV_CLI_FAILED;
}


/* A token that nobody came to know must not stay good. */

static void
cmd_token_undo(cv_cli_t *cli, cmd_token_t *work)
{
    char  digits[CV_TOKEN_LEN];

    cli->data = work;

    if (cv_cli_write(cli, cmd_token_undo_body) == CV_CLI_DONE) {
        cli->after = "; the token was removed again";
        return;
    }

    cv_hex_encode(digits, work->token.record.hash);

    (void) cv_cli_fail(cli, "the token was made and is not known to anybody; "
                       "remove it with \"credverify token revoke %s %.*s\"",
                       cli->arguments[0], CV_TOKEN_PREFIX_MIN * 2, digits);
}


int
cmd_token_new(cv_cli_t *cli)
{
    int          rc;
    cmd_token_t  work;

    memset(&work, 0, sizeof(cmd_token_t));
    cv_moment_init(&work.moment, cv_time_now());

    rc = cmd_token_given(cli, &work);

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_token_new_body);
    }

    if (rc == CV_CLI_DONE && !cv_out_flush(&cli->out)) {
        cmd_token_undo(cli, &work);
    }

    cv_moment_free(&work.moment);

    return rc;
}


static int
cmd_token_revoke_body(cv_cli_t *cli)
{
    char         digits[CV_TOKEN_LEN];
    uint8_t      hash[CV_TOKEN_HASH_LEN];
    cv_error_t   error;

    if (cv_issue_revoke_token(cli->txn, cv_str_z(cli->arguments[0]),
                              cv_str_z(cli->arguments[1]), hash, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_hex_encode(digits, cv_str(hash, sizeof(hash)));

    cv_answer_open(cli);
    cv_answer_text(cli, "revoked", cv_str(digits, sizeof(digits)));
    cv_answer_text(cli, "credential", cv_str_z(cli->arguments[0]));
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_token_revoke(cv_cli_t *cli)
{
    return cv_cli_write(cli, cmd_token_revoke_body);
}
