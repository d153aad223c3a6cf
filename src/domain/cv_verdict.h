
/*
 * Copyright (C) The credverify authors
 *
 * The verdict on a credential at a moment.  Pure: no I/O, no clock.
 */

#ifndef CV_VERDICT_H
#define CV_VERDICT_H

#include "cv_outcome.h"
#include "cv_record.h"

typedef struct {
    const cv_credential_t  *credential;  /* NULL: no such handle */
    const cv_token_t       *token;       /* NULL: the handle is no token */
    bool                    in_scope;    /* of an issuer that is served here */
    bool                    test;        /* asked for with a test-class key */
} cv_question_t;

typedef struct {
    cv_outcome_t   reason;          /* below CV_REASONS */
    cv_privacy_t   privacy;
    cv_time_t      next_change_at;  /* the reason changes by itself at this
                                       instant; CV_TIME_NEVER if it does not */
} cv_verdict_t;

/*
 * Decides in the order not_found, revoked, token_expired, refunded, expired,
 * pending, valid.  What expires at an instant is not good at that instant.
 */
cv_verdict_t cv_verdict(const cv_question_t *question, cv_time_t now);

/* True if it is not meant: only who tests sees it. */
static inline bool
cv_credential_is_test(const cv_credential_t *credential)
{
    return credential->test.present && credential->test.value;
}

/* True if its own expiry ends it: what was claimed or used stays so. */
bool cv_credential_lapses(const cv_credential_t *credential);

/*
 * What people call its status at that moment: "expired" if its own expiry has
 * ended it, else "active" if it is issued, else the status itself.
 */
cv_str_t cv_credential_state(const cv_credential_t *credential, cv_time_t now);

/* True if it was taken back, and is no test. */
bool cv_credential_withdrawn(const cv_credential_t *credential);

/* True once it was issued, unless it was taken back. */
bool cv_credential_granted(const cv_credential_t *credential);

/*
 * True if the first is the newer one of a holder's: by the date on it, then by
 * when it was made, then by its id.  What has no date is older.
 */
bool cv_credential_newer(const cv_credential_t *credential,
    const cv_credential_t *other);

#endif /* CV_VERDICT_H */
