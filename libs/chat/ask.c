/* chat/ask.c - a question comes in: stored with the place of its answer in one transaction, then answered. */
#include <string.h>

#include "chat/budget.h"
#include "chat/caller.h"
#include "chat/chat_internal.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/utf8.h"
#include "db/db.h"

struct begun {
    struct field_set has;
    int64_t conversation_id, user_message_id, message_id;
    const char *content;
    bool known;
};
static const struct field begun_fields[] = {
    FIELD_I64(struct begun, conversation_id, "Conversation"),
    FIELD_I64(struct begun, user_message_id, "Question", .nullable = true),
    FIELD_I64(struct begun, message_id, "Answer", .nullable = true),
    FIELD_STR(struct begun, content, "The question, when it was asked before", .nullable = true),
    FIELD_BOOL(struct begun, known, "The conversation was there before"),
};

struct beginning {
    const struct chat_question *question;
    int64_t message_id; /* of the answer to replace; 0 = a new question */
    struct begun begun;
};

static err write_places(struct ctx *ctx, struct db *db, struct beginning *beginning)
{
    const struct chat_question *question = beginning->question;
    const struct chat_caller *caller = &question->caller;
    if (beginning->message_id != 0) {
        return db_one(ctx, db, &SQL_chat_begin_again,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(beginning->message_id),
                DB_TEXT(ctx->request_id)),
            SHAPE_SET(begun), &beginning->begun);
    }
    return db_one(ctx, db, &SQL_chat_begin,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_ID(question->conversation_id),
            DB_BOOL(question->new_conversation), DB_TEXT(question->asker.locale),
            DB_TEXT(question->content), DB_TEXT(ctx->request_id)),
        SHAPE_SET(begun), &beginning->begun);
}

/* What Postgres sends goes at once: the memory of a request whose reply is a stream lives as long as the answer is written. */
static err begin(struct ctx *ctx, struct db *db, void *arg)
{
    struct beginning *beginning = arg;
    struct arena *kept = ctx_scratch(ctx);
    const err written = write_places(ctx, db, beginning);
    beginning->begun.content = arena_copy(kept, beginning->begun.content);
    ctx_scratch_end(ctx, kept);
    return written;
}

/* One statement is a transaction already; one that may only run once needs its own end. */
static err store(struct ctx *ctx, struct chat *chat, struct beginning *beginning)
{
    struct db *db = chat->options.db;
    const err stored =
        ctx->once == NULL ? begin(ctx, db, beginning) : db_tx(ctx, db, begin, beginning);
    if (stored.code == ERR_CONFLICT && db_violated(ctx, "messages_one_answer")) {
        return fail_public(ctx, ERR_CONFLICT, CODE_CONVERSATION_BUSY,
            "The last question of this conversation is still being answered");
    }
    TRY(caller_found(ctx, stored));
    return beginning->begun.message_id != 0
               ? OK
               : fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
                     "Only the last answer of a conversation can be replaced");
}

static void log_question(struct ctx *ctx, const struct chat_run *run)
{
    const char *content = run->question.content;
    const struct log_field fields[] = {
        LOG_I64("conversation_id", run->conversation_id),
        LOG_I64("message_length", (int64_t)utf8_length(content, strlen(content))),
        LOG_I64("user_id", run->question.caller.user_id),
    };
    const size_t count = run->question.caller.user_id == 0 ? 2 : 3;
    log_write(ctx, LOG_INFO, "chat.message_sent", fields, count);
}

static err ask(struct ctx *ctx, struct chat *chat, struct beginning *beginning,
    struct chat_run **out)
{
    if (chat->draining) {
        return fail_public(ctx, ERR_UNAVAILABLE, CODE_SHUTTING_DOWN, "The service is restarting");
    }
    if (chat->running >= LIMIT_CHAT_RUNS) {
        chat->counts.refused++;
        return fail(ctx, ERR_UNAVAILABLE, "%d answers are being written", LIMIT_CHAT_RUNS);
    }
    struct budget_verdict budget = {0};
    if (chat->provider != &chat_provider_local) {
        TRY(budget_reserve(ctx, chat, beginning->question, &budget));
    }
    const err stored = store(ctx, chat, beginning);
    if (!is_ok(stored)) {
        budget_release(ctx, chat, &budget);
        return stored;
    }
    const struct begun *begun = &beginning->begun;
    struct chat_question question = *beginning->question;
    question.content = begun->content != NULL ? begun->content : question.content;
    struct chat_run *run = run_new(chat, &question);
    run->conversation_id = begun->conversation_id;
    run->user_message_id = begun->user_message_id;
    run->message_id = begun->message_id;
    run->is_first = !begun->known;
    run->reservation_id = budget.reservation_id;
    run->cheaper = budget.step == BUDGET_CHEAPER;
    run->over_budget = budget.step == BUDGET_RETRIEVAL_ONLY;
    chat->counts.asked++;
    log_question(ctx, run);
    run_start(ctx, run);
    *out = run;
    return OK;
}

err chat_ask(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct chat_run **out)
{
    struct beginning beginning = {.question = question};
    return ask(ctx, chat, &beginning, out);
}

err chat_ask_again(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_run **out)
{
    struct beginning beginning = {.question = question, .message_id = message_id};
    return ask(ctx, chat, &beginning, out);
}
