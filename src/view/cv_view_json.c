
/*
 * Copyright (C) The credverify authors
 *
 * The compiler of JSON bodies.
 *
 * A member or an element that may be left out takes its comma with it.  Where
 * the last one may be, the closing bracket takes back the comma before it.
 */

#include "cv_view_json.h"

#include <stdarg.h>
#include <stdio.h>


typedef enum {
    CV_PLACE_WHOLE = 0,     /* nothing can be dropped */
    CV_PLACE_MEMBER,
    CV_PLACE_ELEMENT,
} cv_view_place_t;


static cv_err_t cv_view_json_value(cv_view_json_t *json, cv_doc_t doc);
static cv_err_t cv_view_json_object(cv_view_json_t *json, cv_doc_iter_t it);


cv_err_t
cv_view_json_fail(cv_view_json_t *json, cv_err_t err, const char *fmt, ...)
{
    char     what[CV_ERROR_TEXT_MAX];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);

    return cv_error_set(json->error, err, "%s: %s%s%s", json->file,
                        json->where, json->where_len > 0 ? ": " : "", what);
}


size_t
cv_view_json_enter(cv_view_json_t *json, cv_str_t name)
{
    int     n;
    size_t  mark;

    mark = json->where_len;

    n = snprintf(json->where + mark, CV_VIEW_WHERE_MAX - mark, "%s%.*s",
                 mark == 0 || (name.len > 0 && name.data[0] == '[')
                 ? "" : ".", CV_FMT(name));

    if (n > 0) {
        json->where_len += (size_t) n;
    }

    if (json->where_len >= CV_VIEW_WHERE_MAX) {
        json->where_len = CV_VIEW_WHERE_MAX - 1;
    }

    return mark;
}


void
cv_view_json_leave(cv_view_json_t *json, size_t mark)
{
    json->where_len = mark;
    json->where[mark] = '\0';
}


static void
cv_view_json_constant(cv_view_json_t *json, const char *text)
{
    cv_view_emit_text(json->program, cv_str_z(text));
}


static cv_err_t
cv_view_json_path(cv_view_json_t *json, cv_view_path_t *path, cv_str_t text)
{
    cv_err_t    err;
    cv_error_t  error;

    err = cv_view_path_parse(path, text, &error);

    if (err == CV_OK && path->measure.part != CV_VIEW_WHOLE) {
        err = cv_error_set(&error, CV_ERR_INPUT, "\"%.*s\": only pages and "
                           "images have such a filter", CV_FMT(text));
    }

    if (err == CV_OK && path->filter == CV_FILTER_HTML) {
        err = cv_error_set(&error, CV_ERR_INPUT, "\"%.*s\": only pages show "
                           "HTML", CV_FMT(text));
    }

    if (err == CV_OK) {

        if (json->items > 0 && cv_str_eq(path->names[0], CV_STR("item"))) {
            path->scope = CV_SCOPE_ITEM;
            path->skip = 0;
            path->nnames--;
            memmove(path->names, path->names + 1,
                    path->nnames * sizeof(cv_str_t));
        }

        err = cv_view_path_check(path, &error);
    }

    if (err != CV_OK) {
        return cv_view_json_fail(json, err, "%s", error.text);
    }

    return CV_OK;
}


/* a path of which the value is shown */

static cv_err_t
cv_view_json_shown(cv_view_json_t *json, cv_view_path_t *path, cv_str_t text)
{
    cv_err_t  err;

    err = cv_view_json_path(json, path, text);
    if (err != CV_OK) {
        return err;
    }

    if (!cv_view_path_is_now(path)) {
        return CV_OK;
    }

    if (json->items > 0) {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "\"%.*s\" cannot stand inside \"$each\"",
                                 CV_FMT(path->text));
    }

    if (++json->nows > CV_VIEW_NOWS) {
        return cv_view_json_fail(json, CV_ERR_LIMIT,
                                 "\"%.*s\" is shown more than %d times",
                                 CV_FMT(path->text), CV_VIEW_NOWS);
    }

    return CV_OK;
}


/* "$path" or "$path?", the whole of a string */

static bool
cv_view_json_is_path(cv_str_t s)
{
    return s.len > 1 && s.data[0] == '$' && cv_view_name_char(s.data[1]);
}


static bool
cv_view_json_is_optional(cv_str_t s)
{
    return cv_view_json_is_path(s) && s.data[s.len - 1] == '?';
}


/* the path in "$path", "$path?" or "path" */

static cv_str_t
cv_view_json_bare(cv_str_t s)
{
    if (s.len > 0 && s.data[0] == '$') {
        s.data++;
        s.len--;
    }

    if (s.len > 0 && s.data[s.len - 1] == '?') {
        s.len--;
    }

    return s;
}


static cv_err_t
cv_view_json_fact(cv_view_json_t *json, cv_str_t s)
{
    size_t          i;
    cv_err_t        err;
    cv_str_t        text;
    cv_view_path_t  path;

    text = cv_view_json_bare(s);

    for (i = 0; i < text.len; i++) {
        if (!cv_view_name_char(text.data[i]) && text.data[i] != '.'
            && text.data[i] != '|')
        {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "\"%.*s\": inside text a fact is "
                                     "written \"${name}\"", CV_FMT(s));
        }
    }

    err = cv_view_json_shown(json, &path, text);

    if (err == CV_OK) {
        (void) cv_view_emit(json->program, CV_OP_JSON, &path);
    }

    return err;
}


/* "${path}" at "p"; moves "p" behind it */

static cv_err_t
cv_view_json_insert(cv_view_json_t *json, const uint8_t **p,
    const uint8_t *end)
{
    cv_err_t        err;
    cv_error_t      error;
    cv_view_path_t  path;
    const uint8_t  *start, *brace;

    start = *p + 2;
    brace = memchr(start, '}', (size_t) (end - start));

    if (brace == NULL) {
        return cv_view_json_fail(json, CV_ERR_INPUT, "\"${\" without \"}\"");
    }

    err = cv_view_json_shown(json, &path,
                             cv_str(start, (size_t) (brace - start)));
    if (err != CV_OK) {
        return err;
    }

    err = cv_view_path_check_text(&path, &error);
    if (err != CV_OK) {
        return cv_view_json_fail(json, err, "%s", error.text);
    }

    (void) cv_view_emit(json->program, CV_OP_JSON_TEXT, &path);
    *p = brace + 1;

    return CV_OK;
}


static cv_err_t
cv_view_json_string(cv_view_json_t *json, cv_str_t s)
{
    cv_err_t        err;
    const uint8_t  *p, *end, *dollar;

    if (cv_view_json_is_path(s)) {
        return cv_view_json_fact(json, s);
    }

    cv_view_json_constant(json, "\"");

    for (p = s.data, end = p + s.len; p < end; /* void */ ) {

        dollar = memchr(p, '$', (size_t) (end - p));

        if (dollar == NULL) {
            cv_view_emit_json(json->program, cv_str(p, (size_t) (end - p)));
            break;
        }

        cv_view_emit_json(json->program, cv_str(p, (size_t) (dollar - p)));
        p = dollar;

        if (end - p > 1 && p[1] == '$') {
            cv_view_json_constant(json, "$");
            p += 2;
            continue;
        }

        if (end - p > 1 && p[1] == '{') {
            err = cv_view_json_insert(json, &p, end);
            if (err != CV_OK) {
                return err;
            }

            continue;
        }

        if (end - p > 1 && cv_view_name_char(p[1])) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "\"%.*s\": inside text a fact is "
                                     "written \"${name}\"", CV_FMT(s));
        }

        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "a lone \"$\" (write \"$$\")");
    }

    cv_view_json_constant(json, "\"");

    return CV_OK;
}


/*
 * What decides whether a value is left out: an instruction and its path.
 * CV_OP_END if it always stands.
 */

static cv_view_opcode_t
cv_view_json_condition(cv_doc_t doc, cv_str_t *path)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    *path = cv_doc_text(doc);

    if (cv_doc_type(doc) == CV_DOC_STRING) {
        return cv_view_json_is_optional(*path)
               ? CV_OP_SKIP_ABSENT : CV_OP_END;
    }

    it = cv_doc_iter(doc);

    if (!it.object || !cv_doc_next(&it, &name, &value)) {
        return CV_OP_END;
    }

    if (cv_str_eq(name, CV_STR("$if"))) {
        *path = cv_doc_type(value) == CV_DOC_STRING
                ? cv_doc_text(value) : CV_ABSENT;
        return CV_OP_SKIP_FALSE;
    }

    *path = cv_doc_text(cv_doc_member(doc, CV_STR("$each")));

    return cv_view_json_is_optional(*path) ? CV_OP_SKIP_ABSENT : CV_OP_END;
}


/*
 * A member, an element, or the body.  "comma" asks for one behind the value,
 * which is left out with it.
 */

static cv_err_t
cv_view_json_place(cv_view_json_t *json, cv_view_place_t place, cv_str_t name,
    cv_doc_t doc, bool comma)
{
    size_t            skip, jump;
    cv_err_t          err;
    cv_str_t          text;
    cv_view_path_t    path;
    cv_view_opcode_t  condition;

    skip = 0;
    condition = cv_view_json_condition(doc, &text);

    if (condition != CV_OP_END) {

        if (!cv_present(text)) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "\"$if\" takes the name of a fact");
        }

        err = cv_view_json_path(json, &path, cv_view_json_bare(text));
        if (err != CV_OK) {
            return err;
        }

        skip = cv_view_emit(json->program, condition, &path);
    }

    if (place == CV_PLACE_MEMBER) {
        cv_view_json_constant(json, "\"");
        cv_view_emit_json(json->program, name);
        cv_view_json_constant(json, "\":");
    }

    err = cv_view_json_value(json, doc);
    if (err != CV_OK) {
        return err;
    }

    if (comma) {
        cv_view_json_constant(json, ",");
    }

    if (condition == CV_OP_END) {
        return CV_OK;
    }

    if (place == CV_PLACE_WHOLE) {
        jump = cv_view_emit(json->program, CV_OP_JUMP, NULL);
        cv_view_emit_jump(json->program, skip,
                          cv_view_emit_label(json->program));
        cv_view_json_constant(json, "null");
        skip = jump;
    }

    cv_view_emit_jump(json->program, skip, cv_view_emit_label(json->program));

    return CV_OK;
}


/* whether the last value of an array or object may be left out */

static bool
cv_view_json_ends_dropped(cv_doc_iter_t it)
{
    bool      dropped;
    cv_str_t  path;
    cv_doc_t  value;

    for (dropped = false; cv_doc_next(&it, NULL, &value); /* void */ ) {
        dropped = cv_view_json_condition(value, &path) != CV_OP_END;
    }

    return dropped;
}


/* takes a member's name from "$$name", and refuses any other "$name" */

static cv_err_t
cv_view_json_name(cv_view_json_t *json, cv_str_t *name)
{
    if (name->len == 0 || name->data[0] != '$') {
        return CV_OK;
    }

    if (name->len == 1 || name->data[1] != '$') {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 cv_str_eq(*name, CV_STR("$if"))
                                 ? "\"%.*s\" must come first"
                                 : "unknown member \"%.*s\"",
                                 CV_FMT(*name));
    }

    name->data++;
    name->len--;

    return CV_OK;
}


/* the elements of an array, or the members of an object, "it" still has */

static cv_err_t
cv_view_json_all(cv_view_json_t *json, cv_doc_iter_t it)
{
    int              n;
    bool             dropped;
    char             index[32];
    size_t           i, mark;
    cv_doc_t         value;
    cv_err_t         err;
    cv_str_t         name, where;
    cv_view_place_t  place;

    place = it.object ? CV_PLACE_MEMBER : CV_PLACE_ELEMENT;
    dropped = cv_view_json_ends_dropped(it);

    cv_view_json_constant(json, it.object ? "{" : "[");

    for (i = 0; cv_doc_next(&it, &name, &value); i++) {

        err = cv_view_json_name(json, &name);
        if (err != CV_OK) {
            return err;
        }

        n = snprintf(index, sizeof(index), "[%zu]", i);
        where = it.object ? name : cv_str(index, (size_t) n);
        mark = cv_view_json_enter(json, where);

        err = cv_view_json_place(json, place, name, value, it.p != it.end);
        if (err != CV_OK) {
            return err;
        }

        cv_view_json_leave(json, mark);
    }

    if (dropped) {
        (void) cv_view_emit(json->program, CV_OP_JSON_CLOSE, NULL);
    }

    cv_view_json_constant(json, it.object ? "}" : "]");

    return CV_OK;
}


static cv_err_t
cv_view_json_each(cv_view_json_t *json, cv_doc_iter_t it)
{
    size_t          mark, enter, body, next;
    cv_doc_t        value, action;
    cv_str_t        name, list;
    cv_err_t        err;
    cv_view_path_t  path;

    list = CV_ABSENT;
    action = CV_ABSENT;

    while (cv_doc_next(&it, &name, &value)) {

        if (cv_str_eq(name, CV_STR("$do"))) {
            action = value;

        } else if (cv_str_eq(name, CV_STR("$each"))
                   && cv_doc_type(value) == CV_DOC_STRING)
        {
            list = cv_doc_text(value);

        } else {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "\"%.*s\" cannot stand beside \"$each\"",
                                     CV_FMT(name));
        }
    }

    if (!cv_present(action) || !cv_view_json_is_path(list)) {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "\"$each\": \"$path\" and \"$do\" are both "
                                 "needed");
    }

    err = cv_view_json_path(json, &path, cv_view_json_bare(list));
    if (err != CV_OK) {
        return err;
    }

    if (path.filter != CV_FILTER_NONE
        || (path.scope == CV_SCOPE_FACT && path.skip == path.nnames
            && !cv_view_path_is_doc(&path)))
    {
        return cv_view_json_fail(json, CV_ERR_INPUT, "\"%.*s\" is no list",
                                 CV_FMT(list));
    }

    if (json->items == CV_VIEW_ITEMS) {
        return cv_view_json_fail(json, CV_ERR_LIMIT,
                                 "more than %d \"$each\" inside one another",
                                 CV_VIEW_ITEMS);
    }

    mark = cv_view_json_enter(json, CV_STR("$do"));
    cv_view_json_constant(json, "[");

    enter = cv_view_emit(json->program, CV_OP_EACH, &path);
    body = cv_view_emit_label(json->program);

    json->items++;

    err = cv_view_json_place(json, CV_PLACE_ELEMENT, CV_ABSENT, action, true);
    if (err != CV_OK) {
        return err;
    }

    json->items--;

    next = cv_view_emit(json->program, CV_OP_NEXT, NULL);
    cv_view_emit_jump(json->program, next, body);
    cv_view_emit_jump(json->program, enter,
                      cv_view_emit_label(json->program));

    (void) cv_view_emit(json->program, CV_OP_JSON_CLOSE, NULL);
    cv_view_json_constant(json, "]");
    cv_view_json_leave(json, mark);

    return CV_OK;
}


/* the members "it" still has */

static cv_err_t
cv_view_json_object(cv_view_json_t *json, cv_doc_iter_t it)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  look;

    look = it;

    while (cv_doc_next(&look, &name, &value)) {
        if (cv_str_eq(name, CV_STR("$each"))
            || cv_str_eq(name, CV_STR("$do")))
        {
            return cv_view_json_each(json, it);
        }
    }

    return cv_view_json_all(json, it);
}


static cv_err_t
cv_view_json_value(cv_view_json_t *json, cv_doc_t doc)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it, rest;

    switch (cv_doc_type(doc)) {

    case CV_DOC_STRING:
        return cv_view_json_string(json, cv_doc_text(doc));

    case CV_DOC_ARRAY:
        return cv_view_json_all(json, cv_doc_iter(doc));

    case CV_DOC_OBJECT:
        it = cv_doc_iter(doc);
        rest = it;

        if (cv_doc_next(&rest, &name, &value)
            && cv_str_eq(name, CV_STR("$if")))
        {
            it = rest;
        }

        return cv_view_json_object(json, it);

    default:
        cv_doc_write_json(&json->program->text, doc);
        return CV_OK;
    }
}


cv_err_t
cv_view_json_body(cv_view_json_t *json, cv_doc_t doc, size_t *entry)
{
    size_t    mark;
    cv_err_t  err;

    mark = cv_view_json_enter(json, CV_STR("body"));

    *entry = cv_view_emit_label(json->program);
    json->nows = 0;
    json->bodies++;

    err = cv_view_json_place(json, CV_PLACE_WHOLE, CV_ABSENT, doc, false);

    (void) cv_view_emit(json->program, CV_OP_END, NULL);

    if (err == CV_OK) {
        cv_view_json_leave(json, mark);
    }

    return err;
}
