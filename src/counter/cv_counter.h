
/*
 * Copyright (C) The credverify authors
 *
 * Counting calls, exactly and without a lock, in memory that all workers and
 * the command share.  A slot has the counts of one key, or of one address.
 *
 * A count and the period it is of are one word, which changes by one
 * compare-and-swap: a period that begins cannot be begun twice, and no call is
 * counted in two.  Whoever is killed leaves every word as good as it was.
 *
 * Calendar windows have a word for each period, so that whose clock is behind
 * counts in the period it is in.  The sliding hour is the sum of sixty
 * minutes: those before the current one are closed, and a closed minute takes
 * no more, so that what was summed up cannot grow before the call is counted.
 */

#ifndef CV_COUNTER_H
#define CV_COUNTER_H

#include "cv_limits.h"

#include <stdatomic.h>

typedef _Atomic(uint64_t)  cv_word_t;

#define CV_SLOT_MINUTES  60
#define CV_SLOT_DAYS     4
#define CV_SLOT_MONTHS   16     /* how long a closed month can be read */

/* As it is in the file: whole cache lines, none of which two slots share. */

typedef struct {
    cv_word_t  uid;             /* whose it is; 0: nobody's */
    cv_word_t  minutes[CV_SLOT_MINUTES];
    cv_word_t  days[CV_SLOT_DAYS];
    cv_word_t  months[CV_SLOT_MONTHS];
    cv_word_t  last;            /* the minute of the last call; for addresses */
    uint64_t   unused[6];
} cv_slot_t;

_Static_assert(sizeof(cv_slot_t) == 704, "a slot is eleven cache lines");

/* What became of a call. */

typedef struct {
    bool         admitted;
    cv_window_t  refused;               /* the window that did not admit it */
    cv_time_t    opens_at;              /* when a refused call may be repeated:
                                           every window that is full now has
                                           room then */
    uint64_t     used[CV_WINDOWS];      /* with this call, if admitted; of a
                                           window without limit perhaps 0 */
    uint64_t     minute;                /* where it was counted */
    uint64_t     oldest;                /* the first minute of the hour that
                                           has calls, or that one */
    uint64_t     month;
} cv_admission_t;

/*
 * Counts a call in every window unless one of them is full.  It never counts
 * more than a window's limit, and refuses only while as many are counted, or
 * are being admitted by others at this moment.
 */
void cv_admit(cv_slot_t *slot, const cv_limits_t *limits, cv_time_t now,
    cv_admission_t *admission);

/*
 * When a window has more room than now: when a calendar one begins anew, and
 * when the hour's oldest minute with calls leaves it.  Of a window that refused
 * the call it is admission->opens_at.
 */
cv_time_t cv_admission_resets_at(const cv_admission_t *admission,
    cv_window_t window, cv_time_t now);

/* The call's unit of the month was not used after all.  At most once. */
void cv_admission_refund(cv_slot_t *slot, const cv_admission_t *admission);

/* What would be, if a call came now: nothing is counted. */
void cv_admission_look(cv_slot_t *slot, const cv_limits_t *limits,
    cv_time_t now, cv_admission_t *admission);

/* What is counted in the month; 0 also if it is no longer kept. */
uint64_t cv_slot_month(cv_slot_t *slot, uint64_t month);

/* The last day on which a call was counted, or 0. */
uint64_t cv_slot_last_day(cv_slot_t *slot);

/*
 * The windows (bits by cv_window_t) that "now" is in begin anew, at zero, and
 * those to come.  An hour and its minutes are the same counts; days and months
 * that are over stay.
 */
void cv_slot_reset(cv_slot_t *slot, unsigned windows, cv_time_t now);

/* True if something is counted in what nobody's clock can have come to yet. */
bool cv_slot_ahead(cv_slot_t *slot, cv_time_t now);

/* Makes a slot "uid"'s, if it was somebody else's with every count at zero. */
void cv_slot_assign(cv_slot_t *slot, uint64_t uid);

#endif /* CV_COUNTER_H */
