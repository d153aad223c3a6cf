
/*
 * Copyright (C) The credverify authors
 *
 * Trees of pages: what is wrong with pages, taken together.
 */

#include "cv_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* commits may come before the pages of a snapshot are located */
#define CV_LOCATE_TRIES  20

typedef struct {
    cv_pages_walk_t   walk;
    cv_report_pt      report;
    void             *data;
    cv_tree_t         trees[CV_TABLES];
    bool              known[CV_TABLES];
} cv_pages_check_t;


static void
cv_pages_wrong(cv_pages_walk_t *walk, uint64_t number, const char *wrong)
{
    walk->problems++;
    walk->report(walk->data, walk->name, number, wrong);
}


/* a page has one use: two would write over each other */

static bool
cv_pages_use(cv_pages_walk_t *walk, uint64_t number, uint64_t n)
{
    if (walk->used == NULL || cv_bits_take(walk->used, number, number + n)) {
        return true;
    }

    cv_pages_wrong(walk, number, "is used twice");

    return false;
}


/* how many pages are free, and their numbers, the last one first */

static const char *
cv_pages_walk_free(cv_pages_walk_t *walk, const cv_entry_t *entry)
{
    uint64_t        i, n, number, last, txnid;
    const uint8_t  *p;

    p = entry->node.flags & CV_NODE_PAGES
        ? cv_page_at(&walk->pages, cv_entry_page(entry)) + sizeof(cv_page_t)
        : entry->value;

    memcpy(&n, p, sizeof(n));
    memcpy(&txnid, entry->key.data, sizeof(txnid));

    if (n > entry->node.len / sizeof(n) - 1 || txnid == 0
        || txnid > walk->pages.txnid)
    {
        return "has a list that cannot be";
    }

    walk->newest = txnid;
    last = walk->pages.last + 1;

    for (i = 1; i <= n; i++, last = number) {
        memcpy(&number, p + i * sizeof(number), sizeof(number));

        if (number < 2 || number >= last) {
            return "has a list that cannot be";
        }

        if (!cv_pages_use(walk, number, 1)) {
            break;
        }
    }

    return NULL;
}


static void
cv_pages_walk_leaf(cv_pages_walk_t *walk, uint64_t number)
{
    size_t          i, n, own;
    cv_entry_t      entry;
    const char     *wrong;
    const uint8_t  *page;

    page = cv_page_at(&walk->pages, number);
    n = cv_page_entries(page);

    walk->found.leaves++;
    walk->found.entries += n;

    for (i = 0; i < n; i++) {
        entry = cv_page_entry(page, i);
        wrong = cv_value_wrong(&walk->pages, walk->kind, &entry);

        if (wrong == NULL && (entry.node.flags & CV_NODE_PAGES)) {
            own = cv_entry_pages(&walk->pages, &entry);
            walk->found.overflows += own;
            (void) cv_pages_use(walk, cv_entry_page(&entry), own);
        }

        if (wrong == NULL && walk->kind == CV_TREE_FREE) {
            wrong = cv_pages_walk_free(walk, &entry);
        }

        if (wrong != NULL) {
            cv_pages_wrong(walk, number, wrong);

        } else if (walk->kind == CV_TREE_MAIN) {
            walk->table(walk->data, &entry);
        }
    }
}


/* from "low" on, and below "high" */

static bool
cv_page_within(cv_tree_kind_t kind, const uint8_t *page, cv_str_t low,
    cv_str_t high)
{
    size_t      n, first;
    cv_entry_t  entry;

    n = cv_page_entries(page);
    first = cv_page_head(page).flags == CV_PAGE_BRANCH;

    if (first == n) {
        return true;
    }

    entry = cv_page_entry(page, first);

    if (cv_present(low) && cv_page_compare(kind, entry.key, low) < 0) {
        return false;
    }

    entry = cv_page_entry(page, n - 1);

    return !cv_present(high) || cv_page_compare(kind, entry.key, high) < 0;
}


static void
cv_pages_walk_page(cv_pages_walk_t *walk, uint64_t number, unsigned depth,
    cv_str_t low, cv_str_t high)
{
    size_t          i, n;
    cv_entry_t      entry, next;
    const char     *wrong;
    const uint8_t  *page;

    page = cv_page_at(&walk->pages, number);

    wrong = cv_page_wrong(&walk->pages, walk->kind, number);

    if (wrong == NULL) {
        wrong = (cv_page_head(page).flags == CV_PAGE_LEAF) != (depth == 1)
                ? "is on another level"
                : !cv_page_within(walk->kind, page, low, high)
                  ? "has entries of another place" : NULL;
    }

    if (wrong != NULL) {
        cv_pages_wrong(walk, number, wrong);
        return;
    }

    if (!cv_pages_use(walk, number, 1)) {
        return;
    }

    if (depth == 1) {
        cv_pages_walk_leaf(walk, number);
        return;
    }

    walk->found.branches++;
    n = cv_page_entries(page);
    next = cv_page_entry(page, 0);

    for (i = 0; i < n; i++) {
        entry = next;
        next = i + 1 < n ? cv_page_entry(page, i + 1) : entry;

        cv_pages_walk_page(walk, cv_entry_child(&entry), depth - 1,
                           i == 0 ? low : entry.key,
                           i + 1 < n ? next.key : high);
    }
}


void
cv_pages_walk(cv_pages_walk_t *walk, const char *name, cv_tree_kind_t kind,
    const cv_tree_t *tree)
{
    uint64_t    before;
    cv_tree_t  *found;

    walk->name = name;
    walk->kind = kind;

    walk->newest = walk->pages.txnid;

    found = &walk->found;
    memset(found, 0, sizeof(cv_tree_t));
    before = walk->problems;

    if (!cv_tree_plausible(tree, walk->pages.last,
                           kind == CV_TREE_FREE ? CV_TREE_NUMBERS : 0))
    {
        cv_pages_wrong(walk, tree->root, "cannot be its first");
        return;
    }

    if (tree->root != CV_TREE_EMPTY) {
        cv_pages_walk_page(walk, tree->root, tree->depth, CV_ABSENT,
                           CV_ABSENT);
    }

    if (walk->problems == before
        && (found->branches != tree->branches || found->leaves != tree->leaves
            || found->overflows != tree->overflows
            || found->entries != tree->entries))
    {
        cv_pages_wrong(walk, tree->root, "leads to more or less than it "
                       "should");
    }

    /* every commit frees pages; else this is an older one that looks newer */

    if (walk->problems == before && walk->newest != walk->pages.txnid) {
        cv_pages_wrong(walk, tree->root, "is not of the last commit");
    }
}


/*
 * The number of a transaction that is damaged makes an older state look newer,
 * or the newest look older: then the pages that it freed tell.  Those of the
 * version before are not used again while this one is read or written to.
 */

void
cv_pages_walk_metas(cv_pages_walk_t *walk, const cv_metas_t *metas)
{
    uint64_t    *used;
    cv_pages_t   pages;

    cv_pages_walk(walk, "the free pages", CV_TREE_FREE, &metas->this.free);
    cv_pages_walk(walk, "the tables", CV_TREE_MAIN, &metas->this.main);

    if (metas->other.txnid + 1 != metas->this.txnid) {
        return;
    }

    pages = walk->pages;
    used = walk->used;

    walk->pages.txnid = metas->other.txnid;
    walk->pages.last = metas->other.last;
    walk->used = NULL;

    cv_pages_walk(walk, "the free pages before", CV_TREE_FREE,
                  &metas->other.free);

    walk->pages = pages;
    walk->used = used;
}


/* Checking all of them */

static void
cv_pages_check_report(void *data, const char *name, uint64_t number,
    const char *wrong)
{
    cv_pages_check_t  *check = data;

    char  text[CV_ERROR_TEXT_MAX];

    (void) snprintf(text, sizeof(text), "page %" PRIu64 " of %s %s", number,
                    name, wrong);
    check->report(check->data, text);
}


int
cv_entry_table(const cv_entry_t *entry)
{
    int  i;

    for (i = 0; i < CV_TABLES; i++) {
        if (cv_str_eq(cv_str_z(cv_table_names[i]), entry->key)) {
            break;
        }
    }

    return i;
}


static void
cv_pages_check_table(void *data, const cv_entry_t *entry)
{
    cv_pages_check_t  *check = data;

    int  i;

    i = cv_entry_table(entry);

    if (i == CV_TABLES) {
        check->walk.problems++;
        check->report(check->data, "there is a table that is none of ours");
        return;
    }

    memcpy(&check->trees[i], entry->value, sizeof(cv_tree_t));
    check->known[i] = true;
}


/* what was lost takes space, and shows that more may have been */

static void
cv_pages_check_lost(cv_pages_check_t *check)
{
    char      text[CV_ERROR_TEXT_MAX];
    uint64_t  i, lost, first;

    lost = 0;
    first = 0;

    for (i = 2; i <= check->walk.pages.last; i++) {
        if (!(check->walk.used[i / 64] >> i % 64 & 1)) {
            first = lost++ == 0 ? i : first;
        }
    }

    if (lost > 0) {
        (void) snprintf(text, sizeof(text), "%" PRIu64 " pages, the first "
                        "page %" PRIu64 ", are neither used nor free", lost,
                        first);
        check->walk.problems++;
        check->report(check->data, text);
    }
}


static void
cv_pages_check_trees(cv_pages_check_t *check, const cv_metas_t *metas)
{
    int   i;
    char  name[32];

    (void) cv_bits_take(check->walk.used, 0, 2);

    cv_pages_walk_metas(&check->walk, metas);

    for (i = 0; i < CV_TABLES; i++) {

        if (!check->known[i]) {
            continue;
        }

        (void) snprintf(name, sizeof(name), "table %s", cv_table_names[i]);
        cv_pages_walk(&check->walk, name, CV_TREE_TABLE, &check->trees[i]);
    }

    if (check->walk.problems == 0) {
        cv_pages_check_lost(check);
    }
}


uint64_t
cv_pages_check(cv_txn_t *txn, cv_report_pt report, void *data)
{
    int               i;
    bool              found;
    cv_metas_t        metas;
    cv_pages_check_t  check;

    /* where the map is, /proc tells; without it LMDB reads unwatched, too */

    if (txn->store->map == NULL) {
        return 0;
    }

    memset(&check, 0, sizeof(check));

    check.report = report;
    check.data = data;
    check.walk.report = cv_pages_check_report;
    check.walk.table = cv_pages_check_table;
    check.walk.data = &check;

    found = cv_pages_locate(&check.walk.pages, &metas, txn);

    for (i = 0; !found && i < CV_LOCATE_TRIES; i++) {
        cv_snapshot_reset(txn);
        found = cv_snapshot_renew(txn) == CV_OK
                && cv_pages_locate(&check.walk.pages, &metas, txn);
    }

    if (!found) {
        report(data, "the file's first pages are damaged");
        return 1;
    }

    check.walk.used = calloc(check.walk.pages.last / 64 + 1, sizeof(uint64_t));

    if (check.walk.used == NULL) {
        (void) cv_error_set(&txn->error, CV_ERR_NOMEM, "no memory for a bit "
                            "for each of %" PRIu64 " pages",
                            check.walk.pages.last + 1);
        return 0;
    }

    cv_pages_check_trees(&check, &metas);
    free(check.walk.used);

    return check.walk.problems;
}
