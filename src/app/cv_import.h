
/*
 * Copyright (C) The credverify authors
 *
 * Lines of JSON, or a table, into the store, in batches that leave the writer lock to others: a
 * line is there with its whole batch or not at all.  A dry run reads only,
 * and keeps in memory what it has seen (cv_seen.h).
 */

#ifndef CV_IMPORT_H
#define CV_IMPORT_H

#include "cv_base.h"
#include "cv_record.h"
#include "cv_sheet.h"
#include "cv_store.h"

#include <signal.h>

/* As many in one write transaction, if there is time for them (cv_pace.h). */
#define CV_IMPORT_BATCH_LINES  5000

typedef struct {
    uint64_t   lines;               /* read, the blank ones too */
    uint64_t   line;                /* that an error is about, the first of its
                                       row; 0: it is about none */
    uint64_t   committed;           /* the last line that is in the store */
    uint64_t   records[CV_KINDS];   /* in the store, or checked */
    uint64_t   revived;             /* credentials no longer revoked */
    uint64_t   invalid;             /* lines that were reported */
    bool       interrupted;
} cv_import_result_t;

typedef struct {
    bool       dry_run;             /* check only; reading is enough */
    bool       skip_invalid;        /* report wrong lines and go on */
    bool       exclusive;           /* no pause between batches */
    bool       emit_events;         /* tell of what changes, too */
    cv_str_t   actor;               /* who imports, for the audit trail */

    /* the columns, if lines are those of a table; else NULL */
    cv_sheet_t                   *sheet;
    uint8_t                       delimiter;    /* its cells' */

    /* cv_image_check(), whose libraries are the command's alone */
    cv_err_t (*check_image)(cv_str_t image, cv_error_t *error);

    /* once not zero, the batch is finished and the rest is left */
    const volatile sig_atomic_t  *stop;

    void     (*invalid)(void *data, uint64_t line, const char *problem);

    /* of a table: the columns that are ignored; the lines that a first row
     * becomes in a dry run */
    void     (*ignored)(void *data, cv_str_t columns);
    void     (*first)(void *data, cv_str_t holder, cv_str_t credential);
    void      *data;
} cv_import_options_t;

/*
 * Reads lines from "fd" to its end.  After an error nothing after
 * result->committed was written.
 */
cv_err_t cv_import(cv_store_t *store, int fd,
    const cv_import_options_t *options, cv_import_result_t *result,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_IMPORT_H */
