
/*
 * Copyright (C) The credverify authors
 *
 * The credentials that an issuer may manage, in pages: the newest first, by when
 * they came into the store, of all its classes, whatever their status.
 */

#ifndef CV_MANAGE_LIST_H
#define CV_MANAGE_LIST_H

#include "cv_base.h"
#include "cv_bookmark.h"
#include "cv_buf.h"
#include "cv_manage.h"
#include "cv_store.h"

/* How many a page has, if nobody says, and at most. */
#define CV_MANAGE_PAGE       20
#define CV_MANAGE_PAGE_MOST  100

/*
 * What a page costs, whatever is in the store: of so many classes at most the
 * newest credentials are merged, and so many of them looked at; there is
 * another page then, even if this one has little or nothing.
 */
#define CV_MANAGE_CLASSES    1000
#define CV_MANAGE_PAGE_LOOKS 1000

/* Owns the memory of a page; for any number, one after the other. */

typedef struct {
    size_t     n;
    uint64_t   numbers[CV_MANAGE_PAGE_MOST];    /* of the credentials */
    cv_str_t   next;            /* cursors, which borrow from this; absent */
    cv_str_t   prev;            /* where there is no such page */

    /* for the functions below */

    cv_buf_t   heads;
    char       cursors[2][CV_BOOKMARK_LEN];
} cv_manage_list_t;

void cv_manage_list_init(cv_manage_list_t *list);
void cv_manage_list_free(cv_manage_list_t *list);

/*
 * Makes the page that "cursor" leads to, the first if that is absent, of what
 * the operation's issuers, key_issuer and test let be managed; its other
 * members do not matter.  CV_ERR_INPUT if the cursor is none of this list in
 * this store, CV_ERR_LIMIT if there are too many classes; any other error is
 * the snapshot's.
 */
cv_err_t cv_manage_list(cv_manage_list_t *list, cv_txn_t *snapshot,
    const cv_operation_t *operation, cv_str_t cursor, unsigned limit)
    CV_MUST_CHECK;

#endif /* CV_MANAGE_LIST_H */
