
/*
 * Copyright (C) The credverify authors
 *
 * credverify openbadges keygen
 */

#include "cv_cli.h"
#include "cv_signature.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CMD_KEYGEN_PUBLIC  ".pub"

/* what nginx's parser takes as it stands, in any place of a word */
#define CMD_KEYGEN_PLAIN                                                      \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+@%,=-"

typedef struct {
    cv_signature_key_t  *key;
    const char          *name;              /* of the private key's file */
    char                 public[PATH_MAX];
    cv_file_t            file;
} cmd_keygen_t;


static int
cmd_keygen_fail(cv_cli_t *cli, const char *name)
{
    return errno == EEXIST
           ? cv_cli_fail(cli, "%s: is there already; no key is ever replaced",
                         name)
           : cv_cli_fail(cli, "%s: %s", name, strerror(errno));
}


/* A file for one of the keys, which appears whole and with that mode. */

static int
cmd_keygen_put(cv_cli_t *cli, cmd_keygen_t *keygen, const char *name,
    cv_str_t text, mode_t mode)
{
    int           err;
    bool          done;
    struct stat   st;

    if (!cv_file_open(&keygen->file, name, CV_FILE_NEW)) {
        return cmd_keygen_fail(cli, name);
    }

    done = fchmod(keygen->file.fd, mode) == 0
           && fstat(keygen->file.fd, &st) == 0;

    /* some file systems know no modes, and everybody may read */

    if (done && (st.st_mode & 07777) != mode) {
        errno = ENOTSUP;
        done = false;
    }

    done = done && cv_file_write(keygen->file.fd, text.data, text.len, 0);
    err = errno;

    if (!cv_file_close(&keygen->file, done) || !done) {
        errno = done ? errno : err;
        return cmd_keygen_fail(cli, name);
    }

    return CV_CLI_DONE;
}


/*
 * The private key comes last: it is there if and only if all was done, and is
 * never removed.
 */

static int
cmd_keygen_files(cv_cli_t *cli, cmd_keygen_t *keygen)
{
    int       rc;
    uint8_t   memory[CV_SIGNATURE_PEM_MAX];
    cv_buf_t  pem;

    cv_buf_borrow(&pem, memory, sizeof(memory));

    if (cv_signature_key_public_pem(keygen->key, &pem) != CV_OK) {
        return cv_cli_fail(cli, "out of memory");
    }

    rc = cmd_keygen_put(cli, keygen, keygen->public, cv_buf_str(&pem), 0644);
    if (rc != CV_CLI_DONE) {
        return rc;
    }

    cv_buf_reset(&pem);

    rc = cv_signature_key_private_pem(keygen->key, &pem) == CV_OK
         ? cmd_keygen_put(cli, keygen, keygen->name, cv_buf_str(&pem), 0600)
         : cv_cli_fail(cli, "out of memory");

    explicit_bzero(memory, sizeof(memory));

    if (rc != CV_CLI_DONE) {
        (void) unlink(keygen->public);
    }

    return rc;
}


/* A name as a word of nginx.conf */

static void
cmd_keygen_word(cv_buf_t *out, const char *name)
{
    cv_buf_t     word;
    const char  *p;

    if (name[strspn(name, CMD_KEYGEN_PLAIN)] == '\0') {
        cv_buf_append_str(out, cv_str_z(name));
        return;
    }

    cv_buf_init(&word, 2 * PATH_MAX);

    for (p = name; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            cv_buf_append_byte(&word, '\\');
        }

        cv_buf_append_byte(&word, (uint8_t) *p);
    }

    cv_buf_append_byte(out, '"');
    cv_out_plain(out, cv_buf_str(&word));
    cv_buf_append_byte(out, '"');

    cv_buf_free(&word);
}


static void
cmd_keygen_answer(cv_cli_t *cli, const cmd_keygen_t *keygen)
{
    char  place[PATH_MAX];

    cv_answer_open(cli);
    cv_answer_text(cli, "id", cv_signature_key_id(keygen->key));
    cv_answer_number(cli, "bits", cv_signature_key_bits(keygen->key));
    cv_answer_text(cli, "private", cv_str_z(keygen->name));
    cv_answer_text(cli, "public", cv_str_z(keygen->public));
    cv_answer_close(cli);

    if (cli->json) {
        return;
    }

    /* nginx looks for other names in a directory of its own */

    cv_buf_append_str(&cli->out.buf,
                      CV_STR("\nFor nginx.conf, before http, unless it is "
                             "there:\n\n"
                             "    thread_pool credverify threads=2;\n\n"
                             "and in the location of "
                             "credverify_openbadges:\n\n"
                             "    credverify_openbadges_key "));
    cmd_keygen_word(&cli->out.buf,
                    realpath(keygen->name, place) != NULL ? place
                                                          : keygen->name);
    cv_buf_append_str(&cli->out.buf, CV_STR(";\n"));
}


/* Complains early: a large key takes a while. */

static int
cmd_keygen_absent(cv_cli_t *cli, const char *name)
{
    struct stat  st;

    if (lstat(name, &st) == 0) {
        errno = EEXIST;
        return cmd_keygen_fail(cli, name);
    }

    return errno == ENOENT ? CV_CLI_DONE : cmd_keygen_fail(cli, name);
}


/* The private one; it says how a public one that was lost is made again. */

static int
cmd_keygen_private_absent(cv_cli_t *cli, const cmd_keygen_t *keygen)
{
    struct stat  st;

    if (lstat(keygen->name, &st) == 0 && S_ISREG(st.st_mode)
        && lstat(keygen->public, &st) == -1 && errno == ENOENT)
    {
        return cv_cli_fail(cli, "%s: is there already; no key is ever "
                           "replaced; its public one is made of it by "
                           "\"openssl pkey -in %s -pubout -out %s\"",
                           keygen->name, keygen->name, keygen->public);
    }

    return cmd_keygen_absent(cli, keygen->name);
}


int
cmd_openbadges_keygen(cv_cli_t *cli)
{
    int           n, rc;
    cv_err_t      err;
    uint64_t      bits;
    cv_error_t    error;
    cmd_keygen_t  keygen;

    memset(&keygen, 0, sizeof(cmd_keygen_t));
    keygen.name = cli->arguments[0];
    bits = CV_SIGNATURE_BITS_MIN;

    if (!cv_option_number(cli, "bits", CV_SIGNATURE_BITS_MIN,
                          CV_SIGNATURE_BITS_MAX, &bits))
    {
        return CV_CLI_USAGE;
    }

    if (strcmp(keygen.name, "-") == 0 || *keygen.name == '\0') {
        return cv_cli_misuse(cli, "a key is kept in a file, which needs a "
                             "name");
    }

    n = snprintf(keygen.public, sizeof(keygen.public), "%s%s", keygen.name,
                 CMD_KEYGEN_PUBLIC);

    if (n < 0 || (size_t) n >= sizeof(keygen.public)) {
        errno = ENAMETOOLONG;
        return cmd_keygen_fail(cli, keygen.name);
    }

    rc = cmd_keygen_private_absent(cli, &keygen);

    if (rc == CV_CLI_DONE) {
        rc = cmd_keygen_absent(cli, keygen.public);
    }

    if (rc != CV_CLI_DONE) {
        return rc;
    }

    err = cv_signature_key_make(&keygen.key, (unsigned) bits, &error);

    if (err != CV_OK) {
        return err == CV_ERR_INPUT
               ? cv_cli_misuse(cli, "--bits: %s", error.text)
               : cv_cli_fail(cli, "%s", error.text);
    }

    rc = cmd_keygen_files(cli, &keygen);

    if (rc == CV_CLI_DONE) {
        cli->after = "; the key was made";
        cmd_keygen_answer(cli, &keygen);
    }

    cv_signature_key_free(keygen.key);

    return rc;
}
