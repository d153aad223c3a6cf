
/*
 * Copyright (C) The credverify authors
 *
 * credverify_openbadges_key: Open Badges that are signed.  Each key has a site
 * of its own, with an issuer who has no other: an old key stays there, with
 * all that was signed with it, when another one takes its place.
 */

#include "ngx_http_credverify_badges.h"
#include "ngx_http_credverify_wait.h"
#include "cv_jws.h"


/* of those in use; one has some 2 KB */
#define NGX_HTTP_CREDVERIFY_SIGN_CACHE  (4 * 1024 * 1024)


static ngx_int_t ngx_http_credverify_load_key(ngx_conf_t *cf,
    ngx_array_t *keys, ngx_str_t *path);
static ngx_int_t ngx_http_credverify_add_key(ngx_conf_t *cf,
    ngx_array_t *keys, ngx_http_credverify_badge_key_t *key);
static void ngx_http_credverify_key_cleanup(void *data);
static ngx_int_t ngx_http_credverify_use_signatures(ngx_conf_t *cf);
static ngx_int_t ngx_http_credverify_badge_site(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, const cv_signature_key_t *key,
    ngx_http_credverify_badge_site_t *site);
static cv_str_t ngx_http_credverify_join(ngx_conf_t *cf, cv_str_t a,
    const char *b, cv_str_t c, const char *d);
static ngx_int_t ngx_http_credverify_bake(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer, void *data);
static cv_err_t ngx_http_credverify_sign_run(const void *with,
    cv_str_t payload, cv_buf_t *jws, cv_error_t *error);


static const ngx_http_credverify_work_kind_t  ngx_http_credverify_signatures = {
    "badges",
    "signed",
    "needs \"thread_pool credverify threads=2;\" before \"http\"",
    ngx_http_credverify_sign_run,
    CV_JWS_MAX,
    512                                /* half a second or so of one thread */
};


/* credverify_openbadges_key file ... */

char *
ngx_http_credverify_openbadges_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (clcf->badge_keys == NGX_CONF_UNSET_PTR) {
        clcf->badge_keys = ngx_array_create(cf->pool, 2,
                                     sizeof(ngx_http_credverify_badge_key_t));
        if (clcf->badge_keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_credverify_load_key(cf, clcf->badge_keys, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_credverify_load_key(ngx_conf_t *cf, ngx_array_t *keys,
    ngx_str_t *path)
{
    cv_error_t                       error;
    ngx_pool_cleanup_t              *cln;
    ngx_http_credverify_badge_key_t  key;

    key.path = *path;

    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cln == NULL
        || ngx_conf_full_name(cf->cycle, &key.path, 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (cv_signature_key_load(&key.key, (char *) key.path.data, &error)
        != CV_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "credverify: %s", error.text);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_credverify_key_cleanup;
    cln->data = key.key;

    return ngx_http_credverify_add_key(cf, keys, &key);
}


static ngx_int_t
ngx_http_credverify_add_key(ngx_conf_t *cf, ngx_array_t *keys,
    ngx_http_credverify_badge_key_t *key)
{
    ngx_uint_t                        i;
    ngx_http_credverify_badge_key_t  *other;

    if (keys->nelts == 0 && !cv_signature_key_is_private(key->key)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" comes first, which is the key that signs, "
                           "and is a public one", &key->path);
        return NGX_ERROR;
    }

    other = keys->elts;

    for (i = 0; i < keys->nelts; i++) {
        if (cv_str_eq(cv_signature_key_id(other[i].key),
                      cv_signature_key_id(key->key)))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is the same key as \"%V\"", &key->path,
                               &other[i].path);
            return NGX_ERROR;
        }
    }

    other = ngx_array_push(keys);
    if (other == NULL) {
        return NGX_ERROR;
    }

    *other = *key;

    return NGX_OK;
}


static void
ngx_http_credverify_key_cleanup(void *data)
{
    cv_signature_key_free(data);
}


ngx_int_t
ngx_http_credverify_badge_sites(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf)
{
    ngx_uint_t                          i;
    ngx_http_credverify_badge_key_t    *keys;
    ngx_http_credverify_badges_conf_t  *badges;

    if (clcf->badge_keys == NULL) {
        return NGX_OK;
    }

    if (ngx_http_credverify_use_signatures(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    badges = clcf->badges;
    keys = clcf->badge_keys->elts;

    badges->nsites = clcf->badge_keys->nelts;
    badges->sites = ngx_pcalloc(cf->pool, badges->nsites
                                * sizeof(ngx_http_credverify_badge_site_t));
    if (badges->sites == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < badges->nsites; i++) {
        if (ngx_http_credverify_badge_site(cf, clcf, keys[i].key,
                                           &badges->sites[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_use_signatures(ngx_conf_t *cf)
{
    const char                       *missing;
    ngx_http_credverify_main_conf_t  *cmcf;

    static ngx_str_t  pool = ngx_string("credverify");

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->signatures != NULL) {
        return NGX_OK;
    }

    missing = ngx_http_credverify_workshop(cf, &ngx_http_credverify_signatures,
                                           &pool,
                                           NGX_HTTP_CREDVERIFY_SIGN_CACHE,
                                           &cmcf->signatures);
    if (missing != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"credverify_openbadges_key\" %s", missing);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_credverify_badge_site(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf, const cv_signature_key_t *key,
    ngx_http_credverify_badge_site_t *site)
{
    u_char    *memory;
    cv_buf_t   pem;

    site->key = key;
    site->id = cv_signature_key_id(key);

    memory = ngx_pnalloc(cf->pool, CV_SIGNATURE_PEM_MAX);
    if (memory == NULL) {
        return NGX_ERROR;
    }

    cv_buf_borrow(&pem, memory, CV_SIGNATURE_PEM_MAX);

    site->base = ngx_http_credverify_join(cf, clcf->badges->base, "key/",
                                          site->id, "/");
    site->document.url = ngx_http_credverify_join(cf, site->base, "key.json",
                                                  CV_STR(""), "");
    site->document.revocations = ngx_http_credverify_join(cf, site->base,
                                     "revocations.json", CV_STR(""), "");
    site->revoked = ngx_http_credverify_revoked(cf, clcf, site->base);

    if (!cv_present(site->base) || !cv_present(site->document.url)
        || !cv_present(site->document.revocations) || site->revoked == NULL
        || cv_signature_key_public_pem(key, &pem) != CV_OK)
    {
        return NGX_ERROR;
    }

    site->document.pem = cv_buf_str(&pem);
    site->document.hosted = clcf->badges->base;

    return NGX_OK;
}


static cv_str_t
ngx_http_credverify_join(ngx_conf_t *cf, cv_str_t a, const char *b, cv_str_t c,
    const char *d)
{
    size_t    len;
    cv_buf_t  buf;

    len = a.len + ngx_strlen(b) + c.len + ngx_strlen(d);

    cv_buf_borrow(&buf, ngx_pnalloc(cf->pool, len), len);

    if (buf.data == NULL) {
        return CV_ABSENT;
    }

    cv_buf_append_str(&buf, a);
    cv_buf_append_str(&buf, cv_str_z(b));
    cv_buf_append_str(&buf, c);
    cv_buf_append_str(&buf, cv_str_z(d));

    return cv_buf_str(&buf);
}


ngx_int_t
ngx_http_credverify_sign(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer)
{
    ngx_http_credverify_badge_t      *badge;
    ngx_http_credverify_main_conf_t  *cmcf;

    badge = (ngx_http_credverify_badge_t *) job;
    cmcf = ngx_http_get_module_main_conf(job->r, ngx_http_credverify_module);

    /* the key is in what is signed: nothing else has that signature */

    return ngx_http_credverify_send_worked(job, answer, cmcf->signatures,
                                           badge->site,
                                           ngx_http_credverify_bake,
                                           badge->picture);
}


/* the picture with the signature in it, unless there is none */

static ngx_int_t
ngx_http_credverify_bake(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer, void *data)
{
    cv_str_t  *picture = data;

    size_t    room;
    cv_buf_t  body;

    if (picture == NULL) {
        return NGX_OK;
    }

    room = cv_bake_room(*picture, answer->body, CV_ABSENT);

    cv_buf_borrow(&body, ngx_pnalloc(r->pool, room), room);

    if (body.data == NULL
        || cv_bake(&body, *picture, answer->body, CV_ABSENT) != CV_OK)
    {
        return NGX_ERROR;
    }

    answer->body = cv_buf_str(&body);

    return NGX_OK;
}


/* in a thread */

static cv_err_t
ngx_http_credverify_sign_run(const void *with, cv_str_t payload, cv_buf_t *jws,
    cv_error_t *error)
{
    const ngx_http_credverify_badge_site_t  *site = with;

    cv_err_t  err;

    err = cv_jws_sign(jws, site->key, site->document.url, payload);

    /* nginx does not wait for its threads to be gone */

    cv_signature_thread_done();

    return err == CV_OK ? CV_OK
           : cv_error_set(error, err, err == CV_ERR_LIMIT
                                      ? "the assertion is too long"
                                      : "OpenSSL could not");
}
