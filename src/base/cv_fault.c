
/*
 * Copyright (C) The credverify authors
 */

#include "cv_fault.h"

#include <setjmp.h>
#include <signal.h>

typedef struct cv_fault_s  cv_fault_t;

struct cv_fault_s {
    sigjmp_buf    escape;
    cv_fault_pt   is_ours;
    const void   *data;
    cv_fault_t   *outer;
};

static CV_THREAD cv_fault_t  *cv_fault_active;

static struct sigaction      cv_fault_previous[2];
static bool                  cv_fault_installed;


static void
cv_fault_signal(int signo, siginfo_t *info, void *context)
{
    cv_fault_t        *guard;
    struct sigaction  *previous;

    guard = cv_fault_active;

    if (guard != NULL && info->si_code > 0
        && guard->is_ours(guard->data, signo, (uintptr_t) info->si_addr))
    {
        siglongjmp(guard->escape, 1);
    }

    /* not ours: as if this handler had never been there */

    previous = &cv_fault_previous[signo == SIGBUS];

    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signo, info, context);
        return;
    }

    (void) sigaction(signo, previous, NULL);

    if (info->si_code <= 0) {
        (void) raise(signo);
    }
}


static void
cv_fault_install(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_sigaction = cv_fault_signal;
    sa.sa_flags = SA_SIGINFO | SA_NODEFER;
    (void) sigemptyset(&sa.sa_mask);

    (void) sigaction(SIGSEGV, &sa, &cv_fault_previous[0]);
    (void) sigaction(SIGBUS, &sa, &cv_fault_previous[1]);

    cv_fault_installed = true;
}


bool
cv_fault_guard(cv_fault_pt is_ours, const void *data, void (*fn)(void *arg),
    void *arg)
{
    cv_fault_t  guard;

    if (!cv_fault_installed) {
        cv_fault_install();
    }

    guard.is_ours = is_ours;
    guard.data = data;
    guard.outer = cv_fault_active;

    /* the mask is not saved, which would be a system call: SA_NODEFER has
     * left it alone */

    if (sigsetjmp(guard.escape, 0) != 0) {
        cv_fault_active = guard.outer;
        return false;
    }

    cv_fault_active = &guard;

    fn(arg);

    cv_fault_active = guard.outer;

    return true;
}


void
cv_fault_escape(void)
{
    if (cv_fault_active != NULL) {
        siglongjmp(cv_fault_active->escape, 1);
    }
}
