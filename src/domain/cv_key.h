
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

/* A shorter secret could be guessed. */
#define CV_KEY_SECRET_MIN  32

typedef struct {
    cv_str_t        brand;
    cv_key_class_t  class;
    cv_str_t        prefix;     /* brand and class, with what ends them */
    cv_str_t        secret;
} cv_key_text_t;

/*
 * Takes a key's text apart; what is borrowed is "text".  False for anything
 * but letters and digits as brand, a class, and a secret of CV_KEY_SECRET_MIN
 * visible ASCII characters or more; or if it is longer than CV_CLEAR_MAX.
 */
bool cv_key_read(cv_key_text_t *key, cv_str_t text);

/*
 * True if the text begins like a key with so much of its secret that it may
 * be one which was cut.
 */
bool cv_key_looks(cv_str_t text);

/* The clear form of the hash in cv_api_key_t. */
extern const cv_clear_t  cv_key_clear;

#endif /* CV_KEY_H */
