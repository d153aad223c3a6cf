
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cli.h"
#include "cv_commit.h"
#include "cv_key.h"
#include "cv_text.h"
#include "cv_usage.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CV_OUT_CHUNK  ((size_t) 1 << 16)

/* what one command may gather before it is written */
#define CV_OUT_MAX    ((size_t) 1 << 30)

/*
 * A token has 64 hexadecimal digits, but some error's text may have been cut
 * within it.  What has fewer digits than this helps nobody to guess the rest.
 */
#define CV_CLI_SECRET  40


typedef struct {
    cv_cli_t   *cli;
    int       (*fn)(cv_cli_t *cli);
    int         rc;
} cv_guarded_t;

typedef struct {
    int       (*body)(cv_cli_t *cli);
    void       *data;
} cv_body_t;


/* Speaking */

/* the number of hexadecimal digits, from there on */

static size_t
cv_cli_digits(cv_str_t text, size_t i)
{
    size_t   n;
    uint8_t  ch;

    for (n = 0; i + n < text.len; n++) {
        ch = text.data[i + n];

        if (!((ch >= '0' && ch <= '9')
              || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f')))
        {
            break;
        }
    }

    return n;
}


/* the length of what looks like a token, a key or a webhook's secret, or 0 */

static size_t
cv_cli_secret(cv_str_t text, size_t i)
{
    size_t    n;
    cv_str_t  word;

    n = cv_cli_digits(text, i);

    if (n >= CV_CLI_SECRET || (i > 0 && strchr(" \"=-", text.data[i - 1])
                                        == NULL))
    {
        return n >= CV_CLI_SECRET ? n : 0;
    }

    for (n = 0; i + n < text.len && text.data[i + n] > ' '
                && text.data[i + n] != '"'; n++)
    {
        /* void */
    }

    word = cv_str(text.data + i, n);

    return cv_key_looks(word)
           || (n > sizeof(CV_SIGNING_PREFIX)
               && memcmp(word.data, CV_SIGNING_PREFIX,
                         sizeof(CV_SIGNING_PREFIX) - 1) == 0) ? n : 0;
}


/* What was typed in the wrong place is often a secret, and logs are read. */

static void
cv_cli_redact(cv_buf_t *out, cv_str_t text)
{
    size_t  i, n;

    for (i = 0; i < text.len; i += n) {
        n = cv_cli_secret(text, i);

        if (n > 0) {
            cv_buf_append_str(out, CV_STR("\xe2\x80\xa6"));
            continue;
        }

        /* with what ends the run, of which no part is a token */

        n = cv_cli_digits(text, i);
        n += i + n < text.len ? 1 : 0;
        cv_buf_append(out, text.data + i, n);
    }
}


static void
cv_cli_line(const cv_cli_t *cli, bool redact, const char *hint,
    const char *fmt, va_list args)
{
    int       n;
    char     *text;
    cv_buf_t  line, said;

    n = vasprintf(&text, fmt, args);

    if (n == -1) {
        return;
    }

    cv_buf_init(&said, CV_OUT_MAX);

    if (redact) {
        cv_cli_redact(&said, cv_str(text, (size_t) n));
    } else {
        cv_buf_append(&said, text, (size_t) n);
    }

    free(text);

    cv_buf_init(&line, CV_OUT_MAX);
    cv_buf_append_str(&line, CV_STR("credverify: "));

    if (cli->command != NULL) {
        cv_buf_printf(&line, "%s%s%s: ", cli->command->noun,
                      cli->command->verb != NULL ? " " : "",
                      cli->command->verb != NULL ? cli->command->verb : "");
    }

    cv_out_plain(&line, cv_buf_str(&said));
    cv_buf_append_str(&line, cv_str_z(hint));
    cv_buf_append_byte(&line, '\n');

    cv_watch_clear();
    (void) fwrite(line.data, 1, line.len, stderr);

    cv_buf_free(&said);
    cv_buf_free(&line);
}


void
cv_cli_say(const cv_cli_t *cli, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    cv_cli_line(cli, true, "", fmt, args);
    va_end(args);
}


void
cv_cli_say_hashes(const cv_cli_t *cli, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    cv_cli_line(cli, false, "", fmt, args);
    va_end(args);
}


int
cv_cli_fail(const cv_cli_t *cli, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    cv_cli_line(cli, true, "", fmt, args);
    va_end(args);

    return CV_CLI_FAILED;
}


/* People know credentials by other names than their ids. */

static const char *
cv_cli_known_by(const cv_cli_t *cli, cv_str_t text)
{
    size_t  i;

    static const struct {
        cv_handle_kind_t   kind;
        const char        *name;
    } handles[] = {
        { CV_HANDLE_CREDENTIAL_ID, "id" },
        { CV_HANDLE_CODE, "code" },
        { CV_HANDLE_NUMBER, "number" },
        { CV_HANDLE_PUBLIC_ID, "public-id" },
        { CV_HANDLE_ASSERTION, "assertion" },
    };

    for (i = 0; i < CV_COUNT(handles); i++) {
        if (cv_find(cli->txn, handles[i].kind, text) != 0) {
            return handles[i].name;
        }
    }

    return NULL;
}


int
cv_cli_unknown(const cv_cli_t *cli, cv_kind_t kind, const char *id)
{
    const char  *by;

    /* an error of the store is said by whoever opened it */

    if (cv_txn_err(cli->txn, NULL) != CV_OK) {
        return CV_CLI_FAILED;
    }

    by = kind == CV_CREDENTIAL ? cv_cli_known_by(cli, cv_str_z(id)) : NULL;

    if (by != NULL) {
        return cv_cli_fail(cli, "there is no credential \"%s\"; one has that as "
                           "its %s: \"credverify credential show --by %s\"", id,
                           by, by);
    }

    return cv_cli_fail(cli, "there is no %s \"%s\"", cv_schemas[kind].name,
                       id);
}


int
cv_cli_misuse(const cv_cli_t *cli, const char *fmt, ...)
{
    char         hint[128];
    va_list      args;
    const char  *noun, *verb;

    noun = cli->command != NULL ? cli->command->noun : cli->noun;
    verb = cli->command != NULL ? cli->command->verb : NULL;

    (void) snprintf(hint, sizeof(hint), "; see \"credverify help%s%s%s%s\"",
                    noun != NULL ? " " : "", noun != NULL ? noun : "",
                    verb != NULL ? " " : "", verb != NULL ? verb : "");

    va_start(args, fmt);
    cv_cli_line(cli, true, hint, fmt, args);
    va_end(args);

    return CV_CLI_USAGE;
}


/* Signals */

void
cv_cli_catch(void (*handler)(int signo))
{
    size_t            i;
    struct sigaction  sa, old;

    static const int  signals[] = { SIGINT, SIGTERM, SIGHUP };

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = handler;
    sa.sa_flags = (int) SA_RESETHAND;
    (void) sigemptyset(&sa.sa_mask);

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], NULL, &old) == 0
            && old.sa_handler != SIG_IGN)
        {
            (void) sigaction(signals[i], &sa, NULL);
        }
    }
}


/* Output */

void
cv_out_init(cv_out_t *out, int fd, const char *name)
{
    out->fd = fd;
    out->name = name;
    out->failed = 0;

    cv_buf_init(&out->buf, CV_OUT_MAX);
}


void
cv_out_free(cv_out_t *out)
{
    cv_buf_free(&out->buf);
}


bool
cv_out_flush(cv_out_t *out)
{
    size_t         done;
    ssize_t        n;
    struct pollfd  pfd;

    if (cv_buf_failed(&out->buf) && out->failed == 0) {
        out->failed = ENOMEM;
    }

    for (done = 0; done < out->buf.len && out->failed == 0; ) {
        n = write(out->fd, out->buf.data + done, out->buf.len - done);

        if (n >= 0) {
            done += (size_t) n;

        } else if (errno == EAGAIN) {
            pfd = (struct pollfd) { out->fd, POLLOUT, 0 };
            (void) poll(&pfd, 1, -1);

        } else if (errno != EINTR) {
            out->failed = errno;
        }
    }

    cv_buf_reset(&out->buf);

    return out->failed == 0;
}


bool
cv_out_more(cv_out_t *out)
{
    return out->buf.len < CV_OUT_CHUNK ? out->failed == 0
                                       : cv_out_flush(out);
}


/* Bidi_Control (Unicode Standard Annex 9, 2): they reorder what is around */

static bool
cv_out_reorders(uint32_t code)
{
    return code == 0x061c || code == 0x200e || code == 0x200f
           || (code >= 0x202a && code <= 0x202e)
           || (code >= 0x2066 && code <= 0x2069);
}


/* neither C0, DEL, nor C1 */

bool
cv_out_shows(uint32_t code)
{
    return code >= 0x20 && (code < 0x7f || code >= 0xa0)
           && !cv_out_reorders(code);
}


/* an invalid byte may be anything */

void
cv_out_plain(cv_buf_t *out, cv_str_t text)
{
    size_t          n;
    uint32_t        code;
    const uint8_t  *p, *end;

    end = text.data + text.len;

    for (p = text.data; p < end; p += n) {

        for (n = 1; p + n < end && (p[n] & 0xc0) == 0x80; n++) {
            /* void */
        }

        if (cv_utf8_decode(p, p + n, &code) != n || !cv_out_shows(code)) {
            cv_buf_append_byte(out, '?');

        } else {
            cv_buf_append(out, p, n);
        }
    }
}


/* The store */

static void
cv_cli_guarded(void *arg)
{
    cv_guarded_t  *guarded = arg;

    guarded->rc = guarded->fn(guarded->cli);
}


int
cv_cli_with_open(cv_cli_t *cli, int (*fn)(cv_cli_t *cli))
{
    cv_guarded_t  guarded;

    guarded = (cv_guarded_t) { cli, fn, CV_CLI_FAILED };

    if (cv_store_guard(cli->store, cv_cli_guarded, &guarded) != CV_OK) {
        /* what was going on is left as it is: only exit can come now */
        return cv_cli_fail(cli, "%s: the file is damaged and cannot be read; "
                           "restore a backup", cli->store_dir);
    }

    cv_store_close(cli->store);
    cli->store = NULL;

    return guarded.rc;
}


int
cv_cli_with_store(cv_cli_t *cli, bool writable, int (*fn)(cv_cli_t *cli))
{
    cv_error_t  error;

    return cv_store_open(&cli->store, cli->store_dir, writable, &error)
           == CV_OK
           ? cv_cli_with_open(cli, fn) : cv_cli_fail(cli, "%s", error.text);
}


int
cv_cli_snapshot(cv_cli_t *cli, int (*body)(cv_cli_t *cli))
{
    int          rc;
    cv_error_t   error;

    if (cv_snapshot_open(&cli->txn, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = cv_snapshot_renew(cli->txn) == CV_OK ? body(cli) : CV_CLI_FAILED;

    if (cv_txn_err(cli->txn, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);
    }

    cv_snapshot_close(cli->txn);
    cli->txn = NULL;

    return rc;
}


static int
cv_cli_read_body(cv_cli_t *cli)
{
    cv_body_t  *body;

    body = cli->data;
    cli->data = body->data;

    return cv_cli_snapshot(cli, body->body);
}


int
cv_cli_read(cv_cli_t *cli, int (*body)(cv_cli_t *cli))
{
    cv_body_t  wrapped;

    wrapped = (cv_body_t) { body, cli->data };
    cli->data = &wrapped;

    return cv_cli_with_store(cli, false, cv_cli_read_body);
}


uint64_t
cv_cli_links(cv_cli_t *cli, cv_link_kind_t kind, uint64_t from)
{
    cv_str_t   to;
    uint64_t   n;
    cv_walk_t  walk;

    cv_links_open(&walk, cli->txn, kind, from);

    for (n = 0; cv_links_next(&walk, &to); n++) { /* void */ }

    cv_walk_close(&walk);

    return n;
}


/* a name that is what it seems, wherever it is printed */

static bool
cv_cli_name_plain(const char *name)
{
    const char  *p;

    for (p = name; *p > ' ' && *p < 0x7f; p++) { /* void */ }

    return p > name && *p == '\0'
           && (size_t) (p - name) < CV_CLI_ACTOR_MAX - sizeof("cli:");
}


cv_str_t
cv_cli_actor(cv_cli_t *cli)
{
    const char     *name;
    struct passwd  *user;

    name = getuid() == 0 ? getenv("SUDO_USER") : NULL;

    if (name == NULL || !cv_cli_name_plain(name)) {
        user = getpwuid(getuid());
        name = user != NULL ? user->pw_name : "";
    }

    if (cv_cli_name_plain(name)) {
        (void) snprintf(cli->actor, sizeof(cli->actor), "cli:%s", name);
    } else {
        (void) snprintf(cli->actor, sizeof(cli->actor), "cli:%ld",
                        (long) getuid());
    }

    return cv_str_z(cli->actor);
}


static int
cv_cli_write_body(cv_cli_t *cli)
{
    int          rc;
    cv_body_t   *body;
    cv_error_t   error;

    body = cli->data;
    cli->data = body->data;

    /* a bill is by what keys and tiers were when its month was over */

    if ((cli->command->kind == CV_KEY || cli->command->kind == CV_TIER)
        && cv_usage_close(cli->store, cv_time_now(), &error) != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    if (cv_txn_begin(&cli->txn, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_txn_actor(cli->txn, cv_cli_actor(cli));

    rc = body->body(cli);

    if (rc != CV_CLI_DONE) {
        cv_txn_abort(cli->txn);

    } else if (cv_commit(cli->txn, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);
    }

    cli->txn = NULL;

    if (rc == CV_CLI_DONE) {
        cli->after = "; the change was made";
    } else {
        cv_buf_reset(&cli->out.buf);
    }

    return rc;
}


int
cv_cli_write(cv_cli_t *cli, int (*body)(cv_cli_t *cli))
{
    cv_body_t  wrapped;

    wrapped = (cv_body_t) { body, cli->data };
    cli->data = &wrapped;

    return cv_cli_with_store(cli, true, cv_cli_write_body);
}
