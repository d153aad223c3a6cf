
/*
 * Copyright (C) The credverify authors
 *
 * Content negotiation: by an argument, else by Accept (RFC 9110, 12.5.1); and
 * themes, by an argument alone.
 */

#include "ngx_http_credverify.h"


typedef struct {
    ngx_uint_t  rank;       /* how exactly the range named the type */
    ngx_uint_t  q;          /* in thousandths */
} ngx_http_credverify_weight_t;


static void ngx_http_credverify_weigh(ngx_str_t *accept,
    const ngx_str_t *types, ngx_uint_t n,
    ngx_http_credverify_weight_t *weights);
static ngx_uint_t ngx_http_credverify_quality(u_char *p, u_char *end);
static ngx_uint_t ngx_http_credverify_rank(u_char *p, u_char *end,
    const ngx_str_t *type);


static const ngx_str_t  ngx_http_credverify_types[CV_FORMAT_NAMED] = {
    [CV_FORMAT_JSON] = ngx_string("application/json"),
    [CV_FORMAT_HTML] = ngx_string("text/html"),
    [CV_FORMAT_SVG] = ngx_string("image/svg+xml"),
};


ngx_int_t
ngx_http_credverify_choose(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, cv_format_t *format,
    ngx_uint_t *negotiated)
{
    ngx_int_t     rc;
    ngx_str_t     value, types[CV_FORMAT_NAMED];
    ngx_uint_t    i, n;
    cv_format_t  *formats, named, typed[CV_FORMAT_NAMED];

    formats = clcf->formats->elts;

    *format = formats[0];
    *negotiated = 0;

    if (ngx_http_credverify_evaluate(r, clcf->format, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (value.len != 0) {
        named = cv_format_find(cv_str(value.data, value.len));

        for (i = 0; i < clcf->formats->nelts; i++) {
            if (formats[i] == named) {
                *format = named;
                return NGX_OK;
            }
        }

        /* the error, at least, comes in a format that is understood */
        rc = NGX_DECLINED;
    }

    for (n = 0, i = 0; i < clcf->formats->nelts; i++) {
        if (formats[i] < CV_FORMAT_NAMED) {
            types[n] = ngx_http_credverify_types[formats[i]];
            typed[n++] = formats[i];
        }
    }

    /* a badge has the type of a page: who wants it says so, or has it first */

    if (n > 1 && formats[0] < CV_FORMAT_NAMED) {
        *negotiated = 1;
        *format = typed[ngx_http_credverify_prefer(r, types, n)];
    }

    return rc;
}


/* credverify_theme value name ... */

char *
ngx_http_credverify_theme(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t   *value, *theme;
    ngx_uint_t   i;

    if (clcf->themes != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    clcf->theme = ngx_palloc(cf->pool, sizeof(ngx_http_credverify_value_t));
    clcf->themes = ngx_array_create(cf->pool, cf->args->nelts - 2,
                                    sizeof(ngx_str_t));

    if (clcf->theme == NULL || clcf->themes == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (!cv_view_is_name(cv_str(value[i].data, value[i].len))) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid theme \"%V\": it has lower case "
                               "letters, digits, \"-\" and \"_\" only",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        theme = ngx_array_push(clcf->themes);
        *theme = value[i];
    }

    return ngx_http_credverify_compile_value(cf, &value[1], clcf->theme)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_credverify_default_theme(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t  value;

    static ngx_str_t    names[] = {
        ngx_string("auto"), ngx_string("light"), ngx_string("dark")
    };

    static ngx_array_t  themes = {
        names, sizeof(names) / sizeof(names[0]), sizeof(ngx_str_t),
        sizeof(names) / sizeof(names[0]), NULL
    };

    if (clcf->themes != NULL) {
        return NGX_OK;
    }

    clcf->themes = &themes;
    clcf->theme = ngx_palloc(cf->pool, sizeof(ngx_http_credverify_value_t));

    if (clcf->theme == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "$arg_theme");

    return ngx_http_credverify_compile_value(cf, &value, clcf->theme);
}


ngx_int_t
ngx_http_credverify_choose_theme(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *theme)
{
    ngx_str_t   value, *themes;
    ngx_uint_t  i;

    themes = clcf->themes->elts;
    *theme = themes[0];

    if (ngx_http_credverify_evaluate(r, clcf->theme, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    for (i = 0; i < clcf->themes->nelts; i++) {
        if (value.len == themes[i].len
            && ngx_memcmp(value.data, themes[i].data, value.len) == 0)
        {
            *theme = themes[i];
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_uint_t
ngx_http_credverify_prefer(ngx_http_request_t *r, const ngx_str_t *types,
    ngx_uint_t ntypes)
{
    ngx_uint_t                     i, n, best, preferred;
    ngx_list_part_t               *part;
    ngx_table_elt_t               *header;
    ngx_http_credverify_weight_t   weights[CV_FORMATS];

    ngx_memzero(weights, sizeof(weights));

    /* nginx parses no Accept unless it was built with certain modules */

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (n = 0; n < part->nelts; n++) {
            if (header[n].key.len == 6
                && ngx_strncasecmp(header[n].key.data, (u_char *) "Accept", 6)
                   == 0)
            {
                ngx_http_credverify_weigh(&header[n].value, types, ntypes,
                                          weights);
            }
        }
    }

    for (preferred = 0, best = 0, i = 0; i < ntypes; i++) {
        if (weights[i].q > best) {
            best = weights[i].q;
            preferred = i;
        }
    }

    return preferred;
}


/* gives every type the weight of the most exact range that covers it */

static void
ngx_http_credverify_weigh(ngx_str_t *accept, const ngx_str_t *types,
    ngx_uint_t n, ngx_http_credverify_weight_t *weights)
{
    u_char      *p, *end, *range, *last;
    ngx_uint_t   i, q, rank;

    p = accept->data;
    end = p + accept->len;

    while (p < end) {

        while (p < end && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        for (range = p; p < end && *p != ',' && *p != ';'; p++) { /* void */ }

        last = p;

        while (last > range && (last[-1] == ' ' || last[-1] == '\t')) {
            last--;
        }

        while (p < end && *p != ',') {
            p++;
        }

        q = ngx_http_credverify_quality(last, p);

        for (i = 0; i < n; i++) {
            rank = ngx_http_credverify_rank(range, last, &types[i]);

            if (rank > weights[i].rank) {
                weights[i].rank = rank;
                weights[i].q = q;
            }
        }
    }
}


/* 3: the type itself, 2: its main type, 1: any type, 0: not this one */

static ngx_uint_t
ngx_http_credverify_rank(u_char *p, u_char *end, const ngx_str_t *type)
{
    size_t  len, major;

    len = (size_t) (end - p);

    if (len == type->len && ngx_strncasecmp(p, type->data, len) == 0) {
        return 3;
    }

    major = (size_t) (ngx_strlchr(type->data, type->data + type->len, '/')
                      - type->data) + 1;

    if (len == major + 1 && end[-1] == '*'
        && ngx_strncasecmp(p, type->data, major) == 0)
    {
        return 2;
    }

    return len == 3 && ngx_strncmp(p, "*/*", 3) == 0;
}


/* the "q" among a range's parameters; 1 if it has none, or none we can read */

static ngx_uint_t
ngx_http_credverify_quality(u_char *p, u_char *end)
{
    ngx_uint_t  q, scale;

    while (p < end) {

        while (p < end && (*p == ';' || *p == ' ' || *p == '\t')) {
            p++;
        }

        if (end - p >= 3 && (*p == 'q' || *p == 'Q') && p[1] == '='
            && (p[2] == '0' || p[2] == '1'))
        {
            q = (ngx_uint_t) (p[2] - '0') * 1000;
            p += 3;

            if (p < end && *p == '.') {
                for (scale = 100, p++;
                     p < end && *p >= '0' && *p <= '9';
                     p++, scale /= 10)
                {
                    q += (ngx_uint_t) (*p - '0') * scale;
                }
            }

            return q > 1000 ? 1000 : q;
        }

        while (p < end && *p != ';') {
            p++;
        }
    }

    return 1000;
}
