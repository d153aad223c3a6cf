
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the module share: configuration, request context, and
 * the stores of a worker.
 */

#ifndef NGX_HTTP_CREDVERIFY_H
#define NGX_HTTP_CREDVERIFY_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "cv_authorize.h"
#include "cv_badges.h"
#include "cv_items.h"
#include "cv_meter.h"
#include "cv_store.h"
#include "cv_verify.h"
#include "cv_view.h"
#include "ngx_http_credverify_png.h"
#include "ngx_http_credverify_work.h"

typedef struct ngx_http_credverify_store_s  ngx_http_credverify_store_t;
typedef struct ngx_http_credverify_issuance_conf_s
    ngx_http_credverify_issuance_conf_t;
typedef struct ngx_http_credverify_version_s  ngx_http_credverify_version_t;
typedef struct ngx_http_credverify_badges_conf_s
    ngx_http_credverify_badges_conf_t;


/* Counters, in memory that workers share */

#define NGX_HTTP_CREDVERIFY_STATES    7
#define NGX_HTTP_CREDVERIFY_STATUSES  204
#define NGX_HTTP_CREDVERIFY_VIEWS     64

/*
 * Of all views with that name.  What is counted often stands 1.6 KB apart,
 * so that requests contend for a cache line only if they count the same.
 */

typedef struct {
    size_t                        name_len;
    u_char                        name[NAME_MAX];
    u_char                        expected[CV_OUTCOMES]
                                          [NGX_HTTP_CREDVERIFY_STATUSES];
    ngx_atomic_t                  failed[NGX_HTTP_CREDVERIFY_STATES];
    ngx_atomic_t                  answered[CV_OUTCOMES]
                                          [NGX_HTTP_CREDVERIFY_STATUSES];
} ngx_http_credverify_counters_t;

/* The last one is for all views that there is no room for. */

typedef struct {
    ngx_atomic_t                    nviews;
    ngx_http_credverify_counters_t  views[NGX_HTTP_CREDVERIFY_VIEWS];
} ngx_http_credverify_table_t;


/* Configuration */

typedef struct {
    ngx_array_t                   documents;  /* those compiled so far */
    ngx_array_t                   stores;     /* ngx_http_credverify_wanted_t */
    ngx_shm_zone_t               *zone;       /* NULL: nothing is counted */
    ngx_http_credverify_table_t  *table;
    ngx_uint_t                    keyed;      /* some location takes keys */
    ngx_http_credverify_png_t    *png;        /* NULL: nothing draws, */
    ngx_http_credverify_workshop_t  *pictures;    /* and nowhere */
    ngx_http_credverify_workshop_t  *signatures;  /* NULL: nothing signs */
    ngx_http_credverify_workshop_t  *workshops;   /* all of them */
    struct ngx_http_credverify_revoked_s  *revoked;    /* lists, all of them */
    struct ngx_thread_pool_s     *writers;    /* NULL: nothing is written */
    ngx_shm_zone_t               *flights;    /* requests that do */
} ngx_http_credverify_main_conf_t;

/* A store, and what of it is wanted. */

typedef struct {
    ngx_str_t                     path;
    ngx_uint_t                    keyed;      /* the counters of keys, */
    ngx_uint_t                    visited;    /* those of addresses, */
    ngx_uint_t                    written;    /* and to write to it */
} ngx_http_credverify_wanted_t;

/* A value that is just an argument of the request is found without nginx's
 * variables, which look at every byte of the arguments. */

typedef struct {
    ngx_http_complex_value_t      complex;
    ngx_str_t                     argument;   /* its name; empty: it is none */
} ngx_http_credverify_value_t;

typedef struct {
    cv_by_t                       by;
    ngx_http_credverify_value_t   value;
} ngx_http_credverify_handle_t;

typedef struct {
    ngx_str_t                     path;       /* DIR/DOCUMENT */
    ngx_str_t                     name;       /* of the view */
    cv_document_t                *document;
    ngx_str_t                     policy[CV_FORMATS];   /* but who frames */
    ngx_http_credverify_counters_t  *counters;   /* NULL: not counted */
} ngx_http_credverify_document_t;

/* A list; what is shown of each item is another document's. */

typedef struct {
    ngx_str_t                     name;       /* of that document, and it */
    ngx_http_credverify_document_t  *item;
    ngx_uint_t                    max;        /* items of an answer */
    cv_by_t                       by;         /* of a batch: by what, and */
    ngx_str_t                     member;     /* where in the body they are */
    ngx_http_credverify_value_t   wallet;     /* of a wallet */
    ngx_http_credverify_value_t   limit;
    ngx_http_credverify_value_t   cursor;
} ngx_http_credverify_list_conf_t;

/* What a handler takes beside OPTIONS, in words for a preflight and a 405. */

typedef struct {
    ngx_uint_t                    bits;
    const char                   *names;
    const char                   *allow;
} ngx_http_credverify_methods_t;

extern const ngx_http_credverify_methods_t  ngx_http_credverify_reads;
extern const ngx_http_credverify_methods_t  ngx_http_credverify_posts;

typedef struct {
    ngx_str_t                     store;      /* path; empty: none */
    ngx_str_t                     views;      /* directory */
    ngx_str_t                     view;
    ngx_str_t                     document;
    ngx_array_t                  *issuers;    /* cv_str_t; NULL: any */
    ngx_command_t                *content;    /* what answers here, and */
    ngx_http_handler_pt           handler;    /* how; not inherited */
    ngx_array_t                  *handles;    /* likewise, and */
    ngx_http_credverify_value_t  *holder;
    ngx_http_credverify_list_conf_t  *list;
    ngx_http_credverify_badges_conf_t  *badges;
    ngx_http_credverify_issuance_conf_t  *issuance;
    ngx_array_t                  *badge_keys;
                                         /* ngx_http_credverify_badge_key_t */
    const ngx_http_credverify_methods_t  *methods;
    ngx_http_credverify_version_t  *version;  /* NULL: none is asked for */
    ngx_http_credverify_value_t  *format;
    ngx_array_t                  *formats;    /* cv_format_t, preferred first */
    ngx_uint_t                    any_format;   /* all of the document's */
    ngx_http_credverify_value_t  *theme;
    ngx_array_t                  *themes;     /* ngx_str_t, the default first */
    ngx_str_t                     ancestors;  /* empty: as the format has it */
    ngx_uint_t                    framed;     /* bits by cv_format_t */
    ngx_str_t                     csp[CV_FORMATS];
    time_t                        max_age;    /* seconds, */
    time_t                        stale;      /* and how many more */
    ngx_str_t                     lifetime;   /* that, as Cache-Control */
    ngx_array_t                  *tags;       /* ngx_str_t, fields; NULL: off */
    ngx_array_t                  *key_handles;    /* of cache keys; NULL: none */

    ngx_array_t                  *brands;     /* cv_str_t; NULL: no key is
                                                 asked for; empty: any */
    ngx_uint_t                    key_classes;    /* bits by cv_key_class_t */
    cv_demand_t                   demand;     /* of a key, all of that, and */
    cv_demand_t                   argument_demand;    /* of one in the URL */
    ngx_str_t                     key_argument;   /* its name; empty: none */
    ngx_str_t                     scope;
    ngx_str_t                     feature;
    ngx_str_t                     keyless;    /* a tier's id; empty: off */
    ngx_uint_t                    keyless_formats;  /* bits by cv_format_t, and
                                                       for what has none */
    ngx_uint_t                    quota;
    ngx_uint_t                    limit_headers;    /* bits */
    ngx_uint_t                    guesses;    /* a minute; 0: any number */
    ngx_uint_t                    errors;
    ngx_array_t                  *links;      /* ngx_http_credverify_link_t */

    ngx_http_credverify_document_t  *compiled;
} ngx_http_credverify_loc_conf_t;

#define NGX_HTTP_CREDVERIFY_QUOTA_OFF      0
#define NGX_HTTP_CREDVERIFY_QUOTA_ON       1
#define NGX_HTTP_CREDVERIFY_QUOTA_DRY_RUN  2

#define NGX_HTTP_CREDVERIFY_RATELIMIT      2
#define NGX_HTTP_CREDVERIFY_LEGACY         4

#define NGX_HTTP_CREDVERIFY_ERRORS_VIEW    0
#define NGX_HTTP_CREDVERIFY_ERRORS_NGINX   1

/* A name that views know, and its value. */

#define NGX_HTTP_CREDVERIFY_LINKS          16

typedef struct {
    ngx_str_t                     name;
    ngx_http_credverify_value_t   value;
} ngx_http_credverify_link_t;

/* Whose call it is; of one without a key, number is 0. */

typedef struct {
    cv_outcome_t                  outcome;
    ngx_str_t                     key;
    ngx_str_t                     tier;
    cv_key_class_t                class;
    uint64_t                      number;
    uint64_t                      uid;
    uint64_t                      issuer;     /* that it is bound to, or 0 */
    cv_limits_t                   limits;
    ngx_str_t                     ancestors;  /* of a key in the URL: the sites
                                                 it is for; empty: any */
    ngx_table_elt_t              *challenge;  /* NULL: none; void once somebody
                                                 else lets the request in */
} ngx_http_credverify_bearer_t;

/* Whether test credentials are what is asked for. */

static ngx_inline ngx_uint_t
ngx_http_credverify_tests(const ngx_http_credverify_bearer_t *bearer)
{
    return bearer != NULL && bearer->outcome == CV_VALID
           && bearer->number != 0 && bearer->class == CV_KEY_TEST;
}

/* The ids of the issuers that the location serves; none: any. */

static ngx_inline void
ngx_http_credverify_served(ngx_http_credverify_loc_conf_t *clcf,
    const cv_str_t **issuers, size_t *n)
{
    *issuers = clcf->issuers != NULL ? clcf->issuers->elts : NULL;
    *n = clcf->issuers != NULL ? clcf->issuers->nelts : 0;
}

/* What is known of a request once it was answered, for variables; the strings
 * are in the request's pool. */

typedef struct {
    cv_outcome_t                  outcome;
    ngx_str_t                     handle;
    ngx_str_t                     privacy;
    ngx_str_t                     credential;
    ngx_str_t                     class;
    ngx_str_t                     issuer;
    ngx_str_t                     window;     /* that is full; of a refusal */
    ngx_http_credverify_bearer_t *bearer;     /* NULL: none was asked for */
    ngx_uint_t                    counted;    /* in metrics, before its end */
} ngx_http_credverify_ctx_t;

extern ngx_module_t  ngx_http_credverify_module;


/* ngx_http_credverify_conf.c: values of directives, compiled views */

char *ngx_http_credverify_view(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_credverify_issuers(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_format(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_guess_limit(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* Before what is inherited is known. */
ngx_int_t ngx_http_credverify_check_key(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev,
    ngx_http_credverify_loc_conf_t *conf);
ngx_uint_t ngx_http_credverify_guessable(ngx_http_credverify_loc_conf_t *clcf);

/* Codes and numbers are short, or count up; the others cannot be guessed. */

static ngx_inline ngx_uint_t
ngx_http_credverify_guesses_by(cv_by_t by)
{
    return by == CV_BY_CODE || by == CV_BY_NUMBER;
}

char *ngx_http_credverify_link(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_credverify_handles(ngx_conf_t *cf, ngx_array_t **handles);
char *ngx_http_credverify_key_handles(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Like ngx_http_credverify_settle_value(), of all of them; NULL: none. */
void ngx_http_credverify_settle_handles(ngx_conf_t *cf, ngx_array_t *handles);

/* Registers the location's store; compiles its document, or finds it compiled
 * already. */
char *ngx_http_credverify_use_store(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);
char *ngx_http_credverify_use_document(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* Whatever a request asks for, or the location, or who it inherits from. */
ngx_int_t ngx_http_credverify_json_only(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);


/* ngx_http_credverify_content.c: what answers in a location */

char *ngx_http_credverify_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_progress(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_batch(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_wallet(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_openbadges(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_openbadges_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_health(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_usage(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_issuance(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_progress_update(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* What the location takes at the path that the request has. */
const ngx_http_credverify_methods_t *ngx_http_credverify_methods(
    ngx_http_request_t *r, ngx_http_credverify_loc_conf_t *clcf);

/* Before what is inherited is known. */
ngx_int_t ngx_http_credverify_check_content(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf);

/* After that. */
void ngx_http_credverify_inherit(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev,
    ngx_http_credverify_loc_conf_t *conf);


/* ngx_http_credverify_value.c: what is made anew for each request */

ngx_int_t ngx_http_credverify_compile_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_credverify_value_t *value);

/* To be called when all directives were read: an argument's name that "set",
 * "map" and the like gave to a variable of their own is no argument. */
void ngx_http_credverify_settle_value(ngx_conf_t *cf,
    ngx_http_credverify_value_t *value);

/* An argument's value is as it stands in the URL. */
ngx_int_t ngx_http_credverify_evaluate(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, ngx_str_t *out);

/* The same, absent if empty, and an argument decoded: it stands in the URL as
 * a form would send it (HTML, 4.10.21.8). */
ngx_int_t ngx_http_credverify_evaluate_handle(ngx_http_request_t *r,
    ngx_http_credverify_value_t *value, cv_str_t *out);

/* How many handles the request has, and the last of them. */
ngx_int_t ngx_http_credverify_given(ngx_http_request_t *r,
    ngx_array_t *handles, ngx_uint_t *n, cv_by_t *by, cv_str_t *out);


/* ngx_http_credverify_store.c: the stores of a worker, open as long as it
 * lives, watched by a timer */

ngx_int_t ngx_http_credverify_init_worker(ngx_cycle_t *cycle);
void ngx_http_credverify_exit_worker(ngx_cycle_t *cycle);

ngx_http_credverify_store_t *ngx_http_credverify_store(ngx_str_t *path);

/* Another number each time that it was opened. */
ngx_uint_t ngx_http_credverify_opened(ngx_http_credverify_store_t *store);

/*
 * Runs fn(verifier, txn, arg) with the store's verifier and a snapshot of it,
 * guarded against damage.  The error that kept it from being run, or that it
 * returned, is logged if it is news.  Nothing of the snapshot may be used
 * afterwards.
 */
typedef cv_err_t (*ngx_http_credverify_read_pt)(cv_verifier_t *verifier,
    cv_txn_t *txn, void *arg);

cv_err_t ngx_http_credverify_read(ngx_http_credverify_store_t *store,
    ngx_http_credverify_read_pt fn, void *arg);


/* Logs what is wrong, once a minute at most while it is the same. */
void ngx_http_credverify_complain(ngx_http_credverify_store_t *store,
    const char *text);


/*
 * Where somebody's calls are counted: a slot, and the counters that it is of,
 * which are held until they are released, be they replaced meanwhile or not.
 */

typedef struct ngx_http_credverify_meter_s  ngx_http_credverify_meter_t;

typedef struct {
    ngx_http_credverify_meter_t  *meter;      /* NULL: nothing is held */
    cv_slot_t                    *slot;
} ngx_http_credverify_place_t;

/* What to do in a slot: it counts there, and does nothing else. */
typedef void (*ngx_http_credverify_count_pt)(cv_slot_t *slot, void *arg);

/*
 * Runs fn(slot, arg) with the slot of a key's calls, of those of the client's
 * address, or of its guesses, and keeps hold of the place.  Of guesses there is
 * no slot, and nothing is run and held, until the first one has missed.  What is
 * wrong is logged, and nothing held then.
 */
cv_err_t ngx_http_credverify_of_key(ngx_str_t *store, uint64_t number,
    uint64_t uid, ngx_http_credverify_place_t *place,
    ngx_http_credverify_count_pt fn, void *arg);
cv_err_t ngx_http_credverify_of_address(ngx_str_t *store,
    ngx_http_request_t *r, ngx_http_credverify_place_t *place,
    ngx_http_credverify_count_pt fn, void *arg);
cv_err_t ngx_http_credverify_of_guesses(ngx_str_t *store,
    ngx_http_request_t *r, ngx_uint_t missed,
    ngx_http_credverify_place_t *place, ngx_http_credverify_count_pt fn,
    void *arg);

/* The same of a place that is held. */
cv_err_t ngx_http_credverify_at(ngx_http_credverify_place_t *place,
    ngx_http_credverify_count_pt fn, void *arg);

void ngx_http_credverify_release(ngx_http_credverify_place_t *place);


/* What is counted, or would be: for the above. */

typedef struct {
    const cv_limits_t            *limits;
    cv_time_t                     now;
    ngx_uint_t                    units;
    cv_admission_t               *admission;
} ngx_http_credverify_counting_t;

/* cv_admit(), "units" times, and cv_admission_look() */
void ngx_http_credverify_count_units(cv_slot_t *slot, void *arg);
void ngx_http_credverify_count_none(cv_slot_t *slot, void *arg);


/* ngx_http_credverify_access.c: API keys */

char *ngx_http_credverify_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_credverify_scope(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_credverify_keyless(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The value of a field without the spaces and tabs around it. */
cv_str_t ngx_http_credverify_trim(ngx_str_t *value);

/* Whether a scope can be quoted in an answer (RFC 6750, 3). */
ngx_uint_t ngx_http_credverify_is_scope(const ngx_str_t *scope);

/* To be called when all of that was merged. */
void ngx_http_credverify_make_demands(ngx_http_credverify_loc_conf_t *clcf);

ngx_int_t ngx_http_credverify_access_handler(ngx_http_request_t *r);


/* ngx_http_credverify_version.c: which version of an API is meant */

char *ngx_http_credverify_api_version(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* CV_VALID, or what is wrong with it, and why. */
cv_outcome_t ngx_http_credverify_check_version(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, const cv_refusal_t **refusal);

/* The field that says so; absent: none does. */
cv_str_t ngx_http_credverify_version_header(
    ngx_http_credverify_loc_conf_t *clcf);


/* ngx_http_credverify_quota.c: counting calls */

ngx_int_t ngx_http_credverify_quota_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_settle_handler(ngx_http_request_t *r);
void ngx_http_credverify_add_limit_filter(void);

/* What the request asked for is done even if its client leaves: it counts. */
void ngx_http_credverify_spend(ngx_http_request_t *r, ngx_uint_t spent);

/*
 * Counts so many guesses that missed for the client's address; or with 0,
 * before anything is looked up, NGX_DECLINED with a refusal if there were too
 * many.
 */
ngx_int_t ngx_http_credverify_guess(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_uint_t missed,
    cv_refusal_t *refusal);

/* The least that is left in any window; -1: no limit, or nothing counted. */
int64_t ngx_http_credverify_remaining(ngx_http_request_t *r);


/* ngx_http_credverify_accept.c: which format a request wants */

/*
 * Sets "format", and "negotiated" if Accept decided on it.  NGX_DECLINED if
 * the request names one that the location does not have.
 */
ngx_int_t ngx_http_credverify_choose(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, cv_format_t *format,
    ngx_uint_t *negotiated);

/* Sets the theme.  NGX_DECLINED if the request names one that is none. */
ngx_int_t ngx_http_credverify_choose_theme(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_str_t *theme);

char *ngx_http_credverify_theme(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_credverify_default_theme(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/*
 * Which of so many types, CV_FORMATS at most, the request accepts best; the
 * first if it asks for none, or for nothing that is there.
 */
ngx_uint_t ngx_http_credverify_prefer(ngx_http_request_t *r,
    const ngx_str_t *types, ngx_uint_t ntypes);


/* ngx_http_credverify_respond.c: status, headers and body */

typedef struct {
    ngx_uint_t                    status;
    cv_str_t                      type;       /* Content-Type; outlives it */
    cv_str_t                      body;
    cv_str_t                      within;     /* it, from "at" on: not copied; */
    size_t                        at;         /* lives as long as the request */
    ngx_str_t                     csp;        /* empty: none */
    ngx_uint_t                    vary;       /* on Accept */
    ngx_uint_t                    hashed;     /* an ETag is made from */
    cv_rendering_t                rendering;
    ngx_int_t                     max_age;    /* seconds; -1: do not store */
    ngx_int_t                     stale;      /* for how many more, */
    ngx_str_t                     lifetime;   /* unless this says both */
    ngx_str_t                     tag;        /* empty: none, */
    ngx_array_t                  *tags;       /* else the fields it is in */
    const char                   *allow;      /* of a 405 */
    ngx_uint_t                    cors;       /* scripts anywhere may read it */
    ngx_uint_t                    image;      /* pages anywhere may show it */
    ngx_uint_t                    keyed;      /* no one else may keep it */
    cv_outcome_t                  outcome;    /* of an error; else CV_VALID */
    const cv_refusal_t           *refusal;
} ngx_http_credverify_answer_t;

ngx_int_t ngx_http_credverify_send(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);

/* The fields that go with a refusal, whoever words it. */
ngx_int_t ngx_http_credverify_challenge(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);

/* Both add a field to the header of the answer, whose name and value live as
 * long as the request.  NULL, or NGX_ERROR, if there is no memory. */
ngx_table_elt_t *ngx_http_credverify_header(ngx_http_request_t *r,
    const char *key, size_t key_len, u_char *value, size_t len);
ngx_int_t ngx_http_credverify_add_header(ngx_http_request_t *r,
    cv_str_t name, cv_str_t value);

/*
 * Answers OPTIONS: what a browser asks before a script may (Fetch, 3.3), of
 * what the location's handler answers or of what somebody else does.
 */
ngx_int_t ngx_http_credverify_preflight(ngx_http_request_t *r,
    ngx_uint_t ours);

/*
 * A worker has one buffer that answers are rendered to, one at a time.  It is
 * memory only as far as it was ever filled, and holds the largest credential,
 * class and issuer with every byte of them escaped.
 */
#define NGX_HTTP_CREDVERIFY_ANSWER_MAX  (8 * 1024 * 1024)

ngx_int_t ngx_http_credverify_scratch(cv_buf_t *buf);
void ngx_http_credverify_scratch_free(void);


/* ngx_http_credverify_present.c: what was found out, in the view's words */

typedef struct ngx_http_credverify_job_s  ngx_http_credverify_job_t;

/* How an answer is sent that is not sent as it is. */
typedef ngx_int_t (*ngx_http_credverify_send_pt)(
    ngx_http_credverify_job_t *job, ngx_http_credverify_answer_t *answer);

struct ngx_http_credverify_job_s {
    ngx_http_request_t              *r;
    ngx_http_credverify_loc_conf_t  *clcf;
    ngx_http_credverify_document_t  *document;  /* the location's own, unless
                                                   it has more than one */
    ngx_http_credverify_bearer_t    *bearer;    /* NULL: none was asked for */
    cv_time_t                        now;
    cv_format_t                      format;
    ngx_str_t                        theme;
    ngx_uint_t                       negotiated;
    cv_outcome_t                     outcome;   /* of an error; else CV_VALID */
    const cv_refusal_t              *refusal;   /* NULL: it is none */
    cv_presentation_t                presentation;
    cv_time_t                        next_change_at;
    ngx_str_t                        tag;       /* for caches; empty: none */
    cv_doc_t                         links;     /* absent until needed */
    cv_buf_t                         body;
    cv_rendering_t                   rendering;
    cv_err_t                         render_err;
    ngx_uint_t                       image;     /* the body is one */
    cv_str_t                         within;    /* as the answer has it; where
                                                   the rendering has its gap */
    ngx_http_credverify_send_pt      send;      /* NULL: as it is */
};

/*
 * Begins with an answer; "outcome" is what stands against it already, as a
 * method that the location does not take.  NGX_ERROR: there is no memory.
 */
ngx_int_t ngx_http_credverify_begin(ngx_http_credverify_job_t *job,
    ngx_http_request_t *r);

/*
 * ngx_http_credverify_read() of the location's store: CV_VALID, or the error
 * that kept anything from being said.
 */
cv_outcome_t ngx_http_credverify_look_up(ngx_http_credverify_job_t *job,
    ngx_http_credverify_read_pt fn, void *arg);

/*
 * What variables are to tell of the answer: a new context, empty but for that,
 * with room for "more" bytes behind it.  NULL if there is no memory.
 */
ngx_http_credverify_ctx_t *ngx_http_credverify_remember(
    ngx_http_credverify_job_t *job, cv_outcome_t outcome, size_t more);

/* The same of a verdict, and of what it was reached from. */
ngx_int_t ngx_http_credverify_remember_verdict(ngx_http_credverify_job_t *job,
    cv_by_t by, const cv_verification_t *verification);

/*
 * Adds to facts what they do not come with: the location's links, if the
 * document shows any for that outcome, the theme, and the outcome's word.
 */
void ngx_http_credverify_add_facts(ngx_http_credverify_job_t *job,
    const cv_document_t *document, cv_format_t format,
    const cv_presentation_t *presentation, cv_facts_t *facts);

/* Renders the outcome that "presentation" has, of which the facts are. */
void ngx_http_credverify_render(ngx_http_credverify_job_t *job,
    cv_facts_t *facts);

/* The location's links; absent if it has none.  Lives as long as the request. */
cv_doc_t ngx_http_credverify_links(ngx_http_credverify_job_t *job);

/* The facts of an error, or of nothing found, by how that is presented. */
void ngx_http_credverify_error_facts(cv_facts_t *facts, cv_outcome_t outcome,
    const cv_presentation_t *presentation, const cv_refusal_t *refusal,
    cv_time_t now);

/* Renders an error, or that nothing was found. */
void ngx_http_credverify_error(ngx_http_credverify_job_t *job,
    cv_outcome_t outcome);

/* Sends what was rendered.  For a content handler to return. */
ngx_int_t ngx_http_credverify_finish(ngx_http_credverify_job_t *job);

/*
 * Answers with an error of the location's view, which it must have; "refusal"
 * may be NULL.  For a content handler to return.
 */
ngx_int_t ngx_http_credverify_fail(ngx_http_request_t *r,
    cv_outcome_t outcome, const cv_refusal_t *refusal);

/*
 * Answers with an error of the location's view in a phase before the content's,
 * or leaves that to nginx; "refusal" may be NULL.  For a phase handler to
 * return.
 */
ngx_int_t ngx_http_credverify_refuse(ngx_http_request_t *r,
    cv_outcome_t outcome, const cv_refusal_t *refusal);

/* Ends a request that was answered in such a phase with what that returned. */
ngx_int_t ngx_http_credverify_end(ngx_http_request_t *r, ngx_int_t rc);


/* ngx_http_credverify_frame.c: what a page may do, and who may frame it */

char *ngx_http_credverify_frame_ancestors(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Of a document; then of a location, which must have its document. */
ngx_int_t ngx_http_credverify_policies(ngx_conf_t *cf,
    ngx_http_credverify_document_t *doc);
ngx_int_t ngx_http_credverify_frame(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* The sites that a key is for, in the request's pool; empty if it is for any. */
ngx_int_t ngx_http_credverify_frame_origins(ngx_http_request_t *r,
    cv_doc_t origins, ngx_str_t *ancestors);

/* What the answer is to say. */
ngx_int_t ngx_http_credverify_answer_policy(ngx_http_credverify_job_t *job,
    ngx_str_t *csp);


/* ngx_http_credverify_draw.c: cards as PNG */

/* NULL if there is what draws them, else what is missing, in a sentence about a
 * location. */
const char *ngx_http_credverify_use_png(ngx_conf_t *cf);

/* Sends the answer with its SVG drawn.  For a content handler to return. */
ngx_int_t ngx_http_credverify_draw(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer);


/* ngx_http_credverify_cache.c: what caches are told */

char *ngx_http_credverify_cache_tag(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* To be called when it is known what answers, and whether it takes keys. */
char *ngx_http_credverify_cache_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *prev,
    ngx_http_credverify_loc_conf_t *conf);

/* Gives a job the tag of what it is about, once "presentation" is known. */
ngx_int_t ngx_http_credverify_tag(ngx_http_credverify_job_t *job,
    cv_txn_t *txn, const cv_verification_t *verification);

/* Has an answer kept as long as what was found out holds, and no longer than
 * the location says. */
void ngx_http_credverify_cache_keep(ngx_http_credverify_job_t *job,
    ngx_http_credverify_answer_t *answer);

/* Has it kept for less by what it waited to be sent. */
void ngx_http_credverify_cache_waited(ngx_http_credverify_answer_t *answer,
    cv_time_t waited);

/* Adds the fields that say so. */
ngx_int_t ngx_http_credverify_cache_fields(ngx_http_request_t *r,
    ngx_http_credverify_answer_t *answer);

/* Whether answers are for who asked alone. */

static ngx_inline ngx_uint_t
ngx_http_credverify_private(const ngx_http_credverify_loc_conf_t *clcf)
{
    return clcf->brands != NULL || clcf->holder != NULL;
}


/* ngx_http_credverify_count.c: counters of what was answered */

/* Has answers counted, from the first location on that shows them. */
char *ngx_http_credverify_use_counters(ngx_conf_t *cf);
ngx_int_t ngx_http_credverify_add_filter(ngx_conf_t *cf);

/* Counts why the store could not answer. */
void ngx_http_credverify_count_refusal(ngx_http_request_t *r,
    ngx_http_credverify_loc_conf_t *clcf, ngx_uint_t status);
void ngx_http_credverify_count_failure(ngx_http_credverify_loc_conf_t *clcf,
    cv_err_t err);

/* 200, 201, 304, 400 to 599; the last one is for all others */

static ngx_inline ngx_uint_t
ngx_http_credverify_status_index(ngx_uint_t status)
{
    if (status >= 400 && status < 600) {
        return 3 + status - 400;
    }

    return status == NGX_HTTP_OK ? 0
           : status == NGX_HTTP_CREATED ? 1
           : status == NGX_HTTP_NOT_MODIFIED ? 2
           : NGX_HTTP_CREDVERIFY_STATUSES - 1;
}


/* ngx_http_credverify_health.c: what this worker knows of a store */

/* Why it is not served, in a word: the index of the error's name. */
ngx_uint_t ngx_http_credverify_state(cv_err_t err);

extern const cv_str_t  ngx_http_credverify_states[NGX_HTTP_CREDVERIFY_STATES];

cv_err_t ngx_http_credverify_measure(ngx_str_t *path, cv_store_stat_t *stat);


/* ngx_http_credverify_body.c: bodies of requests */

/*
 * Whether a body of JSON, no longer than "most", may come: CV_VALID, or what
 * its header has against it.
 */
cv_outcome_t ngx_http_credverify_expect_json(ngx_http_request_t *r,
    size_t most);

/*
 * The body that nginx has read, in one piece that lives as long as the
 * request: CV_VALID, or the error that it is.
 */
cv_outcome_t ngx_http_credverify_take_body(ngx_http_request_t *r,
    size_t most, cv_str_t *text);


/* ngx_http_credverify_badges.c: Open Badges */

char *ngx_http_credverify_badges_parameters(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);

/* After what is inherited is known; without such a directive does nothing. */
char *ngx_http_credverify_badges_merge(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *conf);

/* When a worker ends. */
void ngx_http_credverify_revoked_exit(ngx_cycle_t *cycle);


/* Adds to what was verified where its Open Badge is, if that may be shown. */
cv_err_t ngx_http_credverify_offer(const cv_document_t *document,
    cv_format_t format, const cv_presentation_t *presentation,
    cv_verifier_t *verifier, cv_txn_t *txn, cv_verification_t *verification);


/* ngx_http_credverify_progress.c: a list for who issues */

char *ngx_http_credverify_holder(ngx_conf_t *cf,
    ngx_http_credverify_loc_conf_t *clcf);


/* Handlers */

ngx_int_t ngx_http_credverify_verify_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_progress_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_batch_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_wallet_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_badges_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_health_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_usage_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_status_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_credverify_issuance_handler(ngx_http_request_t *r);

/* ngx_http_credverify_variables.c */

ngx_int_t ngx_http_credverify_add_variables(ngx_conf_t *cf);


static ngx_inline ngx_str_t
ngx_http_credverify_str(cv_str_t s)
{
    ngx_str_t  str;

    str.len = s.len;
    str.data = (u_char *) (uintptr_t) s.data;

    return str;
}

/* Copies a text, which may be absent, to "p", and returns what is behind it. */

static ngx_inline u_char *
ngx_http_credverify_copy(ngx_str_t *str, u_char *p, cv_str_t s)
{
    str->data = p;
    str->len = s.len;

    return s.len > 0 ? ngx_cpymem(p, s.data, s.len) : p;
}

static ngx_inline cv_time_t
ngx_http_credverify_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (cv_time_t) tp->sec * CV_SECOND + (cv_time_t) tp->msec;
}

#endif /* NGX_HTTP_CREDVERIFY_H */
