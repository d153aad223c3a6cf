
/*
 * Copyright (C) The credverify authors
 *
 * The items of a list: what a document makes of each, one after the other, as
 * an array in JSON, for the document of the list to show whole.
 */

#ifndef CV_ITEMS_H
#define CV_ITEMS_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_facts.h"
#include "cv_view.h"

typedef struct {
    cv_buf_t        json;
    cv_rendering_t  rendering;      /* of all of them */
} cv_items_t;

/* No items yet; "limit" bounds all of them, in bytes. */
void cv_items_init(cv_items_t *items, size_t limit);
void cv_items_free(cv_items_t *items);

/*
 * Adds what the document's JSON says of an outcome.  CV_ERR_LIMIT if it does
 * not fit; there is no list then.
 */
cv_err_t cv_items_add(cv_items_t *items, const cv_document_t *document,
    cv_outcome_t outcome, const cv_facts_t *facts) CV_MUST_CHECK;

/*
 * Makes the facts of the list; "next" as cv_disclose_list() has it.  Borrows
 * from "items", to which nothing may be added any more.
 */
cv_err_t cv_items_disclose(cv_items_t *items, cv_facts_t *facts,
    cv_str_t next, cv_time_t now) CV_MUST_CHECK;

#endif /* CV_ITEMS_H */
