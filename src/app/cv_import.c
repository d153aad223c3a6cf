
/*
 * Copyright (C) The credverify authors
 */

#include "cv_import.h"
#include "cv_hash.h"
#include "cv_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* a line with its end, and what one read may bring beside it */
#define CV_LINES_SIZE   (CV_LINE_MAX + 2 + CV_LINES_CHUNK)
#define CV_LINES_CHUNK  ((size_t) 1 << 16)

#define CV_IMPORT_LEAST_MS  10

/* how long to wait for input before looking whether to stop */
#define CV_LINES_WAIT_MS    500


/* Lines of a file or a pipe, one after the other, in one bounded buffer */

typedef struct {
    int        fd;
    uint8_t   *data;
    size_t     start;       /* of what was not handed out yet */
    size_t     end;
    size_t     scanned;     /* there is no end of line before it */
    bool       dropping;    /* the rest of a line that is too long */
    bool       eof;
} cv_lines_t;

typedef enum {
    CV_LINES_LINE,
    CV_LINES_LONG,
    CV_LINES_WAIT,
    CV_LINES_END,
    CV_LINES_FAILED,
} cv_lines_result_t;


/*
 * What the lines of a dry run brought, by 64-bit hashes of ids and handles.
 * That two of a hundred million have one hash is less likely than one in a
 * thousand, and would cost a wrong answer, not a wrong record.
 */

typedef struct {
    uint64_t  key;              /* 0: the slot is free */
    uint64_t  value;
} cv_seen_entry_t;

typedef struct {
    cv_seen_entry_t  *entries;
    size_t            slots;    /* a power of two, or 0 */
    size_t            used;
} cv_seen_t;

typedef struct {
    cv_store_t                 *store;
    cv_txn_t                   *txn;                /* while a batch lasts */
    cv_txn_t                   *snapshot;           /* of a dry run */
    cv_seen_t                   seen;
    cv_line_t                   line;
    cv_lines_t                  lines;
    const cv_import_options_t  *options;
    cv_import_result_t         *result;
    uint64_t                    records[CV_KINDS];  /* of this transaction */
    uint64_t                    first;              /* its first line */
    int64_t                     began;
    int64_t                     commit_ms;          /* the last one took */
} cv_import_t;


static int64_t
cv_import_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static cv_lines_result_t
cv_lines_fill(cv_lines_t *lines, bool wait)
{
    ssize_t        n;
    struct pollfd  pfd;

    pfd = (struct pollfd) { lines->fd, POLLIN, 0 };

    if (poll(&pfd, 1, wait ? CV_LINES_WAIT_MS : 0) <= 0) {
        return CV_LINES_WAIT;
    }

    if (CV_LINES_SIZE - lines->end < CV_LINES_CHUNK) {
        memmove(lines->data, lines->data + lines->start,
                lines->end - lines->start);
        lines->end -= lines->start;
        lines->scanned -= lines->start;
        lines->start = 0;
    }

    n = read(lines->fd, lines->data + lines->end, CV_LINES_CHUNK);

    if (n == -1) {
        return errno == EINTR || errno == EAGAIN ? CV_LINES_WAIT
                                                 : CV_LINES_FAILED;
    }

    lines->end += (size_t) n;
    lines->eof = n == 0;

    return CV_LINES_LINE;
}


/*
 * The next line without its end, borrowed until the next call.  Unless
 * "wait", CV_LINES_WAIT says that there is none yet.
 */

static cv_lines_result_t
cv_lines_next(cv_lines_t *lines, cv_str_t *text, bool wait)
{
    bool                dropped;
    uint8_t            *p;
    cv_lines_result_t   rc;

    for ( ;; ) {
        p = memchr(lines->data + lines->scanned, '\n',
                   lines->end - lines->scanned);

        if (p != NULL || (lines->eof && lines->end > lines->start)) {
            break;
        }

        if (lines->end - lines->start > CV_LINE_MAX + 1) {
            lines->dropping = true;
            lines->start = lines->end = 0;
        }

        lines->scanned = lines->end;

        if (lines->eof) {
            dropped = lines->dropping;
            lines->dropping = false;
            return dropped ? CV_LINES_LONG : CV_LINES_END;
        }

        rc = cv_lines_fill(lines, wait);
        if (rc != CV_LINES_LINE) {
            return rc;
        }
    }

    if (p == NULL) {
        p = lines->data + lines->end;
    }

    *text = cv_str(lines->data + lines->start,
                   (size_t) (p - lines->data) - lines->start);

    lines->start += text->len;
    lines->start += lines->start < lines->end ? 1 : 0;
    lines->scanned = lines->start;

    if (text->len > 0 && text->data[text->len - 1] == '\r') {
        text->len--;
    }

    dropped = lines->dropping;
    lines->dropping = false;

    return dropped ? CV_LINES_LONG : CV_LINES_LINE;
}


static size_t
cv_seen_slot(const cv_seen_t *seen, uint64_t key)
{
    size_t  i;

    for (i = key & (seen->slots - 1);
         seen->entries[i].key != 0 && seen->entries[i].key != key;
         i = (i + 1) & (seen->slots - 1))
    {
        /* void */
    }

    return i;
}


static const cv_seen_entry_t *
cv_seen_find(const cv_seen_t *seen, uint64_t key)
{
    size_t  i;

    if (seen->used == 0) {
        return NULL;
    }

    i = cv_seen_slot(seen, key);

    return seen->entries[i].key != 0 ? &seen->entries[i] : NULL;
}


static cv_err_t
cv_seen_grow(cv_seen_t *seen, cv_error_t *error)
{
    size_t     i;
    cv_seen_t  larger;

    if (seen->used == CV_IMPORT_SEEN_MAX) {
        return cv_error_set(error, CV_ERR_LIMIT,
                            "more ids and handles than the %zu that a dry run "
                            "keeps; give it fewer lines", CV_IMPORT_SEEN_MAX);
    }

    if (seen->used < seen->slots / 4 * 3) {
        return CV_OK;
    }

    larger = *seen;
    larger.slots = seen->slots > 0 ? 2 * seen->slots : 1024;
    larger.entries = calloc(larger.slots, sizeof(cv_seen_entry_t));

    if (larger.entries == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    for (i = 0; i < seen->slots; i++) {
        if (seen->entries[i].key != 0) {
            larger.entries[cv_seen_slot(&larger, seen->entries[i].key)]
                = seen->entries[i];
        }
    }

    free(seen->entries);
    *seen = larger;

    return CV_OK;
}


static cv_err_t
cv_seen_put(cv_seen_t *seen, uint64_t key, uint64_t value, cv_error_t *error)
{
    size_t    i;
    cv_err_t  err;

    err = cv_seen_grow(seen, error);
    if (err != CV_OK) {
        return err;
    }

    i = cv_seen_slot(seen, key);

    seen->used += seen->entries[i].key == 0;
    seen->entries[i] = (cv_seen_entry_t) { key, value };

    return CV_OK;
}


static void
cv_import_pause(void)
{
    struct timespec  ts;

    ts = (struct timespec) { 0, CV_IMPORT_PAUSE_MS * 1000000 };
    (void) nanosleep(&ts, NULL);
}


static cv_err_t
cv_import_begin(cv_import_t *import, cv_error_t *error)
{
    cv_err_t  err;

    if (import->txn != NULL) {
        return CV_OK;
    }

    if (import->options->dry_run) {
        err = cv_snapshot_renew(import->snapshot);
        import->txn = err == CV_OK ? import->snapshot : NULL;
        (void) cv_txn_err(import->snapshot, error);

    } else {
        err = cv_txn_begin(&import->txn, import->store, error);
    }

    import->began = cv_import_clock();
    import->first = import->result->lines;
    memset(import->records, 0, sizeof(import->records));

    return err;
}


static void
cv_import_count(cv_import_t *import)
{
    size_t  i;

    for (i = 0; i < CV_KINDS; i++) {
        import->result->records[i] += import->records[i];
    }
}


/* Everything that was read so far is in the store after this, or checked. */

static cv_err_t
cv_import_commit(cv_import_t *import, cv_error_t *error)
{
    bool       dry_run;
    int64_t    start;
    cv_err_t   err;
    uint64_t   revived;
    cv_txn_t  *txn;

    txn = import->txn;
    dry_run = import->options->dry_run;

    import->txn = NULL;

    if (txn != NULL && dry_run) {
        /* a snapshot that is held pins pages others want to use again */
        cv_snapshot_reset(txn);

    } else if (txn != NULL) {
        start = cv_import_clock();
        revived = cv_txn_revived(txn);

        err = cv_txn_commit(txn, error);
        if (err != CV_OK) {
            return err;
        }

        import->result->revived += revived;

        import->commit_ms = cv_import_clock() - start;
    }

    if (txn != NULL) {
        cv_import_count(import);
    }

    if (!dry_run) {
        import->result->committed = import->result->lines;
    }

    if (import->options->progress != NULL) {
        import->options->progress(import->options->data, import->result);
    }

    if (txn != NULL && !dry_run && !import->options->exclusive) {
        cv_import_pause();
    }

    return CV_OK;
}


/*
 * The lock is held while committing too: the longer that took, the earlier
 * the next batch ends.
 */

static bool
cv_import_batch_full(cv_import_t *import)
{
    int64_t  budget;

    if (import->txn == NULL) {
        return false;
    }

    budget = CV_IMPORT_BATCH_MS - import->commit_ms;

    if (budget < CV_IMPORT_LEAST_MS) {
        budget = CV_IMPORT_LEAST_MS;
    }

    return import->result->lines - import->first + 1 >= CV_IMPORT_BATCH_LINES
           || cv_import_clock() - import->began >= budget;
}


static const struct {
    cv_handle_kind_t    kind;
    size_t              offset;
    const char         *member;
} cv_import_handles[] = {
    { CV_HANDLE_CODE, offsetof(cv_credential_t, code), "code" },
    { CV_HANDLE_NUMBER, offsetof(cv_credential_t, number), "number" },
    { CV_HANDLE_PUBLIC_ID, offsetof(cv_credential_t, public_id),
      "public_id" },
};

#define CV_IMPORT_HANDLES                                                     \
    (sizeof(cv_import_handles) / sizeof(cv_import_handles[0]))


/* the key of an id or a handle, of CV_HANDLE_MAX bytes at most; never 0 */

static uint64_t
cv_import_key(size_t what, cv_str_t text)
{
    uint8_t   bytes[1 + CV_HANDLE_MAX];
    uint64_t  key;

    bytes[0] = (uint8_t) what;
    memcpy(bytes + 1, text.data, text.len);

    key = cv_hash(bytes, 1 + text.len);

    return key != 0 ? key : 1;
}


static cv_str_t
cv_import_id(const void *record)
{
    /* every record that has a number begins with its id */
    return *(const cv_str_t *) record;
}


static uint64_t
cv_import_handle_key(size_t i, cv_str_t text)
{
    uint8_t  normal[CV_HANDLE_MAX];

    cv_handle_normal(cv_import_handles[i].kind, text, normal);

    return cv_import_key(CV_KINDS + i, cv_str(normal, text.len));
}


static cv_str_t
cv_import_handle(const cv_credential_t *credential, size_t i)
{
    return *(const cv_str_t *) ((const uint8_t *) credential
                                + cv_import_handles[i].offset);
}


/* A credential's entry has 21 bits of each of its handles' keys, or 0. */

static uint64_t
cv_import_mark(size_t i, uint64_t key)
{
    return (key >> 43 | 1) << 21 * i;
}


static bool
cv_import_marked(const cv_seen_entry_t *entry, size_t i, uint64_t key)
{
    uint64_t  mask;

    mask = cv_import_mark(i, UINT64_MAX);

    return (entry->value & mask) == cv_import_mark(i, key);
}


/*
 * Whether another credential has the handle: one of the lines before, or one
 * of the store that has not lost it to the lines before.
 */

static bool
cv_import_taken(cv_import_t *import, size_t i, cv_str_t id, cv_str_t handle)
{
    uint64_t                own, other, key;
    cv_credential_t         owner;
    const cv_seen_entry_t  *entry;

    key = cv_import_handle_key(i, handle);
    entry = cv_seen_find(&import->seen, key);

    if (entry != NULL) {
        own = cv_import_key(CV_CREDENTIAL, id);
        other = entry->value;

        entry = cv_seen_find(&import->seen, other);

        return other != own && entry != NULL
               && cv_import_marked(entry, i, key);
    }

    own = cv_find(import->txn, CV_HANDLE_CREDENTIAL_ID, id);
    other = cv_find(import->txn, cv_import_handles[i].kind, handle);

    if (other == 0 || other == own) {
        return false;
    }

    if (import->seen.used == 0
        || !cv_get(import->txn, CV_CREDENTIAL, other, &owner))
    {
        return true;
    }

    /* had it kept the handle in its line, there were an entry for that */

    return cv_seen_find(&import->seen,
                        cv_import_key(CV_CREDENTIAL, owner.id)) == NULL;
}


/*
 * A handle of another credential is an error that sticks to the transaction,
 * and would take the batch with it: whoever skips wrong lines looks first.
 */

static cv_err_t
cv_import_conflict(cv_import_t *import, cv_error_t *error)
{
    size_t                  i;
    cv_str_t                handle;
    const cv_credential_t  *credential;

    if (import->line.kind != CV_CREDENTIAL
        || (!import->options->skip_invalid && !import->options->dry_run))
    {
        return CV_OK;
    }

    credential = &import->line.record.credential;

    for (i = 0; i < CV_IMPORT_HANDLES; i++) {
        handle = cv_import_handle(credential, i);

        if (handle.len > 0
            && cv_import_taken(import, i, credential->id, handle))
        {
            return cv_error_set(error, CV_ERR_CONFLICT,
                                "credential: member \"%s\": \"%.*s\" belongs "
                                "to another credential already",
                                cv_import_handles[i].member, CV_FMT(handle));
        }
    }

    return CV_OK;
}


/* References to what a dry run would have written need no resolving. */

static cv_err_t
cv_import_resolve(cv_import_t *import, cv_error_t *error)
{
    size_t             i;
    cv_err_t           err;
    cv_ref_t          *ref;
    cv_line_t         *line;
    const cv_field_t  *field;

    line = &import->line;
    i = 0;

    while (import->seen.used > 0
           && (ref = cv_record_ref(line->kind, &line->record, &i, &field))
              != NULL)
    {
        if (cv_present(ref->id) && ref->id.len <= CV_HANDLE_MAX
            && cv_seen_find(&import->seen, cv_import_key(field->ref, ref->id)))
        {
            ref->id = CV_ABSENT;
        }
    }

    err = cv_resolve(import->txn, line->kind, &line->record, error);

    if (err == CV_OK) {
        err = cv_import_conflict(import, error);
    }

    /* nothing is found after an error, which is not the line's fault */

    if (cv_txn_err(import->txn, error) != CV_OK) {
        err = cv_txn_err(import->txn, NULL);
    }

    return err;
}


static cv_err_t
cv_import_remember(cv_import_t *import, cv_error_t *error)
{
    size_t                  i;
    cv_err_t                err;
    cv_str_t                handle;
    uint64_t                id, key, marks;
    cv_line_t              *line;
    const cv_credential_t  *credential;

    line = &import->line;

    if (line->kind == CV_TOKEN) {
        return CV_OK;       /* nothing refers to one */
    }

    id = cv_import_key(line->kind, cv_import_id(&line->record));
    credential = &line->record.credential;
    marks = 0;

    for (i = 0; line->kind == CV_CREDENTIAL && i < CV_IMPORT_HANDLES; i++) {
        handle = cv_import_handle(credential, i);

        if (handle.len == 0) {
            continue;
        }

        key = cv_import_handle_key(i, handle);
        marks |= cv_import_mark(i, key);

        err = cv_seen_put(&import->seen, key, id, error);
        if (err != CV_OK) {
            return err;
        }
    }

    return cv_seen_put(&import->seen, id, marks, error);
}


static bool
cv_blank(cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t') {
            return false;
        }
    }

    return true;
}


/*
 * Puts one line's record.  CV_ERR_INPUT and CV_ERR_CONFLICT are the line's
 * fault, anything else is not.
 */

static cv_err_t
cv_import_line(cv_import_t *import, cv_str_t text, cv_error_t *error)
{
    cv_err_t    err;
    cv_line_t  *line;

    line = &import->line;

    err = cv_line_read(line, text, error);

    if (err != CV_OK && line->unkept >= 0) {
        import->result->unkept++;
        import->result->unkept_kinds |= 1U << line->unkept;
        return CV_OK;
    }

    if (err == CV_OK) {
        err = cv_import_begin(import, error);
    }

    if (err == CV_OK) {
        err = cv_import_resolve(import, error);
    }

    if (err == CV_OK && import->options->dry_run) {
        err = cv_import_remember(import, error);

    } else if (err == CV_OK
               && cv_put(import->txn, line->kind, &line->record) == 0)
    {
        err = cv_txn_err(import->txn, error);
    }

    if (err == CV_OK) {
        import->records[line->kind]++;
    }

    return err;
}


static cv_err_t
cv_import_take(cv_import_t *import, cv_lines_result_t got, cv_str_t text,
    cv_error_t *error)
{
    cv_err_t                    err;
    const cv_import_options_t  *options;

    options = import->options;
    import->result->lines++;

    if (got == CV_LINES_LONG) {
        err = cv_error_set(error, CV_ERR_INPUT, "longer than %zu bytes",
                           CV_LINE_MAX);

    } else {
        err = cv_blank(text) ? CV_OK : cv_import_line(import, text, error);
    }

    if (options->skip_invalid
        && (err == CV_ERR_INPUT || err == CV_ERR_CONFLICT))
    {
        import->result->invalid++;
        options->invalid(options->data, import->result->lines, error->text);
        err = CV_OK;
    }

    return err;
}


static cv_err_t
cv_import_lines(cv_import_t *import, cv_error_t *error)
{
    bool               wait;
    cv_err_t           err;
    cv_str_t           text;
    cv_lines_result_t  got;

    err = CV_OK;
    wait = false;

    while (err == CV_OK) {

        if (import->options->stop != NULL && *import->options->stop) {
            import->result->interrupted = true;
            break;
        }

        text = CV_ABSENT;
        got = cv_lines_next(&import->lines, &text, wait);

        if (got == CV_LINES_END) {
            break;
        }

        if (got == CV_LINES_FAILED) {
            return cv_error_set(error, CV_ERR_IO, "read: %s",
                                strerror(errno));
        }

        wait = got == CV_LINES_WAIT;

        if (!wait) {
            err = cv_import_take(import, got, text, error);
        }

        /* nobody waits for the lock while this waits for its input */

        if (err == CV_OK && (wait || cv_import_batch_full(import))) {
            err = cv_import_commit(import, error);
        }
    }

    return err;
}


cv_err_t
cv_import(cv_store_t *store, int fd, const cv_import_options_t *options,
    cv_import_result_t *result, cv_error_t *error)
{
    cv_err_t      err;
    cv_import_t   import;

    memset(result, 0, sizeof(cv_import_result_t));
    memset(&import, 0, sizeof(cv_import_t));

    import.store = store;
    import.options = options;
    import.result = result;
    import.lines.fd = fd;

    err = cv_line_init(&import.line, error);
    if (err != CV_OK) {
        goto done;
    }

    import.lines.data = malloc(CV_LINES_SIZE);
    if (import.lines.data == NULL) {
        err = cv_error_set(error, CV_ERR_NOMEM, "out of memory");
        goto done;
    }

    if (options->dry_run) {
        err = cv_snapshot_open(&import.snapshot, store, error);
    }

    if (err == CV_OK) {
        err = cv_import_lines(&import, error);
    }

    if (err == CV_OK) {
        err = cv_import_commit(&import, error);
    }

done:

    if (options->dry_run) {
        cv_snapshot_close(import.snapshot);
    } else {
        cv_txn_abort(import.txn);
    }

    free(import.seen.entries);
    cv_line_free(&import.line);
    free(import.lines.data);

    return err;
}
