
/*
 * Copyright (C) The credverify authors
 *
 * The life of an API key.
 */

#include "cv_authorize.h"
#include "cv_commit.h"
#include "cv_counters.h"
#include "cv_keys.h"
#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR  (3600 * CV_SECOND)

static const cv_demand_t  anything = { .classes = 7, .serial = 1 };

static cv_digest_t      *digest;
static cv_authorizer_t  *authorizer;


static int
setup_keys(void **state)
{
    test_t  *test;

    if (setup(state) != 0) {
        return -1;
    }

    test = *state;
    digest = cv_digest_new();
    authorizer = cv_authorizer_new(digest);

    return digest != NULL && authorizer != NULL
           && cv_counters_create(test->dir, cv_store_uuid(test->store), &error)
              == CV_OK ? 0 : -1;
}


static int
teardown_keys(void **state)
{
    cv_authorizer_free(authorizer);
    cv_digest_free(digest);

    return teardown(state);
}


static cv_new_key_t
put_key(test_t *test, const char *id, cv_key_status_t status)
{
    cv_txn_t      *txn;
    cv_api_key_t   key;
    cv_new_key_t   made;

    memset(&key, 0, sizeof(key));
    assert_int_equal(cv_key_new(&made, CV_STR("tc"), CV_KEY_TEST, &error),
                     CV_OK);

    key.id = cv_str_z(id);
    cv_key_set_text(&key, &made);
    key.status = (cv_int_t) { status, true };

    txn = begin(test);
    assert_int_not_equal(cv_put(txn, CV_KEY, &key), 0);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    return made;
}


/* what its bearer is told */

static cv_outcome_t
outcome(test_t *test, const cv_new_key_t *made, cv_time_t now)
{
    cv_txn_t            *snapshot;
    cv_authorization_t   authorization;

    assert_int_equal(cv_snapshot_open(&snapshot, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(snapshot), CV_OK);
    assert_int_equal(cv_authorize(&authorization, authorizer, snapshot, &anything,
                                  cv_str(made->text, made->len), now), CV_OK);
    cv_snapshot_close(snapshot);

    return authorization.outcome;
}


static void
test_steps(void **state)
{
    int               from;
    cv_key_step_t     step;

    /* of each status what the step leads to, or -1 */

    static const int  leads[CV_KEY_STEPS][CV_KEY_STATUSES] = {
        [CV_KEY_APPROVE] = {
            [CV_KEY_PENDING] = CV_KEY_ACTIVE, [CV_KEY_REJECTED] = CV_KEY_ACTIVE,
            [CV_KEY_ACTIVE] = CV_KEY_ACTIVE, [CV_KEY_SUSPENDED] = -1,
            [CV_KEY_REVOKED] = -1,
        },
        [CV_KEY_REJECT] = {
            [CV_KEY_PENDING] = CV_KEY_REJECTED,
            [CV_KEY_REJECTED] = CV_KEY_REJECTED, [CV_KEY_ACTIVE] = -1,
            [CV_KEY_SUSPENDED] = -1, [CV_KEY_REVOKED] = -1,
        },
        [CV_KEY_SUSPEND] = {
            [CV_KEY_PENDING] = -1, [CV_KEY_REJECTED] = -1,
            [CV_KEY_ACTIVE] = CV_KEY_SUSPENDED,
            [CV_KEY_SUSPENDED] = CV_KEY_SUSPENDED, [CV_KEY_REVOKED] = -1,
        },
        [CV_KEY_ACTIVATE] = {
            [CV_KEY_PENDING] = -1, [CV_KEY_REJECTED] = -1,
            [CV_KEY_ACTIVE] = CV_KEY_ACTIVE,
            [CV_KEY_SUSPENDED] = CV_KEY_ACTIVE, [CV_KEY_REVOKED] = -1,
        },
        [CV_KEY_REVOKE] = {
            [CV_KEY_PENDING] = CV_KEY_REVOKED,
            [CV_KEY_REJECTED] = CV_KEY_REVOKED,
            [CV_KEY_ACTIVE] = CV_KEY_REVOKED,
            [CV_KEY_SUSPENDED] = CV_KEY_REVOKED,
            [CV_KEY_REVOKED] = CV_KEY_REVOKED,
        },
    };

    static const cv_outcome_t  outcomes[CV_KEY_STATUSES] = {
        [CV_KEY_PENDING] = CV_UNAPPROVED_API_KEY,
        [CV_KEY_REJECTED] = CV_UNAPPROVED_API_KEY,
        [CV_KEY_ACTIVE] = CV_VALID,
        [CV_KEY_SUSPENDED] = CV_SUSPENDED_API_KEY,
        [CV_KEY_REVOKED] = CV_INVALID_API_KEY,
    };

    test_t        *test = *state;

    for (step = 0; step < CV_KEY_STEPS; step++) {
        for (from = 0; from < CV_KEY_STATUSES; from++) {
            int            to;
            char           id[32];
            cv_txn_t      *txn;
            cv_buf_t       copy;
            cv_api_key_t   key;
            cv_new_key_t   made;

            (void) snprintf(id, sizeof(id), "k-%d-%d", (int) step, from);
            made = put_key(test, id, (cv_key_status_t) from);
            to = leads[step][from];

            assert_int_equal(outcome(test, &made, 0), outcomes[from]);

            cv_buf_init(&copy, CV_RECORD_MAX);
            txn = begin(test);

            assert_int_equal(cv_key_take_step(txn, cv_str_z(id), step, &key,
                                              &copy, &error),
                             to == -1 ? CV_ERR_INPUT : CV_OK);

            if (to != -1) {
                assert_int_equal(cv_key_status(&key), to);
            }

            assert_int_equal(cv_commit(txn, &error), CV_OK);
            cv_buf_free(&copy);

            assert_int_equal(outcome(test, &made, 0),
                             outcomes[to != -1 ? to : from]);
        }
    }

    assert_int_equal(check(test), 0);
}


static cv_new_key_t
rotate(test_t *test, const char *id, cv_time_t now, cv_time_t grace)
{
    cv_txn_t       *txn;
    cv_rotation_t   rotation;

    memset(&rotation, 0, sizeof(rotation));
    rotation.now = now;
    rotation.grace = grace;
    cv_buf_init(&rotation.copy, CV_RECORD_MAX);

    txn = begin(test);
    assert_int_equal(cv_key_rotate(txn, cv_str_z(id), &rotation, &error),
                     CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    cv_buf_free(&rotation.copy);

    return rotation.made;
}


static void
test_rotate(void **state)
{
    test_t         *test = *state;
    uint64_t        before, after;
    cv_time_t       now;
    cv_txn_t       *txn;
    cv_api_key_t    key;
    cv_new_key_t    first, second, third, fourth;

    now = 1795159041 * CV_SECOND;
    first = put_key(test, "k", CV_KEY_ACTIVE);

    txn = begin(test);
    before = cv_find(txn, CV_HANDLE_KEY_ID, CV_STR("k"));
    cv_txn_abort(txn);

    second = rotate(test, "k", now, HOUR);

    /* of the same kind, for the same key, and of the same slot */

    assert_memory_equal(second.text, "tc_test_", 8);
    assert_memory_not_equal(second.text, first.text, first.len);

    txn = begin(test);
    after = cv_find(txn, CV_HANDLE_KEY_ID, CV_STR("k"));
    assert_true(cv_get(txn, CV_KEY, after, &key));
    assert_true(cv_str_eq(key.last4, cv_str(second.text + second.len - 4, 4)));
    assert_true(cv_str_eq(key.prefix, CV_STR("tc_test_")));
    cv_txn_abort(txn);
    assert_int_equal(before, after);

    assert_int_equal(outcome(test, &second, now), CV_VALID);
    assert_int_equal(outcome(test, &first, now), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR - 1), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR), CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &second, now + HOUR), CV_VALID);

    /* again, within the grace: the first one ends */

    third = rotate(test, "k", now + 1, HOUR);
    assert_int_equal(outcome(test, &first, now + 1), CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &second, now + 1), CV_VALID);
    assert_int_equal(outcome(test, &third, now + 1), CV_VALID);

    /* at once */

    fourth = rotate(test, "k", now + 2, 0);
    assert_int_equal(outcome(test, &second, now + 2), CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &third, now + 2), CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &fourth, now + 2), CV_VALID);

    assert_int_equal(check(test), 0);
}


static void
test_rotate_refused(void **state)
{
    size_t          i;
    test_t         *test = *state;
    cv_txn_t       *txn;
    cv_rotation_t   rotation;

    static const struct {
        cv_key_status_t  status;
        cv_err_t         err;
    } cases[] = {
        { CV_KEY_PENDING, CV_OK },
        { CV_KEY_REJECTED, CV_ERR_INPUT },
        { CV_KEY_ACTIVE, CV_OK },
        { CV_KEY_SUSPENDED, CV_OK },
        { CV_KEY_REVOKED, CV_ERR_INPUT },
    };

    for (i = 0; i < CV_COUNT(cases); i++) {
        (void) put_key(test, "k", cases[i].status);

        memset(&rotation, 0, sizeof(rotation));
        cv_buf_init(&rotation.copy, CV_RECORD_MAX);
        txn = begin(test);
        assert_int_equal(cv_key_rotate(txn, CV_STR("k"), &rotation, &error),
                         cases[i].err);
        assert_int_equal(cv_commit(txn, &error), CV_OK);
        cv_buf_free(&rotation.copy);
    }

    memset(&rotation, 0, sizeof(rotation));
    txn = begin(test);
    assert_int_equal(cv_key_rotate(txn, CV_STR("none"), &rotation, &error),
                     CV_ERR_INPUT);
    assert_string_equal(error.text, "there is no key \"none\"");
    cv_txn_abort(txn);
}


/* What nobody came to know is taken back, and nothing else. */

static void
test_take_back(void **state)
{
    test_t         *test = *state;
    cv_buf_t        copy;
    cv_txn_t       *txn;
    cv_time_t       now;
    cv_api_key_t    key;
    cv_new_key_t    first, second, made;
    cv_rotation_t   rotation;

    now = 1795159041 * CV_SECOND;
    first = put_key(test, "k", CV_KEY_PENDING);
    second = rotate(test, "k", now, HOUR);

    memset(&rotation, 0, sizeof(rotation));
    rotation.now = now;
    cv_buf_init(&rotation.copy, CV_RECORD_MAX);
    cv_buf_init(&copy, CV_RECORD_MAX);

    txn = begin(test);
    assert_int_equal(cv_key_rotate(txn, CV_STR("k"), &rotation, &error),
                     CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    /* meanwhile somebody approves it */

    txn = begin(test);
    assert_int_equal(cv_key_take_step(txn, CV_STR("k"), CV_KEY_APPROVE, &key,
                                      &copy, &error), CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    txn = begin(test);
    assert_int_equal(cv_key_unrotate(txn, &rotation, &error), CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    assert_int_equal(outcome(test, &rotation.made, now), CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &second, now), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR - 1), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR), CV_INVALID_API_KEY);

    /* but not once it has yet another one */

    txn = begin(test);
    assert_int_equal(cv_key_unrotate(txn, &rotation, &error), CV_ERR_INPUT);
    assert_int_equal(cv_key_unmake(txn, CV_STR("k"), &rotation.made, &error),
                     CV_ERR_INPUT);
    cv_txn_abort(txn);

    made = put_key(test, "new", CV_KEY_ACTIVE);

    txn = begin(test);
    assert_int_equal(cv_key_unmake(txn, CV_STR("new"), &made, &error), CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);
    assert_int_equal(outcome(test, &made, now), CV_INVALID_API_KEY);

    txn = begin(test);
    assert_int_equal(cv_find(txn, CV_HANDLE_KEY_ID, CV_STR("new")), 0);
    assert_int_equal(cv_key_unmake(txn, CV_STR("new"), &made, &error),
                     CV_ERR_INPUT);
    cv_txn_abort(txn);

    cv_buf_free(&copy);
    cv_buf_free(&rotation.copy);
    assert_int_equal(check(test), 0);
}


/* The slot of the next key is its own, whatever was removed. */

static void
test_slots(void **state)
{
    size_t         i;
    test_t        *test = *state;
    uint64_t       iid;
    cv_txn_t      *txn;
    cv_meter_t    *meter;
    cv_new_key_t   made;

    static const char *const  ids[] = { "a", "b", "c" };

    made = put_key(test, ids[0], CV_KEY_ACTIVE);
    txn = begin(test);
    assert_int_equal(cv_key_unmake(txn, CV_STR("a"), &made, &error), CV_OK);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    for (i = 0; i < CV_COUNT(ids); i++) {
        (void) put_key(test, ids[i], CV_KEY_ACTIVE);
    }

    assert_int_equal(cv_counters_open(&meter, test->store, &error), CV_OK);
    txn = begin(test);

    for (i = 0; i < CV_COUNT(ids); i++) {
        iid = cv_find(txn, CV_HANDLE_KEY_ID, cv_str_z(ids[i]));
        assert_int_equal(iid, i + 2);
        assert_non_null(cv_meter_slot(meter, iid,
                                      cv_key_uid(cv_str_z(ids[i]))));
    }

    /* a commit that fails leaves none that could be taken for a key's */

    cv_txn_abort(txn);
    cv_meter_close(meter);
}


static void
read_month(void *data, cv_slot_t *slot)
{
    *(uint64_t *) data = cv_slot_month(slot, 0);
}


static bool
used_is(cv_meter_t *meter, const char *id, uint64_t number, cv_err_t err,
    const char *text)
{
    uint64_t  used;

    return cv_counters_use(meter, cv_str_z(id), number, read_month, &used,
                           &error) == err
           && (text == NULL || strcmp(error.text, text) == 0);
}


/*
 * In a process of its own, as cmocka catches signals itself: a file that is
 * cut short under whoever reads it ends nobody.  Returns where it went wrong.
 */

static int
cut_short(const char *dir)
{
    char         path[128];
    uint64_t     given;
    cv_txn_t    *txn;
    cv_store_t  *store;
    cv_meter_t  *meter;
    struct stat  st;

    (void) snprintf(path, sizeof(path), "%s/counters", dir);

    if (cv_store_open(&store, dir, true, &error) != CV_OK
        || cv_counters_open(&meter, store, &error) != CV_OK)
    {
        return 1;
    }

    if (!used_is(meter, "a", 1, CV_OK, NULL)
        || !used_is(meter, "a", 2, CV_ERR_DAMAGED, NULL)
        || !used_is(meter, "c", 3, CV_ERR_DAMAGED, "key \"c\" has no slot of "
                    "its own in the counters; run \"credverify upgrade\""))
    {
        return 2;
    }

    if (truncate(path, 0) != 0
        || !used_is(meter, "a", 1, CV_ERR_DAMAGED, "the counters were cut "
                    "short while they were read; restore a backup"))
    {
        return 3;
    }

    /* nor who opens it then; it is not made anew */

    if (cv_txn_begin(&txn, store, &error) != CV_OK
        || cv_counters_give(txn, 1, 2, &error) != CV_ERR_DAMAGED
        || cv_counters_mend(txn, &given, &error) != CV_ERR_DAMAGED
        || stat(path, &st) != 0 || st.st_size != 0)
    {
        return 4;
    }

    cv_txn_abort(txn);
    cv_meter_close(meter);
    cv_store_close(store);

    return 0;
}


static void
test_cut_short(void **state)
{
    int      status;
    pid_t    pid;
    test_t  *test = *state;

    (void) put_key(test, "a", CV_KEY_ACTIVE);
    (void) put_key(test, "b", CV_KEY_ACTIVE);

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        (void) execl("/proc/self/exe", "test_keys", test->dir, (char *) NULL);
        _exit(99);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}


static const struct {
    cv_action_t  action;
    int          from;
    int          to;
} history[] = {
    { CV_ACTION_CREATED, -1, CV_KEY_PENDING },
    { CV_ACTION_ROTATED, CV_KEY_PENDING, CV_KEY_PENDING },
    { CV_ACTION_REJECTED, CV_KEY_PENDING, CV_KEY_REJECTED },
    { CV_ACTION_APPROVED, CV_KEY_REJECTED, CV_KEY_ACTIVE },
    { CV_ACTION_SUSPENDED, CV_KEY_ACTIVE, CV_KEY_SUSPENDED },
    { CV_ACTION_ACTIVATED, CV_KEY_SUSPENDED, CV_KEY_ACTIVE },
    { CV_ACTION_REVOKED, CV_KEY_ACTIVE, CV_KEY_REVOKED },
};


static void
test_audit(void **state)
{
    size_t         i;
    test_t        *test = *state;
    cv_buf_t       copy;
    cv_txn_t      *txn;
    cv_walk_t      walk;
    cv_audit_t     entry;
    cv_api_key_t   key;

    static const cv_key_step_t  steps[] = {
        CV_KEY_REJECT, CV_KEY_APPROVE, CV_KEY_APPROVE, CV_KEY_SUSPEND,
        CV_KEY_ACTIVATE, CV_KEY_REVOKE, CV_KEY_REVOKE
    };

    (void) put_key(test, "k", CV_KEY_PENDING);
    (void) rotate(test, "k", 0, HOUR);
    cv_buf_init(&copy, CV_RECORD_MAX);

    for (i = 0; i < CV_COUNT(steps); i++) {
        txn = begin(test);
        assert_int_equal(cv_key_take_step(txn, CV_STR("k"), steps[i], &key,
                                          &copy, &error), CV_OK);
        assert_int_equal(cv_commit(txn, &error), CV_OK);
    }

    txn = begin(test);
    cv_audit_open(&walk, txn, CV_KEY, 1);

    for (i = 0; cv_audit_next(&walk, &entry); i++) {
        assert_true(i < CV_COUNT(history));
        assert_int_equal(entry.action, history[i].action);
        assert_int_equal(entry.from, history[i].from);
        assert_int_equal(entry.to, history[i].to);
    }

    assert_int_equal(i, CV_COUNT(history));

    cv_walk_close(&walk);
    cv_txn_abort(txn);
    cv_buf_free(&copy);
}


#define TEST_KEYS(name)                                                       \
    cmocka_unit_test_setup_teardown(name, setup_keys, teardown_keys)

/* a tier that allows so many a minute, and a key of it with the scope "a" */

static void
put_tier(test_t *test, const char *most)
{
    size_t     mark;
    uint8_t    memory[64];
    cv_buf_t   doc;
    cv_txn_t  *txn;
    cv_tier_t  tier;

    cv_buf_borrow(&doc, memory, sizeof(memory));
    mark = cv_doc_open(&doc, CV_DOC_OBJECT);
    cv_doc_put_name(&doc, CV_STR("minute"));
    cv_doc_put(&doc, CV_DOC_NUMBER, cv_str_z(most));
    cv_doc_put_name(&doc, CV_STR("month"));
    cv_doc_put(&doc, CV_DOC_NUMBER, CV_STR("100"));
    cv_doc_close(&doc, mark);

    memset(&tier, 0, sizeof(tier));
    tier.id = CV_STR("tier");
    tier.limits = cv_buf_str(&doc);

    txn = begin(test);
    assert_int_not_equal(cv_put(txn, CV_TIER, &tier), 0);
    assert_int_equal(cv_commit(txn, &error), CV_OK);
}


static cv_new_key_t
put_tiered(test_t *test, const char *id, const char *expires_at)
{
    size_t         mark;
    uint8_t        memory[64];
    cv_buf_t       doc;
    cv_txn_t      *txn;
    cv_api_key_t   key;
    cv_new_key_t   made;

    cv_buf_borrow(&doc, memory, sizeof(memory));
    mark = cv_doc_open(&doc, CV_DOC_ARRAY);
    cv_doc_put(&doc, CV_DOC_STRING, CV_STR("a"));
    cv_doc_close(&doc, mark);

    memset(&key, 0, sizeof(key));
    assert_int_equal(cv_key_new(&made, CV_STR("tc"), CV_KEY_LIVE, &error),
                     CV_OK);

    key.id = cv_str_z(id);
    cv_key_set_text(&key, &made);
    key.scopes = cv_buf_str(&doc);

    if (expires_at != NULL) {
        assert_true(cv_date_parse(&key.expires_at, cv_str_z(expires_at)));
    }

    txn = begin(test);
    key.tier.iid = cv_find(txn, CV_HANDLE_TIER_ID, CV_STR("tier"));
    assert_int_not_equal(key.tier.iid, 0);
    assert_int_not_equal(cv_put(txn, CV_KEY, &key), 0);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    return made;
}


/* A key that was good is good again only while nothing has changed. */

static void
test_remembered(void **state)
{
    int                  i, round;
    char                 id[16];
    test_t              *test = *state;
    cv_txn_t            *snapshot, *txn;
    cv_time_t            now;
    cv_grant_t           grant;
    cv_demand_t          demands[3];
    cv_new_key_t         made, others[150];
    cv_authorization_t   a;

    now = 1795159041 * CV_SECOND;       /* 2026-11-20 */

    memset(demands, 0, sizeof(demands));

    for (i = 0; i < 3; i++) {
        demands[i].classes = 1U << CV_KEY_LIVE;
        demands[i].serial = (uint64_t) i + 2;
    }

    demands[1].scope = CV_STR("a");
    demands[2].scope = CV_STR("b");

    put_tier(test, "5");
    made = put_tiered(test, "k", "2026-11-20T12:00:00Z");

    assert_int_equal(cv_snapshot_open(&snapshot, test->store, &error), CV_OK);

#define AUTHORIZE(key, demand, at)                                            \
    (assert_int_equal(cv_snapshot_renew(snapshot), CV_OK),                    \
     assert_int_equal(cv_authorize(&a, authorizer, snapshot, demand,          \
                                   cv_str((key)->text, (key)->len), at),      \
                      CV_OK), a.outcome)

    for (round = 0; round < 3; round++) {

        /* each demand has an answer of its own */

        assert_int_equal(AUTHORIZE(&made, &demands[0], now), CV_VALID);
        assert_int_equal(AUTHORIZE(&made, &demands[1], now), CV_VALID);
        assert_int_equal(AUTHORIZE(&made, &demands[1], now), CV_VALID);
        assert_true(cv_str_eq(a.id, CV_STR("k")));
        assert_true(cv_str_eq(a.tier, CV_STR("tier")));
        assert_int_equal(a.number, 1);
        assert_int_equal(a.uid, cv_key_uid(CV_STR("k")));
        assert_int_equal(a.class, CV_KEY_LIVE);
        assert_int_equal(a.limits.most[CV_WINDOW_MINUTE], 5);
        assert_int_equal(AUTHORIZE(&made, &demands[2], now),
                         CV_INSUFFICIENT_SCOPE);

        /* and each ends when the key does, without a commit */

        assert_int_equal(AUTHORIZE(&made, &demands[1],
                                   1795175999999), CV_VALID);
        assert_int_equal(AUTHORIZE(&made, &demands[1],
                                   1795176000000), CV_INVALID_API_KEY);
    }

    /* the same of what another process commits, to the key or its tier */

    put_tier(test, "6");
    assert_int_equal(AUTHORIZE(&made, &demands[1], now), CV_VALID);
    assert_int_equal(a.limits.most[CV_WINDOW_MINUTE], 6);

    /* what is granted is of a month, into which a clock may be set back */

    made = put_tiered(test, "granted", NULL);

    memset(&grant, 0, sizeof(grant));
    grant.month = (cv_int_t) { (2026 - 1970) * 12 + 11, true };
    grant.units = (cv_int_t) { 20, true };

    txn = begin(test);
    grant.key.iid = cv_find(txn, CV_HANDLE_KEY_ID, CV_STR("granted"));
    assert_int_equal(cv_put(txn, CV_GRANT, &grant), 1);
    assert_int_equal(cv_commit(txn, &error), CV_OK);

    for (round = 0; round < 3; round++) {
        assert_int_equal(AUTHORIZE(&made, &demands[1], 1796083199999),
                         CV_VALID);
        assert_int_equal(a.limits.most[CV_WINDOW_MONTH], 100);
        assert_int_equal(AUTHORIZE(&made, &demands[1], 1796083200000),
                         CV_VALID);
        assert_int_equal(a.limits.most[CV_WINDOW_MONTH], 120);
    }

    /* more keys than there is room for are told apart */

    for (i = 0; i < 150; i++) {
        (void) snprintf(id, sizeof(id), "k%d", i);
        others[i] = put_tiered(test, id, NULL);
    }

    for (round = 0; round < 600; round++) {
        i = round * 7 % 150;
        (void) snprintf(id, sizeof(id), "k%d", i);

        assert_int_equal(AUTHORIZE(&others[i], &demands[1], now), CV_VALID);
        assert_true(cv_str_eq(a.id, cv_str_z(id)));
        assert_int_equal(a.number, i + 3);

        /* one character of it is another */

        others[i].text[10] ^= 1;
        others[i].text[others[i].len - 1] ^= 1;
        assert_int_equal(AUTHORIZE(&others[i], &demands[1], now),
                         CV_INVALID_API_KEY);
        others[i].text[10] ^= 1;
        others[i].text[others[i].len - 1] ^= 1;
    }

    cv_snapshot_close(snapshot);
}


/* the former secret ends with its grace, though nothing is committed then */

static void
test_remembered_grace(void **state)
{
    test_t        *test = *state;
    cv_time_t      now;
    cv_new_key_t   first, second;

    now = 1795159041 * CV_SECOND;
    first = put_key(test, "k", CV_KEY_ACTIVE);

    assert_int_equal(outcome(test, &first, now), CV_VALID);
    second = rotate(test, "k", now, HOUR);

    assert_int_equal(outcome(test, &first, now), CV_VALID);
    assert_int_equal(outcome(test, &second, now), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR - CV_SECOND), CV_VALID);
    assert_int_equal(outcome(test, &first, now + HOUR + CV_SECOND),
                     CV_INVALID_API_KEY);
    assert_int_equal(outcome(test, &second, now + HOUR + CV_SECOND), CV_VALID);
}


int
main(int argc, char **argv)
{
    const struct CMUnitTest  tests[] = {
        TEST_KEYS(test_steps),
        TEST_KEYS(test_rotate),
        TEST_KEYS(test_rotate_refused),
        TEST_KEYS(test_take_back),
        TEST_KEYS(test_slots),
        TEST_KEYS(test_cut_short),
        TEST_KEYS(test_audit),
        TEST_KEYS(test_remembered),
        TEST_KEYS(test_remembered_grace),
    };

    if (argc == 2) {
        return cut_short(argv[1]);
    }

    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
