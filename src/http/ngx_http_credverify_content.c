
/*
 * Copyright (C) The credverify authors
 *
 * What answers in a location: one of these directives, and no other's handler.
 */

#include "ngx_http_credverify_issuance.h"
#include "ngx_http_credverify_list.h"


/* Takes what stands behind such a directive. */
typedef char *(*ngx_http_credverify_parameters_pt)(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);


static char *ngx_http_credverify_content(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_handler_pt handler,
    ngx_http_credverify_parameters_pt parameters);


const ngx_http_credverify_methods_t  ngx_http_credverify_reads = {
    NGX_HTTP_GET|NGX_HTTP_HEAD, "GET, HEAD", "GET, HEAD, OPTIONS"
};

const ngx_http_credverify_methods_t  ngx_http_credverify_posts = {
    NGX_HTTP_POST, "POST", "POST, OPTIONS"
};


char *
ngx_http_credverify_verify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    char  *rv;

    rv = ngx_http_credverify_content(cf, cmd, conf,
                                     ngx_http_credverify_verify_handler,
                                     NULL);

    return rv == NGX_CONF_OK ? ngx_http_credverify_handles(cf, &clcf->handles)
                             : rv;
}


char *
ngx_http_credverify_progress(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_progress_handler,
                                       ngx_http_credverify_holder);
}


char *
ngx_http_credverify_batch(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_batch_handler,
                                       ngx_http_credverify_batch_parameters);
}


char *
ngx_http_credverify_wallet(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_wallet_handler,
                                       ngx_http_credverify_wallet_parameters);
}


char *
ngx_http_credverify_openbadges(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_badges_handler,
                                       ngx_http_credverify_badges_parameters);
}


char *
ngx_http_credverify_issuance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_issuance_handler,
                                       ngx_http_credverify_issuance_parameters);
}


char *
ngx_http_credverify_progress_update(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_issuance_handler,
                                       ngx_http_credverify_update_parameters);
}


char *
ngx_http_credverify_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_health_handler,
                                       NULL);
}


char *
ngx_http_credverify_usage(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_credverify_content(cf, cmd, conf,
                                       ngx_http_credverify_usage_handler,
                                       NULL);
}


char *
ngx_http_credverify_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    rv = ngx_http_credverify_content(cf, cmd, conf,
                                     ngx_http_credverify_status_handler,
                                     NULL);

    return rv == NGX_CONF_OK ? ngx_http_credverify_use_counters(cf) : rv;
}


/* what answers in a location: one directive does */

static char *
ngx_http_credverify_content(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_handler_pt handler,
    ngx_http_credverify_parameters_pt parameters)
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

    return parameters != NULL ? parameters(cf, clcf) : NGX_CONF_OK;
}


/* what answers last in a location does, whoever was asked what for */

ngx_int_t
ngx_http_credverify_check_content(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *lcf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->content == NULL || lcf->handler == conf->handler) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" is not what answers in location \"%V\": another "
                       "directive does", &conf->content->name, &lcf->name);

    return NGX_ERROR;
}


/*
 * "if" and "limit_except" make locations without a name, which answer as the
 * one that they are in, unless they have something else that does; nginx keeps
 * the handler for the former only.
 */

void
ngx_http_credverify_inherit(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev, ngx_http_credverify_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *lcf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!lcf->noname || prev->handler == NULL || lcf->handler != NULL) {
        return;
    }

    conf->handler = prev->handler;
    conf->handles = prev->handles;
    conf->holder = prev->holder;
    conf->list = prev->list;
    conf->badges = prev->badges;
    conf->issuance = prev->issuance;
    conf->methods = prev->methods;
    conf->format = prev->format;
    conf->formats = prev->formats;
    conf->compiled = prev->compiled;
    conf->theme = prev->theme;
    conf->themes = prev->themes;
    conf->framed = prev->framed;
    ngx_memcpy(conf->csp, prev->csp, sizeof(conf->csp));

    if (lcf->lmt_excpt) {
        lcf->handler = conf->handler;
    }
}
