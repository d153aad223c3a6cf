
/*
 * Copyright (C) The credverify authors
 *
 * How far a holder has come, for issuers: the record, whatever the verdict on
 * any credential is.
 */

#ifndef CV_PROGRESS_LIST_H
#define CV_PROGRESS_LIST_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"
#include "cv_store.h"

/* What is asked for, and by whom. */

typedef struct {
    cv_str_t         holder;    /* an id; any bytes */
    const cv_str_t  *issuers;   /* whose classes are listed, by id; */
    size_t           nissuers;  /* 0: everybody's */
    uint64_t         issuer;    /* by number, the only one among them; 0: all */
    bool             test;      /* test credentials, instead of all others */
    uint64_t         class;     /* by number, the only one that is listed; its
                                   entry alone is the answer; 0: all */
    bool             issued;    /* said of that entry: its credential is new */
} cv_progress_query_t;

/* A list is no longer. */
#define CV_PROGRESS_CLASSES  1000

/* Owns the memory of the answer. */

typedef struct {
    cv_buf_t         rows;
    cv_buf_t         doc;
} cv_progress_list_t;

void cv_progress_list_init(cv_progress_list_t *list);
void cv_progress_list_free(cv_progress_list_t *list);

/*
 * Makes the list, in the order of the issuers and then of their classes'
 * positions, of every class that requires anything:
 *
 *     [{"class":{"id","title","category","category_title"},
 *       "credential":{"id","status","number","issued_at","expires_at"},
 *       "requires":{"practice","learn"},"practice","learn","complete"}]
 *
 * The entry of one class alone has "issued", too.  Counts are always there.  "credential" is the newest that was issued and not
 * taken back, "complete" what the counts say, whatever became of that.  The
 * list borrows from "list", and is absent if none of the issuers knows the
 * holder: by progress in one of its classes, or a credential of one.
 * CV_ERR_LIMIT if there are too many classes; any other error is the
 * snapshot's.
 */
cv_err_t cv_progress_list(cv_progress_list_t *list, cv_txn_t *snapshot,
    const cv_progress_query_t *query, cv_doc_t *doc) CV_MUST_CHECK;

/*
 * Finds the class that "name" is the id of, or else the category, among those
 * that would be listed; its number is 0 if there is none.  CV_ERR_CONFLICT if
 * several have that category; any other error as above.
 */
cv_err_t cv_progress_class(cv_progress_list_t *list, cv_txn_t *snapshot,
    const cv_progress_query_t *query, cv_str_t name, uint64_t *class)
    CV_MUST_CHECK;

/*
 * Whether the issuers may know of the holder, by number: there is progress in a
 * class of theirs, or a credential of one, or nobody has either.  An error is
 * the snapshot's.
 */
cv_err_t cv_progress_known(cv_txn_t *snapshot,
    const cv_progress_query_t *query, uint64_t holder, bool *known)
    CV_MUST_CHECK;

#endif /* CV_PROGRESS_LIST_H */
