
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view_document.h"


cv_err_t
cv_view_template_compile(cv_document_t *document, cv_format_t format,
    const char *dir, const char *file, cv_str_t source, cv_error_t *error)
{
    (void) document;
    (void) format;
    (void) dir;
    (void) source;

    return cv_error_set(error, CV_ERR_INPUT, "%s: no templates yet", file);
}
