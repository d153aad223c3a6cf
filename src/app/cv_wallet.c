
/*
 * Copyright (C) The credverify authors
 *
 * A cursor is a holder and a credential by their numbers.
 */

#include "cv_wallet.h"
#include "cv_codec.h"


static cv_err_t
cv_wallet_resume(cv_wallet_t *wallet)
{
    cv_err_t       err;
    cv_bookmark_t  bookmark;

    err = cv_bookmark_read(&bookmark, wallet->query->cursor, wallet->snapshot,
                           wallet->query->wallet);

    if (err == CV_OK) {
        wallet->holder = bookmark.high;
        wallet->before = bookmark.low;
    }

    return err;
}


cv_err_t
cv_wallet_cursor(const cv_wallet_t *wallet, char out[CV_WALLET_CURSOR])
{
    cv_bookmark_t  bookmark;

    bookmark = (cv_bookmark_t) { wallet->holder, wallet->before };

    return cv_bookmark_write(out, &bookmark, wallet->snapshot,
                             wallet->query->wallet);
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
                                                        : CV_BOOKMARK_TOP);

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
            wallet->before = CV_BOOKMARK_TOP;
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
