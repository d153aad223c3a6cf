
/*
 * Copyright (C) The credverify authors
 *
 * credverify quota grant, reset, explain
 */

#include "cv_cli.h"
#include "cv_authorize.h"
#include "cv_counters.h"

/* as many units as a month's count can reach */
#define CMD_GRANT_MOST  (((uint64_t) 1 << 48) - 1)

typedef struct {
    uint64_t      month;
    uint64_t      units;
    bool          set;              /* so many in all */
} cmd_grant_t;

typedef struct {
    unsigned         windows;       /* bits by cv_window_t */
    cv_time_t        now;
    uint64_t         number;        /* of the key */
    cv_meter_t      *meter;
    cv_admission_t   admission;     /* what was counted */
} cmd_reset_t;

/* what is known of a key's quota now */

typedef struct {
    cv_time_t        now;
    cv_api_key_t     key;
    cv_tier_t        tier;
    cv_limits_t      limits;
    uint64_t         granted;
    cv_admission_t   admission;
    cv_outcome_t     outcome;       /* of a call */
    cv_window_t      window;        /* that decides; CV_WINDOWS: none does */
    cv_time_t        resets_at[CV_WINDOWS];
} cmd_quota_t;


/* Grant */

static int
cmd_quota_grant_body(cv_cli_t *cli)
{
    uint8_t       month[CV_MONTH_LEN];
    uint64_t      number, units;
    cv_error_t    error;
    cv_grant_t    grant;
    cv_closed_t   closed;
    cmd_grant_t  *work;

    work = cli->data;
    units = work->units;

    number = cv_find(cli->txn, CV_HANDLE_KEY_ID, cv_str_z(cli->arguments[0]));
    cv_closed_read(cli->txn, &closed);

    if (number == 0) {
        return cv_cli_unknown(cli, CV_KEY, cli->arguments[0]);
    }

    if (work->month < closed.month) {
        cv_month_format(month, (unsigned) work->month);
        return cv_cli_fail(cli, "%.*s is closed",
                           CV_FMT(cv_str(month, sizeof(month))));
    }

    if (cv_get_grant(cli->txn, number, work->month, &grant) && !work->set) {
        units += (uint64_t) grant.units.value;
    }

    if (units > CMD_GRANT_MOST) {
        return cv_cli_fail(cli, "%llu calls in a month are more than can be "
                           "counted", (unsigned long long) units);
    }

    memset(&grant, 0, sizeof(cv_grant_t));
    grant.key.iid = number;
    grant.month = (cv_int_t) { (int64_t) work->month, true };
    grant.units = (cv_int_t) { (int64_t) units, true };

    if (cv_put(cli->txn, CV_GRANT, &grant) == 0) {
        (void) cv_txn_err(cli->txn, &error);
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_unresolve(cli->txn, CV_GRANT, &grant);
    cv_answer_record(cli, CV_GRANT, &grant);

    return CV_CLI_DONE;
}


int
cmd_quota_grant(cv_cli_t *cli)
{
    cmd_grant_t  work;

    work.set = cv_option(cli, "set") != NULL;
    work.month = cv_period(CV_WINDOW_MONTH, cv_time_now());

    if (cv_option(cli, "units") == NULL) {
        return cv_cli_misuse(cli, "--units is expected");
    }

    if (!cv_option_number(cli, "units", work.set ? 0 : 1, CMD_GRANT_MOST,
                          &work.units)
        || !cv_option_month(cli, "month", &work.month))
    {
        return CV_CLI_USAGE;
    }

    cli->data = &work;

    return cv_cli_write(cli, cmd_quota_grant_body);
}


/* Reset */

static void
cmd_reset_read(void *data, cv_slot_t *slot)
{
    cv_limits_t   none;
    cmd_reset_t  *work = data;

    cv_limits_read(&none, NULL);
    cv_admission_look(slot, &none, work->now, &work->admission);
}


static void
cmd_reset_apply(void *data, cv_slot_t *slot)
{
    cmd_reset_t  *work = data;

    cv_slot_reset(slot, work->windows, work->now);
}


static int
cmd_quota_reset_body(cv_cli_t *cli)
{
    cv_str_t      id;
    cv_error_t    error;
    cv_window_t   window;
    cmd_reset_t  *work;

    work = cli->data;
    id = cv_str_z(cli->arguments[0]);

    work->number = cv_find(cli->txn, CV_HANDLE_KEY_ID, id);

    if (work->number == 0) {
        return cv_cli_unknown(cli, CV_KEY, cli->arguments[0]);
    }

    if (cv_counters_open(&work->meter, cli->store, &error) != CV_OK
        || cv_counters_use(work->meter, id, work->number, cmd_reset_read, work,
                           &error)
           != CV_OK)
    {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_audit_note(cli->txn, CV_KEY, work->number, CV_ACTION_RESET);

    cv_answer_open(cli);
    cv_answer_text(cli, "key", cv_str_z(cli->arguments[0]));

    for (window = 0; window < CV_WINDOWS; window++) {
        if (work->windows & 1U << window) {
            cv_answer_number(cli, cv_window_names[window],
                             work->admission.used[window]);
        }
    }

    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_quota_reset(cv_cli_t *cli)
{
    int           i, rc;
    cv_error_t    error;
    cmd_reset_t   work;
    const char   *window;

    window = cv_option(cli, "window");
    i = window != NULL ? cv_name_index(cv_window_names, cv_str_z(window)) : 0;

    if (i == -1) {
        return cv_cli_misuse(cli, "--window: \"%s\" is neither minute, hour, "
                             "day nor month", window);
    }

    work.now = cv_time_now();
    work.windows = window != NULL ? 1U << i : (1U << CV_WINDOWS) - 1;
    work.meter = NULL;

    cli->data = &work;
    rc = cv_cli_write(cli, cmd_quota_reset_body);

    /* what is done is in the trail before it is */

    if (rc == CV_CLI_DONE
        && cv_counters_use(work.meter, cv_str_z(cli->arguments[0]),
                           work.number, cmd_reset_apply, &work, &error)
           != CV_OK)
    {
        cv_buf_reset(&cli->out.buf);
        rc = cv_cli_fail(cli, "%s", error.text);
    }

    cv_meter_close(work.meter);

    return rc;
}


/* Explain */

/* The hour gives back what its oldest minute has. */

static cv_time_t
cmd_quota_hour_resets_at(cv_slot_t *slot, uint64_t used, cv_time_t now)
{
    cv_limits_t      full;
    cv_admission_t   admission;

    cv_limits_read(&full, NULL);
    full.most[CV_WINDOW_HOUR] = used;

    cv_admission_look(slot, &full, now, &admission);

    return admission.opens_at;
}


static uint64_t
cmd_quota_left(const cmd_quota_t *quota, cv_window_t window)
{
    uint64_t  most, used;

    most = quota->limits.most[window];
    used = quota->admission.used[window];

    return most == CV_UNLIMITED ? CV_UNLIMITED : used < most ? most - used : 0;
}


static void
cmd_quota_look(void *data, cv_slot_t *slot)
{
    uint64_t         least;
    cv_window_t      window;
    cmd_quota_t     *quota = data;
    cv_demand_t      anything;
    cv_admission_t  *admission;

    admission = &quota->admission;
    cv_admission_look(slot, &quota->limits, quota->now, admission);

    memset(&anything, 0, sizeof(cv_demand_t));

    quota->outcome = cv_access(&anything, &quota->key,
                               cv_present(quota->tier.id) ? &quota->tier
                                                          : NULL,
                               quota->key.hash, quota->now);

    if (quota->outcome == CV_VALID && !admission->admitted) {
        quota->outcome = admission->refused == CV_WINDOW_MONTH
                         ? CV_MONTHLY_LIMIT_REACHED : CV_RATE_LIMITED;
    }

    quota->window = admission->admitted ? CV_WINDOWS : admission->refused;
    least = CV_UNLIMITED;

    for (window = 0; window < CV_WINDOWS; window++) {

        if (admission->admitted && cmd_quota_left(quota, window) < least
            && !(window == CV_WINDOW_MONTH && quota->limits.overage))
        {
            least = cmd_quota_left(quota, window);
            quota->window = window;
        }

        quota->resets_at[window] = window == CV_WINDOW_HOUR
            ? cmd_quota_hour_resets_at(slot, admission->used[window],
                                       quota->now)
            : cv_period_start(window, cv_period(window, quota->now) + 1);
    }
}


static cv_str_t
cmd_quota_instant(uint8_t text[CV_TIME_TEXT_MAX], cv_time_t at)
{
    return cv_str(text, cv_time_format(text, at, CV_TIME_Z));
}


/* an hour without a call has nothing to give back */

static bool
cmd_quota_resets(const cmd_quota_t *quota, cv_window_t window)
{
    return window != CV_WINDOW_HOUR || quota->admission.used[window] > 0;
}


static void
cmd_quota_row(cv_columns_t *columns, const cmd_quota_t *quota,
    cv_window_t window)
{
    bool     limited;
    uint8_t  text[CV_TIME_TEXT_MAX];

    limited = quota->limits.most[window] != CV_UNLIMITED;

    cv_columns_begin(columns);
    cv_columns_text(columns, cv_str_z(cv_window_names[window]));

    if (limited) {
        cv_columns_number(columns, (int64_t) quota->limits.most[window]);
    } else {
        (void) cv_columns_cell(columns);
    }

    cv_columns_number(columns, (int64_t) quota->admission.used[window]);

    if (limited) {
        cv_columns_number(columns, (int64_t) cmd_quota_left(quota, window));
    } else {
        (void) cv_columns_cell(columns);
    }

    cv_columns_text(columns, cmd_quota_resets(quota, window)
                    ? cmd_quota_instant(text, quota->resets_at[window])
                    : CV_STR(""));
}


static void
cmd_quota_table(cv_cli_t *cli, const cmd_quota_t *quota)
{
    int            pass;
    cv_buf_t      *out;
    cv_window_t    window;
    cv_columns_t   columns;

    static const char *const  names[] = {
        "window", "limit", "used", "left", "resets_at", NULL
    };

    cv_columns_init(&columns);
    cv_buf_append_byte(&cli->out.buf, '\n');

    for (pass = 0; pass < 2; pass++) {
        out = pass == 0 ? NULL : &cli->out.buf;

        cv_columns_head(&columns, names);
        cv_columns_put(&columns, out);

        for (window = 0; window < CV_WINDOWS; window++) {
            cmd_quota_row(&columns, quota, window);
            cv_columns_put(&columns, out);
        }
    }

    cv_columns_free(&columns);
}


static void
cmd_quota_json(cv_cli_t *cli, const cmd_quota_t *quota)
{
    uint8_t      text[CV_TIME_TEXT_MAX];
    cv_buf_t    *out;
    cv_window_t  window;

    out = &cli->out.buf;
    cv_buf_append_str(out, CV_STR(",\"windows\":["));

    for (window = 0; window < CV_WINDOWS; window++) {
        cv_buf_append_str(out, window > 0 ? CV_STR(",{") : CV_STR("{"));
        cv_answer_text(cli, "window", cv_str_z(cv_window_names[window]));

        if (quota->limits.most[window] != CV_UNLIMITED) {
            cv_answer_number(cli, "limit", quota->limits.most[window]);
        } else {
            cv_answer_text(cli, "limit", CV_ABSENT);
        }

        cv_answer_number(cli, "used", quota->admission.used[window]);

        if (quota->limits.most[window] != CV_UNLIMITED) {
            cv_answer_number(cli, "left", cmd_quota_left(quota, window));
        } else {
            cv_answer_text(cli, "left", CV_ABSENT);
        }

        cv_answer_text(cli, "resets_at", cmd_quota_resets(quota, window)
                       ? cmd_quota_instant(text, quota->resets_at[window])
                       : CV_ABSENT);
        cv_buf_append_byte(out, '}');
    }

    cv_buf_append_byte(out, ']');
}


static void
cmd_quota_answer(cv_cli_t *cli, const cmd_quota_t *quota)
{
    uint8_t  text[CV_TIME_TEXT_MAX];

    cv_answer_open(cli);
    cv_answer_text(cli, "key", quota->key.id);
    cv_answer_text(cli, "status",
                   cv_str_z(cv_key_status_names[cv_key_status(&quota->key)]));
    cv_answer_text(cli, "tier", quota->tier.id);
    cv_answer_number(cli, "granted", quota->granted);
    cv_answer_flag(cli, "overage", quota->limits.overage);
    cv_answer_flag(cli, "refused", quota->outcome != CV_VALID);
    cv_answer_text(cli, "reason", quota->outcome != CV_VALID
                   ? cv_outcomes[quota->outcome].name : CV_ABSENT);
    cv_answer_text(cli, "decides", quota->window != CV_WINDOWS
                   ? cv_str_z(cv_window_names[quota->window]) : CV_ABSENT);
    cv_answer_text(cli, "opens_at", !quota->admission.admitted
                   ? cmd_quota_instant(text, quota->admission.opens_at)
                   : CV_ABSENT);

    if (cli->json) {
        cmd_quota_json(cli, quota);
    } else {
        cmd_quota_table(cli, quota);
    }

    cv_answer_close(cli);
}


static int
cmd_quota_explain_body(cv_cli_t *cli)
{
    cv_err_t      err;
    uint64_t      number, month;
    cv_error_t    error;
    cv_grant_t    grant;
    cv_meter_t   *meter;
    cmd_quota_t  *quota;

    quota = cli->data;
    month = cv_period(CV_WINDOW_MONTH, quota->now);

    if (!cv_get_by_id(cli->txn, CV_KEY, cv_str_z(cli->arguments[0]),
                      &quota->key, &number))
    {
        return cv_cli_unknown(cli, CV_KEY, cli->arguments[0]);
    }

    if (cv_key_terms(cli->txn, &quota->key, number, month, &quota->tier,
                     &quota->limits)
        != CV_OK)
    {
        return cv_txn_err(cli->txn, NULL) != CV_OK
               ? CV_CLI_FAILED
               : cv_cli_fail(cli, "the key's tier is not in the store; run "
                             "\"credverify check\"");
    }

    if (cv_get_grant(cli->txn, number, month, &grant)) {
        quota->granted = (uint64_t) grant.units.value;
    }

    err = cv_counters_open_to_look(&meter, cli->store, &error);

    if (err == CV_OK) {
        err = cv_counters_use(meter, quota->key.id, number, cmd_quota_look,
                              quota, &error);
        cv_meter_close(meter);
    }

    if (err != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cmd_quota_answer(cli, quota);

    return CV_CLI_DONE;
}


int
cmd_quota_explain(cv_cli_t *cli)
{
    cmd_quota_t  quota;

    memset(&quota, 0, sizeof(cmd_quota_t));
    quota.now = cv_time_now();

    cli->data = &quota;

    return cv_cli_read(cli, cmd_quota_explain_body);
}
