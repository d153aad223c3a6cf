
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view_path.h"


static const cv_str_t  cv_filter_names[CV_FILTERS] = {
#define CV_FILTER_NAME(name)  { (const uint8_t *) name, sizeof(name) - 1 }
    [CV_FILTER_EXISTS] = CV_FILTER_NAME("exists"),
    [CV_FILTER_HTML] = CV_FILTER_NAME("html"),
    [CV_FILTER_DATE] = CV_FILTER_NAME("date"),
    [CV_FILTER_DATETIME] = CV_FILTER_NAME("datetime"),
    [CV_FILTER_DATETIME_OFFSET] = CV_FILTER_NAME("datetime_offset"),
    [CV_FILTER_DATETIME_MS] = CV_FILTER_NAME("datetime_ms"),
    [CV_FILTER_DATE_LONG] = CV_FILTER_NAME("date_long"),
    [CV_FILTER_TIME] = CV_FILTER_NAME("time"),
    [CV_FILTER_YEAR] = CV_FILTER_NAME("year"),
    [CV_FILTER_MONTH] = CV_FILTER_NAME("month"),
#undef CV_FILTER_NAME
};


/* what stands behind a filter's name, in this order, and then "bold" or not */

typedef enum {
    CV_PARAM_END = 0,
    CV_PARAM_LINE,
    CV_PARAM_LINES,
    CV_PARAM_SIZE,
    CV_PARAM_WIDTH,
    CV_PARAM_ADD,
    CV_PARAMS
} cv_view_param_t;

static const struct {
    const char  *name;
    unsigned     least;
    unsigned     most;
} cv_view_params[CV_PARAMS] = {
    [CV_PARAM_LINE] = { "N", 1, CV_MEASURE_LINES_MAX },
    [CV_PARAM_LINES] = { "OF", 1, CV_MEASURE_LINES_MAX },
    [CV_PARAM_SIZE] = { "SIZE", 1, CV_MEASURE_SIZE_MAX },
    [CV_PARAM_WIDTH] = { "WIDTH", 1, CV_MEASURE_PX_MAX },
    [CV_PARAM_ADD] = { "ADD", 0, CV_MEASURE_PX_MAX },
};

static const struct {
    const char  *name;
    const char  *written;
    uint8_t      params[5];
} cv_view_parts[CV_VIEW_PARTS] = {
    [CV_VIEW_FIT] = { "fit", "fit:SIZE,WIDTH",
        { CV_PARAM_SIZE, CV_PARAM_WIDTH } },
    [CV_VIEW_WIDTH] = { "width", "width:SIZE,WIDTH,ADD",
        { CV_PARAM_SIZE, CV_PARAM_WIDTH, CV_PARAM_ADD } },
    [CV_VIEW_ADD] = { "add", "add:SIZE,WIDTH,ADD",
        { CV_PARAM_SIZE, CV_PARAM_WIDTH, CV_PARAM_ADD } },
    [CV_VIEW_LINE] = { "line", "line:N,OF,SIZE,WIDTH",
        { CV_PARAM_LINE, CV_PARAM_LINES, CV_PARAM_SIZE, CV_PARAM_WIDTH } },
    [CV_VIEW_QR] = { "qr", NULL, { CV_PARAM_END } },
    [CV_VIEW_QR_SIZE] = { "qr_size", NULL, { CV_PARAM_END } },
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
    case CV_FACT_CREDENTIAL_CUSTOM:
    case CV_FACT_CREDENTIAL_PLAIN:
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


/* the text up to the next "ch"; moves "rest" behind that, or makes it absent */

static cv_str_t
cv_view_path_take(cv_str_t *rest, uint8_t ch)
{
    cv_str_t        taken;
    const uint8_t  *p;

    taken = *rest;
    p = taken.len == 0 ? NULL : memchr(taken.data, ch, taken.len);

    if (p == NULL) {
        *rest = CV_ABSENT;
        return taken;
    }

    taken.len = (size_t) (p - taken.data);
    *rest = cv_str(p + 1, rest->len - taken.len - 1);

    return taken;
}


/* a number that is in its bounds; false if it is none */

static bool
cv_view_path_param(cv_measure_t *how, cv_view_param_t param, cv_str_t text)
{
    size_t    i;
    unsigned  n;

    n = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i == 5) {
            return false;
        }

        n = 10 * n + (text.data[i] - '0');
    }

    if (i == 0 || n < cv_view_params[param].least
        || n > cv_view_params[param].most)
    {
        return false;
    }

    switch (param) {

    case CV_PARAM_LINE:
        how->line = (uint8_t) n;
        break;

    case CV_PARAM_LINES:
        how->lines = (uint8_t) n;
        break;

    case CV_PARAM_SIZE:
        how->size = (uint16_t) n;
        break;

    case CV_PARAM_WIDTH:
        how->width = (uint16_t) n;
        break;

    default:
        how->add = (uint16_t) n;
    }

    return true;
}


static cv_err_t
cv_view_path_measure(cv_view_path_t *path, cv_view_part_t part, cv_str_t rest,
    cv_error_t *error)
{
    cv_measure_t   *how;
    const char     *written;
    const uint8_t  *param;

    how = &path->measure.how;
    how->line = 1;
    how->lines = 1;
    path->measure.part = (uint8_t) part;
    written = cv_view_parts[part].written;

    if (written == NULL) {
        return !cv_present(rest)
               ? CV_OK : cv_error_set(error, CV_ERR_INPUT,
                                      "\"%s\" has nothing behind it",
                                      cv_view_parts[part].name);
    }

    for (param = cv_view_parts[part].params; *param != CV_PARAM_END; param++) {

        if (!cv_present(rest)) {
            goto wrong;
        }

        if (!cv_view_path_param(how, *param, cv_view_path_take(&rest, ','))) {
            return cv_error_set(error, CV_ERR_INPUT,
                                "\"%s\": %s is a number from %u to %u",
                                written, cv_view_params[*param].name,
                                cv_view_params[*param].least,
                                cv_view_params[*param].most);
        }
    }

    if (cv_present(rest)) {
        how->bold = cv_str_eq(rest, CV_STR("bold"));

        if (!how->bold) {
            goto wrong;
        }
    }

    if (how->line > how->lines) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "\"%s\": N is more than OF", written);
    }

    return CV_OK;

wrong:

    return cv_error_set(error, CV_ERR_INPUT,
                        "\"%s\" is written \"%s\" or \"%s,bold\"",
                        cv_view_parts[part].name, written, written);
}


static cv_err_t
cv_view_path_filter(cv_view_path_t *path, cv_str_t text, cv_error_t *error)
{
    cv_str_t          name, rest;
    cv_view_part_t    part;
    cv_view_filter_t  i;

    rest = text;
    name = cv_view_path_take(&rest, ':');

    for (part = CV_VIEW_WHOLE + 1; part < CV_VIEW_PARTS; part++) {
        if (cv_str_eq(cv_str_z(cv_view_parts[part].name), name)) {
            return cv_view_path_measure(path, part, rest, error);
        }
    }

    for (i = CV_FILTER_NONE + 1; i < CV_FILTERS; i++) {
        if (cv_str_eq(cv_filter_names[i], text)) {
            path->filter = i;
            return CV_OK;
        }
    }

    return cv_error_set(error, CV_ERR_INPUT, "unknown filter \"%.*s\"",
                        CV_FMT(text));
}


/* one filter, or one that makes a text and one that measures it */

static cv_err_t
cv_view_path_filters(cv_view_path_t *path, cv_str_t rest, cv_error_t *error)
{
    bool              wrong;
    cv_err_t          err;
    cv_str_t          text;
    cv_view_filter_t  before;

    while (cv_present(rest)) {
        text = cv_view_path_take(&rest, '|');
        before = path->filter;
        wrong = path->measure.part != CV_VIEW_WHOLE
                || before == CV_FILTER_EXISTS || before == CV_FILTER_HTML;

        if (!wrong) {
            err = cv_view_path_filter(path, text, error);
            if (err != CV_OK) {
                return err;
            }

            wrong = before != CV_FILTER_NONE
                    && path->measure.part == CV_VIEW_WHOLE;
        }

        if (wrong) {
            return cv_error_set(error, CV_ERR_INPUT,
                                "the filter \"%.*s\" cannot follow another",
                                CV_FMT(text));
        }
    }

    return CV_OK;
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
    cv_str_t      prefix;
    cv_err_t      err;
    unsigned      n;
    cv_fact_id_t  fact;

    memset(path, 0, sizeof(cv_view_path_t));
    path->text = cv_view_path_take(&text, '|');
    path->fact = CV_FACT_COUNT;

    err = cv_view_path_filters(path, text, error);
    if (err != CV_OK) {
        return err;
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
    if (path->measure.part != CV_VIEW_WHOLE && cv_view_path_is_now(path)) {
        return cv_error_set(error, CV_ERR_INPUT, "\"%.*s\" takes no "
                            "such filter", CV_FMT(path->text));
    }

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

    return path->measure.part == CV_VIEW_WHOLE
           ? CV_OK : cv_view_path_check_text(path, error);
}


cv_err_t
cv_view_path_check_text(const cv_view_path_t *path, cv_error_t *error)
{
    if ((cv_view_path_is_doc(path)
         || (path->scope == CV_SCOPE_FACT && path->fact == CV_FACT_LIST_ITEMS))
        && (path->filter == CV_FILTER_NONE || path->filter == CV_FILTER_HTML))
    {
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
cv_view_path_asks(const cv_view_path_t *path)
{
    return path->filter == CV_FILTER_EXISTS
           || path->measure.part == CV_VIEW_LINE
           || path->measure.part == CV_VIEW_QR;
}


bool
cv_view_path_is_now(const cv_view_path_t *path)
{
    return path->scope != CV_SCOPE_ITEM && path->fact == CV_FACT_CHECKED_AT
           && path->filter != CV_FILTER_EXISTS;
}
