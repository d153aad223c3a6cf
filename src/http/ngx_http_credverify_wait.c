
/*
 * Copyright (C) The credverify authors
 *
 * Requests that wait for what the worker does meanwhile.
 */

#include "ngx_http_credverify_wait.h"


typedef struct {
    ngx_http_credverify_work_t    work;
    ngx_http_credverify_answer_t  answer;
    ngx_http_credverify_body_pt   body;
    void                         *data;
    cv_time_t                     now;
} ngx_http_credverify_pending_t;


static void ngx_http_credverify_leave(void *data);
static void ngx_http_credverify_worked(ngx_http_credverify_work_t *work,
    ngx_int_t rc, cv_str_t result);
static ngx_int_t ngx_http_credverify_send_result(
    ngx_http_credverify_pending_t *pending, cv_str_t result);


ngx_int_t
ngx_http_credverify_wait(ngx_queue_t *queue,
    ngx_http_credverify_waiter_t *waiter)
{
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(waiter->request, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_credverify_leave;
    cln->data = waiter;

    waiter->waits = 1;
    ngx_queue_insert_tail(queue, &waiter->queue);

    return NGX_OK;
}


static void
ngx_http_credverify_leave(void *data)
{
    ngx_http_credverify_waiter_t  *waiter = data;

    if (waiter->waits) {
        waiter->waits = 0;
        ngx_queue_remove(&waiter->queue);
    }
}


void
ngx_http_credverify_wake(ngx_queue_t *queue, ngx_http_credverify_woken_pt fn,
    void *data)
{
    ngx_queue_t                   *q;
    ngx_connection_t              *c;
    ngx_http_credverify_waiter_t  *waiter;

    while (!ngx_queue_empty(queue)) {
        q = ngx_queue_head(queue);
        ngx_queue_remove(q);

        waiter = ngx_queue_data(q, ngx_http_credverify_waiter_t, queue);
        waiter->waits = 0;

        c = waiter->request->connection;

        fn(waiter, data);
        ngx_http_run_posted_requests(c);
    }
}


/* a client that goes away meanwhile is noticed, as by limit_req */

ngx_int_t
ngx_http_credverify_suspend(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    if (r == r->main) {
        rev = r->connection->read;

        if (rev->ready) {
            ngx_post_event(rev, &ngx_posted_events);

        } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        r->read_event_handler = ngx_http_test_reading;
    }

    r->main->count++;

    return NGX_DONE;
}


ngx_int_t
ngx_http_credverify_send_worked(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer,
    ngx_http_credverify_workshop_t *workshop, const void *with,
    ngx_http_credverify_body_pt body, void *data)
{
    cv_str_t                        result;
    ngx_http_request_t             *r;
    ngx_http_credverify_work_t     *work;
    ngx_http_credverify_pending_t  *pending;

    r = job->r;

    pending = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_pending_t));
    if (pending == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    pending->answer = *answer;
    pending->body = body;
    pending->data = data;
    pending->now = job->now;

    work = &pending->work;

    work->waiter.request = r;
    work->name = job->document->path;
    work->input = answer->body;
    work->with = with;
    work->handler = ngx_http_credverify_worked;

    if (ngx_http_credverify_work_key(work) != NGX_OK) {
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }

    switch (ngx_http_credverify_work(workshop, work, &result)) {

    case NGX_OK:
        return ngx_http_credverify_send_result(pending, result);

    case NGX_AGAIN:
        return ngx_http_credverify_suspend(r);

    case NGX_BUSY:
        return ngx_http_credverify_fail(r, CV_BUSY, NULL);

    default:
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }
}


static void
ngx_http_credverify_worked(ngx_http_credverify_work_t *work, ngx_int_t rc,
    cv_str_t result)
{
    ngx_http_request_t             *r;
    ngx_http_credverify_pending_t  *pending;

    r = work->waiter.request;
    pending = (ngx_http_credverify_pending_t *) work;

    ngx_http_set_log_request(r->connection->log, r);

    if (rc != NGX_OK) {
        rc = ngx_http_credverify_fail(r, rc == NGX_BUSY ? CV_BUSY
                                                        : CV_SERVER_ERROR,
                                      NULL);
        ngx_http_finalize_request(r, rc);
        return;
    }

    /* it is as old as the verdict */

    ngx_http_credverify_cache_waited(&pending->answer,
                                     ngx_http_credverify_now() - pending->now);

    ngx_http_finalize_request(r, ngx_http_credverify_send_result(pending,
                                                                 result));
}


static ngx_int_t
ngx_http_credverify_send_result(ngx_http_credverify_pending_t *pending,
    cv_str_t result)
{
    ngx_http_request_t  *r;

    r = pending->work.waiter.request;

    pending->answer.body = result;

    if (pending->body != NULL
        && pending->body(r, &pending->answer, pending->data) != NGX_OK)
    {
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }

    return ngx_http_credverify_send(r, &pending->answer);
}
