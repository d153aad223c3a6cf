
/*
 * Copyright (C) The credverify authors
 */

#include "cv_progress.h"
#include "cv_codec.h"
#include "cv_requires.h"
#include "cv_verdict.h"


/* a test credential certifies nothing, and is in nobody's way */

static bool
cv_progress_has_credential(cv_txn_t *txn, const cv_progress_t *progress)
{
    bool              found;
    cv_str_t          to;
    cv_walk_t         walk;
    cv_reader_t       r;
    cv_credential_t   credential;

    found = false;

    cv_links_open(&walk, txn, CV_LINK_HOLDER_CREDENTIAL,
                  progress->holder.iid);

    while (!found && cv_links_next(&walk, &to)) {
        r = cv_reader(to);
        found = cv_get(txn, CV_CREDENTIAL, cv_read_u64(&r), &credential)
                && credential.class.iid == progress->class.iid
                && !cv_credential_is_test(&credential);
    }

    cv_walk_close(&walk);

    return found;
}


/* The record as it will be, and whether that completes it for the first time. */

static cv_err_t
cv_progress_step(cv_txn_t *txn, cv_progress_t *progress, cv_step_t *step,
    cv_error_t *error)
{
    bool           known;
    cv_err_t       err;
    cv_class_t     class;
    cv_progress_t  old;

    err = cv_resolve(txn, CV_PROGRESS, progress, error);
    if (err != CV_OK) {
        return err;
    }

    if (!cv_get_progress(txn, progress->holder.iid, progress->class.iid, &old))
    {
        memset(&old, 0, sizeof(cv_progress_t));
    }

    progress->practice = progress->practice.present ? progress->practice
                                                    : old.practice;
    progress->learn = progress->learn.present ? progress->learn : old.learn;

    err = cv_record_validate(progress, CV_PROGRESS, error);
    if (err != CV_OK) {
        return err;
    }

    step->complete = cv_get(txn, CV_CLASS, progress->class.iid, &class)
                     && cv_requires_reached(&class, progress);

    /* nobody who has one, whatever became of it, gets another */

    known = old.issued.present && old.issued.value;

    step->issued = step->complete && !known
                   && !cv_progress_has_credential(txn, progress);

    progress->issued = (cv_int_t) { 1, known || step->complete };

    return cv_txn_err(txn, error);
}


cv_err_t
cv_progress_record(cv_txn_t *txn, cv_progress_t *progress, cv_step_t *step,
    cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t          err;
    cv_credential_t  *credential;

    memset(step, 0, sizeof(cv_step_t));

    err = cv_progress_step(txn, progress, step, error);
    if (err != CV_OK) {
        return err;
    }

    if (cv_put(txn, CV_PROGRESS, progress) == 0 || !step->issued) {
        return cv_txn_err(txn, error);
    }

    if (cv_uuid_new(step->id) != CV_OK) {
        return cv_error_set(error, CV_ERR_IO, "no random bytes");
    }

    credential = &step->credential;
    credential->id = cv_str(step->id, sizeof(step->id));
    credential->holder.iid = progress->holder.iid;
    credential->class.iid = progress->class.iid;
    credential->status = (cv_int_t) { CV_STATUS_ISSUED, true };

    return cv_issue_create(txn, credential, false, moment, error);
}
