
/*
 * Copyright (C) The credverify authors
 *
 * What becomes of deliveries, and of webhooks, by what attempts came to.
 */

#include "cv_outbox.h"
#include "cv_result.h"
#include "cv_retry.h"
#include "fixture.h"

#include <string.h>

static cv_time_t  now;


static void
say(void *arg, const char *text)
{
    (void) arg;
    (void) text;
}


static uint64_t
put_webhook(test_t *test)
{
    uint64_t      iid;
    cv_txn_t     *txn;
    cv_webhook_t  webhook;

    memset(&webhook, 0, sizeof(webhook));
    webhook.id = CV_STR("hr");
    webhook.url = CV_STR("https://hr.example/hook");

    txn = begin(test);
    iid = cv_put(txn, CV_WEBHOOK, &webhook);
    commit(txn);

    return iid;
}


static void
add_events(test_t *test, uint64_t webhook, unsigned n)
{
    cv_txn_t  *txn;

    txn = begin(test);

    while (n-- > 0) {
        assert_int_not_equal(cv_outbox_test(txn, webhook), 0);
    }

    commit(txn);
}


/* the first that waits; false if none does */

static bool
head(cv_txn_t *txn, uint64_t webhook, cv_delivery_t *delivery)
{
    bool       found;
    cv_walk_t  walk;

    cv_deliveries_open(&walk, txn, webhook, CV_DELIVERY_WAITING);
    found = cv_walk_next(&walk, delivery, NULL);
    cv_walk_close(&walk);

    return found;
}


static void
attempt(test_t *test, uint64_t webhook, cv_sent_how_t how)
{
    cv_txn_t       *txn;
    uint64_t        given_up;
    cv_task_t       task;
    cv_delivery_t   delivery;

    txn = begin(test);
    assert_true(head(txn, webhook, &delivery));
    cv_txn_abort(txn);

    now += 1000;
    memset(&task, 0, sizeof(task));
    task.webhook = webhook;
    task.position = (uint64_t) delivery.position.value;
    task.ended = now;
    task.sent.how = how;
    task.sent.status = how == CV_SENT_DONE ? 204 : 500;

    given_up = 0;
    assert_int_equal(cv_results_write(test->store, &task, &given_up, say, NULL,
                                      &error), CV_OK);
    assert_int_equal(given_up, how == CV_SENT_DEAD || how == CV_SENT_GONE
                               || (how == CV_SENT_AGAIN
                                   && delivery.attempts.value
                                      == CV_RETRY_ATTEMPTS - 1));
}


/* the whole schedule of one event */

static void
give_up(test_t *test, uint64_t webhook)
{
    int  i;

    for (i = 0; i < CV_RETRY_ATTEMPTS; i++) {
        attempt(test, webhook, CV_SENT_AGAIN);
    }
}


static void
expect_active(test_t *test, uint64_t webhook, bool active)
{
    cv_txn_t      *txn;
    cv_webhook_t   record;

    txn = begin(test);
    assert_true(cv_get(txn, CV_WEBHOOK, webhook, &record));
    assert_int_equal(record.status.present
                     && record.status.value == CV_WEBHOOK_DISABLED, !active);
    assert_int_equal(active, !cv_present(record.reason));
    cv_txn_abort(txn);
}


/* one event that cannot be taken is in nobody's way; two are no accident */

static void
test_given_up(void **state)
{
    uint64_t        webhook;
    cv_txn_t       *txn;
    cv_delivery_t   delivery;

    now = cv_time_now();
    webhook = put_webhook(*state);
    add_events(*state, webhook, 6);

    give_up(*state, webhook);
    expect_active(*state, webhook, true);
    attempt(*state, webhook, CV_SENT_DONE);

    give_up(*state, webhook);
    expect_active(*state, webhook, true);
    attempt(*state, webhook, CV_SENT_AGAIN);
    attempt(*state, webhook, CV_SENT_DONE);

    give_up(*state, webhook);
    expect_active(*state, webhook, true);
    give_up(*state, webhook);
    expect_active(*state, webhook, false);

    txn = begin(*state);
    assert_false(head(txn, webhook, &delivery));
    cv_txn_abort(txn);
    assert_int_equal(check(*state), 0);
}


/* what is refused for what it is tells nothing of the receiver */

static void
test_dead_at_once(void **state)
{
    uint64_t  webhook;

    now = cv_time_now();
    webhook = put_webhook(*state);
    add_events(*state, webhook, 3);

    attempt(*state, webhook, CV_SENT_DEAD);
    attempt(*state, webhook, CV_SENT_DEAD);
    give_up(*state, webhook);
    expect_active(*state, webhook, true);
}


static void
test_gone(void **state)
{
    uint64_t        webhook;
    cv_txn_t       *txn;
    cv_delivery_t   delivery;

    now = cv_time_now();
    webhook = put_webhook(*state);
    add_events(*state, webhook, 1);

    attempt(*state, webhook, CV_SENT_GONE);
    expect_active(*state, webhook, false);

    txn = begin(*state);
    assert_true(head(txn, webhook, &delivery));
    cv_txn_abort(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_given_up),
        TEST(test_dead_at_once),
        TEST(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
