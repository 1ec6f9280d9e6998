#include "faq/read.h"

#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "db/db.h"
#include "faq/sql.h"

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "FAQ entry not found");
}

err faq_list(struct ctx *ctx, struct db *db, const struct faq_filter *filter, struct list *out)
{
    return db_list(ctx, db, &SQL_faq_list,
        DB_ARGS(DB_TEXT(filter->locale), DB_TEXT(filter->category), DB_TEXT(filter->tag),
            DB_TEXT(filter->after_key), DB_I64(filter->after_id), DB_I64(filter->limit)),
        &faq_item_row_shape, filter->limit, out);
}

err faq_count(struct ctx *ctx, struct db *db, const struct faq_filter *filter, int64_t *out)
{
    return db_count(ctx, db, &SQL_faq_count,
        DB_ARGS(DB_TEXT(filter->locale), DB_TEXT(filter->category), DB_TEXT(filter->tag)), out);
}

err faq_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_item *out)
{
    const err found =
        db_one(ctx, db, &SQL_faq_by_id, DB_ARGS(DB_I64(id)), &faq_item_row_shape, out);
    return found.code == ERR_NOT_FOUND ? not_found(ctx) : found;
}

err faq_categories(struct ctx *ctx, struct db *db, const char *locale, struct list *out)
{
    return db_list(ctx, db, &SQL_faq_categories_list, DB_ARGS(DB_TEXT(locale)), &faq_category_shape,
        /* max */ 0, out);
}

struct locked {
    int64_t id;
};
static const struct field locked_fields[] = {FIELD_I64(struct locked, id, "Entry")};

/* Votes for one entry wait for each other, so that the counts are what the votes add up to. */
static err put_vote(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct faq_vote *vote = arg;
    char hex[2 * CRYPTO_SHA256_LEN + 1] = "";
    struct locked entry = {0};
    const err found = db_one(ctx, tx, &SQL_faq_feedback_lock, DB_ARGS(DB_I64(vote->faq_id)),
        SHAPE(locked), &entry);
    if (found.code == ERR_NOT_FOUND) {
        return not_found(ctx);
    }
    TRY(found);
    const bool guest = vote->user_id == 0;
    if (guest) {
        crypto_sha256_hex(vote->session, strlen(vote->session), CRYPTO_SHA256_LEN, hex);
    }
    return db_exec(ctx, tx, &SQL_faq_feedback_put,
        DB_ARGS(DB_I64(vote->faq_id), guest ? DB_NULL() : DB_I64(vote->user_id),
            guest ? DB_TEXT(hex) : DB_NULL(), DB_BOOL(vote->helpful), DB_TEXT(vote->comment)),
        /* out_affected */ NULL);
}

err faq_give_feedback(struct ctx *ctx, struct db *db, const struct faq_vote *vote)
{
    return db_tx(ctx, db, put_vote, (void *)(uintptr_t)vote);
}
