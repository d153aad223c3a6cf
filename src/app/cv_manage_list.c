
/*
 * Copyright (C) The credverify authors
 *
 * Each class has a list of its credentials, by number.  Those of the classes
 * are merged, from a place downwards, or upwards for the page before.
 *
 * A cursor is a direction, and the number of a credential that is behind it.
 */

#include "cv_manage_list.h"
#include "cv_codec.h"
#include "cv_verdict.h"

#define CV_MANAGE_LIST  CV_STR("credentials\0managed")


typedef struct {
    uint64_t               next;        /* the number it is at; 0: at its end */
    cv_walk_t              walk;
} cv_manage_head_t;

typedef struct {
    cv_manage_list_t      *list;
    cv_txn_t              *snapshot;
    const cv_operation_t  *operation;
    bool                   up;
    bool                   first;       /* there was no cursor */
    bool                   more;        /* of this direction */
    uint64_t               from;        /* where it begins, */
    uint64_t               last;        /* and what was looked at last */
} cv_manage_page_t;


void
cv_manage_list_init(cv_manage_list_t *list)
{
    memset(list, 0, sizeof(cv_manage_list_t));

    cv_buf_init(&list->heads, CV_MANAGE_CLASSES * sizeof(cv_manage_head_t));
}


void
cv_manage_list_free(cv_manage_list_t *list)
{
    cv_buf_free(&list->heads);
}


static cv_manage_head_t *
cv_manage_heads(const cv_manage_page_t *page, size_t *n)
{
    *n = page->list->heads.len / sizeof(cv_manage_head_t);

    return (cv_manage_head_t *) (void *) page->list->heads.data;
}


static void
cv_manage_head_step(cv_manage_head_t *head)
{
    cv_str_t     to;
    cv_reader_t  r;

    head->next = 0;

    if (cv_links_next(&head->walk, &to)) {
        r = cv_reader(to);
        head->next = cv_read_u64(&r);
    }
}


/* a class joins, unless nothing of it is in this direction */

static cv_err_t
cv_manage_join(cv_manage_page_t *page, uint64_t class)
{
    uint8_t           *p;
    cv_manage_head_t   head;

    cv_links_open(&head.walk, page->snapshot, CV_LINK_CLASS_CREDENTIAL,
                  class);

    if (page->up) {
        cv_links_up(&head.walk, page->from);

    } else {
        cv_links_down(&head.walk, page->from);
    }

    cv_manage_head_step(&head);

    p = head.next == 0 ? NULL
        : cv_buf_extend(&page->list->heads, sizeof(cv_manage_head_t));

    if (p == NULL) {
        cv_walk_close(&head.walk);
        return page->list->heads.err != CV_OK
               ? page->list->heads.err : cv_txn_err(page->snapshot, NULL);
    }

    memcpy(p, &head, sizeof(cv_manage_head_t));

    return CV_OK;
}


static cv_err_t
cv_manage_join_issuer(cv_manage_page_t *page, uint64_t issuer)
{
    cv_err_t     err;
    cv_str_t     to;
    cv_walk_t    walk;
    cv_reader_t  r;

    err = CV_OK;

    cv_links_open(&walk, page->snapshot, CV_LINK_ISSUER_CLASS, issuer);

    while (err == CV_OK && cv_links_next(&walk, &to)) {
        r = cv_reader(to);
        err = cv_manage_join(page, cv_read_u64(&r));
    }

    cv_walk_close(&walk);

    return err;
}


static cv_err_t
cv_manage_join_all(cv_manage_page_t *page)
{
    size_t                 i;
    uint64_t               iid;
    cv_err_t               err;
    cv_walk_t              walk;
    cv_issuer_t            issuer;
    const cv_operation_t  *o;

    o = page->operation;
    err = CV_OK;

    if (o->nissuers == 0 && o->key_issuer != 0) {
        return cv_manage_join_issuer(page, o->key_issuer);
    }

    for (i = 0; err == CV_OK && i < o->nissuers; i++) {

        /* once, however often it is named */

        iid = cv_str_index(o->issuers, i, o->issuers[i]) == i
              ? cv_find(page->snapshot, CV_HANDLE_ISSUER_ID, o->issuers[i])
              : 0;

        if (iid != 0 && (o->key_issuer == 0 || o->key_issuer == iid)) {
            err = cv_manage_join_issuer(page, iid);
        }
    }

    if (o->nissuers != 0) {
        return err;
    }

    cv_walk_open(&walk, page->snapshot, CV_ISSUER);

    while (err == CV_OK && cv_walk_next(&walk, &issuer, &iid)) {
        err = cv_manage_join_issuer(page, iid);
    }

    cv_walk_close(&walk);

    return err;
}


/* the next of all of them; 0 if there is none */

static uint64_t
cv_manage_next(cv_manage_page_t *page)
{
    size_t             i, n;
    uint64_t           number;
    cv_manage_head_t  *heads, *best;

    best = NULL;
    heads = cv_manage_heads(page, &n);

    for (i = 0; i < n; i++) {
        if (heads[i].next != 0
            && (best == NULL || (page->up ? heads[i].next < best->next
                                          : heads[i].next > best->next)))
        {
            best = &heads[i];
        }
    }

    if (best == NULL) {
        return 0;
    }

    number = best->next;
    cv_manage_head_step(best);

    return number;
}


static cv_err_t
cv_manage_fill(cv_manage_page_t *page, unsigned limit)
{
    unsigned           looks;
    uint64_t           number;
    cv_credential_t    credential;
    cv_manage_list_t  *list;

    list = page->list;

    for (looks = 0; (number = cv_manage_next(page)) != 0; looks++) {

        if (looks == CV_MANAGE_PAGE_LOOKS) {
            page->more = true;
            break;
        }

        if (!cv_get(page->snapshot, CV_CREDENTIAL, number, &credential)) {
            return cv_txn_err(page->snapshot, NULL) != CV_OK
                   ? cv_txn_err(page->snapshot, NULL) : CV_ERR_DAMAGED;
        }

        if (cv_credential_is_test(&credential) == page->operation->test) {

            if (list->n == limit) {
                page->more = true;
                break;
            }

            list->numbers[list->n++] = number;
        }

        page->last = number;
    }

    return cv_txn_err(page->snapshot, NULL);
}


static cv_err_t
cv_manage_mark(cv_manage_page_t *page, bool up, uint64_t from, cv_str_t *cursor)
{
    char           *text;
    cv_err_t        err;
    cv_bookmark_t   bookmark;

    text = page->list->cursors[up];
    bookmark = (cv_bookmark_t) { up, from };

    err = cv_bookmark_write(text, &bookmark, page->snapshot, CV_MANAGE_LIST);

    if (err == CV_OK) {
        *cursor = cv_str(text, CV_BOOKMARK_LEN);
    }

    return err;
}


/*
 * Where the pages around it begin.  What a cursor was made from is still there,
 * on the side that it came from.
 */

static cv_err_t
cv_manage_around(cv_manage_page_t *page)
{
    size_t             i;
    uint64_t           swapped;
    cv_err_t           err;
    cv_manage_list_t  *list;

    list = page->list;

    for (i = 0; page->up && i < list->n / 2; i++) {
        swapped = list->numbers[i];
        list->numbers[i] = list->numbers[list->n - 1 - i];
        list->numbers[list->n - 1 - i] = swapped;
    }

    err = CV_OK;

    if (page->more) {
        err = cv_manage_mark(page, page->up, page->last,
                             page->up ? &list->prev : &list->next);
    }

    if (err != CV_OK || page->first) {
        return err;
    }

    if (page->up) {
        return cv_manage_mark(page, false, page->from + 1, &list->next);
    }

    return cv_manage_mark(page, true, page->from - 1, &list->prev);
}


cv_err_t
cv_manage_list(cv_manage_list_t *list, cv_txn_t *snapshot,
    const cv_operation_t *operation, cv_str_t cursor, unsigned limit)
{
    size_t             i, n;
    cv_err_t           err;
    cv_bookmark_t      bookmark;
    cv_manage_head_t  *heads;
    cv_manage_page_t   page;

    memset(&page, 0, sizeof(cv_manage_page_t));

    page.list = list;
    page.snapshot = snapshot;
    page.operation = operation;
    page.first = !cv_present(cursor);
    page.from = CV_BOOKMARK_TOP;

    list->n = 0;
    list->next = CV_ABSENT;
    list->prev = CV_ABSENT;
    cv_buf_reset(&list->heads);

    if (!page.first) {
        err = cv_bookmark_read(&bookmark, cursor, snapshot, CV_MANAGE_LIST);
        if (err != CV_OK) {
            return err;
        }

        page.up = bookmark.high != 0;
        page.from = bookmark.low;
    }

    limit = limit < 1 ? 1 : limit > CV_MANAGE_PAGE_MOST ? CV_MANAGE_PAGE_MOST
                                                        : limit;

    err = cv_manage_join_all(&page);

    if (err == CV_OK) {
        err = cv_manage_fill(&page, limit);
    }

    heads = cv_manage_heads(&page, &n);

    for (i = 0; i < n; i++) {
        cv_walk_close(&heads[i].walk);
    }

    return err == CV_OK ? cv_manage_around(&page) : err;
}
