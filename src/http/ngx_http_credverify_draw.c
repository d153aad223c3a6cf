
/*
 * Copyright (C) The credverify authors
 *
 * Cards as PNG, which another module draws in a thread while the request waits.
 */

#include "ngx_http_credverify.h"
#include "cv_digest.h"


/* what previews of links are shown as, and the size that cards are made for */
#define NGX_HTTP_CREDVERIFY_PNG_WIDTH   1200
#define NGX_HTTP_CREDVERIFY_PNG_HEIGHT  630


typedef struct {
    ngx_http_credverify_drawing_t  drawing;
    ngx_http_credverify_answer_t   answer;
    cv_time_t                      now;
} ngx_http_credverify_pending_t;


static ngx_int_t ngx_http_credverify_draw_key(
    ngx_http_credverify_drawing_t *drawing);
static ngx_int_t ngx_http_credverify_draw_wait(ngx_http_request_t *r);
static void ngx_http_credverify_drawn(ngx_http_credverify_drawing_t *drawing,
    ngx_int_t rc, cv_str_t png);


static cv_digest_t  *ngx_http_credverify_draw_digest;


const char *
ngx_http_credverify_use_png(ngx_conf_t *cf)
{
    ngx_uint_t                         i;
    ngx_module_t                     **modules;
    ngx_http_credverify_png_t         *png;
    ngx_http_credverify_main_conf_t   *cmcf;

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

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);
    cmcf->png = png;

    return png->ready(cf);
}


void
ngx_http_credverify_draw_free(void)
{
    cv_digest_free(ngx_http_credverify_draw_digest);
    ngx_http_credverify_draw_digest = NULL;
}


ngx_int_t
ngx_http_credverify_draw(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer)
{
    cv_str_t                          png;
    ngx_http_request_t               *r;
    ngx_http_credverify_drawing_t    *drawing;
    ngx_http_credverify_pending_t    *pending;
    ngx_http_credverify_main_conf_t  *cmcf;

    r = job->r;

    pending = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_pending_t));
    if (pending == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    drawing = &pending->drawing;

    drawing->request = r;
    drawing->name = job->clcf->compiled->path;
    drawing->svg = answer->body;
    drawing->width = NGX_HTTP_CREDVERIFY_PNG_WIDTH;
    drawing->height = NGX_HTTP_CREDVERIFY_PNG_HEIGHT;
    drawing->handler = ngx_http_credverify_drawn;

    /* another version of a library may draw it otherwise: the tag is weak */

    pending->answer = *answer;
    pending->answer.rendering.timeless = false;
    pending->now = job->now;

    if (ngx_http_credverify_draw_key(drawing) != NGX_OK) {
        return ngx_http_credverify_fail(r, CV_SERVER_ERROR, NULL);
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_credverify_module);

    switch (cmcf->png->draw(drawing, &png)) {

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


static ngx_int_t
ngx_http_credverify_draw_key(ngx_http_credverify_drawing_t *drawing)
{
    if (ngx_http_credverify_draw_digest == NULL) {
        ngx_http_credverify_draw_digest = cv_digest_new();

        if (ngx_http_credverify_draw_digest == NULL) {
            return NGX_ERROR;
        }
    }

    return cv_digest_sha256(ngx_http_credverify_draw_digest, drawing->key,
                            drawing->svg)
           == CV_OK ? NGX_OK : NGX_ERROR;
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
ngx_http_credverify_drawn(ngx_http_credverify_drawing_t *drawing,
    ngx_int_t rc, cv_str_t png)
{
    ngx_http_request_t             *r;
    ngx_http_credverify_pending_t  *pending;

    r = drawing->request;
    pending = (ngx_http_credverify_pending_t *) drawing;

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
