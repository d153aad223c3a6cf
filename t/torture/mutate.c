
/*
 * Copyright (C) The credverify authors
 */

#include "mutate.h"

#include <stdarg.h>
#include <stdio.h>

#define PAGE  ((size_t) 4096)

typedef void (*mutation_pt)(damage_t *damage, dice_t *dice,
    const subject_t *subject);


uint64_t
dice(dice_t *d)
{
    uint64_t  z;

    d->state += 0x9e3779b97f4a7c15;

    z = d->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

    return z ^ (z >> 31);
}


size_t
dice_of(dice_t *d, size_t n)
{
    return (size_t) (dice(d) % n);
}


static void mutate_say(damage_t *damage, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


static void
mutate_say(damage_t *damage, const char *fmt, ...)
{
    size_t   len;
    va_list  args;

    len = strlen(damage->what);

    va_start(args, fmt);
    (void) vsnprintf(damage->what + len, sizeof(damage->what) - len, fmt,
                     args);
    va_end(args);
}


static void
mutate_touch(damage_t *damage, size_t at)
{
    damage->meta = damage->meta || at < 2 * PAGE;
}


static size_t
mutate_page(const damage_t *damage, dice_t *d)
{
    return damage->len < PAGE ? 0 : dice_of(d, damage->len / PAGE);
}


static void
mutate_flip(damage_t *damage, size_t at, unsigned bit)
{
    if (at >= damage->len) {
        return;
    }

    damage->bytes[at] ^= (uint8_t) (1 << bit);
    mutate_touch(damage, at);
    mutate_say(damage, " %zu.%zu:%u", at / PAGE, at % PAGE, bit);
}


static void
mutate_truncate(damage_t *damage, dice_t *d, const subject_t *subject)
{
    (void) subject;

    damage->len = dice_of(d, 3) == 0 ? mutate_page(damage, d) * PAGE
                                     : dice_of(d, damage->len);
    mutate_say(damage, "; cut to %zu", damage->len);
}


static void
mutate_bit(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  at;

    (void) subject;

    at = dice_of(d, damage->len + 1);

    mutate_say(damage, "; bit");
    mutate_flip(damage, at, (unsigned) dice_of(d, 8));
}


static void
mutate_bits(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  n;

    for (n = 2 + dice_of(d, 60); n > 0; n--) {
        mutate_bit(damage, d, subject);
    }
}


/* the header of a page, the offsets of its nodes, or the head of a node */

static void
mutate_structure(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t    page, at, n;
    uint16_t  lower, node;

    (void) subject;

    mutate_say(damage, "; structure");

    for (n = 1 + dice_of(d, 3); n > 0; n--) {
        page = mutate_page(damage, d) * PAGE;

        if (page + PAGE > damage->len) {
            continue;
        }

        memcpy(&lower, damage->bytes + page + 12, 2);
        at = dice_of(d, 16);

        if (lower > 16 && lower < PAGE && dice_of(d, 4) != 0) {
            at = 16 + dice_of(d, lower - 16);

            if (dice_of(d, 2) == 0) {
                memcpy(&node, damage->bytes + page + (at & ~(size_t) 1), 2);
                at = node + dice_of(d, 16);
            }
        }

        mutate_flip(damage, page + at % PAGE, (unsigned) dice_of(d, 8));
    }
}


/* what says where everything is */

static void
mutate_meta(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  n;

    (void) subject;

    mutate_say(damage, "; meta");

    for (n = 1 + dice_of(d, 2); n > 0; n--) {
        mutate_flip(damage, dice_of(d, 2) * PAGE + dice_of(d, 160),
                    (unsigned) dice_of(d, 8));
    }
}


static void
mutate_zero(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  page, n;

    (void) subject;

    for (n = 1 + dice_of(d, 3); n > 0; n--) {
        page = mutate_page(damage, d) * PAGE;

        if (page + PAGE <= damage->len) {
            memset(damage->bytes + page, 0, PAGE);
            mutate_touch(damage, page);
            mutate_say(damage, "; zero page %zu", page / PAGE);
        }
    }
}


static void
mutate_copy(damage_t *damage, const uint8_t *from, size_t page)
{
    if ((page + 1) * PAGE <= damage->len) {
        memmove(damage->bytes + page * PAGE, from, PAGE);
        mutate_touch(damage, page * PAGE);
    }
}


static void
mutate_swap(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t   a, b;
    uint8_t  page[PAGE];

    (void) subject;

    a = mutate_page(damage, d);
    b = mutate_page(damage, d);

    if (damage->len < PAGE) {
        return;
    }

    memcpy(page, damage->bytes + a * PAGE, PAGE);
    mutate_copy(damage, damage->bytes + b * PAGE, a);

    if (dice_of(d, 3) == 0) {
        mutate_say(damage, "; page %zu is %zu, too", a, b);

    } else {
        mutate_copy(damage, page, b);
        mutate_say(damage, "; swap pages %zu and %zu", a, b);
    }
}


static void
mutate_garbage(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  at, n, i;

    (void) subject;

    at = dice_of(d, damage->len + 1);
    n = 1 + dice_of(d, dice_of(d, 2) ? 64 : 2 * PAGE);

    mutate_say(damage, "; %zu bytes of garbage at %zu", n, at);

    for (i = at; i < damage->len && i < at + n; i++) {
        damage->bytes[i] = (uint8_t) dice(d);
        mutate_touch(damage, i);
    }
}


/* writes that never came to the disk */

static void
mutate_older(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  version, page, n;

    for (n = 1 + dice_of(d, 3); n > 0; n--) {
        version = dice_of(d, SUBJECT_NEWEST);
        page = dice_of(d, 8) == 0 ? dice_of(d, 2) : mutate_page(damage, d);

        if ((page + 1) * PAGE <= subject->len[version]) {
            mutate_copy(damage, subject->image[version] + page * PAGE, page);
            mutate_say(damage, "; page %zu of version %zu", page, version);
        }
    }
}


/* the first key of a leaf, or nothing */

static cv_str_t
mutate_first_key(const uint8_t *page)
{
    uint16_t  flags, at, len;

    memcpy(&flags, page + 10, 2);
    memcpy(&at, page + 16, 2);

    if (flags != 2 || at > PAGE - 8) {
        return CV_ABSENT;
    }

    memcpy(&len, page + at + 6, 2);

    return (size_t) at + 8 + len <= PAGE ? cv_str(page + at + 8, len) : CV_ABSENT;
}


/* the same, of a leaf that was in that place before: its entries look right */

static void
mutate_stale(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t          version, page, tries;
    cv_str_t        key;
    const uint8_t  *old, *new;

    new = subject->image[SUBJECT_NEWEST];

    for (tries = 0; tries < 10000; tries++) {
        version = dice_of(d, SUBJECT_NEWEST);
        page = 2 + dice_of(d, subject->len[version] / PAGE - 2);

        old = subject->image[version] + page * PAGE;
        key = mutate_first_key(old);

        if (cv_present(key)
            && cv_str_eq(key, mutate_first_key(new + page * PAGE))
            && memcmp(old, new + page * PAGE, PAGE) != 0)
        {
            mutate_copy(damage, old, page);
            mutate_say(damage, "; stale page %zu of version %zu", page,
                       version);
            return;
        }
    }
}


void
mutate(damage_t *damage, dice_t *d, const subject_t *subject)
{
    size_t  n;

    static const mutation_pt  mutations[] = {
        mutate_truncate, mutate_bit, mutate_bits, mutate_structure,
        mutate_structure, mutate_structure, mutate_meta, mutate_zero,
        mutate_swap, mutate_garbage, mutate_older, mutate_older, mutate_stale,
        mutate_stale,
    };

    damage->len = subject->len[SUBJECT_NEWEST];
    memcpy(damage->bytes, subject->image[SUBJECT_NEWEST], damage->len);

    damage->meta = false;
    damage->what[0] = '\0';

    /* one thing more often than two together */

    for (n = dice_of(d, 4) == 0 ? 2 : 1; n > 0; n--) {
        mutations[dice_of(d, CV_COUNT(mutations))](damage, d, subject);
    }
}
