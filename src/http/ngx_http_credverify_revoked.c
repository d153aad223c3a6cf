
/*
 * Copyright (C) The credverify authors
 *
 * Lists of what is revoked, as they are signed badges' only way to tell.  One
 * may be long: it is made in small steps between other requests, once for all
 * that wait for it, and kept until something is written to the store.
 *
 * Who comes while a list is made waits for the next one, as this one may be
 * past what was revoked meanwhile.
 */

#include "ngx_http_credverify_badges.h"
#include "ngx_http_credverify_wait.h"
#include "cv_hash.h"
#include "cv_revocations.h"


/* bytes of a list */
#define NGX_HTTP_CREDVERIFY_REVOKED_MAX   (64 * 1024 * 1024)

/* classes and credentials of a step: less than a millisecond */
#define NGX_HTTP_CREDVERIFY_REVOKED_STEP  256


/* What a list has come to: it is sent as it is, and goes with the last request
 * that does. */

typedef struct {
    cv_buf_t                        json;
    ngx_uint_t                      refs;
} ngx_http_credverify_entries_t;

struct ngx_http_credverify_revoked_s {
    cv_revocations_t                list;       /* while it is made, and then */
    ngx_http_credverify_entries_t  *entries;    /* this, or NULL */
    uint64_t                        hash;
    size_t                          hashed;     /* bytes */
    uint64_t                        version;    /* when it began: the */
    ngx_uint_t                      opened;     /* snapshot, and the store */
    ngx_uint_t                      begun;      /* it has */
    ngx_uint_t                      making;     /* it is being made */
    cv_err_t                        err;        /* why it was not */
    ngx_str_t                      *store;      /* path */
    ngx_queue_t                     waiting;
    ngx_queue_t                     later;      /* for the next one */
    ngx_connection_t                fake;
    ngx_event_t                     timer;
    ngx_http_credverify_revoked_t  *next;
};


static cv_err_t ngx_http_credverify_revoked_begin(
    ngx_http_credverify_revoked_t *revoked, cv_txn_t *txn);
static cv_err_t ngx_http_credverify_revoked_read(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_revoked_made(
    ngx_http_credverify_revoked_t *revoked);
static ngx_int_t ngx_http_credverify_entries_use(
    ngx_http_credverify_entries_t *entries, ngx_http_credverify_job_t *job);
static void ngx_http_credverify_entries_release(void *data);
static void ngx_http_credverify_entries_forget(
    ngx_http_credverify_revoked_t *revoked);
static void ngx_http_credverify_revoked_step(ngx_event_t *ev);
static void ngx_http_credverify_revoked_next(
    ngx_http_credverify_revoked_t *revoked);
static void ngx_http_credverify_revoked_woken(
    ngx_http_credverify_waiter_t *waiter, void *data);


ngx_http_credverify_revoked_t *
ngx_http_credverify_revoked(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, cv_str_t keyed)
{
    ngx_http_credverify_revoked_t    *revoked;
    ngx_http_credverify_main_conf_t  *cmcf;

    revoked = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_revoked_t));
    if (revoked == NULL) {
        return NULL;
    }

    cv_revocations_init(&revoked->list, clcf->badges->base, keyed,
                        *(cv_str_t *) clcf->issuers->elts,
                        NGX_HTTP_CREDVERIFY_REVOKED_MAX);

    revoked->store = &clcf->store;

    ngx_queue_init(&revoked->waiting);
    ngx_queue_init(&revoked->later);

    revoked->fake.fd = (ngx_socket_t) -1;
    revoked->fake.data = revoked;
    revoked->timer.handler = ngx_http_credverify_revoked_step;
    revoked->timer.data = &revoked->fake;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    revoked->next = cmcf->revoked;
    cmcf->revoked = revoked;

    return revoked;
}


void
ngx_http_credverify_revoked_exit(ngx_cycle_t *cycle)
{
    ngx_http_credverify_revoked_t    *revoked;
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_credverify_module);

    for (revoked = cmcf != NULL ? cmcf->revoked : NULL;
         revoked;
         revoked = revoked->next)
    {
        if (revoked->timer.timer_set) {
            ngx_del_timer(&revoked->timer);
        }

        cv_revocations_free(&revoked->list);
        ngx_http_credverify_entries_forget(revoked);
    }
}


cv_err_t
ngx_http_credverify_badge_revocations(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t                        err;
    cv_facts_t                      facts;
    ngx_http_credverify_job_t      *job;
    ngx_http_credverify_revoked_t  *revoked;

    job = &badge->job;
    revoked = badge->site->revoked;

    err = cv_badges_revocations(&badge->found, txn, &badge->badges);

    if (err != CV_OK || badge->found.by == NULL) {
        badge->missing = 1;
        return err;
    }

    if (!badge->told && revoked->making) {
        badge->waits = 1;
        return CV_OK;
    }

    if (!badge->told) {
        revoked->err = ngx_http_credverify_revoked_begin(revoked, txn);
        badge->waits = revoked->err == CV_OK && revoked->entries == NULL;
    }

    if (revoked->err != CV_OK || badge->waits) {
        return revoked->err;
    }

    if (ngx_http_credverify_remember(job, CV_FOUND, 0) == NULL
        || ngx_http_credverify_entries_use(revoked->entries, job) != NGX_OK)
    {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format, CV_FOUND);

    cv_disclose_badge(&facts, badge->found.by, NULL, &badge->found.badge,
                      job->now);
    cv_disclose_items(&facts, CV_ABSENT, revoked->hash);
    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}


/* for as long as the request lives */

static ngx_int_t
ngx_http_credverify_entries_use(ngx_http_credverify_entries_t *entries,
    ngx_http_credverify_job_t *job)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(job->r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_credverify_entries_release;
    cln->data = entries;

    entries->refs++;
    job->within = cv_buf_str(&entries->json);

    return NGX_OK;
}


static void
ngx_http_credverify_entries_release(void *data)
{
    ngx_http_credverify_entries_t  *entries = data;

    if (--entries->refs == 0) {
        cv_buf_free(&entries->json);
        ngx_free(entries);
    }
}


static void
ngx_http_credverify_entries_forget(ngx_http_credverify_revoked_t *revoked)
{
    if (revoked->entries != NULL) {
        ngx_http_credverify_entries_release(revoked->entries);
        revoked->entries = NULL;
    }
}


/* what there is, if nothing was written since, or as far as a step goes */

static cv_err_t
ngx_http_credverify_revoked_begin(ngx_http_credverify_revoked_t *revoked,
    cv_txn_t *txn)
{
    if (revoked->entries != NULL && revoked->version == cv_snapshot_version(txn)
        && revoked->opened
           == ngx_http_credverify_opened(
                  ngx_http_credverify_store(revoked->store)))
    {
        return CV_OK;
    }

    revoked->begun = 0;

    return ngx_http_credverify_revoked_read(NULL, txn, revoked);
}


static cv_err_t
ngx_http_credverify_revoked_read(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_revoked_t  *revoked = arg;

    cv_err_t     err;
    cv_buf_t    *json;
    ngx_uint_t   opened;

    opened = ngx_http_credverify_opened(
                 ngx_http_credverify_store(revoked->store));

    /* in another store the same numbers may be of other records */

    if (!revoked->begun || revoked->opened != opened) {
        cv_revocations_reset(&revoked->list);
        ngx_http_credverify_entries_forget(revoked);

        revoked->version = cv_snapshot_version(txn);
        revoked->opened = opened;
        revoked->begun = 1;
        revoked->hash = 0;
        revoked->hashed = 0;
    }

    err = cv_revocations_read(&revoked->list, txn,
                              NGX_HTTP_CREDVERIFY_REVOKED_STEP);

    if (err != CV_OK) {
        return err;
    }

    json = &revoked->list.json;

    revoked->hash = cv_hash_body(cv_buf_str(json).data + revoked->hashed,
                                 json->len - revoked->hashed, revoked->hash);
    revoked->hashed = json->len;

    return revoked->list.done ? ngx_http_credverify_revoked_made(revoked)
                              : CV_OK;
}


static cv_err_t
ngx_http_credverify_revoked_made(ngx_http_credverify_revoked_t *revoked)
{
    ngx_http_credverify_entries_t  *entries;

    entries = ngx_alloc(sizeof(ngx_http_credverify_entries_t), ngx_cycle->log);
    if (entries == NULL) {
        return CV_ERR_NOMEM;
    }

    entries->json = revoked->list.json;
    entries->refs = 1;

    cv_buf_trim(&entries->json);
    cv_buf_init(&revoked->list.json, NGX_HTTP_CREDVERIFY_REVOKED_MAX);

    revoked->entries = entries;

    return CV_OK;
}


ngx_int_t
ngx_http_credverify_revoked_wait(ngx_http_credverify_badge_t *badge)
{
    ngx_queue_t                    *queue;
    ngx_http_request_t             *r;
    ngx_http_credverify_waiter_t   *waiter;
    ngx_http_credverify_revoked_t  *revoked;

    r = badge->job.r;
    revoked = badge->site->revoked;
    queue = revoked->making ? &revoked->later : &revoked->waiting;

    waiter = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_waiter_t));
    if (waiter == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    waiter->request = r;

    if (ngx_http_credverify_wait(queue, waiter) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!revoked->making) {
        revoked->making = 1;
        revoked->timer.log = ngx_cycle->log;
        ngx_add_timer(&revoked->timer, 1);
    }

    return ngx_http_credverify_suspend(r);
}


/* a timer, not a posted event: others come in between */

static void
ngx_http_credverify_revoked_step(ngx_event_t *ev)
{
    ngx_connection_t               *c;
    ngx_http_credverify_revoked_t  *revoked;

    c = ev->data;
    revoked = c->data;

    if (!ngx_queue_empty(&revoked->waiting)) {
        revoked->err = ngx_http_credverify_read(
                           ngx_http_credverify_store(revoked->store),
                           ngx_http_credverify_revoked_read, revoked);

        if (revoked->err == CV_OK && revoked->entries == NULL) {
            ngx_add_timer(ev, 1);
            return;
        }

        if (revoked->err == CV_ERR_LIMIT) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "credverify: a list of what is revoked is longer "
                          "than %d bytes", NGX_HTTP_CREDVERIFY_REVOKED_MAX);
        }

        /* whoever asks meanwhile does so for the next one */

        ngx_http_credverify_wake(&revoked->waiting,
                                 ngx_http_credverify_revoked_woken, revoked);
    }

    ngx_http_credverify_revoked_next(revoked);
}


static void
ngx_http_credverify_revoked_next(ngx_http_credverify_revoked_t *revoked)
{
    if (ngx_queue_empty(&revoked->later)) {
        revoked->making = 0;
        return;
    }

    ngx_queue_add(&revoked->waiting, &revoked->later);
    ngx_queue_init(&revoked->later);

    revoked->begun = 0;

    ngx_add_timer(&revoked->timer, 1);
}


static void
ngx_http_credverify_revoked_woken(ngx_http_credverify_waiter_t *waiter,
    void *data)
{
    ngx_int_t                       rc;
    ngx_http_request_t             *r;
    ngx_http_credverify_revoked_t  *revoked = data;

    r = waiter->request;

    ngx_http_set_log_request(r->connection->log, r);

    if (revoked->err == CV_OK) {
        rc = ngx_http_credverify_badges_answer(r, 1);

    } else if (revoked->err == CV_ERR_NOMEM || revoked->err == CV_ERR_LIMIT) {
        rc = ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);

    } else {
        ngx_http_credverify_count_failure(
            ngx_http_get_module_loc_conf(r, ngx_http_credverify_module),
            revoked->err);

        rc = ngx_http_credverify_fail(r, CV_STORE_UNAVAILABLE, NULL);
    }

    ngx_http_finalize_request(r, rc);
}
