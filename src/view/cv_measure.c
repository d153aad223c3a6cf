
/*
 * Copyright (C) The credverify authors
 */

#include "cv_measure.h"
#include "cv_measure_table.h"
#include "cv_text.h"

#define CV_MEASURE_ELLIPSIS  0x2026
#define CV_MEASURE_EMOJI     0xfe0f     /* makes a picture of what is before */
#define CV_MEASURE_TONE      0x1f3fb    /* and the four that follow */
#define CV_MEASURE_LAM       0x644

/* more of them are an attempt on what is around the text */

#define CV_MEASURE_MARKS     6
#define CV_MEASURE_PICTURES  4          /* in one that is made of several */

/* what begins and ends an isolated text, and the ellipsis */

#define CV_MEASURE_LRI       "\xe2\x81\xa6"
#define CV_MEASURE_RLI       "\xe2\x81\xa7"
#define CV_MEASURE_PDI       "\xe2\x81\xa9"
#define CV_MEASURE_DOTS      "\xe2\x80\xa6"
#define CV_MEASURE_SIGN_LEN  3


typedef struct {
    uint32_t                  code;
    size_t                    len;
    const cv_measure_kind_t  *kind;
} cv_measure_char_t;

/* a place in the text, and what is shown of the line up to it */

typedef struct {
    const uint8_t            *next;
    uint8_t                  *end;
    int32_t                   width;    /* in units */
    uint8_t                   first;    /* CV_KIND_LTR or CV_KIND_RTL: the
                                           text's first, 0 if there is none */
    bool                      turns;    /* some of it runs to the left */
} cv_measure_mark_t;

typedef struct {
    const uint8_t            *text_end;
    uint8_t                  *line;
    const uint8_t            *line_max;
    unsigned                  bold;
    cv_measure_mark_t         at;

    /* the cluster that is read */

    const uint8_t            *start;    /* in the text, behind white space */
    const cv_measure_kind_t  *base;
    cv_cluster_t              last;
    int32_t                   width;
    unsigned                  marks;
    unsigned                  pieces;   /* pictures, indicators: one is shown */
    bool                      picture;
    bool                      breaks;   /* a line may end before it */

    /* the letter that the next one may be joined to */

    bool                      joins;
    bool                      joined;   /* to what is before it */
    bool                      lam;
    int32_t                   counted;
    const cv_measure_forms_t *forms;    /* NULL if it stays as it is */
} cv_measure_scan_t;


/* the next character, but for those that show nothing */

static bool
cv_measure_next(cv_measure_scan_t *scan, cv_measure_char_t *ch)
{
    while (scan->at.next < scan->text_end) {
        ch->len = cv_utf8_decode(scan->at.next, scan->text_end, &ch->code);

        if (ch->len == 0) {
            scan->at.next++;
            continue;
        }

        ch->kind = cv_measure_kind(ch->code);

        if (ch->kind->cluster != CV_CLUSTER_DROP) {
            return true;
        }

        scan->at.next += ch->len;
    }

    return false;
}


static bool
cv_measure_put(cv_measure_scan_t *scan, const void *bytes, size_t len)
{
    if ((size_t) (scan->line_max - scan->at.end) < len) {
        return false;
    }

    memcpy(scan->at.end, bytes, len);
    scan->at.end += len;

    return true;
}


static bool
cv_measure_is_alef(uint32_t code)
{
    return code == 0x622 || code == 0x623 || code == 0x625 || code == 0x627;
}


/*
 * Letters are as wide as their form is, which depends on what they are joined
 * to: a letter's is known when the next one is.
 */

static void
cv_measure_join(cv_measure_scan_t *scan, const cv_measure_char_t *ch)
{
    int32_t                    width;
    bool                       joined;
    const cv_measure_forms_t  *forms;

    if (ch->kind->join == CV_JOIN_THROUGH) {
        return;
    }

    joined = scan->joins && ch->kind->join != CV_JOIN_NONE;
    width = ch->kind->width[scan->bold];
    forms = NULL;

    if (joined && scan->lam && cv_measure_is_alef(ch->code)) {
        scan->at.width += cv_measure_lam_alef[scan->joined][scan->bold]
                          - scan->counted - width;
        scan->joins = false;
        return;
    }

    if (joined && scan->forms != NULL) {
        scan->at.width += (scan->joined ? scan->forms->middle[scan->bold]
                                        : scan->forms->first[scan->bold])
                          - scan->counted;
    }

    if (ch->kind->join >= CV_JOIN_FORMS) {
        forms = &cv_measure_forms[ch->kind->join - CV_JOIN_FORMS];

        if (joined) {
            scan->at.width += forms->last[scan->bold] - width;
            width = forms->last[scan->bold];
        }

        if (forms->first[scan->bold] == 0) {
            forms = NULL;
        }
    }

    scan->joins = forms != NULL || ch->kind->join == CV_JOIN_CAUSE;
    scan->joined = joined;
    scan->lam = ch->code == CV_MEASURE_LAM;
    scan->counted = width;
    scan->forms = forms;
}


/* what the character makes the cluster wider by: of most only one thing is shown */

static int32_t
cv_measure_more(const cv_measure_scan_t *scan, const cv_measure_char_t *ch)
{
    bool     becomes;
    int32_t  width, picture;

    width = ch->kind->width[scan->bold];
    picture = cv_measure_kind(CV_MEASURE_TONE)->width[scan->bold];
    becomes = false;

    switch ((cv_cluster_t) ch->kind->cluster) {

    case CV_CLUSTER_PICTURE:
        becomes = scan->pieces > 0;
        break;

    case CV_CLUSTER_FLAG:
        return scan->last == CV_CLUSTER_FLAG ? 0 : width;

    case CV_CLUSTER_V:
        return scan->last == CV_CLUSTER_L ? 0 : width;

    case CV_CLUSTER_T:
        return scan->last == CV_CLUSTER_V || scan->last == CV_CLUSTER_LV
               ? 0 : width;

    case CV_CLUSTER_EXTEND:
        becomes = (ch->code == CV_MEASURE_EMOJI
                   && (scan->base->flags & CV_KIND_EMOJI))
                  || (ch->code - CV_MEASURE_TONE <= 4
                      && (scan->base->flags & CV_KIND_TONED)
                      && scan->last == CV_CLUSTER_PICTURE);
        break;

    default:
        break;
    }

    if (becomes) {
        return scan->width < picture ? picture - scan->width : 0;
    }

    return width;
}


static void
cv_measure_add
(cv_measure_scan_t *scan, const cv_measure_char_t *ch)
{
    int32_t       more;
    uint8_t       direction;
    cv_cluster_t  cluster;

    cluster = ch->kind->cluster;
    direction = ch->kind->flags & CV_KIND_NUMBER;

    more = cv_measure_more(scan, ch);
    scan->width += more;
    scan->at.width += more;
    cv_measure_join(scan, ch);

    if (direction != 0 && direction != CV_KIND_NUMBER && scan->at.first == 0) {
        scan->at.first = direction;
    }

    scan->at.turns |= (direction & CV_KIND_RTL) != 0;

    scan->pieces += cluster == CV_CLUSTER_PICTURE
                    || cluster == CV_CLUSTER_FLAG;
    scan->picture = cluster == CV_CLUSTER_PICTURE
                    || (scan->picture && (cluster == CV_CLUSTER_EXTEND
                                          || cluster == CV_CLUSTER_ZWJ));
    scan->last = cluster;
}


/* true if the character belongs to the cluster: UAX #29, GB6 to GB13 */

static bool
cv_measure_belongs(const cv_measure_scan_t *scan, cv_cluster_t cluster)
{
    switch (cluster) {

    case CV_CLUSTER_EXTEND:
    case CV_CLUSTER_ZWJ:
    case CV_CLUSTER_SPACING:
        return true;

    case CV_CLUSTER_SPACE:
    case CV_CLUSTER_NBSP:
    case CV_CLUSTER_BREAK:
        return false;

    default:
        break;
    }

    switch (scan->last) {

    case CV_CLUSTER_PREPEND:
        return true;

    case CV_CLUSTER_L:
        return cluster == CV_CLUSTER_L || cluster == CV_CLUSTER_V
               || cluster == CV_CLUSTER_LV || cluster == CV_CLUSTER_LVT;

    case CV_CLUSTER_V:
    case CV_CLUSTER_LV:
        return cluster == CV_CLUSTER_V || cluster == CV_CLUSTER_T;

    case CV_CLUSTER_T:
    case CV_CLUSTER_LVT:
        return cluster == CV_CLUSTER_T;

    case CV_CLUSTER_FLAG:
        return cluster == CV_CLUSTER_FLAG && scan->pieces % 2 == 1;

    case CV_CLUSTER_ZWJ:
        return cluster == CV_CLUSTER_PICTURE && scan->picture
               && scan->pieces < CV_MEASURE_PICTURES;

    default:
        return false;
    }
}


/* true if a line may end between characters, where there is no white space */

static bool
cv_measure_parts(uint8_t before, uint8_t after)
{
    return ((before | after) & CV_KIND_WIDE) && !(before & CV_KIND_OPEN)
           && !(after & CV_KIND_CLOSE);
}


/* the white space before a cluster, of which one space is shown at most */

static bool
cv_measure_space(cv_measure_scan_t *scan, cv_measure_char_t *ch)
{
    bool  space, nbsp;

    space = false;
    nbsp = false;
    scan->breaks = false;

    while (cv_measure_next(scan, ch)) {

        switch ((cv_cluster_t) ch->kind->cluster) {

        case CV_CLUSTER_SPACE:
            space = true;
            scan->breaks = true;
            break;

        case CV_CLUSTER_BREAK:
            scan->breaks = true;
            break;

        case CV_CLUSTER_NBSP:
            nbsp = true;
            break;

        default:
            goto found;
        }

        scan->at.next += ch->len;
    }

    return false;

found:

    scan->start = scan->at.next;
    scan->breaks |= !nbsp && scan->base != NULL
                    && cv_measure_parts(scan->base->flags, ch->kind->flags);

    if ((space || nbsp) && scan->at.end > scan->line) {
        scan->joins = false;
        scan->at.width += (int32_t) cv_measure_ascii[scan->bold][' '];

        return space ? cv_measure_put(scan, " ", 1)
                     : cv_measure_put(scan, "\xc2\xa0", 2);
    }

    return true;
}


typedef enum {
    CV_MEASURE_MORE = 0,
    CV_MEASURE_DONE,            /* the text is at its end */
    CV_MEASURE_FULL,            /* the space is */
} cv_measure_state_t;


static cv_measure_state_t
cv_measure_cluster(cv_measure_scan_t *scan)
{
    cv_measure_char_t  ch;

    if (!cv_measure_space(scan, &ch)) {
        return scan->at.next < scan->text_end ? CV_MEASURE_FULL
                                              : CV_MEASURE_DONE;
    }

    scan->base = ch.kind;
    scan->last = CV_CLUSTER_OTHER;
    scan->width = 0;
    scan->marks = 0;
    scan->pieces = 0;
    scan->picture = false;

    do {
        if (!(ch.kind->flags & CV_KIND_MARK)
            || scan->marks++ < CV_MEASURE_MARKS)
        {
            if (!cv_measure_put(scan, scan->at.next, ch.len)) {
                return CV_MEASURE_FULL;
            }

            cv_measure_add(scan, &ch);
        }

        scan->at.next += ch.len;

    } while (cv_measure_next(scan, &ch)
             && cv_measure_belongs(scan, ch.kind->cluster));

    return CV_MEASURE_MORE;
}


/* what is left out is missing behind "cut"; nothing is to come */

static void
cv_measure_cut(cv_measure_scan_t *scan, const cv_measure_mark_t *cut,
    int32_t dots, int32_t room)
{
    scan->at = *cut;

    if (dots <= room) {
        memcpy(scan->at.end, CV_MEASURE_DOTS, CV_MEASURE_SIGN_LEN);
        scan->at.end += CV_MEASURE_SIGN_LEN;
        scan->at.width += dots;
    }
}


/* one line of what is to come; true if something still is */

static bool
cv_measure_line(cv_measure_scan_t *scan, int32_t room, bool last)
{
    int32_t             dots;
    cv_measure_mark_t   before, most, cut, end;
    cv_measure_state_t  state;

    dots = cv_measure_kind(CV_MEASURE_ELLIPSIS)->width[scan->bold];

    scan->at.end = scan->line;
    scan->at.width = 0;
    scan->at.turns = false;
    scan->joins = false;

    most = scan->at;
    cut = scan->at;
    end.next = NULL;

    for ( ;; ) {
        before = scan->at;
        state = cv_measure_cluster(scan);

        if (state == CV_MEASURE_DONE && before.width <= room) {
            return false;
        }

        if (state != CV_MEASURE_DONE && scan->breaks
            && before.end > scan->line && before.width <= room)
        {
            end = before;
            end.next = scan->start;
        }

        /* a letter at the end is narrower once another is joined to it */

        if (state != CV_MEASURE_MORE
            || (scan->at.width > room && !scan->joins))
        {
            break;
        }

        if (scan->at.width <= room) {
            most = scan->at;
        }

        if (scan->at.width <= room - dots) {
            cut = scan->at;
        }
    }

    if (last || most.end == scan->line) {
        cv_measure_cut(scan, &cut, dots, room);
        return false;
    }

    scan->at = end.next != NULL ? end : most;

    return true;
}


/* units that there are */

static int32_t
cv_measure_room(const cv_measure_t *how)
{
    return (int32_t) ((uint32_t) how->width * CV_MEASURE_EM / how->size);
}


static cv_str_t
cv_measure_scan(uint8_t space[CV_MEASURE_MAX], cv_str_t text,
    const cv_measure_t *how, int32_t *width)
{
    bool               more;
    unsigned           i;
    cv_measure_scan_t  scan;

    memset(&scan, 0, sizeof(cv_measure_scan_t));
    scan.text_end = cv_str_end(text);
    scan.line = space + CV_MEASURE_SIGN_LEN;
    scan.line_max = space + CV_MEASURE_MAX - 2 * CV_MEASURE_SIGN_LEN;
    scan.bold = how->bold;
    scan.at.next = text.data;

    more = true;

    for (i = 0; more && i < how->line; i++) {
        more = cv_measure_line(&scan, cv_measure_room(how),
                               i + 1 == how->lines);
    }

    if (i < how->line) {
        *width = 0;
        return cv_str(space, 0);
    }

    *width = scan.at.width;

    if (scan.at.end == scan.line
        || !(scan.at.turns || scan.at.first == CV_KIND_RTL))
    {
        return cv_str(scan.line, (size_t) (scan.at.end - scan.line));
    }

    memcpy(space, scan.at.first == CV_KIND_RTL ? CV_MEASURE_RLI
                                               : CV_MEASURE_LRI,
           CV_MEASURE_SIGN_LEN);
    memcpy(scan.at.end, CV_MEASURE_PDI, CV_MEASURE_SIGN_LEN);

    return cv_str(space, (size_t) (scan.at.end - space)
                         + CV_MEASURE_SIGN_LEN);
}


/* true, and how wide it is, for a text that is shown as it is */

static bool
cv_measure_plain(cv_str_t text, const cv_measure_t *how, int32_t *width)
{
    uint64_t         sum;
    const uint8_t   *p, *end;
    const uint32_t  *widths;

    widths = cv_measure_ascii[how->bold];
    end = cv_str_end(text);
    sum = 0;

    if (text.len > CV_MEASURE_MAX / 2) {
        return false;
    }

    for (p = text.data; p < end; p++) {
        if (*p == ' ' && (p == text.data || p[-1] == ' ')) {
            return false;
        }

        sum += widths[*p];
    }

    *width = (int32_t) sum;

    return (text.len == 0 || end[-1] != ' ')
           && sum <= (uint64_t) cv_measure_room(how);
}


cv_str_t
cv_measure_fit(uint8_t space[CV_MEASURE_MAX], cv_str_t text,
    const cv_measure_t *how)
{
    int32_t  width;

    if (cv_measure_plain(text, how, &width)) {
        return how->line == 1 ? text : cv_str(space, 0);
    }

    return cv_measure_scan(space, text, how, &width);
}


unsigned
cv_measure_width(cv_str_t text, const cv_measure_t *how)
{
    int32_t  width;
    uint8_t  space[CV_MEASURE_MAX];

    if (cv_measure_plain(text, how, &width)) {
        width = how->line == 1 ? width : 0;

    } else {
        (void) cv_measure_scan(space, text, how, &width);
    }

    return ((uint32_t) width * how->size + CV_MEASURE_EM - 1) / CV_MEASURE_EM
           + how->add;
}
