
/*
 * Copyright (C) The credverify authors
 */

#include "cv_line.h"
#include "cv_base64.h"
#include "cv_json.h"
#include "cv_text.h"

/* "[0,0,...]" as a document is three times as long as its text */
#define CV_LINE_DOCUMENT_MAX  (3 * CV_LINE_MAX + 1024)

/* what a record's fixed parts may take beside its document's bytes */
#define CV_LINE_OVERHEAD      1024

/* how much of what a line says is repeated in an error */
#define CV_LINE_QUOTE_MAX     80

#define CV_HASH_DIGITS        (2 * CV_HASH_LEN)

#define cv_cut(s)                                                             \
    cv_str((s).data,                                                          \
           (s).len < CV_LINE_QUOTE_MAX ? (s).len : CV_LINE_QUOTE_MAX)


cv_err_t
cv_line_init(cv_line_t *line, cv_error_t *error)
{
    memset(line, 0, sizeof(cv_line_t));
    cv_buf_init(&line->document, CV_LINE_DOCUMENT_MAX);
    cv_buf_init(&line->bytes, CV_LINE_MAX);

    line->digest = cv_digest_new();
    if (line->digest == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    return CV_OK;
}


void
cv_line_free(cv_line_t *line)
{
    cv_digest_free(line->digest);
    cv_buf_free(&line->document);
    cv_buf_free(&line->bytes);
    memset(line, 0, sizeof(cv_line_t));
}


static cv_err_t
cv_line_enum_error(cv_kind_t kind, const cv_field_t *field, cv_error_t *error)
{
    char      names[256];
    size_t    i;
    cv_buf_t  buf;

    cv_buf_borrow(&buf, names, sizeof(names));

    for (i = 0; field->names[i] != NULL; i++) {
        cv_buf_printf(&buf, "%s%s", i > 0 ? ", " : "", field->names[i]);
    }

    return cv_error_member(error, CV_ERR_INPUT, cv_schemas[kind].name,
                           field->name, " must be one of %.*s",
                           CV_FMT(cv_buf_str(&buf)));
}


/* what a value of the type is called when it is something else */

static const char *
cv_line_must(const cv_field_t *field)
{
    if (field->shape != NULL) {
        return field->shape->must;
    }

    switch (field->type) {
    case CV_FIELD_HASH:    return "must be 64 hexadecimal digits";
    case CV_FIELD_BYTES:   return "must be base64";
    case CV_FIELD_DATE:    return "is no RFC 3339 date";
    case CV_FIELD_INT:     return "must be an integer";
    case CV_FIELD_COUNT:   return "must be a whole number, 0 or more";
    case CV_FIELD_MONTH:   return "must be a month, such as 2026-10";
    case CV_FIELD_BOOL:    return "must be true or false";
    case CV_FIELD_ARRAY:   return "must be an array";
    case CV_FIELD_OBJECT:  return "must be an object";
    default:               return "must be a string";
    }
}


static bool
cv_line_value(cv_line_t *line, const cv_field_t *field, cv_doc_t value)
{
    void           *p;
    cv_int_t       *number;
    cv_str_t        text;
    unsigned        month;
    cv_doc_type_t   type;

    p = cv_field_of(&line->record, field, void);
    type = cv_doc_type(value);
    text = type == CV_DOC_STRING ? cv_doc_text(value) : CV_ABSENT;

    switch (field->type) {

    case CV_FIELD_TEXT:
        *(cv_str_t *) p = text;
        return cv_present(text);

    case CV_FIELD_REF:
        ((cv_ref_t *) p)->id = text;
        return cv_present(text);

    case CV_FIELD_DATE:
        return cv_present(text) && cv_date_parse(p, text);

    case CV_FIELD_HASH:
        *(cv_str_t *) p = cv_str(line->hashes[line->nhashes], CV_HASH_LEN);
        return cv_present(text)
               && cv_hex_decode(line->hashes[line->nhashes++], CV_HASH_LEN,
                                text);

    case CV_FIELD_BYTES:

        /* no kind of record has more than one */

        if (!cv_present(text)
            || cv_base64_decode(&line->bytes, text) != CV_OK)
        {
            return false;
        }

        *(cv_str_t *) p = cv_buf_str(&line->bytes);
        return true;

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
        number = p;
        number->present = cv_doc_int(value, &number->value);
        return number->present
               && (field->type == CV_FIELD_INT || number->value >= 0);

    case CV_FIELD_MONTH:
        number = p;
        number->present = cv_present(text) && cv_month_parse(&month, text);
        number->value = number->present ? (int64_t) month : 0;
        return number->present;

    case CV_FIELD_BOOL:
        *(cv_int_t *) p = (cv_int_t) { type == CV_DOC_TRUE, true };
        return type == CV_DOC_TRUE || type == CV_DOC_FALSE;

    case CV_FIELD_ENUM:
        number = p;
        number->value = cv_present(text) ? cv_name_index(field->names, text)
                                         : -1;
        number->present = true;
        return number->value >= 0;

    case CV_FIELD_ARRAY:
        *(cv_doc_t *) p = value;
        return type == CV_DOC_ARRAY;

    case CV_FIELD_OBJECT:
        *(cv_doc_t *) p = value;
        return type == CV_DOC_OBJECT;
    }

    return false;
}


static cv_err_t
cv_line_member(cv_line_t *line, const cv_field_t *field, cv_doc_t value,
    cv_error_t *error)
{
    if (cv_doc_type(value) == CV_DOC_NULL
        || cv_line_value(line, field, value))
    {
        return CV_OK;
    }

    if (field->type == CV_FIELD_ENUM) {
        return cv_line_enum_error(line->kind, field, error);
    }

    return cv_error_member(error, CV_ERR_INPUT, cv_schemas[line->kind].name,
                           field->name, " %s", cv_line_must(field));
}


/* A secret that is not kept as it is given, after all other members. */

static cv_err_t
cv_line_clear(cv_line_t *line, const cv_field_t *field, cv_doc_t value,
    cv_error_t *error)
{
    size_t             len;
    uint8_t            hashed[CV_CLEAR_MAX];
    cv_str_t          *hash;
    const char        *kind;
    const cv_clear_t  *clear;

    if (cv_doc_type(value) == CV_DOC_NULL) {
        return CV_OK;
    }

    kind = cv_schemas[line->kind].name;
    clear = field->clear;
    hash = cv_field_of(&line->record, field, cv_str_t);

    if (cv_present(*hash)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s: give \"%s\" or \"%s\", not both", kind,
                            clear->name, field->name);
    }

    len = cv_doc_type(value) == CV_DOC_STRING
          ? clear->take(&line->record, cv_doc_text(value), hashed) : 0;

    if (len == 0) {
        return cv_error_member(error, CV_ERR_INPUT, kind, clear->name, " %s",
                               clear->must);
    }

    if (cv_digest_sha256(line->digest, line->hashes[line->nhashes],
                         cv_str(hashed, len))
        != CV_OK)
    {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    *hash = cv_str(line->hashes[line->nhashes++], CV_HASH_LEN);

    return CV_OK;
}


static cv_err_t
cv_line_kind(cv_line_t *line, cv_doc_t document, cv_error_t *error)
{
    size_t    i;
    cv_doc_t  value;
    cv_str_t  name, shown;

    if (cv_doc_type(document) != CV_DOC_OBJECT) {
        return cv_error_set(error, CV_ERR_INPUT, "not a JSON object");
    }

    value = cv_doc_member(document, CV_STR("kind"));

    if (cv_doc_type(value) != CV_DOC_STRING) {
        return cv_error_set(error, CV_ERR_INPUT, "member \"kind\" %s",
                            cv_doc_type(value) == CV_DOC_NONE
                            ? "is required" : "must be a string");
    }

    name = cv_doc_text(value);

    for (i = 0; i < CV_KINDS; i++) {
        if (cv_kind_durable(i)
            && cv_str_eq(name, cv_str_z(cv_schemas[i].name)))
        {
            line->kind = (cv_kind_t) i;
            return CV_OK;
        }
    }

    shown = cv_cut(name);

    return cv_error_set(error, CV_ERR_INPUT, "unknown kind \"%.*s\"",
                        CV_FMT(shown));
}


/* The field that a member is, in clear or as it is kept; or NULL. */

static const cv_field_t *
cv_line_field(const cv_schema_t *schema, cv_str_t name, bool *clear)
{
    size_t             i;
    const cv_field_t  *field;

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];

        *clear = field->clear != NULL
                 && cv_str_eq(cv_str_z(field->clear->name), name);

        if (*clear || (!field->internal
                       && cv_str_eq(cv_str_z(field->name), name)))
        {
            return field;
        }
    }

    return NULL;
}


static cv_err_t
cv_line_members(cv_line_t *line, cv_doc_t document, cv_error_t *error)
{
    bool                clear;
    cv_err_t            err;
    cv_doc_t            value, secret;
    cv_str_t            name, shown;
    cv_doc_iter_t       it;
    const cv_field_t   *field, *hash;
    const cv_schema_t  *schema;

    schema = &cv_schemas[line->kind];
    secret = CV_ABSENT;
    hash = NULL;

    for (it = cv_doc_iter(document); cv_doc_next(&it, &name, &value); ) {

        if (cv_str_eq(name, CV_STR("kind"))) {
            continue;
        }

        field = cv_line_field(schema, name, &clear);

        if (field == NULL) {
            shown = cv_cut(name);
            return cv_error_set(error, CV_ERR_INPUT,
                                "%s: unknown member \"%.*s\"", schema->name,
                                CV_FMT(shown));
        }

        if (clear) {
            hash = field;
            secret = value;
            continue;
        }

        err = cv_line_member(line, field, value, error);
        if (err != CV_OK) {
            return err;
        }
    }

    return hash != NULL ? cv_line_clear(line, hash, secret, error) : CV_OK;
}


cv_err_t
cv_line_read(cv_line_t *line, cv_str_t text, cv_error_t *error)
{
    cv_err_t  err;
    cv_doc_t  document;

    memset(&line->record, 0, sizeof(cv_record_t));
    cv_buf_reset(&line->document);
    cv_buf_reset(&line->bytes);
    line->nhashes = 0;

    if (text.len > CV_LINE_MAX) {
        return cv_error_set(error, CV_ERR_INPUT, "longer than %zu bytes",
                            CV_LINE_MAX);
    }

    err = cv_json_parse(&line->document, text, error);
    if (err != CV_OK) {
        /* too deep or too many is a wrong line too */
        return err == CV_ERR_NOMEM ? err : CV_ERR_INPUT;
    }

    document = cv_buf_str(&line->document);

    err = cv_line_kind(line, document, error);
    if (err != CV_OK) {
        return err;
    }

    /* so that what is taken here is never too long for the store, in which an
     * image is shorter than its base64 */

    if (document.len > CV_RECORD_MAX - CV_LINE_OVERHEAD
        && line->kind != CV_IMAGE)
    {
        return cv_error_set(error, CV_ERR_INPUT, "%s: the record is too long",
                            cv_schemas[line->kind].name);
    }

    err = cv_line_members(line, document, error);

    return err == CV_OK ? cv_record_validate(&line->record, line->kind, error)
                        : err;
}


void
cv_line_write_value(cv_buf_t *out, const void *record,
    const cv_field_t *field)
{
    char            digits[CV_HASH_DIGITS];
    uint8_t         month[CV_MONTH_LEN];
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    switch (field->type) {

    case CV_FIELD_TEXT:
        cv_escape_json_string(out, *(const cv_str_t *) p);
        break;

    case CV_FIELD_REF:
        cv_escape_json_string(out, ((const cv_ref_t *) p)->id);
        break;

    case CV_FIELD_DATE:
        cv_escape_json_string(out, ((const cv_date_t *) p)->text);
        break;

    case CV_FIELD_HASH:
        if (((const cv_str_t *) p)->len == CV_HASH_LEN) {
            cv_hex_encode(digits, *(const cv_str_t *) p);
            cv_escape_json_string(out, cv_str(digits, sizeof(digits)));
        }

        break;

    case CV_FIELD_BYTES:
        cv_buf_append_byte(out, '"');
        cv_base64_encode(out, *(const cv_str_t *) p);
        cv_buf_append_byte(out, '"');
        break;

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
        cv_buf_append_int(out, ((const cv_int_t *) p)->value);
        break;

    case CV_FIELD_MONTH:
        cv_month_format(month, (unsigned) ((const cv_int_t *) p)->value);
        cv_escape_json_string(out, cv_str(month, sizeof(month)));
        break;

    case CV_FIELD_BOOL:
        cv_buf_append_str(out, ((const cv_int_t *) p)->value
                               ? CV_STR("true") : CV_STR("false"));
        break;

    case CV_FIELD_ENUM:
        cv_escape_json_string(out,
                 cv_str_z(field->names[((const cv_int_t *) p)->value]));
        break;

    case CV_FIELD_ARRAY:
    case CV_FIELD_OBJECT:
        cv_doc_write_json(out, *(const cv_doc_t *) p);
        break;
    }
}


void
cv_line_write_name(cv_buf_t *out, const cv_field_t *field)
{
    cv_buf_append(out, ",\"", 2);
    cv_buf_append_str(out, cv_str_z(field->name));
    cv_buf_append(out, "\":", 2);
}


void
cv_line_open(cv_buf_t *out, cv_kind_t kind)
{
    cv_buf_append_str(out, CV_STR("{\"kind\":\""));
    cv_buf_append_str(out, cv_str_z(cv_schemas[kind].name));
    cv_buf_append_byte(out, '"');
}


void
cv_line_close(cv_buf_t *out)
{
    cv_buf_append_byte(out, '}');
}


void
cv_line_write(cv_buf_t *out, cv_kind_t kind, const void *record,
    bool secrets)
{
    size_t              i;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    cv_line_open(out, kind);

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];

        if (cv_field_present(record, field) && !field->internal
            && (secrets || !field->secret))
        {
            cv_line_write_name(out, field);
            cv_line_write_value(out, record, field);
        }
    }

    cv_line_close(out);
}
