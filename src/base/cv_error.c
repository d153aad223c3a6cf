
/*
 * Copyright (C) The credverify authors
 */

#include "cv_base.h"

#include <stdarg.h>
#include <stdio.h>


cv_err_t
cv_error_set(cv_error_t *error, cv_err_t code, const char *fmt, ...)
{
    va_list  args;

    if (error != NULL) {
        error->code = code;
        error->member = NULL;

        va_start(args, fmt);
        (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
        va_end(args);
    }

    return code;
}


cv_err_t
cv_error_member(cv_error_t *error, cv_err_t code, const char *kind,
    const char *member, const char *fmt, ...)
{
    size_t   len;
    va_list  args;

    if (error != NULL) {
        (void) cv_error_set(error, code, "%s: member \"%s\"", kind, member);

        error->member = member;
        len = strlen(error->text);

        va_start(args, fmt);
        (void) vsnprintf(error->text + len, sizeof(error->text) - len, fmt,
                         args);
        va_end(args);
    }

    return code;
}
