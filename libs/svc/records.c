#include "svc/records.h"

#include <inttypes.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "core/services.h"
#include "db/db.h"
#include "svc/sql.h"

#define BATCH 500     /* rows of a kind in one statement: it must not hold locks for long */
#define SPARE_MS 5000 /* of a run, for its last statement and the note */

err records_purge_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    int64_t purged = 0;
    int64_t total = 0;
    TRY(db_count(ctx, services->db, &SQL_records_purge_audit, DB_NO_ARGS, &total));
    do {
        TRY(db_count(ctx, services->db, &SQL_records_purge, DB_ARGS(DB_I64(BATCH)), &purged));
        total += purged;
    } while (purged > 0 && job_has_time(ctx, SPARE_MS));
    job->again = purged > 0;
    return job_progress(ctx, services->db, job,
        arena_printf(ctx->arena, "{\"deleted\":%" PRId64 "}", total));
}
