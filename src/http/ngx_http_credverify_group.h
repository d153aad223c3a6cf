
/*
 * Copyright (C) The credverify authors
 *
 * Changes of a store, in groups: a thread takes all that wait once it has the
 * lock, and commits them as one, so that a disk that is slow to commit, and
 * others who write, are waited for once.
 */

#ifndef NGX_HTTP_CREDVERIFY_GROUP_H
#define NGX_HTTP_CREDVERIFY_GROUP_H

#include "ngx_http_credverify.h"
#include "cv_manage.h"

typedef struct ngx_http_credverify_change_s  ngx_http_credverify_change_t;
typedef struct ngx_http_credverify_group_s   ngx_http_credverify_group_t;

/*
 * In a thread; "managed" is ready.  An error has the transaction aborted, and
 * the change is run once more, alone, in another one: it begins anew each time.
 */
typedef cv_err_t (*ngx_http_credverify_change_pt)(
    ngx_http_credverify_change_t *change, cv_txn_t *txn, cv_managed_t *managed,
    cv_error_t *error);

/* One change; owned by the group from when it is added until it is done. */

struct ngx_http_credverify_change_s {
    ngx_http_credverify_change_t   *next;
    ngx_atomic_t                    state;
    ngx_http_credverify_change_pt   run;
    cv_err_t                        err;        /* that it ended with, */
    cv_error_t                      error;
    void                          (*done)(ngx_http_credverify_change_t *change);
                                                /* in the event loop */
};

/*
 * Adds a change to those of a store: CV_VALID, or why it is not done, with an
 * error of the store if it is that.
 */
ngx_int_t ngx_http_credverify_group_add(ngx_http_credverify_store_t *store,
    ngx_thread_pool_t *pool, ngx_http_credverify_change_t *change);

/* False if it has begun; else it is not run, and done in its turn. */
ngx_uint_t ngx_http_credverify_give_up(ngx_http_credverify_change_t *change);

/* When a worker ends, and its threads have. */
void ngx_http_credverify_group_free(ngx_http_credverify_group_t *group);

#endif /* NGX_HTTP_CREDVERIFY_GROUP_H */
