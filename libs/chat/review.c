#include "chat/review.h"

#include "chat/sql.h"
#include "core/ctx.h"
#include "db/db.h"

#define PERIODS 3

static bool asks_for_answers(const struct review_filter *filter)
{
    return filter->rating != 0 || filter->has_grounded || filter->degraded != NULL ||
           filter->model != NULL || filter->prompt_version != 0;
}

static err record(struct ctx *ctx, struct db *tx, int64_t actor_id, const char *action, int64_t id,
    const char *what)
{
    return db_exec(ctx, tx, &SQL_chat_audit,
        DB_ARGS(DB_I64(actor_id), DB_TEXT(action), DB_TEXT("conversation"), DB_I64(id),
            DB_TEXT(what), DB_TEXT(ctx->request_id)),
        /* out_affected */ NULL);
}

/* ---- lists ---- */

struct listing {
    int64_t actor_id;
    const struct review_filter *filter;
    struct list *out;
};

static err list(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct listing *listing = arg;
    const struct review_filter *filter = listing->filter;
    TRY(record(ctx, tx, listing->actor_id, "conversation.list", /* id */ 0, filter->as_json));
    return db_list(ctx, tx, &SQL_chat_review_list,
        DB_ARGS(DB_ID(filter->rating), filter->has_grounded ? DB_BOOL(filter->grounded) : DB_NULL(),
            DB_TEXT(filter->degraded), DB_TEXT(filter->model), DB_ID(filter->prompt_version),
            DB_BOOL(asks_for_answers(filter)), DB_TEXT(filter->q), DB_TEXT(filter->after_key),
            DB_I64(filter->after_id), DB_I64(filter->limit)),
        &review_row_shape, filter->limit, listing->out);
}

err review_list(struct ctx *ctx, struct db *db, int64_t actor_id,
    const struct review_filter *filter, struct list *out)
{
    struct listing listing = {actor_id, filter, out};
    return db_tx(ctx, db, list, &listing);
}

err review_count(struct ctx *ctx, struct db *db, const struct review_filter *filter, int64_t *out)
{
    return db_count(ctx, db, &SQL_chat_review_count,
        DB_ARGS(DB_ID(filter->rating), filter->has_grounded ? DB_BOOL(filter->grounded) : DB_NULL(),
            DB_TEXT(filter->degraded), DB_TEXT(filter->model), DB_ID(filter->prompt_version),
            DB_BOOL(asks_for_answers(filter)), DB_TEXT(filter->q)),
        out);
}

/* ---- one ---- */

struct reading {
    int64_t actor_id;
    const struct review_place *place;
    struct review *out;
};

/* Read from the end, told from the beginning. */
static void turn_around(struct list *messages)
{
    struct review_message *rows = messages->items;
    for (int64_t i = 0; i < messages->count / 2; i++) {
        const struct review_message swapped = rows[i];
        rows[i] = rows[messages->count - 1 - i];
        rows[messages->count - 1 - i] = swapped;
    }
}

static err read_one(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct reading *reading = arg;
    const struct review_place *place = reading->place;
    struct review *out = reading->out;
    const err found =
        db_one(ctx, tx, &SQL_chat_review_get, DB_ARGS(DB_I64(place->id)), &review_shape, out);
    if (found.code == ERR_NOT_FOUND) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Conversation not found");
    }
    TRY(found);
    TRY(db_list(ctx, tx, &SQL_chat_review_messages,
        DB_ARGS(DB_I64(place->id), DB_ID(place->before), DB_I64(place->limit + 1)),
        &review_message_shape, place->limit + 1, &out->messages));
    out->has_more = out->messages.count > place->limit;
    if (out->has_more) {
        out->messages.count = place->limit;
    }
    turn_around(&out->messages);
    return record(ctx, tx, reading->actor_id, "conversation.read", place->id, /* what */ NULL);
}

err review_get(struct ctx *ctx, struct db *db, int64_t actor_id, const struct review_place *place,
    struct review *out)
{
    struct reading reading = {actor_id, place, out};
    return db_tx(ctx, db, read_one, &reading);
}

/* ---- what went on ---- */

err review_overview(struct ctx *ctx, struct db *db, bool with_bookings, struct overview *out)
{
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, &SQL_chat_overview, DB_ARGS(DB_BOOL(with_bookings)),
        &overview_period_shape, PERIODS, &rows));
    const struct overview_period *periods = rows.items;
    if (rows.count != PERIODS) {
        return fail(ctx, ERR_INTERNAL, "the overview gave %d rows", (int)rows.count);
    }
    *out = (struct overview){periods[0], periods[1], periods[2]};
    return OK;
}
