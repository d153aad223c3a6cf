
/*
 * Copyright (C) The credverify authors
 *
 * Widths that are asked for again and again: a box, what is in it, and what
 * stands beside it are as wide as the same text.
 */

#ifndef CV_VIEW_MEMO_H
#define CV_VIEW_MEMO_H

#include "cv_measure.h"

/* The last text of either weight; borrows it. */

typedef struct {
    struct {
        cv_str_t  text;
        uint16_t  size;         /* 0: there is none yet */
        uint16_t  room;
        unsigned  width;        /* with nothing added */
    } last[2];
} cv_view_memo_t;


/* Before another text may stand where the last one did. */

static inline void
cv_view_memo_clear(cv_view_memo_t *memo)
{
    memo->last[0].size = memo->last[1].size = 0;
}


static inline unsigned
cv_view_memo_width(cv_view_memo_t *memo, cv_str_t text,
    const cv_measure_t *how)
{
    unsigned  i;

    i = how->bold;

    if (memo->last[i].size != how->size || memo->last[i].room != how->width
        || memo->last[i].text.data != text.data
        || memo->last[i].text.len != text.len)
    {
        memo->last[i].size = how->size;
        memo->last[i].room = how->width;
        memo->last[i].text = text;
        memo->last[i].width = cv_measure_width(text, how) - how->add;
    }

    return memo->last[i].width + how->add;
}

#endif /* CV_VIEW_MEMO_H */
