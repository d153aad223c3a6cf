
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


/* how often a store is looked after, and how long an error stays no news */

#define NGX_HTTP_CREDVERIFY_PROBE   1000
#define NGX_HTTP_CREDVERIFY_REPEAT  60


struct ngx_http_credverify_store_s {
    ngx_http_credverify_store_t  *next;
    ngx_http_credverify_store_t  *same;         /* has it open, by another path */
    cv_store_t                   *store;
    cv_txn_t                     *snapshot;
    cv_verifier_t                *verifier;
    ngx_http_credverify_meter_t  *meter;        /* of keys, once wanted */
    ngx_http_credverify_meter_t  *visitors;     /* of addresses, likewise */
    ngx_event_t                   timer;
    ngx_connection_t              fake;
    cv_err_t                      err;          /* the last one that was logged */
    uint64_t                      said;         /* a hash of its words */
    time_t                        logged;
    ngx_uint_t                    stale;        /* reopen before using it */
    u_char                        path[1];
};

/* Whoever counts in a meter holds it: one that was replaced goes with the last
 * request that does. */

struct ngx_http_credverify_meter_s {
    cv_meter_t                   *meter;
    ngx_uint_t                    refs;
};

typedef struct {
    ngx_http_credverify_store_t  *store;
    ngx_http_credverify_read_pt   fn;
    void                         *arg;
    cv_err_t                      err;
} ngx_http_credverify_reading_t;


static void ngx_http_credverify_open(ngx_http_credverify_store_t *store);
static void ngx_http_credverify_close(ngx_http_credverify_store_t *store);
static void ngx_http_credverify_probe(ngx_event_t *ev);
static void ngx_http_credverify_complain(ngx_http_credverify_store_t *store,
    cv_err_t err, const char *text);
static void ngx_http_credverify_read_guarded(void *arg);
static ngx_http_credverify_meter_t *ngx_http_credverify_get_meter(
    ngx_http_credverify_store_t *store, ngx_http_credverify_meter_t **meter);
static void ngx_http_credverify_drop_meter(
    ngx_http_credverify_meter_t **meter);
static void ngx_http_credverify_probe_meter(
    ngx_http_credverify_store_t *store, ngx_http_credverify_meter_t **meter);
static cv_slot_t *ngx_http_credverify_visitor(
    ngx_http_credverify_store_t *store, ngx_http_request_t *r,
    cv_meter_t *visitors, ngx_uint_t guesses);


static ngx_http_credverify_store_t  *ngx_http_credverify_stores;


ngx_int_t
ngx_http_credverify_init_worker(ngx_cycle_t *cycle)
{
    cv_buf_t                          buf;
    ngx_str_t                        *path;
    ngx_uint_t                        i;
    ngx_http_credverify_store_t      *store;
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

    path = cmcf->stores.elts;

    for (i = 0; i < cmcf->stores.nelts; i++) {
        store = ngx_http_credverify_store(&path[i]);

        if (store != NULL && cmcf->keyed) {
            (void) ngx_http_credverify_get_meter(store, &store->meter);
        }

        if (store != NULL && (cmcf->keyed || cmcf->guessed)) {
            (void) ngx_http_credverify_get_meter(store, &store->visitors);
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
}


ngx_http_credverify_store_t *
ngx_http_credverify_store(ngx_str_t *path)
{
    ngx_http_credverify_store_t  *store;

    for (store = ngx_http_credverify_stores; store; store = store->next) {
        if (ngx_strcmp(store->path, path->data) == 0) {
            return store;
        }
    }

    store = ngx_calloc(sizeof(ngx_http_credverify_store_t) + path->len,
                       ngx_cycle->log);
    if (store == NULL) {
        return NULL;
    }

    ngx_memcpy(store->path, path->data, path->len);

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

    return store;
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
        ngx_http_credverify_complain(store, err, error.text);
        return;
    }

    if (store->err != CV_OK) {
        store->err = CV_OK;
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "credverify: the store \"%s\" is served again",
                      store->path);
    }
}


static void
ngx_http_credverify_close(ngx_http_credverify_store_t *store)
{
    ngx_http_credverify_drop_meter(&store->meter);
    ngx_http_credverify_drop_meter(&store->visitors);

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
        ngx_http_credverify_probe_meter(store, &store->meter);
        ngx_http_credverify_probe_meter(store, &store->visitors);

    } else if (store->same == NULL) {
        ngx_http_credverify_open(store);
    }

    if (!ngx_exiting) {
        ngx_add_timer(ev, NGX_HTTP_CREDVERIFY_PROBE);
    }
}


/* says it once, and again after a while if it is still so */

static void
ngx_http_credverify_complain(ngx_http_credverify_store_t *store, cv_err_t err,
    const char *text)
{
    uint64_t  said;

    said = cv_hash(text, ngx_strlen(text));

    if (store->err == err && store->said == said
        && ngx_time() - store->logged < NGX_HTTP_CREDVERIFY_REPEAT)
    {
        return;
    }

    store->err = err;
    store->said = said;
    store->logged = ngx_time();

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

        ngx_http_credverify_complain(store, err, error.text);
    }

    /* otherwise the next request goes on with it, or the timer lets go of it */

    if (err != CV_OK) {
        cv_snapshot_reset(store->snapshot);
    }

    return err;
}


/* Meters */

static ngx_http_credverify_meter_t *
ngx_http_credverify_get_meter(ngx_http_credverify_store_t *store,
    ngx_http_credverify_meter_t **meter)
{
    cv_err_t     err;
    cv_error_t   error;

    if (*meter != NULL) {
        return *meter;
    }

    if (store->store == NULL) {
        return NULL;
    }

    *meter = ngx_calloc(sizeof(ngx_http_credverify_meter_t), ngx_cycle->log);
    if (*meter == NULL) {
        return NULL;
    }

    err = meter == &store->meter
          ? cv_meter_open(&(*meter)->meter, (char *) store->path,
                          cv_store_uuid(store->store), &error)
          : cv_visitors_open(&(*meter)->meter, (char *) store->path,
                             "data.mdb", cv_store_uuid(store->store), &error);

    if (err != CV_OK) {
        ngx_free(*meter);
        *meter = NULL;
        ngx_http_credverify_complain(store, err, error.text);
        return NULL;
    }

    (*meter)->refs = 1;

    return *meter;
}


static void
ngx_http_credverify_drop_meter(ngx_http_credverify_meter_t **meter)
{
    if (*meter != NULL) {
        ngx_http_credverify_meter_release(*meter);
        *meter = NULL;
    }
}


void
ngx_http_credverify_meter_release(ngx_http_credverify_meter_t *meter)
{
    if (--meter->refs == 0) {
        cv_meter_close(meter->meter);
        ngx_free(meter);
    }
}


static void
ngx_http_credverify_probe_meter(ngx_http_credverify_store_t *store,
    ngx_http_credverify_meter_t **meter)
{
    cv_err_t    err;
    cv_error_t  error;

    if (*meter == NULL) {
        return;
    }

    err = cv_meter_probe((*meter)->meter, &error);

    if (err != CV_OK) {
        ngx_http_credverify_complain(store, err, error.text);
        ngx_http_credverify_drop_meter(meter);
    }
}


ngx_int_t
ngx_http_credverify_slot(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf,
    ngx_http_credverify_bearer_t *bearer, ngx_http_credverify_meter_t **out,
    cv_slot_t **slot)
{
    cv_error_t                    error;
    ngx_http_credverify_store_t  *store;
    ngx_http_credverify_meter_t  *meter;

    store = ngx_http_credverify_store(&clcf->store);

    if (store != NULL && store->same != NULL) {
        store = store->same;
    }

    meter = store == NULL ? NULL
          : ngx_http_credverify_get_meter(store, bearer->number != 0
                                                 ? &store->meter
                                                 : &store->visitors);
    if (meter == NULL) {
        return NGX_ERROR;
    }

    *slot = bearer->number != 0
            ? cv_meter_slot(meter->meter, bearer->number, bearer->uid)
            : ngx_http_credverify_visitor(store, r, meter->meter,
                                          bearer->guesses);

    if (*slot == NULL) {
        (void) cv_error_set(&error, CV_ERR_DAMAGED, "%s: a key has no slot "
                            "among the counters; run \"credverify check\"",
                            store->path);
        ngx_http_credverify_complain(store, CV_ERR_DAMAGED, error.text);

        return NGX_ERROR;
    }

    meter->refs++;
    *out = meter;

    return NGX_OK;
}


/* an address, or what of it is one subscriber's: 64 bits of IPv6 */

static cv_slot_t *
ngx_http_credverify_visitor(ngx_http_credverify_store_t *store,
    ngx_http_request_t *r, cv_meter_t *visitors, ngx_uint_t guesses)
{
    cv_str_t              address;
    uint64_t              hash;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

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

    if (cv_digest_keyed(cv_verifier_digest(store->verifier), &hash,
                        cv_meter_secret(visitors), address)
        != CV_OK)
    {
        return NULL;
    }

    /* guesses are counted beside calls */

    hash = guesses ? ~hash : hash;

    return cv_visitor_slot(visitors, hash > 1 ? hash : 2,
                           ngx_http_credverify_now());
}
