
/*
 * Copyright (C) The credverify authors
 *
 * What the members of a request are called.  A document that answers requests
 * with a body has a file DIR/NAME.request.json beside its others: an object
 * that names, for all that a request may say, where in the body it stands, with
 * a dot between the members of objects:
 *
 *     {"class": "groupId", "holder.name": "recipient.name"}
 *
 * A form is compiled once and never changed afterwards.
 */

#ifndef CV_FORM_H
#define CV_FORM_H

#include "cv_base.h"
#include "cv_doc.h"

/* X(identifier, name in forms); those of a holder begin with "holder." */

#define CV_FORM_MEMBERS(X)                                                    \
    X(CLASS,                "class")                                          \
    X(HOLDER_ID,            "holder.id")                                      \
    X(HOLDER_NAME,          "holder.name")                                    \
    X(HOLDER_DISPLAY_NAME,  "holder.display_name")                            \
    X(HOLDER_EMAIL,         "holder.email")                                   \
    X(HOLDER_ORGANIZATION,  "holder.organization")                            \
    X(HOLDER_WALLET,        "holder.wallet")                                  \
    X(ISSUED_AT,            "issued_at")                                      \
    X(EXPIRES_AT,           "expires_at")                                     \
    X(SCORE,                "score")                                          \
    X(NUMBER,               "number")                                         \
    X(CODE,                 "code")                                           \
    X(EVIDENCE,             "evidence")                                       \
    X(NARRATIVE,            "narrative")                                      \
    X(ATTRIBUTES,           "attributes")                                     \
    X(METHOD,               "method")                                         \
    X(REASON,               "reason")                                         \
    X(PRACTICE,             "practice")                                       \
    X(LEARN,                "learn")

typedef enum {
#define CV_FORM_ENUM(identifier, name)  CV_FORM_##identifier,
    CV_FORM_MEMBERS(CV_FORM_ENUM)
#undef CV_FORM_ENUM
    CV_FORM_COUNT
} cv_form_member_t;

extern const cv_str_t  cv_form_names[CV_FORM_COUNT];

/* The member of that name, or CV_FORM_COUNT. */
cv_form_member_t cv_form_find(cv_str_t name);

/* Some of them. */
typedef uint32_t  cv_form_set_t;

#define CV_FORM_SET(member)  ((cv_form_set_t) 1 << CV_FORM_##member)

typedef struct cv_form_s  cv_form_t;

/*
 * Reads and compiles DIR/NAME.request.json.  An error names the file and what
 * is wrong there.  Free with cv_form_free().
 */
cv_err_t cv_form_load(cv_form_t **form, const char *dir, const char *name,
    cv_error_t *error) CV_MUST_CHECK;

/* The same from memory; "file" is what errors call it. */
cv_err_t cv_form_compile(cv_form_t **form, const char *file, cv_str_t source,
    cv_error_t *error) CV_MUST_CHECK;

void cv_form_free(cv_form_t *form);

/* Which members the form has. */
cv_form_set_t cv_form_has(const cv_form_t *form);

/* Where in a body the member stands, for people; borrows from the form. */
cv_str_t cv_form_path(const cv_form_t *form, cv_form_member_t member);

/*
 * Takes the members "takes" from a body; "values" borrow from it, and are
 * absent where it has none, or null.  CV_ERR_INPUT names what stands in the
 * body and is none of them.
 */
cv_err_t cv_form_read(const cv_form_t *form, cv_doc_t body,
    cv_form_set_t takes, cv_doc_t values[CV_FORM_COUNT], cv_error_t *error)
    CV_MUST_CHECK;

#endif /* CV_FORM_H */
