
/*
 * Copyright (C) The credverify authors
 *
 * Requests to endpoints that others have named, by libcurl: http and https
 * only, no proxies, redirects or credentials, certificates verified, limits to
 * how long and how much.  Unless private addresses are allowed, none is spoken
 * to: what is checked is the very address that a socket is made for, whatever
 * the name resolved to before, and again before a connection is used once more.
 */

#ifndef CV_POST_H
#define CV_POST_H

#include "cv_attempt.h"
#include "cv_base.h"

/* Time limits, in milliseconds: to connect, and the whole by default. */
#define CV_POST_CONNECT  10000
#define CV_POST_TIMEOUT  30000

/* So much is read of an answer, fields and body each, and thrown away. */
#define CV_POST_ANSWER_MAX  ((size_t) 64 * 1024)

typedef struct {
    const char  *ca_file;       /* NULL: whom the system trusts */
    long         timeout;       /* of a request in all, in milliseconds */
} cv_post_conf_t;

/* Where to: the strings are copied. */

typedef struct {
    cv_str_t         method;    /* "POST", "PURGE", ... */
    cv_str_t         url;
    cv_str_t         body;      /* absent: none */
    const cv_str_t  *fields;    /* "name: value" each */
    size_t           nfields;
    bool             private;   /* private addresses are allowed */
} cv_post_request_t;

/* A request under way: part of whoever makes it, at a fixed place. */

typedef struct {
    CURL               *easy;
    struct curl_slist  *fields;
    size_t              nfields;        /* bytes of the answer's fields, */
    size_t              nbody;          /* and body, so far */
    bool                private;
    char                refused[64];    /* an address, and ... */
    const char         *special;        /* ... what it is; NULL: none was */
    char                said[CURL_ERROR_SIZE];
} cv_post_t;

/* CV_ERR_NOMEM, then there is nothing to free. */
cv_err_t cv_post_init(cv_post_t *post, const cv_post_conf_t *conf)
    CV_MUST_CHECK;
void cv_post_free(cv_post_t *post);

/* Sets the handle up for a request, which may be another one each time. */
cv_err_t cv_post_ask(cv_post_t *post, const cv_post_request_t *request)
    CV_MUST_CHECK;

/*
 * What became of the request: CV_SENT_DONE, CV_SENT_AGAIN or CV_SENT_GONE, with
 * status, Retry-After and error.  A status that was received is the answer,
 * whatever became of the rest.
 */
void cv_post_result(cv_post_t *post, CURLcode code, cv_sent_t *sent);

#endif /* CV_POST_H */
