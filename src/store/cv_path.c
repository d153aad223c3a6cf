
/*
 * Copyright (C) The credverify authors
 *
 * What a writer leads LMDB to.  LMDB copies a page that it changes, and moves
 * what is left of one to those beside it, as their heads and entries say; if
 * these are wrong, to anywhere in memory.  So the pages of the last version on
 * the way to a key are looked at before it is changed.  Those that this
 * transaction has made are LMDB's own.
 */

#include "cv_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* pages that were looked at: the numbers of the last ones, each in one place */
#define CV_PATHS_SEEN  4096

/* leaves of a table that keys go to in turn, as those of its several kinds */
#define CV_PATHS_LEAVES  8

/* Where a leaf begins and ends; absent: with the table.  Borrows from pages. */

typedef struct {
    bool        known;
    cv_str_t    low;
    cv_str_t    high;
} cv_leaf_t;

struct cv_paths_s {
    cv_pages_t  pages;
    cv_tree_t   trees[CV_TABLES];
    cv_leaf_t   leaves[CV_TABLES][CV_PATHS_LEAVES];
    uint64_t    seen[CV_PATHS_SEEN];
};


static void
cv_paths_wrong(void *data, const char *name, uint64_t number,
    const char *wrong)
{
    cv_txn_t  *txn = data;

    if (!cv_txn_failed(txn)) {
        (void) cv_error_set(&txn->error, CV_ERR_DAMAGED,
                            "%s: page %" PRIu64 " of %s %s; run \"credverify "
                            "check\", or restore a backup", txn->store->dir,
                            number, name, wrong);
    }
}


static void
cv_paths_table(void *data, const cv_entry_t *entry)
{
    int        i;
    cv_txn_t  *txn = data;

    i = cv_entry_table(entry);

    if (i != CV_TABLES) {
        memcpy(&txn->paths->trees[i], entry->value, sizeof(cv_tree_t));
    }
}


bool
cv_paths_begin(cv_txn_t *txn)
{
    int               i;
    cv_metas_t        metas;
    cv_paths_t       *paths;
    cv_pages_walk_t   walk;

    if (txn->store->map == NULL) {
        return true;
    }

    paths = calloc(1, sizeof(cv_paths_t));

    if (paths == NULL) {
        (void) cv_error_set(&txn->error, CV_ERR_NOMEM, "%s: no memory",
                            txn->store->dir);
        return false;
    }

    txn->paths = paths;

    for (i = 0; i < CV_TABLES; i++) {
        paths->trees[i].root = CV_TREE_EMPTY;
    }

    if (!cv_pages_locate(&paths->pages, &metas, txn)) {
        (void) cv_error_set(&txn->error, CV_ERR_DAMAGED,
                            "%s: the file's first pages are damaged; restore "
                            "a backup", txn->store->dir);
        return false;
    }

    memset(&walk, 0, sizeof(walk));
    walk.pages = paths->pages;
    walk.report = cv_paths_wrong;
    walk.table = cv_paths_table;
    walk.data = txn;

    cv_pages_walk_metas(&walk, &metas);

    return !cv_txn_failed(txn);
}


void
cv_paths_free(cv_txn_t *txn)
{
    free(txn->paths);
    txn->paths = NULL;
}


static const char *
cv_path_page_wrong(cv_paths_t *paths, uint64_t number)
{
    uint64_t    *seen;
    const char  *wrong;

    seen = &paths->seen[number % CV_PATHS_SEEN];

    if (*seen == number) {
        return NULL;
    }

    wrong = cv_page_wrong(&paths->pages, CV_TREE_TABLE, number);

    if (wrong == NULL) {
        *seen = number;
    }

    return wrong;
}


/* the last entry that is not above the key, or the first one */

static size_t
cv_path_search(const uint8_t *page, cv_str_t key)
{
    size_t      low, high, middle;
    cv_entry_t  entry;

    low = 0;
    high = cv_page_entries(page);

    while (high - low > 1) {
        middle = (low + high) / 2;
        entry = cv_page_entry(page, middle);

        if (cv_key_order(entry.key, key) <= 0) {
            low = middle;
        } else {
            high = middle;
        }
    }

    return low;
}


/*
 * What is left of a page goes to one beside it below the same branch; that it
 * came there from below another one, where it may go on to, takes more
 * deletions in one transaction than there are.
 */

static const char *
cv_path_beside_wrong(cv_paths_t *paths, const uint8_t *branch,
    uint64_t *number)
{
    size_t       i, n;
    cv_entry_t   entry;
    const char  *wrong;

    n = cv_page_entries(branch);
    wrong = NULL;

    for (i = 0; wrong == NULL && i < n; i++) {
        entry = cv_page_entry(branch, i);
        *number = cv_entry_child(&entry);
        wrong = cv_path_page_wrong(paths, *number);
    }

    return wrong;
}


/* the way to a key, at whose end "leaf" is */

static const char *
cv_path_wrong(cv_paths_t *paths, const cv_tree_t *tree, cv_str_t key,
    cv_path_use_t use, cv_leaf_t *leaf, uint64_t *number)
{
    size_t          i;
    unsigned        depth;
    cv_entry_t      entry, next;
    const char     *wrong;
    const uint8_t  *page;

    memset(leaf, 0, sizeof(cv_leaf_t));
    *number = tree->root;

    for (depth = tree->depth; /* void */ ; depth--) {
        wrong = cv_path_page_wrong(paths, *number);

        if (wrong != NULL) {
            return wrong;
        }

        page = cv_page_at(&paths->pages, *number);
        i = cv_path_search(page, key);
        entry = cv_page_entry(page, i);

        if ((cv_page_head(page).flags == CV_PAGE_LEAF) != (depth == 1)) {
            return "is on another level";
        }

        if (depth == 1) {
            break;
        }

        if (use == CV_PATH_DELETE) {
            wrong = cv_path_beside_wrong(paths, page, number);

            if (wrong != NULL) {
                return wrong;
            }
        }

        if (i > 0) {
            leaf->low = entry.key;
        }

        if (i + 1 < cv_page_entries(page)) {
            next = cv_page_entry(page, i + 1);
            leaf->high = next.key;
        }

        *number = cv_entry_child(&entry);
    }

    leaf->known = true;

    /* the pages of a value that goes are freed, as many as it says */

    return use != CV_PATH_NEW && cv_str_eq(entry.key, key)
           ? cv_value_wrong(&paths->pages, CV_TREE_TABLE, &entry) : NULL;
}


static bool
cv_leaf_takes(const cv_leaf_t *leaf, cv_str_t key)
{
    return leaf->known
           && (!cv_present(leaf->low) || cv_key_order(leaf->low, key) <= 0)
           && (!cv_present(leaf->high) || cv_key_order(key, leaf->high) < 0);
}


bool
cv_paths_ready(cv_txn_t *txn, unsigned table, cv_str_t key, cv_path_use_t use)
{
    char         name[32];
    uint64_t     number;
    cv_leaf_t   *leaf;
    cv_tree_t   *tree;
    cv_paths_t  *paths;
    const char  *wrong;

    paths = txn->paths;

    if (paths == NULL || paths->trees[table].root == CV_TREE_EMPTY) {
        return true;
    }

    tree = &paths->trees[table];
    leaf = &paths->leaves[table][key.len > 0 ? key.data[0] % CV_PATHS_LEAVES
                                             : 0];

    if (use == CV_PATH_NEW && cv_leaf_takes(leaf, key)) {
        return true;
    }

    number = tree->root;
    wrong = cv_tree_plausible(tree, paths->pages.last, 0)
            ? cv_path_wrong(paths, tree, key, use, leaf, &number)
            : "cannot be its first";

    if (wrong != NULL) {
        (void) snprintf(name, sizeof(name), "table %s", cv_table_names[table]);
        cv_paths_wrong(txn, name, number, wrong);
    }

    return wrong == NULL;
}
