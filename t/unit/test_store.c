
/*
 * Copyright (C) The credverify authors
 */

#include "cv_codec.h"
#include "fixture.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char  *program;


static void
test_create_twice(void **state)
{
    test_t  *test = *state;

    assert_int_equal(test_create(test->dir), CV_ERR_EXISTS);
}


static void
test_create_elsewhere(void **state)
{
    int          fd;
    char         path[128];
    struct stat  before, after;
    char         dir[] = "/tmp/cv_test_store.XXXXXX";

    (void) state;

    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/theirs", dir);

    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_not_equal(fd, -1);
    (void) close(fd);

    assert_int_equal(stat(dir, &before), 0);
    assert_int_equal(test_create(dir), CV_ERR_EXISTS);
    assert_non_null(strstr(error.text, "not empty"));

    assert_int_equal(stat(dir, &after), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);

    /* nor what is no directory, or in none */

    fd = open(dir, O_CREAT | O_WRONLY, 0600);
    assert_int_not_equal(fd, -1);
    (void) close(fd);

    assert_int_equal(test_create(dir), CV_ERR_IO);
    assert_int_equal(unlink(dir), 0);

    (void) snprintf(path, sizeof(path), "%s/in/none", dir);
    assert_int_equal(test_create(path), CV_ERR_MISSING);
}


static void
test_create_modes(void **state)
{
    char         path[128];
    test_t      *test = *state;
    struct stat  st;

    assert_int_equal(stat(test->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 02770);

    test_path(path, test, "data.mdb");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}


static void
test_find(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    uint64_t          iid;
    cv_token_t        token;
    cv_credential_t   credential;

    fill(test);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c1")), 1);
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("C1")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_NUMBER, CV_STR("AB-1")), 1);
    assert_int_equal(cv_find(txn, CV_HANDLE_NUMBER, CV_STR("ab-1")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_PUBLIC_ID, CV_STR("ab-1")), 1);
    assert_int_equal(cv_find(txn, CV_HANDLE_PUBLIC_ID, CV_STR("Ab-1")), 1);

    assert_true(cv_get_by_id(txn, CV_CREDENTIAL, CV_STR("one"), &credential,
                             &iid));
    assert_int_equal(iid, 1);
    assert_int_equal(credential.class.iid, 1);
    assert_false(cv_present(credential.class.id));

    cv_unresolve(txn, CV_CREDENTIAL, &credential);
    assert_true(cv_str_eq(credential.class.id, CV_STR("class")));

    assert_true(cv_get_token(txn, hash, &token));
    assert_int_equal(token.credential.iid, 1);
    assert_false(cv_get_token(txn, CV_STR("short"), &token));

    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);

    cv_snapshot_close(txn);
}


static void
test_upsert(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);

    txn = begin(test);
    assert_int_equal(put_credential(txn, "one", "c3", NULL), 1);
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c1")), 0);
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c3")), 1);
    assert_int_equal(cv_find(txn, CV_HANDLE_NUMBER, CV_STR("AB-1")), 0);
    commit(txn);

    assert_int_equal(check(test), 0);
}


static void
test_conflict(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    fill(test);

    txn = begin(test);
    assert_int_equal(put_credential(txn, "three", "c1", NULL), 0);
    assert_int_equal(cv_txn_err(txn, &error), CV_ERR_CONFLICT);
    assert_string_equal(error.text, "credential: member \"code\": \"c1\" "
                        "belongs to another credential already");
    assert_int_equal(cv_find(txn, CV_HANDLE_CODE, CV_STR("c2")), 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_CONFLICT);

    assert_int_equal(check(test), 0);
}


static void
test_unknown_reference(void **state)
{
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_token_t   token;

    memset(&token, 0, sizeof(token));
    token.hash = hash;
    token.credential.id = CV_STR("nobody");

    txn = begin(test);
    assert_int_equal(cv_resolve(txn, CV_TOKEN, &token, &error), CV_ERR_INPUT);
    assert_string_equal(error.text, "token: member \"credential\": there is "
                        "no credential \"nobody\"");
    commit(txn);
}


static void
test_unchanged(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   before, after;

    fill(test);

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &before), CV_OK);
    assert_int_equal(before.records[CV_CREDENTIAL], 2);
    assert_int_equal(before.records[CV_TOKEN], 1);
    assert_int_equal(before.changes, 6);
    assert_int_equal(before.last_change, 6);
    assert_true(before.changed_at > 0);

    assert_int_equal(put_credential(txn, "one", "c1", "AB-1"), 1);
    assert_int_equal(cv_store_stat(txn, &after), CV_OK);
    assert_int_equal(after.last_change, 6);
    commit(txn);
}


/* what is remembered is what is there, whatever is asked for next */

static void
test_memo(void **state)
{
    int               i, round;
    char              id[32];
    test_t           *test = *state;
    uint8_t           secret[2][CV_TOKEN_HASH_LEN];
    cv_txn_t         *txn, *snapshot;
    cv_token_t        token;
    cv_credential_t   credential;

    enum { MANY = 3000 };

    fill(test);

    /* two tokens that begin alike */

    memset(secret, 7, sizeof(secret));
    secret[1][CV_TOKEN_HASH_LEN - 1] = 8;

    txn = begin(test);

    for (i = 0; i < MANY; i++) {
        (void) snprintf(id, sizeof(id), "many-%d", i);
        assert_int_equal(put_credential(txn, id, NULL, NULL), 3 + i);
    }

    put_token(txn, "one", cv_str(secret[0], CV_TOKEN_HASH_LEN));
    put_token(txn, "two", cv_str(secret[1], CV_TOKEN_HASH_LEN));
    commit(txn);

    assert_int_equal(cv_snapshot_open(&snapshot, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_remember(snapshot), CV_OK);

    for (round = 0; round < 3; round++) {
        assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);

        for (i = 0; i < MANY; i++) {
            (void) snprintf(id, sizeof(id), "many-%d", i);
            assert_true(cv_get(snapshot, CV_CREDENTIAL, (uint64_t) (3 + i),
                               &credential));
            assert_true(cv_str_eq(credential.id, cv_str_z(id)));
        }

        for (i = 0; i < 2; i++) {
            assert_true(cv_get_token(snapshot,
                                     cv_str(secret[i], CV_TOKEN_HASH_LEN),
                                     &token));
            assert_int_equal(token.credential.iid, 1 + i);
        }

        secret[0][CV_TOKEN_HASH_LEN - 1] = 9;
        assert_false(cv_get_token(snapshot, cv_str(secret[0], CV_TOKEN_HASH_LEN),
                                  &token));
        secret[0][CV_TOKEN_HASH_LEN - 1] = 7;

        /* a number that another kind has, too */
        assert_false(cv_get(snapshot, CV_ISSUER, 3, &credential));
    }

    /* and no longer, once there is a commit */

    txn = begin(test);
    assert_int_equal(put_credential(txn, "many-0", "new", NULL), 3);
    assert_true(cv_delete_token(txn, cv_str(secret[1], CV_TOKEN_HASH_LEN)));
    commit(txn);

    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_true(cv_get(snapshot, CV_CREDENTIAL, 3, &credential));
    assert_true(cv_str_eq(credential.code, CV_STR("new")));
    assert_false(cv_get_token(snapshot, cv_str(secret[1], CV_TOKEN_HASH_LEN),
                              &token));

    cv_snapshot_close(snapshot);
}


static void
test_snapshot(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn, *snapshot;
    uint64_t   version;

    fill(test);

    assert_int_equal(cv_snapshot_open(&snapshot, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);

    txn = begin(test);
    assert_int_equal(put_credential(txn, "three", "c3", NULL), 3);
    commit(txn);

    assert_int_equal(cv_find(snapshot, CV_HANDLE_CODE, CV_STR("c3")), 0);

    version = cv_snapshot_version(snapshot);

    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_int_equal(cv_snapshot_version(snapshot), version + 1);
    assert_int_equal(cv_find(snapshot, CV_HANDLE_CODE, CV_STR("c3")), 3);

    /* as it is, and after a reset */

    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_int_equal(cv_snapshot_version(snapshot), version + 1);

    cv_snapshot_reset(snapshot);
    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_int_equal(cv_find(snapshot, CV_HANDLE_CODE, CV_STR("c3")), 3);

    cv_snapshot_close(snapshot);
}


static void
test_links(void **state)
{
    test_t       *test = *state;
    cv_str_t      to;
    cv_txn_t     *txn;
    cv_walk_t     walk;
    cv_reader_t   r;

    fill(test);

    txn = begin(test);

    cv_links_open(&walk, txn, CV_LINK_HOLDER_CREDENTIAL, 1);
    assert_true(cv_links_next(&walk, &to));
    r = cv_reader(to);
    assert_int_equal(cv_read_u64(&r), 1);
    assert_true(cv_links_next(&walk, &to));
    r = cv_reader(to);
    assert_int_equal(cv_read_u64(&r), 2);
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    cv_links_open(&walk, txn, CV_LINK_CREDENTIAL_TOKEN, 1);
    assert_true(cv_links_next(&walk, &to));
    assert_true(cv_str_eq(to, hash));
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER, CV_STR("wallet"));
    assert_true(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER, CV_STR("wall"));
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    assert_true(cv_delete_token(txn, hash));
    assert_false(cv_delete_token(txn, hash));

    cv_links_open(&walk, txn, CV_LINK_CREDENTIAL_TOKEN, 1);
    assert_false(cv_links_next(&walk, &to));
    cv_walk_close(&walk);

    commit(txn);

    assert_int_equal(check(test), 0);
}


/* Opens a walk over what holder 2 has, or over who has the wallet. */

static void
open_links(cv_walk_t *walk, cv_txn_t *txn, bool text)
{
    if (text) {
        cv_links_open_text(walk, txn, CV_LINK_WALLET_HOLDER,
                           CV_STR("wallet"));
    } else {
        cv_links_open(walk, txn, CV_LINK_HOLDER_CREDENTIAL, 2);
    }
}


static size_t
read_links(cv_walk_t *walk, uint64_t *numbers)
{
    size_t       n;
    cv_str_t     to;
    cv_reader_t  r;

    for (n = 0; cv_links_next(walk, &to); n++) {
        assert_in_range(n, 0, 299);
        r = cv_reader(to);
        numbers[n] = cv_read_u64(&r);
    }

    assert_false(cv_links_next(walk, &to));
    cv_walk_close(walk);

    return n;
}


/* Downwards from anywhere: what is below there, the other way round. */

static void
test_links_down(void **state)
{
    int              i, text;
    char             id[16];
    test_t          *test = *state;
    size_t           n, below, j;
    uint64_t         before, up[300], down[300];
    cv_txn_t        *txn;
    cv_walk_t        walk;
    cv_holder_t      holder;
    cv_credential_t  credential;

    fill(test);

    txn = begin(test);

    for (i = 0; i < 300; i++) {
        (void) snprintf(id, sizeof(id), "h%d", i);

        memset(&holder, 0, sizeof(holder));
        holder.id = cv_str_z(id);
        holder.wallet = i % 3 == 0 ? CV_STR("wallet")
                      : i % 3 == 1 ? CV_STR("wallet2") : CV_STR("walle");
        assert_true(cv_put(txn, CV_HOLDER, &holder) > 0);
    }

    for (i = 0; i < 300; i++) {
        (void) snprintf(id, sizeof(id), "k%d", i);

        memset(&credential, 0, sizeof(credential));
        credential.id = cv_str_z(id);
        credential.class.id = CV_STR("class");
        credential.holder.id = i % 3 == 0 ? CV_STR("h0")
                             : i % 3 == 1 ? CV_STR("h1") : CV_STR("holder");
        assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                         CV_OK);
        assert_true(cv_put(txn, CV_CREDENTIAL, &credential) > 0);
    }

    commit(txn);
    txn = begin(test);

    for (text = 0; text <= 1; text++) {
        open_links(&walk, txn, text);
        n = read_links(&walk, up);
        assert_int_equal(n, text ? 101 : 100);

        for (before = 0; before < 400; before++) {
            open_links(&walk, txn, text);
            cv_links_down(&walk, before == 399 ? UINT64_MAX : before);

            for (below = 0; below < n
                            && (before == 399 || up[below] < before); below++)
            {
                /* void */
            }

            assert_int_equal(read_links(&walk, down), below);

            for (j = 0; j < below; j++) {
                assert_int_equal(down[j], up[below - 1 - j]);
            }
        }
    }

    /* nothing is there, and nothing could be */

    cv_links_open(&walk, txn, CV_LINK_HOLDER_CREDENTIAL, 999);
    cv_links_down(&walk, UINT64_MAX);
    assert_int_equal(read_links(&walk, down), 0);

    cv_links_open_text(&walk, txn, CV_LINK_WALLET_HOLDER,
                       cv_str(test, CV_HANDLE_MAX + 1));
    cv_links_down(&walk, UINT64_MAX);
    assert_int_equal(read_links(&walk, down), 0);

    commit(txn);
}


static void
test_walk(void **state)
{
    test_t       *test = *state;
    cv_txn_t     *txn;
    uint64_t      iid, n;
    cv_walk_t     walk;
    cv_record_t   record;

    fill(test);

    txn = begin(test);

    n = 0;
    cv_walk_open(&walk, txn, CV_CREDENTIAL);

    while (cv_walk_next(&walk, &record, &iid)) {
        assert_int_equal(iid, ++n);
    }

    cv_walk_close(&walk);
    cv_txn_abort(txn);

    assert_int_equal(n, 2);
}


static uint64_t
put_key(cv_txn_t *txn, const char *id, cv_str_t key_hash)
{
    cv_api_key_t  key;

    memset(&key, 0, sizeof(key));
    key.id = cv_str_z(id);
    key.hash = key_hash;

    return cv_put(txn, CV_KEY, &key);
}


/* A key is found by its hash, which is its alone. */

static void
test_keys(void **state)
{
    test_t         *test = *state;
    cv_txn_t       *txn;
    cv_str_t        other;
    uint64_t        iid;
    cv_api_key_t    key;

    other = CV_STR("FEDCBA9876543210FEDCBA9876543210");

    txn = begin(test);
    assert_int_equal(put_key(txn, "a", hash), 1);
    assert_int_equal(put_key(txn, "b", other), 2);
    commit(txn);

    txn = begin(test);
    assert_true(cv_get_key_by_hash(txn, other, &key, &iid));
    assert_int_equal(iid, 2);
    assert_true(cv_str_eq(key.id, CV_STR("b")));

    assert_false(cv_get_key_by_hash(txn, CV_STR("short"), &key, &iid));
    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);

    /* another secret for the same key */

    assert_int_equal(put_key(txn, "b",
                             CV_STR("0000000000000000fedcba9876543210")), 2);
    assert_false(cv_get_key_by_hash(txn, other, &key, &iid));
    commit(txn);

    assert_int_equal(check(test), 0);

    txn = begin(test);
    assert_int_equal(put_key(txn, "c", hash), 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_CONFLICT);
    assert_string_equal(error.text, "key: member \"key_sha256\" belongs to "
                        "another key already");
}


static void
put_progress(cv_txn_t *txn, const char *holder, const char *class,
    int64_t practice)
{
    cv_progress_t  progress;

    memset(&progress, 0, sizeof(progress));
    progress.holder.id = cv_str_z(holder);
    progress.class.id = cv_str_z(class);
    progress.practice = (cv_int_t) { practice, true };

    assert_int_equal(cv_resolve(txn, CV_PROGRESS, &progress, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_PROGRESS, &progress), 1);
}


/* One for a holder and class, of whichever kind the other records are. */

static void
test_progress(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    uint64_t          n;
    cv_walk_t         walk;
    cv_class_t        class;
    cv_holder_t       holder;
    cv_progress_t     progress;
    cv_store_stat_t   stat;

    fill(test);

    txn = begin(test);

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("other");
    class.issuer.iid = 1;
    class.title = CV_STR("Other");
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 2);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("next");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 2);

    put_progress(txn, "next", "class", 7);
    put_progress(txn, "holder", "other", 8);
    put_progress(txn, "holder", "class", 9);
    put_progress(txn, "holder", "class", 10);

    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    assert_int_equal(stat.records[CV_PROGRESS], 3);

    assert_true(cv_get_progress(txn, 1, 1, &progress));
    assert_int_equal(progress.practice.value, 10);
    assert_false(progress.learn.present);
    assert_true(cv_get_progress(txn, 2, 1, &progress));
    assert_int_equal(progress.practice.value, 7);
    assert_false(cv_get_progress(txn, 2, 2, &progress));

    n = 0;
    cv_walk_open_progress(&walk, txn, 1);

    while (cv_walk_next(&walk, &progress, NULL)) {
        assert_int_equal(progress.holder.iid, 1);
        assert_int_equal(progress.class.iid, ++n);
    }

    cv_walk_close(&walk);
    assert_int_equal(n, 2);

    commit(txn);

    assert_int_equal(check(test), 0);
}


/* What is exported has no secrets, and must not remove them. */

static void
test_secret_stays(void **state)
{
    test_t        *test = *state;
    cv_txn_t      *txn;
    cv_record_t    record;
    cv_webhook_t   webhook;

    memset(&webhook, 0, sizeof(webhook));
    webhook.id = CV_STR("w");
    webhook.url = CV_STR("https://w.example/");
    webhook.secret = CV_STR("whsec_c2VjcmV0");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_WEBHOOK, &webhook), 1);
    commit(txn);

    webhook.secret = CV_ABSENT;
    webhook.url = CV_STR("https://x.example/");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_WEBHOOK, &webhook), 1);
    assert_true(cv_get(txn, CV_WEBHOOK, 1, &record));
    assert_true(cv_str_eq(record.webhook.url, webhook.url));
    assert_true(cv_str_eq(record.webhook.secret, CV_STR("whsec_c2VjcmV0")));
    commit(txn);

    /* but another one replaces it */

    webhook.secret = CV_STR("whsec_b3RoZXIh");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_WEBHOOK, &webhook), 1);
    assert_true(cv_get(txn, CV_WEBHOOK, 1, &record));
    assert_true(cv_str_eq(record.webhook.secret, webhook.secret));
    commit(txn);

    assert_int_equal(check(test), 0);
}


/* the file is overwritten behind the store's back, as a failing disk would */

static void
scribble(test_t *test, off_t offset, size_t len, uint8_t byte)
{
    int       fd;
    char      path[128];
    uint8_t  *bytes;

    test_path(path, test, "data.mdb");

    bytes = malloc(len);
    memset(bytes, byte, len);

    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, bytes, len, offset), (ssize_t) len);
    (void) close(fd);

    free(bytes);
}


static void
test_damaged_record(void **state)
{
    char              path[128], *map;
    test_t           *test = *state;
    FILE             *file;
    off_t             at;
    size_t            size;
    cv_txn_t         *txn;
    cv_class_t        class;

    fill(test);

    /* the title of the class, wherever a page has it */

    test_path(path, test, "data.mdb");
    file = fopen(path, "rb");
    map = malloc(TEST_MAP);
    size = fread(map, 1, TEST_MAP, file);
    (void) fclose(file);

    for (at = 0; (size_t) at + 5 < size; at++) {
        if (memcmp(map + at, "Class", 5) == 0) {
            scribble(test, at, 1, 'G');
        }
    }

    free(map);

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_false(cv_get(txn, CV_CLASS, 1, &class));
    assert_int_equal(cv_txn_err(txn, &error), CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "credverify check"));
    cv_snapshot_close(txn);

    /* the record, its handle and the link to it; and the sum of all */
    assert_int_equal(check(test), 4);
}


static void
test_truncated(void **state)
{
    char         path[128];
    test_t      *test = *state;
    cv_store_t  *again;

    fill(test);

    test_path(path, test, "data.mdb");
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);

    cv_store_close(test->store);
    test->store = NULL;

    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(cv_store_open(&again, test->dir, false, &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "truncated"));

    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(cv_store_open(&again, test->dir, true, &error),
                     CV_ERR_DAMAGED);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(cv_store_open(&again, test->dir, false, &error),
                     CV_ERR_MISSING);
}


static void
test_probe(void **state)
{
    char     path[128], other[] = "/tmp/cv_test_other.XXXXXX";
    test_t  *test = *state;

    test_path(path, test, "data.mdb");
    (void) close(mkstemp(other));

    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);

    assert_int_equal(rename(path, other), 0);
    assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);

    assert_int_equal(test_create(test->dir), CV_OK);
    assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);
    assert_non_null(strstr(error.text, "replaced"));

    (void) unlink(other);
}


static void
read_all(void *arg)
{
    cv_txn_t    *txn = arg;
    uint64_t     iid;
    cv_walk_t    walk;
    cv_record_t  record;

    cv_walk_open(&walk, txn, CV_CREDENTIAL);
    while (cv_walk_next(&walk, &record, &iid)) { /* void */ }
    cv_walk_close(&walk);
}


__attribute__((no_sanitize("undefined")))
static void
crash(void *arg)
{
    volatile int  *nowhere = arg;

    *nowhere = 1;
}


#define FAULTS  20

/*
 * Faults are tried in a process of their own, since the test runner has
 * signal handlers itself: a page vanishes under a reader, which must notice
 * and go on; then a bug, which must stay one.
 */

static cv_err_t
fault_store(const char *dir, cv_store_t **store)
{
    char      other[128];
    cv_err_t  err;

    (void) snprintf(other, sizeof(other), "%s/fresh", dir);

    if (test_create(other) != CV_OK) {
        return CV_ERR_IO;
    }

    err = cv_store_open(store, other, false, &error);

    (void) snprintf(other, sizeof(other), "rm -r %s/fresh", dir);

    return system(other) == 0 ? err : CV_ERR_IO;
}


/* a file that is cut short before or while it is read, and whole again */

typedef struct {
    const char  *path;
    cv_txn_t    *txn;
    bool         late;
    size_t       len;
    uint8_t      bytes[TEST_MAP];
} cut_t;


static void
read_cut(void *arg)
{
    cut_t        *cut = arg;
    uint64_t      iid;
    cv_walk_t     walk;
    cv_record_t   record;

    if (cut->late) {
        cv_walk_open(&walk, cut->txn, CV_CREDENTIAL);
        (void) cv_walk_next(&walk, &record, &iid);
    }

    if (truncate(cut->path, 2 * 4096) != 0) {
        return;
    }

    if (!cut->late) {
        cv_walk_open(&walk, cut->txn, CV_CREDENTIAL);
    }

    while (cv_walk_next(&walk, &record, &iid)) { /* void */ }
    cv_walk_close(&walk);
}


static bool
cut_file(cut_t *cut, bool restore)
{
    FILE    *file;
    size_t   n;

    file = fopen(cut->path, restore ? "r+" : "r");
    if (file == NULL) {
        return false;
    }

    n = restore ? fwrite(cut->bytes, 1, cut->len, file)
                : fread(cut->bytes, 1, sizeof(cut->bytes), file);

    cut->len = n;

    return fclose(file) == 0 && n > 0;
}


/* a worker that meets them again and again keeps nothing of each */

static bool
fault_cut(const char *path, cv_store_t *store, cv_txn_t *txn)
{
    int           i;
    size_t        used[FAULTS];
    static cut_t  cut;

    cut.path = path;
    cut.txn = txn;

    if (!cut_file(&cut, false)) {
        return false;
    }

    for (i = 0; i < FAULTS; i++) {
        cut.late = i % 2;

        if (cv_snapshot_renew(txn) != CV_OK
            || cv_store_guard(store, read_cut, &cut) != CV_ERR_DAMAGED
            || !cut_file(&cut, true))
        {
            return false;
        }

        cv_snapshot_reset(txn);
        used[i] = mallinfo2().uordblks;
    }

    return used[FAULTS - 1] == used[FAULTS / 2];
}


static int
fault(const char *dir)
{
    int          i;
    char         path[128];
    size_t       used[FAULTS];
    cv_txn_t    *txn;
    cv_store_t  *store;

    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);

    if (cv_store_open(&store, dir, false, &error) != CV_OK
        || cv_snapshot_open(&txn, store, &error) != CV_OK
        || cv_snapshot_renew(txn) != CV_OK
        || cv_store_guard(store, read_all, txn) != CV_OK)
    {
        return 2;
    }

    if (!fault_cut(path, store, txn)) {
        return 3;
    }

    if (truncate(path, 2 * 4096) != 0
        || cv_snapshot_renew(txn) != CV_OK
        || cv_store_guard(store, read_all, txn) != CV_ERR_DAMAGED
        || cv_store_guard(store, read_all, txn) != CV_ERR_DAMAGED)
    {
        return 3;
    }

    /* it cannot be opened any more, which must be no crash either */

    cv_snapshot_close(txn);
    cv_store_close(store);

    for (i = 0; i < FAULTS; i++) {

        if (cv_store_open(&store, dir, true, &error) != CV_ERR_DAMAGED
            || cv_store_open(&store, dir, false, &error) != CV_ERR_DAMAGED)
        {
            return 6;
        }

        used[i] = mallinfo2().uordblks;
    }

    if (used[FAULTS - 1] != used[FAULTS / 2]) {
        return 8;
    }

    if (fault_store(dir, &store) != CV_OK) {
        return 7;
    }

    return cv_store_guard(store, crash, NULL) == CV_OK ? 4 : 5;
}


static void
test_guard(void **state)
{
    int      status;
    char     option[] = "--fault", *argv[4];
    pid_t    pid;
    test_t  *test = *state;

    fill(test);

    pid = fork();

    if (pid == 0) {
        /* AddressSanitizer would make an exit of a fault */
        (void) setenv("ASAN_OPTIONS", "handle_segv=0:handle_sigbus=0", 1);

        argv[0] = program;
        argv[1] = option;
        argv[2] = test->dir;
        argv[3] = NULL;
        (void) execv(program, argv);
        _exit(6);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}


static void
test_full(void **state)
{
    int          i, put;
    char         id[32];
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_holder_t  holder;
    char         name[4000];

    memset(name, 'n', sizeof(name));
    memset(&holder, 0, sizeof(holder));
    holder.name = cv_str(name, sizeof(name));

    txn = begin(test);

    for (put = 0, i = 0; i < 10000; i++) {
        (void) snprintf(id, sizeof(id), "h%d", i);
        holder.id = cv_str_z(id);
        put += cv_put(txn, CV_HOLDER, &holder) != 0;
    }

    assert_in_range(put, 100, 9999);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_FULL);
    assert_non_null(strstr(error.text, "--map-size"));

    assert_int_equal(check(test), 0);
    fill(test);
}


/* who writes is known to bulk work until it ends, whatever the end */

static void
test_turn(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;

    assert_false(cv_store_wanted(test->store));

    txn = begin(test);
    assert_true(cv_store_wanted(test->store));
    commit(txn);
    assert_false(cv_store_wanted(test->store));

    txn = begin(test);
    cv_txn_abort(txn);
    assert_false(cv_store_wanted(test->store));
}


int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--fault") == 0) {
        return fault(argv[2]);
    }

    program = argv[0];

    const struct CMUnitTest  tests[] = {
        TEST(test_create_twice),
        TEST(test_create_elsewhere),
        TEST(test_create_modes),
        TEST(test_find),
        TEST(test_upsert),
        TEST(test_conflict),
        TEST(test_unknown_reference),
        TEST(test_unchanged),
        TEST(test_memo),
        TEST(test_snapshot),
        TEST(test_links),
        TEST(test_links_down),
        TEST(test_walk),
        TEST(test_keys),
        TEST(test_progress),
        TEST(test_secret_stays),
        TEST(test_damaged_record),
        TEST(test_truncated),
        TEST(test_probe),
        TEST(test_guard),
        TEST(test_full),
        TEST(test_turn),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
