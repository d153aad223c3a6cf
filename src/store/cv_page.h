
/*
 * Copyright (C) The credverify authors
 *
 * How LMDB 0.9 lays out the pages of its file, in the machine's own byte
 * order, and looking at them.  LMDB believes what it reads: a page that is
 * damaged leads it anywhere and, where it is copied to be changed, beyond the
 * copy.  What it must not meet is found here.
 */

#ifndef CV_PAGE_H
#define CV_PAGE_H

#include "cv_store_internal.h"

#if MDB_VERSION_MAJOR != 0 || MDB_VERSION_MINOR != 9
#error "LMDB may lay out its pages in another way"
#endif

_Static_assert(sizeof(size_t) == 8, "LMDB's pages are other ones here");

#define CV_PAGE_MIN     256
#define CV_PAGE_MAX      32768

#define CV_PAGE_BRANCH    0x01
#define CV_PAGE_LEAF      0x02
#define CV_PAGE_OVERFLOW  0x04
#define CV_PAGE_META      0x08

typedef struct {
    uint64_t     number;
    uint16_t     unused;
    uint16_t     flags;
    union {
        struct {
            uint16_t  lower;        /* between the two nothing is kept */
            uint16_t  upper;
        } gap;
        uint32_t  pages;            /* of one value */
    } u;
} cv_page_t;

/* the value of a leaf's entry has pages of its own, and is their number */
#define CV_NODE_PAGES     0x01

/* the value is a tree */
#define CV_NODE_TREE      0x02

/* An entry of a page: this, the key, and in a leaf the value. */

typedef struct {
    uint32_t     len;               /* of the value; in a branch, this and */
    uint16_t     flags;             /* "flags" are the number of a page */
    uint16_t     key_len;
} cv_node_t;

#define CV_TREE_EMPTY     UINT64_MAX

typedef struct {
    uint32_t     page_size;         /* in the tree of free pages only */
    uint16_t     flags;
    uint16_t     depth;             /* levels of pages */
    uint64_t     branches;
    uint64_t     leaves;
    uint64_t     overflows;
    uint64_t     entries;
    uint64_t     root;              /* or CV_TREE_EMPTY */
} cv_tree_t;

#define CV_META_MAGIC     0xbeefc0de
#define CV_META_VERSION   1

/* What the first two pages hold.  Transaction n writes page n % 2. */

typedef struct {
    uint32_t     magic;
    uint32_t     version;
    uint64_t     address;
    uint64_t     map_size;
    cv_tree_t    free;              /* pages to use again, by transaction */
    cv_tree_t    main;              /* tables, by name */
    uint64_t     last;              /* number of the last page there is */
    uint64_t     txnid;
} cv_meta_t;

_Static_assert(sizeof(cv_page_t) == 16, "the head of a page");
_Static_assert(sizeof(cv_node_t) == 8, "the head of an entry");
_Static_assert(sizeof(cv_meta_t) == 136, "a meta page");


/* The pages of a snapshot. */

typedef struct {
    const uint8_t  *map;
    size_t          size;           /* of a page */
    uint64_t        last;           /* the last one there may be */
    uint64_t        present;        /* so many are in the file */
    uint64_t        txnid;
} cv_pages_t;

/* Of the version that is read, and of the one before it, or after. */

typedef struct {
    cv_meta_t       this;
    cv_meta_t       other;
} cv_metas_t;

typedef enum {
    CV_TREE_FREE,
    CV_TREE_MAIN,
    CV_TREE_TABLE
} cv_tree_kind_t;

/* An entry; key and value borrow from its page. */

typedef struct {
    cv_node_t       node;
    cv_str_t        key;
    const uint8_t  *value;
} cv_entry_t;

/*
 * Looks at the meta pages, by which all others are found, before LMDB does.
 * CV_ERR_DAMAGED, or CV_ERR_VERSION if another LMDB wrote the file.
 */
cv_err_t cv_metas_check(const char *dir, cv_error_t *error) CV_MUST_CHECK;

/* of a tree's flags, those that say how it is ordered */
#define CV_TREE_FLAGS    0x7e
#define CV_TREE_NUMBERS  0x08       /* of free pages, by numbers */

/* True if a tree has a root and a depth that can be, and is ordered so. */
bool cv_tree_plausible(const cv_tree_t *tree, uint64_t last, unsigned flags);

/*
 * The pages of the version that a transaction reads.  False if its meta page
 * is not there, or no longer.
 */
bool cv_pages_locate(cv_pages_t *pages, cv_metas_t *metas, cv_txn_t *txn);

/* What is wrong with a page of a tree, as "is ..."; NULL if nothing is. */
const char *cv_page_wrong(const cv_pages_t *pages, cv_tree_kind_t kind,
    uint64_t number);

/* The same for the pages of an entry's value, if it has any. */
const char *cv_value_wrong(const cv_pages_t *pages, cv_tree_kind_t kind,
    const cv_entry_t *entry);

/* Of a page that is whole. */

static inline const uint8_t *
cv_page_at(const cv_pages_t *pages, uint64_t number)
{
    return pages->map + number * pages->size;
}

static inline cv_page_t
cv_page_head(const uint8_t *page)
{
    cv_page_t  head;

    memcpy(&head, page, sizeof(head));

    return head;
}

static inline size_t
cv_page_entries(const uint8_t *page)
{
    return (cv_page_head(page).u.gap.lower - sizeof(cv_page_t)) / 2;
}

static inline size_t
cv_page_place(const uint8_t *page, size_t i)
{
    uint16_t  place;

    memcpy(&place, page + sizeof(cv_page_t) + 2 * i, sizeof(place));

    return place;
}

static inline cv_entry_t
cv_page_entry(const uint8_t *page, size_t i)
{
    cv_entry_t      entry;
    const uint8_t  *p;

    p = page + cv_page_place(page, i);

    memcpy(&entry.node, p, sizeof(cv_node_t));
    entry.key = cv_str(p + sizeof(cv_node_t), entry.node.key_len);
    entry.value = entry.key.data + entry.key.len;

    return entry;
}

/* The page that an entry of a branch leads to, or that has an entry's value. */
uint64_t cv_entry_child(const cv_entry_t *entry);
uint64_t cv_entry_page(const cv_entry_t *entry);

/* How many pages a value has of its own. */
uint64_t cv_entry_pages(const cv_pages_t *pages, const cv_entry_t *entry);

/* The table that an entry of the main tree is, or CV_TABLES. */
int cv_entry_table(const cv_entry_t *entry);

/* Sets bits that were not set; false if one was. */
bool cv_bits_take(uint64_t *bits, uint64_t from, uint64_t to);

/* The order of a tree's keys, as LMDB has it. */
int cv_page_compare(cv_tree_kind_t kind, cv_str_t a, cv_str_t b);


/* Trees */

typedef struct {
    cv_pages_t        pages;
    uint64_t         *used;         /* a bit for each page; or NULL */

    /* of page "number" of that tree, what is wrong with it */
    void            (*report)(void *data, const char *tree, uint64_t number,
                              const char *wrong);

    /* each entry of the main tree */
    void            (*table)(void *data, const cv_entry_t *entry);

    void             *data;
    uint64_t          problems;

    const char       *name;         /* of the tree that is walked */
    cv_tree_kind_t    kind;
    cv_tree_t         found;        /* what there was of it */
    uint64_t          newest;       /* the last commit that freed pages */
} cv_pages_walk_t;

/* Looks at every page of a tree, of which "tree" is what is said about it. */
void cv_pages_walk(cv_pages_walk_t *walk, const char *name,
    cv_tree_kind_t kind, const cv_tree_t *tree);

/*
 * The same for the trees that all others are found by: of the version that is
 * read, and of the one before it, if that is what the other meta page says.
 */
void cv_pages_walk_metas(cv_pages_walk_t *walk, const cv_metas_t *metas);

/*
 * Looks at every page of a snapshot, which it may renew: that it is whole, and
 * used once.  Returns the number of problems, or sets the transaction's error.
 */
uint64_t cv_pages_check(cv_txn_t *txn, cv_report_pt report, void *data);

/* What becomes of a key: not there yet, it gets its value; or another; or goes. */

typedef enum {
    CV_PATH_NEW,
    CV_PATH_REPLACE,
    CV_PATH_DELETE
} cv_path_use_t;

/*
 * For writing: looks at the free pages and at the tables' trees, then at the
 * pages that a change of a key will have LMDB copy.  False, with an error
 * that sticks to the transaction, if one is damaged.
 */
bool cv_paths_begin(cv_txn_t *txn);
bool cv_paths_ready(cv_txn_t *txn, unsigned table, cv_str_t key,
    cv_path_use_t use);
void cv_paths_free(cv_txn_t *txn);

#endif /* CV_PAGE_H */
