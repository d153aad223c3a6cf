
/*
 * Copyright (C) The credverify authors
 */

#include "cv_outbox.h"
#include "cv_digest.h"
#include "cv_tag.h"
#include "cv_text.h"
#include "cv_verdict.h"

#include <inttypes.h>

/* ids, handles and dates, whatever their length */
#define CV_OUTBOX_MAX  8192

#define CV_OUTBOX_ID_RANDOM  16
#define CV_OUTBOX_ID_LEN     (4 + 2 * CV_OUTBOX_ID_RANDOM)

typedef struct {
    cv_event_t   event;
    cv_buf_t     data;
    size_t       mark;
    uint8_t      bytes[CV_OUTBOX_MAX];
    char         id[CV_OUTBOX_ID_LEN];
} cv_told_t;


const char *const  cv_event_types[] = {
    CV_EVENT_ISSUED, CV_EVENT_UPDATED, CV_EVENT_REVOKED,
    CV_EVENT_TOKEN_CREATED, CV_EVENT_TOKEN_REVOKED, CV_EVENT_QUOTA_REACHED,
    CV_EVENT_USAGE_CLOSED, CV_EVENT_TEST, NULL
};


static void
cv_told_begin(cv_told_t *told, const char *type)
{
    memset(&told->event, 0, sizeof(cv_event_t));
    told->event.type = cv_str_z(type);

    cv_buf_borrow(&told->data, told->bytes, sizeof(told->bytes));
    told->mark = cv_doc_open(&told->data, CV_DOC_OBJECT);
}


static void
cv_told_text(cv_told_t *told, const char *name, cv_str_t text)
{
    if (cv_present(text)) {
        cv_doc_put_name(&told->data, cv_str_z(name));
        cv_doc_put(&told->data, CV_DOC_STRING, text);
    }
}


static void
cv_told_number(cv_told_t *told, const char *name, uint64_t number)
{
    uint8_t  text[CV_INT_TEXT_MAX];

    cv_doc_put_name(&told->data, cv_str_z(name));
    cv_doc_put(&told->data, CV_DOC_NUMBER,
               cv_str(text, cv_int_write(text, (int64_t) number)));
}


static void
cv_told_count(cv_told_t *told, const char *name, cv_int_t number)
{
    if (number.present) {
        cv_told_number(told, name, (uint64_t) number.value);
    }
}


static void
cv_told_month(cv_told_t *told, uint64_t month)
{
    uint8_t  text[CV_MONTH_LEN];

    cv_month_format(text, (unsigned) month);
    cv_told_text(told, "month", cv_str(text, sizeof(text)));
}


/*
 * One that is told once has an id of what it is about; without memory for that
 * it might be told again, which is better than not at all.
 */

static void
cv_told_once(cv_told_t *told, cv_str_t id, uint64_t month)
{
    bool          known;
    uint8_t       about[CV_HANDLE_MAX + 64], hash[CV_SHA256_LEN];
    cv_buf_t      buf;
    cv_digest_t  *digest;

    digest = cv_digest_new();
    if (digest == NULL) {
        return;
    }

    cv_buf_borrow(&buf, about, sizeof(about));
    cv_buf_printf(&buf, "%.*s %" PRIu64 " %.*s", CV_FMT(told->event.type),
                  month, CV_FMT(id));

    known = cv_digest_sha256(digest, hash, cv_buf_str(&buf)) == CV_OK;
    cv_digest_free(digest);

    if (known) {
        memcpy(told->id, "evt_", 4);
        cv_hex_encode(told->id + 4, cv_str(hash, CV_OUTBOX_ID_RANDOM));
        told->event.id = cv_str(told->id, sizeof(told->id));
    }
}


static uint64_t
cv_told_end(cv_told_t *told, cv_txn_t *txn,
    uint64_t (*add)(cv_txn_t *txn, const cv_event_t *event))
{
    cv_doc_close(&told->data, told->mark);
    told->event.data = cv_buf_str(&told->data);

    /* what does not fit is refused as an event without its data */

    if (cv_buf_failed(&told->data)) {
        told->event.data = CV_ABSENT;
    }

    return add(txn, &told->event);
}


/* data of certificate.issued is the contract's, to the member */

static void
cv_told_issued(cv_told_t *told, const cv_credential_t *credential,
    const cv_class_t *class, const cv_holder_t *holder)
{
    cv_told_text(told, "userId", holder->id);

    if (cv_present(credential->number)) {
        cv_told_text(told, "certificateNumber", credential->number);

    } else {
        cv_doc_put_name(&told->data, CV_STR("certificateNumber"));
        cv_doc_put(&told->data, CV_DOC_NULL, CV_STR(""));
    }

    cv_told_text(told, "categoryId", cv_present(class->category)
                                     ? class->category : class->id);
    cv_told_text(told, "issuedAt", credential->issued_at.text);
}


static void
cv_told_tag(cv_told_t *told, cv_txn_t *txn, uint64_t iid)
{
    char  tag[CV_TAG_LEN];

    cv_tag(tag, cv_store_uuid(cv_txn_store(txn)), iid, NULL);
    cv_told_text(told, "cacheTag", cv_str(tag, sizeof(tag)));
}


static void
cv_told_changed(cv_told_t *told, const cv_credential_t *credential,
    const cv_class_t *class, const cv_holder_t *holder)
{
    cv_told_text(told, "credentialId", credential->id);
    cv_told_text(told, "publicId", credential->public_id);
    cv_told_text(told, "certificateNumber", credential->number);
    cv_told_text(told, "userId", holder->id);
    cv_told_text(told, "classId", class->id);
    cv_told_text(told, "status",
                 cv_str_z(cv_status_names[credential->status.value]));
    cv_told_text(told, "issuedAt", credential->issued_at.text);
    cv_told_text(told, "expiresAt", credential->expires_at.text);
    cv_told_text(told, "updatedAt", credential->updated_at.text);
    cv_told_text(told, "revokedAt", credential->revoked_at.text);
    cv_told_text(told, "reason", credential->revocation_reason);
}


/*
 * An import may take a credential from anywhere to anywhere: issued is told once
 * it is good for the first time, whatever else became of it by then.
 */

static const char *
cv_told_type(const cv_credential_t *credential, int was)
{
    int64_t  is;

    is = credential->status.value;

    if (is == CV_STATUS_REVOKED && was != CV_STATUS_REVOKED) {
        return CV_EVENT_REVOKED;
    }

    if (cv_credential_granted(credential) && was < CV_STATUS_ISSUED) {
        return CV_EVENT_ISSUED;
    }

    return was >= 0 || is == CV_STATUS_REFUNDED ? CV_EVENT_UPDATED : NULL;
}


/* all that is read is copied before anything is written */

static void
cv_outbox_about(cv_txn_t *txn, uint64_t iid, int was, const char *type)
{
    cv_told_t        told;
    cv_class_t       class;
    cv_holder_t      holder;
    cv_credential_t  credential;

    if (!cv_get(txn, CV_CREDENTIAL, iid, &credential)
        || !cv_get(txn, CV_CLASS, credential.class.iid, &class)
        || !cv_get(txn, CV_HOLDER, credential.holder.iid, &holder))
    {
        return;
    }

    if (type == NULL) {
        type = cv_told_type(&credential, was);
    }

    if (type == NULL) {
        return;
    }

    cv_told_begin(&told, type);

    told.event.issuer.iid = class.issuer.iid;
    told.event.credential.iid = iid;

    if (strcmp(type, CV_EVENT_ISSUED) == 0) {
        cv_told_issued(&told, &credential, &class, &holder);

    } else {
        cv_told_changed(&told, &credential, &class, &holder);
        cv_told_tag(&told, txn, iid);
    }

    if (cv_credential_is_test(&credential)) {
        cv_doc_put_name(&told.data, CV_STR("test"));
        cv_doc_put(&told.data, CV_DOC_TRUE, CV_STR(""));
    }

    (void) cv_told_end(&told, txn, cv_event_add);
}


void
cv_outbox_credential(cv_txn_t *txn, uint64_t iid, int was)
{
    cv_outbox_about(txn, iid, was, NULL);
}


void
cv_outbox_changed(cv_txn_t *txn, uint64_t iid)
{
    cv_outbox_about(txn, iid, -1, CV_EVENT_UPDATED);
}


void
cv_outbox_holder(cv_txn_t *txn, uint64_t holder)
{
    uint64_t  credential;

    credential = UINT64_MAX;

    while (cv_link_below(txn, CV_LINK_HOLDER_CREDENTIAL, holder, &credential))
    {
        cv_outbox_changed(txn, credential);
    }
}


void
cv_outbox_mail(cv_txn_t *txn, uint64_t iid)
{
    cv_outbox_about(txn, iid, -1, CV_EVENT_MAIL);
}


void
cv_outbox_token(cv_txn_t *txn, const cv_token_t *token, bool removed)
{
    char             hash[2 * CV_TOKEN_HASH_LEN];
    cv_told_t        told;
    cv_class_t       class;
    cv_credential_t  credential;

    if (!cv_get(txn, CV_CREDENTIAL, token->credential.iid, &credential)
        || !cv_get(txn, CV_CLASS, credential.class.iid, &class))
    {
        return;
    }

    cv_hex_encode(hash, token->hash);

    cv_told_begin(&told, removed ? CV_EVENT_TOKEN_REVOKED
                                 : CV_EVENT_TOKEN_CREATED);

    told.event.issuer.iid = class.issuer.iid;
    told.event.credential.iid = token->credential.iid;

    cv_told_text(&told, "credentialId", credential.id);
    cv_told_text(&told, "tokenSha256", cv_str(hash, sizeof(hash)));
    cv_told_text(&told, "privacy",
                 cv_str_z(cv_privacy_names[token->privacy.value]));
    cv_told_text(&told, "createdAt", token->created_at.text);
    cv_told_text(&told, "expiresAt", token->expires_at.text);

    (void) cv_told_end(&told, txn, cv_event_add);
}


uint64_t
cv_outbox_test(cv_txn_t *txn, uint64_t webhook)
{
    uint64_t      event;
    cv_told_t     told;
    cv_webhook_t  record;

    if (!cv_get(txn, CV_WEBHOOK, webhook, &record)) {
        return 0;
    }

    cv_told_begin(&told, CV_EVENT_TEST);

    told.event.issuer.iid = record.issuer.iid;
    cv_told_text(&told, "webhookId", record.id);

    event = cv_told_end(&told, txn, cv_event_put);

    return event != 0 && cv_delivery_add(txn, webhook, event) ? event : 0;
}


void
cv_outbox_quota(cv_txn_t *txn, const cv_api_key_t *key, uint64_t month,
    uint64_t included, uint64_t used)
{
    cv_told_t  told;

    cv_told_begin(&told, CV_EVENT_QUOTA_REACHED);

    told.event.issuer.iid = key->issuer.iid;

    cv_told_text(&told, "keyId", key->id);
    cv_told_month(&told, month);
    cv_told_number(&told, "included", included);
    cv_told_number(&told, "used", used);

    cv_told_once(&told, key->id, month);
    (void) cv_told_end(&told, txn, cv_event_add);
}


bool
cv_outbox_quota_told(cv_txn_t *txn, const cv_api_key_t *key, uint64_t month)
{
    cv_told_t  told;

    cv_told_begin(&told, CV_EVENT_QUOTA_REACHED);
    cv_told_once(&told, key->id, month);

    return cv_present(told.event.id)
           && cv_find(txn, CV_HANDLE_EVENT_ID, told.event.id) != 0;
}


void
cv_outbox_usage(cv_txn_t *txn, const cv_usage_t *usage)
{
    cv_tier_t     tier;
    cv_told_t     told;
    cv_api_key_t  key;

    if (!cv_get(txn, CV_KEY, usage->key.iid, &key)) {
        return;
    }

    cv_told_begin(&told, CV_EVENT_USAGE_CLOSED);

    told.event.issuer.iid = key.issuer.iid;

    cv_told_text(&told, "keyId", key.id);
    cv_told_month(&told, (uint64_t) usage->month.value);
    cv_told_count(&told, "used", usage->used);
    cv_told_count(&told, "included", usage->included);

    if (usage->tier.iid != 0
        && cv_get(txn, CV_TIER, usage->tier.iid, &tier))
    {
        cv_told_text(&told, "tier", tier.id);
    }

    cv_told_count(&told, "priceCents", usage->price_cents);
    cv_told_count(&told, "overageCents", usage->overage_cents);

    cv_told_once(&told, key.id, (uint64_t) usage->month.value);
    (void) cv_told_end(&told, txn, cv_event_add);
}
