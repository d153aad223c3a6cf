
/*
 * Copyright (C) The credverify authors
 */

#include "cv_meter.h"

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

/* addresses that are equal by this share their slots */
#define SETS    (CV_VISITORS / 8)

static const uint8_t  uuid[CV_METER_UUID_LEN] = "0123456789abcde";
static const uint8_t  other[CV_METER_UUID_LEN] = "another one....";

static char           dir[64];
static cv_meter_t    *visitors;
static cv_error_t     error;


static int
setup(void **state)
{
    int   fd;
    char  like[128];

    (void) state;

    (void) snprintf(dir, sizeof(dir), "/tmp/cv_test_visitors.XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void) snprintf(like, sizeof(like), "%s/like", dir);

    fd = open(like, O_CREAT | O_WRONLY, 0600);
    assert_int_not_equal(fd, -1);
    (void) close(fd);

    assert_int_equal(cv_visitors_open(&visitors, dir, "like", uuid, &error),
                     CV_OK);

    return 0;
}


static int
teardown(void **state)
{
    char  path[128];

    (void) state;

    cv_meter_close(visitors);

    (void) snprintf(path, sizeof(path), "%s/like", dir);
    (void) unlink(path);
    (void) snprintf(path, sizeof(path), "%s/" CV_VISITORS_FILE, dir);
    (void) unlink(path);

    return rmdir(dir);
}


static uint64_t
calls(cv_slot_t *slot, cv_time_t now)
{
    return cv_slot_month(slot, cv_period(CV_WINDOW_MONTH, now));
}


static void
count(cv_slot_t *slot, cv_time_t now)
{
    cv_limits_t     none;
    cv_admission_t  a;

    cv_limits_read(&none, NULL);
    cv_admit(slot, &none, now, &a);
    assert_true(a.admitted);
}


static void
test_slots(void **state)
{
    uint64_t    i;
    cv_slot_t  *slots[8], *slot;

    (void) state;

    assert_null(cv_visitor_find(visitors, 77));

    for (i = 0; i < 8; i++) {
        slots[i] = cv_visitor_slot(visitors, 77 + i * SETS, 9 * MINUTE);
        assert_non_null(slots[i]);
        count(slots[i], 0);
    }

    for (i = 0; i < 8; i++) {
        assert_ptr_equal(cv_visitor_slot(visitors, 77 + i * SETS,
                                         (20 - (cv_time_t) i) * MINUTE),
                         slots[i]);
        assert_ptr_equal(cv_visitor_find(visitors, 77 + i * SETS), slots[i]);
        assert_int_equal(calls(slots[i], 0), 1);
    }

    /* the ninth takes the place of who was not seen for longest */

    slot = cv_visitor_slot(visitors, 77 + 8 * SETS, 21 * MINUTE);
    assert_ptr_equal(slot, slots[7]);
    assert_int_equal(calls(slot, 0), 0);
    assert_null(cv_visitor_find(visitors, 77 + 7 * SETS));
    assert_ptr_equal(cv_visitor_find(visitors, 77 + 6 * SETS), slots[6]);

    /* to look for somebody is not to see them */

    assert_ptr_equal(cv_visitor_slot(visitors, 77 + 9 * SETS, 22 * MINUTE),
                     slots[6]);

    /* nor does it matter to those of other places */

    assert_null(cv_visitor_find(visitors, 78));
}


/* whoever was killed while it took a slot stops nobody */

static void
test_killed(void **state)
{
    uint64_t    i;
    cv_slot_t  *slots[8], *slot;

    (void) state;

    for (i = 0; i < 8; i++) {
        slots[i] = cv_visitor_slot(visitors, 80 + i * SETS, 9 * MINUTE);
    }

    for (i = 0; i < 8; i++) {
        atomic_store(&slots[i]->uid, 1);
    }

    slot = cv_visitor_slot(visitors, 80, 10 * MINUTE);
    assert_ptr_equal(cv_visitor_find(visitors, 80), slot);
    assert_ptr_equal(cv_visitor_slot(visitors, 80, 10 * MINUTE), slot);

    for (i = 1; i < 8; i++) {
        assert_ptr_not_equal(cv_visitor_slot(visitors, 80 + i * SETS,
                                             11 * MINUTE), slot);
    }

    assert_ptr_equal(cv_visitor_find(visitors, 80), slot);
}


/*
 * Many that come at once for one address are counted together from the first
 * one on, and so are those who share its slots.
 */

static void
test_at_once(void **state)
{
    int              i, p, status;
    pid_t            pids[4];
    unsigned         spin;
    uint64_t         hash;
    cv_limits_t      one;
    cv_admission_t   a;

    enum { ROUNDS = 8000 };

    struct {
        _Atomic(int)       turn;
        _Atomic(uint32_t)  admitted[ROUNDS];
    } *shared;

    (void) state;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);

    cv_limits_read(&one, NULL);
    one.most[CV_WINDOW_MONTH] = 1;

    /* each slot is somebody's already, and each place is used up once */

    for (i = 0; i < (int) CV_VISITORS; i++) {
        (void) cv_visitor_slot(visitors, 2 + CV_VISITORS * 8 + (uint64_t) i, 0);
    }

    for (p = 0; p < 4; p++) {
        pids[p] = fork();
        assert_true(pids[p] >= 0);

        if (pids[p] != 0) {
            continue;
        }

        for (i = 0; i < ROUNDS; i++) {

            /* two at a time for one address, beside two for another one */

            hash = 2 + (uint64_t) (i / 4)
                   + (uint64_t) (2 * (i % 4) + p / 2) * SETS;

            /* meet, or where there are few CPUs, go on */

            atomic_fetch_add(&shared->turn, 1);

            for (spin = 0; spin < 5000 && atomic_load(&shared->turn) < 4 * i + 4;
                 spin++)
            {
                /* void */
            }

            cv_admit(cv_visitor_slot(visitors, hash, MINUTE), &one, 0, &a);

            if (a.admitted) {
                atomic_fetch_add(&shared->admitted[i], p / 2 ? 1 << 16 : 1);
            }
        }

        _exit(0);
    }

    for (p = 0; p < 4; p++) {
        assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
        assert_int_equal(status, 0);
    }

    for (i = 0; i < ROUNDS; i++) {
        if (atomic_load(&shared->admitted[i]) != 0x10001) {
            fail_msg("round %d: %x", i, atomic_load(&shared->admitted[i]));
        }
    }

    (void) munmap(shared, sizeof(*shared));
}


static void
test_file(void **state)
{
    char         path[128];
    cv_meter_t  *again;
    cv_slot_t   *slot;

    (void) state;

    (void) snprintf(path, sizeof(path), "%s/" CV_VISITORS_FILE, dir);

    slot = cv_visitor_slot(visitors, 99, 0);
    count(slot, 0);

    assert_int_equal(cv_visitors_open(&again, dir, "like", uuid, &error), CV_OK);
    assert_int_equal(calls(cv_visitor_find(again, 99), 0), 1);
    assert_memory_equal(cv_meter_secret(again), cv_meter_secret(visitors),
                        CV_METER_SECRET_LEN);
    cv_meter_close(again);

    /* another store's is not used, and what is not whole is made anew */

    assert_int_equal(cv_visitors_open(&again, dir, "like", other, &error),
                     CV_OK);
    assert_null(cv_visitor_find(again, 99));
    assert_memory_not_equal(cv_meter_secret(again), cv_meter_secret(visitors),
                            CV_METER_SECRET_LEN);
    cv_meter_close(again);

    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(cv_visitors_open(&again, dir, "like", other, &error),
                     CV_OK);
    cv_meter_close(again);
}


static void
count_guarded(void *arg)
{
    cv_slot_t  **slot = arg;

    *slot = cv_visitor_slot(visitors, 99, 0);
    count(*slot, 0);
}


static void
fault(void *arg)
{
    (void) arg;
    (void) raise(SIGSEGV);
}


/* a file that is cut short while somebody counts in it, then a bug */

static int
truncated(void)
{
    char        path[128];
    cv_slot_t  *slot;

    (void) snprintf(path, sizeof(path), "%s/" CV_VISITORS_FILE, dir);

    if (cv_meter_guard(visitors, count_guarded, &slot) != CV_OK
        || calls(slot, 0) != 1)
    {
        return 2;
    }

    if (truncate(path, 0) != 0
        || cv_meter_guard(visitors, count_guarded, &slot) != CV_ERR_DAMAGED
        || cv_meter_guard(visitors, count_guarded, &slot) != CV_ERR_DAMAGED
        || cv_meter_probe(visitors, &error) != CV_ERR_DAMAGED)
    {
        return 3;
    }

    return cv_meter_guard(visitors, fault, NULL) == CV_OK ? 4 : 5;
}


static void
test_truncated(void **state)
{
    int    status;
    pid_t  pid;

    (void) state;

    pid = fork();

    if (pid == 0) {
        /* the test runner has handlers of its own */
        (void) signal(SIGBUS, SIG_DFL);
        (void) signal(SIGSEGV, SIG_DFL);
        _exit(truncated());
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_slots, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
    };

    return cmocka_run_group_tests_name("visitors", tests, NULL, NULL);
}
