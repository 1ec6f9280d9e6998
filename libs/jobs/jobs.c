#include "jobs/jobs.h"

#include "core/clock.h"
#include "core/ctx.h"
#include "db/db.h"
#include "jobs/jobs_internal.h"
#include "jobs/sql.h"

#define FORGET_MAX 100 /* rows of one statement */
#define NS_PER_MS 1000000

bool job_has_time(const struct ctx *ctx, int64_t spare_ms)
{
    return clock_monotonic_ns(ctx->clock) + spare_ms * NS_PER_MS < ctx->deadline_ns;
}

err jobs_enqueue(struct ctx *ctx, struct db *db, const char *kind, const char *payload_json,
    const char *dedupe_key, int64_t *out_id)
{
    struct queued {
        int64_t id;
    };
    static const struct field queued_fields[] = {FIELD_I64(struct queued, id, "0 = none new")};
    struct queued row = {0};
    TRY(db_one(ctx, db, &SQL_jobs_enqueue,
        DB_ARGS(DB_TEXT(kind), DB_TEXT(payload_json), DB_TEXT(dedupe_key)), SHAPE(queued), &row));
    db_announce(db);
    if (out_id != NULL) {
        *out_id = row.id;
    }
    return OK;
}

err job_progress(struct ctx *ctx, struct db *db, struct job *job, const char *json)
{
    int64_t kept = 0;
    TRY(db_exec(ctx, db, &SQL_jobs_progress,
        DB_ARGS(DB_I64(job->id), DB_I64(job->attempts), DB_TEXT(json), DB_I64(JOB_LEASE_SECONDS)),
        &kept));
    return kept > 0 ? OK : fail(ctx, ERR_CANCELLED, "another worker has the job");
}

err jobs_list(struct ctx *ctx, struct db *db, const struct job_filter *filter, struct list *out)
{
    return db_list_slow(ctx, db, &SQL_jobs_list,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->kind), DB_I64(filter->after_id),
            DB_I64(filter->limit)),
        &job_row_shape, filter->limit, out);
}

err jobs_forget(struct ctx *ctx, struct db *db, const char *kind, int64_t keep_seconds)
{
    return db_exec(ctx, db, &SQL_jobs_forget,
        DB_ARGS(DB_TEXT(kind), DB_I64(keep_seconds), DB_I64(FORGET_MAX)), /* out_affected */ NULL);
}

err jobs_count(struct ctx *ctx, struct db *db, const struct job_filter *filter, int64_t *out)
{
    struct total {
        int64_t total;
    };
    static const struct field total_fields[] = {FIELD_I64(struct total, total, "Rows")};
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, &SQL_jobs_count,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->kind)), SHAPE(total), /* max */ 1, &rows));
    *out = ((const struct total *)rows.items)->total;
    return OK;
}

err jobs_get(struct ctx *ctx, struct db *db, int64_t id, struct job_row *out)
{
    const err found = db_one(ctx, db, &SQL_jobs_get, DB_ARGS(DB_I64(id)), &job_row_shape, out);
    return found.code == ERR_NOT_FOUND
               ? fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Job not found")
               : found;
}

err jobs_retry(struct ctx *ctx, struct db *db, int64_t id, int64_t actor_id, struct job_row *out)
{
    struct job_row before = {0};
    TRY(jobs_get(ctx, db, id, &before));
    const err again = db_one(ctx, db, &SQL_jobs_retry,
        DB_ARGS(DB_I64(id), DB_I64(actor_id), DB_TEXT(ctx->request_id)), &job_row_shape, out);
    if (again.code == ERR_NOT_FOUND) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL, "The job has not failed");
    }
    if (again.code == ERR_CONFLICT) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL, "The same work is waiting already");
    }
    TRY(again);
    db_announce(db);
    return OK;
}
