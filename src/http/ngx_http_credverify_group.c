
/*
 * Copyright (C) The credverify authors
 *
 * Changes of a store, in groups.  A worker has one thread at a time that writes
 * to a store: more would wait for the same lock, and be lost to pictures and
 * signatures.  Changes that come while it waits or commits are its next group.
 */

#include "ngx_http_credverify_group.h"
#include "ngx_http_credverify_store.h"


#if (NGX_THREADS)

/* how many have one transaction, and for how many milliseconds they begin */
#define NGX_HTTP_CREDVERIFY_GROUP       128
#define NGX_HTTP_CREDVERIFY_GROUP_TIME  20

#define NGX_HTTP_CREDVERIFY_WAITS       0
#define NGX_HTTP_CREDVERIFY_BEGUN       1
#define NGX_HTTP_CREDVERIFY_GIVEN_UP    2

struct ngx_http_credverify_group_s {
    ngx_thread_task_t                task;
    ngx_thread_pool_t               *pool;
    ngx_http_credverify_store_t     *line;      /* whose changes these are, */
    ngx_http_credverify_store_t     *owner;     /* and who has it open */
    cv_store_t                      *store;
    ngx_uint_t                       busy;      /* a thread has what follows */
    ngx_http_credverify_change_t    *rest;      /* in order, */
    ngx_http_credverify_change_t    *over;      /* and that are over */
    ngx_http_credverify_change_t   **last;
    cv_err_t                         err;
    cv_error_t                       error;
    cv_managed_t                     managed;

    ngx_atomic_t                     incoming;  /* the last one first; the
                                                   event loop adds, the thread
                                                   takes all */
};

typedef struct {
    ngx_http_credverify_group_t     *group;
    ngx_http_credverify_change_t    *change;
} ngx_http_credverify_alone_t;


static ngx_int_t ngx_http_credverify_group_post(
    ngx_http_credverify_group_t *group);
static void ngx_http_credverify_group_thread(void *data, ngx_log_t *log);
static bool ngx_http_credverify_group_wanted(void *arg);
static cv_err_t ngx_http_credverify_group_run(cv_txn_t *txn, void *arg,
    cv_error_t *error);
static void ngx_http_credverify_group_take(ngx_http_credverify_group_t *group);
static ngx_http_credverify_change_t *ngx_http_credverify_group_next(
    ngx_http_credverify_group_t *group);
static void ngx_http_credverify_group_fail(ngx_http_credverify_group_t *group);
static void ngx_http_credverify_group_apart(ngx_http_credverify_group_t *group);
static bool ngx_http_credverify_alone_wanted(void *arg);
static cv_err_t ngx_http_credverify_alone_run(cv_txn_t *txn, void *arg,
    cv_error_t *error);
static void ngx_http_credverify_group_done(ngx_event_t *ev);


ngx_int_t
ngx_http_credverify_group_add(ngx_http_credverify_store_t *store,
    ngx_thread_pool_t *pool, ngx_http_credverify_change_t *change)
{
    ngx_int_t                     rc;
    ngx_http_credverify_group_t  *group;

    if (store->group == NULL) {
        store->group = ngx_calloc(sizeof(ngx_http_credverify_group_t),
                                  ngx_cycle->log);
        if (store->group == NULL) {
            return CV_SERVER_ERROR;
        }

        store->group->line = store;
    }

    group = store->group;
    group->pool = pool;

    do {
        change->next = (ngx_http_credverify_change_t *) group->incoming;

    } while (!ngx_atomic_cmp_set(&group->incoming,
                                 (ngx_atomic_uint_t) change->next,
                                 (ngx_atomic_uint_t) change));

    if (group->busy) {
        return CV_VALID;
    }

    rc = ngx_http_credverify_group_post(group);

    if (rc != CV_VALID) {

        /* there is no other */

        group->incoming = 0;
        change->err = group->err;
    }

    return rc;
}


ngx_uint_t
ngx_http_credverify_give_up(ngx_http_credverify_change_t *change)
{
    return ngx_atomic_cmp_set(&change->state, NGX_HTTP_CREDVERIFY_WAITS,
                              NGX_HTTP_CREDVERIFY_GIVEN_UP);
}


/* gives all that wait to a thread: CV_VALID, or why not */

static ngx_int_t
ngx_http_credverify_group_post(ngx_http_credverify_group_t *group)
{
    group->owner = group->line;
    group->err = ngx_http_credverify_writer_begin(&group->owner, &group->store);

    if (group->err != CV_OK) {
        return CV_STORE_UNAVAILABLE;
    }

    group->over = NULL;
    group->last = &group->over;

    group->task.ctx = group;
    group->task.handler = ngx_http_credverify_group_thread;
    group->task.event.handler = ngx_http_credverify_group_done;
    group->task.event.data = group;
    group->task.event.log = ngx_cycle->log;

    if (ngx_thread_task_post(group->pool, &group->task) != NGX_OK) {
        ngx_http_credverify_writer_end(group->owner, CV_OK, NULL);
        group->err = CV_ERR_LIMIT;
        return CV_BUSY;
    }

    group->busy = 1;

    return CV_VALID;
}


/* in a thread, which touches its group and nothing else */

static void
ngx_http_credverify_group_thread(void *data, ngx_log_t *log)
{
    ngx_http_credverify_group_t  *group = data;

    group->err = cv_managed_init(&group->managed, &group->error);

    if (group->err != CV_OK) {
        ngx_http_credverify_group_fail(group);
        return;
    }

    group->err = ngx_terminate
        ? cv_error_set(&group->error, CV_ERR_LIMIT, "nginx ends")
        : cv_store_write(group->store, ngx_http_credverify_group_wanted,
                         ngx_http_credverify_group_run, group, &group->error);

    if (group->err != CV_OK && group->over == NULL) {
        ngx_http_credverify_group_fail(group);

    } else if (group->err != CV_OK) {
        ngx_http_credverify_group_apart(group);
    }

    cv_managed_free(&group->managed);
}


static bool
ngx_http_credverify_group_wanted(void *arg)
{
    ngx_http_credverify_group_take(arg);

    return !ngx_terminate;
}


/* behind those that the last group has left, in the order that they came in */

static void
ngx_http_credverify_group_take(ngx_http_credverify_group_t *group)
{
    ngx_atomic_uint_t               taken;
    ngx_http_credverify_change_t   *change, *next, *first, **end;

    do {
        taken = group->incoming;
    } while (!ngx_atomic_cmp_set(&group->incoming, taken, 0));

    first = NULL;

    for (change = (ngx_http_credverify_change_t *) taken; change; change = next)
    {
        next = change->next;
        change->next = first;
        first = change;
    }

    for (end = &group->rest; *end != NULL; end = &(*end)->next) {
        /* void */
    }

    *end = first;
}


static cv_err_t
ngx_http_credverify_group_run(cv_txn_t *txn, void *arg, cv_error_t *error)
{
    ngx_http_credverify_group_t  *group = arg;

    cv_err_t                       err;
    cv_time_t                      began;
    ngx_uint_t                     n;
    ngx_http_credverify_change_t  *change;

    err = CV_OK;
    began = cv_time_now();

    for (n = 0; err == CV_OK && group->rest != NULL
                && n < NGX_HTTP_CREDVERIFY_GROUP; n++)
    {
        change = ngx_http_credverify_group_next(group);

        if (change != NULL) {
            err = change->run(change, txn, &group->managed, error);
        }

        if (cv_time_now() - began >= NGX_HTTP_CREDVERIFY_GROUP_TIME) {
            break;
        }
    }

    return err;
}


/* the first one is over; NULL if nobody waits for it any more */

static ngx_http_credverify_change_t *
ngx_http_credverify_group_next(ngx_http_credverify_group_t *group)
{
    ngx_http_credverify_change_t  *change;

    change = group->rest;
    group->rest = change->next;

    change->next = NULL;
    *group->last = change;
    group->last = &change->next;

    if (ngx_atomic_cmp_set(&change->state, NGX_HTTP_CREDVERIFY_WAITS,
                           NGX_HTTP_CREDVERIFY_BEGUN))
    {
        return change;
    }

    change->err = CV_ERR_LIMIT;

    return NULL;
}


/* nothing has begun, nor will it */

static void
ngx_http_credverify_group_fail(ngx_http_credverify_group_t *group)
{
    ngx_http_credverify_change_t  *change;

    ngx_http_credverify_group_take(group);

    while (group->rest != NULL) {
        change = ngx_http_credverify_group_next(group);

        if (change != NULL) {
            change->err = group->err;
            change->error = group->error;
        }
    }
}


/* the error of one is nobody else's */

static void
ngx_http_credverify_group_apart(ngx_http_credverify_group_t *group)
{
    ngx_uint_t                     only;
    ngx_http_credverify_alone_t    alone;
    ngx_http_credverify_change_t  *change;

    /* what is wrong with the store is so for each */

    only = group->over->next == NULL
           || (group->err != CV_ERR_FULL && group->err != CV_ERR_NOMEM
               && group->err != CV_ERR_LIMIT && group->err != CV_ERR_INPUT
               && group->err != CV_ERR_CONFLICT);

    alone.group = group;

    for (change = group->over; change; change = change->next) {

        if (change->state != NGX_HTTP_CREDVERIFY_BEGUN) {
            continue;
        }

        alone.change = change;

        change->err = group->err;
        change->error = group->error;

        if (!only) {
            change->err = cv_store_write(group->store,
                                         ngx_http_credverify_alone_wanted,
                                         ngx_http_credverify_alone_run, &alone,
                                         &change->error);
        }
    }
}


static bool
ngx_http_credverify_alone_wanted(void *arg)
{
    return !ngx_terminate;
}


static cv_err_t
ngx_http_credverify_alone_run(cv_txn_t *txn, void *arg, cv_error_t *error)
{
    ngx_http_credverify_alone_t  *alone = arg;

    return alone->change->run(alone->change, txn, &alone->group->managed,
                              error);
}


static void
ngx_http_credverify_group_done(ngx_event_t *ev)
{
    cv_err_t                       err;
    const char                    *text;
    ngx_http_credverify_group_t   *group = ev->data;
    ngx_http_credverify_change_t  *change, *next, *over;

    over = group->over;
    err = CV_OK;
    text = NULL;

    for (change = over; change; change = change->next) {

        if (change->err != CV_OK && (err == CV_OK || err == CV_ERR_LIMIT)) {
            err = change->err;
            text = change->error.text;
        }
    }

    ngx_http_credverify_writer_end(group->owner, err, text);

    /* those that wait come before what the clients of these may send next */

    group->busy = 0;

    if ((group->rest != NULL || group->incoming != 0)
        && ngx_http_credverify_group_post(group) != CV_VALID)
    {
        for (change = over, group->last = &over; change; change = change->next)
        {
            group->last = &change->next;
        }

        ngx_memzero(&group->error, sizeof(cv_error_t));
        ngx_http_credverify_group_fail(group);
    }

    for (change = over; change; change = next) {
        next = change->next;
        change->done(change);
    }
}


void
ngx_http_credverify_group_free(ngx_http_credverify_group_t *group)
{
    ngx_free(group);
}


#else

ngx_int_t
ngx_http_credverify_group_add(ngx_http_credverify_store_t *store,
    ngx_thread_pool_t *pool, ngx_http_credverify_change_t *change)
{
    return CV_SERVER_ERROR;
}


ngx_uint_t
ngx_http_credverify_give_up(ngx_http_credverify_change_t *change)
{
    return 0;
}


void
ngx_http_credverify_group_free(ngx_http_credverify_group_t *group)
{
}

#endif
