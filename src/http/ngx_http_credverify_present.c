
/*
 * Copyright (C) The credverify authors
 *
 * What a handler found out, in the words of the location's view.
 */

#include "ngx_http_credverify.h"
#include "cv_text.h"


static void ngx_http_credverify_make_links(ngx_http_credverify_job_t *job);
static ngx_uint_t ngx_http_credverify_for_scripts(
    ngx_http_credverify_job_t *job);


ngx_int_t
ngx_http_credverify_begin(ngx_http_credverify_job_t *job,
    ngx_http_request_t *r)
{
    ngx_int_t                   rc, theme;
    ngx_http_credverify_ctx_t  *ctx;

    ngx_memzero(job, sizeof(ngx_http_credverify_job_t));

    job->r = r;
    job->clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    job->document = job->clcf->compiled;
    job->now = ngx_http_credverify_now();
    job->next_change_at = CV_TIME_NEVER;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (ctx != NULL) {
        job->bearer = ctx->bearer;
    }

    if (ngx_http_credverify_scratch(&job->body) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_credverify_choose(r, job->clcf, &job->format,
                                    &job->negotiated);

    /* an error has a theme, too */

    theme = job->format == CV_FORMAT_JSON
            ? NGX_OK
            : ngx_http_credverify_choose_theme(r, job->clcf, &job->theme);

    job->outcome = r->method
                   & ngx_http_credverify_methods(r, job->clcf)->bits
                   ? job->clcf->version == NULL
                     ? CV_VALID
                     : ngx_http_credverify_check_version(r, job->clcf,
                                                         &job->refusal)
                   : CV_METHOD_NOT_ALLOWED;

    if (job->outcome != CV_VALID) {
        return NGX_OK;
    }

    if (job->clcf->brands != NULL && job->bearer == NULL
               && r != r->main)
    {
        /* nobody has asked for a key; of a main request without a bearer
         * "satisfy any" had somebody else who let it in */

        job->outcome = CV_MISSING_API_KEY;

    } else if (rc != NGX_OK) {
        job->outcome = rc == NGX_DECLINED ? CV_INVALID_FORMAT
                                          : CV_SERVER_ERROR;

    } else if (theme != NGX_OK) {
        job->outcome = theme == NGX_DECLINED ? CV_INVALID_THEME
                                             : CV_SERVER_ERROR;
    }

    return NGX_OK;
}


cv_outcome_t
ngx_http_credverify_look_up(ngx_http_credverify_job_t *job,
    ngx_http_credverify_read_pt fn, void *arg)
{
    cv_err_t  err;

    err = ngx_http_credverify_read(
              ngx_http_credverify_store(&job->clcf->store), fn, arg);

    if (err == CV_OK) {
        return CV_VALID;
    }

    if (err == CV_ERR_NOMEM) {
        return CV_SERVER_ERROR;
    }

    ngx_http_credverify_count_failure(job->clcf, err);

    return CV_STORE_UNAVAILABLE;
}


ngx_http_credverify_ctx_t *
ngx_http_credverify_remember(ngx_http_credverify_job_t *job,
    cv_outcome_t outcome, size_t more)
{
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_palloc(job->r->pool, sizeof(ngx_http_credverify_ctx_t) + more);
    if (ctx == NULL) {
        return NULL;
    }

    ngx_memzero(ctx, sizeof(ngx_http_credverify_ctx_t));

    ctx->outcome = outcome;
    ctx->bearer = job->bearer;

    if (job->refusal != NULL) {
        ctx->window = ngx_http_credverify_str(job->refusal->window);
    }

    ngx_http_set_ctx(job->r, ctx, ngx_http_credverify_module);

    return ctx;
}


/* the context and its strings are one piece of the pool */

ngx_int_t
ngx_http_credverify_remember_verdict(ngx_http_credverify_job_t *job,
    cv_by_t by, const cv_verification_t *verification)
{
    u_char                     *p;
    cv_str_t                    credential, class, issuer;
    const cv_evidence_t        *evidence;
    const cv_verdict_t         *verdict;
    ngx_http_credverify_ctx_t  *ctx;

    verdict = &verification->verdict;
    evidence = &verification->evidence;

    credential = class = issuer = CV_STR("");

    if (verdict->reason != CV_NOT_FOUND) {
        credential = evidence->credential->id;
        class = evidence->class->id;
        issuer = evidence->issuer->id;
    }

    ctx = ngx_http_credverify_remember(job, verdict->reason,
                                       credential.len + class.len
                                       + issuer.len);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    p = (u_char *) (ctx + 1);

    ctx->handle = ngx_http_credverify_str(cv_by_names[by]);

    if (verdict->reason != CV_NOT_FOUND) {
        ctx->privacy = ngx_http_credverify_str(
                           cv_str_z(cv_privacy_names[verdict->privacy]));
    }

    p = ngx_http_credverify_copy(&ctx->credential, p, credential);
    p = ngx_http_credverify_copy(&ctx->class, p, class);
    (void) ngx_http_credverify_copy(&ctx->issuer, p, issuer);

    return NGX_OK;
}


void
ngx_http_credverify_render(ngx_http_credverify_job_t *job, cv_facts_t *facts)
{
    cv_buf_reset(&job->body);

    ngx_http_credverify_add_facts(job, job->document->document,
                                  job->format, &job->presentation, facts);

    job->render_err = cv_document_render(job->document->document,
                                         job->format,
                                         job->presentation.outcome, facts,
                                         &job->body, &job->rendering);
}


void
ngx_http_credverify_add_facts(ngx_http_credverify_job_t *job,
    const cv_document_t *document, cv_format_t format,
    const cv_presentation_t *presentation, cv_facts_t *facts)
{
    if (job->clcf->links != NULL
        && cv_document_shows(document, format, presentation->outcome,
                             CV_FACT_LINKS))
    {
        cv_fact_set_doc(facts, CV_FACT_LINKS, ngx_http_credverify_links(job));
    }

    if (job->theme.len != 0) {
        cv_fact_set_text(facts, CV_FACT_THEME,
                         cv_str(job->theme.data, job->theme.len));
    }

    if (cv_present(presentation->word)) {
        cv_fact_set_text(facts, CV_FACT_WORD, presentation->word);
    }
}


cv_doc_t
ngx_http_credverify_links(ngx_http_credverify_job_t *job)
{
    if (job->clcf->links != NULL && !cv_present(job->links)) {
        ngx_http_credverify_make_links(job);
    }

    return job->links;
}


/* the location's links as a document: a view knows them by name */

static void
ngx_http_credverify_make_links(ngx_http_credverify_job_t *job)
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
        ngx_str_null(&value);

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

    job->links = cv_buf_str(&doc);
}


void
ngx_http_credverify_error(ngx_http_credverify_job_t *job, cv_outcome_t outcome)
{
    cv_facts_t  facts;

    job->outcome = outcome;

    /* a picture is drawn of a verdict, not of what keeps it from being drawn */

    if (job->format == CV_FORMAT_PNG && outcome >= CV_ERRORS) {
        job->format = CV_FORMAT_CARD;
    }

    (void) ngx_http_credverify_remember(job, outcome, 0);

    job->presentation = cv_document_present(job->document->document,
                                            job->format, outcome);

    ngx_http_credverify_error_facts(&facts, outcome, &job->presentation,
                                    job->refusal, job->now);
    ngx_http_credverify_render(job, &facts);
}


void
ngx_http_credverify_error_facts(cv_facts_t *facts, cv_outcome_t outcome,
    const cv_presentation_t *presentation, const cv_refusal_t *refusal,
    cv_time_t now)
{
    cv_verdict_t   verdict;
    cv_evidence_t  evidence;

    if (presentation->outcome < CV_REASONS) {
        ngx_memzero(&evidence, sizeof(cv_evidence_t));
        ngx_memzero(&verdict, sizeof(cv_verdict_t));

        verdict.reason = CV_NOT_FOUND;
        cv_disclose(facts, &verdict, presentation->outcome, &evidence, now);

        /* what passes for it says no more than it does */

        if (refusal != NULL && outcome == presentation->outcome) {
            cv_fact_set_text(facts, CV_FACT_DETAIL, refusal->detail);
        }

        return;
    }

    cv_disclose_error(facts, presentation->outcome, presentation->status, now);

    if (refusal != NULL) {
        cv_disclose_refusal(facts, refusal);
    }
}


/*
 * A verdict is for scripts of any site, since anyone with the handle can have
 * it.  A record is not, but with a key: who is let in by where they are would
 * fetch it for whatever site they look at.
 */

static ngx_uint_t
ngx_http_credverify_for_scripts(ngx_http_credverify_job_t *job)
{
    return (job->clcf->holder == NULL && job->clcf->issuance == NULL)
           || (job->bearer != NULL && job->bearer->number != 0
               && job->bearer->outcome == CV_VALID)
           || job->outcome == CV_MISSING_VERSION
           || job->outcome == CV_INVALID_VERSION
           || (job->outcome >= CV_MISSING_API_KEY
               && job->outcome <= CV_MONTHLY_LIMIT_REACHED);
}


ngx_int_t
ngx_http_credverify_finish(ngx_http_credverify_job_t *job)
{
    ngx_http_credverify_answer_t  answer;

    if (job->render_err != CV_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: an answer of \"%V\" is longer than %d bytes",
                      &job->document->path,
                      NGX_HTTP_CREDVERIFY_ANSWER_MAX);

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

    answer.keyed = ngx_http_credverify_private(job->clcf);
    answer.cors = ngx_http_credverify_for_scripts(job);
    answer.outcome = job->outcome;
    answer.refusal = job->refusal;

    answer.status = job->presentation.status;
    answer.type = job->presentation.type;
    answer.body = cv_buf_str(&job->body);
    answer.within = job->rendering.gap != SIZE_MAX ? job->within : CV_ABSENT;
    answer.at = job->rendering.gap;
    answer.image = job->image
                   || cv_format_markup(job->format) == CV_FORMAT_SVG;
    answer.vary = job->negotiated;
    answer.max_age = -1;

    if (ngx_http_credverify_answer_policy(job, &answer.csp) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (answer.status == NGX_HTTP_NOT_ALLOWED) {
        answer.allow = ngx_http_credverify_methods(job->r, job->clcf)->allow;
    }

    /*
     * An error is none to others, whatever its status is; and what was asked
     * for in a body is asked for again.
     */

    if (answer.status == NGX_HTTP_OK && job->outcome == CV_VALID
        && job->r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
    {
        ngx_http_credverify_cache_keep(job, &answer);
    }

    if (job->format == CV_FORMAT_PNG) {
        job->send = ngx_http_credverify_draw;
    }

    return job->send != NULL ? job->send(job, &answer)
                             : ngx_http_credverify_send(job->r, &answer);
}


ngx_int_t
ngx_http_credverify_fail(ngx_http_request_t *r, cv_outcome_t outcome,
    const cv_refusal_t *refusal)
{
    ngx_http_credverify_job_t  job;

    if (ngx_http_credverify_begin(&job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* of what keeps anything from being answered here it is known already */

    if (refusal != NULL || outcome != job.outcome) {
        job.refusal = refusal;
    }

    ngx_http_credverify_error(&job, outcome);

    return ngx_http_credverify_finish(&job);
}


ngx_int_t
ngx_http_credverify_refuse(ngx_http_request_t *r, cv_outcome_t outcome,
    const cv_refusal_t *refusal)
{
    ngx_uint_t                       status;
    ngx_http_core_loc_conf_t        *lcf;
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_answer_t     answer;
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

            if (refusal != NULL) {
                ctx->window = ngx_http_credverify_str(refusal->window);
            }
        }

        if (lcf->satisfy != NGX_HTTP_SATISFY_ANY) {
            ngx_http_credverify_count_refusal(r, clcf, status);
        }

        ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

        answer.status = status;
        answer.outcome = outcome;
        answer.refusal = refusal;

        return ngx_http_credverify_challenge(r, &answer) == NGX_OK
               ? (ngx_int_t) status : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* not that of an error whose page is refused here */

    r->err_status = 0;

    return ngx_http_credverify_end(r, ngx_http_credverify_fail(r, outcome,
                                                               refusal));
}


ngx_int_t
ngx_http_credverify_end(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}
