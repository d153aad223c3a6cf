
/*
 * Copyright (C) The credverify authors
 */

#include "cv_verify.h"
#include "cv_text.h"

#include <stdlib.h>

#define CV_BY_NAME(name)  { (const uint8_t *) name, sizeof(name) - 1 }


const cv_str_t  cv_by_names[CV_BY_COUNT] = {
    [CV_BY_TOKEN] = CV_BY_NAME("token"),
    [CV_BY_CODE] = CV_BY_NAME("code"),
    [CV_BY_NUMBER] = CV_BY_NAME("number"),
    [CV_BY_ID] = CV_BY_NAME("id"),
    [CV_BY_ASSERTION] = CV_BY_NAME("assertion"),
};


struct cv_verifier_s {
    cv_digest_t      *digest;
    cv_catalog_t     *catalog;
    cv_authorizer_t  *authorizer;
};


cv_verifier_t *
cv_verifier_new(void)
{
    cv_verifier_t  *verifier;

    verifier = calloc(1, sizeof(cv_verifier_t));
    if (verifier == NULL) {
        return NULL;
    }

    verifier->digest = cv_digest_new();
    verifier->catalog = cv_catalog_new();
    verifier->authorizer = cv_authorizer_new(verifier->digest);

    if (verifier->digest == NULL || verifier->catalog == NULL
        || verifier->authorizer == NULL)
    {
        cv_verifier_free(verifier);
        return NULL;
    }

    return verifier;
}


void
cv_verifier_free(cv_verifier_t *verifier)
{
    if (verifier != NULL) {
        cv_authorizer_free(verifier->authorizer);
        cv_digest_free(verifier->digest);
        cv_catalog_free(verifier->catalog);
        free(verifier);
    }
}


cv_authorizer_t *
cv_verifier_authorizer(cv_verifier_t *verifier)
{
    return verifier->authorizer;
}


cv_catalog_t *
cv_verifier_catalog(cv_verifier_t *verifier)
{
    return verifier->catalog;
}


cv_digest_t *
cv_verifier_digest(cv_verifier_t *verifier)
{
    return verifier->digest;
}


const cv_handle_kind_t  cv_by_kinds[CV_BY_COUNT] = {
    [CV_BY_CODE] = CV_HANDLE_CODE,
    [CV_BY_NUMBER] = CV_HANDLE_NUMBER,
    [CV_BY_ID] = CV_HANDLE_PUBLIC_ID,
    [CV_BY_ASSERTION] = CV_HANDLE_ASSERTION,
};


/*
 * What is hashed is the token's text in lower case, so that its digits mean the
 * same in either case.
 */

cv_err_t
cv_verify_token_hash(uint8_t hash[CV_TOKEN_HASH_LEN], cv_digest_t *digest,
    cv_str_t token, bool *is)
{
    char  text[2 * CV_TOKEN_HASH_LEN];

    *is = token.len == sizeof(text) && cv_hex_lower(text, token);

    return *is ? cv_digest_sha256(digest, hash, cv_str(text, sizeof(text)))
               : CV_OK;
}


/* the number of the credential that a token leads to, or 0 */

static cv_err_t
cv_verify_token(cv_verification_t *out, cv_txn_t *snapshot,
    cv_digest_t *digest, cv_str_t handle, uint64_t *iid)
{
    bool      is;
    uint8_t   hash[CV_TOKEN_HASH_LEN];
    cv_err_t  err;

    *iid = 0;

    err = cv_verify_token_hash(hash, digest, handle, &is);

    if (err == CV_OK && is
        && cv_get_token(snapshot, cv_str(hash, sizeof(hash)), &out->token))
    {
        out->evidence.token = &out->token;
        *iid = out->token.credential.iid;
    }

    return err;
}


/* an index that leads elsewhere than it says must never decide a verdict */

static bool
cv_verify_has(const cv_verification_t *found, const cv_request_t *request)
{
    cv_str_t                own[CV_BY_COUNT];
    const cv_credential_t  *credential;

    if (request->by == CV_BY_TOKEN || request->by == CV_BY_COUNT) {

        /* the record has a checksum over its hash, or its number */

        return true;
    }

    credential = &found->credential;

    own[CV_BY_CODE] = credential->code;
    own[CV_BY_NUMBER] = credential->number;
    own[CV_BY_ID] = credential->public_id;
    own[CV_BY_ASSERTION] = found->assertion.id;

    return cv_handle_same(cv_by_kinds[request->by], own[request->by],
                          request->handle);
}


static bool
cv_verify_in_scope(const cv_issuer_t *issuer, const cv_request_t *request)
{
    size_t  i;

    for (i = 0; i < request->nissuers; i++) {
        if (cv_str_eq(issuer->id, request->issuers[i])) {
            return true;
        }
    }

    return request->nissuers == 0;
}


/* reads the credential, its class and its issuer; all three must be there */

static bool
cv_verify_read(cv_verification_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, uint64_t iid, const cv_request_t *request)
{
    const cv_catalog_entry_t  *entry;

    if (!cv_get(snapshot, CV_CREDENTIAL, iid, &out->credential)
        || (request->by == CV_BY_ASSERTION
            && !cv_get_assertion(snapshot, iid, &out->assertion))
        || !cv_verify_has(out, request))
    {
        return false;
    }

    entry = cv_catalog_get(verifier->catalog, snapshot,
                           out->credential.class.iid);
    if (entry == NULL) {
        return false;
    }

    out->number = iid;
    out->evidence.credential = &out->credential;
    out->evidence.class = &entry->class;
    out->evidence.issuer = &entry->issuer;

    return true;
}


/* the credential of that number, or 0; the token is there if there is one */

static cv_err_t
cv_verify_found(cv_verification_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, uint64_t iid, const cv_request_t *request,
    cv_time_t now)
{
    cv_err_t       err;
    cv_question_t  question;

    if (iid != 0 && !cv_verify_read(out, verifier, snapshot, iid, request)) {
        err = cv_txn_err(snapshot, NULL);
        return err != CV_OK ? err : CV_ERR_DAMAGED;
    }

    question.credential = out->evidence.credential;
    question.token = out->evidence.token;
    question.test = request->test;
    question.in_scope = iid != 0 && cv_verify_in_scope(out->evidence.issuer, request);

    out->verdict = cv_verdict(&question, now);

    if (cv_discloses_holder(&out->verdict)) {

        if (!cv_get(snapshot, CV_HOLDER, out->credential.holder.iid,
                    &out->holder))
        {
            err = cv_txn_err(snapshot, NULL);
            return err != CV_OK ? err : CV_ERR_DAMAGED;
        }

        out->evidence.holder = &out->holder;
    }

    return cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_verify(cv_verification_t *out, cv_verifier_t *verifier, cv_txn_t *snapshot,
    const cv_request_t *request, cv_time_t now)
{
    cv_err_t  err;
    uint64_t  iid;

    memset(&out->evidence, 0, sizeof(cv_evidence_t));

    if (request->by == CV_BY_TOKEN) {
        err = cv_verify_token(out, snapshot, verifier->digest, request->handle,
                              &iid);
        if (err != CV_OK) {
            return err;
        }

    } else {
        iid = cv_find(snapshot, cv_by_kinds[request->by], request->handle);
    }

    return cv_verify_found(out, verifier, snapshot, iid, request, now);
}


cv_err_t
cv_verify_iid(cv_verification_t *out, cv_verifier_t *verifier,
    cv_txn_t *snapshot, uint64_t iid, const cv_request_t *request,
    cv_time_t now)
{
    memset(&out->evidence, 0, sizeof(cv_evidence_t));

    return cv_verify_found(out, verifier, snapshot, iid, request, now);
}
