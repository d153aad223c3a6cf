
/*
 * Copyright (C) The credverify authors
 */

#include "cv_items.h"
#include "view_facts.h"

#define LIST_REST  ",\"not_found\":{\"body\":1},\"error\":{\"body\":1}}"

#define ITEM_REST                                                             \
    ",\"revoked\":\"not_found\",\"token_expired\":\"not_found\",\"refunded\":"   \
    "\"not_found\",\"expired\":\"not_found\",\"pending\":\"not_found\""          \
    LIST_REST


static cv_document_t *
compile(const char *text, cv_error_t *error)
{
    cv_str_t        source[CV_FORMATS];
    cv_document_t  *document;

    memset(source, 0, sizeof(source));
    source[CV_FORMAT_JSON] = cv_str_z(text);

    return cv_document_compile(&document, "v", source, error) == CV_OK
           ? document : NULL;
}


static cv_document_t *
compile_body(const char *body)
{
    char            text[1024];
    cv_error_t      error;
    cv_document_t  *document;

    (void) snprintf(text, sizeof(text), "{\"valid\":{\"body\":%s}" ITEM_REST,
                    body);

    document = compile(text, &error);

    if (document == NULL) {
        fail_msg("%s: %s", body, error.text);
    }

    return document;
}


/* A list of credentials whose codes are given, rendered at a moment. */

static cv_rendering_t
render_list(cv_buf_t *out, const cv_document_t *list,
    const cv_document_t *item, const char *codes, cv_time_t now)
{
    cv_err_t        err;
    cv_items_t      items;
    cv_facts_t      facts;
    view_facts_t    v;
    cv_verdict_t    verdict;
    cv_evidence_t   evidence;
    cv_rendering_t  rendering;

    view_facts_init(&v);
    cv_items_init(&items, 512);

    verdict = (cv_verdict_t) { CV_VALID, CV_PRIVACY_FULL, CV_TIME_NEVER };
    evidence = (cv_evidence_t) {
        .credential = &v.credential,
        .class = &v.class,
        .issuer = &v.issuer,
        .holder = &v.holder
    };
    err = CV_OK;

    for ( /* void */ ; *codes != '\0' && err == CV_OK; codes++) {
        v.credential.code = cv_str(codes, 1);
        cv_disclose(&facts, &verdict, CV_VALID, &evidence, now);
        cv_disclose_asked(&facts, cv_str(codes, 1));
        err = cv_items_add(&items, item, CV_VALID, &facts);
    }

    cv_buf_reset(out);
    memset(&rendering, 0, sizeof(rendering));

    if (err == CV_OK) {
        assert_int_equal(cv_items_disclose(&items, &facts,
                                           *codes == '\0' ? CV_STR("on")
                                                          : CV_ABSENT, now),
                         CV_OK);
        assert_int_equal(cv_document_render(list, CV_FORMAT_JSON, CV_FOUND,
                                            &facts, out, &rendering), CV_OK);
        rendering.timeless = rendering.timeless && items.rendering.timeless;

    } else {
        assert_int_equal(err, CV_ERR_LIMIT);
    }

    cv_buf_append_byte(out, '\0');
    cv_items_free(&items);

    return rendering;
}


static void
test_list(void **state)
{
    cv_buf_t         out;
    cv_error_t       error;
    cv_document_t   *list, *item, *timed, *other;
    cv_rendering_t   a, b;

    (void) state;

    list = compile("{\"found\":{\"body\":{\"l\":\"$list.items\",\"n\":"
                   "\"$list.next?\",\"asked\":\"$asked\",\"again\":{\"$if\":"
                   "\"list.items\",\"it\":\"$list.items\"},\"is\":"
                   "\"$list.items|exists\"}}" LIST_REST, &error);
    item = compile_body("{\"c\":\"$credential.code\",\"asked\":"
                             "\"$asked\"}");
    timed = compile_body("[\"$credential.code\",\"$checked_at\"]");
    assert_non_null(list);

    cv_buf_init(&out, 4096);

    a = render_list(&out, list, item, "xy", VIEW_NOW);
    assert_string_equal((char *) out.data,
        "{\"l\":[{\"c\":\"x\",\"asked\":\"x\"},{\"c\":\"y\",\"asked\":"
        "\"y\"}],\"n\":\"on\",\"asked\":null,\"again\":{\"it\":[{\"c\":"
        "\"x\",\"asked\":\"x\"},{\"c\":\"y\",\"asked\":\"y\"}]},\"is\":true}");
    assert_true(a.timeless);

    a = render_list(&out, list, item, "", VIEW_NOW);
    assert_string_equal((char *) out.data,
                        "{\"l\":[],\"n\":\"on\",\"asked\":null,"
                        "\"is\":true}");

    /* the hash is of what is shown, but not of when */

    a = render_list(&out, list, timed, "xy", VIEW_NOW);
    assert_non_null(strstr((char *) out.data, "[\"y\",\"2026-03-11T10:30:00Z\"]"));
    b = render_list(&out, list, timed, "xy", VIEW_NOW + CV_DAY);
    assert_non_null(strstr((char *) out.data, "[\"y\",\"2026-03-12T10:30:00Z\"]"));
    assert_false(a.timeless);
    assert_true(a.hash == b.hash);
    b = render_list(&out, list, timed, "yx", VIEW_NOW);
    assert_true(a.hash != b.hash);
    b = render_list(&out, list, timed, "xx", VIEW_NOW);
    assert_true(a.hash != b.hash);
    b = render_list(&out, list, timed, "x", VIEW_NOW);
    assert_true(a.hash != b.hash);
    b = render_list(&out, list, timed, "", VIEW_NOW);
    assert_true(a.hash != b.hash);

    other = compile("{\"found\":{\"body\":{\"k\":\"$list.items\",\"n\":"
                    "\"$list.next?\",\"asked\":\"$asked\"}}" LIST_REST,
                    &error);
    b = render_list(&out, other, timed, "xy", VIEW_NOW);
    assert_true(a.hash != b.hash);

    /* more than there is room for */

    b = render_list(&out, list, item, "aaaaaaaaaaaaaaaaaaaaaaaaa", VIEW_NOW);
    assert_string_equal((char *) out.data, "");

    /* a list that is there shows nothing in a text */

    assert_null(compile("{\"found\":{\"body\":\"<${list.items}>\"}" LIST_REST,
                        &error));
    assert_non_null(strstr(error.text, "\"list.items\" is a list or an object, "
                                       "not a text"));
    assert_null(compile("{\"found\":{\"body\":{\"$each\":\"$list.items\","
                        "\"$do\":1}}" LIST_REST, &error));
    assert_non_null(strstr(error.text, "is no list"));
    assert_null(compile("{\"found\":{\"body\":\"$list.items.a\"}" LIST_REST,
                        &error));
    assert_null(compile("{\"found\":{\"body\":\"$list.items|date\"}" LIST_REST,
                        &error));

    cv_buf_free(&out);
    cv_document_free(list);
    cv_document_free(item);
    cv_document_free(timed);
    cv_document_free(other);
}


/* What was asked for is shown if it is text, whatever text it is. */

static void
test_asked(void **state)
{
    cv_buf_t         out;
    cv_facts_t       facts;
    cv_verdict_t     verdict;
    cv_evidence_t    evidence;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    document = compile_body("\"$asked\"");
    cv_buf_init(&out, 4096);
    memset(&evidence, 0, sizeof(evidence));
    verdict = (cv_verdict_t) { CV_NOT_FOUND, CV_PRIVACY_FULL, CV_TIME_NEVER };

    cv_disclose(&facts, &verdict, CV_NOT_FOUND, &evidence, VIEW_NOW);
    cv_disclose_asked(&facts, CV_STR(VIEW_NASTY));
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &facts, &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data,
                        "\"\\\"'<>&\\\\ \\u0001\\t/\xc3\xa9 "
                        "javascript:alert(1)\"");

    cv_disclose(&facts, &verdict, CV_NOT_FOUND, &evidence, VIEW_NOW);
    cv_disclose_asked(&facts, CV_STR("a\xff"));
    cv_buf_reset(&out);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &facts, &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data, "null");

    cv_buf_free(&out);
    cv_document_free(document);
}


/* items that are put in by somebody else, as they would have been here */

static void
test_gap(void **state)
{
    size_t          i;
    cv_buf_t        out;
    cv_error_t      error;
    cv_facts_t      facts;
    cv_document_t  *document;
    cv_rendering_t  whole, rendering;

    static const struct {
        const char  *document;
        const char  *body;
        size_t       gap;
        cv_err_t     err;
    } cases[] = {
        { "{\"found\":{\"body\":{\"a\":1,\"items\":\"$list.items\",\"b\":2}}"
          LIST_REST, "{\"a\":1,\"items\":,\"b\":2}",
          sizeof("{\"a\":1,\"items\":") - 1, CV_OK },
        { "{\"found\":{\"body\":{\"items\":\"$list.items?\"}}" LIST_REST,
          "{\"items\":}", sizeof("{\"items\":") - 1, CV_OK },
        { "{\"found\":{\"body\":\"$list.items\"}" LIST_REST, "", 0, CV_OK },
        { "{\"found\":{\"body\":[1]}" LIST_REST, "[1]", SIZE_MAX, CV_OK },
        { "{\"found\":{\"body\":[\"$list.items\",\"$list.items\"]}" LIST_REST,
          NULL, 0, CV_ERR_LIMIT },
    };

    (void) state;

    cv_buf_init(&out, 1024);

    for (i = 0; i < CV_COUNT(cases); i++) {
        document = compile(cases[i].document, &error);
        assert_non_null(document);

        cv_disclose_list(&facts, CV_STR("[1,2,3]"), 7, CV_ABSENT, VIEW_NOW);
        cv_buf_reset(&out);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_FOUND,
                                            &facts, &out, &whole), CV_OK);
        assert_true(whole.gap == SIZE_MAX);

        cv_disclose_list(&facts, CV_ABSENT, 7, CV_ABSENT, VIEW_NOW);
        cv_buf_reset(&out);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_FOUND,
                                            &facts, &out, &rendering),
                         cases[i].err);

        if (cases[i].err == CV_OK) {
            assert_true(rendering.gap == cases[i].gap);
            assert_true(rendering.hash == whole.hash);
            cv_buf_append_byte(&out, '\0');
            assert_string_equal((char *) out.data, cases[i].body);
        }

        cv_document_free(document);
    }

    cv_buf_free(&out);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_gap),
    };

    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
