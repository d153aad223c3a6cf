
/*
 * Copyright (C) The credverify authors
 *
 * Variables: for access logs, maps and headers.
 */

#include "ngx_http_credverify.h"
#include "cv_cache_key.h"
#include "cv_redact.h"


static ngx_int_t ngx_http_credverify_reason_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_view_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_bearer_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_remaining_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_request_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_credverify_cache_key_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_credverify_vars[] = {

    { ngx_string("credverify_reason"), NULL,
      ngx_http_credverify_reason_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_view"), NULL,
      ngx_http_credverify_view_variable, 0, 0, 0 },

    { ngx_string("credverify_handle"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, handle),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_privacy"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, privacy),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_credential"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, credential),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_class"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, class),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_issuer"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, issuer),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_window"), NULL,
      ngx_http_credverify_text_variable,
      offsetof(ngx_http_credverify_ctx_t, window),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_key_id"), NULL,
      ngx_http_credverify_bearer_variable,
      offsetof(ngx_http_credverify_bearer_t, key),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_tier"), NULL,
      ngx_http_credverify_bearer_variable,
      offsetof(ngx_http_credverify_bearer_t, tier),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_remaining"), NULL,
      ngx_http_credverify_remaining_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("credverify_request"), NULL,
      ngx_http_credverify_request_variable, 0, 0, 0 },

    { ngx_string("credverify_cache_key"), NULL,
      ngx_http_credverify_cache_key_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_credverify_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_credverify_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void
ngx_http_credverify_set_variable(ngx_http_variable_value_t *v,
    ngx_str_t *value)
{
    if (value->len == 0) {
        v->not_found = 1;
        return;
    }

    v->len = (unsigned) value->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = value->data;
}


static ngx_int_t
ngx_http_credverify_reason_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                   value;
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (ctx == NULL || ctx->outcome == CV_OUTCOMES) {
        v->not_found = 1;
        return NGX_OK;
    }

    value = ngx_http_credverify_str(cv_outcomes[ctx->outcome].name);
    ngx_http_credverify_set_variable(v, &value);

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_view_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    if (clcf->compiled == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_credverify_set_variable(v, &clcf->view);

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_credverify_set_variable(v, (ngx_str_t *) ((u_char *) ctx + data));

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_request_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t      size;
    u_char     *p;
    cv_buf_t    buf;
    ngx_str_t   value;

    /* each "=" may be followed by a "***" that is longer than what it hides */

    size = 4 * r->request_line.len;

    p = ngx_pnalloc(r->pool, size + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    cv_buf_borrow(&buf, p, size);
    cv_redact(&buf, cv_str(r->request_line.data, r->request_line.len));

    value = ngx_http_credverify_str(cv_buf_str(&buf));
    ngx_http_credverify_set_variable(v, &value);

    return NGX_OK;
}


/* who names no handle, or several, is answered by 400 */

static ngx_int_t
ngx_http_credverify_cache_key_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    cv_by_t                          by;
    cv_buf_t                         buf;
    cv_str_t                         handle;
    ngx_str_t                        value;
    ngx_uint_t                       n;
    cv_digest_t                     *digest;
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    if (clcf->key_handles == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_http_credverify_given(r, clcf->key_handles, &n, &by, &handle)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (n != 1) {
        v->not_found = 1;
        return NGX_OK;
    }

    digest = ngx_http_credverify_digest();

    cv_buf_borrow(&buf, ngx_pnalloc(r->pool, CV_CACHE_KEY_MAX),
                  CV_CACHE_KEY_MAX);

    if (digest == NULL || buf.data == NULL
        || cv_cache_key(&buf, digest, by, handle) != CV_OK)
    {
        return NGX_ERROR;
    }

    value = ngx_http_credverify_str(cv_buf_str(&buf));
    ngx_http_credverify_set_variable(v, &value);

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_bearer_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (ctx == NULL || ctx->bearer == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_credverify_set_variable(v, (ngx_str_t *)
                                     ((u_char *) ctx->bearer + data));

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_remaining_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t    left;
    ngx_str_t  value;

    left = ngx_http_credverify_remaining(r);

    if (left < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = (size_t) (ngx_sprintf(value.data, "%L", left) - value.data);

    ngx_http_credverify_set_variable(v, &value);

    return NGX_OK;
}
