
/*
 * Copyright (C) The credverify authors
 */

#include "cv_hash.h"
#include "cv_json.h"
#include "fuzz.h"
#include "markup.h"
#include "view.h"

#define NOW          (INT64_C(1773225000) * CV_SECOND)
#define MEMORY_MAX   ((size_t) 1 << 14)
#define ANSWER_MAX   ((size_t) 1 << 20)

/* letters that are in no source, behind each character that matters */

#define MARK         "zQ"
#define HOSTILE                                                               \
    "<" MARK "\"" MARK "'" MARK "&" MARK ">" MARK "]]>" MARK "-->" MARK       \
    "{{title}}\\\x01\xef\xbf\xbe\xe2\x80\xae\xd7\xa9"

#define HOSTILE_JSON                                                          \
    "<" MARK "\\\"" MARK "'" MARK "&" MARK ">" MARK "]]>" MARK "-->" MARK     \
    "{{title}}\\\\\\u0001\xef\xbf\xbe\xe2\x80\xae\xd7\xa9"

typedef struct {
    const char       *text;
    const char       *json;     /* the same, inside a JSON string */
    const char       *url;
} words_t;

static const words_t  benign = { "b", "b", "http://b/" };

static const words_t  hostile = {
    HOSTILE, HOSTILE_JSON, "http://h/" HOSTILE
};

static const words_t  script = {
    "javascript:" MARK, "javascript:" MARK, "\tJavaScript:" MARK
};

typedef struct {
    uint8_t           memory[MEMORY_MAX];
    char              items[1024];
    cv_buf_t          docs;
    cv_facts_t        facts;
    cv_credential_t   credential;
    cv_class_t        class;
    cv_issuer_t       issuer;
    cv_holder_t       holder;
    cv_token_t        token;
} facts_t;


/* from JSON that has "@" for a word */

static cv_doc_t
make_doc(facts_t *f, const char *pattern, const char *word)
{
    char        memory[1024];
    size_t      start;
    cv_buf_t    json;
    cv_error_t  error;

    cv_buf_borrow(&json, memory, sizeof(memory));

    for ( /* void */ ; *pattern != '\0'; pattern++) {
        if (*pattern == '@') {
            cv_buf_append_str(&json, cv_str_z(word));
        } else {
            cv_buf_append_byte(&json, (uint8_t) *pattern);
        }
    }

    start = f->docs.len;
    FUZZ_MUST(cv_json_parse(&f->docs, cv_buf_str(&json), &error) == CV_OK);

    return cv_str(f->docs.data + start, f->docs.len - start);
}


static cv_date_t
make_date(const char *text)
{
    cv_date_t  date;

    FUZZ_MUST(cv_date_parse(&date, cv_str_z(text)));

    return date;
}


static void
make_records(facts_t *f, const words_t *words)
{
    cv_str_t  text, url;

    text = cv_str_z(words->text);
    url = cv_str_z(words->url);

    cv_buf_borrow(&f->docs, f->memory, sizeof(f->memory));

    f->credential = (cv_credential_t) {
        .id = text, .score = text, .number = text, .code = text,
        .public_id = text, .narrative = text,
        .status = { CV_STATUS_ISSUED, true },
        .issued_at = make_date("2026-02-15"),
        .expires_at = make_date("2027-01-01T01:30:00.25+02:00"),
        .evidence = make_doc(f, "[{\"id\":\"@\",\"narrative\":\"@\","
                                "\"name\":[\"@\",1.5,{}]},{}]", words->json),
        .attributes = make_doc(f, "{\"a\":\"@\",\"b\":[\"@\",null],"
                                  "\"c\":{\"d\":\"@\"},\"e\":true}",
                               words->json),
    };

    f->class = (cv_class_t) {
        .id = text, .title = text, .description = text, .category = text,
        .category_title = text, .level = { -12, true }, .level_label = text,
        .image = url,
        .tags = make_doc(f, "[\"@\",\"@\",\"@\"]", words->json),
        .criteria = make_doc(f, "{\"narrative\":\"@\",\"@\":\"@\"}",
                             words->json),
        .alignment = make_doc(f, "[{\"targetName\":\"@\","
                              "\"targetUrl\":\"@\",\"targetCode\":\"@\"}]",
                              words->json),
    };

    f->issuer = (cv_issuer_t) {
        .id = text, .name = text, .url = url, .description = text,
        .image = url,
    };

    f->holder = (cv_holder_t) {
        .name = text, .display_name = text, .organization = text,
        .wallet = text,
    };

    f->token = (cv_token_t) {
        .created_at = make_date("2026-02-15"),
        .expires_at = make_date("2026-04-16"),
    };
}


/* a list is JSON that is there already, and nothing but that is put into it */

static void
add_list(facts_t *f, const words_t *words)
{
    int          n;
    cv_str_t     items;
    cv_value_t  *value;

    n = snprintf(f->items, sizeof(f->items), "[\"%s\",{\"a\":\"%s\"}]",
                 words->json, words->json);
    FUZZ_MUST(n > 0 && (size_t) n < sizeof(f->items));

    items = cv_str(f->items, (size_t) n);
    value = cv_fact_new(&f->facts, CV_FACT_LIST_ITEMS, CV_VALUE_JSON);
    value->number = (int64_t) cv_hash(items.data, items.len);
    value->text = items;
}


/* all that an outcome can have, and more: a view must stand anything */

static void
make_facts(facts_t *f, const words_t *words, cv_outcome_t outcome)
{
    cv_fact_id_t   i;
    cv_refusal_t   refusal;
    cv_verdict_t   verdict;
    cv_evidence_t  evidence;

    make_records(f, words);

    if (outcome < CV_REASONS) {
        verdict = (cv_verdict_t) { CV_VALID, CV_PRIVACY_FULL, NOW + CV_DAY };
        evidence = (cv_evidence_t) {
            .credential = &f->credential,
            .class = &f->class,
            .issuer = &f->issuer,
            .holder = &f->holder,
            .token = &f->token
        };
        cv_disclose(&f->facts, &verdict, outcome, &evidence, NOW);

    } else if (outcome < CV_ERRORS) {
        cv_disclose_progress(&f->facts, f->credential.evidence, NOW);
        add_list(f, words);

    } else {
        refusal = (cv_refusal_t) { cv_str_z(words->text), f->class.tags,
                                   cv_str_z(words->text), 10, 60,
                                   cv_str_z(words->text) };
        cv_disclose_error(&f->facts, outcome, 403, NOW);
        cv_disclose_refusal(&f->facts, &refusal);
    }

    for (i = 0; i < CV_FACT_COUNT; i++) {
        if (cv_fact(&f->facts, i)->type == CV_VALUE_NONE) {
            cv_fact_set_text(&f->facts, i, cv_str_z(words->text));
        }
    }
}


static cv_err_t
render(cv_buf_t *out, const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome, const words_t *words)
{
    cv_err_t           err;
    facts_t            f;
    cv_rendering_t     rendering;
    cv_presentation_t  presentation;

    cv_buf_reset(out);

    presentation = cv_document_present(document, format, outcome);
    FUZZ_MUST(presentation.outcome < CV_OUTCOMES);
    FUZZ_MUST(presentation.status >= 200 && presentation.status <= 599);
    FUZZ_MUST(presentation.type.len > 0);

    memset(&f.facts, 0, sizeof(f.facts));
    make_facts(&f, words, presentation.outcome);

    err = cv_document_render(document, format, presentation.outcome, &f.facts,
                             out, &rendering);
    FUZZ_MUST(err == CV_OK || err == CV_ERR_LIMIT);

    return err;
}


static void
check_json(const cv_buf_t *out)
{
    cv_err_t    err;
    cv_buf_t    doc;
    cv_error_t  error;

    cv_buf_init(&doc, 4 * ANSWER_MAX);

    err = cv_json_parse(&doc, cv_buf_str(out), &error);

    /* the body may be deeper, or wider, than what is read */

    if (err != CV_OK && err != CV_ERR_LIMIT) {
        fprintf(stderr, "%s in %.*s\n", error.text, CV_FMT(cv_buf_str(out)));
        FUZZ_MUST(err == CV_OK);
    }

    cv_buf_free(&doc);
}


/* The next of the characters that markup is made of, or -1. */

static int
next_mark(const cv_buf_t *out, size_t *i)
{
    uint8_t  ch;

    while (*i < out->len) {
        ch = out->data[(*i)++];

        if (ch == '<' || ch == '>' || ch == '"' || ch == '\'') {
            return ch;
        }
    }

    return -1;
}


static void
check_markup(const cv_buf_t *good, const cv_buf_t *bad)
{
    int     mark;
    size_t  i, j;

    i = j = 0;

    do {
        mark = next_mark(good, &i);

        if (mark != next_mark(bad, &j)) {
            fprintf(stderr, "%.*s\n--- became\n%.*s\n",
                    CV_FMT(cv_buf_str(good)), CV_FMT(cv_buf_str(bad)));
            FUZZ_MUST(!"other markup");
        }
    } while (mark != -1);

    for (i = 0; i + sizeof(MARK) < bad->len; i++) {
        if (memcmp(bad->data + i + 1, MARK, sizeof(MARK) - 1) == 0) {
            FUZZ_MUST(memchr("<>\"'&", bad->data[i], 5) == NULL);
        }
    }
}


static bool
has_mark(cv_str_t source)
{
    return cv_present(source)
           && memmem(source.data, source.len, MARK, sizeof(MARK) - 1) != NULL;
}


/*
 * Lines of a text: one text has them and another does not, and they may begin
 * anywhere in it.
 */

static bool
has_line(cv_str_t source)
{
    return memmem(source.data, source.len, "|line:", 6) != NULL;
}


/* "good" is NULL if there may be other markup */

static void
check(const cv_buf_t *good, cv_buf_t *bad, const cv_document_t *document,
    cv_format_t format, cv_outcome_t outcome, const words_t *words)
{
    if (render(bad, document, format, outcome, words) != CV_OK) {
        return;
    }

    if (format == CV_FORMAT_JSON) {
        check_json(bad);

    } else {
        if (good != NULL) {
            check_markup(good, bad);
        }

        fuzz_markup(document, format == CV_FORMAT_SVG, cv_buf_str(bad), MARK);
    }
}


void
fuzz_view(const cv_str_t sources[CV_FORMATS])
{
    cv_buf_t        good, bad, *same;
    cv_error_t      error;
    cv_format_t     format;
    cv_outcome_t    outcome;
    cv_document_t  *document;

    for (format = 0; format < CV_FORMATS; format++) {
        if (has_mark(sources[format])) {
            return;
        }
    }

    if (cv_document_compile(&document, "fuzz", sources, &error) != CV_OK) {
        FUZZ_MUST(document == NULL && error.text[0] != '\0');
        return;
    }

    cv_buf_init(&good, ANSWER_MAX);
    cv_buf_init(&bad, ANSWER_MAX);

    for (outcome = 0; outcome < CV_OUTCOMES; outcome++) {

        if (!cv_document_knows(document, outcome)) {
            continue;
        }

        for (format = 0; format < CV_FORMATS; format++) {

            if (!cv_document_has(document, format)
                || render(&good, document, format, outcome, &benign) != CV_OK)
            {
                continue;
            }

            if (format == CV_FORMAT_JSON) {
                check_json(&good);
            }

            same = has_line(sources[format]) ? NULL : &good;

            check(same, &bad, document, format, outcome, &hostile);
            check(same, &bad, document, format, outcome, &script);
        }
    }

    cv_buf_free(&good);
    cv_buf_free(&bad);
    cv_document_free(document);
}
