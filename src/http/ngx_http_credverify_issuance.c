
/*
 * Copyright (C) The credverify authors
 *
 * credverify_issuance: credentials are made, issued, sent and taken back below
 * a location, by whose keys may.  credverify_progress_update: how far a holder
 * has come, which issues what that completes.
 */

#include "ngx_http_credverify_issuance.h"
#include "ngx_http_credverify_list.h"
#include "ngx_http_credverify_write.h"


typedef enum {
    NGX_HTTP_CREDVERIFY_NOWHERE = 0,
    NGX_HTTP_CREDVERIFY_ALL,            /* the location itself */
    NGX_HTTP_CREDVERIFY_ONE,            /* /ID */
    NGX_HTTP_CREDVERIFY_DO              /* /ID/VERB, /create-issue-send */
} ngx_http_credverify_place_kind_t;

/* What the path of a request leads to. */

typedef struct {
    ngx_http_credverify_place_kind_t  kind;
    cv_operate_t                     verb;
    cv_str_t                         id;        /* of the URI; or absent */
} ngx_http_credverify_route_t;

typedef struct {
    ngx_http_credverify_job_t        job;
    cv_operation_t                   operation;
    cv_managed_t                     managed;
    cv_outcome_t                     outcome;
    cv_error_t                       error;
} ngx_http_credverify_finding_one_t;


static ngx_int_t ngx_http_credverify_issuance_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *lcf);
static cv_str_t ngx_http_credverify_issuance_place(ngx_conf_t *cf,
    ngx_str_t *name);
static void ngx_http_credverify_issuance_form_cleanup(void *data);
static void ngx_http_credverify_issuance_route(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_credverify_route_t *route);
static ngx_int_t ngx_http_credverify_issuance_read(
    ngx_http_request_t *r, cv_str_t id);
static cv_err_t ngx_http_credverify_issuance_find(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static ngx_int_t ngx_http_credverify_issuance_write(ngx_http_request_t *r);
static void ngx_http_credverify_issuance_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_credverify_issuance_do(
    ngx_http_credverify_job_t *job);
static cv_outcome_t ngx_http_credverify_issuance_operation(
    ngx_http_credverify_job_t *job, cv_operation_t *operation,
    const cv_refusal_t **refusal);
static cv_outcome_t ngx_http_credverify_idempotency(ngx_http_request_t *r,
    cv_str_t *key);


static const ngx_http_credverify_methods_t  ngx_http_credverify_both = {
    NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST, "GET, HEAD, POST",
    "GET, HEAD, POST, OPTIONS"
};

static const ngx_http_credverify_methods_t  ngx_http_credverify_puts = {
    NGX_HTTP_PUT, "PUT", "PUT, OPTIONS"
};

#define ngx_http_credverify_lost(text)                                        \
    { .detail = { (const uint8_t *) text, sizeof(text) - 1 } }

static const cv_refusal_t  ngx_http_credverify_no_credential =
    ngx_http_credverify_lost("There is no such credential.");

static const cv_refusal_t  ngx_http_credverify_no_action =
    ngx_http_credverify_lost("There is no such action.");

static const cv_refusal_t  ngx_http_credverify_no_user =
    ngx_http_credverify_lost("There is no such user.");

static const struct {
    cv_str_t      name;
    cv_operate_t  verb;
} ngx_http_credverify_verbs[] = {
    { { (const uint8_t *) "issue", 5 }, CV_OPERATE_ISSUE },
    { { (const uint8_t *) "send", 4 }, CV_OPERATE_SEND },
    { { (const uint8_t *) "claim", 5 }, CV_OPERATE_CLAIM },
    { { (const uint8_t *) "use", 3 }, CV_OPERATE_USE },
    { { (const uint8_t *) "refund", 6 }, CV_OPERATE_REFUND },
    { { (const uint8_t *) "revoke", 6 }, CV_OPERATE_REVOKE },
    { { (const uint8_t *) "pend", 4 }, CV_OPERATE_PEND },
};


/* credverify_issuance [read=scope] [write=scope] */

char *
ngx_http_credverify_issuance_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t                            *args;
    ngx_uint_t                            i;
    ngx_http_core_loc_conf_t             *lcf;
    ngx_http_credverify_issuance_conf_t  *conf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (ngx_http_credverify_issuance_location(cf, lcf) != NGX_OK) {
        return "answers at and below a location that is a prefix, and does "
               "not end with \"/\"";
    }

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_issuance_conf_t));
    if (conf == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&conf->document, "credential");
    ngx_str_set(&conf->read, "credentials:read");
    ngx_str_set(&conf->write, "credentials:write");

    args = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if ((!ngx_http_credverify_list_parameter(&args[i], "read", &conf->read)
             && !ngx_http_credverify_list_parameter(&args[i], "write",
                                                    &conf->write))
            || !ngx_http_credverify_is_scope(&conf->read)
            || !ngx_http_credverify_is_scope(&conf->write))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": it must be read= or "
                               "write= and a scope", &args[i]);
            return NGX_CONF_ERROR;
        }
    }

    conf->prefix = lcf->name.len;
    conf->place = ngx_http_credverify_issuance_place(cf, &lcf->name);

    clcf->issuance = conf;
    clcf->methods = &ngx_http_credverify_both;

    return cv_present(conf->place) ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_credverify_issuance_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *lcf)
{
    return lcf->name.len == 0 || lcf->name.data[lcf->name.len - 1] == '/'
           || lcf->exact_match || lcf->named
#if (NGX_PCRE)
           || lcf->regex != NULL
#endif
           ? NGX_ERROR : NGX_OK;
}


/* the location's name, as URLs have it */

static cv_str_t
ngx_http_credverify_issuance_place(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char  *p, *last;

    p = ngx_pnalloc(cf->pool, 3 * name->len);
    if (p == NULL) {
        return CV_ABSENT;
    }

    last = (u_char *) ngx_escape_uri(p, name->data, name->len, NGX_ESCAPE_URI);

    return cv_str(p, (size_t) (last - p));
}


/* credverify_progress_update holder=value category=value */

char *
ngx_http_credverify_update_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_str_t                            *args, holder, class;
    ngx_uint_t                            i;
    ngx_http_credverify_issuance_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_issuance_conf_t));
    if (conf == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&conf->document, "progress-update");
    ngx_str_null(&holder);
    ngx_str_null(&class);

    args = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_http_credverify_list_parameter(&args[i], "holder", &holder)
            && !ngx_http_credverify_list_parameter(&args[i], "category",
                                                   &class))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": it must be holder= "
                               "or category= and a value", &args[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (holder.len == 0 || class.len == 0) {
        return "needs holder= and category=";
    }

    clcf->issuance = conf;
    clcf->methods = &ngx_http_credverify_puts;

    return ngx_http_credverify_compile_value(cf, &holder, &conf->holder)
           == NGX_OK
           && ngx_http_credverify_compile_value(cf, &class, &conf->class)
              == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_credverify_issuance_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf)
{
    const char  *missing;

    if (conf->issuance == NULL) {
        return NGX_OK;
    }

    missing = conf->brands == NULL
              ? "is for keys alone, and needs \"credverify_key\""
              : ngx_http_credverify_use_threads(cf);

    if (missing != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" %s",
                           &conf->content->name, missing);
        return NGX_ERROR;
    }

    if (conf->issuance->prefix != 0) {

        if (conf->scope.len != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"credverify_issuance\" has scopes of its own, "
                               "read= and write=, instead of "
                               "\"credverify_scope\"");
            return NGX_ERROR;
        }

        conf->scope = conf->issuance->write;
    }

    return ngx_http_credverify_json_only(cf, conf);
}


ngx_int_t
ngx_http_credverify_issuance_form(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    u_char              *dir;
    cv_error_t           error;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    dir = ngx_pnalloc(cf->pool, clcf->views.len + 1 + clcf->view.len + 1);

    if (cln == NULL || dir == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(dir, "%V/%V%Z", &clcf->views, &clcf->view);

    if (cv_form_load(&clcf->issuance->form, (char *) dir,
                     (char *) clcf->document.data, &error)
        != CV_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "credverify: %s", error.text);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_credverify_issuance_form_cleanup;
    cln->data = clcf->issuance->form;

    return NGX_OK;
}


static void
ngx_http_credverify_issuance_form_cleanup(void *data)
{
    cv_form_free(data);
}


/* the path below the location; an internal redirect may have come with any */

static void
ngx_http_credverify_issuance_route(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_http_credverify_route_t *route)
{
    u_char      *p, *last, *slash;
    cv_str_t     name;
    ngx_uint_t   i;

    ngx_memzero(route, sizeof(ngx_http_credverify_route_t));

    if (r->uri.len < clcf->issuance->prefix) {
        return;
    }

    p = r->uri.data + clcf->issuance->prefix;
    last = r->uri.data + r->uri.len;

    if (p == last) {
        route->kind = NGX_HTTP_CREDVERIFY_ALL;
        route->verb = CV_OPERATE_CREATE;
        return;
    }

    if (*p++ != '/' || p == last) {
        return;
    }

    slash = ngx_strlchr(p, last, '/');
    route->id = cv_str(p, (size_t) ((slash != NULL ? slash : last) - p));

    if (slash == NULL) {

        if (cv_str_eq(route->id, CV_STR("create-issue-send"))) {
            route->id = CV_ABSENT;
            route->kind = NGX_HTTP_CREDVERIFY_DO;
            route->verb = CV_OPERATE_CREATE_ISSUE_SEND;

        } else {
            route->kind = NGX_HTTP_CREDVERIFY_ONE;
        }

        return;
    }

    name = cv_str(slash + 1, (size_t) (last - slash - 1));

    for (i = 0; i < sizeof(ngx_http_credverify_verbs)
                    / sizeof(ngx_http_credverify_verbs[0]); i++)
    {
        if (cv_str_eq(name, ngx_http_credverify_verbs[i].name)) {
            route->kind = NGX_HTTP_CREDVERIFY_DO;
            route->verb = ngx_http_credverify_verbs[i].verb;
        }
    }
}


const ngx_http_credverify_methods_t *
ngx_http_credverify_methods(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_http_credverify_route_t  route;

    if (clcf->issuance == NULL || clcf->issuance->prefix == 0) {
        return clcf->methods;
    }

    ngx_http_credverify_issuance_route(r, clcf, &route);

    /* a search is no credential, whether or not there is one */

    if (route.kind == NGX_HTTP_CREDVERIFY_DO
        || (route.kind == NGX_HTTP_CREDVERIFY_ONE
            && cv_str_eq(route.id, CV_STR("search"))))
    {
        return &ngx_http_credverify_posts;
    }

    return route.kind == NGX_HTTP_CREDVERIFY_ONE ? &ngx_http_credverify_reads
                                                 : clcf->methods;
}


const cv_demand_t *
ngx_http_credverify_issuance_demand(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf)
{
    return clcf->issuance != NULL && clcf->issuance->prefix != 0
           && r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)
           ? &clcf->issuance->reading : &clcf->demand;
}


ngx_int_t
ngx_http_credverify_issuance_handler(ngx_http_request_t *r)
{
    ngx_http_credverify_route_t      route;
    ngx_http_credverify_loc_conf_t  *clcf;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    if (clcf->issuance->prefix == 0
        || !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)))
    {
        return ngx_http_credverify_issuance_write(r);
    }

    ngx_http_credverify_issuance_route(r, clcf, &route);

    return route.kind == NGX_HTTP_CREDVERIFY_ALL
           ? ngx_http_credverify_issuance_list(r)
           : ngx_http_credverify_issuance_read(r,
                 route.kind == NGX_HTTP_CREDVERIFY_ONE ? route.id : CV_ABSENT);
}


/* others may let somebody in whom no key stands for */

cv_outcome_t
ngx_http_credverify_issuance_bearer(ngx_http_credverify_job_t *job)
{
    return job->outcome != CV_VALID ? job->outcome
           : job->bearer != NULL && job->bearer->outcome == CV_VALID
             && job->bearer->number != 0 ? CV_VALID : CV_MISSING_API_KEY;
}


void
ngx_http_credverify_issuance_ask(ngx_http_credverify_job_t *job,
    cv_operation_t *operation)
{
    ngx_memzero(operation, sizeof(cv_operation_t));

    ngx_http_credverify_served(job->clcf, &operation->issuers,
                               &operation->nissuers);

    operation->form = job->clcf->issuance->form;
    operation->key_issuer = job->bearer->issuer;
    operation->test = ngx_http_credverify_tests(job->bearer);
    operation->now = job->now;
}


static ngx_int_t
ngx_http_credverify_issuance_read(ngx_http_request_t *r, cv_str_t id)
{
    cv_outcome_t                        outcome;
    ngx_http_credverify_job_t          *job;
    ngx_http_credverify_finding_one_t   finding;

    job = &finding.job;

    if (ngx_http_credverify_begin(job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    outcome = ngx_http_credverify_issuance_bearer(job);

    if (outcome == CV_VALID && !cv_present(id)) {
        outcome = CV_NOT_FOUND;
    }

    if (outcome == CV_VALID) {
        ngx_http_credverify_issuance_ask(job, &finding.operation);
        finding.operation.id = id;

        outcome = cv_managed_init(&finding.managed, &finding.error) == CV_OK
                  ? ngx_http_credverify_look_up(job,
                        ngx_http_credverify_issuance_find, &finding)
                  : CV_SERVER_ERROR;

        if (outcome == CV_VALID && finding.outcome != CV_FOUND) {
            outcome = finding.outcome;
        }

        cv_managed_free(&finding.managed);
    }

    if (outcome == CV_NOT_FOUND) {
        job->refusal = &ngx_http_credverify_no_credential;
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);
    }

    return ngx_http_credverify_finish(job);
}


static cv_err_t
ngx_http_credverify_issuance_find(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_finding_one_t  *finding = arg;

    cv_err_t                    err;
    cv_str_t                    id;
    cv_facts_t                  facts;
    ngx_http_credverify_job_t  *job;
    ngx_http_credverify_ctx_t  *ctx;

    job = &finding->job;

    err = cv_manage_find(txn, &finding->operation, &finding->managed,
                         &finding->error);
    if (err != CV_OK) {
        return err;
    }

    finding->outcome = finding->managed.outcome;

    if (finding->outcome != CV_FOUND) {
        return CV_OK;
    }

    id = finding->managed.evidence.credential->id;

    ctx = ngx_http_credverify_remember(job, CV_FOUND, id.len);
    if (ctx == NULL) {
        return CV_ERR_NOMEM;
    }

    (void) ngx_http_credverify_copy(&ctx->credential, (u_char *) (ctx + 1),
                                    id);

    job->presentation = cv_document_present(job->document->document,
                                            job->format, CV_FOUND);

    cv_managed_disclose(&finding->managed, &facts, job->now);
    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}


static ngx_int_t
ngx_http_credverify_issuance_write(ngx_http_request_t *r)
{
    cv_str_t                     key;
    ngx_int_t                    rc;
    cv_outcome_t                 outcome;
    cv_operation_t               operation;
    const cv_refusal_t          *refusal;
    ngx_http_credverify_job_t    job;

    /* conditions are about what can be had by GET (RFC 9110, 13.1) */

    r->disable_not_modified = 1;

    if (ngx_http_credverify_begin(&job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    refusal = NULL;
    outcome = ngx_http_credverify_issuance_bearer(&job);

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_issuance_operation(&job, &operation,
                                                         &refusal);
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_expect_json(r, CV_MANAGE_BODY);
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_idempotency(r, &key);
    }

    if (outcome != CV_VALID) {
        return ngx_http_credverify_fail(r, outcome, refusal);
    }

    rc = ngx_http_read_client_request_body(r,
                                           ngx_http_credverify_issuance_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* the clock is read here: a body may take its time */

static void
ngx_http_credverify_issuance_body(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_credverify_job_t  job;

    rc = ngx_http_credverify_begin(&job, r) == NGX_OK
         ? ngx_http_credverify_issuance_do(&job)
         : NGX_HTTP_INTERNAL_SERVER_ERROR;

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_http_credverify_issuance_do(ngx_http_credverify_job_t *job)
{
    cv_buf_t                     actor;
    cv_outcome_t                 outcome;
    cv_operation_t              *operation;
    ngx_http_request_t          *r;
    const cv_refusal_t          *refusal;
    ngx_http_credverify_write_t  write;
    u_char                       text[CV_ACTOR_MAX];

    r = job->r;

    ngx_memzero(&write, sizeof(ngx_http_credverify_write_t));

    refusal = NULL;
    operation = &write.operation;

    outcome = ngx_http_credverify_issuance_operation(job, operation, &refusal);

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_take_body(r, CV_MANAGE_BODY,
                                                &operation->body);
    }

    if (outcome == CV_VALID) {
        outcome = ngx_http_credverify_idempotency(r, &write.request.name);
    }

    if (outcome != CV_VALID) {
        return ngx_http_credverify_fail(r, outcome, refusal);
    }

    write.request.api_key = cv_str(job->bearer->key.data,
                                   job->bearer->key.len);
    write.request.method = cv_str(r->method_name.data, r->method_name.len);
    write.request.path = cv_str(r->unparsed_uri.data, r->unparsed_uri.len);
    write.request.body = operation->body;

    cv_buf_borrow(&actor, text, sizeof(text));
    cv_buf_append_str(&actor, CV_STR("key:"));
    cv_buf_append_str(&actor, write.request.api_key);

    operation->actor = cv_buf_str(&actor);

    write.document = job->clcf->compiled;
    write.place = job->clcf->issuance->place;

    return ngx_http_credverify_write(job, &write);
}


/* what the URL asks for: CV_VALID, or the error that it is, and why */

static cv_outcome_t
ngx_http_credverify_issuance_operation(ngx_http_credverify_job_t *job,
    cv_operation_t *operation, const cv_refusal_t **refusal)
{
    ngx_http_credverify_route_t           route;
    ngx_http_credverify_issuance_conf_t  *conf;

    conf = job->clcf->issuance;

    ngx_http_credverify_issuance_ask(job, operation);

    if (conf->prefix == 0) {
        operation->verb = CV_OPERATE_PROGRESS;

        if (ngx_http_credverify_evaluate_handle(job->r, &conf->holder,
                                                &operation->holder)
            != NGX_OK
            || ngx_http_credverify_evaluate_handle(job->r, &conf->class,
                                                   &operation->class)
               != NGX_OK)
        {
            return CV_SERVER_ERROR;
        }

        if (!cv_present(operation->holder)) {
            *refusal = &ngx_http_credverify_no_user;
            return CV_NOT_FOUND;
        }

        return cv_present(operation->class) ? CV_VALID : CV_CATEGORY_NOT_FOUND;
    }

    ngx_http_credverify_issuance_route(job->r, job->clcf, &route);

    operation->verb = route.verb;
    operation->id = route.id;

    if (route.kind == NGX_HTTP_CREDVERIFY_ALL
        || route.kind == NGX_HTTP_CREDVERIFY_DO)
    {
        return CV_VALID;
    }

    *refusal = &ngx_http_credverify_no_action;

    return CV_NOT_FOUND;
}


/* absent if there is none; two are none that could be meant */

static cv_outcome_t
ngx_http_credverify_idempotency(ngx_http_request_t *r, cv_str_t *key)
{
    cv_str_t          value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static const u_char  name[] = "idempotency-key";

    *key = CV_ABSENT;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].key.len != sizeof(name) - 1
                || ngx_memcmp(header[i].lowcase_key, name, sizeof(name) - 1)
                   != 0)
            {
                continue;
            }

            value = ngx_http_credverify_trim(&header[i].value);

            if (cv_present(*key) || value.len == 0
                || value.len > CV_IDEMPOTENT_KEY_MAX)
            {
                return CV_INVALID_IDEMPOTENCY_KEY;
            }

            *key = value;
        }
    }

    return CV_VALID;
}
