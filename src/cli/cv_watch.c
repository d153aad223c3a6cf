
/*
 * Copyright (C) The credverify authors
 *
 * How far long work has come: a line on standard error, if that is a terminal,
 * written over and over, and gone at the end.  A timer writes it, because the
 * work may be one call of a library.
 */

#include "cv_cli.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define CV_WATCH_US     200000

#define CV_WATCH_CLEAR  "\r\033[K"

static const char               *cv_watch_unit;
static const volatile uint64_t  *cv_watch_counter;
static int                       cv_watch_fd;
static volatile sig_atomic_t     cv_watch_shown;


/* in a handler: neither printf() nor anything that allocates */

static void
cv_watch_tick(int signo)
{
    int          err;
    char         text[64], *p;
    size_t       len;
    uint64_t     n;
    struct stat  st;

    (void) signo;

    err = errno;

    if (cv_watch_counter != NULL) {
        n = *cv_watch_counter;
    } else {
        n = fstat(cv_watch_fd, &st) == 0 ? (uint64_t) st.st_size : 0;
    }

    p = text + sizeof(text);
    len = strlen(cv_watch_unit);
    p -= len;
    memcpy(p, cv_watch_unit, len);
    *--p = ' ';

    do {
        *--p = (char) ('0' + n % 10);
        n /= 10;
    } while (n > 0);

    p -= sizeof(CV_WATCH_CLEAR) - 1;
    memcpy(p, CV_WATCH_CLEAR, sizeof(CV_WATCH_CLEAR) - 1);

    cv_watch_shown = write(STDERR_FILENO, p,
                           (size_t) (text + sizeof(text) - p)) > 0;
    errno = err;
}


static void
cv_watch_timer(suseconds_t us)
{
    struct itimerval  timer;

    timer.it_interval = (struct timeval) { 0, us };
    timer.it_value = timer.it_interval;

    (void) setitimer(ITIMER_REAL, &timer, NULL);
}


void
cv_watch_start(const char *unit, const uint64_t *counter, int fd)
{
    struct sigaction  sa;

    if (!isatty(STDERR_FILENO)) {
        return;
    }

    cv_watch_unit = unit;
    cv_watch_counter = counter;
    cv_watch_fd = fd;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = cv_watch_tick;
    sa.sa_flags = SA_RESTART;
    (void) sigemptyset(&sa.sa_mask);
    (void) sigaction(SIGALRM, &sa, NULL);

    cv_watch_timer(CV_WATCH_US);
}


void
cv_watch_clear(void)
{
    ssize_t  n;

    if (cv_watch_shown) {
        cv_watch_shown = 0;
        n = write(STDERR_FILENO, CV_WATCH_CLEAR, sizeof(CV_WATCH_CLEAR) - 1);
        (void) n;
    }
}


void
cv_watch_stop(void)
{
    cv_watch_timer(0);
    cv_watch_clear();
}
