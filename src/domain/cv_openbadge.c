
/*
 * Copyright (C) The credverify authors
 */

#include "cv_openbadge.h"
#include "cv_shape.h"
#include "cv_text.h"

#define CV_OPENBADGE_DIGITS  "0123456789"
#define CV_OPENBADGE_HEX     CV_OPENBADGE_DIGITS "abcdefABCDEF"


static bool
cv_openbadge_among(uint8_t ch, const char *set)
{
    return ch != '\0' && strchr(set, ch) != NULL;
}


/* White_Space of Unicode: so much "\s" is for validators */

static bool
cv_openbadge_blank(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85
           || code == 0xa0 || code == 0x1680
           || (code >= 0x2000 && code <= 0x200a) || code == 0x2028
           || code == 0x2029 || code == 0x202f || code == 0x205f
           || code == 0x3000;
}


/* one that says something */

static bool
cv_openbadge_text(cv_str_t text)
{
    size_t          n;
    uint32_t        code;
    const uint8_t  *p, *end;

    end = cv_str_end(text);

    for (p = text.data; p < end; p += n) {
        n = cv_utf8_decode(p, end, &code);

        if (n == 0) {
            return false;
        }

        if (code > 0x20 && !cv_openbadge_blank(code)) {
            return true;
        }
    }

    return false;
}


/* Takes off a text what is before the first of some characters. */

static cv_str_t
cv_openbadge_take(cv_str_t *text, const char *before)
{
    cv_str_t  part;

    part = cv_str(text->data, 0);

    while (text->len > 0 && !cv_openbadge_among(text->data[0], before)) {
        part.len++;
        text->data++;
        text->len--;
    }

    return part;
}


/* RFC 3986, section 3.3: "pchar", and what stands between them */

static bool
cv_openbadge_encoded(cv_str_t text)
{
    size_t   i;
    uint8_t  ch, byte;

    for (i = 0; i < text.len; i++) {
        ch = text.data[i];

        if (ch == '%') {
            if (text.len - i < 3
                || !cv_hex_decode(&byte, 1, cv_str(text.data + i + 1, 2)))
            {
                return false;
            }

        } else if (!((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
                   && !cv_openbadge_among(ch, CV_OPENBADGE_DIGITS
                                          "-._~!$&'()*+,;=:@/?"))
        {
            return false;
        }
    }

    return true;
}


/* RFC 3986, section 3.2.2: an address of version 6, or a name, which http has */

static bool
cv_openbadge_host(cv_str_t *rest)
{
    size_t    i;
    cv_str_t  host;

    if (rest->len == 0 || rest->data[0] != '[') {
        host = cv_openbadge_take(rest, ":@");
        return host.len > 0 && cv_openbadge_encoded(host);
    }

    host = cv_openbadge_take(rest, "]");

    for (i = 1; i < host.len; i++) {
        if (!cv_openbadge_among(host.data[i], CV_OPENBADGE_HEX ":.")) {
            return false;
        }
    }

    if (rest->len == 0) {
        return false;
    }

    rest->data++;
    rest->len--;

    return host.len > 1;
}


static bool
cv_openbadge_authority(cv_str_t rest)
{
    size_t    i;
    cv_str_t  user;

    user = rest;
    user = cv_openbadge_take(&user, "@");

    if (user.len < rest.len) {
        rest = cv_str(rest.data + user.len + 1, rest.len - user.len - 1);

        if (!cv_openbadge_encoded(user)) {
            return false;
        }
    }

    if (!cv_openbadge_host(&rest)) {
        return false;
    }

    for (i = 1; i < rest.len; i++) {
        if (!cv_openbadge_among(rest.data[i], CV_OPENBADGE_DIGITS)) {
            return false;
        }
    }

    return rest.len == 0 || rest.data[0] == ':';
}


bool
cv_openbadge_url(cv_str_t text)
{
    cv_str_t  authority, path;

    if (!cv_present(text) || !cv_shape_url.holds(text)) {
        return false;
    }

    /* behind "//" */

    (void) cv_openbadge_take(&text, "/");
    text = cv_str(text.data + 2, text.len - 2);

    authority = cv_openbadge_take(&text, "/?#");
    path = cv_openbadge_take(&text, "#");

    return cv_openbadge_authority(authority)
           && cv_openbadge_encoded(path)
           && (text.len == 0
               || cv_openbadge_encoded(cv_str(text.data + 1, text.len - 1)));
}


/* 1 to 65535, or none at all */

static bool
cv_openbadge_port(cv_str_t authority)
{
    uint32_t  port;
    cv_str_t  digits;

    if (authority.data[0] == '[') {
        (void) cv_openbadge_take(&authority, "]");
    }

    (void) cv_openbadge_take(&authority, ":");

    if (authority.len == 0) {
        return true;
    }

    digits = cv_str(authority.data + 1, authority.len - 1);

    for (port = 0; digits.len > 0 && port <= UINT16_MAX; digits.len--) {
        port = port * 10 + (*digits.data++ - '0');
    }

    return port >= 1 && port <= UINT16_MAX;
}


/* RFC 3986, section 5.2.4: "." and "..", however they are encoded */

static bool
cv_openbadge_dots(cv_str_t segment)
{
    size_t  i, dots;

    for (i = 0, dots = 0; i < segment.len; dots++) {

        if (segment.data[i] == '.') {
            i++;

        } else if (segment.len - i >= 3
                   && memcmp(segment.data + i, "%2", 2) == 0
                   && (segment.data[i + 2] | 0x20) == 'e')
        {
            i += 3;

        } else {
            return false;
        }
    }

    return dots == 1 || dots == 2;
}


const char *
cv_openbadge_base(cv_str_t url)
{
    cv_str_t  authority, segment;

    if (!cv_openbadge_url(url)) {
        return "the URL that all ids begin with, of https or http, encoded "
               "where it has to be";
    }

    (void) cv_openbadge_take(&url, "/");
    url = cv_str(url.data + 2, url.len - 2);

    authority = cv_openbadge_take(&url, "/?#");

    segment = authority;
    (void) cv_openbadge_take(&segment, "@");

    if (segment.len > 0) {
        return "a URL without user and password, which every badge would "
               "show";
    }

    if (!cv_openbadge_port(authority)) {
        return "a URL with a port of 1 to 65535, or none";
    }

    while (url.len > 0 && url.data[0] == '/') {
        url = cv_str(url.data + 1, url.len - 1);
        segment = cv_openbadge_take(&url, "/?#");

        if ((segment.len == 0 && url.len > 0 && url.data[0] == '/')
            || cv_openbadge_dots(segment))
        {
            return "a URL without \"//\", \"/./\" and \"/../\" in its path, "
                   "which others read as another one";
        }
    }

    return url.len == 0 ? NULL : "a URL without query and fragment";
}


/* what most validators take for an address: two texts with "@" between them */

static bool
cv_openbadge_email(cv_str_t text)
{
    size_t          n;
    uint32_t        code;
    const uint8_t  *p, *at, *end;

    at = NULL;
    end = cv_str_end(text);

    for (p = text.data; p < end; p += n) {

        /* what nearly all are made of */

        if (*p > 0x20 && *p < 0x7f && *p != '@') {
            n = 1;
            continue;
        }

        n = cv_utf8_decode(p, end, &code);

        if (n == 0 || code < 0x20 || code == 0x7f || cv_openbadge_blank(code)
            || (code == '@' && at != NULL))
        {
            return false;
        }

        if (code == '@') {
            at = p;
        }
    }

    return at != NULL && at > text.data && at + 1 < end;
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


/* what of these members is there, is a text */

static bool
cv_openbadge_texts(cv_doc_t object, const char *const *names)
{
    cv_doc_t  value;

    for ( /* void */ ; *names != NULL; names++) {
        value = cv_doc_member(object, cv_str_z(*names));

        if (cv_present(value) && cv_doc_type(value) != CV_DOC_STRING) {
            return false;
        }
    }

    return true;
}


/*
 * What is shown as it is kept must mean nothing else in JSON-LD: there null
 * is no value, and names that begin with "@" are its own.
 */

static bool
cv_openbadge_plain(cv_doc_t doc)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) == CV_DOC_NULL) {
        return false;
    }

    it = cv_doc_iter(doc);

    while (cv_doc_next(&it, &name, &value)) {
        if ((name.len > 0 && name.data[0] == '@')
            || !cv_openbadge_plain(value))
        {
            return false;
        }
    }

    return true;
}


/* a type of JSON-LD: that of the table, or one that somebody defines */

static bool
cv_openbadge_type(cv_doc_t type, cv_str_t name)
{
    cv_doc_t       value;
    cv_doc_iter_t  it;

    if (!cv_present(type) || cv_openbadge_doc_url(type)) {
        return true;
    }

    if (cv_doc_type(type) == CV_DOC_STRING) {
        return cv_str_eq(cv_doc_text(type), name);
    }

    it = cv_doc_iter(type);

    while (cv_doc_next(&it, NULL, &value)) {
        if (cv_doc_type(value) != CV_DOC_STRING
            || !cv_openbadge_type(value, name))
        {
            return false;
        }
    }

    return cv_doc_type(type) == CV_DOC_ARRAY && cv_doc_truth(type);
}


/* RFC 4122, section 3, with a version of its section 4.1.3 */

static bool
cv_openbadge_uuid(cv_str_t text)
{
    size_t  i;

    static const char  form[] = "urn:uuid:xxxxxxxx-xxxx-Vxxx-Nxxx-xxxxxxxxxxxx";

    for (i = 0; i < text.len && i < sizeof(form) - 1; i++) {
        if (!(form[i] == 'x' ? cv_openbadge_among(text.data[i],
                                                  CV_OPENBADGE_HEX)
              : form[i] == 'V' ? cv_openbadge_among(text.data[i], "12345")
              : form[i] == 'N' ? cv_openbadge_among(text.data[i], "89abAB")
                               : text.data[i] == (uint8_t) form[i]))
        {
            return false;
        }
    }

    return text.len == sizeof(form) - 1;
}


/* what is nowhere on the web may have a UUID instead */

static bool
cv_openbadge_id(cv_doc_t id)
{
    return !cv_present(id) || cv_openbadge_doc_url(id)
           || (cv_doc_type(id) == CV_DOC_STRING
               && cv_openbadge_uuid(cv_doc_text(id)));
}


static bool
cv_openbadge_criteria(cv_doc_t criteria)
{
    cv_doc_t  url, narrative;

    url = cv_doc_member(criteria, CV_STR("url"));
    narrative = cv_doc_member(criteria, CV_STR("narrative"));

    return (cv_present(url) || cv_openbadge_doc_text(narrative))
           && (!cv_present(url) || cv_openbadge_doc_url(url))
           && (!cv_present(narrative)
               || cv_doc_type(narrative) == CV_DOC_STRING);
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
            || !cv_openbadge_type(cv_doc_member(target, CV_STR("type")),
                                  CV_STR("AlignmentObject"))
            || !cv_openbadge_id(cv_doc_member(target, CV_STR("id")))
            || !cv_openbadge_plain(target))
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
            || (!cv_present(id)
                && !cv_openbadge_doc_text(cv_doc_member(piece,
                                                        CV_STR("narrative"))))
            || !cv_openbadge_id(id)
            || !cv_openbadge_texts(piece, texts)
            || !cv_openbadge_type(cv_doc_member(piece, CV_STR("type")),
                                  CV_STR("Evidence"))
            || !cv_openbadge_plain(piece))
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


/*
 * True if it is the same in a URL after those on the way have had it in their
 * hands: "/" is encoded, but whoever decodes that may then drop what is empty
 * or a dot segment (RFC 3986, section 6.2.2.3).  Something stands behind it.
 */

static bool
cv_openbadge_segment(cv_str_t id)
{
    cv_str_t  part;

    for ( ;; ) {
        part = cv_openbadge_take(&id, "/");

        if (id.len == 0) {
            return true;
        }

        if (part.len == 0 || cv_str_eq(part, CV_STR("."))
            || cv_str_eq(part, CV_STR("..")))
        {
            return false;
        }

        id.data++;
        id.len--;
    }
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
           : !cv_openbadge_segment(class->id)
             ? "an id that URLs do not keep: it begins with \"/\", or has "
               "\"//\", \"./\" or \"../\" as a part"
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
