
/*
 * Copyright (C) The credverify authors
 */

#include "cv_key.h"
#include "cv_hash.h"

_Static_assert(CV_KEY_SECRET_MIN >= CV_VECTOR, "secrets are read by vectors");

#define CV_KEY_LAST          4
#define CV_KEY_CHECKSUM_LEN  (CV_KEY_MINTED_LEN - CV_KEY_RANDOM_LEN)

static const char  cv_key_digits[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const char *const  cv_key_class_names[] = {
    "live", "test", "badge", NULL
};


bool
cv_key_is_brand(cv_str_t text)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < text.len; i++) {
        ch = text.data[i];

        if (!((ch >= '0' && ch <= '9')
              || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')))
        {
            return false;
        }
    }

    return text.len > 0 && text.len <= CV_KEY_BRAND_MAX;
}


/* the text before the next "_", and what comes after it */

static cv_str_t
cv_key_word(cv_str_t *rest)
{
    size_t    i;
    cv_str_t  word;

    for (i = 0; i < rest->len && rest->data[i] != '_'; i++) { /* void */ }

    word = cv_str(rest->data, i);
    i += i < rest->len ? 1 : 0;
    *rest = cv_str(rest->data + i, rest->len - i);

    return word;
}


/* brand and class; what remains is the secret */

bool
cv_key_begin(cv_key_text_t *key, cv_str_t text)
{
    int       class;
    cv_str_t  rest;

    rest = text;
    key->brand = cv_key_word(&rest);

    class = cv_name_index(cv_key_class_names, cv_key_word(&rest));

    if (class == -1 || !cv_key_is_brand(key->brand)) {
        return false;
    }

    key->class = (cv_key_class_t) class;
    key->prefix = cv_str(text.data, text.len - rest.len);
    key->secret = rest;

    return true;
}


/* of a text that has CV_VECTOR characters at least: the last ones twice */

static bool
cv_key_visible(cv_str_t text)
{
    size_t       i;
    cv_vector_t  v, wrong;

    wrong = (cv_vector_t) { 0 };

    for (i = 0; i < text.len; i += CV_VECTOR) {
        i = i + CV_VECTOR > text.len ? text.len - CV_VECTOR : i;
        memcpy(&v, text.data + i, CV_VECTOR);
        wrong |= (cv_vector_t) ((v <= 0x20) | (v >= 0x7f));
    }

    return !cv_vector_any(wrong);
}


bool
cv_key_read(cv_key_text_t *key, cv_str_t text)
{
    return cv_key_begin(key, text) && text.len <= CV_CLEAR_MAX
           && key->secret.len >= CV_KEY_SECRET_MIN
           && cv_key_visible(key->secret);
}


/* six characters, base 62, that are the same for the same text only by chance */

static void
cv_key_checksum(uint8_t out[CV_KEY_CHECKSUM_LEN], cv_str_t text)
{
    size_t    i;
    uint64_t  hash;

    hash = cv_hash(text.data, text.len);

    for (i = 0; i < CV_KEY_CHECKSUM_LEN; i++) {
        out[i] = (uint8_t) cv_key_digits[hash % 62];
        hash /= 62;
    }
}


bool
cv_key_unmistyped(const cv_key_text_t *key)
{
    size_t   len;
    uint8_t  checksum[CV_KEY_CHECKSUM_LEN];

    if (key->secret.len != CV_KEY_MINTED_LEN) {
        return true;
    }

    len = key->prefix.len + CV_KEY_RANDOM_LEN;

    /* prefix and secret are one piece */
    cv_key_checksum(checksum, cv_str(key->prefix.data, len));

    return memcmp(checksum, key->prefix.data + len, CV_KEY_CHECKSUM_LEN) == 0;
}


size_t
cv_key_mint(uint8_t text[CV_KEY_MINTED_MAX], cv_str_t brand,
    cv_key_class_t class, cv_str_t random)
{
    size_t         i, n;
    cv_buf_t       out;
    cv_key_text_t  key;

    if (!cv_key_is_brand(brand)) {
        return 0;
    }

    cv_buf_borrow(&out, text, CV_KEY_MINTED_MAX);
    cv_buf_printf(&out, "%.*s_%s_", CV_FMT(brand), cv_key_class_names[class]);

    for (n = 0, i = 0; i < random.len && n < CV_KEY_RANDOM_LEN; i++) {

        /* each character is as likely as the others */

        if (random.data[i] < 248) {
            cv_buf_append_byte(&out, (uint8_t)
                               cv_key_digits[random.data[i] % 62]);
            n++;
        }
    }

    cv_key_checksum(text + out.len, cv_buf_str(&out));
    out.len += CV_KEY_CHECKSUM_LEN;

    return n == CV_KEY_RANDOM_LEN && cv_key_read(&key, cv_buf_str(&out))
           ? out.len : 0;
}


bool
cv_key_looks(cv_str_t text)
{
    cv_key_text_t  key;

    return cv_key_begin(&key, text) && key.secret.len >= CV_KEY_SECRET_MIN / 2;
}


static size_t
cv_key_take(void *record, cv_str_t text, uint8_t out[CV_CLEAR_MAX])
{
    cv_key_text_t   key;
    cv_api_key_t   *taken = record;

    if (!cv_key_read(&key, text)) {
        return 0;
    }

    taken->prefix = key.prefix;
    taken->last4 = cv_str(text.data + text.len - CV_KEY_LAST, CV_KEY_LAST);

    memcpy(out, text.data, text.len);

    return text.len;
}


const cv_clear_t  cv_key_clear = {
    "key", "must be a brand, live, test or badge, and 32 characters or more, "
    "joined by \"_\"", cv_key_take
};
