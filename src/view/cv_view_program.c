
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view_program.h"
#include "cv_hash.h"
#include "cv_text.h"


void
cv_view_program_init(cv_view_program_t *program)
{
    cv_buf_init(&program->ops, CV_VIEW_OPS * sizeof(cv_view_op_t));
    cv_buf_init(&program->text, CV_VIEW_TEXT_MAX);
    cv_buf_init(&program->names, CV_VIEW_TEXT_MAX);
    cv_buf_init(&program->measures,
                CV_VIEW_MEASURES * sizeof(cv_view_measure_t));
    program->pending = 0;
    program->hash = 0;
    memset(&program->shows, 0, sizeof(cv_fact_set_t));
}


void
cv_view_program_free(cv_view_program_t *program)
{
    cv_buf_free(&program->ops);
    cv_buf_free(&program->text);
    cv_buf_free(&program->names);
    cv_buf_free(&program->measures);
}


cv_err_t
cv_view_program_finish(cv_view_program_t *program, cv_error_t *error)
{
    size_t           i;
    const cv_buf_t  *bufs[4];

    bufs[0] = &program->ops;
    bufs[1] = &program->text;
    bufs[2] = &program->names;
    bufs[3] = &program->measures;

    cv_buf_append(&program->text, (uint8_t[CV_VIEW_PADDING]) { 0 },
                  CV_VIEW_PADDING);

    if (program->measures.err == CV_ERR_LIMIT) {
        return cv_error_set(error, CV_ERR_LIMIT,
                            "texts are measured in more than %d ways",
                            CV_VIEW_MEASURES);
    }

    for (i = 0; i < CV_COUNT(bufs); i++) {
        if (cv_buf_failed(bufs[i])) {
            return cv_error_set(error, bufs[i]->err,
                                bufs[i]->err == CV_ERR_NOMEM
                                ? "out of memory" : "the view is too long");
        }
    }

    program->hash = cv_hash(program->text.data, program->text.len);

    return CV_OK;
}


void
cv_view_emit_text(cv_view_program_t *program, cv_str_t text)
{
    cv_buf_append_str(&program->text, text);
}


void
cv_view_emit_json(cv_view_program_t *program, cv_str_t text)
{
    cv_escape_json(&program->text, text);
}


/* the number of a way to measure that is there, or is added */

static uint8_t
cv_view_emit_measure(cv_view_program_t *program,
    const cv_view_measure_t *measure)
{
    size_t    n, at;
    cv_buf_t  *all;

    all = &program->measures;

    for (n = 1, at = 0; at < all->len; n++, at += sizeof(cv_view_measure_t)) {
        if (memcmp(all->data + at, measure, sizeof(cv_view_measure_t)) == 0) {
            return (uint8_t) n;
        }
    }

    cv_buf_append(all, measure, sizeof(cv_view_measure_t));

    return (uint8_t) n;
}


size_t
cv_view_emit(cv_view_program_t *program, cv_view_opcode_t code,
    const cv_view_path_t *path)
{
    unsigned      i, first;
    cv_view_op_t  op;

    memset(&op, 0, sizeof(cv_view_op_t));

    op.code = (uint8_t) code;
    op.text = (uint32_t) program->pending;
    op.len = (uint32_t) (program->text.len - program->pending);

    program->pending = program->text.len;

    if (path != NULL) {
        first = path->scope == CV_SCOPE_FACT ? path->skip : 0;

        op.filter = (uint8_t) path->filter;
        op.scope = (uint8_t) path->scope;
        op.fact = (uint16_t) path->fact;
        op.skip = (uint8_t) (path->skip - first);
        op.nnames = (uint8_t) (path->nnames - first);
        op.names = (uint32_t) program->names.len;

        /* an element's member may turn out to be one */

        if (path->fact < CV_FACT_COUNT) {
            cv_fact_set_add(&program->shows, path->fact);
        }

        if (path->measure.part != CV_VIEW_WHOLE) {
            op.measure = cv_view_emit_measure(program, &path->measure);
        }

        if (code == CV_OP_JSON && path->scope == CV_SCOPE_FACT
            && op.nnames == 0 && path->filter != CV_FILTER_EXISTS)
        {
            op.code = CV_OP_JSON_FACT;
        }

        for (i = first; i < path->nnames; i++) {
            cv_buf_append_byte(&program->names, (uint8_t) path->names[i].len);
            cv_buf_append_str(&program->names, path->names[i]);
        }
    }

    cv_buf_append(&program->ops, &op, sizeof(cv_view_op_t));

    return program->ops.len / sizeof(cv_view_op_t) - 1;
}


size_t
cv_view_emit_label(cv_view_program_t *program)
{
    if (program->text.len > program->pending) {
        (void) cv_view_emit(program, CV_OP_TEXT, NULL);
    }

    return program->ops.len / sizeof(cv_view_op_t);
}


void
cv_view_emit_jump(cv_view_program_t *program, size_t index, size_t to)
{
    cv_view_op_t  *ops;

    if (!cv_buf_failed(&program->ops)) {
        ops = (cv_view_op_t *) (void *) program->ops.data;
        ops[index].jump = (uint32_t) to;
    }
}
