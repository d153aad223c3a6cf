
/*
 * Copyright (C) The credverify authors
 *
 * credverify_batch: many credentials, named in the body of one request.
 */

#include "ngx_http_credverify_list.h"
#include "cv_batch.h"


#define NGX_HTTP_CREDVERIFY_BATCH_MOST  1000

/*
 * Of a handle in the body: every byte of the longest escaped, and indented;
 * and of what else there may be.
 */
#define NGX_HTTP_CREDVERIFY_BATCH_EACH  (6 * CV_HANDLE_MAX + 70)
#define NGX_HTTP_CREDVERIFY_BATCH_REST  4096


typedef struct {
    ngx_http_credverify_list_t   list;
    cv_batch_t                   batch;
    cv_request_t                 request;
    cv_refusal_t                 refusal;
    cv_error_t                   error;
} ngx_http_credverify_asking_t;


static ngx_int_t ngx_http_credverify_batch_parameter(
    ngx_http_credverify_list_conf_t *list, ngx_str_t *arg);
static size_t ngx_http_credverify_batch_size(
    ngx_http_credverify_loc_conf_t *clcf);
static void ngx_http_credverify_batch_read(ngx_http_request_t *r);
static ngx_int_t ngx_http_credverify_batch_answer(
    ngx_http_credverify_asking_t *asking);
static cv_outcome_t ngx_http_credverify_batch_ask(
    ngx_http_credverify_asking_t *asking);
static cv_err_t ngx_http_credverify_batch_list(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);


/* credverify_batch by=member item=document [max=number] */

char *
ngx_http_credverify_batch_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t                        *args;
    ngx_uint_t                        i;
    ngx_http_credverify_list_conf_t  *list;

    list = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_list_conf_t));
    if (list == NULL) {
        return NGX_CONF_ERROR;
    }

    list->max = 100;

    args = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_credverify_batch_parameter(list, &args[i]) == NGX_OK) {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\": it must be one of token=, "
                           "code=, number= and id= and the name of a member, "
                           "item= and that of a document, or max= and a number "
                           "up to %d", &args[i],
                           NGX_HTTP_CREDVERIFY_BATCH_MOST);

        return NGX_CONF_ERROR;
    }

    if (list->member.len == 0 || list->name.len == 0) {
        return "needs one of token=, code=, number= and id=, and item=";
    }

    clcf->list = list;
    clcf->methods = &ngx_http_credverify_posts;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_credverify_batch_parameter(ngx_http_credverify_list_conf_t *list,
    ngx_str_t *arg)
{
    cv_by_t     by;
    ngx_int_t   max;
    ngx_str_t   value;

    if (ngx_http_credverify_list_parameter(arg, "item", &list->name)) {
        return NGX_OK;
    }

    if (ngx_http_credverify_list_parameter(arg, "max", &value)) {
        max = ngx_atoi(value.data, value.len);
        list->max = (ngx_uint_t) max;

        return max >= 1 && max <= NGX_HTTP_CREDVERIFY_BATCH_MOST ? NGX_OK
                                                                 : NGX_ERROR;
    }

    for (by = 0; by < CV_BY_COUNT; by++) {

        if (list->member.len == 0
            && ngx_http_credverify_list_parameter(arg,
                                          (char *) cv_by_names[by].data,
                                          &list->member))
        {
            list->by = by;
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static size_t
ngx_http_credverify_batch_size(ngx_http_credverify_loc_conf_t *clcf)
{
    return clcf->list->max * NGX_HTTP_CREDVERIFY_BATCH_EACH
           + NGX_HTTP_CREDVERIFY_BATCH_REST;
}


ngx_int_t
ngx_http_credverify_batch_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    cv_outcome_t                     outcome;
    ngx_http_credverify_job_t        job;
    ngx_http_credverify_loc_conf_t  *clcf;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    /* conditions are about what can be had by GET (RFC 9110, 13.1) */

    r->disable_not_modified = 1;

    if (ngx_http_credverify_begin(&job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    outcome = job.outcome != CV_VALID
              ? job.outcome
              : ngx_http_credverify_expect_json(r,
                    ngx_http_credverify_batch_size(clcf));

    if (outcome != CV_VALID) {
        return ngx_http_credverify_fail(r, outcome, NULL);
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_credverify_batch_read);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* the clock is read here: a body may take its time */

static void
ngx_http_credverify_batch_read(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_credverify_asking_t   asking;

    rc = ngx_http_credverify_list_begin(&asking.list, r);
    cv_batch_init(&asking.batch);

    rc = rc == NGX_OK ? ngx_http_credverify_batch_answer(&asking)
                      : NGX_HTTP_INTERNAL_SERVER_ERROR;

    cv_batch_free(&asking.batch);
    ngx_http_credverify_list_free(&asking.list);

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_http_credverify_batch_answer(ngx_http_credverify_asking_t *asking)
{
    ngx_uint_t                  guessed;
    cv_outcome_t                outcome;
    ngx_http_credverify_job_t  *job;

    job = &asking->list.job;

    ngx_memzero(&asking->refusal, sizeof(cv_refusal_t));
    job->refusal = &asking->refusal;

    outcome = job->outcome;

    guessed = outcome == CV_VALID
              && ngx_http_credverify_guessable(job->clcf);

    if (guessed
        && ngx_http_credverify_guess(job->r, job->clcf, 0, &asking->refusal)
           != NGX_OK)
    {
        outcome = CV_RATE_LIMITED;
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_batch_ask(asking);
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_look_up(job,
                                              ngx_http_credverify_batch_list,
                                              asking);

        if (outcome == CV_VALID && guessed && asking->list.missed > 0) {
            (void) ngx_http_credverify_guess(job->r, job->clcf,
                                             asking->list.missed, NULL);
        }
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    return ngx_http_credverify_finish(job);
}


/* what is asked: CV_VALID if it can be answered, else the error it is */

static cv_outcome_t
ngx_http_credverify_batch_ask(ngx_http_credverify_asking_t *asking)
{
    cv_err_t                          err;
    cv_str_t                          text;
    cv_outcome_t                      outcome;
    ngx_http_credverify_job_t        *job;
    ngx_http_credverify_list_conf_t  *list;

    job = &asking->list.job;
    list = job->clcf->list;

    outcome = ngx_http_credverify_take_body(job->r,
                  ngx_http_credverify_batch_size(job->clcf), &text);

    if (outcome != CV_VALID) {
        return outcome;
    }

    err = cv_batch_read(&asking->batch, text,
                        cv_str(list->member.data, list->member.len),
                        list->max, &asking->error);

    if (err != CV_OK && err != CV_ERR_NOMEM) {
        asking->refusal.detail = cv_str_z(asking->error.text);

        return err == CV_ERR_LIMIT ? CV_TOO_MANY_HANDLES : CV_INVALID_BODY;
    }

    ngx_memzero(&asking->request, sizeof(cv_request_t));

    ngx_http_credverify_served(job->clcf, &asking->request.issuers,
                               &asking->request.nissuers);
    asking->request.by = list->by;
    asking->request.test = ngx_http_credverify_tests(job->bearer);

    return err == CV_OK ? CV_VALID : CV_SERVER_ERROR;
}


static cv_err_t
ngx_http_credverify_batch_list(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_asking_t  *asking = arg;

    cv_err_t            err;
    cv_verification_t   verification;

    err = CV_OK;

    while (err == CV_OK
           && cv_batch_next(&asking->batch, &asking->request.handle))
    {
        err = cv_verify(&verification, verifier, txn, &asking->request,
                        asking->list.job.now);

        if (err == CV_OK) {
            err = ngx_http_credverify_list_add(&asking->list, verifier,
                                               txn, &verification,
                                               asking->request.handle);
        }
    }

    return ngx_http_credverify_list_end(&asking->list, err, CV_ABSENT,
                                        CV_ABSENT, CV_ABSENT);
}
