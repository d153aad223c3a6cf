
/*
 * Copyright (C) The credverify authors
 */

#include "cv_progress_list.h"
#include "cv_facts.h"
#include "cv_line.h"
#include "cv_view.h"
#include "fixture.h"

#include <stdio.h>

#define NOW  ((cv_time_t) 1773225000000)    /* 2026-03-11T10:30:00Z */


static void
put(cv_txn_t *txn, cv_line_t *line, const char *text)
{
    if (cv_line_read(line, cv_str_z(text), &error) != CV_OK
        || cv_resolve(txn, line->kind, &line->record, &error) != CV_OK
        || cv_put(txn, line->kind, &line->record) == 0)
    {
        fail_msg("%s: %s", text, error.text);
    }
}


#define CREDENTIAL(id, class, holder, rest)                                   \
    "{\"kind\":\"credential\",\"id\":\"" id "\",\"class\":\"" class "\","     \
    "\"holder\":\"" holder "\"," rest "}"

#define PROGRESS(holder, class, practice, learn)                              \
    "{\"kind\":\"progress\",\"holder\":\"" holder "\",\"class\":\"" class     \
    "\",\"practice\":" #practice ",\"learn\":" #learn "}"

static const char *const  records[] = {
    "{\"kind\":\"issuer\",\"id\":\"a\",\"name\":\"A\"}",
    "{\"kind\":\"issuer\",\"id\":\"b\",\"name\":\"B\"}",
    "{\"kind\":\"issuer\",\"id\":\"c\",\"name\":\"C\"}",

    "{\"kind\":\"class\",\"id\":\"web\",\"issuer\":\"a\",\"title\":\"Web\","
    "\"category\":\"w\",\"category_title\":\"The \\\"Web\\\"\","
    "\"requires\":{\"practice\":75,\"learn\":22},\"position\":2}",
    "{\"kind\":\"class\",\"id\":\"api\",\"issuer\":\"a\",\"title\":\"API\","
    "\"requires\":{\"learn\":5},\"position\":1}",
    "{\"kind\":\"class\",\"id\":\"last\",\"issuer\":\"a\",\"title\":\"L\","
    "\"requires\":{\"practice\":1}}",
    "{\"kind\":\"class\",\"id\":\"even\",\"issuer\":\"a\",\"title\":\"E\","
    "\"requires\":{\"practice\":0},\"position\":2}",
    "{\"kind\":\"class\",\"id\":\"free\",\"issuer\":\"a\",\"title\":\"F\","
    "\"position\":0}",
    "{\"kind\":\"class\",\"id\":\"none\",\"issuer\":\"a\",\"title\":\"N\","
    "\"requires\":{},\"position\":0}",
    "{\"kind\":\"class\",\"id\":\"bio\",\"issuer\":\"b\",\"title\":\"Bio\","
    "\"requires\":{\"practice\":9},\"position\":0}",

    "{\"kind\":\"holder\",\"id\":\"jo\",\"email\":\"jo@mail.example\"}",
    "{\"kind\":\"holder\",\"id\":\"new\"}",
    "{\"kind\":\"holder\",\"id\":\"started\"}",
    "{\"kind\":\"holder\",\"id\":\"free\"}",
    "{\"kind\":\"holder\",\"id\":\"draft\"}",
    "{\"kind\":\"holder\",\"id\":\"tester\"}",
    "{\"kind\":\"holder\",\"id\":\"bs\"}",
    "{\"kind\":\"holder\",\"id\":\"many\"}",

    PROGRESS("jo", "web", 75, 22),
    PROGRESS("jo", "api", 99, 4),
    CREDENTIAL("jo-web", "web", "jo", "\"status\":\"issued\",\"number\":"
               "\"W-1\",\"issued_at\":\"2026-01-05\",\"expires_at\":"
               "\"2026-01-06T00:00:00+01:00\""),
    CREDENTIAL("jo-api", "api", "jo", "\"status\":\"revoked\""),
    CREDENTIAL("jo-last", "last", "jo", "\"status\":\"claimed\""),
    CREDENTIAL("jo-bio", "bio", "jo", "\"status\":\"used\""),

    PROGRESS("started", "free", 1, 0),
    CREDENTIAL("free-free", "free", "free", "\"status\":\"revoked\""),
    CREDENTIAL("draft-web", "web", "draft", "\"status\":\"draft\""),
    CREDENTIAL("test-web", "web", "tester", "\"status\":\"issued\","
               "\"test\":true"),
    PROGRESS("bs", "bio", 9, 0),

    /* which of several */

    CREDENTIAL("w1", "web", "many", "\"status\":\"issued\",\"issued_at\":"
               "\"2026-01-05\""),
    CREDENTIAL("w2", "web", "many", "\"status\":\"issued\",\"issued_at\":"
               "\"2026-01-05T00:00:01Z\""),
    CREDENTIAL("w3", "web", "many", "\"status\":\"revoked\",\"issued_at\":"
               "\"2026-03-05\""),
    CREDENTIAL("w4", "web", "many", "\"status\":\"pending\",\"issued_at\":"
               "\"2026-03-05\""),
    CREDENTIAL("w5", "web", "many", "\"status\":\"refunded\",\"issued_at\":"
               "\"2026-03-05\""),
    CREDENTIAL("w6", "web", "many", "\"status\":\"issued\",\"issued_at\":"
               "\"2026-03-05\",\"test\":true"),
    CREDENTIAL("w7", "web", "many", "\"status\":\"issued\",\"created_at\":"
               "\"2026-03-05\""),
    CREDENTIAL("a1", "api", "many", "\"status\":\"issued\",\"created_at\":"
               "\"2026-03-05\""),
    CREDENTIAL("a2", "api", "many", "\"status\":\"issued\",\"created_at\":"
               "\"2026-03-06\""),
    CREDENTIAL("a3", "api", "many", "\"status\":\"issued\""),
    CREDENTIAL("l10", "last", "many", "\"status\":\"issued\""),
    CREDENTIAL("l2", "last", "many", "\"status\":\"issued\""),
    CREDENTIAL("l1", "last", "many", "\"status\":\"issued\""),
};


static const cv_str_t  names[] = {
#define NAME(text)  { (const uint8_t *) text, sizeof(text) - 1 }
    NAME("a"), NAME("nobody"), NAME("a"), NAME("b"), NAME("a")
};

#define A       &names[0], 1
#define A_TWICE &names[0], 3
#define B       &names[3], 1
#define B_A     &names[3], 2
#define NOBODY  &names[1], 1
#define ANY     NULL, 0


static const struct {
    const char       *holder;
    const cv_str_t   *issuers;
    size_t            nissuers;
    uint64_t          issuer;
    bool              test;
    const char       *expected;     /* class and credential; NULL: unknown */
} cases[] = {
    { "jo", A, 0, false, "api- web-jo-web even- last-jo-last " },
    { "jo", A_TWICE, 0, false, "api- web-jo-web even- last-jo-last " },
    { "jo", B, 0, false, "bio-jo-bio " },
    { "jo", B_A, 0, false,
      "bio-jo-bio api- web-jo-web even- last-jo-last " },
    { "jo", ANY, 0, false,
      "api- web-jo-web even- last-jo-last bio-jo-bio " },

    /* a key that is bound to an issuer */

    { "jo", B_A, 1, false, "api- web-jo-web even- last-jo-last " },
    { "jo", B_A, 2, false, "bio-jo-bio " },
    { "jo", ANY, 2, false, "bio-jo-bio " },
    { "jo", A, 2, false, NULL },
    { "jo", ANY, 3, false, NULL },
    { "jo", NOBODY, 0, false, NULL },

    /* who is known to whom */

    { "nobody", ANY, 0, false, NULL },
    { "", ANY, 0, false, NULL },
    { "JO", ANY, 0, false, NULL },
    { "new", ANY, 0, false, NULL },
    { "started", A, 0, false, "api- web- even- last- " },
    { "started", B, 0, false, NULL },
    { "free", A, 0, false, "api- web- even- last- " },
    { "draft", A, 0, false, "api- web- even- last- " },
    { "bs", A, 0, false, NULL },
    { "bs", B, 0, false, "bio- " },

    /* test credentials */

    { "tester", A, 0, false, NULL },
    { "tester", A, 0, true, "api- web-test-web even- last- " },
    { "jo", A, 0, true, "api- web- even- last- " },
    { "free", A, 0, true, NULL },

    { "many", A, 0, false, "api-a2 web-w2 even- last-l2 " },
    { "many", A, 0, true, "api- web-w6 even- last- " },
};


static void
summarize(cv_buf_t *out, cv_doc_t list)
{
    cv_doc_t       item, class, credential;
    cv_doc_iter_t  it;

    cv_buf_reset(out);
    it = cv_doc_iter(list);

    while (cv_doc_next(&it, NULL, &item)) {
        class = cv_doc_member(item, CV_STR("class"));
        credential = cv_doc_member(item, CV_STR("credential"));

        cv_buf_append_str(out, cv_doc_text(cv_doc_member(class,
                                                         CV_STR("id"))));
        cv_buf_append_byte(out, '-');
        cv_buf_append_str(out, cv_doc_text(cv_doc_member(credential,
                                                         CV_STR("id"))));
        cv_buf_append_byte(out, ' ');
    }

    cv_buf_append_byte(out, '\0');
}


static cv_txn_t *
snapshot_of(test_t *test)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_snapshot_open(&txn, test->store, &error), CV_OK);
    assert_int_equal(cv_snapshot_renew(txn), CV_OK);

    return txn;
}


static void
fill_records(test_t *test)
{
    size_t     i;
    cv_txn_t  *txn;
    cv_line_t  line;

    assert_int_equal(cv_line_init(&line, &error), CV_OK);

    txn = begin(test);

    for (i = 0; i < CV_COUNT(records); i++) {
        put(txn, &line, records[i]);
    }

    commit(txn);
    cv_line_free(&line);

    assert_int_equal(check(test), 0);
}


static void
test_list(void **state)
{
    size_t               i;
    test_t              *test = *state;
    cv_buf_t             out;
    cv_doc_t             doc;
    cv_txn_t            *txn;
    cv_progress_list_t   list;
    cv_progress_query_t  query;

    fill_records(test);

    txn = snapshot_of(test);
    cv_progress_list_init(&list);
    cv_buf_init(&out, 65536);

    for (i = 0; i < CV_COUNT(cases); i++) {
        query = (cv_progress_query_t) { cv_str_z(cases[i].holder),
                                        cases[i].issuers, cases[i].nissuers,
                                        cases[i].issuer, cases[i].test, 0, false };

        assert_int_equal(cv_progress_list(&list, txn, &query, &doc), CV_OK);

        if (cases[i].expected == NULL || !cv_present(doc)) {
            if (cv_present(doc) != (cases[i].expected != NULL)) {
                fail_msg("case %zu, %s", i, cases[i].holder);
            }

            continue;
        }

        assert_true(cv_doc_valid(doc));
        summarize(&out, doc);
        assert_string_equal((char *) out.data, cases[i].expected);
    }

    query = (cv_progress_query_t) { CV_STR("jo"), A, 0, false, 0, false };
    assert_int_equal(cv_progress_list(&list, txn, &query, &doc), CV_OK);

    cv_buf_reset(&out);
    cv_doc_write_json(&out, doc);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data,
        "[{\"class\":{\"id\":\"api\",\"title\":\"API\"},"
        "\"requires\":{\"practice\":0,\"learn\":5},"
        "\"practice\":99,\"learn\":4,\"complete\":false},"
        "{\"class\":{\"id\":\"web\",\"title\":\"Web\",\"category\":\"w\","
        "\"category_title\":\"The \\\"Web\\\"\"},"
        "\"credential\":{\"id\":\"jo-web\",\"status\":\"issued\","
        "\"number\":\"W-1\",\"issued_at\":\"2026-01-05\","
        "\"expires_at\":\"2026-01-06T00:00:00+01:00\"},"
        "\"requires\":{\"practice\":75,\"learn\":22},"
        "\"practice\":75,\"learn\":22,\"complete\":true},"
        "{\"class\":{\"id\":\"even\",\"title\":\"E\"},"
        "\"requires\":{\"practice\":0,\"learn\":0},"
        "\"practice\":0,\"learn\":0,\"complete\":true},"
        "{\"class\":{\"id\":\"last\",\"title\":\"L\"},"
        "\"credential\":{\"id\":\"jo-last\",\"status\":\"claimed\"},"
        "\"requires\":{\"practice\":1,\"learn\":0},"
        "\"practice\":0,\"learn\":0,\"complete\":false}]");

    cv_buf_free(&out);
    cv_progress_list_free(&list);
    cv_snapshot_close(txn);
}


/* As many classes as there may be are shown; one more is too many. */

static void
test_limit(void **state)
{
    int                  i;
    char                 text[512];
    test_t              *test = *state;
    cv_buf_t             out;
    cv_doc_t             doc;
    cv_txn_t            *txn;
    cv_line_t            line;
    cv_facts_t           facts;
    cv_document_t       *document;
    cv_rendering_t       rendering;
    cv_progress_list_t   list;
    cv_progress_query_t  query;

    assert_int_equal(cv_line_init(&line, &error), CV_OK);

    txn = begin(test);
    put(txn, &line, records[0]);
    put(txn, &line, "{\"kind\":\"holder\",\"id\":\"jo\"}");

    for (i = 0; i < CV_PROGRESS_CLASSES; i++) {
        (void) snprintf(text, sizeof(text), "{\"kind\":\"class\",\"id\":"
                        "\"c%d\",\"issuer\":\"a\",\"title\":\"T\",\"category\":"
                        "\"%d\",\"category_title\":\"T\",\"requires\":"
                        "{\"practice\":1},\"position\":%d}", i, i, -i);
        put(txn, &line, text);
        (void) snprintf(text, sizeof(text), CREDENTIAL("x%d", "c%d", "jo",
                        "\"status\":\"issued\",\"number\":\"N-%d\","
                        "\"issued_at\":\"2026-01-05\""), i, i, i);
        put(txn, &line, text);
    }

    commit(txn);

    txn = snapshot_of(test);
    cv_progress_list_init(&list);
    query = (cv_progress_query_t) { CV_STR("jo"), A, 0, false, 0, false };
    assert_int_equal(cv_progress_list(&list, txn, &query, &doc), CV_OK);

    if (cv_document_load(&document, "conf-examples/views/securecodinghub",
                         "progress", &error)
        != CV_OK)
    {
        fail_msg("%s", error.text);
    }

    cv_buf_init(&out, 8 * 1024 * 1024);
    cv_disclose_progress(&facts, doc, NOW);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_FOUND,
                                        &facts, &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_true(rendering.timeless);

    assert_ptr_equal(strstr((char *) out.data,
                            "[{\"categoryId\":\"999\",\"categoryTitle\":\"T\","
                            "\"certificateId\":\"x999\",\"certificateNumber\":"
                            "\"N-999\",\"issuedAt\":\"2026-01-05\","
                            "\"practiceTotal\":1,\"practiceCompleted\":0,"
                            "\"learnTotal\":0,\"learnCompleted\":0,"
                            "\"isComplete\":false},{\"categoryId\":\"998\","),
                     out.data);
    assert_non_null(strstr((char *) out.data, ",{\"categoryId\":\"0\","));

    cv_buf_free(&out);
    cv_document_free(document);
    cv_snapshot_close(txn);

    txn = begin(test);
    put(txn, &line, "{\"kind\":\"class\",\"id\":\"more\",\"issuer\":\"a\","
                    "\"title\":\"T\",\"requires\":{\"learn\":1}}");
    commit(txn);

    txn = snapshot_of(test);
    assert_int_equal(cv_progress_list(&list, txn, &query, &doc),
                     CV_ERR_LIMIT);
    query.holder = CV_STR("nobody");
    assert_int_equal(cv_progress_list(&list, txn, &query, &doc), CV_OK);
    assert_false(cv_present(doc));

    cv_progress_list_free(&list);
    cv_snapshot_close(txn);
    cv_line_free(&line);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_list),
        TEST(test_limit),
    };

    return cmocka_run_group_tests_name("progress_list", tests, NULL, NULL);
}
