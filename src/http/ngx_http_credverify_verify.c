
/*
 * Copyright (C) The credverify authors
 *
 * credverify_verify: from a request to a verdict to an answer.
 */

#include "ngx_http_credverify.h"
#include "cv_text.h"


/* what happens in the snapshot, from which nothing may remain afterwards */

typedef struct {
    ngx_http_request_t              *r;
    ngx_http_credverify_loc_conf_t  *clcf;
    cv_format_t                      format;
    cv_request_t                     request;
    cv_time_t                        now;
    cv_buf_t                         body;
    cv_presentation_t                presentation;
    cv_rendering_t                   rendering;
    cv_time_t                        next_change_at;
    cv_err_t                         render_err;
    const cv_refusal_t              *refusal;
    cv_outcome_t                     outcome;   /* if it is an error */
    ngx_uint_t                       missed;    /* it was not found */
} ngx_http_credverify_job_t;


static cv_outcome_t ngx_http_credverify_question(
    ngx_http_credverify_job_t *job, ngx_uint_t *negotiated);
static ngx_int_t ngx_http_credverify_open_to(ngx_http_credverify_job_t *job);
static cv_err_t ngx_http_credverify_answer(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static void ngx_http_credverify_render(ngx_http_credverify_job_t *job,
    cv_outcome_t outcome, cv_facts_t *facts);
static void ngx_http_credverify_set_links(ngx_http_credverify_job_t *job,
    cv_facts_t *facts);
static void ngx_http_credverify_error(ngx_http_credverify_job_t *job,
    cv_outcome_t outcome);
static ngx_http_credverify_ctx_t *ngx_http_credverify_remember(
    ngx_http_credverify_job_t *job, cv_verification_t *verification);
static ngx_int_t ngx_http_credverify_finish(ngx_http_credverify_job_t *job,
    ngx_uint_t negotiated);


ngx_int_t
ngx_http_credverify_verify_handler(ngx_http_request_t *r)
{
    cv_err_t                      err;
    ngx_uint_t                    negotiated, guessed;
    cv_outcome_t                  outcome;
    cv_refusal_t                  refusal;
    ngx_http_credverify_job_t     job;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r);
    }

    ngx_memzero(&job, sizeof(ngx_http_credverify_job_t));

    job.r = r;
    job.clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    job.now = ngx_http_credverify_now();
    job.next_change_at = CV_TIME_NEVER;

    if (ngx_http_credverify_scratch(&job.body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    outcome = ngx_http_credverify_question(&job, &negotiated);

    if (outcome == CV_VALID && !ngx_http_credverify_open_to(&job)) {

        /* a subrequest, which nobody has asked for a key */
        outcome = CV_MISSING_API_KEY;
    }

    guessed = job.clcf->guesses > 0
              && (job.request.by == CV_BY_CODE
                  || job.request.by == CV_BY_NUMBER);

    if (outcome == CV_VALID && guessed
        && ngx_http_credverify_guess(r, job.clcf, 0, &refusal) != NGX_OK)
    {
        job.refusal = &refusal;
        outcome = CV_RATE_LIMITED;
    }

    if (outcome == CV_VALID) {
        err = ngx_http_credverify_read(
                  ngx_http_credverify_store(&job.clcf->store),
                  ngx_http_credverify_answer, &job);

        if (err == CV_OK && guessed && job.missed) {
            (void) ngx_http_credverify_guess(r, job.clcf, 1, NULL);
        }

        if (err == CV_ERR_NOMEM) {
            outcome = CV_SERVER_ERROR;

        } else if (err != CV_OK) {
            outcome = CV_STORE_UNAVAILABLE;
            ngx_http_credverify_count_failure(job.clcf, err);
        }
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(&job, outcome);
    }

    return ngx_http_credverify_finish(&job, negotiated);
}


ngx_int_t
ngx_http_credverify_fail(ngx_http_request_t *r, cv_outcome_t outcome,
    const cv_refusal_t *refusal)
{
    ngx_uint_t                  negotiated;
    ngx_http_credverify_job_t   job;

    ngx_memzero(&job, sizeof(ngx_http_credverify_job_t));

    job.r = r;
    job.clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    job.now = ngx_http_credverify_now();
    job.next_change_at = CV_TIME_NEVER;
    job.refusal = refusal;

    if (ngx_http_credverify_scratch(&job.body) != NGX_OK
        || ngx_http_credverify_choose(r, job.clcf, &job.format, &negotiated)
           == NGX_ERROR)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_credverify_error(&job, outcome);

    return ngx_http_credverify_finish(&job, negotiated);
}


ngx_int_t
ngx_http_credverify_refuse(ngx_http_request_t *r, cv_outcome_t outcome,
    const cv_refusal_t *refusal)
{
    ngx_uint_t                       status;
    ngx_http_core_loc_conf_t        *lcf;
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    status = cv_document_present(clcf->compiled->document, CV_FORMAT_JSON,
                                 outcome).status;

    /* of "satisfy any" another module may let pass what this one does not */

    if (clcf->errors == NGX_HTTP_CREDVERIFY_ERRORS_NGINX
        || (lcf->satisfy == NGX_HTTP_SATISFY_ANY
            && (status == NGX_HTTP_UNAUTHORIZED
                || status == NGX_HTTP_FORBIDDEN)))
    {
        ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

        if (ctx != NULL) {
            ctx->outcome = outcome;
        }

        return (ngx_int_t) status;
    }

    return ngx_http_credverify_end(r, ngx_http_credverify_fail(r, outcome,
                                                               refusal));
}


ngx_int_t
ngx_http_credverify_end(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/* a location that asks for a key is open to whom it let in */

static ngx_int_t
ngx_http_credverify_open_to(ngx_http_credverify_job_t *job)
{
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(job->r, ngx_http_credverify_module);

    if (job->clcf->brands == NULL) {
        return 1;
    }

    if (ctx == NULL || ctx->bearer == NULL) {
        return 0;
    }

    job->request.test = ctx->bearer->number != 0
                        && ctx->bearer->class == CV_KEY_TEST;

    return 1;
}


/* what is asked: CV_VALID if it can be answered, else the error it is */

static cv_outcome_t
ngx_http_credverify_question(ngx_http_credverify_job_t *job,
    ngx_uint_t *negotiated)
{
    cv_str_t                        value;
    ngx_int_t                       rc;
    ngx_uint_t                      i, n;
    ngx_array_t                    *issuers;
    ngx_http_request_t             *r;
    ngx_http_credverify_handle_t   *handle;

    r = job->r;

    rc = ngx_http_credverify_choose(r, job->clcf, &job->format, negotiated);

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return CV_METHOD_NOT_ALLOWED;
    }

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? CV_INVALID_FORMAT : CV_SERVER_ERROR;
    }

    handle = job->clcf->handles->elts;

    for (n = 0, i = 0; i < job->clcf->handles->nelts; i++) {

        if (ngx_http_credverify_evaluate_handle(r, &handle[i].value, &value)
            != NGX_OK)
        {
            return CV_SERVER_ERROR;
        }

        if (cv_present(value)) {
            job->request.by = handle[i].by;
            job->request.handle = value;
            n++;
        }
    }

    if (n != 1) {
        return n == 0 ? CV_MISSING_HANDLE : CV_AMBIGUOUS_HANDLE;
    }

    issuers = job->clcf->issuers;

    if (issuers != NULL) {
        job->request.issuers = issuers->elts;
        job->request.nissuers = issuers->nelts;
    }

    return CV_VALID;
}


static cv_err_t
ngx_http_credverify_answer(cv_verifier_t *verifier, cv_txn_t *txn, void *arg)
{
    ngx_http_credverify_job_t  *job = arg;

    cv_err_t            err;
    cv_facts_t          facts;
    cv_verification_t   verification;

    err = cv_verify(&verification, verifier, txn, &job->request, job->now);
    if (err != CV_OK) {
        return err;
    }

    if (ngx_http_credverify_remember(job, &verification) == NULL) {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->clcf->compiled->document,
                                            job->format,
                                            verification.verdict.reason);

    job->next_change_at = verification.verdict.next_change_at;
    job->missed = verification.verdict.reason == CV_NOT_FOUND;

    cv_disclose(&facts, &verification.verdict, job->presentation.outcome,
                &verification.evidence, job->now);

    ngx_http_credverify_render(job, job->presentation.outcome, &facts);

    return CV_OK;
}


static void
ngx_http_credverify_render(ngx_http_credverify_job_t *job,
    cv_outcome_t outcome, cv_facts_t *facts)
{
    cv_buf_reset(&job->body);

    if (job->clcf->links != NULL) {
        ngx_http_credverify_set_links(job, facts);
    }

    job->render_err = cv_document_render(job->clcf->compiled->document,
                                         job->format, outcome, facts,
                                         &job->body, &job->rendering);
}


/* the location's links as a document: a view knows them by name */

static void
ngx_http_credverify_set_links(ngx_http_credverify_job_t *job,
    cv_facts_t *facts)
{
    size_t                       size, mark;
    cv_buf_t                     doc;
    cv_str_t                     values[NGX_HTTP_CREDVERIFY_LINKS];
    ngx_str_t                    value;
    ngx_uint_t                   i, n;
    ngx_http_credverify_link_t  *link;

    link = job->clcf->links->elts;
    n = job->clcf->links->nelts;
    size = 16;

    for (i = 0; i < n; i++) {
        values[i] = CV_ABSENT;

        if (ngx_http_credverify_evaluate(job->r, &link[i].value, &value)
            == NGX_OK
            && cv_utf8_valid(cv_str(value.data, value.len)))
        {
            values[i] = cv_str(value.data, value.len);
        }

        size += 16 + link[i].name.len + value.len;
    }

    cv_buf_borrow(&doc, ngx_pnalloc(job->r->pool, size), size);

    if (doc.data == NULL) {
        return;
    }

    mark = cv_doc_open(&doc, CV_DOC_OBJECT);

    for (i = 0; i < n; i++) {
        if (values[i].len > 0) {
            cv_doc_put_name(&doc, cv_str(link[i].name.data, link[i].name.len));
            cv_doc_put(&doc, CV_DOC_STRING, values[i]);
        }
    }

    cv_doc_close(&doc, mark);
    cv_fact_set_doc(facts, CV_FACT_LINKS, cv_buf_str(&doc));
}


static void
ngx_http_credverify_error(ngx_http_credverify_job_t *job, cv_outcome_t outcome)
{
    cv_facts_t                  facts;
    cv_verdict_t                verdict;
    cv_evidence_t               evidence;
    ngx_http_credverify_ctx_t  *ctx;

    job->outcome = outcome;

    ctx = ngx_http_get_module_ctx(job->r, ngx_http_credverify_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(job->r->pool, sizeof(ngx_http_credverify_ctx_t));
    }

    if (ctx != NULL) {
        ctx->outcome = outcome;
        ngx_http_set_ctx(job->r, ctx, ngx_http_credverify_module);
    }

    job->presentation = cv_document_present(job->clcf->compiled->document,
                                            job->format, outcome);
    outcome = job->presentation.outcome;

    if (outcome < CV_REASONS) {
        ngx_memzero(&evidence, sizeof(cv_evidence_t));
        ngx_memzero(&verdict, sizeof(cv_verdict_t));

        verdict.reason = CV_NOT_FOUND;
        cv_disclose(&facts, &verdict, outcome, &evidence, job->now);

    } else {
        cv_disclose_error(&facts, outcome, job->presentation.status, job->now);

        if (job->refusal != NULL) {
            cv_disclose_refusal(&facts, job->refusal);
        }
    }

    ngx_http_credverify_render(job, outcome, &facts);
}


/* for variables: the context and its strings are one piece of the pool */

static ngx_http_credverify_ctx_t *
ngx_http_credverify_remember(ngx_http_credverify_job_t *job,
    cv_verification_t *verification)
{
    u_char                     *p;
    cv_str_t                    credential, class, issuer;
    cv_evidence_t              *evidence;
    ngx_http_credverify_ctx_t  *ctx, *before;

    evidence = &verification->evidence;

    credential = class = issuer = CV_STR("");

    if (verification->verdict.reason != CV_NOT_FOUND) {
        credential = evidence->credential->id;
        class = evidence->class->id;
        issuer = evidence->issuer->id;
    }

    ctx = ngx_palloc(job->r->pool, sizeof(ngx_http_credverify_ctx_t)
                                   + credential.len + class.len + issuer.len);
    if (ctx == NULL) {
        return NULL;
    }

    p = (u_char *) (ctx + 1);

    before = ngx_http_get_module_ctx(job->r, ngx_http_credverify_module);
    ctx->bearer = before != NULL ? before->bearer : NULL;

    ctx->outcome = verification->verdict.reason;
    ctx->handle = ngx_http_credverify_str(cv_by_names[job->request.by]);

    ngx_str_null(&ctx->privacy);

    if (verification->verdict.reason != CV_NOT_FOUND) {
        ctx->privacy = ngx_http_credverify_str(
                           cv_str_z(cv_privacy_names[
                                        verification->verdict.privacy]));
    }

    ctx->credential.len = credential.len;
    ctx->credential.data = p;
    p = ngx_cpymem(p, credential.data, credential.len);

    ctx->class.len = class.len;
    ctx->class.data = p;
    p = ngx_cpymem(p, class.data, class.len);

    ctx->issuer.len = issuer.len;
    ctx->issuer.data = p;
    ngx_memcpy(p, issuer.data, issuer.len);

    ngx_http_set_ctx(job->r, ctx, ngx_http_credverify_module);

    return ctx;
}


static ngx_int_t
ngx_http_credverify_finish(ngx_http_credverify_job_t *job,
    ngx_uint_t negotiated)
{
    cv_time_t                     left;
    ngx_http_credverify_answer_t  answer;

    if (job->render_err != CV_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: an answer of \"%V\" is longer than %d bytes",
                      &job->clcf->compiled->path,
                      NGX_HTTP_CREDVERIFY_ANSWER_MAX);

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

    answer.keyed = job->clcf->brands != NULL;
    answer.outcome = job->outcome;
    answer.refusal = job->refusal;

    answer.status = job->presentation.status;
    answer.type = job->presentation.type;
    answer.body = cv_buf_str(&job->body);
    answer.csp = job->clcf->compiled->csp[job->format];
    answer.vary = negotiated;
    answer.cors = 1;
    answer.max_age = -1;

    if (answer.status == NGX_HTTP_NOT_ALLOWED) {
        answer.allow = NGX_HTTP_CREDVERIFY_METHODS;
    }

    /* only a verdict may be kept, and never for longer than it holds */

    if (answer.status == NGX_HTTP_OK) {
        answer.hashed = 1;
        answer.rendering = job->rendering;
        answer.max_age = job->clcf->max_age;

        if (job->next_change_at != CV_TIME_NEVER) {
            left = (job->next_change_at - job->now) / CV_SECOND;

            if (left < answer.max_age) {
                answer.max_age = (ngx_int_t) left;
            }
        }
    }

    return ngx_http_credverify_send(job->r, &answer);
}
