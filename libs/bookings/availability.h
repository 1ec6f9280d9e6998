/* bookings/availability.h - the calendar of a listing: which nights can be had, for how much, under which conditions.
 * Waits:  Postgres.
 * Errors: those of rates_find. */
#ifndef BOOKINGS_AVAILABILITY_H
#define BOOKINGS_AVAILABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "bookings/offer.h"
#include "core/err.h"
#include "core/field.h"

#define AVAILABILITY_DAYS_MAX 400

struct availability_day {
    struct field_set has;
    const char *date;
    bool available;
    int64_t price_minor, min_nights, max_nights;
    bool closed_to_arrival, closed_to_departure;
    const char *status; /* with the id for those who work on the listing */
    int64_t booking_id;
};
extern const struct shape availability_day_shape;

struct availability {
    int64_t property_id;
    const char *time_zone, *currency;
    struct list days; /* of availability_day */
};
err availability_get(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    int64_t property_id, const struct offer_days *days, struct availability *out);

#endif
