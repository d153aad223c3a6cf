
/*
 * Copyright (C) The credverify authors
 *
 * yajl calls back for every value.  Where it is more generous than RFC 8259,
 * or silently mends what is wrong, the text is checked before it sees it:
 * vertical tabs and form feeds are white space to it, overlong UTF-8 passes,
 * and an unpaired surrogate escape becomes a question mark.
 */

#include "cv_json.h"
#include "cv_hash.h"
#include "cv_text.h"

#include <stdarg.h>
#include <stdio.h>

#include <yajl/yajl_parse.h>

#define CV_JSON_PATH_MAX  128


typedef struct {
    size_t        mark;         /* of the container in the document */
    size_t        name;         /* its present member's name and where */
    size_t        name_len;     /* it stands in the document */
    size_t        count;        /* values so far, or names so far */
    bool          object;
} cv_json_level_t;

typedef struct {
    cv_buf_t         *out;
    cv_str_t          text;
    yajl_handle       yajl;
    cv_err_t          err;
    cv_error_t       *error;

    unsigned          depth;
    cv_json_level_t   levels[CV_DOC_DEPTH];

    /* hashes of the names in every open object, the outermost first */
    size_t            nnames;
    uint64_t          names[CV_JSON_MEMBERS];
} cv_json_t;


static int cv_json_null(void *ctx);
static int cv_json_boolean(void *ctx, int value);
static int cv_json_number(void *ctx, const char *text, size_t len);
static int cv_json_string(void *ctx, const unsigned char *text, size_t len);
static int cv_json_start_object(void *ctx);
static int cv_json_start_array(void *ctx);
static int cv_json_name(void *ctx, const unsigned char *text, size_t len);
static int cv_json_end(void *ctx);


static const yajl_callbacks  cv_json_callbacks = {
    .yajl_null = cv_json_null,
    .yajl_boolean = cv_json_boolean,
    .yajl_number = cv_json_number,
    .yajl_string = cv_json_string,
    .yajl_start_map = cv_json_start_object,
    .yajl_map_key = cv_json_name,
    .yajl_end_map = cv_json_end,
    .yajl_start_array = cv_json_start_array,
    .yajl_end_array = cv_json_end,
};


/* returns 0, which is what stops yajl */

static int __attribute__((format(printf, 4, 5)))
cv_json_fail_at(cv_json_t *json, cv_err_t err, size_t at, const char *fmt,
    ...)
{
    char             what[CV_ERROR_TEXT_MAX];
    size_t           line;
    va_list          args;
    const uint8_t   *p, *end;

    if (json->err != CV_OK) {
        return 0;
    }

    json->err = err;

    va_start(args, fmt);
    (void) vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);

    end = json->text.data + (at < json->text.len ? at : json->text.len);

    for (line = 1, p = json->text.data; p < end; p++) {
        line += *p == '\n';
    }

    if (memchr(json->text.data, '\n', json->text.len) != NULL) {
        (void) cv_error_set(json->error, err, "line %zu: %s", line, what);

    } else {
        (void) cv_error_set(json->error, err, "byte %zu: %s", at, what);
    }

    return 0;
}


static size_t
cv_json_offset(cv_json_t *json)
{
    return yajl_get_bytes_consumed(json->yajl);
}


/* the members that lead to the present one, as "body.items[2].name" */

static const char *
cv_json_path(cv_json_t *json, char path[CV_JSON_PATH_MAX])
{
    int                     n;
    size_t                  len;
    unsigned                i;
    const char             *dot;
    const cv_json_level_t  *level;

    path[0] = '\0';

    for (len = 0, i = 0; i < json->depth; i++) {
        level = &json->levels[i];
        dot = len == 0 ? "" : ".";

        if (!level->object) {
            n = snprintf(path + len, CV_JSON_PATH_MAX - len, "[%zu]",
                         level->count - (level->count > 0));

        } else if (level->count > 0) {
            n = snprintf(path + len, CV_JSON_PATH_MAX - len, "%s%.*s", dot,
                         (int) level->name_len,
                         (const char *) json->out->data + level->name);

        } else {
            break;
        }

        if (n < 0 || (size_t) n >= CV_JSON_PATH_MAX - len) {
            break;
        }

        len += (size_t) n;
    }

    return path;
}


/* what must hold before a value is appended, and after one was */

static int
cv_json_value(cv_json_t *json)
{
    if (json->depth == CV_DOC_DEPTH) {
        return cv_json_fail_at(json, CV_ERR_LIMIT, cv_json_offset(json),
                               "nested deeper than %d levels", CV_DOC_DEPTH);
    }

    if (json->depth > 0 && !json->levels[json->depth - 1].object) {
        json->levels[json->depth - 1].count++;
    }

    return 1;
}


static int
cv_json_fits(cv_json_t *json)
{
    if (cv_buf_failed(json->out)) {
        return cv_json_fail_at(json, json->out->err, cv_json_offset(json),
                               json->out->err == CV_ERR_NOMEM
                               ? "out of memory"
                               : "the document is too long");
    }

    return 1;
}


static int
cv_json_scalar(cv_json_t *json, cv_doc_type_t type, cv_str_t text)
{
    if (!cv_json_value(json)) {
        return 0;
    }

    cv_doc_put(json->out, type, text);

    return cv_json_fits(json);
}


static int
cv_json_null(void *ctx)
{
    return cv_json_scalar(ctx, CV_DOC_NULL, CV_ABSENT);
}


static int
cv_json_boolean(void *ctx, int value)
{
    return cv_json_scalar(ctx, value ? CV_DOC_TRUE : CV_DOC_FALSE, CV_ABSENT);
}


static int
cv_json_number(void *ctx, const char *text, size_t len)
{
    return cv_json_scalar(ctx, CV_DOC_NUMBER, cv_str(text, len));
}


static int
cv_json_string(void *ctx, const unsigned char *text, size_t len)
{
    return cv_json_scalar(ctx, CV_DOC_STRING, cv_str(text, len));
}


static int
cv_json_start(cv_json_t *json, cv_doc_type_t type)
{
    cv_json_level_t  *level;

    if (!cv_json_value(json)) {
        return 0;
    }

    level = &json->levels[json->depth++];

    level->mark = cv_doc_open(json->out, type);
    level->object = type == CV_DOC_OBJECT;
    level->count = 0;

    return cv_json_fits(json);
}


static int
cv_json_start_object(void *ctx)
{
    return cv_json_start(ctx, CV_DOC_OBJECT);
}


static int
cv_json_start_array(void *ctx)
{
    return cv_json_start(ctx, CV_DOC_ARRAY);
}


static int
cv_json_name(void *ctx, const unsigned char *text, size_t len)
{
    char              path[CV_JSON_PATH_MAX];
    size_t            i;
    uint64_t          hash;
    cv_json_t        *json = ctx;
    cv_json_level_t  *level;

    level = &json->levels[json->depth - 1];

    if (len > CV_DOC_NAME_MAX) {
        return cv_json_fail_at(json, CV_ERR_LIMIT, cv_json_offset(json),
                               "a member name is longer than %d bytes",
                               CV_DOC_NAME_MAX);
    }

    if (json->nnames == CV_JSON_MEMBERS) {
        return cv_json_fail_at(json, CV_ERR_LIMIT, cv_json_offset(json),
                               "more than %d members", CV_JSON_MEMBERS);
    }

    cv_doc_put_name(json->out, cv_str(text, len));

    if (!cv_json_fits(json)) {
        return 0;
    }

    level->name = json->out->len - len;
    level->name_len = len;
    level->count++;

    hash = cv_hash(text, len);

    /* two names with one 64-bit hash are never met, and refusing is safe */

    for (i = json->nnames - (level->count - 1); i < json->nnames; i++) {
        if (json->names[i] == hash) {
            return cv_json_fail_at(json, CV_ERR_INPUT, cv_json_offset(json),
                                   "duplicate member \"%s\"",
                                   cv_json_path(json, path));
        }
    }

    json->names[json->nnames++] = hash;

    return 1;
}


static int
cv_json_end(void *ctx)
{
    cv_json_t        *json = ctx;
    cv_json_level_t  *level;

    level = &json->levels[--json->depth];
    cv_doc_close(json->out, level->mark);

    if (level->object) {
        json->nnames -= level->count;
    }

    return 1;
}


/* the value of "\uXXXX" at "p", or -1 */

static int
cv_json_escape(const uint8_t *p, const uint8_t *end)
{
    uint8_t  bytes[2];

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u'
        || !cv_hex_decode(bytes, 2, cv_str(p + 2, 4)))
    {
        return -1;
    }

    return bytes[0] << 8 | bytes[1];
}


/* where the first byte stands that makes the text invalid */

static size_t
cv_json_bad_utf8(cv_json_t *json)
{
    size_t  at, n;

    for (at = 0; at < json->text.len; at += n) {

        for (n = 1; n <= 4 && n <= json->text.len - at; n++) {
            if (cv_utf8_valid(cv_str(json->text.data + at, n))) {
                break;
            }
        }

        if (n > 4 || n > json->text.len - at) {
            break;
        }
    }

    return at;
}


static int
cv_json_check_text(cv_json_t *json)
{
    int             unit, low;
    size_t          at;
    const uint8_t  *p, *end;

    if (json->text.len > CV_JSON_TEXT_MAX) {
        return cv_json_fail_at(json, CV_ERR_LIMIT, CV_JSON_TEXT_MAX,
                               "the text is too long");
    }

    end = cv_str_end(json->text);

    for (p = json->text.data; p < end; p++) {
        at = (size_t) (p - json->text.data);

        if (*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r') {
            return cv_json_fail_at(json, CV_ERR_INPUT, at,
                                   "control character 0x%02x", *p);
        }

        if (*p != '\\') {
            continue;
        }

        unit = cv_json_escape(p, end);

        if (unit < 0) {
            p++;        /* yajl says what is wrong, if anything is */
            continue;
        }

        if (unit == 0) {
            return cv_json_fail_at(json, CV_ERR_INPUT, at,
                                   "\\u0000 is not allowed");
        }

        p += 5;

        if (unit < 0xd800 || unit > 0xdfff) {
            continue;
        }

        low = cv_json_escape(p + 1, end);

        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
            return cv_json_fail_at(json, CV_ERR_INPUT, at,
                                   "unpaired surrogate \\u%04x",
                                   (unsigned) unit);
        }

        p += 6;
    }

    if (!cv_utf8_valid(json->text)) {
        return cv_json_fail_at(json, CV_ERR_INPUT, cv_json_bad_utf8(json),
                               "invalid UTF-8");
    }

    return 1;
}


/* yajl's sentence without its prefix, full stop and line feed */

static void
cv_json_fail_syntax(cv_json_t *json, size_t at)
{
    char           *what, *start;
    size_t          len;
    unsigned char  *text;

    text = yajl_get_error(json->yajl, 0, json->text.data, json->text.len);

    if (text == NULL) {
        (void) cv_json_fail_at(json, CV_ERR_NOMEM, 0, "out of memory");
        return;
    }

    what = (char *) text;
    what[strcspn(what, "\n")] = '\0';

    len = strlen(what);

    if (len > 0 && what[len - 1] == '.') {
        what[len - 1] = '\0';
    }

    start = strstr(what, "error: ");

    (void) cv_json_fail_at(json, CV_ERR_INPUT, at, "%s",
                           start == NULL ? what : start + 7);

    yajl_free_error(json->yajl, text);
}


static void
cv_json_run(cv_json_t *json)
{
    size_t       at;
    yajl_status  status;

    json->yajl = yajl_alloc(&cv_json_callbacks, NULL, json);
    if (json->yajl == NULL) {
        (void) cv_json_fail_at(json, CV_ERR_NOMEM, 0, "out of memory");
        return;
    }

    (void) yajl_config(json->yajl, yajl_dont_validate_strings, 1);

    status = yajl_parse(json->yajl, json->text.data, json->text.len);
    at = cv_json_offset(json);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(json->yajl);
        at = json->text.len;
    }

    if (status != yajl_status_ok && json->err == CV_OK) {
        cv_json_fail_syntax(json, at);
    }

    yajl_free(json->yajl);
}


cv_err_t
cv_json_parse(cv_buf_t *out, cv_str_t text, cv_error_t *error)
{
    size_t     start;
    cv_json_t  json;

    json.out = out;
    json.text = text.data != NULL ? text : CV_STR("");
    json.err = CV_OK;
    json.error = error;
    json.depth = 0;
    json.nnames = 0;

    if (cv_buf_failed(out)) {
        return cv_error_set(error, out->err, "the document is too long");
    }

    start = out->len;

    if (cv_json_check_text(&json)) {
        cv_json_run(&json);
    }

    if (json.err != CV_OK && !cv_buf_failed(out)) {
        out->len = start;
    }

    return json.err;
}
