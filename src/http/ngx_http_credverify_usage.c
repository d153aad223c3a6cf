
/*
 * Copyright (C) The credverify authors
 *
 * credverify_usage: what a key has used, told to its bearer.
 */

#include "ngx_http_credverify.h"
#include "cv_text.h"


static void ngx_http_credverify_used(cv_buf_t *buf,
    const cv_admission_t *admission, ngx_http_credverify_bearer_t *bearer,
    cv_time_t now);
static void ngx_http_credverify_used_in(cv_buf_t *buf, cv_window_t window,
    const cv_limits_t *limits, const cv_admission_t *admission,
    cv_time_t now);
static void ngx_http_credverify_instant(cv_buf_t *buf, cv_time_t at,
    cv_time_format_t format, size_t len);


ngx_int_t
ngx_http_credverify_usage_handler(ngx_http_request_t *r)
{
    cv_buf_t                         buf;
    cv_err_t                         err;
    cv_admission_t                   admission;
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_place_t      place;
    ngx_http_credverify_answer_t     answer;
    ngx_http_credverify_counting_t   counting;
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_http_credverify_preflight(r, 1);
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_credverify_fail(r, CV_METHOD_NOT_ALLOWED, NULL);
    }

    if (ctx == NULL || ctx->bearer == NULL || ctx->bearer->number == 0
        || ctx->bearer->outcome != CV_VALID)
    {
        return ngx_http_credverify_fail(r, CV_MISSING_API_KEY, NULL);
    }

    if (ngx_http_credverify_scratch(&buf) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    counting.limits = &ctx->bearer->limits;
    counting.now = ngx_http_credverify_now();
    counting.admission = &admission;

    err = ngx_http_credverify_of_key(&clcf->store, ctx->bearer->number,
                                     ctx->bearer->uid, &place,
                                     ngx_http_credverify_count_none,
                                     &counting);
    if (err != CV_OK) {
        return ngx_http_credverify_fail(r, CV_STORE_UNAVAILABLE, NULL);
    }

    ngx_http_credverify_release(&place);

    ngx_http_credverify_used(&buf, &admission, ctx->bearer, counting.now);

    ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

    answer.status = NGX_HTTP_OK;
    answer.type = CV_STR("application/json");
    answer.body = cv_buf_str(&buf);
    answer.max_age = -1;
    answer.cors = 1;
    answer.keyed = 1;

    return ngx_http_credverify_send(r, &answer);
}


static void
ngx_http_credverify_used(cv_buf_t *buf, const cv_admission_t *admission,
    ngx_http_credverify_bearer_t *bearer, cv_time_t now)
{
    uint64_t      used, included;
    cv_window_t   window;

    used = admission->used[CV_WINDOW_MONTH];
    included = bearer->limits.most[CV_WINDOW_MONTH];

    cv_buf_append_str(buf, CV_STR("{\"key\":"));
    cv_escape_json_string(buf, cv_str(bearer->key.data, bearer->key.len));

    cv_buf_append_str(buf, CV_STR(",\"tier\":"));

    if (bearer->tier.len != 0) {
        cv_escape_json_string(buf, cv_str(bearer->tier.data,
                                          bearer->tier.len));
    } else {
        cv_buf_append_str(buf, CV_STR("null"));
    }

    cv_buf_append_str(buf, CV_STR(",\"month\":"));
    ngx_http_credverify_instant(buf, now, CV_TIME_DATE,
                                sizeof("2026-11") - 1);

    cv_buf_printf(buf, ",\"used\":%llu", (unsigned long long) used);

    if (included == CV_UNLIMITED) {
        cv_buf_append_str(buf, CV_STR(",\"included\":null,\"overage\":0"));
    } else {
        cv_buf_printf(buf, ",\"included\":%llu,\"overage\":%llu",
                      (unsigned long long) included,
                      (unsigned long long) (used > included ? used - included
                                                            : 0));
    }

    cv_buf_append_str(buf, CV_STR(",\"limits\":{"));

    for (window = 0; window < CV_WINDOWS; window++) {
        if (window > 0) {
            cv_buf_append_byte(buf, ',');
        }

        ngx_http_credverify_used_in(buf, window, &bearer->limits, admission,
                                    now);
    }

    cv_buf_append_str(buf, CV_STR("}}"));
}


static void
ngx_http_credverify_used_in(cv_buf_t *buf, cv_window_t window,
    const cv_limits_t *limits, const cv_admission_t *admission, cv_time_t now)
{
    uint64_t  used, most;

    used = admission->used[window];
    most = limits->most[window];

    cv_buf_printf(buf, "\"%s\":{\"used\":%llu,", cv_window_names[window],
                  (unsigned long long) used);

    if (most == CV_UNLIMITED) {
        cv_buf_append_str(buf, CV_STR("\"limit\":null,\"remaining\":null,"));
    } else {
        cv_buf_printf(buf, "\"limit\":%llu,\"remaining\":%llu,",
                      (unsigned long long) most,
                      (unsigned long long) (used < most ? most - used : 0));
    }

    cv_buf_append_str(buf, CV_STR("\"resets_at\":"));
    ngx_http_credverify_instant(buf,
                                cv_admission_resets_at(admission, window, now),
                                CV_TIME_Z, CV_TIME_TEXT_MAX);
    cv_buf_append_byte(buf, '}');
}


/* "len" characters of it at most */

static void
ngx_http_credverify_instant(cv_buf_t *buf, cv_time_t at,
    cv_time_format_t format, size_t len)
{
    size_t  n;
    u_char  text[CV_TIME_TEXT_MAX];

    n = cv_time_format(text, at, format);

    cv_escape_json_string(buf, cv_str(text, n < len ? n : len));
}
