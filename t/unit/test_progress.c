
/*
 * Copyright (C) The credverify authors
 */

#include "cv_progress.h"
#include "cv_erase.h"
#include "cv_json.h"
#include "cv_requires.h"
#include "fixture.h"

#include <stdio.h>

/* 2026-03-11T10:30:00.250Z */
#define NOW  ((cv_time_t) 1773225000250)


static cv_class_t
class_of(cv_buf_t *buf, const char *requires)
{
    cv_class_t  class;

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("class");
    class.issuer.id = CV_STR("issuer");
    class.title = CV_STR("Class");
    class.number_format = CV_STR("C-{year}-{seq}");

    cv_buf_reset(buf);

    if (requires != NULL) {
        assert_int_equal(cv_json_parse(buf, cv_str_z(requires), &error),
                         CV_OK);
        class.requires = cv_buf_str(buf);
    }

    return class;
}


static void
test_reached(void **state)
{
    size_t          i;
    cv_buf_t        buf;
    cv_class_t      class;
    cv_progress_t   progress;

    static const struct {
        const char  *requires;
        int64_t      practice;      /* -1: absent */
        int64_t      learn;
        bool         reached;
    } cases[] = {
        { NULL, 100, 100, false },
        { "{}", 100, 100, false },
        { "{\"practice\":null,\"learn\":null}", 100, 100, false },
        { "{\"practice\":75,\"learn\":22}", 75, 22, true },
        { "{\"practice\":75,\"learn\":22}", 74, 22, false },
        { "{\"practice\":75,\"learn\":22}", 75, 21, false },
        { "{\"practice\":75,\"learn\":22}", 100, -1, false },
        { "{\"practice\":75,\"learn\":22}", -1, 100, false },
        { "{\"practice\":75}", 75, -1, true },
        { "{\"learn\":5,\"practice\":null}", -1, 6, true },
        { "{\"learn\":0}", -1, -1, true },
        { "{\"learn\":9223372036854775807}", -1, INT64_MAX, true },
        { "{\"learn\":9223372036854775807}", -1, INT64_MAX - 1, false },
    };

    (void) state;
    cv_buf_init(&buf, CV_RECORD_MAX);

    for (i = 0; i < CV_COUNT(cases); i++) {
        class = class_of(&buf, cases[i].requires);

        memset(&progress, 0, sizeof(progress));
        progress.practice = (cv_int_t) { cases[i].practice,
                                         cases[i].practice >= 0 };
        progress.learn = (cv_int_t) { cases[i].learn, cases[i].learn >= 0 };

        if (cv_requires_reached(&class, &progress) != cases[i].reached) {
            fail_msg("%s: %d %d", cases[i].requires, (int) cases[i].practice,
                     (int) cases[i].learn);
        }
    }

    class = class_of(&buf, "{\"learn\":1}");
    assert_false(cv_requires_reached(&class, NULL));
    class = class_of(&buf, "{\"learn\":0}");
    assert_true(cv_requires_reached(&class, NULL));

    cv_buf_free(&buf);
}


static void
record(cv_txn_t *txn, const char *holder, int64_t practice, cv_step_t *step,
    cv_moment_t *moment)
{
    cv_progress_t  progress;

    memset(&progress, 0, sizeof(progress));
    progress.holder.id = cv_str_z(holder);
    progress.class.id = CV_STR("class");
    progress.practice = (cv_int_t) { practice, true };

    if (cv_progress_record(txn, &progress, step, moment, &error) != CV_OK) {
        fail_msg("%s", error.text);
    }
}


/* The step that completes, and the credential it issues, are one change. */

static void
test_record(void **state)
{
    test_t        *test = *state;
    cv_buf_t       buf;
    cv_txn_t      *txn;
    cv_step_t      step;
    cv_class_t     class;
    cv_holder_t    holder;
    cv_moment_t    moment;
    cv_progress_t  progress;

    fill(test);

    cv_moment_init(&moment, NOW);
    cv_buf_init(&buf, CV_RECORD_MAX);
    class = class_of(&buf, "{\"practice\":3}");

    txn = begin(test);
    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("new");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 2);
    commit(txn);

    /* one that has a credential of the class, however it came by it */

    txn = begin(test);
    record(txn, "holder", 3, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    record(txn, "new", 2, &step, &moment);
    assert_false(step.complete);
    record(txn, "new", 3, &step, &moment);
    assert_true(step.complete);
    assert_true(step.issued);
    assert_true(cv_str_eq(step.credential.number, CV_STR("C-2026-1")));
    assert_true(cv_find(txn, CV_HANDLE_NUMBER, CV_STR("C-2026-1")) != 0);
    cv_txn_abort(txn);

    txn = begin(test);
    assert_false(cv_get_progress(txn, 2, 1, &progress));
    assert_int_equal(cv_find(txn, CV_HANDLE_NUMBER, CV_STR("C-2026-1")), 0);

    record(txn, "new", 3, &step, &moment);
    assert_true(step.issued);
    record(txn, "new", 4, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);
    commit(txn);

    txn = begin(test);
    record(txn, "new", 5, &step, &moment);
    assert_false(step.issued);
    assert_true(cv_get_progress(txn, 2, 1, &progress));
    assert_int_equal(progress.practice.value, 5);
    commit(txn);

    assert_int_equal(check(test), 0);

    cv_buf_free(&buf);
    cv_moment_free(&moment);
}


/* Has the class of the store require so much. */

static void
require(cv_txn_t *txn, const char *requires)
{
    cv_buf_t    buf;
    cv_class_t  class;

    cv_buf_init(&buf, CV_RECORD_MAX);
    class = class_of(&buf, requires);

    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);

    cv_buf_free(&buf);
}


static void
put_holder(cv_txn_t *txn, const char *id)
{
    cv_holder_t  holder;

    memset(&holder, 0, sizeof(holder));
    holder.id = cv_str_z(id);
    assert_true(cv_put(txn, CV_HOLDER, &holder) != 0);
}


static void
put_of(cv_txn_t *txn, const char *id, const char *holder, cv_status_t status,
    bool test)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(id);
    credential.class.id = CV_STR("class");
    credential.holder.id = cv_str_z(holder);
    credential.status = (cv_int_t) { status, true };
    credential.test = (cv_int_t) { 1, test };

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_true(cv_put(txn, CV_CREDENTIAL, &credential) != 0);
}


/*
 * Once for ever: whatever becomes of the credential, the holder or what the
 * class requires, there is no second one, and the first stays.
 */

static void
test_for_ever(void **state)
{
    char              id[CV_UUID_LEN];
    char              erased[CV_ERASED_ID_LEN + 1];
    test_t           *test = *state;
    uint64_t          iid;
    cv_txn_t         *txn;
    cv_step_t         step;
    cv_holder_t       holder;
    cv_moment_t       moment;
    cv_erasure_t      erasure;
    cv_credential_t   credential;

    fill(test);
    cv_moment_init(&moment, NOW);

    txn = begin(test);
    require(txn, "{\"practice\":3}");
    put_holder(txn, "new");

    record(txn, "new", 3, &step, &moment);
    assert_true(step.issued);
    memcpy(id, step.id, sizeof(id));

    /* totals are raised: it is not complete, and still there */

    require(txn, "{\"practice\":5}");
    record(txn, "new", 4, &step, &moment);
    assert_false(step.complete);
    assert_true(cv_get_by_id(txn, CV_CREDENTIAL, cv_str(id, sizeof(id)),
                             &credential, &iid));
    assert_int_equal(credential.status.value, CV_STATUS_ISSUED);

    record(txn, "new", 5, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    /* revoked, and gone back and forth */

    assert_int_equal(cv_issue_move(txn, cv_str(id, sizeof(id)),
                                   CV_STATUS_REVOKED, CV_ABSENT, &credential,
                                   &moment, &error), CV_OK);
    record(txn, "new", 0, &step, &moment);
    assert_false(step.complete);
    record(txn, "new", 6, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    /* renamed, and erased */

    iid = cv_find(txn, CV_HANDLE_HOLDER_ID, CV_STR("new"));
    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("renamed");
    assert_true(cv_rename(txn, CV_HOLDER, iid, &holder));
    record(txn, "renamed", 7, &step, &moment);
    assert_false(step.issued);

    assert_int_equal(cv_erase_holder(txn, CV_STR("renamed"), &erasure, &moment,
                                     &error), CV_OK);
    memcpy(erased, erasure.id, CV_ERASED_ID_LEN);
    erased[CV_ERASED_ID_LEN] = '\0';
    record(txn, erased, 8, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    /* the progress of an export has not what is the store's own */

    require(txn, "{\"practice\":10}");
    record(txn, erased, 9, &step, &moment);
    record(txn, erased, 10, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    commit(txn);
    assert_int_equal(check(test), 0);
    cv_moment_free(&moment);
}


/* What came by an import counts, in whatever status; a test does not. */

static void
test_imported(void **state)
{
    char           name[32];
    test_t        *test = *state;
    cv_txn_t      *txn;
    cv_step_t      step;
    cv_moment_t    moment;
    cv_status_t    status;

    fill(test);
    cv_moment_init(&moment, NOW);

    txn = begin(test);
    require(txn, "{\"practice\":3}");

    for (status = 0; status < CV_STATUSES; status++) {
        (void) snprintf(name, sizeof(name), "h-%s", cv_status_names[status]);
        put_holder(txn, name);
        put_of(txn, cv_status_names[status], name, status, false);

        record(txn, name, 3, &step, &moment);
        assert_true(step.complete);
        assert_false(step.issued);
    }

    put_holder(txn, "tester");
    put_of(txn, "test", "tester", CV_STATUS_ISSUED, true);
    record(txn, "tester", 3, &step, &moment);
    assert_true(step.issued);
    record(txn, "tester", 4, &step, &moment);
    assert_false(step.issued);

    /* whoever had one has had it, even if an import says otherwise since */

    put_holder(txn, "was");
    put_of(txn, "was", "was", CV_STATUS_ISSUED, false);
    record(txn, "was", 3, &step, &moment);
    assert_false(step.issued);
    put_of(txn, "was", "tester", CV_STATUS_ISSUED, false);
    record(txn, "was", 4, &step, &moment);
    assert_true(step.complete);
    assert_false(step.issued);

    /* it comes before the last step does */

    put_holder(txn, "late");
    record(txn, "late", 2, &step, &moment);
    put_of(txn, "late", "late", CV_STATUS_REVOKED, false);
    record(txn, "late", 3, &step, &moment);
    assert_false(step.issued);

    commit(txn);
    assert_int_equal(check(test), 0);
    cv_moment_free(&moment);
}


/* A class that cannot number what it issues keeps the step from being taken. */

static void
test_refused(void **state)
{
    test_t        *test = *state;
    cv_buf_t       buf;
    cv_txn_t      *txn;
    cv_step_t      step;
    cv_class_t     class;
    cv_holder_t    holder;
    cv_moment_t    moment;
    cv_progress_t  progress;

    fill(test);

    cv_moment_init(&moment, NOW);
    cv_buf_init(&buf, CV_RECORD_MAX);
    class = class_of(&buf, "{\"practice\":3}");
    class.number_format = CV_STR("C-{sequence}");

    txn = begin(test);
    assert_int_equal(cv_resolve(txn, CV_CLASS, &class, &error), CV_OK);
    assert_int_equal(cv_put(txn, CV_CLASS, &class), 1);
    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("new");
    assert_int_equal(cv_put(txn, CV_HOLDER, &holder), 2);
    commit(txn);

    memset(&progress, 0, sizeof(progress));
    progress.holder.id = CV_STR("new");
    progress.class.id = CV_STR("class");
    progress.practice = (cv_int_t) { 3, true };

    txn = begin(test);
    assert_int_equal(cv_progress_record(txn, &progress, &step, &moment,
                                        &error), CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "number_format must have one {seq}"));
    cv_txn_abort(txn);

    progress.practice.value = -1;

    txn = begin(test);
    assert_int_equal(cv_progress_record(txn, &progress, &step, &moment,
                                        &error), CV_ERR_INPUT);
    cv_txn_abort(txn);

    cv_buf_free(&buf);
    cv_moment_free(&moment);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_reached),
        TEST(test_record),
        TEST(test_for_ever),
        TEST(test_imported),
        TEST(test_refused),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
