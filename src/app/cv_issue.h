
/*
 * Copyright (C) The credverify authors
 *
 * The life of a credential: made, issued, claimed, used, refunded, revoked;
 * and its tokens.  First the rules, which are pure; then the use cases, which
 * apply them in a write transaction.
 */

#ifndef CV_ISSUE_H
#define CV_ISSUE_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_digest.h"
#include "cv_record.h"
#include "cv_store.h"

#define CV_UUID_LEN          36
#define CV_TOKEN_LEN         (2 * CV_TOKEN_HASH_LEN)
#define CV_TOKEN_DAYS        60

/* A shorter beginning of a hash could name a token by accident. */
#define CV_TOKEN_PREFIX_MIN  8

/*
 * When a change happens, and what is written because of it: records borrow
 * from this, and from the record that is changed, copied out of the store.
 */

typedef struct {
    cv_time_t  now;
    uint8_t    instant[CV_TIME_TEXT_MAX];
    uint8_t    today[CV_TIME_TEXT_MAX];
    uint8_t    expiry[CV_TIME_TEXT_MAX];
    uint8_t    number[CV_HANDLE_MAX];
    cv_buf_t   record;
} cv_moment_t;

void cv_moment_init(cv_moment_t *moment, cv_time_t now);
void cv_moment_free(cv_moment_t *moment);

/* A credential out of the store's map, which writing moves, into "moment". */
cv_err_t cv_moment_keep(cv_moment_t *moment, cv_credential_t *credential,
    cv_error_t *error) CV_MUST_CHECK;

/* The moment as a date, and its day as a bare one. */
cv_date_t cv_moment_now(cv_moment_t *moment);
cv_date_t cv_moment_today(cv_moment_t *moment);

/* What an issuer decides about one credential; absent: as the class says. */

typedef struct {
    cv_str_t   number;
    cv_date_t  issued_at;
    cv_date_t  expires_at;
    bool       forever;         /* no expiry, whatever the class says */
} cv_terms_t;


/* Rules */

/*
 * True if a credential may go from one status to another.  Import alone does
 * not ask: it restores what others decided.
 */
bool cv_status_leads(cv_status_t from, cv_status_t to);

/* A UUID (RFC 9562) of that version from 16 bytes. */
void cv_uuid_format(uint8_t text[CV_UUID_LEN], const uint8_t bytes[16],
    unsigned version);

/* A random one, of version 4. */
cv_err_t cv_uuid_new(uint8_t text[CV_UUID_LEN]) CV_MUST_CHECK;

/* What a new credential has beside what is given: a draft, from now on. */
void cv_credential_begin(cv_credential_t *credential, cv_moment_t *moment);

/*
 * A draft or pending credential becomes issued: now, unless a date is given
 * or set, and as long as its class says, unless an expiry is given or set.
 */
cv_err_t cv_credential_issue(cv_credential_t *credential,
    const cv_class_t *class, const cv_terms_t *terms, cv_moment_t *moment,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Its expiry becomes the kind of date that "issued_at" is, so many days
 * later; the text is the moment's.
 */
cv_err_t cv_credential_expire(cv_credential_t *credential, int64_t days,
    cv_moment_t *moment, cv_error_t *error) CV_MUST_CHECK;

/*
 * A credential becomes claimed, used, refunded or revoked, now.  One that is
 * so already stays as it is, but for a "reason" that is present: it becomes
 * that of the revocation, or removes it if it is empty.  What has expired can
 * be neither claimed nor used.
 */
cv_err_t cv_credential_move(cv_credential_t *credential, cv_status_t to,
    cv_str_t reason, cv_moment_t *moment, cv_error_t *error) CV_MUST_CHECK;

/* A token made today, good through the day that is "days" later. */
void cv_token_begin(cv_token_t *token, unsigned days, cv_moment_t *moment);


/* Use cases: CV_ERR_INPUT says why not, and nothing was written */

/*
 * Puts a credential, whose references have ids, under an id that is new;
 * if its status is "issued", it is issued.
 */
cv_err_t cv_issue_create(cv_txn_t *txn, cv_credential_t *credential,
    bool forever, cv_moment_t *moment, cv_error_t *error) CV_MUST_CHECK;

/* Both yield the credential as it is then; it borrows from "moment". */
cv_err_t cv_issue_issue(cv_txn_t *txn, cv_str_t id, const cv_terms_t *terms,
    cv_credential_t *credential, cv_moment_t *moment, cv_error_t *error)
    CV_MUST_CHECK;
cv_err_t cv_issue_move(cv_txn_t *txn, cv_str_t id, cv_status_t to,
    cv_str_t reason, cv_credential_t *credential, cv_moment_t *moment,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Has an issued credential that has not expired sent to its holder by mail,
 * again each time; yields it likewise.  A test credential is never mailed:
 * without "mail", all is as if it were.
 */
cv_err_t cv_issue_send(cv_txn_t *txn, cv_str_t id, bool mail,
    cv_credential_t *credential, cv_moment_t *moment, cv_error_t *error)
    CV_MUST_CHECK;

/* The same of one that may be sent, by number. */
cv_err_t cv_issue_post(cv_txn_t *txn, uint64_t iid, bool mail,
    cv_error_t *error) CV_MUST_CHECK;

/* The secret is here only; the store has its hash. */

typedef struct {
    uint8_t     secret[CV_TOKEN_LEN];
    uint8_t     hash[CV_TOKEN_HASH_LEN];
    cv_token_t  record;
} cv_new_token_t;

/*
 * Makes a token for the credential with that id.  token->record has privacy
 * and dates, and gets the rest.
 */
cv_err_t cv_issue_token(cv_txn_t *txn, cv_str_t credential,
    cv_new_token_t *token, cv_error_t *error) CV_MUST_CHECK;

/*
 * Removes the one token of the credential whose hash begins with these
 * hexadecimal digits, and yields the hash.
 */
cv_err_t cv_issue_revoke_token(cv_txn_t *txn, cv_str_t credential,
    cv_str_t digits, uint8_t hash[CV_TOKEN_HASH_LEN], cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_ISSUE_H */
