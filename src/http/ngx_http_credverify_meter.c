
/*
 * Copyright (C) The credverify authors
 *
 * Where calls are counted: the counters that are open with a store.
 */

#include "ngx_http_credverify_store.h"
#include "cv_hash.h"


typedef struct {
    cv_meter_t                   *meter;
    uint64_t                      number;       /* of a key; 0: an address */
    uint64_t                      uid;
    ngx_uint_t                    known;        /* not if it has none yet */
    cv_slot_t                    *slot;
    ngx_http_credverify_count_pt  fn;           /* to be run there */
    void                         *arg;
} ngx_http_credverify_finding_t;


static ngx_http_credverify_store_t *ngx_http_credverify_metered(
    ngx_str_t *path);
static cv_err_t ngx_http_credverify_address(ngx_http_credverify_store_t *store,
    ngx_http_request_t *r, uint64_t *hash);
static cv_err_t ngx_http_credverify_hold(
    ngx_http_credverify_metering_t *metering,
    ngx_http_credverify_finding_t *finding,
    ngx_http_credverify_place_t *place);
static cv_err_t ngx_http_credverify_guarded(ngx_http_credverify_meter_t *meter,
    ngx_http_credverify_finding_t *finding);
static void ngx_http_credverify_find(void *arg);


void
ngx_http_credverify_open_meter(ngx_http_credverify_store_t *store,
    ngx_http_credverify_metering_t *metering)
{
    cv_err_t                      err;
    cv_error_t                    error;
    ngx_http_credverify_meter_t  *meter;

    if (metering->meter != NULL
        && cv_meter_probe(metering->meter->meter, &error) != CV_OK)
    {
        /* what is wrong with them now, if anything, opening will tell */
        ngx_http_credverify_close_meter(metering);
    }

    if (metering->meter != NULL || !metering->wanted) {
        return;
    }

    meter = ngx_alloc(sizeof(ngx_http_credverify_meter_t), ngx_cycle->log);
    if (meter == NULL) {
        metering->err = CV_ERR_NOMEM;
        return;
    }

    err = metering == &store->keys
          ? cv_meter_open(&meter->meter, (char *) store->path,
                          cv_store_uuid(store->store), &error)
          : cv_visitors_open(&meter->meter, (char *) store->path, "data.mdb",
                             cv_store_uuid(store->store), &error);

    if (err != CV_OK) {
        ngx_free(meter);
        metering->err = err;
        ngx_http_credverify_complain(store, error.text);
        return;
    }

    meter->store = store;
    meter->refs = 1;
    metering->meter = meter;

    if (metering->err != CV_OK) {
        metering->err = CV_OK;
        ngx_memzero(store->said, sizeof(store->said));
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "credverify: calls are counted again in the store "
                      "\"%s\"", store->path);
    }
}


static void
ngx_http_credverify_let_go(ngx_http_credverify_meter_t *meter)
{
    if (--meter->refs == 0) {
        cv_meter_close(meter->meter);
        ngx_free(meter);
    }
}


void
ngx_http_credverify_close_meter(ngx_http_credverify_metering_t *metering)
{
    if (metering->meter != NULL) {
        ngx_http_credverify_let_go(metering->meter);
        metering->meter = NULL;
    }
}


void
ngx_http_credverify_release(ngx_http_credverify_place_t *place)
{
    if (place->meter != NULL) {
        ngx_http_credverify_let_go(place->meter);
        place->meter = NULL;
    }
}


cv_err_t
ngx_http_credverify_at(ngx_http_credverify_place_t *place,
    ngx_http_credverify_count_pt fn, void *arg)
{
    ngx_http_credverify_finding_t  finding;

    ngx_memzero(&finding, sizeof(ngx_http_credverify_finding_t));

    finding.slot = place->slot;
    finding.fn = fn;
    finding.arg = arg;

    return ngx_http_credverify_guarded(place->meter, &finding);
}


/* whose slot it is, is found out where a file that is cut short is no fault */

static cv_err_t
ngx_http_credverify_guarded(ngx_http_credverify_meter_t *meter,
    ngx_http_credverify_finding_t *finding)
{
    cv_err_t                      err;
    cv_error_t                    error;
    ngx_http_credverify_store_t  *store;

    finding->meter = meter->meter;

    err = cv_meter_guard(meter->meter, ngx_http_credverify_find, finding);

    if (err == CV_OK) {
        return CV_OK;
    }

    /* the timer will look into it */

    store = meter->store;

    if (cv_meter_probe(meter->meter, &error) == CV_OK) {
        (void) cv_error_set(&error, err, "%s: the counters cannot be read",
                            store->path);
    }

    if (meter == store->keys.meter) {
        store->keys.err = err;

    } else if (meter == store->addresses.meter) {
        store->addresses.err = err;
    }

    ngx_http_credverify_complain(store, error.text);

    return err;
}


static void
ngx_http_credverify_find(void *arg)
{
    uint64_t                        hash;
    ngx_http_credverify_finding_t  *finding = arg;

    hash = finding->uid > 1 ? finding->uid : 2;

    if (finding->slot == NULL) {
        finding->slot = finding->number != 0
            ? cv_meter_slot(finding->meter, finding->number, finding->uid)
            : finding->known
            ? cv_visitor_find(finding->meter, hash)
            : cv_visitor_slot(finding->meter, hash, ngx_http_credverify_now());
    }

    if (finding->slot != NULL) {
        finding->fn(finding->slot, finding->arg);
    }
}


static cv_err_t
ngx_http_credverify_hold(ngx_http_credverify_metering_t *metering,
    ngx_http_credverify_finding_t *finding, ngx_http_credverify_place_t *place)
{
    cv_err_t  err;

    place->meter = NULL;

    if (metering->meter == NULL) {
        return metering->err != CV_OK ? metering->err : CV_ERR_MISSING;
    }

    err = ngx_http_credverify_guarded(metering->meter, finding);

    if (err == CV_OK && finding->slot != NULL) {
        metering->meter->refs++;
        place->meter = metering->meter;
        place->slot = finding->slot;
    }

    return err;
}


static ngx_http_credverify_store_t *
ngx_http_credverify_metered(ngx_str_t *path)
{
    ngx_http_credverify_store_t  *store;

    store = ngx_http_credverify_store(path);

    if (store != NULL && store->same != NULL) {
        store = store->same;
    }

    /* the timer opens it, and has said why it cannot */

    return store != NULL && store->store != NULL ? store : NULL;
}


cv_err_t
ngx_http_credverify_of_key(ngx_str_t *path, uint64_t number, uint64_t uid,
    ngx_http_credverify_place_t *place, ngx_http_credverify_count_pt fn,
    void *arg)
{
    cv_err_t                        err;
    cv_error_t                      error;
    ngx_http_credverify_store_t    *store;
    ngx_http_credverify_finding_t   finding;

    store = ngx_http_credverify_metered(path);
    if (store == NULL) {
        return CV_ERR_MISSING;
    }

    ngx_memzero(&finding, sizeof(ngx_http_credverify_finding_t));

    finding.number = number;
    finding.uid = uid;
    finding.fn = fn;
    finding.arg = arg;

    err = ngx_http_credverify_hold(&store->keys, &finding, place);

    if (err == CV_OK && place->meter == NULL) {
        err = cv_error_set(&error, CV_ERR_DAMAGED, "%s: a key has no slot "
                           "among the counters; run \"credverify check\"",
                           store->path);
        ngx_http_credverify_complain(store, error.text);
    }

    return err;
}


cv_err_t
ngx_http_credverify_of_address(ngx_str_t *path, ngx_http_request_t *r,
    ngx_http_credverify_place_t *place, ngx_http_credverify_count_pt fn,
    void *arg)
{
    cv_err_t                        err;
    ngx_http_credverify_store_t    *store;
    ngx_http_credverify_finding_t   finding;

    ngx_memzero(&finding, sizeof(ngx_http_credverify_finding_t));

    finding.fn = fn;
    finding.arg = arg;

    store = ngx_http_credverify_metered(path);

    err = ngx_http_credverify_address(store, r, &finding.uid);

    return err == CV_OK
           ? ngx_http_credverify_hold(&store->addresses, &finding, place)
           : err;
}


cv_err_t
ngx_http_credverify_of_guesses(ngx_str_t *path, ngx_http_request_t *r,
    ngx_uint_t missed, ngx_http_credverify_place_t *place,
    ngx_http_credverify_count_pt fn, void *arg)
{
    cv_err_t                        err;
    ngx_http_credverify_store_t    *store;
    ngx_http_credverify_finding_t   finding;

    ngx_memzero(&finding, sizeof(ngx_http_credverify_finding_t));

    finding.fn = fn;
    finding.arg = arg;
    finding.known = !missed;

    store = ngx_http_credverify_metered(path);

    err = ngx_http_credverify_address(store, r, &finding.uid);

    /* beside the calls of that address */

    finding.uid = ~finding.uid;

    return err == CV_OK
           ? ngx_http_credverify_hold(&store->addresses, &finding, place)
           : err;
}


/* a hash of the address, or of what is one subscriber's: 64 bits of IPv6 */

static cv_err_t
ngx_http_credverify_address(ngx_http_credverify_store_t *store,
    ngx_http_request_t *r, uint64_t *hash)
{
    cv_str_t              address;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    if (store == NULL) {
        return CV_ERR_MISSING;
    }

    if (store->addresses.meter == NULL) {
        return store->addresses.err != CV_OK ? store->addresses.err
                                             : CV_ERR_MISSING;
    }

    switch (r->connection->sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) r->connection->sockaddr;
        address = cv_str(&sin->sin_addr, 4);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) r->connection->sockaddr;
        address = IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)
                  ? cv_str(sin6->sin6_addr.s6_addr + 12, 4)
                  : cv_str(sin6->sin6_addr.s6_addr, 8);
        break;
#endif

    default:
        /* whoever comes through a socket of this machine */
        address = CV_STR("unix");
    }

    *hash = cv_hash_keyed(cv_meter_secret(store->addresses.meter->meter),
                          address.data, address.len);

    return CV_OK;
}
