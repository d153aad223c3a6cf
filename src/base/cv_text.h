
/*
 * Copyright (C) The credverify authors
 *
 * UTF-8, hexadecimal, and escaping for the places text is put into.
 */

#ifndef CV_TEXT_H
#define CV_TEXT_H

#include "cv_base.h"
#include "cv_buf.h"

/*
 * True for well-formed UTF-8 (RFC 3629: no overlong form, no surrogate,
 * nothing above U+10FFFF) without NUL.
 */
bool cv_utf8_valid(cv_str_t s);

/*
 * The character at "p", which is before "end": how many bytes it has, 0 if
 * they are none of such UTF-8.  "code" is then undefined.
 */
size_t cv_utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *code);

/*
 * Decodes exactly 2 * "len" hexadecimal digits, of either case; false if "s"
 * is anything else.  "out" is then undefined.
 */
bool cv_hex_decode(uint8_t *out, size_t len, cv_str_t s);

/*
 * Copies hexadecimal digits, of either case, to "out" in lower case; false if
 * anything else is among them.  "out" is then undefined.
 */
bool cv_hex_lower(char *out, cv_str_t s);

/* Writes 2 * s.len lower-case digits to "out". */
void cv_hex_encode(char *out, cv_str_t s);

/* The text as the inside of a JSON string (RFC 8259, section 7). */
void cv_escape_json(cv_buf_t *out, cv_str_t s);

/* The whole string, in its quotes. */
void cv_escape_json_string(cv_buf_t *out, cv_str_t s);

/*
 * The text for HTML and XML, good between tags and inside a quoted
 * attribute.  Tabs and line ends become references, as parsers would make
 * others of them (XML 1.0, sections 2.11 and 3.3.3).  Characters that XML 1.0
 * cannot carry (controls, U+FFFE, U+FFFF) become U+FFFD.
 */
void cv_escape_html(cv_buf_t *out, cv_str_t s);

/* The same of what is itself to be HTML, where HTML is shown to be copied. */
void cv_escape_html_shown(cv_buf_t *out, cv_str_t s);

/*
 * Percent-encodes all but the unreserved characters of RFC 3986, section 2.3;
 * the result needs no further escaping in HTML.
 */
void cv_escape_url(cv_buf_t *out, cv_str_t s);

/*
 * The text as a part of a line of plain text: controls (C0, C1, U+2028 and
 * U+2029), of which some end lines, become spaces.
 */
void cv_escape_plain(cv_buf_t *out, cv_str_t s);

/*
 * A whole URL for an attribute such as href: escaped as HTML if it is an
 * absolute http or https one, one of a part of the same mail (RFC 2392), or
 * nothing but the query of where the page is, replaced by "#" if it is anything
 * else, so that data can name no script.
 */
void cv_escape_href(cv_buf_t *out, cv_str_t s);

#endif /* CV_TEXT_H */
