
/*
 * Copyright (C) The credverify authors
 *
 * What a view may show.  Facts are named, typed, and filled in by disclosure
 * alone: what is not disclosed is absent, and no view can ask for more.
 */

#ifndef CV_FACTS_H
#define CV_FACTS_H

#include "cv_outcome.h"
#include "cv_record.h"
#include "cv_verdict.h"

/*
 * X(identifier, name in views).  A name without a dot that others continue
 * ("token", "token.expires_at") is a boolean: whether there is anything below.
 */

#define CV_FACTS(X)                                                           \
    X(VALID,                     "valid")                                     \
    X(REASON,                    "reason")                                    \
    X(WORD,                      "word")                                      \
    X(TITLE,                     "title")                                     \
    X(DETAIL,                    "detail")                                    \
    X(CHECKED_AT,                "checked_at")                                \
    X(NEXT_CHANGE_AT,            "next_change_at")                            \
    X(PRIVACY,                   "privacy")                                   \
    X(MASKED,                    "masked")                                    \
    X(ERROR,                     "error")                                     \
    X(ERROR_CODE,                "error.code")                                \
    X(ERROR_STATUS,              "error.status")                              \
    X(ERROR_TEMPORARY,           "error.temporary")                           \
    X(ERROR_REQUIRED,            "error.required")                            \
    X(ERROR_PRESENT,             "error.present")                             \
    X(ERROR_WINDOW,              "error.window")                              \
    X(ERROR_LIMIT,               "error.limit")                               \
    X(ERROR_RETRY_AFTER,         "error.retry_after")                         \
    X(ERROR_RETRY_AT,            "error.retry_at")                            \
    X(THEME,                     "theme")                                     \
    X(LINKS,                     "links")                                     \
    X(PROGRESS,                  "progress")                                  \
    X(ASKED,                     "asked")                                     \
    X(LIST,                      "list")                                      \
    X(LIST_ITEMS,                "list.items")                                \
    X(LIST_NEXT,                 "list.next")                                 \
    X(LIST_PREV,                 "list.prev")                                 \
    X(IS_VALID,                  "is.valid")                                  \
    X(IS_REVOKED,                "is.revoked")                                \
    X(IS_TOKEN_EXPIRED,          "is.token_expired")                          \
    X(IS_REFUNDED,               "is.refunded")                               \
    X(IS_EXPIRED,                "is.expired")                                \
    X(IS_PENDING,                "is.pending")                                \
    X(IS_NOT_FOUND,              "is.not_found")                              \
    X(CREDENTIAL,                "credential")                                \
    X(CREDENTIAL_ID,             "credential.id")                             \
    X(CREDENTIAL_STATUS,         "credential.status")                         \
    X(CREDENTIAL_STATE,          "credential.state")                          \
    X(CREDENTIAL_ISSUED_AT,      "credential.issued_at")                      \
    X(CREDENTIAL_EXPIRES_AT,     "credential.expires_at")                     \
    X(CREDENTIAL_LAPSES,         "credential.lapses")                         \
    X(CREDENTIAL_SCORE,          "credential.score")                          \
    X(CREDENTIAL_NUMBER,         "credential.number")                         \
    X(CREDENTIAL_CODE,           "credential.code")                           \
    X(CREDENTIAL_PUBLIC_ID,      "credential.public_id")                      \
    X(CREDENTIAL_ASSERTION,      "credential.assertion")                      \
    X(CREDENTIAL_PICTURE,        "credential.picture")                        \
    X(CREDENTIAL_TEST,           "credential.test")                           \
    X(CREDENTIAL_EVIDENCE,       "credential.evidence")                       \
    X(CREDENTIAL_NARRATIVE,      "credential.narrative")                      \
    X(CREDENTIAL_ATTRIBUTES,     "credential.attributes")                     \
    X(CREDENTIAL_CREATED_AT,     "credential.created_at")                     \
    X(CREDENTIAL_UPDATED_AT,     "credential.updated_at")                     \
    X(CREDENTIAL_REVOKED_AT,     "credential.revoked_at")                     \
    X(CREDENTIAL_REVOKED_WHY,    "credential.revocation_reason")              \
    X(CREDENTIAL_CUSTOM,         "credential.custom_attributes")              \
    X(CREDENTIAL_PLAIN,          "credential.plain_attributes")               \
    X(RECIPIENT,                 "recipient")                                 \
    X(RECIPIENT_ID,              "recipient.id")                              \
    X(RECIPIENT_NAME,            "recipient.name")                            \
    X(RECIPIENT_DISPLAY_NAME,    "recipient.display_name")                    \
    X(RECIPIENT_EMAIL,           "recipient.email")                           \
    X(RECIPIENT_ORGANIZATION,    "recipient.organization")                    \
    X(RECIPIENT_WALLET,          "recipient.wallet")                          \
    X(LAYERS,                    "layers")                                    \
    X(LAYERS_WALLET,             "layers.wallet")                             \
    X(LAYERS_PASSKEY,            "layers.passkey")                            \
    X(LAYERS_EMAIL,              "layers.email")                              \
    X(CLASS,                     "class")                                     \
    X(CLASS_ID,                  "class.id")                                  \
    X(CLASS_TITLE,               "class.title")                               \
    X(CLASS_DESCRIPTION,         "class.description")                         \
    X(CLASS_CATEGORY,            "class.category")                            \
    X(CLASS_CATEGORY_TITLE,      "class.category_title")                      \
    X(CLASS_LEVEL,               "class.level")                               \
    X(CLASS_LEVEL_LABEL,         "class.level_label")                         \
    X(CLASS_CRITERIA,            "class.criteria")                            \
    X(CLASS_IMAGE,               "class.image")                               \
    X(CLASS_TAGS,                "class.tags")                                \
    X(CLASS_ALIGNMENT,           "class.alignment")                           \
    X(ISSUER,                    "issuer")                                    \
    X(ISSUER_ID,                 "issuer.id")                                 \
    X(ISSUER_NAME,               "issuer.name")                               \
    X(ISSUER_URL,                "issuer.url")                                \
    X(ISSUER_DESCRIPTION,        "issuer.description")                        \
    X(ISSUER_IMAGE,              "issuer.image")                              \
    X(HOLDER,                    "holder")                                    \
    X(HOLDER_NAME,               "holder.name")                               \
    X(HOLDER_DISPLAY_NAME,       "holder.display_name")                       \
    X(HOLDER_ORGANIZATION,       "holder.organization")                       \
    X(HOLDER_WALLET,             "holder.wallet")                             \
    X(BADGE,                     "open_badge")                                \
    X(BADGE_BASE,                "open_badge.base")                           \
    X(BADGE_ID,                  "open_badge.id")                             \
    X(BADGE_ASSERTION,           "open_badge.assertion")                      \
    X(BADGE_CLASS,               "open_badge.class")                          \
    X(BADGE_IMAGE,               "open_badge.image")                          \
    X(BADGE_EMAIL,               "open_badge.email")                          \
    X(BADGE_IDENTITY,            "open_badge.identity")                       \
    X(BADGE_SALT,                "open_badge.salt")                           \
    X(BADGE_EXPIRES_AT,          "open_badge.expires_at")                     \
    X(BADGE_VERIFICATION,        "open_badge.verification")                   \
    X(BADGE_KEY,                 "open_badge.key")                            \
    X(BADGE_PEM,                 "open_badge.pem")                            \
    X(BADGE_REVOCATIONS,         "open_badge.revocations")                    \
    X(TOKEN,                     "token")                                     \
    X(TOKEN_CREATED_AT,          "token.created_at")                          \
    X(TOKEN_EXPIRES_AT,          "token.expires_at")

typedef enum {
#define CV_FACT_ENUM(identifier, name)  CV_FACT_##identifier,
    CV_FACTS(CV_FACT_ENUM)
#undef CV_FACT_ENUM
    CV_FACT_COUNT
} cv_fact_id_t;

extern const cv_str_t  cv_fact_names[CV_FACT_COUNT];

/* The fact of that name, or CV_FACT_COUNT. */
cv_fact_id_t cv_fact_find(cv_str_t name);

/* Some of them. */

typedef struct {
    uint64_t         bits[(CV_FACT_COUNT + 63) / 64];
} cv_fact_set_t;

static inline void
cv_fact_set_add(cv_fact_set_t *set, unsigned id)
{
    set->bits[id / 64] |= (uint64_t) 1 << id % 64;
}

static inline bool
cv_fact_set_has(const cv_fact_set_t *set, unsigned id)
{
    return set->bits[id / 64] >> id % 64 & 1;
}

typedef enum {
    CV_VALUE_NONE = 0,
    CV_VALUE_BOOL,          /* number: 0 or 1 */
    CV_VALUE_INT,           /* number */
    CV_VALUE_TEXT,          /* text */
    CV_VALUE_DATE,          /* text as it was given; number is the instant */
    CV_VALUE_INSTANT,       /* number */
    CV_VALUE_NOW,           /* number: the moment of checking, left out of
                               what an ETag is made from */
    CV_VALUE_DOC,           /* text: a cv_doc_t */
    CV_VALUE_JSON,          /* text: JSON that a view made, or absent: who
                               renders puts it in; number: its hash, moments of
                               checking left out */
} cv_value_type_t;

/* A value; its text borrows from the records the facts were made from. */

typedef struct {
    cv_value_type_t  type;
    int64_t          number;
    cv_str_t         text;
} cv_value_t;

/* Of those that are not set there is no value, so that none need be made. */

typedef struct {
    cv_fact_set_t    set;
    cv_value_t       at[CV_FACT_COUNT];
} cv_facts_t;

extern const cv_value_t  cv_value_none;

/* A fact; cv_value_none if it is absent. */
static inline const cv_value_t *
cv_fact(const cv_facts_t *facts, unsigned id)
{
    return cv_fact_set_has(&facts->set, id) ? &facts->at[id]
                                            : &cv_value_none;
}

/* The value of a fact, to be filled in. */
static inline cv_value_t *
cv_fact_new(cv_facts_t *facts, cv_fact_id_t id, cv_value_type_t type)
{
    cv_fact_set_add(&facts->set, id);
    facts->at[id].type = type;

    return &facts->at[id];
}

/* True unless absent, false, zero-length or an empty document. */
bool cv_value_truth(const cv_value_t *value);

/* A member of a document: JSON types become those of facts. */
cv_value_t cv_value_of(cv_doc_t doc);

/* Setters that leave an absent value absent. */

static inline void
cv_fact_set_text(cv_facts_t *facts, cv_fact_id_t id, cv_str_t text)
{
    if (cv_present(text)) {
        cv_fact_new(facts, id, CV_VALUE_TEXT)->text = text;
    }
}

static inline void
cv_fact_set_int(cv_facts_t *facts, cv_fact_id_t id, int64_t number)
{
    cv_fact_new(facts, id, CV_VALUE_INT)->number = number;
}

static inline void
cv_fact_set_bool(cv_facts_t *facts, cv_fact_id_t id, bool value)
{
    cv_fact_new(facts, id, CV_VALUE_BOOL)->number = value;
}

static inline void
cv_fact_set_instant(cv_facts_t *facts, cv_fact_id_t id, cv_time_t at)
{
    if (at != CV_TIME_NEVER) {
        cv_fact_new(facts, id, CV_VALUE_INSTANT)->number = at;
    }
}

static inline void
cv_fact_set_date(cv_facts_t *facts, cv_fact_id_t id, const cv_date_t *date)
{
    cv_value_t  *value;

    if (cv_present(date->text)) {
        value = cv_fact_new(facts, id, CV_VALUE_DATE);
        value->number = date->at;
        value->text = date->text;
    }
}

static inline void
cv_fact_set_doc(cv_facts_t *facts, cv_fact_id_t id, cv_doc_t doc)
{
    if (cv_present(doc)) {
        cv_fact_new(facts, id, CV_VALUE_DOC)->text = doc;
    }
}


/* The records a verdict was reached from; those not found are NULL. */

typedef struct {
    const cv_credential_t  *credential;
    const cv_class_t       *class;
    const cv_issuer_t      *issuer;
    const cv_holder_t      *holder;
    const cv_token_t       *token;
    const cv_assertion_t   *assertion;      /* of an Open Badge that may be
                                               asked for, and how the name of
                                               its picture ends; or absent */
    cv_str_t                picture;
} cv_evidence_t;

/*
 * Disclosure, the only place where facts about a credential come from.
 * Writes every fact of "facts".  "full" shows what a view asks for, "masked"
 * the class, its issuer and the reason; a verdict other than valid shows
 * nothing of the holder, and not_found nothing at all.  The token's own expiry
 * always stays; once it has passed, neither code nor public id is shown, by
 * which there would still be a way.  E-mail addresses, holder ids, and when and
 * why a credential was revoked are never among them.
 *
 * A view may present a verdict as another reason: the facts are worded as
 * that one, and hold no more than both it and the true one disclose.
 */
void cv_disclose(cv_facts_t *facts, const cv_verdict_t *verdict,
    cv_outcome_t presented, const cv_evidence_t *evidence, cv_time_t now);

/*
 * What a management view shows of a holder: the record, an array of objects,
 * whatever the verdict on any credential is.
 */
void cv_disclose_progress(cv_facts_t *facts, cv_doc_t progress, cv_time_t now);

/*
 * What a management view shows of a credential: the record, whatever the
 * verdict on it is, and its holder, who is the "recipient" here.  "evidence"
 * has the credential, class, issuer and holder that there are.  "plain" and
 * "custom" are objects, which its attributes were split into.
 */
void cv_disclose_record(cv_facts_t *facts, const cv_evidence_t *evidence,
    cv_doc_t plain, cv_doc_t custom, cv_outcome_t outcome, cv_time_t now);

/*
 * Splits attributes into those that are named "custom.*" and all others: two
 * objects, which are empty if there are none.
 */
void cv_attributes_split(cv_doc_t attributes, cv_buf_t *plain,
    cv_buf_t *custom);

/*
 * What a list shows: "items", an array in JSON of what cv_disclose() let each
 * of them show, with its hash, and the cursor that leads on, absent at the end.
 */
void cv_disclose_list(cv_facts_t *facts, cv_str_t items, uint64_t hash,
    cv_str_t next, cv_time_t now);

/*
 * What an Open Badge says beside what its records do.  Texts that do not apply
 * are absent.
 */

typedef struct {
    cv_str_t   base;            /* the URL that all of them begin with, */
    cv_str_t   id;              /* the document's own, */
    cv_str_t   assertion;       /* what it is asked for by, in that, */
    cv_str_t   class;           /* the class's id, encoded for one, */
    cv_str_t   image;           /* and that of the picture */
    cv_str_t   identity;        /* of the recipient, hashed with */
    cv_str_t   salt;
    cv_str_t   verification;    /* how an assertion is, */
    cv_str_t   key;             /* the URL of the key that signs, */
    cv_str_t   pem;             /* its public half, */
    cv_str_t   revocations;     /* and the URL of what was revoked */
} cv_badge_t;

/*
 * Adds to the facts of a verdict, which cv_disclose() made, those of the
 * Assertion.  One that has expired still is one, and says so itself, which
 * takes the recipient, who is hashed, but nothing else of the holder; of any
 * other that is not valid there is its URL, and nothing of one not found.
 */
void cv_disclose_assertion(cv_facts_t *facts, const cv_verdict_t *verdict,
    cv_outcome_t presented, const cv_evidence_t *evidence,
    const cv_badge_t *badge);

/*
 * The facts of an Issuer, with its address, or of a BadgeClass, which is
 * public, whoever has it.  "class" is NULL for the former.
 */
void cv_disclose_badge(cv_facts_t *facts, const cv_issuer_t *issuer,
    const cv_class_t *class, const cv_badge_t *badge, cv_time_t now);

/* Adds the cursor that leads back; absent at the beginning. */
void cv_disclose_back(cv_facts_t *facts, cv_str_t prev);

/* Adds the items of a list, as above; or absent, as CV_VALUE_JSON has it. */
void cv_disclose_items(cv_facts_t *facts, cv_str_t items, uint64_t hash);

/*
 * Adds what the client named, in its own bytes: a credential that is one of
 * many, or whose list it is.  Absent unless it is text.
 */
void cv_disclose_asked(cv_facts_t *facts, cv_str_t asked);

/* The facts of an error: nothing but what it is called. */
void cv_disclose_error(cv_facts_t *facts, cv_outcome_t error, unsigned status,
    cv_time_t now);

/* Why a request was refused, for who reads the answer. */

typedef struct {
    cv_str_t   required;        /* the scope or feature that is missing */
    cv_doc_t   present;         /* the scopes that there are: an array */
    cv_str_t   window;          /* the window that is full, */
    uint64_t   limit;           /* its limit, */
    int64_t    retry_after;     /* and in how many seconds there is room; 0:
                                   no window is */
    cv_str_t   detail;          /* what is wrong, more exactly than the
                                   outcome's own sentence; or absent */
} cv_refusal_t;

/* Adds to the facts of an error why it is one. */
void cv_disclose_refusal(cv_facts_t *facts, const cv_refusal_t *refusal);

/* True if a verdict discloses facts of the holder, so that it is needed. */
static inline bool
cv_discloses_holder(const cv_verdict_t *verdict)
{
    return verdict->reason == CV_VALID && verdict->privacy == CV_PRIVACY_FULL;
}

#endif /* CV_FACTS_H */
