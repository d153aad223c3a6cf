
/*
 * Copyright (C) The credverify authors
 *
 * What the commands share: how they are described, what they were given, how
 * they speak, and how they come to the store.
 */

#ifndef CV_CLI_H
#define CV_CLI_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_line.h"
#include "cv_record.h"
#include "cv_store.h"

#include <limits.h>
#include <sys/types.h>

#define CV_CLI_STORE          "var/store"
#define CV_CLI_STORE_ENV      "CREDVERIFY_STORE"

#define CV_CLI_DONE           0
#define CV_CLI_FAILED         1
#define CV_CLI_USAGE          2

#define CV_CLI_ACTOR_MAX      64
#define CV_CLI_OPTIONS_MAX    32
#define CV_CLI_OPTIONS_GLOBAL 4
#define CV_CLI_ARGUMENTS_MAX  2
#define CV_CLI_MORE_MAX       64

typedef struct cv_cli_s      cv_cli_t;
typedef struct cv_command_s  cv_command_t;

/*
 * An option stands for itself, or for a member of a record, whose name it
 * then has, with "-" for "_".  One whose argument ends with "..." may be given
 * several times.
 */

typedef struct {
    const char        *name;        /* without the dashes; NULL ends a list */
    const char        *argument;    /* as help calls it; NULL: a flag */
    const char        *help;
    const cv_field_t  *field;
} cv_option_t;

struct cv_command_s {
    const char         *noun;
    const char         *verb;       /* NULL: the noun says it all */
    const char         *arguments;  /* as help shows them */
    unsigned            least;      /* how many there must be, */
    unsigned            most;       /* and may be */
    const char         *summary;
    const char         *details;    /* NULL, or more lines for --help */
    const cv_option_t  *options;    /* NULL: none */
    cv_kind_t           kind;       /* of whose members there are options */
    const char         *members;    /* those members as " a b "; NULL: none */
    int               (*run)(cv_cli_t *cli);
};

/* A place that output goes to, a buffer at a time. */

typedef struct {
    cv_buf_t            buf;
    const char         *name;
    int                 fd;
    int                 failed;     /* errno of the first failure */
} cv_out_t;

struct cv_cli_s {
    const cv_command_t *command;
    const char         *noun;       /* as given, while the verb is missing */
    const char         *store_dir;
    bool                json;

    cv_option_t         options[CV_CLI_OPTIONS_MAX];
    const char         *values[CV_CLI_OPTIONS_MAX];
    unsigned            noptions;
    struct {
        unsigned        option;
        const char     *value;
    }                   more[CV_CLI_MORE_MAX];  /* given again */
    unsigned            nmore;
    const char         *arguments[CV_CLI_ARGUMENTS_MAX];
    unsigned            narguments;

    cv_out_t            out;        /* standard output */
    const char         *after;      /* said if that fails: what was done */
    char                actor[CV_CLI_ACTOR_MAX];
    cv_store_t         *store;
    cv_txn_t           *txn;        /* while a body runs */
    void               *data;       /* of the command */
};

/* the commands, ended by a NULL noun */
extern const cv_command_t  cv_commands[];


/* Options */

/* the ones that every command has */
extern const cv_option_t  cv_options_global[];

/* Makes a command, with its options, the one that runs; false if unknown. */
bool cv_options_select(cv_cli_t *cli, const char *noun, const char *verb);

/* Reads the command line; CV_CLI_USAGE after it complained. */
int cv_options_parse(cv_cli_t *cli, int argc, char **argv);

/* The value of an option, "" for a flag that is set; NULL if not given. */
const char *cv_option(const cv_cli_t *cli, const char *name);

/*
 * The values of an option that may be given several times, one by one from
 * i = 0, in the order in which they were given; NULL past the last.
 */
const char *cv_option_each(const cv_cli_t *cli, const char *name,
    unsigned *i);

/* Writes an option's name as it is typed, without the dashes. */
void cv_option_name(cv_buf_t *out, const cv_option_t *option);

/* Writes the option as it is typed after the dashes, NUL-terminated. */
#define CV_CLI_NAME_MAX  64
const char *cv_option_typed(char name[CV_CLI_NAME_MAX],
    const cv_option_t *option);

/* The text of an option, if it is given; false after it complained. */
bool cv_option_text(cv_cli_t *cli, const char *name, cv_str_t *text);

/* What kind of handle --by says, if it is given; false after it complained. */
bool cv_option_by(cv_cli_t *cli, cv_handle_kind_t *by);

/*
 * The date of an option, if it is given; false after it complained.  The word
 * "never" is a date only if "never" is not NULL, and sets it.
 */
bool cv_option_date(cv_cli_t *cli, const char *name, cv_date_t *date,
    bool *never);

/*
 * How long an option says, a number and s, m, h or d for its unit, or 0; false
 * after it complained.
 */
bool cv_option_duration(cv_cli_t *cli, const char *name, cv_time_t *duration);

/* The month of an option, since January 1970; false after it complained. */
bool cv_option_month(cv_cli_t *cli, const char *name, uint64_t *month);

/* The whole number of an option between bounds; false after it complained. */
bool cv_option_number(cv_cli_t *cli, const char *name, uint64_t least,
    uint64_t most, uint64_t *value);


/*
 * Speaking: "credverify: what: why" on standard error, in one line, in which
 * whatever looks like a token is left out
 */

void cv_cli_say(const cv_cli_t *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same of a text that may have hashes, which look like tokens. */
void cv_cli_say_hashes(const cv_cli_t *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same as an error that ends the command: returns CV_CLI_FAILED, ... */
int cv_cli_fail(const cv_cli_t *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ... or CV_CLI_USAGE, after a hint where to read on. */
int cv_cli_misuse(const cv_cli_t *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* There is no such record, unless it was not found because of an error. */
int cv_cli_unknown(const cv_cli_t *cli, cv_kind_t kind, const char *id);

/*
 * Shows on a terminal how far work has come, until it is stopped: a number of
 * units, or of bytes of a file if the counter is NULL.  The counter must be
 * there whatever becomes of the work.
 */
void cv_watch_start(const char *unit, const uint64_t *counter, int fd);
void cv_watch_stop(void);

/* Removes what is shown, before something else is said. */
void cv_watch_clear(void);

/*
 * Has a function called on the first of SIGINT, SIGTERM and SIGHUP each, but
 * for those that are ignored.  The second one is not caught.
 */
void cv_cli_catch(void (*handler)(int signo));

void cv_out_init(cv_out_t *out, int fd, const char *name);
void cv_out_free(cv_out_t *out);

/* Writes what has gathered, if it is much; false once writing has failed. */
bool cv_out_more(cv_out_t *out);
bool cv_out_flush(cv_out_t *out);


/*
 * A file that appears whole or not at all, for its owner only.  There is one
 * at a time.  What is no file, such as a device or a pipe, can be written to
 * as it is.
 */

typedef enum {
    CV_FILE_ANY,        /* replaces a file, writes to what is none */
    CV_FILE_REGULAR,    /* replaces a file; ESPIPE for what is none */
    CV_FILE_NEW,        /* EEXIST for whatever is there */
    CV_FILE_UNNAMED,    /* in a directory, and gone once it is closed */
} cv_file_mode_t;

typedef struct {
    int                 fd;         /* to write to */
    cv_file_mode_t      mode;
    bool                as_is;
    char                path[PATH_MAX];     /* links followed; none has it
                                               if it is unnamed */
    const char         *base;
} cv_file_t;

/* Catches signals, to leave nothing behind; false with errno. */
bool cv_file_open(cv_file_t *file, const char *name, cv_file_mode_t mode);

/* Writes all of it at an offset; false with errno. */
bool cv_file_write(int fd, const uint8_t *p, size_t len, off_t at);

/*
 * Makes it appear if it is complete, synced, else forgets it.  False with
 * errno if that failed: then nothing appeared.
 */
bool cv_file_close(cv_file_t *file, bool complete);

/* Forgets what is not complete; can be called by a signal's handler. */
void cv_file_discard(void);

/*
 * Reads a file, or standard input for "-", to its end, which must not be
 * beyond the buffer's limit.  CV_CLI_FAILED after it complained.
 */
int cv_file_read(cv_cli_t *cli, cv_buf_t *bytes, const char *name);

/*
 * Text for people: control characters, and those that reorder what is around
 * them, are shown, never obeyed.
 */
void cv_out_plain(cv_buf_t *out, cv_str_t text);

/* False for a character that is one of those. */
bool cv_out_shows(uint32_t code);

/*
 * An answer of named values: an object with --json, a line for each without.
 * An absent text is null, and no line.
 */
void cv_answer_open(cv_cli_t *cli);
void cv_answer_text(cv_cli_t *cli, const char *name, cv_str_t text);
void cv_answer_number(cv_cli_t *cli, const char *name, uint64_t number);
void cv_answer_flag(cv_cli_t *cli, const char *name, bool flag);
void cv_answer_json(cv_cli_t *cli, const char *name, cv_str_t json);
void cv_answer_close(cv_cli_t *cli);

/* What a store holds, as values of an answer. */
void cv_answer_stat(cv_cli_t *cli, const cv_store_stat_t *stat);

/*
 * What people are shown of a record: its members but for hashes, secrets and
 * bytes.
 */
void cv_answer_members(cv_cli_t *cli, cv_kind_t kind, const void *record);

/* One record: its line with --json, the same without. */
void cv_answer_record(cv_cli_t *cli, cv_kind_t kind, const void *record);

/* The same, to which values may be added before cv_answer_close(). */
void cv_answer_record_open(cv_cli_t *cli, cv_kind_t kind, const void *record);

/* A member's value for people; empty if it is absent. */
void cv_member_plain(cv_buf_t *out, const void *record,
    const cv_field_t *field);


/*
 * Rows of cells for people, aligned: every row is begun, given its cells, and
 * put nowhere, which measures it; then all of them once more, and put out.  A
 * cell without a text is "-".
 */

#define CV_COLUMNS_MAX  8

typedef struct {
    size_t      widths[CV_COLUMNS_MAX];
    size_t      starts[CV_COLUMNS_MAX];
    size_t      ncells;
    cv_buf_t    text;
} cv_columns_t;

void cv_columns_init(cv_columns_t *columns);
void cv_columns_free(cv_columns_t *columns);
void cv_columns_begin(cv_columns_t *columns);

/* The next cell: where to append its text to, that text, or a number. */
cv_buf_t *cv_columns_cell(cv_columns_t *columns);
void cv_columns_text(cv_columns_t *columns, cv_str_t text);
void cv_columns_number(cv_columns_t *columns, int64_t number);

/* A row of its own of the columns' names, ended by NULL unless there are
 * CV_COLUMNS_MAX. */
void cv_columns_head(cv_columns_t *columns, const char *const *names);

void cv_columns_put(cv_columns_t *columns, cv_buf_t *out);


/*
 * The record of that id which the command's options for members describe: an
 * option sets its member, or removes it if it is empty; the other members are
 * those of "old", unless that is NULL.  CV_CLI_USAGE after it complained.
 */
int cv_record_from_options(cv_cli_t *cli, cv_line_t *line, cv_kind_t kind,
    cv_str_t id, const void *old);

/*
 * What an option was given, any number of times, as an array, which borrows
 * from "document"; untouched if it was not.  CV_CLI_USAGE after it complained.
 */
int cv_option_list(cv_cli_t *cli, const char *option, cv_buf_t *document,
    cv_doc_t *list);


/* Help */

int cv_help_command(cv_cli_t *cli);
int cv_help_noun(cv_cli_t *cli, const char *noun);
int cv_help_overview(cv_cli_t *cli);
int cmd_help(cv_cli_t *cli);


/*
 * What a store is made with: whom --owner and --group name (root's is else who
 * nginx's workers are on Debian), how large it is, and the directories on the
 * way to it.  Each complains.
 */
void cv_owner_default(const cv_cli_t *cli, cv_store_options_t *options);
int cv_option_owner(cv_cli_t *cli, cv_store_options_t *options);
int cv_option_size(cv_cli_t *cli, const char *name, size_t *size);
int cv_cli_parents(cv_cli_t *cli);


/* The store */

/* Runs a body over a snapshot; false if opening or reading it failed. */
int cv_cli_read(cv_cli_t *cli, int (*body)(cv_cli_t *cli));

/* The same with a store that is open. */
int cv_cli_snapshot(cv_cli_t *cli, int (*body)(cv_cli_t *cli));

/* How much a record is linked to. */
uint64_t cv_cli_links(cv_cli_t *cli, cv_link_kind_t kind, uint64_t from);

/*
 * Runs a body in a write transaction, which is committed if the body returns
 * CV_CLI_DONE, and aborted otherwise.  What the body has put out is seen only
 * after the commit: nobody waits for the lock while somebody reads, and no
 * answer is about a change that was not made.
 */
int cv_cli_write(cv_cli_t *cli, int (*body)(cv_cli_t *cli));

/*
 * Who runs the command, for the audit trail: "cli:" and the login name, or the
 * number of a user who has none.  Root is whoever SUDO_USER says, if anybody.
 */
cv_str_t cv_cli_actor(cv_cli_t *cli);

/*
 * Runs fn(cli) with the store open and guarded against a damaged map; returns
 * what it returned.
 */
int cv_cli_with_store(cv_cli_t *cli, bool writable, int (*fn)(cv_cli_t *cli));

/* The same with a store that is open already; closes it. */
int cv_cli_with_open(cv_cli_t *cli, int (*fn)(cv_cli_t *cli));


/*
 * Checks the store and says what is wrong; how many problems there are, those
 * of the counters among them.
 */
uint64_t cv_cli_check(cv_cli_t *cli, uint64_t *records, uint64_t *counters);


/* Commands */

int cmd_init(cv_cli_t *cli);
int cmd_import(cv_cli_t *cli);
int cmd_export(cv_cli_t *cli);
int cmd_backup(cv_cli_t *cli);
int cmd_restore(cv_cli_t *cli);
int cmd_check(cv_cli_t *cli);
int cmd_stats(cv_cli_t *cli);
int cmd_upgrade(cv_cli_t *cli);

/*
 * What cmd_record_set() does in its transaction, but for the answer: puts the
 * record that the options describe, which is then in "line", and has a number.
 */
int cmd_record_put(cv_cli_t *cli, cv_line_t *line, uint64_t *iid);

int cmd_record_set(cv_cli_t *cli);
int cmd_record_list(cv_cli_t *cli);
int cmd_record_show(cv_cli_t *cli);

int cmd_class_set(cv_cli_t *cli);
int cmd_class_show(cv_cli_t *cli);

int cmd_history(cv_cli_t *cli);
int cmd_progress_record(cv_cli_t *cli);
int cmd_deliver(cv_cli_t *cli);

/* What the options say of mail: NULL if there is to be none. */
struct cv_mailer_s;
int cmd_deliver_mail(cv_cli_t *cli, struct cv_mailer_s **mailer);

int cmd_webhook_add(cv_cli_t *cli);
int cmd_webhook_set(cv_cli_t *cli);
int cmd_webhook_rotate(cv_cli_t *cli);
int cmd_webhook_enable(cv_cli_t *cli);
int cmd_webhook_disable(cv_cli_t *cli);
int cmd_webhook_remove(cv_cli_t *cli);
int cmd_webhook_list(cv_cli_t *cli);
int cmd_webhook_show(cv_cli_t *cli);
int cmd_webhook_dead(cv_cli_t *cli);
int cmd_webhook_test(cv_cli_t *cli);
int cmd_webhook_retry(cv_cli_t *cli);
int cmd_webhook_skip(cv_cli_t *cli);
int cmd_webhook_replay(cv_cli_t *cli);

int cmd_holder_erase(cv_cli_t *cli);

int cmd_key_new(cv_cli_t *cli);
int cmd_key_rotate(cv_cli_t *cli);
int cmd_key_step(cv_cli_t *cli);
int cmd_key_show(cv_cli_t *cli);

int cmd_usage(cv_cli_t *cli);
int cmd_quota_grant(cv_cli_t *cli);
int cmd_quota_reset(cv_cli_t *cli);
int cmd_quota_explain(cv_cli_t *cli);

int cmd_credential_create(cv_cli_t *cli);
int cmd_credential_issue(cv_cli_t *cli);
int cmd_credential_move(cv_cli_t *cli);
int cmd_credential_send(cv_cli_t *cli);
int cmd_credential_show(cv_cli_t *cli);

int cmd_openbadges_keygen(cv_cli_t *cli);
int cmd_openbadges_inspect(cv_cli_t *cli);

int cmd_token_new(cv_cli_t *cli);
int cmd_token_revoke(cv_cli_t *cli);

#endif /* CV_CLI_H */
