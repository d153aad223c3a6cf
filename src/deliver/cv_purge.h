
/*
 * Copyright (C) The credverify authors
 *
 * Purges: what a cache in front of nginx may have of a credential is removed
 * there once something else is to be shown.  The webhook's URL is a template
 * (cv_purge_url.h), asked for by PURGE with the key of each handle.  An event
 * has been delivered when each request was answered by 2xx, or by 404 or 412,
 * which is what caches say of something that they do not have; what was
 * answered by anything else is tried again, all of it.
 */

#ifndef CV_PURGE_H
#define CV_PURGE_H

#include "cv_deliver.h"
#include "cv_purge_url.h"

/*
 * What sends to webhooks of type purge: a cv_sender_pt, of which "arg" is not
 * used.
 */
cv_attempt_t *cv_purge_attempt(void *arg, cv_txn_t *txn,
    const cv_consignment_t *what, cv_sent_t *sent);

/*
 * Appends the keys of what an event has changed, each and a line end: of all
 * handles of its credential, of the one token that it is about, none if what is
 * shown stays as it is, and of one that tries a webhook, a key that nothing has.
 */
cv_err_t cv_purge_keys(cv_buf_t *keys, cv_txn_t *txn, const cv_event_t *event)
    CV_MUST_CHECK;

#endif /* CV_PURGE_H */
