
/*
 * Copyright (C) The credverify authors
 *
 * credverify check, credverify stats
 */

#include "cv_cli.h"
#include "cv_badge_notes.h"
#include "cv_counters.h"
#include "cv_image_check.h"
#include "cv_text.h"

#include <inttypes.h>

/* the notes of a store are fewer, and each is of a few ids at most */
#define CMD_CHECK_NOTES  ((size_t) 1 << 20)


static void
cmd_check_report(void *data, const char *problem)
{
    cv_cli_say_hashes(data, "%s", problem);
}


uint64_t
cv_cli_check(cv_cli_t *cli, uint64_t *records, uint64_t *counters)
{
    uint64_t         problems;
    static uint64_t  read;

    read = 0;

    cv_watch_start("entries", &read, -1);
    problems = cv_store_check(cli->txn, cmd_check_report, cli, &read);
    cv_watch_stop();

    *counters = cv_counters_check(cli->txn, cv_time_now(), cmd_check_report,
                                  cli);
    *records = read;

    return problems + *counters;
}


/* What was checked on the way in, by a version that knew less perhaps. */

static uint64_t
cmd_check_images(cv_cli_t *cli)
{
    uint64_t      problems;
    cv_walk_t     walk;
    cv_image_t    image;
    cv_error_t    why;

    problems = 0;
    cv_walk_open(&walk, cli->txn, CV_IMAGE);

    while (cv_walk_next(&walk, &image, NULL)) {

        if (cv_image_check(image.data, &why) == CV_OK) {
            continue;
        }

        cv_unresolve(cli->txn, CV_IMAGE, &image);
        cv_cli_say(cli, "the image of class %.*s: %s; set another one, "
                   "\"credverify class set %.*s --image-file FILE\"",
                   CV_FMT(image.class.id), why.text, CV_FMT(image.class.id));
        problems++;
    }

    cv_walk_close(&walk);

    return problems;
}


/* "class web", "and 7 more classes", "3 credentials", with what they lack */

static void
cmd_check_note_say(cv_buf_t *out, const cv_badge_note_t *note)
{
    size_t       i;
    const char  *name, *ending;

    name = cv_schemas[note->kind].name;
    ending = note->count == 1 ? "" : note->kind == CV_CLASS ? "es" : "s";

    if (note->lacks == NULL) {
        cv_buf_printf(out, "and %" PRIu64 " more %s%s", note->count, name,
                      ending);
        return;
    }

    if (note->count == 1) {
        cv_buf_printf(out, "%s %.*s: no Open Badge, it has %s", name,
                      CV_FMT(note->ids[0]), note->lacks);
        return;
    }

    cv_buf_printf(out, "%" PRIu64 " %s%s: no Open Badges, each has %s: ",
                  note->count, name, ending, note->lacks);

    for (i = 0; i < CV_BADGE_NOTE_IDS && cv_present(note->ids[i]); i++) {
        cv_buf_append_str(out, i > 0 ? CV_STR(", ") : CV_STR(""));
        cv_buf_append_str(out, note->ids[i]);
    }

    if (note->count > i) {
        cv_buf_printf(out, " and %" PRIu64 " more", note->count - i);
    }
}


static void
cmd_check_note_json(cv_buf_t *out, const cv_badge_note_t *note)
{
    size_t  i;

    cv_buf_printf(out, "%s{\"kind\":\"%s\",\"count\":%" PRIu64
                  ",\"lacks\":", out->len > 1 ? "," : "",
                  cv_schemas[note->kind].name, note->count);

    if (note->lacks != NULL) {
        cv_escape_json_string(out, cv_str_z(note->lacks));
    } else {
        cv_buf_append_str(out, CV_STR("null"));
    }

    cv_buf_append_str(out, CV_STR(",\"ids\":["));

    for (i = 0; i < CV_BADGE_NOTE_IDS && cv_present(note->ids[i]); i++) {
        cv_buf_append_str(out, i > 0 ? CV_STR(",") : CV_STR(""));
        cv_escape_json_string(out, note->ids[i]);
    }

    cv_buf_append_str(out, CV_STR("]}"));
}


static void
cmd_check_note(void *data, const cv_badge_note_t *note)
{
    cv_buf_t  *text;
    cv_cli_t  *cli = data;

    text = cli->data;

    if (cli->json) {
        cmd_check_note_json(text, note);
        return;
    }

    cv_buf_reset(text);
    cmd_check_note_say(text, note);
    cv_answer_text(cli, "note", cv_buf_str(text));
}


/* what is no problem, but whoever serves Open Badges wants to know */

static int
cmd_check_notes(cv_cli_t *cli)
{
    cv_err_t         err;
    cv_buf_t         text;
    static uint64_t  looked;

    cv_buf_init(&text, CMD_CHECK_NOTES);
    cv_buf_append_byte(&text, '[');
    cli->data = &text;

    cv_watch_start("credentials as Open Badges", &looked, -1);
    err = cv_badge_notes(cli->txn, cv_time_now(), cmd_check_note, cli,
                         &looked);
    cv_watch_stop();

    if (cli->json) {
        cv_buf_append_byte(&text, ']');
        cv_answer_json(cli, "notes", cv_buf_str(&text));
    }

    if (err == CV_OK) {
        err = text.err;
    }

    cv_buf_free(&text);

    return err == CV_OK ? CV_CLI_DONE : CV_CLI_FAILED;
}


static int
cmd_check_body(cv_cli_t *cli)
{
    int       rc;
    bool      damaged;
    uint64_t  problems, records, counters;

    problems = cv_cli_check(cli, &records, &counters);
    damaged = problems > counters;

    /* those of the counters and of images say each what to do */

    if (!damaged) {
        problems += cmd_check_images(cli);

    } else {
        cv_cli_say(cli, "the store is damaged: put the last good backup in its "
                   "place, \"credverify restore --replace FILE\", which keeps "
                   "it beside");
    }

    cv_answer_open(cli);
    cv_answer_number(cli, "entries", records);
    cv_answer_number(cli, "problems", problems);

    rc = problems == 0 ? CV_CLI_DONE : CV_CLI_FAILED;

    /* of a damaged store nothing else is said */

    if (damaged || cv_option(cli, "no-openbadges") != NULL) {
        if (cli->json) {
            cv_answer_json(cli, "notes", CV_STR("null"));
        }

    } else if (cmd_check_notes(cli) != CV_CLI_DONE) {
        rc = CV_CLI_FAILED;
    }

    cv_answer_close(cli);

    return rc;
}


int
cmd_check(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_check_body);
}


static int
cmd_stats_body(cv_cli_t *cli)
{
    uint64_t          bytes, slots;
    cv_error_t        error;
    cv_meter_t       *meter;
    cv_store_stat_t   stat;

    if (cv_store_stat(cli->txn, &stat) != CV_OK) {
        return CV_CLI_FAILED;
    }

    if (cv_counters_open_to_look(&meter, cli->store, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    slots = cv_meter_slots(meter);
    bytes = cv_meter_bytes(meter);
    cv_meter_close(meter);

    cv_answer_open(cli);
    cv_answer_text(cli, "store", cv_str_z(cli->store_dir));
    cv_answer_stat(cli, &stat);
    cv_answer_number(cli, "counters", slots);
    cv_answer_number(cli, "counters_bytes", bytes);
    cv_answer_number(cli, "readers", stat.readers);
    cv_answer_number(cli, "readers_max", stat.readers_max);
    cv_answer_close(cli);

    return CV_CLI_DONE;
}


int
cmd_stats(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_stats_body);
}
