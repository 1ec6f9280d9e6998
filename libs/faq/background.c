#include "faq/background.h"

#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/services.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/change.h"
#include "faq/embed.h"
#include "faq/faq.h"
#include "faq/sql.h"

/* A run stops here and goes on in the next one: the last batch has this long. */
#define SPARE_MS 10000
#define BATCH_TEXTS 128

static err with_model_in_use(struct ctx *ctx, const struct services *services,
    struct faq_embed *out)
{
    *out = (struct faq_embed){services->db, services->embedder, NULL};
    return faq_embed_model(ctx, services->db, services->embedder, &out->model);
}

static void tell(const struct services *services, int64_t faq_version)
{
    if (faq_version != 0) {
        faq_changed(services->faq, faq_version);
    }
}

err faq_job_embed(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct faq_embed with;
    int64_t id = 0;
    int64_t faq_version = 0;
    if (!json_i64(json_get(job->payload, "faq_id"), &id)) {
        return fail(ctx, ERR_INVALID, "faq.embed without faq_id");
    }
    TRY(with_model_in_use(ctx, services, &with));
    TRY(faq_embed_one(ctx, &with, id, &faq_version));
    tell(services, faq_version);
    return OK;
}

err faq_job_embed_all(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct faq_embed with;
    int64_t from = 0;
    int64_t done = 1;
    int64_t faq_version = 0;
    TRY(with_model_in_use(ctx, services, &with));
    while (done > 0 && job_has_time(ctx, SPARE_MS)) {
        TRY(faq_embed_stale(ctx, &with, BATCH_TEXTS, &from, &done, &faq_version));
        tell(services, faq_version);
    }
    job->again = done > 0;
    return OK;
}

/* ---- import ---- */

struct importing {
    struct job *job;
    struct faq_actor actor;
    const struct json *chunks;
    int64_t faq_version;
};

struct applied {
    int64_t created, updated, total;
};
static const struct field applied_fields[] = {
    FIELD_I64(struct applied, created, "New entries"),
    FIELD_I64(struct applied, updated, "Changed entries"),
    FIELD_I64(struct applied, total, "Rows"),
};

static err apply_chunks(struct ctx *ctx, struct db *tx, const struct importing *work,
    struct applied *out)
{
    *out = (struct applied){0};
    for (size_t i = 0; i < json_count(work->chunks); i++) {
        struct applied chunk = {0};
        TRY(db_one(ctx, tx, &SQL_faq_import_apply,
            DB_ARGS(DB_TEXT(json_text(json_at(work->chunks, i), /* out_len */ NULL)),
                DB_I64(work->actor.user_id), DB_TEXT(work->actor.request_id)),
            SHAPE(applied), &chunk));
        out->created += chunk.created;
        out->updated += chunk.updated;
        out->total += chunk.total;
    }
    return OK;
}

/* All rows, that the job has done them, and what follows: one transaction. */
static err import(struct ctx *ctx, struct db *tx, void *arg)
{
    struct importing *work = arg;
    struct applied sum;
    TRY(apply_chunks(ctx, tx, work, &sum));
    const char *progress = arena_printf(ctx->arena,
        "{\"created\":%lld,\"updated\":%lld,\"skipped\":%lld}", (long long)sum.created,
        (long long)sum.updated, (long long)(sum.total - sum.created - sum.updated));
    TRY(db_exec(ctx, tx, &SQL_faq_import_done, DB_ARGS(DB_I64(work->job->id)),
        /* out_affected */ NULL));
    TRY(jobs_enqueue(ctx, tx, "faq.embed_all", "{}", "faq.embed_all", /* out_id */ NULL));
    TRY(job_progress(ctx, tx, work->job, progress));
    return faq_bump(ctx, tx, &work->faq_version);
}

err faq_job_import(struct ctx *ctx, const struct services *services, struct job *job)
{
    struct importing work = {
        .job = job,
        .actor = {.request_id = json_text(json_get(job->payload, "request_id"), NULL)},
        .chunks = json_get(job->payload, "chunks"),
    };
    if (work.chunks == NULL) {
        return OK; /* a run before this one did it, and could not say so */
    }
    if (!json_i64(json_get(job->payload, "by"), &work.actor.user_id)) {
        return fail(ctx, ERR_INVALID, "faq.import without its author");
    }
    TRY(db_tx(ctx, services->db, import, &work));
    tell(services, work.faq_version);
    return OK;
}
