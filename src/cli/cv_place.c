
/*
 * Copyright (C) The credverify authors
 *
 * What stores are made with: an owner, a size, a place.
 */

#include "cv_cli.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* who nginx's workers are on Debian */
#define CV_OWNER_DEFAULT  "www-data"


static bool
cv_owner_number(const char *text, unsigned *number)
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
cv_owner_user(const char *name, cv_store_options_t *options)
{
    struct passwd  *user;

    user = getpwnam(name);

    if (user == NULL && cv_owner_number(name, &options->owner)) {
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
cv_owner_group(const char *name, cv_store_options_t *options)
{
    struct group  *group;

    group = getgrnam(name);

    if (group == NULL) {
        return cv_owner_number(name, &options->group);
    }

    options->group = group->gr_gid;

    return true;
}


static bool
cv_size_parse(const char *text, size_t *size)
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
        || n > CV_STORE_MAP_MOST >> shift)
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


void
cv_owner_default(const cv_cli_t *cli, cv_store_options_t *options)
{
    if (geteuid() == 0 && cv_option(cli, "owner") == NULL) {
        (void) cv_owner_user(CV_OWNER_DEFAULT, options);
    }
}


int
cv_option_owner(cv_cli_t *cli, cv_store_options_t *options)
{
    const char  *owner, *group;

    owner = cv_option(cli, "owner");
    group = cv_option(cli, "group");

    if (owner != NULL && !cv_owner_user(owner, options)) {
        return cv_cli_fail(cli, "--owner: there is no user \"%s\"", owner);
    }

    if (group != NULL && !cv_owner_group(group, options)) {
        return cv_cli_fail(cli, "--group: there is no group \"%s\"", group);
    }

    return CV_CLI_DONE;
}


int
cv_option_size(cv_cli_t *cli, const char *name, size_t *size)
{
    const char  *text;

    text = cv_option(cli, name);

    if (text != NULL && !cv_size_parse(text, size)) {
        return cv_cli_misuse(cli, "--%s: \"%s\" is no size from 1M to 64T",
                             name, text);
    }

    return CV_CLI_DONE;
}


/* Whoever may use the store must be able to walk to it: these are for all. */

int
cv_cli_parents(cv_cli_t *cli)
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
