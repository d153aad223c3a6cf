
/*
 * Copyright (C) The credverify authors
 *
 * Where a value may stand in a page, and how it is escaped there.
 */

#include "cv_view_markup.h"


/* a URL that began with a scheme: what follows may only be its path */

static bool
cv_markup_is_plain_url(cv_markup_t *markup)
{
    size_t    i;
    cv_str_t  s;

    static const char *const  plain[] = {
        "http", "https", "mailto", "tel", NULL
    };

    s = cv_markup_full(&markup->value);

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == ':') {
            return cv_markup_is_one_of(cv_str(s.data, i), plain);
        }

        if (strchr("/?#", s.data[i]) != NULL) {
            return true;
        }
    }

    return s.len < CV_MARKUP_NAME_MAX;
}


static cv_view_opcode_t
cv_markup_value_in_attribute(cv_markup_t *markup)
{
    cv_str_t  tag, attr, local;

    static const char *const  urls[] = {
        "href", "src", "action", "cite", "poster", "formaction", "data",
        "background", "longdesc", "base", NULL
    };

    static const char *const  refused[] = {
        "style", "srcdoc", "srcset", "imagesrcset", "ping", "http-equiv",
        "attributename", "manifest", NULL
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

    if (cv_markup_is_one_of(tag, animated)) {
        (void) cv_markup_fail(markup, "a value in an animation");
        return CV_OP_END;
    }

    if (!cv_markup_is_one_of(local, urls)) {
        return CV_OP_HTML;
    }

    if (!markup->started) {
        return CV_OP_HREF;
    }

    if (!cv_markup_is_plain_url(markup)) {
        (void) cv_markup_fail(markup, "a value in a URL of such a scheme");
        return CV_OP_END;
    }

    return CV_OP_URL;
}


cv_view_opcode_t
cv_markup_value(cv_markup_t *markup)
{
    cv_view_opcode_t  code;

    switch (markup->state) {

    case CV_MARKUP_TEXT:
        return CV_OP_HTML;

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
