
/*
 * Copyright (C) The credverify authors
 *
 * A holder comes further in a class; the last step is the credential.
 */

#ifndef CV_PROGRESS_H
#define CV_PROGRESS_H

#include "cv_base.h"
#include "cv_issue.h"
#include "cv_record.h"
#include "cv_store.h"

typedef struct {
    bool             complete;      /* all that the class requires is reached */
    bool             issued;        /* and this issued the credential for it */
    cv_credential_t  credential;    /* which borrows from "moment" and "id" */
    uint8_t          id[CV_UUID_LEN];
} cv_step_t;

/*
 * Puts the progress, whose references have ids and whose counts are absolute;
 * a count that is absent stays what it is.  Where it completes what the class
 * requires, and the holder has no credential of the class but tests, whatever
 * became of it, one is issued: once for a holder and class.  That takes a look
 * through all that the holder has, once, when the class is complete.
 */
cv_err_t cv_progress_record(cv_txn_t *txn, cv_progress_t *progress,
    cv_step_t *step, cv_moment_t *moment, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_PROGRESS_H */
