#include "chat/prompts.h"

#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "db/array.h"
#include "db/db.h"

struct prompt_models {
    const char *chat, *search, *fallback;
};
static const struct field prompt_models_fields[] = {
    FIELD_STR(struct prompt_models, chat, "Writes answers", .omit = true),
    FIELD_STR(struct prompt_models, search, "Chooses tools", .omit = true),
    FIELD_STR(struct prompt_models, fallback, "When the first is down", .omit = true),
};

static const struct field prompt_version_fields[] = {
    FIELD_I64(struct prompt_version, version, "Version"),
    FIELD_JSON(struct prompt_version, models, "Models that differ from the configured ones",
        .shape = SHAPE(prompt_models)),
    FIELD_F64(struct prompt_version, temperature, "Temperature; null = as configured",
        .nullable = true),
    FIELD_I64(struct prompt_version, max_tokens, "Longest answer; null = as configured",
        .nullable = true, .unit = "tokens"),
    FIELD_STRS(struct prompt_version, tools_enabled, "Tools; null = all of the product",
        .nullable = true),
    FIELD_STR(struct prompt_version, note, "What is new", .nullable = true),
    FIELD_I64(struct prompt_version, author, "User who made it; null = built in", .nullable = true),
    FIELD_TIME(struct prompt_version, created_at, "When it was made"),
    FIELD_BOOL(struct prompt_version, active, "Whether it answers now"),
    FIELD_STR(struct prompt_version, system_prompt, "What the model is told"),
};
#define ROWS (sizeof(prompt_version_fields) / sizeof(prompt_version_fields[0]))
const struct shape prompt_summary_shape = {
    .name = "prompt_summary",
    .size = sizeof(struct prompt_version),
    .fields = prompt_version_fields,
    .count = ROWS - 1,
    .has_set = true,
    .set_offset = offsetof(struct prompt_version, has),
};
const struct shape prompt_version_shape = {
    .name = "prompt_version",
    .size = sizeof(struct prompt_version),
    .fields = prompt_version_fields,
    .count = ROWS,
    .has_set = true,
    .set_offset = offsetof(struct prompt_version, has),
};

/* ---- reading ---- */

err prompts_list(struct ctx *ctx, struct chat *chat, int64_t before, int64_t limit,
    struct list *out)
{
    return db_list(ctx, chat->options.db, &SQL_chat_prompt_list,
        DB_ARGS(DB_ID(before), DB_I64(limit)), &prompt_summary_shape, limit, out);
}

err prompts_count(struct ctx *ctx, struct chat *chat, int64_t *out)
{
    return db_count(ctx, chat->options.db, &SQL_chat_prompt_count, DB_NO_ARGS, out);
}

static err get(struct ctx *ctx, struct db *db, int64_t version, struct prompt_version *out)
{
    const err found =
        db_one(ctx, db, &SQL_chat_prompt_get, DB_ARGS(DB_I64(version)), &prompt_version_shape, out);
    return found.code != ERR_NOT_FOUND
               ? found
               : fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Prompt version not found");
}

err prompts_get(struct ctx *ctx, struct chat *chat, int64_t version, struct prompt_version *out)
{
    return get(ctx, chat->options.db, version, out);
}

/* ---- writing ---- */

struct change {
    struct chat *chat;
    const struct prompt_draft *draft; /* NULL: only put to use */
    int64_t actor_id, version;
    bool activate;
    struct prompt_version *out;
};

static err record(struct ctx *ctx, struct db *tx, const struct change *change, const char *action)
{
    return db_exec(ctx, tx, &SQL_chat_audit,
        DB_ARGS(DB_I64(change->actor_id), DB_TEXT(action), DB_TEXT("chat_prompt"),
            DB_I64(change->version), DB_NULL(), DB_TEXT(ctx->request_id)),
        /* out_affected */ NULL);
}

struct version_row {
    int64_t version;
};
static const struct field version_row_fields[] = {
    FIELD_I64(struct version_row, version, "Version")};

/* In a new database the product's own prompt is the first. */
static err lock(struct ctx *ctx, struct db *tx, const struct change *change)
{
    struct version_row row;
    TRY(db_exec(ctx, tx, &SQL_chat_prompt_first,
        DB_ARGS(DB_TEXT(change->chat->options.system_prompt)), /* out_affected */ NULL));
    return db_one(ctx, tx, &SQL_chat_prompt_lock, DB_NO_ARGS, SHAPE(version_row), &row);
}

static err use(struct ctx *ctx, struct db *tx, const struct change *change)
{
    int64_t used = 0;
    TRY(db_exec(ctx, tx, &SQL_chat_prompt_rest, DB_NO_ARGS, /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_chat_prompt_use, DB_ARGS(DB_I64(change->version)), &used));
    if (used == 0) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Prompt version not found");
    }
    return record(ctx, tx, change, "chat_prompt.activate");
}

static err insert(struct ctx *ctx, struct db *tx, struct change *change)
{
    const struct prompt_draft *draft = change->draft;
    struct version_row row;
    TRY(db_one(ctx, tx, &SQL_chat_prompt_insert,
        DB_ARGS(DB_TEXT(draft->system_prompt), DB_TEXT(draft->models),
            draft->has_temperature ? DB_F64(draft->temperature) : DB_NULL(),
            draft->has_max_tokens ? DB_I64(draft->max_tokens) : DB_NULL(),
            DB_TEXT(draft->has_tools ? db_array_write(ctx->arena, &draft->tools_enabled) : NULL),
            DB_TEXT(draft->note), DB_I64(draft->actor_id)),
        SHAPE(version_row), &row));
    change->version = row.version;
    return record(ctx, tx, change, "chat_prompt.create");
}

static err apply(struct ctx *ctx, struct db *tx, void *arg)
{
    struct change *change = arg;
    TRY(lock(ctx, tx, change));
    if (change->draft != NULL) {
        TRY(insert(ctx, tx, change));
    }
    if (change->activate) {
        TRY(use(ctx, tx, change));
    }
    return get(ctx, tx, change->version, change->out);
}

err prompts_check(struct ctx *ctx, const struct chat *chat, const struct prompt_draft *draft)
{
    const struct strs *names = &draft->tools_enabled;
    for (int64_t i = 0; i < names->count; i++) {
        if (chat_tool_named(chat->options.tools, names->items[i]) == NULL) {
            return fail_field(ctx, "tools_enabled", CODE_VALIDATION_ERROR,
                "must name tools of this product");
        }
    }
    return OK;
}

err prompts_create(struct ctx *ctx, struct chat *chat, const struct prompt_draft *draft,
    struct prompt_version *out)
{
    struct change change = {.chat = chat,
        .draft = draft,
        .actor_id = draft->actor_id,
        .activate = draft->activate,
        .out = out};
    TRY(prompts_check(ctx, chat, draft));
    return db_tx(ctx, chat->options.db, apply, &change);
}

err prompts_activate(struct ctx *ctx, struct chat *chat, int64_t version, int64_t actor_id,
    struct prompt_version *out)
{
    struct change change = {
        .chat = chat, .actor_id = actor_id, .version = version, .activate = true, .out = out};
    return db_tx(ctx, chat->options.db, apply, &change);
}
