
/*
 * Copyright (C) The credverify authors
 *
 * Damage: what disks, memory, file systems and people do to a file.
 */

#ifndef MUTATE_H
#define MUTATE_H

#include "subject.h"

/* splitmix64: the same seed, the same numbers */

typedef struct {
    uint64_t    state;
} dice_t;

uint64_t dice(dice_t *dice);

/* one of 0 .. n - 1 */
size_t dice_of(dice_t *dice, size_t n);

typedef struct {
    uint8_t     *bytes;         /* the caller's, as long as the newest image */
    size_t       len;
    bool         meta;          /* one of the first two pages is another */
    char         what[160];     /* was done, for people */
} damage_t;

/* Puts the newest image into "damage", and damages it. */
void mutate(damage_t *damage, dice_t *dice, const subject_t *subject);

#endif /* MUTATE_H */
