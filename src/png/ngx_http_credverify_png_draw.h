
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the module that draws share.
 */

#ifndef NGX_HTTP_CREDVERIFY_PNG_DRAW_H
#define NGX_HTTP_CREDVERIFY_PNG_DRAW_H

#include "ngx_http_credverify_png.h"

typedef struct {
    ngx_str_t                      pool_name;
    ngx_thread_pool_t             *pool;      /* NULL: nothing is drawn */
    size_t                         cache;     /* bytes, in each worker */
} ngx_http_credverify_png_conf_t;

extern ngx_module_t  ngx_http_credverify_png_module;

ngx_int_t ngx_http_credverify_png_draw(ngx_http_credverify_drawing_t *drawing,
    cv_str_t *png);
ngx_int_t ngx_http_credverify_png_init_worker(ngx_cycle_t *cycle);
void ngx_http_credverify_png_exit_worker(ngx_cycle_t *cycle);

#endif /* NGX_HTTP_CREDVERIFY_PNG_DRAW_H */
