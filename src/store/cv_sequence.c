
/*
 * Copyright (C) The credverify authors
 *
 * Number sequences: what a class's format recognises among the numbers that
 * are put, but those of tests, raises the sequence of its year, and nothing
 * lowers one.
 *
 * A transaction keeps what it knows of some classes, so that an import asks
 * the store once for a class, and writes a sequence when the class makes room
 * for another, or with the commit.
 */

#include "cv_number.h"
#include "cv_store_internal.h"
#include "cv_verdict.h"

#include <stdlib.h>

#define CV_NUMBERINGS  32

typedef struct {
    uint64_t            class;      /* 0: the place is free */
    bool                numbered;   /* it has a format, and a right one */
    cv_number_format_t  format;     /* borrows from "text" */
    uint8_t             text[CV_HANDLE_MAX];

    bool                known;      /* the rest is of "year" */
    unsigned            year;
    bool                stored;     /* there is a sequence of it */
    bool                raised;     /* it is to be written */
    uint64_t            last;
} cv_numbering_t;

struct cv_sequences_s {
    cv_numbering_t      places[CV_NUMBERINGS];
};


static cv_sequence_t
cv_sequence_of(uint64_t class, unsigned year, uint64_t last)
{
    cv_sequence_t  sequence;

    memset(&sequence, 0, sizeof(cv_sequence_t));
    sequence.class.iid = class;
    sequence.year = (cv_int_t) { year, true };
    sequence.last = (cv_int_t) { (int64_t) last, true };

    return sequence;
}


bool
cv_get_sequence(cv_txn_t *txn, uint64_t class, unsigned year,
    cv_sequence_t *sequence)
{
    cv_key_t  key;

    *sequence = cv_sequence_of(class, year, 0);
    key = cv_record_key(CV_SEQUENCE, 0, sequence);

    return cv_get_by_key(txn, CV_SEQUENCE, cv_key_str(&key), sequence);
}


static void
cv_numbering_store(cv_txn_t *txn, cv_numbering_t *numbering)
{
    cv_key_t       key;
    cv_str_t       bytes;
    cv_sequence_t  sequence;

    if (!numbering->raised) {
        return;
    }

    sequence = cv_sequence_of(numbering->class, numbering->year,
                              numbering->last);
    key = cv_record_key(CV_SEQUENCE, 0, &sequence);
    bytes = cv_encode(txn, CV_SEQUENCE, cv_key_str(&key), &sequence);

    (void) cv_table_put(txn, CV_SEQUENCE, cv_key_str(&key), bytes, 0);

    numbering->stored = true;
    numbering->raised = false;
}


/* what is known of a class; NULL after an error */

static cv_numbering_t *
cv_numbering(cv_txn_t *txn, uint64_t iid)
{
    cv_str_t         format;
    cv_class_t       class;
    cv_numbering_t  *numbering;

    if (txn->sequences == NULL) {
        txn->sequences = calloc(1, sizeof(cv_sequences_t));

        if (txn->sequences == NULL) {
            (void) cv_error_set(&txn->error, CV_ERR_NOMEM, "out of memory");
            return NULL;
        }
    }

    numbering = &txn->sequences->places[iid % CV_NUMBERINGS];

    if (numbering->class == iid) {
        return numbering;
    }

    cv_numbering_store(txn, numbering);
    memset(numbering, 0, sizeof(cv_numbering_t));

    if (!cv_get(txn, CV_CLASS, iid, &class)) {
        return NULL;
    }

    numbering->class = iid;

    if (cv_present(class.number_format)
        && class.number_format.len <= CV_HANDLE_MAX)
    {
        format = cv_str(numbering->text, class.number_format.len);
        memcpy(numbering->text, class.number_format.data, format.len);

        numbering->numbered = cv_number_format_read(&numbering->format,
                                                    format);
    }

    return numbering;
}


static void
cv_numbering_year(cv_txn_t *txn, cv_numbering_t *numbering, unsigned year)
{
    cv_sequence_t  sequence;

    if (numbering->known && numbering->year == year) {
        return;
    }

    cv_numbering_store(txn, numbering);

    numbering->stored = cv_get_sequence(txn, numbering->class, year,
                                        &sequence);
    numbering->last = numbering->stored ? (uint64_t) sequence.last.value : 0;
    numbering->year = year;
    numbering->known = true;
}


static void
cv_numbering_raise(cv_txn_t *txn, cv_numbering_t *numbering,
    const cv_credential_t *credential)
{
    unsigned  year;
    uint64_t  seq;

    if (!numbering->numbered || !cv_present(credential->number)
        || cv_credential_is_test(credential)
        || !cv_number_read(&numbering->format, credential->number, &year,
                           &seq))
    {
        return;
    }

    cv_numbering_year(txn, numbering, year);

    if (seq > numbering->last) {
        numbering->last = seq;
        numbering->raised = true;
    }
}


void
cv_sequences_raise(cv_txn_t *txn, const cv_credential_t *credential)
{
    cv_numbering_t  *numbering;

    if (!cv_present(credential->number)) {
        return;
    }

    numbering = cv_numbering(txn, credential->class.iid);

    if (numbering != NULL) {
        cv_numbering_raise(txn, numbering, credential);
    }
}


bool
cv_sequences_put(cv_txn_t *txn, const cv_sequence_t *sequence)
{
    uint64_t         last;
    cv_numbering_t  *numbering;

    numbering = cv_numbering(txn, sequence->class.iid);

    if (numbering == NULL) {
        return false;
    }

    cv_numbering_year(txn, numbering, (unsigned) sequence->year.value);

    last = (uint64_t) sequence->last.value;

    if (last > numbering->last || !numbering->stored) {
        numbering->raised = true;
        numbering->last = last > numbering->last ? last : numbering->last;

        cv_change_append(txn, CV_SEQUENCE, sequence->class.iid);
    }

    return true;
}


/* a new format may recognise numbers that the old one did not */

void
cv_sequences_renumber(cv_txn_t *txn, uint64_t class)
{
    cv_str_t          to;
    cv_walk_t         walk;
    cv_reader_t       r;
    cv_numbering_t   *numbering;
    cv_credential_t   credential;

    numbering = cv_numbering(txn, class);

    if (numbering == NULL) {
        return;
    }

    /* it was read before the class changed */

    cv_numbering_store(txn, numbering);
    numbering->class = 0;
    numbering = cv_numbering(txn, class);

    if (numbering == NULL || !numbering->numbered) {
        return;
    }

    cv_links_open(&walk, txn, CV_LINK_CLASS_CREDENTIAL, class);

    while (cv_links_next(&walk, &to)) {
        r = cv_reader(to);

        if (cv_get(txn, CV_CREDENTIAL, cv_read_u64(&r), &credential)) {
            cv_numbering_raise(txn, numbering, &credential);
        }
    }

    cv_walk_close(&walk);
}


void
cv_sequences_store(cv_txn_t *txn)
{
    size_t  i;

    for (i = 0; txn->sequences != NULL && i < CV_NUMBERINGS; i++) {
        cv_numbering_store(txn, &txn->sequences->places[i]);
    }
}


void
cv_sequences_free(cv_txn_t *txn)
{
    free(txn->sequences);
    txn->sequences = NULL;
}


bool
cv_sequences_hold(cv_txn_t *txn, const cv_credential_t *credential)
{
    unsigned         year;
    uint64_t         seq;
    cv_numbering_t  *numbering;

    if (!cv_present(credential->number)
        || cv_credential_is_test(credential))
    {
        return true;
    }

    numbering = cv_numbering(txn, credential->class.iid);

    if (numbering == NULL || !numbering->numbered
        || !cv_number_read(&numbering->format, credential->number, &year,
                           &seq))
    {
        return true;
    }

    cv_numbering_year(txn, numbering, year);

    return seq <= numbering->last;
}


cv_err_t
cv_number_next(cv_txn_t *txn, uint64_t class, cv_time_t at, cv_buf_t *number,
    cv_error_t *error)
{
    unsigned         year;
    uint64_t         seq;
    cv_numbering_t  *numbering;

    numbering = cv_numbering(txn, class);

    if (numbering == NULL) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_INPUT, "there is no such class");
    }

    if (!numbering->numbered) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "its class's number_format %s",
                            cv_shape_number.must);
    }

    year = numbering->format.year == -1 ? 0 : cv_time_year(at);

    cv_numbering_year(txn, numbering, year);

    /* what another class gave is taken, too */

    seq = numbering->last;

    do {
        if (seq >= CV_NUMBER_LAST) {
            return cv_error_set(error, CV_ERR_LIMIT,
                                "its class has no number left");
        }

        cv_buf_reset(number);
        cv_number_write(number, &numbering->format, year, ++seq);

    } while (cv_find(txn, CV_HANDLE_NUMBER, cv_buf_str(number)) != 0);

    return cv_txn_err(txn, error);
}
