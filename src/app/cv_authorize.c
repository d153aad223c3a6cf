
/*
 * Copyright (C) The credverify authors
 */

#include "cv_authorize.h"
#include "cv_hash.h"

#include <stdlib.h>

/* how many keys are remembered at most; a power of two */
#define CV_AUTHORIZER_SIZE  512


/*
 * A key that was good where something was demanded.  Until the next commit its
 * record is where it was, and says what it said: there is only the time that
 * changes what follows from it.
 */

typedef struct {
    uint64_t             demand;    /* its serial; 0: nothing is here */
    uint64_t             version;   /* of the snapshot */
    uint8_t              hash[CV_SHA256_LEN];
    cv_time_t            from;
    cv_time_t            until;
    cv_authorization_t   known;
} cv_authorizer_entry_t;

struct cv_authorizer_s {
    cv_digest_t            *digest;
    cv_authorizer_entry_t   entries[CV_AUTHORIZER_SIZE];
};


cv_authorizer_t *
cv_authorizer_new(cv_digest_t *digest)
{
    cv_authorizer_t  *authorizer;

    /* is memory only where it was used */

    authorizer = calloc(1, sizeof(cv_authorizer_t));

    if (authorizer != NULL) {
        authorizer->digest = digest;
    }

    return authorizer;
}


void
cv_authorizer_free(cv_authorizer_t *authorizer)
{
    free(authorizer);
}


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


/* bytes of a SHA-256 are as good as any to tell keys apart by */

static cv_authorizer_entry_t *
cv_authorizer_place(cv_authorizer_t *authorizer,
    const uint8_t hash[CV_SHA256_LEN])
{
    uint16_t  n;

    memcpy(&n, hash, sizeof(n));

    return &authorizer->entries[n % CV_AUTHORIZER_SIZE];
}


/*
 * What the store says of a key; and unless it is changed, it says so from
 * "from" on and before "until": a key ends, and a grant is of a month.
 */

static cv_err_t
cv_authorize_by_hash(cv_authorization_t *out, cv_txn_t *snapshot,
    const cv_demand_t *demand, cv_str_t hash, cv_time_t now, cv_time_t *from,
    cv_time_t *until)
{
    bool          tiered;
    cv_err_t      err;
    uint64_t      month;
    cv_time_t     ends;
    cv_tier_t     tier;
    cv_api_key_t  key;

    month = cv_period(CV_WINDOW_MONTH, now);
    *from = cv_period_start(CV_WINDOW_MONTH, month);
    *until = cv_period_start(CV_WINDOW_MONTH, month + 1);

    if (!cv_get_key_by_hash(snapshot, hash, &key, &out->number)) {
        out->number = 0;
        out->outcome = CV_INVALID_API_KEY;
        return cv_txn_err(snapshot, NULL);
    }

    err = cv_key_terms(snapshot, &key, out->number, month, &tier,
                       &out->limits);
    if (err != CV_OK) {
        return err;
    }

    tiered = cv_present(tier.id);

    out->id = key.id;
    out->tier = tier.id;
    out->uid = cv_key_uid(key.id);
    out->issuer = key.issuer.iid;
    out->scopes = key.scopes;
    out->origins = key.origins;
    out->outcome = cv_access(demand, &key, tiered ? &tier : NULL, hash, now);

    ends = cv_access_until(&key, hash);
    *until = ends < *until ? ends : *until;

    return CV_OK;
}


cv_err_t
cv_authorize(cv_authorization_t *out, cv_authorizer_t *authorizer,
    cv_txn_t *snapshot, const cv_demand_t *demand, cv_str_t text,
    cv_time_t now)
{
    uint8_t                 hash[CV_SHA256_LEN];
    cv_err_t                err;
    cv_time_t               from, until;
    cv_key_text_t           parts;
    cv_authorizer_entry_t  *entry;

    memset(out, 0, sizeof(cv_authorization_t));

    out->outcome = cv_access_text(demand, text, &parts);
    if (out->outcome != CV_VALID) {
        return CV_OK;
    }

    err = cv_digest_sha256(authorizer->digest, hash, text);
    if (err != CV_OK) {
        return err;
    }

    entry = cv_authorizer_place(authorizer, hash);

    if (entry->demand != 0 && entry->demand == demand->serial
        && entry->version == cv_snapshot_version(snapshot)
        && now >= entry->from && now < entry->until
        && memcmp(entry->hash, hash, sizeof(hash)) == 0)
    {
        *out = entry->known;
        return CV_OK;
    }

    out->class = parts.class;

    err = cv_authorize_by_hash(out, snapshot, demand,
                               cv_str(hash, sizeof(hash)), now, &from,
                               &until);

    if (err == CV_OK && out->outcome == CV_VALID) {
        entry->demand = demand->serial;
        entry->version = cv_snapshot_version(snapshot);
        memcpy(entry->hash, hash, sizeof(hash));
        entry->from = from;
        entry->until = until;
        entry->known = *out;
    }

    return err;
}
