
/*
 * Copyright (C) The credverify authors
 *
 * A real store beside a model of it (model.h): doing a step to it, and looking
 * whether both are the same.
 */

#ifndef WORLD_H
#define WORLD_H

#include "cv_form.h"
#include "cv_issue.h"
#include "cv_manage.h"
#include "cv_store.h"
#include "cv_verify.h"
#include "fixture.h"
#include "model.h"

#include <stdio.h>

#define WORLD_WHY  1024

/* the numbers of webhooks, in the order in which they are put */
#define WORLD_HOOK_ALL      1
#define WORLD_HOOK_REVOKED  2

typedef struct {
    char             dir[64];
    cv_store_t      *store;
    cv_txn_t        *snapshot;
    cv_verifier_t   *verifier;
    cv_moment_t      moment;
    cv_form_t       *form;
    cv_managed_t     managed;
    model_t          model;
    model_t          before;            /* the lines of a batch, */
    FILE            *lines;             /* which is there while it lasts */
    unsigned         runs;
    uint64_t         dice;
    uint64_t         steps;
    uint64_t         refused;
    char             why[WORLD_WHY];      /* a sequence failed */
} world_t;

/* what a step is given, as text */

typedef struct {
    char  id[MODEL_TEXT];
    char  class[MODEL_TEXT];
    char  holder[MODEL_TEXT];
    char  issued[MODEL_TEXT];
    char  expires[MODEL_TEXT];
    char  revoked[MODEL_TEXT];
    char  updated[MODEL_TEXT];
    char  number[MODEL_TEXT];
    char  reason[MODEL_TEXT];
    char  public_id[MODEL_TEXT];
    bool  test;                     /* the credential is, that is there */
} given_t;


/* Keeps why a sequence failed; false. */
bool wrong(world_t *world, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


/* Doing */

/* What the choices of a step mean, before it is done to the model. */
void give(const model_t *model, const op_t *op, given_t *given);

/* A step that is a transaction of its own, after it was done to the model. */
cv_err_t do_write(world_t *world, const op_t *op, const given_t *given);

/* Lines for an import, which closes them. */
FILE *lines_open(void);
void line_begin(FILE *lines, const char *kind);
void line_add(FILE *lines, const char *member, const char *text);
void line_class(FILE *lines, const model_t *model, int i);
void line_write(FILE *lines, const model_t *model, const op_t *op,
    const given_t *given);
cv_err_t lines_import(world_t *world, FILE *lines);

/* True if the store did what the model says, for a reason that it has. */
bool agree(world_t *world, unsigned refused, cv_err_t err);


/* Comparing */

/* What is there after a step; after the last one, the way there, too. */
bool same(world_t *world, bool last);

#endif /* WORLD_H */
