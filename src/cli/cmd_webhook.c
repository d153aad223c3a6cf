
/*
 * Copyright (C) The credverify authors
 *
 * credverify webhook add; its list is that of every kind
 */

#include "cv_base64.h"
#include "cv_cli.h"
#include "cv_digest.h"

/* as many random bytes as a SHA-256 has */
#define CMD_WEBHOOK_SECRET_LEN                                                \
    (sizeof(CV_SIGNING_PREFIX) - 1 + CV_BASE64_LEN(CV_SHA256_LEN))

typedef struct {
    cv_line_t   line;
    uint8_t     secret[CMD_WEBHOOK_SECRET_LEN];
} cmd_webhook_t;


static int
cmd_webhook_add_body(cv_cli_t *cli)
{
    cv_error_t      error;
    cv_webhook_t   *webhook;
    cmd_webhook_t  *work;

    work = cli->data;
    webhook = &work->line.record.webhook;

    if (cv_find(cli->txn, CV_HANDLE_WEBHOOK_ID, webhook->id) != 0) {
        return cv_cli_fail(cli, "there is a webhook \"%s\" already",
                           cli->arguments[0]);
    }

    if (cv_put(cli->txn, CV_WEBHOOK, webhook) == 0) {
        (void) cv_txn_err(cli->txn, &error);
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_answer_record_open(cli, CV_WEBHOOK, webhook);
    cv_answer_text(cli, "secret", webhook->secret);
    cv_answer_close(cli);

    if (!cli->json) {
        cv_buf_append_str(&cli->out.buf,
                          CV_STR("\nThe secret is shown this once; what is "
                                 "sent is signed with it. It is in\n"
                                 "\"credverify export --secrets\", too.\n"));
    }

    return CV_CLI_DONE;
}


static bool
cmd_webhook_secret(cmd_webhook_t *work)
{
    uint8_t   random[CV_SHA256_LEN];
    cv_buf_t  secret;

    if (cv_random(random, sizeof(random)) != CV_OK) {
        return false;
    }

    cv_buf_borrow(&secret, work->secret, sizeof(work->secret));
    cv_buf_append_str(&secret, CV_STR(CV_SIGNING_PREFIX));
    cv_base64_encode(&secret, cv_str(random, sizeof(random)));

    work->line.record.webhook.secret = cv_buf_str(&secret);

    return !cv_buf_failed(&secret);
}


int
cmd_webhook_add(cv_cli_t *cli)
{
    int             rc;
    cv_error_t      error;
    cmd_webhook_t   work;

    memset(&work, 0, sizeof(cmd_webhook_t));

    if (cv_line_init(&work.line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = cv_record_from_options(cli, &work.line, CV_WEBHOOK,
                                cv_str_z(cli->arguments[0]), NULL);

    if (rc == CV_CLI_DONE && !cmd_webhook_secret(&work)) {
        rc = cv_cli_fail(cli, "no random bytes");
    }

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_webhook_add_body);
    }

    cv_line_free(&work.line);

    return rc;
}
