
/*
 * Copyright (C) The credverify authors
 */

#include "cv_limits.h"

#define CV_MINUTE  (60 * CV_SECOND)


const char *const  cv_window_names[] = {
    "minute", "hour", "day", "month", NULL
};


/* a limit that is null, or not there, is none */

static uint64_t
cv_limit_read(cv_doc_t limits, const char *name)
{
    size_t    i;
    cv_doc_t  value;
    cv_str_t  text;
    uint64_t  most;

    value = cv_doc_member(limits, cv_str_z(name));

    if (cv_doc_type(value) != CV_DOC_NUMBER) {
        return CV_UNLIMITED;
    }

    text = cv_doc_text(value);

    for (most = 0, i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9'
            || __builtin_mul_overflow(most, 10, &most)
            || __builtin_add_overflow(most, text.data[i] - '0', &most))
        {
            /* no tier with such a limit is taken into a store */
            return 0;
        }
    }

    return most;
}


void
cv_limits_read(cv_limits_t *limits, const cv_tier_t *tier)
{
    cv_window_t  window;

    for (window = 0; window < CV_WINDOWS; window++) {
        limits->most[window] = tier == NULL
            ? CV_UNLIMITED
            : cv_limit_read(tier->limits, cv_window_names[window]);
    }

    limits->overage = tier != NULL && tier->overage_cents.present;
}


uint64_t
cv_period(cv_window_t window, cv_time_t now)
{
    if (now < 0) {
        return 0;
    }

    switch (window) {

    case CV_WINDOW_DAY:
        return (uint64_t) (now / CV_DAY);

    case CV_WINDOW_MONTH:
        return cv_time_month(now);

    default:
        return (uint64_t) (now / CV_MINUTE);
    }
}


cv_time_t
cv_period_start(cv_window_t window, uint64_t period)
{
    switch (window) {

    case CV_WINDOW_DAY:
        return (cv_time_t) period * CV_DAY;

    case CV_WINDOW_MONTH:
        return cv_time_of_month((unsigned) period);

    default:
        return (cv_time_t) period * CV_MINUTE;
    }
}


cv_time_t
cv_month_length(uint64_t month)
{
    return cv_time_of_month((unsigned) month + 1)
           - cv_time_of_month((unsigned) month);
}
