
/*
 * Copyright (C) The credverify authors
 */

#include "cv_requires.h"


static cv_int_t
cv_requires_count(const cv_class_t *class, cv_str_t name)
{
    cv_int_t  count;

    count = (cv_int_t) { 0, false };
    count.present = cv_doc_int(cv_doc_member(class->requires, name),
                               &count.value);

    return count;
}


bool
cv_requires(cv_requires_t *requires, const cv_class_t *class)
{
    requires->practice = cv_requires_count(class, CV_STR("practice"));
    requires->learn = cv_requires_count(class, CV_STR("learn"));

    return requires->practice.present || requires->learn.present;
}


static bool
cv_requires_count_reached(const cv_int_t *required, const cv_int_t *reached)
{
    return !required->present
           || (reached->present ? reached->value : 0) >= required->value;
}


bool
cv_requires_reached(const cv_class_t *class, const cv_progress_t *progress)
{
    cv_requires_t        requires;
    const cv_progress_t  none = { .practice = { 0, false } };

    progress = progress != NULL ? progress : &none;

    return cv_requires(&requires, class)
           && cv_requires_count_reached(&requires.practice,
                                        &progress->practice)
           && cv_requires_count_reached(&requires.learn, &progress->learn);
}
