
/*
 * Copyright (C) The credverify authors
 *
 * Where a value may stand in a page, how it is escaped there, and where a
 * section may begin and end.
 */

#include "cv_view_markup.h"


typedef enum {
    CV_SCHEME_OPEN = 0,     /* what follows may still be part of one */
    CV_SCHEME_PLAIN,        /* none, or one that names no script */
    CV_SCHEME_OTHER,
    CV_SCHEME_HIDDEN,       /* written in character references */
} cv_markup_scheme_t;


/* what a URL's constant beginning tells of its scheme */

static cv_markup_scheme_t
cv_markup_scheme(const cv_markup_t *markup)
{
    size_t    i;
    cv_str_t  s;

    static const char *const  plain[] = {
        "http", "https", "mailto", "tel", NULL
    };

    s = cv_markup_full(&markup->value);

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == ':') {
            return cv_markup_is_one_of(cv_str(s.data, i), plain)
                   ? CV_SCHEME_PLAIN : CV_SCHEME_OTHER;
        }

        if (s.data[i] == '&') {
            return CV_SCHEME_HIDDEN;
        }

        if (strchr("/?#", s.data[i]) != NULL) {
            return CV_SCHEME_PLAIN;
        }
    }

    return s.len < CV_MARKUP_NAME_MAX ? CV_SCHEME_OPEN : CV_SCHEME_OTHER;
}


static bool
cv_markup_is_url(const cv_markup_t *markup)
{
    static const char *const  urls[] = {
        "href", "src", "action", "cite", "poster", "formaction", "data",
        "background", "longdesc", "base", NULL
    };

    return cv_markup_is_one_of(cv_markup_local(&markup->attr), urls);
}


/* a value that follows the beginning of a URL */

static cv_view_opcode_t
cv_markup_value_in_url(cv_markup_t *markup)
{
    if (markup->forked) {
        (void) cv_markup_fail(markup, "a value in a URL whose scheme depends "
                              "on a section");
        return CV_OP_END;
    }

    switch (cv_markup_scheme(markup)) {

    case CV_SCHEME_HIDDEN:
        (void) cv_markup_fail(markup, "a value in a URL that begins with a "
                              "character reference");
        return CV_OP_END;

    case CV_SCHEME_OTHER:
        (void) cv_markup_fail(markup, "a value in a URL of such a scheme");
        return CV_OP_END;

    default:
        return CV_OP_URL;
    }
}


/*
 * Of a <link> that loads nothing, whatever its URL is.  In XML, "REL" may
 * stand beside "rel".
 */

static bool
cv_markup_is_canonical(const cv_markup_t *markup)
{
    return markup->rel == CV_REL_CANONICAL && !markup->xml
           && cv_str_eq(cv_markup_full(&markup->tag), CV_STR("link"))
           && cv_str_eq(cv_markup_full(&markup->attr), CV_STR("href"));
}


static cv_view_opcode_t
cv_markup_value_in_attribute(cv_markup_t *markup)
{
    cv_str_t  tag, attr, local;

    static const char *const  refused[] = {
        "style", "srcdoc", "srcset", "imagesrcset", "ping", "http-equiv",
        "attributename", "manifest", "sandbox", "rel", "nonce", "is",
        "codebase", "classid", "archive", "code",

        /* in SVG these may refer to what they are painted with */

        "fill", "stroke", "filter", "mask", "clip-path", "cursor", "marker",
        "marker-start", "marker-mid", "marker-end", NULL
    };

    static const char *const  loaders[] = {
        "base", "link", "object", "embed", "applet", "param", NULL
    };

    static const char *const  animated[] = {
        "animate", "animatemotion", "animatetransform", "set", NULL
    };

    tag = cv_markup_local(&markup->tag);
    attr = cv_markup_full(&markup->attr);
    local = cv_markup_local(&markup->attr);

    if (markup->end_tag || attr.len == CV_MARKUP_NAME_MAX) {
        (void) cv_markup_fail(markup, "a value in an unknown attribute");
        return CV_OP_END;
    }

    if ((local.len >= 2 && local.data[0] == 'o' && local.data[1] == 'n')
        || (attr.len >= 5 && memcmp(attr.data, "xmlns", 5) == 0)
        || cv_markup_is_one_of(local, refused))
    {
        (void) cv_markup_fail(markup, "a value in an attribute that is more "
                              "than text");
        return CV_OP_END;
    }

    if (cv_markup_is_one_of(tag, loaders) && !cv_markup_is_canonical(markup)) {
        (void) cv_markup_fail(markup, "a value in a tag that is more than "
                              "text");
        return CV_OP_END;
    }

    if (cv_markup_is_one_of(tag, animated)) {
        (void) cv_markup_fail(markup, "a value in an animation");
        return CV_OP_END;
    }

    if (!cv_markup_is_url(markup)) {
        return CV_OP_HTML;
    }

    return markup->started ? cv_markup_value_in_url(markup) : CV_OP_HREF;
}


cv_view_opcode_t
cv_markup_value(cv_markup_t *markup)
{
    cv_view_opcode_t  code;

    switch (markup->state) {

    case CV_MARKUP_TEXT:
        return markup->plain ? CV_OP_PLAIN : CV_OP_HTML;

    case CV_MARKUP_RCDATA:
        if (markup->matched == 0) {
            return CV_OP_HTML;
        }

        break;

    case CV_MARKUP_DOUBLE:
    case CV_MARKUP_SINGLE:
        code = cv_markup_value_in_attribute(markup);
        markup->started = true;
        markup->shows = true;
        return code;

    case CV_MARKUP_BEFORE_VALUE:
    case CV_MARKUP_UNQUOTED:
        (void) cv_markup_fail(markup, "a value outside quotes");
        return CV_OP_END;

    case CV_MARKUP_RAW:
        (void) cv_markup_fail(markup, "a value inside <style> or <iframe>");
        return CV_OP_END;

    case CV_MARKUP_COMMENT:
    case CV_MARKUP_DECLARATION:
    case CV_MARKUP_INSTRUCTION:
    case CV_MARKUP_CDATA:
    case CV_MARKUP_BANG:
        (void) cv_markup_fail(markup, "a value inside a comment or a "
                              "declaration");
        return CV_OP_END;

    default:
        break;
    }

    (void) cv_markup_fail(markup, "a value inside a tag");

    return CV_OP_END;
}


bool
cv_markup_section(cv_markup_t *markup)
{
    if (markup->state == CV_MARKUP_RAW) {
        return cv_markup_fail(markup, "a section inside <style> or <iframe>");
    }

    return true;
}


static bool
cv_markup_same_name(const cv_markup_name_t *a, const cv_markup_name_t *b)
{
    return cv_str_eq(cv_markup_full(a), cv_markup_full(b));
}


/* behind a tag's name, an attribute or the white space after it */

static bool
cv_markup_between(const cv_markup_t *markup)
{
    switch (markup->state) {

    case CV_MARKUP_TAG:
    case CV_MARKUP_BEFORE_NAME:
    case CV_MARKUP_NAME:
    case CV_MARKUP_AFTER_NAME:
    case CV_MARKUP_AFTER_VALUE:
        return true;

    default:
        return false;
    }
}


/* what a section began in must be what it ends in, not another such thing */

static bool
cv_markup_same_place(const cv_markup_t *markup, const cv_markup_t *start)
{
    return markup->state == start->state
           && markup->foreign == start->foreign
           && markup->matched == start->matched
           && (markup->state != CV_MARKUP_COMMENT
               || markup->started == start->started)
           && cv_markup_same_name(&markup->tag, &start->tag)
           && cv_markup_same_name(&markup->attr, &start->attr);
}


static bool
cv_markup_rejoin_value(cv_markup_t *markup, const cv_markup_t *start,
    bool repeats)
{
    /*
     * Of an attribute begun with values only, the next one is again a whole
     * URL, as it is if the section is left out.
     */

    if (cv_markup_same_name(&markup->value, &start->value)) {
        markup->started = start->started || markup->forked;
        return true;
    }

    /*
     * Where the section begins the value, what follows may do so as well, and
     * may follow whatever the section holds.
     */

    if (cv_markup_is_rel(markup)) {
        markup->rel = CV_REL_OTHER;
    }

    if (cv_markup_is_url(markup)
        && cv_markup_scheme(markup) != CV_SCHEME_PLAIN)
    {
        if (repeats) {
            return cv_markup_fail(markup, "a URL whose scheme depends on a "
                                  "section");
        }

        markup->forked = true;
    }

    markup->value = start->value;
    markup->started = true;

    return true;
}


bool
cv_markup_rejoin(cv_markup_t *markup, const cv_markup_t *start, bool repeats)
{
    bool  left;

    left = start->state != CV_MARKUP_TEXT && markup->texts != start->texts;

    if (markup->rel != start->rel) {
        markup->rel = CV_REL_OTHER;
    }

    /*
     * Whole attributes may be left out.  What follows must then be set off by
     * white space, unless white space ends both the section and what is
     * before it.
     */

    if (!left && !repeats && markup->state != start->state
        && cv_markup_between(markup) && cv_markup_between(start)
        && cv_markup_same_name(&markup->tag, &start->tag))
    {
        markup->state = markup->state == CV_MARKUP_AFTER_NAME
                        && start->state == CV_MARKUP_BEFORE_NAME
                        ? CV_MARKUP_BEFORE_NAME : CV_MARKUP_AFTER_VALUE;
        markup->attr.len = 0;

        return true;
    }

    if (left || !cv_markup_same_place(markup, start)) {
        return cv_markup_fail(markup, "a section that opens or closes a tag, "
                              "an attribute or a comment");
    }

    return cv_markup_rejoin_value(markup, start, repeats);
}
