#include "chat/budget.h"

#include <string.h>

#include "chat/caller.h"
#include "chat/config.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/db.h"

/* What a model may have to read at most: prompt, history and results, of two calls; a token is three bytes or more. */
#define READ_TOKENS 24000
#define BYTES_A_TOKEN 3

struct reserve_row {
    struct field_set has;
    const char *step;
    int64_t reservation_id;
    bool alert;
};
static const struct field reserve_row_fields[] = {
    FIELD_STR(struct reserve_row, step, "What the limit says", .nullable = true),
    FIELD_I64(struct reserve_row, reservation_id, "What was set aside", .nullable = true),
    FIELD_BOOL(struct reserve_row, alert, "The budget is nearly spent"),
};

static err judge(struct ctx *ctx, const char *step, enum budget_step *out)
{
    if (step == NULL) {
        *out = BUDGET_KEPT;
    } else if (strcmp(step, "cheaper") == 0) {
        *out = BUDGET_CHEAPER;
    } else if (strcmp(step, "retrieval_only") == 0) {
        *out = BUDGET_RETRIEVAL_ONLY;
    } else {
        return fail_public(ctx, ERR_RATE_LIMITED, CODE_BUDGET_EXCEEDED,
            "The chat has used up its budget; please try again later");
    }
    return OK;
}

static err reserve(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct budget_verdict *out)
{
    const struct chat_config *config = chat->options.config;
    const struct chat_caller *caller = &question->caller;
    const char *content = question->content == NULL ? "" : question->content;
    const int64_t reads = READ_TOKENS + (int64_t)strlen(content) / BYTES_A_TOKEN;
    struct reserve_row row = {0};
    TRY(db_one(ctx, chat->options.db, &SQL_chat_reserve,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_TEXT(config->chat_model),
            DB_TEXT(config->chat_model_fallback), DB_I64(reads), DB_I64(config->chat_max_tokens)),
        SHAPE_SET(reserve_row), &row));
    if (row.alert) {
        log_warn(ctx, "chat.budget_nearly_spent", LOG_BOOL("product", true));
    }
    out->reservation_id = row.reservation_id;
    return judge(ctx, row.step, &out->step);
}

/* What Postgres sends goes at once, as in ask.c. */
err budget_reserve(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct budget_verdict *out)
{
    struct arena *kept = ctx_scratch(ctx);
    const err reserved = reserve(ctx, chat, question, out);
    ctx_scratch_end(ctx, kept);
    return reserved;
}

void budget_release(struct ctx *ctx, struct chat *chat, const struct budget_verdict *verdict)
{
    if (verdict->reservation_id == 0) {
        return;
    }
    const struct err_detail why = ctx->error;
    if (!is_ok(db_exec(ctx, chat->options.db, &SQL_chat_unreserve,
            DB_ARGS(DB_I64(verdict->reservation_id)), /* out_affected */ NULL))) {
        err_clear(ctx); /* it stops counting by itself a minute later */
    }
    ctx->error = why;
}
