
/*
 * Copyright (C) The credverify authors
 *
 * Addresses that mail can be sent to.  Pure.
 */

#ifndef CV_MAILBOX_H
#define CV_MAILBOX_H

#include "cv_base.h"

/* A path is no longer, with its angle brackets (RFC 5321, 4.5.3.1.3). */
#define CV_MAILBOX_MAX  254

/*
 * CV_OK for "local@domain" of RFC 5321, 4.1.2, in ASCII, with neither a quoted
 * local part nor an address literal.  An error says what is wrong with an
 * address, and never what it is.
 */
cv_err_t cv_mailbox_check(cv_str_t address, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_MAILBOX_H */
