
/*
 * Copyright (C) The credverify authors
 */

#include "cv_keys.h"
#include "cv_digest.h"

/* twice as many bytes as characters: none of them may do */
#define CV_KEY_RANDOM_BYTES  (2 * CV_KEY_RANDOM_LEN)

#define CV_FROM(status)  (1U << CV_KEY_##status)

const char *const  cv_key_step_names[] = {
    "approve", "reject", "suspend", "activate", "revoke", NULL
};

/* what a step leads from, and what is said of everything else */

static const struct {
    cv_key_status_t   to;
    unsigned          from;
    const char       *otherwise;
} cv_key_steps[CV_KEY_STEPS] = {

    [CV_KEY_APPROVE] = {
        CV_KEY_ACTIVE, CV_FROM(PENDING) | CV_FROM(REJECTED),
        "only a pending or rejected one can be approved"
    },

    [CV_KEY_REJECT] = {
        CV_KEY_REJECTED, CV_FROM(PENDING), "only a pending one can be rejected"
    },

    [CV_KEY_SUSPEND] = {
        CV_KEY_SUSPENDED, CV_FROM(ACTIVE),
        "only an active one can be suspended"
    },

    [CV_KEY_ACTIVATE] = {
        CV_KEY_ACTIVE, CV_FROM(SUSPENDED),
        "only a suspended one can be activated"
    },

    [CV_KEY_REVOKE] = {
        CV_KEY_REVOKED, CV_FROM(PENDING) | CV_FROM(REJECTED) | CV_FROM(ACTIVE)
        | CV_FROM(SUSPENDED), ""
    },
};


const char *
cv_key_step_refused(cv_key_step_t step, cv_key_status_t from)
{
    if (from == cv_key_steps[step].to || cv_key_steps[step].from & 1U << from) {
        return NULL;
    }

    return from == CV_KEY_REVOKED ? "what is revoked stays so"
                                  : cv_key_steps[step].otherwise;
}


cv_err_t
cv_key_new(cv_new_key_t *key, cv_str_t brand, cv_key_class_t class,
    cv_error_t *error)
{
    uint8_t       random[CV_KEY_RANDOM_BYTES];
    cv_err_t      err;
    cv_digest_t  *digest;

    if (!cv_key_is_brand(brand)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "a brand is 1 to %d letters and digits",
                            CV_KEY_BRAND_MAX);
    }

    if (cv_random(random, sizeof(random)) != CV_OK) {
        return cv_error_set(error, CV_ERR_IO, "no random bytes");
    }

    key->len = cv_key_mint(key->text, brand, class,
                           cv_str(random, sizeof(random)));

    if (key->len == 0) {
        return cv_error_set(error, CV_ERR_IO, "no random bytes");
    }

    digest = cv_digest_new();

    err = digest != NULL
          ? cv_digest_sha256(digest, key->hash, cv_str(key->text, key->len))
          : CV_ERR_NOMEM;

    cv_digest_free(digest);

    return err == CV_OK ? err : cv_error_set(error, err, "out of memory");
}


void
cv_key_set_text(cv_api_key_t *key, const cv_new_key_t *made)
{
    uint8_t  clear[CV_CLEAR_MAX];

    /* as an import would have it; what was minted is a key's text */

    (void) cv_key_clear.take(key, cv_str(made->text, made->len), clear);

    key->hash = cv_str(made->hash, CV_HASH_LEN);
}


/* Use cases */

static cv_err_t
cv_keys_get(cv_txn_t *txn, cv_str_t id, cv_api_key_t *key, cv_buf_t *copy,
    uint64_t *iid, cv_error_t *error)
{
    if (cv_get_by_id(txn, CV_KEY, id, key, iid)) {
        return cv_record_keep(copy, CV_KEY, key)
               ? CV_OK : cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    return cv_txn_err(txn, error) != CV_OK
           ? cv_txn_err(txn, NULL)
           : cv_error_set(error, CV_ERR_INPUT, "there is no key \"%.*s\"",
                          CV_FMT(id));
}


static cv_err_t
cv_keys_put(cv_txn_t *txn, const cv_api_key_t *key, cv_error_t *error)
{
    return cv_put(txn, CV_KEY, key) != 0 ? CV_OK : cv_txn_err(txn, error);
}


cv_err_t
cv_key_take_step(cv_txn_t *txn, cv_str_t id, cv_key_step_t step,
    cv_api_key_t *key, cv_buf_t *copy, cv_error_t *error)
{
    cv_err_t          err;
    const char       *refused;
    cv_key_status_t   from;

    err = cv_keys_get(txn, id, key, copy, NULL, error);
    if (err != CV_OK) {
        return err;
    }

    from = cv_key_status(key);
    refused = cv_key_step_refused(step, from);

    if (refused != NULL) {
        return cv_error_set(error, CV_ERR_INPUT, "key \"%.*s\" is %s; %s",
                            CV_FMT(id), cv_key_status_names[from], refused);
    }

    if (from == cv_key_steps[step].to) {
        return CV_OK;
    }

    key->status = (cv_int_t) { cv_key_steps[step].to, true };

    return cv_keys_put(txn, key, error);
}


/* brand and class that a rotation keeps */

static cv_err_t
cv_key_rotate_text(cv_rotation_t *rotation, cv_error_t *error)
{
    cv_str_t       brand;
    cv_key_text_t  text;

    brand = rotation->brand;

    if (!cv_present(brand)) {

        if (!cv_present(rotation->before.prefix)
            || !cv_key_begin(&text, rotation->before.prefix))
        {
            return cv_error_set(error, CV_ERR_INPUT,
                                "key \"%.*s\" has no prefix to tell its "
                                "brand; give one",
                                CV_FMT(rotation->before.id));
        }

        brand = text.brand;
        rotation->class = text.class;
    }

    return cv_key_new(&rotation->made, brand, rotation->class, error);
}


cv_err_t
cv_key_rotate(cv_txn_t *txn, cv_str_t id, cv_rotation_t *rotation,
    cv_error_t *error)
{
    size_t           len;
    cv_err_t         err;
    cv_api_key_t    *key;
    cv_key_status_t  status;

    err = cv_keys_get(txn, id, &rotation->before, &rotation->copy, NULL,
                      error);
    if (err != CV_OK) {
        return err;
    }

    status = cv_key_status(&rotation->before);

    if (status == CV_KEY_REVOKED || status == CV_KEY_REJECTED) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "key \"%.*s\" is %s; another secret would be of "
                            "no use", CV_FMT(id), cv_key_status_names[status]);
    }

    err = cv_key_rotate_text(rotation, error);
    if (err != CV_OK) {
        return err;
    }

    key = &rotation->key;
    *key = rotation->before;

    cv_key_set_text(key, &rotation->made);

    key->previous = CV_ABSENT;
    key->previous_until.text = CV_ABSENT;

    if (rotation->grace > 0) {
        key->previous = rotation->before.hash;

        len = cv_time_format(rotation->until, rotation->now + rotation->grace,
                             CV_TIME_Z);
        (void) cv_date_parse(&key->previous_until,
                             cv_str(rotation->until, len));
    }

    return cv_keys_put(txn, key, error);
}


/* The key if it has that secret still. */

static cv_err_t
cv_keys_get_made(cv_txn_t *txn, cv_str_t id, const cv_new_key_t *made,
    cv_api_key_t *key, cv_buf_t *copy, uint64_t *iid, cv_error_t *error)
{
    cv_err_t  err;

    err = cv_keys_get(txn, id, key, copy, iid, error);

    if (err == CV_OK && !cv_str_eq(key->hash, cv_str(made->hash, CV_HASH_LEN)))
    {
        err = cv_error_set(error, CV_ERR_INPUT,
                           "key \"%.*s\" has another secret by now",
                           CV_FMT(id));
    }

    return err;
}


cv_err_t
cv_key_unrotate(cv_txn_t *txn, cv_rotation_t *rotation, cv_error_t *error)
{
    cv_err_t             err;
    cv_buf_t             copy;
    cv_api_key_t         key;
    const cv_api_key_t  *before;

    before = &rotation->before;
    cv_buf_init(&copy, CV_RECORD_MAX);

    err = cv_keys_get_made(txn, before->id, &rotation->made, &key, &copy, NULL,
                           error);

    if (err == CV_OK) {
        key.hash = before->hash;
        key.prefix = before->prefix;
        key.last4 = before->last4;
        key.previous = before->previous;
        key.previous_until = before->previous_until;

        err = cv_keys_put(txn, &key, error);
    }

    cv_buf_free(&copy);

    return err;
}


cv_err_t
cv_key_unmake(cv_txn_t *txn, cv_str_t id, const cv_new_key_t *made,
    cv_error_t *error)
{
    cv_err_t       err;
    cv_buf_t       copy;
    uint64_t       iid;
    cv_api_key_t   key;

    cv_buf_init(&copy, CV_RECORD_MAX);

    err = cv_keys_get_made(txn, id, made, &key, &copy, &iid, error);

    if (err == CV_OK && !cv_delete_key(txn, iid)) {
        err = cv_txn_err(txn, error);
    }

    cv_buf_free(&copy);

    return err;
}
