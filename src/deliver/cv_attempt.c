
/*
 * Copyright (C) The credverify authors
 */

#include "cv_attempt.h"

#include <stdarg.h>
#include <stdio.h>


void
cv_sent_set(cv_sent_t *sent, cv_sent_how_t how, const char *fmt, ...)
{
    va_list  args;

    sent->how = how;

    va_start(args, fmt);
    (void) vsnprintf(sent->error, sizeof(sent->error), fmt, args);
    va_end(args);
}
