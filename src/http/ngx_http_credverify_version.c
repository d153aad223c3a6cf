
/*
 * Copyright (C) The credverify authors
 *
 * credverify_version: a field that says which version of an API a client is
 * written for.  Without it, or with another, a request is refused before it is
 * asked for a key.
 */

#include "ngx_http_credverify.h"


struct ngx_http_credverify_version_s {
    ngx_str_t     name;
    ngx_str_t     lowcase;
    ngx_str_t     value;
    cv_refusal_t  missing;
    cv_refusal_t  invalid;
};


static ngx_int_t ngx_http_credverify_is_field_name(ngx_str_t *name);
static cv_str_t ngx_http_credverify_sentence(ngx_conf_t *cf,
    const char *format, ngx_str_t *name, ngx_str_t *value);


/* credverify_version off | header value */

char *
ngx_http_credverify_api_version(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t                      *value;
    ngx_http_credverify_version_t  *version;

    if (clcf->version != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2) {
        clcf->version = NULL;

        return ngx_strcmp(value[1].data, "off") == 0
               ? NGX_CONF_OK : "takes a header and its value, or \"off\"";
    }

    if (ngx_http_credverify_is_field_name(&value[1]) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name of a header \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (value[2].len == 0) {
        return "takes a value that is not empty";
    }

    version = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_version_t));
    if (version == NULL) {
        return NGX_CONF_ERROR;
    }

    version->name = value[1];
    version->value = value[2];
    version->lowcase.len = value[1].len;
    version->lowcase.data = ngx_pnalloc(cf->pool, value[1].len);

    version->missing.detail = ngx_http_credverify_sentence(cf,
        "Send the header %V: %V with the request.", &value[1], &value[2]);
    version->invalid.detail = ngx_http_credverify_sentence(cf,
        "The header %V is to be %V here.", &value[1], &value[2]);

    if (version->lowcase.data == NULL
        || !cv_present(version->missing.detail)
        || !cv_present(version->invalid.detail))
    {
        return NGX_CONF_ERROR;
    }

    ngx_strlow(version->lowcase.data, value[1].data, value[1].len);

    version->missing.required = cv_str(value[1].data, value[1].len);
    version->invalid.required = version->missing.required;

    clcf->version = version;

    return NGX_CONF_OK;
}


/* a token (RFC 9110, 5.6.2), of what names of fields do have */

static ngx_int_t
ngx_http_credverify_is_field_name(ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
              || c == '-'))
        {
            return NGX_ERROR;
        }
    }

    return name->len > 0 ? NGX_OK : NGX_ERROR;
}


static cv_str_t
ngx_http_credverify_sentence(ngx_conf_t *cf, const char *format,
    ngx_str_t *name, ngx_str_t *value)
{
    u_char  *p, *last;
    size_t   size;

    size = ngx_strlen(format) + name->len + value->len;

    p = ngx_pnalloc(cf->pool, size);
    if (p == NULL) {
        return CV_ABSENT;
    }

    last = ngx_snprintf(p, size, format, name, value);

    return cv_str(p, (size_t) (last - p));
}


/* however often it is sent, it is one */

cv_outcome_t
ngx_http_credverify_check_version(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, const cv_refusal_t **refusal)
{
    ngx_uint_t                      i, found;
    ngx_list_part_t                *part;
    ngx_table_elt_t                *header;
    ngx_http_credverify_version_t  *version;

    version = clcf->version;

    if (version == NULL) {
        return CV_VALID;
    }

    found = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].key.len != version->lowcase.len
                || ngx_memcmp(header[i].lowcase_key, version->lowcase.data,
                              version->lowcase.len)
                   != 0
                || header[i].value.len == 0)
            {
                continue;
            }

            if (header[i].value.len != version->value.len
                || ngx_memcmp(header[i].value.data, version->value.data,
                              version->value.len)
                   != 0)
            {
                *refusal = &version->invalid;
                return CV_INVALID_VERSION;
            }

            found = 1;
        }
    }

    if (!found) {
        *refusal = &version->missing;
        return CV_MISSING_VERSION;
    }

    return CV_VALID;
}


cv_str_t
ngx_http_credverify_version_header(ngx_http_credverify_loc_conf_t *clcf)
{
    return clcf->version != NULL ? clcf->version->missing.required : CV_ABSENT;
}
