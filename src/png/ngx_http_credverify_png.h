
/*
 * Copyright (C) The credverify authors
 *
 * What draws pictures for ngx_http_credverify_module, in a module of its own:
 * an nginx that shows none has neither librsvg, with the forty libraries that
 * come with it, nor threads.  The one finds the other by its name, and calls
 * it by what stands here.
 */

#ifndef NGX_HTTP_CREDVERIFY_PNG_H
#define NGX_HTTP_CREDVERIFY_PNG_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "cv_base.h"

#define NGX_HTTP_CREDVERIFY_PNG_NAME   "ngx_http_credverify_png_module"
#define NGX_HTTP_CREDVERIFY_PNG_KEY    32

typedef struct ngx_http_credverify_drawing_s  ngx_http_credverify_drawing_t;

/*
 * Called in the event loop when there is a picture, which is good until this
 * returns, or none: NGX_ERROR, which was logged, or NGX_BUSY if it took too
 * long.  Not called for a request that ends before.
 */
typedef void (*ngx_http_credverify_drawn_pt)(
    ngx_http_credverify_drawing_t *drawing, ngx_int_t rc, cv_str_t png);

/* What a request wants drawn; it lives as long as the request. */

struct ngx_http_credverify_drawing_s {
    ngx_http_request_t            *request;
    ngx_str_t                      name;      /* what logs call it */
    cv_str_t                       svg;       /* until draw() returns */
    ngx_uint_t                     width;     /* pixels */
    ngx_uint_t                     height;
    u_char                         key[NGX_HTTP_CREDVERIFY_PNG_KEY];
                                              /* no other picture has that */
    ngx_http_credverify_drawn_pt   handler;

    ngx_queue_t                    queue;     /* of those who wait */
    ngx_uint_t                     waits;
};

/*
 * The context of the module: what nginx knows, and behind that what the other
 * module does.  "version" is CV_VERSION, and first, so that it can be looked at
 * whatever follows.
 *
 * ready() at configuration time: NULL if pictures can be drawn, else what is
 * missing, as part of a sentence.
 *
 * draw() in the event loop: NGX_OK and the picture, which is good until the
 * event loop goes on; NGX_AGAIN if the handler will be called; NGX_BUSY if too
 * many are being drawn; NGX_ERROR if there is no memory.
 */
typedef struct {
    ngx_http_module_t              http;
    const char                    *version;
    const char                  *(*ready)(ngx_conf_t *cf);
    ngx_int_t                    (*draw)(
                                     ngx_http_credverify_drawing_t *drawing,
                                     cv_str_t *png);
} ngx_http_credverify_png_t;

#endif /* NGX_HTTP_CREDVERIFY_PNG_H */
