
/*
 * Copyright (C) The credverify authors
 *
 * What a badge says against what the store has: each member that is another
 * one is named, and nothing else is.
 */

#include "cv_inspect.h"
#include "cv_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW    ((cv_time_t) 1773225000000)    /* 2026-03-11T10:30:00Z */
#define BASE   "https://b.example/api/"
#define KEY    BASE "key/K-1_x/"
#define ID     "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

/* of "jo@mail.example" and, behind it, "salt" */
#define HASH   "e61adad386b39ef1646042b109932284c2a32925fb8d733c15c723884530f42b"

#define RECIPIENT(rest)  "{\"type\":\"email\"," rest "}"
#define HASHED           "\"hashed\":true,\"salt\":\"salt\",\"identity\":"

#define LIST   "[\"https://e.example\",{\"id\":\"https://f.example\","          \
               "\"narrative\":\"n\"}]"

#define REST   "{\"@context\":\"https://w3id.org/openbadges/v2\",\"id\":\""       \
               BASE "assertion/" ID ".json\","

typedef struct {
    const char  *member;
    const char  *value;         /* JSON; NULL: it is not there */
} member_t;

static cv_buf_t         text, document, evidence;
static cv_inspection_t  found;


/* the assertion that a store would write, but for one member or two */

static cv_doc_t
assertion(bool is_signed, const member_t *a, const member_t *b)
{
    size_t       i;
    const char  *value;
    cv_error_t   error;

    const member_t  hosted[] = {
        { "@context", "\"https://w3id.org/openbadges/v2\"" },
        { "type", "\"Assertion\"" },
        { "id", is_signed ? "\"" KEY "assertion/" ID ".jws\""
                          : "\"" BASE "assertion/" ID ".json\"" },
        { "recipient", RECIPIENT(HASHED "\"sha256$" HASH "\"") },
        { "badge", is_signed ? "\"" KEY "class/a%20b%2F%C3%A9.json\""
                             : "\"" BASE "class/a%20b%2F%C3%A9.json\"" },
        { "image", is_signed ? "\"" BASE "assertion/" ID ".svg\""
                             : "\"" BASE "assertion/" ID ".png\"" },
        { "verification",
          is_signed ? "{\"type\":\"SignedBadge\",\"creator\":\"" KEY
                      "key.json\"}"
                    : "{\"type\":\"HostedBadge\"}" },
        { "issuedOn", "\"2026-01-05T08:00:00Z\"" },
        { "expires", "\"2027-01-05T00:00:00Z\"" },
        { "narrative", "\"N \\\"q\\\"\"" },
        { "evidence", LIST },
        { "revoked", NULL },
        { "more", NULL },
    };

    cv_buf_reset(&text);
    cv_buf_append_byte(&text, '{');

    for (i = 0; i < CV_COUNT(hosted); i++) {
        value = a != NULL && strcmp(a->member, hosted[i].member) == 0
                ? a->value
                : b != NULL && strcmp(b->member, hosted[i].member) == 0
                  ? b->value : hosted[i].value;

        if (value != NULL) {
            cv_buf_printf(&text, "%s\"%s\":", text.len > 1 ? "," : "",
                          hosted[i].member);
            cv_buf_append_str(&text, cv_str_z(value));
        }
    }

    cv_buf_append_byte(&text, '}');

    cv_buf_reset(&document);

    if (cv_json_parse(&document, cv_buf_str(&text), &error) != CV_OK) {
        fail_msg("%.*s: %s", CV_FMT(cv_buf_str(&text)), error.text);
    }

    return cv_buf_str(&document);
}


static cv_doc_t
parsed(const char *json)
{
    cv_error_t  error;

    cv_buf_reset(&document);
    assert_int_equal(cv_json_parse(&document, cv_str_z(json), &error), CV_OK);

    return cv_buf_str(&document);
}


static cv_date_t
date(const char *of)
{
    cv_date_t  value;

    assert_true(cv_date_parse(&value, cv_str_z(of)));

    return value;
}


/* what the store has */

static int
records(void **state)
{
    cv_error_t  error;

    (void) state;

    cv_buf_reset(&evidence);
    assert_int_equal(cv_json_parse(&evidence, CV_STR(LIST), &error), CV_OK);

    memset(&found.credential, 0, sizeof(found.credential));
    memset(&found.holder, 0, sizeof(found.holder));
    memset(&found.class, 0, sizeof(found.class));
    memset(&found.issuer, 0, sizeof(found.issuer));

    found.known = true;
    found.assertion.id = CV_STR(ID);
    found.assertion.salt = CV_STR("salt");
    found.holder.id = CV_STR("jo");
    found.holder.email = CV_STR("jo@mail.example");
    found.class.id = CV_STR("a b/\xc3\xa9");
    found.credential.id = CV_STR("jo-1");
    found.credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    found.credential.issued_at = date("2026-01-05T10:00:00.250+02:00");
    found.credential.expires_at = date("2027-01-04");
    found.credential.narrative = CV_STR("N \"q\"");
    found.credential.evidence = cv_buf_str(&evidence);

    return 0;
}


static int
setup(void **state)
{
    (void) state;

    cv_buf_init(&text, 1 << 20);
    cv_buf_init(&document, 1 << 20);
    cv_buf_init(&evidence, 1 << 16);
    cv_inspection_init(&found);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    cv_buf_free(&text);
    cv_buf_free(&document);
    cv_buf_free(&evidence);
    cv_inspection_free(&found);

    return 0;
}


/* the members that differ are just those, as "a b " */

static void
differs(const cv_inspect_t *badge, const char *expected)
{
    char    members[256];
    size_t  i, len;

    assert_int_equal(cv_inspect_compare(&found, badge, NOW), CV_OK);

    len = 0;
    members[0] = '\0';

    for (i = 0; i < found.ndifferences; i++) {
        len += (size_t) snprintf(members + len, sizeof(members) - len, "%s ",
                                 found.differences[i].member);
    }

    if (strcmp(members, expected) != 0) {
        fail_msg("\"%s\", not \"%s\" differ in %.*s", members, expected,
                 CV_FMT(cv_buf_str(&text)));
    }

    assert_int_equal(cv_inspection_genuine(&found), *expected == '\0');
}


static void
test_members(void **state)
{
    size_t        i;
    cv_inspect_t  badge;

    static const struct {
        member_t     with;
        const char  *differ;
    } cases[] = {
        { { "more", NULL }, "" },
        { { "more", "{\"x\":[1]}" }, "" },

        { { "@context", NULL }, "@context " },
        { { "@context", "\"https://w3id.org/openbadges/v1\"" },
          "@context " },
        { { "@context", "[\"https://w3id.org/openbadges/v2\"]" },
          "@context " },

        { { "type", NULL }, "type " },
        { { "type", "\"Endorsement\"" }, "type " },
        { { "type", "5" }, "type " },

        { { "id", NULL }, "id " },
        { { "id", "5" }, "id " },
        { { "id", "\"\"" }, "id " },
        { { "id", "\"" ID "\"" }, "id " },
        { { "id", "\"" BASE "assertion/" ID "\"" }, "id " },
        { { "id", "\"" BASE "assertion/" ID ".jws\"" }, "id " },
        { { "id", "\"" BASE "assertion/0" ID ".json\"" }, "id " },
        { { "id", "\"" BASE "assertions/" ID ".json\"" }, "id " },
        { { "id", "\"urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d\"" },
          "id " },

        { { "recipient", NULL }, "recipient " },
        { { "recipient", "[]" }, "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"" HASH "\"") }, "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"md5$" HASH "\"") },
          "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"sha256$0" HASH "\"") },
          "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"sha256$f" "61adad386b39ef16460"
            "42b109932284c2a32925fb8d733c15c723884530f42b\"") },
          "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"sha256$E" "61ADAD386b39ef16460"
            "42b109932284c2a32925fb8d733c15c723884530f42b\"") }, "" },
        { { "recipient", RECIPIENT("\"hashed\":true,\"salt\":\"Salt\","
            "\"identity\":\"sha256$" HASH "\"") }, "recipient " },
        { { "recipient", RECIPIENT("\"hashed\":true,"
            "\"identity\":\"sha256$" HASH "\"") }, "recipient " },
        { { "recipient", RECIPIENT("\"hashed\":false,\"salt\":\"salt\","
            "\"identity\":\"jo@mail.example\"") }, "recipient " },
        { { "recipient", "{\"type\":\"url\"," HASHED "\"sha256$" HASH
            "\"}" }, "recipient " },
        { { "recipient", RECIPIENT(HASHED "\"sha256$" HASH "\",\"x\":0") },
          "recipient " },

        { { "badge", NULL }, "badge " },
        { { "badge", "{\"id\":\"" BASE "class/a%20b%2F%C3%A9.json\"}" },
          "badge " },
        { { "badge", "\"" BASE "class/a b/\xc3\xa9.json\"" }, "badge " },
        { { "badge", "\"https://evil.example/class/a%20b%2F%C3%A9.json\"" },
          "badge " },
        { { "badge", "\"" BASE "class/other.json\"" }, "badge " },

        { { "image", NULL }, "" },
        { { "image", "\"" BASE "assertion/" ID ".svg\"" }, "" },
        { { "image", "\"" BASE "assertion/0.svg\"" }, "image " },
        { { "image", "\"https://evil.example/i.png\"" }, "image " },
        { { "image", "{}" }, "image " },

        { { "verification", NULL }, "verification " },
        { { "verification", "{}" }, "verification " },
        { { "verification", "{\"type\":\"SignedBadge\"}" },
          "verification " },
        { { "verification", "{\"type\":\"HostedBadge\","
            "\"allowedOrigins\":\"evil.example\"}" }, "verification " },

        { { "issuedOn", NULL }, "issuedOn " },
        { { "issuedOn", "\"2026-01-05T09:00:00+01:00\"" }, "" },
        { { "issuedOn", "\"2026-01-05T08:00:01Z\"" }, "issuedOn " },
        { { "issuedOn", "\"2026-01-05\"" }, "issuedOn " },
        { { "issuedOn", "1767600000" }, "issuedOn " },

        { { "expires", NULL }, "expires " },
        { { "expires", "\"2027-01-04T00:00:00Z\"" }, "expires " },
        { { "expires", "\"2027-01-05\"" }, "expires " },
        { { "expires", "\"2099-01-05T00:00:00Z\"" }, "expires " },
        { { "expires", "null" }, "expires " },

        { { "narrative", NULL }, "" },
        { { "narrative", "\"\"" }, "narrative " },
        { { "narrative", "\"N q\"" }, "narrative " },
        { { "narrative", "null" }, "narrative " },

        { { "evidence", NULL }, "" },
        { { "evidence", "[]" }, "evidence " },
        { { "evidence", "[\"https://e.example\"]" }, "evidence " },
        { { "evidence", "[\"https://e.example\",{\"narrative\":\"n\","
            "\"id\":\"https://f.example\"}]" }, "" },
        { { "evidence", "[\"https://e.example\",{\"narrative\":\"n\","
            "\"id\":\"https://f.example\",\"x\":0}]" }, "evidence " },
        { { "evidence", "[\"https://e.example\",{\"narrative\":\"n\","
            "\"Id\":\"https://f.example\"}]" }, "evidence " },
        { { "evidence", "[{\"id\":\"https://f.example\",\"narrative\":"
            "\"n\"},\"https://e.example\"]" }, "evidence " },

        { { "revoked", "true" }, "revoked " },
    };

    (void) state;

    memset(&badge, 0, sizeof(badge));

    for (i = 0; i < CV_COUNT(cases); i++) {
        badge.assertion = assertion(false, &cases[i].with, NULL);
        differs(&badge, cases[i].differ);
    }

    /* another site, of which everything else is not */

    badge.assertion = assertion(false, &(member_t) {
        "id", "\"https://evil.example/assertion/" ID ".json\""
    }, NULL);
    differs(&badge, "badge image ");
}


/* a site for each key, or none */

static void
test_signed(void **state)
{
    size_t        i;
    cv_inspect_t  badge;

    static const struct {
        member_t     with;
        const char  *base;
        const char  *key;
        const char  *differ;
    } cases[] = {
        { { "more", NULL }, NULL, NULL, "" },
        { { "more", NULL }, BASE, NULL, "" },
        { { "more", NULL }, BASE, "K-1_x", "" },
        { { "more", NULL }, NULL, "K-1_x", "" },
        { { "more", NULL }, NULL, "K-1_", "id " },
        { { "more", NULL }, KEY, NULL, "id " },
        { { "more", NULL }, "https://b.example/", NULL, "id " },
        { { "id", "\"" KEY "assertion/" ID ".json\"" }, NULL, NULL,
          "id " },
        { { "id", "\"" BASE "assertion/" ID ".jws\"" }, NULL, NULL,
          "id badge verification " },
        { { "image", "\"" KEY "assertion/" ID ".svg\"" }, NULL, NULL,
          "image " },
        { { "verification", "{\"type\":\"HostedBadge\"}" }, NULL, NULL,
          "verification " },
        { { "verification", "{\"type\":\"SignedBadge\"}" }, NULL, NULL,
          "verification " },
        { { "verification", "{\"type\":\"SignedBadge\",\"creator\":\""
            BASE "key/other/key.json\"}" }, NULL, NULL, "verification " },
        { { "verification", "{\"type\":\"SignedBadge\",\"creator\":\"" KEY
            "key.json\",\"x\":0}" }, NULL, NULL, "verification " },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        memset(&badge, 0, sizeof(badge));
        badge.is_signed = true;
        badge.assertion = assertion(true, &cases[i].with, NULL);
        badge.base = cv_str_z(cases[i].base);
        badge.key = cv_str_z(cases[i].key);
        differs(&badge, cases[i].differ);
    }

    /* nobody has signed it, or it is no badge of a signed site */

    badge = (cv_inspect_t) { .assertion = assertion(true, NULL, NULL) };
    differs(&badge, "id verification ");

    badge = (cv_inspect_t) { .is_signed = true,
                             .assertion = assertion(false, NULL, NULL) };
    differs(&badge, "id verification ");
}


static void
test_base(void **state)
{
    cv_inspect_t  badge;

    (void) state;

    badge = (cv_inspect_t) { .assertion = assertion(false, NULL, NULL),
                             .base = CV_STR(BASE) };
    differs(&badge, "");

    badge.base = CV_STR("https://evil.example/api/");
    differs(&badge, "id ");

    badge.base = CV_STR("https://b.example/");
    differs(&badge, "id ");

    badge.base = CV_ABSENT;
    badge.verify = CV_STR(BASE "assertion/" ID ".json");
    differs(&badge, "");

    badge.verify = CV_STR("https://evil.example/assertion/" ID ".json");
    differs(&badge, "verify ");

    /* of a URL alone nothing else can differ */

    badge = (cv_inspect_t) { .is_linked = true };
    badge.assertion = assertion(false, &(member_t) { "@context", NULL },
                                &(member_t) { "type", NULL });
    differs(&badge, "");

    badge.base = CV_STR("https://b.example/");
    differs(&badge, "id ");
}


/* what expires depends on the status, and is not known of what was taken back */

static void
test_status(void **state)
{
    bool             gone;
    size_t           i, n;
    cv_inspect_t     badge;
    const member_t   none = { "expires", NULL };

    static const struct {
        const char   *json, *differ, *differ_else;
    } rests[] = {
        { REST "\"revoked\":true}", "", "revoked " },
        { REST "\"type\":\"Assertion\",\"x\":0,\"revoked\":true}", "",
          "revoked " },
        { REST "\"revoked\":false}", "revoked ", "revoked " },
    };

    static const struct {
        cv_status_t   status;
        const char   *with, *without;
        cv_outcome_t  reason;
    } cases[] = {
        { CV_STATUS_ISSUED, "", "expires ", CV_VALID },
        { CV_STATUS_CLAIMED, "expires ", "", CV_VALID },
        { CV_STATUS_USED, "expires ", "", CV_VALID },
        { CV_STATUS_REVOKED, "", "", CV_REVOKED },
        { CV_STATUS_REFUNDED, "", "", CV_REFUNDED },
        { CV_STATUS_PENDING, "", "expires ", CV_PENDING },
        { CV_STATUS_DRAFT, "", "", CV_NOT_FOUND },
    };

    (void) state;

    memset(&badge, 0, sizeof(badge));

    for (i = 0; i < CV_COUNT(cases); i++) {
        found.credential.status.value = cases[i].status;

        badge.assertion = assertion(false, NULL, NULL);
        differs(&badge, cases[i].with);
        assert_int_equal(found.verdict.reason, cases[i].reason);

        badge.assertion = assertion(false, &none, NULL);
        differs(&badge, cases[i].without);

        /* and what is left of what was taken back */

        gone = cases[i].reason == CV_REVOKED || cases[i].reason == CV_REFUNDED;

        for (n = 0; n < CV_COUNT(rests); n++) {
            badge.assertion = parsed(rests[n].json);
            differs(&badge, gone ? rests[n].differ : rests[n].differ_else);
        }
    }

    found.credential.status.value = CV_STATUS_REVOKED;
    badge.assertion = assertion(false, &(member_t) { "revoked", "true" },
                                &(member_t) { "recipient", "{}" });
    differs(&badge, "recipient ");

    found.credential.status.value = CV_STATUS_ISSUED;
    found.credential.expires_at.text = CV_ABSENT;

    badge.assertion = assertion(false, NULL, NULL);
    differs(&badge, "expires ");

    badge.assertion = assertion(false, &none, NULL);
    differs(&badge, "");

    /* who was erased is nobody's recipient */

    found.holder.email = CV_ABSENT;
    found.credential.narrative = CV_ABSENT;
    found.credential.evidence = CV_ABSENT;
    differs(&badge, "recipient narrative evidence ");
}


/* which is the first that is no Open Badge */

static void
test_lacks(void **state)
{
    cv_inspect_t  badge;

    (void) state;

    badge = (cv_inspect_t) { .assertion = assertion(false, NULL, NULL) };

    differs(&badge, "");
    assert_int_equal(found.lacking, CV_ISSUER);
    assert_string_equal(found.lacks, "no name");

    found.issuer.name = CV_STR("I");
    found.issuer.url = CV_STR("https://i.example");
    found.issuer.email = CV_STR("i@i.example");

    differs(&badge, "");
    assert_int_equal(found.lacking, CV_CLASS);
    assert_string_equal(found.lacks, "no title");

    found.class.title = CV_STR("T");
    found.class.description = CV_STR("D");

    differs(&badge, "");
    assert_int_equal(strncmp(found.lacks, "no image", 8), 0);

    found.picture = CV_IMAGE_PNG;

    differs(&badge, "");
    assert_int_equal(strncmp(found.lacks, "no \"criteria\"", 13), 0);

    /* which has a narrative */

    found.class.criteria = badge.assertion;

    differs(&badge, "");
    assert_null(found.lacks);

    found.credential.issued_at.text = CV_ABSENT;

    differs(&badge, "issuedOn ");
    assert_int_equal(found.lacking, CV_CREDENTIAL);
    assert_string_equal(found.lacks, "no \"issued_at\"");

    found.credential.test = (cv_int_t) { 1, true };

    differs(&badge, "issuedOn ");
    assert_true(found.test);
    assert_int_equal(found.verdict.reason, CV_VALID);
}


static void
test_recipient(void **state)
{
    size_t          i;
    cv_recipient_t  recipient;

    static const struct {
        member_t        with;
        const char     *email;
        cv_recipient_t  recipient;
    } cases[] = {
        { { "more", NULL }, "jo@mail.example", CV_RECIPIENT_SAME },
        { { "more", NULL }, "Jo@mail.example", CV_RECIPIENT_OTHER },
        { { "more", NULL }, "", CV_RECIPIENT_OTHER },
        { { "more", NULL }, NULL, CV_RECIPIENT_UNCLEAR },
        { { "recipient", NULL }, "jo@mail.example", CV_RECIPIENT_UNCLEAR },
        { { "recipient", "{}" }, "jo@mail.example", CV_RECIPIENT_UNCLEAR },
        { { "recipient", RECIPIENT("\"hashed\":false,\"identity\":\"a@b\"") },
          "a@b", CV_RECIPIENT_SAME },
        { { "recipient", RECIPIENT("\"hashed\":false,\"identity\":\"a@b\"") },
          "a@c", CV_RECIPIENT_OTHER },
        { { "recipient", RECIPIENT("\"identity\":\"a@b\"") }, "a@b",
          CV_RECIPIENT_UNCLEAR },
        { { "recipient", RECIPIENT("\"hashed\":true,\"identity\":\"a@b\"") },
          "a@b", CV_RECIPIENT_UNCLEAR },
        { { "recipient", RECIPIENT("\"hashed\":true,\"identity\":\"sha256$"
            "7508d8b5018ea640b85269861a101203f0c26900555268e930025dac844b0f35"
            "\"") }, "a@b", CV_RECIPIENT_SAME },
        { { "recipient", RECIPIENT("\"hashed\":true,\"identity\":"
            "\"md5$d41d8cd98f00b204e9800998ecf8427e\"") }, "a@b",
          CV_RECIPIENT_UNCLEAR },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_int_equal(
            cv_inspect_recipient(&recipient,
                                 assertion(false, &cases[i].with, NULL),
                                 cv_str_z(cases[i].email)), CV_OK);

        if (recipient != cases[i].recipient) {
            fail_msg("case %zu: %d", i, recipient);
        }
    }
}


/* a salt or a site that is longer than any is no error */

static void
test_long(void **state)
{
    char            *value;
    cv_inspect_t     badge;
    cv_recipient_t   recipient;

    (void) state;

    value = malloc(300000);
    assert_non_null(value);

    memset(&badge, 0, sizeof(badge));

    (void) snprintf(value, 300000, "{\"type\":\"email\",\"hashed\":true,"
                    "\"salt\":\"%0200000d\",\"identity\":\"sha256$" HASH
                    "\"}", 0);
    badge.assertion = assertion(false, &(member_t) { "recipient", value },
                                NULL);
    differs(&badge, "recipient ");
    assert_int_equal(cv_inspect_recipient(&recipient, badge.assertion,
                                          CV_STR("jo@mail.example")), CV_OK);
    assert_int_equal(recipient, CV_RECIPIENT_UNCLEAR);

    (void) snprintf(value, 300000, "\"https://b.example/%0200000d/assertion/"
                    ID ".json\"", 0);
    badge.assertion = assertion(false, &(member_t) { "id", value }, NULL);
    differs(&badge, "id ");

    free(value);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_members, records),
        cmocka_unit_test_setup(test_signed, records),
        cmocka_unit_test_setup(test_base, records),
        cmocka_unit_test_setup(test_status, records),
        cmocka_unit_test_setup(test_lacks, records),
        cmocka_unit_test_setup(test_recipient, records),
        cmocka_unit_test_setup(test_long, records),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
