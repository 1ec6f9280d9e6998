#include "chat/reserve.h"

#include <string.h>

#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/codes.h"
#include "core/log.h"
#include "db/db.h"

/* What a model may have to read at most, prompt, history and results; a token is three bytes or more. */
#define READ_TOKENS 24000
#define BYTES_A_TOKEN 3

int64_t reserve_tokens_read(int64_t question_bytes)
{
    return READ_TOKENS + question_bytes / BYTES_A_TOKEN;
}

static int64_t tokens_read(const struct chat_run *run)
{
    return reserve_tokens_read((int64_t)strlen(run->question.content));
}

struct allowed_row {
    bool allowed;
};
static const struct field allowed_row_fields[] = {
    FIELD_BOOL(struct allowed_row, allowed, "Set aside"),
};

bool reserve_call(struct chat_run *run, const char *model)
{
    struct ctx *ctx = &run->ctx;
    struct allowed_row row = {.allowed = true};
    if (run->reservation_id == 0) {
        return true;
    }
    if (!is_ok(db_one(ctx, run->chat->options.db, &SQL_chat_reserve_more,
            DB_ARGS(DB_I64(run->reservation_id), DB_TEXT(model), DB_I64(tokens_read(run)),
                DB_I64(run->prompt.max_tokens)),
            SHAPE(allowed_row), &row))) {
        log_warn(ctx, "chat.nothing_set_aside", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the answer goes on without this call */
        return false;
    }
    return row.allowed;
}

struct tried_row {
    bool allowed;
    int64_t reservation_id;
};
static const struct field tried_row_fields[] = {
    FIELD_BOOL(struct tried_row, allowed, "Set aside, or nothing has to be"),
    FIELD_I64(struct tried_row, reservation_id, "What was set aside", .nullable = true),
};

err reserve_tried(struct ctx *ctx, struct chat_run *run, int64_t user_id)
{
    const struct chat_prompt *prompt = &run->prompt;
    struct tried_row row = {0};
    if (run->chat->provider == &chat_provider_local) {
        return OK;
    }
    TRY(db_one(ctx, run->chat->options.db, &SQL_chat_reserve_tried,
        DB_ARGS(DB_ID(user_id), DB_TEXT(prompt->model_search), DB_TEXT(prompt->model_chat),
            DB_I64(tokens_read(run)), DB_I64(prompt->max_tokens)),
        SHAPE(tried_row), &row));
    run->reservation_id = row.reservation_id;
    return row.allowed ? OK
                       : fail_public(ctx, ERR_RATE_LIMITED, CODE_BUDGET_EXCEEDED,
                             "The chat has used up its budget");
}
