
/*
 * Copyright (C) The credverify authors
 */

#include "cv_lines.h"
#include "cv_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* a line with its end, and what one read may bring beside it */
#define CV_LINES_SIZE     (CV_LINE_MAX + 2 + CV_LINES_CHUNK)
#define CV_LINES_CHUNK    ((size_t) 1 << 16)

/* how long to wait for input before looking whether to stop */
#define CV_LINES_WAIT_MS  500


cv_err_t
cv_lines_init(cv_lines_t *lines, int fd, cv_error_t *error)
{
    memset(lines, 0, sizeof(cv_lines_t));

    lines->fd = fd;
    lines->data = malloc(CV_LINES_SIZE);

    return lines->data != NULL
           ? CV_OK : cv_error_set(error, CV_ERR_NOMEM, "out of memory");
}


void
cv_lines_free(cv_lines_t *lines)
{
    free(lines->data);
}


static cv_lines_result_t
cv_lines_fill(cv_lines_t *lines, bool wait)
{
    ssize_t        n;
    struct pollfd  pfd;

    pfd = (struct pollfd) { lines->fd, POLLIN, 0 };

    if (poll(&pfd, 1, wait ? CV_LINES_WAIT_MS : 0) <= 0) {
        return CV_LINES_WAIT;
    }

    if (CV_LINES_SIZE - lines->end < CV_LINES_CHUNK) {
        memmove(lines->data, lines->data + lines->start,
                lines->end - lines->start);
        lines->end -= lines->start;
        lines->scanned -= lines->start;
        lines->start = 0;
    }

    n = read(lines->fd, lines->data + lines->end, CV_LINES_CHUNK);

    if (n == -1) {
        return errno == EINTR || errno == EAGAIN ? CV_LINES_WAIT
                                                 : CV_LINES_FAILED;
    }

    lines->end += (size_t) n;
    lines->eof = n == 0;

    return CV_LINES_LINE;
}


cv_lines_result_t
cv_lines_next(cv_lines_t *lines, cv_str_t *text, bool wait)
{
    bool                dropped;
    uint8_t            *p;
    cv_lines_result_t   rc;

    for ( ;; ) {
        p = memchr(lines->data + lines->scanned, '\n',
                   lines->end - lines->scanned);

        if (p != NULL || (lines->eof && lines->end > lines->start)) {
            break;
        }

        if (lines->end - lines->start > CV_LINE_MAX + 1) {
            lines->dropping = true;
            lines->start = lines->end = 0;
        }

        lines->scanned = lines->end;

        if (lines->eof) {
            dropped = lines->dropping;
            lines->dropping = false;
            return dropped ? CV_LINES_LONG : CV_LINES_END;
        }

        rc = cv_lines_fill(lines, wait);
        if (rc != CV_LINES_LINE) {
            return rc;
        }
    }

    if (p == NULL) {
        p = lines->data + lines->end;
    }

    *text = cv_str(lines->data + lines->start,
                   (size_t) (p - lines->data) - lines->start);

    lines->start += text->len;
    lines->start += lines->start < lines->end ? 1 : 0;
    lines->scanned = lines->start;

    if (text->len > 0 && text->data[text->len - 1] == '\r') {
        text->len--;
    }

    dropped = lines->dropping;
    lines->dropping = false;

    return dropped ? CV_LINES_LONG : CV_LINES_LINE;
}
