
/*
 * Copyright (C) The credverify authors
 *
 * Credentials sent to their holders by mail: a message made of the documents of
 * a view, with the badge inside, handed to one SMTP server by libcurl.
 */

#ifndef CV_MAIL_H
#define CV_MAIL_H

#include "cv_base.h"
#include "cv_deliver.h"

/* Time limits, in milliseconds: to connect, and for a message in all. */
#define CV_MAIL_CONNECT  10000
#define CV_MAIL_TIMEOUT  60000

typedef enum {
    CV_MAIL_TLS_REQUIRED = 0,   /* by STARTTLS, or from the beginning */
    CV_MAIL_TLS_OFFERED,        /* if the server offers it */
    CV_MAIL_TLS_OFF,
} cv_mail_tls_t;

extern const char *const  cv_mail_tls_names[];

/* All strings are copied. */

typedef struct {
    const char      *url;       /* smtp://HOST[:PORT][/NAME], or smtps://; the
                                   name is what this side calls itself */
    const char      *from;      /* the address that mail comes from */
    const char      *dir;       /* of the view, with "message" in it */
    const char      *link;      /* URL of the page that verifies, with {number},
                                   {code}, {public_id} or {id} for what the
                                   credential has; NULL: none */
    const char      *user;      /* NULL: no login */
    const char      *password;
    const char      *ca_file;   /* NULL: whom the system trusts */
    cv_mail_tls_t    tls;
} cv_mail_conf_t;

/* What messages are made with. */
typedef struct cv_mailer_s  cv_mailer_t;

/*
 * Compiles the view, and checks all options.  CV_ERR_INPUT and a sentence for
 * what is wrong; nothing is spoken to.
 */
cv_err_t cv_mailer_new(cv_mailer_t **mailer, const cv_mail_conf_t *conf,
    cv_error_t *error) CV_MUST_CHECK;
void cv_mailer_free(cv_mailer_t *mailer);

/*
 * A sender (cv_deliver.h) of what events of type "mail" are about; "mailer" is a
 * cv_mailer_t.  The same event has the same Message-ID and Date each time; what
 * the message says is as true as "now".
 *
 * It is never sent if the credential is not valid, or not there any more, or if
 * its holder has no address that mail could go to.  A server's answer of 5xx to
 * a message is for ever; one to who sends it, which wants a login, or TLS, is
 * not.  Neither error has an address in it.
 */
cv_attempt_t *cv_mail_attempt(void *mailer, cv_txn_t *snapshot,
    const cv_consignment_t *what, cv_sent_t *sent);

#endif /* CV_MAIL_H */
