
/*
 * Copyright (C) The credverify authors
 */

#include "cv_buf.h"
#include "cv_qr.h"
#include "cv_raster.h"
#include "qr_read.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#define PNG_MAX  (16 * 1024 * 1024)

#define SVG(rest)                                                             \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" "                              \
    "xmlns:xlink=\"http://www.w3.org/1999/xlink\" "                           \
    "xmlns:xi=\"http://www.w3.org/2001/XInclude\" "                           \
    "viewBox=\"0 0 120 60\">" rest "</svg>"

#define RED  "<rect width='9999' height='9999' fill='#f00'/>"

static cv_error_t  error;


/* What fontconfig keeps of fonts, and libxml2 loses of a wrong entity. */

const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:xmlParseEntityValue\n";
}


static bool
append(void *to, const void *data, size_t len)
{
    cv_buf_append(to, data, len);

    return !cv_buf_failed(to);
}


static cv_err_t
raster(cv_buf_t *out, const char *svg, unsigned width, unsigned height)
{
    memset(&error, 0, sizeof(error));
    cv_buf_init(out, PNG_MAX);

    return cv_raster(cv_str_z(svg), width, height, append, out, &error);
}


/* The pixels, four bytes each, as libpng reads them; to be freed. */

static uint8_t *
pixels(const cv_buf_t *buf, unsigned width, unsigned height)
{
    uint8_t    *rgba;
    png_image   image;

    memset(&image, 0, sizeof(image));
    image.version = PNG_IMAGE_VERSION;

    assert_true(png_image_begin_read_from_memory(&image, buf->data,
                                                 buf->len));
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);

    image.format = PNG_FORMAT_RGBA;
    rgba = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(rgba);
    assert_true(png_image_finish_read(&image, NULL, rgba, 0, NULL));

    return rgba;
}


static uint8_t *
drawn(const char *svg, unsigned width, unsigned height)
{
    uint8_t   *rgba;
    cv_buf_t   out;

    if (raster(&out, svg, width, height) != CV_OK) {
        fail_msg("%s", error.text);
    }

    rgba = pixels(&out, width, height);
    cv_buf_free(&out);

    return rgba;
}


/* how many pixels are red, nothing but */

static size_t
reds(const char *svg)
{
    size_t    i, n;
    uint8_t  *rgba;

    rgba = drawn(svg, 120, 60);

    for (n = 0, i = 0; i < 120 * 60; i++) {
        n += memcmp(rgba + 4 * i, "\xff\x00\x00\xff", 4) == 0;
    }

    free(rgba);

    return n;
}


/* the first to use fonts, all at once */

static const char  words[] =
    SVG("<rect width='120' height='60' fill='#fff'/>"
        "<text x='5' y='30' font-size='20' font-family='DejaVu Sans'>"
        "Jos\xc3\xa9 \xd9\x85\xd8\xad \xe4\xb8\x96</text>");

static void *
draw_often(void *arg)
{
    int        i;
    cv_buf_t  *out = arg;

    for (i = 0; i < 2; i++) {
        cv_buf_free(out);

        if (raster(out, words, 240, 120) != CV_OK) {
            cv_buf_free(out);
            break;
        }
    }

    return NULL;
}


static void
test_threads(void **state)
{
    size_t     i, dark;
    uint8_t   *rgba;
    cv_buf_t   outs[8];
    pthread_t  threads[8];

    (void) state;

    for (i = 0; i < CV_COUNT(threads); i++) {
        cv_buf_init(&outs[i], PNG_MAX);
        assert_int_equal(pthread_create(&threads[i], NULL, draw_often,
                                        &outs[i]), 0);
    }

    for (i = 0; i < CV_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }

    rgba = pixels(&outs[0], 240, 120);

    for (dark = 0, i = 0; i < 240 * 120; i++) {
        dark += rgba[4 * i] < 128;
    }

    free(rgba);
    assert_in_range(dark, 100, 10000);

    for (i = 0; i < CV_COUNT(threads); i++) {
        assert_true(cv_str_eq(cv_buf_str(&outs[i]), cv_buf_str(&outs[0])));
    }

    for (i = 0; i < CV_COUNT(threads); i++) {
        cv_buf_free(&outs[i]);
    }
}


static void
test_pixels(void **state)
{
    size_t    x, y;
    uint8_t  *rgba, *p;

    (void) state;

    rgba = drawn(SVG("<rect width='60' height='60' fill='#f00'/>"
                     "<rect x='60' width='30' height='60' fill='#00f'/>"),
                 1200, 600);

    for (y = 0; y < 600; y++) {
        for (x = 0; x < 1200; x++) {
            p = rgba + 4 * (y * 1200 + x);
            assert_memory_equal(p, x < 600 ? "\xff\x00\x00\xff"
                                   : x < 900 ? "\x00\x00\xff\xff"
                                   : "\x00\x00\x00\x00", 4);
        }
    }

    free(rgba);
}


/* exactly that size, whatever the SVG is */

static void
test_sizes(void **state)
{
    size_t  i;

    static const struct {
        unsigned  width, height;
    } sizes[] = {
        { 1, 1 }, { 1200, 630 }, { 7, 3000 }, { CV_RASTER_SIDE_MAX, 1 },
    };

    static const char *const  svgs[] = {
        SVG(RED),
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='3in' height='9cm'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'/>",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(sizes) * CV_COUNT(svgs); i++) {
        free(drawn(svgs[i % CV_COUNT(svgs)], sizes[i / CV_COUNT(svgs)].width,
                   sizes[i / CV_COUNT(svgs)].height));
    }
}


/* a picture of a code, from a text to what a camera sees */

static void
test_code(void **state)
{
    size_t     i, len;
    uint8_t   *rgba, *grey, out[CV_QR_TEXT_MAX];
    cv_buf_t   svg;
    cv_str_t   text;
    unsigned   size;

    (void) state;

    text = CV_STR("https://verify.example/\xe8\xaf\x81?code=LBxJ5RuX");
    size = cv_qr_size(text);

    cv_buf_init(&svg, PNG_MAX);
    cv_buf_printf(&svg, "<svg xmlns='http://www.w3.org/2000/svg' "
                  "viewBox='0 0 %u %u' shape-rendering='crispEdges'>"
                  "<rect width='100%%' height='100%%' fill='#fff'/><path d='",
                  size, size);
    assert_int_equal(cv_qr_path(&svg, text), CV_OK);
    cv_buf_append(&svg, "'/></svg>", sizeof("'/></svg>"));
    assert_false(cv_buf_failed(&svg));

    rgba = drawn((const char *) svg.data, 300, 300);
    cv_buf_free(&svg);

    grey = malloc(300 * 300);
    assert_non_null(grey);

    for (i = 0; i < 300 * 300; i++) {
        grey[i] = rgba[4 * i];
    }

    len = qr_read(out, sizeof(out), grey, 300);

    free(grey);
    free(rgba);

    assert_int_equal(len, text.len);
    assert_memory_equal(out, text.data, text.len);
}


/* Files and addresses that a picture could be made red with. */

typedef struct {
    char   dir[64];
    int    watch;
    int    listener;
    int    port;
} outside_t;


static void
put(const outside_t *outside, const char *name, const char *text)
{
    char   path[128];
    FILE  *file;

    (void) snprintf(path, sizeof(path), "%s/%s", outside->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}


static const char *const  names[] = { "red.svg", "red.css", "red.txt" };

static void
outside_open(outside_t *outside)
{
    socklen_t           len;
    struct sockaddr_in  sin;

    (void) strcpy(outside->dir, "/tmp/cv_test_raster.XXXXXX");
    assert_non_null(mkdtemp(outside->dir));

    put(outside, names[0], SVG("<g id='red'>" RED "</g>"));
    put(outside, names[1], "#a { fill: #f00 }");
    put(outside, names[2], RED);

    outside->watch = inotify_init1(IN_NONBLOCK);
    assert_true(outside->watch != -1);
    assert_true(inotify_add_watch(outside->watch, outside->dir,
                                  IN_OPEN | IN_ACCESS) != -1);

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    len = sizeof(sin);

    outside->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(outside->listener, (struct sockaddr *) &sin, len),
                     0);
    assert_int_equal(listen(outside->listener, 8), 0);
    assert_int_equal(getsockname(outside->listener, (struct sockaddr *) &sin,
                                 &len), 0);
    outside->port = ntohs(sin.sin_port);
}


static bool
outside_touched(const outside_t *outside)
{
    struct pollfd  fds[2];

    fds[0] = (struct pollfd) { outside->watch, POLLIN, 0 };
    fds[1] = (struct pollfd) { outside->listener, POLLIN, 0 };

    return poll(fds, 2, 0) != 0;
}


static void
outside_close(outside_t *outside)
{
    char    path[128];
    size_t  i;

    for (i = 0; i < CV_COUNT(names); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", outside->dir, names[i]);
        assert_int_equal(unlink(path), 0);
    }

    assert_int_equal(rmdir(outside->dir), 0);
    (void) close(outside->watch);
    (void) close(outside->listener);
}


/* "~" is where all that is */

static const char *const  references[] = {
    SVG("<image href='~/red.svg' width='120' height='60'/>"),
    SVG("<image xlink:href='~/red.svg' width='120' height='60'/>"),
    SVG("<use href='~/red.svg#red'/>"),
    SVG("<use xlink:href='~/red.svg#red'/>"),
    SVG("<filter id='f'><feImage href='~/red.svg'/></filter>"
        "<rect width='120' height='60' filter='url(#f)'/>"),
    SVG("<rect width='120' height='60' fill='url(~/red.svg#red)'/>"),
    SVG("<rect width='120' height='60' mask='url(~/red.svg#red)'/>"),
    SVG("<style>@import url('~/red.css');</style>"
        "<rect id='a' width='120' height='60' fill='#00f'/>"),
    SVG("<style>@import '~/red.css';</style>"
        "<rect id='a' width='120' height='60' fill='#00f'/>"),
    SVG("<style>@font-face { font-family: a; src: url('~/red.txt') }</style>"
        "<text font-family='a' y='30'>a</text>"),
    SVG("<xi:include href='~/red.svg'/>"),
    SVG("<xi:include href='~/red.txt' parse='text'/>"),
    "<?xml-stylesheet type='text/css' href='~/red.css'?>"
    SVG("<rect id='a' width='120' height='60' fill='#00f'/>"),
    "<!DOCTYPE svg [<!ENTITY e SYSTEM '~/red.txt'>]>" SVG("&e;"),
    "<!DOCTYPE svg [<!ENTITY % e SYSTEM '~/red.txt'> %e;]>" SVG(""),
    "<!DOCTYPE svg SYSTEM '~/red.txt'>" SVG("&e;"),
};


static void
assert_alone(const outside_t *outside, const char *reference,
    const char *where)
{
    int          before;
    char         svg[1024];
    cv_buf_t     out;
    const char  *tilde;

    tilde = strchr(reference, '~');
    assert_non_null(tilde);
    before = (int) (tilde - reference);

    (void) snprintf(svg, sizeof(svg), "%.*s%s%s", before, reference, where,
                    tilde + 1);

    /* that it is refused is as good */

    if (raster(&out, svg, 120, 60) == CV_OK && reds(svg) > 0) {
        fail_msg("it was drawn: %s", svg);
    }

    cv_buf_free(&out);

    if (outside_touched(outside)) {
        fail_msg("it was read: %s", svg);
    }
}


static void
test_outside(void **state)
{
    char       where[128];
    size_t     i;
    outside_t  outside;

    (void) state;

    /* what would be seen, were it there */

    assert_int_equal(reds(SVG(RED)), 120 * 60);
    assert_int_equal(reds(SVG("<style>#a { fill: #f00 }</style>"
                              "<rect id='a' width='120' height='60' "
                              "fill='#00f'/>")), 120 * 60);
    assert_int_equal(reds(SVG("<g id='red'>" RED "</g><use href='#red'/>")),
                     120 * 60);
    assert_int_equal(reds("<!DOCTYPE svg [<!ENTITY e \"" RED "\">]>"
                          SVG("&e;")), 120 * 60);

    outside_open(&outside);

    for (i = 0; i < CV_COUNT(references); i++) {
        assert_alone(&outside, references[i], outside.dir);

        (void) snprintf(where, sizeof(where), "file://%s", outside.dir);
        assert_alone(&outside, references[i], where);

        (void) snprintf(where, sizeof(where), "../../../../../..%s",
                        outside.dir);
        assert_alone(&outside, references[i], where);

        (void) snprintf(where, sizeof(where), "http://127.0.0.1:%d",
                        outside.port);
        assert_alone(&outside, references[i], where);
    }

    outside_close(&outside);
}


static void
test_wrong(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const char *const  svgs[] = {
        "",
        "x",
        "<svg",
        "<svg xmlns='http://www.w3.org/2000/svg'>",
        "<svg xmlns='http://www.w3.org/2000/svg'><g></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'/>\n<a/>",
        "<svg xmlns='http://www.w3.org/2000/svg'>\xff</svg>",
        "<html/>",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(svgs); i++) {
        assert_int_equal(raster(&out, svgs[i], 120, 60), CV_ERR_INPUT);
        assert_int_equal(error.code, CV_ERR_INPUT);
        assert_true(error.text[0] != '\0');
        assert_null(strpbrk(error.text, "\r\n"));
        assert_int_equal(out.len, 0);
        cv_buf_free(&out);

        assert_int_equal(cv_raster(cv_str_z(svgs[i]), 120, 60, append, &out,
                                   NULL), CV_ERR_INPUT);
    }
}


static void
test_limits(void **state)
{
    char      *svg;
    size_t     i;
    cv_buf_t   out;

    static const unsigned  sizes[][2] = {
        { 0, 1 }, { 1, 0 }, { CV_RASTER_SIDE_MAX + 1, 1 },
        { 1, CV_RASTER_SIDE_MAX + 1 },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(sizes); i++) {
        assert_int_equal(raster(&out, SVG(RED), sizes[i][0], sizes[i][1]),
                         CV_ERR_LIMIT);
        cv_buf_free(&out);
    }

    svg = malloc(CV_RASTER_SVG_MAX + 2);
    assert_non_null(svg);
    memset(svg, ' ', CV_RASTER_SVG_MAX + 1);
    memcpy(svg, SVG(RED), sizeof(SVG(RED)) - 1);

    svg[CV_RASTER_SVG_MAX] = '\0';
    assert_int_equal(reds(svg), 120 * 60);

    svg[CV_RASTER_SVG_MAX] = ' ';
    svg[CV_RASTER_SVG_MAX + 1] = '\0';
    assert_int_equal(raster(&out, svg, 120, 60), CV_ERR_LIMIT);
    cv_buf_free(&out);
    free(svg);

    /* there is room for some of it */

    cv_buf_init(&out, 100);
    assert_int_equal(cv_raster(cv_str_z(SVG(RED)), 1200, 600, append, &out,
                               &error), CV_ERR_LIMIT);
    cv_buf_free(&out);
}


/* what a few bytes could make much of */

static void
test_bombs(void **state)
{
    size_t    i;
    cv_buf_t  out;

    static const char *const  svgs[] = {
        "<!DOCTYPE svg ["
        "<!ENTITY a '<g/><g/><g/><g/><g/><g/><g/><g/><g/><g/>'>"
        "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
        "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
        "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
        "<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
        "<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'>]>" SVG("&g;"),
        "<!DOCTYPE svg [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>" SVG("&a;"),
    };

    (void) state;

    for (i = 0; i < CV_COUNT(svgs); i++) {
        assert_int_not_equal(raster(&out, svgs[i], 120, 60), CV_OK);
        assert_null(strpbrk(error.text, "\r\n"));
        cv_buf_free(&out);
    }

    /* a circle is not followed, and is no error */

    assert_int_equal(raster(&out, SVG("<g id='a'><use href='#a'/></g>"), 1,
                            1), CV_OK);
    cv_buf_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bombs),
    };

    return cmocka_run_group_tests_name("raster", tests, NULL, NULL);
}
