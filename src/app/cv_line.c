
/*
 * Copyright (C) The credverify authors
 */

#include "cv_line.h"
#include "cv_json.h"
#include "cv_text.h"

/* "[0,0,...]" as a document is three times as long as its text */
#define CV_LINE_DOCUMENT_MAX  (3 * CV_LINE_MAX + 1024)

/* what a record's fixed parts may take beside its document's bytes */
#define CV_LINE_OVERHEAD      1024

/* how much of what a line says is repeated in an error */
#define CV_LINE_QUOTE_MAX     80

#define CV_TOKEN_DIGITS       (2 * CV_TOKEN_HASH_LEN)

#define cv_cut(s)                                                             \
    cv_str((s).data,                                                          \
           (s).len < CV_LINE_QUOTE_MAX ? (s).len : CV_LINE_QUOTE_MAX)


const char *const  cv_unkept_kinds[] = {
    "tier", "key", "progress", "oauth_client", "webhook", NULL
};


cv_err_t
cv_line_init(cv_line_t *line, cv_error_t *error)
{
    memset(line, 0, sizeof(cv_line_t));
    cv_buf_init(&line->document, CV_LINE_DOCUMENT_MAX);

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
    memset(line, 0, sizeof(cv_line_t));
}


/* integers only: neither "1.0" nor "1e3", and nothing that 64 bits lose */

static bool
cv_line_int(cv_doc_t value, int64_t *number)
{
    bool      negative;
    size_t    i;
    int64_t   n;
    cv_str_t  text;

    text = cv_doc_text(value);

    if (cv_doc_type(value) != CV_DOC_NUMBER) {
        return false;
    }

    negative = text.len > 0 && text.data[0] == '-';
    i = negative ? 1 : 0;

    if (i == text.len) {
        return false;
    }

    for (n = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9'
            || __builtin_mul_overflow(n, 10, &n)
            || __builtin_sub_overflow(n, text.data[i] - '0', &n))
        {
            return false;
        }
    }

    /* summed up below zero, where there is one more */
    if (!negative && __builtin_sub_overflow(0, n, &n)) {
        return false;
    }

    *number = n;

    return true;
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

    return cv_error_set(error, CV_ERR_INPUT,
                        "%s: member \"%s\" must be one of %.*s",
                        cv_schemas[kind].name, field->name,
                        CV_FMT(cv_buf_str(&buf)));
}


/* what a value of the type is called when it is something else */

static const char *
cv_line_must(cv_field_type_t type)
{
    switch (type) {
    case CV_FIELD_HASH:    return "must be 64 hexadecimal digits";
    case CV_FIELD_DATE:    return "is no RFC 3339 date";
    case CV_FIELD_INT:     return "must be an integer";
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
        *(cv_str_t *) p = cv_str(line->hash, sizeof(line->hash));
        return cv_present(text)
               && cv_hex_decode(line->hash, sizeof(line->hash), text);

    case CV_FIELD_INT:
        number = p;
        number->present = cv_line_int(value, &number->value);
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


/* The one member that is not kept as it is given: the secret of a token. */

static bool
cv_line_secret(cv_line_t *line, cv_doc_t value)
{
    char      digits[CV_TOKEN_DIGITS];
    cv_str_t  hash;

    hash = cv_str(line->hash, sizeof(line->hash));

    if (cv_doc_type(value) != CV_DOC_STRING
        || !cv_hex_decode(line->hash, hash.len, cv_doc_text(value)))
    {
        return false;
    }

    cv_hex_encode(digits, hash);
    line->record.token.hash = hash;

    return cv_digest_sha256(line->digest, line->hash,
                            cv_str(digits, sizeof(digits))) == CV_OK;
}


static cv_err_t
cv_line_member(cv_line_t *line, cv_str_t name, cv_doc_t value,
    cv_error_t *error)
{
    bool                secret, good;
    cv_str_t            shown;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[line->kind];
    secret = line->kind == CV_TOKEN && cv_str_eq(name, CV_STR("token"));

    field = secret ? schema->fields : cv_field_find(schema, name);

    if (field == NULL) {
        shown = cv_cut(name);
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s: unknown member \"%.*s\"", schema->name,
                            CV_FMT(shown));
    }

    if (cv_doc_type(value) == CV_DOC_NULL) {
        return CV_OK;
    }

    /* JSON has no duplicates, so that this is the other form of a hash */

    if (cv_field_present(&line->record, field)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "%s: give \"token\" or \"%s\", not both",
                            schema->name, field->name);
    }

    good = secret ? cv_line_secret(line, value)
                  : cv_line_value(line, field, value);

    if (!good && field->type == CV_FIELD_ENUM) {
        return cv_line_enum_error(line->kind, field, error);
    }

    if (!good) {
        return cv_error_set(error, CV_ERR_INPUT, "%s: member \"%.*s\" %s",
                            schema->name, CV_FMT(name),
                            cv_line_must(field->type));
    }

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
        if (cv_str_eq(name, cv_str_z(cv_schemas[i].name))) {
            line->kind = (cv_kind_t) i;
            return CV_OK;
        }
    }

    line->unkept = cv_name_index(cv_unkept_kinds, name);

    if (line->unkept >= 0) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "kind \"%s\" is not supported by this version",
                            cv_unkept_kinds[line->unkept]);
    }

    shown = cv_cut(name);

    return cv_error_set(error, CV_ERR_INPUT, "unknown kind \"%.*s\"",
                        CV_FMT(shown));
}


cv_err_t
cv_line_read(cv_line_t *line, cv_str_t text, cv_error_t *error)
{
    cv_err_t       err;
    cv_str_t       name;
    cv_doc_t       document, value;
    cv_doc_iter_t  it;

    line->unkept = -1;
    memset(&line->record, 0, sizeof(cv_record_t));
    cv_buf_reset(&line->document);

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

    /* so that what is taken here is never too long for the store */
    if (document.len > CV_RECORD_MAX - CV_LINE_OVERHEAD) {
        return cv_error_set(error, CV_ERR_INPUT, "%s: the record is too long",
                            cv_schemas[line->kind].name);
    }

    for (it = cv_doc_iter(document); cv_doc_next(&it, &name, &value); ) {

        if (cv_str_eq(name, CV_STR("kind"))) {
            continue;
        }

        err = cv_line_member(line, name, value, error);
        if (err != CV_OK) {
            return err;
        }
    }

    return cv_record_validate(&line->record, line->kind, error);
}


void
cv_line_write_value(cv_buf_t *out, const void *record,
    const cv_field_t *field)
{
    char            digits[CV_TOKEN_DIGITS];
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
        if (((const cv_str_t *) p)->len == CV_TOKEN_HASH_LEN) {
            cv_hex_encode(digits, *(const cv_str_t *) p);
            cv_escape_json_string(out, cv_str(digits, sizeof(digits)));
        }

        break;

    case CV_FIELD_INT:
        cv_buf_append_int(out, ((const cv_int_t *) p)->value);
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
cv_line_write(cv_buf_t *out, cv_kind_t kind, const void *record)
{
    size_t              i;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    cv_line_open(out, kind);

    for (i = 0; i < schema->nfields; i++) {
        if (cv_field_present(record, &schema->fields[i])) {
            cv_line_write_name(out, &schema->fields[i]);
            cv_line_write_value(out, record, &schema->fields[i]);
        }
    }

    cv_line_close(out);
}
