
/*
 * Copyright (C) The credverify authors
 *
 * The audit trail: who did what to which record, and when.  Entries are
 * written with the change they are about, and stay for ever.  They refer to
 * records by number and hold nothing of what records say but the status of a
 * credential or an API key.
 */

#include "cv_store_internal.h"
#include "cv_hash.h"
#include "cv_text.h"

/* when, what, and the status before and after; then the actor's length */
#define CV_AUDIT_FIXED     (8 + 1 + 1 + 1 + 2)
#define CV_AUDIT_CHECKSUM  4

#define CV_AUDIT_MAX                                                          \
    (CV_AUDIT_FIXED + CV_ACTOR_MAX + CV_AUDIT_TOKEN + CV_AUDIT_CHECKSUM)

/*
 * Most entries are about credentials, and those of new ones come in the order
 * of their numbers.  What sorts last can be appended, which is cheap.
 */
#define CV_AUDIT_CREDENTIAL  0xff


const char *const  cv_action_names[] = {
    [CV_ACTION_AUTO] = "",
    [CV_ACTION_CREATED] = "created",
    [CV_ACTION_CHANGED] = "changed",
    [CV_ACTION_PENDING] = "pending",
    [CV_ACTION_ISSUED] = "issued",
    [CV_ACTION_CLAIMED] = "claimed",
    [CV_ACTION_USED] = "used",
    [CV_ACTION_REFUNDED] = "refunded",
    [CV_ACTION_REVOKED] = "revoked",
    [CV_ACTION_IMPORTED] = "imported",
    [CV_ACTION_ERASED] = "erased",
    [CV_ACTION_TOKEN_MADE] = "token_made",
    [CV_ACTION_TOKEN_REVOKED] = "token_revoked",
    [CV_ACTION_REJECTED] = "rejected",
    [CV_ACTION_APPROVED] = "approved",
    [CV_ACTION_SUSPENDED] = "suspended",
    [CV_ACTION_ACTIVATED] = "activated",
    [CV_ACTION_ROTATED] = "rotated",
    [CV_ACTION_REMOVED] = "removed",
    [CV_ACTION_GRANTED] = "granted",
    [CV_ACTION_RESET] = "reset",
    [CV_ACTION_SENT] = "sent",
    [CV_ACTION_DISABLED] = "disabled",
};


void
cv_txn_actor(cv_txn_t *txn, cv_str_t actor)
{
    if (actor.len <= CV_ACTOR_MAX) {
        txn->actor = actor;

    } else if (!cv_txn_failed(txn)) {
        (void) cv_error_set(&txn->error, CV_ERR_LIMIT,
                            "who makes a change is longer than %d bytes",
                            CV_ACTOR_MAX);
    }
}


void
cv_txn_action(cv_txn_t *txn, cv_action_t action)
{
    txn->action = action;
}


static cv_action_t
cv_audit_key(const cv_api_key_t *was, const cv_api_key_t *is)
{
    cv_key_status_t  from, to;

    static const cv_action_t  becomes[CV_KEY_STATUSES] = {
        [CV_KEY_PENDING] = CV_ACTION_PENDING,
        [CV_KEY_REJECTED] = CV_ACTION_REJECTED,
        [CV_KEY_ACTIVE] = CV_ACTION_APPROVED,
        [CV_KEY_SUSPENDED] = CV_ACTION_SUSPENDED,
        [CV_KEY_REVOKED] = CV_ACTION_REVOKED,
    };

    from = cv_key_status(was);
    to = cv_key_status(is);

    if (from == to) {
        return cv_str_eq(was->hash, is->hash) ? CV_ACTION_CHANGED
                                              : CV_ACTION_ROTATED;
    }

    return from == CV_KEY_SUSPENDED && to == CV_KEY_ACTIVE
           ? CV_ACTION_ACTIVATED : becomes[to];
}


static cv_action_t
cv_audit_webhook(const cv_webhook_t *was, const cv_webhook_t *is)
{
    int64_t  from, to;

    from = was->status.present ? was->status.value : CV_WEBHOOK_ACTIVE;
    to = is->status.present ? is->status.value : CV_WEBHOOK_ACTIVE;

    if (from == to) {
        return cv_str_eq(was->secret, is->secret) ? CV_ACTION_CHANGED
                                                  : CV_ACTION_ROTATED;
    }

    return to == CV_WEBHOOK_ACTIVE ? CV_ACTION_ACTIVATED : CV_ACTION_DISABLED;
}


static cv_action_t
cv_audit_action(const cv_txn_t *txn, cv_kind_t kind, const void *old,
    const void *new)
{
    int64_t                 status;
    const cv_credential_t  *was, *is;

    static const cv_action_t  becomes[CV_STATUSES] = {
        [CV_STATUS_DRAFT] = CV_ACTION_CHANGED,
        [CV_STATUS_PENDING] = CV_ACTION_PENDING,
        [CV_STATUS_ISSUED] = CV_ACTION_ISSUED,
        [CV_STATUS_CLAIMED] = CV_ACTION_CLAIMED,
        [CV_STATUS_USED] = CV_ACTION_USED,
        [CV_STATUS_REFUNDED] = CV_ACTION_REFUNDED,
        [CV_STATUS_REVOKED] = CV_ACTION_REVOKED,
    };

    if (txn->action != CV_ACTION_AUTO) {
        return txn->action;
    }

    if (kind == CV_TOKEN) {
        return new == NULL ? CV_ACTION_TOKEN_REVOKED
               : old == NULL ? CV_ACTION_TOKEN_MADE
                             : CV_ACTION_CHANGED;
    }

    if (kind == CV_GRANT) {
        return CV_ACTION_GRANTED;
    }

    if (kind == CV_IMAGE) {
        return CV_ACTION_CHANGED;       /* the class was */
    }

    if (old == NULL || new == NULL) {
        return old == NULL ? CV_ACTION_CREATED : CV_ACTION_REMOVED;
    }

    if (kind == CV_KEY) {
        return cv_audit_key(old, new);
    }

    if (kind == CV_WEBHOOK) {
        return cv_audit_webhook(old, new);
    }

    was = old;
    is = new;

    if (kind != CV_CREDENTIAL || was->status.value == is->status.value) {
        return CV_ACTION_CHANGED;
    }

    status = is->status.value;

    return becomes[status];
}


/* 0: the record has no status, or there is no record */

static uint8_t
cv_audit_status(cv_kind_t kind, const void *record)
{
    if (record == NULL) {
        return 0;
    }

    switch (kind) {

    case CV_CREDENTIAL:
        return (uint8_t) (((const cv_credential_t *) record)->status.value + 1);

    case CV_KEY:
        return (uint8_t) (cv_key_status(record) + 1);

    default:
        return 0;
    }
}


static void
cv_audit_prefix(uint8_t key[CV_AUDIT_PREFIX], cv_kind_t kind, uint64_t iid)
{
    key[0] = kind == CV_CREDENTIAL ? CV_AUDIT_CREDENTIAL : (uint8_t) kind;
    cv_put_uint(key + 1, iid, CV_IID_LEN);
}


static uint32_t
cv_audit_checksum(cv_str_t key, cv_str_t bytes)
{
    return (uint32_t) (cv_hash(bytes.data, bytes.len)
                       ^ cv_hash(key.data, key.len));
}


/* what has no number stands with what has */

static cv_kind_t
cv_audit_about(cv_kind_t kind)
{
    switch (kind) {
    case CV_TOKEN:  return CV_CREDENTIAL;
    case CV_GRANT:  return CV_KEY;
    case CV_IMAGE:  return CV_CLASS;
    default:        return kind;
    }
}


void
cv_audit_append(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, const void *old,
    const void *new)
{
    bool               last;
    uint8_t            key[CV_AUDIT_KEY], value[CV_AUDIT_MAX];
    cv_buf_t           buf;
    cv_kind_t          about;
    cv_action_t        action;
    const cv_token_t  *token;

    about = cv_audit_about(kind);
    action = cv_audit_action(txn, kind, old, new);

    /* of tokens and grants an import may bring very many */

    if (!cv_kind_numbered(about)
        || ((kind == CV_TOKEN || kind == CV_GRANT)
            && action == CV_ACTION_IMPORTED))
    {
        return;
    }

    token = kind != CV_TOKEN ? NULL : new != NULL ? new : old;

    cv_audit_prefix(key, about, iid);
    cv_put_uint(key + CV_AUDIT_PREFIX, cv_change_next(txn), 8);

    cv_buf_borrow(&buf, value, sizeof(value));

    cv_write_u64(&buf, (uint64_t) txn->now);
    cv_write_u8(&buf, action);
    cv_write_u8(&buf, cv_audit_status(kind, old));
    cv_write_u8(&buf, cv_audit_status(kind, new));
    cv_write_u16(&buf, txn->actor.len);
    cv_buf_append_str(&buf, txn->actor);

    if (token != NULL) {
        cv_buf_append(&buf, token->hash.data, CV_AUDIT_TOKEN);
    }

    cv_write_u32(&buf, cv_audit_checksum(cv_str(key, sizeof(key)),
                                         cv_buf_str(&buf)));

    last = kind == CV_CREDENTIAL && old == NULL && new != NULL;

    (void) cv_table_put(txn, CV_TABLE_AUDIT, cv_str(key, sizeof(key)),
                        cv_buf_str(&buf), last ? MDB_APPEND : MDB_NOOVERWRITE);
}


void
cv_audit_note(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, cv_action_t action)
{
    cv_action_t  before;

    before = txn->action;
    txn->action = action;

    cv_audit_append(txn, kind, iid, NULL, NULL);
    cv_change_append(txn, kind, iid);

    txn->action = before;
}


static bool
cv_audit_status_read(cv_reader_t *r, cv_kind_t kind, int *status)
{
    *status = (int) cv_read_u8(r) - 1;

    return *status < (kind == CV_KEY ? (int) CV_KEY_STATUSES
                                     : (int) CV_STATUSES);
}


bool
cv_audit_decode(cv_audit_t *entry, cv_str_t key, cv_str_t value)
{
    bool          good;
    uint8_t       kind;
    cv_reader_t   r;

    r = cv_reader(key);
    kind = cv_read_u8(&r);
    entry->kind = kind == CV_AUDIT_CREDENTIAL ? CV_CREDENTIAL
                                              : (cv_kind_t) kind;
    entry->iid = cv_read_u64(&r);
    entry->sequence = cv_read_u64(&r);

    if (!cv_reader_done(&r) || value.len < CV_AUDIT_CHECKSUM
        || entry->kind >= CV_KINDS)
    {
        return false;
    }

    value.len -= CV_AUDIT_CHECKSUM;

    if (cv_get_uint(value.data + value.len, CV_AUDIT_CHECKSUM)
        != cv_audit_checksum(key, value))
    {
        return false;
    }

    r = cv_reader(value);
    entry->at = (cv_time_t) cv_read_u64(&r);
    entry->action = (cv_action_t) cv_read_u8(&r);
    good = cv_audit_status_read(&r, entry->kind, &entry->from)
           && cv_audit_status_read(&r, entry->kind, &entry->to);
    entry->actor = cv_read_bytes(&r, cv_read_u16(&r));
    entry->token = cv_reader_left(&r) > 0 ? cv_read_bytes(&r, CV_AUDIT_TOKEN)
                                          : CV_ABSENT;

    return good && cv_reader_done(&r) && entry->action > CV_ACTION_AUTO
           && entry->action < CV_ACTIONS && cv_utf8_valid(entry->actor);
}


void
cv_audit_open(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind, uint64_t iid)
{
    cv_walk_start(walk, txn, CV_TABLE_AUDIT);

    cv_audit_prefix(walk->prefix, kind, iid);
    walk->prefix_len = CV_AUDIT_PREFIX;
}


bool
cv_audit_next(cv_walk_t *walk, cv_audit_t *entry)
{
    MDB_val  key, value;

    if (!cv_walk_step(walk, &key, &value)) {
        return false;
    }

    if (!cv_audit_decode(entry, cv_mdb_str(&key), cv_mdb_str(&value))) {
        (void) cv_error_set(&walk->txn->error, CV_ERR_DAMAGED,
                            "%s: an entry of the audit trail is damaged; run "
                            "\"credverify check\"", walk->txn->store->dir);
        return false;
    }

    return true;
}
