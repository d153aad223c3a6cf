
/*
 * Copyright (C) The credverify authors
 *
 * The compiler of NAME.html, NAME.svg and NAME.txt: Mustache (the specification's
 * interpolation, sections, inverted, comments and partials modules), without
 * whatever would show a value unescaped or change how the rest is read.
 *
 * Partials are compiled in place, so that what surrounds them tells how to
 * escape inside.
 */

#include "cv_text.h"
#include "cv_view_document.h"
#include "cv_view_markup.h"

#include <stdarg.h>
#include <stdio.h>

#define CV_TEMPLATE_SECTIONS  32            /* inside one another */
#define CV_TEMPLATE_PARTIALS  8             /* inside one another */
#define CV_TEMPLATE_INCLUDES  256           /* in all */
#define CV_TEMPLATE_INDENT    256


typedef struct cv_template_file_s  cv_template_file_t;

struct cv_template_file_s {
    cv_template_file_t  *parent;        /* the file it is a partial of */
    const char          *path;
    cv_str_t             text;
    const uint8_t       *p;
    const uint8_t       *end;
    unsigned             line;
    bool                 line_start;    /* the indentation is still to come */
    cv_str_t             indent;
};

typedef struct {
    cv_str_t             name;          /* as it was written */
    cv_template_file_t  *file;
    unsigned             line;
    cv_markup_t          markup;        /* where it began */
    size_t               op;
    size_t               body;
    bool                 enters;        /* has items, and CV_OP_NEXT */
    cv_fact_id_t         fact;          /* what "." is otherwise */
} cv_template_section_t;

typedef struct {
    cv_format_t             format;
    cv_view_program_t      *program;
    const char             *dir;
    cv_error_t             *error;
    cv_template_file_t     *file;
    cv_markup_t             markup;
    unsigned                depth;      /* of partials */
    unsigned                includes;
    unsigned                items;      /* sections that enter */
    unsigned                nows;
    unsigned                nsections;
    cv_template_section_t   sections[CV_TEMPLATE_SECTIONS];
} cv_template_t;

typedef struct {
    uint8_t         sigil;              /* 0 of a variable */
    cv_str_t        name;
    const uint8_t  *start;
    const uint8_t  *end;
    const uint8_t  *line;               /* where the line of a standalone */
    const uint8_t  *next;               /* tag begins and ends, else NULL */
} cv_template_tag_t;


static cv_err_t cv_template_file(cv_template_t *t, cv_template_file_t *file);


static cv_err_t __attribute__((format(printf, 3, 4)))
cv_template_fail(cv_template_t *t, cv_err_t err, const char *fmt, ...)
{
    char     what[CV_ERROR_TEXT_MAX];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);

    return cv_error_set(t->error, err, "%s:%u: %s", t->file->path,
                        t->file->line, what);
}


static void
cv_template_advance(cv_template_file_t *file, const uint8_t *to)
{
    for ( /* void */ ; file->p < to; file->p++) {
        file->line += *file->p == '\n';
    }
}


static cv_err_t
cv_template_constant(cv_template_t *t, cv_str_t text)
{
    if (!cv_markup_text(&t->markup, text)) {
        return cv_template_fail(t, CV_ERR_INPUT, "%s", t->markup.wrong);
    }

    cv_view_emit_text(t->program, text);

    return CV_OK;
}


/* what a partial's line begins with, before anything else of it */

static cv_err_t
cv_template_indent(cv_template_t *t)
{
    if (!t->file->line_start) {
        return CV_OK;
    }

    t->file->line_start = false;

    return cv_template_constant(t, t->file->indent);
}


/* the text up to "to", line by line */

static cv_err_t
cv_template_text(cv_template_t *t, const uint8_t *to)
{
    cv_err_t             err;
    const uint8_t       *p, *next;
    cv_template_file_t  *file;

    file = t->file;

    while (file->p < to) {
        p = file->p;
        next = memchr(p, '\n', (size_t) (to - p));
        next = next == NULL ? to : next + 1;

        if (*p != '\n' && *p != '\r') {
            err = cv_template_indent(t);
            if (err != CV_OK) {
                return err;
            }
        }

        err = cv_template_constant(t, cv_str(p, (size_t) (next - p)));
        if (err != CV_OK) {
            return err;
        }

        if (next[-1] == '\n') {
            file->line_start = true;
        }

        cv_template_advance(file, next);
    }

    return CV_OK;
}


/* tags that show nothing take their line with them if they are alone on it */

static void
cv_template_find_line(cv_template_file_t *file, cv_template_tag_t *tag)
{
    const uint8_t  *p, *start;

    tag->line = NULL;

    if (tag->sigil == 0) {
        return;
    }

    start = file->text.data;

    for (p = tag->start; p > start && (p[-1] == ' ' || p[-1] == '\t'); p--) {
        /* void */
    }

    if (p > start && p[-1] != '\n') {
        return;
    }

    tag->line = p;

    for (p = tag->end; p < file->end && (*p == ' ' || *p == '\t'); p++) {
        /* void */
    }

    if (p < file->end && *p == '\r' && p + 1 < file->end && p[1] == '\n') {
        p++;
    }

    if (p < file->end && *p != '\n') {
        tag->line = NULL;
        return;
    }

    tag->next = p < file->end ? p + 1 : p;
}


/* the tag at "{{" */

static cv_err_t
cv_template_tag(cv_template_t *t, cv_template_tag_t *tag)
{
    const uint8_t       *p, *end;
    cv_template_file_t  *file;

    file = t->file;

    p = tag->start + 2;
    end = memmem(p, (size_t) (file->end - p), "}}", 2);

    if (end == NULL) {
        return cv_template_fail(t, CV_ERR_INPUT, "\"{{\" without \"}}\"");
    }

    tag->end = end + 2;
    tag->sigil = 0;

    if (p < end && strchr("#^/!>{&=$<*", *p) != NULL) {
        tag->sigil = *p++;
    }

    switch (tag->sigil) {

    case '{':
    case '&':
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"{{%c\": values are always escaped, write "
                                "\"{{name}}\"", tag->sigil);

    case '=':
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"{{=\": delimiters cannot be changed");

    case '$':
    case '<':
    case '*':
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"{{%c\": blocks and dynamic names are not "
                                "supported", tag->sigil);

    default:
        break;
    }

    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }

    while (p < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'
                       || end[-1] == '\n'))
    {
        end--;
    }

    tag->name = cv_str(p, (size_t) (end - p));

    if (tag->name.len == 0 && tag->sigil != '!') {
        return cv_template_fail(t, CV_ERR_INPUT, "a tag without a name");
    }

    cv_template_find_line(file, tag);

    return CV_OK;
}


/*
 * Names below the fact a section is about, as "expires_at" in
 * {{#token}}{{expires_at}}{{/token}}.
 */

static void
cv_template_below(cv_template_t *t, cv_view_path_t *path)
{
    int             n;
    char            name[512];
    unsigned        i, members;
    cv_fact_id_t    fact;
    cv_view_path_t  below;

    for (i = t->nsections; i > 0; i--) {

        fact = t->sections[i - 1].fact;

        if (fact == CV_FACT_COUNT) {
            continue;
        }

        n = snprintf(name, sizeof(name), "%.*s.%.*s",
                     CV_FMT(cv_fact_names[fact]), CV_FMT(path->text));

        if (n < 0 || (size_t) n >= sizeof(name)
            || cv_view_path_parse(&below, cv_str(name, (size_t) n), NULL)
               != CV_OK
            || below.fact == CV_FACT_COUNT)
        {
            continue;
        }

        members = below.nnames - below.skip;

        if (members < path->nnames) {
            path->fact = below.fact;
            path->skip = path->nnames - members;
            return;
        }
    }
}


/* ".", the value the innermost section is about */

static cv_err_t
cv_template_self(cv_template_t *t, cv_view_path_t *path)
{
    unsigned                i;
    cv_template_section_t  *section;

    for (i = t->nsections; i > 0; i--) {
        section = &t->sections[i - 1];

        if (section->enters) {
            path->scope = CV_SCOPE_ITEM;
            return CV_OK;
        }

        if (section->fact != CV_FACT_COUNT) {
            path->fact = section->fact;
            return CV_OK;
        }
    }

    return cv_template_fail(t, CV_ERR_INPUT, "\".\" outside a section");
}


static cv_err_t
cv_template_path(cv_template_t *t, cv_view_path_t *path, cv_str_t text)
{
    cv_err_t    err;
    cv_error_t  error;

    err = cv_view_path_parse(path, text, &error);

    if (err == CV_OK) {

        if (path->nnames == 0) {
            err = cv_template_self(t, path);
            if (err != CV_OK) {
                return err;
            }

        } else {
            cv_template_below(t, path);
            path->scope = t->items > 0 ? CV_SCOPE_NAME : CV_SCOPE_FACT;
        }

        err = cv_view_path_check(path, &error);
    }

    if (err != CV_OK) {
        return cv_template_fail(t, err, "%s", error.text);
    }

    return CV_OK;
}


static cv_err_t
cv_template_now(cv_template_t *t, const cv_view_path_t *path,
    cv_view_opcode_t code)
{
    if (t->items > 0) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"%.*s\" cannot stand inside a list",
                                CV_FMT(path->text));
    }

    if (code != CV_OP_HTML && code != CV_OP_PLAIN) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"%.*s\" cannot stand in a URL",
                                CV_FMT(path->text));
    }

    if (++t->nows > CV_VIEW_NOWS) {
        return cv_template_fail(t, CV_ERR_LIMIT,
                                "\"%.*s\" is shown more than %d times",
                                CV_FMT(path->text), CV_VIEW_NOWS);
    }

    return CV_OK;
}


static cv_err_t
cv_template_variable(cv_template_t *t, const cv_template_tag_t *tag)
{
    cv_err_t          err;
    cv_error_t        error;
    cv_view_path_t    path;
    cv_view_opcode_t  code;

    err = cv_template_path(t, &path, tag->name);
    if (err != CV_OK) {
        return err;
    }

    err = cv_view_path_check_text(&path, &error);
    if (err != CV_OK) {
        return cv_template_fail(t, err, "%s", error.text);
    }

    code = cv_markup_value(&t->markup);

    if (code == CV_OP_END) {
        return cv_template_fail(t, CV_ERR_INPUT, "{{%.*s}}: %s",
                                CV_FMT(tag->name), t->markup.wrong);
    }

    if (path.measure.part == CV_VIEW_QR && code != CV_OP_HTML) {
        return cv_template_fail(t, CV_ERR_INPUT, "{{%.*s}}: a QR code "
                                "where no text is", CV_FMT(tag->name));
    }

    if (cv_view_path_is_now(&path)) {
        err = cv_template_now(t, &path, code);
        if (err != CV_OK) {
            return err;
        }
    }

    if (path.filter == CV_FILTER_HTML) {

        if (code != CV_OP_HTML) {
            return cv_template_fail(t, CV_ERR_INPUT,
                                    "{{%.*s}}: HTML cannot be shown in %s",
                                    CV_FMT(tag->name),
                                    code == CV_OP_PLAIN ? "a text" : "a URL");
        }

        path.filter = CV_FILTER_NONE;
        code = CV_OP_HTML_SHOWN;
    }

    (void) cv_view_emit(t->program, code, &path);

    return CV_OK;
}


static cv_err_t
cv_template_open(cv_template_t *t, const cv_template_tag_t *tag)
{
    cv_err_t                err;
    cv_view_path_t          path;
    cv_view_opcode_t        code;
    cv_template_section_t  *section;

    err = cv_template_path(t, &path, tag->name);
    if (err != CV_OK) {
        return err;
    }

    if (!cv_view_path_asks(&path)
        && (path.filter != CV_FILTER_NONE
            || path.measure.part != CV_VIEW_WHOLE))
    {
        return cv_template_fail(t, CV_ERR_INPUT, "a section's filter can only "
                                "be \"exists\", \"line\" or \"qr\"");
    }

    if (t->nsections == CV_TEMPLATE_SECTIONS) {
        return cv_template_fail(t, CV_ERR_LIMIT,
                                "more than %d sections inside one another",
                                CV_TEMPLATE_SECTIONS);
    }

    if (!cv_markup_section(&t->markup)) {
        return cv_template_fail(t, CV_ERR_INPUT, "{{%c%.*s}}: %s",
                                tag->sigil, CV_FMT(tag->name),
                                t->markup.wrong);
    }

    section = &t->sections[t->nsections++];

    section->name = tag->name;
    section->file = t->file;
    section->line = t->file->line;
    section->markup = t->markup;
    section->enters = false;
    section->fact = CV_FACT_COUNT;

    if (tag->sigil == '^') {
        code = CV_OP_SKIP_TRUE;

    } else if (cv_view_path_asks(&path)) {
        code = CV_OP_SKIP_FALSE;

    } else if (path.scope == CV_SCOPE_FACT && path.skip == path.nnames
               && !cv_view_path_is_doc(&path))
    {
        code = CV_OP_SKIP_FALSE;
        section->fact = path.fact;

    } else {
        code = CV_OP_SECTION;
        section->enters = true;

        if (++t->items > CV_VIEW_ITEMS) {
            return cv_template_fail(t, CV_ERR_LIMIT,
                                    "more than %d lists inside one another",
                                    CV_VIEW_ITEMS);
        }
    }

    section->op = cv_view_emit(t->program, code, &path);
    section->body = cv_view_emit_label(t->program);

    return CV_OK;
}


static cv_err_t
cv_template_close(cv_template_t *t, const cv_template_tag_t *tag)
{
    size_t                  next;
    cv_template_section_t  *section;

    section = t->nsections > 0 ? &t->sections[t->nsections - 1] : NULL;

    if (section == NULL || section->file != t->file) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "{{/%.*s}} without {{#%.*s}}",
                                CV_FMT(tag->name), CV_FMT(tag->name));
    }

    if (!cv_str_eq(section->name, tag->name)) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "{{/%.*s}} closes {{#%.*s}} of line %u",
                                CV_FMT(tag->name), CV_FMT(section->name),
                                section->line);
    }

    if (!cv_markup_rejoin(&t->markup, &section->markup, section->enters)) {
        return cv_template_fail(t, CV_ERR_INPUT, "{{/%.*s}}: %s",
                                CV_FMT(tag->name), t->markup.wrong);
    }

    if (section->enters) {
        next = cv_view_emit(t->program, CV_OP_NEXT, NULL);
        cv_view_emit_jump(t->program, next, section->body);
        t->items--;
    }

    cv_view_emit_jump(t->program, section->op,
                      cv_view_emit_label(t->program));
    t->nsections--;

    return CV_OK;
}


/* compiles a partial that has been read, in place */

static cv_err_t
cv_template_include(cv_template_t *t, const cv_template_tag_t *tag,
    const char *path, cv_str_t text)
{
    char                 indent[CV_TEMPLATE_INDENT];
    cv_err_t             err;
    cv_str_t             outer, own;
    cv_template_file_t   file, *parent;

    parent = t->file;

    memset(&file, 0, sizeof(cv_template_file_t));
    file.parent = parent;
    file.path = path;
    file.text = text;

    if (tag->line != NULL) {
        outer = parent->indent;
        own = cv_str(tag->line, (size_t) (tag->start - tag->line));

        if (outer.len + own.len > sizeof(indent)) {
            return cv_template_fail(t, CV_ERR_LIMIT,
                                    "partials indented too deep");
        }

        if (outer.len > 0) {
            memcpy(indent, outer.data, outer.len);
        }

        memcpy(indent + outer.len, own.data, own.len);
        file.indent = cv_str(indent, outer.len + own.len);
    }

    t->depth++;
    err = cv_template_file(t, &file);
    t->depth--;
    t->file = parent;

    return err;
}


/*
 * A view's own, else what views of the same directory share.  What is drawn
 * alike in a page and a badge may be there once, as NAME.svg.
 */

static cv_err_t
cv_template_read(cv_template_t *t, const cv_template_tag_t *tag,
    cv_buf_t *buf, char path[CV_VIEW_PATH_MAX])
{
    int          n;
    bool         found;
    size_t       i;
    cv_err_t     err;
    cv_str_t     ending;
    cv_error_t   error;
    cv_format_t  markup;

    static const char *const  places[] = { "", "/../shared" };

    markup = cv_format_markup(t->format);

    for (i = 0; i < 4; i += markup == CV_FORMAT_HTML ? 1 : 2) {

        ending = cv_format_names[i & 1 ? CV_FORMAT_SVG : markup];

        n = snprintf(path, CV_VIEW_PATH_MAX, "%s%s/%.*s.%.*s", t->dir,
                     places[i / 2], CV_FMT(tag->name), CV_FMT(ending));

        if (n < 0 || n >= CV_VIEW_PATH_MAX) {
            return cv_template_fail(t, CV_ERR_INPUT, "the path is too long");
        }

        err = cv_view_read(buf, path, &found, &error);

        if (err != CV_OK) {
            return cv_template_fail(t, err, "{{>%.*s}}: %s",
                                    CV_FMT(tag->name), error.text);
        }

        if (found) {
            return CV_OK;
        }
    }

    return cv_template_fail(t, CV_ERR_IO, "{{>%.*s}}: there is no %.*s.%.*s "
                            "in %s, nor in %s/../shared", CV_FMT(tag->name),
                            CV_FMT(tag->name),
                            CV_FMT(cv_format_names[markup]), t->dir, t->dir);
}


static cv_err_t
cv_template_partial(cv_template_t *t, const cv_template_tag_t *tag)
{
    char                  path[CV_VIEW_PATH_MAX];
    cv_err_t              err;
    cv_buf_t              buf;
    cv_template_file_t   *file;

    if (!cv_view_is_name(tag->name)) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "\"%.*s\" is no name of a partial",
                                CV_FMT(tag->name));
    }

    if (t->dir == NULL) {
        return cv_template_fail(t, CV_ERR_INPUT,
                                "{{>%.*s}}: there are no partials here",
                                CV_FMT(tag->name));
    }

    if (t->depth == CV_TEMPLATE_PARTIALS
        || t->includes++ == CV_TEMPLATE_INCLUDES)
    {
        return cv_template_fail(t, CV_ERR_LIMIT,
                                "more than %d partials inside one another, "
                                "or %d in all", CV_TEMPLATE_PARTIALS,
                                CV_TEMPLATE_INCLUDES);
    }

    cv_buf_init(&buf, CV_VIEW_FILE_MAX);

    err = cv_template_read(t, tag, &buf, path);

    for (file = t->file; err == CV_OK && file != NULL; file = file->parent) {
        if (strcmp(file->path, path) == 0) {
            err = cv_template_fail(t, CV_ERR_INPUT, "{{>%.*s}} includes "
                                   "itself", CV_FMT(tag->name));
        }
    }

    if (err == CV_OK) {
        err = cv_template_include(t, tag, path, cv_buf_str(&buf));
    }

    cv_buf_free(&buf);

    return err;
}


static cv_err_t
cv_template_act(cv_template_t *t, const cv_template_tag_t *tag)
{
    switch (tag->sigil) {

    case '#':
    case '^':
        return cv_template_open(t, tag);

    case '/':
        return cv_template_close(t, tag);

    case '>':
        return cv_template_partial(t, tag);

    case '!':
        return CV_OK;

    default:
        return cv_template_variable(t, tag);
    }
}


/* the next tag and the text before it */

static cv_err_t
cv_template_next(cv_template_t *t, const uint8_t *start)
{
    cv_err_t             err;
    unsigned             line;
    const uint8_t       *p;
    cv_template_tag_t    tag;
    cv_template_file_t  *file;

    file = t->file;
    line = file->line;

    for (p = file->p; p < start; p++) {
        file->line += *p == '\n';
    }

    memset(&tag, 0, sizeof(cv_template_tag_t));
    tag.start = start;

    err = cv_template_tag(t, &tag);
    if (err != CV_OK) {
        return err;
    }

    file->line = line;

    err = cv_template_text(t, tag.line != NULL ? tag.line : start);

    if (err == CV_OK && tag.line == NULL) {
        err = cv_template_indent(t);
    }

    if (err != CV_OK) {
        return err;
    }

    cv_template_advance(file, start);

    err = cv_template_act(t, &tag);
    if (err != CV_OK) {
        return err;
    }

    cv_template_advance(file, tag.line != NULL ? tag.next : tag.end);

    return CV_OK;
}


static cv_err_t
cv_template_file(cv_template_t *t, cv_template_file_t *file)
{
    cv_err_t                err;
    const uint8_t          *start;
    cv_template_section_t  *section;

    t->file = file;

    file->p = file->text.data;
    file->end = file->p + file->text.len;
    file->line = 1;
    file->line_start = true;

    if (!cv_utf8_valid(file->text)) {
        return cv_template_fail(t, CV_ERR_INPUT, "the file is not UTF-8");
    }

    for ( ;; ) {
        start = memmem(file->p, (size_t) (file->end - file->p), "{{", 2);

        if (start == NULL) {
            break;
        }

        err = cv_template_next(t, start);
        if (err != CV_OK) {
            return err;
        }
    }

    err = cv_template_text(t, file->end);
    if (err != CV_OK) {
        return err;
    }

    section = t->nsections > 0 ? &t->sections[t->nsections - 1] : NULL;

    if (section != NULL && section->file == file) {
        file->line = section->line;

        return cv_template_fail(t, CV_ERR_INPUT, "{{#%.*s}} is never closed",
                                CV_FMT(section->name));
    }

    return CV_OK;
}


cv_err_t
cv_view_template_compile(cv_document_t *document, cv_format_t format,
    const char *dir, const char *path, cv_str_t source, cv_error_t *error)
{
    cv_err_t             err;
    cv_error_t           what;
    cv_template_t        t;
    cv_view_format_t    *to;
    cv_template_file_t   file;

    to = &document->formats[format];

    memset(&t, 0, sizeof(cv_template_t));
    t.format = format;
    t.program = &to->program;
    t.dir = dir;
    t.error = error;
    cv_markup_init(&t.markup, to, cv_format_markup(format));

    memset(&file, 0, sizeof(cv_template_file_t));
    file.path = path;
    file.text = source;

    err = cv_template_file(&t, &file);
    if (err != CV_OK) {
        return err;
    }

    if (!cv_markup_done(&t.markup)) {
        return cv_template_fail(&t, CV_ERR_INPUT, "%s", t.markup.wrong);
    }

    (void) cv_view_emit(t.program, CV_OP_END, NULL);

    err = cv_view_program_finish(t.program, &what);

    if (err == CV_OK && cv_buf_failed(&to->style_text)) {
        err = cv_error_set(&what, to->style_text.err, "out of memory");
    }

    if (err != CV_OK) {
        return cv_error_set(error, err, "%s: %s", path, what.text);
    }

    to->present = true;

    return CV_OK;
}
