
/*
 * Copyright (C) The credverify authors
 */

#include "cv_purge.h"
#include "cv_cache_key.h"
#include "cv_outbox.h"
#include "cv_post.h"
#include "cv_text.h"

#include <stdlib.h>

/* of all handles of one credential, of which tokens may be many */
#define CV_PURGE_KEYS_MAX  ((size_t) 16 * 1024 * 1024)

/* of a template, with keys in it */
#define CV_PURGE_URL_MAX   ((size_t) 64 * 1024)

typedef struct {
    cv_attempt_t   attempt;
    cv_post_t      post;
    cv_buf_t       template;
    cv_buf_t       keys;        /* a line each */
    size_t         at;          /* where in "keys" the next one begins */
    unsigned       variant;
    unsigned       variants;
    bool           private;
} cv_purge_t;


static void
cv_purge_token_key(cv_buf_t *keys, cv_str_t hash)
{
    cv_cache_key_token(keys, hash);
    cv_buf_append_byte(keys, '\n');
}


static void
cv_purge_tokens(cv_buf_t *keys, cv_txn_t *txn, uint64_t iid)
{
    cv_str_t   hash;
    cv_walk_t  walk;

    cv_links_open(&walk, txn, CV_LINK_CREDENTIAL_TOKEN, iid);

    while (cv_links_next(&walk, &hash)) {
        cv_purge_token_key(keys, hash);
    }

    cv_walk_close(&walk);
}


/* one that was removed is in no link any more: the event says which it was */

static void
cv_purge_removed(cv_buf_t *keys, const cv_event_t *event)
{
    uint8_t   hash[CV_TOKEN_HASH_LEN];
    cv_str_t  text;

    text = cv_doc_text(cv_doc_member(event->data, CV_STR("tokenSha256")));

    if (cv_hex_decode(hash, sizeof(hash), text)) {
        cv_purge_token_key(keys, cv_str(hash, sizeof(hash)));
    }
}


static cv_err_t
cv_purge_handles(cv_buf_t *keys, cv_txn_t *txn, uint64_t iid)
{
    size_t           by, mark;
    cv_err_t         err;
    cv_str_t         own[CV_BY_COUNT];
    cv_digest_t     *digest;
    cv_assertion_t   assertion;
    cv_credential_t  credential;

    if (!cv_get(txn, CV_CREDENTIAL, iid, &credential)) {
        return CV_OK;
    }

    if (!cv_get_assertion(txn, iid, &assertion)) {
        assertion.id = CV_ABSENT;
    }

    digest = cv_digest_new();
    if (digest == NULL) {
        return CV_ERR_NOMEM;
    }

    own[CV_BY_TOKEN] = CV_ABSENT;
    own[CV_BY_CODE] = credential.code;
    own[CV_BY_NUMBER] = credential.number;
    own[CV_BY_ID] = credential.public_id;
    own[CV_BY_ASSERTION] = assertion.id;

    for (err = CV_OK, by = 0; err == CV_OK && by < CV_BY_COUNT; by++) {
        mark = keys->len;
        err = cv_cache_key(keys, digest, (cv_by_t) by, own[by]);

        if (keys->len > mark) {
            cv_buf_append_byte(keys, '\n');
        }
    }

    cv_digest_free(digest);
    cv_purge_tokens(keys, txn, iid);

    return err;
}


cv_err_t
cv_purge_keys(cv_buf_t *keys, cv_txn_t *txn, const cv_event_t *event)
{
    size_t    i;
    cv_err_t  err;

    static const uint8_t      nobody[CV_TOKEN_HASH_LEN];
    static const char *const  shows[] = {
        CV_EVENT_ISSUED, CV_EVENT_UPDATED, CV_EVENT_REVOKED
    };

    err = CV_OK;

    if (cv_str_eq(event->type, CV_STR(CV_EVENT_TEST))) {
        cv_purge_token_key(keys, cv_str(nobody, sizeof(nobody)));

    } else if (cv_str_eq(event->type, CV_STR(CV_EVENT_TOKEN_REVOKED))) {
        cv_purge_removed(keys, event);
    }

    for (i = 0; i < CV_COUNT(shows); i++) {
        if (cv_str_eq(event->type, cv_str_z(shows[i]))) {
            err = cv_purge_handles(keys, txn, event->credential.iid);
        }
    }

    if (err == CV_OK) {
        err = cv_txn_err(txn, NULL);
    }

    return err != CV_OK ? err : keys->err;
}


/* The request for the next URL, of which there is one. */

static cv_err_t
cv_purge_ask(cv_purge_t *purge)
{
    cv_err_t           err;
    cv_buf_t           url;
    cv_str_t           key;
    const uint8_t     *end;
    cv_post_request_t  request;

    key = cv_buf_str(&purge->keys);
    key = cv_str(key.data + purge->at, key.len - purge->at);

    end = memchr(key.data, '\n', key.len);
    key.len = (size_t) (end - key.data);

    cv_buf_init(&url, CV_PURGE_URL_MAX);
    cv_purge_url(&url, cv_buf_str(&purge->template), key, purge->variant);

    if (++purge->variant == purge->variants) {
        purge->variant = 0;
        purge->at += key.len + 1;
    }

    request = (cv_post_request_t) {
        .method = CV_STR("PURGE"), .url = cv_buf_str(&url),
        .private = purge->private
    };

    err = cv_buf_failed(&url) ? url.err : cv_post_ask(&purge->post, &request);

    cv_buf_free(&url);

    return err;
}


static void
cv_purge_done(cv_attempt_t *attempt, CURLcode code, cv_sent_t *sent)
{
    cv_purge_t  *purge = (cv_purge_t *) attempt;

    cv_post_result(&purge->post, code, sent);

    if (sent->how != CV_SENT_DONE && sent->status != 404
        && sent->status != 412)
    {
        return;
    }

    *sent = (cv_sent_t) { .how = CV_SENT_DONE, .status = sent->status };

    if (purge->at == purge->keys.len) {
        return;
    }

    sent->how = CV_SENT_MORE;

    if (cv_purge_ask(purge) != CV_OK) {
        cv_sent_set(sent, CV_SENT_AGAIN, "out of memory");
    }
}


static void
cv_purge_free(cv_attempt_t *attempt)
{
    cv_purge_t  *purge = (cv_purge_t *) attempt;

    cv_post_free(&purge->post);
    cv_buf_free(&purge->template);
    cv_buf_free(&purge->keys);
    free(purge);
}


static cv_purge_t *
cv_purge_new(const cv_consignment_t *what)
{
    cv_purge_t  *purge;

    purge = calloc(1, sizeof(cv_purge_t));

    if (purge == NULL || cv_post_init(&purge->post, what->post) != CV_OK) {
        free(purge);
        return NULL;
    }

    purge->attempt = (cv_attempt_t) { purge->post.easy, cv_purge_done,
                                      cv_purge_free };

    cv_buf_init(&purge->template, CV_PURGE_URL_MAX);
    cv_buf_init(&purge->keys, CV_PURGE_KEYS_MAX);

    cv_buf_append_str(&purge->template, what->webhook->url);
    purge->private = what->webhook->private.present
                     && what->webhook->private.value;

    return purge;
}


cv_attempt_t *
cv_purge_attempt(void *arg, cv_txn_t *txn, const cv_consignment_t *what,
    cv_sent_t *sent)
{
    cv_err_t     err;
    unsigned     variants;
    cv_error_t   error;
    cv_purge_t  *purge;

    (void) arg;

    if (cv_purge_variants(what->webhook->url, &variants, &error) != CV_OK) {
        cv_sent_set(sent, CV_SENT_DEAD, "%s", error.text);
        return NULL;
    }

    purge = cv_purge_new(what);

    if (purge == NULL) {
        cv_sent_set(sent, CV_SENT_AGAIN, "out of memory");
        return NULL;
    }

    purge->variants = variants;

    err = cv_purge_keys(&purge->keys, txn, what->event);

    if (err == CV_OK && purge->keys.len == 0) {
        sent->how = CV_SENT_DONE;
        cv_purge_free(&purge->attempt);
        return NULL;
    }

    if (err == CV_OK) {
        err = cv_buf_failed(&purge->template) ? purge->template.err
                                              : cv_purge_ask(purge);
    }

    if (err == CV_OK) {
        return &purge->attempt;
    }

    cv_sent_set(sent, CV_SENT_AGAIN, "%s",
                err == CV_ERR_NOMEM ? "out of memory"
                : err == CV_ERR_LIMIT ? "too much is to be purged"
                : "the store cannot be read");
    cv_purge_free(&purge->attempt);

    return NULL;
}
