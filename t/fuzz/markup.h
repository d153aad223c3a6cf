
/*
 * Copyright (C) The credverify authors
 *
 * Where in a page data has come to stand.
 */

#ifndef CV_FUZZ_MARKUP_H
#define CV_FUZZ_MARKUP_H

#include "cv_view.h"

/*
 * Aborts if "mark", which all data has and no template, is in a name, in code,
 * or in a URL that begins with a scheme of code; or if a style is not one that
 * the document says it has.
 */
void fuzz_markup(const cv_document_t *document, bool xml, cv_str_t page,
    const char *mark);

#endif /* CV_FUZZ_MARKUP_H */
