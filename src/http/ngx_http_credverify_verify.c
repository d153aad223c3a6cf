
/*
 * Copyright (C) The credverify authors
 *
 * credverify_verify: from a request to a verdict to an answer.
 */

#include "ngx_http_credverify.h"


/* what happens in the snapshot, from which nothing may remain afterwards */

typedef struct {
    ngx_http_credverify_job_t   job;
    cv_request_t                request;
    ngx_uint_t                  missed;     /* it was not found */
} ngx_http_credverify_inquiry_t;


static cv_outcome_t ngx_http_credverify_question(
    ngx_http_credverify_inquiry_t *inquiry);
static cv_err_t ngx_http_credverify_answer(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);


ngx_int_t
ngx_http_credverify_verify_handler(ngx_http_request_t *r)
{
    ngx_uint_t                      guessed;
    cv_outcome_t                    outcome;
    cv_refusal_t                    refusal;
    ngx_http_credverify_job_t      *job;
    ngx_http_credverify_inquiry_t   inquiry;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    job = &inquiry.job;

    if (ngx_http_credverify_begin(job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    outcome = job->outcome == CV_VALID
              ? ngx_http_credverify_question(&inquiry) : job->outcome;

    guessed = outcome == CV_VALID && job->clcf->guesses > 0
              && ngx_http_credverify_guesses_by(inquiry.request.by);

    if (guessed
        && ngx_http_credverify_guess(r, job->clcf, 0, &refusal) != NGX_OK)
    {
        job->refusal = &refusal;
        outcome = CV_RATE_LIMITED;
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_look_up(job, ngx_http_credverify_answer,
                                              &inquiry);

        if (outcome == CV_VALID && guessed && inquiry.missed) {
            (void) ngx_http_credverify_guess(r, job->clcf, 1, NULL);
        }
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    return ngx_http_credverify_finish(job);
}


/* what is asked: CV_VALID if it can be answered, else the error it is */

static cv_outcome_t
ngx_http_credverify_question(ngx_http_credverify_inquiry_t *inquiry)
{
    ngx_uint_t                  n;
    ngx_http_credverify_job_t  *job;

    job = &inquiry->job;

    ngx_memzero(&inquiry->request, sizeof(cv_request_t));

    if (ngx_http_credverify_given(job->r, job->clcf->handles, &n,
                                  &inquiry->request.by,
                                  &inquiry->request.handle)
        != NGX_OK)
    {
        return CV_SERVER_ERROR;
    }

    if (n != 1) {
        return n == 0 ? CV_MISSING_HANDLE : CV_AMBIGUOUS_HANDLE;
    }

    ngx_http_credverify_served(job->clcf, &inquiry->request.issuers,
                               &inquiry->request.nissuers);
    inquiry->request.test = ngx_http_credverify_tests(job->bearer);

    return CV_VALID;
}


static cv_err_t
ngx_http_credverify_answer(cv_verifier_t *verifier, cv_txn_t *txn, void *arg)
{
    ngx_http_credverify_inquiry_t  *inquiry = arg;

    cv_err_t                    err;
    cv_facts_t                  facts;
    cv_verification_t           verification;
    ngx_http_credverify_job_t  *job;

    job = &inquiry->job;

    err = cv_verify(&verification, verifier, txn, &inquiry->request, job->now);
    if (err != CV_OK) {
        return err;
    }

    if (ngx_http_credverify_remember_verdict(job, inquiry->request.by,
                                             &verification)
        != NGX_OK)
    {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format,
                                            verification.verdict.reason);

    job->next_change_at = verification.verdict.next_change_at;
    inquiry->missed = verification.verdict.reason == CV_NOT_FOUND;

    if (ngx_http_credverify_tag(job, txn, &verification) != NGX_OK) {
        return CV_ERR_NOMEM;
    }

    err = ngx_http_credverify_offer(job->document->document, job->format,
                                    &job->presentation, verifier, txn,
                                    &verification);
    if (err != CV_OK) {
        return err;
    }

    cv_disclose(&facts, &verification.verdict, job->presentation.outcome,
                &verification.evidence, job->now);

    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}
