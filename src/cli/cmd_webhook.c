
/*
 * Copyright (C) The credverify authors
 *
 * credverify webhook: add, set, rotate, enable, disable, remove; what is in
 * their queues is in cmd_webhook_queue.c
 */

#include "cv_base64.h"
#include "cv_cli.h"
#include "cv_digest.h"
#include "cv_outbox.h"
#include "cv_purge_url.h"

/* as many random bytes as a SHA-256 has */
#define CMD_WEBHOOK_SECRET_LEN                                                \
    (sizeof(CV_SIGNING_PREFIX) - 1 + CV_BASE64_LEN(CV_SHA256_LEN))

/* how long a former secret signs unless something else is said */
#define CMD_WEBHOOK_GRACE  CV_DAY

typedef struct {
    cv_line_t       line;
    cv_buf_t        list;           /* events, as a document */
    cv_webhook_t    begun;          /* with those */
    uint8_t         memory[CMD_WEBHOOK_SECRET_LEN];
    cv_str_t        secret;         /* a new one */

    /* of a rotation */
    cv_time_t       grace;
    cv_buf_t        copy;
    cv_webhook_t    before;
    uint8_t         until[CV_TIME_TEXT_MAX];
} cmd_webhook_t;


static int
cmd_webhook_error(cv_cli_t *cli)
{
    cv_error_t  error;

    (void) cv_txn_err(cli->txn, &error);

    return cv_cli_fail(cli, "%s", error.text);
}


/* It is found, and kept in "copy"; else it complained. */

static bool
cmd_webhook_get(cv_cli_t *cli, cv_webhook_t *webhook, uint64_t *iid,
    cv_buf_t *copy)
{
    if (!cv_get_by_id(cli->txn, CV_WEBHOOK, cv_str_z(cli->arguments[0]),
                      webhook, iid))
    {
        (void) cv_cli_unknown(cli, CV_WEBHOOK, cli->arguments[0]);
        return false;
    }

    if (!cv_record_keep(copy, CV_WEBHOOK, webhook)) {
        (void) cv_cli_fail(cli, "out of memory");
        return false;
    }

    return true;
}


static bool
cmd_webhook_put(cv_cli_t *cli, cv_webhook_t *webhook)
{
    if (cv_put(cli->txn, CV_WEBHOOK, webhook) == 0) {
        (void) cmd_webhook_error(cli);
        return false;
    }

    cv_unresolve(cli->txn, CV_WEBHOOK, webhook);

    return true;
}


static bool
cmd_webhook_secret(cv_cli_t *cli, cmd_webhook_t *work)
{
    uint8_t   random[CV_SHA256_LEN];
    cv_buf_t  secret;

    if (cv_random(random, sizeof(random)) != CV_OK) {
        (void) cv_cli_fail(cli, "no random bytes");
        return false;
    }

    cv_buf_borrow(&secret, work->memory, sizeof(work->memory));
    cv_buf_append_str(&secret, CV_STR(CV_SIGNING_PREFIX));
    cv_base64_encode(&secret, cv_str(random, sizeof(random)));

    work->secret = cv_buf_str(&secret);

    return true;
}


static void
cmd_webhook_answer(cv_cli_t *cli, const cv_webhook_t *webhook, cv_str_t secret)
{
    cv_answer_record_open(cli, CV_WEBHOOK, webhook);

    if (cv_present(secret)) {
        cv_answer_text(cli, "secret", secret);
    }

    cv_answer_close(cli);

    if (cv_present(secret) && !cli->json) {
        cv_buf_append_str(&cli->out.buf,
                          CV_STR("\nThe secret is shown this once; what is "
                                 "sent is signed with it. It is in\n"
                                 "\"credverify export --secrets\", too.\n"));
    }
}


/* A cache checks no signature. */

static bool
cmd_webhook_signed(const cv_webhook_t *webhook)
{
    return !webhook->type.present || webhook->type.value != CV_WEBHOOK_PURGE;
}


/* A URL is in lists and logs of others: no place for what opens doors. */

static int
cmd_webhook_url(cv_cli_t *cli, const cv_webhook_t *webhook)
{
    size_t          n;
    unsigned        variants;
    cv_error_t      error;
    const uint8_t  *p, *end;

    end = cv_str_end(webhook->url);
    p = memchr(webhook->url.data, ':', webhook->url.len);

    for (n = 0, p = p != NULL ? p + 3 : end;
         p < end && strchr("/?#", *p) == NULL; p++)
    {
        n += *p == '@';
    }

    if (n > 0) {
        return cv_cli_misuse(cli, "--url: it has a user name or password in "
                             "it, which lists would show");
    }

    if (!cmd_webhook_signed(webhook)
        && cv_purge_variants(webhook->url, &variants, &error) != CV_OK)
    {
        return cv_cli_misuse(cli, "--url: %s", error.text);
    }

    return CV_CLI_DONE;
}


/* what --event names, in place of what there was */

static int
cmd_webhook_events(cv_cli_t *cli, cmd_webhook_t *work, cv_webhook_t *webhook)
{
    int          rc;
    unsigned     i, n;
    const char  *type;

    for (n = 0, i = 0; (type = cv_option_each(cli, "event", &i)) != NULL; n++)
    {
        if (*type != '\0'
            && cv_name_index(cv_event_types, cv_str_z(type)) == -1)
        {
            return cv_cli_misuse(cli, "--event: there is no \"%s\"", type);
        }
    }

    if (n == 0) {
        return CV_CLI_DONE;
    }

    rc = cv_option_list(cli, "event", &work->list, &webhook->events);

    /* one that is empty: all */

    if (n == 1 && *cv_option(cli, "event") == '\0') {
        webhook->events = CV_ABSENT;
    }

    return rc;
}


/* Add */

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

    if (cv_resolve(cli->txn, CV_WEBHOOK, webhook, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    if (!cmd_webhook_put(cli, webhook)) {
        return CV_CLI_FAILED;
    }

    cmd_webhook_answer(cli, webhook, webhook->secret);

    return CV_CLI_DONE;
}


static int
cmd_webhook_unmake_body(cv_cli_t *cli)
{
    return cv_delete_webhook(cli->txn,
                             cv_find(cli->txn, CV_HANDLE_WEBHOOK_ID,
                                     cv_str_z(cli->arguments[0])))
           ? CV_CLI_DONE : cmd_webhook_error(cli);
}


/* What nobody came to know must not stay. */

static void
cmd_webhook_undo(cv_cli_t *cli, int (*body)(cv_cli_t *cli),
    const char *undone)
{
    if (cv_cli_write(cli, body) == CV_CLI_DONE) {
        cli->after = undone;
        return;
    }

    (void) cv_cli_fail(cli, "the secret was made and is not known to anybody; "
                       "give the webhook another one with \"credverify "
                       "webhook rotate %s\"", cli->arguments[0]);
}


static int
cmd_webhook_begin(cv_cli_t *cli, cmd_webhook_t *work)
{
    cv_error_t  error;

    memset(work, 0, sizeof(cmd_webhook_t));

    if (cv_line_init(&work->line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_buf_init(&work->list, CV_RECORD_MAX);
    cv_buf_init(&work->copy, CV_RECORD_MAX);

    return CV_CLI_DONE;
}


static void
cmd_webhook_end(cmd_webhook_t *work)
{
    cv_buf_free(&work->list);
    cv_buf_free(&work->copy);
    cv_line_free(&work->line);
}


int
cmd_webhook_add(cv_cli_t *cli)
{
    int             rc;
    cmd_webhook_t   work;

    rc = cmd_webhook_begin(cli, &work);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    rc = cmd_webhook_events(cli, &work, &work.begun);

    if (rc == CV_CLI_DONE) {
        rc = cv_record_from_options(cli, &work.line, CV_WEBHOOK,
                                    cv_str_z(cli->arguments[0]), &work.begun);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_webhook_url(cli, &work.line.record.webhook);
    }

    if (rc == CV_CLI_DONE && cmd_webhook_signed(&work.line.record.webhook)) {
        rc = cmd_webhook_secret(cli, &work) ? CV_CLI_DONE : CV_CLI_FAILED;
        work.line.record.webhook.secret = work.secret;
    }

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_webhook_add_body);
    }

    if (rc == CV_CLI_DONE && cv_present(work.secret)
        && !cv_out_flush(&cli->out))
    {
        cmd_webhook_undo(cli, cmd_webhook_unmake_body,
                         "; the webhook was removed again");
    }

    cmd_webhook_end(&work);

    return rc;
}


/* Set */

static int
cmd_webhook_set_body(cv_cli_t *cli)
{
    int             rc;
    uint64_t        iid;
    cv_error_t      error;
    cv_webhook_t   *webhook;
    cmd_webhook_t  *work;

    work = cli->data;

    if (!cmd_webhook_get(cli, &work->before, &iid, &work->copy)) {
        return CV_CLI_FAILED;
    }

    cv_unresolve(cli->txn, CV_WEBHOOK, &work->before);

    rc = cmd_webhook_events(cli, work, &work->before);

    if (rc == CV_CLI_DONE) {
        rc = cv_record_from_options(cli, &work->line, CV_WEBHOOK,
                                    cv_str_z(cli->arguments[0]),
                                    &work->before);
    }

    webhook = &work->line.record.webhook;

    if (rc == CV_CLI_DONE) {
        rc = cmd_webhook_url(cli, webhook);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (cv_resolve(cli->txn, CV_WEBHOOK, webhook, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    /* what has failed there need not fail where it goes now */

    if (cv_option(cli, "url") != NULL || cv_option(cli, "private") != NULL) {
        (void) cv_delivery_retry(cli->txn, iid);
    }

    if (!cmd_webhook_put(cli, webhook)) {
        return CV_CLI_FAILED;
    }

    cv_answer_record(cli, CV_WEBHOOK, webhook);

    return CV_CLI_DONE;
}


/* Rotate */

static int
cmd_webhook_rotate_body(cv_cli_t *cli)
{
    size_t          len;
    cv_time_t       until;
    cv_webhook_t    webhook;
    cmd_webhook_t  *work;

    work = cli->data;

    if (!cmd_webhook_get(cli, &work->before, NULL, &work->copy)) {
        return CV_CLI_FAILED;
    }

    if (!cmd_webhook_signed(&work->before)) {
        return cv_cli_fail(cli, "webhook \"%s\" is of type purge: nothing "
                           "that is sent to it is signed", cli->arguments[0]);
    }

    webhook = work->before;
    webhook.secret = work->secret;

    /* one that is to sign nothing more is not kept: what is absent would be */

    webhook.previous = work->grace > 0 ? work->before.secret : work->secret;

    until = cv_time_now() + work->grace;
    len = cv_time_format(work->until, until, CV_TIME_Z);
    (void) cv_date_parse(&webhook.previous_until, cv_str(work->until, len));

    if (!cmd_webhook_put(cli, &webhook)) {
        return CV_CLI_FAILED;
    }

    cmd_webhook_answer(cli, &webhook, webhook.secret);

    return CV_CLI_DONE;
}


static int
cmd_webhook_unrotate_body(cv_cli_t *cli)
{
    cv_buf_t        copy;
    cv_webhook_t    webhook;
    cmd_webhook_t  *work;
    int             rc;

    work = cli->data;
    cv_buf_init(&copy, CV_RECORD_MAX);
    rc = CV_CLI_FAILED;

    if (cmd_webhook_get(cli, &webhook, NULL, &copy)
        && cv_str_eq(webhook.secret, work->secret))
    {
        webhook.secret = work->before.secret;
        webhook.previous = cv_present(work->before.previous)
                           ? work->before.previous : work->before.secret;
        webhook.previous_until = work->before.previous_until;

        rc = cmd_webhook_put(cli, &webhook) ? CV_CLI_DONE : CV_CLI_FAILED;
    }

    cv_buf_free(&copy);

    return rc;
}


int
cmd_webhook_rotate(cv_cli_t *cli)
{
    int             rc;
    cmd_webhook_t   work;

    rc = cmd_webhook_begin(cli, &work);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    work.grace = CMD_WEBHOOK_GRACE;

    if (!cv_option_duration(cli, "grace", &work.grace)) {
        rc = CV_CLI_USAGE;

    } else if (!cmd_webhook_secret(cli, &work)) {
        rc = CV_CLI_FAILED;
    }

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_webhook_rotate_body);
    }

    if (rc == CV_CLI_DONE && !cv_out_flush(&cli->out)) {
        cli->data = &work;
        cmd_webhook_undo(cli, cmd_webhook_unrotate_body,
                         "; the webhook has its former secret again");
    }

    cmd_webhook_end(&work);

    return rc;
}


/* Enable, disable, remove */

static int
cmd_webhook_switch(cv_cli_t *cli, cv_webhook_status_t status, cv_str_t reason)
{
    uint64_t        iid;
    cv_webhook_t   *webhook;
    cmd_webhook_t  *work;

    work = cli->data;
    webhook = &work->before;

    if (!cmd_webhook_get(cli, webhook, &iid, &work->copy)) {
        return CV_CLI_FAILED;
    }

    if (status == CV_WEBHOOK_ACTIVE) {
        (void) cv_delivery_retry(cli->txn, iid);
    }

    webhook->status = (cv_int_t) { status, status != CV_WEBHOOK_ACTIVE };
    webhook->reason = reason;

    if (!cmd_webhook_put(cli, webhook)) {
        return CV_CLI_FAILED;
    }

    cv_answer_record(cli, CV_WEBHOOK, webhook);

    return CV_CLI_DONE;
}


static int
cmd_webhook_enable_body(cv_cli_t *cli)
{
    return cmd_webhook_switch(cli, CV_WEBHOOK_ACTIVE, CV_ABSENT);
}


static int
cmd_webhook_disable_body(cv_cli_t *cli)
{
    cv_str_t  reason;

    reason = CV_ABSENT;

    if (!cv_option_text(cli, "reason", &reason)) {
        return CV_CLI_USAGE;
    }

    return cmd_webhook_switch(cli, CV_WEBHOOK_DISABLED, reason);
}


static int
cmd_webhook_remove_body(cv_cli_t *cli)
{
    uint64_t        iid;
    cmd_webhook_t  *work;

    work = cli->data;

    if (!cmd_webhook_get(cli, &work->before, &iid, &work->copy)) {
        return CV_CLI_FAILED;
    }

    if (!cv_delete_webhook(cli->txn, iid)) {
        return cmd_webhook_error(cli);
    }

    cv_answer_open(cli);
    cv_answer_text(cli, "removed", work->before.id);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


static int
cmd_webhook_write(cv_cli_t *cli, int (*body)(cv_cli_t *cli))
{
    int            rc;
    cmd_webhook_t  work;

    rc = cmd_webhook_begin(cli, &work);

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, body);
        cmd_webhook_end(&work);
    }

    return rc;
}


int
cmd_webhook_set(cv_cli_t *cli)
{
    return cmd_webhook_write(cli, cmd_webhook_set_body);
}


int
cmd_webhook_enable(cv_cli_t *cli)
{
    return cmd_webhook_write(cli, cmd_webhook_enable_body);
}


int
cmd_webhook_disable(cv_cli_t *cli)
{
    return cmd_webhook_write(cli, cmd_webhook_disable_body);
}


int
cmd_webhook_remove(cv_cli_t *cli)
{
    return cmd_webhook_write(cli, cmd_webhook_remove_body);
}
