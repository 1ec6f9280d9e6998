#include "properties/embed.h"

#include <inttypes.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/services.h"
#include "db/db.h"
#include "jobs/jobs.h"
#include "properties/sql.h"
#include "search/embedder.h"

#define BATCH 50
#define RUN_NS INT64_C(10000000000) /* a job that goes over everything lets others run after this */

struct due {
    int64_t property_id;
    const char *locale, *text;
};
static const struct field due_fields[] = {
    FIELD_I64(struct due, property_id, "Of the text"),
    FIELD_STR(struct due, locale, "Of the text"),
    FIELD_STR(struct due, text, "Title and description"),
};

err properties_model(struct ctx *ctx, struct db *db, const char *wanted, const char **out)
{
    struct active {
        const char *model;
    };
    static const struct field active_fields[] = {FIELD_STR(struct active, model, "Name")};
    struct active active = {0};
    TRY(db_one(ctx, db, &SQL_properties_model, DB_ARGS(DB_TEXT(wanted)), SHAPE(active), &active));
    *out = active.model;
    return OK;
}

struct batch {
    const char *model;
    struct properties_range range;
    const struct due *due;
    const struct embedding *embeddings;
    size_t count;
};

static err put(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct batch *batch = arg;
    for (size_t i = 0; i < batch->count; i++) {
        const struct due *due = &batch->due[i];
        uint8_t hash[CRYPTO_SHA256_LEN];
        embedding_hash(due->text, hash);
        TRY(db_exec(ctx, tx, &SQL_properties_embed_put,
            DB_ARGS(DB_I64(due->property_id), DB_TEXT(due->locale), DB_TEXT(batch->model),
                embedding_arg(ctx, &batch->embeddings[i]), DB_BINARY(hash, sizeof(hash))),
            /* out_affected */ NULL));
    }
    return db_exec(ctx, tx, &SQL_properties_embed_clear,
        DB_ARGS(DB_I64(batch->range.from), DB_I64(batch->range.to)), /* out_affected */ NULL);
}

err properties_embed(struct ctx *ctx, struct db *db, struct embedder *embedder, const char *model,
    struct properties_range *range)
{
    struct list rows = {0};
    const char *texts[BATCH];
    struct embedding embeddings[BATCH];
    TRY(db_list_slow(ctx, db, &SQL_properties_embed_due,
        DB_ARGS(DB_TEXT(model), DB_I64(range->from), DB_I64(range->to), DB_I64(BATCH)), SHAPE(due),
        BATCH, &rows));
    const struct due *due = rows.items;
    const size_t count = (size_t)rows.count;
    for (size_t i = 0; i < count; i++) {
        texts[i] = due[i].text;
    }
    if (count > 0) {
        TRY(embed_documents(ctx, embedder, model, texts, count, embeddings));
    }
    /* The last property of a full batch may have more texts. */
    const int64_t last = count < BATCH ? range->to : due[count - 1].property_id;
    struct batch batch = {model, {range->from, last}, due, embeddings, count};
    TRY(db_tx(ctx, db, put, &batch)); /* not on the fast lane: the index makes each row slow */
    range->from = last;
    if (count < BATCH) {
        *range = (struct properties_range){.from = 1, .to = 0};
    }
    return OK;
}

/* Batches of their own memory. until_ns: monotonic; what is left then stays in range. */
static err embed_range(struct ctx *ctx, struct db *db, struct embedder *embedder,
    struct properties_range *range, int64_t until_ns)
{
    const char *model = NULL;
    TRY(properties_model(ctx, db, embedder_model(embedder), &model));
    while (!properties_range_is_empty(range) && clock_monotonic_ns(ctx->clock) < until_ns) {
        struct ctx batch = *ctx;
        batch.arena = arena_new(/* pool */ NULL);
        const err e = properties_embed(&batch, db, embedder, model, range);
        ctx->error = batch.error;
        ctx->error.fields = NULL; /* were in the batch's arena */
        ctx->error.field_count = 0;
        arena_free(batch.arena);
        TRY(e);
    }
    return OK;
}

err properties_embed_all(struct ctx *ctx, struct db *db, struct embedder *embedder)
{
    struct properties_range all = {.from = 0, .to = INT64_MAX};
    return embed_range(ctx, db, embedder, &all, INT64_MAX);
}

err properties_embed_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct properties_range range = {.from = 0, .to = INT64_MAX};
    const struct json *one = json_get(job->payload, "property_id");
    if (one != NULL && !json_i64(one, &range.from)) {
        return fail(ctx, ERR_INVALID, "property_id is no id");
    }
    if (one != NULL) {
        range.to = range.from;
    } else {
        (void)json_i64(json_get(job->progress, "from"), &range.from);
    }
    TRY(embed_range(ctx, services->db, services->embedder, &range,
        clock_monotonic_ns(ctx->clock) + RUN_NS));
    if (!properties_range_is_empty(&range)) {
        job->again = true;
        TRY(job_progress(ctx, services->db, job,
            arena_printf(ctx->arena, "{\"from\":%" PRId64 "}", range.from)));
    }
    return OK;
}
