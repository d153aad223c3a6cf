
/*
 * Copyright (C) The credverify authors
 *
 * What an issuer does to its credentials by API: makes and issues them, sends
 * them, takes them back, and notes how far holders have come.  Pure of whoever
 * brings the requests; what a request's members are called is the view's
 * (cv_form.h).
 */

#ifndef CV_MANAGE_H
#define CV_MANAGE_H

#include "cv_base.h"
#include "cv_facts.h"
#include "cv_form.h"
#include "cv_issue.h"
#include "cv_line.h"
#include "cv_outcome.h"
#include "cv_progress_list.h"
#include "cv_store.h"
#include "cv_ulid.h"

typedef enum {
    CV_OPERATE_CREATE = 0,
    CV_OPERATE_ISSUE,
    CV_OPERATE_SEND,
    CV_OPERATE_CREATE_ISSUE_SEND,
    CV_OPERATE_CLAIM,
    CV_OPERATE_USE,
    CV_OPERATE_REFUND,
    CV_OPERATE_REVOKE,
    CV_OPERATE_PEND,
    CV_OPERATE_PROGRESS,
    CV_OPERATIONS
} cv_operate_t;

/* What is to be done, and by whom.  Texts are any bytes. */

typedef struct {
    cv_operate_t      verb;
    cv_str_t          id;           /* of the credential; or absent */
    cv_str_t          holder;       /* of progress, by id, */
    cv_str_t          class;        /* and of what, by id or category */
    cv_str_t          body;         /* JSON; empty or absent: {} */
    const cv_form_t  *form;         /* what its members are called */
    const cv_str_t   *issuers;      /* whose credentials they are, by id; */
    size_t            nissuers;     /* 0: everybody's */
    uint64_t          key_issuer;   /* by number, the only one among them;
                                       0: all */
    bool              test;         /* test credentials, instead of all others */
    cv_str_t          actor;        /* for the audit trail: "key:ID" */
    cv_time_t         now;
} cv_operation_t;

/*
 * What became of it.  Texts and records borrow from this and from the
 * transaction, until that is written to again or ends.
 */

typedef struct {
    cv_outcome_t      outcome;      /* CV_FOUND, CV_CREATED, or why not */
    cv_str_t          detail;       /* a sentence why not; or absent */
    uint64_t          number;       /* of the credential in the store; or 0 */
    cv_evidence_t     evidence;     /* and what there is of it */
    cv_doc_t          progress;     /* or the entry of the holder's list */

    /* for the functions below */

    cv_credential_t     credential;
    cv_class_t          class;
    cv_issuer_t         issuer;
    cv_holder_t         holder;
    cv_doc_t            values[CV_FORM_COUNT];
    cv_buf_t            body;
    cv_buf_t            line;
    cv_buf_t            plain;
    cv_buf_t            custom;
    cv_line_t           lines[2];
    cv_moment_t         moment;
    cv_progress_list_t  list;
    cv_error_t          error;
    uint8_t             id[CV_ULID_LEN];
    uint8_t             holder_id[CV_ULID_LEN];
    uint8_t             public_id[CV_UUID_LEN];
    uint8_t             today[CV_TIME_TEXT_MAX];
} cv_managed_t;

/* A body is at most this long. */
#define CV_MANAGE_BODY   ((size_t) 64 * 1024)

/*
 * So many of a holder's credentials, the newest, are looked through for one
 * that lets the caller issue another to that holder.
 */
#define CV_MANAGE_LOOKS  1000

/* For any number of operations, one after the other, in one thread. */
cv_err_t cv_managed_init(cv_managed_t *managed, cv_error_t *error)
    CV_MUST_CHECK;
void cv_managed_free(cv_managed_t *managed);

/*
 * Does it in a write transaction, which the caller commits.  What is wrong is
 * looked for in this order: the request, what it is about, the status of that.
 * What is refused is an outcome and has written nothing.  An error is one of
 * the store, or of what its operator put there: the transaction is to be
 * aborted.
 */
cv_err_t cv_manage(cv_txn_t *txn, const cv_operation_t *operation,
    cv_managed_t *managed, cv_error_t *error) CV_MUST_CHECK;

/*
 * Finds the credential that has operation->id, whatever its status, in any
 * transaction; verb and body do not matter.
 */
cv_err_t cv_manage_find(cv_txn_t *txn, const cv_operation_t *operation,
    cv_managed_t *managed, cv_error_t *error) CV_MUST_CHECK;

/* What there is of one by its number, as found: of an item of a list. */
cv_err_t cv_manage_load(cv_txn_t *txn, uint64_t number,
    cv_managed_t *managed, cv_error_t *error) CV_MUST_CHECK;

/*
 * True if the caller may manage what this class certifies: it is of one of the
 * issuers.  An error is the transaction's.
 */
bool cv_manage_may(cv_txn_t *txn, const cv_operation_t *operation,
    const cv_class_t *class);

/* The facts of an outcome that is no error; "facts" borrow from "managed". */
void cv_managed_disclose(const cv_managed_t *managed, cv_facts_t *facts,
    cv_time_t now);

#endif /* CV_MANAGE_H */
