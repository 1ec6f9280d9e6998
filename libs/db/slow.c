#include "db/slow.h"

#include "core/arena.h"
#include "core/assert.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/fiber.h"
#include "net/loop.h"

#define NS_PER_MS 1000000
#define PING_AFTER_NS (30000 * (int64_t)NS_PER_MS)

/* A waiter is served only by a connection that nobody holds; others wait for one to come back. */
static bool is_free(const struct db_slot *slot)
{
    return slot->conn.state == DB_CONN_DOWN && slot->holder == NULL;
}

static bool is_idle(const struct db_slot *slot)
{
    return slot->up && slot->holder == NULL && !slot->returning;
}

/* A connection on its way for each fiber that waits, as far as there is room and the server lets us. */
static void open_for(struct db_slow *slow, int wanted)
{
    for (int i = 0; i < slow->max && slow->coming < wanted; i++) {
        if (loop_now_ns(slow->env->loop) < slow->retry_at_ns) {
            return;
        }
        if (is_free(&slow->slots[i])) {
            slow->open++;
            slow->coming++;
            db_conn_open(&slow->slots[i].conn);
        }
    }
}

static void close_quietly(struct db_slot *slot)
{
    db_conn_close(&slot->conn);
    slot->up = false;
    slot->slow->open--;
}

/* A connection costs Postgres more to make than many transactions: one for a peak stays for the next peak. */
static void close_surplus_later(struct db_slow *slow)
{
    if (slow->open > slow->kept && !slow->surplus_waits) {
        slow->surplus_waits = true;
        loop_timer_start(slow->surplus, LIMIT_DB_SURPLUS_MS, 0);
    }
}

static void close_surplus(void *arg)
{
    struct db_slow *slow = arg;
    const int64_t rested_ns =
        loop_now_ns(slow->env->loop) - LIMIT_DB_SURPLUS_MS * (int64_t)NS_PER_MS;
    for (int i = 0; i < slow->max && slow->open > slow->kept; i++) {
        if (is_idle(&slow->slots[i]) && slow->slots[i].idle_since_ns <= rested_ns) {
            close_quietly(&slow->slots[i]);
        }
    }
    slow->surplus_waits = false;
    close_surplus_later(slow);
}

/* Ready and clean: to the next fiber, or kept. */
static void offer(struct db_slot *slot)
{
    struct db_slow *slow = slot->slow;
    slot->holder = db_waiters_first(&slow->waiters);
    if (slot->holder != NULL) {
        db_waiters_serve(&slow->waiters, &slot->conn);
    } else {
        slot->idle_since_ns = loop_now_ns(slow->env->loop);
        close_surplus_later(slow);
    }
}

static void went_down(struct db_slot *slot)
{
    struct db_slow *slow = slot->slow;
    slow->open--;
    if (slot->returning || !slot->up) {
        slow->coming--;
    }
    if (!slot->up) {
        slow->failures++;
        slow->retry_at_ns =
            loop_now_ns(slow->env->loop) + db_backoff_ms(slow->failures) * NS_PER_MS;
    }
    slot->up = false;
    slot->returning = false;
    open_for(slow, slow->waiters.count);
    while (slow->open == 0 && slow->waiters.count > 0) {
        db_waiters_serve(&slow->waiters, NULL);
    }
}

static void changed(struct db_conn *conn)
{
    struct db_slot *slot = conn->owner;
    if (conn->state == DB_CONN_DOWN) {
        went_down(slot);
    } else if (!slot->up) {
        slot->up = true;
        slot->slow->proven = true;
        slot->slow->coming--;
        slot->slow->failures = 0;
        offer(slot);
    } else if (slot->returning && PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
        slot->returning = false;
        slot->slow->coming--;
        offer(slot);
    } else if (slot->returning) {
        db_conn_break(conn, "transaction could not be rolled back");
    }
}

void db_slow_open(struct db_slow *slow, struct db_env *env, int kept, int overflow, bool pre_ping)
{
    *slow =
        (struct db_slow){.env = env, .max = kept + overflow, .kept = kept, .pre_ping = pre_ping};
    slow->slots = ARENA_ARRAY(env->arena, struct db_slot, (size_t)slow->max);
    slow->surplus = loop_timer_new(env->loop, close_surplus, slow);
    for (int i = 0; i < slow->max; i++) {
        slow->slots[i].slow = slow;
        db_conn_init(&slow->slots[i].conn, env, "db.slow", changed, &slow->slots[i]);
    }
}

void db_slow_close(struct db_slow *slow)
{
    loop_timer_free(slow->surplus);
    for (int i = 0; i < slow->max; i++) {
        db_conn_fini(&slow->slots[i].conn);
    }
}

/* The one used last: its caches are warm, and the others may rest. */
static struct db_slot *find_idle(struct db_slow *slow)
{
    struct db_slot *best = NULL;
    for (int i = 0; i < slow->max; i++) {
        struct db_slot *slot = &slow->slots[i];
        if (is_idle(slot) && (best == NULL || slot->idle_since_ns > best->idle_since_ns)) {
            best = slot;
        }
    }
    return best;
}

/* *out_alive = false: the connection is gone, take another one. */
static err ping(struct ctx *ctx, struct db_slot *slot, bool *out_alive)
{
    struct db_conn *conn = &slot->conn;
    const int64_t idle_ns = loop_now_ns(conn->env->loop) - slot->idle_since_ns;
    *out_alive = true;
    if (!slot->slow->pre_ping || idle_ns < PING_AFTER_NS) {
        return OK;
    }
    struct db_query *query = db_query_text(conn, "SELECT 1");
    PGresult *result = NULL;
    err e = query == NULL ? OK : db_query_wait(ctx, conn, query, LIMIT_DB_LEASE_MS, &result);
    *out_alive = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    if (!*out_alive && conn->state != DB_CONN_DOWN) {
        db_conn_break(conn, "no answer to a ping");
    }
    if (e.code == ERR_CANCELLED) {
        return e;
    }
    err_clear(ctx); /* another connection will do */
    return OK;
}

static err wait_for_one(struct ctx *ctx, struct db_slow *slow, struct db_conn **out)
{
    open_for(slow, slow->waiters.count + 1);
    if (slow->open == 0) {
        return db_unavailable(ctx, slow->env, "not connected");
    }
    struct db_conn *conn = NULL;
    /* One that is being made, with every statement to prepare, takes longer than to wait for a neighbour, and is no
     * sign of too much work. */
    const bool starting = slow->failures == 0 && (!slow->proven || slow->coming > 0);
    const err e = db_waiters_park(ctx, slow->env->loop, &slow->waiters,
        starting ? LIMIT_DB_START_MS : LIMIT_DB_LEASE_MS, &conn);
    if (conn != NULL && !is_ok(e)) {
        db_slow_return(slow, conn); /* served in the turn in which the wait ended */
    }
    if (e.code == ERR_CANCELLED) {
        return e;
    }
    if (conn == NULL || !is_ok(e)) {
        return db_unavailable(ctx, slow->env, "no connection to lease");
    }
    *out = conn;
    return OK;
}

err db_slow_lease(struct ctx *ctx, struct db_slow *slow, struct db_conn **out)
{
    struct fiber *self = fiber_current(slow->env->loop);
    for (int i = 0; i < slow->max; i++) {
        ASSERT(slow->slots[i].holder != self);
    }
    for (struct db_slot *slot = find_idle(slow); slot != NULL; slot = find_idle(slow)) {
        slot->holder = self;
        bool alive = false;
        const err e = ping(ctx, slot, &alive);
        if (is_ok(e) && alive) {
            *out = &slot->conn;
            return OK;
        }
        db_slow_return(slow, &slot->conn);
        TRY(e);
    }
    return wait_for_one(ctx, slow, out);
}

void db_slow_return(struct db_slow *slow, struct db_conn *conn)
{
    struct db_slot *slot = conn->owner;
    slot->holder = NULL;
    if (conn->state == DB_CONN_DOWN) {
        open_for(slow, slow->waiters.count);
    } else if (conn->head != NULL) {
        db_conn_break(conn, "a query was abandoned");
    } else if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        slot->returning = true;
        slow->coming++;
        (void)db_query_text(conn, "ROLLBACK"); /* NULL: broken, `changed` knows */
    } else {
        offer(slot);
    }
}
