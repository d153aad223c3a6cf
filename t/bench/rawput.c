
/*
 * Copyright (C) The credverify authors
 *
 * rawput FROM TO: what an import costs LMDB alone.
 *
 * Reads every entry of the tables of the store FROM into memory, then puts
 * them into the new environment TO: the same keys and values in the same
 * tables, in the order in which an import writes them, in as many transactions
 * as FROM has seen, each synced, with the same pauses.  Then walks TO once.
 * Prints the seconds of both, and how many transactions there were, as JSON.
 */

#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* as in cv_import.h */
#define RAW_PAUSE_NS     2000000

#define RAW_TABLES       64

typedef struct {
    char      *name;
    MDB_dbi    from;
    MDB_dbi    to;
    size_t     entries;
    size_t     done;
    MDB_val   *keys;
    MDB_val   *values;
} raw_table_t;

static raw_table_t  raw_tables[RAW_TABLES];
static size_t       raw_ntables;


static void
raw_check(int rc, const char *what)
{
    if (rc != 0) {
        (void) fprintf(stderr, "rawput: %s: %s\n", what, mdb_strerror(rc));
        exit(1);
    }
}


static void *
raw_memory(void *p)
{
    if (p == NULL) {
        (void) fprintf(stderr, "rawput: out of memory\n");
        exit(1);
    }

    return p;
}


static double
raw_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static MDB_val
raw_copy(const MDB_val *val)
{
    MDB_val  copy;

    copy.mv_size = val->mv_size;
    copy.mv_data = raw_memory(malloc(val->mv_size + 1));
    memcpy(copy.mv_data, val->mv_data, val->mv_size);

    return copy;
}


static MDB_env *
raw_open(const char *dir, size_t map_size, unsigned flags)
{
    MDB_env  *env;

    raw_check(mdb_env_create(&env), dir);
    raw_check(mdb_env_set_maxdbs(env, RAW_TABLES), dir);

    if (map_size > 0) {
        raw_check(mdb_env_set_mapsize(env, map_size), dir);
    }

    raw_check(mdb_env_open(env, dir, flags, 0600), dir);

    return env;
}


static void
raw_read_table(MDB_txn *txn, raw_table_t *table)
{
    size_t       i;
    MDB_val      key, value;
    MDB_stat     stat;
    MDB_cursor  *cursor;

    raw_check(mdb_dbi_open(txn, table->name, 0, &table->from), table->name);
    raw_check(mdb_stat(txn, table->from, &stat), table->name);
    raw_check(mdb_cursor_open(txn, table->from, &cursor), table->name);

    table->entries = stat.ms_entries;
    table->keys = raw_memory(calloc(stat.ms_entries + 1, sizeof(MDB_val)));
    table->values = raw_memory(calloc(stat.ms_entries + 1, sizeof(MDB_val)));

    for (i = 0; i < table->entries; i++) {
        raw_check(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), table->name);

        table->keys[i] = raw_copy(&key);
        table->values[i] = raw_copy(&value);
    }

    mdb_cursor_close(cursor);
}


static void
raw_read(MDB_env *env)
{
    MDB_val      key, value;
    MDB_txn     *txn;
    MDB_dbi      main_dbi;
    MDB_cursor  *cursor;

    raw_check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    raw_check(mdb_dbi_open(txn, NULL, 0, &main_dbi), "tables");
    raw_check(mdb_cursor_open(txn, main_dbi, &cursor), "tables");

    while (raw_ntables < RAW_TABLES
           && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
    {
        raw_tables[raw_ntables++].name =
            raw_memory(strndup(key.mv_data, key.mv_size));
    }

    mdb_cursor_close(cursor);

    for (size_t i = 0; i < raw_ntables; i++) {
        raw_read_table(txn, &raw_tables[i]);
    }

    mdb_txn_abort(txn);
}


/*
 * Import meets the entries of a table in the order of its lines, which is
 * that of its keys where they count up, and any where they are hashes or
 * texts.  What is put in the order of a table's keys here costs less than
 * that, never more: the rate is an upper bound.  Keys that count up are
 * appended, as import does.
 */

static void
raw_put_table(MDB_txn *txn, raw_table_t *table, size_t until)
{
    int       rc;
    size_t    at, step;
    unsigned  flags;

    /* hashes come in no order: one that all of them are met in once */

    step = table->keys[0].mv_size == 32 ? 7919 : 1;
    flags = table->keys[0].mv_size == 8 ? MDB_APPEND : 0;

    while (step > 1 && table->entries % step == 0) {
        step -= 2;
    }

    for ( /* void */ ; table->done < until; table->done++) {
        at = step == 1 ? table->done : table->done * step % table->entries;

        rc = mdb_put(txn, table->to, &table->keys[at], &table->values[at],
                     flags);
        raw_check(rc, table->name);
    }
}


static void
raw_put(MDB_env *env, size_t batches)
{
    MDB_txn          *txn;
    struct timespec   pause = { 0, RAW_PAUSE_NS };

    raw_check(mdb_txn_begin(env, NULL, 0, &txn), "begin");

    for (size_t i = 0; i < raw_ntables; i++) {
        raw_check(mdb_dbi_open(txn, raw_tables[i].name, MDB_CREATE,
                               &raw_tables[i].to), "tables");
    }

    raw_check(mdb_txn_commit(txn), "commit");

    for (size_t n = 1; n <= batches; n++) {
        raw_check(mdb_txn_begin(env, NULL, 0, &txn), "begin");

        for (size_t i = 0; i < raw_ntables; i++) {
            if (raw_tables[i].entries > 0) {
                raw_put_table(txn, &raw_tables[i],
                              raw_tables[i].entries * n / batches);
            }
        }

        raw_check(mdb_txn_commit(txn), "commit");

        (void) nanosleep(&pause, NULL);
    }
}


/* every entry once, and every byte of it */

static uint64_t
raw_walk(MDB_env *env)
{
    uint64_t      sum;
    MDB_val       key, value;
    MDB_txn      *txn;
    MDB_cursor   *cursor;

    sum = 0;

    raw_check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");

    for (size_t i = 0; i < raw_ntables; i++) {
        raw_check(mdb_cursor_open(txn, raw_tables[i].to, &cursor), "walk");

        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            for (size_t n = 0; n < value.mv_size; n++) {
                sum += ((const uint8_t *) value.mv_data)[n];
            }
        }

        mdb_cursor_close(cursor);
    }

    mdb_txn_abort(txn);

    return sum;
}


int
main(int argc, char **argv)
{
    size_t       entries;
    double       start, put, walk;
    uint64_t     sum;
    MDB_env     *from, *to;
    MDB_envinfo  info;

    if (argc != 3) {
        (void) fprintf(stderr, "usage: rawput FROM TO\n");
        return 2;
    }

    from = raw_open(argv[1], 0, MDB_RDONLY);
    raw_check(mdb_env_info(from, &info), argv[1]);
    raw_read(from);

    if (mkdir(argv[2], 0700) != 0) {
        perror(argv[2]);
        return 1;
    }

    to = raw_open(argv[2], info.me_mapsize, 0);

    start = raw_clock();
    raw_put(to, info.me_last_txnid);
    put = raw_clock() - start;

    start = raw_clock();
    sum = raw_walk(to);
    walk = raw_clock() - start;

    entries = 0;

    for (size_t i = 0; i < raw_ntables; i++) {
        entries += raw_tables[i].entries;
    }

    (void) printf("{\"entries\":%zu,\"transactions\":%zu,\"put\":%.3f,"
                  "\"walk\":%.3f,\"sum\":%" PRIu64 "}\n", entries,
                  (size_t) info.me_last_txnid, put, walk, sum);

    mdb_env_close(to);
    mdb_env_close(from);

    return 0;
}
