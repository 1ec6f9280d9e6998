#include <string.h>

#include "core/assert.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "db/db.h"
#include "db/lanes.h"
#include "db/sqlstate.h"
#include "net/fiber.h"

#define PAUSE_MAX_MS 15U

struct work {
    err (*body)(struct ctx *ctx, struct db *tx, void *arg);
    void *arg;
};

err db_pause(struct ctx *ctx, struct db_lanes *lanes)
{
    uint8_t random = 0;
    crypto_random(&random, sizeof(random));
    return fiber_sleep(ctx, lanes->env.loop, 1 + random % PAUSE_MAX_MS);
}

/* BEGIN or COMMIT; each answers with its own name. */
static err command(struct ctx *ctx, struct db *tx, const char *sql)
{
    struct db_conn *conn = tx->leased;
    struct db_query *query = conn->state == DB_CONN_READY ? db_query_text(conn, sql) : NULL;
    if (query == NULL) {
        return db_unavailable(ctx, conn->env, "connection lost");
    }
    PGresult *result = NULL;
    TRY(db_query_wait(ctx, conn, query, LIMIT_DB_QUERY_MS, &result));
    err e = OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        tx->transient = db_sqlstate_is_transient(result);
        e = db_sqlstate_fail(ctx, sql, result);
    } else if (strcmp(PQcmdStatus(result), sql) != 0) {
        e = fail(ctx, ERR_INTERNAL, "%s answered by %s: an error in the transaction was ignored",
            sql, PQcmdStatus(result));
    }
    PQclear(result);
    return e;
}

static err commit(struct ctx *ctx, struct db *tx)
{
    if (clock_monotonic_ns(ctx->clock) >= ctx->deadline_ns) {
        return fail(ctx, ERR_TIMEOUT, "no time left to commit");
    }
    const err e = command(ctx, tx, "COMMIT");
    /* Without an answer nobody knows; running it again could do the work twice. */
    return e.code == ERR_TIMEOUT ? db_unavailable(ctx, &tx->lanes->env, "no answer to COMMIT") : e;
}

static err run_in(struct ctx *ctx, struct db *tx, const struct work *work)
{
    const struct db_env *env = &tx->lanes->env;
    const err begun = command(ctx, tx, "BEGIN");
    if (!is_ok(begun)) {
        /* The server had closed it, or does so now: nothing was done yet, another connection may be better. */
        tx->transient = tx->transient || begun.code == ERR_UNAVAILABLE;
        return begun;
    }
    TRY(work->body(ctx, tx, work->arg));
    if (ctx->once != NULL && env->before_commit != NULL) {
        TRY(env->before_commit(ctx, tx));
    }
    return commit(ctx, tx);
}

void db_on_announced(struct db *db, void (*fn)(void *arg), void *arg)
{
    db->lanes->announced = fn;
    db->lanes->announced_arg = arg;
}

void db_announce(struct db *db)
{
    if (db->leased != NULL) {
        db->announced = true;
    } else if (db->lanes->announced != NULL) {
        db->lanes->announced(db->lanes->announced_arg);
    }
}

/* *out_again: the server rolled everything back and another run may succeed. */
static err run_once(struct ctx *ctx, struct db_lanes *lanes, const struct work *work,
    bool *out_again)
{
    struct db tx = {.lanes = lanes};
    TRY(db_slow_lease(ctx, &lanes->slow, &tx.leased));
    const err e = run_in(ctx, &tx, work);
    if (tx.stale && tx.leased->state != DB_CONN_DOWN) {
        db_conn_break(tx.leased, "a prepared statement is out of date");
    }
    db_slow_return(&lanes->slow, tx.leased);
    if (is_ok(e) && tx.announced) {
        db_announce(&(struct db){.lanes = lanes});
    }
    *out_again = !is_ok(e) && (tx.transient || tx.stale);
    return e;
}

err db_tx(struct ctx *ctx, struct db *db, err (*body)(struct ctx *ctx, struct db *tx, void *arg),
    void *arg)
{
    ASSERT(db->leased == NULL && db->lanes->primary == NULL);
    const struct work work = {.body = body, .arg = arg};
    for (int runs = 1;; runs++) {
        bool again = false;
        const err e = run_once(ctx, db->lanes, &work, &again);
        if (!again || runs == DB_RUNS_MAX) {
            return e;
        }
        err_clear(ctx); /* it runs again */
        TRY(db_pause(ctx, db->lanes));
    }
}
