
/*
 * Copyright (C) The credverify authors
 */

#include "cv_letter.h"
#include "cv_base64.h"
#include "cv_text.h"

#include <strings.h>
#include <time.h>

/* of a line that is not folded, behind the longest name of a field */
#define CV_LETTER_LINE  60

/*
 * An encoded-word with that much in it, and the name of a field, make no longer
 * line than the 76 characters of RFC 2047, 2.
 */
#define CV_LETTER_WORD  36


static bool
cv_letter_alnum(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9');
}


/* true for what can stand as it is, and not be taken for an encoded-word */

static bool
cv_letter_is_plain(cv_str_t text)
{
    size_t  i;

    if (text.len == 0 || text.len > CV_LETTER_LINE || text.data[0] == ' '
        || text.data[text.len - 1] == ' '
        || memmem(text.data, text.len, "=?", 2) != NULL)
    {
        return false;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e) {
            return false;
        }
    }

    return true;
}


/* characters are not divided among words (RFC 2047, 5) */

static void
cv_letter_encoded(cv_buf_t *out, cv_str_t text)
{
    size_t          n, len;
    uint32_t        code;
    const uint8_t  *p, *end;

    end = cv_str_end(text);

    for (p = text.data; p < end; p += len) {

        for (len = 0; p + len < end; len += n) {
            n = cv_utf8_decode(p + len, end, &code);

            if (n == 0) {
                n = 1;
            }

            if (len + n > CV_LETTER_WORD) {
                break;
            }
        }

        if (p > text.data) {
            cv_buf_append_str(out, CV_STR("\r\n "));
        }

        cv_buf_append_str(out, CV_STR("=?UTF-8?B?"));
        cv_base64_encode(out, cv_str(p, len));
        cv_buf_append_str(out, CV_STR("?="));
    }
}


/* a phrase is quoted; other text is as it is */

static void
cv_letter_put(cv_buf_t *out, cv_str_t text, bool quoted)
{
    size_t    i;
    cv_buf_t  line;

    cv_buf_init(&line, out->limit);
    cv_escape_plain(&line, text);

    text = cv_buf_str(&line);

    if (cv_buf_failed(&line)) {
        cv_buf_fail(out, line.err);

    } else if (!cv_letter_is_plain(text)) {
        cv_letter_encoded(out, text);

    } else if (!quoted) {
        cv_buf_append_str(out, text);

    } else {
        cv_buf_append_byte(out, '"');

        for (i = 0; i < text.len; i++) {
            if (text.data[i] == '"' || text.data[i] == '\\') {
                cv_buf_append_byte(out, '\\');
            }

            cv_buf_append_byte(out, text.data[i]);
        }

        cv_buf_append_byte(out, '"');
    }

    cv_buf_free(&line);
}


void
cv_letter_text(cv_buf_t *out, cv_str_t text)
{
    cv_letter_put(out, text, false);
}


void
cv_letter_mailbox(cv_buf_t *out, cv_str_t name, cv_str_t address)
{
    if (name.len == 0) {
        cv_buf_append_str(out, address);
        return;
    }

    cv_letter_put(out, name, true);
    cv_buf_append_str(out, CV_STR("\r\n <"));
    cv_buf_append_str(out, address);
    cv_buf_append_byte(out, '>');
}


void
cv_letter_date(cv_buf_t *out, cv_time_t at)
{
    time_t     seconds;
    struct tm  tm;

    static const char  days[][4] = {
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
    };

    static const char  months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };

    seconds = (time_t) (at / CV_SECOND);

    if (gmtime_r(&seconds, &tm) == NULL) {
        cv_buf_fail(out, CV_ERR_INPUT);
        return;
    }

    cv_buf_printf(out, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
                  tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
                  tm.tm_hour, tm.tm_min, tm.tm_sec);
}


/* whether the word of a reply may be of an address, or a part of it */

static bool
cv_letter_tells(cv_str_t word, cv_str_t address)
{
    size_t          i, len;
    const uint8_t  *at;

    if (memchr(word.data, '@', word.len) != NULL) {
        return true;
    }

    at = address.len == 0 ? NULL : memchr(address.data, '@', address.len);
    len = at == NULL ? 0 : (size_t) (at - address.data);

    for (i = 0; len > 0 && i + len <= word.len; i++) {
        if (strncasecmp((const char *) word.data + i,
                        (const char *) address.data, len)
            == 0
            && (i == 0 || !cv_letter_alnum(word.data[i - 1]))
            && (i + len == word.len || !cv_letter_alnum(word.data[i + len])))
        {
            return true;
        }
    }

    return false;
}


void
cv_letter_words(cv_buf_t *out, cv_str_t words, cv_str_t address)
{
    size_t          i;
    bool            first;
    cv_str_t        word;
    const uint8_t  *p, *end;

    first = true;
    end = cv_str_end(words);

    for (p = words.data; p < end; p++) {

        for (word = cv_str(p, 0); p < end && *p > 0x20 && *p != 0x7f; p++) {
            word.len++;
        }

        if (word.len == 0) {
            continue;
        }

        if (!first) {
            cv_buf_append_byte(out, ' ');
        }

        first = false;

        if (cv_letter_tells(word, address)) {
            cv_buf_append_str(out, CV_STR("***"));
            continue;
        }

        for (i = 0; i < word.len; i++) {
            cv_buf_append_byte(out, word.data[i] < 0x80 ? word.data[i] : '?');
        }
    }
}
