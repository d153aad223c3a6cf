
/*
 * Copyright (C) The credverify authors
 *
 * credverify webhook: list, show, dead, test, retry, skip, replay
 */

#include "cv_cli.h"
#include "cv_codec.h"
#include "cv_outbox.h"
#include "cv_pace.h"

#include <unistd.h>

/* of the key of a delivery, its webhook and state are this */
#define CMD_QUEUE_STATE  8

typedef struct {
    uint64_t       waiting;
    uint64_t       dead;
    cv_str_t       oldest_at;       /* of the events that wait */
    cv_time_t      next_at;         /* of the first of them; 0: at once */
    cv_time_t      tried_at;        /* the last failure, */
    cv_str_t       error;           /* and what it was */
} cmd_queue_t;

static const char *const  cmd_webhook_columns[] = {
    "id", "status", "waiting", "oldest_at", "dead", "url", "last_error", NULL
};

static const char *const  cmd_dead_columns[] = {
    "event", "type", "at", "attempts", "tried_at", "status", "error", NULL
};

static const char *const  cmd_dead_mail_columns[] = {
    "event", "credential", "at", "attempts", "tried_at", "status", "error", NULL
};

typedef struct {
    uint64_t       limit;
    bool           headed;
    cv_buf_t      *out;             /* NULL: it is measured, for people */
    cv_columns_t   columns;
} cmd_webhooks_t;

typedef struct {
    cv_webhook_t   webhook;
    uint64_t       number;
    cv_buf_t       copy;
    cv_date_t      since;
    uint64_t       from;            /* the event to go on with; 0: none */
    uint64_t       queued;
} cmd_replay_t;


/* What is in a webhook's queue; texts borrow from the snapshot. */

static void
cmd_queue_read(cv_cli_t *cli, uint64_t number, cmd_queue_t *queue)
{
    int            state;
    uint64_t      *count;
    cv_walk_t      walk;
    cv_event_t     event;
    cv_delivery_t  delivery;

    memset(queue, 0, sizeof(cmd_queue_t));

    for (state = CV_DELIVERY_WAITING; state < CV_DELIVERY_STATES; state++) {
        count = state == CV_DELIVERY_WAITING ? &queue->waiting : &queue->dead;

        cv_deliveries_open(&walk, cli->txn, number,
                           (cv_delivery_state_t) state);

        while (cv_walk_next(&walk, &delivery, NULL)) {

            if ((*count)++ == 0 && state == CV_DELIVERY_WAITING) {
                queue->next_at = delivery.next_at.value;

                if (cv_get(cli->txn, CV_EVENT, delivery.event.iid, &event)) {
                    queue->oldest_at = event.at.text;
                }
            }

            if (delivery.tried_at.present
                && delivery.tried_at.value >= queue->tried_at)
            {
                queue->tried_at = delivery.tried_at.value;
                queue->error = delivery.error;
            }
        }

        cv_walk_close(&walk);
    }
}


static cv_str_t
cmd_queue_at(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t at)
{
    return at > 0 ? cv_str(text, cv_time_format(text, at, CV_TIME_Z))
                  : CV_ABSENT;
}


static void
cmd_queue_time(cv_cli_t *cli, const char *name, cv_time_t at)
{
    uint8_t  text[CV_TIME_TEXT_MAX];

    cv_answer_text(cli, name, cmd_queue_at(text, at));
}


static void
cmd_queue_answer(cv_cli_t *cli, cv_webhook_t *webhook, uint64_t number)
{
    cmd_queue_t  queue;

    cmd_queue_read(cli, number, &queue);
    cv_unresolve(cli->txn, CV_WEBHOOK, webhook);

    cv_answer_record_open(cli, CV_WEBHOOK, webhook);
    cv_answer_number(cli, "waiting", queue.waiting);
    cv_answer_text(cli, "oldest_at", queue.oldest_at);
    cmd_queue_time(cli, "next_at", queue.next_at);
    cv_answer_number(cli, "dead", queue.dead);
    cmd_queue_time(cli, "failed_at", queue.tried_at);
    cv_answer_text(cli, "last_error", queue.error);
    cv_answer_close(cli);
}


/* List */

static void
cmd_listed_begin(cmd_webhooks_t *list, uint64_t n, const char *const *names)
{
    if (n == 0 && list->headed) {
        cv_columns_head(&list->columns, names);
        cv_columns_put(&list->columns, list->out);
    }

    cv_columns_begin(&list->columns);
}


/* False if nobody reads on. */

static bool
cmd_listed_end(cv_cli_t *cli, cmd_webhooks_t *list)
{
    if (!cli->json) {
        cv_columns_put(&list->columns, list->out);
    }

    return list->out == NULL || cv_out_more(&cli->out);
}


static bool
cmd_webhook_disabled(const cv_webhook_t *webhook)
{
    return webhook->status.present
           && webhook->status.value != CV_WEBHOOK_ACTIVE;
}


static void
cmd_webhook_row(cv_cli_t *cli, cmd_webhooks_t *list,
    const cv_webhook_t *webhook, uint64_t number)
{
    cmd_queue_t    queue;
    cv_columns_t  *columns;

    columns = &list->columns;
    cmd_queue_read(cli, number, &queue);

    cv_columns_text(columns, webhook->id);
    cv_columns_text(columns,
                    cv_str_z(cv_webhook_status_names
                             [cmd_webhook_disabled(webhook)]));
    cv_columns_number(columns, (int64_t) queue.waiting);
    cv_columns_text(columns, queue.oldest_at);
    cv_columns_number(columns, (int64_t) queue.dead);
    cv_columns_text(columns, webhook->url);
    cv_columns_text(columns, queue.error);
}


static int
cmd_webhook_walk(cv_cli_t *cli, cmd_webhooks_t *list)
{
    uint64_t       n, number;
    cv_walk_t      walk;
    cv_webhook_t   webhook;

    cv_walk_open(&walk, cli->txn, CV_WEBHOOK);

    for (n = 0; n < list->limit && cv_walk_next(&walk, &webhook, &number);
         n++)
    {
        if (cli->json) {
            cmd_queue_answer(cli, &webhook, number);

        } else {
            cmd_listed_begin(list, n, cmd_webhook_columns);
            cmd_webhook_row(cli, list, &webhook, number);
        }

        if (!cmd_listed_end(cli, list)) {
            break;
        }
    }

    cv_walk_close(&walk);

    return CV_CLI_DONE;
}


/* once to measure, for people, and once to show */

static int
cmd_listed(cv_cli_t *cli, int (*walk)(cv_cli_t *cli, cmd_webhooks_t *list))
{
    int             rc;
    cmd_webhooks_t  list;

    memset(&list, 0, sizeof(cmd_webhooks_t));
    list.limit = UINT64_MAX;
    list.headed = isatty(STDOUT_FILENO);

    if (!cv_option_number(cli, "limit", 1, UINT64_MAX, &list.limit)) {
        return CV_CLI_USAGE;
    }

    cv_columns_init(&list.columns);

    rc = cli->json ? CV_CLI_DONE : walk(cli, &list);

    if (rc == CV_CLI_DONE) {
        list.out = &cli->out.buf;
        rc = walk(cli, &list);
    }

    cv_columns_free(&list.columns);

    return rc;
}


static int
cmd_webhook_list_body(cv_cli_t *cli)
{
    return cmd_listed(cli, cmd_webhook_walk);
}


int
cmd_webhook_list(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_webhook_list_body);
}


/* Show */

static int
cmd_webhook_show_body(cv_cli_t *cli)
{
    uint64_t      number;
    cv_webhook_t  webhook;

    if (!cv_get_by_id(cli->txn, CV_WEBHOOK, cv_str_z(cli->arguments[0]),
                      &webhook, &number))
    {
        return cv_cli_unknown(cli, CV_WEBHOOK, cli->arguments[0]);
    }

    cmd_queue_answer(cli, &webhook, number);

    return CV_CLI_DONE;
}


int
cmd_webhook_show(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_webhook_show_body);
}


/* Dead letters: without an argument, of mail */

static bool
cmd_dead_is_mail(const cv_cli_t *cli)
{
    return cli->narguments == 0;
}


/* All mail is of one type: it is told apart by what is sent. */

static cv_str_t
cmd_dead_about(const cv_cli_t *cli, const cv_event_t *event,
    cv_credential_t *credential)
{
    if (!cmd_dead_is_mail(cli)) {
        return event->type;
    }

    return cv_get(cli->txn, CV_CREDENTIAL, event->credential.iid, credential)
           ? credential->id : CV_ABSENT;
}


static void
cmd_dead_json(cv_cli_t *cli, const cv_event_t *event,
    const cv_delivery_t *delivery)
{
    cv_credential_t  credential;

    cv_answer_open(cli);
    cv_answer_text(cli, "event", event->id);
    cv_answer_text(cli, cmd_dead_is_mail(cli) ? "credential" : "type",
                   cmd_dead_about(cli, event, &credential));
    cv_answer_text(cli, "at", event->at.text);
    cv_answer_number(cli, "attempts", (uint64_t) delivery->attempts.value);
    cmd_queue_time(cli, "tried_at", delivery->tried_at.value);

    if (delivery->status.present) {
        cv_answer_number(cli, "status", (uint64_t) delivery->status.value);
    } else {
        cv_answer_text(cli, "status", CV_ABSENT);
    }

    cv_answer_text(cli, "error", delivery->error);
    cv_answer_close(cli);
}


static void
cmd_dead_row(const cv_cli_t *cli, cmd_webhooks_t *list,
    const cv_event_t *event, const cv_delivery_t *delivery)
{
    uint8_t           text[CV_TIME_TEXT_MAX];
    cv_columns_t     *columns;
    cv_credential_t   credential;

    columns = &list->columns;

    cv_columns_text(columns, event->id);
    cv_columns_text(columns, cmd_dead_about(cli, event, &credential));
    cv_columns_text(columns, event->at.text);
    cv_columns_number(columns, delivery->attempts.value);
    cv_columns_text(columns, cmd_queue_at(text, delivery->tried_at.value));

    if (delivery->status.present) {
        cv_columns_number(columns, delivery->status.value);
    } else {
        cv_columns_text(columns, CV_ABSENT);
    }

    cv_columns_text(columns, delivery->error);
}


static int
cmd_dead_walk(cv_cli_t *cli, cmd_webhooks_t *list)
{
    uint64_t       n, number;
    cv_walk_t      walk;
    cv_event_t     event;
    cv_delivery_t  delivery;

    number = cmd_dead_is_mail(cli) ? 0
             : cv_find(cli->txn, CV_HANDLE_WEBHOOK_ID,
                       cv_str_z(cli->arguments[0]));

    if (number == 0 && !cmd_dead_is_mail(cli)) {
        return cv_cli_unknown(cli, CV_WEBHOOK, cli->arguments[0]);
    }

    cv_deliveries_open(&walk, cli->txn, number, CV_DELIVERY_DEAD);

    for (n = 0; n < list->limit && cv_walk_next(&walk, &delivery, NULL); n++) {

        memset(&event, 0, sizeof(cv_event_t));
        (void) cv_get(cli->txn, CV_EVENT, delivery.event.iid, &event);

        if (cli->json) {
            cmd_dead_json(cli, &event, &delivery);

        } else {
            cmd_listed_begin(list, n, cmd_dead_is_mail(cli)
                                      ? cmd_dead_mail_columns
                                      : cmd_dead_columns);
            cmd_dead_row(cli, list, &event, &delivery);
        }

        if (!cmd_listed_end(cli, list)) {
            break;
        }
    }

    cv_walk_close(&walk);

    return CV_CLI_DONE;
}


static int
cmd_webhook_dead_body(cv_cli_t *cli)
{
    return cmd_listed(cli, cmd_dead_walk);
}


int
cmd_webhook_dead(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_webhook_dead_body);
}


/* Test */

/* The webhook, unless nothing would be sent to it. */

static int
cmd_webhook_active(cv_cli_t *cli, cv_webhook_t *webhook, uint64_t *number)
{
    if (!cv_get_by_id(cli->txn, CV_WEBHOOK, cv_str_z(cli->arguments[0]),
                      webhook, number))
    {
        return cv_cli_unknown(cli, CV_WEBHOOK, cli->arguments[0]);
    }

    return !cmd_webhook_disabled(webhook)
           ? CV_CLI_DONE
           : cv_cli_fail(cli, "webhook \"%s\" is disabled; \"credverify "
                         "webhook enable %s\"", cli->arguments[0],
                         cli->arguments[0]);
}


static int
cmd_queue_error(cv_cli_t *cli)
{
    cv_error_t  error;

    (void) cv_txn_err(cli->txn, &error);

    return cv_cli_fail(cli, "%s", error.text);
}


static void
cmd_queue_event(cv_cli_t *cli, const cv_event_t *event)
{
    cv_answer_open(cli);
    cv_answer_text(cli, "webhook", cv_str_z(cli->arguments[0]));
    cv_answer_text(cli, "event", event->id);
    cv_answer_close(cli);
}


static int
cmd_webhook_test_body(cv_cli_t *cli)
{
    int           rc;
    uint64_t      number, iid;
    cv_event_t    event;
    cv_webhook_t  webhook;

    rc = cmd_webhook_active(cli, &webhook, &number);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    iid = cv_outbox_test(cli->txn, number);

    if (iid == 0 || !cv_get(cli->txn, CV_EVENT, iid, &event)) {
        return cmd_queue_error(cli);
    }

    cmd_queue_event(cli, &event);

    return CV_CLI_DONE;
}


int
cmd_webhook_test(cv_cli_t *cli)
{
    return cv_cli_write(cli, cmd_webhook_test_body);
}


/* Retry, skip: what is in the way of all that waits */

static int
cmd_webhook_first(cv_cli_t *cli,
    uint64_t (*change)(cv_txn_t *txn, uint64_t webhook), uint64_t number)
{
    uint64_t    iid;
    cv_event_t  event;

    iid = change(cli->txn, number);

    if (cv_txn_err(cli->txn, NULL) != CV_OK) {
        return cmd_queue_error(cli);
    }

    if (iid == 0) {
        return cv_cli_fail(cli, "nothing waits for webhook \"%s\"",
                           cli->arguments[0]);
    }

    if (!cv_get(cli->txn, CV_EVENT, iid, &event)) {
        return cmd_queue_error(cli);
    }

    cmd_queue_event(cli, &event);

    return CV_CLI_DONE;
}


static int
cmd_webhook_retry_body(cv_cli_t *cli)
{
    int           rc;
    uint64_t      number;
    cv_webhook_t  webhook;

    rc = cmd_webhook_active(cli, &webhook, &number);

    return rc == CV_CLI_DONE
           ? cmd_webhook_first(cli, cv_delivery_retry, number) : rc;
}


int
cmd_webhook_retry(cv_cli_t *cli)
{
    return cv_cli_write(cli, cmd_webhook_retry_body);
}


static int
cmd_webhook_skip_body(cv_cli_t *cli)
{
    uint64_t  number;

    number = cv_find(cli->txn, CV_HANDLE_WEBHOOK_ID,
                     cv_str_z(cli->arguments[0]));

    return number != 0
           ? cmd_webhook_first(cli, cv_delivery_skip, number)
           : cv_cli_unknown(cli, CV_WEBHOOK, cli->arguments[0]);
}


int
cmd_webhook_skip(cv_cli_t *cli)
{
    return cv_cli_write(cli, cmd_webhook_skip_body);
}


/* Replay */

/*
 * Whether an event waits already; and where, if anywhere, it is a dead letter,
 * which it ceases to be.
 */

static bool
cmd_replay_waits(cv_cli_t *cli, const cmd_replay_t *work, uint64_t event,
    uint64_t *dead)
{
    bool       waits;
    cv_str_t   to;
    cv_walk_t  walk;

    waits = false;
    *dead = 0;

    cv_links_open(&walk, cli->txn, CV_LINK_EVENT_DELIVERY, event);

    while (cv_links_next(&walk, &to)) {

        if (to.len != CV_DELIVERY_KEY
            || cv_get_uint(to.data, 8) != work->number)
        {
            continue;
        }

        if (to.data[CMD_QUEUE_STATE] == CV_DELIVERY_DEAD) {
            *dead = cv_get_uint(to.data + CMD_QUEUE_STATE + 1, 8);
        } else {
            waits = true;
        }
    }

    cv_walk_close(&walk);

    return waits;
}


static void
cmd_replay_event(cv_cli_t *cli, cmd_replay_t *work, uint64_t event)
{
    bool           waits;
    uint64_t       dead;
    cv_delivery_t  delivery;

    waits = cmd_replay_waits(cli, work, event, &dead);

    if (dead != 0
        && cv_get_delivery(cli->txn, work->number, CV_DELIVERY_DEAD, dead,
                           &delivery))
    {
        (void) cv_delivery_done(cli->txn, &delivery);
    }

    if (!waits && cv_delivery_add(cli->txn, work->number, event)) {
        work->queued++;
    }
}


static int
cmd_replay_one(cv_cli_t *cli, cmd_replay_t *work)
{
    uint64_t     iid;
    cv_event_t   event;
    const char  *id;

    id = cv_option(cli, "event");

    if (!cv_get_by_id(cli->txn, CV_EVENT, cv_str_z(id), &event, &iid)) {
        return cv_cli_unknown(cli, CV_EVENT, id);
    }

    /* what a webhook does not ask for it may be sent, but nobody else's */

    if (cv_str_eq(event.type, CV_STR(CV_EVENT_MAIL))
        || !cv_event_concerns(&work->webhook, &event))
    {
        return cv_cli_fail(cli, "event \"%s\" is not for webhook \"%s\"", id,
                           cli->arguments[0]);
    }

    cmd_replay_event(cli, work, iid);

    return CV_CLI_DONE;
}


/* as many as there is time for */

static void
cmd_replay_since(cv_cli_t *cli, cmd_replay_t *work, const cv_pace_t *pace)
{
    uint64_t    number;
    cv_walk_t   walk;
    cv_event_t  event;

    cv_walk_open_from(&walk, cli->txn, CV_EVENT, work->from);
    work->from = 0;

    while (cv_walk_next(&walk, &event, &number)) {

        if (event.at.at >= work->since.at
            && !cv_str_eq(event.type, CV_STR(CV_EVENT_MAIL))
            && !cv_str_eq(event.type, CV_STR(CV_EVENT_TEST))
            && cv_event_wanted(&work->webhook, &event))
        {
            cmd_replay_event(cli, work, number);
        }

        if (cv_pace_over(pace)) {
            work->from = number + 1;
            break;
        }
    }

    cv_walk_close(&walk);
}


static void
cmd_replay_dead(cv_cli_t *cli, cmd_replay_t *work, const cv_pace_t *pace)
{
    bool           found;
    cv_walk_t      walk;
    cv_delivery_t  delivery;

    do {
        cv_deliveries_open(&walk, cli->txn, work->number, CV_DELIVERY_DEAD);
        found = cv_walk_next(&walk, &delivery, NULL);
        cv_walk_close(&walk);

        if (found) {
            cmd_replay_event(cli, work, delivery.event.iid);
        }

    } while (found && !cv_pace_over(pace));

    work->from = found ? 1 : 0;
}


/* one transaction of it */

static int
cmd_replay_some(cv_cli_t *cli, cmd_replay_t *work, const cv_pace_t *pace)
{
    int  rc;

    rc = cmd_webhook_active(cli, &work->webhook, &work->number);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cv_buf_reset(&work->copy);

    if (!cv_record_keep(&work->copy, CV_WEBHOOK, &work->webhook)) {
        return cv_cli_fail(cli, "out of memory");
    }

    if (cv_option(cli, "event") != NULL) {
        work->from = 0;
        rc = cmd_replay_one(cli, work);

    } else if (cv_option(cli, "since") != NULL) {
        cmd_replay_since(cli, work, pace);

    } else {
        cmd_replay_dead(cli, work, pace);
    }

    return rc == CV_CLI_DONE && cv_txn_err(cli->txn, NULL) != CV_OK
           ? cmd_queue_error(cli) : rc;
}


static int
cmd_replay_batch(cv_cli_t *cli, cmd_replay_t *work, cv_pace_t *pace)
{
    int         rc;
    cv_err_t    err;
    cv_error_t  error;

    if (cv_txn_begin(&cli->txn, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_pace_begin(pace);
    rc = cmd_replay_some(cli, work, pace);

    if (rc != CV_CLI_DONE) {
        cv_txn_abort(cli->txn);
        cli->txn = NULL;
        return rc;
    }

    cv_pace_commit(pace);
    err = cv_txn_commit(cli->txn, &error);
    cv_pace_committed(pace);

    cli->txn = NULL;

    return err == CV_OK ? rc : cv_cli_fail(cli, "%s", error.text);
}


/* What is queued by a batch stays so if a later one fails: again is safe. */

static int
cmd_replay_all(cv_cli_t *cli)
{
    int            rc;
    cv_pace_t      pace;
    cmd_replay_t  *work;

    work = cli->data;
    pace.commit_ms = 0;

    for ( ;; ) {
        rc = cmd_replay_batch(cli, work, &pace);

        if (rc != CV_CLI_DONE || work->from == 0) {
            break;
        }

        cv_pace_pause(cli->store);
    }

    if (rc == CV_CLI_DONE) {
        cv_answer_open(cli);
        cv_answer_text(cli, "webhook", cv_str_z(cli->arguments[0]));
        cv_answer_number(cli, "queued", work->queued);
        cv_answer_close(cli);
    }

    return rc;
}


int
cmd_webhook_replay(cv_cli_t *cli)
{
    int           rc;
    cmd_replay_t  work;

    memset(&work, 0, sizeof(cmd_replay_t));
    work.from = 1;

    if ((cv_option(cli, "event") != NULL) + (cv_option(cli, "since") != NULL)
        + (cv_option(cli, "dead") != NULL) != 1)
    {
        return cv_cli_misuse(cli, "one of --event, --since and --dead is "
                             "expected");
    }

    if (!cv_option_date(cli, "since", &work.since, NULL)) {
        return CV_CLI_USAGE;
    }

    cv_buf_init(&work.copy, CV_RECORD_MAX);

    cli->data = &work;
    rc = cv_cli_with_store(cli, true, cmd_replay_all);

    cv_buf_free(&work.copy);

    return rc;
}
