
/*
 * Copyright (C) The credverify authors
 *
 * OpenSSL writes and reads the blocks.  Its reader skips white space and takes
 * padding for zeros, so that it sees only characters that were checked.
 */

#include "cv_base64.h"

#include <openssl/evp.h>

/* how much is done at once: of bytes, and of text */

#define CV_BASE64_BYTES  768
#define CV_BASE64_TEXT   CV_BASE64_LEN(CV_BASE64_BYTES)

/* where the two alphabets differ */

typedef struct {
    char  last[2];          /* digits 62 and 63 */
    bool  padded;
} cv_base64_form_t;

static const cv_base64_form_t  cv_base64_standard = { { '+', '/' }, true };
static const cv_base64_form_t  cv_base64_url = { { '-', '_' }, false };


/* Digits of the standard alphabet to those of another. */

static void
cv_base64_respell(unsigned char *text, size_t len,
    const cv_base64_form_t *form)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (text[i] == '+') {
            text[i] = (unsigned char) form->last[0];

        } else if (text[i] == '/') {
            text[i] = (unsigned char) form->last[1];
        }
    }
}


static void
cv_base64_write(cv_buf_t *out, cv_str_t data, const cv_base64_form_t *form)
{
    size_t         n, len;
    unsigned char  text[CV_BASE64_TEXT + 1];

    while (data.len > 0) {
        n = data.len < CV_BASE64_BYTES ? data.len : CV_BASE64_BYTES;
        len = form->padded ? CV_BASE64_LEN(n) : CV_BASE64URL_LEN(n);

        (void) EVP_EncodeBlock(text, data.data, (int) n);
        cv_base64_respell(text, len, form);
        cv_buf_append(out, text, len);

        data = cv_str(data.data + n, data.len - n);
    }
}


/* The digit as the standard alphabet has it; 0 for what is none. */

static unsigned char
cv_base64_digit(uint8_t c, const cv_base64_form_t *form)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9'))
    {
        return c;
    }

    return c == (uint8_t) form->last[0] ? '+'
           : c == (uint8_t) form->last[1] ? '/' : 0;
}


/* Up to CV_BASE64_TEXT digits; only the last ones may be no whole block. */

static bool
cv_base64_block(cv_buf_t *out, const uint8_t *digits, size_t len,
    const cv_base64_form_t *form)
{
    size_t         i, n, whole;
    unsigned char  text[CV_BASE64_TEXT], bytes[CV_BASE64_BYTES];

    for (i = 0; i < len; i++) {
        text[i] = cv_base64_digit(digits[i], form);

        if (text[i] == 0) {
            return false;
        }
    }

    for ( ; i % 4 != 0; i++) {
        text[i] = 'A';          /* six zero bits, as padding stands for */
    }

    n = len * 3 / 4;
    whole = i / 4 * 3;

    if (EVP_DecodeBlock(bytes, text, (int) i) != (int) whole) {
        return false;
    }

    /* what is no whole byte must be zero bits */

    for (i = n; i < whole; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }

    cv_buf_append(out, bytes, n);

    return true;
}


static cv_err_t
cv_base64_read(cv_buf_t *out, cv_str_t text, const cv_base64_form_t *form)
{
    size_t  n, at, start, len;

    start = out->len;
    len = text.len;

    if (form->padded) {

        if (len % 4 != 0) {
            return CV_ERR_INPUT;
        }

        for (n = 0; n < 2 && len > 0 && text.data[len - 1] == '='; n++) {
            len--;
        }
    }

    if (len % 4 == 1) {
        return CV_ERR_INPUT;
    }

    for (at = 0; at < len; at += n) {
        n = len - at < CV_BASE64_TEXT ? len - at : CV_BASE64_TEXT;

        if (!cv_base64_block(out, text.data + at, n, form)) {
            out->len = start;
            return CV_ERR_INPUT;
        }
    }

    return out->err;
}


void
cv_base64_encode(cv_buf_t *out, cv_str_t data)
{
    cv_base64_write(out, data, &cv_base64_standard);
}


cv_err_t
cv_base64_decode(cv_buf_t *out, cv_str_t text)
{
    return cv_base64_read(out, text, &cv_base64_standard);
}


void
cv_base64url_encode(cv_buf_t *out, cv_str_t data)
{
    cv_base64_write(out, data, &cv_base64_url);
}


cv_err_t
cv_base64url_decode(cv_buf_t *out, cv_str_t text)
{
    return cv_base64_read(out, text, &cv_base64_url);
}
