
/*
 * Copyright (C) The credverify authors
 */

#include "cv_items.h"
#include "cv_hash.h"


void
cv_items_init(cv_items_t *items, size_t limit)
{
    cv_buf_init(&items->json, limit);

    items->rendering.hash = 0;
    items->rendering.timeless = true;
}


void
cv_items_free(cv_items_t *items)
{
    cv_buf_free(&items->json);
}


cv_err_t
cv_items_add(cv_items_t *items, const cv_document_t *document,
    cv_outcome_t outcome, const cv_facts_t *facts)
{
    cv_err_t        err;
    cv_rendering_t  rendering;

    cv_buf_append_byte(&items->json, items->json.len == 0 ? '[' : ',');

    err = cv_document_render(document, CV_FORMAT_JSON, outcome, facts,
                             &items->json, &rendering);
    if (err != CV_OK) {
        return err;
    }

    items->rendering.timeless = items->rendering.timeless
                                && rendering.timeless;
    items->rendering.hash = cv_hash_body(&rendering.hash,
                                         sizeof(rendering.hash),
                                         items->rendering.hash);

    return CV_OK;
}


cv_err_t
cv_items_disclose(cv_items_t *items, cv_facts_t *facts, cv_str_t next,
    cv_time_t now)
{
    if (items->json.len == 0) {
        cv_buf_append_byte(&items->json, '[');
    }

    cv_buf_append_byte(&items->json, ']');

    if (cv_buf_failed(&items->json)) {
        return items->json.err;
    }

    cv_disclose_list(facts, cv_buf_str(&items->json), items->rendering.hash,
                     next, now);

    return CV_OK;
}
