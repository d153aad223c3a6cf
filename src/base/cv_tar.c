
/*
 * Copyright (C) The credverify authors
 */

#include "cv_tar.h"

#define CV_TAR_CHECKSUM  148
#define CV_TAR_BASE_256  0x80

/* the fields that matter here, by where they are */

typedef struct {
    uint8_t  at;
    uint8_t  len;
} cv_tar_field_t;

static const cv_tar_field_t  cv_tar_mode = { 100, 8 };
static const cv_tar_field_t  cv_tar_uid = { 108, 8 };
static const cv_tar_field_t  cv_tar_gid = { 116, 8 };
static const cv_tar_field_t  cv_tar_size = { 124, 12 };
static const cv_tar_field_t  cv_tar_mtime = { 136, 12 };
static const cv_tar_field_t  cv_tar_checksum = { CV_TAR_CHECKSUM, 8 };

#define CV_TAR_TYPE      156
#define CV_TAR_MAGIC     257
#define CV_TAR_PREFIX    345


/* octal digits and a NUL, or what does not fit them in base 256 */

static void
cv_tar_put(uint8_t *block, cv_tar_field_t field, uint64_t value)
{
    uint8_t   i, *p;
    uint64_t  rest;

    p = block + field.at;
    rest = value;

    for (i = field.len - 1; i-- > 0; rest >>= 3) {
        p[i] = (uint8_t) ('0' + (rest & 7));
    }

    if (rest == 0) {
        return;
    }

    for (i = field.len; i-- > 0; value >>= 8) {
        p[i] = (uint8_t) value;
    }

    p[0] = CV_TAR_BASE_256;
}


static bool
cv_tar_get(const uint8_t *block, cv_tar_field_t field, uint64_t *value)
{
    uint8_t         i;
    const uint8_t  *p;

    p = block + field.at;
    *value = 0;

    if (p[0] == CV_TAR_BASE_256) {
        for (i = 1; i < field.len; i++) {
            if (*value >> 55 != 0) {
                return false;
            }

            *value = *value << 8 | p[i];
        }

        return true;
    }

    for (i = 0; i < field.len && p[i] >= '0' && p[i] <= '7'; i++) {
        *value = *value << 3 | (uint64_t) (p[i] - '0');
    }

    return i > 0 && (i == field.len || p[i] == '\0' || p[i] == ' ');
}


/* the sum of all bytes, those of the sum itself counted as spaces */

static uint64_t
cv_tar_sum(const uint8_t *block)
{
    size_t    i;
    uint64_t  sum;

    sum = 0;

    for (i = 0; i < CV_TAR_BLOCK; i++) {
        sum += i >= CV_TAR_CHECKSUM && i < CV_TAR_CHECKSUM + 8 ? ' '
                                                               : block[i];
    }

    return sum;
}


void
cv_tar_header(uint8_t block[CV_TAR_BLOCK], cv_str_t name, uint64_t size,
    cv_time_t modified)
{
    memset(block, 0, CV_TAR_BLOCK);
    memcpy(block, name.data, name.len);

    cv_tar_put(block, cv_tar_mode, 0600);
    cv_tar_put(block, cv_tar_uid, 0);
    cv_tar_put(block, cv_tar_gid, 0);
    cv_tar_put(block, cv_tar_size, size);
    cv_tar_put(block, cv_tar_mtime, (uint64_t) (modified / CV_SECOND));

    block[CV_TAR_TYPE] = '0';
    memcpy(block + CV_TAR_MAGIC, "ustar\0" "00", 8);

    /* the sum alone has a space behind its NUL */

    cv_tar_put(block, (cv_tar_field_t) { CV_TAR_CHECKSUM, 7 },
               cv_tar_sum(block));
    block[CV_TAR_CHECKSUM + 7] = ' ';
}


bool
cv_tar_read(cv_tar_entry_t *entry, const uint8_t block[CV_TAR_BLOCK])
{
    uint64_t  sum;

    if (!cv_tar_get(block, cv_tar_checksum, &sum) || sum != cv_tar_sum(block)
        || !cv_tar_get(block, cv_tar_size, &entry->size)
        || memcmp(block + CV_TAR_MAGIC, "ustar", 5) != 0)
    {
        return false;
    }

    entry->name = cv_str(block, strnlen((const char *) block,
                                        CV_TAR_NAME_MAX));

    switch (block[CV_TAR_TYPE]) {

    case '0':
    case '\0':
        entry->type = CV_TAR_FILE;
        break;

    case '5':
        entry->type = CV_TAR_DIRECTORY;
        break;

    default:
        entry->type = CV_TAR_OTHER;
    }

    if (block[CV_TAR_PREFIX] != '\0') {
        entry->type = CV_TAR_OTHER;
    }

    return true;
}


bool
cv_tar_ends(const uint8_t block[CV_TAR_BLOCK])
{
    size_t  i;

    for (i = 0; i < CV_TAR_BLOCK && block[i] == 0; i++) { /* void */ }

    return i == CV_TAR_BLOCK;
}
