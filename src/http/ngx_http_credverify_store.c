
/*
 * Copyright (C) The credverify authors
 *
 * The stores of a worker.  They are opened after the fork and watched by a
 * timer: a store that is missing, damaged or replaced never stops nginx, is
 * answered by 503 meanwhile, and is served again by itself.
 */

#include "ngx_http_credverify.h"
#include "cv_hash.h"
#include "cv_store.h"


/* how often a store is looked after, and how long errors stay no news */

#define NGX_HTTP_CREDVERIFY_PROBE   1000
#define NGX_HTTP_CREDVERIFY_REPEAT  60
#define NGX_HTTP_CREDVERIFY_SAID    8


typedef struct {
    uint64_t                      words;        /* a hash of them */
    time_t                        at;
} ngx_http_credverify_said_t;

/*
 * Counters: opened with the store if they are wanted, and again when they are
 * not what they were.
 */

typedef struct {
    ngx_http_credverify_meter_t  *meter;
    ngx_uint_t                    wanted;
    cv_err_t                      err;          /* why there is no meter */
} ngx_http_credverify_metering_t;

struct ngx_http_credverify_store_s {
    ngx_http_credverify_store_t  *next;
    ngx_http_credverify_store_t  *same;         /* has it open, by another path */
    cv_store_t                   *store;
    cv_txn_t                     *snapshot;
    cv_verifier_t                *verifier;
    ngx_http_credverify_metering_t  keys;
    ngx_http_credverify_metering_t  addresses;
    ngx_event_t                   timer;
    ngx_connection_t              fake;
    cv_err_t                      err;          /* the last one, until it is
                                                   served again */
    ngx_http_credverify_said_t    said[NGX_HTTP_CREDVERIFY_SAID];
    ngx_uint_t                    stale;        /* reopen before using it */
    ngx_uint_t                    opened;       /* which time that is */
    u_char                        path[1];
};

/* Whoever counts in a meter holds it: one that was replaced goes with the last
 * request that does. */

struct ngx_http_credverify_meter_s {
    cv_meter_t                   *meter;
    ngx_http_credverify_store_t  *store;
    ngx_uint_t                    refs;
};

typedef struct {
    cv_meter_t                   *meter;
    uint64_t                      number;       /* of a key; 0: an address */
    uint64_t                      uid;
    ngx_uint_t                    known;        /* not if it has none yet */
    cv_slot_t                    *slot;
    ngx_http_credverify_count_pt  fn;           /* to be run there */
    void                         *arg;
} ngx_http_credverify_finding_t;

typedef struct {
    ngx_http_credverify_store_t  *store;
    ngx_http_credverify_read_pt   fn;
    void                         *arg;
    cv_err_t                      err;
} ngx_http_credverify_reading_t;


static ngx_int_t ngx_http_credverify_add_store(
    ngx_http_credverify_wanted_t *wanted);
static void ngx_http_credverify_open(ngx_http_credverify_store_t *store);
static void ngx_http_credverify_close(ngx_http_credverify_store_t *store);
static void ngx_http_credverify_probe(ngx_event_t *ev);
static void ngx_http_credverify_read_guarded(void *arg);
static void ngx_http_credverify_open_meter(ngx_http_credverify_store_t *store,
    ngx_http_credverify_metering_t *metering);
static void ngx_http_credverify_close_meter(
    ngx_http_credverify_metering_t *metering);
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


static ngx_http_credverify_store_t  *ngx_http_credverify_stores;
static ngx_uint_t                    ngx_http_credverify_openings;


ngx_int_t
ngx_http_credverify_init_worker(ngx_cycle_t *cycle)
{
    cv_buf_t                          buf;
    ngx_uint_t                        i;
    ngx_http_credverify_wanted_t     *wanted;
    ngx_http_credverify_main_conf_t  *cmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    cmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_credverify_module);
    if (cmcf == NULL) {
        return NGX_OK;
    }

    wanted = cmcf->stores.elts;

    for (i = 0; i < cmcf->stores.nelts; i++) {
        if (ngx_http_credverify_add_store(&wanted[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* what every request needs is there before the first one */

    if (cmcf->stores.nelts != 0
        && ngx_http_credverify_scratch(&buf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_credverify_exit_worker(ngx_cycle_t *cycle)
{
    ngx_http_credverify_store_t  *store;

    while (ngx_http_credverify_stores != NULL) {
        store = ngx_http_credverify_stores;
        ngx_http_credverify_stores = store->next;

        if (store->timer.timer_set) {
            ngx_del_timer(&store->timer);
        }

        ngx_http_credverify_close(store);
        ngx_free(store);
    }

    ngx_http_credverify_scratch_free();
    ngx_http_credverify_work_exit(cycle);
    ngx_http_credverify_revoked_exit(cycle);
}


ngx_http_credverify_store_t *
ngx_http_credverify_store(ngx_str_t *path)
{
    ngx_http_credverify_store_t  *store;

    for (store = ngx_http_credverify_stores; store; store = store->next) {
        if (ngx_strcmp(store->path, path->data) == 0) {
            break;
        }
    }

    return store;
}


ngx_uint_t
ngx_http_credverify_opened(ngx_http_credverify_store_t *store)
{
    if (store != NULL && store->same != NULL) {
        store = store->same;
    }

    return store != NULL ? store->opened : 0;
}


static ngx_int_t
ngx_http_credverify_add_store(ngx_http_credverify_wanted_t *wanted)
{
    ngx_http_credverify_store_t  *store;

    store = ngx_calloc(sizeof(ngx_http_credverify_store_t) + wanted->path.len,
                       ngx_cycle->log);
    if (store == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(store->path, wanted->path.data, wanted->path.len);

    store->keys.wanted = wanted->keyed;
    store->addresses.wanted = wanted->visited;

    store->fake.fd = (ngx_socket_t) -1;
    store->timer.handler = ngx_http_credverify_probe;
    store->timer.data = &store->fake;
    store->timer.log = ngx_cycle->log;
    store->timer.cancelable = 1;
    store->fake.data = store;

    store->next = ngx_http_credverify_stores;
    ngx_http_credverify_stores = store;

    ngx_http_credverify_open(store);
    ngx_add_timer(&store->timer, NGX_HTTP_CREDVERIFY_PROBE);

    return NGX_OK;
}


static void
ngx_http_credverify_open(ngx_http_credverify_store_t *store)
{
    cv_err_t                      err;
    cv_error_t                    error;
    ngx_http_credverify_store_t  *other;

    for (other = ngx_http_credverify_stores; other; other = other->next) {

        /* opening an environment twice in a process breaks its locks */

        if (other->store != NULL
            && cv_store_is(other->store, (char *) store->path))
        {
            store->same = other;
            store->err = CV_OK;

            other->keys.wanted |= store->keys.wanted;
            other->addresses.wanted |= store->addresses.wanted;

            ngx_http_credverify_open_meter(other, &other->keys);
            ngx_http_credverify_open_meter(other, &other->addresses);

            return;
        }
    }

    err = cv_store_open(&store->store, (char *) store->path, 0, &error);

    if (err == CV_OK) {
        err = cv_snapshot_open(&store->snapshot, store->store, &error);
    }

    if (err == CV_OK) {
        store->verifier = cv_verifier_new();

        if (store->verifier == NULL
            || cv_snapshot_remember(store->snapshot) != CV_OK)
        {
            err = cv_error_set(&error, CV_ERR_NOMEM, "%s: no memory",
                               store->path);
        }
    }

    if (err != CV_OK) {
        ngx_http_credverify_close(store);
        store->err = err;
        ngx_http_credverify_complain(store, error.text);
        return;
    }

    store->opened = ++ngx_http_credverify_openings;

    if (store->err != CV_OK) {
        store->err = CV_OK;
        ngx_memzero(store->said, sizeof(store->said));
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "credverify: the store \"%s\" is served again",
                      store->path);
    }

    ngx_http_credverify_open_meter(store, &store->keys);
    ngx_http_credverify_open_meter(store, &store->addresses);
}


static void
ngx_http_credverify_close(ngx_http_credverify_store_t *store)
{
    ngx_http_credverify_close_meter(&store->keys);
    ngx_http_credverify_close_meter(&store->addresses);

    cv_verifier_free(store->verifier);
    cv_snapshot_close(store->snapshot);
    cv_store_close(store->store);

    store->verifier = NULL;
    store->snapshot = NULL;
    store->store = NULL;
    store->stale = 0;
}


static void
ngx_http_credverify_probe(ngx_event_t *ev)
{
    cv_error_t                    error;
    ngx_connection_t             *c;
    ngx_http_credverify_store_t  *store;

    c = ev->data;
    store = c->data;

    if (store->same != NULL
        && (store->same->store == NULL
            || !cv_store_is(store->same->store, (char *) store->path)))
    {
        store->same = NULL;
    }

    if (store->store != NULL
        && (store->stale || cv_store_probe(store->store, &error) != CV_OK))
    {
        /* what is wrong with it now, if anything, opening will tell */
        ngx_http_credverify_close(store);
    }

    if (store->store != NULL) {
        cv_snapshot_reset(store->snapshot);
        ngx_http_credverify_open_meter(store, &store->keys);
        ngx_http_credverify_open_meter(store, &store->addresses);

    } else if (store->same == NULL) {
        ngx_http_credverify_open(store);
    }

    /* a worker that ends, too, may have long to go; this one nobody waits for */

    ngx_add_timer(ev, NGX_HTTP_CREDVERIFY_PROBE);
}


void
ngx_http_credverify_complain(ngx_http_credverify_store_t *store,
    const char *text)
{
    uint64_t                     words;
    ngx_uint_t                   i;
    ngx_http_credverify_said_t  *said, *oldest;

    said = store->said;
    oldest = said;
    words = cv_hash(text, ngx_strlen(text));

    for (i = 0; i < NGX_HTTP_CREDVERIFY_SAID; i++) {

        if (said[i].words == words
            && ngx_time() - said[i].at < NGX_HTTP_CREDVERIFY_REPEAT)
        {
            return;
        }

        if (said[i].at < oldest->at) {
            oldest = &said[i];
        }
    }

    oldest->words = words;
    oldest->at = ngx_time();

    /* not the request's log, which would add the request line and its token */

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "credverify: %s; answering 503", text);
}


static void
ngx_http_credverify_read_guarded(void *arg)
{
    ngx_http_credverify_reading_t  *reading = arg;

    reading->err = cv_snapshot_renew(reading->store->snapshot);

    if (reading->err == CV_OK) {
        reading->err = reading->fn(reading->store->verifier,
                                   reading->store->snapshot, reading->arg);
    }
}


cv_err_t
ngx_http_credverify_read(ngx_http_credverify_store_t *store,
    ngx_http_credverify_read_pt fn, void *arg)
{
    cv_err_t                        err;
    cv_error_t                      error;
    ngx_http_credverify_reading_t   reading;

    if (store == NULL) {
        return CV_ERR_NOMEM;
    }

    if (store->same != NULL) {
        store = store->same;
    }

    if (store->store == NULL) {
        /* the timer opens it, and has said why it cannot */
        return store->err != CV_OK ? store->err : CV_ERR_MISSING;
    }

    reading.store = store;
    reading.fn = fn;
    reading.arg = arg;

    err = cv_store_guard(store->store, ngx_http_credverify_read_guarded,
                         &reading);

    if (err == CV_OK) {
        err = reading.err;
    }

    if (err != CV_OK && err != CV_ERR_NOMEM) {

        if (cv_txn_err(store->snapshot, &error) != err) {
            (void) cv_error_set(&error, err, "%s: the store is damaged; run "
                                "\"credverify check\", or restore a backup",
                                store->path);
        }

        /* a map that was enlarged, a reader's slot that was lost */
        store->stale = err != CV_ERR_DAMAGED && err != CV_ERR_VERSION;

        store->err = err;
        ngx_http_credverify_complain(store, error.text);
    }

    /* otherwise the next request goes on with it, or the timer lets go of it */

    if (err != CV_OK) {
        cv_snapshot_reset(store->snapshot);
    }

    return err;
}


/* Counters */

static void
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


static void
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
