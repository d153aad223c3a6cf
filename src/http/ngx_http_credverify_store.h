
/*
 * Copyright (C) The credverify authors
 *
 * A store of a worker, with the counters that are open with it, for what opens
 * them, counts there, and writes to it.
 */

#ifndef NGX_HTTP_CREDVERIFY_STORE_H
#define NGX_HTTP_CREDVERIFY_STORE_H

#include "ngx_http_credverify.h"

#define NGX_HTTP_CREDVERIFY_SAID  8

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
    ngx_uint_t                    written;      /* it is wanted to write to, */
    ngx_uint_t                    writable;     /* and open for that */
    ngx_uint_t                    writers;      /* threads that do */
    struct ngx_http_credverify_group_s  *group; /* changes; NULL: none yet */
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

/* Opens counters that are wanted and are not open, or not what they were. */
void ngx_http_credverify_open_meter(ngx_http_credverify_store_t *store,
    ngx_http_credverify_metering_t *metering);
void ngx_http_credverify_close_meter(ngx_http_credverify_metering_t *metering);

/*
 * The store that is written where this is named.
 *
 * The store for a thread to write to, which is not closed before that has
 * ended; "store" becomes the one to tell of that, with what came of it and, of
 * an error, why: that is logged if it is the store's.
 */
ngx_http_credverify_store_t *ngx_http_credverify_written(
    ngx_http_credverify_store_t *store);
cv_err_t ngx_http_credverify_writer_begin(ngx_http_credverify_store_t **store,
    cv_store_t **opened);
void ngx_http_credverify_writer_end(ngx_http_credverify_store_t *store,
    cv_err_t err, const char *text);

#endif /* NGX_HTTP_CREDVERIFY_STORE_H */
