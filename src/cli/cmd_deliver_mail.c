
/*
 * Copyright (C) The credverify authors
 *
 * credverify deliver: what it needs for mail
 */

#include "cv_cli.h"
#include "cv_mail.h"

#include <stdlib.h>
#include <sys/stat.h>

#define CMD_MAIL_VIEWS      "/usr/share/credverify/views"
#define CMD_MAIL_VIEW       "/mail"
#define CMD_MAIL_LOGIN_MAX  1024


/* A line of the file, NUL-terminated in place; NULL if there is none. */

static char *
cmd_mail_line(char **rest)
{
    char  *line, *end;

    line = *rest;
    end = strpbrk(line, "\r\n");

    if (end == NULL) {
        *rest = line + strlen(line);

    } else {
        *rest = end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);
        *end = '\0';
    }

    return *line == '\0' ? NULL : line;
}


/* The user, and in the next line the password: on a command line all see it. */

static int
cmd_mail_login(cv_cli_t *cli, cv_buf_t *bytes, cv_mail_conf_t *conf)
{
    int          rc;
    char        *rest, *user, *password;
    const char  *name;
    struct stat  st;

    name = cv_option(cli, "smtp-login");

    if (name == NULL) {
        return CV_CLI_DONE;
    }

    if (stat(name, &st) == 0 && S_ISREG(st.st_mode)
        && (st.st_mode & S_IROTH) != 0)
    {
        return cv_cli_fail(cli, "%s: everybody can read it; run \"chmod o= "
                           "%s\"", name, name);
    }

    rc = cv_file_read(cli, bytes, name);

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cv_buf_append_byte(bytes, '\0');

    if (cv_buf_failed(bytes)) {
        return cv_cli_fail(cli, "%s: it is too long", name);
    }

    rest = (char *) bytes->data;
    user = cmd_mail_line(&rest);
    password = user == NULL ? NULL : cmd_mail_line(&rest);

    if (password == NULL || *rest != '\0') {
        return cv_cli_fail(cli, "%s: it must have two lines, a user and a "
                           "password", name);
    }

    conf->user = user;
    conf->password = password;

    return CV_CLI_DONE;
}


static int
cmd_mail_tls(cv_cli_t *cli, cv_mail_conf_t *conf)
{
    int          tls;
    const char  *value;

    value = cv_option(cli, "smtp-tls");

    if (value == NULL) {
        return CV_CLI_DONE;
    }

    tls = cv_name_index(cv_mail_tls_names, cv_str_z(value));

    if (tls == -1) {
        return cv_cli_misuse(cli, "--smtp-tls: required, offered or off, not "
                             "\"%s\"", value);
    }

    conf->tls = (cv_mail_tls_t) tls;

    return CV_CLI_DONE;
}


/* some option of mail without --smtp is a mistake that would go unnoticed */

static int
cmd_mail_none(cv_cli_t *cli)
{
    size_t  i;

    static const char *const  options[] = {
        "mail-from", "views", "link", "smtp-tls", "smtp-login"
    };

    for (i = 0; i < CV_COUNT(options); i++) {
        if (cv_option(cli, options[i]) != NULL) {
            return cv_cli_misuse(cli, "--%s is for mail, which needs --smtp",
                                 options[i]);
        }
    }

    return CV_CLI_DONE;
}


static int
cmd_mail_new(cv_cli_t *cli, const cv_mail_conf_t *conf, cv_mailer_t **mailer)
{
    cv_error_t  error;

    return cv_mailer_new(mailer, conf, &error) == CV_OK
           ? CV_CLI_DONE : cv_cli_fail(cli, "mail: %s", error.text);
}


int
cmd_deliver_mail(cv_cli_t *cli, cv_mailer_t **mailer)
{
    int              rc;
    char             dir[PATH_MAX];
    cv_buf_t         login;
    const char      *views;
    cv_mail_conf_t   conf;

    *mailer = NULL;
    memset(&conf, 0, sizeof(cv_mail_conf_t));

    conf.url = cv_option(cli, "smtp");
    conf.from = cv_option(cli, "mail-from");
    conf.link = cv_option(cli, "link");
    conf.ca_file = cv_option(cli, "ca_file");

    if (conf.url == NULL) {
        return cmd_mail_none(cli);
    }

    if (conf.from == NULL) {
        return cv_cli_misuse(cli, "--smtp needs --mail-from, the address that "
                             "mail comes from");
    }

    views = cv_option(cli, "views");

    if (views == NULL) {
        views = CMD_MAIL_VIEWS;
    }

    if (strlen(views) + sizeof(CMD_MAIL_VIEW) > sizeof(dir)) {
        return cv_cli_misuse(cli, "--views: the path is too long");
    }

    (void) stpcpy(stpcpy(dir, views), CMD_MAIL_VIEW);
    conf.dir = dir;

    cv_buf_init(&login, CMD_MAIL_LOGIN_MAX);

    rc = cmd_mail_tls(cli, &conf);

    if (rc == CV_CLI_DONE) {
        rc = cmd_mail_login(cli, &login, &conf);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_mail_new(cli, &conf, mailer);
    }

    if (login.data != NULL) {
        explicit_bzero(login.data, login.size);
    }

    cv_buf_free(&login);

    return rc;
}
