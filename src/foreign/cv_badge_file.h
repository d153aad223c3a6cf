
/*
 * Copyright (C) The credverify authors
 *
 * A file of a stranger that is said to be an Open Badge: an image with an
 * assertion baked in, a JSON Web Signature, or an assertion's JSON.  Nothing
 * that it refers to is ever looked at.
 */

#ifndef CV_BADGE_FILE_H
#define CV_BADGE_FILE_H

#include "cv_bake.h"
#include "cv_base.h"
#include "cv_buf.h"
#include "cv_doc.h"
#include "cv_jws.h"
#include "cv_unbake.h"

/* of the file, in bytes */
#define CV_BADGE_FILE_MAX  CV_UNBAKE_MAX

typedef enum {
    CV_BADGE_HOSTED = 0,    /* JSON: what is at its "id" counts */
    CV_BADGE_SIGNED,        /* a JWS */
    CV_BADGE_LINKED,        /* nothing but the URL: badges before 2.0 */
} cv_badge_form_t;

typedef struct {
    cv_image_type_t   image;        /* CV_IMAGE_NONE: it was in none */
    cv_badge_form_t   form;
    cv_jws_t          jws;          /* of a signed one; it borrows "text" */
    cv_buf_t          text;
    cv_buf_t          verify;       /* of an SVG, beside the JSON; or empty */
    cv_buf_t          assertion;    /* a document, an object; of a linked one
                                       "id" alone */
} cv_badge_file_t;

void cv_badge_file_init(cv_badge_file_t *file);
void cv_badge_file_free(cv_badge_file_t *file);

/*
 * Reads one that was initialized just now.  Nothing that it says is true by
 * that, nor is the signature looked at.  CV_ERR_INPUT, CV_ERR_LIMIT or
 * CV_ERR_NOMEM with what is wrong, as what is said of the file.
 */
cv_err_t cv_badge_file_read(cv_badge_file_t *file, cv_str_t bytes,
    cv_error_t *error) CV_MUST_CHECK;

#endif /* CV_BADGE_FILE_H */
