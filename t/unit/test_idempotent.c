
/*
 * Copyright (C) The credverify authors
 */

#include "cv_idempotent.h"
#include "cv_erase.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define NOW  ((cv_time_t) 1780315200250)

static const cv_idempotent_request_t  request = {
    { (const uint8_t *) "acme", 4 }, { (const uint8_t *) "again", 5 },
    { (const uint8_t *) "POST", 4 }, { (const uint8_t *) "/v1/c", 5 },
    { (const uint8_t *) "{}", 2 }
};


static cv_idempotent_t
idempotent(const cv_idempotent_request_t *of)
{
    cv_digest_t      *digest;
    cv_idempotent_t   made;

    digest = cv_digest_new();
    assert_non_null(digest);
    assert_int_equal(cv_idempotent_init(&made, digest, of), CV_OK);
    cv_digest_free(digest);

    return made;
}


static cv_idempotent_step_t
step(cv_txn_t *txn, const cv_idempotent_request_t *of, cv_time_t now,
    cv_answer_record_t *answer)
{
    cv_idempotent_t       made;
    cv_idempotent_step_t  found;

    made = idempotent(of);
    assert_int_equal(cv_idempotent_find(&made, txn, now, answer, &found),
                     CV_OK);

    return found;
}


/* What is the same request, and whose: each part of it matters. */

static void
test_find(void **state)
{
    size_t                    i;
    test_t                   *test = *state;
    cv_txn_t                 *txn;
    cv_idempotent_t           made;
    cv_answer_record_t        answer;
    cv_idempotent_request_t   other;

    static const struct {
        size_t                 part;    /* of the request, that differs */
        const char            *text;
        cv_idempotent_step_t   step;
    } cases[] = {
        { 0, "other", CV_IDEMPOTENT_NEW },
        { 0, "", CV_IDEMPOTENT_NEW },
        { 1, "Again", CV_IDEMPOTENT_NEW },
        { 2, "PUT", CV_IDEMPOTENT_OTHER },
        { 2, "POST/", CV_IDEMPOTENT_OTHER },
        { 3, "v1/c", CV_IDEMPOTENT_OTHER },
        { 3, "/v1/c{", CV_IDEMPOTENT_OTHER },
        { 4, "{ }", CV_IDEMPOTENT_OTHER },
        { 4, "", CV_IDEMPOTENT_OTHER },
        { 4, "{}", CV_IDEMPOTENT_SAME },
    };

    fill(test);
    txn = begin(test);

    assert_int_equal(step(txn, &request, NOW, &answer), CV_IDEMPOTENT_NEW);

    made = idempotent(&request);
    assert_int_equal(cv_idempotent_keep(&made, txn, NOW, 201,
                                        CV_STR("{\"a\":1}"), 1, &error),
                     CV_OK);
    commit(txn);

    txn = begin(test);

    for (i = 0; i < CV_COUNT(cases); i++) {
        other = request;
        ((cv_str_t *) &other)[cases[i].part] = cv_str_z(cases[i].text);

        if (step(txn, &other, NOW, &answer) != cases[i].step) {
            fail_msg("%zu %s", cases[i].part, cases[i].text);
        }
    }

    assert_int_equal(answer.status.value, 201);
    assert_true(cv_str_eq(answer.body, CV_STR("{\"a\":1}")));
    assert_int_equal(answer.credential.iid, 1);

    /* for a day, and then anew */

    assert_int_equal(step(txn, &request, NOW + CV_DAY - 1, &answer),
                     CV_IDEMPOTENT_SAME);
    assert_int_equal(step(txn, &request, NOW - 400 * CV_DAY, &answer),
                     CV_IDEMPOTENT_SAME);
    assert_int_equal(step(txn, &request, NOW + CV_DAY, &answer),
                     CV_IDEMPOTENT_NEW);
    assert_int_equal(cv_idempotent_keep(&made, txn, NOW + CV_DAY, 409,
                                        CV_STR("{}"), 0, &error), CV_OK);
    assert_int_equal(step(txn, &request, NOW + CV_DAY, &answer),
                     CV_IDEMPOTENT_SAME);
    assert_int_equal(answer.status.value, 409);
    commit(txn);

    assert_int_equal(check(test), 0);
}


static void
test_limits(void **state)
{
    char                      name[CV_IDEMPOTENT_KEY_MAX + 1];
    test_t                   *test = *state;
    uint8_t                  *body;
    cv_txn_t                 *txn;
    cv_digest_t              *digest;
    cv_idempotent_t           made;
    cv_answer_record_t        answer;
    cv_idempotent_request_t   other;

    memset(name, 'n', sizeof(name));
    other = request;
    digest = cv_digest_new();
    assert_non_null(digest);

    other.name = cv_str(name, sizeof(name));
    assert_int_equal(cv_idempotent_init(&made, digest, &other), CV_ERR_INPUT);
    other.name = CV_STR("");
    assert_int_equal(cv_idempotent_init(&made, digest, &other), CV_ERR_INPUT);
    other.name = cv_str(name, CV_IDEMPOTENT_KEY_MAX);
    other.api_key = cv_str(name, CV_HANDLE_MAX);
    assert_int_equal(cv_idempotent_init(&made, digest, &other), CV_OK);

    cv_digest_free(digest);

    body = calloc(1, CV_ANSWER_MAX + 1);
    assert_non_null(body);

    txn = begin(test);
    assert_int_equal(cv_idempotent_keep(&made, txn, NOW, 200,
                                        cv_str(body, CV_ANSWER_MAX + 1), 0,
                                        &error), CV_ERR_LIMIT);
    assert_int_equal(step(txn, &other, NOW, &answer), CV_IDEMPOTENT_NEW);
    assert_int_equal(cv_idempotent_keep(&made, txn, NOW, 200,
                                        cv_str(body, CV_ANSWER_MAX), 0,
                                        &error), CV_OK);
    assert_int_equal(step(txn, &other, NOW, &answer), CV_IDEMPOTENT_SAME);
    assert_int_equal(answer.body.len, CV_ANSWER_MAX);
    commit(txn);

    free(body);
    assert_int_equal(check(test), 0);
}


/*
 * What was answered about somebody goes with what is known of them, and nobody
 * has them made anew by asking again.
 */

static void
test_erased(void **state)
{
    test_t              *test = *state;
    cv_txn_t            *txn;
    cv_moment_t          moment;
    cv_erasure_t         erasure;
    cv_idempotent_t      made;
    cv_answer_record_t   answer;

    fill(test);
    cv_moment_init(&moment, NOW);

    txn = begin(test);
    made = idempotent(&request);
    assert_int_equal(cv_idempotent_keep(&made, txn, NOW, 201,
                                        CV_STR("{\"name\":\"Jo\"}"), 1,
                                        &error), CV_OK);
    assert_int_equal(cv_erase_holder(txn, CV_STR("holder"), &erasure, &moment,
                                     &error), CV_OK);
    assert_int_equal(step(txn, &request, NOW, &answer), CV_IDEMPOTENT_OTHER);
    assert_int_equal(answer.body.len, 0);
    assert_int_equal(step(txn, &request, NOW + CV_DAY, &answer),
                     CV_IDEMPOTENT_NEW);
    commit(txn);

    cv_moment_free(&moment);
    assert_int_equal(check(test), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_find),
        TEST(test_limits),
        TEST(test_erased),
    };

    return cmocka_run_group_tests_name("idempotent", tests, NULL, NULL);
}
