
/*
 * Copyright (C) The credverify authors
 */

#include "cv_tar.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* 2026-03-11T10:30:00Z */
#define NOW  ((cv_time_t) 1773225000000)


static uint8_t  block[CV_TAR_BLOCK];


/* the checksum again, after a test has changed something */

static void
sum(void)
{
    size_t    i;
    unsigned  n;

    memset(block + 148, ' ', 8);

    for (n = 0, i = 0; i < sizeof(block); i++) {
        n += block[i];
    }

    (void) snprintf((char *) block + 148, 8, "%06o", n);
}


static void
test_bytes(void **state)
{
    (void) state;

    cv_tar_header(block, CV_STR("store/data.mdb"), 16384, NOW);

    assert_memory_equal(block, "store/data.mdb", 15);
    assert_memory_equal(block + 100, "0000600", 8);
    assert_memory_equal(block + 108, "0000000", 8);
    assert_memory_equal(block + 116, "0000000", 8);
    assert_memory_equal(block + 124, "00000040000", 12);
    assert_memory_equal(block + 136, "15154242050", 12);
    assert_int_equal(block[156], '0');
    assert_memory_equal(block + 257, "ustar\00000", 8);
    assert_int_equal(block[155], ' ');
}


static void
test_sizes(void **state)
{
    size_t          i;
    cv_tar_entry_t  entry;

    static const uint64_t  sizes[] = {
        0, 1, 511, 512, 513, 16384, (uint64_t) 1 << 33,
        ((uint64_t) 1 << 33) - 1, (uint64_t) 1 << 46, INT64_MAX
    };

    (void) state;

    for (i = 0; i < CV_COUNT(sizes); i++) {
        cv_tar_header(block, CV_STR("name"), sizes[i], NOW);

        assert_true(cv_tar_read(&entry, block));
        assert_int_equal(entry.size, sizes[i]);
        assert_int_equal(entry.type, CV_TAR_FILE);
        assert_true(cv_str_eq(entry.name, CV_STR("name")));
        assert_int_equal((sizes[i] + cv_tar_padding(sizes[i])) % CV_TAR_BLOCK,
                         0);
        assert_true(cv_tar_padding(sizes[i]) < CV_TAR_BLOCK);
    }
}


static void
test_wrong(void **state)
{
    size_t          i;
    cv_tar_entry_t  entry;

    (void) state;

    /* no byte may change */

    for (i = 0; i < sizeof(block); i++) {
        cv_tar_header(block, CV_STR("name"), 1000, NOW);
        block[i] ^= 1;

        if (i != 154 && i != 155) {
            assert_false(cv_tar_read(&entry, block));
        }
    }

    memset(block, 0, sizeof(block));
    assert_true(cv_tar_ends(block));
    assert_false(cv_tar_read(&entry, block));

    block[511] = 1;
    assert_false(cv_tar_ends(block));

    /* sizes that are none, or no file has */

    cv_tar_header(block, CV_STR("name"), 1000, NOW);
    memcpy(block + 124, "-0000001750", 12);
    sum();
    assert_false(cv_tar_read(&entry, block));

    memset(block + 124, 0xff, 12);
    block[124] = 0x80;
    sum();
    assert_false(cv_tar_read(&entry, block));

    /* no other magic number */

    cv_tar_header(block, CV_STR("name"), 1000, NOW);
    memset(block + 257, 0, 8);
    sum();
    assert_false(cv_tar_read(&entry, block));
}


static void
test_types(void **state)
{
    size_t          i;
    cv_tar_entry_t  entry;

    static const struct {
        char           type;
        cv_tar_type_t  is;
    } types[] = {
        { '0', CV_TAR_FILE }, { '\0', CV_TAR_FILE }, { '5', CV_TAR_DIRECTORY },
        { '1', CV_TAR_OTHER }, { '2', CV_TAR_OTHER }, { 'x', CV_TAR_OTHER },
        { 'L', CV_TAR_OTHER },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(types); i++) {
        cv_tar_header(block, CV_STR("name"), 1000, NOW);
        block[156] = (uint8_t) types[i].type;
        sum();

        assert_true(cv_tar_read(&entry, block));
        assert_int_equal(entry.type, types[i].is);
    }

    /* the rest of a name that is split is not looked at */

    cv_tar_header(block, CV_STR("name"), 1000, NOW);
    block[345] = 'p';
    sum();
    assert_true(cv_tar_read(&entry, block));
    assert_int_equal(entry.type, CV_TAR_OTHER);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
