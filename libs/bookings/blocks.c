#include "bookings/blocks.h"

#include "bookings/internal.h"
#include "bookings/offer.h"
#include "bookings/sql.h"
#include "core/ctx.h"
#include "db/db.h"

static const struct field block_fields[] = {
    FIELD_I64(struct block, id, "Id"),
    FIELD_I64(struct block, property_id, "Property"),
    FIELD_DATE(struct block, from, "First night"),
    FIELD_DATE(struct block, to, "Day after the last night"),
    FIELD_STR(struct block, reason, "For the host"),
    FIELD_TIME(struct block, created_at, "When it was made"),
};
const struct shape block_shape = {
    .name = "Block",
    .size = sizeof(struct block),
    .fields = block_fields,
    .count = sizeof(block_fields) / sizeof(block_fields[0]),
};

struct blocking {
    const struct booking_actor *actor;
    const struct block_request *request;
    struct block *out;
    bool taken;
};

static err block(struct ctx *ctx, struct db *tx, void *arg)
{
    struct blocking *blocking = arg;
    const struct block_request *request = blocking->request;
    TRY(booking_lock_listing(ctx, tx, blocking->actor, request->property_id));
    TRY(booking_expire_holds(ctx, tx, request->property_id));
    const err made = db_one(ctx, tx, &SQL_blocks_insert,
        DB_ARGS(DB_I64(request->property_id), DB_TEXT(request->from), DB_TEXT(request->to),
            DB_TEXT(request->reason), DB_I64(blocking->actor->user_id),
            DB_TEXT(blocking->actor->request_id)),
        &block_shape, blocking->out);
    blocking->taken = made.code == ERR_NOT_FOUND;
    if (blocking->taken) {
        err_clear(ctx); /* the constraint said no; told below, outside of the transaction */
        return OK;
    }
    return made;
}

err blocks_create(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    const struct block_request *request, struct block *out)
{
    static const struct offer_names names = {"from", "to"};
    struct offer_days days = {0};
    struct blocking blocking = {actor, request, out, false};
    TRY(offer_days_read(ctx, &names, request->from, request->to, CALENDAR_NIGHTS_MAX, &days));
    TRY(db_tx(ctx, db, block, &blocking));
    return blocking.taken ? booking_taken(ctx, db, request->property_id, &days) : OK;
}

struct lifting {
    const struct booking_actor *actor;
    int64_t property_id, id;
};

static err lift(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct lifting *lifting = arg;
    int64_t lifted = 0;
    TRY(booking_lock_listing(ctx, tx, lifting->actor, lifting->property_id));
    TRY(db_count(ctx, tx, &SQL_blocks_lift,
        DB_ARGS(DB_I64(lifting->property_id), DB_I64(lifting->id), DB_I64(lifting->actor->user_id),
            DB_TEXT(lifting->actor->request_id)),
        &lifted));
    return lifted > 0 ? OK : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Block not found");
}

err blocks_delete(struct ctx *ctx, struct db *db, const struct booking_actor *actor,
    int64_t property_id, int64_t id)
{
    struct lifting lifting = {actor, property_id, id};
    return db_tx(ctx, db, lift, &lifting);
}
