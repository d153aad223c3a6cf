
/*
 * Copyright (C) The credverify authors
 *
 * What is in a wallet: the credentials of those who hold it that are valid, and
 * whose class is listed.  The newest come first, by when they came into the
 * store: what is still good is among them, and their place never changes.
 */

#ifndef CV_WALLET_H
#define CV_WALLET_H

#include "cv_base.h"
#include "cv_bookmark.h"
#include "cv_store.h"
#include "cv_verify.h"

/* What is asked for, and by whom. */

typedef struct {
    cv_str_t         wallet;    /* any bytes */
    cv_str_t         cursor;    /* where to go on; absent: at the beginning */
    const cv_str_t  *issuers;   /* whose credentials are listed, by id; */
    size_t           nissuers;  /* 0: everybody's */
    uint64_t         issuer;    /* by number, the only one among them; 0: all */
    bool             test;      /* test credentials, instead of all others */
} cv_wallet_query_t;

/* So many credentials are looked at, of whatever verdict, before a pause. */
#define CV_WALLET_LOOKS   5000

/* A cursor, in hexadecimal. */
#define CV_WALLET_CURSOR  CV_BOOKMARK_LEN

typedef enum {
    CV_WALLET_FOUND = 0,
    CV_WALLET_PAUSE,            /* there may be more */
    CV_WALLET_END,
} cv_wallet_step_t;

/* For the functions below. */

typedef struct {
    cv_verifier_t            *verifier;
    cv_txn_t                 *snapshot;
    const cv_wallet_query_t  *query;
    cv_request_t              request;
    cv_time_t                 now;
    cv_walk_t                 holders;
    cv_walk_t                 credentials;  /* of the holder, */
    uint64_t                  holder;       /* 0: there is none yet; */
    uint64_t                  before;       /* the rest is below this one */
    unsigned                  looks;
} cv_wallet_t;

/*
 * Opens the wallet in a snapshot; "query" must outlive it.  An unknown wallet
 * is one that is empty.  CV_ERR_INPUT if the cursor is none of this wallet in
 * this store; any other error is the snapshot's.  Nothing need be closed after
 * one.
 */
cv_err_t cv_wallet_open(cv_wallet_t *wallet, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_wallet_query_t *query, cv_time_t now)
    CV_MUST_CHECK;

/* The next one; "out" as cv_verify() has it, if one was found. */
cv_err_t cv_wallet_next(cv_wallet_t *wallet, cv_verification_t *out,
    cv_wallet_step_t *step) CV_MUST_CHECK;

/*
 * Writes a cursor that leads to what was found last, or past what was looked at
 * if it was a pause: whatever is added, revoked or removed meanwhile, the rest
 * is what it was.  It says nothing to who has no access to the store.
 */
cv_err_t cv_wallet_cursor(const cv_wallet_t *wallet,
    char out[CV_WALLET_CURSOR]) CV_MUST_CHECK;

void cv_wallet_close(cv_wallet_t *wallet);

#endif /* CV_WALLET_H */
