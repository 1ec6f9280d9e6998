/* bookings/blocks.h - nights that a host keeps. They compete with stays for the same constraint.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. */
#ifndef BOOKINGS_BLOCKS_H
#define BOOKINGS_BLOCKS_H

#include <stdint.h>

#include "bookings/rates.h"
#include "core/err.h"
#include "core/field.h"

struct block {
    int64_t id, property_id;
    const char *from, *to, *reason;
    int64_t created_at;
};
extern const struct shape block_shape;

struct block_request {
    int64_t property_id;
    const char *from, *to, *reason;
};
/* ERR_NOT_FOUND: not a listing that the actor works on; ERR_INVALID; ERR_CONFLICT: somebody has a night of it. */
err blocks_create(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct block_request *request, struct block *out);
/* ERR_NOT_FOUND also when it is lifted already. */
err blocks_delete(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    int64_t property_id, int64_t id);

#endif
