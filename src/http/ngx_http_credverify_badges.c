
/*
 * Copyright (C) The credverify authors
 *
 * credverify_openbadges: the documents of Open Badges 2.0, below a location.
 */

#include "ngx_http_credverify_badges.h"
#include "cv_hash.h"
#include "cv_openbadge.h"


static char *ngx_http_credverify_badges_base(ngx_conf_t *cf, ngx_str_t *url,
    cv_str_t *base);
static const ngx_http_credverify_badge_route_t *
    ngx_http_credverify_badge_route(ngx_http_credverify_badge_t *badge);
static ngx_uint_t ngx_http_credverify_badge_where(
    ngx_http_credverify_badge_t *badge, cv_str_t *path);
static cv_err_t ngx_http_credverify_badge_read(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);
static cv_err_t ngx_http_credverify_badge_assertion(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_signed(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_keep(
    ngx_http_credverify_badge_t *badge);
static cv_err_t ngx_http_credverify_badge_class(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_issuer(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_baked(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_picture(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_show(
    ngx_http_credverify_badge_t *badge, cv_str_t verify, cv_str_t json);
static cv_err_t ngx_http_credverify_badge_key(
    ngx_http_credverify_badge_t *badge, cv_verifier_t *verifier,
    cv_txn_t *txn);
static cv_err_t ngx_http_credverify_badge_settle(
    ngx_http_credverify_badge_t *badge);
static cv_err_t ngx_http_credverify_badge_profile(
    ngx_http_credverify_badge_t *badge);


#define NGX_HTTP_CREDVERIFY_PART(s)  { (const uint8_t *) s, sizeof(s) - 1 }

#define NGX_HTTP_CREDVERIFY_ROUTE(before, behind, where, document, image,     \
    find)                                                                     \
    { NGX_HTTP_CREDVERIFY_PART(before), NGX_HTTP_CREDVERIFY_PART(behind),     \
      NGX_HTTP_CREDVERIFY_##where, NGX_HTTP_CREDVERIFY_##document,            \
      image, ngx_http_credverify_badge_##find }

static const ngx_http_credverify_badge_route_t
    ngx_http_credverify_badge_routes[] = {

    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".json", HOSTED, ASSERTION, 0,
                              assertion),
    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".png", HOSTED, ASSERTION, 1,
                              baked),
    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".svg", HOSTED, ASSERTION, 1,
                              baked),
    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".jws", SIGNED, ASSERTION, 0,
                              signed),
    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".png", SIGNED, ASSERTION, 1,
                              signed),
    NGX_HTTP_CREDVERIFY_ROUTE("assertion/", ".svg", SIGNED, ASSERTION, 1,
                              signed),
    NGX_HTTP_CREDVERIFY_ROUTE("class/", ".json", BOTH, CLASS, 0, class),
    NGX_HTTP_CREDVERIFY_ROUTE("class/", ".png", BOTH, CLASS, 1, picture),
    NGX_HTTP_CREDVERIFY_ROUTE("class/", ".svg", BOTH, CLASS, 1, picture),
    NGX_HTTP_CREDVERIFY_ROUTE("issuer.json", "", BOTH, ISSUER, 0, issuer),
    NGX_HTTP_CREDVERIFY_ROUTE("key.json", "", KEYED, KEY, 0, key),
    NGX_HTTP_CREDVERIFY_ROUTE("revocations.json", "", KEYED, REVOCATIONS, 0,
                              revocations),
};


static const cv_str_t  ngx_http_credverify_badge_types[] = {
    [CV_IMAGE_PNG] = NGX_HTTP_CREDVERIFY_PART("image/png"),
    [CV_IMAGE_SVG] = NGX_HTTP_CREDVERIFY_PART("image/svg+xml")
};


/* credverify_openbadges url */

char *
ngx_http_credverify_badges_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    char                               *rv;
    ngx_str_t                          *value;
    ngx_http_core_loc_conf_t           *lcf;
    ngx_http_credverify_badges_conf_t  *conf;

    lcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (lcf->name.len == 0 || lcf->name.data[lcf->name.len - 1] != '/'
        || lcf->exact_match || lcf->named
#if (NGX_PCRE)
        || lcf->regex != NULL
#endif
       )
    {
        return "answers below a location whose name ends with \"/\"";
    }

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_credverify_badges_conf_t));
    if (conf == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    rv = ngx_http_credverify_badges_base(cf, &value[1], &conf->base);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    conf->prefix = lcf->name.len;
    clcf->badges = conf;

    return NGX_CONF_OK;
}


/* one that any path can be put behind */

static char *
ngx_http_credverify_badges_base(ngx_conf_t *cf, ngx_str_t *url,
    cv_str_t *base)
{
    u_char      *p;
    size_t       i;
    const char  *why;

    why = cv_openbadge_base(cv_str(url->data, url->len));

    if (why == NULL && ngx_strchr(url->data, '$') != NULL) {
        why = "a URL without variables";
    }

    if (why != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"credverify_openbadges\" directive takes %s", why);
        return NGX_CONF_ERROR;
    }

    if (url->len + 1 > CV_BADGES_BASE_MAX) {
        return "takes a URL of less than 1024 bytes";
    }

    p = ngx_pnalloc(cf->pool, url->len + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(p, url->data, url->len);
    i = url->len;

    if (p[i - 1] != '/') {
        p[i++] = '/';
    }

    *base = cv_str(p, i);

    return NGX_CONF_OK;
}


char *
ngx_http_credverify_badges_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf)
{
    if (conf->badges == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->issuers == NULL || conf->issuers->nelts != 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"credverify_openbadges\" is for one issuer: it "
                           "needs \"credverify_issuers\" with one id");
        return NGX_CONF_ERROR;
    }

    /* whatever is asked for, there is never a page */

    return ngx_http_credverify_badge_sites(cf, conf) == NGX_OK
           && ngx_http_credverify_json_only(cf, conf) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_credverify_badges_handler(ngx_http_request_t *r)
{
    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    return ngx_http_credverify_badges_answer(r, 0);
}


ngx_int_t
ngx_http_credverify_badges_answer(ngx_http_request_t *r, ngx_uint_t told)
{
    ngx_uint_t                    type;
    cv_outcome_t                  outcome;
    ngx_http_credverify_job_t    *job;
    ngx_http_credverify_badge_t   badge;

    static const ngx_str_t  types[] = {
        ngx_string("application/ld+json"),
        ngx_string("application/json")
    };

    /* who is not told a charset may guess one, and validators do */

    static const cv_str_t  contents[] = {
        NGX_HTTP_CREDVERIFY_PART("application/ld+json; charset=utf-8"),
        NGX_HTTP_CREDVERIFY_PART("application/json; charset=utf-8")
    };

    job = &badge.job;

    if (ngx_http_credverify_begin(job, r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    badge.missing = 0;
    badge.picture = NULL;
    badge.waits = 0;
    badge.told = told;
    badge.route = ngx_http_credverify_badge_route(&badge);

    job->negotiated = badge.route == NULL
                      || !badge.route->image;

    outcome = job->outcome != CV_VALID ? job->outcome
            : badge.route == NULL ? CV_NOT_FOUND
            : ngx_http_credverify_look_up(job, ngx_http_credverify_badge_read,
                                          &badge);

    if (outcome == CV_VALID && badge.missing) {
        outcome = CV_NOT_FOUND;
    }

    if (outcome != CV_VALID) {
        ngx_http_credverify_error(job, outcome);

    } else if (badge.waits) {
        return ngx_http_credverify_revoked_wait(&badge);

    } else if (!job->image && job->send == NULL
               && job->presentation.outcome != CV_NOT_FOUND)
    {
        type = job->negotiated ? ngx_http_credverify_prefer(r, types, 2) : 0;

        job->presentation.type = contents[type];

        /* what is the same but for that has another ETag (RFC 9110, 8.8.1) */

        job->rendering.hash += type;
    }

    return ngx_http_credverify_finish(job);
}


cv_err_t
ngx_http_credverify_offer(const cv_document_t *document, cv_format_t format,
    const cv_presentation_t *presentation, cv_verifier_t *verifier,
    cv_txn_t *txn, cv_verification_t *verification)
{
    return cv_document_shows(document, format, presentation->outcome,
                             CV_FACT_CREDENTIAL_ASSERTION)
           ? cv_badges_offer(verification, verifier, txn) : CV_OK;
}


/* what the path below the location asks for; NULL if it is nothing */

static const ngx_http_credverify_badge_route_t *
ngx_http_credverify_badge_route(ngx_http_credverify_badge_t *badge)
{
    size_t                                    i, fixed;
    cv_str_t                                  path;
    ngx_uint_t                                where;
    ngx_http_request_t                       *r;
    const ngx_http_credverify_badge_route_t  *route;

    r = badge->job.r;

    path = cv_str(r->uri.data, r->uri.len);

    /* an internal redirect may have come with any URI */

    if (path.len < badge->job.clcf->badges->prefix) {
        return NULL;
    }

    path.data += badge->job.clcf->badges->prefix;
    path.len -= badge->job.clcf->badges->prefix;

    where = ngx_http_credverify_badge_where(badge, &path);

    for (i = 0; i < sizeof(ngx_http_credverify_badge_routes)
                    / sizeof(ngx_http_credverify_badge_routes[0]); i++)
    {
        route = &ngx_http_credverify_badge_routes[i];
        fixed = route->before.len + route->behind.len;

        if (!(route->where & where)
            || path.len < fixed || (route->behind.len == 0 && path.len > fixed)
            || ngx_memcmp(path.data, route->before.data, route->before.len)
               != 0
            || ngx_memcmp(path.data + path.len - route->behind.len,
                          route->behind.data, route->behind.len)
               != 0)
        {
            continue;
        }

        badge->name = cv_str(path.data + route->before.len, path.len - fixed);

        return route;
    }

    return NULL;
}


/* whose site it is, with the path there */

static ngx_uint_t
ngx_http_credverify_badge_where(ngx_http_credverify_badge_t *badge,
    cv_str_t *path)
{
    size_t                                   len;
    cv_str_t                                 id;
    ngx_uint_t                               i;
    ngx_http_credverify_badges_conf_t       *conf;
    const ngx_http_credverify_badge_site_t  *site;

    conf = badge->job.clcf->badges;
    badge->site = NULL;

    for (i = 0; i < conf->nsites; i++) {
        site = &conf->sites[i];
        id = site->id;
        len = sizeof("key/") - 1 + id.len + sizeof("/") - 1;

        if (path->len > len && ngx_memcmp(path->data, "key/", 4) == 0
            && ngx_memcmp(path->data + 4, id.data, id.len) == 0
            && path->data[len - 1] == '/')
        {
            path->data += len;
            path->len -= len;

            badge->site = site;

            return cv_signature_key_is_private(site->key)
                   ? NGX_HTTP_CREDVERIFY_KEYED|NGX_HTTP_CREDVERIFY_SIGNED
                   : NGX_HTTP_CREDVERIFY_KEYED;
        }
    }

    return NGX_HTTP_CREDVERIFY_HOSTED;
}


static cv_err_t
ngx_http_credverify_badge_read(cv_verifier_t *verifier, cv_txn_t *txn,
    void *arg)
{
    ngx_http_credverify_badge_t  *badge = arg;

    ngx_http_credverify_job_t          *job;
    ngx_http_credverify_badges_conf_t  *conf;

    job = &badge->job;
    conf = job->clcf->badges;

    job->document = conf->documents[badge->route->document];

    badge->badges.base = badge->site != NULL ? badge->site->base : conf->base;
    badge->badges.key = badge->site != NULL ? &badge->site->document : NULL;
    badge->badges.issuer = *(cv_str_t *) job->clcf->issuers->elts;
    badge->badges.test = ngx_http_credverify_tests(job->bearer);
    badge->badges.pictured = badge->route->image;

    return badge->route->find(badge, verifier, txn);
}


static cv_err_t
ngx_http_credverify_badge_assertion(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t                    err;
    cv_facts_t                  facts;
    cv_verification_t          *found;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;
    found = &badge->found.found;

    err = cv_badges_assertion(&badge->found, verifier, txn, &badge->badges,
                              badge->name, job->now);
    if (err != CV_OK) {
        return err;
    }

    if (ngx_http_credverify_remember_verdict(job, CV_BY_ASSERTION, found)
        != NGX_OK)
    {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format,
                                            found->verdict.reason);

    job->next_change_at = found->verdict.next_change_at;

    if (ngx_http_credverify_tag(job, txn, found) != NGX_OK) {
        return CV_ERR_NOMEM;
    }

    cv_disclose(&facts, &found->verdict, job->presentation.outcome,
                &found->evidence, job->now);
    cv_disclose_assertion(&facts, &found->verdict, job->presentation.outcome,
                          &found->evidence, &badge->found.badge);

    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}


/* what is not good is answered in JSON, without a signature */

static cv_err_t
ngx_http_credverify_badge_signed(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t                    err;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    err = ngx_http_credverify_badge_assertion(badge, verifier, txn);

    if (err != CV_OK || job->presentation.status != NGX_HTTP_OK) {
        return err;
    }

    if (badge->route->image) {
        return ngx_http_credverify_badge_keep(badge);
    }

    /* whatever a view makes of one that is not good */

    if (badge->found.by == NULL) {
        return CV_OK;
    }

    job->presentation.type = CV_STR("application/jose");
    job->negotiated = 0;
    job->send = ngx_http_credverify_sign;

    return CV_OK;
}


/* the picture, for when there is what is baked in */

static cv_err_t
ngx_http_credverify_badge_keep(ngx_http_credverify_badge_t *badge)
{
    u_char                     *p;
    cv_str_t                   *kept, picture;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    /* whichever of both is asked for: it may have been the other one */

    if (badge->found.type == CV_IMAGE_NONE) {
        badge->missing = 1;
        return CV_OK;
    }

    picture = badge->found.picture.data;

    kept = ngx_palloc(job->r->pool, sizeof(cv_str_t));
    p = ngx_pnalloc(job->r->pool, picture.len);

    if (kept == NULL || p == NULL) {
        return CV_ERR_NOMEM;
    }

    ngx_memcpy(p, picture.data, picture.len);
    *kept = cv_str(p, picture.len);

    badge->picture = kept;

    job->send = ngx_http_credverify_sign;
    job->image = 1;
    job->presentation.type =
        ngx_http_credverify_badge_types[badge->found.type];
    job->rendering.hash ^= cv_hash(p, picture.len);

    return CV_OK;
}


static cv_err_t
ngx_http_credverify_badge_class(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t  err;

    err = cv_badges_class(&badge->found, verifier, txn, &badge->badges,
                          badge->name);

    return err == CV_OK ? ngx_http_credverify_badge_profile(badge) : err;
}


static cv_err_t
ngx_http_credverify_badge_issuer(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t  err;

    err = cv_badges_issuer(&badge->found, txn, &badge->badges);

    return err == CV_OK ? ngx_http_credverify_badge_profile(badge) : err;
}


static cv_err_t
ngx_http_credverify_badge_key(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t  err;

    err = cv_badges_key(&badge->found, txn, &badge->badges);

    return err == CV_OK ? ngx_http_credverify_badge_profile(badge) : err;
}


/* of what has no verdict: whether it is there */

static cv_err_t
ngx_http_credverify_badge_settle(ngx_http_credverify_badge_t *badge)
{
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    if (badge->found.by == NULL) {
        badge->missing = 1;
        return CV_OK;
    }

    if (ngx_http_credverify_remember(job, CV_FOUND, 0) == NULL) {
        return CV_ERR_NOMEM;
    }

    job->presentation = cv_document_present(job->document->document,
                                            job->format, CV_FOUND);

    return CV_OK;
}


/* what everybody may know who knows its name */

static cv_err_t
ngx_http_credverify_badge_profile(ngx_http_credverify_badge_t *badge)
{
    cv_err_t                    err;
    cv_facts_t                  facts;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    err = ngx_http_credverify_badge_settle(badge);

    if (err != CV_OK || badge->missing) {
        return err;
    }

    cv_disclose_badge(&facts, badge->found.by, badge->found.class,
                      &badge->found.badge, job->now);
    ngx_http_credverify_render(job, &facts);

    return CV_OK;
}


/* the picture of the class, with the assertion in it */

static cv_err_t
ngx_http_credverify_badge_baked(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t                    err;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    err = ngx_http_credverify_badge_assertion(badge, verifier, txn);

    if (err != CV_OK || job->render_err != CV_OK
        || job->presentation.status != NGX_HTTP_OK)
    {
        return err;
    }

    return ngx_http_credverify_badge_show(badge, badge->found.badge.id,
                                          cv_buf_str(&job->body));
}


/* and as it is */

static cv_err_t
ngx_http_credverify_badge_picture(ngx_http_credverify_badge_t *badge,
    cv_verifier_t *verifier, cv_txn_t *txn)
{
    cv_err_t  err;

    err = cv_badges_class(&badge->found, verifier, txn, &badge->badges,
                          badge->name);

    if (err == CV_OK) {
        err = ngx_http_credverify_badge_settle(badge);
    }

    return err != CV_OK || badge->missing
           ? err : ngx_http_credverify_badge_show(badge, CV_ABSENT, CV_ABSENT);
}


/* has the answer be the picture; what is baked in is absent if nothing is */

static cv_err_t
ngx_http_credverify_badge_show(ngx_http_credverify_badge_t *badge,
    cv_str_t verify, cv_str_t json)
{
    size_t                      room;
    cv_err_t                    err;
    cv_buf_t                    body;
    cv_str_t                    picture;
    ngx_http_credverify_job_t  *job;

    job = &badge->job;

    /* whichever of both is asked for: it may have been the other one */

    if (badge->found.type == CV_IMAGE_NONE) {
        badge->missing = 1;
        return CV_OK;
    }

    picture = badge->found.picture.data;

    room = cv_present(verify) ? cv_bake_room(picture, verify, json)
                              : picture.len;

    cv_buf_borrow(&body, ngx_pnalloc(job->r->pool, room), room);

    if (body.data == NULL) {
        return CV_ERR_NOMEM;
    }

    if (cv_present(verify)) {
        err = cv_bake(&body, picture, verify, json);

        /* it was checked when it was set, and is as it was then */

        if (err != CV_OK) {
            return CV_ERR_DAMAGED;
        }

    } else {
        cv_buf_append_str(&body, picture);
    }

    job->image = 1;
    job->body = body;
    job->presentation.type =
        ngx_http_credverify_badge_types[badge->found.type];
    job->rendering.hash = cv_hash(body.data, body.len);
    job->rendering.timeless = true;
    job->render_err = CV_OK;

    return CV_OK;
}
