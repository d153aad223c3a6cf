
/*
 * Copyright (C) The credverify authors
 *
 * The loop that empties the outbox: to each webhook in order and one request
 * at a time, to all of them at once.  What became of an attempt is written
 * before the next look at the queue it is of; whoever is killed in between
 * sends the same again, by the same id.
 */

#ifndef CV_DELIVER_H
#define CV_DELIVER_H

#include "cv_attempt.h"
#include "cv_base.h"
#include "cv_post.h"
#include "cv_store.h"

/* At most so many attempts are under way, of them so many mails. */
#define CV_DELIVER_MOST       32
#define CV_DELIVER_MOST_MAIL  4

/* What is to be delivered; all of it borrows from a snapshot. */

typedef struct {
    const cv_webhook_t    *webhook;     /* NULL: by mail */
    const cv_delivery_t   *delivery;
    const cv_event_t      *event;
    cv_str_t               subject;     /* its credential's id, or absent */
    const cv_post_conf_t  *post;
    cv_time_t              now;
} cv_consignment_t;

/*
 * Makes the attempt, for which it may read what else it needs from the
 * snapshot.  NULL if there is none to be made: "sent", which is all zeros, then
 * says what became of it, and why.
 */
typedef cv_attempt_t *(*cv_sender_pt)(void *arg, cv_txn_t *txn,
    const cv_consignment_t *what, cv_sent_t *sent);

typedef struct {
    cv_sender_pt   attempt;     /* NULL: what it would send waits */
    void          *arg;
} cv_sender_t;

typedef struct {
    cv_post_conf_t   post;
    cv_sender_t      mail;      /* events of type "mail", in any order */
    cv_sender_t      purge;     /* webhooks of type purge */
    bool             once;      /* end when nothing is due */
    int              stop;      /* a descriptor: end once it can be read */

    /* a line for the log, without secrets */
    void           (*say)(void *arg, const char *text);
    void            *arg;
} cv_deliver_conf_t;

/* What was not delivered once it has run with "once"; else all zeros. */

typedef struct {
    uint64_t   waiting;         /* to be tried again, or behind such a one */
    uint64_t   given_up;        /* by now: 410, or the last attempt */
    uint64_t   mail;            /* waiting, without a sender */
} cv_deliver_left_t;

/*
 * Runs until it is to end, and what is under way then has ended.  The store is
 * open to write.  CV_ERR_MISSING if the directory has another one by now: open
 * that.
 */
cv_err_t cv_deliver(cv_store_t *store, const cv_deliver_conf_t *conf,
    cv_deliver_left_t *left, cv_error_t *error) CV_MUST_CHECK;

/*
 * Makes this process the only one that delivers from a store, for as long as
 * "fd" is open.  CV_ERR_EXISTS if another one is.
 */
cv_err_t cv_deliver_claim(const char *dir, int *fd, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * The body of an event: its type, when it was, the id of the credential that it
 * is about unless that is absent, and its data.
 */
void cv_deliver_body(cv_buf_t *out, const cv_event_t *event, cv_str_t subject);

#endif /* CV_DELIVER_H */
