
/*
 * Copyright (C) The credverify authors
 *
 * Many handles in one request: {"codes": ["...", "..."]}.
 */

#ifndef CV_BATCH_H
#define CV_BATCH_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"

/* Owns the memory of the handles. */

typedef struct {
    cv_buf_t       doc;
    cv_doc_iter_t  it;
} cv_batch_t;

void cv_batch_init(cv_batch_t *batch);
void cv_batch_free(cv_batch_t *batch);

/*
 * Reads the handles that a JSON object has in "member", from 1 to "max" of
 * them; other members are passed over.  An error is a sentence for who sent
 * it, which says what is wrong and where: CV_ERR_LIMIT if there are too many
 * handles, CV_ERR_INPUT if it is anything else.
 */
cv_err_t cv_batch_read(cv_batch_t *batch, cv_str_t text, cv_str_t member,
    size_t max, cv_error_t *error) CV_MUST_CHECK;

/* The next one, in their order: UTF-8, which may be empty; false at the end. */
bool cv_batch_next(cv_batch_t *batch, cv_str_t *handle);

#endif /* CV_BATCH_H */
