
/*
 * Copyright (C) The credverify authors
 *
 * URLs that a cache is purged by, of a template: "{key}" stands for the key of a
 * handle (cv_cache_key.h), and "{a,b,c}" for each of these in turn, as curl has
 * it, so that one template is all the variants that a cache may have of an
 * answer.  There are no braces else.  Pure.
 */

#ifndef CV_PURGE_URL_H
#define CV_PURGE_URL_H

#include "cv_base.h"
#include "cv_buf.h"

/* A template stands for no more URLs than these, with each key. */
#define CV_PURGE_VARIANTS  256

/*
 * How many URLs a template is with one key; CV_ERR_INPUT says why it is none.
 * It has a key, and where it leads to, the host and port, is the same in all.
 */
cv_err_t cv_purge_variants(cv_str_t template, unsigned *n, cv_error_t *error)
    CV_MUST_CHECK;

/* Appends one of them, counted from 0, of a template that is one. */
void cv_purge_url(cv_buf_t *out, cv_str_t template, cv_str_t key,
    unsigned variant);

#endif /* CV_PURGE_URL_H */
