
/*
 * Copyright (C) The credverify authors
 *
 * Windows in which calls are counted, and what a tier allows in each.  All of
 * them are windows of UTC: calendar minutes, days and months, and for the hour
 * any sixty minutes in a row.
 */

#ifndef CV_LIMITS_H
#define CV_LIMITS_H

#include "cv_record.h"

/* In the order in which a call is admitted to them. */

typedef enum {
    CV_WINDOW_MINUTE = 0,
    CV_WINDOW_HOUR,
    CV_WINDOW_DAY,
    CV_WINDOW_MONTH,
    CV_WINDOWS
} cv_window_t;

extern const char *const  cv_window_names[];

#define CV_UNLIMITED  UINT64_MAX

typedef struct {
    uint64_t  most[CV_WINDOWS];     /* calls; CV_UNLIMITED: any number */
    bool      overage;              /* a month goes on beyond its limit */
} cv_limits_t;

/* What a tier allows; without one (NULL) there are no limits. */
void cv_limits_read(cv_limits_t *limits, const cv_tier_t *tier);

/*
 * Which minute, day or month since 1970 "now" is in; of an hour, which minute.
 * Before 1970 it is 0.
 */
uint64_t cv_period(cv_window_t window, cv_time_t now);

/* When a period begins. */
cv_time_t cv_period_start(cv_window_t window, uint64_t period);

/* How long a month is. */
cv_time_t cv_month_length(uint64_t month);

#endif /* CV_LIMITS_H */
