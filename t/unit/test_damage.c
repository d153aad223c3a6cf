
/*
 * Copyright (C) The credverify authors
 *
 * A store that is damaged, shared and raced for, in ways that take LMDB
 * itself, or other processes, to bring about.
 */

#include "cv_codec.h"
#include "cv_verify.h"
#include "fixture.h"

#include <lmdb.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* the problem that whoever goes round the store makes beside all others */
#define SUM  1

#define ONE  "00000000-0000-4000-8000-00000000cafe"
#define TWO  "00000000-0000-4000-8000-00000000beef"


static void
open_store(test_t *test)
{
    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_OK);
}


static void
close_store(test_t *test)
{
    cv_store_close(test->store);
    test->store = NULL;
}


/* filled, with public ids as issuers have them */

static int
setup_filled(void **state)
{
    cv_txn_t  *txn;

    if (setup(state) != 0) {
        return -1;
    }

    fill(*state);

    txn = begin(*state);
    (void) put_credential(txn, "one", "c1", ONE);
    (void) put_credential(txn, "two", "c2", TWO);
    commit(txn);

    return 0;
}


/* replaces a value of a table, or removes it, as a bug or a disk would */

static void
overwrite(test_t *test, const char *table, const void *key, size_t key_len,
    const void *value, size_t value_len)
{
    MDB_dbi   dbi;
    MDB_env  *env;
    MDB_txn  *txn;
    MDB_val   k, v;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, test->dir, 0, 0660), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);

    k.mv_size = key_len;
    k.mv_data = (void *) (uintptr_t) key;
    v.mv_size = value_len;
    v.mv_data = (void *) (uintptr_t) value;

    if (value != NULL) {
        assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    } else {
        assert_int_equal(mdb_del(txn, dbi, &k, NULL), 0);
    }

    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}


static cv_err_t
verify(test_t *test, cv_by_t by, const char *handle)
{
    cv_err_t           err;
    cv_txn_t          *txn;
    cv_request_t       request;
    cv_verifier_t     *verifier;
    cv_verification_t  out;

    memset(&request, 0, sizeof(request));
    request.by = by;
    request.handle = cv_str_z(handle);

    verifier = cv_verifier_new();
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    err = cv_verify(&out, verifier, txn, &request, 0);

    cv_snapshot_close(txn);
    cv_verifier_free(verifier);

    return err;
}


/* an index that leads to the wrong credential is damage, never a verdict */

static void
test_index(void **state)
{
    test_t  *test = *state;

    assert_int_equal(check(test), 0);
    assert_int_equal(verify(test, CV_BY_ID,
                            "00000000-0000-4000-8000-00000000CAFE"), CV_OK);

    close_store(test);
    overwrite(test, "handle", "\7" ONE, 37,
              "\0\0\0\0\0\0\0\2", 8);
    overwrite(test, "handle", "\5" "c1", 3, "\0\0\0\0\0\0\0\2", 8);
    open_store(test);

    assert_int_equal(verify(test, CV_BY_ID, ONE), CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_CODE, "c1"), CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_CODE, "c2"), CV_OK);

    /* each is missing to one record, and wrong for the other */
    assert_int_equal(check(test), 4 + SUM);
}


static void
missing_assertion(void *data, const char *problem)
{
    *(unsigned *) data += strstr(problem, ": it has no assertion") != NULL;
}


static void
test_assertions(void **state)
{
    test_t          *test = *state;
    unsigned         missing;
    uint64_t         iid, records;
    cv_txn_t        *txn;
    cv_assertion_t   assertion;

    static const char *const  ids[] = { "0123", "4567" };

    txn = begin(test);

    for (iid = 1; iid <= 2; iid++) {
        memset(&assertion, 0, sizeof(assertion));
        assertion.credential.iid = iid;
        assertion.id = cv_str_z(ids[iid - 1]);
        assertion.salt = CV_STR("salt");
        assert_int_not_equal(cv_put(txn, CV_ASSERTION, &assertion), 0);
    }

    commit(txn);

    assert_int_equal(check(test), 0);
    assert_int_equal(verify(test, CV_BY_ASSERTION, ids[0]), CV_OK);

    close_store(test);
    overwrite(test, "handle", "\15" "0123", 5, "\0\0\0\0\0\0\0\2", 8);
    open_store(test);

    assert_int_equal(verify(test, CV_BY_ASSERTION, ids[0]), CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_ASSERTION, ids[1]), CV_OK);
    assert_int_equal(check(test), 2 + SUM);

    /* a credential that has none, and a handle that leads to none */

    close_store(test);
    overwrite(test, "handle", "\15" "0123", 5, "\0\0\0\0\0\0\0\1", 8);
    overwrite(test, "assertion", "\0\0\0\0\0\0\0\1", 8, NULL, 0);
    open_store(test);

    assert_int_equal(verify(test, CV_BY_ASSERTION, ids[0]), CV_ERR_DAMAGED);
    assert_int_equal(verify(test, CV_BY_CODE, "c1"), CV_OK);
    assert_int_equal(check(test), 2 + SUM);

    missing = 0;
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    (void) cv_store_check(txn, missing_assertion, &missing, &records);
    cv_snapshot_close(txn);

    assert_int_equal(missing, 1);
}


/* keys and values of other lengths than any that were ever written */

static void
test_lengths(void **state)
{
    char     key[500];
    test_t  *test = *state;

    close_store(test);

    memset(key, 1, sizeof(key));
    overwrite(test, "credential", key, sizeof(key), "", 0);
    overwrite(test, "token", key, 1, key, sizeof(key));
    overwrite(test, "handle", key, sizeof(key), key, sizeof(key));
    overwrite(test, "handle", key, 1, "", 0);
    overwrite(test, "link", key, sizeof(key), "", 0);
    overwrite(test, "link", "\1", 1, "", 0);
    overwrite(test, "change", key, sizeof(key), "", 0);
    overwrite(test, "progress", key, 1, "", 0);
    overwrite(test, "sequence", key, sizeof(key), "", 0);
    overwrite(test, "credential", "\0\0\0\0\0\0\0\7", 8, key, 3);

    open_store(test);

    /* the last has a number that was never given out, and no record */
    assert_int_equal(check(test), 11 + SUM);
    assert_int_equal(verify(test, CV_BY_CODE, "c1"), CV_OK);
}


/* whole records, each in a place that is not its own */

static void
test_places(void **state)
{
    cv_buf_t        buf;
    test_t         *test = *state;
    cv_txn_t       *txn;
    cv_str_t        key;
    uint64_t        iid;
    cv_token_t      token;
    cv_api_key_t    record;
    cv_progress_t   progress;

    memset(&progress, 0, sizeof(progress));
    progress.holder.iid = 1;
    progress.class.iid = 1;

    memset(&token, 0, sizeof(token));
    token.hash = CV_STR("short");
    token.credential.iid = 1;

    memset(&record, 0, sizeof(record));
    record.hash = hash;
    record.id = CV_STR("a");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_PROGRESS, &progress), 1);
    assert_int_equal(cv_put(txn, CV_KEY, &record), 1);
    record.id = CV_STR("b");
    record.hash = CV_STR("FEDCBA9876543210FEDCBA9876543210");
    assert_int_equal(cv_put(txn, CV_KEY, &record), 2);
    commit(txn);

    assert_int_equal(check(test), 0);

    close_store(test);
    cv_buf_init(&buf, CV_RECORD_MAX);

    key = CV_STR("\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\2");
    cv_record_encode(&buf, CV_PROGRESS, key, &progress);
    overwrite(test, "progress", key.data, key.len, buf.data, buf.len);

    key = CV_STR("short");
    cv_buf_reset(&buf);
    cv_record_encode(&buf, CV_TOKEN, key, &token);
    overwrite(test, "token", key.data, key.len, buf.data, buf.len);

    overwrite(test, "handle", "\12FEDCBA9876543210FEDCBA9876543210", 33,
              "\0\0\0\0\0\0\0\1", 8);

    cv_buf_free(&buf);
    open_store(test);

    txn = begin(test);
    assert_false(cv_get_key_by_hash(txn, record.hash, &record, &iid));
    assert_int_equal(cv_txn_err(txn, NULL), CV_ERR_DAMAGED);
    cv_txn_abort(txn);

    /* two places, a link to a token, a key's handle and what it leads to */
    assert_int_equal(check(test), 5 + SUM);
}


/* a sequence that would give a number again */

static void
test_sequence_behind(void **state)
{
    cv_buf_t         buf;
    test_t          *test = *state;
    cv_txn_t        *txn;
    cv_str_t         key;
    cv_class_t       class;
    cv_sequence_t    sequence;

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("class");
    class.issuer.iid = 1;
    class.title = CV_STR("Class");
    class.number_format = CV_STR("AB-{seq}");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);
    assert_int_equal(put_credential(txn, "one", "c1", "AB-7"), 1);
    assert_int_equal(put_credential(txn, "two", "c2", "AB-8"), 2);
    commit(txn);

    assert_int_equal(check(test), 0);

    memset(&sequence, 0, sizeof(sequence));
    sequence.class.iid = 1;
    sequence.year = (cv_int_t) { 0, true };
    sequence.last = (cv_int_t) { 7, true };

    close_store(test);

    cv_buf_init(&buf, CV_RECORD_MAX);
    key = CV_STR("\0\0\0\0\0\0\0\1" "\0\0");
    cv_record_encode(&buf, CV_SEQUENCE, key, &sequence);
    overwrite(test, "sequence", key.data, key.len, buf.data, buf.len);
    cv_buf_free(&buf);

    open_store(test);

    assert_int_equal(check(test), 1 + SUM);
}


static void
test_links(void **state)
{
    test_t  *test = *state;

    close_store(test);
    overwrite(test, "link", "\2" "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\1", 17,
              "x", 1);
    open_store(test);

    assert_int_equal(check(test), 1 + SUM);
}


/*
 * A record that was right once, as in a page that was never written: it has
 * its checksum, and everything that leads to it, and is another's answer.
 */

static void
test_stale(void **state)
{
    cv_buf_t         buf;
    test_t          *test = *state;
    cv_txn_t        *txn;
    cv_str_t         key;
    cv_credential_t  credential;

    txn = begin(test);
    assert_true(cv_get(txn, CV_CREDENTIAL, 1, &credential));
    cv_buf_init(&buf, CV_RECORD_MAX);
    key = CV_STR("\0\0\0\0\0\0\0\1");
    cv_record_encode(&buf, CV_CREDENTIAL, key, &credential);
    cv_txn_abort(txn);

    txn = begin(test);
    memset(&credential, 0, sizeof(credential));
    credential.id = CV_STR("one");
    credential.class.iid = 1;
    credential.holder.iid = 1;
    credential.code = CV_STR("c1");
    credential.number = CV_STR(ONE);
    credential.public_id = CV_STR(ONE);
    credential.status = (cv_int_t) { CV_STATUS_PENDING, true };
    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 1);
    commit(txn);
    assert_int_equal(check(test), 0);

    close_store(test);
    overwrite(test, "credential", key.data, key.len, buf.data, buf.len);
    cv_buf_free(&buf);
    open_store(test);

    assert_int_equal(verify(test, CV_BY_CODE, "c1"), CV_OK);
    assert_int_equal(check(test), SUM);

    /* what is written later does not make it good */

    txn = begin(test);
    put_token(txn, "two", hash);
    commit(txn);
    assert_int_equal(check(test), SUM);
}


/* an entry that is gone, which nothing else tells */

static void
test_lost(void **state)
{
    test_t  *test = *state;

    close_store(test);
    overwrite(test, "change", "\0\0\0\0\0\0\0\1", 8, NULL, 0);
    open_store(test);

    assert_int_equal(check(test), SUM);
}


/* the file, for as long as nobody has it open */

typedef struct {
    char      path[128];
    uint8_t   bytes[64 * 4096];
    size_t    len;
} image_t;


static void
image_load(image_t *image, test_t *test)
{
    FILE  *file;

    close_store(test);
    test_path(image->path, test, "data.mdb");

    file = fopen(image->path, "rb");
    assert_non_null(file);
    image->len = fread(image->bytes, 1, sizeof(image->bytes), file);
    (void) fclose(file);

    assert_true(image->len > 2 * 4096 && image->len < sizeof(image->bytes));
}


static void
image_save(const image_t *image)
{
    FILE  *file;

    file = fopen(image->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes, 1, image->len, file), image->len);
    (void) fclose(file);
}


/*
 * Any bit of the pages that lead to all others: what LMDB would take for an
 * older state, and serve, is refused, or found by a check and by writers.
 */

static void
flip_metas(test_t *test)
{
    bool       txnid;
    size_t     i, at;
    cv_err_t   err;
    cv_txn_t  *txn;

    static image_t  image;

    image_load(&image, test);

    /* heads, metas, and in these, last, the number of the transaction */

    for (i = 0; i < 2 * 152 * 8; i++) {
        at = i / (152 * 8) * 4096 + i / 8 % 152;
        txnid = i / 8 % 152 >= 144;

        image.bytes[at] ^= (uint8_t) (1 << i % 8);
        image_save(&image);

        err = cv_store_open(&test->store, test->dir, true, &error);

        if (err == CV_OK) {
            assert_true(!txnid || check(test) > 0);
            assert_true(check(test) > 0
                        || verify(test, CV_BY_CODE, "c1") == CV_OK);

            err = cv_txn_begin(&txn, test->store, &error);
            assert_true(!txnid || err == CV_ERR_DAMAGED);

            if (err == CV_OK) {
                cv_txn_abort(txn);
            }

            close_store(test);

        } else {
            assert_true(err == CV_ERR_DAMAGED || err == CV_ERR_VERSION);
        }

        image.bytes[at] ^= (uint8_t) (1 << i % 8);
    }

    image_save(&image);
    open_store(test);
    assert_int_equal(check(test), 0);
}


static void
test_metas(void **state)
{
    int        i;
    test_t    *test = *state;
    cv_txn_t  *txn;

    flip_metas(test);

    /* numbers of which one bit makes the older state the newer one */

    for (i = 0; i < 2; i++) {
        txn = begin(test);
        put_token(txn, i == 0 ? "two" : "one", hash);
        commit(txn);
    }

    flip_metas(test);
}


/* where in the file the page is that has the first key of a table */

static size_t
find_leaf(test_t *test, const char *table)
{
    size_t       at;
    MDB_dbi      dbi;
    MDB_env     *env;
    MDB_txn     *txn;
    MDB_val      key, value;
    uint64_t     number;
    MDB_cursor  *cursor;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, test->dir, MDB_RDONLY, 0660), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);

    /* a page begins with its number */

    at = (uintptr_t) key.mv_data % 4096;
    memcpy(&number, (uint8_t *) key.mv_data - at, sizeof(number));

    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);

    return number * 4096;
}


/*
 * What is no damage, though it looks like it: a value that was replaced by a
 * shorter one before the commit keeps its pages.
 */

static void
test_shorter(void **state)
{
    size_t           i;
    test_t          *test = *state;
    cv_txn_t        *txn = NULL;
    cv_credential_t  credential;

    static uint8_t       text[30000];
    static const size_t  lengths[] = { 30000, 9000, 10, 0, 20000, 3 };

    memset(text, 'x', sizeof(text));

    for (i = 0; i < CV_COUNT(lengths); i++) {
        if (i % 3 == 0) {
            txn = begin(test);
        }

        memset(&credential, 0, sizeof(credential));
        credential.id = CV_STR("one");
        credential.class.iid = 1;
        credential.holder.iid = 1;
        credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
        credential.narrative = cv_str(text, lengths[i]);
        assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 1);

        if (i % 3 == 2) {
            commit(txn);
            assert_int_equal(check(test), 0);
        }
    }
}


/*
 * A page that would lead LMDB beyond the copy it makes: a writer and a backup
 * refuse it, with a word about what it is, and a check finds it.
 */

static void
test_page(void **state)
{
    int         fd;
    size_t      at;
    test_t     *test = *state;
    cv_txn_t   *txn;
    cv_token_t  token;

    static image_t  image;

    image_load(&image, test);
    at = find_leaf(test, "token");

    /* where its entries begin: behind its end */

    image.bytes[at + 15] |= 0x80;
    image_save(&image);

    open_store(test);
    assert_int_equal(check(test), 1);

    memset(&token, 0, sizeof(token));
    token.hash = CV_STR("00000000000000000000000000000000");
    token.credential.iid = 1;

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_TOKEN, &token), 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, " of table token has a head that is "
                                       "wrong; run \"credverify check\""));

    fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_int_equal(cv_store_copy(test->store, fd, "copy", &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "of table token has a head"));
    (void) close(fd);

    /* the rest of it can be changed */

    txn = begin(test);
    (void) put_credential(txn, "three", "c3", NULL);
    commit(txn);
    assert_int_equal(verify(test, CV_BY_CODE, "c3"), CV_OK);

    /* and all of it when the page is whole again */

    image_load(&image, test);
    image.bytes[at + 15] &= 0x7f;
    image_save(&image);
    open_store(test);
    assert_int_equal(check(test), 0);
}


/* a token that moves is a change of both credentials */

static void
test_token_moves(void **state)
{
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   before, after;

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &before), CV_OK);
    put_token(txn, "two", hash);
    assert_int_equal(cv_store_stat(txn, &after), CV_OK);
    commit(txn);

    assert_int_equal(after.last_change, before.last_change + 2);
    assert_int_equal(check(test), 0);
}


static void
test_lock_removed(void **state)
{
    char     path[128];
    test_t  *test = *state;

    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);

    test_path(path, test, "lock.mdb");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cv_store_probe(test->store, &error), CV_ERR_MISSING);

    close_store(test);
    open_store(test);
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);
}


static void
copy(const char *from, const char *to)
{
    char  command[300];

    (void) snprintf(command, sizeof(command), "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}


/* a process that does that and waits, with the store's lock file in use */

static pid_t
start(test_t *test, bool (*fn)(test_t *test, const image_t *image),
    const image_t *image)
{
    int    ends[2];
    char   byte;
    pid_t  pid;

    assert_int_equal(pipe(ends), 0);

    pid = fork();

    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

        if (fn(test, image)) {
            (void) !write(ends[1], "x", 1);
            (void) pause();
        }

        _exit(0);
    }

    (void) close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    (void) close(ends[0]);

    return pid;
}


static void
end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}


static bool
keep_open(test_t *test, const image_t *image)
{
    (void) image;

    return cv_store_open(&test->store, test->dir, true, &error) == CV_OK;
}


/* an older data file under a lock file that somebody keeps open */

static void
test_lock_of_another(void **state)
{
    int          i;
    char         data[128], old[128];
    pid_t        pid;
    test_t      *test = *state;
    cv_txn_t    *txn;
    cv_holder_t  holder;

    test_path(data, test, "data.mdb");
    test_path(old, test, "old.mdb");
    copy(data, old);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("another");
    holder.name = CV_STR("0");

    for (i = 0; i < 3; i++) {
        holder.name = cv_str("012" + i, 1);
        txn = begin(test);
        assert_true(cv_put(txn, CV_HOLDER, &holder) > 0);
        assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
    }

    close_store(test);

    pid = start(test, keep_open, NULL);
    assert_int_equal(rename(old, data), 0);

    assert_int_equal(cv_store_open(&test->store, test->dir, true, &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "remove lock.mdb"));
    assert_int_equal(cv_store_open(&test->store, test->dir, false, &error),
                     CV_ERR_DAMAGED);

    end(pid);

    open_store(test);
    assert_int_equal(check(test), 0);
}


/*
 * An older file, written over the one that is read: what is known of that is
 * not so any more.
 */

static void
test_written_over(void **state)
{
    int           i;
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_holder_t   holder;

    static image_t  image;

    image_load(&image, test);
    open_store(test);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");

    for (i = 0; i < 3; i++) {
        holder.name = cv_str("012" + i, 1);
        txn = begin(test);
        assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
        commit(txn);
    }

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    image_save(&image);

    assert_int_equal(cv_snapshot_renew(txn), CV_ERR_MISSING);
    assert_int_equal(cv_txn_err(txn, &error), CV_ERR_MISSING);
    assert_non_null(strstr(error.text, "data.mdb was written over"));
    cv_snapshot_close(txn);

    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "remove lock.mdb"));

    close_store(test);
    open_store(test);
    assert_int_equal(check(test), 0);
}


/* as far as a writer is that has written its commit, but did not say so */

static bool
write_half(test_t *test, const image_t *image)
{
    cv_txn_t  *txn;

    if (!keep_open(test, image)
        || cv_txn_begin(&txn, test->store, &error) != CV_OK)
    {
        return false;
    }

    image_save(image);

    return true;
}


/* the images before and after a commit that names the holder "new" */

static void
commit_between(test_t *test, image_t *before, image_t *after)
{
    cv_txn_t     *txn;
    cv_holder_t   holder;

    image_load(before, test);
    open_store(test);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");
    holder.name = CV_STR("new");

    txn = begin(test);
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 1);
    commit(txn);

    image_load(after, test);
}


static void
test_killed_late(void **state)
{
    pid_t         keeper;
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_holder_t   holder;

    static image_t  before, after;

    commit_between(test, &before, &after);
    assert_int_equal(truncate(before.path, 0), 0);
    image_save(&before);

    keeper = start(test, keep_open, NULL);
    end(start(test, write_half, &after));

    /* whoever comes next can write, after what was committed */

    open_store(test);
    txn = begin(test);
    assert_true(cv_get(txn, CV_HOLDER, 1, &holder));
    assert_true(cv_str_eq(holder.name, CV_STR("new")));
    put_token(txn, "two", hash);
    commit(txn);
    assert_int_equal(check(test), 0);

    end(keeper);
}


/* a data file that is one commit ahead, under a lock file in use */

static void
test_one_ahead(void **state)
{
    pid_t      keeper;
    test_t    *test = *state;
    cv_txn_t  *txn;

    static image_t  before, after;

    commit_between(test, &before, &after);
    assert_int_equal(truncate(before.path, 0), 0);
    image_save(&before);

    keeper = start(test, keep_open, NULL);
    image_save(&after);

    open_store(test);
    assert_int_equal(cv_txn_begin(&txn, test->store, &error), CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "remove lock.mdb"));

    end(keeper);
}


/* the lock file has no holes that a full disk could not fill */

static void
test_lock_room(void **state)
{
    char         path[128];
    test_t      *test = *state;
    struct stat  st;

    test_path(path, test, "lock.mdb");

    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_blocks * 512 >= st.st_size);

    /* not even one that another LMDB has made */

    close_store(test);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(path, 65536), 0);
    open_store(test);

    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_blocks * 512 >= st.st_size);
}


/* a store that is made where one was, while somebody still has that open */

static void
test_made_anew(void **state)
{
    char          path[128];
    test_t       *test = *state;
    cv_txn_t     *txn;
    cv_store_t   *old;
    cv_issuer_t   issuer;

    old = test->store;
    test_path(path, test, "data.mdb");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(test_create(test->dir), CV_OK);
    assert_int_equal(cv_store_probe(old, &error), CV_ERR_MISSING);

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("another");
    issuer.name = CV_STR("Another");

    open_store(test);
    txn = begin(test);
    assert_true(cv_put(txn, CV_ISSUER, &issuer) > 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
    assert_int_equal(check(test), 0);

    cv_store_close(old);
}


/* the change log is one in, one out, once it is full */

static void
test_change_log(void **state)
{
    test_t           *test = *state;
    uint8_t           key[8];
    uint64_t          kept;
    cv_txn_t         *txn;
    cv_store_stat_t   stat;

    txn = begin(test);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    cv_txn_abort(txn);
    kept = stat.changes;

    /* as if so many had come: the next change is number CHANGES + 2 */

    close_store(test);
    cv_put_uint(key, CV_STORE_CHANGES + 1, sizeof(key));
    overwrite(test, "change", key, sizeof(key), "\3\0\0\0\0\0\0\0\1"
              "\0\0\0\0\0\0\0\1", 17);
    open_store(test);

    txn = begin(test);
    put_token(txn, "two", hash);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    commit(txn);

    /* a token that moves is two changes, and two old ones went for them */

    assert_int_equal(stat.last_change, CV_STORE_CHANGES + 3);
    assert_int_equal(stat.changes, kept + 1);
    assert_int_equal(check(test), SUM);
}


/* another process that enlarges the map */

static void
test_resized(void **state)
{
    int         status;
    char       *bytes;
    pid_t       pid;
    test_t     *test = *state;
    MDB_dbi     dbi;
    MDB_env    *env;
    MDB_txn    *raw;
    MDB_val     key, value;
    cv_txn_t   *txn;

    close_store(test);

    pid = fork();

    if (pid == 0) {
        (void) usleep(300000);
        bytes = calloc(1, 2 * TEST_MAP);
        key.mv_size = 4;
        key.mv_data = bytes;
        value.mv_size = 2 * TEST_MAP;
        value.mv_data = bytes;

        status = mdb_env_create(&env) != 0
                 || mdb_env_set_maxdbs(env, 32) != 0
                 || mdb_env_set_mapsize(env, 8 * TEST_MAP) != 0
                 || mdb_env_open(env, test->dir, 0, 0660) != 0
                 || mdb_txn_begin(env, NULL, 0, &raw) != 0
                 || mdb_dbi_open(raw, "meta", 0, &dbi) != 0
                 || mdb_put(raw, dbi, &key, &value, 0) != 0
                 || mdb_txn_commit(raw) != 0;
        _exit(status);
    }

    open_store(test);
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    cv_snapshot_reset(txn);

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    assert_int_equal(cv_snapshot_renew(txn), CV_ERR_RESIZED);
    cv_snapshot_close(txn);

    /* what it takes is to open it again */

    close_store(test);
    open_store(test);
    assert_int_equal(verify(test, CV_BY_CODE, "c1"), CV_OK);
}


/* takes every slot, and finds that there is not one more */

static bool
take_slots(test_t *test, const image_t *image)
{
    int        i;
    cv_txn_t  *txn;

    if (!keep_open(test, image)) {
        return false;
    }

    for (i = 0; i < CV_STORE_READERS; i++) {
        if (cv_snapshot_open(&txn, test->store, &error) != CV_OK) {
            return false;
        }
    }

    return cv_snapshot_open(&txn, test->store, &error) == CV_ERR_READERS;
}


/* a process that dies with every reader's slot: the next one gets one */

static void
test_dead_readers(void **state)
{
    pid_t             pid, keeper;
    test_t           *test = *state;
    cv_txn_t         *txn;
    cv_store_stat_t   stat;

    close_store(test);

    /* while this one has it open, the lock file is not made anew */

    keeper = start(test, keep_open, NULL);
    pid = start(test, take_slots, NULL);

    /* while that one lives there is none: not even for opening the store */

    assert_int_equal(cv_store_open(&test->store, test->dir, false, &error),
                     CV_ERR_READERS);

    end(pid);

    open_store(test);
    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_store_probe(test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    assert_int_equal(stat.readers, 1);
    cv_snapshot_close(txn);

    end(keeper);
}


int
main(void)
{
#define FILLED(name)                                                          \
    cmocka_unit_test_setup_teardown(name, setup_filled, teardown)

    const struct CMUnitTest  tests[] = {
        FILLED(test_index),
        FILLED(test_assertions),
        FILLED(test_lengths),
        FILLED(test_places),
        FILLED(test_sequence_behind),
        FILLED(test_links),
        FILLED(test_stale),
        FILLED(test_lost),
        FILLED(test_metas),
        FILLED(test_shorter),
        FILLED(test_page),
        FILLED(test_token_moves),
        FILLED(test_lock_removed),
        FILLED(test_lock_of_another),
        FILLED(test_written_over),
        FILLED(test_killed_late),
        FILLED(test_one_ahead),
        FILLED(test_lock_room),
        FILLED(test_made_anew),
        FILLED(test_change_log),
        FILLED(test_resized),
        FILLED(test_dead_readers),
    };

    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
