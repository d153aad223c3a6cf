
/*
 * Copyright (C) The credverify authors
 *
 * What becomes of a row: ids, and the lines of two records.
 */

#include "cv_sheet_internal.h"
#include "cv_date.h"
#include "cv_hash.h"
#include "cv_member.h"
#include "cv_text.h"

typedef struct {
    cv_sheet_t          *sheet;
    cv_kind_t            kind;
    const void          *old;
} cv_sheet_giving_t;


/*
 * A UUID of what is known, the same every time (RFC 9562, version 8; SHA-256 of
 * the parts with a NUL between them).
 */

static cv_err_t
cv_sheet_uuid(cv_sheet_t *sheet, uint8_t uuid[CV_UUID_LEN], cv_str_t *id,
    cv_error_t *error)
{
    uint8_t  hash[CV_SHA256_LEN];

    if (cv_buf_failed(&sheet->named)
        || cv_digest_sha256(sheet->digest, hash, cv_buf_str(&sheet->named))
           != CV_OK)
    {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    cv_uuid_format(uuid, hash, 8);
    *id = cv_str(uuid, CV_UUID_LEN);

    return CV_OK;
}


static void
cv_sheet_part(cv_sheet_t *sheet, cv_str_t part)
{
    cv_buf_append_byte(&sheet->named, '\0');
    cv_buf_append_str(&sheet->named, part);
}


/* something before an @ and something behind it, in one word */

static bool
cv_sheet_address(cv_str_t text)
{
    size_t  i, at, ats;

    at = ats = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ') {
            return false;
        }

        if (text.data[i] == '@') {
            at = i;
            ats++;
        }
    }

    return ats == 1 && at > 0 && at + 1 < text.len;
}


static cv_err_t
cv_sheet_holder_id(cv_sheet_t *sheet, cv_error_t *error)
{
    size_t                   i;
    cv_err_t                 err;
    cv_str_t                 address;
    const cv_sheet_entry_t  *id, *email;

    id = cv_sheet_mapped(sheet, CV_HOLDER, "id");
    email = cv_sheet_mapped(sheet, CV_HOLDER, "email");

    sheet->ids[CV_HOLDER] = cv_sheet_text(sheet, id);

    if (sheet->ids[CV_HOLDER].len > 0) {
        return CV_OK;
    }

    address = cv_sheet_text(sheet, email);

    if (!cv_sheet_address(address)) {
        err = cv_error_set(error, CV_ERR_INPUT,
                           address.len > 0
                           ? "no e-mail address to know the holder by"
                           : "empty; the holder has no other id");

        cv_sheet_blame_cell(sheet, email != NULL ? email->cell : id->cell,
                            error);
        return err;
    }

    cv_buf_reset(&sheet->named);
    cv_buf_append_str(&sheet->named, CV_STR("holder"));
    cv_sheet_part(sheet, cv_buf_str(&sheet->issuer));
    cv_sheet_part(sheet, CV_STR(""));

    for (i = 0; i < address.len; i++) {
        cv_buf_append_byte(&sheet->named, cv_sheet_lower(address.data[i]));
    }

    return cv_sheet_uuid(sheet, sheet->holder_uuid, &sheet->ids[CV_HOLDER],
                         error);
}


static cv_err_t
cv_sheet_credential_id(cv_sheet_t *sheet, cv_error_t *error)
{
    cv_str_t  id;

    id = cv_sheet_text(sheet, cv_sheet_mapped(sheet, CV_CREDENTIAL, "id"));

    if (id.len > 0) {
        sheet->ids[CV_CREDENTIAL] = id;
        sheet->key = id;
        return CV_OK;
    }

    cv_buf_reset(&sheet->named);
    cv_buf_append_str(&sheet->named, CV_STR("credential"));
    cv_sheet_part(sheet, sheet->ids[CV_HOLDER]);
    cv_sheet_part(sheet, cv_sheet_text(sheet, cv_sheet_mapped(sheet,
                                               CV_CREDENTIAL, "number")));
    cv_sheet_part(sheet, cv_sheet_text(sheet, cv_sheet_mapped(sheet,
                                               CV_CREDENTIAL, "code")));

    sheet->ids[CV_CREDENTIAL] = CV_ABSENT;

    return cv_sheet_uuid(sheet, sheet->key_uuid, &sheet->key, error);
}


cv_err_t
cv_sheet_ids(cv_sheet_t *sheet, cv_error_t *error)
{
    cv_err_t  err;

    err = cv_sheet_holder_id(sheet, error);

    return err == CV_OK ? cv_sheet_credential_id(sheet, error) : err;
}


cv_str_t
cv_sheet_key(const cv_sheet_t *sheet)
{
    return sheet->key;
}


bool
cv_sheet_is(const cv_sheet_t *sheet, const cv_credential_t *credential)
{
    const cv_sheet_entry_t  *number, *code;

    number = cv_sheet_mapped(sheet, CV_CREDENTIAL, "number");
    code = cv_sheet_mapped(sheet, CV_CREDENTIAL, "code");

    /* an absent one is the same as an empty cell */

    return credential->class.iid == sheet->class_iid
           && (number == NULL
               || cv_str_eq(credential->number, cv_sheet_text(sheet, number)))
           && (code == NULL
               || cv_str_eq(credential->code, cv_sheet_text(sheet, code)));
}


cv_err_t
cv_sheet_found(cv_sheet_t *sheet, cv_str_t id, cv_error_t *error)
{
    if (cv_present(id) && id.len <= sizeof(sheet->found)) {
        memcpy(sheet->found, id.data, id.len);
        sheet->ids[CV_CREDENTIAL] = cv_str(sheet->found, id.len);
        return CV_OK;
    }

    sheet->ids[CV_CREDENTIAL] = cv_str(sheet->found, CV_UUID_LEN);

    return cv_uuid_new(sheet->found) == CV_OK
           ? CV_OK : cv_error_set(error, CV_ERR_IO, "no random bytes");
}


cv_str_t
cv_sheet_id(const cv_sheet_t *sheet, cv_kind_t kind)
{
    return sheet->ids[kind];
}


uint64_t
cv_sheet_name(const cv_sheet_t *sheet)
{
    cv_str_t                 name;
    const cv_sheet_entry_t  *entry;

    entry = cv_sheet_mapped(sheet, CV_HOLDER, "name");

    if (entry == NULL || sheet->ids[CV_HOLDER].data != sheet->holder_uuid) {
        return 0;
    }

    name = cv_sheet_text(sheet, entry);

    return cv_hash(name.data, name.len) | 1;
}


/* Records */

static cv_err_t
cv_sheet_date(const cv_sheet_t *sheet, cv_str_t text, cv_buf_t *out,
    cv_error_t *error)
{
    size_t       len;
    uint8_t      rfc[CV_DATE_MAX_LEN];
    cv_str_t     shown;
    cv_date_t    date;
    const char  *format;

    format = sheet->options.date_format;
    shown = cv_sheet_cut(text);

    if (format == NULL) {
        cv_escape_json_string(out, text);

        return cv_date_parse(&date, text)
               ? CV_OK
               : cv_error_set(error, CV_ERR_INPUT,
                              "\"%.*s\" is no RFC 3339 date; --date-format "
                              "says what it is", CV_FMT(shown));
    }

    len = cv_date_read(rfc, format, text);
    cv_escape_json_string(out, cv_str(rfc, len));

    return len > 0 ? CV_OK
                   : cv_error_set(error, CV_ERR_INPUT,
                                  "\"%.*s\" is no date of the format \"%s\"",
                                  CV_FMT(shown), format);
}


/* Attributes that no column is stay, too. */

static void
cv_sheet_attributes(const cv_sheet_giving_t *giving, const cv_field_t *field,
    cv_buf_t *out, bool *given)
{
    size_t                   i, start;
    cv_doc_t                 value;
    cv_str_t                 name, text;
    cv_doc_iter_t            it;
    const cv_sheet_t        *sheet;
    const cv_sheet_entry_t  *entry;

    sheet = giving->sheet;
    start = out->len;

    if (giving->old != NULL) {
        it = cv_doc_iter(((const cv_credential_t *) giving->old)->attributes);

        while (cv_doc_next(&it, &name, &value)) {
            if (cv_sheet_entry(sheet, CV_CREDENTIAL,
                               CV_STR(CV_SHEET_ATTRIBUTES), name)
                == NULL)
            {
                cv_buf_append_byte(out, out->len > start ? ',' : '{');
                cv_escape_json_string(out, name);
                cv_buf_append_byte(out, ':');
                cv_doc_write_json(out, value);
            }
        }
    }

    for (i = 0; i < sheet->nentries; i++) {
        entry = &sheet->entries[i];

        if (entry->field != field) {
            continue;
        }

        *given = true;
        text = cv_sheet_text(sheet, entry);

        if (text.len > 0) {
            cv_buf_append_byte(out, out->len > start ? ',' : '{');
            cv_escape_json_string(out, entry->attribute);
            cv_buf_append_byte(out, ':');
            cv_escape_json_string(out, text);
        }
    }

    if (!*given && !cv_buf_failed(out)) {
        out->len = start;
    }

    if (out->len > start) {
        cv_buf_append_byte(out, '}');
    }
}


/* What the options and the ids say; false: the row, or nobody, does. */

static bool
cv_sheet_fixed(const cv_sheet_giving_t *giving, const cv_field_t *field,
    cv_buf_t *out)
{
    const cv_sheet_t  *sheet;

    sheet = giving->sheet;

    if (field == cv_schemas[giving->kind].fields) {
        cv_escape_json_string(out, sheet->ids[giving->kind]);

    } else if (field->type == CV_FIELD_REF && field->ref == CV_CLASS) {
        cv_escape_json_string(out, sheet->options.class);

    } else if (field->type == CV_FIELD_REF && field->ref == CV_HOLDER) {
        cv_escape_json_string(out, sheet->ids[CV_HOLDER]);

    } else {
        return false;
    }

    return true;
}


/* names and booleans are written as this or that program likes to */

static cv_err_t
cv_sheet_typed(cv_buf_t *out, const cv_field_t *field, cv_str_t text,
    cv_error_t *error)
{
    size_t   i;
    uint8_t  lower[CV_SHEET_QUOTE_MAX];

    text = cv_sheet_cut(text);

    for (i = 0; i < text.len; i++) {
        lower[i] = cv_sheet_lower(text.data[i]);
    }

    return cv_member_typed(out, field, cv_str(lower, text.len), error);
}


static cv_err_t
cv_sheet_member(void *data, const cv_field_t *field, cv_buf_t *out,
    bool *given, cv_error_t *error)
{
    cv_err_t                  err;
    cv_str_t                  text;
    cv_sheet_giving_t        *giving = data;
    const cv_sheet_entry_t   *entry;

    if (cv_sheet_fixed(giving, field, out)) {
        *given = true;
        return CV_OK;
    }

    if (field->type == CV_FIELD_OBJECT) {
        cv_sheet_attributes(giving, field, out, given);
        return CV_OK;
    }

    entry = cv_sheet_entry(giving->sheet, giving->kind, cv_str_z(field->name),
                           CV_ABSENT);
    text = cv_sheet_text(giving->sheet, entry);

    if (text.len == 0) {
        /* what has to be there is not taken away */
        *given = entry != NULL && !field->required;

        if (field->type == CV_FIELD_ENUM && giving->old == NULL) {
            *given = true;
            cv_escape_json_string(out,
                                  cv_str_z(field->names[CV_STATUS_ISSUED]));
        }

        return CV_OK;
    }

    *given = true;

    switch (field->type) {

    case CV_FIELD_DATE:
        err = cv_sheet_date(giving->sheet, text, out, error);
        break;

    case CV_FIELD_BOOL:
    case CV_FIELD_ENUM:
        err = cv_sheet_typed(out, field, text, error);
        break;

    default:
        err = cv_member_typed(out, field, text, error);
    }

    if (err != CV_OK) {
        cv_sheet_blame_cell(giving->sheet, entry->cell, error);
    }

    return err;
}


cv_err_t
cv_sheet_line(cv_sheet_t *sheet, cv_kind_t kind, const void *old,
    cv_buf_t *out, cv_error_t *error)
{
    cv_str_t                class;
    cv_sheet_giving_t       giving;

    if (kind == CV_CREDENTIAL && old != NULL) {
        class = ((const cv_credential_t *) old)->class.id;

        if (!cv_str_eq(class, sheet->options.class)) {
            (void) cv_error_set(error, CV_ERR_CONFLICT,
                                "credential \"%.*s\" is of class \"%.*s\"",
                                CV_FMT(sheet->ids[kind]), CV_FMT(class));
            cv_sheet_blame(sheet, kind, "id", error);
            return CV_ERR_CONFLICT;
        }
    }

    giving = (cv_sheet_giving_t) { sheet, kind, old };

    return cv_member_merge(out, kind, old, cv_sheet_member, &giving, error);
}


static bool
cv_sheet_unissued(const cv_credential_t *credential)
{
    return credential->status.value == CV_STATUS_DRAFT
           || credential->status.value == CV_STATUS_PENDING;
}


/* An expiry that the class has given follows the date it was counted from. */

static bool
cv_sheet_expires(cv_sheet_t *sheet, const cv_credential_t *old)
{
    cv_error_t       error;
    cv_credential_t  as_given;

    if (!sheet->valid_days.present
        || cv_sheet_mapped(sheet, CV_CREDENTIAL, "expires_at") != NULL)
    {
        return false;
    }

    if (old == NULL) {
        return true;
    }

    if (!cv_present(old->expires_at.text)) {
        return cv_sheet_unissued(old);
    }

    as_given = *old;

    return cv_present(old->issued_at.text)
           && cv_credential_expire(&as_given, sheet->valid_days.value,
                                   &sheet->moment, &error)
              == CV_OK
           && cv_str_eq(as_given.expires_at.text, old->expires_at.text);
}


cv_err_t
cv_sheet_dates(cv_sheet_t *sheet, cv_credential_t *credential,
    const cv_credential_t *old, cv_error_t *error)
{
    if (credential->status.value != CV_STATUS_REVOKED
        && cv_sheet_mapped(sheet, CV_CREDENTIAL, "status") != NULL)
    {
        /* of another status, which the row takes back */
        credential->revoked_at.text = CV_ABSENT;
        credential->revocation_reason = CV_ABSENT;
    }

    if (cv_sheet_unissued(credential)) {
        return CV_OK;
    }

    if (!cv_present(credential->issued_at.text)) {
        credential->issued_at = sheet->options.issued_at;
    }

    if (!cv_present(credential->issued_at.text)) {
        (void) cv_error_set(error, CV_ERR_INPUT, "empty; what is issued has a "
                            "date, which --issued-at can give it");
        cv_sheet_blame(sheet, CV_CREDENTIAL, "issued_at", error);
        return CV_ERR_INPUT;
    }

    return cv_sheet_expires(sheet, old)
           ? cv_credential_expire(credential, sheet->valid_days.value,
                                  &sheet->moment, error)
           : CV_OK;
}
