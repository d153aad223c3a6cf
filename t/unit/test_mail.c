
/*
 * Copyright (C) The credverify authors
 *
 * Mail: which options are taken, and what is never sent.  What a server gets is
 * t/live/mail.t's.
 */

#include "fixture.h"
#include "cv_bake.h"
#include "cv_mail.h"
#include "cv_message.h"

#include <stdio.h>

#define NOW  (INT64_C(1773225000) * CV_SECOND)


/* What fontconfig keeps of fonts. */

const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}


static const cv_mail_conf_t  plain = {
    .url = "smtp://127.0.0.1:25/me",
    .from = "badges@issuer.example",
    .dir = "conf-examples/views/mail",
    .link = "https://verify.example/{code}",
    .tls = CV_MAIL_TLS_OFF,
};


static void
test_options(void **state)
{
    size_t        i;
    cv_mailer_t  *mailer;

    static const struct {
        cv_mail_conf_t   conf;
        const char      *wrong;     /* NULL: nothing is */
    } cases[] = {
        { { .url = "smtp://a" }, NULL },
        { { .url = "SMTPS://a:465/b" }, NULL },
        { { .url = "http://a" }, "must be smtp://" },
        { { .url = "smtp:/a" }, "must be smtp://" },
        { { .url = "a" }, "must be smtp://" },
        { { .url = "smtp://" }, "no URL" },
        { { .url = "smtp://a:x" }, "no URL" },
        { { .url = "smtp://u:p@a" }, "do not belong into" },
        { { .url = "smtp://u@a" }, "do not belong into" },
        { { .from = "a" }, "no \"@\"" },
        { { .from = "A <a@b>" }, "a space" },
        { { .from = "a@b\r\nX: y" }, "a space" },
        { { .link = "https://a/{number}?{code}&{public_id}{id}" }, NULL },
        { { .link = "http://a" }, NULL },
        { { .link = "https://" }, "must begin with https://" },
        { { .link = "ftp://a/{id}" }, "must begin with https://" },
        { { .link = "javascript:{id}" }, "must begin with https://" },
        { { .link = "https://a/{token}" }, "\"{token}\" is none of" },
        { { .link = "https://a/{}" }, "\"{}\" is none of" },
        { { .link = "https://a/{i" }, "\"{i}\" is none of" },
        { { .link = "https://a/ b" }, "no URL has" },
        { { .link = "https://a/\n{id}" }, "no URL has" },
        { { .user = "u", .password = "p" }, "where TLS is required only" },
        { { .user = "u", .password = "p", .tls = CV_MAIL_TLS_OFFERED },
          "where TLS is required only" },
        { { .dir = "conf-examples/views/none" }, "message.json" },
        { { .dir = "t/data" }, "message.json" },
    };

    (void) state;

    for (i = 0; i < CV_COUNT(cases); i++) {
        cv_mail_conf_t  conf = plain;

        conf.url = cases[i].conf.url ? cases[i].conf.url : conf.url;
        conf.from = cases[i].conf.from ? cases[i].conf.from : conf.from;
        conf.link = cases[i].conf.link ? cases[i].conf.link : conf.link;
        conf.dir = cases[i].conf.dir ? cases[i].conf.dir : conf.dir;
        conf.tls = cases[i].conf.tls ? cases[i].conf.tls : conf.tls;
        conf.user = cases[i].conf.user;
        conf.password = cases[i].conf.password;

        if (cases[i].wrong == NULL) {
            if (cv_mailer_new(&mailer, &conf, &error) != CV_OK) {
                fail_msg("%zu: %s", i, error.text);
            }

            cv_mailer_free(mailer);
            continue;
        }

        assert_int_not_equal(cv_mailer_new(&mailer, &conf, &error), CV_OK);
        assert_null(mailer);

        if (strstr(error.text, cases[i].wrong) == NULL) {
            fail_msg("%zu: %s", i, error.text);
        }
    }

    cv_mailer_free(NULL);
}


static void
put_holder(cv_txn_t *txn, const char *email)
{
    cv_holder_t  holder;

    memset(&holder, 0, sizeof(holder));
    holder.id = CV_STR("holder");
    holder.email = cv_str_z(email);

    assert_int_not_equal(cv_put(txn, CV_HOLDER, &holder), 0);
}


static void
put_status(cv_txn_t *txn, cv_status_t status, bool is_test,
    const char *expires_at)
{
    cv_credential_t  credential;

    memset(&credential, 0, sizeof(credential));
    credential.id = CV_STR("one");
    credential.class.id = CV_STR("class");
    credential.holder.id = CV_STR("holder");
    credential.status = (cv_int_t) { status, true };
    credential.test = (cv_int_t) { is_test, is_test };
    credential.code = CV_STR("code one");

    if (expires_at != NULL) {
        assert_true(cv_date_parse(&credential.expires_at,
                                  cv_str_z(expires_at)));
    }

    assert_int_equal(cv_resolve(txn, CV_CREDENTIAL, &credential, &error),
                     CV_OK);
    assert_int_equal(cv_put(txn, CV_CREDENTIAL, &credential), 1);
}


/* sends nothing: an attempt that is made is not run */

static void
assert_attempt(cv_txn_t *txn, cv_mailer_t *mailer, uint64_t credential,
    const char *wrong)
{
    cv_sent_t          sent;
    cv_event_t         event;
    cv_attempt_t      *attempt;
    cv_consignment_t   what;

    memset(&event, 0, sizeof(event));
    event.id = CV_STR("evt_1");
    event.type = CV_STR(CV_EVENT_MAIL);
    event.at.at = NOW;
    event.credential.iid = credential;

    memset(&what, 0, sizeof(what));
    what.event = &event;
    what.now = NOW;

    memset(&sent, 0, sizeof(sent));
    attempt = cv_mail_attempt(mailer, txn, &what, &sent);

    if (wrong == NULL) {
        if (attempt == NULL) {
            fail_msg("%s", sent.error);
        }

        assert_string_equal(sent.error, "");
        attempt->free(attempt);
        return;
    }

    assert_null(attempt);
    assert_int_equal(sent.how, CV_SENT_DEAD);
    assert_string_equal(sent.error, wrong);
}


static void
test_never(void **state)
{
    size_t           i;
    test_t          *test = *state;
    cv_txn_t        *txn;
    cv_mailer_t     *mailer, *numbered;
    cv_mail_conf_t   conf;

    static const struct {
        cv_status_t   status;
        const char   *expires_at;
        const char   *wrong;
    } cases[] = {
        { CV_STATUS_ISSUED, NULL, NULL },
        { CV_STATUS_CLAIMED, NULL, NULL },
        { CV_STATUS_USED, "2026-03-10", NULL },
        { CV_STATUS_ISSUED, "2026-03-11", NULL },
        { CV_STATUS_ISSUED, "2026-03-10",
          "the credential is not valid: expired" },
        { CV_STATUS_DRAFT, NULL, "the credential is not valid: draft" },
        { CV_STATUS_PENDING, NULL, "the credential is not valid: pending" },
        { CV_STATUS_REVOKED, NULL, "the credential is not valid: revoked" },
        { CV_STATUS_REFUNDED, NULL, "the credential is not valid: refunded" },
    };

    conf = plain;
    assert_int_equal(cv_mailer_new(&mailer, &conf, &error), CV_OK);
    conf.link = "https://verify.example/{number}";
    assert_int_equal(cv_mailer_new(&numbered, &conf, &error), CV_OK);

    fill(test);
    txn = begin(test);
    put_holder(txn, "jane@example.com");

    for (i = 0; i < CV_COUNT(cases); i++) {
        put_status(txn, cases[i].status, false, cases[i].expires_at);
        assert_attempt(txn, mailer, 1, cases[i].wrong);
    }

    put_status(txn, CV_STATUS_ISSUED, true, NULL);
    assert_attempt(txn, mailer, 1, "a test credential is not mailed");

    assert_attempt(txn, mailer, 0, "the credential is gone");
    assert_attempt(txn, mailer, 99, "the credential is gone");

    put_status(txn, CV_STATUS_ISSUED, false, NULL);
    assert_attempt(txn, numbered, 1, "the credential has no number, which the "
                   "link is made of");

    put_holder(txn, NULL);
    assert_attempt(txn, mailer, 1, "the holder has no e-mail address");

    put_holder(txn, "jane@example.com\r\nRCPT TO:<joe@example.com>");
    assert_attempt(txn, mailer, 1, "the e-mail address has a space or a "
                   "control character in it");

    put_holder(txn, "jos\xc3\xa9@example.com");
    assert_attempt(txn, mailer, 1, "the e-mail address is not ASCII");

    cv_txn_abort(txn);
    cv_mailer_free(mailer);
    cv_mailer_free(numbered);
}


static bool
has(const cv_buf_t *text, const char *what)
{
    return memmem(text->data, text->len, what, strlen(what)) != NULL;
}


/* what a badge is: the class's PNG as it is, or a card that is drawn */

static void
test_picture(void **state)
{
    test_t             *test = *state;
    cv_txn_t           *txn;
    cv_event_t          event;
    cv_image_t          image;
    cv_message_t        message;
    cv_message_conf_t   conf;

    static const char  png[] = CV_PNG_SIGNATURE "made up";

    memset(&conf, 0, sizeof(conf));
    conf.domain = CV_STR("issuer.example");
    assert_int_equal(cv_document_load(&conf.document,
                                      "conf-examples/views/mail",
                                      CV_MESSAGE_DOCUMENT, &error), CV_OK);
    assert_int_equal(cv_message_check(conf.document, &error), CV_OK);

    fill(test);
    txn = begin(test);
    put_holder(txn, "jane@example.com");

    memset(&event, 0, sizeof(event));
    event.id = CV_STR("evt>\r\n1");
    event.credential.iid = 1;

    assert_int_equal(cv_message_make(&message, &conf, txn, &event, NOW,
                                     &error), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&message.id),
                          CV_STR("evt%3E%0D%0A1@issuer.example")));
    assert_int_equal(cv_image_type(cv_buf_str(&message.picture)),
                     CV_IMAGE_PNG);
    assert_true(has(&message.html,
                    "\"cid:badge.evt%3E%0D%0A1@issuer.example\""));
    assert_false(has(&message.text, "cid:"));
    cv_message_free(&message);

    memset(&image, 0, sizeof(image));
    image.class.iid = 1;
    image.data = CV_STR(png);
    assert_int_not_equal(cv_put(txn, CV_IMAGE, &image), 0);

    assert_int_equal(cv_message_make(&message, &conf, txn, &event, NOW,
                                     &error), CV_OK);
    assert_true(cv_str_eq(cv_buf_str(&message.picture), image.data));
    cv_message_free(&message);

    cv_txn_abort(txn);
    cv_document_free(conf.document);
}


int
main(void)
{
    int  rc;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_options),
        TEST(test_never),
        TEST(test_picture),
    };

    (void) curl_global_init(CURL_GLOBAL_DEFAULT);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();

    return rc;
}
