#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/db.h"
#include "db/lanes.h"
#include "db/sqlstate.h"

struct call {
    struct db *db;
    const struct db_stmt *stmt;
    struct db_args args;
    bool slow;
};

/* Gone from this connection (a pooler between us), or planned for a schema that has changed: made anew. The
 * two stand in the queue side by side, so that nobody finds the statement missing in between. */
static struct db_query *prepare_again(struct ctx *ctx, struct db_conn *conn,
    const struct db_stmt *stmt)
{
    const char *sql = arena_printf(ctx->arena, "DEALLOCATE \"%s\"", stmt->name);
    const bool sent = conn->state == DB_CONN_READY && db_query_text(conn, sql) != NULL;
    return sent ? db_query_prepare(conn, stmt) : NULL;
}

static err wait_for(struct ctx *ctx, struct db_conn *conn, struct db_query *query, PGresult **out)
{
    return query == NULL ? db_unavailable(ctx, conn->env, "connection lost")
                         : db_query_wait(ctx, conn, query, LIMIT_DB_QUERY_MS, out);
}

static err execute(struct ctx *ctx, struct db_conn *conn, const struct call *call, bool shares,
    PGresult **out)
{
    if (conn->state != DB_CONN_READY) {
        return wait_for(ctx, conn, /* query= */ NULL, out);
    }
    return wait_for(ctx, conn,
        shares ? db_query_share(conn, call->stmt, call->args)
               : db_query_execute(conn, call->stmt, call->args),
        out);
}

/* Only on the fast lane has a query neighbours. Whose neighbour failed runs again by itself. */
static err execute_once(struct ctx *ctx, struct db_conn *conn, const struct call *call,
    PGresult **out)
{
    const bool shares = call->stmt->reads && !call->slow && call->db->leased == NULL;
    TRY(execute(ctx, conn, call, shares, out));
    if (PQresultStatus(*out) != PGRES_PIPELINE_ABORTED) {
        return OK;
    }
    PQclear(*out);
    return execute(ctx, conn, call, /* shares= */ false, out);
}

static err ask_on(struct ctx *ctx, struct db_conn *conn, const struct call *call, PGresult **out)
{
    PGresult *result = NULL;
    TRY(execute_once(ctx, conn, call, &result));
    if (call->db->leased == NULL && db_sqlstate_is_stale(result)) {
        PQclear(result);
        TRY(wait_for(ctx, conn, prepare_again(ctx, conn, call->stmt), &result));
        if (PQresultStatus(result) == PGRES_COMMAND_OK) {
            PQclear(result);
            TRY(execute(ctx, conn, call, /* shares= */ false, &result));
        }
    }
    *out = result;
    return OK;
}

static err ask_fast(struct ctx *ctx, const struct call *call, PGresult **out)
{
    struct db_conn *conn = NULL;
    TRY(db_fast_conn(ctx, &call->db->lanes->fast, &conn));
    const err e = ask_on(ctx, conn, call, out);
    if (e.code == ERR_TIMEOUT && db_conn_is_stuck(conn)) {
        db_conn_break(conn, "no answer in time");
    }
    return e;
}

static err ask_slow(struct ctx *ctx, const struct call *call, PGresult **out)
{
    struct db_slow *slow = &call->db->lanes->slow;
    struct db_conn *conn = NULL;
    TRY(db_slow_lease(ctx, slow, &conn));
    const err e = ask_on(ctx, conn, call, out);
    db_slow_return(slow, conn);
    return e;
}

static err ask(struct ctx *ctx, const struct call *call, PGresult **out)
{
    if (call->db->lanes->env.echo) {
        log_debug(ctx, "db.statement_sent", LOG_STR("name", call->stmt->name),
            LOG_STR("sql", call->stmt->text));
    }
    if (call->db->leased != NULL) {
        return ask_on(ctx, call->db->leased, call, out);
    }
    return call->slow ? ask_slow(ctx, call, out) : ask_fast(ctx, call, out);
}

static void clear_result(void *result)
{
    PQclear(result);
}

/* One run. On OK *out lives as long as the arena; *out_again: the server says that another run may succeed. */
static err run_once(struct ctx *ctx, const struct call *call, PGresult **out, bool *out_again)
{
    PGresult *result = NULL;
    TRY(ask(ctx, call, &result));
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        arena_defer(ctx->arena, clear_result, result);
        *out = result;
        return OK;
    }
    call->db->lanes->env.errors++;
    *out_again = db_sqlstate_is_transient(result);
    if (call->db->leased != NULL) {
        call->db->transient = *out_again;
        call->db->stale = db_sqlstate_is_stale(result);
    }
    const err e = db_sqlstate_fail(ctx, call->stmt->name, result);
    PQclear(result);
    return e;
}

/* A single statement is its own transaction: what the server rolled back may run again. */
static err run_here(struct ctx *ctx, const struct call *call, PGresult **out)
{
    for (int runs = 1;; runs++) {
        bool again = false;
        const err e = run_once(ctx, call, out, &again);
        if (!again || call->db->leased != NULL || runs == DB_RUNS_MAX) {
            return e;
        }
        err_clear(ctx); /* it runs again */
        TRY(db_pause(ctx, call->db->lanes));
    }
}

/* Once: there is somebody else to ask. */
static err run_on_replica(struct ctx *ctx, const struct call *call, PGresult **out)
{
    bool again = false;
    const int64_t deadline_ns = ctx->deadline_ns;
    ctx->deadline_ns = ctx_deadline_ns(ctx, LIMIT_DB_REPLICA_MS);
    const err e = run_once(ctx, call, out, &again);
    ctx->deadline_ns = deadline_ns;
    return e;
}

/* A replica may be away, slow, behind in its schema, or at odds with what it replays: the primary has the last word. */
static err run(struct ctx *ctx, const struct call *call, PGresult **out)
{
    struct db_lanes *lanes = call->db->lanes;
    if (lanes->primary == NULL) {
        return run_here(ctx, call, out);
    }
    ASSERT(call->stmt->reads);
    if (lanes->fast.connected) {
        const err e = run_on_replica(ctx, call, out);
        if (is_ok(e) || e.code == ERR_CANCELLED) {
            return e;
        }
        log_warn(ctx, "db.replica_failed", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the primary is asked */
    }
    lanes->missed++;
    struct call there = *call;
    there.db = lanes->primary;
    return run_here(ctx, &there, out);
}

err db_one(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, void *out)
{
    PGresult *result = NULL;
    TRY(run(ctx, &(struct call){.db = db, .stmt = stmt, .args = args}, &result));
    const int count = PQntuples(result);
    if (count == 0) {
        return fail(ctx, ERR_NOT_FOUND, "%s: no row", stmt->name);
    }
    if (count > 1) {
        return fail(ctx, ERR_INTERNAL, "%s: %d rows instead of one", stmt->name, count);
    }
    struct db_rows rows = {.shape = shape, .result = result};
    TRY(db_row_map(ctx, &db->lanes->maps, stmt, shape, result, &rows.map));
    void *row = arena_alloc(ctx->arena, shape->size);
    TRY(db_row_read(ctx, &rows, 0, row));
    memcpy(out, row, shape->size);
    return OK;
}

struct count {
    int64_t total;
};
static const struct field count_fields[] = {FIELD_I64(struct count, total, "What was counted")};

err db_count(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    int64_t *out)
{
    struct count row = {0};
    TRY(db_one(ctx, db, stmt, args, SHAPE(count), &row));
    *out = row.total;
    return OK;
}

static err read_list(struct ctx *ctx, const struct call *call, const struct shape *shape,
    int64_t max, struct list *out)
{
    PGresult *result = NULL;
    TRY(run(ctx, call, &result));
    const int count = PQntuples(result);
    const int64_t limit = max == 0 ? LIMIT_DB_ROWS : max;
    if (count > limit) {
        return fail(ctx, ERR_TOO_LARGE, "%s: %d rows, at most %" PRId64, call->stmt->name, count,
            limit);
    }
    struct db_rows rows = {.shape = shape, .result = result};
    TRY(db_row_map(ctx, &call->db->lanes->maps, call->stmt, shape, result, &rows.map));
    char *items = arena_alloc(ctx->arena, shape->size * (size_t)count);
    for (int i = 0; i < count; i++) {
        TRY(db_row_read(ctx, &rows, i, items + shape->size * (size_t)i));
    }
    *out = (struct list){.items = items, .count = count};
    return OK;
}

err db_list(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, int64_t max, struct list *out)
{
    const struct call call = {.db = db, .stmt = stmt, .args = args};
    return read_list(ctx, &call, shape, max, out);
}

err db_list_slow(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    const struct shape *shape, int64_t max, struct list *out)
{
    const struct call call = {.db = db, .stmt = stmt, .args = args, .slow = true};
    return read_list(ctx, &call, shape, max, out);
}

/* libpq keeps the count as text; "" when the command has none. */
static int64_t affected_rows(PGresult *result)
{
    int64_t count = 0;
    for (const char *digit = PQcmdTuples(result); *digit != '\0'; digit++) {
        count = count * 10 + (*digit - '0');
    }
    return count;
}

err db_exec(struct ctx *ctx, struct db *db, const struct db_stmt *stmt, struct db_args args,
    int64_t *out_affected)
{
    PGresult *result = NULL;
    TRY(run(ctx, &(struct call){.db = db, .stmt = stmt, .args = args}, &result));
    if (out_affected != NULL) {
        *out_affected = affected_rows(result);
    }
    return OK;
}
