
/*
 * Copyright (C) The credverify authors
 *
 * What requests say, and how what is wrong in them is said back.
 */

#include "cv_json.h"
#include "cv_manage_internal.h"
#include "cv_member.h"

#include <stdarg.h>
#include <stdio.h>

#define CV_MANAGE_NAME_MAX  64


cv_err_t
cv_manage_refuse(cv_managed_t *managed, cv_outcome_t outcome, const char *fmt,
    ...)
{
    va_list  args;

    managed->outcome = outcome;

    va_start(args, fmt);
    (void) vsnprintf(managed->error.text, sizeof(managed->error.text), fmt,
                     args);
    va_end(args);

    managed->detail = cv_str_z(managed->error.text);

    return CV_ERR_INPUT;
}


cv_err_t
cv_manage_rule(cv_managed_t *managed, cv_outcome_t outcome,
    const cv_error_t *error)
{
    cv_error_t  said;

    said = *error;

    if (said.text[0] >= 'a' && said.text[0] <= 'z') {
        said.text[0] = (char) (said.text[0] - 'a' + 'A');
    }

    return cv_manage_refuse(managed, outcome, "%.*s.",
                            (int) sizeof(said.text) - 2, said.text);
}


bool
cv_manage_text(cv_manager_t *m, cv_form_member_t member, cv_str_t *text)
{
    cv_doc_t  value;

    value = m->managed->values[member];
    *text = cv_doc_type(value) == CV_DOC_STRING ? cv_doc_text(value)
                                                : CV_ABSENT;

    return cv_present(*text) || !cv_present(value);
}


cv_err_t
cv_manage_wrong(cv_manager_t *m, cv_form_member_t member, const char *what)
{
    return cv_manage_refuse(m->managed, CV_INVALID_BODY, "\"%.*s\" %s.",
                            CV_FMT(cv_form_path(m->operation->form, member)),
                            what);
}


cv_err_t
cv_manage_read(cv_manager_t *m, cv_form_set_t takes)
{
    cv_err_t               err;
    cv_str_t               body;
    cv_error_t             what;
    cv_managed_t          *managed;
    const cv_operation_t  *operation;

    managed = m->managed;
    operation = m->operation;
    body = operation->body.len == 0 ? CV_STR("{}") : operation->body;

    if (body.len > CV_MANAGE_BODY) {
        return cv_manage_refuse(managed, CV_BODY_TOO_LARGE,
                                "The body has more than %zu bytes.",
                                CV_MANAGE_BODY);
    }

    err = cv_json_parse(&managed->body, body, &what);

    if (err == CV_OK) {
        err = cv_form_read(operation->form, cv_buf_str(&managed->body), takes,
                           managed->values, &what);

        return err == CV_OK ? CV_OK
                            : cv_manage_refuse(managed, CV_INVALID_BODY, "%s",
                                               what.text);
    }

    return err == CV_ERR_NOMEM
           ? cv_error_set(m->error, err, "out of memory")
           : cv_manage_refuse(managed, CV_INVALID_BODY,
                              "The body is no JSON: %s.", what.text);
}


/* A member of a line: what is fixed, or the request's under its name. */

static cv_err_t
cv_manage_give(void *data, const cv_field_t *field, cv_buf_t *out, bool *given,
    cv_error_t *error)
{
    size_t                      i;
    char                        name[CV_MANAGE_NAME_MAX];
    cv_form_member_t            member;
    const cv_manage_members_t  *members;

    (void) error;

    members = data;
    *given = true;

    for (i = 0; i < CV_COUNT(members->fixed); i++) {
        if (members->fixed[i].name != NULL
            && strcmp(members->fixed[i].name, field->name) == 0)
        {
            cv_buf_append_byte(out, '"');
            cv_buf_append_str(out, members->fixed[i].text);
            cv_buf_append_byte(out, '"');
            return CV_OK;
        }
    }

    (void) snprintf(name, sizeof(name), "%s%s", members->prefix, field->name);
    member = cv_form_find(cv_str_z(name));

    /* whom it is for is a holder's id in a form, too */

    if (strcmp(name, "holder") == 0) {
        member = CV_FORM_HOLDER_ID;
    }

    if (member != CV_FORM_COUNT && cv_present(members->values[member])) {
        cv_doc_write_json(out, members->values[member]);
    }

    return CV_OK;
}


cv_err_t
cv_manage_record(cv_manager_t *m, cv_line_t *line, cv_kind_t kind,
    cv_manage_members_t *members)
{
    char               name[CV_MANAGE_NAME_MAX];
    cv_err_t           err;
    cv_error_t         what;
    const char        *said;
    cv_managed_t      *managed;
    cv_form_member_t   member;

    managed = m->managed;
    members->values = managed->values;

    cv_buf_reset(&managed->line);

    what.member = NULL;
    err = cv_member_merge(&managed->line, kind, NULL, cv_manage_give, members,
                          &what);

    if (err == CV_OK) {
        err = cv_line_read(line, cv_buf_str(&managed->line), &what);
    }

    if (err == CV_OK || err == CV_ERR_NOMEM) {
        return err == CV_OK ? CV_OK
                            : cv_error_set(m->error, err, "out of memory");
    }

    if (what.member != NULL) {
        (void) snprintf(name, sizeof(name), "%s%s", members->prefix,
                        what.member);

        member = cv_form_find(cv_str_z(name));
        said = strstr(what.text, "\" ");

        if (member != CV_FORM_COUNT && said != NULL) {
            return cv_manage_wrong(m, member, said + 2);
        }
    }

    return cv_manage_rule(managed, CV_INVALID_BODY, &what);
}


cv_err_t
cv_manage_method(cv_manager_t *m, bool required)
{
    cv_str_t  method;

    if (!cv_manage_text(m, CV_FORM_METHOD, &method)
        || (cv_present(method) && !cv_str_eq(method, CV_STR("email"))))
    {
        return cv_manage_wrong(m, CV_FORM_METHOD, "must be \"email\"");
    }

    return required && !cv_present(method)
           ? cv_manage_wrong(m, CV_FORM_METHOD, "is required") : CV_OK;
}
