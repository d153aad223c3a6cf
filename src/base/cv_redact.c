
/*
 * Copyright (C) The credverify authors
 */

#include "cv_redact.h"
#include "cv_text.h"

#include <strings.h>

#define CV_REDACTED       "***"
#define CV_NAME_MAX       32

/*
 * An argument is secret if its name is one of these, or ends in one that
 * begins a word: "api_key", "x-api-key", "accessToken".
 */

static const char *const  cv_secret_names[] = {
    "token", "key", "apikey", "secret", "password", "passwd", "signature",
    NULL
};


/* one character, percent-decoded if it is encoded; its length in the line */

static size_t
cv_redact_char(const uint8_t *p, const uint8_t *end, uint8_t *ch)
{
    if (*p == '%' && end - p >= 3 && cv_hex_decode(ch, 1, cv_str(p + 1, 2))) {
        return 3;
    }

    *ch = *p;

    return 1;
}


static bool
cv_redact_letter(uint8_t ch)
{
    return (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';
}


static bool
cv_redact_word(uint8_t ch)
{
    return cv_redact_letter(ch) || (ch >= '0' && ch <= '9') || ch == '_';
}


/* text outside secret arguments: only long runs are cut */

static void
cv_redact_runs(cv_buf_t *out, const uint8_t *p, const uint8_t *end)
{
    size_t          n, run;
    uint8_t         ch;
    const uint8_t  *start;

    while (p < end) {

        start = p;

        for (run = 0; p < end; run++, p += n) {
            n = cv_redact_char(p, end, &ch);

            if (!cv_redact_word(ch)) {
                break;
            }
        }

        if (run >= CV_REDACT_RUN) {
            cv_buf_append(out, CV_REDACTED, sizeof(CV_REDACTED) - 1);

        } else {
            cv_buf_append(out, start, (size_t) (p - start));
        }

        if (p < end) {
            n = cv_redact_char(p, end, &ch);
            cv_buf_append(out, p, n);
            p += n;
        }
    }
}


static bool
cv_redact_secret(const uint8_t *p, const uint8_t *end)
{
    char         name[CV_NAME_MAX + 1];
    size_t       n, len, i, tail;
    uint8_t      ch;

    for (len = 0; p < end; p += n) {
        n = cv_redact_char(p, end, &ch);

        /* how it ends is what counts */

        if (len == CV_NAME_MAX) {
            memmove(name, name + 1, --len);
        }

        name[len++] = (char) ch;
    }

    /* "key[]", as some frameworks have it */

    while (len > 0 && (name[len - 1] == ']' || name[len - 1] == '[')) {
        len--;
    }

    name[len] = '\0';

    for (i = 0; cv_secret_names[i] != NULL; i++) {
        tail = strlen(cv_secret_names[i]);

        if (len >= tail
            && strcasecmp(name + len - tail, cv_secret_names[i]) == 0
            && (len == tail || (name[len - tail] >= 'A'
                                && name[len - tail] <= 'Z')
                || !cv_redact_letter((uint8_t) name[len - tail - 1])))
        {
            return true;
        }
    }

    return false;
}


static const uint8_t *
cv_redact_find(const uint8_t *p, const uint8_t *end, const char *stop)
{
    /* NUL ends "stop", and is not in it */

    while (p < end && (*p == '\0' || strchr(stop, *p) == NULL)) {
        p++;
    }

    return p;
}


void
cv_redact(cv_buf_t *out, cv_str_t line)
{
    const uint8_t  *p, *end, *name, *value;

    end = cv_str_end(line);

    p = cv_redact_find(line.data, end, "?;");
    cv_redact_runs(out, line.data, p);

    while (p < end) {

        /* at what separates: "?", "&", ";", "#" or the space after it all */

        cv_buf_append_byte(out, *p++);

        name = p;
        p = cv_redact_find(p, end, "=&;# ");

        if (p == end || *p != '=') {
            cv_redact_runs(out, name, p);
            continue;
        }

        value = ++p;
        p = cv_redact_find(p, end, "&;# ");

        cv_redact_runs(out, name, value);

        if (cv_redact_secret(name, value - 1)) {
            cv_buf_append(out, CV_REDACTED, sizeof(CV_REDACTED) - 1);

        } else {
            cv_redact_runs(out, value, p);
        }
    }
}
