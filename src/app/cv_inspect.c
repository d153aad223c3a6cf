
/*
 * Copyright (C) The credverify authors
 */

#include "cv_inspect.h"
#include "cv_openbadge.h"
#include "cv_text.h"

#define CV_INSPECT_CONTEXT  "https://w3id.org/openbadges/v2"

/* what is expected is a few URLs and dates */
#define CV_INSPECT_TEXT_MAX  ((size_t) 64 * 1024)


void
cv_inspection_init(cv_inspection_t *inspection)
{
    memset(inspection, 0, sizeof(cv_inspection_t));
    cv_buf_init(&inspection->text, CV_INSPECT_TEXT_MAX);
}


void
cv_inspection_free(cv_inspection_t *inspection)
{
    cv_buf_free(&inspection->text);
}


/* Notes that a member is another one; "ours" stays where it is. */

static void
cv_inspect_differs(cv_inspection_t *out, const char *member, cv_str_t ours)
{
    if (out->ndifferences < CV_DIFFERENCES_MAX) {
        out->differences[out->ndifferences++] = (cv_difference_t) {
            member, ours
        };
    }
}


/* what is appended from there on; there is room for all, so it stays there */

static cv_str_t
cv_inspect_text(cv_inspection_t *out, size_t start)
{
    return cv_buf_failed(&out->text)
           ? CV_ABSENT : cv_str(out->text.data + start, out->text.len - start);
}


static cv_str_t
cv_inspect_url_at(cv_inspection_t *out, cv_str_t site, const char *dir,
    cv_str_t name, const char *ending)
{
    size_t  start;

    start = out->text.len;

    cv_buf_append_str(&out->text, site);
    cv_buf_append_str(&out->text, cv_str_z(dir));
    cv_escape_url(&out->text, name);
    cv_buf_append_str(&out->text, cv_str_z(ending));

    return cv_inspect_text(out, start);
}


/* one of the same site */

static cv_str_t
cv_inspect_url(cv_inspection_t *out, const char *dir, cv_str_t name,
    const char *ending)
{
    return cv_inspect_url_at(out, out->site, dir, name, ending);
}


static cv_str_t
cv_inspect_instant(cv_inspection_t *out, cv_time_t at)
{
    size_t    start;
    uint8_t  *p;

    if (at == CV_TIME_NEVER) {
        return CV_ABSENT;
    }

    start = out->text.len;
    p = cv_buf_extend(&out->text, CV_TIME_TEXT_MAX);

    if (p != NULL) {
        out->text.len = start + cv_time_format(p, at, CV_TIME_Z);
    }

    return cv_inspect_text(out, start);
}


static bool
cv_inspect_ends(cv_str_t text, cv_str_t with, cv_str_t *before)
{
    if (text.len < with.len
        || memcmp(text.data + text.len - with.len, with.data, with.len) != 0)
    {
        return false;
    }

    *before = cv_str(text.data, text.len - with.len);

    return true;
}


/* Takes the last segment off: of a path, or of a name as URNs are. */

static cv_str_t
cv_inspect_last(cv_str_t *text)
{
    size_t    i;
    cv_str_t  last;

    for (i = text->len; i > 0 && text->data[i - 1] != '/'
                        && text->data[i - 1] != ':'; i--)
    {
        /* void */
    }

    last = cv_str(text->data + i, text->len - i);
    text->len = i;

    return last;
}


/* SITE assertion/NAME.json, or .jws */

static void
cv_inspect_id(cv_inspection_t *out, const cv_inspect_t *badge)
{
    bool      ended, jws;
    cv_str_t  id;

    out->site = CV_ABSENT;
    out->name = CV_ABSENT;

    id = cv_doc_member(badge->assertion, CV_STR("id"));

    if (cv_doc_type(id) != CV_DOC_STRING) {
        return;
    }

    id = cv_doc_text(id);
    out->name = cv_inspect_last(&id);

    jws = cv_inspect_ends(out->name, CV_STR(".jws"), &out->name);
    ended = jws || cv_inspect_ends(out->name, CV_STR(".json"), &out->name);

    if (ended && jws == badge->is_signed
        && cv_inspect_ends(id, CV_STR("/assertion/"), &id)
        && id.len < 2 * CV_BADGES_BASE_MAX)
    {
        out->site = cv_str(id.data, id.len + 1);
    }
}


/* that of a key is BASE key/ID/, all others are at BASE; absent if not so */

static cv_str_t
cv_inspect_base(const cv_inspection_t *out, const cv_inspect_t *badge)
{
    cv_str_t  site, key;

    site = out->site;

    if (!cv_present(site) || !badge->is_signed) {
        return site;
    }

    site.len--;
    key = cv_inspect_last(&site);

    if (!cv_inspect_ends(site, CV_STR("/key/"), &site)
        || (cv_present(badge->key) && !cv_str_eq(key, badge->key)))
    {
        return CV_ABSENT;
    }

    site.len++;

    return site;
}


static bool
cv_inspect_site(const cv_inspection_t *out, const cv_inspect_t *badge)
{
    cv_str_t  base;

    base = cv_inspect_base(out, badge);

    return cv_present(base)
           && (!cv_present(badge->base) || cv_str_eq(base, badge->base));
}


static bool
cv_inspect_is(cv_doc_t value, cv_str_t text)
{
    return cv_doc_type(value) == CV_DOC_STRING
           && cv_str_eq(cv_doc_text(value), text);
}


static void
cv_inspect_must_be(cv_inspection_t *out, const cv_inspect_t *badge,
    const char *member, cv_str_t ours)
{
    if (!cv_inspect_is(cv_doc_member(badge->assertion, cv_str_z(member)), ours))
    {
        cv_inspect_differs(out, member, ours);
    }
}


/* the same value, whatever the order of its members */

static bool
cv_inspect_same(cv_doc_t a, cv_doc_t b)
{
    size_t         n;
    cv_str_t       name;
    cv_doc_t       ours, theirs;
    cv_doc_iter_t  i, j;

    if (cv_doc_type(a) != cv_doc_type(b)
        || !cv_str_eq(cv_doc_text(a), cv_doc_text(b)))
    {
        return false;
    }

    i = cv_doc_iter(a);
    j = cv_doc_iter(b);

    for (n = 0; cv_doc_next(&i, &name, &ours); n++) {

        if (!cv_doc_next(&j, NULL, &theirs)) {
            return false;
        }

        if (cv_present(name)) {
            theirs = cv_doc_member(b, name);
        }

        if (!cv_inspect_same(ours, theirs)) {
            return false;
        }
    }

    return !cv_doc_next(&j, NULL, &theirs);
}


static bool
cv_inspect_has(cv_doc_t object, size_t members)
{
    size_t         n;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    it = cv_doc_iter(object);

    for (n = 0; cv_doc_next(&it, NULL, &value); n++) { /* void */ }

    return n == members;
}


/* The instant of a member, to the second; NEVER if it is absent, else false. */

static bool
cv_inspect_when(const cv_inspect_t *badge, const char *member, cv_time_t *at)
{
    cv_doc_t   value;
    cv_date_t  date;

    value = cv_doc_member(badge->assertion, cv_str_z(member));
    *at = CV_TIME_NEVER;

    if (!cv_present(value)) {
        return true;
    }

    if (cv_doc_type(value) != CV_DOC_STRING
        || !cv_date_parse(&date, cv_doc_text(value)) || cv_date_is_bare(&date))
    {
        return false;
    }

    *at = date.at;

    return true;
}


/* documents have no fractions of a second */

static bool
cv_inspect_second(cv_time_t a, cv_time_t b)
{
    uint8_t  texts[2][CV_TIME_TEXT_MAX];

    if (a == CV_TIME_NEVER || b == CV_TIME_NEVER) {
        return a == b;
    }

    return cv_time_format(texts[0], a, CV_TIME_Z)
           == cv_time_format(texts[1], b, CV_TIME_Z)
           && memcmp(texts[0], texts[1], sizeof("2026-03-11T10:30:00Z") - 1)
              == 0;
}


static void
cv_inspect_dates(cv_inspection_t *out, const cv_inspect_t *badge)
{
    bool       said;
    cv_time_t  at, issued, expiry;

    issued = cv_present(out->credential.issued_at.text)
             ? out->credential.issued_at.at : CV_TIME_NEVER;

    if (!cv_inspect_when(badge, "issuedOn", &at)
        || !cv_inspect_second(at, issued))
    {
        cv_inspect_differs(out, "issuedOn", cv_inspect_instant(out, issued));
    }

    expiry = cv_date_expiry(&out->credential.expires_at);
    said = cv_inspect_when(badge, "expires", &at);

    /* before it was taken back it may have been claimed, or not */

    if (said && at == CV_TIME_NEVER
        && !cv_credential_lapses(&out->credential))
    {
        return;
    }

    if (cv_credential_granted(&out->credential)
        && !cv_credential_lapses(&out->credential))
    {
        expiry = CV_TIME_NEVER;
    }

    if (!said || !cv_inspect_second(at, expiry)) {
        cv_inspect_differs(out, "expires", cv_inspect_instant(out, expiry));
    }
}


cv_err_t
cv_inspect_recipient(cv_recipient_t *recipient, cv_doc_t assertion,
    cv_str_t email)
{
    char          hash[CV_BADGE_IDENTITY_LEN];
    uint8_t       ours[CV_BADGE_IDENTITY_LEN];
    cv_err_t      err;
    cv_doc_t      theirs, hashed;
    cv_str_t      identity;
    cv_digest_t  *digest;

    *recipient = CV_RECIPIENT_UNCLEAR;

    theirs = cv_doc_member(assertion, CV_STR("recipient"));
    hashed = cv_doc_member(theirs, CV_STR("hashed"));
    identity = cv_doc_text(cv_doc_member(theirs, CV_STR("identity")));

    if (!cv_inspect_is(cv_doc_member(theirs, CV_STR("type")), CV_STR("email"))
        || !cv_present(identity) || !cv_present(email))
    {
        return CV_OK;
    }

    if (cv_doc_type(hashed) == CV_DOC_FALSE) {
        *recipient = cv_str_eq(identity, email) ? CV_RECIPIENT_SAME
                                                : CV_RECIPIENT_OTHER;
        return CV_OK;
    }

    if (cv_doc_type(hashed) != CV_DOC_TRUE
        || identity.len != CV_BADGE_IDENTITY_LEN
        || memcmp(identity.data, "sha256$", 7) != 0
        || !cv_hex_lower(hash, cv_str(identity.data + 7, identity.len - 7)))
    {
        return CV_OK;
    }

    digest = cv_digest_new();
    if (digest == NULL) {
        return CV_ERR_NOMEM;
    }

    err = cv_badge_identity(ours, digest, email,
                            cv_doc_text(cv_doc_member(theirs,
                                                      CV_STR("salt"))));
    cv_digest_free(digest);

    /* no salt of ours is that long, nor is an address */

    if (err == CV_ERR_LIMIT) {
        return CV_OK;
    }

    if (err == CV_OK) {
        *recipient = memcmp(ours + 7, hash, CV_BADGE_IDENTITY_LEN - 7) == 0
                     ? CV_RECIPIENT_SAME : CV_RECIPIENT_OTHER;
    }

    return err;
}


static cv_err_t
cv_inspect_identity(cv_inspection_t *out, const cv_inspect_t *badge)
{
    cv_doc_t        recipient;
    cv_err_t        err;
    cv_recipient_t  same;

    err = cv_inspect_recipient(&same, badge->assertion, out->holder.email);

    if (err != CV_OK) {
        return err;
    }

    recipient = cv_doc_member(badge->assertion, CV_STR("recipient"));

    if (same != CV_RECIPIENT_SAME || !cv_inspect_has(recipient, 4)
        || cv_doc_type(cv_doc_member(recipient, CV_STR("hashed")))
           != CV_DOC_TRUE
        || !cv_inspect_is(cv_doc_member(recipient, CV_STR("salt")),
                          out->assertion.salt))
    {
        cv_inspect_differs(out, "recipient", CV_ABSENT);
    }

    return CV_OK;
}


static void
cv_inspect_verification(cv_inspection_t *out, const cv_inspect_t *badge)
{
    cv_doc_t  verification, type;
    cv_str_t  creator;

    verification = cv_doc_member(badge->assertion, CV_STR("verification"));
    type = cv_doc_member(verification, CV_STR("type"));

    if (!badge->is_signed) {
        if (!cv_inspect_is(type, CV_STR("HostedBadge"))
            || !cv_inspect_has(verification, 1))
        {
            cv_inspect_differs(out, "verification", CV_STR("HostedBadge"));
        }

        return;
    }

    creator = cv_inspect_url(out, "key", CV_STR(""), ".json");

    if (!cv_inspect_is(type, CV_STR("SignedBadge"))) {
        cv_inspect_differs(out, "verification", CV_STR("SignedBadge"));

    } else if (cv_present(out->site)
               && (!cv_inspect_is(cv_doc_member(verification,
                                                CV_STR("creator")), creator)
                   || !cv_inspect_has(verification, 2)))
    {
        cv_inspect_differs(out, "verification", creator);
    }
}


/* an image of that name, which is hosted: its bytes are not looked at */

static void
cv_inspect_image(cv_inspection_t *out, const cv_inspect_t *badge)
{
    bool      svg;
    cv_doc_t  image;
    cv_str_t  base, ours, other;

    image = cv_doc_member(badge->assertion, CV_STR("image"));
    base = cv_inspect_base(out, badge);

    if (!cv_present(image) || !cv_present(base)) {
        return;
    }

    /* either is answered with the picture that there is */

    svg = out->picture == CV_IMAGE_SVG;

    ours = cv_inspect_url_at(out, base, "assertion/", out->assertion.id,
                             svg ? ".svg" : ".png");
    other = cv_inspect_url_at(out, base, "assertion/", out->assertion.id,
                              svg ? ".png" : ".svg");

    if (!cv_inspect_is(image, ours) && !cv_inspect_is(image, other)) {
        cv_inspect_differs(out, "image", out->picture == CV_IMAGE_NONE
                                         ? CV_ABSENT : ours);
    }
}


/* what may be left out must be the store's if it is there */

static void
cv_inspect_work(cv_inspection_t *out, const cv_inspect_t *badge)
{
    cv_doc_t  narrative, evidence;

    narrative = cv_doc_member(badge->assertion, CV_STR("narrative"));
    evidence = cv_doc_member(badge->assertion, CV_STR("evidence"));

    if (cv_present(narrative)
        && (!cv_present(out->credential.narrative)
            || !cv_inspect_is(narrative, out->credential.narrative)))
    {
        cv_inspect_differs(out, "narrative", out->credential.narrative);
    }

    if (cv_present(evidence)
        && !cv_inspect_same(evidence, out->credential.evidence))
    {
        cv_inspect_differs(out, "evidence", CV_ABSENT);
    }
}


static void
cv_inspect_verdict(cv_inspection_t *out, cv_time_t now)
{
    cv_question_t  question;

    out->test = cv_credential_is_test(&out->credential);

    question = (cv_question_t) { &out->credential, NULL, true, out->test };
    out->verdict = cv_verdict(&question, now);

    out->lacking = CV_ISSUER;
    out->lacks = cv_openbadge_issuer_lacks(&out->issuer);

    if (out->lacks == NULL) {
        out->lacking = CV_CLASS;
        out->lacks = cv_openbadge_class_lacks(&out->class,
                                              out->picture != CV_IMAGE_NONE);
    }

    if (out->lacks == NULL) {
        out->lacking = CV_CREDENTIAL;
        out->lacks = cv_openbadge_assertion_lacks(&out->credential,
                                                  &out->holder);
    }
}


static bool
cv_inspect_taken_back(const cv_inspection_t *out)
{
    return out->verdict.reason == CV_REVOKED
           || out->verdict.reason == CV_REFUNDED;
}


/* what is left of one that was taken back, which says nothing else */

static bool
cv_inspect_is_rest(cv_doc_t assertion)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    const cv_str_t  left[] = {
        CV_STR("@context"), CV_STR("type"), CV_STR("id"), CV_STR("revoked")
    };

    it = cv_doc_iter(assertion);

    while (cv_doc_next(&it, &name, &value)) {
        if (cv_inspect_compares(name)
            && cv_str_index(left, CV_COUNT(left), name) == CV_COUNT(left))
        {
            return false;
        }
    }

    return true;
}


cv_err_t
cv_inspect_compare(cv_inspection_t *out, const cv_inspect_t *badge,
    cv_time_t now)
{
    cv_err_t  err;
    cv_str_t  id;
    cv_doc_t  revoked;

    out->ndifferences = 0;
    cv_buf_reset(&out->text);

    if (!cv_buf_grow(&out->text, CV_INSPECT_TEXT_MAX)) {
        return out->text.err;
    }

    cv_inspect_id(out, badge);
    cv_inspect_verdict(out, now);

    if (!cv_inspect_site(out, badge)) {
        cv_inspect_differs(out, "id", badge->base);

    } else {
        id = cv_inspect_url(out, "assertion/", out->assertion.id,
                            badge->is_signed ? ".jws" : ".json");
        cv_inspect_must_be(out, badge, "id", id);
    }

    if (badge->is_linked) {
        return out->text.err;
    }

    cv_inspect_must_be(out, badge, "@context", CV_STR(CV_INSPECT_CONTEXT));

    if (badge->verify.len > 0
        && !cv_inspect_is(cv_doc_member(badge->assertion, CV_STR("id")),
                          badge->verify))
    {
        cv_inspect_differs(out, "verify", CV_ABSENT);
    }

    revoked = cv_doc_member(badge->assertion, CV_STR("revoked"));

    if (cv_present(revoked)
        && (cv_doc_type(revoked) != CV_DOC_TRUE || !cv_inspect_taken_back(out)))
    {
        cv_inspect_differs(out, "revoked", CV_ABSENT);
    }

    if (cv_present(revoked) && cv_inspect_is_rest(badge->assertion)) {
        return out->text.err;
    }

    cv_inspect_must_be(out, badge, "type", CV_STR("Assertion"));

    err = cv_inspect_identity(out, badge);
    if (err != CV_OK) {
        return err;
    }

    /* where nothing of ours is, other URLs cannot be ours either */

    if (cv_present(out->site)) {
        cv_inspect_must_be(out, badge, "badge",
                           cv_inspect_url(out, "class/", out->class.id,
                                          ".json"));
    }

    cv_inspect_image(out, badge);
    cv_inspect_verification(out, badge);
    cv_inspect_dates(out, badge);
    cv_inspect_work(out, badge);

    return out->text.err;
}


bool
cv_inspect_compares(cv_str_t member)
{
    const cv_str_t  members[] = {
        CV_STR("@context"), CV_STR("type"), CV_STR("id"), CV_STR("recipient"),
        CV_STR("badge"), CV_STR("image"), CV_STR("verification"),
        CV_STR("issuedOn"), CV_STR("expires"), CV_STR("narrative"),
        CV_STR("evidence"), CV_STR("revoked")
    };

    return cv_str_index(members, CV_COUNT(members), member)
           != CV_COUNT(members);
}


bool
cv_inspection_genuine(const cv_inspection_t *inspection)
{
    return inspection->known && inspection->ndifferences == 0;
}


cv_err_t
cv_inspect(cv_inspection_t *out, cv_txn_t *snapshot,
    const cv_inspect_t *badge, cv_time_t now)
{
    uint64_t    iid;
    cv_image_t  picture;

    out->known = false;
    cv_inspect_id(out, badge);

    iid = cv_present(out->name)
          ? cv_find(snapshot, CV_HANDLE_ASSERTION, out->name) : 0;

    if (iid == 0) {
        return cv_txn_err(snapshot, NULL);
    }

    if (!cv_get(snapshot, CV_CREDENTIAL, iid, &out->credential)
        || !cv_get_assertion(snapshot, iid, &out->assertion)
        || !cv_get(snapshot, CV_HOLDER, out->credential.holder.iid,
                   &out->holder)
        || !cv_get(snapshot, CV_CLASS, out->credential.class.iid, &out->class)
        || !cv_get(snapshot, CV_ISSUER, out->class.issuer.iid, &out->issuer))
    {
        return cv_txn_err(snapshot, NULL) != CV_OK
               ? cv_txn_err(snapshot, NULL) : CV_ERR_DAMAGED;
    }

    out->known = true;
    out->picture = cv_badges_picture(snapshot, out->credential.class.iid,
                                     &picture);

    return cv_inspect_compare(out, badge, now);
}
