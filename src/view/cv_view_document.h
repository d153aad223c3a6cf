
/*
 * Copyright (C) The credverify authors
 *
 * A document as its compilers build it.
 */

#ifndef CV_VIEW_DOCUMENT_H
#define CV_VIEW_DOCUMENT_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"
#include "cv_view.h"
#include "cv_view_program.h"

#define CV_VIEW_FILE_MAX  (256 * 1024)
#define CV_VIEW_PATH_MAX  4096
#define CV_VIEW_STYLES    16
#define CV_VIEW_TYPE_MAX  128
#define CV_VIEW_WORD_MAX  64

typedef struct {
    cv_outcome_t       outcome;     /* another one if it is an alias */
    unsigned           status;
    size_t             entry;       /* into the JSON program */
    cv_fact_set_t      shows;       /* what the body may show */
    size_t             type_len;
    uint8_t            type[CV_VIEW_TYPE_MAX];
    size_t             word_len;
    uint8_t            word[CV_VIEW_WORD_MAX];
} cv_view_outcome_t;

typedef struct {
    bool               present;
    cv_view_program_t  program;
    cv_buf_t           style_text;
    size_t             nstyles;
    size_t             style_ends[CV_VIEW_STYLES];
} cv_view_format_t;

struct cv_document_s {
    bool               finds;       /* what is found; else it has verdicts */
    cv_view_outcome_t  outcomes[CV_OUTCOMES];
    cv_view_format_t   formats[CV_FORMAT_FILES];
};

/* "file" is what errors call the source. */

cv_err_t cv_view_json_compile(cv_document_t *document, const char *file,
    cv_str_t source, cv_error_t *error) CV_MUST_CHECK;

/* "dir" is where partials are, NULL if there are none. */
cv_err_t cv_view_template_compile(cv_document_t *document, cv_format_t format,
    const char *dir, const char *file, cv_str_t source, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Reads a file into "buf", whose limit bounds it.  "found" tells whether
 * there is one; it may be NULL if there must be.
 */
cv_err_t cv_view_read(cv_buf_t *buf, const char *path, bool *found,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_VIEW_DOCUMENT_H */
