#include "core/ctx.h"

#include "core/arena.h"
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

struct arena *ctx_scratch(struct ctx *ctx)
{
    struct arena *former = ctx->arena;
    ctx->arena = arena_new(/* pool */ NULL);
    return former;
}

static void keep_fields(struct err_detail *error, struct arena *arena)
{
    if (error->fields == NULL) {
        return;
    }
    struct err_field *kept = ARENA_ARRAY(arena, struct err_field, (size_t)error->field_count + 1);
    for (int i = 0; i < error->field_count; i++) {
        const struct err_field *field = &error->fields[i];
        kept[i] = (struct err_field){
            arena_copy(arena, field->field), field->code, arena_copy(arena, field->message)};
    }
    error->fields = kept;
}

void ctx_scratch_end(struct ctx *ctx, struct arena *former)
{
    keep_fields(&ctx->error, former);
    arena_free(ctx->arena);
    ctx->arena = former;
}
