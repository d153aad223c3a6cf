
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the import share.
 */

#ifndef CV_IMPORT_INTERNAL_H
#define CV_IMPORT_INTERNAL_H

#include "cv_csv.h"
#include "cv_import.h"
#include "cv_line.h"
#include "cv_lines.h"
#include "cv_pace.h"
#include "cv_seen.h"

/* a table's rows, as they come in lines */

typedef struct {
    cv_csv_t                    row;
    bool                        header;     /* was read */
    bool                        shown;      /* the first row was */
    cv_seen_t                   seen;       /* where its records came from */
    cv_line_t                   second;     /* the credential of a row */
    cv_buf_t                    text;
} cv_import_table_t;

typedef struct {
    cv_store_t                 *store;
    cv_txn_t                   *txn;                /* while a batch lasts */
    cv_txn_t                   *snapshot;           /* of a dry run */
    cv_seen_t                   seen;
    cv_line_t                   line;
    cv_lines_t                  lines;
    cv_import_table_t           table;
    const cv_import_options_t  *options;
    cv_import_result_t         *result;
    uint64_t                    records[CV_KINDS];  /* of this transaction */
    uint64_t                    first;              /* its first line */
    uint64_t                    taken;              /* the last line with all
                                                       of its records */
    cv_pace_t                   pace;
    bool                        over;               /* an error is about more
                                                       than its line */
} cv_import_t;

/* Begins a batch, unless there is one. */
cv_err_t cv_import_begin(cv_import_t *import, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Whether a record can be put, where an error must not take the batch with
 * it; what it refers to is not looked for.
 */
cv_err_t cv_import_conflict(cv_import_t *import, const cv_line_t *line,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Puts the record that was read.  CV_ERR_INPUT and CV_ERR_CONFLICT are the
 * line's fault, anything else is not.
 */
cv_err_t cv_import_put(cv_import_t *import, const cv_line_t *line,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Leaves out a byte order mark that the first line begins with; CV_ERR_INPUT,
 * which ends the import, if it is that of UTF-16.
 */
cv_err_t cv_import_unmarked(cv_import_t *import, cv_str_t *text,
    cv_error_t *error) CV_MUST_CHECK;


/* Tables: a line of one, and the end of it */

cv_err_t cv_import_table_open(cv_import_t *import, cv_error_t *error)
    CV_MUST_CHECK;
void cv_import_table_close(cv_import_t *import);

cv_err_t cv_import_table_line(cv_import_t *import, cv_str_t text,
    cv_error_t *error) CV_MUST_CHECK;
cv_err_t cv_import_table_end(cv_import_t *import, cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_IMPORT_INTERNAL_H */
