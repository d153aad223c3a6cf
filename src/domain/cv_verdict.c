
/*
 * Copyright (C) The credverify authors
 */

#include "cv_verdict.h"


static bool
cv_credential_known(const cv_question_t *question)
{
    const cv_credential_t  *credential;

    credential = question->credential;

    return credential != NULL && question->in_scope
           && cv_credential_is_test(credential) == question->test
           && credential->status.value != CV_STATUS_DRAFT;
}


bool
cv_credential_lapses(const cv_credential_t *credential)
{
    return credential->status.value == CV_STATUS_ISSUED
           || credential->status.value == CV_STATUS_PENDING;
}


bool
cv_credential_withdrawn(const cv_credential_t *credential)
{
    return !cv_credential_is_test(credential)
           && (credential->status.value == CV_STATUS_REVOKED
               || credential->status.value == CV_STATUS_REFUNDED);
}


cv_str_t
cv_credential_state(const cv_credential_t *credential, cv_time_t now)
{
    if (cv_credential_lapses(credential)
        && cv_date_expiry(&credential->expires_at) <= now)
    {
        return cv_outcomes[CV_EXPIRED].name;
    }

    if (credential->status.value == CV_STATUS_ISSUED) {
        return CV_STR("active");
    }

    return cv_str_z(cv_status_names[credential->status.value]);
}


bool
cv_credential_granted(const cv_credential_t *credential)
{
    switch ((cv_status_t) credential->status.value) {

    case CV_STATUS_ISSUED:
    case CV_STATUS_CLAIMED:
    case CV_STATUS_USED:
        return true;

    default:
        return false;
    }
}


static int
cv_date_order(const cv_date_t *a, const cv_date_t *b)
{
    bool  has_a, has_b;

    has_a = cv_present(a->text);
    has_b = cv_present(b->text);

    if (!has_a || !has_b) {
        return has_a - has_b;
    }

    return (a->at > b->at) - (a->at < b->at);
}


bool
cv_credential_newer(const cv_credential_t *credential,
    const cv_credential_t *other)
{
    int  order;

    order = cv_date_order(&credential->issued_at, &other->issued_at);

    if (order == 0) {
        order = cv_date_order(&credential->created_at, &other->created_at);
    }

    return order > 0
           || (order == 0 && cv_str_order(credential->id, other->id) > 0);
}


/*
 * Each reason falls through to those below it, and with them the instants
 * that may still change it: only an expiry that is decided before the reason
 * can.
 */

cv_verdict_t
cv_verdict(const cv_question_t *question, cv_time_t now)
{
    cv_time_t     token_expiry, expiry;
    cv_status_t   status;
    cv_verdict_t  verdict;

    verdict = (cv_verdict_t) { CV_NOT_FOUND, CV_PRIVACY_FULL, CV_TIME_NEVER };

    if (!cv_credential_known(question)) {
        return verdict;
    }

    token_expiry = CV_TIME_NEVER;

    if (question->token != NULL) {
        token_expiry = cv_date_expiry(&question->token->expires_at);

        if (question->token->privacy.present) {
            verdict.privacy = (cv_privacy_t) question->token->privacy.value;
        }
    }

    status = (cv_status_t) question->credential->status.value;

    if (status == CV_STATUS_REVOKED) {
        verdict.reason = CV_REVOKED;
        return verdict;
    }

    if (token_expiry <= now) {
        verdict.reason = CV_TOKEN_EXPIRED;
        return verdict;
    }

    verdict.next_change_at = token_expiry;

    if (status == CV_STATUS_REFUNDED) {
        verdict.reason = CV_REFUNDED;
        return verdict;
    }

    if (cv_credential_lapses(question->credential)) {
        expiry = cv_date_expiry(&question->credential->expires_at);

        if (expiry <= now) {
            verdict.reason = CV_EXPIRED;
            return verdict;
        }

        if (expiry < verdict.next_change_at) {
            verdict.next_change_at = expiry;
        }
    }

    if (cv_credential_granted(question->credential)) {
        verdict.reason = CV_VALID;

    } else if (status == CV_STATUS_PENDING) {
        verdict.reason = CV_PENDING;

    } else {
        /* a status this program does not know is never good */
        verdict.reason = CV_NOT_FOUND;
        verdict.next_change_at = CV_TIME_NEVER;
    }

    return verdict;
}
