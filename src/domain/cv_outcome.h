
/*
 * Copyright (C) The credverify authors
 *
 * Every way a request can end: a verdict's reason, that a record was found
 * which is shown as it is, or an error that kept the request from either.  A
 * view words each of them; this is the only list.
 */

#ifndef CV_OUTCOME_H
#define CV_OUTCOME_H

#include "cv_base.h"

typedef enum {
    CV_VALID = 0,
    CV_REVOKED,
    CV_TOKEN_EXPIRED,
    CV_REFUNDED,
    CV_EXPIRED,
    CV_PENDING,
    CV_NOT_FOUND,
    CV_REASONS,                 /* those above are verdicts */

    CV_FOUND = CV_REASONS,
    CV_CREATED,                 /* found, as it was just made */
    CV_ERRORS,                  /* those below are errors */

    CV_MISSING_HANDLE = CV_ERRORS,
    CV_AMBIGUOUS_HANDLE,
    CV_INVALID_FORMAT,
    CV_INVALID_THEME,
    CV_METHOD_NOT_ALLOWED,
    CV_MISSING_VERSION,
    CV_INVALID_VERSION,
    CV_UNSUPPORTED_MEDIA_TYPE,
    CV_BODY_TOO_LARGE,
    CV_INVALID_BODY,
    CV_TOO_MANY_HANDLES,
    CV_INVALID_LIMIT,
    CV_INVALID_CURSOR,
    CV_INVALID_STATUS,
    CV_MISSING_API_KEY,
    CV_AMBIGUOUS_API_KEY,
    CV_INVALID_API_KEY,
    CV_UNAPPROVED_API_KEY,
    CV_SUSPENDED_API_KEY,
    CV_ORIGIN_NOT_ALLOWED,
    CV_INSUFFICIENT_SCOPE,
    CV_PAYMENT_REQUIRED,
    CV_RATE_LIMITED,
    CV_MONTHLY_LIMIT_REACHED,
    CV_STORE_UNAVAILABLE,
    CV_BUSY,
    CV_SERVER_ERROR,
    CV_INVALID_IDEMPOTENCY_KEY,
    CV_IDEMPOTENCY_KEY_REUSED,
    CV_REQUEST_IN_FLIGHT,
    CV_INSUFFICIENT_STORAGE,
    CV_CONFLICT,
    CV_CATEGORY_NOT_FOUND,
    CV_OUTCOMES,
} cv_outcome_t;

typedef struct {
    cv_str_t   name;            /* in views, logs and error bodies */
    unsigned   status;          /* HTTP, unless the view says otherwise */
    cv_str_t   word;            /* one or two, for badges */
    cv_str_t   title;           /* a short phrase, always the same */
    cv_str_t   detail;          /* a sentence for who reads the answer */
} cv_outcome_info_t;

extern const cv_outcome_info_t  cv_outcomes[CV_OUTCOMES];

/* The outcome of that name, or CV_OUTCOMES. */
cv_outcome_t cv_outcome_find(cv_str_t name);

#endif /* CV_OUTCOME_H */
