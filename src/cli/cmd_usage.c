
/*
 * Copyright (C) The credverify authors
 *
 * credverify usage: what every key used in a month, and what is due for it
 */

#include "cv_cli.h"
#include "cv_counters.h"
#include "cv_text.h"
#include "cv_usage.h"

typedef struct {
    uint64_t       keys;
    uint64_t       used;
    uint64_t       overage;
    int64_t        due_cents;
} cmd_usage_sum_t;

typedef struct cmd_usage_s  cmd_usage_t;

/* what becomes of a key's usage, whose references have their ids */
typedef int (*cmd_usage_pt)(cv_cli_t *cli, cmd_usage_t *work,
    const cv_usage_t *usage, cv_str_t owner, bool closed);

struct cmd_usage_s {
    uint64_t          month;
    uint8_t           name[CV_MONTH_LEN];
    bool              closed;       /* nothing of it is to be closed any more */
    bool              csv;
    cv_time_t         now;
    cv_meter_t       *meter;
    cmd_usage_pt      row;
    cv_columns_t      columns;
    cmd_usage_sum_t   sum;
};


/* Rows */

static const char *const  cmd_usage_columns[] = {
    "key", "owner", "tier", "included", "used", "overage", "due_cents", NULL
};


static void
cmd_usage_cells(cmd_usage_t *work, const cv_usage_t *usage, cv_str_t owner,
    int64_t due)
{
    cv_columns_t  *columns;

    columns = &work->columns;

    cv_columns_begin(columns);
    cv_columns_text(columns, usage->key.id);
    cv_columns_text(columns, owner);
    cv_columns_text(columns, usage->tier.id);

    if (usage->included.present) {
        cv_columns_number(columns, usage->included.value);
    } else {
        (void) cv_columns_cell(columns);
    }

    cv_columns_number(columns, usage->used.value);
    cv_columns_number(columns, (int64_t) cv_usage_overage(usage));
    cv_columns_number(columns, due);
}


/* a text as RFC 4180 has it; one that a spreadsheet might run is no formula */

static void
cmd_usage_quote(cv_buf_t *out, cv_str_t text)
{
    size_t  i;

    cv_buf_append_byte(out, '"');

    if (text.len > 0 && strchr("=+-@\t\r", text.data[0]) != NULL) {
        cv_buf_append_byte(out, '\'');
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '"') {
            cv_buf_append_byte(out, '"');
        }

        cv_buf_append_byte(out, text.data[i]);
    }

    cv_buf_append_byte(out, '"');
}


static void
cmd_usage_count(cv_buf_t *out, const cv_int_t *number)
{
    cv_buf_append_byte(out, ',');

    if (number->present) {
        cv_buf_append_int(out, number->value);
    }
}


static void
cmd_usage_csv(cv_buf_t *out, const cmd_usage_t *work, const cv_usage_t *usage,
    cv_str_t owner, int64_t due, bool closed)
{
    cv_buf_append_str(out, cv_str(work->name, sizeof(work->name)));
    cv_buf_append_byte(out, ',');
    cmd_usage_quote(out, usage->key.id);
    cv_buf_append_byte(out, ',');
    cmd_usage_quote(out, owner);
    cv_buf_append_byte(out, ',');
    cmd_usage_quote(out, usage->tier.id);
    cmd_usage_count(out, &usage->included);
    cmd_usage_count(out, &usage->used);
    cv_buf_printf(out, ",%llu",
                  (unsigned long long) cv_usage_overage(usage));
    cmd_usage_count(out, &usage->price_cents);
    cmd_usage_count(out, &usage->overage_cents);
    cv_buf_printf(out, ",%lld,%s\r\n", (long long) due,
                  closed ? "closed" : "open");
}


static void
cmd_usage_null(cv_cli_t *cli, const char *name, const cv_int_t *number)
{
    if (number->present) {
        cv_answer_number(cli, name, (uint64_t) number->value);
    } else {
        cv_answer_text(cli, name, CV_ABSENT);
    }
}


static void
cmd_usage_json(cv_cli_t *cli, const cmd_usage_t *work,
    const cv_usage_t *usage, cv_str_t owner, int64_t due, bool closed)
{
    cv_answer_open(cli);
    cv_answer_text(cli, "month", cv_str(work->name, sizeof(work->name)));
    cv_answer_text(cli, "key", usage->key.id);
    cv_answer_text(cli, "owner", owner);
    cv_answer_text(cli, "tier", usage->tier.id);
    cmd_usage_null(cli, "included", &usage->included);
    cv_answer_number(cli, "used", (uint64_t) usage->used.value);
    cv_answer_number(cli, "overage", cv_usage_overage(usage));
    cmd_usage_null(cli, "price_cents", &usage->price_cents);
    cmd_usage_null(cli, "overage_cents", &usage->overage_cents);
    cv_answer_number(cli, "due_cents", (uint64_t) due);
    cv_answer_flag(cli, "closed", closed);
    cv_answer_close(cli);
}


static int
cmd_usage_measure(cv_cli_t *cli, cmd_usage_t *work, const cv_usage_t *usage,
    cv_str_t owner, bool closed)
{
    int64_t  due;

    (void) cli;
    (void) closed;

    (void) cv_usage_due(usage, &due);
    cmd_usage_cells(work, usage, owner, due);
    cv_columns_put(&work->columns, NULL);

    return CV_CLI_DONE;
}


static int
cmd_usage_write(cv_cli_t *cli, cmd_usage_t *work, const cv_usage_t *usage,
    cv_str_t owner, bool closed)
{
    int64_t           due;
    cmd_usage_sum_t  *sum;

    sum = &work->sum;

    if (!cv_usage_due(usage, &due)
        || __builtin_add_overflow(sum->due_cents, due, &sum->due_cents))
    {
        return cv_cli_fail(cli, "key \"%.*s\": what is due is more than can "
                           "be said", CV_FMT(usage->key.id));
    }

    sum->keys++;
    sum->used += (uint64_t) usage->used.value;
    sum->overage += cv_usage_overage(usage);

    if (work->csv) {
        cmd_usage_csv(&cli->out.buf, work, usage, owner, due, closed);

    } else if (cli->json) {
        cmd_usage_json(cli, work, usage, owner, due, closed);

    } else {
        cmd_usage_cells(work, usage, owner, due);
        cv_columns_put(&work->columns, &cli->out.buf);
    }

    return cv_out_more(&cli->out) ? CV_CLI_DONE : CV_CLI_FAILED;
}


/* The keys of a month */

/* a month that is closed is what its records say */

static int
cmd_usage_walk_closed(cv_cli_t *cli, cmd_usage_t *work)
{
    int            rc;
    cv_walk_t      walk;
    cv_usage_t     usage;
    cv_api_key_t   key;

    rc = CV_CLI_DONE;

    cv_walk_open_usage(&walk, cli->txn, work->month);

    while (rc == CV_CLI_DONE && cv_walk_next(&walk, &usage, NULL)) {
        key.owner = CV_ABSENT;
        (void) cv_get(cli->txn, CV_KEY, usage.key.iid, &key);

        cv_unresolve(cli->txn, CV_USAGE, &usage);
        rc = work->row(cli, work, &usage, key.owner, true);
    }

    cv_walk_close(&walk);

    return rc;
}


static int
cmd_usage_walk_open(cv_cli_t *cli, cmd_usage_t *work)
{
    int                rc;
    uint64_t           number;
    cv_walk_t          walk;
    cv_error_t         error;
    cv_usage_t         usage;
    cv_api_key_t       key;
    cv_usage_state_t   state;

    rc = CV_CLI_DONE;

    cv_walk_open(&walk, cli->txn, CV_KEY);

    while (rc == CV_CLI_DONE && cv_walk_next(&walk, &key, &number)) {

        if (cv_usage_of(cli->txn, work->meter, &key, number, work->month,
                        work->now, &usage, &state, &error)
            != CV_OK)
        {
            rc = cv_txn_err(cli->txn, NULL) != CV_OK
                 ? CV_CLI_FAILED : cv_cli_fail(cli, "%s", error.text);

        } else if (state != CV_USAGE_NONE) {
            cv_unresolve(cli->txn, CV_USAGE, &usage);
            rc = work->row(cli, work, &usage, key.owner,
                           state == CV_USAGE_CLOSED);
        }
    }

    cv_walk_close(&walk);

    return rc;
}


static int
cmd_usage_walk(cv_cli_t *cli, cmd_usage_t *work, cmd_usage_pt row)
{
    work->row = row;

    return work->closed ? cmd_usage_walk_closed(cli, work)
                        : cmd_usage_walk_open(cli, work);
}


static int
cmd_usage_head(cv_cli_t *cli, cmd_usage_t *work)
{
    int  rc;

    if (work->csv) {
        cv_buf_append_str(&cli->out.buf,
                          CV_STR("month,key,owner,tier,included,used,overage,"
                                 "price_cents,overage_cents,due_cents,"
                                 "state\r\n"));
    }

    if (work->csv || cli->json) {
        return CV_CLI_DONE;
    }

    cv_columns_head(&work->columns, cmd_usage_columns);
    cv_columns_put(&work->columns, NULL);

    rc = cmd_usage_walk(cli, work, cmd_usage_measure);

    cv_columns_head(&work->columns, cmd_usage_columns);
    cv_columns_put(&work->columns, &cli->out.buf);

    return rc;
}


static void
cmd_usage_total(cv_cli_t *cli, const cmd_usage_t *work)
{
    if (!cli->json) {
        cv_buf_append_byte(&cli->out.buf, '\n');
    }

    cv_answer_open(cli);
    cv_answer_text(cli, "month", cv_str(work->name, sizeof(work->name)));
    cv_answer_flag(cli, "closed", work->closed);

    if (cli->json) {
        cv_buf_append_str(&cli->out.buf, CV_STR(",\"total\":{"));
    }

    cv_answer_number(cli, "keys", work->sum.keys);
    cv_answer_number(cli, "used", work->sum.used);
    cv_answer_number(cli, "overage", work->sum.overage);
    cv_answer_number(cli, "due_cents", (uint64_t) work->sum.due_cents);

    if (cli->json) {
        cv_buf_append_byte(&cli->out.buf, '}');
    }

    cv_answer_close(cli);
}


static int
cmd_usage_body(cv_cli_t *cli)
{
    int           rc;
    cv_error_t    error;
    cv_closed_t   closed;
    cmd_usage_t  *work;

    work = cli->data;

    cv_closed_read(cli->txn, &closed);
    work->closed = work->month < closed.month;

    if (cv_counters_open_to_look(&work->meter, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_columns_init(&work->columns);

    rc = cmd_usage_head(cli, work);

    if (rc == CV_CLI_DONE) {
        rc = cmd_usage_walk(cli, work, cmd_usage_write);
    }

    if (rc == CV_CLI_DONE && !work->csv) {
        cmd_usage_total(cli, work);
    }

    cv_columns_free(&work->columns);
    cv_meter_close(work->meter);

    return rc;
}


static int
cmd_usage_close(cv_cli_t *cli)
{
    cv_error_t    error;
    cmd_usage_t  *work;

    work = cli->data;

    return cv_usage_close(cli->store, work->now, &error) == CV_OK
           ? cv_cli_snapshot(cli, cmd_usage_body)
           : cv_cli_fail(cli, "%s", error.text);
}


static int
cmd_usage_read(cv_cli_t *cli)
{
    return cv_cli_snapshot(cli, cmd_usage_body);
}


int
cmd_usage(cv_cli_t *cli)
{
    cv_err_t      err;
    cv_error_t    error;
    cmd_usage_t   work;

    memset(&work, 0, sizeof(cmd_usage_t));

    work.now = cv_time_now();
    work.month = cv_period(CV_WINDOW_MONTH, work.now);
    work.csv = cv_option(cli, "csv") != NULL;

    if (work.csv && cli->json) {
        return cv_cli_misuse(cli, "give --json or --csv, not both");
    }

    if (!cv_option_month(cli, "month", &work.month)) {
        return CV_CLI_USAGE;
    }

    cv_month_format(work.name, (unsigned) work.month);

    if (work.month > cv_period(CV_WINDOW_MONTH, work.now)) {
        return cv_cli_misuse(cli, "--month: %.*s has not begun",
                             CV_FMT(cv_str(work.name, sizeof(work.name))));
    }

    cli->data = &work;

    /* whoever cannot write may read */

    err = cv_store_open(&cli->store, cli->store_dir, true, &error);

    if (err == CV_ERR_ACCESS) {
        return cv_cli_with_store(cli, false, cmd_usage_read);
    }

    return err == CV_OK ? cv_cli_with_open(cli, cmd_usage_close)
                        : cv_cli_fail(cli, "%s", error.text);
}
