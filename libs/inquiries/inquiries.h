/* inquiries/inquiries.h - what visitors want a person to answer: made by anybody, worked on by staff. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef INQUIRIES_INQUIRIES_H
#define INQUIRIES_INQUIRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct inquiry {
    struct field_set has;
    int64_t id;
    const char *kind, *status;
    int64_t property_id, user_id, conversation_id;
    const char *name, *email, *phone, *message;
    const char *preferred_times; /* JSON */
    int64_t assigned_to;
    const char *note;
    int64_t consent_at, created_at, updated_at, version;
    const char *transcript_url; /* for the caller to fill in */
};
extern const struct shape inquiry_shape;
extern const char *const inquiry_kinds[], *const inquiry_statuses[]; /* NULL-terminated */

/* ---- anybody ---- */

struct inquiry_sender {
    int64_t user_id;     /* 0 = a guest */
    const char *session; /* capability of a guest; NULL = none */
    const char *ip_hash; /* hex, 32 bytes */
    const char *request_id;
};
/* columns: JSON object of property_id, conversation_id, kind, name, email, phone, message, preferred_times. */
struct inquiry_draft {
    const char *columns;
    int64_t property_id, conversation_id; /* as in columns; 0 = none */
    bool spam;
};
/* ERR_NOT_FOUND: the listing is not for the public, or the conversation is not the sender's. */
err inquiries_create(struct ctx *ctx, struct db *db, const struct inquiry_sender *sender,
    const struct inquiry_draft *draft, int64_t *out_id);

/* Those of a guest's session become the user's; inside the transaction that moves the rest. */
err inquiries_claim(struct ctx *ctx, struct db *tx, int64_t user_id, const char *session,
    int64_t *out_count);

/* ---- staff ---- */

struct inquiry_actor {
    int64_t user_id;
    bool admin; /* sees all */
    const char *request_id;
};

struct inquiry_filter {
    const char *status;               /* NULL = any but spam */
    const char *kind;                 /* NULL = any */
    int64_t property_id, assigned_to; /* 0 = any */
    int64_t after_id;                 /* last row of the page before; 0 = first page */
    int64_t limit;                    /* rows read; ask for one more than shown */
};
err inquiries_list(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_filter *filter, struct list *out);
err inquiries_count(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_filter *filter, int64_t *out);
/* ERR_NOT_FOUND also when it is not for the actor's eyes. */
err inquiries_get(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor, int64_t id,
    struct inquiry *out);

struct inquiry_change {
    int64_t id;
    int64_t if_version;  /* 0 = any */
    const char *patch;   /* JSON object of status, assigned_to, note (merge patch) */
    int64_t assigned_to; /* as in patch; 0 = unchanged or nobody */
};
/* ERR_NOT_FOUND as above; ERR_PRECONDITION; ERR_INVALID: nobody of the staff is called assigned_to. */
err inquiries_change(struct ctx *ctx, struct db *db, const struct inquiry_actor *actor,
    const struct inquiry_change *change, struct inquiry *out);

#endif
