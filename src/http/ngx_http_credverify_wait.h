
/*
 * Copyright (C) The credverify authors
 *
 * Requests that wait for what the worker does meanwhile, and their answers.
 */

#ifndef NGX_HTTP_CREDVERIFY_WAIT_H
#define NGX_HTTP_CREDVERIFY_WAIT_H

#include "ngx_http_credverify.h"

/* Has a request wait, until it ends or is woken.  NGX_ERROR: no memory. */
ngx_int_t ngx_http_credverify_wait(ngx_queue_t *queue,
    ngx_http_credverify_waiter_t *waiter);

/* Calls fn() in the event loop for each, once it waits no more. */
typedef void (*ngx_http_credverify_woken_pt)(
    ngx_http_credverify_waiter_t *waiter, void *data);
void ngx_http_credverify_wake(ngx_queue_t *queue,
    ngx_http_credverify_woken_pt fn, void *data);

/* What a content handler returns once its request waits. */
ngx_int_t ngx_http_credverify_suspend(ngx_http_request_t *r);

/*
 * Makes the body that the answer is to have from that it has, which is what
 * threads made: copied to the request's pool if it is not that.
 */
typedef ngx_int_t (*ngx_http_credverify_body_pt)(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer, void *data);

/*
 * Sends the answer with what the workshop makes of its body, "with" as the
 * work has it, once that is done; "body" may be NULL.  For a content handler to
 * return.
 */
ngx_int_t ngx_http_credverify_send_worked(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer,
    ngx_http_credverify_workshop_t *workshop, const void *with,
    ngx_http_credverify_body_pt body, void *data);

#endif /* NGX_HTTP_CREDVERIFY_WAIT_H */
