
/*
 * Copyright (C) The credverify authors
 *
 * credverify_wallet: what is in a wallet, page by page.
 */

#include "ngx_http_credverify_list.h"
#include "cv_wallet.h"


/* A page that is longer than that, in bytes, ends early. */
#define NGX_HTTP_CREDVERIFY_PAGE_FULL  (1024 * 1024)


typedef struct {
    ngx_http_credverify_list_t   list;
    cv_wallet_query_t            query;
    ngx_uint_t                   limit;
    ngx_uint_t                   lost;      /* the cursor leads nowhere */
    cv_refusal_t                 refusal;
} ngx_http_credverify_page_t;


static ngx_int_t ngx_http_credverify_page_answer(
    ngx_http_credverify_page_t *page);
static cv_outcome_t ngx_http_credverify_page_ask(
    ngx_http_credverify_page_t *page);
static cv_err_t ngx_http_credverify_page_list(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_page_fill(ngx_http_credverify_page_t *page,
    cv_wallet_t *wallet, cv_wallet_step_t *step);


/* credverify_wallet wallet=value item=document [limit=value] [cursor=value] */

char *
ngx_http_credverify_wallet_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t                        *args, wallet, limit, cursor;
    ngx_uint_t                        i;
    ngx_http_credverify_list_conf_t  *list;

    list = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_list_conf_t));
    if (list == NULL) {
        return NGX_CONF_ERROR;
    }

    args = cf->args->elts;

    ngx_str_null(&wallet);
    ngx_str_set(&limit, "$arg_limit");
    ngx_str_set(&cursor, "$arg_cursor");

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_http_credverify_list_parameter(&args[i], "item", &list->name)
            && !ngx_http_credverify_list_parameter(&args[i], "wallet", &wallet)
            && !ngx_http_credverify_list_parameter(&args[i], "limit", &limit)
            && !ngx_http_credverify_list_parameter(&args[i], "cursor", &cursor))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": it must be wallet=, "
                               "limit= or cursor= and a value, or item= and "
                               "the name of a document", &args[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (wallet.len == 0 || list->name.len == 0) {
        return "needs wallet= and item=";
    }

    list->by = CV_BY_COUNT;
    clcf->list = list;

    return ngx_http_credverify_compile_value(cf, &wallet, &list->wallet)
           == NGX_OK
           && ngx_http_credverify_compile_value(cf, &limit, &list->limit)
              == NGX_OK
           && ngx_http_credverify_compile_value(cf, &cursor, &list->cursor)
              == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_credverify_wallet_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_credverify_page_t   page;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    rc = ngx_http_credverify_list_begin(&page.list, r);

    rc = rc == NGX_OK ? ngx_http_credverify_page_answer(&page)
                      : NGX_HTTP_INTERNAL_SERVER_ERROR;

    ngx_http_credverify_list_free(&page.list);

    return rc;
}


static ngx_int_t
ngx_http_credverify_page_answer(ngx_http_credverify_page_t *page)
{
    cv_outcome_t                outcome;
    ngx_http_credverify_job_t  *job;

    job = &page->list.job;

    ngx_memzero(&page->refusal, sizeof(cv_refusal_t));

    if (job->refusal == NULL) {
        job->refusal = &page->refusal;
    }

    outcome = job->outcome == CV_VALID ? ngx_http_credverify_page_ask(page)
                                       : job->outcome;

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_look_up(job,
                                              ngx_http_credverify_page_list,
                                              page);

        if (outcome == CV_VALID && page->lost) {
            outcome = CV_INVALID_CURSOR;
        }
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    return ngx_http_credverify_finish(job);
}


static cv_outcome_t
ngx_http_credverify_page_ask(ngx_http_credverify_page_t *page)
{
    ngx_http_credverify_job_t        *job;
    ngx_http_credverify_list_conf_t  *list;

    job = &page->list.job;
    list = job->clcf->list;

    ngx_memzero(&page->query, sizeof(cv_wallet_query_t));
    page->lost = 0;

    if (ngx_http_credverify_evaluate_handle(job->r, &list->wallet,
                                            &page->query.wallet)
        != NGX_OK
        || ngx_http_credverify_evaluate_handle(job->r, &list->cursor,
                                               &page->query.cursor)
           != NGX_OK)
    {
        return CV_SERVER_ERROR;
    }

    if (!cv_present(page->query.wallet)) {
        return CV_MISSING_HANDLE;
    }

    ngx_http_credverify_served(job->clcf, &page->query.issuers,
                               &page->query.nissuers);

    if (job->bearer != NULL) {
        page->query.issuer = job->bearer->issuer;
    }

    page->query.test = ngx_http_credverify_tests(job->bearer);

    return ngx_http_credverify_list_limit(job->r, &list->limit, &page->limit,
                                          &page->refusal);
}


static cv_err_t
ngx_http_credverify_page_list(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_page_t  *page = arg;

    char               cursor[CV_WALLET_CURSOR];
    cv_err_t           err;
    cv_str_t           next;
    cv_wallet_t        wallet;
    cv_wallet_step_t   step;

    err = cv_wallet_open(&wallet, verifier, txn, &page->query,
                         page->list.job.now);

    if (err == CV_ERR_INPUT) {
        page->lost = 1;
        return CV_OK;
    }

    if (err != CV_OK) {
        return err;
    }

    next = CV_ABSENT;

    err = ngx_http_credverify_page_fill(page, &wallet, &step);

    if (err == CV_OK && step != CV_WALLET_END) {
        err = cv_wallet_cursor(&wallet, cursor);
        next = cv_str(cursor, sizeof(cursor));
    }

    cv_wallet_close(&wallet);

    return ngx_http_credverify_list_end(&page->list, err, page->query.wallet,
                                        CV_ABSENT, next);
}


/* what the page has no room for is looked at, too: whether there is a next one
 * may change with it */

static cv_err_t
ngx_http_credverify_page_fill(ngx_http_credverify_page_t *page,
    cv_wallet_t *wallet, cv_wallet_step_t *step)
{
    cv_err_t                     err;
    ngx_uint_t                   n;
    cv_verification_t            verification;
    ngx_http_credverify_job_t   *job;

    job = &page->list.job;

    for (n = 0; /* void */ ; n++) {

        err = cv_wallet_next(wallet, &verification, step);

        if (err != CV_OK || *step != CV_WALLET_FOUND) {
            return err;
        }

        if (verification.verdict.next_change_at < job->next_change_at) {
            job->next_change_at = verification.verdict.next_change_at;
        }

        if (n == page->limit
            || page->list.items.json.len > NGX_HTTP_CREDVERIFY_PAGE_FULL)
        {
            return CV_OK;
        }

        err = ngx_http_credverify_list_add(&page->list, wallet->verifier,
                                           wallet->snapshot, &verification,
                                           CV_ABSENT);
        if (err != CV_OK) {
            return err;
        }
    }
}
