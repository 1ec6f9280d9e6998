#include "chat/preview.h"

#include "chat/chat_internal.h"
#include "chat/ledger.h"
#include "chat/prompts.h"
#include "chat/record.h"
#include "chat/reserve.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"

static void count_cost(struct ctx *ctx, struct chat_run *run, int64_t user_id)
{
    if (!is_ok(ledger_write(ctx, run->chat->options.db, record_usage(run), user_id,
            run->reservation_id))) {
        log_warn(ctx, "chat.cost_not_counted", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the answer is there all the same */
    }
}

static void release(void *run)
{
    chat_release(run);
}

static err choose_prompt(struct ctx *ctx, struct chat *chat, const struct chat_preview *preview,
    struct chat_prompt *out)
{
    return preview->draft == NULL ? prompt_of_version(ctx, chat, preview->version, out)
                                  : prompt_of_draft(ctx, chat, preview->draft, out);
}

static void fill(const struct chat_run *run, const char *calls, struct chat_response *out)
{
    *out = (struct chat_response){
        .message =
            {
                .has = {.present = UINT64_MAX},
                .role = "assistant",
                .content = run->content,
                .created_at = clock_wall_us(run->ctx.clock),
                .sources = record_sources(run),
                .tool_calls = calls,
                .finish_reason = run->finish_reason,
                .prompt_version = run->prompt.version,
            },
        .model = run->model,
        .session_id = "",
        .grounded = run->grounded,
        .degraded = run->degraded,
    };
    out->has.present = UINT64_MAX;
    record_sum(run, &out->usage);
}

err chat_preview(struct ctx *ctx, struct chat *chat, const struct chat_preview *preview,
    struct chat_response *out)
{
    const struct chat_question question = {
        .asker = *preview->asker, .content = preview->content, .session_id = ""};
    struct chat_prompt prompt;
    TRY(choose_prompt(ctx, chat, preview, &prompt));
    struct chat_run *run = run_new(chat, &question);
    ctx_init(&run->ctx, run->arena, ctx->clock, chat->options.log, LIMIT_CHAT_ANSWER_MS);
    run->ctx.request_id = ctx->request_id;
    run->feature = preview->feature;
    run->prompt = prompt;
    run->turn.history = preview->history;
    run->turn.history_count = preview->history_count;
    run->started_ns = clock_monotonic_ns(ctx->clock);
    events_init(&run->events, run->arena, /* message_id */ 0);
    arena_defer(ctx->arena, release, run);
    TRY(reserve_tried(ctx, run, preview->user_id));
    answer_run(run);
    run_keep_text(run);
    count_cost(ctx, run, preview->user_id);
    if (run->failure.code != ERR_OK) {
        ctx->error = run->failure;
        return (err){run->failure.code};
    }
    fill(run, record_calls_shown(run), out);
    return OK;
}
