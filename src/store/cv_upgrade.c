
/*
 * Copyright (C) The credverify authors
 *
 * Bringing a store of an older format to the current one.
 */

#include "cv_store_internal.h"


typedef struct {
    cv_store_t    *store;
    cv_upgrade_t  *upgrade;
    cv_error_t    *error;
    cv_err_t       err;
} cv_upgrading_t;


/* to 2: sequences, of the numbers there are */

static void
cv_upgrade_sequences(cv_txn_t *txn)
{
    cv_walk_t        walk;
    cv_credential_t  credential;

    cv_walk_open(&walk, txn, CV_CREDENTIAL);

    while (cv_walk_next(&walk, &credential, NULL)) {
        cv_sequences_raise(txn, &credential);
    }

    cv_walk_close(&walk);
}


/* to 3: there was nothing to count before */

static void
cv_upgrade_closed(cv_txn_t *txn)
{
    cv_closed_t  closed;

    closed = cv_closed_now();
    cv_closed_put(txn, &closed);
}


/* to 4: credentials had none, and nothing told which of them are withdrawn */

static void
cv_upgrade_assertions(cv_txn_t *txn)
{
    cv_key_t         key;
    uint64_t         iid;
    cv_walk_t        walk;
    cv_credential_t  credential;

    cv_walk_open(&walk, txn, CV_CREDENTIAL);

    while (cv_walk_next(&walk, &credential, &iid)) {
        key = cv_record_key(CV_CREDENTIAL, iid, NULL);

        cv_index_link(txn, CV_LINK_CLASS_WITHDRAWN, CV_CREDENTIAL,
                      cv_key_str(&key), &credential);
        cv_assertion_make(txn, iid);
    }

    cv_walk_close(&walk);
}


/*
 * What leads to each format, in order; whatever tables are missing are made
 * before.
 */

static const struct {
    unsigned     format;
    const char  *what;
    void       (*run)(cv_txn_t *txn);
} cv_upgrades[] = {
    { 2, "tables for tiers, keys, progress, OAuth clients, webhooks, number "
         "sequences and the audit trail", cv_upgrade_sequences },
    { 3, "counters of API keys, tables for their usage and for grants, and a "
         "sum of all entries", cv_upgrade_closed },
    { 4, "assertions of Open Badges, and which of them are revoked, and a table "
         "for images of classes", cv_upgrade_assertions },
    { 5, "tables for events, deliveries and answers", NULL },
};


static void
cv_upgrade_steps(cv_txn_t *txn, cv_upgrade_t *upgrade)
{
    int       i;
    size_t    n;
    uint8_t   format[4];

    for (i = 0; i < CV_TABLES; i++) {
        if (!cv_txn_ok(txn, cv_mdb_open_table(txn->txn, i, MDB_CREATE,
                                              &txn->store->dbi[i]),
                       txn->store->dir))
        {
            return;
        }
    }

    for (n = 0; n < CV_COUNT(cv_upgrades); n++) {
        if (cv_upgrades[n].format > upgrade->from) {
            if (cv_upgrades[n].run != NULL) {
                cv_upgrades[n].run(txn);
            }

            cv_buf_printf(&upgrade->done, "%s%s",
                          upgrade->done.len > 0 ? "; " : "",
                          cv_upgrades[n].what);
        }
    }

    cv_sum_anew(txn);

    cv_put_uint(format, CV_STORE_FORMAT, sizeof(format));

    (void) cv_table_put(txn, CV_TABLE_META, CV_STR("format"),
                        cv_str(format, sizeof(format)), 0);
}


/* others may have upgraded it while this waited for the lock */

static void
cv_upgrade_guarded(void *arg)
{
    cv_upgrading_t  *upgrading = arg;

    cv_str_t         value;
    cv_txn_t        *txn;
    cv_store_t      *store;
    cv_reader_t      r;

    store = upgrading->store;

    upgrading->err = cv_txn_begin(&txn, store, upgrading->error);
    if (upgrading->err != CV_OK) {
        return;
    }

    value = CV_ABSENT;
    (void) cv_table_get(txn, CV_TABLE_META, CV_STR("format"), &value);

    r = cv_reader(value);
    store->format = cv_read_u32(&r);

    upgrading->upgrade->from = store->format;
    upgrading->upgrade->to = CV_STORE_FORMAT;

    if (store->format >= CV_STORE_FORMAT) {
        upgrading->err = cv_store_check_format(store, upgrading->error);
        cv_txn_abort(txn);
        return;
    }

    cv_upgrade_steps(txn, upgrading->upgrade);

    upgrading->err = cv_txn_commit(txn, upgrading->error);

    if (upgrading->err == CV_ERR_DAMAGED) {
        (void) cv_error_set(upgrading->error, CV_ERR_DAMAGED,
                            "%s: a record is damaged; run the \"credverify "
                            "check\" of the version that made the store",
                            store->dir);
    }
}


cv_err_t
cv_store_upgrade(const char *dir, cv_upgrade_t *upgrade, cv_error_t *error)
{
    cv_err_t         err;
    cv_store_t      *store;
    cv_upgrading_t   upgrading;

    err = cv_store_open_any(&store, dir, error);
    if (err != CV_OK) {
        return err;
    }

    upgrading = (cv_upgrading_t) { store, upgrade, error, CV_OK };

    err = cv_store_guard(store, cv_upgrade_guarded, &upgrading);

    if (err != CV_OK) {
        /* the transaction is left as it is: only exit can come now */
        return cv_error_set(error, err, "%s: the file is damaged and cannot "
                            "be read; restore a backup", dir);
    }

    cv_store_close(store);

    return upgrading.err;
}
