
/*
 * Copyright (C) The credverify authors
 *
 * Open Badges 2.0: credentials, their classes and their issuer as a validator
 * asks for them, by the last part of a URL.
 */

#ifndef CV_BADGES_H
#define CV_BADGES_H

#include "cv_bake.h"
#include "cv_verify.h"

/* What badges are signed with. */

typedef struct {
    cv_str_t  url;              /* of the document that has it, */
    cv_str_t  pem;              /* the public half, */
    cv_str_t  revocations;      /* the URL of what was revoked, */
    cv_str_t  hosted;           /* and what those begin with that are hosted */
} cv_badges_key_t;

/*
 * Where an issuer's badges are: the URL that theirs begin with, and its id.
 * Those that are signed have another one for each key, where the issuer has
 * that one key: validators take no issuer that has two, and what is signed
 * with an old one is to stay good.
 */

#define CV_BADGES_BASE_MAX  1024

typedef struct {
    cv_str_t                base;       /* ends in "/" */
    cv_str_t                issuer;
    const cv_badges_key_t  *key;        /* NULL: they are hosted */
    bool                    test;       /* test credentials, and no others */
    bool                    pictured;   /* the picture is wanted, too */
} cv_badges_t;

/* "key/", a key's id and "/", which follow for what is signed */
#define CV_BADGES_KEY_MAX   64

#define CV_BADGE_URL_MAX                                                      \
    (CV_BADGES_BASE_MAX + CV_BADGES_KEY_MAX + 3 * CV_HANDLE_MAX               \
     + sizeof("assertion/.json"))

/* "sha256$" and 64 hexadecimal digits */
#define CV_BADGE_IDENTITY_LEN  (sizeof("sha256$") - 1 + 2 * CV_SHA256_LEN)

/*
 * What was found.  All but its own texts borrows as cv_verification_t does;
 * of a class and an issuer only those are set.
 */

typedef struct {
    cv_verification_t    found;
    cv_issuer_t          issuer;
    const cv_issuer_t   *by;        /* NULL: there is none, or it is no badge */
    const cv_class_t    *class;
    cv_image_t           picture;   /* of the class, if it was wanted, */
    cv_image_type_t      type;      /* unless this is CV_IMAGE_NONE */
    cv_badge_t           badge;
    uint8_t              id[CV_BADGE_URL_MAX];
    uint8_t              image[CV_BADGE_URL_MAX];
    uint8_t              segment[3 * CV_HANDLE_MAX];
    uint8_t              identity[CV_BADGE_IDENTITY_LEN];
} cv_badge_found_t;

/*
 * Each looks for one document.  What lacks anything that the standard requires
 * is not found, which is no error: "by" is NULL, and the verdict of an
 * assertion is so.  An error means that nothing can be said.
 */
cv_err_t cv_badges_assertion(cv_badge_found_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_badges_t *badges, cv_str_t id, cv_time_t now)
    CV_MUST_CHECK;
cv_err_t cv_badges_class(cv_badge_found_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_badges_t *badges, cv_str_t id) CV_MUST_CHECK;
cv_err_t cv_badges_issuer(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges) CV_MUST_CHECK;

/* The issuer, as what its key, and the list of what was revoked, are of. */
cv_err_t cv_badges_key(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges) CV_MUST_CHECK;
cv_err_t cv_badges_revocations(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges) CV_MUST_CHECK;

/*
 * Adds the assertion to the evidence of a verdict that discloses the holder,
 * if it is that of an Open Badge, so that it may be shown where the badge is.
 */
cv_err_t cv_badges_offer(cv_verification_t *verification,
    cv_verifier_t *verifier, cv_txn_t *snapshot) CV_MUST_CHECK;

/*
 * The picture of a class, by number, which borrows from the snapshot, and what
 * it is; CV_IMAGE_NONE: it has none.
 */
cv_image_type_t cv_badges_picture(cv_txn_t *snapshot, uint64_t class,
    cv_image_t *picture);

/*
 * An IdentityHash: of an address and the salt behind it.  CV_ERR_LIMIT if they
 * are longer than any in a store.
 */
cv_err_t cv_badge_identity(uint8_t out[CV_BADGE_IDENTITY_LEN],
    cv_digest_t *digest, cv_str_t email, cv_str_t salt) CV_MUST_CHECK;

#endif /* CV_BADGES_H */
