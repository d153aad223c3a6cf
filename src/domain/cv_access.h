
/*
 * Copyright (C) The credverify authors
 *
 * Whether an API key opens what it is shown for: pure, the clock is an
 * argument.
 */

#ifndef CV_ACCESS_H
#define CV_ACCESS_H

#include "cv_key.h"
#include "cv_outcome.h"

/* What a location asks of a key; its texts are the caller's. */

typedef struct {
    const cv_str_t  *brands;
    size_t           nbrands;       /* 0: any brand */
    unsigned         classes;       /* bits by cv_key_class_t */
    cv_str_t         scope;         /* absent: none is asked for */
    cv_str_t         feature;       /* likewise */
    uint64_t         serial;        /* tells it from all others that there ever
                                       were; 0: nothing does */
} cv_demand_t;

/*
 * What can be said of a key's text before it is looked up: CV_VALID, or
 * CV_INVALID_API_KEY for one of another form, brand or class, or one of ours
 * that was mistyped.
 */
cv_outcome_t cv_access_text(const cv_demand_t *demand, cv_str_t text,
    cv_key_text_t *key);

/*
 * CV_VALID, or the first of what stands against the key, in this order: the
 * key itself, its scopes, its tier's features.  "hash" is that of the text it
 * was found by; "tier" is NULL if the key has none.
 */
cv_outcome_t cv_access(const cv_demand_t *demand, const cv_api_key_t *key,
    const cv_tier_t *tier, cv_str_t hash, cv_time_t now);

/* Until when a key that is good stays so by itself, found by that hash. */
cv_time_t cv_access_until(const cv_api_key_t *key, cv_str_t hash);

/*
 * True if the origin ("https://host", RFC 6454) is one of those that a key is
 * registered for, or it is not bound to any.  An origin that is absent is none.
 */
bool cv_access_origin(cv_doc_t origins, cv_str_t origin);

#endif /* CV_ACCESS_H */
