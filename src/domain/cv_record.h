
/*
 * Copyright (C) The credverify authors
 *
 * The records of a store, and the one table that describes them: a member of
 * a JSON line, a field of a struct and a tag of the stored form are the same
 * entry of the same table.  Import, export, the command line, the codec and
 * "check" all walk it.
 */

#ifndef CV_RECORD_H
#define CV_RECORD_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"
#include "cv_time.h"

/* The order is that of export: a record refers only to kinds before it. */

typedef enum {
    CV_ISSUER = 0,
    CV_CLASS,
    CV_HOLDER,
    CV_CREDENTIAL,
    CV_TOKEN,
    CV_KINDS
} cv_kind_t;

typedef enum {
    CV_STATUS_DRAFT = 0,
    CV_STATUS_PENDING,
    CV_STATUS_ISSUED,
    CV_STATUS_CLAIMED,
    CV_STATUS_USED,
    CV_STATUS_REFUNDED,
    CV_STATUS_REVOKED,
    CV_STATUSES
} cv_status_t;

typedef enum {
    CV_PRIVACY_FULL = 0,
    CV_PRIVACY_MASKED,
    CV_PRIVACIES
} cv_privacy_t;

/*
 * Records are identified twice: by the id people chose, unique within its
 * kind and never changed, and by an internal number, which joins tables.  An
 * internal number is never 0.
 */

typedef struct {
    uint64_t   iid;
    cv_str_t   id;          /* set only on the way in and out */
} cv_ref_t;

typedef struct {
    int64_t    value;
    bool       present;
} cv_int_t;

/* Strings, dates and documents borrow from what the record was read from. */

typedef struct {
    cv_str_t   id;
    cv_str_t   name;
    cv_str_t   url;
    cv_str_t   email;
    cv_str_t   description;
    cv_str_t   image;
} cv_issuer_t;

typedef struct {
    cv_str_t   id;
    cv_ref_t   issuer;
    cv_str_t   title;
    cv_str_t   description;
    cv_str_t   category;
    cv_str_t   category_title;
    cv_int_t   level;
    cv_str_t   level_label;
    cv_doc_t   criteria;        /* object */
    cv_str_t   image;
    cv_doc_t   tags;            /* array */
    cv_doc_t   alignment;       /* array */
    cv_int_t   valid_days;
    cv_str_t   number_format;
    cv_doc_t   requires;        /* object */
    cv_int_t   listed;          /* boolean; absent means true */
    cv_int_t   position;
} cv_class_t;

typedef struct {
    cv_str_t   id;
    cv_str_t   name;
    cv_str_t   display_name;
    cv_str_t   email;
    cv_str_t   organization;
    cv_str_t   wallet;
} cv_holder_t;

typedef struct {
    cv_str_t   id;
    cv_ref_t   class;
    cv_ref_t   holder;
    cv_int_t   status;          /* cv_status_t */
    cv_date_t  issued_at;
    cv_date_t  expires_at;
    cv_str_t   score;
    cv_str_t   number;
    cv_str_t   code;
    cv_str_t   public_id;
    cv_int_t   test;            /* boolean; absent means false */
    cv_doc_t   evidence;        /* array */
    cv_str_t   narrative;
    cv_doc_t   attributes;      /* object */
    cv_date_t  created_at;
    cv_date_t  updated_at;
    cv_date_t  revoked_at;
    cv_str_t   revocation_reason;
} cv_credential_t;

#define CV_TOKEN_HASH_LEN  32

typedef struct {
    cv_str_t   hash;            /* SHA-256 of the token's 64 digits, 32 bytes */
    cv_ref_t   credential;
    cv_int_t   privacy;         /* cv_privacy_t; absent means full */
    cv_date_t  created_at;
    cv_date_t  expires_at;
} cv_token_t;

typedef union {
    cv_issuer_t      issuer;
    cv_class_t       class;
    cv_holder_t      holder;
    cv_credential_t  credential;
    cv_token_t       token;
} cv_record_t;


typedef enum {
    CV_FIELD_TEXT,      /* cv_str_t: UTF-8 */
    CV_FIELD_HASH,      /* cv_str_t: 32 bytes, in JSON as 64 hex digits */
    CV_FIELD_DATE,      /* cv_date_t */
    CV_FIELD_INT,       /* cv_int_t */
    CV_FIELD_BOOL,      /* cv_int_t: 0 or 1 */
    CV_FIELD_ENUM,      /* cv_int_t: an index into "names" */
    CV_FIELD_ARRAY,     /* cv_doc_t */
    CV_FIELD_OBJECT,    /* cv_doc_t */
    CV_FIELD_REF,       /* cv_ref_t to a record of kind "ref" */
} cv_field_type_t;

typedef struct {
    const char         *name;       /* the member in JSON */
    uint8_t             tag;        /* in the stored form; never reused */
    cv_field_type_t     type;
    bool                required;
    uint16_t            max;        /* bytes of text or document */
    size_t              offset;     /* in the struct */
    cv_kind_t           ref;
    const char *const  *names;      /* NULL-terminated */
} cv_field_t;

typedef struct {
    const char        *name;        /* "kind" in JSON */
    const cv_field_t  *fields;      /* in the order of tags and of export */
    size_t             nfields;
    size_t             size;        /* of the struct */
} cv_schema_t;

extern const cv_schema_t  cv_schemas[CV_KINDS];

extern const char *const  cv_status_names[];
extern const char *const  cv_privacy_names[];

/* An id, code, number or wallet is an index key: LMDB's limit, rounded. */
#define CV_HANDLE_MAX  255

/* No encoded record is longer. */
#define CV_RECORD_MAX  (256 * 1024)

/* The field with that name, or NULL. */
const cv_field_t *cv_field_find(const cv_schema_t *schema, cv_str_t name);

/* The field of "record" that "field" describes. */
#define cv_field_of(record, field, type)                                      \
    ((type *) ((uint8_t *) (record) + (field)->offset))

bool cv_field_present(const void *record, const cv_field_t *field);

/*
 * The next reference of a record, with its field; NULL after the last.  "i"
 * is 0 for the first, and moved on.
 */
cv_ref_t *cv_record_ref(cv_kind_t kind, void *record, size_t *i,
    const cv_field_t **field);

/* The index of "name" in a list of names, or -1. */
int cv_name_index(const char *const *names, cv_str_t name);

/*
 * Appends the stored form: a version byte, then tag, length and value of
 * every present field in the order of tags, then a checksum over the kind,
 * the table key it stands under and all that precedes.
 */
void cv_record_encode(cv_buf_t *out, cv_kind_t kind, cv_str_t key,
    const void *record);

/*
 * Reads a stored form into a struct of its kind; texts borrow from "bytes".
 * CV_ERR_DAMAGED if the checksum does not match, CV_ERR_VERSION if a newer
 * program wrote it.
 */
cv_err_t cv_record_decode(void *record, cv_kind_t kind, cv_str_t key,
    cv_str_t bytes) CV_MUST_CHECK;

/*
 * What must hold beside the type of each field: required members, lengths,
 * no control characters in ids.  Names the member in "error".
 */
cv_err_t cv_record_validate(const void *record, cv_kind_t kind,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_RECORD_H */
