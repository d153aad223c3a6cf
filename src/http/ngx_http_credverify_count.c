
/*
 * Copyright (C) The credverify authors
 *
 * Counters of what was answered, in memory that all workers share and that
 * outlives reloads.  Nothing is counted, and there is no such memory, unless
 * a location shows it.
 */

#include "ngx_http_credverify.h"


static ngx_int_t ngx_http_credverify_init_counters(ngx_shm_zone_t *zone,
    void *old);
static ngx_http_credverify_counters_t *ngx_http_credverify_claim(
    ngx_http_credverify_table_t *table, ngx_str_t *view, ngx_log_t *log);
static void ngx_http_credverify_expect(ngx_http_credverify_counters_t *counters,
    cv_document_t *document);
static ngx_int_t ngx_http_credverify_count_answer(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


char *
ngx_http_credverify_use_counters(ngx_conf_t *cf)
{
    size_t                            size;
    ngx_str_t                         name;
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->zone != NULL) {
        return NGX_CONF_OK;
    }

    /* beside the table there is what the allocator keeps of each page */

    size = sizeof(ngx_http_credverify_table_t);
    size += size / 64 + 8 * ngx_pagesize;

    ngx_str_set(&name, "credverify_status");

    cmcf->zone = ngx_shared_memory_add(cf, &name, size,
                                       &ngx_http_credverify_module);
    if (cmcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    cmcf->zone->init = ngx_http_credverify_init_counters;
    cmcf->zone->data = cmcf;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_credverify_add_filter(ngx_conf_t *cf)
{
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_credverify_module);

    if (cmcf->zone != NULL) {
        ngx_http_next_header_filter = ngx_http_top_header_filter;
        ngx_http_top_header_filter = ngx_http_credverify_count_answer;
    }

    return NGX_OK;
}


/* in the master, for each configuration; workers of the last one still count */

static ngx_int_t
ngx_http_credverify_init_counters(ngx_shm_zone_t *zone, void *old)
{
    ngx_uint_t                        i;
    ngx_slab_pool_t                  *shpool;
    ngx_http_credverify_document_t  **doc;
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (shpool->data == NULL) {
        shpool->data = ngx_slab_calloc(shpool,
                                       sizeof(ngx_http_credverify_table_t));
        if (shpool->data == NULL) {
            return NGX_ERROR;
        }
    }

    cmcf->table = shpool->data;

    doc = cmcf->documents.elts;

    for (i = 0; i < cmcf->documents.nelts; i++) {
        doc[i]->counters = ngx_http_credverify_claim(cmcf->table,
                                                     &doc[i]->name,
                                                     zone->shm.log);

        ngx_http_credverify_expect(doc[i]->counters, doc[i]->document);
    }

    return NGX_OK;
}


/*
 * A view's counters are its own for good, whatever configuration comes, so
 * that none is lost or doubled.
 */

static ngx_http_credverify_counters_t *
ngx_http_credverify_claim(ngx_http_credverify_table_t *table, ngx_str_t *view,
    ngx_log_t *log)
{
    ngx_uint_t                       i;
    ngx_http_credverify_counters_t  *counters;

    static ngx_str_t  other = ngx_string("other");

    for (i = 0; i < table->nviews; i++) {
        counters = &table->views[i];

        if (counters->name_len == view->len
            && ngx_memcmp(counters->name, view->data, view->len) == 0)
        {
            return counters;
        }
    }

    if ((i >= NGX_HTTP_CREDVERIFY_VIEWS - 1
         || view->len > NAME_MAX)
        && view != &other)
    {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "credverify: more than %d names of views were used, "
                      "\"%V\" is counted as \"%V\"",
                      NGX_HTTP_CREDVERIFY_VIEWS - 1, view, &other);

        return ngx_http_credverify_claim(table, &other, log);
    }

    counters = &table->views[i];

    ngx_memcpy(counters->name, view->data, view->len);
    counters->name_len = view->len;

    /* workers of the last configuration may be reading the table */

    ngx_memory_barrier();

    table->nviews++;

    return counters;
}


/* what a document is known to answer is shown from the beginning, as 0 */

static void
ngx_http_credverify_expect(ngx_http_credverify_counters_t *counters,
    cv_document_t *document)
{
    u_char            *expected;
    ngx_uint_t         status;
    cv_format_t        format;
    cv_outcome_t       outcome;

    for (format = 0; format < CV_FORMATS; format++) {

        if (!cv_document_has(document, format)) {
            continue;
        }

        for (outcome = 0; outcome < CV_OUTCOMES; outcome++) {

            if (!cv_document_knows(document, outcome)) {
                continue;
            }

            status = cv_document_present(document, format, outcome).status;
            expected = counters->expected[outcome];

            expected[ngx_http_credverify_status_index(status)] = 1;

            if (status == NGX_HTTP_OK) {
                expected[ngx_http_credverify_status_index(
                                                  NGX_HTTP_NOT_MODIFIED)] = 1;
            }
        }
    }
}


/*
 * A header filter, because only there a 304 is known, subrequests pass too,
 * and nobody has the answer before it is counted.
 */

static ngx_int_t
ngx_http_credverify_count_answer(ngx_http_request_t *r)
{
    ngx_uint_t                       status;
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_counters_t  *counters;
    ngx_http_credverify_loc_conf_t  *clcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);

    /* of a key's request that something else answers there is no outcome */

    if (ctx != NULL && ctx->outcome < CV_OUTCOMES && !ctx->counted) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_credverify_module);
        counters = clcf->compiled->counters;

        if (counters != NULL) {
            status = ngx_http_credverify_status_index(r->headers_out.status);

            (void) ngx_atomic_fetch_add(
                       &counters->answered[ctx->outcome][status], 1);
        }
    }

    return ngx_http_next_header_filter(r);
}


/* one that is left to nginx, whose error page may be another location's */

void
ngx_http_credverify_count_refusal(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_uint_t status)
{
    ngx_http_credverify_ctx_t       *ctx;
    ngx_http_credverify_counters_t  *counters;

    ctx = ngx_http_get_module_ctx(r, ngx_http_credverify_module);
    counters = clcf->compiled->counters;

    if (ctx != NULL && counters != NULL) {
        ctx->counted = 1;

        (void) ngx_atomic_fetch_add(
                   &counters->answered[ctx->outcome]
                                      [ngx_http_credverify_status_index(status)],
                   1);
    }
}


void
ngx_http_credverify_count_failure(ngx_http_credverify_loc_conf_t *clcf,
    cv_err_t err)
{
    ngx_http_credverify_counters_t  *counters;

    counters = clcf->compiled->counters;

    if (counters != NULL) {
        (void) ngx_atomic_fetch_add(
                   &counters->failed[ngx_http_credverify_state(err)], 1);
    }
}
