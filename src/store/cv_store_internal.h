
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the store share.
 */

#ifndef CV_STORE_INTERNAL_H
#define CV_STORE_INTERNAL_H

#include "cv_buf.h"
#include "cv_codec.h"
#include "cv_restore.h"
#include "cv_store.h"

#include <limits.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/types.h>

#define CV_LOCK_FILE  "lock.mdb"

#define CV_DIR_MODE   02770
#define CV_FILE_MODE  0660

/* The records' tables come first, in the order of their kinds. */

enum {
    CV_TABLE_HANDLE = CV_KINDS,
    CV_TABLE_LINK,
    CV_TABLE_CHANGE,
    CV_TABLE_AUDIT,
    CV_TABLE_META,
    CV_TABLES
};

extern const char *const  cv_table_names[CV_TABLES];

struct cv_store_s {
    MDB_env     *env;
    MDB_dbi      dbi[CV_TABLES];
    char        *dir;
    dev_t        dev;               /* the data file that is open */
    ino_t        ino;
    dev_t        lock_dev;          /* and its lock file */
    ino_t        lock_ino;
    bool         unlocked;          /* LMDB has none, and cannot make one */
    uint32_t     format;
    uint8_t      uuid[CV_STORE_UUID_LEN];
    uint8_t     *map;               /* where the map is, for the guard */
    size_t       map_size;
    bool         writable;
};

/*
 * So many bytes of the ids of assertions are random to a transaction, not to
 * each: what an import makes then stands together in the index, where it would
 * else touch a page for every credential.  14 that nobody guesses are left.
 */
#define CV_ASSERTION_NEAR  2

typedef struct cv_memo_s  cv_memo_t;
typedef struct cv_sequences_s  cv_sequences_t;
typedef struct cv_paths_s  cv_paths_t;

/* how many cursors a snapshot has open at once */
#define CV_TXN_CURSORS  8

struct cv_txn_s {
    cv_store_t  *store;
    MDB_txn     *txn;
    cv_error_t   error;             /* the first one sticks */
    bool         write;
    int          turn;              /* of one that writes, or -1 */
    bool         held;              /* a snapshot that was not reset */
    uint64_t     version;           /* of a snapshot */
    MDB_cursor  *cursors[CV_TXN_CURSORS];   /* of one, that are open */
    cv_memo_t   *memo;              /* of one that remembers, or NULL */
    cv_buf_t     encoded;           /* of the record being written */
    cv_buf_t     previous;          /* a copy of the record it replaces */
    uint64_t     next[CV_KINDS];    /* numbers to give; 0: not read yet */
    uint64_t     first[CV_KINDS];   /* and what they were at the beginning */
    cv_sequences_t  *sequences;     /* NULL: none was looked at yet */
    cv_paths_t  *paths;             /* what it may change; or NULL */
    uint64_t     sum;               /* of all entries, */
    bool         summed;            /* once it was read */
    uint64_t     revived;           /* credentials no longer revoked */
    uint64_t     change;            /* sequence of the next change, likewise */
    uint8_t      near[CV_ASSERTION_NEAR];   /* how its assertions begin, */
    bool         nearby;            /* once there is one */
    cv_time_t    now;
    cv_str_t     actor;             /* for the audit trail */
    cv_action_t  action;
};

#define CV_IID_LEN    8
#define CV_YEAR_LEN   2
#define CV_MONTH_KEY  2

/* The longest key: a kind, a length, a handle, and a hash or number. */
#define CV_KEY_MAX  (1 + 2 + CV_HANDLE_MAX + CV_TOKEN_HASH_LEN)

typedef struct {
    uint8_t      data[CV_KEY_MAX];
    size_t       len;
} cv_key_t;

static inline cv_str_t
cv_key_str(const cv_key_t *key)
{
    return cv_str(key->data, key->len);
}

static inline MDB_val
cv_mdb_val(cv_str_t s)
{
    return (MDB_val) { s.len, (void *) (uintptr_t) s.data };
}

static inline cv_str_t
cv_mdb_str(const MDB_val *val)
{
    return cv_str(val->mv_data, val->mv_size);
}

/* "dir/name"; CV_ERR_INPUT if that is too long for a path. */
cv_err_t cv_path(char path[PATH_MAX], const char *dir, const char *name,
    cv_error_t *error);

/* How LMDB is to open files in a directory: by this path, in between. */

typedef struct {
    char         path[PATH_MAX];
    int          fd;                /* of the directory; -1: none is needed */
} cv_owner_t;

/* Leave in any case, after an error too; again does nothing. */
cv_err_t cv_owner_enter(cv_owner_t *owner, const char *dir, cv_error_t *error)
    CV_MUST_CHECK;
void cv_owner_leave(cv_owner_t *owner);

/* Has others know that somebody wants to write, until it is left; or -1. */
int cv_turn_take(const cv_store_t *store);
void cv_turn_leave(int turn);

/* CV_ERR_VERSION, with what to do about it, unless the format is ours. */
cv_err_t cv_store_check_format(const cv_store_t *store, cv_error_t *error)
    CV_MUST_CHECK;

/* Gives a file or directory to the options' owner and group, if any; follows
 * no link. */
cv_err_t cv_store_own(const char *path, const cv_store_options_t *options,
    mode_t mode, cv_error_t *error);

/* CV_ERR_EXISTS if a directory has what is no part of a store in it. */
cv_err_t cv_store_vacant(const char *dir, cv_error_t *error);

/*
 * The lock file: has room for all of it in "dir", by which LMDB will have it,
 * so that a full disk is an error; is noted once LMDB has it open; is the one
 * that is there still; is the one of the data file, of which "txn" begins to
 * read anew.
 */
cv_err_t cv_lock_reserve(const cv_store_t *store, const char *dir,
    cv_error_t *error) CV_MUST_CHECK;
void cv_lock_opened(cv_store_t *store, const struct stat *data);
bool cv_lock_current(const cv_store_t *store);
cv_err_t cv_lock_check(cv_store_t *store, MDB_txn *txn, cv_error_t *error)
    CV_MUST_CHECK;

/* The same for a transaction that has the writer lock: nothing is on its way. */
cv_err_t cv_lock_check_writer(cv_store_t *store, MDB_txn *txn,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Begins to read anew.  CV_ERR_MISSING if another file was written over the
 * data file: what the lock file tells of its last commit is of the one before.
 */
cv_err_t cv_lock_renew(cv_store_t *store, MDB_txn *txn, cv_error_t *error)
    CV_MUST_CHECK;

/* Begins to read, if need be in the slot of a reader that died. */
int cv_mdb_begin_read(cv_store_t *store, MDB_txn **txn);

/*
 * The order of keys that LMDB has by itself, found sooner: numbers, hashes and
 * most other keys differ in what one comparison sees.
 */

static inline int
cv_key_order(cv_str_t a, cv_str_t b)
{
    int       rc;
    uint64_t  x, y;

    if (a.len >= sizeof(x) && b.len >= sizeof(y)) {
        x = cv_get_uint(a.data, sizeof(x));
        y = cv_get_uint(b.data, sizeof(y));

        if (x != y) {
            return x < y ? -1 : 1;
        }

        if (a.len == sizeof(x) && b.len == sizeof(y)) {
            return 0;
        }
    }

    rc = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return rc != 0 ? rc : (a.len > b.len) - (a.len < b.len);
}

/* Opens a table, with MDB_CREATE makes it too; its keys are ordered as bytes. */
int cv_mdb_open_table(MDB_txn *txn, int table, unsigned flags, MDB_dbi *dbi);

/* The one place where LMDB's and the system's errors become ours. */
cv_err_t cv_mdb_error(cv_error_t *error, int rc, const char *what);

/* The same for the system alone, without advice about stores. */
cv_err_t cv_system_error(cv_error_t *error, int err, const char *what);

/* The same for a transaction, to which it sticks; true if rc is success. */
bool cv_txn_ok(cv_txn_t *txn, int rc, const char *what);

/*
 * A cursor over a table, or NULL.  What a fault keeps from being closed in a
 * snapshot is closed when that is reset; LMDB does so in write transactions.
 */
MDB_cursor *cv_cursor_open(cv_txn_t *txn, unsigned table);
void cv_cursor_close(cv_txn_t *txn, MDB_cursor *cursor);

#define cv_txn_failed(txn)  ((txn)->error.code != CV_OK)

/*
 * Runs a call of LMDB that reads the map.  Damage can make LMDB follow null
 * pointers too, which is no bug of ours only while it runs.
 */
#define cv_lmdb(rc, call)                                                     \
    do {                                                                      \
        cv_in_lmdb = true;                                                    \
        rc = call;                                                            \
        cv_in_lmdb = false;                                                   \
    } while (0)

extern CV_THREAD bool  cv_in_lmdb;

/*
 * Frees what is left of a write transaction that a fault has cut short: LMDB
 * can do nothing more with its own part.
 */
void cv_txn_forget(cv_txn_t *txn);

/* Hooks of the guard: into LMDB's assertions, and where the map is. */
void cv_guard_env(cv_store_t *store);
void cv_guard_locate(cv_store_t *store);

/*
 * The sum over all entries, of which putting and deleting keep account, and
 * which a commit stores.
 */
uint64_t cv_sum_entry(unsigned table, cv_str_t key, cv_str_t value);
uint64_t cv_sum_stored(cv_txn_t *txn);
void cv_sum_change(cv_txn_t *txn, uint64_t gone, uint64_t come);
void cv_sum_anew(cv_txn_t *txn);
void cv_sum_store(cv_txn_t *txn);

/* Tables: absence is false, anything else that fails sticks. */
bool cv_table_get(cv_txn_t *txn, unsigned table, cv_str_t key,
    cv_str_t *value);
bool cv_table_put(cv_txn_t *txn, unsigned table, cv_str_t key, cv_str_t value,
    unsigned flags);
bool cv_table_delete(cv_txn_t *txn, unsigned table, cv_str_t key);

/*
 * Where a record of that version is, whose key this is, or begins with it;
 * false if that is not remembered.  "key" is a number or eight bytes.
 */
bool cv_memo_find(cv_memo_t *memo, uint64_t version, cv_kind_t kind,
    uint64_t key, cv_str_t *bytes);
void cv_memo_keep(cv_memo_t *memo, uint64_t version, cv_kind_t kind,
    uint64_t key, cv_str_t bytes);
void cv_memo_free(cv_memo_t *memo);

/*
 * The key of a record in its table: its number, or for kinds without one what
 * the record has.
 */
cv_key_t cv_record_key(cv_kind_t kind, uint64_t iid, const void *record);

/* Handles and links that a record has, one by one from i = 0; false past the
 * last.  A slot the record does not fill yields an empty key. */
bool cv_handle_key(cv_key_t *key, cv_handle_t *handle, cv_kind_t kind,
    const void *record, unsigned i);
bool cv_link_key(cv_key_t *key, cv_kind_t kind, const void *record,
    cv_str_t to, unsigned i);

/* Brings the index from what "old" (NULL: nothing) has to what "new" has. */
void cv_index_update(cv_txn_t *txn, cv_kind_t kind, cv_str_t key,
    const void *old, const void *new);

/* Adds the one link of that kind to a record, if it has any. */
void cv_index_link(cv_txn_t *txn, cv_link_kind_t link, cv_kind_t kind,
    cv_str_t key, const void *record);

/* Which kind of record an index entry of that kind leads to, or CV_KINDS. */
cv_kind_t cv_handle_target(uint8_t kind);

/* Reads a record by its key, as it is in its table. */
bool cv_get_by_key(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, void *record);

/* Removes the record under a key; "iid" is its number, if it has one. */
bool cv_delete(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, cv_str_t key);

/* The stored form of a record; borrowed until the next one is made. */
cv_str_t cv_encode(cv_txn_t *txn, cv_kind_t kind, cv_str_t key,
    const void *record);

/*
 * Number sequences: what a credential has raises its class's, a line raises
 * one and never lowers it, and a class that changed its format is gone
 * through.  All is written with the commit.
 */
void cv_sequences_raise(cv_txn_t *txn, const cv_credential_t *credential);
bool cv_sequences_put(cv_txn_t *txn, const cv_sequence_t *sequence);
void cv_sequences_renumber(cv_txn_t *txn, uint64_t class);
void cv_sequences_store(cv_txn_t *txn);
void cv_sequences_free(cv_txn_t *txn);

/*
 * Raises the sequences of "to" to those that "from" has of the same classes, by
 * id; what was raised, or is of a class that "to" does not have, raises those of
 * other classes with the same format, too.  Whole or not at all; adds to
 * "taken".  What is damaged in "from" is no error, but "unread".
 */
cv_err_t cv_sequences_take(cv_store_t *to, cv_store_t *from,
    cv_taken_t *taken, cv_error_t *error) CV_MUST_CHECK;

/* False if the credential's number is above its class's sequence. */
bool cv_sequences_hold(cv_txn_t *txn, const cv_credential_t *credential);

/* Makes the assertion of a new credential. */
void cv_assertion_make(cv_txn_t *txn, uint64_t credential);

/* Has a key know of its last grant. */
void cv_grant_tell(cv_txn_t *txn, const cv_grant_t *grant);

/* What a new store has closed; part of making and upgrading one. */
#define CV_CLOSED_NAME  "closed"
#define CV_CLOSED_LEN   24
void cv_closed_encode(uint8_t value[CV_CLOSED_LEN], const cv_closed_t *closed);
cv_closed_t cv_closed_now(void);

/* The change log, and the sequence of the next change in it. */
uint64_t cv_change_next(cv_txn_t *txn);
void cv_change_append(cv_txn_t *txn, cv_kind_t kind, uint64_t iid);
bool cv_change_last(cv_txn_t *txn, uint64_t *sequence, cv_time_t *at);

/* Reads a record as it is stored under a key; false, and failed, if it is bad. */
bool cv_decode(cv_txn_t *txn, cv_kind_t kind, cv_str_t key, cv_str_t bytes,
    void *record);

/* The walk over a table, of which the caller may set the prefix. */
void cv_walk_start(cv_walk_t *walk, cv_txn_t *txn, unsigned table);
bool cv_walk_step(cv_walk_t *walk, MDB_val *key, MDB_val *value);

/* The audit trail. */

#define CV_AUDIT_PREFIX  (1 + CV_IID_LEN)
#define CV_AUDIT_KEY     (CV_AUDIT_PREFIX + 8)

/*
 * Writes the entry of the change that is next in the change log.  "old" or
 * "new" is NULL if the record was not there or no longer is; "iid" is that of
 * the credential if it is a token.
 */
void cv_audit_append(cv_txn_t *txn, cv_kind_t kind, uint64_t iid,
    const void *old, const void *new);
bool cv_audit_decode(cv_audit_t *entry, cv_str_t key, cv_str_t value);

/*
 * Writes zeros over whatever a copy of a data file, from "start" to the end
 * of "fd", has beside what the store holds.  An error of LMDB or the system.
 */
int cv_scrub(int fd, off_t start, size_t page_size);

/* The numbers that the next record of each kind gets, as they are stored. */
void cv_numbers_read(cv_txn_t *txn, uint64_t next[CV_KINDS]);

/* Gives out the next number of a kind. */
uint64_t cv_number_new(cv_txn_t *txn, cv_kind_t kind);

/* Writes the numbers that were given out; part of every commit. */
void cv_numbers_store(cv_txn_t *txn);

#endif /* CV_STORE_INTERNAL_H */
