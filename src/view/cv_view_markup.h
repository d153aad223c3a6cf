
/*
 * Copyright (C) The credverify authors
 *
 * What the constant text of a template is to a browser: enough of HTML's and
 * XML's syntax to know where a value stands.  What browsers could read in two
 * ways is refused.  In HTML, a "<" that could begin a tag does so nowhere but
 * between tags: whether a browser takes an element's contents for text or for
 * markup, it then finds the same tags at the same places.
 */

#ifndef CV_VIEW_MARKUP_H
#define CV_VIEW_MARKUP_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_view_document.h"

#define CV_MARKUP_NAME_MAX  64

typedef enum {
    CV_MARKUP_TEXT = 0,
    CV_MARKUP_OPEN,             /* "<" */
    CV_MARKUP_END_OPEN,         /* "</" */
    CV_MARKUP_BANG,             /* "<!" and what follows */
    CV_MARKUP_DECLARATION,
    CV_MARKUP_COMMENT,
    CV_MARKUP_INSTRUCTION,      /* "<?" in XML */
    CV_MARKUP_CDATA,
    CV_MARKUP_TAG,
    CV_MARKUP_BEFORE_NAME,
    CV_MARKUP_NAME,
    CV_MARKUP_AFTER_NAME,
    CV_MARKUP_BEFORE_VALUE,
    CV_MARKUP_DOUBLE,
    CV_MARKUP_SINGLE,
    CV_MARKUP_UNQUOTED,
    CV_MARKUP_AFTER_VALUE,
    CV_MARKUP_SLASH,
    CV_MARKUP_RAW,              /* the text of an element without markup */
    CV_MARKUP_RCDATA,           /* the same, with character references */
} cv_markup_state_t;

/*
 * What a tag's first "rel" says, which is the one that counts: other than
 * CV_REL_CANONICAL whenever that is not plain to see.
 */

typedef enum {
    CV_REL_NONE = 0,
    CV_REL_OPEN,                /* its value is still to come */
    CV_REL_CANONICAL,
    CV_REL_OTHER,
} cv_markup_rel_t;

/* In lower case, and cut: longer ones are of no interest. */

typedef struct {
    size_t   len;
    uint8_t  text[CV_MARKUP_NAME_MAX];
} cv_markup_name_t;

typedef struct {
    cv_view_format_t   *format;         /* gets the <style> elements */
    const char         *wrong;          /* what could not be read */
    bool                xml;
    bool                plain;          /* text: there is no markup in it */

    cv_markup_state_t   state;
    bool                end_tag;
    bool                style;          /* the raw text is a <style>'s */
    bool                cr;             /* its last byte was a CR */
    bool                started;        /* the value has begun */
    bool                forked;         /* its URL has unknown beginnings */
    bool                shows;          /* the tag has values in it */
    bool                http_equiv;
    cv_markup_rel_t     rel;
    uint32_t            foreign;        /* <svg> and <math>, 2 bits each */
    size_t              matched;        /* bytes of what ends the state */
    size_t              texts;          /* times that text began */
    cv_markup_name_t    tag;
    cv_markup_name_t    attr;
    cv_markup_name_t    value;          /* its constant beginning */
} cv_markup_t;

/* "language" is CV_FORMAT_HTML, CV_FORMAT_SVG or CV_FORMAT_TXT. */
void cv_markup_init(cv_markup_t *markup, cv_view_format_t *format,
    cv_format_t language);

/* False, and "wrong" says why, if the text is refused. */
bool cv_markup_text(cv_markup_t *markup, cv_str_t text) CV_MUST_CHECK;

/* The instruction that shows a value here, CV_OP_END if none can. */
cv_view_opcode_t cv_markup_value(cv_markup_t *markup) CV_MUST_CHECK;

/* True if a section may begin or end here. */
bool cv_markup_section(cv_markup_t *markup) CV_MUST_CHECK;

/*
 * Closes a section that was opened at "start" and may "repeat" its contents:
 * false if what follows would not read the same without the section.
 */
bool cv_markup_rejoin(cv_markup_t *markup, const cv_markup_t *start,
    bool repeats) CV_MUST_CHECK;

/* True if the template may end here. */
bool cv_markup_done(cv_markup_t *markup) CV_MUST_CHECK;

/* False, and says why. */
bool cv_markup_fail(cv_markup_t *markup, const char *wrong);

/* A name whole, and without the prefix that may be any in XML. */
cv_str_t cv_markup_full(const cv_markup_name_t *name);
cv_str_t cv_markup_local(const cv_markup_name_t *name);

/* True in the attribute "rel". */
bool cv_markup_is_rel(const cv_markup_t *markup);

bool cv_markup_is_one_of(cv_str_t name, const char *const *names);

#endif /* CV_VIEW_MARKUP_H */
