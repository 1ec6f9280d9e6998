/* bookings/internal.h - what the files of this library share.
 * Waits:  every function but the _or ones (Postgres).
 * Errors: those of db/db.h and what is named below. */
#ifndef BOOKINGS_INTERNAL_H
#define BOOKINGS_INTERNAL_H

#include <stdint.h>

#include "core/err.h"

struct booking_actor;
struct ctx;
struct db;
struct offer_days;

/* Inside a transaction: holds a listing that the actor works on. ERR_NOT_FOUND: anything else. */
err booking_lock_listing(struct ctx *ctx, struct db *tx, const struct booking_actor *actor,
    int64_t property_id);

/* ERR_NOT_FOUND says what was not found. */
err booking_listing_or(struct ctx *ctx, err found);
err booking_or(struct ctx *ctx, err found);

/* What follows the number at `text`, and one space; NULL = there is none. For what we or Postgres wrote: it fits. */
const char *booking_read_number(const char *text, int64_t *out);

/* Holds of the listing whose time is over give their nights back. */
err booking_expire_holds(struct ctx *ctx, struct db *tx, int64_t property_id);

/* ERR_CONFLICT: somebody has one of these nights; says when as many are free. */
err booking_taken(struct ctx *ctx, struct db *db, int64_t property_id,
    const struct offer_days *days);

#endif
