
/*
 * Copyright (C) The credverify authors
 */

#include "cv_badge_notes.h"
#include "cv_badges.h"
#include "cv_codec.h"
#include "cv_erase.h"
#include "cv_openbadge.h"
#include "cv_verdict.h"

/* not fewer than cv_openbadge_assertion_lacks() has phrases, and one more */
#define CV_BADGE_NOTE_REASONS  4

typedef struct {
    cv_txn_t         *txn;
    cv_time_t         now;
    void            (*report)(void *data, const cv_badge_note_t *note);
    void             *data;
    uint64_t         *looked;
    uint64_t          noted[CV_KINDS];
    cv_badge_note_t   credentials[CV_BADGE_NOTE_REASONS];
} cv_badge_notes_t;


/* it is served, but is an Open Badge for validators only from then on */
static const char  cv_badge_note_later[] =
    "an \"issued_at\" in the future, and validators refuse it until then";


/* an issuer or a class */

static void
cv_badge_note(cv_badge_notes_t *notes, cv_kind_t kind, cv_str_t id,
    const char *lacks)
{
    cv_badge_note_t  note;

    if (lacks == NULL || notes->noted[kind]++ >= CV_BADGE_NOTES) {
        return;
    }

    memset(&note, 0, sizeof(cv_badge_note_t));

    note.kind = kind;
    note.count = 1;
    note.lacks = lacks;
    note.ids[0] = id;

    notes->report(notes->data, &note);
}


static void
cv_badge_note_rest(cv_badge_notes_t *notes, cv_kind_t kind)
{
    cv_badge_note_t  note;

    if (notes->noted[kind] <= CV_BADGE_NOTES) {
        return;
    }

    memset(&note, 0, sizeof(cv_badge_note_t));

    note.kind = kind;
    note.count = notes->noted[kind] - CV_BADGE_NOTES;

    notes->report(notes->data, &note);
}


static void
cv_badge_note_issuers(cv_badge_notes_t *notes)
{
    cv_walk_t    walk;
    cv_issuer_t  issuer;

    cv_walk_open(&walk, notes->txn, CV_ISSUER);

    while (cv_walk_next(&walk, &issuer, NULL)) {
        cv_badge_note(notes, CV_ISSUER, issuer.id,
                      cv_openbadge_issuer_lacks(&issuer));
    }

    cv_walk_close(&walk);

    cv_badge_note_rest(notes, CV_ISSUER);
}


/* with those that lack the same; each reason is one text */

static void
cv_badge_note_credential(cv_badge_notes_t *notes, uint64_t iid)
{
    size_t            i;
    const char       *lacks;
    cv_holder_t       holder;
    cv_credential_t   credential;
    cv_badge_note_t  *note;

    (*notes->looked)++;

    if (!cv_get(notes->txn, CV_CREDENTIAL, iid, &credential)
        || !cv_credential_granted(&credential)
        || !cv_get(notes->txn, CV_HOLDER, credential.holder.iid, &holder)
        || cv_erased(holder.id))
    {
        return;
    }

    lacks = cv_openbadge_assertion_lacks(&credential, &holder);

    if (lacks == NULL && credential.issued_at.at > notes->now) {
        lacks = cv_badge_note_later;
    }

    for (i = 0; lacks != NULL && i < CV_BADGE_NOTE_REASONS; i++) {
        note = &notes->credentials[i];

        if (note->count > 0 && note->lacks != lacks) {
            continue;
        }

        note->kind = CV_CREDENTIAL;
        note->lacks = lacks;

        if (note->count < CV_BADGE_NOTE_IDS) {
            note->ids[note->count] = credential.id;
        }

        note->count++;

        break;
    }
}


static void
cv_badge_note_credentials(cv_badge_notes_t *notes, uint64_t class)
{
    cv_str_t     to;
    cv_walk_t    walk;
    cv_reader_t  r;

    cv_links_open(&walk, notes->txn, CV_LINK_CLASS_CREDENTIAL, class);

    while (cv_links_next(&walk, &to)) {
        r = cv_reader(to);
        cv_badge_note_credential(notes, cv_read_u64(&r));
    }

    cv_walk_close(&walk);
}


static void
cv_badge_note_classes(cv_badge_notes_t *notes)
{
    uint64_t     iid;
    cv_walk_t    walk;
    cv_class_t   class;
    cv_image_t   picture;
    const char  *lacks;
    cv_issuer_t  issuer;

    cv_walk_open(&walk, notes->txn, CV_CLASS);

    while (cv_walk_next(&walk, &class, &iid)) {
        lacks = cv_openbadge_class_lacks(&class,
                                         cv_badges_picture(notes->txn, iid,
                                                           &picture)
                                         != CV_IMAGE_NONE);
        cv_badge_note(notes, CV_CLASS, class.id, lacks);

        if (lacks == NULL
            && cv_get(notes->txn, CV_ISSUER, class.issuer.iid, &issuer)
            && cv_openbadge_issuer_lacks(&issuer) == NULL)
        {
            cv_badge_note_credentials(notes, iid);
        }
    }

    cv_walk_close(&walk);

    cv_badge_note_rest(notes, CV_CLASS);
}


cv_err_t
cv_badge_notes(cv_txn_t *snapshot, cv_time_t now,
    void (*report)(void *data, const cv_badge_note_t *note), void *data,
    uint64_t *looked)
{
    size_t            i;
    cv_badge_notes_t  notes;

    memset(&notes, 0, sizeof(cv_badge_notes_t));

    notes.txn = snapshot;
    notes.now = now;
    notes.report = report;
    notes.data = data;
    notes.looked = looked;

    *looked = 0;

    cv_badge_note_issuers(&notes);
    cv_badge_note_classes(&notes);

    for (i = 0; i < CV_BADGE_NOTE_REASONS; i++) {
        if (notes.credentials[i].count > 0) {
            report(data, &notes.credentials[i]);
        }
    }

    return cv_txn_err(snapshot, NULL);
}
