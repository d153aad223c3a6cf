
/*
 * Copyright (C) The credverify authors
 *
 * The text of an API key: BRAND_CLASS_SECRET.
 */

#ifndef CV_KEY_H
#define CV_KEY_H

#include "cv_record.h"

typedef enum {
    CV_KEY_LIVE = 0,
    CV_KEY_TEST,
    CV_KEY_BADGE,
    CV_KEY_CLASSES
} cv_key_class_t;

extern const char *const  cv_key_class_names[];

#define CV_KEY_BRAND_MAX   32

/* A shorter secret could be guessed. */
#define CV_KEY_SECRET_MIN  32

typedef struct {
    cv_str_t        brand;
    cv_key_class_t  class;
    cv_str_t        prefix;     /* brand and class, with what ends them */
    cv_str_t        secret;
} cv_key_text_t;

/* True for letters and digits, CV_KEY_BRAND_MAX of them at most. */
bool cv_key_is_brand(cv_str_t text);

/*
 * Takes a key's text apart; what is borrowed is "text".  False for anything
 * but letters and digits as brand, a class, and a secret of CV_KEY_SECRET_MIN
 * visible ASCII characters or more; or if it is longer than CV_CLEAR_MAX.
 */
bool cv_key_read(cv_key_text_t *key, cv_str_t text);

/* The same of what comes before a secret, which may be missing. */
bool cv_key_begin(cv_key_text_t *key, cv_str_t text);

/*
 * True if the text begins like a key with so much of its secret that it may
 * be one which was cut.
 */
bool cv_key_looks(cv_str_t text);

/*
 * The secrets that are made here are 32 random characters, base 62, and a
 * checksum of six over all before it, so that one that was mistyped is known
 * without looking it up.
 */
#define CV_KEY_RANDOM_LEN  32
#define CV_KEY_MINTED_LEN  (CV_KEY_RANDOM_LEN + 6)

/* The longest text that cv_key_mint() makes. */
#define CV_KEY_MINTED_MAX  (CV_KEY_BRAND_MAX + sizeof("_badge_") - 1          \
                            + CV_KEY_MINTED_LEN)

/* False only for a secret as long as ours whose checksum is wrong. */
bool cv_key_unmistyped(const cv_key_text_t *key);

/*
 * Makes a key's text from random bytes, one for each random character: those
 * of 248 and more are left out, so that there must be enough.  Returns its
 * length, or 0 if there were too few, or the brand is none.
 */
size_t cv_key_mint(uint8_t text[CV_KEY_MINTED_MAX], cv_str_t brand,
    cv_key_class_t class, cv_str_t random);

/* The clear form of the hash in cv_api_key_t. */
extern const cv_clear_t  cv_key_clear;

#endif /* CV_KEY_H */
