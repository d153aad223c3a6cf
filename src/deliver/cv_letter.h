
/*
 * Copyright (C) The credverify authors
 *
 * Header fields of mail, and what may stand in one.  No text that is given here
 * can end a field or begin another.  Pure.
 */

#ifndef CV_LETTER_H
#define CV_LETTER_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_time.h"

/*
 * Appends UTF-8 as an unstructured field has it, behind the field's name: as it
 * is if that is ASCII of one line, else as encoded-words (RFC 2047), folded.
 * Controls become spaces.
 */
void cv_letter_text(cv_buf_t *out, cv_str_t text);

/*
 * Appends a mailbox (RFC 5322, 3.4): a checked address, behind the name of who
 * has it unless that is absent or empty.
 */
void cv_letter_mailbox(cv_buf_t *out, cv_str_t name, cv_str_t address);

/* Appends a date-time (RFC 5322, 3.3), in UTC. */
void cv_letter_date(cv_buf_t *out, cv_time_t at);

/*
 * Appends what a server said, in one line of ASCII, with "***" for a word that
 * has an "@" in it, or the local part of the address, as a reply may repeat it.
 */
void cv_letter_words(cv_buf_t *out, cv_str_t words, cv_str_t address);

#endif /* CV_LETTER_H */
