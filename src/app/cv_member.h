
/*
 * Copyright (C) The credverify authors
 *
 * Members of records as people write them, in options and in tables, and
 * records of which some members are given.  They become a line of JSON, and
 * are read as one (cv_line.h), so that a record is the same whichever way it
 * came.
 */

#ifndef CV_MEMBER_H
#define CV_MEMBER_H

#include "cv_base.h"
#include "cv_buf.h"
#include "cv_record.h"

/*
 * Appends the JSON value of a member that was written as "text".  CV_ERR_INPUT
 * quotes what is wrong; whether the value suits the member, reading the line
 * tells.
 */
cv_err_t cv_member_typed(cv_buf_t *out, const cv_field_t *field,
    cv_str_t text, cv_error_t *error) CV_MUST_CHECK;

/*
 * Appends the JSON value of a member to "out", or nothing where it has none.
 * "given" is false before; unless it is set, the old value counts.
 */
typedef cv_err_t (*cv_member_pt)(void *data, const cv_field_t *field,
    cv_buf_t *out, bool *given, cv_error_t *error);

/*
 * Writes the line of a record whose members are those that give() gives, and
 * else those of "old", unless that is NULL; its references have their ids.
 * Returns the first error of give(), CV_ERR_INPUT if the line is too long.
 */
cv_err_t cv_member_merge(cv_buf_t *out, cv_kind_t kind, const void *old,
    cv_member_pt give, void *data, cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_MEMBER_H */
