
/*
 * Copyright (C) The credverify authors
 *
 * A credential that is made, and whom it is for.
 */

#include "cv_codec.h"
#include "cv_mailbox.h"
#include "cv_manage_internal.h"

#define CV_MANAGE_TOP  UINT64_MAX


/* The class that is to be certified. */

static cv_err_t
cv_manage_class(cv_manager_t *m, cv_class_t *class)
{
    cv_str_t  id;

    if (!cv_manage_text(m, CV_FORM_CLASS, &id)) {
        return cv_manage_wrong(m, CV_FORM_CLASS, "must be a string");
    }

    if (!cv_present(id)) {
        return cv_manage_wrong(m, CV_FORM_CLASS, "is required");
    }

    if (cv_get_by_id(m->txn, CV_CLASS, id, class, NULL)
        && cv_manage_may(m->txn, m->operation, class))
    {
        return CV_OK;
    }

    return cv_txn_err(m->txn, m->error) != CV_OK
           ? cv_txn_err(m->txn, NULL)
           : cv_manage_wrong(m, CV_FORM_CLASS, "names nothing that there is");
}


/* True if the caller manages a credential that the holder has. */

static bool
cv_manage_knows(cv_manager_t *m, uint64_t holder)
{
    bool              found;
    unsigned          looks;
    cv_str_t          to;
    cv_walk_t         walk;
    cv_reader_t       r;
    cv_credential_t   credential;

    found = false;

    cv_links_open(&walk, m->txn, CV_LINK_HOLDER_CREDENTIAL, holder);
    cv_links_down(&walk, CV_MANAGE_TOP);

    for (looks = 0;
         !found && looks < CV_MANAGE_LOOKS && cv_links_next(&walk, &to);
         looks++)
    {
        r = cv_reader(to);
        found = cv_get(m->txn, CV_CREDENTIAL, cv_read_u64(&r), &credential)
                && cv_manage_visible(m->txn, m->operation, &credential);
    }

    cv_walk_close(&walk);

    return found;
}


/* What else is said of a holder that there is must be so. */

static cv_err_t
cv_manage_same(cv_manager_t *m, cv_holder_t *holder)
{
    cv_str_t           text, prefix;
    cv_form_member_t   i;
    const cv_field_t  *field;

    prefix = CV_STR("holder.");

    for (i = CV_FORM_HOLDER_ID; i <= CV_FORM_HOLDER_WALLET; i++) {

        if (!cv_present(m->managed->values[i])) {
            continue;
        }

        field = cv_field_find(&cv_schemas[CV_HOLDER],
                              cv_str(cv_form_names[i].data + prefix.len,
                                     cv_form_names[i].len - prefix.len));

        if (!cv_manage_text(m, i, &text)
            || !cv_str_eq(text, *cv_field_of(holder, field, cv_str_t)))
        {
            return cv_manage_wrong(m, i, "is not what is known of this "
                                         "recipient");
        }
    }

    return CV_OK;
}


/* The holder: one that is named, or a new one, which is not put yet. */

static cv_err_t
cv_manage_holder(cv_manager_t *m, cv_holder_t *holder, bool *new)
{
    uint64_t              iid;
    cv_err_t              err;
    cv_str_t              id;
    uint8_t               random[CV_ULID_RANDOM];
    cv_managed_t         *managed;
    cv_manage_members_t   members;

    managed = m->managed;
    *new = !cv_present(managed->values[CV_FORM_HOLDER_ID]);

    if (!*new) {

        if (!cv_manage_text(m, CV_FORM_HOLDER_ID, &id)) {
            return cv_manage_wrong(m, CV_FORM_HOLDER_ID, "must be a string");
        }

        if (!cv_get_by_id(m->txn, CV_HOLDER, id, holder, &iid)
            || !cv_manage_knows(m, iid))
        {
            return cv_txn_err(m->txn, m->error) != CV_OK
                   ? cv_txn_err(m->txn, NULL)
                   : cv_manage_wrong(m, CV_FORM_HOLDER_ID,
                                     "names nobody who has a credential "
                                     "here");
        }

        return cv_manage_same(m, holder);
    }

    if (cv_random(random, sizeof(random)) != CV_OK) {
        return cv_error_set(m->error, CV_ERR_IO, "no random bytes");
    }

    cv_ulid_format(managed->holder_id, m->operation->now, random);

    members = (cv_manage_members_t) {
        .prefix = "holder.",
        .fixed = { { "id", cv_str(managed->holder_id, CV_ULID_LEN) } }
    };

    err = cv_manage_record(m, &managed->lines[0], CV_HOLDER, &members);
    if (err != CV_OK) {
        return err;
    }

    *holder = managed->lines[0].record.holder;

    if (!cv_present(holder->name)
        && (cv_form_has(m->operation->form) & CV_FORM_SET(HOLDER_NAME)))
    {
        return cv_manage_wrong(m, CV_FORM_HOLDER_NAME, "is required");
    }

    if (cv_present(holder->email)
        && cv_mailbox_check(holder->email, NULL) != CV_OK)
    {
        return cv_manage_wrong(m, CV_FORM_HOLDER_EMAIL,
                               "must be a mail address");
    }

    return CV_OK;
}


/* What is given must be nobody's: nothing is written before that is known. */

static cv_err_t
cv_manage_free(cv_manager_t *m, cv_handle_kind_t kind, cv_str_t handle,
    cv_form_member_t member)
{
    if (!cv_present(handle) || cv_find(m->txn, kind, handle) == 0) {
        return cv_txn_err(m->txn, m->error);
    }

    return cv_manage_refuse(m->managed, CV_CONFLICT,
                            "\"%.*s\" is that of another credential.",
                            CV_FMT(cv_form_path(m->operation->form, member)));
}


/*
 * A credential by the request, for that or a new holder; not put yet.  What it
 * borrows is not the store's, where writing moves it.
 */

static cv_err_t
cv_manage_new(cv_manager_t *m, cv_credential_t *credential, bool new)
{
    cv_err_t              err;
    uint8_t               random[CV_ULID_RANDOM];
    cv_managed_t         *managed;
    cv_manage_members_t   members;

    managed = m->managed;

    if (cv_random(random, sizeof(random)) != CV_OK
        || cv_uuid_new(managed->public_id) != CV_OK)
    {
        return cv_error_set(m->error, CV_ERR_IO, "no random bytes");
    }

    cv_ulid_format(managed->id, m->operation->now, random);

    members = (cv_manage_members_t) {
        .prefix = "",
        .fixed = {
            { "id", cv_str(managed->id, CV_ULID_LEN) },
            { "public_id", cv_str(managed->public_id, CV_UUID_LEN) },
            { "status", CV_STR("draft") },
            { new ? "holder" : NULL,
              cv_str(managed->holder_id, CV_ULID_LEN) },
        }
    };

    err = cv_manage_record(m, &managed->lines[1], CV_CREDENTIAL, &members);
    if (err != CV_OK) {
        return err;
    }

    *credential = managed->lines[1].record.credential;
    credential->test = (cv_int_t) { 1, m->operation->test };

    if (!cv_present(credential->issued_at.text)) {
        credential->issued_at = cv_moment_today(&managed->moment);
    }

    err = cv_manage_free(m, CV_HANDLE_NUMBER, credential->number,
                         CV_FORM_NUMBER);

    return err != CV_OK ? err
           : cv_manage_free(m, CV_HANDLE_CODE, credential->code,
                            CV_FORM_CODE);
}


/* Whether what is made could be issued: an issuer hears at once that not. */

static cv_err_t
cv_manage_try(cv_manager_t *m, const cv_credential_t *credential,
    const cv_class_t *class)
{
    cv_error_t       what;
    cv_terms_t       terms;
    cv_credential_t  tried;

    memset(&terms, 0, sizeof(cv_terms_t));
    tried = *credential;

    if (cv_credential_issue(&tried, class, &terms, &m->managed->moment, &what)
        != CV_OK)
    {
        return cv_manage_rule(m->managed, CV_INVALID_BODY, &what);
    }

    if (m->operation->verb == CV_OPERATE_CREATE_ISSUE_SEND
        && cv_date_expiry(&tried.expires_at) <= m->operation->now)
    {
        return cv_manage_refuse(m->managed, CV_INVALID_BODY,
                                "It would have been good until %.*s; what has "
                                "expired cannot be sent.",
                                CV_FMT(tried.expires_at.text));
    }

    return CV_OK;
}


static cv_err_t
cv_manage_put(cv_manager_t *m, cv_credential_t *credential,
    const cv_holder_t *holder)
{
    cv_err_t   err;
    uint64_t   number;

    if (holder != NULL && cv_put(m->txn, CV_HOLDER, holder) == 0) {
        return cv_txn_err(m->txn, m->error);
    }

    err = cv_issue_create(m->txn, credential, false, &m->managed->moment,
                          m->error);
    if (err != CV_OK) {
        return err;
    }

    number = cv_find(m->txn, CV_HANDLE_CREDENTIAL_ID, credential->id);

    if (m->operation->verb == CV_OPERATE_CREATE_ISSUE_SEND) {
        err = cv_issue_post(m->txn, number, !m->operation->test, m->error);
    }

    if (err == CV_OK) {
        err = cv_manage_load(m->txn, number, m->managed, m->error);
        m->managed->outcome = CV_CREATED;
    }

    return err;
}


cv_err_t
cv_manage_create(cv_manager_t *m)
{
    bool               new, issued;
    cv_err_t           err;
    cv_class_t         class;
    cv_holder_t        holder;
    cv_credential_t    credential;

    issued = m->operation->verb == CV_OPERATE_CREATE_ISSUE_SEND;

    if (issued) {
        err = cv_manage_method(m, false);
        if (err != CV_OK) {
            return err;
        }
    }

    err = cv_manage_class(m, &class);
    if (err != CV_OK) {
        return err;
    }

    err = cv_manage_holder(m, &holder, &new);
    if (err != CV_OK) {
        return err;
    }

    if (issued && cv_mailbox_check(holder.email, NULL) != CV_OK) {
        return cv_manage_wrong(m, CV_FORM_HOLDER_EMAIL, "is required");
    }

    err = cv_manage_new(m, &credential, new);

    if (err == CV_OK) {
        err = cv_manage_try(m, &credential, &class);
    }

    if (err != CV_OK) {
        return err;
    }

    if (issued) {
        credential.status.value = CV_STATUS_ISSUED;
    }

    return cv_manage_put(m, &credential, new ? &holder : NULL);
}
