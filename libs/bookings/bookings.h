/* bookings/bookings.h - stays: held, confirmed, approved, declined, cancelled. Who gets the nights is decided by the constraint
 * bookings_no_overlap alone; who moves a booking on, by its version. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef BOOKINGS_BOOKINGS_H
#define BOOKINGS_BOOKINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "bookings/rates.h"
#include "bookings/token.h"
#include "core/err.h"
#include "core/field.h"
#include "jobs/jobs.h"

struct ctx;
struct db;

struct booking {
    struct field_set has;
    int64_t id, property_id, user_id;
    const char *status, *check_in, *check_out;
    int64_t nights, guests;
    const char *price; /* JSON */
    const char *cancellation_policy;
    const char *contact; /* JSON */
    const char *note;
    int64_t hold_expires_at;
    const char *refund; /* JSON */
    const char *payment_reference;
    int64_t version, created_at, updated_at;
};
extern const struct shape booking_shape;
extern const char *const booking_statuses[]; /* NULL-terminated */

/* ---- seen ---- */

struct booking_filter {
    const char *status;    /* NULL = any */
    int64_t property_id;   /* 0 = any */
    const char *from, *to; /* dates: stays with a night in between; NULL = any */
    int64_t after_id;      /* last row of the page before; 0 = first page */
    int64_t limit;         /* rows read; ask for one more than shown */
};
err bookings_list(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct booking_filter *filter, struct list *out);
err bookings_count(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct booking_filter *filter, int64_t *out);
/* ERR_NOT_FOUND also when it is not for the actor's eyes. */
err bookings_get(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out);

/* ---- held ---- */

struct hold_request {
    int64_t property_id;
    const char *check_in, *check_out;
    int64_t guests;
    const char *contact; /* JSON */
    const char *note, *quote_token;
    const struct quote_key *key;
    int64_t minutes;   /* until it expires */
    int64_t at_a_time; /* holds of one guest */
};
/* *out_made: false when the actor holds these nights already: that one is *out.
 * ERR_NOT_FOUND; ERR_INVALID; ERR_CONFLICT: somebody has a night of it, or the actor holds too many stays; those of token_read. */
err bookings_hold(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct hold_request *request, struct booking *out, bool *out_made);

/* ---- moved on ---- */

/* All: ERR_NOT_FOUND for who may not; ERR_CONFLICT in another state, and for who comes second. */
err bookings_confirm(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out); /* ERR_GONE: the hold is over */
err bookings_approve(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out);
err bookings_decline(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    const char *reason, struct booking *out);
/* What is given back: by the terms when the guest cancels, all of it when the host does or nothing was confirmed yet. */
err bookings_cancel(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    const char *reason, struct booking *out);
/* The stay ends on that date, inside it; the price stays. For admins. ERR_INVALID. */
struct early_departure {
    int64_t id;
    const char *date, *reason;
};
err bookings_shorten(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct early_departure *early, struct booking *out);

job_fn bookings_job; /* "bookings.times" {}; comes round: holds expire, stays are completed */

#endif
