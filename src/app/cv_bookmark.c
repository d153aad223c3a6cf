
/*
 * Copyright (C) The credverify authors
 *
 * The two numbers, 48 bits each, with 32 bits that tell whether it is of this
 * list, in one block that is sealed with what tells the store from all others.
 */

#include "cv_bookmark.h"
#include "cv_cipher.h"
#include "cv_codec.h"
#include "cv_hash.h"
#include "cv_text.h"


typedef struct {
    uint8_t   key[CV_CIPHER_KEY];
    uint64_t  check;
} cv_bookmark_seal_t;


/* the UUID is the key of other hashes, too, which are of no such texts */

static void
cv_bookmark_seal(cv_bookmark_seal_t *seal, cv_txn_t *txn, cv_str_t list)
{
    const uint8_t  *uuid;

    uuid = cv_store_uuid(cv_txn_store(txn));

    cv_put_uint(seal->key, cv_hash_keyed(uuid, "cursor 1", 8), 8);
    cv_put_uint(seal->key + 8, cv_hash_keyed(uuid, "cursor 2", 8), 8);

    seal->check = cv_hash_keyed(seal->key, list.data, list.len);
}


cv_err_t
cv_bookmark_write(char out[CV_BOOKMARK_LEN], const cv_bookmark_t *bookmark,
    cv_txn_t *txn, cv_str_t list)
{
    uint8_t             block[CV_CIPHER_BLOCK];
    cv_err_t            err;
    cv_bookmark_seal_t  seal;

    cv_bookmark_seal(&seal, txn, list);

    cv_put_uint(block, (seal.check & ~CV_BOOKMARK_TOP) | bookmark->high, 8);
    cv_put_uint(block + 8, seal.check << CV_BOOKMARK_BITS | bookmark->low, 8);

    err = cv_cipher_seal(block, seal.key);

    if (err == CV_OK) {
        cv_hex_encode(out, cv_str(block, sizeof(block)));
    }

    return err;
}


cv_err_t
cv_bookmark_read(cv_bookmark_t *bookmark, cv_str_t cursor, cv_txn_t *txn,
    cv_str_t list)
{
    uint8_t             block[CV_CIPHER_BLOCK];
    uint64_t            high, low;
    cv_err_t            err;
    cv_bookmark_seal_t  seal;

    if (!cv_hex_decode(block, sizeof(block), cursor)) {
        return CV_ERR_INPUT;
    }

    cv_bookmark_seal(&seal, txn, list);

    err = cv_cipher_open(block, seal.key);
    if (err != CV_OK) {
        return err;
    }

    high = cv_get_uint(block, 8);
    low = cv_get_uint(block + 8, 8);

    if (high >> CV_BOOKMARK_BITS != seal.check >> CV_BOOKMARK_BITS
        || low >> CV_BOOKMARK_BITS != (seal.check & 0xffff))
    {
        return CV_ERR_INPUT;
    }

    bookmark->high = high & CV_BOOKMARK_TOP;
    bookmark->low = low & CV_BOOKMARK_TOP;

    return CV_OK;
}
