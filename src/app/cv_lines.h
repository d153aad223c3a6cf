
/*
 * Copyright (C) The credverify authors
 *
 * Lines of a file or a pipe, one after the other, in one bounded buffer.
 */

#ifndef CV_LINES_H
#define CV_LINES_H

#include "cv_base.h"

typedef struct {
    int        fd;          /* the caller's */
    uint8_t   *data;
    size_t     start;       /* of what was not handed out yet */
    size_t     end;
    size_t     scanned;     /* there is no end of line before it */
    bool       dropping;    /* the rest of a line that is too long */
    bool       eof;
} cv_lines_t;

typedef enum {
    CV_LINES_LINE,
    CV_LINES_LONG,          /* one of more than CV_LINE_MAX bytes */
    CV_LINES_WAIT,          /* there is none yet */
    CV_LINES_END,
    CV_LINES_FAILED,        /* errno says why */
} cv_lines_result_t;

cv_err_t cv_lines_init(cv_lines_t *lines, int fd, cv_error_t *error)
    CV_MUST_CHECK;
void cv_lines_free(cv_lines_t *lines);

/*
 * The next line without its end, LF or CRLF, borrowed until the next call.
 * If there is none yet, that is told at once, or after a while if "wait".
 */
cv_lines_result_t cv_lines_next(cv_lines_t *lines, cv_str_t *text, bool wait);

#endif /* CV_LINES_H */
