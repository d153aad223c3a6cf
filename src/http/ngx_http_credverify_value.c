
/*
 * Copyright (C) The credverify authors
 *
 * Values of directives that are made anew for each request.
 */

#include "ngx_http_credverify.h"


static void ngx_http_credverify_name_argument(
    ngx_http_credverify_value_t *value, ngx_str_t *text);
static void ngx_http_credverify_argument(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *out);


ngx_int_t
ngx_http_credverify_compile_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_credverify_value_t *value)
{
    ngx_http_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = &value->complex;

    ngx_http_credverify_name_argument(value, text);

    return ngx_http_compile_complex_value(&ccv);
}


/* "$arg_name" or "${arg_name}" and nothing else */

static void
ngx_http_credverify_name_argument(ngx_http_credverify_value_t *value,
    ngx_str_t *text)
{
    u_char      *p;
    size_t       i;
    ngx_str_t    name;

    ngx_str_null(&value->argument);

    name = *text;

    if (name.len == 0 || name.data[0] != '$') {
        return;
    }

    name.data++;
    name.len--;

    if (name.len > 2 && name.data[0] == '{'
        && name.data[name.len - 1] == '}')
    {
        name.data++;
        name.len -= 2;
    }

    if (name.len <= 4
        || ngx_strncasecmp(name.data, (u_char *) "arg_", 4) != 0)
    {
        return;
    }

    for (i = 4; i < name.len; i++) {
        p = &name.data[i];

        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
              || (*p >= '0' && *p <= '9') || *p == '_'))
        {
            return;
        }
    }

    value->argument.data = name.data + 4;
    value->argument.len = name.len - 4;
}


void
ngx_http_credverify_settle_value(ngx_conf_t *cf,
    ngx_http_credverify_value_t *value)
{
    ngx_str_t                  *key;
    ngx_uint_t                  i;
    ngx_hash_key_t             *keys;
    ngx_http_core_main_conf_t  *cmcf;

    if (value->argument.len == 0) {
        return;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->variables_keys == NULL) {
        return;
    }

    keys = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        key = &keys[i].key;

        if (key->len == 4 + value->argument.len
            && ngx_strncmp(key->data, "arg_", 4) == 0
            && ngx_strncasecmp(key->data + 4, value->argument.data,
                               value->argument.len)
               == 0)
        {
            value->argument.len = 0;
            return;
        }
    }
}


ngx_int_t
ngx_http_credverify_evaluate(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, ngx_str_t *out)
{
    if (value->argument.len == 0) {
        return ngx_http_complex_value(r, &value->complex, out);
    }

    ngx_http_credverify_argument(r, &value->argument, out);

    return NGX_OK;
}


/* the first of that name, as nginx finds it; empty if there is none */

static void
ngx_http_credverify_argument(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *out)
{
    u_char  *p, *end, *last;

    p = r->args.data;
    last = p + r->args.len;

    for ( /* void */ ; p < last; p = end + 1) {

        end = memchr(p, '&', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) > name->len && p[name->len] == '='
            && (ngx_memcmp(p, name->data, name->len) == 0
                || ngx_strncasecmp(p, name->data, name->len) == 0))
        {
            out->data = p + name->len + 1;
            out->len = (size_t) (end - out->data);
            return;
        }
    }

    ngx_str_null(out);
}


ngx_int_t
ngx_http_credverify_evaluate_handle(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, cv_str_t *out)
{
    u_char     *p, *src, *dst;
    ngx_str_t   text;

    if (ngx_http_credverify_evaluate(r, value, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (text.len == 0) {
        *out = CV_ABSENT;
        return NGX_OK;
    }

    *out = cv_str(text.data, text.len);

    if (value->argument.len == 0
        || (memchr(text.data, '%', text.len) == NULL
            && memchr(text.data, '+', text.len) == NULL))
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, text.data, text.len);

    for (src = p; src < p + text.len; src++) {
        if (*src == '+') {
            *src = ' ';
        }
    }

    src = p;
    dst = p;

    ngx_unescape_uri(&dst, &src, text.len, 0);

    *out = cv_str(p, (size_t) (dst - p));

    return NGX_OK;
}


ngx_int_t
ngx_http_credverify_given(ngx_http_request_t *r, ngx_array_t *handles,
    ngx_uint_t *n, cv_by_t *by, cv_str_t *out)
{
    cv_str_t                       value;
    ngx_uint_t                     i;
    ngx_http_credverify_handle_t  *handle;

    *n = 0;

    handle = handles->elts;

    for (i = 0; i < handles->nelts; i++) {

        if (ngx_http_credverify_evaluate_handle(r, &handle[i].value, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (cv_present(value)) {
            *by = handle[i].by;
            *out = value;
            (*n)++;
        }
    }

    return NGX_OK;
}
