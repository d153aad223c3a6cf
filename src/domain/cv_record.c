
/*
 * Copyright (C) The credverify authors
 */

#include "cv_record.h"
#include "cv_codec.h"
#include "cv_hash.h"
#include "cv_key.h"
#include "cv_number.h"
#include "cv_text.h"

#define CV_RECORD_VERSION   1
#define CV_RECORD_CHECKSUM  4

#define CV_TEXT_MAX         4096
#define CV_LONG_TEXT_MAX    32768
#define CV_DOC_MAX          60000
#define CV_YEAR_MAX         9999


const char *const  cv_status_names[] = {
    "draft", "pending", "issued", "claimed", "used", "refunded", "revoked",
    NULL
};

const char *const  cv_privacy_names[] = {
    "full", "masked", NULL
};

const char *const  cv_key_status_names[] = {
    "pending", "rejected", "active", "suspended", "revoked", NULL
};

const char *const  cv_webhook_type_names[] = {
    "webhook", "purge", NULL
};

const char *const  cv_webhook_status_names[] = {
    "active", "disabled", NULL
};

const char *const  cv_delivery_state_names[] = {
    "waiting", "dead", NULL
};


/* a token is its 64 hexadecimal digits in lower case */

static size_t
cv_token_take(void *record, cv_str_t text, uint8_t out[CV_CLEAR_MAX])
{
    (void) record;

    return text.len == 2 * CV_TOKEN_HASH_LEN
           && cv_hex_lower((char *) out, text) ? text.len : 0;
}


static size_t
cv_secret_take(void *record, cv_str_t text, uint8_t out[CV_CLEAR_MAX])
{
    (void) record;

    if (text.len > CV_CLEAR_MAX) {
        return 0;
    }

    memcpy(out, text.data, text.len);

    return text.len;
}


static const cv_clear_t  cv_token_clear = {
    "token", "must be 64 hexadecimal digits", cv_token_take
};

static const cv_clear_t  cv_secret_clear = {
    "secret", "must be a string of 1 to 255 bytes", cv_secret_take
};


#define CV_FIELD(tag_, struct_, name_, type_, required_)                      \
    .name = #name_, .tag = tag_, .type = CV_FIELD_##type_,                    \
    .required = required_, .offset = offsetof(struct_, name_)

#define CV_F(tag_, struct_, name_, type_, required_, max_)                    \
    { CV_FIELD(tag_, struct_, name_, type_, required_), .max = max_ }

#define CV_F_SHAPE(tag_, struct_, name_, type_, required_, max_, shape_)      \
    { CV_FIELD(tag_, struct_, name_, type_, required_), .max = max_,          \
      .shape = shape_ }

#define CV_F_REF(tag_, struct_, name_, required_, kind)                       \
    { CV_FIELD(tag_, struct_, name_, REF, required_), .ref = kind }

#define CV_F_ENUM(tag_, struct_, name_, required_, names_)                    \
    { CV_FIELD(tag_, struct_, name_, ENUM, required_), .names = names_ }

#define CV_F_HASH(tag_, struct_, name_, clear_)                               \
    { .name = name_, .tag = tag_, .type = CV_FIELD_HASH, .required = true,    \
      .max = CV_HASH_LEN, .offset = offsetof(struct_, hash),                  \
      .clear = clear_ }


static const cv_field_t  cv_issuer_fields[] = {
    CV_F(1, cv_issuer_t, id,          TEXT, true,  CV_HANDLE_MAX),
    CV_F(2, cv_issuer_t, name,        TEXT, true,  CV_TEXT_MAX),
    CV_F(3, cv_issuer_t, url,         TEXT, false, CV_TEXT_MAX),
    CV_F(4, cv_issuer_t, email,       TEXT, false, CV_TEXT_MAX),
    CV_F(5, cv_issuer_t, description, TEXT, false, CV_LONG_TEXT_MAX),
    CV_F(6, cv_issuer_t, image,       TEXT, false, CV_TEXT_MAX),
};

static const cv_field_t  cv_class_fields[] = {
    CV_F(1,  cv_class_t, id,             TEXT,   true,  CV_HANDLE_MAX),
    CV_F_REF(2, cv_class_t, issuer, true, CV_ISSUER),
    CV_F(3,  cv_class_t, title,          TEXT,   true,  CV_TEXT_MAX),
    CV_F(4,  cv_class_t, description,    TEXT,   false, CV_LONG_TEXT_MAX),
    CV_F(5,  cv_class_t, category,       TEXT,   false, CV_TEXT_MAX),
    CV_F(6,  cv_class_t, category_title, TEXT,   false, CV_TEXT_MAX),
    CV_F(7,  cv_class_t, level,          INT,    false, 0),
    CV_F(8,  cv_class_t, level_label,    TEXT,   false, CV_TEXT_MAX),
    CV_F(9,  cv_class_t, criteria,       OBJECT, false, CV_DOC_MAX),
    CV_F(10, cv_class_t, image,          TEXT,   false, CV_TEXT_MAX),
    CV_F_SHAPE(11, cv_class_t, tags, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
    CV_F_SHAPE(12, cv_class_t, alignment, ARRAY, false, CV_DOC_MAX,
               &cv_shape_objects),
    CV_F(13, cv_class_t, valid_days,     INT,    false, 0),
    CV_F_SHAPE(14, cv_class_t, number_format, TEXT, false, CV_HANDLE_MAX,
               &cv_shape_number),
    CV_F_SHAPE(15, cv_class_t, requires, OBJECT, false, CV_DOC_MAX,
               &cv_shape_requires),
    CV_F(16, cv_class_t, listed,         BOOL,   false, 0),
    CV_F(17, cv_class_t, position,       INT,    false, 0),
};

static const cv_field_t  cv_holder_fields[] = {
    CV_F(1, cv_holder_t, id,           TEXT, true,  CV_HANDLE_MAX),
    CV_F(2, cv_holder_t, name,         TEXT, false, CV_TEXT_MAX),
    CV_F(3, cv_holder_t, display_name, TEXT, false, CV_TEXT_MAX),
    CV_F(4, cv_holder_t, email,        TEXT, false, CV_TEXT_MAX),
    CV_F(5, cv_holder_t, organization, TEXT, false, CV_TEXT_MAX),
    CV_F(6, cv_holder_t, wallet,       TEXT, false, CV_HANDLE_MAX),
};

static const cv_field_t  cv_credential_fields[] = {
    CV_F(1,  cv_credential_t, id,         TEXT,   true,  CV_HANDLE_MAX),
    CV_F_REF(2, cv_credential_t, class, true, CV_CLASS),
    CV_F_REF(3, cv_credential_t, holder, true, CV_HOLDER),
    CV_F_ENUM(4, cv_credential_t, status, true, cv_status_names),
    CV_F(5,  cv_credential_t, issued_at,  DATE,   false, CV_DATE_MAX_LEN),
    CV_F(6,  cv_credential_t, expires_at, DATE,   false, CV_DATE_MAX_LEN),
    CV_F(7,  cv_credential_t, score,      TEXT,   false, CV_TEXT_MAX),
    CV_F(8,  cv_credential_t, number,     TEXT,   false, CV_HANDLE_MAX),
    CV_F(9,  cv_credential_t, code,       TEXT,   false, CV_HANDLE_MAX),
    CV_F(10, cv_credential_t, public_id,  TEXT,   false, CV_HANDLE_MAX),
    CV_F(11, cv_credential_t, test,       BOOL,   false, 0),
    CV_F(12, cv_credential_t, evidence,   ARRAY,  false, CV_DOC_MAX),
    CV_F(13, cv_credential_t, narrative,  TEXT,   false, CV_LONG_TEXT_MAX),
    CV_F(14, cv_credential_t, attributes, OBJECT, false, CV_DOC_MAX),
    CV_F(15, cv_credential_t, created_at, DATE,   false, CV_DATE_MAX_LEN),
    CV_F(16, cv_credential_t, updated_at, DATE,   false, CV_DATE_MAX_LEN),
    CV_F(17, cv_credential_t, revoked_at, DATE,   false, CV_DATE_MAX_LEN),
    CV_F(18, cv_credential_t, revocation_reason, TEXT, false, CV_TEXT_MAX),
};

static const cv_field_t  cv_token_fields[] = {
    CV_F_HASH(1, cv_token_t, "token_sha256", &cv_token_clear),
    CV_F_REF(2, cv_token_t, credential, true, CV_CREDENTIAL),
    CV_F_ENUM(3, cv_token_t, privacy, false, cv_privacy_names),
    CV_F(4, cv_token_t, created_at, DATE, false, CV_DATE_MAX_LEN),
    CV_F(5, cv_token_t, expires_at, DATE, false, CV_DATE_MAX_LEN),
};

static const cv_field_t  cv_tier_fields[] = {
    CV_F(1, cv_tier_t, id, TEXT, true, CV_HANDLE_MAX),
    CV_F_SHAPE(2, cv_tier_t, limits, OBJECT, false, CV_DOC_MAX,
               &cv_shape_limits),
    CV_F(3, cv_tier_t, overage_cents, COUNT, false, 0),
    CV_F(4, cv_tier_t, price_cents,   COUNT, false, 0),
    CV_F_SHAPE(5, cv_tier_t, features, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
};

static const cv_field_t  cv_key_fields[] = {
    CV_F(1, cv_api_key_t, id, TEXT, true, CV_HANDLE_MAX),
    CV_F_HASH(2, cv_api_key_t, "key_sha256", &cv_key_clear),
    CV_F(3, cv_api_key_t, prefix, TEXT, false, CV_HANDLE_MAX),
    CV_F(4, cv_api_key_t, last4,  TEXT, false, CV_HANDLE_MAX),
    CV_F(5, cv_api_key_t, owner,  TEXT, false, CV_TEXT_MAX),
    CV_F_REF(6, cv_api_key_t, tier, false, CV_TIER),
    CV_F_ENUM(7, cv_api_key_t, status, false, cv_key_status_names),
    CV_F_SHAPE(8, cv_api_key_t, scopes, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
    CV_F_SHAPE(9, cv_api_key_t, origins, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
    CV_F_REF(10, cv_api_key_t, issuer, false, CV_ISSUER),
    CV_F(11, cv_api_key_t, expires_at, DATE, false, CV_DATE_MAX_LEN),
    CV_F(12, cv_api_key_t, created_at, DATE, false, CV_DATE_MAX_LEN),
    { .name = "previous_sha256", .tag = 13, .type = CV_FIELD_HASH,
      .max = CV_HASH_LEN, .offset = offsetof(cv_api_key_t, previous) },
    CV_F(14, cv_api_key_t, previous_until, DATE, false, CV_DATE_MAX_LEN),
    { CV_FIELD(15, cv_api_key_t, granted, MONTH, false), .internal = true },
};

static const cv_field_t  cv_progress_fields[] = {
    CV_F_REF(1, cv_progress_t, holder, true, CV_HOLDER),
    CV_F_REF(2, cv_progress_t, class, true, CV_CLASS),
    CV_F(3, cv_progress_t, practice, COUNT, false, 0),
    CV_F(4, cv_progress_t, learn,    COUNT, false, 0),
    { CV_FIELD(5, cv_progress_t, issued, BOOL, false), .internal = true },
};

static const cv_field_t  cv_oauth_client_fields[] = {
    CV_F(1, cv_oauth_client_t, id, TEXT, true, CV_HANDLE_MAX),
    CV_F_HASH(2, cv_oauth_client_t, "secret_sha256", &cv_secret_clear),
    CV_F(3, cv_oauth_client_t, name, TEXT, false, CV_TEXT_MAX),
    CV_F_SHAPE(4, cv_oauth_client_t, redirect_uris, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
    CV_F_REF(5, cv_oauth_client_t, class, true, CV_CLASS),
};

static const cv_field_t  cv_webhook_fields[] = {
    CV_F(1, cv_webhook_t, id, TEXT, true, CV_HANDLE_MAX),
    CV_F_SHAPE(2, cv_webhook_t, url, TEXT, true, CV_TEXT_MAX, &cv_shape_url),
    { CV_FIELD(3, cv_webhook_t, secret, TEXT, false), .max = CV_TEXT_MAX,
      .shape = &cv_shape_signing, .secret = true },
    CV_F_SHAPE(4, cv_webhook_t, events, ARRAY, false, CV_DOC_MAX,
               &cv_shape_strings),
    CV_F_ENUM(5, cv_webhook_t, type, false, cv_webhook_type_names),
    CV_F_REF(6, cv_webhook_t, issuer, false, CV_ISSUER),
    CV_F(7, cv_webhook_t, private, BOOL, false, 0),
    CV_F_ENUM(8, cv_webhook_t, status, false, cv_webhook_status_names),
    CV_F(9, cv_webhook_t, reason, TEXT, false, CV_TEXT_MAX),
    { .name = "previous_secret", .tag = 10, .type = CV_FIELD_TEXT,
      .max = CV_TEXT_MAX, .offset = offsetof(cv_webhook_t, previous),
      .shape = &cv_shape_signing, .secret = true },
    CV_F(11, cv_webhook_t, previous_until, DATE, false, CV_DATE_MAX_LEN),
    { CV_FIELD(12, cv_webhook_t, given_up, COUNT, false), .internal = true },
};

static const cv_field_t  cv_sequence_fields[] = {
    CV_F_REF(1, cv_sequence_t, class, true, CV_CLASS),
    CV_F(2, cv_sequence_t, year, COUNT, true, CV_YEAR_MAX),
    CV_F(3, cv_sequence_t, last, COUNT, true, 0),
};

static const cv_field_t  cv_usage_fields[] = {
    CV_F_REF(1, cv_usage_t, key, true, CV_KEY),
    CV_F(2, cv_usage_t, month, MONTH, true, 0),
    CV_F(3, cv_usage_t, used, COUNT, true, 0),
    CV_F(4, cv_usage_t, included, COUNT, false, 0),
    CV_F_REF(5, cv_usage_t, tier, false, CV_TIER),
    CV_F(6, cv_usage_t, price_cents, COUNT, false, 0),
    CV_F(7, cv_usage_t, overage_cents, COUNT, false, 0),
};

static const cv_field_t  cv_grant_fields[] = {
    CV_F_REF(1, cv_grant_t, key, true, CV_KEY),
    CV_F(2, cv_grant_t, month, MONTH, true, 0),
    CV_F(3, cv_grant_t, units, COUNT, true, 0),
};

static const cv_field_t  cv_assertion_fields[] = {
    CV_F_REF(1, cv_assertion_t, credential, true, CV_CREDENTIAL),
    CV_F_SHAPE(2, cv_assertion_t, id, TEXT, true, CV_HANDLE_MAX,
               &cv_shape_segment),
    CV_F(3, cv_assertion_t, salt, TEXT, true, CV_HANDLE_MAX),
};

static const cv_field_t  cv_image_fields[] = {
    CV_F_REF(1, cv_image_t, class, true, CV_CLASS),
    CV_F(2, cv_image_t, data, BYTES, true, CV_IMAGE_MAX),
};

static const cv_field_t  cv_event_fields[] = {
    CV_F(1, cv_event_t, id, TEXT, true, CV_HANDLE_MAX),
    CV_F(2, cv_event_t, type, TEXT, true, CV_HANDLE_MAX),
    CV_F(3, cv_event_t, at, DATE, true, CV_DATE_MAX_LEN),
    CV_F(4, cv_event_t, data, OBJECT, true, CV_DOC_MAX),
    CV_F_REF(5, cv_event_t, issuer, false, CV_ISSUER),
    CV_F_REF(6, cv_event_t, credential, false, CV_CREDENTIAL),
};

static const cv_field_t  cv_delivery_fields[] = {
    CV_F_REF(1, cv_delivery_t, webhook, false, CV_WEBHOOK),
    CV_F_REF(2, cv_delivery_t, event, true, CV_EVENT),
    CV_F_ENUM(3, cv_delivery_t, state, true, cv_delivery_state_names),
    CV_F(4, cv_delivery_t, position, COUNT, true, 0),
    CV_F(5, cv_delivery_t, attempts, COUNT, false, 0),
    CV_F(6, cv_delivery_t, next_at, INT, false, 0),
    CV_F(7, cv_delivery_t, tried_at, INT, false, 0),
    CV_F(8, cv_delivery_t, status, COUNT, false, 0),
    CV_F(9, cv_delivery_t, error, TEXT, false, CV_TEXT_MAX),
};

static const cv_field_t  cv_answer_fields[] = {
    CV_F(1, cv_answer_record_t, id, TEXT, true, CV_HANDLE_MAX),
    { .name = "request", .tag = 2, .type = CV_FIELD_HASH, .required = true,
      .max = CV_HASH_LEN, .offset = offsetof(cv_answer_record_t, request) },
    CV_F(3, cv_answer_record_t, at, DATE, true, CV_DATE_MAX_LEN),
    CV_F(4, cv_answer_record_t, status, COUNT, true, 999),
    CV_F(5, cv_answer_record_t, body, BYTES, true, CV_ANSWER_MAX),
    CV_F_REF(6, cv_answer_record_t, credential, false, CV_CREDENTIAL),
};


#define CV_SCHEMA(name, fields, struct_)                                      \
    { name, fields, CV_COUNT(fields), sizeof(struct_) }

const cv_schema_t  cv_schemas[CV_KINDS] = {
    CV_SCHEMA("issuer",     cv_issuer_fields,     cv_issuer_t),
    CV_SCHEMA("class",      cv_class_fields,      cv_class_t),
    CV_SCHEMA("holder",     cv_holder_fields,     cv_holder_t),
    CV_SCHEMA("credential", cv_credential_fields, cv_credential_t),
    CV_SCHEMA("token",      cv_token_fields,      cv_token_t),
    CV_SCHEMA("tier",       cv_tier_fields,       cv_tier_t),
    CV_SCHEMA("key",        cv_key_fields,        cv_api_key_t),
    CV_SCHEMA("progress",   cv_progress_fields,   cv_progress_t),
    CV_SCHEMA("oauth_client", cv_oauth_client_fields, cv_oauth_client_t),
    CV_SCHEMA("webhook",    cv_webhook_fields,    cv_webhook_t),
    CV_SCHEMA("sequence",   cv_sequence_fields,   cv_sequence_t),
    CV_SCHEMA("usage",      cv_usage_fields,      cv_usage_t),
    CV_SCHEMA("grant",      cv_grant_fields,      cv_grant_t),
    CV_SCHEMA("assertion",  cv_assertion_fields,  cv_assertion_t),
    CV_SCHEMA("image",      cv_image_fields,      cv_image_t),
    CV_SCHEMA("event",      cv_event_fields,      cv_event_t),
    CV_SCHEMA("delivery",   cv_delivery_fields,   cv_delivery_t),
    CV_SCHEMA("answer",     cv_answer_fields,     cv_answer_record_t),
};


const cv_field_t *
cv_field_find(const cv_schema_t *schema, cv_str_t name)
{
    size_t  i;

    for (i = 0; i < schema->nfields; i++) {
        if (cv_str_eq(cv_str_z(schema->fields[i].name), name)) {
            return &schema->fields[i];
        }
    }

    return NULL;
}


cv_ref_t *
cv_record_ref(cv_kind_t kind, void *record, size_t *i,
    const cv_field_t **field)
{
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    while (*i < schema->nfields) {
        *field = &schema->fields[(*i)++];

        if ((*field)->type == CV_FIELD_REF) {
            return cv_field_of(record, *field, cv_ref_t);
        }
    }

    return NULL;
}


int
cv_name_index(const char *const *names, cv_str_t name)
{
    int  i;

    for (i = 0; names[i] != NULL; i++) {
        if (cv_str_eq(cv_str_z(names[i]), name)) {
            return i;
        }
    }

    return -1;
}


/* the bytes of a field that is kept as bytes: text, date, hash or document */

static cv_str_t
cv_field_bytes(const void *record, const cv_field_t *field)
{
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    return field->type == CV_FIELD_DATE ? ((const cv_date_t *) p)->text
                                        : *(const cv_str_t *) p;
}


bool
cv_field_present(const void *record, const cv_field_t *field)
{
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    switch (field->type) {

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
    case CV_FIELD_MONTH:
    case CV_FIELD_BOOL:
    case CV_FIELD_ENUM:
        return ((const cv_int_t *) p)->present;

    case CV_FIELD_REF:
        return ((const cv_ref_t *) p)->iid != 0
               || cv_present(((const cv_ref_t *) p)->id);

    default:
        return cv_present(cv_field_bytes(record, field));
    }
}


/* how many bytes the length of a field has */

static size_t
cv_field_length(const cv_field_t *field)
{
    return field->type == CV_FIELD_BYTES ? 4 : 2;
}


static uint32_t
cv_record_checksum(cv_kind_t kind, cv_str_t key, cv_str_t bytes)
{
    uint64_t  place;

    place = cv_hash(key.data, key.len) + (uint64_t) kind;

    return (uint32_t) (cv_hash(bytes.data, bytes.len) ^ place);
}


static void
cv_field_encode(cv_buf_t *out, const void *record, const cv_field_t *field)
{
    cv_str_t        bytes;
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    cv_write_u8(out, field->tag);

    switch (field->type) {

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
    case CV_FIELD_MONTH:
    case CV_FIELD_BOOL:
    case CV_FIELD_ENUM:
        cv_write_u16(out, 8);
        cv_write_u64(out, (uint64_t) ((const cv_int_t *) p)->value);
        return;

    case CV_FIELD_REF:
        cv_write_u16(out, 8);
        cv_write_u64(out, ((const cv_ref_t *) p)->iid);
        return;

    case CV_FIELD_DATE:
        bytes = ((const cv_date_t *) p)->text;
        cv_write_u16(out, bytes.len + 8);
        cv_write_u64(out, (uint64_t) ((const cv_date_t *) p)->at);
        break;

    default:
        bytes = cv_field_bytes(record, field);
        cv_write_uint(out, bytes.len, cv_field_length(field));
    }

    cv_buf_append_str(out, bytes);
}


void
cv_record_encode(cv_buf_t *out, cv_kind_t kind, cv_str_t key,
    const void *record)
{
    size_t              i, start;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];
    start = out->len;

    cv_write_u8(out, CV_RECORD_VERSION);

    for (i = 0; i < schema->nfields; i++) {
        if (cv_field_present(record, &schema->fields[i])) {
            cv_field_encode(out, record, &schema->fields[i]);
        }
    }

    if (!cv_buf_failed(out)) {
        cv_write_u32(out, cv_record_checksum(kind, key,
                              cv_str(out->data + start, out->len - start)));
    }
}


static bool
cv_field_decode(void *record, const cv_field_t *field, const uint8_t *bytes,
    size_t len)
{
    void      *p;
    uint64_t   value, i;

    p = (uint8_t *) record + field->offset;

    switch (field->type) {

    case CV_FIELD_INT:
    case CV_FIELD_COUNT:
    case CV_FIELD_MONTH:
    case CV_FIELD_BOOL:
    case CV_FIELD_ENUM:
        if (len != 8) {
            return false;
        }

        value = cv_get_uint(bytes, 8);

        if ((field->type == CV_FIELD_BOOL && value > 1)
            || (field->type == CV_FIELD_COUNT && value > INT64_MAX)
            || (field->type == CV_FIELD_MONTH && value > CV_MONTH_LAST))
        {
            return false;
        }

        for (i = 0; field->type == CV_FIELD_ENUM && i <= value; i++) {
            if (field->names[i] == NULL) {
                return false;
            }
        }

        *(cv_int_t *) p = (cv_int_t) { (int64_t) value, true };
        return true;

    case CV_FIELD_REF:
        if (len != 8) {
            return false;
        }

        ((cv_ref_t *) p)->iid = cv_get_uint(bytes, 8);
        return ((cv_ref_t *) p)->iid != 0;

    case CV_FIELD_DATE:
        if (len < 8) {
            return false;
        }

        ((cv_date_t *) p)->at = (cv_time_t) cv_get_uint(bytes, 8);
        ((cv_date_t *) p)->text = cv_str(bytes + 8, len - 8);
        return true;

    default:
        *(cv_str_t *) p = cv_str(bytes, len);
        return true;
    }
}


cv_err_t
cv_record_check(cv_kind_t kind, cv_str_t key, cv_str_t bytes)
{
    const uint8_t  *checksum;

    if (bytes.len <= CV_RECORD_CHECKSUM || bytes.len > CV_RECORD_MAX) {
        return CV_ERR_DAMAGED;
    }

    bytes.len -= CV_RECORD_CHECKSUM;
    checksum = bytes.data + bytes.len;

    return cv_get_uint(checksum, CV_RECORD_CHECKSUM)
           == cv_record_checksum(kind, key, bytes)
           ? CV_OK : CV_ERR_DAMAGED;
}


cv_err_t
cv_record_parse(void *record, cv_kind_t kind, cv_str_t bytes)
{
    size_t              len, tag, last, most, size;
    const uint8_t      *p, *end;
    const cv_field_t   *field, *fields;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];
    memset(record, 0, schema->size);

    if (bytes.len <= CV_RECORD_CHECKSUM || bytes.len > CV_RECORD_MAX) {
        return CV_ERR_DAMAGED;
    }

    p = bytes.data;
    end = bytes.data + bytes.len - CV_RECORD_CHECKSUM;

    if (*p++ != CV_RECORD_VERSION) {
        return CV_ERR_VERSION;
    }

    fields = schema->fields;
    most = schema->nfields;

    for (last = 0; p < end; p += len) {

        tag = *p++;

        if (tag <= last || tag > most) {
            return CV_ERR_DAMAGED;
        }

        field = &fields[tag - 1];
        size = cv_field_length(field);

        if ((size_t) (end - p) < size) {
            return CV_ERR_DAMAGED;
        }

        len = cv_get_uint(p, size);
        p += size;

        if ((size_t) (end - p) < len
            || !cv_field_decode(record, field, p, len))
        {
            return CV_ERR_DAMAGED;
        }

        last = tag;
    }

    return CV_OK;
}


cv_err_t
cv_record_decode(void *record, cv_kind_t kind, cv_str_t key, cv_str_t bytes)
{
    cv_err_t  err;

    err = cv_record_check(kind, key, bytes);

    if (err != CV_OK) {
        memset(record, 0, cv_schemas[kind].size);
        return err;
    }

    return cv_record_parse(record, kind, bytes);
}


bool
cv_record_keep(cv_buf_t *copy, cv_kind_t kind, void *record)
{
    cv_buf_reset(copy);
    cv_record_encode(copy, kind, CV_STR(""), record);

    return !cv_buf_failed(copy)
           && cv_record_decode(record, kind, CV_STR(""), cv_buf_str(copy))
              == CV_OK;
}


/* bytes that would make an id unreadable, or two of them look alike */

static bool
cv_handle_printable(cv_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return false;
        }
    }

    return s.len > 0;
}


static cv_err_t
cv_field_validate(const void *record, const cv_field_t *field,
    const char *kind, cv_error_t *error)
{
    int64_t         count;
    cv_str_t        bytes;
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    if (field->type == CV_FIELD_COUNT) {
        count = ((const cv_int_t *) p)->value;

        if (count >= 0 && (field->max == 0 || count <= field->max)) {
            return CV_OK;
        }

        return cv_error_member(error, CV_ERR_INPUT, kind, field->name,
                               " is %lld, %s %u is kept", (long long) count,
                               count < 0 ? "at least" : "at most",
                               count < 0 ? 0 : (unsigned) field->max);
    }

    if (field->max == 0) {
        return CV_OK;
    }

    bytes = cv_field_bytes(record, field);

    if (bytes.len > field->max) {
        return cv_error_member(error, CV_ERR_INPUT, kind, field->name,
                               " is %zu bytes long, at most %u are kept",
                               bytes.len, (unsigned) field->max);
    }

    if (field->type == CV_FIELD_TEXT && field->max == CV_HANDLE_MAX
        && !cv_handle_printable(bytes))
    {
        return cv_error_member(error, CV_ERR_INPUT, kind, field->name,
                               " is empty or has control characters");
    }

    if (field->shape != NULL && !field->shape->holds(bytes)) {
        return cv_error_member(error, CV_ERR_INPUT, kind, field->name, " %s",
                               field->shape->must);
    }

    return CV_OK;
}


cv_err_t
cv_record_validate(const void *record, cv_kind_t kind, cv_error_t *error)
{
    size_t              i;
    cv_err_t            err;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];

        if (cv_field_present(record, field)) {
            err = cv_field_validate(record, field, schema->name, error);

        } else if (field->required) {
            err = cv_error_member(error, CV_ERR_INPUT, schema->name,
                                  field->name, " is required");
        } else {
            err = CV_OK;
        }

        if (err != CV_OK) {
            return err;
        }
    }

    return CV_OK;
}
