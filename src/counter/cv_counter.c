
/*
 * Copyright (C) The credverify authors
 */

#include "cv_counter.h"

/* a word: the period above, the count below */
#define CV_MINUTE_BITS  31      /* and one more, which says that it is closed */
#define CV_DAY_BITS     40
#define CV_MONTH_BITS   48

#define CV_CLOSED       ((uint64_t) 1 << CV_MINUTE_BITS)
#define CV_PERIOD_BITS  32      /* of a minute */

/* how many minutes workers' clocks may be apart */
#define CV_MINUTE_SKEW  2

#define cv_count(word, bits)  ((word) & (((uint64_t) 1 << (bits)) - 1))


static inline uint64_t
cv_load(cv_word_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}


static inline bool
cv_swap(cv_word_t *word, uint64_t *was, uint64_t is)
{
    return atomic_compare_exchange_weak_explicit(word, was, is,
                                                 memory_order_acq_rel,
                                                 memory_order_acquire);
}


/* Calendar windows */

static inline uint64_t
cv_word_read(cv_word_t *word, uint64_t period, unsigned bits)
{
    uint64_t  w;

    w = cv_load(word);

    return w >> bits == period ? cv_count(w, bits) : 0;
}


/* true if there was room for one more; "count" is with it, or without */

static bool
cv_word_take(cv_word_t *word, uint64_t period, unsigned bits, uint64_t most,
    uint64_t *count)
{
    uint64_t  w, n;

    w = cv_load(word);

    do {
        /* of another period: over, or what a clock that was wrong has left */
        n = w >> bits == period ? cv_count(w, bits) : 0;
        *count = n;

        if (n >= most || n == cv_count(UINT64_MAX, bits)) {
            return false;
        }

    } while (!cv_swap(word, &w, period << bits | (n + 1)));

    *count = n + 1;

    return true;
}


static void
cv_word_give(cv_word_t *word, uint64_t period, unsigned bits)
{
    uint64_t  w;

    w = cv_load(word);

    do {
        if (w >> bits != period || cv_count(w, bits) == 0) {
            return;
        }
    } while (!cv_swap(word, &w, w - 1));
}


/* Minutes, and the hour that they make */

#define cv_minute_of(word)   ((word) >> CV_PERIOD_BITS)
#define cv_minute_word(slot, minute)  (&(slot)->minutes[(minute) % CV_SLOT_MINUTES])


static inline uint64_t
cv_minute_read(cv_slot_t *slot, uint64_t minute)
{
    uint64_t  w;

    w = cv_load(cv_minute_word(slot, minute));

    return cv_minute_of(w) == minute ? cv_count(w, CV_MINUTE_BITS) : 0;
}


/*
 * Closes the minutes just before, in which whose clock is behind may count
 * still, or begin to.  Earlier ones are closed where they are summed up.
 */

static void
cv_minutes_close(cv_slot_t *slot, uint64_t minute)
{
    uint64_t    w, before;
    cv_word_t  *word;

    for (before = minute < CV_MINUTE_SKEW ? 0 : minute - CV_MINUTE_SKEW;
         before < minute;
         before++)
    {
        word = cv_minute_word(slot, before);
        w = cv_load(word);

        while (cv_minute_of(w) < before
               && !cv_swap(word, &w, before << CV_PERIOD_BITS | CV_CLOSED))
        {
            /* void */
        }
    }
}


/*
 * What the hour that ends with this minute has, but for the minute itself.
 * The minutes that a worker whose clock is ahead has begun are among it.
 */

static uint64_t
cv_hour_others(cv_slot_t *slot, uint64_t minute, bool close, uint64_t *oldest)
{
    size_t    i;
    uint64_t  w, n, age, eldest, sum;

    eldest = CV_MINUTE_SKEW;

    for (sum = 0, i = 0; i < CV_SLOT_MINUTES; i++) {
        w = cv_load(&slot->minutes[i]);

        /* wraps around for what is further ahead */
        age = minute + CV_MINUTE_SKEW - cv_minute_of(w);

        if (age >= CV_SLOT_MINUTES + CV_MINUTE_SKEW || age == CV_MINUTE_SKEW) {
            continue;
        }

        if (!(w & CV_CLOSED) && close && age > CV_MINUTE_SKEW) {
            w = atomic_fetch_or_explicit(&slot->minutes[i], CV_CLOSED,
                                         memory_order_acq_rel);

            if (minute + CV_MINUTE_SKEW - cv_minute_of(w) != age) {
                continue;       /* it was begun for another minute meanwhile */
            }
        }

        n = cv_count(w, CV_MINUTE_BITS);
        sum += n;

        if (age > eldest && n > 0) {
            eldest = age;
        }
    }

    *oldest = minute + CV_MINUTE_SKEW - eldest;

    return sum;
}


/* true if there was room for one more, in the minute and in the hour */

static bool
cv_minute_take(cv_slot_t *slot, const cv_limits_t *limits,
    cv_admission_t *admission)
{
    bool        same, reopen;
    uint64_t    w, n, most, first;
    cv_word_t  *word;

    reopen = false;
    first = admission->minute;
    word = cv_minute_word(slot, first);
    w = cv_load(word);

    for ( ;; ) {
        same = cv_minute_of(w) == admission->minute;

        /* closed by whose clock is ahead of ours, or was, and was set back */

        if (same && (w & CV_CLOSED) && !reopen) {
            reopen = admission->minute == first + CV_MINUTE_SKEW;
            admission->minute = reopen ? first : admission->minute + 1;

            word = cv_minute_word(slot, admission->minute);
            w = cv_load(word);
            continue;
        }

        n = same ? cv_count(w, CV_MINUTE_BITS) : 0;
        most = limits->most[CV_WINDOW_MINUTE];

        admission->used[CV_WINDOW_MINUTE] = n;
        admission->refused = CV_WINDOW_MINUTE;

        if (n >= most || n == cv_count(UINT64_MAX, CV_MINUTE_BITS)) {
            return false;
        }

        most = limits->most[CV_WINDOW_HOUR];

        if (most != CV_UNLIMITED) {
            cv_minutes_close(slot, admission->minute);

            admission->used[CV_WINDOW_HOUR] =
                n + cv_hour_others(slot, admission->minute, true,
                                   &admission->oldest);
            admission->refused = CV_WINDOW_HOUR;

            if (admission->used[CV_WINDOW_HOUR] >= most) {
                return false;
            }
        }

        if (cv_swap(word, &w, admission->minute << CV_PERIOD_BITS | (n + 1))) {
            admission->used[CV_WINDOW_MINUTE]++;
            admission->used[CV_WINDOW_HOUR]++;
            return true;
        }
    }
}


static void
cv_minute_give(cv_slot_t *slot, uint64_t minute)
{
    uint64_t    w;
    cv_word_t  *word;

    word = cv_minute_word(slot, minute);
    w = cv_load(word);

    do {
        if (cv_minute_of(w) != minute || cv_count(w, CV_MINUTE_BITS) == 0) {
            return;
        }
    } while (!cv_swap(word, &w, w - 1));
}


/* when the hour has room again: its oldest minutes leave it one by one */

static cv_time_t
cv_hour_opens_at(cv_slot_t *slot, uint64_t minute, uint64_t used,
    uint64_t most)
{
    uint64_t  oldest;

    oldest = minute < CV_SLOT_MINUTES ? 0 : minute - CV_SLOT_MINUTES + 1;

    for ( /* void */ ; oldest < minute + CV_MINUTE_SKEW; oldest++) {
        used -= cv_minute_read(slot, oldest);

        /* counts change while they are read, and may be more than their sum */

        if (used < most || used > UINT64_MAX / 2) {
            break;
        }
    }

    return cv_period_start(CV_WINDOW_HOUR, oldest + CV_SLOT_MINUTES);
}


/* All of them */

static const struct {
    unsigned  bits;
    size_t    offset;
    unsigned  kept;
} cv_calendar[CV_WINDOWS] = {
    [CV_WINDOW_DAY] = { CV_DAY_BITS, offsetof(cv_slot_t, days), CV_SLOT_DAYS },
    [CV_WINDOW_MONTH] = { CV_MONTH_BITS, offsetof(cv_slot_t, months),
                          CV_SLOT_MONTHS },
};


static inline cv_word_t *
cv_calendar_word(cv_slot_t *slot, cv_window_t window, uint64_t period)
{
    cv_word_t  *words;

    words = (cv_word_t *) (void *) ((uint8_t *) slot
                                    + cv_calendar[window].offset);

    return &words[period % cv_calendar[window].kept];
}


static inline uint64_t
cv_limit_of(const cv_limits_t *limits, cv_window_t window)
{
    return window == CV_WINDOW_MONTH && limits->overage
           ? CV_UNLIMITED : limits->most[window];
}


/* what is counted now, and when there will be room in every window */

static void
cv_admission_refuse(cv_slot_t *slot, const cv_limits_t *limits,
    cv_time_t now, cv_admission_t *admission)
{
    uint64_t     used, most, period;
    cv_time_t    opens_at;
    cv_window_t  window;

    admission->opens_at = now;

    for (window = CV_WINDOWS; window-- > 0; /* void */ ) {
        period = cv_period(window, now);
        most = cv_limit_of(limits, window);

        if (window == CV_WINDOW_MINUTE || window == CV_WINDOW_HOUR) {
            period = admission->minute;
            used = cv_minute_read(slot, period);
            used += window == CV_WINDOW_HOUR
                    ? cv_hour_others(slot, period, false, &admission->oldest)
                    : 0;

        } else {
            used = cv_word_read(cv_calendar_word(slot, window, period), period,
                                cv_calendar[window].bits);
        }

        admission->used[window] = used;

        if (used < most) {
            continue;
        }

        opens_at = window == CV_WINDOW_HOUR
                   ? cv_hour_opens_at(slot, period, used, most)
                   : cv_period_start(window, period + 1);

        if (opens_at > admission->opens_at) {
            admission->opens_at = opens_at;
            admission->refused = window;
        }
    }
}


void
cv_admit(cv_slot_t *slot, const cv_limits_t *limits, cv_time_t now,
    cv_admission_t *admission)
{
    uint64_t     period;
    cv_window_t  window, taken;

    admission->admitted = false;
    admission->minute = cv_period(CV_WINDOW_MINUTE, now);
    admission->oldest = admission->minute;
    admission->month = cv_period(CV_WINDOW_MONTH, now);
    admission->used[CV_WINDOW_HOUR] = 0;

    if (!cv_minute_take(slot, limits, admission)) {
        cv_admission_refuse(slot, limits, now, admission);
        return;
    }

    for (window = CV_WINDOW_DAY; window < CV_WINDOWS; window++) {
        period = window == CV_WINDOW_MONTH ? admission->month
                                           : cv_period(window, now);

        if (!cv_word_take(cv_calendar_word(slot, window, period), period,
                          cv_calendar[window].bits,
                          cv_limit_of(limits, window),
                          &admission->used[window]))
        {
            break;
        }
    }

    admission->admitted = window == CV_WINDOWS;

    if (admission->admitted) {
        return;
    }

    admission->refused = window;

    for (taken = CV_WINDOW_DAY; taken < window; taken++) {
        period = cv_period(taken, now);
        cv_word_give(cv_calendar_word(slot, taken, period), period,
                     cv_calendar[taken].bits);
    }

    cv_minute_give(slot, admission->minute);
    cv_admission_refuse(slot, limits, now, admission);
}


void
cv_admission_look(cv_slot_t *slot, const cv_limits_t *limits, cv_time_t now,
    cv_admission_t *admission)
{
    admission->minute = cv_period(CV_WINDOW_MINUTE, now);
    admission->month = cv_period(CV_WINDOW_MONTH, now);
    admission->refused = CV_WINDOWS;

    cv_admission_refuse(slot, limits, now, admission);

    admission->admitted = admission->refused == CV_WINDOWS;
}


cv_time_t
cv_admission_resets_at(const cv_admission_t *admission, cv_window_t window,
    cv_time_t now)
{
    if (!admission->admitted && window == admission->refused) {
        return admission->opens_at;
    }

    switch (window) {

    case CV_WINDOW_HOUR:
        return cv_period_start(window, admission->oldest + CV_SLOT_MINUTES);

    case CV_WINDOW_MONTH:
        return cv_period_start(window, admission->month + 1);

    default:
        return cv_period_start(window, cv_period(window, now) + 1);
    }
}


void
cv_admission_refund(cv_slot_t *slot, const cv_admission_t *admission)
{
    cv_word_give(cv_calendar_word(slot, CV_WINDOW_MONTH, admission->month),
                 admission->month, CV_MONTH_BITS);
}


uint64_t
cv_slot_month(cv_slot_t *slot, uint64_t month)
{
    return cv_word_read(cv_calendar_word(slot, CV_WINDOW_MONTH, month), month,
                        CV_MONTH_BITS);
}


uint64_t
cv_slot_last_day(cv_slot_t *slot)
{
    size_t    i;
    uint64_t  w, last;

    for (last = 0, i = 0; i < CV_SLOT_DAYS; i++) {
        w = cv_load(&slot->days[i]);

        if (cv_count(w, CV_DAY_BITS) > 0 && w >> CV_DAY_BITS > last) {
            last = w >> CV_DAY_BITS;
        }
    }

    return last;
}


/* those of "period", which is in the words' upper bits, and what comes later */

static void
cv_words_clear(cv_word_t *words, size_t n, uint64_t period, unsigned bits)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (cv_load(&words[i]) >> bits >= period) {
            atomic_store(&words[i], 0);
        }
    }
}


void
cv_slot_reset(cv_slot_t *slot, unsigned windows, cv_time_t now)
{
    cv_window_t  window;

    if (windows & (1U << CV_WINDOW_MINUTE | 1U << CV_WINDOW_HOUR)) {
        cv_words_clear(slot->minutes, CV_SLOT_MINUTES, 0, 0);
    }

    for (window = CV_WINDOW_DAY; window < CV_WINDOWS; window++) {
        if (windows & 1U << window) {
            cv_words_clear(cv_calendar_word(slot, window, 0),
                           cv_calendar[window].kept, cv_period(window, now),
                           cv_calendar[window].bits);
        }
    }
}


bool
cv_slot_ahead(cv_slot_t *slot, cv_time_t now)
{
    size_t       i;
    cv_word_t   *words;
    uint64_t     last;
    cv_window_t  window;

    now += CV_MINUTE_SKEW * (cv_period_start(CV_WINDOW_MINUTE, 1));
    last = cv_period(CV_WINDOW_MINUTE, now);

    for (i = 0; i < CV_SLOT_MINUTES; i++) {
        if (cv_minute_of(cv_load(&slot->minutes[i])) > last) {
            return true;
        }
    }

    for (window = CV_WINDOW_DAY; window < CV_WINDOWS; window++) {
        words = cv_calendar_word(slot, window, 0);
        last = cv_period(window, now);

        for (i = 0; i < cv_calendar[window].kept; i++) {
            if (cv_load(&words[i]) >> cv_calendar[window].bits > last) {
                return true;
            }
        }
    }

    return false;
}


void
cv_slot_assign(cv_slot_t *slot, uint64_t uid)
{
    if (cv_load(&slot->uid) != uid) {
        atomic_store(&slot->uid, 0);
        cv_slot_reset(slot, ~0U, 0);
        atomic_store(&slot->uid, uid);
    }
}
