#include "db/db.h"

#include "core/arena.h"
#include "core/assert.h"
#include "core/limits.h"
#include "db/lanes.h"
#include "db/pipe.h"
#include "db/session.h"
#include "db/url.h"
#include "net/loop.h"

static bool is_valid_or_empty(const char *url)
{
    return *url == '\0' || db_url_is_valid(url);
}

const struct field db_config_fields[] = {
    FIELD_SECRET(struct db_config, database_url, "Postgres URL of the product's own role",
        .required = true, .check = db_url_is_valid,
        .check_text = "must be postgres://user:password@host:port/database"),
    FIELD_SECRET(struct db_config, migrate_database_url,
        "Postgres URL of the migration role, not through a pooler; empty = DATABASE_URL",
        .dflt_text = "", .check = is_valid_or_empty,
        .check_text = "must be postgres://user:password@host:port/database"),
    FIELD_SECRET(struct db_config, database_read_url,
        "Postgres URL of a read replica, for listings that guests read; empty = none",
        .dflt_text = "", .check = is_valid_or_empty,
        .check_text = "must be postgres://user:password@host:port/database"),
    FIELD_I64(struct db_config, database_pool_size,
        "Kept Postgres connections of the whole product, split over the workers", .min = 1,
        .max = 1000, .dflt = 10),
    FIELD_I64(struct db_config, database_max_overflow,
        "Further short-lived connections of the whole product", .min = 0, .max = 1000, .dflt = 20),
    FIELD_BOOL(struct db_config, database_pool_pre_ping, "Ask an idle connection before it is used",
        .dflt = 1),
    FIELD_BOOL(struct db_config, database_echo,
        "Log the SQL text (never parameters) at debug level"),
};
const int db_config_count = FIELD_COUNT_(db_config_fields);

/* All of one allocation, which is in the arena it owns. */
struct worker_db {
    struct db db;
    struct db_lanes lanes;
};

static bool flush_turn(void *arg)
{
    return db_pipe_flush_all(arg);
}

static int share(int64_t whole, int workers)
{
    return (int)(whole / workers);
}

struct db *db_open(struct loop *loop, const struct db_options *options)
{
    const struct db_config *config = options->config;
    const bool replica = options->primary != NULL;
    struct arena *arena = arena_new(/* pool= */ NULL);
    struct worker_db *worker = ARENA_NEW(arena, struct worker_db);
    struct db_lanes *lanes = &worker->lanes;
    worker->db.lanes = lanes;
    lanes->maps.arena = arena;
    lanes->primary = options->primary;
    lanes->env = (struct db_env){.loop = loop,
        .arena = arena,
        .statements = options->statements,
        .before_commit = options->before_commit,
        .product_id = replica ? options->product_id : NULL,
        .echo = config->database_echo};
    const bool valid =
        db_url_params(arena, replica ? config->database_read_url : config->database_url,
            options->application_name, db_session_options(arena, replica), &lanes->env.params);
    ASSERT(valid); /* the settings were checked */
    loop_on_turn(loop, flush_turn, &lanes->env);
    const int kept = share(config->database_pool_size, options->workers) - 1;
    db_slow_open(&lanes->slow, &lanes->env, kept < 1 ? 1 : kept,
        share(config->database_max_overflow, options->workers), config->database_pool_pre_ping);
    db_fast_open(&lanes->fast, &lanes->env);
    return &worker->db;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    ASSERT(db_state(db).waiting == 0);
    struct db_lanes *lanes = db->lanes;
    db_fast_close(&lanes->fast);
    db_slow_close(&lanes->slow);
    arena_free(lanes->env.arena);
}

struct db *db_primary(struct db *db)
{
    return db->lanes->primary == NULL ? db : db->lanes->primary;
}

struct db_state db_state(const struct db *db)
{
    const struct db_fast *fast = &db->lanes->fast;
    const struct db_slow *slow = &db->lanes->slow;
    const struct db_env *env = &db->lanes->env;
    return (struct db_state){
        .connected = fast->connected,
        .since_us = fast->since_us,
        .last_ms = (double)env->last_ns / 1e6,
        .connections = slow->open + (fast->connected ? 1 : 0),
        .connections_max = slow->max + 1,
        .waiting = slow->waiters.count + fast->waiters.count,
        .in_flight = fast->conn.in_flight,
        .queries = env->queries,
        .errors = env->errors,
        .reconnects = fast->reconnects,
        .missed = db->lanes->missed,
    };
}
