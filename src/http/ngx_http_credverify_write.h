
/*
 * Copyright (C) The credverify authors
 *
 * Requests that change the store.  A thread does all of it, the answer
 * included; the event loop waits neither for a lock nor for a disk.
 */

#ifndef NGX_HTTP_CREDVERIFY_WRITE_H
#define NGX_HTTP_CREDVERIFY_WRITE_H

#include "ngx_http_credverify.h"
#include "cv_idempotent.h"
#include "cv_manage.h"

/* What is to be done; all but the document and the form is copied. */

typedef struct {
    cv_operation_t                   operation;
    ngx_http_credverify_document_t  *document;
    cv_idempotent_request_t          request; /* its name is absent if it has
                                                 none */
    cv_str_t                         place;   /* what the URL of something that
                                                 was made begins with */
} ngx_http_credverify_write_t;

/*
 * At merge time: NULL if there is what writes, else what is missing, in a
 * sentence about a directive.
 */
const char *ngx_http_credverify_use_threads(ngx_conf_t *cf);

/*
 * Has it done, and answers once it is, unless the request ends before: it is
 * done nevertheless.  For a content handler to return.
 */
ngx_int_t ngx_http_credverify_write(ngx_http_credverify_job_t *job,
    const ngx_http_credverify_write_t *write);

/* When a worker ends, and its threads have. */
void ngx_http_credverify_write_exit(void);

#endif /* NGX_HTTP_CREDVERIFY_WRITE_H */
