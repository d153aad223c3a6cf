
/*
 * Copyright (C) The credverify authors
 *
 * Values of directives, and the documents that locations use.
 */

#include "ngx_http_credverify_badges.h"
#include "ngx_http_credverify_issuance.h"


static ngx_int_t ngx_http_credverify_set_format(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *text);
static ngx_int_t ngx_http_credverify_check_png(ngx_conf_t *cf);
static void ngx_http_credverify_settle(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
static char *ngx_http_credverify_default_format(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
static ngx_http_credverify_document_t *ngx_http_credverify_find_document(
    ngx_conf_t *cf, ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *name);
static ngx_int_t ngx_http_credverify_check_outcomes(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
static ngx_int_t ngx_http_credverify_badge_documents(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
static ngx_int_t ngx_http_credverify_issuance_documents(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
static ngx_int_t ngx_http_credverify_check_knows(ngx_conf_t *cf,
    ngx_http_credverify_document_t *doc, cv_outcome_t outcome);
static ngx_http_credverify_document_t *ngx_http_credverify_compile(
    ngx_conf_t *cf, ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *path,
    ngx_str_t *name);
static void ngx_http_credverify_document_cleanup(void *data);


/* credverify_view name [document] */

char *
ngx_http_credverify_view(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (clcf->view.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0 || value[i].data[0] == '.'
            || ngx_strlchr(value[i].data, value[i].data + value[i].len, '/'))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid name \"%V\" in \"%V\": it names a "
                               "directory of \"credverify_views\"",
                               &value[i], &cmd->name);
            return NGX_CONF_ERROR;
        }
    }

    clcf->view = value[1];

    if (cf->args->nelts == 3) {
        clcf->document = value[2];

    } else {
        ngx_str_set(&clcf->document, "verify");
    }

    return NGX_CONF_OK;
}


/* credverify_issuers any | id ... */

char *
ngx_http_credverify_issuers(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    cv_str_t    *issuer;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (clcf->issuers != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "any") == 0) {
        clcf->issuers = NULL;
        return NGX_CONF_OK;
    }

    clcf->issuers = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                     sizeof(cv_str_t));
    if (clcf->issuers == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty issuer";
        }

        if (value[i].data[0] == '$' || ngx_strcmp(value[i].data, "any") == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid issuer \"%V\": it is an id, not a "
                               "variable, and \"any\" stands alone", &value[i]);
            return NGX_CONF_ERROR;
        }

        issuer = ngx_array_push(clcf->issuers);
        *issuer = cv_str(value[i].data, value[i].len);
    }

    return NGX_CONF_OK;
}


/* credverify_format value format ... */

char *
ngx_http_credverify_format(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t    *value;
    ngx_uint_t    i;
    cv_format_t  *format;

    if (clcf->format != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_credverify_set_format(cf, clcf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        format = ngx_array_push(clcf->formats);
        if (format == NULL) {
            return NGX_CONF_ERROR;
        }

        *format = cv_format_find(cv_str(value[i].data, value[i].len));

        if (*format == CV_FORMATS) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown format \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_credverify_set_format(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *text)
{
    clcf->format = ngx_palloc(cf->pool, sizeof(ngx_http_credverify_value_t));
    clcf->formats = ngx_array_create(cf->pool, CV_FORMATS,
                                     sizeof(cv_format_t));

    if (clcf->format == NULL || clcf->formats == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_credverify_compile_value(cf, text, clcf->format);
}


ngx_int_t
ngx_http_credverify_json_only(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t     none;
    cv_format_t  *format;

    ngx_str_set(&none, "");

    if (ngx_http_credverify_set_format(cf, clcf, &none) != NGX_OK) {
        return NGX_ERROR;
    }

    format = ngx_array_push(clcf->formats);
    *format = CV_FORMAT_JSON;

    return NGX_OK;
}


/* credverify_link name value */

char *
ngx_http_credverify_link(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_http_credverify_link_t  *link;

    value = cf->args->elts;

    if (clcf->links == NGX_CONF_UNSET_PTR) {
        clcf->links = ngx_array_create(cf->pool, 4,
                                       sizeof(ngx_http_credverify_link_t));
        if (clcf->links == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    link = clcf->links->elts;

    for (i = 0; i < clcf->links->nelts; i++) {
        if (link[i].name.len == value[1].len
            && ngx_strcmp(link[i].name.data, value[1].data) == 0)
        {
            return "is duplicate";
        }
    }

    if (clcf->links->nelts == NGX_HTTP_CREDVERIFY_LINKS) {
        return "is one of too many";
    }

    link = ngx_array_push(clcf->links);
    if (link == NULL) {
        return NGX_CONF_ERROR;
    }

    link->name = value[1];

    return ngx_http_credverify_compile_value(cf, &value[2], &link->value)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* credverify_verify by=value ..., credverify_cache_key by=value ... */

char *
ngx_http_credverify_handles(ngx_conf_t *cf, ngx_array_t **handles)
{
    u_char                        *p;
    cv_by_t                        by;
    ngx_str_t                     *value, text;
    ngx_uint_t                     i, n;
    ngx_http_credverify_handle_t  *handle;

    value = cf->args->elts;

    *handles = ngx_array_create(cf->pool, CV_BY_COUNT,
                                sizeof(ngx_http_credverify_handle_t));
    if (*handles == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        p = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');
        n = p == NULL ? 0 : (ngx_uint_t) (p - value[i].data);

        by = (cv_by_t) cv_str_index(cv_by_names, CV_BY_COUNT,
                                    cv_str(value[i].data, n));

        if (by == CV_BY_COUNT || n + 1 == value[i].len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": it must be token=, "
                               "code=, number=, id= or assertion= and a "
                               "value", &value[i]);
            return NGX_CONF_ERROR;
        }

        handle = ngx_array_push(*handles);
        if (handle == NULL) {
            return NGX_CONF_ERROR;
        }

        text.data = value[i].data + n + 1;
        text.len = value[i].len - n - 1;

        handle->by = by;

        if (ngx_http_credverify_compile_value(cf, &text, &handle->value)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_credverify_key_handles(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    if (clcf->key_handles != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    return ngx_http_credverify_handles(cf, &clcf->key_handles);
}


void
ngx_http_credverify_settle_handles(ngx_conf_t *cf, ngx_array_t *handles)
{
    ngx_uint_t                     i;
    ngx_http_credverify_handle_t  *handle;

    if (handles == NULL) {
        return;
    }

    handle = handles->elts;

    for (i = 0; i < handles->nelts; i++) {
        ngx_http_credverify_settle_value(cf, &handle[i].value);
    }
}


/* credverify_guesses off | number */

char *
ngx_http_credverify_guess_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (clcf->guesses != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        clcf->guesses = 0;
        return NGX_CONF_OK;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n == 0) {
        return "takes a number of guesses a minute, or \"off\"";
    }

    clcf->guesses = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


/* a location that says what a key must be, and asks for none, is open to all */

ngx_int_t
ngx_http_credverify_check_key(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev, ngx_http_credverify_loc_conf_t *conf)
{
    ngx_array_t               *brands;
    const char                *directive;
    ngx_http_core_loc_conf_t  *lcf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    brands = conf->brands != NGX_CONF_UNSET_PTR ? conf->brands : prev->brands;

    directive = conf->scope.data != NULL ? "credverify_scope"
              : conf->feature.data != NULL ? "credverify_feature"
              : conf->key_classes != 0 ? "credverify_key_class"
              : conf->key_argument.data != NULL ? "credverify_key_argument"
              : conf->keyless.data != NULL ? "credverify_keyless" : NULL;

    if (lcf->name.len == 0 || directive == NULL
        || (brands != NULL && brands != NGX_CONF_UNSET_PTR))
    {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%s\" is set for location \"%V\", which asks for no "
                       "key: it needs \"credverify_key\"", directive,
                       &lcf->name);

    return NGX_ERROR;
}


ngx_uint_t
ngx_http_credverify_guessable(ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t                     i;
    ngx_http_credverify_handle_t  *handle;

    if (clcf->guesses == 0) {
        return 0;
    }

    if (clcf->list != NULL) {
        return ngx_http_credverify_guesses_by(clcf->list->by);
    }

    handle = clcf->handles != NULL ? clcf->handles->elts : NULL;

    for (i = 0; handle != NULL && i < clcf->handles->nelts; i++) {
        if (ngx_http_credverify_guesses_by(handle[i].by)) {
            return 1;
        }
    }

    return 0;
}


char *
ngx_http_credverify_use_store(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t                        i;
    ngx_http_credverify_wanted_t     *wanted;
    ngx_http_credverify_main_conf_t  *cmcf;

    if (clcf->store.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"credverify_store\" is set for this location");
        return NGX_CONF_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    wanted = cmcf->stores.elts;

    for (i = 0; i < cmcf->stores.nelts; i++) {
        if (wanted[i].path.len == clcf->store.len
            && ngx_strcmp(wanted[i].path.data, clcf->store.data) == 0)
        {
            break;
        }
    }

    if (i == cmcf->stores.nelts) {
        if (ngx_array_push(&cmcf->stores) == NULL) {
            return NGX_CONF_ERROR;
        }

        wanted = cmcf->stores.elts;
        ngx_memzero(&wanted[i], sizeof(ngx_http_credverify_wanted_t));
        wanted[i].path = clcf->store;
    }

    if (clcf->brands != NULL) {
        wanted[i].keyed = 1;
    }

    if (clcf->issuance != NULL) {
        wanted[i].written = 1;
    }

    if ((clcf->brands != NULL && clcf->keyless.len != 0)
        || ngx_http_credverify_guessable(clcf))
    {
        wanted[i].visited = 1;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_credverify_use_document(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t     i;
    cv_format_t   *format;

    clcf->compiled = ngx_http_credverify_find_document(cf, clcf,
                                                       &clcf->document);
    if (clcf->compiled == NULL) {
        return NGX_CONF_ERROR;
    }

    if (clcf->formats == NULL
        && ngx_http_credverify_default_format(cf, clcf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_credverify_default_theme(cf, clcf) != NGX_OK
        || ngx_http_credverify_frame(cf, clcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_credverify_settle(cf, clcf);

    if (ngx_http_credverify_check_outcomes(cf, clcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    format = clcf->formats->elts;

    for (i = 0; i < clcf->formats->nelts; i++) {
        if (!cv_document_has(clcf->compiled->document, format[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" does not come in the format \"%*s\"",
                               &clcf->compiled->path,
                               cv_format_names[format[i]].len,
                               cv_format_names[format[i]].data);
            return NGX_CONF_ERROR;
        }

        if (format[i] == CV_FORMAT_PNG
            && ngx_http_credverify_check_png(cf) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_credverify_check_png(ngx_conf_t *cf)
{
    const char                *missing;
    ngx_http_core_loc_conf_t  *lcf;

    missing = ngx_http_credverify_use_png(cf);

    if (missing != NULL) {
        lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the format \"png\" of location \"%V\" %s",
                           &lcf->name, missing);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the document of that name in the location's view; compiled once */

static ngx_http_credverify_document_t *
ngx_http_credverify_find_document(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *name)
{
    ngx_str_t                         path;
    ngx_uint_t                        i;
    ngx_http_credverify_document_t  **doc, *compiled;
    ngx_http_credverify_main_conf_t  *cmcf;

    path.len = clcf->views.len + 1 + clcf->view.len + 1 + name->len;
    path.data = ngx_pnalloc(cf->pool, path.len + 1);
    if (path.data == NULL) {
        return NULL;
    }

    ngx_sprintf(path.data, "%V/%V/%V%Z", &clcf->views, &clcf->view, name);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    doc = cmcf->documents.elts;

    for (i = 0; i < cmcf->documents.nelts; i++) {
        if (doc[i]->path.len == path.len
            && ngx_strcmp(doc[i]->path.data, path.data) == 0)
        {
            return doc[i];
        }
    }

    compiled = ngx_http_credverify_compile(cf, clcf, &path, name);
    doc = compiled != NULL ? ngx_array_push(&cmcf->documents) : NULL;

    if (doc == NULL) {
        return NULL;
    }

    *doc = compiled;

    return compiled;
}


/* a list has items, each with a verdict; what is found has none */

static ngx_int_t
ngx_http_credverify_check_outcomes(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_http_credverify_list_conf_t  *list;

    list = clcf->list;

    if (clcf->badges != NULL
        && ngx_http_credverify_badge_documents(cf, clcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (list != NULL) {
        list->item = ngx_http_credverify_find_document(cf, clcf, &list->name);

        if (list->item == NULL
            || ngx_http_credverify_check_knows(cf, list->item, CV_VALID)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (!cv_document_has(list->item->document, CV_FORMAT_JSON)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" does not come in the format \"json\", "
                               "which items have", &list->item->path);
            return NGX_ERROR;
        }
    }

    if (clcf->issuance != NULL
        && ngx_http_credverify_issuance_documents(cf, clcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (clcf->holder != NULL || list != NULL || clcf->issuance != NULL) {
        return ngx_http_credverify_check_knows(cf, clcf->compiled, CV_FOUND);
    }

    return clcf->handles == NULL && clcf->badges == NULL
           ? NGX_OK
           : ngx_http_credverify_check_knows(cf, clcf->compiled, CV_VALID);
}


/* of Open Badges only an assertion has a verdict */

static ngx_int_t
ngx_http_credverify_badge_documents(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t                       i, n;
    ngx_http_credverify_document_t  *doc;

    static ngx_str_t  names[] = {
        ngx_string("assertion"), ngx_string("class"), ngx_string("issuer"),
        ngx_string("key"), ngx_string("revocations")
    };

    n = clcf->badges->nsites != 0 ? NGX_HTTP_CREDVERIFY_BADGE_DOCUMENTS
                                  : NGX_HTTP_CREDVERIFY_UNSIGNED;

    for (i = 0; i < n; i++) {
        doc = ngx_http_credverify_find_document(cf, clcf, &names[i]);

        if (doc == NULL
            || ngx_http_credverify_check_knows(cf, doc,
                   i == NGX_HTTP_CREDVERIFY_ASSERTION ? CV_VALID : CV_FOUND)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        clcf->badges->documents[i] = doc;
    }

    return NGX_OK;
}


/* the location's own document is also that of each in a list */

static ngx_int_t
ngx_http_credverify_issuance_documents(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    static ngx_str_t  name = ngx_string("credentials");

    if (clcf->issuance->prefix != 0) {
        clcf->issuance->list = ngx_http_credverify_find_document(cf, clcf,
                                                                 &name);
        if (clcf->issuance->list == NULL
            || ngx_http_credverify_check_knows(cf, clcf->issuance->list,
                                               CV_FOUND)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_credverify_issuance_form(cf, clcf);
}


static ngx_int_t
ngx_http_credverify_check_knows(ngx_conf_t *cf,
    ngx_http_credverify_document_t *doc, cv_outcome_t outcome)
{
    if (cv_document_knows(doc->document, outcome)) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" has no outcome \"%*s\", which is needed here",
                       &doc->path, cv_outcomes[outcome].name.len,
                       cv_outcomes[outcome].name.data);

    return NGX_ERROR;
}


static void
ngx_http_credverify_settle(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t                   i;
    ngx_http_credverify_link_t  *link;

    ngx_http_credverify_settle_value(cf, clcf->format);
    ngx_http_credverify_settle_value(cf, clcf->theme);

    link = clcf->links != NULL ? clcf->links->elts : NULL;

    for (i = 0; link != NULL && i < clcf->links->nelts; i++) {
        ngx_http_credverify_settle_value(cf, &link[i].value);
    }

    if (clcf->holder != NULL) {
        ngx_http_credverify_settle_value(cf, clcf->holder);
    }

    if (clcf->list != NULL) {
        ngx_http_credverify_settle_value(cf, &clcf->list->wallet);
        ngx_http_credverify_settle_value(cf, &clcf->list->limit);
        ngx_http_credverify_settle_value(cf, &clcf->list->cursor);
    }

    ngx_http_credverify_settle_handles(cf, clcf->handles);
}


/* the argument "format", and all that the document comes in here */

static char *
ngx_http_credverify_default_format(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t     value;
    cv_format_t   i, *format;

    clcf->any_format = 1;

    ngx_str_set(&value, "$arg_format");

    if (ngx_http_credverify_set_format(cf, clcf, &value) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < CV_FORMATS; i++) {
        if (cv_document_has(clcf->compiled->document, i)
            && (i != CV_FORMAT_PNG || ngx_http_credverify_use_png(cf) == NULL))
        {
            format = ngx_array_push(clcf->formats);
            *format = i;
        }
    }

    return NGX_CONF_OK;
}


static ngx_http_credverify_document_t *
ngx_http_credverify_compile(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *path, ngx_str_t *name)
{
    cv_error_t                       error;
    ngx_pool_cleanup_t              *cln;
    ngx_http_credverify_document_t  *doc;

    doc = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_document_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (doc == NULL || cln == NULL) {
        return NULL;
    }

    doc->path = *path;
    doc->name = clcf->view;

    /* the directory for a moment ends where the document's name begins */

    path->data[path->len - name->len - 1] = '\0';

    if (cv_document_load(&doc->document, (char *) path->data,
                         (char *) name->data, &error)
        != CV_OK)
    {
        path->data[path->len - name->len - 1] = '/';

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "credverify: %s", error.text);

        return NULL;
    }

    path->data[path->len - name->len - 1] = '/';

    cln->handler = ngx_http_credverify_document_cleanup;
    cln->data = doc->document;

    return ngx_http_credverify_policies(cf, doc) == NGX_OK ? doc : NULL;
}


static void
ngx_http_credverify_document_cleanup(void *data)
{
    cv_document_free(data);
}
