
/*
 * Copyright (C) The credverify authors
 *
 * Cards as PNG, which another module draws in a thread while the request waits.
 */

#include "ngx_http_credverify.h"


/* what previews of links are shown as, and the size that cards are made for */
#define NGX_HTTP_CREDVERIFY_PNG_WIDTH   1200
#define NGX_HTTP_CREDVERIFY_PNG_HEIGHT  630

#define NGX_HTTP_CREDVERIFY_PNG_MAX     (16 * 1024 * 1024)


typedef struct {
    ngx_http_credverify_work_t    work;
    ngx_http_credverify_answer_t  answer;
    cv_time_t                     now;
} ngx_http_credverify_pending_t;


static cv_err_t ngx_http_credverify_draw_run(const void *with, cv_str_t svg,
    cv_buf_t *png, cv_error_t *error);
static bool ngx_http_credverify_draw_append(void *to, const void *data,
    size_t len);
static ngx_int_t ngx_http_credverify_draw_wait(ngx_http_request_t *r);
static void ngx_http_credverify_drawn(ngx_http_credverify_work_t *work,
    ngx_int_t rc, cv_str_t png);


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
    cv_str_t                          png;
    ngx_http_request_t               *r;
    ngx_http_credverify_work_t       *work;
    ngx_http_credverify_pending_t    *pending;
    ngx_http_credverify_main_conf_t  *cmcf;

    r = job->r;
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_credverify_module);

    pending = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_pending_t));
    if (pending == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    work = &pending->work;

    work->request = r;
    work->name = job->document->path;
    work->input = answer->body;
    work->with = cmcf->png;
    work->handler = ngx_http_credverify_drawn;

    /* another version of a library may draw it otherwise: the tag is weak */

    pending->answer = *answer;
    pending->answer.rendering.timeless = false;
    pending->now = job->now;

    if (ngx_http_credverify_work_key(work) != NGX_OK) {
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }

    switch (ngx_http_credverify_work(cmcf->pictures, work, &png)) {

    case NGX_OK:
        pending->answer.body = png;
        return ngx_http_credverify_send(r, &pending->answer);

    case NGX_AGAIN:
        return ngx_http_credverify_draw_wait(r);

    case NGX_BUSY:
        return ngx_http_credverify_fail(r, CV_BUSY, NULL);

    default:
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }
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


/* a client that goes away meanwhile is noticed, as by limit_req */

static ngx_int_t
ngx_http_credverify_draw_wait(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    if (r == r->main) {
        rev = r->connection->read;

        if (rev->ready) {
            ngx_post_event(rev, &ngx_posted_events);

        } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        r->read_event_handler = ngx_http_test_reading;
    }

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_credverify_drawn(ngx_http_credverify_work_t *work, ngx_int_t rc,
    cv_str_t png)
{
    ngx_http_request_t             *r;
    ngx_http_credverify_pending_t  *pending;

    r = work->request;
    pending = (ngx_http_credverify_pending_t *) work;

    ngx_http_set_log_request(r->connection->log, r);

    if (rc != NGX_OK) {
        rc = ngx_http_credverify_fail(r, rc == NGX_BUSY ? CV_BUSY
                                                        : CV_SERVER_ERROR,
                                      NULL);
        ngx_http_finalize_request(r, rc);
        return;
    }

    /* it is as old as the verdict */

    ngx_http_credverify_cache_waited(&pending->answer,
                                     ngx_http_credverify_now() - pending->now);

    pending->answer.body = png;

    ngx_http_finalize_request(r, ngx_http_credverify_send(r,
                                                          &pending->answer));
}
