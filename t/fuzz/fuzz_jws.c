
/*
 * Copyright (C) The credverify authors
 *
 * What is taken as a JWS has one text, and nobody's signature is taken but
 * that of the key's owner, of which there is one here.  Base64 has one text,
 * too, in either alphabet.
 */

#include "../unit/keys_rfc.h"
#include "cv_base64.h"
#include "cv_jws.h"
#include "cv_text.h"
#include "fuzz.h"

#define SIGNATURE_LEN  256


static cv_signature_key_t *
public_key(void)
{
    static cv_signature_key_t  *key;

    if (key == NULL) {
        FUZZ_MUST(cv_signature_key_read(&key, CV_STR(RFC7515_PUBLIC), NULL)
                  == CV_OK);
    }

    return key;
}


static void
base64(cv_str_t text)
{
    cv_buf_t  bytes, again;

    cv_buf_init(&bytes, text.len + 1);
    cv_buf_init(&again, text.len + 1);

    if (cv_base64_decode(&bytes, text) == CV_OK) {
        cv_base64_encode(&again, cv_buf_str(&bytes));
        FUZZ_MUST(cv_str_eq(cv_buf_str(&again), text));

    } else {
        FUZZ_MUST(bytes.len == 0 && !cv_buf_failed(&bytes));
    }

    cv_buf_reset(&bytes);
    cv_buf_reset(&again);

    if (cv_base64url_decode(&bytes, text) == CV_OK) {
        cv_base64url_encode(&again, cv_buf_str(&bytes));
        FUZZ_MUST(cv_str_eq(cv_buf_str(&again), text));

    } else {
        FUZZ_MUST(bytes.len == 0 && !cv_buf_failed(&bytes));
    }

    cv_buf_free(&bytes);
    cv_buf_free(&again);
}


/* One that was read is its three parts, and they are written as it was. */

static void
parts(const cv_jws_t *jws, cv_str_t text)
{
    cv_buf_t  again;
    cv_str_t  rest, header;

    cv_buf_init(&again, CV_JWS_MAX);

    rest = text;
    header = fuzz_until(&rest, '.');

    cv_buf_append_str(&again, header);
    cv_buf_append_byte(&again, '.');
    cv_base64url_encode(&again, cv_jws_payload(jws));
    FUZZ_MUST(cv_str_eq(cv_buf_str(&again), jws->input));

    cv_buf_append_byte(&again, '.');
    cv_base64url_encode(&again, cv_buf_str(&jws->signature));
    FUZZ_MUST(cv_str_eq(cv_buf_str(&again), text));

    FUZZ_MUST(cv_str_eq(cv_doc_text(cv_doc_member(cv_buf_str(&jws->header),
                                                  CV_STR("alg"))),
                        CV_STR("RS256")));
    FUZZ_MUST(!cv_present(cv_jws_kid(jws)) || cv_utf8_valid(cv_jws_kid(jws)));

    cv_buf_free(&again);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_jws_t    jws;
    cv_str_t    text;
    cv_error_t  error;

    text = cv_str(data, size);
    base64(text);

    cv_jws_init(&jws);
    error.text[0] = '\0';

    if (cv_jws_read(&jws, text, &error) == CV_OK) {
        parts(&jws, text);

        /* of a signature of another length nothing is to be seen */
        if (jws.signature.len == SIGNATURE_LEN) {
            FUZZ_MUST((cv_jws_verify(&jws, public_key()) == CV_OK)
                      == cv_str_eq(text, CV_STR(RFC7515_JWS)));
        }

    } else {
        FUZZ_MUST(error.text[0] != '\0');
        FUZZ_MUST(cv_jws_verify(&jws, public_key()) == CV_ERR_INPUT);
    }

    cv_jws_free(&jws);

    return 0;
}
