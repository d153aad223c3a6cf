
/*
 * Copyright (C) The credverify authors
 *
 * Images of classes: one for each, of any bytes, under the class's number.
 */

#include "cv_codec.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>


static uint64_t
put_image(cv_txn_t *txn, cv_str_t data)
{
    cv_image_t  image;

    memset(&image, 0, sizeof(image));
    image.class.id = CV_STR("class");
    image.data = data;

    assert_int_equal(cv_resolve(txn, CV_IMAGE, &image, &error), CV_OK);
    assert_int_equal(cv_record_validate(&image, CV_IMAGE, &error), CV_OK);

    return cv_put(txn, CV_IMAGE, &image);
}


static void
expect(test_t *test, cv_str_t data)
{
    cv_txn_t    *txn;
    cv_image_t   image;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    assert_int_equal(cv_get_image(txn, 1, &image), cv_present(data));
    assert_true(!cv_present(data) || cv_str_eq(image.data, data));
    assert_true(!cv_present(data) || image.class.iid == 1);
    assert_false(cv_get_image(txn, 2, &image));
    assert_int_equal(cv_txn_err(txn, NULL), CV_OK);

    cv_snapshot_close(txn);
    assert_int_equal(check(test), 0);
}


/* what became of the class, by the audit trail, and of the change log */

static void
expect_trail(test_t *test, const char *expected, uint64_t changes)
{
    char             text[256];
    size_t           len;
    cv_txn_t        *txn;
    cv_walk_t        walk;
    cv_audit_t       entry;
    cv_store_stat_t  stat;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    len = 0;
    cv_audit_open(&walk, txn, CV_CLASS, 1);

    while (cv_audit_next(&walk, &entry)) {
        len += (size_t) snprintf(text + len, sizeof(text) - len, " %s",
                                 cv_action_names[entry.action]);
    }

    cv_walk_close(&walk);

    assert_string_equal(text, expected);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    assert_int_equal(stat.last_change, changes);

    cv_snapshot_close(txn);
}


static uint64_t
changes(test_t *test)
{
    cv_txn_t         *txn;
    cv_store_stat_t   stat;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);
    assert_int_equal(cv_store_stat(txn, &stat), CV_OK);
    cv_snapshot_close(txn);

    return stat.last_change;
}


static void
test_kept(void **state)
{
    test_t    *test = *state;
    cv_txn_t  *txn;
    uint64_t   before;

    fill(test);
    before = changes(test);
    expect(test, CV_ABSENT);

    txn = begin(test);
    assert_int_equal(put_image(txn, CV_STR("a\0b\xff")), 1);
    commit(txn);

    expect(test, CV_STR("a\0b\xff"));
    expect_trail(test, " created changed", before + 1);

    /* the same again is no change */

    txn = begin(test);
    assert_int_equal(put_image(txn, CV_STR("a\0b\xff")), 1);
    commit(txn);
    expect_trail(test, " created changed", before + 1);

    txn = begin(test);
    assert_int_equal(put_image(txn, CV_STR("other")), 1);
    commit(txn);

    expect(test, CV_STR("other"));
    expect_trail(test, " created changed changed", before + 2);

    txn = begin(test);
    assert_true(cv_delete_image(txn, 1));
    assert_false(cv_delete_image(txn, 1));
    assert_false(cv_delete_image(txn, 2));
    commit(txn);

    expect(test, CV_ABSENT);
    expect_trail(test, " created changed changed changed", before + 3);

    /* who imports one is told */

    txn = begin(test);
    cv_txn_action(txn, CV_ACTION_IMPORTED);
    assert_int_equal(put_image(txn, CV_STR("third")), 1);
    commit(txn);
    expect_trail(test, " created changed changed changed imported",
                 before + 4);
}


static void
test_bounds(void **state)
{
    test_t      *test = *state;
    uint8_t     *large;
    size_t       i;
    cv_txn_t    *txn;
    cv_image_t   image;

    fill(test);

    large = malloc(CV_IMAGE_MAX + 1);
    assert_non_null(large);

    for (i = 0; i < CV_IMAGE_MAX + 1; i++) {
        large[i] = (uint8_t) (i * 31 >> 4);
    }

    memset(&image, 0, sizeof(image));
    image.class.iid = 1;
    image.data = cv_str(large, CV_IMAGE_MAX + 1);

    assert_int_equal(cv_record_validate(&image, CV_IMAGE, &error),
                     CV_ERR_INPUT);
    assert_string_equal(error.text, "image: member \"data\" is 196609 bytes "
                        "long, at most 196608 are kept");

    /* 65535 is what other fields have at most */

    for (i = 65534; i < 65538; i++) {
        txn = begin(test);
        assert_int_equal(put_image(txn, cv_str(large, i)), 1);
        commit(txn);
        expect(test, cv_str(large, i));
    }

    txn = begin(test);
    assert_int_equal(put_image(txn, cv_str(large, CV_IMAGE_MAX)), 1);
    commit(txn);
    expect(test, cv_str(large, CV_IMAGE_MAX));

    free(large);
}


/* No damage goes unnoticed, and a length that lies reads nothing beyond. */

static void
test_damage(void **state)
{
    size_t       i;
    uint8_t     *exact;
    cv_buf_t     buf;
    cv_str_t     key;
    cv_image_t   image, again;

    (void) state;

    memset(&image, 0, sizeof(image));
    image.class.iid = 7;
    image.data = CV_STR("data");
    key = CV_STR("\0\0\0\0\0\0\0\7");

    cv_buf_init(&buf, CV_RECORD_MAX);
    cv_record_encode(&buf, CV_IMAGE, key, &image);

    assert_int_equal(cv_record_decode(&again, CV_IMAGE, key,
                                      cv_buf_str(&buf)), CV_OK);
    assert_true(cv_str_eq(again.data, image.data));

    for (i = 0; i < 8 * buf.len; i++) {
        buf.data[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(cv_record_decode(&again, CV_IMAGE, key,
                                          cv_buf_str(&buf)), CV_ERR_DAMAGED);

        /* nor if the checksum is not looked at, in memory of its own */

        exact = malloc(buf.len);
        assert_non_null(exact);
        memcpy(exact, buf.data, buf.len);
        (void) !cv_record_parse(&again, CV_IMAGE, cv_str(exact, buf.len));
        free(exact);

        buf.data[i / 8] ^= (uint8_t) (1 << i % 8);
    }

    for (i = 0; i < buf.len; i++) {
        assert_int_equal(cv_record_decode(&again, CV_IMAGE, key,
                                          cv_str(buf.data, i)),
                         CV_ERR_DAMAGED);
    }

    cv_buf_free(&buf);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        TEST(test_kept),
        TEST(test_bounds),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
