
/*
 * Copyright (C) The credverify authors
 *
 * Checking a store: every page; every record against the rules of its kind,
 * the records it refers to and the index entries it must have; every index
 * entry against the record it leads to; every entry of the logs; and all of
 * them against what was written.
 */

#include "cv_page.h"
#include "cv_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct {
    cv_txn_t      *txn;
    cv_report_pt   report;
    void          *data;
    uint64_t      *records;
    uint64_t       problems;
    uint64_t       next[CV_KINDS];
    uint64_t       sum;
} cv_check_t;


static void cv_check_problem(cv_check_t *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


static void
cv_check_problem(cv_check_t *check, const char *fmt, ...)
{
    char     text[CV_ERROR_TEXT_MAX];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    check->problems++;
    check->report(check->data, text);
}


/* what a person can find the entry by; damage may have made it longer */

static const char *
cv_check_name(char name[2 * CV_KEY_MAX + 1], cv_str_t key)
{
    if (key.len > CV_KEY_MAX) {
        key.len = CV_KEY_MAX;
    }

    cv_hex_encode(name, key);
    name[2 * key.len] = '\0';

    return name;
}


static bool
cv_check_exists(cv_check_t *check, unsigned table, cv_str_t key)
{
    cv_str_t  value;

    return cv_table_get(check->txn, table, key, &value);
}


static void
cv_check_index(cv_check_t *check, cv_kind_t kind, cv_str_t key,
    const void *record, const char *name)
{
    cv_key_t      entry;
    cv_str_t      value;
    unsigned      i;
    cv_handle_t   handle;

    for (i = 0; cv_handle_key(&entry, &handle, kind, record, i); i++) {

        if (entry.len > 0
            && (!cv_table_get(check->txn, CV_TABLE_HANDLE, cv_key_str(&entry),
                              &value)
                || !cv_str_eq(value, key)))
        {
            cv_check_problem(check, "%s %s: its %s is not in the index",
                             cv_schemas[kind].name, name, handle.member);
        }
    }

    for (i = 0; cv_link_key(&entry, kind, record, key, i); i++) {

        if (entry.len > 0
            && !cv_check_exists(check, CV_TABLE_LINK, cv_key_str(&entry)))
        {
            cv_check_problem(check, "%s %s: a link to it is missing",
                             cv_schemas[kind].name, name);
        }
    }
}


static void
cv_check_fields(cv_check_t *check, cv_kind_t kind, const void *record,
    const char *name)
{
    size_t              i;
    bool                good;
    cv_key_t            target;
    cv_date_t           date;
    cv_doc_type_t       type;
    const uint8_t      *p;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    schema = &cv_schemas[kind];

    for (i = 0; i < schema->nfields; i++) {
        field = &schema->fields[i];
        p = (const uint8_t *) record + field->offset;

        if (!cv_field_present(record, field)) {
            continue;
        }

        good = true;

        switch (field->type) {

        case CV_FIELD_TEXT:
            good = cv_utf8_valid(*(const cv_str_t *) p);
            break;

        case CV_FIELD_DATE:
            good = cv_date_parse(&date, ((const cv_date_t *) p)->text)
                   && date.at == ((const cv_date_t *) p)->at;
            break;

        case CV_FIELD_ARRAY:
        case CV_FIELD_OBJECT:
            type = field->type == CV_FIELD_ARRAY ? CV_DOC_ARRAY
                                                 : CV_DOC_OBJECT;
            good = cv_doc_valid(*(const cv_doc_t *) p)
                   && cv_doc_type(*(const cv_doc_t *) p) == type;
            break;

        case CV_FIELD_REF:
            target = cv_record_key(field->ref, ((const cv_ref_t *) p)->iid,
                                   NULL);
            good = cv_check_exists(check, field->ref, cv_key_str(&target));
            break;

        default:
            break;
        }

        if (!good) {
            cv_check_problem(check, "%s %s: member \"%s\" is wrong",
                             schema->name, name, field->name);
        }
    }
}


/* Who asks for a key's grant looks into the key first. */

static bool
cv_check_granted(cv_check_t *check, const cv_grant_t *grant)
{
    cv_api_key_t  key;

    return !cv_get(check->txn, CV_KEY, grant->key.iid, &key)
           || (key.granted.present
               && key.granted.value >= grant->month.value);
}


static void
cv_check_record(cv_check_t *check, cv_kind_t kind, cv_str_t key,
    cv_str_t bytes)
{
    char          name[2 * CV_KEY_MAX + 1];
    cv_err_t      err;
    uint64_t      iid;
    cv_key_t      own;
    cv_error_t    error;
    cv_record_t   record;
    cv_reader_t   r;

    (void) cv_check_name(name, key);

    r = cv_reader(key);
    iid = cv_kind_numbered(kind) ? cv_read_u64(&r) : 0;

    if (cv_kind_numbered(kind) && key.len != CV_IID_LEN) {
        cv_check_problem(check, "%s %s: its key has the wrong length",
                         cv_schemas[kind].name, name);
        return;
    }

    if (cv_kind_numbered(kind) && (iid == 0 || iid >= check->next[kind])) {
        cv_check_problem(check, "%s %s: its number was never given out",
                         cv_schemas[kind].name, name);
    }

    err = cv_record_decode(&record, kind, key, bytes);

    if (err != CV_OK) {
        cv_check_problem(check, "%s %s: the record is %s",
                         cv_schemas[kind].name, name,
                         err == CV_ERR_VERSION ? "of another version"
                                               : "damaged");
        return;
    }

    if (cv_record_validate(&record, kind, &error) != CV_OK) {
        cv_check_problem(check, "%s %s: %s", cv_schemas[kind].name, name,
                         error.text);
    }

    own = cv_record_key(kind, iid, &record);

    if (!cv_str_eq(cv_key_str(&own), key)) {
        cv_check_problem(check, "%s %s: it stands under another key",
                         cv_schemas[kind].name, name);
    }

    cv_check_fields(check, kind, &record, name);
    cv_check_index(check, kind, key, &record, name);

    if (kind == CV_CREDENTIAL
        && !cv_check_exists(check, CV_ASSERTION, key))
    {
        cv_check_problem(check, "credential %s: it has no assertion", name);
    }

    if (kind == CV_GRANT && !cv_check_granted(check, &record.grant)) {
        cv_check_problem(check, "grant %s: its key does not know of it", name);
    }

    /* last: a damaged class, reported by itself, ends what the rest needs */

    if (kind == CV_CREDENTIAL
        && !cv_sequences_hold(check->txn, &record.credential))
    {
        cv_check_problem(check, "credential %s: its number is above its "
                         "class's sequence", name);
    }
}


/* An index entry is right if the record it leads to would make it. */

static void
cv_check_handle(cv_check_t *check, cv_str_t key, cv_str_t value)
{
    char          name[2 * CV_KEY_MAX + 1];
    cv_key_t      entry;
    unsigned      i;
    cv_kind_t     kind;
    cv_handle_t   handle;
    cv_reader_t   r;
    cv_record_t   record;

    r = cv_reader(value);
    kind = key.len > 1 && key.len <= CV_KEY_MAX ? cv_handle_target(key.data[0])
                                                : CV_KINDS;

    if (kind != CV_KINDS && value.len == CV_IID_LEN
        && cv_get(check->txn, kind, cv_read_u64(&r), &record))
    {
        for (i = 0; cv_handle_key(&entry, &handle, kind, &record, i); i++) {
            if (cv_str_eq(cv_key_str(&entry), key)) {
                return;
            }
        }
    }

    cv_check_problem(check, "handle %s: it leads to no record that has it",
                     cv_check_name(name, key));
}


static void
cv_check_link(cv_check_t *check, cv_str_t key, cv_str_t value)
{
    char           name[2 * CV_KEY_MAX + 1];
    bool           found;
    cv_key_t       entry;
    cv_str_t       to;
    unsigned       i;
    size_t         len;
    cv_kind_t      kind;
    cv_record_t    record;

    static const cv_kind_t  targets[] = {
        [0] = CV_KINDS,
        [CV_LINK_ISSUER_CLASS] = CV_CLASS,
        [CV_LINK_CLASS_CREDENTIAL] = CV_CREDENTIAL,
        [CV_LINK_HOLDER_CREDENTIAL] = CV_CREDENTIAL,
        [CV_LINK_CREDENTIAL_TOKEN] = CV_TOKEN,
        [CV_LINK_WALLET_HOLDER] = CV_HOLDER,
        [CV_LINK_CLASS_WITHDRAWN] = CV_CREDENTIAL,
        [CV_LINK_CREDENTIAL_EVENT] = CV_EVENT,
        [CV_LINK_EVENT_DELIVERY] = CV_DELIVERY,
        [CV_LINK_CREDENTIAL_ANSWER] = CV_ANSWER,
    };

    kind = key.len > 0 && key.data[0] < CV_COUNT(targets)
           ? targets[key.data[0]] : CV_KINDS;

    len = kind == CV_TOKEN ? CV_TOKEN_HASH_LEN
          : kind == CV_DELIVERY ? CV_DELIVERY_KEY : CV_IID_LEN;

    if (kind != CV_KINDS && key.len <= CV_KEY_MAX && key.len >= len) {
        to = cv_str(key.data + key.len - len, len);
        found = cv_get_by_key(check->txn, kind, to, &record);

        for (i = 0; found && cv_link_key(&entry, kind, &record, to, i); i++) {
            if (cv_str_eq(cv_key_str(&entry), key) && value.len == 0) {
                return;
            }
        }
    }

    cv_check_problem(check, "link %s: it leads to no record that has it",
                     cv_check_name(name, key));
}


static void
cv_check_audit(cv_check_t *check, cv_str_t key, cv_str_t value)
{
    char        name[2 * CV_KEY_MAX + 1];
    cv_audit_t  entry;

    if (!cv_audit_decode(&entry, key, value)) {
        cv_check_problem(check, "audit trail: entry %s is damaged",
                         cv_check_name(name, key));

    } else if (entry.iid == 0 || entry.iid >= check->next[entry.kind]) {
        cv_check_problem(check, "audit trail: entry %s is about a %s whose "
                         "number was never given out",
                         cv_check_name(name, key),
                         cv_schemas[entry.kind].name);
    }
}


static void
cv_check_entry(cv_check_t *check, unsigned table, cv_str_t key,
    cv_str_t value)
{
    if (table < CV_KINDS) {
        cv_check_record(check, (cv_kind_t) table, key, value);

    } else if (table == CV_TABLE_HANDLE) {
        cv_check_handle(check, key, value);

    } else if (table == CV_TABLE_LINK) {
        cv_check_link(check, key, value);

    } else if (table == CV_TABLE_AUDIT) {
        cv_check_audit(check, key, value);

    } else if (table == CV_TABLE_CHANGE
               && (key.len != 8 || value.len != 1 + CV_IID_LEN + 8
                   || value.data[0] >= CV_KINDS))
    {
        cv_check_problem(check, "change log: an entry is damaged");
    }

    (*check->records)++;
}


static void
cv_check_table(cv_check_t *check, unsigned table)
{
    int          rc;
    MDB_val      key, value;
    cv_txn_t    *txn;
    MDB_cursor  *cursor;

    txn = check->txn;

    cursor = cv_cursor_open(txn, table);
    if (cursor == NULL) {
        return;
    }

    for ( ;; ) {
        cv_lmdb(rc, mdb_cursor_get(cursor, &key, &value, MDB_NEXT));

        if (rc != 0) {
            break;
        }

        cv_check_entry(check, table, cv_mdb_str(&key), cv_mdb_str(&value));
        check->sum += cv_sum_entry(table, cv_mdb_str(&key),
                                   cv_mdb_str(&value));

        /* a damaged record that an entry led to was reported; go on */
        txn->error.code = CV_OK;
    }

    if (rc != MDB_NOTFOUND) {
        cv_check_problem(check, "a table cannot be read to its end: %s",
                         mdb_strerror(rc));
    }

    cv_cursor_close(txn, cursor);
}


uint64_t
cv_store_check(cv_txn_t *txn, cv_report_pt report, void *data,
    uint64_t *records)
{
    unsigned    table;
    cv_check_t  check;

    memset(&check, 0, sizeof(check));

    check.txn = txn;
    check.report = report;
    check.data = data;
    check.records = records;

    *records = 0;

    /* what stands on damaged pages, LMDB had better not be asked for */

    check.problems = cv_pages_check(txn, report, data);

    if (check.problems > 0 || cv_txn_failed(txn)) {
        return check.problems;
    }

    cv_numbers_read(txn, check.next);

    for (table = 0; table < CV_TABLES; table++) {
        cv_check_table(&check, table);
    }

    if (check.sum != cv_sum_stored(txn)) {
        cv_check_problem(&check, "something is not what was written last, or "
                         "is lost: the sum of all entries is another one");
    }

    /* a snapshot that is renewed sees others */
    cv_sequences_free(txn);

    return check.problems;
}
