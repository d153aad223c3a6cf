
/*
 * Copyright (C) The credverify authors
 */

#include "cv_seen.h"
#include "cv_hash.h"

#include <stdlib.h>

/* what the entry of an id has room for, beside the id */
#define CV_SEEN_HANDLES  3


void
cv_seen_free(cv_seen_t *seen)
{
    free(seen->entries);
    memset(seen, 0, sizeof(cv_seen_t));
}


static size_t
cv_seen_slot(const cv_seen_t *seen, uint64_t key)
{
    size_t  i;

    for (i = key & (seen->slots - 1);
         seen->entries[i].key != 0 && seen->entries[i].key != key;
         i = (i + 1) & (seen->slots - 1))
    {
        /* void */
    }

    return i;
}


static const cv_seen_entry_t *
cv_seen_find(const cv_seen_t *seen, uint64_t key)
{
    size_t  i;

    if (seen->used == 0) {
        return NULL;
    }

    i = cv_seen_slot(seen, key);

    return seen->entries[i].key != 0 ? &seen->entries[i] : NULL;
}


static cv_err_t
cv_seen_grow(cv_seen_t *seen, cv_error_t *error)
{
    size_t     i;
    cv_seen_t  larger;

    if (seen->used == CV_SEEN_MAX) {
        return cv_error_set(error, CV_ERR_LIMIT,
                            "more ids and handles than the %zu that are "
                            "kept; give it fewer lines", CV_SEEN_MAX);
    }

    if (seen->used < seen->slots / 4 * 3) {
        return CV_OK;
    }

    larger = *seen;
    larger.slots = seen->slots > 0 ? 2 * seen->slots : 1024;
    larger.entries = calloc(larger.slots, sizeof(cv_seen_entry_t));

    if (larger.entries == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    for (i = 0; i < seen->slots; i++) {
        if (seen->entries[i].key != 0) {
            larger.entries[cv_seen_slot(&larger, seen->entries[i].key)]
                = seen->entries[i];
        }
    }

    free(seen->entries);
    *seen = larger;

    return CV_OK;
}


static cv_err_t
cv_seen_put(cv_seen_t *seen, uint64_t key, uint64_t value, cv_error_t *error)
{
    size_t    i;
    cv_err_t  err;

    err = cv_seen_grow(seen, error);
    if (err != CV_OK) {
        return err;
    }

    i = cv_seen_slot(seen, key);

    seen->used += seen->entries[i].key == 0;
    seen->entries[i] = (cv_seen_entry_t) { key, value };

    return CV_OK;
}


/* the key of a handle, of CV_HANDLE_MAX bytes at most; never 0 */

static uint64_t
cv_seen_key(cv_handle_kind_t kind, cv_str_t text)
{
    uint8_t   bytes[1 + CV_HANDLE_MAX];
    uint64_t  key;

    bytes[0] = (uint8_t) kind;
    cv_handle_normal(kind, text, bytes + 1);

    key = cv_hash(bytes, 1 + text.len);

    return key != 0 ? key : 1;
}


/*
 * The id that a record is known by; it has other handles from "first" on.  An
 * assertion is its credential's, whatever id it has itself.
 */

static bool
cv_seen_own(cv_handle_t *own, unsigned *first, cv_kind_t kind,
    const void *record)
{
    if (kind == CV_ASSERTION) {
        own->kind = CV_HANDLE_CREDENTIAL_ID;
        own->text = ((const cv_assertion_t *) record)->credential.id;
        *first = 0;
        return true;
    }

    *first = 1;

    return cv_record_handle(own, kind, record, 0);
}


static uint64_t
cv_seen_id(cv_kind_t kind, const void *record)
{
    uint64_t     key;
    unsigned     first;
    cv_handle_t  own;

    if (!cv_seen_own(&own, &first, kind, record)) {
        return 0;
    }

    key = cv_seen_key(own.kind, own.text);

    return kind == CV_ASSERTION ? ~key : key;   /* beside the credential's */
}


/* An id's entry has 21 bits of each of its record's other handles, or 0. */

static uint64_t
cv_seen_mark(unsigned i, uint64_t key)
{
    return (key >> 43 | 1) << 21 * i;
}


static bool
cv_seen_marked(const cv_seen_entry_t *entry, unsigned i, uint64_t key)
{
    uint64_t  mask;

    mask = cv_seen_mark(i, UINT64_MAX);

    return (entry->value & mask) == cv_seen_mark(i, key);
}


cv_err_t
cv_seen_add(cv_seen_t *seen, cv_kind_t kind, const void *record,
    cv_error_t *error)
{
    cv_err_t      err;
    unsigned      i, first;
    uint64_t      id, key, marks;
    cv_handle_t   handle;

    if (!cv_seen_own(&handle, &first, kind, record)) {
        return CV_OK;       /* nothing refers to one */
    }

    id = cv_seen_id(kind, record);
    marks = 0;

    for (i = 0;
         i < CV_SEEN_HANDLES
         && cv_record_handle(&handle, kind, record, first + i);
         i++)
    {
        if (handle.text.len == 0) {
            continue;
        }

        key = cv_seen_key(handle.kind, handle.text);
        marks |= cv_seen_mark(i, key);

        err = cv_seen_put(seen, key, id, error);
        if (err != CV_OK) {
            return err;
        }
    }

    return cv_seen_put(seen, id, marks, error);
}


bool
cv_seen_has(const cv_seen_t *seen, cv_kind_t kind, cv_str_t id)
{
    return seen->used > 0 && id.len <= CV_HANDLE_MAX
           && cv_seen_find(seen, cv_seen_key(cv_id_handle(kind), id)) != NULL;
}


static bool
cv_seen_taken(const cv_seen_t *seen, cv_txn_t *txn, cv_kind_t kind,
    const void *record, const cv_handle_t *handle, unsigned i)
{
    uint64_t                own, other, key;
    unsigned                first;
    cv_handle_t             id;
    cv_record_t             owner;
    const cv_seen_entry_t  *entry;

    key = cv_seen_key(handle->kind, handle->text);
    entry = cv_seen_find(seen, key);

    if (entry != NULL) {
        own = cv_seen_id(kind, record);
        other = entry->value;

        entry = cv_seen_find(seen, other);

        return other != own && entry != NULL && cv_seen_marked(entry, i, key);
    }

    (void) cv_seen_own(&id, &first, kind, record);

    own = cv_find(txn, id.kind, id.text);
    other = cv_find(txn, handle->kind, handle->text);

    if (other == 0 || other == own) {
        return false;
    }

    if (seen->used == 0 || !cv_get(txn, kind, other, &owner)) {
        return true;
    }

    cv_unresolve(txn, kind, &owner);

    /* had it kept the handle in its line, there were an entry for that */

    return cv_seen_find(seen, cv_seen_id(kind, &owner)) == NULL;
}


cv_err_t
cv_seen_conflict(const cv_seen_t *seen, cv_txn_t *txn, cv_kind_t kind,
    const void *record, cv_error_t *error)
{
    unsigned     i, first;
    cv_handle_t  handle;

    if (!cv_seen_own(&handle, &first, kind, record)) {
        return CV_OK;
    }

    for (i = 0; cv_record_handle(&handle, kind, record, first + i); i++) {
        if (handle.text.len > 0
            && cv_seen_taken(seen, txn, kind, record, &handle, i))
        {
            return cv_handle_conflict(error, kind, &handle);
        }
    }

    return CV_OK;
}


cv_err_t
cv_seen_note(cv_seen_t *seen, cv_kind_t kind, cv_str_t id, uint64_t value,
    cv_error_t *error)
{
    return cv_seen_put(seen, cv_seen_key(cv_id_handle(kind), id), value,
                       error);
}


uint64_t
cv_seen_noted(const cv_seen_t *seen, cv_kind_t kind, cv_str_t id)
{
    const cv_seen_entry_t  *entry;

    entry = cv_seen_find(seen, cv_seen_key(cv_id_handle(kind), id));

    return entry != NULL ? entry->value : 0;
}
