
/*
 * Copyright (C) The credverify authors
 *
 * What the files about Open Badges share.
 */

#ifndef NGX_HTTP_CREDVERIFY_BADGES_H
#define NGX_HTTP_CREDVERIFY_BADGES_H

#include "ngx_http_credverify.h"
#include "cv_badges.h"
#include "cv_signature.h"

typedef enum {
    NGX_HTTP_CREDVERIFY_ASSERTION = 0,      /* the location's own */
    NGX_HTTP_CREDVERIFY_CLASS,
    NGX_HTTP_CREDVERIFY_ISSUER,
    NGX_HTTP_CREDVERIFY_UNSIGNED,           /* so many without a key */
    NGX_HTTP_CREDVERIFY_KEY = NGX_HTTP_CREDVERIFY_UNSIGNED,
    NGX_HTTP_CREDVERIFY_REVOCATIONS,
    NGX_HTTP_CREDVERIFY_BADGE_DOCUMENTS
} ngx_http_credverify_badge_document_t;

typedef struct ngx_http_credverify_revoked_s  ngx_http_credverify_revoked_t;

/* What a directive names. */

typedef struct {
    ngx_str_t                         path;
    cv_signature_key_t               *key;
} ngx_http_credverify_badge_key_t;

/* A key in a location: what is below "key/ID/" there. */

typedef struct {
    const cv_signature_key_t         *key;
    cv_str_t                          id;
    cv_str_t                          base;       /* of URLs; ends with "/" */
    cv_badges_key_t                   document;
    ngx_http_credverify_revoked_t    *revoked;
} ngx_http_credverify_badge_site_t;

/* The documents below a location, which has one issuer. */

struct ngx_http_credverify_badges_conf_s {
    cv_str_t                          base;       /* of URLs; ends with "/" */
    size_t                            prefix;     /* length of its name */
    ngx_http_credverify_document_t
                          *documents[NGX_HTTP_CREDVERIFY_BADGE_DOCUMENTS];
    ngx_http_credverify_badge_site_t *sites;
    ngx_uint_t                        nsites;
};

typedef struct ngx_http_credverify_badge_s  ngx_http_credverify_badge_t;

typedef cv_err_t (*ngx_http_credverify_badge_pt)(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);

/* Where it is: among what is hosted, of any key, or of one that signs. */

#define NGX_HTTP_CREDVERIFY_HOSTED  1
#define NGX_HTTP_CREDVERIFY_KEYED   2
#define NGX_HTTP_CREDVERIFY_SIGNED  4
#define NGX_HTTP_CREDVERIFY_BOTH                                              \
    (NGX_HTTP_CREDVERIFY_HOSTED|NGX_HTTP_CREDVERIFY_KEYED)

/* What is asked for: a name between two parts of the path that are fixed. */

typedef struct {
    cv_str_t                              before;
    cv_str_t                              behind;
    ngx_uint_t                            where;      /* bits */
    ngx_http_credverify_badge_document_t  document;
    ngx_uint_t                            image;      /* it is one */
    ngx_http_credverify_badge_pt          find;
} ngx_http_credverify_badge_route_t;

struct ngx_http_credverify_badge_s {
    ngx_http_credverify_job_t                 job;    /* the first */
    const ngx_http_credverify_badge_route_t  *route;
    const ngx_http_credverify_badge_site_t   *site;   /* NULL: hosted */
    cv_badges_t                               badges;
    cv_str_t                                  name;
    cv_badge_found_t                          found;
    cv_str_t                                 *picture;    /* to be baked in, of
                                                             r->pool; or NULL */
    ngx_uint_t                                missing;    /* it is not there */
    ngx_uint_t                                waits;      /* it may be later */
    ngx_uint_t                                told;       /* what was waited
                                                             for is there */
};


/* ngx_http_credverify_badges.c */

/* A content handler; "told" as in the badge. */
ngx_int_t ngx_http_credverify_badges_answer(ngx_http_request_t *r,
    ngx_uint_t told);


/* ngx_http_credverify_sign.c: keys, and what is signed with them */

/* Makes the sites of the location's keys. */
ngx_int_t ngx_http_credverify_badge_sites(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* Of a job that is a badge's: sends the answer's body, signed. */
ngx_int_t ngx_http_credverify_sign(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer);


/* ngx_http_credverify_revoked.c: lists of what is revoked */

/* The list of a site, for "issuer"; NULL if there is no memory. */
ngx_http_credverify_revoked_t *ngx_http_credverify_revoked(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, cv_str_t keyed);

cv_err_t ngx_http_credverify_badge_revocations(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);

/* Has the request of a badge that waits do so.  For a content handler. */
ngx_int_t ngx_http_credverify_revoked_wait(
    ngx_http_credverify_badge_t *badge);

#endif /* NGX_HTTP_CREDVERIFY_BADGES_H */
