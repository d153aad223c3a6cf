
/*
 * Copyright (C) The credverify authors
 */

#include "cv_counter.h"
#include "cv_meter.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE  (60 * CV_SECOND)

static cv_error_t  error;

/* where the library was last asked for room, in whose place this stands */
static off_t       asked;


int
posix_fallocate(int fd, off_t from, off_t len)
{
    asked = from;

    return fallocate(fd, 0, from, len) == 0 ? 0 : errno;
}


static cv_time_t
at(const char *text)
{
    cv_date_t  date;

    assert_true(cv_date_parse(&date, cv_str_z(text)));

    return date.at;
}


static cv_limits_t
limits(uint64_t minute, uint64_t hour, uint64_t day, uint64_t month)
{
    return (cv_limits_t) { { minute, hour, day, month }, false };
}


static const cv_limits_t  none = {
    { CV_UNLIMITED, CV_UNLIMITED, CV_UNLIMITED, CV_UNLIMITED }, false
};


static bool
admit(cv_slot_t *slot, const cv_limits_t *most, cv_time_t now)
{
    cv_admission_t  a;

    cv_admit(slot, most, now, &a);

    return a.admitted;
}


static void
test_periods(void **state)
{
    size_t  i;

    static const struct {
        cv_window_t  window;
        const char  *within;
        const char  *start;
        const char  *next;
    } cases[] = {
        { CV_WINDOW_MINUTE, "2026-03-11T10:30:59.999Z", "2026-03-11T10:30:00Z",
          "2026-03-11T10:31:00Z" },
        { CV_WINDOW_DAY, "2024-02-29T23:59:59.999Z", "2024-02-29",
          "2024-03-01" },
        { CV_WINDOW_MONTH, "2024-02-29T23:59:59.999Z", "2024-02-01",
          "2024-03-01" },
        { CV_WINDOW_MONTH, "2023-02-28T23:59:59.999Z", "2023-02-01",
          "2023-03-01" },
        { CV_WINDOW_MONTH, "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01" },
        { CV_WINDOW_MONTH, "2026-01-01", "2026-01-01", "2026-02-01" },
        { CV_WINDOW_MONTH, "2100-02-28", "2100-02-01", "2100-03-01" },
        { CV_WINDOW_MONTH, "1970-01-01", "1970-01-01", "1970-02-01" },
        { CV_WINDOW_MONTH, "9999-12-31", "9999-12-01", "9999-12-01" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cv_time_t  start, next;
        uint64_t   period;

        period = cv_period(cases[i].window, at(cases[i].within));
        start = cv_period_start(cases[i].window, period);
        next = cv_period_start(cases[i].window, period + 1);

        assert_int_equal(start, at(cases[i].start));
        assert_true(i == 8 || next == at(cases[i].next));
        assert_int_equal(cv_period(cases[i].window, start), period);
        assert_int_equal(cv_period(cases[i].window, next - 1), period);
    }

    assert_int_equal(cv_period(CV_WINDOW_DAY, -1), 0);
}


/* each window alone: so many, no more, and as many again in the next one */

static void
test_windows(void **state)
{
    int              i;
    cv_slot_t        slot;
    cv_time_t        now, next;
    cv_window_t      window;
    cv_admission_t   a;

    static const char *const  ends[CV_WINDOWS] = {
        [CV_WINDOW_MINUTE] = "2026-02-28T23:59:59.999Z",
        [CV_WINDOW_HOUR] = "2026-02-28T23:59:59.999Z",
        [CV_WINDOW_DAY] = "2026-02-28T23:59:59.999Z",
        [CV_WINDOW_MONTH] = "2026-02-28T23:59:59.999Z",
    };

    (void) state;

    for (window = 0; window < CV_WINDOWS; window++) {
        cv_limits_t  most = none;

        memset(&slot, 0, sizeof(slot));
        most.most[window] = 3;
        now = at(ends[window]);

        for (i = 1; i <= 3; i++) {
            cv_admit(&slot, &most, now, &a);
            assert_true(a.admitted);
            assert_int_equal(a.used[window], i);
        }

        next = window == CV_WINDOW_HOUR ? at("2026-03-01T00:59:00Z")
                                        : at("2026-03-01");

        for (i = 0; i < 3; i++) {
            cv_admit(&slot, &most, now, &a);
            assert_false(a.admitted);
            assert_int_equal(a.refused, window);
            assert_int_equal(a.used[window], 3);
            assert_int_equal(a.opens_at, next);
        }

        assert_false(admit(&slot, &most, now));

        for (i = 1; i <= 3; i++) {
            assert_true(admit(&slot, &most, next));
        }

        assert_false(admit(&slot, &most, next));
    }
}


/* what a later window refuses is not counted in earlier ones */

static void
test_giving_back(void **state)
{
    int              i;
    cv_time_t        now;
    cv_slot_t        slot;
    cv_limits_t      most;
    cv_admission_t   a;

    (void) state;

    memset(&slot, 0, sizeof(slot));
    now = at("2026-05-31T12:00:30Z");
    most = limits(10, 20, 30, 2);

    assert_true(admit(&slot, &most, now));
    assert_true(admit(&slot, &most, now));

    for (i = 0; i < 100; i++) {
        cv_admit(&slot, &most, now, &a);
        assert_false(a.admitted);
        assert_int_equal(a.refused, CV_WINDOW_MONTH);
        assert_int_equal(a.opens_at, at("2026-06-01"));
        assert_int_equal(a.used[CV_WINDOW_MINUTE], 2);
        assert_int_equal(a.used[CV_WINDOW_HOUR], 2);
        assert_int_equal(a.used[CV_WINDOW_DAY], 2);
    }

    /* the latest opening decides, whichever window refused first */

    most = limits(2, CV_UNLIMITED, 2, 2);
    cv_admit(&slot, &most, now, &a);
    assert_false(a.admitted);
    assert_int_equal(a.opens_at, at("2026-06-01"));
    assert_int_equal(a.refused, CV_WINDOW_MONTH);

    /* more than the month has is counted on with overage */

    most = limits(CV_UNLIMITED, CV_UNLIMITED, CV_UNLIMITED, 2);
    most.overage = true;
    cv_admit(&slot, &most, now, &a);
    assert_true(a.admitted);
    assert_int_equal(a.used[CV_WINDOW_MONTH], 3);
}


static void
test_refund(void **state)
{
    cv_slot_t        slot;
    cv_limits_t      most;
    cv_time_t        now;
    cv_admission_t   a, b;

    (void) state;

    memset(&slot, 0, sizeof(slot));
    most = limits(CV_UNLIMITED, CV_UNLIMITED, 3, 1);
    now = at("2026-12-31T23:59:59Z");

    cv_admit(&slot, &most, now, &a);
    assert_true(a.admitted);
    assert_false(admit(&slot, &most, now));

    cv_admission_refund(&slot, &a);
    cv_admit(&slot, &most, now, &b);
    assert_true(b.admitted);

    /* the day counts what was admitted, whatever came of it */
    assert_int_equal(b.used[CV_WINDOW_DAY], 2);

    /* into the month that it was taken from */

    assert_true(admit(&slot, &most, at("2027-01-01")));
    cv_admission_refund(&slot, &b);
    assert_int_equal(cv_slot_month(&slot, b.month), 0);
    assert_int_equal(cv_slot_month(&slot, b.month + 1), 1);

    cv_admission_refund(&slot, &b);
    assert_int_equal(cv_slot_month(&slot, b.month), 0);
    assert_int_equal(atomic_load(&slot.months[b.month % CV_SLOT_MONTHS]) >> 48,
                     b.month);
}


/* any sixty minutes in a row, by brute force */

static void
test_hour(void **state)
{
    int              i, counted[400];
    unsigned         seed, n, step;
    cv_slot_t        slot;
    cv_limits_t      most;
    cv_time_t        start;
    cv_admission_t   a;

    enum { CAP = 50, MINUTES = 400 };

    (void) state;

    for (seed = 1; seed <= 20; seed++) {
        memset(&slot, 0, sizeof(slot));
        memset(counted, 0, sizeof(counted));
        most = limits(CV_UNLIMITED, CAP, CV_UNLIMITED, CV_UNLIMITED);
        start = at("2026-02-28T20:00:00Z");
        n = seed;

        for (i = 0; i < MINUTES; i++) {
            n = n * 1103515245 + 12345;

            for (step = n >> 16 & 7; step > 0; step--) {
                int  j, sum;

                for (sum = 0, j = i < 59 ? 0 : i - 59; j <= i; j++) {
                    sum += counted[j];
                }

                cv_admit(&slot, &most, start + i * MINUTE + step, &a);

                assert_int_equal(a.admitted, sum < CAP);

                if (a.admitted) {
                    counted[i]++;
                    assert_int_equal(a.used[CV_WINDOW_HOUR], sum + 1);
                    continue;
                }

                /* not earlier than it opens, and not later */

                for (j = i < 59 ? 0 : i - 59; j < i && sum >= CAP; j++) {
                    sum -= counted[j];
                }

                assert_int_equal(a.opens_at, start + (j - 1 + 60) * MINUTE);
            }
        }
    }
}


/* the hour has more room when its oldest minute with calls leaves it */

static void
test_resets(void **state)
{
    cv_slot_t        slot;
    cv_time_t        now;
    cv_limits_t      most;
    cv_admission_t   a;

    (void) state;

    memset(&slot, 0, sizeof(slot));
    most = limits(CV_UNLIMITED, 3, 10, 10);
    now = at("2026-05-31T12:00:30Z");

    cv_admit(&slot, &most, now, &a);
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_HOUR, now),
                     at("2026-05-31T13:00:00Z"));
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_MINUTE, now),
                     at("2026-05-31T12:01:00Z"));
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_DAY, now),
                     at("2026-06-01"));
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_MONTH, now),
                     at("2026-06-01"));

    now += 20 * MINUTE;
    cv_admit(&slot, &most, now, &a);
    cv_admit(&slot, &most, now, &a);
    assert_true(a.admitted);
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_HOUR, now),
                     at("2026-05-31T13:00:00Z"));

    /* the one that refused: when it lets in */

    cv_admit(&slot, &most, now, &a);
    assert_false(a.admitted);
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_HOUR, now),
                     at("2026-05-31T13:00:00Z"));

    /* the first minute has left */

    now = at("2026-05-31T13:00:00Z");
    cv_admission_look(&slot, &most, now, &a);
    assert_true(a.admitted);
    assert_int_equal(cv_admission_resets_at(&a, CV_WINDOW_HOUR, now),
                     at("2026-05-31T13:20:00Z"));
}


/* workers' clocks differ: what is behind must not reopen what was summed up */

static void
test_skew(void **state)
{
    int          i;
    cv_slot_t    slot;
    cv_limits_t  most;
    cv_time_t    now;

    (void) state;

    memset(&slot, 0, sizeof(slot));
    most = limits(CV_UNLIMITED, 10, CV_UNLIMITED, CV_UNLIMITED);
    now = at("2026-05-01T12:00:00Z");

    for (i = 0; i < 10; i++) {
        assert_true(admit(&slot, &most, i % 2 ? now : now - 1));
    }

    for (i = 0; i < 10; i++) {
        assert_false(admit(&slot, &most, i % 2 ? now : now - 1));
        assert_false(admit(&slot, &most, now - MINUTE));
    }
}


/* a clock that was ahead leaves nothing that a minute must wait for */

static void
test_set_back(void **state)
{
    int              i;
    cv_slot_t        slot;
    cv_limits_t      most;
    cv_time_t        now;
    cv_admission_t   a;

    (void) state;

    memset(&slot, 0, sizeof(slot));
    most = limits(5, 100, CV_UNLIMITED, CV_UNLIMITED);
    now = at("2026-06-15T12:00:30Z");

    assert_true(admit(&slot, &most, now));
    assert_true(admit(&slot, &most, now));

    for (i = 0; i <= 10; i++) {
        assert_true(admit(&slot, &most, now + i * MINUTE));
    }

    for (i = 0; i < 2; i++) {
        assert_true(admit(&slot, &most, now));
    }

    cv_admit(&slot, &most, now, &a);
    assert_false(a.admitted);
    assert_int_equal(a.refused, CV_WINDOW_MINUTE);
    assert_int_equal(a.opens_at, at("2026-06-15T12:01:00Z"));
}


/* set back by any time, a clock stops nothing for long, and loses no month */

static void
test_clock_steps(void **state)
{
    size_t           i;
    cv_slot_t        slot;
    cv_limits_t      most;
    cv_time_t        now;
    cv_admission_t   a;

    static const cv_time_t  steps[] = {
        1, 90 * CV_SECOND, 10 * MINUTE, 59 * MINUTE, 60 * MINUTE, 61 * MINUTE,
        CV_DAY, 5 * CV_DAY, 40 * CV_DAY, 400 * CV_DAY, 6000 * CV_DAY,
    };

    (void) state;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        memset(&slot, 0, sizeof(slot));
        most = limits(5, 5, 5, 1000);
        now = at("2026-06-15T12:00:30Z");

        assert_true(admit(&slot, &most, now));

        /* ahead, where all of it is used up, and back again */

        while (admit(&slot, &most, now + steps[i])) { /* void */ }

        cv_admit(&slot, &most, now, &a);

        assert_true(a.admitted || a.opens_at <= now + steps[i] + CV_DAY);
        assert_true(a.admitted || a.opens_at > now);

        /* a day and two hours later it is as if nothing had been */

        now += CV_DAY + 120 * MINUTE;

        if (steps[i] != CV_DAY) {
            assert_true(admit(&slot, &most, now));
        }

        /* the first call is still counted, unless its word had to go */

        if (steps[i] < 400 * CV_DAY) {
            assert_true(cv_slot_month(&slot, cv_period(CV_WINDOW_MONTH, now))
                        >= 1);
        }
    }
}


/* Many processes at once, some of which are killed */

typedef struct {
    cv_slot_t            slot;
    _Atomic(uint64_t)    admitted;
    _Atomic(uint64_t)    refused;
    _Atomic(int64_t)     now;
} shared_t;


static void
hammer(shared_t *shared, const cv_limits_t *most, unsigned calls,
    unsigned skew)
{
    unsigned         i;
    cv_time_t        now;
    cv_admission_t   a;

    for (i = 0; i < calls; i++) {
        now = atomic_load(&shared->now) - (cv_time_t) (i % 3 ? 0 : skew);

        cv_admit(&shared->slot, most, now, &a);

        if (a.admitted) {
            atomic_fetch_add(&shared->admitted, 1);
        } else {
            atomic_fetch_add(&shared->refused, 1);
        }
    }
}


static shared_t *
share(void)
{
    void  *p;

    p = mmap(NULL, sizeof(shared_t), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);

    return p;
}


static void
start(pid_t *pids, int n, shared_t *shared, const cv_limits_t *most,
    unsigned calls, unsigned skew)
{
    int  i;

    for (i = 0; i < n; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);

        if (pids[i] == 0) {
            hammer(shared, most, calls, skew);
            _exit(0);
        }
    }
}


static void
test_concurrency(void **state)
{
    int           i, status;
    pid_t         pids[8];
    size_t        c;
    uint64_t      cap;
    shared_t     *shared;
    cv_window_t   window;
    cv_limits_t   most;

    static const uint64_t  caps[] = { 1, 100, 10000 };

    (void) state;

    for (window = 0; window < CV_WINDOWS; window++) {
        for (c = 0; c < sizeof(caps) / sizeof(caps[0]); c++) {
            cap = caps[c];
            shared = share();
            atomic_store(&shared->now, at("2026-02-28T23:59:30Z"));

            most = none;
            most.most[window] = cap;

            start(pids, 8, shared, &most, (unsigned) (10 * cap / 8 + 8), 0);

            for (i = 0; i < 8; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
            }

            assert_int_equal(atomic_load(&shared->admitted), cap);
            (void) munmap(shared, sizeof(shared_t));
        }
    }
}


/* the hour while minutes go by and clocks differ: never more than the cap */

static void
test_concurrent_hour(void **state)
{
    int           i, status;
    pid_t         pids[4];
    shared_t     *shared;
    cv_limits_t   most;
    cv_time_t     start_at;

    (void) state;

    shared = share();
    start_at = at("2026-02-28T23:30:00Z");
    atomic_store(&shared->now, start_at);

    most = limits(CV_UNLIMITED, 20000, CV_UNLIMITED, CV_UNLIMITED);

    start(pids, 4, shared, &most, 200000, 30 * CV_SECOND);

    /* all within one hour, in which so many may be admitted */

    for (i = 0; i < 3000; i++) {
        atomic_store(&shared->now, start_at + (cv_time_t) i * 1150);
        (void) usleep(20);
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    assert_int_equal(atomic_load(&shared->admitted), 20000);
    (void) munmap(shared, sizeof(shared_t));
}


/*
 * Two at once, the clock of one a minute behind, and room for one call in the
 * hour: whoever sums up first must not be deceived by the other.
 */

static void
test_concurrent_skew(void **state)
{
    int           i, status;
    pid_t         pid;
    cv_time_t     now;
    cv_slot_t    *slots;
    cv_limits_t   most;
    uint64_t      counted;

    enum { ROUNDS = 20000 };

    _Atomic(int)  *turn;

    (void) state;

    slots = mmap(NULL, ROUNDS * sizeof(cv_slot_t) + 4096,
                 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(slots, MAP_FAILED);

    turn = (_Atomic(int) *) (void *) (slots + ROUNDS);
    now = at("2026-02-28T23:30:00Z");
    most = none;

    /* in every second round the minute before has been begun */

    for (i = 1; i < ROUNDS; i += 2) {
        assert_true(admit(&slots[i], &none, now - 1));
    }

    pid = fork();
    assert_true(pid >= 0);

    for (i = 0; i < ROUNDS; i++) {
        most.most[CV_WINDOW_HOUR] = 1 + (i & 1);

        /* meet, or where there is one CPU, go on */

        atomic_fetch_add(turn, 1);

        for (status = 0; status < 20000 && atomic_load(turn) < 2 * i + 2;
             status++)
        {
            /* void */
        }

        (void) admit(&slots[i], &most, pid == 0 ? now - 1 : now);
    }

    if (pid == 0) {
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    for (i = 0; i < ROUNDS; i++) {
        counted = cv_slot_month(&slots[i], cv_period(CV_WINDOW_MONTH, now));
        assert_int_equal(counted, 1 + (i & 1));
    }

    (void) munmap(slots, ROUNDS * sizeof(cv_slot_t) + 4096);
}


/* a month that ends under load: every call is in one of both, and in one only */

static void
test_rollover(void **state)
{
    int           i, status;
    pid_t         pids[4];
    shared_t     *shared;
    uint64_t      month;
    cv_time_t     end;

    (void) state;

    shared = share();
    end = at("2028-02-29T23:59:59.900Z");
    month = cv_period(CV_WINDOW_MONTH, end);
    atomic_store(&shared->now, end);

    start(pids, 4, shared, &none, 100000, 50);

    for (i = 0; i < 200; i++) {
        atomic_store(&shared->now, end + i);
        (void) usleep(50);
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    assert_int_equal(atomic_load(&shared->admitted), 400000);
    assert_int_equal(cv_slot_month(&shared->slot, month)
                     + cv_slot_month(&shared->slot, month + 1), 400000);
    (void) munmap(shared, sizeof(shared_t));
}


/* whoever is killed takes one call with it at most */

static void
test_killed(void **state)
{
    int           i, status;
    pid_t         pid;
    shared_t     *shared;
    uint64_t      counted, told;
    cv_limits_t   most;

    enum { KILLS = 200 };

    (void) state;

    shared = share();
    atomic_store(&shared->now, at("2026-05-05T05:05:05Z"));
    most = none;

    for (i = 0; i < KILLS; i++) {
        start(&pid, 1, shared, &most, 100000000, 0);
        (void) usleep((unsigned) (200 + i * 7));
        (void) kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }

    told = atomic_load(&shared->admitted);
    counted = cv_slot_month(&shared->slot,
                            cv_period(CV_WINDOW_MONTH,
                                      atomic_load(&shared->now)));

    assert_true(told > 1000);
    assert_true(counted >= told && counted <= told + KILLS);
    (void) munmap(shared, sizeof(shared_t));
}


/* The file */

static const uint8_t  uuid[CV_METER_UUID_LEN] = "0123456789abcde";
static const uint8_t  other[CV_METER_UUID_LEN] = "another one....";


static void
test_meter(void **state)
{
    int            fd;
    char           path[128], like[128];
    struct stat    st;
    cv_slot_t     *slot;
    cv_meter_t    *meter, *again;
    cv_admission_t a;
    char           dir[] = "/tmp/cv_test_meter.XXXXXX";

    (void) state;

    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/" CV_METER_FILE, dir);
    (void) snprintf(like, sizeof(like), "%s/like", dir);

    assert_int_equal(cv_meter_open(&meter, dir, uuid, &error),
                     CV_ERR_MISSING);
    assert_int_equal(cv_meter_extend(dir, "like", uuid, 1, &error),
                     CV_ERR_MISSING);

    fd = open(like, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(fchmod(fd, 0640), 0);
    (void) close(fd);

    assert_int_equal(cv_meter_extend(dir, "like", uuid, 2, &error), CV_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);

    assert_int_equal(cv_meter_open(&meter, dir, other, &error),
                     CV_ERR_DAMAGED);
    assert_non_null(strstr(error.text, "another store"));

    assert_int_equal(cv_meter_open(&meter, dir, uuid, &error), CV_OK);
    assert_null(cv_meter_slot_any(meter, 0));
    assert_null(cv_meter_slot_any(meter, 3));
    assert_null(cv_meter_slot(meter, 2, 77));

    slot = cv_meter_slot_any(meter, 2);
    assert_non_null(slot);
    cv_slot_assign(slot, 77);
    assert_ptr_equal(cv_meter_slot(meter, 2, 77), slot);

    cv_admit(slot, &none, at("2026-05-05"), &a);
    assert_int_equal(cv_slot_last_day(slot),
                     cv_period(CV_WINDOW_DAY, at("2026-05-05")));

    /* larger, with what is there, while it is mapped */

    assert_int_equal(cv_meter_extend(dir, "like", uuid, 1000, &error), CV_OK);
    assert_int_equal(cv_meter_slots(meter), 1000);
    assert_int_equal(asked, 4096 + 3 * sizeof(cv_slot_t));
    assert_non_null(cv_meter_slot_any(meter, 1000));
    cv_admit(cv_meter_slot_any(meter, 1000), &none, at("2026-05-05"), &a);
    assert_int_equal(cv_meter_probe(meter, &error), CV_OK);

    assert_int_equal(cv_meter_open(&again, dir, uuid, &error), CV_OK);
    slot = cv_meter_slot(again, 2, 77);
    assert_non_null(slot);
    assert_int_equal(cv_slot_month(slot, a.month), 1);

    /* somebody else's begins at zero */

    cv_slot_assign(slot, 78);
    assert_int_equal(cv_slot_month(slot, a.month), 0);
    assert_null(cv_meter_slot(meter, 2, 77));
    cv_meter_close(again);

    assert_int_equal(cv_meter_extend(dir, "like", uuid, CV_METER_SLOTS,
                                     &error), CV_ERR_LIMIT);

    /* cut short, replaced, removed */

    assert_int_equal(truncate(path, 8192), 0);
    assert_int_equal(cv_meter_probe(meter, &error), CV_ERR_DAMAGED);
    assert_int_equal(cv_meter_open(&again, dir, uuid, &error),
                     CV_ERR_DAMAGED);
    assert_int_equal(cv_meter_extend(dir, "like", uuid, 2000, &error),
                     CV_ERR_DAMAGED);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(cv_meter_open(&again, dir, uuid, &error),
                     CV_ERR_DAMAGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cv_meter_probe(meter, &error), CV_ERR_MISSING);
    cv_meter_close(meter);

    assert_int_equal(unlink(like), 0);
    assert_int_equal(rmdir(dir), 0);
}


static uint64_t
used(cv_slot_t *slot, cv_window_t window, cv_time_t now)
{
    cv_admission_t  a;

    cv_admission_look(slot, &none, now, &a);

    return a.used[window];
}


/* each window begins anew by itself, but for the hour, which is its minutes */

static void
test_reset(void **state)
{
    int             i;
    cv_slot_t       slot;
    cv_time_t       now, before;
    cv_window_t     window, w;
    cv_admission_t  a;

    (void) state;

    before = at("2026-10-31T23:59:59Z");
    now = at("2026-11-20T10:30:00Z");

    for (window = 0; window < CV_WINDOWS; window++) {
        memset(&slot, 0, sizeof(slot));

        for (i = 0; i < 3; i++) {
            cv_admit(&slot, &none, before, &a);
        }

        for (i = 0; i < 5; i++) {
            cv_admit(&slot, &none, now, &a);
        }

        cv_slot_reset(&slot, 1U << window, now);

        for (w = 0; w < CV_WINDOWS; w++) {
            bool  reset;

            reset = w == window || (w <= CV_WINDOW_HOUR
                                    && window <= CV_WINDOW_HOUR);
            assert_int_equal(used(&slot, w, now), reset ? 0 : 5);
        }

        /* what is over is not concerned */

        assert_int_equal(cv_slot_month(&slot, a.month - 1), 3);
    }
}


/* what is stamped later than any clock can be */

static void
test_ahead(void **state)
{
    size_t          i;
    cv_slot_t       slot;
    cv_time_t       now;
    cv_admission_t  a;

    static const struct {
        const char  *counted;
        bool         ahead;
    } cases[] = {
        { "2026-11-30T23:58:30Z", false },
        { "2026-11-30T23:59:30Z", false },
        { "2026-12-01T00:00:59Z", false },
        { "2026-12-01T00:01:30Z", true },
        { "2026-12-02T00:00:00Z", true },
        { "2027-11-30T23:58:30Z", true },
        { "2025-11-30T23:58:30Z", false },
    };

    (void) state;

    now = at("2026-11-30T23:58:30Z");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&slot, 0, sizeof(slot));
        assert_false(cv_slot_ahead(&slot, now));
        cv_admit(&slot, &none, at(cases[i].counted), &a);
        assert_int_equal(cv_slot_ahead(&slot, now), cases[i].ahead);

        cv_slot_reset(&slot, ~0U, now);
        assert_false(cv_slot_ahead(&slot, now));
    }

    /* a minute, a day and a month by themselves */

    memset(&slot, 0, sizeof(slot));
    cv_admit(&slot, &none, at("2027-01-31T23:58:30Z"), &a);
    cv_slot_reset(&slot, 1U << CV_WINDOW_MINUTE, now);
    assert_true(cv_slot_ahead(&slot, now));
    cv_slot_reset(&slot, 1U << CV_WINDOW_DAY, now);
    assert_true(cv_slot_ahead(&slot, now));
    cv_slot_reset(&slot, 1U << CV_WINDOW_MONTH, now);
    assert_false(cv_slot_ahead(&slot, now));
}


/* a copy while calls are counted is a file, with counts that were true */

static void
test_copy(void **state)
{
    int             i, fd, status;
    pid_t           pid;
    char            path[128], copy[128];
    struct stat     st;
    uint64_t        counted;
    cv_slot_t      *slot;
    cv_time_t       now;
    cv_meter_t     *meter, *other_meter;
    cv_admission_t  a;
    char            dir[] = "/tmp/cv_test_meter.XXXXXX";

    enum { SLOTS = 500, ROUNDS = 20 };

    (void) state;

    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/" CV_METER_FILE, dir);
    (void) snprintf(copy, sizeof(copy), "%s/copy", dir);
    now = at("2026-05-05T05:05:05Z");

    fd = open(copy, O_CREAT | O_WRONLY, 0600);
    (void) close(fd);

    assert_int_equal(cv_meter_extend(dir, "copy", uuid, SLOTS, &error), CV_OK);
    assert_int_equal(cv_meter_open(&meter, dir, uuid, &error), CV_OK);

    for (i = 1; i <= SLOTS; i++) {
        cv_slot_assign(cv_meter_slot_any(meter, (uint64_t) i), (uint64_t) i);
    }

    assert_int_equal(cv_meter_settle(meter, 1, SLOTS, &error), CV_OK);
    assert_int_equal(cv_meter_settle(meter, 7, 7, &error), CV_OK);

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        for ( ;; ) {
            cv_admit(cv_meter_slot_any(meter, SLOTS), &none, now, &a);
        }
    }

    for (i = 0, counted = 0; i < ROUNDS; i++) {
        (void) usleep(200);

        fd = open(copy, O_TRUNC | O_RDWR);
        assert_int_equal(cv_meter_copy(meter, fd, "it", &error), CV_OK);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_size, cv_meter_bytes(meter));
        (void) close(fd);

        /* as another store would have it */

        assert_int_equal(rename(copy, path), 0);
        assert_int_equal(cv_meter_open(&other_meter, dir, uuid, &error),
                         CV_OK);
        assert_int_equal(cv_meter_slots(other_meter), SLOTS);
        assert_non_null(cv_meter_slot(other_meter, 1, 1));

        slot = cv_meter_slot(other_meter, SLOTS, SLOTS);
        assert_non_null(slot);
        assert_true(cv_slot_month(slot, cv_period(CV_WINDOW_MONTH, now))
                    >= counted);
        counted = cv_slot_month(slot, cv_period(CV_WINDOW_MONTH, now));
        cv_meter_close(other_meter);

        fd = open(copy, O_CREAT | O_WRONLY, 0600);
        (void) close(fd);
    }

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(counted > 0);

    /* what is cut short meanwhile is none */

    assert_int_equal(cv_meter_open(&other_meter, dir, uuid, &error), CV_OK);
    assert_int_equal(truncate(path, 8192), 0);
    fd = open("/dev/null", O_WRONLY);
    assert_int_equal(cv_meter_copy(other_meter, fd, "it", &error),
                     CV_ERR_DAMAGED);
    (void) close(fd);
    cv_meter_close(other_meter);

    fd = open("/dev/full", O_WRONLY);
    assert_int_equal(cv_meter_copy(meter, fd, "it", &error), CV_ERR_FULL);
    assert_string_equal(error.text, "it: No space left on device");
    (void) close(fd);

    cv_meter_close(meter);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(rmdir(dir), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_giving_back),
        cmocka_unit_test(test_refund),
        cmocka_unit_test(test_hour),
        cmocka_unit_test(test_resets),
        cmocka_unit_test(test_skew),
        cmocka_unit_test(test_set_back),
        cmocka_unit_test(test_clock_steps),
        cmocka_unit_test(test_concurrency),
        cmocka_unit_test(test_concurrent_hour),
        cmocka_unit_test(test_concurrent_skew),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_meter),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_copy),
    };

    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}
