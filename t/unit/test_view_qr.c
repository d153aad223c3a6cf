
/*
 * Copyright (C) The credverify authors
 */

#include "cv_qr.h"
#include "cv_view_program.h"
#include "view_dir.h"
#include "view_facts.h"

static view_facts_t  facts;
static cv_error_t    error;


static cv_document_t *
compile(cv_format_t format, const char *text)
{
    cv_str_t        source[CV_FORMATS] = { CV_ABSENT };
    cv_document_t  *document;

    source[CV_FORMAT_JSON] = CV_STR(NO_BODIES);
    source[format] = cv_str_z(text);

    return cv_document_compile(&document, "v", source, &error) == CV_OK
           ? document : NULL;
}


/* what a template shows; "@" of the expectation is the path of the text */

static void
assert_shows(cv_format_t format, const char *template, const char *expected,
    cv_str_t text)
{
    cv_buf_t         out, as;
    const char      *p;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    cv_buf_init(&out, 1 << 22);
    cv_buf_init(&as, 1 << 22);

    for (p = expected; *p != '\0'; p++) {

        if (*p == '@') {
            assert_int_equal(cv_qr_path(&as, text), CV_OK);

        } else {
            cv_buf_append_byte(&as, (uint8_t) *p);
        }
    }

    document = compile(format, template);

    if (document == NULL) {
        fail_msg("%s: %s", template, error.text);
    }

    assert_int_equal(cv_document_render(document, format, CV_VALID,
                                        &facts.facts, &out, &rendering),
                     CV_OK);
    assert_true(rendering.timeless);
    assert_int_equal(out.len, as.len);
    assert_memory_equal(out.data, as.data, as.len);

    cv_document_free(document);
    cv_buf_free(&as);
    cv_buf_free(&out);
}


static void
test_codes(void **state)
{
    size_t  i;

    static const struct {
        const char  *template;
        const char  *expected;
        const char  *text;
    } cases[] = {
        { "<path d=\"{{class.id|qr}}\"/>", "<path d=\"@\"/>", "web" },
        { "<path d='{{issuer.url|qr}}'/>", "<path d='@'/>",
          "https://acme.example/?a=1&b=2" },
        { "<path d='{{holder.name|qr}}'/>", "<path d='@'/>", VIEW_NASTY },
        { "<b>{{class.title|qr}}</b>", "<b>@</b>", "Web \"Security\"" },
        { "<a viewBox=\"0 0 {{class.id|qr_size}} {{class.id|qr_size}}\"/>",
          "<a viewBox=\"0 0 29 29\"/>", NULL },
        { "{{issuer.url|qr_size}}", "37", NULL },
        { "{{credential.issued_at|date_long|qr}}", "@", "15 February 2026" },
        { "{{class.level|qr}}", "@", "-12" },
        { "{{#class.tags}}{{.|qr_size}};{{/class.tags}}", "29;29;29;", NULL },
        { "{{#class.id|qr}}<i>{{class.id}}</i>{{/class.id|qr}}"
          "{{^class.id|qr}}no{{/class.id|qr}}", "<i>web</i>", NULL },

        /* nothing to show */

        { "<p d='{{class.image|qr}}' n='{{class.image|qr_size}}'>"
          "{{#class.image|qr}}no{{/class.image|qr}}"
          "{{^class.image|qr}}none{{/class.image|qr}}",
          "<p d='' n='0'>none", NULL },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_shows(CV_FORMAT_HTML, cases[i].template, cases[i].expected,
                     cv_str_z(cases[i].text));
    }

    assert_shows(CV_FORMAT_QR, "<svg><path d='{{class.id|qr}}'/></svg>",
                 "<svg><path d='@'/></svg>", CV_STR("web"));
}


static void
test_wrong(void **state)
{
    size_t  i;

    static const struct {
        const char  *template;
        const char  *said;
    } cases[] = {
        { "{{class.id|qr:4}}", "\"qr\" has nothing behind it" },
        { "{{class.id|qr_size:}}", "\"qr_size\" has nothing behind it" },
        { "{{class.id|qr|fit:1,2}}",
          "the filter \"fit:1,2\" cannot follow another" },
        { "{{class.id|fit:10,20|qr}}",
          "the filter \"qr\" cannot follow another" },
        { "{{class.id|exists|qr}}",
          "the filter \"qr\" cannot follow another" },
        { "{{class.tags|qr}}", "\"class.tags\" is a list or an object" },
        { "{{checked_at|qr}}", "\"checked_at\" takes no such filter" },
        { "{{#class.id|qr_size}}{{/class.id|qr_size}}",
          "a section's filter can only be" },
        { "{{gone|qr}}", "unknown fact \"gone\"" },
        { "<a href='{{class.id|qr}}'>",
          "{{class.id|qr}}: a QR code where no text is" },
        { "<a href='/?{{class.id|qr}}'>",
          "{{class.id|qr}}: a QR code where no text is" },
        { "<p onclick='{{class.id|qr}}'>", "more than text" },
        { "<style>{{class.id|qr}}</style>", "a value inside <style>" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        assert_null(compile(CV_FORMAT_HTML, cases[i].template));

        if (strstr(error.text, cases[i].said) == NULL) {
            fail_msg("%s: %s", cases[i].template, error.text);
        }
    }
}


/* too long a text has none; too many codes are not made at all */

static void
test_limits(void **state)
{
    size_t           i;
    char             text[CV_QR_TEXT_MAX + 2], template[8192];
    cv_buf_t         out, source;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    memset(text, 'x', sizeof(text));
    facts.class.title = cv_str(text, CV_QR_TEXT_MAX);
    cv_fact_set_text(&facts.facts, CV_FACT_CLASS_TITLE, facts.class.title);
    assert_shows(CV_FORMAT_HTML, "{{class.title|qr}}", "@",
                 facts.class.title);

    cv_fact_set_text(&facts.facts, CV_FACT_CLASS_TITLE,
                     cv_str(text, CV_QR_TEXT_MAX + 1));
    assert_shows(CV_FORMAT_HTML, "[{{class.title|qr}}{{class.title|qr_size}}"
                 "{{^class.title|qr}}none{{/class.title|qr}}]", "[0none]",
                 CV_ABSENT);

    cv_buf_borrow(&source, template, sizeof(template));

    for (i = 0; i <= CV_VIEW_STEPS / CV_VIEW_QR_STEPS; i++) {
        cv_buf_append_str(&source, CV_STR("{{class.id|qr}}"));
    }

    cv_buf_append_byte(&source, '\0');
    assert_false(cv_buf_failed(&source));

    cv_buf_init(&out, 1 << 22);
    document = compile(CV_FORMAT_HTML, template);
    assert_non_null(document);
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &facts.facts, &out, &rendering),
                     CV_ERR_LIMIT);
    cv_document_free(document);

    template[source.len - sizeof("{{class.id|qr}}")] = '\0';
    cv_buf_reset(&out);
    document = compile(CV_FORMAT_HTML, template);
    assert_non_null(document);
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &facts.facts, &out, &rendering),
                     CV_OK);
    cv_document_free(document);

    /* there is room for the beginning of one */

    cv_buf_free(&out);
    cv_buf_init(&out, 100);
    document = compile(CV_FORMAT_HTML, "{{class.id|qr}}");
    assert_non_null(document);
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &facts.facts, &out, &rendering),
                     CV_ERR_LIMIT);
    cv_document_free(document);
    cv_buf_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_limits),
    };

    view_facts_init(&facts);

    return cmocka_run_group_tests_name("view_qr", tests, NULL, NULL);
}
