
/*
 * Copyright (C) The credverify authors
 *
 * Files that are mapped, and may be cut short or damaged while they are: a
 * fault there must not end the process.
 */

#ifndef CV_FAULT_H
#define CV_FAULT_H

#include "cv_base.h"

/* Whether a fault, SIGBUS or SIGSEGV, at that address is one of "data"'s. */
typedef bool (*cv_fault_pt)(const void *data, int signo, uintptr_t at);

/*
 * Runs fn(arg) and returns true; false if a fault that is "data"'s, or
 * cv_fault_escape(), cut it short.  "fn" may write memory that it owns; it must
 * not hold a lock or be halfway through an allocation where such a fault may
 * be.  Installs handlers of SIGBUS and SIGSEGV when first used; all other
 * faults go where they went before.  Makes no system call otherwise.
 */
bool cv_fault_guard(cv_fault_pt is_ours, const void *data,
    void (*fn)(void *arg), void *arg) CV_MUST_CHECK;

/* Ends what is guarded at this moment, and does nothing if nothing is. */
void cv_fault_escape(void);

#endif /* CV_FAULT_H */
