
/*
 * Copyright (C) The credverify authors
 *
 * Walking over tables, in the order of their keys, or against it.
 */

#include "cv_store_internal.h"


void
cv_walk_start(cv_walk_t *walk, cv_txn_t *txn, unsigned table)
{
    walk->txn = txn;
    walk->cursor = cv_txn_failed(txn) ? NULL : cv_cursor_open(txn, table);
    walk->started = false;
    walk->onward = false;
    walk->down = false;
    walk->up = false;
    walk->prefix_len = 0;
}


static int
cv_walk_get(cv_walk_t *walk, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
    int  rc;

    cv_lmdb(rc, mdb_cursor_get(walk->cursor, key, value, op));

    return rc;
}


/* down: the entry before the first that is not below where it begins */

static int
cv_walk_begin(cv_walk_t *walk, MDB_val *key, MDB_val *value)
{
    int     rc;
    size_t  len;

    len = walk->prefix_len + (walk->down || walk->up ? CV_IID_LEN : 0);

    if (len == 0) {
        return cv_walk_get(walk, key, value, MDB_FIRST);
    }

    *key = cv_mdb_val(cv_str(walk->prefix, len));
    rc = cv_walk_get(walk, key, value, MDB_SET_RANGE);

    if (!walk->down || (rc != 0 && rc != MDB_NOTFOUND)) {
        return rc;
    }

    return cv_walk_get(walk, key, value, rc == 0 ? MDB_PREV : MDB_LAST);
}


/* the next entry that begins with the prefix */

bool
cv_walk_step(cv_walk_t *walk, MDB_val *key, MDB_val *value)
{
    int  rc;

    if (walk->cursor == NULL || cv_txn_failed(walk->txn)) {
        return false;
    }

    if (walk->started) {
        rc = cv_walk_get(walk, key, value, walk->down ? MDB_PREV : MDB_NEXT);

    } else {
        walk->started = true;
        rc = cv_walk_begin(walk, key, value);
    }

    if (rc == MDB_NOTFOUND) {
        return false;
    }

    return cv_txn_ok(walk->txn, rc, walk->txn->store->dir)
           && (walk->onward
               || (key->mv_size >= walk->prefix_len
                   && memcmp(key->mv_data, walk->prefix, walk->prefix_len)
                      == 0));
}


void
cv_walk_open(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind)
{
    cv_walk_start(walk, txn, kind);
    walk->kind = kind;
}


void
cv_walk_open_from(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind,
    uint64_t iid)
{
    cv_walk_open(walk, txn, kind);

    cv_put_uint(walk->prefix, iid, CV_IID_LEN);
    walk->prefix_len = CV_IID_LEN;
    walk->onward = true;
}


void
cv_walk_open_usage(cv_walk_t *walk, cv_txn_t *txn, uint64_t month)
{
    cv_walk_open(walk, txn, CV_USAGE);

    cv_put_uint(walk->prefix, month, CV_MONTH_KEY);
    walk->prefix_len = CV_MONTH_KEY;
}


void
cv_walk_open_progress(cv_walk_t *walk, cv_txn_t *txn, uint64_t holder)
{
    cv_walk_open(walk, txn, CV_PROGRESS);

    cv_put_uint(walk->prefix, holder, CV_IID_LEN);
    walk->prefix_len = CV_IID_LEN;
}


bool
cv_walk_next(cv_walk_t *walk, void *record, uint64_t *iid)
{
    MDB_val      key, value;
    cv_reader_t  r;

    if (!cv_walk_step(walk, &key, &value)
        || !cv_decode(walk->txn, walk->kind, cv_mdb_str(&key),
                      cv_mdb_str(&value), record))
    {
        return false;
    }

    if (iid != NULL) {
        r = cv_reader(cv_mdb_str(&key));
        *iid = cv_kind_numbered(walk->kind) ? cv_read_u64(&r) : 0;
    }

    return true;
}


void
cv_walk_close(cv_walk_t *walk)
{
    if (walk->cursor != NULL) {
        cv_cursor_close(walk->txn, walk->cursor);
        walk->cursor = NULL;
    }
}


static void
cv_links_start(cv_walk_t *walk, cv_txn_t *txn, cv_link_kind_t kind)
{
    cv_walk_start(walk, txn, CV_TABLE_LINK);

    walk->prefix[0] = (uint8_t) kind;
    walk->prefix_len = 1;
}


void
cv_links_open(cv_walk_t *walk, cv_txn_t *txn, cv_link_kind_t kind,
    uint64_t from)
{
    cv_links_start(walk, txn, kind);

    cv_put_uint(walk->prefix + 1, from, CV_IID_LEN);
    walk->prefix_len += CV_IID_LEN;
}


void
cv_links_open_text(cv_walk_t *walk, cv_txn_t *txn, cv_link_kind_t kind,
    cv_str_t from)
{
    cv_links_start(walk, txn, kind);

    if (from.len > CV_HANDLE_MAX) {
        /* nothing is linked to it */
        cv_walk_close(walk);
        return;
    }

    cv_put_uint(walk->prefix + 1, from.len, 2);
    memcpy(walk->prefix + 3, from.data, from.len);
    walk->prefix_len += 2 + from.len;
}


void
cv_links_down(cv_walk_t *walk, uint64_t before)
{
    cv_put_uint(walk->prefix + walk->prefix_len, before, CV_IID_LEN);
    walk->down = true;
}


void
cv_links_up(cv_walk_t *walk, uint64_t after)
{
    /* there is none above the highest, and no record has that number */

    after += after < UINT64_MAX;

    cv_put_uint(walk->prefix + walk->prefix_len, after, CV_IID_LEN);
    walk->up = true;
}


bool
cv_links_next(cv_walk_t *walk, cv_str_t *to)
{
    MDB_val  key, value;

    if (!cv_walk_step(walk, &key, &value)) {
        return false;
    }

    *to = cv_str((uint8_t *) key.mv_data + walk->prefix_len,
                 key.mv_size - walk->prefix_len);

    return true;
}


bool
cv_link_below(cv_txn_t *txn, cv_link_kind_t kind, uint64_t from, uint64_t *to)
{
    bool         found;
    cv_str_t     next;
    cv_walk_t    walk;
    cv_reader_t  r;

    cv_links_open(&walk, txn, kind, from);
    cv_links_down(&walk, *to);

    found = cv_links_next(&walk, &next);

    if (found) {
        r = cv_reader(next);
        *to = cv_read_u64(&r);
    }

    cv_walk_close(&walk);

    return found;
}
