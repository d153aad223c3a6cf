
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view_path.h"


static const cv_str_t  cv_filter_names[CV_FILTERS] = {
#define CV_FILTER_NAME(name)  { (const uint8_t *) name, sizeof(name) - 1 }
    [CV_FILTER_EXISTS] = CV_FILTER_NAME("exists"),
    [CV_FILTER_DATE] = CV_FILTER_NAME("date"),
    [CV_FILTER_DATETIME] = CV_FILTER_NAME("datetime"),
    [CV_FILTER_DATETIME_OFFSET] = CV_FILTER_NAME("datetime_offset"),
    [CV_FILTER_DATETIME_MS] = CV_FILTER_NAME("datetime_ms"),
    [CV_FILTER_DATE_LONG] = CV_FILTER_NAME("date_long"),
    [CV_FILTER_TIME] = CV_FILTER_NAME("time"),
#undef CV_FILTER_NAME
};


bool
cv_view_name_char(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'
           || ch == '@' || ch == ':' || ch >= 0x80;
}


static bool
cv_view_fact_is_doc(cv_fact_id_t fact)
{
    switch (fact) {

    case CV_FACT_ERROR_PRESENT:
    case CV_FACT_LINKS:
    case CV_FACT_PROGRESS:
    case CV_FACT_CREDENTIAL_ATTRIBUTES:
    case CV_FACT_CREDENTIAL_EVIDENCE:
    case CV_FACT_CLASS_CRITERIA:
    case CV_FACT_CLASS_TAGS:
    case CV_FACT_CLASS_ALIGNMENT:
        return true;

    default:
        return false;
    }
}


static bool
cv_view_fact_is_date(cv_fact_id_t fact)
{
    cv_str_t  name;

    name = cv_fact_names[fact];

    return name.len > 3 && memcmp(name.data + name.len - 3, "_at", 3) == 0;
}


static cv_err_t
cv_view_path_filter(cv_view_path_t *path, cv_str_t name, cv_error_t *error)
{
    cv_view_filter_t  i;

    for (i = CV_FILTER_NONE + 1; i < CV_FILTERS; i++) {
        if (cv_str_eq(cv_filter_names[i], name)) {
            path->filter = i;
            return CV_OK;
        }
    }

    return cv_error_set(error, CV_ERR_INPUT, "unknown filter \"%.*s\"",
                        CV_FMT(name));
}


static cv_err_t
cv_view_path_split(cv_view_path_t *path, cv_error_t *error)
{
    size_t    i, start;
    cv_str_t  s;

    s = path->text;

    if (cv_str_eq(s, CV_STR("."))) {
        return CV_OK;
    }

    for (start = 0, i = 0; i <= s.len; i++) {

        if (i < s.len && s.data[i] != '.') {

            if (!cv_view_name_char(s.data[i])) {
                return cv_error_set(error, CV_ERR_INPUT,
                                    "\"%.*s\" is no name of a fact",
                                    CV_FMT(s));
            }

            continue;
        }

        if (i == start || i - start > CV_VIEW_NAME_MAX) {
            return cv_error_set(error, CV_ERR_INPUT,
                                "\"%.*s\" is no name of a fact", CV_FMT(s));
        }

        if (path->nnames == CV_VIEW_NAMES) {
            return cv_error_set(error, CV_ERR_LIMIT,
                                "\"%.*s\" has more than %d names", CV_FMT(s),
                                CV_VIEW_NAMES);
        }

        path->names[path->nnames++] = cv_str(s.data + start, i - start);
        start = i + 1;
    }

    return CV_OK;
}


cv_err_t
cv_view_path_parse(cv_view_path_t *path, cv_str_t text, cv_error_t *error)
{
    cv_str_t        prefix;
    cv_err_t        err;
    unsigned        n;
    cv_fact_id_t    fact;
    const uint8_t  *bar;

    memset(path, 0, sizeof(cv_view_path_t));
    path->text = text;
    path->fact = CV_FACT_COUNT;

    bar = text.len == 0 ? NULL : memchr(text.data, '|', text.len);

    if (bar != NULL) {
        path->text.len = (size_t) (bar - text.data);

        err = cv_view_path_filter(path, cv_str(bar + 1,
                                  text.len - path->text.len - 1), error);
        if (err != CV_OK) {
            return err;
        }
    }

    err = cv_view_path_split(path, error);
    if (err != CV_OK) {
        return err;
    }

    for (n = path->nnames; n > 0; n--) {
        prefix = cv_str(path->text.data, (size_t) (path->names[n - 1].data
                        + path->names[n - 1].len - path->text.data));
        fact = cv_fact_find(prefix);

        if (fact != CV_FACT_COUNT
            && (n == path->nnames || cv_view_fact_is_doc(fact)))
        {
            path->fact = fact;
            path->skip = n;
            break;
        }
    }

    return CV_OK;
}


cv_err_t
cv_view_path_check(const cv_view_path_t *path, cv_error_t *error)
{
    if (path->scope != CV_SCOPE_FACT) {
        return CV_OK;
    }

    if (path->fact == CV_FACT_COUNT) {
        return cv_error_set(error, CV_ERR_INPUT, "unknown fact \"%.*s\"",
                            CV_FMT(path->text));
    }

    if (path->filter >= CV_FILTER_DATE && path->skip == path->nnames
        && !cv_view_fact_is_date(path->fact))
    {
        return cv_error_set(error, CV_ERR_INPUT, "\"%.*s\" is no date",
                            CV_FMT(path->text));
    }

    return CV_OK;
}


cv_err_t
cv_view_path_check_text(const cv_view_path_t *path, cv_error_t *error)
{
    if (cv_view_path_is_doc(path) && path->filter == CV_FILTER_NONE) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "\"%.*s\" is a list or an object, not a text",
                            CV_FMT(path->text));
    }

    return CV_OK;
}


bool
cv_view_path_is_doc(const cv_view_path_t *path)
{
    return path->scope == CV_SCOPE_FACT && path->skip == path->nnames
           && cv_view_fact_is_doc(path->fact);
}


bool
cv_view_path_is_now(const cv_view_path_t *path)
{
    return path->scope != CV_SCOPE_ITEM && path->fact == CV_FACT_CHECKED_AT
           && path->filter != CV_FILTER_EXISTS;
}
