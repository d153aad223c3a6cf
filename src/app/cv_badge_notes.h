
/*
 * Copyright (C) The credverify authors
 *
 * What of a store is no Open Badge, and why: nothing is wrong with that, but
 * whoever serves badges wants to know.
 */

#ifndef CV_BADGE_NOTES_H
#define CV_BADGE_NOTES_H

#include "cv_store.h"

/* how many issuers, and how many classes, have a note of their own */
#define CV_BADGE_NOTES      20

/* how many of those that lack the same are named */
#define CV_BADGE_NOTE_IDS   5

typedef struct {
    cv_kind_t    kind;          /* issuer, class or credential */
    uint64_t     count;         /* how many there are */
    const char  *lacks;         /* as of cv_openbadge_class_lacks(), or that it
                                   is of later; NULL: they are those that have
                                   no note of their own */
    cv_str_t     ids[CV_BADGE_NOTE_IDS];    /* of the first; absent: none */
} cv_badge_note_t;

/*
 * Reports every issuer and class that is no Open Badge, and how many
 * credentials are none whose class and issuer are, or are none yet: those that
 * are issued, and not of a holder who was erased.  Ids borrow from the
 * snapshot.  "looked" counts the credentials.  An error is the snapshot's.
 */
cv_err_t cv_badge_notes(cv_txn_t *snapshot, cv_time_t now,
    void (*report)(void *data, const cv_badge_note_t *note), void *data,
    uint64_t *looked) CV_MUST_CHECK;

#endif /* CV_BADGE_NOTES_H */
