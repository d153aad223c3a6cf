
/*
 * Copyright (C) The credverify authors
 *
 * What holds of every text, however it is measured.
 */

#ifndef MEASURE_CHECK_H
#define MEASURE_CHECK_H

#include "cv_measure.h"
#include "cv_text.h"

#define MEASURE_ROOM  60000         /* px; at a size of 1, for every text */

#define MEASURE_LRI   "\u2066"
#define MEASURE_RLI   "\u2067"
#define MEASURE_PDI   "\u2069"
#define MEASURE_DOTS  "\u2026"


static inline bool
measure_begins(cv_str_t s, const char *with)
{
    return s.len >= strlen(with) && memcmp(s.data, with, strlen(with)) == 0;
}


static inline bool
measure_ends(cv_str_t s, const char *with)
{
    size_t  len;

    len = strlen(with);

    return s.len >= len && memcmp(s.data + s.len - len, with, len) == 0;
}


/* without what isolates it */

static inline cv_str_t
measure_bare(cv_str_t s)
{
    if (measure_begins(s, MEASURE_LRI) || measure_begins(s, MEASURE_RLI)) {
        return cv_str(s.data + 3, s.len - 6);
    }

    return s;
}


/* appends a text without spaces */

static inline size_t
measure_pack(uint8_t *to, cv_str_t s)
{
    size_t  i, n;

    for (n = 0, i = 0; i < s.len; i++) {

        if (s.data[i] == ' ') {
            continue;
        }

        if (i + 1 < s.len && memcmp(s.data + i, "\u00a0", 2) == 0) {
            i++;
            continue;
        }

        to[n++] = s.data[i];
    }

    return n;
}


/* what is wrong with what is shown, or NULL */

static inline const char *
measure_check_shown(cv_str_t shown, unsigned px)
{
    size_t    i;
    bool      isolated;
    uint32_t  ch;

    if (shown.len == 0) {
        return px == 0 ? NULL : "nothing, but it has a width";
    }

    if (shown.len > CV_MEASURE_MAX) {
        return "too long";
    }

    isolated = measure_bare(shown).len != shown.len;

    if (isolated && !measure_ends(shown, MEASURE_PDI)) {
        return "isolated, but not at its end";
    }

    shown = measure_bare(shown);

    if (shown.len == 0 || shown.data[0] == ' '
        || shown.data[shown.len - 1] == ' ')
    {
        return "nothing, or white space at an end";
    }

    if (memmem(shown.data, shown.len, "  ", 2) != NULL) {
        return "two spaces";
    }

    if (!cv_utf8_valid(shown)) {
        return "not UTF-8";
    }

    for (i = 0; i < shown.len; ) {
        i += cv_utf8_decode(shown.data + i, shown.data + shown.len, &ch);

        if (ch < 0x20 || (ch >= 0x7f && ch <= 0x9f)
            || (ch >= 0x202a && ch <= 0x202e)
            || (ch >= 0x2066 && ch <= 0x206f) || ch == 0x2028 || ch == 0x2029)
        {
            return "a control character";
        }

        if (((ch >= 0x5d0 && ch <= 0x5ea) || (ch >= 0x620 && ch <= 0x64a)
             || ch == 0x200f) && !isolated)
        {
            return "letters from right to left that are not isolated";
        }
    }

    return NULL;
}


/* a text that is cut, once more */

static inline const char *
measure_check_again(cv_str_t shown, unsigned px, const cv_measure_t *how)
{
    uint8_t       space[CV_MEASURE_MAX];
    cv_str_t      again;
    cv_measure_t  other;

    again = cv_measure_fit(space, shown, how);

    if (!cv_str_eq(again, shown)) {
        return "not the same when it is cut again";
    }

    other = *how;
    other.width = MEASURE_ROOM;

    if (cv_measure_width(shown, &other) > px) {
        return "wider than it was";
    }

    return NULL;
}


/* what is wrong with how UTF-8 is shown, or NULL */

static inline const char *
measure_check(cv_str_t text, const cv_measure_t *given)
{
    size_t         n, nwhole;
    unsigned       px;
    uint8_t        space[CV_MEASURE_MAX], whole[CV_MEASURE_MAX];
    uint8_t        joined[20 * CV_MEASURE_MAX];
    cv_str_t       shown;
    const char    *wrong;
    cv_measure_t   how, room;

    room = (cv_measure_t) { .size = 1, .width = MEASURE_ROOM, .line = 1,
                            .lines = 1, .bold = given->bold };
    shown = cv_measure_fit(space, text, &room);
    nwhole = measure_pack(whole, measure_bare(shown));

    how = *given;
    how.add = 0;
    n = 0;

    for (how.line = 1; how.line <= how.lines; how.line++) {
        shown = cv_measure_fit(space, text, &how);
        px = cv_measure_width(text, &how);

        if (px > how.width) {
            return "wider than there is room";
        }

        wrong = measure_check_shown(shown, px);

        if (wrong == NULL && how.lines == 1) {
            wrong = measure_check_again(shown, px, &how);
        }

        if (wrong != NULL) {
            return wrong;
        }

        n += measure_pack(joined + n, measure_bare(shown));
    }

    if (n == nwhole && memcmp(joined, whole, n) == 0) {
        return NULL;
    }

    /* several lines may show more than fits into the space of one */

    if (n > nwhole && text.len > CV_MEASURE_MAX / 2
        && measure_ends(cv_str(whole, nwhole), MEASURE_DOTS))
    {
        return memcmp(joined, whole, nwhole - 3) == 0
               ? NULL : "not how a long text begins";
    }

    how.line = 1;
    room.size = how.size;

    if (how.lines == 1 && cv_measure_width(text, &room) <= how.width) {
        return "cut, but there is room";
    }

    if (measure_ends(cv_str(joined, n), MEASURE_DOTS)) {
        n -= 3;

    } else if (cv_measure_width(CV_STR(MEASURE_DOTS), &room) <= how.width) {
        return "cut without an ellipsis";
    }

    return n <= nwhole && memcmp(joined, whole, n) == 0
           ? NULL : "not how the text begins";
}

#endif /* MEASURE_CHECK_H */
