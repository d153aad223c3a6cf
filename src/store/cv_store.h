
/*
 * Copyright (C) The credverify authors
 *
 * The store: one LMDB environment in a directory, written by the credverify
 * command, read by every nginx worker.  This is the only layer that knows
 * LMDB.
 *
 * Tables, all keys and integers big-endian:
 *
 *     meta        name                      format, uuid, next numbers, sum,
 *                                           which months are closed
 *     issuer, class, holder, credential, tier, key, oauth_client, webhook
 *                 number[8]                 record
 *     token       SHA-256[32]               record
 *     progress    holder[8] class[8]        record
 *     sequence    class[8] year[2]          record
 *     usage       month[2] key[8]           record
 *     grant       key[8] month[2]           record
 *     assertion   credential[8]             record
 *     image       class[8]                  record
 *     event, answer  number[8]              record
 *     delivery    webhook[8] state[1] position[8]  record
 *     handle      kind[1] text              number[8]
 *     link        kind[1] from to           (empty)
 *     change      sequence[8]               kind[1] number[8] time[8]
 *     audit       kind[1] number[8] sequence[8]  who did what, see below
 *
 * A process opens a directory once and must not fork while it is open.
 */

#ifndef CV_STORE_H
#define CV_STORE_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_record.h"

#define CV_STORE_FORMAT       5
#define CV_STORE_UUID_LEN     16
#define CV_STORE_MAP_DEFAULT  ((size_t) 32 << 30)
#define CV_STORE_MAP_LEAST    ((size_t) 1 << 20)
#define CV_STORE_MAP_MOST     ((size_t) 1 << 46)  /* half of what there is */
#define CV_STORE_READERS      1022

/* The file in the directory whose owner and mode the others there have. */
#define CV_DATA_FILE          "data.mdb"

/* How many entries the change log keeps; older ones are dropped. */
#define CV_STORE_CHANGES      ((uint64_t) 1 << 20)

typedef struct cv_store_s  cv_store_t;
typedef struct cv_txn_s    cv_txn_t;


/* Environment */

typedef struct {
    size_t       map_size;      /* bytes; a multiple of the page size */
    unsigned     owner;         /* who owns directory and files; */
    unsigned     group;         /* (unsigned) -1 leaves what the system gives */
    uint8_t      uuid[CV_STORE_UUID_LEN];   /* random, from the caller */
} cv_store_options_t;

/*
 * Makes an empty store in "dir", which is made too if missing (its parent is
 * not).  The store appears whole or not at all; CV_ERR_EXISTS if "dir" has
 * one, whatever its state.
 */
cv_err_t cv_store_create(const char *dir, const cv_store_options_t *options,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * Opens the store in "dir" for reading, or for reading and writing.  Creates
 * nothing but a missing lock file.  Close with cv_store_close(), after every
 * transaction and snapshot.
 */
cv_err_t cv_store_open(cv_store_t **store, const char *dir, bool writable,
    cv_error_t *error) CV_MUST_CHECK;

/*
 * The same to write, whatever the store's format: to copy or upgrade it, and
 * for nothing else.
 */
cv_err_t cv_store_open_any(cv_store_t **store, const char *dir,
    cv_error_t *error) CV_MUST_CHECK;

void cv_store_close(cv_store_t *store);

typedef struct {
    unsigned     from;              /* the format that the store had; it has */
    unsigned     to;                /* this one now */
    cv_buf_t     done;              /* what was done, for people; may be "" */
} cv_upgrade_t;

/*
 * Brings the store in "dir" to CV_STORE_FORMAT, whole or not at all; one that
 * has it stays as it is.  CV_ERR_VERSION if it has a newer one.  "done" is
 * the caller's, initialized.
 */
cv_err_t cv_store_upgrade(const char *dir, cv_upgrade_t *upgrade,
    cv_error_t *error) CV_MUST_CHECK;

/* What tells this store from all others; borrows from it. */
const uint8_t *cv_store_uuid(const cv_store_t *store);

/* The directory, as it was given; likewise. */
const char *cv_store_dir(const cv_store_t *store);

/* The format that it had when it was opened. */
unsigned cv_store_format(const cv_store_t *store);

/* True if the store in "dir", by whatever path, is the one that is open. */
bool cv_store_is(const cv_store_t *store, const char *dir);

/*
 * Looks whether the directory still holds the file that is open, whole, and
 * frees the slots of readers that died.  To be called now and then; makes
 * system calls.  Any error: close, and open again.
 */
cv_err_t cv_store_probe(cv_store_t *store, cv_error_t *error) CV_MUST_CHECK;

/*
 * True unless the directory holds other files by now than those that are
 * open: what is written here is then lost.
 */
bool cv_store_current(const cv_store_t *store);

typedef struct {
    uint8_t      uuid[CV_STORE_UUID_LEN];
    size_t       map_size;
    size_t       map_used;
    unsigned     readers;           /* slots in use */
    unsigned     readers_max;
    uint64_t     records[CV_KINDS];
    uint64_t     handles;
    uint64_t     links;
    uint64_t     audited;           /* entries of the audit trail */
    uint64_t     changes;           /* entries kept */
    uint64_t     last_change;       /* sequence; 0 if there was none */
    cv_time_t    changed_at;        /* of the last change */
} cv_store_stat_t;

cv_err_t cv_store_stat(cv_txn_t *txn, cv_store_stat_t *stat) CV_MUST_CHECK;

/*
 * Runs fn(arg) and returns CV_OK; CV_ERR_DAMAGED if it was cut short because
 * the map could not be read there (a truncated or damaged file, a failing
 * disk).  "fn" may read the store and write memory that it owns; it must not
 * hold a lock or be halfway through an allocation while it reads.  Installs
 * handlers of SIGBUS and SIGSEGV when first used; faults anywhere else go
 * where they went before.
 */
cv_err_t cv_store_guard(cv_store_t *store, void (*fn)(void *arg), void *arg)
    CV_MUST_CHECK;


/*
 * Transactions
 *
 * The first error of a transaction sticks to it: everything after it does
 * nothing and finds nothing, and cv_txn_err() tells.  Whatever is read from
 * a transaction borrows from it: until its reset, commit or abort, and in a
 * write transaction only until the next write.
 */

/*
 * A snapshot is opened once, idle, and renewed for every use of it.  Until it
 * is reset it keeps pages from being used again that later commits free: reset
 * it when it will not be used for a second.
 */
cv_err_t cv_snapshot_open(cv_txn_t **txn, cv_store_t *store,
    cv_error_t *error) CV_MUST_CHECK;
void cv_snapshot_close(cv_txn_t *txn);

/*
 * Has a snapshot remember the records that it finds, until there is another
 * commit: at most 65,536 of them, in 2 MiB.
 */
cv_err_t cv_snapshot_remember(cv_txn_t *txn) CV_MUST_CHECK;

/* Neither makes a system call nor takes a lock. */
cv_err_t cv_snapshot_renew(cv_txn_t *txn) CV_MUST_CHECK;
void cv_snapshot_reset(cv_txn_t *txn);

/*
 * Grows with every commit.  What was read from a snapshot is still there when
 * it is renewed and has the same version.
 */
uint64_t cv_snapshot_version(const cv_txn_t *txn);

/*
 * Waits for the store's writer lock.  CV_ERR_MISSING if the store was replaced
 * before that: open it again.
 */
cv_err_t cv_txn_begin(cv_txn_t **txn, cv_store_t *store, cv_error_t *error)
    CV_MUST_CHECK;

/*
 * True if somebody else waits to write, or does: bulk work, between two
 * transactions of its own, lets them.
 */
bool cv_store_wanted(const cv_store_t *store);

/* Either ends the transaction; a failed commit changes nothing. */
cv_err_t cv_txn_commit(cv_txn_t *txn, cv_error_t *error) CV_MUST_CHECK;
void cv_txn_abort(cv_txn_t *txn);

/*
 * Writing in a process that has other threads, which read the store or write
 * to it, too; all of them must be done with it before it is closed.
 *
 * Runs fn(txn, arg, error) in a write transaction and commits it, unless that
 * returns an error or the transaction has one: nothing was written then.
 * "wanted", unless NULL, is asked with "arg" once there is the writer lock; if
 * it says no, nothing is done, and this returns CV_ERR_LIMIT.
 *
 * Guarded against damage: a fault leaves the writer lock to whoever wants it
 * next, nothing written, and the store open for nothing but to be closed.
 * "fn" may not hold a lock where such a fault may be, and keeps what it
 * allocates where "arg" leads to.
 */
typedef cv_err_t (*cv_write_pt)(cv_txn_t *txn, void *arg, cv_error_t *error);

cv_err_t cv_store_write(cv_store_t *store, bool (*wanted)(void *arg),
    cv_write_pt fn, void *arg, cv_error_t *error) CV_MUST_CHECK;

/* The sticky error, with its sentence if "error" is not NULL. */
cv_err_t cv_txn_err(const cv_txn_t *txn, cv_error_t *error);

/* The store that it is of. */
cv_store_t *cv_txn_store(const cv_txn_t *txn);

/*
 * The numbers that a write transaction gave to new records of a kind: from
 * "first" on, before "next".
 */
void cv_txn_numbers(const cv_txn_t *txn, cv_kind_t kind, uint64_t *first,
    uint64_t *next);


/* Handles */

/* The values are stored: never reuse or renumber them. */

typedef enum {
    CV_HANDLE_ISSUER_ID = 1,
    CV_HANDLE_CLASS_ID = 2,
    CV_HANDLE_HOLDER_ID = 3,
    CV_HANDLE_CREDENTIAL_ID = 4,
    CV_HANDLE_CODE = 5,
    CV_HANDLE_NUMBER = 6,
    CV_HANDLE_PUBLIC_ID = 7,        /* hexadecimal ones in either case */
    CV_HANDLE_TIER_ID = 8,
    CV_HANDLE_KEY_ID = 9,
    CV_HANDLE_KEY_HASH = 10,        /* 32 bytes, not hexadecimal */
    CV_HANDLE_OAUTH_CLIENT_ID = 11,
    CV_HANDLE_WEBHOOK_ID = 12,
    CV_HANDLE_ASSERTION = 13,       /* leads to the credential; likewise */
    CV_HANDLE_EVENT_ID = 14,
    CV_HANDLE_ANSWER_ID = 15,
} cv_handle_kind_t;

/* The kind of handle that the id of a record of that kind is. */
cv_handle_kind_t cv_id_handle(cv_kind_t kind);

/* The number of the record that has this handle, or 0. */
uint64_t cv_find(cv_txn_t *txn, cv_handle_kind_t kind, cv_str_t handle);

/*
 * Writes to "out" the one text, of the same length, that stands for all that
 * are the same handle.  A handle has at most CV_HANDLE_MAX bytes.
 */
void cv_handle_normal(cv_handle_kind_t kind, cv_str_t handle, uint8_t *out);

/* True if two texts are the same handle of that kind. */
bool cv_handle_same(cv_handle_kind_t kind, cv_str_t a, cv_str_t b);

/* What kind of handle the ids of a kind are. */
cv_handle_kind_t cv_id_handle(cv_kind_t kind);

typedef struct {
    cv_handle_kind_t   kind;
    const char        *member;
    cv_str_t           text;        /* borrows from the record; may be absent */
} cv_handle_t;

/*
 * The handles that a record may have, one by one from i = 0, its id first;
 * false past the last.  Of NULL for a record, all are absent.
 */
bool cv_record_handle(cv_handle_t *handle, cv_kind_t kind, const void *record,
    unsigned i);

/* Says that the handle belongs to another record: CV_ERR_CONFLICT. */
cv_err_t cv_handle_conflict(cv_error_t *error, cv_kind_t kind,
    const cv_handle_t *handle);


/* Records */

/* Reads a record by its number; false if there is none. */
bool cv_get(cv_txn_t *txn, cv_kind_t kind, uint64_t iid, void *record);

/* Reads a record by its id; its number too, if "iid" is not NULL. */
bool cv_get_by_id(cv_txn_t *txn, cv_kind_t kind, cv_str_t id, void *record,
    uint64_t *iid);

bool cv_get_token(cv_txn_t *txn, cv_str_t hash, cv_token_t *token);

/* The assertion of a credential, by number: a new one is put with each. */
bool cv_get_assertion(cv_txn_t *txn, uint64_t credential,
    cv_assertion_t *assertion);

/*
 * The image of a class, by number; false if it has none.  Its bytes borrow from
 * the transaction.
 */
bool cv_get_image(cv_txn_t *txn, uint64_t class, cv_image_t *image);

/* Reads an API key by the SHA-256 of its text; its number as above. */
bool cv_get_key_by_hash(cv_txn_t *txn, cv_str_t hash, cv_api_key_t *key,
    uint64_t *iid);

/* The progress of a holder in a class, both by number. */
bool cv_get_progress(cv_txn_t *txn, uint64_t holder, uint64_t class,
    cv_progress_t *progress);

/* What a key, by number, used in a month that is closed, or was granted. */
bool cv_get_usage(cv_txn_t *txn, uint64_t key, uint64_t month,
    cv_usage_t *usage);
bool cv_get_grant(cv_txn_t *txn, uint64_t key, uint64_t month,
    cv_grant_t *grant);

/* The sequence of a class, by number, in a year, as it was committed. */
bool cv_get_sequence(cv_txn_t *txn, uint64_t class, unsigned year,
    cv_sequence_t *sequence);

/*
 * Replaces the ids of a record's references by numbers.  CV_ERR_INPUT names
 * the member that refers to nothing; nothing sticks to the transaction.
 */
cv_err_t cv_resolve(cv_txn_t *txn, cv_kind_t kind, void *record,
    cv_error_t *error) CV_MUST_CHECK;

/* Adds to a record that was read the ids its references stand for. */
void cv_unresolve(cv_txn_t *txn, cv_kind_t kind, void *record);

/*
 * Writes a record, replacing the one with its id, with every index entry and
 * the change log.  The record must be valid, its references resolved, and
 * must borrow nothing from the transaction.  A handle that belongs to another
 * record is CV_ERR_CONFLICT.  A secret that the record lacks stays what it
 * was, as does what is the store's own.  Returns the record's number (1 for a kind that has none), 0 after an
 * error.  Writing what is there already changes nothing.
 */
uint64_t cv_put(cv_txn_t *txn, cv_kind_t kind, const void *record);

/*
 * Appends the number that the class gives next to a credential of that date:
 * one above the highest that is put, by import or issuance, and not taken.
 * It is given once the credential is put with it.  CV_ERR_INPUT if the class
 * has no format that could be followed, CV_ERR_LIMIT past CV_NUMBER_LAST.
 */
cv_err_t cv_number_next(cv_txn_t *txn, uint64_t class, cv_time_t at,
    cv_buf_t *number, cv_error_t *error) CV_MUST_CHECK;

/*
 * Writes a record like cv_put(), but in the place of the one that has this
 * number, whose id may be another.  False after an error.
 */
bool cv_rename(cv_txn_t *txn, cv_kind_t kind, uint64_t iid,
    const void *record);

/* The sequence that the next change will have: the same if nothing changed. */
uint64_t cv_txn_sequence(cv_txn_t *txn);

/*
 * How many credentials the transaction has taken from revoked to anything
 * else, which only an import does, and seldom on purpose.
 */
uint64_t cv_txn_revived(const cv_txn_t *txn);

/* Removes a token; false if there is none. */
bool cv_delete_token(cv_txn_t *txn, cv_str_t hash);

/* Removes the image of a class, by number; false if there is none. */
bool cv_delete_image(cv_txn_t *txn, uint64_t class);

/* Removes an API key that nothing refers to; false if there is none. */
bool cv_delete_key(cv_txn_t *txn, uint64_t iid);


/* Walking, in the order of the keys */

typedef struct {
    cv_txn_t   *txn;
    void       *cursor;
    cv_kind_t   kind;
    bool        started;
    uint8_t     prefix[CV_HANDLE_MAX + 16];
    size_t      prefix_len;
    bool        onward;         /* from the prefix on, to the table's end */
    bool        down;           /* from the number that follows the prefix */
    bool        up;             /* likewise, onward */
} cv_walk_t;

/*
 * Every record of a kind; of one that has numbers, those from a number on; the
 * progress of one holder; the usage of one month.
 */
void cv_walk_open(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind);
void cv_walk_open_from(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind,
    uint64_t iid);
void cv_walk_open_progress(cv_walk_t *walk, cv_txn_t *txn, uint64_t holder);
void cv_walk_open_usage(cv_walk_t *walk, cv_txn_t *txn, uint64_t month);
bool cv_walk_next(cv_walk_t *walk, void *record, uint64_t *iid);
void cv_walk_close(cv_walk_t *walk);

/* The values are stored: never reuse or renumber them. */

typedef enum {
    CV_LINK_ISSUER_CLASS = 1,
    CV_LINK_CLASS_CREDENTIAL = 2,
    CV_LINK_HOLDER_CREDENTIAL = 3,
    CV_LINK_CREDENTIAL_TOKEN = 4,
    CV_LINK_WALLET_HOLDER = 5,
    CV_LINK_CLASS_WITHDRAWN = 6,    /* credentials, revoked or refunded, that
                                       are no test */
    CV_LINK_CREDENTIAL_EVENT = 7,
    CV_LINK_EVENT_DELIVERY = 8,     /* its key, of CV_DELIVERY_KEY bytes */
    CV_LINK_CREDENTIAL_ANSWER = 9,
} cv_link_kind_t;

/*
 * What a record is linked to: numbers, hashes for CV_LINK_CREDENTIAL_TOKEN, or
 * keys for CV_LINK_EVENT_DELIVERY.
 * "to" borrows from the transaction.  Close with cv_walk_close().
 */
void cv_links_open(cv_walk_t *walk, cv_txn_t *txn, cv_link_kind_t kind,
    uint64_t from);
void cv_links_open_text(cv_walk_t *walk, cv_txn_t *txn, cv_link_kind_t kind,
    cv_str_t from);
bool cv_links_next(cv_walk_t *walk, cv_str_t *to);

/*
 * Has a walk that was opened just now begin with the highest number that is
 * below "before", and go down: what was linked last comes first.
 */
void cv_links_down(cv_walk_t *walk, uint64_t before);

/* The same with the lowest number that is above "after", going up. */
void cv_links_up(cv_walk_t *walk, uint64_t after);

/*
 * The highest number that a record is linked to below *to, which it then is;
 * false if there is none.  For who writes between one and the next.
 */
bool cv_link_below(cv_txn_t *txn, cv_link_kind_t kind, uint64_t from,
    uint64_t *to);


/*
 * Which months' usage is closed: those before the month, and of that month the
 * keys with lower numbers.  A new store has closed those before it was made.
 */

typedef struct {
    uint64_t   month;           /* since January 1970 */
    uint64_t   key;
    uint64_t   top;             /* the highest that "month" ever was */
} cv_closed_t;

void cv_closed_read(cv_txn_t *txn, cv_closed_t *closed);
void cv_closed_put(cv_txn_t *txn, const cv_closed_t *closed);


/*
 * The outbox: events, and whom each is still to be sent to
 */

#define CV_DELIVERY_KEY  17

/* How long events and answers are kept. */
#define CV_EVENT_KEPT    (40 * CV_DAY)
#define CV_ANSWER_KEPT   CV_DAY

/*
 * Writes an event, whose references have numbers, and a delivery of it to each
 * active webhook that wants it, or, if it is CV_EVENT_MAIL, one by mail.  Gives
 * it an id if it has none, and now for its time.  One whose id there is already
 * is not written again.  Returns its number, 0 after an error.
 */
uint64_t cv_event_add(cv_txn_t *txn, const cv_event_t *event);

/* Whether it is of the issuer that the webhook is for: others hear of none. */
bool cv_event_concerns(const cv_webhook_t *webhook, const cv_event_t *event);

/* Whether a webhook is active, and asks for it. */
bool cv_event_wanted(const cv_webhook_t *webhook, const cv_event_t *event);

/* The same, but delivered to nobody. */
uint64_t cv_event_put(cv_txn_t *txn, const cv_event_t *event);

/*
 * Adds a delivery behind all others of the webhook; 0 for a webhook: by mail.
 * False after an error.
 */
bool cv_delivery_add(cv_txn_t *txn, uint64_t webhook, uint64_t event);

/*
 * The deliveries to a webhook, or by mail, that are in a state, in order:
 * cv_walk_next() yields them.
 */
void cv_deliveries_open(cv_walk_t *walk, cv_txn_t *txn, uint64_t webhook,
    cv_delivery_state_t state);

/* Reads one again by what its key is made of; false if it is gone. */
bool cv_get_delivery(cv_txn_t *txn, uint64_t webhook,
    cv_delivery_state_t state, uint64_t position, cv_delivery_t *delivery);

/*
 * Writes one that was read in "was", whose own state may be another; removes
 * one.  It must borrow nothing from the transaction.  False after an error, or
 * if it is gone: then nothing is written.
 */
bool cv_delivery_put(cv_txn_t *txn, cv_delivery_state_t was,
    const cv_delivery_t *delivery);
bool cv_delivery_done(cv_txn_t *txn, const cv_delivery_t *delivery);

/*
 * Has the first that waits for a webhook be due now, after as many attempts as
 * it had; or gives it up, so that it is a dead letter.  Returns the number of its
 * event; 0 if none waits, or after an error.
 */
uint64_t cv_delivery_retry(cv_txn_t *txn, uint64_t webhook);
uint64_t cv_delivery_skip(cv_txn_t *txn, uint64_t webhook);

/*
 * Removes events that nobody waits for and that are older than CV_EVENT_KEPT,
 * with their dead letters, the oldest first, from number "from" on, at most "most" of those it looks at.
 * Returns the number to go on from, 0 at the end of those that are so old.
 */
uint64_t cv_events_trim(cv_txn_t *txn, uint64_t from, unsigned most);

/* Removes a webhook, and what was to be sent there; false if there is none. */
bool cv_delete_webhook(cv_txn_t *txn, uint64_t iid);

/*
 * Writes what a request was answered, of which it borrows nothing from the
 * transaction; some that are older than CV_ANSWER_KEPT go.  Returns its number,
 * 0 after an error.
 */
uint64_t cv_answer_put(cv_txn_t *txn, const cv_answer_record_t *answer);

/* Removes the oldest of those, at most "most"; returns how many went. */
unsigned cv_answers_trim(cv_txn_t *txn, unsigned most);

/*
 * Removes what the outbox and kept answers have of a credential, by number:
 * for its holder to be forgotten.
 */
void cv_outbox_forget(cv_txn_t *txn, uint64_t credential);


/*
 * The audit trail
 *
 * Whatever changes a record that has a number leaves an entry in the same
 * transaction: when, what was done, by whom.  An entry names its record by
 * number, and has nothing else of it but the status of a credential or an API
 * key, so that it outlives what it is about.  What is done to a token stands
 * with its credential, and what is granted with the key, except that tokens
 * and grants which are imported leave no entry.
 */

/* The values are stored: never reuse or renumber them. */

typedef enum {
    CV_ACTION_AUTO = 0,             /* as the change is: never stored */
    CV_ACTION_CREATED = 1,
    CV_ACTION_CHANGED = 2,
    CV_ACTION_PENDING = 3,          /* what a status became */
    CV_ACTION_ISSUED = 4,
    CV_ACTION_CLAIMED = 5,
    CV_ACTION_USED = 6,
    CV_ACTION_REFUNDED = 7,
    CV_ACTION_REVOKED = 8,
    CV_ACTION_IMPORTED = 9,
    CV_ACTION_ERASED = 10,
    CV_ACTION_TOKEN_MADE = 11,
    CV_ACTION_TOKEN_REVOKED = 12,
    CV_ACTION_REJECTED = 13,        /* what else a key's status became */
    CV_ACTION_APPROVED = 14,
    CV_ACTION_SUSPENDED = 15,
    CV_ACTION_ACTIVATED = 16,
    CV_ACTION_ROTATED = 17,
    CV_ACTION_REMOVED = 18,
    CV_ACTION_GRANTED = 19,
    CV_ACTION_RESET = 20,
    CV_ACTION_SENT = 21,            /* by mail, or will be */
    CV_ACTION_DISABLED = 22,        /* what a webhook's status became */
    CV_ACTIONS
} cv_action_t;

extern const char *const  cv_action_names[CV_ACTIONS];

/* "cli:" or "key:", and a name or an id; no more fits into an entry. */
#define CV_ACTOR_MAX    (4 + CV_HANDLE_MAX)

/* How much of a token's hash an entry has: it is to be told from others. */
#define CV_AUDIT_TOKEN  8

/*
 * Says of a record that something was done which is not in it, as a change of
 * its own.
 */
void cv_audit_note(cv_txn_t *txn, cv_kind_t kind, uint64_t iid,
    cv_action_t action);

/* Who makes the changes to come: UTF-8, which must outlive the transaction. */
void cv_txn_actor(cv_txn_t *txn, cv_str_t actor);

/* What the changes to come are, if that is not what each looks like. */
void cv_txn_action(cv_txn_t *txn, cv_action_t action);

typedef struct {
    cv_kind_t    kind;              /* of the record, */
    uint64_t     iid;               /* and its number */
    uint64_t     sequence;          /* of the change, in the change log */
    cv_time_t    at;
    cv_action_t  action;
    int          from;              /* cv_status_t, of a key cv_key_status_t, */
    int          to;                /* or -1: there is none */
    cv_str_t     actor;             /* empty if nobody said */
    cv_str_t     token;             /* the beginning of its hash, or absent */
} cv_audit_t;

/*
 * The entries of a record, the oldest first; they borrow from the
 * transaction.  Close with cv_walk_close().
 */
void cv_audit_open(cv_walk_t *walk, cv_txn_t *txn, cv_kind_t kind,
    uint64_t iid);
bool cv_audit_next(cv_walk_t *walk, cv_audit_t *entry);


/* Checking */

typedef void (*cv_report_pt)(void *data, const char *problem);

/*
 * Reads every record, index entry, change and entry of the audit trail, and
 * reports each contradiction as a sentence; returns how many there were.  "records" counts what was
 * read, for progress.
 */
uint64_t cv_store_check(cv_txn_t *txn, cv_report_pt report, void *data,
    uint64_t *records);


/* Backup */

/*
 * Writes a copy of one moment of the store's data file to "fd", a regular file
 * that may be read, too, from where that stands on.  The copy has nothing but
 * what the store holds: no free page, and nothing in those that are used of
 * what was changed or removed.  Errors of writing name "what".
 */
cv_err_t cv_store_copy(cv_store_t *store, int fd, const char *what,
    cv_error_t *error) CV_MUST_CHECK;

/* Makes the map larger; for a store that nobody else has open. */
cv_err_t cv_store_enlarge(cv_store_t *store, size_t map_size,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_STORE_H */
