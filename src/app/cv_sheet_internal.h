
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the sheet share.
 */

#ifndef CV_SHEET_INTERNAL_H
#define CV_SHEET_INTERNAL_H

#include "cv_digest.h"
#include "cv_issue.h"
#include "cv_sheet.h"

/* how much of a cell or a name is repeated in an error */
#define CV_SHEET_QUOTE_MAX   80

#define CV_SHEET_ATTRIBUTES  "attributes"

typedef struct {
    cv_str_t           column;      /* its name; borrows from "map" */
    cv_kind_t          kind;
    const cv_field_t  *field;
    cv_str_t           attribute;   /* of the field, an object; or absent */
    size_t             cell;
} cv_sheet_entry_t;

struct cv_sheet_s {
    cv_sheet_options_t   options;
    cv_csv_t             map;
    cv_sheet_entry_t     entries[CV_CSV_CELLS_MAX];
    size_t               nentries;
    cv_csv_t             header;        /* the row of names, a copy */
    const cv_csv_t      *row;
    cv_digest_t         *digest;
    cv_moment_t          moment;
    uint64_t             class_iid;
    cv_int_t             valid_days;    /* of the class */
    cv_buf_t             issuer;        /* the class's, its id */
    cv_buf_t             named;         /* what a UUID is made of */
    cv_str_t             ids[CV_KINDS];
    cv_str_t             key;
    uint8_t              holder_uuid[CV_UUID_LEN];
    uint8_t              key_uuid[CV_UUID_LEN];
    uint8_t              found[CV_HANDLE_MAX];
};

static inline uint8_t
cv_sheet_lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
}

static inline cv_str_t
cv_sheet_cut(cv_str_t text)
{
    return cv_str(text.data, text.len < CV_SHEET_QUOTE_MAX
                             ? text.len : CV_SHEET_QUOTE_MAX);
}

/* The column that a member, or an attribute, is mapped to; or NULL. */
const cv_sheet_entry_t *cv_sheet_entry(const cv_sheet_t *sheet,
    cv_kind_t kind, cv_str_t member, cv_str_t attribute);

#define cv_sheet_mapped(sheet, kind, member)                                  \
    cv_sheet_entry(sheet, kind, CV_STR(member), CV_ABSENT)

/* The row's text in that column, without spaces around it; "" for NULL. */
cv_str_t cv_sheet_text(const cv_sheet_t *sheet,
    const cv_sheet_entry_t *entry);

#endif /* CV_SHEET_INTERNAL_H */
