
/*
 * Copyright (C) The credverify authors
 *
 * The file that has the counters of a store's keys, in its directory: mapped by
 * all workers and the command, so that a count outlives whoever counted.  It
 * belongs to one store, whose identity it has, and is made and extended by the
 * command only.
 *
 * What was counted is in the file as soon as it is counted, whatever becomes
 * of the process; on the disk it is when the system writes it there.
 */

#ifndef CV_METER_H
#define CV_METER_H

#include "cv_counter.h"

typedef struct cv_meter_s  cv_meter_t;

#define CV_METER_FILE   "counters"

/* As many can be; this is mapped, but is not memory. */
#define CV_METER_SLOTS  ((uint64_t) 1 << 20)

#define CV_METER_UUID_LEN    16
#define CV_METER_SECRET_LEN  16

/*
 * A second file of the same form has slots of client addresses, which are
 * known there by a keyed hash only.  It is made by whoever counts first, and
 * is of a fixed size: who was not seen for longest gives way.
 */
#define CV_VISITORS_FILE  "visitors"
#define CV_VISITORS       ((uint64_t) 16384)

/*
 * Makes the file in "dir", or has it hold as many slots: they are numbered
 * from 1.  It takes owner, group and mode of the file "like" there.  Whoever
 * calls this holds the store's writer lock.
 */
cv_err_t cv_meter_extend(const char *dir, const char *like,
    const uint8_t uuid[CV_METER_UUID_LEN], uint64_t slots, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Waits until the disk has these slots, which were assigned, and that there
 * are so many.
 */
cv_err_t cv_meter_settle(cv_meter_t *meter, uint64_t first, uint64_t last,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Maps the file.  CV_ERR_MISSING if there is none, CV_ERR_DAMAGED if it is not
 * whole, or another store's.
 */
cv_err_t cv_meter_open(cv_meter_t **meter, const char *dir,
    const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error) CV_MUST_CHECK;
void cv_meter_close(cv_meter_t *meter);

/* The same for who may not count, and only looks at what is counted. */
cv_err_t cv_meter_open_to_look(cv_meter_t **meter, const char *dir,
    const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error) CV_MUST_CHECK;

/*
 * Runs fn(arg), which may find slots and count in them.  CV_ERR_DAMAGED if it
 * was cut short because the file was: what it would have counted may be lost.
 * Everything that reads slots of a file that others may touch belongs in here.
 */
cv_err_t cv_meter_guard(cv_meter_t *meter, void (*fn)(void *arg), void *arg)
    CV_MUST_CHECK;

/*
 * The slot of that number, or NULL if the file has none, or it is not that
 * uid's.  Borrows from the meter.
 */
cv_slot_t *cv_meter_slot(cv_meter_t *meter, uint64_t number, uint64_t uid);

/* The same whoever's it is; for cv_slot_assign(). */
cv_slot_t *cv_meter_slot_any(cv_meter_t *meter, uint64_t number);

/* Opens the file of addresses, and makes it first if there is none. */
cv_err_t cv_visitors_open(cv_meter_t **meter, const char *dir,
    const char *like, const uint8_t uuid[CV_METER_UUID_LEN],
    cv_error_t *error) CV_MUST_CHECK;

/* The key of the hashes; borrows from the meter. */
const uint8_t *cv_meter_secret(const cv_meter_t *meter);

/*
 * The slot of the address with that hash, which is not 0 or 1; another's if
 * need be, which is then forgotten.  Never NULL.
 */
cv_slot_t *cv_visitor_slot(cv_meter_t *visitors, uint64_t hash,
    cv_time_t now);

/* The same if it has one, else NULL. */
cv_slot_t *cv_visitor_find(cv_meter_t *visitors, uint64_t hash);

/* How many slots there are. */
uint64_t cv_meter_slots(const cv_meter_t *meter);

/*
 * Whether the directory still has the file that is mapped, and all of it; any
 * error: close, and open again.
 */
cv_err_t cv_meter_probe(cv_meter_t *meter, cv_error_t *error) CV_MUST_CHECK;

/*
 * Writes a copy of the file to "fd", from where that stands on, while calls
 * are counted: every count is one that was true in between.  Errors of writing
 * name "what".
 */
cv_err_t cv_meter_copy(cv_meter_t *meter, int fd, const char *what,
    cv_error_t *error) CV_MUST_CHECK;

/* Its size in bytes. */
uint64_t cv_meter_bytes(const cv_meter_t *meter);

#endif /* CV_METER_H */
