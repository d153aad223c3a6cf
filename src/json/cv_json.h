
/*
 * Copyright (C) The credverify authors
 *
 * JSON text to documents.  Strict RFC 8259, and more: valid UTF-8 without NUL
 * (raw or escaped), no duplicate members, one value and nothing after it,
 * nesting at most CV_DOC_DEPTH.
 */

#ifndef CV_JSON_H
#define CV_JSON_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"

/*
 * Appends the document for "text" to "out", whose limit bounds it.  An error
 * says what is wrong and, as "line N" for texts of several lines, where.
 */
cv_err_t cv_json_parse(cv_buf_t *out, cv_str_t text, cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_JSON_H */
