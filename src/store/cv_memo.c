
/*
 * Copyright (C) The credverify authors
 *
 * What a snapshot remembers: where a record is in the map, and that its
 * checksum is right.  That holds as long as no commit was made, whatever was
 * done meanwhile: pages of the newest version are never written to.  Every
 * entry says of which version it is, so that nothing need be forgotten.
 */

#include "cv_store_internal.h"

#include <stdlib.h>

#define CV_MEMO_BITS  16
#define CV_MEMO_SIZE  ((size_t) 1 << CV_MEMO_BITS)
#define CV_MEMO_WAYS  4

typedef struct {
    uint64_t        version;        /* 0: the entry is empty */
    uint64_t        key;
    const uint8_t  *data;
    uint32_t        len;
    uint32_t        kind;
} cv_memo_entry_t;

struct cv_memo_s {
    cv_memo_entry_t  entries[CV_MEMO_SIZE];
};


cv_err_t
cv_snapshot_remember(cv_txn_t *txn)
{
    /* is memory only where it was used */

    txn->memo = calloc(1, sizeof(cv_memo_t));

    return txn->memo != NULL ? CV_OK : CV_ERR_NOMEM;
}


void
cv_memo_free(cv_memo_t *memo)
{
    free(memo);
}


/* the first of the entries that a key can have */

static cv_memo_entry_t *
cv_memo_place(cv_memo_t *memo, uint64_t key)
{
    /* Fibonacci hashing: what counts up is spread evenly */

    key = key * 0x9e3779b97f4a7c15 >> (64 - CV_MEMO_BITS);

    return &memo->entries[key & -(uint64_t) CV_MEMO_WAYS];
}


bool
cv_memo_find(cv_memo_t *memo, uint64_t version, cv_kind_t kind, uint64_t key,
    cv_str_t *bytes)
{
    unsigned          i;
    cv_memo_entry_t  *entry;

    entry = cv_memo_place(memo, key);

    for (i = 0; i < CV_MEMO_WAYS; i++, entry++) {
        if (entry->key == key && entry->version == version
            && entry->kind == kind)
        {
            *bytes = cv_str(entry->data, entry->len);
            return true;
        }
    }

    return false;
}


void
cv_memo_keep(cv_memo_t *memo, uint64_t version, cv_kind_t kind, uint64_t key,
    cv_str_t bytes)
{
    unsigned          i;
    cv_memo_entry_t  *entry;

    entry = cv_memo_place(memo, key);

    /* the oldest goes, and what is no longer good before it */

    for (i = 0; i < CV_MEMO_WAYS - 1 && entry[i].version == version; i++) {
        /* void */
    }

    for ( /* void */ ; i > 0; i--) {
        entry[i] = entry[i - 1];
    }

    entry[0] = (cv_memo_entry_t) { version, key, bytes.data,
                                   (uint32_t) bytes.len, kind };
}
