
/*
 * Copyright (C) The credverify authors
 */

#include "cv_manage_internal.h"
#include "cv_outbox.h"
#include "cv_progress.h"
#include "cv_verdict.h"

#define CV_MANAGE_HOLDER                                                      \
    (CV_FORM_SET(HOLDER_ID) | CV_FORM_SET(HOLDER_NAME)                        \
     | CV_FORM_SET(HOLDER_DISPLAY_NAME) | CV_FORM_SET(HOLDER_EMAIL)           \
     | CV_FORM_SET(HOLDER_ORGANIZATION) | CV_FORM_SET(HOLDER_WALLET))

#define CV_MANAGE_NEW                                                         \
    (CV_MANAGE_HOLDER | CV_FORM_SET(CLASS) | CV_FORM_SET(ISSUED_AT)           \
     | CV_FORM_SET(EXPIRES_AT) | CV_FORM_SET(SCORE) | CV_FORM_SET(NUMBER)     \
     | CV_FORM_SET(CODE) | CV_FORM_SET(EVIDENCE) | CV_FORM_SET(NARRATIVE)     \
     | CV_FORM_SET(ATTRIBUTES))


static cv_err_t cv_manage_issue(cv_manager_t *m);
static cv_err_t cv_manage_send(cv_manager_t *m);
static cv_err_t cv_manage_move(cv_manager_t *m);
static cv_err_t cv_manage_progress(cv_manager_t *m);


static const struct {
    cv_form_set_t   takes;
    cv_status_t     to;             /* of what is moved */
    cv_err_t      (*run)(cv_manager_t *m);
} cv_manage_verbs[CV_OPERATIONS] = {

    [CV_OPERATE_CREATE] = {
        CV_MANAGE_NEW, CV_STATUS_DRAFT, cv_manage_create
    },

    [CV_OPERATE_ISSUE] = { 0, CV_STATUS_ISSUED, cv_manage_issue },

    [CV_OPERATE_SEND] = {
        CV_FORM_SET(METHOD), CV_STATUS_ISSUED, cv_manage_send
    },

    [CV_OPERATE_CREATE_ISSUE_SEND] = {
        CV_MANAGE_NEW | CV_FORM_SET(METHOD), CV_STATUS_ISSUED,
        cv_manage_create
    },

    [CV_OPERATE_CLAIM] = { 0, CV_STATUS_CLAIMED, cv_manage_move },
    [CV_OPERATE_USE] = { 0, CV_STATUS_USED, cv_manage_move },
    [CV_OPERATE_REFUND] = { 0, CV_STATUS_REFUNDED, cv_manage_move },

    [CV_OPERATE_REVOKE] = {
        CV_FORM_SET(REASON), CV_STATUS_REVOKED, cv_manage_move
    },

    [CV_OPERATE_PEND] = { 0, CV_STATUS_PENDING, cv_manage_move },

    [CV_OPERATE_PROGRESS] = {
        CV_FORM_SET(PRACTICE) | CV_FORM_SET(LEARN), CV_STATUS_ISSUED,
        cv_manage_progress
    },
};


cv_err_t
cv_managed_init(cv_managed_t *managed, cv_error_t *error)
{
    size_t    i;
    cv_err_t  err;

    memset(managed, 0, sizeof(cv_managed_t));

    cv_buf_init(&managed->body, 2 * CV_MANAGE_BODY);
    cv_buf_init(&managed->line, CV_LINE_MAX);
    cv_buf_init(&managed->plain, CV_RECORD_MAX);
    cv_buf_init(&managed->custom, CV_RECORD_MAX);
    cv_moment_init(&managed->moment, 0);
    cv_progress_list_init(&managed->list);

    for (i = 0; i < CV_COUNT(managed->lines); i++) {
        err = cv_line_init(&managed->lines[i], error);

        if (err != CV_OK) {
            cv_managed_free(managed);
            return err;
        }
    }

    return CV_OK;
}


void
cv_managed_free(cv_managed_t *managed)
{
    size_t  i;

    for (i = 0; i < CV_COUNT(managed->lines); i++) {
        cv_line_free(&managed->lines[i]);
    }

    cv_progress_list_free(&managed->list);
    cv_moment_free(&managed->moment);
    cv_buf_free(&managed->custom);
    cv_buf_free(&managed->plain);
    cv_buf_free(&managed->line);
    cv_buf_free(&managed->body);
}


/* As it was after cv_managed_init(), but with its memory. */

static void
cv_managed_reset(cv_managed_t *managed, cv_time_t now)
{
    managed->outcome = CV_SERVER_ERROR;
    managed->detail = CV_ABSENT;
    managed->number = 0;
    managed->progress = CV_ABSENT;
    managed->moment.now = now;

    memset(&managed->evidence, 0, sizeof(cv_evidence_t));
    memset(managed->values, 0, sizeof(managed->values));

    cv_buf_reset(&managed->moment.record);
    cv_buf_reset(&managed->body);
}


static cv_err_t
cv_manage_unknown(cv_manager_t *m)
{
    return cv_txn_err(m->txn, m->error) != CV_OK
           ? cv_txn_err(m->txn, NULL)
           : cv_manage_refuse(m->managed, CV_NOT_FOUND,
                              "There is no such credential.");
}


/* What an index leads to must be there, or the store is damaged. */

static cv_err_t
cv_manage_lost(cv_txn_t *txn, cv_error_t *error)
{
    return cv_txn_err(txn, error) != CV_OK
           ? cv_txn_err(txn, NULL)
           : cv_error_set(error, CV_ERR_DAMAGED,
                          "what a credential refers to is not in the store; "
                          "run \"credverify check\"");
}


bool
cv_manage_may(cv_txn_t *txn, const cv_operation_t *operation,
    const cv_class_t *class)
{
    cv_issuer_t  issuer;

    if (operation->key_issuer != 0
        && operation->key_issuer != class->issuer.iid)
    {
        return false;
    }

    return operation->nissuers == 0
           || (cv_get(txn, CV_ISSUER, class->issuer.iid, &issuer)
               && cv_str_index(operation->issuers, operation->nissuers,
                               issuer.id) < operation->nissuers);
}


bool
cv_manage_visible(cv_txn_t *txn, const cv_operation_t *operation,
    const cv_credential_t *credential)
{
    cv_class_t  class;

    return cv_credential_is_test(credential) == operation->test
           && cv_get(txn, CV_CLASS, credential->class.iid, &class)
           && cv_manage_may(txn, operation, &class);
}


/* The credential that is named, and may be managed. */

static cv_err_t
cv_manage_named(cv_manager_t *m, cv_credential_t *credential, uint64_t *number)
{
    return cv_get_by_id(m->txn, CV_CREDENTIAL, m->operation->id, credential,
                        number)
           && cv_manage_visible(m->txn, m->operation, credential)
           && cv_txn_err(m->txn, NULL) == CV_OK
           ? CV_OK : cv_manage_unknown(m);
}


/* What became of a named credential: what a rule refuses is its status. */

static cv_err_t
cv_manage_done(cv_manager_t *m, uint64_t number, cv_err_t err,
    const cv_error_t *what)
{
    if (err == CV_ERR_INPUT) {
        return cv_manage_rule(m->managed, CV_INVALID_STATUS, what);
    }

    if (err != CV_OK) {
        return cv_error_set(m->error, err, "%s", what->text);
    }

    return cv_manage_load(m->txn, number, m->managed, m->error);
}


static cv_err_t
cv_manage_issue(cv_manager_t *m)
{
    cv_err_t         err;
    uint64_t         number;
    cv_error_t       what;
    cv_terms_t       terms;
    cv_credential_t  credential;

    err = cv_manage_named(m, &credential, &number);
    if (err != CV_OK) {
        return err;
    }

    memset(&terms, 0, sizeof(cv_terms_t));

    err = cv_issue_issue(m->txn, m->operation->id, &terms, &credential,
                         &m->managed->moment, &what);

    return cv_manage_done(m, number, err, &what);
}


/*
 * What people may ask for twice by command, so that it is so in the end, is
 * done by one of two programs that ask for it at once.  A revocation may have
 * another reason.
 */

static cv_err_t
cv_manage_move(cv_manager_t *m)
{
    cv_err_t           err;
    uint64_t           number;
    cv_str_t           reason;
    cv_error_t         what;
    cv_status_t        to;
    cv_credential_t    credential;
    const cv_field_t  *field;

    to = cv_manage_verbs[m->operation->verb].to;

    if (!cv_manage_text(m, CV_FORM_REASON, &reason)) {
        return cv_manage_wrong(m, CV_FORM_REASON, "must be a string");
    }

    field = cv_field_find(&cv_schemas[CV_CREDENTIAL],
                          CV_STR("revocation_reason"));

    if (reason.len > field->max) {
        return cv_manage_wrong(m, CV_FORM_REASON, "is too long");
    }

    err = cv_manage_named(m, &credential, &number);
    if (err != CV_OK) {
        return err;
    }

    if (credential.status.value == (int64_t) to && !cv_present(reason)) {
        return cv_manage_refuse(m->managed, CV_INVALID_STATUS,
                                "Credential \"%.*s\" is %s already.",
                                CV_FMT(credential.id), cv_status_names[to]);
    }

    err = cv_issue_move(m->txn, m->operation->id, to, reason, &credential,
                        &m->managed->moment, &what);

    return cv_manage_done(m, number, err, &what);
}


static cv_err_t
cv_manage_send(cv_manager_t *m)
{
    cv_err_t         err;
    uint64_t         number;
    cv_error_t       what;
    cv_credential_t  credential;

    err = cv_manage_method(m, true);
    if (err != CV_OK) {
        return err;
    }

    err = cv_manage_named(m, &credential, &number);
    if (err != CV_OK) {
        return err;
    }

    err = cv_issue_send(m->txn, m->operation->id, !m->operation->test,
                        &credential, &m->managed->moment, &what);

    return cv_manage_done(m, number, err, &what);
}


/* The numbers of whom and what progress is of. */

static cv_err_t
cv_manage_course(cv_manager_t *m, const cv_progress_query_t *query,
    cv_progress_t *progress)
{
    bool       known;
    cv_err_t   err;

    known = false;
    err = CV_OK;

    progress->holder.iid = cv_find(m->txn, CV_HANDLE_HOLDER_ID,
                                   m->operation->holder);

    if (progress->holder.iid != 0) {
        err = cv_progress_known(m->txn, query, progress->holder.iid, &known);
    }

    if (err == CV_OK && known) {
        err = cv_progress_class(&m->managed->list, m->txn, query,
                                m->operation->class, &progress->class.iid);

        if (err == CV_ERR_CONFLICT) {
            return cv_manage_refuse(m->managed, CV_CATEGORY_NOT_FOUND,
                                    "Several classes have that category; name "
                                    "one by its id.");
        }
    }

    if (err != CV_OK || cv_txn_err(m->txn, NULL) != CV_OK) {
        return cv_txn_err(m->txn, m->error) != CV_OK
               ? cv_txn_err(m->txn, NULL)
               : cv_error_set(m->error, err, "the classes cannot be read");
    }

    return !known ? cv_manage_refuse(m->managed, CV_NOT_FOUND,
                                     "There is no such user.")
           : progress->class.iid == 0
             ? cv_manage_refuse(m->managed, CV_CATEGORY_NOT_FOUND,
                                "There is no such category, or it requires "
                                "nothing.")
             : CV_OK;
}


static cv_err_t
cv_manage_counts(cv_manager_t *m, cv_progress_t *progress)
{
    cv_err_t              err;
    cv_managed_t         *managed;
    cv_manage_members_t   members;

    managed = m->managed;

    members = (cv_manage_members_t) {
        .prefix = "",
        .fixed = { { "holder", CV_STR("-") }, { "class", CV_STR("-") } }
    };

    err = cv_manage_record(m, &managed->lines[0], CV_PROGRESS, &members);
    if (err != CV_OK) {
        return err;
    }

    progress->practice = managed->lines[0].record.progress.practice;
    progress->learn = managed->lines[0].record.progress.learn;

    return progress->practice.present || progress->learn.present
           ? CV_OK : cv_manage_refuse(managed, CV_INVALID_BODY,
                                      "The body has no count.");
}


static cv_err_t
cv_manage_progress(cv_manager_t *m)
{
    cv_err_t                err;
    cv_step_t               step;
    cv_progress_t           progress;
    cv_progress_query_t     query;
    const cv_operation_t   *operation;

    operation = m->operation;
    /* counts are those of live credentials: nobody may try them out */

    if (operation->test) {
        return cv_manage_refuse(m->managed, CV_INVALID_API_KEY,
                                "A test key records no progress.");
    }

    memset(&progress, 0, sizeof(cv_progress_t));

    err = cv_manage_counts(m, &progress);
    if (err != CV_OK) {
        return err;
    }

    query = (cv_progress_query_t) {
        .holder = operation->holder,
        .issuers = operation->issuers,
        .nissuers = operation->nissuers,
        .issuer = operation->key_issuer,
        .test = operation->test
    };

    err = cv_manage_course(m, &query, &progress);
    if (err != CV_OK) {
        return err;
    }

    err = cv_progress_record(m->txn, &progress, &step, &m->managed->moment,
                             m->error);
    if (err != CV_OK) {
        return err;
    }

    query.class = progress.class.iid;
    query.issued = step.issued;

    if (step.issued) {
        m->managed->number = cv_find(m->txn, CV_HANDLE_CREDENTIAL_ID,
                                     step.credential.id);
    }

    err = cv_progress_list(&m->managed->list, m->txn, &query,
                           &m->managed->progress);

    m->managed->outcome = CV_FOUND;

    return err == CV_OK ? CV_OK
           : cv_txn_err(m->txn, m->error) != CV_OK
             ? err : cv_error_set(m->error, err, "the answer is too long");
}


cv_err_t
cv_manage(cv_txn_t *txn, const cv_operation_t *operation,
    cv_managed_t *managed, cv_error_t *error)
{
    cv_err_t      err;
    cv_manager_t  m;

    m = (cv_manager_t) { txn, operation, managed, error };

    cv_managed_reset(managed, operation->now);
    cv_txn_actor(txn, operation->actor);

    err = cv_manage_read(&m, cv_manage_verbs[operation->verb].takes);

    if (err == CV_OK) {
        err = cv_manage_verbs[operation->verb].run(&m);
    }

    return err == CV_ERR_INPUT && managed->outcome != CV_SERVER_ERROR
           ? CV_OK : err;
}


cv_err_t
cv_manage_find(cv_txn_t *txn, const cv_operation_t *operation,
    cv_managed_t *managed, cv_error_t *error)
{
    cv_err_t         err;
    uint64_t         number;
    cv_manager_t     m;
    cv_credential_t  credential;

    m = (cv_manager_t) { txn, operation, managed, error };

    cv_managed_reset(managed, operation->now);

    err = cv_manage_named(&m, &credential, &number);

    if (err == CV_OK) {
        err = cv_manage_load(txn, number, managed, error);
    }

    return err == CV_ERR_INPUT && managed->outcome != CV_SERVER_ERROR
           ? CV_OK : err;
}


cv_err_t
cv_manage_load(cv_txn_t *txn, uint64_t number, cv_managed_t *managed,
    cv_error_t *error)
{
    cv_credential_t  *credential;

    credential = &managed->credential;

    if (!cv_get(txn, CV_CREDENTIAL, number, credential)
        || !cv_get(txn, CV_CLASS, credential->class.iid, &managed->class)
        || !cv_get(txn, CV_ISSUER, managed->class.issuer.iid,
                   &managed->issuer)
        || !cv_get(txn, CV_HOLDER, credential->holder.iid, &managed->holder))
    {
        return cv_manage_lost(txn, error);
    }

    managed->outcome = CV_FOUND;
    managed->progress = CV_ABSENT;
    managed->number = number;
    managed->evidence.credential = credential;
    managed->evidence.class = &managed->class;
    managed->evidence.issuer = &managed->issuer;
    managed->evidence.holder = &managed->holder;

    cv_buf_reset(&managed->plain);
    cv_buf_reset(&managed->custom);
    cv_attributes_split(credential->attributes, &managed->plain,
                        &managed->custom);

    return cv_buf_failed(&managed->plain) || cv_buf_failed(&managed->custom)
           ? cv_error_set(error, CV_ERR_NOMEM, "out of memory") : CV_OK;
}


void
cv_managed_disclose(const cv_managed_t *managed, cv_facts_t *facts,
    cv_time_t now)
{
    if (cv_present(managed->progress)) {
        cv_disclose_progress(facts, managed->progress, now);
        return;
    }

    cv_disclose_record(facts, &managed->evidence, cv_buf_str(&managed->plain),
                       cv_buf_str(&managed->custom), managed->outcome, now);
}
