
/*
 * Copyright (C) The credverify authors
 *
 * What a mail about a credential says: the document "message" of a view,
 * rendered for the holder, and the badge.
 */

#ifndef CV_MESSAGE_H
#define CV_MESSAGE_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_store.h"
#include "cv_view.h"

#define CV_MESSAGE_DOCUMENT  "message"

/* In bytes, of each part. */
#define CV_MESSAGE_TEXT_MAX  ((size_t) 1024 * 1024)
#define CV_MESSAGE_LINK_MAX  2048

typedef struct {
    cv_document_t  *document;
    cv_str_t        link;       /* template of the page's URL; absent: none */
    cv_str_t        domain;     /* in which ids are unique */
} cv_message_conf_t;

/* Texts of the fields borrow from "fields"; all else is the message's own. */

typedef struct {
    cv_buf_t   id;              /* of the message, without angle brackets */
    cv_buf_t   address;         /* whom it is for, checked */
    cv_buf_t   fields;
    cv_str_t   subject;
    cv_str_t   from;            /* names, or absent */
    cv_str_t   to;
    cv_buf_t   text;            /* lines end in CR LF */
    cv_buf_t   html;
    cv_buf_t   picture;         /* PNG; empty if there is none */
} cv_message_t;

/* CV_ERR_INPUT unless it has a subject, text and HTML for what is valid. */
cv_err_t cv_message_check(const cv_document_t *document, cv_error_t *error)
    CV_MUST_CHECK;

/* CV_ERR_INPUT unless it is an http or https URL with known names in it. */
cv_err_t cv_message_check_link(cv_str_t link, cv_error_t *error) CV_MUST_CHECK;

/*
 * Makes the message of an event; errors are those of cv_mail_attempt().  To be
 * freed whatever comes of it.
 */
cv_err_t cv_message_make(cv_message_t *message, const cv_message_conf_t *conf,
    cv_txn_t *snapshot, const cv_event_t *event, cv_time_t now,
    cv_error_t *error) CV_MUST_CHECK;
void cv_message_free(cv_message_t *message);

#endif /* CV_MESSAGE_H */
