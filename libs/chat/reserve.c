#include "chat/reserve.h"

#include <string.h>

#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/log.h"
#include "db/db.h"

/* What a model may have to read at most, prompt, history and results; a token is three bytes or more. */
#define READ_TOKENS 24000
#define BYTES_A_TOKEN 3

int64_t reserve_tokens_read(int64_t question_bytes)
{
    return READ_TOKENS + question_bytes / BYTES_A_TOKEN;
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
    const int64_t reads = reserve_tokens_read((int64_t)strlen(run->question.content));
    if (!is_ok(db_one(ctx, run->chat->options.db, &SQL_chat_reserve_more,
            DB_ARGS(DB_I64(run->reservation_id), DB_TEXT(model), DB_I64(reads),
                DB_I64(run->prompt.max_tokens)),
            SHAPE(allowed_row), &row))) {
        log_warn(ctx, "chat.nothing_set_aside", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the answer goes on without this call */
        return false;
    }
    return row.allowed;
}
