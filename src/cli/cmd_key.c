
/*
 * Copyright (C) The credverify authors
 *
 * credverify key: new, rotate, approve, reject, suspend, activate, revoke,
 * show; its list is that of every kind
 */

#include "cv_cli.h"
#include "cv_counters.h"
#include "cv_keys.h"

typedef struct {
    cv_line_t      line;
    cv_buf_t       lists[2];        /* scopes and origins, as documents */
    cv_new_key_t   made;
    uint8_t        created[CV_TIME_TEXT_MAX];
} cmd_key_new_t;

typedef struct {
    uint64_t       day;             /* the last one, or 0 */
    uint64_t       month;           /* calls in this one */
} cmd_key_used_t;

typedef struct {
    cv_key_step_t  step;
    cv_api_key_t   key;
    cv_buf_t       copy;
} cmd_key_step_t;


/* The text goes nowhere but into the answer, which the store never has. */

static void
cmd_key_answer(cv_cli_t *cli, const cv_new_key_t *made,
    const cv_api_key_t *key)
{
    cv_answer_open(cli);
    cv_answer_text(cli, "key", cv_str(made->text, made->len));
    cv_answer_members(cli, CV_KEY, key);
    cv_answer_close(cli);

    if (!cli->json) {
        cv_buf_append_str(&cli->out.buf,
                          CV_STR("\nThe key is shown this once; the store "
                                 "keeps only its hash.\n"));
    }
}


/* brand and class that are given; false after it complained */

static bool
cmd_key_kind(cv_cli_t *cli, cv_str_t *brand, cv_key_class_t *class)
{
    int          i;
    const char  *name;

    name = cv_option(cli, "brand");
    *brand = name != NULL ? cv_str_z(name) : CV_ABSENT;

    if (name != NULL && !cv_key_is_brand(*brand)) {
        (void) cv_cli_misuse(cli, "--brand: \"%s\" is no brand, 1 to %d "
                             "letters and digits", name, CV_KEY_BRAND_MAX);
        return false;
    }

    name = cv_option(cli, "class");
    i = name != NULL ? cv_name_index(cv_key_class_names, cv_str_z(name))
                     : CV_KEY_LIVE;

    if (i == -1) {
        (void) cv_cli_misuse(cli, "--class: \"%s\" is neither live, test nor "
                             "badge", name);
        return false;
    }

    *class = (cv_key_class_t) i;

    return true;
}


/* New */

/* what the key has beside what its options for members say */

static int
cmd_key_begin(cv_cli_t *cli, cmd_key_new_t *work, cv_api_key_t *key)
{
    int              rc;
    size_t           len;
    cv_str_t         brand;
    cv_error_t       error;
    const char      *status;
    cv_key_class_t   class;

    status = cv_option(cli, "status");

    if (status != NULL && strcmp(status, "active") != 0
        && strcmp(status, "pending") != 0)
    {
        return cv_cli_misuse(cli, "--status: \"%s\" is neither active nor "
                             "pending", status);
    }

    if (!cmd_key_kind(cli, &brand, &class)) {
        return CV_CLI_USAGE;
    }

    if (!cv_present(brand)) {
        return cv_cli_misuse(cli, "--brand is expected");
    }

    if (cv_key_new(&work->made, brand, class, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    len = cv_time_format(work->created, cv_time_now(), CV_TIME_Z);
    (void) cv_date_parse(&key->created_at, cv_str(work->created, len));

    cv_key_set_text(key, &work->made);

    key->status = (cv_int_t) { CV_KEY_ACTIVE, true };

    rc = cv_option_list(cli, "scope", &work->lists[0], &key->scopes);

    return rc == CV_CLI_DONE
           ? cv_option_list(cli, "origin", &work->lists[1], &key->origins) : rc;
}


static int
cmd_key_new_body(cv_cli_t *cli)
{
    cv_error_t      error;
    cv_api_key_t   *key;
    cmd_key_new_t  *work;

    work = cli->data;
    key = &work->line.record.key;

    if (cv_find(cli->txn, CV_HANDLE_KEY_ID, key->id) != 0) {
        return cv_cli_fail(cli, "there is a key \"%s\" already",
                           cli->arguments[0]);
    }

    if (cv_resolve(cli->txn, CV_KEY, key, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    if (cv_put(cli->txn, CV_KEY, key) == 0) {
        (void) cv_txn_err(cli->txn, &error);
        return cv_cli_fail(cli, "%s", error.text);
    }

    cmd_key_answer(cli, &work->made, key);

    return CV_CLI_DONE;
}


static int
cmd_key_unmake_body(cv_cli_t *cli)
{
    cv_error_t      error;
    cmd_key_new_t  *work;

    work = cli->data;

    return cv_key_unmake(cli->txn, cv_str_z(cli->arguments[0]), &work->made,
                         &error)
           == CV_OK ? CV_CLI_DONE : cv_cli_fail(cli, "%s", error.text);
}


/* A key that nobody came to know must not stay good. */

static void
cmd_key_undo(cv_cli_t *cli, void *work, int (*body)(cv_cli_t *cli),
    const char *undone)
{
    cli->data = work;

    if (cv_cli_write(cli, body) == CV_CLI_DONE) {
        cli->after = undone;
        return;
    }

    (void) cv_cli_fail(cli, "the secret was made and is not known to anybody; "
                       "give the key another one with \"credverify key rotate "
                       "%s\"", cli->arguments[0]);
}


int
cmd_key_new(cv_cli_t *cli)
{
    int             rc;
    cv_error_t      error;
    cv_api_key_t    key;
    cmd_key_new_t   work;

    memset(&work, 0, sizeof(cmd_key_new_t));
    memset(&key, 0, sizeof(cv_api_key_t));

    if (cv_line_init(&work.line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_buf_init(&work.lists[0], CV_RECORD_MAX);
    cv_buf_init(&work.lists[1], CV_RECORD_MAX);

    rc = cmd_key_begin(cli, &work, &key);

    if (rc == CV_CLI_DONE) {
        rc = cv_record_from_options(cli, &work.line, CV_KEY,
                                    cv_str_z(cli->arguments[0]), &key);
    }

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_key_new_body);
    }

    if (rc == CV_CLI_DONE && !cv_out_flush(&cli->out)) {
        cmd_key_undo(cli, &work, cmd_key_unmake_body,
                     "; the key was removed again");
    }

    cv_buf_free(&work.lists[0]);
    cv_buf_free(&work.lists[1]);
    cv_line_free(&work.line);

    return rc;
}


/* Rotate */

static int
cmd_key_rotate_body(cv_cli_t *cli)
{
    cv_error_t      error;
    cv_rotation_t  *rotation;

    rotation = cli->data;

    if (cv_key_rotate(cli->txn, cv_str_z(cli->arguments[0]), rotation, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_unresolve(cli->txn, CV_KEY, &rotation->key);
    cmd_key_answer(cli, &rotation->made, &rotation->key);

    return CV_CLI_DONE;
}


static int
cmd_key_unrotate_body(cv_cli_t *cli)
{
    cv_error_t  error;

    return cv_key_unrotate(cli->txn, cli->data, &error) == CV_OK
           ? CV_CLI_DONE : cv_cli_fail(cli, "%s", error.text);
}


int
cmd_key_rotate(cv_cli_t *cli)
{
    int            rc;
    cv_rotation_t  rotation;

    memset(&rotation, 0, sizeof(cv_rotation_t));
    rotation.now = cv_time_now();
    rotation.grace = CV_KEY_GRACE;

    if (!cv_option_duration(cli, "grace", &rotation.grace)
        || !cmd_key_kind(cli, &rotation.brand, &rotation.class))
    {
        return CV_CLI_USAGE;
    }

    if (cv_option(cli, "class") != NULL && cv_option(cli, "brand") == NULL) {
        return cv_cli_misuse(cli, "--class: give --brand, too");
    }

    cv_buf_init(&rotation.copy, CV_RECORD_MAX);

    cli->data = &rotation;
    rc = cv_cli_write(cli, cmd_key_rotate_body);

    if (rc == CV_CLI_DONE && !cv_out_flush(&cli->out)) {
        cmd_key_undo(cli, &rotation, cmd_key_unrotate_body,
                     "; the key has its former secret again");
    }

    cv_buf_free(&rotation.copy);

    return rc;
}


/* Approve, reject, suspend, activate, revoke */

static int
cmd_key_step_body(cv_cli_t *cli)
{
    cv_error_t       error;
    cmd_key_step_t  *work;

    work = cli->data;

    if (cv_key_take_step(cli->txn, cv_str_z(cli->arguments[0]), work->step,
                         &work->key, &work->copy, &error)
        != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_unresolve(cli->txn, CV_KEY, &work->key);
    cv_answer_record(cli, CV_KEY, &work->key);

    return CV_CLI_DONE;
}


int
cmd_key_step(cv_cli_t *cli)
{
    int             rc;
    cmd_key_step_t  work;

    work.step = (cv_key_step_t)
                cv_name_index(cv_key_step_names, cv_str_z(cli->command->verb));

    cv_buf_init(&work.copy, CV_RECORD_MAX);

    cli->data = &work;
    rc = cv_cli_write(cli, cmd_key_step_body);

    cv_buf_free(&work.copy);

    return rc;
}


/* Show */

static void
cmd_key_read(void *data, cv_slot_t *slot)
{
    cmd_key_used_t  *used = data;

    used->day = cv_slot_last_day(slot);
    used->month = cv_slot_month(slot, cv_period(CV_WINDOW_MONTH,
                                                cv_time_now()));
}


static int
cmd_key_used(cv_cli_t *cli, const cv_api_key_t *key, uint64_t number)
{
    cv_err_t         err;
    uint8_t          text[CV_TIME_TEXT_MAX];
    cv_time_t        day;
    cv_error_t       error;
    cv_meter_t      *meter;
    cmd_key_used_t   used;

    err = cv_counters_open_to_look(&meter, cli->store, &error);

    if (err == CV_OK) {
        err = cv_counters_use(meter, key->id, number, cmd_key_read, &used,
                              &error);
        cv_meter_close(meter);
    }

    if (err != CV_OK) {
        cv_buf_reset(&cli->out.buf);
        return cv_cli_fail(cli, "%s", error.text);
    }

    day = cv_period_start(CV_WINDOW_DAY, used.day);

    if (used.day > 0) {
        cv_answer_text(cli, "last_used",
                       cv_str(text, cv_time_format(text, day, CV_TIME_DATE)));
    }

    cv_answer_number(cli, "this_month", used.month);

    return CV_CLI_DONE;
}


static int
cmd_key_show_body(cv_cli_t *cli)
{
    uint64_t      number;
    cv_api_key_t  key;

    if (!cv_get_by_id(cli->txn, CV_KEY, cv_str_z(cli->arguments[0]), &key,
                      &number))
    {
        return cv_cli_unknown(cli, CV_KEY, cli->arguments[0]);
    }

    cv_unresolve(cli->txn, CV_KEY, &key);
    cv_answer_record(cli, CV_KEY, &key);

    return cli->json ? CV_CLI_DONE : cmd_key_used(cli, &key, number);
}


int
cmd_key_show(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_key_show_body);
}
