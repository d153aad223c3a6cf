
/*
 * Copyright (C) The credverify authors
 *
 * The stores of a worker.  They are opened after the fork and watched by a
 * timer: a store that is missing, damaged or replaced never stops nginx, is
 * answered by 503 meanwhile, and is served again by itself.
 */

#include "ngx_http_credverify_store.h"
#include "ngx_http_credverify_flight.h"
#include "ngx_http_credverify_group.h"
#include "ngx_http_credverify_write.h"
#include "cv_hash.h"


/* how often a store is looked after, and how long errors stay no news */

#define NGX_HTTP_CREDVERIFY_PROBE   1000
#define NGX_HTTP_CREDVERIFY_REPEAT  60


typedef struct {
    ngx_http_credverify_store_t  *store;
    ngx_http_credverify_read_pt   fn;
    void                         *arg;
    cv_err_t                      err;
} ngx_http_credverify_reading_t;


static ngx_int_t ngx_http_credverify_add_store(
    ngx_http_credverify_wanted_t *wanted);
static void ngx_http_credverify_open(ngx_http_credverify_store_t *store);
static cv_err_t ngx_http_credverify_open_file(
    ngx_http_credverify_store_t *store, cv_error_t *error);
static void ngx_http_credverify_share(ngx_http_credverify_store_t *store,
    ngx_http_credverify_store_t *other);
static void ngx_http_credverify_close(ngx_http_credverify_store_t *store);
static void ngx_http_credverify_probe(ngx_event_t *ev);
static void ngx_http_credverify_tell_of(ngx_http_credverify_store_t *store,
    const char *text, ngx_uint_t status);
static void ngx_http_credverify_read_guarded(void *arg);


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

    if (cmcf->flights != NULL) {
        ngx_http_credverify_flights_over(cmcf->flights);
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

    ngx_http_credverify_write_exit();

    while (ngx_http_credverify_stores != NULL) {
        store = ngx_http_credverify_stores;
        ngx_http_credverify_stores = store->next;

        if (store->timer.timer_set) {
            ngx_del_timer(&store->timer);
        }

        ngx_http_credverify_close(store);
        ngx_http_credverify_group_free(store->group);
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
    store->written = wanted->written;

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
            ngx_http_credverify_share(store, other);
            return;
        }
    }

    err = ngx_http_credverify_open_file(store, &error);

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


/*
 * What may be read but not written goes on being verified: who writes is told
 * that it is not to be had.
 */

static cv_err_t
ngx_http_credverify_open_file(ngx_http_credverify_store_t *store,
    cv_error_t *error)
{
    cv_err_t  err;

    if (store->written) {
        err = cv_store_open(&store->store, (char *) store->path, 1, error);

        if (err != CV_ERR_ACCESS) {
            store->writable = err == CV_OK;
            return err;
        }

        ngx_http_credverify_complain(store, error->text);
    }

    store->writable = 0;

    return cv_store_open(&store->store, (char *) store->path, 0, error);
}


static void
ngx_http_credverify_share(ngx_http_credverify_store_t *store,
    ngx_http_credverify_store_t *other)
{
    store->same = other;
    store->err = CV_OK;

    other->keys.wanted |= store->keys.wanted;
    other->addresses.wanted |= store->addresses.wanted;

    if (store->written && !other->written) {

        /* nobody writes to what is open to be read */

        other->written = 1;
        ngx_http_credverify_close(other);
        ngx_http_credverify_open(other);

        return;
    }

    ngx_http_credverify_open_meter(other, &other->keys);
    ngx_http_credverify_open_meter(other, &other->addresses);
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
        /* what is wrong with it now, if anything, opening will tell; threads
         * that write to it have it until they are done */

        store->stale = 1;

        if (store->writers == 0) {
            ngx_http_credverify_close(store);
        }
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


ngx_http_credverify_store_t *
ngx_http_credverify_written(ngx_http_credverify_store_t *store)
{
    return store != NULL && store->same != NULL ? store->same : store;
}


cv_err_t
ngx_http_credverify_writer_begin(ngx_http_credverify_store_t **store,
    cv_store_t **opened)
{
    *store = ngx_http_credverify_written(*store);

    if ((*store)->store == NULL || (*store)->stale) {
        return (*store)->err != CV_OK ? (*store)->err : CV_ERR_MISSING;
    }

    if (!(*store)->writable) {
        return CV_ERR_ACCESS;
    }

    (*store)->writers++;
    *opened = (*store)->store;

    return CV_OK;
}


/* of what is wrong with the store, not with what was to be written */

void
ngx_http_credverify_writer_end(ngx_http_credverify_store_t *store, cv_err_t err,
    const char *text)
{
    store->writers--;

    switch (err) {

    case CV_OK:
    case CV_ERR_LIMIT:
    case CV_ERR_INPUT:
    case CV_ERR_CONFLICT:
    case CV_ERR_NOMEM:
        break;

    case CV_ERR_FULL:
        ngx_http_credverify_tell_of(store, text, NGX_HTTP_INSUFFICIENT_STORAGE);
        break;

    default:
        store->stale = 1;
        ngx_http_credverify_complain(store, text);
    }

    if (store->stale && store->writers == 0) {
        ngx_http_credverify_close(store);
        ngx_http_credverify_open(store);
    }
}


void
ngx_http_credverify_complain(ngx_http_credverify_store_t *store,
    const char *text)
{
    ngx_http_credverify_tell_of(store, text, NGX_HTTP_SERVICE_UNAVAILABLE);
}


static void
ngx_http_credverify_tell_of(ngx_http_credverify_store_t *store,
    const char *text, ngx_uint_t status)
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
                  "credverify: %s; answering %ui", text, status);
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
