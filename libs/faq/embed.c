#include "faq/embed.h"

#include "core/arena.h"
#include "core/ctx.h"
#include "core/field.h"
#include "core/limits.h"
#include "db/array.h"
#include "db/db.h"
#include "faq/sql.h"
#include "search/embedder.h"

struct part {
    int64_t faq_id, part;
    const char *text, *content_hash;
};
static const struct field part_fields[] = {
    FIELD_I64(struct part, faq_id, "Entry"),
    FIELD_I64(struct part, part,
        "0 = the entry itself, then its variants, then the question alone"),
    FIELD_STR(struct part, text, "What is embedded"),
    FIELD_STR(struct part, content_hash, "SHA-256 of it, hexadecimal"),
};

struct version {
    int64_t version;
};
static const struct field version_fields[] = {FIELD_I64(struct version, version, "New one")};

struct batch {
    const char *model;
    const struct part *parts;
    const struct embedding *vectors;
    int64_t count;
    int64_t version;
};

/* Parts of one entry: rows `from` to before `to` of the batch. */
static err put_entry(struct ctx *ctx, struct db *tx, const struct batch *batch, int64_t from,
    int64_t to)
{
    const int64_t count = to - from;
    const int64_t faq_id = batch->parts[from].faq_id;
    int64_t *parts = ARENA_ARRAY(ctx->arena, int64_t, (size_t)count);
    const char **hashes = ARENA_ARRAY(ctx->arena, const char *, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        parts[i] = batch->parts[from + i].part;
        hashes[i] = batch->parts[from + i].content_hash;
    }
    TRY(db_exec(ctx, tx, &SQL_faq_embeddings_put,
        DB_ARGS(DB_I64(faq_id), DB_TEXT(db_array_write_i64(ctx->arena, parts, count)),
            DB_TEXT(db_array_write(ctx->arena, &(struct strs){hashes, count})),
            DB_TEXT(batch->model), embeddings_arg(ctx, &batch->vectors[from], (size_t)count),
            DB_I64(batch->vectors[from].dims)),
        /* out_affected */ NULL));
    return db_exec(ctx, tx, &SQL_faq_embedding_trim, DB_ARGS(DB_I64(faq_id), DB_TEXT(batch->model)),
        /* out_affected */ NULL);
}

static err put_vectors(struct ctx *ctx, struct db *tx, void *arg)
{
    struct batch *batch = arg;
    int64_t from = 0;
    for (int64_t to = 1; to <= batch->count; to++) {
        if (to == batch->count || batch->parts[to].faq_id != batch->parts[from].faq_id) {
            TRY(put_entry(ctx, tx, batch, from, to));
            from = to;
        }
    }
    struct version row = {0};
    TRY(db_one(ctx, tx, &SQL_faq_bump_version, DB_NO_ARGS, SHAPE(version), &row));
    batch->version = row.version;
    return OK;
}

static err embed(struct ctx *ctx, const struct faq_embed *with, const struct list *parts,
    int64_t *out_version)
{
    const struct part *rows = parts->items;
    const char **texts = ARENA_ARRAY(ctx->arena, const char *, (size_t)parts->count);
    struct embedding *vectors = ARENA_ARRAY(ctx->arena, struct embedding, (size_t)parts->count);
    for (int64_t i = 0; i < parts->count; i++) {
        texts[i] = rows[i].text;
    }
    TRY(embed_documents(ctx, with->embedder, with->model, texts, (size_t)parts->count, vectors));
    struct batch batch = {with->model, rows, vectors, parts->count, 0};
    TRY(db_tx(ctx, with->db, put_vectors, &batch));
    *out_version = batch.version;
    return OK;
}

static err embed_stale(struct ctx *ctx, const struct faq_embed *with, int64_t limit, int64_t *from,
    int64_t *out_done, int64_t *out_version)
{
    struct list parts = {0};
    TRY(db_list_slow(ctx, with->db, &SQL_faq_embed_stale,
        DB_ARGS(DB_TEXT(with->model), DB_NULL(), DB_I64(*from), DB_I64(limit)), SHAPE(part), limit,
        &parts));
    if (parts.count > 0) {
        const struct part *rows = parts.items;
        TRY(embed(ctx, with, &parts, out_version));
        *out_done = parts.count;
        *from = rows[parts.count - 1].faq_id;
    }
    return OK;
}

err faq_embed_stale(struct ctx *ctx, const struct faq_embed *with, int64_t limit, int64_t *from,
    int64_t *out_done, int64_t *out_version)
{
    *out_done = 0;
    *out_version = 0;
    struct arena *former = ctx_scratch(ctx); /* a seed or a job calls hundreds of times */
    const err e = embed_stale(ctx, with, limit, from, out_done, out_version);
    ctx_scratch_end(ctx, former);
    return e;
}

err faq_embed_one(struct ctx *ctx, const struct faq_embed *with, int64_t faq_id,
    int64_t *out_version)
{
    struct list parts = {0};
    *out_version = 0;
    TRY(db_list_slow(ctx, with->db, &SQL_faq_embed_stale,
        DB_ARGS(DB_TEXT(with->model), DB_I64(faq_id), DB_I64(faq_id), DB_I64(LIMIT_DB_ROWS)),
        SHAPE(part), /* max */ 0, &parts));
    return parts.count == 0 ? OK : embed(ctx, with, &parts, out_version);
}

struct model {
    const char *model;
};
static const struct field model_fields[] = {FIELD_STR(struct model, model, "In use")};

err faq_embed_model(struct ctx *ctx, struct db *db, const struct embedder *embedder,
    const char **out)
{
    struct model row = {0};
    TRY(db_exec(ctx, db, &SQL_faq_model_adopt, DB_ARGS(DB_TEXT(embedder_model(embedder))),
        /* out_affected */ NULL));
    TRY(db_one(ctx, db, &SQL_faq_model, DB_NO_ARGS, SHAPE(model), &row));
    *out = row.model;
    return OK;
}
