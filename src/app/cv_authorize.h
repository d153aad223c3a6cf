
/*
 * Copyright (C) The credverify authors
 *
 * From the text of an API key to what its bearer may do.
 */

#ifndef CV_AUTHORIZE_H
#define CV_AUTHORIZE_H

#include "cv_access.h"
#include "cv_digest.h"
#include "cv_limits.h"
#include "cv_store.h"

/*
 * What is known of a key.  Texts and documents borrow from the snapshot; for a
 * key that is none all of it is absent or 0.
 */

typedef struct {
    cv_outcome_t    outcome;        /* CV_VALID, or why not */
    cv_key_class_t  class;
    uint64_t        number;         /* of the key, and of its slot */
    uint64_t        uid;            /* whose that slot is */
    uint64_t        issuer;         /* that it is bound to, or 0 */
    cv_str_t        id;
    cv_str_t        tier;           /* its id; absent: the key has none */
    cv_doc_t        scopes;
    cv_doc_t        origins;
    cv_limits_t     limits;
} cv_authorization_t;

/*
 * What authorizing needs beside a snapshot: for one store, and one thread.  It
 * remembers keys that were good until there is another commit.
 */
typedef struct cv_authorizer_s  cv_authorizer_t;

/* Borrows the digest.  NULL if memory is exhausted. */
cv_authorizer_t *cv_authorizer_new(cv_digest_t *digest);
void cv_authorizer_free(cv_authorizer_t *authorizer);

/*
 * Any error is one of the store: of a key that is not good, the outcome tells.
 */
cv_err_t cv_authorize(cv_authorization_t *out, cv_authorizer_t *authorizer,
    cv_txn_t *snapshot, const cv_demand_t *demand, cv_str_t text,
    cv_time_t now) CV_MUST_CHECK;

/*
 * What a key, by number, may do in a month: its tier, whose id is absent if it
 * has none, and the limits, with what the month was granted.  An error is one
 * of the store.
 */
cv_err_t cv_key_terms(cv_txn_t *snapshot, const cv_api_key_t *key,
    uint64_t number, uint64_t month, cv_tier_t *tier, cv_limits_t *limits)
    CV_MUST_CHECK;

/* Whose a key's slot is: the same for a key of that id in that store only. */
uint64_t cv_key_uid(cv_str_t id);

#endif /* CV_AUTHORIZE_H */
