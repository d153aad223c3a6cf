
/*
 * Copyright (C) The credverify authors
 */

#include "cv_revocations.h"
#include "cv_codec.h"
#include "cv_verdict.h"


void
cv_revocations_init(cv_revocations_t *list, cv_str_t hosted,
    cv_str_t keyed, cv_str_t issuer, size_t limit)
{
    memset(list, 0, sizeof(cv_revocations_t));

    list->hosted = hosted;
    list->keyed = keyed;
    list->issuer = issuer;

    cv_buf_init(&list->json, limit);
    cv_revocations_reset(list);
}


void
cv_revocations_free(cv_revocations_t *list)
{
    cv_buf_free(&list->json);
}


void
cv_revocations_reset(cv_revocations_t *list)
{
    list->class = UINT64_MAX;
    list->within = false;
    list->done = false;

    cv_buf_reset(&list->json);
}


/* nothing that JSON would escape is in such a URL */

static void
cv_revocations_add(cv_revocations_t *list, cv_str_t base, cv_str_t id,
    cv_str_t ending)
{
    cv_buf_append_byte(&list->json, list->json.len == 0 ? '[' : ',');
    cv_buf_append_byte(&list->json, '"');
    cv_buf_append_str(&list->json, base);
    cv_buf_append_str(&list->json, CV_STR("assertion/"));
    cv_buf_append_str(&list->json, id);
    cv_buf_append_str(&list->json, ending);
    cv_buf_append_byte(&list->json, '"');
}


/* an index that leads elsewhere than it says must never revoke anything */

static cv_err_t
cv_revocations_credential(cv_revocations_t *list, cv_txn_t *snapshot,
    uint64_t iid)
{
    cv_assertion_t   assertion;
    cv_credential_t  credential;

    if (!cv_get(snapshot, CV_CREDENTIAL, iid, &credential)
        || credential.class.iid != list->class
        || !cv_credential_withdrawn(&credential)
        || !cv_get_assertion(snapshot, iid, &assertion))
    {
        return CV_ERR_DAMAGED;
    }

    cv_revocations_add(list, list->keyed, assertion.id, CV_STR(".jws"));
    cv_revocations_add(list, list->hosted, assertion.id, CV_STR(".json"));

    return list->json.err;
}


/* those of the class that are below the one seen last, until there are "most" */

static cv_err_t
cv_revocations_class(cv_revocations_t *list, cv_txn_t *snapshot,
    unsigned *most)
{
    cv_err_t     err;
    cv_str_t     to;
    cv_walk_t    walk;
    cv_reader_t  r;

    err = CV_OK;

    cv_links_open(&walk, snapshot, CV_LINK_CLASS_WITHDRAWN, list->class);
    cv_links_down(&walk, list->credential);

    while (err == CV_OK && *most > 0) {

        if (!cv_links_next(&walk, &to)) {
            list->within = false;
            break;
        }

        (*most)--;

        r = cv_reader(to);
        list->credential = cv_read_u64(&r);

        err = cv_revocations_credential(list, snapshot, list->credential);
    }

    cv_walk_close(&walk);

    return err;
}


/* to the next class below; false if there is none */

static bool
cv_revocations_next(cv_revocations_t *list, cv_txn_t *snapshot,
    uint64_t issuer)
{
    bool         found;
    cv_str_t     to;
    cv_walk_t    walk;
    cv_reader_t  r;

    cv_links_open(&walk, snapshot, CV_LINK_ISSUER_CLASS, issuer);
    cv_links_down(&walk, list->class);

    found = cv_links_next(&walk, &to);

    if (found) {
        r = cv_reader(to);

        list->class = cv_read_u64(&r);
        list->credential = UINT64_MAX;
        list->within = true;
    }

    cv_walk_close(&walk);

    return found;
}


cv_err_t
cv_revocations_read(cv_revocations_t *list, cv_txn_t *snapshot, unsigned most)
{
    cv_err_t  err;
    uint64_t  issuer;

    issuer = cv_find(snapshot, CV_HANDLE_ISSUER_ID, list->issuer);
    err = CV_OK;

    while (err == CV_OK && most > 0 && !list->done) {

        if (list->within) {
            err = cv_revocations_class(list, snapshot, &most);
            continue;
        }

        most--;

        if (!cv_revocations_next(list, snapshot, issuer)) {
            list->done = cv_txn_err(snapshot, NULL) == CV_OK;
            break;
        }
    }

    if (cv_txn_err(snapshot, NULL) != CV_OK) {
        return cv_txn_err(snapshot, NULL);
    }

    if (err == CV_OK && list->done) {
        cv_buf_append_str(&list->json, list->json.len == 0 ? CV_STR("[]")
                                                           : CV_STR("]"));
        err = list->json.err;
    }

    return err;
}
