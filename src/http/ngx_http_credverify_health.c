
/*
 * Copyright (C) The credverify authors
 *
 * credverify_health: what a load balancer asks.  200 if this worker can
 * verify, 503 if it cannot; the body says what it knows of its store.
 */

#include "ngx_http_credverify.h"


static cv_err_t ngx_http_credverify_stat(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);


const cv_str_t  ngx_http_credverify_states[NGX_HTTP_CREDVERIFY_STATES] = {
    CV_STR("missing"),
    CV_STR("not_accessible"),
    CV_STR("other_version"),
    CV_STR("damaged"),
    CV_STR("full"),
    CV_STR("readers_full"),
    CV_STR("failed"),
};


ngx_int_t
ngx_http_credverify_health_handler(ngx_http_request_t *r)
{
    size_t                           len;
    u_char                           changed[CV_TIME_TEXT_MAX];
    cv_buf_t                         buf;
    cv_err_t                         err;
    cv_time_t                        age;
    cv_store_stat_t                  stat;
    ngx_http_credverify_answer_t     answer;
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);

    ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

    if (ngx_http_credverify_scratch(&buf) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    answer.type = CV_STR("application/json");
    answer.max_age = -1;

    err = CV_OK;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        answer.status = NGX_HTTP_NOT_ALLOWED;
        answer.allow = "GET, HEAD";
        cv_buf_printf(&buf, "{\"status\":\"method_not_allowed\"}");

    } else {
        err = ngx_http_credverify_measure(&clcf->store, &stat);
    }

    if (err != CV_OK) {
        answer.status = NGX_HTTP_SERVICE_UNAVAILABLE;
        cv_buf_printf(&buf, "{\"status\":\"unavailable\","
                      "\"store\":{\"state\":\"%.*s\"}}",
                      CV_FMT(ngx_http_credverify_states[
                                 ngx_http_credverify_state(err)]));

    } else if (answer.status == 0) {
        answer.status = NGX_HTTP_OK;

        len = cv_time_format(changed, stat.changed_at, CV_TIME_Z);
        age = (ngx_http_credverify_now() - stat.changed_at) / CV_SECOND;

        cv_buf_printf(&buf, "{\"status\":\"ok\",\"store\":{\"state\":\"open\",");

        if (stat.last_change != 0) {
            cv_buf_printf(&buf, "\"changed_at\":\"%.*s\",\"change_age\":%lld,",
                          (int) len, (const char *) changed,
                          (long long) (age < 0 ? 0 : age));
        } else {
            cv_buf_printf(&buf, "\"changed_at\":null,\"change_age\":null,");
        }

        cv_buf_printf(&buf, "\"map_size\":%zu,\"map_used\":%zu,"
                      "\"readers\":%u,\"readers_max\":%u}}", stat.map_size,
                      stat.map_used, stat.readers, stat.readers_max);
    }

    answer.body = cv_buf_str(&buf);

    return ngx_http_credverify_send(r, &answer);
}


cv_err_t
ngx_http_credverify_measure(ngx_str_t *path, cv_store_stat_t *stat)
{
    return ngx_http_credverify_read(ngx_http_credverify_store(path),
                                    ngx_http_credverify_stat, stat);
}


static cv_err_t
ngx_http_credverify_stat(cv_verifier_t *verifier, cv_txn_t *txn, void *arg)
{
    return cv_store_stat(txn, arg);
}


/* the last state is that of all errors without a name of their own */

ngx_uint_t
ngx_http_credverify_state(cv_err_t err)
{
    ngx_uint_t  i;

    static const cv_err_t  errs[NGX_HTTP_CREDVERIFY_STATES - 1] = {
        CV_ERR_MISSING,
        CV_ERR_ACCESS,
        CV_ERR_VERSION,
        CV_ERR_DAMAGED,
        CV_ERR_FULL,
        CV_ERR_READERS,
    };

    for (i = 0; i < CV_COUNT(errs) && errs[i] != err; i++) { /* void */ }

    return i;
}
