
/*
 * Copyright (C) The credverify authors
 */

#include "cv_facts.h"
#include "cv_text.h"


const cv_str_t  cv_fact_names[CV_FACT_COUNT] = {
#define CV_FACT_NAME(identifier, name)                                        \
    [CV_FACT_##identifier] = { (const uint8_t *) name, sizeof(name) - 1 },
    CV_FACTS(CV_FACT_NAME)
#undef CV_FACT_NAME
};


const cv_value_t  cv_value_none;


cv_fact_id_t
cv_fact_find(cv_str_t name)
{
    return (cv_fact_id_t) cv_str_index(cv_fact_names, CV_FACT_COUNT, name);
}


bool
cv_value_truth(const cv_value_t *value)
{
    switch (value->type) {

    case CV_VALUE_NONE:
        return false;

    case CV_VALUE_BOOL:
        return value->number != 0;

    case CV_VALUE_TEXT:
        return value->text.len > 0;

    case CV_VALUE_DOC:
        return cv_doc_truth(value->text);

    case CV_VALUE_JSON:
        return !cv_present(value->text) || value->text.len > sizeof("[]") - 1;

    default:
        return true;
    }
}


cv_value_t
cv_value_of(cv_doc_t doc)
{
    switch (cv_doc_type(doc)) {

    case CV_DOC_NONE:
    case CV_DOC_NULL:
        return (cv_value_t) { CV_VALUE_NONE, 0, CV_ABSENT };

    case CV_DOC_TRUE:
    case CV_DOC_FALSE:
        return (cv_value_t) { CV_VALUE_BOOL, cv_doc_type(doc) == CV_DOC_TRUE,
                              CV_ABSENT };

    case CV_DOC_STRING:
        return (cv_value_t) { CV_VALUE_TEXT, 0, cv_doc_text(doc) };

    default:
        return (cv_value_t) { CV_VALUE_DOC, 0, doc };
    }
}


static void
cv_disclose_outcome(cv_facts_t *facts, cv_outcome_t outcome, cv_time_t now)
{
    static const cv_fact_id_t  is[CV_REASONS] = {
        [CV_VALID] = CV_FACT_IS_VALID,
        [CV_REVOKED] = CV_FACT_IS_REVOKED,
        [CV_TOKEN_EXPIRED] = CV_FACT_IS_TOKEN_EXPIRED,
        [CV_REFUNDED] = CV_FACT_IS_REFUNDED,
        [CV_EXPIRED] = CV_FACT_IS_EXPIRED,
        [CV_PENDING] = CV_FACT_IS_PENDING,
        [CV_NOT_FOUND] = CV_FACT_IS_NOT_FOUND,
    };

    memset(&facts->set, 0, sizeof(facts->set));

    cv_fact_new(facts, CV_FACT_CHECKED_AT, CV_VALUE_NOW)->number = now;

    cv_fact_set_text(facts, CV_FACT_WORD, cv_outcomes[outcome].word);
    cv_fact_set_text(facts, CV_FACT_TITLE, cv_outcomes[outcome].title);
    cv_fact_set_text(facts, CV_FACT_DETAIL, cv_outcomes[outcome].detail);

    if (outcome < CV_REASONS) {
        cv_fact_set_bool(facts, CV_FACT_VALID, outcome == CV_VALID);
        cv_fact_set_text(facts, CV_FACT_REASON, cv_outcomes[outcome].name);
        cv_fact_set_bool(facts, is[outcome], true);
    }
}


static void
cv_disclose_class(cv_facts_t *facts, const cv_class_t *class)
{
    cv_fact_set_bool(facts, CV_FACT_CLASS, true);
    cv_fact_set_text(facts, CV_FACT_CLASS_ID, class->id);
    cv_fact_set_text(facts, CV_FACT_CLASS_TITLE, class->title);
    cv_fact_set_text(facts, CV_FACT_CLASS_DESCRIPTION, class->description);
    cv_fact_set_text(facts, CV_FACT_CLASS_CATEGORY, class->category);
    cv_fact_set_text(facts, CV_FACT_CLASS_CATEGORY_TITLE,
                     class->category_title);
    cv_fact_set_text(facts, CV_FACT_CLASS_LEVEL_LABEL, class->level_label);
    cv_fact_set_doc(facts, CV_FACT_CLASS_CRITERIA, class->criteria);
    cv_fact_set_text(facts, CV_FACT_CLASS_IMAGE, class->image);
    cv_fact_set_doc(facts, CV_FACT_CLASS_TAGS, class->tags);
    cv_fact_set_doc(facts, CV_FACT_CLASS_ALIGNMENT, class->alignment);

    if (class->level.present) {
        cv_fact_set_int(facts, CV_FACT_CLASS_LEVEL, class->level.value);
    }
}


static void
cv_disclose_issuer(cv_facts_t *facts, const cv_issuer_t *issuer)
{
    cv_fact_set_bool(facts, CV_FACT_ISSUER, true);
    cv_fact_set_text(facts, CV_FACT_ISSUER_ID, issuer->id);
    cv_fact_set_text(facts, CV_FACT_ISSUER_NAME, issuer->name);
    cv_fact_set_text(facts, CV_FACT_ISSUER_URL, issuer->url);
    cv_fact_set_text(facts, CV_FACT_ISSUER_DESCRIPTION, issuer->description);
    cv_fact_set_text(facts, CV_FACT_ISSUER_IMAGE, issuer->image);
}


static void
cv_disclose_token(cv_facts_t *facts, const cv_token_t *token, bool masked)
{
    cv_fact_set_bool(facts, CV_FACT_TOKEN, true);
    cv_fact_set_date(facts, CV_FACT_TOKEN_EXPIRES_AT, &token->expires_at);

    /* the day a token was made is often the day of the achievement */

    if (!masked) {
        cv_fact_set_date(facts, CV_FACT_TOKEN_CREATED_AT, &token->created_at);
    }
}


/*
 * What identifies the credential and dates it, but says nothing of a person.
 * A link that has expired must not lead on to handles that have not.
 */

static void
cv_disclose_credential(cv_facts_t *facts, const cv_credential_t *credential,
    bool handles, cv_time_t now)
{
    cv_fact_set_bool(facts, CV_FACT_CREDENTIAL, true);
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_ID, credential->id);
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_STATUS,
                     cv_str_z(cv_status_names[credential->status.value]));
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_STATE,
                     cv_credential_state(credential, now));
    cv_fact_set_date(facts, CV_FACT_CREDENTIAL_ISSUED_AT,
                     &credential->issued_at);
    cv_fact_set_date(facts, CV_FACT_CREDENTIAL_EXPIRES_AT,
                     &credential->expires_at);
    cv_fact_set_date(facts, CV_FACT_CREDENTIAL_CREATED_AT,
                     &credential->created_at);
    cv_fact_set_date(facts, CV_FACT_CREDENTIAL_UPDATED_AT,
                     &credential->updated_at);
    cv_fact_set_bool(facts, CV_FACT_CREDENTIAL_LAPSES,
                     cv_credential_lapses(credential));
    cv_fact_set_bool(facts, CV_FACT_CREDENTIAL_TEST,
                     cv_credential_is_test(credential));

    if (handles) {
        cv_fact_set_text(facts, CV_FACT_CREDENTIAL_CODE, credential->code);
        cv_fact_set_text(facts, CV_FACT_CREDENTIAL_PUBLIC_ID,
                         credential->public_id);
    }
}


/* what a badge was backed by: that something is there, and not what it is */

static void
cv_disclose_layers(cv_facts_t *facts, cv_doc_t attributes)
{
    cv_doc_t  wallet, passkey, email;

    wallet = cv_doc_member(attributes, CV_STR("sender_wallet"));
    passkey = cv_doc_member(attributes, CV_STR("webauthn_credential_id"));
    email = cv_doc_member(attributes, CV_STR("email_verified"));

    cv_fact_set_bool(facts, CV_FACT_LAYERS, true);
    cv_fact_set_bool(facts, CV_FACT_LAYERS_WALLET, cv_doc_truth(wallet));
    cv_fact_set_bool(facts, CV_FACT_LAYERS_PASSKEY, cv_doc_truth(passkey));
    cv_fact_set_bool(facts, CV_FACT_LAYERS_EMAIL,
                     cv_doc_type(email) == CV_DOC_TRUE);
}


/* what the holder achieved */

static void
cv_disclose_achieved(cv_facts_t *facts, const cv_credential_t *credential)
{
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_SCORE, credential->score);
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_NUMBER, credential->number);
    cv_fact_set_doc(facts, CV_FACT_CREDENTIAL_EVIDENCE, credential->evidence);
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_NARRATIVE,
                     credential->narrative);
    cv_fact_set_doc(facts, CV_FACT_CREDENTIAL_ATTRIBUTES,
                    credential->attributes);
}


/* and who the holder is */

static void
cv_disclose_holder(cv_facts_t *facts, const cv_holder_t *holder)
{
    if (holder == NULL) {
        return;
    }

    cv_fact_set_bool(facts, CV_FACT_HOLDER, true);
    cv_fact_set_text(facts, CV_FACT_HOLDER_NAME, holder->name);
    cv_fact_set_text(facts, CV_FACT_HOLDER_DISPLAY_NAME, holder->display_name);
    cv_fact_set_text(facts, CV_FACT_HOLDER_ORGANIZATION, holder->organization);
    cv_fact_set_text(facts, CV_FACT_HOLDER_WALLET, holder->wallet);
}


void
cv_disclose(cv_facts_t *facts, const cv_verdict_t *verdict,
    cv_outcome_t presented, const cv_evidence_t *evidence, cv_time_t now)
{
    bool  masked;

    cv_disclose_outcome(facts, presented, now);

    if (verdict->reason == CV_NOT_FOUND || presented == CV_NOT_FOUND) {
        return;
    }

    masked = verdict->privacy == CV_PRIVACY_MASKED;

    cv_fact_set_instant(facts, CV_FACT_NEXT_CHANGE_AT,
                        verdict->next_change_at);
    cv_fact_set_text(facts, CV_FACT_PRIVACY,
                     cv_str_z(cv_privacy_names[verdict->privacy]));
    cv_fact_set_bool(facts, CV_FACT_MASKED, masked);

    if (evidence->class != NULL) {
        cv_disclose_class(facts, evidence->class);
    }

    if (evidence->issuer != NULL) {
        cv_disclose_issuer(facts, evidence->issuer);
    }

    if (evidence->token != NULL) {
        cv_disclose_token(facts, evidence->token, masked);
    }

    if (!masked) {
        cv_disclose_credential(facts, evidence->credential,
                               verdict->reason != CV_TOKEN_EXPIRED, now);
        cv_disclose_layers(facts, evidence->credential->attributes);
    }

    if (cv_discloses_holder(verdict) && presented == CV_VALID) {
        cv_disclose_achieved(facts, evidence->credential);
        cv_disclose_holder(facts, evidence->holder);

        /* where the badge is, which tells of the holder, if only hashed */

        if (evidence->assertion != NULL) {
            cv_fact_set_text(facts, CV_FACT_CREDENTIAL_ASSERTION,
                             evidence->assertion->id);
            cv_fact_set_text(facts, CV_FACT_CREDENTIAL_PICTURE,
                             evidence->picture);
        }
    }
}


static void
cv_disclose_urls(cv_facts_t *facts, const cv_badge_t *badge)
{
    cv_fact_set_bool(facts, CV_FACT_BADGE, true);
    cv_fact_set_text(facts, CV_FACT_BADGE_BASE, badge->base);
    cv_fact_set_text(facts, CV_FACT_BADGE_ID, badge->id);
}


void
cv_disclose_assertion(cv_facts_t *facts, const cv_verdict_t *verdict,
    cv_outcome_t presented, const cv_evidence_t *evidence,
    const cv_badge_t *badge)
{
    const cv_credential_t  *credential;

    if (verdict->reason == CV_NOT_FOUND || presented == CV_NOT_FOUND) {
        return;
    }

    cv_disclose_urls(facts, badge);
    cv_fact_set_text(facts, CV_FACT_BADGE_ASSERTION, badge->assertion);

    if ((verdict->reason != CV_VALID && verdict->reason != CV_EXPIRED)
        || presented != verdict->reason)
    {
        return;
    }

    credential = evidence->credential;

    cv_fact_set_text(facts, CV_FACT_BADGE_CLASS, badge->class);
    cv_fact_set_text(facts, CV_FACT_BADGE_IMAGE, badge->image);
    cv_fact_set_text(facts, CV_FACT_BADGE_IDENTITY, badge->identity);
    cv_fact_set_text(facts, CV_FACT_BADGE_SALT, badge->salt);
    cv_fact_set_text(facts, CV_FACT_BADGE_VERIFICATION, badge->verification);
    cv_fact_set_text(facts, CV_FACT_BADGE_KEY, badge->key);

    if (cv_credential_lapses(credential)) {
        cv_fact_set_instant(facts, CV_FACT_BADGE_EXPIRES_AT,
                            cv_date_expiry(&credential->expires_at));
    }
}


void
cv_disclose_badge(cv_facts_t *facts, const cv_issuer_t *issuer,
    const cv_class_t *class, const cv_badge_t *badge, cv_time_t now)
{
    cv_disclose_outcome(facts, CV_FOUND, now);
    cv_disclose_issuer(facts, issuer);
    cv_disclose_urls(facts, badge);

    if (class == NULL) {
        cv_fact_set_text(facts, CV_FACT_BADGE_EMAIL, issuer->email);
        cv_fact_set_text(facts, CV_FACT_BADGE_KEY, badge->key);
        cv_fact_set_text(facts, CV_FACT_BADGE_PEM, badge->pem);
        cv_fact_set_text(facts, CV_FACT_BADGE_REVOCATIONS, badge->revocations);
        return;
    }

    cv_disclose_class(facts, class);

    cv_fact_set_text(facts, CV_FACT_BADGE_CLASS, badge->class);
    cv_fact_set_text(facts, CV_FACT_BADGE_IMAGE, badge->image);
}


void
cv_disclose_progress(cv_facts_t *facts, cv_doc_t progress, cv_time_t now)
{
    cv_disclose_outcome(facts, CV_FOUND, now);

    cv_fact_set_doc(facts, CV_FACT_PROGRESS, progress);
}


static void
cv_disclose_recipient(cv_facts_t *facts, const cv_holder_t *holder)
{
    cv_fact_set_bool(facts, CV_FACT_RECIPIENT, true);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_ID, holder->id);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_NAME, holder->name);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_DISPLAY_NAME,
                     holder->display_name);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_EMAIL, holder->email);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_ORGANIZATION,
                     holder->organization);
    cv_fact_set_text(facts, CV_FACT_RECIPIENT_WALLET, holder->wallet);
}


void
cv_disclose_record(cv_facts_t *facts, const cv_evidence_t *evidence,
    cv_doc_t plain, cv_doc_t custom, cv_outcome_t outcome, cv_time_t now)
{
    const cv_credential_t  *credential;

    credential = evidence->credential;

    cv_disclose_outcome(facts, outcome, now);
    cv_disclose_credential(facts, credential, true, now);
    cv_disclose_achieved(facts, credential);

    cv_fact_set_date(facts, CV_FACT_CREDENTIAL_REVOKED_AT,
                     &credential->revoked_at);
    cv_fact_set_text(facts, CV_FACT_CREDENTIAL_REVOKED_WHY,
                     credential->revocation_reason);
    cv_fact_set_doc(facts, CV_FACT_CREDENTIAL_PLAIN, plain);
    cv_fact_set_doc(facts, CV_FACT_CREDENTIAL_CUSTOM, custom);

    if (evidence->class != NULL) {
        cv_disclose_class(facts, evidence->class);
    }

    if (evidence->issuer != NULL) {
        cv_disclose_issuer(facts, evidence->issuer);
    }

    if (evidence->holder != NULL) {
        cv_disclose_recipient(facts, evidence->holder);
    }
}


void
cv_attributes_split(cv_doc_t attributes, cv_buf_t *plain, cv_buf_t *custom)
{
    size_t         marks[2];
    cv_str_t       name;
    cv_doc_t       value;
    cv_buf_t      *out;
    cv_doc_iter_t  it;

    marks[0] = cv_doc_open(plain, CV_DOC_OBJECT);
    marks[1] = cv_doc_open(custom, CV_DOC_OBJECT);

    for (it = cv_doc_iter(attributes); cv_doc_next(&it, &name, &value); ) {
        out = name.len > 7 && memcmp(name.data, "custom.", 7) == 0 ? custom
                                                                  : plain;
        cv_doc_put_name(out, name);
        cv_buf_append_str(out, value);
    }

    cv_doc_close(plain, marks[0]);
    cv_doc_close(custom, marks[1]);
}


void
cv_disclose_list(cv_facts_t *facts, cv_str_t items, uint64_t hash,
    cv_str_t next, cv_time_t now)
{
    cv_disclose_outcome(facts, CV_FOUND, now);
    cv_disclose_items(facts, items, hash);

    cv_fact_set_text(facts, CV_FACT_LIST_NEXT, next);
}


void
cv_disclose_back(cv_facts_t *facts, cv_str_t prev)
{
    cv_fact_set_text(facts, CV_FACT_LIST_PREV, prev);
}


void
cv_disclose_items(cv_facts_t *facts, cv_str_t items, uint64_t hash)
{
    cv_value_t  *value;

    cv_fact_set_bool(facts, CV_FACT_LIST, true);

    value = cv_fact_new(facts, CV_FACT_LIST_ITEMS, CV_VALUE_JSON);
    value->number = (int64_t) hash;
    value->text = items;
}


void
cv_disclose_asked(cv_facts_t *facts, cv_str_t asked)
{
    if (cv_utf8_valid(asked)) {
        cv_fact_set_text(facts, CV_FACT_ASKED, asked);
    }
}


void
cv_disclose_error(cv_facts_t *facts, cv_outcome_t error, unsigned status,
    cv_time_t now)
{
    cv_disclose_outcome(facts, error, now);

    cv_fact_set_bool(facts, CV_FACT_ERROR, true);
    cv_fact_set_text(facts, CV_FACT_ERROR_CODE, cv_outcomes[error].name);
    cv_fact_set_int(facts, CV_FACT_ERROR_STATUS, status);
    cv_fact_set_bool(facts, CV_FACT_ERROR_TEMPORARY,
                     status == 429 || status >= 500);
}


void
cv_disclose_refusal(cv_facts_t *facts, const cv_refusal_t *refusal)
{
    cv_fact_set_text(facts, CV_FACT_ERROR_REQUIRED, refusal->required);
    cv_fact_set_doc(facts, CV_FACT_ERROR_PRESENT, refusal->present);
    cv_fact_set_text(facts, CV_FACT_ERROR_WINDOW, refusal->window);

    if (cv_utf8_valid(refusal->detail)) {
        cv_fact_set_text(facts, CV_FACT_DETAIL, refusal->detail);
    }

    if (refusal->retry_after > 0) {
        cv_fact_set_int(facts, CV_FACT_ERROR_LIMIT, (int64_t) refusal->limit);
        cv_fact_set_int(facts, CV_FACT_ERROR_RETRY_AFTER,
                        refusal->retry_after);
        cv_fact_set_instant(facts, CV_FACT_ERROR_RETRY_AT,
                            cv_fact(facts, CV_FACT_CHECKED_AT)->number
                            + refusal->retry_after * CV_SECOND);
    }
}
