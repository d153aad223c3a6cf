
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view.h"
#include "cv_view_document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


const cv_str_t  cv_format_names[CV_FORMATS] = {
    [CV_FORMAT_JSON] = { (const uint8_t *) "json", sizeof("json") - 1 },
    [CV_FORMAT_HTML] = { (const uint8_t *) "html", sizeof("html") - 1 },
    [CV_FORMAT_SVG] = { (const uint8_t *) "svg", sizeof("svg") - 1 },
    [CV_FORMAT_BADGE] = { (const uint8_t *) "badge", sizeof("badge") - 1 },
    [CV_FORMAT_CARD] = { (const uint8_t *) "card", sizeof("card") - 1 },
    [CV_FORMAT_QR] = { (const uint8_t *) "qr", sizeof("qr") - 1 },
    [CV_FORMAT_TXT] = { (const uint8_t *) "txt", sizeof("txt") - 1 },
    [CV_FORMAT_PNG] = { (const uint8_t *) "png", sizeof("png") - 1 },
};


cv_format_t
cv_format_find(cv_str_t name)
{
    return (cv_format_t) cv_str_index(cv_format_names, CV_FORMATS, name);
}


cv_format_t
cv_format_markup(cv_format_t format)
{
    switch (format) {

    case CV_FORMAT_BADGE:
        return CV_FORMAT_HTML;

    case CV_FORMAT_CARD:
    case CV_FORMAT_QR:
    case CV_FORMAT_PNG:
        return CV_FORMAT_SVG;

    default:
        return format;
    }
}


/* the format that has the template */

static cv_format_t
cv_format_template(cv_format_t format)
{
    return format == CV_FORMAT_PNG ? CV_FORMAT_CARD : format;
}


/* "dir" may be NULL; false if there is no room */

static bool
cv_document_file(char path[CV_VIEW_PATH_MAX], const char *dir,
    const char *name, cv_format_t format)
{
    int          n;
    bool         named;
    cv_format_t  markup;

    markup = cv_format_markup(format);
    named = markup != format;

    n = snprintf(path, CV_VIEW_PATH_MAX, "%s%s%s%s%.*s.%.*s",
                 dir == NULL ? "" : dir, dir == NULL ? "" : "/", name,
                 named ? "." : "",
                 CV_FMT(named ? cv_format_names[format] : CV_STR("")),
                 CV_FMT(cv_format_names[markup]));

    return n >= 0 && n < CV_VIEW_PATH_MAX;
}


bool
cv_view_is_name(cv_str_t name)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < name.len; i++) {
        ch = name.data[i];

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9')
            && ch != '_' && ch != '-')
        {
            return false;
        }
    }

    return name.len > 0;
}


cv_err_t
cv_view_read(cv_buf_t *buf, const char *path, bool *found, cv_error_t *error)
{
    int          fd;
    ssize_t      n;
    uint8_t      chunk[16384];
    struct stat  st;

    /* a named pipe must not stop the program */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (found != NULL) {
        *found = fd != -1;

        if (fd == -1 && errno == ENOENT) {
            return CV_OK;
        }
    }

    if (fd == -1) {
        return cv_error_set(error, CV_ERR_IO, "%s: %s", path,
                            strerror(errno));
    }

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
        (void) close(fd);
        return cv_error_set(error, CV_ERR_INPUT, "%s: not a regular file",
                            path);
    }

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        cv_buf_append(buf, chunk, (size_t) n);
    }

    if (n == -1) {
        (void) cv_error_set(error, CV_ERR_IO, "%s: %s", path,
                            strerror(errno));
        (void) close(fd);
        return CV_ERR_IO;
    }

    (void) close(fd);

    if (buf->err == CV_ERR_LIMIT) {
        return cv_error_set(error, CV_ERR_LIMIT,
                            "%s: longer than %zu bytes", path, buf->limit);
    }

    return buf->err == CV_OK
           ? CV_OK : cv_error_set(error, buf->err, "%s: out of memory", path);
}


static cv_err_t
cv_document_build(cv_document_t *document, const char *dir, const char *name,
    const cv_str_t source[CV_FORMAT_FILES], cv_error_t *error)
{
    char         file[CV_VIEW_PATH_MAX];
    cv_err_t     err;
    cv_format_t  i;

    for (i = 0; i < CV_FORMAT_FILES; i++) {

        (void) cv_document_file(file, dir, name, i);

        if (!cv_present(source[i])) {

            if (i == CV_FORMAT_JSON) {
                return cv_error_set(error, CV_ERR_INPUT,
                                    "%s: there is no such file", file);
            }

            continue;
        }

        if (source[i].len > CV_VIEW_FILE_MAX) {
            return cv_error_set(error, CV_ERR_LIMIT,
                                "%s: longer than %d bytes", file,
                                CV_VIEW_FILE_MAX);
        }

        err = i == CV_FORMAT_JSON
              ? cv_view_json_compile(document, file, source[i], error)
              : cv_view_template_compile(document, i, dir, file, source[i],
                                         error);
        if (err != CV_OK) {
            return err;
        }
    }

    for (i = 0; i < CV_FORMAT_FILES && !document->formats[i].present; i++) {
        /* void */
    }

    if (i == CV_FORMAT_FILES) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s%s%s.json: no outcome has a \"body\", and "
                            "there is no page either",
                            dir == NULL ? "" : dir, dir == NULL ? "" : "/",
                            name);
    }

    return CV_OK;
}


static cv_err_t
cv_document_create(cv_document_t **document, const char *dir,
    const char *name, const cv_str_t source[CV_FORMAT_FILES], cv_error_t *error)
{
    cv_err_t        err;
    cv_format_t     i;
    cv_document_t  *created;

    *document = NULL;

    created = calloc(1, sizeof(cv_document_t));
    if (created == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    for (i = 0; i < CV_FORMAT_FILES; i++) {
        cv_view_program_init(&created->formats[i].program);
        cv_buf_init(&created->formats[i].style_text, CV_VIEW_TEXT_MAX);
    }

    err = cv_document_build(created, dir, name, source, error);

    if (err != CV_OK) {
        cv_document_free(created);
        return err;
    }

    *document = created;

    return CV_OK;
}


cv_err_t
cv_document_compile(cv_document_t **document, const char *name,
    const cv_str_t source[CV_FORMAT_FILES], cv_error_t *error)
{
    return cv_document_create(document, NULL, name, source, error);
}


cv_err_t
cv_document_load(cv_document_t **document, const char *dir, const char *name,
    cv_error_t *error)
{
    bool         found;
    char         path[CV_VIEW_PATH_MAX];
    cv_err_t     err;
    cv_buf_t     bufs[CV_FORMAT_FILES];
    cv_str_t     source[CV_FORMAT_FILES];
    cv_format_t  i;

    *document = NULL;

    if (!cv_view_is_name(cv_str_z(name))) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "\"%s\" is no name of a view's document", name);
    }

    for (i = 0; i < CV_FORMAT_FILES; i++) {
        cv_buf_init(&bufs[i], CV_VIEW_FILE_MAX);
        source[i] = CV_ABSENT;
    }

    err = CV_OK;

    for (i = 0; i < CV_FORMAT_FILES && err == CV_OK; i++) {

        if (!cv_document_file(path, dir, name, i)) {
            err = cv_error_set(error, CV_ERR_INPUT,
                               "the path of \"%s\" is too long", name);
            break;
        }

        found = true;
        err = cv_view_read(&bufs[i], path,
                           i == CV_FORMAT_JSON ? NULL : &found, error);

        if (err == CV_OK && found) {
            source[i] = cv_buf_str(&bufs[i]);
        }
    }

    if (err == CV_OK) {
        err = cv_document_create(document, dir, name, source, error);
    }

    for (i = 0; i < CV_FORMAT_FILES; i++) {
        cv_buf_free(&bufs[i]);
    }

    return err;
}


void
cv_document_free(cv_document_t *document)
{
    cv_format_t  i;

    if (document == NULL) {
        return;
    }

    for (i = 0; i < CV_FORMAT_FILES; i++) {
        cv_view_program_free(&document->formats[i].program);
        cv_buf_free(&document->formats[i].style_text);
    }

    free(document);
}


bool
cv_document_has(const cv_document_t *document, cv_format_t format)
{
    return format < CV_FORMATS
           && document->formats[cv_format_template(format)].present;
}


bool
cv_document_knows(const cv_document_t *document, cv_outcome_t outcome)
{
    if (outcome >= CV_ERRORS || outcome == CV_NOT_FOUND) {
        return true;
    }

    return (outcome >= CV_REASONS) == document->finds;
}


size_t
cv_document_nstyles(const cv_document_t *document, cv_format_t format)
{
    return document->formats[format].nstyles;
}


cv_str_t
cv_document_style(const cv_document_t *document, cv_format_t format, size_t i)
{
    size_t                   start;
    const cv_view_format_t  *in;

    in = &document->formats[format];
    start = i == 0 ? 0 : in->style_ends[i - 1];

    return cv_str(cv_buf_str(&in->style_text).data + start,
                  in->style_ends[i] - start);
}


cv_presentation_t
cv_document_present(const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome)
{
    cv_presentation_t         presentation;
    const cv_view_outcome_t  *o;

    o = &document->outcomes[document->outcomes[outcome].outcome];

    presentation.outcome = o->outcome;
    presentation.status = o->status;
    presentation.word = o->word_len > 0 ? cv_str(o->word, o->word_len)
                                        : CV_ABSENT;

    switch (cv_format_markup(format)) {

    case CV_FORMAT_HTML:
        presentation.type = CV_STR("text/html; charset=utf-8");
        break;

    case CV_FORMAT_TXT:
        presentation.type = CV_STR("text/plain; charset=utf-8");
        break;

    case CV_FORMAT_SVG:
        presentation.type = format == CV_FORMAT_PNG
                            ? CV_STR("image/png") : CV_STR("image/svg+xml");
        break;

    default:
        presentation.type = cv_str(o->type, o->type_len);
    }

    return presentation;
}


bool
cv_document_shows(const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome, cv_fact_id_t fact)
{
    outcome = document->outcomes[outcome].outcome;

    return cv_fact_set_has(format == CV_FORMAT_JSON
            ? &document->outcomes[outcome].shows
            : &document->formats[cv_format_template(format)].program.shows,
            fact);
}


cv_err_t
cv_document_render(const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome, const cv_facts_t *facts, cv_buf_t *out,
    cv_rendering_t *rendering)
{
    size_t                   entry;
    const cv_view_outcome_t  *o;

    if (!cv_document_has(document, format)) {
        return CV_ERR_INPUT;
    }

    o = &document->outcomes[document->outcomes[outcome].outcome];
    entry = format == CV_FORMAT_JSON ? o->entry : 0;

    return cv_view_run(&document->formats[cv_format_template(format)].program,
                       entry, facts, out, rendering);
}
