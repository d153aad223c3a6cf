
/*
 * Copyright (C) The credverify authors
 *
 * What a class requires of its holders, and whether one has come so far.
 */

#ifndef CV_REQUIRES_H
#define CV_REQUIRES_H

#include "cv_record.h"

typedef struct {
    cv_int_t   practice;        /* absent: nothing of it is required */
    cv_int_t   learn;
} cv_requires_t;

/* What the class requires; false if that is nothing. */
bool cv_requires(cv_requires_t *requires, const cv_class_t *class);

/*
 * True if every count that the class requires is reached; never for a class
 * that requires nothing.  "progress" is NULL if there is none.
 */
bool cv_requires_reached(const cv_class_t *class,
    const cv_progress_t *progress);

#endif /* CV_REQUIRES_H */
