/* net/fiber.h - stackful coroutines: straight-line code that waits without blocking its worker.
 * Every fiber has its own mmap'd stack with a guard page; stacks are pooled. A fiber never leaves its process.
 * Waits: fiber_park, fiber_yield, fiber_sleep. A wait ends with OK, ERR_TIMEOUT or ERR_CANCELLED; it never
 *        unwinds. Cleanups never wait. No wait inside a callback of libmicrohttpd, libuv, hiredis or curl.
 * Across a wait only the stack, the arena and what is held by lease stay as they were. */
#ifndef NET_FIBER_H
#define NET_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct fiber;
struct loop;

/* Starts fn(arg) at once on the caller's turn and returns when it ends or first waits; true = it has ended.
 * done(arg) runs on the loop's stack after fn returned, also when it ended at once.
 * ERR_UNAVAILABLE when LIMIT_FIBERS_PER_WORKER are alive or no stack can be mapped. */
err fiber_start(struct ctx *ctx, struct loop *loop, void (*fn)(void *arg), void (*done)(void *arg),
    void *arg, bool *out_ended);

/* The running fiber, NULL on the loop's own stack. */
struct fiber *fiber_current(const struct loop *loop);

/* Parks the running fiber until fiber_wake, at most until min(ctx deadline, now + timeout_ms).
 * `what` names the wait for logs and the debugger: a constant such as "db.fast".
 * A wake that comes before the park is kept: the park then returns at once. */
err fiber_park(struct ctx *ctx, struct loop *loop, const char *what, int64_t timeout_ms);
/* Makes a parked fiber ready; it runs later in this turn, in the order of the wakes. Never switches. */
void fiber_wake(struct fiber *fiber);
/* Ends the present or the next wait with ERR_CANCELLED, and every later one too. */
void fiber_cancel(struct fiber *fiber);
/* Cancels all fibers but the running one, and each that is started later: the loop is about to end. */
void fiber_cancel_all(struct loop *loop);

/* The running fiber is about to wait for long: what it does not need of its stack is given back. */
void fiber_trim(struct loop *loop);

/* Lets the others run once. */
err fiber_yield(struct ctx *ctx, struct loop *loop);
err fiber_sleep(struct ctx *ctx, struct loop *loop, int64_t ms);

/* For metrics and tests. stack_used_max: deepest stack so far in bytes; only when painting is on. */
struct fiber_stats {
    size_t alive;
    size_t pooled;
    size_t alive_max;
    size_t stack_used_max;
};
struct fiber_stats fiber_stats(const struct loop *loop);
/* Paints stacks before use, so that stack_used_max is measured. Tests and the dev build. */
void fiber_paint(struct loop *loop, bool on);

#endif
