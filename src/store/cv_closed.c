
/*
 * Copyright (C) The credverify authors
 *
 * What API keys used in months that are over, what they are granted beyond
 * their tiers, and which months are closed.
 */

#include "cv_store_internal.h"


bool
cv_get_usage(cv_txn_t *txn, uint64_t key, uint64_t month, cv_usage_t *usage)
{
    cv_key_t  place;

    memset(usage, 0, sizeof(cv_usage_t));
    usage->key.iid = key;
    usage->month.value = (int64_t) month;

    place = cv_record_key(CV_USAGE, 0, usage);

    return cv_get_by_key(txn, CV_USAGE, cv_key_str(&place), usage);
}


bool
cv_get_grant(cv_txn_t *txn, uint64_t key, uint64_t month, cv_grant_t *grant)
{
    cv_key_t  place;

    memset(grant, 0, sizeof(cv_grant_t));
    grant->key.iid = key;
    grant->month.value = (int64_t) month;

    place = cv_record_key(CV_GRANT, 0, grant);

    return cv_get_by_key(txn, CV_GRANT, cv_key_str(&place), grant);
}


/* The grant itself is the change that both logs have. */

void
cv_grant_tell(cv_txn_t *txn, const cv_grant_t *grant)
{
    cv_key_t      place;
    cv_str_t      bytes;
    cv_buf_t      copy;
    cv_api_key_t  key;

    if (!cv_get(txn, CV_KEY, grant->key.iid, &key)
        || (key.granted.present && key.granted.value >= grant->month.value))
    {
        return;
    }

    cv_buf_init(&copy, CV_RECORD_MAX);

    if (cv_record_keep(&copy, CV_KEY, &key)) {
        key.granted = grant->month;
        place = cv_record_key(CV_KEY, grant->key.iid, NULL);
        bytes = cv_encode(txn, CV_KEY, cv_key_str(&place), &key);

        (void) cv_table_put(txn, CV_KEY, cv_key_str(&place), bytes, 0);

    } else {
        (void) cv_error_set(&txn->error, CV_ERR_NOMEM, "out of memory");
    }

    cv_buf_free(&copy);
}


cv_closed_t
cv_closed_now(void)
{
    unsigned  month;

    month = cv_time_month(cv_time_now());

    return (cv_closed_t) { month, 0, month };
}


void
cv_closed_encode(uint8_t value[CV_CLOSED_LEN], const cv_closed_t *closed)
{
    cv_put_uint(value, closed->month, 8);
    cv_put_uint(value + 8, closed->key, CV_IID_LEN);
    cv_put_uint(value + 16, closed->top, 8);
}


void
cv_closed_read(cv_txn_t *txn, cv_closed_t *closed)
{
    cv_str_t     value;
    cv_reader_t  r;

    value = CV_ABSENT;
    (void) cv_table_get(txn, CV_TABLE_META, CV_STR(CV_CLOSED_NAME), &value);

    r = cv_reader(value);
    closed->month = cv_read_u64(&r);
    closed->key = cv_read_u64(&r);
    closed->top = cv_read_u64(&r);

    if (!cv_reader_done(&r)) {
        (void) cv_txn_ok(txn, MDB_CORRUPTED, txn->store->dir);
    }
}


void
cv_closed_put(cv_txn_t *txn, const cv_closed_t *closed)
{
    uint8_t  value[CV_CLOSED_LEN];

    cv_closed_encode(value, closed);

    (void) cv_table_put(txn, CV_TABLE_META, CV_STR(CV_CLOSED_NAME),
                        cv_str(value, sizeof(value)), 0);
}
