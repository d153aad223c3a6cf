
/*
 * Copyright (C) The credverify authors
 */

#include "cv_issue.h"
#include "cv_mailbox.h"
#include "cv_outbox.h"
#include "cv_text.h"
#include "cv_verdict.h"

/* 10,000 years: what comes after cannot be written as a date */
#define CV_DAYS_MOST  3652425


#define CV_FROM(status)  (1U << CV_STATUS_##status)

/* what leads to a status, and what is said of everything else */

static const struct {
    unsigned     from;
    bool         expired;       /* even of what has expired */
    const char  *otherwise;
} cv_moves[CV_STATUSES] = {

    [CV_STATUS_DRAFT] = {
        0, false, "nothing becomes a draft again"
    },

    [CV_STATUS_PENDING] = {
        CV_FROM(DRAFT), true, "only a draft can become pending"
    },

    [CV_STATUS_ISSUED] = {
        CV_FROM(DRAFT) | CV_FROM(PENDING), true,
        "only a draft or pending one can be issued"
    },

    [CV_STATUS_CLAIMED] = {
        CV_FROM(ISSUED), false, "only an issued one can be claimed"
    },

    [CV_STATUS_USED] = {
        CV_FROM(ISSUED) | CV_FROM(CLAIMED), false,
        "only an issued or claimed one can be used"
    },

    [CV_STATUS_REFUNDED] = {
        CV_FROM(PENDING) | CV_FROM(ISSUED) | CV_FROM(CLAIMED), true,
        "only a pending, issued or claimed one can be refunded"
    },

    [CV_STATUS_REVOKED] = {
        CV_FROM(PENDING) | CV_FROM(ISSUED) | CV_FROM(CLAIMED) | CV_FROM(USED)
        | CV_FROM(REFUNDED), true, "what was never issued cannot be revoked"
    },
};


void
cv_moment_init(cv_moment_t *moment, cv_time_t now)
{
    memset(moment, 0, sizeof(cv_moment_t));

    moment->now = now;
    cv_buf_init(&moment->record, CV_RECORD_MAX);
}


void
cv_moment_free(cv_moment_t *moment)
{
    cv_buf_free(&moment->record);
}


cv_err_t
cv_moment_keep(cv_moment_t *moment, cv_credential_t *credential,
    cv_error_t *error)
{
    return cv_record_keep(&moment->record, CV_CREDENTIAL, credential)
           ? CV_OK : cv_error_set(error, CV_ERR_NOMEM, "out of memory");
}


/* a date that is written to "text" */

static cv_date_t
cv_moment_date(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t at,
    cv_time_format_t format)
{
    size_t     len;
    cv_date_t  date;

    len = cv_time_format(text, at, format);

    /* what cv_time_format() writes is a date */
    (void) cv_date_parse(&date, cv_str(text, len));

    return date;
}


cv_date_t
cv_moment_now(cv_moment_t *moment)
{
    return cv_moment_date(moment->instant, moment->now, CV_TIME_Z);
}


cv_date_t
cv_moment_today(cv_moment_t *moment)
{
    return cv_moment_date(moment->today, moment->now, CV_TIME_DATE);
}


void
cv_uuid_format(uint8_t text[CV_UUID_LEN], const uint8_t bytes[16],
    unsigned version)
{
    char     digits[32];
    size_t   i, n;
    uint8_t  marked[16];

    memcpy(marked, bytes, sizeof(marked));
    marked[6] = (uint8_t) ((marked[6] & 0x0f) | version << 4);
    marked[8] = (marked[8] & 0x3f) | 0x80;

    cv_hex_encode(digits, cv_str(marked, sizeof(marked)));

    for (n = 0, i = 0; i < sizeof(digits); i++) {

        if (i == 8 || i == 12 || i == 16 || i == 20) {
            text[n++] = '-';
        }

        text[n++] = (uint8_t) digits[i];
    }
}


cv_err_t
cv_uuid_new(uint8_t text[CV_UUID_LEN])
{
    cv_err_t  err;
    uint8_t   random[16];

    err = cv_random(random, sizeof(random));

    if (err == CV_OK) {
        cv_uuid_format(text, random, 4);
    }

    return err;
}


bool
cv_status_leads(cv_status_t from, cv_status_t to)
{
    return (cv_moves[to].from & 1U << from) != 0;
}


static cv_err_t
cv_credential_may(const cv_credential_t *credential, cv_status_t to,
    const cv_moment_t *moment, cv_error_t *error)
{
    cv_status_t  from;

    from = (cv_status_t) credential->status.value;

    if (!cv_status_leads(from, to)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "credential \"%.*s\" is %s%s; %s",
                            CV_FMT(credential->id),
                            from == CV_STATUS_DRAFT ? "a " : "",
                            cv_status_names[from], cv_moves[to].otherwise);
    }

    if (!cv_moves[to].expired && cv_credential_lapses(credential)
        && cv_date_expiry(&credential->expires_at) <= moment->now)
    {
        return cv_error_set(error, CV_ERR_INPUT,
                            "credential \"%.*s\" was good until %.*s; what "
                            "has expired can be neither claimed nor used",
                            CV_FMT(credential->id),
                            CV_FMT(credential->expires_at.text));
    }

    return CV_OK;
}


void
cv_credential_begin(cv_credential_t *credential, cv_moment_t *moment)
{
    cv_date_t  now;

    now = cv_moment_now(moment);

    if (!credential->status.present) {
        credential->status = (cv_int_t) { CV_STATUS_DRAFT, true };
    }

    if (!cv_present(credential->created_at.text)) {
        credential->created_at = now;
    }

    if (!cv_present(credential->updated_at.text)) {
        credential->updated_at = now;
    }
}


cv_err_t
cv_credential_expire(cv_credential_t *credential, int64_t days,
    cv_moment_t *moment, cv_error_t *error)
{
    cv_time_t          at;
    cv_time_format_t   format;

    if (days < 1 || days > CV_DAYS_MOST) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "the class's valid_days is %lld; give an expiry",
                            (long long) days);
    }

    at = credential->issued_at.at + days * CV_DAY;

    format = cv_date_is_bare(&credential->issued_at) ? CV_TIME_DATE
             : at % CV_SECOND != 0 ? CV_TIME_MS
                                   : CV_TIME_Z;

    credential->expires_at = cv_moment_date(moment->expiry, at, format);

    /* past the year 9999 it is another date */

    return credential->expires_at.at == at
           ? CV_OK
           : cv_error_set(error, CV_ERR_INPUT,
                          "it would expire after the year 9999; give an "
                          "expiry");
}


cv_err_t
cv_credential_issue(cv_credential_t *credential, const cv_class_t *class,
    const cv_terms_t *terms, cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t  err;

    err = cv_credential_may(credential, CV_STATUS_ISSUED, moment, error);
    if (err != CV_OK) {
        return err;
    }

    if (cv_present(terms->number)) {

        /* a number is permanent */

        if (cv_present(credential->number)
            && !cv_str_eq(credential->number, terms->number))
        {
            return cv_error_set(error, CV_ERR_INPUT,
                                "credential \"%.*s\" has the number \"%.*s\" "
                                "already", CV_FMT(credential->id),
                                CV_FMT(credential->number));
        }

        credential->number = terms->number;
    }

    if (cv_present(terms->issued_at.text)) {
        credential->issued_at = terms->issued_at;

    } else if (!cv_present(credential->issued_at.text)) {
        credential->issued_at = cv_moment_now(moment);
    }

    if (terms->forever) {
        credential->expires_at.text = CV_ABSENT;

    } else if (cv_present(terms->expires_at.text)) {
        credential->expires_at = terms->expires_at;
    }

    credential->status.value = CV_STATUS_ISSUED;
    credential->updated_at = cv_moment_now(moment);

    if (cv_present(credential->expires_at.text)
        && cv_date_expiry(&credential->expires_at) <= credential->issued_at.at)
    {
        return cv_error_set(error, CV_ERR_INPUT, "it would expire on %.*s, "
                            "before it is issued, %.*s; give another date",
                            CV_FMT(credential->expires_at.text),
                            CV_FMT(credential->issued_at.text));
    }

    if (terms->forever || cv_present(credential->expires_at.text)
        || !class->valid_days.present)
    {
        return CV_OK;
    }

    return cv_credential_expire(credential, class->valid_days.value, moment,
                                error);
}


static void
cv_credential_explain(cv_credential_t *credential, cv_str_t reason,
    cv_moment_t *moment)
{
    if (!cv_str_eq(reason, credential->revocation_reason)) {
        credential->revocation_reason = reason.len > 0 ? reason : CV_ABSENT;
        credential->updated_at = cv_moment_now(moment);
    }
}


cv_err_t
cv_credential_move(cv_credential_t *credential, cv_status_t to,
    cv_str_t reason, cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t  err;

    if (credential->status.value != (int64_t) to) {

        err = cv_credential_may(credential, to, moment, error);
        if (err != CV_OK) {
            return err;
        }

        credential->status.value = to;
        credential->updated_at = cv_moment_now(moment);

        /* what an import has left there is of another revocation */

        if (to == CV_STATUS_REVOKED) {
            credential->revoked_at = credential->updated_at;
            credential->revocation_reason = CV_ABSENT;
        }
    }

    if (cv_present(reason)) {
        cv_credential_explain(credential, reason, moment);
    }

    return CV_OK;
}


void
cv_token_begin(cv_token_t *token, unsigned days, cv_moment_t *moment)
{
    token->created_at = cv_moment_today(moment);
    token->expires_at = cv_moment_date(moment->expiry,
                                       moment->now + days * CV_DAY,
                                       CV_TIME_DATE);
}


/* Use cases */

static cv_err_t
cv_issue_unknown(cv_txn_t *txn, cv_str_t id, cv_error_t *error)
{
    return cv_txn_err(txn, error) != CV_OK
           ? cv_txn_err(txn, NULL)
           : cv_error_set(error, CV_ERR_INPUT,
                          "there is no credential \"%.*s\"", CV_FMT(id));
}


static cv_err_t
cv_issue_get(cv_txn_t *txn, cv_str_t id, cv_credential_t *credential,
    cv_moment_t *moment, cv_error_t *error)
{
    return cv_get_by_id(txn, CV_CREDENTIAL, id, credential, NULL)
           ? cv_moment_keep(moment, credential, error)
           : cv_issue_unknown(txn, id, error);
}


/* "was" is the status that it had, or -1 */

static cv_err_t
cv_issue_put(cv_txn_t *txn, const cv_credential_t *credential, int was,
    cv_error_t *error)
{
    cv_err_t  err;
    uint64_t  iid;

    err = cv_record_validate(credential, CV_CREDENTIAL, error);

    if (err == CV_OK) {
        iid = cv_put(txn, CV_CREDENTIAL, credential);

        cv_outbox_credential(txn, iid, was);
        err = cv_txn_err(txn, error);
    }

    return err;
}


static cv_err_t
cv_issue_apply(cv_txn_t *txn, cv_credential_t *credential,
    const cv_terms_t *terms, cv_moment_t *moment, cv_error_t *error)
{
    bool         numbered;
    cv_err_t     err;
    cv_buf_t     number;
    cv_class_t   class;

    if (!cv_get(txn, CV_CLASS, credential->class.iid, &class)) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_DAMAGED,
                              "its class is not in the store; run "
                              "\"credverify check\"");
    }

    /* what is tried out takes nothing from the sequence of what is not */

    numbered = cv_present(class.number_format)
               && !cv_credential_is_test(credential);

    err = cv_credential_issue(credential, &class, terms, moment, error);

    if (err == CV_OK && numbered && !cv_present(credential->number)) {
        cv_buf_borrow(&number, moment->number, sizeof(moment->number));

        err = cv_number_next(txn, credential->class.iid,
                             credential->issued_at.at, &number, error);

        credential->number = cv_buf_str(&number);
    }

    return err;
}


cv_err_t
cv_issue_create(cv_txn_t *txn, cv_credential_t *credential, bool forever,
    cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t     err;
    cv_date_t    updated_at;
    cv_terms_t   terms;
    cv_status_t  status;

    if (cv_find(txn, CV_HANDLE_CREDENTIAL_ID, credential->id) != 0) {
        return cv_error_set(error, CV_ERR_CONFLICT,
                            "there is a credential \"%.*s\" already",
                            CV_FMT(credential->id));
    }

    err = cv_resolve(txn, CV_CREDENTIAL, credential, error);
    if (err != CV_OK) {
        return err;
    }

    cv_credential_begin(credential, moment);

    status = (cv_status_t) credential->status.value;
    updated_at = credential->updated_at;

    credential->status.value = CV_STATUS_DRAFT;

    if (status == CV_STATUS_ISSUED) {
        memset(&terms, 0, sizeof(cv_terms_t));
        terms.forever = forever;

        err = cv_issue_apply(txn, credential, &terms, moment, error);

    } else {
        err = cv_credential_move(credential, status, CV_ABSENT, moment, error);
    }

    credential->updated_at = updated_at;

    return err == CV_OK ? cv_issue_put(txn, credential, -1, error) : err;
}


cv_err_t
cv_issue_issue(cv_txn_t *txn, cv_str_t id, const cv_terms_t *terms,
    cv_credential_t *credential, cv_moment_t *moment, cv_error_t *error)
{
    int       was;
    cv_err_t  err;

    err = cv_issue_get(txn, id, credential, moment, error);
    if (err != CV_OK) {
        return err;
    }

    was = (int) credential->status.value;

    err = cv_issue_apply(txn, credential, terms, moment, error);

    return err == CV_OK ? cv_issue_put(txn, credential, was, error) : err;
}


cv_err_t
cv_issue_move(cv_txn_t *txn, cv_str_t id, cv_status_t to, cv_str_t reason,
    cv_credential_t *credential, cv_moment_t *moment, cv_error_t *error)
{
    int       was;
    cv_err_t  err;
    cv_str_t  why;

    err = cv_issue_get(txn, id, credential, moment, error);
    if (err != CV_OK) {
        return err;
    }

    was = (int) credential->status.value;
    why = credential->revocation_reason;

    err = cv_credential_move(credential, to, reason, moment, error);

    /* what stays as it is, is neither written nor told */

    if (err != CV_OK
        || (was == (int) to && cv_str_eq(why, credential->revocation_reason)))
    {
        return err;
    }

    return cv_issue_put(txn, credential, was, error);
}


cv_err_t
cv_issue_post(cv_txn_t *txn, uint64_t iid, bool mail, cv_error_t *error)
{
    if (mail) {
        cv_outbox_mail(txn, iid);
    }

    cv_audit_note(txn, CV_CREDENTIAL, iid, CV_ACTION_SENT);

    return cv_txn_err(txn, error);
}


static cv_err_t
cv_credential_may_send(const cv_credential_t *credential,
    const cv_moment_t *moment, cv_error_t *error)
{
    if (credential->status.value != CV_STATUS_ISSUED) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "credential \"%.*s\" is %s%s; only an issued one "
                            "can be sent", CV_FMT(credential->id),
                            credential->status.value == CV_STATUS_DRAFT
                            ? "a " : "",
                            cv_status_names[credential->status.value]);
    }

    if (cv_date_expiry(&credential->expires_at) <= moment->now) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "credential \"%.*s\" was good until %.*s; what "
                            "has expired cannot be sent",
                            CV_FMT(credential->id),
                            CV_FMT(credential->expires_at.text));
    }

    return CV_OK;
}


/* that there is somewhere to send it to */

static cv_err_t
cv_issue_reaches(cv_txn_t *txn, const cv_credential_t *credential,
    cv_error_t *error)
{
    cv_error_t   what;
    cv_holder_t  holder;

    if (!cv_get(txn, CV_HOLDER, credential->holder.iid, &holder)) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_DAMAGED,
                              "its holder is not in the store; run "
                              "\"credverify check\"");
    }

    if (holder.email.len == 0) {
        (void) cv_error_set(&what, CV_ERR_INPUT, "its holder has no e-mail "
                            "address");

    } else if (cv_mailbox_check(holder.email, &what) == CV_OK) {
        return CV_OK;
    }

    return cv_error_set(error, CV_ERR_INPUT,
                        "credential \"%.*s\" cannot be sent: %s",
                        CV_FMT(credential->id), what.text);
}


cv_err_t
cv_issue_send(cv_txn_t *txn, cv_str_t id, bool mail,
    cv_credential_t *credential, cv_moment_t *moment, cv_error_t *error)
{
    cv_err_t  err;

    err = cv_issue_get(txn, id, credential, moment, error);

    if (err == CV_OK && mail && cv_credential_is_test(credential)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "credential \"%.*s\" is a test; a test is not "
                            "mailed", CV_FMT(credential->id));
    }

    if (err == CV_OK) {
        err = cv_credential_may_send(credential, moment, error);
    }

    if (err == CV_OK) {
        err = cv_issue_reaches(txn, credential, error);
    }

    return err != CV_OK ? err
           : cv_issue_post(txn, cv_find(txn, CV_HANDLE_CREDENTIAL_ID, id),
                           mail, error);
}


static cv_err_t
cv_token_secret(cv_new_token_t *token)
{
    cv_err_t      err;
    uint8_t       random[CV_TOKEN_LEN / 2];
    cv_digest_t  *digest;

    digest = cv_digest_new();
    if (digest == NULL) {
        return CV_ERR_NOMEM;
    }

    err = cv_random(random, sizeof(random));

    if (err == CV_OK) {
        cv_hex_encode((char *) token->secret, cv_str(random, sizeof(random)));
        err = cv_digest_sha256(digest, token->hash,
                               cv_str(token->secret, CV_TOKEN_LEN));
    }

    cv_digest_free(digest);

    return err;
}


cv_err_t
cv_issue_token(cv_txn_t *txn, cv_str_t credential, cv_new_token_t *token,
    cv_error_t *error)
{
    cv_err_t  err;

    token->record.credential.id = credential;
    token->record.credential.iid = cv_find(txn, CV_HANDLE_CREDENTIAL_ID,
                                           credential);

    if (token->record.credential.iid == 0) {
        return cv_issue_unknown(txn, credential, error);
    }

    if (cv_token_secret(token) != CV_OK) {
        return cv_error_set(error, CV_ERR_IO, "no random bytes");
    }

    token->record.hash = cv_str(token->hash, sizeof(token->hash));

    err = cv_record_validate(&token->record, CV_TOKEN, error);

    if (err == CV_OK) {
        (void) cv_put(txn, CV_TOKEN, &token->record);

        cv_outbox_token(txn, &token->record, false);
        err = cv_txn_err(txn, error);
    }

    return err;
}


static bool
cv_hash_begins(cv_str_t hash, cv_str_t digits)
{
    char      text[2 * CV_TOKEN_HASH_LEN];
    size_t    i;
    uint8_t   ch;

    if (hash.len != CV_TOKEN_HASH_LEN || digits.len > sizeof(text)) {
        return false;
    }

    cv_hex_encode(text, hash);

    for (i = 0; i < digits.len; i++) {
        ch = digits.data[i];
        ch |= ch >= 'A' && ch <= 'F' ? 0x20 : 0;

        if (ch != (uint8_t) text[i]) {
            return false;
        }
    }

    return true;
}


static cv_err_t
cv_issue_delete_token(cv_txn_t *txn, const uint8_t hash[CV_TOKEN_HASH_LEN],
    cv_error_t *error)
{
    cv_str_t    text;
    cv_token_t  token;

    text = cv_str(hash, CV_TOKEN_HASH_LEN);

    if (!cv_get_token(txn, text, &token)) {
        return cv_txn_err(txn, error) != CV_OK
               ? cv_txn_err(txn, NULL)
               : cv_error_set(error, CV_ERR_DAMAGED,
                              "the token is not in the store; run "
                              "\"credverify check\"");
    }

    /* told first: it borrows from what is removed */

    cv_outbox_token(txn, &token, true);
    (void) cv_delete_token(txn, text);

    return cv_txn_err(txn, error);
}


cv_err_t
cv_issue_revoke_token(cv_txn_t *txn, cv_str_t credential, cv_str_t digits,
    uint8_t hash[CV_TOKEN_HASH_LEN], cv_error_t *error)
{
    cv_str_t    to;
    unsigned    found;
    uint64_t    iid;
    cv_walk_t   walk;

    iid = cv_find(txn, CV_HANDLE_CREDENTIAL_ID, credential);

    if (iid == 0) {
        return cv_issue_unknown(txn, credential, error);
    }

    if (digits.len < CV_TOKEN_PREFIX_MIN) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "give at least %d digits of the token's hash",
                            CV_TOKEN_PREFIX_MIN);
    }

    found = 0;

    cv_links_open(&walk, txn, CV_LINK_CREDENTIAL_TOKEN, iid);

    while (cv_links_next(&walk, &to)) {
        if (cv_hash_begins(to, digits)) {
            memcpy(hash, to.data, CV_TOKEN_HASH_LEN);
            found++;
        }
    }

    cv_walk_close(&walk);

    if (cv_txn_err(txn, error) != CV_OK) {
        return cv_txn_err(txn, NULL);
    }

    /* what was given is not repeated: it may be the token itself */

    if (found != 1) {
        return cv_error_set(error, CV_ERR_INPUT,
                            found == 0 ? "credential \"%.*s\" has no token "
                                         "with that hash"
                                       : "credential \"%.*s\" has several "
                                         "tokens with such a hash; give more "
                                         "digits", CV_FMT(credential));
    }

    return cv_issue_delete_token(txn, hash, error);
}
