
/*
 * Copyright (C) The credverify authors
 *
 * What the lines of an import brought, of a dry run above all that later ones refer to, or are in
 * conflict with: 16 bytes for every id and every other handle, in a table
 * that is at most three quarters full.
 *
 * They are kept as 64-bit hashes.  That two of a hundred million have one
 * hash is less likely than one in a thousand, and would cost a wrong answer,
 * not a wrong record.
 */

#ifndef CV_SEEN_H
#define CV_SEEN_H

#include "cv_base.h"
#include "cv_record.h"
#include "cv_store.h"

/* How many ids and handles are kept, in 2 GB. */
#define CV_SEEN_MAX  ((size_t) 96 << 20)

typedef struct {
    uint64_t          key;      /* 0: the slot is free */
    uint64_t          value;
} cv_seen_entry_t;

/* All zero, nothing was seen yet. */

typedef struct {
    cv_seen_entry_t  *entries;
    size_t            slots;    /* a power of two, or 0 */
    size_t            used;
} cv_seen_t;

void cv_seen_free(cv_seen_t *seen);

/* The record is there from now on, with its handles and no others. */
cv_err_t cv_seen_add(cv_seen_t *seen, cv_kind_t kind, const void *record,
    cv_error_t *error) CV_MUST_CHECK;

/* True if a record of that kind was seen under this id. */
bool cv_seen_has(const cv_seen_t *seen, cv_kind_t kind, cv_str_t id);

/*
 * CV_ERR_CONFLICT if a handle of the record, its id apart, belongs to another
 * record: to one that was seen, or to one of the store that has not lost it
 * to those.  An error of the store sticks to the transaction.
 */
cv_err_t cv_seen_conflict(const cv_seen_t *seen, cv_txn_t *txn,
    cv_kind_t kind, const void *record, cv_error_t *error) CV_MUST_CHECK;

/*
 * For a table of one's own: a value that is not 0, under the id of a record of
 * that kind, and that value, or 0.
 */
cv_err_t cv_seen_note(cv_seen_t *seen, cv_kind_t kind, cv_str_t id,
    uint64_t value, cv_error_t *error) CV_MUST_CHECK;
uint64_t cv_seen_noted(const cv_seen_t *seen, cv_kind_t kind, cv_str_t id);

#endif /* CV_SEEN_H */
