
/*
 * Copyright (C) The credverify authors
 *
 * credverify issuer|class|holder|credential history: the audit trail of one
 * record
 */

#include "cv_cli.h"
#include "cv_text.h"

#define CMD_HISTORY_ACTOR   12
#define CMD_HISTORY_ACTION  (sizeof("token revoked") - 1)
#define CMD_HISTORY_STATUS  (sizeof("refunded -> refunded") - 1)

/* the longest */
#define CMD_HISTORY_CHANGE  (sizeof("suspended -> suspended") - 1)

typedef struct {
    cv_handle_kind_t   by;
    uint64_t           revoked;     /* sequence of the last revocation, */
    cv_str_t           reason;      /* and why that was; absent: unsaid */
} cmd_history_t;

/* what is shown of an entry */

typedef struct {
    cv_str_t    at;
    cv_str_t    actor;
    cv_str_t    action;
    cv_str_t    from;
    cv_str_t    to;
    cv_str_t    token;
    cv_str_t    reason;
} cmd_history_row_t;


static cv_str_t
cmd_history_status(cv_kind_t kind, int status)
{
    return status == -1 ? CV_ABSENT
           : cv_str_z(kind == CV_KEY ? cv_key_status_names[status]
                                     : cv_status_names[status]);
}


/* "blanks" stand between the cell before, if any, and this one */

static void
cmd_history_cell(cv_buf_t *out, size_t *blanks, cv_str_t text, size_t width)
{
    if (!cv_present(text)) {
        return;
    }

    for ( /* void */ ; *blanks > 0; (*blanks)--) {
        cv_buf_append_byte(out, ' ');
    }

    cv_out_plain(out, text);
    *blanks = 2 + (text.len < width ? width - text.len : 0);
}


static void
cmd_history_plain(cv_buf_t *out, const cmd_history_row_t *row)
{
    char      action[CMD_HISTORY_ACTION], status[CMD_HISTORY_CHANGE];
    size_t    i, blanks;
    cv_buf_t  changed;

    for (i = 0; i < row->action.len && i < sizeof(action); i++) {
        action[i] = (char) (row->action.data[i] == '_' ? ' '
                                                       : row->action.data[i]);
    }

    cv_buf_borrow(&changed, status, sizeof(status));

    if (!cv_str_eq(row->from, row->to)) {
        cv_buf_append_str(&changed, row->from);
        cv_buf_append_str(&changed, cv_present(row->from) ? CV_STR(" -> ")
                                                          : CV_STR(""));
        cv_buf_append_str(&changed, row->to);
    }

    blanks = 0;

    cmd_history_cell(out, &blanks, row->at, 0);
    cmd_history_cell(out, &blanks, cv_present(row->actor) ? row->actor
                                                          : CV_STR("-"),
                     CMD_HISTORY_ACTOR);
    cmd_history_cell(out, &blanks, cv_str(action, i), sizeof(action));
    cmd_history_cell(out, &blanks, changed.len > 0 ? cv_buf_str(&changed)
                                                   : CV_ABSENT,
                     CMD_HISTORY_STATUS);
    cmd_history_cell(out, &blanks, row->token, 0);
    cmd_history_cell(out, &blanks, row->reason, 0);

    cv_buf_append_byte(out, '\n');
}


static void
cmd_history_entry(cv_cli_t *cli, const cv_audit_t *entry)
{
    char                digits[2 * CV_AUDIT_TOKEN];
    size_t              len;
    uint8_t             at[CV_TIME_TEXT_MAX];
    cmd_history_t      *history;
    cmd_history_row_t   row;

    history = cli->data;

    len = cv_time_format(at, entry->at, CV_TIME_Z);

    row.at = cv_str(at, len);
    row.actor = entry->actor.len > 0 ? entry->actor : CV_ABSENT;
    row.action = cv_str_z(cv_action_names[entry->action]);
    row.from = cmd_history_status(entry->kind, entry->from);
    row.to = cmd_history_status(entry->kind, entry->to);
    row.token = CV_ABSENT;
    row.reason = entry->sequence == history->revoked ? history->reason
                                                     : CV_ABSENT;

    if (cv_present(entry->token)) {
        cv_hex_encode(digits, entry->token);
        row.token = cv_str(digits, sizeof(digits));
    }

    if (!cli->json) {
        cmd_history_plain(&cli->out.buf, &row);
        return;
    }

    cv_answer_open(cli);
    cv_answer_text(cli, "at", row.at);
    cv_answer_text(cli, "actor", row.actor);
    cv_answer_text(cli, "action", row.action);
    cv_answer_text(cli, "from", row.from);
    cv_answer_text(cli, "to", row.to);
    cv_answer_text(cli, "token", row.token);
    cv_answer_text(cli, "reason", row.reason);
    cv_answer_close(cli);
}


/* The reason that a credential has is that of its last revocation. */

static void
cmd_history_reason(cv_cli_t *cli, uint64_t iid)
{
    cv_walk_t         walk;
    cv_audit_t        entry;
    cmd_history_t    *history;
    cv_credential_t   credential;

    history = cli->data;

    if (cli->command->kind != CV_CREDENTIAL
        || !cv_get(cli->txn, CV_CREDENTIAL, iid, &credential)
        || credential.status.value != CV_STATUS_REVOKED)
    {
        return;
    }

    history->reason = credential.revocation_reason;

    cv_audit_open(&walk, cli->txn, CV_CREDENTIAL, iid);

    while (cv_audit_next(&walk, &entry)) {
        if (entry.to == CV_STATUS_REVOKED && entry.from != CV_STATUS_REVOKED) {
            history->revoked = entry.sequence;
        }
    }

    cv_walk_close(&walk);
}


static int
cmd_history_body(cv_cli_t *cli)
{
    uint64_t        iid;
    cv_kind_t       kind;
    cv_walk_t       walk;
    cv_audit_t      entry;
    cmd_history_t  *history;

    kind = cli->command->kind;
    history = cli->data;

    iid = cv_find(cli->txn, history->by, cv_str_z(cli->arguments[0]));

    if (iid == 0) {
        return cv_cli_unknown(cli, kind, cli->arguments[0]);
    }

    cmd_history_reason(cli, iid);

    cv_audit_open(&walk, cli->txn, kind, iid);

    while (cv_audit_next(&walk, &entry)) {
        cmd_history_entry(cli, &entry);

        if (!cv_out_more(&cli->out)) {
            break;
        }
    }

    cv_walk_close(&walk);

    return CV_CLI_DONE;
}


int
cmd_history(cv_cli_t *cli)
{
    cmd_history_t  history;

    memset(&history, 0, sizeof(cmd_history_t));
    history.by = cv_id_handle(cli->command->kind);

    if (!cv_option_by(cli, &history.by)) {
        return CV_CLI_USAGE;
    }

    cli->data = &history;

    return cv_cli_read(cli, cmd_history_body);
}
