
/*
 * Copyright (C) The credverify authors
 *
 * Cursors of lists: where a client goes on, for it to bring back.  It says
 * nothing to who has no access to the store, and is of one list in one store.
 */

#ifndef CV_BOOKMARK_H
#define CV_BOOKMARK_H

#include "cv_base.h"
#include "cv_store.h"

/* A cursor, in hexadecimal. */
#define CV_BOOKMARK_LEN  32

/* Numbers in it have so many bits. */
#define CV_BOOKMARK_BITS  48
#define CV_BOOKMARK_TOP   (((uint64_t) 1 << CV_BOOKMARK_BITS) - 1)

/* What a place is made of: two numbers. */

typedef struct {
    uint64_t  high;
    uint64_t  low;
} cv_bookmark_t;

/* "list" tells the list from others. */
cv_err_t cv_bookmark_write(char out[CV_BOOKMARK_LEN],
    const cv_bookmark_t *bookmark, cv_txn_t *txn, cv_str_t list)
    CV_MUST_CHECK;

/* CV_ERR_INPUT if the cursor is none of that list in that store. */
cv_err_t cv_bookmark_read(cv_bookmark_t *bookmark, cv_str_t cursor,
    cv_txn_t *txn, cv_str_t list) CV_MUST_CHECK;

#endif /* CV_BOOKMARK_H */
