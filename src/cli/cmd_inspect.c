
/*
 * Copyright (C) The credverify authors
 *
 * credverify openbadges inspect
 *
 * The file is a stranger's, and so is every text in it: it goes to a terminal
 * by cv_out_plain() or cmd_inspect_pretty() only.
 */

#include "cv_cli.h"
#include "cv_badge_file.h"
#include "cv_inspect.h"
#include "cv_signature.h"
#include "cv_text.h"

#define CMD_INSPECT_INDENT  2

/* a byte of a name or a text takes six as an escape */
#define CMD_INSPECT_JSON    (6 * CV_BADGE_FILE_MAX)

/* one for each state that is not good, what lacks something, another key */
#define CMD_INSPECT_WHYS    5
#define CMD_INSPECT_WHY     ((size_t) 2048)

/* a longer name of a key is none */
#define CMD_INSPECT_KID     1024

typedef enum {
    CMD_SIGNATURE_NONE = 0,     /* it is not signed */
    CMD_SIGNATURE_UNCHECKED,
    CMD_SIGNATURE_GOOD,
    CMD_SIGNATURE_ANOTHER,      /* by a key that was not given, it says */
    CMD_SIGNATURE_WRONG,
} cmd_signature_t;

typedef struct {
    cv_badge_file_t      file;
    cv_inspect_t         badge;
    cv_inspection_t      found;
    cv_buf_t             base;
    cv_signature_key_t  *key;           /* that has signed it; NULL: none */
    cv_str_t             named;         /* which it says it was, or absent */
    cmd_signature_t      signature;
    cv_str_t             email;         /* absent: nobody asked */
    cv_recipient_t       recipient;
    cv_buf_t             whys[CMD_INSPECT_WHYS];
    size_t               nwhys;
    bool                 good;          /* by the store */
} cmd_inspect_t;

static const char *const  cmd_inspect_forms[] = {
    [CV_BADGE_HOSTED] = "hosted",
    [CV_BADGE_SIGNED] = "signed",
    [CV_BADGE_LINKED] = "linked",
};

static const char *const  cmd_inspect_signatures[] = {
    [CMD_SIGNATURE_NONE] = "none",
    [CMD_SIGNATURE_UNCHECKED] = "not checked",
    [CMD_SIGNATURE_GOOD] = "good",
    [CMD_SIGNATURE_ANOTHER] = "another key",
    [CMD_SIGNATURE_WRONG] = "wrong",
};

static const char *const  cmd_inspect_recipients[] = {
    [CV_RECIPIENT_OTHER] = "another",
    [CV_RECIPIENT_SAME] = "the same",
    [CV_RECIPIENT_UNCLEAR] = "unclear",
};


static int
cmd_inspect_read(cv_cli_t *cli, cmd_inspect_t *work)
{
    int          rc;
    cv_buf_t     bytes;
    cv_error_t   error;
    const char  *name;

    name = cli->arguments[0];
    cv_buf_init(&bytes, CV_BADGE_FILE_MAX);

    rc = cv_file_read(cli, &bytes, name);

    if (rc == CV_CLI_DONE
        && cv_badge_file_read(&work->file, cv_buf_str(&bytes), &error)
           != CV_OK)
    {
        rc = cv_cli_fail(cli, "%s: %s", name, error.text);
    }

    cv_buf_free(&bytes);

    return rc;
}


/* What its "kid" names: where documents are as here, the key's id in a URL. */

static cv_str_t
cmd_inspect_named(const cmd_inspect_t *work)
{
    size_t          len;
    cv_str_t        kid;
    const uint8_t  *p;

    const cv_str_t  ending = CV_STR("/key.json");

    kid = cv_jws_kid(&work->file.jws);

    if (!cv_present(kid) || kid.len == 0 || kid.len > CMD_INSPECT_KID) {
        return CV_ABSENT;
    }

    len = kid.len - ending.len;

    if (kid.len <= ending.len
        || memcmp(kid.data + len, ending.data, ending.len) != 0)
    {
        return kid;
    }

    p = memrchr(kid.data, '/', len);

    return p == NULL || (size_t) (kid.data + len - p) != CV_SIGNATURE_ID_LEN + 1
           ? kid : cv_str(p + 1, CV_SIGNATURE_ID_LEN);
}


/* Takes the key over. */

static int
cmd_inspect_try(cv_cli_t *cli, cmd_inspect_t *work, cv_signature_key_t *key)
{
    bool      meant;
    cv_err_t  err;

    if (work->signature == CMD_SIGNATURE_NONE
        || work->signature == CMD_SIGNATURE_GOOD)
    {
        cv_signature_key_free(key);
        return CV_CLI_DONE;
    }

    err = cv_jws_verify(&work->file.jws, key);

    if (err == CV_OK) {
        work->signature = CMD_SIGNATURE_GOOD;
        work->badge.key = cv_signature_key_id(key);
        work->key = key;

        return CV_CLI_DONE;
    }

    meant = !cv_present(work->named)
            || cv_str_eq(work->named, cv_signature_key_id(key));

    work->signature = meant || work->signature == CMD_SIGNATURE_WRONG
                      ? CMD_SIGNATURE_WRONG : CMD_SIGNATURE_ANOTHER;

    cv_signature_key_free(key);

    return err == CV_ERR_INPUT ? CV_CLI_DONE
                               : cv_cli_fail(cli, "out of memory");
}


/* whether a key that was given has signed it */

static int
cmd_inspect_verify(cv_cli_t *cli, cmd_inspect_t *work)
{
    int                  rc;
    unsigned             i;
    cv_error_t           error;
    const char          *name;
    cv_signature_key_t  *key;

    work->signature = CMD_SIGNATURE_NONE;

    if (work->file.form == CV_BADGE_SIGNED) {
        work->signature = CMD_SIGNATURE_UNCHECKED;
        work->named = cmd_inspect_named(work);
    }

    rc = CV_CLI_DONE;

    for (i = 0; rc == CV_CLI_DONE
                && (name = cv_option_each(cli, "key", &i)) != NULL; )
    {
        rc = cv_signature_key_load(&key, name, &error) == CV_OK
             ? cmd_inspect_try(cli, work, key)
             : cv_cli_fail(cli, "--key: %s", error.text);
    }

    if (work->signature == CMD_SIGNATURE_ANOTHER
        || work->signature == CMD_SIGNATURE_WRONG)
    {
        work->badge.key = work->named;
    }

    return rc;
}


static int
cmd_inspect_options(cv_cli_t *cli, cmd_inspect_t *work)
{
    cv_str_t  base;

    base = CV_ABSENT;

    if (!cv_option_text(cli, "email", &work->email)
        || !cv_option_text(cli, "base", &base))
    {
        return CV_CLI_USAGE;
    }

    if (cv_present(base)) {
        cv_buf_append_str(&work->base, base);

        if (base.len == 0 || base.data[base.len - 1] != '/') {
            cv_buf_append_byte(&work->base, '/');
        }

        if (cv_buf_failed(&work->base)) {
            return cv_cli_misuse(cli, "--base: it has %zu bytes at most",
                                 (size_t) CV_BADGES_BASE_MAX);
        }

        work->badge.base = cv_buf_str(&work->base);
    }

    return CV_CLI_DONE;
}


/* Why it is not good, as many as there are. */

static cv_buf_t *
cmd_inspect_why(cmd_inspect_t *work)
{
    cv_buf_t  *why;

    why = &work->whys[work->nwhys++];
    cv_buf_init(why, CMD_INSPECT_WHY);

    return why;
}


static void
cmd_inspect_since(cmd_inspect_t *work, const char *what, cv_time_t at)
{
    size_t     len;
    uint8_t    text[CV_TIME_TEXT_MAX];
    cv_buf_t  *why;

    len = cv_time_format(text, at, CV_TIME_Z);
    why = cmd_inspect_why(work);

    cv_buf_printf(why, "%s on %.*s", what, (int) len, (const char *) text);
}


static void
cmd_inspect_verdict(cmd_inspect_t *work)
{
    const cv_credential_t  *credential;

    credential = &work->found.credential;

    switch (work->found.verdict.reason) {

    case CV_VALID:
        break;

    case CV_REVOKED:
        if (cv_present(credential->revoked_at.text)) {
            cmd_inspect_since(work, "revoked", credential->revoked_at.at);
            break;
        }

        cv_buf_printf(cmd_inspect_why(work), "revoked");
        break;

    case CV_EXPIRED:
        cmd_inspect_since(work, "expired",
                          cv_date_expiry(&credential->expires_at));
        break;

    case CV_REFUNDED:
    case CV_PENDING:
        cv_buf_printf(cmd_inspect_why(work), "it is %s",
                      cv_status_names[credential->status.value]);
        break;

    default:
        cv_buf_printf(cmd_inspect_why(work), "it is a draft");
    }
}


static void
cmd_inspect_whys(cmd_inspect_t *work)
{
    cv_str_t          id;
    cv_inspection_t  *found;

    found = &work->found;

    if (!found->known) {
        cv_buf_printf(cmd_inspect_why(work), "this store has no such "
                      "assertion");
        return;
    }

    cmd_inspect_verdict(work);

    if (found->test) {
        cv_buf_printf(cmd_inspect_why(work), "it is a test credential");
    }

    if (found->lacks != NULL) {
        id = found->lacking == CV_ISSUER ? found->issuer.id
             : found->lacking == CV_CLASS ? found->class.id
                                          : found->credential.id;

        cv_buf_printf(cmd_inspect_why(work),
                      "%s %.*s: no Open Badge, it has %s",
                      cv_schemas[found->lacking].name, CV_FMT(id),
                      found->lacks);
    }
}


/* JSON, but for characters that a terminal would obey */

static void
cmd_inspect_string(cv_buf_t *out, cv_str_t text)
{
    size_t          n;
    uint32_t        code;
    const uint8_t  *p, *end;

    cv_buf_append_byte(out, '"');

    end = cv_str_end(text);

    for (p = text.data; p < end; p += n) {
        n = cv_utf8_decode(p, end, &code);

        if (n == 0) {
            code = 0xfffd;
            n = 1;
        }

        if (code == '\n') {
            cv_buf_append_str(out, CV_STR("\\n"));

        } else if (code == '"' || code == '\\') {
            cv_buf_append_byte(out, '\\');
            cv_buf_append_byte(out, (uint8_t) code);

        } else if (cv_out_shows(code)) {
            cv_buf_append(out, p, n);

        } else {
            cv_buf_printf(out, "\\u%04x", (unsigned) code);
        }
    }

    cv_buf_append_byte(out, '"');
}


static void
cmd_inspect_line(cv_buf_t *out, unsigned depth)
{
    unsigned  i;

    cv_buf_append_byte(out, '\n');

    for (i = 0; i < depth * CMD_INSPECT_INDENT; i++) {
        cv_buf_append_byte(out, ' ');
    }
}


/* a line for each value; as deep as documents are */

static void
cmd_inspect_pretty(cv_buf_t *out, cv_doc_t doc, unsigned depth)
{
    size_t         n;
    bool           object;
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;

    switch (cv_doc_type(doc)) {

    case CV_DOC_STRING:
        cmd_inspect_string(out, cv_doc_text(doc));
        return;

    case CV_DOC_ARRAY:
    case CV_DOC_OBJECT:
        break;

    default:
        cv_doc_write_json(out, doc);
        return;
    }

    object = cv_doc_type(doc) == CV_DOC_OBJECT;
    cv_buf_append_byte(out, object ? '{' : '[');

    it = cv_doc_iter(doc);

    for (n = 0; cv_doc_next(&it, &name, &value); n++) {
        cv_buf_append_str(out, n > 0 ? CV_STR(",") : CV_STR(""));
        cmd_inspect_line(out, depth + 1);

        if (object) {
            cmd_inspect_string(out, name);
            cv_buf_append_str(out, CV_STR(": "));
        }

        cmd_inspect_pretty(out, value, depth + 1);
    }

    if (n > 0) {
        cmd_inspect_line(out, depth);
    }

    cv_buf_append_byte(out, object ? '}' : ']');
}


static void
cmd_inspect_assertion(cv_cli_t *cli, cv_doc_t assertion)
{
    cv_buf_t  json;

    if (!cli->json) {
        cmd_inspect_pretty(&cli->out.buf, assertion, 0);
        cv_buf_append_str(&cli->out.buf, CV_STR("\n\n"));
        return;
    }

    cv_buf_init(&json, CMD_INSPECT_JSON);
    cv_doc_write_json(&json, assertion);
    cv_answer_json(cli, "assertion", cv_buf_str(&json));
    cv_buf_free(&json);
}


/* A list: of JSON values with --json, else a line for each. */

static void
cmd_inspect_item(cv_cli_t *cli, cv_buf_t *list, const char *name, cv_str_t text)
{
    if (!cli->json) {
        cv_answer_text(cli, name, text);
        return;
    }

    cv_buf_append_byte(list, list->len > 0 ? ',' : '[');
    cv_escape_json_string(list, text);
}


static void
cmd_inspect_list(cv_cli_t *cli, cv_buf_t *list, const char *name)
{
    if (cli->json) {
        cv_buf_append_str(list, list->len > 0 ? CV_STR("]") : CV_STR("[]"));
        cv_answer_json(cli, name, cv_buf_str(list));
    }

    cv_buf_free(list);
}


static void
cmd_inspect_answer_whys(cv_cli_t *cli, const cmd_inspect_t *work)
{
    size_t    i;
    cv_buf_t  list;

    cv_buf_init(&list, CMD_INSPECT_JSON);

    for (i = 0; i < work->nwhys; i++) {
        cmd_inspect_item(cli, &list, "why", cv_buf_str(&work->whys[i]));
    }

    cmd_inspect_list(cli, &list, "why");
}


static void
cmd_inspect_answer_altered(cv_cli_t *cli, const cv_inspection_t *found)
{
    size_t                  i;
    cv_buf_t                list, text;
    const cv_difference_t  *difference;

    cv_buf_init(&list, CMD_INSPECT_JSON);
    cv_buf_init(&text, CMD_INSPECT_JSON);

    for (i = 0; i < found->ndifferences; i++) {
        difference = &found->differences[i];

        if (cli->json) {
            cv_buf_printf(&list, "%s{\"member\":\"%s\",\"store\":",
                          i > 0 ? "," : "[", difference->member);

            if (cv_present(difference->ours)) {
                cv_escape_json_string(&list, difference->ours);
            } else {
                cv_buf_append_str(&list, CV_STR("null"));
            }

            cv_buf_append_byte(&list, '}');
            continue;
        }

        cv_buf_reset(&text);
        cv_buf_append_str(&text, cv_str_z(difference->member));

        if (cv_present(difference->ours)) {
            cv_buf_append_str(&text, CV_STR(", here "));
            cv_buf_append_str(&text, difference->ours);
        }

        cv_answer_text(cli, "altered", cv_buf_str(&text));
    }

    cmd_inspect_list(cli, &list, "altered");
    cv_buf_free(&text);
}


/* members that nobody has compared with anything */

static void
cmd_inspect_answer_unchecked(cv_cli_t *cli, cv_doc_t assertion)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_buf_t       list;
    cv_doc_iter_t  it;

    cv_buf_init(&list, CMD_INSPECT_JSON);
    it = cv_doc_iter(assertion);

    while (cv_doc_next(&it, &name, &value)) {
        if (!cv_inspect_compares(name)) {
            cmd_inspect_item(cli, &list, "unchecked", name);
        }
    }

    cmd_inspect_list(cli, &list, "unchecked");
}


static void
cmd_inspect_answer_known(cv_cli_t *cli, const cv_inspection_t *found)
{
    bool  known;

    known = found->known;

    cv_answer_text(cli, "credential", known ? found->credential.id : CV_ABSENT);
    cv_answer_text(cli, "class", known ? found->class.id : CV_ABSENT);
    cv_answer_text(cli, "issuer", known ? found->issuer.id : CV_ABSENT);
    cv_answer_text(cli, "holder", known ? found->holder.id : CV_ABSENT);
    cv_answer_text(cli, "verdict",
                   known ? cv_outcomes[found->verdict.reason].name : CV_ABSENT);
}


static int
cmd_inspect_answer(cv_cli_t *cli, const cmd_inspect_t *work)
{
    bool                    genuine;
    cv_str_t                image;
    const cv_inspection_t  *found;

    found = &work->found;
    image = cv_image_type_name(work->file.image);

    genuine = cv_inspection_genuine(found)
              && (work->signature == CMD_SIGNATURE_GOOD
                  || (work->signature == CMD_SIGNATURE_NONE
                      && cv_option(cli, "key") == NULL));

    cv_answer_open(cli);
    cmd_inspect_assertion(cli, work->badge.assertion);

    cv_answer_text(cli, "file", cv_present(image) ? image : CV_STR("text"));
    cv_answer_text(cli, "form",
                   cv_str_z(cmd_inspect_forms[work->file.form]));
    cv_answer_text(cli, "site", found->site);
    cv_answer_text(cli, "signature",
                   cv_str_z(cmd_inspect_signatures[work->signature]));
    cv_answer_text(cli, "recipient", !cv_present(work->email) ? CV_ABSENT
                   : cv_str_z(cmd_inspect_recipients[work->recipient]));

    cmd_inspect_answer_known(cli, found);
    cmd_inspect_answer_whys(cli, work);
    cmd_inspect_answer_altered(cli, found);
    cmd_inspect_answer_unchecked(cli, work->badge.assertion);

    cv_answer_flag(cli, "genuine", genuine);
    cv_answer_flag(cli, "good", work->good);
    cv_answer_close(cli);

    return genuine && work->good
           && (!cv_present(work->email)
               || work->recipient == CV_RECIPIENT_SAME) ? CV_CLI_DONE
                                                        : CV_CLI_FAILED;
}


static int
cmd_inspect_body(cv_cli_t *cli)
{
    cv_err_t        err;
    cmd_inspect_t  *work;

    work = cli->data;

    err = cv_inspect(&work->found, cli->txn, &work->badge, cv_time_now());

    if (err == CV_OK) {
        err = cv_inspect_recipient(&work->recipient, work->badge.assertion,
                                   work->email);
    }

    if (err != CV_OK) {
        return cv_txn_err(cli->txn, NULL) != CV_OK
               ? CV_CLI_FAILED     /* whoever opened the store says why */
               : err == CV_ERR_NOMEM ? cv_cli_fail(cli, "out of memory")
                                     : cv_cli_fail(cli, "the store is damaged: "
                                                   "run \"credverify check\"");
    }

    cmd_inspect_whys(work);
    work->good = work->nwhys == 0;

    if (work->signature == CMD_SIGNATURE_ANOTHER) {
        cv_buf_printf(cmd_inspect_why(work), "signed by another key: %.*s",
                      CV_FMT(work->named));
    }

    return cmd_inspect_answer(cli, work);
}


static int
cmd_inspect_file(cv_cli_t *cli, cmd_inspect_t *work)
{
    int  rc;

    rc = cmd_inspect_options(cli, work);

    if (rc == CV_CLI_DONE) {
        rc = cmd_inspect_read(cli, work);
    }

    if (rc == CV_CLI_DONE) {
        rc = cmd_inspect_verify(cli, work);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    work->badge.assertion = cv_buf_str(&work->file.assertion);
    work->badge.verify = cv_buf_str(&work->file.verify);
    work->badge.is_signed = work->file.form == CV_BADGE_SIGNED;
    work->badge.is_linked = work->file.form == CV_BADGE_LINKED;

    cli->data = work;

    return cv_cli_read(cli, cmd_inspect_body);
}


int
cmd_openbadges_inspect(cv_cli_t *cli)
{
    int            rc;
    size_t         i;
    cmd_inspect_t  work;

    memset(&work, 0, sizeof(cmd_inspect_t));

    cv_badge_file_init(&work.file);
    cv_inspection_init(&work.found);
    cv_buf_init(&work.base, CV_BADGES_BASE_MAX);

    rc = cmd_inspect_file(cli, &work);

    for (i = 0; i < work.nwhys; i++) {
        cv_buf_free(&work.whys[i]);
    }

    cv_buf_free(&work.base);
    cv_inspection_free(&work.found);
    cv_badge_file_free(&work.file);
    cv_signature_key_free(work.key);

    return rc;
}
