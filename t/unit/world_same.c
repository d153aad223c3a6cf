
/*
 * Copyright (C) The credverify authors
 */

#include "world.h"
#include "cv_text.h"

#include <inttypes.h>


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

    return same_text(world, "actor", is->actor,
                     expected->api ? "key:model" : "cli:model")
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


/* What a class has that was taken back, which lists are made from. */

static bool
same_withdrawn(world_t *world, int class)
{
    int                        i, expected, links;
    char                       id[MODEL_TEXT];
    cv_str_t                   to;
    uint64_t                   iid;
    cv_walk_t                  walk;
    const model_credential_t  *credential;

    model_class_id(&world->model, class, id);
    iid = cv_find(world->snapshot, CV_HANDLE_CLASS_ID, cv_str_z(id));

    for (expected = i = 0; i < world->model.ncredentials; i++) {
        credential = &world->model.credentials[i];
        expected += credential->there && credential->class == class
                    && !credential->test
                    && (credential->status == CV_STATUS_REVOKED
                        || credential->status == CV_STATUS_REFUNDED);
    }

    cv_links_open(&walk, world->snapshot, CV_LINK_CLASS_WITHDRAWN, iid);

    for (links = 0; cv_links_next(&walk, &to); links++) { /* void */ }

    cv_walk_close(&walk);

    return links == expected
           || wrong(world, "%d of a class were taken back, not %d", links,
                    expected);
}


/* What webhooks are told */

static const char *const  event_types[EVENT_TYPES] = {
    "certificate.issued", "credential.updated", "credential.revoked",
    "token.created", "token.revoked", "mail"
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
        if (type == -1 ? world->model.events[i].type != EVENT_MAIL
                       : world->model.events[i].type == type)
        {
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


bool
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
        good = same_sequences(world, i) && same_withdrawn(world, i);
    }

    if (last) {
        good = good && same_queue(world, WORLD_HOOK_ALL, -1)
               && same_queue(world, WORLD_HOOK_REVOKED, EVENT_REVOKED)
               && same_queue(world, 0, EVENT_MAIL);
    }

    cv_snapshot_reset(world->snapshot);

    return good;
}
