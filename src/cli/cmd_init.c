
/*
 * Copyright (C) The credverify authors
 *
 * credverify init
 */

#include "cv_cli.h"
#include "cv_digest.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* who nginx's workers are on Debian */
#define CMD_INIT_OWNER     "www-data"

/* half of what a process can address */
#define CMD_INIT_MAP_MOST  ((size_t) 1 << 46)


static bool
cmd_init_number(const char *text, unsigned *number)
{
    char           *end;
    unsigned long   n;

    errno = 0;
    n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0
        || n >= (unsigned) -1)
    {
        return false;
    }

    *number = (unsigned) n;

    return true;
}


/* a user with the primary group, unless there is none */

static bool
cmd_init_user(const char *name, cv_store_options_t *options)
{
    struct passwd  *user;

    user = getpwnam(name);

    if (user == NULL && cmd_init_number(name, &options->owner)) {
        user = getpwuid(options->owner);

        if (user == NULL) {
            return true;
        }
    }

    if (user == NULL) {
        return false;
    }

    options->owner = user->pw_uid;
    options->group = user->pw_gid;

    return true;
}


static bool
cmd_init_group(const char *name, cv_store_options_t *options)
{
    struct group  *group;

    group = getgrnam(name);

    if (group == NULL) {
        return cmd_init_number(name, &options->group);
    }

    options->group = group->gr_gid;

    return true;
}


static bool
cmd_init_size(const char *text, size_t *size)
{
    char                *end;
    size_t               page;
    unsigned             shift;
    unsigned long long   n;

    errno = 0;
    n = strtoull(text, &end, 10);

    switch (*end) {
    case 'K':  case 'k':  shift = 10;  end++;  break;
    case 'M':  case 'm':  shift = 20;  end++;  break;
    case 'G':  case 'g':  shift = 30;  end++;  break;
    case 'T':  case 't':  shift = 40;  end++;  break;
    default:              shift = 0;
    }

    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0
        || n > CMD_INIT_MAP_MOST >> shift)
    {
        return false;
    }

    if ((size_t) n << shift < CV_STORE_MAP_LEAST) {
        return false;
    }

    page = (size_t) sysconf(_SC_PAGESIZE);
    *size = ((size_t) n << shift) + page - 1;
    *size -= *size % page;

    return true;
}


static int
cmd_init_options(cv_cli_t *cli, cv_store_options_t *options)
{
    const char  *owner, *group, *size;

    owner = cv_option(cli, "owner");
    group = cv_option(cli, "group");
    size = cv_option(cli, "map-size");

    if (owner != NULL && !cmd_init_user(owner, options)) {
        return cv_cli_fail(cli, "--owner: there is no user \"%s\"", owner);
    }

    if (owner == NULL && geteuid() == 0) {
        (void) cmd_init_user(CMD_INIT_OWNER, options);
    }

    if (group != NULL && !cmd_init_group(group, options)) {
        return cv_cli_fail(cli, "--group: there is no group \"%s\"", group);
    }

    if (size != NULL && !cmd_init_size(size, &options->map_size)) {
        return cv_cli_misuse(cli, "--map-size: \"%s\" is no size from 1M to "
                             "64T", size);
    }

    if (cv_random(options->uuid, sizeof(options->uuid)) != CV_OK) {
        return cv_cli_fail(cli, "no random bytes");
    }

    return CV_CLI_DONE;
}


/* Whoever may use the store must be able to walk to it: these are for all. */

static int
cmd_init_parents(cv_cli_t *cli)
{
    char    path[PATH_MAX], *p;
    mode_t  mask;

    if (strlen(cli->store_dir) >= sizeof(path)) {
        return cv_cli_misuse(cli, "--store: the name is too long");
    }

    (void) snprintf(path, sizeof(path), "%s", cli->store_dir);

    for (p = path + strlen(path); p > path + 1 && p[-1] == '/'; p--) {
        p[-1] = '\0';
    }

    mask = umask(022);

    for (p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';

        if (mkdir(path, 0755) != 0 && errno != EEXIST && errno != EISDIR) {
            (void) umask(mask);
            return cv_cli_fail(cli, "%s: %s", path, strerror(errno));
        }

        *p = '/';
    }

    (void) umask(mask);

    return CV_CLI_DONE;
}


static void
cmd_init_answer(cv_cli_t *cli, const cv_store_options_t *options)
{
    char            owner[32], group[32];
    struct stat     st;
    struct group   *gr;
    struct passwd  *pw;

    if (stat(cli->store_dir, &st) != 0) {
        memset(&st, 0, sizeof(st));
    }

    pw = getpwuid(st.st_uid);
    gr = getgrgid(st.st_gid);

    (void) snprintf(owner, sizeof(owner), "%u", st.st_uid);
    (void) snprintf(group, sizeof(group), "%u", st.st_gid);

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_number(cli, "map_size", options->map_size);
    cv_answer_text(cli, "owner", cv_str_z(pw != NULL ? pw->pw_name : owner));
    cv_answer_text(cli, "group", cv_str_z(gr != NULL ? gr->gr_name : group));
    cv_answer_close(cli);

    if (!cli->json && geteuid() == 0 && cv_option(cli, "owner") == NULL) {
        cv_buf_printf(&cli->out.buf,
                      "\nnginx's workers must run as that user or group. To "
                      "change it, give --owner here,\nor run \"chown -R "
                      "USER:GROUP\" on the store.\n");
    }
}


int
cmd_init(cv_cli_t *cli)
{
    int                  rc;
    cv_error_t           error;
    cv_store_options_t   options;

    memset(&options, 0, sizeof(options));
    options.map_size = CV_STORE_MAP_DEFAULT;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;

    rc = cmd_init_options(cli, &options);

    if (rc == CV_CLI_DONE) {
        rc = cmd_init_parents(cli);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (cv_store_create(cli->store_dir, &options, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cli->after = "; the store was made";
    cmd_init_answer(cli, &options);

    return CV_CLI_DONE;
}
