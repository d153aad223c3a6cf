
/*
 * Copyright (C) The credverify authors
 *
 * What a store says of an Open Badge that somebody has brought: which of its
 * credentials it is, and where it says something else than its document would.
 */

#ifndef CV_INSPECT_H
#define CV_INSPECT_H

#include "cv_badges.h"
#include "cv_digest.h"
#include "cv_store.h"

/* What was brought; nothing of it is true yet. */

typedef struct {
    cv_doc_t   assertion;       /* an object */
    bool       is_signed;       /* a JWS */
    bool       is_linked;       /* the assertion is nothing but its "id" */
    cv_str_t   verify;          /* where its image says that it is; may be
                                   absent or empty */
    cv_str_t   base;            /* what credverify_openbadges is given, or
                                   absent: any URL will do */
    cv_str_t   key;             /* the id of the key that has signed it, or
                                   that it says has; absent: that was not
                                   asked, or it does not say */
} cv_inspect_t;

/* A member that is not what the store has, or would write. */

typedef struct {
    const char  *member;
    cv_str_t     ours;          /* absent: none, or it is not for everybody */
} cv_difference_t;

#define CV_DIFFERENCES_MAX  16

/*
 * What was found.  Records borrow from the snapshot, and are set if it is
 * known; "site" and "name" borrow from the assertion.
 */

typedef struct {
    cv_str_t          site;     /* what its id begins with, or absent: */
    cv_str_t          name;     /* that is not made as here; and ends with */
    bool              known;    /* the store has an assertion of that name */

    cv_assertion_t    assertion;
    cv_credential_t   credential;
    cv_holder_t       holder;
    cv_class_t        class;
    cv_image_type_t   picture;  /* the class's */
    cv_issuer_t       issuer;

    cv_verdict_t      verdict;
    bool              test;     /* only who tests is served it */
    cv_kind_t         lacking;  /* which of these is no Open Badge, */
    const char       *lacks;    /* and what it lacks; or NULL */

    cv_difference_t   differences[CV_DIFFERENCES_MAX];
    size_t            ndifferences;
    cv_buf_t          text;     /* of the differences */
} cv_inspection_t;

void cv_inspection_init(cv_inspection_t *inspection);
void cv_inspection_free(cv_inspection_t *inspection);

/* Looks for it in a snapshot.  An error is the snapshot's, or no memory. */
cv_err_t cv_inspect(cv_inspection_t *out, cv_txn_t *snapshot,
    const cv_inspect_t *badge, cv_time_t now) CV_MUST_CHECK;

/*
 * The second half of that, once the records are there: "known" is true.  Of
 * members that it does not compare it says nothing: cv_inspect_compares().
 */
cv_err_t cv_inspect_compare(cv_inspection_t *out, const cv_inspect_t *badge,
    cv_time_t now) CV_MUST_CHECK;

/* True if a member of an assertion is one that is compared. */
bool cv_inspect_compares(cv_str_t member);

/* True if it is the store's, unaltered; whether it is good is the verdict's. */
bool cv_inspection_genuine(const cv_inspection_t *inspection);

typedef enum {
    CV_RECIPIENT_OTHER = 0,
    CV_RECIPIENT_SAME,
    CV_RECIPIENT_UNCLEAR,       /* hashed otherwise than by SHA-256, or not
                                   there */
} cv_recipient_t;

/* Whether the address is that of the recipient that the assertion has. */
cv_err_t cv_inspect_recipient(cv_recipient_t *recipient, cv_doc_t assertion,
    cv_str_t email) CV_MUST_CHECK;

#endif /* CV_INSPECT_H */
