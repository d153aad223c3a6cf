
/*
 * Copyright (C) The credverify authors
 */

#include "cv_doc.h"
#include "cv_codec.h"
#include "cv_text.h"


static cv_doc_t cv_doc_read(cv_reader_t *r);
static bool cv_doc_valid_at(cv_doc_t doc, unsigned depth);
static void cv_doc_write_at(cv_buf_t *out, cv_doc_t doc, unsigned depth);


/* the next whole value, its type byte included */

static cv_doc_t
cv_doc_read(cv_reader_t *r)
{
    const uint8_t  *start;

    start = r->p;

    switch (cv_read_u8(r)) {

    case CV_DOC_NULL:
    case CV_DOC_TRUE:
    case CV_DOC_FALSE:
        break;

    case CV_DOC_NUMBER:
    case CV_DOC_STRING:
    case CV_DOC_ARRAY:
    case CV_DOC_OBJECT:
        (void) cv_read_bytes(r, cv_read_u32(r));
        break;

    default:
        r->failed = true;
    }

    return r->failed ? CV_ABSENT : cv_str(start, (size_t) (r->p - start));
}


cv_doc_type_t
cv_doc_type(cv_doc_t doc)
{
    return doc.len == 0 ? CV_DOC_NONE : (cv_doc_type_t) doc.data[0];
}


static cv_str_t
cv_doc_payload(cv_doc_t doc)
{
    cv_reader_t  r;

    if (doc.len < 5) {
        return CV_ABSENT;
    }

    r = cv_reader(doc);
    (void) cv_read_u8(&r);

    return cv_read_bytes(&r, cv_read_u32(&r));
}


cv_str_t
cv_doc_text(cv_doc_t doc)
{
    cv_doc_type_t  type;

    type = cv_doc_type(doc);

    return type == CV_DOC_STRING || type == CV_DOC_NUMBER
           ? cv_doc_payload(doc) : CV_ABSENT;
}


bool
cv_doc_int(cv_doc_t doc, int64_t *number)
{
    bool      negative;
    size_t    i;
    int64_t   n;
    cv_str_t  text;

    text = cv_doc_text(doc);

    if (cv_doc_type(doc) != CV_DOC_NUMBER) {
        return false;
    }

    negative = text.len > 0 && text.data[0] == '-';
    i = negative ? 1 : 0;

    if (i == text.len) {
        return false;
    }

    for (n = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9'
            || __builtin_mul_overflow(n, 10, &n)
            || __builtin_sub_overflow(n, text.data[i] - '0', &n))
        {
            return false;
        }
    }

    /* summed up below zero, where there is one more */
    if (!negative && __builtin_sub_overflow(0, n, &n)) {
        return false;
    }

    *number = n;

    return true;
}


bool
cv_doc_truth(cv_doc_t doc)
{
    switch (cv_doc_type(doc)) {

    case CV_DOC_TRUE:
    case CV_DOC_NUMBER:
        return true;

    case CV_DOC_STRING:
    case CV_DOC_ARRAY:
    case CV_DOC_OBJECT:
        return cv_doc_payload(doc).len > 0;

    default:
        return false;
    }
}


cv_doc_iter_t
cv_doc_iter(cv_doc_t doc)
{
    cv_str_t       payload;
    cv_doc_type_t  type;

    type = cv_doc_type(doc);

    if (type != CV_DOC_ARRAY && type != CV_DOC_OBJECT) {
        return (cv_doc_iter_t) { NULL, NULL, false };
    }

    payload = cv_doc_payload(doc);

    return (cv_doc_iter_t) { payload.data, cv_str_end(payload),
                             type == CV_DOC_OBJECT };
}


bool
cv_doc_next(cv_doc_iter_t *it, cv_str_t *name, cv_doc_t *value)
{
    cv_str_t     member;
    cv_reader_t  r;

    if (it->p == it->end) {
        return false;
    }

    r = (cv_reader_t) { it->p, it->end, false };

    member = it->object ? cv_read_bytes(&r, cv_read_u16(&r)) : CV_ABSENT;
    *value = cv_doc_read(&r);

    if (r.failed) {
        it->p = it->end;
        return false;
    }

    if (name != NULL) {
        *name = member;
    }

    it->p = r.p;

    return true;
}


cv_doc_t
cv_doc_member(cv_doc_t doc, cv_str_t name)
{
    cv_str_t       member;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return CV_ABSENT;
    }

    it = cv_doc_iter(doc);

    while (cv_doc_next(&it, &member, &value)) {
        if (cv_str_eq(member, name)) {
            return value;
        }
    }

    return CV_ABSENT;
}


/* one digit or more, with which the rest of a number's text begins */

static bool
cv_doc_digits(const uint8_t **p, const uint8_t *end)
{
    const uint8_t  *start;

    for (start = *p; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        /* void */
    }

    return *p > start;
}


/* RFC 8259, section 6 */

static bool
cv_doc_number_valid(cv_str_t text)
{
    const uint8_t  *p, *end;

    p = text.data;
    end = cv_str_end(text);

    p += p < end && *p == '-';

    if (p < end && *p == '0') {
        p++;

    } else if (!cv_doc_digits(&p, end)) {
        return false;
    }

    if (p < end && *p == '.') {
        p++;

        if (!cv_doc_digits(&p, end)) {
            return false;
        }
    }

    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');

        if (!cv_doc_digits(&p, end)) {
            return false;
        }
    }

    return p == end;
}


static bool
cv_doc_valid_at(cv_doc_t doc, unsigned depth)
{
    cv_str_t     payload, name;
    cv_doc_t     value;
    cv_reader_t  r;

    if (depth > CV_DOC_DEPTH) {
        return false;
    }

    r = cv_reader(doc);
    (void) cv_doc_read(&r);

    if (!cv_reader_done(&r)) {
        return false;
    }

    payload = cv_doc_payload(doc);

    if (cv_doc_type(doc) == CV_DOC_STRING) {
        return cv_utf8_valid(payload);
    }

    if (cv_doc_type(doc) == CV_DOC_NUMBER) {
        return cv_doc_number_valid(payload);
    }

    if (cv_doc_type(doc) != CV_DOC_ARRAY && cv_doc_type(doc) != CV_DOC_OBJECT) {
        return true;
    }

    r = cv_reader(payload);

    while (cv_reader_left(&r) > 0) {

        if (cv_doc_type(doc) == CV_DOC_OBJECT) {
            name = cv_read_bytes(&r, cv_read_u16(&r));

            if (r.failed || !cv_utf8_valid(name)) {
                return false;
            }
        }

        value = cv_doc_read(&r);

        if (r.failed || !cv_doc_valid_at(value, depth + 1)) {
            return false;
        }
    }

    return true;
}


bool
cv_doc_valid(cv_doc_t doc)
{
    return cv_doc_valid_at(doc, 1);
}


static void
cv_doc_write_at(cv_buf_t *out, cv_doc_t doc, unsigned depth)
{
    bool           first;
    cv_str_t       name, text;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    switch (depth > CV_DOC_DEPTH ? CV_DOC_NONE : cv_doc_type(doc)) {

    case CV_DOC_TRUE:
        cv_buf_append(out, "true", 4);
        return;

    case CV_DOC_FALSE:
        cv_buf_append(out, "false", 5);
        return;

    case CV_DOC_NUMBER:
        text = cv_doc_text(doc);
        cv_buf_append_str(out, text.len > 0 ? text : CV_STR("null"));
        return;

    case CV_DOC_STRING:
        cv_escape_json_string(out, cv_doc_text(doc));
        return;

    case CV_DOC_ARRAY:
    case CV_DOC_OBJECT:
        break;

    default:
        cv_buf_append(out, "null", 4);
        return;
    }

    it = cv_doc_iter(doc);
    cv_buf_append_byte(out, it.object ? '{' : '[');

    for (first = true; cv_doc_next(&it, &name, &value); first = false) {

        if (!first) {
            cv_buf_append_byte(out, ',');
        }

        if (it.object) {
            cv_escape_json_string(out, name);
            cv_buf_append_byte(out, ':');
        }

        cv_doc_write_at(out, value, depth + 1);
    }

    cv_buf_append_byte(out, it.object ? '}' : ']');
}


void
cv_doc_write_json(cv_buf_t *out, cv_doc_t doc)
{
    cv_doc_write_at(out, doc, 1);
}


void
cv_doc_put(cv_buf_t *out, cv_doc_type_t type, cv_str_t text)
{
    cv_write_u8(out, type);

    if (type == CV_DOC_STRING || type == CV_DOC_NUMBER) {
        cv_write_u32(out, text.len);
        cv_buf_append_str(out, text);
    }
}


size_t
cv_doc_open(cv_buf_t *out, cv_doc_type_t type)
{
    cv_write_u8(out, type);
    cv_write_u32(out, 0);

    return out->len;
}


void
cv_doc_put_name(cv_buf_t *out, cv_str_t name)
{
    cv_write_u16(out, name.len);
    cv_buf_append_str(out, name);
}


void
cv_doc_close(cv_buf_t *out, size_t mark)
{
    if (!cv_buf_failed(out)) {
        cv_put_uint(out->data + mark - 4, out->len - mark, 4);
    }
}
