
/*
 * Copyright (C) The credverify authors
 *
 * The table of contents: directives, their inheritance, and the hooks into
 * nginx.  What they do is in src/http/.
 */

#include "ngx_http_credverify.h"
#include "ngx_http_credverify_issuance.h"


static char *ngx_http_credverify_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

static ngx_int_t ngx_http_credverify_init(ngx_conf_t *cf);
static void *ngx_http_credverify_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_credverify_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_credverify_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_conf_bitmask_t  ngx_http_credverify_key_classes[] = {
    { ngx_string("live"), 1u << CV_KEY_LIVE },
    { ngx_string("test"), 1u << CV_KEY_TEST },
    { ngx_string("badge"), 1u << CV_KEY_BADGE },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_credverify_quotas[] = {
    { ngx_string("off"), NGX_HTTP_CREDVERIFY_QUOTA_OFF },
    { ngx_string("on"), NGX_HTTP_CREDVERIFY_QUOTA_ON },
    { ngx_string("dry_run"), NGX_HTTP_CREDVERIFY_QUOTA_DRY_RUN },
    { ngx_null_string, 0 }
};

static ngx_conf_bitmask_t  ngx_http_credverify_limit_header_names[] = {
    { ngx_string("off"), NGX_CONF_BITMASK_SET },
    { ngx_string("ratelimit"), NGX_HTTP_CREDVERIFY_RATELIMIT },
    { ngx_string("legacy"), NGX_HTTP_CREDVERIFY_LEGACY },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_credverify_error_pages[] = {
    { ngx_string("view"), NGX_HTTP_CREDVERIFY_ERRORS_VIEW },
    { ngx_string("nginx"), NGX_HTTP_CREDVERIFY_ERRORS_NGINX },
    { ngx_null_string, 0 }
};


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

    { ngx_string("credverify_theme"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_credverify_theme,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_frame_ancestors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_frame_ancestors,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_max_age"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, max_age),
      NULL },

    { ngx_string("credverify_stale"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, stale),
      NULL },

    { ngx_string("credverify_cache_tag"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_cache_tag,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_cache_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_key_handles,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_verify"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_verify,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_progress"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_progress,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_batch"),
      NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_credverify_batch,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_wallet"),
      NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_credverify_wallet,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_openbadges"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_openbadges,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_openbadges_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_openbadges_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_issuance"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE12,
      ngx_http_credverify_issuance,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_progress_update"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_credverify_progress_update,
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

    { ngx_string("credverify_usage"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_credverify_usage,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_key_class"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, key_classes),
      &ngx_http_credverify_key_classes },

    { ngx_string("credverify_key_argument"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, key_argument),
      NULL },

    { ngx_string("credverify_scope"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_scope,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_feature"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, feature),
      NULL },

    { ngx_string("credverify_keyless"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_credverify_keyless,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_quota"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, quota),
      &ngx_http_credverify_quotas },

    { ngx_string("credverify_limit_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, limit_headers),
      &ngx_http_credverify_limit_header_names },

    { ngx_string("credverify_guesses"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_credverify_guess_limit,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, guesses),
      NULL },

    { ngx_string("credverify_errors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_credverify_loc_conf_t, errors),
      &ngx_http_credverify_error_pages },

    { ngx_string("credverify_version"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_credverify_api_version,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("credverify_link"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_credverify_link,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_credverify_module_ctx = {
    ngx_http_credverify_add_variables,     /* preconfiguration */
    ngx_http_credverify_init,              /* postconfiguration */

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


/* where nothing asks for a key, no request passes through these */

static ngx_int_t
ngx_http_credverify_init(ngx_conf_t *cf)
{
    ngx_uint_t                        i;
    ngx_http_handler_pt              *h;
    ngx_http_core_main_conf_t        *core;
    ngx_http_credverify_main_conf_t  *cmcf;

    static const struct {
        ngx_http_phases               phase;
        ngx_http_handler_pt           handler;
    } phases[] = {
        { NGX_HTTP_ACCESS_PHASE, ngx_http_credverify_access_handler },
        { NGX_HTTP_PRECONTENT_PHASE, ngx_http_credverify_quota_handler },
        { NGX_HTTP_LOG_PHASE, ngx_http_credverify_settle_handler },
    };

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->keyed) {
        core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

        for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
            h = ngx_array_push(&core->phases[phases[i].phase].handlers);
            if (h == NULL) {
                return NGX_ERROR;
            }

            *h = phases[i].handler;
        }

        ngx_http_credverify_add_limit_filter();
    }

    return ngx_http_credverify_add_filter(cf);
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
        || ngx_array_init(&cmcf->stores, cf->pool, 1,
                          sizeof(ngx_http_credverify_wanted_t))
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
     *     clcf->holder = NULL;
     *     clcf->list = NULL;
     *     clcf->badges = NULL;
     *     clcf->issuance = NULL;
     *     clcf->compiled = NULL;
     */

    clcf->methods = &ngx_http_credverify_reads;
    clcf->issuers = NGX_CONF_UNSET_PTR;
    clcf->format = NGX_CONF_UNSET_PTR;
    clcf->formats = NGX_CONF_UNSET_PTR;
    clcf->theme = NGX_CONF_UNSET_PTR;
    clcf->themes = NGX_CONF_UNSET_PTR;
    clcf->max_age = NGX_CONF_UNSET;
    clcf->stale = NGX_CONF_UNSET;
    clcf->tags = NGX_CONF_UNSET_PTR;
    clcf->key_handles = NGX_CONF_UNSET_PTR;
    clcf->brands = NGX_CONF_UNSET_PTR;
    clcf->version = NGX_CONF_UNSET_PTR;
    clcf->links = NGX_CONF_UNSET_PTR;
    clcf->badge_keys = NGX_CONF_UNSET_PTR;
    clcf->quota = NGX_CONF_UNSET_UINT;
    clcf->errors = NGX_CONF_UNSET_UINT;
    clcf->guesses = NGX_CONF_UNSET_UINT;

    return clcf;
}


static char *
ngx_http_credverify_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_credverify_loc_conf_t  *prev = parent;
    ngx_http_credverify_loc_conf_t  *conf = child;

    ngx_http_credverify_main_conf_t  *cmcf;

    ngx_conf_merge_str_value(conf->store, prev->store, "");
    ngx_conf_merge_str_value(conf->views, prev->views,
                             "/usr/share/credverify/views");

    if (conf->badges != NULL) {
        ngx_str_set(&conf->document, "assertion");

        if (conf->view.data == NULL) {
            ngx_str_set(&conf->view, "openbadges");
        }
    }

    if (conf->issuance != NULL
        && (conf->issuance->prefix != 0 || conf->view.data == NULL))
    {
        conf->document = conf->issuance->document;

        if (conf->view.data == NULL) {
            ngx_str_set(&conf->view, "native");
        }
    }

    if (conf->view.data == NULL) {
        conf->view = prev->view;
        conf->document = prev->document;
    }

    if (conf->view.data == NULL) {
        ngx_str_set(&conf->view, "native");
        ngx_str_set(&conf->document, "verify");
    }

    ngx_conf_merge_ptr_value(conf->issuers, prev->issuers, NULL);

    if (prev->any_format && conf->formats == NGX_CONF_UNSET_PTR) {

        /* what the other document comes in says nothing of this one */

        conf->format = NULL;
        conf->formats = NULL;
    }

    ngx_conf_merge_ptr_value(conf->format, prev->format, NULL);
    ngx_conf_merge_ptr_value(conf->formats, prev->formats, NULL);
    ngx_conf_merge_ptr_value(conf->theme, prev->theme, NULL);
    ngx_conf_merge_ptr_value(conf->themes, prev->themes, NULL);
    ngx_conf_merge_str_value(conf->ancestors, prev->ancestors, "");

    if (ngx_http_credverify_check_content(cf, conf) != NGX_OK
        || ngx_http_credverify_check_key(cf, prev, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_ptr_value(conf->brands, prev->brands, NULL);
    ngx_conf_merge_bitmask_value(conf->key_classes, prev->key_classes,
                                 NGX_CONF_BITMASK_SET|1u << CV_KEY_LIVE
                                 |1u << CV_KEY_TEST);
    ngx_conf_merge_str_value(conf->key_argument, prev->key_argument, "");
    ngx_conf_merge_str_value(conf->scope, prev->scope, "");
    ngx_conf_merge_str_value(conf->feature, prev->feature, "");
    ngx_conf_merge_uint_value(conf->quota, prev->quota,
                              NGX_HTTP_CREDVERIFY_QUOTA_ON);
    ngx_conf_merge_bitmask_value(conf->limit_headers, prev->limit_headers,
                                 NGX_CONF_BITMASK_SET
                                 |NGX_HTTP_CREDVERIFY_RATELIMIT);
    ngx_conf_merge_uint_value(conf->guesses, prev->guesses, 30);
    ngx_conf_merge_uint_value(conf->errors, prev->errors,
                              NGX_HTTP_CREDVERIFY_ERRORS_VIEW);
    ngx_conf_merge_ptr_value(conf->version, prev->version, NULL);
    ngx_conf_merge_ptr_value(conf->links, prev->links, NULL);
    ngx_conf_merge_ptr_value(conf->badge_keys, prev->badge_keys, NULL);

    if (conf->keyless.data == NULL) {
        conf->keyless = prev->keyless;
        conf->keyless_formats = prev->keyless_formats;
    }

    if (ngx_http_credverify_badges_merge(cf, conf) != NGX_CONF_OK
        || ngx_http_credverify_issuance_merge(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_credverify_inherit(cf, prev, conf);

    if (ngx_http_credverify_cache_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->brands != NULL) {
        cmcf = ngx_http_conf_get_module_main_conf(cf,
                                                  ngx_http_credverify_module);
        cmcf->keyed = 1;
        ngx_http_credverify_make_demands(conf);
    }

    if (conf->compiled != NULL
        || (conf->brands == NULL
            && (conf->handler == NULL
                || conf->handler == ngx_http_credverify_status_handler)))
    {
        return NGX_CONF_OK;
    }

    if (conf->handler == ngx_http_credverify_usage_handler
        && conf->brands == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"credverify_usage\" tells of a key, and needs "
                           "\"credverify_key\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_credverify_use_store(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return conf->handles == NULL && conf->holder == NULL
           && conf->list == NULL && conf->badges == NULL
           && conf->issuance == NULL && conf->brands == NULL
           ? NGX_CONF_OK : ngx_http_credverify_use_document(cf, conf);
}
