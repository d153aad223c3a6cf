
/*
 * Copyright (C) The credverify authors
 *
 * What is being done for requests with an Idempotency-Key, known to all
 * workers, so that it is not begun twice.
 */

#ifndef NGX_HTTP_CREDVERIFY_FLIGHT_H
#define NGX_HTTP_CREDVERIFY_FLIGHT_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#define NGX_HTTP_CREDVERIFY_FLIGHT_KEY  64

typedef struct ngx_http_credverify_flight_s  ngx_http_credverify_flight_t;

/* Has the configuration know of it, in memory that reloads leave as it is. */
ngx_shm_zone_t *ngx_http_credverify_flights(ngx_conf_t *cf);

/*
 * When a worker begins: what the one had begun that was in its place before, and
 * is dead, is over.  Another process may have its number by then.
 */
void ngx_http_credverify_flights_over(ngx_shm_zone_t *zone);

/*
 * Begins one.  NGX_DECLINED if it is under way, in a worker that lives;
 * NGX_BUSY if too many are.
 */
ngx_int_t ngx_http_credverify_flight_begin(ngx_shm_zone_t *zone,
    const u_char *key, ngx_http_credverify_flight_t **flight);
void ngx_http_credverify_flight_end(ngx_shm_zone_t *zone,
    ngx_http_credverify_flight_t *flight);

#endif /* NGX_HTTP_CREDVERIFY_FLIGHT_H */
