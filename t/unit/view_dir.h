
/*
 * Copyright (C) The credverify authors
 *
 * A view directory of a test's own, with a document "v" that has pages only.
 */

#ifndef VIEW_DIR_H
#define VIEW_DIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_BODIES                                                             \
    "{\"valid\":{},\"revoked\":{\"status\":410},\"token_expired\":{},"        \
    "\"refunded\":{},\"expired\":\"revoked\",\"pending\":{},"                 \
    "\"not_found\":{},\"error\":{}}"

typedef struct {
    char         dir[64];
    char         files[16][32];
    unsigned     nfiles;
} view_dir_t;


static inline void
view_dir_put(view_dir_t *d, const char *name, const char *text)
{
    char      path[128];
    FILE     *file;
    unsigned  i;

    (void) snprintf(path, sizeof(path), "%s/%s", d->dir, name);

    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);

    for (i = 0; i < d->nfiles; i++) {
        if (strcmp(d->files[i], name) == 0) {
            return;
        }
    }

    (void) snprintf(d->files[d->nfiles++], sizeof(d->files[0]), "%s", name);
}


static inline void
view_dir_open(view_dir_t *d)
{
    memset(d, 0, sizeof(view_dir_t));
    (void) snprintf(d->dir, sizeof(d->dir), "/tmp/credverify-view-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    view_dir_put(d, "v.json", NO_BODIES);
}


static inline void
view_dir_close(view_dir_t *d)
{
    char      path[128];
    unsigned  i;

    for (i = 0; i < d->nfiles; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", d->dir, d->files[i]);
        assert_int_equal(unlink(path), 0);
    }

    assert_int_equal(rmdir(d->dir), 0);
}

#endif /* VIEW_DIR_H */
