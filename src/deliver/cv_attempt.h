
/*
 * Copyright (C) The credverify authors
 *
 * An attempt to deliver something: what a sender of one kind (webhooks, mail,
 * purges) gives the loop, which runs it among others and is told what became
 * of it.
 */

#ifndef CV_ATTEMPT_H
#define CV_ATTEMPT_H

#include "cv_time.h"

#include <curl/curl.h>

#define CV_SENT_ERROR_MAX  256

typedef enum {
    CV_SENT_DONE = 0,   /* it has arrived: the delivery is over */
    CV_SENT_MORE,       /* so far: the handle is set up for what comes next */
    CV_SENT_AGAIN,      /* not yet: once more by the schedule (cv_retry.h) */
    CV_SENT_DEAD,       /* never: a dead letter at once */
    CV_SENT_GONE,       /* nothing is wanted there: the webhook is disabled */
} cv_sent_how_t;

/* What became of an attempt. */

typedef struct {
    cv_sent_how_t   how;
    unsigned        status;     /* last answer of HTTP or SMTP; 0: none */
    cv_time_t       after;      /* not before so many milliseconds; or 0 */
    char            error[CV_SENT_ERROR_MAX];   /* why, without secrets and
                                                   mail addresses; "" if it has
                                                   arrived */
} cv_sent_t;

/* Says so, cut to what there is room for. */
void cv_sent_set(cv_sent_t *sent, cv_sent_how_t how, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct cv_attempt_s  cv_attempt_t;

/*
 * A sender has this at the beginning of a struct of its own.  It borrows
 * nothing from a transaction: it lives on after that.
 */

struct cv_attempt_s {
    CURL           *easy;       /* CURLOPT_PRIVATE is the loop's */

    /*
     * The transfer has ended, by "code".  Fills in what is all zeros.  After
     * CV_SENT_MORE the handle is run again, after all else free() comes.
     */
    void          (*done)(cv_attempt_t *attempt, CURLcode code,
                          cv_sent_t *sent);

    /* With the handle; it is in no multi any more. */
    void          (*free)(cv_attempt_t *attempt);
};

#endif /* CV_ATTEMPT_H */
