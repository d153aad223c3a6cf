
/*
 * Copyright (C) The credverify authors
 *
 * Cleaning a copy of a store of what the store does not hold.
 *
 * LMDB copies pages as they are: between the entries of a page, and behind a
 * value that has pages of its own, stands what was there before, of records
 * that were changed or removed, too.
 */

#include "cv_page.h"

#include <errno.h>
#include <unistd.h>

typedef struct {
    int        fd;
    off_t      start;               /* of the copy in the file */
    size_t     size;                /* of a page */
    uint8_t   *page;                /* the one that is looked at */
} cv_scrub_t;


static int
cv_scrub_zero(cv_scrub_t *scrub, off_t at, size_t len)
{
    size_t   n;
    ssize_t  done;

    static const uint8_t  zeros[4096];

    for ( /* void */ ; len > 0; at += done, len -= (size_t) done) {
        n = len < sizeof(zeros) ? len : sizeof(zeros);
        done = pwrite(scrub->fd, zeros, n, scrub->start + at);

        if (done == -1 && errno != EINTR) {
            return errno;
        }

        done = done == -1 ? 0 : done;
    }

    return 0;
}


/* what is behind the values of a page that have pages before it */

static int
cv_scrub_values(cv_scrub_t *scrub, size_t leaf, size_t entries)
{
    int        rc;
    size_t     i, at, end, number;
    uint16_t   place;
    cv_node_t  node;

    for (i = 0; i < entries; i++) {
        memcpy(&place, scrub->page + sizeof(cv_page_t) + 2 * i, 2);

        if (place + sizeof(node) > scrub->size) {
            return MDB_CORRUPTED;
        }

        memcpy(&node, scrub->page + place, sizeof(node));

        if (!(node.flags & CV_NODE_PAGES)) {
            continue;
        }

        at = place + sizeof(node) + node.key_len;

        if (at + sizeof(number) > scrub->size) {
            return MDB_CORRUPTED;
        }

        memcpy(&number, scrub->page + at, sizeof(number));

        end = sizeof(cv_page_t) + node.len;

        if (number >= leaf || end > (leaf - number) * scrub->size) {
            return MDB_CORRUPTED;
        }

        rc = cv_scrub_zero(scrub, (off_t) (number * scrub->size + end),
                           -end % scrub->size);
        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


/* the page of that number; "pages" is how many it is the first of */

static int
cv_scrub_page(cv_scrub_t *scrub, size_t number, size_t *pages)
{
    int        rc;
    cv_page_t  head;

    memcpy(&head, scrub->page, sizeof(head));
    *pages = 1;

    if (head.flags & CV_PAGE_META) {
        return 0;
    }

    if (head.number != number) {
        return MDB_CORRUPTED;
    }

    if (head.flags & CV_PAGE_OVERFLOW) {
        *pages = head.u.pages;
        return *pages > 0 ? 0 : MDB_CORRUPTED;
    }

    if (!(head.flags & (CV_PAGE_BRANCH | CV_PAGE_LEAF))
        || head.u.gap.lower < sizeof(head)
        || head.u.gap.lower > head.u.gap.upper
        || head.u.gap.upper > scrub->size)
    {
        return MDB_CORRUPTED;
    }

    rc = cv_scrub_zero(scrub, (off_t) (number * scrub->size
                                       + head.u.gap.lower),
                       head.u.gap.upper - head.u.gap.lower);

    if (rc == 0 && (head.flags & CV_PAGE_LEAF)) {
        rc = cv_scrub_values(scrub, number,
                             (head.u.gap.lower - sizeof(head)) / 2);
    }

    return rc;
}


int
cv_scrub(int fd, off_t start, size_t page_size)
{
    int         rc;
    size_t      number, pages;
    ssize_t     n;
    uint8_t     page[CV_PAGE_MAX];
    cv_scrub_t  scrub;

    if (page_size > sizeof(page)) {
        return MDB_CORRUPTED;
    }

    scrub = (cv_scrub_t) { fd, start, page_size, page };
    rc = 0;

    for (number = 0; rc == 0; number += pages) {
        pages = 0;

        n = pread(fd, page, page_size, start + (off_t) (number * page_size));

        if (n == 0) {
            break;
        }

        if (n == -1 && errno == EINTR) {
            continue;
        }

        rc = n == -1 ? errno
             : (size_t) n < page_size ? MDB_CORRUPTED
                                      : cv_scrub_page(&scrub, number, &pages);
    }

    return rc;
}
