
/*
 * Copyright (C) The credverify authors
 *
 * What credverify_issuance and credverify_progress_update have in a location.
 */

#ifndef NGX_HTTP_CREDVERIFY_ISSUANCE_H
#define NGX_HTTP_CREDVERIFY_ISSUANCE_H

#include "ngx_http_credverify.h"
#include "cv_form.h"
#include "cv_manage.h"

struct ngx_http_credverify_issuance_conf_s {
    size_t                           prefix;    /* of the path; of an update 0 */
    cv_str_t                         place;     /* that, as URLs have it */
    ngx_str_t                        document;  /* by its name, unless an
                                                   update's view is given */
    ngx_str_t                        read;      /* scopes */
    ngx_str_t                        write;
    cv_demand_t                      reading;   /* of a key, to read */
    cv_form_t                       *form;      /* of the location's document */
    ngx_http_credverify_document_t  *list;
    ngx_http_credverify_value_t      holder;    /* of an update, */
    ngx_http_credverify_value_t      class;     /* which has no prefix */
};

char *ngx_http_credverify_issuance_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
char *ngx_http_credverify_update_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* After what is inherited is known; without such a directive does nothing. */
ngx_int_t ngx_http_credverify_issuance_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf);

/* Loads the form of the location's document. */
ngx_int_t ngx_http_credverify_issuance_form(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* What a key must have for the request. */
const cv_demand_t *ngx_http_credverify_issuance_demand(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf);

/* CV_VALID for who has a key, whatever else lets requests in. */
cv_outcome_t ngx_http_credverify_issuance_bearer(
    ngx_http_credverify_job_t *job);

/* What a request of such a bearer may be about. */
void ngx_http_credverify_issuance_ask(ngx_http_credverify_job_t *job,
    cv_operation_t *operation);

/* ngx_http_credverify_managed.c: all of them, page by page */
ngx_int_t ngx_http_credverify_issuance_list(ngx_http_request_t *r);

#endif /* NGX_HTTP_CREDVERIFY_ISSUANCE_H */
