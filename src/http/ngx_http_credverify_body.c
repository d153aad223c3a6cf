
/*
 * Copyright (C) The credverify authors
 *
 * Bodies of requests.  nginx reads them, into whatever buffers it likes, and
 * into a file what is longer than client_body_buffer_size.
 */

#include "ngx_http_credverify.h"


static ngx_uint_t ngx_http_credverify_is_json(ngx_str_t *type);
static ngx_int_t ngx_http_credverify_copy_body(ngx_chain_t *in, u_char *p);


cv_outcome_t
ngx_http_credverify_expect_json(ngx_http_request_t *r, size_t most)
{
    ngx_table_elt_t  *type;

    type = r->headers_in.content_type;

    if (type != NULL && type->value.len != 0
        && !ngx_http_credverify_is_json(&type->value))
    {
        return CV_UNSUPPORTED_MEDIA_TYPE;
    }

    return r->headers_in.content_length_n > (off_t) most ? CV_BODY_TOO_LARGE
                                                         : CV_VALID;
}


/* with any parameters: there is one encoding of JSON (RFC 8259, 8.1) */

static ngx_uint_t
ngx_http_credverify_is_json(ngx_str_t *type)
{
    size_t  len;

    static const u_char  json[] = "application/json";

    for (len = 0; len < type->len && type->data[len] != ';'; len++) {
        /* void */
    }

    while (len > 0 && (type->data[len - 1] == ' '
                       || type->data[len - 1] == '\t'))
    {
        len--;
    }

    return len == sizeof(json) - 1
           && ngx_strncasecmp(type->data, (u_char *) json, len) == 0;
}


cv_outcome_t
ngx_http_credverify_take_body(ngx_http_request_t *r, size_t most,
    cv_str_t *text)
{
    off_t         size;
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *in, *cl;

    in = r->request_body != NULL ? r->request_body->bufs : NULL;

    for (size = 0, cl = in; cl != NULL; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size > (off_t) most) {
        return CV_BODY_TOO_LARGE;
    }

    if (size == 0) {
        *text = CV_STR("");
        return CV_VALID;
    }

    b = in->buf;

    if (in->next == NULL && ngx_buf_in_memory(b)) {
        *text = cv_str(b->pos, (size_t) size);
        return CV_VALID;
    }

    p = ngx_pnalloc(r->pool, (size_t) size);

    if (p == NULL || ngx_http_credverify_copy_body(in, p) != NGX_OK) {
        return CV_SERVER_ERROR;
    }

    *text = cv_str(p, (size_t) size);

    return CV_VALID;
}


/*
 * What is in a file was written there just now, by this worker, and is no
 * longer than the caller takes: it comes from memory.
 */

static ngx_int_t
ngx_http_credverify_copy_body(ngx_chain_t *in, u_char *p)
{
    size_t      size;
    ssize_t     n;
    ngx_buf_t  *b;

    for ( /* void */ ; in != NULL; in = in->next) {
        b = in->buf;
        size = (size_t) ngx_buf_size(b);

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, size);
            continue;
        }

        if (size == 0) {
            continue;
        }

        n = ngx_read_file(b->file, p, size, b->file_pos);

        if (n != (ssize_t) size) {
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}
