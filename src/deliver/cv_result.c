
/*
 * Copyright (C) The credverify authors
 */

#include "cv_result.h"
#include "cv_digest.h"
#include "cv_retry.h"
#include "cv_text.h"

#include <stdio.h>

/* who disables a webhook, for the audit trail */
#define CV_RESULT_ACTOR  CV_STR("deliver")

#define CV_RESULT_LINES  ((size_t) 1 << 20)

typedef struct {
    cv_txn_t    *txn;
    cv_buf_t     lines;         /* to say, each ended by NUL */
    cv_buf_t     copy;          /* of a webhook */
    uint64_t     given_up;
} cv_results_t;


/* What others have said is shown, never obeyed, and is text. */

static cv_str_t
cv_result_error(const cv_sent_t *sent, char text[CV_SENT_ERROR_MAX])
{
    size_t          n;
    uint32_t        code;
    cv_buf_t        out;
    const uint8_t  *p, *end;

    cv_buf_borrow(&out, text, CV_SENT_ERROR_MAX);

    p = (const uint8_t *) sent->error;
    end = p + strnlen(sent->error, CV_SENT_ERROR_MAX);

    for ( /* void */ ; p < end; p += n) {
        n = cv_utf8_decode(p, end, &code);

        if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            cv_buf_append_byte(&out, '?');
            n = n > 0 ? n : 1;

        } else {
            cv_buf_append(&out, p, n);
        }
    }

    return out.len > 0 ? cv_buf_str(&out) : CV_ABSENT;
}


/* "webhook hr, evt_...: answered 503; attempt 2, again at ..." */

static void
cv_result_say(cv_results_t *results, const cv_delivery_t *delivery)
{
    uint8_t        text[CV_TIME_TEXT_MAX];
    cv_str_t       at;
    cv_event_t     event;
    cv_webhook_t   webhook;

    memset(&webhook, 0, sizeof(webhook));
    memset(&event, 0, sizeof(event));

    if (delivery->webhook.iid == 0) {
        cv_buf_append_str(&results->lines, CV_STR("mail"));

    } else {
        (void) cv_get(results->txn, CV_WEBHOOK, delivery->webhook.iid,
                      &webhook);
        cv_buf_printf(&results->lines, "webhook %.*s", CV_FMT(webhook.id));
    }

    (void) cv_get(results->txn, CV_EVENT, delivery->event.iid, &event);

    cv_buf_printf(&results->lines, ", %.*s: %.*s; attempt %lld, ",
                  CV_FMT(event.id), CV_FMT(delivery->error),
                  (long long) delivery->attempts.value);

    if (delivery->state.value == CV_DELIVERY_DEAD) {
        cv_buf_append_str(&results->lines, CV_STR("the last"));

    } else if (delivery->next_at.present) {
        at = cv_str(text, cv_time_format(text, delivery->next_at.value,
                                         CV_TIME_Z));
        cv_buf_printf(&results->lines, "again at %.*s", CV_FMT(at));

    } else {
        cv_buf_append_str(&results->lines, CV_STR("and the webhook is "
                                                  "disabled"));
    }

    cv_buf_append_byte(&results->lines, '\0');
}


static bool
cv_result_webhook(cv_results_t *results, const cv_task_t *task,
    cv_webhook_t *webhook)
{
    cv_buf_reset(&results->copy);

    return task->webhook != 0
           && cv_get(results->txn, CV_WEBHOOK, task->webhook, webhook)
           && cv_record_keep(&results->copy, CV_WEBHOOK, webhook);
}


/* What waits is there if it is enabled again. */

static void
cv_result_disable(cv_results_t *results, const cv_task_t *task,
    cv_webhook_t *webhook, const char *why)
{
    size_t    len;
    uint8_t   text[CV_TIME_TEXT_MAX], reason[128];
    cv_buf_t  buf;

    len = cv_time_format(text, task->ended, CV_TIME_Z);

    cv_buf_borrow(&buf, reason, sizeof(reason));
    cv_buf_printf(&buf, "%s at %.*s", why, CV_FMT(cv_str(text, len)));

    webhook->status = (cv_int_t) { CV_WEBHOOK_DISABLED, true };
    webhook->reason = cv_buf_str(&buf);
    webhook->given_up = (cv_int_t) { 0, true };

    (void) cv_put(results->txn, CV_WEBHOOK, webhook);
}


/* It asked for nothing more. */

static void
cv_result_gone(cv_results_t *results, const cv_task_t *task)
{
    char          why[32];
    cv_webhook_t  webhook;

    (void) snprintf(why, sizeof(why), "answered %u", task->sent.status);

    if (cv_result_webhook(results, task, &webhook)) {
        cv_result_disable(results, task, &webhook, why);
    }
}


/*
 * An event that is given up may be one that the receiver cannot take.  If the
 * next is, too, there is no receiver, and its queue would but grow.
 */

static void
cv_result_given_up(cv_results_t *results, const cv_task_t *task)
{
    cv_webhook_t  webhook;

    if (!cv_result_webhook(results, task, &webhook)) {
        return;
    }

    if (webhook.given_up.present && webhook.given_up.value > 0) {
        cv_result_disable(results, task, &webhook, "two events in a row were "
                          "given up, the last one");
        return;
    }

    webhook.given_up = (cv_int_t) { 1, true };
    (void) cv_put(results->txn, CV_WEBHOOK, &webhook);
}


static void
cv_result_arrived(cv_results_t *results, const cv_task_t *task)
{
    cv_webhook_t  webhook;

    if (task->webhook != 0
        && cv_get(results->txn, CV_WEBHOOK, task->webhook, &webhook)
        && webhook.given_up.present && webhook.given_up.value > 0
        && cv_result_webhook(results, task, &webhook))
    {
        webhook.given_up.value = 0;
        (void) cv_put(results->txn, CV_WEBHOOK, &webhook);
    }
}


static void
cv_result_next(const cv_task_t *task, cv_delivery_t *delivery)
{
    uint32_t   random;
    cv_time_t  at;

    if (task->sent.how == CV_SENT_DEAD) {
        at = CV_TIME_NEVER;

    } else {
        if (cv_random(&random, sizeof(random)) != CV_OK) {
            random = 0;
        }

        at = cv_retry_at((uint64_t) delivery->attempts.value, task->ended,
                         task->sent.after, random);
    }

    if (at == CV_TIME_NEVER) {
        delivery->state.value = CV_DELIVERY_DEAD;
    } else {
        delivery->next_at = (cv_int_t) { at, true };
    }
}


static void
cv_result_failed(cv_results_t *results, const cv_task_t *task,
    const cv_delivery_t *was)
{
    char           text[CV_SENT_ERROR_MAX];
    cv_delivery_t  delivery;

    delivery = *was;

    delivery.attempts.value = was->attempts.present
                              ? was->attempts.value + 1 : 1;
    delivery.attempts.present = true;
    delivery.next_at = (cv_int_t) { 0, false };
    delivery.tried_at = (cv_int_t) { task->ended, true };
    delivery.status = (cv_int_t) { task->sent.status, task->sent.status != 0 };
    delivery.error = cv_result_error(&task->sent, text);

    if (task->sent.how == CV_SENT_GONE) {
        cv_result_gone(results, task);
    } else {
        cv_result_next(task, &delivery);
    }

    if (delivery.state.value == CV_DELIVERY_DEAD
        && task->sent.how == CV_SENT_AGAIN)
    {
        cv_result_given_up(results, task);
    }

    results->given_up += !delivery.next_at.present;

    if (cv_delivery_put(results->txn, CV_DELIVERY_WAITING, &delivery)) {
        cv_result_say(results, &delivery);
    }
}


static void
cv_results_put(cv_results_t *results, const cv_task_t *task)
{
    cv_delivery_t  delivery;

    for ( /* void */ ; task != NULL; task = task->next) {

        /* gone meanwhile, with its webhook or its holder */

        if (!cv_get_delivery(results->txn, task->webhook, CV_DELIVERY_WAITING,
                             task->position, &delivery))
        {
            continue;
        }

        if (task->sent.how == CV_SENT_DONE) {
            (void) cv_delivery_done(results->txn, &delivery);
            cv_result_arrived(results, task);
        } else {
            cv_result_failed(results, task, &delivery);
        }
    }
}


cv_err_t
cv_results_write(cv_store_t *store, const cv_task_t *tasks,
    uint64_t *given_up, void (*say)(void *arg, const char *text), void *arg,
    cv_error_t *error)
{
    size_t         at;
    cv_err_t       err;
    const char    *line;
    cv_results_t   results;

    err = cv_txn_begin(&results.txn, store, error);
    if (err != CV_OK) {
        return err;
    }

    cv_buf_init(&results.lines, CV_RESULT_LINES);
    cv_buf_init(&results.copy, CV_RECORD_MAX);
    results.given_up = 0;

    cv_txn_actor(results.txn, CV_RESULT_ACTOR);
    cv_results_put(&results, tasks);

    err = cv_txn_commit(results.txn, error);
    *given_up += err == CV_OK ? results.given_up : 0;

    for (at = 0; err == CV_OK && at < results.lines.len;
         at += strlen(line) + 1)
    {
        line = (const char *) results.lines.data + at;
        say(arg, line);
    }

    cv_buf_free(&results.lines);
    cv_buf_free(&results.copy);

    return err;
}
