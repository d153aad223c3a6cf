
/*
 * Copyright (C) The credverify authors
 */

#include "cv_import.h"
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

typedef struct {
    cv_store_t                 *store;
    cv_txn_t                   *txn;
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

    if (!wait && poll(&pfd, 1, 0) == 0) {
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
        /* whoever waits looks whether it was told to stop */
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

    err = cv_txn_begin(&import->txn, import->store, error);

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


/* Everything that was read so far is in the store after this. */

static cv_err_t
cv_import_commit(cv_import_t *import, cv_error_t *error)
{
    int64_t    start;
    cv_err_t   err;
    cv_txn_t  *txn;

    txn = import->txn;

    if (txn != NULL) {
        start = cv_import_clock();

        import->txn = NULL;

        err = cv_txn_commit(txn, error);
        if (err != CV_OK) {
            return err;
        }

        import->commit_ms = cv_import_clock() - start;
        cv_import_count(import);
    }

    import->result->committed = import->result->lines;

    if (import->options->progress != NULL) {
        import->options->progress(import->options->data, import->result);
    }

    if (txn != NULL && !import->options->exclusive) {
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

    if (import->txn == NULL || import->options->dry_run) {
        return false;
    }

    budget = CV_IMPORT_BATCH_MS - import->commit_ms;

    if (budget < CV_IMPORT_LEAST_MS) {
        budget = CV_IMPORT_LEAST_MS;
    }

    return import->result->lines - import->first + 1 >= CV_IMPORT_BATCH_LINES
           || cv_import_clock() - import->began >= budget;
}


/*
 * A handle of another credential is an error that sticks to the transaction,
 * and would take the batch with it: whoever skips wrong lines looks first.
 */

static cv_err_t
cv_import_conflict(cv_import_t *import, cv_error_t *error)
{
    size_t                  i;
    uint64_t                own, other;
    const cv_credential_t  *credential;

    static const struct {
        cv_handle_kind_t    kind;
        size_t              offset;
        const char         *member;
    } handles[] = {
        { CV_HANDLE_CODE, offsetof(cv_credential_t, code), "code" },
        { CV_HANDLE_NUMBER, offsetof(cv_credential_t, number), "number" },
        { CV_HANDLE_PUBLIC_ID, offsetof(cv_credential_t, public_id),
          "public_id" },
    };

    if (!import->options->skip_invalid
        || import->line.kind != CV_CREDENTIAL)
    {
        return CV_OK;
    }

    credential = &import->line.record.credential;
    own = cv_find(import->txn, CV_HANDLE_CREDENTIAL_ID, credential->id);

    for (i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        other = cv_find(import->txn, handles[i].kind,
                        *(const cv_str_t *) ((const uint8_t *) credential
                                             + handles[i].offset));

        if (other != 0 && other != own) {
            return cv_error_set(error, CV_ERR_CONFLICT,
                                "credential: member \"%s\" belongs to "
                                "another credential already",
                                handles[i].member);
        }
    }

    return CV_OK;
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
        err = cv_resolve(import->txn, line->kind, &line->record, error);
    }

    if (err == CV_OK) {
        err = cv_import_conflict(import, error);
    }

    if (err != CV_OK) {
        return err;
    }

    if (cv_put(import->txn, line->kind, &line->record) != 0) {
        import->records[line->kind]++;
    }

    return cv_txn_err(import->txn, error);
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
        && (err == CV_ERR_INPUT || err == CV_ERR_CONFLICT)
        && (import->txn == NULL || cv_txn_err(import->txn, NULL) == CV_OK))
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

        if (err == CV_OK && !import->options->dry_run
            && (wait || cv_import_batch_full(import)))
        {
            err = cv_import_commit(import, error);
        }
    }

    return err;
}


/*
 * A dry run is one transaction over all lines, because later ones refer to
 * earlier ones; LMDB keeps its changed pages in memory and, when those are
 * too many, in free pages of the file.
 */

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

    err = cv_import_lines(&import, error);

    if (err == CV_OK && !options->dry_run) {
        err = cv_import_commit(&import, error);

    } else if (err == CV_OK) {
        cv_import_count(&import);
    }

done:

    cv_txn_abort(import.txn);
    cv_line_free(&import.line);
    free(import.lines.data);

    return err;
}
