
/*
 * Copyright (C) The credverify authors
 *
 * credverify deliver
 */

#include "cv_cli.h"
#include "cv_deliver.h"
#include "cv_mail.h"
#include "cv_purge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

/* how long it waits for a store that is being replaced, each time */
#define CMD_DELIVER_AGAIN  500

typedef struct {
    cv_deliver_conf_t   conf;
    bool                began;      /* there was a store to deliver from, */
    bool                said;       /* and it was said that it is gone */
    cv_err_t            err;
    cv_error_t          error;
} cmd_deliver_t;

/* what its signals' handler writes to */
static int  cmd_deliver_stop = -1;


static void
cmd_deliver_signal(int signo)
{
    int  err;

    (void) signo;

    err = errno;
    (void) !write(cmd_deliver_stop, "", 1);
    errno = err;
}


static void
cmd_deliver_say(void *arg, const char *text)
{
    cv_cli_say(arg, "%s", text);
}


static int
cmd_deliver_options(cv_cli_t *cli, cmd_deliver_t *work)
{
    cv_time_t  timeout;

    timeout = CV_POST_TIMEOUT;

    if (!cv_option_duration(cli, "timeout", &timeout)) {
        return CV_CLI_USAGE;
    }

    if (timeout < CV_SECOND || timeout > CV_POST_TIMEOUT) {
        return cv_cli_misuse(cli, "--timeout: 1s to 30s");
    }

    work->conf.post.timeout = (long) timeout;
    work->conf.post.ca_file = cv_option(cli, "ca_file");
    work->conf.once = cv_option(cli, "once") != NULL;
    work->conf.purge.attempt = cv_purge_attempt;
    work->conf.say = cmd_deliver_say;
    work->conf.arg = cli;

    /* a file that is not there would be said of each request */

    if (work->conf.post.ca_file != NULL
        && access(work->conf.post.ca_file, R_OK) != 0)
    {
        return cv_cli_fail(cli, "%s: %s", work->conf.post.ca_file,
                           strerror(errno));
    }

    return CV_CLI_DONE;
}


static int
cmd_deliver_body(cv_cli_t *cli)
{
    cmd_deliver_t      *work;
    cv_deliver_left_t   left;

    work = cli->data;
    work->began = true;
    work->said = false;
    work->err = cv_deliver(cli->store, &work->conf, &left, &work->error);

    if (left.waiting > 0 || left.given_up > 0) {
        return cv_cli_fail(cli, "not delivered: %" PRIu64 " waiting, %" PRIu64
                           " given up", left.waiting, left.given_up);
    }

    return work->err == CV_OK && left.mail == 0 ? CV_CLI_DONE : CV_CLI_FAILED;
}


static int
cmd_deliver_from(cv_cli_t *cli, cmd_deliver_t *work)
{
    int  rc, fd;

    work->error.text[0] = '\0';
    work->err = cv_store_open(&cli->store, cli->store_dir, true, &work->error);

    if (work->err != CV_OK) {
        return CV_CLI_FAILED;
    }

    work->err = cv_deliver_claim(cli->store_dir, &fd, &work->error);

    if (work->err != CV_OK) {
        cv_store_close(cli->store);
        return CV_CLI_FAILED;
    }

    rc = cv_cli_with_open(cli, cmd_deliver_body);
    (void) close(fd);

    return rc;
}


/* A store that was there may be replaced at any time, and is opened again. */

static int
cmd_deliver_run(cv_cli_t *cli, cmd_deliver_t *work)
{
    int            rc;
    struct pollfd  stop;

    stop = (struct pollfd) { work->conf.stop, POLLIN, 0 };

    for ( ;; ) {
        rc = cmd_deliver_from(cli, work);

        if (!work->began || work->err != CV_ERR_MISSING) {
            break;
        }

        if (!work->said) {
            work->said = true;
            cv_cli_say(cli, "%s; it is opened again", work->error.text);
        }

        if (poll(&stop, 1, CMD_DELIVER_AGAIN) > 0) {
            return CV_CLI_DONE;
        }
    }

    /* what damage has cut short was said already */

    return rc == CV_CLI_DONE || work->error.text[0] == '\0'
           ? rc : cv_cli_fail(cli, "%s", work->error.text);
}


int
cmd_deliver(cv_cli_t *cli)
{
    int            rc, ends[2];
    cv_mailer_t   *mailer;
    cmd_deliver_t  work;

    memset(&work, 0, sizeof(cmd_deliver_t));

    rc = cmd_deliver_options(cli, &work);

    if (rc == CV_CLI_DONE) {
        rc = cmd_deliver_mail(cli, &mailer);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (mailer != NULL) {
        work.conf.mail = (cv_sender_t) { cv_mail_attempt, mailer };
    }

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        cv_mailer_free(mailer);
        return cv_cli_fail(cli, "pipe: %s", strerror(errno));
    }

    work.conf.stop = ends[0];
    cmd_deliver_stop = ends[1];
    cv_cli_catch(cmd_deliver_signal);

    cli->data = &work;

    rc = cmd_deliver_run(cli, &work);

    cv_mailer_free(mailer);

    return rc;
}
