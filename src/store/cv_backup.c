
/*
 * Copyright (C) The credverify authors
 *
 * Copying a store while it is used.
 */

#include "cv_page.h"

#include <errno.h>
#include <unistd.h>


static void
cv_copy_report(void *data, const char *problem)
{
    cv_txn_t  *txn = data;

    if (!cv_txn_failed(txn)) {
        (void) cv_error_set(&txn->error, CV_ERR_DAMAGED,
                            "%s: %s; run \"credverify check\", or restore a "
                            "backup", txn->store->dir, problem);
    }
}


/* LMDB believes the pages that it copies; and who needs a copy of damage? */

static cv_err_t
cv_copy_check(cv_store_t *store, cv_error_t *error)
{
    cv_err_t   err;
    cv_txn_t  *txn;

    err = cv_snapshot_open(&txn, store, error);
    if (err != CV_OK) {
        return err;
    }

    if (cv_snapshot_renew(txn) == CV_OK) {
        (void) cv_pages_check(txn, cv_copy_report, txn);
    }

    err = cv_txn_err(txn, error);
    cv_snapshot_close(txn);

    return err;
}


cv_err_t
cv_store_copy(cv_store_t *store, int fd, const char *what, cv_error_t *error)
{
    int       rc;
    off_t     start;
    cv_err_t  err;
    MDB_stat  stat;

    start = lseek(fd, 0, SEEK_CUR);
    if (start == -1) {
        return cv_system_error(error, errno, what);
    }

    err = cv_copy_check(store, error);
    if (err != CV_OK) {
        return err;
    }

    /* the slot of a reader that died will do */
    (void) mdb_reader_check(store->env, NULL);

    cv_lmdb(rc, mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT));

    if (rc == 0) {
        (void) mdb_env_stat(store->env, &stat);
        rc = cv_scrub(fd, start, stat.ms_psize);
    }

    /* LMDB's own errors are negative: they are of what is read */

    return rc == 0 ? CV_OK
           : rc > 0 ? cv_system_error(error, rc, what)
                    : cv_mdb_error(error, rc, store->dir);
}


/*
 * The map's size is kept in the file, and brought up to date by the next
 * commit of something.
 */

cv_err_t
cv_store_enlarge(cv_store_t *store, size_t map_size, cv_error_t *error)
{
    int          rc;
    uint8_t      format[4];
    cv_str_t     name;
    cv_txn_t    *txn;

    rc = mdb_env_set_mapsize(store->env, map_size);
    if (rc != 0) {
        return cv_mdb_error(error, rc, store->dir);
    }

    cv_guard_locate(store);

    if (cv_txn_begin(&txn, store, error) != CV_OK) {
        return error->code;
    }

    name = CV_STR("format");
    cv_put_uint(format, CV_STORE_FORMAT, sizeof(format));

    (void) cv_table_put(txn, CV_TABLE_META, name,
                        cv_str(format, sizeof(format)), 0);

    return cv_txn_commit(txn, error);
}
