
/*
 * Copyright (C) The credverify authors
 *
 * The compiler of NAME.json: how each outcome is presented.
 */

#include "cv_json.h"
#include "cv_view_json.h"

#define CV_VIEW_DOC_MAX  (4 * 1024 * 1024)


static cv_err_t
cv_view_outcome_status(cv_view_json_t *json, cv_doc_t doc, unsigned *status)
{
    cv_str_t  s;
    unsigned  n;

    s = cv_doc_text(doc);
    n = 0;

    if (cv_doc_type(doc) == CV_DOC_NUMBER && s.len == 3
        && s.data[0] != '-' && s.data[1] >= '0' && s.data[1] <= '9'
        && s.data[2] >= '0' && s.data[2] <= '9')
    {
        n = (unsigned) ((s.data[0] - '0') * 100 + (s.data[1] - '0') * 10
                        + (s.data[2] - '0'));
    }

    /* the others promise another body, or none */

    if (n != 200 && n != 201 && (n < 400 || n > 599)) {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "\"status\" is 200, 201, or a number from "
                                 "400 to 599");
    }

    *status = n;

    return CV_OK;
}


static void
cv_view_outcome_set_type(cv_view_outcome_t *outcome, cv_str_t type)
{
    memcpy(outcome->type, type.data, type.len);
    outcome->type_len = type.len;
}


static cv_err_t
cv_view_outcome_type(cv_view_json_t *json, cv_doc_t doc,
    cv_view_outcome_t *outcome)
{
    size_t    i;
    cv_str_t  s;

    s = cv_doc_text(doc);

    for (i = 0; i < s.len && s.data[i] >= 0x20 && s.data[i] < 0x7f; i++) {
        /* void */
    }

    if (cv_doc_type(doc) != CV_DOC_STRING || i < s.len || s.len == 0
        || s.len > CV_VIEW_TYPE_MAX || memchr(s.data, '/', s.len) == NULL)
    {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "\"type\" is a media type");
    }

    cv_view_outcome_set_type(outcome, s);

    return CV_OK;
}


static cv_err_t
cv_view_outcome_word(cv_view_json_t *json, cv_doc_t doc,
    cv_view_outcome_t *outcome)
{
    cv_str_t  s;

    s = cv_doc_text(doc);

    if (cv_doc_type(doc) != CV_DOC_STRING || s.len == 0
        || s.len > CV_VIEW_WORD_MAX)
    {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "\"word\" is a text of at most %d bytes",
                                 CV_VIEW_WORD_MAX);
    }

    memcpy(outcome->word, s.data, s.len);
    outcome->word_len = s.len;

    return CV_OK;
}


static cv_err_t
cv_view_outcome_presentation(cv_view_json_t *json, cv_doc_t doc,
    cv_view_outcome_t *outcome)
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_err_t       err;
    cv_doc_iter_t  it;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "neither an object nor the name of another "
                                 "outcome");
    }

    cv_view_outcome_set_type(outcome, CV_STR("application/json"));

    it = cv_doc_iter(doc);

    while (cv_doc_next(&it, &name, &value)) {

        if (cv_str_eq(name, CV_STR("status"))) {
            err = cv_view_outcome_status(json, value, &outcome->status);

        } else if (cv_str_eq(name, CV_STR("type"))) {
            err = cv_view_outcome_type(json, value, outcome);

        } else if (cv_str_eq(name, CV_STR("word"))) {
            err = cv_view_outcome_word(json, value, outcome);

        } else if (cv_str_eq(name, CV_STR("body"))) {
            memset(&json->program->shows, 0, sizeof(cv_fact_set_t));
            err = cv_view_json_body(json, value, &outcome->entry);
            outcome->shows = json->program->shows;

        } else {
            err = cv_view_json_fail(json, CV_ERR_INPUT,
                                    "unknown member \"%.*s\"", CV_FMT(name));
        }

        if (err != CV_OK) {
            return err;
        }
    }

    return CV_OK;
}


/* "docs" has a presentation for each outcome, and that of "error" behind */

static cv_err_t
cv_view_outcomes_collect(cv_view_json_t *json, cv_doc_t doc,
    cv_doc_t docs[CV_OUTCOMES + 1])
{
    cv_str_t       name;
    cv_doc_t       value;
    cv_doc_iter_t  it;
    cv_outcome_t   i;

    if (cv_doc_type(doc) != CV_DOC_OBJECT) {
        return cv_view_json_fail(json, CV_ERR_INPUT, "not an object");
    }

    memset(docs, 0, (CV_OUTCOMES + 1) * sizeof(cv_doc_t));

    it = cv_doc_iter(doc);

    while (cv_doc_next(&it, &name, &value)) {
        i = cv_outcome_find(name);

        if (i == CV_OUTCOMES && !cv_str_eq(name, CV_STR("error"))) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "unknown outcome \"%.*s\"",
                                     CV_FMT(name));
        }

        docs[i] = value;
    }

    json->document->finds = cv_present(docs[CV_FOUND]);

    for (i = 0; i <= CV_OUTCOMES; i++) {
        name = i == CV_OUTCOMES ? CV_STR("error") : cv_outcomes[i].name;

        if (i < CV_ERRORS && !cv_document_knows(json->document, i)) {

            if (cv_present(docs[i])) {
                return cv_view_json_fail(json, CV_ERR_INPUT,
                                         "\"%.*s\" and \"found\" do not go "
                                         "together", CV_FMT(name));
            }

        } else if (!cv_present(docs[i]) && i != CV_CREATED
                   && (i < CV_ERRORS || i == CV_OUTCOMES))
        {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "the outcome \"%.*s\" is missing",
                                     CV_FMT(name));
        }
    }

    return CV_OK;
}


static bool
cv_view_outcome_finds(cv_outcome_t outcome)
{
    return outcome >= CV_REASONS && outcome < CV_ERRORS;
}


/*
 * An alias may say less than what is true, and nothing else: that something is
 * not found, of a credential that is not valid what else it is not, of an
 * error what error it is.  Where nothing can be said, not even that it is not
 * found is true.
 */

static bool
cv_view_outcome_may(cv_outcome_t outcome, cv_outcome_t target)
{
    if (cv_view_outcome_finds(outcome) || cv_view_outcome_finds(target)) {
        return false;
    }

    if (target == CV_NOT_FOUND) {
        return outcome != CV_STORE_UNAVAILABLE && outcome != CV_BUSY
               && outcome != CV_SERVER_ERROR;
    }

    if (target >= CV_ERRORS) {
        return outcome >= CV_ERRORS;
    }

    return target != CV_VALID && outcome != CV_VALID && outcome < CV_NOT_FOUND;
}


static cv_err_t
cv_view_outcomes_alias(cv_view_json_t *json,
    const cv_doc_t docs[CV_OUTCOMES + 1])
{
    cv_doc_t            doc;
    cv_str_t            name;
    cv_outcome_t        i, target;
    cv_view_outcome_t  *outcomes;

    outcomes = json->document->outcomes;

    for (i = 0; i < CV_OUTCOMES; i++) {
        doc = cv_present(docs[i]) ? docs[i] : docs[CV_OUTCOMES];

        if (cv_doc_type(doc) != CV_DOC_STRING
            || !cv_document_knows(json->document, i))
        {
            continue;
        }

        name = cv_doc_text(doc);
        target = cv_outcome_find(name);

        (void) cv_view_json_enter(json, cv_present(docs[i])
                                  ? cv_outcomes[i].name : CV_STR("error"));

        if (target == CV_OUTCOMES) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "unknown outcome \"%.*s\"",
                                     CV_FMT(name));
        }

        doc = cv_present(docs[target]) ? docs[target] : docs[CV_OUTCOMES];

        if (cv_doc_type(doc) == CV_DOC_STRING) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "\"%.*s\" stands for another outcome "
                                     "itself", CV_FMT(name));
        }

        if (!cv_view_outcome_may(i, target)) {
            return cv_view_json_fail(json, CV_ERR_INPUT,
                                     "it cannot be presented as \"%.*s\", "
                                     "which says something else", CV_FMT(name));
        }

        outcomes[i].outcome = target;
        cv_view_json_leave(json, 0);
    }

    return CV_OK;
}


static cv_err_t
cv_view_outcomes_compile(cv_view_json_t *json, cv_doc_t doc)
{
    cv_doc_t            docs[CV_OUTCOMES + 1];
    cv_err_t            err;
    unsigned            given;
    cv_outcome_t        i;
    cv_view_outcome_t  *outcomes, error;

    err = cv_view_outcomes_collect(json, doc, docs);
    if (err != CV_OK) {
        return err;
    }

    outcomes = json->document->outcomes;
    memset(&error, 0, sizeof(cv_view_outcome_t));

    /* "error" is compiled first: the outcomes not given are copies of it */

    given = 0;

    if (cv_doc_type(docs[CV_OUTCOMES]) != CV_DOC_STRING) {
        (void) cv_view_json_enter(json, CV_STR("error"));

        err = cv_view_outcome_presentation(json, docs[CV_OUTCOMES], &error);
        if (err != CV_OK) {
            return err;
        }

        given++;
        cv_view_json_leave(json, 0);
    }

    for (i = 0; i < CV_OUTCOMES; i++) {

        if (i == CV_CREATED && !cv_present(docs[i])) {
            outcomes[i] = outcomes[CV_FOUND];
            outcomes[i].status = 0;

        } else if (!cv_present(docs[i])) {
            outcomes[i] = error;

        } else if (cv_doc_type(docs[i]) != CV_DOC_STRING) {
            (void) cv_view_json_enter(json, cv_outcomes[i].name);

            err = cv_view_outcome_presentation(json, docs[i], &outcomes[i]);
            if (err != CV_OK) {
                return err;
            }

            given++;
            cv_view_json_leave(json, 0);
        }

        outcomes[i].outcome = i;

        if (outcomes[i].status == 0) {
            outcomes[i].status = cv_outcomes[i].status;
        }
    }

    if (json->bodies > 0 && json->bodies < given) {
        return cv_view_json_fail(json, CV_ERR_INPUT,
                                 "either every outcome has a \"body\" or "
                                 "none has");
    }

    json->document->formats[CV_FORMAT_JSON].present = json->bodies > 0;

    return cv_view_outcomes_alias(json, docs);
}


cv_err_t
cv_view_json_compile(cv_document_t *document, const char *file,
    cv_str_t source, cv_error_t *error)
{
    cv_buf_t        doc;
    cv_err_t        err;
    cv_error_t      what;
    cv_view_json_t  json;

    memset(&json, 0, sizeof(cv_view_json_t));

    json.document = document;
    json.program = &document->formats[CV_FORMAT_JSON].program;
    json.file = file;
    json.error = error;

    cv_buf_init(&doc, CV_VIEW_DOC_MAX);

    err = cv_json_parse(&doc, source, &what);

    if (err != CV_OK) {
        err = cv_view_json_fail(&json, err, "%s", what.text);
        goto done;
    }

    err = cv_view_outcomes_compile(&json, cv_buf_str(&doc));

    if (err == CV_OK) {
        err = cv_view_program_finish(json.program, &what);

        if (err != CV_OK) {
            err = cv_view_json_fail(&json, err, "%s", what.text);
        }
    }

done:

    cv_buf_free(&doc);

    return err;
}
