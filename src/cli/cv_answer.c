
/*
 * Copyright (C) The credverify authors
 *
 * Answers, for programs and for people.
 */

#include "cv_cli.h"
#include "cv_text.h"

#define CV_ANSWER_COLUMN  16


/* begins a value: its name, and what stands around it */

static void
cv_answer_name(cv_cli_t *cli, const char *name)
{
    size_t     start;
    cv_buf_t  *out;

    out = &cli->out.buf;

    if (cli->json) {
        if (out->len > 0 && out->data[out->len - 1] != '{') {
            cv_buf_append_byte(out, ',');
        }

        cv_buf_printf(out, "\"%s\":", name);
        return;
    }

    for (start = out->len; *name != '\0'; name++) {
        cv_buf_append_byte(out, *name == '_' ? ' ' : (uint8_t) *name);
    }

    do {
        cv_buf_append_byte(out, ' ');
    } while (!cv_buf_failed(out) && out->len - start < CV_ANSWER_COLUMN);
}


static void
cv_answer_end(cv_cli_t *cli)
{
    if (!cli->json) {
        cv_buf_append_byte(&cli->out.buf, '\n');
    }
}


void
cv_answer_open(cv_cli_t *cli)
{
    if (cli->json) {
        cv_buf_append_byte(&cli->out.buf, '{');
    }
}


void
cv_answer_text(cv_cli_t *cli, const char *name, cv_str_t text)
{
    cv_buf_t  *out;

    out = &cli->out.buf;

    if (!cv_present(text) && !cli->json) {
        return;
    }

    cv_answer_name(cli, name);

    if (!cli->json) {
        cv_out_plain(out, text);

    } else if (cv_present(text)) {
        cv_escape_json_string(out, text);

    } else {
        cv_buf_append_str(out, CV_STR("null"));
    }

    cv_answer_end(cli);
}


void
cv_answer_number(cv_cli_t *cli, const char *name, uint64_t number)
{
    cv_answer_name(cli, name);
    cv_buf_append_int(&cli->out.buf, (int64_t) number);
    cv_answer_end(cli);
}


void
cv_answer_flag(cv_cli_t *cli, const char *name, bool flag)
{
    cv_answer_name(cli, name);
    cv_buf_append_str(&cli->out.buf, flag ? CV_STR("true") : CV_STR("false"));
    cv_answer_end(cli);
}


void
cv_answer_json(cv_cli_t *cli, const char *name, cv_str_t json)
{
    cv_answer_name(cli, name);

    if (cli->json) {
        cv_buf_append_str(&cli->out.buf, json);
    } else {
        cv_out_plain(&cli->out.buf, json);
    }

    cv_answer_end(cli);
}


void
cv_answer_close(cv_cli_t *cli)
{
    if (cli->json) {
        cv_buf_append_str(&cli->out.buf, CV_STR("}\n"));
    }
}


void
cv_answer_stat(cv_cli_t *cli, const cv_store_stat_t *stat)
{
    char     uuid[2 * CV_STORE_UUID_LEN];
    size_t   i, len;
    uint8_t  changed_at[CV_TIME_TEXT_MAX];

    cv_hex_encode(uuid, cv_str(stat->uuid, CV_STORE_UUID_LEN));
    len = cv_time_format(changed_at, stat->changed_at, CV_TIME_MS);

    cv_answer_text(cli, "uuid", cv_str(uuid, sizeof(uuid)));
    cv_answer_number(cli, "map_size", stat->map_size);
    cv_answer_number(cli, "map_used", stat->map_used);

    for (i = 0; i < CV_KINDS; i++) {
        cv_answer_number(cli, cv_schemas[i].name, stat->records[i]);
    }

    cv_answer_number(cli, "handles", stat->handles);
    cv_answer_number(cli, "links", stat->links);
    cv_answer_number(cli, "audited", stat->audited);
    cv_answer_number(cli, "changes", stat->changes);
    cv_answer_number(cli, "last_change", stat->last_change);
    cv_answer_text(cli, "changed_at",
                   stat->last_change > 0 ? cv_str(changed_at, len)
                                         : CV_ABSENT);
}


/* as in JSON, but a text without its quotes and escapes */

void
cv_member_plain(cv_buf_t *out, const void *record, const cv_field_t *field)
{
    cv_buf_t        json;
    const uint8_t  *p;

    p = (const uint8_t *) record + field->offset;

    if (!cv_field_present(record, field)) {
        return;
    }

    switch (field->type) {

    case CV_FIELD_TEXT:
        cv_out_plain(out, *(const cv_str_t *) p);
        break;

    case CV_FIELD_REF:
        cv_out_plain(out, ((const cv_ref_t *) p)->id);
        break;

    case CV_FIELD_DATE:
        cv_out_plain(out, ((const cv_date_t *) p)->text);
        break;

    case CV_FIELD_ENUM:
        cv_out_plain(out, cv_str_z(field->names[((const cv_int_t *) p)
                                                ->value]));
        break;

    case CV_FIELD_HASH:
    case CV_FIELD_MONTH:
        cv_buf_init(&json, CV_RECORD_MAX);
        cv_line_write_value(&json, record, field);

        if (json.len > 2) {
            cv_buf_append(out, json.data + 1, json.len - 2);
        }

        cv_buf_free(&json);
        break;

    default:
        cv_buf_init(&json, 6 * CV_RECORD_MAX);
        cv_line_write_value(&json, record, field);
        cv_out_plain(out, cv_buf_str(&json));
        cv_buf_free(&json);
    }
}


void
cv_answer_members(cv_cli_t *cli, cv_kind_t kind, const void *record)
{
    size_t             i;
    const cv_field_t  *field;

    for (i = 0; i < cv_schemas[kind].nfields; i++) {
        field = &cv_schemas[kind].fields[i];

        if (!cv_field_present(record, field) || field->secret
            || field->internal || field->type == CV_FIELD_HASH
            || field->type == CV_FIELD_BYTES)
        {
            continue;
        }

        cv_answer_name(cli, field->name);

        if (cli->json) {
            cv_line_write_value(&cli->out.buf, record, field);
        } else {
            cv_member_plain(&cli->out.buf, record, field);
        }

        cv_answer_end(cli);
    }
}


void
cv_answer_record_open(cv_cli_t *cli, cv_kind_t kind, const void *record)
{
    if (cli->json) {
        cv_line_write(&cli->out.buf, kind, record, false);

        /* without what closes it */

        if (!cv_buf_failed(&cli->out.buf)) {
            cli->out.buf.len--;
        }

        return;
    }

    cv_answer_members(cli, kind, record);
}


void
cv_answer_record(cv_cli_t *cli, cv_kind_t kind, const void *record)
{
    cv_answer_record_open(cli, kind, record);
    cv_answer_close(cli);
}
