
/*
 * Copyright (C) The credverify authors
 *
 * The outbox: events, written with what they tell of, and deliveries, which
 * are in a queue of their own for each webhook; and the answers that are kept
 * for who asks the same again.
 */

#include "cv_store_internal.h"
#include "cv_text.h"

#include <errno.h>
#include <sys/random.h>

#define CV_EVENT_PREFIX  "evt_"
#define CV_EVENT_RANDOM  16
#define CV_EVENT_ID_LEN  (sizeof(CV_EVENT_PREFIX) - 1 + 2 * CV_EVENT_RANDOM)

/* how many that are too old go when one comes: more than one, but no walk */
#define CV_EVENT_TRIM    2


static cv_date_t
cv_event_now(const cv_txn_t *txn, uint8_t text[CV_TIME_TEXT_MAX])
{
    cv_date_t  date;

    date.text = cv_str(text, cv_time_format(text, txn->now, CV_TIME_MS));
    date.at = txn->now;

    return date;
}


static bool
cv_event_id(cv_txn_t *txn, char id[CV_EVENT_ID_LEN])
{
    uint8_t  random[CV_EVENT_RANDOM];

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        (void) cv_system_error(&txn->error, errno, "getrandom");
        return false;
    }

    memcpy(id, CV_EVENT_PREFIX, sizeof(CV_EVENT_PREFIX) - 1);
    cv_hex_encode(id + sizeof(CV_EVENT_PREFIX) - 1,
                  cv_str(random, sizeof(random)));

    return true;
}


/* "new" is false if there is one with that id */

static uint64_t
cv_event_write(cv_txn_t *txn, const cv_event_t *given, bool *new)
{
    char         id[CV_EVENT_ID_LEN];
    uint8_t      at[CV_TIME_TEXT_MAX];
    uint64_t     iid;
    cv_event_t   event;

    *new = false;

    if (cv_txn_failed(txn)) {
        return 0;
    }

    event = *given;

    if (!cv_present(event.at.text)) {
        event.at = cv_event_now(txn, at);
    }

    if (cv_present(event.id)) {
        iid = cv_find(txn, CV_HANDLE_EVENT_ID, event.id);

        if (iid != 0 || cv_txn_failed(txn)) {
            return iid;
        }

    } else {
        if (!cv_event_id(txn, id)) {
            return 0;
        }

        event.id = cv_str(id, sizeof(id));
    }

    if (cv_record_validate(&event, CV_EVENT, &txn->error) != CV_OK) {
        return 0;
    }

    (void) cv_events_trim(txn, 1, CV_EVENT_TRIM);

    *new = true;

    return cv_put(txn, CV_EVENT, &event);
}


uint64_t
cv_event_put(cv_txn_t *txn, const cv_event_t *event)
{
    bool  new;

    return cv_event_write(txn, event, &new);
}


bool
cv_event_concerns(const cv_webhook_t *webhook, const cv_event_t *event)
{
    return webhook->issuer.iid == 0
           || webhook->issuer.iid == event->issuer.iid;
}


bool
cv_event_wanted(const cv_webhook_t *webhook, const cv_event_t *event)
{
    cv_doc_t        type;
    cv_doc_iter_t   it;

    if ((webhook->status.present
         && webhook->status.value != CV_WEBHOOK_ACTIVE)
        || !cv_event_concerns(webhook, event))
    {
        return false;
    }

    if (!cv_doc_truth(webhook->events)) {
        return true;
    }

    it = cv_doc_iter(webhook->events);

    while (cv_doc_next(&it, NULL, &type)) {
        if (cv_str_eq(cv_doc_text(type), event->type)) {
            return true;
        }
    }

    return false;
}


uint64_t
cv_event_add(cv_txn_t *txn, const cv_event_t *event)
{
    bool          new;
    uint64_t      iid, to;
    cv_walk_t     walk;
    cv_webhook_t  webhook;

    iid = cv_event_write(txn, event, &new);

    if (iid == 0 || !new) {
        return iid;
    }

    if (cv_str_eq(event->type, CV_STR(CV_EVENT_MAIL))) {
        return cv_delivery_add(txn, 0, iid) ? iid : 0;
    }

    /* what is written here is in other tables than what is walked */

    cv_walk_open(&walk, txn, CV_WEBHOOK);

    while (cv_walk_next(&walk, &webhook, &to)) {
        if (cv_event_wanted(&webhook, event)) {
            (void) cv_delivery_add(txn, to, iid);
        }
    }

    cv_walk_close(&walk);

    return cv_txn_failed(txn) ? 0 : iid;
}


/* Deliveries */

bool
cv_delivery_add(cv_txn_t *txn, uint64_t webhook, uint64_t event)
{
    cv_delivery_t  delivery;

    if (cv_txn_failed(txn)) {
        return false;
    }

    memset(&delivery, 0, sizeof(cv_delivery_t));

    delivery.webhook.iid = webhook;
    delivery.event.iid = event;
    delivery.state = (cv_int_t) { CV_DELIVERY_WAITING, true };
    delivery.position = (cv_int_t) {
        (int64_t) cv_number_new(txn, CV_DELIVERY), true
    };

    return cv_put(txn, CV_DELIVERY, &delivery) != 0;
}


void
cv_deliveries_open(cv_walk_t *walk, cv_txn_t *txn, uint64_t webhook,
    cv_delivery_state_t state)
{
    cv_walk_open(walk, txn, CV_DELIVERY);

    cv_put_uint(walk->prefix, webhook, CV_IID_LEN);
    walk->prefix[CV_IID_LEN] = (uint8_t) state;
    walk->prefix_len = CV_IID_LEN + 1;
}


static cv_key_t
cv_delivery_key(uint64_t webhook, cv_delivery_state_t state, uint64_t position)
{
    cv_delivery_t  delivery;

    memset(&delivery, 0, sizeof(cv_delivery_t));

    delivery.webhook.iid = webhook;
    delivery.state.value = state;
    delivery.position.value = (int64_t) position;

    return cv_record_key(CV_DELIVERY, 0, &delivery);
}


bool
cv_get_delivery(cv_txn_t *txn, uint64_t webhook, cv_delivery_state_t state,
    uint64_t position, cv_delivery_t *delivery)
{
    cv_key_t  key;

    key = cv_delivery_key(webhook, state, position);

    return cv_get_by_key(txn, CV_DELIVERY, cv_key_str(&key), delivery);
}


bool
cv_delivery_put(cv_txn_t *txn, cv_delivery_state_t was,
    const cv_delivery_t *delivery)
{
    cv_key_t       key;
    cv_delivery_t  old;

    key = cv_delivery_key(delivery->webhook.iid, was,
                          (uint64_t) delivery->position.value);

    if (!cv_get_by_key(txn, CV_DELIVERY, cv_key_str(&key), &old)
        || cv_record_validate(delivery, CV_DELIVERY, &txn->error) != CV_OK)
    {
        return false;
    }

    /* its state is part of its key */

    if (delivery->state.value != (int64_t) was
        && !cv_delete(txn, CV_DELIVERY, 0, cv_key_str(&key)))
    {
        return false;
    }

    return cv_put(txn, CV_DELIVERY, delivery) != 0;
}


bool
cv_delivery_done(cv_txn_t *txn, const cv_delivery_t *delivery)
{
    cv_key_t  key;

    key = cv_record_key(CV_DELIVERY, 0, delivery);

    return cv_delete(txn, CV_DELIVERY, 0, cv_key_str(&key));
}


static uint64_t
cv_delivery_first(cv_txn_t *txn, uint64_t webhook, cv_delivery_state_t state)
{
    bool           done;
    cv_buf_t       copy;
    cv_walk_t      walk;
    cv_delivery_t  delivery;

    cv_deliveries_open(&walk, txn, webhook, CV_DELIVERY_WAITING);
    done = cv_walk_next(&walk, &delivery, NULL);
    cv_walk_close(&walk);

    if (!done) {
        return 0;
    }

    cv_buf_init(&copy, CV_RECORD_MAX);

    if (cv_record_keep(&copy, CV_DELIVERY, &delivery)) {
        delivery.state.value = state;
        delivery.next_at = (cv_int_t) { 0, false };

        if (!cv_present(delivery.error) && state == CV_DELIVERY_DEAD) {
            delivery.error = CV_STR("skipped before it was tried");
        }

        done = cv_delivery_put(txn, CV_DELIVERY_WAITING, &delivery);

    } else {
        done = cv_txn_ok(txn, ENOMEM, txn->store->dir);
    }

    cv_buf_free(&copy);

    return done ? delivery.event.iid : 0;
}


uint64_t
cv_delivery_retry(cv_txn_t *txn, uint64_t webhook)
{
    return cv_delivery_first(txn, webhook, CV_DELIVERY_WAITING);
}


uint64_t
cv_delivery_skip(cv_txn_t *txn, uint64_t webhook)
{
    return cv_delivery_first(txn, webhook, CV_DELIVERY_DEAD);
}


/* Removing: no walk is open while something is removed from what it walks */

static bool
cv_link_first(cv_txn_t *txn, cv_link_kind_t kind, uint64_t from,
    uint8_t *key, size_t len)
{
    bool       found;
    cv_str_t   to;
    cv_walk_t  walk;

    cv_links_open(&walk, txn, kind, from);
    found = cv_links_next(&walk, &to);

    if (found) {
        found = to.len == len || cv_txn_ok(txn, MDB_CORRUPTED,
                                           txn->store->dir);
        memcpy(key, to.data, to.len < len ? to.len : len);
    }

    cv_walk_close(&walk);

    return found && !cv_txn_failed(txn);
}


static void
cv_event_remove(cv_txn_t *txn, uint64_t iid)
{
    uint8_t   delivery[CV_DELIVERY_KEY];
    cv_key_t  key;

    while (cv_link_first(txn, CV_LINK_EVENT_DELIVERY, iid, delivery,
                         sizeof(delivery))
           && cv_delete(txn, CV_DELIVERY, 0,
                        cv_str(delivery, sizeof(delivery))))
    {
        /* void */
    }

    key = cv_record_key(CV_EVENT, iid, NULL);
    (void) cv_delete(txn, CV_EVENT, iid, cv_key_str(&key));
}


/* the next record of a kind from a number on */

static bool
cv_next_from(cv_txn_t *txn, cv_kind_t kind, uint64_t *iid, void *record)
{
    bool       found;
    cv_walk_t  walk;

    cv_walk_open_from(&walk, txn, kind, *iid);
    found = cv_walk_next(&walk, record, iid);
    cv_walk_close(&walk);

    return found;
}


/* a dead letter goes with its event */

static bool
cv_event_awaited(cv_txn_t *txn, uint64_t iid)
{
    bool       awaited;
    cv_str_t   to;
    cv_walk_t  walk;

    awaited = false;

    cv_links_open(&walk, txn, CV_LINK_EVENT_DELIVERY, iid);

    while (!awaited && cv_links_next(&walk, &to)) {
        awaited = to.len != CV_DELIVERY_KEY
                  || to.data[CV_IID_LEN] == CV_DELIVERY_WAITING;
    }

    cv_walk_close(&walk);

    return awaited;
}


uint64_t
cv_events_trim(cv_txn_t *txn, uint64_t from, unsigned most)
{
    unsigned    n;
    cv_event_t  event;

    for (n = 0; n < most; n++) {

        if (!cv_next_from(txn, CV_EVENT, &from, &event)
            || event.at.at > txn->now - CV_EVENT_KEPT)
        {
            return 0;
        }

        if (!cv_event_awaited(txn, from)) {
            cv_event_remove(txn, from);
        }

        from++;
    }

    return from;
}


bool
cv_delete_webhook(cv_txn_t *txn, uint64_t iid)
{
    int            state;
    bool           found;
    cv_key_t       key;
    cv_walk_t      walk;
    cv_delivery_t  delivery;

    for (state = 0; state < CV_DELIVERY_STATES; /* void */ ) {

        cv_deliveries_open(&walk, txn, iid, (cv_delivery_state_t) state);
        found = cv_walk_next(&walk, &delivery, NULL);
        cv_walk_close(&walk);

        if (!found) {
            state++;

        } else if (!cv_delivery_done(txn, &delivery)) {
            return false;
        }
    }

    key = cv_record_key(CV_WEBHOOK, iid, NULL);

    return cv_delete(txn, CV_WEBHOOK, iid, cv_key_str(&key));
}


static void
cv_answer_remove(cv_txn_t *txn, uint64_t iid)
{
    cv_key_t  key;

    key = cv_record_key(CV_ANSWER, iid, NULL);
    (void) cv_delete(txn, CV_ANSWER, iid, cv_key_str(&key));
}


unsigned
cv_answers_trim(cv_txn_t *txn, unsigned most)
{
    unsigned            n;
    uint64_t            oldest;
    cv_answer_record_t  answer;

    for (n = 0; n < most; n++) {
        oldest = 1;

        if (!cv_next_from(txn, CV_ANSWER, &oldest, &answer)
            || answer.at.at > txn->now - CV_ANSWER_KEPT)
        {
            break;
        }

        cv_answer_remove(txn, oldest);
    }

    return n;
}


uint64_t
cv_answer_put(cv_txn_t *txn, const cv_answer_record_t *answer)
{
    uint64_t  former;

    if (cv_record_validate(answer, CV_ANSWER, &txn->error) != CV_OK) {
        return 0;
    }

    (void) cv_answers_trim(txn, CV_EVENT_TRIM);

    /* the newest has the highest number, though its id be an old one */

    former = cv_find(txn, CV_HANDLE_ANSWER_ID, answer->id);

    if (former != 0) {
        cv_answer_remove(txn, former);
    }

    return cv_put(txn, CV_ANSWER, answer);
}


/*
 * An answer about somebody who was erased: it is known that there was one, so
 * that nobody who asks again has the same made anew, and nothing else.
 */

static bool
cv_answer_forget(cv_txn_t *txn, uint64_t iid)
{
    bool                kept;
    cv_buf_t            copy;
    cv_answer_record_t  answer;

    static const uint8_t  none[CV_HASH_LEN];

    if (!cv_get(txn, CV_ANSWER, iid, &answer)) {
        return false;
    }

    answer.request = cv_str(none, sizeof(none));
    answer.body = CV_STR("");
    answer.credential.iid = 0;

    cv_buf_init(&copy, CV_RECORD_MAX);
    kept = cv_record_keep(&copy, CV_ANSWER, &answer)
           ? cv_put(txn, CV_ANSWER, &answer) != 0
           : cv_txn_ok(txn, ENOMEM, txn->store->dir);
    cv_buf_free(&copy);

    return kept;
}


void
cv_outbox_forget(cv_txn_t *txn, uint64_t credential)
{
    uint8_t  key[CV_IID_LEN];

    while (cv_link_first(txn, CV_LINK_CREDENTIAL_EVENT, credential, key,
                         sizeof(key)))
    {
        cv_event_remove(txn, cv_get_uint(key, sizeof(key)));
    }

    while (cv_link_first(txn, CV_LINK_CREDENTIAL_ANSWER, credential, key,
                         sizeof(key))
           && cv_answer_forget(txn, cv_get_uint(key, sizeof(key))))
    {
        /* void */
    }
}
