
/*
 * Copyright (C) The credverify authors
 *
 * Writing beside other threads.  Where a fault cuts a write transaction short,
 * LMDB can neither go on with it nor abort it: lists of its own lead to frames
 * of the stack that are gone.  What it can do is follow a writer that died: its
 * lock is a robust one (POSIX, pthread_mutex_lock), which whoever takes it next
 * repairs.  So each transaction has a thread of its own, which ends where it
 * met the fault.
 */

#include "cv_store_internal.h"

#include <pthread.h>


typedef struct {
    cv_store_t     *store;
    cv_txn_t       *txn;
    bool          (*wanted)(void *arg);
    cv_write_pt     fn;
    void           *arg;
    cv_error_t     *error;
    cv_err_t        err;
} cv_writing_t;


static void
cv_write_guarded(void *arg)
{
    cv_writing_t  *writing = arg;

    writing->err = cv_txn_begin(&writing->txn, writing->store, writing->error);

    if (writing->err != CV_OK) {
        return;
    }

    writing->err = writing->wanted == NULL || writing->wanted(writing->arg)
                   ? writing->fn(writing->txn, writing->arg, writing->error)
                   : cv_error_set(writing->error, CV_ERR_LIMIT,
                                  "it is no longer wanted");

    if (writing->err == CV_OK) {
        writing->err = cv_txn_commit(writing->txn, writing->error);

    } else {
        cv_txn_abort(writing->txn);
    }

    writing->txn = NULL;
}


static void *
cv_write_thread(void *arg)
{
    cv_err_t       err;
    cv_writing_t  *writing = arg;

    err = cv_store_guard(writing->store, cv_write_guarded, writing);

    if (err != CV_OK) {
        writing->err = cv_error_set(writing->error, err,
                                    "%s: the file cannot be read where it must "
                                    "be; run \"credverify check\", or restore "
                                    "a backup", writing->store->dir);
    }

    return NULL;
}


cv_err_t
cv_store_write(cv_store_t *store, bool (*wanted)(void *arg), cv_write_pt fn,
    void *arg, cv_error_t *error)
{
    int           rc;
    pthread_t     thread;
    cv_writing_t  writing;

    memset(&writing, 0, sizeof(writing));

    writing.store = store;
    writing.wanted = wanted;
    writing.fn = fn;
    writing.arg = arg;
    writing.error = error;

    rc = pthread_create(&thread, NULL, cv_write_thread, &writing);

    if (rc != 0) {
        return cv_system_error(error, rc, "a thread to write in");
    }

    (void) pthread_join(thread, NULL);

    cv_txn_forget(writing.txn);

    return writing.err;
}
