
/*
 * Copyright (C) The credverify authors
 *
 * A table of people and what they were given, as other systems export it:
 * which of its columns is which member, and what becomes of a row: a holder
 * and a credential, as lines of JSON (cv_line.h).
 *
 * What no column is mapped to stays as it is in a record that is there.  A
 * cell that is empty, but for spaces, is an absent member.
 */

#ifndef CV_SHEET_H
#define CV_SHEET_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_csv.h"
#include "cv_record.h"
#include "cv_store.h"

typedef struct cv_sheet_s  cv_sheet_t;

/* All texts are the caller's, as long as the sheet. */

typedef struct {
    cv_str_t     map;           /* "COLUMN=MEMBER,...": a row of CSV */
    cv_str_t     class;         /* the id of every credential's class */
    const char  *date_format;   /* cv_date.h; NULL: RFC 3339 */
    cv_date_t    issued_at;     /* where a row has none; may be absent */
} cv_sheet_options_t;

/* CV_ERR_INPUT says what is wrong with the options. */
cv_err_t cv_sheet_open(cv_sheet_t **sheet, const cv_sheet_options_t *options,
    cv_error_t *error) CV_MUST_CHECK;
void cv_sheet_close(cv_sheet_t *sheet);

/* Reads what is to be known of the class. */
cv_err_t cv_sheet_class(cv_sheet_t *sheet, cv_txn_t *txn, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * Takes the row of the columns' names, and appends those that are not mapped
 * to "ignored".
 */
cv_err_t cv_sheet_header(cv_sheet_t *sheet, const cv_csv_t *row,
    cv_buf_t *ignored, cv_error_t *error) CV_MUST_CHECK;

/* True if no cell has anything in it. */
bool cv_sheet_blank(const cv_csv_t *row);

/* Takes a row, which must be there as long as its records are made. */
cv_err_t cv_sheet_row(cv_sheet_t *sheet, const cv_csv_t *row,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Finds the ids of its records.  That of the credential is absent unless a
 * column has it: then it is the one that the holder has of the class, with
 * that number and code, or none yet.
 */
cv_err_t cv_sheet_ids(cv_sheet_t *sheet, cv_error_t *error) CV_MUST_CHECK;

/* True of that credential, with numbers for references. */
bool cv_sheet_is(const cv_sheet_t *sheet, const cv_credential_t *credential);

/* It was found under this id; absent: it gets one that is random. */
cv_err_t cv_sheet_found(cv_sheet_t *sheet, cv_str_t id, cv_error_t *error)
    CV_MUST_CHECK;

/* Of the row: the id of its record of that kind; until the next row. */
cv_str_t cv_sheet_id(const cv_sheet_t *sheet, cv_kind_t kind);

/* The same for every row of one credential, and for no other; likewise. */
cv_str_t cv_sheet_key(const cv_sheet_t *sheet);

/*
 * A hash of the name of a holder who is known by the e-mail address alone; 0
 * if there is none, or another id.
 */
uint64_t cv_sheet_name(const cv_sheet_t *sheet);

/*
 * Appends the line of the holder or the credential; "old" is the record that
 * is there, with the ids of its references, or NULL.
 */
cv_err_t cv_sheet_line(cv_sheet_t *sheet, cv_kind_t kind, const void *old,
    cv_buf_t *out, cv_error_t *error) CV_MUST_CHECK;

/*
 * Gives a credential, read from that line, the dates that it has to have;
 * they borrow from the sheet, until the next row.  "old" as before.
 */
cv_err_t cv_sheet_dates(cv_sheet_t *sheet, cv_credential_t *credential,
    const cv_credential_t *old, cv_error_t *error) CV_MUST_CHECK;

/* Puts the column that a member comes from before an error about it. */
void cv_sheet_blame(const cv_sheet_t *sheet, cv_kind_t kind,
    const char *member, cv_error_t *error);

/* The same with the column at a place of the row. */
void cv_sheet_blame_cell(const cv_sheet_t *sheet, size_t cell,
    cv_error_t *error);

#endif /* CV_SHEET_H */
