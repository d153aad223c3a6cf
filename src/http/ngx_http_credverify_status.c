
/*
 * Copyright (C) The credverify authors
 *
 * credverify_status: metrics, as OpenMetrics 1.0 text, or in the older format
 * of Prometheus, 0.0.4, for who prefers text/plain.  Counters are those of
 * all workers; of stores, what this worker sees now.
 */

#include "ngx_http_credverify.h"
#include "cv_text.h"


typedef enum {
    NGX_HTTP_CREDVERIFY_COUNTER = 0,
    NGX_HTTP_CREDVERIFY_GAUGE,
    NGX_HTTP_CREDVERIFY_INFO,
    NGX_HTTP_CREDVERIFY_TYPES
} ngx_http_credverify_type_t;

typedef enum {
    NGX_HTTP_CREDVERIFY_UP = 0,
    NGX_HTTP_CREDVERIFY_CHANGED,
    NGX_HTTP_CREDVERIFY_AGE,
    NGX_HTTP_CREDVERIFY_CHANGES,
    NGX_HTTP_CREDVERIFY_MAP,
    NGX_HTTP_CREDVERIFY_MAP_USED,
    NGX_HTTP_CREDVERIFY_READERS,
    NGX_HTTP_CREDVERIFY_READERS_MAX,
    NGX_HTTP_CREDVERIFY_RECORDS,
    NGX_HTTP_CREDVERIFY_FIGURES = NGX_HTTP_CREDVERIFY_RECORDS + CV_KINDS
} ngx_http_credverify_figure_t;

/* of one store; a figure that is not known is -1, and not shown */

typedef struct {
    ngx_str_t                          path;
    int64_t                            figures[NGX_HTTP_CREDVERIFY_FIGURES];
} ngx_http_credverify_measured_t;

typedef struct {
    cv_buf_t                           text;
    ngx_uint_t                         openmetrics;
    ngx_http_credverify_table_t       *table;
    ngx_http_credverify_measured_t    *stores;
    ngx_uint_t                         nstores;
} ngx_http_credverify_scrape_t;

typedef struct ngx_http_credverify_family_s  ngx_http_credverify_family_t;

struct ngx_http_credverify_family_s {
    const char                        *name;
    ngx_http_credverify_type_t         type;
    const char                        *unit;
    const char                        *help;

    void                             (*samples)(
                                      ngx_http_credverify_scrape_t *scrape,
                                      const ngx_http_credverify_family_t *f);
    ngx_http_credverify_figure_t       figure;
};


static ngx_int_t ngx_http_credverify_look(ngx_http_request_t *r,
    ngx_http_credverify_scrape_t *scrape);
static void ngx_http_credverify_figures(
    ngx_http_credverify_measured_t *store);

static void ngx_http_credverify_family(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static cv_str_t ngx_http_credverify_status_text(u_char text[NGX_INT_T_LEN],
    ngx_uint_t index);
static void ngx_http_credverify_build(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static void ngx_http_credverify_answered(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static void ngx_http_credverify_failed(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static void ngx_http_credverify_figured(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static void ngx_http_credverify_records(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);

static void ngx_http_credverify_name(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f);
static void ngx_http_credverify_label(ngx_http_credverify_scrape_t *scrape,
    const char *before, cv_str_t value);
static void ngx_http_credverify_value(ngx_http_credverify_scrape_t *scrape,
    uint64_t value);


/* of OpenMetrics; the older format has no "info" */

static const char *const
    ngx_http_credverify_type_names[NGX_HTTP_CREDVERIFY_TYPES] = {
    [NGX_HTTP_CREDVERIFY_COUNTER] = "counter",
    [NGX_HTTP_CREDVERIFY_GAUGE] = "gauge",
    [NGX_HTTP_CREDVERIFY_INFO] = "info",
};

static const char *const
    ngx_http_credverify_type_suffixes[NGX_HTTP_CREDVERIFY_TYPES] = {
    [NGX_HTTP_CREDVERIFY_COUNTER] = "_total",
    [NGX_HTTP_CREDVERIFY_GAUGE] = "",
    [NGX_HTTP_CREDVERIFY_INFO] = "_info",
};

static const ngx_http_credverify_family_t  ngx_http_credverify_families[] = {

    { "credverify_build", NGX_HTTP_CREDVERIFY_INFO, NULL,
      "The version of the module.",
      ngx_http_credverify_build, 0 },

    { "credverify_verifications", NGX_HTTP_CREDVERIFY_COUNTER, NULL,
      "Answers by view, reason (of the verdict, or the error) and HTTP status.",
      ngx_http_credverify_answered, 0 },

    { "credverify_unavailable", NGX_HTTP_CREDVERIFY_COUNTER, NULL,
      "Verifications that the store could not answer, by view and cause.",
      ngx_http_credverify_failed, 0 },

    { "credverify_store_up", NGX_HTTP_CREDVERIFY_GAUGE, NULL,
      "1 if the store can be read, 0 if it cannot.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_UP },

    { "credverify_store_last_change_timestamp_seconds", NGX_HTTP_CREDVERIFY_GAUGE, "seconds",
      "When the store was last changed.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_CHANGED },

    { "credverify_store_age_seconds", NGX_HTTP_CREDVERIFY_GAUGE, "seconds",
      "How long ago the store was last changed.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_AGE },

    { "credverify_store_changes", NGX_HTTP_CREDVERIFY_COUNTER, NULL,
      "Changes of the store since it was made: the sequence of the last one.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_CHANGES },

    { "credverify_store_map_bytes", NGX_HTTP_CREDVERIFY_GAUGE, "bytes",
      "The size that the store cannot exceed.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_MAP },

    { "credverify_store_map_used_bytes", NGX_HTTP_CREDVERIFY_GAUGE, "bytes",
      "How much of that was ever used.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_MAP_USED },

    { "credverify_store_readers", NGX_HTTP_CREDVERIFY_GAUGE, NULL,
      "Reader slots of the store in use.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_READERS },

    { "credverify_store_readers_max", NGX_HTTP_CREDVERIFY_GAUGE, NULL,
      "Reader slots that the store has.",
      ngx_http_credverify_figured, NGX_HTTP_CREDVERIFY_READERS_MAX },

    { "credverify_store_records", NGX_HTTP_CREDVERIFY_GAUGE, NULL,
      "Records in the store, by kind.",
      ngx_http_credverify_records, NGX_HTTP_CREDVERIFY_RECORDS },
};


ngx_int_t
ngx_http_credverify_status_handler(ngx_http_request_t *r)
{
    ngx_uint_t                    i;
    ngx_http_credverify_answer_t  answer;
    ngx_http_credverify_scrape_t  scrape;

    static const ngx_str_t  types[] = {
        ngx_string("application/openmetrics-text"),
        ngx_string("text/plain"),
    };

    ngx_memzero(&answer, sizeof(ngx_http_credverify_answer_t));

    answer.max_age = -1;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        answer.status = NGX_HTTP_NOT_ALLOWED;
        answer.allow = "GET, HEAD";
        answer.type = CV_STR("text/plain");
        answer.body = CV_STR("method not allowed\n");

        return ngx_http_credverify_send(r, &answer);
    }

    if (ngx_http_credverify_look(r, &scrape) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    scrape.openmetrics = ngx_http_credverify_prefer(r, types, CV_COUNT(types))
                         == 0;

    for (i = 0; i < CV_COUNT(ngx_http_credverify_families); i++) {
        ngx_http_credverify_family(&scrape, &ngx_http_credverify_families[i]);
    }

    if (scrape.openmetrics) {
        cv_buf_append_str(&scrape.text, CV_STR("# EOF\n"));
    }

    if (cv_buf_failed(&scrape.text)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "credverify: the metrics are longer than %d bytes",
                      NGX_HTTP_CREDVERIFY_ANSWER_MAX);

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    answer.status = NGX_HTTP_OK;
    answer.vary = 1;
    answer.body = cv_buf_str(&scrape.text);
    answer.type = scrape.openmetrics
        ? CV_STR("application/openmetrics-text; version=1.0.0; charset=utf-8")
        : CV_STR("text/plain; version=0.0.4; charset=utf-8");

    return ngx_http_credverify_send(r, &answer);
}


/* all figures first, because the lines of a family stand together */

static ngx_int_t
ngx_http_credverify_look(ngx_http_request_t *r,
    ngx_http_credverify_scrape_t *scrape)
{
    ngx_uint_t                        i;
    ngx_http_credverify_wanted_t     *wanted;
    ngx_http_credverify_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_credverify_module);

    scrape->table = cmcf->table;
    scrape->nstores = cmcf->stores.nelts;
    scrape->stores = ngx_palloc(r->pool,
                                scrape->nstores
                                * sizeof(ngx_http_credverify_measured_t));

    if (scrape->stores == NULL
        || ngx_http_credverify_scratch(&scrape->text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    wanted = cmcf->stores.elts;

    for (i = 0; i < scrape->nstores; i++) {
        scrape->stores[i].path = wanted[i].path;
        ngx_http_credverify_figures(&scrape->stores[i]);
    }

    return NGX_OK;
}


static void
ngx_http_credverify_figures(ngx_http_credverify_measured_t *store)
{
    int64_t          *figures, age;
    cv_kind_t         kind;
    ngx_uint_t        i;
    cv_store_stat_t   stat;

    figures = store->figures;

    for (i = 0; i < NGX_HTTP_CREDVERIFY_FIGURES; i++) {
        figures[i] = -1;
    }

    if (ngx_http_credverify_measure(&store->path, &stat) != CV_OK) {
        figures[NGX_HTTP_CREDVERIFY_UP] = 0;
        return;
    }

    figures[NGX_HTTP_CREDVERIFY_UP] = 1;

    if (stat.last_change != 0) {
        age = (ngx_http_credverify_now() - stat.changed_at) / CV_SECOND;

        figures[NGX_HTTP_CREDVERIFY_CHANGED] = stat.changed_at / CV_SECOND;
        figures[NGX_HTTP_CREDVERIFY_AGE] = age < 0 ? 0 : age;
    }

    figures[NGX_HTTP_CREDVERIFY_CHANGES] = (int64_t) stat.last_change;
    figures[NGX_HTTP_CREDVERIFY_MAP] = (int64_t) stat.map_size;
    figures[NGX_HTTP_CREDVERIFY_MAP_USED] = (int64_t) stat.map_used;
    figures[NGX_HTTP_CREDVERIFY_READERS] = stat.readers;
    figures[NGX_HTTP_CREDVERIFY_READERS_MAX] = stat.readers_max;

    for (kind = 0; kind < CV_KINDS; kind++) {
        figures[NGX_HTTP_CREDVERIFY_RECORDS + kind]
            = (int64_t) stat.records[kind];
    }
}


/*
 * OpenMetrics describes a family by its name, the older format by that of its
 * samples, and without the unit.
 */

static void
ngx_http_credverify_family(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    cv_buf_t    *text;
    const char  *type, *suffix;

    text = &scrape->text;
    type = ngx_http_credverify_type_names[f->type];
    suffix = ngx_http_credverify_type_suffixes[f->type];

    if (scrape->openmetrics) {
        cv_buf_printf(text, "# TYPE %s %s\n", f->name, type);

        if (f->unit != NULL) {
            cv_buf_printf(text, "# UNIT %s %s\n", f->name, f->unit);
        }

        cv_buf_printf(text, "# HELP %s %s\n", f->name, f->help);

    } else {
        if (f->type == NGX_HTTP_CREDVERIFY_INFO) {
            type = ngx_http_credverify_type_names[NGX_HTTP_CREDVERIFY_GAUGE];
        }

        cv_buf_printf(text, "# HELP %s%s %s\n", f->name, suffix, f->help);
        cv_buf_printf(text, "# TYPE %s%s %s\n", f->name, suffix, type);
    }

    f->samples(scrape, f);
}


static void
ngx_http_credverify_build(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    ngx_http_credverify_name(scrape, f);
    ngx_http_credverify_label(scrape, "{version", CV_STR(CV_VERSION));
    ngx_http_credverify_value(scrape, 1);
}


static void
ngx_http_credverify_answered(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    u_char                           text[NGX_INT_T_LEN];
    uint64_t                         value;
    ngx_uint_t                       i, status;
    cv_outcome_t                     outcome;
    ngx_http_credverify_counters_t  *view;

    for (i = 0; i < scrape->table->nviews; i++) {
        view = &scrape->table->views[i];

        for (outcome = 0; outcome < CV_OUTCOMES; outcome++) {

            for (status = 0; status < NGX_HTTP_CREDVERIFY_STATUSES; status++) {

                value = view->answered[outcome][status];

                if (value == 0 && !view->expected[outcome][status]) {
                    continue;
                }

                ngx_http_credverify_name(scrape, f);
                ngx_http_credverify_label(scrape, "{view",
                                          cv_str(view->name, view->name_len));
                ngx_http_credverify_label(scrape, ",reason",
                                          cv_outcomes[outcome].name);
                ngx_http_credverify_label(scrape, ",status",
                    ngx_http_credverify_status_text(text, status));
                ngx_http_credverify_value(scrape, value);
            }
        }
    }
}


static cv_str_t
ngx_http_credverify_status_text(u_char text[NGX_INT_T_LEN], ngx_uint_t index)
{
    ngx_uint_t  status;

    if (index == NGX_HTTP_CREDVERIFY_STATUSES - 1) {
        return CV_STR("other");
    }

    status = index == 0 ? NGX_HTTP_OK
             : index == 1 ? NGX_HTTP_CREATED
             : index == 2 ? NGX_HTTP_NOT_MODIFIED
             : 400 + index - 3;

    return cv_str(text, (size_t) (ngx_sprintf(text, "%ui", status) - text));
}


static void
ngx_http_credverify_failed(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    ngx_uint_t                       i, cause;
    ngx_http_credverify_counters_t  *view;

    for (i = 0; i < scrape->table->nviews; i++) {
        view = &scrape->table->views[i];

        for (cause = 0; cause < NGX_HTTP_CREDVERIFY_STATES; cause++) {
            ngx_http_credverify_name(scrape, f);
            ngx_http_credverify_label(scrape, "{view",
                                      cv_str(view->name, view->name_len));
            ngx_http_credverify_label(scrape, ",cause",
                                      ngx_http_credverify_states[cause]);
            ngx_http_credverify_value(scrape, view->failed[cause]);
        }
    }
}


static void
ngx_http_credverify_figured(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    ngx_uint_t                       i;
    ngx_http_credverify_measured_t  *store;

    for (i = 0; i < scrape->nstores; i++) {
        store = &scrape->stores[i];

        if (store->figures[f->figure] >= 0) {
            ngx_http_credverify_name(scrape, f);
            ngx_http_credverify_label(scrape, "{store",
                                      cv_str(store->path.data,
                                             store->path.len));
            ngx_http_credverify_value(scrape,
                                      (uint64_t) store->figures[f->figure]);
        }
    }
}


static void
ngx_http_credverify_records(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    cv_kind_t                        kind;
    ngx_uint_t                       i;
    ngx_http_credverify_measured_t  *store;

    for (i = 0; i < scrape->nstores; i++) {
        store = &scrape->stores[i];

        for (kind = 0; kind < CV_KINDS; kind++) {

            if (store->figures[f->figure + kind] >= 0) {
                ngx_http_credverify_name(scrape, f);
                ngx_http_credverify_label(scrape, "{store",
                                          cv_str(store->path.data,
                                                 store->path.len));
                ngx_http_credverify_label(scrape, ",kind",
                                          cv_str_z(cv_schemas[kind].name));
                ngx_http_credverify_value(scrape, (uint64_t)
                                          store->figures[f->figure + kind]);
            }
        }
    }
}


/* a sample: its name, its labels, its value */

static void
ngx_http_credverify_name(ngx_http_credverify_scrape_t *scrape,
    const ngx_http_credverify_family_t *f)
{
    cv_buf_printf(&scrape->text, "%s%s", f->name,
                  ngx_http_credverify_type_suffixes[f->type]);
}


/*
 * Three characters are escaped, the same ones in both formats.  Bytes that
 * are no UTF-8, which a path may have, become those of a URL.
 */

static void
ngx_http_credverify_label(ngx_http_credverify_scrape_t *scrape,
    const char *before, cv_str_t value)
{
    bool       utf8;
    size_t     i;
    uint8_t    c;
    cv_buf_t  *text;

    text = &scrape->text;
    utf8 = cv_utf8_valid(value);

    cv_buf_printf(text, "%s=\"", before);

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        if (c == '\n') {
            cv_buf_append_str(text, CV_STR("\\n"));

        } else if (c == '\\' || c == '"') {
            cv_buf_append_byte(text, '\\');
            cv_buf_append_byte(text, c);

        } else if (c >= 0x80 && !utf8) {
            cv_buf_printf(text, "%%%02X", c);

        } else {
            cv_buf_append_byte(text, c);
        }
    }

    cv_buf_append_byte(text, '"');
}


static void
ngx_http_credverify_value(ngx_http_credverify_scrape_t *scrape, uint64_t value)
{
    cv_buf_printf(&scrape->text, "} %llu\n", (unsigned long long) value);
}
