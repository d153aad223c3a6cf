
/*
 * Copyright (C) The credverify authors
 *
 * The table of contents: directives, their inheritance, and the hooks into
 * nginx.  What they do is in src/http/.
 */

#include "ngx_http_credverify.h"


static char *ngx_http_credverify_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_credverify_health(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_credverify_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_credverify_content(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_handler_pt handler);
static char *ngx_http_credverify_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

static void ngx_http_credverify_inherit(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev,
    ngx_http_credverify_loc_conf_t *conf);

static void *ngx_http_credverify_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_credverify_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_credverify_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_command_t  ngx_http_credverify_commands[] = {

    { ngx_string("credverify_store"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_path,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, store),
      NULL },

    { ngx_string("credverify_views"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_path,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, views),
      NULL },

    { ngx_string("credverify_view"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_credverify_view,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_issuers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_issuers,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_format"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_credverify_format,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_max_age"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, max_age),
      NULL },

    { ngx_string("credverify_verify"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_verify,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_health"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_credverify_health,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_credverify_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_credverify_module_ctx = {
    ngx_http_credverify_add_variables,     /* preconfiguration */
    ngx_http_credverify_add_filter,        /* postconfiguration */

    ngx_http_credverify_create_main_conf,  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_credverify_create_loc_conf,   /* create location configuration */
    ngx_http_credverify_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_credverify_module = {
    NGX_MODULE_V1,
    &ngx_http_credverify_module_ctx,       /* module context */
    ngx_http_credverify_commands,          /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_credverify_init_worker,       /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_credverify_exit_worker,       /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
ngx_http_credverify_verify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    rv = ngx_http_credverify_content(cf, cmd, conf,
                                     ngx_http_credverify_verify_handler);

    return rv == NGX_CONF_OK ? ngx_http_credverify_handles(cf, conf) : rv;
}


static char *
ngx_http_credverify_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_health_handler);
}


static char *
ngx_http_credverify_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    rv = ngx_http_credverify_content(cf, cmd, conf,
                                     ngx_http_credverify_status_handler);

    return rv == NGX_CONF_OK ? ngx_http_credverify_use_counters(cf) : rv;
}


/* what answers in a location: one of the directives above */

static char *
ngx_http_credverify_content(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t  *lcf;

    if (clcf->content == cmd) {
        return "is duplicate";
    }

    if (clcf->content != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" and \"%V\" do not go together in one "
                           "location", &clcf->content->name, &cmd->name);
        return NGX_CONF_ERROR;
    }

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    lcf->handler = handler;

    clcf->content = cmd;
    clcf->handler = handler;

    return NGX_CONF_OK;
}


/* a path, which if relative is relative to the prefix */

static char *
ngx_http_credverify_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *path;

    rv = ngx_conf_set_str_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    path = (ngx_str_t *) ((u_char *) conf + cmd->offset);

    if (path->len == 0) {
        return "is empty";
    }

    if (ngx_http_script_variables_count(path) != 0) {
        return "takes no variables";
    }

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * "if" and "limit_except" make locations without a name, which answer as the
 * one that they are in; nginx keeps the handler for the former only.
 */

static void
ngx_http_credverify_inherit(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev, ngx_http_credverify_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *lcf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!lcf->noname || prev->handler == NULL) {
        return;
    }

    conf->handler = prev->handler;
    conf->handles = prev->handles;
    conf->compiled = prev->compiled;

    if (lcf->lmt_excpt && lcf->handler == NULL) {
        lcf->handler = conf->handler;
    }
}


static void *
ngx_http_credverify_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_main_conf_t));
    if (cmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&cmcf->documents, cf->pool, 4,
                       sizeof(ngx_http_credverify_document_t *))
        != NGX_OK
        || ngx_array_init(&cmcf->stores, cf->pool, 1, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    return cmcf;
}


static void *
ngx_http_credverify_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_loc_conf_t));
    if (clcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     clcf->store, views, view, document = { 0, NULL };
     *     clcf->content = NULL;
     *     clcf->handler = NULL;
     *     clcf->handles = NULL;
     *     clcf->compiled = NULL;
     */

    clcf->issuers = NGX_CONF_UNSET_PTR;
    clcf->format = NGX_CONF_UNSET_PTR;
    clcf->formats = NGX_CONF_UNSET_PTR;
    clcf->max_age = NGX_CONF_UNSET;

    return clcf;
}


static char *
ngx_http_credverify_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_credverify_loc_conf_t  *prev = parent;
    ngx_http_credverify_loc_conf_t  *conf = child;

    ngx_conf_merge_str_value(conf->store, prev->store, "");
    ngx_conf_merge_str_value(conf->views, prev->views,
                             "/usr/share/credverify/views");

    if (conf->view.data == NULL) {
        conf->view = prev->view;
        conf->document = prev->document;
    }

    if (conf->view.data == NULL) {
        ngx_str_set(&conf->view, "native");
        ngx_str_set(&conf->document, "verify");
    }

    ngx_conf_merge_ptr_value(conf->issuers, prev->issuers, NULL);
    ngx_conf_merge_ptr_value(conf->format, prev->format, NULL);
    ngx_conf_merge_ptr_value(conf->formats, prev->formats, NULL);
    ngx_conf_merge_sec_value(conf->max_age, prev->max_age, 5);

    ngx_http_credverify_inherit(cf, prev, conf);

    if (conf->handler == NULL || conf->compiled != NULL
        || conf->handler == ngx_http_credverify_status_handler)
    {
        return NGX_CONF_OK;
    }

    if (ngx_http_credverify_use_store(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return conf->handles == NULL ? NGX_CONF_OK
                                 : ngx_http_credverify_use_document(cf, conf);
}
