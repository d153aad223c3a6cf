
/*
 * Copyright (C) The credverify authors
 *
 * What is known of characters, as cv_measure_table.pl found it; it reads this
 * file for the numbers.
 */

#ifndef CV_MEASURE_TABLE_H
#define CV_MEASURE_TABLE_H

#include "cv_base.h"

#define CV_MEASURE_EM     2048         /* units that are as wide as a font's size */

/* what the table has for others than ASCII: more than there ever is room for */
#define CV_MEASURE_OTHER  0x10000000

/* How a character belongs to those beside it: UAX #29, and what is no text. */

typedef enum {
    CV_CLUSTER_OTHER = 0,
    CV_CLUSTER_DROP,            /* shows nothing */
    CV_CLUSTER_SPACE,
    CV_CLUSTER_NBSP,            /* a space that a line does not end at */
    CV_CLUSTER_BREAK,           /* the reverse */
    CV_CLUSTER_EXTEND,
    CV_CLUSTER_ZWJ,
    CV_CLUSTER_FLAG,            /* regional indicators */
    CV_CLUSTER_PREPEND,
    CV_CLUSTER_SPACING,
    CV_CLUSTER_L,
    CV_CLUSTER_V,
    CV_CLUSTER_T,
    CV_CLUSTER_LV,
    CV_CLUSTER_LVT,
    CV_CLUSTER_PICTURE,
} cv_cluster_t;

#define CV_KIND_LTR     0x01        /* one of these three */
#define CV_KIND_RTL     0x02
#define CV_KIND_NUMBER  0x03        /* of Arabic, in text of any direction */
#define CV_KIND_WIDE    0x04        /* a line may end before it and after it, */
#define CV_KIND_OPEN    0x08        /* but not after this */
#define CV_KIND_CLOSE   0x10        /* nor before this */
#define CV_KIND_EMOJI   0x20        /* a picture, if U+FE0F says so */
#define CV_KIND_TONED   0x40        /* takes a skin's tone */
#define CV_KIND_MARK    0x80        /* above, below or around another */

/* How a letter is joined to others: numbers from "forms" on have widths. */

#define CV_JOIN_NONE     0
#define CV_JOIN_THROUGH  1          /* as if it were not there */
#define CV_JOIN_CAUSE    2          /* on both sides, and always as wide */
#define CV_JOIN_FORMS    3

/* Widths are in units, of the regular font and of the bold one. */

typedef struct {
    uint16_t  last[2];              /* joined to what is before it */
    uint16_t  first[2];             /* to what follows; 0 if it never is */
    uint16_t  middle[2];
} cv_measure_forms_t;

typedef struct {
    uint16_t  width[2];
    uint8_t   cluster;              /* cv_cluster_t */
    uint8_t   flags;                /* CV_KIND_ */
    uint8_t   join;                 /* CV_JOIN_ */
} cv_measure_kind_t;

/* Of what is no ASCII text, wider than there is room for. */
extern const uint32_t            cv_measure_ascii[2][256];

extern const cv_measure_kind_t   cv_measure_kinds[];
extern const uint16_t            cv_measure_leaves[];
extern const uint16_t            cv_measure_branches[];
extern const uint8_t             cv_measure_tops[];
extern const cv_measure_forms_t  cv_measure_forms[];

/* LAM and ALEF in one: alone, and joined to what is before it. */
extern const uint16_t            cv_measure_lam_alef[2][2];

/* What is known of a character, at most U+10FFFF. */
static inline const cv_measure_kind_t *
cv_measure_kind(uint32_t ch)
{
    unsigned  branch, leaf;

    branch = cv_measure_tops[ch >> 10];
    leaf = cv_measure_branches[branch << 6 | (ch >> 4 & 0x3f)];

    return &cv_measure_kinds[cv_measure_leaves[leaf << 4 | (ch & 0xf)]];
}

#endif /* CV_MEASURE_TABLE_H */
