#include "bookings/rates.h"

#include <string.h>

#include "bookings/internal.h"
#include "bookings/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "db/db.h"

static const struct field rates_listing_fields[] = {
    FIELD_I64(struct rates_listing, property_id, "Id"),
    FIELD_STR(struct rates_listing, currency, "Of all amounts"),
    FIELD_STR(struct rates_listing, time_zone, "Of its days"),
    FIELD_STR(struct rates_listing, cancellation_policy, "Terms"),
    FIELD_I64(struct rates_listing, today, "There"),
    FIELD_I64(struct rates_listing, max_guests, "At most", .nullable = true),
    FIELD_BOOL(struct rates_listing, is_mine, "The viewer works on it"),
    FIELD_I64(struct rates_listing, base_minor, "A night", .nullable = true),
    FIELD_I64(struct rates_listing, weekend_minor, "A night of the weekend"),
    FIELD_I64(struct rates_listing, cleaning_minor, "A stay", .nullable = true),
    FIELD_I64(struct rates_listing, extra_guest_minor, "A guest and night", .nullable = true),
    FIELD_I64(struct rates_listing, extra_guest_from, "Guests in the price", .nullable = true),
    FIELD_I64(struct rates_listing, weekly_discount, "Thousandths of a per cent"),
    FIELD_I64(struct rates_listing, monthly_discount, "Thousandths of a per cent"),
    FIELD_I64(struct rates_listing, tax, "Thousandths of a per cent"),
    FIELD_I64(struct rates_listing, min_nights, "At least"),
    FIELD_I64(struct rates_listing, max_nights, "At most"),
    FIELD_BOOL(struct rates_listing, is_free, "Nobody has one of the nights"),
    FIELD_STR(struct rates_listing, rules, "Eight numbers each"),
};
enum { ROW_BASE = 7 };

enum { FROM, TO, NIGHTLY, MIN_NIGHTS, MAX_NIGHTS, NO_ARRIVAL, NO_DEPARTURE, PRIORITY, NUMBERS };
#define RULE_TEXT_MIN (2 * NUMBERS) /* a digit and a space each */

static struct quote_plan plan_of(const struct rates_listing *row)
{
    return (struct quote_plan){
        .base_minor = row->base_minor,
        .weekend_minor = row->weekend_minor,
        .cleaning_minor = row->cleaning_minor,
        .extra_guest_minor = row->extra_guest_minor,
        .extra_guest_from = row->extra_guest_from,
        .weekly_discount = row->weekly_discount,
        .monthly_discount = row->monthly_discount,
        .tax = row->tax,
        .min_nights = row->min_nights,
        .max_nights = row->max_nights,
    };
}

/* As sql/rates_find.sql writes it; what follows it, or NULL. */
static const char *read_rule(const char *text, struct quote_rule *out)
{
    int64_t numbers[NUMBERS];
    for (int i = 0; i < NUMBERS && text != NULL; i++) {
        text = booking_read_number(text, &numbers[i]);
    }
    if (text == NULL) {
        return NULL;
    }
    *out = (struct quote_rule){
        .from = numbers[FROM],
        .to = numbers[TO],
        .nightly_minor = numbers[NIGHTLY],
        .min_nights = numbers[MIN_NIGHTS],
        .max_nights = numbers[MAX_NIGHTS],
        .no_arrival = (unsigned)numbers[NO_ARRIVAL],
        .no_departure = (unsigned)numbers[NO_DEPARTURE],
        .priority = numbers[PRIORITY],
    };
    return text;
}

static err read_rates(struct ctx *ctx, const struct rates_listing *row, struct quote_rates *out)
{
    const size_t most = strlen(row->rules) / RULE_TEXT_MIN + 1;
    struct quote_rule *rules = ARENA_ARRAY(ctx->arena, struct quote_rule, most);
    int64_t count = 0;
    for (const char *text = row->rules; *text != '\0'; count++) {
        text = read_rule(text, &rules[count]);
        if (text == NULL) {
            return fail(ctx, ERR_INTERNAL, "a rule is not eight numbers");
        }
    }
    *out = (struct quote_rates){plan_of(row), rules, count};
    return OK;
}

err rates_find(struct ctx *ctx, struct db *db, const struct booking_actor *viewer,
    const struct rates_query *query, struct rates_listing *out, struct quote_rates *out_rates)
{
    TRY(booking_listing_or(ctx,
        db_one(ctx, db, &SQL_rates_find,
            DB_ARGS(DB_I64(query->property_id), DB_TEXT(query->currency), DB_I64(viewer->user_id),
                DB_BOOL(viewer->admin), DB_I64(query->from), DB_I64(query->to),
                DB_BOOL(query->with_free)),
            SHAPE_SET(rates_listing), out)));
    if (!field_is_present(&out->has, ROW_BASE)) {
        return fail_field(ctx, "currency", CODE_VALIDATION_ERROR, "has no rate of exchange");
    }
    return read_rates(ctx, out, out_rates);
}

/* ---- setting them ---- */

static const struct field rate_plan_fields[] = {
    FIELD_I64(struct rate_plan, property_id, "Property"),
    FIELD_STR(struct rate_plan, currency, "Of all amounts"),
    FIELD_I64(struct rate_plan, base_nightly_minor, "A night", .unit = "minor units"),
    FIELD_I64(struct rate_plan, weekend_nightly_minor, "A night of Friday or Saturday",
        .nullable = true, .unit = "minor units"),
    FIELD_I64(struct rate_plan, cleaning_fee_minor, "A stay", .unit = "minor units"),
    FIELD_I64(struct rate_plan, extra_guest_minor, "A guest more and night", .unit = "minor units"),
    FIELD_I64(struct rate_plan, extra_guest_from, "So many guests are in the price of a night",
        .nullable = true),
    FIELD_F64(struct rate_plan, weekly_discount_pct, "Off the nights from 7 on", .unit = "%"),
    FIELD_F64(struct rate_plan, monthly_discount_pct, "Off the nights from 28 on", .unit = "%"),
    FIELD_F64(struct rate_plan, tax_pct, "On top of everything", .unit = "%"),
    FIELD_I64(struct rate_plan, min_nights, "Shortest stay"),
    FIELD_I64(struct rate_plan, max_nights, "Longest stay"),
    FIELD_BOOL(struct rate_plan, instant_book, "Booked without being asked"),
    FIELD_JSON(struct rate_plan, rules, "Other prices and limits for some days", .list = true),
    FIELD_I64(struct rate_plan, version, "Counts on with every change; 0 = none were set yet"),
};
const struct shape rate_plan_shape = {
    .name = "RatePlan",
    .size = sizeof(struct rate_plan),
    .fields = rate_plan_fields,
    .count = sizeof(rate_plan_fields) / sizeof(rate_plan_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct rate_plan, has),
};

err rates_get(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    int64_t property_id, struct rate_plan *out)
{
    return booking_listing_or(ctx,
        db_one(ctx, db, &SQL_rates_get,
            DB_ARGS(DB_I64(property_id), DB_I64(actor->user_id), DB_BOOL(actor->admin)),
            &rate_plan_shape, out));
}

struct putting {
    const struct booking_actor *actor;
    const struct rates_change *change;
    struct rate_plan *out;
};

static err put(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct putting *putting = arg;
    const struct booking_actor *actor = putting->actor;
    const struct rates_change *change = putting->change;
    struct rate_plan before = {0};
    TRY(booking_lock_listing(ctx, tx, actor, change->property_id));
    TRY(rates_get(ctx, tx, actor, change->property_id, &before));
    if (change->if_version != 0 && change->if_version != before.version) {
        return fail(ctx, ERR_PRECONDITION, "rates have another version");
    }
    TRY(db_exec(ctx, tx, &SQL_rates_put,
        DB_ARGS(DB_I64(change->property_id), DB_TEXT(change->columns), DB_I64(actor->user_id),
            DB_TEXT(actor->request_id)),
        /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_rates_rules_clear, DB_ARGS(DB_I64(change->property_id)),
        /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_rates_rules_add,
        DB_ARGS(DB_I64(change->property_id), DB_TEXT(change->columns)), /* out_affected */ NULL));
    return rates_get(ctx, tx, actor, change->property_id, putting->out);
}

err rates_put(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct rates_change *change, struct rate_plan *out)
{
    struct putting putting = {actor, change, out};
    const err done = db_tx(ctx, db, put, &putting);
    if (db_violated(ctx, "rate_rules_no_overlap")) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "Two rules of the same priority have a day in common");
    }
    return done;
}
