
/*
 * Copyright (C) The credverify authors
 */

#include "model_put.h"

#include <stdio.h>

/* 2026-11-20T12:34:56.250Z */
#define MODEL_START  ((cv_time_t) 1795178096250)
#define MODEL_END    ((cv_time_t) 2840140800000)     /* 2060 */


static const op_t  no_terms;


void
model_begin(model_t *model, unsigned run)
{
    int  i;

    memset(model, 0, sizeof(model_t));

    model->run = run;
    model->now = MODEL_START;
    model->nholders = MODEL_NAMES;
    model->ncredentials = MODEL_SLOTS;
    model->made = -1;

    for (i = 0; i < MODEL_SLOTS; i++) {
        (void) snprintf(model->credentials[i].id, MODEL_TEXT, "%u-c%d", run,
                        i);
        model->credentials[i].public_id = true;
    }

    for (i = 0; i < MODEL_CLASSES; i++) {
        model->classes[i].valid_days = -1;
        model->classes[i].practice = -1;
        model->classes[i].learn = -1;
    }

    for (i = 0; i < MODEL_NAMES; i++) {
        model->named[i] = -1;
    }

    model->nholders = 0;
}


/* Steps */

static unsigned
model_issue(model_t *model, model_credential_t *credential, const op_t *op,
    bool terms)
{
    int             days;
    unsigned        refused;
    model_date_t    issued, expires;
    model_number_t  number;

    if (credential->status != CV_STATUS_DRAFT
        && credential->status != CV_STATUS_PENDING)
    {
        return REFUSED_STATUS;
    }

    refused = 0;
    number = model_number(op);
    issued = model_date(model, terms ? op->issued : 0);
    expires = model_date(model, terms ? op->expires : 0);

    if (terms && number.family != NUMBER_NONE) {

        if (credential->number.family != NUMBER_NONE
            && !model_number_same(&credential->number, &number))
        {
            refused |= REFUSED_NUMBERED;
        }

        credential->number = number;
    }

    credential->issued_at = issued.set ? issued
                            : credential->issued_at.set
                              ? credential->issued_at : model_stamp(model);
    credential->expires_at = op->forever ? model_date(model, 0)
                             : expires.set ? expires : credential->expires_at;

    days = model->classes[credential->class].valid_days;

    if (credential->expires_at.set) {
        if (model_expiry(&credential->expires_at) <= credential->issued_at.at) {
            refused |= REFUSED_BEFORE;
        }

    } else if (!op->forever && days == 0) {
        refused |= REFUSED_DAYS;

    } else if (!op->forever && days > 0) {
        credential->expires_at = credential->issued_at;
        credential->expires_at.at += days * CV_DAY;
    }

    credential->status = CV_STATUS_ISSUED;
    credential->updated_at = model_stamp(model);
    model_next(model, credential);

    return refused;
}


static bool
model_knows(const model_t *model, int holder, bool test)
{
    int  i;

    for (i = 0; i < model->ncredentials; i++) {
        if (model->credentials[i].there
            && model->credentials[i].holder == holder
            && model->credentials[i].test == test)
        {
            return true;
        }
    }

    return false;
}


static int
model_new_holder(model_t *model, const op_t *op)
{
    int              i, class;
    model_holder_t  *holder;

    i = model->nholders++;
    holder = &model->holders[i];

    for (class = 0; class < MODEL_CLASSES; class++) {
        holder->practice[class] = -1;
        holder->learn[class] = -1;
    }

    holder->name = op->reason;
    holder->email = op->privacy;

    return i;
}


/* a test is sent to nobody */

static void
model_mail(model_t *model, int i)
{
    if (!model->credentials[i].test) {
        model_tell(model, EVENT_MAIL, i, -1);
    }
}


/*
 * By API: a draft, or one that is issued and sent at once, for somebody who is
 * new or has a credential; what could not be issued is not made.
 */

static unsigned
model_make(model_t *model, const op_t *op)
{
    int                 i;
    unsigned            refused;
    model_credential_t  new, issued;

    memset(&new, 0, sizeof(new));
    new.there = true;
    new.class = op->class;
    new.test = op->api == 2;
    new.holder = op->forever ? model_holder(model, op)
                             : model_new_holder(model, op);

    if (new.holder == -1
        || (op->forever && !model_knows(model, new.holder, new.test)))
    {
        return REFUSED_HOLDER;
    }

    new.issued_at = model_date(model, op->issued ? op->issued : 1);
    new.expires_at = model_date(model, op->expires);
    new.number = model_number(op);
    new.updated_at = model_stamp(model);

    i = model->made = model->ncredentials++;
    issued = new;
    refused = model_issue(model, &issued, &no_terms, false);

    if (op->status != CV_STATUS_ISSUED) {
        model_enter(model, &new, CV_ACTION_CREATED, -1, CV_STATUS_DRAFT, -1);

        return refused | model_put(model, i, &new);
    }

    model_enter(model, &issued, CV_ACTION_CREATED, -1, CV_STATUS_ISSUED, -1);
    model_enter(model, &issued, CV_ACTION_SENT, -1, -1, -1);

    refused |= model_put(model, i, &issued);

    model_tell_status(model, i, -1);
    model_mail(model, i);

    return refused | (model->holders[new.holder].email ? 0 : REFUSED_EMAIL)
           | (model_expiry(&issued.expires_at) <= model->now
              ? REFUSED_EXPIRED : 0);
}


static unsigned
model_create(model_t *model, const op_t *op)
{
    int                 i, holder;
    unsigned            refused;
    model_credential_t  new;

    if (op->api) {
        return model_make(model, op);
    }

    i = model_credential(model, op);
    holder = model_holder(model, op);
    new = model->credentials[i];

    if (new.there || holder == -1) {
        return (new.there ? REFUSED_THERE : 0)
               | (holder == -1 ? REFUSED_HOLDER : 0);
    }

    new.there = true;
    new.class = op->class;
    new.holder = holder;
    new.status = CV_STATUS_DRAFT;
    new.issued_at = model_date(model, op->issued);
    new.expires_at = model_date(model, op->expires);
    new.number = model_number(op);
    new.score = op->score;
    new.test = op->test;
    refused = 0;

    switch (op->status) {

    case CV_STATUS_DRAFT:
    case CV_STATUS_PENDING:
        new.status = op->status;
        break;

    case CV_STATUS_ISSUED:
        refused = model_issue(model, &new, op, false);
        break;

    default:
        refused = REFUSED_STATUS;
        break;
    }

    new.updated_at = op->updated ? model_date(model, op->updated)
                                 : model_stamp(model);
    model_enter(model, &new, CV_ACTION_CREATED, -1, new.status, -1);

    refused |= model_put(model, i, &new);
    model_tell_status(model, i, -1);

    return refused;
}


/* To an API, a credential is there for who may manage it. */

static bool
model_known(const model_credential_t *credential, const op_t *op)
{
    return credential->there && op->api != 2;
}


static unsigned
model_do_issue(model_t *model, const op_t *op)
{
    int                 i, from;
    unsigned            refused;
    model_credential_t  new;

    i = model_credential(model, op);
    new = model->credentials[i];

    if (!model_known(&new, op)) {
        return REFUSED_UNKNOWN;
    }

    /* an API has no terms */

    from = new.status;
    refused = model_issue(model, &new, op->api ? &no_terms : op, true);
    model_enter(model, &new, CV_ACTION_ISSUED, from, CV_STATUS_ISSUED, -1);

    refused |= model_put(model, i, &new);
    model_tell_status(model, i, from);

    return refused;
}


/* The table that README has of steps. */

static unsigned
model_may(const model_t *model, const model_credential_t *credential, int to)
{
    bool  may, over;
    int   from;

    from = credential->status;
    over = model_lapses(credential)
           && model_expiry(&credential->expires_at) <= model->now;

    switch (to) {

    case CV_STATUS_PENDING:
        may = from == CV_STATUS_DRAFT;
        break;

    case CV_STATUS_CLAIMED:
        may = from == CV_STATUS_ISSUED;
        break;

    case CV_STATUS_USED:
        may = from == CV_STATUS_ISSUED || from == CV_STATUS_CLAIMED;
        break;

    case CV_STATUS_REFUNDED:
        may = from == CV_STATUS_PENDING || from == CV_STATUS_ISSUED
              || from == CV_STATUS_CLAIMED;
        break;

    case CV_STATUS_REVOKED:
        may = from != CV_STATUS_DRAFT;
        break;

    default:
        may = false;
        break;
    }

    if (!may) {
        return REFUSED_STATUS;
    }

    return over && (to == CV_STATUS_CLAIMED || to == CV_STATUS_USED)
           ? REFUSED_EXPIRED : 0;
}


static unsigned
model_move(model_t *model, const op_t *op)
{
    int                  i, reason, from;
    unsigned             refused;
    model_credential_t  *is;

    static const cv_action_t  actions[CV_STATUSES] = {
        [CV_STATUS_PENDING] = CV_ACTION_PENDING,
        [CV_STATUS_CLAIMED] = CV_ACTION_CLAIMED,
        [CV_STATUS_USED] = CV_ACTION_USED,
        [CV_STATUS_REFUNDED] = CV_ACTION_REFUNDED,
        [CV_STATUS_REVOKED] = CV_ACTION_REVOKED,
    };

    i = model_credential(model, op);
    is = &model->credentials[i];

    if (!model_known(is, op)) {
        return REFUSED_UNKNOWN;
    }

    from = is->status;

    /* by API, what is so already is done by one of two who ask for it */

    if (op->api && from == op->status
        && !(from == CV_STATUS_REVOKED && op->reason > 0))
    {
        return REFUSED_THERE;
    }

    reason = op->status == CV_STATUS_REVOKED ? op->reason : 0;
    reason = reason == 1 ? 0 : reason == 0 && from == CV_STATUS_REVOKED
                               ? is->reason : reason;

    if (from != op->status) {
        refused = model_may(model, is, op->status);
        if (refused) {
            return refused;
        }

        is->status = op->status;
        is->updated_at = model_stamp(model);
        model_enter(model, is, actions[op->status], from, op->status, -1);

        if (op->status == CV_STATUS_REVOKED) {
            is->revoked_at = model_stamp(model);
            is->reason = reason;
        }

        model_tell_status(model, i, from);

    } else if (op->status == CV_STATUS_REVOKED && reason != is->reason) {
        is->reason = reason;
        is->updated_at = model_stamp(model);
        model_enter(model, is, CV_ACTION_CHANGED, from, from, -1);
        model_tell_status(model, i, from);
    }

    return 0;
}


static unsigned
model_send(model_t *model, const op_t *op)
{
    int                  i;
    model_credential_t  *is;

    i = model_credential(model, op);
    is = &model->credentials[i];

    if (!model_known(is, op)) {
        return REFUSED_UNKNOWN;
    }

    if (is->status != CV_STATUS_ISSUED) {
        return REFUSED_STATUS;
    }

    if (model_expiry(&is->expires_at) <= model->now) {
        return REFUSED_EXPIRED;
    }

    if (!model->holders[is->holder].email) {
        return REFUSED_EMAIL;
    }

    model_enter(model, is, CV_ACTION_SENT, -1, -1, -1);
    model_mail(model, i);

    return 0;
}


static unsigned
model_token(model_t *model, const op_t *op)
{
    int             i;
    model_token_t  *token;

    i = model_credential(model, op);

    if (!model->credentials[i].there) {
        return REFUSED_UNKNOWN;
    }

    token = &model->tokens[model->ntokens];
    token->there = true;
    token->credential = i;
    token->privacy = op->privacy;
    token->expires_at = op->expires
                        ? model_date(model, op->expires)
                        : (model_date_t) { true, true,
                              model_midnight(model->now)
                              + (op->days + 1) * 30 * CV_DAY };

    model_enter(model, &model->credentials[i], CV_ACTION_TOKEN_MADE, -1, -1,
                model->ntokens);
    model->made = model->ntokens++;
    model_tell(model, EVENT_TOKEN_CREATED, i, model->made);

    return 0;
}


static unsigned
model_token_revoke(model_t *model, const op_t *op)
{
    model_token_t  *token;

    if (op->token >= model->ntokens) {
        return model->credentials[model_credential(model, op)].there
               ? REFUSED_TOKEN : REFUSED_UNKNOWN;
    }

    token = &model->tokens[op->token];

    if (!token->there) {
        return REFUSED_TOKEN;
    }

    token->there = false;
    model_enter(model, &model->credentials[token->credential],
                CV_ACTION_TOKEN_REVOKED, -1, -1, op->token);
    model_tell(model, EVENT_TOKEN_REVOKED, token->credential, op->token);

    return 0;
}


static bool
model_has(const model_t *model, int holder, int class)
{
    int  i;

    for (i = 0; i < model->ncredentials; i++) {
        if (model->credentials[i].there
            && model->credentials[i].holder == holder
            && model->credentials[i].class == class
            && !model->credentials[i].test)
        {
            return true;
        }
    }

    return false;
}


static bool
model_reached(const model_class_t *class, const model_holder_t *holder, int i)
{
    return (class->practice != -1 || class->learn != -1)
           && (holder->practice[i] > 0 ? holder->practice[i] : 0)
              >= class->practice
           && (holder->learn[i] > 0 ? holder->learn[i] : 0) >= class->learn;
}


static unsigned
model_progress(model_t *model, const op_t *op)
{
    int                 i;
    unsigned            refused;
    model_holder_t     *holder;
    model_credential_t  new;

    i = model_holder(model, op);

    /* an API knows of courses alone, and notes no tests */

    if (op->api == 2 || (op->api && !op->practice && !op->learn)) {
        return REFUSED_BODY;
    }

    if (i == -1) {
        return REFUSED_HOLDER;
    }

    if (op->api && model->classes[op->class].practice == -1
        && model->classes[op->class].learn == -1)
    {
        return REFUSED_CLASS;
    }

    holder = &model->holders[i];

    if (op->practice) {
        holder->practice[op->class] = op->practice - 1;
    }

    if (op->learn) {
        holder->learn[op->class] = op->learn - 1;
    }

    model->complete = model_reached(&model->classes[op->class], holder,
                                    op->class);

    if (!model->complete || holder->certified[op->class]) {
        return 0;
    }

    holder->certified[op->class] = true;

    if (model_has(model, i, op->class)) {
        return 0;
    }

    memset(&new, 0, sizeof(new));
    new.there = true;
    new.class = op->class;
    new.holder = i;

    refused = model_issue(model, &new, &no_terms, false);
    model_enter(model, &new, CV_ACTION_CREATED, -1, CV_STATUS_ISSUED, -1);

    model->made = model->ncredentials++;

    refused |= model_put(model, model->made, &new);
    model_tell_status(model, model->made, -1);

    return refused;
}


static bool
model_date_same(const model_date_t *a, const model_date_t *b)
{
    return a->set == b->set
           && (!a->set || (a->bare == b->bare && a->at == b->at));
}


static bool
model_same(const model_credential_t *a, const model_credential_t *b)
{
    return a->there == b->there && a->class == b->class
           && a->holder == b->holder && a->status == b->status
           && model_date_same(&a->issued_at, &b->issued_at)
           && model_date_same(&a->expires_at, &b->expires_at)
           && model_date_same(&a->updated_at, &b->updated_at)
           && model_date_same(&a->revoked_at, &b->revoked_at)
           && model_number_same(&a->number, &b->number)
           && a->reason == b->reason && a->score == b->score
           && a->test == b->test;
}


/* A line replaces everything, and decides nothing. */

static unsigned
model_import(model_t *model, const op_t *op)
{
    int                        i, from;
    unsigned                   refused;
    model_credential_t         new;
    const model_credential_t  *old;

    i = model_credential(model, op);
    old = &model->credentials[i];
    new = *old;

    new.there = true;
    new.class = op->class;
    new.holder = model_holder(model, op);
    new.status = op->status;
    new.issued_at = model_date(model, op->issued);
    new.expires_at = model_date(model, op->expires);
    new.updated_at = model_date(model, op->updated);
    new.revoked_at = model_date(model, op->revoked);
    new.number = model_number(op);
    new.reason = op->reason > 1 ? op->reason : 0;
    new.score = op->score;
    new.test = op->test;

    if (new.holder == -1) {
        return REFUSED_HOLDER;
    }

    if (model_same(old, &new)) {
        return 0;
    }

    from = old->there ? old->status : -1;
    model_enter(model, &new, CV_ACTION_IMPORTED, from, new.status, -1);

    refused = model_put(model, i, &new);

    if (model->tell) {
        model_tell_status(model, i, from);
    }

    return refused;
}


/* Whoever is somebody else by now is so on each credential. */

static void
model_tell_holder(model_t *model, int holder)
{
    int  i;

    for (i = 0; i < model->ncredentials; i++) {
        if (model->credentials[i].there
            && model->credentials[i].holder == holder)
        {
            model_tell(model, EVENT_UPDATED, i, -1);
        }
    }
}


static unsigned
model_set_holder(model_t *model, const op_t *op)
{
    int   i, name;
    bool  same;

    i = model_holder(model, op);
    name = op->reason > 1 ? op->reason : 0;

    if (i == -1) {
        i = model_new_holder(model, op);
        model->named[op->holder % MODEL_NAMES] = i;

        (void) snprintf(model->holders[i].id, MODEL_TEXT, "%u-h%d", model->run,
                        op->holder % MODEL_NAMES);
    }

    same = model->holders[i].name == name
           && model->holders[i].email == (op->privacy != 0);

    model->holders[i].name = name;
    model->holders[i].email = op->privacy;

    if (model->tell && !same) {
        model_tell_holder(model, i);
    }

    return 0;
}


/* The holder loses the id that is known, and all that is not of a verdict. */

static unsigned
model_erase(model_t *model, const op_t *op)
{
    int                  i, name;
    model_credential_t  *credential;

    model->made = model_holder(model, op);

    if (model->made == -1) {
        return REFUSED_HOLDER;
    }

    for (name = 0; name < MODEL_NAMES; name++) {
        if (model->named[name] == model->made) {
            model->named[name] = -1;
        }
    }

    model->holders[model->made].name = 0;
    model->holders[model->made].email = false;

    for (i = 0; i < model->ncredentials; i++) {
        credential = &model->credentials[i];

        if (!credential->there || credential->holder != model->made) {
            continue;
        }

        if (credential->score || credential->reason) {
            credential->score = false;
            credential->reason = 0;
            credential->updated_at = model_stamp(model);
            model_enter(model, credential, CV_ACTION_ERASED, credential->status,
                        credential->status, -1);
        }

        /* what was told before may name who is erased */

        model_forget(model, i);
        model_tell(model, EVENT_UPDATED, i, -1);
    }

    return 0;
}


static unsigned
model_set_class(model_t *model, const op_t *op)
{
    int             i, family;
    model_class_t  *class;

    static const int  days[] = { -1, 30, 365, 0 };

    class = &model->classes[op->class];
    family = op->number % NUMBER_SHORT;

    class->valid_days = days[op->days];
    class->practice = op->practice - 1;
    class->learn = op->learn - 1;

    if (class->format == family) {
        return 0;
    }

    /* a new format goes through the numbers that there are */

    class->format = family;

    for (i = 0; i < model->ncredentials; i++) {
        if (model->credentials[i].there
            && model->credentials[i].class == op->class)
        {
            model_raise(class, &model->credentials[i]);
        }
    }

    return 0;
}


static unsigned
model_advance(model_t *model, const op_t *op)
{
    cv_time_t                  to;
    const model_credential_t  *credential;

    static const cv_time_t  steps[] = {
        1, MODEL_HOUR, CV_DAY, 31 * CV_DAY, 200 * CV_DAY, 366 * CV_DAY
    };

    credential = &model->credentials[model_credential(model, op)];

    if (op->advance < (int) CV_COUNT(steps)) {
        to = model->now + steps[op->advance];

    } else if (op->advance < MODEL_ADVANCES - 1) {
        to = model_expiry(&credential->expires_at);
        to -= op->advance == MODEL_ADVANCES - 2;

    } else {
        to = op->token < model->ntokens
             ? model_expiry(&model->tokens[op->token].expires_at) : 0;
    }

    if (to > model->now && to < MODEL_END) {
        model->now = to;
    }

    return 0;
}


unsigned
model_do(model_t *model, const op_t *op)
{
    model_t   before;
    unsigned  refused;

    static unsigned (*const  steps[OP_KINDS])(model_t *, const op_t *) = {
        [OP_CREATE] = model_create,
        [OP_ISSUE] = model_do_issue,
        [OP_MOVE] = model_move,
        [OP_SEND] = model_send,
        [OP_TOKEN] = model_token,
        [OP_TOKEN_REVOKE] = model_token_revoke,
        [OP_PROGRESS] = model_progress,
        [OP_IMPORT] = model_import,
        [OP_HOLDER] = model_set_holder,
        [OP_ERASE] = model_erase,
        [OP_CLASS] = model_set_class,
        [OP_TIME] = model_advance,
    };

    before = *model;
    model->step++;
    model->api = op->api;
    model->made = -1;
    model->complete = false;

    refused = steps[op->kind](model, op);

    if (refused) {
        *model = before;
        model->made = -1;
        model->complete = false;
    }

    return refused;
}
