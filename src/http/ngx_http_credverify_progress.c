
/*
 * Copyright (C) The credverify authors
 *
 * credverify_progress: how far a holder has come, for who issues to them.
 */

#include "ngx_http_credverify.h"
#include "cv_progress_list.h"


typedef struct {
    ngx_http_credverify_job_t   job;
    cv_progress_query_t         query;
    cv_progress_list_t          list;
    cv_doc_t                    doc;        /* absent: nobody was found, */
    ngx_uint_t                  limited;    /* or there is too much */
} ngx_http_credverify_listing_t;


static cv_outcome_t ngx_http_credverify_ask_for(
    ngx_http_credverify_listing_t *listing);
static cv_err_t ngx_http_credverify_list(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);


/* credverify_progress holder=value */

char *
ngx_http_credverify_holder(ngx_conf_t *cf, ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t  *value, text;

    value = cf->args->elts;

    if (value[1].len <= sizeof("holder=") - 1
        || ngx_strncmp(value[1].data, "holder=", sizeof("holder=") - 1) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\": it must be holder= and "
                           "a value", &value[1]);
        return NGX_CONF_ERROR;
    }

    text.data = value[1].data + sizeof("holder=") - 1;
    text.len = value[1].len - (sizeof("holder=") - 1);

    clcf->holder = ngx_palloc(cf->pool, sizeof(ngx_http_credverify_value_t));
    if (clcf->holder == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_credverify_compile_value(cf, &text, clcf->holder)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_credverify_progress_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    cv_outcome_t                    outcome;
    ngx_http_credverify_job_t      *job;
    ngx_http_credverify_listing_t   listing;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    job = &listing.job;

    if (ngx_http_credverify_begin(job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cv_progress_list_init(&listing.list);
    listing.limited = 0;

    outcome = job->outcome == CV_VALID ? ngx_http_credverify_ask_for(&listing)
                                       : job->outcome;

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_look_up(job, ngx_http_credverify_list,
                                              &listing);

        if (outcome == CV_VALID && !cv_present(listing.doc)) {
            outcome = listing.limited ? CV_SERVER_ERROR : CV_NOT_FOUND;
        }
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    rc = ngx_http_credverify_finish(job);

    cv_progress_list_free(&listing.list);

    return rc;
}


static cv_outcome_t
ngx_http_credverify_ask_for(ngx_http_credverify_listing_t *listing)
{
    ngx_http_credverify_job_t  *job;

    job = &listing->job;

    ngx_memzero(&listing->query, sizeof(cv_progress_query_t));

    if (ngx_http_credverify_evaluate_handle(job->r, job->clcf->holder,
                                            &listing->query.holder)
        != NGX_OK)
    {
        return CV_SERVER_ERROR;
    }

    if (!cv_present(listing->query.holder)) {
        return CV_MISSING_HANDLE;
    }

    ngx_http_credverify_served(job->clcf, &listing->query.issuers,
                               &listing->query.nissuers);

    if (job->bearer != NULL) {
        listing->query.issuer = job->bearer->issuer;
    }

    listing->query.test = ngx_http_credverify_tests(job->bearer);

    return CV_VALID;
}


static cv_err_t
ngx_http_credverify_list(cv_verifier_t *verifier, cv_txn_t *txn, void *arg)
{
    ngx_http_credverify_listing_t  *listing = arg;

    cv_err_t                    err;
    cv_facts_t                  facts;
    ngx_http_credverify_job_t  *job;

    job = &listing->job;

    err = cv_progress_list(&listing->list, txn, &listing->query, &listing->doc);

    if (err == CV_ERR_LIMIT) {

        /* nothing is wrong with the store */

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: more than %d classes, or too much of them, "
                      "to list in \"%V\"", CV_PROGRESS_CLASSES,
                      &job->document->path);

        listing->doc = CV_ABSENT;
        listing->limited = 1;

        return CV_OK;
    }

    if (err != CV_OK || !cv_present(listing->doc)) {
        return err;
    }

    if (ngx_http_credverify_remember(job, CV_FOUND, 0) == NULL) {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format, CV_FOUND);

    cv_disclose_progress(&facts, listing->doc, job->now);
    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}
