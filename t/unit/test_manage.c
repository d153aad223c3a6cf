
/*
 * Copyright (C) The credverify authors
 */

#include "cv_manage.h"
#include "cv_json.h"
#include "fixture.h"

#include <stdio.h>

/* 2026-06-01T12:00:00.250Z */
#define NOW  ((cv_time_t) 1780315200250)

#define MAP                                                                   \
    "{\"class\":\"groupId\",\"holder.id\":\"recipient.id\","                  \
    "\"holder.name\":\"recipient.name\",\"holder.email\":\"recipient.email\","\
    "\"issued_at\":\"issueDate\",\"expires_at\":\"expiryDate\","              \
    "\"attributes\":\"customAttributes\",\"number\":\"number\","              \
    "\"code\":\"code\",\"method\":\"deliveryMethod\",\"reason\":\"reason\","  \
    "\"practice\":\"practice\",\"learn\":\"learn\"}"

static const char *const  records[] = {
    "{\"kind\":\"issuer\",\"id\":\"ours\",\"name\":\"Ours\"}",
    "{\"kind\":\"issuer\",\"id\":\"also\",\"name\":\"Also ours\"}",
    "{\"kind\":\"issuer\",\"id\":\"others\",\"name\":\"Others\"}",

    "{\"kind\":\"class\",\"id\":\"g\",\"issuer\":\"ours\",\"title\":\"G\"}",
    "{\"kind\":\"class\",\"id\":\"n\",\"issuer\":\"also\",\"title\":\"N\","
    "\"number_format\":\"N-{seq}\",\"valid_days\":30}",
    "{\"kind\":\"class\",\"id\":\"x\",\"issuer\":\"others\",\"title\":\"X\"}",
    "{\"kind\":\"class\",\"id\":\"bad\",\"issuer\":\"ours\",\"title\":\"B\","
    "\"number_format\":\"N-{seq}\",\"valid_days\":9999999999}",

    "{\"kind\":\"class\",\"id\":\"web\",\"issuer\":\"ours\",\"title\":\"W\","
    "\"category\":\"w\",\"number_format\":\"W-{seq}\",\"requires\":"
    "{\"practice\":3,\"learn\":1}}",
    "{\"kind\":\"class\",\"id\":\"c1\",\"issuer\":\"ours\",\"title\":\"W\","
    "\"category\":\"c\",\"requires\":{\"learn\":1}}",
    "{\"kind\":\"class\",\"id\":\"c2\",\"issuer\":\"ours\",\"title\":\"W\","
    "\"category\":\"c\",\"requires\":{\"learn\":1}}",
    "{\"kind\":\"class\",\"id\":\"y\",\"issuer\":\"others\",\"title\":\"Y\","
    "\"category\":\"y\",\"requires\":{\"learn\":1}}",

    "{\"kind\":\"holder\",\"id\":\"new\",\"name\":\"New\"}",
    "{\"kind\":\"holder\",\"id\":\"jo\",\"name\":\"Jo\","
    "\"email\":\"jo@mail.example\"}",
    "{\"kind\":\"holder\",\"id\":\"mute\",\"name\":\"Mute\"}",
    "{\"kind\":\"holder\",\"id\":\"far\",\"name\":\"Far\","
    "\"email\":\"far@mail.example\"}",

#define CREDENTIAL(id, class, holder, rest)                                   \
    "{\"kind\":\"credential\",\"id\":\"" id "\",\"class\":\"" class "\","     \
    "\"holder\":\"" holder "\"," rest "}"

    CREDENTIAL("draft", "g", "jo", "\"status\":\"draft\",\"issued_at\":"
               "\"2022-01-01\",\"code\":\"taken\",\"attributes\":"
               "{\"recipient.name\":\"Jo\",\"custom.mentor\":\"Ada\","
               "\"custom.\":1}"),
    CREDENTIAL("issued", "n", "jo", "\"status\":\"issued\",\"number\":"
               "\"N-7\",\"issued_at\":\"2026-01-01\""),
    CREDENTIAL("over", "g", "jo", "\"status\":\"issued\",\"issued_at\":"
               "\"2025-01-01\",\"expires_at\":\"2025-02-01\""),
    CREDENTIAL("used", "g", "jo", "\"status\":\"used\""),
    CREDENTIAL("mute", "g", "mute", "\"status\":\"issued\""),
    CREDENTIAL("test", "g", "jo", "\"status\":\"draft\",\"test\":true"),
    CREDENTIAL("far", "x", "far", "\"status\":\"draft\""),
};

static const cv_str_t  issuers[] = {
    { (const uint8_t *) "ours", 4 }, { (const uint8_t *) "also", 4 }
};

typedef struct {
    cv_form_t       *form;
    cv_managed_t     managed;
    cv_operation_t   operation;
    cv_txn_t        *txn;
} fixture_t;


static void
open_fixture(fixture_t *f, test_t *test)
{
    size_t      i;
    cv_line_t   line;

    memset(f, 0, sizeof(fixture_t));

    assert_int_equal(cv_form_compile(&f->form, "f", CV_STR(MAP), &error),
                     CV_OK);
    assert_int_equal(cv_managed_init(&f->managed, &error), CV_OK);
    assert_int_equal(cv_line_init(&line, &error), CV_OK);

    f->txn = begin(test);

    for (i = 0; i < CV_COUNT(records); i++) {
        if (cv_line_read(&line, cv_str_z(records[i]), &error) != CV_OK
            || cv_resolve(f->txn, line.kind, &line.record, &error) != CV_OK
            || cv_put(f->txn, line.kind, &line.record) == 0)
        {
            fail_msg("%s: %s", records[i], error.text);
        }
    }

    cv_line_free(&line);

    f->operation.form = f->form;
    f->operation.issuers = issuers;
    f->operation.nissuers = CV_COUNT(issuers);
    f->operation.actor = CV_STR("key:k");
    f->operation.now = NOW;
}


static void
close_fixture(fixture_t *f, test_t *test)
{
    commit(f->txn);
    assert_int_equal(check(test), 0);

    cv_managed_free(&f->managed);
    cv_form_free(f->form);
}


/* Does it, and expects the outcome, and a detail that begins so. */

static void
manage(fixture_t *f, cv_operate_t verb, const char *id, const char *body,
    cv_outcome_t outcome, const char *detail)
{
    cv_managed_t  *managed;

    managed = &f->managed;
    f->operation.verb = verb;
    f->operation.id = cv_str_z(id);
    f->operation.body = cv_str_z(body);

    if (cv_manage(f->txn, &f->operation, managed, &error) != CV_OK) {
        fail_msg("%d %s %s: %s", verb, id, body, error.text);
    }

    if (managed->outcome != outcome
        || (detail != NULL
            && (managed->detail.len < strlen(detail)
                || memcmp(managed->detail.data, detail, strlen(detail)) != 0))
        || (detail == NULL && cv_present(managed->detail)))
    {
        fail_msg("%d %s %s: %.*s %.*s", verb, id, body,
                 CV_FMT(cv_outcomes[managed->outcome].name),
                 CV_FMT(managed->detail));
    }

    assert_int_equal(cv_txn_err(f->txn, NULL), CV_OK);
}


static void
is(cv_str_t text, const char *expected)
{
    if (expected == NULL ? cv_present(text)
                         : !cv_str_eq(text, cv_str_z(expected)))
    {
        fail_msg("%.*s is not %s", CV_FMT(text),
                 expected == NULL ? "absent" : expected);
    }
}


#define CREATE(rest)  "{\"groupId\":\"g\",\"recipient\":{\"name\":\"Ada\"" rest

static void
test_made(void **state)
{
    char                    ulid[2 * CV_ULID_LEN];
    fixture_t               f;
    const cv_holder_t      *holder;
    const cv_credential_t  *credential;

    open_fixture(&f, *state);

    manage(&f, CV_OPERATE_CREATE, "", CREATE(",\"email\":\"a@b.example\"},"
           "\"customAttributes\":{\"custom.mentor\":\"Mary\"}}"), CV_CREATED,
           NULL);

    credential = f.managed.evidence.credential;
    holder = f.managed.evidence.holder;

    assert_int_equal(credential->status.value, CV_STATUS_DRAFT);
    is(credential->issued_at.text, "2026-06-01");
    is(credential->expires_at.text, NULL);
    is(credential->created_at.text, "2026-06-01T12:00:00Z");
    is(credential->number, NULL);
    assert_false(credential->test.present);
    assert_int_equal(credential->public_id.len, CV_UUID_LEN);
    assert_int_equal(credential->id.len, CV_ULID_LEN);
    assert_int_equal(holder->id.len, CV_ULID_LEN);
    assert_memory_equal(credential->id.data, holder->id.data, 10);
    assert_false(cv_str_eq(credential->id, holder->id));
    is(holder->name, "Ada");
    is(holder->email, "a@b.example");
    is(f.managed.evidence.class->id, "g");
    is(f.managed.evidence.issuer->id, "ours");

    /* what was made can be found, issued once, and not made again */

    memcpy(ulid, credential->id.data, CV_ULID_LEN);
    ulid[CV_ULID_LEN] = '\0';

    f.operation.id = cv_str_z(ulid);
    assert_int_equal(cv_manage_find(f.txn, &f.operation, &f.managed, &error),
                     CV_OK);
    assert_int_equal(f.managed.outcome, CV_FOUND);

    manage(&f, CV_OPERATE_ISSUE, ulid, "", CV_FOUND, NULL);
    assert_int_equal(credential->status.value, CV_STATUS_ISSUED);
    is(credential->issued_at.text, "2026-06-01");
    manage(&f, CV_OPERATE_ISSUE, ulid, "{}", CV_INVALID_STATUS,
           "Credential \"");

    /* one more for the same holder; what the class says counts when issued */

    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"n\",\"recipient\":"
           "{\"id\":\"jo\",\"name\":\"Jo\"},\"issueDate\":\"2026-05-01\","
           "\"code\":\"C1\"}", CV_CREATED, NULL);
    is(holder->id, "jo");
    is(credential->code, "C1");
    is(credential->issued_at.text, "2026-05-01");
    is(credential->expires_at.text, NULL);

    /* a test key makes test credentials, for those who have such */

    f.operation.test = true;
    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"g\",\"recipient\":"
           "{\"id\":\"jo\"}}", CV_CREATED, NULL);
    assert_true(credential->test.present && credential->test.value);
    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"g\",\"recipient\":"
           "{\"id\":\"mute\"}}", CV_INVALID_BODY, "\"recipient.id\" names ");

    close_fixture(&f, *state);
}


/* What is refused says why by the request's own names, and writes nothing. */

static void
test_create_refused(void **state)
{
    size_t      i;
    uint64_t    first, next;
    fixture_t   f;

    static const struct {
        const char    *body;
        const char    *detail;
    } cases[] = {
        { "", "\"groupId\" is required." },
        { "{\"recipient\":{\"name\":\"Ada\"}}", "\"groupId\" is required." },
        { "{\"groupId\":1}", "\"groupId\" must be a string." },
        { "{\"groupId\":\"nix\"}", "\"groupId\" names nothing that there is" },
        { "{\"groupId\":\"x\"}", "\"groupId\" names nothing that there is" },
        { "{\"groupId\":\"g\"}", "\"recipient.name\" is required." },
        { "{\"groupId\":\"g\",\"recipient\":{\"name\":7}}",
          "\"recipient.name\" must be a string." },
        { "{\"groupId\":\"g\",\"recipient\":[]}",
          "\"recipient\" must be an object." },
        { CREATE(",\"email\":\"\"}}"),
          "\"recipient.email\" must be a mail address." },
        { CREATE(",\"email\":\"a@b\\r\\nBcc: c@d\"}}"),
          "\"recipient.email\" must be a mail address." },
        { CREATE(",\"phone\":\"1\"}}"),
          "\"recipient.phone\" is no member of this request." },
        { CREATE("},\"issueDate\":\"yesterday\"}"), "\"issueDate\" is no RFC 3339 date." },
        { CREATE("},\"customAttributes\":[]}"), "\"customAttributes\" must " },
        { CREATE("},\"code\":\"\"}"), "\"code\" " },
        { CREATE("},\"issueDate\":\"2026-02-02\",\"expiryDate\":"
                 "\"2026-02-01\"}"), "It would expire on 2026-02-01, before" },
        { CREATE("},\"deliveryMethod\":\"email\"}"),
          "\"deliveryMethod\" is no member of this request." },
        { "{\"groupId\":\"g\",\"recipient\":{\"id\":\"far\"}}",
          "\"recipient.id\" names nobody who has a credential here." },
        { "{\"groupId\":\"g\",\"recipient\":{\"id\":\"nix\"}}",
          "\"recipient.id\" names nobody who has a credential here." },
        { "{\"groupId\":\"g\",\"recipient\":{\"id\":true}}",
          "\"recipient.id\" must be a string." },
        { "{\"groupId\":\"g\",\"recipient\":{\"id\":\"jo\",\"name\":\"Joe\"}}",
          "\"recipient.name\" is not what is known of this recipient." },
        { "{\"groupId\":\"bad\",\"recipient\":{\"name\":\"Ada\"}}",
          "The class's valid_days is 9999999999" },
        { "{\"groupId\"", "The body is no JSON: " },
        { "[]", "The body must be an object." },
    };

    open_fixture(&f, *state);
    commit(f.txn);
    f.txn = begin(*state);

    for (i = 0; i < CV_COUNT(cases); i++) {
        manage(&f, CV_OPERATE_CREATE, "", cases[i].body, CV_INVALID_BODY,
               cases[i].detail);
    }

    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", CREATE("}}"),
           CV_INVALID_BODY, "\"recipient.email\" is required.");
    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", CREATE(",\"email\":\"a@b\"},"
           "\"deliveryMethod\":\"pigeon\"}"), CV_INVALID_BODY,
           "\"deliveryMethod\" must be \"email\".");

    manage(&f, CV_OPERATE_CREATE, "", CREATE("},\"code\":\"taken\"}"),
           CV_CONFLICT, "\"code\" is that of another credential.");
    manage(&f, CV_OPERATE_CREATE, "", CREATE("},\"number\":\"N-7\"}"),
           CV_CONFLICT, "\"number\" is that of another credential.");

    /* what has expired by now is not sent, whoever decides how long it is */

    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", CREATE(",\"email\":\"a@b\"},"
           "\"issueDate\":\"2026-05-01\",\"expiryDate\":\"2026-05-31\"}"),
           CV_INVALID_BODY, "It would have been good until 2026-05-31; what ");
    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", "{\"groupId\":\"n\","
           "\"recipient\":{\"name\":\"A\",\"email\":\"a@b\"},"
           "\"issueDate\":\"2026-05-01\"}", CV_INVALID_BODY,
           "It would have been good until 2026-05-31; what has expired");

    cv_txn_numbers(f.txn, CV_CREDENTIAL, &first, &next);
    assert_int_equal(first, next);
    cv_txn_numbers(f.txn, CV_HOLDER, &first, &next);
    assert_int_equal(first, next);

    close_fixture(&f, *state);
}


/* How many mails are waiting, and that the last is about this credential. */

static unsigned
mails(fixture_t *f, uint64_t credential)
{
    unsigned       n;
    cv_walk_t      walk;
    cv_event_t     event;
    cv_delivery_t  delivery;

    n = 0;
    memset(&event, 0, sizeof(event));

    cv_deliveries_open(&walk, f->txn, 0, CV_DELIVERY_WAITING);

    while (cv_walk_next(&walk, &delivery, NULL)) {
        assert_true(cv_get(f->txn, CV_EVENT, delivery.event.iid, &event));
        is(event.type, CV_EVENT_MAIL);
        n++;
    }

    cv_walk_close(&walk);

    if (n > 0) {
        assert_int_equal(event.credential.iid, credential);
    }

    return n;
}


/* How many there are in the history, of what was sent. */

static unsigned
notes(fixture_t *f)
{
    unsigned     n;
    cv_walk_t    walk;
    cv_audit_t   entry;

    n = 0;
    cv_audit_open(&walk, f->txn, CV_CREDENTIAL, f->managed.number);

    while (cv_audit_next(&walk, &entry)) {
        n += entry.action == CV_ACTION_SENT;
    }

    cv_walk_close(&walk);

    return n;
}


/* Tests reach nobody, and take nothing from those who are no tests. */

static void
test_trial(void **state)
{
    char                    id[2 * CV_ULID_LEN];
    fixture_t               f;
    const cv_credential_t  *credential;

    static const char  n[] = "{\"groupId\":\"n\",\"recipient\":"
                             "{\"name\":\"A\",\"email\":\"a@b.example\"}}";

    open_fixture(&f, *state);
    f.operation.test = true;
    credential = &f.managed.credential;

    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", n, CV_CREATED, NULL);
    assert_int_equal(credential->status.value, CV_STATUS_ISSUED);
    is(credential->number, NULL);
    is(credential->expires_at.text, "2026-07-01");
    assert_int_equal(notes(&f), 1);
    assert_int_equal(mails(&f, 0), 0);

    (void) snprintf(id, sizeof(id), "%.*s", CV_FMT(credential->id));
    manage(&f, CV_OPERATE_SEND, id, "{\"deliveryMethod\":\"email\"}", CV_FOUND,
           NULL);
    assert_int_equal(notes(&f), 2);
    assert_int_equal(mails(&f, 0), 0);

    manage(&f, CV_OPERATE_CREATE, "", n, CV_CREATED, NULL);
    (void) snprintf(id, sizeof(id), "%.*s", CV_FMT(credential->id));
    manage(&f, CV_OPERATE_ISSUE, id, "", CV_FOUND, NULL);
    is(credential->number, NULL);

    /* one that is given is the credential's, and raises nothing */

    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"n\",\"recipient\":"
           "{\"name\":\"A\"},\"number\":\"N-99\"}", CV_CREATED, NULL);
    is(credential->number, "N-99");

    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"n\",\"recipient\":"
           "{\"name\":\"A\"},\"number\":\"N-8\"}", CV_CREATED, NULL);

    f.operation.test = false;
    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", n, CV_CREATED, NULL);
    is(credential->number, "N-9");
    assert_int_equal(mails(&f, f.managed.number), 1);

    close_fixture(&f, *state);
}


static void
test_create_issue_send(void **state)
{
    bool                    sent;
    fixture_t               f;
    cv_walk_t               walk;
    cv_audit_t              entry;
    const cv_credential_t  *credential;

    open_fixture(&f, *state);

    manage(&f, CV_OPERATE_CREATE_ISSUE_SEND, "", "{\"groupId\":\"n\","
           "\"recipient\":{\"name\":\"A\",\"email\":\"a@b.example\"}}",
           CV_CREATED, NULL);

    credential = f.managed.evidence.credential;
    assert_int_equal(credential->status.value, CV_STATUS_ISSUED);
    is(credential->number, "N-8");
    is(credential->issued_at.text, "2026-06-01");
    is(credential->expires_at.text, "2026-07-01");

    /* who did it, in the order of what was done */

    sent = false;
    cv_audit_open(&walk, f.txn, CV_CREDENTIAL, f.managed.number);

    while (cv_audit_next(&walk, &entry)) {
        is(entry.actor, "key:k");
        assert_false(sent);
        sent = entry.action == CV_ACTION_SENT;
    }

    cv_walk_close(&walk);
    assert_true(sent);
    assert_int_equal(mails(&f, f.managed.number), 1);

    /* once more is once more */

    manage(&f, CV_OPERATE_SEND, "issued", "{\"deliveryMethod\":\"email\"}",
           CV_FOUND, NULL);
    manage(&f, CV_OPERATE_SEND, "issued", "{\"deliveryMethod\":\"email\"}",
           CV_FOUND, NULL);
    assert_int_equal(mails(&f, f.managed.number), 3);
    manage(&f, CV_OPERATE_SEND, "used", "{\"deliveryMethod\":\"email\"}",
           CV_INVALID_STATUS, "Credential");
    assert_int_equal(mails(&f, cv_find(f.txn, CV_HANDLE_CREDENTIAL_ID,
                                       CV_STR("issued"))), 3);

    close_fixture(&f, *state);
}


/* Each in a store of its own: what may be done to what. */

static void
test_verbs(void **state)
{
    char        body[4200], reason[4097];
    size_t      i;
    fixture_t   f;

    static const struct {
        cv_operate_t   verb;
        const char    *id;
        const char    *body;
        cv_outcome_t   outcome;
        int            status;      /* what it has then */
        const char    *detail;
    } cases[] = {
        { CV_OPERATE_ISSUE, "issued", "", CV_INVALID_STATUS, -1,
          "Credential \"issued\" is issued; only a draft or pending one can "
          "be issued." },
        { CV_OPERATE_ISSUE, "far", "", CV_NOT_FOUND, -1,
          "There is no such credential." },
        { CV_OPERATE_ISSUE, "test", "", CV_NOT_FOUND, -1, "There is no" },
        { CV_OPERATE_ISSUE, "", "", CV_NOT_FOUND, -1, "There is no" },
        { CV_OPERATE_ISSUE, "nix", "{\"reason\":1}", CV_INVALID_BODY, -1,
          "\"reason\" is no member of this request." },
        { CV_OPERATE_PEND, "draft", "", CV_FOUND, CV_STATUS_PENDING, NULL },
        { CV_OPERATE_PEND, "draft", "", CV_INVALID_STATUS, -1,
          "Credential \"draft\" is pending already." },
        { CV_OPERATE_SEND, "draft", "{\"deliveryMethod\":\"email\"}",
          CV_INVALID_STATUS, -1,
          "Credential \"draft\" is pending; only an issued one can be sent." },
        { CV_OPERATE_ISSUE, "draft", "{}", CV_FOUND, CV_STATUS_ISSUED, NULL },
        { CV_OPERATE_SEND, "draft", "{}", CV_INVALID_BODY, -1,
          "\"deliveryMethod\" is required." },
        { CV_OPERATE_SEND, "draft", "{\"deliveryMethod\":[\"email\"]}",
          CV_INVALID_BODY, -1, "\"deliveryMethod\" must be \"email\"." },
        { CV_OPERATE_SEND, "draft", "{\"deliveryMethod\":\"email\"}",
          CV_FOUND, CV_STATUS_ISSUED, NULL },
        { CV_OPERATE_SEND, "draft", "{\"deliveryMethod\":\"email\"}",
          CV_FOUND, CV_STATUS_ISSUED, NULL },
        { CV_OPERATE_SEND, "mute", "{\"deliveryMethod\":\"email\"}",
          CV_INVALID_STATUS, -1, "Credential \"mute\" cannot be sent: its "
          "holder has no e-mail address." },
        { CV_OPERATE_SEND, "used", "{\"deliveryMethod\":\"email\"}",
          CV_INVALID_STATUS, -1,
          "Credential \"used\" is used; only an issued one can be sent." },
        { CV_OPERATE_SEND, "over", "{\"deliveryMethod\":\"email\"}",
          CV_INVALID_STATUS, -1, "Credential \"over\" was good until "
          "2025-02-01; what has expired cannot be sent." },
        { CV_OPERATE_CLAIM, "draft", "", CV_FOUND, CV_STATUS_CLAIMED, NULL },
        { CV_OPERATE_CLAIM, "draft", "", CV_INVALID_STATUS, -1,
          "Credential \"draft\" is claimed already." },
        { CV_OPERATE_CLAIM, "over", "", CV_INVALID_STATUS, -1,
          "Credential \"over\" was good until 2025-02-01" },
        { CV_OPERATE_USE, "draft", "", CV_FOUND, CV_STATUS_USED, NULL },
        { CV_OPERATE_USE, "draft", "", CV_INVALID_STATUS, -1, "Credential" },
        { CV_OPERATE_REFUND, "draft", "", CV_INVALID_STATUS, -1,
          "Credential \"draft\" is used; only a pending, issued or claimed" },
        { CV_OPERATE_REFUND, "issued", "", CV_FOUND, CV_STATUS_REFUNDED,
          NULL },
        { CV_OPERATE_REVOKE, "draft", "{\"reason\":1}", CV_INVALID_BODY, -1,
          "\"reason\" must be a string." },
        { CV_OPERATE_REVOKE, "draft", "", CV_FOUND, CV_STATUS_REVOKED, NULL },
        { CV_OPERATE_REVOKE, "draft", "", CV_INVALID_STATUS, -1,
          "Credential \"draft\" is revoked already." },
        { CV_OPERATE_REVOKE, "draft", "{\"reason\":\"a lie\"}", CV_FOUND,
          CV_STATUS_REVOKED, NULL },
    };

    open_fixture(&f, *state);

    for (i = 0; i < CV_COUNT(cases); i++) {
        manage(&f, cases[i].verb, cases[i].id, cases[i].body,
               cases[i].outcome, cases[i].detail);

        if (cases[i].status != -1) {
            assert_int_equal(f.managed.evidence.credential->status.value,
                             cases[i].status);
        }
    }

    is(f.managed.evidence.credential->revocation_reason, "a lie");

    /* what does not fit is the request's fault, and looked for first */

    for (i = 4096; i <= 4097; i++) {
        memset(reason, 'x', sizeof(reason));
        (void) snprintf(body, sizeof(body), "{\"reason\":\"%.*s\"}", (int) i,
                        reason);
        manage(&f, CV_OPERATE_REVOKE, i == 4096 ? "draft" : "nobody", body,
               i == 4096 ? CV_FOUND : CV_INVALID_BODY,
               i == 4096 ? NULL : "\"reason\" is too long.");
    }

    close_fixture(&f, *state);
}


/* A key of one issuer, and one of an issuer that the place does not serve. */

static void
test_scope(void **state)
{
    fixture_t  f;

    open_fixture(&f, *state);

    f.operation.key_issuer = cv_find(f.txn, CV_HANDLE_ISSUER_ID,
                                     CV_STR("also"));
    manage(&f, CV_OPERATE_ISSUE, "draft", "", CV_NOT_FOUND, "There is");
    manage(&f, CV_OPERATE_CREATE, "", CREATE("}}"), CV_INVALID_BODY,
           "\"groupId\" names nothing that there is");
    manage(&f, CV_OPERATE_REVOKE, "issued", "", CV_FOUND, NULL);

    f.operation.key_issuer = cv_find(f.txn, CV_HANDLE_ISSUER_ID,
                                     CV_STR("others"));
    manage(&f, CV_OPERATE_ISSUE, "draft", "", CV_NOT_FOUND, "There is");
    manage(&f, CV_OPERATE_ISSUE, "far", "", CV_NOT_FOUND, "There is");

    f.operation.nissuers = 0;
    manage(&f, CV_OPERATE_ISSUE, "draft", "", CV_NOT_FOUND, "There is");
    manage(&f, CV_OPERATE_ISSUE, "far", "", CV_FOUND, NULL);

    f.operation.key_issuer = 0;
    f.operation.test = true;
    manage(&f, CV_OPERATE_ISSUE, "draft", "", CV_NOT_FOUND, "There is");
    manage(&f, CV_OPERATE_ISSUE, "test", "", CV_FOUND, NULL);

    close_fixture(&f, *state);
}


/* Of a holder who has very many credentials of others, the newest are seen. */

static void
test_looks(void **state)
{
    char              id[16];
    unsigned          i;
    fixture_t         f;
    cv_credential_t   credential;

    open_fixture(&f, *state);

    memset(&credential, 0, sizeof(credential));
    credential.class.iid = cv_find(f.txn, CV_HANDLE_CLASS_ID, CV_STR("x"));
    credential.holder.iid = cv_find(f.txn, CV_HANDLE_HOLDER_ID,
                                    CV_STR("mute"));
    credential.status.present = true;

    for (i = 1; i <= CV_MANAGE_LOOKS; i++) {
        (void) snprintf(id, sizeof(id), "x%u", i);
        credential.id = cv_str_z(id);
        assert_true(cv_put(f.txn, CV_CREDENTIAL, &credential) != 0);

        if (i == CV_MANAGE_LOOKS - 1) {
            manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"g\","
                   "\"recipient\":{\"id\":\"mute\",\"name\":\"-\"}}",
                   CV_INVALID_BODY, "\"recipient.name\" is not what is known");
        }
    }

    manage(&f, CV_OPERATE_CREATE, "", "{\"groupId\":\"g\",\"recipient\":"
           "{\"id\":\"mute\"}}", CV_INVALID_BODY,
           "\"recipient.id\" names nobody who has a credential here.");

    close_fixture(&f, *state);
}


/* What is disclosed: the record and its recipient, the attributes apart. */

static void
test_disclose(void **state)
{
    cv_buf_t    json;
    fixture_t   f;
    cv_facts_t  facts;

    open_fixture(&f, *state);
    cv_buf_init(&json, 4096);

    f.operation.id = CV_STR("draft");
    assert_int_equal(cv_manage_find(f.txn, &f.operation, &f.managed, &error),
                     CV_OK);
    cv_managed_disclose(&f.managed, &facts, NOW);

    is(cv_fact(&facts, CV_FACT_RECIPIENT_ID)->text, "jo");
    is(cv_fact(&facts, CV_FACT_RECIPIENT_NAME)->text, "Jo");
    is(cv_fact(&facts, CV_FACT_RECIPIENT_EMAIL)->text, "jo@mail.example");
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_ID)->text, "draft");
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_CODE)->text, "taken");
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_STATUS)->text, "draft");
    is(cv_fact(&facts, CV_FACT_CLASS_ID)->text, "g");
    is(cv_fact(&facts, CV_FACT_ISSUER_ID)->text, "ours");
    is(cv_fact(&facts, CV_FACT_TITLE)->text, "Found");
    assert_int_equal(cv_fact(&facts, CV_FACT_HOLDER)->type, CV_VALUE_NONE);
    assert_int_equal(cv_fact(&facts, CV_FACT_VALID)->type, CV_VALUE_NONE);

    cv_doc_write_json(&json, cv_fact(&facts, CV_FACT_CREDENTIAL_CUSTOM)->text);
    cv_doc_write_json(&json, cv_fact(&facts, CV_FACT_CREDENTIAL_PLAIN)->text);
    is(cv_buf_str(&json), "{\"custom.mentor\":\"Ada\"}"
       "{\"recipient.name\":\"Jo\",\"custom.\":1}");

    f.managed.outcome = CV_VALID;
    assert_int_equal(cv_manage_load(f.txn, f.managed.number, &f.managed,
                                    &error), CV_OK);
    assert_int_equal(f.managed.outcome, CV_FOUND);

    manage(&f, CV_OPERATE_REVOKE, "issued", "{\"reason\":\"why\"}", CV_FOUND,
           NULL);
    cv_managed_disclose(&f.managed, &facts, NOW);
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_NUMBER)->text, "N-7");
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_REVOKED_WHY)->text, "why");
    is(cv_fact(&facts, CV_FACT_CREDENTIAL_REVOKED_AT)->text,
       "2026-06-01T12:00:00Z");

    cv_buf_reset(&json);
    cv_doc_write_json(&json, cv_fact(&facts, CV_FACT_CREDENTIAL_CUSTOM)->text);
    is(cv_buf_str(&json), "{}");

    cv_buf_free(&json);
    close_fixture(&f, *state);
}


static void
progress(fixture_t *f, const char *holder, const char *class,
    const char *body, cv_outcome_t outcome, const char *detail)
{
    f->operation.holder = cv_str_z(holder);
    f->operation.class = cv_str_z(class);

    manage(f, CV_OPERATE_PROGRESS, "", body, outcome, detail);
}


static void
shows(fixture_t *f, const char *name, const char *expected)
{
    cv_doc_t  doc;
    cv_buf_t  json;

    cv_buf_init(&json, 65536);
    doc = cv_doc_member(f->managed.progress, cv_str_z(name));

    if (cv_present(doc)) {
        cv_doc_write_json(&json, doc);
    }

    is(cv_buf_str(&json), expected);
    cv_buf_free(&json);
}


static void
test_progress(void **state)
{
    fixture_t    f;
    cv_facts_t   facts;

    open_fixture(&f, *state);

    progress(&f, "nix", "web", "{\"learn\":1}", CV_NOT_FOUND,
             "There is no such user.");
    progress(&f, "far", "web", "{\"learn\":1}", CV_NOT_FOUND,
             "There is no such user.");
    progress(&f, "new", "nix", "{\"learn\":1}", CV_CATEGORY_NOT_FOUND,
             "There is no such category, or it requires nothing.");
    progress(&f, "new", "y", "{\"learn\":1}", CV_CATEGORY_NOT_FOUND,
             "There is no such category, or it requires nothing.");
    progress(&f, "new", "g", "{\"learn\":1}", CV_CATEGORY_NOT_FOUND,
             "There is no such category, or it requires nothing.");
    progress(&f, "new", "c", "{\"learn\":1}", CV_CATEGORY_NOT_FOUND,
             "Several classes have that category; name one by its id.");
    progress(&f, "new", "web", "", CV_INVALID_BODY, "The body has no count.");
    progress(&f, "new", "web", "{\"learn\":-1}", CV_INVALID_BODY,
             "\"learn\" must be ");
    progress(&f, "new", "web", "{\"learn\":\"1\"}", CV_INVALID_BODY,
             "\"learn\" must be ");
    progress(&f, "new", "web", "{\"groupId\":\"g\"}", CV_INVALID_BODY,
             "\"groupId\" is no member");

    progress(&f, "new", "w", "{\"practice\":2,\"learn\":1}", CV_FOUND, NULL);
    shows(&f, "issued", "false");
    shows(&f, "practice", "2");
    shows(&f, "complete", "false");
    shows(&f, "credential", "");
    assert_int_equal(f.managed.number, 0);

    progress(&f, "new", "web", "{\"practice\":3}", CV_FOUND, NULL);
    shows(&f, "issued", "true");
    shows(&f, "learn", "1");
    shows(&f, "complete", "true");
    shows(&f, "class", "{\"id\":\"web\",\"title\":\"W\",\"category\":\"w\"}");
    is(cv_doc_text(cv_doc_member(cv_doc_member(f.managed.progress,
                                               CV_STR("credential")),
                                 CV_STR("number"))), "W-1");
    assert_true(f.managed.number != 0);

    cv_managed_disclose(&f.managed, &facts, NOW);
    assert_int_equal(cv_fact(&facts, CV_FACT_PROGRESS)->type, CV_VALUE_DOC);
    assert_int_equal(cv_fact(&facts, CV_FACT_CREDENTIAL)->type,
                     CV_VALUE_NONE);

    progress(&f, "new", "web", "{\"practice\":9}", CV_FOUND, NULL);
    shows(&f, "issued", "false");
    shows(&f, "practice", "9");
    assert_int_equal(f.managed.number, 0);

    /* of an issuer that the key is not bound to; and with a test key */

    f.operation.key_issuer = cv_find(f.txn, CV_HANDLE_ISSUER_ID,
                                     CV_STR("also"));
    progress(&f, "new", "web", "{\"learn\":1}", CV_NOT_FOUND,
             "There is no such user.");
    progress(&f, "jo", "web", "{\"learn\":1}", CV_CATEGORY_NOT_FOUND,
             "There is no such category, or it requires nothing.");

    f.operation.key_issuer = 0;
    f.operation.test = true;
    progress(&f, "jo", "web", "{\"learn\":1}", CV_INVALID_API_KEY,
             "A test key records no progress.");

    close_fixture(&f, *state);
}


static void
test_ulid(void **state)
{
    size_t   i;
    uint8_t  text[CV_ULID_LEN], ones[CV_ULID_RANDOM];

    static const struct {
        cv_time_t    at;
        const char  *random;
        const char  *ulid;
    } cases[] = {
        { 0, "\0\0\0\0\0\0\0\0\0\0", "00000000000000000000000000" },
        { -1, "\0\0\0\0\0\0\0\0\0\1", "00000000000000000000000001" },
        { 1469918176385, "\0\0\0\0\x20\xff\0\0\0\0",
          "01aryz6s4100000010zw000000" },
        { ((cv_time_t) 1 << 48) - 1, NULL, "7zzzzzzzzzzzzzzzzzzzzzzzzz" },
        { CV_TIME_NEVER, NULL, "7zzzzzzzzzzzzzzzzzzzzzzzzz" },
    };

    (void) state;
    memset(ones, 0xff, sizeof(ones));

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_ulid_format(text, cases[i].at,
                       cases[i].random == NULL
                       ? ones : (const uint8_t *) cases[i].random);
        is(cv_str(text, sizeof(text)), cases[i].ulid);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_ulid),
        TEST(test_made),
        TEST(test_create_refused),
        TEST(test_create_issue_send),
        TEST(test_trial),
        TEST(test_verbs),
        TEST(test_scope),
        TEST(test_looks),
        TEST(test_disclose),
        TEST(test_progress),
    };

    return cmocka_run_group_tests_name("manage", tests, NULL, NULL);
}
