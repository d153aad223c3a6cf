
/*
 * Copyright (C) The credverify authors
 *
 * What texts and documents of records must be, beside being texts, arrays
 * and objects.
 */

#ifndef CV_SHAPE_H
#define CV_SHAPE_H

#include "cv_base.h"

typedef struct {
    const char  *must;                      /* said of what does not hold */
    bool       (*holds)(cv_str_t value);    /* of a text, or a cv_doc_t */
} cv_shape_t;

extern const cv_shape_t  cv_shape_strings;  /* an array of them */
extern const cv_shape_t  cv_shape_objects;  /* an array of them */
extern const cv_shape_t  cv_shape_limits;   /* of a tier */
extern const cv_shape_t  cv_shape_requires; /* of a class */
extern const cv_shape_t  cv_shape_url;
extern const cv_shape_t  cv_shape_segment;  /* of a URL's path, as it is */
extern const cv_shape_t  cv_shape_signing;  /* a webhook's secret */

/* What a webhook's secret begins with; the rest is base64 (RFC 4648). */
#define CV_SIGNING_PREFIX  "whsec_"

#endif /* CV_SHAPE_H */
