#include "svc/schema.h"

#include <stdio.h>
#include <sysexits.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/migrate.h"
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

int schema_prepare(const struct product *product, const struct settings *settings, struct log *log,
    struct shared *shared)
{
    struct arena *arena = arena_new(NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, log, SCHEMA_TIMEOUT_MS);
    char owner_role[64];
    const struct migrate_plan plan = schema_plan(product, owner_role);
    const err done = migrate_and_verify(&ctx, settings, &plan);
    const bool down = done.code == ERR_UNAVAILABLE || done.code == ERR_TIMEOUT;
    shared_set_schema(shared, is_ok(done), clock_wall_us(&clock_system));
    if (!is_ok(done)) {
        log_error(&ctx, down ? "schema.not_reached" : "schema.refused",
            LOG_STR("why", ctx.error.text));
    }
    arena_free(arena);
    return is_ok(done) || down ? EX_OK : EX_CONFIG;
}
