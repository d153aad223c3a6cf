
/*
 * Copyright (C) The credverify authors
 *
 * Headers of tar archives: POSIX.1-2017, pax, "ustar Interchange Format",
 * with sizes from 8 GiB on in base 256, as GNU tar and others write them.
 *
 * An archive is a header, the bytes of its file, zeros up to a whole block,
 * then the next header; two blocks of zeros end it.
 */

#ifndef CV_TAR_H
#define CV_TAR_H

#include "cv_base.h"
#include "cv_time.h"

#define CV_TAR_BLOCK     512
#define CV_TAR_NAME_MAX  100

typedef enum {
    CV_TAR_FILE,
    CV_TAR_DIRECTORY,
    CV_TAR_OTHER,       /* a link, a device, a header of pax or GNU */
} cv_tar_type_t;

typedef struct {
    cv_str_t       name;    /* borrows from the block */
    cv_tar_type_t  type;
    uint64_t       size;    /* bytes that follow, without their padding */
} cv_tar_entry_t;

/* Writes the header of a file that its owner may read and write. */
void cv_tar_header(uint8_t block[CV_TAR_BLOCK], cv_str_t name, uint64_t size,
    cv_time_t modified);

/* Reads a header; false if it is none. */
bool cv_tar_read(cv_tar_entry_t *entry, const uint8_t block[CV_TAR_BLOCK]);

/* True for the block of zeros that ends an archive. */
bool cv_tar_ends(const uint8_t block[CV_TAR_BLOCK]);

/* How many zeros follow that many bytes. */
static inline size_t
cv_tar_padding(uint64_t size)
{
    return (size_t) (-size % CV_TAR_BLOCK);
}

#endif /* CV_TAR_H */
