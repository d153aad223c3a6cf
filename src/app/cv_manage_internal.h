
/*
 * Copyright (C) The credverify authors
 *
 * What the files of cv_manage.h share.
 *
 * CV_ERR_INPUT is a refusal here, whose outcome has been set; where it has not,
 * the store holds what its operator has to put right.
 */

#ifndef CV_MANAGE_INTERNAL_H
#define CV_MANAGE_INTERNAL_H

#include "cv_manage.h"

typedef struct {
    cv_txn_t              *txn;
    const cv_operation_t  *operation;
    cv_managed_t          *managed;
    cv_error_t            *error;
} cv_manager_t;


/* Refusing, by a sentence; by what a rule said, which is no sentence yet; */

cv_err_t cv_manage_refuse(cv_managed_t *managed, cv_outcome_t outcome,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
cv_err_t cv_manage_rule(cv_managed_t *managed, cv_outcome_t outcome,
    const cv_error_t *error);

/* by what a member is, as in "must be a string". */
cv_err_t cv_manage_wrong(cv_manager_t *m, cv_form_member_t member,
    const char *what);


/* The request: its body, as values of the members that it may have. */
cv_err_t cv_manage_read(cv_manager_t *m, cv_form_set_t takes) CV_MUST_CHECK;

/* The text of a member; absent if it has none.  False if it is no text. */
bool cv_manage_text(cv_manager_t *m, cv_form_member_t member, cv_str_t *text);

/* How it is to be sent: by mail, which may go without saying. */
cv_err_t cv_manage_method(cv_manager_t *m, bool required) CV_MUST_CHECK;

/* What a member of a line is, whatever the request says. */

typedef struct {
    const char            *name;
    cv_str_t               text;        /* as it is in JSON */
} cv_manage_fixed_t;

typedef struct {
    const cv_doc_t        *values;
    const char            *prefix;      /* of their names in forms */
    cv_manage_fixed_t      fixed[4];
} cv_manage_members_t;

/*
 * Reads a record from the request, into "line".  What is wrong is said of the
 * member by the name that it has there.
 */
cv_err_t cv_manage_record(cv_manager_t *m, cv_line_t *line, cv_kind_t kind,
    cv_manage_members_t *members) CV_MUST_CHECK;


/* What the caller may manage: of its issuers, and for tests or not. */
bool cv_manage_visible(cv_txn_t *txn, const cv_operation_t *operation,
    const cv_credential_t *credential);

/* CV_OPERATE_CREATE, and CV_OPERATE_CREATE_ISSUE_SEND. */
cv_err_t cv_manage_create(cv_manager_t *m) CV_MUST_CHECK;

#endif /* CV_MANAGE_INTERNAL_H */
