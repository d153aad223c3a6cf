
/*
 * Copyright (C) The credverify authors
 *
 * What the files of the model share: what comes with a record that is put.
 */

#ifndef MODEL_PUT_H
#define MODEL_PUT_H

#include "model.h"

bool model_number_same(const model_number_t *a, const model_number_t *b);

/* The number that it gets, if its class has any and it has none. */
void model_next(model_t *model, model_credential_t *credential);

/* Nothing lowers what the class has given. */
void model_raise(model_class_t *class, const model_credential_t *credential);

/* What is there from now on, with its number; or why not. */
unsigned model_put(model_t *model, int i,
    const model_credential_t *credential);

/* In the history of a credential, which is put after this. */
void model_enter(const model_t *model, model_credential_t *credential,
    cv_action_t action, int from, int to, int token);

/* To webhooks, of a credential that was put. */
void model_tell(model_t *model, model_event_type_t type, int i, int token);
void model_tell_status(model_t *model, int i, int from);
void model_forget(model_t *model, int credential);

#endif /* MODEL_PUT_H */
