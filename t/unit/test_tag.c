
/*
 * Copyright (C) The credverify authors
 */

#include "cv_tag.h"

#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>

#define NUMBER  7


static uint8_t     uuid[CV_HASH_KEY_LEN];
static uint8_t     hash[CV_TOKEN_HASH_LEN];
static cv_token_t  token;


static int
setup(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(uuid); i++) {
        uuid[i] = (uint8_t) i;
    }

    for (i = 0; i < sizeof(hash); i++) {
        hash[i] = (uint8_t) i;
    }

    memset(&token, 0, sizeof(token));
    token.hash = cv_str(hash, sizeof(hash));

    return 0;
}


static const char *
tag(uint64_t credential, const cv_token_t *by)
{
    static char      texts[4][CV_TAG_LEN + 1];
    static unsigned  n;
    char            *text;

    text = texts[n++ % 4];
    cv_tag(text, uuid, credential, by);
    text[CV_TAG_LEN] = '\0';

    return text;
}


/* who knows the store's UUID finds the same, whatever is made anew */

static void
test_known(void **state)
{
    (void) state;

    assert_string_equal(tag(NUMBER, NULL), "cv-bcf8e372c21eaa6c");

    token.privacy = (cv_int_t) { CV_PRIVACY_MASKED, true };
    assert_string_equal(tag(NUMBER, &token), "cv-178000a94a7821bf");
}


static void
test_full(void **state)
{
    (void) state;

    assert_string_equal(tag(NUMBER, &token), tag(NUMBER, NULL));

    token.privacy = (cv_int_t) { CV_PRIVACY_FULL, true };
    assert_string_equal(tag(NUMBER, &token), tag(NUMBER, NULL));

    assert_string_not_equal(tag(NUMBER, NULL), tag(NUMBER + 1, NULL));
}


/* nothing in the tag of a masked token is the credential's, or another's */

static void
test_masked(void **state)
{
    const char  *first;

    (void) state;

    token.privacy = (cv_int_t) { CV_PRIVACY_MASKED, true };
    first = tag(NUMBER, &token);

    assert_string_not_equal(first, tag(NUMBER, NULL));
    assert_string_equal(first, tag(NUMBER + 1, &token));

    hash[CV_TOKEN_HASH_LEN - 1] ^= 1;
    assert_string_not_equal(first, tag(NUMBER, &token));
}


/* which number it is cannot be tried out */

static void
test_of_one_store(void **state)
{
    const char  *here;

    (void) state;

    here = tag(NUMBER, NULL);
    uuid[CV_HASH_KEY_LEN - 1] ^= 1;

    assert_string_not_equal(here, tag(NUMBER, NULL));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_known, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_masked, setup),
        cmocka_unit_test_setup(test_of_one_store, setup),
    };

    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
