
/*
 * Copyright (C) The credverify authors
 */

#include "cv_qr.h"
#include "qr_read.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <qrencode.h>

#define SIDE_MAX  (117 + 2 * CV_QR_QUIET)
#define PATH_MAX_LEN  (256 * 1024)

/* pixels of a module, as a camera may see it */
#define ZOOM  3


typedef struct {
    unsigned  side;
    uint8_t   black[SIDE_MAX][SIDE_MAX];
} picture_t;

static picture_t  picture;
static uint8_t    grey[SIDE_MAX * ZOOM * SIDE_MAX * ZOOM];
static uint8_t    bytes[CV_QR_TEXT_MAX + 1];


/* The path drawn: nothing but runs, none beside or before the last one. */

static void
draw(const cv_buf_t *path, unsigned side)
{
    int          x, y, n, back, used, after;
    char        *p;
    static char  text[PATH_MAX_LEN];

    assert_true(path->len < sizeof(text));
    memcpy(text, path->data, path->len);
    text[path->len] = '\0';

    assert_true(side <= SIDE_MAX);
    memset(&picture, 0, sizeof(picture));
    picture.side = side;
    after = -1;

    for (p = text; *p != '\0'; p += used) {
        used = 0;
        assert_int_equal(sscanf(p, "M%d %dh%dv1h-%dz%n", &x, &y, &n, &back,
                                &used), 4);
        assert_true(used > 0 && n > 0 && n == back);
        assert_in_range(x, CV_QR_QUIET, side - CV_QR_QUIET - (unsigned) n);
        assert_in_range(y, CV_QR_QUIET, side - CV_QR_QUIET - 1);
        assert_true(y * SIDE_MAX + x > after);

        memset(&picture.black[y][x], 1, (size_t) n);
        after = y * SIDE_MAX + x + n;
    }
}


static void
encode(cv_str_t text)
{
    cv_buf_t  path;

    cv_buf_init(&path, PATH_MAX_LEN);
    assert_int_equal(cv_qr_path(&path, text), CV_OK);
    draw(&path, cv_qr_size(text));
    cv_buf_free(&path);
}


static size_t
read_picture(uint8_t *out, size_t max)
{
    unsigned  x, y, side;

    side = picture.side * ZOOM;

    for (y = 0; y < side; y++) {
        for (x = 0; x < side; x++) {
            grey[y * side + x] = picture.black[y / ZOOM][x / ZOOM] ? 0 : 255;
        }
    }

    return qr_read(out, max, grey, side);
}


static void
assert_read_back(cv_str_t text)
{
    size_t   len;
    uint8_t  out[CV_QR_TEXT_MAX];

    encode(text);
    len = read_picture(out, sizeof(out));

    assert_int_equal(len, text.len);
    assert_memory_equal(out, text.data, text.len);
}


static void
test_texts(void **state)
{
    size_t  i;

    static const char *const  texts[] = {
        "a",
        "0123456789",
        "https://verify.example/verify?code=LBxJ5RuX",
        "https://verify.example/verify/SCH-2026-WEB-000123",
        "https://verify.example/verify?token=0123456789abcdef0123456789abcdef"
        "0123456789abcdef0123456789abcdef",
        "https://pr\xc3\xbc" "fung.example/\xe8\xaf\x81\xe4\xb9\xa6?n=\xc3\xa9",
        "\xd9\x85\xd8\xad\xd9\x85\xd8\xaf \xf0\x9f\x8e\x93",
        "<svg onload=\"x\">&amp;'",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(texts); i++) {
        assert_read_back(cv_str_z(texts[i]));
    }
}


/* bytes are bytes, NUL among them */

static void
test_bytes(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < 256; i++) {
        bytes[i] = (uint8_t) i;
    }

    assert_read_back(cv_str(bytes, 256));
}


/* every module, of the shortest and the longest of each size */

static void
assert_is_code(cv_str_t text)
{
    int      x, y;
    QRcode  *code;

    code = QRcode_encodeData((int) text.len, text.data, 0, QR_ECLEVEL_M);
    assert_non_null(code);

    encode(text);
    assert_int_equal(picture.side, code->width + 2 * CV_QR_QUIET);

    for (y = 0; y < code->width; y++) {
        for (x = 0; x < code->width; x++) {
            assert_int_equal(picture.black[y + CV_QR_QUIET][x + CV_QR_QUIET],
                             code->data[y * code->width + x] & 1);
        }
    }

    QRcode_free(code);
}


static void
test_every_size(void **state)
{
    size_t    len, sizes;
    unsigned  size;

    (void) state;

    for (len = 0; len < sizeof(bytes); len++) {
        bytes[len] = (uint8_t) ('!' + len * 7 % 90);
    }

    size = cv_qr_size(cv_str(bytes, 1));
    assert_is_code(cv_str(bytes, 1));

    for (sizes = 1, len = 2; len <= CV_QR_TEXT_MAX; len++) {

        if (cv_qr_size(cv_str(bytes, len)) == size) {
            continue;
        }

        assert_is_code(cv_str(bytes, len - 1));
        assert_is_code(cv_str(bytes, len));
        assert_int_equal(cv_qr_size(cv_str(bytes, len)), size + 4);

        size += 4;
        sizes++;
    }

    assert_int_equal(sizes, 25);
    assert_int_equal(size, SIDE_MAX);
    assert_read_back(cv_str(bytes, CV_QR_TEXT_MAX));
}


static void
test_none(void **state)
{
    char      memory[64];
    cv_buf_t  path;

    (void) state;

    cv_buf_borrow(&path, memory, sizeof(memory));

    assert_int_equal(cv_qr_size(CV_STR("")), 0);
    assert_int_equal(cv_qr_path(&path, CV_STR("")), CV_ERR_INPUT);
    assert_int_equal(cv_qr_size(CV_ABSENT), 0);
    assert_int_equal(cv_qr_path(&path, CV_ABSENT), CV_ERR_INPUT);

    assert_int_equal(cv_qr_size(cv_str(bytes, sizeof(bytes))), 0);
    assert_int_equal(cv_qr_path(&path, cv_str(bytes, sizeof(bytes))),
                     CV_ERR_INPUT);

    assert_int_equal(path.len, 0);
    assert_false(cv_buf_failed(&path));

    assert_int_equal(cv_qr_path(&path, CV_STR("a")), CV_ERR_LIMIT);
}


static void *
encode_often(void *arg)
{
    size_t     i;
    cv_buf_t  *path = arg;

    for (i = 0; i < 200; i++) {
        cv_buf_reset(path);

        if (cv_qr_path(path, CV_STR("https://verify.example/")) != CV_OK) {
            cv_buf_reset(path);
            break;
        }
    }

    return NULL;
}


static void
test_threads(void **state)
{
    size_t     i;
    cv_buf_t   paths[4];
    pthread_t  threads[4];

    (void) state;

    for (i = 0; i < CV_COUNT(threads); i++) {
        cv_buf_init(&paths[i], PATH_MAX_LEN);
        assert_int_equal(pthread_create(&threads[i], NULL, encode_often,
                                        &paths[i]), 0);
    }

    for (i = 0; i < CV_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }

    for (i = 0; i < CV_COUNT(threads); i++) {
        assert_true(paths[i].len > 0);
        assert_true(cv_str_eq(cv_buf_str(&paths[i]), cv_buf_str(&paths[0])));
    }

    for (i = 0; i < CV_COUNT(threads); i++) {
        cv_buf_free(&paths[i]);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests_name("qr", tests, NULL, NULL);
}
