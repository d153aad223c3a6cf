
/*
 * Copyright (C) The credverify authors
 */

#include "cv_progress_list.h"
#include "cv_codec.h"
#include "cv_requires.h"
#include "cv_verdict.h"

#include <stdlib.h>

#define CV_PROGRESS_DOC_MAX  (4 * 1024 * 1024)


typedef struct {
    uint64_t          iid;          /* of the class */
    size_t            rank;         /* of its issuer */
    cv_class_t        class;
    cv_credential_t   credential;   /* without an id if there is none */
} cv_progress_row_t;

typedef struct {
    cv_txn_t                   *txn;
    const cv_progress_query_t  *query;
    cv_progress_list_t         *list;
    cv_progress_row_t          *rows;
    size_t                      nrows;
    uint64_t                    holder;
    bool                        known;
} cv_progress_search_t;


void
cv_progress_list_init(cv_progress_list_t *list)
{
    cv_buf_init(&list->rows, CV_PROGRESS_CLASSES * sizeof(cv_progress_row_t));
    cv_buf_init(&list->doc, CV_PROGRESS_DOC_MAX);
}


void
cv_progress_list_free(cv_progress_list_t *list)
{
    cv_buf_free(&list->rows);
    cv_buf_free(&list->doc);
}


/* what an index leads to must be there, or the store is damaged */

static cv_err_t
cv_progress_lost(cv_progress_search_t *search)
{
    cv_err_t  err;

    err = cv_txn_err(search->txn, NULL);

    return err != CV_OK ? err : CV_ERR_DAMAGED;
}


/* The place of an issuer among those asked for; SIZE_MAX: it is none. */

static cv_err_t
cv_progress_rank(cv_progress_search_t *search, uint64_t iid, size_t *rank)
{
    cv_issuer_t                 issuer;
    const cv_progress_query_t  *query;

    query = search->query;
    *rank = SIZE_MAX;

    if (query->issuer != 0 && query->issuer != iid) {
        return CV_OK;
    }

    if (query->nissuers == 0) {
        *rank = (size_t) iid;
        return CV_OK;
    }

    if (!cv_get(search->txn, CV_ISSUER, iid, &issuer)) {
        return cv_progress_lost(search);
    }

    *rank = cv_str_index(query->issuers, query->nissuers, issuer.id);

    if (*rank == query->nissuers) {
        *rank = SIZE_MAX;
    }

    return CV_OK;
}


static cv_err_t
cv_progress_add(cv_progress_search_t *search, uint64_t iid,
    const cv_class_t *class)
{
    size_t              rank;
    uint8_t            *p;
    cv_err_t            err;
    cv_requires_t       requires;
    cv_progress_row_t   row;

    if (!cv_requires(&requires, class)
        || (search->query->class != 0 && search->query->class != iid))
    {
        return CV_OK;
    }

    err = cv_progress_rank(search, class->issuer.iid, &rank);

    if (err != CV_OK || rank == SIZE_MAX) {
        return err;
    }

    memset(&row, 0, sizeof(cv_progress_row_t));
    row.iid = iid;
    row.rank = rank;
    row.class = *class;

    p = cv_buf_extend(&search->list->rows, sizeof(cv_progress_row_t));
    if (p == NULL) {
        return search->list->rows.err;
    }

    memcpy(p, &row, sizeof(cv_progress_row_t));

    return CV_OK;
}


static cv_err_t
cv_progress_add_issuer(cv_progress_search_t *search, uint64_t issuer)
{
    uint64_t      iid;
    cv_err_t      err;
    cv_str_t      to;
    cv_walk_t     walk;
    cv_class_t    class;
    cv_reader_t   r;

    err = CV_OK;

    cv_links_open(&walk, search->txn, CV_LINK_ISSUER_CLASS, issuer);

    while (err == CV_OK && cv_links_next(&walk, &to)) {
        r = cv_reader(to);
        iid = cv_read_u64(&r);

        if (!cv_get(search->txn, CV_CLASS, iid, &class)
            || class.issuer.iid != issuer)
        {
            err = cv_progress_lost(search);

        } else {
            err = cv_progress_add(search, iid, &class);
        }
    }

    cv_walk_close(&walk);

    return err;
}


static cv_err_t
cv_progress_add_all(cv_progress_search_t *search)
{
    uint64_t     iid;
    cv_err_t     err;
    cv_walk_t    walk;
    cv_class_t   class;

    err = CV_OK;

    cv_walk_open(&walk, search->txn, CV_CLASS);

    while (err == CV_OK && cv_walk_next(&walk, &class, &iid)) {
        err = cv_progress_add(search, iid, &class);
    }

    cv_walk_close(&walk);

    return err;
}


/* a row for each class, of the issuers that may be listed only */

static cv_err_t
cv_progress_collect(cv_progress_search_t *search)
{
    size_t                      i;
    uint64_t                    iid;
    cv_err_t                    err;
    cv_issuer_t                 issuer;
    const cv_progress_query_t  *query;

    query = search->query;

    if (query->issuer != 0) {
        return cv_progress_add_issuer(search, query->issuer);
    }

    if (query->nissuers == 0) {
        return cv_progress_add_all(search);
    }

    for (err = CV_OK, i = 0; err == CV_OK && i < query->nissuers; i++) {

        /* once, however often it is named */

        if (cv_str_index(query->issuers, i, query->issuers[i]) == i
            && cv_get_by_id(search->txn, CV_ISSUER, query->issuers[i], &issuer,
                            &iid))
        {
            err = cv_progress_add_issuer(search, iid);
        }
    }

    return err;
}


static int
cv_progress_by_number(const void *a, const void *b)
{
    const cv_progress_row_t  *row = a, *other = b;

    return (row->iid > other->iid) - (row->iid < other->iid);
}


static int
cv_progress_by_place(const void *a, const void *b)
{
    int                       order;
    int64_t                   position[2];
    const cv_progress_row_t  *row = a, *other = b;

    position[0] = row->class.position.present ? row->class.position.value
                                              : INT64_MAX;
    position[1] = other->class.position.present ? other->class.position.value
                                                : INT64_MAX;

    order = (row->rank > other->rank) - (row->rank < other->rank);

    if (order == 0) {
        order = (position[0] > position[1]) - (position[0] < position[1]);
    }

    return order != 0 ? order : cv_progress_by_number(a, b);
}


/* whether the class, which has no row perhaps, is of one of the issuers */

static cv_err_t
cv_progress_know(cv_progress_search_t *search, uint64_t iid)
{
    size_t      rank;
    cv_err_t    err;
    cv_class_t  class;

    if (search->known) {
        return CV_OK;
    }

    if (!cv_get(search->txn, CV_CLASS, iid, &class)) {
        return cv_progress_lost(search);
    }

    err = cv_progress_rank(search, class.issuer.iid, &rank);
    search->known = rank != SIZE_MAX;

    return err;
}


static cv_err_t
cv_progress_take(cv_progress_search_t *search,
    const cv_credential_t *credential)
{
    cv_progress_row_t  *row, key;

    if (cv_credential_is_test(credential) != search->query->test) {
        return CV_OK;
    }

    key.iid = credential->class.iid;
    row = search->nrows == 0 ? NULL
          : bsearch(&key, search->rows, search->nrows,
                    sizeof(cv_progress_row_t), cv_progress_by_number);

    if (row != NULL && cv_credential_granted(credential)
        && (!cv_present(row->credential.id)
            || cv_credential_newer(credential, &row->credential)))
    {
        row->credential = *credential;
    }

    return cv_progress_know(search, credential->class.iid);
}


static cv_err_t
cv_progress_take_credentials(cv_progress_search_t *search)
{
    cv_err_t          err;
    cv_str_t          to;
    cv_walk_t         walk;
    cv_reader_t       r;
    cv_credential_t   credential;

    err = CV_OK;

    cv_links_open(&walk, search->txn, CV_LINK_HOLDER_CREDENTIAL,
                  search->holder);

    while (err == CV_OK && cv_links_next(&walk, &to)) {
        r = cv_reader(to);

        if (!cv_get(search->txn, CV_CREDENTIAL, cv_read_u64(&r), &credential)
            || credential.holder.iid != search->holder)
        {
            err = cv_progress_lost(search);

        } else {
            err = cv_progress_take(search, &credential);
        }
    }

    cv_walk_close(&walk);

    return err;
}


static cv_err_t
cv_progress_look(cv_progress_search_t *search)
{
    cv_err_t        err;
    cv_walk_t       walk;
    cv_progress_t   progress;

    err = CV_OK;

    cv_walk_open_progress(&walk, search->txn, search->holder);

    while (err == CV_OK && !search->known
           && cv_walk_next(&walk, &progress, NULL))
    {
        err = cv_progress_know(search, progress.class.iid);
    }

    cv_walk_close(&walk);

    return err;
}


static void
cv_progress_put_text(cv_buf_t *doc, const char *name, cv_str_t text)
{
    if (cv_present(text)) {
        cv_doc_put_name(doc, cv_str_z(name));
        cv_doc_put(doc, CV_DOC_STRING, text);
    }
}


static void
cv_progress_put_count(cv_buf_t *doc, const char *name, const cv_int_t *count)
{
    uint8_t   space[CV_INT_TEXT_MAX];
    cv_buf_t  text;

    cv_buf_borrow(&text, space, sizeof(space));
    cv_buf_append_int(&text, count->present ? count->value : 0);

    cv_doc_put_name(doc, cv_str_z(name));
    cv_doc_put(doc, CV_DOC_NUMBER, cv_buf_str(&text));
}


static void
cv_progress_put_flag(cv_buf_t *doc, const char *name, bool flag)
{
    cv_doc_put_name(doc, cv_str_z(name));
    cv_doc_put(doc, flag ? CV_DOC_TRUE : CV_DOC_FALSE, CV_ABSENT);
}


static void
cv_progress_put_credential(cv_buf_t *doc, const cv_credential_t *credential)
{
    size_t  mark;

    if (!cv_present(credential->id)) {
        return;
    }

    cv_doc_put_name(doc, CV_STR("credential"));
    mark = cv_doc_open(doc, CV_DOC_OBJECT);

    cv_progress_put_text(doc, "id", credential->id);
    cv_progress_put_text(doc, "status",
                         cv_str_z(cv_status_names[credential->status.value]));
    cv_progress_put_text(doc, "number", credential->number);
    cv_progress_put_text(doc, "issued_at", credential->issued_at.text);
    cv_progress_put_text(doc, "expires_at", credential->expires_at.text);

    cv_doc_close(doc, mark);
}


static void
cv_progress_put_row(cv_progress_search_t *search, const cv_progress_row_t *row)
{
    bool            complete;
    size_t          mark, inner;
    cv_buf_t       *doc;
    cv_progress_t   progress;
    cv_requires_t   requires;

    doc = &search->list->doc;

    if (!cv_get_progress(search->txn, search->holder, row->iid, &progress)) {
        memset(&progress, 0, sizeof(cv_progress_t));
    }

    (void) cv_requires(&requires, &row->class);
    complete = cv_requires_reached(&row->class, &progress);

    mark = cv_doc_open(doc, CV_DOC_OBJECT);

    cv_doc_put_name(doc, CV_STR("class"));
    inner = cv_doc_open(doc, CV_DOC_OBJECT);
    cv_progress_put_text(doc, "id", row->class.id);
    cv_progress_put_text(doc, "title", row->class.title);
    cv_progress_put_text(doc, "category", row->class.category);
    cv_progress_put_text(doc, "category_title", row->class.category_title);
    cv_doc_close(doc, inner);

    cv_progress_put_credential(doc, &row->credential);

    cv_doc_put_name(doc, CV_STR("requires"));
    inner = cv_doc_open(doc, CV_DOC_OBJECT);
    cv_progress_put_count(doc, "practice", &requires.practice);
    cv_progress_put_count(doc, "learn", &requires.learn);
    cv_doc_close(doc, inner);

    cv_progress_put_count(doc, "practice", &progress.practice);
    cv_progress_put_count(doc, "learn", &progress.learn);

    cv_progress_put_flag(doc, "complete", complete);

    if (search->query->class != 0) {
        cv_progress_put_flag(doc, "issued", search->query->issued);
    }

    cv_doc_close(doc, mark);
}


static cv_err_t
cv_progress_write(cv_progress_search_t *search)
{
    size_t     i, mark;
    cv_buf_t  *doc;

    doc = &search->list->doc;

    if (search->query->class != 0) {

        if (search->nrows != 0) {
            cv_progress_put_row(search, &search->rows[0]);
        }

        return doc->err;
    }

    mark = cv_doc_open(doc, CV_DOC_ARRAY);

    for (i = 0; i < search->nrows; i++) {
        cv_progress_put_row(search, &search->rows[i]);
    }

    cv_doc_close(doc, mark);

    return doc->err;
}


static void
cv_progress_sort(cv_progress_search_t *search,
    int (*order)(const void *a, const void *b))
{
    if (search->nrows > 1) {
        qsort(search->rows, search->nrows, sizeof(cv_progress_row_t), order);
    }
}


/* the rows of all classes that are listed, of nobody yet */

static cv_err_t
cv_progress_begin(cv_progress_search_t *search, cv_progress_list_t *list,
    cv_txn_t *snapshot, const cv_progress_query_t *query)
{
    cv_err_t  err;

    memset(search, 0, sizeof(cv_progress_search_t));
    search->txn = snapshot;
    search->query = query;
    search->list = list;

    cv_buf_reset(&list->rows);

    err = cv_progress_collect(search);

    search->rows = (cv_progress_row_t *) (void *) list->rows.data;
    search->nrows = list->rows.len / sizeof(cv_progress_row_t);

    return err;
}


cv_err_t
cv_progress_list(cv_progress_list_t *list, cv_txn_t *snapshot,
    const cv_progress_query_t *query, cv_doc_t *doc)
{
    uint64_t              iid;
    cv_err_t              err;
    cv_holder_t           holder;
    cv_progress_search_t  search;

    *doc = CV_ABSENT;
    cv_buf_reset(&list->doc);

    if (!cv_get_by_id(snapshot, CV_HOLDER, query->holder, &holder, &iid)) {
        return cv_txn_err(snapshot, NULL);
    }

    err = cv_progress_begin(&search, list, snapshot, query);
    if (err != CV_OK) {
        return err;
    }

    search.holder = iid;

    cv_progress_sort(&search, cv_progress_by_number);

    err = cv_progress_take_credentials(&search);

    if (err == CV_OK) {
        err = cv_progress_look(&search);
    }

    if (err != CV_OK || !search.known) {
        return err != CV_OK ? err : cv_txn_err(snapshot, NULL);
    }

    cv_progress_sort(&search, cv_progress_by_place);

    err = cv_progress_write(&search);

    if (err == CV_OK) {
        err = cv_txn_err(snapshot, NULL);
        *doc = list->doc.len > 0 ? cv_buf_str(&list->doc) : CV_ABSENT;
    }

    return err;
}


cv_err_t
cv_progress_class(cv_progress_list_t *list, cv_txn_t *snapshot,
    const cv_progress_query_t *query, cv_str_t name, uint64_t *class)
{
    size_t                i;
    cv_err_t              err;
    cv_progress_search_t  search;

    *class = 0;

    err = cv_progress_begin(&search, list, snapshot, query);
    if (err != CV_OK) {
        return err;
    }

    for (i = 0; i < search.nrows; i++) {
        if (cv_str_eq(search.rows[i].class.id, name)) {
            *class = search.rows[i].iid;
            return cv_txn_err(snapshot, NULL);
        }
    }

    for (i = 0; i < search.nrows; i++) {
        if (!cv_present(search.rows[i].class.category)
            || !cv_str_eq(search.rows[i].class.category, name))
        {
            continue;
        }

        if (*class != 0) {
            return CV_ERR_CONFLICT;
        }

        *class = search.rows[i].iid;
    }

    return cv_txn_err(snapshot, NULL);
}


cv_err_t
cv_progress_known(cv_txn_t *snapshot, const cv_progress_query_t *query,
    uint64_t holder, bool *known)
{
    bool                  any;
    cv_err_t              err;
    cv_str_t              to;
    cv_walk_t             walk;
    cv_progress_t         progress;
    cv_progress_query_t   others;
    cv_progress_search_t  search;

    memset(&search, 0, sizeof(cv_progress_search_t));
    search.txn = snapshot;
    search.query = query;
    search.holder = holder;

    /* progress first: there is at most one for each class */

    err = cv_progress_look(&search);

    if (err == CV_OK && !search.known) {
        err = cv_progress_take_credentials(&search);
    }

    /* a credential for tests is one of theirs, though no list shows it */

    if (err == CV_OK && !search.known) {
        others = *query;
        others.test = !query->test;
        search.query = &others;

        err = cv_progress_take_credentials(&search);
    }

    if (err != CV_OK) {
        return err;
    }

    any = false;

    if (!search.known) {
        cv_walk_open_progress(&walk, snapshot, holder);
        any = cv_walk_next(&walk, &progress, NULL);
        cv_walk_close(&walk);

        cv_links_open(&walk, snapshot, CV_LINK_HOLDER_CREDENTIAL, holder);
        any = any || cv_links_next(&walk, &to);
        cv_walk_close(&walk);
    }

    *known = search.known || !any;

    return cv_txn_err(snapshot, NULL);
}
