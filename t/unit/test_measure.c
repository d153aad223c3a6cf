
/*
 * Copyright (C) The credverify authors
 *
 * Widths, grapheme clusters, lines.  Texts stand here as they are read, but
 * for characters that nobody would see.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "measure_check.h"

#define EM    2048                  /* a size at which a unit is 1 px */
#define EMOJI (EM * 11 / 8)


/* what HarfBuzz says of DejaVu 2.37: hb-shape --features=-kern */

static const struct {
    const char  *text;
    unsigned     regular;
    unsigned     bold;
} widths[] = {
    { "", 0, 0 },
    { "The quick brown dog", 21462, 24157 },
    { "0123456789 !\"#$%&()*+,-./:;<=>?@[]^_`{|}~", 49112, 52794 },
    { "Ærøskøbing Ñandú Œuvre ßÿ", 30004, 33726 },
    { "Łódź Žižkov Ŵŷĳŋ", 18452, 20745 },
    { "Nguye\u0302\u0303n Đức", 12562, 13921 },
    { "Фёдор Достоевский", 21560, 23858 },
    { "Київ Ґрунт Ђорђе", 18859, 20764 },
    { "Ἀριστοτέλης", 13230, 14573 },
    { "Ελληνικά", 9410, 10504 },
    { "פלוני אלמוני", 10690, 11979 },
    { "ש\u05c1\u05b8לו\u05b9ם", 4532, 4921 },
    { "Հայաստան", 12597, 12276 },
    { "საქართველო", 13350, 14119 },
    { "ລາວ", 3729, 4283 },
    { "€ £ ¥ → ★ ✓ ∑", 14463, 15291 },

    /* letters that are joined: first, between, last, alone; LAM with ALEF */

    { "محمد بن عبد الله", 14644, 17018 },
    { "فاطمة الزهراء", 12231, 14555 },
    { "عبدالرحمن السلطان", 17404, 20471 },
    { "نستعلیق پاکستان", 14400, 17242 },
    { "مؤسسة التدريب", 13903, 16211 },
    { "ڈاکٹر گڑیا", 8154, 9631 },
    { "لإدارة بلا كلام", 11270, 13663 },
    { "خامنه\u200cای", 6875, 8170 },
    { "ـــبــ", 3618, 4336 },
    { "م\u064fح\u064eم\u0651\u064eد", 4678, 5300 },
};


/* what the font does not have, in units */

static const struct {
    const char  *text;
    unsigned     width;
} others[] = {
    { "日本語", 3 * EM },
    { "한국", 2 * EM },
    { "ＡＢ", 2 * EM },
    { "ｱｲ", 2 * EM / 2 },
    { "\u1112\u1161\u11ab", EM },               /* one syllable */
    { "\u1112\u1112\u1161\u1161", 3 * EM },     /* no syllable's */
    { "สวัสดี", 4 * 1228 },
    { "\u200b\u200d\ufe0f\u0301\u200e", 0 },

    /* pictures, whatever they are made of */

    { "\U0001f600", EMOJI },
    { "\U0001f44b\U0001f3fd", EMOJI },
    { "a\U0001f3fd", 1255 + EMOJI },
    { "\U0001f422\U0001f3fd", 2 * EMOJI },
    { "\U0001f44b\U0001f3fd\U0001f3fd", 2 * EMOJI },
    { "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", EMOJI },
    { "\u270c\U0001f3fd", EMOJI },
    { "\u2764", 1716 },
    { "\u2764\ufe0f", EMOJI },
    { "\u2764\ufe0f\u200d\U0001f525", EMOJI },
    { "\u2764\u200d\U0001f525", EMOJI },
    { "1\ufe0f\u20e3", EMOJI },
    { "\U0001f1e9\U0001f1ea", EMOJI },
    { "\U0001f1e9\U0001f1ea\U0001f1eb", 2 * EMOJI },
    { "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067"
      "\U000e007f", EMOJI },

    /* four in one are the most there are */

    { "\U0001f422\u200d\U0001f422\u200d\U0001f422\u200d\U0001f422\u200d"
      "\U0001f422", 2 * EMOJI },
};


/* texts in their clusters */

static const char *const  clusters[] = {
    "a|b|c",
    "e\u0301|x",
    "n\u0303\u0323|n\u0303",
    "a\u200d|\U0001f469|x",
    "x|\U0001f468\u200d\U0001f469\u200d\U0001f467|\U0001f467|y",
    "\U0001f44b\U0001f3fd|\U0001f44b|\U0001f44b\U0001f3ff",
    "\u2764\ufe0f\u200d\U0001f525|1\ufe0f\u20e3|2",
    "\U0001f1e9\U0001f1ea|\U0001f1eb\U0001f1f7|\U0001f1ec",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f|x",
    "\u1112\u1161\u11ab|\u1100\u116e\u11a8|\uac00\u11a8|\uac01|\uac00",
    "नि|म्|स्|ते",
    "กำ|น้ำ|ไ|ท|ย",
    "ש\u05c1\u05b8|ל|ו\u05b9|ם",
    "د\u0651\u064e|ر|ز",
    "\u0600\u0661|\u0662",
    "漢\U000e0100|字|か\u3099",
};


static const struct {
    const char  *text;
    const char  *shown;
} shown[] = {
    { "", "" },
    { "  \t\r\n ", "" },
    { " a", "a" },
    { "a ", "a" },
    { "Jane  Smith", "Jane Smith" },
    { " \u3000Jane\t\r\n Smith\u2028", "Jane Smith" },
    { "a \u00a0 b", "a b" },
    { "a\u00a0\u202fb", "a\u00a0b" },
    { "a\u200bb\u00adc\ufeffd\u2060e", "abcde" },
    { "a\x01\x1b[31mb\x7f\xc2\x85\xc2\x9f" "c", "a[31mb c" },
    { "\u202eevil\u202c \u2066x\u2069\u2067\u2068", "evil x" },
    { "\u206a\ufffe\U0001fffe\ufdd0z\U000e0001", "z" },
    { "خامنه\u200cای", MEASURE_RLI "خامنه\u200cای" MEASURE_PDI },
    { "שלום, Jane (1)", MEASURE_RLI "שלום, Jane (1)" MEASURE_PDI },
    { "Jane (שלום)", MEASURE_LRI "Jane (שלום)" MEASURE_PDI },
    { "1. שלום", MEASURE_RLI "1. שלום" MEASURE_PDI },
    { "Jane \u200f", MEASURE_LRI "Jane \u200f" MEASURE_PDI },
    { "a\u200eb", "a\u200eb" },
    { "٤ שלום", MEASURE_RLI "٤ שלום" MEASURE_PDI },
    { "no ٤", MEASURE_LRI "no ٤" MEASURE_PDI },
    { MEASURE_LRI "ש" MEASURE_PDI, MEASURE_RLI "ש" MEASURE_PDI },

    /* of eight marks on one letter six */

    { "o\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307x",
      "o\u0300\u0301\u0302\u0303\u0304\u0305x" },
    { "o\u0300\u0301\u0302\ufe0fx", "o\u0300\u0301\u0302\ufe0fx" },
};


/* at a size of 10 px */

static const struct {
    const char    *text;
    uint16_t       width;
    uint8_t        lines;
    const char    *expected[4];
} lines[] = {
    { "Jane Smith", 100, 1, { "Jane Smith" } },
    { "Jane Smith", 100, 3, { "Jane Smith", "", "" } },
    { "Jane Smith", 40, 1, { "Jane…" } },
    { "Jane Smith", 40, 2, { "Jane", "Smith" } },
    { "Jane  Smith", 40, 2, { "Jane", "Smith" } },
    { "Jane Smith Jones", 40, 2, { "Jane", "Smith…" } },
    { "Jane Smith Jones", 60, 2, { "Jane Smith", "Jones" } },
    { "Jane\u00a0Smith Jones", 60, 2, { "Jane\u00a0Smith", "Jones" } },
    { "Jane\u00a0Smith", 40, 2, { "Jane\u00a0S", "mith" } },
    { "Jane\u200bSmith", 40, 2, { "Jane", "Smith" } },
    { "Donaudampfschifffahrt", 50, 3, { "Donauda", "mpfschifff", "ahrt" } },
    { "a Donaudampfschifffahrt", 50, 3, { "a", "Donauda", "mpfschi…" } },
    { "Jane Smith, Doctor", 50, 4, { "Jane", "Smith,", "Doctor", "" } },

    /* wide ones: beside each, but not before what closes or after what opens */

    { "日本語の長い名前", 40, 3, { "日本語の", "長い名前", "" } },
    { "日本語。長い「名前」", 30, 4, { "日本", "語。長", "い「名", "前」" } },
    { "長い名前（日本", 50, 2, { "長い名前", "（日本" } },
    { "名前Smith日本", 45, 3, { "名前", "Smith日", "本" } },
    { "名前!?名前", 25, 3, { "名", "前!?", "名前" } },
    { "名前\u00a0名前", 25, 3, { "名", "前\u00a0名", "前" } },
    { "\U0001f600\U0001f600\U0001f600", 30, 2,
      { "\U0001f600\U0001f600", "\U0001f600" } },
    { "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 20, 2,
      { "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7" } },

    /* lines from right to left: the paragraph's first letter tells */

    { "שלום עולם Jane (1)", 60, 2,
      { MEASURE_RLI "שלום עולם" MEASURE_PDI,
        MEASURE_RLI "Jane (1)" MEASURE_PDI } },
    { "שלום Jane Smith", 45, 2,
      { MEASURE_RLI "שלום" MEASURE_PDI,
        MEASURE_RLI "Jane S…" MEASURE_PDI } },
    { "Jane Smith שלום", 60, 2,
      { "Jane Smith", MEASURE_LRI "שלום" MEASURE_PDI } },
    { "Jane Smith שלום", 50, 1, { "Jane S…" } },
    { "Jane שלום Smith", 60, 2,
      { MEASURE_LRI "Jane שלום" MEASURE_PDI, "Smith" } },
    { "محمد بن عبد الله", 50, 1, { MEASURE_RLI "محمد بن…" MEASURE_PDI } },

    /* no room for what comes next, or for anything */

    { "W日", 9, 3, { "", "", "" } },
    { "a\U0001f600b", 12, 3, { "a", "…", "" } },
    { "日本", 10, 3, { "日", "本", "" } },
    { "abc", 9, 1, { "" } },
    { "abc", 10, 1, { "…" } },
    { "abc", 1, 3, { "", "", "" } },
};


static cv_measure_t
measure(uint16_t size, uint16_t width, uint8_t n)
{
    return (cv_measure_t) { .size = size, .width = width, .line = 1,
                            .lines = n };
}


static void
assert_shown(cv_str_t text, const char *expected, const char *of)
{
    if (!cv_str_eq(text, cv_str_z(expected))) {
        fail_msg("\"%s\" is shown as \"%.*s\", not \"%s\"", of, CV_FMT(text),
                 expected);
    }
}


static void
assert_holds(cv_str_t text, const cv_measure_t *how)
{
    const char  *wrong;

    wrong = measure_check(text, how);

    if (wrong != NULL) {
        fail_msg("%s: size %u, %u px, %u lines%s, \"%.*s\"", wrong, how->size,
                 how->width, how->lines, how->bold ? ", bold" : "",
                 CV_FMT(text));
    }
}


static void
assert_width(const char *text, bool bold, unsigned expected)
{
    unsigned      width;
    cv_measure_t  how;

    how = measure(EM, MEASURE_ROOM, 1);
    how.bold = bold;
    width = cv_measure_width(cv_str_z(text), &how);

    if (width != expected) {
        fail_msg("\"%s\"%s has %u units, not %u", text, bold ? " bold" : "",
                 width, expected);
    }
}


static void
test_widths(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < CV_COUNT(widths); i++) {
        assert_width(widths[i].text, false, widths[i].regular);
        assert_width(widths[i].text, true, widths[i].bold);
    }

    for (i = 0; i < CV_COUNT(others); i++) {
        assert_width(others[i].text, false, others[i].width);
    }
}


/* rounded up, and what is added to it */

static void
test_px(void **state)
{
    size_t        i;
    cv_measure_t  how;

    static const struct {
        const char  *text;
        uint16_t     size;
        uint16_t     width;
        uint16_t     add;
        unsigned     expected;
    } cases[] = {
        { "", 11, 100, 0, 0 },
        { "", 11, 100, 7, 7 },
        { "日", 11, 100, 0, 11 },
        { "i", 11, 100, 0, 4 },         /* 3.06 */
        { "i", 11, 100, 20, 24 },
        { "日本語", 10, 30, 5, 35 },
        { "日本語", 10, 29, 5, 25 },     /* 日… */
        { "日本語", 10, 9, 5, 5 },
        { "\u0301", 1000, 1, 0, 0 },
        { "日日日日日日日日日日", 1000, 10000, 10000, 20000 },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        how = measure(cases[i].size, cases[i].width, 1);
        how.add = cases[i].add;
        assert_int_equal(cv_measure_width(cv_str_z(cases[i].text), &how),
                         cases[i].expected);
    }

    assert_int_equal(cv_measure_width(CV_ABSENT, &how), 10000);
}


/* cut at every width: between clusters alone, and between all of them */

static void
assert_clusters(const char *pattern)
{
    char          text[256];
    size_t        i, n, len;
    bool          ends[256], seen[256];
    uint8_t       space[CV_MEASURE_MAX];
    uint16_t      px;
    cv_str_t      cut;
    cv_measure_t  how;

    memset(ends, 0, sizeof(ends));
    memset(seen, 0, sizeof(seen));

    for (len = 0; *pattern != '\0'; pattern++) {
        if (*pattern == '|') {
            ends[len] = true;
        } else {
            text[len++] = *pattern;
        }
    }

    ends[len] = true;
    n = len;
    len += (size_t) sprintf(text + len, "WW");

    for (px = 1; px < 1000; px++) {
        how = measure(50, px, 1);
        cut = measure_bare(cv_measure_fit(space, cv_str(text, len), &how));

        if (!measure_ends(cut, MEASURE_DOTS)) {
            continue;
        }

        cut.len -= 3;

        if (memcmp(text, cut.data, cut.len) != 0
            || (cut.len > 0 && !ends[cut.len]))
        {
            fail_msg("\"%s\" is cut to \"%.*s\"", text, CV_FMT(cut));
        }

        seen[cut.len] = true;
    }

    for (i = 1; i <= n; i++) {
        if (ends[i] && !seen[i]) {
            fail_msg("\"%s\" is never cut at %zu", text, i);
        }
    }
}


static void
test_clusters(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < CV_COUNT(clusters); i++) {
        assert_clusters(clusters[i]);
    }
}


static void
test_shown(void **state)
{
    size_t        i;
    uint8_t       space[CV_MEASURE_MAX];
    cv_measure_t  how;

    (void) state;

    how = measure(10, 1000, 1);

    for (i = 0; i < CV_COUNT(shown); i++) {
        assert_shown(cv_measure_fit(space, cv_str_z(shown[i].text), &how),
                     shown[i].shown, shown[i].text);
        assert_holds(cv_str_z(shown[i].text), &how);
    }
}


static void
test_lines(void **state)
{
    size_t        i;
    uint8_t       space[CV_MEASURE_MAX];
    cv_measure_t  how;

    (void) state;

    for (i = 0; i < CV_COUNT(lines); i++) {
        how = measure(10, lines[i].width, lines[i].lines);
        assert_holds(cv_str_z(lines[i].text), &how);

        for (how.line = 1; how.line <= how.lines; how.line++) {
            assert_shown(cv_measure_fit(space, cv_str_z(lines[i].text), &how),
                         lines[i].expected[how.line - 1], lines[i].text);
        }
    }
}


/* what is as it was is not copied */

static void
test_borrows(void **state)
{
    uint8_t       space[CV_MEASURE_MAX];
    cv_str_t      text;
    cv_measure_t  how;

    (void) state;

    how = measure(10, 100, 1);
    text = CV_STR("Jane Smith");
    assert_ptr_equal(cv_measure_fit(space, text, &how).data, text.data);
    assert_ptr_equal(cv_measure_fit(space, CV_ABSENT, &how).data, NULL);
}


/* texts that are longer than what there is space for, of all kinds */

static void
test_long(void **state)
{
    char          text[40000];
    size_t        i, n, len;
    cv_measure_t  how;

    static const char *const  parts[] = {
        "i", "i ", "é", "\u0301", "e\u0301", "\u200d", "\u202e", " ", "日",
        "ש", "ب", "\U0001f468\u200d", "\U000e0067", "\u1112", "\u1161",
        "\u0600", "\U0001f1e9", "\ufe0f", "\u00a0", "\u200b",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(parts); i++) {
        len = strlen(parts[i]);

        for (n = 0; n + len <= sizeof(text); n += len) {
            memcpy(text + n, parts[i], len);
        }

        how = measure(1, 10000, 1);
        assert_holds(cv_str(text, n), &how);
        how.lines = CV_MEASURE_LINES_MAX;
        assert_holds(cv_str(text, n), &how);
        how.width = 100;
        assert_holds(cv_str(text, n), &how);
    }
}


/* a letter is as wide as what it is joined to has it, in the line it is in */

static void
test_joined(void **state)
{
    cv_str_t      text;
    cv_measure_t  how;

    (void) state;

    text = CV_STR("بببببب");
    how = measure(EM, 3300, 2);
    assert_int_equal(cv_measure_width(text, &how), 3199);
    how.line = 2;
    assert_int_equal(cv_measure_width(text, &how), 3199);

    /* narrower than its first letter alone */

    text = CV_STR("بع");
    how = measure(EM, 1660, 1);
    assert_int_equal(cv_measure_width(text, &how), 1660);
    assert_holds(text, &how);
}


/* made-up texts, the same ones every time */

static unsigned
roll(uint64_t *seed, unsigned n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;

    return (unsigned) (*seed >> 33) % n;
}


static void
test_properties(void **state)
{
    char          text[512];
    size_t        i, len;
    uint64_t      seed;
    unsigned      n, parts;
    const char   *part;
    cv_measure_t  how;

    static const char *const  made_of[] = {
        "a", "W", "i", ".", " ", " ", "  ", "\n", "é", "e", "\u0301", "\u0323",
        "\u00a0", "\u200b", "\u200d", "\u200c", "\u200e", "\u200f", "\u202e",
        "\u2067", "\u2069", "\ufe0f", "\u20e3", "1", "ш", "Ω", "ש", "\u05b8",
        "ب", "ل", "ا", "د", "ـ", "\u064e", "٣", "\u0600", "日", "。", "「",
        "ｱ", "한", "\u1112", "\u1161", "\u11ab", "नि", "\u094d", "ไทย", "\u2764",
        "\U0001f468", "\U0001f3fd", "\U0001f1e9", "\U0001f600", "\U000e0067",
        "…", "(", ")", "\u3000", "\ufdfd",
    };

    (void) state;

    seed = 1;

    for (i = 0; i < 20000; i++) {
        parts = roll(&seed, 24);
        len = 0;

        for (n = 0; n < parts; n++) {
            part = made_of[roll(&seed, CV_COUNT(made_of))];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }

        how = measure((uint16_t) (1 + roll(&seed, 30)),
                      (uint16_t) (1 + roll(&seed, 200)),
                      (uint8_t) (1 + roll(&seed, 3)));
        how.bold = roll(&seed, 2);
        assert_holds(cv_str(text, len), &how);
    }
}


/* what cannot come, and must do no harm */

static void
test_malformed(void **state)
{
    size_t        i;
    uint8_t       space[CV_MEASURE_MAX];
    cv_measure_t  how;

    static const char *const  cases[] = {
        "\x80", "a\xc3", "\xe2\x80", "\xf0\x9f\x98", "\xff\xfe", "\xc0\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2z",
    };

    static const char *const  expected[] = {
        "", "a", "", "", "", "", "", "", "az",
    };

    (void) state;

    how = measure(10, 100, 1);

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_shown(cv_measure_fit(space, cv_str_z(cases[i]), &how),
                     expected[i], cases[i]);
    }

    assert_shown(cv_measure_fit(space, cv_str("a\0b", 3), &how), "ab", "NUL");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_px),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_borrows),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
