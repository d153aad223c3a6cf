
/*
 * Copyright (C) The credverify authors
 *
 * Classes and their issuers as a worker keeps them at hand: few, wanted by
 * every request, and seldom changed.  They are read when they are first asked
 * for, and again after any commit, so that they never differ from what the
 * snapshot holds.
 */

#ifndef CV_CATALOG_H
#define CV_CATALOG_H

#include "cv_bake.h"
#include "cv_store.h"

typedef struct cv_catalog_s  cv_catalog_t;

typedef struct {
    cv_class_t       class;
    cv_issuer_t      issuer;

    /* what else is known of them once somebody has found it out */

    bool             judged;
    bool             badge;         /* both have what Open Badges require */
    cv_image_type_t  picture;       /* of the class's image in the store */
} cv_catalog_entry_t;

/* For one store; not shared between threads.  NULL if memory is exhausted. */
cv_catalog_t *cv_catalog_new(void);
void cv_catalog_free(cv_catalog_t *catalog);

/*
 * The class of that number and its issuer, as the snapshot has them; borrows
 * from both until the next call.  NULL if either is not there or cannot
 * be read, which the snapshot's error tells apart.
 */
cv_catalog_entry_t *cv_catalog_get(cv_catalog_t *catalog, cv_txn_t *snapshot,
    uint64_t class);

#endif /* CV_CATALOG_H */
