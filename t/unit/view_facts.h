
/*
 * Copyright (C) The credverify authors
 *
 * Facts to try views with.
 */

#ifndef VIEW_FACTS_H
#define VIEW_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cv_facts.h"
#include "cv_json.h"
#include "cv_view.h"

/* 2026-03-11T10:30:00Z */
#define VIEW_NOW  (INT64_C(1773225000) * CV_SECOND)

#define VIEW_NASTY  "\"'<>&\\ \x01\t/\xc3\xa9 javascript:alert(1)"

typedef struct {
    uint8_t          memory[16384];
    cv_buf_t         docs;
    cv_credential_t  credential;
    cv_class_t       class;
    cv_issuer_t      issuer;
    cv_holder_t      holder;
    cv_token_t       token;
    cv_facts_t       facts;
} view_facts_t;


static inline cv_doc_t
view_doc(view_facts_t *v, const char *json)
{
    size_t      start;
    cv_error_t  error;

    start = v->docs.len;

    if (cv_json_parse(&v->docs, cv_str_z(json), &error) != CV_OK) {
        fail_msg("%s: %s", json, error.text);
    }

    return cv_str(v->docs.data + start, v->docs.len - start);
}


static inline cv_date_t
view_date(const char *text)
{
    cv_date_t  date;

    assert_true(cv_date_parse(&date, cv_str_z(text)));

    return date;
}


/* a valid credential seen at VIEW_NOW; the holder has a difficult name */

static inline void
view_facts_init(view_facts_t *v)
{
    cv_verdict_t   verdict;
    cv_evidence_t  evidence;

    memset(v, 0, sizeof(view_facts_t));
    cv_buf_borrow(&v->docs, v->memory, sizeof(v->memory));

    v->credential.id = CV_STR("c1");
    v->credential.status = (cv_int_t) { CV_STATUS_ISSUED, true };
    v->credential.issued_at = view_date("2026-02-15");
    v->credential.expires_at = view_date("2027-01-01T01:30:00.25+02:00");
    v->credential.score = CV_STR("87.5%");
    v->credential.attributes = view_doc(v, "{\"color\":\"red\",\"n\":1.50,"
        "\"yes\":true,\"no\":false,\"null\":null,\"day\":\"2024-02-29\","
        "\"bad\":\"2024-02-30\",\"query\":\"?a=1&b='\","
        "\"url\":\"https://a.example/?a=1&b='\","
        "\"script\":\"javascript:alert(1)\",\"empty\":\"\",\"none\":[],"
        "\"list\":[1,\"two\",null,{\"a\":\"A\"}],"
        "\"deep\":{\"er\":{\"x\":\"X\"}},\"valid\":\"shadow\"}");
    v->credential.evidence = view_doc(v, "[{\"id\":\"https://e.example/1\","
        "\"parts\":[\"p\",\"q\"]},{\"narrative\":\"second\",\"parts\":[]}]");

    v->class.id = CV_STR("web");
    v->class.title = CV_STR("Web \"Security\"");
    v->class.level = (cv_int_t) { -12, true };
    v->class.tags = view_doc(v, "[\"a\",\"<b>\",\"c\"]");
    v->class.criteria = view_doc(v, "{\"narrative\":\"Do it.\"}");

    v->issuer.id = CV_STR("acme");
    v->issuer.name = CV_STR("Acme & Co");
    v->issuer.url = CV_STR("https://acme.example/?a=1&b=2");

    v->holder.name = CV_STR(VIEW_NASTY);
    v->holder.organization = CV_STR("");

    v->token.expires_at = view_date("2026-04-16");

    verdict = (cv_verdict_t) { CV_VALID, CV_PRIVACY_FULL,
                               VIEW_NOW + 37 * CV_DAY };
    evidence = (cv_evidence_t) {
        .credential = &v->credential,
        .class = &v->class,
        .issuer = &v->issuer,
        .holder = &v->holder,
        .token = &v->token
    };

    cv_disclose(&v->facts, &verdict, verdict.reason, &evidence, VIEW_NOW);
}

#endif /* VIEW_FACTS_H */
