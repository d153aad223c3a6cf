
/*
 * Copyright (C) The credverify authors
 *
 * Verdicts: section 3 of the contract, from the top of its table down.
 */

#include "model.h"


bool
model_lapses(const model_credential_t *credential)
{
    return credential->status == CV_STATUS_ISSUED
           || credential->status == CV_STATUS_PENDING;
}


static cv_outcome_t
model_reason(const model_credential_t *credential, const model_token_t *token,
    bool test, cv_time_t now)
{
    int  status;

    status = credential->status;

    if (!credential->there || status == CV_STATUS_DRAFT
        || credential->test != test || (token != NULL && !token->there))
    {
        return CV_NOT_FOUND;
    }

    if (status == CV_STATUS_REVOKED) {
        return CV_REVOKED;
    }

    if (token != NULL && model_expiry(&token->expires_at) <= now) {
        return CV_TOKEN_EXPIRED;
    }

    if (status == CV_STATUS_REFUNDED) {
        return CV_REFUNDED;
    }

    if (model_lapses(credential)
        && model_expiry(&credential->expires_at) <= now)
    {
        return CV_EXPIRED;
    }

    return status == CV_STATUS_PENDING ? CV_PENDING : CV_VALID;
}


/* When the reason is another one by itself: tried, not derived. */

static cv_time_t
model_next_change(const model_credential_t *credential,
    const model_token_t *token, bool test, cv_time_t now)
{
    size_t        i;
    cv_time_t     next, at[2];
    cv_outcome_t  reason;

    reason = model_reason(credential, token, test, now);
    next = CV_TIME_NEVER;

    at[0] = model_expiry(&credential->expires_at);
    at[1] = token != NULL ? model_expiry(&token->expires_at) : CV_TIME_NEVER;

    for (i = 0; i < CV_COUNT(at); i++) {
        if (at[i] > now && at[i] < next
            && model_reason(credential, token, test, at[i]) != reason)
        {
            next = at[i];
        }
    }

    return next;
}


model_verdict_t
model_verify(const model_t *model, int credential, int token, bool test)
{
    model_verdict_t            verdict;
    const model_token_t       *by;
    const model_credential_t  *of;

    of = &model->credentials[credential];
    by = token == -1 ? NULL : &model->tokens[token];

    verdict.reason = model_reason(of, by, test, model->now);
    verdict.privacy = by != NULL && by->privacy ? CV_PRIVACY_MASKED
                                                : CV_PRIVACY_FULL;
    verdict.next_change_at = model_next_change(of, by, test, model->now);
    verdict.holder = verdict.reason == CV_VALID
                     && verdict.privacy == CV_PRIVACY_FULL;

    return verdict;
}
