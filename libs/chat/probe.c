#include "chat/probe.h"

#include <string.h>

#include "chat/chat_internal.h"
#include "chat/config.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"

#define NS_PER_MS INT64_C(1000000)

static err take_nothing(struct ctx *ctx, void *arg, const char *text, size_t len)
{
    (void)ctx;
    (void)arg;
    (void)text;
    (void)len;
    return OK;
}

static err write_word(struct ctx *ctx, struct chat *chat, const struct chat_turn *turn)
{
    const struct chat_sink sink = {take_nothing, NULL};
    struct chat_answered answered;
    return chat->provider->answer(ctx, chat->model, turn, &sink, &answered);
}

static err choose_tools(struct ctx *ctx, struct chat *chat, const struct chat_turn *turn)
{
    struct chat_chosen chosen;
    return chat->provider->choose(ctx, chat->model, turn, &chosen);
}

/* As in a turn: the search model is asked with tools, the others for text. */
static err ask(struct ctx *ctx, struct chat *chat, const struct chat_probe *probe)
{
    const struct chat_config *config = chat->options.config;
    const struct chat_prompt prompt = {
        .system_prompt = chat->options.system_prompt,
        .model_search = probe->model,
        .temperature = config->chat_temperature,
        .max_tokens = config->chat_max_tokens,
    };
    const struct chat_asker asker = {.locale = "en"};
    const int64_t end_ns = clock_monotonic_ns(ctx->clock) + LIMIT_CHAT_FIRST_TEXT_MS * NS_PER_MS;
    const struct chat_turn turn = {
        .prompt = &prompt,
        .asker = &asker,
        .question = "Please reply with one word.",
        .tools = chat->options.tools,
        .model = probe->model,
        .first_ns = end_ns,
        .deadline_ns = end_ns,
    };
    return strcmp(probe->role, "search") == 0 ? choose_tools(ctx, chat, &turn)
                                              : write_word(ctx, chat, &turn);
}

void chat_probe(struct ctx *ctx, struct chat *chat, struct chat_probe out[CHAT_PROBES_MAX],
    size_t *out_count)
{
    const struct chat_config *config = chat->options.config;
    const struct chat_probe roles[CHAT_PROBES_MAX] = {
        {.role = "chat", .model = config->chat_model},
        {.role = "search", .model = config->chat_model_search},
        {.role = "fallback", .model = config->chat_model_fallback},
    };
    *out_count = 0;
    for (size_t i = 0; i < CHAT_PROBES_MAX && chat->provider != &chat_provider_local; i++) {
        if (*roles[i].model == '\0') {
            continue;
        }
        struct chat_probe *probe = &out[(*out_count)++];
        *probe = roles[i];
        if (!is_ok(ask(ctx, chat, probe))) {
            probe->why = arena_strdup(ctx->arena, ctx->error.text);
            err_clear(ctx); /* the next one may do */
        }
    }
}
