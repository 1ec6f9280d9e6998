#include "svc/schema.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/migrate.h"
#include "svc/listen.h"
#include "svc/product.h"
#include "svc/settings.h"
#include "svc/shared.h"

#define SCHEMA_TIMEOUT_MS 60000

struct migrate_plan schema_plan(const struct product *product, char owner_role[64])
{
    snprintf(owner_role, 64, "%s_owner", product->id);
    return (struct migrate_plan){product->migrations, product->id, owner_role};
}

static err migrate_and_verify(struct ctx *ctx, const struct settings *settings,
    const struct migrate_plan *plan)
{
    if (settings->app.migrate_on_start) {
        int applied = 0;
        TRY(migrate_run(ctx, &settings->db, plan, &applied));
        log_info(ctx, "schema.migrated", LOG_I64("applied", applied));
    }
    return migrate_verify(ctx, &settings->db, plan);
}

/* false: the replica must not be used. One that is away is used when it comes, if it proves to be ours then. */
static bool replica_fits(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan)
{
    if (*config->database_read_url == '\0') {
        return true;
    }
    const err checked = migrate_verify_replica(ctx, config, plan);
    if (is_ok(checked)) {
        return true;
    }
    const bool refused = checked.code == ERR_CONFLICT;
    log_error(ctx, refused ? "schema.replica_refused" : "schema.replica_not_reached",
        LOG_STR("why", ctx->error.text));
    if (refused) {
        fprintf(stderr, "%s\n", ctx->error.text); /* as every other setting that is wrong */
    }
    return !refused;
}

int schema_check(const struct schema_job *job)
{
    struct arena *arena = arena_new(NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, job->log, SCHEMA_TIMEOUT_MS);
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(job->product, owner_role);
    const err done = migrate_and_verify(&ctx, job->settings, &plan);
    const bool down = done.code == ERR_UNAVAILABLE || done.code == ERR_TIMEOUT;
    shared_set_schema(job->shared, is_ok(done), clock_wall_us(&clock_system));
    if (!is_ok(done)) {
        log_error(&ctx, down ? "schema.not_reached" : "schema.refused",
            LOG_STR("why", ctx.error.text));
    }
    if (!is_ok(done) && !down) {
        fprintf(stderr, "%s\n", ctx.error.text); /* as every other setting that is wrong */
    }
    const bool fits = is_ok(done) ? replica_fits(&ctx, &job->settings->db, &plan) : down;
    arena_free(arena);
    return fits ? EX_OK : EX_CONFIG;
}

pid_t schema_check_start(const struct schema_job *job, const int *sockets, int count)
{
    const pid_t parent = getpid();
    log_flush(job->log); /* what is buffered must not be written twice */
    const pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed migration leaves nothing half done */
    if (getppid() != parent) {
        _exit(EX_OK);
    }
    listen_close(sockets, count);
    const int code = schema_check(job);
    log_flush(job->log);
    exit(code);
}
