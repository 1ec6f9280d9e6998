/* chat/history.c - what was said before a question, as far back as a model gets to read. */
#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "db/db.h"

#define HISTORY_CHARACTERS 16000
#define HISTORY_MESSAGES 40

static const struct field history_fields[] = {
    FIELD_STR(struct chat_message, role, "Who spoke"),
    FIELD_STR(struct chat_message, content, "What was said"),
};
static const struct shape history_shape = {
    .name = "history",
    .size = sizeof(struct chat_message),
    .fields = history_fields,
    .count = sizeof(history_fields) / sizeof(history_fields[0]),
};

static err load_history(struct chat_run *run)
{
    struct list rows = {0};
    TRY(db_list(&run->ctx, run->chat->options.db, &SQL_chat_history,
        DB_ARGS(DB_I64(run->conversation_id), DB_I64(run->user_message_id),
            DB_I64(HISTORY_CHARACTERS)),
        &history_shape, HISTORY_MESSAGES, &rows));
    run->turn.history = rows.items;
    run->turn.history_count = (size_t)rows.count;
    return OK;
}

static void keep_history(struct chat_run *run)
{
    struct chat_turn *turn = &run->turn;
    const size_t count = turn->history_count;
    struct chat_message *kept = ARENA_ARRAY(run->arena, struct chat_message, count + 1);
    for (size_t i = 0; i < count; i++) {
        kept[i].role = arena_copy(run->arena, turn->history[i].role);
        kept[i].content = arena_copy(run->arena, turn->history[i].content);
    }
    turn->history = kept;
}

/* In memory of its own, as Postgres sends far more than is kept. */
err chat_history_read(struct chat_run *run)
{
    struct arena *kept = ctx_scratch(&run->ctx);
    const err got = load_history(run);
    if (is_ok(got)) {
        keep_history(run);
    }
    ctx_scratch_end(&run->ctx, kept);
    return got;
}
