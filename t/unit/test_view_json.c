
/*
 * Copyright (C) The credverify authors
 */

#include "view_facts.h"
#include "cv_hash.h"
#include "cv_text.h"
#include "cv_view_program.h"

/* the outcomes that are not given otherwise */

#define REST_AS(not_found)                                                    \
    "\"revoked\":\"not_found\",\"token_expired\":\"not_found\","              \
    "\"refunded\":\"not_found\",\"expired\":\"not_found\","                   \
    "\"pending\":\"not_found\",\"error\":" not_found ","                      \
    "\"not_found\":" not_found

#define REST  REST_AS("{\"body\":0}")

#define SIXTEEN     "0123456789abcdef"
#define SIXTY_FOUR  SIXTEEN SIXTEEN SIXTEEN SIXTEEN

#define NOWS_3  "${checked_at}${checked_at}${checked_at}"
#define NOWS_9  NOWS_3 NOWS_3 NOWS_3


typedef struct {
    const char  *input;         /* a body, or a whole document */
    const char  *expected;      /* the answer, or an error's text */
} view_case_t;


static const view_case_t  bodies[] = {

    /* constants */

    { "null", "null" },
    { "true", "true" },
    { "-1.50e3", "-1.50e3" },
    { "\"a\\\"b\\u0001\\u00e9\"", "\"a\\\"b\\u0001\xc3\xa9\"" },
    { "[]", "[]" },
    { "{}", "{}" },
    { "{\"a\":[1,{\"b\":null}],\"c\":{}}",
      "{\"a\":[1,{\"b\":null}],\"c\":{}}" },
    { "{\"a\\\"\":1}", "{\"a\\\"\":1}" },

    /* facts with their types */

    { "\"$valid\"", "true" },
    { "\"$masked\"", "false" },
    { "\"$class\"", "true" },
    { "\"$reason\"", "\"valid\"" },
    { "\"$class.level\"", "-12" },
    { "\"$class.title\"", "\"Web \\\"Security\\\"\"" },
    { "\"$class.description\"", "null" },
    { "\"$holder.organization\"", "\"\"" },
    { "\"$holder.name\"",
      "\"\\\"'<>&\\\\ \\u0001\\t/\xc3\xa9 javascript:alert(1)\"" },
    { "\"$class.tags\"", "[\"a\",\"<b>\",\"c\"]" },
    { "\"$class.alignment\"", "null" },
    { "\"$credential.issued_at\"", "\"2026-02-15\"" },
    { "\"$credential.expires_at\"", "\"2027-01-01T01:30:00.25+02:00\"" },
    { "\"$next_change_at\"", "\"2026-04-17T10:30:00Z\"" },
    { "\"$checked_at\"", "\"2026-03-11T10:30:00Z\"" },

    /* members of documents */

    { "\"$credential.attributes.color\"", "\"red\"" },
    { "\"$credential.attributes.n\"", "1.50" },
    { "\"$credential.attributes.yes\"", "true" },
    { "\"$credential.attributes.null\"", "null" },
    { "\"$credential.attributes.deep\"", "{\"er\":{\"x\":\"X\"}}" },
    { "\"$credential.attributes.deep.er.x\"", "\"X\"" },
    { "\"$credential.attributes.color.x\"", "null" },
    { "\"$credential.attributes.other.x\"", "null" },
    { "\"$class.criteria.narrative\"", "\"Do it.\"" },
    { "\"$class.alignment.x\"", "null" },

    /* filters */

    { "\"$credential.issued_at|date\"", "\"2026-02-15\"" },
    { "\"$credential.issued_at|datetime\"", "\"2026-02-15T00:00:00Z\"" },
    { "\"$credential.expires_at|date\"", "\"2026-12-31\"" },
    { "\"$credential.expires_at|datetime\"", "\"2026-12-31T23:30:00Z\"" },
    { "\"$credential.expires_at|datetime_offset\"",
      "\"2026-12-31T23:30:00+00:00\"" },
    { "\"$credential.expires_at|datetime_ms\"",
      "\"2026-12-31T23:30:00.250Z\"" },
    { "\"$credential.expires_at|date_long\"", "\"31 December 2026\"" },
    { "\"$next_change_at|date\"", "\"2026-04-17\"" },
    { "\"$token.created_at|date\"", "null" },
    { "\"$credential.attributes.day|date_long\"", "\"29 February 2024\"" },
    { "\"$credential.attributes.bad|date\"", "null" },
    { "\"$credential.attributes.n|date\"", "null" },
    { "\"$credential.attributes|exists\"", "true" },
    { "\"$credential.attributes.null|exists\"", "false" },
    { "\"$class.description|exists\"", "false" },
    { "\"$holder.organization|exists\"", "true" },
    { "\"$checked_at|exists\"", "true" },
    { "\"$checked_at|date\"", "\"2026-03-11\"" },
    { "\"$checked_at|date_long\"", "\"11 March 2026\"" },
    { "\"$checked_at|time\"", "\"10:30:00\"" },
    { "[\"$checked_at|date_long\",\"$checked_at|datetime_ms\",1,"
      "\"$checked_at|date_long\"]",
      "[\"11 March 2026\",\"2026-03-11T10:30:00.000Z\",1,"
      "\"11 March 2026\"]" },

    /* text */

    { "\"<${class.title}>${class.description}.\"",
      "\"<Web \\\"Security\\\">.\"" },
    { "\"${class.level} ${valid} ${credential.issued_at|date_long}\"",
      "\"-12 true 15 February 2026\"" },
    { "\"at ${checked_at}!\"", "\"at 2026-03-11T10:30:00Z!\"" },
    { "\"${credential.attributes.n}${credential.attributes.deep}\"",
      "\"1.50\"" },
    { "\"${credential.attributes.no}\"", "\"false\"" },
    { "\"$$valid costs 5$$\"", "\"$valid costs 5$\"" },
    { "\"$$$${valid}$${\"", "\"$${valid}${\"" },
    { "{\"$$ref\":1,\"a$b\":2}", "{\"$ref\":1,\"a$b\":2}" },

    /* left out */

    { "{\"a\":\"$class.description?\"}", "{}" },
    { "{\"a\":\"$class.id?\"}", "{\"a\":\"web\"}" },
    { "{\"a\":1,\"b\":\"$class.description?\"}", "{\"a\":1}" },
    { "{\"a\":\"$class.description?\",\"b\":1}", "{\"b\":1}" },
    { "{\"a\":1,\"b\":\"$class.description?\",\"c\":2}",
      "{\"a\":1,\"c\":2}" },
    { "{\"a\":\"$class.description?\",\"b\":\"$class.id?\","
      "\"c\":\"$class.image?\"}", "{\"b\":\"web\"}" },
    { "{\"a\":{\"b\":\"$class.description?\"},\"c\":\"$class.image?\"}",
      "{\"a\":{}}" },
    { "[\"$class.description?\",\"$class.id?\",\"$class.image?\"]",
      "[\"web\"]" },
    { "\"$class.description?\"", "null" },
    { "{\"a\":\"$credential.attributes.null?\"}", "{}" },
    { "{\"a\":\"$credential.attributes.bad|date?\"}", "{}" },
    { "{\"a\":\"$holder.organization?\"}", "{\"a\":\"\"}" },

    { "{\"a\":{\"$if\":\"token\",\"b\":1},\"c\":{\"$if\":\"error\",\"d\":1}}",
      "{\"a\":{\"b\":1}}" },
    { "[{\"$if\":\"error\"},{\"$if\":\"$token\"}]", "[{}]" },
    { "[{\"$if\":\"holder.organization\"},"
      "{\"$if\":\"holder.organization|exists\"}]", "[{}]" },
    { "{\"$if\":\"error\",\"a\":1}", "null" },
    { "{\"$if\":\"valid\",\"a\":1}", "{\"a\":1}" },
    { "{\"$if\":\"valid\",\"a\":\"$class.image?\"}", "{}" },

    /* repeated */

    { "{\"$each\":\"$class.tags\",\"$do\":\"$item\"}",
      "[\"a\",\"<b>\",\"c\"]" },
    { "{\"$do\":{\"t\":\"<${item}>\"},\"$each\":\"$class.tags\"}",
      "[{\"t\":\"<a>\"},{\"t\":\"<<b>>\"},{\"t\":\"<c>\"}]" },
    { "{\"$each\":\"$credential.attributes.list\",\"$do\":\"$item\"}",
      "[1,\"two\",null,{\"a\":\"A\"}]" },
    { "{\"$each\":\"$credential.attributes.list\",\"$do\":\"$item?\"}",
      "[1,\"two\",{\"a\":\"A\"}]" },
    { "{\"$each\":\"$credential.attributes.list\",\"$do\":\"$item.a?\"}",
      "[\"A\"]" },
    { "{\"$each\":\"$credential.evidence\",\"$do\":"
      "{\"$if\":\"item.id\",\"id\":\"$item.id\",\"class\":\"$class.id\"}}",
      "[{\"id\":\"https://e.example/1\",\"class\":\"web\"}]" },
    { "{\"$each\":\"$credential.evidence\",\"$do\":"
      "{\"$each\":\"$item.parts\",\"$do\":\"$item\"}}",
      "[[\"p\",\"q\"],[]]" },
    { "{\"$each\":\"$class.alignment\",\"$do\":1}", "[]" },
    { "{\"$each\":\"$class.criteria\",\"$do\":1}", "[]" },
    { "{\"$each\":\"$credential.attributes.color\",\"$do\":1}", "[]" },
    { "{\"a\":{\"$each\":\"$class.alignment?\",\"$do\":1},"
      "\"b\":{\"$each\":\"$class.tags?\",\"$do\":1}}", "{\"b\":[1,1,1]}" },
    { "{\"$if\":\"error\",\"$each\":\"$class.tags\",\"$do\":1}", "null" },
    { "{\"$if\":\"valid\",\"$each\":\"$class.tags\",\"$do\":[]}",
      "[[],[],[]]" },
};


static const view_case_t  wrong_bodies[] = {
    { "{\"a\":[1,\"$tokn.id\"]}", "v.json: valid.body.a[1]: "
      "unknown fact \"tokn.id\"" },
    { "\"$class.titel\"", "valid.body: unknown fact \"class.titel\"" },
    { "\"$holder.email\"", "unknown fact \"holder.email\"" },
    { "\"$item\"", "unknown fact \"item\"" },
    { "\"$class.title|date\"", "\"class.title\" is no date" },
    { "\"$class.tags|date\"", "\"class.tags\" is no date" },
    { "\"$class.title|upper\"", "unknown filter \"upper\"" },
    { "\"$class.title|date|exists\"", "the filter \"exists\" "
      "cannot follow another" },
    { "\"$class.title|fit:10,20\"", "inside text a fact is written" },
    { "\"${class.title|fit:10,20}\"", "\"class.title|fit:10,20\": only pages "
      "and images have such a filter" },
    { "{\"$if\": \"class.title|line:1,1,10,20\"}", "only pages and images" },
    { "\"$class.title|html\"", "\"class.title|html\": only pages show HTML" },
    { "\"$class.title|\"", "unknown filter \"\"" },
    { "\"$class..title\"", "\"class..title\" is no name of a fact" },
    { "\"$class.\"", "\"class.\" is no name of a fact" },
    { "\"$class.title costs\"", "inside text a fact is written \"${name}\"" },
    { "\"costs $class.title\"", "inside text a fact is written \"${name}\"" },
    { "\"$\"", "a lone \"$\" (write \"$$\")" },
    { "\"5 $\"", "a lone \"$\"" },
    { "\"$ 5\"", "a lone \"$\"" },
    { "\"$?\"", "a lone \"$\"" },
    { "\"$$$\"", "a lone \"$\"" },
    { "\"a ${class.title\"", "\"${\" without \"}\"" },
    { "\"${}\"", "\"\" is no name of a fact" },
    { "\"${class.title?}\"", "\"class.title?\" is no name of a fact" },
    { "\"${ class.title}\"", "\" class.title\" is no name of a fact" },
    { "\"${class.tags}\"", "\"class.tags\" is a list or an object" },
    { "{\"$foo\":1}", "unknown member \"$foo\"" },
    { "{\"$\":1}", "unknown member \"$\"" },
    { "{\"a\":1,\"$if\":\"valid\"}", "\"$if\" must come first" },
    { "{\"$if\":true}", "\"$if\" takes the name of a fact" },
    { "{\"$if\":1}", "\"$if\" takes the name of a fact" },
    { "[{\"$if\":[\"valid\"]}]", "\"$if\" takes the name of a fact" },
    { "{\"$if\":\"vald\"}", "unknown fact \"vald\"" },
    { "{\"$each\":\"$class.tags\"}", "are both needed" },
    { "{\"$do\":1}", "are both needed" },
    { "{\"$each\":\"class.tags\",\"$do\":1}", "are both needed" },
    { "{\"$each\":1,\"$do\":1}", "\"$each\" cannot stand beside" },
    { "{\"$each\":\"$class.tags\",\"$do\":1,\"a\":1}",
      "\"a\" cannot stand beside \"$each\"" },
    { "{\"$each\":\"$class.title\",\"$do\":1}",
      "\"$class.title\" is no list" },
    { "{\"$each\":\"$class.tags|exists\",\"$do\":1}", "is no list" },
    { "{\"$each\":\"$class.tags\",\"$do\":\"$checked_at\"}",
      "valid.body.$do: \"checked_at\" cannot stand inside \"$each\"" },
    { "{\"a\":1,\"a\":2}", "duplicate member \"valid.body.a\"" },
    { "\"${links}\"", "\"links\" is a list or an object" },
    { "\"${error.present}\"", "\"error.present\" is a list or an object" },
    { "\"$error.required.x\"", "unknown fact \"error.required.x\"" },
    { "[1,]", "v.json: byte" },
};


static const view_case_t  wrong_documents[] = {
    { "", "v.json: byte 0: premature EOF" },
    { "[]", "v.json: not an object" },
    { "{\n\"valid\": 1,\n}", "v.json: line 3: " },
    { "{\"valid\":{\"body\":1}}", "the outcome \"revoked\" is missing" },
    { "{\"valid\":{\"body\":1},\"revoked\":\"valid\",\"token_expired\":"
      "\"valid\",\"refunded\":\"valid\",\"expired\":\"valid\",\"pending\":"
      "\"valid\",\"not_found\":\"valid\"}",
      "the outcome \"error\" is missing" },
    { "{\"vald\":{}}", "unknown outcome \"vald\"" },
    { "{\"found\":{},\"not_found\":{}}",
      "the outcome \"error\" is missing" },
    { "{\"found\":{},\"error\":{}}",
      "the outcome \"not_found\" is missing" },
    { "{\"found\":{},\"valid\":{},\"not_found\":{},\"error\":{}}",
      "\"valid\" and \"found\" do not go together" },
    { "{\"found\":\"not_found\",\"not_found\":{},\"error\":{}}",
      "found: it cannot be presented as \"not_found\"" },
    { "{\"found\":{},\"not_found\":\"found\",\"error\":{}}",
      "not_found: it cannot be presented as \"found\"" },
    { "{\"valid\":1," REST "}", "valid: neither an object nor" },
    { "{\"valid\":null," REST "}", "valid: neither an object nor" },
    { "{\"valid\":{\"boby\":1}," REST "}",
      "valid: unknown member \"boby\"" },
    { "{\"valid\":{}," REST_AS("{}") "}", "no outcome has a \"body\"" },
    { "{\"valid\":{\"body\":1},\"server_error\":{}," REST "}",
      "either every outcome has a \"body\" or none has" },
    { "{\"valid\":{\"body\":1,\"status\":199}," REST "}",
      "valid: \"status\" is 200, 201, or a number from 400 to 599" },
    { "{\"valid\":{\"body\":1,\"status\":600}," REST "}", "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"status\":204}," REST "}", "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"status\":304}," REST "}", "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"status\":2e2}," REST "}", "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"status\":\"200\"}," REST "}",
      "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"status\":-20}," REST "}", "\"status\" is" },
    { "{\"valid\":{\"body\":1,\"word\":7}," REST "}",
      "valid: \"word\" is a text of at most 64 bytes" },
    { "{\"valid\":{\"body\":1,\"word\":\"\"}," REST "}", "\"word\" is" },
    { "{\"valid\":{\"body\":1,\"word\":\"" SIXTY_FOUR "5\"}," REST "}",
      "\"word\" is" },
    { "{\"valid\":{\"body\":1,\"type\":7}," REST "}",
      "valid: \"type\" is a media type" },
    { "{\"valid\":{\"body\":1,\"type\":\"\"}," REST "}", "\"type\" is" },
    { "{\"valid\":{\"body\":1,\"type\":\"json\"}," REST "}", "\"type\" is" },
    { "{\"valid\":{\"body\":1,\"type\":\"a/b\\r\\nX: y\"}," REST "}",
      "\"type\" is" },
    { "{\"valid\":\"valid\"," REST "}",
      "valid: \"valid\" stands for another outcome itself" },
    { "{\"valid\":{\"body\":1},\"missing_handle\":\"expired\"," REST "}",
      "missing_handle: \"expired\" stands for another outcome" },
    { "{\"valid\":{\"body\":1},\"missing_handle\":\"invalid_format\","
      "\"invalid_format\":\"not_found\"," REST "}",
      "\"invalid_format\" stands for another outcome" },
    { "{\"valid\":{\"body\":1},\"store_unavailable\":\"not_found\"," REST "}",
      "store_unavailable: it cannot be presented as \"not_found\"" },
    { "{\"valid\":{\"body\":1},\"server_error\":\"not_found\"," REST "}",
      "server_error: it cannot be presented as \"not_found\"" },
    { "{\"valid\":{\"body\":1}," REST_AS("\"valid\"") "}",
      "\"not_found\" stands for another outcome" },
    { "{\"valid\":{\"body\":1},\"revoked\":\"valid\",\"token_expired\":"
      "{\"body\":1},\"refunded\":\"revoked\",\"expired\":\"not_found\","
      "\"pending\":\"not_found\",\"not_found\":{\"body\":1},\"error\":"
      "\"not_found\"}", "revoked: it cannot be presented as \"valid\"" },
    { "{\"valid\":{\"body\":1},\"revoked\":{\"body\":1},\"token_expired\":"
      "{\"body\":1},\"refunded\":\"not_found\",\"expired\":\"not_found\","
      "\"pending\":\"not_found\",\"not_found\":{\"body\":1},\"error\":"
      "\"valid\"}", "error: it cannot be presented as \"valid\"" },
    { "{\"valid\":\"revoked\",\"revoked\":{\"body\":1},\"token_expired\":"
      "{\"body\":1},\"refunded\":\"not_found\",\"expired\":\"not_found\","
      "\"pending\":\"not_found\",\"not_found\":{\"body\":1},\"error\":"
      "{\"body\":1}}", "valid: it cannot be presented as \"revoked\"" },
    { "{\"valid\":{\"body\":1},\"revoked\":{\"body\":1},\"token_expired\":"
      "{\"body\":1},\"refunded\":{\"body\":1},\"expired\":{\"body\":1},"
      "\"pending\":{\"body\":1},\"not_found\":\"revoked\",\"error\":"
      "{\"body\":1}}", "not_found: it cannot be presented as \"revoked\"" },
    { "{\"valid\":{\"body\":1},\"revoked\":\"server_error\","
      "\"token_expired\":{\"body\":1},\"refunded\":{\"body\":1},\"expired\":"
      "{\"body\":1},\"pending\":{\"body\":1},\"not_found\":{\"body\":1},"
      "\"error\":{\"body\":1}}",
      "revoked: it cannot be presented as \"server_error\"" },
    { "{\"valid\":{\"body\":1},\"missing_handle\":\"gone\"," REST "}",
      "missing_handle: unknown outcome \"gone\"" },
    { "{\"valid\":{\"body\":1},\"missing_handle\":\"error\"," REST "}",
      "unknown outcome \"error\"" },
    { "{\"valid\":{\"body\":1},\"valid\":{\"body\":1}," REST "}",
      "duplicate member \"valid\"" },
};


static cv_document_t *
compile(const char *text, cv_error_t *error)
{
    cv_str_t        source[CV_FORMATS];
    cv_document_t  *document;

    memset(source, 0, sizeof(source));
    source[CV_FORMAT_JSON] = cv_str_z(text);

    if (cv_document_compile(&document, "v", source, error) != CV_OK) {
        assert_null(document);
        return NULL;
    }

    return document;
}


static cv_document_t *
compile_body(const char *body, cv_error_t *error)
{
    char            text[65536];
    cv_document_t  *document;

    assert_true(snprintf(text, sizeof(text), "{\"valid\":{\"body\":%s}," REST
                         "}", body) < (int) sizeof(text));

    document = compile(text, error);

    return document;
}


static cv_document_t *
compile_good_body(const char *body)
{
    cv_error_t      error;
    cv_document_t  *document;

    document = compile_body(body, &error);

    if (document == NULL) {
        fail_msg("%s: %s", body, error.text);
    }

    return document;
}


static void
test_bodies(void **state)
{
    size_t           i;
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        document = compile_good_body(bodies[i].input);

        cv_buf_init(&out, 4096);
        cv_buf_append(&out, ",", 1);

        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                            CV_VALID, &v.facts, &out,
                                            &rendering), CV_OK);
        cv_buf_append_byte(&out, '\0');

        assert_int_equal(out.data[0], ',');
        assert_string_equal((char *) out.data + 1, bodies[i].expected);

        assert_int_equal(rendering.timeless,
                         strstr(bodies[i].input, "checked_at") == NULL
                         || strstr(bodies[i].input, "exists") != NULL);

        cv_buf_free(&out);
        cv_document_free(document);
    }
}


/* in a buffer of every size the answer is whole or refused */

static void
test_bodies_in_little_room(void **state)
{
    char            *memory;
    size_t           i, size, need;
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        document = compile_good_body(bodies[i].input);
        need = strlen(bodies[i].expected);

        for (size = 1; size <= need + 32; size++) {
            memory = malloc(size);
            assert_non_null(memory);
            cv_buf_borrow(&out, memory, size);

            if (cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                   &v.facts, &out, &rendering) == CV_OK)
            {
                assert_int_equal(out.len, need);
                assert_memory_equal(memory, bodies[i].expected, need);

            } else {
                assert_int_equal(out.err, CV_ERR_LIMIT);

                /* what is taken back or shortened later needs its room */
                assert_true(size < need + 32);
            }

            free(memory);
        }

        cv_document_free(document);
    }
}


static void
test_wrong(void **state)
{
    size_t          i;
    cv_error_t      error;
    cv_document_t  *document;

    (void) state;

    for (i = 0; i < sizeof(wrong_bodies) / sizeof(wrong_bodies[0]); i++) {
        document = compile_body(wrong_bodies[i].input, &error);

        if (document != NULL) {
            fail_msg("accepted: %s", wrong_bodies[i].input);
        }

        if (strstr(error.text, wrong_bodies[i].expected) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", wrong_bodies[i].input,
                     error.text, wrong_bodies[i].expected);
        }
    }

    for (i = 0; i < sizeof(wrong_documents) / sizeof(wrong_documents[0]); i++)
    {
        document = compile(wrong_documents[i].input, &error);

        if (document != NULL) {
            fail_msg("accepted: %s", wrong_documents[i].input);
        }

        if (strstr(error.text, wrong_documents[i].expected) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", wrong_documents[i].input,
                     error.text, wrong_documents[i].expected);
        }
    }
}


static void
test_presentations(void **state)
{
    cv_error_t          error;
    cv_document_t      *document;
    cv_presentation_t   p;

    static const char  text[] =
        "{\"valid\":{\"body\":1},\"revoked\":{\"status\":410,\"body\":2},"
        "\"token_expired\":\"revoked\",\"refunded\":\"not_found\","
        "\"expired\":\"not_found\",\"pending\":{\"body\":5},"
        "\"missing_handle\":\"server_error\","
        "\"server_error\":{\"body\":6},"
        "\"not_found\":{\"type\":\"application/problem+json\",\"body\":3,"
        "\"word\":\"Nowhere\"},"
        "\"invalid_format\":\"not_found\",\"error\":{\"body\":4}}";

    static const struct {
        cv_outcome_t  outcome;
        cv_outcome_t  as;
        unsigned      status;
        const char   *type;
        const char   *body;
    } cases[] = {
        { CV_VALID, CV_VALID, 200, "application/json", "1" },
        { CV_REVOKED, CV_REVOKED, 410, "application/json", "2" },
        { CV_TOKEN_EXPIRED, CV_REVOKED, 410, "application/json", "2" },
        { CV_REFUNDED, CV_NOT_FOUND, 404, "application/problem+json", "3" },
        { CV_EXPIRED, CV_NOT_FOUND, 404, "application/problem+json", "3" },
        { CV_PENDING, CV_PENDING, 200, "application/json", "5" },
        { CV_NOT_FOUND, CV_NOT_FOUND, 404, "application/problem+json", "3" },
        { CV_INVALID_FORMAT, CV_NOT_FOUND, 404, "application/problem+json",
          "3" },
        { CV_MISSING_HANDLE, CV_SERVER_ERROR, 500, "application/json", "6" },
        { CV_AMBIGUOUS_HANDLE, CV_AMBIGUOUS_HANDLE, 400, "application/json",
          "4" },
        { CV_STORE_UNAVAILABLE, CV_STORE_UNAVAILABLE, 503,
          "application/json", "4" },
    };

    size_t          i;
    cv_buf_t        out;
    view_facts_t    v;
    cv_rendering_t  rendering;

    (void) state;

    view_facts_init(&v);
    document = compile(text, &error);
    assert_non_null(document);

    assert_true(cv_document_has(document, CV_FORMAT_JSON));
    assert_false(cv_document_has(document, CV_FORMAT_HTML));

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        p = cv_document_present(document, CV_FORMAT_JSON, cases[i].outcome);

        assert_int_equal(p.outcome, cases[i].as);
        assert_int_equal(p.status, cases[i].status);
        assert_int_equal(p.type.len, strlen(cases[i].type));
        assert_memory_equal(p.type.data, cases[i].type, p.type.len);
        assert_true(cases[i].as == CV_NOT_FOUND
                    ? cv_str_eq(p.word, CV_STR("Nowhere"))
                    : !cv_present(p.word));

        cv_buf_init(&out, 64);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                            cases[i].outcome, &v.facts, &out,
                                            &rendering), CV_OK);
        assert_int_equal(out.len, 1);
        assert_int_equal(out.data[0], cases[i].body[0]);
        cv_buf_free(&out);
    }

    cv_buf_init(&out, 64);
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &v.facts, &out, &rendering),
                     CV_ERR_INPUT);
    cv_buf_free(&out);
    cv_document_free(document);

    /* every error outcome may be another's */

    document = compile("{\"valid\":{\"body\":1},\"server_error\":{\"body\":1},"
                       "\"revoked\":\"not_found\",\"token_expired\":"
                       "\"not_found\",\"refunded\":\"not_found\",\"expired\":"
                       "\"not_found\",\"pending\":\"not_found\",\"not_found\":"
                       "{\"body\":1},\"error\":\"server_error\"}", &error);
    assert_non_null(document);
    p = cv_document_present(document, CV_FORMAT_JSON, CV_STORE_UNAVAILABLE);
    assert_int_equal(p.outcome, CV_SERVER_ERROR);
    assert_int_equal(p.status, 500);
    cv_document_free(document);

    document = compile("{\"valid\":{\"body\":1},\"missing_handle\":"
                       "{\"status\":422,\"body\":2}," REST "}", &error);
    assert_non_null(document);
    p = cv_document_present(document, CV_FORMAT_JSON, CV_MISSING_HANDLE);
    assert_int_equal(p.outcome, CV_MISSING_HANDLE);
    assert_int_equal(p.status, 422);
    cv_document_free(document);
}


/* what is found is shown as it is, with no verdict, and errors say why */

/* links are made for those outcomes only that may show any */

static void
test_links(void **state)
{
    size_t          i;
    cv_str_t        source[CV_FORMATS];
    cv_error_t      error;
    cv_document_t  *document;

    static const char  json[] =
        "{\"valid\":{\"body\":[\"$class.title\",\"links\"]},"
        "\"revoked\":{\"body\":{\"$if\":\"links.a\"}},"
        "\"token_expired\":\"revoked\",\"refunded\":{\"body\":{\"a\":"
        "{\"$each\":\"$links.a?\",\"$do\":1}}},"
        "\"expired\":{\"body\":\"${links.a}\"},\"pending\":{\"body\":5},"
        "\"not_found\":{\"body\":\"$links\"},"
        "\"rate_limited\":{\"body\":1},\"error\":{\"body\":\"$links.b?\"}}";

    static const struct {
        cv_format_t   format;
        cv_outcome_t  outcome;
        bool          links;
    } cases[] = {
        { CV_FORMAT_JSON, CV_VALID, false },
        { CV_FORMAT_JSON, CV_REVOKED, true },
        { CV_FORMAT_JSON, CV_TOKEN_EXPIRED, true },
        { CV_FORMAT_JSON, CV_REFUNDED, true },
        { CV_FORMAT_JSON, CV_EXPIRED, true },
        { CV_FORMAT_JSON, CV_PENDING, false },
        { CV_FORMAT_JSON, CV_NOT_FOUND, true },
        { CV_FORMAT_JSON, CV_RATE_LIMITED, false },
        { CV_FORMAT_JSON, CV_SERVER_ERROR, true },
        { CV_FORMAT_HTML, CV_VALID, true },
        { CV_FORMAT_SVG, CV_VALID, false },
        { CV_FORMAT_CARD, CV_VALID, true },
        { CV_FORMAT_PNG, CV_VALID, true },
    };

    (void) state;

    for (i = 0; i < CV_FORMATS; i++) {
        source[i] = CV_ABSENT;
    }

    source[CV_FORMAT_JSON] = CV_STR(json);
    source[CV_FORMAT_HTML] = CV_STR("{{#class.tags}}{{links.a}}{{/class.tags}}");
    source[CV_FORMAT_SVG] = CV_STR("<a>{{class.title}}</a>");
    source[CV_FORMAT_CARD] = CV_STR("<a>{{^links.a|exists}}b"
                                    "{{/links.a|exists}}</a>");

    assert_int_equal(cv_document_compile(&document, "v", source, &error),
                     CV_OK);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cv_document_shows(document, cases[i].format,
                                           cases[i].outcome, CV_FACT_LINKS),
                         cases[i].links);
    }

    cv_document_free(document);
}


static void
assert_created(const cv_document_t *document, unsigned status,
    const char *body)
{
    cv_buf_t           out;
    cv_facts_t         facts;
    cv_rendering_t     rendering;
    cv_presentation_t  presentation;

    cv_buf_init(&out, 64);
    cv_disclose_progress(&facts, CV_ABSENT, VIEW_NOW);

    presentation = cv_document_present(document, CV_FORMAT_JSON, CV_CREATED);
    assert_int_equal(presentation.outcome, CV_CREATED);
    assert_int_equal(presentation.status, status);
    assert_int_equal(cv_document_present(document, CV_FORMAT_JSON,
                                         CV_FOUND).status, 200);

    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_CREATED,
                                        &facts, &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data, body);

    cv_buf_free(&out);
}


static void
test_found(void **state)
{
    cv_buf_t         out;
    cv_error_t       error;
    cv_facts_t       facts;
    view_facts_t     v;
    cv_refusal_t     refusal;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);
    document = compile("{\"found\":{\"body\":[\"$valid\",\"$detail\","
                       "{\"$each\":\"$progress\",\"$do\":"
                       "\"${item.class.id}: ${item.practice}\"}]},"
                       "\"not_found\":{\"body\":\"$is.not_found\"},"
                       "\"missing_handle\":\"not_found\","
                       "\"error\":{\"body\":{\"a\":\"$links.apply?\","
                       "\"b\":\"<${links.a-b}>\",\"c\":\"$links.none?\","
                       "\"needs\":\"$error.required?\","
                       "\"has\":\"$error.present?\","
                       "\"window\":\"$error.window?\","
                       "\"limit\":\"$error.limit?\","
                       "\"wait\":\"$error.retry_after?\","
                       "\"until\":\"$error.retry_at?\"}}}", &error);
    assert_non_null(document);

    assert_true(cv_document_knows(document, CV_FOUND));
    assert_true(cv_document_knows(document, CV_CREATED));
    assert_true(cv_document_knows(document, CV_NOT_FOUND));
    assert_true(cv_document_knows(document, CV_RATE_LIMITED));
    assert_false(cv_document_knows(document, CV_VALID));
    assert_false(cv_document_knows(document, CV_PENDING));

    cv_buf_init(&out, 4096);
    cv_disclose_progress(&facts, view_doc(&v, "[{\"class\":{\"id\":\"w\"},"
                         "\"practice\":7},{\"class\":{\"id\":\"v\"},"
                         "\"practice\":0}]"), VIEW_NOW);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_FOUND,
                                        &facts, &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data,
                        "[null,\"Here is what was asked for.\","
                        "[\"w: 7\",\"v: 0\"]]");

    refusal = (cv_refusal_t) { .required = CV_STR("certificates:read"),
                               .present = view_doc(&v, "[\"users:read\"]") };
    cv_disclose_error(&facts, CV_INSUFFICIENT_SCOPE, 403, VIEW_NOW);
    cv_disclose_refusal(&facts, &refusal);
    cv_fact_set_doc(&facts, CV_FACT_LINKS,
                    view_doc(&v, "{\"apply\":\"https://a.example/?a&b\","
                                 "\"a-b\":\"\\\"\"}"));
    cv_buf_reset(&out);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                        CV_INSUFFICIENT_SCOPE, &facts, &out,
                                        &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data,
                        "{\"a\":\"https://a.example/?a&b\",\"b\":\"<\\\">\","
                        "\"needs\":\"certificates:read\","
                        "\"has\":[\"users:read\"]}");

    refusal = (cv_refusal_t) { .window = CV_STR("minute"), .limit = 60,
                               .retry_after = 17 };
    cv_disclose_error(&facts, CV_RATE_LIMITED, 429, VIEW_NOW);
    cv_disclose_refusal(&facts, &refusal);
    cv_buf_reset(&out);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                        CV_RATE_LIMITED, &facts, &out,
                                        &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data,
                        "{\"b\":\"<>\",\"window\":\"minute\",\"limit\":60,"
                        "\"wait\":17,\"until\":\"2026-03-11T10:30:17Z\"}");

    cv_buf_free(&out);
    cv_document_free(document);

    /* what was made is shown as what is found, unless it is shown otherwise */

    document = compile("{\"found\":{\"status\":200,\"body\":[1]},"
                       "\"not_found\":{\"body\":0},\"error\":{\"body\":3}}", &error);
    assert_non_null(document);
    assert_created(document, 201, "[1]");
    cv_document_free(document);

    document = compile("{\"found\":{\"body\":[1]},\"created\":{\"status\":"
                       "200,\"body\":[2]}," "\"not_found\":{\"body\":0},\"error\":{\"body\":3}}",
                       &error);
    assert_non_null(document);
    assert_created(document, 200, "[2]");
    cv_document_free(document);

    assert_null(compile("{\"found\":{\"body\":1},\"created\":\"found\","
                        "\"not_found\":{\"body\":0},\"error\":{\"body\":3}}", &error));
    assert_non_null(strstr(error.text, "it cannot be presented as \"found\""));

    /* and the other way round */

    document = compile("{\"valid\":{\"body\":1},\"server_error\":"
                       "{\"body\":2}," REST_AS("{\"body\":3}") "}", &error);
    assert_non_null(document);
    assert_false(cv_document_knows(document, CV_FOUND));
    assert_false(cv_document_knows(document, CV_CREATED));
    assert_true(cv_document_knows(document, CV_VALID));
    assert_true(cv_document_knows(document, CV_NOT_FOUND));
    cv_document_free(document);
}


static void
test_numbers(void **state)
{
    size_t           i;
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    static const struct {
        int64_t      number;
        const char  *expected;
    } cases[] = {
        { 0, "[0,\"0\"]" },
        { 9, "[9,\"9\"]" },
        { 10, "[10,\"10\"]" },
        { -1, "[-1,\"-1\"]" },
        { INT64_MAX, "[9223372036854775807,\"9223372036854775807\"]" },
        { INT64_MIN, "[-9223372036854775808,\"-9223372036854775808\"]" },
    };

    (void) state;

    view_facts_init(&v);
    document = compile_good_body("[\"$class.level\",\"${class.level}\"]");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        v.facts.at[CV_FACT_CLASS_LEVEL].number = cases[i].number;

        cv_buf_init(&out, 4096);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                            CV_VALID, &v.facts, &out,
                                            &rendering), CV_OK);
        cv_buf_append_byte(&out, '\0');
        assert_string_equal((char *) out.data, cases[i].expected);
        cv_buf_free(&out);
    }

    cv_document_free(document);
}


/* the views that come along, for every way a request can end */

static void
test_own_views(void **state)
{
    size_t           i;
    cv_buf_t         out, doc;
    cv_error_t       error;
    cv_facts_t       facts;
    cv_time_t        now;
    cv_outcome_t     outcome;
    cv_verdict_t     verdict;
    view_facts_t     v;
    cv_evidence_t    evidence;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    static const struct {
        const char    *dir;
        cv_outcome_t   outcome;
        cv_privacy_t   privacy;
        const char    *expected;
    } cases[] = {
        { "truecert", CV_VALID, CV_PRIVACY_FULL,
          "{\"valid\":true,\"expired\":false,\"privacy_level\":\"full\","
          "\"holder\":\"Jane\",\"certification\":\"Web \\\"Security\\\"\","
          "\"category\":null,\"skill_level\":-12,\"level_label\":null,"
          "\"score\":\"87.5%\",\"passed_date\":\"2026-02-15\","
          "\"token_expires\":\"2026-04-16\","
          "\"verified_at\":\"2026-03-11T10:30:00+00:00\"}" },
        { "truecert", CV_VALID, CV_PRIVACY_MASKED,
          "{\"valid\":true,\"expired\":false,\"privacy_level\":\"masked\","
          "\"holder\":null,\"certification\":\"Web \\\"Security\\\"\","
          "\"category\":null,\"skill_level\":-12,\"level_label\":null,"
          "\"score\":null,\"passed_date\":null,"
          "\"token_expires\":\"2026-04-16\","
          "\"verified_at\":\"2026-03-11T10:30:00+00:00\"}" },
        { "truecert", CV_TOKEN_EXPIRED, CV_PRIVACY_FULL,
          "{\"valid\":false,\"expired\":true,\"error\":\"Token expired.\","
          "\"token_expires\":\"2026-04-16\","
          "\"verified_at\":\"2026-03-11T10:30:00+00:00\"}" },
        { "truecert", CV_NOT_FOUND, CV_PRIVACY_FULL,
          "{\"valid\":false,\"error\":\"Token not found.\"}" },
        { "truecert", CV_MISSING_HANDLE, CV_PRIVACY_FULL,
          "{\"valid\":false,\"error\":\"Token not found.\"}" },
        { "native", CV_VALID, CV_PRIVACY_MASKED,
          "{\"valid\":true,\"reason\":\"valid\","
          "\"checked_at\":\"2026-03-11T10:30:00Z\","
          "\"next_change_at\":null,\"privacy\":\"masked\","
          "\"credential\":{\"class\":{\"id\":\"web\","
          "\"title\":\"Web \\\"Security\\\"\",\"level\":-12,"
          "\"criteria\":{\"narrative\":\"Do it.\"},"
          "\"tags\":[\"a\",\"<b>\",\"c\"]},"
          "\"issuer\":{\"id\":\"acme\",\"name\":\"Acme & Co\","
          "\"url\":\"https://acme.example/?a=1&b=2\"}},"
          "\"token\":{\"expires_at\":\"2026-04-16\"}}" },
        { "native", CV_NOT_FOUND, CV_PRIVACY_FULL,
          "{\"type\":\"about:blank\",\"title\":\"Credential not found\","
          "\"status\":404,"
          "\"detail\":\"No credential is known by that handle.\","
          "\"code\":\"not_found\",\"valid\":false,"
          "\"reason\":\"not_found\","
          "\"checked_at\":\"2026-03-11T10:30:00Z\"}" },
        { "native", CV_INVALID_FORMAT, CV_PRIVACY_FULL,
          "{\"type\":\"about:blank\",\"title\":\"Unknown format\","
          "\"status\":400,"
          "\"detail\":\"The answer does not come in the format asked "
          "for.\",\"code\":\"invalid_format\"}" },
        { "securecodinghub", CV_VALID, CV_PRIVACY_FULL,
          "{\"userName\":\"Jane\",\"organizationName\":\"\","
          "\"issuedAt\":\"2026-02-15\"}" },
        { "securecodinghub", CV_VALID, CV_PRIVACY_MASKED, "{}" },
        { "securecodinghub", CV_REVOKED, CV_PRIVACY_FULL,
          "{\"error\":\"certificate_not_found\"}" },
        { "securecodinghub", CV_STORE_UNAVAILABLE, CV_PRIVACY_FULL,
          "{\"error\":\"store_unavailable\"}" },
        { "validtrust", CV_VALID, CV_PRIVACY_FULL,
          "{\"badge_type\":\"web\",\"message\":null,"
          "\"display_name\":null,\"status\":\"active\","
          "\"layers\":{\"wallet\":false,\"passkey\":false,"
          "\"email\":false},"
          "\"expires_at\":\"2027-01-01T01:30:00.25+02:00\","
          "\"claimed_at\":null}" },
        { "validtrust", CV_VALID, CV_PRIVACY_MASKED,
          "{\"badge_type\":\"web\",\"message\":null,"
          "\"display_name\":null,\"status\":null,"
          "\"claimed_at\":null}" },
        { "validtrust", CV_REFUNDED, CV_PRIVACY_FULL,
          "{\"badge_type\":\"web\",\"message\":null,"
          "\"display_name\":null,\"status\":\"refunded\","
          "\"layers\":{\"wallet\":false,\"passkey\":false,"
          "\"email\":false},"
          "\"expires_at\":\"2027-01-01T01:30:00.25+02:00\","
          "\"claimed_at\":null}" },
        { "validtrust", CV_TOKEN_EXPIRED, CV_PRIVACY_FULL,
          "{\"error\":\"badge_not_found\"}" },
    };

    static const char *const  dirs[] = {
        "truecert", "native", "securecodinghub", "validtrust", "testedclear"
    };

    char  path[64];

    (void) state;

    now = VIEW_NOW;
    view_facts_init(&v);
    v.holder.name = CV_STR("Jane");
    evidence = (cv_evidence_t) {
        .credential = &v.credential,
        .class = &v.class,
        .issuer = &v.issuer,
        .holder = &v.holder,
        .token = &v.token
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) snprintf(path, sizeof(path), "conf-examples/views/%s",
                        cases[i].dir);

        if (cv_document_load(&document, path, "verify", &error) != CV_OK) {
            fail_msg("%s", error.text);
        }

        outcome = cv_document_present(document, CV_FORMAT_JSON,
                                      cases[i].outcome).outcome;

        if (outcome < CV_REASONS) {
            verdict = (cv_verdict_t) { outcome, cases[i].privacy,
                                       CV_TIME_NEVER };
            cv_disclose(&facts, &verdict, outcome, &evidence, now);

        } else {
            cv_disclose_error(&facts, outcome, cv_outcomes[outcome].status,
                              now);
        }

        cv_buf_init(&out, 65536);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                            cases[i].outcome, &facts, &out,
                                            &rendering), CV_OK);
        cv_buf_append_byte(&out, '\0');
        assert_string_equal((char *) out.data, cases[i].expected);

        cv_buf_free(&out);
        cv_document_free(document);
    }

    /* whatever the outcome, the body is JSON */

    for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        (void) snprintf(path, sizeof(path), "conf-examples/views/%s",
                        dirs[i]);
        assert_int_equal(cv_document_load(&document, path, "verify", &error),
                         CV_OK);

        for (outcome = 0; outcome < CV_OUTCOMES; outcome++) {
            cv_disclose_error(&facts, outcome, 500, now);

            cv_buf_init(&out, 65536);
            cv_buf_init(&doc, 65536);
            assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                                outcome, &facts, &out,
                                                &rendering), CV_OK);
            assert_int_equal(cv_json_parse(&doc, cv_buf_str(&out), &error),
                             CV_OK);
            cv_buf_free(&out);
            cv_buf_free(&doc);
        }

        cv_document_free(document);
    }
}


/* the hash depends on all but the moment of checking */

static void
test_hashes(void **state)
{
    size_t           i, j;
    uint64_t         hash;
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    static const char *const  shown[] = {
        "[\"$checked_at\",\"$class.title\"]",
        "[\"$checked_at|date\",\"$class.title\"]",
        "[\"$checked_at|datetime_offset\",\"$class.title\"]",
        "[\"$checked_at|datetime_ms\",\"${checked_at} $$ ${class.title}\"]",
        "[\"$checked_at|date_long\",\"${checked_at|date_long}\","
        "\"$class.title\"]",
    };

    static const cv_time_t  moments[] = {
        VIEW_NOW, VIEW_NOW + 1, VIEW_NOW + CV_DAY, 0, -1,
        VIEW_NOW + 200 * CV_DAY, INT64_MIN, INT64_MAX,
    };

    (void) state;

    for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        document = compile_good_body(shown[i]);
        hash = 0;

        for (j = 0; j < sizeof(moments) / sizeof(moments[0]); j++) {
            view_facts_init(&v);
            v.facts.at[CV_FACT_CHECKED_AT].number = moments[j];

            cv_buf_init(&out, 4096);
            assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                                CV_VALID, &v.facts, &out,
                                                &rendering), CV_OK);
            assert_false(rendering.timeless);
            assert_int_equal(out.data[out.len - 1], ']');

            if (j > 0) {
                assert_true(rendering.hash == hash);
            }

            hash = rendering.hash;

            v.facts.at[CV_FACT_CLASS_TITLE].text = CV_STR("Web \"security\"");
            cv_buf_reset(&out);
            assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                                CV_VALID, &v.facts, &out,
                                                &rendering), CV_OK);
            assert_true(rendering.hash != hash);
            cv_buf_free(&out);
        }

        cv_document_free(document);
    }

    /* without one it says so; where the body stands makes no difference */

    view_facts_init(&v);
    document = compile_good_body("\"${class.id}\"");
    cv_buf_init(&out, 64);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &v.facts, &out, &rendering), CV_OK);
    assert_true(rendering.timeless);
    hash = rendering.hash;
    cv_buf_reset(&out);
    cv_buf_append(&out, "x", 1);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &v.facts, &out, &rendering), CV_OK);
    assert_true(rendering.hash == hash);
    cv_buf_free(&out);
    cv_document_free(document);
}


/* long constant text counts too, and what stands before and behind it */

static void
test_long_hashes(void **state)
{
    char             body[4096], longs[2][601];
    size_t           i, j;
    uint64_t         hashes[8];
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    memset(longs, 'a', sizeof(longs));
    longs[0][600] = longs[1][600] = '\0';
    longs[1][300] = 'b';

    for (i = 0; i < 8; i++) {

        /* the member that may be missing leaves a comma to take back */

        (void) snprintf(body, sizeof(body),
                        "{\"id\":\"$class.id\",\"in\":{\"a\":\"%s\","
                        "\"t\":\"$class.title?\"},\"b\":\"%s\"}",
                        longs[i & 1], longs[i >> 1 & 1]);

        view_facts_init(&v);

        if (i & 4) {
            v.facts.at[CV_FACT_CLASS_TITLE].type = CV_VALUE_NONE;
        }

        document = compile_good_body(body);
        cv_buf_init(&out, 4096);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                            &v.facts, &out, &rendering),
                         CV_OK);
        assert_int_equal(out.data[out.len - 1], '}');
        hashes[i] = rendering.hash;

        v.facts.at[CV_FACT_CLASS_ID].text = CV_STR("wub");
        cv_buf_reset(&out);
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                            &v.facts, &out, &rendering),
                         CV_OK);
        assert_true(rendering.hash != hashes[i]);

        for (j = 0; j < i; j++) {
            assert_true(hashes[j] != hashes[i]);
        }

        cv_buf_free(&out);
        cv_document_free(document);
    }
}


static void
test_limits(void **state)
{
    size_t           i, n;
    cv_buf_t         body, out;
    cv_error_t       error;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);

    /* moments of checking */

    for (n = 16; n <= 17; n++) {
        cv_buf_init(&body, 65536);

        for (i = 0; i < n; i++) {
            cv_buf_printf(&body, "%s\"$checked_at\"", i == 0 ? "[" : ",");
        }

        cv_buf_append(&body, "]", 2);
        document = compile_body((char *) body.data, &error);

        assert_int_equal(document != NULL, n == 16);

        if (document == NULL) {
            assert_non_null(strstr(error.text, "is shown more than 16"));
        }

        cv_document_free(document);
        cv_buf_free(&body);
    }

    /* of each body for itself */

    document = compile("{\"valid\":{\"body\":\"" NOWS_9 "\"},"
                       "\"token_expired\":{\"body\":\"" NOWS_9 "\"},"
                       "\"revoked\":\"not_found\",\"refunded\":"
                       "\"not_found\",\"expired\":\"not_found\","
                       "\"pending\":\"not_found\",\"not_found\":"
                       "{\"body\":1},\"error\":{\"body\":1}}",
                       &error);
    assert_non_null(document);
    cv_document_free(document);

    /* lists inside one another */

    for (n = 8; n <= 9; n++) {
        cv_buf_init(&body, 65536);

        for (i = 0; i < n; i++) {
            cv_buf_printf(&body, "{\"$each\":\"$%s\",\"$do\":",
                          i == 0 ? "class.tags" : "item.x");
        }

        cv_buf_append(&body, "1", 1);
        memset(cv_buf_extend(&body, n), '}', n);
        cv_buf_append(&body, "", 1);
        document = compile_body((char *) body.data, &error);

        assert_int_equal(document != NULL, n == 8);
        cv_document_free(document);
        cv_buf_free(&body);
    }

    /* items shown in all: 3 to the power of 7 is fine, 8 of it is not */

    document = compile_good_body(
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":"
        "{\"$each\":\"$class.tags\",\"$do\":\"$class.image?\"}}}}}}}");

    cv_buf_init(&out, 1 << 20);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &v.facts, &out, &rendering), CV_OK);
    cv_buf_free(&out);

    v.facts.at[CV_FACT_CLASS_TAGS].text = view_doc(&v, "[1,2,3,4,5,6,7,8]");

    cv_buf_init(&out, 1 << 24);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &v.facts, &out, &rendering),
                     CV_ERR_LIMIT);
    cv_buf_free(&out);
    cv_document_free(document);

    /* instructions */

    cv_buf_init(&body, 200000);

    for (i = 0; i < 4000; i++) {
        cv_buf_printf(&body, "%s{\"$if\":\"valid\",\"a\":\"$class.id?\"}",
                      i == 0 ? "[" : ",");
    }

    cv_buf_append(&body, "]", 1);
    cv_buf_init(&out, 400000);
    cv_buf_append(&out, "{\"valid\":{\"body\":", 17);
    cv_buf_append_str(&out, cv_buf_str(&body));
    cv_buf_append(&out, "}," REST "}", sizeof("}," REST "}"));
    assert_false(cv_buf_failed(&out));
    assert_null(compile((char *) out.data, &error));
    assert_non_null(strstr(error.text, "the view is too long"));
    cv_buf_free(&body);
    cv_buf_free(&out);
}


static void
assert_steps(const char *body, cv_fact_id_t fact, cv_doc_t doc, cv_err_t err)
{
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    view_facts_init(&v);
    cv_fact_set_doc(&v.facts, fact, doc);

    document = compile_good_body(body);
    cv_buf_init(&out, 1 << 20);
    assert_int_equal(cv_document_render(document, CV_FORMAT_JSON, CV_VALID,
                                        &v.facts, &out, &rendering), err);
    cv_buf_free(&out);
    cv_document_free(document);
}


/* what a rendering may look at: items, and members passed over */

static void
test_steps(void **state)
{
    size_t    i, n, list;
    cv_buf_t  doc, body;

    (void) state;

    for (n = 8192; n <= 8193; n++) {
        cv_buf_init(&doc, 1 << 20);
        list = cv_doc_open(&doc, CV_DOC_ARRAY);

        for (i = 0; i < n; i++) {
            cv_doc_put(&doc, CV_DOC_TRUE, CV_ABSENT);
        }

        cv_doc_close(&doc, list);
        assert_steps("{\"$each\":\"$class.tags\",\"$do\":\"$item\"}",
                     CV_FACT_CLASS_TAGS, cv_buf_str(&doc),
                     n == CV_VIEW_STEPS / CV_VIEW_ITEM_STEPS
                     ? CV_OK : CV_ERR_LIMIT);
        cv_buf_free(&doc);
    }

    cv_buf_init(&doc, 1 << 20);
    list = cv_doc_open(&doc, CV_DOC_OBJECT);

    for (i = 0; i < 1024; i++) {
        cv_doc_put_name(&doc, i < 1023 ? CV_STR("a") : CV_STR("z"));
        cv_doc_put(&doc, CV_DOC_TRUE, CV_ABSENT);
    }

    cv_doc_close(&doc, list);

    for (n = 64; n <= 65; n++) {
        cv_buf_init(&body, 65536);

        for (i = 0; i < n; i++) {
            cv_buf_printf(&body, "%s\"$credential.attributes.%c\"",
                          i == 0 ? "[" : ",", i % 2 == 0 ? 'z' : 'x');
        }

        cv_buf_append(&body, "]", 2);
        assert_steps((char *) body.data, CV_FACT_CREDENTIAL_ATTRIBUTES,
                     cv_buf_str(&doc), n == 64 ? CV_OK : CV_ERR_LIMIT);
        cv_buf_free(&body);
    }

    cv_buf_free(&doc);
}


/* a document that does not parse reads as absent, never further */

static void
test_damaged_documents(void **state)
{
    size_t           i, len;
    uint8_t         *copy;
    cv_buf_t         out;
    cv_str_t         doc;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);

    document = compile_good_body(
        "[\"$credential.attributes\",\"$credential.attributes.color\","
        "\"${credential.attributes.n} ${credential.attributes.deep.er.x}\","
        "{\"$each\":\"$credential.attributes.list\",\"$do\":\"$item.a?\"},"
        "\"$credential.attributes.day|date\"]");

    doc = v.credential.attributes;

    for (len = 0; len < doc.len; len++) {

        for (i = 0; i < 2; i++) {
            copy = malloc(len + 1);
            assert_non_null(copy);
            memcpy(copy, doc.data, len);

            if (i == 1 && len > 0) {
                copy[len / 2] ^= 0xff;
            }

            v.facts.at[CV_FACT_CREDENTIAL_ATTRIBUTES].text =
                cv_str(copy, len);

            cv_buf_init(&out, 65536);
            assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                                CV_VALID, &v.facts, &out,
                                                &rendering), CV_OK);
            cv_buf_free(&out);
            free(copy);
        }
    }

    cv_document_free(document);
}


/* every way to copy a short text, clean or not */

static void
test_lengths(void **state)
{
    char             text[80], expected[500], room[500];
    size_t           len, at;
    uint8_t         *copy;
    cv_buf_t         out, escaped;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    static const char  bad[] = "\x01\x1f\"\\\n";

    size_t             i;

    (void) state;

    view_facts_init(&v);
    document = compile_good_body("\"$class.title\"");

    for (len = 0; len < 70; len++) {

        for (i = 0; i < sizeof(bad); i++) {

            for (at = 0; at < (bad[i] == '\0' ? 1 : len); at++) {
                memset(text, 0x7f, sizeof(text));
                text[len / 2] = ' ';
                text[at] = bad[i] != '\0' ? bad[i] : '!';

                copy = malloc(len + 1);
                assert_non_null(copy);
                memcpy(copy, text, len);

                v.facts.at[CV_FACT_CLASS_TITLE].text = cv_str(copy, len);

                cv_buf_borrow(&escaped, expected, sizeof(expected));
                cv_buf_append_byte(&escaped, '"');
                cv_escape_json(&escaped, cv_str(text, len));
                cv_buf_append_byte(&escaped, '"');

                cv_buf_borrow(&out, room, sizeof(room));
                assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                                    CV_VALID, &v.facts, &out,
                                                    &rendering), CV_OK);
                assert_int_equal(out.len, escaped.len);
                assert_memory_equal(out.data, expected, out.len);

                free(copy);
            }
        }
    }

    cv_document_free(document);
}


static void
test_constants(void **state)
{
    char             body[200], room[400];
    size_t           len;
    cv_buf_t         out;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);

    for (len = 2; len < 150; len++) {
        memset(body, 'x', len);
        body[0] = '"';
        body[len - 1] = '"';
        body[len] = '\0';

        document = compile_good_body(body);

        cv_buf_borrow(&out, room, sizeof(room));
        assert_int_equal(cv_document_render(document, CV_FORMAT_JSON,
                                            CV_VALID, &v.facts, &out,
                                            &rendering), CV_OK);
        assert_int_equal(out.len, len);
        assert_memory_equal(room, body, len);

        cv_document_free(document);
    }
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_bodies_in_little_room),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_presentations),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_own_views),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_long_hashes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_damaged_documents),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_constants),
    };

    return cmocka_run_group_tests_name("view_json", tests, NULL, NULL);
}
