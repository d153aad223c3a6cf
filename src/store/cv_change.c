
/*
 * Copyright (C) The credverify authors
 *
 * The change log: a sequence of what changed when, for whoever follows the
 * store.  It keeps the last CV_STORE_CHANGES entries.
 */

#include "cv_store_internal.h"

#define CV_CHANGE_LEN  (1 + CV_IID_LEN + 8)


static bool
cv_change_edge(cv_txn_t *txn, MDB_cursor_op op, uint64_t *sequence,
    cv_time_t *at)
{
    int          rc;
    bool         found;
    MDB_val      key, value;
    cv_reader_t  r;
    MDB_cursor  *cursor;

    cursor = cv_txn_failed(txn) ? NULL : cv_cursor_open(txn, CV_TABLE_CHANGE);
    if (cursor == NULL) {
        return false;
    }

    cv_lmdb(rc, mdb_cursor_get(cursor, &key, &value, op));
    found = rc != MDB_NOTFOUND && cv_txn_ok(txn, rc, txn->store->dir);

    if (found) {
        r = cv_reader(cv_mdb_str(&key));
        *sequence = cv_read_u64(&r);

        r = cv_reader(cv_mdb_str(&value));
        (void) cv_read_bytes(&r, 1 + CV_IID_LEN);
        *at = (cv_time_t) cv_read_u64(&r);
    }

    cv_cursor_close(txn, cursor);

    return found;
}


bool
cv_change_last(cv_txn_t *txn, uint64_t *sequence, cv_time_t *at)
{
    return cv_change_edge(txn, MDB_LAST, sequence, at);
}


uint64_t
cv_change_next(cv_txn_t *txn)
{
    uint64_t   last;
    cv_time_t  at;

    if (txn->change == 0) {
        txn->change = cv_change_last(txn, &last, &at) ? last + 1 : 1;
    }

    return txn->change;
}


uint64_t
cv_txn_sequence(cv_txn_t *txn)
{
    return cv_change_next(txn);
}


void
cv_change_append(cv_txn_t *txn, cv_kind_t kind, uint64_t iid)
{
    uint8_t  key[8], value[CV_CHANGE_LEN];

    (void) cv_change_next(txn);

    cv_put_uint(key, txn->change, sizeof(key));

    value[0] = (uint8_t) kind;
    cv_put_uint(value + 1, iid, CV_IID_LEN);
    cv_put_uint(value + 1 + CV_IID_LEN, (uint64_t) txn->now, 8);

    (void) cv_table_put(txn, CV_TABLE_CHANGE, cv_str(key, sizeof(key)),
                        cv_str(value, sizeof(value)), MDB_APPEND);

    /* one in, one out: the log's length never depends on who comes late */

    if (txn->change > CV_STORE_CHANGES) {
        cv_put_uint(key, txn->change - CV_STORE_CHANGES, sizeof(key));
        (void) cv_table_delete(txn, CV_TABLE_CHANGE, cv_str(key, sizeof(key)));
    }

    txn->change++;
}
