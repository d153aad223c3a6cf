
/*
 * Copyright (C) The credverify authors
 *
 * What takes too long for the event loop: done by threads, while the requests
 * that want it wait.
 */

#ifndef NGX_HTTP_CREDVERIFY_WORK_H
#define NGX_HTTP_CREDVERIFY_WORK_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "cv_buf.h"
#include "cv_digest.h"

#define NGX_HTTP_CREDVERIFY_WORK_KEY  32

/* A request that waits, and as what; both live as long as it does. */

typedef struct {
    ngx_http_request_t            *request;
    ngx_queue_t                    queue;     /* of those who wait */
    ngx_uint_t                     waits;
} ngx_http_credverify_waiter_t;

typedef struct ngx_http_credverify_work_s  ngx_http_credverify_work_t;

/*
 * Called in a thread, which may use its arguments and nothing else, for the
 * event loop goes on, and as other threads call it at the same time: "with" it
 * may read, "input" is good until it returns.  An error's text is one line, for
 * the log.  A result that failed is an error without that.
 */
typedef cv_err_t (*ngx_http_credverify_run_pt)(const void *with,
    cv_str_t input, cv_buf_t *result, cv_error_t *error);

typedef struct {
    const char                    *things;    /* as logs call them, and */
    const char                    *done;      /* what they are when done */
    const char                    *needs;     /* said if there is no pool */
    ngx_http_credverify_run_pt     run;
    size_t                         max;       /* bytes of a result */
    ngx_uint_t                     most;      /* under way at a time */
} ngx_http_credverify_work_kind_t;

/*
 * Where a worker has work of one kind done: what is under way, each once
 * whoever waits for it, and what was done, the last used of it as far as there
 * is room.
 */
typedef struct ngx_http_credverify_workshop_s  ngx_http_credverify_workshop_t;

/*
 * Called in the event loop with the result, which is good until this returns,
 * or with none: NGX_ERROR, which was logged, or NGX_BUSY if it took too long.
 * Not called for a request that ends before.
 */
typedef void (*ngx_http_credverify_worked_pt)(ngx_http_credverify_work_t *work,
    ngx_int_t rc, cv_str_t result);

/* What a request wants done; it lives as long as the request. */

struct ngx_http_credverify_work_s {
    ngx_http_credverify_waiter_t   waiter;    /* with its request; the first */
    ngx_str_t                      name;      /* what logs call it */
    cv_str_t                       input;     /* until work() returns */
    const void                    *with;      /* of the configuration */
    u_char                         key[NGX_HTTP_CREDVERIFY_WORK_KEY];
                                              /* no other has that */
    ngx_http_credverify_worked_pt  handler;
};

/*
 * At merge time, for a pool that follows "http" is not known yet, makes a
 * workshop of the configuration with "cache" bytes for results in each worker.
 * NULL if that is so, else what is missing, as part of a sentence.  "kind" is
 * static.
 */
const char *ngx_http_credverify_workshop(ngx_conf_t *cf,
    const ngx_http_credverify_work_kind_t *kind, ngx_str_t *pool, size_t cache,
    ngx_http_credverify_workshop_t **workshop);

/* Of the worker, for the event loop alone; NULL if memory is exhausted. */
cv_digest_t *ngx_http_credverify_digest(void);

/* Sets the key of work that its input alone decides on: SHA-256. */
ngx_int_t ngx_http_credverify_work_key(ngx_http_credverify_work_t *work);

/*
 * In the event loop: NGX_OK and the result, which is good until the event loop
 * goes on; NGX_AGAIN if the handler will be called; NGX_BUSY if too much is
 * under way; NGX_ERROR if there is no memory.
 */
ngx_int_t ngx_http_credverify_work(ngx_http_credverify_workshop_t *workshop,
    ngx_http_credverify_work_t *work, cv_str_t *result);

/* When a worker ends, and its threads have. */
void ngx_http_credverify_work_exit(ngx_cycle_t *cycle);

#endif /* NGX_HTTP_CREDVERIFY_WORK_H */
