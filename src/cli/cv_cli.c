
/*
 * Copyright (C) The credverify authors
 */

#include "cv_cli.h"
#include "cv_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define CV_OUT_CHUNK  ((size_t) 1 << 16)

/* what one command may gather before it is written */
#define CV_OUT_MAX    ((size_t) 1 << 30)


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

static void
cv_cli_line(const cv_cli_t *cli, const char *hint, const char *fmt,
    va_list args)
{
    char      text[2 * CV_ERROR_TEXT_MAX];
    cv_buf_t  line;

    (void) vsnprintf(text, sizeof(text), fmt, args);

    cv_buf_init(&line, CV_OUT_CHUNK);
    cv_buf_append_str(&line, CV_STR("credverify: "));

    if (cli->command != NULL) {
        cv_buf_printf(&line, "%s%s%s: ", cli->command->noun,
                      cli->command->verb != NULL ? " " : "",
                      cli->command->verb != NULL ? cli->command->verb : "");
    }

    cv_out_plain(&line, cv_str_z(text));
    cv_buf_append_str(&line, cv_str_z(hint));
    cv_buf_append_byte(&line, '\n');

    (void) fwrite(line.data, 1, line.len, stderr);
    cv_buf_free(&line);
}


void
cv_cli_say(const cv_cli_t *cli, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    cv_cli_line(cli, "", fmt, args);
    va_end(args);
}


int
cv_cli_fail(const cv_cli_t *cli, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    cv_cli_line(cli, "", fmt, args);
    va_end(args);

    return CV_CLI_FAILED;
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
    cv_cli_line(cli, hint, fmt, args);
    va_end(args);

    return CV_CLI_USAGE;
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
    size_t   done;
    ssize_t  n;

    if (cv_buf_failed(&out->buf) && out->failed == 0) {
        out->failed = ENOMEM;
    }

    for (done = 0; done < out->buf.len && out->failed == 0; ) {
        n = write(out->fd, out->buf.data + done, out->buf.len - done);

        if (n >= 0) {
            done += (size_t) n;

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


/* C0, DEL, and C1 as UTF-8 has it; an invalid byte may be anything */

void
cv_out_plain(cv_buf_t *out, cv_str_t text)
{
    size_t  i, n;

    for (i = 0; i < text.len; i += n) {

        for (n = 1; i + n < text.len && (text.data[i + n] & 0xc0) == 0x80; ) {
            n++;
        }

        if (text.data[i] < 0x20 || text.data[i] == 0x7f
            || !cv_utf8_valid(cv_str(text.data + i, n))
            || (text.data[i] == 0xc2 && text.data[i + 1] < 0xa0))
        {
            cv_buf_append_byte(out, '?');

        } else {
            cv_buf_append(out, text.data + i, n);
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
cv_cli_with_store(cv_cli_t *cli, bool writable, int (*fn)(cv_cli_t *cli))
{
    cv_error_t    error;
    cv_guarded_t  guarded;

    if (cv_store_open(&cli->store, cli->store_dir, writable, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

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


static int
cv_cli_read_body(cv_cli_t *cli)
{
    int          rc;
    cv_body_t   *body;
    cv_error_t   error;

    body = cli->data;
    cli->data = body->data;

    if (cv_snapshot_open(&cli->txn, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = cv_snapshot_renew(cli->txn) == CV_OK ? body->body(cli)
                                              : CV_CLI_FAILED;

    if (cv_txn_err(cli->txn, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);
    }

    cv_snapshot_close(cli->txn);
    cli->txn = NULL;

    return rc;
}


int
cv_cli_read(cv_cli_t *cli, int (*body)(cv_cli_t *cli))
{
    cv_body_t  wrapped;

    wrapped = (cv_body_t) { body, cli->data };
    cli->data = &wrapped;

    return cv_cli_with_store(cli, false, cv_cli_read_body);
}


static int
cv_cli_write_body(cv_cli_t *cli)
{
    int          rc;
    cv_body_t   *body;
    cv_error_t   error;

    body = cli->data;
    cli->data = body->data;

    if (cv_txn_begin(&cli->txn, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    rc = body->body(cli);

    if (rc != CV_CLI_DONE) {
        cv_txn_abort(cli->txn);

    } else if (cv_txn_commit(cli->txn, &error) != CV_OK) {
        rc = cv_cli_fail(cli, "%s", error.text);
    }

    cli->txn = NULL;

    if (rc != CV_CLI_DONE) {
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
