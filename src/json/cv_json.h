
/*
 * Copyright (C) The credverify authors
 *
 * JSON text to documents.  Strict RFC 8259, and more: valid UTF-8 without NUL
 * (raw or escaped), no unpaired surrogate escapes, no duplicate members, one
 * value and nothing after it, nesting at most CV_DOC_DEPTH.
 */

#ifndef CV_JSON_H
#define CV_JSON_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"

/* A text is at most this long. */
#define CV_JSON_TEXT_MAX  (16 * 1024 * 1024)

/*
 * The objects that are open at one place of the text have at most this many
 * members together, so that finding a duplicate takes bounded time.
 */
#define CV_JSON_MEMBERS  1024

/*
 * Appends the document for "text" to "out", whose limit bounds it; what was
 * appended is taken back on an error.  An error says where, as "line N: " for
 * texts of several lines and "byte N: " for others, and what is wrong there.
 */
cv_err_t cv_json_parse(cv_buf_t *out, cv_str_t text, cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_JSON_H */
