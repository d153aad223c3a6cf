
/*
 * Copyright (C) The credverify authors
 */

#include "cv_badges.h"
#include "cv_openbadge.h"
#include "cv_text.h"


static void
cv_badges_begin(cv_badge_found_t *out, const cv_badges_t *badges)
{
    memset(&out->found.evidence, 0, sizeof(cv_evidence_t));
    memset(&out->badge, 0, sizeof(cv_badge_t));

    out->by = NULL;
    out->class = NULL;
    out->type = CV_IMAGE_NONE;
    out->badge.base = badges->base;

    if (badges->key != NULL) {
        out->badge.key = badges->key->url;
    }
}


/* what is written to "to" has room there: all that it is made of is bounded */

static cv_str_t
cv_badges_url(uint8_t to[CV_BADGE_URL_MAX], cv_str_t base, cv_str_t dir,
    cv_str_t name, cv_str_t ending)
{
    cv_buf_t  buf;

    cv_buf_borrow(&buf, to, CV_BADGE_URL_MAX);

    cv_buf_append_str(&buf, base);
    cv_buf_append_str(&buf, dir);
    cv_buf_append_str(&buf, name);
    cv_buf_append_str(&buf, ending);

    return cv_buf_failed(&buf) ? CV_ABSENT : cv_buf_str(&buf);
}


static cv_str_t
cv_badges_segment(cv_badge_found_t *out, const cv_class_t *class)
{
    cv_buf_t  buf;

    cv_buf_borrow(&buf, out->segment, sizeof(out->segment));
    cv_escape_url(&buf, class->id);

    return cv_buf_str(&buf);
}


cv_err_t
cv_badge_identity(uint8_t out[CV_BADGE_IDENTITY_LEN], cv_digest_t *digest,
    cv_str_t email, cv_str_t salt)
{
    uint8_t   text[4096 + CV_HANDLE_MAX], hash[CV_SHA256_LEN];
    cv_buf_t  buf;
    cv_err_t  err;

    cv_buf_borrow(&buf, text, sizeof(text));
    cv_buf_append_str(&buf, email);
    cv_buf_append_str(&buf, salt);

    if (cv_buf_failed(&buf)) {
        return buf.err;
    }

    err = cv_digest_sha256(digest, hash, cv_buf_str(&buf));
    if (err != CV_OK) {
        return err;
    }

    cv_buf_borrow(&buf, out, CV_BADGE_IDENTITY_LEN);
    cv_buf_append_str(&buf, CV_STR("sha256$"));
    cv_hex_encode((char *) out + buf.len, cv_str(hash, sizeof(hash)));

    return CV_OK;
}


cv_image_type_t
cv_badges_picture(cv_txn_t *snapshot, uint64_t class, cv_image_t *picture)
{
    return cv_get_image(snapshot, class, picture)
           ? cv_image_type(picture->data) : CV_IMAGE_NONE;
}


/* "ID.png", where the class has a picture that is one */

static cv_str_t
cv_badges_picture_url(cv_badge_found_t *out, cv_str_t base, cv_str_t dir,
    cv_str_t name)
{
    uint8_t   ending[8];
    cv_buf_t  buf;

    if (out->type == CV_IMAGE_NONE) {
        return CV_ABSENT;
    }

    cv_buf_borrow(&buf, ending, sizeof(ending));
    cv_buf_append_byte(&buf, '.');
    cv_buf_append_str(&buf, cv_image_type_name(out->type));

    return cv_badges_url(out->image, base, dir, name, cv_buf_str(&buf));
}


/* whether a class and its issuer have what it takes, found out once a commit */

static bool
cv_badges_judge(cv_catalog_entry_t *entry, cv_txn_t *snapshot, uint64_t class)
{
    cv_image_t  picture;

    if (!entry->judged) {
        entry->picture = cv_badges_picture(snapshot, class, &picture);

        entry->badge = cv_openbadge_issuer_lacks(&entry->issuer) == NULL
                       && cv_openbadge_class_lacks(&entry->class,
                                           entry->picture != CV_IMAGE_NONE)
                          == NULL;

        entry->judged = cv_txn_err(snapshot, NULL) == CV_OK;
    }

    return entry->judged && entry->badge;
}


/* and whether all has that is asked for it; the holder is known.  NULL if not */

static const cv_catalog_entry_t *
cv_badges_whole(const cv_verification_t *found, cv_verifier_t *verifier,
    cv_txn_t *snapshot)
{
    uint64_t             class;
    cv_catalog_entry_t  *entry;

    class = found->credential.class.iid;
    entry = cv_catalog_get(cv_verifier_catalog(verifier), snapshot, class);

    return entry != NULL && cv_badges_judge(entry, snapshot, class)
           && cv_openbadge_assertion_lacks(&found->credential, &found->holder)
              == NULL
           ? entry : NULL;
}


cv_err_t
cv_badges_offer(cv_verification_t *verification, cv_verifier_t *verifier,
    cv_txn_t *snapshot)
{
    const cv_catalog_entry_t  *entry;

    if (!cv_discloses_holder(&verification->verdict)) {
        return CV_OK;
    }

    entry = cv_badges_whole(verification, verifier, snapshot);

    if (entry != NULL
        && cv_get_assertion(snapshot, verification->number,
                            &verification->assertion))
    {
        verification->evidence.assertion = &verification->assertion;
        verification->evidence.picture = cv_image_type_name(entry->picture);
    }

    return cv_txn_err(snapshot, NULL);
}


/* the picture, if there is one: a document says no more than its type */

static void
cv_badges_show(cv_badge_found_t *out, const cv_catalog_entry_t *entry,
    cv_txn_t *snapshot, const cv_badges_t *badges, uint64_t class)
{
    if (entry->picture != CV_IMAGE_NONE
        && (!badges->pictured
            || cv_get_image(snapshot, class, &out->picture)))
    {
        out->type = entry->picture;
    }
}


/* one that is good, or was */

static cv_err_t
cv_badges_award(cv_badge_found_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_badges_t *badges)
{
    cv_verification_t         *found;
    const cv_catalog_entry_t  *entry;

    found = &out->found;

    if (found->evidence.holder == NULL
        && !cv_get(snapshot, CV_HOLDER, found->credential.holder.iid,
                   &found->holder))
    {
        return CV_ERR_DAMAGED;
    }

    entry = cv_badges_whole(found, verifier, snapshot);

    if (entry == NULL) {
        return CV_OK;
    }

    cv_badges_show(out, entry, snapshot, badges,
                   found->credential.class.iid);

    out->by = found->evidence.issuer;
    out->class = found->evidence.class;
    out->badge.class = cv_badges_segment(out, out->class);

    /* what is signed stays, but one day its key bakes nothing any more */

    out->badge.image = cv_badges_picture_url(out, badges->key != NULL
                                                  ? badges->key->hosted
                                                  : badges->base,
                                             CV_STR("assertion/"),
                                             found->assertion.id);
    out->badge.verification = cv_present(out->badge.key)
                              ? CV_STR("SignedBadge") : CV_STR("HostedBadge");
    out->badge.identity = cv_str(out->identity, sizeof(out->identity));
    out->badge.salt = found->assertion.salt;

    return cv_badge_identity(out->identity, cv_verifier_digest(verifier),
                             found->holder.email, found->assertion.salt);
}


cv_err_t
cv_badges_assertion(cv_badge_found_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_badges_t *badges, cv_str_t id, cv_time_t now)
{
    cv_err_t       err;
    cv_request_t   request;
    cv_verdict_t  *verdict;

    cv_badges_begin(out, badges);

    request.by = CV_BY_ASSERTION;
    request.handle = id;
    request.issuers = &badges->issuer;
    request.nissuers = 1;
    request.test = badges->test;

    verdict = &out->found.verdict;

    err = cv_verify(&out->found, verifier, snapshot, &request, now);

    if (err != CV_OK || verdict->reason == CV_NOT_FOUND) {
        return err;
    }

    out->badge.assertion = out->found.assertion.id;
    out->badge.id = cv_badges_url(out->id, badges->base, CV_STR("assertion/"),
                                  out->found.assertion.id,
                                  badges->key == NULL ? CV_STR(".json")
                                                      : CV_STR(".jws"));

    if (verdict->reason == CV_VALID || verdict->reason == CV_EXPIRED) {
        err = cv_badges_award(out, verifier, snapshot, badges);

        if (err == CV_OK && out->by == NULL) {
            *verdict = (cv_verdict_t) { CV_NOT_FOUND, CV_PRIVACY_FULL,
                                        CV_TIME_NEVER };
        }
    }

    return err != CV_OK ? err : cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_badges_class(cv_badge_found_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_badges_t *badges, cv_str_t id)
{
    uint64_t             iid;
    cv_catalog_entry_t  *entry;

    cv_badges_begin(out, badges);

    iid = cv_find(snapshot, CV_HANDLE_CLASS_ID, id);

    if (iid == 0) {
        return cv_txn_err(snapshot, NULL);
    }

    entry = cv_catalog_get(cv_verifier_catalog(verifier), snapshot, iid);

    if (entry == NULL || !cv_str_eq(entry->class.id, id)) {
        return CV_ERR_DAMAGED;
    }

    if (!cv_str_eq(entry->issuer.id, badges->issuer)
        || !cv_badges_judge(entry, snapshot, iid))
    {
        return cv_txn_err(snapshot, NULL);
    }

    cv_badges_show(out, entry, snapshot, badges, iid);

    out->by = &entry->issuer;
    out->class = &entry->class;

    out->badge.class = cv_badges_segment(out, out->class);
    out->badge.id = cv_badges_url(out->id, badges->base, CV_STR("class/"),
                                  out->badge.class, CV_STR(".json"));
    out->badge.image = cv_badges_picture_url(out, badges->base, CV_STR("class/"),
                                             out->badge.class);

    if (!cv_present(out->badge.image)) {
        out->badge.image = out->class->image;
    }

    return cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_badges_issuer(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges)
{
    cv_badges_begin(out, badges);

    if (cv_get_by_id(snapshot, CV_ISSUER, badges->issuer, &out->issuer, NULL)
        && cv_openbadge_issuer_lacks(&out->issuer) == NULL)
    {
        out->by = &out->issuer;
        out->badge.id = cv_badges_url(out->id, badges->base, CV_STR(""),
                                      CV_STR("issuer"), CV_STR(".json"));

        if (badges->key != NULL) {
            out->badge.revocations = badges->key->revocations;
        }
    }

    return cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_badges_key(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges)
{
    cv_err_t  err;

    err = cv_badges_issuer(out, snapshot, badges);

    out->badge.id = badges->key->url;
    out->badge.pem = badges->key->pem;

    return err;
}


cv_err_t
cv_badges_revocations(cv_badge_found_t *out, cv_txn_t *snapshot,
    const cv_badges_t *badges)
{
    cv_err_t  err;

    err = cv_badges_issuer(out, snapshot, badges);

    out->badge.id = badges->key->revocations;

    return err;
}
