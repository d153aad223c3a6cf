
/*
 * Copyright (C) The credverify authors
 *
 * The sum of a store: a hash of every entry, all added up.  Whatever puts or
 * deletes an entry moves it, and it is stored with each commit.  A page that
 * never came to the disk leaves an older one, which looks right: every record
 * in it was right once, and has its checksum.  What is not there, or not what
 * was written last, makes the sum another one, which a check finds.
 */

#include "cv_store_internal.h"
#include "cv_hash.h"


/* that a key has the value of another is as wrong as any other value */

uint64_t
cv_sum_entry(unsigned table, cv_str_t key, cv_str_t value)
{
    uint64_t     hashes[3];
    const char  *name;

    /* tables have other numbers as kinds come */

    name = cv_table_names[table];

    hashes[0] = cv_hash(name, strlen(name));
    hashes[1] = cv_hash(key.data, key.len);
    hashes[2] = cv_hash(value.data, value.len);

    /* what is about the store itself, the sum included, is not part of it */

    return table == CV_TABLE_META ? 0 : cv_hash(hashes, sizeof(hashes));
}


uint64_t
cv_sum_stored(cv_txn_t *txn)
{
    cv_str_t     value;
    cv_reader_t  r;

    value = CV_ABSENT;
    (void) cv_table_get(txn, CV_TABLE_META, CV_STR("sum"), &value);

    /* before anything was put, there is none */

    r = cv_reader(value);

    return cv_reader_left(&r) > 0 ? cv_read_u64(&r) : 0;
}


void
cv_sum_change(cv_txn_t *txn, uint64_t gone, uint64_t come)
{
    if (!txn->summed) {
        txn->sum = cv_sum_stored(txn);
        txn->summed = true;
    }

    txn->sum += come - gone;
}


/* what is there by now, whatever was before */

void
cv_sum_anew(cv_txn_t *txn)
{
    int        table;
    MDB_val    key, value;
    cv_walk_t  walk;

    txn->sum = 0;
    txn->summed = true;

    for (table = 0; table < CV_TABLES; table++) {
        cv_walk_start(&walk, txn, (unsigned) table);

        while (cv_walk_step(&walk, &key, &value)) {
            txn->sum += cv_sum_entry((unsigned) table, cv_mdb_str(&key),
                                     cv_mdb_str(&value));
        }

        cv_walk_close(&walk);
    }
}


void
cv_sum_store(cv_txn_t *txn)
{
    uint8_t  value[8];

    if (!txn->summed) {
        return;
    }

    cv_put_uint(value, txn->sum, sizeof(value));

    (void) cv_table_put(txn, CV_TABLE_META, CV_STR("sum"),
                        cv_str(value, sizeof(value)), 0);
}
