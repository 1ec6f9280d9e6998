#include "bookings/internal.h"

#include "bookings/offer.h"
#include "bookings/rates.h"
#include "bookings/sql.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "db/db.h"

#define NEXT_MAX 3
#define EXPIRE_MAX 100 /* holds of one property: more wait for the job */

static err not_found(struct ctx *ctx, err found, const char *message)
{
    return found.code != ERR_NOT_FOUND ? found
                                       : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, message);
}

err booking_listing_or(struct ctx *ctx, err found)
{
    return not_found(ctx, found, "Property not found");
}

err booking_or(struct ctx *ctx, err found)
{
    return not_found(ctx, found, "Booking not found");
}

struct listing_id {
    int64_t id;
};
static const struct field listing_id_fields[] = {FIELD_I64(struct listing_id, id, "Id")};

err booking_lock_listing(struct ctx *ctx, struct db *tx, const struct booking_actor *actor,
    int64_t property_id)
{
    struct listing_id row = {0};
    return booking_listing_or(ctx,
        db_one(ctx, tx, &SQL_bookings_lock_listing,
            DB_ARGS(DB_I64(property_id), DB_I64(actor->user_id), DB_BOOL(actor->admin)),
            SHAPE(listing_id), &row));
}

err booking_expire_holds(struct ctx *ctx, struct db *tx, int64_t property_id)
{
    int64_t expired = 0;
    return db_count(ctx, tx, &SQL_bookings_expire, DB_ARGS(DB_I64(property_id), DB_I64(EXPIRE_MAX)),
        &expired);
}

struct next_row {
    const char *check_in;
};
static const struct field next_row_fields[] = {
    FIELD_DATE(struct next_row, check_in, "First of as many free nights")};

err booking_taken(struct ctx *ctx, struct db *db, int64_t property_id,
    const struct offer_days *days)
{
    struct list rows = {0};
    TRY(db_list(ctx, db, &SQL_bookings_next,
        DB_ARGS(DB_I64(property_id), DB_I64(days->check_in), DB_I64(days->check_out),
            DB_I64(NEXT_MAX)),
        SHAPE(next_row), NEXT_MAX, &rows));
    const err taken =
        fail_public(ctx, ERR_CONFLICT, CODE_DATES_UNAVAILABLE, "These dates are not available");
    const struct next_row *next = rows.items;
    for (int64_t i = 0; i < rows.count; i++) {
        err_add_detail(ctx, "next_available", CODE_DATES_UNAVAILABLE, next[i].check_in);
    }
    return taken;
}

const char *booking_read_number(const char *text, int64_t *out)
{
    const bool negative = *text == '-';
    const char *digits = text + negative, *at = digits;
    uint64_t number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    *out = (int64_t)(negative ? 0 - number : number);
    return at == digits ? NULL : at + (*at == ' ');
}
