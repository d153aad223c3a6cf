
/*
 * Copyright (C) The credverify authors
 *
 * A small world of credentials in memory: what is to become of them by the
 * words of the contract, with neither a store nor the code that has one.  It
 * is compared with real stores (test_model.c).
 *
 * Everything in it is plain, so that one is copied by an assignment.  Ids that
 * are random are told to it by whoever has made them.
 */

#ifndef MODEL_H
#define MODEL_H

#include "cv_outcome.h"
#include "cv_record.h"
#include "cv_store.h"

#define MODEL_SLOTS        4        /* credentials whose ids are chosen */
#define MODEL_CLASSES      3
#define MODEL_NAMES        2        /* ids of holders that are chosen */
#define MODEL_OPS          24       /* that a sequence has at most */

#define MODEL_CREDENTIALS  (MODEL_SLOTS + MODEL_OPS)
#define MODEL_HOLDERS      (MODEL_NAMES + MODEL_OPS)
#define MODEL_TOKENS       MODEL_OPS
#define MODEL_ENTRIES      (MODEL_OPS + 1)
#define MODEL_EVENTS       (MODEL_OPS * MODEL_CREDENTIALS / 2)
#define MODEL_YEARS        64       /* from 2000 on; the first: no year */
#define MODEL_TEXT         64


/* One step; all members but the first are choices, and mean what they can. */

typedef enum {
    OP_CREATE = 0,
    OP_ISSUE,
    OP_MOVE,
    OP_SEND,
    OP_TOKEN,
    OP_TOKEN_REVOKE,
    OP_PROGRESS,
    OP_IMPORT,
    OP_HOLDER,
    OP_ERASE,
    OP_CLASS,
    OP_TIME,
    OP_KINDS
} op_kind_t;

typedef struct {
    int  kind;          /* op_kind_t */
    int  slot;          /* a credential: a slot, or one that progress made */
    int  class;
    int  holder;
    int  status;        /* cv_status_t, to become or to be */
    int  issued;        /* dates: see model_date() */
    int  expires;
    int  revoked;
    int  updated;
    int  forever;
    int  number;        /* a family of numbers, 0: none */
    int  seq;
    int  reason;        /* 0: none is given, 1: an empty one, or its number */
    int  score;
    int  test;
    int  privacy;
    int  days;          /* of a token, or valid_days; 0: none */
    int  token;
    int  practice;      /* one less is the count; 0: none is given */
    int  learn;
    int  advance;       /* how time goes on: some steps, or to an expiry */
    int  more;          /* of an import: the next one is of the same batch */
    int  tell;          /* of a batch's first: it sends events */
    int  api;           /* 1: by API, 2: by one for tests, or the other way */
} op_t;

typedef struct {
    bool       set;
    bool       bare;
    cv_time_t  at;
} model_date_t;

/*
 * A number is a family, that is a format or something like one, a year if
 * that has any, and a place.
 */

enum {
    NUMBER_NONE = 0,
    NUMBER_YEARLY,      /* these three are formats that a class may have */
    NUMBER_PLAIN,
    NUMBER_OTHER,
    NUMBER_SHORT,       /* no format makes these */
    NUMBER_FREE,
    NUMBER_FAMILIES
};

typedef struct {
    int      family;
    int      year;
    int64_t  seq;
} model_number_t;

typedef struct {
    cv_action_t  action;
    int          from;          /* -1: none */
    int          to;
    int          token;         /* -1: none */
    bool         api;
} model_entry_t;

typedef struct {
    bool            there;
    char            id[MODEL_TEXT];
    int             class;
    int             holder;
    int             status;
    model_date_t    issued_at;
    model_date_t    expires_at;
    model_date_t    updated_at;
    model_date_t    revoked_at;
    model_number_t  number;
    int             reason;     /* 0: none */
    bool            score;
    bool            test;
    bool            public_id;
    int             nentries;
    model_entry_t   entries[MODEL_ENTRIES];
} model_credential_t;

typedef struct {
    int      format;            /* a family, 0: none */
    int      valid_days;        /* -1: none */
    int      practice;          /* required; -1: nothing */
    int      learn;
    int64_t  last[MODEL_YEARS]; /* the highest place there ever was */
} model_class_t;

typedef struct {
    char     id[MODEL_TEXT];
    int      name;              /* 0: none */
    bool     email;
    int      practice[MODEL_CLASSES];   /* -1: none */
    int      learn[MODEL_CLASSES];
    bool     certified[MODEL_CLASSES];  /* was found to have a credential, or
                                           got one, by completing the class */
} model_holder_t;

typedef struct {
    bool          there;
    int           credential;
    int           privacy;
    model_date_t  expires_at;
    char          secret[64];
    uint8_t       hash[CV_TOKEN_HASH_LEN];
} model_token_t;

/* what webhooks are told, and what it says */

typedef enum {
    EVENT_ISSUED = 0,
    EVENT_UPDATED,
    EVENT_REVOKED,
    EVENT_TOKEN_CREATED,
    EVENT_TOKEN_REVOKED,
    EVENT_MAIL,                 /* which no webhook gets */
    EVENT_TYPES
} model_event_type_t;

typedef struct {
    int                 type;           /* model_event_type_t */
    int                 step;
    int                 credential;
    int                 token;          /* -1: none */
    int                 status;
    int                 class;
    bool                test;
    model_number_t      number;
    model_date_t        issued_at;
    char                holder[MODEL_TEXT];
} model_event_t;

typedef struct {
    unsigned            run;    /* in all ids, which are of this world alone */
    cv_time_t           now;
    model_class_t       classes[MODEL_CLASSES];
    int                 nholders;
    model_holder_t      holders[MODEL_HOLDERS];
    int                 named[MODEL_NAMES];         /* -1: nobody */
    int                 ncredentials;
    model_credential_t  credentials[MODEL_CREDENTIALS];
    int                 ntokens;
    model_token_t       tokens[MODEL_TOKENS];

    int                 step;
    bool                tell;   /* the batch does, that a line is of */
    bool                api;    /* the step is by it */
    int                 nevents;
    model_event_t       events[MODEL_EVENTS];

    /* what the last step has made, for who knows the random part of it */

    int                 made;   /* a credential, holder or token; -1: none */
    bool                complete;
} model_t;


/* Why a step is refused: any of these, where several are true. */

enum {
    REFUSED_UNKNOWN = 1,        /* there is no such credential */
    REFUSED_HOLDER = 2,         /* no such holder */
    REFUSED_THERE = 4,          /* there is one already */
    REFUSED_STATUS = 8,
    REFUSED_EXPIRED = 16,
    REFUSED_NUMBERED = 32,      /* it has another number */
    REFUSED_TAKEN = 64,         /* another one has the number */
    REFUSED_BEFORE = 128,       /* it would expire before it is issued */
    REFUSED_DAYS = 256,         /* the class's valid_days are none */
    REFUSED_TOKEN = 512,        /* no such token */
    REFUSED_EMAIL = 1024,       /* there is nowhere to send it to */
    REFUSED_CLASS = 2048,       /* nobody makes progress in it */
    REFUSED_BODY = 4096,        /* nothing is said, or by whom nobody hears */
    REFUSED_KINDS = 11
};

void model_begin(model_t *model, unsigned run);

/* Does a step; what was refused has changed nothing. */
unsigned model_do(model_t *model, const op_t *op);

typedef struct {
    cv_outcome_t  reason;
    cv_privacy_t  privacy;
    cv_time_t     next_change_at;
    bool          holder;           /* is disclosed */
} model_verdict_t;

/* Of a credential, by a token or by anything else (-1), at the moment. */
model_verdict_t model_verify(const model_t *model, int credential, int token,
    bool test);

/* True of what its expiry ends. */
bool model_lapses(const model_credential_t *credential);


/* What the choices of a step mean, now */

/* The credential, which may not be there. */
int model_credential(const model_t *model, const op_t *op);

/* The text that a holder or a class is given as an id. */
void model_holder_id(const model_t *model, const op_t *op,
    char out[MODEL_TEXT]);
void model_issuer_id(const model_t *model, char out[MODEL_TEXT]);
void model_class_id(const model_t *model, int class, char out[MODEL_TEXT]);

/* Who that is, -1 for nobody. */
int model_holder(const model_t *model, const op_t *op);

model_date_t model_date(const model_t *model, int choice);
model_number_t model_number(const op_t *op);

/* Now, as it is written into records: in seconds. */
model_date_t model_stamp(const model_t *model);

cv_time_t model_midnight(cv_time_t at);
int model_year(cv_time_t at);

/* When something with that expiry is no longer good. */
cv_time_t model_expiry(const model_date_t *date);

/* As they are written; "" for what is absent. */
void model_date_text(const model_date_t *date, char out[MODEL_TEXT]);
void model_number_text(const model_t *model, const model_number_t *number,
    char out[MODEL_TEXT]);
void model_reason_text(int reason, char out[MODEL_TEXT]);
void model_public_id(const model_t *model, int slot, char out[MODEL_TEXT]);

/* How a class's numbers are made; NULL if they are not. */
const char *model_format(const model_t *model, int family,
    char out[MODEL_TEXT]);

#define MODEL_HOUR      (3600 * CV_SECOND)
#define MODEL_DATES     12
#define MODEL_ADVANCES  9

#endif /* MODEL_H */
