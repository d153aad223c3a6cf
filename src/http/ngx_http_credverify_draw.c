
/*
 * Copyright (C) The credverify authors
 *
 * Cards as PNG, which another module draws in a thread while the request waits.
 */

#include "ngx_http_credverify_wait.h"


/* what previews of links are shown as, and the size that cards are made for */
#define NGX_HTTP_CREDVERIFY_PNG_WIDTH   1200
#define NGX_HTTP_CREDVERIFY_PNG_HEIGHT  630

#define NGX_HTTP_CREDVERIFY_PNG_MAX     (16 * 1024 * 1024)


static cv_err_t ngx_http_credverify_draw_run(const void *with, cv_str_t svg,
    cv_buf_t *png, cv_error_t *error);
static bool ngx_http_credverify_draw_append(void *to, const void *data,
    size_t len);


static const ngx_http_credverify_work_kind_t  ngx_http_credverify_pictures = {
    "pictures",
    "drawn",
    "needs \"thread_pool credverify threads=2;\" before \"http\", or the pool "
    "that \"credverify_png\" names",
    ngx_http_credverify_draw_run,
    NGX_HTTP_CREDVERIFY_PNG_MAX,
    64                                 /* a second or so of two threads */
};


const char *
ngx_http_credverify_use_png(ngx_conf_t *cf)
{
    ngx_uint_t                         i;
    ngx_module_t                     **modules;
    ngx_http_conf_ctx_t               *ctx;
    ngx_http_credverify_png_t         *png;
    ngx_http_credverify_png_conf_t    *pcf;
    ngx_http_credverify_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->pictures != NULL) {
        return NULL;
    }

    modules = cf->cycle->modules;

    for (i = 0; modules[i] != NULL; i++) {
        if (ngx_strcmp(modules[i]->name, NGX_HTTP_CREDVERIFY_PNG_NAME) == 0) {
            break;
        }
    }

    if (modules[i] == NULL) {
        return "needs " NGX_HTTP_CREDVERIFY_PNG_NAME ", of Debian's package "
               "libnginx-mod-http-credverify-png, to be loaded";
    }

    png = modules[i]->ctx;

    if (ngx_strcmp(png->version, CV_VERSION) != 0) {
        return "needs " NGX_HTTP_CREDVERIFY_PNG_NAME " of the same version as "
               "ngx_http_credverify_module";
    }

    cmcf->png = png;

    ctx = cf->ctx;
    pcf = ctx->main_conf[modules[i]->ctx_index];

    if (pcf->threads.data == NULL) {
        ngx_str_set(&pcf->threads, "credverify");
    }

    return ngx_http_credverify_workshop(cf, &ngx_http_credverify_pictures,
                                        &pcf->threads, pcf->cache,
                                        &cmcf->pictures);
}


ngx_int_t
ngx_http_credverify_draw(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer)
{
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(job->r, ngx_http_credverify_module);

    /* another version of a library may draw it otherwise: the tag is weak */

    answer->rendering.timeless = false;

    return ngx_http_credverify_send_worked(job, answer, cmcf->pictures,
                                           cmcf->png, NULL, NULL);
}


/* in a thread */

static cv_err_t
ngx_http_credverify_draw_run(const void *with, cv_str_t svg, cv_buf_t *png,
    cv_error_t *error)
{
    const ngx_http_credverify_png_t  *module = with;

    return module->draw(svg, NGX_HTTP_CREDVERIFY_PNG_WIDTH,
                        NGX_HTTP_CREDVERIFY_PNG_HEIGHT,
                        ngx_http_credverify_draw_append, png, error);
}


static bool
ngx_http_credverify_draw_append(void *to, const void *data, size_t len)
{
    cv_buf_t  *png = to;

    cv_buf_append(png, data, len);

    return !cv_buf_failed(png);
}
