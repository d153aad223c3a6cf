
/*
 * Copyright (C) The credverify authors
 *
 * What caches are told of an answer: how long it may be kept, and by which tag
 * they can be told to forget it.
 */

#include "ngx_http_credverify.h"
#include "cv_tag.h"

/* in seconds: that neither time is longer keeps sums of both within bounds */
#define NGX_HTTP_CREDVERIFY_LONGEST  ((time_t) 1 << 29)


static ngx_int_t ngx_http_credverify_lifetime(ngx_pool_t *pool,
    ngx_str_t *field, ngx_uint_t keyed, ngx_int_t max_age, ngx_int_t stale);


static ngx_str_t  ngx_http_credverify_tag_names[] = {
    ngx_string("Surrogate-Key"),
    ngx_string("Cache-Tag")
};

static ngx_array_t  ngx_http_credverify_tag_fields = {
    ngx_http_credverify_tag_names,
    sizeof(ngx_http_credverify_tag_names) / sizeof(ngx_str_t),
    sizeof(ngx_str_t), 0, NULL
};


/* credverify_cache_tag off | field ... */

char *
ngx_http_credverify_cache_tag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_credverify_loc_conf_t  *clcf = conf;

    u_char      *p;
    ngx_str_t   *value, *field;
    ngx_uint_t   i;

    if (clcf->tags != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        clcf->tags = NULL;
        return NGX_CONF_OK;
    }

    clcf->tags = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                  sizeof(ngx_str_t));
    if (clcf->tags == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        for (p = value[i].data; *p == '-' || (*p >= '0' && *p <= '9')
                                || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');
             p++)
        {
            /* void */
        }

        if (value[i].len == 0 || p != value[i].data + value[i].len
            || ngx_strcmp(value[i].data, "off") == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid field \"%V\": its name is made of "
                               "letters, digits and \"-\", and \"off\" stands "
                               "alone", &value[i]);
            return NGX_CONF_ERROR;
        }

        field = ngx_array_push(clcf->tags);
        *field = value[i];
    }

    return NGX_CONF_OK;
}


/* what most answers are told is made beforehand */

char *
ngx_http_credverify_cache_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev, ngx_http_credverify_loc_conf_t *conf)
{
    ngx_conf_merge_sec_value(conf->max_age, prev->max_age, 3);
    ngx_conf_merge_sec_value(conf->stale, prev->stale, 1);
    ngx_conf_merge_ptr_value(conf->tags, prev->tags,
                             &ngx_http_credverify_tag_fields);
    ngx_conf_merge_ptr_value(conf->key_handles, prev->key_handles, NULL);

    ngx_http_credverify_settle_handles(cf, conf->key_handles);

    conf->max_age = ngx_min(conf->max_age, NGX_HTTP_CREDVERIFY_LONGEST);
    conf->stale = ngx_min(conf->stale, NGX_HTTP_CREDVERIFY_LONGEST);

    return ngx_http_credverify_lifetime(cf->pool, &conf->lifetime,
                                        ngx_http_credverify_private(conf),
                                        conf->max_age, conf->stale)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/*
 * The value of Cache-Control.  A cache that may ask in the background, or that
 * cannot ask at all, must not show for longer what may have been revoked: both
 * are said, 0 included, because there are caches that do so by themselves
 * unless they are told (RFC 5861).
 */

static ngx_int_t
ngx_http_credverify_lifetime(ngx_pool_t *pool, ngx_str_t *field,
    ngx_uint_t keyed, ngx_int_t max_age, ngx_int_t stale)
{
    size_t    size;
    cv_buf_t  buf;

    if (max_age == 0) {
        ngx_str_set(field, "no-cache");
        return NGX_OK;
    }

    size = sizeof("public, max-age=, stale-while-revalidate="
                  ", stale-if-error=0") - 1 + 2 * NGX_INT_T_LEN;

    cv_buf_borrow(&buf, ngx_pnalloc(pool, size), size);
    if (buf.data == NULL) {
        return NGX_ERROR;
    }

    cv_buf_append_str(&buf, keyed ? CV_STR("private, max-age=")
                                  : CV_STR("public, max-age="));
    cv_buf_append_int(&buf, max_age);

    if (!keyed) {
        cv_buf_append_str(&buf, CV_STR(", stale-while-revalidate="));
        cv_buf_append_int(&buf, stale);
        cv_buf_append_str(&buf, CV_STR(", stale-if-error=0"));
    }

    field->data = buf.data;
    field->len = buf.len;

    return NGX_OK;
}


/*
 * Nothing is left to compare where an answer may not be kept: a 304 would have
 * nginx keep what it has for as long as it was told when it got that.
 */

static void
ngx_http_credverify_cache_limit(ngx_http_credverify_answer_t *answer,
    int64_t left)
{
    if (answer->max_age <= 0 || left >= answer->max_age + answer->stale) {
        return;
    }

    left = ngx_max(left, 0);

    answer->max_age = (ngx_int_t) ngx_min(left, answer->max_age);
    answer->stale = (ngx_int_t) left - answer->max_age;
    answer->lifetime.len = 0;
    answer->hashed = answer->max_age > 0;
}


/*
 * A verdict holds before its next change.  One second less is told, because
 * nginx as a cache counts whole seconds from the one in which an answer came
 * in, and keeps it through the last one.
 */

void
ngx_http_credverify_cache_keep(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer)
{
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = job->clcf;

    answer->hashed = 1;
    answer->rendering = job->rendering;

    /* who manages records goes by what they are, not by what they were */

    if (clcf->holder != NULL || clcf->issuance != NULL) {
        answer->max_age = 0;
        ngx_str_set(&answer->lifetime, "private, no-cache");
        return;
    }

    answer->max_age = clcf->max_age;
    answer->stale = clcf->stale;
    answer->lifetime = clcf->lifetime;
    answer->tag = job->tag;
    answer->tags = clcf->tags;

    if (job->next_change_at != CV_TIME_NEVER) {
        ngx_http_credverify_cache_limit(answer,
                      (job->next_change_at - job->now) / CV_SECOND - 1);
    }
}


void
ngx_http_credverify_cache_waited(ngx_http_credverify_answer_t *answer,
    cv_time_t waited)
{
    ngx_http_credverify_cache_limit(answer, answer->max_age + answer->stale
                                    - (waited + CV_SECOND - 1) / CV_SECOND);
}


ngx_int_t
ngx_http_credverify_tag(ngx_http_credverify_job_t *job, cv_txn_t *txn,
    const cv_verification_t *verification)
{
    /*
     * What is said not to be there has nothing to be known by; and a link that
     * has expired must not lead on to handles that have not.
     */

    if (job->clcf->tags == NULL
        || ngx_http_credverify_private(job->clcf)
        || job->presentation.status != NGX_HTTP_OK
        || job->presentation.outcome == CV_NOT_FOUND
        || verification->verdict.reason == CV_TOKEN_EXPIRED)
    {
        return NGX_OK;
    }

    job->tag.data = ngx_pnalloc(job->r->pool, CV_TAG_LEN);
    if (job->tag.data == NULL) {
        return NGX_ERROR;
    }

    job->tag.len = CV_TAG_LEN;

    cv_tag((char *) job->tag.data, cv_store_uuid(cv_txn_store(txn)),
           verification->number, verification->evidence.token);

    return NGX_OK;
}


/* registered where "expires" looks, so that there is never a second one */

ngx_int_t
ngx_http_credverify_cache_fields(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer)
{
    ngx_str_t         lifetime, *field;
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

#if (nginx_version < 1023000)
    ngx_table_elt_t  **cc;

    if (ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                       sizeof(ngx_table_elt_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cc = ngx_array_push(&r->headers_out.cache_control);
#endif

    lifetime = answer->lifetime;

    if (answer->max_age < 0) {
        ngx_str_set(&lifetime, "no-store");

    } else if (lifetime.len == 0
               && ngx_http_credverify_lifetime(r->pool, &lifetime,
                                               answer->keyed, answer->max_age,
                                               answer->stale)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    h = ngx_http_credverify_header(r, "Cache-Control",
                                   sizeof("Cache-Control") - 1, lifetime.data,
                                   lifetime.len);
    if (h == NULL) {
        return NGX_ERROR;
    }

#if (nginx_version < 1023000)
    *cc = h;
#else
    r->headers_out.cache_control = h;
#endif

    if (answer->max_age <= 0 || answer->tag.len == 0) {
        return NGX_OK;
    }

    field = answer->tags->elts;

    for (i = 0; i < answer->tags->nelts; i++) {
        h = ngx_http_credverify_header(r, (char *) field[i].data,
                                       field[i].len, answer->tag.data,
                                       answer->tag.len);
        if (h == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
