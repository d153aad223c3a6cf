
/*
 * Copyright (C) The credverify authors
 */

#include "cv_retry.h"

#define CV_MINUTE  (60 * CV_SECOND)
#define CV_HOUR    (60 * CV_MINUTE)

/* from one attempt to the next */

static const cv_time_t  cv_retry_delays[CV_RETRY_ATTEMPTS - 1] = {
    5 * CV_SECOND, 5 * CV_MINUTE, 30 * CV_MINUTE, 2 * CV_HOUR, 5 * CV_HOUR,
    10 * CV_HOUR, 14 * CV_HOUR, 20 * CV_HOUR, 24 * CV_HOUR
};


cv_time_t
cv_retry_at(uint64_t attempts, cv_time_t now, cv_time_t after,
    uint32_t random)
{
    cv_time_t  delay;

    if (attempts == 0) {
        return now;
    }

    if (attempts >= CV_RETRY_ATTEMPTS) {
        return CV_TIME_NEVER;
    }

    delay = cv_retry_delays[attempts - 1];
    delay += (cv_time_t) ((uint64_t) (delay / 5) * random >> 32);

    if (after > CV_RETRY_AFTER_MAX) {
        after = CV_RETRY_AFTER_MAX;
    }

    return now + (after > delay ? after : delay);
}


bool
cv_retry_due(cv_time_t at, cv_time_t now)
{
    return at <= now || at - now > CV_DAY + CV_DAY / 5;
}


cv_reply_t
cv_reply(unsigned status)
{
    return status >= 200 && status < 300 ? CV_REPLY_DONE
           : status == 410 ? CV_REPLY_GONE : CV_REPLY_AGAIN;
}
