
/*
 * Copyright (C) The credverify authors
 *
 * A JSON value in the form it is stored and shown from: parsed once when it
 * is written, walked without memory of its own when it is read.
 *
 *     value   = type [ length payload ]         the type is one byte,
 *     length  = 4 bytes, big-endian             of the payload
 *     payload = text of a number or string
 *             | value*                          of an array
 *             | ( name-length[2] name value )*  of an object
 *
 * null, true and false have neither length nor payload.  Numbers keep the
 * text they were written with.  Every read is bounded: a damaged document
 * reads as if what is damaged were absent.
 */

#ifndef CV_DOC_H
#define CV_DOC_H

#include "cv_base.h"
#include "cv_buf.h"

/* Nesting is at most this deep, scalars counting as one. */
#define CV_DOC_DEPTH  32

typedef enum {
    CV_DOC_NONE = 0,        /* absent, or damaged */
    CV_DOC_NULL = 'n',
    CV_DOC_FALSE = 'f',
    CV_DOC_TRUE = 't',
    CV_DOC_NUMBER = '0',
    CV_DOC_STRING = '"',
    CV_DOC_ARRAY = '[',
    CV_DOC_OBJECT = '{',
} cv_doc_type_t;

/* The whole encoded value; borrows from the record it is part of. */
typedef cv_str_t  cv_doc_t;

#define CV_DOC_EMPTY_ARRAY  CV_STR("[\0\0\0\0")

cv_doc_type_t cv_doc_type(cv_doc_t doc);

/* The text of a number or a string; absent for any other value. */
cv_str_t cv_doc_text(cv_doc_t doc);

/*
 * The value of a number that is an integer of 64 bits: neither "1.0" nor
 * "1e3", nor what 64 bits lose.  False, and "number" untouched, otherwise.
 */
bool cv_doc_int(cv_doc_t doc, int64_t *number);

/* True unless absent, null, false, an empty string or an empty container. */
bool cv_doc_truth(cv_doc_t doc);

/* The member of an object; absent if it has none, or is no object. */
cv_doc_t cv_doc_member(cv_doc_t doc, cv_str_t name);

/*
 * Walks over an array's values or an object's members:
 *
 *     cv_doc_iter_t  it = cv_doc_iter(doc);
 *     while (cv_doc_next(&it, &name, &value)) ...
 *
 * "name" is absent in an array and may be NULL if it is not wanted.
 */

typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    bool            object;
} cv_doc_iter_t;

cv_doc_iter_t cv_doc_iter(cv_doc_t doc);
bool cv_doc_next(cv_doc_iter_t *it, cv_str_t *name, cv_doc_t *value);

/* True if "doc" is exactly one well-formed value, to its last byte. */
bool cv_doc_valid(cv_doc_t doc);

/* Appends the value as compact JSON text. */
void cv_doc_write_json(cv_buf_t *out, cv_doc_t doc);

/*
 * Building: scalars are appended whole; a container is opened, filled and
 * closed.  cv_doc_open() returns the mark that cv_doc_close() takes.
 */

void cv_doc_put(cv_buf_t *out, cv_doc_type_t type, cv_str_t text);
size_t cv_doc_open(cv_buf_t *out, cv_doc_type_t type);
void cv_doc_put_name(cv_buf_t *out, cv_str_t name);
void cv_doc_close(cv_buf_t *out, size_t mark);

#define CV_DOC_NAME_MAX  65535

#endif /* CV_DOC_H */
