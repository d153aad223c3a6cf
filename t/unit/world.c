
/*
 * Copyright (C) The credverify authors
 */

#include "world.h"
#include "cv_erase.h"
#include "cv_import.h"
#include "cv_progress.h"
#include "cv_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


bool
wrong(world_t *world, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(world->why, sizeof(world->why), fmt, args);
    va_end(args);

    return false;
}


/* Doing a step to the store */

static cv_str_t
some(const char *text)
{
    return *text != '\0' ? cv_str_z(text) : CV_ABSENT;
}


static cv_date_t
date_of(const char *text)
{
    cv_date_t  date;

    memset(&date, 0, sizeof(date));

    if (*text != '\0' && !cv_date_parse(&date, cv_str_z(text))) {
        fail_msg("no date: %s", text);
    }

    return date;
}


static void
given_date(const model_t *model, int choice, char out[MODEL_TEXT])
{
    model_date_t  date;

    date = model_date(model, choice);
    model_date_text(&date, out);
}


void
give(const model_t *model, const op_t *op, given_t *given)
{
    int             i;
    model_number_t  number;

    memset(given, 0, sizeof(given_t));

    i = model_credential(model, op);
    number = model_number(op);

    memcpy(given->id, model->credentials[i].id, MODEL_TEXT);
    model_class_id(model, op->class, given->class);
    model_holder_id(model, op, given->holder);
    given_date(model, op->issued, given->issued);
    given_date(model, op->expires, given->expires);
    given_date(model, op->revoked, given->revoked);
    given_date(model, op->updated, given->updated);
    model_number_text(model, &number, given->number);
    model_reason_text(op->reason, given->reason);

    given->test = model->credentials[i].test;

    if (model->credentials[i].public_id) {
        model_public_id(model, i, given->public_id);
    }
}


static cv_err_t
do_create(world_t *world, cv_txn_t *txn, const op_t *op, const given_t *given)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = cv_str_z(given->id);
    credential.class.id = cv_str_z(given->class);
    credential.holder.id = cv_str_z(given->holder);
    credential.status = (cv_int_t) { op->status, true };
    credential.issued_at = date_of(given->issued);
    credential.expires_at = date_of(given->expires);
    credential.updated_at = date_of(given->updated);
    credential.number = some(given->number);
    credential.public_id = some(given->public_id);
    credential.score = op->score ? CV_STR("87%") : CV_ABSENT;
    credential.test = (cv_int_t) { op->test, op->test };

    return cv_issue_create(txn, &credential, op->forever, &world->moment,
                           &error);
}


static cv_err_t
do_issue(world_t *world, cv_txn_t *txn, const op_t *op, const given_t *given)
{
    cv_terms_t       terms;
    cv_credential_t  credential;

    terms.number = some(given->number);
    terms.issued_at = date_of(given->issued);
    terms.expires_at = date_of(given->expires);
    terms.forever = op->forever;

    return cv_issue_issue(txn, cv_str_z(given->id), &terms, &credential,
                          &world->moment, &error);
}


static cv_err_t
do_move(world_t *world, cv_txn_t *txn, const op_t *op, const given_t *given)
{
    cv_str_t         reason;
    cv_credential_t  credential;

    reason = op->status == CV_STATUS_REVOKED && op->reason > 0
             ? cv_str_z(given->reason) : CV_ABSENT;

    return cv_issue_move(txn, cv_str_z(given->id), (cv_status_t) op->status,
                         reason, &credential, &world->moment, &error);
}


/* What an API is given, "" for nothing. */

static cv_operate_t
managed_body(const op_t *op, const given_t *given, FILE *body)
{
    static const cv_operate_t  moves[CV_STATUSES] = {
        [CV_STATUS_PENDING] = CV_OPERATE_PEND,
        [CV_STATUS_CLAIMED] = CV_OPERATE_CLAIM,
        [CV_STATUS_USED] = CV_OPERATE_USE,
        [CV_STATUS_REFUNDED] = CV_OPERATE_REFUND,
        [CV_STATUS_REVOKED] = CV_OPERATE_REVOKE,
    };

    switch (op->kind) {

    case OP_SEND:
        (void) fputs("{\"method\":\"email\"}", body);
        return CV_OPERATE_SEND;

    case OP_ISSUE:
        return CV_OPERATE_ISSUE;

    case OP_CREATE:
        (void) fprintf(body, "{\"class\":\"%s\"", given->class);
        line_add(body, op->forever ? "holder" : "name",
                 op->forever ? given->holder : given->reason);
        line_add(body, "email",
                 op->forever || !op->privacy ? "" : "jo@mail.example");
        line_add(body, "issued", given->issued);
        line_add(body, "expires", given->expires);
        line_add(body, "number", given->number);
        (void) fputs("}", body);

        return op->status == CV_STATUS_ISSUED ? CV_OPERATE_CREATE_ISSUE_SEND
                                              : CV_OPERATE_CREATE;

    case OP_PROGRESS:
        (void) fputs("{", body);

        if (op->practice) {
            (void) fprintf(body, "\"practice\":%d%s", op->practice - 1,
                           op->learn ? "," : "");
        }

        if (op->learn) {
            (void) fprintf(body, "\"learn\":%d", op->learn - 1);
        }

        (void) fputs("}", body);
        return CV_OPERATE_PROGRESS;

    default:
        if (op->status == CV_STATUS_REVOKED && op->reason > 0) {
            (void) fprintf(body, "{\"reason\":\"%s\"}", given->reason);
        }

        return moves[op->status];
    }
}


/* the ids that the API has made are those of the model's from now on */

static void
managed_ids(world_t *world, cv_txn_t *txn, const op_t *op)
{
    int                  i;
    model_t             *model;
    model_holder_t      *holder;
    model_credential_t  *made;

    model = &world->model;

    if (op->kind == OP_PROGRESS
        && (world->managed.number != 0) != (model->made != -1))
    {
        (void) wrong(world, "%s was issued",
                     model->made == -1 ? "something" : "nothing");
    }

    if ((op->kind != OP_CREATE && op->kind != OP_PROGRESS)
        || model->made == -1
        || cv_manage_load(txn, world->managed.number, &world->managed, &error)
           != CV_OK)
    {
        return;
    }

    made = &model->credentials[model->made];
    holder = &model->holders[made->holder];

    (void) snprintf(made->id, MODEL_TEXT, "%.*s",
                    CV_FMT(world->managed.credential.id));
    (void) snprintf(holder->id, MODEL_TEXT, "%.*s",
                    CV_FMT(world->managed.holder.id));

    for (i = 0; i < model->nevents; i++) {
        if (model->events[i].step == model->step) {
            memcpy(model->events[i].holder, holder->id, MODEL_TEXT);
        }
    }
}


/* An outcome that refuses has written nothing: that is committed, too. */

static cv_err_t
do_managed(world_t *world, cv_txn_t *txn, const op_t *op,
    const given_t *given)
{
    char             body[1024], issuer[MODEL_TEXT];
    FILE            *out;
    cv_str_t         issuers[1];
    cv_err_t         err;
    cv_operation_t   operation;

    model_issuer_id(&world->model, issuer);
    issuers[0] = cv_str_z(issuer);

    memset(&operation, 0, sizeof(operation));
    memset(body, 0, sizeof(body));

    out = fmemopen(body, sizeof(body), "w");
    assert_non_null(out);
    operation.verb = managed_body(op, given, out);
    (void) fclose(out);

    operation.id = cv_str_z(given->id);
    operation.holder = cv_str_z(given->holder);
    operation.class = cv_str_z(given->class);
    operation.body = cv_str_z(body);
    operation.form = world->form;
    operation.issuers = issuers;
    operation.nissuers = 1;
    operation.test = op->kind == OP_CREATE || op->kind == OP_PROGRESS
                     ? op->api == 2 : given->test == (op->api == 1);
    operation.actor = CV_STR("key:model");
    operation.now = world->model.now;

    err = cv_manage(txn, &operation, &world->managed, &error);

    if (err == CV_OK && world->managed.outcome != CV_FOUND
        && world->managed.outcome != CV_CREATED)
    {
        return cv_error_set(&error, CV_ERR_INPUT, "%.*s",
                            CV_FMT(world->managed.detail));
    }

    if (err == CV_OK) {
        managed_ids(world, txn, op);
    }

    return err;
}


static cv_err_t
do_token(world_t *world, cv_txn_t *txn, const op_t *op, const given_t *given)
{
    cv_err_t         err;
    model_token_t   *token;
    cv_new_token_t   new;

    memset(&new, 0, sizeof(new));
    new.record.privacy = (cv_int_t) { op->privacy, true };
    cv_token_begin(&new.record, (unsigned) (op->days + 1) * 30,
                   &world->moment);

    if (op->expires) {
        new.record.expires_at = date_of(given->expires);
    }

    err = cv_issue_token(txn, cv_str_z(given->id), &new, &error);

    if (err == CV_OK && world->model.made != -1) {
        token = &world->model.tokens[world->model.made];
        memcpy(token->secret, new.secret, sizeof(token->secret));
        memcpy(token->hash, new.hash, sizeof(token->hash));
    }

    return err;
}


static cv_err_t
do_token_revoke(world_t *world, cv_txn_t *txn, const op_t *op,
    const given_t *given)
{
    char                  digits[2 * CV_TOKEN_HASH_LEN];
    uint8_t               revoked[CV_TOKEN_HASH_LEN];
    const char           *id;
    const model_token_t  *token;

    if (op->token >= world->model.ntokens) {
        return cv_issue_revoke_token(txn, cv_str_z(given->id),
                                     CV_STR("0123456789abcdef"), revoked,
                                     &error);
    }

    token = &world->model.tokens[op->token];
    id = world->model.credentials[token->credential].id;
    cv_hex_encode(digits, cv_str(token->hash, sizeof(token->hash)));

    return cv_issue_revoke_token(txn, cv_str_z(id), cv_str(digits, 16),
                                 revoked, &error);
}


static cv_err_t
do_progress(world_t *world, cv_txn_t *txn, const op_t *op,
    const given_t *given)
{
    cv_err_t        err;
    cv_step_t       step;
    model_t        *model;
    cv_progress_t   progress;

    model = &world->model;
    memset(&progress, 0, sizeof(progress));
    progress.holder.id = cv_str_z(given->holder);
    progress.class.id = cv_str_z(given->class);
    progress.practice = (cv_int_t) { op->practice - 1, op->practice > 0 };
    progress.learn = (cv_int_t) { op->learn - 1, op->learn > 0 };

    err = cv_progress_record(txn, &progress, &step, &world->moment, &error);

    if (err == CV_OK && step.complete != model->complete) {
        (void) wrong(world, "complete is %d", step.complete);

    } else if (err == CV_OK && step.issued != (model->made != -1)) {
        (void) wrong(world, "issued is %d", step.issued);

    } else if (err == CV_OK && step.issued) {
        (void) snprintf(model->credentials[model->made].id, MODEL_TEXT, "%.*s",
                        CV_FMT(step.credential.id));
    }

    return err;
}


static cv_err_t
do_erase(world_t *world, cv_txn_t *txn, const op_t *op, const given_t *given)
{
    int            i;
    char          *id;
    cv_err_t       err;
    uint64_t       credentials;
    model_t       *model;
    cv_erasure_t   erasure;

    (void) op;
    model = &world->model;

    err = cv_erase_holder(txn, cv_str_z(given->holder), &erasure,
                          &world->moment, &error);

    if (err != CV_OK || model->made == -1) {
        return err;
    }

    id = model->holders[model->made].id;

    /* who was erased before keeps the id */

    if (strncmp(id, "erased-", 7) == 0
        && memcmp(id, erasure.id, sizeof(erasure.id)) != 0)
    {
        (void) wrong(world, "another id of who was erased before");
    }

    (void) snprintf(id, MODEL_TEXT, "%.*s", (int) sizeof(erasure.id),
                    erasure.id);

    for (i = 0; i < model->nevents; i++) {
        if (model->events[i].step == model->step) {
            memcpy(model->events[i].holder, id, MODEL_TEXT);
        }
    }

    for (credentials = 0, i = 0; i < model->ncredentials; i++) {
        credentials += model->credentials[i].there
                       && model->credentials[i].holder == model->made;
    }

    if (erasure.credentials != credentials) {
        (void) wrong(world, "%" PRIu64 " credentials of who was erased",
                     erasure.credentials);
    }

    return err;
}


/* Lines, for the import */

void
line_add(FILE *lines, const char *member, const char *text)
{
    if (*text != '\0') {
        (void) fprintf(lines, ",\"%s\":\"%s\"", member, text);
    }
}


static void
line_credential(FILE *lines, const op_t *op, const given_t *given)
{
    line_add(lines, "id", given->id);
    line_add(lines, "class", given->class);
    line_add(lines, "holder", given->holder);
    line_add(lines, "status", cv_status_names[op->status]);
    line_add(lines, "issued_at", given->issued);
    line_add(lines, "expires_at", given->expires);
    line_add(lines, "updated_at", given->updated);
    line_add(lines, "revoked_at", given->revoked);
    line_add(lines, "revocation_reason", given->reason);
    line_add(lines, "number", given->number);
    line_add(lines, "public_id", given->public_id);
    line_add(lines, "score", op->score ? "87%" : "");

    if (op->test) {
        (void) fputs(",\"test\":true", lines);
    }
}


void
line_class(FILE *lines, const model_t *model, int i)
{
    char                  id[MODEL_TEXT], format[MODEL_TEXT];
    char                  issuer[MODEL_TEXT];
    const char           *with;
    const model_class_t  *class;

    class = &model->classes[i];
    model_class_id(model, i, id);

    line_add(lines, "id", id);
    model_issuer_id(model, issuer);
    line_add(lines, "issuer", issuer);
    line_add(lines, "title", "Class");

    if (model_format(model, class->format, format) != NULL) {
        line_add(lines, "number_format", format);
    }

    if (class->valid_days != -1) {
        (void) fprintf(lines, ",\"valid_days\":%d", class->valid_days);
    }

    (void) fputs(",\"requires\":{", lines);
    with = "";

    if (class->practice != -1) {
        (void) fprintf(lines, "\"practice\":%d", class->practice);
        with = ",";
    }

    if (class->learn != -1) {
        (void) fprintf(lines, "%s\"learn\":%d", with, class->learn);
    }

    (void) fputs("}", lines);
}


cv_err_t
lines_import(world_t *world, FILE *lines)
{
    cv_err_t             err;
    cv_import_result_t   result;
    cv_import_options_t  options;

    memset(&options, 0, sizeof(options));
    options.exclusive = true;
    options.emit_events = world->model.tell;
    options.actor = CV_STR("cli:model");

    assert_int_equal(fflush(lines), 0);
    assert_int_equal(lseek(fileno(lines), 0, SEEK_SET), 0);

    err = cv_import(world->store, fileno(lines), &options, &result, &error);

    (void) fclose(lines);

    return err;
}


FILE *
lines_open(void)
{
    FILE  *lines;

    lines = fdopen(memfd_create("lines", 0), "w+");
    assert_non_null(lines);

    return lines;
}


void
line_begin(FILE *lines, const char *kind)
{
    (void) fprintf(lines, "{\"kind\":\"%s\"", kind);
}


void
line_write(FILE *lines, const model_t *model, const op_t *op,
    const given_t *given)
{
    switch (op->kind) {

    case OP_IMPORT:
        line_begin(lines, "credential");
        line_credential(lines, op, given);
        break;

    case OP_HOLDER:
        line_begin(lines, "holder");
        line_add(lines, "id", given->holder);
        line_add(lines, "name", given->reason);
        line_add(lines, "email", op->privacy ? "jo@mail.example" : "");
        break;

    default:
        line_begin(lines, "class");
        line_class(lines, model, op->class);
        break;
    }

    (void) fputs("}\n", lines);
}


cv_err_t
do_write(world_t *world, const op_t *op, const given_t *given)
{
    cv_err_t     err, committed;
    cv_txn_t    *txn;
    cv_error_t   refused;

    static cv_err_t (*const  steps[OP_KINDS])(world_t *, cv_txn_t *,
                                              const op_t *, const given_t *)
        = {
        [OP_CREATE] = do_create,
        [OP_ISSUE] = do_issue,
        [OP_MOVE] = do_move,
        [OP_TOKEN] = do_token,
        [OP_TOKEN_REVOKE] = do_token_revoke,
        [OP_PROGRESS] = do_progress,
        [OP_ERASE] = do_erase,
    };

    txn = NULL;
    err = cv_txn_begin(&txn, world->store, &error);
    assert_int_equal(err, CV_OK);
    cv_txn_actor(txn, CV_STR("cli:model"));

    err = op->api ? do_managed(world, txn, op, given)
                  : steps[op->kind](world, txn, op, given);

    /* the API says by an outcome what is refused */

    if (err != CV_OK
        && (!op->api || world->managed.outcome == CV_SERVER_ERROR))
    {
        cv_txn_abort(txn);
        return err;
    }

    refused = error;
    committed = cv_txn_commit(txn, &error);
    error = refused;

    return err != CV_OK ? err : committed;
}


static const char *const  refusals[REFUSED_KINDS] = {
    "there is no credential", "there is no holder", "already",
    "; ", "what has expired", "has the number", "belongs to another",
    "before it is issued", "valid_days is 0", "has no token", "no e-mail",
};

/* what an API says in other words */

static const struct {
    unsigned     refused;
    const char  *said;
} by_api[] = {
    { REFUSED_UNKNOWN, "There is no such credential." },
    { REFUSED_HOLDER, "names nobody who has a credential here" },
    { REFUSED_TAKEN, "is that of another credential" },
    { REFUSED_EMAIL, "is required" },
    { REFUSED_HOLDER, "There is no such user." },
    { REFUSED_CLASS, "There is no such category, or" },
    { REFUSED_BODY, "The body has no count." },
    { REFUSED_BODY, "A test key records no progress." },
};


bool
agree(world_t *world, unsigned refused, cv_err_t err)
{
    unsigned  i;

    if (!refused || err == CV_OK) {
        return !refused == (err == CV_OK)
               || wrong(world, refused ? "done, and not to be (%x)"
                                       : "refused (%x): %s", refused,
                        error.text);
    }

    for (i = 0; i < REFUSED_KINDS; i++) {
        if ((refused & 1U << i) && strstr(error.text, refusals[i]) != NULL) {
            return true;
        }
    }

    for (i = 0; i < CV_COUNT(by_api); i++) {
        if ((refused & by_api[i].refused)
            && strstr(error.text, by_api[i].said) != NULL)
        {
            return true;
        }
    }

    return wrong(world, "refused, but for another reason than %x: %s", refused,
                 error.text);
}
