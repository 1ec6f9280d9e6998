/* bookings/rates.h - what nights cost and which stays are allowed, by property; a listing without rates of its own goes by its price.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef BOOKINGS_RATES_H
#define BOOKINGS_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "bookings/quote.h"
#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct booking_actor {
    int64_t user_id; /* 0 = nobody */
    bool agent;      /* at least; also sees what is about listings of their own */
    bool admin;      /* sees all */
    const char *request_id;
};

/* ---- for those who reckon ---- */

struct rates_listing {
    struct field_set has;
    int64_t property_id;
    const char *currency, *time_zone, *cancellation_policy;
    int64_t today;      /* day, there */
    int64_t max_guests; /* 0 = not told */
    bool is_mine;       /* the viewer works on it */
    bool is_free; /* nobody has one of the nights, when asked: a hint, only holding makes sure */
    int64_t base_minor, weekend_minor, cleaning_minor, extra_guest_minor, extra_guest_from,
        weekly_discount, monthly_discount, tax, min_nights, max_nights; /* as struct quote_plan */
    const char *rules;                                                  /* as they are in the row */
};

struct rates_query {
    int64_t property_id;
    const char *currency; /* NULL = that of the property; others by the latest rate */
    int64_t from, to;     /* days whose rules are wanted, both included */
    bool with_free;       /* whether nobody has a night between them is wanted too */
};
/* ERR_NOT_FOUND: not there, not for the viewer's eyes, or not let by the night. ERR_INVALID: no rate for the currency. */
err rates_find(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    const struct rates_query *query, struct rates_listing *out, struct quote_rates *out_rates);

/* ---- for those who set them ---- */

struct rate_plan {
    struct field_set has;
    int64_t property_id;
    const char *currency;
    int64_t base_nightly_minor, weekend_nightly_minor, cleaning_fee_minor, extra_guest_minor,
        extra_guest_from;
    double weekly_discount_pct, monthly_discount_pct, tax_pct;
    int64_t min_nights, max_nights;
    bool instant_book;
    const char *rules; /* JSON */
    int64_t version;   /* 0 = none were set yet */
};
extern const struct shape rate_plan_shape;

struct rates_change {
    int64_t property_id;
    int64_t if_version;  /* 0 = any */
    const char *columns; /* JSON object of the columns of rate_plans and "rules" */
};
/* Both: ERR_NOT_FOUND as above, and for listings of others. rates_put: ERR_PRECONDITION; ERR_CONFLICT: two rules of one
 * priority have a day in common. */
err rates_get(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    int64_t property_id, struct rate_plan *out);
err rates_put(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct rates_change *change, struct rate_plan *out);

#endif
