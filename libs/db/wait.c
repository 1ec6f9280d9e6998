#include "db/wait.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/ctx.h"
#include "net/fiber.h"
#include "net/loop.h"

#define NS_PER_MS 1000000

struct db_waiter {
    struct db_waiter *prev, *next;
    struct fiber *fiber;
    struct db_conn *conn;
    bool served;
};

static void join(struct db_waiters *waiters, struct db_waiter *waiter)
{
    waiter->prev = waiters->last;
    *(waiters->last == NULL ? &waiters->first : &waiters->last->next) = waiter;
    waiters->last = waiter;
    waiters->count++;
}

static void leave(struct db_waiters *waiters, struct db_waiter *waiter)
{
    *(waiter->prev == NULL ? &waiters->first : &waiter->prev->next) = waiter->next;
    *(waiter->next == NULL ? &waiters->last : &waiter->next->prev) = waiter->prev;
    waiters->count--;
}

err db_waiters_park(struct ctx *ctx, struct loop *loop, struct db_waiters *waiters,
    int64_t timeout_ms, struct db_conn **out)
{
    struct db_waiter self = {.fiber = fiber_current(loop)};
    join(waiters, &self);
    const int64_t until_ns = loop_now_ns(loop) + timeout_ms * NS_PER_MS;
    err e = OK;
    while (is_ok(e) && !self.served) {
        e = fiber_park(ctx, loop, "db.connection", (until_ns - loop_now_ns(loop)) / NS_PER_MS);
    }
    if (!self.served) {
        leave(waiters, &self);
    }
    *out = self.conn;
    return e;
}

void db_waiters_serve(struct db_waiters *waiters, struct db_conn *conn)
{
    struct db_waiter *waiter = waiters->first;
    leave(waiters, waiter);
    waiter->served = true;
    waiter->conn = conn;
    fiber_wake(waiter->fiber);
}

struct fiber *db_waiters_first(const struct db_waiters *waiters)
{
    return waiters->first == NULL ? NULL : waiters->first->fiber;
}
