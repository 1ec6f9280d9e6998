/* bookings/offer.h - whether a stay can be had and for how much: dates as they are sent, checked, and reckoned up.
 * Waits:  offer_make, offer_quote (Postgres).
 * Errors: ERR_INVALID about the parameter; those of rates_find. */
#ifndef BOOKINGS_OFFER_H
#define BOOKINGS_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "bookings/quote.h"
#include "bookings/rates.h"
#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;
struct services;

struct offer_days {
    int64_t check_in, check_out;
};
struct offer_names {
    const char *from, *to; /* of the parameters, for what is wrong with them */
};
/* from and to are dates; at most max days. */
err offer_days_read(struct ctx *ctx, const struct offer_names *names, const char *from,
    const char *to, int64_t max, struct offer_days *out);

struct offer_price_line {
    const char *code, *label;
    int64_t quantity, unit_minor, amount_minor;
};
extern const struct shape offer_price_line_shape;

struct offer_request {
    int64_t property_id;
    struct offer_days days;
    int64_t guests;
    const char *currency; /* NULL = that of the property */
};
struct offer {
    struct rates_listing listing;
    struct offer_days days;
    struct list lines; /* of offer_price_line */
    int64_t nights, total_minor;
    struct strs reasons; /* why it cannot be had, "dates_unavailable" the last; none = it can */
    int64_t min_nights, max_nights;
};
err offer_make(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    const struct offer_request *request, struct offer *out);

/* A stay as it is asked for; what is wrong with it is ERR_INVALID about check_in, check_out or currency. */
struct offer_stay {
    int64_t property_id;
    const char *check_in, *check_out;
    int64_t guests;
    const char *currency; /* NULL = that of the property */
};
err offer_quote(struct ctx *ctx, const struct services *services,
    const struct booking_actor *viewer, const struct offer_stay *stay, struct offer *out);

/* What is given back on cancelling. */
struct offer_terms {
    const char *code, *summary;
    const char *free_until; /* last day on which it is everything; NULL = over */
};
extern const struct shape offer_terms_shape;
struct offer_terms offer_terms(struct ctx *ctx, const struct offer *offer);

/* ERR_INVALID about what was sent, unless there is no reason but the dates. */
err offer_check(struct ctx *ctx, const struct offer *offer);

/* {lines, total_minor, currency}, as it is kept and shown. */
struct offer_price {
    struct list lines; /* of offer_price_line */
    int64_t total_minor;
    const char *currency;
};
err offer_price_write(struct ctx *ctx, const struct offer_price *price, const char **out);

/* Lines in short, for a token: the rest of them follows from it. ERR_INTERNAL: not written here. */
err offer_lines_write(struct ctx *ctx, const struct list *lines, const char **out);
err offer_lines_read(struct ctx *ctx, const char *text, struct list *out);

#endif
