
/*
 * Copyright (C) The credverify authors
 */

#include "cv_form.h"
#include "cv_json.h"
#include "cv_view.h"
#include "cv_view_document.h"

#include <stdio.h>
#include <stdlib.h>

#define CV_FORM_PATH_MAX  128
#define CV_FORM_DOC_MAX   (16 * 1024)
#define CV_FORM_SHOWN     64


struct cv_form_s {
    cv_form_set_t  has;
    size_t         len[CV_FORM_COUNT];
    uint8_t        path[CV_FORM_COUNT][CV_FORM_PATH_MAX];
};

/* Where a body is being read: what precedes is "len" bytes of a path. */

typedef struct {
    const cv_form_t  *form;
    cv_form_set_t     takes;
    cv_doc_t         *values;
    cv_error_t       *error;
} cv_form_reading_t;


const cv_str_t  cv_form_names[CV_FORM_COUNT] = {
#define CV_FORM_NAME(identifier, name)                                        \
    [CV_FORM_##identifier] = { (const uint8_t *) name, sizeof(name) - 1 },
    CV_FORM_MEMBERS(CV_FORM_NAME)
#undef CV_FORM_NAME
};


cv_form_member_t
cv_form_find(cv_str_t name)
{
    return (cv_form_member_t) cv_str_index(cv_form_names, CV_FORM_COUNT, name);
}


/* as much of a name as an error has room for */

static cv_str_t
cv_form_cut(cv_str_t name)
{
    if (name.len > CV_FORM_SHOWN) {
        for (name.len = CV_FORM_SHOWN;
             name.len > 0 && (name.data[name.len] & 0xc0) == 0x80;
             name.len--) { /* void */ }
    }

    return name;
}


/* one name, or several with dots between them */

static bool
cv_form_is_path(cv_str_t path)
{
    size_t  i;

    if (path.len == 0 || path.len > CV_FORM_PATH_MAX
        || path.data[0] == '.' || path.data[path.len - 1] == '.')
    {
        return false;
    }

    for (i = 1; i < path.len; i++) {
        if (path.data[i] == '.' && path.data[i - 1] == '.') {
            return false;
        }
    }

    return true;
}


/* True if "path" is "other", or what stands in it. */

static bool
cv_form_within(cv_str_t path, cv_str_t other)
{
    return path.len >= other.len
           && memcmp(path.data, other.data, other.len) == 0
           && (path.len == other.len || path.data[other.len] == '.');
}


static cv_err_t
cv_form_add(cv_form_t *form, const char *file, cv_str_t name, cv_doc_t value,
    cv_error_t *error)
{
    cv_str_t          path, other, shown;
    cv_form_member_t  i, member;

    shown = cv_form_cut(name);
    member = cv_form_find(name);

    if (member == CV_FORM_COUNT) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s: \"%.*s\" is nothing that a request may say",
                            file, CV_FMT(shown));
    }

    path = cv_doc_type(value) == CV_DOC_STRING ? cv_doc_text(value)
                                               : CV_ABSENT;

    if (!cv_form_is_path(path)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s: %.*s: not where a member stands, as "
                            "\"name\" or \"object.name\", in at most %d "
                            "bytes", file, CV_FMT(name), CV_FORM_PATH_MAX);
    }

    for (i = 0; i < CV_FORM_COUNT; i++) {
        other = cv_form_path(form, i);

        if (cv_present(other)
            && (cv_form_within(path, other) || cv_form_within(other, path)))
        {
            return cv_error_set(error, CV_ERR_INPUT,
                                "%s: %.*s: \"%.*s\" is where \"%.*s\" stands",
                                file, CV_FMT(name), CV_FMT(path),
                                CV_FMT(cv_form_names[i]));
        }
    }

    memcpy(form->path[member], path.data, path.len);
    form->len[member] = path.len;
    form->has |= (cv_form_set_t) 1 << member;

    return CV_OK;
}


static cv_err_t
cv_form_build(cv_form_t *form, const char *file, cv_doc_t doc,
    cv_error_t *error)
{
    cv_err_t       err;
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return cv_error_set(error, CV_ERR_INPUT, "%s: not an object", file);
    }

    err = CV_OK;
    it = cv_doc_iter(doc);

    while (err == CV_OK && cv_doc_next(&it, &name, &value)) {
        err = cv_form_add(form, file, name, value, error);
    }

    return err;
}


cv_err_t
cv_form_compile(cv_form_t **form, const char *file, cv_str_t source,
    cv_error_t *error)
{
    cv_buf_t    doc;
    cv_err_t    err;
    cv_form_t  *created;
    cv_error_t  what;

    *form = NULL;

    created = calloc(1, sizeof(cv_form_t));
    if (created == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    cv_buf_init(&doc, CV_FORM_DOC_MAX);

    err = cv_json_parse(&doc, source, &what);

    err = err == CV_OK
          ? cv_form_build(created, file, cv_buf_str(&doc), error)
          : cv_error_set(error, err, "%s: %s", file, what.text);

    cv_buf_free(&doc);

    if (err == CV_OK) {
        *form = created;

    } else {
        cv_form_free(created);
    }

    return err;
}


cv_err_t
cv_form_load(cv_form_t **form, const char *dir, const char *name,
    cv_error_t *error)
{
    int       n;
    char      file[CV_VIEW_PATH_MAX];
    cv_buf_t  source;
    cv_err_t  err;

    *form = NULL;

    if (!cv_view_is_name(cv_str_z(name))) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "\"%s\" is no name of a view's document", name);
    }

    n = snprintf(file, sizeof(file), "%s/%s.request.json", dir, name);

    if (n < 0 || (size_t) n >= sizeof(file)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the path of \"%s\" is too long", name);
    }

    cv_buf_init(&source, CV_FORM_DOC_MAX);

    err = cv_view_read(&source, file, NULL, error);

    if (err == CV_OK) {
        err = cv_form_compile(form, file, cv_buf_str(&source), error);
    }

    cv_buf_free(&source);

    return err;
}


void
cv_form_free(cv_form_t *form)
{
    free(form);
}


cv_form_set_t
cv_form_has(const cv_form_t *form)
{
    return form->has;
}


cv_str_t
cv_form_path(const cv_form_t *form, cv_form_member_t member)
{
    return form->len[member] == 0
           ? CV_ABSENT : cv_str(form->path[member], form->len[member]);
}


/*
 * The member that stands, of all that begin with "within", under this name;
 * CV_FORM_COUNT if there is none.  "inside" is what there is behind it.
 */

static cv_form_member_t
cv_form_member(const cv_form_reading_t *reading, cv_str_t within,
    cv_str_t name, cv_str_t *inside)
{
    size_t            start;
    cv_str_t          path;
    cv_form_member_t  i;

    *inside = CV_ABSENT;
    start = within.len == 0 ? 0 : within.len + 1;

    /* a dot in a name is no way to say what objects do */

    if (name.len == 0 || memchr(name.data, '.', name.len) != NULL) {
        return CV_FORM_COUNT;
    }

    for (i = 0; i < CV_FORM_COUNT; i++) {
        path = cv_form_path(reading->form, i);

        if ((reading->takes & (cv_form_set_t) 1 << i) == 0
            || path.len < start + name.len
            || (within.len > 0 && !cv_form_within(path, within))
            || memcmp(path.data + start, name.data, name.len) != 0)
        {
            continue;
        }

        if (path.len == start + name.len) {
            return i;
        }

        if (path.data[start + name.len] == '.') {
            *inside = cv_str(path.data, start + name.len);
        }
    }

    return CV_FORM_COUNT;
}


static cv_err_t
cv_form_take(const cv_form_reading_t *reading, cv_doc_t doc, cv_str_t within)
{
    cv_err_t          err;
    cv_str_t          name, shown, inside;
    cv_doc_t          value;
    cv_doc_iter_t     it;
    cv_form_member_t  member;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return within.len == 0
               ? cv_error_set(reading->error, CV_ERR_INPUT,
                              "The body must be an object.")
               : cv_error_set(reading->error, CV_ERR_INPUT,
                              "\"%.*s\" must be an object.", CV_FMT(within));
    }

    for (it = cv_doc_iter(doc); cv_doc_next(&it, &name, &value); ) {
        member = cv_form_member(reading, within, name, &inside);

        if (member == CV_FORM_COUNT && !cv_present(inside)) {
            shown = cv_form_cut(name);

            return cv_error_set(reading->error, CV_ERR_INPUT,
                                "\"%.*s%s%.*s\" is no member of this "
                                "request.", CV_FMT(within),
                                within.len > 0 ? "." : "", CV_FMT(shown));
        }

        if (cv_doc_type(value) == CV_DOC_NULL) {
            continue;
        }

        if (member != CV_FORM_COUNT) {
            reading->values[member] = value;
            continue;
        }

        err = cv_form_take(reading, value, inside);
        if (err != CV_OK) {
            return err;
        }
    }

    return CV_OK;
}


cv_err_t
cv_form_read(const cv_form_t *form, cv_doc_t body, cv_form_set_t takes,
    cv_doc_t values[CV_FORM_COUNT], cv_error_t *error)
{
    cv_form_reading_t  reading;

    memset(values, 0, CV_FORM_COUNT * sizeof(cv_doc_t));

    reading = (cv_form_reading_t) { form, takes, values, error };

    return cv_form_take(&reading, body, CV_STR(""));
}
