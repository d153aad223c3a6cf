
/*
 * Copyright (C) The credverify authors
 *
 * Request lines without their secrets, for logs.
 */

#ifndef CV_REDACT_H
#define CV_REDACT_H

#include "cv_base.h"
#include "cv_buf.h"

/*
 * Appends a request line, or a part of one, with "***" in place of the value
 * of every argument whose name says that it is a secret (token, key, secret,
 * password and the like, percent-encoded or not, of either case), and of
 * every run of CV_REDACT_RUN or more letters, digits and underscores wherever
 * it stands: the shape of tokens and keys.  Never longer than the line plus
 * three bytes for each "=" in it.
 */
#define CV_REDACT_RUN  32

void cv_redact(cv_buf_t *out, cv_str_t line);

#endif /* CV_REDACT_H */
