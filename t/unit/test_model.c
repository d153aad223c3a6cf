
/*
 * Copyright (C) The credverify authors
 *
 * Sequences of everything that can become of a credential, made by dice, done
 * to a real store and to a small model of what the contract says (model.h):
 * they must agree about what is refused and why, and after each step about
 * every record, number, date and verdict; at the end about the audit trail.
 *
 *     MODEL_SEED=1 MODEL_SEQUENCES=10000 MODEL_FIRST=0 test_model
 *
 * A sequence depends on the seed and its number alone; MODEL_FIRST is the first
 * number.  One that fails is made as short as it gets by leaving steps out, and
 * printed.
 */

#include "cv_erase.h"
#include "cv_import.h"
#include "cv_issue.h"
#include "cv_progress.h"
#include "cv_text.h"
#include "cv_verify.h"
#include "fixture.h"
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEQUENCES  10000
#define SEED       1
#define MAP        ((size_t) 4 << 30)
#define WHY_MAX    1024

/* the numbers of webhooks, in the order in which they are put */
#define WEBHOOK_ALL      1
#define WEBHOOK_REVOKED  2

typedef struct {
    char             dir[64];
    cv_store_t      *store;
    cv_txn_t        *snapshot;
    cv_verifier_t   *verifier;
    cv_moment_t      moment;
    model_t          model;
    model_t          before;            /* the lines of a batch, */
    FILE            *lines;             /* which is there while it lasts */
    unsigned         runs;
    uint64_t         dice;
    uint64_t         steps;
    uint64_t         refused;
    char             why[WHY_MAX];      /* a sequence failed */
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
} given_t;


/* in LMDB's place: what is lost with the power is not what is looked at here */

int
fdatasync(int fd)
{
    (void) fd;

    return 0;
}


static bool
wrong(world_t *world, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
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


static void
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

static void
add(FILE *lines, const char *member, const char *text)
{
    if (*text != '\0') {
        (void) fprintf(lines, ",\"%s\":\"%s\"", member, text);
    }
}


static void
line_credential(FILE *lines, const op_t *op, const given_t *given)
{
    add(lines, "id", given->id);
    add(lines, "class", given->class);
    add(lines, "holder", given->holder);
    add(lines, "status", cv_status_names[op->status]);
    add(lines, "issued_at", given->issued);
    add(lines, "expires_at", given->expires);
    add(lines, "updated_at", given->updated);
    add(lines, "revoked_at", given->revoked);
    add(lines, "revocation_reason", given->reason);
    add(lines, "number", given->number);
    add(lines, "public_id", given->public_id);
    add(lines, "score", op->score ? "87%" : "");

    if (op->test) {
        (void) fputs(",\"test\":true", lines);
    }
}


static void
line_class(FILE *lines, const model_t *model, int i)
{
    char                  id[MODEL_TEXT], format[MODEL_TEXT];
    const char           *with;
    const model_class_t  *class;

    class = &model->classes[i];
    model_class_id(model, i, id);

    add(lines, "id", id);
    add(lines, "issuer", "issuer");
    add(lines, "title", "Class");

    if (model_format(model, class->format, format) != NULL) {
        add(lines, "number_format", format);
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


static cv_err_t
import(world_t *world, FILE *lines)
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


static FILE *
lines_open(void)
{
    FILE  *lines;

    lines = fdopen(memfd_create("lines", 0), "w+");
    assert_non_null(lines);

    return lines;
}


static void
line_begin(FILE *lines, const char *kind)
{
    (void) fprintf(lines, "{\"kind\":\"%s\"", kind);
}


static void
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
        add(lines, "id", given->holder);
        add(lines, "name", given->reason);
        break;

    default:
        line_begin(lines, "class");
        line_class(lines, model, op->class);
        break;
    }

    (void) fputs("}\n", lines);
}


static cv_err_t
do_write(world_t *world, const op_t *op, const given_t *given)
{
    cv_err_t   err;
    cv_txn_t  *txn;

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

    err = steps[op->kind](world, txn, op, given);

    if (err == CV_OK) {
        err = cv_txn_commit(txn, &error);
    } else {
        cv_txn_abort(txn);
    }

    return err;
}


static const char *const  refusals[REFUSED_KINDS] = {
    "there is no credential", "there is no holder", "already",
    "; ", "what has expired", "has the number", "belongs to another",
    "before it is issued", "valid_days is 0", "has no token",
};


/* True if the store did what the model says, for a reason that is one of its. */

static bool
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

    return wrong(world, "refused, but for another reason than %x: %s", refused,
                 error.text);
}


/* Comparing */

static bool
same_text(world_t *world, const char *what, cv_str_t is, const char *expected)
{
    return cv_str_eq(is, cv_str_z(expected))
           || wrong(world, "%s is \"%.*s\", not \"%s\"", what, CV_FMT(is),
                    expected);
}


static bool
same_date(world_t *world, const char *what, const cv_date_t *is,
    const model_date_t *expected)
{
    char  text[MODEL_TEXT];

    model_date_text(expected, text);

    return same_text(world, what, is->text, text)
           && (!expected->set || is->at == expected->at
               || wrong(world, "%s is at %" PRId64, what, is->at));
}


static bool
same_record(world_t *world, cv_credential_t *is,
    const model_credential_t *expected)
{
    char            number[MODEL_TEXT], reason[MODEL_TEXT], class[MODEL_TEXT];
    const model_t  *model;

    model = &world->model;
    cv_unresolve(world->snapshot, CV_CREDENTIAL, is);

    model_number_text(model, &expected->number, number);
    model_reason_text(expected->reason, reason);
    model_class_id(model, expected->class, class);

    return same_text(world, "status",
                     cv_str_z(cv_status_names[is->status.value]),
                     cv_status_names[expected->status])
           && same_text(world, "number", is->number, number)
           && same_date(world, "issued_at", &is->issued_at,
                        &expected->issued_at)
           && same_date(world, "expires_at", &is->expires_at,
                        &expected->expires_at)
           && same_date(world, "updated_at", &is->updated_at,
                        &expected->updated_at)
           && same_date(world, "revoked_at", &is->revoked_at,
                        &expected->revoked_at)
           && same_text(world, "revocation_reason", is->revocation_reason,
                        reason)
           && same_text(world, "class", is->class.id, class)
           && same_text(world, "holder", is->holder.id,
                        model->holders[expected->holder].id)
           && same_text(world, "score", is->score,
                        expected->score ? "87%" : "");
}


static bool
same_verdict(world_t *world, int i, int token, const cv_request_t *request)
{
    char               name[MODEL_TEXT];
    model_verdict_t    expected;
    cv_verification_t  out;

    expected = model_verify(&world->model, i, token, request->test);

    if (cv_verify(&out, world->verifier, world->snapshot, request,
                  world->model.now) != CV_OK)
    {
        return wrong(world, "verify failed");
    }

    if (out.verdict.reason != expected.reason) {
        return wrong(world, "verdict by %.*s is %.*s, not %.*s",
                     CV_FMT(cv_by_names[request->by]),
                     CV_FMT(cv_outcomes[out.verdict.reason].name),
                     CV_FMT(cv_outcomes[expected.reason].name));
    }

    if (out.verdict.next_change_at != expected.next_change_at) {
        return wrong(world, "next change at %" PRId64 ", not %" PRId64,
                     out.verdict.next_change_at, expected.next_change_at);
    }

    if ((out.evidence.holder != NULL) != expected.holder) {
        return wrong(world, "the holder is %sdisclosed",
                     expected.holder ? "not " : "");
    }

    if (!expected.holder) {
        return true;
    }

    model_reason_text(world->model.holders[
                          world->model.credentials[i].holder].name, name);

    return out.verdict.privacy == expected.privacy
           && same_text(world, "name", out.holder.name, name);
}


/* By another handle each time, and asked by whom it is for and whom not. */

static bool
same_verdicts(world_t *world, int i)
{
    bool                test;
    char                text[MODEL_TEXT];
    cv_request_t        request;
    cv_assertion_t      assertion;
    const model_t      *model;
    uint64_t            iid;

    model = &world->model;
    memset(&request, 0, sizeof(request));
    memset(text, 0, sizeof(text));

    test = model->credentials[i].test;
    request.test = (world->steps + (uint64_t) i) % 16 == 0 ? !test : test;

    if (world->steps % 2 && model->credentials[i].number.family != NUMBER_NONE)
    {
        model_number_text(model, &model->credentials[i].number, text);
        request.by = CV_BY_NUMBER;
        request.handle = cv_str_z(text);

    } else if (world->steps % 3 && model->credentials[i].public_id) {
        model_public_id(model, i, text);
        request.by = CV_BY_ID;
        request.handle = cv_str_z(text);

    } else {
        iid = cv_find(world->snapshot, CV_HANDLE_CREDENTIAL_ID,
                      cv_str_z(model->credentials[i].id));

        if (!cv_get_assertion(world->snapshot, iid, &assertion)) {
            return wrong(world, "there is no assertion");
        }

        request.by = CV_BY_ASSERTION;
        request.handle = assertion.id;
    }

    return same_verdict(world, i, -1, &request);
}


static bool
same_credential(world_t *world, int i)
{
    bool                       there;
    cv_credential_t            credential;
    const model_credential_t  *expected;

    expected = &world->model.credentials[i];

    there = cv_get_by_id(world->snapshot, CV_CREDENTIAL,
                         cv_str_z(expected->id), &credential, NULL);

    if (there != expected->there) {
        return wrong(world, "credential %s is%s there", expected->id,
                     there ? "" : " not");
    }

    return !there || (same_record(world, &credential, expected)
                      && same_verdicts(world, i));
}


static bool
same_tokens(world_t *world)
{
    int                   i;
    cv_request_t          request;
    const model_token_t  *token;

    memset(&request, 0, sizeof(request));
    request.by = CV_BY_TOKEN;

    for (i = 0; i < world->model.ntokens; i++) {
        token = &world->model.tokens[i];
        request.handle = cv_str(token->secret, sizeof(token->secret));
        request.test = world->model.credentials[token->credential].test;

        if (!same_verdict(world, token->credential, i, &request)) {
            return false;
        }
    }

    return true;
}


static bool
same_entry(world_t *world, const cv_audit_t *is, const model_entry_t *expected)
{
    const model_token_t  *token;

    token = expected->token == -1 ? NULL
                                  : &world->model.tokens[expected->token];

    if (is->action != expected->action || is->from != expected->from
        || is->to != expected->to)
    {
        return wrong(world, "history has %s %d>%d, not %s %d>%d",
                     cv_action_names[is->action], is->from, is->to,
                     cv_action_names[expected->action], expected->from,
                     expected->to);
    }

    return same_text(world, "actor", is->actor, "cli:model")
           && ((token == NULL && !cv_present(is->token))
               || (token != NULL
                   && cv_str_eq(is->token, cv_str(token->hash,
                                                  CV_AUDIT_TOKEN)))
               || wrong(world, "another token in the history"));
}


static bool
same_history(world_t *world, int i)
{
    int                        n;
    bool                       same;
    uint64_t                   iid;
    cv_walk_t                  walk;
    cv_audit_t                 entry;
    const model_credential_t  *credential;

    credential = &world->model.credentials[i];
    iid = cv_find(world->snapshot, CV_HANDLE_CREDENTIAL_ID,
                  cv_str_z(credential->id));
    same = true;

    cv_audit_open(&walk, world->snapshot, CV_CREDENTIAL, iid);

    for (n = 0; same && cv_audit_next(&walk, &entry); n++) {
        same = n < credential->nentries
               ? same_entry(world, &entry, &credential->entries[n])
               : wrong(world, "history has %s, too",
                       cv_action_names[entry.action]);
    }

    cv_walk_close(&walk);

    return same && (n == credential->nentries
                    || wrong(world, "history has %d entries, not %d", n,
                             credential->nentries));
}


static bool
same_count(world_t *world, const char *what, bool there, const cv_int_t *is,
    int expected)
{
    int64_t  value;

    value = there && is->present ? is->value : -1;

    return value == expected
           || wrong(world, "%s is %" PRId64 ", not %d", what, value, expected);
}


static bool
same_progress(world_t *world, int i, int class)
{
    bool                   there;
    char                   id[MODEL_TEXT];
    uint64_t               of, in;
    cv_progress_t          progress;
    const model_holder_t  *holder;

    holder = &world->model.holders[i];
    model_class_id(&world->model, class, id);

    of = cv_find(world->snapshot, CV_HANDLE_HOLDER_ID, cv_str_z(holder->id));
    in = cv_find(world->snapshot, CV_HANDLE_CLASS_ID, cv_str_z(id));
    there = cv_get_progress(world->snapshot, of, in, &progress);

    return same_count(world, "practice", there, &progress.practice,
                      holder->practice[class])
           && same_count(world, "learn", there, &progress.learn,
                         holder->learn[class]);
}


/* What was given in each year, and will not be again. */

static bool
same_sequences(world_t *world, int i)
{
    int             year;
    char            id[MODEL_TEXT];
    int64_t         last, expected;
    uint64_t        class;
    cv_sequence_t   sequence;

    model_class_id(&world->model, i, id);
    class = cv_find(world->snapshot, CV_HANDLE_CLASS_ID, cv_str_z(id));

    for (year = 0; year < MODEL_YEARS; year++) {
        expected = world->model.classes[i].last[year];
        last = cv_get_sequence(world->snapshot, class,
                               year == 0 ? 0 : (unsigned) year + 2000,
                               &sequence)
               ? sequence.last.value : 0;

        if (last != expected) {
            return wrong(world, "the last number of year %d is %" PRId64
                         ", not %" PRId64, year, last, expected);
        }
    }

    return true;
}


/* What webhooks are told */

static const char *const  event_types[EVENT_TYPES] = {
    "certificate.issued", "credential.updated", "credential.revoked",
    "token.created", "token.revoked"
};


static bool
same_member(world_t *world, const cv_event_t *is, const char *name,
    const char *expected)
{
    return same_text(world, name,
                     cv_doc_text(cv_doc_member(is->data, cv_str_z(name))),
                     expected);
}


static bool
same_told(world_t *world, const cv_event_t *is, const model_event_t *expected)
{
    char            digits[2 * CV_TOKEN_HASH_LEN + 1];
    char            number[MODEL_TEXT], issued[MODEL_TEXT], class[MODEL_TEXT];
    const model_t  *model;

    model = &world->model;
    model_number_text(model, &expected->number, number);
    model_date_text(&expected->issued_at, issued);
    model_class_id(model, expected->class, class);

    if (expected->token != -1) {
        memset(digits, 0, sizeof(digits));
        cv_hex_encode(digits, cv_str(model->tokens[expected->token].hash,
                                     CV_TOKEN_HASH_LEN));

        return same_member(world, is, "credentialId",
                           model->credentials[expected->credential].id)
               && same_member(world, is, "tokenSha256", digits);
    }

    if (cv_doc_truth(cv_doc_member(is->data, CV_STR("test")))
        != expected->test)
    {
        return wrong(world, "told of a test as if it were none, or the "
                     "other way round");
    }

    return same_member(world, is, "userId", expected->holder)
           && same_member(world, is, "certificateNumber", number)
           && same_member(world, is, "issuedAt", issued)
           && (expected->type == EVENT_ISSUED
               ? same_member(world, is, "categoryId", class)
               : same_member(world, is, "credentialId",
                             model->credentials[expected->credential].id)
                 && same_member(world, is, "classId", class)
                 && same_member(world, is, "status",
                                cv_status_names[expected->status]));
}


/* True if the event is about that; in one step the order is not said. */

static bool
told_of(world_t *world, const cv_event_t *is, const model_event_t *expected)
{
    uint64_t  iid;

    iid = cv_find(world->snapshot, CV_HANDLE_CREDENTIAL_ID,
                  cv_str_z(world->model.credentials[expected->credential].id));

    return iid == is->credential.iid
           && cv_str_eq(is->type, cv_str_z(event_types[expected->type]));
}


static bool
same_event(world_t *world, const cv_event_t *is, model_event_t *queue, int n)
{
    int            i;
    model_event_t  event;

    for (i = 0; i < n && queue[i].step == queue[0].step; i++) {

        if (told_of(world, is, &queue[i])) {
            event = queue[i];
            queue[i] = queue[0];
            queue[0] = event;

            return same_told(world, is, &event);
        }
    }

    return wrong(world, "%.*s is told, not %s", CV_FMT(is->type),
                 n > 0 ? event_types[queue[0].type] : "anything more");
}


/* A webhook's queue: everything, or one type of it. */

static bool
same_queue(world_t *world, uint64_t webhook, int type)
{
    int             i, n, at;
    bool            good;
    cv_walk_t       walk;
    cv_event_t      event;
    cv_delivery_t   delivery;
    model_event_t   queue[MODEL_EVENTS];

    for (i = n = 0; i < world->model.nevents; i++) {
        if (type == -1 || world->model.events[i].type == type) {
            queue[n++] = world->model.events[i];
        }
    }

    good = true;
    cv_deliveries_open(&walk, world->snapshot, webhook, CV_DELIVERY_WAITING);

    for (at = 0; good && cv_walk_next(&walk, &delivery, NULL); at++) {
        good = (cv_get(world->snapshot, CV_EVENT, delivery.event.iid, &event)
                || wrong(world, "a delivery of no event"))
               && same_event(world, &event, queue + at, n - at);
    }

    cv_walk_close(&walk);

    return good && (at == n || wrong(world, "%s is not told",
                                     event_types[queue[at].type]));
}


/* Those of the sequence before. */

static void
empty_queue(cv_txn_t *txn, uint64_t webhook)
{
    bool            found;
    cv_walk_t       walk;
    cv_delivery_t   delivery;

    do {
        cv_deliveries_open(&walk, txn, webhook, CV_DELIVERY_WAITING);
        found = cv_walk_next(&walk, &delivery, NULL);
        cv_walk_close(&walk);

    } while (found && cv_delivery_done(txn, &delivery));
}


static void
empty_queues(world_t *world)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_txn_begin(&txn, world->store, &error), CV_OK);
    empty_queue(txn, WEBHOOK_ALL);
    empty_queue(txn, WEBHOOK_REVOKED);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
}


/* What is there after a step; after the last one, what it took to come there. */

static bool
same(world_t *world, bool last)
{
    int             i;
    bool            good;
    const model_t  *model;

    model = &world->model;
    assert_int_equal(cv_snapshot_renew(world->snapshot), CV_OK);

    for (good = true, i = 0; good && i < model->ncredentials; i++) {
        good = same_credential(world, i)
               && (!last || !model->credentials[i].there
                   || same_history(world, i));
    }

    good = good && same_tokens(world);

    for (i = 0; good && last && i < model->nholders * MODEL_CLASSES; i++) {
        good = same_progress(world, i / MODEL_CLASSES, i % MODEL_CLASSES);
    }

    for (i = 0; good && last && i < MODEL_CLASSES; i++) {
        good = same_sequences(world, i);
    }

    if (last) {
        good = good && same_queue(world, WEBHOOK_ALL, -1)
               && same_queue(world, WEBHOOK_REVOKED, EVENT_REVOKED);
    }

    cv_snapshot_reset(world->snapshot);

    return good;
}


/* Sequences */

static void
begin_world(world_t *world)
{
    int    i;
    FILE  *lines;

    model_begin(&world->model, ++world->runs);
    world->why[0] = '\0';
    empty_queues(world);

    if (world->lines != NULL) {
        (void) fclose(world->lines);
        world->lines = NULL;
    }

    lines = lines_open();

    for (i = 0; i < MODEL_CLASSES; i++) {
        line_begin(lines, "class");
        line_class(lines, &world->model, i);
        (void) fputs("}\n", lines);
    }

    if (import(world, lines) != CV_OK) {
        fail_msg("%s", error.text);
    }
}


/* What was taken by a batch so far is there now, or nothing of it. */

static bool
end_batch(world_t *world, unsigned refused, bool last)
{
    FILE  *lines;

    lines = world->lines;
    world->lines = NULL;

    if (refused) {
        world->model = world->before;
    }

    return agree(world, refused, import(world, lines)) && same(world, last);
}


static bool
step_import(world_t *world, const op_t *op, const given_t *given, bool last)
{
    unsigned  refused;

    if (world->lines == NULL) {
        world->lines = lines_open();
        world->model.tell = op->tell;
        world->before = world->model;
    }

    refused = model_do(&world->model, op);
    world->refused += refused != 0;
    line_write(world->lines, &world->model, op, given);

    return (op->more && !refused && !last)
           || end_batch(world, refused, last);
}


static bool
step_write(world_t *world, const op_t *op, const given_t *given, bool last)
{
    cv_err_t  err;
    unsigned  refused;

    cv_moment_init(&world->moment, world->model.now);

    refused = model_do(&world->model, op);
    world->refused += refused != 0;
    err = op->kind == OP_TIME ? CV_OK : do_write(world, op, given);

    cv_moment_free(&world->moment);

    return world->why[0] == '\0' && agree(world, refused, err)
           && same(world, last);
}


static bool
imports(const op_t *op)
{
    return op->kind == OP_IMPORT || op->kind == OP_HOLDER
           || op->kind == OP_CLASS;
}


static bool
do_step(world_t *world, const op_t *op, bool last)
{
    given_t  given;

    error.text[0] = '\0';
    world->steps++;

    give(&world->model, op, &given);

    if (imports(op)) {
        return step_import(world, op, &given, last);
    }

    return (world->lines == NULL || end_batch(world, 0, false))
           && step_write(world, op, &given, last);
}


/* How many steps it took to fail; 0 if none did. */

static int
run(world_t *world, const op_t *ops, int n)
{
    int  i;

    begin_world(world);

    for (i = 0; i < n; i++) {
        if (!do_step(world, &ops[i], i == n - 1)) {
            return i + 1;
        }
    }

    return 0;
}


/* Leaves out whatever it fails without. */

static int
shrink(world_t *world, op_t *ops, int n)
{
    int   at, part, failed;
    op_t  fewer[MODEL_OPS];

    for (part = n / 2; part > 0; part = part > 1 ? part / 2 : 0) {

        for (at = 0; at + part <= n; /* void */) {
            memcpy(fewer, ops, sizeof(op_t) * (size_t) at);
            memcpy(fewer + at, ops + at + part,
                   sizeof(op_t) * (size_t) (n - at - part));

            failed = n > part ? run(world, fewer, n - part) : 0;

            if (failed) {
                n = failed;
                memcpy(ops, fewer, sizeof(op_t) * (size_t) n);
            } else {
                at++;
            }
        }
    }

    return n;
}


static const char *const  op_names[OP_KINDS] = {
    "create", "issue", "move", "token", "revoke token", "progress", "import",
    "holder", "erase", "class", "time"
};

static const char *const  op_members[] = {
    "slot", "class", "holder", "status", "issued", "expires", "revoked",
    "updated", "forever", "number", "seq", "reason", "score", "test",
    "privacy", "days", "token", "practice", "learn", "advance", "more",
    "tell"
};

_Static_assert(sizeof(op_t) == sizeof(int) * (CV_COUNT(op_members) + 1),
               "a member of op_t without a name");


static void
show(const op_t *op)
{
    int     values[CV_COUNT(op_members) + 1];
    size_t  i;

    memcpy(values, op, sizeof(values));
    fprintf(stderr, "#     %s", op_names[op->kind]);

    for (i = 0; i < CV_COUNT(op_members); i++) {
        if (strcmp(op_members[i], "status") == 0) {
            fprintf(stderr, " %s", cv_status_names[op->status]);
        } else if (values[i + 1] != 0) {
            fprintf(stderr, " %s=%d", op_members[i], values[i + 1]);
        }
    }

    fprintf(stderr, "\n");
}


/* SplitMix64 */

static uint64_t
roll(world_t *world)
{
    uint64_t  z;

    z = (world->dice += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;

    return z ^ z >> 31;
}


static int
dice(world_t *world, int sides)
{
    return (int) (roll(world) % (uint64_t) sides);
}


/* 0, which is nothing or what is usual, more often than not */

static int
seldom(world_t *world, int sides)
{
    return dice(world, 5) < 3 ? 0 : dice(world, sides);
}


static void
make_op(world_t *world, op_t *op)
{
    size_t  i;

    /* how often of each kind */

    static const uint8_t  kinds[] = {
        OP_CREATE, OP_CREATE, OP_CREATE, OP_CREATE, OP_ISSUE, OP_ISSUE,
        OP_ISSUE, OP_ISSUE, OP_MOVE, OP_MOVE, OP_MOVE, OP_MOVE, OP_MOVE,
        OP_MOVE, OP_TOKEN, OP_TOKEN, OP_TOKEN_REVOKE, OP_PROGRESS,
        OP_PROGRESS, OP_PROGRESS, OP_IMPORT, OP_IMPORT, OP_IMPORT, OP_HOLDER,
        OP_ERASE, OP_CLASS, OP_CLASS, OP_CLASS, OP_TIME, OP_TIME, OP_TIME
    };

    static const uint8_t  begin[] = {
        CV_STATUS_DRAFT, CV_STATUS_DRAFT, CV_STATUS_PENDING, CV_STATUS_ISSUED,
        CV_STATUS_ISSUED, CV_STATUS_ISSUED
    };

    /* numbers are to meet those of a class */

    static const uint8_t  numbers[] = {
        NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_PLAIN,
        NUMBER_OTHER, NUMBER_SHORT, NUMBER_FREE
    };

    static const uint8_t  formats[] = {
        NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_PLAIN,
        NUMBER_OTHER, NUMBER_NONE
    };

    i = (size_t) dice(world, CV_COUNT(kinds));
    op->kind = kinds[i];
    op->slot = dice(world, MODEL_SLOTS + 1 + seldom(world, 3));
    op->class = seldom(world, MODEL_CLASSES);
    op->holder = seldom(world, 2 * MODEL_NAMES + 1);
    op->issued = seldom(world, MODEL_DATES);
    op->expires = seldom(world, MODEL_DATES);
    op->revoked = seldom(world, MODEL_DATES);
    op->updated = seldom(world, MODEL_DATES);
    op->forever = seldom(world, 2);
    op->number = dice(world, 2) == 0
                 ? NUMBER_NONE : numbers[dice(world, CV_COUNT(numbers))];
    op->seq = dice(world, 24);
    op->reason = dice(world, 4);
    op->score = seldom(world, 2);
    op->test = seldom(world, 2);
    op->privacy = dice(world, 2);
    op->days = dice(world, 3);
    op->token = dice(world, 4);
    op->practice = dice(world, 4);
    op->learn = dice(world, 4);
    op->advance = dice(world, MODEL_ADVANCES);
    op->more = dice(world, 2);
    op->tell = dice(world, 2);
    op->status = dice(world, CV_STATUSES);

    switch (op->kind) {

    case OP_CREATE:
        op->status = dice(world, 8) == 0
                     ? op->status : begin[dice(world, CV_COUNT(begin))];
        break;

    case OP_MOVE:
        /* issuing is a step of its own, and nothing becomes a draft */
        op->status = op->status == CV_STATUS_ISSUED
                     || op->status == CV_STATUS_DRAFT
                     ? CV_STATUS_REVOKED : op->status;
        break;

    case OP_CLASS:
        op->days = seldom(world, 4);
        op->number = formats[dice(world, CV_COUNT(formats))];
        break;

    default:
        break;
    }
}


/* Somebody and something to begin with, most of the time. */

static int
make(world_t *world, op_t ops[MODEL_OPS], uint64_t seed, uint64_t sequence)
{
    int  i, n;

    world->dice = seed;
    world->dice = roll(world) ^ sequence;

    n = 4 + dice(world, MODEL_OPS - 3);

    for (i = 0; i < n; i++) {
        make_op(world, &ops[i]);

        if (i > 0 && imports(&ops[i - 1]) && ops[i - 1].more
            && dice(world, 3) > 0)
        {
            ops[i].kind = dice(world, 4) == 0 ? OP_CLASS : OP_IMPORT;
        }

        if (i < MODEL_NAMES && dice(world, 8) > 0) {
            ops[i].kind = OP_HOLDER;
            ops[i].holder = i;

        } else if (i == MODEL_NAMES) {
            ops[i].kind = OP_CLASS;
        }
    }

    return n;
}


static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
    const char  *value;

    value = getenv(name);

    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}


static void
test_sequences(void **state)
{
    int        i, n;
    op_t       ops[MODEL_OPS];
    world_t   *world = *state;
    uint64_t   seed, sequence, sequences;

    seed = from_environment("MODEL_SEED", SEED);
    sequences = from_environment("MODEL_SEQUENCES", SEQUENCES);

    for (sequence = from_environment("MODEL_FIRST", 0);
         sequence < sequences; sequence++)
    {
        n = make(world, ops, seed, sequence);
        n = run(world, ops, n);

        if (n == 0) {
            continue;
        }

        fprintf(stderr, "# seed %" PRIu64 ", sequence %" PRIu64 ", %d steps: "
                "%s\n", seed, sequence, n, world->why);

        n = shrink(world, ops, n);
        (void) run(world, ops, n);

        for (i = 0; i < n; i++) {
            show(&ops[i]);
        }

        fail_msg("%s", world->why);
    }

    fprintf(stderr, "# seed %" PRIu64 ", %" PRIu64 " sequences, %" PRIu64
            " steps, %" PRIu64 " of them refused\n", seed, sequences,
            world->steps, world->refused);
}


/* The store that all of them were done to is a whole one. */

static void
report(void *data, const char *problem)
{
    (void) data;
    fprintf(stderr, "# %s\n", problem);
}


static void
test_check(void **state)
{
    world_t   *world = *state;
    uint64_t   records;

    assert_int_equal(cv_snapshot_renew(world->snapshot), CV_OK);
    assert_int_equal(cv_store_check(world->snapshot, report, NULL, &records),
                     0);
}


static int
setup_world(void **state)
{
    FILE                *lines;
    world_t             *world;
    cv_store_options_t   options;

    world = calloc(1, sizeof(world_t));
    *state = world;

    (void) snprintf(world->dir, sizeof(world->dir), "%s/cv_model.XXXXXX",
                    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");

    memset(&options, 0, sizeof(options));
    options.map_size = MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;
    memcpy(options.uuid, "0123456789abcdef", CV_STORE_UUID_LEN);

    world->verifier = cv_verifier_new();

    if (world->verifier == NULL || mkdtemp(world->dir) == NULL
        || cv_store_create(world->dir, &options, &error) != CV_OK
        || cv_store_open(&world->store, world->dir, true, &error) != CV_OK
        || cv_snapshot_open(&world->snapshot, world->store, &error) != CV_OK)
    {
        fprintf(stderr, "# %s\n", error.text);
        return -1;
    }

    lines = lines_open();
    line_begin(lines, "issuer");
    add(lines, "id", "issuer");
    add(lines, "name", "Issuer");
    (void) fputs("}\n", lines);

    line_begin(lines, "webhook");
    add(lines, "id", "all");
    add(lines, "url", "https://all.example/");
    (void) fputs("}\n", lines);

    line_begin(lines, "webhook");
    add(lines, "id", "revoked");
    add(lines, "url", "https://revoked.example/");
    (void) fputs(",\"events\":[\"credential.revoked\"]}\n", lines);

    return import(world, lines) == CV_OK ? 0 : -1;
}


static int
teardown_world(void **state)
{
    size_t    i;
    char      path[128];
    world_t  *world = *state;

    static const char *const  files[] = { "data.mdb", "lock.mdb" };

    cv_snapshot_close(world->snapshot);
    cv_store_close(world->store);
    cv_verifier_free(world->verifier);

    for (i = 0; i < CV_COUNT(files); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", world->dir, files[i]);
        (void) unlink(path);
    }

    (void) rmdir(world->dir);
    free(world);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests_name("model", tests, setup_world,
                                       teardown_world);
}
