
/*
 * Copyright (C) The credverify authors
 *
 * The module that draws pictures for ngx_http_credverify_module: its directive
 * and its context.  What it does is in src/raster/.
 */

#include "ngx_http_credverify_png.h"
#include "cv_raster.h"


static char *ngx_http_credverify_png(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *ngx_http_credverify_png_create_main_conf(ngx_conf_t *cf);


static ngx_command_t  ngx_http_credverify_png_commands[] = {

    { ngx_string("credverify_png"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_png,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_credverify_png_t  ngx_http_credverify_png_module_ctx = {
    {
        NULL,                              /* preconfiguration */
        NULL,                              /* postconfiguration */

        ngx_http_credverify_png_create_main_conf,
                                           /* create main configuration */
        NULL,                              /* init main configuration */

        NULL,                              /* create server configuration */
        NULL,                              /* merge server configuration */

        NULL,                              /* create location configuration */
        NULL                               /* merge location configuration */
    },

    CV_VERSION,
    cv_raster
};


ngx_module_t  ngx_http_credverify_png_module = {
    NGX_MODULE_V1,
    &ngx_http_credverify_png_module_ctx,   /* module context */
    ngx_http_credverify_png_commands,      /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* credverify_png [threads=pool] [cache=size] */

static char *
ngx_http_credverify_png(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_png_conf_t  *pcf = conf;

    ssize_t      size;
    ngx_str_t   *value, text;
    ngx_uint_t   i;

    if (pcf->threads.data != NULL) {
        return "is duplicate";
    }

    ngx_str_set(&pcf->threads, "credverify");

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "threads=", 8) == 0
            && value[i].len > 8)
        {
            pcf->threads.data = value[i].data + 8;
            pcf->threads.len = value[i].len - 8;
            continue;
        }

        if (ngx_strncmp(value[i].data, "cache=", 6) == 0) {

            text.data = value[i].data + 6;
            text.len = value[i].len - 6;

            size = ngx_parse_size(&text);

            if (size != NGX_ERROR) {
                pcf->cache = (size_t) size;
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\": it must be threads= and "
                           "the name of a thread pool, or cache= and a size",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_credverify_png_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_credverify_png_conf_t  *pcf;

    pcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_png_conf_t));
    if (pcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     pcf->threads = { 0, NULL };
     */

    pcf->cache = 8 * 1024 * 1024;

    return pcf;
}
