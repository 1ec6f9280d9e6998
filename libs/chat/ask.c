/* chat/ask.c - a question comes in: stored with the place of its answer in one transaction, then answered. */
#include <string.h>

#include "chat/caller.h"
#include "chat/chat_internal.h"
#include "chat/config.h"
#include "chat/reserve.h"
#include "chat/sql.h"
#include "core/arena.h"
#include "core/codes.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/utf8.h"
#include "db/db.h"
#include "net/fiber.h"
#include "search/text.h"

#define WRITER_LOOK_MS 25 /* until a question looks again whether another writer has done */
#define WRITER_LOOKS 40

struct begun {
    struct field_set has;
    int64_t conversation_id, user_message_id, message_id;
    const char *content;
    int64_t prompt_version;
    const char *step;
    int64_t reservation_id;
    bool alert, known;
};
static const struct field begun_fields[] = {
    FIELD_I64(struct begun, conversation_id, "Conversation", .nullable = true),
    FIELD_I64(struct begun, user_message_id, "Question", .nullable = true),
    FIELD_I64(struct begun, message_id, "Answer", .nullable = true),
    FIELD_STR(struct begun, content, "The question, when it was asked before", .nullable = true),
    FIELD_I64(struct begun, prompt_version, "Version that answers; null = none is written yet",
        .nullable = true),
    FIELD_STR(struct begun, step, "What the limit says that would be passed", .nullable = true),
    FIELD_I64(struct begun, reservation_id, "What was set aside of the budget", .nullable = true),
    FIELD_BOOL(struct begun, alert, "The budget is nearly spent"),
    FIELD_BOOL(struct begun, known, "Something was said before", .nullable = true),
};

struct beginning {
    struct chat *chat;
    const struct chat_question *question;
    int64_t again; /* the answer to replace; 0 = a new question */
    struct begun begun;
};

static err write_places(struct ctx *ctx, struct db *db, struct beginning *beginning)
{
    const struct chat_question *question = beginning->question;
    const struct chat_caller *caller = &question->caller;
    const struct chat_config *config = beginning->chat->options.config;
    const bool asks_service = beginning->chat->provider != &chat_provider_local;
    const char *content = question->content == NULL ? "" : question->content;
    const int64_t reads = reserve_tokens_read((int64_t)strlen(content));
    return db_one(ctx, db, &SQL_chat_ask,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_ID(question->conversation_id),
            DB_BOOL(question->new_conversation), DB_TEXT(question->asker.locale), DB_TEXT(content),
            DB_TEXT(ctx->request_id), DB_ID(beginning->again),
            asks_service ? DB_TEXT(config->chat_model) : DB_NULL(),
            DB_TEXT(config->chat_model_fallback), DB_TEXT(config->chat_model_search), DB_I64(reads),
            DB_I64(config->chat_max_tokens)),
        SHAPE_SET(begun), &beginning->begun);
}

/* What Postgres sends goes at once: the memory of a request whose reply is a stream lives as long as the answer is written. */
static err begin(struct ctx *ctx, struct db *db, void *arg)
{
    struct beginning *beginning = arg;
    struct begun *begun = &beginning->begun;
    struct arena *kept = ctx_scratch(ctx);
    const err written = write_places(ctx, db, beginning);
    begun->content = arena_copy(kept, begun->content);
    begun->step = arena_copy(kept, begun->step);
    ctx_scratch_end(ctx, kept);
    return written;
}

static bool step_is(const struct begun *begun, const char *step)
{
    return begun->step != NULL && strcmp(begun->step, step) == 0;
}

static err judge(struct ctx *ctx, const struct begun *begun)
{
    if (begun->alert) {
        log_warn(ctx, "chat.budget_nearly_spent", LOG_BOOL("product", true));
    }
    if (step_is(begun, "block")) {
        return fail_public(ctx, ERR_RATE_LIMITED, CODE_BUDGET_EXCEEDED,
            "The chat has used up its budget; please try again later");
    }
    return begun->message_id != 0 ? OK
                                  : fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE,
                                        "Only the last answer of a conversation can be replaced");
}

/* One statement is a transaction already; one that may only run once needs its own end. */
static err store_once(struct ctx *ctx, struct beginning *beginning)
{
    struct db *db = beginning->chat->options.db;
    return ctx->once == NULL ? begin(ctx, db, beginning) : db_tx(ctx, db, begin, beginning);
}

static bool meets_writer(const struct ctx *ctx, err stored)
{
    return !is_ok(stored) && db_violated(ctx, "conversations_one_writer");
}

/* Whoever else writes to the conversation is soon done, and no connection is held while we wait. */
static err store_soon(struct ctx *ctx, struct beginning *beginning)
{
    err stored = store_once(ctx, beginning);
    for (int i = 0; i < WRITER_LOOKS && meets_writer(ctx, stored); i++) {
        err_clear(ctx);
        TRY(fiber_sleep(ctx, beginning->chat->options.loop, WRITER_LOOK_MS));
        stored = store_once(ctx, beginning);
    }
    return stored;
}

static err store(struct ctx *ctx, struct beginning *beginning)
{
    const err stored = store_soon(ctx, beginning);
    const bool busy = !is_ok(stored) && db_violated(ctx, "messages_one_answer");
    if (busy || meets_writer(ctx, stored)) {
        return fail_public(ctx, ERR_CONFLICT, CODE_CONVERSATION_BUSY,
            "The last question of this conversation is still being answered");
    }
    TRY(caller_found(ctx, stored));
    return judge(ctx, &beginning->begun);
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

static err ask(struct ctx *ctx, struct beginning *beginning, struct chat_run **out)
{
    struct chat *chat = beginning->chat;
    if (chat->draining) {
        return fail_public(ctx, ERR_UNAVAILABLE, CODE_SHUTTING_DOWN, "The service is restarting");
    }
    if (chat->running >= LIMIT_CHAT_RUNS) {
        chat->counts.refused++;
        return fail(ctx, ERR_UNAVAILABLE, "%d answers are being written", LIMIT_CHAT_RUNS);
    }
    TRY(store(ctx, beginning));
    const struct begun *begun = &beginning->begun;
    struct chat_question question = *beginning->question;
    if (begun->content != NULL) { /* asked before: in its own language, whatever the request's is */
        question.content = begun->content;
        question.asker.locale = search_locale_of(begun->content, question.asker.locale);
    }
    struct chat_run *run = run_new(chat, &question);
    run->conversation_id = begun->conversation_id;
    run->user_message_id = begun->user_message_id;
    run->message_id = begun->message_id;
    run->is_first = !begun->known;
    run->prompt.version = begun->prompt_version;
    run->reservation_id = begun->reservation_id;
    run->cheaper = step_is(begun, "cheaper");
    run->over_budget = step_is(begun, "retrieval_only");
    chat->counts.asked++;
    log_question(ctx, run);
    run_start(ctx, run);
    *out = run;
    return OK;
}

err chat_ask(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    struct chat_run **out)
{
    struct beginning beginning = {.chat = chat, .question = question};
    return ask(ctx, &beginning, out);
}

struct page {
    struct field_set has;
    int64_t property_id;
};
static const struct field page_fields[] = {
    FIELD_I64(struct page, property_id, "Listing", .nullable = true),
};

err chat_ask_again(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_run **out)
{
    struct page page = {0};
    TRY(db_one(ctx, chat->options.db, &SQL_chat_page, DB_ARGS(DB_I64(message_id)), SHAPE_SET(page),
        &page));
    struct chat_question asked = *question;
    asked.property_id = page.property_id;
    struct beginning beginning = {.chat = chat, .question = &asked, .again = message_id};
    return ask(ctx, &beginning, out);
}
