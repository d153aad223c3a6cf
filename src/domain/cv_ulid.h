
/*
 * Copyright (C) The credverify authors
 *
 * Ids that sort by when they were made: ULIDs, in lower case.
 */

#ifndef CV_ULID_H
#define CV_ULID_H

#include "cv_base.h"
#include "cv_time.h"

#define CV_ULID_LEN     26
#define CV_ULID_RANDOM  10

/*
 * Writes the id of that moment: its milliseconds since 1970 in 48 bits, and
 * then these random bytes, in Crockford's base 32.  What is before 1970 or
 * past 48 bits counts as the end that it is beyond.
 */
void cv_ulid_format(uint8_t text[CV_ULID_LEN], cv_time_t at,
    const uint8_t random[CV_ULID_RANDOM]);

#endif /* CV_ULID_H */
