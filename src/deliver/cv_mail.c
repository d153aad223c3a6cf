
/*
 * Copyright (C) The credverify authors
 */

#include "cv_mail.h"
#include "cv_letter.h"
#include "cv_mailbox.h"
#include "cv_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CV_MAIL_WORDS_MAX  512
#define CV_MAIL_FIELD_MAX  (64 * 1024)


struct cv_mailer_s {
    cv_message_conf_t   message;
    cv_mail_tls_t       tls;
    char               *url;
    char               *from;
    char               *link;
    char               *user;
    char               *password;
    char               *ca_file;
};

typedef struct {
    cv_attempt_t        attempt;
    curl_mime          *mime;
    struct curl_slist  *fields;
    struct curl_slist  *recipients;
    char               *address;        /* that of the recipient */
    bool                begun;          /* the server was told of a message */
    bool                quit;
    bool                replied;        /* its reply is whole: the next line is
                                           of another */
    size_t              nwords;
    char                words[CV_MAIL_WORDS_MAX];   /* of its last reply */
    char                said[CURL_ERROR_SIZE];
} cv_mail_attempt_t;


const char *const  cv_mail_tls_names[] = {
    [CV_MAIL_TLS_REQUIRED] = "required",
    [CV_MAIL_TLS_OFFERED] = "offered",
    [CV_MAIL_TLS_OFF] = "off",
    NULL
};


/* Options */

static cv_err_t
cv_mailer_check_url(const char *url, cv_error_t *error)
{
    bool    login;
    char   *part;
    CURLU  *parsed;

    if (strncasecmp(url, "smtp://", 7) != 0
        && strncasecmp(url, "smtps://", 8) != 0)
    {
        return cv_error_set(error, CV_ERR_INPUT, "the server must be "
                            "smtp://HOST[:PORT] or smtps://HOST[:PORT]");
    }

    parsed = curl_url();
    part = NULL;

    if (parsed == NULL
        || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
    {
        curl_url_cleanup(parsed);
        return cv_error_set(error, CV_ERR_INPUT, "the server is no URL");
    }

    login = curl_url_get(parsed, CURLUPART_USER, &part, 0) == CURLUE_OK;
    curl_free(part);
    curl_url_cleanup(parsed);

    /* others see what a command was started with */

    return login ? cv_error_set(error, CV_ERR_INPUT, "user and password do not "
                                "belong into the server's URL")
                 : CV_OK;
}


static char *
cv_mailer_copy(const char *text, bool *failed)
{
    char  *copy;

    copy = text == NULL ? NULL : strdup(text);
    *failed |= text != NULL && copy == NULL;

    return copy;
}


static cv_err_t
cv_mailer_set(cv_mailer_t *mailer, const cv_mail_conf_t *conf)
{
    bool         failed;
    const char  *at;

    failed = false;

    mailer->tls = conf->tls;
    mailer->url = cv_mailer_copy(conf->url, &failed);
    mailer->from = cv_mailer_copy(conf->from, &failed);
    mailer->link = cv_mailer_copy(conf->link, &failed);
    mailer->user = cv_mailer_copy(conf->user, &failed);
    mailer->password = cv_mailer_copy(conf->password, &failed);
    mailer->ca_file = cv_mailer_copy(conf->ca_file, &failed);

    if (failed) {
        return CV_ERR_NOMEM;
    }

    at = strrchr(mailer->from, '@');

    mailer->message.link = cv_str_z(mailer->link);
    mailer->message.domain = cv_str_z(at + 1);

    return CV_OK;
}


cv_err_t
cv_mailer_new(cv_mailer_t **mailer, const cv_mail_conf_t *conf,
    cv_error_t *error)
{
    cv_err_t      err;
    cv_mailer_t  *made;

    *mailer = NULL;

    err = cv_mailer_check_url(conf->url, error);

    if (err == CV_OK) {
        err = cv_mailbox_check(cv_str_z(conf->from), error);
    }

    if (err == CV_OK && conf->link != NULL) {
        err = cv_message_check_link(cv_str_z(conf->link), error);
    }

    if (err == CV_OK && conf->user != NULL
        && conf->tls != CV_MAIL_TLS_REQUIRED)
    {
        err = cv_error_set(error, CV_ERR_INPUT, "a password is sent where TLS "
                           "is required only");
    }

    if (err != CV_OK) {
        return err;
    }

    made = calloc(1, sizeof(cv_mailer_t));

    if (made == NULL || cv_mailer_set(made, conf) != CV_OK) {
        cv_mailer_free(made);
        return cv_error_set(error, CV_ERR_NOMEM, "out of memory");
    }

    err = cv_document_load(&made->message.document, conf->dir,
                           CV_MESSAGE_DOCUMENT, error);

    if (err == CV_OK) {
        err = cv_message_check(made->message.document, error);
    }

    if (err != CV_OK) {
        cv_mailer_free(made);
        return err;
    }

    *mailer = made;

    return CV_OK;
}


void
cv_mailer_free(cv_mailer_t *mailer)
{
    if (mailer == NULL) {
        return;
    }

    if (mailer->password != NULL) {
        explicit_bzero(mailer->password, strlen(mailer->password));
    }

    cv_document_free(mailer->message.document);

    free(mailer->url);
    free(mailer->from);
    free(mailer->link);
    free(mailer->user);
    free(mailer->password);
    free(mailer->ca_file);
    free(mailer);
}


/* The conversation */

static bool
cv_mail_begins(const char *data, size_t len, const char *with)
{
    return len >= strlen(with) && strncasecmp(data, with, strlen(with)) == 0;
}


/*
 * What is sent: only which command it is matters, and nothing of it is kept, for
 * there are passwords in it.
 */

static int
cv_mail_watch(CURL *easy, curl_infotype type, char *data, size_t len,
    void *arg)
{
    cv_mail_attempt_t  *mail = arg;

    (void) easy;

    if (type != CURLINFO_HEADER_OUT) {
        return 0;
    }

    mail->quit |= cv_mail_begins(data, len, "QUIT");
    mail->begun |= cv_mail_begins(data, len, "MAIL ");

    return 0;
}


/* a line of a reply: what follows its code */

static size_t
cv_mail_reply(char *data, size_t size, size_t n, void *arg)
{
    size_t              len, room;
    cv_mail_attempt_t  *mail = arg;

    len = size * n;

    if (!mail->quit && len > 4) {

        if (mail->replied) {
            mail->nwords = 0;
        }

        mail->replied = data[3] == ' ';     /* "-" if there are more lines */
        room = sizeof(mail->words) - mail->nwords;

        if (len - 4 < room) {
            memcpy(mail->words + mail->nwords, data + 4, len - 4);
            mail->nwords += len - 4;
        }
    }

    return len;
}


/* nothing but a reply can be read, and it goes to the above */

static size_t
cv_mail_body(char *data, size_t size, size_t n, void *arg)
{
    (void) data;
    (void) arg;

    return size * n;
}


/*
 * Whether a server's "no" is to this message: before it is told of one, and
 * where it wants a login or TLS first (RFC 4954, 6; RFC 3207, 4), it is to how
 * this was set up, and others would hear it as well.
 */

static bool
cv_mail_refused(const cv_mail_attempt_t *mail, long status)
{
    return mail->begun && status >= 500 && status <= 599
           && status != 530 && status != 534 && status != 535
           && status != 538;
}


static void
cv_mail_say(const cv_mail_attempt_t *mail, long status, CURLcode code,
    cv_sent_t *sent)
{
    cv_buf_t  text;

    cv_buf_borrow(&text, sent->error, sizeof(sent->error) - 1);

    if (status >= 400 && mail->nwords > 0) {
        cv_buf_append_int(&text, status);
        cv_buf_append_byte(&text, ' ');
        cv_letter_words(&text, cv_str(mail->words, mail->nwords),
                        cv_str_z(mail->address));

    } else {
        cv_letter_words(&text, cv_str_z(mail->said[0] != '\0' ? mail->said
                                        : curl_easy_strerror(code)),
                        cv_str_z(mail->address));
    }

    sent->error[text.len] = '\0';
}


static void
cv_mail_done(cv_attempt_t *attempt, CURLcode code, cv_sent_t *sent)
{
    long                status;
    cv_mail_attempt_t  *mail = (cv_mail_attempt_t *) attempt;

    status = 0;
    (void) curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &status);

    if (code == CURLE_OK) {
        sent->status = (unsigned) status;
        sent->how = CV_SENT_DONE;
        return;
    }

    /* what was answered well is not why it failed */

    sent->status = status >= 400 ? (unsigned) status : 0;
    sent->how = cv_mail_refused(mail, status) ? CV_SENT_DEAD : CV_SENT_AGAIN;
    cv_mail_say(mail, status, code, sent);
}


static void
cv_mail_free(cv_attempt_t *attempt)
{
    cv_mail_attempt_t  *mail = (cv_mail_attempt_t *) attempt;

    curl_easy_cleanup(attempt->easy);
    curl_mime_free(mail->mime);
    curl_slist_free_all(mail->fields);
    curl_slist_free_all(mail->recipients);
    free(mail->address);
    free(mail);
}


/* The message */

static bool
cv_mail_add(struct curl_slist **list, cv_buf_t *text)
{
    struct curl_slist  *longer;

    cv_buf_append_byte(text, '\0');

    if (cv_buf_failed(text)) {
        return false;
    }

    longer = curl_slist_append(*list, (char *) text->data);

    if (longer == NULL) {
        return false;
    }

    *list = longer;
    cv_buf_reset(text);

    return true;
}


static bool
cv_mail_fields(cv_mail_attempt_t *mail, const cv_mailer_t *mailer,
    const cv_message_t *message, cv_time_t at)
{
    bool      ok;
    cv_buf_t  field;

    cv_buf_init(&field, CV_MAIL_FIELD_MAX);

    cv_buf_append_str(&field, CV_STR("Date: "));
    cv_letter_date(&field, at);
    ok = cv_mail_add(&mail->fields, &field);

    cv_buf_append_str(&field, CV_STR("From: "));
    cv_letter_mailbox(&field, message->from, cv_str_z(mailer->from));
    ok = ok && cv_mail_add(&mail->fields, &field);

    cv_buf_append_str(&field, CV_STR("To: "));
    cv_letter_mailbox(&field, message->to, cv_buf_str(&message->address));
    ok = ok && cv_mail_add(&mail->fields, &field);

    cv_buf_append_str(&field, CV_STR("Subject: "));
    cv_letter_text(&field, message->subject);
    ok = ok && cv_mail_add(&mail->fields, &field);

    cv_buf_append_str(&field, CV_STR("Message-ID: <"));
    cv_buf_append_str(&field, cv_buf_str(&message->id));
    cv_buf_append_byte(&field, '>');
    ok = ok && cv_mail_add(&mail->fields, &field);

    /* RFC 3834, 5: nobody is to answer that he is on holiday */

    cv_buf_append_str(&field, CV_STR("Auto-Submitted: auto-generated"));
    ok = ok && cv_mail_add(&mail->fields, &field);

    cv_buf_append_str(&field, message->picture.len > 0
                      ? CV_STR("Content-Type: multipart/related; "
                               "type=\"multipart/alternative\"")
                      : CV_STR("Content-Type: multipart/alternative"));
    ok = ok && cv_mail_add(&mail->fields, &field);

    cv_buf_free(&field);

    return ok;
}


static CURLcode
cv_mail_part(curl_mime *mime, cv_str_t data, const char *type,
    const char *encoding, struct curl_slist *fields)
{
    CURLcode        code;
    curl_mimepart  *part;

    part = curl_mime_addpart(mime);

    if (part == NULL) {
        curl_slist_free_all(fields);
        return CURLE_OUT_OF_MEMORY;
    }

    code = curl_mime_headers(part, fields, 1);

    if (code == CURLE_OK) {
        code = curl_mime_data(part, (const char *) data.data, data.len);
    }

    if (code == CURLE_OK) {
        code = curl_mime_type(part, type);
    }

    return code != CURLE_OK ? code : curl_mime_encoder(part, encoding);
}


static CURLcode
cv_mail_texts(curl_mime *mime, const cv_message_t *message)
{
    CURLcode  code;

    /* the last is what is best to show (RFC 2046, 5.1.4) */

    code = cv_mail_part(mime, cv_buf_str(&message->text),
                        "text/plain; charset=utf-8", "quoted-printable", NULL);

    return code != CURLE_OK ? code
           : cv_mail_part(mime, cv_buf_str(&message->html),
                          "text/html; charset=utf-8", "quoted-printable",
                          NULL);
}


static CURLcode
cv_mail_picture(curl_mime *mime, const cv_message_t *message)
{
    bool                ok;
    cv_buf_t            field;
    struct curl_slist  *fields;

    fields = NULL;
    cv_buf_init(&field, CV_MAIL_FIELD_MAX);

    cv_buf_append_str(&field, CV_STR("Content-ID: <badge."));
    cv_buf_append_str(&field, cv_buf_str(&message->id));
    cv_buf_append_byte(&field, '>');
    ok = cv_mail_add(&fields, &field);

    cv_buf_append_str(&field, CV_STR("Content-Disposition: inline; "
                                     "filename=\"badge.png\""));
    ok = ok && cv_mail_add(&fields, &field);

    cv_buf_free(&field);

    if (!ok) {
        curl_slist_free_all(fields);
        return CURLE_OUT_OF_MEMORY;
    }

    return cv_mail_part(mime, cv_buf_str(&message->picture), "image/png",
                        "base64", fields);
}


static CURLcode
cv_mail_parts(cv_mail_attempt_t *mail, const cv_message_t *message)
{
    CURLcode        code;
    curl_mime      *texts;
    curl_mimepart  *part;

    mail->mime = curl_mime_init(mail->attempt.easy);

    if (mail->mime == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }

    if (message->picture.len == 0) {
        return cv_mail_texts(mail->mime, message);
    }

    part = curl_mime_addpart(mail->mime);
    texts = part == NULL ? NULL : curl_mime_init(mail->attempt.easy);

    if (texts == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }

    code = curl_mime_subparts(part, texts);

    if (code != CURLE_OK) {
        curl_mime_free(texts);
        return code;
    }

    code = curl_mime_type(part, "multipart/alternative");

    if (code == CURLE_OK) {
        code = cv_mail_texts(texts, message);
    }

    return code != CURLE_OK ? code : cv_mail_picture(mail->mime, message);
}


/* A return code that is not to be forgotten; CURLE_OK is 0. */

#define cv_mail_set(code, easy, option, value)                                \
    (code) = (code) != CURLE_OK ? (code)                                      \
                                : curl_easy_setopt(easy, option, value)


static CURLcode
cv_mail_set_up(cv_mail_attempt_t *mail, const cv_mailer_t *mailer)
{
    CURL      *easy;
    CURLcode   code;

    static const long  tls[] = {
        [CV_MAIL_TLS_REQUIRED] = CURLUSESSL_ALL,
        [CV_MAIL_TLS_OFFERED] = CURLUSESSL_TRY,
        [CV_MAIL_TLS_OFF] = CURLUSESSL_NONE,
    };

    easy = mail->attempt.easy;
    code = CURLE_OK;

    cv_mail_set(code, easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    cv_mail_set(code, easy, CURLOPT_PROXY, "");
    cv_mail_set(code, easy, CURLOPT_URL, mailer->url);
    cv_mail_set(code, easy, CURLOPT_USE_SSL, tls[mailer->tls]);
    cv_mail_set(code, easy, CURLOPT_SSLVERSION,
                (long) CURL_SSLVERSION_TLSv1_2);
    cv_mail_set(code, easy, CURLOPT_CONNECTTIMEOUT_MS, (long) CV_MAIL_CONNECT);
    cv_mail_set(code, easy, CURLOPT_TIMEOUT_MS, (long) CV_MAIL_TIMEOUT);
    cv_mail_set(code, easy, CURLOPT_NOSIGNAL, 1L);
    cv_mail_set(code, easy, CURLOPT_MAIL_FROM, mailer->from);
    cv_mail_set(code, easy, CURLOPT_MAIL_RCPT, mail->recipients);
    cv_mail_set(code, easy, CURLOPT_HTTPHEADER, mail->fields);
    cv_mail_set(code, easy, CURLOPT_MIMEPOST, mail->mime);
    cv_mail_set(code, easy, CURLOPT_ERRORBUFFER, mail->said);
    cv_mail_set(code, easy, CURLOPT_HEADERFUNCTION, cv_mail_reply);
    cv_mail_set(code, easy, CURLOPT_HEADERDATA, mail);
    cv_mail_set(code, easy, CURLOPT_WRITEFUNCTION, cv_mail_body);
    cv_mail_set(code, easy, CURLOPT_DEBUGFUNCTION, cv_mail_watch);
    cv_mail_set(code, easy, CURLOPT_DEBUGDATA, mail);
    cv_mail_set(code, easy, CURLOPT_VERBOSE, 1L);

    if (mailer->user != NULL) {
        cv_mail_set(code, easy, CURLOPT_USERNAME, mailer->user);
        cv_mail_set(code, easy, CURLOPT_PASSWORD, mailer->password);
    }

    if (mailer->ca_file != NULL) {
        cv_mail_set(code, easy, CURLOPT_CAINFO, mailer->ca_file);
        cv_mail_set(code, easy, CURLOPT_CAPATH, (char *) NULL);
    }

    return code;
}


static bool
cv_mail_fill(cv_mail_attempt_t *mail, const cv_mailer_t *mailer,
    cv_message_t *message, cv_time_t at)
{
    mail->address = strndup((const char *) message->address.data,
                            message->address.len);

    return mail->address != NULL
           && cv_mail_fields(mail, mailer, message, at)
           && cv_mail_add(&mail->recipients, &message->address)
           && cv_mail_parts(mail, message) == CURLE_OK
           && cv_mail_set_up(mail, mailer) == CURLE_OK;
}


static cv_attempt_t *
cv_mail_make(const cv_mailer_t *mailer, cv_message_t *message, cv_time_t at)
{
    cv_mail_attempt_t  *mail;

    mail = calloc(1, sizeof(cv_mail_attempt_t));

    if (mail == NULL) {
        return NULL;
    }

    mail->attempt = (cv_attempt_t) { curl_easy_init(), cv_mail_done,
                                     cv_mail_free };

    if (mail->attempt.easy == NULL
        || !cv_mail_fill(mail, mailer, message, at))
    {
        cv_mail_free(&mail->attempt);
        return NULL;
    }

    return &mail->attempt;
}


cv_attempt_t *
cv_mail_attempt(void *arg, cv_txn_t *snapshot, const cv_consignment_t *what,
    cv_sent_t *sent)
{
    cv_err_t       err;
    cv_error_t     error;
    cv_mailer_t   *mailer = arg;
    cv_attempt_t  *attempt;
    cv_message_t   message;

    attempt = NULL;

    err = cv_message_make(&message, &mailer->message, snapshot, what->event,
                          what->now, &error);

    if (err == CV_OK) {
        attempt = cv_mail_make(mailer, &message, what->event->at.at);
        err = attempt != NULL ? CV_OK
              : cv_error_set(&error, CV_ERR_NOMEM, "out of memory");
    }

    if (err != CV_OK) {
        sent->how = err == CV_ERR_INPUT ? CV_SENT_DEAD : CV_SENT_AGAIN;
        (void) snprintf(sent->error, sizeof(sent->error), "%.*s",
                        CV_SENT_ERROR_MAX - 1, error.text);
    }

    cv_message_free(&message);

    return attempt;
}
