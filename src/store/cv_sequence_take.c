
/*
 * Copyright (C) The credverify authors
 *
 * What one store has numbered since it was copied, another one learns before
 * it takes its place: numbers are out in the world that no credential of the
 * other one has.
 */

#include "cv_store_internal.h"
#include "cv_codec.h"

/* far more than there can be classes that somebody made */
#define CV_SEQUENCES_MAX  ((size_t) 1 << 28)

typedef struct {
    cv_txn_t      *txn;
    cv_buf_t      *out;
    bool           whole;       /* each one's class was there */
} cv_sequences_reading_t;

typedef struct {
    cv_buf_t       all;         /* sequences of the other store */
    cv_buf_t       lost;        /* those that this one did not know of, the
                                   highest of a format and year */
    cv_taken_t    *taken;
} cv_sequences_taking_t;

/* A sequence, as it is kept between the two. */

typedef struct {
    unsigned       year;
    uint64_t       last;
    cv_str_t       class;       /* id */
    cv_str_t       format;
} cv_sequence_kept_t;


static void
cv_sequence_keep(cv_buf_t *out, const cv_sequence_kept_t *kept)
{
    cv_write_u16(out, kept->year);
    cv_write_u64(out, kept->last);
    cv_write_u16(out, kept->class.len);
    cv_buf_append_str(out, kept->class);
    cv_write_u16(out, kept->format.len);
    cv_buf_append_str(out, kept->format);
}


/* false past the last */

static bool
cv_sequence_next(cv_reader_t *r, cv_sequence_kept_t *kept)
{
    kept->year = cv_read_u16(r);
    kept->last = cv_read_u64(r);
    kept->class = cv_read_bytes(r, cv_read_u16(r));
    kept->format = cv_read_bytes(r, cv_read_u16(r));

    return !r->failed;
}


static void
cv_sequences_read_guarded(void *arg)
{
    cv_walk_t                walk;
    cv_class_t               class;
    cv_sequence_t            sequence;
    cv_sequence_kept_t       kept;
    cv_sequences_reading_t  *reading = arg;

    if (cv_snapshot_renew(reading->txn) != CV_OK) {
        return;
    }

    cv_walk_open(&walk, reading->txn, CV_SEQUENCE);

    while (cv_walk_next(&walk, &sequence, NULL)) {

        if (!cv_get(reading->txn, CV_CLASS, sequence.class.iid, &class)) {
            reading->whole = false;
            continue;
        }

        kept.year = (unsigned) sequence.year.value;
        kept.last = (uint64_t) sequence.last.value;
        kept.class = class.id;
        kept.format = cv_present(class.number_format) ? class.number_format
                                                      : CV_STR("");

        cv_sequence_keep(reading->out, &kept);
    }

    cv_walk_close(&walk);
}


/* CV_ERR_DAMAGED, without a sentence, if what is read may not be all of them */

static cv_err_t
cv_sequences_read(cv_store_t *from, cv_buf_t *out, cv_error_t *error)
{
    cv_err_t                err;
    cv_sequences_reading_t  reading;

    reading.out = out;
    reading.whole = true;

    err = cv_snapshot_open(&reading.txn, from, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_store_guard(from, cv_sequences_read_guarded, &reading);

    if (err == CV_OK) {
        err = cv_txn_err(reading.txn, error);
    }

    if (err == CV_OK && !reading.whole) {
        err = CV_ERR_DAMAGED;
    }

    cv_snapshot_close(reading.txn);

    return err;
}


static void
cv_sequence_take(cv_txn_t *txn, uint64_t class, const cv_sequence_kept_t *kept,
    cv_taken_t *taken)
{
    uint64_t       before;
    cv_sequence_t  sequence;

    memset(&sequence, 0, sizeof(cv_sequence_t));
    sequence.class.iid = class;
    sequence.year = (cv_int_t) { kept->year, true };
    sequence.last = (cv_int_t) { (int64_t) kept->last, true };

    before = cv_txn_sequence(txn);
    (void) cv_put(txn, CV_SEQUENCE, &sequence);

    if (cv_txn_sequence(txn) != before) {
        taken->raised++;
    }
}


/* what others of the format may give, too */

static void
cv_sequence_lose(cv_buf_t *lost, const cv_sequence_kept_t *kept)
{
    size_t              at;
    cv_reader_t         r;
    cv_sequence_kept_t  known;

    if (kept->format.len == 0) {
        return;
    }

    r = cv_reader(cv_buf_str(lost));

    for (at = 0; cv_sequence_next(&r, &known); at = lost->len
                                                    - cv_reader_left(&r))
    {
        if (known.year != kept->year
            || !cv_str_eq(known.format, kept->format))
        {
            continue;
        }

        if (known.last < kept->last) {
            cv_put_uint(lost->data + at + CV_YEAR_LEN, kept->last, 8);
        }

        return;
    }

    cv_sequence_keep(lost, kept);
}


/* Looks what there is that this store does not know of. */

static void
cv_sequences_compare(cv_txn_t *txn, cv_sequences_taking_t *taking)
{
    uint64_t            class;
    cv_reader_t         r;
    cv_sequence_t       sequence;
    cv_sequence_kept_t  kept;

    r = cv_reader(cv_buf_str(&taking->all));

    while (cv_sequence_next(&r, &kept)) {
        class = cv_find(txn, CV_HANDLE_CLASS_ID, kept.class);

        if (class == 0) {
            taking->taken->homeless++;

        } else if (cv_get_sequence(txn, class, kept.year, &sequence)
                   && (uint64_t) sequence.last.value >= kept.last)
        {
            continue;
        }

        cv_sequence_lose(&taking->lost, &kept);
    }
}


/*
 * A class goes past what another one has numbered where it meets those
 * numbers, which it does not where they are lost: all of that format go past
 * them.
 */

static void
cv_sequences_share(cv_txn_t *txn, cv_sequences_taking_t *taking)
{
    uint8_t             text[CV_HANDLE_MAX];
    uint64_t            iid;
    cv_str_t            format;
    cv_walk_t           walk;
    cv_class_t          class;
    cv_reader_t         r;
    cv_sequence_kept_t  kept;

    cv_walk_open(&walk, txn, CV_CLASS);

    while (cv_walk_next(&walk, &class, &iid)) {

        if (!cv_present(class.number_format)
            || class.number_format.len > sizeof(text))
        {
            continue;
        }

        format = cv_str(text, class.number_format.len);
        memcpy(text, class.number_format.data, format.len);

        r = cv_reader(cv_buf_str(&taking->lost));

        while (cv_sequence_next(&r, &kept)) {
            if (cv_str_eq(kept.format, format)) {
                cv_sequence_take(txn, iid, &kept, taking->taken);
            }
        }
    }

    cv_walk_close(&walk);
}


static cv_err_t
cv_sequences_take_all(cv_txn_t *txn, void *arg, cv_error_t *error)
{
    uint64_t                class;
    cv_reader_t             r;
    cv_sequence_kept_t      kept;
    cv_sequences_taking_t  *taking = arg;

    cv_sequences_compare(txn, taking);

    if (taking->lost.len > 0) {
        cv_sequences_share(txn, taking);
    }

    if (cv_buf_failed(&taking->lost)) {
        return cv_error_set(error, taking->lost.err, "out of memory");
    }

    /* and those of classes that have another format here */

    r = cv_reader(cv_buf_str(&taking->all));

    while (cv_sequence_next(&r, &kept)) {
        class = cv_find(txn, CV_HANDLE_CLASS_ID, kept.class);

        if (class != 0) {
            cv_sequence_take(txn, class, &kept, taking->taken);
        }
    }

    /* as they are with the commit */

    cv_sequences_store(txn);

    if (cv_txn_err(txn, error) != CV_OK) {
        return cv_txn_err(txn, NULL);
    }

    return cv_store_stat(txn, &taking->taken->stat);
}


cv_err_t
cv_sequences_take(cv_store_t *to, cv_store_t *from, cv_taken_t *taken,
    cv_error_t *error)
{
    cv_err_t               err;
    cv_sequences_taking_t  taking;

    taking.taken = taken;
    cv_buf_init(&taking.all, CV_SEQUENCES_MAX);
    cv_buf_init(&taking.lost, CV_SEQUENCES_MAX);

    err = cv_sequences_read(from, &taking.all, error);

    if (err == CV_ERR_DAMAGED) {
        taken->unread = true;
        err = CV_OK;
    }

    if (err == CV_OK && cv_buf_failed(&taking.all)) {
        err = cv_error_set(error, taking.all.err, "out of memory");
    }

    if (err == CV_OK) {
        err = cv_store_write(to, NULL, cv_sequences_take_all, &taking, error);
    }

    cv_buf_free(&taking.all);
    cv_buf_free(&taking.lost);

    return err;
}
