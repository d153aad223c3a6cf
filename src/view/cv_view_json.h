
/*
 * Copyright (C) The credverify authors
 *
 * The compilers of NAME.json: what becomes of each outcome, and the bodies.
 */

#ifndef CV_VIEW_JSON_H
#define CV_VIEW_JSON_H

#include "cv_base.h"
#include "cv_doc.h"
#include "cv_view_document.h"

#define CV_VIEW_WHERE_MAX  200

typedef struct {
    cv_document_t      *document;
    cv_view_program_t  *program;
    const char         *file;
    cv_error_t         *error;

    char                where[CV_VIEW_WHERE_MAX];  /* as "valid.body.name" */
    size_t              where_len;

    unsigned            items;
    unsigned            nows;
    unsigned            bodies;
} cv_view_json_t;

/* Says where, and returns "err". */
cv_err_t cv_view_json_fail(cv_view_json_t *json, cv_err_t err,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Appends a name to "where"; returns what takes it off again. */
size_t cv_view_json_enter(cv_view_json_t *json, cv_str_t name);
void cv_view_json_leave(cv_view_json_t *json, size_t mark);

/* Compiles a body and tells where it begins. */
cv_err_t cv_view_json_body(cv_view_json_t *json, cv_doc_t doc, size_t *entry)
    CV_MUST_CHECK;

#endif /* CV_VIEW_JSON_H */
