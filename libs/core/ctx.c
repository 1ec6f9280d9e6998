#include "core/ctx.h"

#include "core/clock.h"

#define NS_PER_MS 1000000

void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock, struct log *log,
    int64_t timeout_ms)
{
    *ctx = (struct ctx){
        .arena = arena,
        .clock = clock,
        .log = log,
        .deadline_ns = INT64_MAX,
        .request_id = "",
        .route = "",
    };
    ctx->deadline_ns = ctx_deadline_ns(ctx, timeout_ms);
}

int64_t ctx_deadline_ns(const struct ctx *ctx, int64_t timeout_ms)
{
    if (ctx->clock == NULL) { /* start-up and tests: nothing waits */
        return ctx->deadline_ns;
    }
    const int64_t own = clock_monotonic_ns(ctx->clock) + timeout_ms * NS_PER_MS;
    return own < ctx->deadline_ns ? own : ctx->deadline_ns;
}
