#include "faq/change.h"

#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/sql.h"
#include "jobs/jobs.h"

struct number {
    int64_t id;
};
static const struct field number_fields[] = {FIELD_I64(struct number, id, "Of the new row")};

struct locked {
    int64_t id, version;
    const char *status;
};
static const struct field locked_fields[] = {
    FIELD_I64(struct locked, id, "Id"),
    FIELD_I64(struct locked, version, "Version"),
    FIELD_STR(struct locked, status, "State"),
};

err faq_record(struct ctx *ctx, struct db *tx, const struct faq_actor *actor,
    const struct faq_record *record)
{
    return db_exec(ctx, tx, &SQL_faq_audit,
        DB_ARGS(DB_I64(actor->user_id), DB_TEXT(record->action), DB_TEXT(record->entity),
            DB_I64(record->id), DB_TEXT(record->after), DB_TEXT(actor->request_id)),
        /* out_affected */ NULL);
}

err faq_bump(struct ctx *ctx, struct db *tx, int64_t *out_faq_version)
{
    struct bumped {
        int64_t version;
    };
    static const struct field bumped_fields[] = {
        FIELD_I64(struct bumped, version, "Of all caches")};
    struct bumped row = {0};
    TRY(db_one(ctx, tx, &SQL_faq_bump_version, DB_NO_ARGS, SHAPE(bumped), &row));
    *out_faq_version = row.version;
    return OK;
}

err faq_explain(struct ctx *ctx, err result)
{
    if (is_ok(result)) {
        return result;
    }
    if (db_violated(ctx, "faq_documents_question")) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "There is an entry with this question already");
    }
    if (db_violated(ctx, "faq_categories_slug_key")) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "There is a category with this slug already");
    }
    if (db_violated(ctx, "faq_documents_answered")) {
        err_clear(ctx);
        return fail_field(ctx, "answer", CODE_VALIDATION_ERROR, "is needed to be published");
    }
    return result;
}

/* The foreign key of a write says that the category is missing; of a delete, that it is in use. */
static err explain_write(struct ctx *ctx, err result)
{
    if (!is_ok(result) && db_violated(ctx, "faq_documents_category_id_fkey")) {
        err_clear(ctx);
        return fail_field(ctx, "category_id", CODE_VALIDATION_ERROR, "is no category");
    }
    return faq_explain(ctx, result);
}

static err embed_later(struct ctx *ctx, struct db *tx, int64_t id)
{
    return jobs_enqueue(ctx, tx, "faq.embed",
        arena_printf(ctx->arena, "{\"faq_id\":%lld}", (long long)id),
        arena_printf(ctx->arena, "faq.embed:%lld", (long long)id), /* out_id */ NULL);
}

static err revise(struct ctx *ctx, struct db *tx, int64_t id)
{
    return db_exec(ctx, tx, &SQL_faq_revise, DB_ARGS(DB_I64(id)), /* out_affected */ NULL);
}

/* ---- create ---- */

err faq_insert(struct ctx *ctx, struct db *tx, const struct faq_actor *actor, const char *columns,
    int64_t *out_id)
{
    struct number row = {0};
    TRY(db_one(ctx, tx, &SQL_faq_insert, DB_ARGS(DB_TEXT(columns), DB_I64(actor->user_id)),
        SHAPE(number), &row));
    const struct faq_record record = {"faq.create", "faq", row.id, columns};
    TRY(revise(ctx, tx, row.id));
    TRY(embed_later(ctx, tx, row.id));
    TRY(faq_record(ctx, tx, actor, &record));
    *out_id = row.id;
    return OK;
}

struct creation {
    const struct faq_actor *actor;
    const char *columns;
    int64_t id, faq_version;
};

static err create(struct ctx *ctx, struct db *tx, void *arg)
{
    struct creation *work = arg;
    TRY(faq_insert(ctx, tx, work->actor, work->columns, &work->id));
    return faq_bump(ctx, tx, &work->faq_version);
}

err faq_create(struct ctx *ctx, struct db *db, const struct faq_actor *actor, const char *columns,
    int64_t *out_id, int64_t *out_faq_version)
{
    struct creation work = {.actor = actor, .columns = columns};
    TRY(explain_write(ctx, db_tx(ctx, db, create, &work)));
    *out_id = work.id;
    *out_faq_version = work.faq_version;
    return OK;
}

/* ---- change ---- */

struct update {
    const struct faq_actor *actor;
    const struct faq_change *change;
    const char *action;
    int64_t faq_version;
};

static err lock(struct ctx *ctx, struct db *tx, const struct faq_change *change, struct locked *out)
{
    const err found =
        db_one(ctx, tx, &SQL_faq_lock, DB_ARGS(DB_I64(change->id)), SHAPE(locked), out);
    if (found.code == ERR_NOT_FOUND) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "FAQ not found");
    }
    TRY(found);
    if (change->if_version != 0 && change->if_version != out->version) {
        return fail(ctx, ERR_PRECONDITION, "entry has another version");
    }
    return OK;
}

/* The row is held. What seeds or older versions wrote without a revision is kept first. */
static err patch(struct ctx *ctx, struct db *tx, const struct update *work)
{
    const struct faq_change *change = work->change;
    const struct faq_record record = {work->action, "faq", change->id, change->columns};
    TRY(revise(ctx, tx, change->id));
    TRY(db_exec(ctx, tx, &SQL_faq_patch,
        DB_ARGS(DB_I64(change->id), DB_TEXT(change->columns), DB_I64(work->actor->user_id)),
        /* out_affected */ NULL));
    TRY(revise(ctx, tx, change->id));
    TRY(db_exec(ctx, tx, &SQL_faq_vectors_drop, DB_ARGS(DB_I64(change->id)),
        /* out_affected */ NULL));
    TRY(embed_later(ctx, tx, change->id));
    return faq_record(ctx, tx, work->actor, &record);
}

static err update(struct ctx *ctx, struct db *tx, void *arg)
{
    struct update *work = arg;
    struct locked row = {0};
    TRY(lock(ctx, tx, work->change, &row));
    TRY(patch(ctx, tx, work));
    return faq_bump(ctx, tx, &work->faq_version);
}

err faq_change(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *change, int64_t *out_faq_version)
{
    struct update work = {.actor = actor, .change = change, .action = "faq.update"};
    TRY(explain_write(ctx, db_tx(ctx, db, update, &work)));
    *out_faq_version = work.faq_version;
    return OK;
}

static err archive(struct ctx *ctx, struct db *tx, void *arg)
{
    struct update *work = arg;
    struct locked row = {0};
    work->faq_version = 0;
    TRY(lock(ctx, tx, work->change, &row));
    if (strcmp(row.status, "archived") == 0) {
        return OK;
    }
    TRY(patch(ctx, tx, work));
    return faq_bump(ctx, tx, &work->faq_version);
}

err faq_archive(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *which, int64_t *out_faq_version)
{
    const struct faq_change change = {which->id, which->if_version, "{\"status\":\"archived\"}"};
    struct update work = {.actor = actor, .change = &change, .action = "faq.archive"};
    TRY(db_tx(ctx, db, archive, &work));
    *out_faq_version = work.faq_version;
    return OK;
}
