
/*
 * Copyright (C) The credverify authors
 *
 * Views: what a verdict looks like.  A document is one page or answer of a
 * view directory, in every format it comes in:
 *
 *     DIR/NAME.json        outcomes: the status of each, and the JSON body;
 *                          needed
 *     DIR/NAME.html        a page; a Mustache template, as all the others
 *     DIR/NAME.svg         a badge
 *     DIR/NAME.badge.html  a badge for a frame
 *     DIR/NAME.card.svg    a large badge, 1200 x 630, had as a PNG as well
 *     DIR/NAME.qr.svg      a QR code of where the page is
 *     DIR/NAME.txt         plain text, as in a mail
 *
 * A document is compiled once, is never changed afterwards, and needs no
 * memory to be rendered but the buffer it is rendered to.
 */

#ifndef CV_VIEW_H
#define CV_VIEW_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_facts.h"
#include "cv_outcome.h"

typedef enum {
    CV_FORMAT_JSON = 0,
    CV_FORMAT_HTML,
    CV_FORMAT_SVG,
    CV_FORMAT_NAMED,            /* those below are had by their names only, */
                                /* whatever types are accepted */
    CV_FORMAT_BADGE = CV_FORMAT_NAMED,
    CV_FORMAT_CARD,
    CV_FORMAT_QR,
    CV_FORMAT_TXT,
    CV_FORMAT_FILES,            /* those below have no file of their own */
    CV_FORMAT_PNG = CV_FORMAT_FILES,
                                /* a card, to be drawn */
    CV_FORMATS
} cv_format_t;

/* Names as in "format=" arguments. */
extern const cv_str_t  cv_format_names[CV_FORMATS];

/* The format of that name, or CV_FORMATS. */
cv_format_t cv_format_find(cv_str_t name);

/* True for what may name a document, a partial or a theme: [a-z0-9_-]+ */
bool cv_view_is_name(cv_str_t name);

typedef struct cv_document_s  cv_document_t;

/*
 * Reads and compiles the document NAME of the view directory DIR.  An error
 * names file, line and what is wrong there.  Free with cv_document_free().
 */
cv_err_t cv_document_load(cv_document_t **document, const char *dir,
    const char *name, cv_error_t *error) CV_MUST_CHECK;

/* The same from memory: "source" by format, absent where there is none.
 * Partials are then refused. */
cv_err_t cv_document_compile(cv_document_t **document, const char *name,
    const cv_str_t source[CV_FORMAT_FILES], cv_error_t *error) CV_MUST_CHECK;

void cv_document_free(cv_document_t *document);

/*
 * What a format is written in, which ends the name of its files: JSON, HTML,
 * SVG or text.
 */
cv_format_t cv_format_markup(cv_format_t format);

/* True if the document comes in that format. */
bool cv_document_has(const cv_document_t *document, cv_format_t format);

/*
 * The contents of every <style> element of a template, in order: what a
 * Content-Security-Policy allows by hash.  Returns how many there are; those
 * from "i" on are had one by one.  Borrows from the document.
 */
size_t cv_document_nstyles(const cv_document_t *document, cv_format_t format);
cv_str_t cv_document_style(const cv_document_t *document, cv_format_t format,
    size_t i);

/*
 * True if the document has words for the outcome: one shows verdicts, another
 * what was found as it is, and either that nothing was and every error.
 */
bool cv_document_knows(const cv_document_t *document, cv_outcome_t outcome);

/*
 * How an outcome is presented: "outcome" is another one where the view gives
 * it as an alias, and facts must be disclosed for that one.
 */
typedef struct {
    cv_outcome_t  outcome;
    unsigned      status;
    cv_str_t      type;         /* Content-Type; borrows from the document */
    cv_str_t      word;         /* the view's own for it; likewise, or absent */
} cv_presentation_t;

cv_presentation_t cv_document_present(const cv_document_t *document,
    cv_format_t format, cv_outcome_t outcome);

/*
 * True if an outcome may show a fact, or what is in it: else it need not be
 * among the facts.
 */
bool cv_document_shows(const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome, cv_fact_id_t fact);

typedef struct {
    uint64_t  hash;         /* of the body, moments of checking left out */
    bool      timeless;     /* the body shows no moment of checking */
    size_t    gap;          /* where in the buffer the JSON belongs that had no
                               text; SIZE_MAX if nowhere */
} cv_rendering_t;

/*
 * Renders to the end of "out".  CV_ERR_LIMIT if it does not fit there.
 */
cv_err_t cv_document_render(const cv_document_t *document, cv_format_t format,
    cv_outcome_t outcome, const cv_facts_t *facts, cv_buf_t *out,
    cv_rendering_t *rendering) CV_MUST_CHECK;

#endif /* CV_VIEW_H */
