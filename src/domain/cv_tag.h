
/*
 * Copyright (C) The credverify authors
 *
 * Cache tags: what a cache is told beside an answer, so that it can be told
 * later to forget whatever has that tag.
 */

#ifndef CV_TAG_H
#define CV_TAG_H

#include "cv_hash.h"
#include "cv_record.h"

/* "cv-" and 16 hexadecimal digits: a token of HTTP, as all caches take it */
#define CV_TAG_LEN  19

/*
 * Writes the tag of answers about a credential, by its number, to who asks by
 * that token, or by another handle if it is NULL.  Who asks by a masked token
 * is not to find out which other links are of the same credential, so that the
 * tag is the token's own; all other answers have the credential's.
 *
 * It is a hash with the store's UUID for a key: the same as long as the store
 * is, restored ones included, and without that nobody can tell what it is of.
 */
void cv_tag(char out[CV_TAG_LEN], const uint8_t uuid[CV_HASH_KEY_LEN],
    uint64_t credential, const cv_token_t *token);

#endif /* CV_TAG_H */
