
/*
 * Copyright (C) The credverify authors
 *
 * What draws pictures for ngx_http_credverify_module, in a module of its own:
 * an nginx that shows none has neither librsvg nor the forty libraries that
 * come with it.  The one finds the other by its name, and calls it by what
 * stands here.
 */

#ifndef NGX_HTTP_CREDVERIFY_PNG_H
#define NGX_HTTP_CREDVERIFY_PNG_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "cv_base.h"

#define NGX_HTTP_CREDVERIFY_PNG_NAME   "ngx_http_credverify_png_module"

/* Its main configuration. */

typedef struct {
    ngx_str_t                      threads;   /* a pool; NULL: not set */
    size_t                         cache;     /* bytes, in each worker */
} ngx_http_credverify_png_conf_t;

/*
 * The context of the module: what nginx knows, and behind that what the other
 * module does.  "version" is CV_VERSION, and first, so that it can be looked at
 * whatever follows.
 *
 * draw() is cv_raster(), for threads; "width" and "height" are pixels.
 */
typedef struct {
    ngx_http_module_t              http;
    const char                    *version;
    cv_err_t                     (*draw)(cv_str_t svg,
                                         unsigned width, unsigned height,
                                         bool (*write)(void *to,
                                                       const void *data,
                                                       size_t len),
                                         void *to, cv_error_t *error);
} ngx_http_credverify_png_t;

#endif /* NGX_HTTP_CREDVERIFY_PNG_H */
