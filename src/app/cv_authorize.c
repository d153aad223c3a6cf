
/*
 * Copyright (C) The credverify authors
 */

#include "cv_authorize.h"
#include "cv_hash.h"


uint64_t
cv_key_uid(cv_str_t id)
{
    uint64_t  uid;

    uid = cv_hash(id.data, id.len);

    return uid != 0 ? uid : 1;
}


cv_err_t
cv_key_terms(cv_txn_t *snapshot, const cv_api_key_t *key, uint64_t number,
    uint64_t month, cv_tier_t *tier, cv_limits_t *limits)
{
    cv_err_t     err;
    uint64_t    *most;
    cv_grant_t   grant;

    tier->id = CV_ABSENT;

    if (key->tier.iid != 0 && !cv_get(snapshot, CV_TIER, key->tier.iid, tier)) {
        /* no tier would mean no limits */
        err = cv_txn_err(snapshot, NULL);
        return err != CV_OK ? err : CV_ERR_DAMAGED;
    }

    cv_limits_read(limits, cv_present(tier->id) ? tier : NULL);

    most = &limits->most[CV_WINDOW_MONTH];

    if (*most == CV_UNLIMITED || !key->granted.present
        || (uint64_t) key->granted.value < month)
    {
        return CV_OK;
    }

    if (cv_get_grant(snapshot, number, month, &grant)) {
        *most += (uint64_t) grant.units.value;      /* neither is 2^63 */
    }

    return cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_authorize(cv_authorization_t *out, cv_digest_t *digest, cv_txn_t *snapshot,
    const cv_demand_t *demand, cv_str_t text, cv_time_t now)
{
    uint8_t        hash[CV_SHA256_LEN];
    cv_err_t       err;
    cv_str_t       found;
    cv_key_text_t  parts;

    memset(out, 0, sizeof(cv_authorization_t));

    out->outcome = cv_access_text(demand, text, &parts);
    if (out->outcome != CV_VALID) {
        return CV_OK;
    }

    out->class = parts.class;

    err = cv_digest_sha256(digest, hash, text);
    if (err != CV_OK) {
        return err;
    }

    found = cv_str(hash, sizeof(hash));

    if (!cv_get_key_by_hash(snapshot, found, &out->key, &out->number)) {
        out->number = 0;
        out->key.id = CV_ABSENT;
        out->outcome = CV_INVALID_API_KEY;
        return cv_txn_err(snapshot, NULL);
    }

    err = cv_key_terms(snapshot, &out->key, out->number,
                       cv_period(CV_WINDOW_MONTH, now), &out->tier,
                       &out->limits);
    if (err != CV_OK) {
        return err;
    }

    out->uid = cv_key_uid(out->key.id);
    out->issuer = out->key.issuer.iid;
    out->outcome = cv_access(demand, &out->key,
                             cv_present(out->tier.id) ? &out->tier : NULL,
                             found, now);

    return CV_OK;
}
