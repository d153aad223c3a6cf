
/*
 * Copyright (C) The credverify authors
 *
 * Lists, and what has them.
 */

#ifndef NGX_HTTP_CREDVERIFY_LIST_H
#define NGX_HTTP_CREDVERIFY_LIST_H

#include "ngx_http_credverify.h"


/* ngx_http_credverify_list.c: what a document says of each of many */

typedef struct {
    ngx_http_credverify_job_t        job;
    cv_items_t                       items;
    ngx_uint_t                       missed;    /* items that were not found */
} ngx_http_credverify_list_t;

/* "name=value" among a directive's parameters: its value, or NULL. */
ngx_str_t *ngx_http_credverify_list_parameter(ngx_str_t *arg,
    const char *name, ngx_str_t *value);

/* How many items a page has, by the value that asks for it: CV_VALID, or that
 * it is none, and why. */
cv_outcome_t ngx_http_credverify_list_limit(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, ngx_uint_t *limit,
    cv_refusal_t *refusal);

/* ngx_http_credverify_begin(); to be freed whatever comes of it. */
ngx_int_t ngx_http_credverify_list_begin(ngx_http_credverify_list_t *list,
    ngx_http_request_t *r);
void ngx_http_credverify_list_free(ngx_http_credverify_list_t *list);

/* Adds what was verified; "asked" as cv_disclose_asked() has it. */
cv_err_t ngx_http_credverify_list_add(ngx_http_credverify_list_t *list,
    cv_verifier_t *verifier, cv_txn_t *txn, cv_verification_t *verification,
    cv_str_t asked);

/*
 * Renders the list, unless "err" kept it from being made.  For what reads the
 * snapshot to return.
 */
cv_err_t ngx_http_credverify_list_end(ngx_http_credverify_list_t *list,
    cv_err_t err, cv_str_t asked, cv_str_t prev, cv_str_t next);


/* ngx_http_credverify_batch.c, ngx_http_credverify_wallet.c: such lists */

char *ngx_http_credverify_batch_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
char *ngx_http_credverify_wallet_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

#endif /* NGX_HTTP_CREDVERIFY_LIST_H */
