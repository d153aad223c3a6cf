
/*
 * Copyright (C) The credverify authors
 *
 * What is tortured: a store of some hundred credentials with a history, and
 * what it answers to every handle that there ever was in it.
 */

#ifndef SUBJECT_H
#define SUBJECT_H

#include "cv_store.h"
#include "cv_verify.h"

/* states of the store, the newest last; each is one commit */
#define SUBJECT_VERSIONS  12
#define SUBJECT_NEWEST    (SUBJECT_VERSIONS - 1)

#define SUBJECT_QUERIES   4096
#define SUBJECT_MAP       ((size_t) 16 << 20)

/* what one question is answered: alike only if the answers are */

typedef struct {
    cv_err_t    err;
    uint64_t    digest;
} answer_t;

typedef struct {
    cv_by_t     by;             /* CV_BY_COUNT: an API key, by its hash */
    bool        touched;        /* subject_write() changes the answer */
    uint8_t     text[80];
    size_t      len;
} query_t;

typedef struct {
    uint8_t    *image[SUBJECT_VERSIONS];
    size_t      len[SUBJECT_VERSIONS];
    answer_t    answers[SUBJECT_VERSIONS][SUBJECT_QUERIES];
    query_t     queries[SUBJECT_QUERIES];
    size_t      nqueries;
} subject_t;

/* Makes the store in "dir", state by state; ends the program if it cannot. */
void subject_make(subject_t *subject, const char *dir);
void subject_free(subject_t *subject);

/* The answer to one question, as a worker finds it. */
answer_t subject_ask(cv_store_t *store, cv_txn_t *snapshot,
    cv_verifier_t *verifier, const query_t *query);

/* One small change of each sort: to put, to replace, to delete. */
void subject_write(cv_txn_t *txn);

void subject_file(const char *dir, const uint8_t *bytes, size_t len);

#endif /* SUBJECT_H */
