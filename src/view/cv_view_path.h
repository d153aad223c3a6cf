
/*
 * Copyright (C) The credverify authors
 *
 * Names of facts as views write them, "credential.issued_at|date" and
 * "holder.name|fit:11,200".
 */

#ifndef CV_VIEW_PATH_H
#define CV_VIEW_PATH_H

#include "cv_base.h"
#include "cv_facts.h"
#include "cv_measure.h"

#define CV_VIEW_NAMES     16
#define CV_VIEW_NAME_MAX  255

typedef enum {
    CV_FILTER_NONE = 0,
    CV_FILTER_EXISTS,
    CV_FILTER_HTML,             /* of templates: for HTML that is shown */
    CV_FILTER_DATE,             /* the others are dates too */
    CV_FILTER_DATETIME,
    CV_FILTER_DATETIME_OFFSET,
    CV_FILTER_DATETIME_MS,
    CV_FILTER_DATE_LONG,
    CV_FILTER_TIME,
    CV_FILTER_YEAR,
    CV_FILTER_MONTH,
    CV_FILTERS
} cv_view_filter_t;

/* What is shown of the value's text, or of it, after the filter. */

typedef enum {
    CV_VIEW_WHOLE = 0,
    CV_VIEW_FIT,                /* what there is room for */
    CV_VIEW_WIDTH,              /* how wide that is */
    CV_VIEW_ADD,                /* nothing; the next width is that wider */
    CV_VIEW_LINE,               /* a line of it */
    CV_VIEW_QR,                 /* the path of its QR code */
    CV_VIEW_QR_SIZE,            /* how many modules that has */
    CV_VIEW_PARTS
} cv_view_part_t;

typedef struct {
    cv_measure_t  how;
    uint8_t       part;         /* cv_view_part_t */
} cv_view_measure_t;

/* Where the value is looked for when it is rendered. */

typedef enum {
    CV_SCOPE_FACT = 0,          /* among the facts */
    CV_SCOPE_ITEM,              /* in the innermost item */
    CV_SCOPE_NAME,              /* in the items, then among the facts */
} cv_view_scope_t;

typedef struct {
    cv_str_t           text;    /* without filters; borrows from the source */
    cv_str_t           names[CV_VIEW_NAMES];
    unsigned           nnames;
    unsigned           skip;    /* the names that make up the fact's */
    cv_fact_id_t       fact;    /* CV_FACT_COUNT: none begins like that */
    cv_view_filter_t   filter;
    cv_view_measure_t  measure;
    cv_view_scope_t    scope;   /* CV_SCOPE_FACT until a compiler knows */
} cv_view_path_t;

/* True for a character that may stand in a name. */
bool cv_view_name_char(uint8_t ch);

/*
 * Takes a path apart and finds the fact it names.  That there is none is for
 * the caller to judge: it may be the name of an item's member.  The path "."
 * has no names.
 */
cv_err_t cv_view_path_parse(cv_view_path_t *path, cv_str_t text,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * What can be said of the path, once its scope is known, before there are
 * facts: that there is such a fact and that its filters fit.
 */
cv_err_t cv_view_path_check(const cv_view_path_t *path, cv_error_t *error)
    CV_MUST_CHECK;

/* Beyond that: that the value is none that has no text. */
cv_err_t cv_view_path_check_text(const cv_view_path_t *path,
    cv_error_t *error) CV_MUST_CHECK;

/* True if the path names one of the facts that are documents. */
bool cv_view_path_is_doc(const cv_view_path_t *path);

/* True if the filter says whether there is something to show. */
bool cv_view_path_asks(const cv_view_path_t *path);

/* True if the path may show the moment of checking. */
bool cv_view_path_is_now(const cv_view_path_t *path);

#endif /* CV_VIEW_PATH_H */
