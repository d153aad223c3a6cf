
/*
 * Copyright (C) The credverify authors
 *
 * What makes an Issuer, a BadgeClass and an Assertion: a case for each rule.
 */

#include "cv_json.h"
#include "cv_openbadge.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#define URL    "https://i.example"
#define URN    "urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"

/* what the records of a badge must not lack */
#define NAME         "no name"
#define ISSUER_URL   "no \"url\" that is an http or https URL"
#define EMAIL        "no \"email\" that is an address"
#define ISSUER_IMAGE "an \"image\" that is no http or https URL"
#define TITLE        "no title"
#define DESCRIPTION  "no \"description\""
#define IMAGE        "no image, neither a file nor an \"image\" that is an "    \
                     "http or https URL"
#define CRITERIA     "no \"criteria\" with a \"narrative\", or a \"url\" that " \
                     "is an http or https URL"
#define ALIGNMENT    "an \"alignment\" without \"targetName\", or without a "   \
                     "\"targetUrl\" that is an http or https URL, or with "     \
                     "other members that are no texts"
#define SEGMENT      "an id that URLs do not keep: it begins with \"/\", or "    \
                     "has \"//\", \"./\" or \"../\" as a part"
#define ISSUED_AT    "no \"issued_at\""
#define HOLDER       "a holder without an \"email\" that is an address"
#define EVIDENCE     "\"evidence\" that is neither an http or https URL nor "   \
                     "an object with such an \"id\" or a \"narrative\""

static cv_buf_t  document;


static void
said(const char *found, const char *expected, const char *of)
{
    if (expected == NULL ? found != NULL
                         : found == NULL || strcmp(found, expected) != 0)
    {
        fail_msg("%s: it lacks %s, not %s", of,
                 found != NULL ? found : "nothing",
                 expected != NULL ? expected : "nothing");
    }
}


/* the document of a JSON text, good until the next; of NULL, none */

static cv_doc_t
doc(const char *json)
{
    cv_error_t  error;

    if (json == NULL) {
        return CV_ABSENT;
    }

    cv_buf_reset(&document);

    if (cv_json_parse(&document, cv_str_z(json), &error) != CV_OK) {
        fail_msg("%s: %s", json, error.text);
    }

    return cv_buf_str(&document);
}


static cv_issuer_t
an_issuer(void)
{
    cv_issuer_t  issuer;

    memset(&issuer, 0, sizeof(issuer));
    issuer.id = CV_STR("i");
    issuer.name = CV_STR("Issuer");
    issuer.url = CV_STR(URL);
    issuer.email = CV_STR("hello@i.example");

    return issuer;
}


static cv_class_t
a_class(void)
{
    cv_class_t  class;

    memset(&class, 0, sizeof(class));
    class.id = CV_STR("c");
    class.title = CV_STR("Title");
    class.description = CV_STR("Description");
    class.image = CV_STR(URL "/i.png");
    class.criteria = doc("{\"narrative\":\"Passed.\"}");

    return class;
}


static const char *
issuer_with(size_t offset, const char *value)
{
    cv_issuer_t  issuer;

    issuer = an_issuer();
    *(cv_str_t *) ((char *) &issuer + offset) = cv_str_z(value);

    return cv_openbadge_issuer_lacks(&issuer);
}


static const char *
class_with(size_t offset, const char *value, bool image)
{
    cv_class_t  class;

    class = a_class();
    *(cv_str_t *) ((char *) &class + offset) = cv_str_z(value);

    return cv_openbadge_class_lacks(&class, image);
}


/* Profile: name, url, email; image */

static void
test_issuer(void **state)
{
    size_t  i;

    static const struct {
        size_t       offset;
        const char  *value;
        const char  *lacks;
    } cases[] = {
        { offsetof(cv_issuer_t, name), "N", NULL },
        { offsetof(cv_issuer_t, name), "\xe3\x80\x80\xe6\x97\xa5", NULL },
        { offsetof(cv_issuer_t, name), NULL, NAME },
        { offsetof(cv_issuer_t, name), "", NAME },
        { offsetof(cv_issuer_t, name), " \t\n", NAME },
        { offsetof(cv_issuer_t, name), "\xc2\xa0 \xe3\x80\x80", NAME },
        { offsetof(cv_issuer_t, url), NULL, ISSUER_URL },
        { offsetof(cv_issuer_t, url), "", ISSUER_URL },
        { offsetof(cv_issuer_t, url), "i.example", ISSUER_URL },
        { offsetof(cv_issuer_t, email), NULL, EMAIL },
        { offsetof(cv_issuer_t, email), "", EMAIL },
        { offsetof(cv_issuer_t, image), NULL, NULL },
        { offsetof(cv_issuer_t, image), URL "/l.svg", NULL },
        { offsetof(cv_issuer_t, image), "", ISSUER_IMAGE },
        { offsetof(cv_issuer_t, image), "l.svg", ISSUER_IMAGE },
        { offsetof(cv_issuer_t, description), NULL, NULL },
        { offsetof(cv_issuer_t, description), "", NULL },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        said(issuer_with(cases[i].offset, cases[i].value), cases[i].lacks,
             cases[i].value != NULL ? cases[i].value : "(none)");
    }
}


/* RFC 3986, as validators read it */

static void
test_urls(void **state)
{
    size_t  i;

    static const char *const  good[] = {
        "http://a", "https://a", "https://a/", "https://a.example:8443/b",
        "https://a.example:/b", "https://u@a/b", "https://u:p@a/", "https://[::1]",
        "https://[2001:db8::7]:80/x?y#z", "https://1.2.3.4", "https://a?q",
        "https://a#f", "https://a/b?c=d&e", "https://a/%C3%A9",
        "https://a/-._~!$&'()*+,;=:@/?/?", "https://a#b?c/d@e", "https://A%20b/",
    };

    static const char *const  wrong[] = {
        "ftp://a", "//a", "a", "/a", "mailto:a@b", "urn:x:y", "HTTPS//a",
        "data:image/png;base64,AA==", "javascript:alert(1)", "https:",
        "https://", "https:///b", "https://?q", "https://#f", "https://:80/",
        "https://u@/", "https://a b", "https://a/b c", "https://a/\xc3\xa9",
        "https://\xc3\xa9.example", "https://a/%", "https://a/%2",
        "https://a/%zz", "https://a/<b>", "https://a/\"", "https://a/{b}",
        "https://a/|", "https://a/\\", "https://a/^", "https://a/`",
        "https://a/[b]", "https://a?[", "https://a#b#c", "https://a:b/",
        "https://a:80:90/", "https://a@b@c/", "https://[::1", "https://[]",
        "https://[::g]", "https://[::1]x", "https://[::1]:x", "https://a]b",
        "https://a/b\n", "https://a/\x7f", "https://a:-1",
    };

    (void) state;

    for (i = 0; i < CV_COUNT(good); i++) {
        said(issuer_with(offsetof(cv_issuer_t, url), good[i]), NULL, good[i]);
        said(class_with(offsetof(cv_class_t, image), good[i], false), NULL,
             good[i]);
    }

    for (i = 0; i < CV_COUNT(wrong); i++) {
        said(issuer_with(offsetof(cv_issuer_t, url), wrong[i]), ISSUER_URL,
             wrong[i]);
        said(class_with(offsetof(cv_class_t, image), wrong[i], false), IMAGE,
             wrong[i]);
    }
}


/* the same of an issuer and of a holder */

static void
test_emails(void **state)
{
    size_t           i;
    cv_holder_t      holder;
    cv_credential_t  credential;

    static const char *const  good[] = {
        "a@b", "a.b+c@d.example", "\xc3\xa9@\xe6\x97\xa5.example", "\"a\"@b",
    };

    static const char *const  wrong[] = {
        "", "@", "a", "a@", "@b", "a@b@c", "@a@b", "a@b@", "a b@c", "a@b c",
        " a@b", "a@b\n", "a\t@b", "a@b\x7f", "a\x01@b", "a@b\xc2\xa0",
        "a@\xe3\x80\x80" "b", "a\xe2\x80\xa8@b", "a@b\xff",
    };

    (void) state;

    memset(&holder, 0, sizeof(holder));
    memset(&credential, 0, sizeof(credential));
    assert_true(cv_date_parse(&credential.issued_at, CV_STR("2026-01-05")));

    said(cv_openbadge_assertion_lacks(&credential, &holder), HOLDER, "(none)");

    for (i = 0; i < CV_COUNT(good); i++) {
        holder.email = cv_str_z(good[i]);
        said(issuer_with(offsetof(cv_issuer_t, email), good[i]), NULL, good[i]);
        said(cv_openbadge_assertion_lacks(&credential, &holder), NULL, good[i]);
    }

    for (i = 0; i < CV_COUNT(wrong); i++) {
        holder.email = cv_str_z(wrong[i]);
        said(issuer_with(offsetof(cv_issuer_t, email), wrong[i]), EMAIL,
             wrong[i]);
        said(cv_openbadge_assertion_lacks(&credential, &holder), HOLDER,
             wrong[i]);
    }
}


/* BadgeClass: name, description, image, criteria */

static void
test_class(void **state)
{
    size_t      i;
    cv_class_t  class;

    static const struct {
        size_t       offset;
        const char  *value;
        bool         image;
        const char  *lacks;
    } cases[] = {
        { offsetof(cv_class_t, title), NULL, false, TITLE },
        { offsetof(cv_class_t, title), "", false, TITLE },
        { offsetof(cv_class_t, title), "\xe2\x80\x83", false, TITLE },
        { offsetof(cv_class_t, description), NULL, false, DESCRIPTION },
        { offsetof(cv_class_t, description), "", false, DESCRIPTION },
        { offsetof(cv_class_t, description), " \n ", false, DESCRIPTION },
        { offsetof(cv_class_t, image), NULL, false, IMAGE },
        { offsetof(cv_class_t, image), "", false, IMAGE },
        { offsetof(cv_class_t, image), "i.png", false, IMAGE },
        { offsetof(cv_class_t, image), NULL, true, NULL },
        { offsetof(cv_class_t, image), "i.png", true, NULL },
        { offsetof(cv_class_t, id), "a/b", false, NULL },
        { offsetof(cv_class_t, id), "a./.b/..c/...", false, NULL },
        { offsetof(cv_class_t, id), "a/", false, NULL },
        { offsetof(cv_class_t, id), "a/..", false, NULL },
        { offsetof(cv_class_t, id), "..", false, NULL },
        { offsetof(cv_class_t, id), "%2F%2F", false, NULL },
        { offsetof(cv_class_t, id), "/", false, SEGMENT },
        { offsetof(cv_class_t, id), "/a", false, SEGMENT },
        { offsetof(cv_class_t, id), "a//", false, SEGMENT },
        { offsetof(cv_class_t, id), "a//b", false, SEGMENT },
        { offsetof(cv_class_t, id), "./a", false, SEGMENT },
        { offsetof(cv_class_t, id), "a/./b", false, SEGMENT },
        { offsetof(cv_class_t, id), "../a", false, SEGMENT },
        { offsetof(cv_class_t, id), "a/../b", false, SEGMENT },
    };

    (void) state;

    class = a_class();
    said(cv_openbadge_class_lacks(&class, false), NULL, "a class");

    for (i = 0; i < CV_COUNT(cases); i++) {
        said(class_with(cases[i].offset, cases[i].value, cases[i].image),
             cases[i].lacks,
             cases[i].value != NULL ? cases[i].value : "(none)");
    }
}


typedef struct {
    const char  *json;
    bool         good;
} form_t;


/* Criteria: id, narrative */

static void
test_criteria(void **state)
{
    size_t      i;
    cv_class_t  class;

    static const form_t  forms[] = {
        { "{\"url\":\"" URL "/c\"}", true },
        { "{\"narrative\":\"# How\"}", true },
        { "{\"url\":\"" URL "\",\"narrative\":\"N\"}", true },
        { "{\"url\":\"" URL "\",\"narrative\":\"\"}", true },
        { "{\"narrative\":\"N\",\"other\":[null,{\"@id\":1}]}", true },
        { NULL, false },
        { "{}", false },
        { "{\"other\":\"N\"}", false },
        { "{\"narrative\":\"\"}", false },
        { "{\"narrative\":\"  \"}", false },
        { "{\"narrative\":null}", false },
        { "{\"narrative\":5}", false },
        { "{\"narrative\":[\"N\"]}", false },
        { "{\"url\":null}", false },
        { "{\"url\":\"\"}", false },
        { "{\"url\":\"c.html\"}", false },
        { "{\"url\":[\"" URL "\"]}", false },
        { "{\"url\":\"c.html\",\"narrative\":\"N\"}", false },
        { "{\"url\":null,\"narrative\":\"N\"}", false },
        { "{\"url\":\"" URL "\",\"narrative\":null}", false },
        { "{\"url\":\"" URL "\",\"narrative\":5}", false },
        { "{\"url\":\"" URN "\"}", false },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(forms); i++) {
        class = a_class();
        class.criteria = doc(forms[i].json);
        said(cv_openbadge_class_lacks(&class, false),
             forms[i].good ? NULL : CRITERIA,
             forms[i].json != NULL ? forms[i].json : "(none)");
    }
}


#define TARGET  "\"targetName\":\"T\",\"targetUrl\":\"" URL "/t\""

/* AlignmentObject: targetName, targetUrl; texts */

static void
test_alignment(void **state)
{
    size_t      i;
    cv_buf_t    criteria;
    cv_class_t  class;
    cv_error_t  error;

    static const form_t  forms[] = {
        { NULL, true },
        { "[]", true },
        { "[{" TARGET "}]", true },
        { "[{" TARGET "},{" TARGET "}]", true },
        { "[{" TARGET ",\"targetDescription\":\"D\",\"targetFramework\":\"\","
          "\"targetCode\":\"C\",\"type\":\"AlignmentObject\",\"x\":5}]", true },
        { "[{" TARGET ",\"type\":[\"AlignmentObject\",\"" URL "/T\"]}]", true },
        { "[{" TARGET ",\"id\":\"" URL "\"}]", true },
        { "[{}]", false },
        { "[\"" URL "\"]", false },
        { "[{\"targetName\":\"T\"}]", false },
        { "[{\"targetUrl\":\"" URL "\"}]", false },
        { "[{\"targetName\":\"\",\"targetUrl\":\"" URL "\"}]", false },
        { "[{\"targetName\":\" \",\"targetUrl\":\"" URL "\"}]", false },
        { "[{\"targetName\":7,\"targetUrl\":\"" URL "\"}]", false },
        { "[{\"targetName\":null,\"targetUrl\":\"" URL "\"}]", false },
        { "[{\"targetName\":\"T\",\"targetUrl\":null}]", false },
        { "[{\"targetName\":\"T\",\"targetUrl\":\"\"}]", false },
        { "[{\"targetName\":\"T\",\"targetUrl\":\"t\"}]", false },
        { "[{\"targetName\":\"T\",\"targetUrl\":\"" URN "\"}]", false },
        { "[{\"targetName\":\"T\",\"targetUrl\":[\"" URL "\"]}]", false },
        { "[{" TARGET ",\"targetDescription\":5}]", false },
        { "[{" TARGET ",\"targetDescription\":null}]", false },
        { "[{" TARGET ",\"targetFramework\":{}}]", false },
        { "[{" TARGET ",\"targetCode\":15}]", false },
        { "[{" TARGET ",\"type\":5}]", false },
        { "[{" TARGET ",\"type\":[]}]", false },
        { "[{" TARGET ",\"type\":\"Alignment\"}]", false },
        { "[{" TARGET ",\"type\":[\"AlignmentObject\",5]}]", false },
        { "[{" TARGET ",\"type\":[[\"AlignmentObject\"]]}]", false },
        { "[{" TARGET ",\"id\":5}]", false },
        { "[{" TARGET ",\"id\":\"t\"}]", false },
        { "[{" TARGET ",\"@id\":\"" URL "\"}]", false },
        { "[{" TARGET ",\"x\":null}]", false },
        { "[{" TARGET ",\"x\":[{\"@value\":1}]}]", false },
        { "[{" TARGET "},{}]", false },
    };

    (void) state;

    cv_buf_init(&criteria, 1024);
    assert_int_equal(cv_json_parse(&criteria, CV_STR("{\"narrative\":\"N\"}"),
                                   &error), CV_OK);

    for (i = 0; i < CV_COUNT(forms); i++) {
        class = a_class();
        class.criteria = cv_buf_str(&criteria);
        class.alignment = doc(forms[i].json);
        said(cv_openbadge_class_lacks(&class, false),
             forms[i].good ? NULL : ALIGNMENT,
             forms[i].json != NULL ? forms[i].json : "(none)");
    }

    cv_buf_free(&criteria);
}


/* Evidence: id, narrative; texts.  Assertion: issuedOn. */

static void
test_assertion(void **state)
{
    size_t           i;
    cv_holder_t      holder;
    cv_credential_t  credential;

    static const form_t  forms[] = {
        { NULL, true },
        { "[]", true },
        { "[\"" URL "\"]", true },
        { "[\"" URL "\",{\"narrative\":\"N\"}]", true },
        { "[{\"id\":\"" URL "/e\"}]", true },
        { "[{\"id\":\"" URN "\",\"name\":\"\"}]", true },
        { "[{\"id\":\"urn:uuid:9B1DEB4D-3B7D-1BAD-ABDD-2B0D7B3DCB6D\"}]",
          true },
        { "[{\"narrative\":\"N\",\"name\":\"n\",\"description\":\"d\","
          "\"genre\":\"g\",\"audience\":\"a\",\"type\":\"Evidence\"}]", true },
        { "[{\"narrative\":\"N\",\"type\":[\"" URL "/E\"],\"x\":{}}]", true },
        { "[\"\"]", false },
        { "[\"seen\"]", false },
        { "[\"" URN "\"]", false },
        { "[5]", false },
        { "[null]", false },
        { "[[]]", false },
        { "[[\"" URL "\"]]", false },
        { "[{}]", false },
        { "[{\"name\":\"n\"}]", false },
        { "[{\"narrative\":\"\"}]", false },
        { "[{\"narrative\":\" \"}]", false },
        { "[{\"narrative\":null}]", false },
        { "[{\"narrative\":5}]", false },
        { "[{\"id\":null}]", false },
        { "[{\"id\":\"\"}]", false },
        { "[{\"id\":\"e\"}]", false },
        { "[{\"id\":5}]", false },
        { "[{\"id\":\"e\",\"narrative\":\"N\"}]", false },
        { "[{\"id\":\"_:b0\"}]", false },
        { "[{\"id\":\"urn:isbn:1\"}]", false },
        { "[{\"id\":\"urn:uuid:\"}]", false },
        { "[{\"id\":\"" URN "0\"}]", false },
        { "[{\"id\":\"urn:uuid:9b1deb4d-3b7d-0bad-9bdd-2b0d7b3dcb6d\"}]",
          false },
        { "[{\"id\":\"urn:uuid:9b1deb4d-3b7d-4bad-7bdd-2b0d7b3dcb6d\"}]",
          false },
        { "[{\"id\":\"urn:uuid:9b1deb4d03b7d-4bad-9bdd-2b0d7b3dcb6d\"}]",
          false },
        { "[{\"id\":\"urn:uuid:9b1debxd-3b7d-4bad-9bdd-2b0d7b3dcb6d\"}]",
          false },
        { "[{\"narrative\":\"N\",\"name\":5}]", false },
        { "[{\"narrative\":\"N\",\"description\":null}]", false },
        { "[{\"narrative\":\"N\",\"genre\":[]}]", false },
        { "[{\"narrative\":\"N\",\"audience\":true}]", false },
        { "[{\"narrative\":\"N\",\"type\":\"Portfolio\"}]", false },
        { "[{\"narrative\":\"N\",\"@type\":\"Evidence\"}]", false },
        { "[{\"narrative\":\"N\",\"x\":{\"y\":null}}]", false },
        { "[{\"narrative\":\"N\"},\"seen\"]", false },
    };

    (void) state;

    memset(&holder, 0, sizeof(holder));
    memset(&credential, 0, sizeof(credential));
    holder.email = CV_STR("jo@h.example");

    said(cv_openbadge_assertion_lacks(&credential, &holder), ISSUED_AT,
         "(none)");

    assert_true(cv_date_parse(&credential.issued_at, CV_STR("2026-01-05")));

    for (i = 0; i < CV_COUNT(forms); i++) {
        credential.evidence = doc(forms[i].json);
        said(cv_openbadge_assertion_lacks(&credential, &holder),
             forms[i].good ? NULL : EVIDENCE,
             forms[i].json != NULL ? forms[i].json : "(none)");
    }
}


/* one that ids begin with */

static void
test_base(void **state)
{
    size_t       i;
    const char  *why;

    static const char *const  good[] = {
        "https://a", "https://a/", "http://a:1/b", "https://a:65535",
        "https://[::1]/b/", "https://[::1]:8080/b", "https://a/.../",
        "https://a/.b/c./%2eb/", "https://a/@b:c/", "https://a/%2f%2f/",
    };

    static const struct {
        const char  *url;
        const char  *part;          /* of what is said */
    } wrong[] = {
        { "", "begin with" },
        { "ftp://a/", "begin with" },
        { "https://a/%2", "begin with" },
        { "https://u:p@a/", "password" },
        { "https://u@a/", "password" },
        { "https://@a/", "password" },
        { "https://u:99999@a/", "password" },
        { "https://a:", "port" },
        { "https://a:/", "port" },
        { "https://a:0/", "port" },
        { "https://a:65536/", "port" },
        { "https://a:99999/", "port" },
        { "https://a:4294967297/", "port" },
        { "https://a:18446744073709551617/", "port" },
        { "https://[::1]:65536/", "port" },
        { "https://a//", "\"//\"" },
        { "https://a//b/", "\"//\"" },
        { "https://a/b//c", "\"//\"" },
        { "https://a/.", "\"//\"" },
        { "https://a/./b", "\"//\"" },
        { "https://a/b/../c/", "\"//\"" },
        { "https://a/b/..", "\"//\"" },
        { "https://a/%2e/", "\"//\"" },
        { "https://a/.%2E/", "\"//\"" },
        { "https://a/%2e%2e", "\"//\"" },
        { "https://a/..?b", "\"//\"" },
        { "https://a/?b", "query" },
        { "https://a?b", "query" },
        { "https://a/#b", "query" },
        { "https://a#", "query" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(good); i++) {
        said(cv_openbadge_base(cv_str_z(good[i])), NULL, good[i]);
    }

    for (i = 0; i < CV_COUNT(wrong); i++) {
        why = cv_openbadge_base(cv_str_z(wrong[i].url));

        if (why == NULL || strstr(why, wrong[i].part) == NULL) {
            fail_msg("%s: \"%s\"", wrong[i].url, why != NULL ? why : "");
        }
    }
}


int
main(void)
{
    int  rc;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_issuer),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_emails),
        cmocka_unit_test(test_class),
        cmocka_unit_test(test_criteria),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_assertion),
    };

    cv_buf_init(&document, 64 * 1024);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    cv_buf_free(&document);

    return rc;
}
