
/*
 * Copyright (C) The credverify authors
 *
 * What a request or an option may have: texts that are checked, taken apart,
 * escaped or kept out of logs.
 */

#include <ctype.h>

#include "cv_key.h"
#include "cv_number.h"
#include "cv_redact.h"
#include "cv_text.h"
#include "fuzz.h"


static void
redact(cv_str_t line)
{
    size_t    i, n, run, values;
    uint8_t   ch;
    cv_buf_t  out, again;

    cv_buf_init(&out, 4 * line.len + 64);
    cv_redact(&out, line);
    FUZZ_MUST(!cv_buf_failed(&out));

    for (i = 0, values = 0; i < line.len; i++) {
        values += line.data[i] == '=';
    }

    FUZZ_MUST(out.len <= line.len + 3 * values);

    for (i = 0, run = 0; i < out.len; i += n) {
        ch = out.data[i];
        n = ch == '%' && i + 2 < out.len
            && cv_hex_decode(&ch, 1, cv_str(out.data + i + 1, 2)) ? 3 : 1;

        run = isalnum(ch) || ch == '_' ? run + 1 : 0;
        FUZZ_MUST(run < CV_REDACT_RUN);
    }

    /* nor is there anything left to cut */

    cv_buf_init(&again, 4 * line.len + 64);
    cv_redact(&again, cv_buf_str(&out));
    FUZZ_MUST(cv_str_eq(cv_buf_str(&out), cv_buf_str(&again)));

    cv_buf_free(&again);
    cv_buf_free(&out);
}


/* nothing of a secret is left, whatever it is made of */

static void
redact_secret(cv_str_t secret)
{
    size_t    i;
    cv_buf_t  line, out;

    for (i = 0; i < secret.len && memchr("&;# ", secret.data[i], 4) == NULL;
         i++)
    {
        /* void */
    }

    cv_buf_init(&line, secret.len + 64);
    cv_buf_init(&out, 64);

    cv_buf_append_str(&line, CV_STR("/?a=b&accessToken="));
    cv_buf_append(&line, secret.data, i);
    cv_redact(&out, cv_buf_str(&line));

    FUZZ_MUST(cv_str_eq(cv_buf_str(&out), CV_STR("/?a=b&accessToken=***")));

    cv_buf_free(&line);
    cv_buf_free(&out);
}


static void
hexadecimal(cv_str_t text)
{
    bool      good;
    char     *lower, *again;
    size_t    i;
    uint8_t  *bytes;

    lower = malloc(text.len + 1);
    again = malloc(text.len + 1);
    bytes = malloc(text.len / 2 + 1);
    FUZZ_MUST(lower != NULL && again != NULL && bytes != NULL);

    for (i = 0, good = true; i < text.len; i++) {
        good = good && isxdigit(text.data[i]);
    }

    FUZZ_MUST(cv_hex_lower(lower, text) == good);

    for (i = 0; good && i < text.len; i++) {
        FUZZ_MUST(lower[i] == tolower(text.data[i]));
    }

    FUZZ_MUST(cv_hex_decode(bytes, text.len / 2, text)
              == (good && text.len % 2 == 0));

    if (good && text.len % 2 == 0) {
        cv_hex_encode(again, cv_str(bytes, text.len / 2));
        FUZZ_MUST(memcmp(again, lower, text.len) == 0);
    }

    free(lower);
    free(again);
    free(bytes);
}


static void
key(cv_str_t text)
{
    cv_key_text_t  key;

    if (cv_key_read(&key, text)) {
        FUZZ_MUST(key.prefix.data == text.data);
        FUZZ_MUST(key.prefix.len + key.secret.len == text.len);
        FUZZ_MUST(key.secret.len >= CV_KEY_SECRET_MIN);
        FUZZ_MUST(text.len <= CV_CLEAR_MAX && key.class < CV_KEY_CLASSES);
        FUZZ_MUST(cv_key_is_brand(key.brand) && cv_key_looks(text));
        (void) cv_key_unmistyped(&key);
    }

    (void) cv_key_looks(text);
}


/* A format, and behind a space a number by it. */

static void
number(cv_str_t text)
{
    char                memory[CV_HANDLE_MAX];
    cv_buf_t            out;
    cv_str_t            word;
    unsigned            year, year_again;
    uint64_t            seq, seq_again;
    cv_number_format_t  format;

    word = fuzz_until(&text, ' ');

    if (!cv_number_format_read(&format, word)) {
        return;
    }

    cv_buf_borrow(&out, memory, sizeof(memory));
    cv_number_write(&out, &format, 2026, CV_NUMBER_LAST);
    FUZZ_MUST(!cv_buf_failed(&out));
    FUZZ_MUST(cv_number_read(&format, cv_buf_str(&out), &year, &seq));
    FUZZ_MUST(seq == CV_NUMBER_LAST);
    FUZZ_MUST(year == (format.year == -1 ? 0 : 2026));

    if (!cv_number_read(&format, text, &year, &seq)) {
        return;
    }

    cv_buf_reset(&out);
    cv_number_write(&out, &format, year, seq);
    FUZZ_MUST(cv_str_eq(cv_buf_str(&out), text));
    FUZZ_MUST(cv_number_read(&format, text, &year_again, &seq_again));
    FUZZ_MUST(year_again == year && seq_again == seq);
}


static bool
has(cv_str_t text, const char *bytes)
{
    for ( /* void */ ; *bytes != '\0'; bytes++) {
        if (text.len > 0 && memchr(text.data, *bytes, text.len) != NULL) {
            return true;
        }
    }

    return false;
}


static void
escaped(cv_str_t text)
{
    cv_buf_t  out;

    cv_buf_init(&out, 8 * text.len + 64);

    cv_escape_html(&out, text);
    FUZZ_MUST(!cv_buf_failed(&out) && !has(cv_buf_str(&out), "<>\"'"));
    FUZZ_MUST(cv_utf8_valid(cv_buf_str(&out)));

    cv_buf_reset(&out);
    cv_escape_href(&out, text);
    FUZZ_MUST(!cv_buf_failed(&out) && !has(cv_buf_str(&out), "<>\"'"));

    cv_buf_reset(&out);
    cv_escape_url(&out, text);
    FUZZ_MUST(!cv_buf_failed(&out) && !has(cv_buf_str(&out), "<>\"'& #?="));

    cv_buf_free(&out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_str_t  text;

    text = cv_str(data, size);

    redact(text);
    redact_secret(text);
    hexadecimal(text);
    key(text);
    number(text);

    if (cv_utf8_valid(text)) {
        escaped(text);
    }

    return 0;
}
