
/*
 * Copyright (C) The credverify authors
 *
 * Snapshots and write transactions.
 */

#include "cv_page.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>

/* LMDB writes no more at once than this */
#define CV_COMMIT_ROOM  ((uint64_t) 1 << 20)


cv_err_t
cv_txn_err(const cv_txn_t *txn, cv_error_t *error)
{
    if (error != NULL && cv_txn_failed(txn)) {
        *error = txn->error;
    }

    return txn->error.code;
}


bool
cv_txn_ok(cv_txn_t *txn, int rc, const char *what)
{
    if (rc == 0) {
        return true;
    }

    if (!cv_txn_failed(txn)) {
        (void) cv_mdb_error(&txn->error, rc, what);
    }

    return false;
}


int
cv_mdb_begin_read(cv_store_t *store, MDB_txn **txn)
{
    int  rc;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);

    if (rc == MDB_READERS_FULL) {
        (void) mdb_reader_check(store->env, NULL);
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);
    }

    return rc;
}


MDB_cursor *
cv_cursor_open(cv_txn_t *txn, unsigned table)
{
    int          i, rc;
    MDB_dbi      dbi;
    MDB_stat     stat;
    MDB_cursor  *cursor;

    /* what a cursor has to read, so that a fault comes before there is one */

    dbi = txn->store->dbi[table];
    cv_lmdb(rc, mdb_stat(txn->txn, dbi, &stat));

    if (rc == 0) {
        rc = mdb_cursor_open(txn->txn, dbi, &cursor);
    }

    if (!cv_txn_ok(txn, rc, txn->store->dir)) {
        return NULL;
    }

    for (i = 0; !txn->write && i < CV_TXN_CURSORS; i++) {
        if (txn->cursors[i] == NULL) {
            txn->cursors[i] = cursor;
            break;
        }
    }

    return cursor;
}


void
cv_cursor_close(cv_txn_t *txn, MDB_cursor *cursor)
{
    int  i;

    for (i = 0; i < CV_TXN_CURSORS; i++) {
        if (txn->cursors[i] == cursor) {
            txn->cursors[i] = NULL;
        }
    }

    mdb_cursor_close(cursor);
}


static cv_err_t
cv_txn_new(cv_txn_t **out, cv_store_t *store, bool write, cv_error_t *error)
{
    int        rc;
    cv_txn_t  *txn;

    txn = calloc(1, sizeof(cv_txn_t));
    if (txn == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "%s: no memory", store->dir);
    }

    txn->store = store;
    txn->write = write;
    txn->turn = write ? cv_turn_take(store) : -1;

    /* known to whom a fault in what follows leaves it */
    *out = txn;

    rc = write ? mdb_txn_begin(store->env, NULL, 0, &txn->txn)
               : cv_mdb_begin_read(store, &txn->txn);

    if (rc != 0) {
        *out = NULL;
        cv_turn_leave(txn->turn);
        free(txn);
        return cv_mdb_error(error, rc, store->dir);
    }

    return CV_OK;
}


static void
cv_txn_free(cv_txn_t *txn)
{
    cv_turn_leave(txn->turn);
    cv_memo_free(txn->memo);
    cv_paths_free(txn);
    cv_buf_free(&txn->encoded);
    cv_buf_free(&txn->previous);
    cv_sequences_free(txn);
    free(txn);
}


void
cv_txn_forget(cv_txn_t *txn)
{
    if (txn != NULL) {
        cv_txn_free(txn);
    }
}


typedef struct {
    cv_store_t  *store;
    cv_txn_t    *txn;
    cv_error_t  *error;
    cv_err_t     err;
} cv_snapshot_opening_t;


static void
cv_snapshot_open_guarded(void *arg)
{
    cv_snapshot_opening_t  *opening = arg;

    opening->err = cv_txn_new(&opening->txn, opening->store, false,
                              opening->error);

    if (opening->err == CV_OK) {
        cv_snapshot_reset(opening->txn);
    }
}


cv_err_t
cv_snapshot_open(cv_txn_t **txn, cv_store_t *store, cv_error_t *error)
{
    cv_err_t               err;
    cv_snapshot_opening_t  opening;

    opening.store = store;
    opening.txn = NULL;
    opening.error = error;

    err = cv_store_guard(store, cv_snapshot_open_guarded, &opening);

    if (err != CV_OK) {
        return cv_error_set(error, err, "%s: the file cannot be read where it "
                            "must be; restore a backup", store->dir);
    }

    *txn = opening.txn;

    return opening.err;
}


void
cv_snapshot_close(cv_txn_t *txn)
{
    if (txn != NULL) {
        cv_snapshot_reset(txn);
        mdb_txn_abort(txn->txn);
        cv_txn_free(txn);
    }
}


/*
 * What a snapshot found of its tables is found again only after it was
 * renewed, which costs as much as reading a record of each: one that is the
 * newest still is used as it is.  The data file tells a commit a moment before
 * the lock file does, by which LMDB renews; until then this renews in vain.
 */

static bool
cv_snapshot_newest(cv_txn_t *txn)
{
    int          rc;
    MDB_envinfo  info;

    cv_lmdb(rc, mdb_env_info(txn->store->env, &info));

    return rc == 0 && info.me_last_txnid == txn->version;
}


cv_err_t
cv_snapshot_renew(cv_txn_t *txn)
{
    txn->error.code = CV_OK;

    if (txn->held && cv_snapshot_newest(txn)) {
        return CV_OK;
    }

    cv_snapshot_reset(txn);

    txn->held = cv_lock_renew(txn->store, txn->txn, &txn->error) == CV_OK;
    txn->version = mdb_txn_id(txn->txn);

    return txn->error.code;
}


void
cv_snapshot_reset(cv_txn_t *txn)
{
    int  i;

    for (i = 0; i < CV_TXN_CURSORS; i++) {
        if (txn->cursors[i] != NULL) {
            cv_cursor_close(txn, txn->cursors[i]);
        }
    }

    mdb_txn_reset(txn->txn);
    txn->held = false;
}


uint64_t
cv_snapshot_version(const cv_txn_t *txn)
{
    return txn->version;
}


cv_err_t
cv_txn_begin(cv_txn_t **out, cv_store_t *store, cv_error_t *error)
{
    cv_err_t   err;
    cv_txn_t  *txn;

    /* pages that a dead reader pins could not be used again */
    (void) mdb_reader_check(store->env, NULL);

    err = cv_txn_new(out, store, true, error);
    if (err != CV_OK) {
        return err;
    }

    txn = *out;

    /* whoever replaces a store has its lock, so that this stays true */

    err = cv_store_current(store)
          ? cv_lock_check_writer(store, txn->txn, error)
          : cv_error_set(error, CV_ERR_MISSING,
                         "%s: the store was replaced or removed meanwhile; "
                         "run it again", store->dir);

    if (err == CV_OK && !cv_paths_begin(txn)) {
        err = cv_txn_err(txn, error);
    }

    if (err != CV_OK) {
        *out = NULL;
        cv_txn_abort(txn);
        return err;
    }

    cv_buf_init(&txn->encoded, CV_RECORD_MAX);
    cv_buf_init(&txn->previous, CV_RECORD_MAX);

    txn->now = cv_time_now();

    return CV_OK;
}


cv_store_t *
cv_txn_store(const cv_txn_t *txn)
{
    return txn->store;
}


void
cv_txn_numbers(const cv_txn_t *txn, cv_kind_t kind, uint64_t *first,
    uint64_t *next)
{
    *first = txn->first[kind];
    *next = txn->next[kind];
}


uint64_t
cv_txn_revived(const cv_txn_t *txn)
{
    return txn->revived;
}


/* what is written in part, since no more had room, LMDB takes for a bad disk */

static int
cv_commit_error(const cv_store_t *store, int rc)
{
    struct statvfs  fs;

    return rc == EIO && statvfs(store->dir, &fs) == 0
           && fs.f_bavail * fs.f_frsize < CV_COMMIT_ROOM
           ? ENOSPC : rc;
}


cv_err_t
cv_txn_commit(cv_txn_t *txn, cv_error_t *error)
{
    int       rc;
    cv_err_t  err;

    cv_sequences_store(txn);
    cv_numbers_store(txn);
    cv_sum_store(txn);

    if (cv_txn_failed(txn)) {
        mdb_txn_abort(txn->txn);

    } else {
        cv_lmdb(rc, mdb_txn_commit(txn->txn));
        (void) cv_txn_ok(txn, cv_commit_error(txn->store, rc),
                         txn->store->dir);
    }

    err = cv_txn_err(txn, error);
    cv_txn_free(txn);

    return err;
}


void
cv_txn_abort(cv_txn_t *txn)
{
    if (txn != NULL) {
        mdb_txn_abort(txn->txn);
        cv_txn_free(txn);
    }
}
