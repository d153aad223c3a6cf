
/*
 * Copyright (C) The credverify authors
 *
 * Assertions: every credential has one from the beginning, so that an Open
 * Badge has the same URL for ever, and nobody can guess it.
 */

#include "cv_store_internal.h"
#include "cv_text.h"

#include <errno.h>
#include <sys/random.h>

#define CV_ASSERTION_RANDOM  (CV_ASSERTION_ID + CV_ASSERTION_SALT)


bool
cv_get_assertion(cv_txn_t *txn, uint64_t credential,
    cv_assertion_t *assertion)
{
    return cv_get(txn, CV_ASSERTION, credential, assertion);
}


/* its credential's entries in both logs are its own, too */

void
cv_assertion_make(cv_txn_t *txn, uint64_t credential)
{
    char            text[2 * CV_ASSERTION_RANDOM];
    uint8_t         random[CV_ASSERTION_RANDOM];
    cv_key_t        key;
    cv_str_t        bytes;
    cv_assertion_t  assertion;

    if (cv_txn_failed(txn)) {
        return;
    }

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        (void) cv_system_error(&txn->error, errno, "getrandom");
        return;
    }

    if (!txn->nearby) {
        memcpy(txn->near, random, CV_ASSERTION_NEAR);
        txn->nearby = true;
    }

    memcpy(random, txn->near, CV_ASSERTION_NEAR);

    cv_hex_encode(text, cv_str(random, sizeof(random)));

    assertion.credential.iid = credential;
    assertion.id = cv_str(text, 2 * CV_ASSERTION_ID);
    assertion.salt = cv_str(text + 2 * CV_ASSERTION_ID, 2 * CV_ASSERTION_SALT);

    key = cv_record_key(CV_ASSERTION, 0, &assertion);
    bytes = cv_encode(txn, CV_ASSERTION, cv_key_str(&key), &assertion);

    (void) cv_table_put(txn, CV_ASSERTION, cv_key_str(&key), bytes,
                        MDB_APPEND);

    cv_index_update(txn, CV_ASSERTION, cv_key_str(&key), NULL, &assertion);
}
