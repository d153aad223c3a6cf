
/*
 * Copyright (C) The credverify authors
 *
 * What the two targets of views share.
 */

#ifndef CV_FUZZ_VIEW_H
#define CV_FUZZ_VIEW_H

#include "cv_view.h"

/*
 * Renders every outcome in every format, with facts that are well-behaved and
 * with such that are not: JSON is JSON, and in pages the second lot changes no
 * markup. "sources" is what the document was made of.
 */
void fuzz_view(const cv_str_t sources[CV_FORMATS]);

#endif /* CV_FUZZ_VIEW_H */
