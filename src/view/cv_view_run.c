
/*
 * Copyright (C) The credverify authors
 *
 * The runner.
 */

#include "cv_view_copy.h"
#include "cv_view_memo.h"
#include "cv_view_program.h"
#include "cv_hash.h"
#include "cv_qr.h"
#include "cv_text.h"

#define CV_NOW_LONG_MAX  (sizeof("30 September 9999") - 1)


typedef struct {
    cv_value_t     value;
    cv_doc_iter_t  it;
    bool           list;
} cv_view_item_t;

typedef struct {
    size_t            at;       /* in the buffer */
    cv_time_t         now;
    cv_view_filter_t  filter;
} cv_view_now_t;

typedef struct {
    const cv_view_program_t  *program;
    const cv_facts_t         *facts;
    cv_buf_t                 *out;
    unsigned                  steps;
    unsigned                  nitems;
    unsigned                  nnows;
    unsigned                  added;        /* to the next width */
    cv_view_memo_t            memo;
    uint64_t                  hash;         /* of the body up to "hashed" */
    size_t                    hashed;
    size_t                    gap;
    cv_view_item_t            items[CV_VIEW_ITEMS];
    cv_view_now_t             nows[CV_VIEW_NOWS];
    uint8_t                   space[CV_MEASURE_MAX];
} cv_view_run_t;


static const cv_time_format_t  cv_filter_formats[CV_FILTERS] = {
    [CV_FILTER_NONE] = CV_TIME_Z,
    [CV_FILTER_DATE] = CV_TIME_DATE,
    [CV_FILTER_DATETIME] = CV_TIME_Z,
    [CV_FILTER_DATETIME_OFFSET] = CV_TIME_OFFSET,
    [CV_FILTER_DATETIME_MS] = CV_TIME_MS,
    [CV_FILTER_DATE_LONG] = CV_TIME_LONG,
    [CV_FILTER_TIME] = CV_TIME_CLOCK,
    [CV_FILTER_YEAR] = CV_TIME_YEAR,
    [CV_FILTER_MONTH] = CV_TIME_MONTH,
};

static const uint8_t  cv_now_widths[CV_FILTERS] = {
    [CV_FILTER_NONE] = sizeof("2026-03-11T10:30:00Z") - 1,
    [CV_FILTER_DATE] = sizeof("2026-03-11") - 1,
    [CV_FILTER_DATETIME] = sizeof("2026-03-11T10:30:00Z") - 1,
    [CV_FILTER_DATETIME_OFFSET] = sizeof("2026-03-11T10:30:00+00:00") - 1,
    [CV_FILTER_DATETIME_MS] = sizeof("2026-03-11T10:30:00.000Z") - 1,
    [CV_FILTER_DATE_LONG] = CV_NOW_LONG_MAX,
    [CV_FILTER_TIME] = sizeof("10:30:00") - 1,
    [CV_FILTER_YEAR] = sizeof("2026") - 1,
    [CV_FILTER_MONTH] = sizeof("12") - 1,
};


static cv_str_t
cv_view_next_name(const uint8_t **p)
{
    cv_str_t  name;

    name = cv_str(*p + 1, **p);
    *p += 1 + name.len;

    return name;
}


/* false once too much was looked at */

static bool
cv_view_spend(cv_view_run_t *run, unsigned steps)
{
    run->steps += steps;

    if (run->steps <= CV_VIEW_STEPS) {
        return true;
    }

    cv_buf_fail(run->out, CV_ERR_LIMIT);

    return false;
}


static cv_doc_t
cv_view_search(cv_view_run_t *run, cv_doc_t doc, cv_str_t name)
{
    cv_doc_t       value;
    cv_str_t       member;
    cv_doc_iter_t  it;

    it = cv_doc_iter(doc);

    if (!it.object) {
        return CV_ABSENT;
    }

    while (cv_doc_next(&it, &member, &value) && cv_view_spend(run, 1)) {
        if (cv_str_eq(member, name)) {
            return value;
        }
    }

    return CV_ABSENT;
}


/* a program may have no names at all */

static inline const uint8_t *
cv_view_names(const cv_view_run_t *run, const cv_view_op_t *op)
{
    return cv_buf_str(&run->program->names).data + op->names;
}


static void
cv_view_member(cv_view_run_t *run, cv_value_t *value, const uint8_t *names,
    unsigned n)
{
    cv_str_t  name;

    for ( /* void */ ; n > 0 && value->type != CV_VALUE_NONE; n--) {
        name = cv_view_next_name(&names);

        if (value->type == CV_VALUE_DOC) {
            *value = cv_value_of(cv_view_search(run, value->text,
                                                      name));

        } else {
            value->type = CV_VALUE_NONE;
        }
    }
}


/* in the innermost item that has the first name, else among the facts */

static cv_value_t
cv_view_find_name(cv_view_run_t *run, const cv_view_op_t *op)
{
    unsigned        i;
    cv_doc_t        doc;
    cv_str_t        name;
    cv_value_t      value;
    const uint8_t  *names, *rest;

    names = cv_view_names(run, op);
    rest = names;
    name = cv_view_next_name(&rest);

    for (i = run->nitems; i > 0; i--) {
        value = run->items[i - 1].value;

        if (value.type != CV_VALUE_DOC) {
            continue;
        }

        doc = cv_view_search(run, value.text, name);

        if (cv_present(doc)) {
            value = cv_value_of(doc);
            cv_view_member(run, &value, rest, op->nnames - 1);
            return value;
        }
    }

    if (op->fact == CV_FACT_COUNT) {
        return (cv_value_t) { CV_VALUE_NONE, 0, CV_ABSENT };
    }

    value = *cv_fact(run->facts, op->fact);

    for (i = 0, rest = names; i < op->skip; i++) {
        (void) cv_view_next_name(&rest);
    }

    cv_view_member(run, &value, rest, op->nnames - op->skip);

    return value;
}


static void
cv_view_filter(cv_value_t *value, cv_view_filter_t filter)
{
    cv_date_t  date;

    if (filter == CV_FILTER_EXISTS) {
        value->number = value->type != CV_VALUE_NONE;
        value->type = CV_VALUE_BOOL;
        return;
    }

    switch (value->type) {

    case CV_VALUE_DATE:
    case CV_VALUE_INSTANT:
    case CV_VALUE_NOW:
        return;

    case CV_VALUE_TEXT:
        if (cv_date_parse(&date, value->text)) {
            value->type = CV_VALUE_DATE;
            value->number = date.at;
            return;
        }

        /* fall through */

    default:
        value->type = CV_VALUE_NONE;
    }
}


static const cv_value_t *
cv_view_lookup(cv_view_run_t *run, const cv_view_op_t *op, cv_value_t *space)
{
    switch (op->scope) {

    case CV_SCOPE_NAME:
        *space = cv_view_find_name(run, op);
        break;

    case CV_SCOPE_ITEM:
        *space = run->items[run->nitems - 1].value;
        cv_view_member(run, space, cv_view_names(run, op), op->nnames);
        break;

    default:
        *space = *cv_fact(run->facts, op->fact);
        cv_view_member(run, space, cv_view_names(run, op), op->nnames);
    }

    if (op->filter != CV_FILTER_NONE) {
        cv_view_filter(space, op->filter);
    }

    return space;
}


static inline const cv_value_t *
cv_view_value(cv_view_run_t *run, const cv_view_op_t *op, cv_value_t *space)
{
    /* the compiler let only dates have the other filters */

    if (op->scope == CV_SCOPE_FACT && op->nnames == 0
        && op->filter != CV_FILTER_EXISTS)
    {
        return cv_fact(run->facts, op->fact);
    }

    return cv_view_lookup(run, op, space);
}


/*
 * The moment of checking: room for it, filled in when the rest is hashed.
 */

static void
cv_view_now(cv_view_run_t *run, cv_time_t now, cv_view_filter_t filter)
{
    uint8_t        *p;
    cv_view_now_t  *slot;

    p = cv_buf_extend(run->out, cv_now_widths[filter]);

    if (p == NULL || run->nnows == CV_VIEW_NOWS) {
        return;
    }

    /* which no text has, so that nothing beside it can be taken for it */

    memset(p, 0xff, cv_now_widths[filter]);

    slot = &run->nows[run->nnows++];
    slot->at = (size_t) (p - run->out->data);
    slot->now = now;
    slot->filter = filter;
}


/*
 * The moment of checking as text.  A thread renders many bodies in a second,
 * and most formats show no less.
 */

static size_t
cv_view_now_text(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t now,
    cv_view_filter_t filter)
{
    cv_time_format_t  format;

    static CV_THREAD struct {
        cv_time_t         second;
        cv_time_format_t  format;
        size_t            len;          /* 0: there is none yet */
        uint8_t           text[CV_TIME_TEXT_MAX];
    } last;

    format = cv_filter_formats[filter];

    if (format == CV_TIME_MS || now < 0) {
        return cv_time_format(text, now, format);
    }

    if (last.len == 0 || last.second != now / CV_SECOND
        || last.format != format)
    {
        last.len = cv_time_format(last.text, now, format);
        last.format = format;
        last.second = now / CV_SECOND;
    }

    memcpy(text, last.text, CV_TIME_TEXT_MAX);

    return last.len;
}


/* from the last to the first: a shorter one moves what follows it */

static void
cv_view_fill_nows(cv_view_run_t *run)
{
    size_t          len, width;
    uint8_t        *p, text[CV_TIME_TEXT_MAX];
    unsigned        i;
    cv_buf_t       *out;
    cv_view_now_t  *slot;

    out = run->out;

    for (i = run->nnows; i > 0; i--) {
        slot = &run->nows[i - 1];
        width = cv_now_widths[slot->filter];
        len = cv_view_now_text(text, slot->now, slot->filter);

        p = out->data + slot->at;
        memcpy(p, text, len);

        if (len < width) {
            memmove(p + len, p + width, out->len - slot->at - width);
            out->len -= width - len;
        }
    }
}


/* a date that needs no formatting */

static inline bool
cv_view_is_as_given(const cv_value_t *value, cv_view_filter_t filter)
{
    return value->type == CV_VALUE_DATE
           && (filter == CV_FILTER_NONE
               || (filter == CV_FILTER_DATE
                   && value->text.len == CV_DATE_BARE_LEN));
}


/* the text of a value; of a list or an object there is none */

static cv_str_t
cv_view_text(const cv_value_t *value, cv_view_filter_t filter,
    uint8_t space[CV_TIME_TEXT_MAX])
{
    cv_buf_t  buf;

    switch (value->type) {

    case CV_VALUE_BOOL:
        return value->number ? CV_STR("true") : CV_STR("false");

    case CV_VALUE_INT:
        cv_buf_borrow(&buf, space, CV_TIME_TEXT_MAX);
        cv_buf_append_int(&buf, value->number);
        return cv_buf_str(&buf);

    case CV_VALUE_TEXT:
        return value->text;

    case CV_VALUE_DATE:
        if (cv_view_is_as_given(value, filter)) {
            return value->text;
        }

        break;

    case CV_VALUE_INSTANT:
        break;

    case CV_VALUE_DOC:
        return cv_doc_text(value->text);

    default:
        return CV_ABSENT;
    }

    return cv_str(space, cv_time_format(space, value->number,
                                        cv_filter_formats[filter]));
}


/*
 * The last "len" bytes were hashed before: that they stand here is all that
 * there is to say of them.
 */

static void
cv_view_hashed(cv_view_run_t *run, size_t len, uint64_t hash)
{
    size_t  start;

    if (cv_buf_failed(run->out)) {
        return;
    }

    start = run->out->len - len;

    run->hash = cv_hash_body(cv_buf_str(run->out).data + run->hashed,
                             start - run->hashed, run->hash + hash);
    run->hashed = run->out->len;
}


/* JSON without its text leaves a gap, of which there is one */

static void
cv_view_gap(cv_view_run_t *run, cv_str_t text)
{
    if (cv_present(text)) {
        return;
    }

    if (run->gap != SIZE_MAX) {
        cv_buf_fail(run->out, CV_ERR_LIMIT);
    }

    run->gap = run->out->len;
}


static void
cv_view_json_other(cv_view_run_t *run, const cv_value_t *value,
    cv_view_filter_t filter)
{
    uint8_t    text[CV_TIME_TEXT_MAX];
    cv_buf_t  *out;

    out = run->out;

    switch (value->type) {

    case CV_VALUE_INT:
        if (value->number >= 0 && value->number <= 9) {
            cv_buf_append_byte(out, (uint8_t) ('0' + value->number));
            return;
        }

        /* fall through */

    case CV_VALUE_BOOL:
        cv_buf_append_str(out, cv_view_text(value, filter, text));
        return;

    case CV_VALUE_NOW:
        cv_buf_append_byte(out, '"');
        cv_view_now(run, value->number, filter);
        cv_buf_append_byte(out, '"');
        return;

    case CV_VALUE_DOC:
        cv_doc_write_json(out, value->text);
        return;

    case CV_VALUE_JSON:
        cv_view_gap(run, value->text);
        cv_buf_append_str(out, value->text);
        cv_view_hashed(run, value->text.len, (uint64_t) value->number);
        return;

    default:
        cv_view_json_string(out, cv_view_text(value, filter, text));
    }
}


static inline void
cv_view_json(cv_view_run_t *run, const cv_value_t *value,
    cv_view_filter_t filter)
{
    if (value->type == CV_VALUE_TEXT || cv_view_is_as_given(value, filter)) {
        cv_view_json_string(run->out, value->text);

    } else if (value->type == CV_VALUE_NONE) {
        cv_buf_append(run->out, "null", 4);

    } else {
        cv_view_json_other(run, value, filter);
    }
}


/* the path of a text's code, if it has any; there is nothing to escape in it */

static void
cv_view_qr(cv_view_run_t *run, cv_str_t text)
{
    cv_err_t  err;

    if (cv_qr_size(text) == 0 || !cv_view_spend(run, CV_VIEW_QR_STEPS)) {
        return;
    }

    err = cv_qr_path(run->out, text);

    if (err != CV_OK) {
        cv_buf_fail(run->out, err);
    }
}


static const cv_view_measure_t *
cv_view_measure(const cv_view_run_t *run, const cv_view_op_t *op)
{
    return (const cv_view_measure_t *) (const void *)
           run->program->measures.data + (op->measure - 1);
}


/* what is to be shown of a text, or how large that is; good until the next */

static cv_str_t
cv_view_part(cv_view_run_t *run, const cv_view_op_t *op, cv_str_t text)
{
    unsigned                  width;
    const cv_view_measure_t  *measure;

    measure = cv_view_measure(run, op);

    switch (measure->part) {

    case CV_VIEW_QR:
        cv_view_qr(run, text);
        return CV_ABSENT;

    case CV_VIEW_QR_SIZE:
        return cv_str(run->space, cv_int_write(run->space, cv_qr_size(text)));

    case CV_VIEW_WIDTH:
        width = run->added
                + cv_view_memo_width(&run->memo, text, &measure->how);
        run->added = 0;
        return cv_str(run->space, cv_int_write(run->space, width));

    case CV_VIEW_ADD:
        if (text.len > 0) {
            run->added += cv_view_memo_width(&run->memo, text, &measure->how);
        }

        return CV_ABSENT;

    default:
        return cv_measure_fit(run->space, text, &measure->how);
    }
}


/* a value as text, in a JSON string or a page */

static void
cv_view_escaped(cv_view_run_t *run, const cv_view_op_t *op)
{
    uint8_t            space[CV_TIME_TEXT_MAX];
    cv_str_t           text;
    cv_value_t         found;
    const cv_value_t  *value;

    value = cv_view_value(run, op, &found);

    if (value->type == CV_VALUE_NOW && op->measure == 0) {
        cv_view_now(run, value->number, op->filter);
        return;
    }

    text = cv_view_text(value, op->filter, space);

    if (op->measure != 0) {

        if (text.data == space) {
            cv_view_memo_clear(&run->memo);
        }

        text = cv_view_part(run, op, text);
    }

    switch (op->code) {

    case CV_OP_JSON_TEXT:
        cv_view_json_text(run->out, text);
        return;

    case CV_OP_HTML:
        cv_view_html(run->out, text);
        return;

    case CV_OP_HTML_SHOWN:
        cv_escape_html_shown(run->out, text);
        return;

    case CV_OP_URL:
        cv_escape_url(run->out, text);
        return;

    case CV_OP_PLAIN:
        cv_escape_plain(run->out, text);
        return;

    default:
        cv_escape_href(run->out, text);
    }
}


/* true if there is an item to begin with */

static bool
cv_view_enter(cv_view_run_t *run, const cv_view_op_t *op)
{
    cv_doc_t           doc;
    cv_value_t         space;
    cv_view_item_t    *item;
    const cv_value_t  *value;

    value = cv_view_value(run, op, &space);

    if (!cv_value_truth(value) || run->nitems == CV_VIEW_ITEMS) {
        return false;
    }

    item = &run->items[run->nitems];

    item->list = value->type == CV_VALUE_DOC
                 && cv_doc_type(value->text) == CV_DOC_ARRAY;

    if (item->list) {
        item->it = cv_doc_iter(value->text);

        if (!cv_doc_next(&item->it, NULL, &doc)) {
            return false;
        }

        item->value = cv_value_of(doc);

    } else if (op->code == CV_OP_SECTION) {
        item->value = *value;

    } else {
        return false;
    }

    run->nitems++;

    return true;
}


static bool
cv_view_next(cv_view_run_t *run)
{
    cv_doc_t         doc;
    cv_view_item_t  *item;

    item = &run->items[run->nitems - 1];

    if (!cv_view_spend(run, CV_VIEW_ITEM_STEPS) || !item->list
        || cv_buf_failed(run->out) || !cv_doc_next(&item->it, NULL, &doc))
    {
        run->nitems--;
        return false;
    }

    item->value = cv_value_of(doc);

    return true;
}


/* whether there is something on a line, or to make a code of */

static const cv_value_t *
cv_view_line(cv_view_run_t *run, const cv_view_op_t *op,
    const cv_value_t *value, cv_value_t *found)
{
    bool      truth;
    uint8_t   space[CV_TIME_TEXT_MAX];
    cv_str_t  text;

    text = cv_view_text(value, op->filter, space);
    truth = cv_view_measure(run, op)->part == CV_VIEW_QR
            ? cv_qr_size(text) > 0 : cv_view_part(run, op, text).len > 0;

    *found = (cv_value_t) { CV_VALUE_BOOL, truth, CV_ABSENT };

    return found;
}


/* true if the instructions up to its "jump" are left out */

static bool
cv_view_skips(cv_view_run_t *run, const cv_view_op_t *op)
{
    cv_value_t         space;
    const cv_value_t  *value;

    value = cv_view_value(run, op, &space);

    if (op->measure != 0) {
        value = cv_view_line(run, op, value, &space);
    }

    switch (op->code) {

    case CV_OP_SKIP_ABSENT:
        return value->type == CV_VALUE_NONE;

    case CV_OP_SKIP_FALSE:
        return !cv_value_truth(value);

    default:
        return cv_value_truth(value);
    }
}


static void
cv_view_close(cv_buf_t *out, size_t start)
{
    if (out->len > start && out->data[out->len - 1] == ',') {
        out->len--;
    }
}


cv_err_t
cv_view_run(const cv_view_program_t *program, size_t entry,
    const cv_facts_t *facts, cv_buf_t *out, cv_rendering_t *rendering)
{
    size_t               start;
    cv_value_t           space;
    cv_view_run_t        run;
    const cv_view_op_t  *ops, *op;

    run.program = program;
    run.facts = facts;
    run.out = out;
    run.steps = 0;
    run.nitems = 0;
    run.nnows = 0;
    run.added = 0;
    cv_view_memo_clear(&run.memo);
    run.hash = program->hash;
    run.hashed = out->len;
    run.gap = SIZE_MAX;

    start = out->len;
    ops = (const cv_view_op_t *) (const void *) program->ops.data;

    for (op = ops + entry; /* void */ ; op++) {

        if (op->len > 0) {
            cv_view_copy(out, program->text.data + op->text, op->len);

            if (op->len > CV_VIEW_LONG) {
                cv_view_hashed(&run, op->len, op->text);
            }
        }

        switch ((cv_view_opcode_t) op->code) {

        case CV_OP_TEXT:
            break;

        case CV_OP_JSON_FACT:
            cv_view_json(&run, cv_fact(facts, op->fact), op->filter);
            break;

        case CV_OP_JSON:
            cv_view_json(&run, cv_view_value(&run, op, &space), op->filter);
            break;

        case CV_OP_JSON_TEXT:
        case CV_OP_HTML:
        case CV_OP_HTML_SHOWN:
        case CV_OP_URL:
        case CV_OP_HREF:
        case CV_OP_PLAIN:
            cv_view_escaped(&run, op);
            break;

        case CV_OP_JSON_CLOSE:
            cv_view_close(out, start);

            if (run.hashed > out->len) {
                run.hashed = out->len;
            }

            break;

        case CV_OP_JUMP:
            op = ops + op->jump - 1;
            break;

        case CV_OP_SKIP_ABSENT:
        case CV_OP_SKIP_FALSE:
        case CV_OP_SKIP_TRUE:
            if (cv_view_skips(&run, op)) {
                op = ops + op->jump - 1;
            }

            break;

        case CV_OP_EACH:
        case CV_OP_SECTION:
            if (!cv_view_enter(&run, op)) {
                op = ops + op->jump - 1;
            }

            break;

        case CV_OP_NEXT:
            if (cv_view_next(&run)) {
                op = ops + op->jump - 1;
            }

            break;

        case CV_OP_END:
            goto done;
        }
    }

done:

    if (cv_buf_failed(out)) {
        return out->err;
    }

    rendering->hash = cv_hash_body(cv_buf_str(out).data + run.hashed,
                                   out->len - run.hashed, run.hash);
    rendering->timeless = run.nnows == 0;
    rendering->gap = run.gap;

    cv_view_fill_nows(&run);

    return CV_OK;
}
