
/*
 * Copyright (C) The credverify authors
 *
 * Content-Security-Policy: what a page may do, and who may frame it.
 */

#include "ngx_http_credverify.h"
#include "cv_base64.h"
#include "cv_digest.h"


static ngx_int_t ngx_http_credverify_policy(ngx_conf_t *cf,
    ngx_http_credverify_document_t *doc, cv_format_t format);
static ngx_uint_t ngx_http_credverify_is_source(cv_str_t source);


/* credverify_frame_ancestors none | source ... */

char *
ngx_http_credverify_frame_ancestors(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    size_t       len;
    u_char      *p;
    ngx_str_t   *value;
    ngx_uint_t   i, n;

    if (clcf->ancestors.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = cf->args->nelts;

    if (n == 2 && ngx_strcmp(value[1].data, "none") == 0) {
        ngx_str_set(&clcf->ancestors, "'none'");
        return NGX_CONF_OK;
    }

    for (len = 0, i = 1; i < n; i++) {

        if (!ngx_http_credverify_is_source(cv_str(value[i].data,
                                                  value[i].len)))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid source \"%V\": it is \"*\", \"self\" or "
                               "an origin such as \"https://example.org\", and "
                               "\"none\" stands alone", &value[i]);
            return NGX_CONF_ERROR;
        }

        len += value[i].len + sizeof(" ''") - 1;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->ancestors.data = p;

    for (i = 1; i < n; i++) {
        p = ngx_strcmp(value[i].data, "self") == 0
            ? ngx_sprintf(p, "'self' ") : ngx_sprintf(p, "%V ", &value[i]);
    }

    clcf->ancestors.len = (size_t) (p - 1 - clcf->ancestors.data);

    return NGX_CONF_OK;
}


/*
 * CSP 3, 2.3.1, without keywords and paths, which say nothing of a frame's
 * ancestor; whatever else would end the directive is no part of it.
 */

static ngx_uint_t
ngx_http_credverify_is_source(cv_str_t source)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < source.len; i++) {
        ch = source.data[i];

        if ((ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z')
            && (ch < '0' || ch > '9') && strchr("*.:/-_[]", ch) == NULL)
        {
            return 0;
        }
    }

    return source.len > 0 && !cv_str_eq(source, CV_STR("none"));
}


ngx_int_t
ngx_http_credverify_policies(ngx_conf_t *cf,
    ngx_http_credverify_document_t *doc)
{
    cv_format_t  format;

    for (format = CV_FORMAT_HTML; format < CV_FORMAT_FILES; format++) {
        if (cv_document_has(doc->document, format)
            && ngx_http_credverify_policy(cf, doc, format) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * A page may do nothing but look the way its own <style> elements say, which
 * are allowed by hash, so that nothing injected would be.
 */

static ngx_int_t
ngx_http_credverify_policy(ngx_conf_t *cf, ngx_http_credverify_document_t *doc,
    cv_format_t format)
{
    size_t        i, n;
    u_char       *p, hash[CV_SHA256_LEN], text[CV_BASE64_LEN(CV_SHA256_LEN)];
    cv_buf_t      base64;
    cv_str_t      style;
    cv_digest_t  *digest;

#define NGX_HTTP_CREDVERIFY_CSP_HEAD  "default-src 'none'; style-src"
#define NGX_HTTP_CREDVERIFY_CSP_TAIL                                          \
    "; img-src 'self' data:; base-uri 'none'; form-action 'none'; "           \
    "frame-ancestors "

    n = cv_document_nstyles(doc->document, format);

    p = ngx_pnalloc(cf->pool, sizeof(NGX_HTTP_CREDVERIFY_CSP_HEAD)
                              + sizeof(NGX_HTTP_CREDVERIFY_CSP_TAIL)
                              + (n + 1) * sizeof(" 'sha256-'")
                              + n * sizeof(text));
    digest = cv_digest_new();

    if (p == NULL || digest == NULL) {
        cv_digest_free(digest);
        return NGX_ERROR;
    }

    doc->policy[format].data = p;

    p = ngx_sprintf(p, NGX_HTTP_CREDVERIFY_CSP_HEAD);

    for (i = 0; i < n; i++) {
        style = cv_document_style(doc->document, format, i);

        if (cv_digest_sha256(digest, hash, style) != CV_OK) {
            cv_digest_free(digest);
            return NGX_ERROR;
        }

        cv_buf_borrow(&base64, text, sizeof(text));
        cv_base64_encode(&base64, cv_str(hash, sizeof(hash)));
        p = ngx_sprintf(p, " 'sha256-%*s'", base64.len, base64.data);
    }

    if (n == 0) {
        p = ngx_sprintf(p, " 'none'");
    }

    p = ngx_sprintf(p, NGX_HTTP_CREDVERIFY_CSP_TAIL);

    doc->policy[format].len = (size_t) (p - doc->policy[format].data);

    cv_digest_free(digest);

    return NGX_OK;
}


/* a badge is there to be framed, a page is not unless it is said so */

ngx_int_t
ngx_http_credverify_frame(ngx_conf_t *cf, ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t     ancestors;
    cv_format_t   format;

    for (format = CV_FORMAT_HTML; format < CV_FORMAT_FILES; format++) {

        if (clcf->compiled->policy[format].len == 0) {
            continue;
        }

        ngx_str_set(&ancestors, "'none'");

        if (cv_format_markup(format) == CV_FORMAT_HTML) {
            if (clcf->ancestors.len != 0) {
                ancestors = clcf->ancestors;

            } else if (format == CV_FORMAT_BADGE) {
                ngx_str_set(&ancestors, "*");
            }
        }

        if (ngx_strncmp(ancestors.data, "'none'", ancestors.len) != 0) {
            clcf->framed |= 1u << format;
        }

        clcf->csp[format].len = clcf->compiled->policy[format].len
                                + ancestors.len;
        clcf->csp[format].data = ngx_pnalloc(cf->pool, clcf->csp[format].len);

        if (clcf->csp[format].data == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_sprintf(clcf->csp[format].data, "%V%V",
                           &clcf->compiled->policy[format], &ancestors);
    }

    return NGX_OK;
}


/*
 * A key that is in a page names the sites that it is for: what it shows is
 * framed by those.
 */

ngx_int_t
ngx_http_credverify_frame_origins(ngx_http_request_t *r, cv_doc_t origins,
    ngx_str_t *ancestors)
{
    u_char         *p;
    size_t          len;
    cv_doc_t        item;
    cv_str_t        text;
    cv_doc_iter_t   it;

    ngx_str_null(ancestors);

    if (cv_doc_type(origins) != CV_DOC_ARRAY || !cv_doc_truth(origins)) {
        return NGX_OK;
    }

    len = 0;
    it = cv_doc_iter(origins);

    while (cv_doc_next(&it, NULL, &item)) {
        len += cv_doc_text(item).len + 1;
    }

    p = ngx_pnalloc(r->pool, len + sizeof("'none' ") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ancestors->data = p;

    it = cv_doc_iter(origins);

    while (cv_doc_next(&it, NULL, &item)) {
        text = cv_doc_text(item);

        if (ngx_http_credverify_is_source(text)) {
            p = ngx_cpymem(p, text.data, text.len);
            *p++ = ' ';
        }
    }

    if (p == ancestors->data) {
        p = ngx_cpymem(p, "'none' ", sizeof("'none' ") - 1);
    }

    ancestors->len = (size_t) (p - 1 - ancestors->data);

    return NGX_OK;
}


ngx_int_t
ngx_http_credverify_answer_policy(ngx_http_credverify_job_t *job,
    ngx_str_t *csp)
{
    ngx_str_t  *policy;

    /* somebody's picture, which was checked, and may still do nothing else */

    if (job->image) {
        ngx_str_set(csp, "default-src 'none'; style-src 'unsafe-inline'; "
                         "img-src data:; sandbox; frame-ancestors 'none'");
        return NGX_OK;
    }

    *csp = job->clcf->csp[job->format];

    if (job->bearer == NULL || job->bearer->ancestors.len == 0
        || !(job->clcf->framed & 1u << job->format))
    {
        return NGX_OK;
    }

    policy = &job->document->policy[job->format];

    csp->len = policy->len + job->bearer->ancestors.len;
    csp->data = ngx_pnalloc(job->r->pool, csp->len);

    if (csp->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(csp->data, "%V%V", policy, &job->bearer->ancestors);

    return NGX_OK;
}
