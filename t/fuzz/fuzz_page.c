
/*
 * Copyright (C) The credverify authors
 *
 * Pages of a store, as they may be after damage: what nothing is said to be
 * wrong with can be walked within bounds. The first four bytes are the size of
 * a page, the kind of the tree, its root and its depth.
 */

#include "cv_page.h"
#include "fuzz.h"

#define SIZES  8        /* from 256 to 32768 bytes */


static void
report(void *data, const char *tree, uint64_t number, const char *wrong)
{
    (void) number;

    FUZZ_MUST(data != NULL && tree[0] != '\0' && wrong[0] != '\0');
}


static void
table(void *data, const cv_entry_t *entry)
{
    cv_tree_t  tree;

    FUZZ_MUST(data != NULL && entry->node.len == sizeof(tree));
    memcpy(&tree, entry->value, sizeof(tree));

    (void) cv_entry_table(entry);
    (void) cv_tree_plausible(&tree, 1, 0);
}


static void
walk(cv_pages_t *pages, cv_tree_kind_t kind, uint64_t root, uint16_t depth)
{
    cv_tree_t        tree;
    cv_pages_walk_t  walk;

    memset(&tree, 0, sizeof(tree));
    tree.flags = kind == CV_TREE_FREE ? CV_TREE_NUMBERS : 0;
    tree.root = root;
    tree.depth = depth;

    memset(&walk, 0, sizeof(walk));
    walk.pages = *pages;
    walk.report = report;
    walk.table = table;
    walk.data = &tree;

    cv_pages_walk(&walk, "a tree", kind, &tree);

    walk.used = calloc(pages->last / 64 + 1, sizeof(uint64_t));
    FUZZ_MUST(walk.used != NULL);

    cv_pages_walk(&walk, "a tree", kind, &tree);

    free(walk.used);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          len;
    uint8_t        *map;
    cv_str_t        input;
    uint8_t         root, depth;
    cv_pages_t      pages;
    cv_tree_kind_t  kind;

    input = cv_str(data, size);
    memset(&pages, 0, sizeof(pages));

    pages.size = (size_t) CV_PAGE_MIN << fuzz_byte(&input) % SIZES;
    kind = (cv_tree_kind_t) (fuzz_byte(&input) % (CV_TREE_TABLE + 1));
    root = fuzz_byte(&input);
    depth = fuzz_byte(&input);

    /* pages are there whole, and begin where integers may */

    len = input.len - input.len % pages.size;

    if (len == 0) {
        return 0;
    }

    map = malloc(len);
    FUZZ_MUST(map != NULL);
    memcpy(map, input.data, len);

    pages.map = map;
    pages.present = len / pages.size;
    pages.last = pages.present + 1;     /* the file may be cut short */
    pages.txnid = 7;

    walk(&pages, kind, root, depth);

    free(map);

    return 0;
}
