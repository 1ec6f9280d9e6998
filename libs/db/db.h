/* db/db.h - Postgres: single prepared statements on the fast lane, transactions on a leased connection.
 * Owns:   per worker the fast lane (pipelined connections shared by all fibers, ADR 13) and the slow
 *         lane (exclusive connections). Reconnects with back-off; statements are prepared on connect.
 * Waits:  db_one, db_list, db_count, db_exec, db_tx, each at most LIMIT_DB_QUERY_MS and the ctx deadline. A connection
 *         that missed a deadline is closed, never returned.
 * Errors: ERR_TIMEOUT, ERR_UNAVAILABLE (down, too many connections, full queue; retry_after_s is set),
 *         ERR_CANCELLED, and what SQLSTATE says (db/sqlstate.c): ERR_CONFLICT, ERR_INVALID, ERR_INTERNAL. */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "db/stmt.h"

struct ctx;
struct loop;

struct db_config {
    const char *database_url; /* secret; postgres://, postgresql://, postgresql+asyncpg:// */
    const char *migrate_database_url; /* secret; "" = database_url */
    const char *database_read_url;    /* secret; "" = no replica */
    int64_t database_pool_size;       /* kept connections of the whole product */
    int64_t database_max_overflow;    /* further short-lived ones of the slow lanes */
    bool database_pool_pre_ping;
    bool database_echo; /* log statement names and text at debug, never parameters */
};
extern const struct field db_config_fields[];
extern const int db_config_count;

/* A handle to run statements with: the worker's lanes, or inside db_tx the leased connection. Domain functions
 * take one of these and work in both. A replica's handle takes single statements that read, nothing else; what it
 * gives may be old. Asked for at most LIMIT_DB_REPLICA_MS; where that gives no rows, its primary is asked. */
struct db;

struct db_options {
    const struct db_config *config; /* borrowed */
    const struct db_stmt *const *const
        *statements; /* NULL-terminated list of NULL-terminated lists */
    const char *application_name;
    int workers; /* the pool is split by this */
    /* The last thing in a transaction whose ctx may do its work only once; NULL = nothing. */
    err (*before_commit)(struct ctx *ctx, struct db *tx);
    struct db *primary;     /* borrowed; opens its replica at database_read_url; or NULL */
    const char *product_id; /* borrowed; whose a replica must be */
};

/* Never waits: connects in the background. */
struct db *db_open(struct loop *loop, const struct db_options *options);
/* No fiber may be waiting, and the loop may not turn again (its hook stays). Replicas first. */
void db_close(struct db *db);
struct db *db_primary(struct db *db); /* of a replica; db itself if it is none */

struct db_arg {
    const char *text; /* NULL = SQL NULL; borrowed until the call returns */
    int binary_len;   /* over 0: text is that many bytes in the type's binary format */
    char number[32];  /* numbers and times; used when text is NULL and this is not "" */
};
struct db_args {
    int count;
    struct db_arg *values;
};
struct db_arg db_arg_i64(int64_t value);
struct db_arg db_arg_f64(double value);
struct db_arg db_arg_time(int64_t wall_us);
static inline struct db_arg db_arg_text(const char *text)
{
    return (struct db_arg){.text = text};
}
static inline struct db_arg db_arg_id(int64_t id)
{
    return id == 0 ? db_arg_text(NULL) : db_arg_i64(id);
}
static inline struct db_arg db_arg_bool(bool value)
{
    return (struct db_arg){.text = value ? "t" : "f"};
}
static inline struct db_arg db_arg_binary(const void *bytes, int len)
{
    return (struct db_arg){.text = bytes, .binary_len = len};
}

/* Typed arguments: DB_ARGS(DB_TEXT(slug), DB_I64(id)). They travel in text format unless they say otherwise; the SQL
 * casts them. */
#define DB_TEXT(value) db_arg_text(value) /* const char *; NULL = SQL NULL; JSON too */
#define DB_I64(value) db_arg_i64(value)
#define DB_ID(value) db_arg_id(value) /* int64_t; 0 = SQL NULL */
#define DB_F64(value) db_arg_f64(value)
#define DB_BOOL(value) db_arg_bool(value)
#define DB_TIME(value) db_arg_time(value)               /* microseconds since 1970 */
#define DB_BINARY(bytes, len) db_arg_binary(bytes, len) /* NULL = SQL NULL; bytea, vector */
#define DB_NULL() db_arg_text(NULL)
#define DB_ARGS(...)                                                                               \
    ((struct db_args){                                                                             \
        .count = (int)(sizeof((struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)),            \
        .values = (struct db_arg[]){__VA_ARGS__}})
#define DB_NO_ARGS ((struct db_args){0})

/* Exactly one row, else ERR_NOT_FOUND. Columns go to the rows of the shape with the same name (every column
 * must have one). Text points into the result, which lives as long as the arena. */
err db_one(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, void *out);
/* At most `max` rows (0 = LIMIT_DB_ROWS), more is ERR_TOO_LARGE. */
err db_list(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, int64_t max, struct list *out);
/* The one number of a statement, a column called `total`. */
err db_count(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    int64_t *out);
/* No rows wanted; *out_affected (may be NULL) is the number of rows changed. */
err db_exec(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    int64_t *out_affected);

/* One business operation = one transaction: BEGIN, body, COMMIT; the caller replies after it returned OK.
 * Any err of body rolls back. 40001 and 40P01 run body again (three times at most), so body must be safe to
 * repeat: no outbound call, no send. Nesting is a programming error. */
err db_tx(struct ctx *ctx, struct db *db, err (*body)(struct ctx *ctx, struct db *tx, void *arg),
    void *arg);

/* Tells the one who asked with db_on_announced that something was written for it: at once, or in a transaction as soon
 * as that is committed. fn runs on the caller's fiber and must not wait. */
void db_announce(struct db *db);
void db_on_announced(struct db *db, void (*fn)(void *arg), void *arg);

/* Slow single statements (reports, vector search): like db_list, on an exclusive connection. */
err db_list_slow(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, int64_t max, struct list *out);

/* True if the failure kept in ctx is this constraint's: to answer with a finer code. */
bool db_violated(const struct ctx *ctx, const char *constraint);

/* True if the failure kept in ctx says that the server reads but does not write now: a stand-by, a full disk. */
bool db_only_reads(const struct ctx *ctx);

/* For /ready and metrics: last known state, never asks. */
struct db_state {
    bool connected; /* a fast-lane connection is ready */
    int64_t since_us;
    double last_ms;
    int connections, connections_max;
    int waiting;   /* fibers without a connection yet */
    int in_flight; /* queries on the fast lane */
    uint64_t queries, errors, reconnects;
    uint64_t missed; /* statements for a replica that its primary had to answer */
};
struct db_state db_state(const struct db *db);

#endif
