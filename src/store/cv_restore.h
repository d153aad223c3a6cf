
/*
 * Copyright (C) The credverify authors
 *
 * A store that is made beside another one, and takes its place in one step.
 */

#ifndef CV_RESTORE_H
#define CV_RESTORE_H

#include "cv_base.h"
#include "cv_store.h"

#include <limits.h>
#include <signal.h>

/*
 *     begin      makes the directory "new", and an empty data file in it
 *     ...        the caller writes that to "fd"
 *     beside     perhaps: makes an empty file beside it
 *     ...        the caller writes that to "other_fd"
 *     written    syncs and closes both
 *     ...        the caller may open "new" as a store, and closes it
 *     swap       "new" learns which numbers "dir" gave, and becomes that; what
 *                was there becomes "kept"
 *     end        always: removes what was made, unless it was swapped
 */

/* What the new store took over of the numbers that the other one gave. */

typedef struct {
    bool                    unread;     /* the other is damaged, or of another
                                           format: not all of it, if any */
    uint64_t                raised;     /* sequences */
    uint64_t                homeless;   /* of classes that the new one lacks */
    cv_store_stat_t         stat;       /* of the new one, if any was raised */
} cv_taken_t;

typedef struct {
    char                    dir[PATH_MAX];      /* links followed */
    char                    new[PATH_MAX];
    char                    kept[PATH_MAX];     /* "": there was no store */
    char                    data[PATH_MAX];     /* the files in "new" */
    char                    lock[PATH_MAX];
    char                    other[PATH_MAX];    /* "": there is no other */
    int                     fd;                 /* the data file's */
    int                     other_fd;
    int                     place;              /* "new", locked */
    bool                    replaces;           /* a store is in "dir" */
    cv_taken_t              taken;              /* of that, by the swap */
    volatile sig_atomic_t   made;               /* "new" is ours to remove */
} cv_restore_t;

/*
 * CV_ERR_EXISTS if there is a store and "replace" is false, or if another
 * restore of the same store is at work.  "other" names a file that the caller
 * may make in the directory, too, and whose temporary names begin with that
 * and a dot; or is NULL.
 */
cv_err_t cv_restore_begin(cv_restore_t *restore, const char *dir,
    bool replace, const char *other, cv_error_t *error) CV_MUST_CHECK;

cv_err_t cv_restore_beside(cv_restore_t *restore, cv_error_t *error)
    CV_MUST_CHECK;

cv_err_t cv_restore_written(cv_restore_t *restore, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Waits for the writer lock of the store that is replaced, so that no commit
 * is lost in it: cv_txn_begin() fails there afterwards.  The new one goes on
 * where its number sequences have come by then, as far as it can be read; it
 * must be whole then, and no one else have it open.  It gets the modes of that,
 * and its owner and group unless "options" has others.  After an error
 * everything is where it was.
 */
cv_err_t cv_restore_swap(cv_restore_t *restore,
    const cv_store_options_t *options, cv_error_t *error) CV_MUST_CHECK;

void cv_restore_end(cv_restore_t *restore);

/* Removes what was made; can be called by a signal's handler. */
void cv_restore_discard(const cv_restore_t *restore);

#endif /* CV_RESTORE_H */
