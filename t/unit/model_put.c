
/*
 * Copyright (C) The credverify authors
 */

#include "model_put.h"


/* Numbers: one above the highest of the class and year, if it is not taken */

static int64_t *
model_last(model_class_t *class, int family, int year)
{
    return &class->last[family == NUMBER_PLAIN ? 0 : year - 2000];
}


void
model_raise(model_class_t *class, const model_credential_t *credential)
{
    int64_t               *last;
    const model_number_t  *number;

    number = &credential->number;

    if (class->format == NUMBER_NONE || number->family != class->format
        || credential->test)
    {
        return;
    }

    last = model_last(class, number->family, number->year);
    *last = number->seq > *last ? number->seq : *last;
}


bool
model_number_same(const model_number_t *a, const model_number_t *b)
{
    return a->family == b->family && a->year == b->year && a->seq == b->seq;
}


static bool
model_taken(const model_t *model, const model_number_t *number, int but)
{
    int  i;

    for (i = 0; i < model->ncredentials; i++) {
        if (i != but && model->credentials[i].there
            && number->family != NUMBER_NONE
            && model_number_same(&model->credentials[i].number, number))
        {
            return true;
        }
    }

    return false;
}


void
model_next(model_t *model, model_credential_t *credential)
{
    model_class_t  *class;
    model_number_t *number;

    class = &model->classes[credential->class];
    number = &credential->number;

    if (class->format == NUMBER_NONE || number->family != NUMBER_NONE
        || credential->test)
    {
        return;
    }

    number->family = class->format;
    number->year = class->format == NUMBER_PLAIN
                   ? 0 : model_year(credential->issued_at.at);
    number->seq = *model_last(class, number->family, number->year);

    do {
        number->seq++;
    } while (model_taken(model, number, -1));
}


void
model_enter(const model_t *model, model_credential_t *credential,
    cv_action_t action, int from, int to, int token)
{
    credential->entries[credential->nentries++]
        = (model_entry_t) { action, from, to, token, model->api };
}


/* What is there now is told, by what it is now. */

void
model_tell(model_t *model, model_event_type_t type, int i, int token)
{
    model_event_t             *event;
    const model_credential_t  *credential;

    credential = &model->credentials[i];
    event = &model->events[model->nevents++];

    memset(event, 0, sizeof(model_event_t));
    event->type = type;
    event->step = model->step;
    event->credential = i;
    event->token = token;
    event->status = credential->status;
    event->class = credential->class;
    event->test = credential->test;
    event->number = credential->number;
    event->issued_at = credential->issued_at;
    memcpy(event->holder, model->holders[credential->holder].id, MODEL_TEXT);
}


void
model_forget(model_t *model, int credential)
{
    int  i, n;

    for (i = n = 0; i < model->nevents; i++) {
        if (model->events[i].credential != credential) {
            model->events[n++] = model->events[i];
        }
    }

    model->nevents = n;
}


/*
 * What it was when it comes from a status, or from nowhere (-1): issued is told
 * once it is, revoked too, any other change of what is known.
 */

void
model_tell_status(model_t *model, int i, int from)
{
    int   to;
    bool  granted;

    to = model->credentials[i].status;
    granted = to == CV_STATUS_ISSUED || to == CV_STATUS_CLAIMED
              || to == CV_STATUS_USED;

    if (to == CV_STATUS_REVOKED && from != CV_STATUS_REVOKED) {
        model_tell(model, EVENT_REVOKED, i, -1);

    } else if (granted && from <= CV_STATUS_PENDING) {
        model_tell(model, EVENT_ISSUED, i, -1);

    } else if (from != -1 || to == CV_STATUS_REFUNDED) {
        model_tell(model, EVENT_UPDATED, i, -1);
    }
}


/* what is there from now on, with its number */

unsigned
model_put(model_t *model, int i, const model_credential_t *credential)
{
    if (model_taken(model, &credential->number, i)) {
        return REFUSED_TAKEN;
    }

    model->credentials[i] = *credential;
    model_raise(&model->classes[credential->class], credential);

    return 0;
}
