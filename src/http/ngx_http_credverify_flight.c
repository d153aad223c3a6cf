
/*
 * Copyright (C) The credverify authors
 *
 * What is being done for requests with an Idempotency-Key.  A worker that is
 * killed leaves what it began: the one that nginx starts in its place clears
 * that away, and where there is none whoever comes next finds that it is gone.
 */

#include "ngx_http_credverify.h"
#include "ngx_http_credverify_flight.h"


/* more than all threads together have to do */
#define NGX_HTTP_CREDVERIFY_FLIGHTS  1024


struct ngx_http_credverify_flight_s {
    ngx_pid_t   pid;            /* 0: it is free */
    ngx_int_t   place;          /* of the worker, among those of the master */
    u_char      key[NGX_HTTP_CREDVERIFY_FLIGHT_KEY];
};


static ngx_int_t ngx_http_credverify_flights_init(ngx_shm_zone_t *zone,
    void *old);
static ngx_uint_t ngx_http_credverify_flight_free(
    const ngx_http_credverify_flight_t *flight);


ngx_shm_zone_t *
ngx_http_credverify_flights(ngx_conf_t *cf)
{
    size_t           size;
    ngx_str_t        name;
    ngx_shm_zone_t  *zone;

    size = NGX_HTTP_CREDVERIFY_FLIGHTS * sizeof(ngx_http_credverify_flight_t);
    size += 8 * ngx_pagesize;

    ngx_str_set(&name, "credverify_writes");

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_credverify_module);

    if (zone != NULL) {
        zone->init = ngx_http_credverify_flights_init;
    }

    return zone;
}


static ngx_int_t
ngx_http_credverify_flights_init(ngx_shm_zone_t *zone, void *old)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (shpool->data == NULL) {
        shpool->data = ngx_slab_calloc(shpool, NGX_HTTP_CREDVERIFY_FLIGHTS
                                       * sizeof(ngx_http_credverify_flight_t));
    }

    return shpool->data != NULL ? NGX_OK : NGX_ERROR;
}


/* the master gives a place to another worker once the last one there is dead */

void
ngx_http_credverify_flights_over(ngx_shm_zone_t *zone)
{
    ngx_uint_t                     i;
    ngx_slab_pool_t               *shpool;
    ngx_http_credverify_flight_t  *flight;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    flight = shpool->data;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < NGX_HTTP_CREDVERIFY_FLIGHTS; i++) {
        if (flight[i].place == ngx_process_slot) {
            flight[i].pid = 0;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


/* a process that is another user's is there, too */

static ngx_uint_t
ngx_http_credverify_flight_free(const ngx_http_credverify_flight_t *flight)
{
    return flight->pid == 0
           || (flight->pid != ngx_pid && kill(flight->pid, 0) == -1
               && ngx_errno == NGX_ESRCH);
}


ngx_int_t
ngx_http_credverify_flight_begin(ngx_shm_zone_t *zone, const u_char *key,
    ngx_http_credverify_flight_t **begun)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    ngx_slab_pool_t               *shpool;
    ngx_http_credverify_flight_t  *flight, *found;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    flight = shpool->data;
    found = NULL;
    rc = NGX_BUSY;

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < NGX_HTTP_CREDVERIFY_FLIGHTS; i++) {

        if (flight[i].pid != 0
            && ngx_memcmp(flight[i].key, key, NGX_HTTP_CREDVERIFY_FLIGHT_KEY)
               == 0)
        {
            found = &flight[i];

            if (!ngx_http_credverify_flight_free(found)) {
                rc = NGX_DECLINED;
                found = NULL;
            }

            break;
        }

        if (found == NULL && flight[i].pid == 0) {
            found = &flight[i];
        }
    }

    /* those of workers that were killed are looked for once there is no room */

    for (i = 0; rc == NGX_BUSY && found == NULL
                && i < NGX_HTTP_CREDVERIFY_FLIGHTS; i++)
    {
        if (ngx_http_credverify_flight_free(&flight[i])) {
            found = &flight[i];
        }
    }

    if (found != NULL) {
        ngx_memcpy(found->key, key, NGX_HTTP_CREDVERIFY_FLIGHT_KEY);
        found->pid = ngx_pid;
        found->place = ngx_process_slot;
        *begun = found;
        rc = NGX_OK;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return rc;
}


void
ngx_http_credverify_flight_end(ngx_shm_zone_t *zone,
    ngx_http_credverify_flight_t *flight)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);
    flight->pid = 0;
    ngx_shmtx_unlock(&shpool->mutex);
}
