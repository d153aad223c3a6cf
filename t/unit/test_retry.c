
/*
 * Copyright (C) The credverify authors
 */

#include "cv_retry.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW  ((cv_time_t) 1794787200000)


/* Standard Webhooks 1.0.0, "Example retry schedule": from start, in seconds */

static void
test_schedule(void **state)
{
    size_t     i;
    cv_time_t  at, latest;

    static const cv_time_t  since[CV_RETRY_ATTEMPTS] = {
        0, 5, 305, 2105, 9305, 27305, 63305, 113705, 185705, 272105
    };

    (void) state;

    assert_int_equal(cv_retry_at(0, NOW, 0, UINT32_MAX), NOW);

    at = latest = NOW;

    for (i = 1; i < CV_RETRY_ATTEMPTS; i++) {
        at = cv_retry_at(i, at, 0, 0);
        assert_int_equal(at, NOW + since[i] * CV_SECOND);

        latest = cv_retry_at(i, latest, 0, UINT32_MAX);
        assert_true(latest > at);
        assert_true(latest - NOW < since[i] * CV_SECOND * 6 / 5);
    }

    assert_true(cv_retry_at(i, at, 0, 0) == CV_TIME_NEVER);
    assert_true(cv_retry_at(i, at, 1000, 0) == CV_TIME_NEVER);
    assert_true(cv_retry_at(UINT64_MAX, at, 0, 0) == CV_TIME_NEVER);
}


/* What fails together comes back apart: no two of 16 within 1/100 of it. */

static void
test_jitter(void **state)
{
    uint32_t   n;
    cv_time_t  at, last;

    (void) state;

    last = 0;

    for (n = 0; n < 16; n++) {
        at = cv_retry_at(2, 0, 0, n << 28);
        assert_int_equal(at, 300 * CV_SECOND + n * 3750);
        assert_true(n == 0 || at - last > 3 * CV_SECOND);
        last = at;
    }
}


static void
test_after(void **state)
{
    (void) state;

    /* it puts off, */
    assert_int_equal(cv_retry_at(1, NOW, 60 * CV_SECOND, 0),
                     NOW + 60 * CV_SECOND);

    /* but brings nothing forward, */
    assert_int_equal(cv_retry_at(2, NOW, 60 * CV_SECOND, 0),
                     NOW + 300 * CV_SECOND);
    assert_int_equal(cv_retry_at(2, NOW, -1, 0), NOW + 300 * CV_SECOND);

    /* and not for more than a day */
    assert_int_equal(cv_retry_at(1, NOW, CV_DAY, 0), NOW + CV_DAY);
    assert_int_equal(cv_retry_at(1, NOW, CV_DAY + 1, 0), NOW + CV_DAY);
    assert_int_equal(cv_retry_at(1, NOW, INT64_MAX, 0), NOW + CV_DAY);
}


/* What a clock wrote that was wrong is no reason to wait. */

static void
test_due(void **state)
{
    cv_time_t  at;

    (void) state;

    assert_true(cv_retry_due(0, NOW));
    assert_true(cv_retry_due(NOW, NOW));
    assert_false(cv_retry_due(NOW + 1, NOW));

    /* the longest that there is */

    at = cv_retry_at(CV_RETRY_ATTEMPTS - 1, NOW, 0, UINT32_MAX);
    assert_false(cv_retry_due(at, NOW));
    assert_true(cv_retry_due(at, at));
    assert_true(cv_retry_due(at, NOW - CV_DAY));
    assert_true(cv_retry_due(INT64_MAX, NOW));
}


static void
test_reply(void **state)
{
    unsigned  status;

    (void) state;

    for (status = 0; status < 1000; status++) {
        assert_int_equal(cv_reply(status),
                         status / 100 == 2 ? CV_REPLY_DONE
                         : status == 410 ? CV_REPLY_GONE : CV_REPLY_AGAIN);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
