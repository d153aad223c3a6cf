
/*
 * Copyright (C) The credverify authors
 *
 * What is wrong with a page, taken by itself.
 */

#include "cv_page.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* commits may come while the meta pages are read */
#define CV_META_TRIES  20

#define CV_TREE_DEPTH    32


/* Meta pages */

bool
cv_tree_plausible(const cv_tree_t *tree, uint64_t last, unsigned flags)
{
    if ((tree->flags & CV_TREE_FLAGS) != flags) {
        return false;
    }

    return tree->root == CV_TREE_EMPTY
           ? tree->depth == 0
           : tree->root > 1 && tree->root <= last && tree->depth > 0
             && tree->depth <= CV_TREE_DEPTH;
}


static bool
cv_meta_plausible(const cv_meta_t *meta)
{
    size_t  size;

    size = meta->free.page_size;

    return meta->magic == CV_META_MAGIC && meta->version == CV_META_VERSION
           && size >= CV_PAGE_MIN && size <= CV_PAGE_MAX
           && (size & (size - 1)) == 0
           && meta->last > 0 && meta->last < UINT64_MAX / size - 1
           && meta->map_size <= CV_STORE_MAP_MOST
           && (meta->last + 1) * size <= meta->map_size
           && cv_tree_plausible(&meta->free, meta->last, CV_TREE_NUMBERS)
           && cv_tree_plausible(&meta->main, meta->last, 0);
}


static bool
cv_meta_read(int fd, uint64_t number, size_t size, cv_meta_t *meta)
{
    cv_page_t  head;
    uint8_t    bytes[sizeof(cv_page_t) + sizeof(cv_meta_t)];

    if (pread(fd, bytes, sizeof(bytes), (off_t) (number * size))
        != sizeof(bytes))
    {
        return false;
    }

    memcpy(&head, bytes, sizeof(head));
    memcpy(meta, bytes + sizeof(head), sizeof(cv_meta_t));

    return head.number == number && head.flags == CV_PAGE_META;
}


/*
 * LMDB takes the newer of the two and asks nothing of the other.  But one
 * that is damaged may look older than it is: each commit writes one, so that
 * their transactions follow each other.
 */

static int
cv_metas_wrong(int fd)
{
    cv_meta_t  a, b;

    if (!cv_meta_read(fd, 0, 0, &a) || a.magic != CV_META_MAGIC) {
        return MDB_INVALID;
    }

    if (a.version != CV_META_VERSION) {
        return MDB_VERSION_MISMATCH;
    }

    if (!cv_meta_plausible(&a)
        || !cv_meta_read(fd, 1, a.free.page_size, &b)
        || !cv_meta_plausible(&b) || b.free.page_size != a.free.page_size)
    {
        return MDB_CORRUPTED;
    }

    return a.txnid % 2 == 0 && (b.txnid == a.txnid + 1
                                || a.txnid == b.txnid + 1)
           ? 0 : MDB_CORRUPTED;
}


cv_err_t
cv_metas_check(const char *dir, cv_error_t *error)
{
    int   i, fd, rc;
    char  path[PATH_MAX];

    if (cv_path(path, dir, CV_DATA_FILE, error) != CV_OK) {
        return error->code;
    }

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return cv_mdb_error(error, errno, path);
    }

    rc = MDB_INVALID;

    for (i = 0; rc != 0 && i < CV_META_TRIES; i++) {
        rc = cv_metas_wrong(fd);
    }

    (void) close(fd);

    return rc == 0 ? CV_OK : cv_mdb_error(error, rc, dir);
}


static void
cv_meta_copy(cv_meta_t *meta, const cv_pages_t *pages, uint64_t txnid)
{
    memcpy(meta, cv_page_at(pages, txnid % 2) + sizeof(cv_page_t),
           sizeof(cv_meta_t));
}


bool
cv_pages_locate(cv_pages_t *pages, cv_metas_t *metas, cv_txn_t *txn)
{
    int          fd;
    MDB_stat     stat;
    cv_store_t  *store;
    struct stat  st;

    store = txn->store;

    if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &st) != 0) {
        return false;
    }

    (void) mdb_env_stat(store->env, &stat);

    pages->map = store->map;
    pages->size = stat.ms_psize;
    pages->present = (uint64_t) st.st_size / pages->size;

    /* a write transaction begins with what the one before has left */

    pages->txnid = mdb_txn_id(txn->txn) - txn->write;

    cv_meta_copy(&metas->this, pages, pages->txnid);
    cv_meta_copy(&metas->other, pages, pages->txnid + 1);

    pages->last = metas->this.last;

    return metas->this.txnid == pages->txnid && cv_meta_plausible(&metas->this)
           && cv_meta_plausible(&metas->other);
}


/* Pages */

uint64_t
cv_entry_child(const cv_entry_t *entry)
{
    return entry->node.len | (uint64_t) entry->node.flags << 32;
}


uint64_t
cv_entry_page(const cv_entry_t *entry)
{
    uint64_t  number;

    memcpy(&number, entry->value, sizeof(number));

    return number;
}


uint64_t
cv_entry_pages(const cv_pages_t *pages, const cv_entry_t *entry)
{
    return cv_page_head(cv_page_at(pages, cv_entry_page(entry))).u.pages;
}


int
cv_page_compare(cv_tree_kind_t kind, cv_str_t a, cv_str_t b)
{
    uint64_t  x, y;

    if (kind != CV_TREE_FREE) {
        return cv_key_order(a, b);
    }

    memcpy(&x, a.data, sizeof(x));
    memcpy(&y, b.data, sizeof(y));

    return (x > y) - (x < y);
}


static const char *
cv_head_wrong(const cv_pages_t *pages, uint64_t number, unsigned flags)
{
    cv_page_t  head;

    if (number < 2 || number > pages->last) {
        return "is none of the file's";
    }

    if (number >= pages->present) {
        return "is behind the end of the file";
    }

    head = cv_page_head(cv_page_at(pages, number));

    return head.number != number ? "is another one"
           : (head.flags & ~flags) || !(head.flags & flags)
             ? "is of another sort" : NULL;
}


/* what an entry's key and value may be, in a tree of that kind */

static bool
cv_entry_plausible(cv_tree_kind_t kind, const cv_node_t *node)
{
    switch (kind) {

    case CV_TREE_FREE:
        return node->key_len == sizeof(uint64_t)
               && (node->flags & ~CV_NODE_PAGES) == 0
               && node->len >= sizeof(uint64_t)
               && node->len % sizeof(uint64_t) == 0;

    case CV_TREE_MAIN:
        return node->flags == CV_NODE_TREE && node->len == sizeof(cv_tree_t);

    default:
        return (node->flags & ~CV_NODE_PAGES) == 0;
    }
}


bool
cv_bits_take(uint64_t *bits, uint64_t from, uint64_t to)
{
    bool      good;
    uint64_t  mask;

    for (good = true; from < to; from = (from | 63) + 1) {
        mask = UINT64_MAX << from % 64;

        if ((from | 63) >= to) {
            mask &= UINT64_MAX >> (64 - to % 64) % 64;
        }

        good = good && (bits[from / 64] & mask) == 0;
        bits[from / 64] |= mask;
    }

    return good;
}


/* every entry has its place, and all of them together fill the page */

static bool
cv_entries_fit(const cv_pages_t *pages, cv_tree_kind_t kind,
    const uint8_t *page)
{
    size_t      i, n, at, end, sum;
    cv_page_t   head;
    cv_node_t   node;
    uint64_t    taken[CV_PAGE_MAX / 2 / 64];

    head = cv_page_head(page);
    n = cv_page_entries(page);
    sum = 0;

    memset(taken, 0, pages->size / 2 / 8);

    for (i = 0; i < n; i++) {
        at = cv_page_place(page, i);

        if (at % 2 != 0 || at < head.u.gap.upper
            || at + sizeof(node) > pages->size)
        {
            return false;
        }

        memcpy(&node, page + at, sizeof(node));
        end = at + sizeof(node) + node.key_len;

        if (head.flags == CV_PAGE_LEAF) {

            if (!cv_entry_plausible(kind, &node)) {
                return false;
            }

            end += node.flags & CV_NODE_PAGES ? sizeof(uint64_t) : node.len;
        }

        end += end % 2;
        sum += end - at;

        if (end > pages->size || !cv_bits_take(taken, at / 2, end / 2)) {
            return false;
        }
    }

    return sum == pages->size - head.u.gap.upper;
}


/* the first key of a branch is never looked at */

static bool
cv_entries_ordered(cv_tree_kind_t kind, const uint8_t *page)
{
    size_t      i, n;
    cv_entry_t  entry;
    cv_str_t    last;

    n = cv_page_entries(page);
    last = CV_ABSENT;

    for (i = cv_page_head(page).flags == CV_PAGE_BRANCH; i < n; i++) {
        entry = cv_page_entry(page, i);

        if (entry.key.len == 0
            || (kind == CV_TREE_FREE && entry.key.len != sizeof(uint64_t))
            || (cv_present(last)
                && cv_page_compare(kind, last, entry.key) >= 0))
        {
            return false;
        }

        last = entry.key;
    }

    return true;
}


const char *
cv_page_wrong(const cv_pages_t *pages, cv_tree_kind_t kind, uint64_t number)
{
    size_t          least;
    cv_page_t       head;
    const char     *wrong;
    const uint8_t  *page;

    wrong = cv_head_wrong(pages, number, CV_PAGE_BRANCH | CV_PAGE_LEAF);
    if (wrong != NULL) {
        return wrong;
    }

    page = cv_page_at(pages, number);
    head = cv_page_head(page);

    if (head.u.gap.lower < sizeof(head) || head.u.gap.lower % 2 != 0
        || head.u.gap.lower > head.u.gap.upper
        || head.u.gap.upper > pages->size
        || (head.flags != CV_PAGE_BRANCH && head.flags != CV_PAGE_LEAF))
    {
        return "has a head that is wrong";
    }

    least = head.flags == CV_PAGE_BRANCH && kind != CV_TREE_FREE ? 2 : 1;

    return cv_page_entries(page) < least ? "has too few entries"
           : !cv_entries_fit(pages, kind, page) ? "has entries that do not fit"
           : !cv_entries_ordered(kind, page) ? "has entries out of order"
           : NULL;
}


/* as many as the value takes, or as took one that it replaced */

const char *
cv_value_wrong(const cv_pages_t *pages, cv_tree_kind_t kind,
    const cv_entry_t *entry)
{
    uint64_t     number, n, least, most;
    const char  *wrong;

    if (!(entry->node.flags & CV_NODE_PAGES)) {
        return NULL;
    }

    number = cv_entry_page(entry);

    wrong = cv_head_wrong(pages, number, CV_PAGE_OVERFLOW);
    if (wrong != NULL) {
        return wrong;
    }

    n = cv_entry_pages(pages, entry);
    least = (sizeof(cv_page_t) + entry->node.len - 1) / pages->size + 1;
    most = (sizeof(cv_page_t) + CV_RECORD_MAX - 1) / pages->size + 1;

    return n < least || (kind == CV_TREE_TABLE && n > most)
           || n > pages->present - number || n > pages->last + 1 - number
           ? "has a value of another length" : NULL;
}
