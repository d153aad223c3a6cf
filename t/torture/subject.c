
/*
 * Copyright (C) The credverify authors
 */

#include "subject.h"
#include "cv_codec.h"
#include "cv_digest.h"
#include "cv_hash.h"
#include "cv_line.h"
#include "cv_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUBJECT_NOW  1795132800         /* 2026-11-20 */

#define CLASSES      8
#define HOLDERS      100
#define CREDENTIALS  250
#define ADDED        12                 /* credentials, by each of those */
#define KEYS         24
#define CHANGES      5                  /* commits that do much, */
#define AGAIN        20                 /* and little ones for each other */

/* what subject_write() changes, all over the tables; and adds */
#define TOUCHED      13
#define WRITTEN      40

#define CREDENTIAL_LAST  (CREDENTIALS + ADDED * CHANGES)


static void subject_put(cv_txn_t *txn, cv_line_t *line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


static _Noreturn void
subject_die(const char *what, const cv_error_t *error)
{
    fprintf(stderr, "torture: %s: %s\n", what, error->text);
    exit(2);
}


/* 64 hexadecimal digits, in no order */

static void
subject_token_text(char text[2 * CV_TOKEN_HASH_LEN + 1], unsigned i)
{
    uint64_t  word;
    unsigned  n;

    for (n = 0; n < 4; n++) {
        word = (4 * i + n + 1) * (uint64_t) 0x9e3779b97f4a7c15;
        (void) sprintf(text + 16 * n, "%016" PRIx64, word);
    }
}


static void
subject_key_text(char text[2 * CV_HASH_LEN + 1], unsigned i)
{
    subject_token_text(text, 100000 + i);
}


static void
subject_put(cv_txn_t *txn, cv_line_t *line, const char *fmt, ...)
{
    int          n;
    va_list      args;
    cv_error_t   error;

    static char  text[65536];

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    if (cv_line_read(line, cv_str(text, (size_t) n), &error) != CV_OK) {
        subject_die(text, &error);
    }

    /* in a damaged store what it refers to may be missing */

    if (cv_resolve(txn, line->kind, &line->record, &error) == CV_OK) {
        (void) cv_put(txn, line->kind, &line->record);
    }
}


static void
subject_put_credential(cv_txn_t *txn, cv_line_t *line, unsigned i,
    const char *status, unsigned version)
{
    /* some have a narrative that takes pages of its own */

    subject_put(txn, line, "{\"kind\":\"credential\",\"id\":\"c%u\","
                "\"class\":\"class%u\",\"holder\":\"holder%u\","
                "\"status\":\"%s\",\"issued_at\":\"2026-0%u-12T08:41:22Z\","
                "\"expires_at\":%s,\"score\":\"%u%%\","
                "\"number\":\"N-2026-%06u\",\"code\":\"Code%05u\","
                "\"public_id\":\"%08x-0000-4000-8000-00000000cafe\"%s,"
                "\"narrative\":\"%0*u\",\"attributes\":{\"message\":\"m%u\"}}",
                i, i % CLASSES, i * 7 % HOLDERS, status, i % 9 + 1,
                i % 5 == 0 ? "\"2026-10-01\"" : i % 5 == 1 ? "\"2029-01-01\""
                                                           : "null",
                i % 100, i, i, i * 2654435761U,
                i % 31 == 0 ? ",\"test\":true" : "",
                i % 40 == 3 ? 5000 : 20, version, version);
}


static void
subject_put_token(cv_txn_t *txn, cv_line_t *line, unsigned i,
    unsigned credential, const char *privacy)
{
    char  text[2 * CV_TOKEN_HASH_LEN + 1];

    subject_token_text(text, i);

    subject_put(txn, line, "{\"kind\":\"token\",\"token\":\"%s\","
                "\"credential\":\"c%u\",\"privacy\":\"%s\","
                "\"created_at\":\"2026-02-15\",\"expires_at\":%s}",
                text, credential, privacy,
                i % 6 == 0 ? "\"2026-04-16\"" : "\"2027-04-16\"");
}


static void
subject_put_holder(cv_txn_t *txn, cv_line_t *line, unsigned i, const char *name)
{
    subject_put(txn, line, "{\"kind\":\"holder\",\"id\":\"holder%u\","
                "\"name\":\"%s %u\",\"email\":\"h%u@mail.example\","
                "\"organization\":\"Organization %u\","
                "\"wallet\":\"Wallet%u\"}", i, name, i, i, i % 10, i % 100);
}


static void
subject_put_key(cv_txn_t *txn, cv_line_t *line, unsigned i, const char *status)
{
    char  text[2 * CV_HASH_LEN + 1];

    subject_key_text(text, i);

    subject_put(txn, line, "{\"kind\":\"key\",\"id\":\"key%u\","
                "\"key_sha256\":\"%s\",\"owner\":\"Owner %u\","
                "\"tier\":\"tier%u\",\"status\":\"%s\","
                "\"scopes\":[\"verify:read\"]}", i, text, i, i % 4, status);
}


static const char *
subject_status(unsigned i)
{
    static const char *const  statuses[] = {
        "issued", "issued", "issued", "issued", "issued", "claimed", "used",
        "pending", "refunded", "revoked", "draft"
    };

    return statuses[i % CV_COUNT(statuses)];
}


static void
subject_put_all(cv_txn_t *txn, cv_line_t *line)
{
    unsigned  i;

    for (i = 0; i < 3; i++) {
        subject_put(txn, line, "{\"kind\":\"issuer\",\"id\":\"issuer%u\","
                    "\"name\":\"Issuer %u\","
                    "\"url\":\"https://i%u.example\"}", i, i, i);
    }

    for (i = 0; i < CLASSES; i++) {
        subject_put(txn, line, "{\"kind\":\"class\",\"id\":\"class%u\","
                    "\"issuer\":\"issuer%u\",\"title\":\"Class %u\","
                    "\"description\":\"%0*u\",\"number_format\":"
                    "\"N-{year}-{seq:6}\",\"level\":%u,\"tags\":[\"a\"]}",
                    i, i % 3, i, i == 5 ? 9000 : 30, i, i);
        subject_put(txn, line, "{\"kind\":\"oauth_client\",\"id\":\"client%u\","
                    "\"secret_sha256\":\"%064u\",\"class\":\"class%u\"}",
                    i, i, i);
        subject_put(txn, line, "{\"kind\":\"webhook\",\"id\":\"hook%u\","
                    "\"url\":\"https://hook%u.example/\","
                    "\"secret\":\"whsec_AAAA\",\"events\":[\"x\"]}", i, i);
    }

    for (i = 0; i < 4; i++) {
        subject_put(txn, line, "{\"kind\":\"tier\",\"id\":\"tier%u\","
                    "\"limits\":{\"month\":%u}}", i, 100 * i);
    }

    for (i = 0; i < KEYS; i++) {
        subject_put_key(txn, line, i, "active");
    }

    for (i = 0; i < HOLDERS; i++) {
        subject_put_holder(txn, line, i, "Holder");
        subject_put(txn, line, "{\"kind\":\"progress\","
                    "\"holder\":\"holder%u\",\"class\":\"class%u\","
                    "\"practice\":%u}", i, i % CLASSES, i);
    }

    for (i = 0; i < CREDENTIALS; i++) {
        subject_put_credential(txn, line, i, subject_status(i), 0);
        subject_put_token(txn, line, i, i, i % 3 == 0 ? "masked" : "full");
    }
}


static void
subject_delete_token(cv_txn_t *txn, cv_digest_t *digest, unsigned i)
{
    char     text[2 * CV_TOKEN_HASH_LEN + 1];
    uint8_t  hash[CV_SHA256_LEN];

    subject_token_text(text, i);

    if (cv_digest_sha256(digest, hash, cv_str_z(text)) == CV_OK) {
        (void) cv_delete_token(txn, cv_str(hash, sizeof(hash)));
    }
}


/*
 * What the last commits do: change what lies together, again and again, until
 * its pages come to be where they were before.
 */

static void
subject_change_one(cv_txn_t *txn, cv_line_t *line, unsigned version,
    unsigned i)
{
    subject_put_credential(txn, line, 100 + version, "revoked", i);
    subject_put_holder(txn, line, version, i % 2 ? "Renamed" : "At last");
    subject_put_token(txn, line, 150, 150, i % 2 ? "masked" : "full");
}


/* what the commits before do: something of everything */

static void
subject_change(cv_txn_t *txn, cv_line_t *line, unsigned version)
{
    unsigned      i;
    cv_digest_t  *digest;

    for (i = version; i < CREDENTIALS; i += 23) {
        subject_put_credential(txn, line, i, "revoked", version);
        subject_put_holder(txn, line, i % HOLDERS,
                           version % 2 ? "Renamed" : "Renamed again");
    }

    for (i = 0; i < ADDED; i++) {
        subject_put_credential(txn, line, CREDENTIALS + version * ADDED
                               - ADDED + i, "issued", version);
        subject_put_token(txn, line, CREDENTIALS + version * ADDED - ADDED + i,
                          CREDENTIALS + version * ADDED - ADDED + i, "full");
        subject_put_token(txn, line, version * 17 + i, version * 17 + i,
                          version % 2 ? "masked" : "full");
    }

    subject_put_key(txn, line, version, version % 2 ? "suspended" : "revoked");

    digest = cv_digest_new();

    for (i = 0; digest != NULL && i < 5; i++) {
        subject_delete_token(txn, digest, version * 31 + i);
    }

    cv_digest_free(digest);
}


/* of every so many credentials the status, the token and the handles change */

static bool
subject_touched(unsigned i)
{
    return i % TOUCHED == 4 || i >= CREDENTIAL_LAST;
}


void
subject_write(cv_txn_t *txn)
{
    unsigned      i;
    cv_line_t     line;
    cv_error_t    error;
    cv_digest_t  *digest;

    digest = cv_digest_new();

    if (digest == NULL || cv_line_init(&line, &error) != CV_OK) {
        exit(2);
    }

    for (i = 0; i < CREDENTIAL_LAST; i++) {
        if (subject_touched(i)) {
            subject_put(txn, &line, "{\"kind\":\"credential\","
                        "\"id\":\"c%u\",\"class\":\"class%u\","
                        "\"holder\":\"holder%u\",\"status\":\"revoked\","
                        "\"code\":\"Other%u\"}", i, i % CLASSES,
                        i * 11 % HOLDERS, i);
            subject_delete_token(txn, digest, i);
        }
    }

    for (i = 0; i < WRITTEN; i++) {
        subject_put_credential(txn, &line, CREDENTIAL_LAST + i, "issued", 99);
        subject_put_token(txn, &line, CREDENTIAL_LAST + i, CREDENTIAL_LAST + i,
                          "full");
    }

    cv_digest_free(digest);
    cv_line_free(&line);
}


/* Questions */

static query_t *
subject_query(subject_t *subject, cv_by_t by)
{
    query_t  *query;

    if (subject->nqueries == SUBJECT_QUERIES) {
        fprintf(stderr, "torture: SUBJECT_QUERIES is too small\n");
        exit(2);
    }

    query = &subject->queries[subject->nqueries++];
    query->by = by;

    return query;
}


static void subject_query_text(subject_t *subject, cv_by_t by, bool touched,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));


static void
subject_query_text(subject_t *subject, cv_by_t by, bool touched,
    const char *fmt, ...)
{
    va_list   args;
    query_t  *query;

    query = subject_query(subject, by);
    query->touched = touched;

    va_start(args, fmt);
    query->len = (size_t) vsnprintf((char *) query->text, sizeof(query->text),
                                    fmt, args);
    va_end(args);
}


/* with some handles that nothing has, before, between and after all others */

static void
subject_queries(subject_t *subject)
{
    char      text[2 * CV_TOKEN_HASH_LEN + 1];
    bool      touched;
    query_t  *query;
    unsigned  i;

    for (i = 0; i < CREDENTIAL_LAST + 5; i++) {
        touched = subject_touched(i);

        subject_query_text(subject, CV_BY_CODE, touched, "Code%05u", i);
        subject_query_text(subject, CV_BY_NUMBER, touched, "N-2026-%06u", i);
        subject_query_text(subject, CV_BY_ID, touched,
                           "%08x-0000-4000-8000-00000000cafe",
                           i * 2654435761U);

        subject_token_text(text, i);
        subject_query_text(subject, CV_BY_TOKEN, touched, "%s", text);
    }

    subject_query_text(subject, CV_BY_CODE, false, "!");
    subject_query_text(subject, CV_BY_CODE, false, "~");
    subject_query_text(subject, CV_BY_TOKEN, false, "%064u", 0);

    for (i = 0; i < KEYS + 2; i++) {
        query = subject_query(subject, CV_BY_COUNT);
        query->len = CV_HASH_LEN;

        subject_key_text(text, i);
        (void) cv_hex_decode(query->text, CV_HASH_LEN, cv_str_z(text));
    }
}


typedef struct {
    cv_txn_t       *snapshot;
    cv_verifier_t  *verifier;
    const query_t  *query;
    answer_t        answer;
} asking_t;


/* everything that a view may come to show */

static void
subject_digest(cv_buf_t *buf, const cv_verification_t *out)
{
    unsigned           i;
    cv_facts_t         facts;
    const cv_value_t  *value;

    cv_disclose(&facts, &out->verdict, out->verdict.reason, &out->evidence,
                SUBJECT_NOW);

    cv_write_u64(buf, (uint64_t) out->verdict.reason);
    cv_write_u64(buf, (uint64_t) out->verdict.privacy);
    cv_write_u64(buf, (uint64_t) out->verdict.next_change_at);

    for (i = 0; i < CV_FACT_COUNT; i++) {
        value = cv_fact(&facts, i);

        if (value->type == CV_VALUE_NONE) {
            continue;
        }

        cv_write_u64(buf, i);
        cv_write_u64(buf, (uint64_t) value->type);

        if (value->type == CV_VALUE_TEXT || value->type == CV_VALUE_DOC
            || value->type == CV_VALUE_DATE)
        {
            cv_buf_append_str(buf, value->text);
        } else {
            cv_write_u64(buf, (uint64_t) value->number);
        }
    }
}


static void
subject_ask_guarded(void *arg)
{
    asking_t  *asking = arg;

    uint64_t            iid;
    cv_buf_t            buf;
    answer_t           *answer;
    cv_request_t        request;
    cv_api_key_t        key;
    cv_verification_t   out;

    static uint8_t      memory[65536];

    answer = &asking->answer;
    cv_buf_borrow(&buf, memory, sizeof(memory));

    answer->err = cv_snapshot_renew(asking->snapshot);

    if (answer->err == CV_OK && asking->query->by == CV_BY_COUNT) {

        if (cv_get_key_by_hash(asking->snapshot,
                               cv_str(asking->query->text,
                                      asking->query->len), &key, &iid))
        {
            cv_write_u64(&buf, iid);
            cv_write_u64(&buf, (uint64_t) key.status.value);
            cv_buf_append_str(&buf, key.id);
            cv_buf_append_str(&buf, key.owner);
        }

        answer->err = cv_txn_err(asking->snapshot, NULL);

    } else if (answer->err == CV_OK) {
        memset(&request, 0, sizeof(request));
        request.by = asking->query->by;
        request.handle = cv_str(asking->query->text, asking->query->len);

        answer->err = cv_verify(&out, asking->verifier, asking->snapshot,
                                &request, SUBJECT_NOW);

        if (answer->err == CV_OK) {
            subject_digest(&buf, &out);
        }
    }

    answer->digest = answer->err == CV_OK ? cv_hash(buf.data, buf.len) : 0;
}


answer_t
subject_ask(cv_store_t *store, cv_txn_t *snapshot, cv_verifier_t *verifier,
    const query_t *query)
{
    cv_err_t  err;
    asking_t  asking;

    asking.snapshot = snapshot;
    asking.verifier = verifier;
    asking.query = query;

    err = cv_store_guard(store, subject_ask_guarded, &asking);

    if (err != CV_OK) {
        asking.answer = (answer_t) { err, 0 };
    }

    /* as a worker does after any error */

    if (asking.answer.err != CV_OK) {
        cv_snapshot_reset(snapshot);
    }

    return asking.answer;
}


/* Making it */

static void
subject_keep(subject_t *subject, const char *dir, unsigned version)
{
    int          fd;
    char         path[256];
    size_t       i;
    cv_txn_t    *snapshot;
    cv_store_t  *store;
    cv_error_t   error;
    struct stat  st;

    cv_verifier_t  *verifier;

    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1 || fstat(fd, &st) != 0
        || (subject->image[version] = malloc((size_t) st.st_size)) == NULL
        || read(fd, subject->image[version], (size_t) st.st_size)
           != st.st_size)
    {
        perror(path);
        exit(2);
    }

    (void) close(fd);
    subject->len[version] = (size_t) st.st_size;

    verifier = cv_verifier_new();

    if (verifier == NULL
        || cv_store_open(&store, dir, false, &error) != CV_OK
        || cv_snapshot_open(&snapshot, store, &error) != CV_OK)
    {
        subject_die("reading", &error);
    }

    for (i = 0; i < subject->nqueries; i++) {
        subject->answers[version][i] = subject_ask(store, snapshot, verifier,
                                                   &subject->queries[i]);
    }

    cv_snapshot_close(snapshot);
    cv_store_close(store);
    cv_verifier_free(verifier);
}


static void
subject_commit(const char *dir, cv_line_t *line, unsigned version)
{
    unsigned     i, n;
    cv_txn_t    *txn;
    cv_store_t  *store;
    cv_error_t   error;

    if (cv_store_open(&store, dir, true, &error) != CV_OK) {
        subject_die("writing", &error);
    }

    /* the last state but one is that of the last commit but one */

    n = version > CHANGES && version < SUBJECT_NEWEST ? AGAIN : 1;

    for (i = 0; i < n; i++) {

        if (cv_txn_begin(&txn, store, &error) != CV_OK) {
            subject_die("writing", &error);
        }

        if (version == 0) {
            subject_put_all(txn, line);

        } else if (version > CHANGES) {
            subject_change_one(txn, line, version, i);

        } else {
            subject_change(txn, line, version);
        }

        if (cv_txn_commit(txn, &error) != CV_OK) {
            subject_die("writing", &error);
        }
    }

    cv_store_close(store);
}


void
subject_make(subject_t *subject, const char *dir)
{
    unsigned            version;
    cv_line_t           line;
    cv_error_t          error;
    cv_store_options_t  options;

    memset(&options, 0, sizeof(options));
    options.map_size = SUBJECT_MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;
    memcpy(options.uuid, "0123456789abcdef", CV_STORE_UUID_LEN);

    subject_queries(subject);

    if (cv_line_init(&line, &error) != CV_OK
        || cv_store_create(dir, &options, &error) != CV_OK)
    {
        subject_die("making", &error);
    }

    for (version = 0; version < SUBJECT_VERSIONS; version++) {
        subject_commit(dir, &line, version);
        subject_keep(subject, dir, version);
    }

    cv_line_free(&line);
}


void
subject_free(subject_t *subject)
{
    unsigned  version;

    for (version = 0; version < SUBJECT_VERSIONS; version++) {
        free(subject->image[version]);
    }
}


void
subject_file(const char *dir, const uint8_t *bytes, size_t len)
{
    int   fd;
    char  path[256];

    (void) snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    (void) unlink(path);

    (void) snprintf(path, sizeof(path), "%s/data.mdb", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd == -1 || write(fd, bytes, len) != (ssize_t) len || close(fd) != 0) {
        perror(path);
        exit(2);
    }
}
