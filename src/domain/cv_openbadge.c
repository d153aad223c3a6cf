
/*
 * Copyright (C) The credverify authors
 */

#include "cv_openbadge.h"
#include "cv_shape.h"


/* one that says something */

static bool
cv_openbadge_text(cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] > 0x20) {
            return true;
        }
    }

    return false;
}


static bool
cv_openbadge_url(cv_str_t text)
{
    return cv_present(text) && cv_shape_url.holds(text);
}


/* what most validators take for an address: something, "@", and something */

static bool
cv_openbadge_email(cv_str_t text)
{
    size_t  i, at;

    for (i = 0, at = 0; i < text.len; i++) {

        if (text.data[i] <= 0x20 || text.data[i] == 0x7f) {
            return false;
        }

        if (text.data[i] == '@') {
            at = i;
        }
    }

    return at > 0 && at + 1 < text.len;
}


static bool
cv_openbadge_doc_text(cv_doc_t doc)
{
    return cv_doc_type(doc) == CV_DOC_STRING
           && cv_openbadge_text(cv_doc_text(doc));
}


static bool
cv_openbadge_doc_url(cv_doc_t doc)
{
    return cv_doc_type(doc) == CV_DOC_STRING
           && cv_openbadge_url(cv_doc_text(doc));
}


/* what of these members is there, is a text; of JSON-LD null means nothing */

static bool
cv_openbadge_texts(cv_doc_t object, const char *const *names)
{
    cv_doc_t  value;

    for ( /* void */ ; *names != NULL; names++) {
        value = cv_doc_member(object, cv_str_z(*names));

        if (cv_present(value) && !cv_openbadge_doc_text(value)) {
            return false;
        }
    }

    return true;
}


static bool
cv_openbadge_has_null(cv_doc_t doc)
{
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) == CV_DOC_NULL) {
        return true;
    }

    it = cv_doc_iter(doc);

    while (cv_doc_next(&it, NULL, &value)) {
        if (cv_openbadge_has_null(value)) {
            return true;
        }
    }

    return false;
}


static bool
cv_openbadge_criteria(cv_doc_t criteria)
{
    cv_doc_t  url, narrative;

    url = cv_doc_member(criteria, CV_STR("url"));
    narrative = cv_doc_member(criteria, CV_STR("narrative"));

    return (cv_present(url) || cv_present(narrative))
           && (!cv_present(url) || cv_openbadge_doc_url(url))
           && (!cv_present(narrative) || cv_openbadge_doc_text(narrative));
}


static bool
cv_openbadge_alignment(cv_doc_t alignment)
{
    cv_doc_t       target;
    cv_doc_iter_t  it;

    static const char *const  texts[] = {
        "targetDescription", "targetFramework", "targetCode", NULL
    };

    it = cv_doc_iter(alignment);

    while (cv_doc_next(&it, NULL, &target)) {

        if (!cv_openbadge_doc_text(cv_doc_member(target, CV_STR("targetName")))
            || !cv_openbadge_doc_url(cv_doc_member(target,
                                                   CV_STR("targetUrl")))
            || !cv_openbadge_texts(target, texts)
            || cv_openbadge_has_null(target))
        {
            return false;
        }
    }

    return true;
}


/* a web page, or what can be said of the work, or both */

static bool
cv_openbadge_evidence(cv_doc_t evidence)
{
    cv_doc_t       piece, id;
    cv_doc_iter_t  it;

    static const char *const  texts[] = {
        "narrative", "name", "description", "genre", "audience", NULL
    };

    it = cv_doc_iter(evidence);

    while (cv_doc_next(&it, NULL, &piece)) {

        if (cv_openbadge_doc_url(piece)) {
            continue;
        }

        id = cv_doc_member(piece, CV_STR("id"));

        if (cv_doc_type(piece) != CV_DOC_OBJECT
            || (cv_present(id) && !cv_openbadge_doc_url(id))
            || (!cv_present(id)
                && !cv_present(cv_doc_member(piece, CV_STR("narrative"))))
            || !cv_openbadge_texts(piece, texts)
            || cv_openbadge_has_null(piece))
        {
            return false;
        }
    }

    return true;
}


const char *
cv_openbadge_issuer_lacks(const cv_issuer_t *issuer)
{
    return !cv_openbadge_text(issuer->name) ? "no name"
           : !cv_openbadge_url(issuer->url)
             ? "no \"url\" that is an http or https URL"
           : !cv_openbadge_email(issuer->email)
             ? "no \"email\" that is an address"
           : cv_present(issuer->image) && !cv_openbadge_url(issuer->image)
             ? "an \"image\" that is no http or https URL"
             : NULL;
}


const char *
cv_openbadge_class_lacks(const cv_class_t *class, bool image)
{
    return !cv_openbadge_text(class->title) ? "no title"
           : !cv_openbadge_text(class->description) ? "no \"description\""
           : !image && !cv_openbadge_url(class->image)
             ? "no image, neither a file nor an \"image\" that is an http or "
               "https URL"
           : !cv_openbadge_criteria(class->criteria)
             ? "no \"criteria\" with a \"narrative\", or a \"url\" that is an "
               "http or https URL"
           : !cv_openbadge_alignment(class->alignment)
             ? "an \"alignment\" without \"targetName\", or without a "
               "\"targetUrl\" that is an http or https URL, or with other "
               "members that are no texts"
             : NULL;
}


const char *
cv_openbadge_assertion_lacks(const cv_credential_t *credential,
    const cv_holder_t *holder)
{
    return !cv_present(credential->issued_at.text) ? "no \"issued_at\""
           : !cv_openbadge_email(holder->email)
             ? "a holder without an \"email\" that is an address"
           : !cv_openbadge_evidence(credential->evidence)
             ? "\"evidence\" that is neither an http or https URL nor an "
               "object with such an \"id\" or a \"narrative\""
             : NULL;
}
