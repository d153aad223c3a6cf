
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
#include "cv_shape.h"
#include "cv_time.h"

/*
 * The order is that of export: a record refers only to kinds before it.  The
 * values are stored: new kinds come last.
 */

typedef enum {
    CV_ISSUER = 0,
    CV_CLASS,
    CV_HOLDER,
    CV_CREDENTIAL,
    CV_TOKEN,
    CV_TIER,
    CV_KEY,
    CV_PROGRESS,
    CV_OAUTH_CLIENT,
    CV_WEBHOOK,
    CV_SEQUENCE,
    CV_USAGE,
    CV_GRANT,
    CV_ASSERTION,
    CV_IMAGE,
    CV_EVENT,
    CV_DELIVERY,
    CV_ANSWER,
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

typedef enum {
    CV_KEY_PENDING = 0,
    CV_KEY_REJECTED,
    CV_KEY_ACTIVE,
    CV_KEY_SUSPENDED,
    CV_KEY_REVOKED,
    CV_KEY_STATUSES
} cv_key_status_t;

/*
 * Records are identified twice: by the id people chose, unique within its
 * kind and never changed, and by an internal number, which joins tables.  An
 * internal number is never 0.  Tokens, progress, sequences, usage, grants,
 * assertions, images and deliveries have neither: a token is found by its hash,
 * the others by what they refer to.
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

/* An id, code, number or wallet is an index key: LMDB's limit, rounded. */
#define CV_HANDLE_MAX      255

/* A secret that is hashed is no longer, in bytes. */
#define CV_CLEAR_MAX       255

#define CV_HASH_LEN        32
#define CV_TOKEN_HASH_LEN  CV_HASH_LEN

typedef struct {
    cv_str_t   hash;            /* SHA-256 of the token's 64 digits, 32 bytes */
    cv_ref_t   credential;
    cv_int_t   privacy;         /* cv_privacy_t; absent means full */
    cv_date_t  created_at;
    cv_date_t  expires_at;
} cv_token_t;

typedef struct {
    cv_str_t   id;
    cv_doc_t   limits;          /* object */
    cv_int_t   overage_cents;   /* for one call more; absent: none is served */
    cv_int_t   price_cents;     /* for a month */
    cv_doc_t   features;        /* array */
} cv_tier_t;

/* an API key; cv_key.h has its text */

typedef struct {
    cv_str_t   id;
    cv_str_t   hash;            /* SHA-256 of the key's text, 32 bytes */
    cv_str_t   prefix;          /* what people may see of that text, */
    cv_str_t   last4;           /* and know it by */
    cv_str_t   owner;
    cv_ref_t   tier;            /* may be absent */
    cv_int_t   status;          /* cv_key_status_t; absent means active */
    cv_doc_t   scopes;          /* array */
    cv_doc_t   origins;         /* array */
    cv_ref_t   issuer;          /* may be absent: the key is not bound to one */
    cv_date_t  expires_at;
    cv_date_t  created_at;
    cv_str_t   previous;        /* hash of the text before the last rotation, */
    cv_date_t  previous_until;  /* which is good until then */
    cv_int_t   granted;         /* the last month that has a grant; the store
                                   sets it, whoever reads the key saves a look
                                   for the others */
} cv_api_key_t;

typedef struct {
    cv_ref_t   holder;
    cv_ref_t   class;
    cv_int_t   practice;        /* how far the holder has come; absent: 0 */
    cv_int_t   learn;
    cv_int_t   issued;          /* true once a credential was found there, or
                                   issued: saves a look through all that the
                                   holder has; whoever records progress sets it */
} cv_progress_t;

typedef struct {
    cv_str_t   id;
    cv_str_t   hash;            /* SHA-256 of the secret, 32 bytes */
    cv_str_t   name;
    cv_doc_t   redirect_uris;   /* array */
    cv_ref_t   class;
} cv_oauth_client_t;

/* Where events are sent. */

typedef enum {
    CV_WEBHOOK_POST = 0,        /* to a receiver, who checks what signs it */
    CV_WEBHOOK_PURGE,           /* to a cache, which forgets a credential */
    CV_WEBHOOK_TYPES
} cv_webhook_type_t;

typedef enum {
    CV_WEBHOOK_ACTIVE = 0,
    CV_WEBHOOK_DISABLED,        /* gets nothing, and nothing is kept for it */
    CV_WEBHOOK_STATUSES
} cv_webhook_status_t;

typedef struct {
    cv_str_t   id;
    cv_str_t   url;
    cv_str_t   secret;          /* in clear: it signs */
    cv_doc_t   events;          /* array; absent or empty: all */
    cv_int_t   type;            /* cv_webhook_type_t; absent means webhook */
    cv_ref_t   issuer;          /* whose events; absent: anybody's */
    cv_int_t   private;         /* boolean: addresses that are not public may
                                   be connected to */
    cv_int_t   status;          /* cv_webhook_status_t; absent means active */
    cv_str_t   reason;          /* why it is disabled */
    cv_str_t   previous;        /* the secret before the last rotation, which */
    cv_date_t  previous_until;  /* signs, too, until then */
    cv_int_t   given_up;        /* events, one after the other; deliver's own */
} cv_webhook_t;

/* The highest number that a class has given in a year. */

typedef struct {
    cv_ref_t   class;
    cv_int_t   year;            /* 0 where the class's numbers have none */
    cv_int_t   last;
} cv_sequence_t;

/* What a key used in a month that is over, and what its tier was then. */

typedef struct {
    cv_ref_t   key;
    cv_int_t   month;           /* since January 1970 */
    cv_int_t   used;
    cv_int_t   included;        /* with what was granted; absent: any number */
    cv_ref_t   tier;            /* may be absent */
    cv_int_t   price_cents;
    cv_int_t   overage_cents;
} cv_usage_t;

/* Calls that a key may make in a month beyond what its tier includes. */

typedef struct {
    cv_ref_t   key;
    cv_int_t   month;
    cv_int_t   units;
} cv_grant_t;

/*
 * A credential as an Open Badge: what its assertion is asked for by, and what
 * the recipient's identity is hashed with.  Every credential has one.
 */

typedef struct {
    cv_ref_t   credential;
    cv_str_t   id;              /* random, part of a URL: an index key */
    cv_str_t   salt;            /* random; anybody may see it */
} cv_assertion_t;

/*
 * What is made here is so many random bytes in hexadecimal.  Nobody is to guess
 * an id; a salt has but to be another one each time, and with most addresses it
 * has room in one block of SHA-256.
 */
#define CV_ASSERTION_ID    16
#define CV_ASSERTION_SALT  8

/*
 * The image of a class, which its badges are baked into: as it came, and was
 * checked to be one that may be served (cv_image_check.h).
 */

#define CV_IMAGE_MAX  ((size_t) 192 * 1024)

typedef struct {
    cv_ref_t   class;
    cv_str_t   data;
} cv_image_t;

/*
 * The outbox.  An event tells what happened, and is written with what it tells
 * of; a delivery is that it is still to be sent to somebody, or could not be.
 * Neither is exported: they are on their way.
 */

typedef struct {
    cv_str_t   id;              /* what a receiver knows repetitions by */
    cv_str_t   type;
    cv_date_t  at;
    cv_doc_t   data;            /* object */
    cv_ref_t   issuer;          /* whose it is; absent: nobody's */
    cv_ref_t   credential;      /* that it is about; absent: none */
} cv_event_t;

#define CV_EVENT_MAIL  "mail"   /* the type of what is sent to a holder */

typedef enum {
    CV_DELIVERY_WAITING = 0,
    CV_DELIVERY_DEAD,           /* given up; stays for people to see */
    CV_DELIVERY_STATES
} cv_delivery_state_t;

typedef struct {
    cv_ref_t   webhook;         /* absent: by mail */
    cv_ref_t   event;
    cv_int_t   state;           /* cv_delivery_state_t */
    cv_int_t   position;        /* in the order of all that are made */
    cv_int_t   attempts;        /* that were made; absent: 0 */
    cv_int_t   next_at;         /* cv_time_t, not before; absent: at once */
    cv_int_t   tried_at;        /* cv_time_t, of the last attempt */
    cv_int_t   status;          /* that it was answered with; absent: none */
    cv_str_t   error;           /* why it failed, for people */
} cv_delivery_t;

/*
 * What a request with an Idempotency-Key was answered, so that it is answered
 * so again.  Its id is a hash of that key and of who sent it; not exported.
 */

/* A longer one is not kept. */
#define CV_ANSWER_MAX  ((size_t) 192 * 1024)

typedef struct {
    cv_str_t   id;              /* 64 hexadecimal digits */
    cv_str_t   request;         /* SHA-256 of what was asked, 32 bytes */
    cv_date_t  at;
    cv_int_t   status;          /* of the answer, */
    cv_str_t   body;            /* and it */
    cv_ref_t   credential;      /* that it is about; absent: none */
} cv_answer_record_t;

typedef union {
    cv_issuer_t        issuer;
    cv_class_t         class;
    cv_holder_t        holder;
    cv_credential_t    credential;
    cv_token_t         token;
    cv_tier_t          tier;
    cv_api_key_t       key;
    cv_progress_t      progress;
    cv_oauth_client_t  oauth_client;
    cv_webhook_t       webhook;
    cv_sequence_t      sequence;
    cv_usage_t         usage;
    cv_grant_t         grant;
    cv_assertion_t     assertion;
    cv_image_t         image;
    cv_event_t         event;
    cv_delivery_t      delivery;
    cv_answer_record_t answer;
} cv_record_t;


typedef enum {
    CV_FIELD_TEXT,      /* cv_str_t: UTF-8 */
    CV_FIELD_HASH,      /* cv_str_t: 32 bytes, in JSON as 64 hex digits */
    CV_FIELD_BYTES,     /* cv_str_t: any, in JSON as base64 */
    CV_FIELD_DATE,      /* cv_date_t */
    CV_FIELD_INT,       /* cv_int_t */
    CV_FIELD_COUNT,     /* cv_int_t: 0 or more */
    CV_FIELD_MONTH,     /* cv_int_t: since January 1970, to CV_MONTH_LAST */
    CV_FIELD_BOOL,      /* cv_int_t: 0 or 1 */
    CV_FIELD_ENUM,      /* cv_int_t: an index into "names" */
    CV_FIELD_ARRAY,     /* cv_doc_t */
    CV_FIELD_OBJECT,    /* cv_doc_t */
    CV_FIELD_REF,       /* cv_ref_t to a record of kind "ref" */
} cv_field_type_t;

/*
 * The clear form of a hash, taken on the way in only.  take() writes what is
 * hashed, sets what the record keeps beside the hash, borrowed from "text",
 * and returns the length; 0 if the text is none.
 */

typedef struct {
    const char         *name;       /* the member in JSON */
    const char         *must;       /* said of what is none */
    size_t            (*take)(void *record, cv_str_t text,
                              uint8_t out[CV_CLEAR_MAX]);
} cv_clear_t;

typedef struct {
    const char         *name;       /* the member in JSON */
    uint8_t             tag;        /* in the stored form; its place in the
                                       schema, counted from 1 */
    cv_field_type_t     type;
    bool                required;
    uint32_t            max;        /* bytes, of text or document, too; a
                                       count */
    size_t              offset;     /* in the struct */
    cv_kind_t           ref;
    const char *const  *names;      /* NULL-terminated */
    const cv_shape_t   *shape;      /* of text or document, or NULL */
    const cv_clear_t   *clear;      /* of a hash, or NULL */
    bool                secret;     /* shown only where that is asked for */
    bool                internal;   /* the store's own: in no line, and kept
                                       when the record is replaced */
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
extern const char *const  cv_key_status_names[];
extern const char *const  cv_webhook_type_names[];
extern const char *const  cv_webhook_status_names[];
extern const char *const  cv_delivery_state_names[];

/* No encoded record is longer. */
#define CV_RECORD_MAX  (256 * 1024)

/* True if records of the kind begin with an id, and have a number. */
#define cv_kind_numbered(kind)                                                \
    ((kind) != CV_TOKEN && (kind) != CV_PROGRESS && (kind) != CV_SEQUENCE     \
     && (kind) != CV_USAGE && (kind) != CV_GRANT                              \
     && (kind) != CV_ASSERTION && (kind) != CV_IMAGE                          \
     && (kind) != CV_DELIVERY)

/*
 * True if records of the kind are what the store is for; others are gone some
 * time later, and are in no export, log or audit trail.
 */
#define cv_kind_durable(kind)                                                 \
    ((kind) != CV_EVENT && (kind) != CV_DELIVERY && (kind) != CV_ANSWER)

/* The field with that name, or NULL. */
const cv_field_t *cv_field_find(const cv_schema_t *schema, cv_str_t name);

/* The status of a key, which is active if it has none. */
static inline cv_key_status_t
cv_key_status(const cv_api_key_t *key)
{
    return key->status.present ? (cv_key_status_t) key->status.value
                               : CV_KEY_ACTIVE;
}

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
 * Appends the stored form: a version byte, then tag, length (of two bytes, of
 * four for CV_FIELD_BYTES) and value of every present field in the order of
 * tags, then a checksum over the kind, the table key it stands under and all
 * that precedes.
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

/* The same in two steps: the first need not be done twice. */
cv_err_t cv_record_check(cv_kind_t kind, cv_str_t key, cv_str_t bytes)
    CV_MUST_CHECK;
cv_err_t cv_record_parse(void *record, cv_kind_t kind, cv_str_t bytes)
    CV_MUST_CHECK;

/*
 * Has a record borrow from "copy", which is the caller's, whatever it borrows;
 * its references have numbers only then.  False if there is no memory.
 */
bool cv_record_keep(cv_buf_t *copy, cv_kind_t kind, void *record);

/*
 * What must hold beside the type of each field: required members, lengths,
 * shapes, no control characters in ids.  Names the member in "error".
 */
cv_err_t cv_record_validate(const void *record, cv_kind_t kind,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_RECORD_H */
