
/*
 * Copyright (C) The credverify authors
 */

#include "cv_csv.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static cv_csv_t    csv;
static cv_error_t  error;


/*
 * Rows of a text as "[a|b][c]", lines ended by LF; what is wrong as "!" and
 * the cell, what does not end as "...".
 */

static void
rows(cv_buf_t *out, uint8_t delimiter, cv_str_t text)
{
    size_t           i;
    cv_str_t         line, cell;
    const uint8_t   *p, *end, *lf;
    cv_csv_result_t  result;

    cv_csv_init(&csv, delimiter);

    p = text.data;
    end = p + text.len;
    result = CV_CSV_ROW;

    while (p < end && result != CV_CSV_WRONG) {
        lf = memchr(p, '\n', (size_t) (end - p));
        line = cv_str(p, (size_t) ((lf != NULL ? lf : end) - p));
        p = lf != NULL ? lf + 1 : end;

        result = cv_csv_line(&csv, line, &error);

        if (result != CV_CSV_ROW) {
            continue;
        }

        cv_buf_append_byte(out, '[');

        for (i = 0; i < csv.cells; i++) {
            cell = cv_csv_cell(&csv, i);
            cv_buf_printf(out, "%s%.*s", i > 0 ? "|" : "", CV_FMT(cell));
        }

        cv_buf_append_byte(out, ']');
    }

    if (result == CV_CSV_WRONG) {
        cv_buf_printf(out, "!%zu", csv.cells);
    }

    if (result == CV_CSV_MORE) {
        cv_buf_printf(out, "...%zu", csv.cells);
    }

    cv_csv_free(&csv);
}


static void
test_rows(void **state)
{
    size_t    i;
    char      memory[256];
    cv_buf_t  out;

    static const struct {
        uint8_t      delimiter;
        const char  *text;
        const char  *rows;
    } cases[] = {
        { ',', "", "" },
        { ',', "a", "[a]" },
        { ',', "a,b\nc,d\n", "[a|b][c|d]" },
        { ',', "a,b\n\nc", "[a|b][][c]" },
        { ',', ",", "[|]" },
        { ',', ",,\n", "[||]" },
        { ',', " a , b ", "[ a | b ]" },
        { ';', "a;b,c", "[a|b,c]" },
        { '\t', "a\tb;c", "[a|b;c]" },
        { ',', "\"a\",\"b\"", "[a|b]" },
        { ',', "\"\",\"\"", "[|]" },
        { ',', "\"a,b\",c", "[a,b|c]" },
        { ',', "\"a\"\"b\"", "[a\"b]" },
        { ',', "\"\"\"\"", "[\"]" },
        { ',', "\"\"\"a\"\"\",b", "[\"a\"|b]" },
        { ',', "\"a\nb\",c\nd", "[a\nb|c][d]" },
        { ',', "\"a\n\n\nb\"", "[a\n\n\nb]" },
        { ',', "x,\"a\n,\"\"\n\",y", "[x|a\n,\"\n|y]" },
        { ',', "\"a\rb\"", "[a\rb]" },
        { ',', "\"a\",", "[a|]" },
        { ',', "\xc3\xa9,\xf0\x9f\x98\x80", "[\xc3\xa9|\xf0\x9f\x98\x80]" },
        { ',', "a\"b", "!0" },
        { ',', "a,b\"", "!1" },
        { ',', "a, \"b\"", "!1" },
        { ',', "\"a\"b", "!0" },
        { ',', "\"a\" ,b", "!0" },
        { ',', "x\n\"a\n\"b", "[x]!0" },
        { ',', "a\rb", "!0" },
        { ',', "a\r", "!0" },
        { ',', "\"a\"\r", "!0" },
        { ',', "\"", "...0" },
        { ',', "a,\"b", "...1" },
        { ',', "a,\"b\nc", "...1" },
        { ',', "a,\"b\"\"", "...1" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_buf_borrow(&out, memory, sizeof(memory) - 1);
        rows(&out, cases[i].delimiter, cv_str_z(cases[i].text));
        memory[out.len] = '\0';

        if (strcmp(memory, cases[i].rows) != 0) {
            fail_msg("<%s>: <%s>, not <%s>", cases[i].text, memory,
                     cases[i].rows);
        }
    }
}


static void
test_nul(void **state)
{
    cv_str_t  cell;

    (void) state;

    cv_csv_init(&csv, ',');
    assert_int_equal(cv_csv_line(&csv, cv_str("a\0b,\"\0\"", 7), &error),
                     CV_CSV_ROW);
    assert_int_equal(csv.cells, 2);

    cell = cv_csv_cell(&csv, 0);
    assert_int_equal(cell.len, 3);
    assert_memory_equal(cell.data, "a\0b", 3);

    cell = cv_csv_cell(&csv, 1);
    assert_int_equal(cell.len, 1);

    cv_csv_free(&csv);
}


static void
test_bounds(void **state)
{
    size_t    i;
    uint8_t  *text;

    (void) state;

    cv_csv_init(&csv, ',');

    text = malloc(CV_CSV_ROW_MAX + 2);
    assert_non_null(text);
    memset(text, ',', CV_CSV_CELLS_MAX);

    assert_int_equal(cv_csv_line(&csv, cv_str(text, CV_CSV_CELLS_MAX - 1),
                                 &error),
                     CV_CSV_ROW);
    assert_int_equal(csv.cells, CV_CSV_CELLS_MAX);
    assert_int_equal(cv_csv_line(&csv, cv_str(text, CV_CSV_CELLS_MAX),
                                 &error),
                     CV_CSV_WRONG);
    assert_string_equal(error.text, "more than 1024 cells");

    memset(text, 'x', CV_CSV_ROW_MAX + 2);

    assert_int_equal(cv_csv_line(&csv, cv_str(text, CV_CSV_ROW_MAX), &error),
                     CV_CSV_ROW);
    assert_int_equal(cv_csv_line(&csv, cv_str(text, CV_CSV_ROW_MAX + 1),
                                 &error),
                     CV_CSV_WRONG);

    /* a quote that nobody closes does not take all memory */

    assert_int_equal(cv_csv_line(&csv, CV_STR("\""), &error), CV_CSV_MORE);

    for (i = 0; cv_csv_line(&csv, cv_str(text, 1000), &error) == CV_CSV_MORE;
         i++)
    {
        assert_true(i < 2000);
    }

    assert_non_null(strstr(error.text, "is a closing quote missing?"));
    assert_true(csv.text.len <= CV_CSV_ROW_MAX);

    /* the next row is another one */

    assert_int_equal(cv_csv_line(&csv, CV_STR("a,b"), &error), CV_CSV_ROW);
    assert_int_equal(csv.cells, 2);

    free(text);
    cv_csv_free(&csv);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
