
/*
 * Copyright (C) The credverify authors
 *
 * What an issuer has revoked of its Open Badges: found bit by bit, as there
 * may be more than anybody can wait for.
 */

#ifndef CV_REVOCATIONS_H
#define CV_REVOCATIONS_H

#include "cv_store.h"

typedef struct {
    cv_str_t   hosted;          /* what URLs begin with, of what is hosted */
    cv_str_t   keyed;           /* and of what is signed */
    cv_str_t   issuer;          /* its id */
    uint64_t   class;           /* numbers: what is lower is still to come */
    uint64_t   credential;
    bool       within;          /* that class */
    bool       done;
    cv_buf_t   json;            /* an array of URLs, once it is done */
} cv_revocations_t;

/* An empty one, which borrows the texts; "limit" bounds it, in bytes. */
void cv_revocations_init(cv_revocations_t *list, cv_str_t hosted,
    cv_str_t keyed, cv_str_t issuer, size_t limit);
void cv_revocations_free(cv_revocations_t *list);

/* Has it begin anew. */
void cv_revocations_reset(cv_revocations_t *list);

/*
 * Goes on, for as many classes and credentials, and tells whether that is all.
 * What was revoked before it began, and still is, is in it; of what changes
 * meanwhile that is not said.  Each snapshot is to be of the same store.
 *
 * Every badge is there by two URLs, of which nobody has both: who reads an
 * array of one as JSON-LD gets its element, and validators then find nothing
 * in it.
 *
 * CV_ERR_LIMIT if there is more than it may hold; any other is the store's.
 */
cv_err_t cv_revocations_read(cv_revocations_t *list, cv_txn_t *snapshot,
    unsigned most) CV_MUST_CHECK;

#endif /* CV_REVOCATIONS_H */
