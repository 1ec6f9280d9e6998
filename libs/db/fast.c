#include "db/fast.h"

#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/loop.h"

/* A request waits so long for the connection that follows a good one; while a worker starts, until it is known whether
 * there is a server: its first requests must not suffer from a reload. */
#define HOPEFUL_MS 250
/* A connection that lived this long was a good one: the next try comes at once. */
#define HEALTHY_NS 1000000000

static void connect_again(void *arg)
{
    struct db_fast *fast = arg;
    db_conn_open(&fast->conn);
}

static void set_connected(struct db_fast *fast, bool connected)
{
    if (fast->connected != connected) {
        fast->connected = connected;
        fast->since_us = clock_wall_us(&clock_system);
    }
    while (fast->waiters.count > 0) {
        db_waiters_serve(&fast->waiters, connected ? &fast->conn : NULL);
    }
}

static void changed(struct db_conn *conn)
{
    struct db_fast *fast = conn->owner;
    const int64_t now = loop_now_ns(conn->env->loop);
    if (conn->state == DB_CONN_READY) {
        if (!fast->connected) {
            fast->ready_ns = now;
            set_connected(fast, true);
        }
        return;
    }
    const bool healthy = fast->connected && now - fast->ready_ns >= HEALTHY_NS;
    fast->failures = healthy ? 0 : fast->failures + 1;
    fast->hopeful_ms = healthy ? HOPEFUL_MS : 0;
    fast->reconnects++;
    set_connected(fast, false);
    loop_timer_start(fast->retry, db_backoff_ms(fast->failures), 0);
}

void db_fast_open(struct db_fast *fast, struct db_env *env)
{
    *fast =
        (struct db_fast){.hopeful_ms = LIMIT_DB_START_MS, .since_us = clock_wall_us(&clock_system)};
    fast->retry = loop_timer_new(env->loop, connect_again, fast);
    db_conn_init(&fast->conn, env, "db.fast", changed, fast);
    db_conn_open(&fast->conn);
}

void db_fast_close(struct db_fast *fast)
{
    loop_timer_free(fast->retry);
    db_conn_fini(&fast->conn);
}

err db_fast_conn(struct ctx *ctx, struct db_fast *fast, struct db_conn **out)
{
    struct db_conn *conn = &fast->conn;
    if (!fast->connected && fast->hopeful_ms > 0) {
        const err e =
            db_waiters_park(ctx, conn->env->loop, &fast->waiters, fast->hopeful_ms, &conn);
        if (e.code == ERR_CANCELLED) {
            return e;
        }
    }
    if (conn == NULL || !fast->connected) {
        return db_unavailable(ctx, fast->conn.env, "not connected");
    }
    if (conn->in_flight >= LIMIT_DB_FAST_QUEUE) {
        return db_unavailable(ctx, conn->env, "queue is full");
    }
    *out = conn;
    return OK;
}
