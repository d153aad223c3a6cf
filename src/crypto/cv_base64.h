
/*
 * Copyright (C) The credverify authors
 *
 * Base64, of which every text but one form is refused: what is decoded has
 * exactly one text, so that nobody can make another one of it.
 */

#ifndef CV_BASE64_H
#define CV_BASE64_H

#include "cv_base.h"
#include "cv_buf.h"

/* How long the text of "n" bytes is: with padding, and without. */
#define CV_BASE64_LEN(n)     (((n) + 2) / 3 * 4)
#define CV_BASE64URL_LEN(n)  (((n) * 4 + 2) / 3)

/* RFC 4648, section 4: with padding, without line ends. */
void cv_base64_encode(cv_buf_t *out, cv_str_t data);

/*
 * CV_ERR_INPUT unless "text" is just what cv_base64_encode() writes: neither
 * white space nor missing padding, nothing after it, no other bits in what is
 * not used of the last character.  On that error nothing is appended; any
 * other is that of "out".
 */
cv_err_t cv_base64_decode(cv_buf_t *out, cv_str_t text) CV_MUST_CHECK;

/* RFC 4648, section 5, without padding: as RFC 7515, appendix C. */
void cv_base64url_encode(cv_buf_t *out, cv_str_t data);
cv_err_t cv_base64url_decode(cv_buf_t *out, cv_str_t text) CV_MUST_CHECK;

#endif /* CV_BASE64_H */
