
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

        va_start(args, fmt);
        (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
        va_end(args);
    }

    return code;
}
