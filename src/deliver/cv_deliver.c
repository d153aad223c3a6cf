
/*
 * Copyright (C) The credverify authors
 */

#include "cv_deliver.h"
#include "cv_chores.h"
#include "cv_hook.h"
#include "cv_meter.h"
#include "cv_result.h"
#include "cv_retry.h"
#include "cv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* milliseconds: how soon a commit is seen, and how soon results are written */

#define CV_DELIVER_WAKE   200
#define CV_DELIVER_BATCH  20

/* so many results are written at once */
#define CV_DELIVER_WRITE  64

/* how long it waits after what was found out could not be written */
#define CV_DELIVER_PAUSE  (1 * CV_SECOND)

#define CV_DELIVER_PROBE  (1 * CV_SECOND)
#define CV_DELIVER_CHORES (60 * CV_SECOND)

typedef struct {
    const cv_deliver_conf_t  *conf;
    cv_store_t               *store;
    cv_txn_t                 *snapshot;
    CURLM                    *multi;

    cv_task_t                *running;
    cv_task_t                *ended;        /* and not written yet */
    unsigned                  nrunning;
    unsigned                  nmail;        /* of them */
    unsigned                  nended;
    cv_time_t                 first_ended;  /* the oldest of those */

    uint64_t                  version;      /* of what was looked at, */
    bool                      look;         /* again, whatever it is */
    uint64_t                  turn;         /* the webhook that began last */
    cv_time_t                 due;          /* of what was found not to be */
    cv_time_t                 now;
    cv_time_t                 probed;
    cv_time_t                 chores_at;
    cv_time_t                 paused;       /* until then nothing is written */
    bool                      full;         /* and that was said */
    bool                      stopping;
    bool                      unsent;       /* mail, which was said */
    uint64_t                  given_up;
    cv_chores_t               chores;
} cv_deliver_t;


static void
cv_deliver_say(const cv_deliver_t *loop, const char *text)
{
    loop->conf->say(loop->conf->arg, text);
}


cv_err_t
cv_deliver_claim(const char *dir, int *fd, cv_error_t *error)
{
    char  path[4096];

    /* every store has this one, and locks of this kind only on the others */

    if ((size_t) snprintf(path, sizeof(path), "%s/" CV_METER_FILE, dir)
        >= sizeof(path))
    {
        return cv_error_set(error, CV_ERR_INPUT, "%s: too long", dir);
    }

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd == -1) {
        return cv_error_set(error, CV_ERR_IO, "%s: %s", path,
                            strerror(errno));
    }

    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
        return CV_OK;
    }

    (void) close(*fd);
    *fd = -1;

    return errno == EWOULDBLOCK
           ? cv_error_set(error, CV_ERR_EXISTS, "%s: another \"credverify "
                          "deliver\" is at work on this store", dir)
           : cv_error_set(error, CV_ERR_IO, "%s: %s", path, strerror(errno));
}


void
cv_deliver_body(cv_buf_t *out, const cv_event_t *event, cv_str_t subject)
{
    cv_buf_append_str(out, CV_STR("{\"type\":"));
    cv_escape_json_string(out, event->type);
    cv_buf_append_str(out, CV_STR(",\"timestamp\":"));
    cv_escape_json_string(out, event->at.text);

    if (cv_present(subject)) {
        cv_buf_append_str(out, CV_STR(",\"subject\":"));
        cv_escape_json_string(out, subject);
    }

    cv_buf_append_str(out, CV_STR(",\"data\":"));

    if (cv_present(event->data)) {
        cv_doc_write_json(out, event->data);
    } else {
        cv_buf_append_str(out, CV_STR("{}"));
    }

    cv_buf_append_byte(out, '}');
}


/* Tasks */

/* What is known of a delivery, if anything: it is not looked at again then. */

static const cv_task_t *
cv_deliver_task(const cv_task_t *task, uint64_t webhook, uint64_t position)
{
    while (task != NULL
           && (task->webhook != webhook || task->position != position))
    {
        task = task->next;
    }

    return task;
}


/* A webhook waits for its request, and for what is tried again. */

static bool
cv_deliver_waits(const cv_deliver_t *loop, uint64_t webhook)
{
    const cv_task_t  *task;

    for (task = loop->running; task != NULL; task = task->next) {
        if (task->webhook == webhook) {
            return true;
        }
    }

    for (task = loop->ended; task != NULL; task = task->next) {
        if (task->webhook == webhook && task->sent.how != CV_SENT_DONE) {
            return true;
        }
    }

    return false;
}


static void
cv_deliver_end(cv_deliver_t *loop, cv_task_t *task)
{
    if (task->attempt != NULL) {
        task->attempt->free(task->attempt);
        task->attempt = NULL;
    }

    task->ended = loop->now;

    if (loop->ended == NULL) {
        loop->first_ended = loop->now;
    }

    task->next = loop->ended;
    loop->ended = task;
    loop->nended++;
    loop->look = true;
}


static void
cv_deliver_unlink(cv_deliver_t *loop, cv_task_t *task)
{
    cv_task_t  **at;

    for (at = &loop->running; *at != task; at = &(*at)->next) { /* void */ }

    *at = task->next;
    loop->nrunning--;
    loop->nmail -= task->webhook == 0;
}


static bool
cv_deliver_run(cv_deliver_t *loop, cv_task_t *task)
{
    if (curl_easy_setopt(task->attempt->easy, CURLOPT_PRIVATE, task)
        != CURLE_OK
        || curl_multi_add_handle(loop->multi, task->attempt->easy)
           != CURLM_OK)
    {
        return false;
    }

    task->next = loop->running;
    loop->running = task;
    loop->nrunning++;
    loop->nmail += task->webhook == 0;

    return true;
}


/* Once the clock was set back, nothing waits for what it was before. */

static void
cv_deliver_tick(cv_deliver_t *loop)
{
    cv_time_t  now;

    now = cv_time_now();

    if (now < loop->now) {
        loop->look = true;
        loop->paused = 0;
        loop->first_ended = now;
    }

    loop->now = now;
}


/* Senders */

static cv_attempt_t *
cv_deliver_hook(const cv_consignment_t *what, cv_sent_t *sent)
{
    cv_buf_t             body;
    cv_hook_t            hook;
    cv_error_t           error;
    cv_attempt_t        *attempt;
    const cv_webhook_t  *webhook;

    webhook = what->webhook;

    cv_buf_init(&body, 2 * CV_RECORD_MAX);
    cv_deliver_body(&body, what->event, what->subject);

    hook = (cv_hook_t) {
        .url = webhook->url,
        .secret = webhook->secret,
        .id = what->event->id,
        .body = cv_buf_str(&body),
        .private = webhook->private.present && webhook->private.value != 0,
    };

    if (cv_present(webhook->previous)
        && cv_present(webhook->previous_until.text)
        && webhook->previous_until.at > what->now)
    {
        hook.previous = webhook->previous;
    }

    attempt = cv_buf_failed(&body)
              ? NULL : cv_hook_attempt(&hook, what->post, what->now, &error);

    if (attempt == NULL) {
        cv_sent_set(sent, CV_SENT_AGAIN, "%s",
                    cv_buf_failed(&body) ? "out of memory" : error.text);
    }

    cv_buf_free(&body);

    return attempt;
}


static const cv_sender_t *
cv_deliver_sender(const cv_deliver_t *loop, const cv_webhook_t *webhook)
{
    return webhook == NULL ? &loop->conf->mail
           : webhook->type.present && webhook->type.value == CV_WEBHOOK_PURGE
           ? &loop->conf->purge : NULL;
}


static void
cv_deliver_begin(cv_deliver_t *loop, const cv_webhook_t *webhook,
    const cv_delivery_t *delivery)
{
    cv_task_t           *task;
    cv_event_t           event;
    cv_consignment_t     what;
    cv_credential_t      credential;
    const cv_sender_t   *sender;

    task = calloc(1, sizeof(cv_task_t));
    if (task == NULL) {
        loop->due = loop->now + CV_DELIVER_PAUSE;
        return;
    }

    task->webhook = delivery->webhook.iid;
    task->position = (uint64_t) delivery->position.value;

    what = (cv_consignment_t) {
        webhook, delivery, &event, CV_ABSENT, &loop->conf->post, loop->now
    };

    if (!cv_get(loop->snapshot, CV_EVENT, delivery->event.iid, &event)) {
        cv_sent_set(&task->sent, CV_SENT_DEAD, "its event is gone");

    } else if (webhook != NULL && !cv_event_concerns(webhook, &event)) {

        /* the webhook is of another one by now */

        cv_sent_set(&task->sent, CV_SENT_DEAD, "its event is of another "
                    "issuer");

    } else {
        if (event.credential.iid != 0
            && cv_get(loop->snapshot, CV_CREDENTIAL, event.credential.iid,
                      &credential))
        {
            what.subject = credential.id;
        }

        sender = cv_deliver_sender(loop, webhook);
        task->attempt = sender != NULL
                        ? sender->attempt(sender->arg, loop->snapshot, &what,
                                          &task->sent)
                        : cv_deliver_hook(&what, &task->sent);
    }

    if (task->attempt != NULL && !cv_deliver_run(loop, task)) {
        cv_sent_set(&task->sent, CV_SENT_AGAIN, "out of memory");
        cv_deliver_end(loop, task);

    } else if (task->attempt == NULL) {
        cv_deliver_end(loop, task);
    }
}


/* Queues */

static uint64_t
cv_deliver_waiting(const cv_deliver_t *loop, uint64_t number)
{
    uint64_t       n;
    cv_walk_t      walk;
    cv_delivery_t  delivery;

    cv_deliveries_open(&walk, loop->snapshot, number, CV_DELIVERY_WAITING);

    for (n = 0; cv_walk_next(&walk, &delivery, NULL); n++) { /* void */ }

    cv_walk_close(&walk);

    return n;
}


/* Mail that nobody sends is said once, as soon as there is some. */

static uint64_t
cv_deliver_unsent(cv_deliver_t *loop)
{
    char      text[128];
    uint64_t  n;

    if (loop->conf->mail.attempt != NULL || loop->unsent) {
        return 0;
    }

    n = cv_deliver_waiting(loop, 0);

    if (n > 0) {
        loop->unsent = true;
        (void) snprintf(text, sizeof(text), "mail: %" PRIu64 " waiting; none "
                        "is sent without --smtp", n);
        cv_deliver_say(loop, text);
    }

    return n;
}


/* Begins what of a queue may begin now. */

static void
cv_deliver_queue(cv_deliver_t *loop, const cv_webhook_t *webhook,
    uint64_t number)
{
    cv_time_t            at;
    cv_walk_t            walk;
    cv_delivery_t        delivery;
    const cv_sender_t   *sender;

    sender = cv_deliver_sender(loop, webhook);

    if ((sender != NULL && sender->attempt == NULL)
        || (webhook != NULL && cv_deliver_waits(loop, number)))
    {
        return;
    }

    cv_deliveries_open(&walk, loop->snapshot, number, CV_DELIVERY_WAITING);

    while (loop->nrunning < CV_DELIVER_MOST
           && loop->nended < CV_DELIVER_WRITE
           && (webhook != NULL || loop->nmail < CV_DELIVER_MOST_MAIL)
           && cv_walk_next(&walk, &delivery, NULL))
    {
        if (cv_deliver_task(loop->running, number,
                            (uint64_t) delivery.position.value) != NULL
            || cv_deliver_task(loop->ended, number,
                               (uint64_t) delivery.position.value) != NULL)
        {
            continue;
        }

        at = delivery.next_at.present ? delivery.next_at.value : 0;

        if (cv_retry_due(at, loop->now)) {
            cv_deliver_begin(loop, webhook, &delivery);
            loop->turn = webhook != NULL ? number : loop->turn;

        } else if (at < loop->due) {
            loop->due = at;
        }

        if (webhook != NULL) {
            break;              /* what comes next waits for this one */
        }
    }

    cv_walk_close(&walk);
}


static bool
cv_deliver_active(const cv_webhook_t *webhook)
{
    return !webhook->status.present
           || webhook->status.value == CV_WEBHOOK_ACTIVE;
}


/* The webhooks from one number on, before another. */

static void
cv_deliver_queues(cv_deliver_t *loop, uint64_t from, uint64_t before)
{
    uint64_t      number;
    cv_walk_t     walk;
    cv_webhook_t  webhook;

    cv_walk_open_from(&walk, loop->snapshot, CV_WEBHOOK, from);

    while (cv_walk_next(&walk, &webhook, &number) && number < before) {
        if (cv_deliver_active(&webhook)) {
            cv_deliver_queue(loop, &webhook, number);
        }
    }

    cv_walk_close(&walk);
}


/*
 * Looks at what there is if there was a commit, a task has ended or something
 * is due by now.  Who began last comes last, so that nobody waits for ever
 * where there are more webhooks than may have a request at once.
 */

static cv_err_t
cv_deliver_look(cv_deliver_t *loop, cv_error_t *error)
{
    cv_err_t  err;
    uint64_t  turn, version;

    err = cv_snapshot_renew(loop->snapshot);
    version = err == CV_OK ? cv_snapshot_version(loop->snapshot) : 0;

    if (err == CV_OK && (version != loop->version || loop->look
                         || loop->due <= loop->now))
    {
        loop->version = version;
        loop->look = false;
        loop->due = CV_TIME_NEVER;
        turn = loop->turn;

        if (!loop->conf->once) {
            (void) cv_deliver_unsent(loop);
        }

        cv_deliver_queue(loop, NULL, 0);
        cv_deliver_queues(loop, turn + 1, UINT64_MAX);
        cv_deliver_queues(loop, 1, turn + 1);

        loop->look = loop->look || loop->nended >= CV_DELIVER_WRITE;
    }

    err = cv_txn_err(loop->snapshot, error);
    cv_snapshot_reset(loop->snapshot);

    return err;
}


/* What ended */

static void
cv_deliver_done(cv_deliver_t *loop, CURL *easy, CURLcode code)
{
    char       *task_of;
    cv_task_t  *task;

    task_of = NULL;
    (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, &task_of);
    (void) curl_multi_remove_handle(loop->multi, easy);

    task = (cv_task_t *) (void *) task_of;
    cv_deliver_unlink(loop, task);

    memset(&task->sent, 0, sizeof(cv_sent_t));
    task->attempt->done(task->attempt, code, &task->sent);

    if (task->sent.how == CV_SENT_MORE) {

        /* what is done in part is begun anew, as if this had been killed */

        if (loop->stopping) {
            task->attempt->free(task->attempt);
            free(task);
            return;
        }

        if (cv_deliver_run(loop, task)) {
            return;
        }

        cv_sent_set(&task->sent, CV_SENT_AGAIN, "out of memory");
    }

    cv_deliver_end(loop, task);
}


static void
cv_deliver_perform(cv_deliver_t *loop)
{
    int       n;
    CURLMsg  *message;

    (void) curl_multi_perform(loop->multi, &n);

    while ((message = curl_multi_info_read(loop->multi, &n)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            cv_deliver_done(loop, message->easy_handle, message->data.result);
        }
    }
}


static bool
cv_deliver_to_write(const cv_deliver_t *loop)
{
    return loop->ended != NULL && loop->now >= loop->paused
           && (loop->nended >= CV_DELIVER_WRITE || loop->nrunning == 0
               || loop->now - loop->first_ended >= CV_DELIVER_BATCH);
}


/*
 * What could not be written is kept, and nothing more is begun than there is
 * room for, so that a full disk has nobody sent the same again and again.
 */

static cv_err_t
cv_deliver_write(cv_deliver_t *loop, cv_error_t *error)
{
    cv_err_t    err;
    cv_task_t  *task, *next;

    err = cv_results_write(loop->store, loop->ended, &loop->given_up,
                           loop->conf->say, loop->conf->arg, error);

    if (err == CV_ERR_MISSING) {
        return err;
    }

    if (err != CV_OK) {

        if (!loop->full) {
            cv_deliver_say(loop, error->text);
        }

        loop->full = true;
        loop->paused = loop->now + CV_DELIVER_PAUSE;

        return CV_OK;
    }

    if (loop->full) {
        cv_deliver_say(loop, "results can be written again");
        loop->full = false;
    }

    for (task = loop->ended; task != NULL; task = next) {
        next = task->next;
        free(task);
    }

    loop->ended = NULL;
    loop->nended = 0;
    loop->look = true;

    return CV_OK;
}


/* The clock may be set back: nothing then waits for longer than it would. */

static bool
cv_deliver_every(const cv_deliver_t *loop, cv_time_t *last, cv_time_t every)
{
    if (loop->now - *last < every && loop->now >= *last) {
        return false;
    }

    *last = loop->now;

    return true;
}


static cv_err_t
cv_deliver_keep(cv_deliver_t *loop, cv_error_t *error)
{
    cv_err_t  err;

    if (cv_deliver_every(loop, &loop->probed, CV_DELIVER_PROBE)
        && !cv_store_current(loop->store))
    {
        return cv_error_set(error, CV_ERR_MISSING,
                            "the store was replaced");
    }

    if (!cv_deliver_every(loop, &loop->chores_at, CV_DELIVER_CHORES)) {
        return CV_OK;
    }

    err = cv_store_probe(loop->store, error);

    if (err == CV_OK) {

        /* a store that cannot be counted in can be delivered from */

        if (cv_chores_do(&loop->chores, loop->store, loop->now, error)
            != CV_OK)
        {
            cv_deliver_say(loop, error->text);
        }
    }

    return err;
}


/* Waits for what comes first. */

static void
cv_deliver_wait(cv_deliver_t *loop)
{
    int                  n, wait;
    cv_time_t            due, left;
    struct curl_waitfd   stop;

    wait = CV_DELIVER_WAKE;

    /* nothing more is begun by who is to end */

    due = loop->stopping ? CV_TIME_NEVER : loop->due;

    left = loop->ended != NULL && loop->paused <= loop->now
           ? loop->first_ended + CV_DELIVER_BATCH - loop->now
           : due - loop->now;

    if (due - loop->now < left) {
        left = due - loop->now;
    }

    if (left < wait) {
        wait = left > 0 ? (int) left : 0;
    }

    stop = (struct curl_waitfd) { loop->conf->stop, CURL_WAIT_POLLIN, 0 };

    (void) curl_multi_poll(loop->multi, loop->stopping ? NULL : &stop,
                           loop->stopping ? 0 : 1, wait, &n);

    loop->stopping = loop->stopping || stop.revents != 0;
    cv_deliver_tick(loop);
}


static cv_err_t
cv_deliver_loop(cv_deliver_t *loop, cv_error_t *error)
{
    cv_err_t  err;

    for ( ;; ) {
        cv_deliver_tick(loop);

        err = cv_deliver_keep(loop, error);

        if (err == CV_OK && !loop->stopping) {
            err = cv_deliver_look(loop, error);
        }

        if (err != CV_OK) {
            return err;
        }

        cv_deliver_perform(loop);

        if (cv_deliver_to_write(loop)) {
            err = cv_deliver_write(loop, error);

            if (err != CV_OK) {
                return err;
            }
        }

        if (loop->nrunning == 0
            && ((loop->stopping && (loop->ended == NULL || loop->full))
                || (loop->conf->once && !loop->look && loop->ended == NULL)))
        {
            return CV_OK;
        }

        if (!loop->look || loop->full || loop->stopping) {
            cv_deliver_wait(loop);
        }
    }
}


/* What waits for a webhook that is disabled is not to be delivered. */

static cv_err_t
cv_deliver_left(cv_deliver_t *loop, cv_deliver_left_t *left, cv_error_t *error)
{
    uint64_t      number;
    cv_err_t      err;
    cv_walk_t     walk;
    cv_webhook_t  webhook;

    if (cv_snapshot_renew(loop->snapshot) == CV_OK) {
        left->given_up = loop->given_up;
        left->mail = cv_deliver_unsent(loop);
        left->waiting = loop->conf->mail.attempt != NULL
                        ? cv_deliver_waiting(loop, 0) : 0;

        cv_walk_open(&walk, loop->snapshot, CV_WEBHOOK);

        while (cv_walk_next(&walk, &webhook, &number)) {
            if (cv_deliver_active(&webhook)) {
                left->waiting += cv_deliver_waiting(loop, number);
            }
        }

        cv_walk_close(&walk);
    }

    err = cv_txn_err(loop->snapshot, error);
    cv_snapshot_reset(loop->snapshot);

    return err;
}


static void
cv_deliver_free(cv_deliver_t *loop)
{
    cv_task_t  *task, *next;

    for (task = loop->running; task != NULL; task = next) {
        next = task->next;
        (void) curl_multi_remove_handle(loop->multi, task->attempt->easy);
        task->attempt->free(task->attempt);
        free(task);
    }

    for (task = loop->ended; task != NULL; task = next) {
        next = task->next;
        free(task);
    }

    cv_snapshot_close(loop->snapshot);
}


cv_err_t
cv_deliver(cv_store_t *store, const cv_deliver_conf_t *conf,
    cv_deliver_left_t *left, cv_error_t *error)
{
    cv_err_t      err;
    cv_deliver_t  loop;

    memset(&loop, 0, sizeof(cv_deliver_t));
    memset(left, 0, sizeof(cv_deliver_left_t));

    loop.conf = conf;
    loop.store = store;
    loop.look = true;
    loop.due = CV_TIME_NEVER;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return cv_error_set(error, CV_ERR_NOMEM, "libcurl cannot be used");
    }

    loop.multi = curl_multi_init();

    err = loop.multi != NULL
          ? cv_snapshot_open(&loop.snapshot, store, error)
          : cv_error_set(error, CV_ERR_NOMEM, "out of memory");

    if (err == CV_OK) {
        err = cv_deliver_loop(&loop, error);

        if (err == CV_OK && conf->once) {
            err = cv_deliver_left(&loop, left, error);
        }

        cv_deliver_free(&loop);
    }

    (void) curl_multi_cleanup(loop.multi);
    curl_global_cleanup();

    return err;
}
