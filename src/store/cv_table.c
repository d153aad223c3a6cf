
/*
 * Copyright (C) The credverify authors
 *
 * Tables: reading and writing records.
 */

#include "cv_page.h"


bool
cv_table_get(cv_txn_t *txn, unsigned table, cv_str_t key, cv_str_t *value)
{
    int      rc;
    MDB_val  k, v;

    if (cv_txn_failed(txn) || key.len == 0) {
        return false;
    }

    k = cv_mdb_val(key);

    cv_lmdb(rc, mdb_get(txn->txn, txn->store->dbi[table], &k, &v));

    if (rc == MDB_NOTFOUND || !cv_txn_ok(txn, rc, txn->store->dir)) {
        return false;
    }

    *value = cv_mdb_str(&v);

    return true;
}


/* false, without an error, only for a key that MDB_NOOVERWRITE finds */

bool
cv_table_put(cv_txn_t *txn, unsigned table, cv_str_t key, cv_str_t value,
    unsigned flags)
{
    int       rc;
    bool      new;
    MDB_val   k, v;
    cv_str_t  old;
    uint64_t  gone;

    new = (flags & (MDB_APPEND | MDB_NOOVERWRITE)) != 0;

    if (cv_txn_failed(txn)
        || !cv_paths_ready(txn, table, key, new ? CV_PATH_NEW
                                                : CV_PATH_REPLACE))
    {
        return false;
    }

    gone = !new && cv_table_get(txn, table, key, &old)
           ? cv_sum_entry(table, key, old) : 0;

    if (cv_txn_failed(txn)) {
        return false;
    }

    k = cv_mdb_val(key);
    v = cv_mdb_val(value);

    cv_lmdb(rc, mdb_put(txn->txn, txn->store->dbi[table], &k, &v, flags));

    if (rc == MDB_KEYEXIST && (flags & MDB_NOOVERWRITE)) {
        return false;
    }

    /* nothing more can be read in a transaction that failed, nor need be */

    if (!cv_txn_ok(txn, rc, txn->store->dir)) {
        return false;
    }

    cv_sum_change(txn, gone, cv_sum_entry(table, key, value));

    return true;
}


bool
cv_table_delete(cv_txn_t *txn, unsigned table, cv_str_t key)
{
    int       rc;
    MDB_val   k;
    cv_str_t  old;

    if (!cv_table_get(txn, table, key, &old)
        || !cv_paths_ready(txn, table, key, CV_PATH_DELETE))
    {
        return false;
    }

    cv_sum_change(txn, cv_sum_entry(table, key, old), 0);

    k = cv_mdb_val(key);

    cv_lmdb(rc, mdb_del(txn->txn, txn->store->dbi[table], &k, NULL));

    return cv_txn_ok(txn, rc, txn->store->dir);
}


cv_key_t
cv_record_key(cv_kind_t kind, uint64_t iid, const void *record)
{
    cv_key_t               key;
    const cv_token_t      *token;
    const cv_usage_t      *usage;
    const cv_grant_t      *grant;
    const cv_image_t      *image;
    const cv_progress_t   *progress;
    const cv_sequence_t   *sequence;
    const cv_delivery_t   *delivery;
    const cv_assertion_t  *assertion;

    switch (kind) {

    case CV_TOKEN:
        token = record;
        key.len = 0;

        /* damage may have shortened it */

        if (token->hash.len == CV_TOKEN_HASH_LEN) {
            memcpy(key.data, token->hash.data, CV_TOKEN_HASH_LEN);
            key.len = CV_TOKEN_HASH_LEN;
        }

        break;

    case CV_PROGRESS:
        progress = record;
        cv_put_uint(key.data, progress->holder.iid, CV_IID_LEN);
        cv_put_uint(key.data + CV_IID_LEN, progress->class.iid, CV_IID_LEN);
        key.len = 2 * CV_IID_LEN;
        break;

    case CV_SEQUENCE:
        sequence = record;
        cv_put_uint(key.data, sequence->class.iid, CV_IID_LEN);
        cv_put_uint(key.data + CV_IID_LEN, (uint64_t) sequence->year.value,
                    CV_YEAR_LEN);
        key.len = CV_IID_LEN + CV_YEAR_LEN;
        break;

    case CV_USAGE:
        usage = record;
        cv_put_uint(key.data, (uint64_t) usage->month.value, CV_MONTH_KEY);
        cv_put_uint(key.data + CV_MONTH_KEY, usage->key.iid, CV_IID_LEN);
        key.len = CV_MONTH_KEY + CV_IID_LEN;
        break;

    case CV_GRANT:
        grant = record;
        cv_put_uint(key.data, grant->key.iid, CV_IID_LEN);
        cv_put_uint(key.data + CV_IID_LEN, (uint64_t) grant->month.value,
                    CV_MONTH_KEY);
        key.len = CV_IID_LEN + CV_MONTH_KEY;
        break;

    case CV_ASSERTION:
        assertion = record;

        /* it has its credential's number, by which it is had without it */

        cv_put_uint(key.data, assertion != NULL ? assertion->credential.iid
                                                : iid, CV_IID_LEN);
        key.len = CV_IID_LEN;
        break;

    case CV_IMAGE:
        image = record;

        cv_put_uint(key.data, image != NULL ? image->class.iid : iid,
                    CV_IID_LEN);
        key.len = CV_IID_LEN;
        break;

    case CV_DELIVERY:
        delivery = record;

        cv_put_uint(key.data, delivery->webhook.iid, CV_IID_LEN);
        key.data[CV_IID_LEN] = (uint8_t) delivery->state.value;
        cv_put_uint(key.data + CV_IID_LEN + 1,
                    (uint64_t) delivery->position.value, CV_IID_LEN);
        key.len = CV_DELIVERY_KEY;
        break;

    default:
        cv_put_uint(key.data, iid, CV_IID_LEN);
        key.len = CV_IID_LEN;
    }

    return key;
}


bool
cv_decode(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, cv_str_t bytes,
    void *record)
{
    cv_err_t  err;

    err = cv_record_decode(record, kind, key, bytes);

    if (err != CV_OK && !cv_txn_failed(txn)) {
        (void) cv_error_set(&txn->error, err, "%s: a record of kind %s is %s; run "
                            "\"credverify check\"", txn->store->dir,
                            cv_schemas[kind].name,
                            err == CV_ERR_VERSION ? "of another version"
                                                  : "damaged");
    }

    return err == CV_OK;
}


static bool
cv_read_copy(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, void *record,
    cv_buf_t *copy)
{
    cv_str_t  bytes;

    cv_buf_reset(copy);

    if (!cv_table_get(txn, kind, key, &bytes)) {
        return false;
    }

    cv_buf_append_str(copy, bytes);

    if (cv_buf_failed(copy)) {
        (void) cv_error_set(&txn->error, copy->err,
                            "%s: a stored record is too long",
                            txn->store->dir);
        return false;
    }

    return cv_decode(txn, kind, key, cv_buf_str(copy), record);
}


/* a record that the snapshot remembers need not be found and checked again */

static inline bool
cv_recall(cv_txn_t *txn, cv_kind_t kind, uint64_t memo_key, void *record)
{
    cv_str_t  bytes;

    return txn->memo != NULL && !cv_txn_failed(txn)
           && cv_memo_find(txn->memo, txn->version, kind, memo_key, &bytes)
           && cv_record_parse(record, kind, bytes) == CV_OK;
}


static bool
cv_read(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, uint64_t memo_key,
    void *record)
{
    cv_str_t  bytes;

    if (!cv_table_get(txn, kind, key, &bytes)
        || !cv_decode(txn, kind, key, bytes, record))
    {
        return false;
    }

    if (txn->memo != NULL) {
        cv_memo_keep(txn->memo, txn->version, kind, memo_key, bytes);
    }

    return true;
}


bool
cv_get(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, void *record)
{
    cv_key_t  key;

    if (cv_recall(txn, kind, iid, record)) {
        return true;
    }

    key = cv_record_key(kind, iid, NULL);

    return cv_read(txn, kind, cv_key_str(&key), iid, record);
}


bool
cv_get_by_id(cv_txn_t *txn, cv_kind_t kind, cv_str_t id, void *record,
    uint64_t *iid)
{
    uint64_t  number;

    number = cv_find(txn, cv_id_handle(kind), id);

    if (number == 0 || !cv_get(txn, kind, number, record)) {
        return false;
    }

    if (iid != NULL) {
        *iid = number;
    }

    return true;
}


bool
cv_get_token(cv_txn_t *txn, cv_str_t hash, cv_token_t *token)
{
    uint64_t  memo_key;

    if (hash.len != CV_TOKEN_HASH_LEN) {
        return false;
    }

    memo_key = cv_get_uint(hash.data, 8);

    /* one that is remembered may be another that begins like it */

    return (cv_recall(txn, CV_TOKEN, memo_key, token)
            && cv_str_eq(token->hash, hash))
           || cv_read(txn, CV_TOKEN, hash, memo_key, token);
}


bool
cv_get_key_by_hash(cv_txn_t *txn, cv_str_t hash, cv_api_key_t *key,
    uint64_t *iid)
{
    *iid = cv_find(txn, CV_HANDLE_KEY_HASH, hash);

    if (*iid == 0 || !cv_get(txn, CV_KEY, *iid, key)) {
        return false;
    }

    /* an index that leads to another key is damage, not an answer */

    return cv_str_eq(key->hash, hash) || cv_str_eq(key->previous, hash)
           || cv_txn_ok(txn, MDB_CORRUPTED, txn->store->dir);
}


bool
cv_get_by_key(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, void *record)
{
    cv_str_t  bytes;

    return cv_table_get(txn, kind, key, &bytes)
           && cv_decode(txn, kind, key, bytes, record);
}


bool
cv_get_progress(cv_txn_t *txn, uint64_t holder, uint64_t class,
    cv_progress_t *progress)
{
    cv_key_t  key;

    memset(progress, 0, sizeof(cv_progress_t));
    progress->holder.iid = holder;
    progress->class.iid = class;

    key = cv_record_key(CV_PROGRESS, 0, progress);

    return cv_get_by_key(txn, CV_PROGRESS, cv_key_str(&key), progress);
}


bool
cv_get_image(cv_txn_t *txn, uint64_t class, cv_image_t *image)
{
    return cv_get(txn, CV_IMAGE, class, image);
}


/* References */

cv_err_t
cv_resolve(cv_txn_t *txn, cv_kind_t kind, void *record, cv_error_t *error)
{
    size_t             i;
    cv_ref_t          *ref;
    const cv_field_t  *field;

    i = 0;

    while ((ref = cv_record_ref(kind, record, &i, &field)) != NULL) {

        if (!cv_present(ref->id)) {
            continue;
        }

        ref->iid = cv_find(txn, cv_id_handle(field->ref), ref->id);

        if (ref->iid == 0) {
            return cv_error_member(error, CV_ERR_INPUT, cv_schemas[kind].name,
                                   field->name, ": there is no %s \"%.*s\"",
                                   cv_schemas[field->ref].name,
                                   CV_FMT(ref->id));
        }
    }

    return CV_OK;
}


void
cv_unresolve(cv_txn_t *txn, cv_kind_t kind, void *record)
{
    size_t             i;
    cv_ref_t          *ref;
    cv_record_t        target;
    const cv_field_t  *field;

    i = 0;

    while ((ref = cv_record_ref(kind, record, &i, &field)) != NULL) {

        if (ref->iid != 0 && cv_get(txn, field->ref, ref->iid, &target)) {
            /* every record that has a number begins with its id */
            ref->id = *(cv_str_t *) (void *) &target;
        }
    }
}


/* Writing */

void
cv_numbers_read(cv_txn_t *txn, uint64_t next[CV_KINDS])
{
    size_t       i;
    cv_str_t     value;
    cv_reader_t  r;

    value = CV_ABSENT;
    (void) cv_table_get(txn, CV_TABLE_META, CV_STR("next"), &value);

    r = cv_reader(value);

    for (i = 0; i < CV_KINDS; i++) {
        next[i] = cv_reader_left(&r) > 0 ? cv_read_u64(&r) : 1;
    }
}


uint64_t
cv_number_new(cv_txn_t *txn, cv_kind_t kind)
{
    if (txn->next[kind] == 0) {
        cv_numbers_read(txn, txn->next);
        memcpy(txn->first, txn->next, sizeof(txn->first));
    }

    return txn->next[kind]++;
}


void
cv_numbers_store(cv_txn_t *txn)
{
    size_t   i;
    uint8_t  value[CV_KINDS * CV_IID_LEN];

    if (txn->next[0] == 0) {
        return;
    }

    for (i = 0; i < CV_KINDS; i++) {
        cv_put_uint(value + i * CV_IID_LEN, txn->next[i], CV_IID_LEN);
    }

    (void) cv_table_put(txn, CV_TABLE_META, CV_STR("next"),
                        cv_str(value, sizeof(value)), 0);
}


/*
 * The record that is to be replaced, copied out of the map, which the writes
 * to come may move; NULL if there is none, or after an error.
 */

static void *
cv_previous(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, cv_record_t *record)
{
    return cv_read_copy(txn, kind, key, record, &txn->previous) ? record
                                                                : NULL;
}


cv_str_t
cv_encode(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, const void *record)
{
    cv_buf_reset(&txn->encoded);
    cv_record_encode(&txn->encoded, kind, key, record);

    if (cv_buf_failed(&txn->encoded)) {
        (void) cv_error_set(&txn->error, txn->encoded.err,
                            "%s: the record is longer than %d bytes",
                            cv_schemas[kind].name, CV_RECORD_MAX);
    }

    return cv_buf_str(&txn->encoded);
}


/*
 * Tells both logs what became of a record; "old" or "new" may be NULL.  The
 * change log has whose live status that changes, or whose progress.
 */

static void
cv_put_change(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, const void *old,
    const void *new)
{
    const void  *record;

    if (!cv_kind_durable(kind)) {
        return;
    }

    record = new != NULL ? new : old;

    if (kind == CV_TOKEN) {
        iid = ((const cv_token_t *) record)->credential.iid;

        /* one that moves changes the credential it leaves, too */

        if (old != NULL && ((const cv_token_t *) old)->credential.iid != iid) {
            cv_put_change(txn, kind, 0, old, NULL);
            old = NULL;
        }

    } else if (kind == CV_PROGRESS) {
        iid = ((const cv_progress_t *) record)->holder.iid;

    } else if (kind == CV_GRANT) {
        iid = ((const cv_grant_t *) record)->key.iid;

    } else if (kind == CV_ASSERTION) {
        iid = ((const cv_assertion_t *) record)->credential.iid;

    } else if (kind == CV_IMAGE) {
        iid = ((const cv_image_t *) record)->class.iid;

    } else if (kind == CV_USAGE) {
        return;         /* history is no change */
    }

    cv_audit_append(txn, kind, iid, old, new);
    cv_change_append(txn, kind == CV_TOKEN || kind == CV_ASSERTION
                          ? CV_CREDENTIAL : kind == CV_IMAGE ? CV_CLASS : kind,
                     iid);
}


/*
 * An export leaves secrets out, and what is the store's own: importing it again
 * must not remove them.  Yields the record to write, which is "kept" if it
 * takes over any.
 */

static const void *
cv_put_kept(cv_kind_t kind, const void *record, const void *old,
    cv_record_t *kept)
{
    size_t             i;
    const cv_field_t  *field;

    for (i = 0; old != NULL && i < cv_schemas[kind].nfields; i++) {
        field = &cv_schemas[kind].fields[i];

        if (!(field->secret || field->internal)
            || cv_field_present(record, field))
        {
            continue;
        }

        memcpy(kept, record, cv_schemas[kind].size);
        memcpy((uint8_t *) kept + field->offset,
               (const uint8_t *) old + field->offset,
               field->internal ? sizeof(cv_int_t) : sizeof(cv_str_t));
        record = kept;
    }

    return record;
}


static void
cv_put_number(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, const void *old,
    const void *new)
{
    const cv_class_t  *was, *is;

    if (kind == CV_CREDENTIAL) {
        cv_sequences_raise(txn, new);

    } else if (kind == CV_CLASS && old != NULL) {
        was = old;
        is = new;

        if (!cv_str_eq(was->number_format, is->number_format)) {
            cv_sequences_renumber(txn, iid);
        }
    }
}


/* "iid" is 0 for a record that has no number yet */

static uint64_t
cv_put_at(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, const void *record)
{
    void         *old;
    bool          new;
    cv_key_t      key;
    cv_str_t      bytes;
    cv_record_t   previous, kept;

    new = iid == 0;

    if (new) {
        iid = cv_number_new(txn, kind);
    }

    key = cv_record_key(kind, iid, record);

    old = new ? NULL : cv_previous(txn, kind, cv_key_str(&key), &previous);
    record = cv_put_kept(kind, record, old, &kept);
    bytes = cv_encode(txn, kind, cv_key_str(&key), record);

    if (cv_txn_failed(txn)) {
        return 0;
    }

    if (old != NULL && cv_str_eq(bytes, cv_buf_str(&txn->previous))) {
        return iid;
    }

    (void) cv_table_put(txn, kind, cv_key_str(&key), bytes,
                        new ? MDB_APPEND : old == NULL ? MDB_NOOVERWRITE : 0);

    cv_index_update(txn, kind, cv_key_str(&key), old, record);
    cv_put_number(txn, kind, iid, old, record);

    if (kind == CV_CREDENTIAL && old != NULL
        && previous.credential.status.value == CV_STATUS_REVOKED
        && ((const cv_credential_t *) record)->status.value
           != CV_STATUS_REVOKED)
    {
        txn->revived++;
    }

    cv_put_change(txn, kind, iid, old, record);

    if (kind == CV_GRANT) {
        cv_grant_tell(txn, record);
    }

    if (kind == CV_CREDENTIAL && new) {
        cv_assertion_make(txn, iid);
    }

    return cv_txn_failed(txn) ? 0 : iid;
}


uint64_t
cv_put(cv_txn_t *txn, cv_kind_t kind, const void *record)
{
    uint64_t  iid;

    if (kind == CV_SEQUENCE) {
        return cv_sequences_put(txn, record) && !cv_txn_failed(txn);
    }

    iid = cv_kind_numbered(kind)
          ? cv_find(txn, cv_id_handle(kind), *(const cv_str_t *) record) : 1;

    return cv_put_at(txn, kind, iid, record);
}


bool
cv_rename(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, const void *record)
{
    return cv_put_at(txn, kind, iid, record) != 0;
}


bool
cv_delete(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, cv_str_t key)
{
    void         *old;
    cv_record_t   previous;

    old = cv_previous(txn, kind, key, &previous);

    if (old == NULL || !cv_table_delete(txn, kind, key)) {
        return false;
    }

    cv_index_update(txn, kind, key, old, NULL);
    cv_put_change(txn, kind, iid, old, NULL);

    return !cv_txn_failed(txn);
}


bool
cv_delete_token(cv_txn_t *txn, cv_str_t hash)
{
    return hash.len == CV_TOKEN_HASH_LEN && cv_delete(txn, CV_TOKEN, 0, hash);
}


bool
cv_delete_key(cv_txn_t *txn, uint64_t iid)
{
    cv_key_t  key;

    key = cv_record_key(CV_KEY, iid, NULL);

    return cv_delete(txn, CV_KEY, iid, cv_key_str(&key));
}


bool
cv_delete_image(cv_txn_t *txn, uint64_t class)
{
    cv_key_t  key;

    key = cv_record_key(CV_IMAGE, class, NULL);

    return cv_delete(txn, CV_IMAGE, class, cv_key_str(&key));
}
