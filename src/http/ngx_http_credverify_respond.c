
/*
 * Copyright (C) The credverify authors
 *
 * Answers: status, headers and body, the same way for every handler.
 */

#include "ngx_http_credverify.h"
#include <nginx.h>

#include "cv_codec.h"
#include "cv_text.h"


static ngx_int_t ngx_http_credverify_etag(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);
static ngx_int_t ngx_http_credverify_authenticate(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);
static ngx_int_t ngx_http_credverify_allow_headers(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf);
static ngx_int_t ngx_http_credverify_headers(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);
static ngx_int_t ngx_http_credverify_body(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);
static ngx_int_t ngx_http_credverify_piece(ngx_http_request_t *r,
    ngx_chain_t *link, ngx_chain_t **last, cv_str_t piece, ngx_uint_t kept);


#define ngx_http_credverify_add(r, key, value, len)                           \
    (ngx_http_credverify_header(r, key, sizeof(key) - 1, value, len) != NULL)

#define ngx_http_credverify_add_literal(r, key, value)                        \
    ngx_http_credverify_add(r, key, (u_char *) value, sizeof(value) - 1)


static u_char  *ngx_http_credverify_memory;


ngx_int_t
ngx_http_credverify_scratch(cv_buf_t *buf)
{
    if (ngx_http_credverify_memory == NULL) {
        ngx_http_credverify_memory = ngx_alloc(NGX_HTTP_CREDVERIFY_ANSWER_MAX,
                                               ngx_cycle->log);
        if (ngx_http_credverify_memory == NULL) {
            return NGX_ERROR;
        }
    }

    cv_buf_borrow(buf, ngx_http_credverify_memory,
                  NGX_HTTP_CREDVERIFY_ANSWER_MAX);

    return NGX_OK;
}


void
ngx_http_credverify_scratch_free(void)
{
    ngx_free(ngx_http_credverify_memory);
    ngx_http_credverify_memory = NULL;
}


ngx_table_elt_t *
ngx_http_credverify_header(ngx_http_request_t *r, const char *key,
    size_t key_len, u_char *value, size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
    h->key.len = key_len;
    h->key.data = (u_char *) (uintptr_t) key;
    h->value.len = len;
    h->value.data = value;
    h->lowcase_key = NULL;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return h;
}


ngx_int_t
ngx_http_credverify_add_header(ngx_http_request_t *r, cv_str_t name,
    cv_str_t value)
{
    return ngx_http_credverify_header(r, (const char *) name.data, name.len,
                                      (u_char *) (uintptr_t) value.data,
                                      value.len)
           != NULL ? NGX_OK : NGX_ERROR;
}


/* nginx itself answers 304 when it matches */

static ngx_int_t
ngx_http_credverify_etag(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    u_char  *p, *last, hash[8];

    if (!answer->hashed) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, sizeof("W/\"\"") - 1 + 16);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = p;

    if (!answer->rendering.timeless) {
        *last++ = 'W';
        *last++ = '/';
    }

    cv_put_uint(hash, answer->rendering.hash, sizeof(hash));

    *last++ = '"';
    cv_hex_encode((char *) last, cv_str(hash, sizeof(hash)));
    last += 2 * sizeof(hash);
    *last++ = '"';

    r->headers_out.etag = ngx_http_credverify_header(r, "ETag",
                              sizeof("ETag") - 1, p, (size_t) (last - p));

    return r->headers_out.etag == NULL ? NGX_ERROR : NGX_OK;
}


/* when to come back (RFC 6585, 4), and with which key */

ngx_int_t
ngx_http_credverify_challenge(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    int64_t   seconds;
    cv_buf_t  buf;

    seconds = answer->refusal != NULL ? answer->refusal->retry_after : 0;

    if (answer->status == NGX_HTTP_SERVICE_UNAVAILABLE) {
        seconds = 1;
    }

    if (seconds == 0) {
        return ngx_http_credverify_authenticate(r, answer);
    }

    cv_buf_borrow(&buf, ngx_pnalloc(r->pool, NGX_INT64_LEN), NGX_INT64_LEN);
    if (buf.data == NULL) {
        return NGX_ERROR;
    }

    cv_buf_append_int(&buf, seconds);

    return ngx_http_credverify_add_header(r, CV_STR("Retry-After"),
                                          cv_buf_str(&buf));
}


/* RFC 6750, 3 */

static ngx_int_t
ngx_http_credverify_authenticate(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    size_t                      size;
    cv_buf_t                    buf;
    cv_str_t                    scope, value;
    ngx_table_elt_t            *h;
    ngx_http_credverify_ctx_t  *ctx;

    switch (answer->outcome) {

    case CV_MISSING_API_KEY:
        value = CV_STR("Bearer");
        break;

    case CV_INVALID_API_KEY:
        value = CV_STR("Bearer error=\"invalid_token\"");
        break;

    case CV_INSUFFICIENT_SCOPE:
        scope = answer->refusal->required;
        size = sizeof("Bearer error=\"insufficient_scope\", scope=\"\"")
               + scope.len;

        cv_buf_borrow(&buf, ngx_pnalloc(r->pool, size), size);
        if (buf.data == NULL) {
            return NGX_ERROR;
        }

        cv_buf_append_str(&buf, CV_STR("Bearer error=\"insufficient_scope\""
                                       ", scope=\""));
        cv_buf_append_str(&buf, scope);
        cv_buf_append_byte(&buf, '"');

        value = cv_buf_str(&buf);
        break;

    default:
        return NGX_OK;
    }

    h = ngx_http_credverify_header(r, "WWW-Authenticate",
                                   sizeof("WWW-Authenticate") - 1,
                                   (u_char *) (uintptr_t) value.data,
                                   value.len);

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (ctx != NULL && ctx->bearer != NULL) {
        ctx->bearer->challenge = h;
    }

    return h != NULL ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_credverify_headers(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    u_char    *semicolon;
    cv_str_t   exposed;

    r->headers_out.status = answer->status;
    r->headers_out.content_length_n = (off_t) answer->body.len
                                      + (off_t) answer->within.len;
    r->headers_out.content_type = ngx_http_credverify_str(answer->type);
    r->headers_out.content_type_lowcase = NULL;

    /* the length that types are compared by, in gzip_types and the like */

    semicolon = ngx_strlchr(r->headers_out.content_type.data,
                            r->headers_out.content_type.data
                            + answer->type.len, ';');

    r->headers_out.content_type_len = semicolon == NULL
        ? answer->type.len
        : (size_t) (semicolon - r->headers_out.content_type.data);

    if (ngx_http_credverify_etag(r, answer) != NGX_OK
        || ngx_http_credverify_cache_fields(r, answer) != NGX_OK
        || !ngx_http_credverify_add_literal(r, "X-Content-Type-Options",
                                            "nosniff")
        || !ngx_http_credverify_add_literal(r, "Referrer-Policy",
                                            "no-referrer"))
    {
        return NGX_ERROR;
    }

    exposed = !answer->keyed ? CV_STR("ETag, Retry-After")
            : answer->status != NGX_HTTP_CREATED
              ? CV_STR("ETag, Retry-After, RateLimit, RateLimit-Policy, "
                       "X-RateLimit-Limit, X-RateLimit-Remaining, "
                       "X-RateLimit-Reset, X-RateLimit-Window")
              : CV_STR("Location, RateLimit, RateLimit-Policy, "
                       "X-RateLimit-Limit, X-RateLimit-Remaining, "
                       "X-RateLimit-Reset, X-RateLimit-Window");

    if (answer->cors
        && (!ngx_http_credverify_add_literal(r, "Access-Control-Allow-Origin",
                                             "*")
            || ngx_http_credverify_add_header(r,
                   CV_STR("Access-Control-Expose-Headers"), exposed)
               != NGX_OK))
    {
        return NGX_ERROR;
    }

    if (answer->vary && !ngx_http_credverify_add_literal(r, "Vary", "Accept")) {
        return NGX_ERROR;
    }

    /* of pages that ask for it of all they show (HTML, 7.1.4) */

    if (answer->image
        && !ngx_http_credverify_add_literal(r, "Cross-Origin-Resource-Policy",
                                            "cross-origin"))
    {
        return NGX_ERROR;
    }

    if (answer->csp.len != 0
        && !ngx_http_credverify_add(r, "Content-Security-Policy",
                                    answer->csp.data, answer->csp.len))
    {
        return NGX_ERROR;
    }

    if (ngx_http_credverify_challenge(r, answer) != NGX_OK) {
        return NGX_ERROR;
    }

    if (answer->allow != NULL
        && !ngx_http_credverify_add(r, "Allow",
                                    (u_char *) (uintptr_t) answer->allow,
                                    ngx_strlen(answer->allow)))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what a script may send to a location of ours */

static ngx_int_t
ngx_http_credverify_allow_headers(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf)
{
    size_t    size;
    cv_buf_t  buf;
    cv_str_t  version;

    static const char  always[] = "Accept, Authorization, Content-Type, "
                                  "If-None-Match, X-API-Key";
    static const char  writes[] = ", Idempotency-Key";

    version = ngx_http_credverify_version_header(clcf);
    size = sizeof(always) + sizeof(writes) + sizeof(", ") + version.len;

    cv_buf_borrow(&buf, ngx_pnalloc(r->pool, size), size);
    if (buf.data == NULL) {
        return NGX_ERROR;
    }

    cv_buf_append_str(&buf, cv_str_z(always));

    if (clcf->issuance != NULL) {
        cv_buf_append_str(&buf, cv_str_z(writes));
    }

    if (cv_present(version)) {
        cv_buf_append_str(&buf, CV_STR(", "));
        cv_buf_append_str(&buf, version);
    }

    return ngx_http_credverify_add_header(r,
                                          CV_STR("Access-Control-Allow-Headers"),
                                          cv_buf_str(&buf));
}


/* of what others answer it is not known what they take: the key decides */

ngx_int_t
ngx_http_credverify_preflight(ngx_http_request_t *r, ngx_uint_t ours)
{
    ngx_int_t                             rc;
    ngx_http_credverify_loc_conf_t       *clcf;
    const ngx_http_credverify_methods_t  *methods;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    methods = ngx_http_credverify_methods(r, clcf);

    if (ours
        && (!ngx_http_credverify_add(r, "Allow",
                                     (u_char *) (uintptr_t) methods->allow,
                                     ngx_strlen(methods->allow))
            || !ngx_http_credverify_add(r, "Access-Control-Allow-Methods",
                                        (u_char *) (uintptr_t) methods->names,
                                        ngx_strlen(methods->names))
            || ngx_http_credverify_allow_headers(r, clcf) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* "*" alone would leave out Authorization (Fetch, 4.8) */

    if (!ours
        && (!ngx_http_credverify_add_literal(r, "Access-Control-Allow-Methods",
                                             "GET, HEAD, POST, PUT, PATCH, "
                                             "DELETE")
            || !ngx_http_credverify_add_literal(r,
                                                "Access-Control-Allow-Headers",
                                                "*, Authorization")))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_http_credverify_add_literal(r, "Access-Control-Allow-Origin", "*")
        || !ngx_http_credverify_add_literal(r, "Access-Control-Max-Age",
                                            "86400"))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_send_header(r);
}


/* in one buffer, or around what it has within */

static ngx_int_t
ngx_http_credverify_body(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    size_t        at;
    ngx_chain_t   links[3], *last;

    at = answer->within.len > 0 ? answer->at : answer->body.len;
    last = NULL;

    if (ngx_http_credverify_piece(r, &links[0], &last,
                                  cv_str(answer->body.data, at), 0)
        != NGX_OK
        || ngx_http_credverify_piece(r, &links[1], &last, answer->within, 1)
           != NGX_OK
        || ngx_http_credverify_piece(r, &links[2], &last,
                                     cv_str(answer->body.data + at,
                                            answer->body.len - at), 0)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (last == NULL) {
        return ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    last->buf->last_buf = r == r->main;
    last->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, links[0].buf != NULL ? &links[0]
                                                          : &links[1]);
}


/* adds a piece, if it is any, to the chain that ends with "last" */

static ngx_int_t
ngx_http_credverify_piece(ngx_http_request_t *r, ngx_chain_t *link,
    ngx_chain_t **last, cv_str_t piece, ngx_uint_t kept)
{
    ngx_buf_t  *b;

    link->buf = NULL;
    link->next = NULL;

    if (piece.len == 0) {
        return NGX_OK;
    }

    b = kept ? ngx_calloc_buf(r->pool)
             : ngx_create_temp_buf(r->pool, piece.len);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (kept) {
        b->pos = (u_char *) (uintptr_t) piece.data;
        b->last = b->pos + piece.len;
        b->start = b->pos;
        b->end = b->last;
        b->memory = 1;

    } else {
        b->last = ngx_cpymem(b->last, piece.data, piece.len);
    }

    link->buf = b;

    if (*last != NULL) {
        (*last)->next = link;
    }

    *last = link;

    return NGX_OK;
}


ngx_int_t
ngx_http_credverify_send(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_credverify_headers(r, answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_credverify_body(r, answer);
}
