
/*
 * Copyright (C) The credverify authors
 *
 * Quotas: a call is admitted in the PRECONTENT phase, after everything that
 * may refuse it for other reasons, told of in the header, and settled in the
 * LOG phase.
 *
 * A charge belongs to the main request, whatever becomes of it: it outlives
 * internal redirects, which clear contexts, as a cleanup of the pool, found by
 * its handler.  The first location that charges decides.
 */

#include "ngx_http_credverify.h"


typedef struct {
    ngx_http_credverify_place_t      place;     /* held until the pool goes */
    cv_limits_t                      limits;
    cv_admission_t                   admission;
    cv_time_t                        now;
    ngx_uint_t                       headers;   /* which to send */
    ngx_uint_t                       settled;
    ngx_uint_t                       spent;     /* whoever waits for it or not */
    ngx_uint_t                       dry;       /* it is let pass anyway, */
    ngx_uint_t                       over;      /* also beyond the limit */
} ngx_http_credverify_charge_t;


static ngx_http_credverify_charge_t *ngx_http_credverify_charge(
    ngx_http_request_t *r);
static void ngx_http_credverify_charge_cleanup(void *data);
static void ngx_http_credverify_admit(cv_slot_t *slot, void *arg);
static void ngx_http_credverify_let_pass(cv_slot_t *slot,
    ngx_http_credverify_charge_t *charge);
static void ngx_http_credverify_refund(cv_slot_t *slot, void *arg);
static ngx_int_t ngx_http_credverify_full(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge);
static void ngx_http_credverify_tell(const cv_admission_t *admission,
    const cv_limits_t *limits, cv_time_t now, cv_refusal_t *refusal);
static ngx_int_t ngx_http_credverify_limit_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_credverify_ratelimit(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge);
static ngx_int_t ngx_http_credverify_legacy(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


void
ngx_http_credverify_add_limit_filter(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_credverify_limit_filter;
}


static ngx_http_credverify_charge_t *
ngx_http_credverify_charge(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->main->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_credverify_charge_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


static void
ngx_http_credverify_charge_cleanup(void *data)
{
    ngx_http_credverify_charge_t  *charge = data;

    ngx_http_credverify_release(&charge->place);
}


ngx_int_t
ngx_http_credverify_quota_handler(ngx_http_request_t *r)
{
    cv_err_t                         err;
    ngx_pool_cleanup_t              *cln;
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_charge_t    *charge;
    ngx_http_credverify_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    if (r != r->main || ctx == NULL || ctx->bearer == NULL) {
        return NGX_DECLINED;
    }

    if (ctx->bearer->challenge != NULL) {
        ctx->bearer->challenge->hash = 0;
    }

    if (ctx->bearer->outcome != CV_VALID
        || clcf->quota == NGX_HTTP_CREDVERIFY_QUOTA_OFF
        || ngx_http_credverify_charge(r) != NULL)
    {
        return NGX_DECLINED;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_credverify_charge_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    charge = cln->data;

    ngx_memzero(charge, sizeof(ngx_http_credverify_charge_t));

    cln->handler = ngx_http_credverify_charge_cleanup;

    charge->limits = ctx->bearer->limits;
    charge->now = ngx_http_credverify_now();
    charge->headers = clcf->limit_headers;
    charge->dry = clcf->quota == NGX_HTTP_CREDVERIFY_QUOTA_DRY_RUN;

    err = ctx->bearer->number != 0
          ? ngx_http_credverify_of_key(&clcf->store, ctx->bearer->number,
                                       ctx->bearer->uid, &charge->place,
                                       ngx_http_credverify_admit, charge)
          : ngx_http_credverify_of_address(&clcf->store, r, &charge->place,
                                           ngx_http_credverify_admit, charge);

    if (err != CV_OK) {
        charge->settled = 1;
        ngx_http_credverify_count_failure(clcf, err);

        return ngx_http_credverify_refuse(r, CV_STORE_UNAVAILABLE, NULL);
    }

    if (charge->over) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "credverify: a call of %s \"%V\" is over the limit, and "
                      "was let pass", ctx->bearer->number != 0 ? "key" : "tier",
                      ctx->bearer->number != 0 ? &ctx->bearer->key
                                               : &ctx->bearer->tier);
    }

    if (charge->admission.admitted) {
        return NGX_DECLINED;
    }

    charge->settled = 1;

    return ngx_http_credverify_full(r, charge);
}


static void
ngx_http_credverify_admit(cv_slot_t *slot, void *arg)
{
    ngx_http_credverify_charge_t  *charge = arg;

    if (charge->dry) {
        ngx_http_credverify_let_pass(slot, charge);
        return;
    }

    cv_admit(slot, &charge->limits, charge->now, &charge->admission);
}


/* counted whatever the limits are, and told as if they held */

static void
ngx_http_credverify_let_pass(cv_slot_t *slot,
    ngx_http_credverify_charge_t *charge)
{
    cv_limits_t     none;
    cv_window_t     window;
    cv_admission_t  look;

    cv_admission_look(slot, &charge->limits, charge->now, &look);

    cv_limits_read(&none, NULL);
    cv_admit(slot, &none, charge->now, &charge->admission);

    for (window = 0; window < CV_WINDOWS; window++) {
        charge->admission.used[window] = look.used[window] + 1;
    }

    charge->over = !look.admitted;
}


static ngx_int_t
ngx_http_credverify_full(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge)
{
    cv_outcome_t   outcome;
    cv_refusal_t   refusal;

    outcome = charge->admission.refused == CV_WINDOW_MONTH
              ? CV_MONTHLY_LIMIT_REACHED : CV_RATE_LIMITED;

    ngx_http_credverify_tell(&charge->admission, &charge->limits, charge->now,
                             &refusal);

    return ngx_http_credverify_refuse(r, outcome, &refusal);
}


static void
ngx_http_credverify_tell(const cv_admission_t *admission,
    const cv_limits_t *limits, cv_time_t now, cv_refusal_t *refusal)
{
    ngx_memzero(refusal, sizeof(cv_refusal_t));

    refusal->window = cv_str_z(cv_window_names[admission->refused]);
    refusal->limit = limits->most[admission->refused];

    /* rounded up: a client that waits so long is not too early */

    refusal->retry_after = (admission->opens_at - now + CV_SECOND - 1)
                           / CV_SECOND;

    if (refusal->retry_after < 1) {
        refusal->retry_after = 1;
    }
}


void
ngx_http_credverify_spend(ngx_http_request_t *r, ngx_uint_t spent)
{
    ngx_http_credverify_charge_t  *charge;

    charge = ngx_http_credverify_charge(r);

    if (charge != NULL) {
        charge->spent = spent;
    }
}


/*
 * The month counts only answers that are none of an error.  Of a subrequest,
 * which "log_subrequest" brings here too, nobody gets the status.
 */

ngx_int_t
ngx_http_credverify_settle_handler(ngx_http_request_t *r)
{
    ngx_uint_t                     status;
    ngx_http_credverify_charge_t  *charge;

    if (r != r->main) {
        return NGX_OK;
    }

    charge = ngx_http_credverify_charge(r);

    if (charge == NULL || charge->settled) {
        return NGX_OK;
    }

    charge->settled = 1;

    status = r->err_status ? r->err_status : r->headers_out.status;

    if (!charge->spent && (status == 0 || status >= NGX_HTTP_BAD_REQUEST)) {
        (void) ngx_http_credverify_at(&charge->place,
                                      ngx_http_credverify_refund, charge);
    }

    return NGX_OK;
}


static void
ngx_http_credverify_refund(cv_slot_t *slot, void *arg)
{
    ngx_http_credverify_charge_t  *charge = arg;

    cv_admission_refund(slot, &charge->admission);
}


static ngx_int_t
ngx_http_credverify_limit_filter(ngx_http_request_t *r)
{
    ngx_http_credverify_charge_t  *charge;

    if (r == r->main) {
        charge = ngx_http_credverify_charge(r);

        if (charge != NULL && charge->place.meter != NULL
            && ((charge->headers & NGX_HTTP_CREDVERIFY_RATELIMIT
                 && ngx_http_credverify_ratelimit(r, charge) != NGX_OK)
                || (charge->headers & NGX_HTTP_CREDVERIFY_LEGACY
                    && ngx_http_credverify_legacy(r, charge) != NGX_OK)))
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


/* how long until a window begins anew, in seconds */

static int64_t
ngx_http_credverify_resets(ngx_http_credverify_charge_t *charge,
    cv_window_t window)
{
    return (cv_admission_resets_at(&charge->admission, window, charge->now)
            - charge->now + CV_SECOND - 1) / CV_SECOND;
}


/* no more than an integer of a structured field may be (RFC 8941, 3.3.1) */

static ngx_inline int64_t
ngx_http_credverify_told(uint64_t n)
{
    return n < 999999999999999 ? (int64_t) n : 999999999999999;
}


static uint64_t
ngx_http_credverify_left(ngx_http_credverify_charge_t *charge,
    cv_window_t window)
{
    uint64_t  used, most;

    used = charge->admission.used[window];
    most = charge->limits.most[window];

    return used < most ? most - used : 0;
}


/* a text that is copied by one instruction, with what stands behind it */

typedef struct {
    u_char  data[16];
    size_t  len;
} ngx_http_credverify_text_t;

#define NGX_HTTP_CREDVERIFY_TEXT(s)  { s, sizeof(s) - 1 }

typedef struct {
    ngx_http_credverify_text_t  quota;
    ngx_http_credverify_text_t  length;     /* of a month, it follows */
    ngx_http_credverify_text_t  left;
} ngx_http_credverify_texts_t;

static const ngx_http_credverify_texts_t
    ngx_http_credverify_texts[CV_WINDOWS] =
{

    { NGX_HTTP_CREDVERIFY_TEXT(", \"minute\";q="),
      NGX_HTTP_CREDVERIFY_TEXT(";w=60"),
      NGX_HTTP_CREDVERIFY_TEXT(", \"minute\";r=") },

    { NGX_HTTP_CREDVERIFY_TEXT(", \"hour\";q="),
      NGX_HTTP_CREDVERIFY_TEXT(";w=3600"),
      NGX_HTTP_CREDVERIFY_TEXT(", \"hour\";r=") },

    { NGX_HTTP_CREDVERIFY_TEXT(", \"day\";q="),
      NGX_HTTP_CREDVERIFY_TEXT(";w=86400"),
      NGX_HTTP_CREDVERIFY_TEXT(", \"day\";r=") },

    { NGX_HTTP_CREDVERIFY_TEXT(", \"month\";q="),
      NGX_HTTP_CREDVERIFY_TEXT(";w="),
      NGX_HTTP_CREDVERIFY_TEXT(", \"month\";r=") },
};

static const ngx_http_credverify_text_t  ngx_http_credverify_resets_text =
    NGX_HTTP_CREDVERIFY_TEXT(";t=");


static ngx_inline u_char *
ngx_http_credverify_put(u_char *p, const ngx_http_credverify_text_t *text)
{
    ngx_memcpy(p, text->data, sizeof(text->data));

    return p + text->len;
}


static ngx_inline u_char *
ngx_http_credverify_put_int(u_char *p, int64_t n)
{
    return p + cv_int_write(p, n);
}


/* draft-ietf-httpapi-ratelimit-headers-10: a list of every window */

static ngx_int_t
ngx_http_credverify_ratelimit(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge)
{
    u_char                             *policy, *limit, *p, *q;
    cv_window_t                         window;
    const ngx_http_credverify_texts_t  *text;

    enum { MOST = CV_WINDOWS * 2
                  * (sizeof(ngx_http_credverify_text_t) + NGX_INT64_LEN) };

    policy = ngx_pnalloc(r->pool, 2 * MOST);
    if (policy == NULL) {
        return NGX_ERROR;
    }

    limit = policy + MOST;
    p = policy;
    q = limit;

    for (window = 0; window < CV_WINDOWS; window++) {

        if (charge->limits.most[window] == CV_UNLIMITED) {
            continue;
        }

        text = &ngx_http_credverify_texts[window];

        p = ngx_http_credverify_put(p, &text->quota);
        p = ngx_http_credverify_put_int(p,
                ngx_http_credverify_told(charge->limits.most[window]));
        p = ngx_http_credverify_put(p, &text->length);

        if (window == CV_WINDOW_MONTH) {
            p = ngx_http_credverify_put_int(p,
                    cv_month_length(charge->admission.month) / CV_SECOND);
        }

        q = ngx_http_credverify_put(q, &text->left);
        q = ngx_http_credverify_put_int(q,
                ngx_http_credverify_told(ngx_http_credverify_left(charge,
                                                                  window)));
        q = ngx_http_credverify_put(q, &ngx_http_credverify_resets_text);
        q = ngx_http_credverify_put_int(q,
                ngx_http_credverify_resets(charge, window));
    }

    if (p == policy) {
        return NGX_OK;
    }

    /* without the comma of the first one */

    policy += 2;
    limit += 2;

    return ngx_http_credverify_add_header(r, CV_STR("RateLimit-Policy"),
                                          cv_str(policy,
                                                 (size_t) (p - policy)))
           == NGX_OK
           ? ngx_http_credverify_add_header(r, CV_STR("RateLimit"),
                                            cv_str(limit,
                                                   (size_t) (q - limit)))
           : NGX_ERROR;
}


/* what came before there was a draft: of the window with the least left */

static ngx_int_t
ngx_http_credverify_legacy(ngx_http_request_t *r,
    ngx_http_credverify_charge_t *charge)
{
    uint64_t     least;
    cv_buf_t     values[3];
    cv_window_t  window, tightest;
    ngx_uint_t   i;

    static const char *const  names[] = {
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
    };

    tightest = CV_WINDOWS;
    least = 0;

    for (window = 0; window < CV_WINDOWS; window++) {
        if (charge->limits.most[window] != CV_UNLIMITED
            && (tightest == CV_WINDOWS
                || ngx_http_credverify_left(charge, window) < least))
        {
            tightest = window;
            least = ngx_http_credverify_left(charge, window);
        }
    }

    if (!charge->admission.admitted) {
        tightest = charge->admission.refused;
    }

    if (tightest == CV_WINDOWS) {
        return NGX_OK;
    }

    for (i = 0; i < 3; i++) {
        cv_buf_borrow(&values[i], ngx_pnalloc(r->pool, NGX_INT64_LEN),
                      NGX_INT64_LEN);
        if (values[i].data == NULL) {
            return NGX_ERROR;
        }
    }

    cv_buf_append_int(&values[0],
                      ngx_http_credverify_told(charge->limits.most[tightest]));
    cv_buf_append_int(&values[1],
                      ngx_http_credverify_told(ngx_http_credverify_left(
                                                   charge, tightest)));
    cv_buf_append_int(&values[2], charge->now / CV_SECOND
                                  + ngx_http_credverify_resets(charge,
                                                               tightest));

    for (i = 0; i < 3; i++) {
        if (ngx_http_credverify_add_header(r, cv_str_z(names[i]),
                                           cv_buf_str(&values[i]))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (charge->admission.admitted) {
        return NGX_OK;
    }

    return ngx_http_credverify_add_header(r, CV_STR("X-RateLimit-Window"),
               tightest == CV_WINDOW_MINUTE ? CV_STR("per_minute")
               : tightest == CV_WINDOW_HOUR ? CV_STR("per_hour")
               : tightest == CV_WINDOW_DAY ? CV_STR("per_day")
                                           : CV_STR("per_month"));
}


/*
 * Who asks for codes and numbers that do not exist is guessing.  Where that
 * cannot be counted nobody is kept from verifying.
 */

ngx_int_t
ngx_http_credverify_guess(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_uint_t missed,
    cv_refusal_t *refusal)
{
    cv_err_t                         err;
    cv_limits_t                      limits;
    cv_admission_t                   admission;
    ngx_http_credverify_place_t      place;
    ngx_http_credverify_counting_t   counting;

    cv_limits_read(&limits, NULL);
    limits.most[CV_WINDOW_MINUTE] = clcf->guesses;

    counting.limits = &limits;
    counting.now = ngx_http_credverify_now();
    counting.units = missed;
    counting.admission = &admission;

    err = ngx_http_credverify_of_guesses(&clcf->store, r, missed, &place,
                                         missed
                                         ? ngx_http_credverify_count_units
                                         : ngx_http_credverify_count_none,
                                         &counting);

    if (err != CV_OK || place.meter == NULL) {
        return NGX_OK;
    }

    ngx_http_credverify_release(&place);

    if (missed || admission.admitted) {
        return NGX_OK;
    }

    ngx_http_credverify_tell(&admission, &limits, counting.now, refusal);

    /* not a quota that is used up, whatever the outcome is called */

    refusal->window = CV_STR("guesses");
    refusal->detail = CV_STR("Too many codes or numbers that do not exist were "
                             "asked for from this address.");

    return NGX_DECLINED;
}


void
ngx_http_credverify_count_units(cv_slot_t *slot, void *arg)
{
    ngx_http_credverify_counting_t  *counting = arg;

    ngx_uint_t  i;

    for (i = 0; i < counting->units; i++) {
        cv_admit(slot, counting->limits, counting->now, counting->admission);
    }
}


void
ngx_http_credverify_count_none(cv_slot_t *slot, void *arg)
{
    ngx_http_credverify_counting_t  *counting = arg;

    cv_admission_look(slot, counting->limits, counting->now,
                      counting->admission);
}


/* the least that is left in any window, for variables; -1: no limit */

int64_t
ngx_http_credverify_remaining(ngx_http_request_t *r)
{
    int64_t                        least;
    uint64_t                       left;
    cv_window_t                    window;
    ngx_http_credverify_charge_t  *charge;

    charge = ngx_http_credverify_charge(r);
    least = -1;

    if (charge == NULL || charge->place.meter == NULL) {
        return -1;
    }

    for (window = 0; window < CV_WINDOWS; window++) {
        if (charge->limits.most[window] != CV_UNLIMITED) {
            left = ngx_http_credverify_left(charge, window);

            if (least == -1 || left < (uint64_t) least) {
                least = (int64_t) left;
            }
        }
    }

    return least;
}
