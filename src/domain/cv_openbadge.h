
/*
 * Copyright (C) The credverify authors
 *
 * What Open Badges 2.0 requires of an Issuer, a BadgeClass and an Assertion,
 * beside what every record has: what lacks any of it is none.  The source of
 * each rule is the table of that class in section "Open Badges Vocabulary".
 */

#ifndef CV_OPENBADGE_H
#define CV_OPENBADGE_H

#include "cv_record.h"

/*
 * What validators take for a URL: of http or https, with a host, and encoded
 * where it has to be (RFC 3986).
 */
bool cv_openbadge_url(cv_str_t text);

/*
 * NULL if that is one which any path can be put behind, and which nobody reads
 * as another one (RFC 3986, section 6.2.2); else a phrase that says what it
 * must be: it follows "takes".
 */
const char *cv_openbadge_base(cv_str_t url);

/*
 * NULL if nothing is missing, else a phrase that says what is, for whoever
 * keeps the records: it follows "it has" and the like.  "image" is true if the
 * class has one in the store.
 */
const char *cv_openbadge_issuer_lacks(const cv_issuer_t *issuer);
const char *cv_openbadge_class_lacks(const cv_class_t *class, bool image);
const char *cv_openbadge_assertion_lacks(const cv_credential_t *credential,
    const cv_holder_t *holder);

#endif /* CV_OPENBADGE_H */
