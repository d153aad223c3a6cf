
/*
 * Copyright (C) The credverify authors
 *
 * What every layer shares: borrowed byte strings and error codes.
 */

#ifndef CV_BASE_H
#define CV_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CV_VERSION  "0.1.0"


/*
 * Borrowed bytes: never NUL-terminated, never owned.  A NULL "data" means
 * that the value is absent; an empty value has data and a zero length.  What
 * a string borrows from is said where it is handed out.
 */

typedef struct {
    const uint8_t  *data;
    size_t          len;
} cv_str_t;

#define CV_STR(literal)                                                       \
    ((cv_str_t) { (const uint8_t *) (literal), sizeof(literal) - 1 })

#define CV_ABSENT  ((cv_str_t) { NULL, 0 })

/* for printf: "%.*s" takes CV_FMT(s) */
#define CV_FMT(s)  (int) (s).len, (const char *) (s).data

static inline cv_str_t
cv_str(const void *data, size_t len)
{
    return (cv_str_t) { data, len };
}

static inline cv_str_t
cv_str_z(const char *z)
{
    return (cv_str_t) { (const uint8_t *) z, z == NULL ? 0 : strlen(z) };
}

static inline bool
cv_str_eq(cv_str_t a, cv_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Less than, equal to or greater than 0, as bytes. */
static inline int
cv_str_order(cv_str_t a, cv_str_t b)
{
    int     order;
    size_t  least;

    least = a.len < b.len ? a.len : b.len;
    order = least == 0 ? 0 : memcmp(a.data, b.data, least);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Behind the last byte; C has no sum of NULL and 0. */
static inline const uint8_t *
cv_str_end(cv_str_t s)
{
    return s.len == 0 ? s.data : s.data + s.len;
}

static inline bool
cv_present(cv_str_t s)
{
    return s.data != NULL;
}


/* The place of "s" in a list of "n" strings, or "n". */
static inline size_t
cv_str_index(const cv_str_t *list, size_t n, cv_str_t s)
{
    size_t  i;

    for (i = 0; i < n && !cv_str_eq(list[i], s); i++) { /* void */ }

    return i;
}


/* Bytes that are looked at together: what the compiler has instructions for. */

#define CV_VECTOR  16

typedef uint8_t  cv_vector_t __attribute__((vector_size(CV_VECTOR)));

/* True unless every byte is zero. */
static inline bool
cv_vector_any(cv_vector_t v)
{
    uint64_t  words[2];

    memcpy(words, &v, CV_VECTOR);

    return (words[0] | words[1]) != 0;
}


#define CV_COUNT(array)  (sizeof(array) / sizeof(array[0]))


/*
 * What can go wrong, as few kinds as a caller tells apart.  That something
 * does not exist is an answer, not an error.
 */

typedef enum {
    CV_OK = 0,
    CV_ERR_NOMEM,       /* memory is exhausted */
    CV_ERR_LIMIT,       /* a documented bound was reached */
    CV_ERR_INPUT,       /* what the caller gave is wrong */
    CV_ERR_CONFLICT,    /* a handle belongs to another record */
    CV_ERR_MISSING,     /* no store in that directory */
    CV_ERR_EXISTS,      /* there is a store in that directory already */
    CV_ERR_ACCESS,      /* the permissions do not allow it */
    CV_ERR_VERSION,     /* the store has another format version */
    CV_ERR_DAMAGED,     /* the store's bytes contradict themselves */
    CV_ERR_FULL,        /* the map or the disk is full */
    CV_ERR_READERS,     /* every reader slot is taken */
    CV_ERR_RESIZED,     /* another process enlarged the map */
    CV_ERR_IO,          /* any other failure of the system */
} cv_err_t;

#define CV_ERROR_TEXT_MAX  512

/* An error with the sentence that explains it, NUL-terminated. */

typedef struct {
    cv_err_t     code;
    const char  *member;    /* of a record, that it is about; or NULL */
    char         text[CV_ERROR_TEXT_MAX];
} cv_error_t;

/* Fills in "error" (which may be NULL) and returns "code". */
cv_err_t cv_error_set(cv_error_t *error, cv_err_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of a member, static, of a kind of record, both named before. */
cv_err_t cv_error_member(cv_error_t *error, cv_err_t code, const char *kind,
    const char *member, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Of each thread one, which in a module that is loaded takes no call to find:
 * at most a few hundred bytes, which the C library keeps for that.
 */
#define CV_THREAD  __thread __attribute__((tls_model("initial-exec")))

#define CV_MUST_CHECK  __attribute__((warn_unused_result))

#endif /* CV_BASE_H */
