
/*
 * Copyright (C) The credverify authors
 *
 * Verification: a handle in, a verdict and what it was reached from out.
 */

#ifndef CV_VERIFY_H
#define CV_VERIFY_H

#include "cv_authorize.h"
#include "cv_base.h"
#include "cv_catalog.h"
#include "cv_digest.h"
#include "cv_facts.h"
#include "cv_store.h"

typedef enum {
    CV_BY_TOKEN = 0,
    CV_BY_CODE,
    CV_BY_NUMBER,
    CV_BY_ID,               /* the public id */
    CV_BY_ASSERTION,        /* of an Open Badge */
    CV_BY_COUNT
} cv_by_t;

/* Names as in configuration, arguments and logs. */
extern const cv_str_t  cv_by_names[CV_BY_COUNT];

/* What kinds of handles they are; a token is none of these. */
extern const cv_handle_kind_t  cv_by_kinds[CV_BY_COUNT];

/* What is asked for, and for whom. */

typedef struct {
    cv_by_t          by;
    cv_str_t         handle;    /* any bytes */
    const cv_str_t  *issuers;   /* the ids that are served; */
    size_t           nissuers;  /* 0: all */
    bool             test;      /* with a test-class key */
} cv_request_t;

/* The records are those that were found; "evidence" points to them. */

typedef struct {
    cv_verdict_t     verdict;
    cv_evidence_t    evidence;
    uint64_t         number;    /* of the credential, if one was found */
    cv_token_t       token;
    cv_credential_t  credential;
    cv_holder_t      holder;
    cv_assertion_t   assertion;
} cv_verification_t;

/* What verifying needs beside a snapshot: for one store, and one thread. */
typedef struct cv_verifier_s  cv_verifier_t;

/* NULL if memory is exhausted. */
cv_verifier_t *cv_verifier_new(void);
void cv_verifier_free(cv_verifier_t *verifier);

/* What it has, for others of the same store and thread. */
cv_authorizer_t *cv_verifier_authorizer(cv_verifier_t *verifier);
cv_catalog_t *cv_verifier_catalog(cv_verifier_t *verifier);
cv_digest_t *cv_verifier_digest(cv_verifier_t *verifier);

/* What the store knows a token by, if the text "is" one. */
cv_err_t cv_verify_token_hash(uint8_t hash[CV_TOKEN_HASH_LEN],
    cv_digest_t *digest, cv_str_t token, bool *is) CV_MUST_CHECK;

/*
 * Verifies in "snapshot".  Everything in "out" borrows from it, and from the
 * verifier until its next use.  A handle that is malformed, unknown or out of
 * scope is a verdict, not an error: an error means that nothing can be said,
 * and is the snapshot's.
 */
cv_err_t cv_verify(cv_verification_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_request_t *request, cv_time_t now)
    CV_MUST_CHECK;

/*
 * The same of the credential that has this number in the store, which the
 * caller has from there; "by" is CV_BY_COUNT.
 */
cv_err_t cv_verify_iid(cv_verification_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, uint64_t iid, const cv_request_t *request,
    cv_time_t now) CV_MUST_CHECK;

#endif /* CV_VERIFY_H */
