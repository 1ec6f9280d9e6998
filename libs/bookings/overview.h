/* bookings/overview.h - how stays are, all together, for administrators.
 * Waits:  Postgres.
 * Errors: those of db/db.h. */
#ifndef BOOKINGS_OVERVIEW_H
#define BOOKINGS_OVERVIEW_H

#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct bookings_overview {
    int64_t hold, pending, confirmed, completed, cancelled, declined, expired;
    int64_t holds_expiring, requests_waiting, next_arrivals;
};
extern const struct shape bookings_overview_shape;
err bookings_overview(struct ctx *ctx, struct db *db, struct bookings_overview *out);

#endif
