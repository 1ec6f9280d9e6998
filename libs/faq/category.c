/* faq/category.c - categories, written by admins. */
#include "core/ctx.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/change.h"
#include "faq/sql.h"

struct locked {
    int64_t id, version;
};
static const struct field locked_fields[] = {
    FIELD_I64(struct locked, id, "Id"),
    FIELD_I64(struct locked, version, "Version"),
};
struct number {
    int64_t id;
};
static const struct field number_fields[] = {FIELD_I64(struct number, id, "Of the new row")};

struct work {
    const struct faq_actor *actor;
    const struct faq_change *change;
    int64_t id, faq_version;
};

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Category not found");
}

err faq_category_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_category_row *out)
{
    const err found =
        db_one(ctx, db, &SQL_faq_category_by_id, DB_ARGS(DB_I64(id)), &faq_category_row_shape, out);
    return found.code == ERR_NOT_FOUND ? not_found(ctx) : found;
}

static err lock(struct ctx *ctx, struct db *tx, const struct faq_change *change)
{
    struct locked row = {0};
    const err found =
        db_one(ctx, tx, &SQL_faq_category_lock, DB_ARGS(DB_I64(change->id)), SHAPE(locked), &row);
    if (found.code == ERR_NOT_FOUND) {
        return not_found(ctx);
    }
    TRY(found);
    if (change->if_version != 0 && change->if_version != row.version) {
        return fail(ctx, ERR_PRECONDITION, "category has another version");
    }
    return OK;
}

static err finish(struct ctx *ctx, struct db *tx, struct work *work, const char *action)
{
    const struct faq_record record = {action, "faq_category", work->id, work->change->columns};
    TRY(faq_record(ctx, tx, work->actor, &record));
    return faq_bump(ctx, tx, &work->faq_version);
}

static err create(struct ctx *ctx, struct db *tx, void *arg)
{
    struct work *work = arg;
    struct number row = {0};
    TRY(db_one(ctx, tx, &SQL_faq_category_insert, DB_ARGS(DB_TEXT(work->change->columns)),
        SHAPE(number), &row));
    work->id = row.id;
    return finish(ctx, tx, work, "faq_category.create");
}

err faq_category_create(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const char *columns, int64_t *out_id, int64_t *out_faq_version)
{
    const struct faq_change change = {.columns = columns};
    struct work work = {.actor = actor, .change = &change};
    TRY(faq_explain(ctx, db_tx(ctx, db, create, &work)));
    *out_id = work.id;
    *out_faq_version = work.faq_version;
    return OK;
}

static err change_one(struct ctx *ctx, struct db *tx, void *arg)
{
    struct work *work = arg;
    TRY(lock(ctx, tx, work->change));
    TRY(db_exec(ctx, tx, &SQL_faq_category_patch,
        DB_ARGS(DB_I64(work->id), DB_TEXT(work->change->columns)), /* out_affected */ NULL));
    return finish(ctx, tx, work, "faq_category.update");
}

err faq_category_change(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *change, int64_t *out_faq_version)
{
    struct work work = {.actor = actor, .change = change, .id = change->id};
    TRY(faq_explain(ctx, db_tx(ctx, db, change_one, &work)));
    *out_faq_version = work.faq_version;
    return OK;
}

static err delete_one(struct ctx *ctx, struct db *tx, void *arg)
{
    struct work *work = arg;
    TRY(lock(ctx, tx, work->change));
    TRY(db_exec(ctx, tx, &SQL_faq_category_delete, DB_ARGS(DB_I64(work->id)),
        /* out_affected */ NULL));
    return finish(ctx, tx, work, "faq_category.delete");
}

err faq_category_delete(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *which, int64_t *out_faq_version)
{
    struct work work = {.actor = actor, .change = which, .id = which->id};
    const err done = db_tx(ctx, db, delete_one, &work);
    if (!is_ok(done) && db_violated(ctx, "faq_documents_category_id_fkey")) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL, "The category is in use");
    }
    TRY(done);
    *out_faq_version = work.faq_version;
    return OK;
}
