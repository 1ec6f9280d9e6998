/* faq/reindex.c - the vectors of another model, made beside those in use. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/services.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/background.h"
#include "faq/change.h"
#include "faq/faq.h"
#include "faq/sql.h"
#include "search/embedder.h"

/* A run stops here and goes on in the next one: the last batch has this long. */
#define SPARE_MS 10000
#define BATCH_TEXTS 128
#define SWEEP_ROWS 2000

/* What is kept between runs. `from`: parts of lower ids are done, as far as this pass saw. */
struct reindex_progress {
    const char *model;
    int64_t done, total;
    int64_t faq_from, property_from;
    bool switched;
};
static const struct field reindex_progress_fields[] = {
    FIELD_STR(struct reindex_progress, model, "That will be searched"),
    FIELD_I64(struct reindex_progress, done, "Texts embedded"),
    FIELD_I64(struct reindex_progress, total, "Texts to embed when it began"),
    FIELD_I64(struct reindex_progress, faq_from, "Next entry"),
    FIELD_I64(struct reindex_progress, property_from, "Next property"),
    FIELD_BOOL(struct reindex_progress, switched, "Searches use it"),
};

struct reindex {
    const struct services *services;
    struct job *job;
    const char *model;
    int64_t since_us; /* 0 = vectors that fit are kept */
    struct faq_actor actor;
    struct reindex_progress progress;
    int64_t faq_version;
};

/* One text still to be embedded: a part of an entry, or of a property the text of a locale. */
struct part {
    struct field_set has;
    int64_t id, part;
    const char *locale, *text;
};
static const struct field part_fields[] = {
    FIELD_I64(struct part, id, "Entry or property"),
    FIELD_I64(struct part, part, "Of an entry", .nullable = true),
    FIELD_STR(struct part, locale, "Of a property", .nullable = true),
    FIELD_STR(struct part, text, "What is embedded"),
};

static struct db_arg since(const struct reindex *work)
{
    return work->since_us == 0 ? DB_NULL() : DB_TIME(work->since_us);
}

static err save(struct ctx *ctx, struct db *db, struct reindex *work)
{
    struct buf buf;
    const char *json = NULL;
    size_t len = 0;
    buf_init(&buf, ctx->arena, 256, 4096);
    field_encode(&buf, SHAPE(reindex_progress), &work->progress);
    TRY(buf_finish(ctx, &buf, &json, &len));
    return job_progress(ctx, db, work->job, json);
}

/* ---- one batch ---- */

struct batch {
    struct reindex *work;
    const struct part *parts;
    const struct embedding *vectors;
    size_t count;
    bool of_properties;
};

static err put(struct ctx *ctx, struct db *tx, const struct batch *batch, size_t i)
{
    const struct part *part = &batch->parts[i];
    uint8_t hash[CRYPTO_SHA256_LEN];
    embedding_hash(part->text, hash);
    const struct db_stmt *stmt =
        batch->of_properties ? &SQL_faq_reindex_property_put : &SQL_faq_reindex_put;
    const struct db_arg which = batch->of_properties ? DB_TEXT(part->locale) : DB_I64(part->part);
    return db_exec(ctx, tx, stmt,
        DB_ARGS(DB_I64(part->id), which, DB_TEXT(batch->work->model), DB_BINARY(hash, sizeof(hash)),
            embedding_arg(ctx, &batch->vectors[i])),
        /* out_affected */ NULL);
}

static err put_all(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct batch *batch = arg;
    for (size_t i = 0; i < batch->count; i++) {
        TRY(put(ctx, tx, batch, i));
    }
    return save(ctx, tx, batch->work);
}

/* *out_more: there may be further ones. The memory of a batch is its own: a run makes thousands. */
static err run_batch(struct ctx *ctx, struct reindex *work, bool of_properties, bool *out_more)
{
    struct arena *former = ctx_scratch(ctx);
    struct embedding *vectors = ARENA_ARRAY(ctx->arena, struct embedding, BATCH_TEXTS);
    const char **texts = ARENA_ARRAY(ctx->arena, const char *, BATCH_TEXTS);
    struct list rows = {0};
    int64_t *from = of_properties ? &work->progress.property_from : &work->progress.faq_from;
    err e = db_list_slow(ctx, work->services->db,
        of_properties ? &SQL_faq_reindex_properties : &SQL_faq_reindex_parts,
        DB_ARGS(DB_TEXT(work->model), since(work), DB_I64(*from), DB_I64(BATCH_TEXTS)),
        SHAPE_SET(part), BATCH_TEXTS, &rows);
    const struct part *parts = rows.items;
    for (int64_t i = 0; i < rows.count; i++) {
        texts[i] = parts[i].text;
    }
    if (is_ok(e) && rows.count > 0) {
        e = embed_documents(ctx, work->services->embedder, work->model, texts, (size_t)rows.count,
            vectors);
    }
    if (is_ok(e) && rows.count > 0) {
        struct batch batch = {work, parts, vectors, (size_t)rows.count, of_properties};
        *from = parts[rows.count - 1].id;
        work->progress.done += rows.count;
        e = db_tx(ctx, work->services->db, put_all, &batch);
    }
    *out_more = rows.count == BATCH_TEXTS;
    ctx_scratch_end(ctx, former);
    return e;
}

/* ---- the end ---- */

struct affected {
    int64_t total;
};
static const struct field affected_fields[] = {FIELD_I64(struct affected, total, "Rows")};

/* The version is taken first: whoever changes an entry has it until he commits, so nothing is missed. */
static err switch_model(struct ctx *ctx, struct db *tx, void *arg)
{
    struct reindex *work = arg;
    int64_t switched = 0;
    const struct faq_record record = {"faq.reindex", "settings", 0,
        arena_printf(ctx->arena, "{\"embedding_model\":\"%s\"}", work->model)};
    TRY(faq_bump(ctx, tx, &work->faq_version));
    TRY(db_exec(ctx, tx, &SQL_faq_reindex_switch, DB_ARGS(DB_TEXT(work->model)), &switched));
    work->progress.switched = switched == 1;
    if (!work->progress.switched) { /* texts changed meanwhile: once more from the start */
        work->progress.faq_from = 0;
        work->progress.property_from = 0;
        return save(ctx, tx, work);
    }
    TRY(faq_record(ctx, tx, &work->actor, &record));
    return save(ctx, tx, work);
}

static err sweep(struct ctx *ctx, const struct reindex *work, bool *out_more)
{
    struct affected row = {0};
    TRY(db_one(ctx, work->services->db, &SQL_faq_reindex_sweep, DB_ARGS(DB_I64(SWEEP_ROWS)),
        SHAPE(affected), &row));
    *out_more = row.total > 0;
    return OK;
}

static err run_pass(struct ctx *ctx, struct reindex *work, bool of_properties)
{
    bool more = true;
    while (more && job_has_time(ctx, SPARE_MS)) {
        TRY(run_batch(ctx, work, of_properties, &more));
    }
    work->job->again = more;
    return OK;
}

static err run(struct ctx *ctx, struct reindex *work)
{
    while (!work->progress.switched && job_has_time(ctx, SPARE_MS)) {
        TRY(run_pass(ctx, work, /* of_properties */ false));
        if (!work->job->again) {
            TRY(run_pass(ctx, work, /* of_properties */ true));
        }
        if (!work->job->again) {
            TRY(db_tx(ctx, work->services->db, switch_model, work));
            faq_changed(work->services->faq, work->faq_version);
        }
    }
    bool more = !work->progress.switched;
    while (work->progress.switched && job_has_time(ctx, SPARE_MS)) {
        TRY(sweep(ctx, work, &more));
        if (!more) {
            break;
        }
    }
    work->job->again = more;
    return OK;
}

static err begin(struct ctx *ctx, struct reindex *work)
{
    const struct json *progress = work->job->progress;
    if (json_count(progress) > 0) {
        return field_decode(ctx, SHAPE(reindex_progress), progress, &work->progress);
    }
    struct affected row = {0};
    struct list rows = {0};
    TRY(db_list_slow(ctx, work->services->db, &SQL_faq_reindex_total,
        DB_ARGS(DB_TEXT(work->model), since(work)), SHAPE(affected), /* max */ 1, &rows));
    if (rows.count == 1) {
        row = *(const struct affected *)rows.items;
    }
    work->progress = (struct reindex_progress){.model = work->model, .total = row.total};
    return save(ctx, work->services->db, work);
}

err faq_job_reindex(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct reindex work = {
        .services = services,
        .job = job,
        .model = json_text(json_get(job->payload, "model"), /* out_len */ NULL),
        .actor = {.request_id = json_text(json_get(job->payload, "request_id"), NULL)},
    };
    if (work.model == NULL || !json_i64(json_get(job->payload, "since_us"), &work.since_us) ||
        !json_i64(json_get(job->payload, "by"), &work.actor.user_id)) {
        return fail(ctx, ERR_INVALID, "faq.reindex without what it needs");
    }
    TRY(begin(ctx, &work));
    return run(ctx, &work);
}

/* ---- start ---- */

struct starting {
    const char *payload;
    int64_t job;
};

/* Asked inside a transaction: one that waits or runs already keeps what it was asked for. */
static err queue(struct ctx *ctx, struct db *tx, void *arg)
{
    struct starting *work = arg;
    TRY(jobs_enqueue(ctx, tx, "faq.reindex", work->payload, "faq.reindex", &work->job));
    return work->job != 0
               ? OK
               : fail_public(ctx, ERR_CONFLICT, /* name */ NULL, "A reindex is still under way");
}

err faq_reindex_start(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_reindex *what, int64_t *out_job)
{
    struct starting work = {0};
    struct buf buf;
    size_t len = 0;
    const char *model = what->model != NULL ? what->model : embedder_model(what->embedder);
    if (!embedder_knows(what->embedder, model)) {
        return fail_field(ctx, "model", CODE_VALIDATION_ERROR, "is not known here");
    }
    buf_init(&buf, ctx->arena, 256, 4096);
    buf_printf(&buf, "{\"by\":%lld,\"since_us\":%lld,\"request_id\":", (long long)actor->user_id,
        what->all ? (long long)clock_wall_us(ctx->clock) : 0LL);
    json_write_string(&buf, actor->request_id, strlen(actor->request_id));
    buf_str(&buf, ",\"model\":");
    json_write_string(&buf, model, strlen(model));
    buf_char(&buf, '}');
    TRY(buf_finish(ctx, &buf, &work.payload, &len));
    TRY(db_tx(ctx, db, queue, &work));
    *out_job = work.job;
    return OK;
}
