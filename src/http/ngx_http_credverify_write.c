
/*
 * Copyright (C) The credverify authors
 *
 * Requests that change the store.  A task owns all that its thread touches; the
 * request may end meanwhile, and what it asked for is done all the same.
 *
 * What is asked again with the same Idempotency-Key is answered from the store,
 * where the answer was put in the transaction that it tells of.
 */

#include "ngx_http_credverify_flight.h"
#include "ngx_http_credverify_group.h"
#include "ngx_http_credverify_store.h"
#include "ngx_http_credverify_wait.h"
#include "ngx_http_credverify_write.h"


#if (NGX_THREADS)

/* milliseconds that a write may wait for others to be done */
#define NGX_HTTP_CREDVERIFY_WRITE_WAIT  10000

/* under way in a worker */
#define NGX_HTTP_CREDVERIFY_WRITES      512

typedef struct {
    ngx_http_credverify_change_t     change;    /* the first */
    ngx_queue_t                      all;       /* of the worker */
    ngx_queue_t                      waiters;   /* the request, or nobody */
    ngx_event_t                      timer;
    ngx_http_credverify_store_t     *store;
    ngx_thread_pool_t               *pool;
    ngx_shm_zone_t                  *zone;
    ngx_http_credverify_flight_t    *flight;    /* NULL: without such a key */
    const cv_document_t             *document;
    cv_operation_t                   operation;
    cv_doc_t                         links;
    cv_str_t                         place;
    cv_idempotent_t                  idempotent;    /* with such a key */

    /* what came of it */

    cv_outcome_t                     outcome;
    unsigned                         status;
    ngx_uint_t                       recalled;  /* it was answered before */
    cv_buf_t                         body;
    size_t                           credential_len;
    u_char                           credential[CV_HANDLE_MAX];

    u_char                           texts[];
} ngx_http_credverify_writing_t;


static ngx_http_credverify_writing_t *ngx_http_credverify_write_task(
    ngx_http_credverify_job_t *job, const ngx_http_credverify_write_t *write);
static void ngx_http_credverify_write_copy(
    ngx_http_credverify_writing_t *writing);
static ngx_int_t ngx_http_credverify_write_flight(
    ngx_http_credverify_writing_t *writing,
    const ngx_http_credverify_write_t *write);
static ngx_int_t ngx_http_credverify_write_line_up(
    ngx_http_credverify_writing_t *writing,
    ngx_http_credverify_waiter_t *waiter);
static cv_err_t ngx_http_credverify_write_run(
    ngx_http_credverify_change_t *change, cv_txn_t *txn, cv_managed_t *managed,
    cv_error_t *error);
static cv_err_t ngx_http_credverify_write_recall(
    ngx_http_credverify_writing_t *writing, cv_txn_t *txn);
static void ngx_http_credverify_write_about(
    ngx_http_credverify_writing_t *writing, cv_str_t credential);
static cv_err_t ngx_http_credverify_write_render(
    ngx_http_credverify_writing_t *writing, const cv_managed_t *managed);
static void ngx_http_credverify_write_done(
    ngx_http_credverify_change_t *change);
static void ngx_http_credverify_write_landed(
    ngx_http_credverify_writing_t *writing);
static void ngx_http_credverify_write_late(ngx_event_t *ev);
static void ngx_http_credverify_write_given_up(
    ngx_http_credverify_waiter_t *waiter, void *data);
static void ngx_http_credverify_write_woken(
    ngx_http_credverify_waiter_t *waiter, void *data);
static ngx_int_t ngx_http_credverify_write_answer(ngx_http_request_t *r,
    ngx_http_credverify_writing_t *writing);
static ngx_int_t ngx_http_credverify_write_tell(ngx_http_credverify_job_t *job,
    ngx_http_credverify_writing_t *writing);
static void ngx_http_credverify_write_free(
    ngx_http_credverify_writing_t *writing);


static ngx_queue_t   ngx_http_credverify_writes;
static ngx_uint_t    ngx_http_credverify_nwrites;
static cv_digest_t  *ngx_http_credverify_write_digest;


const char *
ngx_http_credverify_use_threads(ngx_conf_t *cf)
{
    ngx_http_credverify_main_conf_t  *cmcf;

    static ngx_str_t  pool = ngx_string("credverify");

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->writers != NULL) {
        return NULL;
    }

    cmcf->writers = ngx_thread_pool_get(cf->cycle, &pool);

    if (cmcf->writers == NULL) {
        return "needs \"thread_pool credverify threads=2;\" before \"http\"";
    }

    cmcf->flights = ngx_http_credverify_flights(cf);

    return cmcf->flights != NULL ? NULL : "needs more memory";
}


ngx_int_t
ngx_http_credverify_write(ngx_http_credverify_job_t *job,
    const ngx_http_credverify_write_t *write)
{
    ngx_int_t                       rc;
    ngx_http_request_t             *r;
    ngx_http_credverify_waiter_t   *waiter;
    ngx_http_credverify_writing_t  *writing;

    r = job->r;

    waiter = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_waiter_t));
    writing = waiter != NULL ? ngx_http_credverify_write_task(job, write)
                             : NULL;
    if (writing == NULL) {
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }

    waiter->request = r;

    rc = ngx_http_credverify_write_flight(writing, write);

    if (rc == CV_VALID) {
        rc = ngx_http_credverify_write_line_up(writing, waiter);
    }

    if (rc == CV_VALID) {

        /* a client that leaves has it done, and has had its call */

        ngx_http_credverify_spend(r, 1);

        return ngx_http_credverify_suspend(r);
    }

    if (rc == CV_STORE_UNAVAILABLE) {
        ngx_http_credverify_count_failure(job->clcf, writing->change.err);
    }

    ngx_http_credverify_write_free(writing);

    return ngx_http_credverify_fail(r, (cv_outcome_t) rc, NULL);
}


/* in one piece, with every text that it has */

static ngx_http_credverify_writing_t *
ngx_http_credverify_write_task(ngx_http_credverify_job_t *job,
    const ngx_http_credverify_write_t *write)
{
    size_t                            len;
    ngx_http_request_t               *r;
    const cv_operation_t             *operation;
    ngx_http_credverify_writing_t    *writing;
    ngx_http_credverify_main_conf_t  *cmcf;

    r = job->r;
    operation = &write->operation;

    len = operation->id.len + operation->holder.len + operation->class.len
          + operation->actor.len + write->place.len
          + ngx_http_credverify_links(job).len + operation->body.len;

    writing = ngx_calloc(sizeof(ngx_http_credverify_writing_t) + len,
                         ngx_cycle->log);
    if (writing == NULL) {
        return NULL;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_credverify_module);

    writing->pool = cmcf->writers;
    writing->zone = cmcf->flights;
    writing->store = ngx_http_credverify_written(
                         ngx_http_credverify_store(&job->clcf->store));
    writing->document = write->document->document;
    writing->operation = *operation;
    writing->links = job->links;
    writing->place = write->place;

    ngx_http_credverify_write_copy(writing);

    cv_buf_init(&writing->body, NGX_HTTP_CREDVERIFY_ANSWER_MAX);
    ngx_queue_init(&writing->waiters);

    writing->change.run = ngx_http_credverify_write_run;
    writing->change.done = ngx_http_credverify_write_done;

    writing->timer.handler = ngx_http_credverify_write_late;
    writing->timer.data = writing;
    writing->timer.log = ngx_cycle->log;

    return writing;
}


static u_char *
ngx_http_credverify_write_text(u_char *p, cv_str_t *text)
{
    if (!cv_present(*text)) {
        return p;
    }

    ngx_memcpy(p, text->data, text->len);
    text->data = p;

    return p + text->len;
}


static void
ngx_http_credverify_write_copy(ngx_http_credverify_writing_t *writing)
{
    u_char          *p;
    cv_operation_t  *operation;

    operation = &writing->operation;
    p = writing->texts;

    p = ngx_http_credverify_write_text(p, &operation->id);
    p = ngx_http_credverify_write_text(p, &operation->holder);
    p = ngx_http_credverify_write_text(p, &operation->class);
    p = ngx_http_credverify_write_text(p, &operation->actor);
    p = ngx_http_credverify_write_text(p, &operation->body);
    p = ngx_http_credverify_write_text(p, &writing->links);
    (void) ngx_http_credverify_write_text(p, &writing->place);
}


/* CV_VALID, or the error that it is */

static ngx_int_t
ngx_http_credverify_write_flight(ngx_http_credverify_writing_t *writing,
    const ngx_http_credverify_write_t *write)
{
    ngx_int_t  rc;

    if (!cv_present(write->request.name)) {
        return CV_VALID;
    }

    if (ngx_http_credverify_write_digest == NULL) {
        ngx_http_credverify_write_digest = cv_digest_new();
    }

    if (ngx_http_credverify_write_digest == NULL
        || cv_idempotent_init(&writing->idempotent,
                              ngx_http_credverify_write_digest,
                              &write->request)
           != CV_OK)
    {
        return CV_SERVER_ERROR;
    }

    rc = ngx_http_credverify_flight_begin(writing->zone,
                                          (u_char *) writing->idempotent.id,
                                          &writing->flight);

    return rc == NGX_OK ? CV_VALID
           : rc == NGX_DECLINED ? CV_REQUEST_IN_FLIGHT : CV_BUSY;
}


/* likewise */

static ngx_int_t
ngx_http_credverify_write_line_up(ngx_http_credverify_writing_t *writing,
    ngx_http_credverify_waiter_t *waiter)
{
    ngx_int_t  rc;

    if (ngx_http_credverify_writes.next == NULL) {
        ngx_queue_init(&ngx_http_credverify_writes);
    }

    if (ngx_http_credverify_nwrites == NGX_HTTP_CREDVERIFY_WRITES) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "credverify: %ui writes wait, and one more does not",
                      ngx_http_credverify_nwrites);
        return CV_BUSY;
    }

    if (writing->store == NULL
        || ngx_http_credverify_wait(&writing->waiters, waiter) != NGX_OK)
    {
        return CV_SERVER_ERROR;
    }

    rc = ngx_http_credverify_group_add(writing->store, writing->pool,
                                       &writing->change);

    if (rc != CV_VALID) {
        waiter->waits = 0;
        ngx_queue_remove(&waiter->queue);

        return rc;
    }

    ngx_queue_insert_tail(&ngx_http_credverify_writes, &writing->all);
    ngx_http_credverify_nwrites++;

    /* without any, a worker that is to end would not wait */

    ngx_add_timer(&writing->timer, NGX_HTTP_CREDVERIFY_WRITE_WAIT);

    return CV_VALID;
}


/* in a thread, which touches what it is given and nothing else */

static cv_err_t
ngx_http_credverify_write_run(ngx_http_credverify_change_t *change,
    cv_txn_t *txn, cv_managed_t *managed, cv_error_t *error)
{
    cv_err_t                        err;
    ngx_http_credverify_writing_t  *writing;

    writing = (ngx_http_credverify_writing_t *) change;

    /* it may be the second time */

    writing->status = 0;
    writing->recalled = 0;
    writing->credential_len = 0;
    cv_buf_reset(&writing->body);

    err = writing->flight != NULL
          ? ngx_http_credverify_write_recall(writing, txn) : CV_OK;

    if (err == CV_OK && !writing->recalled) {
        err = cv_manage(txn, &writing->operation, managed, error);

        writing->outcome = managed->outcome;

        if (err == CV_OK && managed->evidence.credential != NULL) {
            ngx_http_credverify_write_about(writing,
                                            managed->evidence.credential->id);
        }
    }

    /* a limit that was not reached by waiting is no reason to wait */

    if (err != CV_OK) {
        return err == CV_ERR_LIMIT ? CV_ERR_INPUT : err;
    }

    err = ngx_http_credverify_write_render(writing, managed);

    /* what may be another answer the next time is none to keep */

    if (err == CV_OK && writing->flight != NULL && !writing->recalled
        && writing->status < NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        err = cv_idempotent_keep(&writing->idempotent, txn,
                                 writing->operation.now, writing->status,
                                 cv_buf_str(&writing->body), managed->number,
                                 error);
    }

    /* what could not be answered is not done, and would never be */

    return err == CV_ERR_LIMIT
           ? cv_error_set(error, CV_ERR_INPUT, "the answer is too long") : err;
}


/* what was answered, if it was the same request, or that it was another one */

static cv_err_t
ngx_http_credverify_write_recall(ngx_http_credverify_writing_t *writing,
    cv_txn_t *txn)
{
    cv_err_t               err;
    ngx_uint_t             i;
    cv_credential_t        credential;
    cv_answer_record_t     answer;
    cv_idempotent_step_t   step;

    static const cv_outcome_t  answers[] = {
        CV_CREATED, CV_NOT_FOUND, CV_INVALID_STATUS, CV_INVALID_BODY,
        CV_CONFLICT, CV_CATEGORY_NOT_FOUND, CV_FOUND
    };

    err = cv_idempotent_find(&writing->idempotent, txn, writing->operation.now,
                             &answer, &step);

    if (err != CV_OK || step == CV_IDEMPOTENT_NEW) {
        return err;
    }

    writing->recalled = 1;

    if (step == CV_IDEMPOTENT_OTHER) {
        writing->outcome = CV_IDEMPOTENCY_KEY_REUSED;
        return CV_OK;
    }

    writing->status = (unsigned) answer.status.value;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        writing->outcome = answers[i];

        if (cv_document_present(writing->document, CV_FORMAT_JSON,
                                answers[i]).status
            == writing->status)
        {
            break;
        }
    }

    cv_buf_append_str(&writing->body, answer.body);

    if (cv_get(txn, CV_CREDENTIAL, answer.credential.iid, &credential)) {
        ngx_http_credverify_write_about(writing, credential.id);
    }

    return cv_txn_err(txn, NULL);
}


static void
ngx_http_credverify_write_about(ngx_http_credverify_writing_t *writing,
    cv_str_t credential)
{
    writing->credential_len = credential.len;
    ngx_memcpy(writing->credential, credential.data, credential.len);
}


/* unless the answer is there already */

static cv_err_t
ngx_http_credverify_write_render(ngx_http_credverify_writing_t *writing,
    const cv_managed_t *managed)
{
    cv_facts_t          facts;
    cv_refusal_t        refusal;
    cv_rendering_t      rendering;
    cv_presentation_t   presentation;

    if (writing->status != 0) {
        return writing->body.err;
    }

    presentation = cv_document_present(writing->document, CV_FORMAT_JSON,
                                       writing->outcome);
    writing->status = presentation.status;

    if (presentation.outcome >= CV_REASONS && presentation.outcome < CV_ERRORS)
    {
        cv_managed_disclose(managed, &facts, writing->operation.now);

    } else {
        ngx_memzero(&refusal, sizeof(cv_refusal_t));
        refusal.detail = writing->recalled ? CV_ABSENT : managed->detail;

        ngx_http_credverify_error_facts(&facts, writing->outcome,
                                        &presentation, &refusal,
                                        writing->operation.now);
    }

    cv_fact_set_doc(&facts, CV_FACT_LINKS, writing->links);

    if (cv_present(presentation.word)) {
        cv_fact_set_text(&facts, CV_FACT_WORD, presentation.word);
    }

    return cv_document_render(writing->document, CV_FORMAT_JSON,
                              presentation.outcome, &facts, &writing->body,
                              &rendering);
}


static void
ngx_http_credverify_write_done(ngx_http_credverify_change_t *change)
{
    ngx_http_credverify_writing_t  *writing;

    writing = (ngx_http_credverify_writing_t *) change;

    if (change->err == CV_ERR_INPUT || change->err == CV_ERR_CONFLICT) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: a request cannot be carried out: %s",
                      change->error.text);
    }

    if (writing->timer.timer_set) {
        ngx_del_timer(&writing->timer);
    }

    ngx_queue_remove(&writing->all);
    ngx_http_credverify_nwrites--;

    ngx_http_credverify_write_landed(writing);

    ngx_http_credverify_wake(&writing->waiters,
                             ngx_http_credverify_write_woken, writing);

    ngx_http_credverify_write_free(writing);
}


/* who asks again once this was answered is not told that it is under way */

static void
ngx_http_credverify_write_landed(ngx_http_credverify_writing_t *writing)
{
    if (writing->flight != NULL) {
        ngx_http_credverify_flight_end(writing->zone, writing->flight);
        writing->flight = NULL;
    }
}


/* what has not begun by now is not done any more */

static void
ngx_http_credverify_write_late(ngx_event_t *ev)
{
    ngx_http_credverify_writing_t  *writing = ev->data;

    if (ngx_http_credverify_give_up(&writing->change)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: a write has waited %d seconds for others to "
                      "be done, and is given up",
                      NGX_HTTP_CREDVERIFY_WRITE_WAIT / 1000);

        ngx_http_credverify_write_landed(writing);

        ngx_http_credverify_wake(&writing->waiters,
                                 ngx_http_credverify_write_given_up, NULL);
    }

    ngx_add_timer(ev, NGX_HTTP_CREDVERIFY_WRITE_WAIT);
}


static void
ngx_http_credverify_write_given_up(ngx_http_credverify_waiter_t *waiter,
    void *data)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = waiter->request;

    ngx_http_set_log_request(r->connection->log, r);
    ngx_http_credverify_spend(r, 0);

    rc = ngx_http_credverify_fail(r, CV_BUSY, NULL);

    ngx_http_finalize_request(r, rc);
}


static void
ngx_http_credverify_write_woken(ngx_http_credverify_waiter_t *waiter,
    void *data)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = waiter->request;

    ngx_http_set_log_request(r->connection->log, r);
    ngx_http_credverify_spend(r, 0);

    rc = ngx_http_credverify_write_answer(r, data);

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_http_credverify_write_answer(ngx_http_request_t *r,
    ngx_http_credverify_writing_t *writing)
{
    ngx_http_credverify_job_t  job;

    switch (writing->change.err) {

    case CV_OK:
        break;

    case CV_ERR_FULL:
        return ngx_http_credverify_fail(r, CV_INSUFFICIENT_STORAGE, NULL);

    case CV_ERR_LIMIT:
        return ngx_http_credverify_fail(r, CV_BUSY, NULL);

    case CV_ERR_NOMEM:
    case CV_ERR_INPUT:
    case CV_ERR_CONFLICT:
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);

    default:
        ngx_http_credverify_count_failure(
            ngx_http_get_module_loc_conf(r, ngx_http_credverify_module),
            writing->change.err);

        return ngx_http_credverify_fail(r, CV_STORE_UNAVAILABLE, NULL);
    }

    if (ngx_http_credverify_begin(&job, r) != NGX_OK
        || ngx_http_credverify_write_tell(&job, writing) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job.outcome = writing->outcome < CV_ERRORS
                  && writing->outcome != CV_NOT_FOUND ? CV_VALID
                                                      : writing->outcome;

    job.presentation = cv_document_present(writing->document, CV_FORMAT_JSON,
                                           writing->outcome);
    job.presentation.status = writing->status;

    cv_buf_reset(&job.body);
    cv_buf_append_str(&job.body, cv_buf_str(&writing->body));

    return ngx_http_credverify_finish(&job);
}


/* what variables say of it; and where to find what was made */

static ngx_int_t
ngx_http_credverify_write_tell(ngx_http_credverify_job_t *job,
    ngx_http_credverify_writing_t *writing)
{
    u_char                     *p;
    size_t                      len;
    cv_str_t                    id;
    ngx_http_credverify_ctx_t  *ctx;

    id = cv_str(writing->credential, writing->credential_len);
    len = writing->place.len + 1 + id.len;

    ctx = ngx_http_credverify_remember(job, writing->outcome, len);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    p = (u_char *) (ctx + 1);

    if (id.len == 0) {
        return NGX_OK;
    }

    if (writing->place.len > 0) {
        p = ngx_cpymem(p, writing->place.data, writing->place.len);
        *p++ = '/';
    }

    p = ngx_http_credverify_copy(&ctx->credential, p, id);

    return writing->place.len > 0 && writing->status == NGX_HTTP_CREATED
           ? ngx_http_credverify_add_header(job->r, CV_STR("Location"),
                                            cv_str(ctx + 1, len))
           : NGX_OK;
}


static void
ngx_http_credverify_write_free(ngx_http_credverify_writing_t *writing)
{
    ngx_http_credverify_write_landed(writing);

    cv_buf_free(&writing->body);
    ngx_free(writing);
}


void
ngx_http_credverify_write_exit(void)
{
    ngx_queue_t                    *q;
    ngx_http_credverify_writing_t  *writing;

    cv_digest_free(ngx_http_credverify_write_digest);
    ngx_http_credverify_write_digest = NULL;

    while (ngx_http_credverify_nwrites > 0) {
        q = ngx_queue_head(&ngx_http_credverify_writes);
        writing = ngx_queue_data(q, ngx_http_credverify_writing_t, all);

        ngx_queue_remove(q);
        ngx_http_credverify_nwrites--;

        if (writing->timer.timer_set) {
            ngx_del_timer(&writing->timer);
        }

        ngx_http_credverify_write_free(writing);
    }
}


#else

const char *
ngx_http_credverify_use_threads(ngx_conf_t *cf)
{
    return "needs an nginx that was built with threads";
}


ngx_int_t
ngx_http_credverify_write(ngx_http_credverify_job_t *job,
    const ngx_http_credverify_write_t *write)
{
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


void
ngx_http_credverify_write_exit(void)
{
}

#endif
