
/*
 * Copyright (C) The credverify authors
 */

#include "cv_view_markup.h"


typedef bool (*cv_markup_step_t)(cv_markup_t *markup, uint8_t ch);


static bool cv_markup_step(cv_markup_t *markup, uint8_t ch);


void
cv_markup_init(cv_markup_t *markup, cv_view_format_t *format,
    cv_format_t language)
{
    memset(markup, 0, sizeof(cv_markup_t));
    markup->format = format;
    markup->xml = language == CV_FORMAT_SVG;
    markup->plain = language == CV_FORMAT_TXT;
}


bool
cv_markup_fail(cv_markup_t *markup, const char *wrong)
{
    markup->wrong = wrong;

    return false;
}


static bool
cv_markup_space(uint8_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}


static bool
cv_markup_letter(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}


static uint8_t
cv_markup_lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
}


static void
cv_markup_add(cv_markup_name_t *name, uint8_t ch)
{
    if (name->len < CV_MARKUP_NAME_MAX) {
        name->text[name->len++] = cv_markup_lower(ch);
    }
}


cv_str_t
cv_markup_full(const cv_markup_name_t *name)
{
    return cv_str(name->text, name->len);
}


cv_str_t
cv_markup_local(const cv_markup_name_t *name)
{
    cv_str_t        s;
    const uint8_t  *colon;

    s = cv_markup_full(name);
    colon = memchr(s.data, ':', s.len);

    if (colon != NULL) {
        s = cv_str(colon + 1, s.len - (size_t) (colon + 1 - s.data));
    }

    return s;
}


bool
cv_markup_is_rel(const cv_markup_t *markup)
{
    return cv_str_eq(cv_markup_full(&markup->attr), CV_STR("rel"));
}


bool
cv_markup_is_one_of(cv_str_t name, const char *const *names)
{
    for ( /* void */ ; *names != NULL; names++) {
        if (cv_str_eq(name, cv_str_z(*names))) {
            return true;
        }
    }

    return false;
}


static void
cv_markup_enter_text(cv_markup_t *markup)
{
    markup->state = CV_MARKUP_TEXT;
    markup->texts++;
    markup->end_tag = false;
    markup->shows = false;
    markup->http_equiv = false;
    markup->rel = CV_REL_NONE;
    markup->matched = 0;
    markup->tag.len = 0;
    markup->attr.len = 0;
}


static void
cv_markup_enter_raw(cv_markup_t *markup, cv_markup_state_t state, bool style)
{
    cv_markup_name_t  tag;

    tag = markup->tag;
    cv_markup_enter_text(markup);

    markup->tag = tag;
    markup->state = state;
    markup->style = style;
    markup->cr = false;
}


/* what <svg> and <math> are in "foreign", 0 for any other */

static unsigned
cv_markup_foreign(cv_str_t tag)
{
    if (cv_str_eq(tag, CV_STR("svg"))) {
        return 1;
    }

    return cv_str_eq(tag, CV_STR("math")) ? 2 : 0;
}


static bool
cv_markup_start_foreign(cv_markup_t *markup, unsigned foreign, bool empty)
{
    if (!empty) {

        if (markup->foreign >> 30 != 0) {
            return cv_markup_fail(markup, "too many <svg> or <math> inside "
                                  "one another");
        }

        markup->foreign = markup->foreign << 2 | foreign;
    }

    cv_markup_enter_text(markup);

    return true;
}


static bool
cv_markup_start_html(cv_markup_t *markup, bool empty)
{
    cv_str_t  tag;
    unsigned  foreign;

    static const char *const  odd[] = {
        "plaintext", "xmp", "noembed", "noframes", "listing", NULL
    };

    static const char *const  html[] = {
        "style", "iframe", "textarea", "foreignobject", NULL
    };

    tag = cv_markup_full(&markup->tag);
    foreign = cv_markup_foreign(tag);

    if (foreign != 0) {
        return cv_markup_start_foreign(markup, foreign, empty);
    }

    if (cv_markup_is_one_of(tag, odd)) {
        return cv_markup_fail(markup, "an obsolete element without markup "
                              "inside");
    }

    if (cv_str_eq(tag, CV_STR("noscript"))) {
        return cv_markup_fail(markup, "<noscript> is not allowed");
    }

    if (markup->foreign != 0) {

        if (cv_markup_is_one_of(tag, html)) {
            return cv_markup_fail(markup, "<style>, <iframe>, <textarea> or "
                                  "<foreignObject> inside <svg> or <math>");
        }

        cv_markup_enter_text(markup);
        return true;
    }

    if (cv_str_eq(tag, CV_STR("style")) || cv_str_eq(tag, CV_STR("iframe"))) {
        cv_markup_enter_raw(markup, CV_MARKUP_RAW,
                            cv_str_eq(tag, CV_STR("style")));

    } else if (cv_str_eq(tag, CV_STR("title"))
               || cv_str_eq(tag, CV_STR("textarea")))
    {
        cv_markup_enter_raw(markup, CV_MARKUP_RCDATA, false);

    } else {
        cv_markup_enter_text(markup);
    }

    return true;
}


static bool
cv_markup_start_tag(cv_markup_t *markup, bool empty)
{
    cv_str_t  tag;

    tag = cv_markup_local(&markup->tag);

    if (cv_str_eq(tag, CV_STR("script"))) {
        return cv_markup_fail(markup, "<script> is not allowed");
    }

    if (!markup->xml) {
        return cv_markup_start_html(markup, empty);
    }

    if (cv_str_eq(tag, CV_STR("style")) && !empty) {
        cv_markup_enter_raw(markup, CV_MARKUP_RAW, true);

    } else {
        cv_markup_enter_text(markup);
    }

    return true;
}


/* at the ">" of a tag */

static bool
cv_markup_end_of_tag(cv_markup_t *markup, bool empty)
{
    unsigned  foreign;

    if (markup->tag.len == CV_MARKUP_NAME_MAX) {
        return cv_markup_fail(markup, "a tag with so long a name");
    }

    if (markup->shows && markup->http_equiv) {
        return cv_markup_fail(markup, "a value in a tag with http-equiv");
    }

    if (!markup->end_tag) {
        return cv_markup_start_tag(markup, empty);
    }

    foreign = cv_markup_foreign(cv_markup_full(&markup->tag));

    if (!markup->xml && foreign != 0) {

        if ((markup->foreign & 3) != foreign) {
            return cv_markup_fail(markup, "an end tag of <svg> or <math> "
                                  "where the other or none is open");
        }

        markup->foreign >>= 2;
    }

    cv_markup_enter_text(markup);

    return true;
}


static bool
cv_markup_step_text(cv_markup_t *markup, uint8_t ch)
{
    if (ch == '<') {
        markup->state = CV_MARKUP_OPEN;
    }

    return true;
}


static bool
cv_markup_step_open(cv_markup_t *markup, uint8_t ch)
{
    if (cv_markup_letter(ch) || (markup->xml && ch == '_')) {
        markup->state = CV_MARKUP_TAG;
        cv_markup_add(&markup->tag, ch);
        return true;
    }

    switch (ch) {

    case '/':
        markup->state = CV_MARKUP_END_OPEN;
        return true;

    case '!':
        markup->state = CV_MARKUP_BANG;
        return true;

    case '?':
        if (markup->xml) {
            markup->state = CV_MARKUP_INSTRUCTION;
            return true;
        }

        return cv_markup_fail(markup, "\"<?\" in HTML");

    default:
        return cv_markup_fail(markup, "a lone \"<\" (write \"&lt;\")");
    }
}


static bool
cv_markup_step_end_open(cv_markup_t *markup, uint8_t ch)
{
    if (!cv_markup_letter(ch) && !(markup->xml && ch == '_')) {
        return cv_markup_fail(markup, "\"</\" without a name");
    }

    markup->state = CV_MARKUP_TAG;
    markup->end_tag = true;
    cv_markup_add(&markup->tag, ch);

    return true;
}


/* "tag" holds what follows "<!" */

static bool
cv_markup_step_bang(cv_markup_t *markup, uint8_t ch)
{
    size_t              i;
    cv_str_t            seen;
    cv_markup_state_t   state;

    static const struct {
        const char         *text;
        cv_markup_state_t   state;
    } kinds[] = {
        { "--", CV_MARKUP_COMMENT },
        { "doctype", CV_MARKUP_DECLARATION },
        { "[cdata[", CV_MARKUP_CDATA },
    };

    cv_markup_add(&markup->tag, ch);
    seen = cv_markup_full(&markup->tag);

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {

        if (strncmp(kinds[i].text, (const char *) seen.data, seen.len) != 0) {
            continue;
        }

        if (strlen(kinds[i].text) > seen.len) {
            return true;
        }

        state = kinds[i].state;

        if (state == CV_MARKUP_CDATA && !markup->xml) {
            break;
        }

        cv_markup_enter_text(markup);
        markup->state = state;

        /* counts what follows "<!--" or ends a comment */
        markup->matched = 0;
        markup->started = false;

        return true;
    }

    return cv_markup_fail(markup, "an unknown declaration");
}


static bool
cv_markup_step_declaration(cv_markup_t *markup, uint8_t ch)
{
    if (ch == '[' || ch == '<') {
        return cv_markup_fail(markup, "a document type of its own");
    }

    if (ch == '>') {
        cv_markup_enter_text(markup);
    }

    return true;
}


/* "started" once the comment cannot end abruptly, as "<!-->" does */

static bool
cv_markup_step_comment(cv_markup_t *markup, uint8_t ch)
{
    if (ch == '>' && (!markup->started || markup->matched >= 2)) {

        if (!markup->started) {
            return cv_markup_fail(markup, "a comment that ends too early");
        }

        cv_markup_enter_text(markup);
        markup->started = false;
        return true;
    }

    if (markup->matched >= 2 && markup->started
        && (ch == '!' || markup->xml))
    {
        return cv_markup_fail(markup, "\"--\" inside a comment");
    }

    if (ch == '<' && !markup->xml) {
        return cv_markup_fail(markup, "\"<\" inside a comment");
    }

    if (ch == '-') {
        markup->matched++;

        /* "<!---" may still become "<!--->" */
        markup->started = markup->started || markup->matched > 1;
        return true;
    }

    markup->started = true;
    markup->matched = 0;

    return true;
}


/* up to "?>" or "]]>" */

static bool
cv_markup_step_until(cv_markup_t *markup, uint8_t ch)
{
    uint8_t  mark;
    size_t   n;

    mark = markup->state == CV_MARKUP_CDATA ? ']' : '?';
    n = markup->state == CV_MARKUP_CDATA ? 2 : 1;

    if (ch == '>' && markup->matched >= n) {
        cv_markup_enter_text(markup);
        return true;
    }

    markup->matched = ch == mark ? markup->matched + 1 : 0;

    return true;
}


static bool
cv_markup_step_before_name(cv_markup_t *markup, uint8_t ch)
{
    markup->attr.len = 0;

    if (cv_markup_space(ch)) {
        markup->state = CV_MARKUP_BEFORE_NAME;
        return true;
    }

    switch (ch) {

    case '/':
        markup->state = CV_MARKUP_SLASH;
        return true;

    case '>':
        return cv_markup_end_of_tag(markup, false);

    case '<':
    case '"':
    case '\'':
    case '=':
        return cv_markup_fail(markup, "a malformed tag");

    default:
        markup->state = CV_MARKUP_NAME;
        cv_markup_add(&markup->attr, ch);
        return true;
    }
}


static bool
cv_markup_step_tag(cv_markup_t *markup, uint8_t ch)
{
    if (cv_markup_space(ch) || strchr("/><\"'=", ch) != NULL) {
        return cv_markup_step_before_name(markup, ch);
    }

    cv_markup_add(&markup->tag, ch);

    return true;
}


static void
cv_markup_begin_value(cv_markup_t *markup)
{
    if (cv_str_eq(cv_markup_full(&markup->attr), CV_STR("http-equiv"))) {
        markup->http_equiv = true;

    } else if (cv_markup_is_rel(markup)) {
        markup->rel = markup->rel == CV_REL_NONE ? CV_REL_OPEN : CV_REL_OTHER;
    }

    markup->state = CV_MARKUP_BEFORE_VALUE;
    markup->value.len = 0;
    markup->started = false;
}


static bool
cv_markup_step_name(cv_markup_t *markup, uint8_t ch)
{
    if (ch == '=') {
        cv_markup_begin_value(markup);

        return true;
    }

    if (cv_markup_space(ch)) {
        markup->state = CV_MARKUP_AFTER_NAME;
        return true;
    }

    if (markup->state == CV_MARKUP_AFTER_NAME || ch == '/' || ch == '>'
        || ch == '<' || ch == '"' || ch == '\'')
    {
        return cv_markup_step_before_name(markup, ch);
    }

    cv_markup_add(&markup->attr, ch);

    return true;
}


static bool
cv_markup_step_before_value(cv_markup_t *markup, uint8_t ch)
{
    if (cv_markup_space(ch)) {
        return true;
    }

    switch (ch) {

    case '"':
        markup->state = CV_MARKUP_DOUBLE;
        return true;

    case '\'':
        markup->state = CV_MARKUP_SINGLE;
        return true;

    case '>':
    case '<':
    case '=':
    case '`':
        return cv_markup_fail(markup, "an attribute without its value");

    default:
        if (markup->xml) {
            return cv_markup_fail(markup, "a value without quotes in XML");
        }

        markup->state = CV_MARKUP_UNQUOTED;
        return true;
    }
}


static bool
cv_markup_step_value(cv_markup_t *markup, uint8_t ch)
{
    if (ch == (markup->state == CV_MARKUP_DOUBLE ? '"' : '\'')) {

        if (markup->rel == CV_REL_OPEN && cv_markup_is_rel(markup)) {
            markup->rel = cv_str_eq(cv_markup_full(&markup->value),
                                    CV_STR("canonical"))
                          ? CV_REL_CANONICAL : CV_REL_OTHER;
        }

        markup->state = CV_MARKUP_AFTER_VALUE;
        markup->attr.len = 0;
        markup->value.len = 0;
        markup->started = false;
        markup->forked = false;
        return true;
    }

    if (ch == '<') {
        return cv_markup_fail(markup, "\"<\" in an attribute (write "
                              "\"&lt;\")");
    }

    /* browsers skip white space before a URL, and tabs and lines inside */

    if (!cv_markup_space(ch)) {
        markup->started = true;
        cv_markup_add(&markup->value, ch);
    }

    return true;
}


static bool
cv_markup_step_unquoted(cv_markup_t *markup, uint8_t ch)
{
    if (cv_markup_space(ch) || ch == '>') {
        return cv_markup_step_before_name(markup, ch);
    }

    if (strchr("\"'<=`", ch) != NULL) {
        return cv_markup_fail(markup, "a malformed value without quotes");
    }

    return true;
}


static bool
cv_markup_step_after_value(cv_markup_t *markup, uint8_t ch)
{
    if (cv_markup_space(ch) || ch == '/' || ch == '>') {
        return cv_markup_step_before_name(markup, ch);
    }

    return cv_markup_fail(markup, "no white space between attributes");
}


static bool
cv_markup_step_slash(cv_markup_t *markup, uint8_t ch)
{
    if (ch != '>') {
        return cv_markup_fail(markup, "a lone \"/\" in a tag");
    }

    return cv_markup_end_of_tag(markup, true);
}


/* browsers hash a style with its line ends made LF */

static void
cv_markup_style(cv_markup_t *markup, uint8_t ch)
{
    if (!markup->style) {
        return;
    }

    if (ch != '\n' || !markup->cr) {
        cv_buf_append_byte(&markup->format->style_text,
                           ch == '\r' ? '\n' : ch);
    }

    markup->cr = ch == '\r';
}


static bool
cv_markup_raw_ends(cv_markup_t *markup)
{
    cv_view_format_t  *format;

    format = markup->format;

    if (markup->style) {

        if (format->nstyles == CV_VIEW_STYLES) {
            return cv_markup_fail(markup, "too many <style> elements");
        }

        format->style_ends[format->nstyles++] = format->style_text.len;
        markup->style = false;
    }

    markup->end_tag = true;
    markup->matched = 0;
    markup->state = CV_MARKUP_TAG;

    return true;
}


/* at "ch", behind a "<" that does not end the text, or no "<" at all */

static bool
cv_markup_raw_goes_on(cv_markup_t *markup, uint8_t ch)
{
    if (markup->xml) {
        return (markup->matched == 0 && ch != '&')
               || cv_markup_fail(markup, "\"<\" or \"&\" inside <style>");
    }

    if (markup->matched == 0) {
        return true;
    }

    if (markup->state == CV_MARKUP_RCDATA) {
        return cv_markup_fail(markup, "\"<\" inside <title> or <textarea> "
                              "(write \"&lt;\")");
    }

    return (markup->matched == 1 && !cv_markup_letter(ch) && ch != '!'
            && ch != '?')
           || cv_markup_fail(markup, "what could be a tag inside <style> or "
                             "<iframe>");
}


/* up to "</" and the name of the element */

static bool
cv_markup_step_raw(cv_markup_t *markup, uint8_t ch)
{
    size_t    n;
    uint8_t   expected;

    n = markup->matched;

    if (n == markup->tag.len + 2
        && (cv_markup_space(ch) || ch == '/' || ch == '>'))
    {
        return cv_markup_raw_ends(markup)
               && cv_markup_step_tag(markup, ch);
    }

    if (n < markup->tag.len + 2) {
        expected = n < 2 ? (uint8_t) "</"[n] : markup->tag.text[n - 2];

        if (cv_markup_lower(ch) == expected) {
            markup->matched++;
            return true;
        }
    }

    if (!cv_markup_raw_goes_on(markup, ch)) {
        return false;
    }

    if (n == 1) {
        cv_markup_style(markup, '<');
    }

    markup->matched = ch == '<';

    if (ch != '<') {
        cv_markup_style(markup, ch);
    }

    return true;
}


static const cv_markup_step_t  cv_markup_steps[] = {
    [CV_MARKUP_TEXT] = cv_markup_step_text,
    [CV_MARKUP_OPEN] = cv_markup_step_open,
    [CV_MARKUP_END_OPEN] = cv_markup_step_end_open,
    [CV_MARKUP_BANG] = cv_markup_step_bang,
    [CV_MARKUP_DECLARATION] = cv_markup_step_declaration,
    [CV_MARKUP_COMMENT] = cv_markup_step_comment,
    [CV_MARKUP_INSTRUCTION] = cv_markup_step_until,
    [CV_MARKUP_CDATA] = cv_markup_step_until,
    [CV_MARKUP_TAG] = cv_markup_step_tag,
    [CV_MARKUP_BEFORE_NAME] = cv_markup_step_before_name,
    [CV_MARKUP_NAME] = cv_markup_step_name,
    [CV_MARKUP_AFTER_NAME] = cv_markup_step_name,
    [CV_MARKUP_BEFORE_VALUE] = cv_markup_step_before_value,
    [CV_MARKUP_DOUBLE] = cv_markup_step_value,
    [CV_MARKUP_SINGLE] = cv_markup_step_value,
    [CV_MARKUP_UNQUOTED] = cv_markup_step_unquoted,
    [CV_MARKUP_AFTER_VALUE] = cv_markup_step_after_value,
    [CV_MARKUP_SLASH] = cv_markup_step_slash,
    [CV_MARKUP_RAW] = cv_markup_step_raw,
    [CV_MARKUP_RCDATA] = cv_markup_step_raw,
};


static bool
cv_markup_step(cv_markup_t *markup, uint8_t ch)
{
    return cv_markup_steps[markup->state](markup, ch);
}


bool
cv_markup_text(cv_markup_t *markup, cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len && !markup->plain; i++) {
        if (!cv_markup_step(markup, text.data[i])) {
            return false;
        }
    }

    return true;
}


bool
cv_markup_done(cv_markup_t *markup)
{
    if (markup->state != CV_MARKUP_TEXT) {
        return cv_markup_fail(markup, "the template ends inside a tag, a "
                              "comment, <style> or <title>");
    }

    return true;
}
