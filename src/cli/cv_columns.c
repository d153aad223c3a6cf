
/*
 * Copyright (C) The credverify authors
 *
 * Rows of cells that stand below each other.
 */

#include "cv_cli.h"

/* what is wider stands out of its column */
#define CV_COLUMN_WIDTH  64


void
cv_columns_init(cv_columns_t *columns)
{
    memset(columns, 0, sizeof(cv_columns_t));
    cv_buf_init(&columns->text, CV_RECORD_MAX);
}


void
cv_columns_free(cv_columns_t *columns)
{
    cv_buf_free(&columns->text);
}


void
cv_columns_begin(cv_columns_t *columns)
{
    cv_buf_reset(&columns->text);
    columns->ncells = 0;
}


cv_buf_t *
cv_columns_cell(cv_columns_t *columns)
{
    columns->starts[columns->ncells++] = columns->text.len;

    return &columns->text;
}


void
cv_columns_text(cv_columns_t *columns, cv_str_t text)
{
    cv_out_plain(cv_columns_cell(columns), text);
}


void
cv_columns_number(cv_columns_t *columns, int64_t number)
{
    cv_buf_append_int(cv_columns_cell(columns), number);
}


static cv_str_t
cv_columns_at(const cv_columns_t *columns, size_t i)
{
    size_t    end;
    cv_str_t  text;

    text = cv_buf_str(&columns->text);
    end = i + 1 < columns->ncells ? columns->starts[i + 1] : text.len;

    return end > columns->starts[i]
           ? cv_str(text.data + columns->starts[i], end - columns->starts[i])
           : CV_STR("-");
}


/* "display_name" as "DISPLAY NAME" */

void
cv_columns_head(cv_columns_t *columns, const char *const *names)
{
    size_t       i;
    cv_buf_t    *cell;
    const char  *p;

    cv_columns_begin(columns);

    for (i = 0; i < CV_COLUMNS_MAX && names[i] != NULL; i++) {
        cell = cv_columns_cell(columns);

        for (p = names[i]; *p != '\0'; p++) {
            cv_buf_append_byte(cell, *p >= 'a' && *p <= 'z'
                                     ? (uint8_t) (*p - 'a' + 'A')
                                     : *p == '_' ? ' ' : (uint8_t) *p);
        }
    }
}


/* characters, not bytes; wide ones and combining ones count as one */

static size_t
cv_columns_width(cv_str_t text)
{
    size_t  i, n;

    for (n = 0, i = 0; i < text.len; i++) {
        n += (text.data[i] & 0xc0) != 0x80;
    }

    return n;
}


static void
cv_columns_measure(cv_columns_t *columns)
{
    size_t  i, width;

    for (i = 0; i < columns->ncells; i++) {
        width = cv_columns_width(cv_columns_at(columns, i));

        if (width > columns->widths[i]) {
            columns->widths[i] = width < CV_COLUMN_WIDTH ? width
                                                         : CV_COLUMN_WIDTH;
        }
    }
}


/* without blanks at the end */

void
cv_columns_put(cv_columns_t *columns, cv_buf_t *out)
{
    size_t    i, width, blanks;
    cv_str_t  cell;

    blanks = 0;

    if (out == NULL) {
        cv_columns_measure(columns);
        return;
    }

    for (i = 0; i < columns->ncells; i++) {
        cell = cv_columns_at(columns, i);
        width = cv_columns_width(cell);

        for ( /* void */ ; blanks > 0; blanks--) {
            cv_buf_append_byte(out, ' ');
        }

        cv_buf_append_str(out, cell);
        blanks = 2 + (width < columns->widths[i] ? columns->widths[i] - width
                                                 : 0);
    }

    cv_buf_append_byte(out, '\n');
}
