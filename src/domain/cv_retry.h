
/*
 * Copyright (C) The credverify authors
 *
 * When what could not be delivered is tried again, and what an answer of HTTP
 * means for it: the schedule and the statuses are those that Standard Webhooks
 * 1.0.0 suggests ("Deliverability and reliability", "Delivery success and
 * failure").  Pure: the clock and chance are arguments.
 */

#ifndef CV_RETRY_H
#define CV_RETRY_H

#include "cv_time.h"

/* So often it is tried in all: at once, and nine times more within 76 hours. */
#define CV_RETRY_ATTEMPTS  10

/* A receiver cannot put the next attempt off for longer. */
#define CV_RETRY_AFTER_MAX  CV_DAY

/*
 * The instant of the next attempt after so many that have failed, the last one
 * at "now"; CV_TIME_NEVER if there is none.  It is never earlier than the
 * schedule has it, and later by less than a fifth of the delay, as "random" (any
 * number) has it, so that what failed together does not come back together.
 * "after" is how long the receiver asked to be left alone, in milliseconds, or
 * 0; what is longer than CV_RETRY_AFTER_MAX is that.
 */
cv_time_t cv_retry_at(uint64_t attempts, cv_time_t now, cv_time_t after,
    uint32_t random);

/*
 * True if an attempt that is to be made at "at" is to be made now: also if that
 * is later than any schedule has it, since the clock was set back meanwhile.
 */
bool cv_retry_due(cv_time_t at, cv_time_t now);

typedef enum {
    CV_REPLY_DONE = 0,      /* it has arrived */
    CV_REPLY_AGAIN,         /* it has not: redirects among them */
    CV_REPLY_GONE,          /* 410: nothing is wanted there any more */
} cv_reply_t;

/* What a final status says, 0 if there was none. */
cv_reply_t cv_reply(unsigned status);

#endif /* CV_RETRY_H */
