
/*
 * Copyright (C) The credverify authors
 *
 * A cursor is a place: a holder and a credential by their numbers, 48 bits each,
 * with 32 bits that tell whether it is of this wallet, in one block that is
 * sealed with what tells the store from all others.
 */

#include "cv_wallet.h"
#include "cv_cipher.h"
#include "cv_codec.h"
#include "cv_hash.h"
#include "cv_text.h"

#define CV_WALLET_BITS  48
#define CV_WALLET_TOP   (((uint64_t) 1 << CV_WALLET_BITS) - 1)


typedef struct {
    uint8_t   key[CV_CIPHER_KEY];
    uint64_t  check;
} cv_wallet_seal_t;


/* the UUID is the key of other hashes, too, which are of no such texts */

static void
cv_wallet_seal(const cv_wallet_t *wallet, cv_wallet_seal_t *seal)
{
    const uint8_t  *uuid;

    uuid = cv_store_uuid(cv_txn_store(wallet->snapshot));

    cv_put_uint(seal->key, cv_hash_keyed(uuid, "cursor 1", 8), 8);
    cv_put_uint(seal->key + 8, cv_hash_keyed(uuid, "cursor 2", 8), 8);

    seal->check = cv_hash_keyed(seal->key, wallet->query->wallet.data,
                                wallet->query->wallet.len);
}


static cv_err_t
cv_wallet_resume(cv_wallet_t *wallet)
{
    uint8_t           block[CV_CIPHER_BLOCK];
    uint64_t          high, low;
    cv_err_t          err;
    cv_wallet_seal_t  seal;

    if (!cv_hex_decode(block, sizeof(block), wallet->query->cursor)) {
        return CV_ERR_INPUT;
    }

    cv_wallet_seal(wallet, &seal);

    err = cv_cipher_open(block, seal.key);
    if (err != CV_OK) {
        return err;
    }

    high = cv_get_uint(block, 8);
    low = cv_get_uint(block + 8, 8);

    if (high >> CV_WALLET_BITS != seal.check >> CV_WALLET_BITS
        || low >> CV_WALLET_BITS != (seal.check & 0xffff))
    {
        return CV_ERR_INPUT;
    }

    wallet->holder = high & CV_WALLET_TOP;
    wallet->before = low & CV_WALLET_TOP;

    return CV_OK;
}


cv_err_t
cv_wallet_cursor(const cv_wallet_t *wallet, char out[CV_WALLET_CURSOR])
{
    uint8_t           block[CV_CIPHER_BLOCK];
    cv_err_t          err;
    cv_wallet_seal_t  seal;

    cv_wallet_seal(wallet, &seal);

    cv_put_uint(block, (seal.check & ~CV_WALLET_TOP) | wallet->holder, 8);
    cv_put_uint(block + 8, seal.check << CV_WALLET_BITS | wallet->before, 8);

    err = cv_cipher_seal(block, seal.key);

    if (err == CV_OK) {
        cv_hex_encode(out, cv_str(block, sizeof(block)));
    }

    return err;
}


cv_err_t
cv_wallet_open(cv_wallet_t *wallet, cv_verifier_t *verifier,
    cv_txn_t *snapshot, const cv_wallet_query_t *query, cv_time_t now)
{
    cv_err_t  err;

    memset(wallet, 0, sizeof(cv_wallet_t));

    wallet->verifier = verifier;
    wallet->snapshot = snapshot;
    wallet->query = query;
    wallet->now = now;

    wallet->request.by = CV_BY_COUNT;
    wallet->request.issuers = query->issuers;
    wallet->request.nissuers = query->nissuers;
    wallet->request.test = query->test;

    if (cv_present(query->cursor)) {
        err = cv_wallet_resume(wallet);
        if (err != CV_OK) {
            return err;
        }
    }

    cv_links_open_text(&wallet->holders, snapshot, CV_LINK_WALLET_HOLDER,
                       query->wallet);
    cv_links_down(&wallet->holders, wallet->holder != 0 ? wallet->holder + 1
                                                        : CV_WALLET_TOP);

    err = cv_txn_err(snapshot, NULL);

    if (err != CV_OK) {
        cv_wallet_close(wallet);
    }

    return err;
}


void
cv_wallet_close(cv_wallet_t *wallet)
{
    cv_walk_close(&wallet->credentials);
    cv_walk_close(&wallet->holders);
}


/* false if it may not be looked at any more */

static bool
cv_wallet_look(cv_wallet_t *wallet)
{
    return wallet->looks++ < CV_WALLET_LOOKS;
}


/* the number of the next record that a walk leads to; 0: there is none */

static uint64_t
cv_wallet_link(cv_walk_t *walk)
{
    cv_str_t     to;
    cv_reader_t  r;

    if (walk->cursor == NULL || !cv_links_next(walk, &to)) {
        return 0;
    }

    r = cv_reader(to);

    return cv_read_u64(&r);
}


/* the next credential of the holder; of the next holder if there is none */

static cv_wallet_step_t
cv_wallet_advance(cv_wallet_t *wallet, uint64_t *iid)
{
    uint64_t  holder;

    for ( ;; ) {

        if (!cv_wallet_look(wallet)) {
            return CV_WALLET_PAUSE;
        }

        *iid = cv_wallet_link(&wallet->credentials);

        if (*iid != 0) {
            return CV_WALLET_FOUND;
        }

        cv_walk_close(&wallet->credentials);

        holder = cv_wallet_link(&wallet->holders);

        if (holder == 0) {
            return CV_WALLET_END;
        }

        if (holder != wallet->holder) {
            wallet->holder = holder;
            wallet->before = CV_WALLET_TOP;
        }

        cv_links_open(&wallet->credentials, wallet->snapshot,
                      CV_LINK_HOLDER_CREDENTIAL, holder);
        cv_links_down(&wallet->credentials, wallet->before);
    }
}


static bool
cv_wallet_shows(const cv_wallet_t *wallet,
    const cv_verification_t *verification)
{
    const cv_class_t  *class;

    class = verification->evidence.class;

    return verification->verdict.reason == CV_VALID
           && (!class->listed.present || class->listed.value)
           && (wallet->query->issuer == 0
               || wallet->query->issuer == class->issuer.iid);
}


cv_err_t
cv_wallet_next(cv_wallet_t *wallet, cv_verification_t *out,
    cv_wallet_step_t *step)
{
    cv_err_t  err;
    uint64_t  iid;

    while ((*step = cv_wallet_advance(wallet, &iid)) == CV_WALLET_FOUND) {

        wallet->before = iid;

        err = cv_verify_iid(out, wallet->verifier, wallet->snapshot, iid,
                            &wallet->request, wallet->now);
        if (err != CV_OK) {
            return err;
        }

        if (!cv_wallet_shows(wallet, out)) {
            continue;
        }

        /* an index that leads elsewhere than it says shows nobody's */

        if (out->credential.holder.iid != wallet->holder
            || !cv_str_eq(out->holder.wallet, wallet->query->wallet))
        {
            return CV_ERR_DAMAGED;
        }

        wallet->before = iid + 1;

        break;
    }

    return cv_txn_err(wallet->snapshot, NULL);
}
