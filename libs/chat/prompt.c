/* chat/prompt.c - what a turn is told: a version of the prompt, completed from the settings. */
#include <string.h>

#include "chat/chat_internal.h"
#include "chat/config.h"
#include "chat/prompts.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "db/db.h"

enum { ROW_TEMPERATURE = 2, ROW_MAX_TOKENS = 3, ROW_TOOLS = 4 };

static const char *model_of(const struct json *models, const char *role, const char *configured)
{
    const char *model = json_text(json_get(models, role), /* out_len */ NULL);
    return model != NULL ? model : configured;
}

static err complete(struct ctx *ctx, const struct chat *chat, const struct prompt_version *version,
    struct chat_prompt *out)
{
    const struct chat_config *config = chat->options.config;
    const char *text = version->models == NULL ? "{}" : version->models;
    const struct json *models = NULL;
    TRY(json_parse(ctx, text, strlen(text), &models));
    *out = (struct chat_prompt){
        .version = version->version,
        .system_prompt = version->system_prompt,
        .model_chat = model_of(models, "chat", config->chat_model),
        .model_search = model_of(models, "search", config->chat_model_search),
        .model_fallback = model_of(models, "fallback", config->chat_model_fallback),
        .temperature = field_is_present(&version->has, ROW_TEMPERATURE) ? version->temperature
                                                                        : config->chat_temperature,
        .max_tokens = field_is_present(&version->has, ROW_MAX_TOKENS) ? version->max_tokens
                                                                      : config->chat_max_tokens,
        .tools_enabled = field_is_present(&version->has, ROW_TOOLS) ? version->tools_enabled
                                                                    : config->chat_tools_enabled,
    };
    return OK;
}

static err load_active(struct ctx *ctx, struct chat *chat, struct prompt_version *out)
{
    struct db *db = chat->options.db;
    TRY(db_exec(ctx, db, &SQL_chat_prompt_first, DB_ARGS(DB_TEXT(chat->options.system_prompt)),
        /* out_affected */ NULL));
    return db_one(ctx, db, &SQL_chat_prompt_active, DB_NO_ARGS, &prompt_version_shape, out);
}

/* ---- versions never change: the worker keeps the one that answers ---- */

struct prompt_kept {
    struct arena *arena;
    int holders;
    struct chat_prompt prompt;
};

static struct prompt_kept *keep(const struct chat_prompt *prompt)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct prompt_kept *kept = ARENA_NEW(arena, struct prompt_kept);
    const struct strs *tools = &prompt->tools_enabled;
    const char **names = ARENA_ARRAY(arena, const char *, (size_t)tools->count + 1);
    for (int64_t i = 0; i < tools->count; i++) {
        names[i] = arena_strdup(arena, tools->items[i]);
    }
    *kept = (struct prompt_kept){.arena = arena, .holders = 1, .prompt = *prompt};
    kept->prompt.tools_enabled.items = names;
    kept->prompt.system_prompt = arena_copy(arena, prompt->system_prompt);
    kept->prompt.model_chat = arena_copy(arena, prompt->model_chat);
    kept->prompt.model_search = arena_copy(arena, prompt->model_search);
    kept->prompt.model_fallback = arena_copy(arena, prompt->model_fallback);
    return kept;
}

void prompt_let_go(struct prompt_kept *kept)
{
    if (kept != NULL && --kept->holders == 0) {
        arena_free(kept->arena);
    }
}

/* In memory of its own, as Postgres sends more than is kept. */
static err load(struct ctx *ctx, struct chat *chat, int64_t number)
{
    struct prompt_version version;
    struct chat_prompt prompt;
    struct arena *callers = ctx_scratch(ctx);
    err got =
        number == 0 ? load_active(ctx, chat, &version) : prompts_get(ctx, chat, number, &version);
    if (is_ok(got)) {
        got = complete(ctx, chat, &version, &prompt);
    }
    if (is_ok(got)) {
        prompt_let_go(chat->prompt);
        chat->prompt = keep(&prompt);
    }
    ctx_scratch_end(ctx, callers);
    return got;
}

err prompt_hold(struct ctx *ctx, struct chat *chat, int64_t number, struct prompt_kept **out_kept,
    struct chat_prompt *out)
{
    if (chat->prompt == NULL || chat->prompt->prompt.version != number) {
        TRY(load(ctx, chat, number));
    }
    *out_kept = chat->prompt;
    *out = chat->prompt->prompt;
    chat->prompt->holders++;
    return OK;
}

err prompt_of_version(struct ctx *ctx, struct chat *chat, int64_t number, struct chat_prompt *out)
{
    struct prompt_version version;
    TRY(prompts_get(ctx, chat, number, &version));
    return complete(ctx, chat, &version, out);
}

err prompt_of_draft(struct ctx *ctx, struct chat *chat, const struct prompt_draft *draft,
    struct chat_prompt *out)
{
    const uint64_t present = (draft->has_temperature ? UINT64_C(1) << ROW_TEMPERATURE : 0) |
                             (draft->has_max_tokens ? UINT64_C(1) << ROW_MAX_TOKENS : 0) |
                             (draft->has_tools ? UINT64_C(1) << ROW_TOOLS : 0);
    const struct prompt_version version = {
        .has = {.present = present},
        .models = draft->models,
        .temperature = draft->temperature,
        .max_tokens = draft->max_tokens,
        .tools_enabled = draft->tools_enabled,
        .system_prompt = draft->system_prompt,
    };
    TRY(prompts_check(ctx, chat, draft));
    return complete(ctx, chat, &version, out);
}
