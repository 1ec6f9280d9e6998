#include "net/fiber.h"

#include <stdlib.h>

#include "core/assert.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/fiber_stack.h"
#include "net/loop.h"
#include "net/loop_internal.h"

enum {
    POOL_MAX = 256, /* ended fibers that are kept with their stacks */
    PARK_MS_MAX = 24 * 60 * 60 * 1000,
    NS_PER_MS = 1000000,
};

enum fiber_state {
    FIBER_RUNNING, /* or waiting for a fiber that it started */
    FIBER_PARKED,
    FIBER_READY, /* in the ready queue */
    FIBER_ENDED, /* fn has returned */
};

struct fiber {
    struct fiber_stack stack;
    struct fiber_scheduler *scheduler; /* borrowed */
    struct loop_timer *timer;          /* owned; runs until timer_ns, at the latest until end_ns */
    int64_t timer_ns;                  /* 0 = it does not run */
    int64_t end_ns;                    /* of the present wait */
    struct fiber *prev, *next;         /* alive ones; the pool is linked by next */
    struct fiber *next_ready;
    enum fiber_state state;
    enum err_code wait_result; /* how the present wait ended */
    bool woken;                /* a wake came before the park */
    bool cancelled;
    const char *what; /* constant: the present or last wait, for the debugger */
    void (*done)(void *arg);
    void *done_arg;
};

struct fiber_scheduler {
    struct loop *loop;     /* borrowed */
    struct fiber *current; /* NULL on the loop's stack */
    struct fiber *alive;   /* newest first; scripts/gdb_fibers.py walks it */
    struct fiber *pool;    /* last in, first out: its stack is still in the processor's cache */
    struct fiber *ready_first, *ready_last;
    bool paint;
    bool cancelled; /* all that were alive, and all to come */
    struct fiber_stats stats;
};

/* ---- life of a fiber ---- */

static void on_deadline(void *arg);

static struct fiber *make_fiber(struct fiber_scheduler *scheduler)
{
    struct fiber *fiber = calloc(1, sizeof(*fiber));
    ASSERT(fiber != NULL);
    if (!fiber_stack_open(&fiber->stack)) {
        free(fiber);
        return NULL;
    }
    fiber->scheduler = scheduler;
    fiber->timer = loop_timer_new(scheduler->loop, on_deadline, fiber);
    return fiber;
}

static void destroy_fiber(struct fiber *fiber)
{
    loop_timer_free(fiber->timer);
    fiber_stack_close(&fiber->stack);
    free(fiber);
}

/* Runs the fiber until it waits or ends. The caller may be the loop or another fiber. */
static void resume(struct fiber *fiber)
{
    struct fiber_scheduler *scheduler = fiber->scheduler;
    struct fiber *caller = scheduler->current;
    scheduler->current = fiber;
    fiber->state = FIBER_RUNNING;
    fiber_stack_resume(&fiber->stack);
    scheduler->current = caller;
    if (fiber->stack.ended) {
        fiber->state = FIBER_ENDED;
    }
}

static struct fiber *take_fiber(struct fiber_scheduler *scheduler)
{
    struct fiber *fiber = scheduler->pool;
    if (fiber != NULL) {
        scheduler->pool = fiber->next;
        scheduler->stats.pooled--;
    } else {
        fiber = make_fiber(scheduler);
        if (fiber == NULL) {
            return NULL;
        }
    }
    fiber->prev = NULL;
    fiber->next = scheduler->alive;
    if (fiber->next != NULL) {
        fiber->next->prev = fiber;
    }
    scheduler->alive = fiber;
    scheduler->stats.alive++;
    if (scheduler->stats.alive > scheduler->stats.alive_max) {
        scheduler->stats.alive_max = scheduler->stats.alive;
    }
    return fiber;
}

static void give_back(struct fiber *fiber)
{
    struct fiber_scheduler *scheduler = fiber->scheduler;
    loop_timer_stop(fiber->timer);
    fiber->timer_ns = 0;
    if (fiber->prev != NULL) {
        fiber->prev->next = fiber->next;
    } else {
        scheduler->alive = fiber->next;
    }
    if (fiber->next != NULL) {
        fiber->next->prev = fiber->prev;
    }
    scheduler->stats.alive--;
    if (scheduler->stats.pooled >= POOL_MAX) {
        destroy_fiber(fiber);
        return;
    }
    fiber->next = scheduler->pool;
    scheduler->pool = fiber;
    scheduler->stats.pooled++;
}

/* On the loop's stack: the fiber may be reused by what done() starts. */
static void finish(struct fiber *fiber)
{
    struct fiber_scheduler *scheduler = fiber->scheduler;
    void (*done)(void *arg) = fiber->done;
    void *arg = fiber->done_arg;
    if (scheduler->paint) {
        const size_t depth = fiber_stack_depth(&fiber->stack);
        if (depth > scheduler->stats.stack_used_max) {
            scheduler->stats.stack_used_max = depth;
        }
    }
    give_back(fiber);
    if (done != NULL) {
        done(arg);
    }
}

/* ---- the ready queue ---- */

static void append_ready(struct fiber *fiber)
{
    struct fiber_scheduler *scheduler = fiber->scheduler;
    fiber->next_ready = NULL;
    if (scheduler->ready_last != NULL) {
        scheduler->ready_last->next_ready = fiber;
    } else {
        scheduler->ready_first = fiber;
    }
    scheduler->ready_last = fiber;
}

static void end_wait(struct fiber *fiber, enum err_code result)
{
    fiber->wait_result = result;
    fiber->state = FIBER_READY;
    append_ready(fiber);
}

/* Who waits often, like a reader of a stream, nearly always ends its waits in time: the timer of an earlier wait goes on
 * running, and is set anew only when it fires too early for the present one. */
static void run_timer(struct fiber *fiber)
{
    if (fiber->timer_ns == 0 || fiber->timer_ns > fiber->end_ns) {
        loop_timer_start_at(fiber->timer, fiber->end_ns);
        fiber->timer_ns = fiber->end_ns;
    }
}

static void on_deadline(void *arg)
{
    struct fiber *fiber = arg;
    fiber->timer_ns = 0;
    const bool early = clock_monotonic_ns(&clock_system) < fiber->end_ns;
    if (fiber->state == FIBER_PARKED && early) {
        run_timer(fiber);
    } else if (fiber->state == FIBER_PARKED) {
        end_wait(fiber, ERR_TIMEOUT);
    }
}

/* Turn hook: runs who is ready now; who becomes ready meanwhile has its turn in the next pass. */
static bool run_ready(void *arg)
{
    struct fiber_scheduler *scheduler = arg;
    struct fiber *fiber = scheduler->ready_first;
    if (fiber == NULL) {
        return false;
    }
    scheduler->ready_first = NULL;
    scheduler->ready_last = NULL;
    while (fiber != NULL) {
        struct fiber *next = fiber->next_ready;
        if (fiber->state != FIBER_ENDED) { /* ended inside another fiber: only done() is left */
            resume(fiber);
        }
        if (fiber->state == FIBER_ENDED) {
            finish(fiber);
        }
        fiber = next;
    }
    return true;
}

/* ---- public ---- */

struct fiber_scheduler *fiber_scheduler_new(struct loop *loop)
{
    struct fiber_scheduler *scheduler = calloc(1, sizeof(*scheduler));
    ASSERT(scheduler != NULL);
    scheduler->loop = loop;
    loop_on_turn(loop, run_ready, scheduler);
    return scheduler;
}

void fiber_scheduler_free(struct fiber_scheduler *scheduler)
{
    ASSERT(scheduler->current == NULL);
    while (scheduler->alive != NULL) { /* nobody will wake these: their frames are given up */
        struct fiber *fiber = scheduler->alive;
        scheduler->alive = fiber->next;
        destroy_fiber(fiber);
    }
    while (scheduler->pool != NULL) {
        struct fiber *fiber = scheduler->pool;
        scheduler->pool = fiber->next;
        destroy_fiber(fiber);
    }
    free(scheduler);
}

err fiber_start(struct ctx *ctx, struct loop *loop, void (*fn)(void *arg), void (*done)(void *arg),
    void *arg, bool *out_ended)
{
    struct fiber_scheduler *scheduler = loop_fibers(loop);
    if (scheduler->stats.alive >= LIMIT_FIBERS_PER_WORKER) {
        return fail(ctx, ERR_UNAVAILABLE, "%d fibers are alive", LIMIT_FIBERS_PER_WORKER);
    }
    struct fiber *fiber = take_fiber(scheduler);
    if (fiber == NULL) {
        return fail(ctx, ERR_UNAVAILABLE, "no memory for a fiber stack");
    }
    fiber_stack_load(&fiber->stack, fn, arg);
    fiber->done = done;
    fiber->done_arg = arg;
    fiber->woken = false;
    fiber->cancelled = scheduler->cancelled;
    fiber->what = "";
    if (scheduler->paint) {
        fiber_stack_paint(&fiber->stack);
    }
    resume(fiber);
    const bool ended = fiber->state == FIBER_ENDED;
    if (ended && scheduler->current == NULL) {
        finish(fiber);
    } else if (ended) {
        append_ready(fiber);
    }
    *out_ended = ended;
    return OK;
}

struct fiber *fiber_current(const struct loop *loop)
{
    return loop_fibers(loop)->current;
}

/* A span, not a deadline: the ctx may live by a clock of its own (tests), the timer lives by the host's. */
static enum err_code wait_for(struct fiber *fiber, const char *what, int64_t span_ns)
{
    if (fiber->cancelled) {
        return ERR_CANCELLED;
    }
    if (fiber->woken) {
        fiber->woken = false;
        return ERR_OK;
    }
    if (span_ns <= 0) {
        return ERR_TIMEOUT;
    }
    fiber->end_ns = clock_monotonic_ns(&clock_system) + span_ns;
    run_timer(fiber);
    fiber->state = FIBER_PARKED;
    fiber->what = what;
    fiber_stack_suspend(&fiber->stack);
    return fiber->wait_result;
}

static err wait_failed(struct ctx *ctx, enum err_code code, const char *what)
{
    return fail(ctx, code, "%s: %s", what, code == ERR_TIMEOUT ? "took too long" : "cancelled");
}

err fiber_park(struct ctx *ctx, struct loop *loop, const char *what, int64_t timeout_ms)
{
    struct fiber *fiber = loop_fibers(loop)->current;
    ASSERT(fiber != NULL);
    const int64_t bound_ms = timeout_ms < PARK_MS_MAX ? timeout_ms : PARK_MS_MAX;
    const int64_t span_ns = ctx_deadline_ns(ctx, bound_ms) - clock_monotonic_ns(ctx->clock);
    const enum err_code code = wait_for(fiber, what, span_ns);
    return code == ERR_OK ? OK : wait_failed(ctx, code, what);
}

void fiber_wake(struct fiber *fiber)
{
    if (fiber->state == FIBER_PARKED) {
        end_wait(fiber, ERR_OK);
    } else if (fiber->state == FIBER_RUNNING) {
        fiber->woken = true;
    } /* a wait that has ended already looks at what it waited for when it runs */
}

void fiber_cancel(struct fiber *fiber)
{
    fiber->cancelled = true;
    if (fiber->state == FIBER_PARKED) {
        end_wait(fiber, ERR_CANCELLED);
    }
}

/* Also who is just about to go on: its next wait would be the last of the loop. */
void fiber_cancel_all(struct loop *loop)
{
    struct fiber_scheduler *scheduler = loop_fibers(loop);
    scheduler->cancelled = true;
    for (struct fiber *fiber = scheduler->alive; fiber != NULL; fiber = fiber->next) {
        if (fiber != scheduler->current) {
            fiber_cancel(fiber);
        }
    }
}

void fiber_trim(struct loop *loop)
{
    if (!loop_fibers(loop)->paint) { /* of a painted stack, what was given back would look used */
        fiber_stack_trim(&loop_fibers(loop)->current->stack);
    }
}

err fiber_yield(struct ctx *ctx, struct loop *loop)
{
    static const char what[] = "yield";
    struct fiber *fiber = loop_fibers(loop)->current;
    ASSERT(fiber != NULL);
    if (!fiber->cancelled) {
        end_wait(fiber, ERR_OK); /* to the end of the queue */
        fiber->what = what;
        fiber_stack_suspend(&fiber->stack);
    }
    if (fiber->cancelled) {
        return wait_failed(ctx, ERR_CANCELLED, what);
    }
    const bool in_time = clock_monotonic_ns(ctx->clock) < ctx->deadline_ns;
    return in_time ? OK : wait_failed(ctx, ERR_TIMEOUT, what);
}

err fiber_sleep(struct ctx *ctx, struct loop *loop, int64_t ms)
{
    static const char what[] = "sleep";
    struct fiber *fiber = loop_fibers(loop)->current;
    ASSERT(fiber != NULL);
    const int64_t end_ns = clock_monotonic_ns(ctx->clock) + ms * NS_PER_MS;
    const bool in_time = end_ns <= ctx->deadline_ns;
    enum err_code code = ERR_OK;
    while (code == ERR_OK) { /* a stray wake does not shorten the sleep */
        const int64_t until_ns = in_time ? end_ns : ctx->deadline_ns;
        code = wait_for(fiber, what, until_ns - clock_monotonic_ns(ctx->clock));
    }
    return code == ERR_TIMEOUT && in_time ? OK : wait_failed(ctx, code, what);
}

struct fiber_stats fiber_stats(const struct loop *loop)
{
    return loop_fibers(loop)->stats;
}

void fiber_paint(struct loop *loop, bool on)
{
    loop_fibers(loop)->paint = on;
}
