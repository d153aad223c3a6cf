
/*
 * Copyright (C) The credverify authors
 *
 * What happened, told: events that go into the outbox in the transaction that
 * makes them happen, so that there is neither without the other.
 *
 * What they say (their "data" in JSON) is for who gets it, the issuer: it has
 * ids, and no name or address of a holder.
 */

#ifndef CV_OUTBOX_H
#define CV_OUTBOX_H

#include "cv_base.h"
#include "cv_record.h"
#include "cv_store.h"

#define CV_EVENT_ISSUED         "certificate.issued"
#define CV_EVENT_UPDATED        "credential.updated"
#define CV_EVENT_REVOKED        "credential.revoked"
#define CV_EVENT_TOKEN_CREATED  "token.created"
#define CV_EVENT_TOKEN_REVOKED  "token.revoked"
#define CV_EVENT_QUOTA_REACHED  "quota.reached"
#define CV_EVENT_USAGE_CLOSED   "usage.closed"
#define CV_EVENT_TEST           "webhook.test"

/* Those that webhooks can ask for, NULL-terminated. */
extern const char *const  cv_event_types[];

/*
 * A credential, by number, as it was put: "was" is the status that it had, -1
 * if it is new.  A new one that is not issued yet is nobody's business.
 */
void cv_outbox_credential(cv_txn_t *txn, uint64_t iid, int was);

/* The same of one that shows something else than before. */
void cv_outbox_changed(cv_txn_t *txn, uint64_t iid);

/* The same of all that a holder, by number, has, of whom something changed. */
void cv_outbox_holder(cv_txn_t *txn, uint64_t holder);

/* A token that was put, or removed. */
void cv_outbox_token(cv_txn_t *txn, const cv_token_t *token, bool removed);

/* A credential, by number, is to be sent to its holder by mail. */
void cv_outbox_mail(cv_txn_t *txn, uint64_t iid);

/* The number of an event for one webhook alone, to try it; 0 after an error. */
uint64_t cv_outbox_test(cv_txn_t *txn, uint64_t webhook);

/*
 * A key reached what its tier includes in a month; a month of a key was closed.
 * Either is told once, however often it is found.
 */
void cv_outbox_quota(cv_txn_t *txn, const cv_api_key_t *key, uint64_t month,
    uint64_t included, uint64_t used);
bool cv_outbox_quota_told(cv_txn_t *txn, const cv_api_key_t *key,
    uint64_t month);
void cv_outbox_usage(cv_txn_t *txn, const cv_usage_t *usage);

#endif /* CV_OUTBOX_H */
