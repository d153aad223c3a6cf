
/*
 * Copyright (C) The credverify authors
 *
 * credverify_key: API keys, in the ACCESS phase, for any content handler.
 */

#include "ngx_http_credverify_issuance.h"


/* what a request shows, and what is found out about it in the snapshot */

typedef struct {
    ngx_http_request_t               *r;
    ngx_http_credverify_loc_conf_t   *clcf;
    cv_str_t                          text;
    const cv_demand_t                *demand;
    ngx_uint_t                        argument;   /* it came in the URL */
    cv_str_t                          origin;
    ngx_http_credverify_bearer_t     *bearer;
    cv_refusal_t                      refusal;
} ngx_http_credverify_showing_t;


static ngx_http_credverify_bearer_t *ngx_http_credverify_ask(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_credverify_preflighted(
    ngx_http_credverify_showing_t *showing);
static cv_outcome_t ngx_http_credverify_show(
    ngx_http_credverify_showing_t *showing);
static cv_outcome_t ngx_http_credverify_header_key(ngx_http_request_t *r,
    cv_str_t *text);
static ngx_int_t ngx_http_credverify_is(ngx_table_elt_t *header,
    const char *name, size_t len);
static cv_str_t ngx_http_credverify_bearer_text(ngx_str_t *value);
static ngx_uint_t ngx_http_credverify_wanted(
    ngx_http_credverify_showing_t *showing);
static cv_outcome_t ngx_http_credverify_argument_key(
    ngx_http_credverify_showing_t *showing);
static cv_str_t ngx_http_credverify_origin(ngx_http_request_t *r);
static ngx_int_t ngx_http_credverify_without_key(
    ngx_http_credverify_showing_t *showing);
static cv_err_t ngx_http_credverify_keyless_tier(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_authorize(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_keep(ngx_http_credverify_showing_t *showing,
    cv_authorization_t *authorization);


/* credverify_key off | any | brand ... */

char *
ngx_http_credverify_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    cv_str_t    *brand;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (clcf->brands != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        clcf->brands = NULL;
        return NGX_CONF_OK;
    }

    clcf->brands = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                    sizeof(cv_str_t));
    if (clcf->brands == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "any") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (!cv_key_is_brand(cv_str(value[i].data, value[i].len))
            || ngx_strcmp(value[i].data, "any") == 0
            || ngx_strcmp(value[i].data, "off") == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid brand \"%V\": it has letters and "
                               "digits only, at most %d, and \"any\" and "
                               "\"off\" stand alone", &value[i],
                               CV_KEY_BRAND_MAX);
            return NGX_CONF_ERROR;
        }

        brand = ngx_array_push(clcf->brands);
        *brand = cv_str(value[i].data, value[i].len);
    }

    return NGX_CONF_OK;
}


/* credverify_scope scope: it is quoted in an answer (RFC 6750, 3) */

char *
ngx_http_credverify_scope(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t  *value;

    if (clcf->scope.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_http_credverify_is_scope(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid scope \"%V\": it has visible ASCII "
                           "characters only, no quote and no backslash",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    clcf->scope = value[1];

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_credverify_is_scope(const ngx_str_t *scope)
{
    ngx_uint_t  i;

    for (i = 0; i < scope->len; i++) {
        if (scope->data[i] <= ' ' || scope->data[i] >= 0x7f
            || scope->data[i] == '"' || scope->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


/* credverify_keyless off | tier [format ...] */

char *
ngx_http_credverify_keyless(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t    *value;
    ngx_uint_t    i;
    cv_format_t   format;

    if (clcf->keyless.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    clcf->keyless = value[1];
    clcf->keyless_formats = 0;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&clcf->keyless, "");
    }

    for (i = 2; i < cf->args->nelts; i++) {
        format = cv_format_find(cv_str(value[i].data, value[i].len));

        if (format == CV_FORMATS) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown format \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        clcf->keyless_formats |= 1u << format;
    }

    if (clcf->keyless_formats == 0) {
        clcf->keyless_formats = (2u << CV_FORMATS) - 1;
    }

    return NGX_CONF_OK;
}


void
ngx_http_credverify_make_demands(ngx_http_credverify_loc_conf_t *clcf)
{
    cv_demand_t  *demand;

    static uint64_t  serial;

    demand = &clcf->demand;

    demand->brands = clcf->brands->elts;
    demand->nbrands = clcf->brands->nelts;
    demand->classes = (unsigned) clcf->key_classes;

    /* counts are those of live credentials: nobody may try them out */

    if (clcf->issuance != NULL && clcf->issuance->prefix == 0) {
        demand->classes &= ~(1u << CV_KEY_TEST);
    }

    demand->serial = ++serial;

    if (clcf->scope.len != 0) {
        demand->scope = cv_str(clcf->scope.data, clcf->scope.len);
    }

    if (clcf->feature.len != 0) {
        demand->feature = cv_str(clcf->feature.data, clcf->feature.len);
    }

    /*
     * What everybody can see is good for nothing but a badge: it opens nothing
     * else that was not said to take such keys.
     */

    clcf->argument_demand = *demand;
    clcf->argument_demand.classes &= 1u << CV_KEY_BADGE;

    if (clcf->handles != NULL) {
        clcf->argument_demand.classes = 1u << CV_KEY_BADGE;
    }

    clcf->argument_demand.serial = ++serial;

    if (clcf->issuance != NULL) {
        clcf->issuance->reading = *demand;
        clcf->issuance->reading.scope = cv_str(clcf->issuance->read.data,
                                               clcf->issuance->read.len);
        clcf->issuance->reading.serial = ++serial;
    }
}


/*
 * Subrequests pass with the key of the request that they are of: nginx does
 * not call this for them.
 */

ngx_int_t
ngx_http_credverify_access_handler(ngx_http_request_t *r)
{
    cv_err_t                        err;
    ngx_uint_t                      keyless;
    cv_outcome_t                    outcome;
    const cv_refusal_t             *refusal;
    ngx_http_credverify_showing_t   showing;

    ngx_memzero(&showing, sizeof(ngx_http_credverify_showing_t));

    showing.r = r;
    showing.clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    if (showing.clcf->brands == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_credverify_preflighted(&showing)) {
        return ngx_http_credverify_end(r,
                   ngx_http_credverify_preflight(r,
                                             showing.clcf->handler != NULL));
    }

    /* what no key could have is refused as it is without one */

    if (showing.clcf->handler != NULL
        && !(r->method
             & (ngx_http_credverify_methods(r, showing.clcf)->bits
                |NGX_HTTP_OPTIONS)))
    {
        return NGX_DECLINED;
    }

    showing.bearer = ngx_http_credverify_ask(r);
    if (showing.bearer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    outcome = r->method != NGX_HTTP_OPTIONS
              ? ngx_http_credverify_check_version(r, showing.clcf, &refusal)
              : CV_VALID;

    if (outcome != CV_VALID) {
        showing.bearer->outcome = outcome;
        return ngx_http_credverify_refuse(r, outcome, refusal);
    }

    outcome = ngx_http_credverify_show(&showing);

    keyless = outcome == CV_MISSING_API_KEY
              && ngx_http_credverify_without_key(&showing);

    if (outcome == CV_VALID || keyless) {
        err = ngx_http_credverify_read(
                  ngx_http_credverify_store(&showing.clcf->store),
                  keyless ? ngx_http_credverify_keyless_tier
                          : ngx_http_credverify_authorize, &showing);

        outcome = err == CV_ERR_NOMEM ? CV_SERVER_ERROR
                : err != CV_OK ? CV_STORE_UNAVAILABLE
                               : showing.bearer->outcome;

        if (outcome == CV_STORE_UNAVAILABLE) {
            ngx_http_credverify_count_failure(showing.clcf, err);
        }
    }

    showing.bearer->outcome = outcome;

    return outcome == CV_VALID
           ? NGX_OK : ngx_http_credverify_refuse(r, outcome, &showing.refusal);
}


/*
 * Whoever was asked is known, whatever comes of it: with "satisfy any" another
 * module may let in who has no key.
 */

static ngx_http_credverify_bearer_t *
ngx_http_credverify_ask(ngx_http_request_t *r)
{
    ngx_http_credverify_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->bearer = ngx_pcalloc(r->pool, sizeof(ngx_http_credverify_bearer_t));
    if (ctx->bearer == NULL) {
        return NULL;
    }

    ctx->outcome = CV_OUTCOMES;
    ctx->bearer->outcome = CV_MISSING_API_KEY;

    ngx_http_set_ctx(r, ctx, ngx_http_credverify_module);

    return ctx->bearer;
}


/*
 * A browser asks before it sends a key (Fetch, 3.3).  Where others decide, too,
 * who gets in, such as by address, it is not for us to open what they guard to
 * the scripts of any site.
 */

static ngx_int_t
ngx_http_credverify_preflighted(ngx_http_credverify_showing_t *showing)
{
    ngx_uint_t                 i;
    ngx_list_part_t           *part;
    ngx_table_elt_t           *header;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *lcf;

    r = showing->r;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->method != NGX_HTTP_OPTIONS
        || (lcf->satisfy == NGX_HTTP_SATISFY_ANY
            && showing->clcf->handler == NULL))
    {
        return 0;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_credverify_is(&header[i],
                    "access-control-request-method",
                    sizeof("access-control-request-method") - 1))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* CV_VALID, with the key's text; CV_MISSING_API_KEY if there is none */

static cv_outcome_t
ngx_http_credverify_show(ngx_http_credverify_showing_t *showing)
{
    cv_outcome_t  outcome;

    showing->demand = ngx_http_credverify_issuance_demand(showing->r,
                                                          showing->clcf);

    outcome = ngx_http_credverify_header_key(showing->r, &showing->text);

    if (outcome == CV_VALID && !cv_present(showing->text)
        && showing->clcf->key_argument.len != 0)
    {
        outcome = ngx_http_credverify_argument_key(showing);
    }

    return outcome == CV_VALID && !cv_present(showing->text)
           ? CV_MISSING_API_KEY : outcome;
}


/* the name is in lower case, as nginx has it of each */

static ngx_int_t
ngx_http_credverify_is(ngx_table_elt_t *header, const char *name, size_t len)
{
    return header->key.len == len
           && ngx_memcmp(header->lowcase_key, name, len) == 0;
}


/* whichever header it is in, and however often: there is one key, or none */

static cv_outcome_t
ngx_http_credverify_header_key(ngx_http_request_t *r, cv_str_t *text)
{
    cv_str_t          found;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    *text = CV_ABSENT;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_credverify_is(&header[i], "x-api-key",
                                       sizeof("x-api-key") - 1))
            {
                found = ngx_http_credverify_trim(&header[i].value);

            } else if (ngx_http_credverify_is(&header[i], "authorization",
                                              sizeof("authorization") - 1))
            {
                found = ngx_http_credverify_bearer_text(&header[i].value);

            } else {
                continue;
            }

            if (found.len == 0) {
                continue;
            }

            if (cv_present(*text) && !cv_str_eq(*text, found)) {
                return CV_AMBIGUOUS_API_KEY;
            }

            *text = found;
        }
    }

    return CV_VALID;
}


/* RFC 6750, 2.1; another scheme is somebody else's */

static cv_str_t
ngx_http_credverify_bearer_text(ngx_str_t *value)
{
    size_t     i;
    cv_str_t   text;
    ngx_str_t  rest;

    static const u_char  scheme[] = "bearer ";

    text = ngx_http_credverify_trim(value);

    if (text.len <= sizeof(scheme) - 1) {
        return CV_ABSENT;
    }

    for (i = 0; i < sizeof(scheme) - 1; i++) {
        if ((text.data[i] | 0x20) != scheme[i]) {
            return CV_ABSENT;
        }
    }

    rest.data = (u_char *) (uintptr_t) text.data + sizeof(scheme) - 1;
    rest.len = text.len - (sizeof(scheme) - 1);

    return ngx_http_credverify_trim(&rest);
}


/* nginx takes away spaces around a value, and leaves tabs (RFC 9110, 5.5) */

cv_str_t
ngx_http_credverify_trim(ngx_str_t *value)
{
    u_char  *p, *last;

    p = value->data;
    last = p + value->len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (p < last && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    return cv_str(p, (size_t) (last - p));
}


/*
 * What stands in an image or a frame cannot send headers: a key made for
 * that, which everybody can see, may come in the URL.
 */

static cv_outcome_t
ngx_http_credverify_argument_key(ngx_http_credverify_showing_t *showing)
{
    ngx_http_credverify_value_t  value;

    /* programs that ask for JSON can send a header */

    if (!(ngx_http_credverify_wanted(showing)
          & ~(1u << CV_FORMAT_JSON)))
    {
        return CV_VALID;
    }

    ngx_memzero(&value, sizeof(ngx_http_credverify_value_t));
    value.argument = showing->clcf->key_argument;

    if (ngx_http_credverify_evaluate_handle(showing->r, &value, &showing->text)
        != NGX_OK)
    {
        return CV_SERVER_ERROR;
    }

    if (!cv_present(showing->text)) {
        return CV_VALID;
    }

    showing->argument = 1;
    showing->origin = ngx_http_credverify_origin(showing->r);
    showing->demand = &showing->clcf->argument_demand;

    return CV_VALID;
}


/* the site that asks, by Origin, else by the beginning of Referer */

static cv_str_t
ngx_http_credverify_origin(ngx_http_request_t *r)
{
    u_char           *p, *last;
    cv_str_t          referer;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    referer = CV_ABSENT;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_credverify_is(&header[i], "origin", 6)) {
                return cv_str(header[i].value.data, header[i].value.len);
            }

            if (ngx_http_credverify_is(&header[i], "referer", 7)) {
                referer = cv_str(header[i].value.data, header[i].value.len);
            }
        }
    }

    if (!cv_present(referer)) {
        return CV_ABSENT;
    }

    last = (u_char *) (uintptr_t) referer.data + referer.len;
    p = ngx_strlcasestrn((u_char *) (uintptr_t) referer.data, last,
                         (u_char *) "://", 3 - 1);

    if (p == NULL) {
        return CV_ABSENT;
    }

    for (p += 3; p < last && *p != '/' && *p != '?' && *p != '#'; p++) {
        /* void */
    }

    return cv_str(referer.data, (size_t) (p - referer.data));
}


/* where no key is needed the client's address is what is counted */

static ngx_int_t
ngx_http_credverify_without_key(ngx_http_credverify_showing_t *showing)
{
    return showing->clcf->keyless.len != 0
           && (showing->clcf->keyless_formats
               & ngx_http_credverify_wanted(showing));
}


/* the format that is asked for, as a bit; what others answer is in none */

static ngx_uint_t
ngx_http_credverify_wanted(ngx_http_credverify_showing_t *showing)
{
    ngx_uint_t   negotiated;
    cv_format_t  format;

    if (showing->clcf->handles == NULL && showing->clcf->list == NULL
        && showing->clcf->holder == NULL)
    {
        return 1u << CV_FORMATS;
    }

    return ngx_http_credverify_choose(showing->r, showing->clcf, &format,
                                      &negotiated)
           != NGX_ERROR ? 1u << format : 0;
}


static cv_err_t
ngx_http_credverify_keyless_tier(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_showing_t  *showing = arg;

    cv_err_t      err;
    cv_str_t      id;
    cv_tier_t     tier;
    cv_error_t    error;

    id = cv_str(showing->clcf->keyless.data, showing->clcf->keyless.len);

    if (!cv_get_by_id(txn, CV_TIER, id, &tier, NULL)) {
        err = cv_txn_err(txn, NULL);

        if (err != CV_OK) {
            return err;
        }

        (void) cv_error_set(&error, CV_ERR_MISSING, "%s: there is no tier "
                            "\"%.*s\", which \"credverify_keyless\" names",
                            showing->clcf->store.data, CV_FMT(id));

        ngx_http_credverify_complain(
            ngx_http_credverify_store(&showing->clcf->store), error.text);

        showing->bearer->outcome = CV_STORE_UNAVAILABLE;

        return CV_OK;
    }

    cv_limits_read(&showing->bearer->limits, &tier);

    showing->bearer->tier = showing->clcf->keyless;
    showing->bearer->outcome = CV_VALID;

    return CV_OK;
}


static cv_err_t
ngx_http_credverify_authorize(cv_verifier_t *verifier, cv_txn_t *txn, void *arg)
{
    ngx_http_credverify_showing_t  *showing = arg;

    cv_err_t            err;
    cv_authorization_t  authorization;

    err = cv_authorize(&authorization, cv_verifier_authorizer(verifier), txn,
                       showing->demand, showing->text,
                       ngx_http_credverify_now());

    if (err != CV_OK) {
        return err;
    }

    if (authorization.outcome == CV_VALID && showing->argument
        && !cv_access_origin(authorization.origins, showing->origin))
    {
        authorization.outcome = CV_ORIGIN_NOT_ALLOWED;
    }

    return ngx_http_credverify_keep(showing, &authorization);
}


/* what outlives the snapshot */

static cv_err_t
ngx_http_credverify_keep(ngx_http_credverify_showing_t *showing,
    cv_authorization_t *authorization)
{
    u_char                        *p;
    cv_str_t                       id, tier, scopes;
    ngx_http_credverify_bearer_t  *bearer;

    bearer = showing->bearer;
    bearer->outcome = authorization->outcome;

    id = authorization->id;
    tier = authorization->tier;
    scopes = authorization->outcome == CV_INSUFFICIENT_SCOPE
             ? authorization->scopes : CV_ABSENT;

    p = ngx_pnalloc(showing->r->pool, id.len + tier.len + scopes.len + 1);
    if (p == NULL) {
        return CV_ERR_NOMEM;
    }

    p = ngx_http_credverify_copy(&bearer->key, p, id);
    p = ngx_http_credverify_copy(&bearer->tier, p, tier);

    if (cv_present(scopes)) {
        ngx_memcpy(p, scopes.data, scopes.len);
        showing->refusal.present = cv_str(p, scopes.len);
    }

    if (authorization->outcome == CV_INSUFFICIENT_SCOPE) {
        showing->refusal.required = showing->demand->scope;

        if (!cv_present(scopes)) {
            showing->refusal.present = CV_DOC_EMPTY_ARRAY;
        }

    } else if (authorization->outcome == CV_PAYMENT_REQUIRED) {
        showing->refusal.required = showing->demand->feature;
    }

    bearer->number = authorization->number;
    bearer->uid = authorization->uid;
    bearer->issuer = authorization->issuer;
    bearer->class = authorization->class;
    bearer->limits = authorization->limits;

    return showing->argument
           && ngx_http_credverify_frame_origins(showing->r,
                                                authorization->origins,
                                                &bearer->ancestors)
              != NGX_OK ? CV_ERR_NOMEM : CV_OK;
}
