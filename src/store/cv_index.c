
/*
 * Copyright (C) The credverify authors
 *
 * Indexes: which handles and links a record has, and keeping them so.
 */

#include "cv_store_internal.h"
#include "cv_verdict.h"


typedef struct {
    cv_kind_t          kind;
    cv_handle_kind_t   handle;
    size_t             offset;      /* of a cv_str_t */
    const char        *member;
} cv_handle_spec_t;

static const cv_handle_spec_t  cv_handle_specs[] = {
    { CV_ISSUER, CV_HANDLE_ISSUER_ID, offsetof(cv_issuer_t, id), "id" },
    { CV_CLASS, CV_HANDLE_CLASS_ID, offsetof(cv_class_t, id), "id" },
    { CV_HOLDER, CV_HANDLE_HOLDER_ID, offsetof(cv_holder_t, id), "id" },
    { CV_CREDENTIAL, CV_HANDLE_CREDENTIAL_ID,
      offsetof(cv_credential_t, id), "id" },
    { CV_CREDENTIAL, CV_HANDLE_CODE,
      offsetof(cv_credential_t, code), "code" },
    { CV_CREDENTIAL, CV_HANDLE_NUMBER,
      offsetof(cv_credential_t, number), "number" },
    { CV_CREDENTIAL, CV_HANDLE_PUBLIC_ID,
      offsetof(cv_credential_t, public_id), "public_id" },
    { CV_TIER, CV_HANDLE_TIER_ID, offsetof(cv_tier_t, id), "id" },
    { CV_KEY, CV_HANDLE_KEY_ID, offsetof(cv_api_key_t, id), "id" },
    { CV_KEY, CV_HANDLE_KEY_HASH, offsetof(cv_api_key_t, hash),
      "key_sha256" },
    { CV_KEY, CV_HANDLE_KEY_HASH, offsetof(cv_api_key_t, previous),
      "previous_sha256" },
    { CV_OAUTH_CLIENT, CV_HANDLE_OAUTH_CLIENT_ID,
      offsetof(cv_oauth_client_t, id), "id" },
    { CV_WEBHOOK, CV_HANDLE_WEBHOOK_ID, offsetof(cv_webhook_t, id), "id" },
    { CV_ASSERTION, CV_HANDLE_ASSERTION, offsetof(cv_assertion_t, id), "id" },
    { CV_EVENT, CV_HANDLE_EVENT_ID, offsetof(cv_event_t, id), "id" },
    { CV_ANSWER, CV_HANDLE_ANSWER_ID, offsetof(cv_answer_record_t, id), "id" },
};

typedef struct {
    cv_kind_t          kind;
    cv_link_kind_t     link;
    size_t             offset;
    bool               text;        /* a cv_str_t; else a cv_ref_t */
    bool             (*has)(const void *record);    /* NULL: always */
} cv_link_spec_t;

static bool cv_link_withdrawn(const void *record);

static const cv_link_spec_t  cv_link_specs[] = {
    { CV_CLASS, CV_LINK_ISSUER_CLASS, offsetof(cv_class_t, issuer), false,
      NULL },
    { CV_HOLDER, CV_LINK_WALLET_HOLDER, offsetof(cv_holder_t, wallet), true,
      NULL },
    { CV_CREDENTIAL, CV_LINK_CLASS_CREDENTIAL,
      offsetof(cv_credential_t, class), false, NULL },
    { CV_CREDENTIAL, CV_LINK_HOLDER_CREDENTIAL,
      offsetof(cv_credential_t, holder), false, NULL },
    { CV_CREDENTIAL, CV_LINK_CLASS_WITHDRAWN,
      offsetof(cv_credential_t, class), false, cv_link_withdrawn },
    { CV_TOKEN, CV_LINK_CREDENTIAL_TOKEN,
      offsetof(cv_token_t, credential), false, NULL },
    { CV_EVENT, CV_LINK_CREDENTIAL_EVENT,
      offsetof(cv_event_t, credential), false, NULL },
    { CV_DELIVERY, CV_LINK_EVENT_DELIVERY,
      offsetof(cv_delivery_t, event), false, NULL },
    { CV_ANSWER, CV_LINK_CREDENTIAL_ANSWER,
      offsetof(cv_answer_record_t, credential), false, NULL },
};


cv_handle_kind_t
cv_id_handle(cv_kind_t kind)
{
    static const cv_handle_kind_t  handles[] = {
        [CV_ISSUER] = CV_HANDLE_ISSUER_ID,
        [CV_CLASS] = CV_HANDLE_CLASS_ID,
        [CV_HOLDER] = CV_HANDLE_HOLDER_ID,
        [CV_CREDENTIAL] = CV_HANDLE_CREDENTIAL_ID,
        [CV_TIER] = CV_HANDLE_TIER_ID,
        [CV_KEY] = CV_HANDLE_KEY_ID,
        [CV_OAUTH_CLIENT] = CV_HANDLE_OAUTH_CLIENT_ID,
        [CV_WEBHOOK] = CV_HANDLE_WEBHOOK_ID,
        [CV_EVENT] = CV_HANDLE_EVENT_ID,
        [CV_ANSWER] = CV_HANDLE_ANSWER_ID,
    };

    return handles[kind];
}


cv_kind_t
cv_handle_target(uint8_t kind)
{
    size_t  i;

    for (i = 0; i < CV_COUNT(cv_handle_specs); i++) {
        if (cv_handle_specs[i].handle == kind) {
            return cv_handle_specs[i].kind;
        }
    }

    return CV_KINDS;
}


/*
 * Hexadecimal public ids (UUIDs) and assertions mean the same in either case,
 * and so share one key; all other handles are byte-exact.
 */

void
cv_handle_normal(cv_handle_kind_t kind, cv_str_t handle, uint8_t *out)
{
    size_t   i;
    uint8_t  ch;

    memcpy(out, handle.data, handle.len);

    if (kind != CV_HANDLE_PUBLIC_ID && kind != CV_HANDLE_ASSERTION) {
        return;
    }

    for (i = 0; i < handle.len; i++) {
        ch = handle.data[i] | 0x20;

        if (!((ch >= 'a' && ch <= 'f')
              || (handle.data[i] >= '0' && handle.data[i] <= '9')
              || handle.data[i] == '-'))
        {
            return;
        }
    }

    for (i = 0; i < handle.len; i++) {
        if (handle.data[i] >= 'A' && handle.data[i] <= 'F') {
            out[i] |= 0x20;
        }
    }
}


static cv_key_t
cv_handle_make(cv_handle_kind_t kind, cv_str_t handle)
{
    cv_key_t  key;

    key.len = 0;

    if (handle.len == 0 || handle.len > CV_HANDLE_MAX) {
        return key;
    }

    key.data[0] = (uint8_t) kind;
    cv_handle_normal(kind, handle, key.data + 1);
    key.len = 1 + handle.len;

    return key;
}


bool
cv_handle_same(cv_handle_kind_t kind, cv_str_t a, cv_str_t b)
{
    cv_key_t  key_a, key_b;

    if (cv_str_eq(a, b)) {
        return true;
    }

    key_a = cv_handle_make(kind, a);
    key_b = cv_handle_make(kind, b);

    return cv_str_eq(cv_key_str(&key_a), cv_key_str(&key_b));
}


uint64_t
cv_find(cv_txn_t *txn, cv_handle_kind_t kind, cv_str_t handle)
{
    cv_key_t     key;
    uint64_t     iid;
    cv_str_t     value;
    cv_reader_t  r;

    key = cv_handle_make(kind, handle);

    if (!cv_table_get(txn, CV_TABLE_HANDLE, cv_key_str(&key), &value)) {
        return 0;
    }

    r = cv_reader(value);
    iid = cv_read_u64(&r);

    if (!cv_reader_done(&r) || iid == 0) {
        (void) cv_txn_ok(txn, MDB_CORRUPTED, txn->store->dir);
        return 0;
    }

    return iid;
}


bool
cv_record_handle(cv_handle_t *handle, cv_kind_t kind, const void *record,
    unsigned i)
{
    size_t                   n;
    const cv_handle_spec_t  *spec;

    for (n = 0; n < CV_COUNT(cv_handle_specs); n++) {
        spec = &cv_handle_specs[n];

        if (spec->kind != kind || i-- > 0) {
            continue;
        }

        handle->kind = spec->handle;
        handle->member = spec->member;
        handle->text = record == NULL ? CV_ABSENT
                       : *(const cv_str_t *)
                         ((const uint8_t *) record + spec->offset);
        return true;
    }

    return false;
}


bool
cv_handle_key(cv_key_t *key, cv_handle_t *handle, cv_kind_t kind,
    const void *record, unsigned i)
{
    if (!cv_record_handle(handle, kind, record, i)) {
        return false;
    }

    *key = cv_handle_make(handle->kind, handle->text);

    return true;
}


cv_err_t
cv_handle_conflict(cv_error_t *error, cv_kind_t kind,
    const cv_handle_t *handle)
{
    if (handle->kind == CV_HANDLE_KEY_HASH) {
        return cv_error_member(error, CV_ERR_CONFLICT, cv_schemas[kind].name,
                               handle->member, " belongs to another %s "
                               "already", cv_schemas[kind].name);
    }

    return cv_error_member(error, CV_ERR_CONFLICT, cv_schemas[kind].name,
                           handle->member, ": \"%.*s\" belongs to another %s "
                           "already", CV_FMT(handle->text),
                           cv_schemas[kind].name);
}


static bool
cv_link_withdrawn(const void *record)
{
    return cv_credential_withdrawn(record);
}


bool
cv_link_key(cv_key_t *key, cv_kind_t kind, const void *record, cv_str_t to,
    unsigned i)
{
    size_t                 n;
    cv_str_t               text;
    uint64_t               iid;
    const uint8_t         *p;
    const cv_link_spec_t  *spec;

    for (n = 0; n < CV_COUNT(cv_link_specs); n++) {
        spec = &cv_link_specs[n];

        if (spec->kind != kind || i-- > 0) {
            continue;
        }

        key->len = 0;
        p = (const uint8_t *) record + spec->offset;

        if (record == NULL || (spec->has != NULL && !spec->has(record))) {
            return true;
        }

        if (spec->text) {
            text = *(const cv_str_t *) p;

            if (text.len == 0) {
                return true;
            }

            cv_put_uint(key->data + 1, text.len, 2);
            memcpy(key->data + 3, text.data, text.len);
            key->len = 3 + text.len;

        } else {
            iid = ((const cv_ref_t *) p)->iid;

            if (iid == 0) {
                return true;
            }

            cv_put_uint(key->data + 1, iid, CV_IID_LEN);
            key->len = 1 + CV_IID_LEN;
        }

        key->data[0] = (uint8_t) spec->link;
        memcpy(key->data + key->len, to.data, to.len);
        key->len += to.len;

        return true;
    }

    return false;
}


/*
 * First what goes, then what comes: a handle may pass from one member to
 * another.
 */

static void
cv_handles_update(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, const void *old,
    const void *new)
{
    cv_key_t      was, is;
    unsigned      i;
    cv_handle_t   handle;

    for (i = 0; old != NULL && cv_handle_key(&was, &handle, kind, old, i); i++)
    {
        (void) cv_handle_key(&is, &handle, kind, new, i);

        if (was.len > 0 && !cv_str_eq(cv_key_str(&was), cv_key_str(&is))) {
            (void) cv_table_delete(txn, CV_TABLE_HANDLE, cv_key_str(&was));
        }
    }

    for (i = 0; cv_handle_key(&was, &handle, kind, old, i); i++) {
        (void) cv_handle_key(&is, &handle, kind, new, i);

        if (is.len > 0 && !cv_str_eq(cv_key_str(&was), cv_key_str(&is))
            && !cv_table_put(txn, CV_TABLE_HANDLE, cv_key_str(&is), key,
                             MDB_NOOVERWRITE)
            && !cv_txn_failed(txn))
        {
            (void) cv_handle_conflict(&txn->error, kind, &handle);
        }
    }
}


static void
cv_link_update(cv_txn_t *txn, const cv_key_t *old, const cv_key_t *new)
{
    if (cv_str_eq(cv_key_str(old), cv_key_str(new))) {
        return;
    }

    if (old->len > 0) {
        (void) cv_table_delete(txn, CV_TABLE_LINK, cv_key_str(old));
    }

    if (new->len > 0) {
        (void) cv_table_put(txn, CV_TABLE_LINK, cv_key_str(new), CV_STR(""),
                            MDB_NOOVERWRITE);
    }
}


void
cv_index_update(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, const void *old,
    const void *new)
{
    cv_key_t  was, is;
    unsigned  i;

    cv_handles_update(txn, kind, key, old, new);

    for (i = 0; cv_link_key(&was, kind, old, key, i); i++) {
        (void) cv_link_key(&is, kind, new, key, i);
        cv_link_update(txn, &was, &is);
    }
}


void
cv_index_link(cv_txn_t *txn, cv_link_kind_t link, cv_kind_t kind,
    cv_str_t key, const void *record)
{
    cv_key_t  none, entry;
    unsigned  i;

    none.len = 0;

    for (i = 0; cv_link_key(&entry, kind, record, key, i); i++) {
        if (entry.len > 0 && entry.data[0] == (uint8_t) link) {
            cv_link_update(txn, &none, &entry);
        }
    }
}
