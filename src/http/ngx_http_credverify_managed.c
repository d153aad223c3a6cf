
/*
 * Copyright (C) The credverify authors
 *
 * The credentials below a location of credverify_issuance, page by page: each
 * as it is shown alone, whatever its verdict.
 */

#include "ngx_http_credverify_issuance.h"
#include "ngx_http_credverify_list.h"
#include "cv_manage_list.h"


typedef struct {
    ngx_http_credverify_list_t   list;
    cv_operation_t               operation;
    cv_manage_list_t             page;
    cv_managed_t                 managed;
    cv_str_t                     cursor;
    ngx_uint_t                   limit;
    cv_outcome_t                 outcome;   /* why there is no page */
    cv_refusal_t                 refusal;
    cv_error_t                   error;
} ngx_http_credverify_managing_t;


static cv_outcome_t ngx_http_credverify_managed_ask(
    ngx_http_credverify_managing_t *managing);
static cv_err_t ngx_http_credverify_managed_list(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_managed_fill(
    ngx_http_credverify_managing_t *managing, cv_txn_t *txn);


ngx_int_t
ngx_http_credverify_issuance_list(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    cv_outcome_t                     outcome;
    ngx_http_credverify_job_t       *job;
    ngx_http_credverify_managing_t   managing;

    ngx_memzero(&managing, sizeof(ngx_http_credverify_managing_t));

    job = &managing.list.job;

    if (ngx_http_credverify_list_begin(&managing.list, r) != NGX_OK) {
        ngx_http_credverify_list_free(&managing.list);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job->document = job->clcf->issuance->list;

    cv_manage_list_init(&managing.page);

    outcome = ngx_http_credverify_issuance_bearer(job);

    if (outcome == CV_VALID) {
        job->refusal = &managing.refusal;
        outcome = ngx_http_credverify_managed_ask(&managing);
    }

    if (outcome == CV_VALID
        && cv_managed_init(&managing.managed, &managing.error) != CV_OK)
    {
        outcome = CV_SERVER_ERROR;
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_look_up(job,
                                              ngx_http_credverify_managed_list,
                                              &managing);

        if (outcome == CV_VALID) {
            outcome = managing.outcome;
        }

        cv_managed_free(&managing.managed);
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    rc = ngx_http_credverify_finish(job);

    cv_manage_list_free(&managing.page);
    ngx_http_credverify_list_free(&managing.list);

    return rc;
}


static cv_outcome_t
ngx_http_credverify_managed_ask(ngx_http_credverify_managing_t *managing)
{
    ngx_http_request_t           *r;
    ngx_http_credverify_value_t   limit, cursor;

    r = managing->list.job.r;

    ngx_memzero(&limit, sizeof(ngx_http_credverify_value_t));
    ngx_memzero(&cursor, sizeof(ngx_http_credverify_value_t));

    ngx_str_set(&limit.argument, "limit");
    ngx_str_set(&cursor.argument, "cursor");

    ngx_http_credverify_issuance_ask(&managing->list.job,
                                     &managing->operation);

    return ngx_http_credverify_evaluate_handle(r, &cursor, &managing->cursor)
           == NGX_OK
           ? ngx_http_credverify_list_limit(r, &limit, &managing->limit,
                                            &managing->refusal)
           : CV_SERVER_ERROR;
}


static cv_err_t
ngx_http_credverify_managed_list(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_managing_t  *managing = arg;

    cv_err_t  err;

    err = cv_manage_list(&managing->page, txn, &managing->operation,
                         managing->cursor, (unsigned) managing->limit);

    managing->outcome = err == CV_ERR_INPUT ? CV_INVALID_CURSOR
                        : err == CV_ERR_LIMIT ? CV_SERVER_ERROR : CV_VALID;

    if (err == CV_ERR_LIMIT) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: more than %d classes to list in \"%V\"",
                      CV_MANAGE_CLASSES, &managing->list.job.document->path);
    }

    /* nothing is wrong with the store */

    if (managing->outcome != CV_VALID) {
        return CV_OK;
    }

    if (err == CV_OK) {
        err = ngx_http_credverify_managed_fill(managing, txn);
    }

    return ngx_http_credverify_list_end(&managing->list, err, CV_ABSENT,
                                        managing->page.prev,
                                        managing->page.next);
}


static cv_err_t
ngx_http_credverify_managed_fill(ngx_http_credverify_managing_t *managing,
    cv_txn_t *txn)
{
    size_t                      i;
    cv_err_t                    err;
    cv_facts_t                  facts;
    cv_document_t              *document;
    cv_presentation_t           presentation;
    ngx_http_credverify_job_t  *job;

    job = &managing->list.job;
    document = job->clcf->compiled->document;

    presentation = cv_document_present(document, CV_FORMAT_JSON, CV_FOUND);

    err = CV_OK;

    for (i = 0; err == CV_OK && i < managing->page.n; i++) {
        err = cv_manage_load(txn, managing->page.numbers[i],
                             &managing->managed, &managing->error);

        if (err == CV_OK) {
            cv_managed_disclose(&managing->managed, &facts, job->now);
            ngx_http_credverify_add_facts(job, document, CV_FORMAT_JSON,
                                          &presentation, &facts);

            err = cv_items_add(&managing->list.items, document, CV_FOUND,
                               &facts);
        }
    }

    return err;
}
