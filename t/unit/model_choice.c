
/*
 * Copyright (C) The credverify authors
 *
 * What the choices of a step mean, and how it is written.
 */

#include "model.h"

#include <stdio.h>


int
model_credential(const model_t *model, const op_t *op)
{
    return op->slot < model->ncredentials ? op->slot : op->slot % MODEL_SLOTS;
}


void
model_holder_id(const model_t *model, const op_t *op, char out[MODEL_TEXT])
{
    int  name;

    name = op->holder % MODEL_NAMES;

    /* or what somebody has become who was erased */

    if (op->holder >= MODEL_NAMES && op->holder - MODEL_NAMES < model->nholders)
    {
        memcpy(out, model->holders[op->holder - MODEL_NAMES].id, MODEL_TEXT);

    } else {
        (void) snprintf(out, MODEL_TEXT, "%u-h%d", model->run, name);
    }
}


int
model_holder(const model_t *model, const op_t *op)
{
    int  name;

    name = op->holder % MODEL_NAMES;

    return op->holder >= MODEL_NAMES
           && op->holder - MODEL_NAMES < model->nholders
           ? op->holder - MODEL_NAMES : model->named[name];
}


void
model_issuer_id(const model_t *model, char out[MODEL_TEXT])
{
    (void) snprintf(out, MODEL_TEXT, "%u-i", model->run);
}


void
model_class_id(const model_t *model, int class, char out[MODEL_TEXT])
{
    (void) snprintf(out, MODEL_TEXT, "%u-k%d", model->run, class);
}


void
model_public_id(const model_t *model, int slot, char out[MODEL_TEXT])
{
    (void) snprintf(out, MODEL_TEXT, "p%u-%d", model->run, slot);
}


cv_time_t
model_midnight(cv_time_t at)
{
    return at - at % CV_DAY;
}


model_date_t
model_date(const model_t *model, int choice)
{
    cv_time_t  now, today;

    now = model->now - model->now % CV_SECOND;
    today = model_midnight(now);

    switch (choice) {
    case 1:   return (model_date_t) { true, true, today };
    case 2:   return (model_date_t) { true, false, now };
    case 3:   return (model_date_t) { true, false, now + 250 };
    case 4:   return (model_date_t) { true, true, today - 400 * CV_DAY };
    case 5:   return (model_date_t) { true, true, today + 400 * CV_DAY };
    case 6:   return (model_date_t) { true, true, today + CV_DAY };
    case 7:   return (model_date_t) { true, false, now + MODEL_HOUR };
    case 8:   return (model_date_t) { true, false, now - MODEL_HOUR };
    case 9:   return (model_date_t) { true, true, today - CV_DAY };
    case 10:  return (model_date_t) { true, false, now + 40 * CV_DAY + 500 };
    case 11:  return (model_date_t) { true, true, today + 30 * CV_DAY };
    default:  return (model_date_t) { false, false, 0 };
    }
}


model_date_t
model_stamp(const model_t *model)
{
    return model_date(model, 2);
}


/* the civil calendar, counted from March */

static void
model_civil(cv_time_t at, int *year, int *month, int *day)
{
    int64_t  days, era, of_era, years, of_year;

    days = at / CV_DAY + 719468;
    era = days / 146097;
    of_era = days % 146097;
    years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * years + years / 4 - years / 100);

    *month = (int) ((5 * of_year + 2) / 153);
    *day = (int) (of_year - (153 * *month + 2) / 5 + 1);
    *month += *month < 10 ? 3 : -9;
    *year = (int) (years + era * 400 + (*month <= 2));
}


int
model_year(cv_time_t at)
{
    int  year, month, day;

    model_civil(at, &year, &month, &day);

    return year;
}


void
model_date_text(const model_date_t *date, char out[MODEL_TEXT])
{
    int        year, month, day, len, ms;
    cv_time_t  of_day;

    out[0] = '\0';

    if (!date->set) {
        return;
    }

    model_civil(date->at, &year, &month, &day);
    len = snprintf(out, MODEL_TEXT, "%04d-%02d-%02d", year, month, day);

    if (date->bare) {
        return;
    }

    of_day = date->at % CV_DAY / CV_SECOND;
    ms = (int) (date->at % CV_SECOND);

    len += snprintf(out + len, MODEL_TEXT - (size_t) len, "T%02d:%02d:%02d",
                    (int) (of_day / 3600), (int) (of_day / 60 % 60),
                    (int) (of_day % 60));

    if (ms != 0) {
        len += snprintf(out + len, MODEL_TEXT - (size_t) len, ".%03d", ms);
    }

    (void) snprintf(out + len, MODEL_TEXT - (size_t) len, "Z");
}


model_number_t
model_number(const op_t *op)
{
    int  family;

    family = op->number % NUMBER_FAMILIES;

    if (family == NUMBER_NONE) {
        return (model_number_t) { NUMBER_NONE, 0, 0 };
    }

    return (model_number_t) {
        family,
        family == NUMBER_PLAIN || family == NUMBER_FREE
        ? 0 : 2026 + op->seq / 8 % 3,
        1 + op->seq % 8
    };
}


void
model_number_text(const model_t *model, const model_number_t *number,
    char out[MODEL_TEXT])
{
    long long  seq;

    out[0] = '\0';
    seq = (long long) number->seq;

    switch (number->family) {

    case NUMBER_YEARLY:
        (void) snprintf(out, MODEL_TEXT, "A%u-%04d-%03lld", model->run,
                        number->year, seq);
        break;

    case NUMBER_PLAIN:
        (void) snprintf(out, MODEL_TEXT, "A%u-%lld", model->run, seq);
        break;

    case NUMBER_OTHER:
        (void) snprintf(out, MODEL_TEXT, "B%u-%02lld-%04d", model->run, seq,
                        number->year);
        break;

    case NUMBER_SHORT:
        (void) snprintf(out, MODEL_TEXT, "A%u-%04d-%lld", model->run,
                        number->year, seq);
        break;

    case NUMBER_FREE:
        (void) snprintf(out, MODEL_TEXT, "F%u-%lld", model->run, seq);
        break;

    default:
        break;
    }
}


const char *
model_format(const model_t *model, int family, char out[MODEL_TEXT])
{
    static const char *const  formats[] = {
        [NUMBER_YEARLY] = "A%u-{year}-{seq:3}",
        [NUMBER_PLAIN] = "A%u-{seq}",
        [NUMBER_OTHER] = "B%u-{seq:2}-{year}",
    };

    if (family == NUMBER_NONE) {
        return NULL;
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void) snprintf(out, MODEL_TEXT, formats[family], model->run);
#pragma GCC diagnostic pop

    return out;
}


void
model_reason_text(int reason, char out[MODEL_TEXT])
{
    out[0] = '\0';

    if (reason > 1) {
        (void) snprintf(out, MODEL_TEXT, "reason %d", reason);
    }
}


cv_time_t
model_expiry(const model_date_t *date)
{
    return !date->set ? CV_TIME_NEVER
           : date->bare ? date->at + CV_DAY : date->at;
}
