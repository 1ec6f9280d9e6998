#include "bookings/bookings.h"

#include <string.h>

#include "bookings/internal.h"
#include "bookings/offer.h"
#include "bookings/policy.h"
#include "bookings/sql.h"
#include "core/ctx.h"
#include "db/db.h"

const char *const booking_statuses[] = {
    "hold", "pending", "confirmed", "completed", "cancelled", "declined", "expired", NULL};

static const struct field booking_fields[] = {
    FIELD_I64(struct booking, id, "Id"),
    FIELD_I64(struct booking, property_id, "Property"),
    FIELD_I64(struct booking, user_id, "Guest"),
    FIELD_ENUM(struct booking, status, "How far it is", .choices = booking_statuses),
    FIELD_DATE(struct booking, check_in, "Day of arriving"),
    FIELD_DATE(struct booking, check_out, "Day of leaving"),
    FIELD_I64(struct booking, nights, "Between them"),
    FIELD_I64(struct booking, guests, "How many come"),
    FIELD_JSON(struct booking, price, "lines, total_minor, currency; as it was agreed"),
    FIELD_STR(struct booking, cancellation_policy, "Terms, as they were agreed"),
    FIELD_JSON(struct booking, contact, "name, email, phone"),
    FIELD_STR(struct booking, note, "Of the guest", .nullable = true),
    FIELD_TIME(struct booking, hold_expires_at, "Until when a hold is kept", .nullable = true),
    FIELD_JSON(struct booking, refund, "pct and amount_minor, when cancelled", .nullable = true),
    FIELD_STR(struct booking, payment_reference, "Of whoever takes the money", .nullable = true),
    FIELD_I64(struct booking, version, "Counts on with every change"),
    FIELD_TIME(struct booking, created_at, "When it was held"),
    FIELD_TIME(struct booking, updated_at, "Last change"),
};
const struct shape booking_shape = {
    .name = "Booking",
    .size = sizeof(struct booking),
    .fields = booking_fields,
    .count = sizeof(booking_fields) / sizeof(booking_fields[0]),
    .has_set = true,
    .set_offset = offsetof(struct booking, has),
};

/* ---- seen ---- */

err bookings_list(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct booking_filter *filter, struct list *out)
{
    return db_list_slow(ctx, db, &SQL_bookings_list,
        DB_ARGS(DB_I64(actor->user_id), DB_BOOL(actor->agent), DB_BOOL(actor->admin),
            DB_TEXT(filter->status), DB_ID(filter->property_id), DB_TEXT(filter->from),
            DB_TEXT(filter->to), DB_I64(filter->after_id), DB_I64(filter->limit)),
        &booking_shape, filter->limit, out);
}

err bookings_count(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct booking_filter *filter, int64_t *out)
{
    return db_count(ctx, db, &SQL_bookings_count,
        DB_ARGS(DB_I64(actor->user_id), DB_BOOL(actor->agent), DB_BOOL(actor->admin),
            DB_TEXT(filter->status), DB_ID(filter->property_id), DB_TEXT(filter->from),
            DB_TEXT(filter->to)),
        out);
}

err bookings_get(struct ctx *ctx, struct db *db, const struct booking_actor *actor, int64_t id,
    struct booking *out)
{
    return booking_or(ctx, db_one(ctx, db, &SQL_bookings_get,
                               DB_ARGS(DB_I64(id), DB_I64(actor->user_id), DB_BOOL(actor->agent),
                                   DB_BOOL(actor->admin)),
                               &booking_shape, out));
}

/* ---- held ---- */

enum outcome { MADE, WAS_THERE, TAKEN, TOO_MANY };

/* What a stay costs, by which terms. */
struct agreed {
    int64_t total_minor;
    const char *currency, *cancellation_policy;
    const char *price; /* JSON */
};

struct holding {
    const struct booking_actor *actor;
    const struct hold_request *request;
    const struct agreed *terms;
    struct booking *out;
    enum outcome outcome;
};

struct made {
    struct field_set has;
    bool listing_found, too_many;
    int64_t id;
};
static const struct field made_fields[] = {
    FIELD_BOOL(struct made, listing_found, "It can be booked"),
    FIELD_BOOL(struct made, too_many, "The guest holds as many stays as one may"),
    FIELD_I64(struct made, id, "Of the new row", .nullable = true),
};

/* ERR_NOT_FOUND: the actor holds nothing there. */
static err find_own(struct ctx *ctx, struct db *tx, const struct holding *holding)
{
    const struct hold_request *request = holding->request;
    return db_one(ctx, tx, &SQL_bookings_own_hold,
        DB_ARGS(DB_I64(holding->actor->user_id), DB_I64(request->property_id),
            DB_TEXT(request->check_in), DB_TEXT(request->check_out)),
        &booking_shape, holding->out);
}

static err insert(struct ctx *ctx, struct db *tx, const struct holding *holding, struct made *out)
{
    const struct hold_request *request = holding->request;
    const struct agreed *terms = holding->terms;
    return db_one(ctx, tx, &SQL_bookings_insert,
        DB_ARGS(DB_I64(request->property_id), DB_I64(holding->actor->user_id),
            DB_TEXT(request->check_in), DB_TEXT(request->check_out), DB_I64(request->guests),
            DB_I64(terms->total_minor), DB_TEXT(terms->currency), DB_TEXT(terms->price),
            DB_TEXT(policy_find(terms->cancellation_policy)->snapshot), DB_TEXT(request->contact),
            DB_TEXT(request->note), DB_I64(request->minutes), DB_TEXT(holding->actor->request_id),
            DB_I64(request->at_a_time)),
        SHAPE_SET(made), out);
}

/* Two requests of one guest may come at once: who comes second finds the hold of the first. The guest's holds are counted one
 * request after the other, so that no two count the same. */
static err hold(struct ctx *ctx, struct db *tx, void *arg)
{
    struct holding *holding = arg;
    struct made made = {0};
    TRY(db_exec(ctx, tx, &SQL_bookings_hold_turn, DB_ARGS(DB_I64(holding->actor->user_id)),
        /* out_affected */ NULL));
    TRY(booking_expire_holds(ctx, tx, holding->request->property_id));
    TRY(insert(ctx, tx, holding, &made));
    if (!made.listing_found) {
        return booking_listing_or(ctx, fail(ctx, ERR_NOT_FOUND, "listing is not let"));
    }
    if (made.id != 0) {
        holding->outcome = MADE;
        return bookings_get(ctx, tx, holding->actor, made.id, holding->out);
    }
    const err own = find_own(ctx, tx, holding);
    holding->outcome = is_ok(own) ? WAS_THERE : made.too_many ? TOO_MANY : TAKEN;
    if (own.code == ERR_NOT_FOUND) {
        err_clear(ctx); /* told below, outside of the transaction */
        return OK;
    }
    return own;
}

/* Those of the quote, if there is one, else those of now. */
static err agree(struct ctx *ctx, const struct hold_request *request, const struct offer *offer,
    struct agreed *out)
{
    struct offer_price price = {offer->lines, offer->total_minor, offer->listing.currency};
    struct quote_claims claims = {.cancellation_policy = offer->listing.cancellation_policy};
    const struct quote_claims wanted = {
        .property_id = request->property_id,
        .check_in = request->check_in,
        .check_out = request->check_out,
        .guests = request->guests,
    };
    if (request->quote_token != NULL) {
        TRY(quote_token_read(ctx, request->key, request->quote_token, &wanted, &claims));
        TRY(offer_lines_read(ctx, claims.lines, &price.lines));
        price.total_minor = claims.total_minor;
        price.currency = claims.currency;
    }
    out->total_minor = price.total_minor;
    out->currency = price.currency;
    out->cancellation_policy = claims.cancellation_policy;
    return offer_price_write(ctx, &price, &out->price);
}

err bookings_hold(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct hold_request *request, struct booking *out, bool *out_made)
{
    static const struct offer_names names = {"check_in", "check_out"};
    static const struct booking_actor nobody = {.user_id = 0}; /* drafts are not let, to anybody */
    struct offer_request wanted = {.property_id = request->property_id, .guests = request->guests};
    struct offer offer = {0};
    struct agreed terms = {0};
    TRY(offer_days_read(ctx, &names, request->check_in, request->check_out, CALENDAR_NIGHTS_MAX,
        &wanted.days));
    TRY(offer_make(ctx, db, &nobody, &wanted, &offer));
    TRY(offer_check(ctx, &offer));
    TRY(agree(ctx, request, &offer, &terms));
    struct holding holding = {.actor = actor, .request = request, .terms = &terms, .out = out};
    TRY(db_tx(ctx, db, hold, &holding));
    *out_made = holding.outcome == MADE;
    if (holding.outcome == TOO_MANY) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "You hold as many bookings as one may; confirm or cancel one first");
    }
    return holding.outcome == TAKEN ? booking_taken(ctx, db, request->property_id, &wanted.days)
                                    : OK;
}
