
/*
 * Copyright (C) The credverify authors
 *
 * What views are compiled to: a flat list of instructions, each with the
 * constant text that stands before it.
 */

#ifndef CV_VIEW_PROGRAM_H
#define CV_VIEW_PROGRAM_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_facts.h"
#include "cv_view.h"
#include "cv_view_path.h"

#define CV_VIEW_OPS       16384             /* instructions of a program */
#define CV_VIEW_TEXT_MAX  (1024 * 1024)     /* bytes of its constant text */
#define CV_VIEW_ITEMS     8                 /* items inside one another */
#define CV_VIEW_NOWS      16                /* moments of checking shown */
#define CV_VIEW_MEASURES  255               /* ways to measure a text */

/*
 * What one rendering may look at: each member of a document passed over in
 * search of another is a step, each item is eight.  That is 8,192 items, or
 * less than a millisecond of searching.
 */
#define CV_VIEW_STEPS       65536
#define CV_VIEW_ITEM_STEPS  8
#define CV_VIEW_QR_STEPS    512             /* 0.05 ms, of a URL */

typedef enum {
    CV_OP_END = 0,
    CV_OP_TEXT,             /* nothing but the constant text */
    CV_OP_JSON,             /* a value with its type */
    CV_OP_JSON_FACT,        /* the same, and it is just a fact */
    CV_OP_JSON_TEXT,        /* inside a JSON string */
    CV_OP_JSON_CLOSE,       /* takes back a comma */
    CV_OP_HTML,             /* between tags, or in a quoted attribute */
    CV_OP_HTML_SHOWN,       /* the same, in HTML that is shown as a text */
    CV_OP_URL,              /* in a URL, but not at its start */
    CV_OP_HREF,             /* a whole URL */
    CV_OP_PLAIN,            /* in plain text */
    CV_OP_JUMP,
    CV_OP_SKIP_ABSENT,      /* to "jump" if it holds */
    CV_OP_SKIP_FALSE,
    CV_OP_SKIP_TRUE,
    CV_OP_EACH,             /* the items of a list, to "jump" if none */
    CV_OP_SECTION,          /* the same, and any other true value once */
    CV_OP_NEXT,             /* to "jump" if there is another item */
} cv_view_opcode_t;

typedef struct {
    uint8_t   code;         /* cv_view_opcode_t */
    uint8_t   filter;       /* cv_view_filter_t */
    uint8_t   scope;        /* cv_view_scope_t */
    uint8_t   nnames;
    uint8_t   skip;         /* names to leave out when "fact" is taken */
    uint8_t   measure;      /* which of the program's, from 1 on; 0: none */
    uint16_t  fact;         /* cv_fact_id_t */
    uint32_t  names;        /* offset of the names: length[1] text */
    uint32_t  text;         /* offset of the constant text before */
    uint32_t  len;
    uint32_t  jump;         /* index of an instruction */
} cv_view_op_t;

typedef struct {
    cv_buf_t  ops;          /* cv_view_op_t */
    cv_buf_t  text;         /* constant, and padded at the end */
    cv_buf_t  names;
    cv_buf_t  measures;     /* cv_view_measure_t, each once */
    size_t    pending;      /* where text begins that no instruction has */
    uint64_t  hash;         /* of the text, when it is complete */
    cv_fact_set_t  shows;   /* facts that may be shown */
} cv_view_program_t;

/* The runner may read that much beyond a constant text. */
#define CV_VIEW_PADDING  32

void cv_view_program_init(cv_view_program_t *program);
void cv_view_program_free(cv_view_program_t *program);

/* CV_OK, or what kept the instructions and texts from being added. */
cv_err_t cv_view_program_finish(cv_view_program_t *program,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Constant text, merged with what is next to it.  Failure is sticky and found
 * by cv_view_program_finish().
 */
void cv_view_emit_text(cv_view_program_t *program, cv_str_t text);
void cv_view_emit_json(cv_view_program_t *program, cv_str_t text);

/* An instruction; "path" may be NULL.  Returns its index. */
size_t cv_view_emit(cv_view_program_t *program, cv_view_opcode_t code,
    const cv_view_path_t *path);

/* The index of the instruction that comes next, for a jump back. */
size_t cv_view_emit_label(cv_view_program_t *program);

void cv_view_emit_jump(cv_view_program_t *program, size_t index, size_t to);

/* Runs the instructions from "entry" on. */
cv_err_t cv_view_run(const cv_view_program_t *program, size_t entry,
    const cv_facts_t *facts, cv_buf_t *out, cv_rendering_t *rendering)
    CV_MUST_CHECK;

#endif /* CV_VIEW_PROGRAM_H */
