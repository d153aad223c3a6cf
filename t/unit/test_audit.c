
/*
 * Copyright (C) The credverify authors
 */

#include "cv_store.h"
#include "fixture.h"

#include <lmdb.h>

#include <stdio.h>

#define KEY_LEN  17

static const cv_str_t  other_hash = {
    (const uint8_t *) "fedcba9876543210fedcba9876543210", CV_TOKEN_HASH_LEN
};


/*
 * The entries of a record as "ACTOR ACTION FROM>TO TOKEN, ...", "-" for what
 * an entry has not.
 */

static const char *
trail(cv_txn_t *txn, cv_kind_t kind, uint64_t iid)
{
    size_t       len;
    uint64_t     sequence;
    cv_walk_t    walk;
    cv_audit_t   entry;
    static char  text[4096];

    len = 0;
    sequence = 0;
    text[0] = '\0';

    cv_audit_open(&walk, txn, kind, iid);

    while (cv_audit_next(&walk, &entry)) {
        len += (size_t) snprintf(text + len, sizeof(text) - len,
                   "%s%.*s %s %s>%s %.*s", len > 0 ? ", " : "",
                   CV_FMT(entry.actor), cv_action_names[entry.action],
                   entry.from == -1 ? "-" : cv_status_names[entry.from],
                   entry.to == -1 ? "-" : cv_status_names[entry.to],
                   cv_present(entry.token) ? (int) entry.token.len : 1,
                   cv_present(entry.token) ? (const char *) entry.token.data
                                           : "-");

        assert_int_equal(entry.kind, kind);
        assert_int_equal(entry.iid, iid);
        assert_true(entry.sequence > sequence);
        assert_true(cv_time_now() - entry.at < 60 * CV_SECOND);
        assert_true(entry.at <= cv_time_now());

        sequence = entry.sequence;
    }

    cv_walk_close(&walk);
    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);

    return text;
}


static void
expect_trail(test_t *test, cv_kind_t kind, uint64_t iid, const char *expected)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_string_equal(trail(txn, kind, iid), expected);
    cv_snapshot_close(txn);
}


static cv_txn_t *
begin_as(test_t *test, const char *actor)
{
    cv_txn_t  *txn;

    txn = begin(test);
    cv_txn_actor(txn, cv_str_z(actor));

    return txn;
}


static void
put_status(cv_txn_t *txn, const char *id, cv_status_t status)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { status, true };

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_int_not_equal(cv_put(txn, CV_CREDENTIAL, &credential), 0);
}


static void
test_created(void **state)
{
    test_t  *test = *state;

    fill(test);

    expect_trail(test, CV_ISSUER, 1, " created ->- -");
    expect_trail(test, CV_CLASS, 1, " created ->- -");
    expect_trail(test, CV_HOLDER, 1, " created ->- -");
    expect_trail(test, CV_CREDENTIAL, 1,
                 " created ->issued -,  token_made ->- 01234567");
    expect_trail(test, CV_CREDENTIAL, 2, " created ->issued -");
    expect_trail(test, CV_CREDENTIAL, 3, "");
    expect_trail(test, CV_TIER, 1, "");
    assert_int_equal(check(test), 0);
}


static void
test_status(void **state)
{
    int        status;
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);

    for (status = CV_STATUS_DRAFT; status < CV_STATUSES; status++) {
        txn = begin_as(test, "cli:jo");
        put_status(txn, "three", (cv_status_t) status);
        /* what is there already is no change */
        put_status(txn, "three", (cv_status_t) status);
        commit(txn);
    }

    txn = begin_as(test, "key:acme");
    put_status(txn, "three", CV_STATUS_DRAFT);
    cv_txn_abort(txn);

    txn = begin_as(test, "key:acme");
    put_status(txn, "three", CV_STATUS_DRAFT);
    commit(txn);

    expect_trail(test, CV_CREDENTIAL, 3,
                 "cli:jo created ->draft -, "
                 "cli:jo pending draft>pending -, "
                 "cli:jo issued pending>issued -, "
                 "cli:jo claimed issued>claimed -, "
                 "cli:jo used claimed>used -, "
                 "cli:jo refunded used>refunded -, "
                 "cli:jo revoked refunded>revoked -, "
                 "key:acme changed revoked>draft -");
    assert_int_equal(check(test), 0);
}


static void
test_changed(void **state)
{
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_holder_t   holder;

    fill(test);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");
    holder.name = CV_STR("Jo");

    txn = begin_as(test, "cli:jo");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
    assert_int_equal(put_credential(txn, "one", "c3", NULL), 1);
    commit(txn);

    expect_trail(test, CV_HOLDER, 1, " created ->- -, cli:jo changed ->- -");
    expect_trail(test, CV_CREDENTIAL, 1,
                 " created ->issued -,  token_made ->- 01234567, "
                 "cli:jo changed issued>issued -");
}


static void
test_tokens(void **state)
{
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_token_t   token;

    fill(test);

    memset(&token, 0, sizeof(token));
    token.hash = hash;
    token.credential.iid = 2;
    token.privacy = (cv_int_t) { CV_PRIVACY_MASKED, true };

    txn = begin_as(test, "cli:jo");
    put_token(txn, "two", other_hash);
    put_token(txn, "two", hash);                        /* moves */
    assert_int_equal(cv_put(txn, CV_TOKEN, &token), 1);
    assert_true(cv_delete_token(txn, other_hash));
    assert_false(cv_delete_token(txn, other_hash));
    commit(txn);

    expect_trail(test, CV_CREDENTIAL, 1,
                 " created ->issued -,  token_made ->- 01234567, "
                 "cli:jo token_revoked ->- 01234567");
    expect_trail(test, CV_CREDENTIAL, 2,
                 " created ->issued -, "
                 "cli:jo token_made ->- fedcba98, "
                 "cli:jo token_made ->- 01234567, "
                 "cli:jo changed ->- 01234567, "
                 "cli:jo token_revoked ->- fedcba98");
    assert_int_equal(check(test), 0);
}


/* An import is an import, whatever it changes; of tokens it leaves nothing. */

static void
test_imported(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);

    txn = begin_as(test, "cli:jo");
    cv_txn_action(txn, CV_ACTION_IMPORTED);
    put_status(txn, "one", CV_STATUS_REVOKED);
    put_status(txn, "three", CV_STATUS_DRAFT);
    put_token(txn, "three", other_hash);
    cv_txn_action(txn, CV_ACTION_AUTO);
    put_status(txn, "three", CV_STATUS_ISSUED);
    commit(txn);

    expect_trail(test, CV_CREDENTIAL, 1,
                 " created ->issued -,  token_made ->- 01234567, "
                 "cli:jo imported issued>revoked -");
    expect_trail(test, CV_CREDENTIAL, 3,
                 "cli:jo imported ->draft -, cli:jo issued draft>issued -");
    assert_int_equal(check(test), 0);
}


/* Each record finds its own entries, whatever its number looks like. */

static void
test_many(void **state)
{
    int        i, n;
    char       id[16], expected[64];
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);

    for (n = 0; n < 3; n++) {
        txn = begin_as(test, n == 0 ? "a" : n == 1 ? "b" : "c");

        for (i = 3; i < 600; i++) {
            (void) snprintf(id, sizeof(id), "c%d", i);
            put_status(txn, id, n == 0 ? CV_STATUS_DRAFT
                                : i % 2 ? CV_STATUS_ISSUED : CV_STATUS_DRAFT);
        }

        commit(txn);
    }

    for (i = 3; i < 600; i++) {
        (void) snprintf(expected, sizeof(expected), "a created ->draft -%s",
                        i % 2 ? ", b issued draft>issued -" : "");
        expect_trail(test, CV_CREDENTIAL, (uint64_t) i, expected);
    }

    assert_int_equal(check(test), 0);
}


static void
test_actor(void **state)
{
    char       actor[CV_ACTOR_MAX + 1], expected[CV_ACTOR_MAX + 64];
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);
    memset(actor, 'a', sizeof(actor));

    txn = begin(test);
    cv_txn_actor(txn, cv_str(actor, CV_ACTOR_MAX));
    put_token(txn, "two", other_hash);
    commit(txn);

    (void) snprintf(expected, sizeof(expected), " created ->issued -, %.*s "
                    "token_made ->- fedcba98", (int) CV_ACTOR_MAX, actor);
    expect_trail(test, CV_CREDENTIAL, 2, expected);

    txn = begin(test);
    cv_txn_actor(txn, cv_str(actor, sizeof(actor)));
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c2")), 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_LIMIT);
    assert_int_equal(check(test), 0);
}


/* A record in the place of another keeps its number, its links, its trail. */

static void
test_rename(void **state)
{
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_walk_t     walk;
    cv_str_t      to;
    cv_holder_t   holder;

    fill(test);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("another");
    holder.wallet = CV_STR("purse");

    txn = begin_as(test, "cli:jo");
    assert_true(cv_rename(txn, CV_HOLDER, 1, &holder));
    commit(txn);

    txn = begin(test);
    assert_int_equal(cv_find(txn, CV_HANDLE_HOLDER_ID, CV_STR("holder")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_HOLDER_ID, holder.id), 1);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER, CV_STR("wallet"));
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER, CV_STR("purse"));
    assert_true(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    /* an id that somebody has is nobody else's */

    holder.id = CV_STR("two");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 2);
    assert_false(cv_rename(txn, CV_HOLDER, 1, &holder));
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_CONFLICT);

    expect_trail(test, CV_HOLDER, 1, " created ->- -, cli:jo changed ->- -");
    assert_int_equal(check(test), 0);
}


typedef struct {
    uint8_t   key[KEY_LEN];
    uint8_t   value[64];
    size_t    len;
} entry_t;


/* into the store's files, as a bug or a failing disk would */

static MDB_txn *
intrude(test_t *test, const char *table, MDB_dbi *dbi)
{
    MDB_env  *env;
    MDB_txn  *txn;

    cv_store_close(test->store);

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, test->dir, 0, 0660), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, dbi), 0);

    return txn;
}


static void
leave(test_t *test, MDB_txn *txn)
{
    MDB_env  *env;

    env = mdb_txn_env(txn);

    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);

    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);
}


/* Replaces an entry; yields what it was. */

static void
replace(test_t *test, const uint8_t *key, const entry_t *by, entry_t *was)
{
    MDB_dbi   dbi;
    MDB_txn  *txn;
    MDB_val   k, v;

    txn = intrude(test, "audit", &dbi);

    k.mv_size = KEY_LEN;
    k.mv_data = (void *) (uintptr_t) key;
    assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);

    if (was != NULL) {
        assert_true(v.mv_size <= sizeof(was->value));
        memcpy(was->key, key, KEY_LEN);
        memcpy(was->value, v.mv_data, v.mv_size);
        was->len = v.mv_size;
    }

    if (by != NULL) {
        assert_int_equal(mdb_del(txn, dbi, &k, NULL), 0);
        k.mv_data = (void *) (uintptr_t) by->key;
        v.mv_data = (void *) (uintptr_t) by->value;
        v.mv_size = by->len;
        assert_int_equal(mdb_put(txn, dbi, &k, &v, MDB_NOOVERWRITE), 0);
    }

    leave(test, txn);
}


static void
expect_damage(test_t *test, const entry_t *good, const entry_t *bad)
{
    cv_txn_t   *txn;
    cv_walk_t   walk;
    cv_audit_t  entry;

    replace(test, good->key, bad, NULL);

    /* the entry, and the sum of all */
    assert_int_equal(check(test), 2);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    cv_audit_open(&walk, txn, CV_CREDENTIAL, 1);
    while (cv_audit_next(&walk, &entry)) { /* void */ }
    cv_walk_close(&walk);

    /* under another record's key it is only not there */

    if (memcmp(good->key, bad->key, KEY_LEN - 8) == 0) {
        assert_int_equal(cv_txn_err(txn, &error), CV_ERR_DAMAGED);
        assert_non_null(strstr(error.text, "audit trail is damaged"));
    }

    cv_snapshot_close(txn);

    replace(test, bad->key, good, NULL);
    assert_int_equal(check(test), 0);
}


/* every byte of an entry is looked after, and every length of one */

static void
test_damaged(void **state)
{
    size_t    i;
    test_t   *test = *state;
    entry_t   good, bad;

    static const uint8_t  key[KEY_LEN] = "\xff\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\4";

    fill(test);
    replace(test, key, NULL, &good);

    for (i = 0; i < KEY_LEN + good.len; i++) {
        bad = good;

        if (i < KEY_LEN) {
            bad.key[i] ^= (uint8_t) (1 << i % 8);
        } else {
            bad.value[i - KEY_LEN] ^= (uint8_t) (1 << i % 8);
        }

        expect_damage(test, &good, &bad);
    }

    for (i = 0; i < good.len; i++) {
        bad = good;
        bad.len = i;
        expect_damage(test, &good, &bad);
    }
}


/* what is about a record that never was */

static void
test_unknown(void **state)
{
    test_t   *test = *state;
    MDB_dbi   dbi;
    MDB_txn  *txn;
    MDB_val   k, v;

    static char  name[] = "next", none[] = "\0\0\0\0\0\0\0\1";

    fill(test);

    /* no number was given out, of whatever kind */

    txn = intrude(test, "meta", &dbi);

    k = (MDB_val) { sizeof(name) - 1, name };
    v = (MDB_val) { sizeof(none) - 1, none };
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);

    leave(test, txn);

    /* five records, and six entries of what was done to them */
    assert_int_equal(check(test), 5 + 6);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_created),
        TEST(test_status),
        TEST(test_changed),
        TEST(test_tokens),
        TEST(test_imported),
        TEST(test_many),
        TEST(test_actor),
        TEST(test_rename),
        TEST(test_damaged),
        TEST(test_unknown),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
