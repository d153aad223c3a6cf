
/*
 * Copyright (C) The credverify authors
 */

#include "cv_message.h"
#include "cv_badges.h"
#include "cv_json.h"
#include "cv_mailbox.h"
#include "cv_raster.h"
#include "cv_text.h"

#include <stdlib.h>
#include <strings.h>

/* what a view calls a card (cv_view.h), in pixels */
#define CV_MESSAGE_WIDTH   1200
#define CV_MESSAGE_HEIGHT  630

#define CV_MESSAGE_ID_MAX  1024

typedef enum {
    CV_MESSAGE_NUMBER = 0,
    CV_MESSAGE_CODE,
    CV_MESSAGE_PUBLIC_ID,
    CV_MESSAGE_CREDENTIAL,
    CV_MESSAGE_HANDLES
} cv_message_handle_t;


static const cv_str_t  cv_message_handles[CV_MESSAGE_HANDLES] = {
    [CV_MESSAGE_NUMBER] = { (const uint8_t *) "number", 6 },
    [CV_MESSAGE_CODE] = { (const uint8_t *) "code", 4 },
    [CV_MESSAGE_PUBLIC_ID] = { (const uint8_t *) "public_id", 9 },
    [CV_MESSAGE_CREDENTIAL] = { (const uint8_t *) "id", 2 },
};


cv_err_t
cv_message_check(const cv_document_t *document, cv_error_t *error)
{
    static const cv_format_t  needed[] = {
        CV_FORMAT_JSON, CV_FORMAT_TXT, CV_FORMAT_HTML
    };

    size_t  i;

    for (i = 0; i < CV_COUNT(needed); i++) {
        if (!cv_document_has(document, needed[i])) {
            return cv_error_set(error, CV_ERR_INPUT, "there is no "
                                CV_MESSAGE_DOCUMENT ".%.*s that mail could be "
                                "made of", CV_FMT(cv_format_names[needed[i]]));
        }
    }

    if (!cv_document_knows(document, CV_VALID)) {
        return cv_error_set(error, CV_ERR_INPUT, CV_MESSAGE_DOCUMENT ".json "
                            "has no \"valid\"");
    }

    return CV_OK;
}


/*
 * The next part of a link: constant text, or else the name of a handle.  False
 * at its end; CV_MESSAGE_HANDLES is a name that is none.
 */

typedef struct {
    cv_str_t             text;
    bool                 named;
    cv_message_handle_t  handle;
} cv_message_part_t;

static bool
cv_message_part(cv_str_t *rest, cv_message_part_t *part)
{
    const uint8_t  *end;

    if (rest->len == 0) {
        return false;
    }

    part->named = rest->data[0] == '{';
    end = memchr(rest->data, part->named ? '}' : '{', rest->len);

    if (end == NULL) {
        end = cv_str_end(*rest);
    }

    part->text = cv_str(rest->data + part->named,
                        (size_t) (end - rest->data) - part->named);

    if (part->named && end < cv_str_end(*rest)) {
        end++;
    }

    if (part->named) {
        part->handle = (cv_message_handle_t)
                       cv_str_index(cv_message_handles, CV_MESSAGE_HANDLES,
                                    part->text);
    }

    *rest = cv_str(end, (size_t) (cv_str_end(*rest) - end));

    return true;
}


cv_err_t
cv_message_check_link(cv_str_t link, cv_error_t *error)
{
    size_t             i;
    cv_message_part_t  part;

    if (!(link.len > 8 && strncasecmp((const char *) link.data, "https://", 8)
                          == 0)
        && !(link.len > 7 && strncasecmp((const char *) link.data, "http://",
                                         7) == 0))
    {
        return cv_error_set(error, CV_ERR_INPUT, "the link must begin with "
                            "https:// or http://");
    }

    for (i = 0; i < link.len; i++) {
        if (link.data[i] <= 0x20 || link.data[i] > 0x7e) {
            return cv_error_set(error, CV_ERR_INPUT, "the link has a character "
                                "that no URL has");
        }
    }

    while (cv_message_part(&link, &part)) {
        if (part.named && part.handle == CV_MESSAGE_HANDLES) {
            return cv_error_set(error, CV_ERR_INPUT, "\"{%.*s}\" is none of "
                                "{number}, {code}, {public_id} and {id}",
                                CV_FMT(part.text));
        }
    }

    return CV_OK;
}


static cv_err_t
cv_message_link(cv_buf_t *out, cv_str_t link, const cv_credential_t *credential,
    cv_error_t *error)
{
    cv_str_t           handles[CV_MESSAGE_HANDLES];
    cv_message_part_t  part;

    handles[CV_MESSAGE_NUMBER] = credential->number;
    handles[CV_MESSAGE_CODE] = credential->code;
    handles[CV_MESSAGE_PUBLIC_ID] = credential->public_id;
    handles[CV_MESSAGE_CREDENTIAL] = credential->id;

    while (cv_message_part(&link, &part)) {

        if (!part.named) {
            cv_buf_append_str(out, part.text);
            continue;
        }

        if (!cv_present(handles[part.handle])) {
            return cv_error_set(error, CV_ERR_INPUT, "the credential has no "
                                "%.*s, which the link is made of",
                                CV_FMT(part.text));
        }

        cv_escape_url(out, handles[part.handle]);
    }

    return cv_buf_failed(out)
           ? cv_error_set(error, CV_ERR_INPUT, "the link is too long") : CV_OK;
}


/* who it is about, and that there is something to send */

static cv_err_t
cv_message_find(cv_verification_t *found, cv_verifier_t *verifier,
    cv_txn_t *snapshot, uint64_t credential, cv_time_t now, cv_error_t *error)
{
    cv_err_t         err;
    cv_request_t     request;
    cv_credential_t  record;

    if (credential == 0
        || !cv_get(snapshot, CV_CREDENTIAL, credential, &record))
    {
        err = cv_txn_err(snapshot, error);
        return err != CV_OK ? err
               : cv_error_set(error, CV_ERR_INPUT, "the credential is gone");
    }

    /* it may have become one since */

    if (cv_credential_is_test(&record)) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "a test credential is not mailed");
    }

    memset(&request, 0, sizeof(cv_request_t));
    request.by = CV_BY_COUNT;

    err = cv_verify_iid(found, verifier, snapshot, credential, &request,
                        now);

    if (err != CV_OK) {
        return cv_error_set(error, err, "the credential cannot be read");
    }

    if (found->verdict.reason != CV_VALID) {
        return cv_error_set(error, CV_ERR_INPUT, "the credential is not valid: "
                            "%s", found->verdict.reason == CV_NOT_FOUND
                            ? cv_status_names[CV_STATUS_DRAFT]
                            : (const char *)
                              cv_outcomes[found->verdict.reason].name.data);
    }

    if (found->holder.email.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "the holder has no e-mail "
                            "address");
    }

    return cv_mailbox_check(found->holder.email, error);
}


static bool
cv_message_drawn(void *to, const void *data, size_t len)
{
    cv_buf_append(to, data, len);

    return !cv_buf_failed(to);
}


/* mail clients show no SVG: what is no PNG is drawn */

static cv_err_t
cv_message_draw(cv_message_t *message, const cv_document_t *document,
    const cv_facts_t *facts, cv_error_t *error)
{
    cv_buf_t        svg;
    cv_err_t        err;
    cv_rendering_t  rendering;

    cv_buf_init(&svg, CV_RASTER_SVG_MAX);

    err = cv_document_render(document, CV_FORMAT_CARD, CV_VALID, facts, &svg,
                             &rendering);
    if (err != CV_OK) {
        err = cv_error_set(error, err, "the badge cannot be made");

    } else {
        err = cv_raster(cv_buf_str(&svg), CV_MESSAGE_WIDTH, CV_MESSAGE_HEIGHT,
                        cv_message_drawn, &message->picture, error);
    }

    cv_buf_free(&svg);

    return err;
}


/* the class's own picture, as it is, or else the view's card */

static cv_err_t
cv_message_picture(cv_message_t *message, const cv_document_t *document,
    cv_txn_t *snapshot, const cv_verification_t *found,
    const cv_facts_t *facts, cv_error_t *error)
{
    cv_err_t    err;
    cv_image_t  image;

    if (cv_badges_picture(snapshot, found->credential.class.iid, &image)
        == CV_IMAGE_PNG)
    {
        cv_buf_append_str(&message->picture, image.data);
        return CV_OK;
    }

    err = cv_txn_err(snapshot, error);

    if (err != CV_OK || !cv_document_has(document, CV_FORMAT_CARD)) {
        return err;
    }

    return cv_message_draw(message, document, facts, error);
}


/* what a view knows as "links" */

static cv_err_t
cv_message_links(cv_message_t *message, const cv_message_conf_t *conf,
    cv_buf_t *doc, const cv_credential_t *credential, cv_error_t *error)
{
    size_t    mark;
    uint8_t   memory[CV_MESSAGE_LINK_MAX];
    cv_buf_t  url;
    cv_err_t  err;

    mark = cv_doc_open(doc, CV_DOC_OBJECT);

    if (cv_present(conf->link)) {
        cv_buf_borrow(&url, memory, sizeof(memory));

        err = cv_message_link(&url, conf->link, credential, error);
        if (err != CV_OK) {
            return err;
        }

        cv_doc_put_name(doc, CV_STR("verify"));
        cv_doc_put(doc, CV_DOC_STRING, cv_buf_str(&url));
    }

    if (message->picture.len > 0) {
        cv_buf_borrow(&url, memory, sizeof(memory));
        cv_buf_append_str(&url, CV_STR("cid:badge."));
        cv_buf_append_str(&url, cv_buf_str(&message->id));

        cv_doc_put_name(doc, CV_STR("badge"));
        cv_doc_put(doc, CV_DOC_STRING, cv_buf_str(&url));
    }

    cv_doc_close(doc, mark);

    return CV_OK;
}


/* lines of mail end in CR LF, those of files mostly do not (RFC 5322, 2.3) */

static void
cv_message_lines(cv_buf_t *out, cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '\r') {
            continue;
        }

        if (text.data[i] == '\n') {
            cv_buf_append_byte(out, '\r');
        }

        cv_buf_append_byte(out, text.data[i]);
    }
}


static cv_err_t
cv_message_render(cv_buf_t *out, const cv_document_t *document,
    cv_format_t format, const cv_facts_t *facts, cv_error_t *error)
{
    cv_buf_t        body;
    cv_err_t        err;
    cv_rendering_t  rendering;

    cv_buf_init(&body, CV_MESSAGE_TEXT_MAX);

    err = cv_document_render(document, format, CV_VALID, facts, &body,
                             &rendering);

    if (err == CV_OK && format == CV_FORMAT_JSON) {
        err = cv_json_parse(out, cv_buf_str(&body), NULL);

    } else if (err == CV_OK) {
        cv_message_lines(out, cv_buf_str(&body));
        err = out->err;
    }

    cv_buf_free(&body);

    return err == CV_OK ? CV_OK
           : cv_error_set(error, err == CV_ERR_LIMIT ? CV_ERR_INPUT : err,
                          CV_MESSAGE_DOCUMENT ".%.*s cannot be rendered",
                          CV_FMT(cv_format_names[format]));
}


static cv_err_t
cv_message_parts(cv_message_t *message, const cv_document_t *document,
    const cv_facts_t *facts, cv_error_t *error)
{
    cv_doc_t  doc;
    cv_err_t  err;

    err = cv_message_render(&message->fields, document, CV_FORMAT_JSON, facts,
                            error);
    if (err != CV_OK) {
        return err;
    }

    doc = cv_buf_str(&message->fields);

    message->subject = cv_doc_text(cv_doc_member(doc, CV_STR("subject")));
    message->from = cv_doc_text(cv_doc_member(doc, CV_STR("from")));
    message->to = cv_doc_text(cv_doc_member(doc, CV_STR("to")));

    if (message->subject.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, CV_MESSAGE_DOCUMENT ".json "
                            "has no \"subject\" for what is valid");
    }

    err = cv_message_render(&message->text, document, CV_FORMAT_TXT, facts,
                            error);

    return err != CV_OK ? err
           : cv_message_render(&message->html, document, CV_FORMAT_HTML, facts,
                               error);
}


static void
cv_message_begin(cv_message_t *message, const cv_message_conf_t *conf,
    const cv_event_t *event)
{
    memset(message, 0, sizeof(cv_message_t));

    cv_buf_init(&message->id, CV_MESSAGE_ID_MAX);
    cv_buf_init(&message->address, CV_MAILBOX_MAX + 1);
    cv_buf_init(&message->fields, CV_MESSAGE_TEXT_MAX);
    cv_buf_init(&message->text, 2 * CV_MESSAGE_TEXT_MAX);
    cv_buf_init(&message->html, 2 * CV_MESSAGE_TEXT_MAX);
    cv_buf_init(&message->picture, CV_RASTER_SIDE_MAX * 1024);

    /* an id is an atom whatever is in it: "%" may be in one */

    cv_escape_url(&message->id, event->id);
    cv_buf_append_byte(&message->id, '@');
    cv_buf_append_str(&message->id, conf->domain);
}


static cv_err_t
cv_message_fill(cv_message_t *message, const cv_message_conf_t *conf,
    cv_verifier_t *verifier, cv_txn_t *snapshot, uint64_t credential,
    cv_time_t now, cv_error_t *error)
{
    cv_buf_t            links;
    cv_err_t            err;
    cv_facts_t          facts;
    cv_verification_t   found;

    err = cv_message_find(&found, verifier, snapshot, credential, now, error);
    if (err != CV_OK) {
        return err;
    }

    cv_buf_append_str(&message->address, found.holder.email);
    cv_disclose(&facts, &found.verdict, CV_VALID, &found.evidence, now);

    cv_buf_init(&links, 2 * CV_MESSAGE_LINK_MAX + CV_MESSAGE_ID_MAX);

    err = cv_message_picture(message, conf->document, snapshot, &found, &facts,
                             error);

    if (err == CV_OK) {
        err = cv_message_links(message, conf, &links, &found.credential,
                               error);
    }

    if (err == CV_OK) {
        cv_fact_set_doc(&facts, CV_FACT_LINKS, cv_buf_str(&links));
        err = cv_message_parts(message, conf->document, &facts, error);
    }

    if (err == CV_OK
        && (cv_buf_failed(&message->id) || cv_buf_failed(&message->address)
            || cv_buf_failed(&message->picture) || cv_buf_failed(&links)))
    {
        err = cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    cv_buf_free(&links);

    return err;
}


cv_err_t
cv_message_make(cv_message_t *message, const cv_message_conf_t *conf,
    cv_txn_t *snapshot, const cv_event_t *event, cv_time_t now,
    cv_error_t *error)
{
    cv_err_t        err;
    cv_verifier_t  *verifier;

    cv_message_begin(message, conf, event);

    /* it is for one store, which may be another one by the next message */

    verifier = cv_verifier_new();

    if (verifier == NULL) {
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    err = cv_message_fill(message, conf, verifier, snapshot,
                          event->credential.iid, now, error);

    cv_verifier_free(verifier);

    return err;
}


void
cv_message_free(cv_message_t *message)
{
    cv_buf_free(&message->id);
    cv_buf_free(&message->address);
    cv_buf_free(&message->fields);
    cv_buf_free(&message->text);
    cv_buf_free(&message->html);
    cv_buf_free(&message->picture);
}
