
/*
 * Copyright (C) The credverify authors
 *
 * Rows of comma-separated values: RFC 4180, with LF too, with other
 * delimiters, and with UTF-8.  A line is taken at a time; a quoted cell may go
 * on in the next one.
 */

#ifndef CV_CSV_H
#define CV_CSV_H

#include "cv_base.h"
#include "cv_buf.h"

#define CV_CSV_CELLS_MAX  1024
#define CV_CSV_ROW_MAX    ((size_t) 1 << 20)    /* bytes of cells */

typedef struct {
    uint8_t    delimiter;
    cv_buf_t   text;                    /* cells, one after the other */
    size_t     ends[CV_CSV_CELLS_MAX];  /* of each, in there */
    size_t     cells;                   /* whole ones, or the wrong one's place */
    bool       quoted;                  /* a quoted cell has not ended */
} cv_csv_t;

typedef enum {
    CV_CSV_ROW,         /* whole: good until the next line is taken */
    CV_CSV_MORE,        /* goes on in the next line */
    CV_CSV_WRONG,       /* no rows can be told apart after this */
} cv_csv_result_t;

void cv_csv_init(cv_csv_t *csv, uint8_t delimiter);
void cv_csv_free(cv_csv_t *csv);

/* Takes a line without its end.  An error is about the cell csv->cells. */
cv_csv_result_t cv_csv_line(cv_csv_t *csv, cv_str_t line, cv_error_t *error);

/* A cell of the row, without its quotes. */
cv_str_t cv_csv_cell(const cv_csv_t *csv, size_t i);

#endif /* CV_CSV_H */
