
/*
 * Copyright (C) The credverify authors
 */

#include "cv_form.h"
#include "cv_json.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MAP                                                                   \
    "{\"class\":\"groupId\",\"holder.id\":\"recipient.id\","                  \
    "\"holder.name\":\"recipient.name\",\"holder.email\":\"recipient.mail.to\","\
    "\"attributes\":\"customAttributes\",\"reason\":\"why\"}"

#define ALL  (~(cv_form_set_t) 0)

static cv_error_t  error;


static cv_form_t *
compile(const char *map)
{
    cv_form_t  *form;

    if (cv_form_compile(&form, "f.request.json", cv_str_z(map), &error)
        != CV_OK)
    {
        fail_msg("%s: %s", map, error.text);
    }

    return form;
}


static void
test_compile(void **state)
{
    size_t      i;
    cv_form_t  *form;

    static const struct {
        const char  *map;
        const char  *error;
    } cases[] = {
        { "[]", "f.request.json: not an object" },
        { "{\n\"class\":}", "f.request.json: line 2: " },
        { "{\"clas\":\"a\"}", "f.request.json: \"clas\" is nothing that a" },
        { "{\"class\":1}", "f.request.json: class: not where a member" },
        { "{\"class\":\"\"}", "class: not where" },
        { "{\"class\":\".a\"}", "class: not where" },
        { "{\"class\":\"a.\"}", "class: not where" },
        { "{\"class\":\"a..b\"}", "class: not where" },
        { "{\"class\":\"a\",\"class\":\"b\"}", "\"class\"" },
        { "{\"class\":\"a\",\"score\":\"a\"}",
          "score: \"a\" is where \"class\" stands" },
        { "{\"class\":\"a\",\"score\":\"a.b\"}",
          "score: \"a.b\" is where \"class\" stands" },
        { "{\"class\":\"a.b\",\"score\":\"a\"}",
          "score: \"a\" is where \"class\" stands" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        if (cv_form_compile(&form, "f.request.json", cv_str_z(cases[i].map),
                            &error) == CV_OK
            || strstr(error.text, cases[i].error) == NULL)
        {
            fail_msg("%s: %s", cases[i].map, error.text);
        }

        assert_null(form);
    }

    form = compile("{\"class\":\"ab\",\"score\":\"a\",\"code\":\"a-b.c\"}");
    assert_int_equal(cv_form_has(form), CV_FORM_SET(CLASS)
                     | CV_FORM_SET(SCORE) | CV_FORM_SET(CODE));
    assert_true(cv_str_eq(cv_form_path(form, CV_FORM_CODE), CV_STR("a-b.c")));
    assert_false(cv_present(cv_form_path(form, CV_FORM_METHOD)));
    cv_form_free(form);

    cv_form_free(compile("{}"));
    cv_form_free(NULL);
}


static void
test_read(void **state)
{
    size_t      i, j;
    cv_buf_t    doc;
    cv_doc_t    values[CV_FORM_COUNT];
    cv_form_t  *form;

    static const struct {
        const char     *body;
        cv_form_set_t   takes;
        cv_form_set_t   has;        /* or, if 0, */
        const char     *error;      /* NULL: none */
    } cases[] = {
        { "{}", ALL, 0, NULL },
        { "{\"groupId\":\"g\"}", ALL, CV_FORM_SET(CLASS), NULL },
        { "{\"groupId\":null}", ALL, 0, NULL },
        { "{\"groupId\":{\"a\":{}}}", ALL, CV_FORM_SET(CLASS), NULL },
        { "{\"recipient\":{\"name\":\"N\",\"mail\":{\"to\":\"M\"}},"
          "\"customAttributes\":{\"custom.x\":1,\"y\":{\"groupId\":2}}}", ALL,
          CV_FORM_SET(HOLDER_NAME) | CV_FORM_SET(HOLDER_EMAIL)
          | CV_FORM_SET(ATTRIBUTES), NULL },
        { "{\"recipient\":null}", ALL, 0, NULL },
        { "{\"recipient\":{}}", ALL, 0, NULL },
        { "{\"recipient\":{\"mail\":{\"to\":null}}}", ALL, 0, NULL },
        { "[]", ALL, 0, "The body must be an object." },
        { "null", ALL, 0, "The body must be an object." },
        { "{\"recipient\":\"Jo\"}", ALL, 0,
          "\"recipient\" must be an object." },
        { "{\"recipient\":{\"mail\":[]}}", ALL, 0,
          "\"recipient.mail\" must be an object." },
        { "{\"group\":1}", ALL, 0,
          "\"group\" is no member of this request." },
        { "{\"groupIdx\":1}", ALL, 0, "\"groupIdx\" is no member" },
        { "{\"\":1}", ALL, 0, "\"\" is no member" },
        { "{\"nobody\":null}", ALL, 0, "\"nobody\" is no member" },
        { "{\"name\":1}", ALL, 0, "\"name\" is no member" },
        { "{\"recipient.name\":1}", ALL, 0, "\"recipient.name\" is no" },
        { "{\"recipient\":{\"mail.to\":1}}", ALL, 0,
          "\"recipient.mail.to\" is no member" },
        { "{\"recipient\":{\"mail\":{\"x\":1}}}", ALL, 0,
          "\"recipient.mail.x\" is no member" },
        { "{\"recipient\":{\"groupId\":1}}", ALL, 0,
          "\"recipient.groupId\" is no member" },
        { "{\"groupId\":\"g\"}", CV_FORM_SET(REASON), 0,
          "\"groupId\" is no member" },
        { "{\"recipient\":{}}", CV_FORM_SET(REASON), 0,
          "\"recipient\" is no member" },
        { "{\"why\":\"g\"}", CV_FORM_SET(REASON), CV_FORM_SET(REASON), NULL },
        { "{\"method\":\"email\"}", ALL, 0, "\"method\" is no member" },
        { "{\"0123456789012345678901234567890123456789012345678901234567890"
          "1\xc3\xa9\":1}", ALL, 0,
          "\"0123456789012345678901234567890123456789012345678901234567890"
          "1\xc3\xa9\" is no" },
        { "{\"0123456789012345678901234567890123456789012345678901234567890"
          "123\xc3\xa9\":1}", ALL, 0,
          "\"0123456789012345678901234567890123456789012345678901234567890"
          "123\" is no" },
    };

    (void) state;

    form = compile(MAP);
    cv_buf_init(&doc, 65536);

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_buf_reset(&doc);
        error.text[0] = '\0';

        assert_int_equal(cv_json_parse(&doc, cv_str_z(cases[i].body), &error),
                         CV_OK);

        if (cv_form_read(form, cv_buf_str(&doc), cases[i].takes, values,
                         &error) != (cases[i].error == NULL ? CV_OK
                                                            : CV_ERR_INPUT)
            || (cases[i].error != NULL
                && strncmp(error.text, cases[i].error, strlen(cases[i].error))
                   != 0))
        {
            fail_msg("%s: %s", cases[i].body, error.text);
        }

        for (j = 0; cases[i].error == NULL && j < CV_FORM_COUNT; j++) {
            if (cv_present(values[j]) != ((cases[i].has >> j & 1) != 0)) {
                fail_msg("%s: %.*s", cases[i].body, CV_FMT(cv_form_names[j]));
            }
        }
    }

    cv_buf_reset(&doc);
    assert_int_equal(cv_json_parse(&doc, CV_STR("{\"recipient\":{\"id\":\"x\","
                                                "\"name\":\"y\"}}"), &error),
                     CV_OK);
    assert_int_equal(cv_form_read(form, cv_buf_str(&doc), ALL, values, &error),
                     CV_OK);
    assert_true(cv_str_eq(cv_doc_text(values[CV_FORM_HOLDER_ID]),
                          CV_STR("x")));
    assert_true(cv_str_eq(cv_doc_text(values[CV_FORM_HOLDER_NAME]),
                          CV_STR("y")));

    cv_buf_free(&doc);
    cv_form_free(form);
}


static void
test_load(void **state)
{
    char        dir[] = "/tmp/cv_form.XXXXXX", path[64];
    FILE       *file;
    cv_form_t  *form;

    (void) state;

    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/c.request.json", dir);

    assert_int_equal(cv_form_load(&form, dir, "c", &error), CV_ERR_IO);
    assert_non_null(strstr(error.text, "/c.request.json: No such file"));
    assert_int_equal(cv_form_load(&form, dir, "../c", &error), CV_ERR_INPUT);

    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(MAP, file) >= 0 && fclose(file) == 0);

    assert_int_equal(cv_form_load(&form, dir, "c", &error), CV_OK);
    assert_true(cv_str_eq(cv_form_path(form, CV_FORM_HOLDER_EMAIL),
                          CV_STR("recipient.mail.to")));
    cv_form_free(form);

    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("{\"x\":1}", file) >= 0 && fclose(file) == 0);
    assert_int_equal(cv_form_load(&form, dir, "c", &error), CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "/c.request.json: \"x\" is nothing"));

    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_compile),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
