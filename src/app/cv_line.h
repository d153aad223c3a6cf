
/*
 * Copyright (C) The credverify authors
 *
 * A record as one line of JSON, the form in which records come in and go out:
 * {"kind":"issuer","id":"...",...}.  Driven by the schemas alone; a member
 * that is null is absent.  Secrets of which the store has a hash come in
 * either form and go out as the hash.
 */

#ifndef CV_LINE_H
#define CV_LINE_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_digest.h"
#include "cv_record.h"

/* A line's bytes without its end; more is refused. */
#define CV_LINE_MAX  ((size_t) 1 << 20)

/* No kind of record has more. */
#define CV_LINE_HASHES  2

typedef struct {
    cv_kind_t      kind;
    cv_record_t    record;      /* borrows from this struct */
    cv_buf_t       document;
    cv_buf_t       bytes;       /* of what is base64 in the line */
    cv_digest_t   *digest;
    uint8_t        hashes[CV_LINE_HASHES][CV_HASH_LEN];
    size_t         nhashes;
} cv_line_t;

cv_err_t cv_line_init(cv_line_t *line, cv_error_t *error) CV_MUST_CHECK;
void cv_line_free(cv_line_t *line);

/*
 * Reads a line into line->kind and line->record, which is then valid but for
 * its references: they have ids only.  An error names kind and member.
 */
cv_err_t cv_line_read(cv_line_t *line, cv_str_t text, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Writes a record, whose references have their ids, as compact JSON without
 * an end of line: members in the schema's order, absent ones left out, and
 * those that are secrets unless "secrets".
 */
void cv_line_write(cv_buf_t *out, cv_kind_t kind, const void *record,
    bool secrets);

/* The same in pieces; a field that is absent yields nothing. */
void cv_line_open(cv_buf_t *out, cv_kind_t kind);
void cv_line_write_name(cv_buf_t *out, const cv_field_t *field);
void cv_line_write_value(cv_buf_t *out, const void *record,
    const cv_field_t *field);
void cv_line_close(cv_buf_t *out);

#endif /* CV_LINE_H */
