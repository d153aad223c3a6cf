
/*
 * Copyright (C) The credverify authors
 *
 * The environment: opening, probing and measuring a store.
 */

#include "cv_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


/* how often a store may be replaced while it is opened */
#define CV_OPEN_TRIES  10

const char *const  cv_table_names[CV_TABLES] = {
    [CV_ISSUER] = "issuer",
    [CV_CLASS] = "class",
    [CV_HOLDER] = "holder",
    [CV_CREDENTIAL] = "credential",
    [CV_TOKEN] = "token",
    [CV_TIER] = "tier",
    [CV_KEY] = "key",
    [CV_PROGRESS] = "progress",
    [CV_OAUTH_CLIENT] = "oauth_client",
    [CV_WEBHOOK] = "webhook",
    [CV_SEQUENCE] = "sequence",
    [CV_USAGE] = "usage",
    [CV_GRANT] = "grant",
    [CV_ASSERTION] = "assertion",
    [CV_IMAGE] = "image",
    [CV_EVENT] = "event",
    [CV_DELIVERY] = "delivery",
    [CV_ANSWER] = "answer",
    [CV_TABLE_HANDLE] = "handle",
    [CV_TABLE_LINK] = "link",
    [CV_TABLE_CHANGE] = "change",
    [CV_TABLE_AUDIT] = "audit",
    [CV_TABLE_META] = "meta",
};


cv_err_t
cv_mdb_error(cv_error_t *error, int rc, const char *what)
{
    cv_err_t     err;
    const char  *hint;

    hint = "";

    switch (rc) {

    case ENOENT:
        err = CV_ERR_MISSING;
        hint = "; make a store with \"credverify init\", or restore a backup";
        break;

    case EROFS:
        err = CV_ERR_ACCESS;
        break;

    case EACCES:
    case EPERM:
        err = CV_ERR_ACCESS;
        hint = "; whoever reads a store, too, must own it or be in its group";
        break;

    case ENOMEM:
        err = CV_ERR_NOMEM;
        break;

    case ENOSPC:
    case EDQUOT:
        err = CV_ERR_FULL;
        break;

    case MDB_MAP_FULL:
        err = CV_ERR_FULL;
        hint = "; back it up, and restore that with a larger --map-size";
        break;

    case MDB_READERS_FULL:
        err = CV_ERR_READERS;
        break;

    case MDB_MAP_RESIZED:
        err = CV_ERR_RESIZED;
        break;

    case MDB_VERSION_MISMATCH:
        err = CV_ERR_VERSION;
        hint = "; it needs another version of credverify";
        break;

    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_CURSOR_FULL:
    case MDB_INCOMPATIBLE:
    case MDB_KEYEXIST:
    case MDB_NOTFOUND:
        err = CV_ERR_DAMAGED;
        hint = "; run \"credverify check\", or restore a backup";
        break;

    default:
        err = CV_ERR_IO;
    }

    return cv_error_set(error, err, "%s: %s%s", what, mdb_strerror(rc), hint);
}


cv_err_t
cv_system_error(cv_error_t *error, int err, const char *what)
{
    return cv_error_set(error, cv_mdb_error(NULL, err, what), "%s: %s", what,
                        strerror(err));
}


cv_err_t
cv_path(char path[PATH_MAX], const char *dir, const char *name,
    cv_error_t *error)
{
    int  n;

    n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || n >= PATH_MAX) {
        return cv_error_set(error, CV_ERR_INPUT, "%s: the path is too long",
                            dir);
    }

    return CV_OK;
}


/* Opening */

static cv_err_t
cv_store_stat_file(const char *dir, struct stat *st, cv_error_t *error)
{
    char      path[PATH_MAX];
    cv_err_t  err;

    err = cv_path(path, dir, CV_DATA_FILE, error);
    if (err != CV_OK) {
        return err;
    }

    if (stat(path, st) != 0) {
        return cv_mdb_error(error, errno, path);
    }

    return CV_OK;
}


/*
 * Without its first two pages a file is no environment.  How long it must be
 * beyond that, LMDB alone knows: pages at the end that were freed before they
 * were ever written are counted, but need not be there.
 */

static cv_err_t
cv_store_check_size(const char *dir, off_t size, cv_error_t *error)
{
    if (size < 2 * sysconf(_SC_PAGESIZE)) {
        return cv_error_set(error, CV_ERR_DAMAGED, "%s/" CV_DATA_FILE
                            ": the file is %s; restore a backup", dir,
                            size == 0 ? "empty" : "truncated");
    }

    return CV_OK;
}


static int
cv_key_compare(const MDB_val *a, const MDB_val *b)
{
    return cv_key_order(cv_mdb_str(a), cv_mdb_str(b));
}


int
cv_mdb_open_table(MDB_txn *txn, int table, unsigned flags, MDB_dbi *dbi)
{
    int  rc;

    rc = mdb_dbi_open(txn, cv_table_names[table], flags, dbi);

    return rc == 0 ? mdb_set_compare(txn, *dbi, cv_key_compare) : rc;
}


cv_err_t
cv_store_check_format(const cv_store_t *store, cv_error_t *error)
{
    if (store->format == CV_STORE_FORMAT) {
        return CV_OK;
    }

    return cv_error_set(error, CV_ERR_VERSION,
                        "%s: the store's format is %u, not %d; %s", store->dir,
                        store->format, CV_STORE_FORMAT,
                        store->format < CV_STORE_FORMAT
                        ? "run \"credverify upgrade\""
                        : "it needs a newer version of credverify");
}


static int
cv_store_open_meta(cv_store_t *store, MDB_txn *txn)
{
    int           rc;
    MDB_dbi       meta;
    MDB_val       key, value;
    cv_reader_t   r;

    rc = cv_mdb_open_table(txn, CV_TABLE_META, 0, &meta);
    if (rc != 0) {
        return rc;
    }

    key = cv_mdb_val(CV_STR("format"));

    rc = mdb_get(txn, meta, &key, &value);
    if (rc != 0) {
        return rc;
    }

    r = cv_reader(cv_mdb_str(&value));
    store->format = cv_read_u32(&r);

    if (!cv_reader_done(&r) || store->format == 0) {
        return MDB_INVALID;
    }

    key = cv_mdb_val(CV_STR("uuid"));

    rc = mdb_get(txn, meta, &key, &value);
    if (rc != 0) {
        return rc;
    }

    if (value.mv_size != CV_STORE_UUID_LEN) {
        return MDB_INVALID;
    }

    memcpy(store->uuid, value.mv_data, CV_STORE_UUID_LEN);
    store->dbi[CV_TABLE_META] = meta;

    return 0;
}


/* what a store needs beside being an LMDB environment */

static cv_err_t
cv_store_open_tables(cv_store_t *store, MDB_txn *txn, bool any_format,
    cv_error_t *error)
{
    int        i, rc;
    cv_err_t   err;

    err = cv_lock_check(store, txn, error);
    if (err != CV_OK) {
        return err;
    }

    cv_lmdb(rc, cv_store_open_meta(store, txn));
    if (rc != 0) {
        return cv_mdb_error(error, rc, store->dir);
    }

    if (any_format) {
        return CV_OK;
    }

    err = cv_store_check_format(store, error);
    if (err != CV_OK) {
        return err;
    }

    for (i = 0; i < CV_TABLES; i++) {
        cv_lmdb(rc, cv_mdb_open_table(txn, i, 0, &store->dbi[i]));
        if (rc != 0) {
            return cv_mdb_error(error, rc, store->dir);
        }
    }

    return CV_OK;
}


typedef struct {
    cv_store_t   *store;
    bool          any_format;
    struct stat   st;
    cv_owner_t    owner;
    MDB_txn      *txn;          /* what failed, or met damage, in it */
    cv_error_t   *error;
    cv_err_t      err;
} cv_store_opening_t;


/*
 * LMDB has made the lock file anew by the time that it finds out: whoever waited
 * for it meanwhile would be told that there is no commit yet.
 */

static int
cv_store_try(const char *dir)
{
    int   fd;
    char  path[PATH_MAX];

    if (cv_path(path, dir, CV_DATA_FILE, NULL) != CV_OK) {
        return ENAMETOOLONG;
    }

    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1) {
        return errno;
    }

    (void) close(fd);

    return 0;
}


static cv_err_t
cv_store_open_env(cv_store_opening_t *opening)
{
    int          rc;
    cv_err_t     err;
    unsigned     flags;
    cv_store_t  *store;
    cv_error_t  *error;

    store = opening->store;
    error = opening->error;

    rc = mdb_env_create(&store->env);
    if (rc != 0) {
        return cv_mdb_error(error, rc, store->dir);
    }

    rc = mdb_env_set_maxdbs(store->env, CV_TABLES);
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(store->env, CV_STORE_READERS);
    }

    if (rc != 0) {
        return cv_mdb_error(error, rc, store->dir);
    }

    cv_guard_env(store);

    flags = MDB_NOTLS | (store->writable ? 0 : MDB_RDONLY);

    err = cv_owner_enter(&opening->owner, store->dir, error);

    if (err == CV_OK) {
        err = cv_lock_reserve(store, opening->owner.path, error);
    }

    if (err == CV_OK) {
        rc = store->writable ? cv_store_try(opening->owner.path) : 0;

        if (rc == 0) {
            cv_lmdb(rc, mdb_env_open(store->env, opening->owner.path, flags,
                                     CV_FILE_MODE));
        }

        err = rc == 0 ? CV_OK : cv_mdb_error(error, rc, store->dir);

        if (rc == EACCES && opening->owner.fd != -1) {
            (void) cv_error_set(error, err, "%s: its owner, with whose rights "
                                "root opens a store, may not do so",
                                store->dir);
        }
    }

    cv_owner_leave(&opening->owner);

    return err;
}


static cv_err_t
cv_store_open_txn(cv_store_opening_t *opening)
{
    int          rc;
    cv_err_t     err;
    cv_store_t  *store;

    store = opening->store;

    rc = cv_mdb_begin_read(store, &opening->txn);
    if (rc != 0) {
        return cv_mdb_error(opening->error, rc, store->dir);
    }

    err = cv_store_open_tables(store, opening->txn, opening->any_format,
                               opening->error);
    if (err != CV_OK) {
        return err;
    }

    /* handles of tables live on only after a commit */

    rc = mdb_txn_commit(opening->txn);
    opening->txn = NULL;

    return rc == 0 ? CV_OK : cv_mdb_error(opening->error, rc, store->dir);
}


static void
cv_store_open_guarded(void *arg)
{
    cv_store_opening_t  *opening = arg;

    opening->err = cv_store_open_env(opening);

    if (opening->err == CV_OK) {
        cv_guard_locate(opening->store);
        cv_lock_opened(opening->store, &opening->st);

        opening->err = cv_store_open_txn(opening);
    }
}


static cv_err_t
cv_store_open_file(cv_store_t **out, const char *dir, const struct stat *st,
    bool writable, bool any_format, cv_error_t *error)
{
    cv_err_t             err;
    cv_store_t          *store;
    cv_store_opening_t   opening;

    /* LMDB would make a new environment of an empty file */

    err = cv_store_check_size(dir, st->st_size, error);
    if (err != CV_OK) {
        return err;
    }

    err = cv_metas_check(dir, error);
    if (err != CV_OK) {
        return err;
    }

    store = calloc(1, sizeof(cv_store_t));

    if (store == NULL || (store->dir = strdup(dir)) == NULL) {
        free(store);
        return cv_error_set(error, CV_ERR_NOMEM, "%s: no memory", dir);
    }

    store->writable = writable;
    store->dev = st->st_dev;
    store->ino = st->st_ino;

    opening.store = store;
    opening.st = *st;
    opening.any_format = any_format;
    opening.owner.fd = -1;
    opening.txn = NULL;
    opening.error = error;

    err = cv_store_guard(store, cv_store_open_guarded, &opening);

    /* a fault comes without leaving */
    cv_owner_leave(&opening.owner);

    if (err == CV_ERR_DAMAGED) {
        (void) cv_error_set(error, err, "%s: the file cannot be read where it "
                            "must be; restore a backup", dir);
    } else {
        err = opening.err;
    }

    if (err != CV_OK) {
        mdb_txn_abort(opening.txn);
        cv_store_close(store);
        return err;
    }

    *out = store;

    return CV_OK;
}


/*
 * LMDB opens the lock file, then the data file, each by its name.  If the
 * directory was swapped in between, they do not belong together; then the
 * data file is another one than it was before.
 */

static cv_err_t
cv_store_open_as(cv_store_t **out, const char *dir, bool writable,
    bool any_format, cv_error_t *error)
{
    int          i;
    cv_err_t     err;
    struct stat  before, after;

    for (i = 0; i < CV_OPEN_TRIES; i++) {

        err = cv_store_stat_file(dir, &before, error);
        if (err != CV_OK) {
            return err;
        }

        err = cv_store_open_file(out, dir, &before, writable, any_format,
                                 error);

        if (cv_store_stat_file(dir, &after, NULL) != CV_OK
            || (after.st_dev == before.st_dev
                && after.st_ino == before.st_ino))
        {
            return err;
        }

        if (err == CV_OK) {
            cv_store_close(*out);
        }
    }

    return cv_error_set(error, CV_ERR_MISSING,
                        "%s: the store was replaced while it was opened", dir);
}


cv_err_t
cv_store_open(cv_store_t **store, const char *dir, bool writable,
    cv_error_t *error)
{
    return cv_store_open_as(store, dir, writable, false, error);
}


cv_err_t
cv_store_open_any(cv_store_t **store, const char *dir, cv_error_t *error)
{
    return cv_store_open_as(store, dir, true, true, error);
}


void
cv_store_close(cv_store_t *store)
{
    if (store == NULL) {
        return;
    }

    if (store->env != NULL) {
        mdb_env_close(store->env);
    }

    free(store->dir);
    free(store);
}


const uint8_t *
cv_store_uuid(const cv_store_t *store)
{
    return store->uuid;
}


const char *
cv_store_dir(const cv_store_t *store)
{
    return store->dir;
}


unsigned
cv_store_format(const cv_store_t *store)
{
    return store->format;
}


bool
cv_store_is(const cv_store_t *store, const char *dir)
{
    struct stat  st;

    return cv_store_stat_file(dir, &st, NULL) == CV_OK
           && st.st_dev == store->dev && st.st_ino == store->ino;
}


bool
cv_store_current(const cv_store_t *store)
{
    return cv_store_is(store, store->dir) && cv_lock_current(store);
}


cv_err_t
cv_store_probe(cv_store_t *store, cv_error_t *error)
{
    cv_err_t     err;
    struct stat  st;

    err = cv_store_stat_file(store->dir, &st, error);
    if (err != CV_OK) {
        return err;
    }

    if (!cv_store_current(store)) {
        return cv_error_set(error, CV_ERR_MISSING,
                            "%s: the store was replaced", store->dir);
    }

    err = cv_store_check_size(store->dir, st.st_size, error);
    if (err != CV_OK) {
        return err;
    }

    (void) mdb_reader_check(store->env, NULL);

    return CV_OK;
}


static int
cv_count_reader(const char *line, void *data)
{
    unsigned  *readers = data;

    /* LMDB prints a heading first, and one line if there is none */

    if (line[0] == ' ' && strstr(line, "pid") == NULL) {
        (*readers)++;
    }

    return 0;
}


static uint64_t
cv_table_entries(cv_txn_t *txn, unsigned table)
{
    int       rc;
    MDB_stat  stat;

    cv_lmdb(rc, mdb_stat(txn->txn, txn->store->dbi[table], &stat));

    return cv_txn_ok(txn, rc, "measuring a table") ? stat.ms_entries : 0;
}


cv_err_t
cv_store_stat(cv_txn_t *txn, cv_store_stat_t *out)
{
    int          i;
    MDB_stat     stat;
    MDB_envinfo  info;

    memset(out, 0, sizeof(cv_store_stat_t));

    (void) mdb_env_info(txn->store->env, &info);
    (void) mdb_env_stat(txn->store->env, &stat);
    (void) mdb_reader_list(txn->store->env, cv_count_reader, &out->readers);

    memcpy(out->uuid, txn->store->uuid, CV_STORE_UUID_LEN);

    out->map_size = info.me_mapsize;
    out->map_used = (info.me_last_pgno + 1) * stat.ms_psize;
    out->readers_max = info.me_maxreaders;

    for (i = 0; i < CV_KINDS; i++) {
        out->records[i] = cv_table_entries(txn, (unsigned) i);
    }

    out->handles = cv_table_entries(txn, CV_TABLE_HANDLE);
    out->links = cv_table_entries(txn, CV_TABLE_LINK);
    out->audited = cv_table_entries(txn, CV_TABLE_AUDIT);
    out->changes = cv_table_entries(txn, CV_TABLE_CHANGE);

    (void) cv_change_last(txn, &out->last_change, &out->changed_at);

    return cv_txn_err(txn, NULL);
}
