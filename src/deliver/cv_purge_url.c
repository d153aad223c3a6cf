
/*
 * Copyright (C) The credverify authors
 */

#include "cv_purge_url.h"


typedef enum {
    CV_PURGE_TEXT = 0,
    CV_PURGE_KEY,
    CV_PURGE_LIST,
    CV_PURGE_WRONG,
} cv_purge_part_t;


/* How many there are with commas in between. */

static unsigned
cv_purge_count(cv_str_t list)
{
    size_t    i;
    unsigned  n;

    for (n = 1, i = 0; i < list.len; i++) {
        n += list.data[i] == ',';
    }

    return n;
}


static cv_str_t
cv_purge_item(cv_str_t list, unsigned n)
{
    size_t  from, to;

    for (from = 0; n > 0; from++) {
        n -= list.data[from] == ',';
    }

    for (to = from; to < list.len && list.data[to] != ','; to++) { /* void */ }

    return cv_str(list.data + from, to - from);
}


/* The part that "rest", which is not empty, begins with; it is taken off. */

static cv_purge_part_t
cv_purge_take(cv_str_t *rest, cv_str_t *text)
{
    size_t          len;
    const uint8_t  *p, *end;

    p = rest->data;
    end = p + rest->len;

    while (p < end && *p != '{' && *p != '}') {
        p++;
    }

    if (p > rest->data) {
        *text = cv_str(rest->data, (size_t) (p - rest->data));
        *rest = cv_str(p, (size_t) (end - p));
        return CV_PURGE_TEXT;
    }

    for (len = 1; len < rest->len && p[len] != '{' && p[len] != '}'; len++) {
        /* void */
    }

    *text = cv_str(p + 1, len - 1);

    if (*p == '}' || len == rest->len || p[len] == '{') {
        return CV_PURGE_WRONG;
    }

    *rest = cv_str(p + len + 1, rest->len - len - 1);

    return cv_str_eq(*text, CV_STR("key")) ? CV_PURGE_KEY
           : cv_purge_count(*text) > 1 ? CV_PURGE_LIST : CV_PURGE_WRONG;
}


/* "http://host:port/" has no part that is not the same in all */

static bool
cv_purge_has_place(cv_str_t template)
{
    size_t    i;
    unsigned  slashes;

    for (slashes = 0, i = 0; i < template.len && slashes < 3; i++) {
        if (template.data[i] == '{') {
            return false;
        }

        slashes += template.data[i] == '/';
    }

    return slashes == 3;
}


cv_err_t
cv_purge_variants(cv_str_t template, unsigned *n, cv_error_t *error)
{
    bool             keyed;
    cv_str_t         rest, text;
    cv_purge_part_t  part;

    if (!cv_purge_has_place(template)) {
        return cv_error_set(error, CV_ERR_INPUT, "a URL to purge by needs a "
                            "host and \"/\" before the first \"{\"");
    }

    keyed = false;

    for (*n = 1, rest = template; rest.len > 0; /* void */ ) {

        part = cv_purge_take(&rest, &text);

        if (part == CV_PURGE_WRONG) {
            return cv_error_set(error, CV_ERR_INPUT, "\"{\" and \"}\" in a "
                                "URL to purge by are for \"{key}\" and "
                                "\"{one,another}\"");
        }

        keyed = keyed || part == CV_PURGE_KEY;

        if (part == CV_PURGE_LIST
            && (*n *= cv_purge_count(text)) > CV_PURGE_VARIANTS)
        {
            return cv_error_set(error, CV_ERR_INPUT, "a URL to purge by "
                                "stands for %d URLs at most",
                                CV_PURGE_VARIANTS);
        }
    }

    return keyed ? CV_OK
           : cv_error_set(error, CV_ERR_INPUT, "a URL to purge by needs a "
                          "\"{key}\"");
}


void
cv_purge_url(cv_buf_t *out, cv_str_t template, cv_str_t key, unsigned variant)
{
    cv_str_t         rest, text;
    unsigned         n;
    cv_purge_part_t  part;

    for (rest = template; rest.len > 0; /* void */ ) {

        part = cv_purge_take(&rest, &text);

        if (part == CV_PURGE_WRONG) {
            return;
        }

        if (part == CV_PURGE_LIST) {
            n = cv_purge_count(text);
            text = cv_purge_item(text, variant % n);
            variant /= n;
        }

        cv_buf_append_str(out, part == CV_PURGE_KEY ? key : text);
    }
}
