
/*
 * Copyright (C) The credverify authors
 */

#include "cv_shape.h"
#include "cv_doc.h"

#define CV_BASE64                                                             \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


static bool
cv_shape_elements(cv_doc_t doc, cv_doc_type_t type)
{
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) != CV_DOC_ARRAY) {
        return false;
    }

    for (it = cv_doc_iter(doc); cv_doc_next(&it, NULL, &value); ) {
        if (cv_doc_type(value) != type) {
            return false;
        }
    }

    return true;
}


static bool
cv_shape_is_strings(cv_str_t value)
{
    return cv_shape_elements(value, CV_DOC_STRING);
}


static bool
cv_shape_is_objects(cv_str_t value)
{
    return cv_shape_elements(value, CV_DOC_OBJECT);
}


/* an object of some of these members, each null or a whole number, 0 or more */

static bool
cv_shape_counts(cv_doc_t doc, const cv_str_t *names, size_t n)
{
    int64_t        count;
    cv_doc_t       value;
    cv_str_t       name;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return false;
    }

    for (it = cv_doc_iter(doc); cv_doc_next(&it, &name, &value); ) {

        if (cv_str_index(names, n, name) == n) {
            return false;
        }

        if (cv_doc_type(value) != CV_DOC_NULL
            && (!cv_doc_int(value, &count) || count < 0))
        {
            return false;
        }
    }

    return true;
}


static bool
cv_shape_is_limits(cv_str_t value)
{
    const cv_str_t  windows[] = {
        CV_STR("minute"), CV_STR("hour"), CV_STR("day"), CV_STR("month")
    };

    return cv_shape_counts(value, windows, CV_COUNT(windows));
}


static bool
cv_shape_is_requires(cv_str_t value)
{
    const cv_str_t  kinds[] = { CV_STR("practice"), CV_STR("learn") };

    return cv_shape_counts(value, kinds, CV_COUNT(kinds));
}


static bool
cv_shape_begins(cv_str_t value, cv_str_t with)
{
    return value.len > with.len
           && memcmp(value.data, with.data, with.len) == 0;
}


/* no more than that: what a URL leads to is known when it is used */

static bool
cv_shape_is_url(cv_str_t value)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] <= 0x20 || value.data[i] == 0x7f) {
            return false;
        }
    }

    return cv_shape_begins(value, CV_STR("https://"))
           || cv_shape_begins(value, CV_STR("http://"));
}


/* RFC 3986, section 2.3: unreserved characters, which nothing ever encodes */

static bool
cv_shape_is_segment(cv_str_t value)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < value.len; i++) {
        ch = value.data[i];

        if (!((ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a'
              && (ch | 0x20) <= 'z') || ch == '-' || ch == '_'))
        {
            return false;
        }
    }

    return value.len > 0;
}


static bool
cv_shape_is_signing(cv_str_t value)
{
    size_t  i, padding;

    if (!cv_shape_begins(value, CV_STR(CV_SIGNING_PREFIX))) {
        return false;
    }

    i = sizeof(CV_SIGNING_PREFIX) - 1;

    for (padding = 0; padding < 2 && value.data[value.len - 1] == '='; ) {
        value.len--;
        padding++;
    }

    if (value.len <= i || (value.len - i + padding) % 4 != 0) {
        return false;
    }

    for ( /* void */ ; i < value.len; i++) {
        if (value.data[i] == '\0'
            || strchr(CV_BASE64, value.data[i]) == NULL)
        {
            return false;
        }
    }

    return true;
}


const cv_shape_t  cv_shape_strings = {
    "must be an array of strings", cv_shape_is_strings
};

const cv_shape_t  cv_shape_objects = {
    "must be an array of objects", cv_shape_is_objects
};

const cv_shape_t  cv_shape_limits = {
    "must be an object of minute, hour, day and month, each null or a whole "
    "number, 0 or more", cv_shape_is_limits
};

const cv_shape_t  cv_shape_requires = {
    "must be an object of practice and learn, each null or a whole number, "
    "0 or more", cv_shape_is_requires
};

const cv_shape_t  cv_shape_url = {
    "must be an http or https URL", cv_shape_is_url
};

const cv_shape_t  cv_shape_segment = {
    "must be letters, digits, \"-\" and \"_\"", cv_shape_is_segment
};

const cv_shape_t  cv_shape_signing = {
    "must be " CV_SIGNING_PREFIX " and base64", cv_shape_is_signing
};
