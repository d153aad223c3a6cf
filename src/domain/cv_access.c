
/*
 * Copyright (C) The credverify authors
 */

#include "cv_access.h"

#include <strings.h>


cv_outcome_t
cv_access_text(const cv_demand_t *demand, cv_str_t text, cv_key_text_t *key)
{
    if (!cv_key_read(key, text)
        || (demand->nbrands > 0
            && cv_str_index(demand->brands, demand->nbrands, key->brand)
               == demand->nbrands)
        || !(demand->classes & 1U << key->class)
        || !cv_key_unmistyped(key))
    {
        return CV_INVALID_API_KEY;
    }

    return CV_VALID;
}


/* a rotated key's former secret is good for a while */

static bool
cv_access_current(const cv_api_key_t *key, cv_str_t hash, cv_time_t now)
{
    return cv_str_eq(key->hash, hash)
           || (cv_str_eq(key->previous, hash)
               && now < cv_date_expiry(&key->previous_until));
}


static bool
cv_list_has(cv_doc_t list, cv_str_t text)
{
    cv_doc_t       item;
    cv_doc_iter_t  it;

    if (cv_doc_type(list) != CV_DOC_ARRAY) {
        return false;
    }

    it = cv_doc_iter(list);

    while (cv_doc_next(&it, NULL, &item)) {
        if (cv_doc_type(item) == CV_DOC_STRING
            && cv_str_eq(cv_doc_text(item), text))
        {
            return true;
        }
    }

    return false;
}


cv_outcome_t
cv_access(const cv_demand_t *demand, const cv_api_key_t *key,
    const cv_tier_t *tier, cv_str_t hash, cv_time_t now)
{
    if (!cv_access_current(key, hash, now)
        || cv_date_expiry(&key->expires_at) <= now)
    {
        return CV_INVALID_API_KEY;
    }

    switch (cv_key_status(key)) {

    case CV_KEY_ACTIVE:
        break;

    case CV_KEY_PENDING:
    case CV_KEY_REJECTED:
        return CV_UNAPPROVED_API_KEY;

    case CV_KEY_SUSPENDED:
        return CV_SUSPENDED_API_KEY;

    default:
        return CV_INVALID_API_KEY;
    }

    if (cv_present(demand->scope) && !cv_list_has(key->scopes, demand->scope)) {
        return CV_INSUFFICIENT_SCOPE;
    }

    if (cv_present(demand->feature)
        && (tier == NULL || !cv_list_has(tier->features, demand->feature)))
    {
        return CV_PAYMENT_REQUIRED;
    }

    return CV_VALID;
}


cv_time_t
cv_access_until(const cv_api_key_t *key, cv_str_t hash)
{
    cv_time_t  until, grace;

    until = cv_date_expiry(&key->expires_at);
    grace = cv_str_eq(key->hash, hash) ? CV_TIME_NEVER
                                       : cv_date_expiry(&key->previous_until);

    return grace < until ? grace : until;
}


bool
cv_access_origin(cv_doc_t origins, cv_str_t origin)
{
    cv_doc_t       item;
    cv_str_t       text;
    cv_doc_iter_t  it;

    if (cv_doc_type(origins) != CV_DOC_ARRAY || !cv_doc_truth(origins)) {
        return true;
    }

    it = cv_doc_iter(origins);

    while (cv_doc_next(&it, NULL, &item)) {
        text = cv_doc_text(item);

        /* scheme and host are the same in either case (RFC 3986, 6.2.2.1) */

        if (cv_doc_type(item) == CV_DOC_STRING && cv_present(origin)
            && text.len == origin.len
            && strncasecmp((const char *) text.data,
                           (const char *) origin.data, text.len) == 0)
        {
            return true;
        }
    }

    return false;
}
