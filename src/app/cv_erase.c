
/*
 * Copyright (C) The credverify authors
 */

#include "cv_erase.h"
#include "cv_outbox.h"

#define CV_ERASED  CV_STR("erased-")


bool
cv_erased(cv_str_t id)
{
    return id.len == CV_ERASED_ID_LEN
           && memcmp(id.data, CV_ERASED.data, CV_ERASED.len) == 0;
}


/* an id that an erasure made says nothing, and stays */

static cv_err_t
cv_erase_id(uint8_t id[CV_ERASED_ID_LEN], cv_str_t old, cv_error_t *error)
{
    if (cv_erased(old)) {
        memcpy(id, old.data, CV_ERASED_ID_LEN);
        return CV_OK;
    }

    memcpy(id, CV_ERASED.data, CV_ERASED.len);

    return cv_uuid_new(id + CV_ERASED.len) == CV_OK
           ? CV_OK : cv_error_set(error, CV_ERR_IO, "no random bytes");
}


/* True if there was anything that says more than a verdict needs. */

static bool
cv_erase_facts(cv_credential_t *credential)
{
    bool  any;

    any = cv_present(credential->score) || cv_present(credential->evidence)
          || cv_present(credential->narrative)
          || cv_present(credential->attributes)
          || cv_present(credential->revocation_reason);

    credential->score = CV_ABSENT;
    credential->evidence = CV_ABSENT;
    credential->narrative = CV_ABSENT;
    credential->attributes = CV_ABSENT;
    credential->revocation_reason = CV_ABSENT;

    return any;
}


static cv_err_t
cv_erase_credential(cv_txn_t *txn, uint64_t iid, cv_moment_t *moment,
    cv_error_t *error)
{
    cv_err_t         err;
    cv_credential_t  credential;

    if (!cv_get(txn, CV_CREDENTIAL, iid, &credential)
        || !cv_erase_facts(&credential))
    {
        return cv_txn_err(txn, error);
    }

    err = cv_moment_keep(moment, &credential, error);
    if (err != CV_OK) {
        return err;
    }

    credential.updated_at = cv_moment_now(moment);
    (void) cv_put(txn, CV_CREDENTIAL, &credential);

    return cv_txn_err(txn, error);
}


cv_err_t
cv_erase_holder(cv_txn_t *txn, cv_str_t id, cv_erasure_t *erasure,
    cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t      err;
    uint64_t      iid, credential;
    cv_holder_t   holder;

    iid = cv_find(txn, CV_HANDLE_HOLDER_ID, id);

    if (iid == 0) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_INPUT,
                              "there is no holder \"%.*s\"", CV_FMT(id));
    }

    err = cv_erase_id(erasure->id, id, error);
    if (err != CV_OK) {
        return err;
    }

    memset(&holder, 0, sizeof(cv_holder_t));
    holder.id = cv_str(erasure->id, sizeof(erasure->id));
    erasure->credentials = 0;

    cv_txn_action(txn, CV_ACTION_ERASED);

    (void) cv_rename(txn, CV_HOLDER, iid, &holder);

    credential = UINT64_MAX;

    while (err == CV_OK
           && cv_link_below(txn, CV_LINK_HOLDER_CREDENTIAL, iid, &credential))
    {
        err = cv_erase_credential(txn, credential, moment, error);
        cv_outbox_forget(txn, credential);

        /* what was shown with its name may be kept somewhere */

        cv_outbox_changed(txn, credential);
        erasure->credentials++;
    }

    cv_txn_action(txn, CV_ACTION_AUTO);

    return err == CV_OK ? cv_txn_err(txn, error) : err;
}
