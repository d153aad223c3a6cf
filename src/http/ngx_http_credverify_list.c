
/*
 * Copyright (C) The credverify authors
 *
 * Lists: each item is disclosed and worded as a single verification is, by a
 * document of its own, and shown by the location's document, all in one
 * snapshot and at one reading of the clock.
 */

#include "ngx_http_credverify_list.h"


#define NGX_HTTP_CREDVERIFY_PAGE       20
#define NGX_HTTP_CREDVERIFY_PAGE_MOST  100


ngx_str_t *
ngx_http_credverify_list_parameter(ngx_str_t *arg, const char *name,
    ngx_str_t *value)
{
    size_t  len;

    len = ngx_strlen(name);

    if (arg->len <= len + 1 || ngx_strncmp(arg->data, name, len) != 0
        || arg->data[len] != '=')
    {
        return NULL;
    }

    value->data = arg->data + len + 1;
    value->len = arg->len - len - 1;

    return value;
}


cv_outcome_t
ngx_http_credverify_list_limit(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, ngx_uint_t *limit,
    cv_refusal_t *refusal)
{
    cv_str_t   text;
    ngx_int_t  n;

    *limit = NGX_HTTP_CREDVERIFY_PAGE;

    if (ngx_http_credverify_evaluate_handle(r, value, &text) != NGX_OK) {
        return CV_SERVER_ERROR;
    }

    if (!cv_present(text)) {
        return CV_VALID;
    }

    n = ngx_atoi((u_char *) (uintptr_t) text.data, text.len);

    if (n < 1 || n > NGX_HTTP_CREDVERIFY_PAGE_MOST) {
        refusal->detail = CV_STR("The limit is a number from 1 to "
                       ngx_value(NGX_HTTP_CREDVERIFY_PAGE_MOST) ".");
        return CV_INVALID_LIMIT;
    }

    *limit = (ngx_uint_t) n;

    return CV_VALID;
}


ngx_int_t
ngx_http_credverify_list_begin(ngx_http_credverify_list_t *list,
    ngx_http_request_t *r)
{
    cv_items_init(&list->items, NGX_HTTP_CREDVERIFY_ANSWER_MAX);

    list->missed = 0;

    return ngx_http_credverify_begin(&list->job, r);
}


void
ngx_http_credverify_list_free(ngx_http_credverify_list_t *list)
{
    cv_items_free(&list->items);
}


cv_err_t
ngx_http_credverify_list_add(ngx_http_credverify_list_t *list,
    cv_verifier_t *verifier, cv_txn_t *txn, cv_verification_t *verification,
    cv_str_t asked)
{
    cv_err_t                    err;
    cv_facts_t                  facts;
    cv_document_t              *document;
    cv_presentation_t           presentation;
    ngx_http_credverify_job_t  *job;

    job = &list->job;
    document = job->clcf->list->item->document;

    presentation = cv_document_present(document, CV_FORMAT_JSON,
                                       verification->verdict.reason);

    err = ngx_http_credverify_offer(document, CV_FORMAT_JSON, &presentation,
                                    verifier, txn, verification);
    if (err != CV_OK) {
        return err;
    }

    cv_disclose(&facts, &verification->verdict, presentation.outcome,
                &verification->evidence, job->now);
    cv_disclose_asked(&facts, asked);
    ngx_http_credverify_add_facts(job, document, CV_FORMAT_JSON, &presentation,
                                  &facts);

    if (verification->verdict.reason == CV_NOT_FOUND) {
        list->missed++;
    }

    return cv_items_add(&list->items, document, presentation.outcome, &facts);
}


cv_err_t
ngx_http_credverify_list_end(ngx_http_credverify_list_t *list, cv_err_t err,
    cv_str_t asked, cv_str_t prev, cv_str_t next)
{
    cv_facts_t                  facts;
    ngx_http_credverify_job_t  *job;

    job = &list->job;

    if (err == CV_OK) {
        err = cv_items_disclose(&list->items, &facts, next, job->now);
    }

    if (err == CV_ERR_LIMIT) {

        /* nothing is wrong with the store */

        job->render_err = err;
        return CV_OK;
    }

    if (err != CV_OK) {
        return err;
    }

    if (ngx_http_credverify_remember(job, CV_FOUND, 0) == NULL) {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format, CV_FOUND);

    cv_disclose_asked(&facts, asked);
    cv_disclose_back(&facts, prev);
    ngx_http_credverify_render(job, &facts);

    job->rendering.timeless = job->rendering.timeless
                              && list->items.rendering.timeless;

    return CV_OK;
}
