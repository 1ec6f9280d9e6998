#include "chat/retention.h"

#include "chat/chat_internal.h"
#include "chat/config.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/services.h"
#include "db/db.h"

#define BATCH 100     /* conversations of one statement: it must not hold locks for long */
#define SPARE_MS 5000 /* of a run, for its last statement and the note */

err chat_retention_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    const int64_t days = services->chat->options.config->data_retention_guest_days;
    int64_t deleted = BATCH;
    int64_t total = 0;
    (void)json_i64(json_get(job->progress, "deleted"), &total); /* of the runs before */
    TRY(db_exec(ctx, services->db, &SQL_chat_retention_claims, DB_ARGS(DB_I64(days)),
        /* out_affected */ NULL));
    while (deleted == BATCH && job_has_time(ctx, SPARE_MS)) {
        TRY(db_exec(ctx, services->db, &SQL_chat_retention, DB_ARGS(DB_I64(days), DB_I64(BATCH)),
            &deleted));
        total += deleted;
    }
    job->again = deleted == BATCH;
    return job_progress(ctx, services->db, job,
        arena_printf(ctx->arena, "{\"deleted\":%lld}", (long long)total));
}
