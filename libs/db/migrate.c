#include "db/migrate.h"

#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/embed.h"
#include "core/log.h"
#include "db/db.h"
#include "db/history.h"
#include "db/session.h"

struct job {
    const struct migrate_plan *plan;
    const char *variable; /* the setting that named the database: what an operator has to mend */
    struct migrate_entry *entries;
    int count;
    int applied;
};

static bool has_own_url(const struct db_config *config)
{
    return config->migrate_database_url != NULL && *config->migrate_database_url != '\0';
}

static const char *migrate_url(const struct db_config *config)
{
    return has_own_url(config) ? config->migrate_database_url : config->database_url;
}

static const char *migrate_variable(const struct db_config *config)
{
    return has_own_url(config) ? "MIGRATE_DATABASE_URL" : "DATABASE_URL";
}

static err run_sql(struct ctx *ctx, PGconn *pg, const char *what, const char *sql)
{
    return history_ask(ctx, pg, &(struct history_query){.what = what, .sql = sql}, NULL);
}

static err become_owner(struct ctx *ctx, PGconn *pg, const struct job *job)
{
    const char *role = job->plan->owner_role;
    if (role == NULL || *role == '\0') {
        return OK;
    }
    const err asked = history_ask(ctx, pg,
        &(struct history_query){.what = "owner role",
            .sql = "SELECT set_config('role', $1, false)",
            .values = (const char *const[]){role},
            .count = 1},
        NULL);
    if (is_ok(asked) || asked.code == ERR_UNAVAILABLE) {
        return asked;
    }
    const char *why = arena_strdup(ctx->arena, ctx->error.text);
    return fail(ctx, ERR_CONFLICT, "%s: role %s cannot become %s (%s)", job->variable, PQuser(pg),
        role, why);
}

/* Two at once: the second one waits for the first, then finds nothing to do. The lock ends with the session. */
static err take_lock(struct ctx *ctx, PGconn *pg)
{
    TRY(run_sql(ctx, pg, "settings", "SET lock_timeout = '30s'"));
    TRY(run_sql(ctx, pg, "migration lock", "SELECT pg_advisory_lock(7203114896)"));
    return run_sql(ctx, pg, "settings", "SET lock_timeout = '5s'");
}

static err check_history(struct ctx *ctx, const struct job *job)
{
    for (int i = 0; i < job->count; i++) {
        if (job->entries[i].changed) {
            return fail(ctx, ERR_CONFLICT, "%s was changed after it was applied",
                job->entries[i].name);
        }
    }
    return OK;
}

static err check_product(struct ctx *ctx, PGconn *pg, const struct job *job, bool required)
{
    const char *owner = "";
    const char *wanted = job->plan->product_id;
    TRY(history_product(ctx, pg, &owner));
    if (*owner == '\0' && required) {
        return fail(ctx, ERR_CONFLICT, "%s: the database has nothing of \"%s\" yet: run migrate",
            job->variable, wanted);
    }
    if (*owner != '\0' && strcmp(owner, wanted) != 0) {
        return fail(ctx, ERR_CONFLICT, "%s: the database belongs to product \"%s\", not to \"%s\"",
            job->variable, owner, wanted);
    }
    return OK;
}

static err record(struct ctx *ctx, PGconn *pg, const struct job *job, int i, int64_t took_ms)
{
    const char *const values[] = {arena_printf(ctx->arena, "%" PRId64, job->entries[i].version),
        job->entries[i].name, history_checksum(ctx, &job->plan->files[i]),
        arena_printf(ctx->arena, "%" PRId64, took_ms)};
    TRY(history_ask(ctx, pg,
        &(struct history_query){.what = "schema_migrations",
            .sql = "INSERT INTO schema_migrations (version, name, checksum, took_ms) "
                   "VALUES ($1::int, $2, $3, $4::int)",
            .values = values,
            .count = 4},
        NULL));
    if (i > 0) {
        return OK;
    }
    return history_ask(ctx, pg,
        &(struct history_query){.what = "product id",
            .sql = "INSERT INTO settings (key, value) VALUES ('product_id', to_jsonb($1::text))",
            .values = (const char *const[]){job->plan->product_id},
            .count = 1},
        NULL);
}

/* A failure leaves the transaction open: disconnecting undoes it. */
static err apply(struct ctx *ctx, PGconn *pg, const struct job *job, int i)
{
    const struct embed *file = &job->plan->files[i];
    const int64_t start_ns = clock_monotonic_ns(ctx->clock);
    TRY(run_sql(ctx, pg, file->name, "BEGIN"));
    TRY(run_sql(ctx, pg, file->name, (const char *)file->data));
    if (PQtransactionStatus(pg) != PQTRANS_INTRANS) {
        return fail(ctx, ERR_INTERNAL, "%s ended the transaction it runs in", file->name);
    }
    const int64_t took_ms = (clock_monotonic_ns(ctx->clock) - start_ns) / 1000000;
    TRY(record(ctx, pg, job, i, took_ms));
    TRY(run_sql(ctx, pg, file->name, "COMMIT"));
    log_debug(ctx, "migration.applied", LOG_STR("name", file->name), LOG_I64("took_ms", took_ms));
    return OK;
}

static const char create_history[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                     "version int PRIMARY KEY, name text NOT NULL, "
                                     "checksum text NOT NULL, "
                                     "applied_at timestamptz NOT NULL DEFAULT now(), "
                                     "took_ms int NOT NULL)";

/* The lock and the owner's role belong to a session, which a pooler lends to others between two transactions. */
static err check_direct(struct ctx *ctx, PGconn *pg)
{
    bool pooled = false;
    TRY(db_session_is_pooled(ctx, pg, &pooled));
    return pooled ? fail(ctx, ERR_CONFLICT,
                        "migrations do not go through a pooler: set MIGRATE_DATABASE_URL to "
                        "Postgres itself")
                  : OK;
}

static err run_all(struct ctx *ctx, PGconn *pg, void *arg)
{
    struct job *job = arg;
    TRY(check_direct(ctx, pg));
    TRY(become_owner(ctx, pg, job));
    TRY(take_lock(ctx, pg));
    TRY(check_product(ctx, pg, job, /* required= */ false));
    TRY(history_read(ctx, pg, job->plan, &job->entries, &job->count));
    TRY(check_history(ctx, job));
    TRY(run_sql(ctx, pg, "schema_migrations", create_history));
    for (int i = 0; i < job->count; i++) {
        if (!job->entries[i].applied) {
            TRY(apply(ctx, pg, job, i));
            job->applied++;
        }
    }
    return OK;
}

err migrate_run(struct ctx *ctx, const struct db_config *config, const struct migrate_plan *plan,
    int *out_applied)
{
    struct job job = {.plan = plan, .variable = migrate_variable(config)};
    TRY(history_connect(ctx, migrate_url(config), run_all, &job));
    *out_applied = job.applied;
    return OK;
}

static err read_status(struct ctx *ctx, PGconn *pg, void *arg)
{
    struct job *job = arg;
    TRY(become_owner(ctx, pg, job));
    return history_read(ctx, pg, job->plan, &job->entries, &job->count);
}

err migrate_status(struct ctx *ctx, const struct db_config *config, const struct migrate_plan *plan,
    struct migrate_entry **out, int *out_count)
{
    struct job job = {.plan = plan, .variable = migrate_variable(config)};
    TRY(history_connect(ctx, migrate_url(config), read_status, &job));
    *out = job.entries;
    *out_count = job.count;
    return OK;
}

/* $1 = product. Its own databases (development, test) are called after it. The maintenance databases are open to
 * everybody in a default cluster, and hold nothing of a product. */
static const char other_databases[] =
    "SELECT datname FROM pg_database "
    "WHERE datallowconn AND NOT datistemplate AND datname NOT IN (current_database(), 'postgres') "
    "AND NOT starts_with(datname, $1 || '_') "
    "AND has_database_privilege(current_user, oid, 'CONNECT') ORDER BY datname LIMIT 1";

static err check_isolation(struct ctx *ctx, PGconn *pg, const char *product_id)
{
    PGresult *rows = NULL;
    const struct history_query query = {
        .what = "databases",
        .sql = other_databases,
        .values = (const char *const[]){product_id},
        .count = 1,
    };
    TRY(history_ask(ctx, pg, &query, &rows));
    if (PQntuples(rows) > 0) {
        return fail(ctx, ERR_CONFLICT,
            "DATABASE_URL: role %s can connect to database %s too: REVOKE CONNECT", PQuser(pg),
            PQgetvalue(rows, 0, 0));
    }
    return OK;
}

static err check_all(struct ctx *ctx, PGconn *pg, void *arg)
{
    struct job *job = arg;
    TRY(check_product(ctx, pg, job, /* required= */ true));
    TRY(history_read(ctx, pg, job->plan, &job->entries, &job->count));
    TRY(check_history(ctx, job));
    for (int i = 0; i < job->count; i++) {
        if (!job->entries[i].applied) {
            return fail(ctx, ERR_CONFLICT, "%s is not applied: run migrate", job->entries[i].name);
        }
    }
    TRY(check_isolation(ctx, pg, job->plan->product_id));
    return db_session_check(ctx, pg);
}

err migrate_verify(struct ctx *ctx, const struct db_config *config, const struct migrate_plan *plan)
{
    struct job job = {.plan = plan, .variable = "DATABASE_URL"};
    return history_connect(ctx, config->database_url, check_all, &job);
}

static err check_replica(struct ctx *ctx, PGconn *pg, void *arg)
{
    const struct job *job = arg;
    TRY(check_product(ctx, pg, job, /* required= */ false));
    return db_session_check(ctx, pg);
}

err migrate_verify_replica(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan)
{
    struct job job = {.plan = plan, .variable = "DATABASE_READ_URL"};
    return history_connect(ctx, config->database_read_url, check_replica, &job);
}

static err check_owner(struct ctx *ctx, PGconn *pg, void *arg)
{
    return check_product(ctx, pg, arg, /* required= */ true);
}

err migrate_check_product(struct ctx *ctx, const struct db_config *config,
    const struct migrate_plan *plan)
{
    struct job job = {.plan = plan, .variable = "DATABASE_URL"};
    return history_connect(ctx, config->database_url, check_owner, &job);
}
