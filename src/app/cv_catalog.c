
/*
 * Copyright (C) The credverify authors
 */

#include "cv_catalog.h"

#include <stdlib.h>

/* a class has its slot by its number; a store with more shares them */
#define CV_CATALOG_SLOTS  64

typedef struct {
    uint64_t             class;         /* 0: empty */
    uint64_t             version;       /* of the snapshot it is from */
    cv_catalog_entry_t   entry;
} cv_catalog_slot_t;

struct cv_catalog_s {
    cv_catalog_slot_t    slots[CV_CATALOG_SLOTS];
};


cv_catalog_t *
cv_catalog_new(void)
{
    return calloc(1, sizeof(cv_catalog_t));
}


void
cv_catalog_free(cv_catalog_t *catalog)
{
    free(catalog);
}


cv_catalog_entry_t *
cv_catalog_get(cv_catalog_t *catalog, cv_txn_t *snapshot, uint64_t class)
{
    uint64_t            version;
    cv_catalog_slot_t  *slot;

    version = cv_snapshot_version(snapshot);
    slot = &catalog->slots[class % CV_CATALOG_SLOTS];

    if (slot->class == class && slot->version == version && class != 0) {
        return &slot->entry;
    }

    /* empty until it is whole: reading may be cut short by a fault */

    slot->class = 0;
    slot->entry.judged = false;

    if (!cv_get(snapshot, CV_CLASS, class, &slot->entry.class)
        || !cv_get(snapshot, CV_ISSUER, slot->entry.class.issuer.iid,
                   &slot->entry.issuer))
    {
        return NULL;
    }

    slot->version = version;
    slot->class = class;

    return &slot->entry;
}
