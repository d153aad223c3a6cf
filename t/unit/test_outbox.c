
/*
 * Copyright (C) The credverify authors
 *
 * Events, whom they are to be sent to, and what becomes of them.
 */

#include "cv_chores.h"
#include "cv_counters.h"
#include "cv_erase.h"
#include "cv_issue.h"
#include "cv_outbox.h"
#include "cv_text.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>

/* 2026-03-11T10:30:00Z */
#define NOW  ((cv_time_t) 1773225000000)

static cv_moment_t  moment;


static int
setup_outbox(void **state)
{
    cv_moment_init(&moment, NOW);

    if (setup(state) != 0) {
        return -1;
    }

    fill(*state);

    return 0;
}


static int
teardown_outbox(void **state)
{
    cv_moment_free(&moment);

    return teardown(state);
}


#define OUTBOX(name)                                                          \
    cmocka_unit_test_setup_teardown(name, setup_outbox, teardown_outbox)


/* "events" is a name, or NULL for all */

static uint64_t
put_webhook(cv_txn_t *txn, const char *id, const char *events,
    cv_webhook_status_t status)
{
    size_t        mark;
    uint64_t      iid;
    cv_buf_t      buf;
    cv_webhook_t  webhook;

    memset(&webhook, 0, sizeof(webhook));
    cv_buf_init(&buf, 256);

    mark = cv_doc_open(&buf, CV_DOC_ARRAY);
    if (events != NULL) {
        cv_doc_put(&buf, CV_DOC_STRING, cv_str_z(events));
    }
    cv_doc_close(&buf, mark);

    webhook.id = cv_str_z(id);
    webhook.url = CV_STR("https://hr.example/hook");
    webhook.events = cv_buf_str(&buf);
    webhook.status = (cv_int_t) { status, true };

    iid = cv_put(txn, CV_WEBHOOK, &webhook);
    assert_int_not_equal(iid, 0);

    cv_buf_free(&buf);

    return iid;
}


/* the types of what waits for a webhook, in order, each with a space */

static const char *
waiting(cv_txn_t *txn, uint64_t webhook, cv_delivery_state_t state)
{
    cv_buf_t        buf;
    cv_walk_t       walk;
    cv_event_t      event;
    cv_delivery_t   delivery;
    static uint8_t  text[1024];

    cv_buf_borrow(&buf, text, sizeof(text) - 1);
    cv_deliveries_open(&walk, txn, webhook, state);

    while (cv_walk_next(&walk, &delivery, NULL)) {
        assert_true(cv_get(txn, CV_EVENT, delivery.event.iid, &event));
        cv_buf_printf(&buf, "%.*s ", CV_FMT(event.type));
    }

    cv_walk_close(&walk);
    assert_int_equal(cv_txn_err(txn, &error), CV_OK);
    text[buf.len] = '\0';

    return (const char *) text;
}


/* the data of the newest event, as JSON */

static const char *
newest(cv_txn_t *txn)
{
    cv_buf_t        buf;
    cv_walk_t       walk;
    cv_event_t      event;
    static uint8_t  text[4096];

    cv_buf_borrow(&buf, text, sizeof(text) - 1);
    cv_walk_open(&walk, txn, CV_EVENT);

    while (cv_walk_next(&walk, &event, NULL)) {
        cv_buf_reset(&buf);
        cv_buf_printf(&buf, "%.*s ", CV_FMT(event.type));
        cv_doc_write_json(&buf, event.data);
    }

    cv_walk_close(&walk);
    text[buf.len] = '\0';

    return (const char *) text;
}


static uint64_t
count(cv_txn_t *txn, cv_kind_t kind)
{
    uint64_t     n;
    cv_walk_t    walk;
    cv_record_t  record;

    n = 0;
    cv_walk_open(&walk, txn, kind);
    while (cv_walk_next(&walk, &record, NULL)) { n++; }
    cv_walk_close(&walk);

    return n;
}


static void
create(cv_txn_t *txn, const char *id, cv_status_t status)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { status, true };

    if (cv_issue_create(txn, &credential, false, &moment, &error) != CV_OK) {
        fail_msg("%s", error.text);
    }
}


static cv_err_t
move(cv_txn_t *txn, const char *id, cv_status_t to, const char *reason)
{
    cv_credential_t  credential;

    return cv_issue_move(txn, cv_str_z(id), to,
                         reason != NULL ? cv_str_z(reason) : CV_ABSENT,
                         &credential, &moment, &error);
}


/* a life: each step is told once, to who wants it */

static void
test_life(void **state)
{
    cv_txn_t    *txn;
    uint64_t     all, some, off;
    cv_terms_t   terms;

    cv_credential_t  credential;

    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);
    some = put_webhook(txn, "some", CV_EVENT_REVOKED, CV_WEBHOOK_ACTIVE);
    off = put_webhook(txn, "off", NULL, CV_WEBHOOK_DISABLED);

    create(txn, "new", CV_STATUS_DRAFT);
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING), "");

    memset(&terms, 0, sizeof(terms));
    assert_int_equal(cv_issue_issue(txn, CV_STR("new"), &terms, &credential,
                                    &moment, &error), CV_OK);
    assert_string_equal(newest(txn),
                        "certificate.issued {\"userId\":\"holder\","
                        "\"certificateNumber\":null,\"categoryId\":\"class\","
                        "\"issuedAt\":\"2026-03-11T10:30:00Z\"}");

    assert_int_equal(move(txn, "new", CV_STATUS_CLAIMED, NULL), CV_OK);
    assert_int_equal(move(txn, "new", CV_STATUS_CLAIMED, NULL), CV_OK);
    assert_int_equal(move(txn, "new", CV_STATUS_REFUNDED, NULL), CV_OK);
    assert_int_equal(move(txn, "new", CV_STATUS_USED, NULL), CV_ERR_INPUT);
    assert_int_equal(move(txn, "new", CV_STATUS_REVOKED, "mistake"), CV_OK);
    assert_non_null(strstr(newest(txn), "credential.revoked {"));
    assert_non_null(strstr(newest(txn), "\"reason\":\"mistake\""));
    assert_non_null(strstr(newest(txn),
                           "\"revokedAt\":\"2026-03-11T10:30:00Z\""));
    assert_non_null(strstr(newest(txn), "\"cacheTag\":\"cv-"));
    assert_null(strstr(newest(txn), "\"test\""));

    assert_int_equal(move(txn, "new", CV_STATUS_REVOKED, "mistake"), CV_OK);
    assert_int_equal(move(txn, "new", CV_STATUS_REVOKED, "fraud"), CV_OK);

    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "certificate.issued credential.updated "
                        "credential.updated credential.revoked "
                        "credential.updated ");
    assert_string_equal(waiting(txn, some, CV_DELIVERY_WAITING),
                        "credential.revoked ");
    assert_string_equal(waiting(txn, off, CV_DELIVERY_WAITING), "");
    assert_string_equal(waiting(txn, 0, CV_DELIVERY_WAITING), "");

    commit(txn);
    assert_int_equal(check(*state), 0);
}


/* what is taken back took its events with it */

static void
test_abort(void **state)
{
    cv_txn_t  *txn;

    txn = begin(*state);
    create(txn, "new", CV_STATUS_ISSUED);
    assert_int_equal(count(txn, CV_EVENT), 1);
    cv_txn_abort(txn);

    txn = begin(*state);
    assert_int_equal(count(txn, CV_EVENT), 0);
    cv_txn_abort(txn);
}


static void
test_token(void **state)
{
    cv_txn_t        *txn;
    uint8_t          gone[CV_TOKEN_HASH_LEN];
    char             digits[2 * CV_TOKEN_HASH_LEN];
    cv_new_token_t   token;

    txn = begin(*state);

    memset(&token, 0, sizeof(token));
    cv_token_begin(&token.record, 30, &moment);
    assert_int_equal(cv_issue_token(txn, CV_STR("one"), &token, &error), CV_OK);

    assert_non_null(strstr(newest(txn), "token.created {\"credentialId\":"
                                        "\"one\",\"tokenSha256\":\""));
    assert_null(strstr(newest(txn), (char *) token.secret));
    assert_non_null(strstr(newest(txn), "\"expiresAt\":\"2026-04-10\""));

    cv_hex_encode(digits, cv_str(token.hash, sizeof(token.hash)));
    assert_int_equal(cv_issue_revoke_token(txn, CV_STR("one"),
                                           cv_str(digits, sizeof(digits)),
                                           gone, &error), CV_OK);
    assert_non_null(strstr(newest(txn), "token.revoked {"));

    commit(txn);
    assert_int_equal(check(*state), 0);
}


/* only an issuer's own webhook, and one of nobody's, hear of a credential */

static void
test_issuer(void **state)
{
    cv_txn_t      *txn;
    uint64_t       own, other, iid;
    cv_issuer_t    issuer;
    cv_webhook_t   webhook;

    txn = begin(*state);

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("other");
    issuer.name = CV_STR("Other");
    iid = cv_put(txn, CV_ISSUER, &issuer);

    memset(&webhook, 0, sizeof(webhook));
    webhook.url = CV_STR("https://hr.example/hook");
    webhook.id = CV_STR("other");
    webhook.issuer.iid = iid;
    other = cv_put(txn, CV_WEBHOOK, &webhook);

    webhook.id = CV_STR("own");
    webhook.issuer.iid = iid == 1 ? 2 : 1;
    own = cv_put(txn, CV_WEBHOOK, &webhook);

    create(txn, "new", CV_STATUS_ISSUED);

    assert_string_equal(waiting(txn, own, CV_DELIVERY_WAITING),
                        "certificate.issued ");
    assert_string_equal(waiting(txn, other, CV_DELIVERY_WAITING), "");

    commit(txn);
}


static void
test_once(void **state)
{
    cv_txn_t      *txn;
    uint64_t       all;
    cv_api_key_t   key;

    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);

    memset(&key, 0, sizeof(key));
    key.id = CV_STR("acme");

    cv_outbox_quota(txn, &key, 674, 100, 100);
    assert_string_equal(newest(txn), "quota.reached {\"keyId\":\"acme\","
                                     "\"month\":\"2026-03\",\"included\":100,"
                                     "\"used\":100}");
    cv_outbox_quota(txn, &key, 674, 100, 101);
    cv_outbox_quota(txn, &key, 675, 100, 100);

    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "quota.reached quota.reached ");
    commit(txn);
}


static void
test_mail(void **state)
{
    cv_txn_t  *txn;
    uint64_t   all;

    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);

    cv_outbox_mail(txn, cv_find(txn, CV_HANDLE_CREDENTIAL_ID, CV_STR("one")));

    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING), "");
    assert_string_equal(waiting(txn, 0, CV_DELIVERY_WAITING), "mail ");

    commit(txn);
    assert_int_equal(check(*state), 0);
}


/* a queue: tried, given up, done; and what a webhook takes with it */

static void
test_queue(void **state)
{
    cv_txn_t       *txn;
    uint64_t        all;
    cv_walk_t       walk;
    cv_delivery_t   first, again;

    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);
    create(txn, "a", CV_STATUS_ISSUED);
    assert_int_equal(move(txn, "a", CV_STATUS_USED, NULL), CV_OK);
    commit(txn);

    txn = begin(*state);
    cv_deliveries_open(&walk, txn, all, CV_DELIVERY_WAITING);
    assert_true(cv_walk_next(&walk, &first, NULL));
    cv_walk_close(&walk);
    assert_false(first.attempts.present);

    first.attempts = (cv_int_t) { 1, true };
    first.next_at = (cv_int_t) { NOW + 5000, true };
    first.status = (cv_int_t) { 500, true };
    first.error = CV_STR("the answer is 500");
    assert_true(cv_delivery_put(txn, CV_DELIVERY_WAITING, &first));

    assert_true(cv_get_delivery(txn, all, CV_DELIVERY_WAITING,
                                (uint64_t) first.position.value, &again));
    assert_int_equal(again.next_at.value, NOW + 5000);
    assert_int_equal(again.attempts.value, 1);

    first.state.value = CV_DELIVERY_DEAD;
    assert_true(cv_delivery_put(txn, CV_DELIVERY_WAITING, &first));
    assert_false(cv_get_delivery(txn, all, CV_DELIVERY_WAITING,
                                 (uint64_t) first.position.value, &again));
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "credential.updated ");
    assert_string_equal(waiting(txn, all, CV_DELIVERY_DEAD),
                        "certificate.issued ");
    commit(txn);
    assert_int_equal(check(*state), 0);

    /* of one that somebody removed meanwhile, nothing is written */

    txn = begin(*state);
    assert_true(cv_delivery_done(txn, &first));
    assert_false(cv_delivery_put(txn, CV_DELIVERY_DEAD, &first));
    assert_false(cv_delivery_done(txn, &first));
    assert_string_equal(waiting(txn, all, CV_DELIVERY_DEAD), "");

    /* replayed: behind all others, the same event */

    assert_true(cv_delivery_add(txn, all, first.event.iid));
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "credential.updated certificate.issued ");

    assert_int_not_equal(cv_outbox_test(txn, all), 0);
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "credential.updated certificate.issued webhook.test ");

    /* the first that waits, and nothing else, is due, or given up */

    cv_deliveries_open(&walk, txn, all, CV_DELIVERY_WAITING);
    assert_true(cv_walk_next(&walk, &first, NULL));
    cv_walk_close(&walk);

    first.attempts = (cv_int_t) { 3, true };
    first.next_at = (cv_int_t) { NOW + 5000, true };
    first.error = CV_STR("the answer is 500");
    assert_true(cv_delivery_put(txn, CV_DELIVERY_WAITING, &first));

    assert_int_equal(cv_delivery_retry(txn, all), first.event.iid);
    assert_true(cv_get_delivery(txn, all, CV_DELIVERY_WAITING,
                                (uint64_t) first.position.value, &again));
    assert_false(again.next_at.present);
    assert_int_equal(again.attempts.value, 3);

    assert_int_equal(cv_delivery_skip(txn, all), first.event.iid);
    assert_true(cv_get_delivery(txn, all, CV_DELIVERY_DEAD,
                                (uint64_t) first.position.value, &again));
    assert_true(cv_str_eq(again.error, CV_STR("the answer is 500")));
    assert_int_equal(again.attempts.value, 3);
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "certificate.issued webhook.test ");

    assert_int_equal(cv_delivery_skip(txn, all + 1), 0);
    assert_int_equal(cv_delivery_retry(txn, all + 1), 0);
    commit(txn);
    assert_int_equal(check(*state), 0);

    txn = begin(*state);
    assert_true(cv_delete_webhook(txn, all));
    assert_false(cv_delete_webhook(txn, all));
    assert_int_equal(count(txn, CV_DELIVERY), 0);
    assert_int_equal(count(txn, CV_EVENT), 3);
    commit(txn);
    assert_int_equal(check(*state), 0);
}


static void
put_event(cv_txn_t *txn, const char *id, cv_time_t at)
{
    uint8_t     text[CV_TIME_TEXT_MAX];
    cv_event_t  event;

    memset(&event, 0, sizeof(event));
    event.id = cv_str_z(id);
    event.type = CV_STR(CV_EVENT_UPDATED);
    event.data = CV_STR("{\0\0\0\0");
    event.at.text = cv_str(text, cv_time_format(text, at, CV_TIME_MS));
    event.at.at = at;

    assert_int_not_equal(cv_event_add(txn, &event), 0);
}


/* what is old and waited for stays, and is not in the way of what is not */

static void
test_trim(void **state)
{
    cv_walk_t       walk;
    cv_delivery_t   dead;
    cv_time_t   now;
    cv_txn_t   *txn;
    uint64_t    all;
    unsigned    i;
    char        id[16];

    now = cv_time_now();
    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);

    put_event(txn, "kept", now - 2 * CV_EVENT_KEPT);
    assert_true(cv_delete_webhook(txn, all));
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);
    put_event(txn, "given up", now - 2 * CV_EVENT_KEPT);

    cv_deliveries_open(&walk, txn, all, CV_DELIVERY_WAITING);
    assert_true(cv_walk_next(&walk, &dead, NULL));
    cv_walk_close(&walk);
    dead.state.value = CV_DELIVERY_DEAD;
    assert_true(cv_delivery_put(txn, CV_DELIVERY_WAITING, &dead));

    put_event(txn, "waited for", now - 2 * CV_EVENT_KEPT);
    assert_int_equal(cv_find(txn, CV_HANDLE_EVENT_ID, CV_STR("kept")), 0);

    (void) put_webhook(txn, "all", NULL, CV_WEBHOOK_DISABLED);

    for (i = 0; i < 5; i++) {
        (void) snprintf(id, sizeof(id), "old %u", i);
        put_event(txn, id, now - CV_EVENT_KEPT - 1000);
    }

    put_event(txn, "young", now - CV_EVENT_KEPT + CV_DAY);

    assert_int_equal(cv_events_trim(txn, 1, 100), 0);
    assert_int_equal(count(txn, CV_EVENT), 2);
    assert_int_not_equal(cv_find(txn, CV_HANDLE_EVENT_ID,
                                 CV_STR("waited for")), 0);
    assert_int_not_equal(cv_find(txn, CV_HANDLE_EVENT_ID, CV_STR("young")), 0);
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "credential.updated ");
    commit(txn);
    assert_int_equal(check(*state), 0);
}


static void
put_answer(cv_txn_t *txn, const char *id, cv_time_t at, uint64_t credential)
{
    uint8_t             text[CV_TIME_TEXT_MAX];
    cv_answer_record_t  answer;

    memset(&answer, 0, sizeof(answer));
    answer.id = cv_str_z(id);
    answer.request = hash;
    answer.at.text = cv_str(text, cv_time_format(text, at, CV_TIME_MS));
    answer.at.at = at;
    answer.status = (cv_int_t) { 201, true };
    answer.body = CV_STR("{\"name\":\"Jane\"}");
    answer.credential.iid = credential;

    assert_int_not_equal(cv_answer_put(txn, &answer), 0);
}


static void
test_answers(void **state)
{
    size_t               i;
    cv_txn_t            *txn;
    cv_time_t            now;
    cv_answer_record_t   answer;

    static const char *const  names[] = { "w", "x", "y", "z" };

    now = cv_time_now();
    txn = begin(*state);

    put_answer(txn, "a", now - CV_ANSWER_KEPT - 1000, 0);
    put_answer(txn, "b", now - 1000, 1);
    assert_false(cv_get_by_id(txn, CV_ANSWER, CV_STR("a"), &answer, NULL));
    assert_true(cv_get_by_id(txn, CV_ANSWER, CV_STR("b"), &answer, NULL));
    assert_int_equal(answer.status.value, 201);

    /* one that is given anew is behind what is old, and not in its way */

    for (i = 0; i < CV_COUNT(names); i++) {
        put_answer(txn, names[i], now - CV_ANSWER_KEPT - 1000, 0);
    }

    assert_int_equal(count(txn, CV_ANSWER), 1 + CV_COUNT(names));
    put_answer(txn, "b", now, 1);
    assert_int_equal(cv_answers_trim(txn, 1), 1);
    assert_int_equal(cv_answers_trim(txn, 100), CV_COUNT(names) - 1);
    assert_int_equal(count(txn, CV_ANSWER), 1);
    assert_true(cv_get_by_id(txn, CV_ANSWER, CV_STR("b"), &answer, NULL));

    /* nothing goes by a clock that is behind: it would be done again */

    put_answer(txn, "b", now + 2 * CV_ANSWER_KEPT, 1);
    put_answer(txn, "c", now, 0);
    assert_int_equal(count(txn, CV_ANSWER), 2);

    commit(txn);
    assert_int_equal(check(*state), 0);
}


/* what nobody writes behind goes by the daemon */

static void
test_chores(void **state)
{
    cv_time_t      now;
    cv_txn_t      *txn;
    test_t        *test = *state;
    cv_chores_t    chores;

    now = cv_time_now();
    memset(&chores, 0, sizeof(chores));

    assert_int_equal(cv_counters_create(test->dir, cv_store_uuid(test->store),
                                        &error), CV_OK);

    txn = begin(test);
    put_answer(txn, "young", now - CV_ANSWER_KEPT + 60000, 0);
    commit(txn);
    assert_int_equal(cv_chores_do(&chores, test->store, now, &error), CV_OK);

    txn = begin(test);
    assert_int_equal(count(txn, CV_ANSWER), 1);
    put_answer(txn, "young", now - CV_ANSWER_KEPT - 1000, 0);
    assert_int_equal(count(txn, CV_ANSWER), 1);
    commit(txn);

    /* once an hour */

    assert_int_equal(cv_chores_do(&chores, test->store, now + 60000, &error),
                     CV_OK);
    txn = begin(test);
    assert_int_equal(count(txn, CV_ANSWER), 1);
    cv_txn_abort(txn);

    assert_int_equal(cv_chores_do(&chores, test->store, now + 3600000, &error),
                     CV_OK);
    txn = begin(test);
    assert_int_equal(count(txn, CV_ANSWER), 0);
    cv_txn_abort(txn);
    assert_int_equal(check(test), 0);
}


/* who is forgotten is not told of any more, nor in what was answered */

static void
test_forget(void **state)
{
    cv_txn_t            *txn;
    uint64_t             all, iid;
    cv_erasure_t         erasure;
    cv_answer_record_t   answer;

    txn = begin(*state);
    all = put_webhook(txn, "all", NULL, CV_WEBHOOK_ACTIVE);
    create(txn, "new", CV_STATUS_ISSUED);
    iid = cv_find(txn, CV_HANDLE_CREDENTIAL_ID, CV_STR("new"));
    put_answer(txn, "a", cv_time_now(), iid);

    assert_int_equal(cv_erase_holder(txn, CV_STR("holder"), &erasure,
                                     &moment, &error), CV_OK);

    assert_int_equal(erasure.credentials, 3);
    assert_true(cv_get_by_id(txn, CV_ANSWER, CV_STR("a"), &answer, NULL));
    assert_int_equal(answer.body.len, 0);
    assert_int_equal(answer.credential.iid, 0);
    assert_false(cv_str_eq(answer.request, hash));
    assert_string_equal(waiting(txn, all, CV_DELIVERY_WAITING),
                        "credential.updated credential.updated "
                        "credential.updated ");
    assert_non_null(strstr(newest(txn), "\"userId\":\"erased-"));
    assert_null(strstr(newest(txn), "holder"));

    commit(txn);
    assert_int_equal(check(*state), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        OUTBOX(test_life),
        OUTBOX(test_abort),
        OUTBOX(test_token),
        OUTBOX(test_issuer),
        OUTBOX(test_once),
        OUTBOX(test_mail),
        OUTBOX(test_queue),
        OUTBOX(test_trim),
        OUTBOX(test_answers),
        OUTBOX(test_chores),
        OUTBOX(test_forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
