
/*
 * Copyright (C) The credverify authors
 */

#include "cv_record.h"

#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>

static const cv_str_t  key = { (const uint8_t *) "\0\0\0\0\0\0\0\7", 8 };


static void
make(cv_credential_t *credential)
{
    memset(credential, 0, sizeof(cv_credential_t));

    credential->id = CV_STR("id");
    credential->class.iid = 3;
    credential->holder.iid = UINT64_MAX;
    credential->status = (cv_int_t) { CV_STATUS_USED, true };
    assert_true(cv_date_parse(&credential->expires_at, CV_STR("2026-02-15")));
    credential->score = CV_STR("");
    credential->test = (cv_int_t) { 1, true };
}


static void
test_round_trip(void **state)
{
    cv_buf_t         buf;
    cv_credential_t  credential, again;

    (void) state;

    make(&credential);

    cv_buf_init(&buf, CV_RECORD_MAX);
    cv_record_encode(&buf, CV_CREDENTIAL, key, &credential);
    assert_false(cv_buf_failed(&buf));

    memset(&again, 0xff, sizeof(again));
    assert_int_equal(cv_record_decode(&again, CV_CREDENTIAL, key,
                                      cv_buf_str(&buf)), CV_OK);

    assert_true(cv_str_eq(again.id, credential.id));
    assert_int_equal(again.class.iid, 3);
    assert_true(again.holder.iid == UINT64_MAX);
    assert_int_equal(again.status.value, CV_STATUS_USED);
    assert_true(cv_str_eq(again.expires_at.text, CV_STR("2026-02-15")));
    assert_int_equal(again.expires_at.at, credential.expires_at.at);
    assert_true(cv_present(again.score));
    assert_int_equal(again.score.len, 0);
    assert_true(again.test.present);
    assert_false(cv_present(again.number));
    assert_false(cv_present(again.issued_at.text));

    cv_buf_free(&buf);
}


/* every single-bit change and every truncation is noticed */

static void
test_damage(void **state)
{
    size_t           i, len;
    cv_buf_t         buf;
    cv_str_t         bytes;
    cv_credential_t  credential;

    (void) state;

    make(&credential);

    cv_buf_init(&buf, CV_RECORD_MAX);
    cv_record_encode(&buf, CV_CREDENTIAL, key, &credential);
    bytes = cv_buf_str(&buf);

    for (i = 0; i < 8 * bytes.len; i++) {
        buf.data[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(cv_record_decode(&credential, CV_CREDENTIAL, key,
                                          bytes), CV_ERR_DAMAGED);
        buf.data[i / 8] ^= (uint8_t) (1 << i % 8);
    }

    for (len = 0; len < bytes.len; len++) {
        assert_int_equal(cv_record_decode(&credential, CV_CREDENTIAL, key,
                                          cv_str(bytes.data, len)),
                         CV_ERR_DAMAGED);
    }

    /* nor may it stand under another key, or pass for another kind */

    assert_int_equal(cv_record_decode(&credential, CV_CREDENTIAL,
                                      CV_STR("other"), bytes),
                     CV_ERR_DAMAGED);
    assert_int_equal(cv_record_decode(&credential, CV_HOLDER, key, bytes),
                     CV_ERR_DAMAGED);
    assert_int_equal(cv_record_decode(&credential, CV_CREDENTIAL, key, bytes),
                     CV_OK);

    cv_buf_free(&buf);
}


static void
test_validate(void **state)
{
    cv_str_t         *text;
    char              long_id[CV_HANDLE_MAX + 1];
    cv_error_t        error;
    cv_credential_t   credential;

    (void) state;

    make(&credential);
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_OK);

    credential.class.iid = 0;
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_ERR_INPUT);
    assert_string_equal(error.text,
                        "credential: member \"class\" is required");

    make(&credential);
    credential.status.present = false;
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_ERR_INPUT);

    make(&credential);
    memset(long_id, 'x', sizeof(long_id));
    credential.number = cv_str(long_id, CV_HANDLE_MAX);
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_OK);
    credential.number = cv_str(long_id, CV_HANDLE_MAX + 1);
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_ERR_INPUT);
    assert_non_null(strstr(error.text, "\"number\" is 256 bytes long"));

    make(&credential);
    text = &credential.code;
    *text = CV_STR("a\nb");
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_ERR_INPUT);
    *text = CV_STR("");
    assert_int_equal(cv_record_validate(&credential, CV_CREDENTIAL, &error),
                     CV_ERR_INPUT);
}


/* values that no field of the type can have, under a right checksum */

static void
test_values(void **state)
{
    cv_buf_t         buf;
    cv_grant_t       grant;
    cv_credential_t  credential, again;

    (void) state;

    cv_buf_init(&buf, CV_RECORD_MAX);

    make(&credential);
    credential.test.value = 2;
    cv_record_encode(&buf, CV_CREDENTIAL, key, &credential);
    assert_int_equal(cv_record_decode(&again, CV_CREDENTIAL, key,
                                      cv_buf_str(&buf)), CV_ERR_DAMAGED);

    cv_buf_reset(&buf);
    make(&credential);
    credential.status.value = CV_STATUSES;
    cv_record_encode(&buf, CV_CREDENTIAL, key, &credential);
    assert_int_equal(cv_record_decode(&again, CV_CREDENTIAL, key,
                                      cv_buf_str(&buf)), CV_ERR_DAMAGED);

    /* a version, a class's number, a checksum */

    buf.len = 1;
    cv_buf_append(&buf, "\2\0\10\0\0\0\0\0\0\0\1\0\0\0", 15);
    assert_int_equal(cv_record_parse(&again, CV_CREDENTIAL, cv_buf_str(&buf)),
                     CV_OK);
    assert_true(again.class.iid == 1);

    buf.data[11] = 0;
    assert_int_equal(cv_record_parse(&again, CV_CREDENTIAL, cv_buf_str(&buf)),
                     CV_ERR_DAMAGED);

    memset(&grant, 0, sizeof(grant));
    grant.month = (cv_int_t) { CV_MONTH_LAST, true };
    cv_buf_reset(&buf);
    cv_record_encode(&buf, CV_GRANT, key, &grant);
    assert_int_equal(cv_record_decode(&again, CV_GRANT, key, cv_buf_str(&buf)),
                     CV_OK);

    grant.month.value++;
    cv_buf_reset(&buf);
    cv_record_encode(&buf, CV_GRANT, key, &grant);
    assert_int_equal(cv_record_decode(&again, CV_GRANT, key, cv_buf_str(&buf)),
                     CV_ERR_DAMAGED);

    cv_buf_free(&buf);
}


/* stored forms are for ever: a tag is a place in the table, and the table names
 * each member once */

static void
test_schemas(void **state)
{
    size_t              i;
    cv_kind_t           kind;
    const cv_field_t   *field;
    const cv_schema_t  *schema;

    (void) state;

    for (kind = 0; kind < CV_KINDS; kind++) {
        schema = &cv_schemas[kind];

        for (i = 0; i < schema->nfields; i++) {
            field = &schema->fields[i];

            assert_int_equal(field->tag, i + 1);
            assert_ptr_equal(cv_field_find(schema, cv_str_z(field->name)),
                             field);
            assert_true(field->offset < schema->size);
            assert_true(field->type != CV_FIELD_REF || field->ref < kind);
        }
    }

    assert_null(cv_field_find(&cv_schemas[CV_ISSUER], CV_STR("nam")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_schemas),
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
