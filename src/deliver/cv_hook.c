
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hook.h"
#include "cv_base64.h"
#include "cv_hmac.h"
#include "cv_shape.h"

#include <stdlib.h>
#include <string.h>

/* a secret is no longer than any other text of a record */
#define CV_HOOK_SECRET_MAX  4096

#define CV_HOOK_FIELD_MAX   512

typedef struct {
    cv_attempt_t  attempt;
    cv_post_t     post;
} cv_hook_attempt_t;


cv_err_t
cv_hook_sign(cv_buf_t *out, cv_str_t secret, cv_str_t id, cv_time_t at,
    cv_str_t body)
{
    uint8_t   memory[CV_HOOK_SECRET_MAX], hmac[CV_SHA256_LEN];
    cv_err_t  err;
    cv_buf_t  key, message;
    cv_str_t  text;

    if (!cv_shape_signing.holds(secret)) {
        return CV_ERR_INPUT;
    }

    text = cv_str(secret.data + sizeof(CV_SIGNING_PREFIX) - 1,
                  secret.len - (sizeof(CV_SIGNING_PREFIX) - 1));

    cv_buf_borrow(&key, memory, sizeof(memory));
    cv_buf_init(&message, id.len + CV_INT_TEXT_MAX + body.len + 2);

    cv_buf_append_str(&message, id);
    cv_buf_append_byte(&message, '.');
    cv_buf_append_int(&message, at / CV_SECOND);
    cv_buf_append_byte(&message, '.');
    cv_buf_append_str(&message, body);

    err = cv_buf_failed(&message) ? message.err
                                  : cv_base64_decode(&key, text);

    if (err == CV_OK) {
        err = cv_hmac_sha256(hmac, cv_buf_str(&key), cv_buf_str(&message));
    }

    if (err == CV_OK) {
        cv_buf_append_str(out, CV_STR("v1,"));
        cv_base64_encode(out, cv_str(hmac, sizeof(hmac)));
        err = out->err;
    }

    explicit_bzero(memory, sizeof(memory));
    cv_buf_free(&message);

    return err;
}


static void
cv_hook_done(cv_attempt_t *attempt, CURLcode code, cv_sent_t *sent)
{
    cv_hook_attempt_t  *hook = (cv_hook_attempt_t *) attempt;

    cv_post_result(&hook->post, code, sent);
}


static void
cv_hook_free(cv_attempt_t *attempt)
{
    cv_hook_attempt_t  *hook = (cv_hook_attempt_t *) attempt;

    cv_post_free(&hook->post);
    free(hook);
}


/* who has forgotten nothing yet of the former secret can check that one */

static cv_err_t
cv_hook_signatures(cv_buf_t *out, const cv_hook_t *hook, cv_time_t now)
{
    cv_err_t  err;

    cv_buf_append_str(out, CV_STR("webhook-signature: "));

    err = cv_hook_sign(out, hook->secret, hook->id, now, hook->body);

    if (err == CV_OK && cv_present(hook->previous)) {
        cv_buf_append_byte(out, ' ');
        err = cv_hook_sign(out, hook->previous, hook->id, now, hook->body);
    }

    return err;
}


static cv_err_t
cv_hook_ask(cv_post_t *post, const cv_hook_t *hook, cv_time_t now)
{
    uint8_t            memory[3][CV_HOOK_FIELD_MAX];
    size_t             i;
    cv_err_t           err;
    cv_buf_t           parts[3];
    cv_str_t           fields[5];
    cv_post_request_t  request;

    for (i = 0; i < 3; i++) {
        cv_buf_borrow(&parts[i], memory[i], sizeof(memory[i]));
    }

    cv_buf_append_str(&parts[0], CV_STR("webhook-id: "));
    cv_buf_append_str(&parts[0], hook->id);

    cv_buf_append_str(&parts[1], CV_STR("webhook-timestamp: "));
    cv_buf_append_int(&parts[1], now / CV_SECOND);

    err = cv_hook_signatures(&parts[2], hook, now);

    fields[0] = CV_STR("content-type: application/json");
    fields[1] = CV_STR("expect:");      /* nobody waits for "100 Continue" */

    for (i = 0; i < 3; i++) {
        fields[2 + i] = cv_buf_str(&parts[i]);
        err = err != CV_OK ? err : parts[i].err;
    }

    request = (cv_post_request_t) {
        CV_STR("POST"), hook->url, hook->body, fields, CV_COUNT(fields),
        hook->private
    };

    return err != CV_OK ? err : cv_post_ask(post, &request);
}


cv_attempt_t *
cv_hook_attempt(const cv_hook_t *hook, const cv_post_conf_t *conf,
    cv_time_t now, cv_error_t *error)
{
    cv_err_t            err;
    cv_hook_attempt_t  *made;

    made = calloc(1, sizeof(cv_hook_attempt_t));

    if (made == NULL || cv_post_init(&made->post, conf) != CV_OK) {
        free(made);
        (void) cv_error_set(error, CV_ERR_NOMEM, "out of memory");
        return NULL;
    }

    made->attempt = (cv_attempt_t) { made->post.easy, cv_hook_done,
                                     cv_hook_free };

    err = cv_hook_ask(&made->post, hook, now);

    if (err == CV_OK) {
        return &made->attempt;
    }

    cv_hook_free(&made->attempt);

    (void) cv_error_set(error, err, err == CV_ERR_INPUT
                        ? "the webhook has no secret to sign by"
                        : "out of memory");
    return NULL;
}
