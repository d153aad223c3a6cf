
/*
 * Copyright (C) The credverify authors
 */

#include "cv_catalog.h"

#include <stdlib.h>

/* a class has its slot by its number; a store with more shares them */
#define CV_CATALOG_SLOTS  64

typedef struct {
    uint64_t             class;         /* 0: empty */
    cv_catalog_entry_t   entry;
    cv_buf_t             class_bytes;   /* what the entry borrows from */
    cv_buf_t             issuer_bytes;
} cv_catalog_slot_t;

struct cv_catalog_s {
    uint64_t             version;       /* of the snapshot entries are from */
    cv_catalog_slot_t    slots[CV_CATALOG_SLOTS];
};


cv_catalog_t *
cv_catalog_new(void)
{
    size_t         i;
    cv_catalog_t  *catalog;

    catalog = calloc(1, sizeof(cv_catalog_t));
    if (catalog == NULL) {
        return NULL;
    }

    for (i = 0; i < CV_CATALOG_SLOTS; i++) {
        cv_buf_init(&catalog->slots[i].class_bytes, CV_RECORD_MAX);
        cv_buf_init(&catalog->slots[i].issuer_bytes, CV_RECORD_MAX);
    }

    return catalog;
}


void
cv_catalog_free(cv_catalog_t *catalog)
{
    size_t  i;

    if (catalog == NULL) {
        return;
    }

    for (i = 0; i < CV_CATALOG_SLOTS; i++) {
        cv_buf_free(&catalog->slots[i].class_bytes);
        cv_buf_free(&catalog->slots[i].issuer_bytes);
    }

    free(catalog);
}


const cv_catalog_entry_t *
cv_catalog_get(cv_catalog_t *catalog, cv_txn_t *snapshot, uint64_t class)
{
    size_t              i;
    uint64_t            version;
    cv_catalog_slot_t  *slot;

    version = cv_snapshot_version(snapshot);

    if (catalog->version != version) {
        catalog->version = version;

        for (i = 0; i < CV_CATALOG_SLOTS; i++) {
            catalog->slots[i].class = 0;
        }
    }

    slot = &catalog->slots[class % CV_CATALOG_SLOTS];

    if (slot->class == class && class != 0) {
        return &slot->entry;
    }

    /* empty until it is whole: reading may be cut short by a fault */

    slot->class = 0;

    if (!cv_get_copy(snapshot, CV_CLASS, class, &slot->entry.class,
                     &slot->class_bytes)
        || !cv_get_copy(snapshot, CV_ISSUER, slot->entry.class.issuer.iid,
                        &slot->entry.issuer, &slot->issuer_bytes))
    {
        return NULL;
    }

    slot->class = class;

    return &slot->entry;
}
